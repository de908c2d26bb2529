//! Do these phrases come together more often than chance brings them? Kinds of writers behind one table of counts.
//!
//! The table says how many accounts use which of up to ten phrases. People who write from the *stock* have a few styles (with
//! a writing tool, without, long, short); within a style phrases are chosen independently, and each from several that say
//! the same, so that none is nearly always taken. Under *script* each phrase is kept nearly always. All are classes of one
//! mixture (latent class analysis; Lazarsfeld 1950), fitted by expectation maximisation (Dempster, Laird, Rubin 1977).
//!
//! How many accounts would have so many of the phrases if there were no script is asked of styles fitted to everybody,
//! the script's writers included: on the careful side. Styles fitted without them would miss the honest ones among them.

/// Phrases of one table. All masks are enumerated, and a script of more phrases is known by its ten rarest.
pub(crate) const PHRASES_MAX: usize = 10;

/// Which phrases are there: a bit for each.
pub(crate) type Mask = u16;

/// Accounts by the phrases that they use.
pub(crate) struct Table {
    pub(crate) phrases: usize,
    /// Ascending by mask; how many accounts, which may be an estimate from a sample.
    pub(crate) cells: Vec<(Mask, f64)>,
}

impl Table {
    fn total(&self) -> f64 {
        self.cells.iter().map(|c| c.1).sum()
    }
}

/// A kind of writer: its share of the accounts, and how often it uses each phrase.
#[derive(Clone, Debug)]
struct Class {
    share: f64,
    uses: Vec<f64>,
}

impl Class {
    /// The share of all accounts that are of this class and use these phrases and no other.
    fn joint(&self, mask: Mask) -> f64 {
        let term = |(i, p): (usize, &f64)| if mask >> i & 1 == 1 { *p } else { 1.0 - p };
        self.share * self.uses.iter().enumerate().map(term).product::<f64>()
    }
    /// Fits it to the cells that are its own, with as much belief in what it should be as in `weight` accounts.
    fn refit(&mut self, cells: &[(Mask, f64)], total: f64, prior: f64, weight: f64, bounds: (f64, f64)) {
        let own: f64 = cells.iter().map(|c| c.1).sum();
        for (i, uses) in self.uses.iter_mut().enumerate() {
            let with: f64 = cells.iter().filter(|(mask, _)| mask >> i & 1 == 1).map(|c| c.1).sum();
            *uses = ((with + prior * weight) / (own + weight)).clamp(bounds.0, bounds.1);
        }
        self.share = (own / total.max(1.0)).max(SHARE_MIN);
    }
}

/// Styles of the stock.
const STYLES: usize = 3;
/// Of what can be said in a place people of one style choose the same at most so often: there are four ways to say it.
const STYLE_USES: (f64, f64) = (1e-6, 0.25);
/// Belief in the usual, in accounts.
const STYLE_WEIGHT: f64 = 0.5;
/// No class dies out while it is fitted.
const SHARE_MIN: f64 = 1e-9;
/// A script keeps about 85 % of its phrases; believed as if seen on this many messages.
const KEEP: (f64, f64) = (0.85, 12.0);
const KEEPS: (f64, f64) = (0.7, 0.99);
/// Who has so much of the phrases is taken for a writer of the script at first.
const FIRST: f64 = 0.6;
const ROUNDS: usize = 25;

/// Writers from the stock and writers from a script, fitted to a table.
pub(crate) struct Mixture {
    styles: Vec<Class>,
    script: Class,
    /// The stock if there were no script: fitted to all.
    everybody: Vec<Class>,
}

impl Mixture {
    /// Begins with those who have most of the phrases as the script's writers.
    pub(crate) fn fit(table: &Table) -> Mixture {
        let most = |mask: Mask| f64::from(mask.count_ones()) >= FIRST * table.phrases as f64;
        let (first, others): (Vec<_>, Vec<_>) = table.cells.iter().copied().partition(|c| most(c.0));
        let usual = usual(table);
        let mut mixture = Mixture {
            styles: styles(&others, &usual),
            everybody: styles(&table.cells, &usual),
            script: Class { share: SHARE_MIN, uses: vec![KEEP.0; table.phrases] },
        };
        mixture.script.refit(&first, table.total(), KEEP.0, KEEP.1, KEEPS);
        for _ in 0..ROUNDS {
            let split = |(mask, n): &(Mask, f64)| {
                let p = mixture.probability(*mask);
                ((*mask, n * p), (*mask, n * (1.0 - p)))
            };
            let (scripted, rest): (Vec<_>, Vec<_>) = table.cells.iter().map(split).unzip();
            mixture.script.refit(&scripted, table.total(), KEEP.0, KEEP.1, KEEPS);
            round(&mut mixture.styles, &rest, table.total(), &usual);
        }
        mixture
    }
    fn stock(&self, mask: Mask) -> f64 {
        sum(&self.styles, mask)
    }
    fn stock_share(&self) -> f64 {
        self.styles.iter().map(|c| c.share).sum()
    }
    /// The log-likelihood ratio that somebody who uses these phrases writes from the script, in nats.
    pub(crate) fn evidence(&self, mask: Mask) -> f64 {
        libm::log(self.script.joint(mask) / self.script.share / (self.stock(mask) / self.stock_share()))
    }
    /// The probability of the same, with the script's share as prior.
    pub(crate) fn probability(&self, mask: Mask) -> f64 {
        let script = self.script.joint(mask);
        script / (script + self.stock(mask))
    }
    /// How often the script keeps a phrase.
    pub(crate) fn keeps(&self, phrase: usize) -> f64 {
        self.script.uses[phrase]
    }
    /// How many accounts would look as if they wrote from the script if there were none.
    pub(crate) fn expected(&self, table: &Table) -> f64 {
        let masks = (0..1u32 << table.phrases).map(|m| m as Mask);
        let members = masks.filter(|m| self.probability(*m) >= 0.5);
        members.map(|m| sum(&self.everybody, m)).sum::<f64>() * table.total()
    }
}

fn sum(classes: &[Class], mask: Mask) -> f64 {
    classes.iter().map(|c| c.joint(mask)).sum()
}

/// How often all accounts use each phrase.
fn usual(table: &Table) -> Vec<f64> {
    let with = |i: usize| table.cells.iter().filter(|c| c.0 >> i & 1 == 1).map(|c| c.1).sum::<f64>();
    (0..table.phrases).map(|i| (with(i) + 0.5) / (table.total() + 1.0)).collect()
}

/// Styles fitted to cells: at first one uses phrases as all do, the next twice as often, the next four times.
fn styles(cells: &[(Mask, f64)], usual: &[f64]) -> Vec<Class> {
    let total: f64 = cells.iter().map(|c| c.1).sum();
    let first = |n: usize| {
        let often = f64::from(1u32 << n);
        let uses = usual.iter().map(|p| (p * often).clamp(STYLE_USES.0, STYLE_USES.1)).collect();
        Class { share: 1.0 / STYLES as f64, uses }
    };
    let mut classes: Vec<Class> = (0..STYLES).map(first).collect();
    for _ in 0..ROUNDS {
        round(&mut classes, cells, total, usual);
    }
    classes
}

fn round(classes: &mut [Class], cells: &[(Mask, f64)], total: f64, usual: &[f64]) {
    let of_class = |class: &Class| cells.iter().map(|c| class.joint(c.0)).collect::<Vec<f64>>();
    let joints: Vec<Vec<f64>> = classes.iter().map(of_class).collect();
    let all: Vec<f64> = (0..cells.len()).map(|n| joints.iter().map(|of| of[n]).sum()).collect();
    for (class, joint) in classes.iter_mut().zip(&joints) {
        let mut weight = 0.0;
        let mut with = [0.0; PHRASES_MAX];
        for (n, (mask, count)) in cells.iter().enumerate() {
            let own = count * joint[n] / all[n];
            weight += own;
            for (i, with) in with.iter_mut().enumerate() {
                *with += if mask >> i & 1 == 1 { own } else { 0.0 };
            }
        }
        for ((uses, with), usual) in class.uses.iter_mut().zip(with).zip(usual) {
            let share = (with + usual * STYLE_WEIGHT) / (weight + STYLE_WEIGHT);
            *uses = share.clamp(STYLE_USES.0, STYLE_USES.1);
        }
        class.share = (weight / total.max(1.0)).max(SHARE_MIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::normal::mix;
    use std::collections::BTreeMap;

    /// Accounts that draw each of five phrases from a pool of their own; some write with a tool, which ties three of them.
    fn honest(accounts: u64, salt: u64) -> Vec<Mask> {
        let unit = |a: u64, i: u64| (mix(salt << 40 | a << 8 | i) >> 11) as f64 / (1u64 << 53) as f64;
        (0..accounts)
            .map(|a| {
                let tool = unit(a, 9) < 0.2;
                let mut mask = 0;
                for (i, own) in [0.08, 0.1, 0.06, 0.0, 0.0].into_iter().enumerate() {
                    let with_tool = [0.33, 0.1, 0.06, 0.33, 0.33][i];
                    mask |= Mask::from(unit(a, i as u64) < if tool { with_tool } else { own }) << i;
                }
                mask
            })
            .collect()
    }
    fn members(mixture: &Mixture, t: &Table) -> f64 {
        t.cells.iter().filter(|c| mixture.probability(c.0) >= 0.5).map(|c| c.1).sum()
    }
    fn table(masks: &[Mask]) -> Table {
        let mut cells: BTreeMap<Mask, f64> = BTreeMap::new();
        for m in masks {
            *cells.entry(*m).or_default() += 1.0;
        }
        Table { phrases: 5, cells: cells.into_iter().collect() }
    }

    #[test]
    fn styles_give_the_shares_that_they_were_fitted_to() {
        let t = table(&honest(20_000, 1));
        let classes = styles(&t.cells, &usual(&t));
        assert!(((0..32).map(|m| sum(&classes, m)).sum::<f64>() - 1.0).abs() < 1e-6);
        // The tool's three phrases go together; the styles know, though they would have four to choose from.
        let all = |m: Mask| m & 0b11001 == 0b11001;
        let seen = t.cells.iter().filter(|c| all(c.0)).map(|c| c.1).sum::<f64>() / 20_000.0;
        let said: f64 = (0..32).filter(|m| all(*m)).map(|m| sum(&classes, m)).sum();
        assert!((0.4 * seen..1.25 * seen).contains(&said), "{seen} {said}");
    }

    #[test]
    fn honest_people_with_a_writing_tool_are_expected() {
        for salt in 0..10 {
            let t = table(&honest(3_000, salt));
            let mixture = Mixture::fit(&t);
            let (observed, expected) = (members(&mixture, &t), mixture.expected(&t));
            assert!(observed <= 3.0 * expected + 6.0, "{observed} {expected}");
        }
    }

    #[test]
    fn a_script_stands_out_and_its_members_with_it() {
        let mut masks = honest(3_000, 1);
        masks.extend([0b11111; 12]);
        masks.extend([0b11101, 0b11110, 0b01111, 0b10111, 0b11011, 0b11101, 0b11110, 0b01111]);
        let t = table(&masks);
        let mixture = Mixture::fit(&t);
        let (observed, expected) = (members(&mixture, &t), mixture.expected(&t));
        assert!(observed >= 15.0 && observed > 3.0 * expected, "{observed} {expected}");
        assert!(mixture.probability(0b11111) > 0.95 && mixture.probability(0) < 1e-4);
        assert!(mixture.evidence(0b11111) > mixture.evidence(0b11011));
        assert!(mixture.keeps(0) > 0.7);
    }
}
