//! What separates abuse from honesty here? Learns a model from events, with its card.

use crate::commands::{Context, read_text, write_file};
use crate::failure::{At, Failure};
use crate::history::{self, Source};
use crate::print;
use crate::time::moment;
use ringfence_domain::Timestamp;
use ringfence_learn::card::{Card, card};
use ringfence_learn::card_page::card_page;
use ringfence_learn::dataset::Dataset;
use ringfence_learn::evaluate::EvaluateSettings;
use ringfence_learn::settings::TrainSettings;
use ringfence_learn::train::{TrainError, Trained, train};
use ringfence_learn::trainer::{Trainer, TrainerError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Learns a model: as-of features, labels known by `--until`, time split, calibration, model card.
///
/// Writes the model, and beside it its card as `.card.html` (to read) and `.card.json`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence train --events events.jsonl.zst --until 2023-09-01 --out model.json\n  \
    ringfence train --vectors vectors.parquet --until 2023-09-01 --settings train.toml --out model.json"
)]
pub(crate) struct Args {
    /// Event files, in the order of their arrival, or one packed log.
    #[arg(long, required_unless_present = "vectors", num_args = 1.., value_name = "FILE")]
    events: Vec<PathBuf>,
    /// What `replay --out` wrote, instead of events.
    #[arg(long, conflicts_with_all = ["events", "features"], value_name = "FILE.parquet")]
    vectors: Option<PathBuf>,
    /// Feature catalogue [default: the built-in one].
    #[arg(long, value_name = "FILE.toml")]
    features: Option<PathBuf>,
    /// Only what was known by then is used: a day, or a time as in 2023-09-01T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Timestamp,
    /// Settings of training [default: see `docs/guides/train.md`].
    #[arg(long, value_name = "FILE.toml")]
    settings: Option<PathBuf>,
    /// Who grows the trees [default: as the settings say, else ringfence]; `lightgbm` needs a build with that feature.
    #[arg(long, value_enum, value_name = "NAME")]
    trainer: Option<TrainerName>,
    /// Where the model goes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Who grows the trees.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum TrainerName {
    /// Our own trainer, in pure Rust.
    Ringfence,
    /// LightGBM.
    Lightgbm,
}

impl From<TrainerName> for Trainer {
    fn from(name: TrainerName) -> Trainer {
        match name {
            TrainerName::Ringfence => Trainer::Ringfence,
            TrainerName::Lightgbm => Trainer::Lightgbm,
        }
    }
}

/// A model that was written.
pub(crate) struct Learned {
    /// The model and how it came about.
    pub(crate) trained: Trained,
    /// Its card.
    pub(crate) card: Card,
    /// The card as a page.
    pub(crate) card_html: PathBuf,
    /// Seconds of training and judging.
    pub(crate) seconds: f64,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let own = args.settings.as_deref().map(settings).transpose()?;
    let asked = args.trainer.map(Trainer::from);
    if asked.is_some_and(|trainer| !trainer.is_there()) {
        return Err(TrainerError::NotBuilt).at("--trainer");
    }
    let dataset = match &args.vectors {
        Some(path) => super::evaluate::read_vectors(path)?,
        None => {
            let plan = history::plan(args.features.as_deref())?;
            let mut engines = [history::engine(&plan, context, None)];
            let mut vectors = history::Vectors::new(context.config.rates.reporting());
            let pass =
                history::pass(Source::Files(&args.events), context, "replay", &mut engines, |_, request| {
                    vectors.push(request);
                    Ok(())
                })?;
            vectors.settle(&pass.labels);
            vectors.into_dataset(&plan)
        }
    };
    let mut settings = own.unwrap_or_else(|| defaults(&dataset));
    settings.trainer = asked.unwrap_or(settings.trainer);
    let learned = learn(&dataset, args.until, &settings, &args.out)?;
    if context.json {
        print::json(&learned.card)?;
    } else {
        print::out(&words(&learned, &args.out))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Columns by which false positives are told where the catalogue has them and nothing else was asked for.
const SEGMENTS: [&str; 3] = ["claim_reason", "request_channel", "line_category"];

/// The settings where none are given.
pub(crate) fn defaults(dataset: &Dataset) -> TrainSettings {
    let there = SEGMENTS.into_iter().filter(|name| dataset.schema().index(name).is_some());
    TrainSettings { segments: there.map(str::to_owned).collect(), ..TrainSettings::default() }
}

fn settings(path: &Path) -> Result<TrainSettings, Failure> {
    let text = read_text(path, "read the settings")?;
    toml::from_str(&text).map_err(|e| {
        let e = ringfence_domain::config::ConfigError::from_toml(&text, &e);
        let failure = Failure::new(&e.message, format!("{}:{}:{}", path.display(), e.line, e.column));
        match e.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })
}

/// Learns and writes the model and its card.
pub(crate) fn learn(
    dataset: &Dataset,
    until: Timestamp,
    settings: &TrainSettings,
    out: &Path,
) -> Result<Learned, Failure> {
    let started = Instant::now();
    let trained = train(dataset, until, settings).map_err(|error| {
        let place = match &error {
            TrainError::NothingMatured { .. } | TrainError::TooFewLabels { .. } => "--until",
            TrainError::Column { .. } | TrainError::Setting(..) | TrainError::Trainer(_) => "--settings",
            TrainError::NoInputs => "--features",
        };
        Err::<(), _>(&error).at(place).err().unwrap_or_else(|| Failure::new(&error, place))
    })?;
    let card = card(dataset, &trained, &[], &EvaluateSettings::default()).at(out.display())?;
    write_file(out, &trained.model.to_json())?;
    let card_html = out.with_extension("card.html");
    write_file(&card_html, card_page(&card).as_bytes())?;
    write_file(&out.with_extension("card.json"), card.to_json().as_bytes())?;
    Ok(Learned { trained, card, card_html, seconds: started.elapsed().as_secs_f64() })
}

fn words(learned: &Learned, out: &Path) -> String {
    let mut text = format!(
        "{}\n{} trees over {} inputs, in {:.1} s\n\n",
        print::headline("A model"),
        print::count(learned.trained.model.trees.len() as u64),
        learned.trained.model.inputs.len(),
        learned.seconds
    );
    match &learned.card.rehearsal {
        Some(rehearsal) => {
            text.push_str(&format!(
                "On requests from {} on, which the model of that day had not seen:\n",
                rehearsal.start
            ));
            text.push_str(&super::evaluate::figures_table(&rehearsal.evaluation));
        }
        None => text.push_str("The time was too short to hold some of it out: there are no figures.\n"),
    }
    text.push_str(&format!("\nmodel  {}\ncard   {}\n", out.display(), learned.card_html.display()));
    text
}
