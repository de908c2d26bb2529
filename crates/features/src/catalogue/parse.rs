//! How does the TOML of a catalogue become features, or an error with line, column and the nearest valid word?

use super::*;
use ringfence_domain::{Duration, EventType};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) format: Spanned<u32>,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, AttributeType>,
    #[serde(default)]
    pub(super) feature: Vec<Spanned<RawFeature>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeature {
    name: Spanned<String>,
    about: String,
    reason: Option<Spanned<String>>,
    model: Option<bool>,
    expr: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
    at: Option<Spanned<String>>,
    on: Option<Spanned<OneOrMany>>,
    #[serde(rename = "where")]
    filter: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    share: Option<Spanned<String>>,
    aggregate: Option<Spanned<String>>,
    window: Option<Spanned<String>>,
    delay: Option<Spanned<String>>,
    current: Option<bool>,
}

/// Names that are not features' to take: the first words of other names in expressions.
const NAMES_RESERVED: &[&str] = &[
    "data",
    "order",
    "account",
    "staff",
    "contact",
    "refund",
    "parcel",
    "sku",
    "cluster",
    "line",
    "attributes",
    "time",
];

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
}

impl Parser<'_> {
    pub(super) fn error<T>(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Result<T, CatalogueError> {
        Err(CatalogueError::at(self.text, span.start, message, help))
    }
    /// A string of the file, with the place of its first character behind the quotes.
    fn text(&self, s: &Spanned<String>) -> Text {
        let start = s.span().start;
        let quoted = &self.text[start..];
        let skip = if quoted.starts_with("\"\"\"") || quoted.starts_with("'''") {
            3 + usize::from(quoted[3..].starts_with('\n'))
        } else {
            usize::from(quoted.starts_with(['"', '\'']))
        };
        Text { text: s.get_ref().clone(), offset: start + skip }
    }
    fn duration(&self, s: &Spanned<String>) -> Result<Duration, CatalogueError> {
        let longest = Duration::days(3 * 366);
        match Duration::parse(s.get_ref()) {
            Ok(d) if d.0 > 0 && d <= longest => Ok(d),
            Ok(d) if d.0 == 0 => Ok(d),
            Ok(_) => self.error(
                s.span(),
                format!("`{}` is longer than three years", s.get_ref()),
                Some("use \"ever\"".into()),
            ),
            Err(e) => self.error(s.span(), e.to_string(), None),
        }
    }
    fn event_types(&self, on: &Spanned<OneOrMany>) -> Result<Vec<EventType>, CatalogueError> {
        use ringfence_domain::words::Word;
        let names = match on.get_ref() {
            OneOrMany::One(name) => std::slice::from_ref(name),
            OneOrMany::Many(names) => names.as_slice(),
        };
        let mut types = Vec::new();
        for name in names {
            match EventType::parse(name) {
                Some(t) => types.push(t),
                None => {
                    let help = nearest(name, EventType::TEXTS.iter().copied());
                    return self.error(on.span(), format!("there is no event type `{name}`"), help);
                }
            }
        }
        types.sort_unstable();
        types.dedup();
        if types.is_empty() {
            return self.error(on.span(), "`on` names no event type", None);
        }
        Ok(types)
    }
    pub(super) fn feature(&self, raw: &Spanned<RawFeature>) -> Result<Feature, CatalogueError> {
        let span = raw.span();
        let raw = raw.get_ref();
        let name = raw.name.get_ref();
        let well_formed = !name.is_empty()
            && name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !well_formed || NAMES_RESERVED.contains(&name.as_str()) {
            return self.error(
                raw.name.span(),
                format!("`{name}` cannot be the name of a feature"),
                Some("use a-z, 0-9 and _, at most 64, beginning with a letter, and no reserved word".into()),
            );
        }
        let source = match &raw.expr {
            Some(expr) => {
                let others = [
                    &raw.key,
                    &raw.at,
                    &raw.filter,
                    &raw.value,
                    &raw.share,
                    &raw.aggregate,
                    &raw.window,
                    &raw.delay,
                ];
                if let Some(other) = others.into_iter().flatten().next() {
                    return self.error(
                        other.span(),
                        "a feature with `expr` has no window of its own",
                        Some("make two features of it".into()),
                    );
                }
                FeatureSource::Expr(self.text(expr))
            }
            None => FeatureSource::Window(Box::new(self.window_feature(raw, span)?)),
        };
        let reason = raw.reason.as_ref().map_or_else(
            || Text { text: REASON_DEFAULT.into(), offset: raw.name.span().start },
            |r| self.text(r),
        );
        Ok(Feature {
            name: self.text(&raw.name),
            about: raw.about.clone(),
            reason,
            model: raw.model.unwrap_or(true),
            source,
        })
    }
    fn window_feature(&self, raw: &RawFeature, span: Range<usize>) -> Result<WindowFeature, CatalogueError> {
        let missing = |field: &str| {
            CatalogueError::at(
                self.text,
                span.start,
                format!("feature `{}` has no `{field}`", raw.name.get_ref()),
                Some("a feature has either `expr`, or `key`, `on` and `aggregate`".into()),
            )
        };
        let key = raw.key.as_ref().ok_or_else(|| missing("key"))?;
        let on = raw.on.as_ref().ok_or_else(|| missing("on"))?;
        let word = raw.aggregate.as_ref().ok_or_else(|| missing("aggregate"))?;
        let Some(&(_, aggregate)) = Aggregate::WORDS.iter().find(|w| w.0 == word.get_ref()) else {
            let help = nearest(word.get_ref(), Aggregate::WORDS.iter().map(|w| w.0));
            return self.error(word.span(), format!("there is no aggregate `{}`", word.get_ref()), help);
        };
        let window = match &raw.window {
            Some(w) if w.get_ref() == "ever" => None,
            Some(w) => {
                let d = self.duration(w)?;
                if d.0 == 0 {
                    return self.error(w.span(), "a window is longer than nothing", None);
                }
                Some(d)
            }
            None => None,
        };
        let delay = raw.delay.as_ref().map_or(Ok(Duration(0)), |d| self.duration(d))?;
        if aggregate.needs_value() && raw.value.is_none() {
            return self.error(
                word.span(),
                format!("`{}` needs a `value`", aggregate.as_str()),
                Some("as in value = \"data.amount\"".into()),
            );
        }
        if aggregate == Aggregate::Ratio && raw.share.is_none() {
            return self.error(
                word.span(),
                "`ratio` needs a `share`",
                Some("the filter of the numerator, as in share = \"data.reason == 'not_received'\"".into()),
            );
        }
        if let (Some(share), true) = (&raw.share, aggregate != Aggregate::Ratio) {
            return self.error(
                share.span(),
                format!("`{}` has no `share`", aggregate.as_str()),
                Some("only `ratio` has".into()),
            );
        }
        match aggregate {
            Aggregate::First if window.is_some() => {
                return self.error(
                    word.span(),
                    "`first` looks at the whole past",
                    Some("use window = \"ever\"".into()),
                );
            }
            Aggregate::Rate | Aggregate::Trend | Aggregate::Entropy | Aggregate::Rank if window.is_none() => {
                return self.error(
                    word.span(),
                    format!("`{}` needs a window", aggregate.as_str()),
                    Some("as in window = \"90d\"".into()),
                );
            }
            Aggregate::Last | Aggregate::First | Aggregate::Since | Aggregate::Distinct if delay.0 > 0 => {
                let at = raw.delay.as_ref().map_or(word.span(), Spanned::span);
                return self.error(at, format!("`{}` cannot be delayed", aggregate.as_str()), None);
            }
            _ if delay.0 > 0 && window.is_none() => {
                return self.error(word.span(), "a delayed feature needs a window", None);
            }
            _ => {}
        }
        let key = self.text(key);
        Ok(WindowFeature {
            at: raw.at.as_ref().map_or_else(|| key.clone(), |a| self.text(a)),
            key,
            on: self.event_types(on)?,
            filter: raw.filter.as_ref().map(|t| self.text(t)),
            value: raw.value.as_ref().map(|t| self.text(t)),
            share: raw.share.as_ref().map(|t| self.text(t)),
            aggregate,
            window,
            delay,
            current: raw.current.unwrap_or(true),
        })
    }
}

/// Adds the nearest valid word to what the TOML reader says of an unknown field.
pub(super) fn toml_error(text: &str, error: &toml::de::Error) -> CatalogueError {
    let message = error.message().to_owned();
    let mut words = message.split('`').skip(1).step_by(2);
    let help = words.next().filter(|_| message.contains("unknown")).and_then(|wrong| nearest(wrong, words));
    CatalogueError::at(text, error.span().map_or(0, |s| s.start), message, help)
}
