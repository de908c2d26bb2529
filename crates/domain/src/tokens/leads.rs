//! Which values of a lead are personal? Its accounts, and what ties them, by the kind that stands beside each.

use super::fields::{Tokenise, replace_value};
use super::{TokenKind, Tokeniser};
use crate::codec::Refusal;
use crate::event::LeadRaised;
use crate::words::{MemberKind, TieKind};
use serde_json::{Map, Value};

/// The kind of a tie's value; what is no identifier of a person stays as it is.
fn kind_of(kind: TieKind) -> Option<TokenKind> {
    match kind {
        TieKind::Device => Some(TokenKind::Device),
        TieKind::Ip => Some(TokenKind::Ip),
        TieKind::Address => Some(TokenKind::Address),
        TieKind::Payment | TieKind::Instrument => Some(TokenKind::Payment),
        TieKind::Email => Some(TokenKind::Email),
        TieKind::Phone => Some(TokenKind::Phone),
        TieKind::Document | TieKind::Script | TieKind::Staff | TieKind::StaffSession => None,
    }
}

pub(super) fn apply(tokens: &Tokeniser, lead: &mut LeadRaised) {
    let accounts = tokens.covers(TokenKind::Account);
    for member in lead.members.iter_mut().filter(|m| accounts && m.kind == MemberKind::Account) {
        member.id.tokenise(tokens, TokenKind::Account);
    }
    for tie in lead.ties.iter_mut().flatten() {
        if let Some(kind) = kind_of(tie.kind).filter(|kind| tokens.covers(*kind)) {
            tie.value = tokens.token(kind, &tie.value);
        }
        if accounts {
            tie.accounts.iter_mut().for_each(|account| account.tokenise(tokens, TokenKind::Account));
        }
    }
}

pub(super) fn apply_to_json(tokens: &Tokeniser, data: &mut Map<String, Value>) -> Result<(), Refusal> {
    let word = |of: &Value| of.get("kind").and_then(Value::as_str).map(str::to_owned);
    for (i, member) in list(data, "members").enumerate() {
        let of_account = word(member).as_deref() == Some(MemberKind::Account.as_str());
        if let Some(id) = member.get_mut("id").filter(|_| of_account) {
            replace_value(tokens, TokenKind::Account, id, &format!("members/{i}/id"))?;
        }
    }
    for (i, tie) in list(data, "ties").enumerate() {
        let kind = word(tie).and_then(|kind| kind.parse().ok()).and_then(kind_of);
        if let (Some(kind), Some(value)) = (kind, tie.get_mut("value")) {
            replace_value(tokens, kind, value, &format!("ties/{i}/value"))?;
        }
        let accounts = tie.get_mut("accounts").and_then(Value::as_array_mut);
        for (j, account) in accounts.into_iter().flatten().enumerate() {
            replace_value(tokens, TokenKind::Account, account, &format!("ties/{i}/accounts/{j}"))?;
        }
    }
    Ok(())
}

fn list<'a>(data: &'a mut Map<String, Value>, name: &str) -> impl Iterator<Item = &'a mut Value> {
    data.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}
