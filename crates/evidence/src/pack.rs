//! How does a pack come together? Everything that is given, in; files, out. The same in, the same out.

use crate::canonical::{canonical, sha256_hex};
use crate::claim::claim;
use crate::container::{FILES_MAX, Files, PACK_BYTES_MAX};
use crate::damages::{self, DamagesError, schedule};
use crate::gather::Gather;
use crate::leads::Leads;
use crate::manifest::{EXHIBITS, Entry, FORMAT, Manifest, REPORT, Source, SourceFile, Tool, root, seal};
use crate::purpose::{Field, Purpose};
use crate::records::{Shown, lines};
use crate::redact::Masks;
use crate::report::{self, Parts};
use crate::rows::Rows;
use crate::spec::Spec;
use crate::verify::Damages;
use crate::view::View;
use crate::{case, certify, contrary, custody, links, picture, posts, staff, timeline};
use ringfence_domain::Timestamp;
use ringfence_domain::rates::Rates;
use ringfence_store::log::{Head, HeadKey, SignedHead};
use serde::Serialize;
use serde_json::json;

/// The records.
pub const RECORDS_JSONL: &str = "exhibits/E02-records.jsonl";
/// That each is in the log.
pub const PROOFS_JSONL: &str = "exhibits/E03-proofs.jsonl";
/// The head of the log, signed.
pub const HEAD_JSON: &str = "exhibits/E04-head.json";
/// What the damages are computed from, and what came out.
pub const DAMAGES_JSON: &str = "exhibits/E14-damages.json";
/// The same as a table.
pub const DAMAGES_CSV: &str = "exhibits/E15-damages.csv";
/// How to check the pack.
pub const README: &str = "README.txt";

/// Where the records come from.
#[derive(Clone, PartialEq, Debug)]
pub enum Origin {
    /// A log.
    Log {
        /// Where it begins.
        anchor: Head,
        /// Where it ended; each record has a proof against this head.
        head: Head,
        /// The head, signed, where there is a key.
        signed: Option<Box<SignedHead>>,
    },
    /// Files of events.
    Files(Vec<SourceFile>),
}

/// Whether the log knows of this export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Noted {
    /// It was recorded before the pack was made, at this position.
    At(u64),
    /// It was not, and why.
    Not(String),
}

/// All that a pack is made from.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// What it is about.
    pub spec: &'a Spec,
    /// For whom.
    pub purpose: Purpose,
    /// When it is made.
    pub made_at: Timestamp,
    /// By which program.
    pub tool: Tool,
    /// Where the records come from.
    pub origin: Origin,
    /// Records and background, after the last pass, with proofs.
    pub gathered: &'a Gather,
    /// Leads.
    pub leads: &'a Leads,
    /// Rates into the reporting currency.
    pub rates: &'a Rates,
    /// Whether the log knows of it.
    pub noted: Noted,
    /// What signs it.
    pub key: Option<&'a HeadKey>,
}

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Nothing was found.
    #[error(
        "no record names anything of the matter; check the ids, and that these are the events or the log of this shop"
    )]
    Nothing,
    /// Something that was named is not there.
    #[error("{what} {id} is named, and no record knows it; check the id")]
    Unknown {
        /// What it is.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Damages.
    #[error(transparent)]
    Damages(#[from] DamagesError),
    /// Too large.
    #[error("the pack would have {0} bytes, more than {PACK_BYTES_MAX}; name fewer refunds or accounts")]
    Large(usize),
}

/// Makes the pack.
///
/// # Errors
/// Where nothing is found, damages cannot be computed, or it would be too large.
pub fn assemble(inputs: &Inputs<'_>) -> Result<Files, PackError> {
    let Inputs { spec, purpose, made_at, tool, origin, gathered, leads, rates, noted, key } = inputs;
    let (cited, subjects) = (&gathered.cited, &gathered.subjects);
    if !cited.iter().any(|c| c.event().is_some()) {
        return Err(PackError::Nothing);
    }
    let view = View::new(cited, subjects, &gathered.background, leads);
    all_known(spec, &view)?;
    let mut masks = Masks::new(*purpose, subjects);
    let shown: Vec<Shown> = cited.iter().map(|c| Shown::of(c, &mut masks)).collect();
    let handlings = custody::handlings(&view, &mut masks);
    let entries = timeline::entries(&view, &mut masks);
    let links = links::links(&view, &mut masks);
    let picture = picture::picture(&links);
    let staff = staff::staff(&view, &mut masks);
    let posts = posts::posts(&view, &mut masks);
    let retired = match origin {
        Origin::Log { anchor, .. } => Some(anchor.position),
        Origin::Files(_) => None,
    };
    let contrary = contrary::contrary(&view, &links, retired, &mut masks);
    let damages = match claim(spec, &view, rates)? {
        Some(claim) => Some(Damages { schedule: schedule(&claim)?, claim }),
        None => None,
    };
    let mut making = Making { files: Files::new(), entries: Vec::new(), inputs };
    making.add(
        "E01",
        "matter.json",
        "The matter: scope, period, holds, defendants",
        canonical(&matter(inputs, &mut masks)),
    );
    making.add("E02", "records.jsonl", "The records on which the pack rests", lines(&shown));
    if let Origin::Log { head, signed, .. } = origin {
        let proofs = cited.iter().filter_map(|c| c.proof.as_ref());
        making.add("E03", "proofs.jsonl", "That each record is in the log", lines(proofs));
        let head = signed.as_ref().map_or_else(|| canonical(head), canonical);
        making.add("E04", "head.json", "Where the log ended", head);
    }
    making.add("E05", "custody.csv", "Chain of custody", custody::csv(&handlings));
    making.add("E06", "timeline.csv", "Timeline of each order", timeline::csv(&entries));
    let about = json!({ "links": links.links, "not_claimed": links::NOT_CLAIMED, "pairs_not_listed": links.more_pairs });
    making.add("E07", "links.json", "What accounts have in common, and how rare it is", canonical(&about));
    making.add("E08", "pairs.csv", "Pairs of accounts with what links them", links::csv(&links));
    let drawn = picture::svg(&picture, &format!("{}: accounts and what they have in common", spec.matter));
    making.add("E09", "ring.svg", "Accounts and what they have in common, as a picture", drawn);
    making.add("E10", "staff.csv", "What members of staff did", staff::csv(&staff));
    making.add(
        "E11",
        "staff-figures.json",
        "Peer statistics, with method and false-discovery rate",
        canonical(&figures(&staff)),
    );
    making.add("E12", "posts.json", "Public posts", canonical(&posts));
    making.add(
        "E13",
        "contrary.csv",
        "What speaks against it, and what is not known",
        contrary::csv(&contrary),
    );
    if let Some(damages) = &damages {
        making.add("E14", "damages.json", "Damages: from what they are computed", canonical(damages));
        making.add("E15", "damages.csv", "Damages: the schedule", damages::csv(&damages.schedule));
    }
    making.add("E16", "redactions.csv", "What is masked or left out, and why", redactions(&masks));
    if masks.shows(Field::Score) && !leads.is_empty() {
        making.add("E17", "leads.json", "What the machine suspected: leads, not proof", canonical(leads));
    }
    let worked = case::worked(&view, &mut masks);
    if !subjects.cases.is_empty() {
        making.add(
            "E18",
            "case.json",
            "What people did in the case: links, notes, findings, files",
            canonical(&worked),
        );
    }
    let merkle_root = root(&making.entries);
    let facts = certify::Facts {
        matter: &spec.matter,
        system: &spec.source_system,
        tool: format!("{} {}", tool.name, tool.version),
        merkle_root: &merkle_root,
        source: source_words(origin),
        records: cited.len(),
    };
    let drafts = [certify::process(&facts), certify::copy(&facts)];
    let Making { mut files, entries: exhibits, .. } = making;
    let parts = Parts {
        inputs,
        shown: &shown,
        handlings: &handlings,
        worked: &worked,
        timeline: &entries,
        links: &links,
        picture: &picture,
        staff: &staff,
        posts: &posts,
        contrary: &contrary,
        damages: damages.as_ref(),
        masks: &mut masks,
        exhibits: &exhibits,
        merkle_root: &merkle_root,
        drafts: &drafts,
        noted,
    };
    let report = report::report(parts);
    let mut documents = Vec::new();
    let draft_names = ["certification-902-13-DRAFT.txt", "certification-902-14-DRAFT.txt"];
    let drafts = drafts
        .iter()
        .zip(draft_names)
        .map(|(d, name)| (name.to_owned(), d.title.to_owned(), d.text().into_bytes()));
    let readme = readme(&spec.matter, &merkle_root).into_bytes();
    let others = [
        (REPORT.to_owned(), "The report".to_owned(), report),
        (README.to_owned(), "How to check the pack".to_owned(), readme),
    ];
    for (path, title, bytes) in drafts.chain(others) {
        documents.push(entry(inputs, path.clone(), path.clone(), title, &bytes));
        files.insert(path, bytes);
    }
    let source = match origin {
        Origin::Log { anchor, head, .. } => Source::Log { anchor: *anchor, head: *head },
        Origin::Files(of) => Source::Files { files: of.clone() },
    };
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        matter: spec.matter.clone(),
        purpose: *purpose,
        made_at: *made_at,
        source,
        exhibits,
        merkle_root,
        documents,
    };
    seal(&mut files, &manifest, *key);
    let bytes: usize = files.values().map(Vec::len).sum();
    if bytes > PACK_BYTES_MAX || files.len() > FILES_MAX { Err(PackError::Large(bytes)) } else { Ok(files) }
}

/// What a file names is in the records: a slip of the pen must not make a pack that says nothing of it.
fn all_known(spec: &Spec, view: &View<'_>) -> Result<(), PackError> {
    let by_order = view.by_order();
    for refund in &spec.refunds {
        if view.order_of_refund(refund).is_none() {
            return Err(PackError::Unknown { what: "refund", id: refund.clone() });
        }
    }
    for order in &spec.orders {
        if !by_order.contains_key(order.as_str()) {
            return Err(PackError::Unknown { what: "order", id: order.clone() });
        }
    }
    for account in &spec.accounts {
        if !view.background.accounts.contains(account) {
            return Err(PackError::Unknown { what: "account", id: account.clone() });
        }
    }
    for ring in &spec.rings {
        if !view.leads.rings.iter().any(|r| r.ring == *ring) {
            return Err(PackError::Unknown { what: "ring", id: ring.clone() });
        }
    }
    Ok(())
}

struct Making<'a> {
    files: Files,
    entries: Vec<Entry>,
    inputs: &'a Inputs<'a>,
}

impl Making<'_> {
    fn add(&mut self, id: &str, name: &str, title: &str, bytes: Vec<u8>) {
        let path = format!("{EXHIBITS}{id}-{name}");
        self.entries.push(entry(self.inputs, id.to_owned(), path.clone(), title.to_owned(), &bytes));
        self.files.insert(path, bytes);
    }
}

fn entry(inputs: &Inputs<'_>, id: String, path: String, title: String, bytes: &[u8]) -> Entry {
    Entry {
        id,
        path,
        title,
        source_system: inputs.spec.source_system.clone(),
        query: query(inputs),
        extracted_by: inputs.spec.prepared_by.clone(),
        extracted_at: inputs.made_at,
        tool: inputs.tool.clone(),
        bytes: bytes.len() as u64,
        sha256: sha256_hex(bytes),
    }
}

/// What was asked of the system.
fn query(inputs: &Inputs<'_>) -> String {
    let of = &inputs.gathered.subjects;
    format!(
        "records that name the refunds ({}), orders ({}), accounts ({}), staff ({}), contacts ({}) and posts ({}) of the matter; \
         purpose {}",
        of.refunds.len(),
        of.orders.len(),
        of.accounts.len(),
        of.staff.len() + of.acting.len(),
        of.contacts.len(),
        of.posts.len(),
        inputs.purpose.as_str()
    )
}

/// Where the records come from, in words.
pub fn source_words(origin: &Origin) -> String {
    match origin {
        Origin::Log { anchor, head, signed } => {
            let signed = signed.as_ref().map_or_else(
                || "not signed".to_owned(),
                |s| format!("signed at {} with the key {}", s.signed_at, s.key),
            );
            format!(
                "the log from position {} to {}, whose head has the hash {} ({signed}). Each record has an inclusion proof against \
                 this head.",
                anchor.position, head.position, head.hash
            )
        }
        Origin::Files(files) => {
            let named: Vec<String> =
                files.iter().map(|f| format!("{} (SHA-256 {})", f.name, f.sha256)).collect();
            format!(
                "files of events, {}. They are not part of a hash chain: nothing in this pack shows that they are complete or were \
                 not changed before they were read.",
                named.join(", ")
            )
        }
    }
}

#[derive(Serialize)]
struct Peers<'a> {
    method: &'static str,
    figures: &'a [staff::Figure],
    note: Option<&'static str>,
}

fn figures(staff: &staff::Staff) -> Peers<'_> {
    let note = staff
        .figures
        .is_empty()
        .then_some("no peer statistic was given for the members of staff of this matter");
    Peers { method: staff::METHOD, figures: &staff.figures, note }
}

fn matter(inputs: &Inputs<'_>, masks: &mut Masks) -> serde_json::Value {
    let Inputs { spec, purpose, made_at, gathered, .. } = inputs;
    let mut named =
        |field, of: &mut dyn Iterator<Item = &String>| of.map(|id| masks.name(field, id)).collect::<Vec<_>>();
    let of = &gathered.subjects;
    let defendants: Vec<_> = spec
        .defendant
        .iter()
        .map(|d| {
            json!({
                "id": d.id, "name": d.name, "role": d.role,
                "accounts": named(Field::Account, &mut d.accounts.iter()),
                "staff": named(Field::Staff, &mut d.staff.iter()),
            })
        })
        .collect();
    json!({
        "matter": spec.matter, "scope": spec.scope, "purpose": purpose, "made_at": made_at,
        "prepared_by": spec.prepared_by, "source_system": spec.source_system,
        "from": spec.from, "until": spec.until,
        "holds": spec.hold.iter().map(|h| json!({ "name": h.name, "since": h.since, "covers": h.covers })).collect::<Vec<_>>(),
        "defendants": defendants,
        "cases": of.cases,
        "refunds": of.refunds, "orders": of.orders, "posts": of.posts, "rings": of.rings,
        "accounts": named(Field::Account, &mut of.accounts.iter()),
        "staff": named(Field::Staff, &mut of.staff.iter()),
        "records_looked_at": gathered.background.records,
    })
}

fn redactions(masks: &Masks) -> Vec<u8> {
    let mut rows = Rows::new();
    rows.push(&["record", "field", "what", "treatment", "because"]);
    for r in masks.log() {
        rows.push(&[r.record.to_string().as_str(), &r.pointer, r.field.as_str(), &r.treatment, &r.because]);
    }
    rows.into_bytes()
}

fn readme(matter: &str, root: &str) -> String {
    format!(
        "{matter}\n\nThis folder is an evidence pack. report.pdf is for reading; exhibits/ has the data behind it; manifest.json lists \
         every file with its length and SHA-256.\n\nTo check it, on any machine, without a network:\n\n    ringfence evidence verify . \
         --key KEY.pub\n\nKEY.pub is the public key of the deployment. Have it from elsewhere than from this pack.\n\nWithout that \
         program: `sha256sum` of each file is the one in manifest.json. The SHA-256 of manifest.json is in manifest.sig.json; its Ed25519 \
         signature is over the line \"ringfence evidence manifest, format 1\", a line feed, and the 64 digits of that hash. The leaves of the \
         Merkle tree (RFC 6962, SHA-256) are the entries of the exhibits in manifest.json, each as canonical JSON (RFC 8785), in their \
         order. docs/evidence-pack.md of Ringfence describes every format.\n\nMerkle root of the exhibits: {root}\n\ntimestamp-request.tsq \
         asks a time-stamp authority to witness manifest.json (RFC 3161); put its answer beside it as timestamp-response.tsr.\n\nThe \
         certifications are drafts: only a person can sign one, after review by counsel.\n"
    )
}
