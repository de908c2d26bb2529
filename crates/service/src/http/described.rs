//! What can every endpoint answer besides what it says itself? Refusals by the table, by the body's reader and by limits.
//!
//! The endpoints describe what is theirs; what stands before all of them is added here, so that the OpenAPI document
//! names every status that a caller can meet.

use crate::access::{Permission, Role, allowed};
use crate::http::table::{Row, row};
use axum::http::Method;
use serde_json::{Value, json};

/// A refusal that stands before an endpoint: its status, and when it comes.
type Refusal = (&'static str, &'static str);

const NOT_SIGNED_IN: Refusal = ("401", "Neither a key nor a session, or one that expired or was revoked.");
const NOT_ALLOWED: Refusal = ("403", "None of the caller's roles allows this, or another page asked.");
const TOO_FAST: Refusal = ("429", "The key sends more than its limit; `Retry-After` says when to come back.");
const UNREADABLE: Refusal = ("400", "The path, the query or the body is not what this endpoint takes.");
const TOO_LARGE: Refusal = ("413", "The body is larger than `batch_bytes_max` of the configuration.");
const OTHER_MEDIA: Refusal = ("415", "The body is said to be of another type than this endpoint takes.");

/// The refusals before an endpoint.
fn refusals(operation: &Value, needs: Permission) -> Vec<Refusal> {
    let mut all = Vec::new();
    if needs != Permission::Anyone {
        all.extend([NOT_SIGNED_IN, NOT_ALLOWED, TOO_FAST]);
    }
    if operation.get("requestBody").is_some() {
        all.extend([UNREADABLE, TOO_LARGE, OTHER_MEDIA]);
    } else if operation.get("parameters").is_some() {
        all.push(UNREADABLE);
    }
    all
}

/// Adds to each operation the refusals that stand before it and the roles that it is for.
pub(super) fn describe(api: &mut Value) {
    let paths = api["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for (name, operation) in item.as_object_mut().into_iter().flatten() {
            let Ok(method) = Method::from_bytes(name.to_uppercase().as_bytes()) else { continue };
            let Row::Needs(needs) = row(&method, path) else { continue };
            // An endpoint whose answer is no JSON may have described none.
            if operation.get("responses").is_none() {
                operation["responses"] = json!({});
            }
            for (status, when) in refusals(operation, needs) {
                let schema = json!({ "$ref": "#/components/schemas/Problem" });
                let said = json!({ "description": when, "content": { "application/problem+json": { "schema": schema } } });
                let responses = operation["responses"].as_object_mut().expect("put there above");
                responses.entry(status).or_insert(said);
            }
            if needs == Permission::Anyone {
                operation["security"] = json!([]);
            } else {
                let roles: Vec<&str> =
                    Role::ALL.into_iter().filter(|r| allowed(*r, needs)).map(Role::as_str).collect();
                operation["x-roles"] = json!(roles);
            }
        }
    }
}
