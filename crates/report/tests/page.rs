//! Is a page self-contained, escaped and linked?

use ringfence_report::chart::{BarSpec, rows};
use ringfence_report::{Axis, Card, Cell, Dossier, Moment, Page, Section, Table, Tone, Weight};

fn page() -> String {
    let chart = rows(&BarSpec {
        title: "Bars".into(),
        about: "about".into(),
        value: Axis::number("n"),
        series: vec![],
        bars: vec![],
        stacked: false,
    });
    Page::new("A <title> & more")
        .lead("Lead with a [[term]].")
        .term("term", "What \"it\" <means>.")
        .section(
            Section::new("first", "First <section>")
                .text("<script>alert(1)</script>")
                .cards(vec![Card::new("<b>", "label", "anchor").tone(Tone::Good)])
                .table(
                    Table::new("caption", &["name", "value"])
                        .row(vec!["<i>".into(), Cell::Number("1,000".into())]),
                )
                .chart(chart),
        )
        .section(Section::new("second", "Second").dossier(Dossier {
            title: "R1 <".into(),
            badge: "review".into(),
            tone: Tone::Bad,
            facts: vec![("score".into(), "<83>".into())],
            text: String::new(),
            weights: vec![Weight {
                name: "code".into(),
                text: "said <".into(),
                weight: -0.5,
                shown: "−5".into(),
            }],
            moments: vec![Moment {
                when: "now".into(),
                what: "<x>".into(),
                note: String::new(),
                tone: Tone::Plain,
            }],
        }))
        .note("made by a test")
        .render()
}

#[test]
fn the_page_loads_and_runs_nothing() {
    let html = page();
    assert!(html.contains("default-src 'none'; style-src 'sha256-"));
    for forbidden in ["<script", "<link", "<img", "src=", "@import", " style=\"", "onclick", "javascript:"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert_eq!(
        html.matches("http").count(),
        html.matches("http://www.w3.org/2000/svg").count() + 1,
        "only names of XML, and http-equiv"
    );
}

#[test]
fn foreign_text_is_escaped_everywhere() {
    let html = page();
    for raw in ["<title> &", "<b>", "<i>", "<83>", "<x>", "R1 <<", "<section>", "<means>"] {
        assert!(!html.contains(raw), "{raw}");
    }
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn every_link_has_its_target_and_every_id_is_one() {
    let html = page();
    for (at, _) in html.match_indices("href=\"#") {
        let id: String = html[at + 7..].chars().take_while(|c| *c != '"').collect();
        assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
    }
}

#[test]
fn numbers_stand_to_the_right_with_their_head() {
    let html = page();
    assert!(html.contains("<th scope=\"col\" class=\"number\">value</th>"), "{html}");
    assert!(html.contains("<td class=\"number\">1,000</td>"));
}

#[test]
fn a_term_is_explained_where_it_stands_and_at_the_end() {
    assert_eq!(page().matches("What &quot;it&quot; &lt;means&gt;.").count(), 2);
}

#[test]
fn the_same_page_is_the_same_bytes() {
    assert_eq!(page(), page());
}

#[test]
#[should_panic(expected = "one cell a column")]
fn a_row_of_the_wrong_length_is_a_bug() {
    let _ = Table::new("t", &["a"]).row(vec![]);
}
