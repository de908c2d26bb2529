//! How do a few named amounts compare? Columns or rows, side by side or stacked.

use super::plot_height;
use crate::axis::{Axis, Scale};
use crate::canvas::{Canvas, Hang};
use crate::frame::{Entry, Heading, PAD, SMALL, Sample};
use crate::svg::Svg;
use crate::text;
use crate::theme::SERIES_COLOURS;

/// One name with a value for each series.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The name.
    pub label: String,
    /// One value a series; NaN draws nothing.
    pub values: Vec<f64>,
}

/// A chart of bars.
#[derive(Clone, Debug, PartialEq)]
pub struct BarSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence, for those who do not see it.
    pub about: String,
    /// What the bars measure.
    pub value: Axis,
    /// Names of the series; one alone has no legend.
    pub series: Vec<String>,
    /// The bars, in the order in which they are shown.
    pub bars: Vec<Bar>,
    /// Whether the series are put on each other instead of beside each other.
    pub stacked: bool,
}

impl BarSpec {
    fn entries(&self) -> Vec<Entry<'_>> {
        self.series.iter().enumerate().map(|(k, s)| (s.as_str(), k % SERIES_COLOURS, Sample::Fill)).collect()
    }
    fn extent(&self) -> impl Iterator<Item = f64> + '_ {
        let of = |b: &Bar| -> Vec<f64> {
            if self.stacked {
                vec![b.values.iter().filter(|v| v.is_finite()).sum()]
            } else {
                b.values.clone()
            }
        };
        self.bars.iter().flat_map(of).chain([0.0])
    }
    fn tip(&self, bar: &Bar, k: usize) -> String {
        let value = self.value.value(bar.values[k]);
        match self.series.get(k).filter(|_| self.series.len() > 1) {
            Some(series) => format!("{}, {series}: {value}", bar.label),
            None => format!("{}: {value}", bar.label),
        }
    }
}

/// Draws rows: names on the left, bars to the right, the value written at the end of each.
pub fn rows(spec: &BarSpec) -> Svg {
    let entries = spec.entries();
    let heading = |w| Heading::new(&spec.title, &entries, w, false);
    let lanes = if spec.stacked { 1 } else { spec.series.len().max(1) };
    let thick = if lanes == 1 { 16.0 } else { 12.0 };
    let pitch = thick * lanes as f64 + 9.0;
    let body = spec.bars.len() as f64 * pitch + 46.0;
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| heading(w).height + body + PAD,
        |c, w, h| {
            let heading = heading(w);
            heading.draw(c, w);
            let names =
                spec.bars.iter().map(|b| text::width(&b.label, SMALL)).fold(0.0, f64::max).min(w * 0.42);
            let written = if spec.stacked {
                // Half of the last tick's text hangs over the end.
                text::width(&spec.value.value(1.0), SMALL) / 2.0 - 4.0
            } else {
                spec.bars
                    .iter()
                    .flat_map(|b| b.values.iter())
                    .map(|v| text::width(&spec.value.value(*v), SMALL))
                    .fold(0.0, f64::max)
            };
            let (left, right) = (PAD + names + 8.0, w - PAD - written - 8.0);
            let (top, bottom) = (heading.height + 2.0, h - PAD - 44.0);
            let scale =
                Scale::new(&spec.value, spec.extent(), (((right - left) / 80.0) as usize).clamp(2, 8));
            let at = |v: f64| left + scale.place(v) * (right - left);
            for (v, label) in &scale.ticks {
                c.line(&[(at(*v), top), (at(*v), bottom)], 1.0, "g");
                c.text(label, (at(*v), bottom + 12.0), SMALL, Hang::Middle, "u");
            }
            c.label(
                &spec.value.label,
                (f64::midpoint(left, right), h - PAD - 12.0),
                SMALL,
                Hang::Middle,
                w - 2.0 * PAD,
            );
            for (i, bar) in spec.bars.iter().enumerate() {
                let y = top + 5.0 + pitch * i as f64;
                let middle = y + thick * lanes as f64 / 2.0;
                c.text(
                    &text::fit(&bar.label, SMALL, names + 2.0),
                    (left - 7.0, middle),
                    SMALL,
                    Hang::End,
                    "i",
                );
                let mut sum = 0.0;
                for (k, v) in bar.values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
                    let (lane, from) = if spec.stacked { (0, sum) } else { (k, 0.0) };
                    sum += v;
                    let upper = y + thick * lane as f64;
                    let end = if spec.stacked { sum } else { *v };
                    piece(c, (at(from), upper), (at(end), upper + thick - 1.5), k, &spec.tip(bar, k));
                    if !spec.stacked {
                        let (x, hang) = if *v < 0.0 {
                            (at(0.0) + 4.0, Hang::Start)
                        } else {
                            (at(end) + 4.0, Hang::Start)
                        };
                        c.text(&spec.value.value(*v), (x, upper + thick / 2.0), SMALL, hang, "u");
                    }
                }
            }
            c.line(&[(at(0.0), top), (at(0.0), bottom)], 1.2, "a");
        },
    )
}

/// Draws columns: names below, bars upward.
pub fn columns(spec: &BarSpec) -> Svg {
    let entries = spec.entries();
    let heading = |w| Heading::new(&spec.title, &entries, w, false);
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| heading(w).height + plot_height(w),
        |c, w, h| {
            let heading = heading(w);
            heading.draw(c, w);
            let top = heading.height + SMALL * 1.3 + 8.0;
            let scale_for = |bottom: f64| {
                Scale::new(&spec.value, spec.extent(), (((bottom - top) / 48.0) as usize).clamp(3, 8))
            };
            let widest =
                scale_for(h - 50.0).ticks.iter().map(|t| text::width(&t.1, SMALL)).fold(0.0, f64::max);
            let (left, right) = (PAD + widest + 8.0, w - PAD);
            let slot = (right - left) / spec.bars.len().max(1) as f64;
            let names: Vec<Vec<String>> =
                spec.bars.iter().map(|b| text::wrap(&b.label, SMALL, slot - 6.0)).collect();
            let lines = names.iter().map(Vec::len).max().unwrap_or(1);
            let bottom = h - PAD - lines as f64 * SMALL * 1.3 - 6.0;
            let scale = scale_for(bottom);
            let at = |v: f64| bottom - scale.place(v) * (bottom - top);
            c.label(
                &spec.value.label,
                (PAD, heading.height + SMALL * 0.65),
                SMALL,
                Hang::Start,
                w - 2.0 * PAD,
            );
            for (v, label) in &scale.ticks {
                c.line(&[(left, at(*v)), (right, at(*v))], 1.0, "g");
                c.text(label, (left - 6.0, at(*v)), SMALL, Hang::End, "u");
            }
            let lanes = if spec.stacked { 1 } else { spec.series.len().max(1) };
            let thick = (slot * 0.76 / lanes as f64).min(64.0);
            for (i, bar) in spec.bars.iter().enumerate() {
                let middle = left + slot * (i as f64 + 0.5);
                for (n, line) in names[i].iter().enumerate() {
                    let y = bottom + 8.0 + SMALL * 1.3 * (n as f64 + 0.5);
                    c.text(&text::fit(line, SMALL, slot - 2.0), (middle, y), SMALL, Hang::Middle, "i");
                }
                let mut sum = 0.0;
                for (k, v) in bar.values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
                    let (lane, from) = if spec.stacked { (0, sum) } else { (k, 0.0) };
                    sum += v;
                    let x = middle + thick * (lane as f64 - lanes as f64 / 2.0);
                    let end = if spec.stacked { sum } else { *v };
                    piece(c, (x, at(from)), (x + thick - 1.5, at(end)), k, &spec.tip(bar, k));
                }
            }
            c.line(&[(left, at(0.0)), (right, at(0.0))], 1.2, "a");
        },
    )
}

/// A filled piece with its hatching.
pub(super) fn piece(c: &mut Canvas, a: (f64, f64), b: (f64, f64), k: usize, tip: &str) {
    let k = k % SERIES_COLOURS;
    c.rect(a, b, &format!("f{k}"), Some(tip));
    if k > 0 {
        c.rect(a, b, &format!("h{k}"), None);
    }
}
