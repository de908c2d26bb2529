//! How does a sum and its parts run over time? Stacked areas.

use super::curve::{Mark, Series, marks};
use super::plot_height;
use crate::axis::Axis;
use crate::canvas::Point;
use crate::frame::{Entry, Frame, Heading, Sample};
use crate::svg::Svg;
use crate::theme::SERIES_COLOURS;

/// A chart of stacked areas.
#[derive(Clone, Debug, PartialEq)]
pub struct AreaSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence, for those who do not see it.
    pub about: String,
    /// Across, mostly time.
    pub x: Axis,
    /// Upward.
    pub y: Axis,
    /// The layers from the bottom up; all at the same positions across.
    pub layers: Vec<Series>,
    /// Lines of reference.
    pub marks: Vec<Mark>,
}

/// Draws stacked areas.
///
/// # Panics
/// Where the layers do not share their positions across.
pub fn area(spec: &AreaSpec) -> Svg {
    let first: &[(f64, f64)] = spec.layers.first().map_or(&[], |l| &l.points);
    for layer in &spec.layers {
        let same =
            layer.points.len() == first.len() && layer.points.iter().zip(first).all(|(a, b)| a.0 == b.0);
        assert!(same, "layer `{}` lies at the positions of the first", layer.name);
    }
    let entries: Vec<Entry> = spec
        .layers
        .iter()
        .enumerate()
        .map(|(k, s)| (s.name.as_str(), k % SERIES_COLOURS, Sample::Fill))
        .collect();
    let heading = |w| Heading::new(&spec.title, &entries, w, false);
    let mut tops: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut sum = vec![0.0; first.len()];
    for layer in &spec.layers {
        for (total, p) in sum.iter_mut().zip(&layer.points) {
            *total += if p.1.is_finite() { p.1 } else { 0.0 };
        }
        tops.push(first.iter().zip(&sum).map(|(p, s)| (p.0, *s)).collect());
    }
    let y_axis = spec.y.clone().from(0.0);
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| heading(w).height + plot_height(w),
        |c, w, h| {
            let heading = heading(w);
            heading.draw(c, w);
            let (mut xs, mut ys) = (first.iter().map(|p| p.0), sum.iter().copied());
            let frame = Frame::draw(c, (w, h), heading.height, (&spec.x, &mut xs), (&y_axis, &mut ys));
            for (k, top) in tops.iter().enumerate() {
                let upper = top.iter().map(|p| frame.at(*p));
                let lower = top
                    .iter()
                    .enumerate()
                    .rev()
                    .map(|(i, p)| frame.at((p.0, if k == 0 { 0.0 } else { tops[k - 1][i].1 })));
                let shape: Vec<Point> = upper.chain(lower).collect();
                let name = &spec.layers[k].name;
                let k = k % SERIES_COLOURS;
                c.polygon(&shape, &format!("f{k}"), Some(name));
                if k > 0 {
                    c.polygon(&shape, &format!("h{k}"), None);
                }
            }
            marks(c, &frame, &spec.marks);
        },
    )
}
