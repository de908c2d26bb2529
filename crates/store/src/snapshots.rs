//! Where does a restart begin? Snapshots: bytes of a state, with the head of the log that they belong to.
//!
//! | bytes | what (numbers little-endian) |
//! |--:|---|
//! | 0–7 | `RFSNAPSH` |
//! | 8–11 | format |
//! | 12–15 | 0 |
//! | 16–23 | position: the state has every record before it |
//! | 24–55 | hash of the log's chain there |
//! | 56–63 | bytes of the state |
//! | 64–95 | hash of the state |
//! | 96–127 | hash of bytes 0–95 |
//! | 128–… | the state |

use crate::folder::{DiskFolder, Folder, PART, read_whole, write_whole};
use crate::log::block::at;
use crate::log::{Hash, Head, Log, LogError, Reader};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of what is written.
pub const FORMAT: u32 = 1;
/// Bytes before the state.
pub const SNAPSHOT_HEADER_BYTES: usize = 128;
/// Most bytes of a state: 64 GiB, far above what a machine for this holds in memory.
pub const STATE_BYTES_MAX: u64 = 64 << 30;

const MAGIC: [u8; 8] = *b"RFSNAPSH";
const HASHED: usize = SNAPSHOT_HEADER_BYTES - Hash::BYTES;
const ENDING: &str = ".snapshot";

/// Why a snapshot cannot be written or used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The log could not say what head it has.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file could not be read or written.
    #[error("cannot {doing} {}", file.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On which file.
        file: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The log does not reach as far as the snapshot.
    #[error("{} is of position {position}, and the log ends at {end}: the log lost records, or the snapshot is of another log; put the log back from a copy, or remove the snapshot", file.display())]
    Ahead {
        /// Which file.
        file: PathBuf,
        /// Of the snapshot.
        position: u64,
        /// Where the log ends.
        end: u64,
    },
    /// The log has another head at the snapshot's position.
    #[error("{} is not of this log: the chain has another hash at position {position}; the log was rewritten, or the files of two were mixed", file.display())]
    Foreign {
        /// Which file.
        file: PathBuf,
        /// Of the snapshot.
        position: u64,
    },
}

/// What is wrong with the bytes of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoSnapshot {
    /// Changed, cut off, or never a snapshot.
    #[error("the snapshot was changed or cut off")]
    Damaged,
    /// Of another format.
    #[error("the snapshot has format {0}, and this program knows format {FORMAT}")]
    Version(u32),
}

/// A state and the head of the log that it belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The log up to the state.
    pub head: Head,
    /// The state.
    pub state: Vec<u8>,
}

impl Snapshot {
    /// Reads the bytes of a snapshot file.
    pub fn decode(mut bytes: Vec<u8>) -> Result<Snapshot, NoSnapshot> {
        let Prefix { head, state_bytes, state_hash } = Prefix::decode(&bytes)?;
        let state = bytes.split_off(SNAPSHOT_HEADER_BYTES);
        if state.len() as u64 == state_bytes && Hash::of(&[&state]) == state_hash {
            Ok(Snapshot { head, state })
        } else {
            Err(NoSnapshot::Damaged)
        }
    }
}

/// What stands before the state.
struct Prefix {
    head: Head,
    state_bytes: u64,
    state_hash: Hash,
}

impl Prefix {
    fn encode(&self) -> [u8; SNAPSHOT_HEADER_BYTES] {
        let Prefix { head: Head { position, hash }, state_bytes, state_hash } = self;
        let mut out = [0; SNAPSHOT_HEADER_BYTES];
        let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MAGIC);
        put(8, &FORMAT.to_le_bytes());
        put(16, &position.to_le_bytes());
        put(24, &hash.0);
        put(56, &state_bytes.to_le_bytes());
        put(64, &state_hash.0);
        let hash = Hash::of(&[&out[..HASHED]]);
        out[HASHED..].copy_from_slice(&hash.0);
        out
    }

    /// Every format keeps the first 12 bytes and the hash of bytes 0–95, so that a newer file is told from a damaged one.
    fn decode(bytes: &[u8]) -> Result<Prefix, NoSnapshot> {
        let bytes = bytes.get(..SNAPSHOT_HEADER_BYTES).ok_or(NoSnapshot::Damaged)?;
        if bytes[..8] != MAGIC || Hash::of(&[&bytes[..HASHED]]).0 != bytes[HASHED..] {
            return Err(NoSnapshot::Damaged);
        }
        match u32::from_le_bytes(at(bytes, 8)) {
            FORMAT => Ok(Prefix {
                head: Head { position: u64::from_le_bytes(at(bytes, 16)), hash: Hash(at(bytes, 24)) },
                state_bytes: u64::from_le_bytes(at(bytes, 56)),
                state_hash: Hash(at(bytes, 64)),
            }),
            other => Err(NoSnapshot::Version(other)),
        }
    }
}

/// The newest snapshot that can be used, and newer ones that cannot.
#[derive(Debug)]
pub struct Latest {
    /// The snapshot; `None` where there is none that the log still reaches back to.
    pub snapshot: Option<Snapshot>,
    /// Newer ones that were passed over: a snapshot can be computed again, so one that is damaged harms nothing else.
    pub passed_over: Vec<(PathBuf, NoSnapshot)>,
}

/// The snapshots of a log, in a folder of their own.
#[derive(Clone, Debug)]
pub struct Snapshots {
    folder: Arc<dyn Folder>,
}

impl Snapshots {
    /// The snapshots in folder `path`, made where it is not there.
    pub fn open(path: &Path) -> Result<Snapshots, SnapshotError> {
        let folder = DiskFolder::create(path);
        let fail = |source| SnapshotError::Io { doing: "create", file: path.to_owned(), source };
        Snapshots::open_in(Arc::new(folder.map_err(fail)?))
    }

    /// The same in any folder.
    pub fn open_in(folder: Arc<dyn Folder>) -> Result<Snapshots, SnapshotError> {
        let snapshots = Snapshots { folder };
        for part in snapshots.names()?.iter().filter(|name| name.ends_with(PART)) {
            snapshots.on("remove", part, snapshots.folder.remove(part))?;
        }
        Ok(snapshots)
    }

    /// Writes the state after every record before `position`; durable on return, whole or not at all.
    ///
    /// # Errors
    /// Where the log has no such position, or the disk fails.
    pub fn write(&self, log: &Log, position: u64, state: &[u8]) -> Result<Head, SnapshotError> {
        self.write_beside(&log.reader(), position, state)
    }

    /// The same, beside whoever writes the log.
    ///
    /// # Errors
    /// As [`Snapshots::write`].
    pub fn write_beside(&self, log: &Reader, position: u64, state: &[u8]) -> Result<Head, SnapshotError> {
        let head = log.head_at(position)?;
        let prefix = Prefix { head, state_bytes: state.len() as u64, state_hash: Hash::of(&[state]) };
        let name = name(position);
        self.on("write", &name, write_whole(self.folder.as_ref(), &name, &[&prefix.encode(), state]))?;
        Ok(head)
    }

    /// The newest snapshot of `log`.
    ///
    /// # Errors
    /// Where a whole snapshot is of a head that the log does not have: then the log lost records or was rewritten, and
    /// nobody should go on from an older state as if nothing had happened. Where the disk fails.
    pub fn latest(&self, log: &Log) -> Result<Latest, SnapshotError> {
        self.nearest(&log.reader(), u64::MAX)
    }

    /// The newest snapshot of `log` of position `at_most` or before.
    ///
    /// # Errors
    /// As [`Snapshots::latest`].
    pub fn nearest(&self, log: &Reader, at_most: u64) -> Result<Latest, SnapshotError> {
        let mut passed_over = Vec::new();
        for position in self.list()?.into_iter().rev().filter(|position| *position <= at_most) {
            let name = name(position);
            let bytes = read_whole(self.folder.as_ref(), &name, STATE_BYTES_MAX);
            let bytes = self.on("read", &name, bytes)?;
            let file = self.folder.path().join(&name);
            let snapshot = match Snapshot::decode(bytes) {
                Ok(snapshot) if snapshot.head.position == position => snapshot,
                Ok(_) => {
                    passed_over.push((file, NoSnapshot::Damaged));
                    continue;
                }
                Err(flaw) => {
                    passed_over.push((file, flaw));
                    continue;
                }
            };
            match log.verify_against(&snapshot.head) {
                Ok(()) => return Ok(Latest { snapshot: Some(snapshot), passed_over }),
                Err(LogError::Shortened { end, .. }) => {
                    return Err(SnapshotError::Ahead { file, position, end });
                }
                Err(LogError::Rewritten { .. }) => return Err(SnapshotError::Foreign { file, position }),
                // Older ones are of no use either: what follows them is gone.
                Err(LogError::Retired { .. }) => break,
                Err(other) => return Err(other.into()),
            }
        }
        Ok(Latest { snapshot: None, passed_over })
    }

    /// Positions of all snapshots, ascending.
    pub fn list(&self) -> Result<Vec<u64>, SnapshotError> {
        let mut positions: Vec<u64> = self.names()?.iter().filter_map(|name| position_of(name)).collect();
        positions.sort_unstable();
        Ok(positions)
    }

    /// Removes all but the newest `keep`; the number removed. At least one stays: without it nothing restarts fast.
    pub fn prune(&self, keep: usize) -> Result<usize, SnapshotError> {
        let positions = self.list()?;
        let gone = &positions[..positions.len().saturating_sub(keep.max(1))];
        for position in gone {
            let name = name(*position);
            self.on("remove", &name, self.folder.remove(&name))?;
        }
        self.on("sync", ".", self.folder.sync())?;
        Ok(gone.len())
    }

    fn names(&self) -> Result<Vec<String>, SnapshotError> {
        self.on("list", ".", self.folder.list())
    }

    fn on<T>(&self, doing: &'static str, name: &str, result: io::Result<T>) -> Result<T, SnapshotError> {
        result.map_err(|source| SnapshotError::Io { doing, file: self.folder.path().join(name), source })
    }
}

fn name(position: u64) -> String {
    format!("{position:020}{ENDING}")
}

fn position_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}
