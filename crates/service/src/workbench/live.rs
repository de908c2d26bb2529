//! How does a page hear of decisions as they come? Server-sent events along the feed, bounded in number, rate and time.

use crate::access::Permission;
use crate::http::Shared;
use crate::http::endpoints::Session;
use crate::http::problem::Problem;
use crate::workbench::View;
use crate::workbench::lang::Lang;
use crate::workbench::pages::today::decision_row;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use futures_util::stream::{Stream, unfold};
use ringfence_domain::Decision;
use ringfence_store::log::RecordKind;
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Pages that listen at once, over all people: each costs a connection and two looks a second.
pub const LISTENERS_MAX: usize = 128;
/// Decisions that one message brings: more than people read in the time.
const DECISIONS_MAX: usize = 20;
/// Between two messages.
const PAUSE: Duration = Duration::from_millis(500);
/// Without a decision a message says that the connection lives, and the session is looked at.
const BEAT: Duration = Duration::from_secs(15);
/// Blocks that are looked at for a message.
const BLOCKS_MAX: usize = 256;

/// What a page is told.
#[derive(Debug, Serialize)]
struct News {
    /// Rows, newest last.
    rows: Vec<String>,
    /// Decisions since the last message, shown or not.
    decisions: usize,
}

struct Listener {
    shared: Arc<Shared>,
    lang: Lang,
    /// Whether who listens may open a request.
    linked: bool,
    position: u64,
    end: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    /// Who listens; the stream ends with the session.
    session: Option<String>,
    _place: OwnedSemaphorePermit,
}

/// Decisions as they come.
pub async fn decisions(
    State(shared): State<Arc<Shared>>,
    view: View,
    Session(session): Session,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Ok(place) = shared.listeners.clone().try_acquire_owned() else {
        let title = "As many pages listen as may at once";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "listeners", title)
            .remedy("close other pages, or load the page again now and then"));
    };
    let feed = shared.worker.feed();
    let end = feed.watch();
    let position = *end.borrow();
    let listener = Listener {
        lang: view.lang(),
        linked: view.may(Permission::ReadEvidence),
        position,
        end,
        stopping: shared.stopping.subscribe(),
        session: session.filter(|_| view.who.session),
        _place: place,
        shared,
    };
    Ok(Sse::new(unfold(listener, next)))
}

async fn next(mut listener: Listener) -> Option<(Result<Event, Infallible>, Listener)> {
    loop {
        let waited = tokio::select! {
            changed = listener.end.changed() => changed.is_ok(),
            () = tokio::time::sleep(BEAT) => {
                let beat = Event::default().comment("alive");
                return listener.welcome().then_some((Ok(beat), listener));
            }
            _ = listener.stopping.changed() => false,
        };
        if !waited || listener.shared.worker.feed().closed() || !listener.welcome() {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
        let news = listener.news();
        if news.decisions > 0 {
            let event = Event::default().event("decisions").json_data(&news).expect("rows and a number");
            return Some((Ok(event), listener));
        }
    }
}

impl Listener {
    /// Whether who listens is still signed in. Listening is not being there: it keeps no session alive.
    fn welcome(&self) -> bool {
        let now = (self.shared.clock)();
        self.session.as_deref().is_none_or(|token| self.shared.access.sessions.lives(token, now))
    }
    fn news(&mut self) -> News {
        let feed = self.shared.worker.feed();
        let end = *self.end.borrow_and_update();
        // Who fell behind what is held sees the newest again.
        let blocks = feed.since(self.position, BLOCKS_MAX).unwrap_or_default();
        let records = blocks.iter().flat_map(|(first, records)| (*first..).zip(records.iter()));
        let new = records
            .filter(|(position, record)| *position >= self.position && record.kind == RecordKind::Decision);
        let payloads: Vec<&[u8]> = new.map(|(_, record)| record.payload.as_ref()).collect();
        let reached = blocks.last().map_or(end, |(first, records)| first + records.len() as u64);
        self.position = self.position.max(reached);
        let shown = &payloads[payloads.len().saturating_sub(DECISIONS_MAX)..];
        let read = shown.iter().filter_map(|payload| serde_json::from_slice::<Decision>(payload).ok());
        let rows =
            read.map(|decision| decision_row(self.lang, &decision, self.linked).into_string()).collect();
        News { rows, decisions: payloads.len() }
    }
}
