//! Where is the content of every version? In files named by their content hash, beside the log.
//!
//! The log names what decided; this folder (`versions/<part>/<hash>`) holds it. A file is written once, whole, durable
//! before the log names it, and never changed: what decided a request years ago can be read by its hash.

use crate::core::versions::{NO_MODEL, Part};
use crate::core::{CoreError, Versioned};
use ringfence_decide::{DEFAULT_POLICY, Policy, reasons};
use ringfence_domain::Versions;
use ringfence_domain::rates::Rates;
use ringfence_features::{Catalogue, Plan, catalogue};
use ringfence_learn::card::Card;
use ringfence_learn::model::Model;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most versions of one part: beyond, somebody uploads without end.
pub const VERSIONS_MAX: usize = 10_000;
/// Largest model that is taken, bytes: thousands of trees.
pub const MODEL_BYTES_MAX: usize = 64 << 20;
/// The folder of the cards of models, beside the parts.
const CARDS_FOLDER: &str = "cards";
/// The folder in a service's folder.
pub const VERSIONS_FOLDER: &str = "versions";

/// Why a version is not kept or not found.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// It is not what it should be: what, where, how to mend it.
    #[error("{0}")]
    Content(String),
    /// There are too many.
    #[error("there are {VERSIONS_MAX} versions of {0} already")]
    TooMany(&'static str),
    /// There is no such version.
    #[error("there is no {part} {version}; upload it (POST /v1/versions/{part})")]
    Unknown {
        /// Of which part.
        part: &'static str,
        /// As it was named.
        version: String,
    },
    /// A file.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Of what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What a start was given to decide with; what is missing comes from the log, and for a new log is what comes built in.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Text of a catalogue.
    pub features: Option<String>,
    /// Bytes of a model file.
    pub model: Option<Vec<u8>>,
    /// Text of a policy.
    pub policy: Option<String>,
}

/// The versions of a deployment.
#[derive(Clone, Debug)]
pub struct Library {
    dir: PathBuf,
}

fn catalogue(text: &str) -> Result<(Catalogue, Plan), LibraryError> {
    let wrong = |e: ringfence_features::CatalogueError| LibraryError::Content(format!("the catalogue: {e}"));
    let catalogue = Catalogue::parse(text).map_err(wrong)?;
    let known: Vec<&str> = reasons::all().iter().map(|r| r.code.as_ref()).collect();
    catalogue.check_reasons(&known).map_err(wrong)?;
    let plan = Plan::compile(&catalogue).map_err(wrong)?;
    Ok((catalogue, plan))
}

fn text(bytes: &[u8]) -> Result<&str, LibraryError> {
    std::str::from_utf8(bytes).map_err(|e| LibraryError::Content(format!("this is not UTF-8 text: {e}")))
}

impl Library {
    /// The versions in the service's folder.
    pub fn open(dir: &Path) -> Result<Library, LibraryError> {
        let library = Library { dir: dir.join(VERSIONS_FOLDER) };
        for part in Part::ALL {
            let path = library.dir.join(part.as_str());
            std::fs::create_dir_all(&path).map_err(|source| LibraryError::Io {
                doing: "create",
                path,
                source,
            })?;
        }
        Ok(library)
    }
    fn path(&self, part: Part, version: &str) -> PathBuf {
        self.dir.join(part.as_str()).join(version)
    }
    /// Checks a version and keeps it; its content hash.
    pub fn put(&self, part: Part, bytes: &[u8]) -> Result<String, LibraryError> {
        let (version, kept) = match part {
            Part::Features => (catalogue(text(bytes)?)?.0.hash, bytes.to_vec()),
            Part::Policy => {
                let policy = Policy::parse(text(bytes)?)
                    .map_err(|e| LibraryError::Content(format!("the policy: {e}")))?;
                (policy.hash, bytes.to_vec())
            }
            Part::Model => {
                let model =
                    Model::from_json(bytes).map_err(|e| LibraryError::Content(format!("the model: {e}")))?;
                (model.hash(), model.to_json())
            }
        };
        let path = self.path(part, &version);
        if path.exists() {
            return Ok(version);
        }
        if self.list(part)?.len() >= VERSIONS_MAX {
            return Err(LibraryError::TooMany(part.as_str()));
        }
        let unfinished = path.with_extension("part");
        let fail = |doing| move |source| LibraryError::Io { doing, path, source };
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&unfinished)?;
            file.write_all(&kept)?;
            file.sync_all()?;
            std::fs::rename(&unfinished, self.path(part, &version))?;
            #[cfg(unix)]
            std::fs::File::open(self.dir.join(part.as_str()))?.sync_all()?;
            Ok(())
        };
        write().map_err(fail("write"))?;
        Ok(version)
    }
    /// The bytes of a version.
    pub fn get(&self, part: Part, version: &str) -> Result<Vec<u8>, LibraryError> {
        let unknown = || LibraryError::Unknown { part: part.as_str(), version: version.to_owned() };
        // A version is a hash: whatever else it is, it is no path.
        if version.is_empty() || version.len() > 128 || !version.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        let path = self.path(part, version);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(unknown()),
            Err(source) => Err(LibraryError::Io { doing: "read", path, source }),
        }
    }
    /// Keeps the card of a model that is kept; the model's hash. The latest card stands.
    pub fn put_card(&self, bytes: &[u8]) -> Result<String, LibraryError> {
        let card: Card = serde_json::from_slice(bytes).map_err(|e| {
            LibraryError::Content(format!(
                "the card: {e}; send the card.json that `train` wrote beside the model"
            ))
        })?;
        self.get(Part::Model, &card.model)?;
        let path = self.dir.join(CARDS_FOLDER);
        let fail = |doing| {
            let path = path.clone();
            move |source| LibraryError::Io { doing, path, source }
        };
        std::fs::create_dir_all(&path).map_err(fail("create"))?;
        let named = path.join(&card.model);
        crate::files::write_json(&named, &card).map_err(|e| fail(e.doing)(e.source))?;
        Ok(card.model)
    }
    /// The card of a model, where one was kept.
    pub fn card(&self, model: &str) -> Result<Option<Card>, LibraryError> {
        self.get(Part::Model, model)?;
        let path = self.dir.join(CARDS_FOLDER).join(model);
        crate::files::read_json(&path).map_err(|e| LibraryError::Io {
            doing: e.doing,
            path: e.path,
            source: e.source,
        })
    }
    /// All versions of a part, by name, with their size in bytes.
    pub fn list(&self, part: Part) -> Result<Vec<(String, u64)>, LibraryError> {
        let path = self.dir.join(part.as_str());
        let fail = |source| LibraryError::Io { doing: "list", path: path.clone(), source };
        let mut out = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.bytes().all(|b| b.is_ascii_hexdigit()) {
                out.push((name, entry.metadata().map_err(fail)?.len()));
            }
        }
        out.sort();
        Ok(out)
    }
    /// Keeps what a start was given; its versions.
    pub fn keep(&self, given: &Given) -> Result<Versions, LibraryError> {
        let parts = [
            (Part::Features, given.features.as_deref().map(str::as_bytes)),
            (Part::Model, given.model.as_deref()),
            (Part::Policy, given.policy.as_deref().map(str::as_bytes)),
        ];
        let mut versions = Versions::new();
        for (part, bytes) in parts {
            if let Some(bytes) = bytes {
                versions.insert(part.as_str().into(), self.put(part, bytes)?);
            }
        }
        Ok(versions)
    }
    /// The versions of a new log: what was given, and what comes built in.
    pub fn first(&self, given: &Given) -> Result<Versions, LibraryError> {
        let whole = Given {
            features: Some(given.features.clone().unwrap_or_else(|| catalogue::BUILTIN.to_owned())),
            model: given.model.clone(),
            policy: Some(given.policy.clone().unwrap_or_else(|| DEFAULT_POLICY.to_owned())),
        };
        let mut versions = self.keep(&whole)?;
        versions.entry(Part::Model.as_str().into()).or_insert_with(|| NO_MODEL.into());
        Ok(versions)
    }
    /// The content of versions, made ready and checked against each other.
    pub fn versioned(&self, versions: &Versions, rates: &Rates) -> Result<Versioned, CoreError> {
        let read = |part: Part| -> Result<Vec<u8>, CoreError> {
            let version = versions.get(part.as_str()).map_or(NO_MODEL, |v| v.as_str());
            let found = match self.get(part, version) {
                Err(LibraryError::Unknown { .. }) => self.builtin(part, version),
                other => other,
            };
            found.map_err(|e| {
                let remedy = format!(
                    "{e}; if it decided in this log, restore {} from a backup, or start once with --{} and the same file",
                    self.path(part, version).display(),
                    part.as_str()
                );
                match e {
                    LibraryError::Unknown { .. } => CoreError::NotKept(remedy),
                    _ => CoreError::Content(remedy),
                }
            })
        };
        let wrong = |e: LibraryError| CoreError::Content(e.to_string());
        let (_, plan) = catalogue(text(&read(Part::Features)?).map_err(wrong)?).map_err(wrong)?;
        let policy = Policy::parse(text(&read(Part::Policy)?).map_err(wrong)?)
            .map_err(|e| CoreError::Content(format!("the policy: {e}")))?;
        let model = match versions.get(Part::Model.as_str()).map(String::as_str) {
            None | Some(NO_MODEL) => None,
            Some(_) => Some(
                Model::from_json(&read(Part::Model)?)
                    .map_err(|e| CoreError::Content(format!("the model: {e}")))?,
            ),
        };
        let versioned = Versioned { plan: Arc::new(plan), model, policy, rates: rates.clone() };
        let (_, found) = versioned.decider()?;
        if let Some((part, named, is)) = crate::core::versions::difference(versions, &found) {
            let (part, path) = (part.as_str(), self.path(part, named));
            let what = format!("{} holds {part} {is}: the file was changed; restore it", path.display());
            return Err(CoreError::Content(what));
        }
        Ok(versioned)
    }
    /// What comes with the program, where its version is the one that is meant: logs of programs without this folder.
    fn builtin(&self, part: Part, version: &str) -> Result<Vec<u8>, LibraryError> {
        let bytes = match part {
            Part::Features => catalogue::BUILTIN,
            Part::Policy => DEFAULT_POLICY,
            Part::Model => "",
        };
        if !bytes.is_empty() && self.put(part, bytes.as_bytes())? == version {
            return Ok(bytes.as_bytes().to_vec());
        }
        Err(LibraryError::Unknown { part: part.as_str(), version: version.to_owned() })
    }
}
