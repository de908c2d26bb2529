//! How does one shop run from day to day? Tasks in the order of their time; each sends events and plans further tasks.

use crate::abuse::deals::Deal;
use crate::abuse::rings::Ring;
use crate::calendar::{Seasons, after};
use crate::chance::{Chance, Stream};
use crate::claims::ClaimPlan;
use crate::delivery::DeliveryOdds;
use crate::names::Names;
use crate::returns::ReturnPlan;
use crate::scenario::Scenario;
use crate::schedule::{From, Schedule};
use crate::truth::{Kind, TruthRecord, TruthSink};
use crate::world::catalogue::Catalogue;
use crate::world::crew::Crew;
use crate::world::people::{People, Place, asn_name};
use crate::world::places::{DriverNature, Places};
use crate::{EventSink, SimulateError, Summary};
use ringfence_domain::event::{AccountClosed, AccountOpened, IdentifierSeen, ItemListed, SessionStarted};
use ringfence_domain::id::{AccountId, IdentifierToken, SessionId};
use ringfence_domain::words::{Auth, IdentifierKind};
use ringfence_domain::{Body, Timestamp};

/// Something to do later.
pub(crate) enum Task {
    /// Staff come to work.
    StaffDay,
    /// An account may place an order.
    Shop(u32),
    /// Somebody carries out a scheme.
    Deal(Box<Deal>),
    /// A claim is made.
    Claim(Box<ClaimPlan>),
    /// A return begins.
    Return(Box<ReturnPlan>),
    /// An account is closed.
    Close(u32),
    /// A ring uses a stolen staff account for an hour or two.
    Burst(Box<crate::abuse::rings::Burst>),
    /// Investigators work on a ring.
    Takedown(usize),
    /// Somebody spends a credit that another account got.
    Spend(Box<crate::abuse::deals::Spending>),
    /// Posts that are not about this shop's refunds.
    Chatter,
}

/// The state of a running simulation.
pub(crate) struct Sim<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) seed: u64,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) days: f64,
    pub(crate) seasons: Seasons,
    pub(crate) catalogue: Catalogue,
    pub(crate) places: Places,
    pub(crate) people: People,
    pub(crate) crew: Crew,
    pub(crate) names: Names,
    pub(crate) schedule: Schedule<Task>,
    pub(crate) rings: Vec<Ring>,
    /// Days (since 1970) on which systems were down.
    pub(crate) outages: Vec<i64>,
    /// The latest orders, among which staff look things up.
    pub(crate) recent: Vec<(ringfence_domain::id::OrderId, AccountId)>,
    pub(crate) odds: DeliveryOdds,
    pub(crate) documents: u64,
    /// Requests so far; the number of a request names its streams of chance.
    pub(crate) requests: u64,
    pub(crate) summary: Summary,
    truth: &'a mut dyn TruthSink,
    truth_error: Option<std::io::Error>,
}

impl<'a> Sim<'a> {
    pub(crate) fn new(
        scenario: &'a Scenario,
        seed: u64,
        accounts: u32,
        days: u32,
        truth: &'a mut dyn TruthSink,
    ) -> Self {
        let start = scenario.size.start;
        let days = f64::from(days);
        let end = after(start, days);
        let mut names = Names::new(seed);
        let catalogue = Catalogue::new(scenario, seed, &mut names);
        let places = Places::new(scenario, seed, &mut names);
        let mut people = People::new(scenario, seed, accounts as usize, start, days);
        let crew = Crew::new(scenario, seed, &mut people, &mut names, start, days);
        let mut chance = Chance::new(seed, Stream::Outage, 0, 0);
        let outages =
            (0..scenario.desk.outage_days).map(|_| after(start, days * chance.unit()).day()).collect();
        Self {
            odds: DeliveryOdds::new(scenario),
            seasons: Seasons::new(&scenario.calendar),
            schedule: Schedule::new(seed, start, end, scenario.arrival.clone()),
            rings: Vec::new(),
            recent: Vec::new(),
            documents: 1,
            requests: 0,
            summary: Summary::default(),
            truth_error: None,
            scenario,
            seed,
            start,
            end,
            days,
            catalogue,
            places,
            people,
            crew,
            names,
            outages,
            truth,
        }
    }

    /// Runs the whole period.
    pub(crate) fn run(mut self, events: &mut dyn EventSink) -> Result<Summary, SimulateError> {
        self.plan_rings();
        self.plan_opportunists();
        self.announce();
        self.tell_drivers();
        let mut day_end = self.start;
        while day_end < self.end {
            day_end = after(day_end, 1.0);
            while let Some((at, task)) = self.schedule.next_task(day_end) {
                self.do_task(at, task);
            }
            if let Some(error) = self.truth_error.take() {
                return Err(SimulateError::Sink(error));
            }
            let summary = &mut self.summary;
            self.schedule
                .next_day(|event| {
                    summary.events += 1;
                    if let Some(kind) = event.body.event_type() {
                        *summary.events_by_type.entry(kind.as_str().to_string()).or_insert(0) += 1;
                    }
                    events.event(event)
                })
                .map_err(SimulateError::Sink)?;
        }
        self.tell_rings();
        match self.truth_error.take() {
            Some(error) => Err(SimulateError::Sink(error)),
            None => Ok(self.summary),
        }
    }

    fn do_task(&mut self, at: Timestamp, task: Task) {
        match task {
            Task::StaffDay => self.staff_day(at),
            Task::Shop(account) => self.shop(at, account as usize),
            Task::Deal(deal) => self.carry_out(at, &deal),
            Task::Claim(plan) => self.file_claim(at, &plan),
            Task::Return(plan) => self.begin_return(at, &plan),
            Task::Close(account) => self.close_account(at, account as usize),
            Task::Burst(burst) => self.burst(at, &burst),
            Task::Takedown(ring) => self.take_down(at, ring),
            Task::Spend(spending) => self.spend(at, *spending),
            Task::Chatter => self.chatter(at),
        }
    }

    /// What is known from the start: articles, accounts, staff; and everybody's first plans.
    fn announce(&mut self) {
        self.announce_catalogue();
        self.announce_staff();
        for n in 0..self.people.accounts.len() {
            let a = &self.people.accounts[n];
            let opened = AccountOpened {
                account: self.account_id(n),
                country: Some(self.places.areas[a.area as usize].country.clone()),
                email: Some(self.names.nth_email(u64::from(a.email))),
                phone: Some(self.names.nth_phone(u64::from(a.phone))),
                attributes: None,
            };
            let (opens, closes) = (a.opens, a.closes);
            self.schedule.send(opens, From::Shop, Body::AccountOpened(opened));
            let mut chance = Chance::new(self.seed, Stream::Shopping, n as u64, u64::MAX);
            // A new account mostly opens in order to buy; an aged one goes on as before.
            let first = if opens >= self.start && chance.yes(0.6) {
                after(opens, chance.exponential(0.01) + 0.002)
            } else {
                after(opens.max(self.start), self.gap(n, &mut chance))
            };
            self.schedule.plan(first, Task::Shop(n as u32));
            if let Some(closes) = closes {
                self.schedule.plan(closes, Task::Close(n as u32));
            }
        }
        self.schedule.plan(self.start, Task::StaffDay);
        self.schedule.plan(after(self.start, 0.3), Task::Chatter);
    }

    fn announce_catalogue(&mut self) {
        for (n, a) in self.catalogue.articles.iter().enumerate() {
            let mut chance = Chance::new(self.seed, Stream::Catalogue, n as u64, 1);
            let facts = &self.catalogue.categories[a.category as usize];
            let listed = ItemListed {
                sku: a.sku.clone(),
                category: Some(facts.id.clone()),
                unit_price: Some(crate::world::catalogue::money(a.price)),
                weight_g: Some(u64::from(a.weight_g)),
                serialised: Some(facts.serialised),
                attributes: None,
            };
            let at = after(self.start, -1_500.0 * chance.unit() - 1.0);
            self.schedule.send(at, From::Warehouse, Body::ItemListed(listed));
        }
    }

    fn tell_drivers(&mut self) {
        for n in 0..self.places.drivers.len() {
            let d = &self.places.drivers[n];
            if d.nature != DriverNature::Honest {
                let record = TruthRecord::Driver { driver: d.id.clone(), nature: d.nature };
                self.tell(&record);
            }
        }
    }

    /// Writes a line of the truth; the first failure ends the simulation at the end of the day.
    pub(crate) fn tell(&mut self, record: &TruthRecord) {
        if self.truth_error.is_none() {
            self.truth_error = self.truth.record(record).err();
        }
    }
    pub(crate) fn account_id(&self, n: usize) -> AccountId {
        self.names.nth_account(u64::from(self.people.accounts[n].n))
    }
    /// Days until this account may order again.
    pub(crate) fn gap(&self, n: usize, chance: &mut Chance) -> f64 {
        let rate = f64::from(self.people.accounts[n].orders_per_day) * self.seasons.busiest();
        chance.exponential(1.0 / rate)
    }
    pub(crate) fn is_outage(&self, at: Timestamp) -> bool {
        self.outages.contains(&at.day())
    }
    pub(crate) fn is_open(&self, n: usize, at: Timestamp) -> bool {
        let a = &self.people.accounts[n];
        a.opens < at && a.closes.is_none_or(|c| c > at)
    }

    fn close_account(&mut self, at: Timestamp, n: usize) {
        let mut chance = Chance::new(self.seed, Stream::Visit, n as u64, 7);
        let words = ["customer_request", "inactive", "policy", "duplicate"];
        let reason = words[chance.weighted(&[0.5, 0.2, 0.15, 0.15])];
        self.people.accounts[n].closes = Some(at);
        let closed = AccountClosed {
            account: self.account_id(n),
            reason: chance.yes(0.7).then(|| crate::names::label(reason)),
            attributes: None,
        };
        self.schedule.send(at, From::Shop, Body::AccountClosed(closed));
    }

    /// A customer's session, and the identifiers that the shop notes for the first time in it.
    pub(crate) fn visit(
        &mut self,
        at: Timestamp,
        n: usize,
        place: Place,
        recovered: bool,
        chance: &mut Chance,
    ) -> SessionId {
        let account = self.account_id(n);
        let a = &mut self.people.accounts[n];
        let own = a.devices.contains(&place.device);
        let new_device =
            if own { a.orders == 0 && chance.yes(0.4) } else { a.guest_device != Some(place.device) };
        if !own {
            a.guest_device = Some(place.device);
        }
        let auth = if recovered {
            Auth::Recovery
        } else {
            [Auth::Password, Auth::Otp, Auth::Passkey, Auth::Sso, Auth::Recovery]
                [chance.weighted(&[0.66, 0.16, 0.1, 0.06, 0.02])]
        };
        let country = self.places.areas[self.people.accounts[n].area as usize].country.clone();
        let session = self.names.session();
        let started = SessionStarted {
            session: session.clone(),
            account: Some(account.clone()),
            staff: None,
            device: Some(self.names.nth_device(u64::from(place.device))),
            ip: Some(self.names.nth_ip(u64::from(place.ip.n))),
            asn: Some(crate::names::label(&asn_name(place.ip.asn))),
            country: Some(country),
            auth: Some(auth),
            new_device: Some(new_device),
            attributes: None,
        };
        self.schedule.send(at, From::Shop, Body::SessionStarted(started));
        if new_device {
            let device = self.names.nth_device(u64::from(place.device));
            let value = IdentifierToken::new(device.as_str()).expect("a device token is an identifier");
            let seen = IdentifierSeen { account, kind: IdentifierKind::Device, value, attributes: None };
            self.schedule.send(after(at, 0.00002), From::Shop, Body::IdentifierSeen(seen));
        }
        session
    }

    /// Adds to the truth and the counts what is asked for.
    pub(crate) fn count_request(&mut self, kind: Kind, cents: i64) {
        self.summary.requests += 1;
        let entry = self.summary.kinds.entry(kind).or_insert((0, 0));
        entry.0 += 1;
        entry.1 += cents;
    }
}
