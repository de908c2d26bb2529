//! How is the queue worked over HTTP? The next item, a claim, a judgement; several at once after a preview; how it does.

use crate::access::Permission;
use crate::casework::queue::{Page, Plan, Quality, Worker, after};
use crate::casework::view::ItemView;
use crate::casework::{ItemFilter, Items, Judgement, Kind};
use crate::core::{Control, Principal};
use crate::http::Shared;
use crate::http::endpoints::{Caller, Known, Op, changed};
use crate::http::input::{Asked, Input, Named};
use crate::http::problem::Problem;
use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with, put_with};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ringfence_casework::bulk::Preview;
use ringfence_casework::settings::Settings;
use ringfence_casework::stats::Statistics;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows of a page, where nothing is said.
const ROWS: usize = 50;
/// Days that figures look back, where nothing is said.
const DAYS: u32 = 28;
/// Most days that figures look back.
const DAYS_MAX: u32 = 366;

/// The endpoints.
pub(crate) fn routes() -> ApiRouter<Arc<Shared>> {
    ApiRouter::new()
        .api_route("/v1/queue", get_with(list, list_docs))
        .api_route("/v1/queue/mine", get_with(mine, mine_docs))
        .api_route("/v1/queue/next", post_with(next, next_docs))
        .api_route("/v1/queue/preview", post_with(preview, preview_docs))
        .api_route("/v1/queue/judge", post_with(judge_all, judge_all_docs))
        .api_route("/v1/queue/statistics", get_with(statistics, statistics_docs))
        .api_route("/v1/queue/quality", get_with(quality, quality_docs))
        .api_route("/v1/queue/settings", get_with(settings, settings_docs))
        .api_route(
            "/v1/queue/skills/{id}",
            get_with(skills, skills_docs).put_with(set_skills, set_skills_docs),
        )
        .api_route("/v1/queue/items/{id}", get_with(item, item_docs))
        .api_route("/v1/queue/items/{id}/claim", post_with(claim, claim_docs))
        .api_route("/v1/queue/items/{id}/release", post_with(release, release_docs))
        .api_route("/v1/queue/items/{id}/judge", put_with(judge, judge_docs))
        .api_route("/v1/queue/items/{id}/case", put_with(attach, attach_docs))
}

/// Whether a caller may judge what another judged before.
pub(crate) fn senior(who: &Known) -> bool {
    who.0.role_for(Permission::Supervise).is_some()
}

/// As whom a caller sees the queue: who works it does not see what another must do.
pub(crate) fn worker(who: &Known, by: &Principal) -> Option<Worker> {
    who.0.role_for(Permission::WorkQueue).map(|_| Worker::new(by, senior(who)))
}

/// Names an item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ItemPath {
    /// Its number.
    id: u64,
}

/// Which items.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Those that nobody has, most worth first.
    #[default]
    Free,
    /// All that are to be done, most worth first.
    Open,
    /// Judged ones, newest first.
    Done,
}

/// A part of the queue.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Wanted {
    /// Which items; those that nobody has where left out.
    #[serde(default)]
    items: Which,
    /// Only of this kind.
    pub(crate) kind: Option<Kind>,
    /// Only of this skill.
    skill: Option<String>,
    /// What the page before said as `next`.
    #[schemars(regex(pattern = r"^-?[0-9]{1,18}\.[0-9]{1,18}$"))]
    after: Option<String>,
    /// Rows, up to 200; 50 where left out.
    limit: Option<usize>,
}

pub(crate) async fn page(
    shared: &Shared,
    wanted: Wanted,
    who: &Known,
    by: Principal,
) -> Result<Json<Page<ItemView>>, Problem> {
    let Wanted { items, kind, skill, after: from, limit } = wanted;
    let items = match items {
        Which::Free => Items::Free,
        Which::Open => Items::Open,
        Which::Done => Items::Done,
    };
    let worker = worker(who, &by);
    changed(shared, Control::noted("queue_read", kind.map_or("queue", Kind::as_str), by)).await?;
    let from = after(from.as_deref()).map_err(crate::casework::CaseworkError::from)?;
    let filter = ItemFilter { items, skill, kind };
    Ok(Json(shared.casework.items_for(worker, filter, from, limit.unwrap_or(ROWS)).await?))
}

/// A page of the queue.
pub async fn list(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    who: Known,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<ItemView>>, Problem> {
    page(&shared, wanted, &who, by).await
}

fn list_docs(op: Op<'_>) -> Op<'_> {
    op.id("readQueue")
        .summary("Read the queue: what saves most money a minute first")
        .description("Random controls and second reviews are among the items and cannot be told from the others. The reading is recorded.")
        .tag("Queue")
        .response::<400, Problem>()
}

/// What the caller has now.
pub async fn mine(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
) -> Result<Json<Vec<ItemView>>, Problem> {
    Ok(Json(shared.casework.mine(&by).await?))
}

fn mine_docs(op: Op<'_>) -> Op<'_> {
    op.id("readClaims").summary("The items that the caller has claimed").tag("Queue")
}

/// Takes what should be worked next.
pub async fn next(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    who: Known,
) -> Result<Response, Problem> {
    Ok(match shared.casework.next(senior(&who), &by).await? {
        Some(item) => Json(item).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

fn next_docs(op: Op<'_>) -> Op<'_> {
    op.id("claimNext")
        .summary("Claim the item to work next")
        .description(
            "What cannot wait any longer comes first, then what saves most money a minute of what the day's minutes can do in \
             time. The claim ends by itself.",
        )
        .tag("Queue")
        .response::<200, Json<ItemView>>()
        .response::<204, ()>()
}

/// An item.
pub async fn item(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    who: Known,
    Named(ItemPath { id }): Named<ItemPath>,
) -> Result<Json<ItemView>, Problem> {
    let item = match worker(&who, &by) {
        Some(worker) => shared.casework.item_for(worker, id).await?,
        None => shared.casework.item(id).await?,
    };
    changed(&shared, Control::noted("item_read", id.to_string(), by)).await?;
    Ok(Json(item))
}

fn item_docs(op: Op<'_>) -> Op<'_> {
    op.id("readItem").summary("Read an item; the reading is recorded").tag("Queue").response::<404, Problem>()
}

/// Takes an item.
pub async fn claim(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    who: Known,
    Named(ItemPath { id }): Named<ItemPath>,
) -> Result<Json<ItemView>, Problem> {
    Ok(Json(shared.casework.claim(id, senior(&who), &by).await?))
}

fn claim_docs(op: Op<'_>) -> Op<'_> {
    op.id("claimItem")
        .summary("Claim an item: nobody else has it until the claim ends; claiming again extends it")
        .tag("Queue")
        .response::<404, Problem>()
        .response::<409, Problem>()
}

/// Gives an item back.
pub async fn release(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(ItemPath { id }): Named<ItemPath>,
) -> Result<Json<ItemView>, Problem> {
    Ok(Json(shared.casework.release(id, &by).await?))
}

fn release_docs(op: Op<'_>) -> Op<'_> {
    op.id("releaseItem")
        .summary("Give an item back")
        .tag("Queue")
        .response::<404, Problem>()
        .response::<409, Problem>()
}

/// Judges an item.
pub async fn judge(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(ItemPath { id }): Named<ItemPath>,
    Input(judgement): Input<Judgement>,
) -> Result<Json<ItemView>, Problem> {
    Ok(Json(shared.casework.judge(id, judgement, &by).await?))
}

fn judge_docs(op: Op<'_>) -> Op<'_> {
    op.id("judgeItem")
        .summary("Judge an item that the caller has claimed")
        .description(
            "The log has `refund.decided`, and `verdict.recorded` and `appeal.resolved` where the judgement says so, when this is \
             answered. A judgement on an appeal has an `outcome`.",
        )
        .tag("Queue")
        .response::<400, Problem>()
        .response::<404, Problem>()
        .response::<409, Problem>()
}

/// The case that an item is taken into.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntoCase {
    /// Its number.
    case: u64,
}

/// Takes an item into a case.
pub async fn attach(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(ItemPath { id }): Named<ItemPath>,
    Input(IntoCase { case }): Input<IntoCase>,
) -> Result<Json<ItemView>, Problem> {
    Ok(Json(shared.casework.attach(id, case, &by).await?))
}

fn attach_docs(op: Op<'_>) -> Op<'_> {
    op.id("attachItem")
        .summary("Take an item into a case, which then links its request")
        .tag("Queue")
        .response::<404, Problem>()
        .response::<409, Problem>()
}

/// Several items and one judgement.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Several {
    /// Which, at most 200.
    items: Vec<u64>,
    /// How they would be judged.
    judgement: Judgement,
}

/// What judging several alike would do.
pub async fn preview(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    who: Known,
    Input(Several { items, judgement }): Input<Several>,
) -> Result<Json<Preview>, Problem> {
    changed(&shared, Control::noted("items_previewed", items.len().to_string(), by.clone())).await?;
    Ok(Json(shared.casework.preview(items, judgement, senior(&who), &by).await?))
}

fn preview_docs(op: Op<'_>) -> Op<'_> {
    op.id("previewJudgement")
        .summary("What judging several items alike would do; changes nothing")
        .tag("Queue")
        .response::<400, Problem>()
}

/// Several items and one judgement, as they were shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeveralSeen {
    /// The items that the preview showed, in its order.
    items: Vec<u64>,
    /// How they are judged.
    judgement: Judgement,
    /// The preview's `hash`.
    preview: String,
}

/// Judges several alike.
pub async fn judge_all(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    who: Known,
    Input(SeveralSeen { items, judgement, preview }): Input<SeveralSeen>,
) -> Result<StatusCode, Problem> {
    shared.casework.judge_all(items, judgement, preview, senior(&who), &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn judge_all_docs(op: Op<'_>) -> Op<'_> {
    op.id("judgeItems")
        .summary("Judge several items alike: exactly what the preview with this hash showed, or nothing")
        .tag("Queue")
        .response::<204, ()>()
        .response::<400, Problem>()
        .response::<409, Problem>()
}

/// How far back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Back {
    /// Days, up to 366; 28 where left out.
    days: Option<u32>,
}

impl Back {
    fn days(&self) -> u32 {
        self.days.unwrap_or(DAYS).clamp(1, DAYS_MAX)
    }
}

/// How the queue does.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QueueFigures {
    /// What waits now, and what was done.
    statistics: Statistics,
    /// What waits against the minutes that people have, by skill.
    plans: Vec<Plan>,
}

/// How the queue does.
pub async fn statistics(
    State(shared): State<Arc<Shared>>,
    Asked(back): Asked<Back>,
) -> Result<Json<QueueFigures>, Problem> {
    let statistics = shared.casework.statistics(back.days()).await?;
    Ok(Json(QueueFigures { statistics, plans: shared.casework.plans().await? }))
}

fn statistics_docs(op: Op<'_>) -> Op<'_> {
    op.id("readQueueStatistics").summary("What waits, how long, and what was done in time").tag("Queue")
}

/// Whether reviewers agree.
pub async fn quality(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Asked(back): Asked<Back>,
) -> Result<Json<Quality>, Problem> {
    changed(&shared, Control::noted("queue_quality_read", "queue", by)).await?;
    Ok(Json(shared.casework.quality(back.days()).await?))
}

fn quality_docs(op: Op<'_>) -> Op<'_> {
    op.id("readQueueQuality")
        .summary(
            "Whether reviewers agree (Cohen's κ with its interval), where not, and what random controls show",
        )
        .tag("Queue")
}

/// How the queue is worked.
pub async fn settings(State(shared): State<Arc<Shared>>) -> Result<Json<Settings>, Problem> {
    // Whoever knew the salt could tell controls from the others.
    Ok(Json(Settings { salt: String::new(), ..shared.casework.how().await? }))
}

fn settings_docs(op: Op<'_>) -> Op<'_> {
    op.id("readQueueSettings")
        .summary("How the queue is worked: minutes, capacity, shares, routes")
        .tag("Queue")
}

/// Names a user.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UserPath {
    /// The id.
    id: String,
}

/// What somebody can do.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skills {
    /// Skills as routes name them; everything where there is none.
    skills: BTreeSet<String>,
}

/// Somebody's skills.
pub async fn skills(
    State(shared): State<Arc<Shared>>,
    Named(UserPath { id }): Named<UserPath>,
) -> Result<Json<Skills>, Problem> {
    Ok(Json(Skills { skills: shared.casework.skills(&id).await? }))
}

fn skills_docs(op: Op<'_>) -> Op<'_> {
    op.id("readSkills").summary("What a user can do").tag("Queue")
}

/// Says what somebody can do.
pub async fn set_skills(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(UserPath { id }): Named<UserPath>,
    Input(Skills { skills }): Input<Skills>,
) -> Result<StatusCode, Problem> {
    shared.access.users.get(&id)?;
    shared.casework.set_skills(id, skills, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn set_skills_docs(op: Op<'_>) -> Op<'_> {
    op.id("setSkills")
        .summary("Say what a user can do")
        .tag("Queue")
        .response::<204, ()>()
        .response::<400, Problem>()
        .response::<404, Problem>()
}
