//! What decides? A model and a policy made ready for one catalogue.

use ringfence_decide::{Plan as PolicyPlan, Policy, PolicyError};
use ringfence_domain::Versions;
use ringfence_domain::vector::Schema;
use ringfence_learn::model::{Model, ModelError};
use ringfence_learn::score::Scorer;

/// Model and policy of an engine. Without a model the policy decides by its rules and its prior.
#[derive(Clone, Debug)]
pub struct Decider {
    pub(crate) scorer: Option<Scorer>,
    pub(crate) policy: PolicyPlan,
    pub(crate) versions: Versions,
}

/// Why a model or policy cannot decide for a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum DeciderError {
    /// The model does not fit.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The policy does not fit.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl Decider {
    /// Checks that model and policy fit the columns of `schema`.
    pub fn new(schema: &Schema, model: Option<&Model>, policy: &Policy) -> Result<Decider, DeciderError> {
        let mut versions = Versions::new();
        versions.insert("features".into(), schema.hash.clone());
        versions.insert("policy".into(), policy.hash.clone());
        if let Some(model) = model {
            versions.insert("model".into(), model.hash());
        }
        Ok(Decider {
            scorer: model.map(|m| Scorer::compile(m, schema)).transpose()?,
            policy: PolicyPlan::compile(policy, schema)?,
            versions,
        })
    }
    /// The content hashes of what decides.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }
    /// The policy.
    pub fn policy(&self) -> &Policy {
        self.policy.policy()
    }
}
