//! Is every chart complete, themed, and inside its frame?

use ringfence_report::chart::{self, *};
use ringfence_report::{Axis, Svg};

const ABOUT: &str = "What is to be seen <here> & there.";

fn series(n: usize) -> Vec<Series> {
    let points =
        |k: usize| (0..50).map(|i| (f64::from(i), (f64::from(i) * 0.1 + k as f64).sin().abs())).collect();
    (0..n).map(|k| Series::new(&format!("series {k}"), points(k))).collect()
}

fn curves(n: usize) -> Svg {
    chart::curve(&CurveSpec {
        title: "Title of <the> chart".into(),
        about: ABOUT.into(),
        x: Axis::number("across (days)"),
        y: Axis::share("upward"),
        series: series(n),
        bands: vec![Band { series: 0, points: vec![(0.0, 0.1, 0.2), (49.0, 0.3, 0.6)] }],
        marks: vec![Mark::Across(25.0, "mark across".into()), Mark::Upward(0.5, "mark upward".into())],
    })
}

fn bars(stacked: bool, draw: fn(&BarSpec) -> Svg) -> Svg {
    draw(&BarSpec {
        title: "Bars".into(),
        about: ABOUT.into(),
        value: Axis::money("Money", "USD"),
        series: vec!["a".into(), "b".into()],
        bars: (0..6)
            .map(|i| Bar { label: format!("a long name of bar {i}"), values: vec![f64::from(i), f64::NAN] })
            .collect(),
        stacked,
    })
}

/// One of each kind, with data that has holes.
fn all() -> Vec<Svg> {
    let bin = CalibrationBin { predicted: 0.02, observed: 0.03, low: 0.01, high: 0.06, count: 1_000 };
    vec![
        curves(3),
        bars(false, rows),
        bars(true, rows),
        bars(false, columns),
        bars(true, columns),
        histogram(&HistogramSpec {
            title: "Histogram".into(),
            about: ABOUT.into(),
            x: Axis::share("score").to(1.0),
            y: Axis::number("requests").log(),
            edges: vec![0.0, 0.5, 1.0],
            classes: vec![("honest".into(), vec![900.0, 0.0]), ("abuse".into(), vec![1.0, 40.0])],
            marks: vec![],
        }),
        calibration(&CalibrationSpec {
            title: "Calibration".into(),
            about: ABOUT.into(),
            event: "probability".into(),
            series: vec![("model".into(), vec![bin])],
        }),
        scatter(&ScatterSpec {
            title: "Scatter".into(),
            about: ABOUT.into(),
            x: Axis::money("amount", "USD").log(),
            y: Axis::share("score").to(1.0),
            groups: vec![Group {
                name: "all".into(),
                points: vec![(1.0, 0.5, "a & b".into()), (f64::NAN, 0.5, String::new())],
            }],
            marks: vec![],
            curves: vec![],
        }),
        area(&AreaSpec {
            title: "Area".into(),
            about: ABOUT.into(),
            x: Axis::time("week"),
            y: Axis::number("requests"),
            layers: series(3),
            marks: vec![],
        }),
        heat(&HeatSpec {
            title: "Matrix".into(),
            about: ABOUT.into(),
            value: Axis::number("requests"),
            rows: vec!["r".into()],
            columns: vec!["c".into(), "d".into()],
            values: vec![vec![1.0, f64::NAN]],
        }),
    ]
}

/// Values of an attribute, wherever it occurs.
fn attributes<'a>(svg: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!(" {name}=\"");
    svg.match_indices(&open)
        .map(|(at, _)| {
            let value = &svg[at + open.len()..];
            &value[..value.find('"').expect("closed")]
        })
        .collect()
}

#[test]
fn no_fixed_colour_remains_so_that_both_themes_work() {
    for svg in all() {
        let inline = svg.inline().into_string();
        assert!(!inline.contains("=\"#") && !inline.contains("rgb("), "{}", svg.title());
        for class in attributes(&inline, "class") {
            let known = class.starts_with("rf ")
                || ringfence_report::theme::css().contains(&format!(".rf .{class}{{"));
            assert!(known, "class `{class}` of `{}` has no style", svg.title());
        }
    }
}

#[test]
fn everything_lies_inside_the_drawing() {
    for svg in all() {
        for part in svg.inline().into_string().split("<svg ").skip(1) {
            let view: Vec<f64> = attributes(&format!(" {part}"), "viewBox")[0]
                .split(' ')
                .map(|n| n.parse().unwrap())
                .collect();
            let (width, height) = (view[2] * 10.0, view[3] * 10.0);
            let elements = &part[part.find("scale(.1)").expect("the group")..];
            let within = |value: &str, end: f64, what: &str| {
                let v: f64 = value.parse().unwrap();
                assert!((0.0..=end).contains(&v), "{what} {v} of 0–{end} in `{}`", svg.title());
            };
            for points in attributes(elements, "points") {
                for pair in points.split_whitespace() {
                    let (x, y) = pair.split_once(',').expect("a pair");
                    within(x, width, "x");
                    within(y, height, "y");
                }
            }
            for (name, end) in [("x", width), ("cx", width), ("y", height), ("cy", height)] {
                for value in attributes(elements, name) {
                    within(value, end, name);
                }
            }
        }
    }
}

#[test]
fn every_chart_says_in_words_what_it_shows() {
    for svg in all() {
        for text in [svg.inline().into_string(), svg.standalone()] {
            assert!(
                text.contains("role=\"img\"")
                    && text.contains("<desc>What is to be seen &lt;here&gt; &amp; there.</desc>")
            );
            assert!(text.contains("aria-label=\""), "{}", svg.title());
        }
    }
}

#[test]
fn labels_units_legend_and_marks_are_there() {
    let svg = curves(2).standalone();
    for words in [
        "Title of &lt;the&gt; chart",
        "across (days)",
        "upward",
        "series 0",
        "series 1",
        "mark across",
        "mark upward",
    ] {
        assert!(svg.contains(&format!(">{words}</text>")), "{words}");
    }
    assert!(svg.contains("60\u{202f}%") || svg.contains("50\u{202f}%"), "ticks in percent");
}

#[test]
fn one_series_alone_has_no_legend() {
    assert!(!curves(1).standalone().contains(">series 0</text>"));
}

#[test]
fn series_differ_by_marker_as_well_as_by_colour_and_dashes() {
    let svg = curves(3).standalone();
    assert!(svg.contains("<circle") && svg.contains("<rect") && svg.contains("<polygon"));
    let css = ringfence_report::theme::css();
    assert!(css.contains(".l1{stroke:var(--s1);stroke-dasharray:70 35}"), "{css}");
}

#[test]
fn a_standalone_file_carries_its_style_and_its_patterns() {
    for svg in all() {
        let file = svg.standalone();
        assert!(
            file.contains("<style>")
                && file.contains("rf-hatch-1")
                && file.contains("prefers-color-scheme:dark")
        );
        assert!(
            !file.contains("http://")
                || file.matches("http").count() == file.matches("http://www.w3.org/2000/svg").count()
        );
        assert_eq!(file.matches("<svg").count(), file.matches("</svg>").count());
    }
}

#[test]
fn empty_data_draws_an_empty_chart() {
    let svg = curves(0);
    assert!(svg.standalone().contains("across (days)"));
    let none = CalibrationSpec { title: "t".into(), about: String::new(), event: "e".into(), series: vec![] };
    assert!(calibration(&none).standalone().contains("comes true as predicted"));
    let _ = spark(&[], "nothing");
}

#[test]
#[should_panic(expected = "class `a` has one height a bin")]
fn a_histogram_with_the_wrong_shape_is_a_bug() {
    histogram(&HistogramSpec {
        title: String::new(),
        about: String::new(),
        x: Axis::number(""),
        y: Axis::number(""),
        edges: vec![0.0, 1.0],
        classes: vec![("a".into(), vec![1.0, 2.0])],
        marks: vec![],
    });
}
