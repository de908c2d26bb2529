//! How does one see that it is still at work? A bar on a terminal, a line now and then elsewhere; on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// What takes less long stays silent.
const SILENT: Duration = Duration::from_secs(1);
/// Where standard error is not a terminal, a line is written this often: enough for a log, not a flood.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Between two looks at the clock.
const UNITS_PER_LOOK: u64 = 4_096;

/// Progress of one piece of work.
#[derive(Debug)]
pub(crate) struct Progress {
    label: String,
    total: Option<u64>,
    done: u64,
    looked_at: u64,
    started: Instant,
    line_at: Instant,
    bar: Option<ProgressBar>,
    terminal: bool,
}

impl Progress {
    /// Begins; `total` units where it is known.
    pub(crate) fn new(label: &str, total: Option<u64>) -> Progress {
        let now = Instant::now();
        Progress {
            label: label.to_owned(),
            total,
            done: 0,
            looked_at: 0,
            started: now,
            line_at: now,
            bar: None,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Reports `units` more.
    pub(crate) fn advance(&mut self, units: u64) {
        self.done += units;
        if self.done - self.looked_at >= UNITS_PER_LOOK {
            self.looked_at = self.done;
            self.show();
        }
    }

    /// Reports where the work stands now, in units.
    pub(crate) fn set(&mut self, done: u64) {
        self.done = done;
        self.show();
    }

    /// Seconds since the beginning.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    fn show(&mut self) {
        if self.started.elapsed() < SILENT {
            return;
        }
        if self.terminal {
            let (label, total) = (&self.label, self.total);
            let bar = self.bar.get_or_insert_with(|| drawn(label, total));
            bar.set_position(self.done);
        } else if self.line_at.elapsed() >= LINE_EVERY {
            self.line_at = Instant::now();
            let seconds = self.seconds();
            match self.total.filter(|t| *t > 0) {
                Some(total) => {
                    let percent = 100.0 * self.done as f64 / total as f64;
                    eprintln!("{}: {percent:.0} % after {seconds:.0} s", self.label);
                }
                None => eprintln!("{}: {} after {seconds:.0} s", self.label, crate::print::count(self.done)),
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn drawn(label: &str, total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
    let template = if total.is_some() {
        "{msg} {wide_bar} {percent:>3} % {eta}"
    } else {
        "{msg} {spinner} {human_pos} {elapsed}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(label.to_owned());
    bar
}
