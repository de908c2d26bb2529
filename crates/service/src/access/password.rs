//! Which passwords are taken, and how are they kept? Long ones that are not easily guessed; as Argon2id hashes.
//!
//! The rules are those of NIST SP 800-63B: length counts, no kinds of characters are asked for, nothing expires, and what
//! is common or about the person is refused. Guessing is estimated by zxcvbn.

use crate::access::secret::random_bytes;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use std::fmt;
use std::sync::OnceLock;

/// Shortest password, characters.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Longest password, bytes: any sentence, and no work for the hash that somebody else chooses.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// What the strength estimate looks at: it grows with the square, and a password this long is not guessed.
const ESTIMATED_CHARS_MAX: usize = 64;
/// Memory of a hash, KiB: with two passes, what OWASP recommends at least (19 MiB).
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;

/// A password as a person typed it: never shown, also not by mistake.
#[derive(Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Why a password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Weak {
    /// Too short.
    #[error(
        "a password has at least {PASSWORD_CHARS_MIN} characters; a few words in a row are long and easily remembered"
    )]
    Short,
    /// Too long.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    Long,
    /// Easily guessed.
    #[error(
        "this password is easily guessed: it is common, a pattern, or about its user; take some words that do not belong together"
    )]
    Guessed,
}

/// Whether a password may be taken by a user of whom these words are known.
pub fn check(password: &Password, about: &[&str]) -> Result<(), Weak> {
    let Password(text) = password;
    if text.chars().count() < PASSWORD_CHARS_MIN {
        return Err(Weak::Short);
    }
    if text.len() > PASSWORD_BYTES_MAX {
        return Err(Weak::Long);
    }
    let head: String = text.chars().take(ESTIMATED_CHARS_MAX).collect();
    let words: Vec<&str> = about.iter().copied().chain(["ringfence", "refund"]).collect();
    // 3 of 4: beyond 10^8 guesses, which the waits between tries and the slow hash make very long.
    if zxcvbn::zxcvbn(&head, &words).score() < zxcvbn::Score::Three {
        return Err(Weak::Guessed);
    }
    Ok(())
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("these are parameters of Argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Its hash, as it is kept. Takes some tens of milliseconds and 19 MiB: never on a thread that others wait for.
pub fn hash(password: &Password) -> String {
    let hashed: PasswordHash = argon2()
        .hash_password_with_salt(password.0.as_bytes(), &random_bytes::<16>())
        .expect("the password is bounded, the salt has its length");
    hashed.to_string()
}

/// Whether this is the password of a hash. Without one, as for a name that nobody has, the same work is done for nothing, so
/// that the time tells nothing. Slow like [`hash`].
pub fn verify(password: &Password, kept: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let of_nobody = || NOBODY.get_or_init(|| hash(&Password("of nobody".into()))).as_str();
    let text = kept.unwrap_or_else(of_nobody);
    let bounded = password.0.len() <= PASSWORD_BYTES_MAX;
    let bytes = if bounded { password.0.as_bytes() } else { &[] };
    let fits = PasswordHash::new(text).is_ok_and(|hash| argon2().verify_password(bytes, &hash).is_ok());
    fits && bounded && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password(text.into())
    }

    #[test]
    fn long_ones_are_taken_and_common_ones_and_those_about_the_user_are_not() {
        for (text, expect) in [
            ("short", Err(Weak::Short)),
            ("elevenchars", Err(Weak::Short)),
            ("aaaaaaaaaaaaaaaa", Err(Weak::Guessed)),
            ("password1234", Err(Weak::Guessed)),
            ("123456789012", Err(Weak::Guessed)),
            ("qwertyuiop123", Err(Weak::Guessed)),
            ("lovelace.ada", Err(Weak::Guessed)),
            ("Ringfence2026", Err(Weak::Guessed)),
            ("mauve lantern quarry", Ok(())),
            ("zwölf kleine Bücher", Ok(())),
            ("q8#Lr0vTz!m2", Ok(())),
        ] {
            assert_eq!(check(&password(text), &["Ada Lovelace", "ada", "lovelace"]), expect, "{text}");
        }
        assert_eq!(check(&password(&"x7 ".repeat(100)), &[]), Err(Weak::Long));
    }

    #[test]
    fn a_hash_fits_its_password_only_and_nobody_has_one() {
        let one = password("mauve lantern quarry");
        let (kept, again) = (hash(&one), hash(&one));
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && kept != again, "{kept}");
        assert!(verify(&one, Some(&kept)) && verify(&one, Some(&again)));
        assert!(!verify(&password("mauve lantern quarrz"), Some(&kept)));
        assert!(!verify(&password("of nobody"), None) && !verify(&one, None));
        assert!(!verify(&one, Some("")) && !verify(&password(&"x".repeat(1 << 20)), Some(&kept)));
        assert_eq!(format!("{one:?}"), "Password(…)");
    }
}
