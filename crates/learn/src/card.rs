//! What should people know of a model before they use it? Its purpose, its data, its figures and its limits.
//!
//! Follows "Model Cards for Model Reporting" (Mitchell et al., FAT* 2019). The same card is JSON for machines and, by
//! [`crate::card_page`], one HTML file for people.

use crate::baseline::Baseline;
use crate::dataset::Dataset;
use crate::drift::{Drift, drift};
use crate::evaluate::{EvaluateSettings, Evaluation, Judged, evaluate};
use crate::model::{Model, ModelError, Provenance};
use crate::score::{Scorer, Scratch};
use crate::stage::StageNotes;
use crate::train::Trained;
use ringfence_domain::Timestamp;
use ringfence_domain::vector::ColumnKind;
use serde::{Deserialize, Serialize};

/// Rows whose Shapley values are averaged for the importance: the mean is off by a few percent then.
const IMPORTANCE_ROWS: usize = 400;

/// How much a column matters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The column.
    pub column: String,
    /// What it tells.
    pub about: String,
    /// Its share of the fall of the training loss.
    pub gain_share: f64,
    /// Mean size of its Shapley value, in probability points.
    pub mean_attribution: f64,
}

/// The model as of the start of the test time, met with the test time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RehearsalCard {
    /// Start of the test time.
    pub start: Timestamp,
    /// How that model was learned.
    pub notes: StageNotes,
    /// Its figures on the test time, labels as known in the end.
    pub evaluation: Evaluation,
}

/// A model card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Hash of the model file.
    pub model: String,
    /// Hash of the feature catalogue.
    pub catalogue: String,
    /// What it is for.
    pub purpose: Vec<String>,
    /// What it is not for.
    pub not_for: Vec<String>,
    /// What limits its figures.
    pub limits: Vec<String>,
    /// Where it came from.
    pub provenance: Provenance,
    /// How it was learned.
    pub notes: StageNotes,
    /// The chosen calibration, and log-losses by family.
    pub calibration: (String, Vec<(String, f64)>),
    /// Most important columns first.
    pub importance: Vec<Importance>,
    /// How far columns moved between training and the latest matured month, furthest first.
    pub drift: Vec<Drift>,
    /// What the figures are from; `None` where the time was too short to hold some of it out.
    pub rehearsal: Option<RehearsalCard>,
    /// Currency of the amounts.
    pub currency: String,
}

/// Writes the card of a trained model. `extra` are further baselines (such as the rules alone) on the rehearsal's rows.
pub fn card(
    dataset: &Dataset,
    trained: &Trained,
    extra: &[Baseline],
    settings: &EvaluateSettings,
) -> Result<Card, ModelError> {
    let model = &trained.model;
    let settings = EvaluateSettings { target: model.target, ..settings.clone() };
    let rehearsal = trained.rehearsal.as_ref().map(|r| {
        let segments = segment_columns(model);
        let judged: Vec<Judged> = r
            .rows
            .iter()
            .zip(&r.scores)
            .zip(&r.labels)
            .map(|((&row, &score), &label)| judged(dataset, row, score, label, &segments))
            .collect();
        let baselines = [r.baselines.as_slice(), extra].concat();
        RehearsalCard {
            start: r.start,
            notes: r.notes.clone(),
            evaluation: evaluate(&judged, &baselines, &settings),
        }
    });
    let moved = match &trained.rehearsal {
        Some(r) => drift(&r.model, dataset, &r.rows),
        None => Vec::new(),
    };
    let (purpose, not_for) = uses();
    Ok(Card {
        model: model.hash(),
        catalogue: model.catalogue.clone(),
        purpose,
        not_for,
        limits: limits(trained),
        provenance: model.provenance.clone(),
        notes: trained.notes.clone(),
        calibration: (model.calibration.calibration.name().to_owned(), model.calibration.held_out.clone()),
        importance: importance(dataset, model)?,
        drift: moved,
        rehearsal,
        currency: dataset.rows().first().map_or_else(String::new, |r| r.currency.as_str().to_owned()),
    })
}

fn segment_columns(model: &Model) -> Vec<String> {
    let named = model.provenance.settings.get("segments").cloned().unwrap_or_default();
    serde_json::from_value(named).unwrap_or_default()
}

fn judged(
    dataset: &Dataset,
    row: u32,
    score: f64,
    label: Option<crate::dataset::Label>,
    segments: &[String],
) -> Judged {
    let meta = &dataset.rows()[row as usize];
    let value = |name: &String| {
        let at = dataset.schema().index(name)?;
        let x = dataset.column(at)[row as usize];
        let text = match dataset.schema().columns[at].kind {
            _ if x.is_nan() => "unknown".to_owned(),
            ColumnKind::Category => dataset.word(x).map_or_else(|| format!("word {x}"), str::to_owned),
            ColumnKind::Flag => if x > 0.5 { "yes" } else { "no" }.to_owned(),
            ColumnKind::Number => format!("{x}"),
        };
        Some((name.clone(), text))
    };
    Judged {
        account: meta.account.clone(),
        at: meta.requested_at,
        amount_minor: meta.amount_minor,
        score,
        decision: None,
        rules: 0,
        label,
        ring: None,
        segments: segments.iter().filter_map(value).collect(),
    }
}

/// Gain and mean Shapley value by column, over evenly spaced rows of the latest fifth.
fn importance(dataset: &Dataset, model: &Model) -> Result<Vec<Importance>, ModelError> {
    let schema = dataset.schema();
    let scorer = Scorer::compile(model, schema)?;
    let mut gains = vec![0.0; schema.columns.len()];
    for (input, gain) in model.inputs.iter().zip(model.gains()) {
        if let Some(at) = schema.index(&input.column) {
            gains[at] += gain;
        }
    }
    let all: f64 = gains.iter().sum::<f64>().max(1e-12);
    let late = dataset.rows().len() * 4 / 5..dataset.rows().len();
    let step = late.len().div_ceil(IMPORTANCE_ROWS).max(1);
    let (mut sums, mut rows, mut scratch) = (vec![0.0; schema.columns.len()], 0.0, Scratch::default());
    for row in late.step_by(step) {
        scorer.explain_exact(&dataset.vector(row), &mut scratch);
        for (sum, part) in sums.iter_mut().zip(scratch.attributions()) {
            *sum += part.abs();
        }
        rows += 1.0;
    }
    let mut importance: Vec<Importance> = (0..schema.columns.len())
        .filter(|&at| gains[at] > 0.0)
        .map(|at| Importance {
            column: schema.columns[at].name.clone(),
            about: schema.columns[at].about.clone(),
            gain_share: gains[at] / all,
            mean_attribution: sums[at] / f64::max(rows, 1.0),
        })
        .collect();
    importance
        .sort_by(|a, b| b.mean_attribution.total_cmp(&a.mean_attribution).then(a.column.cmp(&b.column)));
    Ok(importance)
}

fn uses() -> (Vec<String>, Vec<String>) {
    let own = |texts: &[&str]| texts.iter().map(|&t| t.to_owned()).collect();
    (
        own(&[
            "Estimates, when a refund is requested, the probability that the request is abuse, from what was known then.",
            "Feeds a cost policy that pays at once where that is cheapest, and asks people where it is not.",
            "Orders the requests that people review.",
        ]),
        own(&[
            "Refusing anybody by itself: a detriment needs a person or hard evidence.",
            "Proof: a score is a lead. Evidence is what the events show.",
            "Judging members of staff, or requests at other shops.",
            "Times that differ from its training time; see the drift below.",
        ]),
    )
}

fn limits(trained: &Trained) -> Vec<String> {
    let [abuse, policy, legitimate, unknown] = trained.notes.labels;
    let all = (abuse + policy + legitimate + unknown).max(1);
    let looked = abuse + policy + legitimate;
    let mut limits = vec![format!(
        "People looked into {looked} of {all} matured requests ({:.1} %). They look where they suspect, so labels lean to \
         the suspicious{}.",
        100.0 * looked as f64 / all as f64,
        if trained.notes.propensity_used {
            "; training weights each labelled request by the inverse of its estimated chance of being looked into"
        } else {
            ""
        }
    )];
    limits.push(format!("Requests that nobody looked into were taken as: {}.", trained.notes.unlabelled));
    if trained.rehearsal.is_some() {
        limits.push(
            "In the figures below a request that nobody looked into counts as honest. Abuse that was never found \
             therefore counts against the model, and its calibration looks too high by the share of undiscovered abuse."
                .to_owned(),
        );
    } else {
        limits.push(
            "The time was too short to hold some of it out: there are no figures. Train again when more labels have \
             matured."
                .to_owned(),
        );
    }
    limits
}

impl Card {
    /// The card as JSON, indented.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a card holds finite numbers and texts only")
    }
}
