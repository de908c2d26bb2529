//! What did the people who run the shop decide beforehand? The checked content of a policy file.

use crate::error::PolicyError;
use crate::evidence::Evidence;
use crate::reasons::ReasonCode;
use ringfence_domain::words::{ClaimReason, Word};
use ringfence_domain::{Currency, DecisionKind, Duration};
use std::fmt::Write as _;
use std::ops::Range;

/// The format of policy files that this version reads and writes.
pub const FORMAT: u32 = 1;

/// A checked policy. Amounts are minor units of its currency.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    /// What people call it.
    pub name: String,
    /// The currency of its amounts: the reporting currency of the deployment that uses it.
    pub currency: Currency,
    /// Whether the engine may deny by itself on hard evidence (INV-7); otherwise denials become reviews.
    pub deny_by_machine: bool,
    /// Whether the score is used.
    pub use_score: bool,
    /// The probability of abuse where the score is not used or not known.
    pub prior: f64,
    /// What stands beside the score, in the order of the file.
    pub evidence: Vec<Evidence>,
    /// What people can review.
    pub review: Review,
    /// What goods are worth when they come back.
    pub goods: Goods,
    /// How reasons are chosen.
    pub reasons: ReasonLimits,
    /// The costs of each decision, by its place in [`DecisionKind::ALL`]; none where the policy does not offer it.
    pub decisions: [Option<DecisionCosts>; DECISIONS],
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// Reason codes that the policy declares beside the built-in ones.
    pub declared_reasons: Vec<ReasonCode>,
    /// BLAKE3 of the canonical form, hexadecimal: comments, order of keys and spacing do not change it.
    pub hash: String,
    /// The file's text, for the positions of faults that show when the policy meets a schema.
    pub(crate) source: String,
}

/// How many decisions there are.
pub const DECISIONS: usize = DecisionKind::ALL.len();

/// How many reasons for a request there are.
pub const CLAIM_REASONS: usize = ClaimReason::ALL.len();

/// What people can review, and what a review is worth when there are few left.
#[derive(Clone, PartialEq, Debug)]
pub struct Review {
    /// Reviews that people can do in 24 hours.
    pub per_day: u32,
    /// Minutes of an expert that a review takes.
    pub minutes: f64,
    /// Part of the capacity up to which a review costs its handling and no more, 0 to below 1.
    pub relaxed_share: f64,
    /// What a review costs when the capacity is used up: what the most urgent of the waiting ones would save.
    pub full_price: f64,
}

/// What goods are worth when they come back.
#[derive(Clone, PartialEq, Debug)]
pub struct Goods {
    /// Freight and processing of a return.
    pub return_cost: f64,
    /// Dearest goods that the customer may be left.
    pub keep_item_max: f64,
    /// Worth of returned goods as a share of the amount, by the reason of the request.
    pub value: [f64; CLAIM_REASONS],
}

/// How reasons are chosen.
#[derive(Clone, PartialEq, Debug)]
pub struct ReasonLimits {
    /// Most reasons of a decision.
    pub most: usize,
    /// Least weight of a reason, in probability points either way.
    pub least_weight: f64,
    /// Whether payments at once carry reasons too; without, they are a little cheaper.
    pub for_payments: bool,
}

/// What a decision costs; probabilities and shares are 0–1 unless said otherwise.
#[derive(Clone, PartialEq, Debug)]
pub struct DecisionCosts {
    /// What the decision costs the shop whoever asks.
    pub handling: f64,
    /// What it costs with an honest customer: patience, trust, calls.
    pub friction: f64,
    /// The same, as a share of the amount; may pass 1 for a denial.
    pub friction_share: f64,
    /// What leaves the shop as a share of the amount, where it pays.
    pub pays: f64,
    /// Probability that an abuser gives up.
    pub abuser_gives_up: f64,
    /// Probability that abuse is found before it is paid, given that the abuser did not give up.
    pub abuse_found: f64,
    /// Probability that an honest customer is refused after all.
    pub honest_refused: f64,
    /// Probability that goods that can come back do, from an honest customer.
    pub honest_returns: f64,
    /// The same, from an abuser who is paid.
    pub abuser_returns: f64,
    /// Within which time the customer must have heard.
    pub respond_within: Duration,
    /// The reasons of requests for which the decision is possible, by code.
    pub possible_for: [bool; CLAIM_REASONS],
}

/// A named condition that bounds the choice.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Its name, unique in the policy.
    pub name: String,
    /// What it is for, in a sentence; the text of its reason.
    pub about: String,
    /// The condition, in CEL.
    pub when: String,
    /// Where `when` stands in the file.
    pub(crate) when_span: Range<usize>,
    /// The decisions that it leaves, as a set of [`bit`]s.
    pub allows: u16,
    /// Whether it is hard evidence, on which the engine may deny by itself.
    pub hard_evidence: bool,
    /// The code of its reason.
    pub reason: String,
    /// How much it counts where requests are ranked by rules alone.
    pub points: f64,
}

/// All decisions as a set.
pub const ALL_DECISIONS: u16 = (1 << DECISIONS) - 1;

/// A decision's bit in a set.
pub fn bit(decision: DecisionKind) -> u16 {
    1 << decision.code()
}

/// How much a decision asks of the customer: 0 pays now, 1 at the scan, 2 at receipt, 3 looks first, 4 lets a person
/// decide, 5 denies. Rules with `at_least` use this order.
pub fn strictness(decision: DecisionKind) -> u8 {
    match decision {
        DecisionKind::InstantRefund
        | DecisionKind::KeepItem
        | DecisionKind::Replace
        | DecisionKind::StoreCredit
        | DecisionKind::PartialRefund => 0,
        DecisionKind::RefundOnScan => 1,
        DecisionKind::RefundOnReceipt => 2,
        DecisionKind::RefundAfterInspection | DecisionKind::CarrierTrace | DecisionKind::StepUp => 3,
        DecisionKind::Review => 4,
        DecisionKind::Deny => 5,
    }
}

impl Policy {
    /// Reads and checks a policy file.
    ///
    /// # Errors
    /// With line, column and what to write, where the text is not TOML, of another format, has keys, words or numbers
    /// that are not known or out of range, or a rule that bounds nothing or contradicts INV-7.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let mut policy = crate::file::read(text)?;
        policy.hash = blake3::hash(policy.canonical().as_bytes()).to_hex().to_string();
        Ok(policy)
    }

    /// The costs of a decision, where the policy offers it.
    pub fn decision(&self, decision: DecisionKind) -> Option<&DecisionCosts> {
        self.decisions[usize::from(decision.code())].as_ref()
    }

    /// One line a value, in a fixed order: what the hash is taken of.
    fn canonical(&self) -> String {
        let Policy {
            name,
            currency,
            deny_by_machine,
            use_score,
            prior,
            evidence,
            review,
            goods,
            reasons,
            decisions,
            rules,
            declared_reasons,
            hash: _,
            source: _,
        } = self;
        let Review { per_day, minutes, relaxed_share, full_price } = review;
        let Goods { return_cost, keep_item_max, value } = goods;
        let ReasonLimits { most, least_weight, for_payments } = reasons;
        let mut out = format!(
            "format {FORMAT}\nname {name:?}\ncurrency {currency}\ndeny_by_machine {deny_by_machine}\nscore {use_score} {prior:?}\n\
             review {per_day} {minutes:?} {relaxed_share:?} {full_price:?}\ngoods {return_cost:?} {keep_item_max:?} {value:?}\n\
             reasons {most} {least_weight:?} {for_payments}\n"
        );
        let mut line = |text: std::fmt::Arguments<'_>| {
            out.write_fmt(text).expect("a String takes all text");
            out.push('\n');
        };
        for (kind, costs) in DecisionKind::ALL.iter().zip(decisions) {
            let Some(costs) = costs else { continue };
            let DecisionCosts {
                handling,
                friction,
                friction_share,
                pays,
                abuser_gives_up,
                abuse_found,
                honest_refused,
                honest_returns,
                abuser_returns,
                respond_within,
                possible_for,
            } = costs;
            line(format_args!(
                "decision {kind} {handling:?} {friction:?} {friction_share:?} {pays:?} {abuser_gives_up:?} {abuse_found:?} \
                 {honest_refused:?} {honest_returns:?} {abuser_returns:?} {} {possible_for:?}",
                respond_within.0
            ));
        }
        for Evidence { column, column_span: _, share } in evidence {
            line(format_args!("evidence {column:?} {share:?}"));
        }
        for rule in rules {
            let Rule { name, about, when, when_span: _, allows, hard_evidence, reason, points } = rule;
            line(format_args!(
                "rule {name:?} {about:?} {when:?} {allows} {hard_evidence} {reason} {points:?}"
            ));
        }
        for code in declared_reasons {
            let ReasonCode { code, group: _, title, against, for_customer, customer_text, way: _ } = code;
            line(format_args!("reason {code} {title:?} {against:?} {for_customer:?} {customer_text:?}"));
        }
        out
    }
}
