//! How is a change made? Caught up, checked, recorded with what follows from it, caught up again; one at a time.

use crate::casework::follow::{Seeing, Seen};
use crate::casework::{CaseworkError, Inner, Place, Writer, files, person};
use crate::core::{Control, Principal};
use crate::feed::Along;
use crate::worker::{Arrived, Worker};
use ringfence_casestore::{Progress, Store};
use ringfence_casework::desk::Keys;
use ringfence_casework::effects::effects;
use ringfence_casework::{Change, Denied, Desk, Fact, Settings};
use ringfence_domain::{Timestamp, encode};
use tokio::sync::Mutex;

/// Random bytes of the salt of draws.
const SALT_BYTES: usize = 16;
/// Facts of one transaction.
const FACTS_MAX: usize = 4_096;
/// Records without a fact after which the tables note how far they are: few enough to read again after a crash.
const NOTED_EVERY: u64 = 100_000;

fn seal(worker: &Worker, position: u64) -> Option<(u64, String)> {
    let head = worker.history().reader.head();
    (head.position == position).then(|| (position, head.hash.to_string()))
}

fn writer(worker: &Worker, progress: Progress, general: &ringfence_casework::desk::General) -> Writer {
    let history = worker.history();
    let along = Along::new(worker.feed().clone(), history.reader.clone(), progress.next);
    let seeing = Seeing::new(history.decoder(), history.reader.clone(), progress.rates.as_ref(), general);
    Writer { along, seeing, progress }
}

impl Inner {
    pub(super) async fn open(
        place: &Place,
        worker: Worker,
        files: files::Files,
        clock: fn() -> Timestamp,
    ) -> Result<Inner, CaseworkError> {
        let store = Store::open(place).await?;
        let reader = worker.history().reader.clone();
        let mut progress = store.progress().await?;
        if let Some((position, hash)) = &progress.seal {
            let here = *position <= reader.head().position && *position >= reader.anchor().position;
            let same = here && reader.head_at(*position).is_ok_and(|head| head.hash.to_string() == *hash);
            if !same && !place.embedded() {
                return Err(CaseworkError::OtherLog { place: place.shown() });
            }
            if !same {
                // A log that was put back from a backup: the tables are of one that went on differently.
                tracing::warn!("the casework tables are of another log and are built again");
                store.clear().await?;
                progress = Progress::default();
            }
        }
        let anchor = reader.anchor().position;
        if progress.next < anchor {
            tracing::warn!(anchor, "the log begins here: casework from before it is not built again");
            progress = Progress { next: anchor, since: anchor, ..Progress::default() };
        }
        let general = store.general().await?;
        let writer = Mutex::new(writer(&worker, progress, &general));
        Ok(Inner { worker, store, writer, files, clock })
    }
    /// Catches up, and records how the queue is worked where that is not what the log says.
    pub(super) async fn settle(&self, how: Settings) -> Result<(), CaseworkError> {
        let mut writer = self.writer.lock().await;
        self.catch_up(&mut writer).await?;
        let live = self.store.general().await?.settings;
        let salt = if live.salt.is_empty() {
            crate::access::secret::random_hex::<SALT_BYTES>()
        } else {
            live.salt.clone()
        };
        let settings = Settings { salt, ..how };
        if settings != live {
            let change = Change::Settings { settings };
            self.make(&mut writer, &Principal::service(), Keys::default(), |_, _| Ok(change)).await?;
        }
        Ok(())
    }
    /// Takes into the tables what the log says by now.
    pub(super) async fn catch_up(&self, writer: &mut Writer) -> Result<(), CaseworkError> {
        let caught = self.catch_up_from(writer).await;
        if caught.is_err() {
            // What was read and not written is read again.
            let general = self.store.general().await?;
            *writer = self::writer(&self.worker, writer.progress.clone(), &general);
        }
        caught
    }
    async fn catch_up_from(&self, writer: &mut Writer) -> Result<(), CaseworkError> {
        loop {
            let mut facts: Vec<Seen> = Vec::new();
            let Writer { along, seeing, progress } = writer;
            let read = along.while_wanted(|position, record| {
                facts.extend(seeing.see(position, record)?);
                Ok::<bool, CaseworkError>(facts.len() < FACTS_MAX)
            })?;
            if read == 0 {
                return Ok(());
            }
            if facts.is_empty() && along.position() < progress.next + NOTED_EVERY {
                continue;
            }
            let rates = seeing.rates();
            let next = along.position();
            let sealed = seal(&self.worker, next).or_else(|| progress.seal.clone());
            let now = Progress { next, seal: sealed, rates, since: progress.since };
            let mut batch = self.store.begin().await?;
            for (mut fact, stamp) in facts {
                self.look_up(&mut fact, &stamp, &writer.seeing).await?;
                batch.fold(&fact, &stamp).await?;
            }
            batch.finish(&now).await?;
            writer.progress = now;
        }
    }
    /// An appeal is about a request of before.
    async fn look_up(
        &self,
        fact: &mut Fact,
        stamp: &ringfence_casework::Stamp,
        seeing: &Seeing,
    ) -> Result<(), CaseworkError> {
        let Fact::AppealOpened { refund, asked, .. } = fact else { return Ok(()) };
        let named = refund.clone();
        let found = self.worker.look(move |core| core.decided_at(&named)).await?;
        let reader = &self.worker.history().reader;
        // A decision of later was not known then; one whose request was retired is not known any more.
        let known = found.filter(|at| *at < stamp.position && *at > reader.anchor().position);
        if let Some(position) = known {
            *asked = Some(seeing.asked(position, &reader.record(position)?.payload)?);
        }
        Ok(())
    }
    /// Makes a change: `make` sees the desk with `keys` loaded.
    pub(super) async fn make(
        &self,
        writer: &mut Writer,
        by: &Principal,
        keys: Keys,
        make: impl FnOnce(&Desk, Timestamp) -> Result<Change, Denied>,
    ) -> Result<Change, CaseworkError> {
        self.catch_up(writer).await?;
        let (who, now) = (person(by), (self.clock)());
        let mut batch = self.store.begin().await?;
        batch.load(&keys).await?;
        let change = make(batch.desk(), now)?;
        batch.load(&Desk::keys_of(&change, &who)).await?;
        batch.desk().check(&change, &who, now)?;
        let events = effects(batch.desk(), &change, &who, now).map_err(|e| Denied::Invalid(e.to_string()))?;
        drop(batch);
        let arrived = events.into_iter().map(|event| {
            let mut payload = Vec::new();
            encode(&event, &mut payload);
            Arrived { event, payload }
        });
        let control = Control::Casework { change: change.clone(), by: by.clone() };
        let recorded = self.worker.change_with(control, arrived.collect()).await?;
        recorded.map_err(|e| Denied::Conflict(e.to_string()))?;
        self.catch_up(writer).await?;
        Ok(change)
    }
}
