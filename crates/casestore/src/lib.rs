//! Where do cases stay to be asked for? Casework as tables, in SQLite or PostgreSQL.
//!
//! The tables are a projection of the log and nothing else: [`Batch::fold`] takes its facts in their order and says how far
//! it has come, in one transaction. They can be dropped at any time and are built again from the log, with the same rows
//! in either database. Only integers and texts are stored, no column is ever null, and the SQL is what both understand.
//!
//! - [`place`]: which database; `schema`: its tables; [`Batch`]: writing; [`read`]: reading.

mod batch;
pub mod place;
pub mod read;
mod rows;
mod schema;
#[cfg(feature = "testing")]
pub mod testing;

pub use batch::Batch;
pub use place::Place;

use ringfence_casework::desk::General;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor, Row};
use std::time::Duration;

/// Connections: one writes, the others read.
const CONNECTIONS_MAX: u32 = 4;
/// How long a page waits for a connection before it says that the database is busy.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Why the database does not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What the database said. Its texts name tables and addresses, no rows and no password.
    #[error("casework database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row that this program does not understand.
    #[error("casework database: {what}: {source}; drop its tables, they are built again from the log")]
    Row {
        /// Which.
        what: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Where it is does not read as an address.
    #[error("[casework] database: {0}")]
    Place(String),
    /// Tables of a later program.
    #[error(
        "the casework tables are of a later program (version {0}); use that, or drop them: they are built again from the log"
    )]
    Later(i64),
}

/// How far the tables are.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Position of the record that comes next.
    pub next: u64,
    /// A position, and the hash of the log's chain there: tells this log from another.
    #[serde(default)]
    pub seal: Option<(u64, String)>,
    /// The rates at `next`, as the log writes them.
    #[serde(default)]
    pub rates: Option<serde_json::Value>,
    /// Where the tables begin, if not at the beginning of the log.
    #[serde(default)]
    pub since: u64,
}

/// The tables.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
}

impl Store {
    /// Opens the database, and makes its tables where they are not there.
    ///
    /// # Errors
    /// Where it cannot be reached, or its tables are of a later program.
    pub async fn open(place: &Place) -> Result<Store, StoreError> {
        sqlx::any::install_default_drivers();
        let embedded = place.embedded();
        let options = AnyPoolOptions::new().max_connections(CONNECTIONS_MAX).acquire_timeout(WAIT_MAX);
        let options = options.after_connect(move |connection, _| {
            Box::pin(async move {
                if embedded {
                    // What is lost of the tables with the power is built again from the log.
                    connection.execute("PRAGMA journal_mode = WAL").await?;
                    connection.execute("PRAGMA synchronous = NORMAL").await?;
                    connection.execute("PRAGMA busy_timeout = 10000").await?;
                }
                Ok(())
            })
        });
        let pool = options.connect(&place.url()?).await?;
        let store = Store { pool };
        schema::migrate(&store.pool).await?;
        Ok(store)
    }
    /// How far the tables are.
    pub async fn progress(&self) -> Result<Progress, StoreError> {
        Ok(self.kept("progress", "progress").await?.unwrap_or_default())
    }
    /// Settings and counts.
    pub async fn general(&self) -> Result<General, StoreError> {
        Ok(self.kept("general", "settings and counts").await?.unwrap_or_default())
    }
    async fn kept<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let row = sqlx::query("SELECT value FROM meta WHERE name = $1").bind(name).fetch_optional(&self.pool);
        let Some(row) = row.await? else { return Ok(None) };
        rows::doc(&row.try_get::<String, _>(0)?, what).map(Some)
    }
    /// Forgets everything: the tables are empty and begin again.
    pub async fn clear(&self) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        for table in schema::TABLES {
            let sql = format!("DELETE FROM {table}");
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }
    /// Begins a transaction that takes facts in.
    pub async fn begin(&self) -> Result<Batch, StoreError> {
        Batch::new(self.pool.begin().await?).await
    }
    /// Ends all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
