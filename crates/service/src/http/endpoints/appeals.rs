//! How are appeals read and taken over HTTP? They are items of the queue; one that came by phone or letter is taken here.

use crate::casework::Kind;
use crate::casework::queue::Page;
use crate::casework::view::ItemView;
use crate::core::Control;
use crate::http::Shared;
use crate::http::endpoints::queue::{Wanted, page};
use crate::http::endpoints::{Caller, Known, Op, changed};
use crate::http::input::{Asked, Input, Named};
use crate::http::problem::Problem;
use crate::worker::{Arrived, Receipt};
use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_casework::effects::SOURCE;
use ringfence_domain::event::AppealOpened;
use ringfence_domain::id::{AccountId, EventId, RefundId, Source};
use ringfence_domain::{Body, Event};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// The endpoints.
pub(crate) fn routes() -> ApiRouter<Arc<Shared>> {
    ApiRouter::new()
        .api_route("/v1/appeals", get_with(appeals, appeals_docs).post_with(appeal, appeal_docs))
        .api_route("/v1/appeals/{refund}", get_with(appeals_of, appeals_of_docs))
}

/// Open appeals.
pub async fn appeals(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    who: Known,
    Asked(mut wanted): Asked<Wanted>,
) -> Result<Json<Page<ItemView>>, Problem> {
    wanted.kind = Some(Kind::Appeal);
    page(&shared, wanted, &who, by).await
}

fn appeals_docs(op: Op<'_>) -> Op<'_> {
    op.id("readAppeals").summary("The appeals of the queue; the reading is recorded").tag("Appeals")
}

/// Names a refund.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RefundPath {
    /// The refund.
    refund: String,
}

/// The appeals on a refund.
pub async fn appeals_of(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(RefundPath { refund }): Named<RefundPath>,
) -> Result<Json<Vec<ItemView>>, Problem> {
    let mut items = shared.casework.items_of_refund(&refund).await?;
    items.retain(|item| item.kind == Kind::Appeal);
    changed(&shared, Control::noted("appeals_read", refund, by)).await?;
    Ok(Json(items))
}

fn appeals_of_docs(op: Op<'_>) -> Op<'_> {
    op.id("readAppealsOf").summary("The appeals on a refund; the reading is recorded").tag("Appeals")
}

/// A customer appeals, by phone or letter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealWanted {
    /// The refund.
    refund: RefundId,
    /// The account.
    account: AccountId,
}

/// Opens an appeal.
pub async fn appeal(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(AppealWanted { refund, account }): Input<AppealWanted>,
) -> Result<(StatusCode, Json<Vec<ItemView>>), Problem> {
    let id = format!("appeal-{}", crate::access::secret::random_hex::<8>());
    let wrong = |e: ringfence_domain::id::IdError| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid", "Nothing was changed").detail(e.to_string())
    };
    // Of another source than what casework tells: this one has something to tell casework.
    let source = Source::new(&format!("{SOURCE}/appeals")).map_err(wrong)?;
    let body = Body::AppealOpened(AppealOpened { refund: refund.clone(), account, attributes: None });
    let id = EventId::new(&id).map_err(wrong)?;
    let event = Event { id, source, time: (shared.clock)(), recorded: None, body };
    changed(&shared, Control::noted("appeal_taken", refund.as_str(), by)).await?;
    match shared.worker.take(vec![Arrived::made(event)]).await?.pop() {
        Some(Receipt::Accepted { .. }) => {}
        other => return Err(Problem::not_weighed(&format!("{other:?}"))),
    }
    shared.casework.catch_up().await?;
    let mut items = shared.casework.items_of_refund(refund.as_str()).await?;
    items.retain(|item| item.kind == Kind::Appeal);
    Ok((StatusCode::CREATED, Json(items)))
}

fn appeal_docs(op: Op<'_>) -> Op<'_> {
    op.id("openAppeal")
        .summary("Take an appeal that came by phone or letter; systems send `appeal.opened`")
        .description(
            "It is worked by another person than those who decided. While one is open there is no second.",
        )
        .tag("Appeals")
        .response::<201, Json<Vec<ItemView>>>()
        .response::<400, Problem>()
}
