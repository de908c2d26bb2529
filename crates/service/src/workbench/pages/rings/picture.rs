//! How does a ring come into the page as a graph? What the script needs, its tools and its legend.

use crate::workbench::pages::parts::part_of_path;
use crate::workbench::{View, assets};
use maud::{Markup, html};
use ringfence_leads::log::Entry;
use serde_json::{Value, json};

/// The graph: what the script needs, and what stands around it.
pub(super) fn picture(view: &View, entry: &Entry) -> Markup {
    let t = view.t();
    let g = &t.graph;
    let words: serde_json::Map<String, Value> =
        g.all().into_iter().map(|(k, v)| (k.to_owned(), json!(v))).collect();
    let words = Value::Object(words).to_string();
    let src = format!("/rings/{}/graph", part_of_path(&entry.lead));
    html! {
        section.graph aria-labelledby="graph" data-src=(src) data-words=(words) data-graph=(assets::path("graph.js"))
            data-layout=(assets::path("graph-layout.js")) data-draw=(assets::path("graph-draw.js")) {
            h2 #graph { (t.rings.graph) }
            div.graph-tools {
                button.quiet type="button" data-do="in" aria-label=(g.zoom_in) title=(g.zoom_in) { "+" }
                button.quiet type="button" data-do="out" aria-label=(g.zoom_out) title=(g.zoom_out) { "−" }
                button.quiet type="button" data-do="fit" { (g.fit) }
                label.inline { input type="checkbox" data-do="around"; (g.around) }
                label.hidden for="find-node" { (g.find) }
                input.graph-find #find-node type="search" placeholder=(g.find) autocomplete="off" maxlength="128";
            }
            div.graph-body {
                canvas tabindex="0" role="application" aria-label=(g.label) aria-describedby="graph-help" {}
                div.graph-detail tabindex="0" role="region" aria-label=(g.choose) { p.quiet { (g.choose) } }
            }
            div.graph-time {
                label for="graph-time" { (g.time) }
                input #graph-time type="range" min="0" max="0" step="1" value="0";
                button.quiet type="button" data-do="play" aria-pressed="false" { (g.play) }
                output for="graph-time" {}
            }
            ul.legend {
                @for (kind, class, shape) in SHAPES {
                    li { svg viewBox="-10 -10 20 20" aria-hidden="true" { (shape_of(shape, class)) } (kind(g)) }
                }
            }
            p.graph-said role="status" { }
            p.rule #graph-help { (g.help) }
        }
    }
}

type NameOf = fn(&crate::workbench::lang::Graph) -> &'static str;
/// Kinds of nodes, their class and their shape, as the script draws them.
const SHAPES: [(NameOf, &str, &str); 5] = [
    (|g| g.account, "account", ""),
    (|g| g.machine, "machine", "M-7-7H7V7H-7Z"),
    (|g| g.text, "text", "M0-9L8 6H-8Z"),
    (|g| g.person, "person", "M0-9L9 0L0 9L-9 0Z"),
    (|g| g.staff, "staff", "M8 0L4 7H-4L-8 0L-4-7H4Z"),
];

fn shape_of(path: &str, class: &str) -> Markup {
    html! {
        @if path.is_empty() { circle r="7" class=(class) {} } @else { path d=(path) class=(class) {} }
    }
}
