//! How long did this thread compute? Seconds of processor time, where the system tells it: on a machine that others use too,
//! the time on the wall says little.

/// Seconds that this thread had a processor so far; not a number where the system does not tell.
pub(crate) fn seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    nanoseconds.map_or(f64::NAN, |n| n / 1e9)
}
