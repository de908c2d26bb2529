//! What does a wrong expression say?

mod common;

use common::compile;
use ringfence_expr::{DEPTH_MAX, LIST_MAX, NODES_MAX, SOURCE_BYTES_MAX, Type};

fn check(source: &str, expect: &str) {
    check_as(source, Type::Bool, expect);
}

fn check_as(source: &str, ty: Type, expect: &str) {
    let error = compile(source, ty).expect_err(source);
    assert_eq!(error.to_string(), expect, "of `{source}`");
}

#[test]
fn unknown_names_are_told_with_the_nearest() {
    check(
        "amuont > 3",
        "line 1, column 1: `amuont` is not a name that is known here; did you mean `amount`?",
    );
    check(
        "flag &&\n  order.deliverd_at < now",
        "line 2, column 3: `order.deliverd_at` is not a name that is known here; did you mean `order.delivered_at`?",
    );
    check(
        "delivered_at < now",
        "line 1, column 1: `delivered_at` is not a name that is known here; did you mean `order.delivered_at`?",
    );
    check("Score > 1", "line 1, column 1: `Score` is not a name that is known here; did you mean `score`?");
    check("zebra_crossing > 3", "line 1, column 1: `zebra_crossing` is not a name that is known here");
    check("has(amont)", "line 1, column 5: `amont` is not a name that is known here; did you mean `amount`?");
    check(
        "days > 3",
        "line 1, column 1: `days` is not a name that is known here; it is a function, written days(…)",
    );
}

#[test]
fn unknown_functions_are_told_with_the_nearest_or_what_to_write_instead() {
    check("abbs(amount) > 3", "line 1, column 1: `abbs` is not a function; did you mean `abs`?");
    check("now.getHours() > 3", "line 1, column 1: `now.getHours` is not a function; write hour_of_day(x)");
    check(
        "data.sku.startsWith('A')",
        "line 1, column 1: `data.sku.startsWith` is not a function; texts can only be compared for equality",
    );
    check(
        "int(amount) > 3",
        "line 1, column 1: `int` is not a function; every number is a double; leave the conversion out",
    );
    check(
        "frobnicate(1) > 3",
        "line 1, column 1: `frobnicate` is not a function; the functions are abs, days, duration, floor, has, hour_of_day, hours, ln1p, max, min, timestamp, weekday",
    );
    check("min(amount) > 3", "line 1, column 1: `min` takes 2 arguments, found 1");
    check("abs(amount, 2) > 3", "line 1, column 1: `abs` takes 1 argument, found 2");
}

#[test]
fn wrong_types_are_told_where_they_meet() {
    check(
        "amount > '3'",
        "line 1, column 10: a number is compared with the text '3'; leave out the quotes around a number",
    );
    check(
        "now > '2024-01-01'",
        "line 1, column 7: a time is compared with the text '2024-01-01'; write timestamp(\"2024-01-31T00:00:00Z\") for a time",
    );
    check(
        "age > '3d'",
        "line 1, column 7: a duration is compared with the text '3d'; write duration(\"90d\") for a length of time",
    );
    check(
        "flag == 'true'",
        "line 1, column 9: a bool is compared with the text 'true'; compare with true or false, without quotes",
    );
    check(
        "age > 3",
        "line 1, column 5: `>` compares a duration with a number; write duration(\"3d\") for a length of time, or days(x) for a number of days",
    );
    check(
        "flag == 1",
        "line 1, column 6: `==` compares a bool with a number; a bool is compared with true or false",
    );
    check(
        "data.sku == 7",
        "line 1, column 10: `==` compares a text with a number; a text is compared with a text in quotes",
    );
    check(
        "now < duration('1d')",
        "line 1, column 5: `<` compares a time with a duration; subtract two times to get a duration",
    );
    check(
        "now < 5",
        "line 1, column 5: `<` compares a time with a number; write timestamp(\"2024-01-31T00:00:00Z\") for a time",
    );
    check(
        "data.sku < 'a'",
        "line 1, column 10: `<` needs numbers, times or durations, found a text; compare with `==` or `!=`",
    );
    check(
        "1 < amount < 5",
        "line 1, column 12: `<` compares a bool with a number; a bool is compared with true or false",
    );
    check(
        "amount && flag",
        "line 1, column 1: `&&` takes a bool, found a number; compare it, as in `x > 0`, or test has(x)",
    );
    check(
        "flag || data.sku",
        "line 1, column 9: `||` takes a bool, found a text; compare it, as in `x == 'word'`",
    );
    check(
        "!age",
        "line 1, column 2: `!` takes a bool, found a duration; compare it, as in `x > 0`, or test has(x)",
    );
    check(
        "amount ? flag : flag",
        "line 1, column 1: `?` takes a bool, found a number; compare it, as in `x > 0`, or test has(x)",
    );
    check(
        "flag ? amount : age",
        "line 1, column 6: `?` chooses between a number and a duration; both must be of one type",
    );
    check(
        "amount + flag > 2",
        "line 1, column 8: `+` cannot be applied to a number and a bool; write `x ? 1 : 0` to count a bool",
    );
    check(
        "now + 3 > now",
        "line 1, column 5: `+` cannot be applied to a time and a number; write duration(\"3d\") for a length of time, days(x) for a number of days",
    );
    check("now + now > now", "line 1, column 5: `+` cannot be applied to a time and a time");
    check(
        "-flag",
        "line 1, column 1: `-` takes a number or a duration, found a bool; write `!x` for the contrary",
    );
    check(
        "days(now) > 3",
        "line 1, column 6: `days` takes a duration, found a time; subtract another time from it first",
    );
    check("max(amount, age) > 3", "line 1, column 13: `max` takes a number, found a duration");
    check(
        "amount in ['a']",
        "line 1, column 12: a number is compared with the text 'a'; leave out the quotes around a number",
    );
    check(
        "amount in [1, age]",
        "line 1, column 15: the list after a number holds a duration; write duration(\"3d\") for a length of time, or days(x) for a number of days",
    );
    check(
        "data.reason == data.sku",
        "line 1, column 13: these two texts are kept in different codes and cannot be compared with each other; compare each with a text in quotes",
    );
    check(
        "has(amount + 1)",
        "line 1, column 12: `has` takes a name; test each name of an expression by itself",
    );
}

#[test]
fn a_value_of_another_type_than_needed_is_told() {
    check(
        "amount",
        "line 1, column 1: the expression is a number, a bool is needed; compare it, as in `x > 0`",
    );
    check(
        "data.sku",
        "line 1, column 1: the expression is a text, a bool is needed; compare it, as in `x == 'word'`",
    );
    check_as(
        "flag",
        Type::Number,
        "line 1, column 1: the expression is a bool, a number is needed; write `x ? 1 : 0`",
    );
    check_as(
        "now - order.delivered_at",
        Type::Number,
        "line 1, column 5: the expression is a duration, a number is needed; write days(x) or hours(x)",
    );
    check_as(
        "'a'",
        Type::Text,
        "line 1, column 1: a text in quotes can only be compared with a name; write `name == 'text'` or `name in ['a', 'b']`",
    );
}

#[test]
fn words_outside_a_closed_vocabulary_are_told_with_the_nearest() {
    check(
        "data.reason == 'not_recieved'",
        "line 1, column 16: 'not_recieved' is not a word that can stand here; did you mean `not_received`?",
    );
    check(
        "data.reason in ['damaged', 'broken']",
        "line 1, column 28: 'broken' is not a word that can stand here; it is one of not_received, missing_item, damaged",
    );
    check("'a' == 'b'", "line 1, column 5: two texts in quotes are compared; compare a name with a text");
}

#[test]
fn wrong_syntax_is_told_with_what_was_expected() {
    check("", "line 1, column 1: the expression is empty; write a condition, as in `amount > 100`");
    check(
        " // nothing\n",
        "line 1, column 1: the expression is empty; write a condition, as in `amount > 100`",
    );
    check("amount >", "line 1, column 9: expected a name, a constant or `(`, found the end");
    check("amount = 3", "line 1, column 8: `=` is not an operator; write `==` to compare");
    check("flag & flag", "line 1, column 6: `&` is not an operator; write `&&` for and");
    check(
        "flag and flag",
        "line 1, column 6: expected an operator or the end, found `and`; write `&&` for and",
    );
    check(
        "amount is null",
        "line 1, column 8: expected an operator or the end, found `is`; write `==` to compare, `has(x)` to test whether x is known",
    );
    check(
        "amount != null",
        "line 1, column 11: `null` is not supported; write `has(x)` to test whether x is known, `!has(x)` for the contrary",
    );
    check("(amount > 3", "line 1, column 12: expected `)` to close the parenthesis, found the end");
    check("amount > 3)", "line 1, column 11: expected an operator or the end, found `)`");
    check("flag ? flag", "line 1, column 12: expected `:` and what holds otherwise, found the end");
    check("amount in 3", "line 1, column 11: a list must follow `in`; write `x in ['a', 'b']`");
    check(
        "amount in []",
        "line 1, column 11: the list is empty, so nothing is in it; write `false` if that is meant",
    );
    check("amount in [1 2]", "line 1, column 14: expected `]` or `,`, found the number 2");
    check(
        "amount in [score]",
        "line 1, column 12: a list holds constants only; compare names with `==` and `||`",
    );
    check("[1] == [1]", "line 1, column 1: a list can only stand after `in`");
    check("{'a': 1}", "line 1, column 1: maps are not supported");
    check("data['sku'] == 'a'", "line 1, column 5: values cannot be indexed; a list stands after `in`");
    check("data. == 3", "line 1, column 7: expected a name after `.`, found `==`");
    check(
        "'abc'.size() > 3",
        "line 1, column 6: only a name can be followed by `.`; functions are written before their argument, as in days(x)",
    );
    check(
        "data.sku == 'abc",
        "line 1, column 13: this text is not closed; end it with the quote that began it",
    );
    check(
        r"data.sku == '\q'",
        r"line 1, column 14: this escape is not known; write `\\` for a backslash, or a raw text as in r'\d'",
    );
    check("b'abc' == data.sku", "line 1, column 1: bytes are not supported; write a text without the `b`");
    check(
        "amount > 9007199254740993",
        "line 1, column 10: `9007199254740993` is not a number; write a whole number up to 2^53 or a fraction, as in 0.25",
    );
    check(
        "amount > 1e999",
        "line 1, column 10: `1e999` is not a number; write a whole number up to 2^53 or a fraction, as in 0.25",
    );
    check(
        "age > 90d",
        "line 1, column 7: `90d` is not a number; a length of time is written duration(\"90d\")",
    );
    check(
        "age > duration('90 days')",
        "line 1, column 16: `90 days` is not a duration; write a whole number and one of s, m, h, d, w, as in 90d",
    );
    check(
        "now > timestamp('2024')",
        "line 1, column 17: `2024` is not an RFC 3339 time; write UTC as in 2023-03-01T12:34:56.789Z",
    );
    check(
        "now > timestamp(5)",
        "line 1, column 17: `timestamp` takes a text in quotes; as in timestamp(\"2024-01-31T00:00:00Z\")",
    );
    check(
        "amount > €5",
        "line 1, column 10: the character `€` cannot stand here; names are made of a–z, A–Z, 0–9, `_` and `.`; other texts stand in quotes",
    );
    check("amount > \u{0}", "line 1, column 10: the character \\u{0} cannot stand here");
}

#[test]
fn columns_count_characters_and_offsets_bytes() {
    let error = compile("data.sku == 'é' && amuont > 1", Type::Bool).expect_err("unknown name");
    assert_eq!((error.offset, error.line, error.column), (20, 1, 20));
    assert_eq!(
        error.snippet("data.sku == 'é' && amuont > 1"),
        format!("data.sku == 'é' && amuont > 1\n{}^", " ".repeat(19))
    );
}

#[test]
fn limits_are_told_by_name_of_what_to_do() {
    let deep = format!("{}flag{}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
    check(
        &deep,
        &format!(
            "line 1, column {}: the expression is nested deeper than {DEPTH_MAX} levels; split it into several rules",
            DEPTH_MAX + 1
        ),
    );
    let fits = format!("{}flag{}", "(".repeat(DEPTH_MAX - 1), ")".repeat(DEPTH_MAX - 1));
    assert!(compile(&fits, Type::Bool).is_ok());
    check(
        &format!("{}flag", "!".repeat(5_000)),
        &format!(
            "line 1, column 4097: the expression has 5004 bytes, at most {SOURCE_BYTES_MAX} are allowed; split it into several rules"
        ),
    );
    check(
        &format!("{}flag", "!".repeat(4_000)),
        &format!(
            "line 1, column {}: the expression is nested deeper than {DEPTH_MAX} levels; split it into several rules",
            DEPTH_MAX + 1
        ),
    );
    let sum = format!("{}1 > 2", "1+".repeat(DEPTH_MAX));
    check(
        &sum,
        &format!(
            "line 1, column {}: the expression is nested deeper than {DEPTH_MAX} levels; split it into several rules",
            DEPTH_MAX * 2
        ),
    );
    let wide = vec!["flag"; NODES_MAX].join("||");
    check(
        &wide,
        &format!(
            "line 1, column 5: the expression has more than {NODES_MAX} names, constants and operators; split it into several rules"
        ),
    );
    let list = format!("amount in [{}]", vec!["1"; LIST_MAX + 1].join(","));
    check(
        &list,
        &format!(
            "line 1, column {}: the list has more than {LIST_MAX} values; make it a feature of the catalogue",
            12 + 2 * LIST_MAX
        ),
    );
}
