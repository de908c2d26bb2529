//! Who abuses for themselves? A few per ten thousand for each kind, once or again and again.

use crate::abuse::deals::Deal;
use crate::calendar::after;
use crate::chance::{Chance, Stream};
use crate::requests::Insider;
use crate::scenario::{OpportunistKind, OpportunistSpec};
use crate::sim::{Sim, Task};
use crate::truth::{Kind, TruthRecord};

/// Mean days between two acts of the same person. [estimate]
const BETWEEN_ACTS: f64 = 50.0;

impl Sim<'_> {
    pub(crate) fn plan_opportunists(&mut self) {
        let specs: Vec<(OpportunistKind, OpportunistSpec)> =
            self.scenario.opportunists.iter().map(|(k, s)| (*k, s.clone())).collect();
        for (which, spec) in specs {
            let mut chance = Chance::new(self.seed, Stream::Opportunist, which as u64, 0);
            let mean = spec.actors * self.people.accounts.len() as f64 / 10_000.0;
            let actors = chance.poisson(mean).max(usize::from(spec.actors > 0.0));
            for nth in 0..actors {
                self.plan_opportunist(which, &spec, nth);
            }
        }
    }

    fn plan_opportunist(&mut self, which: OpportunistKind, spec: &OpportunistSpec, nth: usize) {
        let name = (which as u64) << 32 | nth as u64;
        let mut chance = Chance::new(self.seed, Stream::Opportunist, name, 1);
        let kind = kind(which);
        let mut at = after(self.start, self.days * chance.between(0.02, 0.9));
        let account = if which == OpportunistKind::AccountHopping {
            let account = self.hop(at, &mut chance);
            at = after(self.people.accounts[account].opens, 0.2 + chance.exponential(4.0));
            account
        } else {
            let mut account = chance.below(self.people.accounts.len());
            for _ in 0..50 {
                if self.is_open(account, after(at, -30.0)) && !self.people.accounts[account].used_by_ring {
                    break;
                }
                account = chance.below(self.people.accounts.len());
            }
            account
        };
        let acts = (1 + chance.poisson((spec.acts - 1.0).max(0.0))) as u32;
        let record =
            TruthRecord::Account { account: self.account_id(account), kind, ring: None, from: at, acts };
        self.tell(&record);
        for act in 0..acts {
            let deal = Deal {
                account,
                kind,
                dollars: spec.price,
                ring: None,
                insider: Insider::None,
                due: None,
                n: name << 8 | u64::from(act),
                test_purchase: false,
            };
            self.schedule.plan(at, Task::Deal(Box::new(deal)));
            at = after(at, 3.0 + chance.exponential(BETWEEN_ACTS));
        }
    }

    /// Somebody whose account is closed for cause opens another, and brings something along.
    fn hop(&mut self, at: crate::Timestamp, chance: &mut Chance) -> usize {
        let old = chance.below(self.people.accounts.len());
        let closes = at.max(after(self.people.accounts[old].opens, 20.0));
        self.people.accounts[old].closes = Some(closes);
        let area = self.people.accounts[old].area;
        let opens = after(closes, chance.log_normal(10.0, 0.8));
        let new = self.people.open(area, opens, self.scenario, chance);
        let from = self.people.accounts[old].clone();
        let to = &mut self.people.accounts[new];
        to.home = from.home;
        let mut brought = 0;
        if chance.yes(0.55) {
            to.devices[0] = from.devices[0];
            brought += 1;
        }
        if chance.yes(0.35) {
            to.payments[0] = from.payments[0];
            brought += 1;
        }
        if chance.yes(0.3) {
            to.phone = from.phone;
            brought += 1;
        }
        if brought == 0 || chance.yes(0.5) {
            to.address = from.address;
        }
        new
    }
}

fn kind(which: OpportunistKind) -> Kind {
    match which {
        OpportunistKind::Inr => Kind::Inr,
        OpportunistKind::MissingItem => Kind::MissingItem,
        OpportunistKind::EmptyPackage => Kind::EmptyPackage,
        OpportunistKind::ForgedDocument => Kind::ForgedDocument,
        OpportunistKind::ConcessionFarming => Kind::ConcessionFarming,
        OpportunistKind::DoubleDip => Kind::DoubleDip,
        OpportunistKind::AccountTakeover => Kind::AccountTakeover,
        OpportunistKind::AccountHopping => Kind::AccountHopping,
        OpportunistKind::RefundAndReship => Kind::RefundAndReship,
        OpportunistKind::GiftCardLaundering => Kind::GiftCardLaundering,
        OpportunistKind::EmptyReturn => Kind::EmptyReturn,
        OpportunistKind::SwitchedItem => Kind::SwitchedItem,
        OpportunistKind::FakeTracking => Kind::FakeTracking,
        OpportunistKind::Wardrobing => Kind::Wardrobing,
        OpportunistKind::Bracketing => Kind::Bracketing,
        OpportunistKind::SerialReturner => Kind::SerialReturner,
    }
}
