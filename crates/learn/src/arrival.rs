//! What share of the verdicts is in by an age? The youngest rows have the fewest, and are not the more honest for it.
//!
//! Only verdicts that came before the cut are seen, so a long delay is seen on old rows alone. The product-limit estimate
//! for such right-truncated times (Lynden-Bell 1971) takes each delay among those rows only that could have shown it.
//! Delays longer than the oldest row is old stay unknown: shares are of what comes in by that age.

/// Verdicts needed for an estimate: with fewer, nothing is corrected.
const VERDICTS_MIN: usize = 30;

/// Least share that is believed: a row counts at most this many times over (inverse), whatever the estimate says.
const SHARE_MIN: f64 = 0.25;

/// Of the verdicts that will come in, the share that is in by an age.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrival {
    /// Delays, ascending.
    delays: Vec<f64>,
    /// The share in by each of them, ascending to 1.
    shares: Vec<f64>,
}

/// A verdict that was seen: how long it took, and how long it could have taken at most to be seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// From the request to the verdict.
    pub delay: f64,
    /// From the request to the cut, at least `delay`.
    pub age: f64,
}

impl Arrival {
    /// Estimates from what was seen.
    pub fn fit(seen: &[Seen]) -> Arrival {
        if seen.len() < VERDICTS_MIN {
            return Arrival::default();
        }
        let sorted = |of: fn(&Seen) -> f64| {
            let mut numbers: Vec<f64> = seen.iter().map(of).collect();
            numbers.sort_by(f64::total_cmp);
            numbers
        };
        let (all, ages) = (sorted(|s| s.delay), sorted(|s| s.age));
        let mut delays = all.clone();
        delays.dedup();
        let mut shares = vec![1.0; delays.len()];
        for i in (1..delays.len()).rev() {
            let delay = delays[i];
            let up_to = all.partition_point(|&d| d <= delay);
            let here = up_to - all.partition_point(|&d| d < delay);
            // Rows with a delay up to this one that were old enough to have shown this one.
            let could = up_to - ages.partition_point(|&age| age < delay);
            shares[i - 1] = shares[i] * (1.0 - here as f64 / could as f64);
        }
        Arrival { delays, shares }
    }
    /// How many verdicts will have come in for each that is in by `age`; 1 to 4.
    pub fn weight(&self, age: f64) -> f64 {
        if self.delays.is_empty() {
            return 1.0;
        }
        let after = self.delays.partition_point(|&d| d <= age);
        let share = if after == 0 { 0.0 } else { self.shares[after - 1] };
        1.0 / share.max(SHARE_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    /// Verdicts with a mean delay of 40 days on requests of the last 300 days, as far as they are in.
    fn world(seed: u64, rows: usize) -> Vec<Seen> {
        let mut chance = Chance::new(seed, 8);
        let mut one = || {
            let (age, delay) = (chance.unit() * 300.0, -40.0 * libm::log(1.0 - chance.unit()));
            Seen { delay, age }
        };
        (0..rows).map(|_| one()).filter(|s| s.delay <= s.age).collect()
    }

    #[test]
    fn weights_undo_that_the_young_have_few_verdicts() {
        let arrival = Arrival::fit(&world(1, 20_000));
        for age in [60.0, 80.0, 120.0, 250.0] {
            let true_weight = 1.0 / (1.0 - libm::exp(-age / 40.0));
            let got = arrival.weight(age);
            assert!((got - true_weight).abs() < 0.05, "{age}: {got} {true_weight}");
        }
        // Counting each delay among all verdicts instead would say too little is to come.
        assert_eq!(arrival.weight(300.0), 1.0);
    }

    #[test]
    fn few_verdicts_change_nothing_and_no_weight_is_large() {
        assert_eq!(Arrival::fit(&world(2, 20)).weight(1.0), 1.0);
        assert_eq!(Arrival::fit(&world(2, 2_000)).weight(0.0), 4.0);
    }

    #[test]
    fn equal_delays_are_in_at_once() {
        let arrival = Arrival::fit(&[Seen { delay: 7.0, age: 20.0 }; 40]);
        assert_eq!((arrival.weight(7.0), arrival.weight(20.0)), (1.0, 1.0));
    }
}
