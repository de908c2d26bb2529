//! How many durable decisions a second does the service answer, how soon, and what survives `kill -9`?
//!
//! `cargo bench -p ringfence --bench serve -- load [--model FILE] [--accounts N] [--rate R]… [--seconds S]` starts the
//! release binary, lets it know N accounts with an order each, and asks for decisions over HTTP with keep-alive, the account
//! of each drawn by Zipf's law: first in a closed loop, as fast as answers come; then in an open loop at each rate R. In
//! the open loop the time of an answer is counted from the moment at which its request was due, so that a stall is paid for
//! by every request that it delays (no coordinated omission: G. Tene, "How not to measure latency", 2013). Then the process is killed, started
//! again, and has to come to every decision once more.
//!
//! `… -- kill [--rounds N]` kills the process at random moments under load, starts it again, and sends everything that was
//! acknowledged once more: each has to be known, each decision has to be the same bytes.
//!
//! The load runs on the same machine and takes its share of the processors.

mod client;
mod kill;
mod load;
mod server;
mod shop;

use std::path::PathBuf;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Whatever went wrong ends the benchmark.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(clap::Parser)]
#[command(about = "Durable decisions over HTTP: load, and crashes under load")]
struct Cli {
    #[command(subcommand)]
    what: What,
    /// What `cargo bench` adds.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(clap::Subcommand)]
enum What {
    /// Decisions a second, and how soon they come.
    Load {
        /// What `train` wrote; without it rules decide.
        #[arg(long)]
        model: Option<PathBuf>,
        /// Accounts with an order each that the service knows beforehand.
        #[arg(long, default_value_t = 100_000)]
        accounts: u64,
        /// Requests a second in the open loop.
        #[arg(long, default_values_t = [1_000, 5_000])]
        rate: Vec<u64>,
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
        /// Connections.
        #[arg(long, default_value_t = 32)]
        connections: usize,
    },
    /// What is left after `kill -9`.
    Kill {
        /// How often.
        #[arg(long, default_value_t = 20)]
        rounds: u64,
        /// What `train` wrote; without it rules decide.
        #[arg(long)]
        model: Option<PathBuf>,
    },
}

fn main() -> Result<()> {
    match <Cli as clap::Parser>::parse().what {
        What::Load { model, accounts, rate, seconds, connections } => {
            load::run(&load::Plan { model, accounts, rates: rate, seconds, connections })
        }
        What::Kill { rounds, model } => kill::run(rounds, model.as_deref()),
    }
}
