//! How are leads on staff shown? A funnel plot for each family of figures, and the leads with what speaks against them.

use crate::print;
use ringfence_leads::insiders::{Family, Lead, Settings, Unit};
use ringfence_leads::stats::dispersion;
use ringfence_report::chart::{self, FunnelSpec};
use ringfence_report::{Cell, Page, Section, Svg, Table, Tone, text};
use std::collections::BTreeSet;

/// The page.
pub(super) fn page(leads: &[&Lead], units: &[(String, Unit)], settings: &Settings) -> Page {
    let named: BTreeSet<&str> = leads.iter().filter(|l| l.stands).map(|l| l.staff.as_str()).collect();
    let funnels: Vec<Svg> =
        Family::ALL.into_iter().filter_map(|family| funnel(family, units, &named)).collect();
    let section = Section::new("leads", "Leads");
    let section = if leads.is_empty() {
        section.note(Tone::Plain, "Nobody's figures are out of line in two kinds of evidence.")
    } else {
        leads.iter().fold(section.table(table(leads)), |section, lead| {
            section.details(&format!("{}: why, and what speaks against it", lead.staff), why(lead))
        })
    };
    Page::new("Staff whose figures call for a review")
        .lead("Figures of each member of staff beside those of the peers in the same situations. A lead is a reason to look, not an accusation.")
        .term("expected", "What the others do in the same situations: nobody's own figures take part in what is expected of them.")
        .term("false-discovery rate", "The share of the figures out of line that is expected to be so by chance.")
        .section(section)
        .section(
            Section::new("funnels", "Everybody beside the peers")
                .text(&format!(
                    "Each point is a person. Between the dashed limits lie 95 of 100 who do as the peers do; they are wide where \
                     there are few occasions, and as wide as honest people differ. Figures are called out of line at a \
                     [[false-discovery rate]] of {} a family; a lead has at least {} kinds of evidence.",
                    text::share(settings.fdr),
                    settings.kinds_min
                ))
                .charts(funnels),
        )
        .note(&format!("Written by `ringfence insiders` {}.", env!("CARGO_PKG_VERSION")))
}

fn funnel(family: Family, units: &[(String, Unit)], named: &BTreeSet<&str>) -> Option<Svg> {
    let of_family: Vec<&(String, Unit)> = units.iter().filter(|(_, u)| u.family == family).collect();
    let figures: Vec<(u64, f64)> = of_family.iter().map(|(_, u)| (u.observed, u.expected)).collect();
    let unit = |(staff, u): &&(String, Unit)| chart::Unit {
        observed: u.observed,
        expected: u.expected,
        tip: format!("{staff}: {} of {}, {:.1} expected", u.observed, u.trials, u.expected),
        group: usize::from(named.contains(staff.as_str())),
    };
    let out_of_line = of_family.iter().filter(|(staff, _)| named.contains(staff.as_str())).count();
    chart::funnel(&FunnelSpec {
        title: print::capital(family.about()),
        about: format!(
            "{} people by expected and by observed against expected; {out_of_line} of them are leads.",
            figures.len()
        ),
        x: "Hits to be expected (logarithmic)".to_owned(),
        y: "Observed against expected".to_owned(),
        alike: "as the peers".to_owned(),
        groups: vec!["no lead".to_owned(), "lead".to_owned()],
        units: of_family.iter().map(unit).collect(),
        spread: dispersion(&figures),
    })
}

fn table(leads: &[&Lead]) -> Table {
    let columns = ["staff", "probability", "looks", "figures out of line", "refunds", "money"];
    leads.iter().fold(Table::new("Best first", &columns), |table, lead| {
        let families: Vec<String> = lead.families.iter().map(|f| print::word(&f.family)).collect();
        table.row(vec![
            lead.staff.as_str().into(),
            Cell::Number(print::probability(lead.probability)),
            if lead.control {
                "control, picked at random".into()
            } else {
                print::word(&lead.pattern).as_str().into()
            },
            families.join(", ").as_str().into(),
            Cell::Number(lead.refunds.len().to_string()),
            Cell::Number(lead.money.to_string()),
        ])
    })
}

fn why(lead: &Lead) -> Section {
    Section::new("", "").list(lead.why.clone())
}
