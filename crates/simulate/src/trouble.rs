//! What honest trouble follows an order? Losses, faults, delays, confusion, and goods that go back because they may.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::claims::{ClaimPlan, Voice};
use crate::orders::{Fate, OrderFacts};
use crate::returns::{Contents, Mode, ReturnPlan};
use crate::sim::{Sim, Task};
use crate::truth::{Actor, Kind};
use ringfence_domain::Timestamp;
use ringfence_domain::id::Sha256Hex;
use ringfence_domain::words::{ClaimReason, ContactChannel, RequestChannel};

/// Trouble that the shop or the carrier makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    None,
    Missing,
    Pilfered,
    Damaged,
    Defective,
    WrongItem,
    NotAsDescribed,
}

impl Sim<'_> {
    /// What the warehouse or the carrier gets wrong with an order of this time.
    pub(crate) fn trouble(&self, at: Timestamp, chance: &mut Chance) -> Trouble {
        let c = &self.scenario.claims;
        let season = self.seasons.trouble(at) / self.odds.trouble_mean;
        let all = [
            (c.missing_item, Trouble::Missing),
            (c.empty_package, Trouble::Pilfered),
            (c.damaged, Trouble::Damaged),
            (c.defective, Trouble::Defective),
            (c.wrong_item, Trouble::WrongItem),
            (c.not_as_described, Trouble::NotAsDescribed),
        ];
        let mut left = chance.unit();
        for (share, trouble) in all {
            left -= share * season;
            if left < 0.0 {
                return trouble;
            }
        }
        Trouble::None
    }
    /// What an honest buyer does about this order: mostly nothing.
    pub(crate) fn honest_consequence(&mut self, order: OrderFacts, trouble: Trouble) {
        if order.parcels.is_empty() {
            return;
        }
        let mut chance = Chance::new(self.seed, Stream::Consequence, order.n, 0);
        let n = order.account as usize;
        let outspoken = f64::from(self.people.accounts[n].outspoken);
        if let Some(nth) = order.parcels.iter().position(|p| p.fate != Fate::Arrived) {
            let early = order.parcels[nth].fate == Fate::EarlyScan;
            if chance.yes(if early { self.odds.early_claims } else { outspoken }) {
                self.claim_lost(order, nth, &mut chance);
                return;
            }
        } else if trouble != Trouble::None {
            if chance.yes(outspoken * self.worth_a_claim(&order, trouble)) {
                self.claim_trouble(order, trouble, &mut chance);
            }
            return;
        }
        let c = &self.scenario.claims;
        let there = order.there();
        if there > order.promised && chance.yes(c.late) {
            self.claim_late(order, &mut chance);
        } else if order.parcels.len() > 1 && chance.yes(c.split_confusion) {
            self.claim_split(order, &mut chance);
        } else {
            if chance.yes(c.enquiry_share) {
                let soon = self.seasons.later(order.at, 1.5 + 4.0 * chance.unit(), &mut chance);
                self.enquire(soon, &order, &mut chance);
            }
            self.maybe_return(order, &mut chance);
        }
    }

    /// Some goods fail more than others, and few write to a shop for the sake of five dollars.
    fn worth_a_claim(&self, order: &OrderFacts, trouble: Trouble) -> f64 {
        let shipped = matches!(trouble, Trouble::Missing | Trouble::Pilfered | Trouble::WrongItem);
        let faults = self.catalogue.category_of(order.lines[order.dearest()].article).faults;
        let dollars = order.total as f64 / 100.0;
        let bother = (0.55 + dollars / 200.0).min(1.0);
        (bother * if shipped { 1.0 } else { faults }).min(1.0)
    }

    fn claim_lost(&mut self, order: OrderFacts, nth: usize, chance: &mut Chance) {
        let parcel = &order.parcels[nth];
        let from = parcel.said.unwrap_or(order.promised);
        let (kind, actor, days) = match parcel.fate {
            Fate::PorchTheft | Fate::Arrived => {
                (Kind::PorchTheft, Actor::Stranger, chance.log_normal(2.3, 0.8))
            }
            Fate::DriverTheft => (Kind::DriverTheft, Actor::Driver, chance.log_normal(2.1, 0.8)),
            Fate::Misdelivered => (Kind::Misdelivery, Actor::Driver, chance.log_normal(1.7, 0.8)),
            Fate::Lost => (Kind::LostParcel, Actor::Carrier, chance.log_normal(3.0, 0.8)),
            Fate::EarlyScan => (Kind::EarlyScan, Actor::Driver, chance.log_normal(0.25, 0.5)),
        };
        let actor_id =
            (actor == Actor::Driver).then(|| self.places.drivers[parcel.driver as usize].id.to_string());
        let at = self.seasons.later(from, days, chance);
        let lines = parcel.lines.clone();
        let mut plan = self.honest_claim(order, lines, ClaimReason::NotReceived, kind, chance);
        plan.actor = actor;
        plan.actor_id = actor_id;
        self.schedule.plan(at, Task::Claim(Box::new(plan)));
    }

    fn claim_trouble(&mut self, order: OrderFacts, trouble: Trouble, chance: &mut Chance) {
        let some = chance.below(order.lines.len());
        let (reason, kind, actor, lines, days) = match trouble {
            Trouble::Missing => {
                let line = vec![order.dearest()];
                (ClaimReason::MissingItem, Kind::PickError, Actor::Shop, line, chance.log_normal(0.8, 1.0))
            }
            Trouble::Pilfered => {
                let lines = order.parcels[0].lines.clone();
                (
                    ClaimReason::EmptyPackage,
                    Kind::Pilferage,
                    Actor::Carrier,
                    lines,
                    chance.log_normal(0.8, 1.0),
                )
            }
            Trouble::Damaged => {
                let damage = Kind::DamagedInTransit;
                (ClaimReason::Damaged, damage, Actor::Carrier, vec![some], chance.log_normal(1.5, 1.0))
            }
            Trouble::Defective => (
                ClaimReason::Defective,
                Kind::Defective,
                Actor::Shop,
                vec![some],
                chance.log_normal(9.0, 1.2),
            ),
            Trouble::WrongItem => (
                ClaimReason::WrongItem,
                Kind::WrongItemSent,
                Actor::Shop,
                vec![some],
                chance.log_normal(1.2, 1.0),
            ),
            Trouble::NotAsDescribed | Trouble::None => {
                let reason = ClaimReason::NotAsDescribed;
                (reason, Kind::NotAsDescribed, Actor::Shop, vec![some], chance.log_normal(3.0, 1.0))
            }
        };
        let at = self.seasons.later(order.there(), days, chance);
        let mut plan = self.honest_claim(order, lines, reason, kind, chance);
        plan.actor = actor;
        if matches!(trouble, Trouble::Damaged | Trouble::NotAsDescribed) && chance.yes(0.4) {
            plan.cents = (plan.cents as f64 * (0.2 + 0.05 * chance.below(7) as f64)) as i64;
        }
        if matches!(trouble, Trouble::Damaged | Trouble::Defective | Trouble::WrongItem) {
            plan.documents = self.honest_documents(chance);
        }
        self.schedule.plan(at, Task::Claim(Box::new(plan)));
    }

    fn claim_late(&mut self, order: OrderFacts, chance: &mut Chance) {
        let at = self.seasons.later(order.there(), chance.log_normal(0.5, 0.8), chance);
        let all = order.all();
        let mut plan = self.honest_claim(order, all, ClaimReason::Late, Kind::LateParcel, chance);
        plan.actor = Actor::Carrier;
        plan.cents = (plan.cents as f64 * 0.15) as i64 + 99;
        self.schedule.plan(at, Task::Claim(Box::new(plan)));
    }

    fn claim_split(&mut self, order: OrderFacts, chance: &mut Chance) {
        let from = order.parcels[0].there.unwrap_or(order.promised);
        let at = self.seasons.later(from, chance.log_normal(0.5, 0.7), chance);
        let lines = order.parcels[1].lines.clone();
        let mut plan = self.honest_claim(order, lines, ClaimReason::MissingItem, Kind::SplitShipment, chance);
        plan.actor = Actor::Shop;
        self.schedule.plan(at, Task::Claim(Box::new(plan)));
    }

    /// A claim as honest people make it.
    pub(crate) fn honest_claim(
        &mut self,
        order: OrderFacts,
        lines: Vec<usize>,
        reason: ClaimReason,
        kind: Kind,
        chance: &mut Chance,
    ) -> ClaimPlan {
        let n = order.account as usize;
        let helper = self.people.accounts[n].helper.filter(|_| chance.yes(0.8));
        let place = helper.unwrap_or_else(|| self.people.place(self.scenario, n, chance));
        let assisted = chance.yes(self.scenario.claims.writing_help_share);
        let channel = claim_channel(chance);
        ClaimPlan {
            cents: order.value(&lines),
            voice: if assisted { Voice::Assisted } else { Voice::Own },
            channel,
            documents: if chance.yes(0.3) { self.honest_documents(chance) } else { Vec::new() },
            ..ClaimPlan::new(order, lines, reason, kind, place)
        }
    }

    /// Photos and reports of honest people; some are a public form that is the same file for everybody.
    pub(crate) fn honest_documents(&mut self, chance: &mut Chance) -> Vec<Sha256Hex> {
        let c = &self.scenario.claims;
        if !chance.yes((c.documents_share * 2.5).min(1.0)) {
            return Vec::new();
        }
        if chance.yes(c.shared_form_share) {
            // Five blank forms go round: of police, carriers and the shop itself.
            return vec![crate::names::document(self.seed, chance.below(5) as u64 + 1_000_000_000)];
        }
        self.documents += 1;
        vec![crate::names::document(self.seed, self.documents)]
    }

    /// Something is sent back in a share of orders, some categories much more than others.
    fn maybe_return(&mut self, order: OrderFacts, chance: &mut Chance) {
        let shipped = 1.0 - self.scenario.returns.cancel_share;
        let lines: Vec<usize> = (0..order.lines.len())
            .filter(|l| chance.yes(self.return_rate(&order, order.lines[*l].article) * shipped))
            .collect();
        if lines.is_empty() {
            return;
        }
        self.plan_honest_return(order, lines, chance);
    }

    fn plan_honest_return(&mut self, order: OrderFacts, lines: Vec<usize>, chance: &mut Chance) {
        let r = &self.scenario.returns;
        let lag = self.return_lag(chance);
        let there = order.there();
        let wait = after(order.at, lag);
        // Nobody sends back what has not come: who thought better of it early does so soon after.
        let at = if wait > there {
            self.seasons.later(there, wait.since(there).as_days(), chance)
        } else {
            self.seasons.later(there, chance.log_normal(0.9, 0.9), chance)
        };
        let rest = (1.0 - r.asked_first - r.in_store - r.bulk_lane).max(0.0);
        let mode = [Mode::AskedFirst, Mode::ParcelFirst, Mode::InStore, Mode::Bulk]
            [chance.weighted(&[r.asked_first, rest, r.in_store, r.bulk_lane])];
        let gift = chance.yes(self.scenario.orders.gift_share);
        let late = at.since(there).as_days() > 0.8 * r.window_days;
        let sized = lines.iter().any(|l| self.catalogue.category_of(order.lines[*l].article).sizes);
        let serialised = lines.iter().any(|l| self.catalogue.category_of(order.lines[*l].article).serialised);
        let (mode, record) = if self.is_outage(at) && chance.yes(0.5) {
            // Systems are down: the receipt is written from paper later, without scans.
            (Mode::Record, Some(Kind::Backfill))
        } else if chance.yes(self.scenario.desk.wrong_return_share) {
            (Mode::Record, Some(Kind::AgentMistake))
        } else {
            (mode, None)
        };
        let (contents, kind) = if let Some(kind) = record {
            (Contents::Genuine, kind)
        } else if chance.yes(r.multi_box) {
            (Contents::SeveralBoxes, Kind::MultiBox)
        } else if serialised && chance.yes(r.wrong_serial) {
            (Contents::OtherSerial, Kind::WrongSerialShipped)
        } else if chance.yes(r.lost_inbound) {
            (Contents::LostOnTheWay, Kind::LostInbound)
        } else if chance.yes(r.mis_sort) {
            (Contents::OtherMailRoom, Kind::MisSort)
        } else if gift {
            (Contents::Genuine, Kind::GiftReturn)
        } else if mode == Mode::Bulk {
            (Contents::Genuine, Kind::BulkLane)
        } else if late && sized {
            (Contents::Genuine, Kind::SizeNoticedLate)
        } else {
            (Contents::Genuine, Kind::ChangedMind)
        };
        let n = order.account as usize;
        let helper = self.people.accounts[n].helper.filter(|_| chance.yes(0.4));
        let place = helper.unwrap_or_else(|| self.people.place(self.scenario, n, chance));
        let reason =
            if sized && chance.yes(0.2) { ClaimReason::NotAsDescribed } else { return_reason(chance) };
        let plan = ReturnPlan { contents, reason, gift, ..ReturnPlan::new(order, lines, mode, kind, place) };
        self.schedule.plan(at, Task::Return(Box::new(plan)));
    }

    /// Days from purchase to return: what UCI Online Retail shows, cut by the shop's window for those under it.
    pub(crate) fn return_lag(&self, chance: &mut Chance) -> f64 {
        /// Quantiles of the real lags in days (domain notes §5); the ends are ours.
        const LAGS: [(f64, f64); 8] = [
            (0.0, 0.05),
            (0.10, 0.8),
            (0.25, 4.1),
            (0.50, 9.9),
            (0.75, 25.0),
            (0.90, 70.0),
            (0.99, 234.0),
            (1.0, 330.0),
        ];
        let r = &self.scenario.returns;
        let long = chance.yes(r.long_window_share);
        for _ in 0..20 {
            let lag = chance.quantiles(&LAGS);
            if long || lag < r.window_days + 6.0 {
                return lag;
            }
        }
        r.window_days
    }

    /// "Where is my parcel?"
    fn enquire(&mut self, at: Timestamp, order: &OrderFacts, chance: &mut Chance) {
        let channel =
            [ContactChannel::Chat, ContactChannel::Phone, ContactChannel::Email, ContactChannel::Web]
                [chance.weighted(&[0.5, 0.2, 0.2, 0.1])];
        let text = self.enquiry_text(order, chance);
        let talk = self.talk(at, order, channel, 1, text, None, chance);
        self.hang_up(talk.until, &talk, "answered");
    }
}

/// Is the dearest line forgotten; is the first parcel emptied on the way?
pub(crate) fn trouble_grams(trouble: Trouble) -> (bool, bool) {
    (trouble == Trouble::Missing, trouble == Trouble::Pilfered)
}

/// Where claims are made. [estimate]
pub(crate) fn claim_channel(chance: &mut Chance) -> RequestChannel {
    [RequestChannel::SelfService, RequestChannel::Chat, RequestChannel::Phone, RequestChannel::Email]
        [chance.weighted(&[0.42, 0.34, 0.13, 0.11])]
}

/// Why goods go back, as customers tick it. [estimate]
pub(crate) fn return_reason(chance: &mut Chance) -> ClaimReason {
    [ClaimReason::ChangedMind, ClaimReason::NotAsDescribed, ClaimReason::Other]
        [chance.weighted(&[0.72, 0.17, 0.11])]
}
