//! Which data may each event type have? One strategy a type, every field drawn.

use super::values::{attributes, hashes, id, lines, money, opt, share, text, timestamp, word};
// Every event type is drawn here.
#[allow(clippy::wildcard_imports)]
use crate::event::*;
use crate::lead::{LeadMember, LeadTie};
use crate::words::{DecidedBy, Instrument};
use proptest::prelude::*;

/// Nested pairs of strategies, `(a, (b, (c, Just(()))))`: tuples of strategies end at twelve.
macro_rules! pairs {
    () => { Just(()) };
    ($first:expr $(, $rest:expr)*) => { ($first, pairs!($($rest),*)) };
}
/// The pattern that takes such pairs apart.
macro_rules! taken {
    () => { () };
    ($first:ident $(, $rest:ident)*) => { ($first, taken!($($rest),*)) };
}
/// Draws every field of a struct by its own strategy.
macro_rules! draw {
    ($name:ident { $($field:ident: $strategy:expr),* $(,)? }) => {
        pairs!($($strategy),*).prop_map(|taken!($($field),*)| $name { $($field),* })
    };
}
/// The same for an event type: with attributes, and as a body.
macro_rules! draw_body {
    ($name:ident { $($field:ident: $strategy:expr),* $(,)? }) => {
        draw!($name { $($field: $strategy,)* attributes: opt(attributes()) }).prop_map(Body::$name).boxed()
    };
}

/// The data of one event type.
pub fn body(event_type: EventType) -> BoxedStrategy<Body> {
    match event_type {
        EventType::AccountOpened => draw_body!(AccountOpened {
            account: id("A"),
            country: opt(id("C")),
            email: opt(id("em")),
            phone: opt(id("ph")),
        }),
        EventType::AccountClosed => {
            draw_body!(AccountClosed { account: id("A"), reason: opt(id("reason ")) })
        }
        EventType::IdentifierSeen => {
            draw_body!(IdentifierSeen { account: id("A"), kind: word(), value: id("v") })
        }
        EventType::SessionStarted => (
            any::<bool>(),
            id("A"),
            id("S"),
            pairs!(
                id("se"),
                opt(id("D")),
                opt(id("I")),
                opt(id("AS")),
                opt(id("C")),
                opt(word()),
                opt(any::<bool>()),
                opt(attributes())
            ),
        )
            .prop_map(
                |(
                    is_staff,
                    account,
                    staff,
                    taken!(session, device, ip, asn, country, auth, new_device, attributes),
                )| {
                    let (account, staff) = if is_staff { (None, Some(staff)) } else { (Some(account), None) };
                    Body::SessionStarted(SessionStarted {
                        session,
                        account,
                        staff,
                        device,
                        ip,
                        asn,
                        country,
                        auth,
                        new_device,
                        attributes,
                    })
                },
            )
            .boxed(),
        EventType::AppealOpened => draw_body!(AppealOpened { refund: id("R"), account: id("A") }),
        EventType::AppealResolved => {
            draw_body!(AppealResolved { refund: id("R"), account: id("A"), outcome: word() })
        }
        EventType::ItemListed => draw_body!(ItemListed {
            sku: id("SKU-"),
            category: opt(id("cat-")),
            unit_price: opt(money()),
            weight_g: opt(any::<u64>()),
            serialised: opt(any::<bool>()),
        }),
        EventType::OrderPlaced => draw_body!(OrderPlaced {
            order: id("O"),
            account: id("A"),
            lines: lines(),
            total: money(),
            address: opt(id("ad")),
            payment: opt(id("pay")),
            device: opt(id("D")),
            ip: opt(id("I")),
            seller: opt(id("sel")),
            warehouse: opt(id("W")),
            promised_by: opt(timestamp()),
        }),
        EventType::ParcelScanned => draw_body!(ParcelScanned {
            parcel: id("P"),
            order: id("O"),
            direction: word(),
            carrier: id("car"),
            status: word(),
            refund: opt(id("R")),
            weight_g: opt(0..50_000_u64),
            postal_code: opt(id("zip ")),
            site: opt(id("W")),
            service: opt(id("express")),
            driver: opt(id("dr")),
            proof: opt(proof()),
        }),
        EventType::ChargebackOpened => draw_body!(ChargebackOpened {
            order: id("O"),
            amount: money(),
            reason: word(),
            network_code: opt(id("10.")),
        }),
        EventType::TestPurchaseRegistered => draw_body!(TestPurchaseRegistered { order: id("O") }),
        EventType::ReturnAuthorised => {
            let destination = draw!(Destination { postal_code: opt(id("zip ")), site: opt(id("W")) });
            draw_body!(ReturnAuthorised {
                order: id("O"),
                lines: lines(),
                refund: opt(id("R")),
                parcel: opt(id("P")),
                carrier: opt(id("car")),
                service: opt(id("economy")),
                destination: opt(destination),
            })
        }
        EventType::ReturnReceived => draw_body!(ReturnReceived {
            order: id("O"),
            lines: lines(),
            staff: id("S"),
            refund: opt(id("R")),
            parcel: opt(id("P")),
            station: opt(id("st")),
            lane: opt(word()),
            weight_g: opt(0..50_000_u64),
            serial_match: opt(any::<bool>()),
        }),
        EventType::ReturnInspected => draw_body!(ReturnInspected {
            order: id("O"),
            lines: lines(),
            condition: word(),
            refund: opt(id("R")),
            staff: opt(id("S")),
        }),
        EventType::ItemRestocked => {
            draw_body!(ItemRestocked { order: id("O"), line: 0..9_u32, staff: opt(id("S")) })
        }
        EventType::ContactOpened => draw_body!(ContactOpened {
            contact: id("C"),
            account: id("A"),
            channel: word(),
            order: opt(id("O")),
            staff: opt(id("S")),
            queue: opt(id("Q")),
            assigned: opt(word()),
            authenticated: opt(any::<bool>()),
        }),
        EventType::MessagePosted => {
            draw_body!(MessagePosted { contact: id("C"), author: word(), text: text(), staff: opt(id("S")) })
        }
        EventType::ContactClosed => {
            draw_body!(ContactClosed { contact: id("C"), outcome: opt(id("outcome ")) })
        }
        EventType::StaffJoined => draw_body!(StaffJoined {
            staff: id("S"),
            role: word(),
            site: opt(id("W")),
            team: opt(id("team")),
            queue: opt(id("Q")),
            shift: opt(id("night")),
            approval_limit: opt(money()),
        }),
        EventType::StaffActed => draw_body!(StaffActed {
            staff: id("S"),
            action: word(),
            order: opt(id("O")),
            account: opt(id("A")),
            refund: opt(id("R")),
            contact: opt(id("C")),
            session: opt(id("se")),
        }),
        EventType::RefundRequested => draw_body!(RefundRequested {
            refund: id("R"),
            order: id("O"),
            account: id("A"),
            lines: lines(),
            amount: money(),
            reason: word(),
            channel: word(),
            contact: opt(id("C")),
            staff: opt(id("S")),
            device: opt(id("D")),
            ip: opt(id("I")),
            instrument: opt(instrument()),
            documents: opt(hashes()),
        }),
        EventType::RefundDecided => {
            let by = prop_oneof![Just(DecidedBy::Engine), id("S").prop_map(DecidedBy::Staff)];
            draw_body!(RefundDecided {
                refund: id("R"),
                decision: word(),
                by: by,
                overridden: opt(any::<bool>()),
                reason_codes: opt(proptest::collection::vec("[a-z_]{1,20}", 0..4)),
                score: opt(share()),
                versions: opt(proptest::collection::btree_map("[a-z]{1,8}", "[0-9a-f]{8}", 0..4)),
            })
        }
        EventType::RefundPaid => {
            draw_body!(RefundPaid { refund: id("R"), amount: money(), instrument: opt(instrument()) })
        }
        EventType::VerdictRecorded => {
            let subject = draw!(Subject { kind: word(), id: id("R") });
            draw_body!(VerdictRecorded { subject: subject, verdict: word(), method: word() })
        }
        EventType::PostCollected => draw_body!(PostCollected {
            post: id("post"),
            platform: word(),
            channel: id("#ch"),
            author: id("@"),
            text: text(),
            posted_at: opt(timestamp()),
            images: opt(hashes()),
        }),
        EventType::LeadRaised => {
            let member = draw!(LeadMember {
                kind: word(),
                id: id("A"),
                probability: share(),
                since: opt(timestamp()),
                refunds: opt(0..9_u32),
                money: opt(money()),
            });
            let tie = draw!(LeadTie {
                kind: word(),
                value: text(),
                probability: share(),
                accounts: proptest::collection::vec(id("A"), 3),
                since: opt(proptest::collection::vec(timestamp(), 3)),
                shared_by: opt(0..9_u32),
                orders: opt(0..9_u32),
            });
            let sentences = || opt(proptest::collection::vec(text(), 0..3));
            draw_body!(LeadRaised {
                lead: id("ring-R"),
                kind: word(),
                as_of: timestamp(),
                probability: share(),
                fdr: share(),
                method: id("rings/"),
                members: proptest::collection::vec(member, 0..4),
                refunds: proptest::collection::vec(id("R"), 0..4),
                money: money(),
                ties: opt(proptest::collection::vec(tie, 0..3)),
                confirmed: opt(0..9_u32),
                why: sentences(),
                against: sentences(),
                from: opt(timestamp()),
                to: opt(timestamp()),
                pattern: opt(word()),
            })
        }
        EventType::LeadWithdrawn => draw_body!(LeadWithdrawn {
            lead: id("ring-R"),
            kind: word(),
            as_of: timestamp(),
            reason: word(),
            into: opt(id("ring-R")),
            why: opt(proptest::collection::vec(text(), 0..3)),
        }),
    }
}

fn proof() -> impl Strategy<Value = Proof> {
    draw!(Proof {
        photo: opt(any::<bool>()),
        signature: opt(any::<bool>()),
        otp: opt(any::<bool>()),
        distance_m: opt(prop_oneof![Just(0.0), 0.0..100_000.0_f64]),
    })
}

fn instrument() -> impl Strategy<Value = Instrument> {
    prop_oneof![
        Just(Instrument::Original),
        Just(Instrument::GiftCard),
        Just(Instrument::StoreCredit),
        id("pay").prop_map(Instrument::Token),
    ]
}
