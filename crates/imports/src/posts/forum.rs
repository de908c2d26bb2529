//! What does a forum say, as a plain CSV? One post a row, columns by name, in the order in which they are found.
//!
//! `text` is needed, all else may be missing: `id`, `author`, `channel`, `posted_at`, `platform`, `image`. Other common names of
//! these columns are known too. Without `id` the number of the line in the file stands for it.

use super::{Desk, Draft, Photos, Place, Read, Summary, refuse, when};
use crate::rows::{Row, Rows};
use crate::sink::{ImportError, Sink};
use ringfence_domain::Refusal;
use ringfence_domain::words::Platform;
use std::io;

/// Names under which a column is found, ours first.
const TEXT: &[&str] = &["text", "message", "body", "content", "post"];
const ID: &[&str] = &["id", "post_id", "message_id"];
const AUTHOR: &[&str] = &["author", "username", "user", "handle"];
const CHANNEL: &[&str] = &["channel", "thread", "forum", "section", "topic"];
const POSTED_AT: &[&str] = &["posted_at", "date", "time", "timestamp", "created_at"];
const PLATFORM: &[&str] = &["platform", "site"];
const IMAGE: &[&str] = &["image", "photo", "attachment"];

struct Columns {
    text: usize,
    id: Option<usize>,
    author: Option<usize>,
    channel: Option<usize>,
    posted_at: usize,
    platform: Option<usize>,
    image: Option<usize>,
}

/// Reads all rows; images named in a column stand beside the file.
pub fn forum(reader: impl io::Read, photos: &Photos, sink: &mut impl Sink) -> Result<Summary, ImportError> {
    let mut rows = Rows::new(reader, b',')?;
    let columns = columns(rows.header())?;
    let mut summary = Summary::default();
    let mut latest = None;
    while let Some(row) = rows.next_row(sink)? {
        let raw = row.raw();
        let read = post(row, &columns);
        let mut desk = Desk::new(&mut *sink, photos);
        (desk.summary, desk.latest) = (summary, latest.unwrap_or(desk.latest));
        desk.take(read, &Place { line: row.line, pointer: String::new(), raw: &raw })?;
        (summary, latest) = (desk.summary, Some(desk.latest));
    }
    summary.records += rows.rejected();
    summary.rejected += rows.rejected();
    Ok(summary)
}

fn columns(header: &[String]) -> Result<Columns, ImportError> {
    let find = |names: &[&str]| {
        names.iter().find_map(|name| header.iter().position(|have| have.eq_ignore_ascii_case(name)))
    };
    let need = |names: &[&str]| {
        find(names)
            .ok_or_else(|| ImportError::Columns { missing: names[0].to_owned(), found: header.join(", ") })
    };
    Ok(Columns {
        text: need(TEXT)?,
        id: find(ID),
        author: find(AUTHOR),
        channel: find(CHANNEL),
        posted_at: need(POSTED_AT)?,
        platform: find(PLATFORM),
        image: find(IMAGE),
    })
}

fn post(row: Row<'_>, columns: &Columns) -> Result<Read, Refusal> {
    let get = |column: Option<usize>| column.map(|c| row.get(c)).filter(|t| !t.is_empty());
    let told = row.get(columns.posted_at);
    let posted_at = when::read(told).ok_or_else(|| {
        let reason = format!("`{told}` is not a time");
        refuse("posted_at", reason, "write it as in 2023-01-31 12:00, with a zone where it is not UTC")
    })?;
    let platform = get(columns.platform).map_or(Ok(Platform::Other), |word| {
        word.to_ascii_lowercase().parse::<Platform>().map_err(|_| {
            refuse(
                "platform",
                format!("`{word}` is not a platform"),
                "write telegram, discord, reddit, nulled or other",
            )
        })
    })?;
    Ok(Read::Post(Box::new(Draft {
        key: get(columns.id).map_or_else(|| format!("line-{}", row.line), str::to_owned),
        platform,
        channel: get(columns.channel).unwrap_or("forum").to_owned(),
        author: get(columns.author).unwrap_or("unknown").to_owned(),
        text: row.get(columns.text).to_owned(),
        posted_at,
        images: get(columns.image).map(str::to_owned).into_iter().collect(),
        notes: Vec::new(),
    })))
}
