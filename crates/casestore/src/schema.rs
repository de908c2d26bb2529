//! Which tables are there? One schema for both databases, in numbered steps that are never changed, only followed by others.

use crate::StoreError;
use sqlx::{AnyPool, Row};

/// All tables but the one of the steps.
pub(crate) const TABLES: &[&str] = &["meta", "item", "refund", "person", "cases", "link", "task", "entry"];

/// The steps; what stands here once stays.
const STEPS: &[&[&str]] = &[
    &[
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        // Items of the queue; `doc` is the whole, the columns are what is asked for. `open` and `control` are 0 or 1; times are
        // milliseconds since 1970, 0 where there is none.
        "CREATE TABLE item (id BIGINT PRIMARY KEY, refund TEXT NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL, \
     skill TEXT NOT NULL, open BIGINT NOT NULL, free_from BIGINT NOT NULL, holder TEXT NOT NULL, worth BIGINT NOT NULL, \
     opened BIGINT NOT NULL, due BIGINT NOT NULL, target BIGINT NOT NULL, minutes_milli BIGINT NOT NULL, \
     done_at BIGINT NOT NULL, done_by TEXT NOT NULL, control BIGINT NOT NULL, second_of BIGINT NOT NULL, doc TEXT NOT NULL)",
        "CREATE INDEX item_worth ON item (open, worth DESC, id)",
        "CREATE INDEX item_skill ON item (skill, open, worth DESC, id)",
        "CREATE INDEX item_done ON item (done_at DESC, id DESC)",
        "CREATE INDEX item_refund ON item (refund)",
        "CREATE INDEX item_account ON item (account, id DESC)",
        "CREATE INDEX item_holder ON item (holder, free_from)",
        "CREATE INDEX item_second ON item (second_of, done_at)",
        "CREATE INDEX item_control ON item (control, done_at)",
        "CREATE TABLE refund (id TEXT PRIMARY KEY, doc TEXT NOT NULL)",
        "CREATE TABLE person (id TEXT PRIMARY KEY, doc TEXT NOT NULL)",
        "CREATE TABLE cases (id BIGINT PRIMARY KEY, state TEXT NOT NULL, live BIGINT NOT NULL, assignee TEXT NOT NULL, \
     updated BIGINT NOT NULL, opened BIGINT NOT NULL, held BIGINT NOT NULL, title TEXT NOT NULL, doc TEXT NOT NULL)",
        "CREATE INDEX cases_updated ON cases (updated DESC, id DESC)",
        "CREATE INDEX cases_live ON cases (live, updated DESC, id DESC)",
        "CREATE INDEX cases_state ON cases (state, updated DESC, id DESC)",
        "CREATE INDEX cases_assignee ON cases (assignee, updated DESC, id DESC)",
        "CREATE INDEX cases_held ON cases (held, updated DESC, id DESC)",
        "CREATE TABLE link (kind TEXT NOT NULL, id TEXT NOT NULL, case_id BIGINT NOT NULL, PRIMARY KEY (kind, id, case_id))",
        "CREATE INDEX link_case ON link (case_id)",
        "CREATE TABLE task (case_id BIGINT NOT NULL, id BIGINT NOT NULL, open BIGINT NOT NULL, assignee TEXT NOT NULL, \
     due BIGINT NOT NULL, title TEXT NOT NULL, PRIMARY KEY (case_id, id))",
        "CREATE INDEX task_due ON task (assignee, open, due, case_id, id)",
        "CREATE INDEX task_open ON task (open, due, case_id, id)",
        // The history of cases: each record of the log that names one.
        "CREATE TABLE entry (case_id BIGINT NOT NULL, position BIGINT NOT NULL, at BIGINT NOT NULL, by_user TEXT NOT NULL, \
     did TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (case_id, position))",
    ],
    &[
        // Figures are counted from these alone, without the rows.
        "CREATE INDEX item_open_figures ON item (open, kind, skill, opened, due, free_from, minutes_milli)",
        "CREATE INDEX item_done_figures ON item (done_at, kind, skill, due, target)",
        "CREATE INDEX item_opened ON item (open, opened)",
    ],
    &[
        // The same with what the work saves.
        "DROP INDEX item_open_figures",
        "CREATE INDEX item_open_figures ON item (open, kind, skill, opened, due, free_from, minutes_milli, worth)",
    ],
];

/// Takes the steps that were not taken yet.
pub(crate) async fn migrate(pool: &AnyPool) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS casework_step (number BIGINT PRIMARY KEY)")
        .execute(&mut *tx)
        .await?;
    let row = sqlx::query("SELECT COUNT(*) FROM casework_step").fetch_one(&mut *tx).await?;
    let taken: i64 = row.try_get(0)?;
    if taken > STEPS.len() as i64 {
        return Err(StoreError::Later(taken));
    }
    for (number, step) in STEPS.iter().enumerate().skip(taken as usize) {
        for sql in *step {
            sqlx::query(*sql).execute(&mut *tx).await?;
        }
        let insert = sqlx::query("INSERT INTO casework_step (number) VALUES ($1)").bind(number as i64 + 1);
        insert.execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}
