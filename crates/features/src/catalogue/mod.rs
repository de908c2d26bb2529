//! Which features are there? The catalogue: TOML that an analyst can read and change, checked with line and column.

mod parse;

use parse::{Parser, RawFile, toml_error};

use ringfence_domain::{Duration, EventType};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// The version of the catalogue language that this code reads.
pub const FORMAT: u32 = 1;

/// Features a catalogue may have: a vector of 8 KiB is still a line of evidence rather than a data dump.
pub const FEATURES_MAX: usize = 1_024;

/// Bytes a catalogue may have.
pub const CATALOGUE_BYTES_MAX: usize = 1 << 20;

/// The catalogue that comes with Ringfence.
pub const BUILTIN: &str = include_str!("../../catalogue/builtin.toml");

/// What is wrong with a catalogue, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}
impl std::error::Error for CatalogueError {}

impl CatalogueError {
    pub(crate) fn at(text: &str, offset: usize, message: impl Into<String>, help: Option<String>) -> Self {
        let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column, message: message.into(), help }
    }
}

/// How the events of a window become one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aggregate {
    /// Number of events.
    Count,
    /// Sum of values.
    Sum,
    /// Mean of values.
    Mean,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Number of different identifiers.
    Distinct,
    /// Value of the last event.
    Last,
    /// Value of the first event ever.
    First,
    /// Days since the last event.
    Since,
    /// Share of the events that also meet `share`.
    Ratio,
    /// Events a day.
    Rate,
    /// (newer half − older half) / both, of the window; −1 … 1.
    Trend,
    /// Shannon entropy of the values, in bits; missing where the window holds more than the events kept singly
    /// ([`crate::history::RAW_SINGLY_MAX`]).
    Entropy,
    /// Share of the entity's own past values below this request's value; ties count half; missing as entropy is.
    Rank,
}

impl Aggregate {
    const WORDS: &'static [(&'static str, Aggregate)] = &[
        ("count", Aggregate::Count),
        ("sum", Aggregate::Sum),
        ("mean", Aggregate::Mean),
        ("min", Aggregate::Min),
        ("max", Aggregate::Max),
        ("distinct", Aggregate::Distinct),
        ("last", Aggregate::Last),
        ("first", Aggregate::First),
        ("since", Aggregate::Since),
        ("ratio", Aggregate::Ratio),
        ("rate", Aggregate::Rate),
        ("trend", Aggregate::Trend),
        ("entropy", Aggregate::Entropy),
        ("rank", Aggregate::Rank),
    ];
    /// Whether it needs a `value`.
    pub fn needs_value(self) -> bool {
        match self {
            Self::Sum
            | Self::Mean
            | Self::Min
            | Self::Max
            | Self::Distinct
            | Self::Last
            | Self::First
            | Self::Entropy
            | Self::Rank => true,
            Self::Count | Self::Since | Self::Ratio | Self::Rate | Self::Trend => false,
        }
    }
    /// The word in a catalogue.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|w| w.1 == self).expect("every aggregate has a word").0
    }
}

/// A text of the catalogue and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Byte offset of its first character in the catalogue.
    pub offset: usize,
}

/// A feature that aggregates the past events of one thing.
#[derive(Clone, PartialEq, Debug)]
pub struct WindowFeature {
    /// Through which thing an event is kept.
    pub key: Text,
    /// Through which thing of the request it is read; the same unless said otherwise.
    pub at: Text,
    /// Event types.
    pub on: Vec<EventType>,
    /// Which of the events.
    pub filter: Option<Text>,
    /// The value of an event.
    pub value: Option<Text>,
    /// For ratios: which of the filtered events are the numerator.
    pub share: Option<Text>,
    /// How they become a number.
    pub aggregate: Aggregate,
    /// Length of the window; `None` is ever.
    pub window: Option<Duration>,
    /// How far before the request the window ends.
    pub delay: Duration,
    /// Whether the request itself counts.
    pub current: bool,
}

/// Where a feature's number comes from.
#[derive(Clone, PartialEq, Debug)]
pub enum FeatureSource {
    /// From a window of past events.
    Window(Box<WindowFeature>),
    /// From the request, facts one hop away and earlier features.
    Expr(Text),
}

/// One feature as the catalogue writes it.
#[derive(Clone, PartialEq, Debug)]
pub struct Feature {
    /// Its name.
    pub name: Text,
    /// What it tells.
    pub about: String,
    /// The reason code under which it is explained.
    pub reason: Text,
    /// Whether it may be an input of a model.
    pub model: bool,
    /// Where its number comes from.
    pub source: FeatureSource,
}

/// What a merchant's own field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    /// A word.
    Text,
    /// A number.
    Number,
    /// True or false.
    Flag,
}

/// A parsed catalogue.
#[derive(Clone, PartialEq, Debug)]
pub struct Catalogue {
    /// The merchant's own fields that features may use.
    pub attributes: BTreeMap<String, AttributeType>,
    /// In the order of the vector.
    pub features: Vec<Feature>,
    /// BLAKE3 of the text, hexadecimal.
    pub hash: String,
    /// The text itself.
    pub text: String,
}

/// The reason code of features that name none.
pub const REASON_DEFAULT: &str = "merchant_field";

/// "did you mean `x`?" for the nearest of `words`, where one is near.
pub(crate) fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    ringfence_domain::words::nearest(word, words).map(|near| format!("did you mean `{near}`?"))
}

impl Catalogue {
    /// Reads a catalogue. Names and types inside expressions are checked when it is compiled ([`crate::plan::Plan`]).
    pub fn parse(text: &str) -> Result<Catalogue, CatalogueError> {
        if text.len() > CATALOGUE_BYTES_MAX {
            let message =
                format!("a catalogue has at most {CATALOGUE_BYTES_MAX} bytes, this one has {}", text.len());
            return Err(CatalogueError::at(text, 0, message, Some("split it by use".into())));
        }
        let raw: RawFile = toml::from_str(text).map_err(|e| toml_error(text, &e))?;
        let parser = Parser { text };
        if *raw.format.get_ref() != FORMAT {
            return parser.error(
                raw.format.span(),
                format!(
                    "this catalogue has format {}, this program reads format {FORMAT}",
                    raw.format.get_ref()
                ),
                Some("use the program that the catalogue was written for, or convert it".into()),
            );
        }
        if raw.feature.len() > FEATURES_MAX {
            return parser.error(
                raw.feature[FEATURES_MAX].span(),
                format!("more than {FEATURES_MAX} features"),
                None,
            );
        }
        let mut features: Vec<Feature> = Vec::with_capacity(raw.feature.len());
        for feature in &raw.feature {
            let feature = parser.feature(feature)?;
            if features.iter().any(|f| f.name.text == feature.name.text) {
                let message = format!("a second feature is called `{}`", feature.name.text);
                return Err(CatalogueError::at(text, feature.name.offset, message, None));
            }
            features.push(feature);
        }
        if features.is_empty() {
            return Err(CatalogueError::at(text, text.len(), "this catalogue has no [[feature]]", None));
        }
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        Ok(Catalogue { attributes: raw.attributes, features, hash, text: text.to_owned() })
    }
    /// The catalogue that comes with Ringfence.
    pub fn builtin() -> Catalogue {
        Self::parse(BUILTIN).expect("the built-in catalogue is checked by a test")
    }
    /// Checks that every reason code is known; `known` lists them.
    pub fn check_reasons(&self, known: &[&str]) -> Result<(), CatalogueError> {
        for feature in &self.features {
            let code = feature.reason.text.as_str();
            if !known.contains(&code) {
                let help = nearest(code, known.iter().copied());
                return Err(CatalogueError::at(
                    &self.text,
                    feature.reason.offset,
                    format!("there is no reason code `{code}`"),
                    help,
                ));
            }
        }
        Ok(())
    }
}
