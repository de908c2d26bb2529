//! What does one row put into one event? Cells converted to the JSON that the codec then reads and checks.

use super::shape::Shape;
use crate::decimal::Decimal;
use crate::rows::Row;
use ringfence_domain::config::{ConfigError, did_you_mean};
use ringfence_domain::{Currency, Duration, Refusal, Timestamp};
use serde_json::{Map as Object, Value, json};
use std::collections::BTreeMap;

/// A column that the map names; its position is known once the file's header is.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) at: usize,
    /// Where the map names it: line and column.
    pub(super) place: (usize, usize),
}

/// A text from a row: parts that are constant and parts that are cells.
#[derive(Clone, Debug)]
pub(super) struct Template(pub(super) Vec<Part>);

#[derive(Clone, Debug)]
pub(super) enum Part {
    Constant(String),
    Cell(Column),
}

/// How a text becomes a value.
#[derive(Clone, Debug)]
pub(super) enum Convert {
    Text,
    Integer,
    Number { point: char },
    Flag,
    Money { currency: Template, minor: bool, point: char },
    Time(TimeFormat),
}

/// How a time is written.
#[derive(Clone, Debug)]
pub(super) struct TimeFormat {
    pub(super) format: Option<String>,
    pub(super) offset_minutes: i64,
    pub(super) plus: Duration,
}

/// A value of a field.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(Value),
    Cell {
        text: Template,
        words: BTreeMap<String, String>,
        otherwise: Option<String>,
        convert: Convert,
    },
    /// The number of the entry within its list, from 1.
    Number,
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Split {
        text: Template,
        by: String,
        convert: Convert,
    },
    /// One entry a row of the group.
    Rows(Box<Node>),
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Equals(String),
    NotEquals(String),
    Filled(bool),
}

/// How one event type is made from rows.
#[derive(Clone, Debug)]
pub(super) struct EventPlan {
    pub(super) event_type: String,
    pub(super) id: Template,
    pub(super) source: Template,
    pub(super) time: (Template, TimeFormat),
    pub(super) when: Option<(Column, Test)>,
    pub(super) group: Option<Column>,
    pub(super) data: Vec<(String, Node)>,
}

/// An event that is being put together, of one row or of several.
#[derive(Debug)]
pub(super) struct Building {
    pub(super) line: u64,
    pub(super) raw: Vec<u8>,
    /// Its time, and that of its first row before `plus`.
    pub(super) time: Timestamp,
    pub(super) row_time: Timestamp,
    group: String,
    id: String,
    source: String,
    data: Object<String, Value>,
}

impl Building {
    pub(super) fn into_json(self, plan: &EventPlan) -> Vec<u8> {
        let Self { id, source, time, data, .. } = self;
        let event = json!({
            "specversion": "1.0", "id": id, "source": source, "type": plan.event_type,
            "time": time.to_string(), "data": data,
        });
        event.to_string().into_bytes()
    }
}

impl EventPlan {
    /// The same plan with the positions of its columns in this header.
    pub(super) fn with_columns(&self, header: &[String]) -> Result<EventPlan, ConfigError> {
        let mut plan = self.clone();
        let EventPlan { event_type: _, id, source, time, when, group, data } = &mut plan;
        let mut columns = Vec::new();
        for template in [id, source, &mut time.0] {
            template.columns(&mut columns);
        }
        columns.extend(when.iter_mut().map(|(column, _)| column));
        columns.extend(group.iter_mut());
        for (_, node) in data {
            node.columns(&mut columns);
        }
        for column in columns {
            column.at = header.iter().position(|name| *name == column.name).ok_or_else(|| {
                let names: Vec<&str> = header.iter().map(String::as_str).collect();
                ConfigError {
                    line: column.place.0,
                    column: column.place.1,
                    message: format!("the file has no column `{}`", column.name),
                    help: Some(did_you_mean(&column.name, &names)),
                }
            })?;
        }
        Ok(plan)
    }

    /// Whether this row is (part of) such an event.
    pub(super) fn applies(&self, row: Row<'_>) -> bool {
        let Some((column, test)) = &self.when else { return true };
        let cell = row.get(column.at);
        match test {
            Test::Equals(text) => cell == text,
            Test::NotEquals(text) => cell != text,
            Test::Filled(filled) => cell.is_empty() != *filled,
        }
    }

    /// Adds a row; returns the event that it completes: itself, or the group before it.
    pub(super) fn add(&self, row: Row<'_>, open: &mut Option<Building>) -> Result<Option<Building>, Refusal> {
        let Some(column) = &self.group else { return self.begin(row, String::new()).map(Some) };
        let group = row.get(column.at);
        if let Some(building) = open.as_mut()
            && building.group == group
        {
            let data = &mut building.data;
            self.data.iter().try_for_each(|(name, node)| append_row(data, name, node, row))?;
            return Ok(None);
        }
        // The group before is complete even where this row is refused.
        let done = open.take();
        match self.begin(row, group.to_owned()) {
            Ok(building) => {
                *open = Some(building);
                Ok(done)
            }
            Err(refusal) => {
                *open = done;
                Err(refusal)
            }
        }
    }

    fn begin(&self, row: Row<'_>, group: String) -> Result<Building, Refusal> {
        let (template, format) = &self.time;
        let text = template.text(row);
        let row_time = format
            .read(&text)
            .map_err(|reason| refuse("/time", template, &reason, "mend the row, or the map's `format`"))?;
        let mut data = Object::new();
        for (name, node) in &self.data {
            let pointer = format!("/data/{name}");
            if let Some(value) = node.value(row, &pointer, 1)? {
                data.insert(name.clone(), value);
            }
        }
        Ok(Building {
            line: row.line,
            raw: row.raw(),
            time: row_time.plus(format.plus),
            row_time,
            group,
            id: self.id.text(row),
            source: self.source.text(row),
            data,
        })
    }
}

/// Adds the entry of a further row to a list of the group.
fn append_row(
    data: &mut Object<String, Value>,
    name: &str,
    node: &Node,
    row: Row<'_>,
) -> Result<(), Refusal> {
    let Node::Rows(entry) = node else { return Ok(()) };
    let list = data.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(entries) = list
        && let Some(value) =
            entry.value(row, &format!("/data/{name}/{}", entries.len()), entries.len() + 1)?
    {
        entries.push(value);
    }
    Ok(())
}

impl Node {
    /// The value, `None` where all its cells are empty.
    fn value(&self, row: Row<'_>, pointer: &str, number: usize) -> Result<Option<Value>, Refusal> {
        match self {
            Node::Constant(value) => Ok(Some(value.clone())),
            Node::Number => Ok(Some(number.into())),
            Node::Cell { text, words, otherwise, convert } => {
                let cell = text.text(row);
                let word = match (words.get(&cell), otherwise) {
                    (Some(word), _) => word,
                    (None, Some(otherwise)) if cell.is_empty() || !words.is_empty() => otherwise,
                    (None, _) => &cell,
                };
                convert
                    .value(word, row)
                    .map_err(|reason| refuse(pointer, text, &reason, "mend the row, or the map"))
            }
            Node::Split { text, by, convert } => {
                let cell = text.text(row);
                let parts = cell.split(by.as_str()).map(str::trim).filter(|part| !part.is_empty());
                let values: Result<Vec<Option<Value>>, String> =
                    parts.map(|part| convert.value(part, row)).collect();
                let values =
                    values.map_err(|reason| refuse(pointer, text, &reason, "mend the row, or the map"))?;
                let values: Vec<Value> = values.into_iter().flatten().collect();
                Ok(if values.is_empty() { None } else { Some(Value::Array(values)) })
            }
            Node::Object(fields) => {
                let mut object = Object::new();
                let mut filled = false;
                for (name, node) in fields {
                    if let Some(value) = node.value(row, &format!("{pointer}/{name}"), number)? {
                        filled |= !matches!(node, Node::Constant(_) | Node::Number);
                        object.insert(name.clone(), value);
                    }
                }
                let constant =
                    fields.iter().all(|(_, node)| matches!(node, Node::Constant(_) | Node::Number));
                Ok((filled || constant).then_some(Value::Object(object)))
            }
            Node::List(entries) => {
                let mut values = Vec::with_capacity(entries.len());
                for entry in entries {
                    let at = values.len();
                    values.extend(entry.value(row, &format!("{pointer}/{at}"), at + 1)?);
                }
                Ok(Some(Value::Array(values)))
            }
            Node::Rows(entry) => {
                let first = entry.value(row, &format!("{pointer}/0"), 1)?;
                Ok(Some(Value::Array(first.into_iter().collect())))
            }
        }
    }

    fn columns<'a>(&'a mut self, out: &mut Vec<&'a mut Column>) {
        match self {
            Node::Constant(_) | Node::Number => {}
            Node::Cell { text, words: _, otherwise: _, convert } | Node::Split { text, by: _, convert } => {
                text.columns(out);
                if let Convert::Money { currency, .. } = convert {
                    currency.columns(out);
                }
            }
            Node::Object(fields) => fields.iter_mut().for_each(|(_, node)| node.columns(out)),
            Node::List(entries) => entries.iter_mut().for_each(|node| node.columns(out)),
            Node::Rows(entry) => entry.columns(out),
        }
    }
}

impl Convert {
    /// Reads a text; `None` for an empty one, an error says what is wrong.
    fn value(&self, text: &str, row: Row<'_>) -> Result<Option<Value>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(match self {
            Convert::Text => Value::from(text),
            Convert::Integer => match text.parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(_) => return Err(format!("`{text}` is not a whole number")),
            },
            Convert::Number { point } => {
                let number = text.replace(*point, ".").parse::<f64>().ok().filter(|n| n.is_finite());
                Value::from(number.ok_or_else(|| format!("`{text}` is not a number"))?)
            }
            Convert::Flag => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "y" | "1" => Value::from(true),
                "false" | "no" | "n" | "0" => Value::from(false),
                _ => return Err(format!("`{text}` is neither true, yes, y, 1 nor false, no, n, 0")),
            },
            Convert::Money { currency, minor, point } => money(text, &currency.text(row), *minor, *point)?,
            Convert::Time(format) => Value::from(format.read(text)?.plus(format.plus).to_string()),
        }))
    }
}

fn money(text: &str, currency: &str, minor: bool, point: char) -> Result<Value, String> {
    let code = Currency::new(currency).map_err(|_| format!("`{currency}` is not a currency"))?;
    let decimal = Decimal::parse(text, point).ok_or_else(|| format!("`{text}` is not an amount"))?;
    let amount = if minor {
        (decimal.decimals == 0).then_some((decimal.digits, true))
    } else {
        decimal.minor_units(1, code)
    };
    match amount {
        Some((amount, true)) => Ok(json!({ "amount": amount, "currency": currency })),
        Some((_, false)) | None => Err(format!("`{text}` has digits below the smallest unit of {currency}")),
    }
}

impl TimeFormat {
    fn read(&self, text: &str) -> Result<Timestamp, String> {
        let bad = || format!("`{text}` is not a time");
        let millis = match self.format.as_deref() {
            None => return Timestamp::parse(text).map_err(|e| e.to_string()),
            Some("unix") => text.parse::<i64>().ok().and_then(|s| s.checked_mul(1_000)),
            Some("unix_ms") => text.parse::<i64>().ok(),
            Some(format) => self.civil(format, text),
        };
        let millis = millis.ok_or_else(|| match &self.format {
            Some(format) => format!("`{text}` is not a time as in `{format}`"),
            None => bad(),
        })?;
        Timestamp::from_millis(millis).ok_or_else(|| format!("`{text}` lies outside 1990–2199"))
    }

    fn civil(&self, format: &str, text: &str) -> Option<i64> {
        let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
        if let Ok(instant) = parsed.to_timestamp() {
            return Some(instant.as_millisecond());
        }
        let date = parsed.to_date().ok()?;
        let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
        let utc = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        utc.timestamp().as_millisecond().checked_sub(self.offset_minutes * 60_000)
    }
}

impl Template {
    /// The text of a row; empty where all cells are empty, whatever stands around them.
    fn text(&self, row: Row<'_>) -> String {
        let mut text = String::new();
        let (mut cells, mut filled) = (false, false);
        for part in &self.0 {
            match part {
                Part::Constant(constant) => text.push_str(constant),
                Part::Cell(column) => {
                    let cell = row.get(column.at);
                    cells = true;
                    filled |= !cell.is_empty();
                    text.push_str(cell);
                }
            }
        }
        if cells && !filled { String::new() } else { text }
    }

    fn columns<'a>(&'a mut self, out: &mut Vec<&'a mut Column>) {
        out.extend(self.0.iter_mut().filter_map(|part| match part {
            Part::Constant(_) => None,
            Part::Cell(column) => Some(column),
        }));
    }
}

fn refuse(pointer: &str, template: &Template, reason: &str, remedy: &str) -> Refusal {
    let names: Vec<&str> = template
        .0
        .iter()
        .filter_map(|part| match part {
            Part::Constant(_) => None,
            Part::Cell(column) => Some(column.name.as_str()),
        })
        .collect();
    Refusal::new(pointer, format!("column `{}`: {reason}", names.join("`, `")), remedy)
}

impl Shape {
    /// How a cell becomes a value of this shape, where it can.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Shape::Text => "a text",
            Shape::Integer => "a whole number",
            Shape::Number => "a number",
            Shape::Flag => "true or false",
            Shape::Money => "money",
            Shape::Time => "a time",
            Shape::List(_) => "a list",
            Shape::Object(_) => "an object",
            Shape::Free => "names and values",
        }
    }
}
