//! How well and how fast does Ringfence do on the published card-fraud protocol?
//!
//! `cargo run --release -p ringfence-benchmark-card-fraud [-- PATH/card-fraud.csv.gz]`

use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Duration, Event, EventType, Money, Refusal, Timestamp};
use ringfence_features::fact::at;
use ringfence_features::kind::Kind;
use ringfence_features::packed::{PackReader, PackWriter, empty_fact};
use ringfence_features::{Catalogue, Folder, Plan};
use ringfence_imports::{Sink, SinkError};
use ringfence_learn::dataset::{Dataset, KnownVerdict, RowMeta};
use ringfence_learn::metrics::{DayRow, Ranking, precision_per_day};
use ringfence_learn::score::{Scorer, Scratch};
use ringfence_learn::settings::TrainSettings;
use ringfence_learn::train::train;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

/// First days of the training week and of the test week, days since 1970 (2018-07-25 and 2018-08-08).
const TRAIN_DAY: i64 = 17_737;
const TEST_DAY: i64 = TRAIN_DAY + 14;

const PUBLISHED: &[(&str, &str, &str, &str)] = &[
    ("logistic regression", "0.871", "0.606", "0.291"),
    ("random forest", "0.867", "0.658", "0.287"),
    ("XGBoost", "0.862", "0.639", "0.273"),
    ("random forest, tuned", "0.875", "0.678", "0.303"),
    ("XGBoost, tuned", "0.872", "0.694", "0.304"),
];

fn convert(money: Money, _: Timestamp) -> Option<i64> {
    Some(money.amount)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "../shared/data/card-fraud.csv.gz".into());
    let file = std::fs::File::open(&path).map_err(|e| {
        format!("could not open {path}: {e}; give the path of card-fraud.csv.gz (see benchmarks/card-fraud/README.md)")
    })?;
    let published = Arc::new(Plan::compile(&Catalogue::parse(include_str!("../published.toml"))?)?);
    let ours = Arc::new(Plan::compile(&Catalogue::parse(include_str!("../ours.toml"))?)?);
    let mut sink = Packing::new(published.clone());
    ringfence_imports::card_fraud(flate2::read::GzDecoder::new(file), &mut sink)?;
    let (packed, truth) = sink.finish();
    println!("{} events in the packed log, {:.0} MB\n", truth.events, packed.len() as f64 / 1e6);

    println!("Speed: the 15 published features of every row, from the packed log, one core");
    for _ in 0..3 {
        let start = Instant::now();
        let vectors = fold(&published, &packed, |_, _| ())?;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "  {vectors} vectors in {seconds:.2} s (goal 1.0 s; 4.9 s in vectorised NumPy on such a core, features only)"
        );
    }

    println!(
        "\nProtocol: train 2018-07-25…31, a week of delay, test 2018-08-08…14, known customers left out"
    );
    println!("{:<34} {:>6} {:>18} {:>20}", "", "AUC", "average precision", "card precision@100");
    for (name, auc, ap, cp) in PUBLISHED {
        println!("{name:<34} {auc:>6} {ap:>18} {cp:>20}");
    }
    for (name, plan) in
        [("Ringfence, published features", &published), ("Ringfence, its own features", &ours)]
    {
        let figures = protocol(plan, &packed, &truth)?;
        println!(
            "{name:<34} {:>6.3} {:>18.3} {:>20.3}",
            figures.auc, figures.average_precision, figures.card_precision
        );
    }
    println!("goal {:>36} {:>18} {:>20}", "0.890", "0.700", "0.305");
    Ok(())
}

struct Figures {
    auc: f64,
    average_precision: f64,
    card_precision: f64,
}

/// Days of a customer's frauds.
type FraudDays = BTreeMap<String, Vec<i64>>;

struct Truth {
    events: u64,
    frauds: BTreeMap<String, bool>,
    fraud_days: FraudDays,
}

fn protocol(plan: &Arc<Plan>, packed: &[u8], truth: &Truth) -> Result<Figures, Box<dyn Error>> {
    let mut training = Dataset::new(plan.schema.clone());
    let mut test: Vec<(RowMeta, Vec<f64>, bool)> = Vec::new();
    fold(plan, packed, |meta, vector| {
        let day = meta.requested_at.day();
        let fraud = truth.frauds[&meta.refund];
        if (TRAIN_DAY..TRAIN_DAY + 7).contains(&day) {
            let at = meta.requested_at.plus(Duration::days(7));
            let verdict = if fraud { Verdict::Abuse } else { Verdict::Legitimate };
            training.push(RowMeta { verdicts: vec![KnownVerdict { verdict, at }], ..meta }, vector);
        } else if (TEST_DAY..TEST_DAY + 7).contains(&day) {
            let known = |d: &i64| (TRAIN_DAY..=day - 8).contains(d);
            if !truth.fraud_days.get(&meta.account).is_some_and(|days| days.iter().any(known)) {
                test.push((meta, vector.to_vec(), fraud));
            }
        }
    })?;
    let training_frauds = training.rows().iter().filter(|r| truth.frauds[&r.refund]).count();
    let test_frauds = test.iter().filter(|t| t.2).count();
    let counts = (training.rows().len(), training_frauds, test.len(), test_frauds);
    if counts != (67_240, 598, 58_264, 385) {
        return Err(format!("the protocol's counts are 67240, 598, 58264, 385; these are {counts:?}").into());
    }
    let until = Timestamp::from_millis(TEST_DAY * Duration::DAY.0).expect("a day of 2018");
    let mut settings = TrainSettings::default();
    settings.split.maturity_days = 7;
    let model = train(&training, until, &settings)?.model;
    let scorer = Scorer::compile(&model, &plan.schema)?;
    let mut scratch = Scratch::default();
    let scores: Vec<f64> = test.iter().map(|t| scorer.raw(&t.1, &mut scratch)).collect();
    let target: Vec<bool> = test.iter().map(|t| t.2).collect();
    let weight = vec![1.0; scores.len()];
    let ranking = Ranking::new(&scores, &target);
    let mut accounts = BTreeMap::new();
    let rows: Vec<DayRow> = test
        .iter()
        .zip(&scores)
        .map(|((meta, _, fraud), &score)| {
            let next = accounts.len() as u32;
            let account = *accounts.entry(meta.account.clone()).or_insert(next);
            DayRow { day: meta.requested_at.day(), account, score, target: *fraud }
        })
        .collect();
    Ok(Figures {
        auc: ranking.auc(&weight).ok_or("no frauds in the test week")?,
        average_precision: ranking.average_precision(&weight).ok_or("no frauds in the test week")?,
        card_precision: precision_per_day(&rows, 100).ok_or("no rows in the test week")?,
    })
}

/// Folds the whole log; hands over the rows of the protocol's weeks; returns how many vectors were taken.
fn fold(
    plan: &Arc<Plan>,
    packed: &[u8],
    mut row: impl FnMut(RowMeta, &[f64]),
) -> Result<u64, Box<dyn Error>> {
    let mut folder = Folder::new(plan.clone());
    let mut reader = PackReader::new(packed)?;
    let mut fact = empty_fact();
    let mut vectors = 0;
    while let Some(mut block) = reader.next_block(folder.names_mut())? {
        while reader.read(&mut block, &mut fact)? {
            if fact.event_type != EventType::RefundRequested {
                folder.fold(&fact);
                continue;
            }
            folder.vector(&fact);
            vectors += 1;
            let day = fact.time.div_euclid(Duration::DAY.0);
            // Rows outside the two weeks only cost their vector.
            if (TRAIN_DAY..TEST_DAY + 7).contains(&day) {
                let text = |kind, slot| folder.state().names.of(kind).text(fact.id(slot)).to_owned();
                let meta = RowMeta {
                    refund: text(Kind::Refund, at::RefundRequested::refund),
                    account: text(Kind::Account, at::RefundRequested::account),
                    order: text(Kind::Order, at::RefundRequested::order),
                    position: fact.position,
                    requested_at: Timestamp::from_millis(fact.time).ok_or("a time out of range")?,
                    amount_minor: fact.slots[at::RefundRequested::amount] as i64,
                    currency: Currency::EUR,
                    test_purchase: false,
                    verdicts: Vec::new(),
                };
                row(meta, folder.last_vector());
            }
            folder.complete(&fact);
        }
    }
    Ok(vectors)
}

/// Packs the imported events, and keeps the labels apart.
struct Packing {
    folder: Folder,
    writer: PackWriter,
    out: Vec<u8>,
    position: u64,
    requests: BTreeMap<String, (String, i64)>,
    frauds: BTreeMap<String, bool>,
    fraud_days: FraudDays,
}

impl Packing {
    fn new(plan: Arc<Plan>) -> Packing {
        let mut out = Vec::new();
        let writer = PackWriter::new(Currency::EUR, &mut out);
        let (requests, frauds, fraud_days) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Packing { folder: Folder::new(plan), writer, out, position: 0, requests, frauds, fraud_days }
    }
    fn finish(mut self) -> (Vec<u8>, Truth) {
        self.writer.flush(&mut self.out);
        (self.out, Truth { events: self.position, frauds: self.frauds, fraud_days: self.fraud_days })
    }
}

impl Sink for Packing {
    fn event(&mut self, event: &Event) -> Result<(), SinkError> {
        use ringfence_domain::Body;
        match &event.body {
            Body::RefundRequested(r) => {
                self.requests.insert(r.refund.to_string(), (r.account.to_string(), event.time.day()));
            }
            Body::VerdictRecorded(v) => {
                let fraud = v.verdict == Verdict::Abuse;
                if let Some((account, day)) = self.requests.remove(v.subject.id.as_str()) {
                    if fraud {
                        self.fraud_days.entry(account).or_default().push(day);
                    }
                    self.frauds.insert(v.subject.id.to_string(), fraud);
                }
            }
            _ => {}
        }
        if let Some(fact) = self.folder.flatten(event, self.position, &convert) {
            self.writer.push(&fact, event.id.as_str(), &self.folder.state().names, &mut self.out);
            self.folder.fold_clock(&fact);
        }
        self.position += 1;
        Ok(())
    }
    fn reject(&mut self, refusal: &Refusal, _: &[u8]) -> Result<(), SinkError> {
        Err(refusal.to_string().into())
    }
}
