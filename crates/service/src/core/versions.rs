//! What decides? A catalogue, a model, a policy and rates, checked against each other.

use crate::core::CoreError;
use ringfence_decide::{DEFAULT_POLICY, Policy};
use ringfence_domain::Versions;
use ringfence_domain::rates::Rates;
use ringfence_engine::Decider;
use ringfence_features::Plan;
use ringfence_learn::model::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What stands for a model in versions where there is none.
pub const NO_MODEL: &str = "none";

/// A part of what decides; each has versions of its own, named by their content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The feature catalogue (TOML).
    Features,
    /// The model (JSON).
    Model,
    /// The policy with its rules (TOML).
    Policy,
}

impl Part {
    /// All parts.
    pub const ALL: [Part; 3] = [Part::Features, Part::Model, Part::Policy];
    /// Its word in versions, files and paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Features => "features",
            Part::Model => "model",
            Part::Policy => "policy",
        }
    }
}

/// What an engine decides with.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The catalogue.
    pub plan: Arc<Plan>,
    /// The model, if any.
    pub model: Option<Model>,
    /// The policy.
    pub policy: Policy,
    /// Rates into the reporting currency.
    pub rates: Rates,
}

impl Versioned {
    /// The built-in catalogue and policy, without a model.
    pub fn builtin() -> Versioned {
        let policy = Policy::parse(DEFAULT_POLICY).expect("the built-in policy is checked by a test");
        let rates = Rates::new(policy.currency);
        Versioned { plan: Arc::new(Plan::builtin()), model: None, policy, rates }
    }
    /// The same made ready, with the content hashes of all parts.
    ///
    /// # Errors
    /// Where the parts do not fit each other.
    pub fn decider(&self) -> Result<(Decider, Versions), CoreError> {
        let wrong = CoreError::Versions;
        if let Some(model) = &self.model {
            model.fits(&self.plan.schema).map_err(|e| wrong(format!("the model: {e}")))?;
        }
        let decider = Decider::new(&self.plan.schema, self.model.as_ref(), &self.policy)
            .map_err(|e| wrong(e.to_string()))?;
        if self.policy.currency != self.rates.reporting() {
            let (policy, reporting) = (self.policy.currency, self.rates.reporting());
            let what = format!(
                "the policy is in {policy}, the reporting currency is {reporting}; write the policy in {reporting}"
            );
            return Err(wrong(what));
        }
        let mut versions = decider.versions().clone();
        // Named also where there is none, so that a later start with one is told apart.
        versions.entry(Part::Model.as_str().into()).or_insert_with(|| NO_MODEL.into());
        Ok((decider, versions))
    }
}

/// The first part in which two sets of versions differ, with both versions.
pub(crate) fn difference<'a>(a: &'a Versions, b: &'a Versions) -> Option<(Part, &'a str, &'a str)> {
    let of =
        |versions: &'a Versions, part: Part| versions.get(part.as_str()).map_or(NO_MODEL, |v| v.as_str());
    Part::ALL.into_iter().map(|part| (part, of(a, part), of(b, part))).find(|(_, a, b)| a != b)
}
