//! Do imported models score exactly as in their own trainers? Fixtures were trained and scored by LightGBM 4.7 and
//! XGBoost 3.2 in Python on a small made-up data set; see the notes beside them.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use ringfence_domain::vector::{Column, ColumnKind, Schema};
use ringfence_learn::import_lightgbm::import_lightgbm;
use ringfence_learn::import_xgboost::import_xgboost;
use ringfence_learn::model::Model;
use ringfence_learn::score::{Scorer, Scratch};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    columns: Vec<String>,
    rows: Vec<Vec<Option<f64>>>,
    raw: Vec<f64>,
    shap: Vec<Vec<f64>>,
}

const LIGHTGBM: &str = include_str!("fixtures/lightgbm.txt");
const XGBOOST: &[u8] = include_bytes!("fixtures/xgboost.json");

fn schema(names: &[&str]) -> Schema {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        kind: if *name == "country" { ColumnKind::Category } else { ColumnKind::Number },
        about: String::new(),
        reason: "other".to_owned(),
        model: true,
    };
    Schema { columns: names.iter().map(column).collect(), hash: "h".to_owned() }
}

/// In another order than the model's, with columns that it does not use.
fn catalogue() -> Schema {
    schema(&["country", "is_new", "rate", "other", "count_30d", "amount"])
}

fn check(model: &Model, expected: &str, raw_error_max: f64) {
    let expected: Expected = serde_json::from_str(expected).unwrap();
    let catalogue = catalogue();
    let scorer = Scorer::compile(model, &catalogue).unwrap();
    let mut scratch = Scratch::default();
    for (i, row) in expected.rows.iter().enumerate() {
        let mut vector = vec![f64::NAN; catalogue.columns.len()];
        for (name, value) in expected.columns.iter().zip(row) {
            vector[catalogue.index(name).unwrap()] = value.unwrap_or(f64::NAN);
        }
        let raw = scorer.raw(&vector, &mut scratch);
        assert!((raw - expected.raw[i]).abs() <= raw_error_max, "row {i}: {raw} {}", expected.raw[i]);
        if let Some(shap) = expected.shap.get(i) {
            let explained = scorer.explain_exact(&vector, &mut scratch);
            // Parts are in probability points: back to log-odds by the ratio they were turned with.
            let ratio = (explained.probability - explained.expected_probability)
                / (explained.raw - explained.expected_raw);
            for (name, value) in expected.columns.iter().zip(shap) {
                let got = scratch.attributions()[catalogue.index(name).unwrap()] / ratio;
                assert!((got - value).abs() < 1e-4, "row {i} {name}: {got} {value}");
            }
        }
    }
}

#[test]
fn lightgbm_scores_are_the_same_bits() {
    let model = import_lightgbm(LIGHTGBM, &catalogue()).unwrap();
    check(&model, include_str!("fixtures/lightgbm.expected.json"), 0.0);
}

#[test]
fn xgboost_scores_are_the_same_bits() {
    let model = import_xgboost(XGBOOST, &catalogue()).unwrap();
    check(&model, include_str!("fixtures/xgboost.expected.json"), 0.0);
}

#[test]
fn an_imported_model_is_saved_and_read_back() {
    for model in
        [import_lightgbm(LIGHTGBM, &catalogue()).unwrap(), import_xgboost(XGBOOST, &catalogue()).unwrap()]
    {
        assert_eq!(Model::from_json(&model.to_json()).unwrap(), model);
    }
}

#[test]
fn what_cannot_be_imported_is_refused_with_the_remedy() {
    let lightgbm = |text: &str, schema: &Schema, expect: &str| {
        let got = import_lightgbm(text, schema).unwrap_err().to_string();
        assert!(got.contains(expect), "{got}");
    };
    let all = catalogue();
    lightgbm(
        include_str!("fixtures/lightgbm-categorical.txt"),
        &all,
        "categorical splits; give LightGBM numbers",
    );
    lightgbm("{}", &all, "no LightGBM text model");
    lightgbm(&LIGHTGBM.replace("objective=binary", "objective=regression"), &all, "trained for `regression");
    lightgbm(&LIGHTGBM[..LIGHTGBM.len() / 3], &all, "cut short");
    lightgbm(&LIGHTGBM.replace("decision_type=2 2 8", "decision_type=2 2 4"), &all, "zero as missing");
    lightgbm(&LIGHTGBM.replace("left_child=5", "left_child=0"), &all, "impossible");
    lightgbm(
        LIGHTGBM,
        &schema(&["amount", "count_30d", "rate"]),
        "`is_new`, which the catalogue does not have",
    );
    lightgbm(
        &LIGHTGBM.replace("is_new", "country"),
        &all,
        "`country`, which the catalogue has as a category",
    );

    let xgboost = |from: &str, to: &str, expect: &str| {
        let text = String::from_utf8(XGBOOST.to_vec()).unwrap();
        assert!(text.contains(from), "{from}");
        let got = import_xgboost(text.replacen(from, to, 1).as_bytes(), &all).unwrap_err().to_string();
        assert!(got.contains(expect), "{got}");
    };
    xgboost("binary:logistic", "multi:softprob", "trained for `multi:softprob`");
    xgboost("\"name\":\"gbtree\"", "\"name\":\"dart\"", "boosters other than `gbtree`");
    xgboost(
        "\"categories_nodes\":[]",
        "\"categories_nodes\":[0]",
        "categorical splits; give XGBoost numbers",
    );
    xgboost("\"learner\"", "\"pupil\"", "no XGBoost JSON model");
    xgboost("[3.8933334E-1]", "[3.8]", "base_score `[3.8]`");
    xgboost("\"left_children\":[1,", "\"left_children\":[99,", "leads to node 99 of 15");
}
