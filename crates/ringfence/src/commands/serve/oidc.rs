//! Which identity provider do people sign in at? The table `[serve.oidc]`; its secret comes from a file or the environment.

use crate::commands::read_text;
use crate::failure::Failure;
use ringfence_service::access::Role;
use ringfence_service::oidc::{ClientSecret, Settings};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The client's secret, where no file holds it.
const SECRET: &str = "RINGFENCE_OIDC_CLIENT_SECRET";

/// As the file gives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Provider {
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    #[serde(default = "scopes")]
    scopes: String,
    #[serde(default = "roles_claim")]
    roles_claim: String,
    #[serde(default = "name_claim")]
    name_claim: String,
    roles: BTreeMap<String, Role>,
}

fn scopes() -> String {
    "openid profile".to_owned()
}

fn roles_claim() -> String {
    "groups".to_owned()
}

fn name_claim() -> String {
    "preferred_username".to_owned()
}

impl Provider {
    /// The provider; what holds is added to `text`, without the secret.
    pub(super) fn settings(self, public_url: Option<&str>, text: &mut String) -> Result<Settings, Failure> {
        let place = "[serve.oidc] of the configuration";
        let Provider { issuer, client_id, client_secret_file, scopes, roles_claim, name_claim, roles } = self;
        let public_url = public_url.map(str::to_owned).ok_or_else(|| {
            Failure::new("the provider must know where to send people back to", place)
                .help("set public_url to how browsers reach this service, as in https://refunds.shop.example")
        })?;
        if roles.is_empty() || roles.values().any(|role| *role == Role::Integration) {
            let failure = Failure::new("people need roles, and `integration` is none of people", place);
            return Err(failure.help(
                "write under [serve.oidc.roles] what stands for what, as in refunds-team = \"analyst\"",
            ));
        }
        let client_secret = match &client_secret_file {
            Some(path) => Some(read_text(path, "read the client's secret")?.trim().to_owned()),
            None => std::env::var(SECRET).ok(),
        };
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut lines = vec![
            ("issuer", quoted(&issuer)),
            ("client_id", quoted(&client_id)),
            ("scopes", quoted(&scopes)),
            ("roles_claim", quoted(&roles_claim)),
            ("name_claim", quoted(&name_claim)),
        ];
        if let Some(path) = &client_secret_file {
            lines.push(("client_secret_file", quoted(&path.display().to_string())));
        }
        writeln!(
            text,
            "\n# Where people sign in. Its secret: client_secret_file, or {SECRET}.\n[serve.oidc]"
        )
        .expect("a String takes all text");
        for (name, value) in lines {
            writeln!(text, "{name} = {value}   # file or default").expect("a String takes all text");
        }
        writeln!(text, "[serve.oidc.roles]").expect("a String takes all text");
        for (group, role) in &roles {
            writeln!(text, "{} = {}", quoted(group), quoted(role.as_str())).expect("a String takes all text");
        }
        let client_secret = client_secret.map(ClientSecret);
        Ok(Settings { issuer, client_id, client_secret, scopes, roles_claim, roles, name_claim, public_url })
    }
}
