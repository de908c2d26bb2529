//! Which database? A file in the data folder, or a PostgreSQL by its address, whose password is never shown.

use crate::StoreError;
use std::path::{Path, PathBuf};

/// Where the tables are.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL, `postgres://user:password@host/database`.
    Server(String),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Place {
    /// A PostgreSQL by its address.
    ///
    /// # Errors
    /// Where it is no such address; the text does not repeat it, because it may hold a password.
    pub fn server(url: &str) -> Result<Place, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Place::Server(url.to_owned()))
        } else {
            let what = "this is no address of a PostgreSQL; write postgres://user@host/database, or leave it out: then a file \
                        in the data folder is used";
            Err(StoreError::Place(what.into()))
        }
    }
    /// Whether it is a file of this machine.
    pub fn embedded(&self) -> bool {
        matches!(self, Place::File(_))
    }
    /// As it may be shown: without the password.
    pub fn shown(&self) -> String {
        match self {
            Place::File(path) => path.display().to_string(),
            Place::Server(url) => without_password(url),
        }
    }
    pub(crate) fn url(&self) -> Result<String, StoreError> {
        match self {
            Place::File(path) => Ok(format!("sqlite://{}?mode=rwc", percent_encoded(path)?)),
            Place::Server(url) => Ok(url.clone()),
        }
    }
}

fn percent_encoded(path: &Path) -> Result<String, StoreError> {
    let text =
        path.to_str().ok_or_else(|| StoreError::Place("the path of the data folder is not UTF-8".into()))?;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    Ok(out)
}

/// Everything secret of an address: between user and host, and among its parameters.
fn without_password(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(before, _)| before);
    let Some((scheme, rest)) = url.split_once("://") else { return "postgres://…".into() };
    let (who, at) = rest.rsplit_once('@').unwrap_or(("", rest));
    let who = who.split_once(':').map_or(who, |(user, _)| user);
    if who.is_empty() { format!("{scheme}://{at}") } else { format!("{scheme}://{who}:…@{at}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://rf:s3cret@db:5432/cases", "postgres://rf:…@db:5432/cases"),
            ("postgres://rf:p@s:s@db/cases?password=s3cret", "postgres://rf:…@db/cases"),
            ("postgresql://db/cases?password=s3cret", "postgresql://db/cases"),
        ] {
            let place = Place::server(url).expect("an address");
            assert_eq!((place.shown(), format!("{place:?}")), (shown.to_owned(), shown.to_owned()));
        }
        let wrong = Place::server("mysql://rf:s3cret@db/cases").expect_err("another database");
        assert!(!wrong.to_string().contains("s3cret"), "{wrong}");
    }
}
