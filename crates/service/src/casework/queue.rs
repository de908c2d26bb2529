//! What do people do with the queue? Take the next item, judge it, several at once after a preview; and how the queue does.

use crate::casework::view::ItemView;
use crate::casework::{After, Casework, CaseworkError, Denied, ItemFilter, person};
use crate::core::Principal;
use ringfence_casework::agreement::{Agreement, Judged, kappa};
use ringfence_casework::bulk::{self, Preview};
use ringfence_casework::desk::{Keys, Person};
use ringfence_casework::limits::{BULK_MAX, CLAIMS_MAX, PLAN_MAX};
use ringfence_casework::settings::Settings;
use ringfence_casework::stats::{Statistics, statistics};
use ringfence_casework::worth::{Planned, plan};
use ringfence_casework::{Change, Item, Judgement};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Duration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// A part of a list, and where the next begins.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Send it as `after` for what follows; none at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub(super) fn new(rows: Vec<T>, next: Option<After>) -> Page<T> {
        Page { rows, next: next.map(|After(key, id)| format!("{key}.{id}")) }
    }
}

/// Where a page begins, as the one before said.
///
/// # Errors
/// Where it is no such text.
pub fn after(text: Option<&str>) -> Result<Option<After>, Denied> {
    let Some(text) = text else { return Ok(None) };
    let parts = text.split_once('.').and_then(|(key, id)| Some(After(key.parse().ok()?, id.parse().ok()?)));
    let wrong = || Denied::Invalid("`after` is what the page before said as `next`".into());
    parts.map(Some).ok_or_else(wrong)
}

/// What waits of one skill, in the order in which to work.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The skill.
    pub skill: String,
    /// Minutes that people have for it in a day.
    pub minutes_a_day: f64,
    /// What can be done in time.
    pub fits: usize,
    /// What cannot wait.
    pub urgent: usize,
    /// What cannot be done in time with these minutes.
    pub beyond: usize,
}

/// Two people's judgements of one item that differ.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Disagreement {
    /// The first.
    pub first: ItemView,
    /// The second.
    pub second: ItemView,
}

/// Whether reviewers agree, and what controls show.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Quality {
    /// Second looks.
    pub agreement: Agreement,
    /// Those that came out differently, newest first, at most 100.
    pub differ: Vec<Disagreement>,
    /// Controls judged: requests that no person would have seen.
    pub controls: u64,
    /// Of them, what was abuse.
    pub controls_abuse: u64,
}

/// Disagreements of one answer.
const DIFFER_MAX: usize = 100;

/// Whoever works the queue is not shown what another must do: that it is there would say what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Worker {
    who: String,
    senior: bool,
}

impl Worker {
    /// Somebody; `senior` where they may judge what another judged before.
    pub fn new(by: &Principal, senior: bool) -> Worker {
        Worker { who: person(by), senior }
    }
    /// Appeals and second reviews are for others than those who decided before.
    fn may_do(&self, item: &Item) -> bool {
        !item.not_by.contains(&self.who) && (item.second_of.is_none() || self.senior)
    }
    fn suits(&self, item: &Item, person: &Person) -> bool {
        person.can(&item.skill) && self.may_do(item)
    }
}

impl Casework {
    /// How the queue is worked.
    pub async fn how(&self) -> Result<Settings, CaseworkError> {
        self.on(|inner| async move { Ok(inner.store.general().await?.settings) }).await
    }
    /// A page of items.
    pub async fn items(
        &self,
        filter: ItemFilter,
        after: Option<After>,
        limit: usize,
    ) -> Result<Page<ItemView>, CaseworkError> {
        self.items_for(None, filter, after, limit).await
    }
    /// A page of items as somebody who works them sees it; all of them for who only looks.
    pub async fn items_for(
        &self,
        worker: Option<Worker>,
        filter: ItemFilter,
        after: Option<After>,
        limit: usize,
    ) -> Result<Page<ItemView>, CaseworkError> {
        self.on(move |inner| async move {
            let now = (inner.clock)();
            let shown = |item: &&Item| !item.open() || worker.as_ref().is_none_or(|w| w.may_do(item));
            let mut after = after;
            loop {
                let (items, next) = inner.store.items(&filter, after, limit, now).await?;
                let rows: Vec<_> = items.iter().filter(shown).map(|item| ItemView::of(item, now)).collect();
                if !rows.is_empty() || next.is_none() {
                    return Ok(Page::new(rows, next));
                }
                after = next;
            }
        })
        .await
    }
    /// What there is to do on a refund, as somebody who works it sees it, and whether it can be judged blind: while there
    /// is something that they may do they see nothing of what was judged before.
    pub async fn work_on(&self, worker: Worker, refund: &str) -> Result<Vec<ItemView>, CaseworkError> {
        let refund = refund.to_owned();
        self.on(move |inner| async move {
            let now = (inner.clock)();
            let mut items = inner.store.items_of_refund(&refund).await?;
            items.retain(|item| !item.open() || worker.may_do(item));
            if items.iter().any(Item::open) {
                items.retain(Item::open);
            }
            Ok(items.iter().map(|item| ItemView::of(item, now)).collect())
        })
        .await
    }
    /// An item, where somebody who works it may know of it.
    pub async fn item_for(&self, worker: Worker, id: u64) -> Result<ItemView, CaseworkError> {
        self.on(move |inner| async move {
            let item = inner.store.item(id).await?.ok_or_else(|| Denied::Unknown(format!("item {id}")))?;
            if item.open() && !worker.may_do(&item) {
                return Err(Denied::OtherPerson("another person must do this one".into()).into());
            }
            Ok(ItemView::of(&item, (inner.clock)()))
        })
        .await
    }
    /// An item.
    pub async fn item(&self, id: u64) -> Result<ItemView, CaseworkError> {
        self.on(move |inner| async move {
            let item = inner.store.item(id).await?.ok_or_else(|| Denied::Unknown(format!("item {id}")))?;
            Ok(ItemView::of(&item, (inner.clock)()))
        })
        .await
    }
    /// The items of a refund, oldest first.
    pub async fn items_of_refund(&self, refund: &str) -> Result<Vec<ItemView>, CaseworkError> {
        let refund = refund.to_owned();
        self.on(move |inner| async move {
            let now = (inner.clock)();
            let items = inner.store.items_of_refund(&refund).await?;
            Ok(items.iter().map(|item| ItemView::of(item, now)).collect())
        })
        .await
    }
    /// The items of an account, newest first.
    pub async fn items_of_account(&self, account: &str) -> Result<Vec<ItemView>, CaseworkError> {
        let account = account.to_owned();
        self.on(move |inner| async move {
            let now = (inner.clock)();
            let items = inner.store.items_of_account(&account).await?;
            Ok(items.iter().map(|item| ItemView::of(item, now)).collect())
        })
        .await
    }
    /// What somebody has now.
    pub async fn mine(&self, by: &Principal) -> Result<Vec<ItemView>, CaseworkError> {
        let who = person(by);
        self.on(move |inner| async move {
            let now = (inner.clock)();
            let items = inner.store.claims(&who, now).await?;
            Ok(items.iter().map(|item| ItemView::of(item, now)).collect())
        })
        .await
    }
    /// Takes an item; `senior` where they may judge what another judged before.
    pub async fn claim(&self, id: u64, senior: bool, by: &Principal) -> Result<ItemView, CaseworkError> {
        let by = by.clone();
        self.on(move |inner| async move {
            let mut writer = inner.writer.lock().await;
            inner.claim(&mut writer, id, senior, &by).await
        })
        .await
    }
    /// Takes what should be worked next; none where nothing waits that this person can do.
    pub async fn next(&self, senior: bool, by: &Principal) -> Result<Option<ItemView>, CaseworkError> {
        let by = by.clone();
        self.on(move |inner| async move {
            let mut writer = inner.writer.lock().await;
            inner.catch_up(&mut writer).await?;
            let (who, now) = (person(&by), (inner.clock)());
            let worker = Worker { who: who.clone(), senior };
            let (person, settings) = (inner.store.person(&who).await?, inner.store.general().await?.settings);
            let mut best: Option<(Planned, i64, Timestamp)> = None;
            for skill in inner.store.skills().await?.iter().filter(|skill| person.can(skill)) {
                let waiting = inner.store.waiting(skill, now, PLAN_MAX).await?;
                for planned in plan(&waiting, settings.capacity(skill), now) {
                    let item = inner.store.item(planned.id).await?;
                    let Some(item) = item.filter(|item| worker.suits(item, &person)) else { continue };
                    // What cannot wait before what can, then what fits before what does not, then worth.
                    let rank = |p: &Planned, worth: i64, due: Timestamp| {
                        let due = if p.urgent { due } else { Timestamp::MAX };
                        (!p.urgent, !p.fits, due, std::cmp::Reverse(worth), p.id)
                    };
                    let here = (planned, item.worth, item.due);
                    if best.is_none_or(|b| rank(&here.0, here.1, here.2) < rank(&b.0, b.1, b.2)) {
                        best = Some(here);
                    }
                    break;
                }
            }
            match best {
                Some((planned, ..)) => inner.claim(&mut writer, planned.id, senior, &by).await.map(Some),
                None => Ok(None),
            }
        })
        .await
    }
    /// Gives an item back.
    pub async fn release(&self, id: u64, by: &Principal) -> Result<ItemView, CaseworkError> {
        self.changed(by, Keys::default(), move |_, _| Ok(Change::Released { item: id })).await?;
        self.item(id).await
    }
    /// Judges what was claimed: `refund.decided`, and what else follows, are in the log when this returns.
    pub async fn judge(
        &self,
        id: u64,
        judgement: Judgement,
        by: &Principal,
    ) -> Result<ItemView, CaseworkError> {
        self.changed(by, Keys::default(), move |_, _| Ok(Change::Judged { item: id, judgement })).await?;
        self.item(id).await
    }
    /// What judging several alike would do.
    pub async fn preview(
        &self,
        items: Vec<u64>,
        judgement: Judgement,
        senior: bool,
        by: &Principal,
    ) -> Result<Preview, CaseworkError> {
        let who = person(by);
        self.on(move |inner| async move {
            if items.is_empty() || items.len() > BULK_MAX {
                return Err(Denied::Invalid(format!("name 1 to {BULK_MAX} items")).into());
            }
            let keys = Keys {
                items: items.iter().copied().collect(),
                users: [who.clone()].into(),
                ..Keys::default()
            };
            let mut batch = inner.store.begin().await?;
            batch.load(&keys).await?;
            Ok(bulk::preview(batch.desk(), &items, &judgement, &who, (inner.clock)(), senior))
        })
        .await
    }
    /// Judges several alike, as the preview with this hash showed it.
    pub async fn judge_all(
        &self,
        items: Vec<u64>,
        judgement: Judgement,
        preview: String,
        senior: bool,
        by: &Principal,
    ) -> Result<(), CaseworkError> {
        self.changed(by, Keys::default(), move |_, _| {
            Ok(Change::JudgedAll { items, judgement, preview, senior })
        })
        .await
    }
    /// Takes an item into a case.
    pub async fn attach(&self, item: u64, case: u64, by: &Principal) -> Result<ItemView, CaseworkError> {
        self.changed(by, Keys::default(), move |_, _| Ok(Change::Attached { item, case })).await?;
        self.item(item).await
    }
    /// Somebody's skills.
    pub async fn skills(&self, user: &str) -> Result<BTreeSet<String>, CaseworkError> {
        let user = user.to_owned();
        self.on(move |inner| async move { Ok(inner.store.person(&user).await?.skills) }).await
    }
    /// Says what somebody can do; everything where no skill is named.
    pub async fn set_skills(
        &self,
        user: String,
        skills: BTreeSet<String>,
        by: &Principal,
    ) -> Result<(), CaseworkError> {
        self.changed(by, Keys::default(), move |_, _| Ok(Change::Skills { user, skills })).await
    }
    /// How the queue does: what waits now, and what was done in so many days.
    pub async fn statistics(&self, days: u32) -> Result<Statistics, CaseworkError> {
        self.on(move |inner| async move {
            let now = (inner.clock)();
            let (groups, median) = inner.store.groups(ago(now, days), now).await?;
            Ok(statistics(&groups, median, now))
        })
        .await
    }
    /// What waits, by skill, against the minutes that people have.
    pub async fn plans(&self) -> Result<Vec<Plan>, CaseworkError> {
        self.on(|inner| async move {
            let now = (inner.clock)();
            let settings = inner.store.general().await?.settings;
            let mut plans = Vec::new();
            for skill in inner.store.skills().await? {
                let waiting = inner.store.waiting(&skill, now, PLAN_MAX).await?;
                let minutes_a_day = settings.capacity(&skill);
                let planned = plan(&waiting, minutes_a_day, now);
                let count = |is: fn(&Planned) -> bool| planned.iter().filter(|p| is(p)).count();
                let (fits, urgent) = (count(|p| p.fits), count(|p| p.urgent));
                plans.push(Plan { skill, minutes_a_day, fits, urgent, beyond: planned.len() - fits });
            }
            Ok(plans)
        })
        .await
    }
    /// Whether reviewers agree, and what controls show, in so many days.
    pub async fn quality(&self, days: u32) -> Result<Quality, CaseworkError> {
        self.on(move |inner| async move {
            let now = (inner.clock)();
            let since = ago(now, days);
            let looks = inner.store.second_looks(since).await?;
            let judged = |item: &Item| item.judged().map(|(_, _, judgement)| Judged::of(judgement));
            let mut pairs = Vec::new();
            let mut differ = Vec::new();
            for (first, second) in &looks {
                let (Some(one), Some(other)) = (judged(first), judged(second)) else { continue };
                pairs.push((one, other));
                if one != other && differ.len() < DIFFER_MAX {
                    let (first, second) = (ItemView::of(first, now), ItemView::of(second, now));
                    differ.push(Disagreement { first, second });
                }
            }
            let controls = inner.store.controls(since).await?;
            let abuse = |item: &&Item| {
                item.judged()
                    .is_some_and(|(_, _, j)| matches!(j.verdict, Some(Verdict::Abuse | Verdict::PolicyAbuse)))
            };
            Ok(Quality {
                agreement: kappa(&pairs),
                differ,
                controls: controls.len() as u64,
                controls_abuse: controls.iter().filter(abuse).count() as u64,
            })
        })
        .await
    }
}

fn ago(now: Timestamp, days: u32) -> Timestamp {
    now.plus(Duration(-i64::from(days) * Duration::DAY.0))
}

impl super::Inner {
    /// Takes an item for as long as the settings say.
    async fn claim(
        &self,
        writer: &mut super::Writer,
        id: u64,
        senior: bool,
        by: &Principal,
    ) -> Result<ItemView, CaseworkError> {
        let now = (self.clock)();
        let held = self.store.claims(&person(by), now).await?;
        if held.len() >= CLAIMS_MAX && !held.iter().any(|item| item.id == id) {
            let what = format!("you have {CLAIMS_MAX} items already; judge or release some");
            return Err(Denied::TooMany(what).into());
        }
        let claim = |desk: &ringfence_casework::Desk, now: Timestamp| {
            let minutes = i64::from(desk.general.settings.claim_minutes);
            Ok(Change::Claimed { item: id, until: now.plus(Duration(minutes * 60_000)), senior })
        };
        self.make(writer, by, Keys::default(), claim).await?;
        let item = self.store.item(id).await?.ok_or_else(|| Denied::Unknown(format!("item {id}")))?;
        Ok(ItemView::of(&item, (self.clock)()))
    }
}
