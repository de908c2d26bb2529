//! How did a number move, in the size of a word? A sparkline for cards and table cells.

use crate::canvas::{self, escape};
use maud::{Markup, PreEscaped};

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;

/// Draws `values` from left to right, the last one marked; `about` is read to those who do not see it.
pub fn spark(values: &[f64], about: &str) -> Markup {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let low = finite.iter().copied().fold(f64::INFINITY, f64::min);
    let high = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let elements = canvas::draw(WIDTH, HEIGHT, |c| {
        let at = |i: usize, v: f64| {
            let part = if high > low { (v - low) / (high - low) } else { 0.5 };
            let x = 2.0 + (WIDTH - 8.0) * i as f64 / (finite.len().max(2) - 1) as f64;
            (x, HEIGHT - 4.0 - part * (HEIGHT - 8.0))
        };
        let points: Vec<_> = finite.iter().enumerate().map(|(i, v)| at(i, *v)).collect();
        c.line(&points, 1.6, "o0");
        if let Some(last) = points.last() {
            c.circle(*last, 2.8, "f0", None);
        }
    });
    PreEscaped(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"rf rf-spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\"><g transform=\"scale(.1)\">\n{elements}</g></svg>",
        escape(about)
    ))
}
