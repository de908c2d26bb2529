//! How does evidence leave and come to a case in the browser? A pack to download; files through a small script.

use super::one::{CasePath, page};
use crate::access::Permission;
use crate::casework::Case;
use crate::http::endpoints::case_packs;
use crate::http::input::Named;
use crate::http::problem::Problem;
use crate::workbench::lang::fill;
use crate::workbench::pages::parts::colleague;
use crate::workbench::ui::{self, Column, Table, states};
use crate::workbench::{Posted, View};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use ringfence_casework::limits::{FILE_BYTES_MAX, MEDIA_TYPES};
use ringfence_evidence::Purpose;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    purpose: String,
}

/// The pack as a download; the page of the case where there is none.
pub(super) async fn pack(
    view: View,
    Named(CasePath { id }): Named<CasePath>,
    Posted(Wanted { purpose }): Posted<Wanted>,
) -> Result<Response, Problem> {
    match case_packs::made(&view.shared, id, &purpose, &view.by, &view.name()).await {
        Ok(pack) => Ok(pack),
        Err(problem) => {
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
            let shown = page(&view, id, None, &states::told(view.t(), &problem), "").await?;
            Ok((status, shown).into_response())
        }
    }
}

/// The form of the pack.
pub(super) fn pack_form(view: &View, case: &Case) -> Markup {
    let t = &view.t().cases;
    let word = |purpose| match purpose {
        Purpose::Court => t.for_court,
        Purpose::Counsel => t.for_counsel,
        Purpose::LawEnforcement => t.for_police,
        Purpose::Insurer => t.for_insurer,
        Purpose::Internal => t.for_us,
    };
    html! {
        section aria-labelledby="pack" {
            h2 #pack { (t.pack) }
            p.quiet { (t.pack_about) " " (t.pack_long) }
            @if view.shared.pack_key.is_none() { p.quiet { (t.pack_unsigned) } }
            form.filters method="post" action=(format!("/cases/{}/pack", case.id)) {
                (view.csrf())
                div {
                    label for="purpose" { (t.pack_for) }
                    select #purpose name="purpose" {
                        @for purpose in Purpose::ALL { option value=(purpose.as_str()) selected[purpose == Purpose::Counsel] { (word(purpose)) } }
                    }
                }
                button { (t.pack_do) }
            }
        }
    }
}

/// The files of a case, and the way in for more.
pub(super) fn files(view: &View, case: &Case) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let rows = case.files.iter().map(|filed| {
        let file = &filed.file;
        vec![
            html! { a href=(format!("/v1/cases/{}/files/{}", case.id, file.sha256)) download { (file.name) } },
            html! { (size(lang, file.bytes)) },
            html! { (ui::id(&file.sha256)) },
            html! { (colleague(view, &filed.by)) " " (ui::time(filed.at)) },
        ]
    });
    let table = Table {
        t,
        caption: t.cases.files.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.cases.file),
            Column::number(t.cases.file_size),
            Column::text(t.cases.file_hash),
            Column::text(t.cases.by),
        ],
        rows: rows.collect(),
        none: t.cases.files_none.to_owned(),
        next: None,
        first: None,
    };
    let limit = size(lang, FILE_BYTES_MAX as u64);
    html! {
        section aria-labelledby="files" {
            h2 #files { (t.cases.files) }
            (table.draw())
            @if view.may(Permission::WorkCases) && case.successor.is_none() {
                form.upload data-to=(format!("/v1/cases/{}/files", case.id)) data-sending=(t.cases.file_sending) data-max=(FILE_BYTES_MAX) {
                    (view.csrf())
                    label for="file" { (t.cases.file_add) }
                    input #file type="file" name="file" multiple accept=(MEDIA_TYPES.join(",")) aria-describedby="file-about";
                    p.rule #file-about { (fill(t.cases.file_about, &[("size", &limit)])) }
                    p.told role="status" {}
                }
                noscript { p.quiet { (t.cases.file_script) } }
            }
        }
    }
}

fn size(lang: crate::workbench::Lang, bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 20 => format!("{}\u{a0}MiB", ui::count(lang, b.div_ceil(1 << 20))),
        b if b >= 1 << 10 => format!("{}\u{a0}KiB", ui::count(lang, b.div_ceil(1 << 10))),
        b => format!("{}\u{a0}B", ui::count(lang, b)),
    }
}
