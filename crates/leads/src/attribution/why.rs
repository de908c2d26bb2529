//! Why is somebody answerable for a claim, and what speaks against it? In sentences, strongest first.

use crate::attribution::Attribution;
use crate::attribution::causes::{Cause, Culprit};
use crate::attribution::graph::{Claim, Edge, UNKNOWN};
use crate::attribution::traits::{NOT_APPLICABLE, TRAITS};

/// A trait is worth a sentence where it makes a cause so many times likelier than the runner-up.
const WORTH_SAYING: f64 = 1.5;
/// Most sentences for, and against.
const SENTENCES_MAX: usize = 5;

impl Attribution<'_> {
    /// What speaks for the likeliest cause of a claim and what against it; empty for a request that is not known.
    pub fn why(&self, refund: &str) -> Vec<String> {
        self.find(refund).map_or_else(Vec::new, |claim| self.claim_in_words(claim))
    }

    fn claim_in_words(&self, claim: &Claim) -> Vec<String> {
        let mut edges: Vec<usize> = claim.edges.clone().collect();
        edges.sort_by(|&a, &b| self.fit.shares[b].total_cmp(&self.fit.shares[a]).then(a.cmp(&b)));
        let first = self.fit.graph.edges[edges[0]];
        let culprit = first.cause.culprit();
        let rival = edges.iter().map(|&e| self.fit.graph.edges[e]).find(|e| e.cause.culprit() != culprit);
        let mut out = vec![self.rate_in_words(first, self.fit.shares[edges[0]], culprit)];
        let Some(rival) = rival else { return out };
        let mut said: Vec<(f64, String)> = self
            .fit
            .tables
            .ln_ratios(claim, first.cause, rival.cause)
            .into_iter()
            .filter_map(|(of, value, ln)| {
                let words = TRAITS[of].values[usize::from(value)];
                (!words.is_empty()).then(|| (ln, format!("it {words}")))
            })
            .collect();
        let proof = [first, rival].into_iter().find(|e| e.proof != NOT_APPLICABLE);
        if let Some(edge) = proof {
            let ln = self.fit.tables.ln_proof(first) - self.fit.tables.ln_proof(rival);
            said.push((ln, proof_in_words(edge.proof)));
        }
        said.retain(|(ln, _)| ln.abs() >= libm::log(WORTH_SAYING));
        said.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then_with(|| a.1.cmp(&b.1)));
        let times = |ln: f64| libm::exp(ln.abs());
        let than = words(rival.cause);
        let speaks_for = said.iter().filter(|(ln, _)| *ln > 0.0).take(SENTENCES_MAX);
        out.extend(
            speaks_for.map(|(ln, s)| format!("{s}: {:.1} times as likely as where {than}", times(*ln))),
        );
        let against = said.iter().filter(|(ln, _)| *ln < 0.0).take(SENTENCES_MAX);
        out.extend(
            against.map(|(ln, s)| format!("against: {s}: {:.1} times as likely where {than}", times(*ln))),
        );
        out.push(format!("against: {}", self.rate_in_words(rival, 0.0, rival.cause.culprit())));
        out
    }

    /// What the other claims say of a cause's unit.
    fn rate_in_words(&self, edge: Edge, own: f64, culprit: Culprit) -> String {
        let of = match culprit {
            Culprit::Buyer => "the account's other orders",
            Culprit::Driver => "the driver's other parcels",
            Culprit::Staff => "what else this member of staff handled",
            Culprit::Nobody => "other claims of the place, the month or the account",
        };
        if edge.unit == UNKNOWN {
            return format!(
                "nothing is known of {of}: the mean of all stands for it that {}",
                words(edge.cause)
            );
        }
        let mean = self.fit.beliefs[edge.cause as usize].mean();
        let (shape, scale) = self.fit.gamma(edge, own);
        let units = &self.fit.units[edge.cause as usize];
        let unit = edge.unit as usize;
        format!(
            "{of} ({:.1} claims in {:.0} occasions) make it {:.1} times as likely as the mean that {}",
            (units.claims[unit] - own).max(0.0),
            units.exposure[unit],
            shape / scale / mean,
            words(edge.cause)
        )
    }
}

fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::Buyer => "the buyer does not tell the truth",
        Cause::Kept => "the driver kept the parcel",
        Cause::Strayed => "the driver left the parcel elsewhere or scanned it too early",
        Cause::Staff => "a member of staff helped along what is not so",
        Cause::Stranger => "a stranger took the parcel from the door",
        Cause::Trouble => "the shop or the carrier made a mistake",
        Cause::Habit => "it is an ordinary return",
    }
}

fn proof_in_words(proof: u8) -> String {
    let place = ["an unknown distance from", "at", "some way from", "far from"][usize::from(proof & 3)];
    let photo = if proof & 4 == 0 { "without a photo" } else { "with a photo" };
    let hand = if proof & 8 == 0 { "" } else { ", against a code or a signature" };
    format!("the parcel was scanned as delivered {place} the address, {photo}{hand}")
}
