//! Are event files of a folder taken once, and does a backup of a running service come up again?

mod common;

use axum::http::Method;
use common::{ONE, admin, ask, clock, key, open, order, request, start};
use ringfence_domain::config::Config;
use ringfence_service::access::Role;
use ringfence_service::backup::{BackupError, MANIFEST, backup, restore};
use ringfence_service::door::Door;
use ringfence_service::follow::{FOLLOWED, Following, TakenFile};
use ringfence_service::library::Given;
use ringfence_service::serve::Settings;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_once_and_an_event_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let (inbox, data) = (dir.path().join("in"), dir.path().join("data"));
    std::fs::create_dir(&inbox).expect("a folder");
    let service = open(&data);
    let worker = service.worker().clone();
    let write =
        |name: &str, lines: &[String]| std::fs::write(inbox.join(name), lines.join("\n")).expect("written");
    let line = |n: u32| order(n).to_string();
    write("a.jsonl", &[line(1), "no event".into(), line(2), request(1, 5_000).to_string()]);
    write("b.jsonl.part", &[line(9)]);
    write("notes.txt", &[line(9)]);
    // Half of it was in the file before.
    write("b.jsonl", &[line(2), line(3)]);
    let look = {
        let (worker, inbox, data) = (worker.clone(), inbox.clone(), data.clone());
        move |ahead_s: u64| {
            let (worker, inbox, data) = (worker.clone(), inbox.clone(), data.clone());
            tokio::task::spawn_blocking(move || {
                let door = Door::new(&Config::default(), None, clock);
                let mut following = Following::new(&inbox, &data).expect("it follows");
                let now = SystemTime::now() + Duration::from_secs(ahead_s);
                following.look(&worker, &door, now).expect("taken");
            })
        }
    };
    look(0).await.expect("no panic");
    assert!(!data.join(FOLLOWED).exists(), "a file that has just changed may not be finished");
    for _ in 0..2 {
        look(10).await.expect("no panic");
        let taken = std::fs::read(data.join(FOLLOWED)).expect("noted");
        let taken: BTreeMap<String, TakenFile> = serde_json::from_slice(&taken).expect("JSON");
        let counts = |name: &str| (taken[name].accepted, taken[name].duplicates, taken[name].refused);
        assert_eq!((taken.len(), counts("a.jsonl"), counts("b.jsonl")), (2, (3, 0, 1), (1, 1, 0)));
    }
    let rejects = std::fs::read_to_string(data.join("a.jsonl.rejects.jsonl")).expect("rejects");
    assert!(rejects.contains("\"line\":2"), "{rejects}");
    assert_eq!(worker.counts().events.load(std::sync::atomic::Ordering::Relaxed), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_service_comes_up_with_all_that_it_had() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, kept, again) = (dir.path().join("data"), dir.path().join("kept"), dir.path().join("again"));
    let service = open(&data);
    let router = service.router();
    let admin = admin(&service, &router).await;
    let shop = key(&router, &admin, Role::Integration).await;
    let mut answers = Vec::new();
    for n in 1..=20 {
        ask(&router, Method::POST, "/v1/events", Some(&shop), ONE, &order(n).to_string()).await;
        let body = request(n, 5_000).to_string();
        answers.push(ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &body).await.bytes);
        if n == 10 {
            service.worker().history().snapshot().expect("a snapshot");
        }
    }
    let manifest = backup(&data, &kept, &mut |_| {}).expect("a backup while it runs");
    assert_eq!(manifest.head.position, service.worker().history().reader.head().position);
    assert!(matches!(backup(&data, &kept, &mut |_| {}), Err(BackupError::NotEmpty(_))));
    restore(&kept, &again, &mut |_| {}).expect("put back");
    let restored = start(&again, &Given::default(), Settings::default()).expect("it comes up");
    assert!(restored.restart.snapshot.is_some() && restored.restart.compared == 10);
    let router = restored.router();
    for (n, answer) in (1..).zip(&answers) {
        let body = request(n, 5_000).to_string();
        let same = ask(&router, Method::POST, "/v1/refunds/decide", Some(&shop), ONE, &body).await;
        assert_eq!(&same.bytes, answer, "the same key gets the same bytes");
    }
    // A backup that was cut is not put back.
    let segment = |folder: &Path| {
        let mut files =
            std::fs::read_dir(folder.join("log")).expect("a log").map(|e| e.expect("a file").path());
        files.find(|path| path.extension().is_some_and(|e| e == "segment")).expect("a segment")
    };
    let file = segment(&kept);
    let bytes = std::fs::read(&file).expect("read");
    std::fs::write(&file, &bytes[..bytes.len() - 300]).expect("cut");
    let refused = restore(&kept, &dir.path().join("third"), &mut |_| {});
    assert!(refused.is_err(), "a backup without its end");
    assert!(kept.join(MANIFEST).exists());
}
