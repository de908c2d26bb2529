//! Which rules match, and what do they leave? Rules over the columns of a vector and the facts of a request.

use crate::error::PolicyError;
use crate::plan::Ask;
use crate::policy::Policy;
use ringfence_domain::vector::{ColumnKind, Schema, category_code};
use ringfence_domain::words::{ClaimReason, RequestChannel, Word};
use ringfence_expr::{Program, Scope, Slot, Type};

/// What a rule may use beside the columns.
const FACTS: [(&str, Type); 9] = [
    ("request.score", Type::Number),
    ("request.amount_minor", Type::Number),
    ("request.reason", Type::Text),
    ("request.channel", Type::Text),
    ("request.goods_returnable", Type::Bool),
    ("request.reviews_last_24h", Type::Number),
    ("request.on_deny_list", Type::Bool),
    ("request.on_allow_list", Type::Bool),
    ("request.on_watch_list", Type::Bool),
];

/// The facts of one request, in the order of [`FACTS`].
pub(crate) type Facts = [f64; FACTS.len()];

pub(crate) fn facts(ask: &Ask, score: f64) -> Facts {
    [
        score,
        ask.amount_reporting_minor as f64,
        f64::from(ask.reason.code()),
        f64::from(ask.channel.code()),
        f64::from(u8::from(ask.goods_returnable)),
        f64::from(ask.reviews_last_24h),
        f64::from(u8::from(!ask.listed.deny.is_empty())),
        f64::from(u8::from(!ask.listed.allow.is_empty())),
        f64::from(u8::from(!ask.listed.watch.is_empty())),
    ]
}

/// Compiles all rules; a fault is told with its place in the policy file.
pub(crate) fn compile(policy: &Policy, schema: &Schema) -> Result<Vec<Program>, PolicyError> {
    let mut scope = Columns { schema };
    let compiled = policy.rules.iter().map(|rule| {
        Program::compile(&rule.when, &mut scope, Type::Bool)
            .map_err(|error| PolicyError::from_expression(&policy.source, &rule.when_span, &rule.when, error))
    });
    compiled.collect()
}

/// Whether a rule matches; facts follow the columns.
#[inline]
pub(crate) fn matches(program: &Program, vector: &[f64], facts: &Facts) -> bool {
    program.eval_bool(|Slot(at)| {
        let at = at as usize;
        if at < vector.len() { vector[at] } else { facts[at - vector.len()] }
    })
}

/// The columns that a rule reads.
pub(crate) fn columns(program: &Program, schema_columns: usize) -> Vec<usize> {
    program.slots().iter().map(|slot| slot.0 as usize).filter(|at| *at < schema_columns).collect()
}

struct Columns<'a> {
    schema: &'a Schema,
}

impl Columns<'_> {
    /// The fact of a slot that is no column.
    fn fact(&self, slot: Slot) -> Option<&'static str> {
        (slot.0 as usize).checked_sub(self.schema.columns.len()).map(|at| FACTS[at].0)
    }
}

impl Scope for Columns<'_> {
    fn lookup(&self, path: &str) -> Option<(Slot, Type)> {
        if let Some(at) = self.schema.index(path) {
            let ty = match self.schema.columns[at].kind {
                ColumnKind::Number => Type::Number,
                ColumnKind::Flag => Type::Bool,
                ColumnKind::Category => Type::Text,
            };
            return Some((Slot(at as u32), ty));
        }
        let at = FACTS.iter().position(|(name, _)| *name == path)?;
        Some((Slot((self.schema.columns.len() + at) as u32), FACTS[at].1))
    }

    fn names(&self) -> Vec<String> {
        let columns = self.schema.columns.iter().map(|column| column.name.clone());
        columns.chain(FACTS.iter().map(|(name, _)| (*name).to_owned())).collect()
    }

    fn text_code(&mut self, slot: Slot, text: &str) -> Result<f64, Vec<String>> {
        let words = match self.fact(slot) {
            Some("request.reason") => ClaimReason::TEXTS,
            Some("request.channel") => RequestChannel::TEXTS,
            _ => return Ok(category_code(text)),
        };
        let code = words.iter().position(|word| *word == text);
        code.map(|code| code as f64).ok_or_else(|| words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn texts_share_codes(&self, a: Slot, b: Slot) -> bool {
        self.fact(a) == self.fact(b)
    }
}
