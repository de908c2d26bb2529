//! Is this text a catalogue or a policy that could decide? Checked as somebody writes it, and not kept.

use crate::core::versions::Part;
use crate::http::Shared;
use crate::http::endpoints::Op;
use crate::http::endpoints::versions::PartPath;
use crate::http::input::{JSON, Named, Raw, TEXT, takes};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_decide::{Policy, PolicyError, reasons};
use ringfence_engine::Decider;
use ringfence_engine::DeciderError;
use ringfence_features::{Catalogue, CatalogueError, Plan};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it: the nearest word, where one is meant.
    pub help: Option<String>,
}

impl From<PolicyError> for Fault {
    fn from(e: PolicyError) -> Fault {
        Fault { line: e.line, column: e.column, message: e.message, help: e.help }
    }
}

impl From<CatalogueError> for Fault {
    fn from(e: CatalogueError) -> Fault {
        Fault { line: e.line, column: e.column, message: e.message, help: e.help }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checked {
    /// The content hash that it would have; none where something is wrong.
    pub version: Option<String>,
    /// Whether it decides now.
    pub live: bool,
    /// What is wrong first.
    pub fault: Option<Fault>,
    /// What of it is in the way beside: that it does not fit the model that decides, or the reporting currency.
    pub unfit: Option<String>,
}

/// Checks a text of a part, with the other parts as they decide now.
pub(crate) async fn checked(shared: &Shared, part: Part, bytes: Vec<u8>) -> Result<Checked, Problem> {
    let seen = shared.worker.look(|core| {
        (core.engine().folder().plan().clone(), core.versions().clone(), core.rates().reporting())
    });
    let (plan, live, reporting) = seen.await?;
    let is_live = |version: &String| live.get(part.as_str()) == Some(version);
    let bad = |fault: Fault| Checked { version: None, live: false, fault: Some(fault), unfit: None };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let message = format!("this is not UTF-8 text from byte {} on", e.utf8_error().valid_up_to());
            return Ok(bad(Fault { line: 1, column: 1, message, help: None }));
        }
    };
    let check = move || match part {
        Part::Policy => {
            let policy = Policy::parse(&text).map_err(Fault::from)?;
            // The columns are those of the catalogue that decides; a model says nothing about rules.
            let fits = Decider::new(&plan.schema, None, &policy);
            let unfit = match fits {
                Ok(_) => (policy.currency != reporting).then(|| {
                    let currency = policy.currency;
                    format!("the policy is in {currency}, the reporting currency is {reporting}")
                }),
                Err(DeciderError::Policy(e)) => return Err(e.into()),
                Err(DeciderError::Model(e)) => Some(e.to_string()),
            };
            Ok((policy.hash, unfit))
        }
        Part::Features => {
            let catalogue = Catalogue::parse(&text).map_err(Fault::from)?;
            let known: Vec<&str> = reasons::all().iter().map(|r| r.code.as_ref()).collect();
            catalogue.check_reasons(&known).map_err(Fault::from)?;
            Plan::compile(&catalogue).map_err(Fault::from)?;
            Ok((catalogue.hash, None))
        }
        Part::Model => {
            let message = "a model is no text that people write".to_owned();
            Err(Fault {
                line: 1,
                column: 1,
                message,
                help: Some("upload the file that `train` wrote".into()),
            })
        }
    };
    let found = tokio::task::spawn_blocking(check).await;
    Ok(match found.map_err(|e| Problem::closed().detail(e.to_string()))? {
        Ok((version, unfit)) => {
            Checked { live: is_live(&version), version: Some(version), fault: None, unfit }
        }
        Err(fault) => bad(fault),
    })
}

/// Checks a text.
pub async fn check(
    State(shared): State<Arc<Shared>>,
    Named(PartPath { part }): Named<PartPath>,
    Raw(bytes): Raw,
) -> Result<(StatusCode, Json<Checked>), Problem> {
    Ok((StatusCode::OK, Json(checked(&shared, part, bytes.to_vec()).await?)))
}

pub(crate) fn check_docs(op: Op<'_>) -> Op<'_> {
    op.id("checkText")
        .summary("Check the text of a catalogue or a policy without keeping it")
        .description(
            "With line, column and the nearest word; against the catalogue and currency that decide now.",
        )
        .tag("Versions")
        .response::<200, Json<Checked>>()
        .with(|op| takes(op, &[TEXT, JSON]))
}
