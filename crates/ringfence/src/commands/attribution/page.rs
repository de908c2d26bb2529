//! How does an attribution look as a page? A funnel of the drivers, the leads, the accounts.

use super::{AccountFinding, Shown, pattern};
use crate::print;
use ringfence_leads::attribution::{Attribution, Cause, Person};
use ringfence_report::chart::{self, Mark, ScatterSpec};
use ringfence_report::{Axis, Cell, Page, Section, Svg, Table, text};
use std::collections::BTreeSet;

/// The page of an attribution.
pub(crate) fn page(attribution: &Attribution<'_>, shown: &Shown) -> Page {
    let leads: BTreeSet<&str> = shown.leads.iter().map(|l| l.driver.as_str()).collect();
    let funnels = [
        (Cause::Kept, "Parcels that look kept"),
        (Cause::Strayed, "Parcels that look astray or scanned too early"),
    ];
    let funnels = funnels.map(|(cause, title)| funnel(title, &attribution.drivers(cause), &leads));
    Page::new("Who is answerable for claims")
        .lead(&format!(
            "{} claims, put down to buyers, drivers, staff or nobody by one inference over all of them. A share is a probability \
             under the model and a reason to look, not an accusation.",
            text::count(shown.run.claims as f64)
        ))
        .section(shown.leads.iter().fold(
            Section::new("drivers", "Drivers")
                .text(&format!(
                    "Each point is a driver: parcels delivered across, claims for which the driver is answerable against those to be \
                     expected upward. Few parcels make wide swings. Leads are held to a false-discovery rate of {}.",
                    text::share(shown.settings.fdr)
                ))
                .charts(funnels.into())
                .table(leads_table(shown)),
            |section, lead| {
                let why = Section::new("", "").list(lead.why.clone());
                section.details(&format!("{}: why, and what speaks against it", lead.driver), why)
            },
        ))
        .section(Section::new("accounts", "Accounts").table(accounts_table(&shown.accounts)))
}

fn funnel(title: &str, drivers: &[Person], leads: &BTreeSet<&str>) -> Svg {
    let group = |name: &str, lead: bool| chart::Group {
        name: name.to_owned(),
        points: drivers
            .iter()
            .filter(|d| d.exposure > 0.0 && leads.contains(d.id.as_str()) == lead)
            .map(|d| {
                let ratio = d.answerable / d.expected();
                let tip = format!(
                    "{}: {:.1} of {} parcels, {:.1} expected",
                    d.id,
                    d.answerable,
                    d.exposure,
                    d.expected()
                );
                (d.exposure, ratio, tip)
            })
            .collect(),
    };
    chart::scatter(&ScatterSpec {
        title: title.to_owned(),
        about: format!(
            "{} drivers by parcels and by claims against what was to be expected; {} are leads.",
            drivers.len(),
            leads.len()
        ),
        x: Axis::number("Parcels delivered"),
        y: Axis::number("Observed against expected").from(0.0),
        groups: vec![group("no lead", false), group("lead", true)],
        marks: vec![Mark::Upward(1.0, "the mean of all".to_owned())],
        curves: vec![],
    })
}

fn leads_table(shown: &Shown) -> Table {
    let columns =
        ["driver", "what it looks like", "probability", "parcels", "answerable for", "expected", "money"];
    shown.leads.iter().fold(Table::new("Drivers to be reviewed", &columns), |table, lead| {
        table.row(vec![
            Cell::Text(lead.driver.clone()),
            Cell::Text(pattern(lead).to_owned()),
            Cell::Number(print::probability(lead.probability)),
            Cell::Number(text::count(lead.parcels as f64)),
            Cell::Number(text::decimal(lead.answerable, 1)),
            Cell::Number(text::decimal(lead.expected, 1)),
            Cell::Number(lead.money.to_string()),
        ])
    })
}

fn accounts_table(accounts: &[AccountFinding]) -> Table {
    let columns =
        ["account", "answerable for at least one", "claims", "orders", "times the mean rate", "90 % within"];
    accounts.iter().fold(Table::new("Accounts, most surely answerable first", &columns), |table, account| {
        let AccountFinding { figures, within: [low, high] } = account;
        table.row(vec![
            Cell::Text(figures.id.clone()),
            Cell::Number(print::probability(figures.any)),
            Cell::Number(format!("{:.1} of {}", figures.answerable, figures.claims)),
            Cell::Number(text::count(figures.exposure)),
            Cell::Number(text::decimal(figures.ratio, 1)),
            Cell::Number(format!("{low:.1} to {high:.1}")),
        ])
    })
}
