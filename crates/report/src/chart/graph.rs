//! Who is tied to whom, by what? Nodes in groups and the ties between them.

use super::plot_height;
use crate::canvas::{Hang, Point};
use crate::frame::{Entry, Heading, PAD, SMALL, Sample};
use crate::svg::Svg;
use crate::text;
use crate::theme::SERIES_COLOURS;

/// Nodes drawn at most: more are not told apart; the first ones are drawn.
pub const NODES_MAX: usize = 400;
/// Names are written beside nodes of fewer than so many; otherwise only larger nodes carry theirs, the others on pointing.
const NAMED_BELOW: usize = 28;
/// Nodes of at least this size carry their name in any case.
const LARGE: f64 = 1.5;

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its short name.
    pub name: String,
    /// Which group: its colour and shape.
    pub group: usize,
    /// Its radius against the others'.
    pub size: f64,
    /// Shown on pointing.
    pub tip: String,
}

/// A graph.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphSpec {
    /// What it shows, as a headline.
    pub title: String,
    /// What is to be seen, in a sentence, for those who do not see it.
    pub about: String,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Ties: two nodes and a strength between 0 and 1, which is the width of the line.
    pub ties: Vec<(usize, usize, f64)>,
}

/// Draws a graph: ties pull, nodes push each other away (Fruchterman and Reingold, Software: Practice and Experience 1991).
///
/// # Panics
/// Where a tie names a node that is not there.
pub fn graph(spec: &GraphSpec) -> Svg {
    let count = spec.nodes.len().min(NODES_MAX);
    assert!(spec.ties.iter().all(|t| t.0.max(t.1) < spec.nodes.len()), "ties name nodes of the graph");
    let ties: Vec<(usize, usize, f64)> =
        spec.ties.iter().copied().filter(|t| t.0 < count && t.1 < count).collect();
    let places = layout(count, &ties);
    let groups = spec.groups.iter().enumerate();
    let entries: Vec<Entry> = groups.map(|(k, s)| (s.as_str(), k % SERIES_COLOURS, Sample::Marker)).collect();
    let heading = |w| Heading::new(&spec.title, &entries, w, false);
    Svg::draw(
        &spec.title,
        &spec.about,
        |w| heading(w).height + plot_height(w) * 1.15,
        |c, w, h| {
            let heading = heading(w);
            heading.draw(c, w);
            let (margin, top) = (PAD + 14.0, heading.height + 10.0);
            let named = |node: &Node| count < NAMED_BELOW || node.size >= LARGE;
            let room = if spec.nodes.iter().take(count).any(named) { 60.0 } else { 0.0 };
            let at = |p: Point| {
                let across = w - 2.0 * margin - room;
                (margin + p.0 * across, top + p.1 * (h - top - margin))
            };
            for &(a, b, strength) in &ties {
                c.line(&[at(places[a]), at(places[b])], 0.6 + 2.2 * strength.clamp(0.0, 1.0), "a");
            }
            for (node, place) in spec.nodes.iter().zip(&places) {
                let tip = Some(node.tip.as_str()).filter(|t| !t.is_empty());
                c.marker(at(*place), node.group, 4.0 * node.size, tip);
            }
            for (node, place) in spec.nodes.iter().zip(&places).filter(|(n, _)| named(n)) {
                let (x, y) = at(*place);
                let from = x + 4.0 * node.size + 3.0;
                let name = text::fit(&node.name, SMALL * 0.9, w - from - 2.0);
                c.text(&name, (from, y), SMALL * 0.9, Hang::Start, "w");
            }
        },
    )
}

const ROUNDS: u32 = 300;

/// Places within the unit square. The same graph lies the same way everywhere: nothing is drawn by lot.
fn layout(count: usize, ties: &[(usize, usize, f64)]) -> Vec<Point> {
    // A sunflower: no two nodes begin in one place.
    let golden = core::f64::consts::PI * (3.0 - 5f64.sqrt());
    let mut places: Vec<Point> = (0..count)
        .map(|i| {
            let (angle, radius) = (golden * i as f64, 0.5 * ((i as f64 + 0.5) / count as f64).sqrt());
            (0.5 + radius * angle.cos(), 0.5 + radius * angle.sin())
        })
        .collect();
    let apart = (1.0 / count.max(1) as f64).sqrt();
    for round in 0..ROUNDS {
        let step = 0.1 * (1.0 - f64::from(round) / f64::from(ROUNDS)) + 0.001;
        let mut moves = vec![(0.0, 0.0); count];
        let mut push = |a: usize, b: usize, force: f64, (dx, dy): Point| {
            let distance = dx.hypot(dy).max(1e-6);
            let (fx, fy) = (dx / distance * force, dy / distance * force);
            moves[a] = (moves[a].0 + fx, moves[a].1 + fy);
            moves[b] = (moves[b].0 - fx, moves[b].1 - fy);
        };
        for a in 0..count {
            for b in a + 1..count {
                let between = (places[a].0 - places[b].0, places[a].1 - places[b].1);
                push(a, b, apart * apart / between.0.hypot(between.1).max(1e-3), between);
            }
        }
        for &(a, b, strength) in ties {
            let between = (places[a].0 - places[b].0, places[a].1 - places[b].1);
            let pull = between.0.hypot(between.1).powi(2) / apart;
            push(a, b, -pull * (0.3 + 0.7 * strength), between);
        }
        for (place, (dx, dy)) in places.iter_mut().zip(moves) {
            // Towards the middle, so that parts without ties stay in sight.
            let (dx, dy) = (dx + 0.3 * (0.5 - place.0), dy + 0.3 * (0.5 - place.1));
            let length = dx.hypot(dy).max(1e-9);
            let by = length.min(step) / length;
            *place = (place.0 + dx * by, place.1 + dy * by);
        }
    }
    fit(&mut places);
    places
}

/// Fills the unit square.
fn fit(places: &mut [Point]) {
    let bounds = |of: fn(&Point) -> f64, places: &[Point]| {
        let all = || places.iter().map(of);
        (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max))
    };
    let (x, y) = (bounds(|p| p.0, places), bounds(|p| p.1, places));
    let part = |v: f64, (low, high): (f64, f64)| if high > low { (v - low) / (high - low) } else { 0.5 };
    for place in places {
        *place = (part(place.0, x), part(place.1, y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tied_lies_closer_than_what_is_not() {
        // Two stars of six without a tie between them.
        let star = |hub: usize| (1..6).map(move |leaf| (hub, hub + leaf, 1.0));
        let ties: Vec<_> = star(0).chain(star(6)).collect();
        let places = layout(12, &ties);
        let distance = |a: usize, b: usize| (places[a].0 - places[b].0).hypot(places[a].1 - places[b].1);
        for leaf in 1..6 {
            assert!(distance(0, leaf) < distance(6, leaf), "{leaf}: {places:?}");
        }
        assert!(places.iter().all(|p| (0.0..=1.0).contains(&p.0) && (0.0..=1.0).contains(&p.1)));
    }

    #[test]
    fn one_node_and_none_are_drawn() {
        let mut spec = GraphSpec {
            title: "t".into(),
            about: "a".into(),
            groups: vec!["accounts".into()],
            nodes: vec![],
            ties: vec![],
        };
        assert!(graph(&spec).standalone().starts_with("<svg"));
        spec.nodes.push(Node { name: "A1".into(), group: 0, size: 1.0, tip: String::new() });
        assert!(graph(&spec).standalone().contains("A1"));
    }
}
