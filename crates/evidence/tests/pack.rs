//! Does a pack hold, does every changed bit show, and does nobody see what is not for them?

#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

mod common;

use common::{SPEC, key, pack, text};
use proptest::prelude::*;
use ringfence_evidence::canonical::{canonical, sha256_hex};
use ringfence_evidence::manifest::{Manifest, SIGNATURE, Signature, TIMESTAMP_REQUEST, seal};
use ringfence_evidence::{Files, Purpose, unzip, verify, zip};
use ringfence_store::log::HeadKey;
use std::sync::OnceLock;

fn whole() -> &'static Files {
    static PACK: OnceLock<Files> = OnceLock::new();
    PACK.get_or_init(|| pack(Purpose::Court, SPEC).unwrap())
}

#[test]
fn the_same_matter_gives_the_same_bytes() {
    assert_eq!(*whole(), pack(Purpose::Court, SPEC).unwrap());
}

#[test]
fn a_whole_pack_holds_for_every_purpose_and_through_an_archive() {
    for purpose in Purpose::ALL {
        let files = pack(purpose, SPEC).unwrap();
        let report = verify(&files, Some(&key().public()));
        assert_eq!(report.faults, [], "{purpose:?}");
        assert!(report.records > 15 && report.proved == report.records, "{report:?}");
        assert_eq!(unzip(&zip(&files)), (files, None));
    }
}

#[test]
fn one_flipped_bit_in_any_file_names_that_file() {
    for (name, bytes) in whole() {
        // The first, the middle and the last byte, and every byte of the signature, which nothing else covers.
        let places: Vec<usize> = match name.as_str() {
            SIGNATURE => (0..bytes.len()).collect(),
            _ => vec![0, bytes.len() / 2, bytes.len() - 1],
        };
        for at in places {
            flipped(name, at, (at % 8) as u8);
        }
    }
}

fn flipped(name: &str, at: usize, bit: u8) {
    let mut files = whole().clone();
    files.get_mut(name).unwrap()[at] ^= 1 << bit;
    for key in [Some(key().public()), None] {
        let report = verify(&files, key.as_ref());
        let mut named: Vec<&str> = report.faults.iter().map(|f| f.file.as_str()).collect();
        named.dedup();
        // Without a key from elsewhere a changed key in the signature cannot be told from a changed manifest.
        let right = if key.is_some() { named == [name] } else { named.contains(&name) };
        assert!(right, "{name}, byte {at}, bit {bit}: {:?}", report.faults);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_flipped_bit_anywhere_names_its_file(file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let (name, bytes) = whole().iter().nth(file.index(whole().len())).unwrap();
        flipped(name, at.index(bytes.len()), bit);
    }
}

#[test]
fn a_file_too_few_and_one_too_many_are_named() {
    for name in whole().keys() {
        let mut files = whole().clone();
        files.remove(name);
        let report = verify(&files, Some(&key().public()));
        assert!(report.faults.iter().any(|f| f.file == *name), "{name}: {:?}", report.faults);
    }
    let mut files = whole().clone();
    files.insert("exhibits/E99-extra.txt".into(), Vec::new());
    assert_eq!(verify(&files, None).faults[0].file, "exhibits/E99-extra.txt");
}

#[test]
fn a_pack_signed_by_somebody_else_is_not_ours() {
    let other = HeadKey::from_seed(&[9; 32]);
    let report = verify(whole(), Some(&other.public()));
    assert!(report.faults.iter().any(|f| f.what.contains("another key")), "{:?}", report.faults);
    // Somebody changes a file and signs all again: only a key from elsewhere shows it.
    let mut files = whole().clone();
    let mut manifest: Manifest = serde_json::from_slice(&files["manifest.json"]).unwrap();
    manifest.matter.push('!');
    seal(&mut files, &manifest, Some(&other));
    assert!(!verify(&files, Some(&key().public())).holds());
}

/// Changes a file and seals the pack again with the right key: what is left is what files say of each other.
fn resealed(name: &str, change: impl Fn(&str) -> String) -> Vec<String> {
    let mut files = whole().clone();
    let path = files.keys().find(|path| path.ends_with(name)).unwrap().clone();
    let changed = change(std::str::from_utf8(&files[&path]).unwrap()).into_bytes();
    let mut manifest: Manifest = serde_json::from_slice(&files["manifest.json"]).unwrap();
    for entry in manifest.exhibits.iter_mut().filter(|e| e.path == path) {
        (entry.bytes, entry.sha256) = (changed.len() as u64, sha256_hex(&changed));
    }
    manifest.merkle_root = ringfence_evidence::manifest::root(&manifest.exhibits);
    assert_ne!(files.insert(path, changed.clone()), Some(changed), "the test changes something");
    seal(&mut files, &manifest, Some(&key()));
    verify(&files, Some(&key().public()))
        .faults
        .into_iter()
        .map(|f| format!("{}: {}", f.file, f.what))
        .collect()
}

#[test]
fn a_signer_who_errs_or_lies_is_found_out_by_what_the_files_say_of_each_other() {
    let check = |name: &str, from: &str, to: &str, told: &str| {
        let faults = resealed(name, |text| text.replacen(from, to, 1));
        assert!(faults.iter().any(|f| f.contains(told)), "{name}: {faults:?}");
    };
    check("records.jsonl", "exception", "delivered", "does not have the hash");
    check(
        "proofs.jsonl",
        "\"record_path\":[\"",
        "\"record_path\":[\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"",
        "does not lead to the head",
    );
    check("head.json", "\"signature\":\"", "\"signature\":\"00", "signature does not hold");
    check("damages.json", "129900", "129800", "does not follow from its lines");
    check("damages.csv", "1299.00", "1299.01", "is not the table of the schedule");
    check("timeline.csv", ",shop/us,6,", ",shop/us,5000,", "names record 5000");
}

/// A file's text; that of the report as others read it.
fn readable(name: &str, bytes: &[u8]) -> String {
    if name == "report.pdf" { printed(bytes) } else { String::from_utf8_lossy(bytes).into_owned() }
}

/// The words of a PDF.
fn printed(bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.pdf");
    std::fs::write(&file, bytes).unwrap();
    let Ok(told) = std::process::Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output() else {
        eprintln!("NOT TESTED: pdftotext is missing (Debian package poppler-utils)");
        return String::new();
    };
    String::from_utf8(told.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn nothing_of_other_customers_is_in_the_pack() {
    for purpose in Purpose::ALL {
        for (name, bytes) in pack(purpose, SPEC).unwrap() {
            let text = readable(&name, &bytes);
            for foreign in ["tok-e3", "tok-d3", "the secret of somebody else", "\"A3\"", "O-foreign"] {
                assert!(!text.contains(foreign), "{foreign} is in {name} for {purpose:?}");
            }
        }
    }
}

#[test]
fn each_purpose_sees_what_the_table_says_and_no_more() {
    let hidden = |purpose, values: &[&str]| {
        for (name, bytes) in pack(purpose, SPEC).unwrap() {
            let text = readable(&name, &bytes);
            for value in values {
                assert!(!text.contains(value), "{value} is in {name} for {purpose:?}");
            }
        }
    };
    hidden(
        Purpose::Insurer,
        &["tok-", "\"A1\"", "\"S7\"", "\"Z1\"", "Ciao", "\"boss\"", "DR5", "segment", "0.97"],
    );
    hidden(Purpose::Court, &["tok-", "DR5", "segment", "0.97", "0.98"]);
    hidden(Purpose::LawEnforcement, &["segment", "0.97"]);
    let files = pack(Purpose::Court, SPEC).unwrap();
    // The same value has the same name throughout, and each redaction is listed.
    assert!(text(&files, "links.json").contains("[identifier "), "{}", text(&files, "links.json"));
    assert!(text(&files, "redactions.csv").contains("/data/attributes,merchant_field,left_out"));
    let counsel = pack(Purpose::Counsel, SPEC).unwrap();
    assert!(
        text(&counsel, "leads.json").contains("0.97") && text(&counsel, "records.jsonl").contains("tok-d9")
    );
    let internal = pack(Purpose::Internal, SPEC).unwrap();
    assert_eq!(text(&internal, "redactions.csv").lines().count(), 1, "nothing is hidden");
}

#[test]
fn what_speaks_against_it_is_there_and_what_was_not_found_too() {
    let files = whole();
    let contrary = text(files, "contrary.csv");
    for found in [
        "delivered after the promised time,O1",
        "the carrier recorded an exception or a loss on the way out,O2",
        "\"claimed as not received, and no scan shows delivery\",O2",
        "people found a request or account legitimate,R2",
        "accounts kept other purchases without asking for money back,A1,1 of 2 orders",
        "staff acted in a session on a device not seen before,S7",
        "a carrier moved a return,,nothing was found",
    ] {
        assert!(contrary.contains(found), "{found}\n{contrary}");
    }
    // Each thing that is looked for stands in it.
    for check in ringfence_evidence::contrary::Check::ALL {
        assert!(contrary.contains(check.words().1.split(',').next().unwrap()), "{check:?}");
    }
}

#[test]
fn exhibits_tell_links_staff_posts_custody_and_damages() {
    let files = whole();
    let links = text(files, "links.json");
    assert!(links.contains("\"everywhere\":2") && links.contains("\"of\":3"), "{links}");
    let staff = text(files, "staff.csv");
    assert!(
        staff.contains("marked returned,Z1") && staff.contains("no carrier had moved a return"),
        "{staff}"
    );
    assert!(text(files, "staff-figures.json").contains("\"q_value\":0.0004"));
    assert!(text(files, "posts.json").contains("\"refund\":\"R1\""));
    assert!(text(files, "custody.csv").contains("decision read,R1,u-4,analyst"));
    let damages = text(files, "damages.csv");
    // R1's account is D1's; R2's is nobody's, and shared as the file says; the fee is 30 % with a half rounded away from zero.
    assert!(
        damages.contains("\nP1,actual,refund paid,refund R1 as paid,record 17,2023-03-06T14:00:00Z,1299.00"),
        "{damages}"
    );
    assert!(damages.contains("120.00,0,0.00,120.00,no,40.00,80.00"), "{damages}");
    assert!(
        text(files, "902-13-DRAFT.txt").contains("DRAFT") && text(files, "902-13-DRAFT.txt").contains("____")
    );
}

#[test]
fn names_that_no_record_knows_and_goods_beside_their_refund_are_refused() {
    let unknown = SPEC.replace("accounts = [\"A1\", \"A2\"]\nfrom", "accounts = [\"A1\", \"A9\"]\nfrom");
    assert!(pack(Purpose::Court, &unknown).unwrap_err().contains("account A9"));
    let twice = format!(
        "{SPEC}\n[[damages.line]]\nid = \"laptop\"\nbasis = \"goods\"\namount = {{ amount = 1, currency = \"USD\" }}\non = \"2023-03-06\"\nexhibit = \"x\"\nunits = [{{ order = \"O1\", line = 1 }}]\nshares = {{ D1 = 1 }}\n"
    );
    let refused = pack(Purpose::Court, &twice).unwrap_err();
    assert!(refused.contains("lines P1 (refund paid) and laptop (value of goods)"), "{refused}");
}

#[test]
fn signature_and_time_stamp_request_are_those_of_others_programs() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("m"), &whole()["manifest.json"]).unwrap();
    std::fs::write(at("q"), &whole()[TIMESTAMP_REQUEST]).unwrap();
    let Ok(told) =
        std::process::Command::new("openssl").args(["ts", "-query", "-text", "-in"]).arg(at("q")).output()
    else {
        eprintln!("NOT TESTED: openssl is missing (Debian package openssl)");
        return;
    };
    let told = String::from_utf8(told.stdout).unwrap();
    let hash = sha256_hex(&whole()["manifest.json"]);
    let digits: String =
        told.lines().filter(|l| l.starts_with("    ")).flat_map(|l| l[11..60].chars()).collect();
    let digits: String = digits.chars().filter(char::is_ascii_hexdigit).collect();
    assert!(
        told.contains("sha256") && told.contains("Certificate required: yes") && digits == hash,
        "{told}"
    );
    // RFC 8410: the key as openssl reads it.
    let signature: Signature = serde_json::from_slice(&whole()[SIGNATURE]).unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    };
    std::fs::write(
        at("key"),
        [bytes("302a300506032b6570032100"), bytes(&signature.key.to_string())].concat(),
    )
    .unwrap();
    std::fs::write(at("sig"), bytes(&signature.signature)).unwrap();
    std::fs::write(at("msg"), format!("ringfence evidence manifest, format 1\n{hash}")).unwrap();
    let mut check = std::process::Command::new("openssl");
    check.args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", "-inkey"]).arg(at("key"));
    let held = check.arg("-in").arg(at("msg")).arg("-sigfile").arg(at("sig")).output().unwrap();
    assert!(held.status.success(), "{held:?}");
    assert_eq!(canonical(&signature), whole()[SIGNATURE]);
}

#[test]
fn the_report_can_be_searched_and_names_its_pages() {
    let told = printed(&whole()["report.pdf"]);
    if told.is_empty() {
        return;
    }
    for words in [
        "Example Shop v. Doe, No. 1:23-cv-00042",
        "page 1 of ",
        "Contents",
        "11 The score was a lead, not proof",
        "What is not claimed",
        "Litigation hold 7",
        "DRAFT for review by counsel",
        "il pacco è vuoto <U+1F600>",
        "false-discovery rate",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}
