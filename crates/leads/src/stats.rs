//! How surprising is a count? Tails, dispersion, shrinkage and many tests at once.
//!
//! Logarithms come from `libm`, so that a figure is the same on every machine (INV-2).

/// P(X ≥ `observed`) where X has mean `expected` and variance `expected + dispersion × expected²`: Poisson where the
/// dispersion is 0, otherwise gamma-Poisson (negative binomial).
pub fn upper_tail(observed: u64, expected: f64, dispersion: f64) -> f64 {
    if observed == 0 {
        return 1.0;
    }
    if expected <= 0.0 {
        return 0.0;
    }
    let ln_first = ln_mass(observed, expected, dispersion);
    // Terms fall from there on by a ratio below 1 once past the mean; before it, the lower side is the shorter sum.
    if (observed as f64) < expected {
        let below: f64 = (0..observed).map(|k| libm::exp(ln_mass(k, expected, dispersion))).sum();
        return (1.0 - below).clamp(0.0, 1.0);
    }
    let (mut term, mut sum, mut k) = (1.0, 1.0, observed as f64);
    loop {
        term *= ratio(k, expected, dispersion);
        sum += term;
        k += 1.0;
        if term < sum * 1e-15 {
            break;
        }
    }
    (libm::exp(ln_first) * sum).min(1.0)
}

/// P(k + 1) ÷ P(k).
fn ratio(k: f64, expected: f64, dispersion: f64) -> f64 {
    if dispersion < 1e-9 {
        expected / (k + 1.0)
    } else {
        let r = 1.0 / dispersion;
        (k + r) / (k + 1.0) * expected / (r + expected)
    }
}

fn ln_mass(k: u64, expected: f64, dispersion: f64) -> f64 {
    let k = k as f64;
    if dispersion < 1e-9 {
        return k * libm::log(expected) - expected - libm::lgamma(k + 1.0);
    }
    let r = 1.0 / dispersion;
    libm::lgamma(k + r) - libm::lgamma(r) - libm::lgamma(k + 1.0)
        + r * libm::log(r / (r + expected))
        + k * libm::log(expected / (r + expected))
}

/// How much more the ratios of observed to expected differ between honest units than chance makes them: the variance of a
/// unit's true ratio, by the method of moments. The units that stand out most (one in ten, at least two of eight or more) take
/// no part, as they are what is looked for.
pub fn dispersion(units: &[(u64, f64)]) -> f64 {
    let mut units: Vec<(u64, f64)> = units.iter().filter(|u| u.1 > 0.0).copied().collect();
    let surprise = |u: &(u64, f64)| (u.0 as f64 - u.1) / libm::sqrt(u.1);
    units.sort_by(|a, b| surprise(a).total_cmp(&surprise(b)));
    let least = if units.len() < 8 { 1 } else { 2 };
    units.truncate(units.len().saturating_sub((units.len() / 10).max(least)));
    moments(&units).max(0.0)
}

/// The same over all units, those that stand out among them: what is believed of a unit before its own figures are seen.
/// Some difference between people is always taken for granted.
pub fn differences(units: &[(u64, f64)]) -> f64 {
    const LEAST: f64 = 0.1;
    moments(units).max(LEAST)
}

fn moments(units: &[(u64, f64)]) -> f64 {
    let (mut excess, mut squares) = (0.0, 0.0);
    for &(observed, expected) in units {
        let off = observed as f64 - expected;
        excess += off * off - expected;
        squares += expected * expected;
    }
    if squares > 0.0 { excess / squares } else { 0.0 }
}

/// What is believed of a unit's true ratio of observed to expected: a gamma distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posterior {
    shape: f64,
    rate: f64,
}

impl Posterior {
    /// Prior of mean 1 and variance `differences` (empirical Bayes), and what was observed.
    pub fn new(observed: u64, expected: f64, differences: f64) -> Posterior {
        let prior = 1.0 / differences;
        Posterior { shape: prior + observed as f64, rate: prior + expected }
    }
    /// A gamma distribution by its shape and its inverse scale, of whatever it is about.
    pub fn gamma(shape: f64, rate: f64) -> Posterior {
        Posterior { shape, rate }
    }
    /// The shrunk ratio.
    pub fn mean(self) -> f64 {
        self.shape / self.rate
    }
    /// The probability that the true ratio is above `ratio`.
    pub fn above(self, ratio: f64) -> f64 {
        gamma_upper(self.shape, self.rate * ratio)
    }
    /// The ratio with `share` of the belief below it.
    pub fn quantile(self, share: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        while self.above(high) > 1.0 - share {
            high *= 2.0;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.above(middle) > 1.0 - share {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// Regularised upper incomplete gamma function Q(a, x): series below a + 1, Lentz's continued fraction above
/// (Abramowitz and Stegun 6.5.29 and 6.5.31).
fn gamma_upper(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-15 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        let step = c * d;
        h *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front * h).clamp(0.0, 1.0)
}

/// For each p-value the least false-discovery rate at which it is reported (Benjamini and Hochberg, JRSS B 1995).
pub fn q_values(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let (mut q, mut least) = (vec![1.0; p.len()], 1.0f64);
    for (from_top, &i) in order.iter().enumerate() {
        let rank = p.len() - from_top;
        least = least.min(p[i] * p.len() as f64 / rank as f64);
        q[i] = least;
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(is: f64, expect: f64) {
        assert!((is / expect - 1.0).abs() < 1e-9, "{is} {expect}");
    }

    #[test]
    fn tails_are_those_of_the_tables() {
        // 1 − Σ e⁻² 2ᵏ ÷ k! for k < 5.
        close(upper_tail(5, 2.0, 0.0), 0.052_653_017_343_711_13);
        assert_eq!((upper_tail(0, 2.0, 0.0), upper_tail(3, 0.0, 0.0)), (1.0, 0.0));
        // With dispersion 1 the law is geometric: P(X ≥ k) = (E ÷ (1 + E))ᵏ.
        close(upper_tail(7, 3.0, 1.0), 0.75f64.powi(7));
        close(upper_tail(2, 3.0, 1.0), 0.75f64.powi(2));
    }

    #[test]
    fn wider_spread_makes_the_same_count_less_surprising() {
        let p = [0.0, 0.1, 1.0].map(|dispersion| upper_tail(30, 10.0, dispersion));
        assert!(p[0] < 1e-6 && p[0] < p[1] && p[1] < p[2], "{p:?}");
    }

    #[test]
    fn units_that_differ_by_chance_alone_have_no_dispersion() {
        // 40 units at exactly Poisson's spread: half a standard deviation pair around 25.
        let units: Vec<(u64, f64)> = (0..40).map(|i| (if i % 2 == 0 { 20 } else { 30 }, 25.0)).collect();
        assert!(dispersion(&units) < 0.01, "{}", dispersion(&units));
        let wide: Vec<(u64, f64)> = (0..40).map(|i| (if i % 2 == 0 { 5 } else { 45 }, 25.0)).collect();
        assert!((0.4..0.8).contains(&dispersion(&wide)), "{}", dispersion(&wide));
        assert_eq!(dispersion(&[]), 0.0);
    }

    #[test]
    fn belief_moves_from_one_to_what_was_seen() {
        let little = Posterior::new(3, 1.0, 0.2);
        let much = Posterior::new(300, 100.0, 0.2);
        assert!(little.mean() < 1.4 && much.mean() > 2.7);
        assert!(little.above(1.5) < 0.5 && much.above(1.5) > 0.999_999);
        // A gamma law of shape 1 is exponential: above(x) = e^(−rate x).
        let exponential = Posterior { shape: 1.0, rate: 2.0 };
        close(exponential.above(1.5), libm::exp(-3.0));
        close(exponential.quantile(0.5), core::f64::consts::LN_2 / 2.0);
    }

    #[test]
    fn q_values_are_those_of_the_procedure() {
        let q = q_values(&[0.01, 0.04, 0.03, 0.5]);
        close(q[0], 0.04);
        close(q[1], 0.16 / 3.0);
        close(q[2], 0.16 / 3.0);
        close(q[3], 0.5);
        assert!(q_values(&[]).is_empty());
    }
}
