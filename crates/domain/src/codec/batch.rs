//! Which events of a batch are good? Each element of a JSON array gets its own result.

use super::refusal::Refusal;
use super::{Decoder, utf8};
use crate::event::Event;
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What a batch held.
#[derive(Debug, Default)]
pub struct Batch {
    /// One result an element, in order; the pointer of a refusal begins with the element's index.
    pub results: Vec<Result<Event, Refusal>>,
    /// Why the array could not be read to its end; the elements before are in `results` all the same.
    pub broken: Option<Refusal>,
}

pub(super) fn decode(decoder: &Decoder, json: &[u8]) -> Batch {
    let mut batch = Batch::default();
    if json.len() > decoder.limits.batch_bytes_max {
        batch.broken = Some(Refusal::new(
            "",
            format!("the batch is longer than {} bytes", decoder.limits.batch_bytes_max),
            "send smaller batches, or import a file",
        ));
        return batch;
    }
    match utf8(json) {
        Ok(text) => read(decoder, text, &mut batch),
        Err(refusal) => batch.broken = Some(refusal),
    }
    batch
}

fn read(decoder: &Decoder, text: &str, batch: &mut Batch) {
    let mut json = serde_json::Deserializer::from_str(text);
    let seed = BatchSeed { decoder, results: &mut batch.results };
    if let Err(e) = seed.deserialize(&mut json).and_then(|()| json.end()) {
        batch.broken = Some(Refusal::new(
            format!("/{}", batch.results.len()),
            format!("the batch cannot be read from here on: {e}"),
            "send one JSON array of CloudEvents objects; send again what follows the last element acknowledged",
        ));
    }
}

struct BatchSeed<'a> {
    decoder: &'a Decoder,
    results: &'a mut Vec<Result<Event, Refusal>>,
}

impl<'de> DeserializeSeed<'de> for BatchSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for BatchSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of CloudEvents objects")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let max = self.decoder.limits.batch_events_max;
        while let Some(raw) = seq.next_element::<&RawValue>()? {
            if self.results.len() == max {
                return Err(de::Error::custom(format_args!("more than {max} events")));
            }
            let index = format!("/{}", self.results.len());
            let result = self.decoder.decode(raw.get().as_bytes());
            self.results.push(result.map_err(|refusal| refusal.below(&index)));
        }
        Ok(())
    }
}
