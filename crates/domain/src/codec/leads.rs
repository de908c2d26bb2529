//! Which lead is refused? The bounds of what one event may say of a lead.

use super::checks::{probability, too_long, too_many};
use super::limits::{
    LEAD_LINKS_MAX, LEAD_MEMBERS_MAX, LEAD_TIES_MAX, LEAD_VALUE_BYTES_MAX, LEAD_WORDS_BYTES_MAX,
    LEAD_WORDS_MAX,
};
use super::refusal::Refusal;
use crate::event::{LeadRaised, LeadWithdrawn};

pub(super) fn raised(e: &LeadRaised) -> Result<(), Refusal> {
    probability("/data/probability", "the probability", e.probability)?;
    probability("/data/fdr", "the share", e.fdr)?;
    too_many("members", e.members.len(), LEAD_MEMBERS_MAX)?;
    for (i, member) in e.members.iter().enumerate() {
        probability(&format!("/data/members/{i}/probability"), "the probability", member.probability)?;
    }
    too_many("refunds", e.refunds.len(), LEAD_MEMBERS_MAX)?;
    let ties = e.ties.as_deref().unwrap_or_default();
    too_many("ties", ties.len(), LEAD_TIES_MAX)?;
    for (i, tie) in ties.iter().enumerate() {
        probability(&format!("/data/ties/{i}/probability"), "the probability", tie.probability)?;
        too_long(&format!("/data/ties/{i}/value"), "the value", tie.value.len(), LEAD_VALUE_BYTES_MAX)?;
        let times = tie.since.as_ref().map_or(tie.accounts.len(), Vec::len);
        if times != tie.accounts.len() {
            return Err(Refusal::new(
                format!("/data/ties/{i}/since"),
                format!("{times} times for {} accounts", tie.accounts.len()),
                "send one time an account, in the same order, or leave `since` out",
            ));
        }
    }
    too_many("ties", ties.iter().map(|t| t.accounts.len()).sum(), LEAD_LINKS_MAX)?;
    words("why", e.why.as_deref())?;
    words("against", e.against.as_deref())
}

pub(super) fn withdrawn(e: &LeadWithdrawn) -> Result<(), Refusal> {
    words("why", e.why.as_deref())
}

fn words(field: &str, words: Option<&[String]>) -> Result<(), Refusal> {
    let words = words.unwrap_or_default();
    too_many(field, words.len(), LEAD_WORDS_MAX)?;
    words.iter().enumerate().try_for_each(|(i, text)| {
        too_long(&format!("/data/{field}/{i}"), "the sentence", text.len(), LEAD_WORDS_BYTES_MAX)
    })
}
