//! What did the machine suspect? Leads as `rings`, `insiders` and `posts` print them with `--json`, one a line.

use ringfence_domain::Money;
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
