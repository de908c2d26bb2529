//! What is the pack about? The file that a person writes: matter, who and what is in it, holds, defendants, damages.

use crate::damages::{Claimed, Interest};
use crate::when::Moment;
use ringfence_domain::Currency;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Most refunds, accounts and the like that are named.
pub const NAMED_MAX: usize = 20_000;

/// Size of the report's pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// 210 × 297 mm.
    #[default]
    A4,
    /// 8.5 × 11 in.
    Letter,
}

/// Somebody ordered that data be kept.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// What it is called.
    pub name: String,
    /// Since when.
    pub since: Moment,
    /// What it covers.
    #[serde(default)]
    pub covers: String,
}

/// Somebody from whom something is claimed.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defendant {
    /// A short name, as shares use it.
    pub id: String,
    /// The name in the matter, as in "John Doe 1".
    pub name: String,
    /// What the part is said to be.
    #[serde(default)]
    pub role: String,
    /// Accounts that are said to be this person's.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// The pseudonym as a member of staff.
    #[serde(default)]
    pub staff: Vec<String>,
}

/// What a ring is taken to have earned.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingFee {
    /// Percent of what was paid, as a text.
    pub percent: String,
    /// From what that is known.
    pub because: String,
}

/// What is claimed.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DamagesSpec {
    /// The currency of the schedule; the reporting currency where it is not named.
    pub currency: Option<Currency>,
    /// Interest before judgment.
    pub interest: Option<Interest>,
    /// Whether each refund that was paid is a line.
    pub refunds_paid: bool,
    /// A line for the ring's fee on each of them.
    pub ring_fee: Option<RingFee>,
    /// Whether defendants answer for the whole of those lines.
    pub joint_and_several: bool,
    /// Shares of those lines, where no defendant has the account.
    pub shares: BTreeMap<String, u64>,
    /// Other lines.
    pub line: Vec<Claimed>,
}

/// The whole of it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// What the matter is called.
    pub matter: String,
    /// What the pack is to show, and what not.
    #[serde(default)]
    pub scope: String,
    /// Who had it made: the person who can be asked about it.
    pub prepared_by: String,
    /// The system from which the data came, as its owner calls it.
    #[serde(default = "system")]
    pub source_system: String,
    /// Requests of accounts count from here.
    #[serde(default)]
    pub from: Option<Moment>,
    /// And up to here.
    #[serde(default)]
    pub until: Option<Moment>,
    /// Pages of the report.
    #[serde(default)]
    pub paper: Paper,
    /// Refunds.
    #[serde(default)]
    pub refunds: Vec<String>,
    /// Orders with all their refunds.
    #[serde(default)]
    pub orders: Vec<String>,
    /// Accounts with all their requests in the period.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Members of staff, by pseudonym.
    #[serde(default)]
    pub staff: Vec<String>,
    /// Public posts.
    #[serde(default)]
    pub posts: Vec<String>,
    /// Rings of the leads: their refunds and accounts.
    #[serde(default)]
    pub rings: Vec<String>,
    /// Cases of casework: what people did in them belongs to the matter.
    #[serde(default)]
    pub cases: Vec<u64>,
    /// Legal holds.
    #[serde(default)]
    pub hold: Vec<Hold>,
    /// Defendants.
    #[serde(default)]
    pub defendant: Vec<Defendant>,
    /// Damages.
    #[serde(default)]
    pub damages: Option<DamagesSpec>,
}

/// The system from which the data came, where nothing else is said.
pub(crate) fn system() -> String {
    "Ringfence event log".to_owned()
}

/// Why a file does not say what a pack is about.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpecError {
    /// Not the form.
    #[error("{0}")]
    Form(String),
    /// Empty.
    #[error("`{0}` is empty; say it in words")]
    Empty(&'static str),
    /// Nothing is named.
    #[error(
        "nothing is named; give refunds, orders, accounts, staff, posts or rings, or link some to the case"
    )]
    Nothing,
    /// Too much is named.
    #[error("more than {NAMED_MAX} are named under `{0}`; make several packs")]
    TooMany(&'static str),
    /// The period ends before it begins.
    #[error("`from` is later than `until`; exchange them")]
    Period,
}

impl Spec {
    /// Reads the file.
    ///
    /// # Errors
    /// Where it is not of this form, or says nothing.
    pub fn parse(text: &str) -> Result<Spec, SpecError> {
        let spec: Spec = toml::from_str(text).map_err(|e| SpecError::Form(e.to_string()))?;
        spec.check()?;
        Ok(spec)
    }

    /// Whether it says enough, and not too much.
    ///
    /// # Errors
    /// Where it does not.
    pub fn check(&self) -> Result<(), SpecError> {
        for (name, text) in [("matter", &self.matter), ("prepared_by", &self.prepared_by)] {
            if text.trim().is_empty() {
                return Err(SpecError::Empty(name));
            }
        }
        let lists = [
            ("refunds", &self.refunds),
            ("orders", &self.orders),
            ("accounts", &self.accounts),
            ("staff", &self.staff),
            ("posts", &self.posts),
            ("rings", &self.rings),
        ];
        if lists.iter().all(|(_, list)| list.is_empty()) {
            return Err(SpecError::Nothing);
        }
        if let Some((name, _)) = lists.iter().find(|(_, list)| list.len() > NAMED_MAX) {
            return Err(SpecError::TooMany(name));
        }
        if self.from.zip(self.until).is_some_and(|(from, until)| from > until) {
            return Err(SpecError::Period);
        }
        Ok(())
    }
}
