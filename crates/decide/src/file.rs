//! How is a policy file read? TOML with positions; what is not known is refused.

use crate::error::PolicyError;
use crate::evidence::{EVIDENCE_MAX, Evidence};
use crate::money::parse_minor;
use crate::policy::{
    ALL_DECISIONS, CLAIM_REASONS, DECISIONS, DecisionCosts, FORMAT, Goods, Policy, ReasonLimits, Review,
    Rule, bit, strictness,
};
use crate::reasons::{self, Group, ReasonCode, Way};
use ringfence_domain::words::{ClaimReason, Word};
use ringfence_domain::{Currency, DecisionKind, Duration};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// Longest policy file in bytes: hundreds of rules with texts; what is longer is not written by people.
pub const POLICY_BYTES_MAX: usize = 1 << 20;

/// Most rules: each costs about 20 ns for every request.
pub const RULES_MAX: usize = 1_000;

/// Most reviews a day that a policy may name: beyond any team; keeps arithmetic exact.
const REVIEWS_MAX: f64 = 1_000_000.0;

#[derive(Deserialize)]
struct Header {
    format: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    #[serde(rename = "format")]
    _format: u32,
    name: Spanned<String>,
    currency: Spanned<String>,
    #[serde(default = "yes")]
    deny_by_machine: bool,
    #[serde(default)]
    score: RawScore,
    #[serde(default)]
    evidence: Vec<RawEvidence>,
    review: RawReview,
    #[serde(default)]
    goods: RawGoods,
    #[serde(default)]
    reasons: RawReasons,
    decision: BTreeMap<DecisionKind, RawDecision>,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
    #[serde(default)]
    reason: Vec<RawReason>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawScore {
    #[serde(rename = "use")]
    used: Option<bool>,
    prior: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvidence {
    column: Spanned<String>,
    share: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReview {
    per_day: Spanned<f64>,
    minutes: Spanned<f64>,
    relaxed_share: Spanned<f64>,
    full_price: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawGoods {
    return_cost: Option<Spanned<String>>,
    keep_item_max: Option<Spanned<String>>,
    #[serde(default)]
    value: BTreeMap<ClaimReason, Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawReasons {
    most: Option<Spanned<f64>>,
    least_weight: Option<Spanned<f64>>,
    for_payments: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDecision {
    handling: Option<Spanned<String>>,
    friction: Option<Spanned<String>>,
    friction_share: Option<Spanned<f64>>,
    pays: Option<Spanned<f64>>,
    abuser_gives_up: Option<Spanned<f64>>,
    abuse_found: Option<Spanned<f64>>,
    honest_refused: Option<Spanned<f64>>,
    honest_returns: Option<Spanned<f64>>,
    abuser_returns: Option<Spanned<f64>>,
    respond_within: Spanned<String>,
    possible_for: Option<Vec<ClaimReason>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: Spanned<String>,
    about: String,
    when: Spanned<String>,
    #[serde(rename = "then")]
    decision: Option<Spanned<DecisionKind>>,
    allow: Option<Spanned<Vec<DecisionKind>>>,
    forbid: Option<Spanned<Vec<DecisionKind>>>,
    at_least: Option<Spanned<DecisionKind>>,
    #[serde(default)]
    hard_evidence: bool,
    reason: Option<Spanned<String>>,
    points: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReason {
    code: Spanned<String>,
    title: String,
    against: String,
    #[serde(rename = "for")]
    for_customer: Option<String>,
    customer: String,
}

/// Reads and checks a policy; its hash is still empty.
pub(crate) fn read(source: &str) -> Result<Policy, PolicyError> {
    if source.len() > POLICY_BYTES_MAX {
        let message =
            format!("the policy has {} bytes, at most {POLICY_BYTES_MAX} are allowed", source.len());
        return Err(PolicyError::at(source, 0, message));
    }
    let toml = |error: toml::de::Error| PolicyError::from_toml(source, &error);
    check_format(source, toml::from_str(source).map_err(toml)?)?;
    let raw: RawPolicy = toml::from_str(source).map_err(toml)?;
    let currency = Currency::new(raw.currency.get_ref())
        .map_err(|error| PolicyError::at(source, raw.currency.span().start, error.to_string()))?;
    Reader { source, currency }.policy(raw)
}

fn check_format(source: &str, header: Header) -> Result<(), PolicyError> {
    let help = format!("write `format = {FORMAT}` at the head of the file");
    let Some(format) = header.format else {
        return Err(PolicyError::at(source, 0, "the policy does not say its format").help(help));
    };
    match format.get_ref().as_integer() {
        Some(n) if n == i64::from(FORMAT) => Ok(()),
        _ => {
            let message =
                format!("the policy is of format {}; this version reads format {FORMAT}", format.get_ref());
            Err(PolicyError::at(source, format.span().start, message)
                .help("use the version that wrote it, or rewrite the policy"))
        }
    }
}

struct Reader<'a> {
    source: &'a str,
    currency: Currency,
}

impl Reader<'_> {
    fn fault(&self, span: &Range<usize>, message: impl Into<String>) -> PolicyError {
        PolicyError::at(self.source, span.start, message)
    }

    fn policy(&self, raw: RawPolicy) -> Result<Policy, PolicyError> {
        let declared_reasons = self.declared_reasons(raw.reason)?;
        let mut decisions: [Option<DecisionCosts>; DECISIONS] = Default::default();
        for (kind, costs) in raw.decision {
            decisions[usize::from(kind.code())] = Some(self.decision(kind, &costs)?);
        }
        for needed in [DecisionKind::Review, DecisionKind::InstantRefund] {
            if decisions[usize::from(needed.code())].is_none() {
                let message = format!("the policy has no [decision.{needed}]");
                let help = "it must always be possible to pay at once and to let a person decide";
                return Err(PolicyError::at(self.source, self.source.len(), message).help(help));
            }
        }
        Ok(Policy {
            name: raw.name.into_inner(),
            currency: self.currency,
            deny_by_machine: raw.deny_by_machine,
            use_score: raw.score.used.unwrap_or(true),
            prior: self.share("prior", raw.score.prior.as_ref(), 0.05)?,
            evidence: self.evidence(raw.evidence)?,
            review: self.review(&raw.review)?,
            goods: self.goods(&raw.goods)?,
            reasons: ReasonLimits {
                most: self.number("most", raw.reasons.most.as_ref(), 5.0, 0.0, 20.0)? as usize,
                least_weight: self.share("least_weight", raw.reasons.least_weight.as_ref(), 0.01)?,
                for_payments: raw.reasons.for_payments.unwrap_or(true),
            },
            decisions,
            rules: self.rules(raw.rule, &declared_reasons)?,
            declared_reasons,
            hash: String::new(),
            source: self.source.to_owned(),
        })
    }

    fn evidence(&self, raw: Vec<RawEvidence>) -> Result<Vec<Evidence>, PolicyError> {
        let mut all: Vec<Evidence> = Vec::with_capacity(raw.len());
        for one in raw {
            let column_span = one.column.span();
            if all.len() == EVIDENCE_MAX {
                return Err(self.fault(
                    &column_span,
                    format!("the policy has more than {EVIDENCE_MAX} columns of evidence"),
                ));
            }
            let column = one.column.into_inner();
            if all.iter().any(|other| other.column == column) {
                let message = format!("`{column}` is evidence twice");
                return Err(self.fault(&column_span, message).help("name each column once"));
            }
            let share = self.share("share", one.share.as_ref(), 1.0)?;
            all.push(Evidence { column, column_span, share });
        }
        Ok(all)
    }

    fn number(
        &self,
        key: &str,
        given: Option<&Spanned<f64>>,
        default: f64,
        least: f64,
        most: f64,
    ) -> Result<f64, PolicyError> {
        let Some(given) = given else { return Ok(default) };
        let value = *given.get_ref();
        if (least..=most).contains(&value) {
            // No negative zero: its sign would change the hash and nothing else.
            return Ok(value + 0.0);
        }
        Err(self.fault(&given.span(), format!("`{key}` is {value}, it must lie between {least} and {most}")))
    }

    fn share(&self, key: &str, given: Option<&Spanned<f64>>, default: f64) -> Result<f64, PolicyError> {
        self.number(key, given, default, 0.0, 1.0)
    }

    /// An amount in minor units; exact, as amounts are below 2^53.
    fn amount(&self, key: &str, given: Option<&Spanned<String>>) -> Result<f64, PolicyError> {
        let Some(given) = given else { return Ok(0.0) };
        parse_minor(given.get_ref(), self.currency).map(|minor| minor as f64).map_err(|message| {
            self.fault(&given.span(), format!("`{key}`: {message}")).help("write it as in \"26.00\"")
        })
    }

    fn review(&self, raw: &RawReview) -> Result<Review, PolicyError> {
        Ok(Review {
            per_day: self.number("per_day", Some(&raw.per_day), 0.0, 0.0, REVIEWS_MAX)? as u32,
            minutes: self.number("minutes", Some(&raw.minutes), 0.0, 0.0, 1_440.0)?,
            relaxed_share: self.number("relaxed_share", Some(&raw.relaxed_share), 0.0, 0.0, 0.99)?,
            full_price: self.amount("full_price", Some(&raw.full_price))?,
        })
    }

    fn goods(&self, raw: &RawGoods) -> Result<Goods, PolicyError> {
        let mut value = [0.0; CLAIM_REASONS];
        for (reason, share) in &raw.value {
            value[usize::from(reason.code())] = self.share(reason.as_str(), Some(share), 0.0)?;
        }
        Ok(Goods {
            return_cost: self.amount("return_cost", raw.return_cost.as_ref())?,
            keep_item_max: self.amount("keep_item_max", raw.keep_item_max.as_ref())?,
            value,
        })
    }

    fn decision(&self, kind: DecisionKind, raw: &RawDecision) -> Result<DecisionCosts, PolicyError> {
        let pays_default = if kind == DecisionKind::Deny { 0.0 } else { 1.0 };
        let pays = self.share("pays", raw.pays.as_ref(), pays_default)?;
        if let (DecisionKind::Deny, Some(given)) = (kind, &raw.pays)
            && pays > 0.0
        {
            return Err(self.fault(&given.span(), "a denial pays nothing").help("leave out `pays`"));
        }
        let respond_within = Duration::parse(raw.respond_within.get_ref())
            .map_err(|error| self.fault(&raw.respond_within.span(), error.to_string()))?;
        let mut possible_for = [raw.possible_for.is_none(); CLAIM_REASONS];
        for reason in raw.possible_for.iter().flatten() {
            possible_for[usize::from(reason.code())] = true;
        }
        Ok(DecisionCosts {
            handling: self.amount("handling", raw.handling.as_ref())?,
            friction: self.amount("friction", raw.friction.as_ref())?,
            friction_share: self.number("friction_share", raw.friction_share.as_ref(), 0.0, 0.0, 10.0)?,
            pays,
            abuser_gives_up: self.share("abuser_gives_up", raw.abuser_gives_up.as_ref(), 0.0)?,
            abuse_found: self.share("abuse_found", raw.abuse_found.as_ref(), 0.0)?,
            honest_refused: self.share("honest_refused", raw.honest_refused.as_ref(), 0.0)?,
            honest_returns: self.share("honest_returns", raw.honest_returns.as_ref(), 0.0)?,
            abuser_returns: self.share("abuser_returns", raw.abuser_returns.as_ref(), 0.0)?,
            respond_within,
            possible_for,
        })
    }

    fn rules(&self, raw: Vec<Spanned<RawRule>>, declared: &[ReasonCode]) -> Result<Vec<Rule>, PolicyError> {
        let mut rules: Vec<Rule> = Vec::with_capacity(raw.len());
        for rule in raw {
            if rules.len() == RULES_MAX {
                return Err(self.fault(&rule.span(), format!("the policy has more than {RULES_MAX} rules")));
            }
            let rule = self.rule(rule.into_inner(), declared, &rules)?;
            rules.push(rule);
        }
        Ok(rules)
    }

    fn rule(&self, raw: RawRule, declared: &[ReasonCode], before: &[Rule]) -> Result<Rule, PolicyError> {
        let name = raw.name.get_ref();
        if before.iter().any(|other| other.name == *name) {
            return Err(self
                .fault(&raw.name.span(), format!("there is a rule `{name}` before this one"))
                .help("give each rule a name of its own"));
        }
        let allows = self.bounds(&raw)?;
        let reason = match &raw.reason {
            None => "policy_rule".to_owned(),
            Some(code) => self.known_code(code, declared)?,
        };
        Ok(Rule {
            about: raw.about,
            when_span: raw.when.span(),
            when: raw.when.into_inner(),
            allows,
            hard_evidence: raw.hard_evidence,
            points: self.number("points", raw.points.as_ref(), 1.0, 0.0, 1_000.0)?,
            reason,
            name: raw.name.into_inner(),
        })
    }

    /// The decisions that a rule leaves.
    fn bounds(&self, raw: &RawRule) -> Result<u16, PolicyError> {
        let set = |decisions: &[DecisionKind]| decisions.iter().fold(0, |set, decision| set | bit(*decision));
        let mut allows = ALL_DECISIONS;
        if let Some(decision) = &raw.decision {
            if *decision.get_ref() == DecisionKind::Deny && !raw.hard_evidence {
                let help = "add `hard_evidence = true` where it is, otherwise write `then = \"review\"`";
                return Err(self
                    .fault(&decision.span(), "a rule denies only on hard evidence (INV-7)")
                    .help(help));
            }
            allows &= bit(*decision.get_ref());
        }
        if let Some(decisions) = &raw.allow {
            allows &= set(decisions.get_ref());
        }
        if let Some(decisions) = &raw.forbid {
            allows &= !set(decisions.get_ref());
        }
        if let Some(least) = &raw.at_least {
            let least = strictness(*least.get_ref());
            let stricter = DecisionKind::ALL.iter().filter(|d| strictness(**d) >= least);
            allows &= stricter.fold(0, |set, decision| set | bit(*decision));
        }
        if allows == 0 {
            let message = format!("the rule `{}` leaves no decision", raw.name.get_ref());
            return Err(self
                .fault(&raw.name.span(), message)
                .help("let its `then`, `allow`, `forbid` and `at_least` agree"));
        }
        if allows == ALL_DECISIONS && !raw.hard_evidence {
            let message = format!("the rule `{}` bounds nothing", raw.name.get_ref());
            return Err(self
                .fault(&raw.name.span(), message)
                .help("add `then`, `allow`, `forbid`, `at_least` or `hard_evidence = true`"));
        }
        Ok(allows)
    }

    fn known_code(&self, code: &Spanned<String>, declared: &[ReasonCode]) -> Result<String, PolicyError> {
        let text = code.get_ref();
        let codes = || reasons::all().iter().chain(declared).map(|entry| &*entry.code);
        if codes().any(|known| known == text) {
            return Ok(text.clone());
        }
        let fault = self.fault(&code.span(), format!("`{text}` is not a reason code"));
        Err(match ringfence_domain::words::nearest(text, codes()) {
            Some(word) => fault.help(format!("did you mean `{word}`?")),
            None => fault.help("declare it as a [[reason]] of this policy"),
        })
    }

    fn declared_reasons(&self, raw: Vec<RawReason>) -> Result<Vec<ReasonCode>, PolicyError> {
        let mut declared: Vec<ReasonCode> = Vec::with_capacity(raw.len());
        for RawReason { code, title, against, for_customer, customer } in raw {
            let text = code.get_ref();
            let snake = text.starts_with(|c: char| c.is_ascii_lowercase())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !snake {
                return Err(self
                    .fault(&code.span(), format!("`{text}` is not a code"))
                    .help("write a–z, 0–9 and `_`, as in my_reason"));
            }
            if reasons::known(text) || declared.iter().any(|entry| entry.code == *text) {
                return Err(self
                    .fault(&code.span(), format!("the reason code `{text}` exists already"))
                    .help("choose another"));
            }
            declared.push(ReasonCode {
                group: Group::Merchant,
                title: title.into(),
                for_customer: for_customer.unwrap_or_else(|| against.clone()).into(),
                against: against.into(),
                customer_text: customer.into(),
                way: Way::Either,
                code: code.into_inner().into(),
            });
        }
        Ok(declared)
    }
}
