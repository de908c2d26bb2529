//! Which names do the tests use?

#![allow(dead_code)] // Each test file uses a part of it.

use ringfence_expr::{ExprError, Program, Scope, Slot, Type};

/// Names with their types; a slot is an index into it.
pub(crate) const NAMES: &[(&str, Type)] = &[
    ("amount", Type::Number),
    ("refunds_90d", Type::Number),
    ("data.amount", Type::Number),
    ("score", Type::Number),
    ("flag", Type::Bool),
    ("data.override", Type::Bool),
    ("data.reason", Type::Text),
    ("data.sku", Type::Text),
    ("order.sku", Type::Text),
    ("now", Type::Time),
    ("order.delivered_at", Type::Time),
    ("age", Type::Duration),
    ("limit", Type::Duration),
];

/// The closed vocabulary of `data.reason`.
pub(crate) const REASONS: &[&str] = &["not_received", "missing_item", "damaged"];

/// A scope over [`NAMES`].
pub(crate) struct Names;

impl Scope for Names {
    fn lookup(&self, path: &str) -> Option<(Slot, Type)> {
        let at = NAMES.iter().position(|(name, _)| *name == path)?;
        Some((Slot(at as u32), NAMES[at].1))
    }
    fn names(&self) -> Vec<String> {
        NAMES.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
    fn text_code(&mut self, slot: Slot, text: &str) -> Result<f64, Vec<String>> {
        if NAMES[slot.0 as usize].0 == "data.reason" {
            let words = || REASONS.iter().map(|w| (*w).to_owned()).collect();
            return REASONS.iter().position(|w| *w == text).map(|at| at as f64).ok_or_else(words);
        }
        Ok(text.bytes().map(f64::from).sum())
    }
    fn texts_share_codes(&self, a: Slot, b: Slot) -> bool {
        (NAMES[a.0 as usize].0 == "data.reason") == (NAMES[b.0 as usize].0 == "data.reason")
    }
}

/// Compiles over [`Names`].
pub(crate) fn compile(source: &str, ty: Type) -> Result<Program, ExprError> {
    Program::compile(source, &mut Names, ty)
}
