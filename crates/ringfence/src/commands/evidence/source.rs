//! Where do the records of a pack come from? The log of a service, proved first, or files of events.

use crate::commands::Context;
use crate::commands::log::failure as log_failure;
use crate::failure::{At, Failure};
use crate::input;
use crate::progress::Progress;
use ringfence_domain::{Decision, Decoder, Event, Timestamp, encode};
use ringfence_evidence::gather::{Gather, PASSES};
use ringfence_evidence::manifest::SourceFile;
use ringfence_evidence::records::Says;
use ringfence_store::LOG_FOLDER;
use ringfence_store::log::{Reader, Record, RecordKind, Verified, verified};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Proves the log, gathers from it, and proves each record against its head.
pub(super) fn of_log(data: &Path, gather: &mut Gather, context: &Context) -> Result<Verified, Failure> {
    let folder = data.join(LOG_FOLDER);
    if !folder.is_dir() {
        return Err(Failure::new("this is not the folder of a service: it has no log", data.display()).help(
            "give the folder that `ringfence serve --data` was started with, or event files with --events",
        ));
    }
    let mut progress = Progress::new("proved", None);
    let (proved, reader) = verified(&folder, &mut |position| progress.set(position))
        .map_err(|error| log_failure(&error, &folder))?;
    drop(progress);
    let until = proved.head.position;
    // Personal values were made tokens before they were logged; what was let in once is read for ever.
    let decoder = Decoder::new(context.config.limits(None));
    for pass in 0..PASSES {
        each(&reader, &folder, proved.anchor.position..until, pass, |position, record| {
            let place = || format!("{}, record {position}", folder.display());
            if gather.takes() {
                let says = match record.kind {
                    RecordKind::Event => Says::Event(Box::new(decoder.decode(&record.payload).at(place())?)),
                    RecordKind::Decision => Says::Decision(Box::new(
                        serde_json::from_slice::<Decision>(&record.payload).at(place())?,
                    )),
                    RecordKind::Control => {
                        Says::Control(serde_json::from_slice(&record.payload).at(place())?)
                    }
                };
                gather.take(position, record, says).at("the matter")?;
            } else if record.kind == RecordKind::Event {
                gather.see(&decoder.decode(&record.payload).at(place())?);
            }
            Ok(())
        })?;
        if pass + 1 < PASSES {
            gather.next_pass();
        }
    }
    let positions: Vec<u64> = gather.cited.iter().map(|c| c.at).collect();
    let proofs = reader.prove(&positions, &proved.head).at(folder.display())?;
    for (cited, proof) in gather.cited.iter_mut().zip(proofs) {
        cited.proof = Some(proof);
    }
    Ok(proved)
}

fn each(
    reader: &Reader,
    folder: &Path,
    range: std::ops::Range<u64>,
    pass: usize,
    mut take: impl FnMut(u64, &Record<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut progress = Progress::new(&format!("pass {} of {PASSES}", pass + 1), Some(range.end));
    for record in reader.read(range.start).at(folder.display())? {
        let (position, record) = record.at(folder.display())?;
        if position >= range.end {
            break;
        }
        if position % 4_096 == 0 {
            progress.set(position);
        }
        take(position, &record)?;
    }
    Ok(())
}

/// Gathers from files of events; records are numbered in the order of their arrival, from 1.
pub(super) fn of_files(
    files: &[PathBuf],
    gather: &mut Gather,
    context: &Context,
) -> Result<Vec<SourceFile>, Failure> {
    for pass in 0..PASSES {
        let (mut number, mut newest) = (0, Timestamp::MIN);
        let label = format!("pass {} of {PASSES}", pass + 1);
        input::fold(files, context, &label, |event: Event| {
            number += 1;
            newest = newest.max(event.time);
            if !gather.takes() {
                gather.see(&event);
                return Ok(());
            }
            let recorded = event.recorded.unwrap_or(newest);
            let mut payload = Vec::new();
            encode(&event, &mut payload);
            let record = Record { kind: RecordKind::Event, recorded, payload: Cow::Owned(payload) };
            gather.take(number, &record, Says::Event(Box::new(event))).at("the matter")
        })?;
        if pass + 1 < PASSES {
            gather.next_pass();
        }
    }
    files.iter().map(|path| described(path)).collect()
}

fn described(path: &Path) -> Result<SourceFile, Failure> {
    let file = std::fs::File::open(path).map_err(|e| Failure::io("read the events", path, &e))?;
    let (bytes, sha256) = ringfence_evidence::canonical::sha256_of(file)
        .map_err(|e| Failure::io("read the events", path, &e))?;
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    Ok(SourceFile { name, bytes, sha256 })
}
