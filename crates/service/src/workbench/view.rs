//! Who looks, how, and what stands around a page? Language, appearance, navigation, states.

use crate::access::{Identity, Permission, Role, allowed, sessions};
use crate::core::Principal;
use crate::http::Shared;
use crate::http::endpoints::Caller;
use crate::http::problem::Problem;
use crate::workbench::form::csrf_field;
use crate::workbench::lang::{Lang, Texts, fill};
use crate::workbench::page::{Group, PAGES};
use crate::workbench::ui::states;
use crate::workbench::{Nav, Posted, assets, page};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// What pages may do: load and send to this service, and nothing else.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The cookie of preferences; nothing secret.
const PREFERENCES: &str = "ringfence-view";

/// How pages look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// As the system does.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];
    /// As the page and the cookie name it.
    pub fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
    fn title(self, t: &Texts) -> &'static str {
        match self {
            Theme::System => t.frame.system,
            Theme::Light => t.frame.light,
            Theme::Dark => t.frame.dark,
        }
    }
}

/// What a person chose for this browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preferences {
    /// The language.
    pub lang: Lang,
    /// How pages look.
    pub theme: Theme,
    /// Whether single keys do something.
    pub keys: bool,
}

impl Preferences {
    /// By the cookie; the language otherwise by what the browser asks for.
    pub fn of(headers: &HeaderMap) -> Preferences {
        let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or_default();
        let cookies = text(header::COOKIE).split(';').filter_map(|pair| pair.trim().split_once('='));
        let kept = cookies.into_iter().find(|(name, _)| *name == PREFERENCES).map_or("", |(_, value)| value);
        let mut words = kept.split('.');
        let lang = words.next().and_then(Lang::parse);
        let theme = words.next().and_then(|word| Theme::ALL.into_iter().find(|theme| theme.word() == word));
        Preferences {
            lang: lang.or_else(|| Lang::accepted(text(header::ACCEPT_LANGUAGE))).unwrap_or_default(),
            theme: theme.unwrap_or_default(),
            keys: words.next() != Some("off"),
        }
    }
    fn cookie(self, secure: bool) -> HeaderValue {
        let Preferences { lang, theme, keys } = self;
        let secure = if secure { "; Secure" } else { "" };
        let keys = if keys { "on" } else { "off" };
        let value = format!("{PREFERENCES}={}.{}.{keys}", lang.code(), theme.word());
        let text = format!("{value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000{secure}");
        HeaderValue::from_str(&text).expect("words and dots")
    }
}

/// Who looks at a page, and how. Every page of the workbench takes one.
#[derive(Clone, Debug)]
pub struct View {
    /// What the service has.
    pub shared: Arc<Shared>,
    /// Who asks.
    pub who: Identity,
    /// The same, as the log names it.
    pub by: Principal,
    /// What the person chose.
    pub preferences: Preferences,
    /// The page's own path.
    pub path: String,
    csrf: String,
}

impl View {
    /// Of a request that the guard let in; `None` where nobody is known.
    pub(crate) fn of(shared: &Arc<Shared>, parts: &Parts) -> Option<View> {
        let who = parts.extensions.get::<Identity>()?.clone();
        let by =
            parts.extensions.get::<Caller>().map_or_else(|| who.principal(None), |caller| caller.0.clone());
        Some(View::new(shared, who, by, &parts.headers, parts.uri.path()))
    }
    pub(crate) fn new(
        shared: &Arc<Shared>,
        who: Identity,
        by: Principal,
        headers: &HeaderMap,
        path: &str,
    ) -> View {
        let csrf =
            shared.web.session_of(headers).filter(|_| who.session).map(sessions::csrf).unwrap_or_default();
        let (preferences, path) = (Preferences::of(headers), path.to_owned());
        View { shared: shared.clone(), who, by, preferences, path, csrf }
    }
    /// The same person after signing in again.
    pub(crate) fn with_session(self, token: &str) -> View {
        View { csrf: sessions::csrf(token), ..self }
    }
    /// The texts in the person's language.
    pub fn t(&self) -> &'static Texts {
        self.preferences.lang.texts()
    }
    /// The person's language.
    pub fn lang(&self) -> Lang {
        self.preferences.lang
    }
    /// Whether the person may do something: what a page offers follows this, and the guard holds it.
    pub fn may(&self, what: Permission) -> bool {
        self.who.role_for(what).is_some()
    }
    /// The field that every form of a page has.
    pub fn csrf(&self) -> Markup {
        csrf_field(&self.csrf)
    }
    /// The name with which the person signs in; of a key its name.
    pub fn name(&self) -> String {
        let user = self.who.user.as_deref().and_then(|id| self.shared.access.users.get(id).ok());
        user.map_or_else(|| self.who.name.clone(), |user| user.name)
    }
    /// Who did something: by name for who may know the users, otherwise by id.
    pub fn named(&self, by: &Principal) -> String {
        let Some(user) = &by.user else { return by.name.clone() };
        let known =
            self.may(Permission::ManageUsers).then(|| self.shared.access.users.get(user).ok()).flatten();
        known.map_or_else(|| user.clone(), |user| user.name)
    }
    /// A page.
    pub fn page(&self, title: &str, content: &Markup) -> Response {
        self.with(StatusCode::OK, title, content, &[])
    }
    /// A page with scripts of its own, by their names among the assets.
    pub fn page_with(&self, title: &str, content: &Markup, scripts: &[&str]) -> Response {
        self.with(StatusCode::OK, title, content, scripts)
    }
    /// The page of a problem.
    pub fn problem(&self, problem: &Problem) -> Response {
        let t = self.t();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (title, content) = match status {
            StatusCode::FORBIDDEN if problem.kind.ends_with(":not-allowed") => {
                let roles: Vec<&str> = self.who.roles.iter().map(|role| t.words.role(*role)).collect();
                (t.frame.no_access, states::no_access(t, &roles.join(", ")))
            }
            StatusCode::NOT_FOUND => (t.frame.not_found, states::not_found(t, problem)),
            _ => (t.frame.failed, states::failed(t, problem)),
        };
        self.with(status, title, &content, &[])
    }
    fn with(&self, status: StatusCode, title: &str, content: &Markup, scripts: &[&str]) -> Response {
        let frame = self.frame(title, content, scripts);
        (status, page_headers(), frame.into_string()).into_response()
    }
    fn entries(&self) -> impl Iterator<Item = Nav> + '_ {
        PAGES.iter().filter_map(|page| page.nav).filter(|nav| {
            let needed = page::routes().find(|route| route.path == nav.path).map(|route| route.needs);
            needed.is_some_and(|needed| self.may(needed))
        })
    }
    fn frame(&self, title: &str, content: &Markup, scripts: &[&str]) -> Markup {
        let t = self.t();
        let keys = if self.preferences.keys { "on" } else { "off" };
        html! {
            (DOCTYPE)
            html lang=(self.lang().code()) data-theme=(self.preferences.theme.word()) {
                (head(title, scripts))
                body data-keys=(keys) {
                    a.skip href="#content" { (t.frame.skip) }
                    header.top {
                        button.menu type="button" aria-expanded="false" aria-controls="pages" { (t.frame.menu) }
                        a.brand href="/" { img src=(assets::path("icon.svg")) alt="" width="24" height="24"; "Ringfence" }
                        (self.search())
                        (self.person())
                    }
                    (self.navigation())
                    main #content tabindex="-1" { (content) }
                    (self.shortcuts())
                }
            }
        }
    }
    fn search(&self) -> Markup {
        let t = self.t();
        html! {
            form.search action="/search" role="search" {
                label.hidden for="search" { (t.frame.search_hint) }
                input #search type="search" name="q" placeholder=(t.frame.search_hint) maxlength="128" autocomplete="off" aria-keyshortcuts="/";
                button.quiet { (t.frame.search_go) }
            }
        }
    }
    fn person(&self) -> Markup {
        let t = self.t();
        let name = self.name();
        html! {
            details.person {
                summary title=(fill(t.frame.signed_in_as, &[("name", &name)])) { span.hidden { (t.frame.you) ": " } (name) }
                div.sheet {
                    p.quiet { (self.who.roles.iter().map(|role: &Role| t.words.role(*role)).collect::<Vec<_>>().join(", ")) }
                    form method="post" action="/preferences" {
                        (self.csrf())
                        input type="hidden" name="back" value=(self.path);
                        (choice(t.frame.language, "lang", Lang::ALL.map(|lang| (lang.code(), lang.name(), lang == self.lang()))))
                        (choice(t.frame.appearance, "theme", Theme::ALL.map(|theme| (theme.word(), theme.title(t), theme == self.preferences.theme))))
                        (choice(t.frame.keys, "keys", [("on", t.frame.keys_on, self.preferences.keys), ("off", t.frame.keys_off, !self.preferences.keys)]))
                        button.quiet { (t.frame.apply) }
                    }
                    a href="/docs" { (t.frame.api) }
                    form method="post" action="/logout" { (self.csrf()) button.quiet { (t.frame.sign_out) } }
                }
            }
        }
    }
    fn navigation(&self) -> Markup {
        let t = self.t();
        let entries: Vec<Nav> = self.entries().collect();
        let here = |nav: &Nav| self.path == nav.path || self.path.starts_with(&format!("{}/", nav.path));
        html! {
            nav.pages #pages aria-label=(t.frame.pages) {
                @for group in Group::ALL {
                    @if entries.iter().any(|nav| nav.group == group) {
                        h2 { (group.title(t)) }
                        ul {
                            @for nav in entries.iter().filter(|nav| nav.group == group) {
                                li {
                                    a href=(nav.path) data-go=(nav.key) aria-current=[here(nav).then_some("page")] {
                                        span { ((nav.title)(t)) } kbd aria-hidden="true" { "g " (nav.key) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    fn shortcuts(&self) -> Markup {
        let t = self.t();
        let row = |keys: &str, what: &str| html! { tr { th scope="row" { @for key in keys.split(' ') { kbd { (key) } " " } } td { (what) } } };
        html! {
            dialog #shortcuts aria-labelledby="shortcuts-title" {
                h2 #shortcuts-title { (t.frame.shortcuts) }
                table.keys { tbody {
                    (row("?", t.frame.shortcut_help))
                    (row("/", t.frame.shortcut_search))
                    (row("j", t.frame.shortcut_next))
                    (row("k", t.frame.shortcut_previous))
                    (row("Enter", t.frame.shortcut_open))
                    (row("x", t.frame.shortcut_choose))
                    (row("n", t.frame.shortcut_take))
                    (row("c", t.frame.shortcut_claim))
                    (row("r", t.frame.shortcut_release))
                    @for nav in self.entries() {
                        (row(&format!("g {}", nav.key), &fill(t.frame.shortcut_go, &[("page", (nav.title)(t))])))
                    }
                } }
                p.quiet { (t.frame.shortcut_off) }
                form method="dialog" { button { (t.frame.close) } }
            }
        }
    }
}

/// The head of a page.
pub(crate) fn head(title: &str, scripts: &[&str]) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " · Ringfence" }
            link rel="icon" type="image/svg+xml" href=(assets::path("icon.svg"));
            link rel="stylesheet" href=(assets::path("workbench.css"));
            script src=(assets::path("workbench.js")) defer {}
            @for script in scripts { script src=(assets::path(script)) defer {} }
        }
    }
}

/// The headers of a page.
pub(crate) fn page_headers() -> [(header::HeaderName, &'static str); 4] {
    [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // With none at all browsers would not say either where a form comes from.
        (header::REFERRER_POLICY, "same-origin"),
        (header::VARY, "accept, accept-language, cookie"),
    ]
}

fn choice<const N: usize>(title: &str, name: &str, of: [(&str, &str, bool); N]) -> Markup {
    html! {
        fieldset.choice {
            legend { (title) }
            @for (value, text, chosen) in of {
                label { input type="radio" name=(name) value=(value) checked[chosen]; span { (text) } }
            }
        }
    }
}

impl FromRequestParts<Arc<Shared>> for View {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<View, Problem> {
        // The guard puts it there; a page that is open to anyone must not ask for it.
        View::of(shared, parts)
            .ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Nobody asks"))
    }
}

/// What somebody chose.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    lang: String,
    theme: String,
    keys: String,
    #[serde(default)]
    back: String,
}

/// Keeps what a person chose, and leads back.
pub async fn prefer(
    State(shared): State<Arc<Shared>>,
    Posted(Chosen { lang, theme, keys, back }): Posted<Chosen>,
) -> Response {
    let preferences = Preferences {
        lang: Lang::parse(&lang).unwrap_or_default(),
        theme: Theme::ALL.into_iter().find(|known| known.word() == theme).unwrap_or_default(),
        keys: keys != "off",
    };
    let cookie = AppendHeaders([(header::SET_COOKIE, preferences.cookie(shared.web.secure()))]);
    (cookie, Redirect::to(back_to(&back))).into_response()
}

/// A path of this service to lead to; the first page where it is anything else.
pub(crate) fn back_to(path: &str) -> &str {
    let plain = path.len() <= 512 && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if plain && path.starts_with('/') && !path.starts_with("//") { path } else { "/" }
}

/// Whether a role may see something at a path, by the same table that the guard asks.
pub fn sees(role: Role, path: &str) -> bool {
    page::routes().find(|route| route.path == path).is_some_and(|route| allowed(role, route.needs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_host() {
        for (path, expect) in [
            ("/queue", "/queue"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("", "/"),
            ("/requests/R%201?x=1", "/requests/R%201?x=1"),
        ] {
            assert_eq!(back_to(path), expect);
        }
    }

    #[test]
    fn what_was_chosen_comes_back_from_the_cookie() {
        for lang in Lang::ALL {
            for theme in Theme::ALL {
                for keys in [true, false] {
                    let chosen = Preferences { lang, theme, keys };
                    let cookie = chosen.cookie(false);
                    let mut headers = HeaderMap::new();
                    headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("it"));
                    let sent = cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned();
                    headers.insert(
                        header::COOKIE,
                        HeaderValue::from_str(&format!("a=b; {sent}")).expect("a value"),
                    );
                    assert_eq!(Preferences::of(&headers), chosen);
                }
            }
        }
    }

    #[test]
    fn no_two_pages_have_the_same_key_or_path() {
        let entries: Vec<Nav> = PAGES.iter().filter_map(|page| page.nav).collect();
        for (at, nav) in entries.iter().enumerate() {
            assert!(page::routes().any(|route| route.path == nav.path), "{}", nav.path);
            for other in &entries[at + 1..] {
                assert!(nav.key != other.key && nav.path != other.path, "{} {}", nav.path, other.path);
            }
        }
    }
}
