//! Does the whole way work? A training set with late, scarce and biased labels becomes a model, a card and a file.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use ringfence_domain::vector::{Column, ColumnKind, Schema, category_code};
use ringfence_domain::words::Verdict;
use ringfence_domain::{Currency, Timestamp};
use ringfence_learn::bins::Matrix;
use ringfence_learn::boost::{BoostSettings, Rows, boost, sigmoid};
use ringfence_learn::card::card;
use ringfence_learn::card_page::card_page;
use ringfence_learn::chance::Chance;
use ringfence_learn::dataset::{Dataset, KnownVerdict, RowMeta};
use ringfence_learn::evaluate::EvaluateSettings;
use ringfence_learn::metrics::Ranking;
use ringfence_learn::model::Model;
use ringfence_learn::score::{Scorer, Scratch};
use ringfence_learn::settings::TrainSettings;
use ringfence_learn::train::{Trained, train};
use ringfence_learn::weights::Unlabelled;

const DAY: i64 = 86_400_000;

fn day(day: i64) -> Timestamp {
    Timestamp::from_millis((19_000 + day) * DAY).unwrap()
}

fn schema() -> Schema {
    let columns = [
        ("account_refund_rate", ColumnKind::Number, true),
        ("days_to_claim", ColumnKind::Number, true),
        ("category", ColumnKind::Category, true),
        ("photo_proof", ColumnKind::Flag, true),
        ("noise", ColumnKind::Number, true),
        ("note", ColumnKind::Number, false),
    ];
    let column = |&(name, kind, model): &(&str, ColumnKind, bool)| Column {
        name: name.to_owned(),
        kind,
        about: format!("what {name} tells"),
        reason: "other".to_owned(),
        model,
    };
    Schema { columns: columns.iter().map(column).collect(), hash: "cafe".to_owned() }
}

/// Requests over 300 days with the truth apart. One in eight suspicious-looking requests is looked into, and one in
/// forty others; the verdict comes 5 to 25 days later.
fn data(rows: usize) -> (Dataset, Vec<bool>) {
    let mut chance = Chance::new(11, 11);
    let (mut dataset, mut truth) = (Dataset::new(schema()), Vec::new());
    let words = ["coins", "tyres", "phones", "books"];
    for word in words {
        dataset.learn_word(word);
    }
    for i in 0..rows {
        let rate = chance.unit();
        let days = if chance.unit() < 0.2 { f64::NAN } else { (chance.unit() * 30.0).floor() };
        let word = chance.below(4);
        let photo = chance.unit() < 0.3;
        let log_odds = -4.5 + 2.5 * rate + [1.8, 0.3, 1.0, -0.6][word] + if photo { 1.5 } else { 0.0 }
            - if days > 7.0 { 0.8 } else { 0.0 };
        let abuse = chance.unit() < sigmoid(log_odds);
        let suspicion = if rate > 0.7 { 0.5 } else { 0.08 };
        let at = (i as i64) * 300 / rows as i64;
        let mut verdicts = Vec::new();
        if chance.unit() < suspicion {
            let verdict = if abuse { Verdict::Abuse } else { Verdict::Legitimate };
            verdicts.push(KnownVerdict { verdict, at: day(at + 5 + chance.below(20) as i64) });
        }
        let meta = RowMeta {
            refund: format!("R{i}"),
            account: format!("A{}", chance.below(2_000)),
            order: format!("O{i}"),
            position: i as u64,
            requested_at: day(at),
            amount_minor: 500 + chance.below(100_000) as i64,
            currency: Currency::USD,
            test_purchase: i % 500 == 0,
            verdicts,
        };
        let vector = [
            f64::from(rate as f32),
            days,
            category_code(words[word]),
            f64::from(u8::from(photo)),
            f64::from(chance.unit() as f32),
            f64::from(u8::from(abuse)), // not for models: would give everything away
        ];
        dataset.push(meta, &vector);
        truth.push(abuse);
    }
    (dataset, truth)
}

fn quick() -> TrainSettings {
    TrainSettings {
        boost: BoostSettings {
            trees_max: 120,
            learning_rate: 0.1,
            leaves_max: 8,
            ..BoostSettings::default()
        },
        search: false,
        segments: vec!["category".to_owned()],
        ..TrainSettings::default()
    }
}

fn trained() -> (Dataset, Vec<bool>, Trained) {
    let (dataset, truth) = data(20_000);
    let trained = train(&dataset, day(230), &quick()).unwrap();
    (dataset, truth, trained)
}

/// AUC and ECE (in six bins: chance alone makes it about 0.01 here) of requests from `until` on, against the truth, which
/// training never saw.
fn met_later(dataset: &Dataset, truth: &[bool], model: &Model) -> (f64, f64) {
    let scorer = Scorer::compile(model, dataset.schema()).unwrap();
    let later: Vec<usize> =
        (0..dataset.rows().len()).filter(|&r| dataset.rows()[r].requested_at >= day(230)).collect();
    let mut scratch = Scratch::default();
    let scores: Vec<f64> = later.iter().map(|&r| scorer.score(&dataset.vector(r), &mut scratch)).collect();
    let target: Vec<bool> = later.iter().map(|&r| truth[r]).collect();
    let auc = Ranking::new(&scores, &target).auc(&vec![1.0; later.len()]).unwrap();
    (auc, ringfence_learn::metrics::ece(&ringfence_learn::metrics::calibration_bins(&scores, &target, 6)))
}

#[test]
fn a_model_from_biased_labels_ranks_later_requests() {
    let (dataset, truth, trained) = trained();
    let (auc, ece) = met_later(&dataset, &truth, &trained.model);
    assert!(auc > 0.76, "AUC {auc}"); // the true probabilities reach 0.80
    assert!(ece < 0.05, "ECE {ece}");
}

#[test]
fn probabilities_hold_where_all_is_looked_into_and_where_the_choice_rests_on_the_features() {
    // Here suspicion rests on the refund rate alone, which is a feature: labelled rows then teach the truth.
    let (dataset, truth) = data(20_000);
    let mut settings = quick();
    settings.weights.unlabelled = Unlabelled::Ignored;
    settings.weights.unlabelled_calibration = Unlabelled::Ignored;
    let (_, ece) = met_later(&dataset, &truth, &train(&dataset, day(230), &settings).unwrap().model);
    assert!(ece <= 0.025, "ECE {ece} from one request in five");

    let mut all = Dataset::new(schema());
    for (i, row) in dataset.rows().iter().enumerate() {
        let mut row = row.clone();
        let verdict = if truth[i] { Verdict::Abuse } else { Verdict::Legitimate };
        let at = Timestamp::from_millis(row.requested_at.millis() + 9 * DAY).unwrap();
        row.verdicts = vec![KnownVerdict { verdict, at }];
        all.push(row, &dataset.vector(i));
    }
    let (auc, ece) = met_later(&all, &truth, &train(&all, day(230), &quick()).unwrap().model);
    assert!(ece <= 0.02 && auc > 0.78, "ECE {ece}, AUC {auc} from all requests");
}

#[test]
fn nothing_from_after_until_is_learned() {
    let (dataset, _) = data(6_000);
    let model = train(&dataset, day(230), &quick()).unwrap().model;
    let mut cut = Dataset::new(schema());
    for (i, row) in dataset.rows().iter().enumerate() {
        let mut row = row.clone();
        row.verdicts.retain(|v| v.at <= day(230));
        if row.requested_at < day(230) {
            cut.push(row, &dataset.vector(i));
        }
    }
    let again = train(&cut, day(230), &quick()).unwrap().model;
    assert_eq!(model.trees, again.trees);
    assert_eq!(model.calibration, again.calibration);
}

#[test]
fn columns_that_are_not_for_models_are_no_input() {
    let (_, _, trained) = trained();
    assert!(trained.model.inputs.iter().all(|i| i.column != "note"));
}

#[test]
fn the_same_data_gives_the_same_bytes_with_any_number_of_threads() {
    let (dataset, _) = data(6_000);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| train(&dataset, day(250), &quick()).unwrap().model.to_json())
    };
    let one = with(1);
    assert_eq!(one, with(4));
    assert_eq!(one, with(1));
}

#[test]
fn a_card_is_one_file_with_figures_and_baselines() {
    let (dataset, _, trained) = trained();
    let card = card(&dataset, &trained, &[], &EvaluateSettings { draws: 20, ..EvaluateSettings::default() })
        .unwrap();
    let evaluation = &card.rehearsal.as_ref().unwrap().evaluation;
    let names: Vec<&str> = evaluation.baselines.iter().map(|b| b.name.as_str()).collect();
    assert_eq!(names, ["past refund rate", "logistic regression"]);
    let precision = |f: &ringfence_learn::evaluate::Figures| f.average_precision.unwrap().value;
    assert!(precision(&evaluation.model) > precision(&evaluation.baselines[0]));
    assert!(evaluation.segments.iter().any(|s| s.value == "coins"), "{:?}", evaluation.segments);
    assert_eq!(card.importance.len(), 5.min(card.importance.len()));
    let html = card_page(&card);
    assert!(html.starts_with("<!DOCTYPE html>") && !html.contains("<script"));
    assert!(!html.contains(" src=") && !html.contains("href=\"http"), "the card loads something");
    for part in ["Precision by recall", "Predicted and observed", "Money found", "Drift", "past refund rate"]
    {
        assert!(html.contains(part), "the card lacks {part}");
    }
    let text = card.to_json();
    assert_eq!(serde_json::from_str::<ringfence_learn::card::Card>(&text).unwrap(), card);
}

#[test]
fn a_model_file_is_read_back_to_the_same_scores() {
    let (dataset, _, trained) = trained();
    let read = Model::from_json(&trained.model.to_json()).unwrap();
    assert_eq!(read, trained.model);
    assert_eq!(read.hash(), trained.model.hash());
    let (a, b) = (
        Scorer::compile(&trained.model, dataset.schema()).unwrap(),
        Scorer::compile(&read, dataset.schema()).unwrap(),
    );
    let mut scratch = Scratch::default();
    for row in 0..100 {
        let vector = dataset.vector(row);
        assert_eq!(a.score(&vector, &mut scratch).to_bits(), b.score(&vector, &mut scratch).to_bits());
    }
}

#[test]
fn a_model_file_that_is_not_right_says_what_where_and_how_to_mend() {
    let (dataset, _) = data(6_000);
    let model = train(&dataset, day(230), &quick()).unwrap().model;
    let json = String::from_utf8(model.to_json()).unwrap();
    let check = |text: &str, expect: &str| {
        let error = Model::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(&json[..json.len() / 2], "malformed at");
    check("not json", "malformed at");
    check("{}", "its `format` is `missing`, expected `ringfence-model`");
    check(&json.replace("ringfence-model", "other"), "its `format` is `other`");
    check(
        &json.replace("\"version\":1", "\"version\":2"),
        "has version 2, this build reads version 1; train it again",
    );
    check(&json.replace("\"base\":", "\"basis\":"), "malformed at `basis`");
    check(&json.replacen("\"input\":[", "\"input\":[99,", 1), "malformed at `trees[0]`");
    let table = json.find("\"codes\":[").unwrap();
    check(
        &(json[..table].to_owned() + &json[table..].replacen("\"codes\":[", "\"codes\":[1,", 1)),
        "something impossible: the encoding of `category`",
    );

    let fits = |change: &dyn Fn(&mut Schema), expect: &str| {
        let mut schema = dataset.schema().clone();
        change(&mut schema);
        let error = Scorer::compile(&model, &schema).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    fits(
        &|s| s.hash = "beef".to_owned(),
        "trained with the feature catalogue cafe, this one is beef; train again",
    );
    fits(
        &|s| s.columns[1].name = "days".to_owned(),
        "needs the feature `days_to_claim` as a number or flag, and the catalogue has no such feature",
    );
    fits(
        &|s| s.columns[2].kind = ColumnKind::Number,
        "`category` as a category, and the catalogue has it as a number",
    );
}

#[test]
fn what_cannot_be_learned_from_is_refused_with_the_remedy() {
    let (dataset, _) = data(2_000);
    let check = |until: i64, settings: TrainSettings, expect: &str| {
        let error = train(&dataset, day(until), &settings).err().expect("refused").to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(10, quick(), "no refund request is old enough");
    check(40, quick(), "matured requests are known as abuse");
    let named = TrainSettings { exclude: vec!["colour".to_owned()], ..quick() };
    check(230, named, "the setting `exclude` names the feature `colour`");
    let none =
        TrainSettings { exclude: schema().columns.iter().map(|c| c.name.clone()).collect(), ..quick() };
    check(230, none, "no feature that a model may use");
    let mut shares = quick();
    shares.split.test_share = 0.95;
    check(230, shares, "`split.test_share` must be");
}

#[test]
fn a_monotone_input_never_lowers_the_score() {
    let mut chance = Chance::new(2, 2);
    let n = 4_000;
    let columns: Vec<Vec<f32>> = (0..3).map(|_| (0..n).map(|_| chance.unit() as f32).collect()).collect();
    let target: Vec<f32> = (0..n)
        .map(|i| f32::from(u8::from(chance.unit() < sigmoid(f64::from(columns[0][i] * 6.0).sin() * 2.0))))
        .collect();
    let matrix = Matrix::new(columns, n);
    let settings = BoostSettings { trees_max: 60, ..BoostSettings::default() };
    let rows = Rows { matrix: &matrix, target: &target, weight: &vec![1.0; n] };
    let falls = |directions: &[i8]| {
        let model = boost(rows, None, directions, &settings);
        let grid = Matrix::new(
            vec![(0..100).map(|i| i as f32 / 100.0).collect(), vec![0.5; 100], vec![0.5; 100]],
            100,
        );
        model.raw(&grid).windows(2).filter(|w| w[1] < w[0]).count()
    };
    assert!(falls(&[]) > 0, "the data falls somewhere, or the test says nothing");
    assert_eq!(falls(&[1, 0, 0]), 0);
}
