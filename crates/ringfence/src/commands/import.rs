//! What does a foreign file say as events? Writes them, with the rows that could not be read set aside.

use crate::commands::{Context, read_text};
use crate::failure::{At, Failure};
use crate::input;
use crate::print;
use crate::progress::Progress;
use ringfence_domain::{Event, Refusal};
use ringfence_imports::posts::{self, Photos};
use ringfence_imports::{ImportError, Map, Sink, SinkError, card_fraud, online_retail};
use ringfence_store::open::{Progress as BytesRead, open_with_progress};
use ringfence_store::{EventWriter, RejectWriter};
use serde_json::{Map as JsonMap, Value};
use std::path::PathBuf;
use std::process::ExitCode;

/// Turns foreign files into events.
///
/// Rows that cannot be read are set aside in a reject file beside the output, with line, reason and remedy.
#[derive(clap::Args, Debug)]
#[command(after_help = "Formats:\n  \
    online-retail  the lines of the UCI Online Retail data: orders, returns and refund requests of a real shop\n  \
    card-fraud     the payments of the Fraud Detection Handbook, with their labels as verdicts\n  \
    csv            any CSV, by a map from its columns to event fields (see docs/guides/import-csv.md)\n  \
    telegram       public posts: result.json of Telegram Desktop, one chat or all\n  \
    discord        public posts: JSON of DiscordChatExporter\n  \
    reddit         public posts: submissions and comments as JSON lines\n  \
    forum-csv      public posts: a CSV with text, posted_at, and author, channel, id, image where they are known\n\n\
    Example:\n  ringfence import online-retail online-retail.csv.gz --out events.jsonl.zst\n  \
    ringfence import csv --map refunds.toml refunds.csv --out events.jsonl")]
pub(crate) struct Args {
    /// What the files are.
    #[arg(value_enum)]
    format: Format,
    /// The files, plain or compressed (.gz, .zst).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which column is what (csv only).
    #[arg(long, value_name = "MAP.toml")]
    map: Option<PathBuf>,
    /// Where the events go: .jsonl, .jsonl.zst or .jsonl.gz.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// A foreign format.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Format {
    OnlineRetail,
    CardFraud,
    Csv,
    Telegram,
    Discord,
    Reddit,
    ForumCsv,
}

/// Events and rejects on the disk.
struct Files {
    events: EventWriter,
    rejects: RejectWriter,
    several: bool,
    file: PathBuf,
    progress: Progress,
    read: BytesRead,
    told: Vec<String>,
}

/// Rejected rows that are told in full.
const REJECTS_TOLD: usize = 3;

impl Sink for Files {
    fn event(&mut self, event: &Event) -> Result<(), SinkError> {
        self.progress.set(self.read.bytes());
        Ok(self.events.write(event)?)
    }
    fn reject(&mut self, refusal: &Refusal, raw: &[u8]) -> Result<(), SinkError> {
        if self.told.len() < REJECTS_TOLD {
            self.told.push(format!("{}: {refusal}", self.file.display()));
        }
        let file = self.several.then_some(self.file.as_path());
        Ok(self.rejects.write(file, refusal, raw)?)
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let map = match (args.format, &args.map) {
        (Format::Csv, Some(path)) => {
            let text = read_text(path, "read the map")?;
            let map = Map::parse(&text).map_err(|e| {
                let failure = Failure::new(&e.message, format!("{}:{}:{}", path.display(), e.line, e.column));
                match e.help {
                    Some(help) => failure.help(help),
                    None => failure,
                }
            })?;
            Some((map, input::decoder(context)?))
        }
        (Format::Csv, None) => {
            return Err(Failure::usage("a CSV needs a map of its columns", "--map")
                .help("write one as docs/guides/import-csv.md shows, and pass it with --map MAP.toml"));
        }
        (
            Format::OnlineRetail
            | Format::CardFraud
            | Format::Telegram
            | Format::Discord
            | Format::Reddit
            | Format::ForumCsv,
            map,
        ) => {
            if map.is_some() {
                return Err(Failure::usage("this format has its own map", "--map").help("leave it out"));
            }
            None
        }
    };
    let file_error = |e: ringfence_store::FileError| Failure::io(e.doing, &e.path, &e.source);
    let read = BytesRead::default();
    let total = args.files.iter().filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum();
    let mut files = Files {
        events: EventWriter::create(&args.out).map_err(file_error)?,
        rejects: RejectWriter::beside(&args.out, context.config.tokens.is_empty()),
        several: args.files.len() > 1,
        file: PathBuf::new(),
        progress: Progress::new("import", Some(total)),
        read: read.clone(),
        told: Vec::new(),
    };
    let mut summaries = Vec::new();
    for path in &args.files {
        path.clone_into(&mut files.file);
        let reader = open_with_progress(path, &read).map_err(file_error)?;
        let summary = match (args.format, &map) {
            (Format::OnlineRetail, _) => online_retail(reader, &mut files).map(serde_json::to_value),
            (Format::CardFraud, _) => card_fraud(reader, &mut files).map(serde_json::to_value),
            (Format::Csv, Some((map, decoder))) => {
                map.import(reader, decoder, &mut files).map(serde_json::to_value)
            }
            (Format::Csv, None) => unreachable!("a CSV without a map was refused above"),
            (Format::Telegram, _) => {
                posts::telegram(reader, &Photos::beside(path), &mut files).map(serde_json::to_value)
            }
            (Format::Discord, _) => {
                posts::discord(reader, &Photos::beside(path), &mut files).map(serde_json::to_value)
            }
            (Format::Reddit, _) => posts::reddit(reader, &mut files).map(serde_json::to_value),
            (Format::ForumCsv, _) => {
                posts::forum(reader, &Photos::beside(path), &mut files).map(serde_json::to_value)
            }
        };
        let summary = summary.map_err(|e| import_failure(&e, path))?;
        summaries.push((path.clone(), summary.at("the summary as JSON")?));
    }
    let Files { events, rejects, told, progress, .. } = files;
    let written = events.finish().map_err(file_error)?;
    let seconds = progress.seconds();
    drop(progress);
    for line in told {
        eprintln!("{line}");
    }
    if let Some((path, count)) = rejects.finish().map_err(file_error)? {
        eprintln!("{} rows were set aside in {}", print::count(count), path.display());
    }
    tell(args, context, &summaries, written.lines, seconds)?;
    Ok(ExitCode::SUCCESS)
}

fn import_failure(error: &ImportError, path: &std::path::Path) -> Failure {
    let cause = std::error::Error::source(error).map_or(String::new(), |source| format!(": {source}"));
    Err::<(), _>(format!("{error}{cause}"))
        .at(path.display())
        .map_or_else(|failure| failure, |()| Failure::new(error, ""))
}

fn tell(
    args: &Args,
    context: &Context,
    summaries: &[(PathBuf, Value)],
    events: u64,
    seconds: f64,
) -> Result<(), Failure> {
    if context.json {
        let mut all = JsonMap::new();
        all.insert("events".into(), events.into());
        all.insert("out".into(), args.out.display().to_string().into());
        all.insert("seconds".into(), seconds.into());
        let files = summaries.iter().map(|(path, s)| serde_json::json!({"file": path, "summary": s}));
        all.insert("files".into(), files.collect());
        return print::json(&all);
    }
    let mut out = format!(
        "{}\n",
        print::headline(&format!("{} events in {}", print::count(events), args.out.display()))
    );
    for (path, summary) in summaries {
        let rows = summary.as_object().into_iter().flatten();
        let rows = rows
            .map(|(name, n)| vec![name.replace('_', " "), n.as_u64().map_or(n.to_string(), print::count)]);
        out.push_str(&print::table(&[&path.display().to_string(), ">count"], rows));
    }
    print::out(&out)
}
