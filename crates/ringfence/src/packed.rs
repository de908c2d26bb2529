//! How are packed logs met where event files are? Told apart by their first bytes, and folded without parsing.

use crate::commands::Context;
use crate::failure::{At, Failure};
use crate::input::Read;
use crate::progress::Progress;
use ringfence_domain::rates::Rates;
use ringfence_engine::{Applied, Engine, Labels, Request};
use ringfence_features::fact::Fact;
use ringfence_features::foresee::BATCH_FACTS;
use ringfence_features::packed::{Block, PackReader, PackedError, empty_fact};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What packed logs of all versions begin with.
const FAMILY: &[u8] = b"RFPACK";

/// Whether a file is a packed log, of whatever version. A file that cannot be opened is none: whoever reads it says why.
pub(crate) fn is_packed(path: &Path) -> bool {
    let mut first = [0; FAMILY.len()];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && first == FAMILY
}

/// The packed log among the files, if they are one.
pub(crate) fn only(files: &[PathBuf]) -> Result<Option<&Path>, Failure> {
    let Some(packed) = files.iter().find(|file| is_packed(file)) else { return Ok(None) };
    match files {
        [_] => Ok(Some(packed)),
        _ => Err(Failure::usage("a packed log is read alone", packed.display())
            .help("pack all event files together: `ringfence pack A.jsonl B.jsonl --out shop.rfpack`")),
    }
}

/// Refuses packed logs where every event is needed as it was sent.
pub(crate) fn refuse(files: &[PathBuf]) -> Result<(), Failure> {
    match files.iter().find(|file| is_packed(file)) {
        Some(file) => {
            Err(Failure::new("this is a packed log, and whole events are needed here", file.display()).help(
                "give the event files it was packed from; `replay`, `train` and `backtest` read packed logs",
            ))
        }
        None => Ok(()),
    }
}

/// Folds a packed log into the engines, one after the other for each event, and hands over every refund request.
pub(crate) fn fold(
    path: &Path,
    context: &Context,
    label: &str,
    engines: &mut [Engine<Rates>],
    mut on_request: impl FnMut(usize, &Request) -> Result<(), Failure>,
) -> Result<(Read, Labels), Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::io("read the packed log", path, &e))?;
    let place = || path.display();
    let head = PackReader::new(&bytes).at(place())?;
    fits(&head, &context.config.rates, path)?;
    let mut progress = Progress::new(label, Some(bytes.len() as u64));
    // Every engine has numbers of its own for the identifiers.
    let mut lanes: Vec<Lane> = engines.iter().map(|_| Lane::new(&head)).collect();
    let mut labels = Labels::default();
    let mut events = 0;
    loop {
        let mut blocks: Vec<Block> = Vec::with_capacity(engines.len());
        for (engine, lane) in engines.iter_mut().zip(&mut lanes) {
            blocks.extend(lane.reader.next_block(engine.names_mut()).at(place())?);
        }
        if blocks.is_empty() {
            break;
        }
        loop {
            for (lane, block) in lanes.iter_mut().zip(&mut blocks) {
                lane.fill(block).at(place())?;
            }
            let facts = lanes.first().map_or(0, |lane| lane.ids.len());
            if facts == 0 {
                break;
            }
            for (engine, lane) in engines.iter().zip(&lanes) {
                engine.foresee(&lane.facts[..facts]);
            }
            for i in 0..facts {
                for (index, (engine, lane)) in engines.iter_mut().zip(&mut lanes).enumerate() {
                    let (fact, id) = (&mut lane.facts[i], lane.ids[i]);
                    if index == 0 {
                        labels.see_fact(fact, engine.names_mut());
                    }
                    match engine.apply_fact(fact, id).at(place())? {
                        Applied::Request(request) => on_request(index, &request)?,
                        Applied::Folded | Applied::Unknown => {}
                    }
                }
            }
            events += facts as u64;
        }
        progress.set(lanes.first().map_or(0, |lane| lane.reader.offset()) as u64);
    }
    let read = Read { events, seconds: progress.seconds(), ..Read::default() };
    Ok((read, labels))
}

/// What one engine reads: the facts of a batch with the ids of their events.
struct Lane<'a> {
    reader: PackReader<'a>,
    facts: Vec<Fact>,
    ids: Vec<&'a str>,
}

impl<'a> Lane<'a> {
    fn new(head: &PackReader<'a>) -> Lane<'a> {
        Lane { reader: head.clone(), facts: vec![empty_fact(); BATCH_FACTS], ids: Vec::new() }
    }
    /// Reads the block's next facts; none at its end.
    fn fill(&mut self, block: &mut Block<'a>) -> Result<(), PackedError> {
        self.ids.clear();
        for _ in 0..self.reader.read_many(block, &mut self.facts)? {
            self.ids.push(self.reader.event_id(block)?);
        }
        Ok(())
    }
}

/// Money was converted when the log was packed: currency and rates have to be those of now.
fn fits(head: &PackReader, rates: &Rates, path: &Path) -> Result<(), Failure> {
    if head.reporting != rates.reporting() {
        let (packed, now) = (head.reporting, rates.reporting());
        let what = format!("the packed log is in {packed}, the reporting currency is {now}");
        return Err(Failure::new(what, path.display()).help(
            "pack the event files again, or configure the reporting_currency that it was packed with",
        ));
    }
    if head.rates != rates.fingerprint() {
        return Err(Failure::new("the packed log was made with other rates", path.display())
            .help("pack the event files again: money is converted when a log is packed"));
    }
    Ok(())
}
