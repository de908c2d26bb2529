//! What is worked, by whom, and how does it end? Cases, the queue, appeals.
//!
//! Casework is a fold, as the engine is: [`Fact`]s of the log, in their order, make a [`Desk`]. The desk takes no clock,
//! file, network or chance; what it draws it draws from a salt that stands in the log. A [`Change`] that somebody asks for
//! is checked against the desk ([`Desk::check`]), recorded in the log, and folded from there ([`Desk::fold`]): there is no
//! other way in. Before either, [`Desk::keys`] lists what the change touches, so that a desk of a few loaded things does
//! as well as one of all.
//!
//! - [`item`]: one piece of work in the queue; [`worth`]: in which order; [`draw`]: controls and second reviews;
//! - [`case`]: what is investigated; [`change`]: what people do; [`settings`]: how the deployment works;
//! - [`agreement`]: do reviewers agree; [`stats`]: how the queue does; [`bulk`]: what is seen is what is done;
//! - [`effects`]: what becomes events of the log.

pub mod agreement;
pub mod bulk;
pub mod case;
pub mod change;
mod check;
pub mod desk;
pub mod draw;
pub mod effects;
mod fold;
pub mod item;
pub mod limits;
pub mod settings;
pub mod stats;
pub mod worth;

pub use case::{Case, CaseState};
pub use change::{Change, Judgement};
pub use desk::{Desk, Fact, Keys, Stamp};
pub use item::{Asked, Item, Kind, State};
pub use settings::Settings;

/// Why a change is refused; nothing was recorded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// There is no such thing.
    #[error("there is no {0}")]
    Unknown(String),
    /// Not as things stand.
    #[error("{0}")]
    Conflict(String),
    /// Another person must do it.
    #[error("{0}")]
    OtherPerson(String),
    /// A value is out of range.
    #[error("{0}")]
    Invalid(String),
    /// There are too many.
    #[error("{0}")]
    TooMany(String),
}
