//! Where is something that somebody knows the id of? What begins like it; straight there, where only one thing does.

use crate::access::Permission;
use crate::digest::{DigestError, Thing};
use crate::http::input::Asked;
use crate::http::problem::Problem;
use crate::workbench::lang::{Texts, fill};
use crate::workbench::pages::beside;
use crate::workbench::story::{account_href, request_href};
use crate::workbench::ui::{self, Column, Table, states};
use crate::workbench::{Page, Route, View};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::html;
use ringfence_domain::Body;
use serde::Deserialize;

/// The page.
pub const PAGE: Page = Page {
    nav: None,
    routes: &[Route {
        method: Method::GET,
        path: "/search",
        needs: Permission::ReadEvidence,
        handler: || get(show),
    }],
};

/// Things of a kind that are listed.
const OF_A_KIND: usize = 15;
/// Longest beginning of an id, bytes.
const QUERY_MAX: usize = 128;

/// What is looked for, in this order.
const KINDS: [Thing; 6] =
    [Thing::Refund, Thing::Order, Thing::Account, Thing::Contact, Thing::Parcel, Thing::Event];

/// What somebody wrote.
#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    q: String,
}

/// A thing that was found, with the address of the page that shows it.
struct Hit {
    thing: Thing,
    id: String,
    href: Option<String>,
}

fn title(t: &Texts, thing: Thing) -> &'static str {
    match thing {
        Thing::Refund => t.search.refund,
        Thing::Order => t.search.order,
        Thing::Account => t.search.account,
        Thing::Contact => t.search.contact,
        Thing::Parcel => t.search.parcel,
        Thing::Event => t.search.event,
        other => other.word(),
    }
}

async fn show(view: View, Asked(Wanted { q }): Asked<Wanted>) -> Result<Response, Problem> {
    let t = view.t();
    let q: String = q.trim().chars().filter(|c| !c.is_control()).collect();
    let asked = !q.is_empty() && q.len() <= QUERY_MAX;
    let hits = if asked { find(&view, q.clone()).await? } else { Vec::new() };
    // One thing of this very id: there.
    let exact: Vec<&Hit> = hits.iter().filter(|hit| hit.id == q && hit.thing != Thing::Event).collect();
    if let [Hit { href: Some(href), .. }] = exact.as_slice() {
        return Ok(Redirect::to(href).into_response());
    }
    let full = KINDS.iter().any(|kind| hits.iter().filter(|hit| hit.thing == *kind).count() == OF_A_KIND);
    let rows = hits.iter().map(|Hit { thing, id, href }| {
        let id =
            html! { @if let Some(href) = href { a href=(href) { (ui::id(id)) } } @else { (ui::id(id)) } };
        vec![id, html! { (title(t, *thing)) }]
    });
    let table = Table {
        t,
        caption: t.search.title.to_owned(),
        id: None,
        columns: vec![Column::text(t.search.id), Column::text(t.search.kind)],
        rows: rows.collect(),
        none: t.search.none.to_owned(),
        next: None,
        first: None,
    };
    let content = html! {
        header.page {
            h1 { (t.search.title) }
            @if asked { p.lead { (fill(t.search.for_what, &[("q", &q)])) } }
        }
        section {
            @if asked { (table.draw()) } @else { (states::empty(t.search.ask)) }
            @if full { p.quiet { (t.search.more) } }
        }
    };
    Ok(view.page(t.search.title, &content))
}

async fn find(view: &View, q: String) -> Result<Vec<Hit>, Problem> {
    let decoder = view.shared.worker.history().decoder();
    beside(view, move |digest| {
        let mut hits = Vec::new();
        for thing in KINDS {
            for id in digest.ids(thing, &q, OF_A_KIND)? {
                let href = match thing {
                    Thing::Refund => Some(request_href(&id)),
                    Thing::Account => Some(account_href(&id)),
                    _ => None,
                };
                hits.push(Hit { thing, id, href });
            }
        }
        // Orders, contacts, parcels and events have no page: they lead to the request or the account that they belong to.
        for hit in hits.iter_mut().filter(|hit| hit.href.is_none()) {
            let found = digest.about(hit.thing, &hit.id, None, 20)?;
            let bodies: Vec<Body> = found
                .iter()
                .filter_map(|found| decoder.decode(&found.payload).ok())
                .map(|event| event.body)
                .collect();
            let request = bodies.iter().find_map(|body| match body {
                Body::RefundRequested(e) => Some(request_href(e.refund.as_str())),
                _ => None,
            });
            let account = bodies.iter().find_map(|body| match body {
                Body::OrderPlaced(e) => Some(account_href(e.account.as_str())),
                Body::ContactOpened(e) => Some(account_href(e.account.as_str())),
                Body::AccountOpened(e) => Some(account_href(e.account.as_str())),
                Body::RefundPaid(e) => Some(request_href(e.refund.as_str())),
                Body::RefundDecided(e) => Some(request_href(e.refund.as_str())),
                _ => None,
            });
            hit.href = request.or(account);
        }
        Ok::<_, DigestError>(hits)
    })
    .await
}
