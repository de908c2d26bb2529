//! Who works there? Staff in roles, queues, sites and shifts, with limits, terminals and habits.

use crate::calendar::after;
use crate::chance::{Chance, Stream, mix};
use crate::names::Names;
use crate::scenario::Scenario;
use crate::world::people::{Ip, People, Place};
use ringfence_domain::Timestamp;
use ringfence_domain::id::{QueueId, SessionId, SiteId, StaffId, StationId};
use ringfence_domain::words::Role;

/// Queues of customer service.
pub(crate) const QUEUES: [&str; 4] = ["general", "deliveries", "returns", "escalations"];
pub(crate) const ESCALATIONS: usize = 3;
/// Shifts by their first hour, UTC.
pub(crate) const SHIFTS: [(&str, i64); 3] = [("early", 12), ("late", 18), ("night", 1)];
const SHIFT_HOURS: i64 = 9;

#[derive(Clone, Debug)]
pub(crate) struct Staff {
    pub(crate) id: StaffId,
    pub(crate) n: u32,
    pub(crate) role: Role,
    pub(crate) site: usize,
    pub(crate) team: usize,
    pub(crate) queue: Option<usize>,
    pub(crate) shift: usize,
    /// Cents.
    pub(crate) limit: i64,
    pub(crate) joined: Timestamp,
    pub(crate) device: u32,
    pub(crate) ip: Ip,
    /// The session of the last working day.
    pub(crate) session: Option<(Timestamp, SessionId)>,
    /// Leans to yes or to no.
    pub(crate) lenience: f64,
    /// The ring that pays this person.
    pub(crate) bribed_by: Option<usize>,
    /// The ring that stole the account.
    pub(crate) phished_by: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Crew {
    pub(crate) staff: Vec<Staff>,
    pub(crate) sites: Vec<SiteId>,
    pub(crate) queues: Vec<QueueId>,
    pub(crate) stations: Vec<StationId>,
    by_queue: Vec<Vec<usize>>,
    returns: Vec<usize>,
    supervisors: Vec<usize>,
}

impl Crew {
    pub(crate) fn new(
        scenario: &Scenario,
        seed: u64,
        people: &mut People,
        names: &mut Names,
        start: Timestamp,
        days: f64,
    ) -> Self {
        let thousands = people.accounts.len() as f64 / 1_000.0;
        let d = &scenario.desk;
        let sites: Vec<SiteId> = (0..2).map(|_| names.site()).collect();
        let mut site_chance = Chance::new(seed, Stream::Staff, 0, 1);
        let site_ips: Vec<[Ip; 2]> = sites
            .iter()
            .map(|_| [people.site_ip(&mut site_chance), people.site_ip(&mut site_chance)])
            .collect();
        let roles = [
            (Role::Agent, d.agents_per_1000, 8),
            (Role::Supervisor, d.supervisors_per_1000, 2),
            (Role::Returns, d.returns_per_1000, 4),
            (Role::Warehouse, d.warehouse_per_1000, 2),
        ];
        let mut staff: Vec<Staff> = Vec::new();
        // Returns and warehouse clerks share the terminals of their stations: a device is no person there.
        let terminals: Vec<u32> = (0..6).map(|_| people.device()).collect();
        for (role, rate, least) in roles {
            for nth in 0..((rate * thousands) as usize).max(least) {
                let mut chance = Chance::new(seed, Stream::Staff, staff.len() as u64 + 1, 0);
                // The first few of each role were there before the first day, so that every shift is covered.
                let new = nth >= least && chance.yes(d.joined_share);
                let site = nth % sites.len();
                let clerk = matches!(role, Role::Returns | Role::Warehouse);
                staff.push(Staff {
                    id: names.staff(),
                    n: staff.len() as u32,
                    role,
                    site,
                    team: nth % 5,
                    queue: match role {
                        Role::Agent => Some([0, 1, 2, 1, 0, 2, 1, 3][nth % 8]),
                        Role::Supervisor => Some(ESCALATIONS),
                        Role::Returns | Role::Warehouse => None,
                    },
                    shift: [0, 1, 0, 1, 2][(nth + nth / 5) % 5],
                    limit: 100
                        * match role {
                            Role::Agent => d.agent_limit,
                            Role::Supervisor => d.supervisor_limit,
                            Role::Returns | Role::Warehouse => d.agent_limit / 2.0,
                        } as i64,
                    joined: if new {
                        after(start, days * chance.unit())
                    } else {
                        after(start, -20.0 - 2_000.0 * chance.unit() * chance.unit())
                    },
                    device: if clerk { terminals[site * 3 + nth % 3] } else { people.device() },
                    ip: site_ips[site][usize::from(clerk)],
                    session: None,
                    lenience: 0.35 * chance.normal(),
                    bribed_by: None,
                    phished_by: None,
                });
            }
        }
        let of = |test: &dyn Fn(&Staff) -> bool| -> Vec<usize> {
            staff.iter().enumerate().filter(|(_, s)| test(s)).map(|(i, _)| i).collect()
        };
        Self {
            by_queue: (0..QUEUES.len()).map(|q| of(&|s| s.queue == Some(q))).collect(),
            returns: of(&|s| s.role == Role::Returns),
            supervisors: of(&|s| s.role == Role::Supervisor),
            queues: QUEUES.iter().map(|q| QueueId::new(q).expect("queues are short words")).collect(),
            stations: (0..8).map(|_| names.station()).collect(),
            staff,
            sites,
        }
    }
    /// Does this person work on this day? Five days of seven, by a roster that differs from person to person.
    pub(crate) fn works(&self, n: usize, day: i64) -> bool {
        let s = &self.staff[n];
        let roster = mix(u64::from(s.n) ^ 0x726f_7374) % 7;
        let spot = (day + roster as i64).rem_euclid(7);
        spot < 5 && day > s.joined.day()
    }
    /// Is this person at work at this time?
    pub(crate) fn on_shift(&self, n: usize, at: Timestamp) -> bool {
        let hour = at.millis_of_day() / 3_600_000;
        let since = (hour - SHIFTS[self.staff[n].shift].1).rem_euclid(24);
        since < SHIFT_HOURS && self.works(n, after(at, -(since as f64) / 24.0).day())
    }
    fn someone(&self, from: &[usize], at: Timestamp, chance: &mut Chance) -> usize {
        for _ in 0..24 {
            let n = *chance.pick(from);
            if self.on_shift(n, at) {
                return n;
            }
        }
        let there: Vec<usize> = from.iter().copied().filter(|n| self.on_shift(*n, at)).collect();
        if !there.is_empty() {
            return *chance.pick(&there);
        }
        // Nobody is on shift: somebody does it in overtime.
        let hired: Vec<usize> = from.iter().copied().filter(|n| self.staff[*n].joined < at).collect();
        *chance.pick(if hired.is_empty() { from } else { &hired })
    }
    /// Somebody of this queue.
    pub(crate) fn of_queue(&self, queue: usize, at: Timestamp, chance: &mut Chance) -> usize {
        self.someone(&self.by_queue[queue], at, chance)
    }
    /// A clerk of the returns desk.
    pub(crate) fn clerk(&self, at: Timestamp, chance: &mut Chance) -> usize {
        self.someone(&self.returns, at, chance)
    }
    /// A supervisor.
    pub(crate) fn supervisor(&self, at: Timestamp, chance: &mut Chance) -> usize {
        self.someone(&self.supervisors, at, chance)
    }
    /// People of this role.
    pub(crate) fn of_role(&self, role: Role) -> Vec<usize> {
        (0..self.staff.len()).filter(|n| self.staff[*n].role == role).collect()
    }
    /// The station at which this person works.
    pub(crate) fn station(&self, n: usize, chance: &mut Chance) -> &StationId {
        let own = self.staff[n].n as usize % self.stations.len();
        &self.stations[if chance.yes(0.8) { own } else { chance.below(self.stations.len()) }]
    }
    /// The usual terminal.
    pub(crate) fn terminal(&self, n: usize) -> Place {
        Place { device: self.staff[n].device, ip: self.staff[n].ip }
    }
}
