//! What do people do with cases? Open, link, merge, note, file, have things done, hold, find, close; each is one change.

use crate::casework::queue::Page;
use crate::casework::{After, CaseFilter, Casework, CaseworkError, Denied, EntryRow, TaskRow};
use crate::core::Principal;
use ringfence_casework::case::{About, CaseState, File, Link, Subject};
use ringfence_casework::change::Finding;
use ringfence_casework::desk::Keys;
use ringfence_casework::{Case, Change, Desk};
use ringfence_domain::Timestamp;

/// A case as keys of a change.
fn keys(case: u64) -> Keys {
    Keys { cases: [case].into(), ..Keys::default() }
}

impl Casework {
    /// Makes a change.
    pub(super) async fn changed(
        &self,
        by: &Principal,
        keys: Keys,
        make: impl FnOnce(&Desk, Timestamp) -> Result<Change, Denied> + Send + 'static,
    ) -> Result<(), CaseworkError> {
        self.made(by, keys, make).await.map(|_| ())
    }
    async fn made(
        &self,
        by: &Principal,
        keys: Keys,
        make: impl FnOnce(&Desk, Timestamp) -> Result<Change, Denied> + Send + 'static,
    ) -> Result<Change, CaseworkError> {
        let by = by.clone();
        self.on(move |inner| async move {
            let mut writer = inner.writer.lock().await;
            inner.make(&mut writer, &by, keys, make).await
        })
        .await
    }
    async fn simple(&self, case: u64, change: Change, by: &Principal) -> Result<Case, CaseworkError> {
        self.changed(by, keys(case), move |_, _| Ok(change)).await?;
        self.case(case).await
    }
    /// A case. One that was merged says where it goes on.
    pub async fn case(&self, id: u64) -> Result<Case, CaseworkError> {
        self.on(move |inner| async move {
            Ok(inner.store.case(id).await?.ok_or_else(|| Denied::Unknown(format!("case {id}")))?)
        })
        .await
    }
    /// The case in which a case goes on: itself, where it was not merged.
    pub async fn live_case(&self, id: u64) -> Result<Case, CaseworkError> {
        let mut case = self.case(id).await?;
        // Only cases that were not merged are merged into: this ends.
        while let Some(next) = case.successor {
            case = self.case(next).await?;
        }
        Ok(case)
    }
    /// A page of cases, last changed first.
    pub async fn cases(
        &self,
        filter: CaseFilter,
        after: Option<After>,
        limit: usize,
    ) -> Result<Page<Case>, CaseworkError> {
        self.on(move |inner| async move {
            let (cases, next) = inner.store.cases(&filter, after, limit).await?;
            Ok(Page::new(cases, next))
        })
        .await
    }
    /// The cases that link something, newest first.
    pub async fn cases_of(&self, subject: Subject) -> Result<Vec<Case>, CaseworkError> {
        self.on(move |inner| async move { Ok(inner.store.cases_of(&subject).await?) }).await
    }
    /// The history of a case and of those that go on in it, newest first, before a position of the log.
    pub async fn history(
        &self,
        id: u64,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<EntryRow>, CaseworkError> {
        let case = self.case(id).await?;
        self.on(move |inner| async move { Ok(inner.store.entries(&case, before, limit).await?) }).await
    }
    /// Open tasks, those due first before: of somebody, or of all.
    pub async fn tasks(&self, assignee: Option<String>, limit: usize) -> Result<Vec<TaskRow>, CaseworkError> {
        self.on(move |inner| async move { Ok(inner.store.tasks(assignee.as_deref(), limit).await?) }).await
    }
    /// The numbers of the cases whose legal hold covers something: while there is one, nothing of it may be deleted.
    pub async fn held_by(&self, subject: Subject) -> Result<Vec<u64>, CaseworkError> {
        self.on(move |inner| async move { Ok(inner.store.held_by(&subject).await?) }).await
    }
    /// The ids of a kind that legal holds cover, in their order, after one of them.
    pub async fn held(&self, kind: About, after: String, limit: usize) -> Result<Vec<String>, CaseworkError> {
        self.on(move |inner| async move { Ok(inner.store.held(kind, &after, limit).await?) }).await
    }
    /// Opens a case; it has the next number.
    pub async fn open_case(
        &self,
        title: String,
        from: Subject,
        why: String,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        let open =
            move |desk: &Desk, _| Ok(Change::CaseOpened { case: desk.general.cases + 1, title, from, why });
        match self.made(by, Keys::default(), open).await? {
            Change::CaseOpened { case, .. } => self.case(case).await,
            _ => Err(CaseworkError::Stopped),
        }
    }
    /// Links something to a case.
    pub async fn link(&self, case: u64, link: Link, by: &Principal) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Linked { case, link }, by).await
    }
    /// Takes a link away.
    pub async fn unlink(
        &self,
        case: u64,
        subject: Subject,
        why: String,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Unlinked { case, subject, why }, by).await
    }
    /// Merges a case into another; the other one.
    pub async fn merge(
        &self,
        case: u64,
        into: u64,
        why: String,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Merged { case, into, why }, by).await?;
        self.case(into).await
    }
    /// Writes a note.
    pub async fn note(&self, case: u64, text: String, by: &Principal) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Noted { case, text }, by).await
    }
    /// Keeps a file; its content is durable under its hash before the log names it.
    pub async fn file(
        &self,
        case: u64,
        name: String,
        media_type: String,
        content: Vec<u8>,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        super::files::check(&media_type, &content)?;
        let file = self
            .on(move |inner| async move {
                let files = inner.files.clone();
                let keep = move || files.keep(&content).map(|sha256| (sha256, content.len() as u64));
                let (sha256, bytes) =
                    tokio::task::spawn_blocking(keep).await.map_err(|_| CaseworkError::Stopped)??;
                Ok(File { sha256, name, media_type, bytes })
            })
            .await?;
        self.simple(case, Change::Filed { case, file }, by).await
    }
    /// A file of a case with its content; proved to be what was filed.
    pub async fn file_content(&self, case: u64, sha256: &str) -> Result<(File, Vec<u8>), CaseworkError> {
        let case = self.live_case(case).await?;
        let file = case.files.iter().find(|f| f.file.sha256 == sha256).map(|f| f.file.clone());
        let file = file.ok_or_else(|| Denied::Unknown(format!("file {sha256} in case {}", case.id)))?;
        self.on(move |inner| async move {
            let (files, hash) = (inner.files.clone(), file.sha256.clone());
            let read = tokio::task::spawn_blocking(move || files.read(&hash)).await;
            Ok((file, read.map_err(|_| CaseworkError::Stopped)??))
        })
        .await
    }
    /// Adds a task.
    pub async fn add_task(
        &self,
        case: u64,
        title: String,
        assignee: Option<String>,
        due: Option<Timestamp>,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        let add = move |desk: &Desk, _| {
            let task = desk.cases.get(&case).map_or(0, |c| c.tasks.len()) as u32 + 1;
            Ok(Change::TaskAdded { case, task, title, assignee, due })
        };
        self.changed(by, keys(case), add).await?;
        self.case(case).await
    }
    /// Gives a task to somebody else, or another time.
    pub async fn move_task(
        &self,
        case: u64,
        task: u32,
        assignee: Option<String>,
        due: Option<Timestamp>,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        self.simple(case, Change::TaskMoved { case, task, assignee, due }, by).await
    }
    /// Ends a task, done or not.
    pub async fn end_task(
        &self,
        case: u64,
        task: u32,
        done: bool,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        self.simple(case, Change::TaskEnded { case, task, done }, by).await
    }
    /// Says who works a case.
    pub async fn assign(
        &self,
        case: u64,
        assignee: Option<String>,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Assigned { case, assignee }, by).await
    }
    /// Moves a case on.
    pub async fn move_case(
        &self,
        case: u64,
        to: CaseState,
        why: String,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Moved { case, to, why }, by).await
    }
    /// Records what was found out: a `verdict.recorded` of the log, and where a request is answered anew a `refund.decided`.
    pub async fn find(&self, case: u64, finding: Finding, by: &Principal) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Found { case, finding }, by).await
    }
    /// Ends a case.
    pub async fn close(&self, case: u64, summary: String, by: &Principal) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Closed { case, summary }, by).await
    }
    /// Goes on with a case.
    pub async fn reopen(&self, case: u64, why: String, by: &Principal) -> Result<Case, CaseworkError> {
        self.simple(case, Change::Reopened { case, why }, by).await
    }
    /// Sets a legal hold.
    pub async fn hold(&self, case: u64, why: String, by: &Principal) -> Result<Case, CaseworkError> {
        let set = move |desk: &Desk, _| {
            let hold = desk.cases.get(&case).map_or(0, |c| c.holds.len()) as u32 + 1;
            Ok(Change::HoldSet { case, hold, why })
        };
        self.changed(by, keys(case), set).await?;
        self.case(case).await
    }
    /// Lifts a legal hold.
    pub async fn lift(
        &self,
        case: u64,
        hold: u32,
        why: String,
        by: &Principal,
    ) -> Result<Case, CaseworkError> {
        self.simple(case, Change::HoldLifted { case, hold, why }, by).await
    }
}
