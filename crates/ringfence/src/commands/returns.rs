//! Will an order come back? A return propensity learned from orders and refund requests, with its report.
//!
//! Every order gets the vector that a request for all of it would have had at the moment it was placed: the same
//! catalogue and the same fold as for refund requests, and nothing from the future. Its label is whether a refund was
//! asked for on it in time. Nothing here is about fraud.

use crate::charts::importance_of;
use crate::commands::{Context, write_file};
use crate::failure::{At, Failure};
use crate::history;
use crate::input::{self, Read};
use crate::print;
use ringfence_domain::event::{OrderPlaced, RefundRequested};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Body, Duration, EventType, Timestamp};
use ringfence_features::fact::{Fact, SLOTS, at};
use ringfence_features::{Folder, Plan};
use ringfence_learn::baseline::Baseline;
use ringfence_learn::dataset::{Dataset, KnownVerdict, Label, RowMeta};
use ringfence_learn::evaluate::{EvaluateSettings, Evaluation, Figure, Figures, Judged, evaluate};
use ringfence_learn::metrics::CalibrationBin;
use ringfence_learn::settings::TrainSettings;
use ringfence_learn::split::{SplitSettings, matured};
use ringfence_learn::train::{Rehearsal, TrainError, train};
use ringfence_report::text;
use serde::Serialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

mod page;

/// Learns how likely each order is to come back, and reports how well that holds on later orders.
///
/// For shops without fraud labels: only orders and refund requests are needed. The last third of the orders is held out
/// by time. Writes the report as a page, and beside it as `.json`. Nothing in it is about fraud.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence returns --events events.jsonl.zst --out returns.html\n  \
    ringfence returns --events retail.jsonl.zst --leave-out guest- --within-days 60 --out returns.html --json")]
pub(crate) struct Args {
    /// Event files, in the order of their arrival.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Feature catalogue [default: the built-in one].
    #[arg(long, value_name = "FILE.toml")]
    features: Option<PathBuf>,
    /// An order came back if a refund on it was asked for within so many days.
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=400))]
    within_days: u32,
    /// Leave out orders of accounts that begin so, such as guests whose returns nobody can match.
    #[arg(long, value_name = "PREFIX")]
    leave_out: Vec<String>,
    /// Where the report goes, as HTML.
    #[arg(long, value_name = "FILE.html")]
    out: PathBuf,
}

/// Share of the orders, by time, that is held out.
const HELD_OUT: f64 = 1.0 / 3.0;
/// Share of the held-out orders that the figures "among the likeliest" are about.
const LIKELIEST: f64 = 0.1;
/// Features that the report names.
const FEATURES_TOLD: usize = 12;

/// What the report says.
#[derive(Serialize, Debug)]
struct Propensity {
    #[serde(flatten)]
    read: Read,
    /// Orders with a vector.
    orders: u64,
    /// Orders left out by `--leave-out`.
    orders_left_out: u64,
    /// Orders in a currency without a rate.
    orders_without_rate: u64,
    /// Days within which a refund counts.
    within_days: u32,
    /// The orders that taught, and those held out.
    learned_from: Span,
    held_out: Span,
    /// The model first, then what it is compared with.
    figures: Vec<Line>,
    /// Predicted and observed on held-out orders, the model's.
    calibration: Vec<CalibrationBin>,
    /// The strongest features: name, what it tells, share of the gain.
    features: Vec<(String, String, f64)>,
    /// Hash of the catalogue.
    catalogue: String,
    currency: String,
    out: PathBuf,
    #[serde(skip)]
    evaluation: Evaluation,
}

/// Orders of a time.
#[derive(Serialize, Debug)]
struct Span {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    orders: u64,
    came_back: u64,
}

/// The figures of one way to predict.
#[derive(Serialize, Debug)]
struct Line {
    name: String,
    auc: Option<Figure>,
    average_precision: Option<Figure>,
    /// Share of those that came back among the likeliest tenth.
    precision_in_likeliest_tenth: Option<Figure>,
    /// Share of all that came back found among the likeliest tenth.
    found_in_likeliest_tenth: Option<Figure>,
    ece: Option<f64>,
    brier: Option<f64>,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let plan = history::plan(args.features.as_deref())?;
    let mut orders = Orders::new(&plan, &args.leave_out);
    let read = input::fold(&args.events, context, "fold", |event| {
        orders.take(&event, context);
        Ok(())
    })?;
    let report = report(args, orders, read, context)?;
    write_file(&args.out, page::page(&report).render().as_bytes())?;
    let json = serde_json::to_vec_pretty(&report).at("the report as JSON")?;
    write_file(&args.out.with_extension("json"), &json)?;
    if context.json {
        print::json(&report)?
    } else {
        print::out(&words(&report))?
    }
    Ok(ExitCode::SUCCESS)
}

/// Orders with their vectors, and when a refund on each was first asked for.
struct Orders<'a> {
    folder: Folder,
    dataset: Dataset,
    asked: HashMap<String, Timestamp>,
    leave_out: &'a [String],
    left_out: u64,
    without_rate: u64,
    position: u64,
    last: Option<Timestamp>,
}

impl Orders<'_> {
    fn new<'a>(plan: &Arc<Plan>, leave_out: &'a [String]) -> Orders<'a> {
        Orders {
            folder: Folder::new(Arc::clone(plan)),
            dataset: Dataset::new(plan.schema.clone()),
            asked: HashMap::new(),
            leave_out,
            left_out: 0,
            without_rate: 0,
            position: 0,
            last: None,
        }
    }

    fn take(&mut self, event: &ringfence_domain::Event, context: &Context) {
        let Some(fact) = self.folder.flatten(event, self.position, &context.config.rates) else { return };
        self.position += 1;
        self.folder.fold(&fact);
        self.last = self.last.max(Some(event.time));
        match &event.body {
            Body::OrderPlaced(order) => self.order(order, event.time, &fact, context),
            Body::RefundRequested(RefundRequested { order, .. }) => {
                let first = self.asked.entry(order.as_str().to_owned()).or_insert(event.time);
                *first = (*first).min(event.time);
            }
            _ => {}
        }
    }

    fn order(&mut self, order: &OrderPlaced, time: Timestamp, fact: &Fact, context: &Context) {
        if self.leave_out.iter().any(|prefix| order.account.as_str().starts_with(prefix.as_str())) {
            self.left_out += 1;
            return;
        }
        let Some(amount_minor) = context.config.rates.convert(order.total, time) else {
            self.without_rate += 1;
            return;
        };
        // Taken after the order was folded, and never folded itself: it leaves no trace.
        let vector = self.folder.vector(&all_of_it(fact));
        let meta = RowMeta {
            refund: order.order.as_str().to_owned(),
            account: order.account.as_str().to_owned(),
            order: order.order.as_str().to_owned(),
            position: fact.position,
            requested_at: time,
            amount_minor,
            currency: context.config.rates.reporting(),
            test_purchase: false,
            verdicts: Vec::new(),
        };
        self.dataset.push(meta, vector);
    }

    /// The orders with their labels: known once a refund is asked for, or else when the time for it is over.
    fn labelled(self, within: Duration) -> Dataset {
        let Orders { dataset, asked, .. } = self;
        let mut labelled = Dataset::new(dataset.schema().clone());
        for (i, row) in dataset.rows().iter().enumerate() {
            let asked = asked.get(&row.order).filter(|at| at.since(row.requested_at).0 <= within.0);
            let known = match asked {
                // The trainer's words for what it is to find and for all else.
                Some(&at) => KnownVerdict { verdict: Verdict::Abuse, at: at.max(row.requested_at) },
                None => KnownVerdict { verdict: Verdict::Legitimate, at: row.requested_at.plus(within) },
            };
            labelled.push(RowMeta { verdicts: vec![known], ..row.clone() }, &dataset.vector(i));
        }
        labelled
    }
}

/// A request for all of an order at the moment it was placed; why and how it would be asked for stays unknown.
fn all_of_it(order: &Fact) -> Fact {
    use at::{OrderPlaced as from, RefundRequested as to};
    let mut slots = [f64::NAN; SLOTS];
    for (to, from) in [
        (to::order, from::order),
        (to::account, from::account),
        (to::amount, from::total),
        (to::device, from::device),
        (to::ip, from::ip),
        (to::line_count, from::line_count),
        (to::quantity, from::quantity),
    ] {
        slots[to] = order.slots[from];
    }
    let mut ask = Fact { event_type: EventType::RefundRequested, slots, ..order.clone() };
    ask.attributes.clear();
    ask
}

fn report(args: &Args, orders: Orders, read: Read, context: &Context) -> Result<Propensity, Failure> {
    let place = || args.events.first().map_or(String::new(), |f| f.display().to_string());
    if orders.dataset.rows().is_empty() && orders.without_rate > 0 {
        let reporting = context.config.rates.reporting();
        let what = format!("no order is in {reporting} or in a currency with a rate to it");
        return Err(Failure::new(what, place()).help(
            "set reporting_currency in ringfence.toml, or add a dated [[rate]] for the orders' currency",
        ));
    }
    let Some(last) = orders.last.filter(|_| !orders.dataset.rows().is_empty()) else {
        return Err(Failure::new("there is no order in these events", place()).help(
            "`order.placed` and `refund.requested` are needed; see what is there with `ringfence check`",
        ));
    };
    let (left_out, without_rate) = (orders.left_out, orders.without_rate);
    if without_rate > 0 {
        eprintln!("warning: {} orders without a rate were passed over", print::count(without_rate));
    }
    let within = Duration::days(i64::from(args.within_days));
    let dataset = orders.labelled(within);
    let settings = TrainSettings {
        split: SplitSettings {
            maturity_days: args.within_days,
            test_share: HELD_OUT,
            ..SplitSettings::default()
        },
        ..TrainSettings::default()
    };
    let trained = train(&dataset, last, &settings).map_err(|e| too_little(&e, args, &place()))?;
    let Some(rehearsal) = trained.rehearsal else {
        return Err(Failure::new("too few orders came back before the last third of the time", place())
            .help("give events of a longer time, or count returns for longer with --within-days"));
    };
    let evaluation = judged(&dataset, &rehearsal);
    let rows = matured(&dataset, last, &settings.split);
    let before = rows.iter().filter(|&&r| dataset.rows()[r as usize].requested_at < rehearsal.start);
    let columns = &dataset.schema().columns;
    let features = importance_of(&rehearsal.model).into_iter().take(FEATURES_TOLD).map(|(name, gain)| {
        let about = columns.iter().find(|c| c.name == name).map_or(String::new(), |c| c.about.clone());
        (name, about, gain)
    });
    Ok(Propensity {
        read,
        orders: dataset.rows().len() as u64,
        orders_left_out: left_out,
        orders_without_rate: without_rate,
        within_days: args.within_days,
        learned_from: span(&dataset, before.copied(), last),
        held_out: span(&dataset, rehearsal.rows.iter().copied(), last),
        figures: std::iter::once(&evaluation.model).chain(&evaluation.baselines).map(line).collect(),
        calibration: evaluation.model.calibration.clone(),
        features: features.collect(),
        catalogue: dataset.schema().hash.clone(),
        currency: context.config.rates.reporting().to_string(),
        out: args.out.clone(),
        evaluation,
    })
}

/// The trainer speaks of abuse; here it is about returns.
fn too_little(error: &TrainError, args: &Args, place: &str) -> Failure {
    let help = "give events of a longer time, or count returns for longer with --within-days";
    match error {
        TrainError::NothingMatured { .. } => Failure::new(
            format!("no order is {} days old: whether it comes back is not known", args.within_days),
            place,
        )
        .help("give events of a longer time, or count returns for a shorter time with --within-days"),
        TrainError::TooFewLabels { found, rows, kind: "abuse", .. } => Failure::new(
            format!("only {found} of {rows} orders came back within {} days", args.within_days),
            place,
        )
        .help(help),
        TrainError::TooFewLabels { found, rows, .. } => Failure::new(
            format!("only {found} of {rows} orders did not come back within {} days", args.within_days),
            place,
        )
        .help(help),
        TrainError::NoInputs
        | TrainError::Column { .. }
        | TrainError::Setting(..)
        | TrainError::Trainer(_) => {
            Err::<(), _>(error).at("--features").err().unwrap_or_else(|| Failure::new(error, "--features"))
        }
    }
}

fn span(dataset: &Dataset, rows: impl Iterator<Item = u32>, until: Timestamp) -> Span {
    let mut span = Span { from: None, to: None, orders: 0, came_back: 0 };
    for row in rows.map(|r| &dataset.rows()[r as usize]) {
        span.from = Some(span.from.map_or(row.requested_at, |t| t.min(row.requested_at)));
        span.to = span.to.max(Some(row.requested_at));
        span.orders += 1;
        span.came_back += u64::from(row.label(until) == Some(Label::Abuse));
    }
    span
}

fn judged(dataset: &Dataset, rehearsal: &Rehearsal) -> Evaluation {
    let judged: Vec<Judged> = rehearsal
        .rows
        .iter()
        .zip(&rehearsal.scores)
        .zip(&rehearsal.labels)
        .map(|((&row, &score), &label)| {
            let meta = &dataset.rows()[row as usize];
            Judged {
                account: meta.account.clone(),
                at: meta.requested_at,
                amount_minor: meta.amount_minor,
                score,
                decision: None,
                rules: 0,
                label,
                ring: None,
                segments: Vec::new(),
            }
        })
        .collect();
    let baselines = rehearsal.baselines.iter().map(|b| match b.name.as_str() {
        // A rate is a prediction as it stands, so its calibration means something.
        "past refund rate" => Baseline {
            scores: b.scores.iter().map(|s| s.clamp(0.0, 1.0)).collect(),
            is_probability: true,
            ..b.clone()
        },
        _ => b.clone(),
    });
    let baselines: Vec<Baseline> = baselines.collect();
    evaluate(
        &judged,
        &baselines,
        &EvaluateSettings { budget_share: LIKELIEST, ..EvaluateSettings::default() },
    )
}

fn line(f: &Figures) -> Line {
    Line {
        name: f.name.clone(),
        auc: f.auc,
        average_precision: f.average_precision,
        precision_in_likeliest_tenth: f.precision_at_budget,
        found_in_likeliest_tenth: f.recall_at_budget,
        ece: f.ece,
        brier: f.brier,
    }
}

type Show = fn(&Line) -> String;

/// The figures by name, each with how it is shown.
fn figure_rows() -> [(&'static str, Show); 6] {
    [
        ("ROC-AUC", |l| shown(l.auc, |v| text::decimal(v, 3))),
        ("average precision", |l| shown(l.average_precision, |v| text::decimal(v, 3))),
        ("came back, of the likeliest tenth", |l| shown(l.precision_in_likeliest_tenth, text::share)),
        ("of all that came back, in that tenth", |l| shown(l.found_in_likeliest_tenth, text::share)),
        ("calibration error (ECE)", |l| l.ece.map_or("–".into(), |v| text::decimal(v, 4))),
        ("Brier", |l| l.brier.map_or("–".into(), |v| text::decimal(v, 4))),
    ]
}

fn shown(figure: Option<Figure>, show: impl Fn(f64) -> String) -> String {
    match figure {
        Some(Figure { value, low: Some(low), high: Some(high) }) => {
            format!("{} ({}–{})", show(value), show(low), show(high))
        }
        Some(Figure { value, .. }) => show(value),
        None => "–".to_owned(),
    }
}

fn day(time: Option<Timestamp>) -> String {
    time.map_or("–".to_owned(), print::day)
}

fn words(p: &Propensity) -> String {
    let share = |s: &Span| text::share(s.came_back as f64 / (s.orders as f64).max(1.0));
    let mut out = format!(
        "{}\n{} orders; an order came back if a refund on it was asked for within {} days\n",
        print::headline("Will an order come back?"),
        print::count(p.orders),
        p.within_days
    );
    if p.orders_left_out > 0 {
        out.push_str(&format!("{} orders were left out by --leave-out\n", print::count(p.orders_left_out)));
    }
    for (name, s) in [("learned from", &p.learned_from), ("held out    ", &p.held_out)] {
        let (from, to) = (day(s.from), day(s.to));
        out.push_str(&format!(
            "{name}  {from} to {to}: {} orders, {} came back\n",
            print::count(s.orders),
            share(s)
        ));
    }
    out.push_str("There are no fraud labels in this: nothing here says that a return is dishonest.\n\n");
    let names: Vec<String> = p.figures.iter().map(|l| format!(">{}", l.name)).collect();
    let columns: Vec<&str> =
        std::iter::once("held-out orders").chain(names.iter().map(String::as_str)).collect();
    let rows = figure_rows()
        .into_iter()
        .map(|(name, show)| std::iter::once(name.to_owned()).chain(p.figures.iter().map(show)).collect());
    out.push_str(&print::table(&columns, rows));
    out.push_str("In brackets: 95 % of the bootstrap over days.\n\n");
    out.push_str(&format!("report  {}\nfigures {}\n", p.out.display(), json_path(&p.out).display()));
    out
}

fn json_path(out: &Path) -> PathBuf {
    out.with_extension("json")
}
