//! Why was it decided so? Reasons from rules and from attributions grouped by code, in words.

use crate::plan::Ask;
use crate::policy::{Policy, ReasonLimits};
use crate::reasons::{self, GENERIC, ReasonCode};
use ringfence_domain::vector::{Column, ColumnKind, Schema};
use ringfence_domain::{Currency, Money, Reason};
use std::fmt::Write as _;

/// Most columns that are told within one reason: the strongest ones; more would hide them.
const FACTS_MAX: usize = 3;

/// Most events within one reason: enough to look at, and a bound on the size of a decision.
const EVENTS_MAX: usize = 16;

/// What is behind a score. The plan asks only for what it tells.
pub trait Explain {
    /// Appends (column, attribution) pairs. Attributions are log-odds: they add up, over all columns, to the score's
    /// log-odds less those of the average request. Columns that are left out count as 0; a fast approximation will do.
    fn attributions(&mut self, out: &mut Vec<(usize, f64)>);

    /// The same, asked for answers stricter than payment at the scan; exact where that is affordable.
    fn attributions_exact(&mut self, out: &mut Vec<(usize, f64)>) {
        self.attributions(out);
    }

    /// Appends the ids of the events behind a column, earliest first.
    fn events(&mut self, column: usize, out: &mut Vec<String>);

    /// The word that a category column holds; none where it is not kept.
    fn word(&mut self, _column: usize) -> Option<String> {
        None
    }
}

/// Nothing is known behind the score: reasons come from rules alone.
impl Explain for () {
    fn attributions(&mut self, _out: &mut Vec<(usize, f64)>) {}
    fn events(&mut self, _column: usize, _out: &mut Vec<String>) {}
}

/// How a column's value is written.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Unit {
    Number,
    Flag,
    Word,
    /// Minor units of the reporting currency.
    Money,
}

/// A column as reasons tell it.
#[derive(Clone, PartialEq, Debug)]
struct Told {
    about: String,
    unit: Unit,
    /// Its code's place in [`Texts::codes`].
    code: usize,
}

/// The texts of a plan: what is told of each column, and the codes in use.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Texts {
    columns: Vec<Told>,
    codes: Vec<ReasonCode>,
    limits: ReasonLimits,
}

/// How much of the score is to be explained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Depth {
    /// The score was not used.
    RulesOnly,
    /// The request is paid, at once or at the scan of its return: what honest requests get.
    Fast,
    /// The request gets an answer that its customer may dispute.
    Exact,
}

/// A rule that matched: its name's reason code, its sentence, the columns that it reads.
pub(crate) struct RuleHit<'a> {
    pub(crate) code: &'a str,
    pub(crate) about: String,
    pub(crate) columns: &'a [usize],
}

impl Texts {
    pub(crate) fn new(policy: &Policy, schema: &Schema) -> Texts {
        let codes: Vec<ReasonCode> = reasons::all().iter().chain(&policy.declared_reasons).cloned().collect();
        let place = |code: &str| codes.iter().position(|entry| entry.code == code);
        let generic = place(GENERIC).expect("the generic code is one of the built-in ones");
        let columns = schema.columns.iter().map(|column| {
            let (about, unit) = wording(column);
            Told { about, unit, code: place(&column.reason).unwrap_or(generic) }
        });
        Texts { columns: columns.collect(), codes, limits: policy.reasons.clone() }
    }

    /// Reasons of rules first, as they bind; then those of the score, and of the evidence beside it, strongest first.
    pub(crate) fn reasons(
        &self,
        (ask, score, vector): (&Ask, f64, &[f64]),
        hits: &[RuleHit<'_>],
        beside: Option<(usize, f64)>,
        depth: Depth,
        explain: &mut dyn Explain,
    ) -> Vec<Reason> {
        let mut attributions = Vec::new();
        match depth {
            _ if self.limits.most == 0 => return Vec::new(),
            Depth::Fast if self.limits.for_payments => explain.attributions(&mut attributions),
            Depth::Exact => explain.attributions_exact(&mut attributions),
            Depth::RulesOnly | Depth::Fast => {}
        }
        attributions.extend(beside.filter(|_| depth != Depth::Fast || self.limits.for_payments));
        let mut groups = self.groups(score, &attributions);
        let mut out = Vec::with_capacity(self.limits.most);
        for hit in hits.iter().take(self.limits.most) {
            let weight = groups.iter().position(|group| self.codes[group.code].code == hit.code);
            let weight = weight.map_or(0.0, |at| groups.remove(at).weight);
            let mut events = Vec::new();
            for column in hit.columns {
                add_events(*column, &mut events, explain);
            }
            out.push(Reason { code: hit.code.to_owned(), text: hit.about.clone(), weight, events });
        }
        for group in groups.iter().take(self.limits.most - out.len()) {
            out.push(self.reason(group, ask, vector, explain));
        }
        out
    }

    /// Sums attributions by code and turns them into probability points, strongest first; those below the least
    /// weight are dropped.
    fn groups(&self, score: f64, attributions: &[(usize, f64)]) -> Vec<Group> {
        if attributions.is_empty() {
            return Vec::new();
        }
        let mut sums = vec![0.0; self.codes.len()];
        for (column, attribution) in attributions {
            sums[self.columns[*column].code] += attribution;
        }
        let mut ends: Vec<(f64, usize)> = sums
            .into_iter()
            .enumerate()
            .filter(|(_, sum)| *sum != 0.0)
            .map(|(code, sum)| (sum, code))
            .collect();
        ends.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // Points rise with the sum, so the strongest of either sign stand at the two ends.
        if ends.len() > 2 * self.limits.most {
            ends.drain(self.limits.most..ends.len() - self.limits.most);
        }
        let groups = ends.into_iter().map(|(sum, code)| Group {
            code,
            weight: points(score, sum),
            columns: Group::NONE,
        });
        let mut groups: Vec<Group> = groups
            .filter(|group| group.weight != 0.0 && group.weight.abs() >= self.limits.least_weight)
            .collect();
        groups.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.code.cmp(&b.code)));
        groups.truncate(self.limits.most);
        for (column, attribution) in attributions {
            let code = self.columns[*column].code;
            if let Some(group) = groups.iter_mut().find(|group| group.code == code) {
                group.add(*column, *attribution);
            }
        }
        groups
    }

    fn reason(&self, group: &Group, ask: &Ask, vector: &[f64], explain: &mut dyn Explain) -> Reason {
        let code = &self.codes[group.code];
        let columns = group.columns.iter().filter(|(strength, _)| *strength > 0.0).map(|(_, column)| *column);
        let (mut facts, mut events) = (String::new(), Vec::new());
        for column in columns {
            if !facts.is_empty() {
                facts.push_str("; ");
            }
            self.fact(&mut facts, column, vector[column], ask.reporting, explain);
            add_events(column, &mut events, explain);
        }
        let template = if group.weight > 0.0 { &code.against } else { &code.for_customer };
        Reason {
            code: code.code.to_string(),
            text: fill(template, ask, &facts),
            weight: group.weight,
            events,
        }
    }

    /// `orders in the last 90 days: 7`
    fn fact(
        &self,
        out: &mut String,
        column: usize,
        value: f64,
        reporting: Currency,
        explain: &mut dyn Explain,
    ) {
        let told = &self.columns[column];
        out.push_str(&told.about);
        out.push_str(": ");
        if value.is_nan() {
            out.push_str("unknown");
            return;
        }
        match told.unit {
            Unit::Flag => out.push_str(if value > 0.0 { "yes" } else { "no" }),
            Unit::Number => write_number(out, value),
            Unit::Money => match Money::new(value.round() as i64, reporting) {
                Ok(money) => write!(out, "{money}").expect("a String takes all text"),
                Err(_) => write_number(out, value),
            },
            Unit::Word => match explain.word(column) {
                Some(word) => out.push_str(&word),
                None => {
                    // The word itself is not kept; that it is known is all that can be said.
                    out.truncate(out.len() - 2);
                }
            },
        }
    }
}

/// Attributions of one code.
struct Group {
    code: usize,
    /// Probability points.
    weight: f64,
    /// The strongest columns on the side of the group, as (strength, column), strongest first.
    columns: [(f64, usize); FACTS_MAX],
}

impl Group {
    /// No column yet.
    const NONE: [(f64, usize); FACTS_MAX] = [(0.0, usize::MAX); FACTS_MAX];

    fn add(&mut self, column: usize, attribution: f64) {
        let strength = if self.weight > 0.0 { attribution } else { -attribution };
        if let Some(at) = self.columns.iter().position(|(other, _)| strength > *other) {
            self.columns[at..].rotate_right(1);
            self.columns[at] = (strength, column);
        }
    }
}

/// By how much the score would be lower without an attribution of so many log-odds; negative where it would be higher.
fn points(score: f64, attribution: f64) -> f64 {
    // Scores of exactly 0 or 1 have no log-odds; a calibrated score has no use for digits beyond these.
    let score = score.clamp(1e-9, 1.0 - 1e-9);
    let odds = score / (1.0 - score);
    let without = odds * libm::exp(-attribution);
    // Four digits tell all that a person reads and keep decisions short.
    ((score - without / (1.0 + without)) * 1e4).round() / 1e4
}

fn add_events(column: usize, events: &mut Vec<String>, explain: &mut dyn Explain) {
    if events.len() >= EVENTS_MAX {
        return;
    }
    let mut found = Vec::new();
    explain.events(column, &mut found);
    for event in found {
        if events.len() < EVENTS_MAX && !events.contains(&event) {
            events.push(event);
        }
    }
}

/// Catalogues keep money in minor units and say so; people read it in major ones.
fn wording(column: &Column) -> (String, Unit) {
    let unit = match column.kind {
        ColumnKind::Flag => Unit::Flag,
        ColumnKind::Category => Unit::Word,
        ColumnKind::Number => Unit::Number,
    };
    if unit == Unit::Number {
        for ending in [", minor units of the reporting currency", ", minor units"] {
            if let Some(about) = column.about.strip_suffix(ending) {
                return (about.to_owned(), Unit::Money);
            }
        }
    }
    (column.about.clone(), unit)
}

/// Whole numbers as they are, others with two digits after the point, those below a tenth with four.
fn write_number(out: &mut String, value: f64) {
    // Beyond this, digits after the point mean nothing; below it, scaled values are exact integers.
    const WHOLE_FROM: f64 = 1e12;
    let size = value.abs();
    if size.is_infinite() {
        out.push_str("without bound");
        return;
    }
    let (scale, digits) = match size {
        _ if size >= WHOLE_FROM || value == value.trunc() => (1.0, 0),
        _ if size >= 0.1 => (100.0, 2),
        _ => (10_000.0, 4),
    };
    // Integers are written several times faster than floats, and alike on every platform.
    let scaled = (size * scale).round() as u64;
    let (whole, rest) = (scaled / scale as u64, scaled % scale as u64);
    let sign = if value < 0.0 && scaled > 0 { "-" } else { "" };
    let written =
        if digits == 0 { write!(out, "{sign}{whole}") } else { write!(out, "{sign}{whole}.{rest:0digits$}") };
    written.expect("a String takes all text");
}

/// Puts the request's own words into a template.
fn fill(template: &str, ask: &Ask, facts: &str) -> String {
    let mut out = String::with_capacity(template.len() + facts.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(close) = rest.find('}') else { break };
        match &rest[1..close] {
            "facts" => out.push_str(facts),
            "amount" => write!(out, "{}", ask.amount).expect("a String takes all text"),
            "claim" => out.push_str(&ask.reason.as_str().replace('_', " ")),
            "channel" => out.push_str(&ask.channel.as_str().replace('_', " ")),
            other => write!(out, "{{{other}}}").expect("a String takes all text"),
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{points, write_number};

    fn check(value: f64, expect: &str) {
        let mut out = String::new();
        write_number(&mut out, value);
        assert_eq!(out, expect);
    }

    #[test]
    fn numbers_are_short() {
        check(7.0, "7");
        check(-7.0, "-7");
        check(-0.0, "0");
        check(0.5, "0.50");
        check(12.345, "12.35");
        check(-12.345, "-12.35");
        check(0.012_34, "0.0123");
        check(-0.000_01, "0.0000");
        check(1e11 + 0.25, "100000000000.25");
        check(3e15, "3000000000000000");
        check(f64::INFINITY, "without bound");
    }

    #[test]
    fn points_are_what_the_score_would_lose() {
        // Log-odds of 0.8 are ln 4; without ln 4 of them one half is left.
        assert_eq!(points(0.8, libm::log(4.0)), 0.3);
        assert_eq!(points(0.2, -libm::log(4.0)), -0.3);
        assert_eq!(points(0.5, 0.0), 0.0);
        assert_eq!((points(1.0, 50.0), points(0.0, -50.0)), (1.0, -1.0));
    }
}
