//! How is casework set up? The table `[casework]` of the configuration, its database also from the environment.

use crate::failure::{At, Failure};
use ringfence_casework::settings::Settings as How;
use ringfence_service::casework::{Place, Settings};
use std::fmt::Write as _;

/// The database with its password, where no file holds it: a flag would be seen by everybody on the machine.
pub(super) const DATABASE: &str = "RINGFENCE_CASEWORK_DATABASE";
/// Where it stands.
const PLACE: &str = "[casework] of the configuration";

/// As it is printed: a file that means the same.
#[derive(serde::Serialize)]
struct Shown<'a> {
    casework: &'a How,
}

/// What holds, of the environment and the file's table; it is added to `text` without a password.
pub(super) fn effective(
    database: Option<&str>,
    table: &toml::Table,
    text: &mut String,
) -> Result<Settings, Failure> {
    let mut table = table.clone();
    let filed = match table.remove("database") {
        None => None,
        Some(toml::Value::String(url)) => Some(url),
        Some(_) => {
            return Err(
                Failure::new("the database is a text", PLACE).help("write database = \"postgres://…\"")
            );
        }
    };
    if table.remove("salt").is_some() {
        return Err(
            Failure::new("`salt` is made by the service and stands in the log", PLACE).help("leave it out")
        );
    }
    let (url, from) = match (database, &filed) {
        (Some(url), _) => (Some(url), "environment"),
        (None, Some(url)) => (Some(url.as_str()), "file"),
        (None, None) => (None, "default"),
    };
    let how: How = table.try_into().at(PLACE)?;
    how.check().at(PLACE)?;
    let database = url.map(Place::server).transpose().at(PLACE)?;
    let line = match &database {
        // Without the password, so that it may be shown; the file that is read has it.
        Some(place) => format!("# database = \"{}\"   # {from}", place.shown()),
        None => "# database =   # not set: a file in the data folder".to_owned(),
    };
    let shown = toml::to_string(&Shown { casework: &how }).at(PLACE)?;
    writeln!(
        text,
        "\n# How the queue is worked, and where casework is kept: {DATABASE}, or here.\n{line}\n{shown}"
    )
    .expect("a String takes all text");
    Ok(Settings { database, how })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_means_the_same_and_shows_no_password() {
        let table = "database = \"postgres://rf:s3cret@db/cases\"\nclaim_minutes = 15\nqueue = [\"review\", \"step_up\"]\n[minutes]\n\
                     review = 12.0";
        let table: toml::Table = table.parse().expect("TOML");
        let mut text = String::new();
        let holds = effective(None, &table, &mut text).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!((holds.how.claim_minutes, holds.how.queue.len()), (15, 2));
        assert!(text.contains("postgres://rf:…@db/cases") && !text.contains("s3cret"), "{text}");
        assert!(!format!("{holds:?}").contains("s3cret"));
        let again: toml::Table = text.parse().expect("TOML");
        let again = again["casework"].as_table().expect("a table").clone();
        let again = effective(None, &again, &mut String::new()).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(again.how, holds.how);
        for wrong in [
            "databse = \"x\"",
            "database = \"mysql://rf:s3cret@db/cases\"",
            "database = 3",
            "control_share = 2.0",
            "salt = \"x\"",
            "queue = [\"step_up\"]",
        ] {
            let table: toml::Table = wrong.parse().expect("TOML");
            let failure = effective(None, &table, &mut String::new()).expect_err(wrong);
            assert!(!format!("{failure:?}").contains("s3cret"));
        }
    }
}
