//! What does the engine make of event files? One pass, each refund request handed over with its vector and decision.

use crate::commands::{Context, read_text};
use crate::failure::{At, Failure};
use crate::input::{self, Read};
use crate::packed;
use crate::print;
use ringfence_decide::{DEFAULT_POLICY, Policy, PolicyError, RULES_ONLY_POLICY, reasons};
use ringfence_domain::rates::Rates;
use ringfence_domain::{Currency, Event};
use ringfence_engine::{Applied, Decider, DeciderError, Engine, Labels, Request};
use ringfence_features::{Catalogue, Plan};
use ringfence_learn::dataset::{Dataset, KnownVerdict, RowMeta};
use ringfence_learn::model::Model;
use ringfence_learn::parquet_file::DatasetWriter;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The catalogue of a file, or the built-in one, made ready.
pub(crate) fn plan(path: Option<&Path>) -> Result<Arc<Plan>, Failure> {
    let Some(path) = path else { return Ok(Arc::new(Plan::builtin())) };
    let text = read_text(path, "read the feature catalogue")?;
    let known: Vec<&str> = reasons::all().iter().map(|r| r.code.as_ref()).collect();
    let compiled = Catalogue::parse(&text).and_then(|catalogue| {
        catalogue.check_reasons(&known)?;
        Plan::compile(&catalogue)
    });
    compiled.map(Arc::new).map_err(|e| {
        let failure = Failure::new(&e.message, format!("{}:{}:{}", path.display(), e.line, e.column));
        match e.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })
}

/// The policy `default`, `rules-only`, or that of a file.
pub(crate) fn policy(name: &str) -> Result<Policy, Failure> {
    let text = match name {
        "default" => DEFAULT_POLICY.to_owned(),
        "rules-only" => RULES_ONLY_POLICY.to_owned(),
        file => read_text(Path::new(file), "read the policy")?,
    };
    Policy::parse(&text).map_err(|e| policy_failure(&e, name))
}

/// What is wrong with a policy, with its line and column.
fn policy_failure(e: &PolicyError, name: &str) -> Failure {
    let place = match name {
        "default" => "the built-in default policy",
        "rules-only" => "the built-in rules-only policy",
        file => file,
    };
    let failure = Failure::new(&e.message, format!("{place}:{}:{}", e.line, e.column));
    match &e.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Reads a model file.
pub(crate) fn model(path: &Path) -> Result<Model, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::io("read the model", path, &e))?;
    Model::from_json(&bytes).at(path.display())
}

/// A decider of model and policy for a catalogue.
pub(crate) fn decider(
    plan: &Plan,
    model: Option<(&Model, &Path)>,
    policy: &Policy,
    policy_name: &str,
    reporting: Currency,
) -> Result<Decider, Failure> {
    if policy.currency != reporting {
        let what = format!("the policy is in {}, the reporting currency is {reporting}", policy.currency);
        return Err(Failure::new(what, policy_name)
            .help("write the policy in the reporting currency, or configure reporting_currency"));
    }
    if let Some((model, path)) = model {
        model.fits(&plan.schema).at(path.display())?;
    }
    Decider::new(&plan.schema, model.map(|m| m.0), policy).map_err(|error| match error {
        DeciderError::Model(e) => {
            let place = model.map_or(String::new(), |m| m.1.display().to_string());
            Err::<(), _>(&e).at(&place).err().unwrap_or_else(|| Failure::new(&e, place))
        }
        DeciderError::Policy(e) => policy_failure(&e, policy_name),
    })
}

/// What a pass over event files left behind.
pub(crate) struct Pass {
    /// What was read.
    pub(crate) read: Read,
    /// Verdicts and test purchases.
    pub(crate) labels: Labels,
    /// Refund requests passed over for want of a rate.
    pub(crate) no_rate: u64,
}

/// Where events are read from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// Event files, or one packed log.
    Files(&'a [PathBuf]),
    /// The folder of a service.
    Data(&'a Path),
}

/// Folds event files, one packed log, or the log of a service into the engines, one after the other for each event, and hands over every
/// refund request as each engine saw it, in the order of the engines.
pub(crate) fn pass(
    source: Source<'_>,
    context: &Context,
    label: &str,
    engines: &mut [Engine<Rates>],
    mut on_request: impl FnMut(usize, &Request) -> Result<(), Failure>,
) -> Result<Pass, Failure> {
    if let Source::Files(files) = source
        && let Some(path) = packed::only(files)?
    {
        let (read, labels) = packed::fold(path, context, label, engines, on_request)?;
        return Ok(Pass { read, labels, no_rate: 0 });
    }
    let mut labels = Labels::default();
    let mut no_rate = 0;
    let take = |event: Event| {
        labels.see(&event);
        for (index, engine) in engines.iter_mut().enumerate() {
            match engine.apply(&event) {
                Ok(Applied::Request(request)) => on_request(index, &request)?,
                Ok(Applied::Folded | Applied::Unknown) => {}
                Err(error) => {
                    if no_rate == 0 && index == 0 {
                        eprintln!("warning: {}: {error}", event.id.as_str());
                    }
                    no_rate += u64::from(index == 0);
                }
            }
        }
        Ok(())
    };
    let read = match source {
        Source::Files(files) => input::fold(files, context, label, take),
        Source::Data(folder) => input::fold_log(folder, context, label, take),
    }?;
    if no_rate > 0 {
        eprintln!("warning: {} refund requests without a rate were passed over", print::count(no_rate));
    }
    Ok(Pass { read, labels, no_rate })
}

/// An engine before the first event.
pub(crate) fn engine(plan: &Arc<Plan>, context: &Context, decider: Option<Decider>) -> Engine<Rates> {
    let rates = context.config.rates.clone();
    Engine::new(Arc::clone(plan), rates.reporting(), rates, decider)
}

/// The vectors of all requests as they come, until their verdicts are known at the end of the log.
pub(crate) struct Vectors {
    rows: Vec<RowMeta>,
    numbers: Vec<f32>,
    words: Vec<String>,
    word_numbers: HashMap<String, u32>,
    /// (row, column, word)
    cells: Vec<(u32, u32, u32)>,
    reporting: Currency,
}

impl Vectors {
    /// None yet.
    pub(crate) fn new(reporting: Currency) -> Vectors {
        Vectors {
            rows: Vec::new(),
            numbers: Vec::new(),
            words: Vec::new(),
            word_numbers: HashMap::new(),
            cells: Vec::new(),
            reporting,
        }
    }

    /// Notes a request.
    pub(crate) fn push(&mut self, request: &Request) {
        let row = self.rows.len() as u32;
        self.rows.push(RowMeta {
            refund: request.asked.refund.as_str().to_owned(),
            account: request.asked.account.as_str().to_owned(),
            order: request.asked.order.as_str().to_owned(),
            position: request.position,
            requested_at: request.time,
            amount_minor: request.situation.amount_minor,
            currency: self.reporting,
            test_purchase: false,
            verdicts: Vec::new(),
        });
        // Every number of a vector is representable as f32: nothing is lost.
        self.numbers.extend(request.vector.iter().map(|x| *x as f32));
        for (column, word) in request.words {
            let number = match self.word_numbers.get(word) {
                Some(number) => *number,
                None => {
                    let number = self.words.len() as u32;
                    self.words.push(word.clone());
                    self.word_numbers.insert(word.clone(), number);
                    number
                }
            };
            self.cells.push((row, *column as u32, number));
        }
    }

    /// Adds what became known of the requests by the end of the log.
    pub(crate) fn settle(&mut self, labels: &Labels) {
        for row in &mut self.rows {
            row.test_purchase = labels.is_test_purchase(&row.order);
            let known = labels.verdicts(&row.refund).iter();
            row.verdicts = known.map(|(verdict, at)| KnownVerdict { verdict: *verdict, at: *at }).collect();
        }
    }

    /// Writes them as a training set.
    pub(crate) fn write(&self, plan: &Plan, path: &Path) -> Result<(), Failure> {
        let fail = |e: std::io::Error| Failure::io("write the vectors", path, &e);
        let part = path.with_extension("parquet.part");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        let file = std::io::BufWriter::new(std::fs::File::create(&part).map_err(fail)?);
        let written = self.write_rows(plan, file).map_err(|e| Failure::new(e, path.display()));
        if let Err(failure) = written {
            // Half a file is worth nothing; that it cannot be removed changes nothing about the failure.
            let _ = std::fs::remove_file(&part);
            return Err(failure);
        }
        std::fs::rename(&part, path).map_err(fail)
    }

    fn write_rows(
        &self,
        plan: &Plan,
        out: impl std::io::Write + Send,
    ) -> Result<(), ringfence_learn::parquet_file::DatasetError> {
        let width = plan.schema.columns.len();
        let mut writer = DatasetWriter::new(out, plan.schema.clone())?;
        let mut cells = self.cells.as_slice();
        let mut vector = vec![0.0; width];
        for (i, row) in self.rows.iter().enumerate() {
            let here = cells.partition_point(|c| c.0 as usize <= i);
            let words = &cells[..here];
            for (to, from) in vector.iter_mut().zip(&self.numbers[i * width..(i + 1) * width]) {
                *to = f64::from(*from);
            }
            writer.push(row, &vector, |column| {
                words.iter().find(|c| c.1 as usize == column).map(|c| self.words[c.2 as usize].as_str())
            })?;
            cells = &cells[here..];
        }
        writer.finish().map(|_| ())
    }

    /// Turns them into a training set in memory.
    pub(crate) fn into_dataset(self, plan: &Plan) -> Dataset {
        let width = plan.schema.columns.len();
        let mut dataset = Dataset::new(plan.schema.clone());
        let mut vector = vec![0.0; width];
        for (i, row) in self.rows.into_iter().enumerate() {
            for (to, from) in vector.iter_mut().zip(&self.numbers[i * width..(i + 1) * width]) {
                *to = f64::from(*from);
            }
            dataset.push(row, &vector);
        }
        dataset
    }
}
