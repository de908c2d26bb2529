//! How does one number run over another? Lines or steps of several series, with bands and marks.

use super::plot_height;
use crate::axis::Axis;
use crate::canvas::{Canvas, Hang, Point};
use crate::frame::{Entry, Frame, Heading, SMALL, Sample, stroke};
use crate::svg::Svg;
use crate::text;
use crate::theme::SERIES_COLOURS;

/// A line of a chart. The first series is what the chart is about; the others are what it is compared with.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, in the order in which they are joined; a NaN interrupts the line.
    pub points: Vec<(f64, f64)>,
    /// Whether a value holds until the next point (steps) instead of sloping towards it.
    pub step: bool,
}

impl Series {
    /// A sloping line.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Series {
        Series { name: name.to_owned(), points, step: false }
    }
    /// A line of steps.
    pub fn steps(name: &str, points: Vec<(f64, f64)>) -> Series {
        Series { name: name.to_owned(), points, step: true }
    }
}

/// A shaded range around a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Index of the series whose colour it takes.
    pub series: usize,
    /// Position across, lower and upper end.
    pub points: Vec<(f64, f64, f64)>,
}

/// A dashed line of reference with words.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Upright, at a value across.
    Across(f64, String),
    /// Level, at a value upward.
    Upward(f64, String),
}

/// A chart of curves.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence, for those who do not see it.
    pub about: String,
    /// Across.
    pub x: Axis,
    /// Upward.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
    /// Shaded ranges, behind the lines.
    pub bands: Vec<Band>,
    /// Lines of reference.
    pub marks: Vec<Mark>,
}

/// Draws a chart of curves.
pub fn curve(spec: &CurveSpec) -> Svg {
    let entries: Vec<Entry> = spec
        .series
        .iter()
        .enumerate()
        .map(|(k, s)| (s.name.as_str(), k % SERIES_COLOURS, Sample::Line))
        .collect();
    let heading = |width| Heading::new(&spec.title, &entries, width, false);
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| heading(w).height + plot_height(w),
        |c, w, h| {
            let heading = heading(w);
            heading.draw(c, w);
            let mut xs = spec.series.iter().flat_map(|s| s.points.iter().map(|p| p.0));
            let mut ys = spec
                .series
                .iter()
                .flat_map(|s| s.points.iter().map(|p| p.1))
                .chain(spec.bands.iter().flat_map(|b| b.points.iter().flat_map(|p| [p.1, p.2])));
            let frame = Frame::draw(c, (w, h), heading.height, (&spec.x, &mut xs), (&spec.y, &mut ys));
            for band in &spec.bands {
                let upper = band.points.iter().map(|p| frame.at((p.0, p.2)));
                let lower = band.points.iter().rev().map(|p| frame.at((p.0, p.1)));
                c.polygon(
                    &upper.chain(lower).collect::<Vec<_>>(),
                    &format!("b{}", band.series % SERIES_COLOURS),
                    None,
                );
            }
            // The first series is drawn last, on top.
            for (k, series) in spec.series.iter().enumerate().rev() {
                line(c, &frame, series, k, spec);
            }
            marks(c, &frame, &spec.marks);
        },
    )
}

fn line(c: &mut Canvas, frame: &Frame, series: &Series, k: usize, spec: &CurveSpec) {
    let class = format!("l{}", k % SERIES_COLOURS);
    for run in series.points.split(|p| p.0.is_nan() || p.1.is_nan()) {
        let mut pixels: Vec<Point> = Vec::with_capacity(run.len() * 2);
        for p in run {
            let at = frame.at(*p);
            if let (true, Some(last)) = (series.step, pixels.last()) {
                pixels.push((at.0, last.1));
            }
            pixels.push(at);
        }
        c.line(&pixels, stroke(k), &class);
    }
    // Markers about every 90 pixels, shifted from series to series so that they do not cover each other.
    let mut next = frame.left + 18.0 + 90.0 * ((k as f64 * 0.31) % 1.0);
    for p in series.points.iter().filter(|p| p.0.is_finite() && p.1.is_finite()) {
        let at = frame.at(*p);
        if at.0 >= next || series.points.len() <= 8 {
            let tip = format!("{}: {} at {}", series.name, spec.y.value(p.1), spec.x.value(p.0));
            c.marker(at, k, if k == 0 { 3.8 } else { 3.4 }, Some(&tip));
            next = at.0 + 90.0;
        }
    }
}

/// Lines of reference, their words kept inside the plot.
pub(super) fn marks(c: &mut Canvas, frame: &Frame, marks: &[Mark]) {
    for (i, mark) in marks.iter().enumerate() {
        match mark {
            Mark::Across(v, words) => {
                let x = frame.at_x(*v);
                c.line(&[(x, frame.top), (x, frame.bottom)], 1.2, "d");
                let y = frame.top + 8.0 + 15.0 * i as f64;
                let wide = text::width(words, SMALL);
                let hang = if x + wide + 6.0 > frame.right { Hang::End } else { Hang::Start };
                let room = if hang == Hang::End { x - frame.left } else { frame.right - x } - 6.0;
                words_at(c, words, (if hang == Hang::End { x - 5.0 } else { x + 5.0 }, y), SMALL, hang, room);
            }
            Mark::Upward(v, words) => {
                let y = frame.at_y(*v);
                c.line(&[(frame.left, y), (frame.right, y)], 1.2, "d");
                let above = if y - 9.0 < frame.top { y + 9.0 } else { y - 9.0 };
                words_at(
                    c,
                    words,
                    (frame.right - 4.0, above),
                    SMALL,
                    Hang::End,
                    frame.right - frame.left - 8.0,
                );
            }
        }
    }
}

/// Words over the plot, with a rim of the paper's colour that keeps them readable on lines and areas.
fn words_at(c: &mut Canvas, words: &str, at: Point, size: f64, hang: Hang, width_max: f64) {
    c.text(&text::fit(words, size, width_max), at, size, hang, "w");
}
