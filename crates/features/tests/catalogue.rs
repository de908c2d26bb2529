//! Is a wrong catalogue told what is wrong, where, and how to mend it?

use ringfence_features::{Catalogue, Plan};

/// The message for a catalogue of `format = 1` and these lines.
fn message(lines: &str) -> String {
    let text = format!("format = 1\n{lines}");
    match Catalogue::parse(&text).and_then(|c| Plan::compile(&c)) {
        Ok(_) => "accepted".into(),
        Err(e) => e.to_string(),
    }
}

fn check(lines: &str, expected: &str) {
    assert_eq!(message(lines), expected, "for\n{lines}");
}

#[test]
fn the_built_in_catalogue_compiles_and_documents_every_feature() {
    let plan = Plan::builtin();
    assert!(plan.schema.columns.len() >= 120, "{} features", plan.schema.columns.len());
    for column in &plan.schema.columns {
        assert!(column.about.len() > 10, "{} has no description", column.name);
    }
}

const GOOD: &str =
    "[[feature]]\nname = \"n\"\nabout = \"requests\"\nkey = \"account\"\non = \"refund.requested\"\n";

#[test]
fn wrong_words_get_the_nearest_valid_one() {
    check(
        &format!("{GOOD}aggregate = \"cuont\"\n"),
        "line 7, column 13: there is no aggregate `cuont`; did you mean `count`?",
    );
    check(
        "[[feature]]\nname = \"n\"\nabout = \"a\"\nkey = \"acount\"\non = \"refund.requested\"\naggregate = \"count\"\n",
        "line 5, column 8: there is no key `acount`; did you mean `account`?",
    );
    check(
        "[[feature]]\nname = \"n\"\nabout = \"a\"\nkey = \"account\"\non = \"refund.requsted\"\naggregate = \"count\"\n",
        "line 6, column 6: there is no event type `refund.requsted`; did you mean `refund.requested`?",
    );
    check(
        &format!("{GOOD}aggregate = \"count\"\nwindw = \"3d\"\n"),
        "line 8, column 1: unknown field `windw`, expected one of `name`, `about`, `reason`, `model`, `expr`, `key`, `at`, `on`, `where`, `value`, `share`, `aggregate`, `window`, `delay`, `current`; did you mean `window`?",
    );
}

#[test]
fn wrong_names_and_types_in_expressions_are_shown_where_they_stand() {
    let m = message(&format!("{GOOD}aggregate = \"count\"\nwhere = \"data.reson == 'not_received'\"\n"));
    assert!(m.starts_with("line 8, column 10: "), "{m}");
    assert!(m.contains("data.reason"), "{m}");
    let m = message(&format!("{GOOD}aggregate = \"count\"\nwhere = \"data.reason == 'not_recieved'\"\n"));
    assert!(m.starts_with("line 8, column ") && m.contains("not_received"), "{m}");
    let m = message(&format!("{GOOD}aggregate = \"count\"\nwhere = \"data.amount\"\n"));
    assert!(m.starts_with("line 8, column 10: "), "{m}");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    check(
        &format!("{GOOD}aggregate = \"sum\"\nwindow = \"3d\"\n"),
        "line 7, column 13: `sum` needs a `value`; as in value = \"data.amount\"",
    );
    check(
        &format!("{GOOD}aggregate = \"rate\"\n"),
        "line 7, column 13: `rate` needs a window; as in window = \"90d\"",
    );
    check(
        &format!("{GOOD}aggregate = \"count\"\nwindow = \"3 days\"\n"),
        "line 8, column 10: `3 days` is not a duration; write a whole number and one of s, m, h, d, w, as in 90d",
    );
    check(
        &format!("{GOOD}aggregate = \"count\"\nat = \"device\"\n"),
        "line 8, column 7: `account` is a kind of account, `device` of device; `at` leads from the request to the same kind of thing as `key`",
    );
    check(
        &format!("{GOOD}aggregate = \"count\"\nexpr = \"1\"\n"),
        "line 5, column 7: a feature with `expr` has no window of its own; make two features of it",
    );
    check(
        &format!("{GOOD}aggregate = \"count\"\n{GOOD}aggregate = \"count\"\n"),
        "line 9, column 9: a second feature is called `n`",
    );
}

#[test]
fn another_format_and_an_empty_catalogue_are_refused() {
    let parse = |t: &str| Catalogue::parse(t).map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        parse("format = 2\n[[feature]]\nname = \"n\"\nabout = \"a\"\nexpr = \"1\"\n"),
        "line 1, column 10: this catalogue has format 2, this program reads format 1; use the program that the catalogue was written for, or convert it"
    );
    assert_eq!(parse("format = 1\n"), "line 2, column 1: this catalogue has no [[feature]]");
    assert!(parse("format = 1\n[[feature]\n").starts_with("line 2, column "));
}

/// `docs/features.md`, from the catalogue itself.
fn documentation() -> String {
    use ringfence_features::catalogue::FeatureSource;
    let catalogue = Catalogue::builtin();
    let mut page = format!(
        "# The built-in features\n\nGenerated from `crates/features/catalogue/builtin.toml`; `docs/guides/features.md` describes the \
         language. {} features; money is in minor units of the reporting currency, lengths of time are in days, unknown is \
         missing.\n\n| feature | tells | of | how | reason code |\n|---|---|---|---|---|\n",
        catalogue.features.len()
    );
    for f in &catalogue.features {
        let (of, how) = match &f.source {
            FeatureSource::Expr(text) => {
                ("request".to_owned(), format!("`{}`", text.text.replace('|', "\\|")))
            }
            FeatureSource::Window(w) => {
                let window = w.window.map_or("ever".to_owned(), |d| d.to_string());
                let on: Vec<&str> = w.on.iter().map(|t| t.as_str()).collect();
                (w.at.text.clone(), format!("{} of {}, {window}", w.aggregate.as_str(), on.join(", ")))
            }
        };
        page.push_str(&format!("| `{}` | {} | {of} | {how} | {} |\n", f.name.text, f.about, f.reason.text));
    }
    page
}

#[test]
fn the_documentation_of_the_features_is_up_to_date() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/features.md");
    if std::env::var_os("RINGFENCE_BLESS").is_some() {
        std::fs::write(&path, documentation()).expect("docs/features.md can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == documentation(),
        "docs/features.md is out of date; write it anew with RINGFENCE_BLESS=1 cargo test -p ringfence-features"
    );
}
