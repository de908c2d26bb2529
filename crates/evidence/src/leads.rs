//! What did the machine suspect? Leads as the log has them, or as `rings`, `insiders` and `posts` print them with `--json`.

use ringfence_domain::Money;
use ringfence_domain::words::{LeadKind, MemberKind, TieKind};
use ringfence_leads::log::{Book, Entry, State};
use serde::{Deserialize, Serialize};

/// Something that ties a ring's accounts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Tie {
    /// What it is.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// Accounts of the ring that share it.
    pub accounts: Vec<String>,
    /// The probability that it is a ring's.
    pub probability: f64,
}

/// A ring.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ring {
    /// Its name.
    pub ring: String,
    /// Accounts.
    pub accounts: Vec<String>,
    /// What ties them.
    pub identifiers: Vec<Tie>,
    /// Members of staff to look at.
    pub staff: Vec<String>,
    /// Refunds.
    pub refunds: Vec<String>,
    /// Their sum.
    pub money: Money,
    /// The probability that there is a ring.
    pub probability: f64,
    /// What was seen, and what speaks against it.
    pub why: Vec<String>,
}

/// A figure of a member of staff beside what is expected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// Which.
    pub family: String,
    /// Hits.
    pub observed: u64,
    /// Hits to be expected.
    pub expected: f64,
    /// Least false-discovery rate at which it is reported.
    pub q_value: f64,
}

/// A member of staff.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Insider {
    /// Who.
    pub staff: String,
    /// The probability that the figures are out of line.
    pub probability: f64,
    /// What it looks like.
    pub pattern: String,
    /// Figures.
    pub families: Vec<Figure>,
    /// Refunds behind them.
    pub refunds: Vec<String>,
    /// What was seen, and what speaks against it.
    pub why: Vec<String>,
}

/// A post that may be about a refund.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Match {
    /// The post.
    pub post: String,
    /// The refund.
    pub refund: String,
    /// How likely it is about it.
    pub probability: f64,
    /// At most so many others would agree as well by chance.
    pub by_chance: f64,
    /// What agrees and what does not.
    pub why: Vec<String>,
}

/// A line of any of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Match(Match),
    Ring(Ring),
    Insider(Insider),
    /// Handles, posts without a match, figures of a measurement.
    Other(serde::de::IgnoredAny),
}

/// All that was given.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Leads {
    /// Rings.
    pub rings: Vec<Ring>,
    /// Members of staff.
    pub insiders: Vec<Insider>,
    /// Posts.
    pub matches: Vec<Match>,
}

impl Leads {
    /// The rings and members of staff that a log holds as leads, withdrawn ones too: `why` says so.
    pub fn of_log(book: &Book) -> Leads {
        let mut leads = Leads::default();
        for entry in book.leads() {
            match entry.kind {
                LeadKind::Ring => leads.rings.push(ring(entry)),
                LeadKind::Staff => {
                    leads
                        .insiders
                        .extend(entry.of_kind(MemberKind::Staff).map(|m| insider(entry, m.id.as_str())));
                }
                LeadKind::Driver | LeadKind::Post | LeadKind::Script => {}
            }
        }
        leads
    }
    /// Adds those of another set that this one does not name.
    pub fn add(&mut self, other: Leads) {
        let Leads { rings, insiders, matches } = other;
        for ring in rings {
            if !self.rings.iter().any(|r| r.ring == ring.ring) {
                self.rings.push(ring);
            }
        }
        for insider in insiders {
            if !self.insiders.iter().any(|i| i.staff == insider.staff) {
                self.insiders.push(insider);
            }
        }
        self.matches.extend(matches);
    }
    /// Adds the lines of a file.
    ///
    /// # Errors
    /// The number of the first line that is no JSON, and what is wrong with it.
    pub fn read(&mut self, text: &str) -> Result<(), (usize, String)> {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str(line).map_err(|e| (number + 1, e.to_string()))? {
                Line::Match(found) => self.matches.push(found),
                Line::Ring(found) => self.rings.push(found),
                Line::Insider(found) => self.insiders.push(found),
                Line::Other(_) => {}
            }
        }
        Ok(())
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rings.is_empty() && self.insiders.is_empty() && self.matches.is_empty()
    }
}

fn ring(entry: &Entry) -> Ring {
    let ids = |kind| entry.of_kind(kind).map(|m| m.id.to_string()).collect::<Vec<_>>();
    let of_staff = |kind| matches!(kind, TieKind::Staff | TieKind::StaffSession);
    let mut staff = ids(MemberKind::Staff);
    staff.extend(entry.ties.iter().filter(|t| of_staff(t.kind)).map(|t| t.value.clone()));
    staff.sort();
    staff.dedup();
    let ties = entry.ties.iter().filter(|t| !of_staff(t.kind));
    let identifiers = ties.map(|t| Tie {
        kind: t.kind.as_str().to_owned(),
        value: t.value.clone(),
        accounts: t.accounts.iter().map(ToString::to_string).collect(),
        probability: t.probability,
    });
    Ring {
        ring: entry.lead.clone(),
        accounts: ids(MemberKind::Account),
        identifiers: identifiers.collect(),
        staff,
        refunds: entry.refunds.clone(),
        money: entry.money,
        probability: entry.probability,
        why: why(entry),
    }
}

fn insider(entry: &Entry, staff: &str) -> Insider {
    Insider {
        staff: staff.to_owned(),
        probability: entry.probability,
        pattern: entry.pattern.map_or("unclear", |pattern| pattern.as_str()).to_owned(),
        // An event names no single figures; who wants them gives the output of `insiders`.
        families: Vec::new(),
        refunds: entry.refunds.clone(),
        why: why(entry),
    }
}

/// What was seen, what speaks against it, and whether it still stands.
fn why(entry: &Entry) -> Vec<String> {
    let mut out = entry.why.clone();
    out.extend(entry.against.iter().map(|words| format!("against: {words}")));
    if let State::Withdrawn { reason, at, words, .. } = &entry.state {
        let more = words.iter().fold(String::new(), |all, word| all + "; " + word);
        out.push(format!(
            "against: this lead was withdrawn at {at} ({}){more}",
            reason.as_str().replace('_', " ")
        ));
    }
    out
}
