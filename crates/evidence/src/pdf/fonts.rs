//! Which letters are there, how wide are they, and how do they get into the file? Four vendored faces, embedded in part.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use std::collections::BTreeMap;
use std::fmt::Write;
use subsetter::GlyphRemapper;

/// A face.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Face {
    /// For text.
    Regular,
    /// For headings.
    Bold,
    /// For remarks.
    Italic,
    /// For hashes and ids.
    Mono,
}

impl Face {
    /// All of them.
    pub const ALL: [Face; 4] = [Face::Regular, Face::Bold, Face::Italic, Face::Mono];
    fn file(self) -> (&'static str, &'static [u8]) {
        match self {
            Face::Regular => ("LiberationSerif", include_bytes!("../../fonts/LiberationSerif-Regular.ttf")),
            Face::Bold => ("LiberationSerif-Bold", include_bytes!("../../fonts/LiberationSerif-Bold.ttf")),
            Face::Italic => {
                ("LiberationSerif-Italic", include_bytes!("../../fonts/LiberationSerif-Italic.ttf"))
            }
            Face::Mono => ("LiberationMono", include_bytes!("../../fonts/LiberationMono-Regular.ttf")),
        }
    }
    /// Its name in a page's resources.
    pub(super) fn resource(self) -> &'static [u8] {
        match self {
            Face::Regular => b"F0",
            Face::Bold => b"F1",
            Face::Italic => b"F2",
            Face::Mono => b"F3",
        }
    }
}

/// The faces, and which of their letters are used.
pub(super) struct Fonts(Vec<Loaded>);

struct Loaded {
    face: Face,
    ttf: ttf_parser::Face<'static>,
    remapper: GlyphRemapper,
    /// By the new number of the glyph: the old one, and the letter.
    used: BTreeMap<u16, (ttf_parser::GlyphId, char)>,
}

/// Letters that are written from right to left or change their form by their neighbours: they are not laid out here.
fn is_simple(c: char) -> bool {
    !matches!(c, '\u{0590}'..='\u{1CFF}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FB1D}'..='\u{FEFF}')
}

impl Fonts {
    pub(super) fn new() -> Fonts {
        let load = |face: Face| {
            let (name, bytes) = face.file();
            let ttf = ttf_parser::Face::parse(bytes, 0);
            let ttf = ttf.unwrap_or_else(|e| unreachable!("the vendored font {name} is whole: {e}"));
            Loaded { face, ttf, remapper: GlyphRemapper::new(), used: BTreeMap::new() }
        };
        Fonts(Face::ALL.into_iter().map(load).collect())
    }
    fn of(&self, face: Face) -> &Loaded {
        &self.0[face as usize]
    }
    /// A text that the faces can write: control characters as spaces, letters that no face has as their code points.
    pub(super) fn writable(&self, text: &str) -> String {
        let has = |c: char| is_simple(c) && self.0.iter().all(|f| f.ttf.glyph_index(c).is_some());
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => out.push('\n'),
                _ if c.is_control() => out.push(' '),
                _ if has(c) => out.push(c),
                _ => {
                    let _ = write!(out, "<U+{:04X}>", c as u32);
                }
            }
        }
        out
    }
    /// The width of a writable text, points.
    pub(super) fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        let of = self.of(face);
        let units: u32 = text.chars().map(|c| u32::from(of.advance(c))).sum();
        units as f32 * size / f32::from(of.ttf.units_per_em())
    }
    /// The bytes that show a writable text.
    pub(super) fn encode(&mut self, face: Face, text: &str) -> Vec<u8> {
        let of = &mut self.0[face as usize];
        let mut out = Vec::with_capacity(text.len() * 2);
        for c in text.chars() {
            let glyph = of.ttf.glyph_index(c).unwrap_or_default();
            let new = of.remapper.remap(glyph.0);
            of.used.entry(new).or_insert((glyph, c));
            out.extend(new.to_be_bytes());
        }
        out
    }
    /// Writes the faces that are used; each takes five numbers. What a page's resources name.
    pub(super) fn write(&self, pdf: &mut Pdf, next: &mut dyn FnMut() -> Ref) -> Vec<(Face, Ref)> {
        self.0.iter().filter(|of| !of.used.is_empty()).map(|of| (of.face, of.write(pdf, next))).collect()
    }
}

impl Loaded {
    fn advance(&self, c: char) -> u16 {
        let glyph = self.ttf.glyph_index(c).unwrap_or_default();
        self.ttf.glyph_hor_advance(glyph).unwrap_or_default()
    }

    fn write(&self, pdf: &mut Pdf, next: &mut dyn FnMut() -> Ref) -> Ref {
        let [font, cid, descriptor, file, cmap] = [next(), next(), next(), next(), next()];
        let (name, bytes) = self.face.file();
        let subset = subsetter::subset(bytes, 0, &self.remapper);
        let subset = subset.unwrap_or_else(|e| unreachable!("the vendored font {name} can be cut: {e}"));
        let tag: String =
            crate::canonical::sha256(&subset)[..6].iter().map(|b| char::from(b'A' + b % 26)).collect();
        let named = format!("{tag}+{name}");
        let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
        let scale = 1000.0 / f32::from(self.ttf.units_per_em());
        let scaled = |v: i16| f32::from(v) * scale;
        pdf.type0_font(font)
            .base_font(Name(named.as_bytes()))
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(cmap);
        let mut cid_font = pdf.cid_font(cid);
        cid_font.subtype(CidFontType::Type2).base_font(Name(named.as_bytes())).system_info(system);
        cid_font.font_descriptor(descriptor).default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = cid_font.widths();
        for (new, (glyph, _)) in &self.used {
            let advance = self.ttf.glyph_hor_advance(*glyph).unwrap_or_default();
            widths.consecutive(*new, [f32::from(advance) * scale]);
        }
        widths.finish();
        cid_font.finish();
        let bounds = self.ttf.global_bounding_box();
        let mut flags = FontFlags::SYMBOLIC;
        if self.face == Face::Mono {
            flags |= FontFlags::FIXED_PITCH;
        }
        pdf.font_descriptor(descriptor)
            .name(Name(named.as_bytes()))
            .flags(flags)
            .bbox(Rect::new(
                scaled(bounds.x_min),
                scaled(bounds.y_min),
                scaled(bounds.x_max),
                scaled(bounds.y_max),
            ))
            .italic_angle(if self.face == Face::Italic { -15.0 } else { 0.0 })
            .ascent(scaled(self.ttf.ascender()))
            .descent(scaled(self.ttf.descender()))
            .cap_height(self.ttf.capital_height().map_or(700.0, scaled))
            .stem_v(if self.face == Face::Bold { 140.0 } else { 80.0 })
            .font_file2(file);
        let packed = super::write::deflated(&subset);
        let mut stream = pdf.stream(file, &packed);
        stream.filter(Filter::FlateDecode).pair(Name(b"Length1"), subset.len() as i32);
        stream.finish();
        let mut unicode = UnicodeCmap::new(Name(b"Custom"), system);
        for (new, (_, c)) in &self.used {
            unicode.pair(*new, *c);
        }
        pdf.cmap(cmap, &unicode.finish());
        font
    }
}
