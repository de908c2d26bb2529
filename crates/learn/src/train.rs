//! How does a training set become a model? Judge a rehearsal on the end of the time, then learn from all of it.
//!
//! First everything is done as it would have been done at the start of the test time (the rehearsal), and the result
//! meets the test time: that gives the figures of the model card. Then the same is done at `until`, with the settings of
//! the trees that the rehearsal chose.

use crate::baseline::{Baseline, past_refund_rate};
use crate::boost::sigmoid;
use crate::dataset::{Dataset, Label};
use crate::logistic::Logistic;
use crate::model::{FORMAT, FORMAT_VERSION, Model, Provenance, Sum};
use crate::settings::TrainSettings;
use crate::split::{matured, split, test_start};
use crate::stage::{ROWS_OF_A_KIND_MIN, Stage, StageNotes, known, learn, learn_again, matrix};
use crate::trainer::TrainerError;
use ringfence_domain::Timestamp;

/// L2 penalty of the logistic regression that models are compared with, in rows.
const LOGISTIC_L2: f64 = 10.0;

/// Why nothing can be learned.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// No matured rows.
    #[error(
        "no refund request is old enough: labels mature for {days} days and nothing was asked for before {before}; \
         take a later --until, more events, or a smaller `split.maturity_days`"
    )]
    NothingMatured {
        /// Days of maturity.
        days: u32,
        /// `until` less the maturity.
        before: String,
    },
    /// Too few labels of a kind.
    #[error(
        "only {found} of {rows} matured requests are known as {kind} at {until}, {ROWS_OF_A_KIND_MIN} are needed; \
         import more verdicts, or take a later --until"
    )]
    TooFewLabels {
        /// How many there are.
        found: usize,
        /// Of how many.
        rows: usize,
        /// Of which kind.
        kind: &'static str,
        /// As known at.
        until: Timestamp,
    },
    /// A setting names a column that is not there.
    #[error(
        "the setting `{setting}` names the feature `{column}`, which the catalogue does not have; correct the name"
    )]
    Column {
        /// Which setting.
        setting: &'static str,
        /// Which column.
        column: String,
    },
    /// No usable column.
    #[error(
        "the catalogue has no feature that a model may use; set `model = true` on some, or exclude fewer"
    )]
    NoInputs,
    /// A share or number that makes no sense.
    #[error("the setting `{0}` must be {1}")]
    Setting(&'static str, &'static str),
    /// The trainer that was asked for is not there, or failed.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
}

/// A model, and what is to be said about it.
pub struct Trained {
    /// The model for use.
    pub model: Model,
    /// How it was learned.
    pub notes: StageNotes,
    /// The rehearsal; `None` where the time was too short for one.
    pub rehearsal: Option<Rehearsal>,
}

/// The model as it would have been at the start of the test time, met with the test time.
pub struct Rehearsal {
    /// The model then.
    pub model: Model,
    /// How it was learned.
    pub notes: StageNotes,
    /// Requests of the test time, as row indices in the order of time.
    pub rows: Vec<u32>,
    /// Labels of those rows as known at `until`; `None` where nobody looked.
    pub labels: Vec<Option<Label>>,
    /// The model's probabilities of those rows.
    pub scores: Vec<f64>,
    /// What the model is compared with, on the same rows.
    pub baselines: Vec<Baseline>,
    /// Start of the test time.
    pub start: Timestamp,
}

/// Learns from what was known at `until`.
pub fn train(dataset: &Dataset, until: Timestamp, settings: &TrainSettings) -> Result<Trained, TrainError> {
    check(dataset, settings)?;
    if !settings.trainer.is_there() {
        return Err(TrainerError::NotBuilt.into());
    }
    let rehearsal = rehearse(dataset, until, settings)?;
    let parts = split(dataset, until, &settings.split);
    enough(dataset, until, settings)?;
    let chosen = rehearsal.as_ref().map(|(_, chosen)| chosen.clone());
    let mut stage = learn(dataset, &parts, settings, chosen.as_ref())?;
    if settings.refit {
        stage = learn_again(dataset, &parts, settings, stage)?;
    }
    let model = model_of(dataset, until, settings, &stage);
    Ok(Trained { model, notes: stage.notes, rehearsal: rehearsal.map(|(rehearsal, _)| rehearsal) })
}

fn check(dataset: &Dataset, settings: &TrainSettings) -> Result<(), TrainError> {
    let share = |name, x: f64| {
        if (0.0..0.8).contains(&x) {
            Ok(())
        } else {
            Err(TrainError::Setting(name, "at least 0 and below 0.8"))
        }
    };
    share("split.validation_share", settings.split.validation_share)?;
    share("split.calibration_share", settings.split.calibration_share)?;
    share("split.test_share", settings.split.test_share)?;
    share("split.*_share (sum)", settings.split.validation_share + settings.split.calibration_share)?;
    let named = settings.exclude.iter().map(|c| ("exclude", c));
    let named = named.chain(settings.monotone.keys().map(|c| ("monotone", c)));
    for (setting, column) in named.chain(settings.segments.iter().map(|c| ("segments", c))) {
        if dataset.schema().index(column).is_none() {
            return Err(TrainError::Column { setting, column: column.clone() });
        }
    }
    let usable = dataset.schema().columns.iter().any(|c| c.model && !settings.exclude.contains(&c.name));
    if usable { Ok(()) } else { Err(TrainError::NoInputs) }
}

/// Whether there are labels of both kinds among the matured rows. Where nothing was found legitimate, rows that nobody
/// looked into stand in for it.
fn enough(dataset: &Dataset, until: Timestamp, settings: &TrainSettings) -> Result<(), TrainError> {
    let rows = matured(dataset, until, &settings.split);
    if rows.is_empty() {
        let before = until.millis() - settings.split.maturity().0;
        let before = Timestamp::from_millis(before).map_or_else(|| "1990".to_owned(), |t| t.to_string());
        return Err(TrainError::NothingMatured { days: settings.split.maturity_days, before });
    }
    let labels = || rows.iter().map(|&r| dataset.rows()[r as usize].label(until));
    let abuse = labels().filter(|l| l.is_some_and(|l| settings.target.holds(l))).count();
    let others = rows.len() - abuse;
    for (found, kind) in [(abuse, "abuse"), (others, "anything else")] {
        if found < ROWS_OF_A_KIND_MIN {
            return Err(TrainError::TooFewLabels { found, rows: rows.len(), kind, until });
        }
    }
    Ok(())
}

/// Learns at the start of the test time and scores the test time; with the chosen settings of the trees.
fn rehearse(
    dataset: &Dataset,
    until: Timestamp,
    settings: &TrainSettings,
) -> Result<Option<(Rehearsal, crate::boost::BoostSettings)>, TrainerError> {
    if settings.split.test_share <= 0.0 {
        return Ok(None);
    }
    let Some(start) = test_start(dataset, until, &settings.split) else { return Ok(None) };
    if enough(dataset, start, settings).is_err() {
        return Ok(None);
    }
    let parts = split(dataset, start, &settings.split);
    let mut stage = learn(dataset, &parts, settings, None)?;
    if settings.refit {
        stage = learn_again(dataset, &parts, settings, stage)?;
    }
    let in_test = |&r: &u32| dataset.rows()[r as usize].requested_at >= start;
    let rows: Vec<u32> = matured(dataset, until, &settings.split).into_iter().filter(in_test).collect();
    let inputs = matrix(dataset, &rows, &stage.inputs);
    let raw = stage.boosted.raw(&inputs);
    let scores = raw.iter().map(|&r| stage.calibration.calibration.probability(r)).collect();
    let (fit, target, weight) = &stage.fit;
    let line = Logistic::fit(crate::boost::Rows { matrix: fit, target, weight }, LOGISTIC_L2);
    let logistic = line.raw(&inputs).into_iter().map(sigmoid).collect();
    let baselines = vec![
        past_refund_rate(dataset, &rows, settings),
        Baseline { name: "logistic regression".to_owned(), scores: logistic, is_probability: false },
    ];
    let labels = rows.iter().map(|&r| dataset.rows()[r as usize].label(until)).collect();
    let model = model_of(dataset, start, settings, &stage);
    let chosen = stage.chosen.clone();
    Ok(Some((Rehearsal { model, notes: stage.notes, rows, labels, scores, baselines, start }, chosen)))
}

fn model_of(dataset: &Dataset, until: Timestamp, settings: &TrainSettings, stage: &Stage) -> Model {
    let rows = matured(dataset, until, &settings.split);
    let time = |row: Option<&u32>| row.map(|&r| dataset.rows()[r as usize].requested_at);
    let settings = TrainSettings { boost: stage.chosen.clone(), ..settings.clone() };
    Model {
        format: FORMAT.to_owned(),
        version: FORMAT_VERSION,
        target: settings.target,
        catalogue: dataset.schema().hash.clone(),
        provenance: Provenance {
            trainer: settings.trainer.name().to_owned(),
            code: env!("CARGO_PKG_VERSION").to_owned(),
            data: dataset.hash(),
            from: time(rows.first()),
            to: time(rows.last()),
            labels_until: Some(until),
            settings: serde_json::to_value(&settings).expect("settings are numbers and texts with text keys"),
        },
        inputs: stage.inputs.clone(),
        sum: Sum::F64,
        base: stage.boosted.base,
        calibration: stage.calibration.clone(),
        reference: crate::drift::references(dataset, &rows),
        trees: stage.boosted.trees.clone(),
    }
}

/// What is known at `until` of rows, as the target sees it; for callers that judge decisions themselves.
pub fn known_at(
    dataset: &Dataset,
    rows: &[u32],
    until: Timestamp,
    settings: &TrainSettings,
) -> Vec<Option<bool>> {
    let parts =
        crate::split::Parts { fit: Vec::new(), validation: Vec::new(), calibration: Vec::new(), cut: until };
    known(dataset, rows, &parts, settings)
}
