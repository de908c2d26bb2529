//! How is the deployment set? One's own password and keys, users, keys of systems, webhooks, the log.

pub mod hooks;
pub mod keys;
pub mod log;
pub mod user;
pub mod users;
pub mod you;

use crate::access::Permission;
use crate::workbench::{Group, Nav, Page, Route, View, ui};
use axum::http::Method;
use axum::routing::{get, post};
use maud::{Markup, html};

/// The pages.
pub const PAGE: Page = Page {
    nav: Some(Nav { path: "/settings", title: |t| t.settings.title, group: Group::House, key: 'e' }),
    routes: &[
        Route {
            method: Method::GET,
            path: "/settings",
            needs: Permission::OwnAccount,
            handler: || get(you::show),
        },
        Route {
            method: Method::POST,
            path: "/settings/password",
            needs: Permission::OwnAccount,
            handler: || post(you::password),
        },
        Route {
            method: Method::POST,
            path: "/settings/own-keys",
            needs: Permission::OwnAccount,
            handler: || post(you::make_key),
        },
        Route {
            method: Method::POST,
            path: "/settings/own-keys/{id}/revoke",
            needs: Permission::OwnAccount,
            handler: || post(you::revoke_key),
        },
        Route {
            method: Method::GET,
            path: "/settings/users",
            needs: Permission::ManageUsers,
            handler: || get(users::show),
        },
        Route {
            method: Method::POST,
            path: "/settings/users",
            needs: Permission::ManageUsers,
            handler: || post(users::make),
        },
        Route {
            method: Method::GET,
            path: "/settings/users/{id}",
            needs: Permission::ManageUsers,
            handler: || get(user::show),
        },
        Route {
            method: Method::POST,
            path: "/settings/users/{id}",
            needs: Permission::ManageUsers,
            handler: || post(user::set),
        },
        Route {
            method: Method::POST,
            path: "/settings/users/{id}/reset",
            needs: Permission::ManageUsers,
            handler: || post(user::reset),
        },
        Route {
            method: Method::POST,
            path: "/settings/users/{id}/remove",
            needs: Permission::ManageUsers,
            handler: || post(user::remove),
        },
        Route {
            method: Method::GET,
            path: "/settings/keys",
            needs: Permission::ManageKeys,
            handler: || get(keys::show),
        },
        Route {
            method: Method::POST,
            path: "/settings/keys",
            needs: Permission::ManageKeys,
            handler: || post(keys::make),
        },
        Route {
            method: Method::POST,
            path: "/settings/keys/{id}/rotate",
            needs: Permission::ManageKeys,
            handler: || post(keys::rotate),
        },
        Route {
            method: Method::POST,
            path: "/settings/keys/{id}/revoke",
            needs: Permission::ManageKeys,
            handler: || post(keys::revoke),
        },
        Route {
            method: Method::GET,
            path: "/settings/webhooks",
            needs: Permission::ManageWebhooks,
            handler: || get(hooks::show),
        },
        Route {
            method: Method::POST,
            path: "/settings/webhooks",
            needs: Permission::ManageWebhooks,
            handler: || post(hooks::make),
        },
        Route {
            method: Method::POST,
            path: "/settings/webhooks/{id}/remove",
            needs: Permission::ManageWebhooks,
            handler: || post(hooks::remove),
        },
        Route {
            method: Method::POST,
            path: "/settings/webhooks/{id}/rotate",
            needs: Permission::ManageWebhooks,
            handler: || post(hooks::rotate),
        },
        Route {
            method: Method::POST,
            path: "/settings/webhooks/{id}/replay",
            needs: Permission::ManageWebhooks,
            handler: || post(hooks::replay),
        },
        Route {
            method: Method::GET,
            path: "/settings/log",
            needs: Permission::ReadOperations,
            handler: || get(log::show),
        },
        Route {
            method: Method::POST,
            path: "/settings/log/snapshot",
            needs: Permission::Operate,
            handler: || post(log::snapshot),
        },
    ],
};

/// A form without fields.
#[derive(Debug, serde::Deserialize)]
struct Nothing {}

/// The head of each of these pages.
fn heading(view: &View, here: &str) -> Markup {
    let t = view.t();
    let all = [
        ("/settings", t.settings.tab_you, Permission::OwnAccount),
        ("/settings/users", t.settings.tab_users, Permission::ManageUsers),
        ("/settings/keys", t.settings.tab_keys, Permission::ManageKeys),
        ("/settings/webhooks", t.settings.tab_webhooks, Permission::ManageWebhooks),
        ("/settings/log", t.settings.tab_log, Permission::ReadOperations),
    ];
    let seen = all.into_iter().filter(|(_, _, needs)| view.may(*needs));
    let tabs: Vec<_> = seen.map(|(path, title, _)| (path.to_owned(), title, path == here)).collect();
    html! {
        header.page { h1 { (t.settings.title) } }
        (ui::tabs(t.settings.title, &tabs))
    }
}

/// What was done, with what is shown only once.
fn done(said: &str, secret: Option<&str>, view: &View) -> Markup {
    let t = view.t();
    html! {
        div.done role="status" {
            p { (said) }
            @if let Some(secret) = secret {
                p { code.secret { (secret) } " "
                    button.quiet type="button" data-copies=(secret) data-done=(t.frame.copied) { (t.frame.copy) } }
            }
        }
    }
}

/// A button that asks first, and then sends a form.
fn asks(view: &View, id: &str, action: &str, does: &str, about: &str) -> Markup {
    let form = html! {
        p { (about) }
        form method="post" action=(action) { (view.csrf()) (ui::confirm(view.t().settings.confirm, view.t().frame.cancel)) }
    };
    html! {
        button.quiet type="button" data-opens=(id) { (does) }
        (ui::dialog(id, does, &form))
    }
}
