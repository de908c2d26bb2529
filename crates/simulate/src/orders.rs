//! How is an order placed? Baskets, and the parcels that leave.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::returns::{Mode, ReturnPlan};
use crate::schedule::From;
use crate::sim::{Sim, Task};
use crate::trouble::trouble_grams;
use crate::truth::Kind;
use crate::world::catalogue::money;
use crate::world::people::Place;
use ringfence_domain::event::{IdentifierSeen, Line, OrderPlaced};
use ringfence_domain::id::{IdentifierToken, OrderId, ParcelId, PaymentToken};
use ringfence_domain::words::IdentifierKind;
use ringfence_domain::{Body, Timestamp};

/// What became of a parcel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Arrived,
    PorchTheft,
    DriverTheft,
    Misdelivered,
    Lost,
    EarlyScan,
}

#[derive(Clone, Debug)]
pub(crate) struct OrderLine {
    pub(crate) article: u32,
    pub(crate) quantity: u32,
    /// Cents for one piece.
    pub(crate) price: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct ParcelFacts {
    pub(crate) id: ParcelId,
    pub(crate) carrier: usize,
    pub(crate) driver: u32,
    pub(crate) lines: Vec<usize>,
    pub(crate) grams: f64,
    /// Taken out on the way.
    pub(crate) pilfered_g: f64,
    pub(crate) fate: Fate,
    pub(crate) signature: bool,
    pub(crate) otp: bool,
    /// When it was scanned as delivered.
    pub(crate) said: Option<Timestamp>,
    /// When the buyer had it.
    pub(crate) there: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub(crate) struct OrderFacts {
    /// Its number, which names its streams of chance.
    pub(crate) n: u64,
    pub(crate) id: OrderId,
    pub(crate) account: u32,
    pub(crate) at: Timestamp,
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) total: i64,
    pub(crate) place: Place,
    pub(crate) parcels: Vec<ParcelFacts>,
    pub(crate) promised: Timestamp,
}

impl OrderFacts {
    /// When the buyer had everything, or it was said so.
    pub(crate) fn there(&self) -> Timestamp {
        let last = |p: &ParcelFacts| p.there.or(p.said).unwrap_or(self.promised);
        self.parcels.iter().map(last).max().unwrap_or(self.promised)
    }
    pub(crate) fn value(&self, lines: &[usize]) -> i64 {
        lines.iter().map(|l| self.lines[*l].price * i64::from(self.lines[*l].quantity)).sum()
    }
    pub(crate) fn dearest(&self) -> usize {
        (0..self.lines.len()).max_by_key(|l| self.value(&[*l])).unwrap_or(0)
    }
    pub(crate) fn all(&self) -> Vec<usize> {
        (0..self.lines.len()).collect()
    }
}

/// What is to be bought.
#[derive(Clone, Debug)]
pub(crate) enum Basket {
    /// As everybody buys.
    Usual,
    /// One dear piece at about this price, sometimes with something small.
    Dear { dollars: f64, resale: f64 },
    /// Several lines, one of them dear.
    Mixed { dollars: f64 },
    /// One style in several sizes.
    Sizes { dollars: f64 },
}

/// How an order is placed, where it is not the usual way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placing {
    pub(crate) place: Option<Place>,
    pub(crate) address: Option<u32>,
    pub(crate) payment: Option<PaymentToken>,
    /// The buyer may think better of it before the parcel is out.
    pub(crate) may_cancel: bool,
}

impl Sim<'_> {
    /// An account's next chance to order.
    pub(crate) fn shop(&mut self, at: Timestamp, n: usize) {
        if !self.is_open(n, at) {
            return;
        }
        let mut chance = Chance::new(self.seed, Stream::Shopping, n as u64, at.millis() as u64);
        if chance.yes(self.seasons.busy(at)) {
            let opens = self.people.accounts[n].opens;
            let when = self.seasons.on_day(at, &mut chance);
            let when = if when > opens { when } else { after(opens, 0.002 + chance.exponential(0.01)) };
            self.order_honestly(when, n, &mut chance);
        }
        let next = after(at, self.gap(n, &mut chance));
        self.schedule.plan(next, Task::Shop(n as u32));
    }

    fn order_honestly(&mut self, at: Timestamp, n: usize, chance: &mut Chance) {
        let count = f64::from(self.people.accounts[n].orders_per_day) * 365.0;
        if chance.yes((self.scenario.accounts.new_device_per_year / count.max(0.5)).min(0.5)) {
            let device = self.people.device();
            let slot = usize::from(chance.yes(0.4));
            self.people.accounts[n].devices[slot] = device;
            // The shop sees it in the next session as a device that is not known.
            self.people.accounts[n].guest_device = None;
        }
        let trouble = self.trouble(at, chance);
        let order = self.place_order(
            at,
            n,
            &Basket::Usual,
            Placing { may_cancel: true, ..Placing::default() },
            trouble_grams(trouble),
        );
        self.honest_consequence(order, trouble);
    }

    fn basket(&self, basket: &Basket, n: usize, chance: &mut Chance) -> Vec<OrderLine> {
        let line = |sim: &Self, article: u32, quantity: u32| OrderLine {
            article,
            quantity,
            price: sim.catalogue.article(article).price,
        };
        match basket {
            Basket::Usual => {
                let o = &self.scenario.orders;
                // The account's own level is part of the spread of baskets.
                let sigma = (o.basket_sigma * o.basket_sigma - 0.09).max(0.01).sqrt();
                let total =
                    chance.log_normal(o.basket_median, sigma) * f64::from(self.people.accounts[n].spend);
                let count = 1 + chance.weighted(&o.lines);
                let parts: Vec<f64> = (0..count).map(|_| 0.25 + chance.unit()).collect();
                let sum: f64 = parts.iter().sum();
                let mut lines = Vec::with_capacity(count);
                for part in parts {
                    let dollars = (total * part / sum).max(3.0);
                    let pieces = if dollars < 60.0 && chance.yes(0.12) { 2 } else { 1 };
                    let article = self.catalogue.choose(dollars / f64::from(pieces), 0.0, chance);
                    lines.push(line(self, article, pieces));
                }
                lines
            }
            Basket::Dear { dollars, resale } => {
                let mut lines = vec![line(self, self.catalogue.choose(*dollars, *resale, chance), 1)];
                if chance.yes(0.3) {
                    let aside = chance.log_normal(22.0, 0.5);
                    lines.push(line(self, self.catalogue.choose(aside, 0.0, chance), 1));
                }
                lines
            }
            Basket::Mixed { dollars } => {
                let mut lines = vec![line(self, self.catalogue.choose(*dollars, 0.6, chance), 1)];
                for _ in 0..=chance.below(3) {
                    let aside = chance.log_normal(0.2 * dollars, 0.5);
                    lines.push(line(self, self.catalogue.choose(aside, 0.0, chance), 1));
                }
                lines.rotate_left(chance.below(2));
                lines
            }
            Basket::Sizes { dollars } => match self.catalogue.sized_category(chance) {
                Some(category) => {
                    let first = self.catalogue.near(category, dollars / 2.5, chance);
                    let count = 2 + chance.below(3);
                    let sizes = self.catalogue.sizes_of(first);
                    sizes.into_iter().take(count).map(|a| line(self, a, 1)).collect()
                }
                None => self.basket(&Basket::Usual, n, chance),
            },
        }
    }

    /// Places an order and sends its parcels on their way. All orders come through here, honest or not.
    pub(crate) fn place_order(
        &mut self,
        at: Timestamp,
        n: usize,
        basket: &Basket,
        placing: Placing,
        missing: (bool, bool),
    ) -> OrderFacts {
        let nth = self.people.accounts[n].orders;
        let stream = (n as u64) << 24 | u64::from(nth);
        let mut chance = Chance::new(self.seed, Stream::Order, n as u64, u64::from(nth));
        let lines = self.basket(basket, n, &mut chance);
        let total: i64 = lines.iter().map(|l| l.price * i64::from(l.quantity)).sum();
        let place = placing.place.unwrap_or_else(|| self.people.place(self.scenario, n, &mut chance));
        let mut at = at;
        if chance.yes(self.scenario.accounts.session_share) || placing.place.is_some() {
            self.visit(at, n, place, false, &mut chance);
            at = after(at, (2.0 + chance.exponential(9.0)) / 1440.0);
        }
        let address = placing.address.unwrap_or(self.people.accounts[n].address);
        let card = self.people.accounts[n].payments[usize::from(chance.yes(0.2))];
        let payment = placing.payment.unwrap_or_else(|| self.names.nth_payment(u64::from(card)));
        let promised = after(at, 5.0 + 2.0 * chance.unit());
        let order = OrderFacts {
            n: stream,
            id: self.names.order(),
            account: n as u32,
            at,
            total,
            place,
            parcels: Vec::new(),
            promised,
            lines,
        };
        self.people.accounts[n].orders += 1;
        self.announce_order(&order, address, payment, &mut chance);
        if placing.may_cancel && chance.yes(self.wants_back(&order) * self.scenario.returns.cancel_share) {
            self.cancel(order.clone(), &mut chance);
            return order;
        }
        self.ship(order, missing)
    }

    fn announce_order(
        &mut self,
        order: &OrderFacts,
        address: u32,
        payment: PaymentToken,
        chance: &mut Chance,
    ) {
        let account = self.account_id(order.account as usize);
        let address = self.names.nth_address(u64::from(address));
        if self.people.accounts[order.account as usize].orders > 1 && chance.yes(0.01) {
            let value = IdentifierToken::new(address.as_str()).expect("an address token is an identifier");
            let seen = IdentifierSeen {
                account: account.clone(),
                kind: IdentifierKind::Address,
                value,
                attributes: None,
            };
            self.schedule.send(order.at, From::Shop, Body::IdentifierSeen(seen));
        }
        let placed = OrderPlaced {
            order: order.id.clone(),
            account,
            lines: self.wire_lines(order, &order.all()),
            total: money(order.total),
            address: Some(address),
            payment: Some(payment),
            device: Some(self.names.nth_device(u64::from(order.place.device))),
            ip: Some(self.names.nth_ip(u64::from(order.place.ip.n))),
            seller: Some(self.catalogue.sellers[seller(chance, self.catalogue.sellers.len())].clone()),
            warehouse: Some(
                self.places.warehouses[order.account as usize % self.places.warehouses.len()].clone(),
            ),
            promised_by: Some(order.promised),
            attributes: None,
        };
        let entry = (order.id.clone(), self.account_id(order.account as usize));
        if self.recent.len() < RECENT_ORDERS {
            self.recent.push(entry);
        } else {
            self.recent[self.summary.orders as usize % RECENT_ORDERS] = entry;
        }
        self.summary.orders += 1;
        self.summary.sales += order.total;
        self.schedule.send(order.at, From::Shop, Body::OrderPlaced(placed));
    }

    /// Lines as the contract writes them.
    pub(crate) fn wire_lines(&self, order: &OrderFacts, which: &[usize]) -> Vec<Line> {
        let wire = |l: &usize| {
            let line = &order.lines[*l];
            let article = self.catalogue.article(line.article);
            Line {
                line: *l as u32 + 1,
                sku: Some(article.sku.clone()),
                category: Some(self.catalogue.categories[article.category as usize].id.clone()),
                quantity: line.quantity,
                unit_price: Some(money(line.price)),
            }
        };
        which.iter().map(wire).collect()
    }

    /// Grams of these lines.
    pub(crate) fn grams(&self, order: &OrderFacts, lines: &[usize]) -> f64 {
        let of = |l: &usize| {
            f64::from(self.catalogue.article(order.lines[*l].article).weight_g)
                * f64::from(order.lines[*l].quantity)
        };
        lines.iter().map(of).sum()
    }

    fn ship(&mut self, mut order: OrderFacts, (forgotten, pilfered): (bool, bool)) -> OrderFacts {
        let mut chance = Chance::new(self.seed, Stream::Delivery, order.n, 0);
        let area = self.people.accounts[order.account as usize].area as usize;
        let d = &self.scenario.delivery;
        let dollars = order.total as f64 / 100.0;
        let otp = dollars >= d.otp_from && chance.yes(d.service_share);
        let signature = !otp && dollars >= d.signature_from && chance.yes(d.service_share);
        let split = order.lines.len() > 1 && chance.yes(self.scenario.orders.split_share);
        let shares: Vec<f64> = self.scenario.carrier.iter().map(|c| c.share).collect();
        let carrier = chance.weighted(&shares);
        let parts: Vec<Vec<usize>> =
            if split { vec![vec![0], (1..order.lines.len()).collect()] } else { vec![order.all()] };
        for (nth, lines) in parts.into_iter().enumerate() {
            let driver = *chance.pick(&self.places.areas[area].drivers[carrier]);
            let mut grams = self.grams(&order, &lines) + BOX;
            let dearest = self.grams(&order, &[order.dearest()]);
            if forgotten && lines.contains(&order.dearest()) {
                grams -= dearest;
            }
            let fate = self.fate(order.at, area, driver, otp || signature, &mut chance);
            let mut parcel = ParcelFacts {
                id: self.names.parcel(),
                carrier,
                driver,
                lines,
                grams: grams.max(BOX),
                pilfered_g: if pilfered && nth == 0 { (grams - BOX).max(0.0) } else { 0.0 },
                fate,
                signature,
                otp,
                said: None,
                there: None,
            };
            // The second parcel of a split order leaves some days later.
            let shift = if nth == 0 { 0.0 } else { 0.5 + chance.exponential(2.0) };
            let later = OrderFacts { at: after(order.at, shift), ..order.clone() };
            self.deliver(&later, &mut parcel, &mut chance);
            order.parcels.push(parcel);
        }
        order
    }

    /// How likely at least one line goes back.
    fn wants_back(&self, order: &OrderFacts) -> f64 {
        let keep = |l: &OrderLine| 1.0 - self.return_rate(order, l.article);
        1.0 - order.lines.iter().map(keep).product::<f64>()
    }
    pub(crate) fn return_rate(&self, order: &OrderFacts, article: u32) -> f64 {
        let factor = f64::from(self.people.accounts[order.account as usize].return_factor);
        (self.catalogue.category_of(article).returns * factor * self.scenario.returns.scale).min(0.9)
    }
    /// Nothing is sent; the money goes back.
    fn cancel(&mut self, order: OrderFacts, chance: &mut Chance) {
        let lag = chance.quantiles(&[(0.0, 0.003), (0.3, 0.1), (0.7, 0.6), (1.0, 1.6)]);
        let at = self.seasons.later(order.at, lag, chance);
        let (all, place) = (order.all(), order.place);
        let plan = ReturnPlan::new(order, all, Mode::Cancel, Kind::Cancelled, place);
        self.schedule.plan(at, Task::Return(Box::new(plan)));
    }
}

/// Orders that staff may look up unprompted: about a day's work of a mid-size shop.
const RECENT_ORDERS: usize = 512;
const BOX: f64 = crate::delivery::BOX_G;

/// A few sellers sell most.
fn seller(chance: &mut Chance, count: usize) -> usize {
    let u = chance.unit();
    ((u * u * count as f64) as usize).min(count - 1)
}

/// Dollars drawn for a dear purchase.
pub(crate) fn dear(chance: &mut Chance, median: f64) -> f64 {
    chance.log_normal(median, 0.62).clamp(15.0, 5_000.0)
}
