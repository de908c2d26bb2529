//! How is the log given to other tools? As one Parquet file, proved before it is read, beside the service if it runs.

use super::failure;
use crate::commands::Context;
use crate::failure::{At, Failure};
use crate::print;
use crate::progress::Progress;
use crate::time::moment;
use ringfence_domain::Timestamp;
use ringfence_service::export::Exporter;
use ringfence_store::LOG_FOLDER;
use ringfence_store::log::{Head, verified};
use serde::Serialize;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

/// Writes the log as Parquet, a row a record: position, times, kind, type, ids, and the record itself as JSON.
///
/// The log is proved first; changes nothing and may run beside the service. Holds some megabytes, however long the log is.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence log export --data /var/lib/ringfence --out log.parquet\n  ringfence log export --data shop --from 2026-01-01 --to 2026-02-01 --out january.parquet"
)]
pub(super) struct Args {
    /// The folder of the service.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where it goes; a file that is there is replaced once the new one is whole.
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
    /// Records from then on, by when they were recorded: a day, or a time as in 2026-01-01T00:00:00Z [default: all].
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Timestamp>,
    /// Records before then [default: all].
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Timestamp>,
}

/// What was written.
#[derive(Serialize, Debug)]
struct Exported {
    records: u64,
    head: Head,
    out: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from >= to
    {
        let failure = Failure::usage("there is nothing in between", "--from, --to");
        return Err(failure.help("--from is before --to"));
    }
    let folder = args.data.join(LOG_FOLDER);
    let mut progress = Progress::new("verified", None);
    let (proved, reader) =
        verified(&folder, &mut |position| progress.set(position)).map_err(|e| failure(&e, &folder))?;
    drop(progress);
    let mut part = args.out.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let file = File::create(&part).map_err(|e| Failure::io("write", &part, &e))?;
    let mut exporter = Exporter::new(BufWriter::new(file), &proved.head).at(part.display())?;
    let mut progress = Progress::new("exported", Some(proved.head.position));
    for record in reader.read(proved.anchor.position).map_err(|e| failure(&e, &folder))? {
        let (position, record) = record.map_err(|e| failure(&e, &folder))?;
        if position % 4_096 == 0 {
            progress.set(position);
        }
        let since = args.from.is_none_or(|from| record.recorded >= from);
        if since && args.to.is_none_or(|to| record.recorded < to) {
            exporter.push(position, &record).at(folder.display())?;
        }
    }
    let (records, out) = exporter.finish().at(part.display())?;
    let written = out.into_inner().map_err(|e| e.into_error()).and_then(|file| file.sync_all());
    let renamed = written.and_then(|()| std::fs::rename(&part, &args.out));
    renamed.map_err(|e| Failure::io("write", &args.out, &e))?;
    let exported = Exported { records, head: proved.head, out: args.out.clone() };
    if context.json {
        return print::json(&exported);
    }
    print::out(&format!(
        "{}\nhead {} {}\nparquet  {}\n",
        print::headline(&format!("{} records", print::count(records))),
        exported.head.position,
        exported.head.hash,
        exported.out.display()
    ))
}
