//! Which facts are kept of each kind of thing?

use crate::fact::SlotType;
use crate::kind::Kind;
use ringfence_domain::words::{Condition, Direction, Word};
use serde::{Deserialize, Serialize};

/// A fact one hop away.
#[derive(Clone, Copy, Debug)]
pub struct FactDef {
    /// Its name after the kind, as in `order.delivered_at`.
    pub name: &'static str,
    /// What it holds.
    pub slot_type: SlotType,
    /// The field that holds the log position of the event behind it.
    pub evidence: Option<usize>,
}

macro_rules! blocks {
    ($($(#[$doc:meta])* $block:ident = $prefix:literal, $kind:expr; { $($field:ident : $ty:expr $(, by $evidence:ident)?;)* })*) => {
        /// A table of facts; `order` has two, so that the many orders that nobody complains of stay small.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Block { $($(#[$doc])* $block,)* }

        impl Block {
            /// All tables.
            pub const ALL: &'static [Block] = &[$(Block::$block),*];
            /// The kind whose identifiers number its rows.
            pub const fn kind(self) -> Kind { match self { $(Block::$block => $kind,)* } }
            /// The word before the dot.
            pub const fn prefix(self) -> &'static str { match self { $(Block::$block => $prefix,)* } }
            /// Its facts in order; names that begin with `@` are positions of evidence, not for expressions.
            pub const fn facts(self) -> &'static [FactDef] {
                match self { $(Block::$block => {
                    #[allow(unused_mut, unused_assignments)]
                    const TABLE: &[FactDef] = &[$(FactDef {
                        name: stringify!($field),
                        slot_type: $ty,
                        evidence: { let mut e = None; $(e = Some(f::$block::$evidence);)? e },
                    }),*];
                    TABLE
                })* }
            }
        }

        /// Positions of the facts by table and name.
        #[allow(non_upper_case_globals, non_snake_case, missing_docs)]
        pub mod f {
            $(pub mod $block {
                #[allow(non_camel_case_types, dead_code)]
                enum Order { $($field,)* }
                $(pub const $field: usize = Order::$field as usize;)*
            })*
        }
    };
}

use SlotType::{Flag, Id as I, Money as M, Number as N, Time as T, Word as W};

blocks! {
    /// What was ordered and how it travelled.
    Order = "order", Kind::Order; {
        // First what every scan reads and writes, so that it lies close together.
        placed_at: T, by placed_pos; outbound_scans: N; carrier: I(Kind::Carrier), by delivered_pos;
        driver: I(Kind::Driver), by delivered_pos; weight_first_g: N, by origin_pos; weight_last_g: N, by delivered_pos;
        label_at: T; origin_scan_at: T, by origin_pos; origin_pos: N;
        delivered_at: T, by delivered_pos; delivered_pos: N; delivered_photo: Flag, by delivered_pos;
        delivered_signature: Flag, by delivered_pos; delivered_otp: Flag, by delivered_pos;
        delivered_distance_m: N, by delivered_pos; exception_at: T; lost_at: T; returned_to_sender_at: T;
        total: M, by placed_pos; account: I(Kind::Account), by placed_pos;
        address: I(Kind::Address), by placed_pos; payment: I(Kind::Payment), by placed_pos;
        device: I(Kind::Device), by placed_pos; ip: I(Kind::Ip), by placed_pos; seller: I(Kind::Seller), by placed_pos;
        warehouse: I(Kind::Site), by placed_pos; promised_by: T, by placed_pos; line_count: N, by placed_pos;
        quantity: N, by placed_pos; sku: I(Kind::Sku), by placed_pos; category: I(Kind::Category), by placed_pos;
        unit_price: M, by placed_pos; placed_pos: N;
    }
    /// What came back, and what was asked for.
    Return = "order", Kind::Order; {
        return_authorised_at: T, by authorised_pos; return_parcel: I(Kind::Parcel), by authorised_pos;
        return_label_at: T; return_scanned_at: T, by return_scan_pos; return_scanned: Flag, by return_scan_pos;
        return_delivered_at: T, by return_delivered_pos; return_weight_g: N, by return_scan_pos;
        return_postal_differs: Flag, by return_delivered_pos; return_service_differs: Flag, by return_scan_pos;
        return_parcel_differs: Flag, by return_scan_pos;
        received_at: T, by received_pos; received_staff: I(Kind::Staff), by received_pos;
        received_lane: W(ringfence_domain::words::Lane::TEXTS), by received_pos; received_weight_g: N, by received_pos;
        serial_match: Flag, by received_pos; received_without_scan: Flag, by received_pos;
        inspected_at: T, by inspected_pos; condition: W(Condition::TEXTS), by inspected_pos; restocked_at: T;
        requests: N, by last_request_pos; requested_amount: M, by last_request_pos;
        first_requested_at: T; last_requested_at: T, by last_request_pos; paid: M; denied: N;
        chargeback_at: T, by chargeback_pos; test_purchase: Flag; contacts: N; claimed_not_received: Flag, by last_request_pos;
        authorised_postal: I(Kind::Label); authorised_service: I(Kind::Label);
        authorised_pos: N; return_scan_pos: N; return_delivered_pos: N; received_pos: N; inspected_pos: N;
        last_request_pos: N; chargeback_pos: N;
    }
    /// A customer's account.
    Account = "account", Kind::Account; {
        opened_at: T, by opened_pos; closed_at: T; country: I(Kind::Label), by opened_pos; email: I(Kind::Email), by opened_pos;
        phone: I(Kind::Phone), by opened_pos; last_session_at: T, by session_pos; last_session_new_device: Flag, by session_pos;
        last_session_recovery: Flag, by session_pos; last_session_country: I(Kind::Label), by session_pos;
        last_identifier_at: T, by identifier_pos; verdict_abuse: Flag, by verdict_pos;
        opened_pos: N; session_pos: N; identifier_pos: N; verdict_pos: N;
    }
    /// A member of staff.
    Staff = "staff", Kind::Staff; {
        joined_at: T; role: W(ringfence_domain::words::Role::TEXTS); site: I(Kind::Site); team: I(Kind::Label);
        queue: I(Kind::Queue); shift: I(Kind::Label); approval_limit: M;
        last_session_at: T, by session_pos; last_session_new_device: Flag, by session_pos;
        last_session_asn_changed: Flag, by session_pos; last_session_country_changed: Flag, by session_pos;
        last_session_asn: I(Kind::Label); last_session_country: I(Kind::Label); last_credentials_reset_at: T, by reset_pos;
        session_pos: N; reset_pos: N;
    }
    /// A conversation.
    Contact = "contact", Kind::Contact; {
        opened_at: T, by opened_pos; account: I(Kind::Account); order: I(Kind::Order); staff: I(Kind::Staff); queue: I(Kind::Queue);
        channel: W(ringfence_domain::words::ContactChannel::TEXTS), by opened_pos;
        assigned: W(ringfence_domain::words::Assigned::TEXTS), by opened_pos; authenticated: Flag, by opened_pos;
        narrative: I(Kind::Narrative), by narrative_pos; messages: N; customer_length: N; opened_pos: N; narrative_pos: N;
    }
    /// A refund request.
    Refund = "refund", Kind::Refund; {
        order: I(Kind::Order); account: I(Kind::Account); staff: I(Kind::Staff); contact: I(Kind::Contact); device: I(Kind::Device);
        amount: M; requested_at: T; reason: W(ringfence_domain::words::ClaimReason::TEXTS);
        decision: W(<ringfence_domain::DecisionKind as Word>::TEXTS); decided_at: T; decided_staff: I(Kind::Staff); paid: M;
        verdict: W(ringfence_domain::words::Verdict::TEXTS); position: N;
    }
    /// A parcel.
    Parcel = "parcel", Kind::Parcel; {
        order: I(Kind::Order); direction: W(Direction::TEXTS); first_scan_at: T; delivered_at: T;
        orders_differ: Flag; weight_first_g: N;
    }
    /// An article.
    Sku = "sku", Kind::Sku; {
        category: I(Kind::Category); unit_price: M; weight_g: N; serialised: Flag; listed_at: T;
    }
}
