//! Is the pack what was made and signed? Every byte of every file, and what the files say of each other.
//!
//! Nothing is asked of anybody: the pack and a public key are enough. What was changed is named.

use crate::canonical::{canonical, sha256_hex};
use crate::container::{Files, name_is_plain};
use crate::damages::{self, Claim, Schedule};
use crate::manifest::{
    Entry, FORMAT, MANIFEST, Manifest, REPORT, SIGNATURE, Signature, Source, TIMESTAMP_REQUEST,
    TIMESTAMP_RESPONSE, root,
};
use crate::pack::{DAMAGES_CSV, DAMAGES_JSON, HEAD_JSON, PROOFS_JSONL, RECORDS_JSONL};
use crate::records::Shown;
use ringfence_store::log::{InclusionProof, PublicKey, SignedHead};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that is not as it should be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Fault {
    /// In which file.
    pub file: String,
    /// What.
    pub what: String,
}

/// What a check found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// What is wrong; nothing where the pack holds.
    pub faults: Vec<Fault>,
    /// What was shown to hold.
    pub held: Vec<String>,
    /// What a reader should know, though it is no fault.
    pub notes: Vec<String>,
    /// Files that were checked.
    pub files: usize,
    /// Records.
    pub records: usize,
    /// Records whose place in the log was proved.
    pub proved: usize,
}

impl Report {
    fn fault(&mut self, file: &str, what: impl Into<String>) {
        self.faults.push(Fault { file: file.to_owned(), what: what.into() });
    }
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

/// The damages as they lie in the pack: what they are computed from, and what came out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Damages {
    /// What they are computed from.
    pub claim: Claim,
    /// What came out.
    pub schedule: Schedule,
}

/// Checks a pack; `key` is the one that its signature must be of, where the reader has it from elsewhere.
pub fn verify(files: &Files, key: Option<&PublicKey>) -> Report {
    let mut report = Report::default();
    let Some(manifest) = sealed(files, key, &mut report) else { return report };
    let whole = listed(files, &manifest, &mut report);
    if !whole.is_empty() {
        contents(files, &manifest, &whole, key, &mut report);
    }
    report.faults.sort();
    report.faults.dedup();
    report
}

/// The manifest, where it is the signed one.
fn sealed(files: &Files, key: Option<&PublicKey>, report: &mut Report) -> Option<Manifest> {
    let Some(bytes) = files.get(MANIFEST) else {
        report.fault(MANIFEST, "it is missing: this is no evidence pack, or its manifest was taken away");
        return None;
    };
    let trusted = signed(files, bytes, key, report);
    if report.faults.iter().any(|fault| fault.file == MANIFEST) {
        // What it lists is not what was signed: nothing can be held against it.
        return None;
    }
    let read = serde_json::from_slice::<Manifest>(bytes);
    let manifest = match read {
        Ok(manifest) if canonical(&manifest) == *bytes => manifest,
        Ok(_) => {
            report.fault(MANIFEST, "it is not canonical JSON: it was changed");
            return None;
        }
        Err(error) => {
            report.fault(MANIFEST, format!("it cannot be read: {error}"));
            return None;
        }
    };
    if manifest.format != FORMAT {
        report.fault(
            MANIFEST,
            format!("it is of another format, `{}`; take the program that made it", manifest.format),
        );
        return None;
    }
    if manifest.merkle_root != root(&manifest.exhibits) {
        report.fault(MANIFEST, "the Merkle root is not that of the exhibits it lists");
    } else if trusted {
        report
            .held
            .push(format!("the manifest is signed, and lists all; Merkle root {}", manifest.merkle_root));
    }
    match files.get(TIMESTAMP_REQUEST) {
        Some(request) if *request != crate::timestamp::request(bytes) => {
            // The signature says which of the two is the one that was made.
            if trusted || !files.contains_key(SIGNATURE) {
                report.fault(TIMESTAMP_REQUEST, "it is not the request for this manifest: it was changed");
            }
        }
        Some(_) => {}
        None => report.fault(TIMESTAMP_REQUEST, "it is missing"),
    }
    Some(manifest)
}

/// Whether the manifest is the one that was signed. Which of the two files was changed is told by the hash that the
/// signature is of.
fn signed(files: &Files, manifest: &[u8], key: Option<&PublicKey>, report: &mut Report) -> bool {
    let Some(bytes) = files.get(SIGNATURE) else {
        match key {
            Some(_) => report.fault(SIGNATURE, "it is missing: the pack is not signed"),
            None => {
                report.notes.push("The pack is not signed: hashes show accidents, not forgery.".to_owned())
            }
        }
        return false;
    };
    // One form only, also of digits: a capital letter is a changed bit.
    let small = |digits: &str| digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let one_form = |s: &Signature| canonical(s) == *bytes && small(&s.signature) && small(&s.sha256);
    let read = serde_json::from_slice::<Signature>(bytes).ok().filter(one_form);
    let Some(signature) = read else {
        report.fault(SIGNATURE, "it cannot be read as a signature: it was changed");
        return false;
    };
    let found = sha256_hex(manifest);
    let known = key.unwrap_or(&signature.key);
    if let Some(key) = key.filter(|key| **key != signature.key) {
        if signature.holds(key, &signature.sha256) || signature.holds(key, &found) {
            report.fault(SIGNATURE, "the key in it was changed; it was made with the key that you gave");
        } else {
            let what =
                format!("it was made with another key, {}, than the one that you gave, {key}", signature.key);
            report.fault(SIGNATURE, what);
        }
        return false;
    }
    match (signature.holds(known, &signature.sha256), signature.sha256 == found) {
        (true, true) => {
            report.held.push(format!("signature by {known}"));
            if key.is_none() {
                report.notes.push(format!(
                    "The pack names its own key, {known}: compare it with one that you have from elsewhere, and give it with --key."
                ));
            }
            return true;
        }
        (true, false) => report.fault(MANIFEST, "it is not the one that was signed: it was changed"),
        (false, true) => report.fault(SIGNATURE, "the signature does not hold: it was changed"),
        (false, false) if signature.holds(known, &found) => {
            report.fault(SIGNATURE, "the hash in it was changed");
        }
        (false, false) => {
            report.fault(SIGNATURE, "the signature does not hold");
            report.fault(MANIFEST, "it has another hash than the one that the signature names");
        }
    }
    false
}

/// The listed files that are as the manifest says.
fn listed<'a>(files: &Files, manifest: &'a Manifest, report: &mut Report) -> BTreeMap<&'a str, &'a Entry> {
    let entries: Vec<&Entry> = manifest.exhibits.iter().chain(&manifest.documents).collect();
    let mut whole = BTreeMap::new();
    let mut names: BTreeSet<&str> =
        [MANIFEST, SIGNATURE, TIMESTAMP_REQUEST, TIMESTAMP_RESPONSE].into_iter().collect();
    for entry in entries {
        if !names.insert(&entry.path) || !name_is_plain(&entry.path) {
            report.fault(MANIFEST, format!("it lists {} twice, or under a name that is none", entry.path));
            continue;
        }
        match files.get(&entry.path) {
            None => report.fault(&entry.path, "it is missing"),
            Some(bytes) if bytes.len() as u64 != entry.bytes => {
                let what =
                    format!("it has {} bytes, and {} were listed: it was changed", bytes.len(), entry.bytes);
                report.fault(&entry.path, what);
            }
            Some(bytes) if sha256_hex(bytes) != entry.sha256 => {
                report.fault(&entry.path, "its SHA-256 is another than the one listed: it was changed");
            }
            Some(_) => {
                whole.insert(entry.path.as_str(), entry);
            }
        }
    }
    for name in files.keys().filter(|name| !names.contains(name.as_str())) {
        report.fault(name, "the manifest does not list it: it does not belong to the pack");
    }
    if !whole.contains_key(REPORT)
        && files.contains_key(REPORT)
        && !report.faults.iter().any(|f| f.file == REPORT)
    {
        report.fault(REPORT, "the manifest does not list it");
    }
    if files.contains_key(TIMESTAMP_RESPONSE) {
        report.notes.push(format!(
            "{TIMESTAMP_RESPONSE} is an answer of a time-stamp authority; check it with `openssl ts -verify -queryfile \
             {TIMESTAMP_REQUEST} -in {TIMESTAMP_RESPONSE} -CAfile …`."
        ));
    }
    report.files = whole.len();
    if report.faults.is_empty() {
        report.held.push(format!("{} files have the length and the SHA-256 that are listed", whole.len()));
    }
    whole
}

/// What whole files say of each other: a signer can err, or mean ill.
fn contents(
    files: &Files,
    manifest: &Manifest,
    whole: &BTreeMap<&str, &Entry>,
    key: Option<&PublicKey>,
    report: &mut Report,
) {
    let file = |name: &str| whole.get(name).and_then(|_| files.get(name));
    if let Some(bytes) = file(RECORDS_JSONL) {
        let records = read_lines::<Shown>(RECORDS_JSONL, bytes, report);
        for shown in records.iter().filter(|shown| !shown.fits()) {
            report.fault(
                RECORDS_JSONL,
                format!("record {} does not have the hash that it is shown with", shown.record),
            );
        }
        report.records = records.len();
        match &manifest.source {
            Source::Log { head, .. } => {
                let trusted = file(HEAD_JSON).is_some_and(|bytes| head_holds(bytes, *head, key, files, report));
                if let Some(bytes) = file(PROOFS_JSONL).filter(|_| trusted) {
                    proofs(bytes, &records, *head, report);
                }
            }
            Source::Files { .. } => report.notes.push(
                "The pack was made from files of events: no chain shows that they are complete and unchanged."
                    .to_owned(),
            ),
        }
        let known: BTreeSet<u64> = records.iter().map(|r| r.record).collect();
        for name in whole.keys().filter(|name| name.rsplit_once('.').is_some_and(|(_, end)| end == "csv")) {
            references(name, &files[*name], &known, report);
        }
        let hidden = records.iter().filter(|r| r.payload.is_none()).count();
        if hidden > 0 {
            report.notes.push(format!(
                "{hidden} of {} records are shown in part: their hashes are proved, what is hidden in them cannot be checked \
                 from here.",
                records.len()
            ));
        }
    }
    if let (Some(json), Some(table)) = (file(DAMAGES_JSON), file(DAMAGES_CSV)) {
        arithmetic(json, table, report);
    }
}

fn read_lines<T: DeserializeOwned>(name: &str, bytes: &[u8], report: &mut Report) -> Vec<T> {
    let mut read = Vec::new();
    for (number, line) in bytes.split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(value) => read.push(value),
            Err(error) => report.fault(name, format!("line {} cannot be read: {error}", number + 1)),
        }
    }
    read
}

fn head_holds(
    bytes: &[u8],
    head: ringfence_store::log::Head,
    key: Option<&PublicKey>,
    files: &Files,
    report: &mut Report,
) -> bool {
    let signed = match serde_json::from_slice::<SignedHead>(bytes) {
        Ok(signed) => signed,
        Err(error) if files.contains_key(SIGNATURE) => {
            report.fault(HEAD_JSON, format!("it is no signed head of a log: {error}"));
            return false;
        }
        // An unsigned pack names the head of the log without a signature.
        Err(_) => return true,
    };
    let known = key.unwrap_or(&signed.key);
    if signed.head != head {
        report.fault(HEAD_JSON, "it is another head than the one in the manifest");
    } else if signed.verify(known).is_err() {
        report.fault(HEAD_JSON, "its signature does not hold");
    } else {
        report.held.push(format!(
            "the head of the log at position {} was signed at {}",
            head.position, signed.signed_at
        ));
        return true;
    }
    false
}

fn proofs(bytes: &[u8], records: &[Shown], head: ringfence_store::log::Head, report: &mut Report) {
    let proofs: BTreeMap<u64, InclusionProof> = read_lines::<InclusionProof>(PROOFS_JSONL, bytes, report)
        .into_iter()
        .map(|p| (p.position, p))
        .collect();
    for shown in records {
        match proofs.get(&shown.record) {
            None => report.fault(PROOFS_JSONL, format!("there is no proof of record {}", shown.record)),
            Some(proof) if proof.check_hash(shown.leaf, &head).is_err() => {
                report.fault(
                    PROOFS_JSONL,
                    format!("the proof of record {} does not lead to the head", shown.record),
                );
            }
            Some(_) => report.proved += 1,
        }
    }
    if report.proved == records.len() {
        report.held.push(format!("{} records were in the log that had this head", report.proved));
    }
}

/// Rows that name records name records of the pack.
fn references(name: &str, bytes: &[u8], known: &BTreeSet<u64>, report: &mut Report) {
    let mut rows = csv::Reader::from_reader(bytes);
    let column = rows.headers().ok().and_then(|head| head.iter().position(|c| c == "record"));
    let Some(column) = column else { return };
    for (number, row) in rows.records().enumerate() {
        let row = match row {
            Ok(row) => row,
            Err(error) => return report.fault(name, format!("row {} cannot be read: {error}", number + 1)),
        };
        let cell = row.get(column).unwrap_or_default();
        if !cell.is_empty() && !cell.parse().is_ok_and(|at: u64| known.contains(&at)) {
            report.fault(name, format!("row {} names record {cell}, which is not in the pack", number + 1));
        }
    }
}

fn arithmetic(json: &[u8], table: &[u8], report: &mut Report) {
    let kept: Damages = match serde_json::from_slice(json) {
        Ok(kept) => kept,
        Err(error) => return report.fault(DAMAGES_JSON, format!("it cannot be read: {error}")),
    };
    match damages::schedule(&kept.claim) {
        Ok(schedule) if schedule == kept.schedule => {
            if damages::csv(&schedule) == table {
                report
                    .held
                    .push(format!("the damages add up: {} lines computed again", schedule.lines.len()));
            } else {
                report.fault(DAMAGES_CSV, "it is not the table of the schedule");
            }
        }
        Ok(_) => report.fault(DAMAGES_JSON, "the schedule does not follow from its lines"),
        Err(error) => report.fault(DAMAGES_JSON, format!("the schedule cannot be computed again: {error}")),
    }
}
