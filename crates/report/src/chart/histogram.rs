//! How are the numbers of two or more classes spread? Counts in bins, laid over each other.

use super::curve::{Mark, marks};
use super::plot_height;
use crate::axis::Axis;
use crate::canvas::Point;
use crate::frame::{Entry, Frame, Heading, Sample, stroke};
use crate::svg::Svg;
use crate::text;
use crate::theme::SERIES_COLOURS;

/// A histogram of one or more classes over the same bins.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence, for those who do not see it.
    pub about: String,
    /// What was counted.
    pub x: Axis,
    /// Counts or shares; logarithmic where a rare class is to stay visible.
    pub y: Axis,
    /// Edges of the bins, one more than bins.
    pub edges: Vec<f64>,
    /// Name and height of each bin, a class.
    pub classes: Vec<(String, Vec<f64>)>,
    /// Upright lines of reference.
    pub marks: Vec<Mark>,
}

/// Draws a histogram.
///
/// # Panics
/// Where a class has not exactly one height a bin.
pub fn histogram(spec: &HistogramSpec) -> Svg {
    for (name, heights) in &spec.classes {
        assert_eq!(heights.len() + 1, spec.edges.len(), "class `{name}` has one height a bin");
    }
    let entries: Vec<Entry> = spec
        .classes
        .iter()
        .enumerate()
        .map(|(k, s)| (s.0.as_str(), k % SERIES_COLOURS, Sample::Outline))
        .collect();
    let heading = |w| Heading::new(&spec.title, &entries, w, false);
    // A logarithmic axis starts below 1, so that a single one still has a height.
    let y_axis =
        if spec.y.log { spec.y.clone().from(spec.y.from.unwrap_or(0.5)) } else { spec.y.clone().from(0.0) };
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| heading(w).height + plot_height(w),
        |c, w, h| {
            let heading = heading(w);
            heading.draw(c, w);
            let mut xs = spec.edges.iter().copied();
            let mut ys = spec.classes.iter().flat_map(|s| s.1.iter().copied());
            let frame = Frame::draw(c, (w, h), heading.height, (&spec.x, &mut xs), (&y_axis, &mut ys));
            marks(c, &frame, &spec.marks);
            let top_of = |height: f64| if height > 0.0 { frame.at_y(height) } else { frame.bottom };
            for (k, (name, heights)) in spec.classes.iter().enumerate() {
                for (i, height) in heights.iter().enumerate().filter(|(_, h)| **h > 0.0) {
                    let (from, to) = (spec.edges[i], spec.edges[i + 1]);
                    let tip = format!(
                        "{name}, {} – {}: {}",
                        spec.x.value(from),
                        spec.x.value(to),
                        text::plain(*height)
                    );
                    let class = format!("b{}", k % SERIES_COLOURS);
                    c.rect(
                        (frame.at_x(from), top_of(*height)),
                        (frame.at_x(to), frame.bottom),
                        &class,
                        Some(&tip),
                    );
                }
            }
            // Outlines come after all fills, so that none is veiled.
            for (k, (_, heights)) in spec.classes.iter().enumerate() {
                let edge = |i: usize| frame.at_x(spec.edges[i]);
                let mut outline: Vec<Point> = vec![(edge(0), frame.bottom)];
                for (i, height) in heights.iter().enumerate() {
                    outline.extend([(edge(i), top_of(*height)), (edge(i + 1), top_of(*height))]);
                }
                outline.push((edge(heights.len()), frame.bottom));
                c.line(&outline, stroke(k), &format!("l{}", k % SERIES_COLOURS));
            }
        },
    )
}
