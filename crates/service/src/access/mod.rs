//! Who may do what? People with passwords and sessions, systems with keys, and one table of what each role is allowed.
//!
//! - [`policy`]: the table; what is not in it is denied;
//! - [`users`], [`password`], [`sessions`]: people, and how they sign in; [`throttle`]: how often they may try;
//! - [`keys`]: for systems, and for people's own programs;
//! - [`secret`]: how secrets are made and kept.
//!
//! Nothing secret is kept but as a hash. There is no default password and no default key: the first start prints a link,
//! which works once and for an hour, through which the first administrator is made.

pub mod keys;
mod list_file;
pub mod password;
pub mod policy;
pub mod secret;
pub mod sessions;
pub mod throttle;
pub mod users;

pub use keys::{Key, Keys};
pub use policy::{Permission, Role, allowed};
pub use sessions::Sessions;
pub use throttle::Throttle;
pub use users::{User, Users};

use crate::core::Principal;
use crate::files::FileError;
use ringfence_domain::{Duration, Timestamp};
use secret::OneTime;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// How long the set-up link works; the next start prints another.
pub const SET_UP_WORKS_FOR: Duration = Duration(3_600_000);

/// Why users or keys are as they were.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Too many keys.
    #[error(
        "there are as many keys as there may be ({} in all, {} of one person); revoke those that nobody uses",
        keys::KEYS_MAX,
        keys::KEYS_OF_A_USER_MAX
    )]
    TooManyKeys,
    /// Too many users.
    #[error("there are {} users already; remove those who left", users::USERS_MAX)]
    TooManyUsers,
    /// A key without a name.
    #[error("a key needs a name of 1 to {} bytes", keys::KEY_NAME_MAX)]
    KeyName,
    /// A key for what people do, without a person.
    #[error(
        "a key of no person has the role `integration`; for another role sign in and make a key of your own (POST /v1/me/keys)"
    )]
    KeyOfNobody,
    /// What is said of a user is not right.
    #[error("{0}")]
    User(String),
    /// Another user has the name.
    #[error("another user has this name already; take another")]
    NameTaken,
    /// Nobody would run the deployment.
    #[error("this is the last administrator; make another one first")]
    LastAdmin,
    /// The set-up link is wrong, old or was used.
    #[error(
        "this set-up link is not valid: it works once and for an hour; start the service again for another, as long as there is \
         no administrator"
    )]
    SetUp,
    /// The link of a user is wrong, old or was used.
    #[error("this link is not valid: it works once and for two days; ask an administrator for another")]
    Link,
    /// No such key.
    #[error("there is no key {0}")]
    UnknownKey(String),
    /// No such user.
    #[error("there is no user {0}")]
    UnknownUser(String),
}

/// Who asks: a system by its key, or a person by a session or a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Id of the key or, in a session, of the user.
    pub id: String,
    /// The key's name; of people nothing but their id, for the log never forgets.
    pub name: String,
    /// The person, if it is one.
    pub user: Option<String>,
    /// What it may do: all that one of these may.
    pub roles: BTreeSet<Role>,
    /// Requests a second that it may send.
    pub requests_per_second: Option<u32>,
    /// Whether it is a session of a browser.
    pub session: bool,
}

impl Identity {
    fn of_user(user: &User) -> Identity {
        Identity {
            id: user.id.clone(),
            name: format!("user {}", user.id),
            user: Some(user.id.clone()),
            roles: user.roles.clone(),
            requests_per_second: None,
            session: true,
        }
    }
    /// As what it may do something, if it may.
    pub fn role_for(&self, needed: Permission) -> Option<Role> {
        self.roles.iter().copied().find(|role| allowed(*role, needed))
    }
    /// As the log names it.
    pub fn principal(&self, role: Option<Role>) -> Principal {
        Principal { id: self.id.clone(), name: self.name.clone(), role, user: self.user.clone() }
    }
}

impl From<&User> for Principal {
    fn from(user: &User) -> Principal {
        Identity::of_user(user).principal(None)
    }
}

/// What a caller may still send: fills with time.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// Seconds of its rate that a caller may send at once.
const BURST_S: f64 = 2.0;

/// Users, sessions and keys of a deployment.
#[derive(Debug)]
pub struct Access {
    /// Keys.
    pub keys: Keys,
    /// People.
    pub users: Users,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Who tried and failed.
    pub throttle: Throttle,
    buckets: Mutex<BTreeMap<String, Bucket>>,
    set_up: Mutex<Option<OneTime>>,
}

impl Access {
    /// Users and keys in `dir`; without anybody who could make others, the token of a set-up link too.
    pub fn open(dir: &Path, now: Timestamp) -> Result<(Access, Option<String>), AccessError> {
        let (keys, users) = (Keys::open(dir)?, Users::open(dir)?);
        // A key of an administrator: of a program from before there were users.
        let admin = users.has_admin() || keys.list().iter().any(|k| k.role == Role::Admin);
        let link = (!admin).then(|| OneTime::new(now.plus(SET_UP_WORKS_FOR)));
        let (set_up, token) = link.unzip();
        let (sessions, throttle) = (Sessions::default(), Throttle::default());
        let (buckets, set_up) = (Mutex::default(), Mutex::new(set_up));
        Ok((Access { keys, users, sessions, throttle, buckets, set_up }, token))
    }
    /// Whether this token of the set-up link works.
    pub fn sets_up(&self, token: &str, now: Timestamp) -> bool {
        let set_up = self.set_up.lock().unwrap_or_else(PoisonError::into_inner);
        set_up.as_ref().is_some_and(|link| link.opens(token, now))
    }
    /// Makes the first administrator, with a password (its hash); the link does not work any more.
    pub fn set_up(
        &self,
        token: &str,
        about: users::About,
        hash: String,
        now: Timestamp,
    ) -> Result<User, AccessError> {
        let mut set_up = self.set_up.lock().unwrap_or_else(PoisonError::into_inner);
        if !set_up.as_ref().is_some_and(|link| link.opens(token, now)) {
            return Err(AccessError::SetUp);
        }
        let user = self.users.make(about, Some(hash), None, now)?;
        *set_up = None;
        Ok(user)
    }
    /// Who has a key, unless it is unknown, has expired, or its person may not do so any more.
    pub fn of_key(&self, secret: &str, now: Timestamp) -> Option<Identity> {
        let Key { id, name, role, user, created_at: _, expires_at: _, requests_per_second } =
            self.keys.of(secret, now)?;
        let name = match &user {
            None => name,
            Some(user) => {
                let user = self.users.get(user).ok()?;
                if !user.active || !user.roles.contains(&role) {
                    return None;
                }
                format!("key {id} of user {}", user.id)
            }
        };
        let roles = BTreeSet::from([role]);
        Some(Identity { id, name, user, roles, requests_per_second, session: false })
    }
    /// Who is signed in with this token.
    pub fn of_session(&self, token: &str, now: Timestamp) -> Option<Identity> {
        let user = self.users.get(&self.sessions.user(token, now)?).ok()?;
        user.active.then(|| Identity::of_user(&user))
    }
    /// Forgets a user, with sessions and keys.
    pub fn remove_user(&self, id: &str) -> Result<User, AccessError> {
        let user = self.users.apply(id, &users::Change::Remove)?;
        self.sessions.end_all(id);
        self.keys.revoke_of(id)?;
        Ok(user)
    }
    /// Revokes a key at once.
    pub fn revoke_key(&self, id: &str) -> Result<Key, AccessError> {
        let key = self.keys.revoke(id)?;
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(key)
    }
    /// Whether a caller may send one request more now; `general` is the deployment's limit, requests a second.
    pub fn has_room(&self, who: &Identity, general: Option<u32>, now: Timestamp) -> bool {
        let Some(rate) = who.requests_per_second.or(general).map(f64::from) else { return true };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = rate * BURST_S;
        let bucket = buckets.entry(who.id.clone()).or_insert(Bucket { left: full, at: now });
        let passed_s = now.since(bucket.at).0.max(0) as f64 / 1_000.0;
        bucket.left = (bucket.left + passed_s * rate).min(full);
        bucket.at = bucket.at.max(now);
        let room = bucket.left >= 1.0;
        if room {
            bucket.left -= 1.0;
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::keys::Wanted;
    use super::users::{About, Change};
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms).expect("a time")
    }
    fn about(name: &str, roles: &[Role]) -> About {
        About { name: name.into(), email: None, roles: roles.iter().copied().collect() }
    }
    fn wanted(role: Role, user: Option<&User>, requests_per_second: Option<u32>) -> Wanted {
        let user = user.map(|u| u.id.clone());
        Wanted { name: "k".into(), role, user, expires_at: None, requests_per_second }
    }

    #[test]
    fn a_key_sends_its_rate_and_two_seconds_of_it_at_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let (access, _) = Access::open(dir.path(), at(0)).expect("nobody yet");
        let who = |rate| {
            let (_, secret) = access.keys.make(wanted(Role::Integration, None, rate), at(0)).expect("a key");
            access.of_key(&secret, at(0)).expect("known")
        };
        let key = who(Some(10));
        let sent = |now, tries| (0..tries).filter(|_| access.has_room(&key, Some(1_000), at(now))).count();
        assert_eq!(sent(0, 100), 20);
        assert_eq!((sent(100, 100), sent(150, 100), sent(200, 100)), (1, 0, 1));
        assert_eq!(sent(100_000, 100), 20, "no more than full");
        assert_eq!(sent(50_000, 100), 0, "a clock that goes back gives nothing");
        let free = who(None);
        assert!((0..10_000).all(|_| access.has_room(&free, None, at(0))));
        assert_eq!((0..100).filter(|_| access.has_room(&free, Some(5), at(0))).count(), 10);
    }

    #[test]
    fn the_set_up_link_works_once_and_for_an_hour_and_only_while_nobody_runs_the_deployment() {
        let dir = tempfile::tempdir().expect("a folder");
        let (access, token) = Access::open(dir.path(), at(0)).expect("nobody yet");
        let token = token.expect("a link");
        assert!(!format!("{access:?}").contains(&token), "only its hash is held");
        let ada = || about("Ada", &[Role::Admin]);
        for (token, now) in [("wrong", 0), (token.as_str(), SET_UP_WORKS_FOR.0)] {
            let refused = access.set_up(token, ada(), "hash".into(), at(now));
            assert!(matches!(refused, Err(AccessError::SetUp)), "{refused:?}");
        }
        // What is not right about the user does not use the link up.
        access.set_up(&token, about("", &[Role::Admin]), "hash".into(), at(0)).expect_err("no name");
        access.set_up(&token, ada(), "hash".into(), at(0)).expect("an administrator");
        access.set_up(&token, about("Eve", &[Role::Admin]), "hash".into(), at(0)).expect_err("used");
        let (_, token) = Access::open(dir.path(), at(0)).expect("somebody");
        assert_eq!(token, None);
    }

    #[test]
    fn a_person_who_may_not_any_more_has_neither_keys_nor_sessions() {
        let dir = tempfile::tempdir().expect("a folder");
        let (access, _) = Access::open(dir.path(), at(0)).expect("nobody yet");
        let make = |name: &str, roles: &[Role]| access.users.make(about(name, roles), None, None, at(0));
        let ada = make("Ada", &[Role::Admin]).expect("made");
        let bob = make("Bob", &[Role::Analyst, Role::Supervisor]).expect("made");
        assert!(matches!(make("BOB", &[Role::Analyst]), Err(AccessError::NameTaken)));
        assert!(matches!(make("Cy", &[Role::Integration]), Err(AccessError::User(_))));
        let secret = |role| access.keys.make(wanted(role, Some(&bob), None), at(0)).expect("a key").1;
        let (analyst, supervisor) = (secret(Role::Analyst), secret(Role::Supervisor));
        let session = access.sessions.begin(&bob.id, at(0));
        let known = || {
            let keys = [&analyst, &supervisor].map(|k| access.of_key(k, at(0)).is_some());
            (keys, access.of_session(&session, at(0)).map(|who| who.roles.len()))
        };
        assert_eq!(known(), ([true, true], Some(2)));
        let set = |user: &User, role, active| {
            access.users.apply(&user.id, &Change::Set(about(&user.name, &[role]), active))
        };
        set(&bob, Role::Analyst, true).expect("fewer roles");
        assert_eq!(known(), ([true, false], Some(1)));
        set(&bob, Role::Analyst, false).expect("locked");
        assert_eq!(known(), ([false, false], None));
        access.remove_user(&bob.id).expect("removed");
        assert_eq!((known(), access.keys.list().len()), (([false, false], None), 0));
        let eve = make("Eve", &[Role::Auditor]).expect("made");
        for left in [
            access.remove_user(&ada.id),
            set(&ada, Role::Auditor, true),
            set(&ada, Role::Admin, false),
            access.users.check(&ada.id, &Change::Remove),
        ] {
            assert!(matches!(left, Err(AccessError::LastAdmin)), "{left:?}");
        }
        set(&eve, Role::Admin, true).expect("another administrator");
        access.users.check(&ada.id, &Change::Remove).expect("she may go");
        assert_eq!(access.users.list().len(), 2, "and was only asked about");
    }

    #[test]
    fn a_link_to_choose_a_password_works_once_and_ends_the_password_before() {
        let dir = tempfile::tempdir().expect("a folder");
        let (access, _) = Access::open(dir.path(), at(0)).expect("nobody yet");
        let users = &access.users;
        let bob = users.make(about("Bob", &[Role::Analyst]), Some("old".into()), None, at(0)).expect("made");
        assert_eq!(users.to_sign_in(" bOB ").map(|(_, hash)| hash), Some("old".into()));
        let (_, first) = users.reset(&bob.id, at(0)).expect("a link");
        assert!(users.to_sign_in("Bob").is_none());
        let (_, token) = users.reset(&bob.id, at(0)).expect("another link");
        for (token, now) in [(&first, 0), (&token, users::LINK_WORKS_FOR.0)] {
            assert!(users.of_link(token, at(now)).is_none());
            users.use_link(token, "new".into(), at(now)).expect_err("it does not work");
        }
        let kept = std::fs::read_to_string(dir.path().join(users::USERS_FILE)).expect("the file");
        assert!(!kept.contains(&token));
        // Read again.
        let users = Users::open(dir.path()).expect("users");
        users.use_link(&token, "new".into(), at(0)).expect("it works");
        users.use_link(&token, "again".into(), at(0)).expect_err("once");
        assert_eq!(users.password_of(&bob.id), Some("new".into()));
    }
}
