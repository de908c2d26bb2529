//! What is asked of the tables? Pages of the queue and of cases by keys, histories, tasks, holds, figures.
//!
//! Every list is read from an index on, from where the page before ended; none counts what it does not show.

use crate::rows::{doc, number, time, word};
use crate::{Store, StoreError};
use ringfence_casework::case::{About, Subject};
use ringfence_casework::desk::{Person, Refund};
use ringfence_casework::stats::Group;
use ringfence_casework::worth::Waiting;
use ringfence_casework::{Case, CaseState, Change, Item, Kind};
use ringfence_domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};
use std::collections::BTreeMap;

/// Rows of one page.
pub const PAGE_MAX: usize = 200;
/// Rows that figures are made of at a time: beyond, those longest ago are left out.
pub const FIGURES_MAX: i64 = 100_000;

/// Which items are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Items {
    /// Those that nobody has, most worth first.
    #[default]
    Free,
    /// All that are to be done, most worth first.
    Open,
    /// Judged ones, newest first.
    Done,
}

/// Narrows a list of items.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ItemFilter {
    /// Which.
    pub items: Items,
    /// Only of this skill.
    pub skill: Option<String>,
    /// Only of this kind.
    pub kind: Option<Kind>,
}

/// Where a page ends and the next begins: the sort key and the id of its last row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct After(pub i64, pub u64);

/// Narrows a list of cases.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CaseFilter {
    /// Only in this state; all live ones where `live`.
    pub state: Option<CaseState>,
    /// Only those that can be worked.
    pub live: bool,
    /// Only of this person.
    pub assignee: Option<String>,
    /// Only those on which a hold stands.
    pub held: bool,
}

/// A task of some case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct TaskRow {
    /// The case.
    pub case: u64,
    /// Its number within the case.
    pub task: u32,
    /// What.
    pub title: String,
    /// By whom; empty where nobody is named.
    pub assignee: String,
    /// Until when.
    pub due: Option<Timestamp>,
}

/// A line of a case's history.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct EntryRow {
    /// The case in which it was done.
    pub case: u64,
    /// Its place in the log.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What, in a word.
    pub did: String,
    /// What, in full.
    pub change: Change,
}

type Asking<'q> = Query<'q, Any, AnyArguments>;

/// Conditions of a query with their values.
#[derive(Default)]
struct Where {
    sql: String,
    values: Vec<Value>,
}

enum Value {
    Number(i64),
    Text(String),
}

impl Where {
    /// `condition` has `?` in the place of each value.
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql += if self.sql.is_empty() { " WHERE " } else { " AND " };
        let mut values = values.into_iter();
        for part in condition.split_inclusive('?') {
            match part.strip_suffix('?') {
                Some(before) => {
                    let value = values.next().expect("a value for each place");
                    self.values.push(value);
                    self.sql += &format!("{before}${}", self.values.len());
                }
                None => self.sql += part,
            }
        }
    }
    fn bind(self, mut query: Asking<'_>) -> Asking<'_> {
        for value in self.values {
            query = match value {
                Value::Number(n) => query.bind(n),
                Value::Text(t) => query.bind(t),
            };
        }
        query
    }
}

fn n(value: i64) -> Value {
    Value::Number(value)
}
fn t(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn item(row: &AnyRow) -> Result<Item, StoreError> {
    doc(&word(row, 0)?, "an item")
}
/// The group that a row of counts is of.
fn group<'g>(
    groups: &'g mut BTreeMap<(Kind, String), Group>,
    row: &AnyRow,
) -> Result<&'g mut Group, StoreError> {
    let (kind, skill) = (Kind::parse(&word(row, 0)?).unwrap_or(Kind::Review), word(row, 1)?);
    Ok(groups.entry((kind, skill.clone())).or_insert_with(|| Group {
        kind,
        skill,
        waiting: 0,
        claimed: 0,
        minutes: 0.0,
        saves: 0.0,
        overdue: 0,
        oldest: None,
        done: 0,
        in_time: 0,
        within_sla: 0,
    }))
}
fn case(row: &AnyRow) -> Result<Case, StoreError> {
    doc(&word(row, 0)?, "a case")
}

impl Store {
    async fn all(&self, select: &str, of: Where, rest: &str) -> Result<Vec<AnyRow>, StoreError> {
        let sql = format!("{select}{}{rest}", of.sql);
        Ok(of.bind(sqlx::query(AssertSqlSafe(sql))).fetch_all(&self.pool).await?)
    }
    async fn doc_of(&self, table: &str, id: Value) -> Result<Option<String>, StoreError> {
        let mut of = Where::default();
        of.and("id = ?", [id]);
        let rows = self.all(&format!("SELECT doc FROM {table}"), of, "").await?;
        rows.first().map(|row| word(row, 0)).transpose()
    }
    /// An item.
    pub async fn item(&self, id: u64) -> Result<Option<Item>, StoreError> {
        self.doc_of("item", n(id as i64)).await?.map(|text| doc(&text, "an item")).transpose()
    }
    /// A case.
    pub async fn case(&self, id: u64) -> Result<Option<Case>, StoreError> {
        self.doc_of("cases", n(id as i64)).await?.map(|text| doc(&text, "a case")).transpose()
    }
    /// Somebody's skills.
    pub async fn person(&self, id: &str) -> Result<Person, StoreError> {
        let found = self.doc_of("person", t(id)).await?;
        Ok(found.map(|text| doc(&text, "a person's skills")).transpose()?.unwrap_or_default())
    }
    /// What is remembered of a refund.
    pub async fn refund(&self, id: &str) -> Result<Option<Refund>, StoreError> {
        self.doc_of("refund", t(id)).await?.map(|text| doc(&text, "a refund")).transpose()
    }
    /// A page of items; where the next begins, if there is one.
    pub async fn items(
        &self,
        filter: &ItemFilter,
        after: Option<After>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<Item>, Option<After>), StoreError> {
        let mut of = Where::default();
        let done = filter.items == Items::Done;
        match filter.items {
            Items::Done => of.and("done_at > 0", []),
            Items::Open => of.and("open = 1", []),
            Items::Free => of.and("open = 1 AND free_from <= ?", [n(now.millis())]),
        }
        if let Some(skill) = &filter.skill {
            of.and("skill = ?", [t(skill)]);
        }
        if let Some(kind) = filter.kind {
            of.and("kind = ?", [t(kind.as_str())]);
        }
        let order = if done {
            if let Some(After(at, id)) = after {
                of.and("done_at <= ? AND (done_at < ? OR id < ?)", [n(at), n(at), n(id as i64)]);
            }
            "done_at DESC, id DESC"
        } else {
            if let Some(After(worth, id)) = after {
                of.and("worth <= ? AND (worth < ? OR id > ?)", [n(worth), n(worth), n(id as i64)]);
            }
            "worth DESC, id"
        };
        let limit = limit.clamp(1, PAGE_MAX);
        let rest = format!(" ORDER BY {order} LIMIT {}", limit + 1);
        let rows = self.all("SELECT doc FROM item", of, &rest).await?;
        let mut items = rows.iter().map(item).collect::<Result<Vec<Item>, StoreError>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let key = |i: &Item| if done { i.judged().map_or(0, |(_, at, _)| at.millis()) } else { i.worth };
        let next = items.last().filter(|_| more).map(|last| After(key(last), last.id));
        Ok((items, next))
    }
    /// The items that somebody has now.
    pub async fn claims(&self, user: &str, now: Timestamp) -> Result<Vec<Item>, StoreError> {
        let mut of = Where::default();
        of.and("holder = ? AND free_from > ? AND open = 1", [t(user), n(now.millis())]);
        let rows = self
            .all("SELECT doc FROM item", of, &format!(" ORDER BY free_from, id LIMIT {PAGE_MAX}"))
            .await?;
        rows.iter().map(item).collect()
    }
    /// The items of an account, newest first.
    pub async fn items_of_account(&self, account: &str) -> Result<Vec<Item>, StoreError> {
        let mut of = Where::default();
        of.and("account = ?", [t(account)]);
        let rows =
            self.all("SELECT doc FROM item", of, &format!(" ORDER BY id DESC LIMIT {PAGE_MAX}")).await?;
        rows.iter().map(item).collect()
    }
    /// The items of a refund, oldest first.
    pub async fn items_of_refund(&self, refund: &str) -> Result<Vec<Item>, StoreError> {
        let mut of = Where::default();
        of.and("refund = ?", [t(refund)]);
        let rows = self.all("SELECT doc FROM item", of, &format!(" ORDER BY id LIMIT {PAGE_MAX}")).await?;
        rows.iter().map(item).collect()
    }
    /// What waits of some skill, most worth first, as a plan needs it.
    pub async fn waiting(
        &self,
        skill: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Waiting>, StoreError> {
        let mut of = Where::default();
        of.and("skill = ? AND open = 1 AND free_from <= ?", [t(skill), n(now.millis())]);
        let rest = format!(" ORDER BY worth DESC, id LIMIT {limit}");
        let rows = self.all("SELECT id, worth, due, minutes_milli FROM item", of, &rest).await?;
        let waiting = |row: &AnyRow| {
            Ok(Waiting {
                id: number(row, 0)? as u64,
                worth: number(row, 1)?,
                due: time(number(row, 2)?),
                minutes: number(row, 3)? as f64 / 1_000.0,
            })
        };
        rows.iter().map(waiting).collect()
    }
    /// The skills that what is to be done needs.
    pub async fn skills(&self) -> Result<Vec<String>, StoreError> {
        let mut of = Where::default();
        of.and("open = 1", []);
        let rows = self.all("SELECT DISTINCT skill FROM item", of, " ORDER BY skill").await?;
        rows.iter().map(|row| word(row, 0)).collect()
    }
    /// Counts of what is to be done and of what was done since, and when the middle one of the former came.
    pub async fn groups(
        &self,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(Vec<Group>, Option<Timestamp>), StoreError> {
        let count = |condition: &str| format!("CAST(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT)");
        let now = now.millis();
        let open = format!(
            "SELECT kind, skill, COUNT(*), {}, CAST(SUM(minutes_milli) AS BIGINT), {}, MIN(opened), \
             SUM(CAST(worth AS DOUBLE PRECISION) * minutes_milli) FROM item",
            count(&format!("free_from > {now}")),
            count(&format!("due < {now}"))
        );
        let mut groups: BTreeMap<(Kind, String), Group> = BTreeMap::new();
        let mut total = 0;
        let mut waiting = Where::default();
        waiting.and("open = 1", []);
        for row in self.all(&open, waiting, " GROUP BY kind, skill").await? {
            let group = group(&mut groups, &row)?;
            let (all, claimed) = (number(&row, 2)? as u64, number(&row, 3)? as u64);
            total += all;
            (group.waiting, group.claimed) = (all - claimed, claimed);
            group.minutes = number(&row, 4)? as f64 / 1_000.0;
            group.overdue = number(&row, 5)? as u64;
            group.oldest = Some(time(number(&row, 6)?));
            // A worth is of a thousand minutes, and minutes are in thousandths.
            group.saves = row.try_get::<f64, _>(7)? / 1e6;
        }
        let done = format!(
            "SELECT kind, skill, COUNT(*), {}, {} FROM item",
            count("done_at <= due"),
            count("done_at <= target")
        );
        let mut of = Where::default();
        of.and("done_at >= ? AND done_at > 0", [n(since.millis())]);
        for row in self.all(&done, of, " GROUP BY kind, skill").await? {
            let group = group(&mut groups, &row)?;
            group.done = number(&row, 2)? as u64;
            (group.in_time, group.within_sla) = (number(&row, 3)? as u64, number(&row, 4)? as u64);
        }
        let mut middle = Where::default();
        middle.and("open = 1", []);
        let rest = format!(" ORDER BY opened LIMIT 1 OFFSET {}", total / 2);
        let middle = self.all("SELECT opened FROM item", middle, &rest).await?;
        let median = middle.first().map(|row| number(row, 0).map(time)).transpose()?;
        Ok((groups.into_values().collect(), median))
    }
    /// The items judged a second time since then, each with its first.
    pub async fn second_looks(&self, since: Timestamp) -> Result<Vec<(Item, Item)>, StoreError> {
        let mut of = Where::default();
        of.and("s.second_of > 0 AND s.done_at >= ? AND s.done_at > 0", [n(since.millis())]);
        let select = "SELECT f.doc, s.doc FROM item s JOIN item f ON f.id = s.second_of";
        let rest = format!(" ORDER BY s.done_at DESC, s.id DESC LIMIT {FIGURES_MAX}");
        let rows = self.all(select, of, &rest).await?;
        rows.iter().map(|row| Ok((item(row)?, doc(&word(row, 1)?, "an item")?))).collect()
    }
    /// The controls judged since then.
    pub async fn controls(&self, since: Timestamp) -> Result<Vec<Item>, StoreError> {
        let mut of = Where::default();
        of.and("control = 1 AND second_of = 0 AND done_at >= ? AND done_at > 0", [n(since.millis())]);
        let rest = format!(" ORDER BY done_at DESC, id DESC LIMIT {FIGURES_MAX}");
        self.all("SELECT doc FROM item", of, &rest).await?.iter().map(item).collect()
    }
    /// A page of cases, last changed first; where the next begins, if there is one.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        after: Option<After>,
        limit: usize,
    ) -> Result<(Vec<Case>, Option<After>), StoreError> {
        let mut of = Where::default();
        if let Some(state) = filter.state {
            of.and("state = ?", [t(state.as_str())]);
        }
        if filter.live {
            of.and("live = 1", []);
        }
        if let Some(assignee) = &filter.assignee {
            of.and("assignee = ?", [t(assignee)]);
        }
        if filter.held {
            of.and("held = 1", []);
        }
        if let Some(After(at, id)) = after {
            of.and("updated <= ? AND (updated < ? OR id < ?)", [n(at), n(at), n(id as i64)]);
        }
        let limit = limit.clamp(1, PAGE_MAX);
        let rest = format!(" ORDER BY updated DESC, id DESC LIMIT {}", limit + 1);
        let rows = self.all("SELECT doc FROM cases", of, &rest).await?;
        let mut cases = rows.iter().map(case).collect::<Result<Vec<Case>, StoreError>>()?;
        let more = cases.len() > limit;
        cases.truncate(limit);
        let next = cases.last().filter(|_| more).map(|last| After(last.updated.millis(), last.id));
        Ok((cases, next))
    }
    /// The cases that link something, newest first.
    pub async fn cases_of(&self, subject: &Subject) -> Result<Vec<Case>, StoreError> {
        let mut of = Where::default();
        of.and("l.kind = ? AND l.id = ?", [t(subject.kind.as_str()), t(&subject.id)]);
        let select = "SELECT c.doc FROM link l JOIN cases c ON c.id = l.case_id";
        let rows = self.all(select, of, &format!(" ORDER BY c.id DESC LIMIT {PAGE_MAX}")).await?;
        rows.iter().map(case).collect()
    }
    /// The numbers of the cases whose legal hold covers something.
    pub async fn held_by(&self, subject: &Subject) -> Result<Vec<u64>, StoreError> {
        let mut of = Where::default();
        of.and("l.kind = ? AND l.id = ? AND c.held = 1", [t(subject.kind.as_str()), t(&subject.id)]);
        let select = "SELECT c.id FROM link l JOIN cases c ON c.id = l.case_id";
        let rows = self.all(select, of, " ORDER BY c.id").await?;
        rows.iter().map(|row| number(row, 0).map(|id| id as u64)).collect()
    }
    /// Everything of a kind that a legal hold covers, in the order of its ids, after one of them.
    pub async fn held(&self, kind: About, after: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut of = Where::default();
        of.and("l.kind = ? AND l.id > ? AND c.held = 1", [t(kind.as_str()), t(after)]);
        let select = "SELECT DISTINCT l.id FROM link l JOIN cases c ON c.id = l.case_id";
        let rows = self.all(select, of, &format!(" ORDER BY l.id LIMIT {limit}")).await?;
        rows.iter().map(|row| word(row, 0)).collect()
    }
    /// The history of a case and of those that go on in it, newest first, before a position.
    pub async fn entries(
        &self,
        case: &Case,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let ids: Vec<String> = case.absorbed.iter().chain([&case.id]).map(u64::to_string).collect();
        let mut of = Where::default();
        of.and(&format!("case_id IN ({})", ids.join(", ")), []);
        if let Some(before) = before {
            of.and("position < ?", [n(before as i64)]);
        }
        let rest = format!(" ORDER BY position DESC, case_id DESC LIMIT {}", limit.clamp(1, PAGE_MAX));
        let select = "SELECT case_id, position, at, by_user, did, doc FROM entry";
        let rows = self.all(select, of, &rest).await?;
        let entry = |row: &AnyRow| {
            Ok(EntryRow {
                case: number(row, 0)? as u64,
                position: number(row, 1)? as u64,
                at: time(number(row, 2)?),
                by: word(row, 3)?,
                did: word(row, 4)?,
                change: doc(&word(row, 5)?, "a line of a history")?,
            })
        };
        rows.iter().map(entry).collect()
    }
    /// Open tasks, those due first before: of somebody, or of all.
    pub async fn tasks(&self, assignee: Option<&str>, limit: usize) -> Result<Vec<TaskRow>, StoreError> {
        let mut of = Where::default();
        if let Some(assignee) = assignee {
            of.and("assignee = ?", [t(assignee)]);
        }
        of.and("open = 1", []);
        let rest = format!(" ORDER BY due, case_id, id LIMIT {}", limit.clamp(1, PAGE_MAX));
        let rows = self.all("SELECT case_id, id, title, assignee, due FROM task", of, &rest).await?;
        let task = |row: &AnyRow| {
            Ok(TaskRow {
                case: number(row, 0)? as u64,
                task: number(row, 1)? as u32,
                title: word(row, 2)?,
                assignee: word(row, 3)?,
                due: Timestamp::from_millis(number(row, 4)?),
            })
        };
        rows.iter().map(task).collect()
    }
    /// All rows of all tables, sorted: two databases of one log have the same.
    pub async fn dump(&self) -> Result<Vec<String>, StoreError> {
        let mut out = Vec::new();
        for select in [
            "SELECT worth, doc FROM item",
            "SELECT updated, doc FROM cases",
            "SELECT id, doc FROM refund",
            "SELECT id, doc FROM person",
            "SELECT kind, id, case_id FROM link",
            "SELECT case_id, id, open, assignee, due, title FROM task",
            "SELECT case_id, position, at, by_user, did, doc FROM entry",
        ] {
            for row in self.all(select, Where::default(), "").await? {
                let column = |at| word(&row, at).or_else(|_| number(&row, at).map(|n| n.to_string()));
                let columns = (0..row.len()).map(column).collect::<Result<Vec<String>, StoreError>>()?;
                out.push(format!("{select}: {}", columns.join(" | ")));
            }
        }
        out.push(crate::rows::text(&self.general().await?));
        // Databases sort texts by their own rules.
        out.sort();
        Ok(out)
    }
}
