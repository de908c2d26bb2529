//! How is a claim made and answered? By one path, whoever makes it: visit, conversation, request, decision, money.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::desk::{About, Talk};
use crate::orders::OrderFacts;
use crate::requests::{Asked, Asking, Insider};
use crate::schedule::From;
use crate::sim::{Sim, Task};
use crate::texts::Script;
use crate::truth::{Actor, Kind, Label};
use crate::world::catalogue::money;
use crate::world::crew::ESCALATIONS;
use crate::world::people::Place;
use ringfence_domain::event::ChargebackOpened;
use ringfence_domain::id::Sha256Hex;
use ringfence_domain::words::{
    Action, ChargebackReason, ClaimReason, ContactChannel, Instrument, RequestChannel,
};
use ringfence_domain::{Body, DecisionKind, Timestamp};

/// How somebody writes.
#[derive(Clone, Debug)]
pub(crate) enum Voice {
    /// In their own words.
    Own,
    /// Polished by a writing tool.
    Assisted,
    /// From a ring's script.
    Script(Script),
}

/// What happens once the money is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Then {
    Nothing,
    /// The bank is asked as well.
    Chargeback,
    /// A replacement was had before; this is the second request on the line.
    HadReplacement,
    /// The credit is spent by another account.
    Spend,
}

/// A claim to be made.
#[derive(Clone, Debug)]
pub(crate) struct ClaimPlan {
    pub(crate) order: OrderFacts,
    pub(crate) lines: Vec<usize>,
    pub(crate) cents: i64,
    pub(crate) reason: ClaimReason,
    pub(crate) kind: Kind,
    pub(crate) ring: Option<usize>,
    pub(crate) actor: Actor,
    pub(crate) actor_id: Option<String>,
    pub(crate) place: Place,
    pub(crate) channel: RequestChannel,
    pub(crate) voice: Voice,
    pub(crate) instrument: Option<Instrument>,
    pub(crate) documents: Vec<Sha256Hex>,
    pub(crate) insider: Insider,
    pub(crate) attempt: u32,
    /// Conversations before this one, until somebody says yes.
    pub(crate) shopping: u32,
    /// The session came in over a recovered password.
    pub(crate) recovered: bool,
    pub(crate) then: Then,
    pub(crate) test_purchase: bool,
}

impl ClaimPlan {
    pub(crate) fn new(
        order: OrderFacts,
        lines: Vec<usize>,
        reason: ClaimReason,
        kind: Kind,
        place: Place,
    ) -> Self {
        Self {
            cents: order.value(&lines),
            order,
            lines,
            reason,
            kind,
            ring: None,
            actor: Actor::Buyer,
            actor_id: None,
            place,
            channel: RequestChannel::SelfService,
            voice: Voice::Own,
            instrument: None,
            documents: Vec::new(),
            insider: Insider::None,
            attempt: 0,
            shopping: 0,
            recovered: false,
            then: Then::Nothing,
            test_purchase: false,
        }
    }
}

/// The shop's answer to a request: decisions in their order, and what comes of them.
#[derive(Default)]
struct Ruling {
    steps: Vec<(Timestamp, DecisionKind, Option<usize>, bool)>,
    paid: Option<Timestamp>,
    part: f64,
    replaced: bool,
    examined: bool,
}

impl Sim<'_> {
    pub(crate) fn file_claim(&mut self, at: Timestamp, plan: &ClaimPlan) {
        let n = plan.order.account as usize;
        if !self.is_open(n, at) {
            return;
        }
        let mut chance = Chance::new(
            self.seed,
            Stream::Claim,
            plan.order.n,
            u64::from(plan.attempt) << 8 | plan.reason as u64,
        );
        let mut when = at;
        for _ in 0..plan.shopping {
            when = self.refused_talk(when, plan, &mut chance);
        }
        let by_device = !matches!(plan.channel, RequestChannel::Phone);
        if by_device && (plan.channel == RequestChannel::SelfService || chance.yes(0.6) || plan.recovered) {
            self.visit(when, n, plan.place, plan.recovered, &mut chance);
            when = after(when, (1.0 + chance.exponential(4.0)) / 1440.0);
        }
        let talk = self.claim_talk(when, plan, &mut chance);
        when = talk.as_ref().map_or(when, |t| t.until);
        let staff = match &plan.insider {
            Insider::Phished(staff, session) => {
                let about = About {
                    order: Some(plan.order.id.clone()),
                    account: Some(self.account_id(n)),
                    session: Some(session.clone()),
                    ..About::default()
                };
                self.act(when, *staff, Action::LookedUp, about);
                when = after(when, (0.5 + chance.exponential(1.5)) / 1440.0);
                Some(*staff)
            }
            Insider::Bribed(staff) => Some(*staff),
            // The conversation left no trace; the agent entered the claim all the same.
            Insider::None if talk.is_none() && plan.channel != RequestChannel::SelfService => {
                Some(self.crew.of_queue(1, when, &mut chance))
            }
            Insider::None => talk.as_ref().map(|t| t.staff),
        };
        let seen = match plan.channel {
            RequestChannel::SelfService => true,
            RequestChannel::Chat => chance.yes(0.85),
            RequestChannel::Email => chance.yes(0.4),
            RequestChannel::Phone | RequestChannel::InStore => false,
        };
        let instrument = plan.instrument.clone().or_else(|| {
            let all =
                [None, Some(Instrument::Original), Some(Instrument::StoreCredit), Some(Instrument::GiftCard)];
            all[chance.weighted(&[0.4, 0.53, 0.05, 0.02])].clone()
        });
        let asking = Asking {
            lines: plan.lines.clone(),
            cents: plan.cents.max(100),
            reason: plan.reason,
            channel: plan.channel,
            place: seen.then_some(plan.place),
            instrument,
            documents: plan.documents.clone(),
            staff,
            kind: plan.kind,
            ring: plan.ring,
            actor: plan.actor,
            actor_id: plan.actor_id.clone(),
            test_purchase: plan.test_purchase,
        };
        let asked = self.ask(when, &plan.order, asking, talk.as_ref());
        let ruling = self.rule(plan, &asked, staff, &mut chance);
        self.carry_out_ruling(plan, &asked, &ruling, &mut chance);
        if let Some(talk) = &talk {
            let end = after(when, (0.5 + chance.exponential(2.0)) / 1440.0);
            let outcome = if ruling.paid.is_some() { "resolved" } else { "refused" };
            self.hang_up(end, talk, if ruling.steps.len() > 1 { "pending" } else { outcome });
        }
    }

    fn claim_talk(&mut self, at: Timestamp, plan: &ClaimPlan, chance: &mut Chance) -> Option<Talk> {
        let channel = match (&plan.insider, plan.channel) {
            // A stolen account needs no conversation, and some honest ones leave no trace.
            (Insider::Phished(..), _) => return None,
            (Insider::None, _) if self.is_outage(at) || chance.yes(self.scenario.claims.without_contact) => {
                return None;
            }
            (_, RequestChannel::Chat) => ContactChannel::Chat,
            (_, RequestChannel::Phone) => ContactChannel::Phone,
            (_, RequestChannel::Email) => ContactChannel::Email,
            (Insider::Bribed(_), _) => ContactChannel::Web,
            (Insider::None, RequestChannel::SelfService | RequestChannel::InStore) => return None,
        };
        let dear = plan.cents > self.scenario.desk.agent_limit as i64 * 100;
        let queue = if plan.attempt > 0 || (dear && chance.yes(0.5)) {
            ESCALATIONS
        } else if matches!(
            plan.reason,
            ClaimReason::NotReceived | ClaimReason::Late | ClaimReason::MissingItem
        ) {
            1
        } else {
            [0, 2][chance.below(2)]
        };
        let insider = match plan.insider {
            Insider::Bribed(staff) => Some(staff),
            Insider::None | Insider::Phished(..) => None,
        };
        let text = self.claim_text(plan, chance);
        Some(self.talk(at, &plan.order, channel, queue, text, insider, chance))
    }

    /// A conversation that ends in a no; the customer comes back for another agent.
    fn refused_talk(&mut self, at: Timestamp, plan: &ClaimPlan, chance: &mut Chance) -> Timestamp {
        let text = self.claim_text(plan, chance);
        let channel = if chance.yes(0.7) { ContactChannel::Chat } else { ContactChannel::Phone };
        let queue = chance.below(3);
        let talk = self.talk(at, &plan.order, channel, queue, text, None, chance);
        self.hang_up(talk.until, &talk, "refused");
        after(talk.until, 0.01 + chance.exponential(0.3))
    }

    /// What the practice says: small sums by rule, the rest by people who approve nine of ten.
    fn rule(&mut self, plan: &ClaimPlan, asked: &Asked, staff: Option<usize>, chance: &mut Chance) -> Ruling {
        let d = self.scenario.desk.clone();
        let at = asked.at;
        let mut ruling = Ruling { part: 1.0, ..Ruling::default() };
        let proven = plan.order.parcels.iter().any(|p| (p.otp || p.signature) && p.said.is_some());
        let not_received = plan.reason == ClaimReason::NotReceived;
        let said = plan.order.parcels.iter().all(|p| p.said.is_some_and(|s| s < at));
        let dollars = plan.cents as f64 / 100.0;
        let doubt = 0.06 * asked.heat.min(5.0)
            + if proven && not_received { 0.12 } else { 0.0 }
            + if dollars > 500.0 { 0.06 } else { 0.0 };
        let minutes = |c: &mut Chance, m: f64| (0.3 + c.exponential(m)) / 1440.0;
        let insider = !matches!(plan.insider, Insider::None);
        let who = staff;
        let mut chance_yes = if insider { 0.985 } else { d.approval + 0.04 - doubt };
        chance_yes += who.map_or(0.0, |s| 0.05 * self.crew.staff[s].lenience);
        if self.is_outage(at) {
            chance_yes = 0.99;
        }
        let yes = chance.yes(chance_yes.clamp(0.25, 0.99));
        let now = after(at, minutes(chance, 2.0));
        let by_rule = staff.is_none();
        let mut last = now;
        let mut decider = who;
        if by_rule && dollars <= d.auto_limit && asked.heat < 2.5 {
            ruling.steps.push((after(at, 0.00002), DecisionKind::InstantRefund, None, false));
            ruling.paid = Some(after(at, 0.01 + chance.exponential(0.3)));
            return ruling;
        } else if not_received && !said && !insider && chance.yes(0.7) {
            ruling.steps.push((now, DecisionKind::CarrierTrace, who, false));
            last = self.seasons.later(now, chance.log_normal(4.0, 0.5), chance);
            decider = Some(self.in_charge(last, plan.cents, chance));
        } else if by_rule || (!insider && who.is_some_and(|s| plan.cents > self.crew.staff[s].limit)) {
            let first = if proven && chance.yes(0.4) { DecisionKind::StepUp } else { DecisionKind::Review };
            ruling.steps.push((now, first, who, false));
            ruling.examined = true;
            last = self.seasons.later(now, chance.log_normal(0.9, 0.7), chance);
            decider = Some(self.in_charge(last, plan.cents, chance));
        }
        let overrides = yes
            && decider.is_some()
            && (self.is_outage(at)
                || (chance_yes < 0.8 && chance.yes(0.35))
                || (insider && chance.yes(0.3))
                || chance.yes(0.02));
        let verdict = if yes { how(plan, chance) } else { DecisionKind::Deny };
        ruling.replaced = verdict == DecisionKind::Replace;
        if verdict == DecisionKind::PartialRefund {
            ruling.part = 0.3 + 0.1 * chance.below(5) as f64;
        }
        ruling.steps.push((last, verdict, decider, overrides));
        ruling.paid = (yes && !ruling.replaced).then(|| after(last, 0.01 + chance.exponential(0.4)));
        ruling
    }

    fn carry_out_ruling(&mut self, plan: &ClaimPlan, asked: &Asked, ruling: &Ruling, chance: &mut Chance) {
        for (when, decision, by, overridden) in &ruling.steps {
            self.decide(*when, asked, *decision, *by, *overridden);
        }
        let last = ruling.steps.last().map_or(asked.at, |s| s.0);
        let cents = (asked.asking.cents as f64 * ruling.part) as i64;
        let refused = ruling.paid.is_none() && !ruling.replaced;
        if let Some(paid) = ruling.paid {
            self.pay(paid, asked, cents);
            let small =
                asked.asking.cents < 6_000 && matches!(plan.reason, ClaimReason::Late | ClaimReason::Damaged);
            if let (true, Some(staff)) = (small, ruling.steps.last().and_then(|s| s.2)) {
                let about = About {
                    order: Some(plan.order.id.clone()),
                    refund: Some(asked.refund.clone()),
                    ..About::default()
                };
                self.act(last, staff, Action::IssuedConcession, about);
            }
            self.afterwards(paid, plan, asked, chance);
        }
        if ruling.replaced {
            self.reship(after(last, 0.1), &plan.order, asked.n);
            if plan.then == Then::HadReplacement {
                self.ask_for_money_too(last, plan, chance);
            }
        }
        if refused {
            self.maybe_appeal(last, &plan.order, asked);
            self.maybe_again(last, plan, chance);
        }
        self.ring_learns(plan.ring, asked, last, !refused);
        self.consider_verdict(asked, &plan.order, refused || ruling.examined);
    }

    /// Refused people come back, honest ones less often.
    fn maybe_again(&mut self, at: Timestamp, plan: &ClaimPlan, chance: &mut Chance) {
        let honest = plan.kind.label() == Label::Legitimate;
        let share = self.scenario.claims.again_share;
        if plan.attempt > 1 || !chance.yes(if honest { share } else { 3.0 * share }) {
            return;
        }
        let when = self.seasons.later(at, chance.log_normal(2.0, 0.8), chance);
        let channel = [RequestChannel::Chat, RequestChannel::Phone, RequestChannel::Email][chance.below(3)];
        let again = ClaimPlan { attempt: plan.attempt + 1, channel, insider: Insider::None, ..plan.clone() };
        self.schedule.plan(when, Task::Claim(Box::new(again)));
    }

    /// The replacement is on its way; now the money is asked for as well.
    fn ask_for_money_too(&mut self, at: Timestamp, plan: &ClaimPlan, chance: &mut Chance) {
        let when = self.seasons.later(at, chance.log_normal(6.0, 0.5), chance);
        let again = ClaimPlan { attempt: plan.attempt + 1, then: Then::Nothing, ..plan.clone() };
        self.schedule.plan(when, Task::Claim(Box::new(again)));
    }

    /// What comes after the money.
    fn afterwards(&mut self, paid: Timestamp, plan: &ClaimPlan, asked: &Asked, chance: &mut Chance) {
        match plan.then {
            Then::Nothing | Then::HadReplacement => {
                // Honest people, too, dispute a charge whose refund they have not noticed.
                if chance.yes(0.006) {
                    self.charge_back(paid, plan, ChargebackReason::CreditNotProcessed, chance);
                }
            }
            Then::Chargeback => {
                let reason = [
                    ChargebackReason::NotReceived,
                    ChargebackReason::Fraud,
                    ChargebackReason::NotAsDescribed,
                ];
                let reason = *chance.pick(&reason);
                self.charge_back(paid, plan, reason, chance);
            }
            Then::Spend => self.spend_credit(paid, asked, plan.order.account as usize, chance),
        }
    }

    fn charge_back(
        &mut self,
        paid: Timestamp,
        plan: &ClaimPlan,
        reason: ChargebackReason,
        chance: &mut Chance,
    ) {
        let at = self.seasons.later(paid, chance.log_normal(14.0, 0.7), chance);
        let opened = ChargebackOpened {
            order: plan.order.id.clone(),
            amount: money(plan.cents.max(100)),
            reason,
            network_code: None,
            attributes: None,
        };
        self.schedule.send(at, From::Shop, Body::ChargebackOpened(opened));
    }
}

/// In which form a yes is given.
fn how(plan: &ClaimPlan, chance: &mut Chance) -> DecisionKind {
    if plan.ring.is_some() || plan.kind == Kind::AccountTakeover {
        // Who only came for the money insists on it.
        return if chance.yes(0.95) { DecisionKind::InstantRefund } else { DecisionKind::StoreCredit };
    }
    let weights = match plan.reason {
        ClaimReason::NotReceived => [0.80, 0.14, 0.0, 0.03, 0.03],
        ClaimReason::Damaged | ClaimReason::Defective => [0.50, 0.15, 0.22, 0.03, 0.10],
        ClaimReason::MissingItem | ClaimReason::EmptyPackage | ClaimReason::WrongItem => {
            [0.72, 0.18, 0.04, 0.03, 0.03]
        }
        ClaimReason::Late | ClaimReason::NotAsDescribed | ClaimReason::ChangedMind | ClaimReason::Other => {
            [0.80, 0.0, 0.08, 0.06, 0.06]
        }
    };
    [
        DecisionKind::InstantRefund,
        DecisionKind::Replace,
        DecisionKind::KeepItem,
        DecisionKind::StoreCredit,
        DecisionKind::PartialRefund,
    ][chance.weighted(&weights)]
}
