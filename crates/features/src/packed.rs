//! How are many events kept for folding again and again? Facts in compact blocks: the packed log.
//!
//! A packed log is derived from an event file and may be thrown away: the JSON lines stay the truth. It holds what the
//! fold reads (identifiers as numbers with their texts, money in the reporting currency), the ids of the events for
//! evidence, and a checksum a block.
//!
//! Layout, little endian: `RFPACK01`, then blocks of `u32 length, 8 bytes of BLAKE3, payload`. The first payload is the
//! head: 3 letters of the reporting currency, 8 bytes that stand for the slots of all event types ([`schema`]), 8 bytes
//! that stand for the rates by which money was converted. Each later payload: new identifiers, facts, event ids.

use crate::fact::{Fact, LineFact, SLOTS, SlotType, slots};
use crate::kind::{Id, Kind, NO_ID, Names};
use crate::leads::Named;
use ringfence_domain::words::Word;
use ringfence_domain::{Currency, EventType};
use smallvec::SmallVec;

/// First bytes of a packed log of this version.
pub const MAGIC: &[u8; 8] = b"RFPACK01";

/// Facts a block: about 256 KiB, so that a damaged byte costs little and a block fits the cache.
pub const BLOCK_FACTS: usize = 4_096;

/// Why a packed log cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackedError {
    /// Not a packed log, or of another version.
    #[error("this is not a packed log of this version; pack the event file again")]
    Magic,
    /// Written with other slots.
    #[error(
        "this packed log was written by a program whose events have other fields; pack the event file again"
    )]
    Schema,
    /// Cut off.
    #[error(
        "the packed log ends inside block {block} (byte {offset}), {facts} events are whole; pack the event file again"
    )]
    Truncated {
        /// Block, from 0.
        block: usize,
        /// Byte offset of the block.
        offset: usize,
        /// Events before it.
        facts: u64,
    },
    /// Changed.
    #[error(
        "block {block} of the packed log (byte {offset}) was changed: its checksum differs; pack the event file again"
    )]
    Checksum {
        /// Block, from 0.
        block: usize,
        /// Byte offset of the block.
        offset: usize,
    },
    /// Whole, but not what this program writes.
    #[error(
        "block {block} of the packed log holds what no version writes ({what}); pack the event file again"
    )]
    Malformed {
        /// Block, from 0.
        block: usize,
        /// What was met.
        what: &'static str,
    },
}

/// Stands for the slots of all event types: their names, what they hold, and the words of closed vocabularies. A log with
/// others would be misread.
pub fn schema() -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    for event_type in EventType::ALL {
        hasher.update(format!("{event_type:?}\n").as_bytes());
        for slot in slots(*event_type) {
            hasher.update(format!("{} {:?}\n", slot.name, slot.slot_type).as_bytes());
        }
    }
    let mut out = [0; 8];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    out
}

fn put_varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}
fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}
fn unzigzag(v: u64) -> i64 {
    (v >> 1) as i64 ^ -((v & 1) as i64)
}
/// Whole numbers as varints with a 0 bit, others as a 1 and their bits.
fn put_number(out: &mut Vec<u8>, v: f64) {
    let whole = v as i64;
    if whole as f64 == v && whole.unsigned_abs() < 1 << 53 && !(v == 0.0 && v.is_sign_negative()) {
        put_varint(out, zigzag(whole) << 1);
    } else {
        put_varint(out, 1);
        out.extend(v.to_le_bytes());
    }
}

/// Writes facts into blocks.
#[derive(Debug)]
pub struct PackWriter {
    named: [Id; Kind::COUNT],
    names: Vec<u8>,
    names_count: u64,
    facts: Vec<u8>,
    ids: Vec<u8>,
    count: usize,
    last_time: i64,
}

fn frame(payload: &[u8], out: &mut Vec<u8>) {
    out.extend(u32::try_from(payload.len()).expect("blocks are far below 4 GiB").to_le_bytes());
    out.extend(&blake3::hash(payload).as_bytes()[..8]);
    out.extend(payload);
}

impl PackWriter {
    /// Begins a packed log without rates: appends its head to `out`.
    pub fn new(reporting: Currency, out: &mut Vec<u8>) -> PackWriter {
        Self::with_rates(reporting, [0; 8], out)
    }
    /// Begins a packed log; `rates` stands for the rates by which its money was converted.
    pub fn with_rates(reporting: Currency, rates: [u8; 8], out: &mut Vec<u8>) -> PackWriter {
        out.extend(MAGIC);
        let mut head = reporting.as_str().as_bytes().to_vec();
        head.extend(schema());
        head.extend(rates);
        frame(&head, out);
        PackWriter {
            named: [0; Kind::COUNT],
            names: vec![],
            names_count: 0,
            facts: vec![],
            ids: vec![],
            count: 0,
            last_time: 0,
        }
    }
    /// Adds a fact; a full block is appended to `out`. `names` gave the fact its numbers; `id` is the event's id.
    pub fn push(&mut self, fact: &Fact, id: &str, names: &Names, out: &mut Vec<u8>) {
        for &kind in Kind::ALL {
            let table = names.of(kind);
            while (self.named[kind as usize] as usize) < table.len() {
                let text = table.text(self.named[kind as usize]);
                self.names.push(kind as u8);
                put_varint(&mut self.names, text.len() as u64);
                self.names.extend(text.as_bytes());
                self.names_count += 1;
                self.named[kind as usize] += 1;
            }
        }
        self.fact(fact);
        put_varint(&mut self.ids, id.len() as u64);
        self.ids.extend(id.as_bytes());
        self.count += 1;
        if self.count == BLOCK_FACTS {
            self.flush(out);
        }
    }
    fn fact(&mut self, fact: &Fact) {
        let out = &mut self.facts;
        out.push(fact.event_type.code());
        let present = (0..SLOTS).filter(|&i| !fact.slots[i].is_nan()).fold(0u16, |m, i| m | 1 << i);
        let extra = u16::from(!fact.lines.is_empty())
            | u16::from(!fact.attributes.is_empty()) << 1
            | u16::from(!fact.named.is_empty()) << 2;
        out.extend(present.to_le_bytes());
        out.push(extra as u8);
        put_varint(out, zigzag(fact.time - self.last_time));
        put_varint(out, zigzag(fact.arrival - fact.time));
        self.last_time = fact.time;
        for (i, def) in slots(fact.event_type).iter().enumerate() {
            let v = fact.slots[i];
            if v.is_nan() {
                continue;
            }
            match def.slot_type {
                SlotType::Id(_) | SlotType::Word(_) | SlotType::Flag => put_varint(out, v as u64),
                SlotType::Number | SlotType::Money | SlotType::Time => put_number(out, v),
            }
        }
        if extra & 1 != 0 {
            put_varint(out, fact.lines.len() as u64);
            for l in &fact.lines {
                put_varint(out, u64::from(l.line));
                put_varint(out, u64::from(l.quantity));
                put_varint(out, u64::from(l.sku.wrapping_add(1)));
                put_varint(out, u64::from(l.category.wrapping_add(1)));
                put_number(out, l.unit_price);
            }
        }
        if extra & 2 != 0 {
            put_varint(out, fact.attributes.len() as u64);
            for &(name, value) in &fact.attributes {
                put_varint(out, u64::from(name));
                put_number(out, value);
            }
        }
        if extra & 4 != 0 {
            put_varint(out, fact.named.len() as u64);
            for one in &fact.named {
                out.push(one.kind as u8);
                put_varint(out, u64::from(one.id));
                out.extend(one.probability.to_le_bytes());
            }
        }
    }
    /// Appends what is left to `out`.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        if self.count == 0 {
            return;
        }
        let mut payload = Vec::with_capacity(self.names.len() + self.facts.len() + self.ids.len() + 32);
        put_varint(&mut payload, self.names_count);
        put_varint(&mut payload, self.names.len() as u64);
        payload.append(&mut self.names);
        put_varint(&mut payload, self.count as u64);
        put_varint(&mut payload, self.facts.len() as u64);
        payload.append(&mut self.facts);
        payload.append(&mut self.ids);
        frame(&payload, out);
        self.names_count = 0;
        self.count = 0;
        self.last_time = 0;
    }
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
