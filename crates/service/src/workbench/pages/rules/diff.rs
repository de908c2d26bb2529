//! What is different between two texts? Line by line, with a few lines around each change.

use crate::workbench::lang::{Texts, fill};
use maud::{Markup, html};
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// Lines around a change.
const AROUND: usize = 3;
/// How long the shortest difference is looked for; then a longer one is good enough.
const SEARCH_MAX: Duration = Duration::from_millis(200);

/// The difference of two texts.
pub(super) fn diff(t: &Texts, before: &str, after: &str) -> Markup {
    let diff = TextDiff::configure().timeout(SEARCH_MAX).diff_lines(before, after);
    let groups = diff.grouped_ops(AROUND);
    if groups.is_empty() {
        return html! { p.quiet { (t.rules.diff_none) } };
    }
    let mut shown = 0;
    html! {
        pre.diff tabindex="0" role="region" aria-label=(t.rules.diff) {
            @for group in &groups {
                @let from = group.first().map_or(0, |op| op.old_range().start);
                @if from > shown { span.gap { (fill(t.rules.diff_gap, &[("n", &(from - shown).to_string())])) } }
                @for op in group {
                    @for change in diff.iter_changes(op) {
                        @let line = change.value().trim_end_matches('\n');
                        @match change.tag() {
                            ChangeTag::Equal => span { "  " (line) },
                            ChangeTag::Delete => del { "− " (line) },
                            ChangeTag::Insert => ins { "+ " (line) },
                        }
                    }
                }
                (after_group(&mut shown, group.last().map_or(0, |op| op.old_range().end)))
            }
        }
    }
}

fn after_group(shown: &mut usize, end: usize) -> &'static str {
    *shown = end;
    ""
}
