//! Who is answerable in shops whose truth is known because they were built event by event?

mod common;

use common::Pen;
use ringfence_domain::rates::Rates;
use ringfence_domain::{Currency, Duration, Event};
use ringfence_leads::attribution::{
    AsOf, Attribution, Cause, ClaimShares, Culprit, Person, Record, RequestFigures, Settings, attribute,
};
use serde_json::{Value, json};

/// The events of a shop, to be replayed in any order.
#[derive(Default)]
struct Shop {
    events: Vec<Event>,
    pen: Pen,
    orders: u64,
}

/// How a parcel is handed over.
#[derive(Clone, Copy)]
struct Handover<'a> {
    driver: Option<&'a str>,
    photo: bool,
    distance_m: f64,
}

fn by(driver: &str) -> Handover<'_> {
    Handover { driver: Some(driver), photo: true, distance_m: 8.0 }
}

impl Shop {
    fn send(&mut self, kind: &str, day: u64, minute: u64, data: &Value) {
        self.events.push(self.pen.event(kind, day, minute, data));
    }
    /// An order that is delivered two days later.
    fn order(&mut self, day: u64, account: &str, dollars: u64, hand: Handover<'_>) -> u64 {
        self.orders += 1;
        let n = self.orders;
        let total = json!({"amount": dollars * 100, "currency": "USD"});
        let lines = json!([{"line": 1, "sku": "thing", "quantity": 1}]);
        let placed = json!({"order": format!("O{n}"), "account": account, "lines": lines, "total": total,
                            "device": format!("device of {account}")});
        self.send("order.placed", day, n % 600, &placed);
        let mut scan = json!({"parcel": format!("P{n}"), "order": format!("O{n}"), "direction": "outbound", "carrier": "C",
                              "status": "delivered", "postal_code": "10001",
                              "proof": {"photo": hand.photo, "distance_m": hand.distance_m}});
        if let Some(driver) = hand.driver {
            scan["driver"] = json!(driver);
        }
        self.send("parcel.scanned", day + 2, n % 600, &scan);
        n
    }
    /// A claim about an order, some days after its delivery.
    fn claim(&mut self, day: u64, n: u64, account: &str, reason: &str, dollars: u64, device: &str) {
        let asked = json!({"refund": format!("R{n}"), "order": format!("O{n}"), "account": account,
                           "lines": [{"line": 1, "sku": "thing", "quantity": 1}], "reason": reason, "channel": "self_service",
                           "amount": {"amount": dollars * 100, "currency": "USD"}, "device": device});
        self.send("refund.requested", day + 5, n % 600, &asked);
    }
    /// Nothing came, says the account.
    fn not_received(&mut self, day: u64, account: &str, dollars: u64, hand: Handover<'_>) -> u64 {
        let n = self.order(day, account, dollars, hand);
        self.claim(day, n, account, "not_received", dollars, &format!("device of {account}"));
        n
    }
    /// A hundred accounts with six orders each, over ten honest drivers; one order in eighty is claimed not received, one in
    /// sixty damaged.
    fn ordinary() -> Shop {
        let mut shop = Shop::default();
        for n in 0..600u64 {
            let (day, account) = (n * 200 / 600, format!("A{:03}", n % 100));
            // Claims fall on all drivers alike.
            let driver = format!("driver {}", (n + n / 80 + n / 60) % 10);
            let order = shop.order(day, &account, 40 + n % 50, by(&driver));
            let device = format!("device of {account}");
            if n % 80 == 3 {
                shop.claim(day, order, &account, "not_received", 50, &device);
            } else if n % 60 == 17 {
                shop.claim(day, order, &account, "damaged", 50, &device);
            }
        }
        shop
    }
    fn record(&self) -> Record {
        let (mut record, rates) = (Record::default(), Rates::new(Currency::USD));
        for event in &self.events {
            record.see(event, &rates);
        }
        record
    }
    /// A driver whose parcels do not come: twelve of sixty, claimed by twelve accounts that otherwise claim nothing.
    fn with_thief() -> (Shop, Vec<u64>) {
        let mut shop = Shop::ordinary();
        let mut stolen = Vec::new();
        for n in 0..60u64 {
            let (day, account) = (n * 3, format!("route {n:02}"));
            shop.order(day, &account, 60, by("driver 3"));
            if n % 5 == 0 {
                let hand = Handover { driver: Some("thief"), photo: false, distance_m: 30.0 };
                stolen.push(shop.not_received(day + 1, &account, 60, hand));
            } else {
                shop.order(day + 1, &account, 60, by("thief"));
            }
        }
        (shop, stolen)
    }
    /// An account with eight claims of nothing received over ten orders, each by another honest driver, with a photo at the door.
    fn with_abuser() -> (Shop, Vec<u64>) {
        let mut shop = Shop::ordinary();
        let mut lies = Vec::new();
        for n in 0..10u64 {
            let driver = format!("driver {n}");
            if n < 8 {
                lies.push(shop.not_received(10 + n * 15, "liar", 300, by(&driver)));
            } else {
                shop.order(10 + n * 15, "liar", 40, by(&driver));
            }
        }
        (shop, lies)
    }
}

fn shares(attribution: &Attribution<'_>, n: u64) -> ClaimShares {
    attribution.claim(&format!("R{n}")).expect("a claim")
}

fn of(people: &[Person], id: &str) -> Person {
    people.iter().find(|p| p.id == id).unwrap_or_else(|| panic!("{id} is known")).clone()
}

#[test]
fn a_thiefs_parcels_are_not_charged_to_the_people_on_the_route() {
    let (shop, stolen) = Shop::with_thief();
    let record = shop.record();
    let attribution = attribute(&record, &Settings::default());
    for n in stolen {
        let claim = shares(&attribution, n);
        assert!(claim.driver > 0.5 && claim.buyer < 0.2, "{claim:?}");
        assert_eq!((claim.likeliest, claim.driver_id.as_deref()), (Culprit::Driver, Some("thief")));
        let why = attribution.why(&claim.refund);
        assert!(why[0].contains("the driver's other parcels"), "{why:?}");
        assert!(why.iter().any(|w| w.starts_with("against: ")), "{why:?}");
    }
    let leads = attribution.driver_leads(Currency::USD);
    assert_eq!(leads.iter().map(|l| l.driver.as_str()).collect::<Vec<_>>(), ["thief"]);
    assert!(leads[0].probability > 0.9 && leads[0].fdr <= 0.1 && leads[0].refunds.len() >= 10, "{leads:?}");
    assert!(leads[0].why.iter().any(|w| w.starts_with("not looked at: ")), "{leads:?}");
}

#[test]
fn an_abuser_is_found_and_the_drivers_who_came_are_not_charged() {
    let (shop, lies) = Shop::with_abuser();
    let record = shop.record();
    let attribution = attribute(&record, &Settings::default());
    for &n in &lies {
        let claim = shares(&attribution, n);
        assert!(claim.buyer > 0.8 && claim.driver < 0.1, "{claim:?}");
        let [low, high] = attribution.within(&claim.refund, Culprit::Buyer).expect("a claim");
        assert!(low <= claim.buyer && claim.buyer <= high && low > 0.4, "{low} {} {high}", claim.buyer);
    }
    let accounts = attribution.accounts();
    let most = accounts.iter().max_by(|a, b| a.answerable.total_cmp(&b.answerable)).expect("accounts");
    assert!(most.id == "liar" && most.any > 0.99 && most.within()[0] > 2.0, "{most:?}");
    assert!(attribution.driver_leads(Currency::USD).is_empty());
}

#[test]
fn a_loyal_customer_with_many_dear_orders_and_a_claim_now_and_then_is_not_answerable() {
    let mut shop = Shop::ordinary();
    for n in 0..60u64 {
        let driver = format!("driver {}", n % 10);
        if n == 20 || n == 45 {
            let order = shop.order(n * 3, "loyal", 900, by(&driver));
            shop.claim(n * 3, order, "loyal", "damaged", 900, "device of loyal");
        } else {
            shop.order(n * 3, "loyal", 900, by(&driver));
        }
    }
    let record = shop.record();
    let attribution = attribute(&record, &Settings::default());
    let loyal = of(&attribution.accounts(), "loyal");
    assert!(loyal.claims == 2 && loyal.answerable < 0.5 && loyal.within()[0] < 1.0, "{loyal:?}");
}

#[test]
fn a_new_driver_with_few_parcels_stays_uncertain() {
    let mut shop = Shop::ordinary();
    shop.not_received(150, "A001", 50, Handover { driver: Some("new"), photo: false, distance_m: 30.0 });
    shop.order(151, "A002", 50, by("new"));
    let record = shop.record();
    let attribution = attribute(&record, &Settings::default());
    let new = of(&attribution.drivers(Cause::Kept), "new");
    let [low, high] = new.within();
    assert!(low < 1.0 && high > 2.0, "{low} to {high}");
    assert!(attribution.driver_leads(Currency::USD).is_empty());
}

#[test]
fn what_is_known_of_no_driver_is_charged_to_none() {
    let mut shop = Shop::ordinary();
    let unknown = Handover { driver: None, photo: true, distance_m: 8.0 };
    let n = shop.not_received(100, "A001", 50, unknown);
    let record = shop.record();
    let attribution = attribute(&record, &Settings::default());
    let claim = shares(&attribution, n);
    assert_eq!((claim.driver, claim.driver_id), (0.0, None));
    assert!((claim.buyer + claim.staff + claim.nobody - 1.0).abs() < 1e-12);
}

#[test]
fn a_clerk_who_records_what_nothing_stands_behind_is_told_from_the_customers() {
    let mut shop = Shop::ordinary();
    let mut give_back = |day: u64, account: &str, clerk: &str, real: bool| {
        let n = shop.order(day, account, 60, by("driver 1"));
        let back = json!({"order": format!("O{n}"), "lines": [{"line": 1, "quantity": 1}], "staff": clerk, "lane": "scanned"});
        if real {
            let scan = json!({"parcel": format!("back {n}"), "order": format!("O{n}"), "direction": "return", "carrier": "C",
                              "status": "delivered"});
            shop.send("parcel.scanned", day + 8, 0, &scan);
        } else {
            shop.send(
                "staff.acted",
                day + 9,
                0,
                &json!({"staff": clerk, "action": "marked_returned", "order": format!("O{n}")}),
            );
        }
        shop.send("return.received", day + 9, 0, &back);
        shop.claim(day + 5, n, account, "changed_mind", 60, &format!("device of {account}"));
        n
    };
    let mut false_ones = Vec::new();
    for n in 0..120u64 {
        give_back(n, &format!("A{:03}", n % 100), if n % 2 == 0 { "clerk a" } else { "clerk b" }, true);
        if n % 8 == 0 {
            false_ones.push(give_back(n, &format!("A{:03}", (n + 50) % 100), "paid", false));
        }
    }
    let record = shop.record();
    let attribution = attribute(&record, &Settings::default());
    for n in false_ones {
        let claim = shares(&attribution, n);
        assert!(claim.staff > 0.8 && claim.staff_ids == ["paid"], "{claim:?}");
    }
    let staff = attribution.staff();
    assert!(of(&staff, "paid").ratio > 5.0 && of(&staff, "clerk a").ratio < 1.0, "{staff:?}");
}

#[test]
fn the_order_in_which_events_came_changes_nothing() {
    let (mut shop, _) = Shop::with_thief();
    let record = shop.record();
    let before = attribute(&record, &Settings::default());
    // A fixed shuffle: a step that has no divisor in common with the number of events.
    let count = shop.events.len();
    let coprime = |s: &usize| (2..=*s).all(|d| !s.is_multiple_of(d) || !count.is_multiple_of(d));
    let step = (count / 3..count).find(coprime).expect("a step");
    shop.events = (0..count).map(|n| shop.events[n * step % count].clone()).collect();
    let record = shop.record();
    let after = attribute(&record, &Settings::default());
    assert_eq!(before.claims().collect::<Vec<_>>(), after.claims().collect::<Vec<_>>());
    assert_eq!(before.accounts(), after.accounts());
    assert_eq!(before.driver_leads(Currency::USD), after.driver_leads(Currency::USD));
}

#[test]
fn without_data_there_are_no_findings_and_without_claims_the_first_beliefs() {
    let nothing = Record::default();
    let attribution = attribute(&nothing, &Settings::default());
    assert!(attribution.run().converged && attribution.claims().next().is_none());
    assert!(attribution.accounts().is_empty() && attribution.driver_leads(Currency::USD).is_empty());
    assert!(attribution.claim("R1").is_none() && attribution.why("R1").is_empty());

    let mut quiet = Shop::default();
    quiet.order(1, "A001", 50, by("driver 1"));
    let record = quiet.record();
    let attribution = attribute(&record, &Settings::default());
    let account = of(&attribution.accounts(), "A001");
    assert_eq!((account.claims, account.answerable, account.any), (0, 0.0, 0.0));
    assert!(account.ratio < 1.0, "an order without a claim speaks for the account: {account:?}");
}

#[test]
fn it_ends_by_itself_and_says_so() {
    let (shop, _) = Shop::with_abuser();
    let record = shop.record();
    let run = attribute(&record, &Settings::default()).run();
    assert!(run.converged && run.change <= 0.001 && run.sweeps < 100 && run.claims > 20, "{run:?}");
}

#[test]
fn a_verdict_counts_once_it_is_there_and_is_not_needed() {
    let mut shop = Shop::ordinary();
    let n = shop.not_received(100, "A001", 50, by("driver 1"));
    let before = shares(&attribute(&shop.record(), &Settings::default()), n);
    let verdict = json!({"subject": {"kind": "refund", "id": format!("R{n}")}, "verdict": "abuse", "method": "admission"});
    shop.send("verdict.recorded", 130, 0, &verdict);
    let record = shop.record();
    let after = shares(&attribute(&record, &Settings::default()), n);
    assert!(after.buyer > before.buyer + 0.2, "{before:?} {after:?}");
    let without = shares(&attribute(&record, &Settings { verdicts: false, ..Settings::default() }), n);
    assert!((without.buyer - before.buyer).abs() < 1e-12, "{before:?} {without:?}");
}

fn as_of(events: &[Event]) -> Vec<RequestFigures> {
    let (mut as_of, rates) = (AsOf::new(Duration::days(7), &Settings::default()), Rates::new(Currency::USD));
    events.iter().filter_map(|e| as_of.see(e, &rates)).collect()
}

#[test]
fn a_requests_figures_come_from_what_was_known_before_it() {
    let (mut shop, lies) = Shop::with_abuser();
    shop.events.sort_by_key(|e| e.time);
    let all = as_of(&shop.events);
    let buyer = |n: u64| all.iter().find(|f| f.refund == format!("R{n}")).expect("figures").clone();
    let (first, last) = (buyer(lies[0]), buyer(lies[7]));
    assert!(last.account_ratio > 3.0 * first.account_ratio && last.buyer > first.buyer, "{first:?} {last:?}");
    // What comes later changes nothing of what was known.
    let half = as_of(&shop.events[..shop.events.len() / 2]);
    assert!(half.len() > 5);
    assert_eq!(half, all[..half.len()]);
}
