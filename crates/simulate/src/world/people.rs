//! Who buys? Accounts with addresses, devices, networks, means of payment and habits, in homes and in shared places.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::scenario::Scenario;
use ringfence_domain::Timestamp;

/// A network address and the autonomous system it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ip {
    pub(crate) n: u32,
    pub(crate) asn: u16,
}

/// A device and a network from which somebody acts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) device: u32,
    pub(crate) ip: Ip,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Its number among the names of accounts.
    pub(crate) n: u32,
    pub(crate) opens: Timestamp,
    pub(crate) closes: Option<Timestamp>,
    pub(crate) area: u16,
    pub(crate) address: u32,
    pub(crate) email: u32,
    pub(crate) phone: u32,
    /// Cards; the first is used most.
    pub(crate) payments: [u32; 2],
    /// Own or household devices; the first is used most.
    pub(crate) devices: [u32; 2],
    pub(crate) home: Ip,
    /// A computer that many use: library, dormitory, office.
    pub(crate) public: Option<Place>,
    /// The one who files claims for this account, from another device.
    pub(crate) helper: Option<Place>,
    pub(crate) orders_per_day: f32,
    pub(crate) spend: f32,
    pub(crate) return_factor: f32,
    /// Chance to ask for money for a fault at all.
    pub(crate) outspoken: f32,
    // What the shop's own practice remembers.
    pub(crate) orders: u32,
    /// The last device that is not the account's own.
    pub(crate) guest_device: Option<u32>,
    pub(crate) heat: f32,
    pub(crate) heat_at: Timestamp,
    /// Does something of its own: the shop's practice may have sent it away, a ring may have used it.
    pub(crate) used_by_ring: bool,
}

/// All accounts, and counters for the tokens around them.
#[derive(Clone, Debug)]
pub(crate) struct People {
    pub(crate) accounts: Vec<Account>,
    pub(crate) nat: Vec<Ip>,
    pub(crate) vpn: Vec<Ip>,
    devices: u32,
    ips: u32,
    addresses: u32,
    payments: u32,
    emails: u32,
    phones: u32,
}

/// Autonomous systems: homes 0–9, mobile 10–12, campus and office 13–17, hosting and VPN 18–23.
const ASN_HOMES: std::ops::Range<u16> = 0..10;
const ASN_MOBILE: std::ops::Range<u16> = 10..13;
const ASN_SITES: std::ops::Range<u16> = 13..18;
const ASN_VPN: std::ops::Range<u16> = 18..24;

fn asn(range: std::ops::Range<u16>, chance: &mut Chance) -> u16 {
    range.start + chance.below(usize::from(range.end - range.start)) as u16
}

/// What a group of accounts shares.
struct Group {
    area: u16,
    address: Option<u32>,
    ip: Option<Ip>,
    public: Option<Place>,
    shared_device: Option<u32>,
    shared_payment: Option<u32>,
    size: usize,
}

impl People {
    pub(crate) fn new(scenario: &Scenario, seed: u64, count: usize, start: Timestamp, days: f64) -> Self {
        let mut people = Self {
            accounts: Vec::with_capacity(count + count / 50),
            nat: Vec::new(),
            vpn: Vec::new(),
            devices: 0,
            ips: 0,
            addresses: 0,
            payments: 0,
            emails: 0,
            phones: 0,
        };
        let mut chance = Chance::new(seed, Stream::People, 0, 0);
        people.nat = (0..count / 250 + 3).map(|_| people.ip(ASN_MOBILE, &mut chance)).collect();
        people.vpn = (0..count / 400 + 6).map(|_| people.ip(ASN_VPN, &mut chance)).collect();
        let mut group = 0;
        while people.accounts.len() < count {
            group += 1;
            let mut chance = Chance::new(seed, Stream::People, group, 1);
            let shared = people.group(scenario, count, &mut chance);
            for _ in 0..shared.size.min(count - people.accounts.len()) {
                people.member(scenario, &shared, start, days, &mut chance);
            }
        }
        people.find_helpers(scenario, seed);
        people
    }
    pub(crate) fn device(&mut self) -> u32 {
        self.devices += 1;
        self.devices - 1
    }
    pub(crate) fn address(&mut self) -> u32 {
        self.addresses += 1;
        self.addresses - 1
    }
    pub(crate) fn payment(&mut self) -> u32 {
        self.payments += 1;
        self.payments - 1
    }
    fn ip(&mut self, range: std::ops::Range<u16>, chance: &mut Chance) -> Ip {
        self.ips += 1;
        Ip { n: self.ips - 1, asn: asn(range, chance) }
    }
    /// A fresh address of a home network.
    pub(crate) fn home_ip(&mut self, chance: &mut Chance) -> Ip {
        self.ip(ASN_HOMES, chance)
    }
    /// A fresh address of an office or campus.
    pub(crate) fn site_ip(&mut self, chance: &mut Chance) -> Ip {
        self.ip(ASN_SITES, chance)
    }
    /// An address of a commercial VPN, shared by many.
    pub(crate) fn vpn_ip(&self, chance: &mut Chance) -> Ip {
        *chance.pick(&self.vpn)
    }

    fn group(&mut self, scenario: &Scenario, count: usize, chance: &mut Chance) -> Group {
        let a = &scenario.accounts;
        let home_size = 1 + chance.weighted(&[0.45, 0.33, 0.13, 0.09]);
        // Groups are drawn by the accounts in them, so divide each share by the group's size.
        let (dorm, office, forwarder) = (55.0, 25.0, 250.0f64.min(count as f64 / 20.0).max(10.0));
        let kind = chance.weighted(&[
            a.household_share / 1.86,
            a.dorm_share / dorm,
            a.office_share / office,
            a.forwarder_share / forwarder,
        ]);
        let area = chance.below(scenario.delivery.areas) as u16;
        let none = Group {
            area,
            address: None,
            ip: None,
            public: None,
            shared_device: None,
            shared_payment: None,
            size: home_size,
        };
        match kind {
            0 => Group {
                address: Some(self.address()),
                ip: Some(self.ip(ASN_HOMES, chance)),
                shared_device: (home_size > 1 && chance.yes(a.shared_device_share)).then(|| self.device()),
                shared_payment: (home_size > 1 && chance.yes(a.shared_payment_share)).then(|| self.payment()),
                ..none
            },
            1 => {
                let ip = self.ip(ASN_SITES, chance);
                Group {
                    address: Some(self.address()),
                    public: Some(Place { device: self.device(), ip }),
                    ip: Some(ip),
                    size: 30 + chance.below(50),
                    ..none
                }
            }
            2 => Group {
                address: Some(self.address()),
                ip: Some(self.ip(ASN_SITES, chance)),
                size: 10 + chance.below(30),
                ..none
            },
            _ => Group { address: Some(self.address()), size: forwarder as usize, ..none },
        }
    }

    fn member(
        &mut self,
        scenario: &Scenario,
        group: &Group,
        start: Timestamp,
        days: f64,
        chance: &mut Chance,
    ) {
        let a = &scenario.accounts;
        let opens = if chance.yes(a.aged_share) {
            after(start, -3_000.0 * chance.unit() * chance.unit().sqrt() - 1.0)
        } else {
            after(start, days * chance.unit())
        };
        let n = self.open(group.area, opens, scenario, chance);
        let closes = chance.yes(a.closed_share).then(|| after(opens.max(start), days * chance.unit()));
        let home = group.ip.unwrap_or_else(|| self.ip(ASN_HOMES, chance));
        let recycled = self.recycled_phone(opens, a.recycled_phone_share, chance);
        let account = &mut self.accounts[n];
        account.closes = closes;
        account.home = home;
        account.public = group.public;
        account.address = group.address.unwrap_or(account.address);
        if let Some(device) = group.shared_device {
            account.devices[usize::from(chance.yes(0.5))] = device;
        }
        if let Some(card) = group.shared_payment {
            account.payments[usize::from(chance.yes(0.5))] = card;
        }
        if let Some(phone) = recycled {
            account.phone = phone;
        }
    }

    /// Opens an account like any other: also those of rings and of people who were sent away come from here.
    pub(crate) fn open(
        &mut self,
        area: u16,
        opens: Timestamp,
        scenario: &Scenario,
        chance: &mut Chance,
    ) -> usize {
        let a = &scenario.accounts;
        let loyal = chance.yes(a.loyal_share);
        // The log-normal's mean is its median times exp(sigma²/2): divide, so that the mean is the scenario's.
        let mean_one =
            |sigma: f64, chance: &mut Chance| chance.log_normal(libm::exp(-sigma * sigma / 2.0), sigma);
        let per_year =
            a.orders_per_year * mean_one(a.orders_sigma, chance) * if loyal { a.loyal_orders } else { 1.0 };
        let (first_device, first_card) = (self.device(), self.payment());
        let second = |yes: bool, other: u32, own: u32| if yes { other } else { own };
        let other_device = self.device();
        let other_card = self.payment();
        self.emails += 1;
        self.phones += 1;
        let n = self.accounts.len();
        let home = self.ip(ASN_HOMES, chance);
        let address = self.address();
        self.accounts.push(Account {
            n: n as u32,
            opens,
            closes: None,
            area,
            address,
            email: self.emails - 1,
            phone: self.phones - 1,
            payments: [first_card, second(chance.yes(0.35), other_card, first_card)],
            devices: [first_device, second(chance.yes(0.6), other_device, first_device)],
            home,
            public: None,
            helper: None,
            orders_per_day: (per_year / 365.0).min(0.7) as f32,
            spend: chance.log_normal(if loyal { 1.35 } else { 0.97 }, 0.3) as f32,
            return_factor: (mean_one(a.return_sigma, chance) * if loyal { 1.5 } else { 0.97 }) as f32,
            outspoken: (scenario.claims.claim_share + 0.1 * (chance.unit() - 0.5)) as f32,
            orders: 0,
            guest_device: None,
            heat: 0.0,
            heat_at: opens,
            used_by_ring: false,
        });
        n
    }

    fn recycled_phone(&self, opens: Timestamp, share: f64, chance: &mut Chance) -> Option<u32> {
        if self.accounts.len() < 20 || !chance.yes(share) {
            return None;
        }
        let other = chance.pick(&self.accounts);
        (other.opens < opens).then_some(other.phone)
    }

    /// Relatives in other homes, and neighbours who help a dozen people.
    fn find_helpers(&mut self, scenario: &Scenario, seed: u64) {
        let mut chance = Chance::new(seed, Stream::People, 0, 2);
        let count = self.accounts.len();
        let mut neighbour: Option<(Place, usize)> = None;
        for n in 0..count {
            if chance.yes(scenario.accounts.family_helper_share) {
                let helper = &self.accounts[chance.below(count)];
                let place = Place { device: helper.devices[0], ip: helper.home };
                self.accounts[n].helper = Some(place);
            } else if chance.yes(scenario.accounts.neighbour_helper_share) {
                let (place, left) = match neighbour {
                    Some((place, left)) if left > 0 => (place, left),
                    _ => {
                        let helper = &self.accounts[chance.below(count)];
                        (Place { device: helper.devices[0], ip: helper.home }, 8 + chance.below(10))
                    }
                };
                neighbour = Some((place, left - 1));
                self.accounts[n].helper = Some(place);
            }
        }
    }

    /// Where this account acts from this time: own or shared device; home, mobile or VPN network.
    pub(crate) fn place(&self, scenario: &Scenario, account: usize, chance: &mut Chance) -> Place {
        let a = &self.accounts[account];
        if let Some(public) = a.public.filter(|_| chance.yes(0.08)) {
            return public;
        }
        let device = a.devices[usize::from(chance.yes(0.3))];
        let ip = if chance.yes(scenario.accounts.nat_share) {
            // A subscriber keeps to a few of the carrier's addresses.
            self.nat[(a.n as usize * 7 + chance.below(3)) % self.nat.len()]
        } else if chance.yes(scenario.accounts.vpn_share) {
            self.vpn_ip(chance)
        } else {
            a.home
        };
        Place { device, ip }
    }
}

/// The name of an autonomous system, from the range reserved for documentation and private use.
pub(crate) fn asn_name(asn: u16) -> String {
    format!("AS{}", 64_512 + u32::from(asn))
}
