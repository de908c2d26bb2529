//! How are the matches shown? A page with the matrix of posts and refunds, handles, dossiers, and what stays unmatched.

use super::truth::Measured;
use crate::print;
use ringfence_leads::posts::{Findings, Handle, Match, Settings, Silence, Totals};
use ringfence_report::chart::{self, CalibrationSpec, HeatSpec};
use ringfence_report::{Axis, Card, Cell, Page, Section, Svg, Table, Tone, text};
use std::collections::BTreeMap;

/// Posts in one matrix: more would be too small to read.
const ROWS_MAX: usize = 16;
/// Refunds in one matrix.
const COLUMNS_MAX: usize = 24;
/// Matrices on the page, the likeliest matches first.
const MATRICES_MAX: usize = 6;
/// Matches that are told in full.
const TOLD_MAX: usize = 200;
/// Handles that are listed.
const HANDLES_MAX: usize = 100;

/// The page as HTML.
pub(super) fn page(found: &Findings, settings: &Settings, measured: Option<&Measured>) -> String {
    let mut page = Page::new("Posts and refunds")
        .lead("Public posts beside the refunds that they may boast of. A match is a reason to look, not an accusation.")
        .term("stands", &format!("The probability is {} or more.", text::share(settings.stands_min)))
        .term("boast", "A post; posts that say the same, or show the same picture, are one.")
        .section(headline(found))
        .section(matrices(found));
    if let Some(measured) = measured {
        page = page.section(calibration(measured));
    }
    page.section(matches(found)).section(handles(found)).section(unmatched(found)).render()
}

fn headline(found: &Findings) -> Section {
    let standing: Vec<&Match> = found.matches.iter().filter(|m| m.stands).collect();
    let mut money: BTreeMap<String, i64> = BTreeMap::new();
    for one in &standing {
        *money.entry(one.money.currency.to_string()).or_default() += one.money.amount;
    }
    let sums = money.iter().filter_map(|(currency, amount)| {
        let currency = ringfence_domain::Currency::new(currency).ok()?;
        Some(ringfence_domain::Money { amount: *amount, currency }.to_string())
    });
    let expected: f64 = found.handles.iter().map(|h| h.expected).sum();
    let none_if_empty = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    Section::new("figures", "At a glance").cards(vec![
        Card::new(
            &text::count(standing.len() as f64),
            "matches that [[stands|stand]]",
            &format!("of {} [[boast|boasts]]", text::count(found.boasts as f64)),
        ),
        Card::new(
            &format!("{expected:.1}"),
            "matches to be expected in all",
            "the sum of the probabilities, also where it is unclear which refund it is",
        ),
        Card::new(
            &none_if_empty(sums.collect::<Vec<_>>().join(", ")),
            "refunded in matches that stand",
            &format!("{} refunds compared", text::count(found.refunds as f64)),
        ),
    ])
}

/// Matrices of posts by refunds, those of one matrix near each other in probability.
fn matrices(found: &Findings) -> Section {
    let mut section = Section::new("matrix", "Which post, which refund").text(
        "Each row is a post, each column a refund, numbered as in the table below each matrix. A row with several shaded cells \
         has several refunds that agree; a column with several has several posts that want it.",
    );
    let mut left: Vec<&Match> = found.matches.iter().collect();
    for _ in 0..MATRICES_MAX {
        let (mut rows, mut columns): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for one in &left {
            let new_row = !rows.contains(&one.post.as_str());
            let new_column = !columns.contains(&one.refund.as_str());
            if rows.len() + usize::from(new_row) <= ROWS_MAX
                && columns.len() + usize::from(new_column) <= COLUMNS_MAX
            {
                if new_row {
                    rows.push(&one.post);
                }
                if new_column {
                    columns.push(&one.refund);
                }
            }
        }
        if rows.is_empty() {
            break;
        }
        section = section
            .chart(matrix(found, &rows, &columns))
            .details("The refunds by number", columns_table(found, &columns));
        left.retain(|m| !rows.contains(&m.post.as_str()));
    }
    if found.matches.is_empty() {
        section = section.note(Tone::Plain, "No post agrees with a refund.");
    }
    section
}

fn matrix(found: &Findings, rows: &[&str], columns: &[&str]) -> Svg {
    let mut values = vec![vec![f64::NAN; columns.len()]; rows.len()];
    let mut handle: BTreeMap<&str, &str> = BTreeMap::new();
    for one in &found.matches {
        let row = rows.iter().position(|r| *r == one.post);
        let column = columns.iter().position(|c| *c == one.refund);
        if let (Some(row), Some(column)) = (row, column) {
            // Whole percents fit into a cell; none is certain.
            values[row][column] = (one.probability * 100.0).floor() / 100.0;
            handle.insert(&one.post, &one.handle);
        }
    }
    let standing = values.iter().flatten().filter(|v| **v >= 0.9).count();
    chart::heat(&HeatSpec {
        title: "Probability that a post is about a refund".into(),
        about: format!(
            "{} posts by {} refunds; {standing} cells at 90 % or more.",
            rows.len(),
            columns.len()
        ),
        value: Axis::share("Probability").from(0.0).to(1.0),
        rows: rows.iter().map(|r| format!("{} {}", handle.get(r).copied().unwrap_or_default(), r)).collect(),
        columns: (1..=columns.len()).map(|n| n.to_string()).collect(),
        values,
    })
}

fn columns_table(found: &Findings, columns: &[&str]) -> Section {
    let mut table = Table::new("", &["number", "refund", "money", "ring"]);
    for (n, column) in columns.iter().enumerate() {
        if let Some(one) = found.matches.iter().find(|m| m.refund == *column) {
            table = table.row(vec![
                Cell::Number((n + 1).to_string()),
                one.refund.as_str().into(),
                Cell::Number(one.money.to_string()),
                one.ring.clone().unwrap_or_default().into(),
            ]);
        }
    }
    Section::new("", "").table(table)
}

fn calibration(measured: &Measured) -> Section {
    Section::new("calibration", "How true the probabilities are")
        .text(&format!(
            "By the truth of the simulation **{} of {}** matches that [[stands|stand]] are right (precision {:.3}); they are {} of \
             the {} boasts that there are. The mean gap between probability and truth is {:.3}.",
            measured.right,
            measured.said,
            measured.precision,
            text::share(measured.recall),
            measured.boasts,
            measured.calibration_error
        ))
        .chart(chart::calibration(&CalibrationSpec {
            title: "Predicted probability of a match, and how often it came true".into(),
            about: format!("The mean gap is {:.3}.", measured.calibration_error),
            event: "probability of a match".into(),
            series: vec![("pairs of a post and a refund".into(), measured.bins.clone())],
        }))
}

fn matches(found: &Findings) -> Section {
    let mut section = Section::new("matches", "Matches that stand");
    let standing: Vec<&Match> = found.matches.iter().filter(|m| m.stands).collect();
    for one in standing.iter().take(TOLD_MAX) {
        let summary = format!(
            "{} · {} · {} by {}",
            text::share(one.probability),
            one.money,
            code(&one.refund),
            code(&one.handle)
        );
        let inner = Section::new("", "")
            .text(&format!("Post {} in {} at {}.", code(&one.post), code(&one.channel), one.posted_at))
            .list(one.why.iter().map(|w| plain(w)).collect());
        section = section.details(&summary, inner);
    }
    if standing.len() > TOLD_MAX {
        section = section.text(&format!("… and {} more.", standing.len() - TOLD_MAX));
    }
    if standing.is_empty() { section.note(Tone::Plain, "No match stands.") } else { section }
}

fn handles(found: &Findings) -> Section {
    let columns =
        ["handle", "boasts", "matched", "expected", "claimed", "matched money", "first", "last", "rings"];
    let mut table = Table::new("Claimed is what the posts say, the first amount of each boast.", &columns);
    for handle in found.handles.iter().filter(|h| h.matched > 0 || h.boasts > 1).take(HANDLES_MAX) {
        let rings = handle.rings.iter().map(|r| {
            format!(
                "{}: {:.1} of {:.1} matches, by chance with probability {:.2e}",
                r.ring, r.matches, r.of, r.p_value
            )
        });
        table = table.row(vec![
            code(&handle.handle).into(),
            Cell::Number(text::count(handle.boasts as f64)),
            Cell::Number(text::count(handle.matched as f64)),
            Cell::Number(format!("{:.1}", handle.expected)),
            Cell::Number(totals(handle, |t| t.claimed)),
            Cell::Number(totals(handle, |t| t.matched)),
            print::day(handle.first).into(),
            print::day(handle.last).into(),
            rings.collect::<Vec<_>>().join("; ").into(),
        ]);
    }
    let section = Section::new("handles", "Handles");
    if table.is_empty() {
        section.note(Tone::Plain, "No handle boasts twice or is matched.")
    } else {
        section.table(table)
    }
}

fn unmatched(found: &Findings) -> Section {
    let kinds = [
        (Silence::OtherShop, "names another shop, not this one"),
        (Silence::NoBoast, "asks, advertises or complains"),
        (Silence::NoAmount, "names no amount"),
        (Silence::NoRefund, "no refund of that time has such an amount"),
        (Silence::Unclear, "several refunds agree, or none well enough"),
    ];
    let mut table = Table::new("", &["why", "posts", "refunds to be expected behind them"]);
    for (because, words) in kinds {
        let of = || found.unmatched.iter().filter(|u| u.because == because);
        table = table.row(vec![
            words.into(),
            Cell::Number(text::count(of().count() as f64)),
            Cell::Number(format!("{:.1}", of().map(|u| u.any).sum::<f64>())),
        ]);
    }
    Section::new("unmatched", "What stays unmatched").table(table)
}

/// Totals of a handle in words, by currency.
pub(super) fn totals(handle: &Handle, of: impl Fn(&Totals) -> i64) -> String {
    let shown = handle.totals.iter().filter(|t| of(t) != 0);
    shown.map(|t| text::money(of(t) as f64 / 100.0, &t.currency)).collect::<Vec<_>>().join(", ")
}

/// A name as it stands: what people wrote cannot open marks of the page.
fn code(name: &str) -> String {
    format!("`{}`", name.replace('`', "'"))
}

/// A sentence with words of a post in it: its marks are taken out.
fn plain(sentence: &str) -> String {
    sentence.replace("**", "*").replace("[[", "[").replace('`', "'")
}
