//! How does a case become a pack of evidence? What it links is the matter; the log is read beside the live path.
//!
//! One pack is made at a time: the log is read four times for it. That it is made is recorded first, so that it stands in
//! the chain of custody of this pack and of all later ones; what is handed out was checked as its reader will check it.

use crate::past::History;
use ringfence_domain::rates::Rates;
use ringfence_domain::{Decision, Timestamp};
use ringfence_evidence::gather::{PASSES, TooMany};
use ringfence_evidence::leads::{Leads, Match};
use ringfence_evidence::manifest::Tool;
use ringfence_evidence::records::Says;
use ringfence_evidence::spec::SpecError;
use ringfence_evidence::{Gather, Inputs, Noted, Origin, PackError, Purpose, Spec, assemble, verify, zip};
use ringfence_leads::log::Book;
use ringfence_leads::posts;
use ringfence_store::LogError;
use ringfence_store::log::{HeadKey, RecordKind};

/// Largest pack that is handed out: larger ones are made with `ringfence evidence export`.
pub const PACK_BYTES_MAX: usize = 256 << 20;
/// Records between two questions whether the service stops.
const STRIDE: u64 = 4_096;

/// Why there is no pack of a case.
#[derive(Debug, thiserror::Error)]
pub enum PackFailure {
    /// The case links nothing that records know.
    #[error(transparent)]
    Matter(#[from] SpecError),
    /// Too many records.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// It cannot be assembled.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A proof cannot be made.
    #[error("prove the records: {0}")]
    Proof(String),
    /// A record of the log is not what this program writes.
    #[error("record {position} of the log: {what}")]
    Record {
        /// Where it stands.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// Too large to be handed out.
    #[error("the pack has {0} bytes, more than the {PACK_BYTES_MAX} that the service hands out")]
    Large(usize),
    /// What was made does not hold.
    #[error("the pack that was made does not hold: {0}")]
    Broken(String),
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopped,
}

/// What a pack is made from, beside the log.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is about.
    pub matter: Spec,
    /// For whom.
    pub purpose: Purpose,
    /// When it is made.
    pub made_at: Timestamp,
    /// The leads that the case links.
    pub leads: Leads,
    /// Rates into the reporting currency.
    pub rates: Rates,
    /// Where the log says that it is made.
    pub noted: u64,
}

/// The leads that a matter names, and no others: a pack has nothing of customers that are not part of it.
pub fn leads_of(book: &Book, matter: &Spec) -> Leads {
    let mut leads = Leads::of_log(book);
    leads.rings.retain(|ring| matter.rings.contains(&ring.ring));
    leads.insiders.retain(|insider| matter.staff.contains(&insider.staff));
    leads
}

/// A post and a refund as a pack shows them.
pub fn matched(found: &posts::Match) -> Match {
    Match {
        post: found.post.clone(),
        refund: found.refund.clone(),
        probability: found.probability,
        by_chance: found.by_chance,
        why: found.why.clone(),
    }
}

/// Makes the pack, as the bytes of a ZIP archive. `stops` says whether the service is about to end.
///
/// # Errors
/// Where the case links nothing that the log knows, or too much, or the log cannot be read.
pub fn make(
    history: &History,
    wanted: &Wanted,
    key: Option<&HeadKey>,
    stops: &dyn Fn() -> bool,
) -> Result<Vec<u8>, PackFailure> {
    let Wanted { matter, purpose, made_at, leads, rates, noted } = wanted;
    matter.check()?;
    let reader = &history.reader;
    let (anchor, head) = (reader.anchor(), reader.head());
    let decoder = history.decoder();
    let wrong = |position: u64| move |what: String| PackFailure::Record { position, what };
    let mut gather = Gather::new(matter, leads);
    for pass in 0..PASSES {
        for record in reader.read(anchor.position)? {
            let (position, record) = record?;
            if position >= head.position {
                break;
            }
            if position % STRIDE == 0 && stops() {
                return Err(PackFailure::Stopped);
            }
            let wrong = wrong(position);
            if !gather.takes() {
                if record.kind == RecordKind::Event {
                    gather.see(&decoder.decode(&record.payload).map_err(|e| wrong(e.to_string()))?);
                }
                continue;
            }
            let says = match record.kind {
                RecordKind::Event => {
                    let event = decoder.decode(&record.payload).map_err(|e| wrong(e.to_string()))?;
                    Says::Event(Box::new(event))
                }
                RecordKind::Decision => {
                    let decision = serde_json::from_slice::<Decision>(&record.payload);
                    Says::Decision(Box::new(decision.map_err(|e| wrong(e.to_string()))?))
                }
                RecordKind::Control => {
                    Says::Control(serde_json::from_slice(&record.payload).map_err(|e| wrong(e.to_string()))?)
                }
            };
            gather.take(position, &record, says)?;
        }
        if pass + 1 < PASSES {
            gather.next_pass();
        }
    }
    let positions: Vec<u64> = gather.cited.iter().map(|cited| cited.at).collect();
    let proofs = reader.prove(&positions, &head).map_err(|e| PackFailure::Proof(e.to_string()))?;
    for (cited, proof) in gather.cited.iter_mut().zip(proofs) {
        cited.proof = Some(proof);
    }
    let signed = key.map(|key| Box::new(key.sign(head, *made_at)));
    let files = assemble(&Inputs {
        spec: matter,
        purpose: *purpose,
        made_at: *made_at,
        tool: Tool { name: "Ringfence".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        origin: Origin::Log { anchor, head, signed },
        gathered: &gather,
        leads,
        rates,
        noted: Noted::At(*noted),
        key,
    })?;
    let bytes = files.values().map(Vec::len).sum();
    if bytes > PACK_BYTES_MAX {
        return Err(PackFailure::Large(bytes));
    }
    let public = key.map(HeadKey::public);
    if let Some(fault) = verify(&files, public.as_ref()).faults.first() {
        return Err(PackFailure::Broken(format!("{}: {}", fault.file, fault.what)));
    }
    Ok(zip(&files))
}
