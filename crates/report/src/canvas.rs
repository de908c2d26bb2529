//! How does a shape become themed SVG? Plotters draws it in a colour that stands for a CSS class.
//!
//! Plotters' SVG backend knows whole pixels and fixed colours. So shapes are drawn at
//! [`FINE`] times their size (a tenth of a pixel is not seen), and each "colour" is the number of an
//! entry in a table of classes and tips; afterwards the colours are replaced by those entries.
//! One SVG then follows the light or dark theme of the page that shows it.

use crate::frame::SMALL;
use crate::text;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fmt::Write;

/// Steps a pixel: coordinates are rounded to a tenth of a pixel.
const FINE: f64 = 10.0;

/// Writes in plotters' SVG font size: it divides by this factor when it writes the attribute.
const PLOTTERS_FONT_FACTOR: f64 = 1.24;

/// A point in pixels from the upper left corner.
pub(crate) type Point = (f64, f64);

/// Where a text hangs on its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hang {
    /// The text begins at the point.
    Start,
    /// The text is centred on the point.
    Middle,
    /// The text ends at the point.
    End,
}

/// A surface for one drawing.
pub(crate) struct Canvas<'a> {
    backend: SVGBackend<'a>,
    entries: Vec<(String, Option<String>)>,
}

/// Draws on a surface of `width` × `height` pixels and returns the SVG elements (without the root).
pub(crate) fn draw(width: f64, height: f64, shapes: impl FnOnce(&mut Canvas)) -> String {
    let mut raw = String::new();
    let size = ((width * FINE) as u32, (height * FINE) as u32);
    let entries = {
        let mut canvas = Canvas { backend: SVGBackend::with_string(&mut raw, size), entries: Vec::new() };
        shapes(&mut canvas);
        canvas.backend.present().expect("writing to a string does not fail");
        canvas.entries
    };
    themed(&raw, &entries)
}

impl Canvas<'_> {
    fn colour(&mut self, class: &str, tip: Option<&str>) -> RGBColor {
        let entry = (class.to_owned(), tip.map(str::to_owned));
        let at = if let Some(at) = self.entries.iter().rposition(|e| *e == entry) {
            at
        } else {
            self.entries.push(entry);
            self.entries.len() - 1
        };
        RGBColor((at >> 16) as u8, (at >> 8) as u8, at as u8)
    }

    /// A line through `points`, `stroke` pixels wide.
    pub(crate) fn line(&mut self, points: &[Point], stroke: f64, class: &str) {
        let points = thinned(points);
        if points.len() < 2 {
            return;
        }
        let style = ShapeStyle {
            color: self.colour(class, None).to_rgba(),
            filled: false,
            stroke_width: (stroke * FINE) as u32,
        };
        self.backend.draw_path(points, &style).expect("writing to a string does not fail");
    }

    /// A filled polygon.
    pub(crate) fn polygon(&mut self, points: &[Point], class: &str, tip: Option<&str>) {
        let style = self.colour(class, tip).filled();
        self.backend.fill_polygon(thinned(points), &style).expect("writing to a string does not fail");
    }

    /// A filled rectangle between two corners.
    pub(crate) fn rect(&mut self, a: Point, b: Point, class: &str, tip: Option<&str>) {
        let (left, right) = (a.0.min(b.0), a.0.max(b.0));
        let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
        let style = self.colour(class, tip).filled();
        self.backend
            .draw_rect(fine((left, top)), fine((right, bottom)), &style, true)
            .expect("writing to a string does not fail");
    }

    /// A filled circle.
    pub(crate) fn circle(&mut self, at: Point, radius: f64, class: &str, tip: Option<&str>) {
        let style = self.colour(class, tip).filled();
        self.backend
            .draw_circle(fine(at), (radius * FINE) as u32, &style, true)
            .expect("writing to a string does not fail");
    }

    /// One line of text, its middle at the height of `at`.
    pub(crate) fn text(&mut self, text: &str, at: Point, size: f64, hang: Hang, class: &str) {
        let colour = self.colour(class, None);
        let h_pos = match hang {
            Hang::Start => HPos::Left,
            Hang::Middle => HPos::Center,
            Hang::End => HPos::Right,
        };
        let style = ("sans-serif", size * FINE * PLOTTERS_FONT_FACTOR)
            .into_font()
            .color(&colour)
            .pos(Pos::new(h_pos, VPos::Center));
        self.backend.draw_text(text, &style, fine(at)).expect("writing to a string does not fail");
    }

    /// A marker of series `k`, so that series differ by shape as well as by colour and dashes.
    pub(crate) fn marker(&mut self, (x, y): Point, k: usize, radius: f64, tip: Option<&str>) {
        let class = format!("f{}", k % crate::theme::SERIES_COLOURS);
        let r = radius;
        match k % 5 {
            0 => self.circle((x, y), r, &class, tip),
            1 => self.rect((x - r * 0.88, y - r * 0.88), (x + r * 0.88, y + r * 0.88), &class, tip),
            2 => self.polygon(
                &[(x, y - r * 1.2), (x + r * 1.1, y + r * 0.8), (x - r * 1.1, y + r * 0.8)],
                &class,
                tip,
            ),
            3 => self.polygon(
                &[(x, y - r * 1.25), (x + r * 1.25, y), (x, y + r * 1.25), (x - r * 1.25, y)],
                &class,
                tip,
            ),
            _ => self.polygon(
                &[(x, y + r * 1.2), (x + r * 1.1, y - r * 0.8), (x - r * 1.1, y - r * 0.8)],
                &class,
                tip,
            ),
        }
    }

    /// Lines of text below each other; returns the height used.
    pub(crate) fn paragraph(&mut self, lines: &[String], at: Point, size: f64, class: &str) -> f64 {
        let step = size * 1.3;
        for (i, line) in lines.iter().enumerate() {
            self.text(line, (at.0, at.1 + step * (i as f64 + 0.5)), size, Hang::Start, class);
        }
        step * lines.len() as f64
    }

    /// A line of text cut to `width_max` pixels.
    pub(crate) fn label(&mut self, text: &str, at: Point, size: f64, hang: Hang, width_max: f64) {
        self.text(&text::fit(text, size, width_max), at, size, hang, "u");
    }
}

fn fine(p: Point) -> (i32, i32) {
    // `as` saturates; a NaN becomes 0. Specs with unknown numbers leave them out before drawing.
    ((p.0 * FINE).round() as i32, (p.1 * FINE).round() as i32)
}

/// Points in fine steps, without those that fall on the one before or lie straight between neighbours.
fn thinned(points: &[Point]) -> Vec<(i32, i32)> {
    let mut out: Vec<(i32, i32)> = Vec::new();
    for &p in points {
        let p = fine(p);
        if out.last() == Some(&p) {
            continue;
        }
        if let [.., a, b] = out[..] {
            let cross =
                i64::from(b.0 - a.0) * i64::from(p.1 - b.1) - i64::from(b.1 - a.1) * i64::from(p.0 - b.0);
            let onward =
                i64::from(b.0 - a.0) * i64::from(p.0 - b.0) + i64::from(b.1 - a.1) * i64::from(p.1 - b.1);
            if cross == 0 && onward > 0 {
                out.pop();
            }
        }
        out.push(p);
    }
    out
}

/// Replaces the colours by classes and tips, and drops what plotters writes without need.
fn themed(raw: &str, entries: &[(String, Option<String>)]) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut in_text = false;
    for line in raw.lines() {
        if line.starts_with("<svg") || line.starts_with("</svg") {
            continue;
        }
        if !line.starts_with('<') || line.starts_with("</") {
            out.push_str(line);
            in_text &= !line.starts_with("</");
            if !in_text {
                out.push('\n');
            }
            continue;
        }
        let mut tip = None;
        let mut element = line.to_owned();
        for drop in [" opacity=\"1\"", " stroke=\"none\"", " font-family=\"sans-serif\""] {
            element = element.replace(drop, "");
        }
        // Where the class fills, plotters' stroke width says nothing; where it strokes, `fill="none"` must stay.
        for paint in [" fill=\"#", " stroke=\"#"] {
            if let Some(at) = element.find(paint) {
                let hex = &element[at + paint.len()..at + paint.len() + 6];
                let index = usize::from_str_radix(hex, 16).unwrap_or(usize::MAX);
                let (class, entry_tip) = &entries[index];
                tip = entry_tip.as_deref();
                element.replace_range(at..at + paint.len() + 7, &format!(" class=\"{class}\""));
            }
        }
        in_text = element.starts_with("<text");
        if let Some(at) = element.find("font-size=\"").map(|at| at + 11) {
            // Plotters' division leaves digits behind the point that say nothing.
            let end = element[at..].find('"').map_or(element.len(), |n| at + n);
            let size: f64 = element[at..end].parse().unwrap_or(SMALL * FINE);
            element.replace_range(at..end, &format!("{size:.0}"));
        }
        match tip {
            Some(tip) if element.ends_with("/>") => {
                let name = element[1..].split(' ').next().unwrap_or_default().to_owned();
                element.truncate(element.len() - 2);
                let _ = write!(out, "{element}><title>{}</title></{name}>", escape(tip));
            }
            _ => out.push_str(&element),
        }
        if !in_text {
            out.push('\n');
        }
    }
    out
}

/// Text as XML character data and attribute value.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_tips_become_titles() {
        let got = draw(100.0, 50.0, |c| {
            c.line(&[(0.0, 0.0), (10.0, 5.0), (20.0, 10.0), (30.0, 0.0)], 2.0, "l0");
            c.rect((10.0, 20.0), (5.0, 10.0), "f1", Some("a < b"));
            c.text("x & y", (1.0, 2.0), 12.0, Hang::End, "u");
        });
        let expect = "<polyline fill=\"none\" class=\"l0\" stroke-width=\"20\" points=\"0,0 200,100 300,0 \"/>\n\
            <rect x=\"50\" y=\"100\" width=\"50\" height=\"100\" class=\"f1\"><title>a &lt; b</title></rect>\n\
            <text x=\"10\" y=\"20\" dy=\"0.5ex\" text-anchor=\"end\" font-size=\"120\" class=\"u\">x &amp; y</text>\n";
        assert_eq!(got, expect);
    }

    #[test]
    fn a_text_that_looks_like_markup_stays_a_text() {
        let got = draw(10.0, 10.0, |c| c.text("</text><script>", (0.0, 0.0), 1.0, Hang::Start, "u"));
        assert!(got.contains("&lt;/text&gt;&lt;script&gt;</text>"), "{got}");
    }
}
