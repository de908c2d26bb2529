//! What would judging several at once do? A preview, whose hash must come back with the action: what is seen is what is done.

use crate::Denied;
use crate::change::Judgement;
use crate::check::{check_judgement, may_have};
use crate::desk::Desk;
use crate::item::{Item, Kind};
use ringfence_domain::{Currency, Money, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An item that would be judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The item.
    pub item: u64,
    /// Its refund.
    pub refund: String,
    /// Its account.
    pub account: String,
    /// What is asked for.
    pub amount: Option<Money>,
}

/// An item that cannot be judged with the others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// The item.
    pub item: u64,
    /// Why.
    pub why: String,
}

/// What would be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Preview {
    /// What would be judged.
    pub items: Vec<Line>,
    /// What would not, and why.
    pub refused: Vec<Refused>,
    /// The money asked for in all, one sum a currency.
    pub money: Vec<Money>,
    /// Sent with the action: it is of exactly these items as they are now, and of this judgement.
    pub hash: String,
}

/// What judging these items alike would do.
pub fn preview(
    desk: &Desk,
    items: &[u64],
    judgement: &Judgement,
    by: &str,
    now: Timestamp,
    senior: bool,
) -> Preview {
    let person = desk.person(by);
    let allowed = |item: &Item| {
        if item.kind == Kind::Appeal {
            return Err(Denied::Conflict("appeals are judged one by one".into()));
        }
        may_have(item, by, now, senior, &person)?;
        check_judgement(item, judgement)
    };
    let mut hasher = blake3::Hasher::new_derive_key("ringfence casework preview 1");
    let mut told = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    told(&serde_json::to_string(judgement).expect("words and texts"));
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    let mut money: BTreeMap<Currency, i64> = BTreeMap::new();
    let mut before = std::collections::BTreeSet::new();
    for id in items {
        let found = desk.items.get(id).ok_or_else(|| Denied::Unknown(format!("item {id}")));
        let once = if before.insert(*id) { Ok(()) } else { Err(Denied::Invalid("it is named twice".into())) };
        match once.and(found).and_then(|item| allowed(item).map(|()| item)) {
            Ok(item) => {
                told(&format!("{} {} {}", item.id, item.revision, item.asked.refund));
                if let Some(Money { amount, currency }) = item.asked.amount {
                    let sum = money.entry(currency).or_default();
                    *sum = sum.saturating_add(amount);
                }
                let (refund, account) = (item.asked.refund.clone(), item.asked.account.clone());
                lines.push(Line { item: item.id, refund, account, amount: item.asked.amount });
            }
            Err(why) => refused.push(Refused { item: *id, why: why.to_string() }),
        }
    }
    let money = money.into_iter().map(|(currency, amount)| Money { amount, currency }).collect();
    Preview { items: lines, refused, money, hash: hasher.finalize().to_hex().to_string() }
}
