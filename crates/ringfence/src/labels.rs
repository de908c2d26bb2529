//! What were the requests really? Label files joined with decisions, for evaluation only.

use crate::failure::{At, Failure};
use ringfence_domain::codec::{LINE_BYTES_MAX, RawLines};
use ringfence_domain::{Decision, Refusal, Timestamp};
use ringfence_learn::baseline::{Baseline, past_refund_rate};
use ringfence_learn::dataset::{Dataset, Label};
use ringfence_learn::evaluate::{Judged, rules_only};
use ringfence_learn::settings::TrainSettings;
use ringfence_store::open;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A line of a label file. Only `refund` and `label` are asked for; a simulation's truth says more.
#[derive(Deserialize, Debug, Clone)]
pub(crate) struct LabelLine {
    /// What it was; lines about other things than refunds have none.
    pub(crate) label: Option<Label>,
    refund: Option<String>,
    /// The ring behind it.
    pub(crate) ring: Option<String>,
    /// The kind of abuse, or the honest cause.
    pub(crate) kind: Option<String>,
    account: Option<String>,
    amount: Option<Amount>,
    #[serde(default)]
    test_purchase: bool,
}

#[derive(Deserialize, Debug, Clone, Copy)]
struct Amount {
    amount: i64,
}

/// Labels by refund.
pub(crate) type Labels = HashMap<String, LabelLine>;

/// Reads a label file: JSON lines `{"refund","label"}`; lines without a label are passed over.
pub(crate) fn read(path: &Path) -> Result<Labels, Failure> {
    let mut labels = Labels::new();
    lines(path, "read the labels", |number, bytes| {
        let line: LabelLine = serde_json::from_slice(bytes).map_err(|e| {
            let place = format!("{}:{number}", path.display());
            Failure::new(format!("not a line of labels: {e}"), place).help(
                "write {\"refund\":\"R17\",\"label\":\"abuse\"} with label abuse, policy_abuse or legitimate",
            )
        })?;
        if let (Some(refund), Some(_)) = (&line.refund, line.label) {
            labels.insert(refund.clone(), line);
        }
        Ok(())
    })?;
    if labels.is_empty() {
        return Err(Failure::new("no line of this file has a refund and a label", path.display())
            .help("write one JSON object a line: {\"refund\":\"R17\",\"label\":\"abuse\"}"));
    }
    Ok(labels)
}

/// Reads the decisions that `score` wrote.
pub(crate) fn decisions(path: &Path) -> Result<Vec<Decision>, Failure> {
    let mut all = Vec::new();
    lines(path, "read the decisions", |number, bytes| {
        let decision = ringfence_domain::codec::decode_json(bytes).map_err(|refusal: Refusal| {
            let Refusal { pointer, reason, remedy, .. } = refusal;
            Failure::new(
                format!("not a decision: {pointer}: {reason}"),
                format!("{}:{number}", path.display()),
            )
            .help(format!("{remedy}; give the file that `ringfence score` wrote"))
        })?;
        all.push(decision);
        Ok(())
    })?;
    if all.is_empty() {
        return Err(Failure::new("there is no decision in this file", path.display())
            .help("write it with `ringfence score --out decisions.jsonl`"));
    }
    Ok(all)
}

fn lines(
    path: &Path,
    attempt: &str,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let reader = open(path).map_err(|e| Failure::io(attempt, &e.path, &e.source))?;
    let mut lines = RawLines::new(reader, LINE_BYTES_MAX);
    loop {
        match lines.next_line() {
            Ok(Some(line)) => take(line.number, line.bytes)?,
            Ok(None) => return Ok(()),
            Err(e) => return Err(e).at(format!("{}:{}", path.display(), lines.number())),
        }
    }
}

/// Which decisions are judged, and how.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct JudgeOptions {
    /// Whether test purchases take part.
    pub(crate) test_purchases: bool,
    /// Whether decisions without a label are left out instead of counting as legitimate.
    pub(crate) only_labelled: bool,
}

/// Decisions with what they were, and the simple ways to rank the same requests.
pub(crate) struct Judgement {
    /// The requests.
    pub(crate) rows: Vec<Judged>,
    /// Index of each row's decision.
    pub(crate) decision_of: Vec<usize>,
    /// Other rankings of the same rows.
    pub(crate) baselines: Vec<Baseline>,
    /// Decisions without a label.
    pub(crate) unlabelled: u64,
    /// Test purchases left out.
    pub(crate) left_out: u64,
}

/// Joins decisions with labels and, where it is there, the training set of the same events.
pub(crate) fn judge(
    decisions: &[Decision],
    labels: &Labels,
    dataset: Option<&Dataset>,
    options: JudgeOptions,
) -> Judgement {
    let row_of: HashMap<&str, u32> = dataset
        .map(|d| d.rows().iter().zip(0u32..).map(|(meta, i)| (meta.refund.as_str(), i)).collect())
        .unwrap_or_default();
    let mut judgement = Judgement {
        rows: Vec::new(),
        decision_of: Vec::new(),
        baselines: Vec::new(),
        unlabelled: 0,
        left_out: 0,
    };
    let mut data_rows = Vec::new();
    // A request is judged by its first decision (contract): later ones revise it.
    let mut seen = HashSet::new();
    for (at, decision) in decisions.iter().enumerate().filter(|(_, d)| seen.insert(d.refund.as_str())) {
        let label = labels.get(decision.refund.as_str());
        let meta = row_of.get(decision.refund.as_str()).copied();
        let known = meta.and_then(|i| dataset.map(|d| &d.rows()[i as usize]));
        let test = label.is_some_and(|l| l.test_purchase) || known.is_some_and(|m| m.test_purchase);
        if test && !options.test_purchases {
            judgement.left_out += 1;
            continue;
        }
        if label.is_none() {
            judgement.unlabelled += 1;
            if options.only_labelled {
                continue;
            }
        }
        let account = known.map(|m| m.account.clone()).or_else(|| label.and_then(|l| l.account.clone()));
        judgement.rows.push(Judged {
            account: account.unwrap_or_else(|| decision.refund.as_str().to_owned()),
            at: decision.decided_at,
            amount_minor: known.map_or_else(|| amount(decision, label), |m| m.amount_minor),
            score: decision.score,
            decision: Some(decision.decision),
            rules: decision.rules.len() as u32,
            label: label.and_then(|l| l.label),
            ring: label.and_then(|l| l.ring.clone()),
            segments: segments(decision.decided_at, known.map(|m| m.amount_minor)),
        });
        judgement.decision_of.push(at);
        data_rows.extend(meta);
    }
    if judgement.rows.iter().any(|row| row.rules > 0) {
        judgement.baselines.push(rules_only(&judgement.rows));
    }
    if let Some(dataset) = dataset.filter(|_| data_rows.len() == judgement.rows.len()) {
        judgement.baselines.push(past_refund_rate(dataset, &data_rows, &TrainSettings::default()));
    }
    judgement
}

/// The amount asked for: as the labels say it, or from the expected loss, which is score × amount.
fn amount(decision: &Decision, label: Option<&LabelLine>) -> i64 {
    if let Some(amount) = label.and_then(|l| l.amount) {
        return amount.amount;
    }
    if decision.score > 0.0 { (decision.expected_loss.amount as f64 / decision.score) as i64 } else { 0 }
}

/// Segments whose false positives are compared.
fn segments(at: Timestamp, amount_minor: Option<i64>) -> Vec<(String, String)> {
    let (year, month, _) = at.civil();
    let mut segments = vec![("month".to_owned(), format!("{year:04}-{month:02}"))];
    if let Some(minor) = amount_minor {
        let band = match minor {
            ..=4_999 => "below 50",
            5_000..=19_999 => "50 to 200",
            20_000..=99_999 => "200 to 1,000",
            100_000.. => "1,000 and more",
        };
        segments.push(("amount".to_owned(), band.to_owned()));
    }
    segments
}
