//! Which public posts are part of the matter, how were they captured, and which refunds may they be about?

use crate::canonical::sha256_hex;
use crate::purpose::Field;
use crate::redact::Masks;
use crate::view::View;
use ringfence_domain::{Body, Timestamp};
use serde::Serialize;

/// A refund that a post may be about.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Matched {
    /// The refund.
    pub refund: String,
    /// Its order, where it is in the pack.
    pub order: Option<String>,
    /// How likely.
    pub probability: f64,
    /// At most so many other refunds would agree as well by chance.
    pub by_chance: f64,
    /// What agrees and what does not.
    pub why: Vec<String>,
}

/// A post.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Post {
    /// Its id.
    pub post: String,
    /// Where.
    pub platform: String,
    /// In which channel.
    pub channel: String,
    /// By whom.
    pub handle: String,
    /// When it was posted, as the platform says.
    pub posted_at: Option<Timestamp>,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// The record.
    pub record: u64,
    /// SHA-256 of its text.
    pub text_sha256: String,
    /// Its text.
    pub text: String,
    /// SHA-256 of its pictures.
    pub images: Vec<String>,
    /// Refunds, likeliest first.
    pub matches: Vec<Matched>,
}

/// The posts of the matter.
pub fn posts(view: &View<'_>, masks: &mut Masks) -> Vec<Post> {
    let mut posts = Vec::new();
    for cited in view.cited {
        let Some(event) = cited.event() else { continue };
        let Body::PostCollected(e) = &event.body else { continue };
        let mut matches: Vec<Matched> = view
            .leads
            .matches
            .iter()
            .filter(|m| m.post == e.post.as_str())
            .map(|m| Matched {
                refund: m.refund.clone(),
                order: view.order_of_refund(&m.refund).map(str::to_owned),
                probability: m.probability,
                by_chance: m.by_chance,
                why: m.why.clone(),
            })
            .collect();
        matches.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.refund.cmp(&b.refund)));
        posts.push(Post {
            post: e.post.to_string(),
            platform: e.platform.to_string(),
            channel: masks.name(Field::Handle, e.channel.as_str()),
            handle: masks.name(Field::Handle, e.author.as_str()),
            posted_at: e.posted_at,
            captured_at: event.time,
            record: cited.at,
            text_sha256: sha256_hex(e.text.as_bytes()),
            text: e.text.clone(),
            images: e.images.iter().flatten().map(ToString::to_string).collect(),
            matches,
        });
    }
    posts
}
