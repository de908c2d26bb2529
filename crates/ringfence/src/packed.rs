//! How are packed logs met where event files are? Told apart by their first bytes, and folded without parsing.

use crate::commands::Context;
use crate::failure::{At, Failure};
use crate::input::Read;
use crate::progress::Progress;
use ringfence_domain::rates::Rates;
use ringfence_engine::{Applied, Engine, Labels, Request};
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
    let mut readers = vec![head; engines.len()];
    let mut fact = empty_fact();
    let mut labels = Labels::default();
    let mut events = 0;
    loop {
        let mut blocks: Vec<Block> = Vec::with_capacity(engines.len());
        for (engine, reader) in engines.iter_mut().zip(&mut readers) {
            blocks.extend(reader.next_block(engine.names_mut()).at(place())?);
        }
        if blocks.is_empty() {
            break;
        }
        while folded(&readers, &mut blocks, engines, &mut fact, &mut labels, path, &mut on_request)? {
            events += 1;
        }
        progress.set(readers.first().map_or(0, PackReader::offset) as u64);
    }
    let read = Read { events, seconds: progress.seconds(), ..Read::default() };
    Ok((read, labels))
}

/// Reads the next fact of the blocks into every engine; `false` at their end.
fn folded<'a>(
    readers: &[PackReader<'a>],
    blocks: &mut [Block<'a>],
    engines: &mut [Engine<Rates>],
    fact: &mut ringfence_features::fact::Fact,
    labels: &mut Labels,
    path: &Path,
    on_request: &mut impl FnMut(usize, &Request) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    for (index, ((reader, block), engine)) in readers.iter().zip(blocks).zip(engines).enumerate() {
        let unreadable = |e: PackedError| Err::<(), _>(e).at(path.display());
        match reader_next(reader, block, fact) {
            Ok(Some(id)) => {
                if index == 0 {
                    labels.see_fact(fact, engine.names_mut());
                }
                match engine.apply_fact(fact, id).at(path.display())? {
                    Applied::Request(request) => on_request(index, &request)?,
                    Applied::Folded | Applied::Unknown => {}
                }
            }
            Ok(None) => return Ok(false),
            Err(e) => unreadable(e)?,
        }
    }
    Ok(true)
}

/// The next fact with the id of its event.
fn reader_next<'a>(
    reader: &PackReader<'a>,
    block: &mut Block<'a>,
    fact: &mut ringfence_features::fact::Fact,
) -> Result<Option<&'a str>, PackedError> {
    if reader.read(block, fact)? { reader.event_id(block).map(Some) } else { Ok(None) }
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
