//! What is boasted of in public? Vouches with rounded amounts and delays, invented ones, and talk about other shops.

use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::names::document;
use crate::requests::Asked;
use crate::schedule::From;
use crate::sim::{Sim, Task};
use crate::truth::TruthRecord;
use ringfence_domain::event::PostCollected;
use ringfence_domain::id::{Handle, RefundId};
use ringfence_domain::words::Platform;
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

/// What a post is about.
struct About<'a> {
    shop: &'a str,
    item: &'a str,
    dollars: f64,
    country: &'a str,
}

impl Sim<'_> {
    /// A buyer or the operator boasts of a refund.
    pub(crate) fn vouch(&mut self, ring: usize, asked: &Asked) {
        let mut chance = Chance::new(self.seed, Stream::Post, asked.n, ring as u64);
        if !chance.yes(self.rings[ring].spec.vouch) {
            return;
        }
        let posted = self.seasons.later(asked.at, 0.5 + chance.log_normal(3.0, 0.8), &mut chance);
        let line = asked.article;
        let (item, shop) =
            (self.catalogue.noun(line).to_string(), chance.pick(&self.scenario.posts.names).clone());
        let about =
            About { shop: &shop, item: &item, dollars: asked.asking.cents as f64 / 100.0, country: "US" };
        let text = text(VOUCHES, &about, &mut chance);
        let r = &self.rings[ring];
        let (platform, channel, operator) = (r.platform, r.channel.clone(), r.handle.clone());
        let author = if chance.yes(0.4) { operator } else { self.names.handle() };
        self.post(posted, platform, channel, author, text, Some(ring), Some(&asked.refund), &mut chance);
    }

    /// Every day or so somebody writes something; most of it is about other shops, some of it invented.
    pub(crate) fn chatter(&mut self, at: Timestamp) {
        let mut chance = Chance::new(self.seed, Stream::Post, u64::MAX, at.millis() as u64);
        let p = &self.scenario.posts;
        let vouching = p.invented_share + p.other_shops_share;
        let other = !p.other_shops.is_empty() && chance.yes(p.other_shops_share / vouching.max(1e-9));
        let shop = chance.pick(if other { &p.other_shops } else { &p.names }).clone();
        let active: Vec<usize> =
            (0..self.rings.len()).filter(|r| self.rings[*r].from < at && at < self.rings[*r].to).collect();
        let dollars = chance.log_normal(330.0, 0.6);
        let article = self.catalogue.choose(dollars, 0.6, &mut chance);
        let item = self.catalogue.noun(article).to_string();
        let country = ["US", "US", "US", "CA", "GB"][chance.below(5)];
        let about = About { shop: &shop, item: &item, dollars, country };
        let vouches = !active.is_empty() && chance.yes(0.6);
        let text = text(if vouches { VOUCHES } else { CHATTER }, &about, &mut chance);
        let author = self.names.handle();
        if vouches {
            let ring = *chance.pick(&active);
            let (platform, channel) = (self.rings[ring].platform, self.rings[ring].channel.clone());
            self.post(at, platform, channel, author, text, Some(ring), None, &mut chance);
        } else {
            let platform =
                [Platform::Reddit, Platform::Telegram, Platform::Discord, Platform::Other][chance.below(4)];
            let channel = Handle::new(["@refunds", "@deals", "@shopping", "@scams"][chance.below(4)])
                .expect("channels are short words");
            self.post(at, platform, channel, author, text, None, None, &mut chance);
        }
        let ours: f64 = self.scenario.ring.iter().map(|r| r.deals * r.vouch).sum::<f64>()
            * self.people.accounts.len() as f64
            / 10_000.0;
        let mean = self.days / (ours * vouching).max(self.days / 20.0);
        let next = self.seasons.later(at, chance.exponential(mean) + 0.1, &mut chance);
        self.schedule.plan(next, Task::Chatter);
    }

    #[allow(clippy::too_many_arguments)]
    fn post(
        &mut self,
        posted: Timestamp,
        platform: Platform,
        channel: Handle,
        author: Handle,
        text: String,
        ring: Option<usize>,
        matches: Option<&RefundId>,
        chance: &mut Chance,
    ) {
        let collected = after(posted, 0.02 + chance.exponential(1.2));
        if collected >= self.end {
            return;
        }
        let post = self.names.post();
        let n = self.documents;
        self.documents += 1;
        let shown = PostCollected {
            post: post.clone(),
            platform,
            channel,
            author,
            text,
            posted_at: Some(posted),
            images: chance.yes(0.3).then(|| vec![document(self.seed, n)]),
            attributes: None,
        };
        self.schedule.send(collected, From::Watch, Body::PostCollected(shown));
        let record = TruthRecord::Post {
            post,
            ring: ring.map(|r| self.rings[r].name.clone()),
            matches: matches.cloned(),
        };
        self.tell(&record);
    }
}

fn text(pool: &[&str], about: &About<'_>, chance: &mut Chance) -> String {
    // Amounts are rounded as people round: to 10, 50 or 100, mostly up; some exact.
    let step = [1.0, 10.0, 50.0, 100.0][chance.weighted(&[0.25, 0.35, 0.25, 0.15])];
    let rounded = (about.dollars / step).ceil() * step;
    let amount = match chance.below(3) {
        0 => format!("${rounded:.0}"),
        1 => format!("{rounded:.0}$"),
        _ => format!("{rounded:.0}"),
    };
    chance
        .pick(pool)
        .replace("{shop}", about.shop)
        .replace("{item}", about.item)
        .replace("{amount}", &amount)
        .replace("{country}", about.country)
        .replace("{days}", &(2 + chance.below(12)).to_string())
}
