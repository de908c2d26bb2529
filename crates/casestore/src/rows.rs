//! How is a thing a row? The whole as JSON, and beside it the columns that are asked for.

use crate::StoreError;
use ringfence_casework::case::TaskState;
use ringfence_casework::{Case, Item, State};
use ringfence_domain::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use std::collections::BTreeSet;

pub(crate) fn doc<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Row { what, source })
}
pub(crate) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("casework is made of texts, finite numbers and lists")
}
pub(crate) fn number(row: &AnyRow, at: usize) -> Result<i64, StoreError> {
    Ok(row.try_get(at)?)
}
pub(crate) fn word(row: &AnyRow, at: usize) -> Result<String, StoreError> {
    Ok(row.try_get(at)?)
}
/// A time of a column; what a program wrote from a time reads as one.
pub(crate) fn time(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap_or(Timestamp::MIN)
}

/// Writes an item.
pub(crate) async fn put_item(connection: &mut AnyConnection, item: &Item) -> Result<(), StoreError> {
    let (open, free_from, holder, done_at, done_by) = match &item.state {
        State::Waiting => (1_i64, 0, "", 0, ""),
        State::Claimed { by, since: _, until } => (1, until.millis(), by.as_str(), 0, ""),
        State::Done { by, at, judgement: _ } => (0, i64::MAX, "", at.millis(), by.as_str()),
        State::Settled { .. } => (0, i64::MAX, "", 0, ""),
    };
    let sql = "INSERT INTO item (id, refund, account, kind, skill, open, free_from, holder, worth, opened, due, target, \
               minutes_milli, done_at, done_by, control, second_of, doc) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
               ON CONFLICT (id) DO UPDATE SET open = excluded.open, free_from = excluded.free_from, \
               holder = excluded.holder, done_at = excluded.done_at, done_by = excluded.done_by, doc = excluded.doc";
    let query = sqlx::query(sql)
        .bind(item.id as i64)
        .bind(item.asked.refund.as_str())
        .bind(item.asked.account.as_str())
        .bind(item.kind.as_str())
        .bind(item.skill.as_str())
        .bind(open)
        .bind(free_from)
        .bind(holder)
        .bind(item.worth)
        .bind(item.opened.millis())
        .bind(item.due.millis())
        .bind(item.target.millis())
        .bind((item.minutes * 1_000.0).round() as i64)
        .bind(done_at)
        .bind(done_by)
        .bind(i64::from(item.control))
        .bind(item.second_of.unwrap_or_default() as i64)
        .bind(text(item));
    query.execute(connection).await?;
    Ok(())
}

/// Writes a case, with what changed of its links and tasks.
pub(crate) async fn put_case(
    connection: &mut AnyConnection,
    case: &Case,
    before: Option<&Case>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO cases (id, state, live, assignee, updated, opened, held, title, doc) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
               ON CONFLICT (id) DO UPDATE SET state = excluded.state, live = excluded.live, assignee = excluded.assignee, \
               updated = excluded.updated, held = excluded.held, doc = excluded.doc";
    let query = sqlx::query(sql)
        .bind(case.id as i64)
        .bind(case.state.as_str())
        .bind(i64::from(case.state.live()))
        .bind(case.assignee.as_deref().unwrap_or_default())
        .bind(case.updated.millis())
        .bind(case.opened.at.millis())
        .bind(i64::from(case.held()))
        .bind(case.title.as_str())
        .bind(text(case));
    query.execute(&mut *connection).await?;
    put_links(connection, case, before).await?;
    for task in &case.tasks {
        if before.is_some_and(|b| b.tasks.contains(task)) {
            continue;
        }
        let sql = "INSERT INTO task (case_id, id, open, assignee, due, title) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (case_id, id) DO UPDATE SET open = excluded.open, assignee = excluded.assignee, \
                   due = excluded.due";
        let query = sqlx::query(sql)
            .bind(case.id as i64)
            .bind(i64::from(task.id))
            .bind(i64::from(task.state == TaskState::Open))
            .bind(task.assignee.as_deref().unwrap_or_default())
            // A task without a time comes after all that have one.
            .bind(task.due.map_or(i64::MAX, Timestamp::millis))
            .bind(task.title.as_str());
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn put_links(
    connection: &mut AnyConnection,
    case: &Case,
    before: Option<&Case>,
) -> Result<(), StoreError> {
    let of = |case: &Case| case.links.iter().map(|l| l.link.subject.clone()).collect::<BTreeSet<_>>();
    let (old, new) = (before.map(of).unwrap_or_default(), of(case));
    for gone in old.difference(&new) {
        let sql = "DELETE FROM link WHERE kind = $1 AND id = $2 AND case_id = $3";
        let query = sqlx::query(sql).bind(gone.kind.as_str()).bind(gone.id.as_str()).bind(case.id as i64);
        query.execute(&mut *connection).await?;
    }
    for come in new.difference(&old) {
        let sql = "INSERT INTO link (kind, id, case_id) VALUES ($1, $2, $3) ON CONFLICT (kind, id, case_id) DO NOTHING";
        let query = sqlx::query(sql).bind(come.kind.as_str()).bind(come.id.as_str()).bind(case.id as i64);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
