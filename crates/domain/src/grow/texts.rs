//! Texts by number.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// Texts of a part.
const PART: usize = 1 << 10;

/// Some texts, end to end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Part {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// Texts, numbered from 0 in the order in which they came.
///
/// Serialised as all their bytes, end to end, and where each ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Texts {
    /// All full but the last.
    parts: Vec<Part>,
}

impl Texts {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.parts.last().map_or(0, |last| (self.parts.len() - 1) * PART + last.ends.len())
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
    /// The bytes of text `i`, where there is one.
    #[inline]
    pub fn bytes(&self, i: usize) -> Option<&[u8]> {
        let part = self.parts.get(i / PART)?;
        let end = *part.ends.get(i % PART)? as usize;
        let start = (i % PART).checked_sub(1).map_or(0, |before| part.ends[before] as usize);
        Some(&part.bytes[start..end])
    }
    /// Text `i`, where there is one.
    #[inline]
    pub fn get(&self, i: usize) -> Option<&str> {
        self.bytes(i).map(|bytes| std::str::from_utf8(bytes).expect("only whole texts were put in"))
    }
    /// One more.
    ///
    /// # Panics
    /// Where a thousand texts in a row take more than 4 GiB.
    #[inline]
    pub fn push(&mut self, text: &str) {
        if self.parts.last().is_none_or(|last| last.ends.len() == PART) {
            self.begin_part();
        }
        let part = self.parts.last_mut().expect("there is one now");
        part.bytes.extend_from_slice(text.as_bytes());
        part.ends.push(u32::try_from(part.bytes.len()).expect("a thousand texts are below 4 GiB"));
    }
    #[cold]
    fn begin_part(&mut self) {
        let ends = if self.parts.is_empty() { 4 } else { PART };
        if let Some(full) = self.parts.last_mut() {
            full.bytes.shrink_to_fit();
        }
        self.parts.push(Part { bytes: Vec::new(), ends: Vec::with_capacity(ends) });
    }
    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        let parts = self.parts.capacity() * size_of::<Part>();
        parts + self.parts.iter().map(|p| p.bytes.capacity() + p.ends.capacity() * 4).sum::<usize>()
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.parts.iter().flat_map(|p| &p.bytes).copied().collect();
        let mut before = 0;
        let mut ends: Vec<u64> = Vec::with_capacity(self.len());
        for part in &self.parts {
            ends.extend(part.ends.iter().map(|end| before + u64::from(*end)));
            before += part.bytes.len() as u64;
        }
        (bytes, ends).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (bytes, ends) = <(Vec<u8>, Vec<u64>)>::deserialize(deserializer)?;
        let mut texts = Texts::default();
        let mut start = 0;
        for end in ends {
            let end = usize::try_from(end).map_err(D::Error::custom)?;
            let text =
                bytes.get(start..end).ok_or_else(|| D::Error::custom("a text ends beyond the bytes"))?;
            texts.push(std::str::from_utf8(text).map_err(D::Error::custom)?);
            start = end;
        }
        if start == bytes.len() { Ok(texts) } else { Err(D::Error::custom("bytes after the last text")) }
    }
}

#[cfg(test)]
mod tests {
    use super::{PART, Texts};

    #[test]
    fn texts_come_back_by_their_numbers() {
        let plain: Vec<String> = (0..2 * PART + 7).map(|n| "é".repeat(n % 5) + &n.to_string()).collect();
        let mut texts = Texts::default();
        for text in &plain {
            texts.push(text);
        }
        texts.push("");
        assert_eq!(
            (texts.len(), texts.get(plain.len()), texts.get(plain.len() + 1)),
            (plain.len() + 1, Some(""), None)
        );
        let bytes = serde_json::to_vec(&texts).expect("memory");
        let again: Texts = serde_json::from_slice(&bytes).expect("as it was written");
        assert!(plain.iter().enumerate().all(|(i, text)| again.get(i) == Some(text)));
        assert_eq!(again, texts);
    }

    #[test]
    fn broken_bytes_are_refused() {
        for broken in [
            (vec![b'a'], vec![2_u64]),
            (vec![b'a', b'b'], vec![1]),
            (vec![0xff], vec![1]),
            (vec![b'a'; 3], vec![2, 1]),
        ] {
            let bytes = serde_json::to_vec(&broken).expect("memory");
            assert!(serde_json::from_slice::<Texts>(&bytes).is_err(), "{broken:?}");
        }
    }
}
