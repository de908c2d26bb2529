//! What is a page? Its routes with the permission that each needs, and its place in the navigation.
//!
//! ```ignore
//! pub const PAGE: Page = Page {
//!     nav: Some(Nav { path: "/staff", title: |t| t.staff.title, group: Group::Leads, key: 's' }),
//!     routes: &[Route { method: Method::GET, path: "/staff", needs: Permission::ReadLeads, handler: || get(show) }],
//! };
//!
//! async fn show(view: View) -> Result<Response, Problem> {
//!     Ok(view.page(view.t().staff.title, &html! { p { "…" } }))
//! }
//! ```
//! A handler that fails returns its problem: the frame is put around it, in the person's language.

use crate::access::Permission;
use crate::http::Shared;
use crate::workbench::lang::Texts;
use crate::workbench::{assets, live, pages, view};
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

/// Where in the navigation a page stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// What has to be done.
    Work,
    /// Who may be behind it.
    Leads,
    /// How it is decided.
    Deciding,
    /// How the deployment is run.
    House,
}

impl Group {
    /// In the order of the navigation.
    pub const ALL: [Group; 4] = [Group::Work, Group::Leads, Group::Deciding, Group::House];
    /// What it is called.
    pub fn title(self, t: &Texts) -> &'static str {
        match self {
            Group::Work => t.frame.group_work,
            Group::Leads => t.frame.group_leads,
            Group::Deciding => t.frame.group_deciding,
            Group::House => t.frame.group_house,
        }
    }
}

/// A page's entry in the navigation. Who may not see the page does not see the entry either.
#[derive(Clone, Copy, Debug)]
pub struct Nav {
    /// Where it leads; one of the page's routes.
    pub path: &'static str,
    /// What it is called.
    pub title: fn(&Texts) -> &'static str,
    /// Under which heading.
    pub group: Group,
    /// `g` and this key lead there.
    pub key: char,
}

/// What answers at a path.
#[derive(Clone, Debug)]
pub struct Route {
    /// How it is asked.
    pub method: Method,
    /// Where; `{name}` stands for a part of the path.
    pub path: &'static str,
    /// What one needs.
    pub needs: Permission,
    /// What answers: `|| get(show)`.
    pub handler: fn() -> MethodRouter<Arc<Shared>>,
}

/// A page.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Its entry in the navigation, if it has one.
    pub nav: Option<Nav>,
    /// All that it answers; these are rows of the policy table.
    pub routes: &'static [Route],
}

/// What is no page: assets, preferences, what pages listen to.
const FRAME: Page = Page {
    nav: None,
    routes: &[
        Route {
            method: Method::GET,
            path: "/assets/{name}",
            needs: Permission::Anyone,
            handler: || get(assets::asset),
        },
        Route {
            method: Method::POST,
            path: "/preferences",
            needs: Permission::BeKnown,
            handler: || post(view::prefer),
        },
        Route {
            method: Method::GET,
            path: "/live/decisions",
            needs: Permission::ReadDecisions,
            handler: || get(live::decisions),
        },
    ],
};

/// All pages, in the order of the navigation.
pub const PAGES: &[&Page] = &[
    &FRAME,
    &pages::today::PAGE,
    &pages::queue::PAGE,
    &pages::cases::PAGE,
    &pages::request::PAGE,
    &pages::account::PAGE,
    &pages::search::PAGE,
    &pages::rings::PAGE,
    &pages::staff::PAGE,
    &pages::posts::PAGE,
    &pages::rules::PAGE,
    &pages::models::PAGE,
    &pages::audit::PAGE,
    &pages::settings::PAGE,
];

/// The routes of all pages.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    PAGES.iter().flat_map(|page| page.routes)
}
