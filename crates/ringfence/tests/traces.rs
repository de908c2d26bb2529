//! Does a collector of traces get what happened, and nothing that is secret or somebody's?

mod common;

use common::folder;
use common::serving::Service;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

/// Takes requests and says yes: their heads and bodies.
fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/v1/traces", listener.local_addr().expect("its address"));
    let (sender, taken) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).expect("text") == 0 || line == "\r\n" {
                    break;
                }
                let line = line.to_lowercase();
                length = line
                    .strip_prefix("content-length:")
                    .map_or(length, |n| n.trim().parse().expect("a number"));
                head += &line;
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("the body");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.get_mut().write_all(answer).expect("answered");
            if sender.send((head, body)).is_err() {
                return;
            }
        }
    });
    (address, taken)
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|w| w == part)
}

#[test]
fn spans_go_to_the_collector_as_part_of_the_callers_trace() {
    let (address, taken) = collector();
    let dir = folder();
    // Nothing is sampled but what a caller traces.
    let more = ["--traces", address.as_str(), "--traces-sampled", "0"];
    let service = Service::start(&dir.path().join("data"), &more);
    let told = service.told.clone();
    let token = told["set_up"].as_str().expect("a token");
    let body = json!({ "token": token, "name": "Plantagenet", "password": "planted lantern quarry mauve 88", "with_key": true });
    let (status, entered, _) = service.ask("/v1/setup", "", Some(body));
    assert_eq!(status, 200, "{entered}");
    let admin = entered["key"]["secret"].as_str().expect("a secret").to_owned();
    let url = format!("{}/v1/decisions/planted-refund", told["address"].as_str().expect("an address"));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for parent in [format!("00-{trace}-00f067aa0ba902b7-01"), format!("00-{trace}-zz-01"), "é".to_owned()] {
        let request = ureq::get(&url).header("authorization", format!("Bearer {admin}"));
        let answer =
            request.header("traceparent", parent).config().http_status_as_error(false).build().call();
        assert_eq!(answer.expect("an answer").status(), 404);
    }
    service.end();
    let sent: Vec<(String, Vec<u8>)> = taken.try_iter().collect();
    assert_eq!(sent.len(), 1, "one batch at the end: {sent:?}");
    let (head, body) = &sent[0];
    assert!(head.starts_with("post /v1/traces") && head.contains("application/x-protobuf"), "{head}");
    let trace: Vec<u8> =
        (0..16).map(|i| u8::from_str_radix(&trace[2 * i..2 * i + 2], 16).expect("hex")).collect();
    assert!(holds(body, &trace), "the caller's trace");
    assert_eq!(body.windows(16).filter(|w| *w == trace).count(), 1, "what is no trace is none");
    for part in ["ringfence", "GET /v1/decisions/{refund}", "http.response.status_code"] {
        assert!(holds(body, part.as_bytes()), "{part} in {}", String::from_utf8_lossy(body));
    }
    for secret in [admin.as_str(), token, "planted", "Plantagenet"] {
        assert!(!holds(body, secret.as_bytes()), "{secret} in {}", String::from_utf8_lossy(body));
    }
}

#[test]
fn an_address_or_a_share_that_is_none_is_told() {
    let dir = folder();
    let data = dir.path().join("data");
    let serve = |more: [&str; 4]| {
        let args = ["serve", "--data", common::arg(&data)];
        common::ringfence(dir.path(), &[&args[..], &more[..]].concat()).ends(1).err
    };
    let told = serve(["--traces", "nowhere at all", "--traces-sampled", "1"]);
    assert!(told.contains("cannot take traces") && told.contains("4318"), "{told}");
    let told = serve(["--traces", "http://127.0.0.1:1/v1/traces", "--traces-sampled", "7"]);
    assert!(told.contains("7 is no share"), "{told}");
}
