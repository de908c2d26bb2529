//! May this be done as things stand? Every change is checked before it is recorded.

use crate::Denied;
use crate::bulk;
use crate::case::{About, Case, CaseState, File, Link, Subject, TaskState};
use crate::change::{Change, Finding, Judgement};
use crate::desk::{Desk, Person};
use crate::item::{Item, Kind};
use crate::limits::*;
use crate::settings::check_skill;
use ringfence_domain::words::{AppealOutcome, Verdict};
use ringfence_domain::{DecisionKind, Timestamp, id};

type Checked = Result<(), Denied>;

impl Desk {
    /// Whether a change may be recorded now. All that [`Desk::keys_of`] names is loaded.
    ///
    /// # Errors
    /// With what stands against it.
    pub fn check(&self, change: &Change, by: &str, now: Timestamp) -> Checked {
        if by.is_empty() && !matches!(change, Change::Settings { .. }) {
            return Err(Denied::OtherPerson(
                "casework is done by people: sign in, or use a key of your own".into(),
            ));
        }
        match change {
            Change::Settings { settings } => settings.check(),
            Change::Skills { user, skills } => {
                id::check(user).map_err(|e| Denied::Invalid(format!("user: {e}")))?;
                room("skills of a person", skills.len(), SKILLS_MAX + 1)?;
                skills.iter().try_for_each(|skill| check_skill(skill))
            }
            Change::Claimed { item, until, senior } => {
                let item = self.item(*item)?;
                may_have(item, by, now, *senior, &self.person(by))?;
                if *until <= now {
                    Err(Denied::Invalid("a claim ends after it begins".into()))
                } else {
                    Ok(())
                }
            }
            Change::Released { item } => held_by(self.item(*item)?, by, now),
            Change::Judged { item, judgement } => {
                let item = self.item(*item)?;
                held_by(item, by, now)?;
                check_judgement(item, judgement)
            }
            Change::JudgedAll { items, judgement, preview, senior } => {
                if items.is_empty() || items.len() > BULK_MAX {
                    return Err(Denied::Invalid(format!("name 1 to {BULK_MAX} items")));
                }
                let seen = bulk::preview(self, items, judgement, by, now, *senior);
                if let Some(refused) = seen.refused.first() {
                    return Err(Denied::Conflict(format!("item {}: {}", refused.item, refused.why)));
                }
                if seen.hash != *preview {
                    let what = "something changed since the preview, or other items or another judgement are sent than were \
                                shown; look at a new preview";
                    return Err(Denied::Conflict(what.into()));
                }
                Ok(())
            }
            Change::Attached { item, case } => {
                let item = self.item(*item)?;
                let case = self.live(*case)?;
                if item.case.is_some_and(|at| self.resolve(at) == case.id) {
                    return Err(Denied::Conflict("the case has this item already".into()));
                }
                room("links of a case", case.links.len(), LINKS_MAX)
            }
            Change::CaseOpened { case, title, from, why } => {
                if *case != self.general.cases + 1 {
                    return Err(Denied::Conflict(format!("the next case is {}", self.general.cases + 1)));
                }
                text("title", title, TITLE_BYTES_MAX)?;
                text("why", why, WHY_BYTES_MAX)?;
                subject(from)
            }
            Change::Linked { case, link: Link { subject: what, why } } => {
                let case = self.live(*case)?;
                subject(what)?;
                text("why", why, WHY_BYTES_MAX)?;
                if case.links(what) {
                    return Err(Denied::Conflict("the case links this already".into()));
                }
                if what.kind == About::Case && what.id == case.id.to_string() {
                    return Err(Denied::Invalid("a case does not link itself".into()));
                }
                room("links of a case", case.links.len(), LINKS_MAX)
            }
            Change::Unlinked { case, subject: what, why } => {
                let case = self.live(*case)?;
                text("why", why, WHY_BYTES_MAX)?;
                if !case.links(what) {
                    return Err(Denied::Unknown(format!(
                        "{} {} in case {}",
                        what.kind.as_str(),
                        what.id,
                        case.id
                    )));
                }
                if case.held() {
                    let what =
                        "a legal hold stands on this case: what it links stays linked until it is lifted";
                    return Err(Denied::Conflict(what.into()));
                }
                Ok(())
            }
            Change::Merged { case, into, why } => {
                text("why", why, WHY_BYTES_MAX)?;
                if case == into {
                    return Err(Denied::Invalid("a case is not merged into itself".into()));
                }
                let (from, into) = (self.unmerged(*case)?, self.live(*into)?);
                room("links of a case", into.links.len() + from.links.len(), LINKS_MAX + 1)?;
                room("tasks of a case", into.tasks.len() + from.tasks.len(), TASKS_MAX + 1)?;
                room("files of a case", into.files.len() + from.files.len(), FILES_MAX + 1)?;
                room("holds of a case", into.holds.len() + from.holds.len(), HOLDS_MAX + 1)?;
                room("findings of a case", into.found.len() + from.found.len(), OUTCOMES_MAX + 1)?;
                room("cases merged into one", into.absorbed.len() + from.absorbed.len(), ABSORBED_MAX)
            }
            Change::Noted { case, text: note } => {
                let case = self.unmerged(*case)?;
                text("text", note, NOTE_BYTES_MAX)?;
                room("notes of a case", case.notes as usize, NOTES_MAX as usize)
            }
            Change::Filed { case, file } => {
                let case = self.unmerged(*case)?;
                check_file(file)?;
                if case.files.iter().any(|f| f.file.sha256 == file.sha256) {
                    return Err(Denied::Conflict("the case has this file already".into()));
                }
                room("files of a case", case.files.len(), FILES_MAX)
            }
            Change::TaskAdded { case, task, title, assignee, due: _ } => {
                let case = self.live(*case)?;
                text("title", title, TITLE_BYTES_MAX)?;
                user(assignee.as_deref())?;
                if *task as usize != case.tasks.len() + 1 {
                    return Err(Denied::Conflict(format!("the next task is {}", case.tasks.len() + 1)));
                }
                room("tasks of a case", case.tasks.len(), TASKS_MAX)
            }
            Change::TaskMoved { case, task, assignee, due: _ } => {
                user(assignee.as_deref())?;
                open_task(self.live(*case)?, *task)
            }
            Change::TaskEnded { case, task, done: _ } => open_task(self.live(*case)?, *task),
            Change::Assigned { case, assignee } => {
                user(assignee.as_deref())?;
                self.live(*case).map(|_| ())
            }
            Change::Moved { case, to, why } => {
                text("why", why, WHY_BYTES_MAX)?;
                let case = self.live(*case)?;
                if !to.live() {
                    let what = "a case moves to open, investigating or waiting; it is closed with its summary, and merged into \
                                another";
                    return Err(Denied::Invalid(what.into()));
                }
                if case.state == *to {
                    return Err(Denied::Conflict(format!("the case is {} already", to.as_str())));
                }
                Ok(())
            }
            Change::Found { case, finding } => {
                let case = self.live(*case)?;
                check_finding(case, finding)?;
                room("findings of a case", case.found.len(), OUTCOMES_MAX)
            }
            Change::Closed { case, summary } => {
                let case = self.live(*case)?;
                text("summary", summary, NOTE_BYTES_MAX)?;
                match case.open_tasks().count() {
                    0 => Ok(()),
                    1 => Err(Denied::Conflict("a task is open; end it first".into())),
                    n => Err(Denied::Conflict(format!("{n} tasks are open; end them first"))),
                }
            }
            Change::Reopened { case, why } => {
                text("why", why, WHY_BYTES_MAX)?;
                let case = self.unmerged(*case)?;
                if case.state == CaseState::Closed {
                    Ok(())
                } else {
                    Err(Denied::Conflict(format!("the case is {}, not closed", case.state.as_str())))
                }
            }
            Change::HoldSet { case, hold, why } => {
                let case = self.unmerged(*case)?;
                text("why", why, WHY_BYTES_MAX)?;
                if *hold as usize != case.holds.len() + 1 {
                    return Err(Denied::Conflict(format!("the next hold is {}", case.holds.len() + 1)));
                }
                room("holds of a case", case.holds.len(), HOLDS_MAX)
            }
            Change::HoldLifted { case, hold, why } => {
                let case = self.unmerged(*case)?;
                text("why", why, WHY_BYTES_MAX)?;
                match case.holds.iter().find(|h| h.id == *hold) {
                    Some(found) if found.lifted.is_none() => Ok(()),
                    Some(_) => Err(Denied::Conflict("this hold was lifted already".into())),
                    None => Err(Denied::Unknown(format!("hold {hold} of case {}", case.id))),
                }
            }
        }
    }
    fn item(&self, id: u64) -> Result<&Item, Denied> {
        self.items.get(&id).ok_or_else(|| Denied::Unknown(format!("item {id}")))
    }
    fn case(&self, id: u64) -> Result<&Case, Denied> {
        self.cases.get(&id).ok_or_else(|| Denied::Unknown(format!("case {id}")))
    }
    fn unmerged(&self, id: u64) -> Result<&Case, Denied> {
        let case = self.case(id)?;
        match case.successor {
            Some(next) => Err(Denied::Conflict(format!("case {id} was merged: it goes on in case {next}"))),
            None => Ok(case),
        }
    }
    fn live(&self, id: u64) -> Result<&Case, Denied> {
        let case = self.unmerged(id)?;
        if case.state.live() {
            Ok(case)
        } else {
            Err(Denied::Conflict(format!("case {id} is closed; reopen it first")))
        }
    }
}

/// Whether somebody may take an item now.
pub(crate) fn may_have(item: &Item, by: &str, now: Timestamp, senior: bool, person: &Person) -> Checked {
    if !item.open() {
        return Err(Denied::Conflict("it is done already".into()));
    }
    if !item.free(now) && item.holder(now) != Some(by) {
        return Err(Denied::Conflict(
            "somebody else has it; take another, or come again when their claim has ended".into(),
        ));
    }
    // One answer for both, so that a second review is not told apart from an appeal by who is refused.
    if item.not_by.iter().any(|other| other == by) || (item.second_of.is_some() && !senior) {
        return Err(Denied::OtherPerson("another person must do this one".into()));
    }
    if !person.can(&item.skill) {
        return Err(Denied::OtherPerson(format!("this one needs the skill `{}`", item.skill)));
    }
    Ok(())
}

fn held_by(item: &Item, by: &str, now: Timestamp) -> Checked {
    if !item.open() {
        return Err(Denied::Conflict("it is done already".into()));
    }
    if item.holder(now) == Some(by) {
        return Ok(());
    }
    Err(Denied::Conflict("you do not have it, or your claim has ended; claim it first".into()))
}

/// Whether a judgement says what is needed of an item of this kind.
pub(crate) fn check_judgement(item: &Item, judgement: &Judgement) -> Checked {
    let Judgement { decision, verdict, method: _, outcome, reason_codes, note } = judgement;
    let wrong = |what: &str| Err(Denied::Invalid(what.to_owned()));
    match (item.kind, outcome, decision) {
        (Kind::Review | Kind::StepUp | Kind::CarrierTrace, Some(_), _) => {
            return wrong("`outcome` is for appeals");
        }
        (Kind::Review | Kind::StepUp | Kind::CarrierTrace, None, None) => {
            return wrong("`decision` is missing: what is the customer answered?");
        }
        (_, _, Some(DecisionKind::Review)) => return wrong("a person decides; `review` would ask one again"),
        (Kind::Review | Kind::StepUp | Kind::CarrierTrace, None, Some(_)) => {}
        (Kind::Appeal, None, _) => {
            return wrong("`outcome` is missing: is the decision upheld or overturned?");
        }
        (Kind::Appeal, Some(AppealOutcome::Upheld), Some(_)) => {
            return wrong("a decision that is upheld stays as it is; leave `decision` out");
        }
        (Kind::Appeal, Some(AppealOutcome::Overturned), None) => {
            return wrong("`decision` is missing: what is the customer answered instead?");
        }
        (Kind::Appeal, Some(AppealOutcome::Upheld), None) => {}
        (Kind::Appeal, Some(AppealOutcome::Overturned), Some(decision)) => {
            if *decision == item.asked.decision || *decision == DecisionKind::Deny {
                return wrong("an overturned decision is another one, in favour of the customer");
            }
        }
    }
    if let Some(verdict) = verdict {
        check_verdict(About::Request, *verdict)?;
    }
    if reason_codes.len() > REASON_CODES_MAX {
        return Err(Denied::Invalid(format!("at most {REASON_CODES_MAX} reason codes")));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if let Some(code) = reason_codes
        .iter()
        .find(|code| code.is_empty() || code.len() > REASON_CODE_BYTES_MAX || !code.chars().all(plain))
    {
        return Err(Denied::Invalid(format!(
            "`{}` is no reason code",
            code.chars().take(80).collect::<String>()
        )));
    }
    if note.is_empty() { Ok(()) } else { text("note", note, WHY_BYTES_MAX) }
}

fn check_verdict(about: About, verdict: Verdict) -> Checked {
    let fits = match about {
        About::Request | About::Ring => {
            matches!(verdict, Verdict::Abuse | Verdict::PolicyAbuse | Verdict::Legitimate)
        }
        About::Account => !matches!(verdict, Verdict::Insider),
        About::Staff => matches!(verdict, Verdict::Insider | Verdict::Compromised | Verdict::Legitimate),
        About::Order | About::Post | About::Case | About::Matter => {
            let what = "verdicts are on requests, accounts, staff and rings".to_owned();
            return Err(Denied::Invalid(what));
        }
    };
    if fits {
        Ok(())
    } else {
        Err(Denied::Invalid(format!("`{verdict}` is no verdict on a {}", about.as_str())))
    }
}

fn check_finding(case: &Case, finding: &Finding) -> Checked {
    let Finding { subject: what, verdict, method: _, decision } = finding;
    subject(what)?;
    check_verdict(what.kind, *verdict)?;
    if !case.links(what) {
        let what =
            format!("case {} does not link {} {}; link it first", case.id, what.kind.as_str(), what.id);
        return Err(Denied::Conflict(what));
    }
    match decision {
        Some(_) if what.kind != About::Request => Err(Denied::Invalid("only requests are decided".into())),
        Some(DecisionKind::Review) => {
            Err(Denied::Invalid("a person decides; `review` would ask one again".into()))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_file(file: &File) -> Checked {
    let File { sha256, name, media_type, bytes } = file;
    let hex = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !hex {
        return Err(Denied::Invalid("`sha256` is 64 hexadecimal digits".into()));
    }
    text("name", name, FILE_NAME_BYTES_MAX)?;
    if name.contains(['/', '\\', '\n', '"']) {
        return Err(Denied::Invalid("a file's name has no slashes, quotes or line feeds".into()));
    }
    if !MEDIA_TYPES.contains(&media_type.as_str()) {
        let what = format!("files of type `{media_type}` are not taken; one of: {}", MEDIA_TYPES.join(", "));
        return Err(Denied::Invalid(what));
    }
    if *bytes == 0 || *bytes > FILE_BYTES_MAX as u64 {
        return Err(Denied::Invalid(format!("a file has 1 to {FILE_BYTES_MAX} bytes")));
    }
    Ok(())
}

fn open_task(case: &Case, task: u32) -> Checked {
    match case.tasks.iter().find(|t| t.id == task) {
        Some(found) if found.state == TaskState::Open => Ok(()),
        Some(_) => Err(Denied::Conflict("this task was ended already".into())),
        None => Err(Denied::Unknown(format!("task {task} of case {}", case.id))),
    }
}

fn subject(subject: &Subject) -> Checked {
    id::check(&subject.id)
        .map_err(|e| Denied::Invalid(format!("id of the {}: {e}", subject.kind.as_str())))?;
    if subject.kind == About::Case && subject.id.parse::<u64>().is_err() {
        return Err(Denied::Invalid(format!("`{}` is no number of a case", subject.id)));
    }
    Ok(())
}

fn user(user: Option<&str>) -> Checked {
    user.map_or(Ok(()), |id| id::check(id).map_err(|e| Denied::Invalid(format!("assignee: {e}"))))
}

fn text(name: &str, value: &str, bytes_max: usize) -> Checked {
    if value.trim().is_empty() || value.len() > bytes_max {
        return Err(Denied::Invalid(format!("write 1 to {bytes_max} bytes into `{name}`")));
    }
    if value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Denied::Invalid(format!("`{name}` has control characters; leave them out")));
    }
    Ok(())
}

fn room(what: &str, there: usize, most: usize) -> Checked {
    if there < most {
        Ok(())
    } else {
        Err(Denied::TooMany(format!("there are too many {what}: at most {most}")))
    }
}
