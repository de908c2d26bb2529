//! What is boasted of in public? Vouches with rounded amounts and delays, invented ones, and talk about other shops.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::names::document;
use crate::requests::{Asked, Asking};
use crate::scenario::Posts;
use crate::schedule::From;
use crate::sim::{Sim, Task};
use crate::truth::{Kind, PostAbout, TruthRecord};
use ringfence_domain::event::PostCollected;
use ringfence_domain::id::{Handle, PostId, RefundId, Sha256Hex};
use ringfence_domain::words::{ClaimReason, Platform};
use ringfence_domain::{Body, Timestamp};

const VOUCHES: &[&str] = &[
    "Vouch! {shop} {item} {amount} {country} done in {days} days",
    "{shop} {country} {item} {amount} refunded, thanks bro",
    "+rep {item} from {shop}, {amount} back, took {days} days",
    "legit, {amount} {shop} {item}, {country}",
    "another W: {shop} {amount}",
    "{shop} refund {amount} success {days}d",
];
const CHATTER: &[&str] = &[
    "anyone know how long {shop} takes to refund a {item}?",
    "{shop} lost my {item} and support is useless",
    "is {shop} still working for {country}? dm me",
    "refund service open for {shop}, 25-30%, dm for list",
    "{shop} sent me the wrong {item}, got {amount} back after {days} days",
    "got an empty box from {shop} instead of a {item}, what now",
];

/// What a post says.
struct Says<'a> {
    shop: &'a str,
    item: &'a str,
    dollars: f64,
    country: &'a str,
    /// How long it took, where the writer knows; otherwise a number comes to mind.
    days: Option<i64>,
    /// How it was done, in the words of the trade.
    method: Option<&'static str>,
}

/// A post on its way to the watchers.
struct Outgoing {
    posted: Timestamp,
    platform: Platform,
    channel: Handle,
    author: Handle,
    text: String,
    ring: Option<usize>,
    about: PostAbout,
    matches: Option<RefundId>,
}

impl Sim<'_> {
    /// A buyer or the operator boasts of a refund that was granted at `granted`.
    pub(crate) fn vouch(&mut self, ring: usize, asked: &Asked, granted: Timestamp) {
        let mut chance = Chance::new(self.seed, Stream::Post, asked.n, ring as u64);
        if !chance.yes(self.rings[ring].spec.vouch) {
            return;
        }
        let mut wording = Chance::new(self.seed, Stream::Wording, asked.n, ring as u64);
        let p = self.scenario.posts.clone();
        let posted = self.seasons.later(asked.at, 0.5 + chance.log_normal(3.0, 0.8), &mut chance);
        let item = self.catalogue.noun(asked.article).to_string();
        let shop = chance.pick(&p.names).clone();
        let area = self.people.accounts[asked.account].area as usize;
        let known = self.places.areas[area].country.clone();
        let took = granted.since(asked.at).as_days().round().max(1.0) as i64;
        let says = Says {
            shop: &shop,
            item: &item,
            dollars: asked.asking.cents as f64 / 100.0,
            country: if wording.yes(p.true_country) { known.as_str() } else { "US" },
            days: wording.yes(p.true_days).then_some(took),
            method: wording.yes(p.method_share).then(|| method(&asked.asking, &mut wording)),
        };
        let text = text(VOUCHES, &says, &p, &mut chance, &mut wording);
        let r = &self.rings[ring];
        let (platform, channel, operator) = (r.platform, r.channel.clone(), r.handle.clone());
        let author = if chance.yes(0.4) { operator } else { self.names.handle() };
        let late = if wording.yes(p.slow_share) { wording.log_normal(18.0, 0.5) } else { 0.0 };
        let out = Outgoing {
            posted: after(posted, late),
            platform,
            channel,
            author,
            text,
            ring: Some(ring),
            about: PostAbout::Refund,
            matches: Some(asked.refund.clone()),
        };
        let told_at = out.posted;
        let (author, text) = (out.author.clone(), out.text.clone());
        let first = self.post(posted, out, &mut chance);
        if wording.yes(p.repeated_share) {
            let again = Outgoing {
                posted: after(told_at, 0.05 + wording.exponential(2.0)),
                platform: Platform::Reddit,
                channel: crowd(&mut wording),
                author,
                text,
                ring: Some(ring),
                about: PostAbout::Refund,
                matches: Some(asked.refund.clone()),
            };
            self.post_apart(again, first, &mut wording);
        }
        if wording.yes(p.decoy_share) {
            self.decoy(ring, told_at, &mut wording);
        }
    }

    /// The operator invents a vouch with the price of an article that is for sale.
    fn decoy(&mut self, ring: usize, near: Timestamp, wording: &mut Chance) {
        let p = self.scenario.posts.clone();
        let dollars = wording.log_normal(self.rings[ring].spec.price, 0.5);
        let article = self.catalogue.choose(dollars, 0.75, wording);
        let item = self.catalogue.noun(article).to_string();
        let shop = wording.pick(&p.names).clone();
        let says = Says {
            shop: &shop,
            item: &item,
            dollars: self.catalogue.article(article).price as f64 / 100.0,
            country: "US",
            days: None,
            method: None,
        };
        let mut own = Chance::new(self.seed, Stream::Wording, wording.bits(), 1);
        let text = text(VOUCHES, &says, &p, &mut own, wording);
        let r = &self.rings[ring];
        let out = Outgoing {
            posted: after(near, wording.exponential(3.0)),
            platform: r.platform,
            channel: r.channel.clone(),
            author: r.handle.clone(),
            text,
            ring: Some(ring),
            about: PostAbout::Invented,
            matches: None,
        };
        self.post_apart(out, None, wording);
    }

    /// Every day or so somebody writes something; most of it is about other shops, some of it invented.
    pub(crate) fn chatter(&mut self, at: Timestamp) {
        let mut chance = Chance::new(self.seed, Stream::Post, u64::MAX, at.millis() as u64);
        let mut wording = Chance::new(self.seed, Stream::Wording, u64::MAX, at.millis() as u64);
        let p = self.scenario.posts.clone();
        let vouching = p.invented_share + p.other_shops_share;
        let other = !p.other_shops.is_empty() && chance.yes(p.other_shops_share / vouching.max(1e-9));
        let shop = chance.pick(if other { &p.other_shops } else { &p.names }).clone();
        let active: Vec<usize> =
            (0..self.rings.len()).filter(|r| self.rings[*r].from < at && at < self.rings[*r].to).collect();
        let dollars = chance.log_normal(330.0, 0.6);
        let article = self.catalogue.choose(dollars, 0.6, &mut chance);
        let item = self.catalogue.noun(article).to_string();
        let country = ["US", "US", "US", "CA", "GB"][chance.below(5)];
        let methods = ["DNA", "FTID", "EB", "INR", "boxing"];
        let vouches = !active.is_empty() && chance.yes(0.6);
        let says = Says {
            shop: &shop,
            item: &item,
            dollars,
            country,
            days: None,
            method: (vouches && wording.yes(p.method_share)).then(|| *wording.pick(&methods)),
        };
        let text = text(if vouches { VOUCHES } else { CHATTER }, &says, &p, &mut chance, &mut wording);
        let author = self.names.handle();
        let ring = vouches.then(|| *chance.pick(&active));
        let (platform, channel) = if let Some(ring) = ring {
            (self.rings[ring].platform, self.rings[ring].channel.clone())
        } else {
            let platforms = [Platform::Reddit, Platform::Telegram, Platform::Discord, Platform::Other];
            (platforms[chance.below(4)], crowd(&mut chance))
        };
        let about = match (vouches, other) {
            (true, true) => PostAbout::OtherShop,
            (true, false) => PostAbout::Invented,
            (false, _) => PostAbout::Noise,
        };
        let out = Outgoing { posted: at, platform, channel, author, text, ring, about, matches: None };
        self.post(at, out, &mut chance);
        let ours: f64 = self.scenario.ring.iter().map(|r| r.deals * r.vouch).sum::<f64>()
            * self.people.accounts.len() as f64
            / 10_000.0;
        let mean = self.days / (ours * vouching).max(self.days / 20.0);
        let next = self.seasons.later(at, chance.exponential(mean) + 0.1, &mut chance);
        self.schedule.plan(next, Task::Chatter);
    }

    /// Hands a post over as soon as the watchers see it; its id, where that is before the end. `expected` is when it was to be
    /// posted before its writer took longer: what the shop sees of other things does not hang on it.
    fn post(&mut self, expected: Timestamp, out: Outgoing, chance: &mut Chance) -> Option<PostId> {
        let wait = 0.02 + chance.exponential(1.2);
        if after(expected, wait) >= self.end {
            return None;
        }
        let post = self.names.post();
        let n = self.documents;
        self.documents += 1;
        let images = chance.yes(0.3).then(|| vec![document(self.seed, n)]);
        let collected = after(out.posted, wait);
        let body = Body::PostCollected(shown(&post, &out, images));
        self.schedule.send(collected, From::Watch, body);
        if collected >= self.end {
            return None;
        }
        self.tell_post(&post, out, None);
        Some(post)
    }

    /// A post beside the others: it takes nothing from the streams that the rest of the shop shares.
    fn post_apart(&mut self, out: Outgoing, repeats: Option<PostId>, wording: &mut Chance) {
        let collected = after(out.posted, 0.02 + wording.exponential(1.2));
        if collected >= self.end {
            return;
        }
        let post = self.names.nth_post(APART + wording.bits() % APART);
        self.schedule.send_apart(collected, From::Watch, Body::PostCollected(shown(&post, &out, None)));
        self.tell_post(&post, out, repeats);
    }

    fn tell_post(&mut self, post: &PostId, out: Outgoing, repeats: Option<PostId>) {
        let record = TruthRecord::Post {
            post: post.clone(),
            ring: out.ring.map(|r| self.rings[r].name.clone()),
            matches: out.matches,
            about: out.about,
            repeats,
        };
        self.tell(&record);
    }
}

/// Numbers of posts beside the others begin here, far beyond those that are counted.
const APART: u64 = 1 << 48;

fn shown(post: &PostId, out: &Outgoing, images: Option<Vec<Sha256Hex>>) -> PostCollected {
    PostCollected {
        post: post.clone(),
        platform: out.platform,
        channel: out.channel.clone(),
        author: out.author.clone(),
        text: out.text.clone(),
        posted_at: Some(out.posted),
        images,
        attributes: None,
    }
}

/// A channel where everybody talks.
fn crowd(chance: &mut Chance) -> Handle {
    Handle::new(["@refunds", "@deals", "@shopping", "@scams"][chance.below(4)])
        .expect("channels are short words")
}

/// Words of the trade that are taken for each other.
const WRONG_WORDS: &[&str] = &["DNA", "FTID", "EB", "boxing"];

/// How it was done, as it is called there; now and then the wrong word.
fn method(asking: &Asking, wording: &mut Chance) -> &'static str {
    if wording.yes(0.1) {
        return WRONG_WORDS[wording.below(WRONG_WORDS.len())];
    }
    let words: &[&'static str] = match (asking.kind, asking.reason) {
        (Kind::FakeTracking, _) => &["FTID", "fake tid"],
        (Kind::InsiderReturn | Kind::InsiderConcession | Kind::PhishedStaff, _) => &["insider", "inside job"],
        (_, ClaimReason::NotReceived | ClaimReason::Late) => &["DNA", "INR", "LIT"],
        (_, ClaimReason::EmptyPackage) => &["EB", "empty box"],
        (_, ClaimReason::MissingItem) => &["missing item", "partial EB"],
        (_, ClaimReason::Damaged | ClaimReason::Defective) => &["damaged"],
        (_, ClaimReason::WrongItem | ClaimReason::NotAsDescribed) => &["wrong item"],
        (_, ClaimReason::ChangedMind | ClaimReason::Other) => &["boxing"],
    };
    words[wording.below(words.len())]
}

fn text(pool: &[&str], says: &Says<'_>, p: &Posts, chance: &mut Chance, wording: &mut Chance) -> String {
    // Amounts are rounded as people round: to 10, 50 or 100, mostly up; some exact.
    let mut step = [1.0, 10.0, 50.0, 100.0][chance.weighted(&[0.25, 0.35, 0.25, 0.15])];
    if wording.yes(p.coarse_share) {
        step = [50.0, 100.0][wording.below(2)];
    }
    let rounded = (says.dollars / step).ceil() * step;
    let plain = chance.below(3);
    let amount = if wording.yes(p.notation_share) {
        let (thousands, rest) = ((rounded / 1000.0) as u64, rounded as u64 % 1000);
        match (wording.below(4), thousands) {
            (0, 1..) => format!("${thousands},{rest:03}"),
            (1, 1..) if rest.is_multiple_of(100) => format!("{thousands}.{}k", rest / 100),
            (2, _) => format!("{rounded:.0} usd"),
            _ => format!("~${rounded:.0}"),
        }
    } else {
        match plain {
            0 => format!("${rounded:.0}"),
            1 => format!("{rounded:.0}$"),
            _ => format!("{rounded:.0}"),
        }
    };
    let template = *chance.pick(pool);
    let days = 2 + chance.below(12) as i64;
    let text = template
        .replace("{shop}", says.shop)
        .replace("{item}", says.item)
        .replace("{amount}", &amount)
        .replace("{country}", says.country)
        .replace("{days}", &says.days.unwrap_or(days).to_string());
    match says.method {
        Some(method) => format!("{text} ({method})"),
        None => text,
    }
}
