//! Who stands out from those of like exposure? Observed against expected over expected, with limits that widen where little
//! is expected (Spiegelhalter, Statistics in Medicine 2005).

use super::curve::Mark;
use super::scatter::{Group, ScatterSpec, scatter};
use crate::axis::Axis;
use crate::svg::Svg;

/// Standard deviations to the limits: 95 of 100 lie within.
const LIMIT: f64 = 1.96;
/// Who has less than this to be expected is not shown: a ratio to next to nothing says nothing.
const SHOWN_FROM: f64 = 0.05;
/// Points of a limit.
const STEPS: i32 = 60;

/// One of those that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Hits.
    pub observed: u64,
    /// Hits to be expected.
    pub expected: f64,
    /// Shown on pointing.
    pub tip: String,
    /// Which group.
    pub group: usize,
}

/// A funnel plot.
#[derive(Clone, Debug, PartialEq)]
pub struct FunnelSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence.
    pub about: String,
    /// Across.
    pub x: String,
    /// Upward.
    pub y: String,
    /// What the line at 1 is called.
    pub alike: String,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Those that are compared.
    pub units: Vec<Unit>,
    /// How much those who do alike still differ: the variance of their true ratios.
    pub spread: f64,
}

/// Draws a funnel; `None` where nobody has enough to be expected.
pub fn funnel(spec: &FunnelSpec) -> Option<Svg> {
    let shown = || spec.units.iter().filter(|u| u.expected >= SHOWN_FROM);
    let most = shown().map(|u| u.expected).reduce(f64::max)?;
    let least = shown().map(|u| u.expected).fold(most, f64::min);
    let group = |(k, name): (usize, &String)| Group {
        name: name.clone(),
        points: shown()
            .filter(|u| u.group == k)
            .map(|u| (u.expected, u.observed as f64 / u.expected, u.tip.clone()))
            .collect(),
    };
    let limit = |side: f64| -> Vec<(f64, f64)> {
        (0..=STEPS)
            .map(|i| {
                let expected = least * (most / least).powf(f64::from(i) / f64::from(STEPS));
                (expected, 1.0 + side * LIMIT * (1.0 / expected + spec.spread).sqrt())
            })
            .collect()
    };
    Some(scatter(&ScatterSpec {
        title: spec.title.clone(),
        about: spec.about.clone(),
        x: Axis::number(&spec.x).log(),
        y: Axis::number(&spec.y).from(0.0),
        groups: spec.groups.iter().enumerate().map(group).collect(),
        marks: vec![Mark::Upward(1.0, spec.alike.clone())],
        curves: vec![limit(-1.0), limit(1.0)],
    }))
}
