//! How does a ring live? It begins, finds buyers, grows, changes devices after trouble, is worked on, and stops.

use crate::abuse::deals::Deal;
use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::desk::About;
use crate::requests::{Asked, Insider};
use crate::scenario::{RingSpec, RingStyle};
use crate::sim::{Sim, Task};
use crate::texts::Script;
use crate::truth::{Kind, TruthRecord};
use crate::world::catalogue::money;
use crate::world::people::Place;
use ringfence_domain::Timestamp;
use ringfence_domain::id::{Handle, RefundId, SessionId};
use ringfence_domain::words::{Action, Platform, Role, SubjectKind, Verdict, VerdictMethod};

/// Accounts for which the scenario's list of rings is meant once; a larger shop has several of each.
const ACCOUNTS_PER_RING: f64 = 40_000.0;
/// Refusals after which the operator changes devices. [estimate]
const HEAT_MAX: u32 = 3;

/// A ring's refund request.
#[derive(Clone, Debug)]
pub(crate) struct RingRefund {
    pub(crate) refund: RefundId,
    pub(crate) account: usize,
    pub(crate) cents: i64,
    pub(crate) at: Timestamp,
}

/// A running ring.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    pub(crate) name: String,
    pub(crate) spec: RingSpec,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) script: Script,
    pub(crate) refunds: Vec<RingRefund>,
    pub(crate) staff: Vec<usize>,
    pub(crate) platform: Platform,
    pub(crate) channel: Handle,
    pub(crate) handle: Handle,
    pub(crate) fees: i64,
    places: Vec<Place>,
    used: usize,
    heat: u32,
}

/// One use of a stolen staff account.
#[derive(Clone, Debug)]
pub(crate) struct Burst {
    staff: usize,
    session: SessionId,
    place: Place,
    claims: usize,
}

impl Sim<'_> {
    pub(crate) fn plan_rings(&mut self) {
        let copies = (self.people.accounts.len() as f64 / ACCOUNTS_PER_RING).round().max(1.0) as usize;
        let specs: Vec<RingSpec> = self.scenario.ring.clone();
        for (nth, spec) in specs.iter().enumerate() {
            for copy in 0..copies {
                let mut chance = Chance::new(self.seed, Stream::Ring, nth as u64, copy as u64);
                self.plan_ring(spec, copies, &mut chance);
            }
        }
    }

    fn plan_ring(&mut self, spec: &RingSpec, copies: usize, chance: &mut Chance) {
        let jitter = |c: &mut Chance| 0.04 * (c.unit() - 0.5);
        let from = after(self.start, self.days * (spec.begin + jitter(chance)).max(0.0));
        let to = after(self.start, self.days * (spec.end + jitter(chance)).min(1.0));
        let platforms =
            [Platform::Telegram, Platform::Telegram, Platform::Discord, Platform::Reddit, Platform::Nulled];
        let index = self.rings.len();
        self.rings.push(Ring {
            name: format!("ring-{}", index + 1),
            spec: spec.clone(),
            from,
            to,
            script: Script { picks: [(); 5].map(|()| chance.bits()), polished: chance.yes(0.4) },
            refunds: Vec::new(),
            staff: Vec::new(),
            platform: *chance.pick(&platforms),
            channel: self.names.handle(),
            handle: self.names.handle(),
            fees: 0,
            places: Vec::new(),
            used: 0,
            heat: 0,
        });
        self.recruit(index, chance);
        let mean = spec.deals * self.people.accounts.len() as f64 / 10_000.0 / copies as f64
            * (self.days / 400.0).min(1.0);
        let count = chance.poisson(mean).max(5);
        if spec.style == RingStyle::PhishedStaff {
            self.plan_bursts(index, count, chance);
        } else {
            for _ in 0..count {
                let at = self.ring_time(index, chance);
                let insider = self.insider_at(index, at, chance);
                self.plan_deal(index, at, insider, None, false, chance);
            }
        }
        for _ in 0..self.scenario.verdicts.test_purchases {
            let at = after(from, to.since(from).as_days() * chance.between(0.35, 0.8));
            let insider = self.insider_at(index, at, chance);
            if spec.style != RingStyle::PhishedStaff {
                self.plan_deal(index, at, insider, None, true, chance);
            }
        }
        let share = chance.between(0.35, 0.7);
        self.schedule.plan(after(from, to.since(from).as_days() * share), Task::Takedown(index));
        self.schedule.plan(after(to, 10.0 + chance.exponential(20.0)), Task::Takedown(index));
    }

    /// Rings grow: deals become more frequent over the first part of their life.
    fn ring_time(&self, ring: usize, chance: &mut Chance) -> Timestamp {
        let r = &self.rings[ring];
        let u = chance.unit();
        let share = libm::pow(u, 0.75);
        after(r.from, r.to.since(r.from).as_days() * share)
    }

    fn recruit(&mut self, ring: usize, chance: &mut Chance) {
        let role = match self.rings[ring].spec.style {
            RingStyle::BribedReceipts => Role::Returns,
            RingStyle::InsiderConcession | RingStyle::PhishedStaff => Role::Agent,
            RingStyle::SocialEngineering | RingStyle::SharedLogin | RingStyle::EmptyBox | RingStyle::Ftid => {
                return;
            }
        };
        let from = self.rings[ring].from;
        let mut all = self.crew.of_role(role);
        all.retain(|s| {
            let s = &self.crew.staff[*s];
            s.joined < from && s.bribed_by.is_none() && s.phished_by.is_none()
        });
        let wanted = match self.rings[ring].spec.style {
            RingStyle::PhishedStaff => 3,
            RingStyle::BribedReceipts => 2,
            RingStyle::InsiderConcession => 1,
            RingStyle::SocialEngineering | RingStyle::SharedLogin | RingStyle::EmptyBox | RingStyle::Ftid => {
                0
            }
        };
        let phished = self.rings[ring].spec.style == RingStyle::PhishedStaff;
        for _ in 0..wanted.min(all.len()) {
            let staff = all.swap_remove(chance.below(all.len()));
            let s = &mut self.crew.staff[staff];
            *(if phished { &mut s.phished_by } else { &mut s.bribed_by }) = Some(ring);
            self.rings[ring].staff.push(staff);
        }
    }

    fn insider_at(&self, ring: usize, at: Timestamp, chance: &mut Chance) -> Insider {
        let r = &self.rings[ring];
        match (r.spec.style, r.staff.as_slice()) {
            (RingStyle::BribedReceipts | RingStyle::InsiderConcession, [_, ..]) => {
                // The second insider joins half-way.
                let late = at > after(r.from, 0.5 * r.to.since(r.from).as_days());
                let n = if late { chance.below(r.staff.len()) } else { 0 };
                Insider::Bribed(r.staff[n])
            }
            _ => Insider::None,
        }
    }

    /// Stolen accounts are used at once: the orders are placed before, the claims fall into one session.
    fn plan_bursts(&mut self, ring: usize, count: usize, chance: &mut Chance) {
        let mut left = count;
        while left > 0 && !self.rings[ring].staff.is_empty() {
            let claims = (3 + chance.below(6)).min(left);
            left -= claims;
            let at = self.ring_time(ring, chance).max(after(self.rings[ring].from, 12.0));
            let at = self.seasons.later(at, 0.1, chance);
            let staff = *chance.pick(&self.rings[ring].staff.clone());
            let ip = if chance.yes(0.6) { self.people.vpn_ip(chance) } else { self.people.home_ip(chance) };
            let place = Place { device: self.people.device(), ip };
            let session = self.names.session();
            let burst = Burst { staff, session: session.clone(), place, claims };
            self.schedule.plan(at, Task::Burst(Box::new(burst)));
            let mut when = at;
            for _ in 0..claims {
                when = after(when, (3.0 + chance.exponential(7.0)) / 1440.0);
                let ordered = after(at, -(6.0 + chance.exponential(5.0)));
                let insider = Insider::Phished(staff, session.clone());
                self.plan_deal(ring, ordered, insider, Some(when), false, chance);
            }
        }
    }

    /// The session of a stolen account: somebody looks around, then the claims follow.
    pub(crate) fn burst(&mut self, at: Timestamp, burst: &Burst) {
        let mut chance = Chance::new(self.seed, Stream::StaffDay, burst.staff as u64, at.millis() as u64);
        let session = burst.session.clone();
        self.log_in(at, burst.staff, burst.place, true, session.clone(), &mut chance);
        let mut when = at;
        for _ in 0..2 + chance.below(burst.claims + 2) {
            if self.recent.is_empty() {
                break;
            }
            when = after(when, (0.3 + chance.exponential(1.0)) / 1440.0);
            let (order, account) = self.recent[chance.below(self.recent.len())].clone();
            let about = About {
                order: Some(order),
                account: Some(account),
                session: Some(session.clone()),
                ..About::default()
            };
            self.act(when, burst.staff, Action::LookedUp, about);
        }
    }

    fn plan_deal(
        &mut self,
        ring: usize,
        at: Timestamp,
        insider: Insider,
        due: Option<Timestamp>,
        test_purchase: bool,
        chance: &mut Chance,
    ) {
        let spec = self.rings[ring].spec.clone();
        let aged = !test_purchase && chance.yes(spec.aged);
        let account =
            if aged { self.aged_buyer(at, chance) } else { self.fresh_buyer(at, test_purchase, chance) };
        let kind = ring_kind(spec.style);
        let n = 1 << 60 | (ring as u64) << 32 | chance.below(1 << 31) as u64;
        let deal =
            Deal { account, kind, dollars: spec.price, ring: Some(ring), insider, due, n, test_purchase };
        self.schedule.plan(at, Task::Deal(Box::new(deal)));
    }

    /// A real account with a past; mostly a first-time abuser.
    fn aged_buyer(&mut self, at: Timestamp, chance: &mut Chance) -> usize {
        let mut account = chance.below(self.people.accounts.len());
        for _ in 0..80 {
            let a = &self.people.accounts[account];
            let fits = a.opens < after(at, -120.0) && a.closes.is_none_or(|c| c > after(at, 30.0));
            if fits && (!a.used_by_ring || chance.yes(0.25)) {
                break;
            }
            account = chance.below(self.people.accounts.len());
        }
        self.people.accounts[account].used_by_ring = true;
        account
    }

    /// An account opened for the deal, or by an investigator for a test; it also buys honestly, as camouflage.
    fn fresh_buyer(&mut self, at: Timestamp, test_purchase: bool, chance: &mut Chance) -> usize {
        let days = if test_purchase { 20.0 + 60.0 * chance.unit() } else { 1.0 + chance.exponential(14.0) };
        let area = chance.below(self.scenario.delivery.areas) as u16;
        let account = self.people.open(area, after(at, -days), self.scenario, chance);
        self.people.accounts[account].used_by_ring = true;
        account
    }

    /// Where the operator sits now; after some deals or refusals devices and addresses are changed.
    pub(crate) fn ring_place(&mut self, ring: usize, chance: &mut Chance) -> Place {
        let life = self.rings[ring].spec.device_life.max(1);
        let r = &self.rings[ring];
        if r.places.is_empty() || r.used >= life || r.heat >= HEAT_MAX {
            let count = 1 + chance.below(2);
            let places = (0..count)
                .map(|_| {
                    let ip = if chance.yes(0.55) {
                        self.people.vpn_ip(chance)
                    } else {
                        self.people.home_ip(chance)
                    };
                    Place { device: self.people.device(), ip }
                })
                .collect();
            let r = &mut self.rings[ring];
            (r.places, r.used, r.heat) = (places, 0, 0);
        }
        self.rings[ring].used += 1;
        let mut place = *chance.pick(&self.rings[ring].places);
        if chance.yes(0.35) {
            place.ip = self.people.vpn_ip(chance);
        }
        place
    }

    pub(crate) fn note_ring_refund(
        &mut self,
        ring: usize,
        account: usize,
        refund: &RefundId,
        cents: i64,
        at: Timestamp,
    ) {
        self.rings[ring].refunds.push(RingRefund { refund: refund.clone(), account, cents, at });
    }

    /// The operator sees how it went: success is boasted of, refusals make nervous.
    pub(crate) fn ring_learns(&mut self, ring: Option<usize>, asked: &Asked, at: Timestamp, paid: bool) {
        let Some(ring) = ring else { return };
        let r = &mut self.rings[ring];
        if paid {
            r.fees += (asked.asking.cents as f64 * r.spec.fee) as i64;
            self.vouch(ring, asked, at);
        } else {
            r.heat += 1;
        }
    }

    /// Investigators got hold of the ring: a test purchase, a tip, a pattern. Much of it gets verdicts, later.
    pub(crate) fn take_down(&mut self, at: Timestamp, ring: usize) {
        let mut chance = Chance::new(self.seed, Stream::Verdict, u64::MAX - ring as u64, at.day() as u64);
        let v = self.scenario.verdicts.clone();
        let r = self.rings[ring].clone();
        for refund in r.refunds.iter().filter(|x| x.at < at) {
            if chance.yes(v.takedown_share) {
                let when = self.seasons.later(at, chance.log_normal(9.0, 0.8), &mut chance);
                let method =
                    [VerdictMethod::Investigation, VerdictMethod::TestPurchase, VerdictMethod::Admission];
                let method = method[chance.weighted(&[0.75, 0.15, 0.1])];
                self.verdict(when, SubjectKind::Refund, refund.refund.as_str(), Verdict::Abuse, method);
                if chance.yes(v.account_share) {
                    let id = self.account_id(refund.account).to_string();
                    self.verdict(after(when, 0.1), SubjectKind::Account, &id, Verdict::Abuse, method);
                }
            }
        }
        for staff in r.staff.iter().filter(|_| !r.refunds.is_empty()) {
            if chance.yes(0.6) {
                let when = self.seasons.later(at, chance.log_normal(20.0, 0.6), &mut chance);
                let phished = r.spec.style == RingStyle::PhishedStaff;
                let verdict = if phished { Verdict::Compromised } else { Verdict::Insider };
                let id = self.crew.staff[*staff].id.to_string();
                self.verdict(when, SubjectKind::Staff, &id, verdict, VerdictMethod::Investigation);
            }
        }
    }

    /// The truth about rings and their people, at the end.
    pub(crate) fn tell_rings(&mut self) {
        for n in 0..self.rings.len() {
            let r = self.rings[n].clone();
            let mut accounts: Vec<usize> = r.refunds.iter().map(|x| x.account).collect();
            accounts.sort_unstable();
            accounts.dedup();
            self.summary.ring_refunds += r.refunds.len() as u64;
            *self.summary.rings.entry(r.spec.style).or_insert(0) += r.refunds.len() as u64;
            for account in &accounts {
                let own = r.refunds.iter().filter(|x| x.account == *account);
                let record = TruthRecord::Account {
                    account: self.account_id(*account),
                    kind: ring_kind(r.spec.style),
                    ring: Some(r.name.clone()),
                    from: own.clone().map(|x| x.at).min().unwrap_or(r.from),
                    acts: own.count() as u32,
                };
                self.tell(&record);
            }
            for staff in &r.staff {
                let phished = r.spec.style == RingStyle::PhishedStaff;
                let pattern = if phished { "phished" } else { "bribed" };
                let id = self.crew.staff[*staff].id.clone();
                self.tell(&TruthRecord::Staff { staff: id, pattern: pattern.into(), ring: r.name.clone() });
            }
            let record = TruthRecord::Ring {
                style: r.spec.style,
                from: r.from,
                to: r.to,
                accounts: accounts.iter().map(|a| self.account_id(*a)).collect(),
                refunds: r.refunds.iter().map(|x| x.refund.clone()).collect(),
                staff: r.staff.iter().map(|s| self.crew.staff[*s].id.clone()).collect(),
                money: money(r.refunds.iter().map(|x| x.cents).sum()),
                fees: money(r.fees),
                ring: r.name,
            };
            self.tell(&record);
        }
    }
}

fn ring_kind(style: RingStyle) -> Kind {
    match style {
        RingStyle::SocialEngineering => Kind::SocialEngineering,
        RingStyle::SharedLogin => Kind::SharedLogin,
        RingStyle::EmptyBox => Kind::EmptyPackage,
        RingStyle::BribedReceipts => Kind::InsiderReturn,
        RingStyle::InsiderConcession => Kind::InsiderConcession,
        RingStyle::PhishedStaff => Kind::PhishedStaff,
        RingStyle::Ftid => Kind::FakeTracking,
    }
}
