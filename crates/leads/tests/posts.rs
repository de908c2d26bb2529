//! What is matched, what is not, and what is said of it? Shops built event by event, and any text at all.

mod common;

use common::Pen;
use proptest::prelude::*;
use ringfence_domain::Timestamp;
use ringfence_leads::posts::{Findings, Names, Record, Settings, Silence, extract, posts};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A shop with an ordinary ledger: 12 refunds a day over 60 days, all of other amounts and goods.
struct Shop {
    pen: Pen,
    record: Record,
    posts: u64,
    rings: BTreeMap<String, String>,
}

const GOODS: [&str; 6] = ["laptop", "camera", "jacket", "console", "perfume", "tyres"];

impl Shop {
    fn new() -> Shop {
        let mut shop =
            Shop { pen: Pen::default(), record: Record::default(), posts: 0, rings: BTreeMap::new() };
        for (n, goods) in GOODS.iter().enumerate() {
            shop.send(
                "item.listed",
                0,
                0,
                &json!({"sku": format!("SKU{n}"), "category": format!("{goods}s")}),
            );
        }
        for n in 0..720u64 {
            // Prices of no pattern from 20 to 900, ending in cents as prices do.
            let cents = 2_000 + (n * 7_919 + n * n * 31) % 88_000;
            shop.refund(&format!("R{n}"), n / 12, cents / 100 * 100 + 99, (n % 6) as usize);
        }
        shop
    }
    fn send(&mut self, kind: &str, day: u64, minute: u64, data: &Value) {
        let event = self.pen.event(kind, day, minute, data);
        self.record.see(&event);
    }
    /// A refund asked for in the morning and paid at noon.
    fn refund(&mut self, id: &str, day: u64, cents: u64, goods: usize) {
        let (account, order) = (format!("A-{id}"), format!("O-{id}"));
        let amount = json!({"amount": cents, "currency": "USD"});
        let lines = json!([{"line": 1, "quantity": 1, "sku": format!("SKU{goods}")}]);
        self.send("account.opened", day, 0, &json!({"account": account, "country": "US"}));
        let placed = json!({"order": order, "account": account, "lines": lines, "total": amount});
        self.send("order.placed", day, 1, &placed);
        let asked = json!({"refund": id, "order": order, "account": account, "lines": lines, "amount": amount,
                           "reason": "not_received", "channel": "chat"});
        self.send("refund.requested", day, 540, &asked);
        self.send("refund.paid", day, 720, &json!({"refund": id, "amount": amount}));
    }
    fn post(&mut self, day: u64, author: &str, text: &str) -> String {
        self.posts += 1;
        let post = format!("X{}", self.posts);
        let data = json!({"post": post, "platform": "telegram", "channel": "vouches", "author": author, "text": text});
        self.send("post.collected", day, 900, &data);
        post
    }
    fn find(&self) -> Findings {
        let names = Names::new(&["Northwind".to_owned()], &["Bigbox".to_owned()]);
        posts(&self.record, &names, &self.rings, &Settings::default())
    }
}

fn standing(found: &Findings) -> Vec<(&str, &str)> {
    let mut pairs: Vec<_> =
        found.matches.iter().filter(|m| m.stands).map(|m| (m.post.as_str(), m.refund.as_str())).collect();
    pairs.sort_unstable();
    pairs
}

fn because(found: &Findings, post: &str) -> Option<Silence> {
    found.unmatched.iter().find(|u| u.post == post).map(|u| u.because)
}

#[test]
fn a_boast_with_amount_goods_and_shop_is_matched_and_says_why() {
    let mut shop = Shop::new();
    shop.refund("target", 30, 123_499, 0);
    shop.post(32, "buyer", "Vouch! Northwnid laptop $1,235 back, US");
    let found = shop.find();
    assert_eq!(standing(&found), [("X1", "target")], "{:#?}", found.matches);
    let why = found.matches[0].why.join("\n");
    for part in [
        "\"$1,235\"",
        "rounded up to 1",
        "\"Northwnid\"",
        "goods agree",
        "2.1 days after",
        "by chance at most",
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
}

#[test]
fn where_two_refunds_agree_alike_neither_stands() {
    let mut shop = Shop::new();
    shop.refund("one", 30, 123_499, 0);
    shop.refund("two", 30, 123_499, 0);
    let post = shop.post(32, "buyer", "Vouch! Northwind laptop $1,235 back, US");
    let found = shop.find();
    assert_eq!(standing(&found), []);
    let shares: Vec<f64> = found.matches.iter().map(|m| m.probability).collect();
    assert!(
        shares.len() == 2 && (shares[0] - shares[1]).abs() < 0.01 && shares[0] + shares[1] <= 1.0,
        "{shares:?}"
    );
    assert_eq!(because(&found, &post), Some(Silence::Unclear));
    assert!(found.matches[0].why.iter().any(|w| w == "against: one other refund agrees nearly as well"));
}

#[test]
fn two_boasts_of_one_refund_do_not_both_have_it() {
    let mut shop = Shop::new();
    shop.refund("target", 30, 123_499, 0);
    shop.post(32, "buyer", "Vouch! Northwind laptop $1,235 back, US");
    shop.post(33, "thief", "Northwind US laptop 1235 refunded thanks");
    let found = shop.find();
    let sum: f64 = found.matches.iter().filter(|m| m.refund == "target").map(|m| m.probability).sum();
    assert!(sum <= 1.0 + 1e-9 && sum > 0.5 && standing(&found).is_empty(), "{sum} {:?}", standing(&found));
}

#[test]
fn the_same_words_told_again_are_one_boast() {
    let mut shop = Shop::new();
    shop.refund("target", 30, 123_499, 0);
    shop.post(32, "@Buyer", "Vouch! Northwind laptop $1,235 back, US");
    shop.post(35, "buyer", "vouch, Northwind Laptop 1,235$ back... US");
    let found = shop.find();
    assert_eq!((found.posts, found.boasts), (2, 1));
    assert_eq!(standing(&found), [("X1", "target")]);
    assert_eq!(found.matches[0].again, ["X2"]);
}

#[test]
fn posts_without_a_refund_of_this_shop_stay_unmatched_and_say_why() {
    let mut shop = Shop::new();
    shop.refund("target", 30, 123_499, 0);
    let other = shop.post(32, "a", "Vouch! Bigbox laptop $1,235 back, US");
    let asks = shop.post(32, "b", "anyone know if Northwind pays $1,235 for a laptop?");
    let silent = shop.post(32, "c", "vouch Northwind, thanks");
    let invented = shop.post(32, "d", "vouch Northwind tyres $4,821");
    let early = shop.post(5, "e", "vouch Northwind laptop $1,235");
    let found = shop.find();
    assert_eq!(standing(&found), []);
    let said = [&other, &asks, &silent, &invented, &early].map(|post| because(&found, post));
    let expect =
        [Silence::OtherShop, Silence::NoBoast, Silence::NoAmount, Silence::NoRefund, Silence::NoRefund];
    assert_eq!(said, expect.map(Some));
}

#[test]
fn a_rough_amount_that_many_refunds_share_stays_unclear() {
    let mut shop = Shop::new();
    let post = shop.post(30, "buyer", "vouch Northwind $400");
    let found = shop.find();
    assert_eq!((standing(&found), because(&found, &post)), (vec![], Some(Silence::Unclear)));
}

#[test]
fn a_handle_whose_boasts_lead_to_one_ring_is_tied_to_it() {
    let mut shop = Shop::new();
    for n in 0..6 {
        let id = format!("ring{n}");
        shop.refund(&id, 20 + 4 * n, 101_199 + 7_300 * n, (n % 6) as usize);
        shop.rings.insert(id, "K1".to_owned());
        let amount = 1_012 + 73 * n;
        shop.post(
            21 + 4 * n,
            "operator",
            &format!("Vouch! Northwind {} ${amount} done", GOODS[(n % 6) as usize]),
        );
    }
    let found = shop.find();
    assert_eq!(standing(&found).len(), 6, "{:#?}", found.matches);
    let handle = &found.handles[0];
    assert_eq!((handle.handle.as_str(), handle.boasts, handle.matched), ("operator", 6, 6));
    assert!(handle.rings[0].ring == "K1" && handle.rings[0].matches > 5.0, "{:?}", handle.rings);
    let dollars = handle.totals.iter().find(|t| t.currency == "USD").expect("dollars");
    assert_eq!((dollars.claimed, dollars.matched), (716_700, 716_694));
}

#[test]
fn the_same_events_give_the_same_findings() {
    let run = || {
        let mut shop = Shop::new();
        for n in 0..10 {
            shop.post(10 + 4 * n, "buyer", &format!("vouch Northwind camera ${}", 300 + 10 * n));
        }
        let found = shop.find();
        serde_json::to_string(&(&found.matches, &found.handles, &found.unmatched))
            .expect("findings serialise")
    };
    assert_eq!(run(), run());
}

proptest! {
    /// Whatever somebody posts, it is read without a fault, and all spans lie in the text.
    #[test]
    fn any_text_is_read(text in ".{0,400}", glued in "[$€£~0-9.,'k+%@/: -]{0,120}") {
        let names = Names::new(&["Northwind".to_owned()], &["Bigbox".to_owned()]);
        let posted = Timestamp::parse("2024-02-29T12:00:00Z").expect("a time");
        for text in [&text, &glued, &format!("{glued}{text}{glued}")] {
            let claims = extract(text, posted, &names);
            let spans = claims.amounts.iter().map(|a| &a.span)
                .chain(claims.country.iter().map(|c| &c.1))
                .chain(claims.method.iter().map(|m| &m.1))
                .chain(claims.handles.iter().map(|h| &h.1))
                .chain(claims.shops.own.iter().chain(&claims.shops.other).map(|n| &n.span));
            for span in spans {
                prop_assert!(text.get(span.clone()).is_some_and(|t| !t.is_empty()), "{text:?} {span:?}");
            }
            prop_assert!(claims.amounts.iter().all(|a| a.hundredths > 0));
            prop_assert!(claims.moments.happened.is_none_or(|at| at <= posted));
        }
    }
}
