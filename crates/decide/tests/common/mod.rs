//! Which vector and requests do the tests use?

#![allow(dead_code)] // Each test file uses a part of it.

use ringfence_decide::{Ask, Explain, Listed, Plan, Policy};
use ringfence_domain::id::RefundId;
use ringfence_domain::vector::{Column, ColumnKind, Schema};
use ringfence_domain::words::{ClaimReason, RequestChannel};
use ringfence_domain::{Currency, Money, Timestamp, Versions};

/// The columns that the shipped policies use, and a few more.
pub(crate) fn schema() -> Schema {
    use ColumnKind::{Category, Flag, Number};
    let column = |(name, kind, about, reason): &(&str, ColumnKind, &str, &str)| Column {
        name: (*name).to_owned(),
        kind: *kind,
        about: (*about).to_owned(),
        reason: (*reason).to_owned(),
        model: true,
    };
    let columns = [
        ("amount", Number, "money asked for, minor units of the reporting currency", "order_value"),
        ("amount_share_of_order", Number, "money asked for, as a share of the order's total", "order_value"),
        (
            "account_goods_kept_90d",
            Number,
            "claims that need no return, last 90 days",
            "account_claim_history",
        ),
        ("account_requests_365d", Number, "refund requests, last 365 days", "account_claim_history"),
        (
            "account_goods_kept_365d",
            Number,
            "claims that need no return, last 365 days",
            "account_claim_history",
        ),
        ("account_kept_rate_365d", Number, "claims without a return by order", "account_claim_history"),
        (
            "account_refund_rate_365d",
            Number,
            "refund requests by order, last 365 days",
            "account_claim_history",
        ),
        ("device_accounts_30d", Number, "accounts on this device, last 30 days", "shared_device"),
        ("narrative_accounts_180d", Number, "accounts that sent the same words", "narrative_reuse"),
        ("document_accounts", Number, "accounts that handed in the same document", "document_reuse"),
        (
            "earlier_share_of_order",
            Number,
            "money asked for before, as a share of the order's total",
            "double_claim",
        ),
        ("account_abuse_verdicts", Number, "requests found to be abuse", "account_verdicts"),
        ("neighbour_abuse", Number, "requests of connected accounts found to be abuse", "known_abuse_nearby"),
        ("proof_distance_m", Number, "metres between scan and address", "delivery_proof"),
        (
            "denied_delivery_proven",
            Flag,
            "claimed as not received although delivered with proof",
            "delivered_with_photo",
        ),
        ("account_known_abuser", Flag, "the account was found to be abusive", "account_verdicts"),
        ("first_refund_of_new_account", Flag, "first request of a new account", "new_account"),
        ("goods_kept", Flag, "the claim needs no return", "claim_kind"),
        ("received_without_scan", Flag, "recorded as received before any scan", "receipt_without_parcel"),
        ("serial_mismatch", Flag, "another serial number came back", "serial_mismatch"),
        ("inspection_bad", Flag, "inspected as empty, missing or wrong", "return_inspection"),
        ("reported_lost", Flag, "the carrier reports the parcel lost", "carrier_record"),
        ("charged_back", Flag, "a bank has taken the money back", "chargeback_history"),
        ("claimed_before_delivery", Flag, "asked for while the parcel was on its way", "timing"),
        ("received_lane", Category, "lane in which the return was recorded", "return_record"),
        ("shop_segment", Category, "the shop's own segment", "not_a_code"),
        (
            "lead_on_device",
            Number,
            "probability that the device of the request is an open lead's",
            "open_lead",
        ),
        ("lead_on_document", Number, "probability that the document is an open lead's", "open_lead"),
        ("lead_on_payment", Number, "probability that the means of payment is an open lead's", "open_lead"),
    ];
    Schema { columns: columns.iter().map(column).collect(), hash: "test".into() }
}

/// The default policy with leads as evidence beside the score.
pub(crate) fn with_leads() -> String {
    let evidence = ["lead_on_device", "lead_on_document", "lead_on_payment"]
        .map(|column| format!("[[evidence]]\ncolumn = \"{column}\"\nshare = 1.0\n\n"));
    ringfence_decide::DEFAULT_POLICY.replacen("[review]", &(evidence.concat() + "[review]"), 1)
}

/// A vector in which only these columns are known.
pub(crate) fn vector(known: &[(&str, f64)]) -> Vec<f64> {
    let schema = schema();
    let mut vector = vec![f64::NAN; schema.columns.len()];
    for (name, value) in known {
        vector[schema.index(name).expect("a column of the tests")] = *value;
    }
    vector
}

/// A request for 650.00 USD, reason not received, over chat.
pub(crate) fn ask(score: f64) -> Ask {
    Ask {
        refund: RefundId::new("R17").expect("an identifier"),
        position: 4_711,
        arrived_at: Timestamp::parse("2023-03-01T12:34:56.789Z").expect("a time"),
        amount: Money::new(65_000, Currency::USD).expect("an amount"),
        amount_reporting_minor: 65_000,
        reporting: Currency::USD,
        reason: ClaimReason::NotReceived,
        channel: RequestChannel::Chat,
        score,
        goods_returnable: false,
        reviews_last_24h: 0,
        listed: Listed::default(),
        cluster: Some("K12".into()),
        versions: Versions::from([("policy".to_owned(), "p".to_owned())]),
    }
}

/// The same request about goods that the customer has, for `amount` minor units.
pub(crate) fn return_ask(score: f64, amount: i64, reason: ClaimReason) -> Ask {
    let money = Money::new(amount, Currency::USD).expect("an amount");
    Ask { amount: money, amount_reporting_minor: amount, reason, goods_returnable: true, ..ask(score) }
}

/// Compiles a policy for [`schema`].
pub(crate) fn plan(text: &str) -> Plan {
    let policy = Policy::parse(text).unwrap_or_else(|error| panic!("{error}"));
    Plan::compile(&policy, &schema()).unwrap_or_else(|error| panic!("{error}"))
}

/// Attributions by name, and one event a column.
pub(crate) struct Behind(pub(crate) Vec<(&'static str, f64)>);

impl Explain for Behind {
    fn attributions(&mut self, out: &mut Vec<(usize, f64)>) {
        let schema = schema();
        out.extend(
            self.0.iter().map(|(name, weight)| (schema.index(name).expect("a column of the tests"), *weight)),
        );
    }
    fn events(&mut self, column: usize, out: &mut Vec<String>) {
        out.push(format!("e-{column}"));
    }
    fn word(&mut self, column: usize) -> Option<String> {
        (schema().columns[column].name == "received_lane").then(|| "bulk".to_owned())
    }
}

/// Compares with a file of `tests/`; `RINGFENCE_BLESS=1` writes it instead.
pub(crate) fn golden(file: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    let text = format!("{}\n", text.trim_end());
    if std::env::var_os("RINGFENCE_BLESS").is_some() {
        std::fs::write(&path, text).expect("the golden file can be written");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} differs; RINGFENCE_BLESS=1 writes it\n{text}", path.display());
}
