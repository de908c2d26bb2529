//! How are rings shown? Each as a graph of accounts and what ties them, and all of them over time.

use super::head;
use crate::print;
use ringfence_leads::rings::{Lead, Settings, Shared};
use ringfence_report::chart::{self, GraphSpec, Group, Node, ScatterSpec};
use ringfence_report::{Axis, Card, Cell, Page, Section, Svg, Table, Tone, text};
use std::collections::BTreeMap;

/// Rings drawn one by one; the others are in the table.
const DRAWN: usize = 24;
/// Identifiers of a ring in its table.
const ROWS: usize = 12;

/// The page.
pub(crate) fn page(leads: &[&Lead], settings: &Settings) -> Page {
    let page = Page::new("Rings")
        .lead("Refund requests of accounts that look unrelated, with one hand behind them: leads for people to review, not accusations.")
        .term("lead", "A reason to look, with its probability, what it rests on and what speaks against it.")
        .term("false-discovery rate", "The share of the leads that is expected to be no ring.")
        .term("probability", "That there is a ring at all: that the strongest tie is a ring's.")
        .section(overview(leads, settings));
    let page = leads.iter().take(DRAWN).fold(page, |page, lead| page.section(of_ring(lead)));
    page.note(&format!("Written by `ringfence rings` {}.", env!("CARGO_PKG_VERSION")))
}

fn overview(leads: &[&Lead], settings: &Settings) -> Section {
    let section = Section::new("overview", "In short");
    if leads.is_empty() {
        return section.note(Tone::Plain, "Nothing that unrelated accounts share looks like one hand.");
    }
    let accounts: usize = leads.iter().map(|l| l.accounts.len()).sum();
    let money: i64 = leads.iter().map(|l| l.money.amount).sum();
    let currency = leads[0].money.currency;
    let active = leads.iter().filter(|l| !l.closed).count();
    let table = leads.iter().fold(
        Table::new(
            "Best first",
            &["ring", "probability", "accounts", "refunds", "money", "first", "last", "state"],
        ),
        |table, l| {
            let state = if l.control {
                "control"
            } else if l.closed {
                "stopped"
            } else {
                "active"
            };
            table.row(vec![
                Cell::Text(l.ring.clone()),
                Cell::Number(print::probability(l.probability)),
                Cell::Number(l.accounts.len().to_string()),
                Cell::Number(l.refunds.len().to_string()),
                Cell::Number(l.money.to_string()),
                Cell::Number(print::day(l.from)),
                Cell::Number(print::day(l.to)),
                Cell::Text(state.into()),
            ])
        },
    );
    section
        .cards(vec![
            Card::new(&leads.len().to_string(), "[[lead|leads]]", &format!("{active} active")),
            Card::new(&accounts.to_string(), "accounts in them", "an account may be in two"),
            Card::new(
                &ringfence_domain::Money { amount: money, currency }.to_string(),
                "asked for",
                "paid or not",
            ),
            Card::new(&text::share(settings.fdr), "of the leads may be no ring", "[[false-discovery rate]]"),
        ])
        .chart(over_time(leads))
        .table(table)
}

/// One row a ring: from its first to its last request.
fn over_time(leads: &[&Lead]) -> Svg {
    let point = |(row, l): (usize, &&Lead)| {
        let tip = |what: &str, at| format!("{}: {what} request {}", l.ring, print::day(at));
        let y = (row + 1) as f64;
        [(l.from.millis() as f64, y, tip("first", l.from)), (l.to.millis() as f64, y, tip("last", l.to))]
    };
    let of = |closed: bool| {
        let rows = leads.iter().enumerate().filter(|(_, l)| l.closed == closed);
        rows.flat_map(point).collect()
    };
    chart::scatter(&ScatterSpec {
        title: "First and last request of each ring".into(),
        about: format!(
            "{} rings, by rank; a ring without a request for long counts as stopped.",
            leads.len()
        ),
        x: Axis::time("Time of the request"),
        y: Axis::number("Rank of the ring").from(0.0).to(leads.len() as f64 + 1.0),
        groups: vec![
            Group { name: "active".into(), points: of(false) },
            Group { name: "stopped".into(), points: of(true) },
        ],
        marks: vec![],
        curves: vec![],
    })
}

fn of_ring(lead: &Lead) -> Section {
    let table = lead.identifiers.iter().take(ROWS).fold(
        Table::new("What ties its accounts, strongest first", &["kind", "value", "accounts", "probability"]),
        |table, i| {
            table.row(vec![
                Cell::Text(print::word(&i.kind)),
                Cell::Text(i.value.clone()),
                Cell::Number(i.accounts.len().to_string()),
                Cell::Number(print::probability(i.probability)),
            ])
        },
    );
    let section =
        Section::new(&lead.ring, &lead.ring).text(&head(lead)).chart(graph(lead)).list(lead.why.clone());
    if table.is_empty() { section } else { section.table(table) }
}

const ACCOUNTS: usize = 0;
const MACHINES: usize = 1;
const TEXTS: usize = 2;
const PEOPLE: usize = 3;
const STAFF: usize = 4;

fn group(shared: Shared) -> usize {
    match shared {
        Shared::Device | Shared::Ip => MACHINES,
        Shared::Script | Shared::Document => TEXTS,
        Shared::Instrument | Shared::Address | Shared::Payment | Shared::Email | Shared::Phone => PEOPLE,
        Shared::Staff | Shared::StaffSession => STAFF,
    }
}

/// A ring as a graph.
pub(crate) fn graph(lead: &Lead) -> Svg {
    let account = |name: &String| Node {
        name: name.clone(),
        group: ACCOUNTS,
        size: 1.0,
        tip: format!("account {name}"),
    };
    let mut nodes: Vec<Node> = lead.accounts.iter().map(account).collect();
    let place: BTreeMap<&str, usize> = lead.accounts.iter().map(String::as_str).zip(0..).collect();
    let mut ties = Vec::new();
    for tie in lead.identifiers.iter().chain(&lead.staff_ties) {
        let kind = print::word(&tie.kind);
        let tip = format!(
            "{kind} {}: {} accounts, {}",
            tie.value,
            tie.accounts.len(),
            print::probability(tie.probability)
        );
        let size = 1.3 + 0.1 * (tie.accounts.len() as f64).min(12.0);
        nodes.push(Node { name: tie.value.clone(), group: group(tie.kind), size, tip });
        let here = nodes.len() - 1;
        ties.extend(
            tie.accounts.iter().filter_map(|a| Some((*place.get(a.as_str())?, here, tie.probability))),
        );
    }
    chart::graph(&GraphSpec {
        title: format!("{}: who is tied by what", lead.ring),
        about: format!(
            "{} accounts, {} identifiers and {} members of staff; wider lines are more probable ties.",
            lead.accounts.len(),
            lead.identifiers.len(),
            lead.staff.len()
        ),
        groups: [
            "accounts",
            "machines and networks",
            "texts and documents",
            "identifiers of people",
            "staff",
        ]
        .map(String::from)
        .to_vec(),
        nodes,
        ties,
    })
}
