//! What is in a pack, and who vouches for it? The manifest, its signature, and the hash over all exhibits.

use crate::canonical::{canonical, sha256_hex};
use crate::container::Files;
use crate::merkle;
use crate::purpose::Purpose;
use ringfence_domain::Timestamp;
use ringfence_store::log::{Head, HeadKey, PublicKey};
use serde::{Deserialize, Serialize};

/// What this version of a pack is called.
pub const FORMAT: &str = "ringfence evidence pack, format 1";
/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// Its signature.
pub const SIGNATURE: &str = "manifest.sig.json";
/// A request for a time stamp on it.
pub const TIMESTAMP_REQUEST: &str = "timestamp-request.tsq";
/// The answer of an authority, where somebody put it there.
pub const TIMESTAMP_RESPONSE: &str = "timestamp-response.tsr";
/// The folder of the exhibits.
pub const EXHIBITS: &str = "exhibits/";
/// The pack as a document.
pub const REPORT: &str = "report.pdf";
/// Sets this signature apart from others that the key makes.
pub const CONTEXT: &str = "ringfence evidence manifest, format 1\n";

/// The program that made something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A file of the pack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its id, as in E05; of the documents their name.
    pub id: String,
    /// Its name.
    pub path: String,
    /// What it is, in words.
    pub title: String,
    /// From which system it comes.
    pub source_system: String,
    /// What was asked of that system.
    pub query: String,
    /// Who took it out.
    pub extracted_by: String,
    /// When (UTC).
    pub extracted_at: Timestamp,
    /// With which program.
    pub tool: Tool,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

impl Entry {
    /// The hash of its leaf: of this entry as canonical JSON, which holds the hash of the file.
    pub fn leaf(&self) -> [u8; 32] {
        merkle::leaf(&canonical(self))
    }
}

/// From what the pack was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Source {
    /// The log of a service: records are proved against its head.
    Log {
        /// Where the log begins: what came before was retired.
        anchor: Head,
        /// Where it ended.
        head: Head,
    },
    /// Files of events: there is no chain.
    Files {
        /// Each with its length and SHA-256.
        files: Vec<SourceFile>,
    },
}

/// A file of events.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name, without folders.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// The manifest. On the disk it is canonical JSON (RFC 8785).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// What it is about.
    pub matter: String,
    /// For whom.
    pub purpose: Purpose,
    /// When it was made (UTC).
    pub made_at: Timestamp,
    /// From what.
    pub source: Source,
    /// The exhibits, by path; the leaves of the tree in this order.
    pub exhibits: Vec<Entry>,
    /// Root of the tree over the exhibits, SHA-256.
    pub merkle_root: String,
    /// What else is in the pack: the report and how to check it.
    pub documents: Vec<Entry>,
}

/// The root over exhibits.
pub fn root(exhibits: &[Entry]) -> String {
    merkle::root_hex(&exhibits.iter().map(Entry::leaf).collect::<Vec<_>>())
}

/// The signature of a manifest. On the disk it is canonical JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The key that it says it was made with. It proves nothing by itself: check with a key that you have from elsewhere.
    pub key: PublicKey,
    /// SHA-256 of the manifest.
    pub sha256: String,
    /// Ed25519 over [`CONTEXT`] and the 64 digits of `sha256`, 128 hexadecimal digits.
    pub signature: String,
}

impl Signature {
    /// Of a manifest's bytes.
    pub fn of(manifest: &[u8], key: &HeadKey) -> Signature {
        let sha256 = sha256_hex(manifest);
        Signature { key: key.public(), signature: key.sign_bytes(CONTEXT, sha256.as_bytes()), sha256 }
    }
    /// Whether the owner of `key` signed a manifest with this hash.
    pub fn holds(&self, key: &PublicKey, sha256: &str) -> bool {
        key.verify_bytes(CONTEXT, sha256.as_bytes(), &self.signature).is_ok()
    }
}

/// Adds manifest, signature and request for a time stamp to the files that the manifest lists.
pub fn seal(files: &mut Files, manifest: &Manifest, key: Option<&HeadKey>) {
    let bytes = canonical(manifest);
    if let Some(key) = key {
        files.insert(SIGNATURE.to_owned(), canonical(&Signature::of(&bytes, key)));
    }
    files.insert(TIMESTAMP_REQUEST.to_owned(), crate::timestamp::request(&bytes));
    files.insert(MANIFEST.to_owned(), bytes);
}
