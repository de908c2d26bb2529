//! How is money asked for, and how does the shop's present practice answer? One path for claims and returns.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::desk::{About, Talk};
use crate::orders::OrderFacts;
use crate::schedule::From;
use crate::sim::Sim;
use crate::truth::{Actor, Kind, RefundTruth, TruthRecord};
use crate::world::catalogue::money;
use crate::world::crew::ESCALATIONS;
use crate::world::people::Place;
use ringfence_domain::event::{AppealOpened, AppealResolved, RefundDecided, RefundPaid, RefundRequested};
use ringfence_domain::id::{RefundId, Sha256Hex};
use ringfence_domain::words::{Action, AppealOutcome, ClaimReason, DecidedBy, Instrument, RequestChannel};
use ringfence_domain::{Body, DecisionKind, Timestamp};

/// Days in which an account's heat (recent requests) falls to a third.
const HEAT_DAYS: f64 = 100.0;

/// Whose hands on the shop's side help.
#[derive(Clone, Debug, Default)]
pub(crate) enum Insider {
    #[default]
    None,
    /// A bribed member of staff.
    Bribed(usize),
    /// A stolen staff account, in this session.
    Phished(usize, ringfence_domain::id::SessionId),
}

/// Everything about one request that is not the order itself.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) lines: Vec<usize>,
    pub(crate) cents: i64,
    pub(crate) reason: ClaimReason,
    pub(crate) channel: RequestChannel,
    pub(crate) place: Option<Place>,
    pub(crate) instrument: Option<Instrument>,
    pub(crate) documents: Vec<Sha256Hex>,
    pub(crate) staff: Option<usize>,
    pub(crate) kind: Kind,
    pub(crate) ring: Option<usize>,
    pub(crate) actor: Actor,
    pub(crate) actor_id: Option<String>,
    pub(crate) test_purchase: bool,
}

/// A request that was made.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) refund: RefundId,
    pub(crate) account: usize,
    /// Its number, which names its streams of chance.
    pub(crate) n: u64,
    pub(crate) at: Timestamp,
    /// What the account had asked for lately, before this.
    pub(crate) heat: f64,
    /// The first article asked for.
    pub(crate) article: u32,
    pub(crate) asking: Asking,
}

impl Sim<'_> {
    /// Sends the request and tells the truth about it.
    pub(crate) fn ask(
        &mut self,
        at: Timestamp,
        order: &OrderFacts,
        asking: Asking,
        talk: Option<&Talk>,
    ) -> Asked {
        let account = order.account as usize;
        let refund = self.names.refund();
        let requested = RefundRequested {
            refund: refund.clone(),
            order: order.id.clone(),
            account: self.account_id(account),
            lines: self.wire_lines(order, &asking.lines),
            amount: money(asking.cents),
            reason: asking.reason,
            channel: asking.channel,
            contact: talk.map(|t| t.contact.clone()),
            staff: talk.map(|t| t.staff).or(asking.staff).map(|s| self.crew.staff[s].id.clone()),
            device: asking.place.map(|p| self.names.nth_device(u64::from(p.device))),
            ip: asking.place.map(|p| self.names.nth_ip(u64::from(p.ip.n))),
            instrument: asking.instrument.clone(),
            documents: (!asking.documents.is_empty()).then(|| asking.documents.clone()),
            attributes: None,
        };
        self.schedule.send(at, From::Shop, Body::RefundRequested(requested));
        let truth = RefundTruth {
            refund: refund.clone(),
            label: asking.kind.label(),
            kind: asking.kind,
            ring: asking.ring.map(|r| self.rings[r].name.clone()),
            actor: asking.actor,
            actor_id: asking.actor_id.clone(),
            amount: money(asking.cents),
            account: self.account_id(account),
            order: order.id.clone(),
            requested_at: at,
            test_purchase: asking.test_purchase,
        };
        if at < self.end {
            self.tell(&TruthRecord::Refund(truth));
            self.count_request(asking.kind, asking.cents);
            if let Some(ring) = asking.ring {
                self.note_ring_refund(ring, account, &refund, asking.cents, at);
            }
        }
        let heat = self.warm(account, at, if is_claim(asking.reason) { 1.0 } else { 0.3 });
        self.requests += 1;
        Asked {
            refund,
            account,
            n: self.requests,
            at,
            heat,
            article: order.lines[asking.lines.first().copied().unwrap_or(0)].article,
            asking,
        }
    }

    /// The account's heat before this request; adds the request's own.
    fn warm(&mut self, n: usize, at: Timestamp, adds: f64) -> f64 {
        let a = &mut self.people.accounts[n];
        let since = at.since(a.heat_at).as_days().max(0.0);
        let heat = f64::from(a.heat) * libm::exp(-since / HEAT_DAYS);
        a.heat = (heat + adds) as f32;
        a.heat_at = at;
        heat
    }

    pub(crate) fn decide(
        &mut self,
        at: Timestamp,
        asked: &Asked,
        decision: DecisionKind,
        by: Option<usize>,
        overridden: bool,
    ) {
        let decided = RefundDecided {
            refund: asked.refund.clone(),
            decision,
            by: by.map_or(DecidedBy::Engine, |s| DecidedBy::Staff(self.crew.staff[s].id.clone())),
            overridden: overridden.then_some(true),
            reason_codes: None,
            score: None,
            versions: None,
            attributes: None,
        };
        self.schedule.send(at, From::Desk, Body::RefundDecided(decided));
        if let (true, Some(staff)) = (overridden, by) {
            let about = About { refund: Some(asked.refund.clone()), ..About::default() };
            self.act(at, staff, Action::OverrodePolicy, about);
        }
    }

    pub(crate) fn pay(&mut self, at: Timestamp, asked: &Asked, cents: i64) {
        let instrument = asked.asking.instrument.clone();
        let paid =
            RefundPaid { refund: asked.refund.clone(), amount: money(cents), instrument, attributes: None };
        self.schedule.send(at, From::Shop, Body::RefundPaid(paid));
    }

    /// Some who are refused appeal; the honest win more often.
    pub(crate) fn maybe_appeal(&mut self, at: Timestamp, order: &OrderFacts, asked: &Asked) {
        let mut chance = Chance::new(self.seed, Stream::Appeal, asked.n, 0);
        let v = &self.scenario.verdicts;
        if !chance.yes(v.appeal_share) {
            return;
        }
        let honest = asked.asking.kind.label() == crate::truth::Label::Legitimate;
        let overturned = chance.yes(if honest { v.overturned } else { v.overturned / 3.0 });
        let account = self.account_id(order.account as usize);
        let opened = self.seasons.later(at, chance.log_normal(3.0, 0.8), &mut chance);
        let appeal =
            AppealOpened { refund: asked.refund.clone(), account: account.clone(), attributes: None };
        self.schedule.send(opened, From::Desk, Body::AppealOpened(appeal));
        let resolved = self.seasons.later(opened, chance.log_normal(8.0, 0.6), &mut chance);
        let outcome = if overturned { AppealOutcome::Overturned } else { AppealOutcome::Upheld };
        let end = AppealResolved { refund: asked.refund.clone(), account, outcome, attributes: None };
        self.schedule.send(resolved, From::Desk, Body::AppealResolved(end));
        if overturned {
            let boss = self.crew.supervisor(resolved, &mut chance);
            let soon = after(resolved, 0.003);
            self.decide(soon, asked, DecisionKind::InstantRefund, Some(boss), false);
            self.pay(after(resolved, 0.1 + chance.exponential(0.5)), asked, asked.asking.cents);
        }
        self.appeal_verdict(resolved, asked, overturned, honest, &mut chance);
    }

    /// Who answers on behalf of the queue in charge.
    pub(crate) fn in_charge(&self, at: Timestamp, cents: i64, chance: &mut Chance) -> usize {
        let queue = if chance.yes(0.5) { ESCALATIONS } else { 1 };
        let first = self.crew.of_queue(queue, at, chance);
        if cents > self.crew.staff[first].limit { self.crew.supervisor(at, chance) } else { first }
    }
}

/// Is this a claim about what the shop did, rather than a return at will?
pub(crate) fn is_claim(reason: ClaimReason) -> bool {
    match reason {
        ClaimReason::NotReceived
        | ClaimReason::MissingItem
        | ClaimReason::EmptyPackage
        | ClaimReason::Damaged
        | ClaimReason::Defective
        | ClaimReason::WrongItem
        | ClaimReason::Late => true,
        ClaimReason::NotAsDescribed | ClaimReason::ChangedMind | ClaimReason::Other => false,
    }
}
