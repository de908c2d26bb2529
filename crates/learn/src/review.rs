//! What is to be investigated next? A budget spent where most money is found and most is learned, and a part by chance.
//!
//! Looking only at the highest scores finds more of what is known already. So three things are weighed here:
//!
//! - **money**: what a review is expected to find, money at stake × probability;
//! - **learning**: what its outcome says of others. Where the score is near a half it says most, and within a group of requests
//!   that are likely of one kind (a lead, a cluster, an account) it says something of all their money. The second look at a
//!   group says less than the first;
//! - **chance**: a stated share of the budget is drawn from all that was not picked. Only that part measures how much abuse
//!   there is where nobody would have looked, and so keeps the labels, and every figure made of them, honest.
//!
//! Every pick has the probability with which it was to be picked (its **propensity**), so that sums over reviewed requests,
//! each divided by it, are right on average for all requests (Horvitz and Thompson, 1952).
//!
//! Pure: chance comes from the seed and the names of the requests, so that the same requests give the same plan in whatever
//! order they come.

use crate::chance::Chance;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

/// A request that may be reviewed.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its refund.
    pub refund: String,
    /// What it likely shares its kind with: the id of a lead, a cluster or the account. An outcome says something of all
    /// requests of its group.
    pub group: String,
    /// The calibrated probability that it is abuse.
    pub probability: f64,
    /// Money at stake, minor units of the reporting currency.
    pub amount_minor: i64,
    /// Requests of the group that were looked at already.
    pub looked_at: u32,
}

/// How a budget is spent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReviewSettings {
    /// Requests that there is time for.
    pub budget: usize,
    /// The share of them that is drawn by chance, from 0 to 1; 0.1 to 0.2 is sensible.
    pub random_share: f64,
    /// What a review's learning counts beside the money that it finds itself; 0 for none.
    pub learning: f64,
    /// Of the draw.
    pub seed: u64,
}

impl ReviewSettings {
    /// The defaults, for a budget.
    pub fn of(budget: usize) -> ReviewSettings {
        ReviewSettings { budget, random_share: 0.15, learning: 0.25, seed: 1 }
    }
}

/// Why a request was picked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Most of its worth is the money that it is expected to find.
    Money,
    /// Most of its worth is what it says of others.
    Learning,
    /// By chance.
    Chance,
}

/// A request to be reviewed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pick {
    /// Its refund.
    pub refund: String,
    /// Why.
    pub because: Because,
    /// What it is worth: expected money found and learned, minor units. Sorts a queue.
    pub worth: f64,
    /// The probability with which it was to be picked: 1 where it was picked for its worth.
    pub propensity: f64,
}

/// What the outcome of a review says of the other money of its group, by how often somebody looked there already.
fn says(looked_at: u32) -> f64 {
    1.0 / f64::from(1 + looked_at).powi(2)
}

/// Money found, and learned, by reviewing one request.
fn worth(of: &Candidate, group_money: f64, looked_at: u32, learning: f64) -> (f64, f64) {
    let p = of.probability.clamp(0.0, 1.0);
    let money = of.amount_minor.max(0) as f64;
    // 1 where nobody knows, 0 where everybody does.
    let unsure = 4.0 * p * (1.0 - p);
    (p * money, learning * unsure * says(looked_at) * group_money)
}

/// Money of a group beyond so many times a request's own is not learned from one outcome.
const GROUP_TIMES_MAX: f64 = 20.0;

struct Entry<'a> {
    worth: f64,
    looked_at: u32,
    of: &'a Candidate,
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Entry<'_> {}
impl PartialOrd for Entry<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.worth.total_cmp(&other.worth).then_with(|| other.of.refund.cmp(&self.of.refund))
    }
}

/// Picks what to review: those of most worth first, then those drawn by chance. Refunds are taken to be named once.
pub fn plan(candidates: &[Candidate], settings: &ReviewSettings) -> Vec<Pick> {
    let budget = settings.budget.min(candidates.len());
    let by_chance = (budget as f64 * settings.random_share.clamp(0.0, 1.0)).round() as usize;
    let mut money: BTreeMap<&str, f64> = BTreeMap::new();
    for of in candidates {
        *money.entry(of.group.as_str()).or_default() += of.amount_minor.max(0) as f64;
    }
    let others = |of: &Candidate| {
        let own = of.amount_minor.max(0) as f64;
        (money[of.group.as_str()] - own).min(own * GROUP_TIMES_MAX)
    };
    let at = |of: &Candidate, looked_at: u32| worth(of, others(of), looked_at, settings.learning);
    let entry = |of, looked_at| {
        let (found, learned) = at(of, looked_at);
        Entry { worth: found + learned, looked_at, of }
    };
    let mut looked_at: BTreeMap<&str, u32> = BTreeMap::new();
    for of in candidates {
        let most = looked_at.entry(of.group.as_str()).or_default();
        *most = of.looked_at.max(*most);
    }
    let mut heap: BinaryHeap<Entry> =
        candidates.iter().map(|of| entry(of, looked_at[of.group.as_str()])).collect();
    let mut picks = Vec::with_capacity(budget);
    // Worth only falls as a group is looked at: the largest that is up to date is the largest.
    while picks.len() < budget - by_chance
        && let Some(top) = heap.pop()
    {
        let now = looked_at[top.of.group.as_str()];
        if top.looked_at < now {
            heap.push(entry(top.of, now));
            continue;
        }
        looked_at.insert(top.of.group.as_str(), now + 1);
        let (found, learned) = at(top.of, now);
        let because = if found >= learned { Because::Money } else { Because::Learning };
        picks.push(Pick { refund: top.of.refund.clone(), because, worth: top.worth, propensity: 1.0 });
    }
    let mut rest: Vec<&Candidate> = heap.into_iter().map(|e| e.of).collect();
    rest.sort_by(|a, b| a.refund.cmp(&b.refund));
    let propensity = by_chance as f64 / rest.len().max(1) as f64;
    let mut chance = Chance::new(settings.seed, CHANCE);
    for n in 0..by_chance.min(rest.len()) {
        let drawn = n + chance.below(rest.len() - n);
        rest.swap(n, drawn);
        let (found, learned) = at(rest[n], looked_at[rest[n].group.as_str()]);
        let refund = rest[n].refund.clone();
        picks.push(Pick { refund, because: Because::Chance, worth: found + learned, propensity });
    }
    picks
}

/// The purpose of the draw, which tells it from others of the same seed.
const CHANCE: u64 = 0x7265_7669_6577;
