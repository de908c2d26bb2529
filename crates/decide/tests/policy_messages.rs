//! What does a wrong policy say?

mod common;

use common::schema;
use ringfence_decide::{DEFAULT_POLICY, POLICY_BYTES_MAX, Plan, Policy};

/// The default policy with one text replaced, to be refused with this message.
fn check(from: &str, to: &str, expect: &str) {
    assert!(DEFAULT_POLICY.contains(from), "the default policy has no `{from}`");
    let text = DEFAULT_POLICY.replacen(from, to, 1);
    let error = match Policy::parse(&text) {
        Err(error) => error,
        Ok(policy) => Plan::compile(&policy, &schema()).map(|_| ()).expect_err("the policy was accepted"),
    };
    // Line numbers of the default policy may change; the line itself says more.
    let line = text.lines().nth(error.line - 1).unwrap_or_default();
    let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
    let told = format!(
        "{}^{}",
        &line.chars().take(error.column - 1).collect::<String>(),
        line.chars().skip(error.column - 1).collect::<String>()
    );
    assert_eq!(format!("{told}\n{}{help}", error.message), expect);
}

#[test]
fn unknown_keys_are_told_with_the_nearest() {
    check(
        "prior = 0.05 ",
        "prier = 0.05 ",
        "^prier = 0.05                    # probability of abuse where there is no score\n`prier` is not a key of this table; did you mean `prior`?",
    );
    check("[goods]", "[good]", "[^good]\n`good` is not a key of this table; did you mean `goods`?");
    check(
        "when = \"charged_back\"",
        "if = \"charged_back\"",
        "^if = \"charged_back\"\n`if` is not a key of this table; it is one of name, about, when, then, allow, forbid, at_least, hard_evidence, reason, points",
    );
    check(
        "[decision.step_up]",
        "[decision.stepup]",
        "[decision.^stepup]\n`stepup` is not a word that can stand here; did you mean `step_up`?",
    );
    check(
        "changed_mind = 0.75",
        "change_mind = 0.75",
        "^change_mind = 0.75\n`change_mind` is not a word that can stand here; did you mean `changed_mind`?",
    );
    check(
        "then = \"deny\"",
        "then = \"refuse\"",
        "then = ^\"refuse\"\n`refuse` is not a word that can stand here; it is one of instant_refund, refund_on_scan, refund_on_receipt, refund_after_inspection, keep_item, replace, store_credit, partial_refund, carrier_trace, step_up, review, deny",
    );
}

#[test]
fn evidence_is_a_number_of_the_catalogue_named_once() {
    let review = "[review]";
    let evidence = |column: &str, more: &str| format!("[[evidence]]\ncolumn = \"{column}\"\n{more}[review]");
    let help = "evidence is a feature of the catalogue that is a probability, as `lead_on_device`";
    for (column, message) in [
        ("lead_on_moon", "the catalogue has no feature `lead_on_moon`"),
        ("goods_kept", "`goods_kept` is no number"),
    ] {
        check(review, &evidence(column, ""), &format!("column = ^\"{column}\"\n{message}; {help}"));
    }
    check(
        review,
        &evidence("lead_on_device", "[[evidence]]\ncolumn = \"lead_on_device\"\n"),
        "column = ^\"lead_on_device\"\n`lead_on_device` is evidence twice; name each column once",
    );
    let too_much = "share = ^1.5\n`share` is 1.5, it must lie between 0 and 1";
    check(review, &evidence("lead_on_device", "share = 1.5\n"), too_much);
}

#[test]
fn malformed_toml_is_told_with_its_place() {
    check(
        "per_day = 40 ",
        "per_day 40 ",
        "per_day ^40                    # reviews that people can do in 24 hours\nkey with no value, expected `=`",
    );
    check(
        "per_day = 40 ",
        "per_day = \"40\" ",
        "per_day = ^\"40\"                    # reviews that people can do in 24 hours\ninvalid type: string \"40\", expected a number",
    );
    check("minutes = 10 ", "", "^[review]\nmissing field `minutes`");
}

#[test]
fn another_format_is_told_before_anything_else() {
    check(
        "format = 1",
        "format = 2\nnovelty = true",
        "format = ^2\nthe policy is of format 2; this version reads format 1; use the version that wrote it, or rewrite the policy",
    );
    check(
        "format = 1",
        "format = \"1\"",
        "format = ^\"1\"\nthe policy is of format \"1\"; this version reads format 1; use the version that wrote it, or rewrite the policy",
    );
    check(
        "format = 1",
        "",
        "^# The policy that is used where none is named. Every figure is an estimate to be replaced by the shop's own;\nthe policy does not say its format; write `format = 1` at the head of the file",
    );
}

#[test]
fn values_out_of_range_are_told() {
    check(
        "abuse_found = 0.80",
        "abuse_found = 80",
        "abuse_found = ^80\n`abuse_found` is 80, it must lie between 0 and 1",
    );
    check(
        "abuse_found = 0.80",
        "abuse_found = nan",
        "abuse_found = ^nan\n`abuse_found` is NaN, it must lie between 0 and 1",
    );
    check(
        "relaxed_share = 0.5 ",
        "relaxed_share = 1.0 ",
        "relaxed_share = ^1.0             # up to here a review costs its handling and no more\n`relaxed_share` is 1, it must lie between 0 and 0.99",
    );
    check(
        "handling = \"26.00\" ",
        "handling = \"26.005\" ",
        "handling = ^\"26.005\"              # ten minutes of an expert, at break-even\n`handling`: `26.005` is not an amount of USD; write it as in \"26.00\"",
    );
    check(
        "respond_within = \"5d\"",
        "respond_within = \"5 days\"",
        "respond_within = ^\"5 days\"\n`5 days` is not a duration; write a whole number and one of s, m, h, d, w, as in 90d",
    );
    check(
        "\"USD\"",
        "\"dollar\"",
        "currency = ^\"dollar\"\n`dollar` is not an ISO 4217 code; write three capital letters, as in USD",
    );
}

#[test]
fn rules_that_name_unknown_columns_are_told_with_the_nearest() {
    check(
        "when = \"charged_back\"",
        "when = \"chargedback\"",
        "when = \"^chargedback\"\n`chargedback` is not a name that is known here; did you mean `charged_back`?",
    );
    check(
        "document_accounts >= 3",
        "request.scor > 0.5",
        "when = \"^request.scor > 0.5\"\n`request.scor` is not a name that is known here; did you mean `request.score`?",
    );
    check(
        "when = \"serial_mismatch\"",
        "when = '''\nserial_mismatch &&\n  serial_mistmatch'''",
        "  ^serial_mistmatch'''\n`serial_mistmatch` is not a name that is known here; did you mean `serial_mismatch`?",
    );
    check(
        "when = \"serial_mismatch\"",
        "when = \"\\u0073erial_mistmatch\"",
        "when = ^\"\\u0073erial_mistmatch\"\nin the expression, line 1, column 1: `serial_mistmatch` is not a name that is known here; did you mean `serial_mismatch`?",
    );
}

#[test]
fn rules_of_wrong_types_are_told() {
    check(
        "document_accounts >= 3",
        "document_accounts",
        "when = \"^document_accounts\"\nthe expression is a number, a bool is needed; compare it, as in `x > 0`",
    );
    check(
        "document_accounts >= 3",
        "document_accounts >= '3'",
        "when = \"document_accounts >= ^'3'\"\na number is compared with the text '3'; leave out the quotes around a number",
    );
    check(
        "document_accounts >= 3",
        "request.reason == 'lost'",
        "when = \"request.reason == ^'lost'\"\n'lost' is not a word that can stand here; it is one of not_received, missing_item, empty_package, damaged, defective, wrong_item, not_as_described, changed_mind, late, other",
    );
    check(
        "document_accounts >= 3",
        "request.reason == received_lane",
        "when = \"request.reason ^== received_lane\"\nthese two texts are kept in different codes and cannot be compared with each other; compare each with a text in quotes",
    );
    check(
        "document_accounts >= 3",
        "document_accounts >",
        "when = \"document_accounts >^\"\nexpected a name, a constant or `(`, found the end",
    );
}

#[test]
fn rules_that_bound_nothing_or_everything_or_deny_without_evidence_are_told() {
    let rule = "when = \"serial_mismatch\"\nat_least = \"review\"";
    check(
        rule,
        "when = \"serial_mismatch\"",
        "name = ^\"other_serial_came_back\"\nthe rule `other_serial_came_back` bounds nothing; add `then`, `allow`, `forbid`, `at_least` or `hard_evidence = true`",
    );
    check(
        rule,
        "when = \"serial_mismatch\"\nat_least = \"review\"\nallow = [\"step_up\"]",
        "name = ^\"other_serial_came_back\"\nthe rule `other_serial_came_back` leaves no decision; let its `then`, `allow`, `forbid` and `at_least` agree",
    );
    check(
        rule,
        "when = \"serial_mismatch\"\nthen = \"deny\"",
        "then = ^\"deny\"\na rule denies only on hard evidence (INV-7); add `hard_evidence = true` where it is, otherwise write `then = \"review\"`",
    );
    check(
        "name = \"known_abuser\"",
        "name = \"lost_by_the_carrier\"",
        "name = ^\"lost_by_the_carrier\"\nthere is a rule `lost_by_the_carrier` before this one; give each rule a name of its own",
    );
}

#[test]
fn unknown_reason_codes_are_told_and_new_ones_can_be_declared() {
    check(
        "reason = \"document_reuse\"",
        "reason = \"document_reused\"",
        "reason = ^\"document_reused\"\n`document_reused` is not a reason code; did you mean `document_reuse`?",
    );
    check(
        "reason = \"document_reuse\"",
        "reason = \"stolen_goods_list\"",
        "reason = ^\"stolen_goods_list\"\n`stolen_goods_list` is not a reason code; declare it as a [[reason]] of this policy",
    );
    let declared = "[[reason]]\ncode = \"stolen_goods_list\"\ntitle = \"on the list\"\nagainst = \"The serial number is on the list.\"\ncustomer = \"We check serial numbers.\"\n";
    let text =
        DEFAULT_POLICY.replace("reason = \"document_reuse\"", "reason = \"stolen_goods_list\"") + declared;
    assert!(Policy::parse(&text).is_ok());
    let wrong = |code: &str| {
        Policy::parse(&text.replace("code = \"stolen_goods_list\"", &format!("code = \"{code}\"")))
            .expect_err("refused")
            .message
    };
    assert_eq!(wrong("Stolen"), "`Stolen` is not a code");
    assert_eq!(wrong("timing"), "the reason code `timing` exists already");
}

#[test]
fn a_policy_must_offer_to_pay_and_to_review() {
    let without = |from: &str, to: &str| {
        let (start, end) =
            (DEFAULT_POLICY.find(from).expect("it is there"), DEFAULT_POLICY.find(to).expect("it is there"));
        let text = format!("{}{}", &DEFAULT_POLICY[..start], &DEFAULT_POLICY[end..]);
        Policy::parse(&text).expect_err("refused").message
    };
    assert_eq!(without("[decision.review]", "[decision.deny]"), "the policy has no [decision.review]");
    assert_eq!(
        without("[decision.instant_refund]", "[decision.refund_on_scan]"),
        "the policy has no [decision.instant_refund]"
    );
}

#[test]
fn a_whole_message_names_line_and_column() {
    let error = Policy::parse("format = 1\nname = 3\n").expect_err("refused");
    assert_eq!(error.to_string(), "policy, line 2, column 8: invalid type: integer `3`, expected a string");
    let huge = format!("#{}", " ".repeat(POLICY_BYTES_MAX));
    let error = Policy::parse(&huge).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "policy, line 1, column 1: the policy has 1048577 bytes, at most 1048576 are allowed"
    );
}

#[test]
fn the_hash_is_that_of_the_content() {
    let hash = |text: &str| Policy::parse(text).expect("a policy").hash;
    let original = hash(DEFAULT_POLICY);
    assert_eq!(original.len(), 64);
    assert_eq!(hash(&DEFAULT_POLICY.replace("# ", "#  ").replace(" = ", "  =  ")), original);
    assert_eq!(hash(&DEFAULT_POLICY.replace("\"26.00\"", "\"26\"")), original);
    for (from, to) in [
        ("\"26.00\"", "\"26.01\""),
        ("amount >= 10000", "amount >= 10001"),
        ("\"5d\"", "\"6d\""),
        ("use = true", "use = false"),
        ("\"late\"]", "\"other\"]"),
    ] {
        assert_ne!(hash(&DEFAULT_POLICY.replacen(from, to, 1)), original, "{from} to {to}");
    }
}
