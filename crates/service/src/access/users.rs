//! Who are the people? Users with roles; name and e-mail stand in one file and nowhere else.
//!
//! The log and all that follows from it name a user by id only, so that a user who is removed is forgotten (see
//! [`crate::access::Identity`]). There is no default user and no default password: the first one is made through the
//! set-up link, all others through a link that works once.

use crate::access::AccessError;
use crate::access::list_file::ListFile;
use crate::access::policy::Role;
use crate::access::secret::{OneTime, random_hex};
use ringfence_domain::{Duration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// The file in the folder of a service.
pub const USERS_FILE: &str = "users.json";
/// Most users of one deployment.
pub const USERS_MAX: usize = 5_000;
/// Longest name, characters.
pub const NAME_CHARS_MAX: usize = 64;
/// Longest e-mail address, bytes (RFC 5321).
pub const EMAIL_BYTES_MAX: usize = 254;
/// How long a link to choose a password works.
pub const LINK_WORKS_FOR: Duration = Duration(48 * 3_600_000);

/// A user as shown to administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Names the user in the log and everywhere else.
    pub id: String,
    /// What the user signs in with; no two have the same, in small or large letters.
    pub name: String,
    /// To tell people apart, and for who runs the deployment to write to; nothing is sent by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the user may do: all that one of these may.
    pub roles: BTreeSet<Role>,
    /// When the user was made.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// Whether the user may sign in.
    pub active: bool,
    /// Who says who the user is, where that is not a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
}

/// A person as an identity provider names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// The provider.
    pub issuer: String,
    /// Its name for the person: never given to another.
    pub subject: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    user: User,
    /// Argon2id, in PHC's text form; none until a password is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// Through which a password can be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<OneTime>,
}

/// What an administrator says of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What the user signs in with.
    pub name: String,
    /// Where the user can be written to.
    pub email: Option<String>,
    /// What the user may do.
    pub roles: BTreeSet<Role>,
}

impl About {
    fn checked(mut self) -> Result<About, AccessError> {
        let wrong = |what: String| Err(AccessError::User(what));
        self.name = self.name.trim().to_owned();
        let chars = self.name.chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX || self.name.chars().any(char::is_control) {
            return wrong(format!("a user needs a name of 1 to {NAME_CHARS_MAX} characters on one line"));
        }
        if let Some(email) = &self.email {
            let written = email.contains('@') && !email.chars().any(|c| c.is_control() || c.is_whitespace());
            if !written || email.len() > EMAIL_BYTES_MAX {
                return wrong(format!("an e-mail address has an @ and at most {EMAIL_BYTES_MAX} bytes"));
            }
        }
        if self.roles.is_empty() {
            return wrong("a user needs a role".into());
        }
        if self.roles.contains(&Role::Integration) {
            return wrong("`integration` is the role of systems; make a key for it (POST /v1/keys)".into());
        }
        Ok(self)
    }
}

/// The users of a deployment.
#[derive(Debug)]
pub struct Users {
    kept: ListFile<Kept>,
}

impl Users {
    /// Those of a folder.
    pub fn open(dir: &Path) -> Result<Users, AccessError> {
        Ok(Users { kept: ListFile::open(dir.join(USERS_FILE))? })
    }
    /// Changes the list, durable on return; nothing changes where it fails.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Kept>) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        self.kept.replace(|held| plan(held, change))
    }
    /// All of them.
    pub fn list(&self) -> Vec<User> {
        self.kept.held().iter().map(|k| k.user.clone()).collect()
    }
    /// Whether somebody runs the deployment.
    pub fn has_admin(&self) -> bool {
        self.kept.held().iter().any(is_admin)
    }
    /// One of them.
    pub fn get(&self, id: &str) -> Result<User, AccessError> {
        let found = self.kept.held().iter().find(|k| k.user.id == id).map(|k| k.user.clone());
        found.ok_or_else(|| AccessError::UnknownUser(id.to_owned()))
    }
    /// The user who signs in with a name, with the hash of the password: only those who may sign in with one.
    pub fn to_sign_in(&self, name: &str) -> Option<(User, String)> {
        let wanted = name.trim().to_lowercase();
        let held = self.kept.held();
        let found = held.iter().find(|k| k.user.name.to_lowercase() == wanted)?;
        Some((found.user.clone(), found.password.clone().filter(|_| found.user.active)?))
    }
    /// The hash of a user's password.
    pub fn password_of(&self, id: &str) -> Option<String> {
        self.kept.held().iter().find(|k| k.user.id == id)?.password.clone()
    }
    /// The user whom an identity provider names so.
    pub fn of_subject(&self, subject: &Subject) -> Option<User> {
        self.kept.held().iter().find(|k| k.user.subject.as_ref() == Some(subject)).map(|k| k.user.clone())
    }
    /// The user to whom a link was given that still works.
    pub fn of_link(&self, token: &str, now: Timestamp) -> Option<User> {
        let opens = |k: &&Kept| k.user.active && k.link.as_ref().is_some_and(|link| link.opens(token, now));
        self.kept.held().iter().find(opens).map(|k| k.user.clone())
    }
    /// Makes a user with a password (its hash), or one whom an identity provider names.
    pub fn make(
        &self,
        about: About,
        password: Option<String>,
        subject: Option<Subject>,
        now: Timestamp,
    ) -> Result<User, AccessError> {
        let About { name, email, roles } = about.checked()?;
        self.change(|all| {
            if all.len() >= USERS_MAX {
                return Err(AccessError::TooManyUsers);
            }
            free_name(all, &name, None)?;
            let id = format!("u{}", random_hex::<8>());
            let user = User { id, name, email, roles, created_at: now, active: true, subject };
            all.push(Kept { user: user.clone(), password, link: None });
            Ok(user)
        })
    }
    /// Whether a change may be made as things stand: to be asked before it is recorded.
    pub fn check(&self, id: &str, change: &Change) -> Result<User, AccessError> {
        plan(&self.kept.held(), |all| change.apply(all, id)).map(|(user, _)| user)
    }
    /// Makes a change.
    pub fn apply(&self, id: &str, change: &Change) -> Result<User, AccessError> {
        self.change(|all| change.apply(all, id))
    }
    /// Takes a user's password away and gives a link through which another is chosen.
    pub fn reset(&self, id: &str, now: Timestamp) -> Result<(User, String), AccessError> {
        let (link, token) = OneTime::new(now.plus(LINK_WORKS_FOR));
        self.apply(id, &Change::Link(link)).map(|user| (user, token))
    }
    /// Sets a user's password (its hash); links given before do not work any more.
    pub fn set_password(&self, id: &str, hash: String) -> Result<User, AccessError> {
        self.change(|all| {
            let kept = find(all, id)?;
            (kept.password, kept.link) = (Some(hash), None);
            Ok(kept.user.clone())
        })
    }
    /// Uses a link: sets the password (its hash) of the user whom it was given to, if it still works.
    pub fn use_link(&self, token: &str, hash: String, now: Timestamp) -> Result<User, AccessError> {
        self.change(|all| {
            let opens = |k: &&mut Kept| k.user.active && k.link.as_ref().is_some_and(|l| l.opens(token, now));
            let kept = all.iter_mut().find(opens).ok_or(AccessError::Link)?;
            (kept.password, kept.link) = (Some(hash), None);
            Ok(kept.user.clone())
        })
    }
}

/// What is done to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something else holds, and the user may sign in or not.
    Set(About, bool),
    /// The password is taken away, and there is a link through which another is chosen.
    Link(OneTime),
    /// The user is forgotten.
    Remove,
}

impl Change {
    fn apply(&self, all: &mut Vec<Kept>, id: &str) -> Result<User, AccessError> {
        match self {
            Change::Set(about, active) => {
                let About { name, email, roles } = about.clone().checked()?;
                free_name(all, &name, Some(id))?;
                let kept = find(all, id)?;
                let User { name: was, email: mail, roles: may, active: on, id: _, created_at: _, subject: _ } =
                    &mut kept.user;
                (*was, *mail, *may, *on) = (name, email, roles, *active);
                Ok(kept.user.clone())
            }
            Change::Link(link) => {
                let kept = find(all, id)?;
                if kept.user.subject.is_some() {
                    let what = "this user signs in at the identity provider, which also resets passwords";
                    return Err(AccessError::User(what.into()));
                }
                (kept.password, kept.link) = (None, Some(link.clone()));
                Ok(kept.user.clone())
            }
            Change::Remove => {
                let place = all.iter().position(|k| k.user.id == id);
                let place = place.ok_or_else(|| AccessError::UnknownUser(id.to_owned()))?;
                Ok(all.remove(place).user)
            }
        }
    }
}

fn plan<T>(
    held: &[Kept],
    change: impl FnOnce(&mut Vec<Kept>) -> Result<T, AccessError>,
) -> Result<(T, Vec<Kept>), AccessError> {
    let mut changed = held.to_vec();
    let out = change(&mut changed)?;
    if held.iter().any(is_admin) && !changed.is_empty() && !changed.iter().any(is_admin) {
        return Err(AccessError::LastAdmin);
    }
    Ok((out, changed))
}

fn is_admin(kept: &Kept) -> bool {
    kept.user.active && kept.user.roles.contains(&Role::Admin)
}

fn find<'a>(all: &'a mut [Kept], id: &str) -> Result<&'a mut Kept, AccessError> {
    all.iter_mut().find(|k| k.user.id == id).ok_or_else(|| AccessError::UnknownUser(id.to_owned()))
}

fn free_name(all: &[Kept], name: &str, but: Option<&str>) -> Result<(), AccessError> {
    let wanted = name.to_lowercase();
    let taken = |k: &Kept| k.user.name.to_lowercase() == wanted && but != Some(k.user.id.as_str());
    if all.iter().any(taken) { Err(AccessError::NameTaken) } else { Ok(()) }
}
