//! What does a fact do to the desk? The same, whether it has just been recorded or is read again years later.
//!
//! Folding cannot fail: what stands in the log was checked when it was recorded. What came between from elsewhere (a
//! decision of the shop's own) is taken as it stands, in the order of the log.

use crate::case::{
    About, Because, By, Case, CaseState, Filed, Found, Hold, Link, Linked, Subject, Task, TaskState,
};
use crate::change::{Change, Judgement};
use crate::desk::{Desk, Fact, Latest, Stamp};
use crate::draw::{Draw, drawn};
use crate::item::{Asked, Item, Kind, State};
use crate::limits::DECIDERS_MAX;
use crate::worth::worth;
use ringfence_domain::{DecisionKind, Duration, Timestamp};

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

impl Desk {
    /// Takes a fact in. All that [`Desk::keys`] names is loaded, with the items of its refunds and the refunds of its items.
    pub fn fold(&mut self, fact: &Fact, stamp: &Stamp) {
        match fact {
            Fact::Answered(asked) => self.answered(asked, stamp.at),
            Fact::AppealOpened { refund, account, asked } => {
                self.appeal_opened(refund, account, asked.as_ref(), stamp);
            }
            Fact::AppealResolved { refund } => self.settle(refund, "", stamp.at, |kind| kind == Kind::Appeal),
            Fact::Decided { refund, by } => {
                self.settle(refund, by, stamp.at, |kind| kind != Kind::Appeal);
                self.decided_by(refund, by);
            }
            Fact::Changed(change) => self.changed(change, stamp),
        }
    }
    fn answered(&mut self, asked: &Asked, at: Timestamp) {
        let settings = &self.general.settings;
        let kind = Kind::of(asked.decision).filter(|kind| settings.queue.contains(kind));
        if let Some(kind) = kind {
            let worth = worth(settings, kind, asked);
            let within_ms = asked.respond_by.since(asked.decided_at).0;
            if kind == Kind::Review {
                self.general.latest = Some(Latest { worth, within_ms });
            }
            let due = asked.respond_by;
            self.open(kind, asked, at, due, worth, |_| {});
        } else if let Some(Latest { worth, within_ms }) = self.general.latest
            && drawn(&settings.salt, Draw::Control, &asked.refund, settings.control_share)
        {
            let due = asked.decided_at.plus(Duration(within_ms));
            self.open(Kind::Review, asked, at, due, worth, |item| item.control = true);
        }
    }
    fn open(
        &mut self,
        kind: Kind,
        asked: &Asked,
        opened: Timestamp,
        due: Timestamp,
        worth: i64,
        more: impl FnOnce(&mut Item),
    ) -> u64 {
        self.general.items += 1;
        let settings = &self.general.settings;
        let mut item = Item {
            id: self.general.items,
            kind,
            skill: settings.skill(kind, asked).to_owned(),
            asked: asked.clone(),
            opened,
            due,
            target: opened.plus(Duration(i64::from(settings.sla_hours(kind)) * HOUR_MS)),
            minutes: settings.minutes(kind),
            worth,
            control: false,
            second_of: None,
            sealed: false,
            not_by: Vec::new(),
            case: None,
            revision: 0,
            state: State::Waiting,
        };
        more(&mut item);
        let id = item.id;
        self.refunds.entry(item.asked.refund.clone()).or_default().items.push(id);
        self.items.insert(id, item);
        id
    }
    fn appeal_opened(&mut self, refund: &str, account: &str, asked: Option<&Asked>, stamp: &Stamp) {
        let known = self.refunds.get(refund).cloned().unwrap_or_default();
        let open = |id: &u64| self.items.get(id).is_some_and(|i| i.kind == Kind::Appeal && i.open());
        if known.items.iter().any(open) {
            return;
        }
        let unknown = || Asked {
            refund: refund.to_owned(),
            account: account.to_owned(),
            order: String::new(),
            amount: None,
            amount_reporting: 0,
            reason: None,
            decision: DecisionKind::Deny,
            score: 0.0,
            reason_codes: Vec::new(),
            cluster: None,
            decided_at: stamp.at,
            respond_by: stamp.at,
            position: stamp.position,
        };
        let asked = asked.cloned().unwrap_or_else(unknown);
        let settings = &self.general.settings;
        let worth = worth(settings, Kind::Appeal, &asked);
        let due = stamp.at.plus(Duration(i64::from(settings.sla_hours(Kind::Appeal)) * HOUR_MS));
        self.open(Kind::Appeal, &asked, stamp.at, due, worth, |item| item.not_by = known.deciders);
    }
    /// Open items of a refund whose kind is meant are settled; a second look goes on, for it changes nothing.
    fn settle(&mut self, refund: &str, by: &str, at: Timestamp, meant: impl Fn(Kind) -> bool) {
        let ids = self.refunds.get(refund).map(|r| r.items.clone()).unwrap_or_default();
        for id in ids {
            if let Some(item) = self.items.get_mut(&id)
                && item.open()
                && item.second_of.is_none()
                && meant(item.kind)
            {
                item.state = State::Settled { by: by.to_owned(), at };
                item.revision += 1;
            }
        }
    }
    fn decided_by(&mut self, refund: &str, by: &str) {
        let deciders = &mut self.refunds.entry(refund.to_owned()).or_default().deciders;
        if !deciders.iter().any(|d| d == by) && deciders.len() < DECIDERS_MAX {
            deciders.push(by.to_owned());
        }
    }
    fn judged(&mut self, id: u64, judgement: &Judgement, stamp: &Stamp) {
        let Some(item) = self.items.get_mut(&id) else { return };
        item.state = State::Done { by: stamp.by.clone(), at: stamp.at, judgement: judgement.clone() };
        item.revision += 1;
        let item = item.clone();
        self.decided_by(&item.asked.refund, &stamp.by);
        if let Some(first) = item.second_of {
            self.change_item(first, |first| first.sealed = false);
        }
        let settings = &self.general.settings;
        let first = item.kind != Kind::Appeal && item.second_of.is_none();
        if first && drawn(&settings.salt, Draw::Second, &item.asked.refund, settings.second_share) {
            let due = stamp.at.plus(item.due.since(item.opened));
            self.open(item.kind, &item.asked, stamp.at, due, item.worth, |second| {
                second.control = item.control;
                second.second_of = Some(id);
                second.not_by = vec![stamp.by.clone()];
            });
            self.change_item(id, |first| first.sealed = true);
        }
    }
    fn change_item(&mut self, id: u64, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items.get_mut(&id) {
            change(item);
            item.revision += 1;
        }
    }
    fn changed(&mut self, change: &Change, stamp: &Stamp) {
        let (by, at) = (&stamp.by, stamp.at);
        let because = |why: &String| Because { by: by.clone(), at, why: why.clone() };
        let mut on = |case: &u64, change: &dyn Fn(&mut Case)| {
            if let Some(case) = self.cases.get_mut(case) {
                change(case);
                case.updated = at;
            }
        };
        match change {
            Change::Settings { settings } => self.general.settings = settings.clone(),
            Change::Skills { user, skills } => {
                self.people.entry(user.clone()).or_default().skills.clone_from(skills);
            }
            Change::Claimed { item, until, senior: _ } => {
                let state = State::Claimed { by: by.clone(), since: at, until: *until };
                self.change_item(*item, |item| item.state = state);
            }
            Change::Released { item } => self.change_item(*item, |item| item.state = State::Waiting),
            Change::Judged { item, judgement } => self.judged(*item, judgement, stamp),
            Change::JudgedAll { items, judgement, preview: _, senior: _ } => {
                for item in items {
                    self.judged(*item, judgement, stamp);
                }
            }
            Change::Attached { item, case } => self.attached(*item, *case, stamp),
            Change::CaseOpened { case, title, from, why } => self.case_opened(*case, title, from, why, stamp),
            Change::Linked { case, link } => {
                let linked = Linked { link: link.clone(), by: by.clone(), at };
                on(case, &|case| case.links.push(linked.clone()));
            }
            Change::Unlinked { case, subject, why: _ } => {
                on(case, &|case| case.links.retain(|l| l.link.subject != *subject));
            }
            Change::Merged { case, into, why: _ } => self.merged(*case, *into, stamp),
            Change::Noted { case, text: _ } => on(case, &|case| case.notes += 1),
            Change::Filed { case, file } => {
                let filed = Filed { file: file.clone(), by: by.clone(), at };
                on(case, &|case| case.files.push(filed.clone()));
            }
            Change::TaskAdded { case, task, title, assignee, due } => on(case, &|case| {
                case.tasks.push(Task {
                    id: *task,
                    title: title.clone(),
                    assignee: assignee.clone(),
                    due: *due,
                    state: TaskState::Open,
                    by: by.clone(),
                    at,
                    ended: None,
                });
            }),
            Change::TaskMoved { case, task, assignee, due } => on(case, &|case| {
                if let Some(task) = case.tasks.iter_mut().find(|t| t.id == *task) {
                    task.assignee.clone_from(assignee);
                    task.due = *due;
                }
            }),
            Change::TaskEnded { case, task, done } => on(case, &|case| {
                if let Some(task) = case.tasks.iter_mut().find(|t| t.id == *task) {
                    task.state = if *done { TaskState::Done } else { TaskState::Dropped };
                    task.ended = Some(By { by: by.clone(), at });
                }
            }),
            Change::Assigned { case, assignee } => on(case, &|case| case.assignee.clone_from(assignee)),
            Change::Moved { case, to, why: _ } => on(case, &|case| case.state = *to),
            Change::Found { case, finding } => {
                let found = Found { finding: finding.clone(), by: by.clone(), at };
                on(case, &|case| case.found.push(found.clone()));
                if finding.decision.is_some() {
                    self.decided_by(&finding.subject.id, by);
                    self.settle(&finding.subject.id, by, at, |kind| kind != Kind::Appeal);
                }
            }
            Change::Closed { case, summary } => on(case, &|case| {
                case.state = CaseState::Closed;
                case.closed = Some(because(summary));
            }),
            Change::Reopened { case, why: _ } => on(case, &|case| {
                case.state = CaseState::Open;
                case.closed = None;
            }),
            Change::HoldSet { case, hold, why } => on(case, &|case| {
                case.holds.push(Hold { id: *hold, from: None, set: because(why), lifted: None });
            }),
            Change::HoldLifted { case, hold, why } => on(case, &|case| {
                if let Some(hold) = case.holds.iter_mut().find(|h| h.id == *hold) {
                    hold.lifted = Some(because(why));
                }
            }),
        }
    }
    fn case_opened(&mut self, id: u64, title: &str, from: &Subject, why: &str, stamp: &Stamp) {
        self.general.cases = self.general.cases.max(id);
        let link = Link { subject: from.clone(), why: why.to_owned() };
        let case = Case {
            id,
            title: title.to_owned(),
            from: from.clone(),
            opened: Because { by: stamp.by.clone(), at: stamp.at, why: why.to_owned() },
            state: CaseState::Open,
            assignee: None,
            successor: None,
            absorbed: Vec::new(),
            links: vec![Linked { link, by: stamp.by.clone(), at: stamp.at }],
            items: Vec::new(),
            files: Vec::new(),
            tasks: Vec::new(),
            holds: Vec::new(),
            found: Vec::new(),
            closed: None,
            notes: 0,
            updated: stamp.at,
        };
        self.cases.insert(id, case);
    }
    fn attached(&mut self, item: u64, case: u64, stamp: &Stamp) {
        let (Some(item), Some(case)) = (self.items.get_mut(&item), self.cases.get_mut(&case)) else { return };
        item.case = Some(case.id);
        item.revision += 1;
        case.items.push(item.id);
        case.updated = stamp.at;
        let subject = Subject { kind: About::Request, id: item.asked.refund.clone() };
        if !case.links(&subject) {
            let link = Link { subject, why: format!("item {} of the queue", item.id) };
            case.links.push(Linked { link, by: stamp.by.clone(), at: stamp.at });
        }
    }
    /// Everything goes on in the other case; what was ended stays where it was.
    fn merged(&mut self, id: u64, into: u64, stamp: &Stamp) {
        let Some(from) = self.cases.get_mut(&id) else { return };
        from.state = CaseState::Merged;
        from.successor = Some(into);
        from.updated = stamp.at;
        let (links, items) = (std::mem::take(&mut from.links), std::mem::take(&mut from.items));
        let (files, holds) = (std::mem::take(&mut from.files), std::mem::take(&mut from.holds));
        let (found, absorbed) = (std::mem::take(&mut from.found), std::mem::take(&mut from.absorbed));
        let open: Vec<Task> = from.open_tasks().cloned().collect();
        for task in from.tasks.iter_mut().filter(|t| t.state == TaskState::Open) {
            task.state = TaskState::Moved;
            task.ended = Some(By { by: stamp.by.clone(), at: stamp.at });
        }
        let Some(into) = self.cases.get_mut(&into) else { return };
        into.updated = stamp.at;
        into.absorbed.push(id);
        into.absorbed.extend(absorbed);
        // A link to the case that ends, or of it to this one, would lead nowhere.
        let ends = [id, into.id].map(|id| Subject { kind: About::Case, id: id.to_string() });
        for linked in links {
            if !into.links(&linked.link.subject) {
                into.links.push(linked);
            }
        }
        into.links.retain(|l| !ends.contains(&l.link.subject));
        into.items.extend(items);
        for filed in files {
            if !into.files.iter().any(|f| f.file.sha256 == filed.file.sha256) {
                into.files.push(filed);
            }
        }
        for mut hold in holds {
            hold.from = hold.from.or(Some(id));
            hold.id = into.holds.len() as u32 + 1;
            into.holds.push(hold);
        }
        for mut task in open {
            task.id = into.tasks.len() as u32 + 1;
            into.tasks.push(task);
        }
        into.found.extend(found);
    }
}
