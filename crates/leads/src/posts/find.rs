//! What is found? Matches, what each handle claims and what of it is matched, and what stays unmatched.

use crate::posts::Settings;
use crate::posts::amounts::Unit;
use crate::posts::background::Background;
use crate::posts::boasts::{Boast, Mention, boasts};
use crate::posts::candidates::{Candidate, Ledger, candidates};
use crate::posts::fit::{Linkage, Outcome};
use crate::posts::goods::Goods;
use crate::posts::names::Names;
use crate::posts::record::Record;
use crate::posts::why;
use crate::posts::words::Act;
use ringfence_domain::{Currency, Money, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// A boast and a refund that it may be about.
#[derive(Clone, Debug, Serialize)]
pub struct Match {
    /// The post, the earliest where several say the same.
    pub post: String,
    /// Posts that say the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<String>,
    /// Who wrote it.
    pub handle: String,
    /// Where.
    pub channel: String,
    /// When.
    pub posted_at: Timestamp,
    /// The refund.
    pub refund: String,
    /// What was refunded.
    pub money: Money,
    /// The ring whose refund it is, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring: Option<String>,
    /// How likely the post is about this refund.
    pub probability: f64,
    /// At most so many other refunds would agree as well by chance.
    pub by_chance: f64,
    /// Whether it is above the stated probability.
    pub stands: bool,
    /// What agrees and what does not.
    pub why: Vec<String>,
}

/// Why a post is matched to nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// It names another shop only.
    OtherShop,
    /// It asks, advertises or complains.
    NoBoast,
    /// It names no amount.
    NoAmount,
    /// No refund of that time can become the amount.
    NoRefund,
    /// Several refunds agree, or none well enough.
    Unclear,
}

/// A post that stays unmatched.
#[derive(Clone, Debug, Serialize)]
pub struct Unmatched {
    /// The post.
    pub post: String,
    /// Who wrote it.
    pub handle: String,
    /// Why.
    pub because: Silence,
    /// The probability that it is about any refund in the ledger.
    pub any: f64,
    /// Why, in words.
    pub why: Vec<String>,
}

/// What a handle claims and what of it is matched, in one currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Totals {
    /// `unsaid` where posts name none.
    pub currency: String,
    /// Hundredths claimed in boasts, the first amount of each.
    pub claimed: i64,
    /// Hundredths refunded in matches that stand.
    pub matched: i64,
}

/// A ring to whose refunds a handle's boasts keep leading.
#[derive(Clone, Debug, Serialize)]
pub struct RingTie {
    /// The ring.
    pub ring: String,
    /// Matches to be expected with its refunds, as the sum of probabilities.
    pub matches: f64,
    /// Of all matches of the handle.
    pub of: f64,
    /// How likely so many or more fall to this ring by chance.
    pub p_value: f64,
}

/// What is known of a handle.
#[derive(Clone, Debug, Serialize)]
pub struct Handle {
    /// As it is written.
    pub handle: String,
    /// Boasts; posts that say the same count once.
    pub boasts: u64,
    /// Matches that stand.
    pub matched: u64,
    /// Matches to be expected: the sum of probabilities.
    pub expected: f64,
    /// First and last boast.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// Money by currency.
    pub totals: Vec<Totals>,
    /// Rings, the strongest tie first.
    pub rings: Vec<RingTie>,
}

/// All that is found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// From the told probability on, the likeliest first.
    pub matches: Vec<Match>,
    /// Those with most matched money first.
    pub handles: Vec<Handle>,
    /// In the order of time.
    pub unmatched: Vec<Unmatched>,
    /// Posts that were read.
    pub posts: u64,
    /// Boasts among them: posts that say the same are one.
    pub boasts: u64,
    /// Refunds that they were compared with.
    pub refunds: u64,
}

/// Matches the posts of a record to its refunds. `rings` names the ring of a refund, where one is known.
pub fn posts(
    record: &Record,
    names: &Names,
    rings: &BTreeMap<String, String>,
    settings: &Settings,
) -> Findings {
    let goods = Goods::learn(record);
    let (boasts, _) = boasts(record, names, &goods);
    let mut ring_names: Vec<&str> = rings.values().map(String::as_str).collect();
    ring_names.sort_unstable();
    ring_names.dedup();
    let ring_of = |refund: &str| {
        let ring = rings.get(refund)?;
        ring_names.binary_search(&ring.as_str()).ok().map(|n| n as u32)
    };
    let ledger = Ledger::new(record, &goods, ring_of);
    let mut too_many = vec![false; boasts.len()];
    let compared: Vec<Vec<Candidate>> = boasts
        .iter()
        .zip(&mut too_many)
        .map(|(boast, too_many)| {
            if !boast.boasts() {
                return Vec::new();
            }
            candidates(&ledger, &goods, boast).unwrap_or_else(|| {
                *too_many = true;
                Vec::new()
            })
        })
        .collect();
    let background = Background::new(&boasts, goods.len());
    let mut linkage = Linkage::new(&ledger, &boasts, compared, &background, &goods);
    let outcomes = linkage.fit();
    let teller = Teller { record, linkage: &linkage, outcomes: &outcomes, ring_names: &ring_names, settings };
    let matches = teller.matches();
    Findings {
        handles: teller.handles(&matches),
        unmatched: teller.unmatched(&matches, &too_many),
        matches,
        posts: record.posts.len() as u64,
        boasts: boasts.len() as u64,
        refunds: ledger.refunds.len() as u64,
    }
}

/// Tells what came out.
struct Teller<'a> {
    record: &'a Record,
    linkage: &'a Linkage<'a>,
    outcomes: &'a [Outcome],
    ring_names: &'a [&'a str],
    settings: &'a Settings,
}

impl Teller<'_> {
    fn post_id(&self, boast: &Boast) -> String {
        self.record.posts[boast.posts[0]].id.clone()
    }

    fn matches(&self) -> Vec<Match> {
        let mut found = Vec::new();
        for (n, (boast, outcome)) in self.linkage.boasts.iter().zip(self.outcomes).enumerate() {
            for (c, (candidate, (probability, ratios))) in
                self.linkage.candidates[n].iter().zip(&outcome.pairs).enumerate()
            {
                if *probability < self.settings.told_min {
                    continue;
                }
                let granted = &self.linkage.ledger.refunds[candidate.refund as usize];
                let rivals =
                    outcome.pairs.iter().enumerate().filter(|(o, p)| *o != c && p.0 * 4.0 >= *probability);
                let post = &self.record.posts[boast.posts[0]];
                let refund = granted.refund;
                found.push(Match {
                    post: post.id.clone(),
                    again: boast.posts[1..].iter().map(|p| self.record.posts[*p].id.clone()).collect(),
                    handle: post.author.clone(),
                    channel: post.channel.clone(),
                    posted_at: post.at,
                    refund: self.record.refund_ids.text(refund.id).to_owned(),
                    money: Money { amount: refund.paid.unwrap_or(refund.asked), currency: refund.currency },
                    ring: granted.ring.map(|r| self.ring_names[r as usize].to_owned()),
                    probability: *probability,
                    by_chance: outcome.by_chance[c],
                    stands: *probability >= self.settings.stands_min,
                    why: why::of_match(&why::Pair {
                        text: &post.text,
                        boast,
                        candidate,
                        granted,
                        ratios: *ratios,
                        rivals: rivals.count(),
                        by_chance: outcome.by_chance[c],
                    }),
                });
            }
        }
        found.sort_by(|a, b| {
            b.probability
                .total_cmp(&a.probability)
                .then_with(|| (&a.post, &a.refund).cmp(&(&b.post, &b.refund)))
        });
        found
    }

    fn unmatched(&self, matches: &[Match], too_many: &[bool]) -> Vec<Unmatched> {
        let standing: std::collections::BTreeSet<&str> =
            matches.iter().filter(|m| m.stands).map(|m| m.post.as_str()).collect();
        let mut found = Vec::new();
        for (n, boast) in self.linkage.boasts.iter().enumerate() {
            let post = self.post_id(boast);
            if standing.contains(post.as_str()) {
                continue;
            }
            let any: f64 = self.outcomes[n].pairs.iter().map(|p| p.0).sum();
            let because = if boast.mention == Mention::Other {
                Silence::OtherShop
            } else if matches!(boast.claims.act, Act::Question | Act::Advert | Act::Complaint) {
                Silence::NoBoast
            } else if boast.amounts.is_empty() {
                Silence::NoAmount
            } else if self.linkage.compared[n] == 0 && !too_many[n] {
                Silence::NoRefund
            } else {
                Silence::Unclear
            };
            let agree = self.outcomes[n].pairs.iter().filter(|p| p.0 >= self.settings.told_min).count();
            found.push(Unmatched {
                handle: self.record.posts[boast.posts[0]].author.clone(),
                why: vec![why::of_silence(because, boast, agree, self.linkage.compared[n], too_many[n])],
                post,
                because,
                any,
            });
        }
        found
    }

    fn handles(&self, matches: &[Match]) -> Vec<Handle> {
        let standing: BTreeMap<&str, &Match> =
            matches.iter().filter(|m| m.stands).map(|m| (m.post.as_str(), m)).collect();
        let mut by_handle: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (n, boast) in self.linkage.boasts.iter().enumerate().filter(|(_, b)| b.boasts()) {
            by_handle.entry(boast.handle).or_default().push(n);
        }
        let mut found: Vec<(i64, Handle)> = by_handle
            .values()
            .map(|own| {
                let own_boasts = || own.iter().map(|n| &self.linkage.boasts[*n]);
                let matched: Vec<&Match> =
                    own_boasts().filter_map(|b| standing.get(self.post_id(b).as_str()).copied()).collect();
                let mut totals: BTreeMap<String, (i64, i64)> = BTreeMap::new();
                for amount in own_boasts().filter_map(|b| b.amounts.first()) {
                    totals.entry(unit_name(amount.unit)).or_default().0 += amount.hundredths;
                }
                for one in &matched {
                    totals.entry(one.money.currency.to_string()).or_default().1 += hundredths(one.money);
                }
                let times = || own_boasts().map(|b| b.at);
                let first = self.record.posts[self.linkage.boasts[own[0]].posts[0]].author.clone();
                let handle = Handle {
                    handle: first,
                    boasts: own.len() as u64,
                    matched: matched.len() as u64,
                    expected: own.iter().flat_map(|n| &self.outcomes[*n].pairs).map(|p| p.0).sum(),
                    first: times().min().unwrap_or(Timestamp::MIN),
                    last: times().max().unwrap_or(Timestamp::MIN),
                    totals: totals
                        .into_iter()
                        .map(|(currency, (claimed, matched))| Totals { currency, claimed, matched })
                        .collect(),
                    rings: self.ring_ties(own),
                };
                (matched.iter().map(|m| hundredths(m.money)).sum(), handle)
            })
            .collect();
        found.sort_by(|a, b| {
            b.0.cmp(&a.0)
                .then(b.1.expected.total_cmp(&a.1.expected))
                .then_with(|| a.1.handle.cmp(&b.1.handle))
        });
        found.into_iter().map(|f| f.1).collect()
    }

    /// Rings among the matches of a handle, and how likely so many fall to one by chance: its candidates drawn at random.
    fn ring_ties(&self, own: &[usize]) -> Vec<RingTie> {
        let mut by_ring: BTreeMap<u32, f64> = BTreeMap::new();
        let mut by_chance: BTreeMap<u32, f64> = BTreeMap::new();
        let (mut all, mut boasts) = (0.0, 0u64);
        for &n in own {
            let candidates = &self.linkage.candidates[n];
            let matched: f64 = self.outcomes[n].pairs.iter().map(|p| p.0).sum();
            boasts += u64::from(!candidates.is_empty());
            all += matched;
            for (candidate, (p, _)) in candidates.iter().zip(&self.outcomes[n].pairs) {
                if let Some(ring) = self.linkage.ledger.refunds[candidate.refund as usize].ring {
                    *by_ring.entry(ring).or_default() += p;
                    *by_chance.entry(ring).or_default() += matched / candidates.len() as f64;
                }
            }
        }
        let mut ties: Vec<RingTie> = by_ring
            .into_iter()
            .filter(|(_, matches)| *matches >= 1.0)
            .map(|(ring, matches)| RingTie {
                ring: self.ring_names[ring as usize].to_owned(),
                matches,
                of: all,
                p_value: at_least(matches.floor() as u64, boasts, by_chance[&ring] / boasts.max(1) as f64),
            })
            .collect();
        ties.sort_by(|a, b| b.matches.total_cmp(&a.matches).then_with(|| a.ring.cmp(&b.ring)));
        ties
    }
}

/// P(X ≥ `hits`) of a binomial law.
fn at_least(hits: u64, of: u64, share: f64) -> f64 {
    let share = share.clamp(1e-12, 1.0 - 1e-12);
    let ln_choose = |k: u64| {
        libm::lgamma(of as f64 + 1.0) - libm::lgamma(k as f64 + 1.0) - libm::lgamma((of - k) as f64 + 1.0)
    };
    let term = |k: u64| {
        libm::exp(ln_choose(k) + k as f64 * libm::log(share) + (of - k) as f64 * libm::log(1.0 - share))
    };
    (hits..=of).map(term).sum::<f64>().min(1.0)
}

fn unit_name(unit: Unit) -> String {
    match unit {
        Unit::Unsaid => "unsaid".to_owned(),
        // The commonest dollar stands for a sign that does not tell.
        Unit::Dollar => Currency::USD.to_string(),
        Unit::Of(code) => code.to_string(),
    }
}

fn hundredths(money: Money) -> i64 {
    match money.currency.minor_digits() {
        0 => money.amount.saturating_mul(100),
        3 => money.amount / 10,
        _ => money.amount,
    }
}
