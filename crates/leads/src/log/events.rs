//! How is a change told? As events, a large lead in several of one `as_of`.

use crate::log::findings::name;
use crate::log::{Change, Finding};
use ringfence_domain::codec::{
    LEAD_LINKS_MAX, LEAD_MEMBERS_MAX, LEAD_TIES_MAX, LEAD_VALUE_BYTES_MAX, LEAD_WORDS_BYTES_MAX,
    LEAD_WORDS_MAX,
};
use ringfence_domain::event::{LeadRaised, LeadWithdrawn};
use ringfence_domain::id::{EventId, LeadId, Source};
use ringfence_domain::lead::LeadTie;
use ringfence_domain::{Body, Event, Timestamp};

/// Who sends these events.
pub const SOURCE: &str = "ringfence/leads";

/// The events that tell of what a run changed, which rests on what had arrived by `as_of`.
pub fn events(changes: &[Change], as_of: Timestamp) -> Vec<Event> {
    let mut out = Vec::new();
    for change in changes {
        match change {
            Change::Raised { lead, finding } => {
                for (part, body) in parts(lead, finding, as_of).into_iter().enumerate() {
                    out.push(event(lead, &format!("r{part}"), as_of, Body::LeadRaised(body)));
                }
            }
            Change::Withdrawn { lead, kind, reason, into, why } => {
                let body = LeadWithdrawn {
                    lead: id(lead),
                    kind: *kind,
                    as_of,
                    reason: *reason,
                    into: into.as_deref().map(id),
                    why: words(why),
                    attributes: None,
                };
                out.push(event(lead, "w", as_of, Body::LeadWithdrawn(body)));
            }
        }
    }
    out
}

fn id(lead: &str) -> LeadId {
    LeadId::new(lead).expect("leads are named from identifiers, and short")
}

/// The same change of the same lead at the same moment has the same id: told twice, it is taken once.
fn event(lead: &str, what: &str, as_of: Timestamp, body: Body) -> Event {
    let source = Source::new(SOURCE).expect("a short word");
    let id = EventId::new(&format!("{as_of}/{}/{what}", name("", lead))).expect("short enough");
    Event { id, source, time: as_of, recorded: Some(as_of), body }
}

fn cut(text: &str, bytes_max: usize) -> String {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

fn words(words: &[String]) -> Option<Vec<String>> {
    let cut = words.iter().take(LEAD_WORDS_MAX).map(|w| cut(w, LEAD_WORDS_BYTES_MAX));
    (!words.is_empty()).then(|| cut.collect())
}

/// The ties in groups that one event holds.
fn tie_groups(ties: &[LeadTie]) -> Vec<Vec<LeadTie>> {
    let mut groups: Vec<Vec<LeadTie>> = Vec::new();
    let mut links = 0;
    for tie in ties {
        for start in (0..tie.accounts.len().max(1)).step_by(LEAD_LINKS_MAX) {
            let end = tie.accounts.len().min(start + LEAD_LINKS_MAX);
            let accounts = &tie.accounts[start..end];
            let since = tie.since.as_ref().and_then(|s| s.get(start..end)).map(<[_]>::to_vec);
            links += accounts.len();
            if groups.last().is_none_or(|g| g.len() == LEAD_TIES_MAX || links > LEAD_LINKS_MAX) {
                groups.push(Vec::new());
                links = accounts.len();
            }
            let value = cut(&tie.value, LEAD_VALUE_BYTES_MAX);
            let piece = LeadTie { value, since, accounts: accounts.to_vec(), ..tie.clone() };
            groups.last_mut().expect("one was pushed").push(piece);
        }
    }
    groups
}

fn parts(lead: &str, finding: &Finding, as_of: Timestamp) -> Vec<LeadRaised> {
    let members: Vec<_> = finding.members.chunks(LEAD_MEMBERS_MAX).collect();
    let refunds: Vec<_> = finding.refunds.chunks(LEAD_MEMBERS_MAX).collect();
    let ties = tie_groups(&finding.ties);
    let count = members.len().max(refunds.len()).max(ties.len()).max(1);
    let part = |n: usize| LeadRaised {
        lead: id(lead),
        kind: finding.kind,
        as_of,
        probability: finding.probability,
        fdr: finding.fdr,
        method: finding.method.clone(),
        members: members.get(n).map_or(Vec::new(), |m| m.to_vec()),
        refunds: refunds.get(n).map_or(Vec::new(), |r| r.to_vec()),
        money: finding.money,
        ties: ties.get(n).cloned(),
        confirmed: finding.confirmed,
        why: words(&finding.why).filter(|_| n == 0),
        against: words(&finding.against).filter(|_| n == 0),
        from: finding.span.map(|s| s.0),
        to: finding.span.map(|s| s.1),
        pattern: finding.pattern,
        attributes: None,
    };
    (0..count).map(part).collect()
}
