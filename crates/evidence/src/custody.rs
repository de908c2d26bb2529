//! Through whose hands did it go? Every view, change and export of the matter that the service recorded.

use crate::purpose::Field;
use crate::records::Says;
use crate::redact::Masks;
use crate::rows::Rows;
use crate::view::View;
use crate::words::plain;
use ringfence_domain::Timestamp;
use serde_json::Value;

/// Somebody did something with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Handling {
    /// When.
    pub at: Timestamp,
    /// The record.
    pub record: u64,
    /// What was done.
    pub did: String,
    /// With what.
    pub subject: String,
    /// Who: an id of the service's users or keys.
    pub by: String,
    /// In which role.
    pub role: String,
}

/// All that was recorded of it, in the order of the log.
pub fn handlings(view: &View<'_>, masks: &mut Masks) -> Vec<Handling> {
    let mut out = Vec::new();
    for cited in view.cited {
        let Says::Control(control) = &cited.says else { continue };
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let by = control.get("by").cloned().unwrap_or_default();
        let change = control.get("change");
        let did = text(change.unwrap_or(control), "did");
        let case = change.and_then(|change| change.get("case")).and_then(Value::as_u64);
        let subject = case.map_or_else(
            || {
                ["subject", "person"]
                    .map(|key| text(control, key))
                    .into_iter()
                    .find(|t| !t.is_empty())
                    .unwrap_or_default()
            },
            |case| format!("case {case}"),
        );
        let field = if view.subjects.accounts.contains(&subject) {
            Some(Field::Account)
        } else if view.subjects.staff.contains(&subject) || view.subjects.acting.contains(&subject) {
            Some(Field::Staff)
        } else {
            None
        };
        out.push(Handling {
            at: cited.recorded,
            record: cited.at,
            did: plain(if did.is_empty() { control["control"].as_str().unwrap_or_default() } else { &did }),
            subject: field.map_or(subject.clone(), |field| masks.name(field, &subject)),
            by: masks.name(Field::Staff, &text(&by, "id")),
            role: text(&by, "role"),
        });
    }
    out
}

/// The exhibit.
pub fn csv(handlings: &[Handling]) -> Vec<u8> {
    let mut rows = Rows::new();
    rows.push(&["time_utc", "record", "did", "subject", "by", "role"]);
    for Handling { at, record, did, subject, by, role } in handlings {
        rows.push(&[at.to_string().as_str(), &record.to_string(), did, subject, by, role]);
    }
    rows.into_bytes()
}
