//! How does the catalogue of reasons read? The page `docs/reasons.md`.

use crate::reasons::{GENERIC, Group, ReasonCode, Way, all};
use std::fmt::Write as _;

const HEAD: &str = "# Reasons

Every decision says why: a few reasons, strongest first, each with a code of this page, a sentence with the request's own
numbers, its weight and the events behind it.

- A **code** is stable: it is never renamed and never gets another meaning. Rules of a policy and features of a catalogue
  name the code under which they are explained. A policy may declare further codes with `[[reason]]`.
- The **weight** is in probability points: by how much the score would be lower without this reason. A negative weight
  speaks for the customer. Reasons that come from a rule stand first; their weight is that of the features with the same
  code, or 0.
- The **sentences for analysts** name the two or three strongest features (`{facts}`), and may use `{amount}`, `{claim}`
  and `{channel}` of the request.
- The **sentence for customers** may be shown to them: it is true, but tells nobody how to get round it.
";

/// The page, in Markdown.
pub fn page() -> String {
    let mut out = String::from(HEAD);
    let mut line = |text: std::fmt::Arguments<'_>| {
        out.write_fmt(text).expect("a String takes all text");
        out.push('\n');
    };
    line(format_args!("- Features whose code is not known are told as `{GENERIC}`."));
    for group in Group::ALL {
        line(format_args!("\n## {}", group.title()));
        for ReasonCode { code, group: _, title, against, for_customer, customer_text, way } in
            all().iter().filter(|entry| entry.group == group)
        {
            line(format_args!("\n### `{code}`\n{}.", capital(title)));
            line(format_args!("- against the customer: {against}"));
            match way {
                Way::Either => line(format_args!("- for the customer: {for_customer}")),
                Way::Against => {}
            }
            line(format_args!("- to the customer: {customer_text}"));
        }
    }
    out
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
