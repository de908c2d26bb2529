//! How is a failure told? What was attempted and why it failed, where, and how to mend it.

use crate::print;
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

/// Exit status of a command that was asked for wrongly; clap uses the same.
const USAGE: u8 = 2;

/// Why a command ended without its result.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    place: String,
    help: Option<String>,
    usage: bool,
}

impl Failure {
    /// `what` went wrong at `place` (a file, a line, an option).
    pub(crate) fn new(what: impl Display, place: impl Display) -> Failure {
        Failure { what: what.to_string(), place: place.to_string(), help: None, usage: false }
    }
    /// A failure to reach a file.
    pub(crate) fn io(attempt: &str, path: &Path, error: &std::io::Error) -> Failure {
        let failure = Failure::new(format!("cannot {attempt}: {error}"), path.display());
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                failure.help("check the path; it is taken from the folder you are in")
            }
            std::io::ErrorKind::PermissionDenied => {
                failure.help("check who owns it, or choose another place")
            }
            _ => failure,
        }
    }
    /// A command asked for in a way that cannot work.
    pub(crate) fn usage(what: impl Display, place: impl Display) -> Failure {
        Failure { usage: true, ..Failure::new(what, place) }
    }
    /// Adds how to mend it.
    pub(crate) fn help(self, help: impl Display) -> Failure {
        Failure { help: Some(help.to_string()), ..self }
    }
    /// Prints it on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        let (error, help) = if print::colours_on_stderr() {
            ("\u{1b}[1;31merror:\u{1b}[0m", "\u{1b}[1;32mhelp:\u{1b}[0m")
        } else {
            ("error:", "help:")
        };
        eprintln!("{error} {}: {}", self.what, self.place);
        if let Some(text) = &self.help {
            eprintln!("{help} {text}");
        }
        if self.usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
    }
}

/// Adds the place to an error, and splits `message; remedy` as the crates write it.
pub(crate) trait At<T> {
    /// The value, or a failure at `place`.
    fn at(self, place: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> At<T> for Result<T, E> {
    fn at(self, place: impl Display) -> Result<T, Failure> {
        self.map_err(|error| {
            let text = error.to_string();
            match text.rsplit_once("; ") {
                Some((what, help)) => Failure::new(what, place).help(help),
                None => Failure::new(text, place),
            }
        })
    }
}
