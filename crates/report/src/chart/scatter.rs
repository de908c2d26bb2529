//! How do two numbers of many things go together? Points in groups.

use super::curve::{Mark, marks};
use super::plot_height;
use crate::axis::Axis;
use crate::frame::{Entry, Frame, Heading, Sample};
use crate::svg::Svg;
use crate::theme::SERIES_COLOURS;

/// Points of a group at most: more are not told apart and make the page heavy; every n-th is then drawn.
pub const POINTS_MAX: usize = 2_000;

/// Points that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name in the legend.
    pub name: String,
    /// Its points: across, upward, the words shown on pointing (may be empty).
    pub points: Vec<(f64, f64, String)>,
}

/// A chart of points.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence, for those who do not see it.
    pub about: String,
    /// Across.
    pub x: Axis,
    /// Upward.
    pub y: Axis,
    /// The groups.
    pub groups: Vec<Group>,
    /// Lines of reference.
    pub marks: Vec<Mark>,
    /// Curves of reference, such as the limits of a funnel: thin and dashed.
    pub curves: Vec<Vec<(f64, f64)>>,
}

/// Draws a chart of points.
pub fn scatter(spec: &ScatterSpec) -> Svg {
    let entries: Vec<Entry> = spec
        .groups
        .iter()
        .enumerate()
        .map(|(k, s)| (s.name.as_str(), k % SERIES_COLOURS, Sample::Marker))
        .collect();
    let heading = |w| Heading::new(&spec.title, &entries, w, false);
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| heading(w).height + plot_height(w),
        |c, w, h| {
            let heading = heading(w);
            heading.draw(c, w);
            let points = || spec.groups.iter().flat_map(|g| g.points.iter());
            let (mut xs, mut ys) = (points().map(|p| p.0), points().map(|p| p.1));
            let frame = Frame::draw(c, (w, h), heading.height, (&spec.x, &mut xs), (&spec.y, &mut ys));
            marks(c, &frame, &spec.marks);
            for curve in &spec.curves {
                let inside = |p: &&(f64, f64)| p.0.is_finite() && p.1.is_finite() && frame.holds(**p);
                let points: Vec<_> = curve.iter().filter(inside).map(|p| frame.at(*p)).collect();
                c.line(&points, 1.0, "d");
            }
            for (k, Group { points, .. }) in spec.groups.iter().enumerate() {
                let every = points.len().div_ceil(POINTS_MAX).max(1);
                for (x, y, tip) in points.iter().step_by(every).filter(|p| p.0.is_finite() && p.1.is_finite())
                {
                    c.marker(
                        frame.at((*x, *y)),
                        k,
                        3.2,
                        Some(tip).filter(|t| !t.is_empty()).map(String::as_str),
                    );
                }
            }
        },
    )
}
