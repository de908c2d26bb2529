//! How is an amount shared so that the shares add up to it? By weight; what is left over goes to the largest remainders.

/// Shares `amount` by `weights`: each gets its part rounded towards zero, then the largest remainders one minor unit more,
/// earlier ones first where they are alike. Nothing where there is no weight.
///
/// The shares add up to the amount, and none is further than one minor unit from its exact part.
pub fn shared(amount: i64, weights: &[u64]) -> Vec<i64> {
    let total: u128 = weights.iter().map(|w| u128::from(*w)).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let (size, sign) = (u128::from(amount.unsigned_abs()), amount.signum());
    let mut parts: Vec<u128> = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
    for (i, weight) in weights.iter().enumerate() {
        let product = size * u128::from(*weight);
        parts.push(product / total);
        remainders.push((product % total, i));
    }
    let left = size - parts.iter().sum::<u128>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, i) in remainders.into_iter().take(left as usize) {
        parts[i] += 1;
    }
    parts.into_iter().map(|part| part as i64 * sign).collect()
}
