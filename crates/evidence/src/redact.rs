//! How is a record shown to whom it may concern? Fields masked or left out by the table of purposes, each noted.

use crate::gather::Subjects;
use crate::purpose::{Field, Purpose, Treatment, because, treatment};
use ringfence_domain::words::Instrument;
use ringfence_store::log::RecordKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A field that is not shown as it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Redaction {
    /// Of which record.
    pub record: u64,
    /// JSON pointer of the field.
    pub pointer: String,
    /// What it says.
    pub field: Field,
    /// What became of it: `masked` or `left_out`.
    pub treatment: String,
    /// Why.
    pub because: String,
}

/// Gives names to what is not named, the same one each time, and notes it.
#[derive(Debug)]
pub struct Masks {
    purpose: Purpose,
    names: BTreeMap<(Field, String), usize>,
    counts: BTreeMap<Field, usize>,
    log: Vec<Redaction>,
    /// Accounts and members of staff of the matter: notes of the service name them without saying what they are.
    known: BTreeMap<String, Field>,
}

impl Masks {
    /// For a purpose, in a matter about these.
    pub fn new(purpose: Purpose, subjects: &Subjects) -> Masks {
        let accounts = subjects.accounts.iter().map(|id| (id.clone(), Field::Account));
        let staff = subjects.staff.iter().chain(&subjects.acting).map(|id| (id.clone(), Field::Staff));
        let known = staff.chain(accounts).collect();
        Masks { purpose, names: BTreeMap::new(), counts: BTreeMap::new(), log: Vec::new(), known }
    }
    /// The purpose.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
    /// What a value is called in this pack: itself, the name that stands in for it, or `[left out]`.
    pub fn name(&mut self, field: Field, value: &str) -> String {
        match treatment(field, self.purpose) {
            Treatment::Shown => value.to_owned(),
            Treatment::LeftOut => "[left out]".to_owned(),
            Treatment::Masked => {
                let next = self.counts.entry(field).or_default();
                let number = *self.names.entry((field, value.to_owned())).or_insert_with(|| {
                    *next += 1;
                    *next
                });
                format!("[{} {number}]", field.as_str())
            }
        }
    }
    /// Whether this field is shown at all.
    pub fn shows(&self, field: Field) -> bool {
        treatment(field, self.purpose) != Treatment::LeftOut
    }
    /// The log of redactions, in the order of records.
    pub fn log(&self) -> &[Redaction] {
        &self.log
    }

    /// Does something whose redactions are listed already.
    pub(crate) fn unlisted(&mut self, work: impl FnOnce(&mut Masks)) {
        let listed = self.log.len();
        work(self);
        self.log.truncate(listed);
    }

    /// A record as this purpose sees it; `None` where nothing of it is hidden.
    pub fn record(&mut self, at: u64, kind: RecordKind, payload: &[u8]) -> Option<Value> {
        let Ok(mut value) = serde_json::from_slice::<Value>(payload) else {
            // What cannot be read cannot be redacted: it is shown to those who see everything, to others not at all.
            return (self.purpose != Purpose::Internal).then_some(Value::Null);
        };
        let before = self.log.len();
        match kind {
            RecordKind::Event => self.event(at, &mut value),
            RecordKind::Decision => {
                for key in ["score", "expected_loss", "reasons", "rules", "cluster"] {
                    self.field(at, &mut value, "", key, Field::Score);
                }
            }
            RecordKind::Control => {
                if let Some(by) = value.get_mut("by") {
                    for key in ["id", "name", "user"] {
                        self.field(at, by, "/by", key, Field::Staff);
                    }
                }
                self.field(at, &mut value, "", "detail", Field::Merchant);
                self.field(at, &mut value, "", "why", Field::Note);
                for key in ["subject", "value", "account", "person", "staff"] {
                    let id = value.get(key).and_then(Value::as_str).unwrap_or_default();
                    if let Some(field) = self.known.get(id).copied() {
                        self.field(at, &mut value, "", key, field);
                    }
                }
                if let Some(change) = value.get_mut("change") {
                    self.change(at, change, "/change");
                }
            }
        }
        (self.log.len() > before).then_some(value)
    }

    /// A change of casework: what people wrote, whom it names, and who is to do something.
    pub(crate) fn change(&mut self, at: u64, change: &mut Value, pointer: &str) {
        let about = match change.get("kind").and_then(Value::as_str) {
            Some("account") => Some(Field::Account),
            Some("staff") => Some(Field::Staff),
            Some(_) | None => None,
        };
        let keys: Vec<String> = change.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
        for key in keys {
            let field = match key.as_str() {
                "text" | "why" | "title" | "summary" | "note" | "name" => Some(Field::Note),
                "assignee" | "user" => Some(Field::Staff),
                "id" => about,
                _ => None,
            };
            match (field, change.get_mut(&key)) {
                (Some(field), Some(_)) => self.field(at, change, pointer, &key, field),
                (None, Some(inner)) if inner.is_object() => {
                    self.change(at, inner, &format!("{pointer}/{key}"))
                }
                (None | Some(_), _) => {}
            }
        }
    }

    fn event(&mut self, at: u64, value: &mut Value) {
        let of = value.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(data) = value.get_mut("data") else { return };
        if ringfence_domain::EventType::parse(&of).is_none() {
            // Of a type that is not known, nothing is known to be harmless.
            if treatment(Field::Merchant, self.purpose) != Treatment::Shown {
                *data = Value::Null;
                self.note(at, "/data".to_owned(), Field::Merchant, "left_out");
            }
            return;
        }
        if of.starts_with("lead.") {
            // All of it is what the machine thought, of people who may have nothing to do with it.
            if treatment(Field::Score, self.purpose) == Treatment::LeftOut {
                *data = Value::Null;
                self.note(at, "/data".to_owned(), Field::Score, "left_out");
            }
            return;
        }
        let is_post = of == "post.collected";
        let keys: Vec<String> = data.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
        for key in keys {
            let value = data.get(&key);
            let text = value.and_then(Value::as_str).unwrap_or_default();
            let field = match key.as_str() {
                "account" => Field::Account,
                "staff" => Field::Staff,
                "by" if text != "engine" => Field::Staff,
                "device" | "ip" | "address" | "payment" | "email" | "phone" | "value" | "asn" => {
                    Field::Identifier
                }
                "instrument" if !Instrument::is_word(text) => Field::Identifier,
                "text" if !is_post => Field::Text,
                "channel" | "author" if is_post => Field::Handle,
                "session" => Field::Session,
                "driver" => Field::Driver,
                "postal_code" | "destination" => Field::Place,
                "score" | "reason_codes" => Field::Score,
                "attributes" => Field::Merchant,
                "subject" => {
                    let kind = value.and_then(|s| s.get("kind")).and_then(Value::as_str).unwrap_or_default();
                    let field = match kind {
                        "account" => Field::Account,
                        "staff" => Field::Staff,
                        _ => continue,
                    };
                    if let Some(subject) = data.get_mut("subject") {
                        self.field(at, subject, "/data/subject", "id", field);
                    }
                    continue;
                }
                _ => continue,
            };
            self.field(at, data, "/data", &key, field);
        }
    }

    fn field(&mut self, at: u64, object: &mut Value, pointer: &str, key: &str, field: Field) {
        let Some(object) = object.as_object_mut() else { return };
        let Some(value) = object.get(key) else { return };
        let pointer = format!("{pointer}/{key}");
        match treatment(field, self.purpose) {
            Treatment::Shown => {}
            Treatment::Masked => {
                // An object, such as a destination, is masked by what it says as a whole.
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let name = self.name(field, &text);
                replace(object, key, Value::String(name));
                self.note(at, pointer, field, "masked");
            }
            Treatment::LeftOut => {
                object.remove(key);
                self.note(at, pointer, field, "left_out");
            }
        }
    }

    fn note(&mut self, record: u64, pointer: String, field: Field, treatment: &str) {
        let because = because(field).to_owned();
        self.log.push(Redaction { record, pointer, field, treatment: treatment.to_owned(), because });
    }
}

fn replace(object: &mut Map<String, Value>, key: &str, with: Value) {
    if let Some(value) = object.get_mut(key) {
        *value = with;
    }
}
