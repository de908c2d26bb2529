//! What do people find out, and when? Late, little, and mostly about what was worth looking into.

use crate::chance::{Chance, Stream};
use crate::orders::OrderFacts;
use crate::requests::Asked;
use crate::schedule::From;
use crate::sim::Sim;
use crate::truth::{Kind, Label};
use ringfence_domain::event::{Subject, VerdictRecorded};
use ringfence_domain::id::SubjectId;
use ringfence_domain::words::{Condition, SubjectKind, Verdict, VerdictMethod};
use ringfence_domain::{Body, Timestamp};

impl Sim<'_> {
    pub(crate) fn verdict(
        &mut self,
        at: Timestamp,
        kind: SubjectKind,
        id: &str,
        verdict: Verdict,
        method: VerdictMethod,
    ) {
        if at >= self.end {
            return;
        }
        let id = SubjectId::new(id).expect("it was an identifier before");
        let recorded = VerdictRecorded { subject: Subject { kind, id }, verdict, method, attributes: None };
        if kind == SubjectKind::Refund && verdict != Verdict::Legitimate {
            self.summary.verdicts_against += 1;
        }
        self.summary.verdicts += 1;
        self.schedule.send(at, From::Risk, Body::VerdictRecorded(recorded));
    }

    /// Is this request looked into? By value, repetition and doubt, and a few at random.
    pub(crate) fn consider_verdict(&mut self, asked: &Asked, order: &OrderFacts, suspicious: bool) {
        let asking = &asked.asking;
        if asking.test_purchase {
            return;
        }
        let mut chance = Chance::new(self.seed, Stream::Verdict, order.n, asked.n);
        let v = &self.scenario.verdicts;
        let worth = (asking.cents as f64 / 100.0 / v.value_at).min(1.0);
        let looked = v.control_share
            + v.value_share * worth * worth.sqrt()
            + v.repeat_share
                * asked.heat.min(3.0)
                * if crate::requests::is_claim(asking.reason) { 1.0 } else { 0.15 }
            + if suspicious { v.refused_share } else { 0.0 };
        if !chance.yes(looked) {
            return;
        }
        let at = self.seasons.later(asked.at, chance.log_normal(v.delay_days, v.delay_sigma), &mut chance);
        let found = chance.yes(v.detected);
        let verdict = match asking.kind.label() {
            Label::Abuse if found => Verdict::Abuse,
            Label::PolicyAbuse if found => Verdict::PolicyAbuse,
            Label::Legitimate if chance.yes(v.wrong) => Verdict::Abuse,
            // What is not recognised is closed as honest, or stays open.
            Label::Abuse | Label::PolicyAbuse if chance.yes(0.5) => return,
            Label::Abuse | Label::PolicyAbuse | Label::Legitimate => Verdict::Legitimate,
        };
        let admits = verdict == Verdict::Abuse && chance.yes(0.05);
        let method = if admits { VerdictMethod::Admission } else { VerdictMethod::Investigation };
        self.verdict(at, SubjectKind::Refund, asked.refund.as_str(), verdict, method);
    }

    /// A box that held the wrong thing is mostly followed up; honest boxes are among them.
    pub(crate) fn inspection_verdict(
        &mut self,
        at: Timestamp,
        asked: &Asked,
        condition: Condition,
        kind: Kind,
        chance: &mut Chance,
    ) {
        let v = &self.scenario.verdicts;
        let bad = matches!(condition, Condition::WrongItem | Condition::Empty | Condition::Missing);
        let worn = condition == Condition::Used && kind == Kind::Wardrobing && chance.yes(0.25);
        let followed_up = bad && chance.yes(v.inspection);
        if !followed_up && !worn {
            return;
        }
        let wrong = chance.yes(0.12);
        let verdict = match kind.label() {
            Label::Abuse if !wrong => Verdict::Abuse,
            Label::PolicyAbuse if !wrong => Verdict::PolicyAbuse,
            Label::Legitimate if wrong => Verdict::Abuse,
            Label::Abuse | Label::PolicyAbuse | Label::Legitimate => Verdict::Legitimate,
        };
        let when = self.seasons.later(at.max(asked.at), chance.log_normal(6.0, 0.7), chance);
        self.verdict(when, SubjectKind::Refund, asked.refund.as_str(), verdict, VerdictMethod::Inspection);
    }

    /// What an appeal leaves behind: a won one clears, also some who lied; a lost one seldom proves anything.
    pub(crate) fn appeal_verdict(
        &mut self,
        at: Timestamp,
        asked: &Asked,
        overturned: bool,
        honest: bool,
        chance: &mut Chance,
    ) {
        let verdict = if overturned {
            chance.yes(0.8).then_some(Verdict::Legitimate)
        } else {
            chance.yes(if honest { 0.05 } else { 0.4 }).then_some(Verdict::Abuse)
        };
        if let Some(verdict) = verdict {
            self.verdict(at, SubjectKind::Refund, asked.refund.as_str(), verdict, VerdictMethod::Appeal);
        }
    }
}
