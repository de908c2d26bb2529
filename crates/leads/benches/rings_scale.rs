//! How long does a look for rings take in a large shop, and how much memory?
//!
//! `cargo bench -p ringfence-leads --bench rings_scale [-- ACCOUNTS EDGES]`: accounts with five identifiers each (2,000,000
//! accounts: 10 million links), every fifth with a refund request, half of those through customer service with a text; homes,
//! offices and carriers' networks that honest people share; a ring of twenty for two thousand accounts, with machines and words
//! of its own. Told are the seconds of processor time (one thread) of reading and of one look, and the most memory held, which has the events' names in it.
//! With EDGES, a file's name, the links are written there as pairs of numbers, for other programs. What the rings are
//! made of is easy on purpose: how well rings are found is the business of the benchmark `rings`.

mod cpu;

use ringfence_domain::event::{
    AccountOpened, ContactOpened, Line, MessagePosted, OrderPlaced, ParcelScanned, RefundRequested,
};
use ringfence_domain::id::*;
use ringfence_domain::rates::Rates;
use ringfence_domain::words::*;
use ringfence_domain::{Body, Currency, Event, Money, Timestamp};
use ringfence_leads::rings::{Record, Settings, rings};
use std::collections::BTreeSet;
use std::io::Write;

/// Accounts of a ring, and accounts among which there is one ring.
const RING: u64 = 20;
const ONE_RING_IN: u64 = 2_000;

/// Numbers without a visible order (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Takes what happens, and counts the links.
struct Shop {
    record: Record,
    rates: Rates,
    chance: Chance,
    events: u64,
    links: u64,
    edges: Option<std::io::BufWriter<std::fs::File>>,
    at: i64,
}

impl Shop {
    fn happens(&mut self, body: Body) {
        self.events += 1;
        let event = Event {
            id: EventId::new(&format!("e{}", self.events)).expect("short"),
            source: Source::new("bench").expect("short"),
            time: Timestamp::from_millis(self.at).expect("in this century"),
            recorded: None,
            body,
        };
        self.record.see(&event, &self.rates);
    }
    fn link(&mut self, account: u64, kind: u64, value: u64) -> std::io::Result<()> {
        self.links += 1;
        match &mut self.edges {
            Some(out) => writeln!(out, "{account} {}", (kind << 40) + value),
            None => Ok(()),
        }
    }
}

/// What an honest person says: sentences of which everybody has some.
fn words(chance: &mut Chance) -> String {
    const SENTENCES: [&str; 12] = [
        "hello there",
        "my parcel has not come and the page says it was left at the door",
        "nobody rang and the neighbours know nothing of it",
        "please send the money back to my card",
        "I have waited for more than a week now",
        "the box was open when it came and one thing was not in it",
        "it does not work although I charged it all night",
        "can you tell me what to do next",
        "this is the second time that this happens to me",
        "I was at home all day",
        "thank you for your help",
        "I would rather have my money than another one",
    ];
    let mut text = String::new();
    for _ in 0..3 + chance.below(4) {
        text.push_str(SENTENCES[chance.below(SENTENCES.len() as u64) as usize]);
        for _ in 0..chance.below(3) {
            text.push_str(&format!(" word{}", letters(chance.below(5_000))));
        }
        text.push_str(". ");
    }
    text
}

/// Digits are all alike to the comparison of texts.
fn letters(mut n: u64) -> String {
    let mut out = String::new();
    while n > 0 || out.is_empty() {
        out.push(char::from(b'a' + (n % 26) as u8));
        n /= 26;
    }
    out
}

fn script(ring: u64) -> String {
    let own: Vec<String> = (0..24).map(|i| format!("x{}", letters(ring * 24 + i + 1_000))).collect();
    format!("{}. please send the money back to my card", own.join(" "))
}

fn money(amount: i64) -> Money {
    Money { amount, currency: Currency::USD }
}

fn fill(shop: &mut Shop, accounts: u64) -> std::io::Result<()> {
    let begin = 1_672_531_200_000_i64;
    let year = 365 * 86_400_000_i64;
    for n in 0..accounts {
        shop.at = begin + (n as i64) * year / accounts as i64;
        let account = AccountId::new(&format!("A{n}")).expect("short");
        // Every tenth lives with the one before, every fifth is behind a carrier's network.
        let home = if n % 10 == 0 && n > 0 { n - 1 } else { n };
        let device = if n % 20 == 0 && n > 0 { n - 1 } else { n };
        let network = if n % 5 == 0 { n / 5_000 } else { accounts + n };
        for (kind, value) in [(1, n), (2, home), (3, n), (4, device), (5, network)] {
            shop.link(n, kind, value)?;
        }
        shop.happens(Body::AccountOpened(AccountOpened {
            account: account.clone(),
            country: None,
            email: Some(EmailToken::new(&format!("email{n}")).expect("short")),
            phone: None,
            attributes: None,
        }));
        let order = OrderId::new(&format!("O{n}")).expect("short");
        let price = 2_000 + shop.chance.below(120_000) as i64;
        let category = Category::new(["phone", "watch", "shoes", "toy"][(n % 4) as usize]).expect("short");
        let line = Line {
            line: 1,
            sku: None,
            category: Some(category),
            quantity: 1,
            unit_price: Some(money(price)),
        };
        shop.happens(Body::OrderPlaced(OrderPlaced {
            order: order.clone(),
            account: account.clone(),
            lines: vec![line.clone()],
            total: money(price),
            address: Some(AddressToken::new(&format!("home{home}")).expect("short")),
            payment: Some(PaymentToken::new(&format!("card{n}")).expect("short")),
            device: Some(DeviceToken::new(&format!("device{device}")).expect("short")),
            ip: Some(IpToken::new(&format!("net{network}")).expect("short")),
            seller: None,
            warehouse: None,
            promised_by: None,
            attributes: None,
        }));
        let in_ring = n % (ONE_RING_IN / RING) == 7;
        if !in_ring && n % 5 != 3 {
            continue;
        }
        shop.happens(Body::ParcelScanned(ParcelScanned {
            parcel: ParcelId::new(&format!("P{n}")).expect("short"),
            order: order.clone(),
            direction: Direction::Outbound,
            carrier: CarrierId::new("carrier").expect("short"),
            status: ScanStatus::Delivered,
            refund: None,
            weight_g: None,
            postal_code: None,
            site: None,
            service: None,
            driver: None,
            proof: None,
            attributes: None,
        }));
        shop.at += 3_600_000;
        request(shop, n, in_ring, (account, order, line));
    }
    Ok(())
}

fn request(shop: &mut Shop, n: u64, in_ring: bool, (account, order, line): (AccountId, OrderId, Line)) {
    let ring = n / ONE_RING_IN;
    let contact =
        (in_ring || shop.chance.one_in(2)).then(|| ContactId::new(&format!("C{n}")).expect("short"));
    if let Some(contact) = &contact {
        shop.happens(Body::ContactOpened(ContactOpened {
            contact: contact.clone(),
            account: account.clone(),
            channel: ContactChannel::Chat,
            order: Some(order.clone()),
            staff: Some(StaffId::new(&format!("S{}", n % 997)).expect("short")),
            queue: Some(QueueId::new("returns").expect("short")),
            assigned: Some(Assigned::Routed),
            authenticated: None,
            attributes: None,
        }));
        let text = if in_ring { script(ring) } else { words(&mut shop.chance) };
        shop.happens(Body::MessagePosted(MessagePosted {
            contact: contact.clone(),
            author: Author::Customer,
            text,
            staff: None,
            attributes: None,
        }));
    }
    // Honest people claim from home or, one in ten, from a new machine; rings from theirs.
    let device = match (in_ring, shop.chance.one_in(10)) {
        (true, _) => format!("tool{ring}"),
        (false, true) => format!("new{n}"),
        (false, false) => format!("device{n}"),
    };
    let reason =
        if in_ring || shop.chance.one_in(4) { ClaimReason::NotReceived } else { ClaimReason::ChangedMind };
    let amount = line.unit_price.unwrap_or(money(0));
    shop.happens(Body::RefundRequested(RefundRequested {
        refund: RefundId::new(&format!("R{n}")).expect("short"),
        order,
        account,
        lines: vec![line],
        amount: if in_ring { money(90_000) } else { amount },
        reason,
        channel: RequestChannel::Chat,
        contact,
        staff: None,
        device: Some(DeviceToken::new(&device).expect("short")),
        ip: Some(IpToken::new(&format!("net{}", n / 5_000)).expect("short")),
        instrument: None,
        documents: None,
        attributes: None,
    }));
}

/// The most memory that this program held so far, MiB, where the system tells it.
fn memory_max() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1_024.0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let accounts: u64 = given.first().map_or(Ok(2_000_000), |a| a.parse())?;
    let edges = given.get(1).map(std::fs::File::create).transpose()?.map(std::io::BufWriter::new);
    let rates = Rates::new(Currency::USD);
    let mut shop =
        Shop { record: Record::default(), rates, chance: Chance(1), events: 0, links: 0, edges, at: 0 };
    let clock = cpu::seconds();
    fill(&mut shop, accounts)?;
    let reading = cpu::seconds() - clock;
    let held = memory_max().unwrap_or(f64::NAN);
    let clock = cpu::seconds();
    let found = rings(&shop.record, Currency::USD, &Settings::default());
    let looking = cpu::seconds() - clock;
    let standing: Vec<_> = found.iter().filter(|l| l.stands).collect();
    let named: BTreeSet<&str> = standing.iter().flat_map(|l| &l.accounts).map(String::as_str).collect();
    println!(
        "| accounts | links | events | read, s | one look, s | leads | accounts in them | rings made | MiB before | MiB at most |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    println!(
        "| {accounts} | {} | {} | {reading:.1} | {looking:.1} | {} | {} | {} | {held:.0} | {:.0} |",
        shop.links,
        shop.events,
        standing.len(),
        named.len(),
        accounts / ONE_RING_IN,
        memory_max().unwrap_or(f64::NAN)
    );
    Ok(())
}
