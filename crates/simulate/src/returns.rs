//! How does a return go? By its mode: who asks when, what is decided, and the money at the step that was promised.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::claims::{Then, Voice};
use crate::delivery::Scan;
use crate::desk::About;
use crate::orders::OrderFacts;
use crate::requests::{Asked, Asking};
use crate::sim::Sim;
use crate::trouble::claim_channel;
use crate::truth::{Actor, Kind};
use crate::way_back::{Way, working_time};
use crate::world::people::Place;
use ringfence_domain::words::{
    Action, ClaimReason, Condition, ContactChannel, Direction, Instrument, Lane, RequestChannel, ScanStatus,
};
use ringfence_domain::{DecisionKind, Timestamp};

/// How the return comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Before anything was sent.
    Cancel,
    /// The money is asked for when the label is.
    AskedFirst,
    /// The parcel goes first, the request follows its receipt.
    ParcelFirst,
    /// Over the counter.
    InStore,
    /// Through a partner's drop-off point, without single scans.
    Bulk,
    /// A clerk writes a record; there is no parcel.
    Record,
    /// Something else arrives somewhere else.
    Fake,
}

/// What is in the box.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contents {
    Genuine,
    SeveralBoxes,
    OtherSerial,
    LostOnTheWay,
    OtherMailRoom,
    Worn,
    Empty,
    Switched,
}

/// A return to be made.
#[derive(Clone, Debug)]
pub(crate) struct ReturnPlan {
    pub(crate) order: OrderFacts,
    pub(crate) lines: Vec<usize>,
    pub(crate) cents: i64,
    pub(crate) mode: Mode,
    pub(crate) contents: Contents,
    pub(crate) kind: Kind,
    pub(crate) reason: ClaimReason,
    pub(crate) place: Place,
    /// The credit goes to somebody else.
    pub(crate) gift: bool,
    pub(crate) ring: Option<usize>,
    pub(crate) actor: Actor,
    pub(crate) actor_id: Option<String>,
    pub(crate) clerk: Option<usize>,
    pub(crate) voice: Voice,
    pub(crate) then: Then,
    pub(crate) test_purchase: bool,
}

impl ReturnPlan {
    pub(crate) fn new(order: OrderFacts, lines: Vec<usize>, mode: Mode, kind: Kind, place: Place) -> Self {
        Self {
            cents: order.value(&lines),
            order,
            lines,
            mode,
            contents: Contents::Genuine,
            kind,
            reason: ClaimReason::ChangedMind,
            place,
            gift: false,
            ring: None,
            actor: Actor::Buyer,
            actor_id: None,
            clerk: None,
            voice: Voice::Own,
            then: Then::Nothing,
            test_purchase: false,
        }
    }
}

impl Sim<'_> {
    pub(crate) fn begin_return(&mut self, at: Timestamp, plan: &ReturnPlan) {
        let n = plan.order.account as usize;
        if !self.is_open(n, at) {
            return;
        }
        let mut chance = Chance::new(self.seed, Stream::Return, plan.order.n, plan.lines.len() as u64);
        match plan.mode {
            Mode::Cancel => self.cancel_order(at, plan, &mut chance),
            Mode::AskedFirst => self.asked_first(at, plan, &mut chance),
            Mode::ParcelFirst => self.parcel_first(at, plan, &mut chance),
            Mode::InStore => self.over_the_counter(at, plan, &mut chance),
            Mode::Bulk => self.through_bulk(at, plan, &mut chance),
            Mode::Record => self.record_only(at, plan, &mut chance),
            Mode::Fake => self.fake_tracking(at, plan, &mut chance),
        }
    }

    fn cancel_order(&mut self, at: Timestamp, plan: &ReturnPlan, chance: &mut Chance) {
        let asked = self.ask_return(at, plan, RequestChannel::SelfService, None, chance);
        self.decide(after(at, 0.00002), &asked, DecisionKind::InstantRefund, None, false);
        self.settle(after(at, 0.02 + chance.exponential(0.3)), plan, &asked, chance);
        self.consider_verdict(&asked, &plan.order, false);
    }

    fn asked_first(&mut self, at: Timestamp, plan: &ReturnPlan, chance: &mut Chance) {
        let mut when = at;
        let talks = chance.yes(0.1) || (plan.ring.is_some() && chance.yes(0.4));
        let channel = if talks { claim_channel(chance) } else { RequestChannel::SelfService };
        if channel == RequestChannel::SelfService && chance.yes(0.8) {
            self.visit(when, plan.order.account as usize, plan.place, false, chance);
            when = after(when, (1.0 + chance.exponential(3.0)) / 1440.0);
        }
        let asked = self.ask_return(when, plan, channel, None, chance);
        let when = asked.at;
        let decision = self.return_practice(plan, &asked, chance);
        self.decide(after(when, 0.00003), &asked, decision, None, false);
        self.consider_verdict(&asked, &plan.order, decision == DecisionKind::RefundAfterInspection);
        if decision == DecisionKind::KeepItem {
            self.settle(after(when, 0.01 + chance.exponential(0.2)), plan, &asked, chance);
            return;
        }
        // Some print the label and think better of it, honestly.
        let sends = !chance.yes(0.04);
        let way = self.send_back(when, plan, Some(&asked), sends, chance);
        self.settle_by(decision, when, plan, &asked, &way, chance);
    }

    fn parcel_first(&mut self, at: Timestamp, plan: &ReturnPlan, chance: &mut Chance) {
        let way = self.send_back(at, plan, None, true, chance);
        let seen = way.received.or(way.delivered.map(|d| after(d, 4.0)));
        let from = seen.unwrap_or_else(|| after(at, 12.0 + chance.exponential(8.0)));
        let when = if chance.yes(0.3) { way.accepted.unwrap_or(from) } else { from };
        let when = self.seasons.later(when, chance.log_normal(0.25, 1.0), chance);
        let channel = if chance.yes(0.6) { RequestChannel::SelfService } else { claim_channel(chance) };
        let asked = self.ask_return(when, plan, channel, None, chance);
        let when = asked.at;
        let decision = match way.received {
            Some(r) if r < when => DecisionKind::InstantRefund,
            Some(_) => DecisionKind::RefundOnReceipt,
            None => DecisionKind::CarrierTrace,
        };
        let answered = after(when, 0.0005 + chance.exponential(0.01));
        self.decide(answered, &asked, decision, None, false);
        self.consider_verdict(&asked, &plan.order, decision == DecisionKind::CarrierTrace);
        self.settle_by(decision, answered, plan, &asked, &way, chance);
    }

    fn over_the_counter(&mut self, at: Timestamp, plan: &ReturnPlan, chance: &mut Chance) {
        let clerk = self.crew.clerk(at, chance);
        let parcel = None;
        self.receive(at, plan, None, parcel, clerk, Lane::InStore, None, chance);
        let when = after(at, (1.0 + chance.exponential(2.0)) / 1440.0);
        let asked = self.ask_return(when, plan, RequestChannel::InStore, Some(clerk), chance);
        self.decide(after(when, 0.0004), &asked, DecisionKind::InstantRefund, Some(clerk), false);
        self.settle(after(when, 0.0008 + chance.exponential(0.01)), plan, &asked, chance);
        self.inspect(after(when, 0.003 + chance.exponential(0.3)), plan, Some(&asked), Some(clerk), chance);
        self.consider_verdict(&asked, &plan.order, false);
    }

    /// A partner's drop-off point sends a pallet; the records are written from a list.
    fn through_bulk(&mut self, at: Timestamp, plan: &ReturnPlan, chance: &mut Chance) {
        let first = chance.yes(0.45);
        let asked = first.then(|| self.ask_return(at, plan, RequestChannel::SelfService, None, chance));
        let parcel =
            chance.yes(0.75).then(|| self.authorise(after(at, 0.0005), plan, asked.as_ref(), chance));
        if let Some(asked) = &asked {
            self.decide(after(at, 0.00003), asked, DecisionKind::RefundOnReceipt, None, false);
        }
        let came = working_time(after(at, chance.log_normal(5.0, 0.5)), chance);
        let clerk = self.crew.clerk(came, chance);
        let named = parcel.filter(|_| chance.yes(0.5));
        self.receive(came, plan, asked.as_ref(), named, clerk, Lane::Bulk, None, chance);
        let asked = asked.unwrap_or_else(|| {
            let when = self.seasons.later(came, chance.log_normal(0.3, 1.0), chance);
            let asked = self.ask_return(when, plan, RequestChannel::SelfService, None, chance);
            self.decide(after(when, 0.0004), &asked, DecisionKind::InstantRefund, None, false);
            asked
        });
        let paid = came.max(asked.at);
        self.settle(after(paid, 0.05 + chance.exponential(0.3)), plan, &asked, chance);
        if chance.yes(self.scenario.returns.inspected_share * 0.6) {
            self.inspect(after(came, 0.2 + chance.exponential(1.5)), plan, Some(&asked), None, chance);
        }
        self.consider_verdict(&asked, &plan.order, false);
    }

    /// A receipt without a parcel: written by a paid clerk, or by mistake, or from paper after an outage.
    fn record_only(&mut self, at: Timestamp, plan: &ReturnPlan, chance: &mut Chance) {
        let clerk = plan.clerk.unwrap_or_else(|| self.crew.clerk(at, chance));
        let labelled = chance.yes(0.6);
        let parcel = labelled.then(|| {
            let when = after(at, 0.0);
            let parcel = self.authorise(when, plan, None, chance);
            if chance.yes(0.7) {
                let facts = self.return_parcel(plan, &parcel);
                let scan = Scan::new(after(when, 0.001), ScanStatus::LabelCreated, Direction::Return);
                self.scan(&plan.order, &facts, scan);
            }
            parcel
        });
        let asks_first = chance.yes(0.3);
        let asked = asks_first
            .then(|| self.ask_return(after(at, 0.01), plan, RequestChannel::SelfService, None, chance));
        if let Some(asked) = &asked {
            self.decide(after(asked.at, 0.0003), asked, DecisionKind::RefundOnReceipt, None, false);
        }
        let mut came =
            after(at, 0.05 + if labelled { chance.log_normal(3.5, 0.6) } else { 0.1 * chance.unit() });
        came = working_time(came, chance);
        for _ in 0..12 {
            if self.crew.on_shift(clerk, came) || chance.yes(0.06) {
                break;
            }
            came = working_time(after(came, 0.5), chance);
        }
        let about = About {
            order: Some(plan.order.id.clone()),
            account: Some(self.account_id(plan.order.account as usize)),
            ..About::default()
        };
        if chance.yes(0.8) {
            self.act(came, clerk, Action::LookedUp, about.clone());
        }
        let marked = after(came, (1.0 + chance.exponential(3.0)) / 1440.0);
        if chance.yes(0.7) {
            self.act(marked, clerk, Action::MarkedReturned, about);
        }
        let lane = if chance.yes(0.6) { Lane::Scanned } else { Lane::Bulk };
        // Who writes the record can also write a weight.
        let weight = (lane == Lane::Scanned && chance.yes(0.35))
            .then(|| (self.grams(&plan.order, &plan.lines) * chance.between(0.95, 1.1)) as u64 + 80);
        let named = parcel.filter(|_| chance.yes(0.6));
        self.receive(marked, plan, asked.as_ref(), named, clerk, lane, weight, chance);
        let asked = asked.unwrap_or_else(|| {
            let when = self.seasons.later(marked, chance.log_normal(0.3, 1.0), chance);
            let channel = if chance.yes(0.75) { RequestChannel::SelfService } else { claim_channel(chance) };
            let asked = self.ask_return(when, plan, channel, None, chance);
            self.decide(after(asked.at, 0.0004), &asked, DecisionKind::InstantRefund, None, false);
            asked
        });
        self.settle(after(asked.at.max(marked), 0.02 + chance.exponential(0.3)), plan, &asked, chance);
        if chance.yes(0.3) {
            self.inspect(
                after(marked, 0.1 + chance.exponential(1.0)),
                plan,
                Some(&asked),
                Some(clerk),
                chance,
            );
        }
        self.consider_verdict(&asked, &plan.order, false);
    }

    /// Fake tracking: a letter under the label's number, or under another, to another house of the same town.
    fn fake_tracking(&mut self, at: Timestamp, plan: &ReturnPlan, chance: &mut Chance) {
        let first = chance.yes(0.35);
        let asked = first.then(|| self.ask_return(at, plan, RequestChannel::SelfService, None, chance));
        if let Some(asked) = &asked {
            self.decide(after(at, 0.00003), asked, DecisionKind::RefundOnReceipt, None, false);
        }
        let issued = self.authorise(after(at, 0.0006), plan, asked.as_ref(), chance);
        let number = if chance.yes(0.55) { issued } else { self.names.parcel() };
        let mut facts = self.return_parcel(plan, &number);
        facts.grams = if chance.yes(0.65) {
            chance.between(15.0, 90.0)
        } else {
            chance.between(0.3, 0.9) * facts.grams
        };
        let accepted = self.seasons.later(at, chance.log_normal(1.6, 0.6), chance);
        let delivered = self.carry_back(&facts, plan, asked.as_ref(), accepted, chance.yes(0.6), chance);
        let asked = asked.unwrap_or_else(|| {
            let when = self.seasons.later(delivered, chance.log_normal(1.5, 0.8), chance);
            let channel = if chance.yes(0.4) { RequestChannel::SelfService } else { claim_channel(chance) };
            self.ask_return(when, plan, channel, None, chance)
        });
        let way = Way { delivered: Some(delivered), accepted: Some(accepted), ..Way::default() };
        let now = asked.at.max(delivered);
        self.consider_verdict(&asked, &plan.order, true);
        self.settle_by(DecisionKind::CarrierTrace, now, plan, &asked, &way, chance);
    }

    fn ask_return(
        &mut self,
        at: Timestamp,
        plan: &ReturnPlan,
        channel: RequestChannel,
        clerk: Option<usize>,
        chance: &mut Chance,
    ) -> Asked {
        let contact = match channel {
            RequestChannel::Chat => Some(ContactChannel::Chat),
            RequestChannel::Phone => Some(ContactChannel::Phone),
            RequestChannel::Email => Some(ContactChannel::Email),
            RequestChannel::SelfService | RequestChannel::InStore => None,
        };
        let text = self.return_text(&plan.order, plan.lines[0], &plan.voice, chance);
        let talk = contact.map(|c| self.talk(at, &plan.order, c, 2, text, None, chance));
        let when = talk.as_ref().map_or(at, |t| t.until);
        let instrument = if plan.gift {
            let card = self.people.payment();
            Some(Instrument::Token(self.names.nth_payment(u64::from(card))))
        } else {
            [None, Some(Instrument::Original), Some(Instrument::StoreCredit)]
                [chance.weighted(&[0.45, 0.5, 0.05])]
            .clone()
        };
        let seen = !matches!(channel, RequestChannel::Phone | RequestChannel::InStore);
        let asking = Asking {
            lines: plan.lines.clone(),
            cents: plan.cents.max(100),
            reason: plan.reason,
            channel,
            place: seen.then_some(plan.place),
            instrument,
            documents: Vec::new(),
            staff: clerk,
            kind: plan.kind,
            ring: plan.ring,
            actor: plan.actor,
            actor_id: plan.actor_id.clone(),
            test_purchase: plan.test_purchase,
        };
        let asked = self.ask(when, &plan.order, asking, talk.as_ref());
        if let Some(talk) = &talk {
            self.hang_up(after(when, 0.001 + chance.exponential(0.001)), talk, "resolved");
        }
        asked
    }

    fn return_practice(&self, plan: &ReturnPlan, asked: &Asked, chance: &mut Chance) -> DecisionKind {
        let dollars = plan.cents as f64 / 100.0;
        if dollars < self.scenario.returns.returnless_below {
            return DecisionKind::KeepItem;
        }
        let careful = asked.heat > 3.0 || dollars > 300.0;
        let weights = if careful { [0.04, 0.2, 0.41, 0.35] } else { [0.16, 0.38, 0.38, 0.08] };
        [
            DecisionKind::InstantRefund,
            DecisionKind::RefundOnScan,
            DecisionKind::RefundOnReceipt,
            DecisionKind::RefundAfterInspection,
        ][chance.weighted(&weights)]
    }

    /// Pays when the promised step is reached; asks people where it never is.
    fn settle_by(
        &mut self,
        decision: DecisionKind,
        at: Timestamp,
        plan: &ReturnPlan,
        asked: &Asked,
        way: &Way,
        chance: &mut Chance,
    ) {
        let reached = match decision {
            DecisionKind::InstantRefund | DecisionKind::KeepItem => Some(at),
            DecisionKind::RefundOnScan => way.accepted,
            DecisionKind::RefundOnReceipt => way.received,
            DecisionKind::RefundAfterInspection => {
                way.inspected.map(|i| i.0).or(way.received.map(|r| after(r, 5.0)))
            }
            DecisionKind::CarrierTrace
            | DecisionKind::Replace
            | DecisionKind::StoreCredit
            | DecisionKind::PartialRefund
            | DecisionKind::StepUp
            | DecisionKind::Review
            | DecisionKind::Deny => None,
        };
        let bad = way.inspected.is_some_and(|(when, c)| {
            matches!(c, Condition::WrongItem | Condition::Empty | Condition::Missing)
                && reached.is_none_or(|r| when <= r)
        });
        if let (Some(when), false) = (reached, bad) {
            self.settle(after(when.max(at), 0.02 + chance.exponential(0.3)), plan, asked, chance);
            return;
        }
        if way.accepted.is_none() && reached.is_none() {
            return;
        }
        // Bad goods, or goods that never came: people decide some days later.
        let from = way.inspected.map(|i| i.0).or(way.delivered).unwrap_or(at).max(at);
        let when = self.seasons.later(from, chance.log_normal(6.0, 0.6), chance);
        let staff = self.in_charge(when, plan.cents, chance);
        let approval =
            self.scenario.desk.approval - 0.06 * asked.heat.min(4.0) - if bad { 0.45 } else { 0.12 };
        if chance.yes(approval) {
            let over = chance.yes(0.15);
            self.decide(when, asked, DecisionKind::InstantRefund, Some(staff), over);
            self.settle(after(when, 0.02 + chance.exponential(0.5)), plan, asked, chance);
        } else {
            self.decide(when, asked, DecisionKind::Deny, Some(staff), false);
            self.maybe_appeal(when, &plan.order, asked);
            self.ring_learns(plan.ring, asked, when, false);
        }
    }

    /// The money goes back, and what follows from it.
    fn settle(&mut self, at: Timestamp, plan: &ReturnPlan, asked: &Asked, chance: &mut Chance) {
        self.pay(at, asked, asked.asking.cents);
        if plan.then == Then::Spend || (plan.gift && chance.yes(0.6)) {
            self.spend_credit(at, asked, plan.order.account as usize, chance);
        }
        self.ring_learns(plan.ring, asked, at, true);
    }
}
