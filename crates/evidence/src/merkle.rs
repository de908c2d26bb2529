//! Which one hash stands for all exhibits? The root of a Merkle tree over them (RFC 6962, section 2.1, SHA-256).

use crate::canonical::sha256;
use ringfence_store::log::hash::hex;

/// The hash of a leaf: of a zero byte and its content.
pub fn leaf(content: &[u8]) -> [u8; 32] {
    sha256(&[&[0], content].concat())
}

fn node(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    sha256(&[&[1][..], &left, &right].concat())
}

/// The root over leaves; of none, the hash of nothing.
pub fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node(root(left), root(right))
        }
    }
}

/// The root as 64 hexadecimal digits.
pub fn root_hex(leaves: &[[u8; 32]]) -> String {
    hex(&root(leaves))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roots_are_those_that_others_publish() {
        // Test vectors of the reference implementation of Certificate Transparency (RFC 6962).
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let bytes = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
        };
        let hashes: Vec<[u8; 32]> = leaves.iter().map(|text| leaf(&bytes(text))).collect();
        for (n, expected) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(root_hex(&hashes[..n]), expected, "{n} leaves");
        }
    }
}
