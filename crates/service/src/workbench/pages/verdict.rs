//! How does what people found of a lead come into the log? As a verdict: an event like all others, with who said it.

use crate::access::secret::random_hex;
use crate::core::Control;
use crate::http::endpoints::changed;
use crate::http::problem::Problem;
use crate::workbench::View;
use crate::worker::Receipt;
use axum::http::StatusCode;
use ringfence_domain::words::{SubjectKind, Verdict};
use serde_json::json;

/// Records a verdict of the person who looks, and `said`, who said it; durable on return.
pub(super) async fn record(
    view: &View,
    kind: SubjectKind,
    id: &str,
    verdict: Verdict,
    said: Control,
) -> Result<(), Problem> {
    let shared = &view.shared;
    let event = json!({
        "specversion": "1.0",
        "id": format!("verdict-{}", random_hex::<12>()),
        "source": "ringfence/workbench",
        "type": "verdict.recorded",
        "time": (shared.clock)(),
        "data": {
            "subject": { "kind": kind.as_str(), "id": id },
            "verdict": verdict.as_str(),
            "method": "investigation",
        },
    });
    let arrived = shared.door.event(event.to_string().as_bytes()).map_err(|r| Problem::refused(&r))?;
    let receipt = shared.worker.take(vec![arrived]).await?.pop();
    match receipt {
        Some(Receipt::Accepted { .. } | Receipt::Decided { .. }) => {}
        Some(Receipt::Refused(why)) => return Err(Problem::not_weighed(&why)),
        Some(Receipt::OtherContent) => return Err(Problem::other_content()),
        // The id is new and random: there is no second one.
        Some(Receipt::Duplicate { .. }) | None => {
            return Err(Problem::new(StatusCode::CONFLICT, "conflict", "The verdict was not recorded"));
        }
    }
    changed(shared, said).await.map(drop)
}
