//! What do people do with a case in the browser? Each form names one change; what is refused is told on the case's page.

use super::one::{CasePath, page};
use super::subject;
use crate::casework::Casework;
use crate::http::input::Named;
use crate::http::problem::Problem;
use crate::workbench::pages::queue::desk::decision_of;
use crate::workbench::ui::states;
use crate::workbench::{Posted, View};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use ringfence_casework::case::{Link, Subject};
use ringfence_casework::change::Finding;
use ringfence_casework::{Case, CaseState};
use ringfence_domain::Timestamp;
use ringfence_domain::words::{Verdict, VerdictMethod};
use serde::Deserialize;

/// The fields of all forms of the page; each uses a few.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Act {
    #[serde(rename = "act")]
    what: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    due: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    n: u64,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    decision: String,
}

fn invalid(title: &str, remedy: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid", title).remedy(remedy)
}

impl Act {
    /// What a person wrote, with line ends of one kind.
    fn text(&self) -> String {
        self.text.trim().replace("\r\n", "\n")
    }
    fn number(&self) -> Result<u32, Problem> {
        u32::try_from(self.n).map_err(|_| invalid("There is no such number", "load the page again"))
    }
    /// The end of the day that was chosen.
    fn due(&self) -> Result<Option<Timestamp>, Problem> {
        let day = self.due.trim();
        if day.is_empty() {
            return Ok(None);
        }
        let at = Timestamp::parse(&format!("{day}T23:59:59Z"));
        at.map(Some).map_err(|e| invalid(&format!("`{day}` is no day: {e}"), "write it as in 2023-03-01"))
    }
    /// Somebody who works here; nobody where the field is empty.
    fn who(&self, view: &View) -> Result<Option<String>, Problem> {
        if self.who.is_empty() {
            return Ok(None);
        }
        Ok(Some(view.shared.access.users.get(&self.who).map(|user| user.id)?))
    }
    fn finding(&self) -> Result<Finding, Problem> {
        let wrong =
            || invalid("Something is missing", "choose what it is about, the verdict and how it was found");
        let (kind, id) = self.id.split_once(' ').ok_or_else(wrong)?;
        let kind = ringfence_casework::case::About::parse(kind).ok_or_else(wrong)?;
        let verdict: Verdict = self.verdict.parse().map_err(|_| wrong())?;
        let method: VerdictMethod = self.method.parse().map_err(|_| wrong())?;
        let subject = Subject { kind, id: id.to_owned() };
        Ok(Finding { subject, verdict, method, decision: decision_of(&self.decision) })
    }
}

/// What whoever works cases may do.
pub(super) async fn work(
    view: View,
    Named(CasePath { id }): Named<CasePath>,
    Posted(act): Posted<Act>,
) -> Result<Response, Problem> {
    let done = changed(&view, id, &act).await;
    answered(&view, id, &act, done).await
}

async fn changed(view: &View, id: u64, act: &Act) -> Result<Case, Problem> {
    let (casework, by): (&Casework, _) = (&view.shared.casework, &view.by);
    let case = match act.what.as_str() {
        "link" => {
            let link = Link { subject: subject(view, &act.kind, &act.id).await?, why: act.text() };
            casework.link(id, link, by).await?
        }
        "unlink" => {
            let wrong = || invalid("This is nothing that a case links", "load the page again");
            let kind = ringfence_casework::case::About::parse(&act.kind).ok_or_else(wrong)?;
            casework.unlink(id, Subject { kind, id: act.id.clone() }, act.text(), by).await?
        }
        "note" => casework.note(id, act.text(), by).await?,
        "assign" => casework.assign(id, act.who(view)?, by).await?,
        "move" => {
            let to = CaseState::parse(&act.to).ok_or_else(|| {
                invalid("This is no state of a case", "choose one of those that the page shows")
            })?;
            casework.move_case(id, to, act.text(), by).await?
        }
        "task" => casework.add_task(id, act.text(), act.who(view)?, act.due()?, by).await?,
        "task-done" => casework.end_task(id, act.number()?, true, by).await?,
        "task-dropped" => casework.end_task(id, act.number()?, false, by).await?,
        "found" => casework.find(id, act.finding()?, by).await?,
        "hold" => casework.hold(id, act.text(), by).await?,
        "close" => casework.close(id, act.text(), by).await?,
        "reopen" => casework.reopen(id, act.text(), by).await?,
        _ => return Err(invalid("This page does not do that", "load the page again")),
    };
    Ok(case)
}

/// What needs somebody who supervises.
pub(super) async fn supervise(
    view: View,
    Named(CasePath { id }): Named<CasePath>,
    Posted(act): Posted<Act>,
) -> Result<Response, Problem> {
    let (casework, by) = (&view.shared.casework, &view.by);
    let done = match act.what.as_str() {
        "lift" => match act.number() {
            Ok(hold) => casework.lift(id, hold, act.text(), by).await.map_err(Problem::from),
            Err(problem) => Err(problem),
        },
        "merge" => casework.merge(id, act.n, act.text(), by).await.map_err(Problem::from),
        _ => Err(invalid("This page does not do that", "load the page again")),
    };
    answered(&view, id, &act, done).await
}

/// Back to the case, or to the one in which it goes on; or its page with why nothing was changed.
async fn answered(view: &View, id: u64, act: &Act, done: Result<Case, Problem>) -> Result<Response, Problem> {
    match done {
        Ok(case) => {
            let to = format!("/cases/{}?done={}#done", case.id, act.what);
            Ok(Redirect::to(&to).into_response())
        }
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
            let told = html! { (states::told(view.t(), &problem)) };
            let shown = page(view, id, None, &told, &act.text).await?;
            Ok((status, shown).into_response())
        }
    }
}
