//! What does a browser send along? The cookie of a session, where the page came from, and the address behind a proxy.

use crate::http::Shared;
use crate::tls::TlsListener;
use axum::extract::FromRequestParts;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::serve::IncomingStream;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;

/// The header in which a page of ours repeats what only it was told (see [`crate::access::sessions::csrf`]).
pub const CSRF_HEADER: &str = "x-csrf-token";

/// How browsers reach the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Web {
    /// Scheme, host and port, where they are not those of the listener: `https://refunds.shop.example`.
    pub public_url: Option<String>,
    /// Whether the listener speaks TLS.
    pub tls: bool,
    /// A proxy whose word counts on where a request came from.
    pub trusted_proxy: Option<IpAddr>,
}

impl Web {
    /// Whether browsers reach it over TLS only.
    pub fn secure(&self) -> bool {
        self.tls || self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }
    pub(super) fn cookie_name(&self) -> &'static str {
        // With this prefix a browser takes it from this host and over TLS only, so that no other host can set one.
        if self.secure() { "__Host-ringfence" } else { "ringfence" }
    }
    /// The cookie of somebody on the way to the identity provider and back.
    fn way_in_name(&self) -> &'static str {
        if self.secure() { "__Host-ringfence-way-in" } else { "ringfence-way-in" }
    }
    fn cookie(&self, name: &str, value: &str, more: &str) -> HeaderValue {
        let secure = if self.secure() { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly{secure}; {more}");
        HeaderValue::from_str(&text).expect("hex digits and words")
    }
    /// A cookie that holds a session, until the browser is closed.
    pub fn session(&self, token: &str) -> HeaderValue {
        self.cookie(self.cookie_name(), token, "SameSite=Strict")
    }
    /// A cookie that makes the browser forget it.
    pub fn no_session(&self) -> HeaderValue {
        self.cookie(self.cookie_name(), "", "SameSite=Strict; Max-Age=0")
    }
    /// A cookie that is sent along when the identity provider sends the person back, for ten minutes.
    pub fn way_in(&self, state: &str) -> HeaderValue {
        self.cookie(self.way_in_name(), state, "SameSite=Lax; Max-Age=600")
    }
    /// A cookie that makes the browser forget it.
    pub fn no_way_in(&self) -> HeaderValue {
        self.cookie(self.way_in_name(), "", "SameSite=Lax; Max-Age=0")
    }
    /// The session that a request names.
    pub fn session_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie_of(headers, self.cookie_name())
    }
    /// The way in that a request names.
    pub fn way_in_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie_of(headers, self.way_in_name())
    }
    /// What made a request, by what its browser says.
    pub fn made_by(&self, headers: &HeaderMap) -> MadeBy {
        let text = |name: header::HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or_default());
        let site = text(header::HeaderName::from_static("sec-fetch-site"));
        let ours = match (site, text(header::ORIGIN)) {
            // `none`: the person typed the address, or pressed the button to load it again.
            (Some(site), _) => site == "same-origin" || site == "none",
            (None, Some(origin)) => match &self.public_url {
                Some(url) => origin == url.trim_end_matches('/'),
                // `null` names no host: of a page that hides where it comes from.
                None => origin.split_once("://").is_some_and(|(_, host)| text(header::HOST) == Some(host)),
            },
            (None, None) => return MadeBy::NoBrowser,
        };
        if ours { MadeBy::OurPage } else { MadeBy::OtherPage }
    }
}

fn cookie_of<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|v| v.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// What made a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MadeBy {
    /// A page of this service.
    OurPage,
    /// A page of somebody else.
    OtherPage,
    /// A program; or a browser so old that it does not tell.
    NoBrowser,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Peer {
        Peer(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Peer {
        Peer(*stream.remote_addr())
    }
}

/// Where a request comes from, as tries to sign in are counted: an IPv4 address, or the network of an IPv6 address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(pub String);

impl Address {
    fn of(ip: IpAddr) -> Address {
        Address(match ip.to_canonical() {
            IpAddr::V4(ip) => ip.to_string(),
            // Who has one address of such a network has them all.
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        })
    }
}

impl FromRequestParts<Arc<Shared>> for Address {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Address, Infallible> {
        let Some(ConnectInfo(Peer(peer))) = parts.extensions.get::<ConnectInfo<Peer>>() else {
            return Ok(Address("no network".into()));
        };
        let peer = peer.ip().to_canonical();
        // The last address was written by the proxy; what stands before it anybody can write.
        let told = parts.headers.get_all("x-forwarded-for").iter().next_back();
        let told = told.and_then(|v| v.to_str().ok()).and_then(|v| v.rsplit(',').next());
        let told =
            told.and_then(|v| v.trim().parse().ok()).filter(|_| shared.web.trusted_proxy == Some(peer));
        Ok(Address::of(told.unwrap_or(peer)))
    }
}

impl aide::OperationInput for Address {}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (header::HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
        };
        all.iter().map(pair).collect()
    }

    #[test]
    fn a_page_of_somebody_else_is_told_from_ours() {
        let here = Web::default();
        let proxied = Web { public_url: Some("https://rf.example/".into()), ..Web::default() };
        use MadeBy::{NoBrowser, OtherPage, OurPage};
        for (web, sent, expect) in [
            (&here, &[][..], NoBrowser),
            (&here, &[("sec-fetch-site", "same-origin")][..], OurPage),
            (&here, &[("sec-fetch-site", "none")][..], OurPage),
            (&here, &[("sec-fetch-site", "same-site")][..], OtherPage),
            (
                &here,
                &[("sec-fetch-site", "cross-site"), ("origin", "http://a:1"), ("host", "a:1")][..],
                OtherPage,
            ),
            (&here, &[("origin", "http://a:1"), ("host", "a:1")][..], OurPage),
            (&here, &[("origin", "http://b:1"), ("host", "a:1")][..], OtherPage),
            (&here, &[("origin", "null"), ("host", "a:1")][..], OtherPage),
            (&here, &[("origin", "null")][..], OtherPage),
            (&proxied, &[("origin", "https://rf.example"), ("host", "10.0.0.1")][..], OurPage),
            (&proxied, &[("origin", "http://rf.example"), ("host", "rf.example")][..], OtherPage),
        ] {
            assert_eq!(web.made_by(&headers(sent)), expect, "{sent:?}");
        }
    }

    #[test]
    fn the_cookie_is_strict_and_bound_to_its_host_over_tls() {
        let web = Web { tls: true, ..Web::default() };
        assert_eq!(web.session("ab"), "__Host-ringfence=ab; Path=/; HttpOnly; Secure; SameSite=Strict");
        assert_eq!(Web::default().session("ab"), "ringfence=ab; Path=/; HttpOnly; SameSite=Strict");
        let sent = headers(&[("cookie", "a=1; ringfence=x; __Host-ringfence=ab")]);
        assert_eq!((web.session_of(&sent), Web::default().session_of(&sent)), (Some("ab"), Some("x")));
        assert_eq!(web.session_of(&headers(&[("cookie", "ringfence=x")])), None);
    }

    #[test]
    fn an_address_is_counted_by_what_one_caller_has() {
        for (ip, expect) in [
            ("1.2.3.4", "1.2.3.4"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(Address::of(ip.parse().expect("an address")).0, expect);
        }
    }
}
