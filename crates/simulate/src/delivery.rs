//! What becomes of a parcel on its way out? Scans, weights, proofs, and the ways in which it goes wrong.

use crate::calendar::{HOUR, Seasons, after};
use crate::chance::{Chance, Stream};
use crate::orders::{Fate, OrderFacts, ParcelFacts};
use crate::scenario::Scenario;
use crate::schedule::From;
use crate::sim::Sim;
use ringfence_domain::event::{ParcelScanned, Proof};
use ringfence_domain::id::{DriverId, SiteId};
use ringfence_domain::words::{Direction, ScanStatus};
use ringfence_domain::{Body, Duration, Timestamp};

/// Grams of cardboard.
pub(crate) const BOX_G: f64 = 90.0;

/// The odds of the scenario, normalised so that they hold on average over the year.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryOdds {
    porch: f64,
    driver: f64,
    misdelivered: f64,
    lost: f64,
    early: f64,
    /// Share of early scans after which people claim.
    pub(crate) early_claims: f64,
    pub(crate) trouble_mean: f64,
}

impl DeliveryOdds {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let d = &scenario.delivery;
        let months = &scenario.calendar.months;
        let peak = (months[10] + months[11]) / months.iter().sum::<f64>();
        Self {
            porch: d.not_arrived * d.cause_theft * (1.0 - d.driver_theft_share),
            driver: d.not_arrived * d.cause_theft * d.driver_theft_share,
            misdelivered: d.not_arrived * d.cause_misdelivery,
            lost: d.not_arrived * d.cause_lost,
            early: d.false_delivered,
            early_claims: (d.not_arrived * d.cause_early_scan / d.false_delivered.max(1e-9)).min(1.0),
            trouble_mean: peak * scenario.calendar.peak_trouble + 1.0 - peak,
        }
    }
}

/// One scan to send.
pub(crate) struct Scan<'a> {
    pub(crate) at: Timestamp,
    pub(crate) status: ScanStatus,
    pub(crate) direction: Direction,
    pub(crate) refund: Option<ringfence_domain::id::RefundId>,
    pub(crate) weight_g: Option<u64>,
    pub(crate) postal: Option<ringfence_domain::id::Label>,
    pub(crate) site: Option<SiteId>,
    pub(crate) driver: Option<DriverId>,
    pub(crate) proof: Option<Proof>,
    pub(crate) service: &'a str,
}

impl Scan<'_> {
    pub(crate) fn new(at: Timestamp, status: ScanStatus, direction: Direction) -> Scan<'static> {
        Scan {
            at,
            status,
            direction,
            refund: None,
            weight_g: None,
            postal: None,
            site: None,
            driver: None,
            proof: None,
            service: "standard",
        }
    }
}

impl Sim<'_> {
    /// Draws the parcel's fate before it leaves.
    pub(crate) fn fate(
        &self,
        at: Timestamp,
        area: usize,
        driver: u32,
        in_hand: bool,
        chance: &mut Chance,
    ) -> Fate {
        let season = self.seasons.trouble(at) / self.odds.trouble_mean;
        let o = &self.odds;
        // What is handed over against a signature or a code cannot vanish from a porch.
        let left_outside = if in_hand { 0.05 } else { 1.04 };
        let weights = [
            o.porch * self.places.areas[area].theft * left_outside * season,
            self.places.steals(driver, o.driver) * season,
            o.misdelivered * self.places.confuses(driver) * season,
            o.lost * season,
            o.early * self.places.hurries(driver) * season,
        ];
        let fates = [Fate::PorchTheft, Fate::DriverTheft, Fate::Misdelivered, Fate::Lost, Fate::EarlyScan];
        let mut left = chance.unit();
        for (weight, fate) in weights.into_iter().zip(fates) {
            left -= weight;
            if left < 0.0 {
                return fate;
            }
        }
        Fate::Arrived
    }

    pub(crate) fn scan(&mut self, order: &OrderFacts, parcel: &ParcelFacts, scan: Scan<'_>) {
        let body = ParcelScanned {
            parcel: parcel.id.clone(),
            order: order.id.clone(),
            direction: scan.direction,
            carrier: self.places.carriers[parcel.carrier].id.clone(),
            status: scan.status,
            refund: scan.refund,
            weight_g: scan.weight_g,
            postal_code: scan.postal,
            site: scan.site,
            service: Some(crate::names::label(scan.service)),
            driver: scan.driver,
            proof: scan.proof,
            attributes: None,
        };
        self.schedule.send(scan.at, From::Carrier, Body::ParcelScanned(body));
    }

    /// What a hub's scale shows for `grams`, if it weighs at all.
    pub(crate) fn weigh(&self, grams: f64, bias: f64, chance: &mut Chance) -> Option<u64> {
        let d = &self.scenario.delivery;
        let noise = 1.0 + d.hub_weight_noise * chance.normal();
        chance.yes(d.hub_weight_share).then(|| (grams * bias * noise).max(5.0) as u64)
    }

    /// Sends the parcel's way from the warehouse to the door; fills in when it was said to be there, and was.
    pub(crate) fn deliver(&mut self, order: &OrderFacts, parcel: &mut ParcelFacts, chance: &mut Chance) {
        let spec = &self.scenario.carrier[parcel.carrier];
        let (days, missing, photo_share) = (spec.days, spec.missing_origin, spec.photo_share);
        let area = self.people.accounts[order.account as usize].area as usize;
        let service = if parcel.otp {
            "secure"
        } else if parcel.signature {
            "signature"
        } else {
            "standard"
        };
        let out = Direction::Outbound;
        let packed = after(order.at, chance.log_normal(0.5, 0.5) + 0.04);
        let accepted = after(packed, 0.08 + 0.4 * chance.unit());
        let slow = if chance.yes(self.scenario.delivery.late_share) { 2.2 } else { 1.0 };
        let season = if Seasons::is_peak(order.at) { 1.15 } else { 1.0 };
        let there =
            by_day(after(accepted, (days * slow * season * chance.log_normal(1.0, 0.22)).max(0.4)), chance);
        let there = there.max(after(accepted, 0.3));
        let scale_bias = |chance: &mut Chance| 1.0 + 0.01 * chance.normal();
        let bias = scale_bias(chance);
        let weight_g = self.weigh(parcel.grams, bias, chance);
        self.scan(
            order,
            parcel,
            Scan { weight_g, service, ..Scan::new(packed, ScanStatus::LabelCreated, out) },
        );
        let mut grams = parcel.grams;
        if !chance.yes(missing) {
            let hub = chance.pick(&self.places.carriers[parcel.carrier].hubs).clone();
            let weight_g = self.weigh(grams, hub.bias, chance);
            let site = Some(hub.site);
            self.scan(
                order,
                parcel,
                Scan { weight_g, site, service, ..Scan::new(accepted, ScanStatus::Accepted, out) },
            );
        }
        if parcel.pilfered_g > 0.0 {
            grams -= parcel.pilfered_g;
        }
        let way = there.since(accepted).as_days();
        let stops = if way > 3.0 { 2 } else { 1 };
        let mut last = accepted;
        for stop in 1..=stops {
            let hub = chance.pick(&self.places.carriers[parcel.carrier].hubs).clone();
            last = after(accepted, way * (stop as f64 - 0.6 + 0.3 * chance.unit()) / (stops as f64 + 0.4));
            let weight_g = self.weigh(grams, hub.bias, chance);
            let site = Some(hub.site);
            self.scan(
                order,
                parcel,
                Scan { weight_g, site, service, ..Scan::new(last, ScanStatus::InTransit, out) },
            );
        }
        if parcel.fate == Fate::Lost {
            self.lose(order, parcel, last, chance);
            return;
        }
        let driver = Some(self.places.drivers[parcel.driver as usize].id.clone());
        let leaves = after(there, -(1.0 + 4.0 * chance.unit()) / 24.0);
        // An early scan is made on the tour of a day before, or in the morning.
        let said = match parcel.fate {
            Fate::EarlyScan => {
                after(there, -(0.15 + 1.6 * chance.unit() * chance.unit())).max(after(last, 0.02))
            }
            _ => there,
        };
        let leaves = leaves.min(said);
        if leaves > last && chance.yes(0.9) {
            let scan = Scan::new(leaves, ScanStatus::OutForDelivery, out);
            self.scan(order, parcel, Scan { driver: driver.clone(), service, ..scan });
        }
        let proof = proof(parcel, photo_share, chance);
        let postal = Some(self.places.areas[area].postal.clone());
        let scan = Scan::new(said, ScanStatus::Delivered, out);
        self.scan(order, parcel, Scan { driver, postal, proof: Some(proof), service, ..scan });
        parcel.said = Some(said);
        parcel.there = match parcel.fate {
            Fate::Arrived | Fate::EarlyScan => Some(there),
            Fate::PorchTheft | Fate::DriverTheft | Fate::Misdelivered | Fate::Lost => None,
        };
    }

    fn lose(&mut self, order: &OrderFacts, parcel: &ParcelFacts, last: Timestamp, chance: &mut Chance) {
        if chance.yes(0.4) {
            let at = after(last, 1.0 + 3.0 * chance.unit());
            self.scan(order, parcel, Scan::new(at, ScanStatus::Exception, Direction::Outbound));
        }
        if chance.yes(0.5) {
            let at = after(last, 6.0 + 10.0 * chance.unit());
            self.scan(order, parcel, Scan::new(at, ScanStatus::Lost, Direction::Outbound));
        }
    }

    /// A second parcel for the same order, as replacement.
    pub(crate) fn reship(&mut self, at: Timestamp, order: &OrderFacts, nth: u64) {
        let mut chance = Chance::new(self.seed, Stream::Delivery, order.n, 100 + nth);
        let again = OrderFacts { at, ..order.clone() };
        let mut parcel = ParcelFacts {
            id: self.names.parcel(),
            fate: Fate::Arrived,
            pilfered_g: 0.0,
            said: None,
            there: None,
            ..order.parcels[0].clone()
        };
        self.deliver(&again, &mut parcel, &mut chance);
    }
}

/// Drivers deliver in daylight (UTC hours of North America).
fn by_day(at: Timestamp, chance: &mut Chance) -> Timestamp {
    let hour = 14.0 + 5.0 * (chance.unit() + chance.unit());
    at.plus(Duration((hour * HOUR) as i64 - at.millis_of_day()))
}

/// What the driver has to show.
fn proof(parcel: &ParcelFacts, photo_share: f64, chance: &mut Chance) -> Proof {
    let (photo, median, sigma) = match parcel.fate {
        Fate::Arrived | Fate::PorchTheft | Fate::Lost => (photo_share, 12.0, 0.9),
        Fate::DriverTheft => (0.55 * photo_share, 22.0, 1.1),
        Fate::Misdelivered => (0.85 * photo_share, 55.0, 1.0),
        Fate::EarlyScan => (0.3 * photo_share, 180.0, 1.5),
    };
    let in_hand = parcel.otp || parcel.signature;
    // A wrong door's neighbour signs; a code is asked for at the door, and read out over the phone by some.
    let signed = parcel.signature && (parcel.fate != Fate::EarlyScan || chance.yes(0.3));
    let code = parcel.otp && (parcel.fate == Fate::Arrived || chance.yes(0.4));
    let photo = chance.yes(if in_hand { 0.25 } else { photo });
    let located = chance.yes(0.82);
    let metres = chance.log_normal(median, sigma);
    Proof {
        photo: Some(photo),
        signature: parcel.signature.then_some(signed),
        otp: parcel.otp.then_some(code),
        distance_m: located.then(|| (metres * 10.0).floor() / 10.0),
    }
}
