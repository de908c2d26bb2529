//! What is a script, and what only looks like one? Messages made up sentence by sentence, in several languages.

use proptest::prelude::*;
use ringfence_domain::Timestamp;
use ringfence_leads::texts::Text;
use ringfence_leads::texts::cues::Finder;
use ringfence_leads::texts::normal::words;
use ringfence_leads::texts::scripts::{Script, Settings, scripts, search};

/// Fixed numbers that look like chance (SplitMix64).
struct Chance(u64);
impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % n as u64) as usize
    }
    fn pick<'a>(&mut self, pool: &[&'a str]) -> &'a str {
        pool[self.below(pool.len())]
    }
}

const HELLO: &[&str] = &[
    "Hello",
    "Hi there",
    "Good morning",
    "Dear team",
    "hey",
    "Good evening",
    "Hi",
    "To whom it may concern",
];
const WHAT: &[&str] = &[
    "my parcel never arrived",
    "I have not received my order",
    "the tracking says delivered but there is nothing here",
    "the driver marked it as delivered and I did not get it",
    "nobody came to the door all day",
    "the package is missing since last week",
    "where is it, the app shows it as delivered",
    "still nothing and it was due days ago",
];
const MORE: &[&str] = &[
    "I asked all the neighbours and the building manager",
    "we looked everywhere around the house",
    "this was meant as a birthday present",
    "I have been ordering here for many years",
    "the carrier told me to contact the shop",
    "there is a camera at my door and it shows nobody",
    "the photo in the app shows another door",
    "parcels get stolen a lot in our street",
    "I need it for work on Monday",
    "this has never happened to me before",
];
const ASK: &[&str] = &[
    "Please refund me",
    "I would like my money back",
    "Can you refund the order",
    "I want a full refund to my card",
    "please send it again or give me the money",
    "what can you do about it",
    "kindly arrange a refund to the original payment method",
    "I do not want a replacement, only the refund",
];
const BYE: &[&str] = &[
    "Thanks",
    "Thank you for your help",
    "Best regards",
    "Waiting for your answer",
    "thx",
    "Have a nice day",
];
const POOLS: [&[&str]; 5] = [HELLO, WHAT, MORE, ASK, BYE];

#[derive(Default)]
struct Inbox {
    said: Vec<(u32, String)>,
}

impl Inbox {
    /// Many people, each in sentences that others use as well.
    fn honest(people: u32) -> Inbox {
        let mut chance = Chance(1);
        let mut inbox = Inbox::default();
        for account in 0..people {
            let parts: Vec<&str> = POOLS.iter().map(|pool| chance.pick(pool)).collect();
            inbox.say(account, &parts.join(". "));
        }
        inbox
    }
    fn say(&mut self, account: u32, text: &str) -> u32 {
        self.said.push((account, text.to_owned()));
        self.said.len() as u32 - 1
    }
    fn texts(&self) -> Vec<Text<'_>> {
        let at = |n: usize| {
            Timestamp::from_millis(1_700_000_000_000 + n as i64 * 3_600_000)
                .expect("within the range of times")
        };
        let said = self.said.iter().enumerate();
        said.map(|(n, (account, text))| Text { id: n as u32, account: *account, at: at(n), text }).collect()
    }
    fn scripts(&self) -> Vec<Script> {
        scripts(&self.texts(), &Settings::default())
    }
}

fn members(script: &Script) -> Vec<u32> {
    script.members.iter().map(|m| m.text).collect()
}

#[test]
fn honest_people_have_no_script() {
    for people in [100, 600, 2_000] {
        assert_eq!(Inbox::honest(people).scripts(), []);
    }
}

#[test]
fn words_that_nobody_else_writes_are_a_script_in_any_language() {
    let scripts_of = [
        "Le livreur a jeté mon colis par-dessus le portail, il a plu toute la nuit et la boîte était vide quand je l'ai ouverte",
        "Der Fahrer warf das Paket über den Zaun in die Regentonne, das Gerät darin war nass und der Karton an der Seite offen",
        "El repartidor dejó la caja abierta en la portería y el conserje vio cómo un hombre con gorra se llevaba el aparato",
        "Il corriere ha consegnato una scatola piena di sassi e mio cognato, che è avvocato a Bari, ha fotografato ogni cosa",
        "Курьер оставил коробку у соседей снизу, внутри лежали старые газеты и кирпич, пломба была срезана ножом аккуратно",
        "快递员把包裹放在一楼楼梯间的消防栓旁边，等我下班回来的时候盒子已经被人用刀划开，里面只剩下泡沫",
        "พนักงานส่งของวางกล่องไว้หน้าร้านซ่อมรถข้างบ้าน พอเปิดดูข้างในมีแต่หนังสือพิมพ์เก่ากับก้อนอิฐ",
    ];
    for (n, text) in scripts_of.iter().enumerate() {
        let mut inbox = Inbox::honest(400);
        let ring: Vec<u32> = (0..6)
            .map(|i| inbox.say(5_000 + i, &format!("{} {text}. {}", HELLO[i as usize], BYE[i as usize % 5])))
            .collect();
        let found = inbox.scripts();
        assert_eq!(found.len(), 1, "{n}: {found:#?}");
        assert_eq!(members(&found[0]), ring, "{n}");
    }
}

#[test]
fn small_rewrites_leave_a_script_a_script() {
    let mut inbox = Inbox::honest(400);
    let ring: Vec<u32> = [
        "The courier threw the box with my laptop over the gate, it rained all night and the seal was cut with a knife",
        "the courier threw the box with my WATCH over the gate, it rained all night and the seal was cut with a knife!!",
        "The courier trhew the box with my phone over the gate. It rained all nigth and the seal was cut with a knife",
        "Courier threw the box with the tablet over the gate, it rained all night, and the seal was cut with a knife 😡",
        "The courier threw my box with my console over the gate and it rained all night and the seal was cut with a big knife",
    ]
    .iter()
    .enumerate()
    .map(|(n, text)| inbox.say(5_000 + n as u32, text))
    .collect();
    let found = inbox.scripts();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(members(&found[0]), ring);
}

#[test]
fn a_popular_phrase_and_the_lines_of_a_form_are_no_script() {
    let mut inbox = Inbox::honest(600);
    let mut chance = Chance(3);
    for n in 0..200 {
        let own = format!("{}. {}", chance.pick(WHAT), chance.pick(MORE));
        inbox.say(2_000 + n, &format!("Contact form. Topic: missing parcel. I have read the terms and conditions of the shop. Message: {own}"));
        inbox.say(
            3_000 + n,
            &format!("I hope this message finds you well. {own}. I appreciate your help with this matter."),
        );
    }
    assert_eq!(inbox.scripts(), []);
}

#[test]
fn one_account_that_repeats_itself_is_no_script() {
    let mut inbox = Inbox::honest(400);
    for n in 0..3 {
        for _ in 0..10 {
            inbox.say(700 + n, "the courier was rude and threw my fragile box of antique porcelain over the garden gate again");
        }
    }
    // Three accounts are fewer than a script has.
    assert_eq!(inbox.scripts(), []);
}

#[test]
fn the_order_of_the_texts_does_not_matter() {
    let mut inbox = Inbox::honest(500);
    for n in 0..8 {
        let hello = HELLO[n as usize];
        inbox.say(9_000 + n, &format!("{hello} the courier threw the box over the gate, it rained all night and the seal was cut open"));
        inbox.say(9_500 + n, &format!("{hello} inside I found two bricks wrapped in last week's newspaper, my brother in law filmed everything"));
    }
    let texts = inbox.texts();
    let found = scripts(&texts, &Settings::default());
    assert_eq!(found.len(), 2, "{found:#?}");
    let mut turned: Vec<Text> = texts.iter().rev().copied().collect();
    assert_eq!(scripts(&turned, &Settings::default()), found);
    let mut chance = Chance(5);
    for i in (1..turned.len()).rev() {
        turned.swap(i, chance.below(i + 1));
    }
    assert_eq!(scripts(&turned, &Settings::default()), found);
}

#[test]
fn nothing_to_compare_is_no_fault() {
    let at = Timestamp::from_millis(1_700_000_000_000).unwrap();
    let empty = ["", "!!!", "😀", "ok"];
    let texts: Vec<Text> = empty
        .iter()
        .enumerate()
        .map(|(n, text)| Text { id: n as u32, account: n as u32, at, text })
        .collect();
    let found = search(&texts, &Settings::default());
    assert!(found.scripts.is_empty() && found.empty >= 3);
    assert!(search(&[], &Settings::default()).scripts.is_empty());
}

proptest! {
    #[test]
    fn no_text_makes_it_fail(texts in proptest::collection::vec((0u32..6, "\\PC{0,60}|[a-c ]{0,40}|[ก-๙一-龥 ]{0,30}"), 0..40)) {
        let at = Timestamp::from_millis(1_700_000_000_000).unwrap();
        let finder = Finder::default();
        let all: Vec<Text> = texts
            .iter()
            .enumerate()
            .map(|(n, (account, text))| Text { id: n as u32, account: *account, at, text })
            .collect();
        for t in &all {
            for w in words(t.text) {
                prop_assert!(t.text.get(w.from..w.to).is_some_and(|w| !w.is_empty()));
            }
            let cues = finder.cues(t.text);
            prop_assert!(cues.hits.windows(2).all(|h| h[0].word + h[0].words <= h[1].word));
        }
        let mut turned = all.clone();
        turned.reverse();
        let found = scripts(&all, &Settings::default());
        for s in &found {
            prop_assert!(s.accounts >= Settings::default().accounts_min && s.from <= s.to);
        }
        prop_assert_eq!(scripts(&turned, &Settings::default()), found);
    }
}
