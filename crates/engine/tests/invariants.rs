//! Do the invariants hold on a simulated shop? INV-1, INV-2, INV-4 and INV-5 by comparing bytes.

use ringfence_decide::{DEFAULT_POLICY, Policy};
use ringfence_domain::{Currency, Event, Money, Timestamp};
use ringfence_engine::{Applied, Decider, Engine};
use ringfence_features::Plan;
use std::sync::Arc;

fn convert(money: Money, _: Timestamp) -> Option<i64> {
    (money.currency == Currency::USD).then_some(money.amount)
}
type Convert = fn(Money, Timestamp) -> Option<i64>;

fn shop() -> Vec<Event> {
    let mut events = Vec::new();
    let mut sink = |e: &Event| -> std::io::Result<()> {
        events.push(e.clone());
        Ok(())
    };
    struct Nothing;
    impl ringfence_simulate::TruthSink for Nothing {
        fn record(&mut self, _: &ringfence_simulate::TruthRecord) -> std::io::Result<()> {
            Ok(())
        }
    }
    let scenario = ringfence_simulate::Scenario::default();
    ringfence_simulate::simulate(&scenario, 7, 250, 150, &mut sink, &mut Nothing)
        .expect("a small shop can be simulated");
    with_leads(&events)
}

/// The same with leads on accounts that had asked by then, raised, changed and withdrawn as the days go by.
fn with_leads(events: &[Event]) -> Vec<Event> {
    use ringfence_domain::Body;
    let mut out: Vec<Event> = Vec::new();
    let mut asked: Vec<(String, String)> = Vec::new();
    let line = |n: usize, event_type: &str, time: Timestamp, data: String| {
        let line = format!(
            r#"{{"specversion":"1.0","id":"lead-{n}","source":"leads","type":"{event_type}","time":"{time}","data":{data}}}"#
        );
        ringfence_domain::Decoder::default().decode(line.as_bytes()).expect("well-formed")
    };
    for (n, event) in events.iter().enumerate() {
        if let Body::RefundRequested(r) = &event.body {
            asked
                .push((r.account.to_string(), r.device.as_ref().map_or("D".to_owned(), ToString::to_string)));
            let lead = asked.len() % 5;
            if asked.len().is_multiple_of(7) {
                let data = format!(
                    r#"{{"lead":"L{lead}","kind":"ring","as_of":"{}","reason":"stopped"}}"#,
                    event.time
                );
                out.push(line(n, "lead.withdrawn", event.time, data));
            } else if asked.len().is_multiple_of(2) {
                let members: Vec<String> = asked
                    .iter()
                    .rev()
                    .take(6)
                    .map(|a| format!(r#"{{"kind":"account","id":"{}","probability":0.9}}"#, a.0))
                    .collect();
                let data = format!(
                    r#"{{"lead":"L{lead}","kind":"ring","as_of":"{}","probability":0.9,"fdr":0.05,"method":"m","members":[{}],"refunds":[],"money":{{"amount":1,"currency":"USD"}},"ties":[{{"kind":"device","value":"{}","probability":0.9,"accounts":[]}}]}}"#,
                    event.time,
                    members.join(","),
                    asked[asked.len() - 1].1
                );
                out.push(line(n, "lead.raised", event.time, data));
            }
        }
        out.push(event.clone());
    }
    out
}

fn decider(plan: &Plan) -> Decider {
    let policy = Policy::parse(DEFAULT_POLICY).expect("the default policy is well-formed");
    Decider::new(&plan.schema, None, &policy).expect("the default policy fits the built-in catalogue")
}

fn engine(plan: &Arc<Plan>) -> Engine<Convert> {
    Engine::new(plan.clone(), Currency::USD, convert, Some(decider(plan)))
}

/// What the engine answers, a line a request: the vector's bits and the decision's JSON.
fn answers(engine: &mut Engine<Convert>, events: &[Event]) -> Vec<String> {
    let mut lines = Vec::new();
    for event in events {
        if let Applied::Request(request) = engine.apply(event).expect("one currency") {
            let bits: Vec<u64> = request.vector.iter().map(|v| v.to_bits()).collect();
            lines.push(format!(
                "{bits:x?} {}",
                serde_json::to_string(&request.decision).expect("decisions are JSON")
            ));
        }
    }
    lines
}

#[test]
fn a_log_in_one_go_and_in_two_halves_over_a_snapshot_gives_the_same_bytes() {
    let (events, plan) = (shop(), Arc::new(Plan::builtin()));
    let mut whole = engine(&plan);
    let expected = answers(&mut whole, &events);
    assert!(expected.len() > 50, "{} requests", expected.len());
    for cut in [1, events.len() / 3, events.len() / 2, events.len() - 1] {
        let mut first = engine(&plan);
        let mut got = answers(&mut first, &events[..cut]);
        let bytes = first.snapshot();
        let mut second =
            Engine::restore(&bytes, plan.clone(), Currency::USD, convert as Convert, Some(decider(&plan)))
                .expect("a snapshot can be restored");
        assert_eq!(second.snapshot(), bytes, "restoring changes nothing");
        got.extend(answers(&mut second, &events[cut..]));
        assert_eq!(got, expected, "cut at {cut}");
        assert!(second.snapshot() == whole.snapshot(), "the states differ at the end, cut at {cut}");
    }
}

#[test]
fn surrounding_threads_do_not_change_a_byte() {
    let (events, plan) = (Arc::new(shop()), Arc::new(Plan::builtin()));
    let expected = answers(&mut engine(&plan), &events);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (events, plan) = (events.clone(), plan.clone());
            std::thread::spawn(move || answers(&mut engine(&plan), &events))
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("no panic"), expected);
    }
}

#[test]
fn nothing_that_comes_later_changes_an_answer() {
    let (events, plan) = (shop(), Arc::new(Plan::builtin()));
    let expected = answers(&mut engine(&plan), &events);
    for share in [4, 2] {
        let got = answers(&mut engine(&plan), &events[..events.len() / share]);
        assert_eq!(got, expected[..got.len()]);
    }
}

#[test]
fn a_damaged_or_foreign_snapshot_is_refused_with_the_reason() {
    let plan = Arc::new(Plan::builtin());
    let mut first = engine(&plan);
    answers(&mut first, &shop()[..2_000]);
    let bytes = first.snapshot();
    let restore = |bytes: &[u8], plan: &Arc<Plan>| {
        Engine::restore(bytes, plan.clone(), Currency::USD, convert as Convert, None)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    assert_eq!(restore(&bytes, &plan), Ok(()));
    assert_eq!(
        restore(&bytes[..5], &plan),
        Err("this is not a whole snapshot (cut off in its head); replay the log instead".into())
    );
    let cut = restore(&bytes[..bytes.len() / 2], &plan).expect_err("half a snapshot is none");
    assert!(cut.starts_with("this is not a whole snapshot ("), "{cut}");
    let other = ringfence_features::Catalogue::parse(
        "format = 1\n[[feature]]\nname = \"n\"\nabout = \"a\"\nexpr = \"1\"\n",
    );
    let other = Arc::new(Plan::compile(&other.expect("well-formed")).expect("well-formed"));
    let foreign = restore(&bytes, &other).expect_err("another catalogue");
    assert!(foreign.starts_with("this snapshot was taken with catalogue "), "{foreign}");
}

#[test]
fn an_event_changes_only_the_things_that_can_be_listed_before() {
    use ringfence_features::Folder;
    let (events, plan) = (shop(), Arc::new(Plan::builtin()));
    let mut folder = Folder::new(plan);
    let from = events.len() - 300;
    for (position, event) in events.iter().enumerate() {
        let Some(fact) = folder.flatten(event, position as u64, &convert) else { continue };
        if position < from {
            folder.fold(&fact);
            continue;
        }
        let listed = folder.touched(&fact);
        let before = folder.state().values();
        folder.fold(&fact);
        let after = folder.state().values();
        for (key, value) in &after {
            let nothing_known =
                value.chunks(8).all(|c| c.try_into().is_ok_and(|c| f64::from_le_bytes(c).is_nan()));
            if before.get(key) != Some(value) && !nothing_known {
                assert!(
                    listed.contains(key),
                    "{:?} changed {key:?}, which was not listed",
                    event.body.event_type()
                );
            }
        }
    }
}

#[test]
fn a_request_without_a_rate_is_refused_and_leaves_no_trace() {
    let plan = Arc::new(Plan::builtin());
    let mut engine = engine(&plan);
    let line = br#"{"specversion":"1.0","id":"e1","source":"s","type":"refund.requested","time":"2023-03-01T12:34:56Z","data":{"refund":"R1","order":"O1","account":"A1","lines":[{"line":1,"quantity":1}],"amount":{"amount":100,"currency":"JPY"},"reason":"late","channel":"chat"}}"#;
    let event = ringfence_domain::codec::Decoder::new(ringfence_domain::codec::Limits::default())
        .decode(line)
        .expect("well-formed");
    let before = engine.snapshot();
    let error = engine.apply(&event).map(|_| ()).expect_err("no rate");
    assert_eq!(
        error.to_string(),
        "no rate from JPY to USD is known at 2023-03-01T12:34:56Z; add a dated rate to the configuration and send the request again"
    );
    assert!(engine.snapshot() == before);
}
