//! What do people write? Sentences from common pools: honest people, tools and rings draw from the same ones.
//!
//! A ring's script fixes the order of its sentences and changes some: its messages are near-duplicates of each other,
//! yet no word or sentence of it is its own.

use crate::chance::Chance;
use crate::claims::{ClaimPlan, Voice};
use crate::orders::OrderFacts;
use crate::sim::Sim;
use ringfence_domain::words::ClaimReason;

/// The sentences that a ring's messages begin from, as positions in the pools.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) picks: [u64; 5],
    /// The ring keeps to its script; otherwise the buyer's own words are used.
    pub(crate) polished: bool,
}

const HELLO: &[&str] = &[
    "Hi",
    "Hello",
    "Hi there",
    "Good morning",
    "Hello team",
    "Dear customer service",
    "hey",
    "Good evening",
    "Hi,",
    "To whom it may concern",
    "hello can someone help",
    "Hi, I need some help with my order",
];
const NOT_RECEIVED: &[&str] = &[
    "my {item} never arrived",
    "I have not received my {item}",
    "the tracking says delivered but there is nothing here",
    "your carrier marked the parcel with the {item} as delivered, but I did not get it",
    "I was home all day and nobody came to the door",
    "the package with my {item} is missing",
    "it says delivered on the app but I do not have the {item}",
    "where is my {item}, it shows as delivered",
    "still no parcel and the {item} was due days ago",
    "the {item} was stolen or left somewhere else",
];
const MISSING: &[&str] = &[
    "the {item} was not in the box",
    "my order came without the {item}",
    "one item is missing from my parcel: the {item}",
    "I opened the box and the {item} is not there, everything else is",
    "the {item} is on the packing slip but not in the parcel",
    "only part of the order came, no {item}",
];
const EMPTY: &[&str] = &[
    "the box was empty when I opened it",
    "there was nothing in the package except paper",
    "I received an empty box instead of the {item}",
    "the parcel felt light and the {item} was gone",
    "the seal was broken and the {item} was not inside",
    "someone took the {item} out of the box",
];
const DAMAGED: &[&str] = &[
    "the {item} arrived broken",
    "the {item} has a crack",
    "the box was crushed and the {item} is damaged",
    "my {item} does not work",
    "the {item} stopped working after a short time",
    "the {item} is scratched all over",
];
const WRONG: &[&str] = &[
    "this is not the {item} I ordered",
    "I got something else instead of the {item}",
    "the {item} looks nothing like the pictures",
    "the {item} you sent is another model",
    "wrong {item} in the box",
];
const LATE: &[&str] = &[
    "the {item} came far too late",
    "my order was {days} days late",
    "I needed the {item} last week and it only came now",
    "delivery took much longer than promised",
];
const RETURNED: &[&str] = &[
    "I sent the {item} back and tracking shows it was delivered to you",
    "my return of the {item} has arrived but I have no refund yet",
    "the return label was scanned {days} days ago, where is my money",
    "I returned the {item}, the carrier confirms delivery",
    "please check my return, the {item} is back with you",
];
const DETAIL: &[&str] = &[
    "I checked with my neighbours and with the building manager.",
    "I looked everywhere around the house.",
    "This was a birthday present so I am upset.",
    "I ordered it {days} days ago.",
    "I have been a customer for years.",
    "The driver did not ring.",
    "I have a camera at the door and nobody came.",
    "I already called the carrier and they told me to contact you.",
    "I can send photos if you need them.",
    "It is the first time this happens to me.",
    "The photo in the app is not my door.",
    "We have had parcels stolen in our street before.",
    "I filed a report with the police.",
    "I need it for work.",
    "My order number is in the form.",
];
const ASK: &[&str] = &[
    "Please refund me.",
    "I would like my money back.",
    "Can you refund the order?",
    "I want a full refund to my card.",
    "Please process a refund as soon as possible.",
    "can i get a refund pls",
    "What can you do about it?",
    "I do not want a replacement, only the refund.",
    "Kindly arrange a refund to the original payment method.",
    "a refund or a new one, whatever is faster",
];
const BYE: &[&str] = &[
    "Thanks",
    "Thank you",
    "Thank you for your help.",
    "Best regards",
    "thx",
    "Waiting for your answer.",
    "Regards",
    "Thanks in advance!",
    "Have a nice day",
    "Sent from my phone",
];
const POLISHED_HELLO: &[&str] = &[
    "I hope this message finds you well.",
    "I am writing to you about a recent order.",
    "Thank you for taking the time to read my message.",
];
const POLISHED_ASK: &[&str] = &[
    "I would be grateful if you could issue a full refund to the original payment method at your earliest convenience.",
    "Given these circumstances, I kindly request a refund for the affected item.",
    "I would appreciate a prompt resolution in the form of a refund.",
];
const POLISHED_BYE: &[&str] = &[
    "Thank you for your understanding and assistance.",
    "I appreciate your help with this matter.",
    "I look forward to your reply.",
];
const ENQUIRY: &[&str] = &[
    "where is my {item}?",
    "when will my order arrive",
    "the tracking of my {item} has not moved for days",
    "is my {item} still coming this week?",
    "my parcel should have been here by now",
];
const REPLIES: &[&str] = &[
    "Thank you, I have found your order and will look into it.",
    "I am sorry to hear that. Let me check the tracking.",
    "I understand. One moment please.",
    "Thanks for letting us know. I will see what I can do.",
    "I have passed this on to the team in charge.",
    "Let me open a case with the carrier.",
];
const GREETINGS: &[&str] = &[
    "Hello! How can we help?",
    "Welcome back. Please describe your request.",
    "Hi! An agent will be with you soon.",
];

fn problem(reason: ClaimReason, returned: bool) -> &'static [&'static str] {
    if returned {
        return RETURNED;
    }
    match reason {
        ClaimReason::NotReceived => NOT_RECEIVED,
        ClaimReason::MissingItem => MISSING,
        ClaimReason::EmptyPackage => EMPTY,
        ClaimReason::Damaged | ClaimReason::Defective => DAMAGED,
        ClaimReason::WrongItem | ClaimReason::NotAsDescribed => WRONG,
        ClaimReason::Late => LATE,
        ClaimReason::ChangedMind | ClaimReason::Other => RETURNED,
    }
}

fn sentence<'a>(pool: &[&'a str], script: Option<u64>, chance: &mut Chance) -> &'a str {
    let fixed = script.map(|n| (n % pool.len() as u64) as usize);
    pool[fixed.unwrap_or_else(|| chance.below(pool.len()))]
}

impl Sim<'_> {
    pub(crate) fn claim_text(&self, plan: &ClaimPlan, chance: &mut Chance) -> String {
        let line = plan.lines.first().copied().unwrap_or(0);
        let item = self.catalogue.noun(plan.order.lines[line].article);
        narrative(plan.reason, false, &plan.voice, item, chance)
    }
    pub(crate) fn return_text(
        &self,
        order: &OrderFacts,
        line: usize,
        voice: &Voice,
        chance: &mut Chance,
    ) -> String {
        let item = self.catalogue.noun(order.lines[line].article);
        narrative(ClaimReason::Other, true, voice, item, chance)
    }
    pub(crate) fn enquiry_text(&self, order: &OrderFacts, chance: &mut Chance) -> String {
        let item = self.catalogue.noun(order.lines[0].article);
        let text = format!("{} {}", chance.pick(HELLO), chance.pick(ENQUIRY));
        fill(&text, item, chance)
    }
}

/// What an agent answers.
pub(crate) fn reply(chance: &mut Chance) -> String {
    (*chance.pick(REPLIES)).to_string()
}
/// What the bot says first.
pub(crate) fn greeting(chance: &mut Chance) -> String {
    (*chance.pick(GREETINGS)).to_string()
}

fn narrative(reason: ClaimReason, returned: bool, voice: &Voice, item: &str, chance: &mut Chance) -> String {
    let problem = problem(reason, returned);
    let parts: Vec<&str> = match voice {
        Voice::Own => {
            let mut parts = vec![*chance.pick(HELLO), *chance.pick(problem)];
            for _ in 0..chance.weighted(&[0.3, 0.4, 0.2, 0.1]) {
                parts.push(*chance.pick(DETAIL));
            }
            if chance.yes(0.75) {
                parts.push(*chance.pick(ASK));
            }
            if chance.yes(0.5) {
                parts.push(*chance.pick(BYE));
            }
            parts
        }
        Voice::Assisted => vec![
            *chance.pick(POLISHED_HELLO),
            *chance.pick(problem),
            *chance.pick(DETAIL),
            *chance.pick(POLISHED_ASK),
            *chance.pick(POLISHED_BYE),
        ],
        Voice::Script(script) => {
            let (hello, ask, bye) = if script.polished {
                (POLISHED_HELLO, POLISHED_ASK, POLISHED_BYE)
            } else {
                (HELLO, ASK, BYE)
            };
            let pools = [hello, problem, DETAIL, ask, bye];
            // A refunder changes a sentence now and then, by hand.
            let keep = |i: usize, c: &mut Chance| (!c.yes(0.16)).then_some(script.picks[i]);
            (0..pools.len())
                .map(|i| {
                    let fixed = keep(i, chance);
                    sentence(pools[i], fixed, chance)
                })
                .collect()
        }
    };
    let mut text =
        fill(&parts.join(if chance.yes(0.5) { ". " } else { " " }).replace("..", "."), item, chance);
    if matches!(voice, Voice::Own) {
        if chance.yes(0.25) {
            text = text.to_lowercase();
        }
        if chance.yes(0.2) {
            slip(&mut text, chance);
        }
    }
    text
}

/// Puts the item and a number of days where the sentence wants them.
fn fill(text: &str, item: &str, chance: &mut Chance) -> String {
    let mut out = text.replace("{item}", item);
    while let Some(at) = out.find("{days}") {
        out.replace_range(at..at + 6, &(2 + chance.below(12)).to_string());
    }
    out
}

/// A slip of the finger: two neighbouring letters change places.
fn slip(text: &mut String, chance: &mut Chance) {
    let mut bytes = std::mem::take(text).into_bytes();
    if bytes.len() > 4 {
        let at = chance.below(bytes.len() - 2);
        if bytes[at].is_ascii_lowercase() && bytes[at + 1].is_ascii_lowercase() {
            bytes.swap(at, at + 1);
        }
    }
    *text = String::from_utf8(bytes).expect("swapping ASCII letters keeps UTF-8");
}
