//! What do the tests make items of?

#![allow(dead_code)] // Each test file uses a part of it.

use ringfence_casework::Asked;
use ringfence_domain::words::ClaimReason;
use ringfence_domain::{Currency, DecisionKind, Duration, Money, Timestamp};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1_000).expect("a time")
}

pub(crate) fn asked(refund: &str, decision: DecisionKind, score: f64, amount: i64) -> Asked {
    Asked {
        refund: refund.into(),
        account: format!("A-{refund}"),
        order: format!("O-{refund}"),
        amount: Some(Money { amount, currency: Currency::USD }),
        amount_reporting: amount,
        reason: Some(ClaimReason::NotReceived),
        decision,
        score,
        reason_codes: vec!["delivered_with_photo".into()],
        cluster: None,
        decided_at: at(0),
        respond_by: at(0).plus(Duration::DAY),
        position: 7,
    }
}
