//! A service under test, as a process of its own.

use super::arg;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

/// A running `ringfence serve`.
pub(crate) struct Service {
    child: Child,
    /// What it told at its start.
    pub(crate) told: Value,
    errors: JoinHandle<String>,
    agent: ureq::Agent,
}

impl Service {
    /// On a folder, with more arguments; once it listens.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Service {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringfence"))
            .args(["--json", "serve", "--listen", "127.0.0.1:0", "--data", arg(data)])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let mut errors = child.stderr.take().expect("its errors");
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).expect("text");
            text
        });
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut text = String::new();
        let told = loop {
            assert!(out.read_line(&mut text).expect("text") > 0, "it told: {text}");
            if let Ok(told) = serde_json::from_str(&text) {
                break told;
            }
        };
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        Service { child, told, errors, agent }
    }
    /// Asks; what was answered, and the id of the request.
    pub(crate) fn ask(&self, path: &str, key: &str, body: Option<Value>) -> (u16, Value, String) {
        let url = format!("{}{path}", self.told["address"].as_str().expect("an address"));
        let bearer = format!("Bearer {key}");
        let event = body.as_ref().is_some_and(|b| b["specversion"] == "1.0");
        let media = if event { "application/cloudevents+json" } else { "application/json" };
        let answer = match body {
            None => self.agent.get(url).header("authorization", bearer).call(),
            Some(body) => {
                let request = self.agent.post(url).header("authorization", bearer);
                request.header("content-type", media).send(body.to_string())
            }
        };
        let mut answer = answer.expect("an answer");
        let id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
        let text = answer.body_mut().read_to_string().expect("text");
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default(), id)
    }
    /// All that it logged.
    pub(crate) fn stop(mut self) -> String {
        self.child.kill().expect("killed");
        self.child.wait().expect("it ended");
        self.errors.join().expect("all of it")
    }
    /// Asks it to stop and waits until it did; all that it logged.
    pub(crate) fn end(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().expect("kill runs").success());
        assert!(self.child.wait().expect("it ended").success(), "it stops when it is asked to");
        self.errors.join().expect("all of it")
    }
}
