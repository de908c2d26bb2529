//! Which well-typed event is refused all the same? The bounds that a type alone does not keep.

use super::leads;
use super::limits::{
    ATTRIBUTE_NAME_BYTES_MAX, ATTRIBUTE_TEXT_BYTES_MAX, ATTRIBUTES_MAX, DEPTH_MAX, DOCUMENTS_MAX, LINES_MAX,
    Limits, REASON_CODES_MAX, TEXT_BYTES_MAX, VERSIONS_MAX, WORD_BYTES_MAX,
};
use super::refusal::{Refusal, push_pointer};
use crate::event::{AttributeValue, Attributes, Body, Event, Line};
use crate::id::Sha256Hex;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Refuses text that nests deeper than [`DEPTH_MAX`]; brackets inside texts do not count.
pub(super) fn depth(text: &str) -> Result<(), Refusal> {
    // Counting is a fraction of reading; the exact walk is needed only by texts with many brackets.
    let opening = text.bytes().filter(|b| matches!(b, b'{' | b'[')).count();
    if opening <= DEPTH_MAX {
        return Ok(());
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, b) in text.bytes().enumerate() {
        if in_text {
            in_text = escaped || b != b'"';
            escaped = !escaped && b == b'\\';
            continue;
        }
        match b {
            b'"' => in_text = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(Refusal::new(
                "",
                format!("nested deeper than {DEPTH_MAX} levels at byte {}", at + 1),
                "send flat data: no event of the contract nests deeper than 5",
            ));
        }
    }
    Ok(())
}

/// Checks a typed event against the bounds of its type and of the deployment.
#[inline]
pub(super) fn event(event: &Event, limits: &Limits) -> Result<(), Refusal> {
    if let Some(max) = limits.time_max {
        time("/time", event.time, max)?;
        if let Some(recorded) = event.recorded {
            time("/recordedtime", recorded, max)?;
        }
    }
    if let Some(attributes) = event.body.attributes() {
        check_attributes(attributes)?;
    }
    body(&event.body)
}

fn time(pointer: &str, time: Timestamp, max: Timestamp) -> Result<(), Refusal> {
    if time <= max {
        return Ok(());
    }
    Err(Refusal::new(
        pointer,
        format!("{time} lies in the future: after {max}"),
        "check the sender's clock and time zone, or raise limits.future_max",
    ))
}

fn body(body: &Body) -> Result<(), Refusal> {
    match body {
        Body::SessionStarted(e) => one_person(e.account.is_some(), e.staff.is_some()),
        Body::OrderPlaced(e) => lines(&e.lines),
        Body::ReturnAuthorised(e) => lines(&e.lines),
        Body::ReturnReceived(e) => lines(&e.lines),
        Body::ReturnInspected(e) => lines(&e.lines),
        Body::ParcelScanned(e) => distance(e.proof.as_ref().and_then(|p| p.distance_m)),
        Body::MessagePosted(e) => text(&e.text),
        Body::RefundRequested(e) => {
            lines(&e.lines)?;
            hashes("documents", e.documents.as_deref())
        }
        Body::RefundDecided(e) => {
            score(e.score)?;
            words("reason_codes", e.reason_codes.as_deref(), REASON_CODES_MAX)?;
            versions(e.versions.as_ref())
        }
        Body::PostCollected(e) => {
            text(&e.text)?;
            hashes("images", e.images.as_deref())
        }
        Body::LeadRaised(e) => leads::raised(e),
        Body::LeadWithdrawn(e) => leads::withdrawn(e),
        Body::AccountOpened(_)
        | Body::AccountClosed(_)
        | Body::IdentifierSeen(_)
        | Body::ItemListed(_)
        | Body::ItemRestocked(_)
        | Body::ContactOpened(_)
        | Body::ContactClosed(_)
        | Body::StaffJoined(_)
        | Body::StaffActed(_)
        | Body::RefundPaid(_)
        | Body::ChargebackOpened(_)
        | Body::VerdictRecorded(_)
        | Body::TestPurchaseRegistered(_)
        | Body::AppealOpened(_)
        | Body::AppealResolved(_)
        | Body::Unknown { .. } => Ok(()),
    }
}

fn one_person(account: bool, staff: bool) -> Result<(), Refusal> {
    let reason = match (account, staff) {
        (true, false) | (false, true) => return Ok(()),
        (true, true) => "both `account` and `staff` are there",
        (false, false) => "neither `account` nor `staff` is there",
    };
    Err(Refusal::new("/data", reason, "name exactly one of them: whose session it is"))
}

fn lines(lines: &[Line]) -> Result<(), Refusal> {
    too_many("lines", lines.len(), LINES_MAX)?;
    match lines.iter().position(|line| line.quantity == 0) {
        None => Ok(()),
        Some(i) => Err(Refusal::new(
            format!("/data/lines/{i}/quantity"),
            "the quantity is 0",
            "send at least 1, or leave the line out",
        )),
    }
}

fn distance(distance_m: Option<f64>) -> Result<(), Refusal> {
    match distance_m {
        Some(d) if !(d >= 0.0 && d.is_finite()) => Err(Refusal::new(
            "/data/proof/distance_m",
            format!("the distance {d} is below 0"),
            "send metres from 0 on, or leave it out where it is not known",
        )),
        Some(_) | None => Ok(()),
    }
}

fn score(score: Option<f64>) -> Result<(), Refusal> {
    score.map_or(Ok(()), |p| probability("/data/score", "the score", p))
}

pub(super) fn probability(pointer: &str, what: &str, p: f64) -> Result<(), Refusal> {
    if (0.0..=1.0).contains(&p) {
        return Ok(());
    }
    Err(Refusal::new(
        pointer,
        format!("{what} {p} is not within 0–1"),
        "send the calibrated probability; divide percentages by 100",
    ))
}

fn text(text: &str) -> Result<(), Refusal> {
    too_long("/data/text", "the text", text.len(), TEXT_BYTES_MAX)
}

fn hashes(field: &str, hashes: Option<&[Sha256Hex]>) -> Result<(), Refusal> {
    let hashes = hashes.unwrap_or_default();
    too_many(field, hashes.len(), DOCUMENTS_MAX)?;
    let is_hash = |h: &Sha256Hex| h.as_str().len() == 64 && h.as_str().bytes().all(|b| b.is_ascii_hexdigit());
    match hashes.iter().position(|h| !is_hash(h)) {
        None => Ok(()),
        Some(i) => Err(Refusal::new(
            format!("/data/{field}/{i}"),
            "this is not a SHA-256",
            "send the 64 hexadecimal digits of the document's SHA-256, never the document",
        )),
    }
}

fn words(field: &str, words: Option<&[String]>, max: usize) -> Result<(), Refusal> {
    let words = words.unwrap_or_default();
    too_many(field, words.len(), max)?;
    words.iter().enumerate().try_for_each(|(i, word)| {
        too_long(&format!("/data/{field}/{i}"), "the word", word.len(), WORD_BYTES_MAX)
    })
}

fn versions(versions: Option<&BTreeMap<String, String>>) -> Result<(), Refusal> {
    let Some(versions) = versions else { return Ok(()) };
    too_many("versions", versions.len(), VERSIONS_MAX)?;
    versions.iter().try_for_each(|(name, version)| {
        let mut pointer = String::from("/data/versions");
        push_pointer(&mut pointer, name);
        too_long(&pointer, "the version", name.len().max(version.len()), WORD_BYTES_MAX)
    })
}

#[cold]
fn check_attributes(attributes: &Attributes) -> Result<(), Refusal> {
    too_many("attributes", attributes.len(), ATTRIBUTES_MAX)?;
    attributes.iter().try_for_each(|(name, value)| {
        let text_ok = match value {
            AttributeValue::Text(text) => text.len() <= ATTRIBUTE_TEXT_BYTES_MAX,
            AttributeValue::Bool(_) | AttributeValue::Number(_) => true,
        };
        if (1..=ATTRIBUTE_NAME_BYTES_MAX).contains(&name.len()) && text_ok {
            return Ok(());
        }
        let mut pointer = String::from("/data/attributes");
        push_pointer(&mut pointer, name);
        let reason = if text_ok {
            format!("the name has {} bytes and must have 1–{ATTRIBUTE_NAME_BYTES_MAX}", name.len())
        } else {
            format!("the text is longer than {ATTRIBUTE_TEXT_BYTES_MAX} bytes")
        };
        Err(Refusal::new(pointer, reason, "shorten it: attributes are words and numbers, not documents"))
    })
}

pub(super) fn too_many(field: &str, count: usize, max: usize) -> Result<(), Refusal> {
    if count <= max {
        return Ok(());
    }
    Err(Refusal::new(
        format!("/data/{field}"),
        format!("{count} entries, at most {max} are taken"),
        "split the event, or check whether a list was repeated",
    ))
}

pub(super) fn too_long(pointer: &str, what: &str, bytes: usize, max: usize) -> Result<(), Refusal> {
    if bytes <= max {
        return Ok(());
    }
    Err(Refusal::new(
        pointer,
        format!("{what} has {bytes} bytes, at most {max} are taken"),
        "shorten it and keep the full text in your own system",
    ))
}
