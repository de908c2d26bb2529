//! How are a pack's files one file? A ZIP archive that has one form only: stored, in the order of names, without times.
//!
//! It is read strictly: bytes that this module would not write are refused, so that no bit of the archive is left
//! unchecked. Any unzip reads it.

use std::collections::BTreeMap;

/// The files of a pack by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Most bytes of a pack: what fits into a ZIP archive without extensions, with room for its lists.
pub const PACK_BYTES_MAX: usize = 2 << 30;
/// Most files of a pack.
pub const FILES_MAX: usize = 1_000;
/// Longest name of a file.
pub const NAME_BYTES_MAX: usize = 200;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const LOCAL_BYTES: usize = 30;
/// 1980-01-01 in the form of MS-DOS: the archive says nothing of times.
const DATE: u16 = 0x0021;
/// Names are UTF-8.
const UTF8: u16 = 0x0800;
/// A regular file that everybody reads, made on Unix.
const MODE: u32 = 0o100_644 << 16;

/// Why bytes are no archive of a pack.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} at byte {at}, in {place}")]
pub struct ZipError {
    /// What is wrong.
    pub what: &'static str,
    /// Where.
    pub at: usize,
    /// In the entry of which file, or in which part.
    pub place: String,
}

/// Whether a name can be one of a pack's: plain letters, in folders, below this one.
pub fn name_is_plain(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    name.len() <= NAME_BYTES_MAX && name.split('/').all(part)
}

fn put16(out: &mut Vec<u8>, numbers: &[u16]) {
    out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, numbers: &[u32]) {
    out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
}

/// The archive of these files.
///
/// # Panics
/// Where they are larger than [`PACK_BYTES_MAX`] or have a name that is not plain: whoever makes a pack checks that.
pub fn zip(files: &Files) -> Vec<u8> {
    let bytes: usize = files.values().map(Vec::len).sum();
    assert!(bytes <= PACK_BYTES_MAX && files.len() <= FILES_MAX, "packs are checked before they are written");
    assert!(files.keys().all(|name| name_is_plain(name)), "names are checked before they are written");
    let (mut out, mut central) = (Vec::with_capacity(bytes + files.len() * 300), Vec::new());
    for (name, content) in files {
        let offset = out.len() as u32;
        let mut common = Vec::new();
        put16(&mut common, &[UTF8, 0, 0, DATE]);
        put32(&mut common, &[crc32fast::hash(content), content.len() as u32, content.len() as u32]);
        put16(&mut common, &[name.len() as u16, 0]);
        out.extend(LOCAL);
        put16(&mut out, &[20]);
        out.extend_from_slice(&common);
        out.extend(name.bytes());
        out.extend_from_slice(content);
        central.extend(CENTRAL);
        put16(&mut central, &[0x031E, 20]);
        central.extend_from_slice(&common);
        put16(&mut central, &[0, 0, 0]);
        put32(&mut central, &[MODE, offset]);
        central.extend(name.bytes());
    }
    let (start, count) = (out.len() as u32, files.len() as u16);
    out.extend_from_slice(&central);
    out.extend(END);
    put16(&mut out, &[0, 0, count, count]);
    put32(&mut out, &[central.len() as u32, start]);
    put16(&mut out, &[0]);
    out
}

/// The files of an archive, and what in it is not as [`zip`] writes it. Files that can be read are handed over in any
/// case: what is in them is checked by its hash.
pub fn unzip(bytes: &[u8]) -> (Files, Option<ZipError>) {
    let (mut files, mut spans) = (Files::new(), Vec::new());
    let mut at = 0;
    let broken = |what, at, place: &str| Some(ZipError { what, at, place: place.to_owned() });
    while bytes.get(at..at + 4) == Some(&LOCAL) {
        let last =
            spans.last().map_or("the first entry".to_owned(), |(_, name)| format!("the entry after {name}"));
        let Some(head) = bytes.get(at..at + LOCAL_BYTES) else {
            return (files, broken("the archive is cut off", at, &last));
        };
        let number = |i: usize| u32::from_le_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]) as usize;
        let name_bytes = usize::from(u16::from_le_bytes([head[26], head[27]]));
        let begin = at + LOCAL_BYTES + name_bytes;
        let name = bytes.get(at + LOCAL_BYTES..begin).and_then(|n| std::str::from_utf8(n).ok());
        let Some(name) = name.filter(|n| name_is_plain(n)) else {
            return (files, broken("a name is not one of a pack", at, &last));
        };
        let Some(content) = begin.checked_add(number(18)).and_then(|end| bytes.get(begin..end)) else {
            return (files, broken("a length was changed", at, &format!("the entry of {name}")));
        };
        if files.len() >= FILES_MAX || files.insert(name.to_owned(), content.to_vec()).is_some() {
            return (files, broken("there are too many files, or one twice", at, name));
        }
        spans.push((begin + content.len(), name.to_owned()));
        at = begin + content.len();
    }
    // Everything but the contents is given by them: whatever differs from it was changed.
    let expected = zip(&files);
    let differs = expected.iter().zip(bytes).position(|(a, b)| a != b);
    let Some(first) = differs.or((expected.len() != bytes.len()).then(|| expected.len().min(bytes.len())))
    else {
        return (files, None);
    };
    let place = spans.iter().find(|(end, _)| first < *end);
    let place = place
        .map_or("the list at the end of the archive".to_owned(), |(_, name)| format!("the entry of {name}"));
    (files, broken("the archive was changed", first, &place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let content = [("a.txt", "one"), ("b/c.json", "{}"), ("b/d.csv", "")];
        content.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into_iter().collect()
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        assert_eq!(unzip(&zip(&files())), (files(), None));
        assert_eq!(unzip(&zip(&Files::new())), (Files::new(), None));
    }

    #[test]
    fn every_bit_of_the_archive_counts() {
        let bytes = zip(&files());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let (read, error) = unzip(&changed);
                assert!(error.is_some() || read != files(), "byte {at}, bit {bit}");
            }
        }
        for length in 0..bytes.len() {
            assert!(unzip(&bytes[..length]).1.is_some(), "cut at {length}");
        }
        assert!(unzip(&[bytes, vec![0]].concat()).1.is_some(), "something behind it");
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["../x", "/x", "a//b", "a/./b", "", "a\\b", "C:x", "a b"] {
            assert!(!name_is_plain(name), "{name}");
        }
        assert!(name_is_plain("exhibits/E01-matter.json"));
    }
}
