//! What does a webhook say? A CloudEvent of one record of the log: made from it whenever it is sent, kept nowhere else.

use crate::core::Control;
use ringfence_domain::{Decision, DecisionKind, EventType};
use ringfence_store::log::{Record, RecordKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What an endpoint wants to hear of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wants {
    /// Decisions of these kinds; all where left out, none where empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Vec<DecisionKind>>,
    /// Alerts: what decides is to change or has changed, keys are made and revoked, rules are suppressed.
    #[serde(default)]
    pub alerts: bool,
    /// Leads that are raised, change, or are withdrawn.
    #[serde(default)]
    pub leads: bool,
}

/// A message, ready to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The same for the same record, however often it is sent: receivers pass over what they have seen.
    pub id: String,
    /// The body: a CloudEvent in structured mode.
    pub body: Vec<u8>,
}

/// The id of the message about a record.
pub fn id(position: u64) -> String {
    format!("rf_{position}")
}

/// The message about a record, where the endpoint wants it.
pub fn message(position: u64, record: &Record<'_>, wants: &Wants) -> Option<Message> {
    let (kind, subject, data) = match record.kind {
        RecordKind::Event => {
            let lead = wants.leads.then(|| lead(&record.payload))??;
            (
                "ringfence.lead",
                lead.data["lead"].as_str()?.to_owned(),
                json!({ "event": lead.kind, "lead": lead.data }),
            )
        }
        RecordKind::Decision => {
            let decision: Decision = serde_json::from_slice(&record.payload).ok()?;
            if wants.decisions.as_ref().is_some_and(|kinds| !kinds.contains(&decision.decision)) {
                return None;
            }
            // The very bytes that were answered.
            let data: serde_json::Value = serde_json::from_slice(&record.payload).ok()?;
            ("ringfence.decision", decision.refund.as_str().to_owned(), data)
        }
        RecordKind::Control => {
            let control: Control = serde_json::from_slice(&record.payload).ok()?;
            let alert = alert(&control).filter(|_| wants.alerts)?;
            let data = json!({ "alert": alert, "record": serde_json::to_value(&control).ok()? });
            ("ringfence.alert", alert.to_owned(), data)
        }
    };
    let event = json!({
        "specversion": "1.0",
        "id": id(position),
        "source": "ringfence",
        "type": kind,
        "subject": subject,
        "time": record.recorded,
        "datacontenttype": "application/json",
        "ringfenceposition": position.to_string(),
        "data": data,
    });
    Some(Message { id: id(position), body: serde_json::to_vec(&event).ok()? })
}

/// What an event says of a lead.
#[derive(Deserialize)]
struct Lead {
    #[serde(rename = "type")]
    kind: String,
    data: serde_json::Value,
}

/// What an event says of a lead; most say nothing of one and are not read further.
fn lead(payload: &[u8]) -> Option<Lead> {
    const MARK: &[u8] = b"\"lead.";
    payload.windows(MARK.len()).any(|w| w == MARK).then_some(())?;
    let event: Lead = serde_json::from_slice(payload).ok()?;
    let told =
        matches!(EventType::parse(&event.kind), Some(EventType::LeadRaised | EventType::LeadWithdrawn));
    told.then_some(event)
}

/// The word of an alert; most control records are none.
pub(crate) fn alert(control: &Control) -> Option<&'static str> {
    match control {
        Control::Proposed { .. } => Some("proposed"),
        Control::Approved { .. } => Some("approved"),
        Control::Rejected { .. } => Some("rejected"),
        Control::Promoted { .. } => Some("promoted"),
        Control::Suppressed { .. } => Some("suppressed"),
        Control::UnmaskingAsked { .. } => Some("unmasking_asked"),
        Control::UnmaskingSettled { .. } => Some("unmasking_settled"),
        Control::Noted { did, .. } => match did.as_str() {
            // Of logs from before there were users.
            "key_set_up" => Some("key_set_up"),
            "user_set_up" => Some("user_set_up"),
            "user_made" => Some("user_made"),
            "user_changed" => Some("user_changed"),
            "user_reset" => Some("user_reset"),
            "key_made" => Some("key_made"),
            "key_rotated" => Some("key_rotated"),
            "key_revoked" => Some("key_revoked"),
            _ => None,
        },
        Control::Versions { .. }
        | Control::Rates { .. }
        | Control::ShadowStarted { .. }
        | Control::ShadowEnded { .. }
        | Control::Listed { .. }
        | Control::Casework { .. }
        | Control::Unlisted { .. }
        | Control::StaffReviewed { .. }
        | Control::MatchJudged { .. } => None,
    }
}
