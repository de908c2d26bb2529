//! Is the simulated shop sound? Same bytes, causal order, every kind, no leaks, rates in range.

use ringfence_domain::event::EventType;
use ringfence_domain::id::{ContactId, DeviceToken, IpToken};
use ringfence_domain::words::{Direction, ScanStatus};
use ringfence_domain::{Body, Decoder, Event, Timestamp, encode};
use ringfence_simulate::{
    EventSink, Kind, Label, Realism, RefundTruth, RingStyle, Scenario, TruthRecord, TruthSink, simulate,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

struct Run {
    events: Vec<Event>,
    truth: Vec<TruthRecord>,
}

fn run(scenario: &Scenario, seed: u64, accounts: u32, days: u32) -> Run {
    let (mut events, mut truth) = (Vec::new(), Vec::new());
    simulate(
        scenario,
        seed,
        accounts,
        days,
        &mut |e: &Event| {
            events.push(e.clone());
            Ok(())
        },
        &mut |r: &TruthRecord| {
            truth.push(r.clone());
            Ok(())
        },
    )
    .expect("sinks that keep everything do not fail");
    Run { events, truth }
}

/// One small shop for all tests of what is in it.
fn shop() -> &'static Run {
    static SHOP: OnceLock<Run> = OnceLock::new();
    SHOP.get_or_init(|| {
        let scenario = Scenario::small();
        run(&scenario, 11, scenario.accounts(), scenario.days())
    })
}

fn refunds(run: &Run) -> impl Iterator<Item = &RefundTruth> {
    run.truth.iter().filter_map(|r| match r {
        TruthRecord::Refund(t) => Some(t),
        _ => None,
    })
}

fn bytes(run: &Run) -> Vec<u8> {
    let mut out = truth_bytes(run);
    for event in &run.events {
        encode(event, &mut out);
        out.push(b'\n');
    }
    out
}

fn truth_bytes(run: &Run) -> Vec<u8> {
    let mut out = Vec::new();
    for record in &run.truth {
        serde_json::to_writer(&mut out, record).expect("records serialise");
        out.push(b'\n');
    }
    out
}

/// FNV-1a, 64 bits: enough to pin bytes in a test.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let scenario = Scenario::small();
    let of = |seed| bytes(&run(&scenario, seed, 300, 40));
    let first = of(5);
    assert!(first.len() > 100_000, "only {} bytes: nothing to compare", first.len());
    assert_eq!(hash(&first), hash(&of(5)));
    assert_ne!(hash(&first), hash(&of(6)));
}

#[test]
fn the_truth_of_a_seed_is_pinned() {
    // Ids, amounts and times of every request: the same on every machine. A change here is a change of the shop.
    let got = hash(&truth_bytes(&run(&Scenario::small(), 5, 300, 40)));
    assert_eq!(got, PINNED_TRUTH, "the small shop of seed 5 has changed: {got:#018x}");
}
const PINNED_TRUTH: u64 = 0xc420_9efe_73ba_55e9;

#[test]
fn a_longer_period_begins_with_the_same_orders() {
    // Opening dates and rings spread over the period, but an old account's first orders are its own.
    let scenario = Scenario::default();
    let first_orders = |days| -> BTreeSet<Timestamp> {
        let run = run(&scenario, 5, 1_000, days);
        let from = run.events.iter().find(|e| matches!(e.body, Body::OrderPlaced(_))).unwrap().time;
        run.events
            .iter()
            .filter(|e| matches!(e.body, Body::OrderPlaced(_)) && e.time.since(from).as_days() < 4.0)
            .map(|e| e.time)
            .collect()
    };
    let (short, long) = (first_orders(20), first_orders(40));
    let same = short.intersection(&long).count();
    assert!(same * 2 > short.len() && same > 3, "{same} of {} orders are the same", short.len());
}

#[test]
fn every_event_survives_the_codec() {
    let decoder = Decoder::default();
    let mut line = Vec::new();
    for event in &shop().events {
        line.clear();
        encode(event, &mut line);
        let back =
            decoder.decode(&line).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&line)));
        assert_eq!(&back, event);
    }
}

#[test]
fn events_come_in_the_order_of_their_arrival_and_some_arrive_late() {
    let run = shop();
    let mut latest = Timestamp::MIN;
    let mut late = 0;
    for event in &run.events {
        let arrival = event.recorded.unwrap_or(event.time);
        assert!(arrival >= latest, "{} arrives at {arrival} after {latest}", event.id);
        latest = arrival;
        late += u64::from(event.recorded.is_some());
        assert!(event.recorded.is_none_or(|r| r > event.time));
    }
    let share = late as f64 / run.events.len() as f64;
    assert!((0.005..0.05).contains(&share), "{share} of events arrive late");
}

#[test]
fn event_ids_are_unique_but_for_exact_duplicates() {
    let mut seen: BTreeMap<&str, &Event> = BTreeMap::new();
    let mut twice = 0;
    for event in &shop().events {
        if let Some(first) = seen.insert(event.id.as_str(), event) {
            assert_eq!(first, event);
            twice += 1;
        }
    }
    assert!(twice > 0, "a real shop sends something twice");
}

#[test]
fn causes_come_before_effects() {
    let run = shop();
    let mut orders: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut requests: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut sessions: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut opened: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut authorised: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut decided: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut contacts: BTreeMap<&str, Timestamp> = BTreeMap::new();
    // By event time, so that what arrived late is known.
    for e in &run.events {
        match &e.body {
            Body::OrderPlaced(x) => _ = orders.insert(x.order.as_str(), e.time),
            Body::RefundRequested(x) => _ = requests.insert(x.refund.as_str(), e.time),
            Body::SessionStarted(x) => _ = sessions.insert(x.session.as_str(), e.time),
            Body::AccountOpened(x) => _ = opened.insert(x.account.as_str(), e.time),
            Body::ContactOpened(x) => _ = contacts.insert(x.contact.as_str(), e.time),
            Body::ReturnAuthorised(x) => {
                _ = x.parcel.as_ref().map(|p| authorised.insert(p.as_str(), e.time));
            }
            Body::RefundDecided(x) => {
                decided.entry(x.refund.as_str()).or_insert(e.time);
            }
            _ => {}
        }
    }
    let mut checked = 0;
    let mut after = |e: &Event, cause: Option<&Timestamp>, what: &str| {
        if let Some(cause) = cause {
            assert!(*cause <= e.time, "{} ({}) is before its {what}", e.id, e.time);
            checked += 1;
        }
    };
    for e in &run.events {
        match &e.body {
            Body::OrderPlaced(x) => after(e, opened.get(x.account.as_str()), "account"),
            Body::ParcelScanned(x) => after(e, orders.get(x.order.as_str()), "order"),
            Body::RefundRequested(x) => {
                after(e, orders.get(x.order.as_str()), "order");
                after(e, x.contact.as_ref().and_then(|c| contacts.get(c.as_str())), "contact");
            }
            Body::ReturnReceived(x) => {
                after(e, orders.get(x.order.as_str()), "order");
                after(e, x.parcel.as_ref().and_then(|p| authorised.get(p.as_str())), "label");
            }
            Body::RefundDecided(x) => after(e, requests.get(x.refund.as_str()), "request"),
            Body::RefundPaid(x) => after(e, decided.get(x.refund.as_str()), "decision"),
            Body::StaffActed(x) => {
                after(e, x.session.as_ref().and_then(|s| sessions.get(s.as_str())), "session");
            }
            Body::VerdictRecorded(x) => after(e, requests.get(x.subject.id.as_str()), "request"),
            Body::MessagePosted(x) => after(e, contacts.get(x.contact.as_str()), "contact"),
            _ => {}
        }
    }
    assert!(checked > 20_000, "only {checked} effects had their cause in the stream");
}

#[test]
fn a_parcel_moves_forward() {
    let rank = |s: ScanStatus| match s {
        ScanStatus::LabelCreated => 0,
        ScanStatus::Accepted => 1,
        ScanStatus::InTransit => 2,
        ScanStatus::OutForDelivery => 3,
        ScanStatus::Delivered | ScanStatus::Exception | ScanStatus::Lost | ScanStatus::ReturnedToSender => 4,
    };
    let mut parcels: BTreeMap<&str, Vec<(Timestamp, u8)>> = BTreeMap::new();
    for e in &shop().events {
        if let Body::ParcelScanned(x) = &e.body {
            let scans = parcels.entry(x.parcel.as_str()).or_default();
            scans.push((e.time, rank(x.status)));
            assert!(x.direction == Direction::Return || x.refund.is_none());
        }
    }
    assert!(parcels.len() > 2_000);
    for (parcel, mut scans) in parcels {
        scans.sort();
        assert!(scans.is_sorted_by_key(|s| s.1), "{parcel} moves back: {scans:?}");
    }
}

#[test]
fn every_kind_of_abuse_and_every_look_alike_occurs() {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for t in refunds(shop()) {
        *counts.entry(t.kind).or_insert(0) += 1;
        assert_eq!(t.label, t.kind.label());
    }
    let absent: Vec<_> = Kind::ALL.iter().filter(|k| !counts.contains_key(k)).collect();
    assert!(absent.is_empty(), "{absent:?} do not occur");
}

#[test]
fn every_event_type_of_the_contract_occurs() {
    let seen: BTreeSet<_> = shop().events.iter().filter_map(|e| e.body.event_type()).collect();
    let all = <EventType as ringfence_domain::words::Word>::ALL;
    // Leads come from looking at a log, not from what happens in a shop.
    let looked = [EventType::LeadRaised, EventType::LeadWithdrawn];
    let absent: Vec<_> = all.iter().filter(|t| !seen.contains(t) && !looked.contains(t)).collect();
    assert!(absent.is_empty(), "{absent:?} do not occur");
}

#[test]
fn every_ring_style_works_and_insiders_and_victims_are_told_apart() {
    let mut styles = BTreeMap::new();
    let mut patterns = BTreeSet::new();
    for record in &shop().truth {
        match record {
            TruthRecord::Ring { style, accounts, refunds, money, fees, .. } => {
                assert!(!accounts.is_empty() && fees.amount < money.amount);
                styles.insert(*style, refunds.len());
            }
            TruthRecord::Staff { pattern, .. } => _ = patterns.insert(pattern.as_str()),
            _ => {}
        }
    }
    assert_eq!(styles.len(), 7, "{styles:?}");
    assert!(styles.values().all(|n| *n >= 4), "{styles:?}");
    assert_eq!(patterns.into_iter().collect::<Vec<_>>(), ["bribed", "phished"]);
    assert!(styles.contains_key(&RingStyle::BribedReceipts));
}

#[test]
fn most_ring_buyers_have_a_clean_past() {
    let run = shop();
    let mut first: BTreeMap<&str, u32> = BTreeMap::new();
    for t in refunds(run).filter(|t| t.ring.is_some() && !t.test_purchase) {
        *first.entry(t.account.as_str()).or_insert(0) += 1;
    }
    let once = first.values().filter(|n| **n == 1).count() as f64 / first.len() as f64;
    assert!(once > 0.6, "{once} of ring buyers abuse once");
}

#[test]
fn the_truth_serves_as_labels() {
    let run = shop();
    for record in &run.truth {
        let json = serde_json::to_value(record).unwrap();
        let is_refund = json["record"] == "refund";
        assert_eq!(json.get("label").is_some(), is_refund, "{json}");
        if is_refund {
            let line = serde_json::to_vec(record).unwrap();
            ringfence_domain::truth::TruthLabel::decode(&line, 1).unwrap();
        }
    }
    let told: BTreeSet<_> = refunds(run).map(|t| t.refund.as_str()).collect();
    for e in &run.events {
        if let Body::RefundRequested(x) = &e.body {
            assert!(told.contains(x.refund.as_str()), "no truth about {}", x.refund);
        }
    }
}

#[test]
fn verdicts_are_late_scarce_and_sometimes_wrong() {
    let run = shop();
    let truth: BTreeMap<_, _> = refunds(run).map(|t| (t.refund.as_str(), t)).collect();
    let (mut right, mut wrong, mut soon) = (0.0, 0.0, 0.0);
    for e in &run.events {
        let Body::VerdictRecorded(x) = &e.body else { continue };
        let Some(t) = truth.get(x.subject.id.as_str()) else { continue };
        let same = x.verdict.as_str() == t.label.as_str();
        *(if same { &mut right } else { &mut wrong }) += 1.0;
        soon += f64::from(u8::from(e.time.since(t.requested_at).as_days() < 1.0));
    }
    let all = right + wrong;
    assert!(wrong / all > 0.01 && wrong / all < 0.3, "{wrong} of {all} verdicts are wrong");
    assert!(soon / all < 0.1, "{soon} of {all} verdicts come within a day");
    assert!(all < 0.5 * truth.len() as f64, "{all} verdicts on {} requests", truth.len());
}

/// How well the order of `keys` tells abuse from the rest: 0.5 is not at all.
fn auc(mut items: Vec<(String, bool)>) -> f64 {
    items.sort();
    let bad = items.iter().filter(|i| i.1).count() as f64;
    let sum: f64 = items.iter().enumerate().filter(|(_, i)| i.1).map(|(n, _)| n as f64 + 1.0).sum();
    (sum - bad * (bad + 1.0) / 2.0) / (bad * (items.len() as f64 - bad))
}

#[test]
fn names_and_times_tell_nothing() {
    let run = shop();
    let bad: BTreeSet<_> =
        refunds(run).filter(|t| t.label == Label::Abuse).map(|t| t.refund.as_str()).collect();
    let mut by_field: BTreeMap<&str, Vec<(String, bool)>> = BTreeMap::new();
    let mut shapes: BTreeMap<&str, [BTreeSet<(usize, String)>; 2]> = BTreeMap::new();
    for e in &run.events {
        let Body::RefundRequested(x) = &e.body else { continue };
        let is_bad = bad.contains(x.refund.as_str());
        let ids = [
            ("refund", Some(x.refund.as_str())),
            ("order", Some(x.order.as_str())),
            ("account", Some(x.account.as_str())),
            ("device", x.device.as_ref().map(DeviceToken::as_str)),
            ("ip", x.ip.as_ref().map(IpToken::as_str)),
            ("contact", x.contact.as_ref().map(ContactId::as_str)),
        ];
        for (field, id) in ids {
            let Some(id) = id else { continue };
            by_field.entry(field).or_default().push((id.to_string(), is_bad));
            let prefix = id.split('_').next().unwrap_or(id)[..1].to_string();
            shapes.entry(field).or_default()[usize::from(is_bad)].insert((id.len(), prefix));
        }
        let ms = e.time.millis();
        by_field.entry("millisecond").or_default().push((format!("{:03}", ms % 1_000), is_bad));
        by_field.entry("second").or_default().push((format!("{:05}", ms % 60_000), is_bad));
        by_field.entry("minute").or_default().push((format!("{:07}", ms % 3_600_000), is_bad));
    }
    for (field, items) in by_field {
        let n = items.iter().filter(|i| i.1).count() as f64;
        let auc = auc(items);
        // Four standard deviations of the AUC of noise.
        let room = 4.0 * (1.0 / (12.0 * n)).sqrt();
        assert!((auc - 0.5).abs() < room, "{field} tells abuse with AUC {auc} (allowed 0.5 ± {room})");
    }
    for (field, [honest, bad]) in shapes {
        assert!(bad.is_subset(&honest), "{field}: {bad:?} are not like {honest:?}");
    }
}

#[test]
fn no_word_and_no_field_is_the_abusers_own() {
    // Enough honest claims that every sentence of theirs is likely to occur.
    let run = &run(&Scenario::default(), 4, 8_000, 200);
    let truth: BTreeMap<_, _> = refunds(run).map(|t| (t.refund.as_str(), t.label == Label::Abuse)).collect();
    let mut bad_contacts = BTreeSet::new();
    let mut patterns: [BTreeMap<String, usize>; 2] = Default::default();
    let mut words: [BTreeMap<&str, usize>; 2] = Default::default();
    for e in &run.events {
        let Body::RefundRequested(x) = &e.body else { continue };
        let is_bad = truth[x.refund.as_str()];
        let has = |b: bool| if b { '+' } else { '-' };
        let channel = x.channel.as_str();
        let pattern = [x.contact.is_some(), x.staff.is_some(), x.device.is_some(), x.ip.is_some()];
        let pattern = format!("{channel} {}", pattern.map(has).iter().collect::<String>());
        *patterns[usize::from(is_bad)].entry(pattern).or_insert(0) += 1;
        if let (true, Some(contact)) = (is_bad, &x.contact) {
            bad_contacts.insert(contact.as_str());
        }
    }
    for e in &run.events {
        let Body::MessagePosted(x) = &e.body else { continue };
        let side = usize::from(bad_contacts.contains(x.contact.as_str()));
        for word in x.text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
            *words[side].entry(word).or_insert(0) += 1;
        }
    }
    let [honest, bad] = patterns;
    // What abusers do again and again, others do too; what occurs once may be chance.
    let own: Vec<_> = bad.iter().filter(|(p, n)| **n > 3 && !honest.contains_key(*p)).collect();
    assert!(own.is_empty(), "only abusers send {own:?}");
    let [honest, bad] = words;
    // A slip of the finger may make a word that occurs once; what abusers write again and again, others write too.
    let own: Vec<_> = bad.iter().filter(|(w, n)| **n > 3 && !honest.contains_key(*w)).collect();
    assert!(own.is_empty(), "only abusers write {own:?}");
    assert!(bad.len() > 100);
}

#[test]
fn the_default_shop_is_realistic() {
    let scenario = Scenario::default();
    let seen = std::cell::RefCell::new(Realism::default());
    simulate(
        &scenario,
        3,
        scenario.accounts(),
        scenario.days(),
        &mut |e: &Event| seen.borrow_mut().event(e),
        &mut |r: &TruthRecord| seen.borrow_mut().record(r),
    )
    .unwrap();
    let realism = seen.into_inner();
    // A shop of this size has a few dozen of the rarer things: chance alone moves a row or two over their edge.
    let outside: Vec<_> = realism.checks().into_iter().filter(|c| !c.ok()).collect();
    assert!(outside.len() <= 2, "{}", realism.table());
    for must in ["orders with a return", "claims, share of sales value", "basket, median $"] {
        assert!(!outside.iter().any(|c| c.quantity == must), "{}", realism.table());
    }
}

#[test]
fn sizes_out_of_bounds_and_failing_sinks_are_errors() {
    let scenario = Scenario::small();
    let mut nothing = |_: &TruthRecord| Ok(());
    let check = |accounts, days, expect: &str, nothing: &mut dyn TruthSink| {
        let got = simulate(&scenario, 1, accounts, days, &mut |_: &Event| Ok(()), nothing);
        let got = got.map(|_| ()).map_err(|e| e.to_string());
        assert!(got.as_ref().is_err_and(|e| e.contains(expect)), "{got:?}");
    };
    check(5, 10, "accounts has to be between 100 and", &mut nothing);
    check(500, 0, "days has to be between 1 and", &mut nothing);
    let full = |_: &Event| Err(std::io::Error::other("disk full"));
    let error = simulate(&scenario, 1, 200, 5, &mut { full }, &mut nothing).unwrap_err();
    assert!(error.to_string().contains("disk full"), "{error}");
    let mut full = |_: &TruthRecord| Err(std::io::Error::other("disk full"));
    check(200, 5, "disk full", &mut full);
}
