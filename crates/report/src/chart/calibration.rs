//! Does a probability of 30 % come true in 30 of 100 cases? The reliability of predicted probabilities.

use super::plot_height;
use crate::axis::Axis;
use crate::frame::{Entry, Frame, Heading, Sample};
use crate::svg::Svg;
use crate::text;
use crate::theme::SERIES_COLOURS;

/// Cases of about the same predicted probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationBin {
    /// Mean predicted probability, 0–1.
    pub predicted: f64,
    /// Share in which it came true, 0–1.
    pub observed: f64,
    /// Lower end of the confidence interval of `observed`.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Cases.
    pub count: u64,
}

/// A reliability diagram.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence, for those who do not see it.
    pub about: String,
    /// What is predicted, in words for the axes: `probability of abuse`.
    pub event: String,
    /// Name and bins of each series, bins in rising order.
    pub series: Vec<(String, Vec<CalibrationBin>)>,
}

/// Draws a reliability diagram with the diagonal on which predictions come true.
pub fn calibration(spec: &CalibrationSpec) -> Svg {
    let mut entries: Vec<Entry> = spec
        .series
        .iter()
        .enumerate()
        .map(|(k, s)| (s.0.as_str(), k % SERIES_COLOURS, Sample::Line))
        .collect();
    entries.push(("comes true as predicted", 0, Sample::Reference));
    let heading = |w| Heading::new(&spec.title, &entries, w, true);
    let bins = || spec.series.iter().flat_map(|s| s.1.iter());
    // Rare events fill only the lower corner of 0–1: both axes end where the data ends.
    let reach = bins().flat_map(|b| [b.predicted, b.high]).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let end = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0].into_iter().find(|e| reach <= *e).unwrap_or(1.0);
    let x = Axis::share(&format!("Predicted {} (mean of the bin)", spec.event)).to(end);
    let y = Axis::share("Came true (95 % interval)").to(end);
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| heading(w).height + plot_height(w) + 40.0,
        |c, w, h| {
            let heading = heading(w);
            heading.draw(c, w);
            let mut none = std::iter::empty();
            let mut nothing = std::iter::empty();
            let frame = Frame::draw(c, (w, h), heading.height, (&x, &mut none), (&y, &mut nothing));
            c.line(&[frame.at((0.0, 0.0)), frame.at((end, end))], 1.4, "d");
            for (k, (name, bins)) in spec.series.iter().enumerate().rev() {
                let k = k % SERIES_COLOURS;
                let points: Vec<_> = bins.iter().map(|b| frame.at((b.predicted, b.observed))).collect();
                c.line(&points, 1.8, &format!("l{k}"));
                for bin in bins {
                    let at = frame.at_x(bin.predicted);
                    let (low, high) = (frame.at_y(bin.low), frame.at_y(bin.high));
                    for piece in [
                        [(at, low), (at, high)],
                        [(at - 4.0, low), (at + 4.0, low)],
                        [(at - 4.0, high), (at + 4.0, high)],
                    ] {
                        c.line(&piece, 1.3, &format!("o{k}"));
                    }
                    let tip = format!(
                        "{name}: predicted {}, came true {} ({} – {}), {} cases",
                        text::share(bin.predicted),
                        text::share(bin.observed),
                        text::share(bin.low),
                        text::share(bin.high),
                        text::count(bin.count as f64)
                    );
                    c.marker(frame.at((bin.predicted, bin.observed)), k, 4.2, Some(&tip));
                }
            }
        },
    )
}
