//! Which posts are one boast? The same words by the same handle, or with the same picture, told again within weeks.

use crate::numbers::Numbers;
use crate::posts::amounts::Amount;
use crate::posts::extract::{Claims, extract};
use crate::posts::goods::Goods;
use crate::posts::names::Names;
use crate::posts::record::Record;
use crate::posts::words::Act;
use ringfence_domain::{Duration, Timestamp};
use std::collections::BTreeMap;

/// The same words later than this are another boast.
const TOLD_AGAIN: Duration = Duration::days(60);

/// Whether a shop is named, and which.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mention {
    /// This one.
    Own,
    /// None.
    None,
    /// Only another.
    Other,
}

/// One or more posts that say the same.
#[derive(Clone, Debug)]
pub(crate) struct Boast {
    /// Positions in the record, the earliest first.
    pub(crate) posts: Vec<usize>,
    pub(crate) at: Timestamp,
    pub(crate) claims: Claims,
    /// Amounts that may be the refunded one.
    pub(crate) amounts: Vec<Amount>,
    pub(crate) mention: Mention,
    /// The word that tells most of the goods.
    pub(crate) word: Option<u32>,
    pub(crate) handle: u32,
    pub(crate) channel: u32,
}

impl Boast {
    /// Whether somebody may boast of a refund of this shop: no question, advert or complaint, and not of another shop.
    pub(crate) fn boasts(&self) -> bool {
        matches!(self.claims.act, Act::Boast | Act::Remark) && self.mention != Mention::Other
    }
    /// Whether it can be compared with refunds.
    pub(crate) fn is_compared(&self) -> bool {
        self.boasts() && !self.amounts.is_empty()
    }
}

/// All boasts, in the order of their first posts.
pub(crate) fn boasts(record: &Record, names: &Names, goods: &Goods) -> (Vec<Boast>, Numbers) {
    let mut order: Vec<usize> = (0..record.posts.len()).collect();
    order.sort_by(|a, b| {
        (record.posts[*a].at, &record.posts[*a].id).cmp(&(record.posts[*b].at, &record.posts[*b].id))
    });
    let mut people = Numbers::default();
    let mut found: Vec<Boast> = Vec::new();
    let mut latest: BTreeMap<String, usize> = BTreeMap::new();
    for at in order {
        let post = &record.posts[at];
        let claims = extract(&post.text, post.at, names);
        let keys = keys(&post.author, &claims.essence, &post.images);
        let again = keys
            .iter()
            .filter_map(|key| latest.get(key).copied())
            .find(|n| post.at.since(found[*n].at).0 <= TOLD_AGAIN.0);
        let n = again.unwrap_or(found.len());
        for key in keys {
            latest.insert(key, n);
        }
        if again.is_some() {
            found[n].posts.push(at);
            continue;
        }
        let mention = match (&claims.shops.own, &claims.shops.other) {
            (Some(_), _) => Mention::Own,
            (None, Some(_)) => Mention::Other,
            (None, None) => Mention::None,
        };
        let amounts: Vec<Amount> = claims.amounts.iter().filter(|a| !a.fee).cloned().collect();
        found.push(Boast {
            posts: vec![at],
            at: post.at,
            word: goods.telling(&claims.words),
            amounts,
            mention,
            handle: people.of(&handle_key(&post.author)),
            channel: people.of(&format!("{} {}", post.platform.as_str(), post.channel)),
            claims,
        });
    }
    (found, people)
}

/// A handle without its @ and without case: people write it both ways.
pub(crate) fn handle_key(handle: &str) -> String {
    handle.trim_start_matches('@').to_lowercase()
}

/// By what a post is known again.
fn keys(author: &str, essence: &str, images: &[String]) -> Vec<String> {
    let mut keys: Vec<String> = images.iter().map(|image| format!("picture {image}")).collect();
    if !essence.is_empty() {
        keys.push(format!("{} says {essence}", handle_key(author)));
    }
    keys
}
