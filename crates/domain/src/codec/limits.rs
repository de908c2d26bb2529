//! How much of one event is read? Every limit of the codec, with its reason.

use crate::time::Timestamp;

/// Longest line or single event in bytes. The largest honest event, an order of [`LINES_MAX`] lines at about
/// 120 bytes, is half of it; a longer line is a file that lost its line ends.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Longest batch in bytes: what one HTTP request may hold in memory.
pub const BATCH_BYTES_MAX: usize = 16 << 20;
/// Most events in a batch; a longer one belongs into a file.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Deepest nesting of objects and lists. The contract needs 5; beyond 64 it is an attack on a parser.
pub const DEPTH_MAX: usize = 64;
/// Most lines of an order or a request: wholesale invoices have some hundreds, one of 1,114 was seen.
pub const LINES_MAX: usize = 4_096;
/// Most of a merchant's own fields on one event: more is a record of another kind.
pub const ATTRIBUTES_MAX: usize = 64;
/// Longest name of a merchant's own field, in bytes.
pub const ATTRIBUTE_NAME_BYTES_MAX: usize = 64;
/// Longest text in a merchant's own field, in bytes: a word or a code, not prose.
pub const ATTRIBUTE_TEXT_BYTES_MAX: usize = 512;
/// Longest text of a message or a post, in bytes: four times the longest message of the common chat platforms.
pub const TEXT_BYTES_MAX: usize = 16_384;
/// Most documents of a request or images of a post.
pub const DOCUMENTS_MAX: usize = 64;
/// Most reason codes of a decision.
pub const REASON_CODES_MAX: usize = 64;
/// Most named versions of a decision.
pub const VERSIONS_MAX: usize = 32;
/// Longest reason code, version name or version, in bytes.
pub const WORD_BYTES_MAX: usize = 128;

/// Most members, and most refunds, of one `lead.raised`: with the ties it stays far below [`LINE_BYTES_MAX`]. A larger lead is
/// told in several events of one `as_of`, which add up.
pub const LEAD_MEMBERS_MAX: usize = 1_024;
/// Most ties of one `lead.raised`.
pub const LEAD_TIES_MAX: usize = 512;
/// Most accounts of all ties of one `lead.raised` together.
pub const LEAD_LINKS_MAX: usize = 2_048;
/// Most sentences for a lead, and as many against it.
pub const LEAD_WORDS_MAX: usize = 64;
/// Longest such sentence in bytes.
pub const LEAD_WORDS_BYTES_MAX: usize = 1_024;
/// Longest value of a tie in bytes: an identifier, or what the texts of a script have in common.
pub const LEAD_VALUE_BYTES_MAX: usize = 1_024;

/// What a deployment may set; the other limits of this module are fixed by the contract's schemas.
#[derive(Clone, PartialEq, Debug)]
pub struct Limits {
    /// Longest line or single event in bytes, at most [`LINE_BYTES_MAX`] by default.
    pub line_bytes_max: usize,
    /// Longest batch in bytes.
    pub batch_bytes_max: usize,
    /// Most events in a batch.
    pub batch_events_max: usize,
    /// Latest `time` and `recordedtime` that is believed. The shell gives it (its clock and some tolerance):
    /// this crate has no clock. `None` where a file of any time is read.
    pub time_max: Option<Timestamp>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes_max: LINE_BYTES_MAX,
            batch_bytes_max: BATCH_BYTES_MAX,
            batch_events_max: BATCH_EVENTS_MAX,
            time_max: None,
        }
    }
}
