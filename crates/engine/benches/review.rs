//! How much more is found by choosing what to review for money and learning than by going down the scores?
//!
//! `cargo bench -p ringfence-engine --bench review [-- ACCOUNTS DAYS PERCENT SEED…]`: simulated shops of both scenarios. Until
//! day 200 the verdicts are those of the simulation; from then on only what is reviewed gets one, three days after its week, and
//! the model is learned anew every four weeks from what is known then. Each way of choosing lives in a world of its own with
//! the same requests, the same budget (PERCENT of each week's requests) and the same beginning. Found is what the truth says of
//! the requests that were reviewed; nothing else reads it.

mod shop;

use ringfence_domain::event::{Subject, VerdictRecorded};
use ringfence_domain::id::{EventId, Source, SubjectId};
use ringfence_domain::words::{SubjectKind, Verdict, VerdictMethod};
use ringfence_domain::{Body, Currency, Duration, Event, Money, Timestamp};
use ringfence_engine::{Applied, Engine};
use ringfence_features::Plan;
use ringfence_features::kind::Kind;
use ringfence_learn::dataset::{Dataset, KnownVerdict, Label, RowMeta};
use ringfence_learn::review::{Candidate, ReviewSettings, plan};
use ringfence_learn::score::{Scorer, Scratch};
use ringfence_learn::settings::TrainSettings;
use ringfence_learn::train::train;
use ringfence_simulate::{DEFAULT, HARDER, Scenario};
use shop::{Shop, shop};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Days before the first review.
const BEFORE: i64 = 200;
/// Weeks between two models.
const LEARN_EVERY: usize = 4;
/// Days from the end of a week to the verdicts on what was reviewed of it.
const VERDICT_AFTER: i64 = 3;

type Rate = fn(Money, Timestamp) -> Option<i64>;

fn convert(money: Money, _: Timestamp) -> Option<i64> {
    Some(money.amount)
}

/// A way of choosing.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// The highest scores.
    Score,
    /// The most expected money.
    Money,
    /// Money, learning and chance.
    Plan,
}

/// The world of one way of choosing.
#[derive(Clone)]
struct World {
    engine: Engine<Rate>,
    rows: Vec<(RowMeta, Vec<f64>, String)>,
    /// Looks at each group so far.
    looked_at: BTreeMap<String, u32>,
    due: Vec<Event>,
    scorer: Option<Scorer>,
    found: u64,
    money: i64,
    reviews: u64,
}

impl World {
    fn take(&mut self, event: &Event) -> Result<(), Box<dyn std::error::Error>> {
        while self.due.first().is_some_and(|due| due.time <= event.time) {
            let due = self.due.remove(0);
            self.engine.apply(&due)?;
        }
        let Applied::Request(request) = self.engine.apply(event)? else { return Ok(()) };
        let meta = RowMeta {
            refund: request.asked.refund.to_string(),
            account: request.asked.account.to_string(),
            order: request.asked.order.to_string(),
            position: request.position,
            requested_at: request.time,
            amount_minor: request.situation.amount_minor,
            currency: Currency::USD,
            test_purchase: false,
            verdicts: Vec::new(),
        };
        let vector = request.vector.to_vec();
        let state = self.engine.folder().state();
        let account = state.names.of(Kind::Account).get(&meta.account);
        let group = match account.and_then(|account| state.clusters.number(account)) {
            Some(cluster) => format!("K{cluster}"),
            None => meta.account.clone(),
        };
        self.rows.push((meta, vector, group));
        Ok(())
    }
    fn dataset(&self, plan: &Plan) -> Dataset {
        let mut dataset = Dataset::new(plan.schema.clone());
        for (meta, vector, _) in &self.rows {
            dataset.push(meta.clone(), vector);
        }
        dataset
    }
    fn learn(&mut self, plan: &Plan, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
        let trained =
            train(&self.dataset(plan), now, &TrainSettings { search: false, ..TrainSettings::default() })?;
        self.scorer = Some(Scorer::compile(&trained.model, &plan.schema)?);
        Ok(())
    }
    /// Reviews what it chooses of the requests from `from` on.
    fn review(&mut self, by: By, from: usize, week: u64, percent: f64, shop: &Shop, now: Timestamp) {
        let scorer = self.scorer.as_ref().expect("a model was learned before the first review");
        let mut scratch = Scratch::default();
        let candidates: Vec<Candidate> = self.rows[from..]
            .iter()
            .map(|(meta, vector, group)| Candidate {
                refund: meta.refund.clone(),
                group: group.clone(),
                probability: scorer.score(vector, &mut scratch),
                amount_minor: meta.amount_minor,
                looked_at: self.looked_at.get(group).copied().unwrap_or_default(),
            })
            .collect();
        let budget = (candidates.len() as f64 * percent / 100.0).round() as usize;
        let chosen: Vec<String> = match by {
            By::Plan => {
                let settings = ReviewSettings { seed: week, ..ReviewSettings::of(budget) };
                plan(&candidates, &settings).into_iter().map(|p| p.refund).collect()
            }
            By::Score | By::Money => {
                let worth = |c: &Candidate| {
                    if by == By::Score { c.probability } else { c.probability * c.amount_minor as f64 }
                };
                let mut sorted: Vec<&Candidate> = candidates.iter().collect();
                sorted.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(a.refund.cmp(&b.refund)));
                sorted.iter().take(budget).map(|c| c.refund.clone()).collect()
            }
        };
        let known_at = now.plus(Duration::days(VERDICT_AFTER));
        for refund in chosen {
            let abuse = shop.truth.get(&refund).copied().unwrap_or_default();
            let verdict = if abuse { Verdict::Abuse } else { Verdict::Legitimate };
            let row = self.rows[from..].iter_mut().find(|r| r.0.refund == refund).expect("chosen of these");
            row.0.verdicts.push(KnownVerdict { verdict, at: known_at });
            self.reviews += 1;
            self.found += u64::from(abuse);
            self.money += if abuse { row.0.amount_minor } else { 0 };
            *self.looked_at.entry(row.2.clone()).or_default() += 1;
            self.due.push(Event {
                id: EventId::new(&format!("review-{refund}")).expect("short"),
                source: Source::new("review").expect("short"),
                time: known_at,
                recorded: None,
                body: Body::VerdictRecorded(VerdictRecorded {
                    subject: Subject {
                        kind: SubjectKind::Refund,
                        id: SubjectId::new(&refund).expect("an id"),
                    },
                    verdict,
                    method: VerdictMethod::Investigation,
                    attributes: None,
                }),
            });
        }
    }
}

/// The verdicts of the simulation that were known when reviews began.
fn known_before(shop: &Shop, until: Timestamp) -> BTreeMap<String, KnownVerdict> {
    let mut known = BTreeMap::new();
    for event in shop.events.iter().filter(|e| e.time <= until) {
        if let Body::VerdictRecorded(v) = &event.body
            && v.subject.kind == SubjectKind::Refund
            && Label::of(v.verdict).is_some()
        {
            known.insert(v.subject.id.to_string(), KnownVerdict { verdict: v.verdict, at: event.time });
        }
    }
    known
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let at = |n: usize, default: u32| numbers.get(n).copied().unwrap_or(default);
    let (accounts, days, percent) = (at(0, 24_000), at(1, 365), at(2, 1));
    let seeds = if numbers.len() > 3 { numbers[3..].to_vec() } else { vec![1, 2, 3] };
    let catalogue = Arc::new(Plan::builtin());
    println!(
        "{accounts} accounts, {days} days, {percent} % of each week's requests reviewed from day {BEFORE} on\n"
    );
    println!(
        "| scenario | seed | weeks | reviews | chosen by | abuse found | money found | against the scores |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, text) in [("default", DEFAULT), ("harder", HARDER)] {
        for &seed in &seeds {
            let shop = shop(&Scenario::parse(text)?, u64::from(seed), accounts, days)?;
            let begin = shop.start.plus(Duration::days(BEFORE));
            let mut first = World {
                engine: Engine::new(catalogue.clone(), Currency::USD, convert as Rate, None),
                rows: Vec::new(),
                looked_at: BTreeMap::new(),
                due: Vec::new(),
                scorer: None,
                found: 0,
                money: 0,
                reviews: 0,
            };
            let cut = shop.events.iter().position(|e| e.time > begin).unwrap_or(shop.events.len());
            for event in &shop.events[..cut] {
                first.take(event)?;
            }
            let known = known_before(&shop, begin);
            for (meta, _, _) in &mut first.rows {
                meta.verdicts.extend(known.get(&meta.refund));
            }
            first.learn(&catalogue, begin)?;
            let mut by_score = 0;
            for (by, told) in
                [(By::Score, "score"), (By::Money, "expected money"), (By::Plan, "money, learning, chance")]
            {
                let mut world = first.clone();
                let (mut week, mut from) = (0, world.rows.len());
                let mut end = begin.plus(Duration::days(7));
                for event in &shop.events[cut..] {
                    while event.time > end {
                        world.review(by, from, week as u64, f64::from(percent), &shop, end);
                        week += 1;
                        from = world.rows.len();
                        if week % LEARN_EVERY == 0 {
                            world.learn(&catalogue, end)?;
                        }
                        end = end.plus(Duration::days(7));
                    }
                    if !matches!(event.body, Body::VerdictRecorded(_)) {
                        world.take(event)?;
                    }
                }
                if by == By::Score {
                    by_score = world.money;
                }
                println!(
                    "| {name} | {seed} | {week} | {} | {told} | {} | {:.0} | {:+.0} % |",
                    world.reviews,
                    world.found,
                    world.money as f64 / 100.0,
                    (world.money as f64 / by_score as f64 - 1.0) * 100.0
                );
            }
        }
    }
    Ok(())
}
