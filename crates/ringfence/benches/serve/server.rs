//! How is the service started, killed and asked? As a process of its own, the binary that users run.

use crate::Result;
use crate::client::Client;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running service.
pub(crate) struct Server {
    process: Child,
    /// Host and port.
    pub(crate) address: String,
    /// What it told at its start.
    pub(crate) started: Value,
}

impl Server {
    /// Starts the binary on a folder and waits until it listens.
    pub(crate) fn start(data: &Path, model: Option<&Path>) -> Result<Server> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        if let Some(model) = model {
            command.arg("--model").arg(model);
        }
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let mut out = process.stdout.take().ok_or("no standard output")?;
        let mut told = serde_json::Deserializer::from_reader(&mut out).into_iter::<Value>();
        let started = told.next().ok_or("the service ended before it listened")??;
        let address = started["address"].as_str().ok_or("no address was told")?;
        let address = address.trim_start_matches("http://").to_owned();
        // What it says later is read by nobody, and must not block it.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Ok(Server { process, address, started })
    }
    /// Makes the first key with the token of the first start, and with it one for the shop's systems and one that may
    /// read counters.
    pub(crate) fn keys(&self) -> Result<Keys> {
        let token = self.started["set_up"].as_str().ok_or("this is not the first start")?;
        let set_up = json!({ "token": token.rsplit(['=', '/']).next() });
        let admin = secret(&mut Client::connect(&self.address, "")?, "/v1/setup", &set_up)?;
        let wanted = json!({ "name": "order system", "role": "integration" });
        let shop = secret(&mut Client::connect(&self.address, &admin)?, "/v1/keys", &wanted)?;
        Ok(Keys { admin, shop })
    }
    /// A counter of `/metrics`.
    pub(crate) fn counter(&self, keys: &Keys, name: &str) -> Result<f64> {
        let answer = Client::connect(&self.address, &keys.admin)?.get("/metrics")?;
        let text = String::from_utf8(answer.body)?;
        let line = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.ok_or_else(|| format!("no counter {name}"))?.trim().parse()?)
    }
    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

/// Keys to the service.
pub(crate) struct Keys {
    pub(crate) admin: String,
    pub(crate) shop: String,
}

fn secret(client: &mut Client, path: &str, body: &Value) -> Result<String> {
    let answer = client.post(path, "application/json", body.to_string().as_bytes())?;
    let told: Value = serde_json::from_slice(&answer.body)?;
    Ok(told["secret"].as_str().ok_or_else(|| format!("{path}: {told}"))?.to_owned())
}
