//! What is known of an account? What it asked for, what it shares with others, and what it did.

use crate::access::Permission;
use crate::core::Control;
use crate::digest::{Digest, DigestError, Refund, Thing};
use crate::http::endpoints::changed;
use crate::http::input::{Asked, Named};
use crate::http::problem::Problem;
use crate::workbench::lang::{Texts, fill};
use crate::workbench::pages::parts::cases_of;
use crate::workbench::pages::queue::desk;
use crate::workbench::pages::{beside, request};
use crate::workbench::story::{self, Happened, account_href, request_href};
use crate::workbench::ui::{self, Column, Figure, Table, Tone};
use crate::workbench::{Page, Route, View};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use ringfence_casework::case::About;
use ringfence_domain::codec::Decoder;
use ringfence_domain::words::Word;
use ringfence_domain::{Body, DecisionKind, Money};
use serde::Deserialize;

/// The page.
pub const PAGE: Page = Page {
    nav: None,
    routes: &[Route {
        method: Method::GET,
        path: "/accounts/{account}",
        needs: Permission::ReadEvidence,
        handler: || get(show),
    }],
};

/// Records of an account that a page shows.
const RECORDS: usize = 100;
/// Identifiers of a kind that are listed.
const OF_A_KIND: usize = 12;
/// Accounts that are counted of an identifier: beyond, it is shared by many.
const ACCOUNTS_MAX: usize = 200;
/// Accounts of an identifier that are named.
const NAMED_MAX: usize = 6;
/// Up to so many accounts an identifier is rare: a household, or a ring.
const RARE_MAX: usize = 4;
/// Up to so many it still says something.
const COMMON_MAX: usize = 20;

/// Names an account.
#[derive(Debug, Deserialize)]
struct AccountPath {
    account: String,
}

/// Which part of its history.
#[derive(Debug, Deserialize)]
struct Part {
    before: Option<u64>,
}

/// What it was seen with.
struct Link {
    thing: Thing,
    value: String,
    others: Vec<String>,
    /// Accounts in all, this one too, as far as they are counted.
    accounts: usize,
}

struct Known {
    happened: Vec<Happened>,
    /// Place of the first record that was not read.
    next: Option<u64>,
    refunds: Vec<(Happened, Refund)>,
    links: Vec<Link>,
}

fn read(
    digest: &Digest,
    decoder: &Decoder,
    account: &str,
    before: Option<u64>,
) -> Result<Option<Known>, DigestError> {
    let places = digest.places(Thing::Account, account, before, RECORDS + 1)?;
    if places.is_empty() && !digest.knows(Thing::Account, account)? {
        return Ok(None);
    }
    let next = places.get(RECORDS).and_then(|_| places.get(RECORDS - 1)).copied();
    let found = digest.records(&places[..places.len().min(RECORDS)])?;
    let happened: Vec<Happened> = found.iter().filter_map(|found| Happened::of(found, decoder)).collect();
    let mut refunds = Vec::new();
    for one in &happened {
        if let Some(Body::RefundRequested(request)) = one.body() {
            refunds.push((one.clone(), digest.refund(request.refund.as_str())?.unwrap_or_default()));
        }
    }
    let mut links = Vec::new();
    for thing in Thing::IDENTIFIERS {
        for value in digest.linked(Thing::Account, account, thing, OF_A_KIND)? {
            let mut others = digest.linked(thing, &value, Thing::Account, ACCOUNTS_MAX)?;
            let accounts = others.len();
            others.retain(|other| other != account);
            links.push(Link { thing, value, others, accounts });
        }
    }
    // The rarest that are shared at all come first: they say most.
    links.sort_by_key(|link| (link.accounts < 2, link.accounts));
    Ok(Some(Known { happened, next, refunds, links }))
}

async fn show(
    view: View,
    Named(AccountPath { account }): Named<AccountPath>,
    Asked(Part { before }): Asked<Part>,
) -> Result<Response, Problem> {
    changed(&view.shared, Control::noted("account_read", account.clone(), view.by.clone())).await?;
    let decoder = view.shared.worker.history().decoder();
    let named = account.clone();
    let known = beside(&view, move |digest| read(digest, &decoder, &named, before)).await?;
    let t = view.t();
    let Some(mut known) = known else {
        let title = "There is no such account";
        return Err(Problem::new(StatusCode::NOT_FOUND, "no-account", title).detail(account));
    };
    hide(&view, &account, &mut known).await?;
    let cases = cases_of(&view, About::Account, &account, &account).await?;
    let reporting = view.shared.worker.look(|core| core.rates().reporting()).await?;
    let title = fill(t.account.title, &[("account", &account)]);
    let moments: Vec<_> = known.happened.iter().map(|one| story::moment(view.lang(), one)).collect();
    let content = html! {
        header.page { h1 { (title) } }
        (cases)
        @if before.is_none() { (figures(&view, &known, reporting)) }
        div.columns {
            div {
                (requests(&view, &known))
                (links(&view, &known))
            }
            section aria-labelledby="history" {
                h2 #history { (t.account.history) }
                p.quiet { (t.account.history_about) }
                (ui::timeline(&moments))
                nav.paging aria-label=(t.account.history) {
                    @if before.is_some() { a href=(account_href(&account)) { (t.frame.page_first) } }
                    @if let Some(next) = known.next { a href=(format!("{}?before={next}", account_href(&account))) rel="next" { (t.frame.page_next) " →" } }
                }
            }
        }
        p.quiet { (t.request.read_recorded) " " (t.frame.utc) }
    };
    Ok(view.page(&title, &content))
}

/// What is to be judged without knowing how it was answered is not told here either.
async fn hide(view: &View, account: &str, known: &mut Known) -> Result<(), Problem> {
    if !view.may(Permission::WorkQueue) {
        return Ok(());
    }
    let items = view.shared.casework.items_of_account(account).await?;
    for item in items.iter().filter(|item| desk::blind(view, std::slice::from_ref(item))) {
        known.happened.retain(|happened| !request::answers(happened, &item.refund));
        for (one, refund) in &mut known.refunds {
            if matches!(one.body(), Some(Body::RefundRequested(e)) if e.refund.as_str() == item.refund) {
                (refund.stands, refund.paid_minor, refund.abuse) = (None, 0, false);
            }
        }
    }
    Ok(())
}

fn figures(view: &View, known: &Known, reporting: ringfence_domain::Currency) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let sum = |of: &dyn Fn(&Refund) -> Option<i64>| {
        let counted: Vec<i64> = known.refunds.iter().filter_map(|(_, refund)| of(refund)).collect();
        let money = Money::new(counted.iter().sum(), reporting).map(|money| ui::exact(lang, money));
        (money.unwrap_or_else(|_| "–".into()), counted.len() as u64)
    };
    let tile = |label: &str, (value, n): (String, u64), tone: Tone| Figure {
        label: label.to_owned(),
        value,
        beside: fill(t.account.of_requests, &[("n", &ui::count(lang, n))]),
        tone: if n == 0 { Tone::Plain } else { tone },
        href: None,
        days: Vec::new(),
    };
    let orders = known.happened.iter().filter(|one| matches!(one.body(), Some(Body::OrderPlaced(_)))).count();
    let opened = known.happened.iter().find_map(|one| match one.body() {
        Some(Body::AccountOpened(_)) => Some(one.at),
        _ => None,
    });
    let deny = DecisionKind::Deny.code();
    let more = if known.next.is_some() { "+" } else { "" };
    let orders = Figure {
        label: t.account.orders.to_owned(),
        value: format!("{}{more}", ui::count(lang, orders as u64)),
        beside: opened.map_or_else(String::new, |at| {
            let (year, month, day) = at.civil();
            format!("{} {year}-{month:02}-{day:02}", t.account.opened)
        }),
        tone: Tone::Plain,
        href: None,
        days: Vec::new(),
    };
    ui::figures(&[
        orders,
        tile(t.account.asked_sum, sum(&|refund| Some(refund.minor)), Tone::Plain),
        tile(
            t.account.paid_sum,
            sum(&|refund| Some(refund.paid_minor).filter(|paid| *paid > 0)),
            Tone::Plain,
        ),
        tile(
            t.account.stopped_sum,
            sum(&|refund| Some(refund.minor).filter(|_| refund.stands == Some(deny))),
            Tone::Watch,
        ),
        tile(t.account.abuse_sum, sum(&|refund| Some(refund.minor).filter(|_| refund.abuse)), Tone::Bad),
    ])
}

fn requests(view: &View, known: &Known) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let rows = known.refunds.iter().filter_map(|(one, refund)| {
        let Some(Body::RefundRequested(request)) = one.body() else { return None };
        let stands = refund.stands.and_then(|code| DecisionKind::ALL.get(usize::from(code)).copied());
        Some(vec![
            html! { a href=(request_href(request.refund.as_str())) { (ui::id(request.refund.as_str())) } },
            ui::money(lang, request.amount),
            html! { (t.words.claim(request.reason)) },
            html! { @if let Some(stands) = stands { (ui::decision(lang, stands)) } @if refund.abuse { " " (ui::badge(Tone::Bad, t.story.abuse)) } },
            ui::day(one.at),
        ])
    });
    let table = Table {
        t,
        caption: t.account.requests.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.search.refund),
            Column::number(t.request.amount),
            Column::text(t.request.reasons),
            Column::text(t.request.stands),
            Column::text(t.today.column_time),
        ],
        rows: rows.collect(),
        none: t.account.requests_none.to_owned(),
        next: None,
        first: None,
    };
    html! { section aria-labelledby="requests" { h2 #requests { (t.account.requests) } (table.draw()) } }
}

fn kind(t: &Texts, thing: Thing) -> &'static str {
    match thing {
        Thing::Device => t.account.device,
        Thing::Address => t.account.address,
        Thing::Payment => t.account.payment,
        Thing::Email => t.account.email,
        Thing::Phone => t.account.phone,
        Thing::Ip => t.account.ip,
        other => other.word(),
    }
}

fn links(view: &View, known: &Known) -> Markup {
    let (t, lang) = (view.t(), view.lang());
    let says = |accounts: usize| match accounts {
        0 | 1 => ui::badge(Tone::Plain, t.account.alone),
        n if n <= RARE_MAX => ui::badge(Tone::Watch, t.account.rare),
        n if n <= COMMON_MAX => ui::badge(Tone::Plain, t.account.common),
        _ => ui::badge(Tone::Plain, t.account.everywhere),
    };
    let rows = known.links.iter().map(|link| {
        let n = ui::count(lang, link.accounts as u64);
        let n = if link.accounts >= ACCOUNTS_MAX { fill(t.account.at_least, &[("n", &n)]) } else { n };
        let named =
            if link.accounts <= COMMON_MAX { &link.others[..link.others.len().min(NAMED_MAX)] } else { &[] };
        vec![
            html! { (kind(t, link.thing)) },
            ui::id(&link.value),
            html! { (n) },
            html! {
                (says(link.accounts))
                @if !named.is_empty() {
                    div { @for other in named { a href=(account_href(other)) { (ui::id(other)) } " " }
                        @if link.others.len() > named.len() { span.quiet { (t.account.and_more) } } }
                }
            },
        ]
    });
    let table = Table {
        t,
        caption: t.account.linked.to_owned(),
        id: None,
        columns: vec![
            Column::text(t.account.kind),
            Column::text(t.account.value),
            Column::number(t.account.accounts),
            Column::text(t.account.says),
        ],
        rows: rows.collect(),
        none: t.account.linked_none.to_owned(),
        next: None,
        first: None,
    };
    html! {
        section aria-labelledby="linked" {
            h2 #linked { (t.account.linked) }
            @if !known.links.is_empty() { p.quiet { (t.account.linked_about) } }
            (table.draw())
        }
    }
}
