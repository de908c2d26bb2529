//! What is told to people of a ring? What was seen, what would split it, and what speaks against it.

use crate::rings::Shared;
use crate::rings::belief::Beliefs;
use crate::rings::groups::Group;
use crate::rings::marks::{Mark, Marks};
use crate::rings::record::Record;
use std::collections::BTreeSet;

/// Marks told one by one; the others are counted.
const TOLD: usize = 8;

pub(crate) fn why(record: &Record, marks: &Marks, beliefs: &Beliefs, group: &Group) -> Vec<String> {
    let mut out: Vec<String> = group
        .marks
        .iter()
        .take(TOLD)
        .map(|(n, accounts)| {
            let (mark, probability) = (*n as usize, beliefs.marks[*n as usize]);
            let what = of_mark(record, marks, &marks.all[mark], accounts.len());
            format!("{what} (a ring's with probability {:.3})", probability.min(0.999))
        })
        .collect();
    if group.marks.len() > TOLD {
        out.push(format!("and {} more such ties", group.marks.len() - TOLD));
    }
    if let Some((mark, request, parts)) = group.weakest_link(beliefs) {
        let parts: Vec<String> = parts.iter().filter(|p| **p > 1).map(ToString::to_string).collect();
        let r = &record.requests[request as usize];
        out.push(format!(
            "weakest link: request {} of account {} with {}; without it there are parts of {} requests",
            record.staff.refunds.text(r.refund),
            record.staff.accounts.text(r.account),
            name(record, marks, &marks.all[mark as usize]),
            parts.join(" and ")
        ));
    }
    out.extend(against(record, marks, beliefs, group));
    out
}

fn of_mark(record: &Record, marks: &Marks, mark: &Mark, accounts: usize) -> String {
    let name = name(record, marks, mark);
    match (mark.shared, mark.orders) {
        (Shared::Device | Shared::Ip, 0) => {
            format!(
                "{accounts} accounts claim through {name}, which none of them had when it bought, and from which nobody ever ordered"
            )
        }
        (Shared::Device | Shared::Ip, orders) => {
            format!(
                "{accounts} accounts claim through {name}, which none of them had when it bought; {orders} orders came from it"
            )
        }
        (Shared::Staff, _) => {
            let about = mark.family.map_or("figures", crate::insiders::Family::about);
            format!(
                "requests of {accounts} accounts are behind the {about} of {name}, which are above those of the peers"
            )
        }
        (Shared::StaffSession, _) => format!(
            "requests of {accounts} accounts were entered without a contact in one session of {name}, from a machine and a network that were not this person's"
        ),
        (Shared::Script, _) => format!("{accounts} accounts write nearly the same ({name})"),
        _ => format!("{accounts} accounts share {name}"),
    }
}

fn name(record: &Record, marks: &Marks, mark: &Mark) -> String {
    let kind = match mark.shared {
        Shared::Device => "device",
        Shared::Ip => "network address",
        Shared::Script => "script",
        Shared::Document => "document",
        Shared::Instrument => "pay-out instrument",
        Shared::Address => "address",
        Shared::Payment => "payment",
        Shared::Email => "e-mail",
        Shared::Phone => "phone",
        Shared::Staff | Shared::StaffSession => "staff",
    };
    format!("{kind} {}", marks.value(record, mark))
}

/// What speaks against a ring, or limits what is said of it.
fn against(record: &Record, marks: &Marks, beliefs: &Beliefs, group: &Group) -> Vec<String> {
    let mut out = Vec::new();
    let requests = || group.requests.iter().map(|&n| &record.requests[n as usize]);
    if !group.by_way.is_empty() {
        out.push(format!(
            "against: {} of the requests share nothing with the others but the way in which they get at the money, and their time; \
             they may be another ring's",
            group.by_way.len()
        ));
    }
    let cleared = requests().filter(|r| record.verdicts.get(&r.refund).is_some_and(|v| !v.0)).count();
    if cleared > 0 {
        out.push(format!("against: people who looked into {cleared} of the requests found no abuse"));
    }
    let used: u32 = group.marks.iter().map(|m| marks.all[m.0 as usize].orders).sum();
    if used > 0 {
        out.push(
            "against: machines of it were also used to buy, as those of a helper or a family are".to_owned(),
        );
    }
    let doubtful = group.requests.iter().filter(|&&n| beliefs.requests[n as usize] < 0.95).count();
    if doubtful > 0 {
        out.push(format!(
            "against: {doubtful} of the {} requests belong to it with less than 95 %",
            group.requests.len()
        ));
    }
    let kinds: BTreeSet<Shared> = group.marks.iter().map(|m| marks.all[m.0 as usize].shared).collect();
    if kinds.len() == 1 {
        out.push("against: one kind of tie only".to_owned());
    }
    out.push("not claimed: that the accounts' holders knew; a taken-over account looks the same".to_owned());
    out
}
