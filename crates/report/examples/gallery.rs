//! What do all charts and blocks look like? Writes one page with each of them.
//!
//! `cargo run -p ringfence-report --example gallery -- gallery.html`

use ringfence_report::{
    Axis, Card, Cell, Dossier, Moment, Page, Section, Svg, Table, Tone, Weight,
    chart::{
        AreaSpec, Band, Bar, BarSpec, CalibrationBin, CalibrationSpec, CurveSpec, Group, HeatSpec,
        HistogramSpec, Mark, ScatterSpec, Series, area, calibration, columns, curve, heat, histogram, rows,
        scatter, spark,
    },
};

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "gallery.html".into());
    std::fs::write(&path, page().render())?;
    println!("{path}");
    Ok(())
}

fn page() -> Page {
    let blocks = Section::new("blocks", "Blocks")
        .text("At a [[review budget]] of 1 % the model finds **62 %** of the abuse; `past_refund_rate` finds 14 %.")
        .cards(vec![
            Card::new("62 %", "of abuse found at a [[review budget]] of 1 %", "past refund rate: 14 %").tone(Tone::Good),
            Card::new("184,200 USD", "kept against paying everything", "rules only: 61,300 USD")
                .spark(spark(&[1.0, 2.0, 1.5, 4.0, 3.8, 6.0], "money kept a month, rising")),
            Card::new("0.4 %", "of honest requests sent to review", "rules only: 1.9 %").tone(Tone::Bad),
        ])
        .note(Tone::Bad, "The share of abuse is what the simulation was told; it is **not** a measurement of any shop.")
        .table(
            Table::new("Three ways to rank requests, held-out third", &["Ranking", "Average precision", "ROC-AUC", "Money found"])
                .row(vec!["past refund rate".into(), n("0.081"), n("0.612"), n("41,020 USD")])
                .row(vec!["rules only".into(), n("0.240"), n("0.701"), n("61,300 USD")])
                .strong(vec!["model".into(), n("0.655"), n("0.943"), n("184,200 USD")]),
        )
        .details("How the three were chosen", Section::new("", "").text("By rule.").code("ringfence demo --seed 7"));
    let dossier = Section::new("dossier", "A decision, explained").dossier(case());
    Page::new("Gallery of charts")
        .lead("Every kind of chart and block, to be looked at in light and dark, wide and narrow.")
        .term("review budget", "The share of all requests that people have time to look at.")
        .section(blocks)
        .section(dossier)
        .section(Section::new("curves", "Curves").chart(precision()).chart(money()))
        .section(Section::new("bars", "Bars").chart(importance()).chart(mix()).chart(months()))
        .section(
            Section::new("spread", "Spread and truth").chart(scores()).chart(reliability()).chart(cloud()),
        )
        .section(Section::new("time", "Time and matrices").chart(claims()).chart(matrix()))
        .note("Made by the example `gallery`.")
}

fn n(text: &str) -> Cell {
    Cell::Number(text.into())
}

fn case() -> Dossier {
    let moment = |when: &str, what: &str, note: &str, tone| Moment {
        when: when.into(),
        what: what.into(),
        note: note.into(),
        tone,
    };
    let weight = |name: &str, text: &str, weight: f64| Weight {
        name: name.into(),
        text: text.into(),
        weight,
        shown: format!("{}{:.0} points", if weight < 0.0 { "−" } else { "+" }, weight.abs() * 100.0),
    };
    Dossier {
        title: "Refund R17 over 1,299.00 USD: “not received”".into(),
        badge: "review".into(),
        tone: Tone::Bad,
        facts: vec![
            ("Probability of abuse".into(), "83 %".into()),
            ("Expected loss".into(), "1,078.17 USD".into()),
            ("Truth".into(), "abuse (ring R2)".into()),
        ],
        text: "Paying at once would be expected to cost **1,078 USD**; a review costs 26 USD.".into(),
        weights: vec![
            weight(
                "delivered_with_photo",
                "The carrier shows delivery with a photo 14 m from the address, 2 days before the claim.",
                0.31,
            ),
            weight(
                "device_of_many_accounts",
                "The claim came from a device that 9 other accounts used in 30 days.",
                0.22,
            ),
            weight("long_clean_history", "31 orders in 4 years without a refund.", -0.09),
        ],
        moments: vec![
            moment("2023-02-20 10:12", "Order placed", "laptop, 1,299.00 USD", Tone::Plain),
            moment("2023-02-27 15:40", "Delivered", "photo, 14 m from the address", Tone::Good),
            moment(
                "2023-03-01 12:34",
                "Refund requested",
                "not received, by chat, from a device new to the account",
                Tone::Bad,
            ),
            moment("2023-03-01 12:34", "Decision: review", "", Tone::Plain),
        ],
    }
}

fn precision() -> Svg {
    let run = |a: f64| {
        (0..=400).map(|i| f64::from(i) / 400.0).map(|r| (r, (1.0 - r.powf(a)).max(0.02))).collect::<Vec<_>>()
    };
    let band = (0..=40)
        .map(|i| f64::from(i) / 40.0)
        .map(|r| (r, (0.93 - r.powf(3.0)).max(0.0), (1.05 - r.powf(3.0)).clamp(0.02, 1.0)));
    curve(&CurveSpec {
        title: "Precision and recall on the held-out third".into(),
        about: "The model keeps a precision above 80 percent until it has found more than half of the abuse."
            .into(),
        x: Axis::share("Recall: share of all abuse found").to(1.0),
        y: Axis::share("Precision: share of abuse among those found").to(1.0),
        series: vec![
            Series::new("model", run(3.0)),
            Series::new("rules only", run(0.6)),
            Series::new("past refund rate", run(0.2)),
        ],
        bands: vec![Band { series: 0, points: band.collect() }],
        marks: vec![Mark::Upward(0.023, "share of abuse: 2.3 %".into())],
    })
}

fn money() -> Svg {
    let run = |k: f64| {
        (0..=60)
            .map(|i| 0.001 * 1000f64.powf(f64::from(i) / 60.0))
            .map(|b| (b, 240_000.0 * (1.0 - (-b * k).exp()) - 20_000.0 * b))
            .collect::<Vec<_>>()
    };
    curve(&CurveSpec {
        title: "Money found by review budget".into(),
        about: "At one percent reviewed the model finds three times the money.".into(),
        x: Axis::share("Share of requests reviewed").from(0.001).to(1.0).log(),
        y: Axis::money("Abusive money found", "USD"),
        series: vec![
            Series::steps("model", run(90.0)),
            Series::steps("rules only", run(20.0)),
            Series::steps("past refund rate", run(6.0)),
        ],
        bands: vec![],
        marks: vec![Mark::Across(0.01, "1 % reviewed".into())],
    })
}

fn importance() -> Svg {
    let bars = [
        ("device_accounts_30d", 0.21),
        ("delivered_proof_distance_m", 0.16),
        ("order_total", 0.11),
        ("account_age_days", 0.08),
        ("staff_refunds_without_return_30d", 0.06),
    ];
    rows(&BarSpec {
        title: "What the model looks at".into(),
        about: "The number of accounts on the device leads.".into(),
        value: Axis::share("Share of the total gain"),
        series: vec!["gain".into()],
        bars: bars.iter().map(|b| Bar { label: b.0.into(), values: vec![b.1] }).collect(),
        stacked: false,
    })
}

fn mix() -> Svg {
    let bar = |label: &str, values: [f64; 5]| Bar { label: label.into(), values: values.into() };
    rows(&BarSpec {
        title: "Decisions by what the request truly was".into(),
        about: "Most legitimate requests are paid at once.".into(),
        value: Axis::share("Share of requests").to(1.0),
        series: ["instant_refund", "refund_on_scan", "step_up", "review", "deny"].map(String::from).into(),
        bars: vec![
            bar("legitimate", [0.81, 0.1, 0.05, 0.03, 0.01]),
            bar("policy_abuse", [0.3, 0.3, 0.2, 0.2, 0.0]),
            bar("abuse", [0.1, 0.1, 0.2, 0.5, 0.1]),
        ],
        stacked: true,
    })
}

fn months() -> Svg {
    let bar = |label: &str, a: f64, b: f64| Bar { label: label.into(), values: vec![a, b] };
    columns(&BarSpec {
        title: "Measured and expected rates".into(),
        about: "The simulated rates are near the published ones.".into(),
        value: Axis::share("Share of orders"),
        series: vec!["simulated".into(), "published".into()],
        bars: vec![
            bar("returns", 0.18, 0.193),
            bar("claims", 0.016, 0.015),
            bar("did not arrive", 0.006, 0.005),
            bar("late", 0.04, 0.05),
        ],
        stacked: false,
    })
}

fn scores() -> Svg {
    let edges: Vec<f64> = (0..=20).map(|i| f64::from(i) / 20.0).collect();
    let honest = (0..20).map(|i| (20_000.0 * (-f64::from(i) * 0.55).exp()).floor()).collect();
    let abuse = (0..20).map(|i| (30.0 + 12.0 * f64::from(i)).floor()).collect();
    histogram(&HistogramSpec {
        title: "Scores of honest and abusive requests".into(),
        about: "Few honest requests score above one half.".into(),
        x: Axis::share("Score: probability of abuse").to(1.0),
        y: Axis::number("Requests (logarithmic)").log(),
        edges,
        classes: vec![("legitimate".into(), honest), ("abuse".into(), abuse)],
        marks: vec![Mark::Across(0.42, "review from here".into())],
    })
}

fn reliability() -> Svg {
    let bins = (0..10).map(|i| f64::from(i) / 10.0 + 0.05).map(|p| CalibrationBin {
        predicted: p,
        observed: (p + 0.06 * (p * 9.0).sin()).clamp(0.0, 1.0),
        low: (p - 0.1).max(0.0),
        high: (p + 0.1).min(1.0),
        count: 800,
    });
    calibration(&CalibrationSpec {
        title: "Do the probabilities come true?".into(),
        about: "All bins lie within the interval around the diagonal.".into(),
        event: "probability of abuse".into(),
        series: vec![("model".into(), bins.collect())],
    })
}

fn cloud() -> Svg {
    let points = |n: u32, dx: f64, dy: f64| {
        (0..n)
            .map(|i| {
                let t = f64::from(i) * 2.399;
                let r = f64::from(i).sqrt() * 0.1;
                (
                    10f64.powf(1.5 + dx + r * t.cos()),
                    (0.3 + dy + r * 0.2 * t.sin()).clamp(0.0, 1.0),
                    format!("request {i}"),
                )
            })
            .collect::<Vec<_>>()
    };
    scatter(&ScatterSpec {
        title: "Amount and score".into(),
        about: "Abusive requests are dearer and score higher.".into(),
        x: Axis::money("Amount", "USD").log(),
        y: Axis::share("Score").to(1.0),
        groups: vec![
            Group { name: "legitimate".into(), points: points(120, 0.0, 0.0) },
            Group { name: "abuse".into(), points: points(60, 0.8, 0.4) },
        ],
        marks: vec![],
        curves: vec![],
    })
}

fn claims() -> Svg {
    let layer = |name: &str, base: f64, phase: f64| {
        Series::new(
            name,
            (0..52)
                .map(|w| {
                    (1.672e12 + f64::from(w) * 6.048e8, base * (1.3 + (f64::from(w) / 6.0 + phase).sin()))
                })
                .collect(),
        )
    };
    area(&AreaSpec {
        title: "Refund requests a week, by what they truly were".into(),
        about: "Abuse comes in two waves.".into(),
        x: Axis::time("Week of the request"),
        y: Axis::number("Requests a week"),
        layers: vec![
            layer("legitimate", 120.0, 0.0),
            layer("policy_abuse", 20.0, 1.0),
            layer("abuse", 14.0, 2.0),
        ],
        marks: vec![Mark::Across(1.672e12 + 34.0 * 6.048e8, "training ends".into())],
    })
}

fn matrix() -> Svg {
    heat(&HeatSpec {
        title: "Decisions of policy A against policy B".into(),
        about: "Nine in ten decisions agree.".into(),
        value: Axis::number("Requests"),
        rows: ["instant_refund", "refund_on_scan", "review", "deny"].map(String::from).into(),
        columns: ["instant_refund", "refund_on_scan", "review", "deny"].map(String::from).into(),
        values: vec![
            vec![8_120.0, 210.0, 33.0, 0.0],
            vec![105.0, 940.0, 61.0, 0.0],
            vec![12.0, 44.0, 302.0, 9.0],
            vec![0.0, 0.0, 4.0, f64::NAN],
        ],
    })
}
