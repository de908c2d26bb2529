//! Is the compiled scorer the model? Random models and vectors, against walking the trees one by one.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use proptest::prelude::*;
use ringfence_domain::vector::{Column, ColumnKind, Schema};
use ringfence_learn::calibrate::Calibration;
use ringfence_learn::chance::Chance;
use ringfence_learn::encode::WordTable;
use ringfence_learn::model::{Encoding, Input, Model, Provenance, Sum};
use ringfence_learn::score::{INPUT_MAX, Scorer, Scratch, input_of};
use ringfence_learn::tree::{Branch, Leaf, Split, Tree};

const INPUTS: usize = 6;

fn schema() -> Schema {
    let column = |i: usize| Column {
        name: format!("c{i}"),
        kind: ColumnKind::Number,
        about: String::new(),
        reason: "other".to_owned(),
        model: true,
    };
    Schema { columns: (0..INPUTS).map(column).collect(), hash: "h".to_owned() }
}

fn provenance() -> Provenance {
    Provenance {
        trainer: "test".to_owned(),
        code: String::new(),
        data: String::new(),
        from: None,
        to: None,
        labels_until: None,
        settings: serde_json::Value::Null,
    }
}

/// Few thresholds, so that numbers often equal one.
fn number(chance: &mut Chance) -> f32 {
    chance.below(8) as f32 / 4.0
}

fn random_tree(chance: &mut Chance, leaves: usize) -> Tree {
    let (mut splits, mut open): (Vec<Split>, Vec<Option<(usize, bool)>>) = (Vec::new(), vec![None]);
    let set = |splits: &mut Vec<Split>, parent: Option<(usize, bool)>, to: Branch| {
        if let Some((above, is_left)) = parent {
            *(if is_left { &mut splits[above].left } else { &mut splits[above].right }) = to;
        }
    };
    while open.len() < leaves {
        let parent = open.swap_remove(chance.below(open.len()));
        let at = splits.len();
        set(&mut splits, parent, Branch::Split(at as u32));
        splits.push(Split {
            input: chance.below(INPUTS) as u32,
            threshold: number(chance),
            missing_left: chance.unit() < 0.5,
            left: Branch::Leaf(0),
            right: Branch::Leaf(0),
            gain: 1.0,
        });
        open.extend([Some((at, true)), Some((at, false))]);
    }
    for (leaf, parent) in open.iter().enumerate() {
        set(&mut splits, *parent, Branch::Leaf(leaf as u32));
    }
    let leaf = |_| Leaf { value: chance.unit() - 0.5, cover: chance.unit() * 9.0 + 1.0 };
    let leaves = open.iter().map(leaf).collect();
    Tree::new(splits, leaves).unwrap()
}

fn random_model(chance: &mut Chance) -> Model {
    // Some trees have one leaf, some more than fit a word of bits.
    let trees = (0..12).map(|i| random_tree(chance, [1, 2, 31, 64, 65, 150][i % 6])).collect();
    let inputs = (0..INPUTS).map(|i| Input { column: format!("c{i}"), encoding: Encoding::Number }).collect();
    let sum = if chance.unit() < 0.5 { Sum::F64 } else { Sum::F32 };
    let mut model =
        Model::imported(&schema(), provenance(), inputs, sum, chance.unit() - 0.5, trees).unwrap();
    model.calibration.calibration = Calibration::Platt { slope: 0.8, intercept: -0.4 };
    model
}

fn walked(model: &Model, vector: &[f64]) -> f64 {
    let value = |tree: &Tree| tree.leaves()[tree.leaf_of(|i| vector[i as usize] as f32)].value;
    match model.sum {
        Sum::F64 => model.trees.iter().fold(model.base, |sum, tree| sum + value(tree)),
        Sum::F32 => {
            f64::from(model.trees.iter().fold(model.base as f32, |sum, tree| sum + value(tree) as f32))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn scores_are_bit_for_bit_those_of_the_trees(seed in any::<u64>()) {
        let mut chance = Chance::new(seed, 1);
        let model = random_model(&mut chance);
        let scorer = Scorer::compile(&model, &schema()).unwrap();
        let mut scratch = Scratch::default();
        for _ in 0..40 {
            let vector: Vec<f64> = (0..INPUTS)
                .map(|_| if chance.unit() < 0.2 { f64::NAN } else { f64::from(number(&mut chance)) })
                .collect();
            let raw = scorer.raw(&vector, &mut scratch);
            prop_assert_eq!(raw.to_bits(), walked(&model, &vector).to_bits());
            prop_assert_eq!(scorer.score(&vector, &mut scratch), scorer.probability(raw));
        }
    }

    #[test]
    fn both_explanations_sum_to_the_score(seed in any::<u64>()) {
        let mut chance = Chance::new(seed, 2);
        let model = random_model(&mut chance);
        let scorer = Scorer::compile(&model, &schema()).unwrap();
        let mut scratch = Scratch::default();
        for _ in 0..5 {
            let vector: Vec<f64> = (0..INPUTS)
                .map(|_| if chance.unit() < 0.2 { f64::NAN } else { f64::from(number(&mut chance)) })
                .collect();
            for explain in [Scorer::explain_path, Scorer::explain_exact] {
                let explained = explain(&scorer, &vector, &mut scratch);
                let sum: f64 = explained.expected_probability + scratch.attributions().iter().sum::<f64>();
                prop_assert!((sum - explained.probability).abs() < 1e-6, "{} {}", sum, explained.probability);
            }
        }
    }
}

#[test]
fn a_model_without_trees_says_its_base() {
    let inputs = vec![Input { column: "c0".to_owned(), encoding: Encoding::Number }];
    let model = Model::imported(&schema(), provenance(), inputs, Sum::F64, -1.5, Vec::new()).unwrap();
    let scorer = Scorer::compile(&model, &schema()).unwrap();
    let mut scratch = Scratch::default();
    assert_eq!(scorer.raw(&[0.0; INPUTS], &mut scratch), -1.5);
    assert_eq!(scorer.explain_exact(&[0.0; INPUTS], &mut scratch).raw, -1.5);
    assert_eq!(scratch.attributions(), [0.0; INPUTS]);
}

#[test]
fn boundless_numbers_are_held_within_bounds() {
    assert_eq!([f64::INFINITY, -1e300, 1.5].map(input_of), [INPUT_MAX, -INPUT_MAX, 1.5]);
    assert!(input_of(f64::NAN).is_nan());
}

#[test]
fn words_are_read_through_the_tables_of_the_model() {
    let mut schema = schema();
    schema.columns[2].kind = ColumnKind::Category;
    let table = WordTable { codes: vec![5, 9], numbers: vec![0.2, 0.9], unseen: 0.4 };
    let inputs = vec![Input { column: "c2".to_owned(), encoding: Encoding::Rate(table) }];
    let split =
        |threshold, left, right| Split { input: 0, threshold, missing_left: false, left, right, gain: 1.0 };
    let tree = Tree::new(
        vec![split(0.3, Branch::Leaf(0), Branch::Split(1)), split(0.6, Branch::Leaf(1), Branch::Leaf(2))],
        vec![
            Leaf { value: 1.0, cover: 1.0 },
            Leaf { value: 2.0, cover: 1.0 },
            Leaf { value: 4.0, cover: 1.0 },
        ],
    )
    .unwrap();
    let model = Model::imported(&schema, provenance(), inputs, Sum::F64, 0.0, vec![tree]).unwrap();
    let scorer = Scorer::compile(&model, &schema).unwrap();
    let mut scratch = Scratch::default();
    let mut check = |code: f64, expect: f64| {
        let mut vector = [0.0; INPUTS];
        vector[2] = code;
        assert_eq!(scorer.raw(&vector, &mut scratch), expect, "code {code}");
    };
    check(5.0, 1.0);
    check(7.0, 2.0); // unseen
    check(9.0, 4.0);
    check(f64::NAN, 4.0); // unknown goes right here
}
