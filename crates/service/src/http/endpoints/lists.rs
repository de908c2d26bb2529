//! Who is on a list, and which rules are suppressed? Entries with a reason, an expiry and who put them there.

use crate::core::register::Origin;
use crate::core::versions::Part;
use crate::core::{Control, Core, Denied};
use crate::http::Shared;
use crate::http::endpoints::promotions::Why;
use crate::http::endpoints::{Caller, Op, changed, why};
use crate::http::input::{Asked, Input, Named};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ringfence_decide::Policy;
use ringfence_domain::tokens::TokenKind;
use ringfence_domain::words::nearest;
use ringfence_domain::{Timestamp, id};
use ringfence_engine::{Entry, List, Suppression};
use ringfence_features::kind::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Entries of one answer.
const PAGE_MAX: usize = 1_000;

/// A list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListName {
    /// Not to be slowed down without findings.
    Allow,
    /// Not to be paid by the machine.
    Deny,
    /// To be looked at.
    Watch,
}

impl From<ListName> for List {
    fn from(name: ListName) -> List {
        match name {
            ListName::Allow => List::Allow,
            ListName::Deny => List::Deny,
            ListName::Watch => List::Watch,
        }
    }
}

/// What can be on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Listable {
    /// An account.
    Account,
    /// A device, of the request or of its order.
    Device,
    /// A delivery address.
    Address,
    /// A payment instrument, of the request or of its order.
    Payment,
    /// The account's e-mail address.
    Email,
    /// The account's phone number.
    Phone,
    /// An IP address, of the request or of its order.
    Ip,
}

impl Listable {
    const ALL: [Listable; 7] = [
        Listable::Account,
        Listable::Device,
        Listable::Address,
        Listable::Payment,
        Listable::Email,
        Listable::Phone,
        Listable::Ip,
    ];
    fn kind(self) -> Kind {
        match self {
            Listable::Account => Kind::Account,
            Listable::Device => Kind::Device,
            Listable::Address => Kind::Address,
            Listable::Payment => Kind::Payment,
            Listable::Email => Kind::Email,
            Listable::Phone => Kind::Phone,
            Listable::Ip => Kind::Ip,
        }
    }
    /// Its kind where values become tokens at the door; accounts never do.
    fn token(self) -> Option<TokenKind> {
        match self {
            Listable::Account => None,
            Listable::Device => Some(TokenKind::Device),
            Listable::Address => Some(TokenKind::Address),
            Listable::Payment => Some(TokenKind::Payment),
            Listable::Email => Some(TokenKind::Email),
            Listable::Phone => Some(TokenKind::Phone),
            Listable::Ip => Some(TokenKind::Ip),
        }
    }
    fn of(kind: Kind) -> Option<Listable> {
        Listable::ALL.into_iter().find(|l| l.kind() == kind)
    }
}

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
    value: String,
    /// From then on it counts no more; for ever where left out.
    until: Option<Timestamp>,
    /// Why.
    why: String,
}

/// A rule that is not to bind some requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionWanted {
    /// The rule's name in the policy that decides.
    rule: String,
    /// What requests must name; together with `value`. All requests where both are left out.
    kind: Option<Listable>,
    /// As events name it.
    value: Option<String>,
    /// From then on the rule binds again: nothing is suppressed for ever.
    until: Timestamp,
    /// Why.
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
    let page = move |core: &Core| {
        let entries = core.engine().lists().entries().range(after + 1..);
        let of = entries.filter(|(_, e)| e.list == wanted).take(PAGE_MAX);
        let listed = |(id, entry): (&u64, &Entry)| Listed {
            id: *id,
            kind: Listable::of(entry.kind),
            value: entry.value.clone(),
            until: entry.until,
            origin: core.register().origins.get(id).cloned(),
        };
        of.map(listed).collect::<Vec<_>>()
    };
    Ok(Json(shared.worker.look(page).await?))
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
    let page = move |core: &Core| {
        let all = core.engine().lists().suppressions().range(after + 1..).take(PAGE_MAX);
        let told = |(id, suppression): (&u64, &Suppression)| Suppressed {
            id: *id,
            rule: suppression.rule.clone(),
            kind: suppression.of.as_ref().and_then(|(kind, _)| Listable::of(*kind)),
            value: suppression.of.as_ref().map(|(_, value)| value.clone()),
            until: suppression.until,
            origin: core.register().origins.get(id).cloned(),
        };
        all.map(told).collect::<Vec<_>>()
    };
    Ok(Json(shared.worker.look(page).await?))
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
    let rule = move |core: &Core| core.engine().lists().suppressions().contains_key(&id);
    if shared.worker.look(rule).await? {
        return Err(Problem::from(Denied::Unknown(format!("entry {id} of a list"))));
    }
    changed(&shared, Control::Unlisted { entry: id, why: why(asked.why)?, by }).await?;
    Ok(StatusCode::NO_CONTENT)
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
    let rule = move |core: &Core| core.engine().lists().suppressions().contains_key(&id);
    if !shared.worker.look(rule).await? {
        return Err(Problem::from(Denied::Unknown(format!("suppression {id}"))));
    }
    changed(&shared, Control::Unlisted { entry: id, why: why(asked.why)?, by }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn lift_docs(op: Op<'_>) -> Op<'_> {
    op.id("liftSuppression")
        .summary("Lift a suppression: the rule binds again")
        .tag("Lists")
        .response::<204, ()>()
        .response::<404, Problem>()
}
