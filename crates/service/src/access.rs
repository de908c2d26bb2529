//! Who may do what? API keys, roles, and one table of what each role is allowed; what is not in it is denied.
//!
//! A key is 256 random bits, shown once. What is kept is its SHA-256: the keys are as random as a hash, so that a slow
//! hash would add nothing. There is no default key: the first start prints a link with a token that makes the first one.

use ringfence_domain::{Duration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Most keys of one deployment.
pub const KEYS_MAX: usize = 1_000;
/// Longest name of a key, bytes.
pub const KEY_NAME_MAX: usize = 128;
/// What keys begin with, so that secret scanners find them.
const KEY_PREFIX: &str = "rf_";

/// What a caller is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A system of the shop: sends events and asks for decisions.
    Integration,
    /// Looks at requests and decisions.
    Analyst,
    /// Works cases.
    Investigator,
    /// Decides on what needs two.
    Supervisor,
    /// Reads everything, changes nothing.
    Auditor,
    /// Runs the deployment.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 6] =
        [Role::Integration, Role::Analyst, Role::Investigator, Role::Supervisor, Role::Auditor, Role::Admin];
}

/// What an endpoint needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Open to anyone: health, the API's description, the first key.
    Anyone,
    /// Send events and get decisions.
    Send,
    /// Read decisions.
    ReadDecisions,
    /// Read what a decision was made from: events of customers.
    ReadEvidence,
    /// Read lists and suppressions.
    ReadLists,
    /// Change lists.
    ManageLists,
    /// Read versions, proposals and shadow runs.
    ReadVersions,
    /// Upload, try and propose versions.
    Propose,
    /// Approve versions that somebody else proposed; suppress rules.
    Approve,
    /// Read the head of the log, metrics.
    ReadOperations,
    /// Read who did what.
    ReadAudit,
    /// Take snapshots.
    Operate,
    /// Make and revoke keys.
    ManageKeys,
    /// Make and watch webhooks.
    ManageWebhooks,
}

/// The policy table: what each role may do.
pub fn allowed(role: Role, permission: Permission) -> bool {
    use Permission::{
        Anyone, Approve, ManageKeys, ManageLists, ManageWebhooks, Operate, Propose, ReadAudit, ReadDecisions,
        ReadEvidence, ReadLists, ReadOperations, ReadVersions, Send,
    };
    match role {
        Role::Integration => matches!(permission, Anyone | Send | ReadDecisions),
        Role::Analyst => {
            matches!(permission, Anyone | ReadDecisions | ReadEvidence | ReadLists | ReadVersions | Propose)
        }
        Role::Investigator => {
            matches!(
                permission,
                Anyone | ReadDecisions | ReadEvidence | ReadLists | ManageLists | ReadVersions
            )
        }
        Role::Supervisor => matches!(
            permission,
            Anyone
                | ReadDecisions
                | ReadEvidence
                | ReadLists
                | ManageLists
                | ReadVersions
                | Propose
                | Approve
                | ReadOperations
        ),
        Role::Auditor => matches!(
            permission,
            Anyone | ReadDecisions | ReadEvidence | ReadLists | ReadVersions | ReadOperations | ReadAudit
        ),
        Role::Admin => matches!(
            permission,
            Anyone
                | ReadDecisions
                | ReadVersions
                | Propose
                | Approve
                | ReadOperations
                | ReadAudit
                | Operate
                | ManageKeys
                | ManageWebhooks
        ),
    }
}

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    key: Key,
    sha256: String,
    /// The secret before, until it was replaced everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old: Option<Old>,
}

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Old {
    sha256: String,
    until: Timestamp,
}

/// A key as it is shown: without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// Names the key in lists and logs.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What its holder is.
    pub role: Role,
    /// When it was made.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// From then on it is refused.
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// Requests a second that it may send, with room for two seconds at once; the deployment's limit where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
}

/// Why keys cannot be kept or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Of what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what this program writes.
    #[error("{} is not a list of keys ({what}); restore it from a backup, or remove it and set the deployment up again", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Too many.
    #[error("there are {KEYS_MAX} keys already; revoke those that nobody uses")]
    TooMany,
    /// No such name.
    #[error("a key needs a name of 1 to {KEY_NAME_MAX} bytes")]
    Name,
    /// The set-up token is wrong or was used.
    #[error(
        "this set-up link is not valid; the link is printed when the service starts without any key, and works once"
    )]
    SetUp,
    /// No such key.
    #[error("there is no key {0}")]
    Unknown(String),
}

/// What a key may still send: fills with time.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// Seconds of its rate that a key may send at once.
const BURST_S: f64 = 2.0;

/// The keys of a deployment.
#[derive(Debug)]
pub struct Access {
    path: PathBuf,
    keys: Mutex<Vec<Kept>>,
    buckets: Mutex<BTreeMap<String, Bucket>>,
    set_up: Mutex<Option<String>>,
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).collect()
}

pub(crate) fn random_hex<const N: usize>() -> String {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    hex(&bytes)
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Compares without telling by its time where two texts differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |d, (x, y)| d | (x ^ y)) == 0
}

impl Access {
    /// The keys in `dir`. Without any, a token for the first one is made.
    pub fn open(dir: &Path) -> Result<Access, AccessError> {
        let path = dir.join("keys.json");
        let keys: Vec<Kept> = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|e| AccessError::Malformed { path: path.clone(), what: e.to_string() })?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(AccessError::Io { doing: "read", path, source }),
        };
        let set_up = keys.is_empty().then(random_hex::<32>);
        Ok(Access { path, keys: Mutex::new(keys), buckets: Mutex::default(), set_up: Mutex::new(set_up) })
    }
    /// The token of the set-up link, until the first key is made.
    pub fn set_up_token(&self) -> Option<String> {
        self.set_up.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Makes the first key, an admin's; returns it with its secret.
    pub fn set_up(&self, token: &str, now: Timestamp) -> Result<(Key, String), AccessError> {
        let mut expected = self.set_up.lock().unwrap_or_else(PoisonError::into_inner);
        if !expected.as_deref().is_some_and(|e| same(e, token)) {
            return Err(AccessError::SetUp);
        }
        let made = self.make("set-up", Role::Admin, None, None, now)?;
        *expected = None;
        Ok(made)
    }
    /// Makes a key; returns it with its secret, which is not kept.
    pub fn make(
        &self,
        name: &str,
        role: Role,
        expires_at: Option<Timestamp>,
        requests_per_second: Option<u32>,
        now: Timestamp,
    ) -> Result<(Key, String), AccessError> {
        if name.is_empty() || name.len() > KEY_NAME_MAX {
            return Err(AccessError::Name);
        }
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS_MAX {
            return Err(AccessError::TooMany);
        }
        let secret = format!("{KEY_PREFIX}{}", random_hex::<32>());
        let (id, name) = (random_hex::<8>(), name.to_owned());
        let key = Key { id, name, role, created_at: now, expires_at, requests_per_second };
        let mut changed = keys.clone();
        changed.push(Kept { key: key.clone(), sha256: sha256(&secret), old: None });
        self.write(&changed)?;
        *keys = changed;
        Ok((key, secret))
    }
    /// Gives a key a new secret; the old one works beside it for `grace`.
    pub fn rotate(&self, id: &str, grace: Duration, now: Timestamp) -> Result<(Key, String), AccessError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = keys.clone();
        let found = changed.iter_mut().find(|k| k.key.id == id);
        let found = found.ok_or_else(|| AccessError::Unknown(id.to_owned()))?;
        let secret = format!("{KEY_PREFIX}{}", random_hex::<32>());
        let before = std::mem::replace(&mut found.sha256, sha256(&secret));
        found.old = Some(Old { sha256: before, until: now.plus(grace) });
        let key = found.key.clone();
        self.write(&changed)?;
        *keys = changed;
        Ok((key, secret))
    }
    /// Whether a key may send one request more now; `general` is the deployment's limit, requests a second.
    pub fn has_room(&self, key: &Key, general: Option<u32>, now: Timestamp) -> bool {
        let Some(rate) = key.requests_per_second.or(general).map(f64::from) else { return true };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = rate * BURST_S;
        let bucket = buckets.entry(key.id.clone()).or_insert(Bucket { left: full, at: now });
        let passed_s = now.since(bucket.at).0.max(0) as f64 / 1_000.0;
        bucket.left = (bucket.left + passed_s * rate).min(full);
        bucket.at = bucket.at.max(now);
        let room = bucket.left >= 1.0;
        if room {
            bucket.left -= 1.0;
        }
        room
    }
    /// Revokes a key at once.
    pub fn revoke(&self, id: &str) -> Result<Key, AccessError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let place =
            keys.iter().position(|k| k.key.id == id).ok_or_else(|| AccessError::Unknown(id.to_owned()))?;
        let mut changed = keys.clone();
        let gone = changed.remove(place);
        self.write(&changed)?;
        *keys = changed;
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(gone.key)
    }
    /// All keys, without their secrets.
    pub fn list(&self) -> Vec<Key> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|k| k.key.clone()).collect()
    }
    /// The key of a secret, unless it is unknown or has expired.
    pub fn caller(&self, secret: &str, now: Timestamp) -> Option<Key> {
        let hash = sha256(secret);
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |k: &&Kept| {
            let old = k.old.as_ref().filter(|old| now < old.until);
            same(&k.sha256, &hash) | old.is_some_and(|old| same(&old.sha256, &hash))
        };
        let found = keys.iter().find(fits)?;
        found.key.expires_at.is_none_or(|end| now < end).then(|| found.key.clone())
    }
    /// Whole or not at all, readable by the owner only.
    fn write(&self, keys: &[Kept]) -> Result<(), AccessError> {
        let part = self.path.with_extension("json.part");
        let fail = |doing| move |source| AccessError::Io { doing, path: self.path.clone(), source };
        let bytes = serde_json::to_vec_pretty(keys).expect("keys serialise");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&part).map_err(fail("create"))?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(fail("write"))?;
        std::fs::rename(&part, &self.path).map_err(fail("replace"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms).expect("a time")
    }

    #[test]
    fn a_key_sends_its_rate_and_two_seconds_of_it_at_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let access = Access::open(dir.path()).expect("no keys");
        let (key, _) = access.make("k", Role::Integration, None, Some(10), at(0)).expect("a key");
        let sent = |now, tries| (0..tries).filter(|_| access.has_room(&key, Some(1_000), at(now))).count();
        assert_eq!(sent(0, 100), 20);
        assert_eq!((sent(100, 100), sent(150, 100), sent(200, 100)), (1, 0, 1));
        assert_eq!(sent(100_000, 100), 20, "no more than full");
        assert_eq!(sent(50_000, 100), 0, "a clock that goes back gives nothing");
        let (free, _) = access.make("f", Role::Integration, None, None, at(0)).expect("a key");
        assert!((0..10_000).all(|_| access.has_room(&free, None, at(0))));
        assert_eq!((0..100).filter(|_| access.has_room(&free, Some(5), at(0))).count(), 10);
    }

    #[test]
    fn a_new_secret_works_beside_the_old_one_for_a_while() {
        let dir = tempfile::tempdir().expect("a folder");
        let access = Access::open(dir.path()).expect("no keys");
        let (key, old) = access.make("k", Role::Integration, None, None, at(0)).expect("a key");
        let (same, new) = access.rotate(&key.id, Duration(1_000), at(0)).expect("a secret");
        assert_eq!(same, key);
        let id = |secret: &str, now| access.caller(secret, at(now)).map(|k| k.id);
        assert_eq!((id(&old, 999), id(&new, 999)), (Some(key.id.clone()), Some(key.id.clone())));
        assert_eq!((id(&old, 1_000), id(&new, 1_000)), (None, Some(key.id.clone())));
        // Also after the keys are read again.
        let access = Access::open(dir.path()).expect("a key");
        assert_eq!(access.caller(&new, at(5_000)).map(|k| k.id), Some(key.id));
        assert!(access.caller(&old, at(5_000)).is_none());
    }
}
