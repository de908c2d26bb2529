//! How do other versions come to decide? Approved by a second person, made ready beside the live path, then swapped.
//!
//! Another model or policy is swapped at once: the state stays. Another catalogue needs another state: it is folded from
//! the whole log in the background, followed along the log until it is close behind, and swapped in between two events
//! (ADR 0012).

use crate::core::control::{Control, Principal};
use crate::core::register::{Proposal, State};
use crate::core::versions::Part;
use crate::core::{CoreError, Denied, Prepared};
use crate::feed::Along;
use crate::past::PastError;
use crate::worker::{Change, NotTaken, Worker};
use ringfence_domain::Versions;
use ringfence_domain::rates::Rates;

/// Records that a rebuilt state may be behind when it is swapped in: folded in some milliseconds.
const BEHIND_MAX: u64 = 1_000;
/// How often a rebuilt state that fell behind is made anew.
const TRIES_MAX: u32 = 3;

/// Why versions do not come to decide.
#[derive(Debug, thiserror::Error)]
pub enum PromoteError {
    /// Too much waits, or the service stops.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// Not as things stand.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The parts do not fit each other, or are not there.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The log.
    #[error(transparent)]
    Past(#[from] PastError),
    /// A thread.
    #[error("start a thread: {0}")]
    Thread(String),
}

/// Approves a proposal. Where its state can stay it decides from here on; otherwise it is made ready in the background.
pub async fn approve(
    worker: &Worker,
    id: u64,
    by: Principal,
    single_approver: bool,
) -> Result<Proposal, PromoteError> {
    let seen = worker.look(move |core| {
        let proposal = core.register().proposals.get(&id).cloned();
        (proposal, core.versions().clone(), core.rates().clone())
    });
    let (proposal, live, rates) = seen.await?;
    let proposal = proposal.ok_or_else(|| Denied::Unknown(format!("proposal {id}")))?;
    let approved: Change = Control::Approved { proposal: id, by, single_approver }.into();
    let features = Part::Features.as_str();
    if proposal.versions.get(features) == live.get(features) {
        let prepared = prepare(worker, proposal.versions.clone(), rates).await?;
        let control = Control::Promoted { proposal: id, versions: proposal.versions };
        let promoted = Change { control, prepared: Some(Box::new(prepared)) };
        worker.change(vec![approved, promoted]).await??;
    } else {
        // Also where another catalogue is meant, its parts must fit before anyone waits for it.
        prepare(worker, proposal.versions.clone(), rates).await?;
        worker.change(vec![approved]).await??;
        resume(worker).await?;
    }
    let after = worker.look(move |core| core.register().proposals.get(&id).cloned()).await?;
    Ok(after.ok_or_else(|| Denied::Unknown(format!("proposal {id}")))?)
}

async fn prepare(worker: &Worker, versions: Versions, rates: Rates) -> Result<Prepared, PromoteError> {
    let library = worker.history().library.clone();
    let made =
        tokio::task::spawn_blocking(move || Prepared::new(library.versioned(&versions, &rates)?, None));
    Ok(made.await.map_err(|e| PromoteError::Thread(e.to_string()))??)
}

/// Goes on with a proposal that is approved and does not decide yet: after its approval, and after a restart.
pub async fn resume(worker: &Worker) -> Result<(), PromoteError> {
    let approved = worker.look(|core| (core.register().approved().cloned(), core.rates().clone())).await?;
    let (Some(proposal), rates) = approved else { return Ok(()) };
    // The thread must not keep the worker alive: it ends with the feed.
    let worker = worker.clone();
    let rebuild = move || {
        for _ in 0..TRIES_MAX {
            match rebuild(&worker, &proposal, &rates) {
                Ok(()) | Err(PromoteError::NotTaken(_)) => return,
                Err(e) if worker.feed().closed() => drop(e),
                Err(e) => worker.tell(format!("proposal {} is not ready: {e}", proposal.id)),
            }
        }
    };
    let thread = std::thread::Builder::new().name("rebuild".into());
    thread.spawn(rebuild).map(drop).map_err(|e| PromoteError::Thread(e.to_string()))
}

/// Folds the log with the other catalogue, and swaps.
fn rebuild(worker: &Worker, proposal: &Proposal, rates: &Rates) -> Result<(), PromoteError> {
    let Proposal { id, versions, state: State::Approved { .. }, .. } = proposal else { return Ok(()) };
    let history = worker.history();
    let versioned = history.library.versioned(versions, rates)?;
    let mut follower = history.follower(&versioned.plan);
    let mut along = Along::new(worker.feed().clone(), history.reader.clone(), 0);
    loop {
        let seen = along.some(|position, record| -> Result<(), PastError> {
            follower.fold(position, record)?;
            Ok(())
        })?;
        if along.closed() {
            return Err(NotTaken::Closed.into());
        }
        if seen == 0 || along.behind() < BEHIND_MAX {
            break;
        }
    }
    let prepared = Prepared::new(versioned, Some(follower.into_engine()))?;
    let control = Control::Promoted { proposal: *id, versions: versions.clone() };
    let change = Change { control, prepared: Some(Box::new(prepared)) };
    worker.change_blocking(vec![change])??;
    Ok(())
}
