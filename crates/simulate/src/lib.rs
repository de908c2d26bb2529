//! What would a shop and a ring do? A marketplace from a scenario and a seed: the stream that the shop sees, and the
//! truth apart.
//!
//! The simulator never knows the engine, files or a clock. The same scenario, seed and size give the same bytes on
//! every machine: chance comes from PCG streams named after what is drawn, arithmetic beyond the four operations and
//! the square root from libm. Memory follows the accounts and what is on its way, not the length of the period.
//!
//! ```
//! use ringfence_simulate::{Scenario, TruthRecord, simulate};
//! let scenario = Scenario::small();
//! let mut events = 0;
//! let summary = simulate(&scenario, 1, 300, 20, &mut |_: &ringfence_domain::Event| {
//!     events += 1;
//!     Ok(())
//! }, &mut |_: &TruthRecord| Ok(()))?;
//! assert_eq!(summary.events, events);
//! # Ok::<(), ringfence_simulate::SimulateError>(())
//! ```

mod abuse;
mod calendar;
mod chance;
mod claims;
mod delivery;
mod desk;
mod names;
mod orders;
pub mod realism;
mod requests;
mod returns;
mod scenario;
mod schedule;
mod sim;
mod texts;
mod trouble;
mod truth;
mod verdicts;
mod way_back;
mod world;

use calendar::Seasons;
pub use realism::Realism;
pub use scenario::{DEFAULT, HARDER, RingStyle, SMALL, Scenario, ScenarioError};
pub use truth::{Actor, Kind, Label, PostAbout, RefundTruth, TruthRecord, TruthSink};
pub use world::places::DriverNature;

use ringfence_domain::{Event, Timestamp};
use std::collections::BTreeMap;

/// Fewest accounts: below it there are no dormitories, offices and rings to speak of.
pub const ACCOUNTS_MIN: u32 = 100;
/// Most accounts: 20 million take about 6 GB.
pub const ACCOUNTS_MAX: u32 = 20_000_000;
/// Most days: ten years.
pub const DAYS_MAX: u32 = 3_660;

/// Takes the events in the order of their arrival.
pub trait EventSink {
    /// Takes one event; an error ends the simulation.
    fn event(&mut self, event: &Event) -> std::io::Result<()>;
}

impl<F: FnMut(&Event) -> std::io::Result<()>> EventSink for F {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        self(event)
    }
}

/// Why a simulation could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Too few or too many accounts or days.
    #[error("{what} has to be between {min} and {max}, not {got}")]
    Size {
        /// `accounts` or `days`.
        what: &'static str,
        /// Least.
        min: u32,
        /// Most.
        max: u32,
        /// Asked for.
        got: u32,
    },
    /// A sink refused.
    #[error("could not hand over what was simulated: {0}")]
    Sink(#[source] std::io::Error),
}

/// What was simulated, in numbers.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Events handed over, duplicates included.
    pub events: u64,
    /// Orders.
    pub orders: u64,
    /// Sales in cents.
    pub sales: i64,
    /// Refund requests.
    pub requests: u64,
    /// Verdicts in the stream, of any kind.
    pub verdicts: u64,
    /// Of them, on refund requests and against the customer.
    pub verdicts_against: u64,
    /// Refund requests by rings.
    pub ring_refunds: u64,
    /// The same by the rings' styles.
    pub rings: BTreeMap<RingStyle, u64>,
    /// Events by type.
    pub events_by_type: BTreeMap<String, u64>,
    /// Refund requests and cents by what they were.
    pub kinds: BTreeMap<Kind, (u64, i64)>,
}

/// Simulates `accounts` accounts over `days` days from the scenario's start; hands the stream to `events` in the order
/// of arrival, and the truth to `truth`.
///
/// # Errors
/// A size out of bounds, or what a sink returned.
pub fn simulate(
    scenario: &Scenario,
    seed: u64,
    accounts: u32,
    days: u32,
    events: &mut dyn EventSink,
    truth: &mut dyn TruthSink,
) -> Result<Summary, SimulateError> {
    let within = |what, got, min, max| {
        if (min..=max).contains(&got) { Ok(()) } else { Err(SimulateError::Size { what, min, max, got }) }
    };
    within("accounts", accounts, ACCOUNTS_MIN, ACCOUNTS_MAX)?;
    within("days", days, 1, DAYS_MAX)?;
    sim::Sim::new(scenario, seed, accounts, days, truth).run(events)
}
