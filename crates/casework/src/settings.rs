//! How does the deployment work its queue? Minutes, capacity, shares, routes; they stand in the log, so that a fold of it
//! needs nothing else.

use crate::Denied;
use crate::item::{Asked, Kind};
use crate::limits::{ROUTES_MAX, SKILL_BYTES_MAX, SKILLS_MAX};
use ringfence_domain::words::ClaimReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The skill of what no route names.
pub const GENERAL: &str = "general";

/// To whom some items go.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The skill that is needed.
    pub skill: String,
    /// Kinds of items; all where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// Reasons for the request; all where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ClaimReason>,
    /// From this amount on, in minor units of the reporting currency.
    #[serde(default)]
    pub amount_min: i64,
}

impl Route {
    fn takes(&self, kind: Kind, asked: &Asked) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && (self.reasons.is_empty() || asked.reason.is_some_and(|r| self.reasons.contains(&r)))
            && asked.amount_reporting >= self.amount_min
    }
}

/// How the queue is worked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What is drawn is drawn with this; made by the service and never taken from a file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub salt: String,
    /// Which decisions are work for people: `review` always, `step_up` and `carrier_trace` where the shop has people for it.
    pub queue: Vec<Kind>,
    /// Minutes of a person, by kind.
    pub minutes: BTreeMap<Kind, f64>,
    /// Hours within which an item is to be done, by kind.
    pub sla_hours: BTreeMap<Kind, u32>,
    /// Minutes that people have in a day, by skill.
    pub capacity: BTreeMap<String, f64>,
    /// Minutes until a claim ends by itself.
    pub claim_minutes: u32,
    /// Share of the decisions not sent to people that are mixed in as blind controls.
    pub control_share: f64,
    /// Share of the items that a second person judges too.
    pub second_share: f64,
    /// Share of abuse that a review finds.
    pub found_share: f64,
    /// Which items need which skill; the first that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
}

impl Default for Settings {
    fn default() -> Settings {
        let minutes =
            [(Kind::Review, 10.0), (Kind::StepUp, 5.0), (Kind::CarrierTrace, 5.0), (Kind::Appeal, 15.0)];
        let hours = [(Kind::Review, 24), (Kind::StepUp, 48), (Kind::CarrierTrace, 120), (Kind::Appeal, 72)];
        Settings {
            salt: String::new(),
            queue: vec![Kind::Review],
            minutes: minutes.into(),
            sla_hours: hours.into(),
            // Forty reviews of ten minutes, as the default policy has it.
            capacity: [(GENERAL.to_owned(), 400.0)].into(),
            claim_minutes: 30,
            control_share: 0.005,
            second_share: 0.05,
            found_share: 0.8,
            routes: Vec::new(),
        }
    }
}

/// Minutes of a kind that the settings do not name.
const MINUTES: f64 = 10.0;
/// Hours of a kind that the settings do not name.
const SLA_HOURS: u32 = 24;

impl Settings {
    /// Minutes of a person for an item of this kind.
    pub fn minutes(&self, kind: Kind) -> f64 {
        self.minutes.get(&kind).copied().unwrap_or(MINUTES)
    }
    /// Hours within which it is to be done.
    pub fn sla_hours(&self, kind: Kind) -> u32 {
        self.sla_hours.get(&kind).copied().unwrap_or(SLA_HOURS)
    }
    /// Minutes a day of people with a skill; where the settings do not name it, those of everybody.
    pub fn capacity(&self, skill: &str) -> f64 {
        self.capacity.get(skill).or_else(|| self.capacity.get(GENERAL)).copied().unwrap_or_default()
    }
    /// The skill that an item needs.
    pub fn skill(&self, kind: Kind, asked: &Asked) -> &str {
        self.routes.iter().find(|route| route.takes(kind, asked)).map_or(GENERAL, |route| &route.skill)
    }
    /// Whether they make sense.
    ///
    /// # Errors
    /// With what is out of range, and how to mend it.
    pub fn check(&self) -> Result<(), Denied> {
        let wrong = |what: String| Err(Denied::Invalid(what));
        for (name, share) in [
            ("control_share", self.control_share),
            ("second_share", self.second_share),
            ("found_share", self.found_share),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return wrong(format!("{name} = {share} is no share; write a number from 0 to 1"));
            }
        }
        if let Some((kind, minutes)) = self.minutes.iter().find(|(_, m)| !(0.1..=1_440.0).contains(*m)) {
            return wrong(format!(
                "minutes.{} = {minutes} is out of range; write 0.1 to 1440",
                kind.as_str()
            ));
        }
        if let Some((kind, hours)) = self.sla_hours.iter().find(|(_, h)| !(1..=8_760).contains(*h)) {
            return wrong(format!("sla_hours.{} = {hours} is out of range; write 1 to 8760", kind.as_str()));
        }
        if let Some((skill, minutes)) = self.capacity.iter().find(|(_, m)| !(0.0..=10_000_000.0).contains(*m))
        {
            return wrong(format!("capacity.{skill} = {minutes} is out of range; write minutes a day"));
        }
        if !(1..=1_440).contains(&self.claim_minutes) {
            return wrong(format!("claim_minutes = {} is out of range; write 1 to 1440", self.claim_minutes));
        }
        if self.queue.contains(&Kind::Appeal) || !self.queue.contains(&Kind::Review) {
            return wrong("queue names decisions: `review` always, and `step_up` or `carrier_trace`".into());
        }
        if self.routes.len() > ROUTES_MAX || self.capacity.len() > SKILLS_MAX {
            return wrong(format!("at most {ROUTES_MAX} routes and {SKILLS_MAX} skills"));
        }
        for skill in self.routes.iter().map(|r| &r.skill).chain(self.capacity.keys()) {
            check_skill(skill)?;
        }
        Ok(())
    }
}

/// A skill has a short plain name.
pub(crate) fn check_skill(skill: &str) -> Result<(), Denied> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if skill.is_empty() || skill.len() > SKILL_BYTES_MAX || !skill.chars().all(plain) {
        let what =
            format!("`{skill}` is no name of a skill; write 1 to {SKILL_BYTES_MAX} letters, digits, - or _");
        return Err(Denied::Invalid(what));
    }
    Ok(())
}
