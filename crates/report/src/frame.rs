//! Where do title, legend, axes and the plot itself lie?

use crate::axis::{Axis, Scale, Unit};
use crate::canvas::{Canvas, Hang, Point};
use crate::text;

/// Space around everything.
pub(crate) const PAD: f64 = 10.0;
/// Size of axis and legend letters.
pub(crate) const SMALL: f64 = 12.0;
const TITLE: f64 = 15.0;
/// Bold letters are wider than the estimate by about this factor.
const BOLD: f64 = 1.08;
const LEGEND_ROW: f64 = 19.0;
const SAMPLE: f64 = 28.0;

/// How a series looks in the legend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sample {
    /// A line with its dashes and marker.
    Line,
    /// A filled and hatched patch.
    Fill,
    /// The outline of an area and its veil.
    Outline,
    /// A marker alone.
    Marker,
    /// A line of reference.
    Reference,
}

/// An entry of the legend: name, number of the series, how it is drawn.
pub(crate) type Entry<'a> = (&'a str, usize, Sample);

/// Title and legend, laid out for a width.
pub(crate) struct Heading<'a> {
    title: Vec<String>,
    rows: Vec<Vec<(Entry<'a>, f64)>>,
    /// Height that they take.
    pub(crate) height: f64,
}

impl<'a> Heading<'a> {
    /// Lays out; a legend with fewer than two entries is left out unless `always`.
    pub(crate) fn new(title: &str, entries: &[Entry<'a>], width: f64, always: bool) -> Heading<'a> {
        let title = text::wrap(title, TITLE * BOLD, width - 2.0 * PAD);
        let mut rows: Vec<Vec<(Entry, f64)>> = Vec::new();
        if entries.len() > 1 || always {
            let mut x = f64::INFINITY;
            for entry in entries {
                let advance = SAMPLE + 6.0 + text::width(entry.0, SMALL) + 16.0;
                if x + advance > width - PAD {
                    rows.push(Vec::new());
                    x = PAD;
                }
                if let Some(row) = rows.last_mut() {
                    row.push((*entry, x));
                }
                x += advance;
            }
        }
        let height = PAD + title.len() as f64 * TITLE * 1.3 + rows.len() as f64 * LEGEND_ROW + 8.0;
        Heading { title, rows, height }
    }

    /// Draws them at the top.
    pub(crate) fn draw(&self, c: &mut Canvas, width: f64) {
        let mut y = PAD + c.paragraph(&self.title, (PAD, PAD), TITLE, "t") + LEGEND_ROW / 2.0 + 2.0;
        for row in &self.rows {
            for ((name, k, sample), x) in row {
                legend_sample(c, (*x, y), *k, *sample);
                let room = width - PAD - x - SAMPLE - 6.0;
                c.label(name, (x + SAMPLE + 6.0, y), SMALL, Hang::Start, room);
            }
            y += LEGEND_ROW;
        }
    }
}

fn legend_sample(c: &mut Canvas, (x, y): Point, k: usize, sample: Sample) {
    match sample {
        Sample::Line => {
            c.line(&[(x, y), (x + SAMPLE, y)], stroke(k), &format!("l{k}"));
            c.marker((x + SAMPLE / 2.0, y), k, 3.4, None);
        }
        Sample::Fill => {
            c.rect((x + 8.0, y - 6.0), (x + SAMPLE, y + 6.0), &format!("f{k}"), None);
            if k > 0 {
                c.rect((x + 8.0, y - 6.0), (x + SAMPLE, y + 6.0), &format!("h{k}"), None);
            }
        }
        Sample::Outline => {
            c.rect((x + 4.0, y - 5.0), (x + SAMPLE, y + 6.0), &format!("b{k}"), None);
            c.line(&[(x + 4.0, y - 5.0), (x + SAMPLE, y - 5.0)], stroke(k), &format!("l{k}"));
        }
        Sample::Marker => c.marker((x + SAMPLE / 2.0, y), k, 4.5, None),
        Sample::Reference => c.line(&[(x, y), (x + SAMPLE, y)], 1.2, "d"),
    }
}

/// Width of a series' line: the first is what the chart is about.
pub(crate) fn stroke(k: usize) -> f64 {
    if k == 0 { 2.4 } else { 1.8 }
}

/// The plot: its rectangle and the two scales.
pub(crate) struct Frame {
    /// Left edge in pixels.
    pub(crate) left: f64,
    /// Right edge.
    pub(crate) right: f64,
    /// Upper edge.
    pub(crate) top: f64,
    /// Lower edge.
    pub(crate) bottom: f64,
    /// Across.
    pub(crate) x: Scale,
    /// Upward.
    pub(crate) y: Scale,
}

impl Frame {
    /// Lays out the plot under a heading and draws grid, axes, ticks and labels.
    pub(crate) fn draw(
        c: &mut Canvas,
        (width, height): (f64, f64),
        top: f64,
        (x_axis, xs): (&Axis, &mut dyn Iterator<Item = f64>),
        (y_axis, ys): (&Axis, &mut dyn Iterator<Item = f64>),
    ) -> Frame {
        let label_line = SMALL * 1.3;
        let y_label = text::wrap(&y_axis.label, SMALL, width - 2.0 * PAD);
        let x_label = text::wrap(&x_axis.label, SMALL, width - 2.0 * PAD);
        let top = top + y_label.len() as f64 * label_line + 8.0;
        let bottom = height - PAD - x_label.len() as f64 * label_line - 24.0;
        let y = Scale::new(y_axis, ys, (((bottom - top) / 42.0) as usize).clamp(3, 8));
        let widest = y.ticks.iter().map(|t| text::width(&t.1, SMALL)).fold(0.0, f64::max);
        let left = PAD + widest + 8.0;
        let right_rough = width - PAD - 8.0;
        let per_tick = if x_axis.unit == Unit::Time { 96.0 } else { 74.0 };
        let x = Scale::new(x_axis, xs, (((right_rough - left) / per_tick) as usize).clamp(2, 9));
        let last = x.ticks.last().map_or(0.0, |t| text::width(&t.1, SMALL) / 2.0 * x.place(t.0).powi(8));
        let right = width - PAD - last.max(8.0);
        let frame = Frame { left, right, top, bottom, x, y };
        c.paragraph(&y_label, (PAD, top - 8.0 - y_label.len() as f64 * label_line), SMALL, "u");
        frame.grid(c);
        for (i, line) in x_label.iter().enumerate() {
            let y = bottom + 24.0 + label_line * (i as f64 + 0.5);
            c.text(line, (f64::midpoint(left, right), y), SMALL, Hang::Middle, "u");
        }
        frame
    }

    fn grid(&self, c: &mut Canvas) {
        for (v, label) in &self.y.ticks {
            let y = self.at_y(*v);
            c.line(&[(self.left, y), (self.right, y)], 1.0, "g");
            c.text(label, (self.left - 6.0, y), SMALL, Hang::End, "u");
        }
        let mut free_from = f64::NEG_INFINITY;
        for (v, label) in &self.x.ticks {
            let x = self.at_x(*v);
            c.line(&[(x, self.bottom), (x, self.bottom + 4.0)], 1.0, "a");
            let half = text::width(label, SMALL) / 2.0;
            // A label that would touch its neighbour is left out; its tick stays.
            if x - half >= free_from {
                c.text(label, (x, self.bottom + 14.0), SMALL, Hang::Middle, "u");
                free_from = x + half + 6.0;
            }
        }
        c.line(&[(self.left, self.bottom), (self.right, self.bottom)], 1.2, "a");
        let (low, high) = self.y.bounds();
        if low < 0.0 && high > 0.0 {
            c.line(&[(self.left, self.at_y(0.0)), (self.right, self.at_y(0.0))], 1.2, "a");
        }
    }

    /// Pixel of a value across.
    pub(crate) fn at_x(&self, v: f64) -> f64 {
        self.left + self.x.place(v) * (self.right - self.left)
    }
    /// Pixel of a value upward.
    pub(crate) fn at_y(&self, v: f64) -> f64 {
        self.bottom - self.y.place(v) * (self.bottom - self.top)
    }
    /// Whether a point lies within the plot.
    pub(crate) fn holds(&self, (x, y): Point) -> bool {
        let within = |v: f64, (from, to): (f64, f64)| (from..=to).contains(&v);
        within(x, self.x.bounds()) && within(y, self.y.bounds())
    }
    /// Pixel of a point.
    pub(crate) fn at(&self, (x, y): Point) -> Point {
        (self.at_x(x), self.at_y(y))
    }
}
