//! What is a pack of a case about? The matter that follows from a case, and what people did in it.
//!
//! A case is worked in the log: so [`matter`] only says what the pack is about, and what people did comes from the records
//! that the pack cites, with their proofs, as everything else.

use crate::pdf::{Column, Document};
use crate::purpose::Field;
use crate::records::Says;
use crate::redact::Masks;
use crate::report::{more, time};
use crate::spec::{Hold, Paper, Spec, SpecError, system};
use crate::view::View;
use crate::when::Moment;
use crate::words::plain;
use ringfence_casework::Case;
use ringfence_casework::case::{About, Subject};
use ringfence_domain::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// The matter of a case: what it and the cases that went into it link and found, and its legal holds.
///
/// # Errors
/// Where it links nothing that records could name, or too much.
pub fn matter(case: &Case, prepared_by: &str) -> Result<Spec, SpecError> {
    let mut spec = Spec {
        matter: format!("Case {}: {}", case.id, case.title),
        scope: String::new(),
        prepared_by: prepared_by.to_owned(),
        source_system: system(),
        from: None,
        until: None,
        paper: Paper::default(),
        refunds: Vec::new(),
        orders: Vec::new(),
        accounts: Vec::new(),
        staff: Vec::new(),
        posts: Vec::new(),
        rings: Vec::new(),
        cases: Vec::new(),
        hold: Vec::new(),
        defendant: Vec::new(),
        damages: None,
    };
    add(&mut spec, case);
    spec.check()?;
    Ok(spec)
}

/// Adds a case to a matter that a person described: what it links, its holds, what was done in it.
pub fn add(spec: &mut Spec, case: &Case) {
    let mut also = Vec::new();
    let found = case.found.iter().map(|f| &f.finding.subject);
    for Subject { kind, id } in
        [&case.from].into_iter().chain(case.links.iter().map(|l| &l.link.subject)).chain(found)
    {
        let list = match kind {
            About::Request => &mut spec.refunds,
            About::Account => &mut spec.accounts,
            About::Order => &mut spec.orders,
            About::Ring => &mut spec.rings,
            About::Staff => &mut spec.staff,
            About::Post => &mut spec.posts,
            // No record of the shop names these: the reader is told.
            About::Case | About::Matter => {
                also.push(format!("{} {id}", kind.as_str()));
                continue;
            }
        };
        if !list.contains(id) {
            list.push(id.clone());
        }
    }
    spec.cases.extend(
        [case.id]
            .iter()
            .chain(&case.absorbed)
            .filter(|id| !spec.cases.contains(id))
            .copied()
            .collect::<Vec<_>>(),
    );
    also.sort();
    also.dedup();
    if !also.is_empty() {
        let more = format!("The case also names: {}.", also.join(", "));
        spec.scope = if spec.scope.is_empty() { more } else { format!("{} {more}", spec.scope) };
    }
    for hold in &case.holds {
        let lifted =
            hold.lifted.as_ref().map(|l| format!(" Lifted at {}: {}", l.at, l.why)).unwrap_or_default();
        spec.hold.push(Hold {
            name: format!("Legal hold {} of case {}", hold.id, hold.from.unwrap_or(case.id)),
            since: Moment(hold.set.at),
            covers: format!("{}{lifted}", hold.set.why),
        });
    }
}

/// Something that was done in the case.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Worked {
    /// When.
    pub at: Timestamp,
    /// The record.
    pub record: u64,
    /// The case: of several that were merged, the one in which it was done.
    pub case: u64,
    /// By whom.
    pub by: String,
    /// What, in words.
    pub did: String,
    /// With what, in words.
    pub about: String,
    /// What was written.
    pub text: String,
    /// All of it, as far as it may be seen.
    pub change: Value,
}

/// What people did in the cases of the matter, in the order of the log.
pub fn worked(view: &View<'_>, masks: &mut Masks) -> Vec<Worked> {
    let mut out = Vec::new();
    for cited in view.cited {
        let Says::Control(control) = &cited.says else { continue };
        let Some(change) = control.get("change") else { continue };
        let Some(case) = change.get("case").and_then(Value::as_u64) else { continue };
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        // The same fields as in the record itself, which lists what is left out.
        let mut shown = change.clone();
        masks.unlisted(|masks| masks.change(cited.at, &mut shown, "/change"));
        let written = ["text", "why", "summary"].iter().map(|key| text(&shown, key)).find(|t| !t.is_empty());
        let link = text(&shown["link"], "why");
        out.push(Worked {
            at: cited.recorded,
            record: cited.at,
            case,
            by: masks.name(Field::Staff, control["by"]["user"].as_str().unwrap_or_default()),
            did: plain(&text(change, "did")),
            about: about(&shown),
            text: written.unwrap_or(link),
            change: shown,
        });
    }
    out
}

/// What a change is about, beside the case.
fn about(change: &Value) -> String {
    let subject = |of: &Value| {
        let (kind, id) = (of["kind"].as_str()?, of["id"].as_str().unwrap_or("[left out]"));
        Some(format!("{kind} {id}"))
    };
    if let Some(finding) = change.get("finding") {
        let verdict = plain(finding["verdict"].as_str().unwrap_or_default());
        let method = plain(finding["method"].as_str().unwrap_or_default());
        return format!("{}: {verdict}, by {method}", subject(&finding["subject"]).unwrap_or_default());
    }
    if let Some(file) = change.get("file") {
        let name = file["name"].as_str().unwrap_or("a file");
        return format!(
            "{name}, {} bytes, SHA-256 {}",
            file["bytes"],
            file["sha256"].as_str().unwrap_or_default()
        );
    }
    let named = ["link", "subject", "from"].iter().find_map(|key| subject(&change[key]));
    let numbered = ["into", "task", "hold", "item"]
        .iter()
        .find_map(|key| change[key].as_u64().map(|n| format!("{key} {n}")));
    named.or(numbered).or_else(|| change["title"].as_str().map(str::to_owned)).unwrap_or_default()
}

/// What was done in the case, for the report.
pub(crate) fn chapter(d: &mut Document, worked: &[Worked], rows_max: usize) {
    if worked.is_empty() {
        return;
    }
    d.heading("What people did in the case");
    d.text(
        "Each line is a record of the log, made when it was done and not changed since. What people wrote is their view at that \
         time; a finding names how it was made.",
    );
    let columns = [
        Column::text("UTC", 2.6),
        Column::number("record", 1.4),
        Column::text("by", 2.0),
        Column::text("did", 2.0),
        Column::text("about", 3.6),
        Column::text("in their words", 4.6),
    ];
    let row = |w: &Worked| {
        vec![time(w.at), w.record.to_string(), w.by.clone(), w.did.clone(), w.about.clone(), w.text.clone()]
    };
    d.table(&columns, &worked.iter().take(rows_max).map(row).collect::<Vec<_>>());
    more(d, worked.len(), rows_max, "E18");
}
