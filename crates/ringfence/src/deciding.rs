//! What decides? Catalogue, model and policy as options name them, loaded, and checked against each other.

use crate::commands::Context;
use crate::failure::Failure;
use crate::history;
use ringfence_engine::Decider;
use ringfence_features::Plan;
use ringfence_learn::model::Model;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The options of what decides.
#[derive(clap::Args, Debug)]
pub(crate) struct Deciding {
    /// What `train` wrote. Without a model the policy decides by its rules and its prior.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// `default`, `rules-only`, or a policy file [default: `default`].
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) policy: Option<String>,
    /// Feature catalogue [default: the built-in one].
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) features: Option<PathBuf>,
}

impl Deciding {
    /// The model with its file, where one is named.
    pub(crate) fn model(&self) -> Result<Option<(Model, &Path)>, Failure> {
        self.model.as_deref().map(|path| history::model(path).map(|model| (model, path))).transpose()
    }
    /// All of it made ready; told with the file and the line where something does not fit.
    pub(crate) fn ready(
        &self,
        model: Option<&(Model, &Path)>,
        context: &Context,
    ) -> Result<(Arc<Plan>, Decider), Failure> {
        let plan = history::plan(self.features.as_deref())?;
        let name = self.policy.as_deref().unwrap_or("default");
        let policy = history::policy(name)?;
        let model = model.map(|(model, path)| (model, *path));
        let decider = history::decider(&plan, model, &policy, name, context.config.rates.reporting())?;
        Ok((plan, decider))
    }
}
