//! How does the ring look on paper? Accounts on the left, what they have in common on the right, a line for each tie.
//!
//! The picture is laid out once and drawn twice: as SVG, and in the report.

use crate::links::Links;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most accounts that are drawn: more names do not fit a page.
pub const ACCOUNTS_MAX: usize = 44;
/// Most identifiers that are drawn.
pub const IDENTIFIERS_MAX: usize = 30;
/// Width of the picture, points.
pub const WIDTH: f32 = 460.0;
/// Height of a row.
const ROW: f32 = 13.0;
/// Where the accounts' names end and the identifiers' begin.
const LEFT: f32 = 130.0;
const RIGHT: f32 = 300.0;

/// A name at a place; the place is where its dot is.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// From the left, points.
    pub x: f32,
    /// From the top, points.
    pub y: f32,
    /// Whether it is an account, whose name stands left of its dot.
    pub account: bool,
}

/// The picture.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Picture {
    /// Accounts and identifiers.
    pub nodes: Vec<Node>,
    /// Ties: two nodes.
    pub ties: Vec<(usize, usize)>,
    /// Height, points.
    pub height: f32,
    /// Accounts and identifiers that are not drawn.
    pub left_out: (usize, usize),
}

/// Lays it out: the rarest identifiers first, accounts where their ties are.
pub fn picture(links: &Links) -> Picture {
    let drawn = &links.links[..links.links.len().min(IDENTIFIERS_MAX)];
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (i, link) in drawn.iter().enumerate() {
        for account in &link.accounts {
            let (sum, count) = places.entry(account).or_default();
            (*sum, *count) = (*sum + i, *count + 1);
        }
    }
    let mut accounts: Vec<(&str, (usize, usize))> = places.into_iter().collect();
    // By the middle of their ties, in whole numbers: a/b < c/d as a·d < c·b.
    accounts.sort_by(|a, b| (a.1.0 * b.1.1).cmp(&(b.1.0 * a.1.1)).then(a.0.cmp(b.0)));
    let left_out = (accounts.len().saturating_sub(ACCOUNTS_MAX), links.links.len() - drawn.len());
    accounts.truncate(ACCOUNTS_MAX);
    let rows = accounts.len().max(drawn.len());
    let height = (rows.max(1) as f32 + 1.0) * ROW;
    let y = |i: usize, of: usize| height * (i as f32 + 1.0) / (of as f32 + 1.0);
    let mut nodes: Vec<Node> = accounts
        .iter()
        .enumerate()
        .map(|(i, (name, _))| Node {
            name: (*name).to_owned(),
            x: LEFT,
            y: y(i, accounts.len()),
            account: true,
        })
        .collect();
    let mut ties = Vec::new();
    for (i, link) in drawn.iter().enumerate() {
        for (at, (name, _)) in accounts.iter().enumerate() {
            if link.accounts.iter().any(|a| a == name) {
                ties.push((at, nodes.len()));
            }
        }
        let name = format!("{} {} ({} accounts)", link.kind, short(&link.value), link.everywhere);
        nodes.push(Node { name, x: RIGHT, y: y(i, drawn.len()), account: false });
    }
    Picture { nodes, ties, height, left_out }
}

/// The beginning of a long name.
fn short(name: &str) -> String {
    const LETTERS: usize = 18;
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    name.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// The picture as SVG: it loads nothing and runs nothing.
pub fn svg(picture: &Picture, title: &str) -> Vec<u8> {
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {h:.1}\" width=\"{w}\" height=\"{hh:.0}\" role=\"img\" \
         font-family=\"Liberation Serif, serif\" font-size=\"8\"><title>{t}</title><rect width=\"100%\" height=\"100%\" \
         fill=\"#fff\"/>",
        h = picture.height,
        w = WIDTH * 2.0,
        hh = picture.height * 2.0,
        t = escaped(title)
    );
    for (a, b) in &picture.ties {
        let (a, b) = (&picture.nodes[*a], &picture.nodes[*b]);
        let _ = write!(
            out,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#888\" stroke-width=\"0.6\"/>",
            a.x, a.y, b.x, b.y
        );
    }
    for node in &picture.nodes {
        let (x, anchor, fill) =
            if node.account { (node.x - 5.0, "end", "#1f4e79") } else { (node.x + 5.0, "start", "#9c2a00") };
        let _ = write!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.4\" fill=\"{fill}\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
             text-anchor=\"{anchor}\">{}</text>",
            node.x,
            node.y,
            node.y + 2.6,
            escaped(&node.label())
        );
    }
    out.push_str("</svg>\n");
    out.into_bytes()
}

impl Node {
    /// Its name as it is drawn.
    pub fn label(&self) -> String {
        if self.account { short(&self.name) } else { self.name.clone() }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
