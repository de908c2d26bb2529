//! Where does each word go? Text, lists, tables that go on over pages, and one picture, from the top down.

use super::fonts::{Face, Fonts};
use crate::picture::Picture;

/// Size of a page, points.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PageSize {
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl PageSize {
    /// 210 × 297 mm.
    pub const A4: PageSize = PageSize { width: 595.28, height: 841.89 };
    /// 8.5 × 11 in.
    pub const LETTER: PageSize = PageSize { width: 612.0, height: 792.0 };
}

/// Room at the sides.
pub(super) const SIDE: f32 = 62.0;
/// Room above, for the head line.
const ABOVE: f32 = 76.0;
/// Room below, for the foot line.
const BELOW: f32 = 66.0;
const TEXT: f32 = 10.5;
const SMALL: f32 = 8.0;
/// Height of a line, in sizes of its letters.
const LEADING: f32 = 1.28;
/// Room in a cell, on each side.
const CELL: f32 = 3.0;

pub(super) const BLACK: [f32; 3] = [0.0, 0.0, 0.0];
pub(super) const GREY: [f32; 3] = [0.35, 0.35, 0.35];
const RULE: [f32; 3] = [0.6, 0.6, 0.6];
const SHADE: [f32; 3] = [0.92, 0.92, 0.92];
const ACCOUNT: [f32; 3] = [0.12, 0.31, 0.47];
const IDENTIFIER: [f32; 3] = [0.61, 0.16, 0.0];

/// Something on a page; from its left lower corner, points.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Mark {
    Text { x: f32, y: f32, face: Face, size: f32, text: String, colour: [f32; 3] },
    Line { from: (f32, f32), to: (f32, f32), width: f32, colour: [f32; 3] },
    Box { x: f32, y: f32, width: f32, height: f32, colour: [f32; 3] },
    Dot { x: f32, y: f32, radius: f32, colour: [f32; 3] },
}

/// A heading, for the table of contents.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Heading {
    pub(super) text: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// A column of a table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its part of the width, in parts of the sum.
    pub part: f32,
    /// Its letters.
    pub face: Face,
    /// Whether it is set to the right: numbers.
    pub right: bool,
}

impl Column {
    /// A column of text.
    pub const fn text(name: &'static str, part: f32) -> Column {
        Column { name, part, face: Face::Regular, right: false }
    }
    /// A column of hashes and ids.
    pub const fn code(name: &'static str, part: f32) -> Column {
        Column { name, part, face: Face::Mono, right: false }
    }
    /// A column of numbers.
    pub const fn number(name: &'static str, part: f32) -> Column {
        Column { name, part, face: Face::Regular, right: true }
    }
}

/// A document that is being laid out.
pub struct Document {
    pub(super) fonts: Fonts,
    pub(super) size: PageSize,
    pub(super) pages: Vec<Vec<Mark>>,
    pub(super) headings: Vec<Heading>,
    /// Where the next line begins, from below.
    y: f32,
}

impl Document {
    /// Begins with an empty page.
    pub fn new(size: PageSize) -> Document {
        Document {
            fonts: Fonts::new(),
            size,
            pages: vec![Vec::new()],
            headings: Vec::new(),
            y: size.height - ABOVE,
        }
    }
    fn width(&self) -> f32 {
        self.size.width - 2.0 * SIDE
    }
    pub(super) fn mark(&mut self, mark: Mark) {
        self.pages.last_mut().expect("there is a page from the beginning").push(mark);
    }
    /// Goes on on the next page.
    pub fn new_page(&mut self) {
        if self.pages.last().is_some_and(|page| !page.is_empty()) {
            self.pages.push(Vec::new());
        }
        self.y = self.size.height - ABOVE;
    }
    fn room(&self) -> f32 {
        self.y - BELOW
    }
    fn need(&mut self, height: f32) {
        if self.room() < height {
            self.new_page();
        }
    }
    /// Pages so far.
    pub fn page_count(&self) -> usize {
        self.pages.len()
    }
    /// Leaves some room.
    pub fn gap(&mut self, height: f32) {
        self.y -= height;
    }

    /// A chapter: on a new page, in the table of contents.
    pub fn chapter(&mut self, text: &str) {
        self.new_page();
        let text = self.fonts.writable(text);
        let page = self.pages.len() - 1;
        self.headings.push(Heading { text: text.clone(), page, y: self.y });
        self.set(&text, Face::Bold, 15.0, SIDE, self.width(), BLACK);
        self.gap(6.0);
    }
    /// A heading within a chapter.
    pub fn heading(&mut self, text: &str) {
        self.gap(7.0);
        // With what follows: the head of a table and a row of some lines. A heading alone at the foot of a page says nothing.
        self.need(100.0);
        let text = self.fonts.writable(text);
        self.set(&text, Face::Bold, 11.5, SIDE, self.width(), BLACK);
        self.gap(2.0);
    }
    /// A large line in the middle of nothing: titles.
    pub fn title(&mut self, text: &str, size: f32) {
        let text = self.fonts.writable(text);
        self.set(&text, Face::Bold, size, SIDE, self.width(), BLACK);
        self.gap(size * 0.3);
    }
    /// A paragraph.
    pub fn text(&mut self, text: &str) {
        let text = self.fonts.writable(text);
        self.set(&text, Face::Regular, TEXT, SIDE, self.width(), BLACK);
        self.gap(5.0);
    }
    /// A remark.
    pub fn remark(&mut self, text: &str) {
        let text = self.fonts.writable(text);
        self.set(&text, Face::Italic, 9.0, SIDE, self.width(), GREY);
        self.gap(4.0);
    }
    /// Something in a list.
    pub fn item(&mut self, text: &str) {
        let text = self.fonts.writable(text);
        self.need(TEXT * LEADING);
        let y = self.y - TEXT;
        self.mark(Mark::Dot { x: SIDE + 4.0, y: y + 3.2, radius: 1.3, colour: BLACK });
        self.set(&text, Face::Regular, TEXT, SIDE + 14.0, self.width() - 14.0, BLACK);
        self.gap(2.5);
    }
    /// A line to be filled in by hand.
    pub fn blank(&mut self, name: &str) {
        self.need(26.0);
        self.gap(10.0);
        let text = self.fonts.writable(name);
        let taken = self.fonts.width(Face::Regular, TEXT, &text) + 8.0;
        let y = self.y - TEXT;
        self.mark(Mark::Line {
            from: (SIDE + taken, y - 2.0),
            to: (SIDE + self.width(), y - 2.0),
            width: 0.6,
            colour: BLACK,
        });
        self.set(&text, Face::Regular, TEXT, SIDE, self.width(), BLACK);
    }
    /// Names with values.
    pub fn pairs(&mut self, pairs: &[(&str, String)]) {
        const NAMES: f32 = 118.0;
        for (name, value) in pairs {
            let (name, value) = (self.fonts.writable(name), self.fonts.writable(value));
            let lines = self.broken(&value, Face::Regular, TEXT, self.width() - NAMES);
            self.need((lines.len().min(3) as f32) * TEXT * LEADING);
            let top = self.y;
            self.set(&name, Face::Bold, TEXT, SIDE, NAMES - 8.0, BLACK);
            let (page, after) = (self.pages.len(), self.y);
            self.y = top;
            self.set(&value, Face::Regular, TEXT, SIDE + NAMES, self.width() - NAMES, BLACK);
            if self.pages.len() == page {
                self.y = self.y.min(after);
            }
            self.gap(2.5);
        }
        self.gap(4.0);
    }

    /// Lines of a writable text.
    fn broken(&self, text: &str, face: Face, size: f32, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for part in text.split('\n') {
            let mut line = String::new();
            for word in part.split_whitespace() {
                let with = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if self.fonts.width(face, size, &with) <= width {
                    line = with;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                // A word that is longer than a line is cut where the line ends.
                for c in word.chars() {
                    line.push(c);
                    if self.fonts.width(face, size, &line) > width && line.chars().count() > 1 {
                        line.pop();
                        lines.push(std::mem::replace(&mut line, c.to_string()));
                    }
                }
            }
            lines.push(line);
        }
        lines
    }

    fn set(&mut self, text: &str, face: Face, size: f32, x: f32, width: f32, colour: [f32; 3]) {
        for line in self.broken(text, face, size, width) {
            self.need(size * LEADING);
            let y = self.y - size;
            if !line.is_empty() {
                self.mark(Mark::Text { x, y, face, size, text: line, colour });
            }
            self.y -= size * LEADING;
        }
    }

    /// A table; its head is repeated on each page, and a row that is higher than a page goes on on the next.
    pub fn table(&mut self, columns: &[Column], rows: &[Vec<String>]) {
        let parts: f32 = columns.iter().map(|c| c.part).sum();
        let widths: Vec<f32> = columns.iter().map(|c| self.width() * c.part / parts).collect();
        let line = SMALL * LEADING;
        self.need(line * 3.0 + 4.0 * CELL);
        self.table_head(columns, &widths);
        for row in rows {
            let mut cells: Vec<Vec<String>> = Vec::with_capacity(columns.len());
            for ((column, width), cell) in columns.iter().zip(&widths).zip(row) {
                let text = self.fonts.writable(cell);
                cells.push(self.broken(&text, column.face, face_size(column.face), width - 2.0 * CELL));
            }
            let mut done = 0;
            let high = cells.iter().map(Vec::len).max().unwrap_or(0);
            while done < high {
                let fit = ((self.room() - 2.0 * CELL) / line).max(0.0) as usize;
                // A row that fits on a page is not cut for the sake of some lines.
                let page = ((self.size.height - ABOVE - BELOW - 3.0 * line) / line) as usize;
                if fit == 0 || (fit < high - done && high - done < page) {
                    self.new_page();
                    self.table_head(columns, &widths);
                    continue;
                }
                let take = fit.min(high - done);
                self.table_rows(columns, &widths, &cells, done..done + take);
                done += take;
            }
        }
        self.gap(8.0);
    }

    fn table_head(&mut self, columns: &[Column], widths: &[f32]) {
        let names: Vec<Vec<String>> = columns
            .iter()
            .zip(widths)
            .map(|(c, width)| self.broken(c.name, Face::Bold, SMALL, width - 2.0 * CELL))
            .collect();
        let lines = names.iter().map(Vec::len).max().unwrap_or(1);
        let height = lines as f32 * SMALL * LEADING + 2.0 * CELL;
        let (width, y) = (self.width(), self.y - height);
        self.mark(Mark::Box { x: SIDE, y, width, height, colour: SHADE });
        let bold: Vec<Column> = columns.iter().map(|c| Column { face: Face::Bold, ..*c }).collect();
        self.table_rows(&bold, widths, &names, 0..lines);
    }

    fn table_rows(
        &mut self,
        columns: &[Column],
        widths: &[f32],
        cells: &[Vec<String>],
        lines: std::ops::Range<usize>,
    ) {
        let mut x = SIDE;
        for ((column, width), cell) in columns.iter().zip(widths).zip(cells) {
            for (i, text) in cell.iter().take(lines.end).skip(lines.start).enumerate() {
                let size = face_size(column.face);
                let left = if column.right {
                    x + width - CELL - self.fonts.width(column.face, size, text)
                } else {
                    x + CELL
                };
                let y = self.y - CELL - SMALL - i as f32 * SMALL * LEADING;
                if !text.is_empty() {
                    let (face, text) = (column.face, text.clone());
                    self.mark(Mark::Text { x: left, y, face, size, text, colour: BLACK });
                }
            }
            x += width;
        }
        self.y -= lines.len() as f32 * SMALL * LEADING + 2.0 * CELL;
        let (y, right) = (self.y, SIDE + self.width());
        self.mark(Mark::Line { from: (SIDE, y), to: (right, y), width: 0.4, colour: RULE });
    }

    /// The picture of a ring, as large as the page is wide.
    pub fn picture(&mut self, picture: &Picture) {
        let scale =
            (self.width() / crate::picture::WIDTH).min((self.size.height - ABOVE - BELOW) / picture.height);
        self.need(picture.height * scale);
        let top = self.y;
        let at = |x: f32, y: f32| (SIDE + x * scale, top - y * scale);
        for (a, b) in &picture.ties {
            let (a, b) = (&picture.nodes[*a], &picture.nodes[*b]);
            let (from, to) = (at(a.x, a.y), at(b.x, b.y));
            self.mark(Mark::Line { from, to, width: 0.5, colour: RULE });
        }
        for node in &picture.nodes {
            let (x, y) = at(node.x, node.y);
            let colour = if node.account { ACCOUNT } else { IDENTIFIER };
            self.mark(Mark::Dot { x, y, radius: 2.3 * scale, colour });
            let text = self.fonts.writable(&node.label());
            let size = SMALL * scale;
            let left =
                if node.account { x - 5.0 - self.fonts.width(Face::Regular, size, &text) } else { x + 5.0 };
            self.mark(Mark::Text {
                x: left,
                y: y - 2.6 * scale,
                face: Face::Regular,
                size,
                text,
                colour: BLACK,
            });
        }
        self.y -= picture.height * scale + 6.0;
    }
}

fn face_size(face: Face) -> f32 {
    // The letters of the fixed face look larger than those of the others.
    if face == Face::Mono { SMALL * 0.8 } else { SMALL }
}
