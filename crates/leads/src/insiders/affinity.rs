//! Who meets accounts that belong together more often than routing by chance would send them?

use crate::insiders::expect::Tally;
use crate::insiders::record::Record;
use crate::sets::{Members, Sets};
use ringfence_domain::{Duration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// By member of staff.
pub(crate) type Counts = BTreeMap<u32, Tally>;

/// An identifier that more accounts share is a place or a carrier's network: it ties nobody.
const SHARED_MAX: usize = 40;

/// Something that brought an account to a member of staff.
struct Touch {
    staff: u32,
    account: u32,
    refund: Option<u32>,
    /// Part of a day: who works then is who can be met.
    block: i64,
}

/// A third of a day: a shift.
pub(crate) const BLOCK_HOURS: i64 = 8;
/// Weight of a role's whole work in the shares of one shift: as many touches.
const BLOCK_BACK_OFF: f64 = 3.0;

/// Accounts of a cluster that came to a person after the first one did, and how many of them chance would have sent there:
/// each touch goes to a person with the share of all others' touches in its shift that the person had (Poisson-binomial).
pub(crate) fn affinity(record: &Record) -> (Counts, BTreeMap<u32, BTreeSet<u32>>) {
    let clusters = clusters(record);
    let block = |at: Timestamp| at.millis().div_euclid(BLOCK_HOURS * Duration::HOUR.0);
    let by_receipt = record.receipts.iter().filter_map(|r| {
        let refund = *record.refund_of.get(&r.order)?;
        let account = record.asked.get(&refund)?.account;
        Some(Touch { staff: r.staff, account, refund: Some(refund), block: block(r.at) })
    });
    let by_talk = record.talks.iter().map(|t| {
        let refund = t.order.and_then(|o| record.refund_of.get(&o).copied());
        Touch { staff: t.staff, account: t.account, refund, block: block(t.at) }
    });
    let (mut counts, mut refunds) = (Counts::new(), BTreeMap::<u32, BTreeSet<u32>>::new());
    for touches in [by_receipt.collect::<Vec<_>>(), by_talk.collect()] {
        let mut in_block: BTreeMap<i64, BTreeMap<u32, f64>> = BTreeMap::new();
        let mut share: BTreeMap<u32, f64> = BTreeMap::new();
        for touch in &touches {
            *in_block.entry(touch.block).or_default().entry(touch.staff).or_default() += 1.0;
            *share.entry(touch.staff).or_default() += 1.0 / touches.len() as f64;
            counts.entry(touch.staff).or_default().trials += 1;
        }
        // The first touch of each account: that it comes again is no news.
        let mut firsts: BTreeMap<u32, BTreeMap<u32, &Touch>> = BTreeMap::new();
        for touch in &touches {
            if let Some(&cluster) = clusters.get(&touch.account) {
                firsts.entry(cluster).or_default().entry(touch.account).or_insert(touch);
            }
        }
        for of_cluster in firsts.values().filter(|f| f.len() > 1) {
            // By person: the sum of chances, and the chance of none.
            let mut chance: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
            let mut met: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for touch in of_cluster.values() {
                let there = &in_block[&touch.block];
                let others = there.values().sum::<f64>() - 1.0;
                for (&staff, &n) in there {
                    let n = n - f64::from(u8::from(staff == touch.staff));
                    let p = (n + BLOCK_BACK_OFF * share[&staff]) / (others + BLOCK_BACK_OFF);
                    let entry = chance.entry(staff).or_insert((0.0, 1.0));
                    *entry = (entry.0 + p, entry.1 * (1.0 - p));
                }
                met.entry(touch.staff).or_default().extend(touch.refund);
                counts.entry(touch.staff).or_default().observed += 1;
            }
            for (staff, (sum, none)) in chance {
                counts.entry(staff).or_default().expected += (sum - 1.0 + none).max(0.0);
            }
            for (staff, found) in met {
                // The first of them is no repetition.
                counts.entry(staff).or_default().observed -= 1;
                if found.len() > 1 {
                    refunds.entry(staff).or_default().extend(found);
                }
            }
        }
    }
    (counts, refunds)
}

/// The cluster of each account that shares a rare identifier with another: the least number of its accounts.
fn clusters(record: &Record) -> BTreeMap<u32, u32> {
    let tied: Vec<&[u32]> =
        record.shared.values().map(Members::all).filter(|a| (2..=SHARED_MAX).contains(&a.len())).collect();
    let mut sets = Sets::new(record.accounts.len());
    for accounts in &tied {
        for pair in accounts.windows(2) {
            sets.join(pair[0], pair[1]);
        }
    }
    tied.into_iter().flatten().map(|a| (*a, sets.root(*a))).collect()
}
