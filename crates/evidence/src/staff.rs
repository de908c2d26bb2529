//! What did members of staff do about the orders, in which session, and what was so before and after?

use crate::purpose::Field;
use crate::records::Says;
use crate::redact::Masks;
use crate::rows::Rows;
use crate::view::View;
use crate::words::plain;
use ringfence_domain::words::{Action, DecidedBy, Direction, Instrument};
use ringfence_domain::{Body, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// How the figures of members of staff come about, for somebody who is to explain them.
pub const METHOD: &str = "Peer statistics compare what a member of staff did with what is to be expected of colleagues in the same \
situation (site, queue, role, shift; groups below 20 widened), where the expectation is estimated without the person in question. \
How much honest people differ widens the comparison (gamma-Poisson). Each family of figures is held to a false-discovery rate of \
10 percent over all members of staff (Benjamini and Hochberg 1995): the q-value is the least such rate at which the figure would \
be reported. A person is a lead only where at least two independent kinds of evidence stand out and a floor of money is reached. \
The figures select whom to review; they do not show what happened in any single case.";

/// Something that a member of staff did.
#[derive(Clone, PartialEq, Debug)]
pub struct Act {
    /// Who.
    pub staff: String,
    /// When.
    pub at: Timestamp,
    /// The record.
    pub record: u64,
    /// The order or refund.
    pub about: String,
    /// What.
    pub action: String,
    /// The session.
    pub session: String,
    /// How the contact came to this person.
    pub routing: String,
    /// What was so before.
    pub before: String,
    /// What was so after.
    pub after: String,
}

/// What is known of a session.
#[derive(Clone, PartialEq, Debug)]
pub struct Session {
    /// Its name.
    pub session: String,
    /// Whose.
    pub staff: String,
    /// When it began.
    pub at: Timestamp,
    /// How it was entered, on what.
    pub how: String,
    /// The record.
    pub record: u64,
}

/// A figure beside what is expected.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Figure {
    /// Who.
    pub staff: String,
    /// Which figure.
    pub family: String,
    /// Hits.
    pub observed: u64,
    /// To be expected.
    pub expected: f64,
    /// Least false-discovery rate.
    pub q_value: f64,
}

/// All of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Staff {
    /// By time.
    pub acts: Vec<Act>,
    /// Sessions in which they acted.
    pub sessions: Vec<Session>,
    /// Figures of the leads.
    pub figures: Vec<Figure>,
    /// What the leads say, also for the person.
    pub why: Vec<(String, String)>,
}

/// What is so of an order while its records pass by.
#[derive(Clone, Debug, Default)]
struct State {
    decision: Option<String>,
    instrument: Option<String>,
    returned: bool,
    moved_back: bool,
}

impl State {
    fn words(&self, action: Action) -> String {
        match action {
            Action::MarkedReturned => {
                let scan = if self.moved_back {
                    "a carrier had moved the return"
                } else {
                    "no carrier had moved a return"
                };
                let record = if self.returned { "recorded as received" } else { "not recorded as received" };
                format!("{record}; {scan}")
            }
            Action::ChangedInstrument => self
                .instrument
                .clone()
                .map_or_else(|| "instrument not known".to_owned(), |i| format!("to {i}")),
            Action::OverrodePolicy | Action::IssuedConcession | Action::Reopened => {
                self.decision.clone().unwrap_or_else(|| "no decision yet".to_owned())
            }
            Action::LookedUp | Action::ChangedContactDetails | Action::ResetCredentials => String::new(),
        }
    }
}

/// What staff did about the orders of the matter.
pub fn staff(view: &View<'_>, masks: &mut Masks) -> Staff {
    let mut out = Staff::default();
    let routing = routing(view);
    for (order, records) in view.by_order() {
        let mut state = State::default();
        // Of an action whose effect comes with a later record, the place among the acts.
        let mut open: Vec<(usize, Action)> = Vec::new();
        for cited in records {
            let (at, record) = (cited.time(), cited.at);
            let mut act =
                |staff: &str, about: String, action: String, session: Option<&str>, route: Option<&str>| {
                    Act {
                        staff: masks.name(Field::Staff, staff),
                        at,
                        record,
                        about,
                        action,
                        session: session.map(|s| masks.name(Field::Session, s)).unwrap_or_default(),
                        routing: route.map(plain).unwrap_or_default(),
                        before: String::new(),
                        after: String::new(),
                    }
                };
            match &cited.says {
                Says::Event(event) => match &event.body {
                    Body::StaffActed(e) => {
                        let about = e.refund.as_ref().map_or_else(|| order.to_owned(), ToString::to_string);
                        let route = e.contact.as_ref().and_then(|c| routing.get(c.as_str()).copied());
                        let session = e.session.as_ref().map(|s| s.as_str());
                        let done = act(e.staff.as_str(), about, plain(e.action.as_str()), session, route);
                        let before = state.words(e.action);
                        if e.action == Action::MarkedReturned {
                            state.returned = true;
                        }
                        open.push((out.acts.len(), e.action));
                        out.acts.push(Act { before, ..done });
                    }
                    Body::ReturnReceived(e) => {
                        let before = state.words(Action::MarkedReturned);
                        state.returned = true;
                        let about = order.to_owned();
                        let done =
                            act(e.staff.as_str(), about, "recorded a return as received".into(), None, None);
                        out.acts.push(Act { before, after: state.words(Action::MarkedReturned), ..done });
                    }
                    Body::RefundDecided(e) => {
                        let before = state.words(Action::OverrodePolicy);
                        state.decision = Some(plain(e.decision.as_str()));
                        if let DecidedBy::Staff(id) = &e.by {
                            let over = if e.overridden == Some(true) {
                                "decided, overriding the policy"
                            } else {
                                "decided"
                            };
                            let done = act(id.as_str(), e.refund.to_string(), over.to_owned(), None, None);
                            out.acts.push(Act { before, after: state.words(Action::OverrodePolicy), ..done });
                        }
                    }
                    Body::RefundRequested(e) => {
                        state.instrument = e.instrument.as_ref().map(|i| instrument(i, masks))
                    }
                    Body::RefundPaid(e) => {
                        let paid = e.instrument.as_ref().map(|i| instrument(i, masks));
                        state.instrument = paid.or(state.instrument);
                        state.decision = Some(format!("{} paid", e.amount));
                    }
                    Body::ParcelScanned(e) if e.direction == Direction::Return => {
                        state.moved_back |=
                            !matches!(e.status, ringfence_domain::words::ScanStatus::LabelCreated);
                    }
                    _ => {}
                },
                Says::Decision(decision) => state.decision = Some(plain(decision.decision.as_str())),
                Says::Control(_) => {}
            }
            for (at, action) in &open {
                state.words(*action).clone_into(&mut out.acts[*at].after);
            }
        }
    }
    out.acts.sort_by_key(|act| (act.at, act.record));
    sessions(view, masks, &mut out);
    figures(view, masks, &mut out);
    out
}

fn instrument(of: &Instrument, masks: &mut Masks) -> String {
    match of {
        Instrument::Token(token) => masks.name(Field::Identifier, token.as_str()),
        word => plain(word.as_str()),
    }
}

/// How each contact came to its member of staff.
fn routing<'a>(view: &View<'a>) -> BTreeMap<&'a str, &'a str> {
    let events = view.cited.iter().filter_map(|c| c.event());
    events
        .filter_map(|event| match &event.body {
            Body::ContactOpened(e) => Some((e.contact.as_str(), e.assigned?.as_str())),
            _ => None,
        })
        .collect()
}

fn sessions(view: &View<'_>, masks: &mut Masks, out: &mut Staff) {
    for cited in view.cited {
        let Some(Body::SessionStarted(e)) = cited.event().map(|event| &event.body) else { continue };
        let Some(staff) = &e.staff else { continue };
        let mut how: Vec<String> = e.auth.iter().map(|a| a.as_str().to_owned()).collect();
        how.extend(
            e.device.as_ref().map(|d| format!("device {}", masks.name(Field::Identifier, d.as_str()))),
        );
        how.extend(e.new_device.filter(|new| *new).map(|_| "not seen with this person before".to_owned()));
        how.extend(e.country.as_ref().map(|c| format!("country {c}")));
        out.sessions.push(Session {
            session: masks.name(Field::Session, e.session.as_str()),
            staff: masks.name(Field::Staff, staff.as_str()),
            at: cited.time(),
            how: how.join(", "),
            record: cited.at,
        });
    }
}

fn figures(view: &View<'_>, masks: &mut Masks, out: &mut Staff) {
    let of = |id: &str| view.subjects.staff.contains(id) || view.subjects.acting.contains(id);
    for lead in view.leads.insiders.iter().filter(|lead| of(&lead.staff)) {
        let staff = masks.name(Field::Staff, &lead.staff);
        out.figures.extend(lead.families.iter().map(|f| Figure {
            staff: staff.clone(),
            family: plain(&f.family),
            observed: f.observed,
            expected: f.expected,
            q_value: f.q_value,
        }));
        if masks.shows(Field::Score) {
            out.why.extend(lead.why.iter().map(|why| (staff.clone(), why.clone())));
        }
    }
}

/// The exhibit of what they did.
pub fn csv(staff: &Staff) -> Vec<u8> {
    let mut rows = Rows::new();
    rows.push(&["staff", "time_utc", "record", "about", "action", "session", "routing", "before", "after"]);
    for act in &staff.acts {
        let Act { staff, at, record, about, action, session, routing, before, after } = act;
        rows.push(&[
            staff.as_str(),
            &at.to_string(),
            &record.to_string(),
            about,
            action,
            session,
            routing,
            before,
            after,
        ]);
    }
    rows.into_bytes()
}
