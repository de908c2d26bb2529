//! Where may a webhook go? Nowhere inside: no private, local or reserved address, whatever name leads there.
//!
//! The address is checked when it is connected to, not when the endpoint is made: a name can lead elsewhere a minute
//! later. Redirects are not followed and no proxy is used, for the same reason.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Longest address of an endpoint, bytes.
pub const URL_BYTES_MAX: usize = 2_000;

/// Why an endpoint's address is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TargetError {
    /// It is no address.
    #[error("`{0}` is not an address; write it as in https://shop.example/hooks")]
    Syntax(String),
    /// It is not encrypted.
    #[error(
        "webhooks go over https; inside a network of one's own start with --allow-private-webhooks for http"
    )]
    Scheme,
    /// It carries a password.
    #[error("the address must not hold a user or a password: messages are signed instead")]
    Password,
}

/// Checks an endpoint's address; `private` where the deployment allows those inside.
pub fn check(url: &str, private: bool) -> Result<(), TargetError> {
    let wrong = || TargetError::Syntax(url.chars().take(100).collect());
    if url.len() > URL_BYTES_MAX {
        return Err(wrong());
    }
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?;
    if authority.as_str().contains('@') {
        return Err(TargetError::Password);
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if private => Ok(()),
        Some("http") => Err(TargetError::Scheme),
        _ => Err(wrong()),
    }
}

/// Whether an address is one of the open network.
pub fn public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => public_v4(ip),
        IpAddr::V6(ip) => public_v6(ip),
    }
}

fn public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    // This network; shared with a carrier; protocol assignments and 6to4 relays; benchmarks; multicast and beyond.
    let reserved = match a {
        0 | 224.. => true,
        100 => (64..128).contains(&b),
        192 => (b, c) == (0, 0) || (b, c) == (88, 99),
        198 => b == 18 || b == 19,
        _ => false,
    };
    !(reserved
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_unspecified()
        || ip.is_broadcast())
}

fn public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        // Forms that hold an address of version 4: mapped, compatible, translated, 6to4.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Of all others only the global block is open, without Teredo, documentation and benchmarks.
        [0x2001, 0..=0x1ff | 0xdb8, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Looks names up, and gives addresses of the open network only.
#[derive(Debug)]
pub struct Outside {
    /// Where the deployment allows addresses inside.
    pub private: bool,
    /// Who looks up.
    pub inner: DefaultResolver,
}

impl Resolver for Outside {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut open = self.empty();
        for address in found.iter().filter(|a| self.private || public(a.ip())) {
            open.push(*address);
        }
        if open.is_empty() {
            let what = "the name leads to a private address; start with --allow-private-webhooks where that is meant";
            return Err(ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, what)));
        }
        Ok(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_are_none_of_the_open_network() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "203.0.113.5",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "::127.0.0.1",
            "2001::1",
            "4000::1",
        ] {
            assert!(!public(inside.parse().expect("an address")), "{inside}");
        }
        for open in
            ["8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
        {
            assert!(public(open.parse().expect("an address")), "{open}");
        }
    }

    #[test]
    fn an_endpoint_is_encrypted_and_carries_no_password() {
        assert_eq!(check("https://shop.example/hooks", false), Ok(()));
        assert_eq!(check("http://shop.example/hooks", false), Err(TargetError::Scheme));
        assert_eq!(check("http://10.0.0.1/hooks", true), Ok(()));
        assert_eq!(check("https://a:b@shop.example/", false), Err(TargetError::Password));
        for none in ["", "shop", "/hooks", "ftp://shop.example/", "https://"] {
            assert!(matches!(check(none, true), Err(TargetError::Syntax(_))), "{none}");
        }
    }
}
