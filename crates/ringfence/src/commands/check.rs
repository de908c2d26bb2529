//! Are these events valid, and what is in them? Validates, counts, and prints the first faults with pointers.

use crate::commands::Context;
use crate::failure::Failure;
use crate::input::{self, Fault};
use crate::print;
use references::References;
use ringfence_domain::dedupe::{ContentKey, Dedupe, Seen};
use ringfence_domain::{Event, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

mod references;
mod unknown;

/// Validates event files, counts what is in them and prints the first faults.
///
/// Reads JSON lines, plain or compressed (.zst, .gz). Ends with status 1 if a line was refused or an id came twice
/// with different content; unknown types and fields, and references to what was never announced, are counted only.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence check events.jsonl.zst\n  ringfence check --json monday.jsonl tuesday.jsonl | jq .types"
)]
pub(crate) struct Args {
    /// Event files, in the order of their arrival.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print at most so many faults in full; all are counted.
    #[arg(long, default_value_t = 10, value_name = "N")]
    faults: usize,
}

/// What a check found.
#[derive(Serialize, Debug, Default)]
pub(crate) struct Checked {
    /// Valid events, duplicates included.
    pub(crate) events: u64,
    /// Refused lines.
    pub(crate) refused: u64,
    /// Events by type.
    pub(crate) types: BTreeMap<String, u64>,
    /// Events of types that the contract does not know, by type: kept, ignored.
    pub(crate) unknown_types: BTreeMap<String, u64>,
    /// Fields that the contract does not know, by type and place: kept, ignored.
    pub(crate) unknown_fields: BTreeMap<String, u64>,
    /// Events that came again with the same content: they change nothing.
    pub(crate) duplicates_same: u64,
    /// Events whose id came before with other content: refused.
    pub(crate) duplicates_different: u64,
    /// References to what no event announced.
    pub(crate) references: References,
    /// Events with an earlier time than one before them.
    pub(crate) out_of_order: u64,
    /// Longest way back in time, in days.
    pub(crate) out_of_order_days_max: f64,
    /// Events later than now by this machine's clock: a wrong clock or time zone, or a simulation.
    pub(crate) in_future: u64,
    /// Earliest event time.
    pub(crate) first: Option<Timestamp>,
    /// Latest event time.
    pub(crate) last: Option<Timestamp>,
    /// The first faults.
    pub(crate) faults: Vec<Fault>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let checked = check(&args.files, args.faults, context)?;
    if context.json {
        print::json(&checked)?;
    } else {
        print::out(&words(&checked))?;
    }
    let sound = checked.refused == 0 && checked.duplicates_different == 0;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks event files.
pub(crate) fn check(files: &[PathBuf], faults_max: usize, context: &Context) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    let mut dedupe = Dedupe::new();
    let mut latest: Option<Timestamp> = None;
    let mut scratch = Vec::new();
    let now = now();
    input::read_raw(files, context, "check", |at, line, result| {
        match result {
            Ok(event) => {
                match dedupe.see(ContentKey::of(&event, &mut scratch)) {
                    Seen::New => {}
                    Seen::Same => checked.duplicates_same += 1,
                    Seen::Different => {
                        checked.duplicates_different += 1;
                        let reason = format!("id `{}` came before with other content", event.id.as_str());
                        let remedy = "an event never changes: send a new event with an id of its own";
                        checked.fault(faults_max, || at.fault("/id", &reason, remedy));
                    }
                }
                unknown::fields(&event, line, &mut scratch, &mut checked.unknown_fields);
                checked.in_future += u64::from(now.is_some_and(|now| event.time > now));
                checked.take(&event, &mut latest);
            }
            Err(refusal) => {
                checked.refused += 1;
                checked.fault(faults_max, || at.refused(refusal));
            }
        }
        Ok(())
    })?;
    checked.references.settle();
    Ok(checked)
}

/// Now, by this machine. Only counted by: a file reads the same on every day, so no line is refused for it.
fn now() -> Option<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Timestamp::from_millis(i64::try_from(since.as_millis()).ok()?)
}

impl Checked {
    fn fault(&mut self, faults_max: usize, fault: impl FnOnce() -> Fault) {
        if self.faults.len() < faults_max {
            self.faults.push(fault());
        }
    }

    fn take(&mut self, event: &Event, latest: &mut Option<Timestamp>) {
        self.events += 1;
        let counts =
            if event.body.event_type().is_some() { &mut self.types } else { &mut self.unknown_types };
        match counts.get_mut(event.body.type_name()) {
            Some(count) => *count += 1,
            None => drop(counts.insert(event.body.type_name().to_owned(), 1)),
        }
        self.references.take(&event.body);
        self.first = Some(self.first.map_or(event.time, |t| t.min(event.time)));
        self.last = Some(self.last.map_or(event.time, |t| t.max(event.time)));
        if let Some(before) = latest.filter(|before| event.time < *before) {
            self.out_of_order += 1;
            let days = before.since(event.time).as_days();
            self.out_of_order_days_max = self.out_of_order_days_max.max(days);
        }
        *latest = Some(latest.map_or(event.time, |t| t.max(event.time)));
    }
}

fn words(c: &Checked) -> String {
    let mut out = format!("{}\n", print::headline(&format!("{} events", print::count(c.events))));
    if let (Some(first), Some(last)) = (c.first, c.last) {
        out.push_str(&format!("from {first} to {last}\n"));
    }
    let rows = c.types.iter().map(|(t, n)| vec![t.clone(), print::count(*n)]);
    let unknown =
        c.unknown_types.iter().map(|(t, n)| vec![format!("{t} (unknown type, ignored)"), print::count(*n)]);
    out.push_str(&print::table(&["type", ">events"], rows.chain(unknown)));
    let mut say = |n: u64, words: &str| {
        if n > 0 {
            out.push_str(&format!("{:>12}  {words}\n", print::count(n)));
        }
    };
    say(c.duplicates_same, "came again with the same content: they change nothing");
    say(
        c.out_of_order,
        &format!("are earlier than one before them, by up to {:.1} days", c.out_of_order_days_max),
    );
    say(c.in_future, "lie in the future by this machine's clock: see whether clock or time zone are wrong");
    for (field, n) in &c.unknown_fields {
        say(*n, &format!("have the unknown field {field} (ignored)"));
    }
    for (kind, d) in c.references.kinds() {
        say(d.never, &format!("references to {} {kind} that no event announces", print::count(d.never_ids)));
        say(d.later, &format!("references to {kind} announced only later"));
    }
    if c.refused + c.duplicates_different == 0 {
        out.push_str("No faults.\n");
        return out;
    }
    say(c.duplicates_different, "REFUSED: their id came before with other content");
    say(c.refused, "REFUSED: not valid");
    out.push_str(&input::faults_in_words(&c.faults, c.refused + c.duplicates_different));
    out
}
