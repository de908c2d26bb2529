//! What does each endpoint need? Method, path, permission; what is not here is not served.

use crate::access::Permission;
use crate::workbench::page;
use axum::http::Method;
use std::collections::HashMap;
use std::sync::OnceLock;

/// The rows of the policy table: those of the API, and those that the pages of the workbench say of themselves.
pub fn endpoints() -> impl Iterator<Item = (Method, &'static str, Permission)> {
    let pages = page::routes().map(|route| (route.method.clone(), route.path, route.needs));
    API.iter().cloned().chain(pages)
}

/// What is known of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Row {
    /// One needs this.
    Needs(Permission),
    /// It is asked in other ways.
    OtherMethods,
    /// It is not in the table.
    Unknown,
}

/// What an endpoint needs, by the table.
pub(super) fn row(method: &Method, path: &str) -> Row {
    static BY_PATH: OnceLock<HashMap<&'static str, Vec<(Method, Permission)>>> = OnceLock::new();
    let by_path = BY_PATH.get_or_init(|| {
        let mut by_path: HashMap<_, Vec<_>> = HashMap::new();
        for (method, path, needs) in endpoints() {
            by_path.entry(path).or_default().push((method, needs));
        }
        by_path
    });
    match by_path.get(path) {
        None => Row::Unknown,
        Some(methods) => match methods.iter().find(|(known, _)| known == method) {
            Some((_, needs)) => Row::Needs(*needs),
            None => Row::OtherMethods,
        },
    }
}

/// The endpoints of the API and of signing in.
const API: &[(Method, &str, Permission)] = &[
    (Method::GET, "/healthz", Permission::Anyone),
    (Method::GET, "/readyz", Permission::Anyone),
    (Method::GET, "/openapi.json", Permission::Anyone),
    (Method::GET, "/docs", Permission::Anyone),
    (Method::GET, "/login", Permission::Anyone),
    (Method::POST, "/login", Permission::Anyone),
    (Method::GET, "/setup", Permission::Anyone),
    (Method::POST, "/setup", Permission::Anyone),
    (Method::GET, "/password", Permission::Anyone),
    (Method::POST, "/password", Permission::Anyone),
    (Method::GET, "/oidc/login", Permission::Anyone),
    (Method::GET, "/oidc/callback", Permission::Anyone),
    (Method::POST, "/v1/setup", Permission::Anyone),
    (Method::POST, "/v1/login", Permission::Anyone),
    (Method::POST, "/v1/password", Permission::Anyone),
    (Method::GET, "/", Permission::BeKnown),
    (Method::POST, "/logout", Permission::BeKnown),
    (Method::POST, "/v1/logout", Permission::BeKnown),
    (Method::GET, "/v1/me", Permission::BeKnown),
    (Method::POST, "/v1/me/password", Permission::OwnAccount),
    (Method::GET, "/v1/me/keys", Permission::OwnAccount),
    (Method::POST, "/v1/me/keys", Permission::OwnAccount),
    (Method::DELETE, "/v1/me/keys/{id}", Permission::OwnAccount),
    (Method::POST, "/v1/events", Permission::Send),
    (Method::POST, "/v1/refunds/decide", Permission::Send),
    (Method::GET, "/v1/decisions/{refund}", Permission::ReadDecisions),
    (Method::GET, "/v1/decisions/{refund}/notice", Permission::ReadDecisions),
    (Method::GET, "/v1/decisions/{refund}/evidence", Permission::ReadEvidence),
    (Method::POST, "/v1/decisions/{refund}/rederive", Permission::ReadEvidence),
    (Method::GET, "/v1/versions", Permission::ReadVersions),
    (Method::GET, "/v1/versions/{part}", Permission::ReadVersions),
    (Method::POST, "/v1/versions/{part}", Permission::Propose),
    (Method::GET, "/v1/versions/{part}/{version}", Permission::ReadVersions),
    (Method::POST, "/v1/check", Permission::ReadVersions),
    (Method::GET, "/v1/survey", Permission::ReadVersions),
    (Method::POST, "/v1/cards", Permission::Propose),
    (Method::POST, "/v1/check/{part}", Permission::ReadVersions),
    (Method::GET, "/v1/backtest", Permission::ReadVersions),
    (Method::POST, "/v1/backtest", Permission::Propose),
    (Method::DELETE, "/v1/backtest", Permission::Propose),
    (Method::GET, "/v1/shadow", Permission::ReadVersions),
    (Method::POST, "/v1/shadow", Permission::Propose),
    (Method::DELETE, "/v1/shadow", Permission::Propose),
    (Method::GET, "/v1/promotions", Permission::ReadVersions),
    (Method::POST, "/v1/promotions", Permission::Propose),
    (Method::POST, "/v1/promotions/{id}/approve", Permission::Approve),
    (Method::POST, "/v1/promotions/{id}/reject", Permission::Propose),
    (Method::GET, "/v1/leads", Permission::ReadLeads),
    (Method::GET, "/v1/leads/{lead}", Permission::ReadLeads),
    (Method::GET, "/v1/leads/{lead}/history", Permission::ReadLeads),
    (Method::GET, "/v1/leads/{lead}/graph", Permission::ReadLeads),
    (Method::GET, "/v1/lists/{list}", Permission::ReadLists),
    (Method::POST, "/v1/lists/{list}", Permission::ManageLists),
    (Method::POST, "/v1/entries/{id}/remove", Permission::ManageLists),
    (Method::GET, "/v1/suppressions", Permission::ReadLists),
    (Method::POST, "/v1/suppressions", Permission::Approve),
    (Method::POST, "/v1/suppressions/{id}/lift", Permission::Approve),
    (Method::GET, "/v1/webhooks", Permission::ManageWebhooks),
    (Method::POST, "/v1/webhooks", Permission::ManageWebhooks),
    (Method::DELETE, "/v1/webhooks/{id}", Permission::ManageWebhooks),
    (Method::POST, "/v1/webhooks/{id}/rotate", Permission::ManageWebhooks),
    (Method::GET, "/v1/webhooks/{id}/dead", Permission::ManageWebhooks),
    (Method::POST, "/v1/webhooks/{id}/replay", Permission::ManageWebhooks),
    (Method::GET, "/v1/queue", Permission::ReadQueue),
    (Method::GET, "/v1/queue/mine", Permission::WorkQueue),
    (Method::POST, "/v1/queue/next", Permission::WorkQueue),
    (Method::POST, "/v1/queue/preview", Permission::WorkQueue),
    (Method::POST, "/v1/queue/judge", Permission::WorkQueue),
    (Method::GET, "/v1/queue/statistics", Permission::ReadQueue),
    (Method::GET, "/v1/queue/quality", Permission::ReadQuality),
    (Method::GET, "/v1/queue/settings", Permission::ReadQueue),
    (Method::GET, "/v1/queue/skills/{id}", Permission::ReadQueue),
    (Method::PUT, "/v1/queue/skills/{id}", Permission::Supervise),
    (Method::GET, "/v1/queue/items/{id}", Permission::ReadQueue),
    (Method::POST, "/v1/queue/items/{id}/claim", Permission::WorkQueue),
    (Method::POST, "/v1/queue/items/{id}/release", Permission::WorkQueue),
    (Method::PUT, "/v1/queue/items/{id}/judge", Permission::WorkQueue),
    (Method::PUT, "/v1/queue/items/{id}/case", Permission::WorkCases),
    (Method::GET, "/v1/appeals", Permission::ReadQueue),
    (Method::POST, "/v1/appeals", Permission::WorkQueue),
    (Method::GET, "/v1/appeals/{refund}", Permission::ReadQueue),
    (Method::GET, "/v1/cases", Permission::ReadCases),
    (Method::POST, "/v1/cases", Permission::WorkCases),
    (Method::GET, "/v1/cases/{id}", Permission::ReadCases),
    (Method::GET, "/v1/cases/{id}/history", Permission::ReadCases),
    (Method::POST, "/v1/cases/{id}/links", Permission::WorkCases),
    (Method::POST, "/v1/cases/{id}/unlink", Permission::WorkCases),
    (Method::POST, "/v1/cases/{id}/merge", Permission::Supervise),
    (Method::POST, "/v1/cases/{id}/notes", Permission::WorkCases),
    (Method::PUT, "/v1/cases/{id}/assignee", Permission::WorkCases),
    (Method::PUT, "/v1/cases/{id}/state", Permission::WorkCases),
    (Method::POST, "/v1/cases/{id}/findings", Permission::WorkCases),
    (Method::POST, "/v1/cases/{id}/close", Permission::WorkCases),
    (Method::POST, "/v1/cases/{id}/reopen", Permission::WorkCases),
    (Method::GET, "/v1/tasks", Permission::ReadCases),
    (Method::POST, "/v1/cases/{id}/tasks", Permission::WorkCases),
    (Method::PUT, "/v1/cases/{id}/tasks/{task}", Permission::WorkCases),
    (Method::POST, "/v1/cases/{id}/tasks/{task}/end", Permission::WorkCases),
    (Method::POST, "/v1/cases/{id}/files", Permission::WorkCases),
    (Method::GET, "/v1/cases/{id}/files/{sha256}", Permission::ReadCases),
    (Method::POST, "/v1/cases/{id}/pack", Permission::ExportEvidence),
    (Method::GET, "/v1/holds", Permission::ReadCases),
    (Method::POST, "/v1/cases/{id}/holds", Permission::WorkCases),
    (Method::POST, "/v1/cases/{id}/holds/{hold}/lift", Permission::Supervise),
    (Method::GET, "/metrics", Permission::ReadOperations),
    (Method::POST, "/v1/snapshots", Permission::Operate),
    (Method::GET, "/v1/audit", Permission::ReadAudit),
    (Method::GET, "/v1/keys", Permission::ManageKeys),
    (Method::POST, "/v1/keys", Permission::ManageKeys),
    (Method::DELETE, "/v1/keys/{id}", Permission::ManageKeys),
    (Method::POST, "/v1/keys/{id}/rotate", Permission::ManageKeys),
    (Method::GET, "/v1/users", Permission::ManageUsers),
    (Method::POST, "/v1/users", Permission::ManageUsers),
    (Method::PUT, "/v1/users/{id}", Permission::ManageUsers),
    (Method::DELETE, "/v1/users/{id}", Permission::ManageUsers),
    (Method::POST, "/v1/users/{id}/reset", Permission::ManageUsers),
];
