//! What is known of a claim, an account, a driver, a member of staff? Shares and rates, with how sure they are.

use crate::attribution::Attribution;
use crate::attribution::causes::{Cause, Culprit};
use crate::attribution::graph::{Claim, handlers};
use crate::attribution::infer::Fit;
use crate::numbers::Numbers;
use crate::stats::Posterior;
use serde::Serialize;

/// Who is answerable for a claim: probabilities that sum to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimShares {
    /// The refund request.
    pub refund: String,
    /// Who asked.
    pub account: String,
    /// The account's holder.
    pub buyer: f64,
    /// Who handed the parcel over.
    pub driver: f64,
    /// Who recorded or decided.
    pub staff: f64,
    /// Nobody in particular: honest trouble, a stranger, an ordinary return.
    pub nobody: f64,
    /// The likeliest of them.
    pub likeliest: Culprit,
    /// The driver with most of the driver's share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_id: Option<String>,
    /// The members of staff who had to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub staff_ids: Vec<String>,
}

/// What is known of one account, driver or member of staff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Person {
    /// Who.
    pub id: String,
    /// Of what: a driver has two figures, a member of staff one.
    pub cause: Cause,
    /// Orders, parcels, or requests handled counted as orders.
    pub exposure: f64,
    /// Claims in which it is a possible cause.
    pub claims: usize,
    /// Claims for which the person is answerable, each with its share.
    pub answerable: f64,
    /// The probability of being answerable for at least one.
    pub any: f64,
    /// Mean rate, for a unit of exposure.
    pub rate: f64,
    /// The rate against the mean of all of the kind.
    pub ratio: f64,
    #[serde(skip)]
    posterior: Posterior,
    #[serde(skip)]
    mean_of_all: f64,
}

impl Person {
    /// The ratio lies within these with 90 %.
    pub fn within(&self) -> [f64; 2] {
        [0.05, 0.95].map(|share| self.posterior.quantile(share) / self.mean_of_all)
    }
    /// The probability that the rate is above so many times the mean of all.
    pub fn above(&self, times: f64) -> f64 {
        self.posterior.above(times * self.mean_of_all)
    }
    /// How many claims were to be expected with the mean rate of all.
    pub fn expected(&self) -> f64 {
        self.exposure * self.mean_of_all
    }
}

/// Sums by culprit.
pub(crate) fn by_culprit(causes: impl Iterator<Item = (Cause, f64)>) -> [f64; 4] {
    let mut sums = [0.0; 4];
    for (cause, share) in causes {
        sums[cause.culprit() as usize] += share;
    }
    sums
}

/// The first of the greatest.
pub(crate) fn likeliest(sums: &[f64; 4]) -> Culprit {
    let all = [Culprit::Nobody, Culprit::Buyer, Culprit::Driver, Culprit::Staff];
    all.into_iter()
        .fold(Culprit::Nobody, |best, c| if sums[c as usize] > sums[best as usize] { c } else { best })
}

/// Belief in the rate of a unit. What is not certain of the count widens it (moments of the mixture).
fn posterior(fit: &Fit, cause: Cause, unit: usize) -> Posterior {
    let (units, belief) = (&fit.units[cause as usize], fit.beliefs[cause as usize]);
    let shape = belief.shape + units.claims[unit];
    let narrower = shape / (shape + units.unsure[unit]);
    Posterior::gamma(shape * narrower, (belief.scale + units.exposure[unit]) * narrower)
}

impl Attribution<'_> {
    /// Every claim with who is answerable for it, in the order of the names of the requests.
    pub fn claims(&self) -> impl Iterator<Item = ClaimShares> + '_ {
        self.fit.graph.claims.iter().map(|claim| self.shares(claim))
    }
    /// One claim.
    pub fn claim(&self, refund: &str) -> Option<ClaimShares> {
        self.find(refund).map(|claim| self.shares(claim))
    }
    pub(crate) fn find(&self, refund: &str) -> Option<&Claim> {
        let number = self.record.refund(refund)?;
        let name = |c: &Claim| self.record.refunds.text(c.refund);
        let claims = &self.fit.graph.claims;
        let found = claims.binary_search_by(|c| name(c).cmp(refund)).ok()?;
        Some(&claims[found]).filter(|c| c.refund == number)
    }

    fn shares(&self, claim: &Claim) -> ClaimShares {
        let record = self.record;
        let asked = record.request(claim.refund).expect("a claim has a request");
        let edges = || claim.edges.clone().map(|e| (&self.fit.graph.edges[e], self.fit.shares[e]));
        let sums = by_culprit(edges().map(|(e, share)| (e.cause, share)));
        let likeliest = likeliest(&sums);
        let of_drivers = record.orders[asked.order as usize].parcels.iter();
        let of_drivers = of_drivers.filter_map(|&p| record.parcels[p as usize].driver);
        let share_of = |driver: u32| -> f64 {
            let unit = self.fit.graph.index.driver(driver);
            edges()
                .filter(|(e, _)| e.cause.culprit() == Culprit::Driver && e.unit == unit)
                .map(|(_, s)| s)
                .sum()
        };
        let driver = of_drivers.max_by(|&a, &b| {
            let names = || record.drivers.text(b).cmp(record.drivers.text(a));
            share_of(a).total_cmp(&share_of(b)).then_with(names)
        });
        let staff = handlers(record, claim.refund, asked).into_iter().flatten();
        ClaimShares {
            refund: record.refunds.text(claim.refund).to_owned(),
            account: record.accounts.text(asked.account).to_owned(),
            buyer: sums[Culprit::Buyer as usize],
            driver: sums[Culprit::Driver as usize],
            staff: sums[Culprit::Staff as usize],
            nobody: sums[Culprit::Nobody as usize],
            likeliest,
            driver_id: driver.map(|d| record.drivers.text(d).to_owned()),
            staff_ids: staff.map(|s| record.staff.text(s).to_owned()).collect(),
        }
    }

    /// A culprit's share in a claim if its rate were at either end of what the other claims leave open (90 %).
    pub fn within(&self, refund: &str, culprit: Culprit) -> Option<[f64; 2]> {
        let claim = self.find(refund)?;
        Some([0.05, 0.95].map(|end| {
            let weight = |edge: usize| {
                let (share, edge) = (self.fit.shares[edge], self.fit.graph.edges[edge]);
                if edge.cause.culprit() != culprit || share == 0.0 {
                    return share;
                }
                let (shape, scale) = self.fit.gamma(edge, share);
                let belief = Posterior::gamma(shape, scale);
                share * belief.quantile(end) / belief.mean()
            };
            let weights = claim.edges.clone().map(|e| (self.fit.graph.edges[e].cause, weight(e)));
            let sums = by_culprit(weights);
            let all: f64 = sums.iter().sum();
            if all > 0.0 { sums[culprit as usize] / all } else { 0.0 }
        }))
    }

    /// Every account as a possible liar, in the order of the names.
    pub fn accounts(&self) -> Vec<Person> {
        self.people(Cause::Buyer, &self.record.accounts)
    }
    /// Every driver as one who keeps parcels ([`Cause::Kept`]) or lets them go astray ([`Cause::Strayed`]).
    pub fn drivers(&self, cause: Cause) -> Vec<Person> {
        assert!(cause.culprit() == Culprit::Driver, "{cause:?} is not about drivers");
        self.people(cause, &self.record.drivers)
    }
    /// Every member of staff as one who helps along what is not so.
    pub fn staff(&self) -> Vec<Person> {
        self.people(Cause::Staff, &self.record.staff)
    }

    fn people(&self, cause: Cause, names: &Numbers) -> Vec<Person> {
        let units = &self.fit.units[cause as usize];
        let mean_of_all = self.fit.beliefs[cause as usize].mean();
        let (mut claims, mut none) = (vec![0; units.claims.len()], vec![1.0; units.claims.len()]);
        for (edge, share) in self.fit.graph.edges.iter().zip(&self.fit.shares) {
            if edge.cause == cause && (edge.unit as usize) < claims.len() {
                claims[edge.unit as usize] += 1;
                none[edge.unit as usize] *= 1.0 - share;
            }
        }
        let mut by_name = vec![0; names.len()];
        for (number, rank) in names.ranks().into_iter().enumerate() {
            by_name[rank as usize] = number as u32;
        }
        let person = |(unit, number): (usize, u32)| {
            let posterior = posterior(&self.fit, cause, unit);
            Person {
                id: names.text(number).to_owned(),
                cause,
                exposure: units.exposure[unit],
                claims: claims[unit],
                answerable: units.claims[unit],
                any: 1.0 - none[unit],
                rate: posterior.mean(),
                ratio: posterior.mean() / mean_of_all,
                posterior,
                mean_of_all,
            }
        };
        by_name.into_iter().enumerate().map(person).collect()
    }
}
