//! Who is behind it? Leads on rings and insiders in the demo's events, and how many of them the truth confirms.

use crate::commands::{Context, rings};
use crate::failure::Failure;
use crate::input;
use crate::labels::Labels;
use ringfence_leads::insiders::{self, insiders};
use ringfence_leads::rings::{Lead, Record, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The leads that stand, best first.
pub(crate) struct Leads {
    /// On rings.
    pub(crate) rings: Vec<Lead>,
    /// On members of staff.
    pub(crate) staff: Vec<insiders::Lead>,
    /// Leads of which at least half of the requests are one true ring's.
    pub(crate) right: usize,
    /// True rings that have such a lead.
    pub(crate) found: usize,
    /// True rings.
    pub(crate) true_rings: usize,
    /// Requests in the leads, and those of them that are a ring's by the truth.
    pub(crate) requests: (usize, usize),
    /// Requests of rings by the truth.
    pub(crate) true_requests: usize,
}

/// Looks at all events; the truth only judges.
pub(super) fn leads(events: &[PathBuf], labels: &Labels, context: &Context) -> Result<Leads, Failure> {
    let rates = &context.config.rates;
    let mut record = Record::default();
    input::fold_until(events, None, context, "look for leads", |event| record.see(event, rates))?;
    let reporting = rates.reporting();
    let found = ringfence_leads::rings::rings(&record, reporting, &Settings::default());
    let rings: Vec<Lead> = found.into_iter().filter(|l| l.stands).collect();
    let staff = insiders(record.staff(), reporting, &insiders::Settings::default());
    let staff = staff.leads.into_iter().filter(|l| l.stands).collect();
    let ring_of = |refund: &String| labels.get(refund).and_then(|l| l.ring.as_deref());
    let mut confirmed = BTreeSet::new();
    let mut right = 0;
    for lead in &rings {
        let mut of: BTreeMap<&str, usize> = BTreeMap::new();
        for ring in lead.refunds.iter().filter_map(ring_of) {
            *of.entry(ring).or_default() += 1;
        }
        if let Some((ring, n)) = of.into_iter().max_by_key(|x| x.1)
            && n * 2 >= lead.refunds.len()
        {
            right += 1;
            confirmed.insert(ring);
        }
    }
    let listed: BTreeSet<&String> = rings.iter().flat_map(|l| &l.refunds).collect();
    let true_rings: BTreeSet<&str> = labels.values().filter_map(|l| l.ring.as_deref()).collect();
    Ok(Leads {
        right,
        found: confirmed.len(),
        true_rings: true_rings.len(),
        requests: (listed.len(), listed.iter().filter(|r| ring_of(r).is_some()).count()),
        true_requests: labels.values().filter(|l| l.label.is_some() && l.ring.is_some()).count(),
        staff,
        rings,
    })
}

impl Leads {
    /// The page of the rings.
    pub(super) fn page(&self) -> String {
        rings::page::page(&self.rings.iter().collect::<Vec<_>>(), &Settings::default()).render()
    }
    /// What was found, in sentences.
    pub(super) fn words(&self) -> Vec<String> {
        vec![
            format!(
                "{} leads on rings, {} of them right by the truth; {} of {} rings have one. They name {} requests, of which {} are \
                 a ring's, of {} in all.",
                self.rings.len(),
                self.right,
                self.found,
                self.true_rings,
                self.requests.0,
                self.requests.1,
                self.true_requests
            ),
            format!("{} leads on members of staff: a reason to look, not an accusation.", self.staff.len()),
        ]
    }
}
