//! What is drawn by chance? Controls and second reviews, by a keyed hash: a replay draws the same, and nobody who lacks the
//! key can tell beforehand.

/// What is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Draw {
    /// A decision that no person would have seen is mixed into the queue.
    Control,
    /// An item that a second person judges.
    Second,
}

impl Draw {
    fn as_str(self) -> &'static str {
        match self {
            Draw::Control => "control",
            Draw::Second => "second",
        }
    }
}

/// Whether `id` is among the share that is drawn. Each id is drawn by itself, and each kind of draw anew.
pub fn drawn(salt: &str, draw: Draw, id: &str, share: f64) -> bool {
    let mut hasher = blake3::Hasher::new_derive_key("ringfence casework draw 1");
    // Lengths first, so that no two triples read alike.
    for part in [salt, draw.as_str(), id] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    // 53 bits: a uniform number in [0, 1) that a float holds exactly.
    let uniform = (u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64;
    uniform < share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_drawn_the_same_each_time_and_apart_for_each_purpose_and_salt() {
        let ids: Vec<String> = (0..20_000).map(|n| format!("R{n}")).collect();
        let draw = |salt, what| ids.iter().map(|id| drawn(salt, what, id, 0.1)).collect::<Vec<bool>>();
        let controls = draw("a", Draw::Control);
        assert_eq!(controls, draw("a", Draw::Control));
        let count = |drawn: &[bool]| drawn.iter().filter(|d| **d).count();
        // 2,000 expected, standard deviation 42.
        assert!((1_800..2_200).contains(&count(&controls)), "{}", count(&controls));
        for other in [draw("a", Draw::Second), draw("b", Draw::Control)] {
            let both: Vec<bool> = controls.iter().zip(&other).map(|(a, b)| *a && *b).collect();
            // Independent: a tenth of a tenth.
            assert!((130..280).contains(&count(&both)), "{}", count(&both));
        }
        assert!(
            ids.iter().all(|id| !drawn("a", Draw::Control, id, 0.0) && drawn("a", Draw::Control, id, 1.0))
        );
    }
}
