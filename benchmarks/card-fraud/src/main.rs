//! How well and how fast does Ringfence do on the published card-fraud protocol?
//!
//! `cargo run --release -p ringfence-benchmark-card-fraud [-- [--validate] [--features OWN.toml] PATH/card-fraud.csv.gz]`
//!
//! `--validate` compares features and ways to train on weeks whose labels were known before the test week began, and
//! leaves the test week alone: what it says is what the choice rests on.

mod log;
mod protocol;
mod recipe;

use log::{Packing, Truth, fold};
use protocol::{Counts, Figures, TRAIN_DAY, Table, Weeks, judge};
use recipe::{Recipe, candidates, chosen};
use ringfence_features::{Catalogue, Plan};
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

const PUBLISHED: &[(&str, &str, &str, &str)] = &[
    ("logistic regression", "0.871", "0.606", "0.291"),
    ("random forest", "0.867", "0.658", "0.287"),
    ("XGBoost", "0.862", "0.639", "0.273"),
    ("random forest, tuned", "0.875", "0.678", "0.303"),
    ("XGBoost, tuned", "0.872", "0.694", "0.304"),
];

/// Rows and frauds of the published weeks.
const COUNTS: Counts = [67_240, 598, 58_264, 385];

/// Weeks that validation judges: the last is that of the training week, whose labels are known when the test week begins.
const VALIDATION_WEEKS: i64 = 5;

type Plans = [(&'static str, Arc<Plan>); 2];

fn main() -> Result<(), Box<dyn Error>> {
    let asked = Asked::read(std::env::args().skip(1))?;
    let path = asked.path.as_str();
    let file = std::fs::File::open(path).map_err(|e| {
        format!("could not open {path}: {e}; give the path of card-fraud.csv.gz (see benchmarks/card-fraud/README.md)")
    })?;
    let compile = |text: &str| -> Result<Arc<Plan>, Box<dyn Error>> {
        Ok(Arc::new(Plan::compile(&Catalogue::parse(text)?)?))
    };
    let own = match &asked.features {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|e| format!("could not read {path}: {e}; give a feature catalogue"))?,
        None => include_str!("../ours.toml").to_owned(),
    };
    let plans: Plans = [
        ("published features", compile(include_str!("../published.toml"))?),
        ("own features", compile(&own)?),
    ];
    let mut sink = Packing::new(plans[0].1.clone());
    ringfence_imports::card_fraud(flate2::read::GzDecoder::new(file), &mut sink)?;
    let (packed, truth) = sink.finish();
    println!("{} events in the packed log, {:.0} MB\n", truth.events, packed.len() as f64 / 1e6);
    if asked.validate {
        return validate(&plans, &packed, &truth);
    }
    speed(&plans[0].1, &packed)?;
    published(&plans, &packed, &truth)
}

/// What the command line asks for.
struct Asked {
    path: String,
    validate: bool,
    features: Option<String>,
}

impl Asked {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
        let path = "../shared/data/card-fraud.csv.gz".to_owned();
        let mut asked = Asked { path, validate: false, features: None };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--validate" => asked.validate = true,
                "--features" => asked.features = Some(words.next().ok_or("--features needs a file")?),
                option if option.starts_with("--") => {
                    return Err(format!("`{option}` is no option; give `--validate` or `--features FILE`"));
                }
                _ => asked.path = word,
            }
        }
        Ok(asked)
    }
}

fn speed(plan: &Arc<Plan>, packed: &[u8]) -> Result<(), Box<dyn Error>> {
    println!("Speed: the 15 published features of every row, from the packed log, one core");
    for _ in 0..3 {
        let start = Instant::now();
        let vectors = fold(plan, packed, &(0..0), |_, _| ())?;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "  {vectors} vectors in {seconds:.2} s (goal 1.0 s; 4.9 s in vectorised NumPy on such a core, features only)"
        );
    }
    Ok(())
}

fn published(plans: &Plans, packed: &[u8], truth: &Truth) -> Result<(), Box<dyn Error>> {
    println!(
        "\nProtocol: train 2018-07-25…31, a week of delay, test 2018-08-08…14, known customers left out"
    );
    println!("{:<34} {:>6} {:>18} {:>20}", "", "AUC", "average precision", "card precision@100");
    for (name, auc, ap, cp) in PUBLISHED {
        println!("{name:<34} {auc:>6} {ap:>18} {cp:>20}");
    }
    for (name, plan) in plans {
        let days = Weeks::PUBLISHED.train..Weeks::PUBLISHED.test().end;
        let table = Table::read(plan, packed, &days)?;
        let (counts, figures) = judge(&table, truth, Weeks::PUBLISHED, &chosen())?;
        if counts != COUNTS {
            return Err(format!("the protocol's counts are {COUNTS:?}; these are {counts:?}").into());
        }
        print_figures(&format!("Ringfence, {name}"), figures);
    }
    println!("goal {:>36} {:>18} {:>20}", "0.890", "0.700", "0.305");
    Ok(())
}

fn print_figures(name: &str, f: Figures) {
    println!("{name:<34} {:>6.3} {:>18.3} {:>20.3}", f.auc, f.average_precision, f.card_precision);
}

/// The protocol on earlier weeks. The last row that is looked at has a label a day before the test week.
fn validate(plans: &Plans, packed: &[u8], truth: &Truth) -> Result<(), Box<dyn Error>> {
    let weeks: Vec<Weeks> = (0..VALIDATION_WEEKS)
        .map(|back| Weeks { train: TRAIN_DAY - 14 - 7 * (VALIDATION_WEEKS - 1 - back) })
        .collect();
    let days = weeks[0].train..TRAIN_DAY + 7;
    println!(
        "Validation: the protocol on {VALIDATION_WEEKS} earlier weeks, the last of them 2018-07-25…31; means, and AUC of each week"
    );
    println!("| features | trained by | AUC | average precision | card precision@100 | AUC by week |");
    println!("|---|---|---|---|---|---|");
    for (features, plan) in plans.iter().rev() {
        let table = Table::read(plan, packed, &days)?;
        for recipe in candidates() {
            let (mut sum, mut each) = (Figures::default(), Vec::new());
            for &week in &weeks {
                let (_, figures) = judge(&table, truth, week, &recipe)?;
                sum.auc += figures.auc / weeks.len() as f64;
                sum.average_precision += figures.average_precision / weeks.len() as f64;
                sum.card_precision += figures.card_precision / weeks.len() as f64;
                each.push(format!("{:.3}", figures.auc));
            }
            let Recipe { name, .. } = recipe;
            println!(
                "| {features} | {name} | {:.4} | {:.4} | {:.4} | {} |",
                sum.auc,
                sum.average_precision,
                sum.card_precision,
                each.join(" ")
            );
        }
    }
    Ok(())
}
