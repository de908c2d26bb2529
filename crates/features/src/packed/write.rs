//! How are facts written into blocks?

use super::{BLOCK_FACTS, MAGIC, schema};
use crate::fact::{Fact, SLOTS, SlotType, slots};
use crate::kind::{Id, Kind, Names};
use ringfence_domain::Currency;
use ringfence_domain::words::Word;

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
