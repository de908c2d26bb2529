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
        .map(|(k, s)| (s.0.as_str(), k % SERIES_COLOURS, Sample::Line))
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
            for (k, (name, heights)) in spec.classes.iter().enumerate() {
                let k = k % SERIES_COLOURS;
                let mut outline: Vec<Point> = vec![(frame.at_x(spec.edges[0]), frame.bottom)];
                for (i, height) in heights.iter().enumerate() {
                    let y = if *height > 0.0 { frame.at_y(*height) } else { frame.bottom };
                    let (from, to) = (frame.at_x(spec.edges[i]), frame.at_x(spec.edges[i + 1]));
                    outline.extend([(from, y), (to, y)]);
                    if *height > 0.0 {
                        let range =
                            format!("{} – {}", spec.x.value(spec.edges[i]), spec.x.value(spec.edges[i + 1]));
                        let tip = format!("{name}, {range}: {}", text::plain(*height));
                        c.rect((from, y), (to, frame.bottom), &format!("b{k}"), Some(&tip));
                    }
                }
                outline.push((frame.at_x(spec.edges[heights.len()]), frame.bottom));
                c.line(&outline, stroke(k), &format!("l{k}"));
            }
        },
    )
}
