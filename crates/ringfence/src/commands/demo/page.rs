//! How is the demo's report told? Figures beside their baselines first, then why to believe them.

use crate::charts;
use crate::commands::backtest::page::{figures_table, matrix};
use crate::commands::demo::cases::{Case, Role};
use crate::commands::demo::{Demo, money, story};
use crate::commands::evaluate::figure_rows;
use crate::commands::rings;
use crate::print;
use ringfence_domain::Timestamp;
use ringfence_learn::dataset::Label;
use ringfence_learn::evaluate::{Evaluation, Figures};
use ringfence_report::{Card, Cell, Dossier, Moment, Page, Section, Table, Tone, Weight, text};

/// The report.
pub(crate) fn page(demo: &Demo) -> Page {
    let s = &demo.simulated;
    let lead = format!(
        "A simulated marketplace of {} accounts over {} days, with rings that sell refunds, and what Ringfence makes of \
         its {} events: every figure is measured on requests that the model had not seen, beside what simpler ways reach.",
        print::count(u64::from(s.accounts)),
        s.days,
        print::count(demo.checked.events)
    );
    terms(Page::new("Refund abuse: what was found, what it saves, and why").lead(&lead))
        .section(headline(demo))
        .section(happened(demo))
        .section(found(demo))
        .section(trust(demo))
        .section(decided(demo))
        .section(explained(demo))
        .section(behind(demo))
        .section(model(demo))
        .section(real(demo))
        .section(made(demo))
        .note(&format!("Written by `ringfence demo` {}, seed {}.", env!("CARGO_PKG_VERSION"), s.seed))
        .note(&format!("Features {}", demo.replayed.catalogue))
        .note(&format!("Model {}", demo.learned.card.model))
        .note(&format!("Policy {}", demo.policies[0].0.hash))
}

fn terms(page: Page) -> Page {
    page.term("abuse", "A lie for money: goods said not to have come, empty boxes sent back, bribed staff.")
        .term("policy abuse", "Against the rules or their spirit, without a lie about the goods, such as worn and returned.")
        .term("ring", "People who sell refunds as a service: operators, refunders, buyers, insiders.")
        .term("review budget", "The share of all requests that people have time to look at; here 1 %.")
        .term("average precision", "The area under the precision–recall curve: 1 is perfect, the share of abuse is chance.")
        .term("past refund rate", "The simplest baseline: rank requests by how often the account asked for money back before.")
        .term("rules only", "A careful retailer's rules, without a model; ranked by the points of the rules that match.")
        .term("ECE", "Expected calibration error: the mean gap between the score and the share that turned out abuse.")
        .term("held-out", "Later than everything that the model learned from.")
        .term("verdict", "What people found out about a request: late, and only where somebody looked.")
        .term("cost", "What is lost to abusers, plus reviews and other handling, plus what decisions cost with honest customers; by the figures of the default policy.")
}

fn share_card(value: f64, label: &str, anchor: &str) -> Card {
    Card::new(&text::share(value), label, anchor)
}

/// The best baseline by a figure, in words.
fn best(e: &Evaluation, of: fn(&Figures) -> f64, show: fn(f64) -> String) -> String {
    let best = e.baselines.iter().filter(|b| of(b).is_finite()).max_by(|a, b| of(a).total_cmp(&of(b)));
    best.map_or(String::new(), |b| format!("[[{}]]: {}", b.name, show(of(b))))
}

fn headline(demo: &Demo) -> Section {
    let (e, c) = (&demo.evaluation, &demo.comparison);
    let saved = c.a.saved_against_paying_everything_minor;
    let against_rules = -c.b_saves_minor;
    let good = |is: bool| if is { Tone::Good } else { Tone::Bad };
    let ap = |f: &Figures| story::value(f.average_precision);
    let found = |f: &Figures| story::value(f.money_at_budget);
    let best_ap = e.baselines.iter().map(ap).fold(0.0, f64::max);
    let honest_rules = {
        let o = &c.b.outcome;
        (o.honest_paid_at_once + o.honest_paid_on_scan) as f64 / (o.honest as f64).max(1.0)
    };
    let honest = e.honest_paid_fast.unwrap_or(f64::NAN);
    Section::new("headline", "In short")
        .cards(vec![
            Card::new(&money::whole(demo, saved), "saved against paying everything at once", &format!(
                "[[cost]] {} instead of {}; against rules only: {}",
                money::whole(demo, c.a.outcome.total_cost_minor),
                money::whole(demo, c.paying_everything.total_cost_minor),
                money::whole(demo, against_rules)
            ))
            .tone(good(saved > 0 && against_rules > 0)),
            share_card(found(&e.model), "of the abused money found at a [[review budget]] of 1 %", &best(e, |f| story::value(f.money_at_budget), text::share))
                .tone(good(found(&e.model) > e.baselines.iter().map(found).fold(0.0, f64::max))),
            Card::new(&text::decimal(ap(&e.model), 3), "[[average precision]] on held-out requests", &best(e, |f| story::value(f.average_precision), |v| text::decimal(v, 3)))
                .tone(good(ap(&e.model) > best_ap)),
            share_card(honest, "of the honest requests paid at once or at the first scan", &format!("rules only: {}", text::share(honest_rules)))
                .tone(good(honest >= 0.85)),
            rings_card(e),
            Card::new(&text::decimal(e.model.ece.unwrap_or(f64::NAN), 4), "calibration error ([[ECE]]): the score comes true", "0 is perfect; above 0.02 costs are weighed wrongly")
                .tone(good(e.model.ece.is_some_and(|v| v <= 0.02))),
        ])
        .table(figures(e))
        .text("In brackets: the middle 95 % of a bootstrap over days. The truth of the simulation was used to judge, never to learn.")
}

fn rings_card(e: &Evaluation) -> Card {
    let (figure, anchor) = match e.model.rings {
        Some(r) => (
            text::share(r.first_hit_recall),
            format!(
                "of {} rings; median request of a ring that is the first one met: no. {}",
                r.rings,
                r.requests_to_first_hit.map_or("–".into(), text::plain)
            ),
        ),
        None => ("–".into(), "no ring in the held-out time".into()),
    };
    Card::new(&figure, "of the [[ring|rings]] met within the review budget", &anchor)
}

fn figures(e: &Evaluation) -> Table {
    let all: Vec<&Figures> = std::iter::once(&e.model).chain(&e.baselines).collect();
    let names: Vec<&str> = std::iter::once("").chain(all.iter().map(|f| f.name.as_str())).collect();
    let reviewed = format!("{} reviewed", print::count(e.budget_rows.round() as u64));
    figure_rows(&reviewed).into_iter().fold(
        Table::new("The model beside its baselines", &names),
        |table, (name, of)| {
            let cells = all.iter().map(|f| Cell::Number(of(f)));
            table.row(std::iter::once(Cell::Text(name)).chain(cells).collect())
        },
    )
}

fn happened(demo: &Demo) -> Section {
    let requests: Vec<(Timestamp, Option<Label>)> = demo
        .dataset
        .rows()
        .iter()
        .map(|row| (row.requested_at, demo.labels.get(&row.refund).and_then(|l| l.label)))
        .collect();
    let count = |label| requests.iter().filter(|r| r.1 == Some(label)).count();
    let all = requests.len().max(1) as f64;
    Section::new("happened", "What happened in the marketplace")
        .text(&format!(
            "{} refund requests, of which {} ({}) are [[abuse]] and {} ({}) [[policy abuse]]. {} of the requests come \
             from [[ring|rings]]. The shop's people found out about {} requests: a [[verdict]] comes late, and only where somebody looked.",
            print::count(requests.len() as u64),
            print::count(count(Label::Abuse) as u64),
            text::share(count(Label::Abuse) as f64 / all),
            print::count(count(Label::PolicyAbuse) as u64),
            text::share(count(Label::PolicyAbuse) as f64 / all),
            print::count(demo.simulated.summary.ring_refunds),
            print::count(demo.replayed.requests_with_verdict),
        ))
        .chart(charts::weeks(&requests, demo.cut))
}

fn found(demo: &Demo) -> Section {
    let e = &demo.evaluation;
    Section::new("found", "What is found, and at what price")
        .text(
            "Requests are ranked from most to least suspicious. The further down the list people look, the more abuse they find \
             (recall), and the more honest requests are among those they look at (precision).",
        )
        .chart(charts::precision_recall(e))
        .chart(charts::money_by_budget(e))
}

fn trust(demo: &Demo) -> Section {
    let e = &demo.evaluation;
    Section::new("trust", "Can the score be believed?")
        .text(
            "A decision weighs money by the score, so the score has to be a probability: of the requests with a score of 30 %, \
             30 % have to be abuse.",
        )
        .chart(charts::calibration(e))
        .chart(charts::scores(e))
}

fn decided(demo: &Demo) -> Section {
    let c = &demo.comparison;
    Section::new("decided", "What was decided, and what it costs")
        .text(&format!(
            "For each request the policy chooses the decision of least expected [[cost]]. Judged by the truth, the \
             decisions cost {}; [[rules only]] cost {}, and paying everything at once {}.",
            money::whole(demo, c.a.outcome.total_cost_minor),
            money::whole(demo, c.b.outcome.total_cost_minor),
            money::whole(demo, c.paying_everything.total_cost_minor)
        ))
        .chart(charts::money_over_time(money::by_day(demo), c.currency.as_str()))
        .chart(charts::decisions(&demo.evaluation))
        .table(figures_table(c))
        .details("Decision by decision, the model with the default policy against rules only", Section::new("", "").chart(matrix(c)))
}

fn explained(demo: &Demo) -> Section {
    let section = Section::new("explained", "Three decisions, explained").text(
        "Picked by rule, not by looks, among the held-out requests: of the rings' requests that were not paid at once, the one \
         with the largest expected loss; of the honest ones paid at once, the dearest; and of the honest ones that were \
         stopped, the one with the highest score. The last is a mistake, and shows what a reviewer would see.",
    );
    demo.cases.iter().fold(section, |section, case| section.dossier(dossier(demo, case)))
}

fn dossier(demo: &Demo, case: &Case) -> Dossier {
    let d = &case.decision;
    let mut moments: Vec<Moment> = case
        .happened
        .iter()
        .map(|h| Moment {
            when: when(h.at),
            what: h.what.clone(),
            note: h.note.clone(),
            tone: if h.cited && !h.request { Tone::Bad } else { Tone::Plain },
        })
        .collect();
    let at = case.happened.iter().take_while(|h| h.at <= d.decided_at).count();
    moments.insert(
        at,
        Moment {
            when: when(d.decided_at),
            what: format!("**Ringfence decides: {}**", d.decision.to_string().replace('_', " ")),
            note: format!("to be told to the customer by {}", when(d.respond_by)),
            tone: if case.role == Role::Caught { Tone::Good } else { Tone::Plain },
        },
    );
    let weights = d.reasons.iter().map(|r| Weight {
        name: r.code.clone(),
        text: r.text.clone(),
        weight: r.weight,
        shown: story::points(r.weight),
    });
    let rules = if d.rules.is_empty() { "none".to_owned() } else { d.rules.join(", ") };
    Dossier {
        title: format!("{}: {}", d.refund.as_str(), case.role.words()),
        badge: d.decision.to_string().replace('_', " "),
        tone: if case.role == Role::Erred { Tone::Bad } else { Tone::Good },
        facts: vec![
            ("Asked for".into(), money::exact(demo, case.amount_minor)),
            ("Score".into(), text::share(d.score)),
            ("Expected loss".into(), d.expected_loss.to_string()),
            ("Rules that matched".into(), rules),
            ("The truth".into(), format!("{} ({})", case.label.as_str().replace('_', " "), case.truth)),
        ],
        text: "What moved the score, in percentage points, and then what happened; filled marks are events that the reasons name.".into(),
        weights: weights.collect(),
        moments,
    }
}

/// A time to the minute.
fn when(at: Timestamp) -> String {
    at.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

fn model(demo: &Demo) -> Section {
    let model = &demo.learned.trained.model;
    let abouts = &demo.dataset.schema().columns;
    let rows = charts::importance_of(model).into_iter().take(10);
    let table = rows.fold(
        Table::new("The ten strongest features", &["Feature", "What it tells", "Gain"]),
        |table, (name, gain)| {
            let about = abouts.iter().find(|c| c.name == name).map_or("", |c| c.about.as_str());
            table.row(vec![Cell::Text(format!("`{name}`")), about.into(), Cell::Number(text::share(gain))])
        },
    );
    Section::new("model", "The model")
        .text(&format!(
            "{} trees over {} features of the past, none of them about who somebody is. Learned in {:.0} s; its card, with \
             false positives by segment and drift, is in `{}`.",
            print::count(model.trees.len() as u64),
            demo.replayed.features,
            demo.learned.seconds,
            file_name(&demo.learned.card_html)
        ))
        .chart(charts::importance(model))
        .details("What the strongest features tell", Section::new("", "").table(table))
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned())
}

fn behind(demo: &Demo) -> Section {
    let section = Section::new("behind", "Who is behind it?").list(demo.leads.words());
    let section = match demo.leads.rings.first() {
        Some(lead) => {
            section.text("The first of them; all are in `rings.html`.").chart(rings::page::graph(lead))
        }
        None => section,
    };
    let table = demo.leads.staff.iter().fold(
        Table::new(
            "Leads on members of staff",
            &["Staff", "Probability", "Looks", "Figures out of line", "Money"],
        ),
        |table, lead| {
            let families: Vec<String> = lead.families.iter().map(|f| print::word(&f.family)).collect();
            table.row(vec![
                lead.staff.as_str().into(),
                Cell::Number(print::probability(lead.probability)),
                print::word(&lead.pattern).as_str().into(),
                families.join(", ").as_str().into(),
                Cell::Number(lead.money.to_string()),
            ])
        },
    );
    if table.is_empty() { section } else { section.table(table) }
}

fn real(demo: &Demo) -> Section {
    let likeness = &demo.simulated.realism;
    let within = likeness.iter().filter(|l| l.within).count();
    let table =
        Table::new("Rates and lags of the simulated shop", &["", "Simulated", "Published", "", "Source"]);
    let table = likeness.iter().fold(table, |table, l| {
        table.row(vec![
            l.quantity.as_str().into(),
            Cell::Number(l.simulated.map_or("–".into(), |v| l.shown(v))),
            Cell::Number(format!("{} – {}", l.shown(l.low), l.shown(l.high))),
            if l.within { "" } else { "outside" }.into(),
            l.source.as_str().into(),
        ])
    });
    Section::new("real", "How real is the simulation?")
        .text(&format!("{within} of {} rates and lags lie within what is published of real shops.", likeness.len()))
        .note(Tone::Plain, "A simulation shows how the method behaves on what was simulated. It is not a measurement of any shop: \
             before you let a model answer, measure it on your own history.")
        .table(table)
}

fn made(demo: &Demo) -> Section {
    let table = demo.steps.iter().fold(Table::new("", &["Step", "Seconds"]), |table, (name, seconds)| {
        table.row(vec![(*name).into(), Cell::Number(text::decimal(*seconds, 1))])
    });
    let total: f64 = demo.steps.iter().map(|s| s.1).sum();
    let table = table.strong(vec!["all".into(), Cell::Number(text::decimal(total, 1))]);
    let memory = demo
        .peak_memory
        .map_or(String::new(), |b| format!(" The process held at most {} of memory.", print::bytes(b)));
    Section::new("made", "How this was made")
        .text(&format!(
            "{} events were folded into {} features at {} events a second, reading included.{memory}",
            print::count(demo.replayed.read.events),
            demo.replayed.features,
            print::count(demo.replayed.events_per_second as u64)
        ))
        .table(table)
        .text("The same steps by hand:")
        .code(&story::by_hand(demo))
}
