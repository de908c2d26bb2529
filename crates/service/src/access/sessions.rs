//! Who is signed in? Sessions by a random token in a cookie; only its hash is kept, in memory.
//!
//! A restart ends all sessions. So nothing of them is on a disk or in a backup, and a copied folder signs nobody in.

use crate::access::secret::{random_hex, sha256};
use ringfence_domain::{Duration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A session ends when nothing was asked in it for so long.
pub const IDLE: Duration = Duration(30 * 60_000);
/// A session ends so long after signing in, whatever is asked.
pub const ABSOLUTE: Duration = Duration(12 * 3_600_000);
/// Sessions of one user: a person has a few browsers. Beyond, the one that was idle longest ends.
pub const SESSIONS_OF_A_USER_MAX: usize = 20;

#[derive(Clone, Debug)]
struct Session {
    user: String,
    began: Timestamp,
    seen: Timestamp,
}

impl Session {
    fn lives(&self, now: Timestamp) -> bool {
        now < self.seen.plus(IDLE) && now < self.began.plus(ABSOLUTE)
    }
}

/// The sessions of a deployment, by the hash of their token. As many as there are users, times
/// [`SESSIONS_OF_A_USER_MAX`], at some hundred bytes.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<BTreeMap<String, Session>>);

impl Sessions {
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Signs a user in; the token for the cookie.
    pub fn begin(&self, user: &str, now: Timestamp) -> String {
        let token = random_hex::<32>();
        let mut sessions = self.held();
        sessions.retain(|_, session| session.lives(now));
        let own = || sessions.iter().filter(|(_, session)| session.user == user);
        if own().count() >= SESSIONS_OF_A_USER_MAX {
            let idle = own().min_by_key(|(_, session)| session.seen).map(|(hash, _)| hash.clone());
            idle.and_then(|hash| sessions.remove(&hash));
        }
        sessions.insert(sha256(&token), Session { user: user.to_owned(), began: now, seen: now });
        token
    }
    /// The user of a session that lives; it is asked in, and so not idle.
    pub fn user(&self, token: &str, now: Timestamp) -> Option<String> {
        let hash = sha256(token);
        let mut sessions = self.held();
        let session = sessions.get_mut(&hash)?;
        if !session.lives(now) {
            sessions.remove(&hash);
            return None;
        }
        session.seen = session.seen.max(now);
        Some(session.user.clone())
    }
    /// Whether a session lives; that it is asked does not count as being there.
    pub fn lives(&self, token: &str, now: Timestamp) -> bool {
        self.held().get(&sha256(token)).is_some_and(|session| session.lives(now))
    }
    /// Ends a session.
    pub fn end(&self, token: &str) {
        self.held().remove(&sha256(token));
    }
    /// Ends all sessions of a user.
    pub fn end_all(&self, user: &str) {
        self.held().retain(|_, session| session.user != user);
    }
}

/// What a page of ours sends along with a change, and no other page can know: made from the token of the session.
pub fn csrf(token: &str) -> String {
    sha256(&format!("ringfence csrf {token}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms).expect("a time")
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_or_ended() {
        let sessions = Sessions::default();
        let token = sessions.begin("u1", at(0));
        let lives = |ms| sessions.user(&token, at(ms)).is_some();
        assert!(lives(IDLE.0 - 1) && lives(2 * IDLE.0 - 2), "what is used is not idle");
        assert!(!lives(3 * IDLE.0 - 2) && !lives(0), "idle, and gone for good");
        let token = sessions.begin("u1", at(0));
        for ms in (0..ABSOLUTE.0).step_by(60_000) {
            assert!(sessions.user(&token, at(ms)).is_some(), "{ms}");
        }
        assert!(sessions.user(&token, at(ABSOLUTE.0)).is_none(), "old");
        let (one, two) = (sessions.begin("u1", at(0)), sessions.begin("u2", at(0)));
        sessions.end_all("u1");
        assert_eq!((sessions.user(&one, at(0)), sessions.user(&two, at(0))), (None, Some("u2".into())));
        sessions.end(&two);
        assert!(sessions.user(&two, at(0)).is_none() && sessions.user("", at(0)).is_none());
    }

    #[test]
    fn the_idlest_of_too_many_sessions_ends() {
        let sessions = Sessions::default();
        let other = sessions.begin("u2", at(0));
        let tokens: Vec<String> =
            (0..=SESSIONS_OF_A_USER_MAX as i64).map(|i| sessions.begin("u1", at(i))).collect();
        let lives: Vec<bool> = tokens.iter().map(|t| sessions.user(t, at(100)).is_some()).collect();
        assert!(!lives[0] && lives[1..].iter().all(|l| *l) && sessions.user(&other, at(100)).is_some());
    }

    #[test]
    fn only_hashes_are_held() {
        let sessions = Sessions::default();
        let token = sessions.begin("u1", at(0));
        assert!(!format!("{sessions:?}").contains(&token));
        assert_ne!(csrf(&token), sha256(&token));
    }
}
