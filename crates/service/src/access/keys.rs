//! Which keys are there? 256 random bits each, shown once, kept as hashes; for a system, or one of a person.
//!
//! A key of a person acts as that person, with one of the person's roles, and ends with them. So two keys in one hand are
//! one person where two are needed.

use crate::access::AccessError;
use crate::access::list_file::ListFile;
use crate::access::policy::Role;
use crate::access::secret::{KEY_PREFIX, random_hex, same, sha256};
use ringfence_domain::{Duration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file in the folder of a service.
pub const KEYS_FILE: &str = "keys.json";
/// Most keys of one deployment.
pub const KEYS_MAX: usize = 1_000;
/// Most keys of one person.
pub const KEYS_OF_A_USER_MAX: usize = 20;
/// Longest name of a key, bytes.
pub const KEY_NAME_MAX: usize = 128;

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
    /// The person whose key it is; none for a system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
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

/// A key to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it is for.
    pub name: String,
    /// What its holder is.
    pub role: Role,
    /// The person whose key it is; none for a system's.
    pub user: Option<String>,
    /// From then on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Requests a second that it may send.
    pub requests_per_second: Option<u32>,
}

/// The keys of a deployment.
#[derive(Debug)]
pub struct Keys {
    kept: ListFile<Kept>,
}

impl Keys {
    /// Those of a folder.
    pub fn open(dir: &Path) -> Result<Keys, AccessError> {
        Ok(Keys { kept: ListFile::open(dir.join(KEYS_FILE))? })
    }
    /// Changes the list, durable on return; nothing changes where it fails.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Kept>) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        self.kept.replace(|held| {
            let mut changed = held.to_vec();
            let out = change(&mut changed)?;
            Ok((out, changed))
        })
    }
    /// Makes a key; returns it with its secret, which is not kept.
    pub fn make(&self, wanted: Wanted, now: Timestamp) -> Result<(Key, String), AccessError> {
        let Wanted { name, role, user, expires_at, requests_per_second } = wanted;
        if name.is_empty() || name.len() > KEY_NAME_MAX {
            return Err(AccessError::KeyName);
        }
        if user.is_none() && role != Role::Integration {
            return Err(AccessError::KeyOfNobody);
        }
        self.change(|all| {
            let own = all.iter().filter(|k| user.is_some() && k.key.user == user).count();
            if all.len() >= KEYS_MAX || own >= KEYS_OF_A_USER_MAX {
                return Err(AccessError::TooManyKeys);
            }
            let secret = format!("{KEY_PREFIX}{}", random_hex::<32>());
            let id = random_hex::<8>();
            let key = Key { id, name, role, user, created_at: now, expires_at, requests_per_second };
            all.push(Kept { key: key.clone(), sha256: sha256(&secret), old: None });
            Ok((key, secret))
        })
    }
    /// Gives a key a new secret; the old one works beside it for `grace`.
    pub fn rotate(&self, id: &str, grace: Duration, now: Timestamp) -> Result<(Key, String), AccessError> {
        self.change(|all| {
            let found = all.iter_mut().find(|k| k.key.id == id);
            let found = found.ok_or_else(|| AccessError::UnknownKey(id.to_owned()))?;
            let secret = format!("{KEY_PREFIX}{}", random_hex::<32>());
            let before = std::mem::replace(&mut found.sha256, sha256(&secret));
            found.old = Some(Old { sha256: before, until: now.plus(grace) });
            Ok((found.key.clone(), secret))
        })
    }
    /// Revokes a key at once.
    pub fn revoke(&self, id: &str) -> Result<Key, AccessError> {
        self.change(|all| {
            let place = all.iter().position(|k| k.key.id == id);
            let place = place.ok_or_else(|| AccessError::UnknownKey(id.to_owned()))?;
            Ok(all.remove(place).key)
        })
    }
    /// Revokes all keys of a person.
    pub fn revoke_of(&self, user: &str) -> Result<(), AccessError> {
        self.change(|all| {
            all.retain(|k| k.key.user.as_deref() != Some(user));
            Ok(())
        })
    }
    /// One of them.
    pub fn get(&self, id: &str) -> Result<Key, AccessError> {
        let found = self.kept.held().iter().find(|k| k.key.id == id).map(|k| k.key.clone());
        found.ok_or_else(|| AccessError::UnknownKey(id.to_owned()))
    }
    /// All keys, without their secrets.
    pub fn list(&self) -> Vec<Key> {
        self.kept.held().iter().map(|k| k.key.clone()).collect()
    }
    /// The key of a secret, unless it is unknown or has expired.
    pub fn of(&self, secret: &str, now: Timestamp) -> Option<Key> {
        let hash = sha256(secret);
        let held = self.kept.held();
        let fits = |k: &&Kept| {
            let old = k.old.as_ref().filter(|old| now < old.until);
            same(&k.sha256, &hash) | old.is_some_and(|old| same(&old.sha256, &hash))
        };
        let found = held.iter().find(fits)?;
        found.key.expires_at.is_none_or(|end| now < end).then(|| found.key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms).expect("a time")
    }
    fn wanted(role: Role, user: Option<&str>) -> Wanted {
        let user = user.map(str::to_owned);
        Wanted { name: "k".into(), role, user, expires_at: None, requests_per_second: None }
    }

    #[test]
    fn a_new_secret_works_beside_the_old_one_for_a_while() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Keys::open(dir.path()).expect("no keys");
        let (key, old) = keys.make(wanted(Role::Integration, None), at(0)).expect("a key");
        let (same, new) = keys.rotate(&key.id, Duration(1_000), at(0)).expect("a secret");
        assert_eq!(same, key);
        let id = |secret: &str, now| keys.of(secret, at(now)).map(|k| k.id);
        assert_eq!((id(&old, 999), id(&new, 999)), (Some(key.id.clone()), Some(key.id.clone())));
        assert_eq!((id(&old, 1_000), id(&new, 1_000)), (None, Some(key.id.clone())));
        // Also after the keys are read again.
        let keys = Keys::open(dir.path()).expect("a key");
        assert_eq!(keys.of(&new, at(5_000)).map(|k| k.id), Some(key.id));
        assert!(keys.of(&old, at(5_000)).is_none());
    }

    #[test]
    fn what_people_do_needs_a_person_and_a_person_has_some_keys() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Keys::open(dir.path()).expect("no keys");
        for role in Role::ALL {
            let made = keys.make(wanted(role, None), at(0));
            assert_eq!(made.is_ok(), role == Role::Integration, "{role:?}");
            let name = Wanted { name: String::new(), ..wanted(role, Some("u1")) };
            assert!(matches!(keys.make(name, at(0)), Err(AccessError::KeyName)));
        }
        for _ in 0..KEYS_OF_A_USER_MAX {
            keys.make(wanted(Role::Analyst, Some("u1")), at(0)).expect("a key");
        }
        let more = keys.make(wanted(Role::Analyst, Some("u1")), at(0));
        assert!(matches!(more, Err(AccessError::TooManyKeys)), "{more:?}");
        keys.make(wanted(Role::Analyst, Some("u2")), at(0)).expect("another's");
        keys.revoke_of("u1").expect("revoked");
        let left: Vec<Option<String>> = keys.list().into_iter().map(|k| k.user).collect();
        assert_eq!(left, [None, Some("u2".into())]);
    }
}
