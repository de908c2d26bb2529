//! What is the main job, end to end? A simulated marketplace in a fresh folder, from events to a report.

use crate::commands::backtest::{self, Answer};
use crate::commands::replay::peak_memory;
use crate::commands::{Context, check, replay, simulate, train, write_file};
use crate::failure::Failure;
use crate::history::{self, Source};
use crate::labels::{self, JudgeOptions, Judgement, Labels};
use crate::print;
use cases::Case;
use leads::Leads;
use ringfence_decide::Policy;
use ringfence_decide::backtest::Comparison;
use ringfence_domain::{Decision, Duration, Timestamp};
use ringfence_learn::baseline::Baseline;
use ringfence_learn::dataset::Dataset;
use ringfence_learn::evaluate::{EvaluateSettings, Evaluation, evaluate};
use ringfence_store::EventWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

mod cases;
mod leads;
mod moments;
mod money;
mod page;
mod seeds;
mod story;

/// Runs the whole main job in a fresh folder: simulates a marketplace with rings, checks and replays its events, trains
/// on the first two thirds of the time, decides and evaluates on the last third, compares policies, writes a report.
///
/// The truth of the simulation is used to judge only.
#[derive(clap::Args, Debug, Clone)]
#[command(
    after_help = "Example:\n  ringfence demo\n  ringfence demo --seed 11 --scenario harder --out harder\n  \
    ringfence demo --seeds 7,8,9"
)]
pub(crate) struct Args {
    /// Folder for everything that is written.
    #[arg(long, default_value = "ringfence-demo", value_name = "DIR")]
    out: PathBuf,
    /// Where chance begins.
    #[arg(long, default_value_t = 7, value_name = "N")]
    seed: u64,
    /// Several seeds, each in a folder of its own; prints their figures beside baselines and goals.
    #[arg(long, value_delimiter = ',', conflicts_with = "seed", value_name = "N,N,…")]
    seeds: Option<Vec<u64>>,
    /// `default`, `harder`, `small`, or a scenario file.
    #[arg(long, default_value = "default", value_name = "FILE")]
    scenario: String,
    /// Customers.
    #[arg(long, default_value_t = ACCOUNTS, value_name = "N")]
    accounts: u32,
    /// Days.
    #[arg(long, default_value_t = DAYS, value_name = "N")]
    days: u32,
}

/// Customers of the demo: enough requests for a model to learn from, few enough for a minute on two cores.
const ACCOUNTS: u32 = 30_000;
/// Days of the demo: a year, so that the held-out third has the season's peak in it.
const DAYS: u32 = 365;
/// The file that marks a folder as a demo's own, which a later demo may write over.
const MARK: &str = ".ringfence-demo";

/// Everything that the demo found out.
pub(crate) struct Demo {
    /// The scenario's name or file.
    pub(crate) scenario: String,
    /// What was simulated.
    pub(crate) simulated: simulate::Simulated,
    /// Faults and counts of the events.
    pub(crate) checked: check::Checked,
    /// What the fold reported.
    pub(crate) replayed: replay::Replayed,
    /// The vectors with what was known.
    pub(crate) dataset: Dataset,
    /// The model.
    pub(crate) learned: train::Learned,
    /// Where training ended and the held-out time begins.
    pub(crate) cut: Timestamp,
    /// Both policies' decisions on the held-out requests.
    pub(crate) answers: Vec<Answer>,
    /// The policies: the default one and rules only.
    pub(crate) policies: [(Policy, &'static str); 2],
    /// The truth, for judging.
    pub(crate) labels: Labels,
    /// The held-out requests judged by the truth.
    pub(crate) evaluation: Evaluation,
    /// The default policy against rules only.
    pub(crate) comparison: Comparison,
    /// Three decisions, explained.
    pub(crate) cases: Vec<Case>,
    /// Leads at the end of the time.
    pub(crate) leads: Leads,
    /// Seconds of each step.
    pub(crate) steps: Vec<(&'static str, f64)>,
    /// The files that were written.
    pub(crate) files: Files,
    /// Largest memory that the process has held.
    pub(crate) peak_memory: Option<u64>,
}

/// The files of a demo.
pub(crate) struct Files {
    /// One row a request.
    pub(crate) vectors: PathBuf,
    /// The model.
    pub(crate) model: PathBuf,
    /// One decision a line.
    pub(crate) decisions: PathBuf,
    /// The page of the rings.
    pub(crate) rings: PathBuf,
    /// The report.
    pub(crate) report: PathBuf,
    /// Figures of the evaluation and the comparison.
    pub(crate) figures: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(seeds) = &args.seeds {
        return seeds::run(args, seeds, context);
    }
    prepare(&args.out)?;
    let demo = run_one(args, context)?;
    if context.json {
        print::json(&story::figures(&demo))?;
    } else {
        print::out(&story::story(&demo))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One seed's demo, with its report and figures written.
fn run_one(args: &Args, context: &Context) -> Result<Demo, Failure> {
    let demo = Run::new(context).demo(args)?;
    write_file(&demo.files.report, page::page(&demo).render().as_bytes())?;
    let figures = story::figures(&demo);
    let json = serde_json::to_vec_pretty(&figures).expect("figures are numbers and texts with text keys");
    write_file(&demo.files.figures, &json)?;
    Ok(demo)
}

fn prepare(out: &Path) -> Result<(), Failure> {
    let occupied = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if occupied && !out.join(MARK).exists() {
        return Err(Failure::new("the folder is not empty, and not of an earlier demo", out.display())
            .help("name another one with --out"));
    }
    write_file(&out.join(MARK), b"written by `ringfence demo`, which may write over this folder\n")
}

/// A demo at work.
struct Run<'a> {
    context: &'a Context,
    steps: Vec<(&'static str, f64)>,
}

impl<'a> Run<'a> {
    fn new(context: &'a Context) -> Run<'a> {
        Run { context, steps: Vec::new() }
    }

    /// Does a step, tells it on standard error, and notes how long it took.
    fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let started = Instant::now();
        let done = work()?;
        let seconds = started.elapsed().as_secs_f64();
        eprintln!("{name:<28}{seconds:>6.1} s");
        self.steps.push((name, seconds));
        Ok(done)
    }

    fn demo(mut self, args: &Args) -> Result<Demo, Failure> {
        let context = self.context;
        let out = &args.out;
        let files = Files {
            vectors: out.join("vectors.parquet"),
            model: out.join("model.json"),
            decisions: out.join("decisions.jsonl"),
            rings: out.join("rings.html"),
            report: out.join("report.html"),
            figures: out.join("figures.json"),
        };
        let scenario = simulate::scenario(&args.scenario)?;
        let simulated = self.step("simulate a marketplace", || {
            simulate::write(&scenario, args.seed, args.accounts, args.days, out)
        })?;
        let events = vec![simulated.events.clone()];
        let checked = self.step("check its events", || check::check(&events, 3, context))?;
        let plan = history::plan(None)?;
        let (replayed, vectors, _) = self.step("replay them into features", || {
            replay::replay(Source::Files(&events), &plan, Some(&files.vectors), context)
        })?;
        let dataset = vectors.into_dataset(&plan);
        let cut = two_thirds(&dataset);
        let learned = self.step("train on two thirds", || {
            train::learn(&dataset, cut, &train::defaults(&dataset), &files.model)
        })?;
        let policies =
            [(history::policy("default")?, "default"), (history::policy("rules-only")?, "rules-only")];
        let answers = self.step("decide the last third", || {
            let model = Some((&learned.trained.model, files.model.as_path()));
            let answers = backtest::answer(&events, &plan, model, &policies, Some(cut), context)?;
            write_decisions(&answers, &files.decisions)?;
            Ok(answers)
        })?;
        let labels = labels::read(&simulated.truth)?;
        let (evaluation, comparison) = self.step("evaluate and back-test", || {
            let judgement = judge(&answers, &policies[1].0, &labels, &dataset);
            let evaluation = evaluate(&judgement.rows, &judgement.baselines, &EvaluateSettings::default());
            Ok((evaluation, backtest::compare(&answers, &policies, Some(&labels))?))
        })?;
        let cases =
            self.step("gather three cases", || cases::cases(&answers, &labels, &dataset, &events, context))?;
        let leads = self.step("find rings and insiders", || {
            let leads = leads::leads(&events, &labels, context)?;
            write_file(&files.rings, leads.page().as_bytes())?;
            Ok(leads)
        })?;
        Ok(Demo {
            scenario: args.scenario.clone(),
            simulated,
            checked,
            replayed,
            dataset,
            learned,
            cut,
            answers,
            policies,
            labels,
            evaluation,
            comparison,
            cases,
            leads,
            steps: self.steps,
            files,
            peak_memory: peak_memory(),
        })
    }
}

/// Midnight after two thirds of the time from the first request to the last.
fn two_thirds(dataset: &Dataset) -> Timestamp {
    let times = || dataset.rows().iter().map(|row| row.requested_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Timestamp::MIN;
    };
    let cut = first.plus(Duration(last.since(first).0 / 3 * 2));
    cut.plus(Duration(-cut.millis_of_day()))
}

fn write_decisions(answers: &[Answer], path: &Path) -> Result<(), Failure> {
    let io = |e: ringfence_store::FileError| Failure::io(e.doing, &e.path, &e.source);
    let mut out = EventWriter::create(path).map_err(io)?;
    for answer in answers {
        out.write_with(|line| {
            serde_json::to_writer(line, &answer.a).expect("a decision serialises, and a Vec takes all bytes");
        })
        .map_err(io)?;
    }
    out.finish().map(|_| ()).map_err(io)
}

/// Joins the decisions with the truth; rules alone rank by the points of the rules that matched.
fn judge(answers: &[Answer], rules: &Policy, labels: &Labels, dataset: &Dataset) -> Judgement {
    let decisions: Vec<Decision> = answers.iter().map(|a| a.a.clone()).collect();
    let mut judgement = labels::judge(&decisions, labels, Some(dataset), JudgeOptions::default());
    let points = |decision: &Decision| -> f64 {
        decision
            .rules
            .iter()
            .filter_map(|hit| rules.rules.iter().find(|r| r.name == *hit))
            .map(|r| r.points)
            .sum()
    };
    let scores = judgement.decision_of.iter().map(|at| points(&answers[*at].b)).collect();
    judgement.baselines.retain(|b| b.name != "rules only");
    judgement.baselines.insert(0, Baseline { name: "rules only".to_owned(), scores, is_probability: false });
    judgement
}
