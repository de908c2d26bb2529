//! What is the value of an expression?

mod common;

use common::{NAMES, compile};
use ringfence_expr::{Slot, Type};

/// `given` is `name=value` pairs; names that are not given are missing.
fn value(given: &str, source: &str, ty: Type) -> f64 {
    let mut slots = vec![f64::NAN; NAMES.len()];
    for pair in given.split_whitespace() {
        let (name, number) = pair.split_once('=').expect("name=value");
        let at = NAMES.iter().position(|(n, _)| *n == name).expect("a known name");
        slots[at] = number.parse().expect("a number");
    }
    let program = compile(source, ty).unwrap_or_else(|e| panic!("`{source}`: {e}"));
    program.eval(|Slot(at)| slots[at as usize])
}

fn holds(given: &str, source: &str) {
    assert_eq!(value(given, source, Type::Bool), 1.0, "`{source}` with `{given}`");
}

fn fails(given: &str, source: &str) {
    assert_eq!(value(given, source, Type::Bool), 0.0, "`{source}` with `{given}`");
}

fn is(given: &str, source: &str, expect: f64) {
    assert_eq!(value(given, source, Type::Number), expect, "`{source}` with `{given}`");
}

fn missing(given: &str, source: &str) {
    assert!(value(given, source, Type::Number).is_nan(), "`{source}` with `{given}`");
}

#[test]
fn comparisons_with_a_missing_value_are_false() {
    for sign in ["==", "!=", "<", "<=", ">", ">="] {
        fails("", &format!("amount {sign} 3"));
        fails("", &format!("3 {sign} amount"));
        fails("amount=1", &format!("amount {sign} score"));
        fails("", &format!("amount + 1 {sign} score * 2"));
        holds("", &format!("!(amount {sign} 3)"));
    }
    fails("", "amount in [1, 2]");
    fails("", "data.reason != 'damaged'");
    fails("", "flag == flag");
}

#[test]
fn presence_is_tested_with_has() {
    holds("amount=0", "has(amount)");
    fails("", "has(amount)");
    holds("", "!has(amount)");
    holds("order.delivered_at=1", "has(order.delivered_at)");
}

#[test]
fn a_missing_bool_counts_as_false_and_its_contrary_as_true() {
    holds("flag=1", "flag && true");
    fails("flag=0", "flag && true");
    fails("", "flag && true");
    fails("", "flag || false");
    holds("", "!flag");
    holds("flag=0", "!flag");
    fails("flag=1", "!flag");
    holds("", "!!!flag");
    is("", "flag ? 1 : 2", 2.0);
    assert!(value("", "flag", Type::Bool).is_nan());
}

#[test]
fn comparisons_compare() {
    for (source, low, equal, high) in [
        ("amount < 5", 1.0, 0.0, 0.0),
        ("amount <= 5", 1.0, 1.0, 0.0),
        ("amount == 5", 0.0, 1.0, 0.0),
        ("amount != 5", 1.0, 0.0, 1.0),
        ("amount >= 5", 0.0, 1.0, 1.0),
        ("amount > 5", 0.0, 0.0, 1.0),
        ("5 > amount", 1.0, 0.0, 0.0),
        ("5 >= amount", 1.0, 1.0, 0.0),
        ("5 < amount", 0.0, 0.0, 1.0),
        ("amount + 0 < 5", 1.0, 0.0, 0.0),
        ("5 <= amount + 0", 0.0, 1.0, 1.0),
        ("amount + 0 < 5 + score * 0", 1.0, 0.0, 0.0),
        ("amount in [4, 5.0, 5]", 1.0, 1.0, 0.0),
    ] {
        for (amount, expect) in [(4.0, low), (5.0, equal), (6.0, high)] {
            assert_eq!(
                value(&format!("amount={amount} score=1"), source, Type::Bool),
                expect,
                "{source} at {amount}"
            );
        }
    }
}

#[test]
fn operators_bind_as_in_cel() {
    is("", "1 + 2 * 3", 7.0);
    is("", "(1 + 2) * 3", 9.0);
    is("", "10 - 4 - 3", 3.0);
    is("", "2 * 7 % 4", 2.0);
    is("", "-2 - -3", 1.0);
    is("", "7 / 2", 3.5);
    is("", "-7 % 4", -3.0);
    holds("", "true || false && false");
    fails("", "(true || false) && false");
    holds("", "1 + 1 == 2 && 3 > 2");
    is("", "false ? 1 : true ? 2 : 3", 2.0);
    is("amount=3", "amount - 1 - 1", 1.0);
    is("amount=3 score=4", "score - (amount - (score - (amount - 1)))", 3.0);
    holds("flag=0 amount=9", "flag || amount > 5 && amount < 10");
}

#[test]
fn arithmetic_on_missing_values_and_division_by_zero_are_missing() {
    for source in [
        "amount + 1",
        "1 - amount",
        "amount * 0",
        "-amount",
        "abs(amount)",
        "min(amount, 1)",
        "max(1, amount)",
        "floor(amount)",
        "ln1p(amount)",
    ] {
        missing("", source);
    }
    missing("amount=0", "1 / amount");
    missing("amount=0", "1 % amount");
    missing("amount=-1", "ln1p(amount)");
    fails("amount=0", "1 / amount > 0");
}

#[test]
fn functions_compute() {
    is("amount=-2.5", "abs(amount)", 2.5);
    is("amount=-2.5", "floor(amount)", -3.0);
    is("amount=2 score=3", "min(amount, score) + 10 * max(amount, score)", 32.0);
    is("", "ln1p(0)", 0.0);
    is("", "days(duration('36h'))", 1.5);
    is("", "hours(duration('2d'))", 48.0);
    is("", "days(timestamp('2024-03-01T00:00:00Z') - timestamp('2024-02-01T00:00:00Z'))", 29.0);
    is("", "hour_of_day(timestamp('2024-03-01T23:59:59.999Z'))", 23.0);
    is("", "weekday(timestamp('2024-03-01T12:00:00Z'))", 4.0);
    is("now=1709251200000", "hour_of_day(now + duration('5h'))", 5.0);
    missing("", "hour_of_day(now)");
    missing("now=-1e300", "weekday(now)");
}

#[test]
fn times_and_durations_are_typed() {
    let given = "now=1700000000000 order.delivered_at=1699900000000 age=100000000";
    holds(given, "now - order.delivered_at == age");
    holds(given, "now - order.delivered_at < duration('7d')");
    holds(given, "order.delivered_at + age == now && age + order.delivered_at == now");
    holds(given, "now - age == order.delivered_at");
    holds(given, "now > timestamp('2023-01-01T00:00:00Z')");
    holds(given, "age * 2 > age && 2 * age == age + age && -age < age - age");
    is(given, "age / duration('1s')", 100_000.0);
    is(given, "hours(max(age, age / 2)) * 36", 1000.0);
}

#[test]
fn texts_compare_by_their_codes() {
    holds("data.reason=0", "data.reason == 'not_received'");
    holds("data.reason=1", "data.reason != \"not_received\"");
    holds("data.reason=2", "data.reason in ['missing_item', 'damaged']");
    fails("data.reason=0", "data.reason in ['missing_item', 'damaged',]");
    holds("data.sku=195", "'ab' == data.sku");
    holds("data.sku=5 order.sku=5", "data.sku == order.sku");
    holds("data.sku=195 order.sku=1 flag=1", "(flag ? data.sku : order.sku) == r'ab'");
}

#[test]
fn constants_are_written_as_in_cel() {
    is("", "0x1F + 2u + 1e3 + .5", 1033.5);
    is("", "1.5e-1 // a remark\n + 0", 0.15);
    holds(
        "data.sku=97",
        r"data.sku == '\x61' && data.sku == '\u0061' && data.sku == '\141' && data.sku == 'a'",
    );
    holds("data.sku=282", r"data.sku == r'\dZ'"); // 92 + 100 + 90
    holds("data.sku=210", r"data.sku == '\\n\b'"); // 92 + 110 + 8
}

#[test]
fn a_program_names_the_slots_that_it_reads() {
    let program = compile(
        "score > 1 && (amount < 2 || score in [3] && has(flag)) && (true || age > limit)",
        Type::Bool,
    );
    assert_eq!(program.expect("well typed").slots(), [Slot(0), Slot(3), Slot(4)]);
}
