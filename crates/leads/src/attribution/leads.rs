//! Which drivers are worth a review? Those whose rate is very likely far above that of all, held to a false-discovery rate.

use crate::attribution::Attribution;
use crate::attribution::causes::{Cause, Culprit};
use crate::attribution::figures::Person;
use ringfence_domain::{Currency, Money};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A driver to be reviewed. Not an accusation: see `why`, which also says what speaks against it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriverLead {
    /// Who.
    pub driver: String,
    /// The probability that the rate is above the ratio of interest.
    pub probability: f64,
    /// What the claims look like: parcels kept, or gone astray.
    pub pattern: Cause,
    /// Parcels delivered.
    pub parcels: u64,
    /// Claims after them of which the driver is a possible cause.
    pub claims: usize,
    /// For how many of these the driver is answerable, each with its share.
    pub answerable: f64,
    /// How many were to be expected with the mean rate of all drivers.
    pub expected: f64,
    /// The driver's rate against that of all, drawn to it.
    pub ratio: f64,
    /// The ratio lies within these with 90 %.
    pub within: [f64; 2],
    /// The requests for which the driver is answerable with at least a half, in the order of their names.
    pub refunds: Vec<String>,
    /// Their sum.
    pub money: Money,
    /// Mean share of wrong ones among this lead and those before it.
    pub fdr: f64,
    /// For people: what was seen, and what speaks against it.
    pub why: Vec<String>,
}

impl Attribution<'_> {
    /// Drivers as leads, best first. The list ends where the mean probability of being wrong passes the stated rate
    /// (Newton, Noueiry, Sarkar and Ahlquist, Biostatistics 2004).
    pub fn driver_leads(&self, reporting: Currency) -> Vec<DriverLead> {
        let mut found: Vec<(f64, Person)> = Vec::new();
        let patterns = self.drivers(Cause::Kept).into_iter().zip(self.drivers(Cause::Strayed));
        for (kept, strayed) in patterns {
            let probability = |p: &Person| p.above(self.settings.ratio_of_interest);
            let (one, other) = (probability(&kept), probability(&strayed));
            found.push(if other > one { (other, strayed) } else { (one, kept) });
        }
        found.retain(|(_, person)| person.answerable >= self.settings.claims_min);
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        let (mut wrong, mut leads) = (0.0, Vec::new());
        for (probability, person) in found {
            wrong += 1.0 - probability;
            let fdr = wrong / (leads.len() + 1) as f64;
            if fdr > self.settings.fdr {
                break;
            }
            leads.push(self.lead(probability, fdr, &person, reporting));
        }
        leads
    }

    fn lead(&self, probability: f64, fdr: f64, person: &Person, reporting: Currency) -> DriverLead {
        let number = self.record.drivers.known(&person.id).expect("the figures name drivers of the record");
        let unit = self.fit.graph.index.driver(number);
        let (mut refunds, mut amount, mut accounts) = (Vec::new(), 0, BTreeMap::<u32, u32>::new());
        for claim in &self.fit.graph.claims {
            let of_driver = claim.edges.clone().filter(|&e| {
                let edge = &self.fit.graph.edges[e];
                edge.unit == unit && edge.cause.culprit() == Culprit::Driver
            });
            let share: f64 = of_driver.map(|e| self.fit.shares[e]).sum();
            if share >= 0.5 {
                let asked = self.record.request(claim.refund).expect("a claim has a request");
                refunds.push(self.record.refunds.text(claim.refund).to_owned());
                amount += asked.amount;
                *accounts.entry(asked.account).or_default() += 1;
            }
        }
        DriverLead {
            driver: person.id.clone(),
            probability,
            pattern: person.cause,
            parcels: person.exposure as u64,
            claims: person.claims,
            answerable: person.answerable,
            expected: person.expected(),
            ratio: person.ratio,
            within: person.within(),
            money: Money { amount, currency: reporting },
            fdr,
            why: self.lead_in_words(person, unit, refunds.len(), &accounts),
            refunds,
        }
    }

    fn lead_in_words(
        &self,
        person: &Person,
        unit: u32,
        refunds: usize,
        accounts: &BTreeMap<u32, u32>,
    ) -> Vec<String> {
        let what = match person.cause {
            Cause::Strayed => "gone astray or scanned too early",
            _ => "kept",
        };
        let [low, high] = person.within();
        let mut why = vec![format!(
            "{:.1} of {} parcels look {what} where {:.1} were to be expected of the mean of all drivers ({:.1} times as many after \
             shrinkage, 90 % within {low:.1} to {high:.1})",
            person.answerable,
            person.exposure,
            person.expected(),
            person.ratio
        )];
        why.push(format!(
            "{refunds} requests of {} accounts are put down to the driver with at least a half",
            accounts.len()
        ));
        if let Some(most) = accounts.values().max().filter(|&&most| most > 1 && most as usize * 2 >= refunds)
        {
            why.push(format!("against: {most} of the {refunds} come from one account"));
        }
        let areas = self.areas_of(unit);
        if let Some((ratio, area)) =
            areas.into_iter().filter(|(ratio, _)| *ratio >= 1.5).max_by(|a, b| a.0.total_cmp(&b.0))
        {
            why.push(format!("against: in {area} parcels vanish from doors {ratio:.1} times as often as elsewhere, with every driver"));
        }
        why.push(
            "not looked at: who else sat in the van, parcels taken before the tour, shared scanners, stand-ins under the same id"
                .to_owned(),
        );
        why
    }

    /// The areas of a driver's claims: how often strangers take parcels there against all areas, and the area.
    fn areas_of(&self, unit: u32) -> Vec<(f64, String)> {
        let mut areas = BTreeSet::new();
        for parcel in &self.record.parcels {
            let of_driver = parcel.driver.is_some_and(|d| self.fit.graph.index.driver(d) == unit);
            areas.extend(parcel.area.filter(|_| of_driver));
        }
        let mean = self.fit.beliefs[Cause::Stranger as usize].mean();
        let ratio = |area: u32| self.fit.rate_of(Cause::Stranger, self.fit.graph.index.area(area)) / mean;
        areas.into_iter().map(|area| (ratio(area), self.record.areas.text(area).to_owned())).collect()
    }
}
