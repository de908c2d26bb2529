//! Which groups become a ring, and which only look like one? Shops built event by event.

mod common;

use common::Pen;
use ringfence_domain::Currency;
use ringfence_domain::rates::Rates;
use ringfence_leads::rings::{Lead, Node, NodeKind, Record, Settings, Shared, graph, rings};
use serde_json::{Value, json};

/// A shop in which two hundred honest customers buy and now and then claim, each from a machine of their own.
struct Shop {
    pen: Pen,
    record: Record,
    rates: Rates,
    orders: u64,
}

/// How a claim is made.
#[derive(Clone, Copy, Default)]
struct Claim<'a> {
    device: Option<&'a str>,
    text: Option<&'a str>,
    document: Option<&'a str>,
    dollars: u64,
}

impl Shop {
    fn new() -> Shop {
        let mut shop = Shop {
            pen: Pen::default(),
            record: Record::default(),
            rates: Rates::new(Currency::USD),
            orders: 0,
        };
        for n in 0..200 {
            let (account, dollars) = (format!("honest{n}"), 30 + 7 * (n % 11));
            shop.order(&account, n % 80, Some(&format!("own-{account}")));
            if n % 4 == 0 {
                shop.claim(&account, n % 80 + 6, Claim { dollars, ..Claim::default() });
            }
        }
        shop
    }
    fn send(&mut self, kind: &str, day: u64, minute: u64, data: &Value) {
        let event = self.pen.event(kind, day, minute, data);
        self.record.see(&event, &self.rates);
    }
    fn order(&mut self, account: &str, day: u64, device: Option<&str>) -> String {
        self.orders += 1;
        let order = format!("O{}", self.orders);
        let money = json!({"amount": 30_000, "currency": "USD"});
        let mut placed = json!({"order": order, "account": account, "lines": [{"line": 1, "quantity": 1}], "total": money,
                                "address": format!("home-{account}")});
        if let Some(device) = device {
            placed["device"] = json!(device);
        }
        self.send("order.placed", day, 600, &placed);
        self.send(
            "parcel.scanned",
            day + 3,
            700,
            &json!({"parcel": format!("P{}", self.orders), "order": order, "direction": "outbound", "carrier": "c",
                    "status": "delivered"}),
        );
        order
    }
    /// An account's claim on a new order; from its own machine unless told otherwise.
    fn claim(&mut self, account: &str, day: u64, claim: Claim) {
        let own = format!("own-{account}");
        let order = self.order(account, day.saturating_sub(5), Some(&own));
        let refund = format!("R{}", self.orders);
        let mut asked = json!({"refund": refund, "order": order, "account": account,
            "lines": [{"line": 1, "quantity": 1}], "amount": {"amount": claim.dollars * 100, "currency": "USD"},
            "reason": "not_received", "channel": "chat", "device": claim.device.unwrap_or(&own)});
        if let Some(document) = claim.document {
            asked["documents"] = json!([document]);
        }
        if let Some(text) = claim.text {
            let contact = format!("C{}", self.orders);
            self.send(
                "contact.opened",
                day,
                800,
                &json!({"contact": contact, "account": account, "channel": "chat", "order": order}),
            );
            self.send(
                "message.posted",
                day,
                801,
                &json!({"contact": contact, "author": "customer", "text": text}),
            );
            asked["contact"] = json!(contact);
        }
        self.send("refund.requested", day, 810, &asked);
    }
    fn verdict(&mut self, refund: &str, day: u64, verdict: &str) {
        let data = json!({"subject": {"kind": "refund", "id": refund}, "verdict": verdict, "method": "investigation"});
        self.send("verdict.recorded", day, 900, &data);
    }
    fn leads(&self) -> Vec<Lead> {
        let settings = Settings::default();
        rings(&self.record, Currency::USD, &settings).into_iter().filter(|l| l.stands).collect()
    }
}

/// Eight buyers whose claims come from one machine that none of them bought with.
fn operator(shop: &mut Shop, device: &str, from: u64) {
    for n in 0..8 {
        let account = format!("buyer-{device}-{n}");
        shop.order(&account, 1, Some(&format!("own-{account}")));
        shop.claim(&account, from + 3 * n, Claim { device: Some(device), dollars: 400, ..Claim::default() });
    }
}

#[test]
fn strangers_who_claim_through_one_machine_are_a_ring() {
    let mut shop = Shop::new();
    operator(&mut shop, "operator", 20);
    let leads = shop.leads();
    assert_eq!(leads.len(), 1, "{leads:?}");
    let lead = &leads[0];
    assert_eq!(lead.accounts.len(), 8, "{lead:?}");
    assert!(lead.accounts.iter().all(|a| a.starts_with("buyer-")), "{lead:?}");
    assert_eq!((lead.identifiers[0].kind, lead.identifiers[0].value.as_str()), (Shared::Device, "operator"));
    assert_eq!(lead.money.amount, 8 * 40_000);
    assert!(lead.probability > 0.9 && lead.why.iter().any(|w| w.starts_with("not claimed")), "{lead:?}");
}

#[test]
fn a_helper_who_also_buys_is_no_ring() {
    let mut shop = Shop::new();
    for day in 0..12 {
        shop.order("helper", day, Some("helpers"));
    }
    for n in 0..8 {
        let account = format!("neighbour{n}");
        shop.order(&account, 1, Some(&format!("own-{account}")));
        shop.claim(&account, 20 + n, Claim { device: Some("helpers"), dollars: 60, ..Claim::default() });
    }
    assert_eq!(shop.leads(), []);
}

#[test]
fn a_family_on_one_machine_is_no_ring() {
    let mut shop = Shop::new();
    for n in 0..4 {
        let account = format!("family{n}");
        for day in 0..3 {
            shop.order(&account, day, Some("tablet"));
        }
        shop.claim(&account, 20 + n, Claim { device: Some("tablet"), dollars: 60, ..Claim::default() });
    }
    assert_eq!(shop.leads(), []);
}

#[test]
fn a_form_that_many_honest_people_hand_in_is_no_ring() {
    let mut shop = Shop::new();
    let form = "ab".repeat(32);
    for n in 0..10 {
        let account = format!("form{n}");
        shop.order(&account, 1, Some(&format!("own-{account}")));
        shop.claim(&account, 10 + 4 * n, Claim { document: Some(&form), dollars: 60, ..Claim::default() });
    }
    assert_eq!(shop.leads(), []);
}

#[test]
fn people_who_looked_and_found_nothing_count() {
    let (mut open, mut cleared) = (Shop::new(), Shop::new());
    for shop in [&mut open, &mut cleared] {
        operator(shop, "shared", 20);
    }
    for n in 0..6 {
        // The requests are on the last six of the orders, one in two: an order to get to know the account comes before.
        let refund = format!("R{}", cleared.orders - 2 * n);
        cleared.verdict(&refund, 60, "legitimate");
    }
    let probability = |shop: &Shop| {
        // All groups: what is cleared may be no lead any more.
        let settings = Settings { fdr: 1.0, request_min: 0.0, ..Settings::default() };
        let all = rings(&shop.record, Currency::USD, &settings);
        all.iter().map(|l| l.probability).fold(0.0, f64::max)
    };
    assert!(probability(&cleared) < probability(&open), "{} {}", probability(&cleared), probability(&open));
}

#[test]
fn two_machines_are_two_rings_and_one_buyer_of_both_makes_them_one() {
    let mut shop = Shop::new();
    operator(&mut shop, "first", 10);
    operator(&mut shop, "second", 40);
    assert_eq!(shop.leads().len(), 2);
    // One claim comes from the second machine after a visit from the first.
    shop.order("both", 1, Some("own-both"));
    shop.send("session.started", 60, 800, &json!({"session": "S1", "account": "both", "device": "first"}));
    shop.claim("both", 60, Claim { device: Some("second"), dollars: 400, ..Claim::default() });
    let leads = shop.leads();
    assert_eq!(leads.len(), 1, "{leads:?}");
    assert!(leads[0].why.iter().any(|w| w.starts_with("weakest link")), "{:?}", leads[0].why);
}

#[test]
fn a_ring_keeps_its_name_and_is_closed_when_it_stops() {
    let mut shop = Shop::new();
    operator(&mut shop, "operator", 10);
    let young = shop.leads();
    operator(&mut shop, "operator-2", 12);
    shop.order("later", 200, Some("own-later"));
    let old = shop.leads();
    assert!(!young[0].closed && old.iter().all(|l| l.closed), "{old:?}");
    assert!(old.iter().any(|l| l.ring == young[0].ring), "{old:?}");
}

#[test]
fn the_same_events_give_the_same_leads() {
    let build = || {
        let mut shop = Shop::new();
        operator(&mut shop, "operator", 20);
        shop.leads()
    };
    assert_eq!(build(), build());
}

#[test]
fn nothing_gives_nothing() {
    assert_eq!(rings(&Record::default(), Currency::USD, &Settings::default()), []);
}

#[test]
fn a_ring_as_a_graph_says_since_when_and_how_rare_and_keeps_what_lies_around_apart() {
    let mut shop = Shop::new();
    operator(&mut shop, "operator", 20);
    // Somebody who shares a home with a buyer, and claims from a machine of his own.
    let home = json!({"account": "flatmate", "kind": "address", "value": "home-buyer-operator-0"});
    shop.send("identifier.seen", 30, 600, &home);
    shop.claim("flatmate", 45, Claim { dollars: 40, ..Claim::default() });
    let leads = shop.leads();
    let lead = leads.first().expect("a ring");
    let drawn = graph(lead);
    let inside: Vec<&Node> = drawn.nodes.iter().filter(|n| n.inside).collect();
    let accounts = inside.iter().filter(|n| n.kind == NodeKind::Account).count();
    assert_eq!(accounts, lead.accounts.len());
    let machine = drawn.nodes.iter().position(|n| n.name == "operator").expect("the machine");
    assert_eq!((drawn.nodes[machine].shared_by, drawn.nodes[machine].orders), (Some(8), Some(0)));
    let links: Vec<_> = drawn.links.iter().filter(|l| l.shared == machine).collect();
    assert_eq!(links.len(), 8);
    for (link, member) in links.iter().zip(&lead.members) {
        assert_eq!((&drawn.nodes[link.account].name, link.since), (&member.account, member.since));
        assert!(link.inside);
    }
    let flatmate = drawn.nodes.iter().find(|n| n.name == "flatmate").expect("he lies around it");
    assert!(!flatmate.inside && flatmate.probability.is_none());
    let told = serde_json::to_string(lead).expect("a lead serialises");
    assert!(!told.contains("flatmate"), "a lead names nobody who is not in it");
    assert_eq!(graph(lead), drawn);
}
