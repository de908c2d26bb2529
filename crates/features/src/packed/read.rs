//! How are facts read from blocks? Nothing of a block is believed before its checksum.

use super::{MAGIC, PackedError, schema};
use crate::fact::{Fact, LineFact, SLOTS, SlotType, slots};
use crate::kind::{Id, Kind, NO_ID, Names};
use crate::leads::Named;
use ringfence_domain::words::Word;
use ringfence_domain::{Currency, EventType};
use smallvec::SmallVec;

fn unzigzag(v: u64) -> i64 {
    (v >> 1) as i64 ^ -((v & 1) as i64)
}

/// A position in a payload; reading past its end gives `None`.
#[derive(Clone, Debug)]
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn varint(&mut self) -> Option<u64> {
        let first = *self.bytes.get(self.at)?;
        self.at += 1;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let mut v = u64::from(first & 0x7f);
        let mut shift = 7;
        loop {
            let b = *self.bytes.get(self.at)?;
            self.at += 1;
            v |= u64::from(b & 0x7f) << shift;
            if b < 0x80 {
                return Some(v);
            }
            shift += 7;
            if shift > 63 {
                return None;
            }
        }
    }
    #[inline]
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(n)?;
        let part = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(part)
    }
    #[inline]
    fn number(&mut self) -> Option<f64> {
        let v = self.varint()?;
        if v & 1 == 0 {
            return Some(unzigzag(v >> 1) as f64);
        }
        Some(f64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }
}

/// What the log's numbers of one kind are among the reader's own.
#[derive(Clone, Debug)]
enum Renamed {
    /// The same, so far as many.
    Same(Id),
    /// Listed.
    Listed(Vec<Id>),
}

impl Renamed {
    #[inline]
    fn get(&self, number: u64) -> Option<Id> {
        match self {
            Renamed::Same(n) => (number < u64::from(*n)).then_some(number as Id),
            Renamed::Listed(ids) => ids.get(usize::try_from(number).ok()?).copied(),
        }
    }
    /// Adds the log's next identifier.
    fn add(&mut self, kind: Kind, text: &str, names: &mut Names) {
        match self {
            Renamed::Listed(ids) => ids.push(names.intern(kind, text)),
            // The log names a text once, so one that comes after all that the reader knows is new to it.
            Renamed::Same(n) if *n as usize == names.of(kind).len() => *n = names.append(kind, text) + 1,
            Renamed::Same(n) => {
                let id = names.intern(kind, text);
                if id == *n {
                    *n += 1;
                } else {
                    *self = Renamed::Listed((0..*n).chain([id]).collect());
                }
            }
        }
    }
}

/// How a slot is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Id(Kind),
    Code(u8),
    Flag,
    Number,
}

/// How the slots of an event type are written.
fn forms(event_type: EventType) -> [Form; SLOTS] {
    let mut forms = [Form::Number; SLOTS];
    for (form, def) in forms.iter_mut().zip(slots(event_type)) {
        *form = match def.slot_type {
            SlotType::Id(kind) => Form::Id(kind),
            SlotType::Word(words) => Form::Code(words.len() as u8),
            SlotType::Flag => Form::Flag,
            SlotType::Number | SlotType::Money | SlotType::Time => Form::Number,
        };
    }
    forms
}

/// Reads a packed log block by block.
#[derive(Clone, Debug)]
pub struct PackReader<'a> {
    bytes: &'a [u8],
    at: usize,
    block: usize,
    facts: u64,
    /// The reporting currency in which its money is.
    pub reporting: Currency,
    /// Stands for the rates by which its money was converted.
    pub rates: [u8; 8],
    /// Numbers of the log → numbers of the reader's own names, by kind.
    renamed: Vec<Renamed>,
    /// By event type: how its slots are written, and how many it has.
    forms: Vec<([Form; SLOTS], usize)>,
}

/// The facts of one block.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    facts: Cursor<'a>,
    ids: Cursor<'a>,
    left: usize,
    last_time: i64,
    position: u64,
    number: usize,
}

impl<'a> PackReader<'a> {
    /// Checks the head.
    pub fn new(bytes: &'a [u8]) -> Result<PackReader<'a>, PackedError> {
        if bytes.get(..8) != Some(MAGIC.as_slice()) {
            return Err(PackedError::Magic);
        }
        let mut reader = PackReader {
            bytes,
            at: 8,
            block: 0,
            facts: 0,
            reporting: Currency::USD,
            rates: [0; 8],
            renamed: vec![Renamed::Same(0); Kind::COUNT],
            forms: EventType::ALL.iter().map(|&t| (forms(t), slots(t).len())).collect(),
        };
        let head = reader.payload()?.ok_or(PackedError::Magic)?;
        let Some((currency, rest)) = head.split_first_chunk::<3>() else { return Err(PackedError::Magic) };
        let currency = std::str::from_utf8(currency).ok().and_then(|c| Currency::new(c).ok());
        reader.reporting = currency.ok_or(PackedError::Malformed { block: 0, what: "no currency" })?;
        let Some((fields, rates)) = rest.split_first_chunk::<8>() else { return Err(PackedError::Magic) };
        if *fields != schema() {
            return Err(PackedError::Schema);
        }
        reader.rates = rates.try_into().map_err(|_| PackedError::Magic)?;
        Ok(reader)
    }
    /// Bytes read so far.
    pub fn offset(&self) -> usize {
        self.at
    }
    fn payload(&mut self) -> Result<Option<&'a [u8]>, PackedError> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let truncated = PackedError::Truncated { block: self.block, offset: self.at, facts: self.facts };
        let head = self.bytes.get(self.at..self.at + 12).ok_or(truncated.clone())?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let payload = self.bytes.get(self.at + 12..self.at + 12 + length).ok_or(truncated)?;
        if blake3::hash(payload).as_bytes()[..8] != head[4..12] {
            return Err(PackedError::Checksum { block: self.block, offset: self.at });
        }
        self.at += 12 + length;
        self.block += 1;
        Ok(Some(payload))
    }
    /// The next block, its identifiers added to `names`; `None` at the end.
    pub fn next_block(&mut self, names: &mut Names) -> Result<Option<Block<'a>>, PackedError> {
        let Some(payload) = self.payload()? else { return Ok(None) };
        let number = self.block - 1;
        let malformed = |what| PackedError::Malformed { block: number, what };
        let mut c = Cursor { bytes: payload, at: 0 };
        #[allow(clippy::type_complexity)] // the five parts of a payload, named where they are taken apart
        let mut head = || -> Option<(u64, &'a [u8], u64, &'a [u8], usize)> {
            let count = c.varint()?;
            let length = c.varint()? as usize;
            let names = c.take(length)?;
            let facts = c.varint()?;
            let length = c.varint()? as usize;
            Some((count, names, facts, c.take(length)?, c.at))
        };
        let (count, named, facts, body, ids_at) = head().ok_or_else(|| malformed("a cut head"))?;
        let mut c = Cursor { bytes: named, at: 0 };
        for _ in 0..count {
            let mut one = || -> Option<(Kind, &str)> {
                let kind = *Kind::ALL.get(usize::from(c.take(1)?[0]))?;
                let length = c.varint()? as usize;
                Some((kind, std::str::from_utf8(c.take(length)?).ok()?))
            };
            let (kind, text) = one().ok_or_else(|| malformed("an identifier that is none"))?;
            self.renamed[kind as usize].add(kind, text, names);
        }
        let position = self.facts;
        self.facts += facts;
        Ok(Some(Block {
            facts: Cursor { bytes: body, at: 0 },
            ids: Cursor { bytes: payload, at: ids_at },
            left: facts as usize,
            last_time: 0,
            position,
            number,
        }))
    }
    /// Reads the block's next fact into `fact`; `false` at the block's end.
    #[inline]
    pub fn read(&self, block: &mut Block<'a>, fact: &mut Fact) -> Result<bool, PackedError> {
        if block.left == 0 {
            return Ok(false);
        }
        block.left -= 1;
        match self.read_fact(block, fact) {
            Some(()) => Ok(true),
            None => Err(PackedError::Malformed { block: block.number, what: "a fact that is none" }),
        }
    }
    /// Reads the block's next facts into `facts`; how many, 0 at the block's end.
    pub fn read_many(&self, block: &mut Block<'a>, facts: &mut [Fact]) -> Result<usize, PackedError> {
        for (n, fact) in facts.iter_mut().enumerate() {
            if !self.read(block, fact)? {
                return Ok(n);
            }
        }
        Ok(facts.len())
    }
    #[inline]
    fn read_fact(&self, block: &mut Block<'a>, fact: &mut Fact) -> Option<()> {
        let c = &mut block.facts;
        let head: [u8; 4] = c.take(4)?.try_into().ok()?;
        fact.event_type = *EventType::ALL.get(usize::from(head[0]))?;
        let present = u16::from_le_bytes([head[1], head[2]]);
        fact.time = block.last_time.checked_add(unzigzag(c.varint()?))?;
        fact.arrival = fact.time.checked_add(unzigzag(c.varint()?))?;
        block.last_time = fact.time;
        fact.position = block.position;
        block.position += 1;
        fact.slots = [f64::NAN; SLOTS];
        let (forms, known) = &self.forms[usize::from(head[0])];
        if u32::from(present) >> known != 0 {
            return None;
        }
        let mut bits = present;
        while bits != 0 {
            let i = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            fact.slots[i] = match forms[i] {
                Form::Id(kind) => f64::from(self.renamed[kind as usize].get(c.varint()?)?),
                Form::Code(words) => match c.varint()? {
                    code if code < u64::from(words) => code as f64,
                    _ => return None,
                },
                Form::Flag => c.varint()? as f64,
                Form::Number => c.number()?,
            };
        }
        fact.lines.clear();
        fact.attributes.clear();
        fact.named.clear();
        if head[3] & 1 != 0 {
            for _ in 0..c.varint()? {
                let rename = |kind: Kind, v: u64| match v {
                    0 => Some(NO_ID),
                    n => self.renamed[kind as usize].get(n - 1),
                };
                fact.lines.push(LineFact {
                    line: c.varint()? as u32,
                    quantity: c.varint()? as u32,
                    sku: rename(Kind::Sku, c.varint()?)?,
                    category: rename(Kind::Category, c.varint()?)?,
                    unit_price: c.number()?,
                });
            }
        }
        if head[3] & 2 != 0 {
            for _ in 0..c.varint()? {
                let name = self.renamed[Kind::Attribute as usize].get(c.varint()?)?;
                fact.attributes.push((name, c.number()?));
            }
        }
        if head[3] & 4 != 0 {
            for _ in 0..c.varint()? {
                let kind = *Kind::ALL.get(usize::from(c.take(1)?[0]))?;
                let id = self.renamed[kind as usize].get(c.varint()?)?;
                let probability = f32::from_le_bytes(c.take(4)?.try_into().ok()?);
                fact.named.push(Named { kind, id, probability });
            }
        }
        Some(())
    }
    /// The id of the event whose fact was read last, when called once after each [`PackReader::read`].
    pub fn event_id(&self, block: &mut Block<'a>) -> Result<&'a str, PackedError> {
        let c = &mut block.ids;
        let mut one = || {
            let length = c.varint()? as usize;
            std::str::from_utf8(c.take(length)?).ok()
        };
        one().ok_or(PackedError::Malformed { block: block.number, what: "an event id that is none" })
    }
}

/// A fact to read into.
pub fn empty_fact() -> Fact {
    Fact {
        event_type: EventType::AccountOpened,
        time: 0,
        arrival: 0,
        position: 0,
        slots: [f64::NAN; SLOTS],
        lines: SmallVec::new(),
        attributes: SmallVec::new(),
        named: Vec::new(),
    }
}
