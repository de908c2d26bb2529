//! What holds for the service, and where does it come from? Flag, then environment, then `[serve]` of the file, then default.

use super::logs::Format;
use super::oidc;
use crate::failure::{At, Failure};
use ringfence_domain::Duration;
use ringfence_service::http::Web;
use ringfence_service::leads::looks::Looks;
use ringfence_service::serve::Settings;
use ringfence_service::tls::Files;
use serde::Deserialize;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use tracing_subscriber::filter::Targets;

/// Where the service listens where nothing says otherwise.
const LISTEN: &str = "127.0.0.1:8420";
/// What is logged where nothing says otherwise.
const LOG: &str = "info";
/// How often a snapshot is written where nothing says otherwise.
const SNAPSHOT_EVERY: &str = "10m";
/// Share of the requests that are traced where nothing says otherwise.
const TRACES_SAMPLED: f64 = 0.01;
/// How often it is looked for leads where nothing says otherwise, and how far back.
const LEADS_EVERY: &str = "1d";
const LEADS_BACK: &str = "365d";

/// Settings as flags and environment give them; each stands in the file under the same name.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct Flags {
    /// Where to listen [default: 127.0.0.1:8420]. Use TLS, or a proxy with it, when others than this machine are to reach it.
    #[arg(long, env = "RINGFENCE_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Certificate chain for TLS (PEM). Taken anew within a minute when it is renewed.
    #[arg(long, env = "RINGFENCE_TLS_CERTIFICATE", value_name = "FILE.pem")]
    tls_certificate: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, env = "RINGFENCE_TLS_KEY", value_name = "FILE.pem")]
    tls_key: Option<PathBuf>,
    /// How browsers reach the service, where that is not the address it listens on: `https://refunds.shop.example`.
    #[arg(long, env = "RINGFENCE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// A proxy whose X-Forwarded-For is believed: tries to sign in are counted by where they come from.
    #[arg(long, env = "RINGFENCE_TRUSTED_PROXY", value_name = "ADDRESS")]
    trusted_proxy: Option<IpAddr>,
    /// Requests a second that a key may send, where it has no limit of its own [default: no limit].
    #[arg(long, env = "RINGFENCE_REQUESTS_PER_SECOND", value_name = "N")]
    requests_per_second: Option<u32>,
    /// How often a snapshot is written beside the live path [default: 10m].
    #[arg(long, env = "RINGFENCE_SNAPSHOT_EVERY", value_name = "TIME")]
    snapshot_every: Option<String>,
    /// Let one person propose and approve other versions: for a deployment with one operator.
    #[arg(long, env = "RINGFENCE_ALLOW_SINGLE_APPROVER", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    allow_single_approver: Option<bool>,
    /// Let webhooks go to private addresses, and without encryption.
    #[arg(long, env = "RINGFENCE_ALLOW_PRIVATE_WEBHOOKS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    allow_private_webhooks: Option<bool>,
    /// What is logged on standard error: `error`, `warn`, `info`, `debug`, `trace` or `off`, also by part as in
    /// `info,ringfence_service=debug` [default: info].
    #[arg(long, env = "RINGFENCE_LOG", value_name = "LEVEL")]
    log: Option<String>,
    /// How it is logged [default: text].
    #[arg(long, env = "RINGFENCE_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<Format>,
    /// Send traces to this OpenTelemetry collector (OTLP over HTTP), as in http://127.0.0.1:4318/v1/traces.
    #[arg(long, env = "RINGFENCE_TRACES", value_name = "URL")]
    traces: Option<String>,
    /// Share of the requests that are traced; those of a caller who traces are as that caller says [default: 0.01].
    #[arg(long, env = "RINGFENCE_TRACES_SAMPLED", value_name = "SHARE")]
    traces_sampled: Option<f64>,
    /// Take event files that appear in this folder, each once: JSON lines, plain or compressed.
    #[arg(long, env = "RINGFENCE_FOLLOW", value_name = "DIR")]
    follow: Option<PathBuf>,
    /// How often it is looked for leads on rings, staff and drivers, by arrival; `off` for never [default: 1d].
    #[arg(long, env = "RINGFENCE_LEADS_EVERY", value_name = "TIME")]
    leads_every: Option<String>,
    /// The key that signs packs of evidence of cases, as `log keygen` wrote it; without one they are not signed.
    #[arg(long, env = "RINGFENCE_EVIDENCE_KEY", value_name = "FILE")]
    evidence_key: Option<PathBuf>,
    /// How far back a look for leads goes: it bounds what one holds in memory [default: 365d].
    #[arg(long, env = "RINGFENCE_LEADS_BACK", value_name = "TIME")]
    leads_back: Option<String>,
}

/// The same as `[serve]` of the file gives them.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<SocketAddr>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    public_url: Option<String>,
    trusted_proxy: Option<IpAddr>,
    requests_per_second: Option<u32>,
    snapshot_every: Option<String>,
    allow_single_approver: Option<bool>,
    allow_private_webhooks: Option<bool>,
    log: Option<String>,
    log_format: Option<Format>,
    traces: Option<String>,
    traces_sampled: Option<f64>,
    follow: Option<PathBuf>,
    leads_every: Option<String>,
    leads_back: Option<String>,
    evidence_key: Option<PathBuf>,
    oidc: Option<oidc::Provider>,
}

/// What is traced, and who takes it.
pub(crate) struct Traced {
    pub(crate) collector: String,
    pub(crate) sampled: f64,
}

/// What holds.
pub(crate) struct Effective {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<Files>,
    pub(crate) follow: Option<PathBuf>,
    pub(crate) log: Targets,
    pub(crate) log_format: Format,
    pub(crate) traces: Option<Traced>,
    pub(crate) settings: Settings,
    /// The same as a file, each line with where it comes from.
    pub(crate) text: String,
}

/// Puts values together and writes down where each comes from.
struct Merging {
    text: String,
}

impl Merging {
    fn one<T: Clone>(
        &mut self,
        name: &str,
        about: &str,
        values: (&Option<T>, &Option<T>, Option<T>),
        shown: impl Fn(&T) -> String,
    ) -> Option<T> {
        let (flag, file, default) = values;
        let (value, from) = match (flag, file) {
            (Some(value), _) => (Some(value.clone()), "flag or environment"),
            (None, Some(value)) => (Some(value.clone()), "file"),
            (None, None) => (default, "default"),
        };
        let env = format!("RINGFENCE_{}", name.to_uppercase());
        let flag = name.replace('_', "-");
        writeln!(self.text, "\n# {about}\n# --{flag}, {env}").expect("a String takes all text");
        match &value {
            Some(value) => writeln!(self.text, "{name} = {}   # {from}", shown(value)),
            None => writeln!(self.text, "# {name} =   # not set"),
        }
        .expect("a String takes all text");
        value
    }
}

fn quoted(text: impl std::fmt::Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

/// Scheme, host and port, and nothing else: what browsers call an origin.
fn origin(url: &str) -> Result<(), Failure> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.trim_end_matches('/'));
    if host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])) {
        return Ok(());
    }
    let failure = Failure::new(format!("`{url}` is not how a browser reaches a service"), "public_url");
    Err(failure.help(
        "write scheme, host and, where it is not the usual one, port, as in https://refunds.shop.example",
    ))
}

/// What holds, of flags, environment and the file's table `[serve]`.
pub(crate) fn effective(flags: &Flags, table: &toml::Table) -> Result<Effective, Failure> {
    let file: File = table.clone().try_into().at("[serve] of the configuration")?;
    let mut m = Merging {
        text: "# What holds for `ringfence serve`, and where it comes from.\n[serve]\n".to_owned(),
    };
    let path = |p: &PathBuf| quoted(p.display());
    let default: SocketAddr = LISTEN.parse().expect("the default is an address");
    let listen =
        m.one("listen", "Where to listen.", (&flags.listen, &file.listen, Some(default)), |a| quoted(a));
    let certificate = (&flags.tls_certificate, &file.tls_certificate, None);
    let certificate = m.one("tls_certificate", "Certificate chain for TLS (PEM).", certificate, path);
    let key = m.one("tls_key", "Its key (PEM).", (&flags.tls_key, &file.tls_key, None), path);
    let public_url = (&flags.public_url, &file.public_url, None);
    let public_url = m.one("public_url", "How browsers reach the service.", public_url, |u| quoted(u));
    let about = "A proxy whose X-Forwarded-For is believed.";
    let proxy = (&flags.trusted_proxy, &file.trusted_proxy, None);
    let trusted_proxy = m.one("trusted_proxy", about, proxy, |a| quoted(a));
    let requests_per_second = m.one(
        "requests_per_second",
        "Requests a second that a key may send, where it has no limit of its own.",
        (&flags.requests_per_second, &file.requests_per_second, None),
        u32::to_string,
    );
    let every = (&flags.snapshot_every, &file.snapshot_every, Some(SNAPSHOT_EVERY.to_owned()));
    let every =
        m.one("snapshot_every", "How often a snapshot is written beside the live path.", every, |t| {
            quoted(t)
        });
    let single_approver = m.one(
        "allow_single_approver",
        "Whether one person may propose and approve other versions.",
        (&flags.allow_single_approver, &file.allow_single_approver, Some(false)),
        bool::to_string,
    );
    let private_webhooks = m.one(
        "allow_private_webhooks",
        "Whether webhooks may go to private addresses, and without encryption.",
        (&flags.allow_private_webhooks, &file.allow_private_webhooks, Some(false)),
        bool::to_string,
    );
    let log = (&flags.log, &file.log, Some(LOG.to_owned()));
    let log = m.one("log", "What is logged: a level, also by part.", log, |l| quoted(l)).unwrap_or_default();
    let log: Targets = log.parse().map_err(|e| {
        Failure::new(format!("`{log}` is no level: {e}"), "log")
            .help("write error, warn, info, debug, trace or off, or parts as in info,ringfence_service=debug")
    })?;
    let format = (&flags.log_format, &file.log_format, Some(Format::Text));
    let log_format = m.one("log_format", "How it is logged.", format, |f| quoted(f.as_str()));
    let about = "OpenTelemetry collector that takes traces (OTLP over HTTP).";
    let collector = m.one("traces", about, (&flags.traces, &file.traces, None), |u| quoted(u));
    let sampled = (&flags.traces_sampled, &file.traces_sampled, Some(TRACES_SAMPLED));
    let sampled =
        m.one("traces_sampled", "Share of the requests that are traced.", sampled, |s| format!("{s:?}"));
    let sampled = sampled.unwrap_or(TRACES_SAMPLED);
    if !(0.0..=1.0).contains(&sampled) {
        let failure = Failure::new(format!("{sampled} is no share of the requests"), "traces_sampled");
        return Err(failure.help("write a number from 0 (none) to 1 (all)"));
    }
    let traces = collector.map(|collector| Traced { collector, sampled });
    let about = "Event files that appear in this folder are taken, each once.";
    let follow = m.one("follow", about, (&flags.follow, &file.follow, None), path);
    let about = "How often it is looked for leads, by arrival; off for never.";
    let every_leads = (&flags.leads_every, &file.leads_every, Some(LEADS_EVERY.to_owned()));
    let every_leads = m.one("leads_every", about, every_leads, |t| quoted(t));
    let back = (&flags.leads_back, &file.leads_back, Some(LEADS_BACK.to_owned()));
    let back = m.one("leads_back", "How far back a look for leads goes.", back, |t| quoted(t));
    let about = "The key that signs packs of evidence of cases.";
    let evidence_key = m.one("evidence_key", about, (&flags.evidence_key, &file.evidence_key, None), path);
    let tls = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Files { certificate, key }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let failure =
                Failure::new("a certificate and its key belong together", "tls_certificate, tls_key");
            return Err(failure.help("name both files, or neither"));
        }
    };
    if let Some(url) = &public_url {
        origin(url)?;
    }
    let every = every.unwrap_or_else(|| SNAPSHOT_EVERY.to_owned());
    let every = Duration::parse(&every).at("snapshot_every")?;
    let settings = Settings {
        single_approver: single_approver.unwrap_or(false),
        private_webhooks: private_webhooks.unwrap_or(false),
        requests_per_second,
        snapshot_every: std::time::Duration::from_millis(every.0.max(1_000) as u64),
        looks: looks(every_leads.as_deref(), back.as_deref())?,
        oidc: file.oidc.map(|provider| provider.settings(public_url.as_deref(), &mut m.text)).transpose()?,
        traces: traces.is_some(),
        evidence_key,
        web: Web { public_url, tls: tls.is_some(), trusted_proxy },
        ..Settings::default()
    };
    let (listen, log_format) = (listen.unwrap_or(default), log_format.unwrap_or(Format::Text));
    Ok(Effective { listen, tls, follow, log, log_format, traces, settings, text: m.text })
}

/// When it is looked for leads.
fn looks(every: Option<&str>, back: Option<&str>) -> Result<Option<Looks>, Failure> {
    let every = match every.unwrap_or(LEADS_EVERY) {
        "off" => return Ok(None),
        every => Duration::parse(every).at("leads_every")?,
    };
    let back = Duration::parse(back.unwrap_or(LEADS_BACK)).at("leads_back")?;
    Ok(Some(Looks { every, back, ..Looks::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
        let table = |text: &str| text.parse::<toml::Table>().expect("TOML");
        let file = table("snapshot_every = \"1h\"\nallow_single_approver = true");
        let flags = Flags { snapshot_every: Some("5m".into()), ..Flags::default() };
        let holds = effective(&flags, &file).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(holds.settings.snapshot_every.as_secs(), 300);
        assert!(holds.settings.single_approver && !holds.settings.private_webhooks);
        assert_eq!(holds.listen.to_string(), LISTEN);
        // What is printed is a file that means the same.
        let again = holds.text.parse::<toml::Table>().expect("TOML");
        let again = again["serve"].as_table().expect("a table").clone();
        let again = effective(&Flags::default(), &again).unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(
            (again.settings, again.listen, again.follow),
            (holds.settings, holds.listen, holds.follow)
        );
        for wrong in [
            "listne = \"x\"",
            "tls_key = \"k.pem\"",
            "snapshot_every = \"soon\"",
            "leads_every = \"often\"",
            "public_url = \"a.example\"",
            "public_url = \"https://a/b\"",
            "traces_sampled = 1.5",
        ] {
            assert!(effective(&Flags::default(), &table(wrong)).is_err(), "{wrong}");
        }
    }
}
