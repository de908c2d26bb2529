//! How do facts become rows? Loaded, folded by the same code as everywhere, and written with how far the log was read.

use crate::rows::{doc, put_case, put_item, text, word};
use crate::{Progress, StoreError};
use ringfence_casework::desk::{General, Keys, Person, Refund};
use ringfence_casework::{Change, Desk, Fact, Stamp};
use sqlx::{Any, Transaction};

/// A transaction that takes facts in; nothing stands until [`Batch::finish`].
pub struct Batch {
    tx: Transaction<'static, Any>,
    desk: Desk,
    /// As it was loaded: only what differs is written.
    before: Desk,
    loaded: Keys,
    entries: Vec<Entry>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("loaded", &self.loaded).finish_non_exhaustive()
    }
}

/// A line of a case's history.
#[derive(Debug)]
struct Entry {
    case: u64,
    stamp: Stamp,
    did: &'static str,
    doc: String,
}

impl Batch {
    pub(crate) async fn new(mut tx: Transaction<'static, Any>) -> Result<Batch, StoreError> {
        let sql = "SELECT value FROM meta WHERE name = 'general'";
        let general: General = match sqlx::query(sql).fetch_optional(&mut *tx).await? {
            Some(row) => doc(&word(&row, 0)?, "settings and counts")?,
            None => General::default(),
        };
        let desk = Desk { general, ..Desk::default() };
        Ok(Batch { tx, before: desk.clone(), desk, loaded: Keys::default(), entries: Vec::new() })
    }
    /// The desk, with all that was loaded.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }
    /// Loads what a change touches, with the refunds of its items and the items of its refunds.
    pub async fn load(&mut self, keys: &Keys) -> Result<(), StoreError> {
        for id in &keys.items {
            self.load_item(*id).await?;
        }
        for id in &keys.cases {
            if self.loaded.cases.insert(*id)
                && let Some(found) = self.one("SELECT doc FROM cases WHERE id = $1", *id as i64).await?
            {
                let case: ringfence_casework::Case = doc(&found, "a case")?;
                self.before.cases.insert(*id, case.clone());
                self.desk.cases.insert(*id, case);
            }
        }
        for id in &keys.users {
            if self.loaded.users.insert(id.clone())
                && let Some(found) = self.named("SELECT doc FROM person WHERE id = $1", id).await?
            {
                let person: Person = doc(&found, "a person's skills")?;
                self.before.people.insert(id.clone(), person.clone());
                self.desk.people.insert(id.clone(), person);
            }
        }
        let mut refunds = keys.refunds.clone();
        refunds.extend(self.desk.refunds_of(&keys.items));
        for id in &refunds {
            if !self.loaded.refunds.insert(id.clone()) {
                continue;
            }
            let Some(found) = self.named("SELECT doc FROM refund WHERE id = $1", id).await? else { continue };
            let refund: Refund = doc(&found, "a refund")?;
            for item in &refund.items {
                self.load_item(*item).await?;
            }
            self.before.refunds.insert(id.clone(), refund.clone());
            self.desk.refunds.insert(id.clone(), refund);
        }
        Ok(())
    }
    async fn load_item(&mut self, id: u64) -> Result<(), StoreError> {
        if self.loaded.items.insert(id)
            && let Some(found) = self.one("SELECT doc FROM item WHERE id = $1", id as i64).await?
        {
            let item: ringfence_casework::Item = doc(&found, "an item")?;
            self.before.items.insert(id, item.clone());
            self.desk.items.insert(id, item);
        }
        Ok(())
    }
    async fn one(&mut self, sql: &'static str, id: i64) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(sql).bind(id).fetch_optional(&mut *self.tx).await?;
        row.map(|row| word(&row, 0)).transpose()
    }
    async fn named(&mut self, sql: &'static str, id: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(sql).bind(id).fetch_optional(&mut *self.tx).await?;
        row.map(|row| word(&row, 0)).transpose()
    }
    /// Takes the next fact in.
    pub async fn fold(&mut self, fact: &Fact, stamp: &Stamp) -> Result<(), StoreError> {
        let items = self.desk.general.items;
        self.load(&Desk::keys(fact, &stamp.by)).await?;
        self.desk.fold(fact, stamp);
        // What was just made need not be looked for.
        self.loaded.items.extend(items + 1..=self.desk.general.items);
        if let Fact::Changed(change) = fact {
            self.note(change, stamp);
        }
        Ok(())
    }
    fn note(&mut self, change: &Change, stamp: &Stamp) {
        for case in change.cases() {
            let (stamp, did, doc) = (stamp.clone(), change.word(), text(change));
            self.entries.push(Entry { case, stamp, did, doc });
        }
    }
    /// Writes what changed, and how far the log was read.
    pub async fn finish(mut self, progress: &Progress) -> Result<(), StoreError> {
        let Batch { tx, desk, before, loaded: _, entries } = &mut self;
        for (id, item) in desk.items.iter().filter(|(id, item)| before.items.get(id) != Some(item)) {
            debug_assert_eq!(*id, item.id);
            put_item(&mut *tx, item).await?;
        }
        for (id, case) in &desk.cases {
            let old = before.cases.get(id);
            if old != Some(case) {
                put_case(&mut *tx, case, old).await?;
            }
        }
        for (id, refund) in desk.refunds.iter().filter(|(id, refund)| before.refunds.get(*id) != Some(refund))
        {
            let sql = "INSERT INTO refund (id, doc) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc";
            sqlx::query(sql).bind(id.as_str()).bind(text(refund)).execute(&mut **tx).await?;
        }
        for (id, person) in desk.people.iter().filter(|(id, person)| before.people.get(*id) != Some(person)) {
            let sql = "INSERT INTO person (id, doc) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc";
            sqlx::query(sql).bind(id.as_str()).bind(text(person)).execute(&mut **tx).await?;
        }
        for Entry { case, stamp, did, doc } in entries.drain(..) {
            let sql = "INSERT INTO entry (case_id, position, at, by_user, did, doc) VALUES ($1, $2, $3, $4, $5, $6)";
            let query = sqlx::query(sql)
                .bind(case as i64)
                .bind(stamp.position as i64)
                .bind(stamp.at.millis())
                .bind(stamp.by)
                .bind(did)
                .bind(doc);
            query.execute(&mut **tx).await?;
        }
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        if desk.general != before.general {
            sqlx::query(sql).bind("general").bind(text(&desk.general)).execute(&mut **tx).await?;
        }
        sqlx::query(sql).bind("progress").bind(text(progress)).execute(&mut **tx).await?;
        Ok(self.tx.commit().await?)
    }
}
