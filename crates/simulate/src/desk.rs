//! What does the staff do? Working days, sessions, conversations, look-ups.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::names::label;
use crate::orders::OrderFacts;
use crate::schedule::From;
use crate::sim::{Sim, Task};
use crate::world::catalogue::money;
use crate::world::crew::SHIFTS;
use crate::world::people::{Place, asn_name};
use ringfence_domain::event::{
    ContactClosed, ContactOpened, MessagePosted, SessionStarted, StaffActed, StaffJoined,
};
use ringfence_domain::id::{AccountId, ContactId, OrderId, RefundId, SessionId};
use ringfence_domain::words::{Action, Assigned, Auth, Author, ContactChannel, Role};
use ringfence_domain::{Body, Timestamp};

const MINUTE: f64 = 1.0 / 1440.0;
/// A staff session is over after a shift with overtime.
const SESSION_DAYS: f64 = 12.0 / 24.0;

/// A conversation with customer service.
pub(crate) struct Talk {
    pub(crate) contact: ContactId,
    pub(crate) staff: usize,
    pub(crate) until: Timestamp,
}

/// What an action is about.
#[derive(Default, Clone)]
pub(crate) struct About {
    pub(crate) order: Option<OrderId>,
    pub(crate) account: Option<AccountId>,
    pub(crate) refund: Option<RefundId>,
    pub(crate) contact: Option<ContactId>,
    /// A session that is not the person's own.
    pub(crate) session: Option<SessionId>,
}

impl Sim<'_> {
    pub(crate) fn announce_staff(&mut self) {
        for n in 0..self.crew.staff.len() {
            let s = &self.crew.staff[n];
            let joined = StaffJoined {
                staff: s.id.clone(),
                role: s.role,
                site: Some(self.crew.sites[s.site].clone()),
                team: Some(label(&format!("team-{}", s.team + 1))),
                queue: s.queue.map(|q| self.crew.queues[q].clone()),
                shift: Some(label(SHIFTS[s.shift].0)),
                approval_limit: Some(money(s.limit)),
                attributes: None,
            };
            self.schedule.send(s.joined, From::Desk, Body::StaffJoined(joined));
        }
    }

    /// Everybody on the roster logs in; some from elsewhere, some on a new machine.
    pub(crate) fn staff_day(&mut self, at: Timestamp) {
        for n in 0..self.crew.staff.len() {
            if !self.crew.works(n, at.day()) {
                continue;
            }
            let mut chance = Chance::new(self.seed, Stream::StaffDay, n as u64, at.day() as u64);
            let begins = SHIFTS[self.crew.staff[n].shift].1 as f64 / 24.0;
            let when = after(at, begins - (3.0 + 22.0 * chance.unit()) * MINUTE);
            let mut new = false;
            let agent = matches!(self.crew.staff[n].role, Role::Agent | Role::Supervisor);
            if agent && chance.yes(self.scenario.desk.new_laptop_per_year / 250.0) {
                self.crew.staff[n].device = self.people.device();
                new = true;
            }
            let mut place = self.crew.terminal(n);
            if agent && chance.yes(self.scenario.desk.travel_share) {
                place.ip = if chance.yes(0.5) {
                    self.people.vpn_ip(&mut chance)
                } else {
                    self.people.home_ip(&mut chance)
                };
                if chance.yes(0.3) {
                    (place.device, new) = (self.people.device(), true);
                }
            }
            let session = self.names.session();
            self.log_in(when, n, place, new, session.clone(), &mut chance);
            self.crew.staff[n].session = Some((when, session));
            self.unprompted(n, after(at, begins), &mut chance);
        }
        self.schedule.plan(after(at, 1.0), Task::StaffDay);
    }

    /// A staff session.
    pub(crate) fn log_in(
        &mut self,
        at: Timestamp,
        n: usize,
        place: Place,
        new_device: bool,
        session: SessionId,
        chance: &mut Chance,
    ) {
        let auth = [Auth::Sso, Auth::Otp, Auth::Password, Auth::Recovery];
        // Who sits at a new machine recovers access or types a code more often.
        let weights = if new_device { [0.45, 0.25, 0.15, 0.15] } else { [0.9, 0.06, 0.03, 0.01] };
        let started = SessionStarted {
            session,
            account: None,
            staff: Some(self.crew.staff[n].id.clone()),
            device: Some(self.names.nth_device(u64::from(place.device))),
            ip: Some(self.names.nth_ip(u64::from(place.ip.n))),
            asn: Some(label(&asn_name(place.ip.asn))),
            country: Some(label("US")),
            auth: Some(auth[chance.weighted(&weights)]),
            new_device: Some(new_device),
            attributes: None,
        };
        self.schedule.send(at, From::Desk, Body::SessionStarted(started));
    }

    /// Look-ups for training and quality, and corrections of account data that customers asked for.
    fn unprompted(&mut self, n: usize, from: Timestamp, chance: &mut Chance) {
        if self.recent.is_empty() || !matches!(self.crew.staff[n].role, Role::Agent | Role::Supervisor) {
            return;
        }
        for _ in 0..chance.poisson(self.scenario.desk.unprompted_lookups) {
            let (order, account) = self.recent[chance.below(self.recent.len())].clone();
            let when = after(from, 0.35 * chance.unit() + 0.001);
            let action = [Action::LookedUp, Action::ChangedContactDetails, Action::ResetCredentials]
                [chance.weighted(&[0.8, 0.12, 0.08])];
            let about = About { order: Some(order), account: Some(account), ..About::default() };
            self.act(when, n, action, about);
        }
    }

    /// A member of staff does something, in the session of the day if there is one.
    pub(crate) fn act(&mut self, at: Timestamp, n: usize, action: Action, about: About) {
        let own = self.crew.staff[n].session.as_ref();
        let own = own.filter(|(since, _)| *since <= at && at.since(*since).as_days() < SESSION_DAYS);
        let acted = StaffActed {
            staff: self.crew.staff[n].id.clone(),
            action,
            order: about.order,
            account: about.account,
            refund: about.refund,
            contact: about.contact,
            session: about.session.or_else(|| own.map(|(_, s)| s.clone())),
            attributes: None,
        };
        self.schedule.send(at, From::Desk, Body::StaffActed(acted));
    }

    /// A conversation: opened, a few messages, the order looked up. `insider` is who looked for it.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn talk(
        &mut self,
        at: Timestamp,
        order: &OrderFacts,
        channel: ContactChannel,
        queue: usize,
        text: String,
        insider: Option<usize>,
        chance: &mut Chance,
    ) -> Talk {
        let d = &self.scenario.desk;
        let staff = insider.unwrap_or_else(|| self.crew.of_queue(queue, at, chance));
        let searched = if insider.is_some() { 0.6 } else { d.searched_share };
        let assigned = [Assigned::Searched, Assigned::Transferred, Assigned::Routed]
            [chance.weighted(&[searched, d.transferred_share, 1.0 - searched - d.transferred_share])];
        let contact = self.names.contact();
        let opened = ContactOpened {
            contact: contact.clone(),
            account: self.account_id(order.account as usize),
            channel,
            order: chance.yes(0.88).then(|| order.id.clone()),
            staff: Some(self.crew.staff[staff].id.clone()),
            queue: Some(self.crew.queues[self.crew.staff[staff].queue.unwrap_or(queue)].clone()),
            assigned: Some(assigned),
            authenticated: Some(chance.yes(0.9)),
            attributes: None,
        };
        self.schedule.send(at, From::Desk, Body::ContactOpened(opened));
        let mut when = at;
        if channel == ContactChannel::Chat && chance.yes(0.6) {
            when = after(when, 0.1 * MINUTE);
            let greeting = crate::texts::greeting(chance);
            self.say(when, &contact, Author::Bot, None, greeting);
        }
        when = after(when, (0.5 + chance.exponential(1.2)) * MINUTE);
        // Over the phone the agent writes down what the caller says.
        let author = if channel == ContactChannel::Phone { Author::Agent } else { Author::Customer };
        let writer = (author == Author::Agent).then_some(staff);
        self.say(when, &contact, author, writer, text);
        when = after(when, (0.7 + chance.exponential(1.5)) * MINUTE);
        let about = About {
            order: Some(order.id.clone()),
            account: Some(self.account_id(order.account as usize)),
            contact: Some(contact.clone()),
            ..About::default()
        };
        self.act(when, staff, Action::LookedUp, about);
        when = after(when, (0.8 + chance.exponential(2.5)) * MINUTE);
        if chance.yes(0.75) {
            let reply = crate::texts::reply(chance);
            self.say(when, &contact, Author::Agent, Some(staff), reply);
        }
        Talk { contact, staff, until: after(when, (0.4 + chance.exponential(1.5)) * MINUTE) }
    }

    fn say(
        &mut self,
        at: Timestamp,
        contact: &ContactId,
        author: Author,
        staff: Option<usize>,
        text: String,
    ) {
        let staff = staff.map(|n| self.crew.staff[n].id.clone());
        let posted = MessagePosted { contact: contact.clone(), author, text, staff, attributes: None };
        self.schedule.send(at, From::Desk, Body::MessagePosted(posted));
    }

    pub(crate) fn hang_up(&mut self, at: Timestamp, talk: &Talk, outcome: &str) {
        let closed =
            ContactClosed { contact: talk.contact.clone(), outcome: Some(label(outcome)), attributes: None };
        self.schedule.send(at, From::Desk, Body::ContactClosed(closed));
    }
}
