//! How do laid-out pages become a file? Head and foot lines, table of contents with links, outline, and the letters.

use super::fonts::Face;
use super::layout::{BLACK, Document, GREY, Heading, Mark, SIDE};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{AnnotationType, OutlineItemFlags};
use pdf_writer::{Content, Date, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use ringfence_domain::Timestamp;
use std::io::Write;

/// What every page says, and what the file says of itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Title {
    /// Left above.
    pub matter: String,
    /// Right above.
    pub purpose: String,
    /// Left below.
    pub foot: String,
    /// The file's title.
    pub title: String,
    /// The program.
    pub producer: String,
    /// When it was made.
    pub made_at: Timestamp,
}

/// Size of the letters of head and foot lines.
const SMALL: f32 = 8.5;
/// Entries of the table of contents on a page.
const ENTRIES: usize = 34;

/// Bytes, packed.
pub(super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("memory takes it");
    out.finish().expect("memory takes what is left")
}

/// Writes the document; the table of contents comes after the first `cover` pages.
pub fn write(mut document: Document, title: &Title, cover: usize) -> Vec<u8> {
    let contents = contents(&mut document, cover);
    let headings: Vec<Heading> = std::mem::take(&mut document.headings)
        .into_iter()
        .map(|h| Heading { page: if h.page >= cover { h.page + contents } else { h.page }, ..h })
        .collect();
    let count = document.pages.len();
    for page in 0..count {
        frame(&mut document, title, page, count);
    }
    file(document, title, &headings)
}

/// Lays out the table of contents and puts it behind the cover; on how many pages it is.
fn contents(document: &mut Document, cover: usize) -> usize {
    let headings = document.headings.clone();
    let pages = headings.len().div_ceil(ENTRIES).max(1);
    let right = document.size.width - SIDE;
    for (number, of) in headings.chunks(ENTRIES).enumerate() {
        let mut marks = Vec::new();
        let mut y = document.size.height - 92.0;
        let text = if number == 0 { "Contents" } else { "Contents, continued" };
        marks.push(Mark::Text { x: SIDE, y, face: Face::Bold, size: 15.0, text: text.into(), colour: BLACK });
        y -= 30.0;
        for heading in of {
            let page = if heading.page >= cover { heading.page + pages } else { heading.page } + 1;
            let number = page.to_string();
            let (size, face, colour) = (10.5, Face::Regular, BLACK);
            let from = SIDE + document.fonts.width(face, size, &heading.text) + 6.0;
            let to = right - document.fonts.width(face, size, &number);
            marks.push(Mark::Text { x: SIDE, y, face, size, text: heading.text.clone(), colour });
            marks.push(Mark::Text { x: to, y, face, size, text: number, colour });
            if to - 6.0 > from {
                let (from, to) = ((from, y + 2.0), (to - 6.0, y + 2.0));
                marks.push(Mark::Line { from, to, width: 0.3, colour: GREY });
            }
            y -= 18.0;
        }
        document.pages.insert(cover + number, marks);
    }
    pages
}

/// Head and foot line.
fn frame(document: &mut Document, title: &Title, page: usize, count: usize) {
    let (top, bottom) = (document.size.height - 46.0, 38.0);
    let right = document.size.width - SIDE;
    let mut lines = Vec::new();
    let mut put = |document: &Document, text: &str, y: f32, to_right: bool, room: f32| {
        let mut text = document.fonts.writable(text).replace('\n', " ");
        if document.fonts.width(Face::Regular, SMALL, &text) > room {
            while document.fonts.width(Face::Regular, SMALL, &text) > room - 10.0 && text.pop().is_some() {}
            text.push('…');
        }
        let x = if to_right { right - document.fonts.width(Face::Regular, SMALL, &text) } else { SIDE };
        lines.push(Mark::Text { x, y, face: Face::Regular, size: SMALL, text, colour: GREY });
    };
    let room = (right - SIDE) / 2.0 - 8.0;
    put(document, &title.matter, top, false, room);
    put(document, &title.purpose, top, true, room);
    put(document, &title.foot, bottom, false, room * 1.5);
    put(document, &format!("page {} of {count}", page + 1), bottom, true, room * 0.5);
    for y in [top - 5.0, bottom + 12.0] {
        lines.push(Mark::Line { from: (SIDE, y), to: (right, y), width: 0.4, colour: GREY });
    }
    document.pages[page].extend(lines);
}

fn file(mut document: Document, title: &Title, headings: &[Heading]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let mut last = 0;
    let mut next = || {
        last += 1;
        Ref::new(last)
    };
    let [catalog, tree, info, outline] = [next(), next(), next(), next()];
    let pages: Vec<(Ref, Ref)> = document.pages.iter().map(|_| (next(), next())).collect();
    let marks = std::mem::take(&mut document.pages);
    let streams: Vec<Vec<u8>> = marks.iter().map(|marks| stream(&mut document, marks)).collect();
    let fonts = document.fonts.write(&mut pdf, &mut next);
    let links = links(&marks, headings, &mut next);
    for (i, (page, content)) in pages.iter().enumerate() {
        let mut of = pdf.page(*page);
        of.parent(tree)
            .media_box(Rect::new(0.0, 0.0, document.size.width, document.size.height))
            .contents(*content);
        of.annotations(links.iter().filter(|l| l.on == i).map(|l| l.id));
        let mut resources = of.resources();
        let mut named = resources.fonts();
        for (face, font) in &fonts {
            named.pair(Name(face.resource()), font);
        }
        named.finish();
        resources.finish();
        of.finish();
        pdf.stream(*content, &streams[i]).filter(Filter::FlateDecode);
    }
    for link in &links {
        let mut annotation = pdf.annotation(link.id);
        annotation.subtype(AnnotationType::Link).border(0.0, 0.0, 0.0, None);
        annotation.rect(Rect::new(SIDE, link.y - 4.0, document.size.width - SIDE, link.y + 12.0));
        let mut action = annotation.action();
        action.action_type(pdf_writer::types::ActionType::GoTo);
        action.destination().page(pages[link.to.page].0).xyz(0.0, link.to.y + 20.0, None);
    }
    let items: Vec<Ref> = headings.iter().map(|_| next()).collect();
    if let (Some(first), Some(end)) = (items.first(), items.last()) {
        pdf.outline(outline).first(*first).last(*end).count(items.len() as i32);
    }
    for (i, heading) in headings.iter().enumerate() {
        let mut item = pdf.outline_item(items[i]);
        item.title(TextStr(&heading.text)).parent(outline).flags(OutlineItemFlags::empty());
        if i > 0 {
            item.prev(items[i - 1]);
        }
        if let Some(after) = items.get(i + 1) {
            item.next(*after);
        }
        item.dest().page(pages[heading.page].0).xyz(0.0, heading.y + 20.0, None);
    }
    pdf.pages(tree).kids(pages.iter().map(|(page, _)| *page)).count(pages.len() as i32);
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr("en"));
    if !items.is_empty() {
        root.outlines(outline);
    }
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    let mut about = pdf.document_info(info);
    about.title(TextStr(&title.title)).producer(TextStr(&title.producer)).creation_date(date(title.made_at));
    about.finish();
    let id = crate::canonical::sha256(&streams.concat())[..16].to_vec();
    pdf.set_file_id((id.clone(), id));
    pdf.finish()
}

/// A line of the table of contents.
struct Link<'a> {
    id: Ref,
    on: usize,
    y: f32,
    to: &'a Heading,
}

/// The lines of the table of contents, found by their words: pages with the bold word that they begin with.
fn links<'a>(pages: &[Vec<Mark>], headings: &'a [Heading], next: &mut dyn FnMut() -> Ref) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    let mut rest = headings.iter();
    for (on, marks) in pages.iter().enumerate() {
        let is_contents = marks.first().is_some_and(
            |m| matches!(m, Mark::Text { text, size, .. } if text.starts_with("Contents") && *size == 15.0),
        );
        if !is_contents {
            continue;
        }
        for mark in marks {
            let Mark::Text { x, y, text, face: Face::Regular, .. } = mark else { continue };
            if *x == SIDE && rest.as_slice().first().is_some_and(|h| h.text == *text) {
                links.extend(rest.next().map(|to| Link { id: next(), on, y: *y, to }));
            }
        }
    }
    links
}

fn date(at: Timestamp) -> Date {
    let (year, month, day) = at.civil();
    let seconds = at.millis_of_day() / 1000;
    Date::new(year as u16)
        .month(month as u8)
        .day(day as u8)
        .hour((seconds / 3600) as u8)
        .minute((seconds / 60 % 60) as u8)
        .second((seconds % 60) as u8)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// A page's marks as the operators of PDF, packed.
fn stream(document: &mut Document, marks: &[Mark]) -> Vec<u8> {
    let mut content = Content::new();
    for mark in marks {
        match mark {
            Mark::Text { x, y, face, size, text, colour: [r, g, b] } => {
                let bytes = document.fonts.encode(*face, text);
                content.set_fill_rgb(*r, *g, *b).begin_text();
                content.set_font(Name(face.resource()), *size).next_line(rounded(*x), rounded(*y));
                content.show(Str(&bytes)).end_text();
            }
            Mark::Line { from, to, width, colour: [r, g, b] } => {
                content.set_stroke_rgb(*r, *g, *b).set_line_width(*width);
                content
                    .move_to(rounded(from.0), rounded(from.1))
                    .line_to(rounded(to.0), rounded(to.1))
                    .stroke();
            }
            Mark::Box { x, y, width, height, colour: [r, g, b] } => {
                content.set_fill_rgb(*r, *g, *b);
                content.rect(rounded(*x), rounded(*y), rounded(*width), rounded(*height)).fill_nonzero();
            }
            Mark::Dot { x, y, radius, colour: [r, g, b] } => {
                content.set_fill_rgb(*r, *g, *b);
                circle(&mut content, *x, *y, *radius);
                content.fill_nonzero();
            }
        }
    }
    deflated(&content.finish())
}

/// Hundredths of a point: what a last bit of a calculation says is nothing that one sees.
fn rounded(v: f32) -> f32 {
    (v * 100.0).round() / 100.0
}

/// A circle of four curves.
fn circle(content: &mut Content, x: f32, y: f32, r: f32) {
    const K: f32 = 0.552_284_8;
    let k = r * K;
    content.move_to(x + r, y);
    content.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
    content.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
    content.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
    content.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
}
