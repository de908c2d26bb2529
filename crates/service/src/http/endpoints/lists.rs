//! Who is on a list, and which rules are suppressed? Entries with a reason, an expiry and who put them there.

use crate::core::register::Origin;
use crate::core::versions::Part;
use crate::core::{Control, Core, Denied, Principal};
use crate::http::Shared;
use crate::http::endpoints::listable::{ListName, Listable};
use crate::http::endpoints::promotions::Why;
use crate::http::endpoints::{Caller, Op, changed, why};
use crate::http::input::{Asked, Input, Named};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_decide::Policy;
use ringfence_domain::words::nearest;
use ringfence_domain::{Timestamp, id};
use ringfence_engine::{Entry, List, Suppression};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Entries of one answer.
const PAGE_MAX: usize = 1_000;

/// Names a list.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListPath {
    /// `allow`, `deny` or `watch`.
    list: ListName,
}

/// Names an entry or a suppression.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EntryPath {
    /// Its number.
    id: u64,
}

/// A part of a list.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Page {
    /// Entries after this number; 0 for the beginning.
    #[serde(default)]
    after: u64,
}

/// An identifier for a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryWanted {
    /// What it is.
    kind: Listable,
    /// As systems send it: it becomes a token where the deployment makes tokens.
    #[schemars(length(min = 1))]
    value: String,
    /// From then on it counts no more; for ever where left out.
    until: Option<Timestamp>,
    /// Why.
    #[schemars(length(min = 1, max = 2_000))]
    why: String,
}

/// A rule that is not to bind some requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [
    { "required": ["kind", "value"], "properties": { "kind": { "type": "string" }, "value": { "type": "string" } } },
    { "properties": { "kind": { "type": "null" }, "value": { "type": "null" } } }
]))]
pub struct SuppressionWanted {
    /// The rule's name in the policy that decides.
    rule: String,
    /// What requests must name; together with `value`. All requests where both are left out.
    kind: Option<Listable>,
    /// As events name it.
    #[schemars(length(min = 1))]
    value: Option<String>,
    /// From then on the rule binds again: nothing is suppressed for ever.
    until: Timestamp,
    /// Why.
    #[schemars(length(min = 1, max = 2_000))]
    why: String,
}

/// An entry of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed {
    /// Its number; reasons of decisions name it.
    id: u64,
    /// What it is.
    kind: Option<Listable>,
    /// As events name it.
    value: String,
    /// From then on it counts no more.
    until: Option<Timestamp>,
    /// Why, who, when.
    #[serde(flatten)]
    origin: Option<Origin>,
}

/// A suppression.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Suppressed {
    /// Its number; reasons of decisions name it.
    id: u64,
    /// The rule.
    rule: String,
    /// What requests must name.
    kind: Option<Listable>,
    /// As events name it.
    value: Option<String>,
    /// From then on the rule binds again.
    until: Timestamp,
    /// Why, who, when.
    #[serde(flatten)]
    origin: Option<Origin>,
}

/// The number of what was added.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Added {
    /// Its number.
    id: u64,
}

/// The value as events name it.
fn named(
    shared: &Shared,
    kind: Listable,
    value: String,
    until: Option<Timestamp>,
) -> Result<String, Problem> {
    let value = checked(shared, value, until)?;
    Ok(match kind.token() {
        Some(kind) => shared.door.named(kind, value),
        None => value,
    })
}

fn checked(shared: &Shared, value: String, until: Option<Timestamp>) -> Result<String, Problem> {
    let wrong =
        |what: String| Problem::new(StatusCode::BAD_REQUEST, "entry", "This is not an entry").detail(what);
    id::check(&value).map_err(|e| wrong(e.to_string()))?;
    if until.is_some_and(|until| until <= (shared.clock)()) {
        return Err(wrong("`until` has passed already".into()));
    }
    Ok(value)
}

/// Some of what has numbers, from the one after `after` on; what `told` leaves out does not count.
async fn page<E: 'static, T: Send + 'static>(
    shared: &Shared,
    after: u64,
    all: impl FnOnce(&Core) -> &BTreeMap<u64, E> + Send + 'static,
    told: impl Fn(&Core, u64, &E) -> Option<T> + Send + 'static,
) -> Result<Json<Vec<T>>, Problem> {
    let page = move |core: &Core| {
        let after = (Bound::Excluded(after), Bound::Unbounded);
        let told = all(core).range(after).filter_map(|(id, one)| told(core, *id, one));
        told.take(PAGE_MAX).collect()
    };
    Ok(Json(shared.worker.look(page).await?))
}

/// Takes away an entry of a list, or a suppression where `suppression` says so.
async fn unlist(
    shared: &Shared,
    entry: u64,
    suppression: bool,
    reason: String,
    by: Principal,
) -> Result<StatusCode, Problem> {
    let is = move |core: &Core| core.engine().lists().suppressions().contains_key(&entry);
    if shared.worker.look(is).await? != suppression {
        let what =
            if suppression { format!("suppression {entry}") } else { format!("entry {entry} of a list") };
        return Err(Denied::Unknown(what).into());
    }
    changed(shared, Control::Unlisted { entry, why: why(reason)?, by }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts an identifier on a list.
pub async fn add(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(ListPath { list }): Named<ListPath>,
    Input(wanted): Input<EntryWanted>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let EntryWanted { kind, value, until, why: reason } = wanted;
    let value = named(&shared, kind, value, until)?;
    let (list, kind) = (list.into(), kind.kind());
    let id = changed(&shared, Control::Listed { list, kind, value, until, why: why(reason)?, by }).await?;
    Ok((StatusCode::CREATED, Json(Added { id })))
}

pub(crate) fn add_docs(op: Op<'_>) -> Op<'_> {
    op.id("addToList")
        .summary("Put an identifier on the allow, deny or watch list")
        .description(
            "It counts for requests that arrive from now on. What follows is for the policy's rules to say.",
        )
        .tag("Lists")
        .response::<201, Json<Added>>()
        .response::<400, Problem>()
}

/// The entries of a list.
pub async fn list(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(ListPath { list }): Named<ListPath>,
    Asked(Page { after }): Asked<Page>,
) -> Result<Json<Vec<Listed>>, Problem> {
    let wanted = List::from(list);
    let subject = serde_json::to_value(list).unwrap_or_default();
    let noted = Control::noted("list_read", subject.as_str().unwrap_or_default(), by);
    changed(&shared, noted).await?;
    let listed = move |core: &Core, id: u64, entry: &Entry| {
        let Entry { list, kind, value, until } = entry;
        let origin = core.register().origins.get(&id).cloned();
        let (kind, value, until) = (Listable::of(*kind), value.clone(), *until);
        (*list == wanted).then_some(Listed { id, kind, value, until, origin })
    };
    page(&shared, after, |core| core.engine().lists().entries(), listed).await
}

pub(crate) fn list_docs(op: Op<'_>) -> Op<'_> {
    op.id("readList").summary("Read a list, 1,000 entries at a time; the reading is recorded").tag("Lists")
}

/// Suppresses a rule.
pub async fn suppress(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Input(wanted): Input<SuppressionWanted>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let SuppressionWanted { rule, kind, value, until, why: reason } = wanted;
    let of = match (kind, value) {
        (None, None) => {
            checked(&shared, rule.clone(), Some(until))?;
            None
        }
        (Some(kind), Some(value)) => Some((kind.kind(), named(&shared, kind, value, Some(until))?)),
        (Some(_), None) | (None, Some(_)) => {
            let problem =
                Problem::new(StatusCode::BAD_REQUEST, "entry", "`kind` and `value` belong together");
            return Err(problem.remedy("write both, or neither to suppress the rule for everyone"));
        }
    };
    let live = shared.worker.look(|core| core.versions().get(Part::Policy.as_str()).cloned()).await?;
    let policy = shared.worker.history().library.get(Part::Policy, &live.unwrap_or_default())?;
    let policy = Policy::parse(&String::from_utf8_lossy(&policy));
    let names: Vec<String> =
        policy.map(|p| p.rules.into_iter().map(|r| r.name).collect()).unwrap_or_default();
    if !names.contains(&rule) {
        let near = nearest(&rule, names.iter().map(String::as_str)).map(str::to_owned);
        let mut problem = Problem::from(Denied::Unknown(format!("rule `{rule}` in the policy that decides")));
        if let Some(near) = near {
            problem = problem.remedy(format!("did you mean `{near}`?"));
        }
        return Err(problem);
    }
    let id = changed(&shared, Control::Suppressed { rule, of, until, why: why(reason)?, by }).await?;
    Ok((StatusCode::CREATED, Json(Added { id })))
}

pub(crate) fn suppress_docs(op: Op<'_>) -> Op<'_> {
    op.id("suppressRule")
        .summary("Suppress a rule, for requests that name something or for all, until a time")
        .description("A decision on which a suppressed rule would have matched says so.")
        .tag("Lists")
        .response::<201, Json<Added>>()
        .response::<400, Problem>()
        .response::<404, Problem>()
}

/// All suppressions.
pub async fn suppressions(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Asked(Page { after }): Asked<Page>,
) -> Result<Json<Vec<Suppressed>>, Problem> {
    changed(&shared, Control::noted("list_read", "suppressions", by)).await?;
    let told = |core: &Core, id: u64, suppression: &Suppression| {
        let Suppression { rule, of, until } = suppression;
        let origin = core.register().origins.get(&id).cloned();
        let kind = of.as_ref().and_then(|(kind, _)| Listable::of(*kind));
        let value = of.as_ref().map(|(_, value)| value.clone());
        Some(Suppressed { id, rule: rule.clone(), kind, value, until: *until, origin })
    };
    page(&shared, after, |core| core.engine().lists().suppressions(), told).await
}

pub(crate) fn suppressions_docs(op: Op<'_>) -> Op<'_> {
    op.id("readSuppressions").summary("Read what is suppressed; the reading is recorded").tag("Lists")
}

/// Takes an entry away.
pub async fn remove(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(EntryPath { id }): Named<EntryPath>,
    Input(asked): Input<Why>,
) -> Result<StatusCode, Problem> {
    unlist(&shared, id, false, asked.why, by).await
}

pub(crate) fn remove_docs(op: Op<'_>) -> Op<'_> {
    op.id("removeFromList")
        .summary("Take an entry off its list")
        .tag("Lists")
        .response::<204, ()>()
        .response::<404, Problem>()
}

/// Takes a suppression away.
pub async fn lift(
    State(shared): State<Arc<Shared>>,
    Caller(by): Caller,
    Named(EntryPath { id }): Named<EntryPath>,
    Input(asked): Input<Why>,
) -> Result<StatusCode, Problem> {
    unlist(&shared, id, true, asked.why, by).await
}

pub(crate) fn lift_docs(op: Op<'_>) -> Op<'_> {
    op.id("liftSuppression")
        .summary("Lift a suppression: the rule binds again")
        .tag("Lists")
        .response::<204, ()>()
        .response::<404, Problem>()
}
