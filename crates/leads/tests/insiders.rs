//! Who becomes a lead, and who only looks like one? Shops built event by event.

mod common;

use common::Pen;
use ringfence_domain::Currency;
use ringfence_domain::rates::Rates;
use ringfence_leads::insiders::{Findings, Pattern, Record, Settings, insiders};
use serde_json::{Value, json};

/// A shop of eight clerks and ten agents over sixty days, all alike at first.
struct Shop {
    pen: Pen,
    record: Record,
    rates: Rates,
    orders: u64,
}

const DAYS: u64 = 60;

impl Shop {
    fn new() -> Shop {
        let mut shop = Shop {
            pen: Pen::default(),
            record: Record::default(),
            rates: Rates::new(Currency::USD),
            orders: 0,
        };
        for n in 0..8 {
            shop.send(
                "staff.joined",
                0,
                0,
                &json!({"staff": format!("clerk{n}"), "role": "returns", "site": "one"}),
            );
        }
        for n in 0..10 {
            shop.agent(&format!("agent{n}"), "general");
        }
        shop
    }
    fn agent(&mut self, staff: &str, queue: &str) {
        let limit = json!({"amount": 20_000, "currency": "USD"});
        let joined =
            json!({"staff": staff, "role": "agent", "site": "one", "queue": queue, "approval_limit": limit});
        self.send("staff.joined", 0, 0, &joined);
    }
    fn send(&mut self, kind: &str, day: u64, minute: u64, data: &Value) {
        let event = self.pen.event(kind, day, minute, data);
        self.record.see(&event, &self.rates);
    }
    /// An order and the request to have 120 dollars back for it; its account may use a device that others use as well.
    fn request(&mut self, day: u64, minute: u64, device: Option<&str>, contact: Option<&str>) -> String {
        self.orders += 1;
        let n = self.orders;
        let amount = json!({"amount": 12_000, "currency": "USD"});
        let own = format!("device{n}");
        let device = device.unwrap_or(&own);
        let lines = json!([{"line": 1, "quantity": 1}]);
        let placed = json!({"order": format!("O{n}"), "account": format!("A{n}"), "lines": lines, "total": amount, "device": device});
        self.send("order.placed", day, minute, &placed);
        let mut asked = json!({"refund": format!("R{n}"), "order": format!("O{n}"), "account": format!("A{n}"), "lines": lines,
                               "amount": amount, "reason": "changed_mind", "channel": "chat", "device": device});
        if let Some(contact) = contact {
            asked["contact"] = json!(contact);
        }
        self.send("refund.requested", day, minute, &asked);
        n.to_string()
    }
    /// A return recorded by a clerk, with or without a parcel behind it.
    fn receipt(
        &mut self,
        day: u64,
        minute: u64,
        clerk: &str,
        lane: &str,
        parcel: bool,
        device: Option<&str>,
    ) {
        let n = self.request(day, minute, device, None);
        if parcel {
            let scan = json!({"parcel": format!("P{n}"), "order": format!("O{n}"), "direction": "return", "carrier": "C",
                              "status": "delivered"});
            self.send("parcel.scanned", day, minute, &scan);
        }
        let mut received = json!({"order": format!("O{n}"), "lines": [{"line": 1, "quantity": 1}], "staff": clerk, "lane": lane});
        if parcel {
            received["weight_g"] = json!(900);
        }
        self.send("return.received", day, minute, &received);
    }
    /// A conversation that ends in a decision.
    fn talk(&mut self, day: u64, minute: u64, agent: &str, queue: &str, searched: bool, overrides: bool) {
        let contact = format!("T{}", self.orders + 1);
        let n = self.request(day, minute, None, Some(&contact));
        let assigned = if searched { "searched" } else { "routed" };
        let opened = json!({"contact": contact, "account": format!("A{n}"), "channel": "chat", "order": format!("O{n}"),
                            "staff": agent, "queue": queue, "assigned": assigned});
        self.send("contact.opened", day, minute, &opened);
        let decided = json!({"refund": format!("R{n}"), "decision": "instant_refund", "by": agent, "override": overrides});
        self.send("refund.decided", day, minute + 5, &decided);
    }
    /// Everybody works as usual: a parcel is missing from one record in fifty, one contact in forty is searched for.
    fn ordinary_days(&mut self) {
        for day in 0..DAYS {
            for n in 0..8 {
                for i in 0..4 {
                    let odd = (day * 32 + n * 4 + i) % 50 == 7;
                    self.receipt(day, 60 * n + i, &format!("clerk{n}"), "scanned", !odd, None);
                }
            }
            for n in 0..10 {
                for i in 0..3 {
                    let turn = day * 30 + n * 3 + i;
                    let agent = format!("agent{n}");
                    self.talk(day, 700 + 20 * n + i, &agent, "general", turn % 40 == 3, turn % 45 == 11);
                }
            }
        }
    }
    fn findings(&self) -> Findings {
        insiders(&self.record, Currency::USD, &Settings::default())
    }
    fn leads(&self) -> Vec<(String, Pattern)> {
        self.findings().leads.into_iter().filter(|l| l.stands).map(|l| (l.staff, l.pattern)).collect()
    }
}

#[test]
fn an_ordinary_shop_has_no_leads() {
    let mut shop = Shop::new();
    shop.ordinary_days();
    assert_eq!(shop.leads(), []);
}

#[test]
fn a_clerk_who_records_parcels_that_never_came_for_connected_accounts_is_a_lead() {
    let mut shop = Shop::new();
    shop.ordinary_days();
    for i in 0..24 {
        shop.receipt(10 + 2 * i, 900, "clerk3", "scanned", false, Some("operator"));
    }
    assert_eq!(shop.leads(), [("clerk3".to_owned(), Pattern::Bribed)]);
    let lead = &shop.findings().leads[0];
    assert_eq!((lead.refunds.len() >= 24, lead.money.amount >= 24 * 12_000), (true, true));
    assert!(lead.probability > 0.9 && lead.why.iter().any(|w| w.starts_with("not looked at")), "{lead:?}");
}

#[test]
fn records_without_parcels_alone_are_no_lead() {
    let mut shop = Shop::new();
    shop.ordinary_days();
    for i in 0..24 {
        shop.receipt(10 + 2 * i, 900, "clerk3", "scanned", false, None);
    }
    let findings = shop.findings();
    let one = findings.leads.iter().find(|l| l.staff == "clerk3").expect("it is told on request");
    assert!(!one.stands && one.why.iter().any(|w| w.contains("only one kind of evidence")), "{one:?}");
}

#[test]
fn an_honest_bulk_lane_is_no_lead() {
    let mut shop = Shop::new();
    shop.ordinary_days();
    // Two clerks work the lane where nothing is scanned; a family that shares a device sends things back there.
    for day in 0..DAYS {
        for i in 0..6 {
            let device = (i == 0).then_some("household");
            shop.receipt(
                day,
                800 + i,
                if i % 2 == 0 { "clerk1" } else { "clerk2" },
                "bulk",
                false,
                device.filter(|_| day < 4),
            );
        }
    }
    assert_eq!(shop.leads(), []);
}

#[test]
fn an_outage_day_is_no_lead() {
    let mut shop = Shop::new();
    shop.ordinary_days();
    // The scanners are down; whoever is on shift writes everything down from paper, one of them most of it.
    for i in 0..60 {
        let clerk = if i < 30 { "clerk5".to_owned() } else { format!("clerk{}", i % 5) };
        shop.receipt(30, 800 + i, &clerk, "scanned", false, None);
    }
    assert_eq!(shop.leads(), []);
    let unit = shop.findings().units.into_iter().find(|(s, u)| s == "clerk5" && u.observed > 20);
    let (_, unit) = unit.expect("the records are counted");
    assert!(unit.q_value > 0.1, "and expected of that day: {unit:?}");
}

#[test]
fn an_escalation_queue_is_no_lead() {
    let mut shop = Shop::new();
    for n in 0..4 {
        shop.agent(&format!("senior{n}"), "escalations");
    }
    shop.ordinary_days();
    // The hard cases: searched for as often as routed, decided against policy one time in two.
    for day in 0..DAYS {
        for n in 0..4 {
            for i in 0..2 {
                let turn = day + n + i;
                shop.talk(
                    day,
                    1_000 + 20 * n + i,
                    &format!("senior{n}"),
                    "escalations",
                    turn % 2 == 0,
                    turn % 2 == 1,
                );
            }
        }
    }
    assert_eq!(shop.leads(), []);
}

#[test]
fn a_newcomer_with_a_few_odd_cases_is_no_lead() {
    let mut shop = Shop::new();
    shop.agent("newcomer", "general");
    shop.ordinary_days();
    for i in 0..4 {
        shop.talk(50 + i, 1_200, "newcomer", "general", true, true);
    }
    assert_eq!(shop.leads(), []);
}

#[test]
fn the_same_events_give_the_same_leads() {
    let run = || {
        let mut shop = Shop::new();
        shop.ordinary_days();
        for i in 0..24 {
            shop.receipt(10 + 2 * i, 900, "clerk3", "scanned", false, Some("operator"));
        }
        serde_json::to_string(&shop.findings().leads).expect("leads serialise")
    };
    assert_eq!(run(), run());
}
