//! What do the refunds behind one handle or channel have in common? A ring keeps to its method, its devices and its buyers.

use crate::posts::candidates::GROUPS;
use std::collections::BTreeMap;

/// Boasts by which the groups behind a handle or channel are drawn to those of all refunds.
const GROUP_WEIGHT: f64 = 5.0;
/// What a common group may weigh at most: two wrong matches must not hold up each other.
const TIE_MAX: f64 = 50.0;

/// What belongs to the people of a channel or a handle: sums over their boasts.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    pub(crate) boasts: f64,
    pub(crate) matched: f64,
    pub(crate) by_group: ByGroup,
}

/// Mass by group, for each kind of group.
pub(crate) type ByGroup = [BTreeMap<u32, f64>; GROUPS];

/// How much likelier than usual refunds of each group are behind a boast.
pub(crate) struct Ties {
    /// Of groups that are not behind any other boast of the handle and the channel.
    elsewhere: f64,
    of: ByGroup,
}

impl Ties {
    /// Nothing is known.
    pub(crate) fn none() -> Ties {
        Ties { elsewhere: 1.0, of: ByGroup::default() }
    }
    /// By what the others of the channel and of the handle match, their own boast left out; `others` with their matches.
    pub(crate) fn new(others: &[(&Tally, f64)], own: &Tally, usual: &[Vec<f64>; GROUPS]) -> Ties {
        let mass = |map: &BTreeMap<u32, f64>, group: u32| map.get(&group).copied().unwrap_or(0.0);
        let mut of = ByGroup::default();
        for kind in 0..GROUPS {
            for group in others.iter().flat_map(|(tally, _)| tally.by_group[kind].keys()).copied() {
                let usual = usual[kind][group as usize].max(1e-9);
                let mut belief = usual;
                for (tally, matched) in others {
                    let same =
                        (mass(&tally.by_group[kind], group) - mass(&own.by_group[kind], group)).max(0.0);
                    belief = (GROUP_WEIGHT * belief + same) / (GROUP_WEIGHT + matched);
                }
                of[kind].insert(group, (belief / usual).min(TIE_MAX));
            }
        }
        let elsewhere = others.iter().map(|(_, matched)| GROUP_WEIGHT / (GROUP_WEIGHT + matched)).product();
        Ties { elsewhere, of }
    }
    /// Whether anything is known.
    pub(crate) fn any(&self) -> bool {
        self.of.iter().any(|of| !of.is_empty())
    }
    /// How much likelier than usual a refund of these groups is.
    pub(crate) fn of(&self, groups: &[u32; GROUPS]) -> f64 {
        if !self.any() {
            return 1.0;
        }
        self.of
            .iter()
            .zip(groups)
            .map(|(of, group)| of.get(group).copied().unwrap_or(self.elsewhere))
            .product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_of_the_handle_match_is_likelier_and_the_own_match_does_not_count() {
        let tally = |boasts: f64, groups: &[(u32, f64)]| {
            let matched = groups.iter().map(|g| g.1).sum();
            Tally {
                boasts,
                matched,
                by_group: [groups.iter().copied().collect(), BTreeMap::new(), BTreeMap::new()],
            }
        };
        let usual = [vec![0.89, 0.01, 0.1], vec![1.0], vec![1.0]];
        let (all, own) = (tally(4.0, &[(1, 3.0), (2, 0.9)]), tally(1.0, &[(2, 0.9)]));
        let ties = Ties::new(&[(&all, 3.0)], &own, &usual);
        let of = |group: u32| ties.of[0].get(&group).copied().unwrap_or(ties.elsewhere);
        assert!(of(1) > 30.0 && of(2) < 1.0 && of(0) < 1.0, "{} {} {}", of(1), of(2), of(0));
        assert_eq!(Ties::none().of(&[1, 2, 0]), 1.0);
    }
}
