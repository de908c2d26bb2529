//! Who gets what, when each may have one? Probabilities of pairs of which a boast has at most one and a refund at most one.
//!
//! Belief propagation on the pairs (the monomer-dimer model: Heilmann and Lieb 1972; as messages: Bayati and others 2007). On
//! trees it is exact; with loops it is close where pairs are sparse, as here: a boast has a handful of refunds that agree with it.

/// A pair by its right side, and its odds against the left side having none.
pub(crate) type Pair = (u32, f64);

/// The probability of each pair; `rights` is the number of right sides.
pub(crate) fn exclusive(pairs: &[Vec<Pair>], rights: usize, rounds: usize) -> Vec<Vec<f64>> {
    // What a right side says to a pair: how free it is for it, by what the others want of it.
    let mut free: Vec<Vec<f64>> = pairs.iter().map(|p| vec![1.0; p.len()]).collect();
    let mut wanted = vec![0.0f64; rights];
    for _ in 0..rounds {
        let asks = asks(pairs, &free);
        wanted.fill(0.0);
        for (list, asks) in pairs.iter().zip(&asks) {
            for ((right, _), ask) in list.iter().zip(asks) {
                wanted[*right as usize] += ask;
            }
        }
        for ((list, asks), free) in pairs.iter().zip(&asks).zip(&mut free) {
            for (((right, _), ask), free) in list.iter().zip(asks).zip(free) {
                let others = (wanted[*right as usize] - ask).max(0.0);
                // Half of the old message damps the oscillation of loops.
                *free = 0.5 * *free + 0.5 / (1.0 + others);
            }
        }
    }
    pairs
        .iter()
        .zip(&free)
        .map(|(list, free)| {
            let odds: Vec<f64> = list.iter().zip(free).map(|((_, odds), free)| odds * free).collect();
            let all = 1.0 + odds.iter().sum::<f64>();
            odds.into_iter().map(|o| o / all).collect()
        })
        .collect()
}

/// What each pair asks of its right side: its odds, less where its left side has better ones.
fn asks(pairs: &[Vec<Pair>], free: &[Vec<f64>]) -> Vec<Vec<f64>> {
    pairs
        .iter()
        .zip(free)
        .map(|(list, free)| {
            let all: f64 = 1.0 + list.iter().zip(free).map(|((_, odds), f)| odds * f).sum::<f64>();
            list.iter().zip(free).map(|((_, odds), f)| odds / (all - odds * f).max(1e-12)).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By summing over every way to pair them off.
    fn by_counting(pairs: &[Vec<Pair>]) -> Vec<Vec<f64>> {
        fn visit(
            pairs: &[Vec<Pair>],
            left: usize,
            used: u64,
            weight: f64,
            picks: &mut Vec<Option<usize>>,
            out: &mut Sums,
        ) {
            if left == pairs.len() {
                out.all += weight;
                for (l, pick) in picks.iter().enumerate() {
                    if let Some(n) = pick {
                        out.of[l][*n] += weight;
                    }
                }
                return;
            }
            picks.push(None);
            visit(pairs, left + 1, used, weight, picks, out);
            picks.pop();
            for (n, (right, odds)) in pairs[left].iter().enumerate().filter(|(_, p)| used & (1 << p.0) == 0) {
                picks.push(Some(n));
                visit(pairs, left + 1, used | 1 << right, weight * odds, picks, out);
                picks.pop();
            }
        }
        struct Sums {
            all: f64,
            of: Vec<Vec<f64>>,
        }
        let mut out = Sums { all: 0.0, of: pairs.iter().map(|p| vec![0.0; p.len()]).collect() };
        visit(pairs, 0, 0, 1.0, &mut Vec::new(), &mut out);
        out.of.into_iter().map(|l| l.into_iter().map(|v| v / out.all).collect()).collect()
    }

    fn check(pairs: &[Vec<Pair>], tolerance: f64) {
        let (found, expect) = (exclusive(pairs, 8, 200), by_counting(pairs));
        for (f, e) in found.iter().flatten().zip(expect.iter().flatten()) {
            assert!((f - e).abs() <= tolerance, "{found:?} {expect:?}");
        }
    }

    #[test]
    fn without_competition_the_odds_are_the_probability() {
        let found = exclusive(&[vec![(0, 3.0)], vec![(1, 1.0), (2, 2.0)]], 3, 20);
        assert!((found[0][0] - 0.75).abs() < 1e-12 && (found[1][1] - 0.5).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn two_boasts_of_one_refund_share_it() {
        check(&[vec![(0, 5.0)], vec![(0, 5.0)]], 1e-9);
        check(&[vec![(0, 50.0), (1, 4.0)], vec![(0, 9.0)]], 1e-9);
        check(&[vec![(0, 2.0)], vec![(0, 7.0), (1, 3.0)], vec![(1, 1.0), (2, 5.0)]], 1e-9);
    }

    #[test]
    fn loops_are_close_to_the_truth() {
        check(&[vec![(0, 3.0), (1, 2.0)], vec![(0, 1.0), (1, 4.0)]], 0.05);
        check(
            &[vec![(0, 0.5), (1, 0.2)], vec![(0, 0.4), (1, 0.3), (2, 6.0)], vec![(2, 1.0), (0, 0.1)]],
            0.02,
        );
    }
}
