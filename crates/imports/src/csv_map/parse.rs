//! Is a map right before a single row is read? Its names, types and templates, with line and column of each fault.

use super::Map;
use super::plan::{Column, Convert, EventPlan, Node, Part, Template, Test, TimeFormat};
use super::shape::{self, Fields, Shape};
use ringfence_domain::config::{ConfigError, did_you_mean};
use ringfence_domain::words::Word;
use ringfence_domain::{Duration, EventType};
use serde_json::Value;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Entry<'a> = Spanned<DeValue<'a>>;
type Result<T> = std::result::Result<T, ConfigError>;

/// Reads a map.
pub(super) fn map(text: &str) -> Result<Map> {
    let root = DeTable::parse(text).map_err(|e| ConfigError::from_toml(text, &e))?;
    let root = root.get_ref();
    let mut reader = Reader { text, point: '.' };
    reader.only(root, &["file", "event"])?;
    let delimiter = match root.get("file") {
        Some(file) => reader.file(reader.table(file)?)?,
        None => b',',
    };
    let Some(events) = root.get("event") else {
        return Err(reader.fail(
            0,
            "the map has no event",
            Some("add a table [[event]] with `type`, `id`, `source`, `time` and `data`".into()),
        ));
    };
    let events = reader.array(events)?.iter().map(|event| reader.event(event)).collect::<Result<Vec<_>>>()?;
    Ok(Map { delimiter, events })
}

struct Reader<'t> {
    text: &'t str,
    point: char,
}

impl Reader<'_> {
    fn file(&mut self, file: &DeTable<'_>) -> Result<u8> {
        self.only(file, &["delimiter", "decimal_comma"])?;
        if let Some(comma) = file.get("decimal_comma")
            && self.flag(comma)?
        {
            self.point = ',';
        }
        match file.get("delimiter") {
            None => Ok(b','),
            Some(entry) => match self.string(entry)?.as_bytes() {
                [one] if one.is_ascii() => Ok(*one),
                _ => {
                    Err(self.at(entry, "a delimiter is one ASCII character", "write \",\", \";\" or \"\\t\""))
                }
            },
        }
    }

    fn event(&self, entry: &Entry<'_>) -> Result<EventPlan> {
        let table = self.table(entry)?;
        self.only(table, &["type", "id", "source", "time", "when", "group", "data"])?;
        let type_entry = self.required(table, "type", entry)?;
        let event_type = self.string(type_entry)?;
        let Some(fields) = shape::of_event(event_type) else {
            let help = did_you_mean(event_type, EventType::TEXTS);
            return Err(self.at(type_entry, &format!("unknown event type `{event_type}`"), &help));
        };
        let group = table.get("group").map(|entry| self.column(entry)).transpose()?;
        let data = self.required(table, "data", entry)?;
        let nodes = self.fields(data, &fields, group.is_some())?;
        Ok(EventPlan {
            event_type: event_type.to_owned(),
            id: self.template(self.required(table, "id", entry)?)?,
            source: self.template(self.required(table, "source", entry)?)?,
            time: self.time(self.required(table, "time", entry)?)?,
            when: table.get("when").map(|when| self.when(when)).transpose()?,
            group,
            data: nodes,
        })
    }

    /// The fields of an object: each of them known, each that is required there.
    fn fields(&self, entry: &Entry<'_>, fields: &Fields, grouped: bool) -> Result<Vec<(String, Node)>> {
        let table = self.table(entry)?;
        let names: Vec<&str> = fields.shapes.keys().map(String::as_str).collect();
        self.only(table, &names)?;
        if let Some(missing) = fields.required.iter().find(|name| table.get(name.as_str()).is_none()) {
            return Err(self.at(
                entry,
                &format!("`{missing}` is missing"),
                "this event type requires it: name its column or a constant",
            ));
        }
        let node = |(name, entry): (&Spanned<_>, &Entry<'_>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            let node = self.node(entry, &fields.shapes[name.as_ref()], grouped)?;
            Ok((name.clone().into_owned(), node))
        };
        table.iter().map(node).collect()
    }

    fn node(&self, entry: &Entry<'_>, shape: &Shape, grouped: bool) -> Result<Node> {
        match (entry.get_ref(), shape) {
            (DeValue::Table(table), _)
                if table.get("column").is_some() || table.get("template").is_some() =>
            {
                self.cell(entry, table, shape)
            }
            (DeValue::Table(table), Shape::Integer) if table.get("number").is_some() => {
                self.only(table, &["number"])?;
                Ok(Node::Number)
            }
            (DeValue::Table(_), Shape::Object(fields)) => {
                Ok(Node::Object(self.fields(entry, fields, grouped)?))
            }
            (DeValue::Table(table), Shape::Free) => {
                let node = |(name, entry): (&Spanned<std::borrow::Cow<'_, str>>, &Entry<'_>)| {
                    Ok((name.get_ref().clone().into_owned(), self.free(entry)?))
                };
                table.iter().map(node).collect::<Result<Vec<_>>>().map(Node::Object)
            }
            (DeValue::Table(table), Shape::List(item)) if table.get("rows").is_some() => {
                self.only(table, &["rows"])?;
                if !grouped {
                    return Err(self.at(
                        entry,
                        "`rows` needs a `group`",
                        "add group = \"COLUMN\" to the event, or list the entries",
                    ));
                }
                let rows = self.required(table, "rows", entry)?;
                Ok(Node::Rows(Box::new(self.node(rows, item, grouped)?)))
            }
            (DeValue::Array(entries), Shape::List(item)) => entries
                .iter()
                .map(|entry| self.node(entry, item, grouped))
                .collect::<Result<_>>()
                .map(Node::List),
            (DeValue::Table(_), Shape::Money) => Err(self.at(
                entry,
                "money needs a column and a currency",
                "write { column = \"…\", currency = \"GBP\" }",
            )),
            (value, shape) => self.constant(entry, value, shape),
        }
    }

    fn constant(&self, entry: &Entry<'_>, value: &DeValue<'_>, shape: &Shape) -> Result<Node> {
        let number = |text: &str| text.replace('_', "");
        let constant = match (value, shape) {
            (DeValue::String(text), Shape::Text | Shape::Time) => Some(Value::from(text.as_ref())),
            (DeValue::Integer(n), Shape::Integer) => number(n.as_str()).parse::<i64>().ok().map(Value::from),
            (DeValue::Integer(n), Shape::Number) => number(n.as_str()).parse::<f64>().ok().map(Value::from),
            (DeValue::Float(n), Shape::Number) => number(n.as_str()).parse::<f64>().ok().map(Value::from),
            (DeValue::Boolean(flag), Shape::Flag) => Some(Value::from(*flag)),
            _ => None,
        };
        constant.map(Node::Constant).ok_or_else(|| {
            let found = value.type_str();
            let help = "write a constant of that type, or { column = \"…\" }";
            self.at(entry, &format!("this field holds {}, not a {found}", shape.word()), help)
        })
    }

    /// A merchant's own field: a text unless `as` says otherwise.
    fn free(&self, entry: &Entry<'_>) -> Result<Node> {
        let shape = match entry.get_ref() {
            DeValue::Table(table) => match table.get("as") {
                None => Shape::Text,
                Some(kind) => match self.string(kind)? {
                    "text" => Shape::Text,
                    "number" => Shape::Number,
                    "bool" => Shape::Flag,
                    other => {
                        let help = did_you_mean(other, &["text", "number", "bool"]);
                        return Err(self.at(kind, &format!("unknown type `{other}`"), &help));
                    }
                },
            },
            DeValue::Boolean(_) => Shape::Flag,
            DeValue::Integer(_) | DeValue::Float(_) => Shape::Number,
            DeValue::String(_) | DeValue::Datetime(_) | DeValue::Array(_) => Shape::Text,
        };
        self.node(entry, &shape, false)
    }

    fn cell(&self, entry: &Entry<'_>, table: &DeTable<'_>, shape: &Shape) -> Result<Node> {
        let (shape, list) = match shape {
            Shape::List(item) => (item.as_ref(), true),
            other => (other, false),
        };
        let mut valid = vec!["column", "template", "words", "otherwise", "as"];
        valid.extend(match shape {
            Shape::Money => &["currency", "minor"][..],
            Shape::Time => &["format", "offset", "plus"][..],
            _ => &[][..],
        });
        valid.extend(list.then_some("split"));
        self.only(table, &valid)?;
        let text = self.cell_text(entry, table)?;
        let convert = self.convert(entry, table, shape)?;
        if list {
            let by = self.string(self.required(table, "split", entry)?)?.to_owned();
            if by.is_empty() {
                return Err(self.at(
                    entry,
                    "`split` is empty",
                    "write what stands between the entries, as in \";\"",
                ));
            }
            return Ok(Node::Split { text, by, convert });
        }
        let mut words = BTreeMap::new();
        if let Some(entry) = table.get("words") {
            for (from, to) in self.table(entry)? {
                words.insert(from.get_ref().clone().into_owned(), self.string(to)?.to_owned());
            }
        }
        let otherwise =
            table.get("otherwise").map(|entry| self.string(entry).map(str::to_owned)).transpose()?;
        Ok(Node::Cell { text, words, otherwise, convert })
    }

    fn convert(&self, entry: &Entry<'_>, table: &DeTable<'_>, shape: &Shape) -> Result<Convert> {
        Ok(match shape {
            Shape::Text => Convert::Text,
            Shape::Integer => Convert::Integer,
            Shape::Number => Convert::Number { point: self.point },
            Shape::Flag => Convert::Flag,
            Shape::Time => Convert::Time(self.time_format(table)?),
            Shape::Money => {
                let currency = self.required(table, "currency", entry)?;
                let currency = match currency.get_ref() {
                    DeValue::Table(table) => self.cell_text(currency, table)?,
                    _ => Template(vec![Part::Constant(self.currency(currency)?.to_owned())]),
                };
                let minor = table.get("minor").map(|entry| self.flag(entry)).transpose()?.unwrap_or(false);
                Convert::Money { currency, minor, point: self.point }
            }
            Shape::List(_) | Shape::Object(_) | Shape::Free => {
                let help = "name the column of each of its fields";
                return Err(self.at(
                    entry,
                    &format!("this field holds {}, not one cell", shape.word()),
                    help,
                ));
            }
        })
    }

    fn currency<'e>(&self, entry: &'e Entry<'_>) -> Result<&'e str> {
        let text = self.string(entry)?;
        match ringfence_domain::Currency::new(text) {
            Ok(_) => Ok(text),
            Err(_) => Err(self.at(
                entry,
                &format!("`{text}` is not an ISO 4217 code"),
                "write three capital letters, as in \"USD\"",
            )),
        }
    }

    fn time(&self, entry: &Entry<'_>) -> Result<(Template, TimeFormat)> {
        let table = self.table(entry)?;
        self.only(table, &["column", "template", "format", "offset", "plus"])?;
        Ok((self.cell_text(entry, table)?, self.time_format(table)?))
    }

    fn time_format(&self, table: &DeTable<'_>) -> Result<TimeFormat> {
        let format = table.get("format").map(|entry| self.string(entry).map(str::to_owned)).transpose()?;
        let offset_minutes = match table.get("offset") {
            None => 0,
            Some(entry) => offset_minutes(self.string(entry)?).ok_or_else(|| {
                self.at(entry, "this is not an offset from UTC", "write it as in \"+01:00\"")
            })?,
        };
        let plus = match table.get("plus") {
            None => Duration(0),
            Some(entry) => Duration::parse(self.string(entry)?).map_err(|e| {
                let message = e.to_string();
                let (message, help) = message.split_once("; ").unwrap_or((&message, "write it as in \"7d\""));
                self.at(entry, message, help)
            })?,
        };
        Ok(TimeFormat { format, offset_minutes, plus })
    }

    fn when(&self, entry: &Entry<'_>) -> Result<(Column, Test)> {
        let table = self.table(entry)?;
        self.only(table, &["column", "equals", "not_equals", "filled"])?;
        let column = self.column(self.required(table, "column", entry)?)?;
        let test = match (table.get("equals"), table.get("not_equals"), table.get("filled")) {
            (Some(text), None, None) => Test::Equals(self.string(text)?.to_owned()),
            (None, Some(text), None) => Test::NotEquals(self.string(text)?.to_owned()),
            (None, None, Some(flag)) => Test::Filled(self.flag(flag)?),
            _ => {
                return Err(self.at(
                    entry,
                    "`when` has one test",
                    "write one of: equals, not_equals, filled",
                ));
            }
        };
        Ok((column, test))
    }

    fn cell_text(&self, entry: &Entry<'_>, table: &DeTable<'_>) -> Result<Template> {
        match (table.get("column"), table.get("template")) {
            (Some(column), None) => Ok(Template(vec![Part::Cell(self.column(column)?)])),
            (None, Some(template)) => self.template(template),
            _ => Err(self.at(entry, "this names no column", "write one of: column, template")),
        }
    }

    /// `R{Refund no}`: columns in braces.
    fn template(&self, entry: &Entry<'_>) -> Result<Template> {
        let mut rest = self.string(entry)?;
        let mut parts = Vec::new();
        while let Some((constant, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(self.at(entry, "a brace is not closed", "write columns as in \"R{Refund no}\""));
            };
            if !constant.is_empty() {
                parts.push(Part::Constant(constant.to_owned()));
            }
            parts.push(Part::Cell(self.named(entry, name)));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Constant(rest.to_owned()));
        }
        Ok(Template(parts))
    }

    fn column(&self, entry: &Entry<'_>) -> Result<Column> {
        Ok(self.named(entry, self.string(entry)?))
    }
    fn named(&self, entry: &Entry<'_>, name: &str) -> Column {
        let place = self.fail(entry.span().start, "", None);
        Column { name: name.to_owned(), at: 0, place: (place.line, place.column) }
    }

    fn only(&self, table: &DeTable<'_>, valid: &[&str]) -> Result<()> {
        match table.keys().find(|key| !valid.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some(key) => {
                let help = did_you_mean(key.get_ref(), valid);
                Err(self.fail(key.span().start, &format!("unknown name `{}`", key.get_ref()), Some(help)))
            }
        }
    }
    fn required<'e, 'i>(&self, table: &'e DeTable<'i>, name: &str, of: &Entry<'_>) -> Result<&'e Entry<'i>> {
        table.get(name).ok_or_else(|| self.at(of, &format!("`{name}` is missing"), &format!("add `{name}`")))
    }
    fn table<'e, 'i>(&self, entry: &'e Entry<'i>) -> Result<&'e DeTable<'i>> {
        entry.get_ref().as_table().ok_or_else(|| self.wrong(entry, "a table"))
    }
    fn array<'e, 'i>(&self, entry: &'e Entry<'i>) -> Result<&'e toml::de::DeArray<'i>> {
        entry.get_ref().as_array().ok_or_else(|| self.wrong(entry, "a list of tables"))
    }
    fn string<'e>(&self, entry: &'e Entry<'_>) -> Result<&'e str> {
        entry.get_ref().as_str().ok_or_else(|| self.wrong(entry, "a text"))
    }
    fn flag(&self, entry: &Entry<'_>) -> Result<bool> {
        entry.get_ref().as_bool().ok_or_else(|| self.wrong(entry, "true or false"))
    }
    fn wrong(&self, entry: &Entry<'_>, expected: &str) -> ConfigError {
        let message = format!("found a {}, expected {expected}", entry.get_ref().type_str());
        self.fail(entry.span().start, &message, None)
    }
    fn at(&self, entry: &Entry<'_>, message: &str, help: &str) -> ConfigError {
        self.fail(entry.span().start, message, Some(help.to_owned()))
    }
    fn fail(&self, offset: usize, message: &str, help: Option<String>) -> ConfigError {
        ConfigError::at(self.text, offset, message, help)
    }
}

/// `+01:00` in minutes.
fn offset_minutes(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=18).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 60 + minutes))
}
