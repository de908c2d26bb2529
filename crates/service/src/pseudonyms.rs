//! Under which name is a member of staff shown? A pseudonym that tells nothing, the same each time, until two people agree.
//!
//! What the shop calls a person is in its events. Pages of leads show a keyed hash instead; the key is a file of this
//! deployment, so that nobody who knows the staff list can try names one by one.

use crate::access::secret::{hex, random_hex};
use crate::files::{FileError, read_json, write_json};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::path::Path;

/// The file of the key in the service's folder.
pub const PSEUDONYMS_FILE: &str = "pseudonyms.json";

#[derive(Serialize, Deserialize)]
struct Kept {
    key: String,
}

/// Makes pseudonyms.
#[derive(Clone)]
pub struct Pseudonyms(Hmac<Sha256>);

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    /// With the key of the deployment in `dir`; a new one is made where there is none.
    pub fn open(dir: &Path) -> Result<Pseudonyms, FileError> {
        let path = dir.join(PSEUDONYMS_FILE);
        let kept = match read_json::<Kept>(&path)? {
            Some(kept) => kept,
            None => {
                let kept = Kept { key: random_hex::<32>() };
                write_json(&path, &kept)?;
                kept
            }
        };
        Ok(Pseudonyms(Hmac::new_from_slice(kept.key.as_bytes()).expect("HMAC takes keys of any length")))
    }
    /// The pseudonym of a member of staff.
    pub fn of(&self, staff: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(staff.as_bytes());
        format!("P-{}", hex(&mac.finalize().into_bytes()[..5]))
    }
    /// Whether a text is a pseudonym and no name: it has the form of one.
    pub fn is_one(text: &str) -> bool {
        let digits = text.strip_prefix("P-").unwrap_or_default();
        digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    }
    /// What is shown of somebody who may be named by either.
    pub fn shown(&self, named: &str) -> String {
        if Pseudonyms::is_one(named) { named.to_owned() } else { self.of(named) }
    }
    /// A sentence in which the names of these members of staff are pseudonyms.
    pub fn in_text(&self, text: &str, staff: &[String]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = None;
        while let Some(first) = rest.chars().next() {
            let named = staff.iter().filter(|name| {
                let after = rest.strip_prefix(name.as_str()).map(|after| after.chars().next());
                !name.is_empty() && after.is_some_and(|next| !next.is_some_and(part_of_a_name))
            });
            // The longest: a name may begin with another.
            match named.max_by_key(|name| name.len()) {
                Some(name) if !before.is_some_and(part_of_a_name) => {
                    out.push_str(&self.of(name));
                    before = name.chars().next_back();
                    rest = &rest[name.len()..];
                }
                _ => {
                    out.push(first);
                    before = Some(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        out
    }
}

fn part_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_where_they_stand_alone_and_stay_the_same_over_restarts() {
        let dir = tempfile::tempdir().expect("a folder");
        let names = Pseudonyms::open(dir.path()).expect("a key");
        let again = Pseudonyms::open(dir.path()).expect("a key");
        let staff = ["S1".to_owned(), "S12".to_owned()];
        let (one, twelve) = (names.of("S1"), names.of("S12"));
        assert_eq!(one, again.of("S1"));
        assert_ne!(one, twelve);
        assert!(Pseudonyms::is_one(&one) && !Pseudonyms::is_one("P-1") && !Pseudonyms::is_one("S1"));
        assert_eq!((names.shown("S1"), names.shown(&one)), (one.clone(), one.clone()));
        let text = "staff S1, S12 and XS1 (S12); ring-S1 stays";
        let expect = format!("staff {one}, {twelve} and XS1 ({twelve}); ring-S1 stays");
        assert_eq!(names.in_text(text, &staff), expect);
    }
}
