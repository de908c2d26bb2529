//! How is one scheme carried out? An order like any other, then a lie: the kind says which.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::claims::{ClaimPlan, Then, Voice};
use crate::desk::About;
use crate::names::document;
use crate::orders::{Basket, Fate, OrderFacts, Placing, dear};
use crate::requests::{Asked, Insider};
use crate::returns::{Contents, Mode, ReturnPlan};
use crate::schedule::From;
use crate::sim::{Sim, Task};
use crate::trouble::{claim_channel, return_reason};
use crate::truth::{Actor, Kind};
use crate::world::people::Place;
use ringfence_domain::event::TestPurchaseRegistered;
use ringfence_domain::id::PaymentToken;
use ringfence_domain::words::{Action, ClaimReason, Instrument, RequestChannel};
use ringfence_domain::{Body, Timestamp};

/// An order that is placed in order to abuse it.
#[derive(Clone, Debug)]
pub(crate) struct Deal {
    pub(crate) account: usize,
    pub(crate) kind: Kind,
    /// Median price.
    pub(crate) dollars: f64,
    pub(crate) ring: Option<usize>,
    pub(crate) insider: Insider,
    /// When the insider's session is on; otherwise some time after delivery.
    pub(crate) due: Option<Timestamp>,
    /// Names the deal's streams of chance.
    pub(crate) n: u64,
    pub(crate) test_purchase: bool,
}

/// A credit on a card of its own, spent by another account.
#[derive(Clone, Debug)]
pub(crate) struct Spending {
    account: usize,
    payment: PaymentToken,
}

/// A false document goes round among this many of the last ones.
const TEMPLATES: usize = 6;

impl Sim<'_> {
    pub(crate) fn carry_out(&mut self, at: Timestamp, deal: &Deal) {
        if !self.is_open(deal.account, at) {
            return;
        }
        let mut chance = Chance::new(self.seed, Stream::Deal, deal.n, deal.account as u64);
        let at = self.seasons.later(at, 0.0, &mut chance);
        let basket = self.deal_basket(deal, &mut chance);
        let order = self.place_order(at, deal.account, &basket, Placing::default(), (false, false));
        if deal.test_purchase {
            let when = after(at, 0.02 + chance.exponential(0.6));
            let registered = TestPurchaseRegistered { order: order.id.clone(), attributes: None };
            self.schedule.send(when, From::Risk, Body::TestPurchaseRegistered(registered));
        }
        // A parcel that truly went astray makes the claim true: leave it to those who lost it.
        if order.parcels.iter().any(|p| p.fate != Fate::Arrived) {
            return;
        }
        match deal.kind {
            Kind::EmptyReturn
            | Kind::SwitchedItem
            | Kind::FakeTracking
            | Kind::InsiderReturn
            | Kind::GiftCardLaundering
            | Kind::Wardrobing
            | Kind::Bracketing
            | Kind::SerialReturner => self.plan_false_return(order, deal, &mut chance),
            _ => self.plan_false_claim(order, deal, &mut chance),
        }
    }

    fn deal_basket(&self, deal: &Deal, chance: &mut Chance) -> Basket {
        let dollars = dear(chance, deal.dollars);
        match deal.kind {
            Kind::SerialReturner | Kind::ConcessionFarming => Basket::Usual,
            Kind::Bracketing => Basket::Sizes { dollars },
            Kind::Wardrobing => Basket::Dear { dollars, resale: 0.0 },
            Kind::MissingItem => Basket::Mixed { dollars },
            Kind::InsiderConcession => {
                let limit = self.scenario.desk.agent_limit;
                Basket::Dear { dollars: chance.between(0.72, 1.05) * limit, resale: 0.7 }
            }
            _ => Basket::Dear { dollars, resale: 0.75 },
        }
    }

    /// From where the lie is told, and by whom.
    fn operator(&mut self, deal: &Deal, chance: &mut Chance) -> (Place, Actor, Voice) {
        let own = self.people.place(self.scenario, deal.account, chance);
        let Some(ring) = deal.ring else {
            let assisted = chance.yes(self.scenario.claims.writing_help_share * 1.3);
            return (own, Actor::Buyer, if assisted { Voice::Assisted } else { Voice::Own });
        };
        let spec = self.rings[ring].spec.clone();
        let voice = if chance.yes(spec.script) {
            Voice::Script(self.rings[ring].script.clone())
        } else if chance.yes(0.3) {
            Voice::Assisted
        } else {
            Voice::Own
        };
        let place = if chance.yes(spec.careful) { own } else { self.ring_place(ring, chance) };
        (place, Actor::Refunder, voice)
    }

    fn plan_false_claim(&mut self, order: OrderFacts, deal: &Deal, chance: &mut Chance) {
        let there = order.there();
        let proven = order.parcels.iter().any(|p| p.otp);
        let all = order.all();
        let (place, actor, voice) = self.operator(deal, chance);
        let mut plan = ClaimPlan {
            voice,
            actor,
            ring: deal.ring,
            channel: claim_channel(chance),
            insider: deal.insider.clone(),
            test_purchase: deal.test_purchase,
            ..ClaimPlan::new(order, all, ClaimReason::NotReceived, deal.kind, place)
        };
        let mut days = chance.log_normal(2.2, 0.95);
        match deal.kind {
            Kind::MissingItem => {
                plan.reason = ClaimReason::MissingItem;
                plan.lines = vec![plan.order.dearest()];
                days = chance.log_normal(1.0, 0.9);
            }
            Kind::EmptyPackage => {
                plan.reason = ClaimReason::EmptyPackage;
                plan.lines.clone_from(&plan.order.parcels[0].lines);
                days = chance.log_normal(0.9, 0.9);
            }
            Kind::ForgedDocument => {
                plan.reason =
                    [ClaimReason::Damaged, ClaimReason::NotReceived, ClaimReason::Defective][chance.below(3)];
                // Templates go round; every few uses somebody makes a new one.
                let template = chance.below(TEMPLATES) + (deal.n as usize / 12) * TEMPLATES;
                plan.documents = vec![document(self.seed, 2_000_000_000 + template as u64)];
            }
            Kind::ConcessionFarming => {
                plan.reason =
                    [ClaimReason::Damaged, ClaimReason::Late, ClaimReason::NotAsDescribed][chance.below(3)];
                plan.lines = vec![chance.below(plan.order.lines.len())];
                plan.shopping = chance.weighted(&[0.4, 0.35, 0.25]) as u32;
                plan.channel = RequestChannel::Chat;
            }
            Kind::DoubleDip => {
                plan.then = Then::Chargeback;
                plan.reason = [ClaimReason::NotReceived, ClaimReason::Damaged][chance.below(2)];
            }
            Kind::RefundAndReship => plan.then = Then::HadReplacement,
            Kind::AccountTakeover => self.take_over(&mut plan, there, chance),
            Kind::SharedLogin => {
                plan.channel =
                    if chance.yes(0.65) { RequestChannel::SelfService } else { RequestChannel::Chat };
                days = chance.log_normal(1.4, 0.6);
            }
            Kind::SocialEngineering => {
                let reasons = [
                    ClaimReason::NotReceived,
                    ClaimReason::Damaged,
                    ClaimReason::WrongItem,
                    ClaimReason::MissingItem,
                ];
                plan.reason = reasons[chance.weighted(&[0.55, 0.15, 0.15, 0.15])];
                plan.channel = if chance.yes(0.68) { RequestChannel::Chat } else { RequestChannel::Phone };
                plan.shopping = chance.weighted(&[0.55, 0.3, 0.15]) as u32;
                days = chance.log_normal(1.7, 0.7);
            }
            Kind::InsiderConcession => {
                plan.reason = [ClaimReason::NotReceived, ClaimReason::Damaged, ClaimReason::Defective]
                    [chance.weighted(&[0.6, 0.2, 0.2])];
                plan.channel = [RequestChannel::Chat, RequestChannel::Phone, RequestChannel::Email]
                    [chance.weighted(&[0.55, 0.3, 0.15])];
                self.name_insider(&mut plan.actor, &mut plan.actor_id, &deal.insider);
            }
            Kind::PhishedStaff => {
                plan.reason = [ClaimReason::NotReceived, ClaimReason::Damaged, ClaimReason::Other]
                    [chance.weighted(&[0.6, 0.2, 0.2])];
                plan.channel = [RequestChannel::Chat, RequestChannel::Phone][chance.below(2)];
                self.name_insider(&mut plan.actor, &mut plan.actor_id, &deal.insider);
            }
            _ => {}
        }
        plan.cents = plan.order.value(&plan.lines);
        if deal.kind == Kind::ConcessionFarming {
            plan.cents = (plan.cents as f64 * (0.2 + 0.05 * chance.below(7) as f64)) as i64;
        }
        if deal.kind == Kind::InsiderConcession {
            // Just below what the insider may approve alone; small change is left out of the claim.
            let limit = (self.scenario.desk.agent_limit * 100.0 * chance.between(0.88, 0.999)) as i64;
            plan.cents = plan.cents.min(limit);
        }
        if proven && plan.reason == ClaimReason::NotReceived && deal.ring.is_none() && chance.yes(0.5) {
            // A code was given at the door: some think better of it, some tell another story.
            plan.reason = ClaimReason::EmptyPackage;
        }
        let ready = self.seasons.later(there, days, chance);
        let at = match deal.due {
            Some(due) => due,
            None => self.when_insider_works(&deal.insider, ready, chance),
        };
        self.schedule.plan(at, Task::Claim(Box::new(plan)));
    }

    fn name_insider(&self, actor: &mut Actor, id: &mut Option<String>, insider: &Insider) {
        if let Insider::Bribed(staff) | Insider::Phished(staff, _) = insider {
            *actor = if matches!(insider, Insider::Bribed(_)) { Actor::Staff } else { Actor::Stranger };
            *id = Some(self.crew.staff[*staff].id.to_string());
        }
    }

    /// The insider has to be at work to take the conversation, or nearly so.
    fn when_insider_works(&self, insider: &Insider, from: Timestamp, chance: &mut Chance) -> Timestamp {
        let Insider::Bribed(staff) = insider else { return from };
        let mut at = from;
        for _ in 0..30 {
            if self.crew.on_shift(*staff, at) {
                break;
            }
            at = self.seasons.later(at, 0.3, chance);
        }
        at
    }

    /// A stranger gets in over recovery, has the contact details changed, and asks for another way of payment.
    fn take_over(&mut self, plan: &mut ClaimPlan, there: Timestamp, chance: &mut Chance) {
        let ip = if chance.yes(0.5) { self.people.vpn_ip(chance) } else { self.people.home_ip(chance) };
        plan.place = Place { device: self.people.device(), ip };
        plan.actor = Actor::Stranger;
        plan.recovered = chance.yes(0.7);
        let card = self.people.payment();
        plan.instrument = Some(match chance.weighted(&[0.5, 0.3, 0.2]) {
            0 => Instrument::Token(self.names.nth_payment(u64::from(card))),
            1 => Instrument::GiftCard,
            _ => Instrument::StoreCredit,
        });
        if chance.yes(0.6) {
            let when = self.seasons.later(there, 0.4 * chance.unit(), chance);
            let staff = self.crew.of_queue(0, when, chance);
            let action = [Action::ChangedContactDetails, Action::ResetCredentials, Action::ChangedInstrument]
                [chance.below(3)];
            let account = self.account_id(plan.order.account as usize);
            self.act(when, staff, action, About { account: Some(account), ..About::default() });
        }
    }

    fn plan_false_return(&mut self, order: OrderFacts, deal: &Deal, chance: &mut Chance) {
        let there = order.there();
        let (place, actor, voice) = self.operator(deal, chance);
        let window = self.scenario.returns.window_days;
        let usual = [Mode::AskedFirst, Mode::ParcelFirst][usize::from(chance.yes(0.4))];
        let lines = vec![order.dearest()];
        let mut plan = ReturnPlan {
            voice,
            actor,
            ring: deal.ring,
            test_purchase: deal.test_purchase,
            reason: return_reason(chance),
            ..ReturnPlan::new(order, lines, usual, deal.kind, place)
        };
        let mut days = chance.log_normal(5.0, 0.8);
        match deal.kind {
            Kind::EmptyReturn => plan.contents = Contents::Empty,
            Kind::SwitchedItem => plan.contents = Contents::Switched,
            Kind::FakeTracking => plan.mode = Mode::Fake,
            Kind::InsiderReturn => {
                plan.mode = Mode::Record;
                if let Insider::Bribed(staff) = deal.insider {
                    plan.clerk = Some(staff);
                }
                self.name_insider(&mut plan.actor, &mut plan.actor_id, &deal.insider);
            }
            Kind::GiftCardLaundering => {
                plan.mode = Mode::InStore;
                plan.gift = true;
                plan.then = Then::Spend;
            }
            Kind::Wardrobing => {
                plan.contents = Contents::Worn;
                days = chance.between(0.3, 0.98) * window;
            }
            Kind::Bracketing => {
                let keep = usize::from(chance.yes(0.6));
                plan.lines = (keep..plan.order.lines.len()).collect();
                if plan.lines.is_empty() {
                    plan.lines = plan.order.all();
                }
            }
            Kind::SerialReturner => {
                plan.lines = plan.order.all();
                days = chance.log_normal(9.0, 0.8);
            }
            _ => {}
        }
        plan.cents = plan.order.value(&plan.lines);
        let at = self.seasons.later(there, days, chance);
        self.schedule.plan(at, Task::Return(Box::new(plan)));
    }

    /// Another account buys with the credit: a friend who got a present, or the same person under another name.
    pub(crate) fn spend_credit(
        &mut self,
        paid: Timestamp,
        asked: &Asked,
        account: usize,
        chance: &mut Chance,
    ) {
        let Some(Instrument::Token(payment)) = asked.asking.instrument.clone() else { return };
        let launders = asked.asking.kind == Kind::GiftCardLaundering;
        let other = chance.below(self.people.accounts.len());
        let days = if launders { chance.log_normal(0.6, 0.9) } else { chance.log_normal(4.0, 1.2) };
        let at = self.seasons.later(paid, days, chance);
        if other != account {
            self.schedule.plan(at, Task::Spend(Box::new(Spending { account: other, payment })));
        }
    }

    pub(crate) fn spend(&mut self, at: Timestamp, spending: Spending) {
        if self.is_open(spending.account, at) {
            let placing = Placing { payment: Some(spending.payment), ..Placing::default() };
            self.place_order(at, spending.account, &Basket::Usual, placing, (false, false));
        }
    }
}
