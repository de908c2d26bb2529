//! Where does chance in training and in bootstraps come from? A seed, and a stream that is fixed for ever.

/// SplitMix64 (Steele, Lea and Flood, 2014): 64 bits of state, the same stream on every machine.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// A stream for a seed; streams of different `purpose` do not overlap in practice.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut chance = Self(seed ^ purpose.wrapping_mul(0xa076_1d64_78bd_642f));
        chance.next_u64();
        chance
    }
    /// 64 fair bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
    /// Uniform among `0..n`; `n` must not be 0. The bias is below n / 2^64.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "a choice among nothing");
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // Reference values of SplitMix64 for seed 1234567 (Vigna's splitmix64.c).
        let mut chance = Chance(1_234_567);
        let got: Vec<u64> = (0..3).map(|_| chance.next_u64()).collect();
        assert_eq!(got, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn choices_stay_in_range_and_reach_both_ends() {
        let mut chance = Chance::new(1, 2);
        let seen: std::collections::BTreeSet<usize> = (0..200).map(|_| chance.below(5)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&chance.unit())));
    }
}
