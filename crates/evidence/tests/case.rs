//! Does the pack of a case say what the case says, prove it, and keep it from those whom it is not for?

#![allow(clippy::unwrap_used)] // In the helpers of tests, as in the tests themselves.

mod common;

use common::{SPEC, key, text};
use ringfence_casework::case::{About, Because, Subject};
use ringfence_casework::{Case, Change, Desk, Fact, Stamp};
use ringfence_domain::words::{Verdict, VerdictMethod};
use ringfence_evidence::case;
use ringfence_evidence::{Files, Purpose, Spec, verify};
use serde_json::json;

fn stamp(position: u64) -> Stamp {
    Stamp { position, at: common::time("2023-03-22T08:00:00Z"), by: "u-4".into() }
}

fn changes() -> Vec<Change> {
    let subject = |kind, id: &str| Subject { kind, id: id.into() };
    let link = |kind, id: &str, why: &str| Change::Linked {
        case: 2,
        link: ringfence_casework::case::Link { subject: subject(kind, id), why: why.into() },
    };
    let finding = ringfence_casework::change::Finding {
        subject: subject(About::Request, "R1"),
        verdict: Verdict::Abuse,
        method: VerdictMethod::Investigation,
        decision: None,
    };
    vec![
        Change::CaseOpened {
            case: 1,
            title: "The clerk".into(),
            from: subject(About::Staff, "S7"),
            why: "receipts".into(),
        },
        Change::CaseOpened {
            case: 2,
            title: "Two phones".into(),
            from: subject(About::Request, "R1"),
            why: "one device".into(),
        },
        link(About::Account, "A2", "the same device"),
        link(About::Ring, "G1", "a lead"),
        link(About::Matter, "file 7/23", "the police"),
        Change::Noted { case: 1, text: "SECRET-NOTE-ONE".into() },
        Change::Merged { case: 1, into: 2, why: "one matter".into() },
        Change::Noted { case: 2, text: "SECRET-NOTE-TWO".into() },
        Change::Found { case: 2, finding },
        Change::HoldSet { case: 2, hold: 1, why: "letter of counsel".into() },
    ]
}

fn folded() -> Case {
    let mut desk = Desk::default();
    for (position, change) in (0..).zip(changes()) {
        desk.fold(&Fact::Changed(change), &stamp(position));
    }
    desk.cases[&desk.resolve(1)].clone()
}

fn controls() -> Vec<String> {
    let lead = r#"{"specversion":"1.0","id":"l-1","source":"ringfence","type":"lead.raised","time":"2023-03-21T00:00:00Z","data":{"lead":"G1","kind":"ring","as_of":"2023-03-21T00:00:00Z","probability":0.9,"fdr":0.05,"method":"m","members":[{"kind":"account","id":"A1","probability":1}],"refunds":["R1"],"money":{"amount":1,"currency":"USD"}}}"#;
    let by = json!({ "id": "u-4", "name": "u-4", "user": "u-4", "role": "investigator" });
    let control = |change: &Change| json!({ "control": "casework", "change": change, "by": by }).to_string();
    [lead.to_owned()].into_iter().chain(changes().iter().map(control)).collect()
}

fn pack(purpose: Purpose, spec: &Spec) -> Files {
    common::pack_with(purpose, spec, &controls()).unwrap()
}

#[test]
fn the_matter_is_what_the_case_links_and_found_with_its_holds() {
    let spec = case::matter(&folded(), "J. Fiala").unwrap();
    assert_eq!(spec.matter, "Case 2: Two phones");
    assert_eq!((&spec.refunds, &spec.accounts), (&vec!["R1".to_owned()], &vec!["A2".to_owned()]));
    assert_eq!((&spec.rings, &spec.staff), (&vec!["G1".to_owned()], &vec!["S7".to_owned()]));
    assert_eq!(spec.cases, [2, 1]);
    assert!(spec.scope.contains("matter file 7/23"), "{}", spec.scope);
    assert!(spec.hold[0].name == "Legal hold 1 of case 2" && spec.hold[0].covers == "letter of counsel");
    // A case that links nothing of the shop's makes no pack.
    let mut nothing = folded();
    (nothing.links, nothing.found) = (Vec::new(), Vec::new());
    nothing.from = Subject { kind: About::Matter, id: "file 7/23".into() };
    nothing.closed =
        Some(Because { by: String::new(), at: common::time("2023-03-22T08:00:00Z"), why: String::new() });
    assert!(case::matter(&nothing, "J. Fiala").unwrap_err().to_string().contains("link some to the case"));
}

#[test]
fn what_people_did_and_the_lead_are_cited_with_proofs() {
    let files = pack(Purpose::Counsel, &case::matter(&folded(), "J. Fiala").unwrap());
    let report = verify(&files, Some(&key().public()));
    assert_eq!(report.faults, []);
    assert_eq!(report.proved, report.records);
    let records = text(&files, "records.jsonl");
    assert!(
        records.contains("SECRET-NOTE-ONE") && records.contains("SECRET-NOTE-TWO"),
        "of both cases that are one"
    );
    assert!(records.contains("lead.raised"), "the lead is a record of the log");
    let worked = text(&files, "case.json");
    assert!(worked.contains("SECRET-NOTE-TWO") && worked.contains("abuse, by investigation"), "{worked}");
    assert!(text(&files, "custody.csv").contains("merged,case 1"));
}

#[test]
fn notes_and_leads_are_for_counsel_and_the_shop_only_and_each_omission_is_listed() {
    let spec = case::matter(&folded(), "J. Fiala").unwrap();
    for purpose in [Purpose::Court, Purpose::LawEnforcement, Purpose::Insurer] {
        let files = pack(purpose, &spec);
        assert_eq!(verify(&files, Some(&key().public())).faults, [], "{purpose:?}");
        for (name, bytes) in &files {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains("SECRET-NOTE"), "{purpose:?}: {name}");
            assert!(!text.contains("\"fdr\""), "{purpose:?}: {name}");
        }
        let redactions = text(&files, "redactions.csv");
        assert!(redactions.contains("/change/text,case_note,left_out"), "{redactions}");
        let lead = redactions.lines().any(|l| l.contains(",/data,score,left_out"));
        assert!(lead, "{redactions}");
    }
    // Whom a change names is masked where customers are.
    let insurer = pack(Purpose::Insurer, &spec);
    let of_case: Vec<&str> =
        text(&insurer, "records.jsonl").lines().filter(|l| l.contains("\"casework\"")).collect();
    assert!(
        of_case.len() >= 10 && of_case.iter().all(|l| !l.contains("\"A2\"") && !l.contains("\"S7\"")),
        "{of_case:?}"
    );
}

#[test]
fn a_case_adds_to_a_matter_that_a_person_described() {
    let mut spec = Spec::parse(SPEC).unwrap();
    case::add(&mut spec, &folded());
    assert_eq!(spec.matter, "Example Shop v. Doe, No. 1:23-cv-00042");
    assert_eq!(spec.accounts, ["A1", "A2"], "what is named twice is there once");
    assert_eq!(spec.hold.len(), 2);
    assert_eq!(verify(&pack(Purpose::Court, &spec), Some(&key().public())).faults, []);
}

#[test]
fn what_was_paid_back_on_a_test_purchase_is_no_damage() {
    let spec = Spec::parse(SPEC).unwrap();
    let test = r#"{"specversion":"1.0","id":"t-1","source":"shop/us","type":"test_purchase.registered","time":"2023-02-28T00:00:00Z","data":{"order":"O2"}}"#;
    let damages = |more: &[String]| {
        let files = common::pack_with(Purpose::Counsel, &spec, more).unwrap();
        assert_eq!(verify(&files, Some(&key().public())).faults, []);
        text(&files, "damages.csv").to_owned()
    };
    assert!(damages(&[]).contains("refund R2"));
    let after = damages(&[test.to_owned()]);
    assert!(!after.contains("refund R2") && after.contains("refund R1"), "{after}");
}
