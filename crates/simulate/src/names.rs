//! What is it called? Opaque identifiers from one namespace a kind, which say nothing of when or why they were made.
//!
//! The n-th thing of a kind gets the n-th value of a keyed permutation of 50 bits: unique without a table,
//! and neither its place in line nor who owns it can be read from it.

use crate::chance::mix;
use ringfence_domain::id::{
    AccountId, AddressToken, ContactId, DeviceToken, DriverId, EmailToken, EventId, Handle, IpToken, Label,
    OrderId, ParcelId, PaymentToken, PhoneToken, PostId, RefundId, SellerId, SessionId, Sha256Hex, SiteId,
    Sku, StaffId, StationId,
};

/// Bits of an identifier: ten characters of base 32.
const BITS: u32 = 50;
const MASK: u64 = (1 << BITS) - 1;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Mints identifiers.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    key: u64,
    next: [u64; KINDS],
}

macro_rules! kinds {
    ($($name:ident $nth:ident $kind:ident $type:ident $prefix:literal;)*) => {
        #[derive(Clone, Copy)]
        enum Kind { $($kind,)* }
        const KINDS: usize = [$(Kind::$kind,)*].len();
        impl Names {
            $(
                /// The identifier of the `n`-th thing of this kind.
                #[allow(dead_code)]
                pub(crate) fn $nth(&self, n: u64) -> $type {
                    let mut text = [0u8; 16];
                    let len = self.write(Kind::$kind, $prefix, n, &mut text);
                    $type::new(std::str::from_utf8(&text[..len]).expect("base 32 is ASCII"))
                        .expect("a prefix and ten characters are an identifier")
                }
                /// The next identifier of this kind.
                #[allow(dead_code)]
                pub(crate) fn $name(&mut self) -> $type {
                    let n = self.next[Kind::$kind as usize];
                    self.next[Kind::$kind as usize] += 1;
                    self.$nth(n)
                }
            )*
        }
    };
}

kinds! {
    account nth_account Account AccountId "A";
    order nth_order Order OrderId "O";
    parcel nth_parcel Parcel ParcelId "P";
    refund nth_refund Refund RefundId "R";
    contact nth_contact Contact ContactId "C";
    staff nth_staff Staff StaffId "S";
    session nth_session Session SessionId "L";
    sku nth_sku Sku Sku "K";
    seller nth_seller Seller SellerId "M";
    driver nth_driver Driver DriverId "V";
    site nth_site Site SiteId "W";
    station nth_station Station StationId "T";
    device nth_device Device DeviceToken "dev_";
    address nth_address Address AddressToken "adr_";
    payment nth_payment Payment PaymentToken "pay_";
    email nth_email Email EmailToken "eml_";
    phone nth_phone Phone PhoneToken "tel_";
    ip nth_ip Ip IpToken "ip_";
    post nth_post Post PostId "X";
    handle nth_handle Handle Handle "@";
}

impl Names {
    pub(crate) fn new(seed: u64) -> Self {
        Self { key: mix(seed ^ 0x6e61_6d65), next: [0; KINDS] }
    }
    fn write(&self, kind: Kind, prefix: &str, n: u64, out: &mut [u8; 16]) -> usize {
        let value = self.permute(kind, n);
        let start = prefix.len();
        out[..start].copy_from_slice(prefix.as_bytes());
        for i in 0..10 {
            out[start + i] = ALPHABET[(value >> (5 * (9 - i))) as usize & 31];
        }
        start + 10
    }
    /// A permutation of 0..2^50: each step (adding, multiplying by an odd number, xor with a right shift) can be undone.
    fn permute(&self, kind: Kind, n: u64) -> u64 {
        let key = mix(self.key ^ kind as u64);
        let mut x = n.wrapping_add(key) & MASK;
        for round in 0..3 {
            x = x.wrapping_mul(mix(key ^ round) | 1) & MASK;
            x ^= x >> 26;
        }
        x
    }
}

/// The event's id: its place in the order of arrival, which every reader of the stream knows anyway.
pub(crate) fn event_id(n: u64) -> EventId {
    let mut text = *b"e-0000000000";
    let mut left = n;
    for slot in text[2..].iter_mut().rev() {
        *slot = b'0' + (left % 10) as u8;
        left /= 10;
    }
    EventId::new(std::str::from_utf8(&text).expect("digits are ASCII"))
        .expect("twelve characters are an identifier")
}

/// A SHA-256-like text of 64 hexadecimal digits for document `n`: the file itself is not simulated.
pub(crate) fn document(seed: u64, n: u64) -> Sha256Hex {
    let mut text = String::with_capacity(64);
    for part in 0..4 {
        let word = mix(mix(seed ^ 0x646f_6375) ^ mix(n) ^ (part << 60));
        for i in 0..16 {
            text.push(char::from(b"0123456789abcdef"[(word >> (4 * i)) as usize & 15]));
        }
    }
    Sha256Hex::new(&text).expect("64 digits are an identifier")
}

/// A short fixed word as a label; only called with constants.
pub(crate) fn label(text: &str) -> Label {
    Label::new(text).expect("labels of the simulator are short words")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn identifiers_are_unique_and_tell_no_order() {
        let mut names = Names::new(3);
        let ids: Vec<String> = (0..20_000).map(|_| names.order().to_string()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        let rising = ids.windows(2).filter(|w| w[0] < w[1]).count();
        assert!((9_500..10_500).contains(&rising), "{rising} of 19,999 steps rise: the order shows");
    }

    #[test]
    fn seeds_have_names_of_their_own() {
        assert_ne!(Names::new(1).account(), Names::new(2).account());
    }
}
