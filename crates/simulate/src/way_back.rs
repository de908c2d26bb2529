//! How does a return parcel travel? Label, scans, receipt, inspection, shelf.

use crate::calendar::{HOUR, after};
use crate::chance::Chance;
use crate::delivery::{BOX_G, Scan};
use crate::names::label;
use crate::orders::ParcelFacts;
use crate::requests::Asked;
use crate::returns::{Contents, Mode, ReturnPlan};
use crate::schedule::From;
use crate::sim::Sim;
use ringfence_domain::event::{
    Destination, ItemRestocked, ReturnAuthorised, ReturnInspected, ReturnReceived,
};
use ringfence_domain::id::{Label as LabelId, ParcelId};
use ringfence_domain::words::{Condition, Direction, Lane, ScanStatus};
use ringfence_domain::{Body, Duration, Timestamp};

/// When the return reached which step.
#[derive(Clone, Default)]
pub(crate) struct Way {
    pub(crate) accepted: Option<Timestamp>,
    pub(crate) delivered: Option<Timestamp>,
    pub(crate) received: Option<Timestamp>,
    pub(crate) inspected: Option<(Timestamp, Condition)>,
}

impl Sim<'_> {
    /// The label: allowed lines, parcel number, service and where it has to go.
    pub(crate) fn authorise(
        &mut self,
        at: Timestamp,
        plan: &ReturnPlan,
        asked: Option<&Asked>,
        chance: &mut Chance,
    ) -> ParcelId {
        let parcel = self.names.parcel();
        let site = self.returns_site(plan);
        let carrier = return_carrier(plan);
        let authorised = ReturnAuthorised {
            order: plan.order.id.clone(),
            lines: self.wire_lines(&plan.order, &plan.lines),
            refund: asked.map(|a| a.refund.clone()),
            parcel: Some(parcel.clone()),
            carrier: Some(self.places.carriers[carrier].id.clone()),
            service: Some(label("return")),
            destination: chance.yes(0.95).then(|| Destination {
                postal_code: Some(self.places.returns_postal[site].clone()),
                site: Some(self.places.returns_sites[site].clone()),
            }),
            attributes: None,
        };
        self.schedule.send(at, From::Shop, Body::ReturnAuthorised(authorised));
        parcel
    }
    fn returns_site(&self, plan: &ReturnPlan) -> usize {
        self.people.accounts[plan.order.account as usize].area as usize % self.places.returns_sites.len()
    }
    pub(crate) fn return_parcel(&self, plan: &ReturnPlan, id: &ParcelId) -> ParcelFacts {
        let grams = self.grams(&plan.order, &plan.lines) + BOX_G;
        ParcelFacts {
            id: id.clone(),
            lines: plan.lines.clone(),
            grams,
            pilfered_g: 0.0,
            said: None,
            there: None,
            ..plan.order.parcels[0].clone()
        }
    }

    /// From label to shelf.
    pub(crate) fn send_back(
        &mut self,
        at: Timestamp,
        plan: &ReturnPlan,
        asked: Option<&Asked>,
        sends: bool,
        chance: &mut Chance,
    ) -> Way {
        let labelled = after(at, (0.5 + chance.exponential(1.0)) / 1440.0);
        let parcel = self.authorise(labelled, plan, asked, chance);
        let mut facts = self.return_parcel(plan, &parcel);
        let refund = asked.map(|a| a.refund.clone());
        let scan = Scan::new(after(labelled, 0.0008), ScanStatus::LabelCreated, Direction::Return);
        if chance.yes(0.9) {
            self.scan(&plan.order, &facts, Scan { refund, service: "return", ..scan });
        }
        let mut way = Way::default();
        if !sends {
            return way;
        }
        let filled = chance.yes(0.45);
        facts.grams *= match plan.contents {
            Contents::Genuine
            | Contents::OtherSerial
            | Contents::LostOnTheWay
            | Contents::OtherMailRoom
            | Contents::Worn => 1.0,
            Contents::SeveralBoxes => chance.between(0.3, 0.65),
            Contents::Empty => {
                if filled {
                    chance.between(0.6, 1.15)
                } else {
                    chance.between(0.05, 0.3)
                }
            }
            Contents::Switched => chance.between(0.85, 1.12),
        };
        let accepted = self.seasons.later(labelled, chance.log_normal(1.9, 0.9), chance);
        way.accepted = Some(accepted);
        if plan.contents == Contents::LostOnTheWay {
            let scan = Scan::new(accepted, ScanStatus::Accepted, Direction::Return);
            self.scan(&plan.order, &facts, Scan { service: "return", ..scan });
            return way;
        }
        let elsewhere = plan.contents == Contents::OtherMailRoom;
        let delivered = self.carry_back(&facts, plan, asked, accepted, elsewhere, chance);
        way.delivered = Some(delivered);
        let wait = if elsewhere { 8.0 + chance.exponential(6.0) } else { chance.log_normal(0.7, 0.8) };
        let mut came = working_time(after(delivered, wait), chance);
        let backfilled = self.is_outage(came);
        if backfilled {
            came = working_time(after(came, 1.0 + chance.unit()), chance);
        }
        let clerk = self.crew.clerk(came, chance);
        let lane = if backfilled { Lane::Bulk } else { Lane::Scanned };
        let weight = (lane == Lane::Scanned && chance.yes(0.6))
            .then(|| (facts.grams * (1.0 + 0.03 * chance.normal())).max(10.0) as u64);
        let named = (!backfilled || chance.yes(0.4)).then_some(parcel);
        self.receive(came, plan, asked, named, clerk, lane, weight, chance);
        way.received = Some(came);
        if chance.yes(self.scenario.returns.inspected_share) {
            let when = working_time(after(came, chance.log_normal(0.8, 0.8)), chance);
            way.inspected = Some((when, self.inspect(when, plan, asked, None, chance)));
        }
        way
    }

    /// The carrier's part: accepted, on the way, delivered. Returns when it was delivered.
    pub(crate) fn carry_back(
        &mut self,
        facts: &ParcelFacts,
        plan: &ReturnPlan,
        asked: Option<&Asked>,
        accepted: Timestamp,
        elsewhere: bool,
        chance: &mut Chance,
    ) -> Timestamp {
        let spec = &self.scenario.carrier[facts.carrier];
        let missing = chance.yes(spec.missing_origin);
        let days = spec.days;
        let delivered = working_time(after(accepted, days * chance.log_normal(1.2, 0.3)), chance);
        let delivered = delivered.max(after(accepted, 0.4));
        let refund = asked.map(|a| a.refund.clone());
        let service = if plan.mode == Mode::Fake && chance.yes(0.5) { "letter" } else { "return" };
        if !missing {
            let hub = chance.pick(&self.places.carriers[facts.carrier].hubs).clone();
            let weight_g = self.weigh(facts.grams, hub.bias, chance);
            let scan = Scan::new(accepted, ScanStatus::Accepted, Direction::Return);
            let site = Some(hub.site);
            self.scan(&plan.order, facts, Scan { weight_g, site, refund: refund.clone(), service, ..scan });
        }
        let hub = chance.pick(&self.places.carriers[facts.carrier].hubs).clone();
        let weight_g = self.weigh(facts.grams, hub.bias, chance);
        let between = after(accepted, delivered.since(accepted).as_days() * chance.between(0.3, 0.8));
        let scan = Scan::new(between, ScanStatus::InTransit, Direction::Return);
        self.scan(
            &plan.order,
            facts,
            Scan { refund: refund.clone(), weight_g, site: Some(hub.site), service, ..scan },
        );
        let own = self.places.returns_postal[self.returns_site(plan)].clone();
        let other: LabelId = self.places.areas[chance.below(self.places.areas.len())].postal.clone();
        let postal = chance.yes(0.9).then_some(if elsewhere { other } else { own });
        let scan = Scan::new(delivered, ScanStatus::Delivered, Direction::Return);
        self.scan(&plan.order, facts, Scan { refund, postal, service, ..scan });
        delivered
    }

    #[allow(clippy::too_many_arguments)]
    pub(crate) fn receive(
        &mut self,
        at: Timestamp,
        plan: &ReturnPlan,
        asked: Option<&Asked>,
        parcel: Option<ParcelId>,
        clerk: usize,
        lane: Lane,
        weight_g: Option<u64>,
        chance: &mut Chance,
    ) {
        let serialised =
            plan.lines.iter().any(|l| self.catalogue.category_of(plan.order.lines[*l].article).serialised);
        let other = matches!(plan.contents, Contents::OtherSerial | Contents::Switched);
        let checks = serialised && lane != Lane::Bulk && chance.yes(0.45);
        let received = ReturnReceived {
            order: plan.order.id.clone(),
            lines: self.wire_lines(&plan.order, &plan.lines),
            staff: self.crew.staff[clerk].id.clone(),
            refund: asked.map(|a| a.refund.clone()),
            parcel,
            station: Some(self.crew.station(clerk, chance).clone()),
            lane: Some(lane),
            weight_g,
            serial_match: checks.then_some(!other),
            attributes: None,
        };
        self.schedule.send(at, From::Warehouse, Body::ReturnReceived(received));
    }

    /// Somebody opens the box, and sees most of what is to be seen.
    pub(crate) fn inspect(
        &mut self,
        at: Timestamp,
        plan: &ReturnPlan,
        asked: Option<&Asked>,
        staff: Option<usize>,
        chance: &mut Chance,
    ) -> Condition {
        let sees = chance.yes(0.75);
        let condition = match plan.contents {
            _ if plan.mode == Mode::Record => Condition::AsNew,
            Contents::Worn if sees => Condition::Used,
            Contents::Empty if sees => [Condition::Empty, Condition::WrongItem, Condition::Missing]
                [chance.weighted(&[0.5, 0.3, 0.2])],
            Contents::Switched if sees => Condition::WrongItem,
            Contents::OtherSerial if sees && chance.yes(0.4) => Condition::WrongItem,
            Contents::SeveralBoxes if chance.yes(0.25) => Condition::Missing,
            Contents::Genuine
            | Contents::SeveralBoxes
            | Contents::OtherSerial
            | Contents::LostOnTheWay
            | Contents::OtherMailRoom
            | Contents::Worn
            | Contents::Empty
            | Contents::Switched => {
                [Condition::AsNew, Condition::Used, Condition::Damaged][chance.weighted(&[0.84, 0.11, 0.05])]
            }
        };
        let clerk = staff.unwrap_or_else(|| self.crew.clerk(at, chance));
        let inspected = ReturnInspected {
            order: plan.order.id.clone(),
            lines: self.wire_lines(&plan.order, &plan.lines),
            condition,
            refund: asked.map(|a| a.refund.clone()),
            staff: Some(self.crew.staff[clerk].id.clone()),
            attributes: None,
        };
        self.schedule.send(at, From::Warehouse, Body::ReturnInspected(inspected));
        if condition == Condition::AsNew && plan.mode != Mode::Record {
            for line in &plan.lines {
                let restocked = ItemRestocked {
                    order: plan.order.id.clone(),
                    line: *line as u32 + 1,
                    staff: Some(self.crew.staff[clerk].id.clone()),
                    attributes: None,
                };
                let when = after(at, 0.02 + chance.exponential(0.5));
                self.schedule.send(when, From::Warehouse, Body::ItemRestocked(restocked));
            }
        }
        if let Some(asked) = asked {
            self.inspection_verdict(at, asked, condition, plan.kind, chance);
        }
        condition
    }
}

fn return_carrier(plan: &ReturnPlan) -> usize {
    plan.order.parcels.first().map_or(0, |p| p.carrier)
}

/// A time at which the returns desk works.
pub(crate) fn working_time(at: Timestamp, chance: &mut Chance) -> Timestamp {
    let hour = 13.0 + 8.0 * (0.5 * chance.unit() + 0.5 * chance.unit());
    let aim = at.plus(Duration((hour * HOUR) as i64 - at.millis_of_day()));
    if aim > at { aim } else { after(at, 0.01 * chance.unit()) }
}
