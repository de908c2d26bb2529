//! How does the service log? On standard error, as lines for people or as JSON for programs that gather logs.

use crate::commands::serve::traces::Traces;
use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// How lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// For people.
    Text,
    /// An object a line.
    Json,
}

impl Format {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
        }
    }
}

/// From here on what the service says of itself is written, and its spans are sent where somebody takes them.
pub(crate) fn begin(log: Targets, format: Format, traces: Option<&Traces>) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        Format::Text => lines.with_ansi(false).boxed(),
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
        }
    };
    let spans = traces.map(Traces::layer);
    tracing_subscriber::registry().with(lines.with_filter(log)).with(spans).init();
}
