//! Does the plan mean what a naive tree walk means, and does no input break it?

mod common;

use common::{NAMES, Names, compile};
use proptest::prelude::*;
use ringfence_expr::{Program, Slot, Type};

/// A well-typed expression, written down and evaluated with nothing of the crate under test.
#[derive(Clone, Debug)]
enum Tree {
    Name(usize),
    Number(f64),
    Bool(bool),
    Text(&'static str),
    Has(usize),
    Not(Box<Tree>),
    Call(&'static str, Vec<Tree>),
    Infix(&'static str, Box<Tree>, Box<Tree>),
    In(Box<Tree>, Vec<Tree>),
    If(Box<Tree>, Box<Tree>, Box<Tree>),
}

impl Tree {
    /// Source text with every operation in parentheses.
    fn source(&self) -> String {
        match self {
            Tree::Name(at) => NAMES[*at].0.to_owned(),
            Tree::Number(n) if *n < 0.0 => format!("({n})"),
            Tree::Number(n) => n.to_string(),
            Tree::Bool(b) => b.to_string(),
            Tree::Text(text) => format!("'{text}'"),
            Tree::Has(at) => format!("has({})", NAMES[*at].0),
            Tree::Not(a) => format!("!{}", a.source()),
            Tree::Call(name, arguments) => {
                format!("{name}({})", arguments.iter().map(Tree::source).collect::<Vec<_>>().join(", "))
            }
            Tree::Infix(sign, a, b) => format!("({} {sign} {})", a.source(), b.source()),
            Tree::In(a, items) => {
                format!(
                    "({} in [{}])",
                    a.source(),
                    items.iter().map(Tree::source).collect::<Vec<_>>().join(", ")
                )
            }
            Tree::If(c, a, b) => format!("({} ? {} : {})", c.source(), a.source(), b.source()),
        }
    }

    /// The documented meaning, with `None` for missing.
    fn value(&self, slots: &[Option<f64>]) -> Option<f64> {
        let truth = |tree: &Tree| tree.value(slots).is_some_and(|v| v > 0.0);
        let bool = |b: bool| Some(if b { 1.0 } else { 0.0 });
        match self {
            Tree::Name(at) => slots[*at],
            Tree::Number(n) => Some(*n),
            Tree::Bool(b) => bool(*b),
            Tree::Text(text) => Some(text.bytes().map(f64::from).sum()),
            Tree::Has(at) => bool(slots[*at].is_some()),
            Tree::Not(a) => bool(!truth(a)),
            Tree::Call("duration", arguments) => match &arguments[0] {
                Tree::Text(text) => {
                    Some(text.trim_end_matches('d').parse::<f64>().expect("days") * 86_400_000.0)
                }
                other => panic!("{other:?} is not a text"),
            },
            Tree::Call(name, arguments) => {
                let v: Option<Vec<f64>> = arguments.iter().map(|a| a.value(slots)).collect();
                let v = v?;
                match *name {
                    "abs" => Some(if v[0] < 0.0 { -v[0] } else { v[0] }),
                    "min" => Some(if v[1] < v[0] { v[1] } else { v[0] }),
                    "max" => Some(if v[1] > v[0] { v[1] } else { v[0] }),
                    "floor" => Some(v[0].floor()),
                    "days" => Some(v[0] / 86_400_000.0),
                    "hours" => Some(v[0] / 3_600_000.0),
                    "hour_of_day" => Some(((v[0] / 3_600_000.0).floor()).rem_euclid(24.0)),
                    "weekday" => Some(((v[0] / 86_400_000.0).floor() + 3.0).rem_euclid(7.0)),
                    other => panic!("{other}"),
                }
            }
            Tree::Infix("&&", a, b) => bool(truth(a) && truth(b)),
            Tree::Infix("||", a, b) => bool(truth(a) || truth(b)),
            Tree::Infix(sign, a, b) => {
                let (a, b) = (a.value(slots), b.value(slots));
                let compare = |holds: fn(f64, f64) -> bool| bool(a.zip(b).is_some_and(|(a, b)| holds(a, b)));
                let compute = |f: fn(f64, f64) -> f64| a.zip(b).map(|(a, b)| f(a, b)).filter(|v| !v.is_nan());
                match *sign {
                    "==" => compare(|a, b| a == b),
                    "!=" => compare(|a, b| a != b),
                    "<" => compare(|a, b| a < b),
                    "<=" => compare(|a, b| a <= b),
                    ">" => compare(|a, b| a > b),
                    ">=" => compare(|a, b| a >= b),
                    "+" => compute(|a, b| a + b),
                    "-" => compute(|a, b| a - b),
                    "*" => compute(|a, b| a * b),
                    "/" => compute(|a, b| if b == 0.0 { f64::NAN } else { a / b }),
                    "%" => compute(|a, b| a % b),
                    other => panic!("{other}"),
                }
            }
            Tree::In(a, items) => {
                bool(a.value(slots).is_some_and(|a| items.iter().any(|item| item.value(slots) == Some(a))))
            }
            Tree::If(c, a, b) => {
                if truth(c) {
                    a.value(slots)
                } else {
                    b.value(slots)
                }
            }
        }
    }
}

fn names(ty: Type) -> impl Strategy<Value = Tree> + Clone {
    // `data.reason` has a closed vocabulary of its own; the other texts are open.
    let of: Vec<usize> =
        (0..NAMES.len()).filter(|at| NAMES[*at].1 == ty && NAMES[*at].0 != "data.reason").collect();
    proptest::sample::select(of).prop_map(Tree::Name)
}

fn numbers() -> impl Strategy<Value = Tree> + Clone {
    prop_oneof![
        (-4..5i32).prop_map(|n| Tree::Number(f64::from(n))),
        Just(Tree::Number(0.5)),
        Just(Tree::Number(1e15))
    ]
}

fn durations() -> impl Strategy<Value = Tree> + Clone {
    proptest::sample::select(vec!["0d", "1d", "2d"])
        .prop_map(|text| Tree::Call("duration", vec![Tree::Text(text)]))
}

fn infix(
    signs: &'static [&'static str],
    a: BoxedStrategy<Tree>,
    b: BoxedStrategy<Tree>,
) -> impl Strategy<Value = Tree> {
    (proptest::sample::select(signs), a, b).prop_map(|(sign, a, b)| Tree::Infix(sign, a.into(), b.into()))
}

fn call(functions: &'static [&'static str], a: BoxedStrategy<Tree>) -> impl Strategy<Value = Tree> {
    (proptest::sample::select(functions), a).prop_map(|(name, a)| Tree::Call(name, vec![a]))
}

/// A random tree of type `ty` at most `depth` operations deep.
fn tree(ty: Type, depth: u32) -> BoxedStrategy<Tree> {
    let leaf = match ty {
        Type::Bool => {
            prop_oneof![names(ty), any::<bool>().prop_map(Tree::Bool), (0..NAMES.len()).prop_map(Tree::Has)]
                .boxed()
        }
        Type::Number => prop_oneof![2 => names(ty), 1 => numbers()].boxed(),
        Type::Text | Type::Time => names(ty).boxed(),
        Type::Duration => prop_oneof![2 => names(ty), 1 => durations()].boxed(),
    };
    if depth == 0 {
        return leaf;
    }
    let of = |ty| tree(ty, depth - 1);
    let pairs = |name: &'static [&'static str], ty| {
        (proptest::sample::select(name), of(ty), of(ty)).prop_map(|(name, a, b)| Tree::Call(name, vec![a, b]))
    };
    let choice =
        (of(Type::Bool), of(ty), of(ty)).prop_map(|(c, a, b)| Tree::If(c.into(), a.into(), b.into()));
    const ORDER: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
    let compound = match ty {
        Type::Bool => {
            let compared = proptest::sample::select(vec![Type::Number, Type::Time, Type::Duration])
                .prop_flat_map(move |ty| infix(ORDER, tree(ty, depth - 1), tree(ty, depth - 1)));
            prop_oneof![
                3 => infix(&["&&", "||"], of(ty), of(ty)),
                1 => of(ty).prop_map(|a| Tree::Not(a.into())),
                3 => compared,
                1 => infix(ORDER, of(Type::Number), numbers().boxed()),
                1 => infix(ORDER, numbers().boxed(), of(Type::Number)),
                1 => infix(&["==", "!="], of(ty), of(ty)),
                1 => infix(&["==", "!="], of(Type::Text), of(Type::Text)),
                1 => (of(Type::Text), proptest::sample::select(vec!["a", "b", "ab"]))
                    .prop_map(|(a, text)| Tree::Infix("==", a.into(), Tree::Text(text).into())),
                1 => (of(Type::Number), proptest::collection::vec(numbers(), 1..4)).prop_map(|(a, l)| Tree::In(a.into(), l)),
                1 => choice,
            ]
            .boxed()
        }
        Type::Number => prop_oneof![
            4 => infix(&["+", "-", "*", "/", "%"], of(ty), of(ty)),
            1 => pairs(&["min", "max"], ty),
            1 => call(&["abs", "floor"], of(ty)),
            1 => call(&["days", "hours"], of(Type::Duration)),
            1 => call(&["hour_of_day", "weekday"], names(Type::Time).boxed()),
            1 => infix(&["/"], of(Type::Duration), of(Type::Duration)),
            1 => choice,
        ]
        .boxed(),
        Type::Duration => prop_oneof![
            2 => infix(&["+", "-"], of(ty), of(ty)),
            1 => infix(&["*", "/"], of(ty), of(Type::Number)),
            1 => infix(&["-"], of(Type::Time), of(Type::Time)),
            1 => pairs(&["min", "max"], ty),
            1 => choice,
        ]
        .boxed(),
        Type::Time => prop_oneof![
            2 => infix(&["+", "-"], of(ty), of(Type::Duration)),
            1 => infix(&["+"], of(Type::Duration), of(ty)),
            1 => choice,
        ]
        .boxed(),
        Type::Text => choice.boxed(),
    };
    prop_oneof![1 => leaf, 4 => compound].boxed()
}

/// Small values that often meet, times within range, and a third of all missing.
fn slots() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = |ty| match ty {
        Type::Bool => (0..2i32).prop_map(f64::from).boxed(),
        Type::Number => prop_oneof![(-4..5i32).prop_map(f64::from), Just(0.5), Just(-0.0)].boxed(),
        Type::Text => proptest::sample::select(vec![97.0, 98.0, 195.0]).boxed(),
        Type::Time => (0..72i64).prop_map(|h| (1_700_000_000_000 + h * 3_600_000) as f64).boxed(),
        Type::Duration => (-3..4i32).prop_map(|d| f64::from(d) * 86_400_000.0).boxed(),
    };
    NAMES.iter().map(|(_, ty)| proptest::option::weighted(0.67, value(*ty))).collect::<Vec<_>>()
}

fn agree(tree: &Tree, ty: Type, slots: &[Option<f64>]) -> Result<(), TestCaseError> {
    let source = tree.source();
    let program = match compile(&source, ty) {
        Ok(program) => program,
        // Random trees may pass a limit; any other refusal is a fault.
        Err(error) => {
            prop_assert!(
                error.message.contains("nested deeper") || error.message.contains("more than"),
                "`{}`: {}",
                source,
                error
            );
            return Ok(());
        }
    };
    let get = |Slot(at): Slot| slots[at as usize].unwrap_or(f64::NAN);
    let (plan, naive) = (program.eval(get), tree.value(slots).unwrap_or(f64::NAN));
    prop_assert!(
        plan == naive || plan.is_nan() && naive.is_nan(),
        "`{}`: plan {}, naive {}",
        source,
        plan,
        naive
    );
    prop_assert_eq!(program.eval_bool(get), naive > 0.0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_of_a_condition_equals_a_tree_walk(tree in tree(Type::Bool, 4), slots in slots()) {
        agree(&tree, Type::Bool, &slots)?;
    }

    #[test]
    fn the_plan_of_a_number_equals_a_tree_walk(tree in tree(Type::Number, 4), slots in slots()) {
        agree(&tree, Type::Number, &slots)?;
    }

    #[test]
    fn any_text_is_accepted_or_refused_with_a_place_in_it(source in "\\PC{0,60}") {
        refused_in_place(&source)?;
    }

    #[test]
    fn any_bytes_are_accepted_or_refused_with_a_place_in_them(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        refused_in_place(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn any_words_and_signs_are_accepted_or_refused_with_a_place_in_them(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "amount", "flag", "data.sku", "now", "has", "min", "duration", "in", "true", "null", "1", "0.5", "1e", "0x", "'a'", "'",
            "\"", "r'", "\\", "(", ")", "[", "]", "{", "}", ",", ".", "?", ":", "!", "-", "+", "*", "/", "%", "==", "=", "<", "&&", "||", "&", "\n", "//", "é",
        ]), 0..40)
    ) {
        refused_in_place(&words.concat())?;
        refused_in_place(&words.join(" "))?;
    }
}

proptest! {
    // The `cel` crate's parser takes milliseconds an expression.
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_we_accept_cel_accepts(tree in tree(Type::Bool, 3)) {
        // CEL's own parser refuses only `has` of a plain name, which is ours (it wants a field of a message).
        let source = tree.source().replace("has(", "known(");
        prop_assert!(cel::Program::compile(&source).is_ok(), "`{}`", source);
    }
}

fn refused_in_place(source: &str) -> Result<(), TestCaseError> {
    for ty in [Type::Bool, Type::Number, Type::Text] {
        if let Err(error) = Program::compile(source, &mut Names, ty) {
            prop_assert!(source.is_char_boundary(error.offset));
            let before = &source[..error.offset];
            prop_assert_eq!(error.line, before.split('\n').count());
            prop_assert_eq!(
                error.column,
                before.split('\n').next_back().map_or(0, |l| l.chars().count()) + 1
            );
            prop_assert!(!error.message.is_empty());
        }
    }
    Ok(())
}
