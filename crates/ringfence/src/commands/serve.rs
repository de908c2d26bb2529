//! How is the decision service started? Its state in one folder, answers over HTTP.

mod casework;
mod logs;
mod oidc;
mod settings;
mod traces;

use crate::commands::serve::settings::{Effective, Flags};
use crate::commands::serve::traces::Traces;
use crate::commands::{Context, read_text};
use crate::deciding::Deciding;
use crate::failure::{At, Failure};
use crate::input;
use crate::print;
use crate::progress::Progress;
use ringfence_decide::{DEFAULT_POLICY, RULES_ONLY_POLICY};
use ringfence_domain::Timestamp;
use ringfence_service::library::Given;
use ringfence_service::serve::Service;
use ringfence_service::tls::TlsListener;
use ringfence_store::LOG_FOLDER;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Answers refund requests over HTTP, with everything that it takes in a durable log.
///
/// The first start prints a link through which the first administrator is made; there is no default password. What was
/// answered stays answered: a restart takes the log back and compares every decision with its record. /docs describes the
/// endpoints.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence serve --data shop --model model.json\n  ringfence serve --data shop --listen 0.0.0.0:8420"
)]
pub(crate) struct Args {
    /// Folder of the log, the snapshots and the keys; made where it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten, next_help_heading = "For a new folder (later by promotion, see the guide)")]
    deciding: Deciding,
    #[command(flatten, next_help_heading = "Settings")]
    flags: Flags,
    /// Print what holds, as a configuration file that says where each value comes from, and end.
    #[arg(long)]
    print_config: bool,
}

/// What is told at the start.
#[derive(Serialize, Debug)]
struct Started {
    address: String,
    snapshot: Option<u64>,
    snapshots_passed_over: usize,
    records_replayed: u64,
    decisions_compared: u64,
    /// The token of the link, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set_up_link: Option<String>,
}

fn clock() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(since.as_millis() as i64).unwrap_or(Timestamp::MIN)
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let Effective { listen, tls, follow, log, log_format, traces, mut settings, mut text } =
        settings::effective(&args.flags, &context.config.serve)?;
    settings.casework = casework::effective(
        std::env::var(casework::DATABASE).ok().as_deref(),
        &context.config.casework,
        &mut text,
    )?;
    if args.print_config {
        return print::out(&text).map(|()| ExitCode::SUCCESS);
    }
    let traces = traces.map(|t| Traces::to(&t.collector, t.sampled)).transpose()?;
    logs::begin(log, log_format, traces.as_ref());
    let public_url = settings.web.public_url.clone();
    let given = given(args, context)?;
    let tokens = input::tokeniser(&context.config)?;
    let mut progress = Progress::new("take the log back", None);
    let service =
        Service::open(&args.data, &given, &context.config, settings, tokens, clock, &mut |done, _| {
            progress.set(done);
        })
        .at(args.data.display())?;
    drop(progress);
    keep_card(&service, args.deciding.model.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|e| Failure::new(format!("cannot start: {e}"), "threads for connections"))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(|e| {
            Failure::new(format!("cannot listen: {e}"), listen).help("choose another address with --listen")
        })?;
        let address = listener.local_addr().unwrap_or(listen);
        let restart = service.restart;
        let address = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });
        let public = public_url.as_deref().map_or(address.as_str(), |url| url.trim_end_matches('/'));
        let token = service.set_up_token();
        let started = Started {
            set_up_link: token.map(|token| format!("{public}/setup?token={token}")),
            set_up: token.map(str::to_owned),
            address,
            snapshot: restart.snapshot,
            snapshots_passed_over: restart.passed_over,
            records_replayed: restart.records,
            decisions_compared: restart.compared,
        };
        if context.json {
            print::json(&started)?;
        } else {
            print::out(&words(&started))?;
        }
        tracing::info!(
            address = started.address,
            records = started.records_replayed,
            decisions = started.decisions_compared,
            "listening"
        );
        if let Some(folder) = &follow {
            service.follow(folder).at(folder.display())?;
        }
        match tls {
            Some(files) => {
                let listener = TlsListener::new(listener, files).at("tls_certificate")?;
                service.run(listener, stop()).await
            }
            None => service.run(listener, stop()).await,
        }
        .at(args.data.display())
    })?;
    if let Some(traces) = traces {
        traces.end();
    }
    Ok(ExitCode::SUCCESS)
}

/// The card that `train` wrote beside the model is shown with it.
fn keep_card(service: &Service, model: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = model.map(|model| model.with_extension("card.json")).filter(|path| path.exists()) else {
        return Ok(());
    };
    let card = read_text(&path, "read the model card")?;
    service.worker().history().library.put_card(card.as_bytes()).map(drop).at(path.display())
}

/// What the start names, checked where it stands: with the file and the line at which it does not fit.
fn given(args: &Args, context: &Context) -> Result<Given, Failure> {
    let deciding = &args.deciding;
    let model = deciding.model()?;
    // What is not named comes from the log: only a whole set can be checked here.
    let whole = deciding.features.is_some() && deciding.policy.is_some();
    if whole || !args.data.join(LOG_FOLDER).exists() {
        deciding.ready(model.as_ref(), context)?;
    }
    let policy = match deciding.policy.as_deref() {
        None => None,
        Some("default") => Some(DEFAULT_POLICY.to_owned()),
        Some("rules-only") => Some(RULES_ONLY_POLICY.to_owned()),
        Some(file) => Some(read_text(Path::new(file), "read the policy")?),
    };
    let features = deciding.features.as_deref().map(|path| read_text(path, "read the feature catalogue"));
    Ok(Given { features: features.transpose()?, model: model.map(|(m, _)| m.to_json()), policy })
}

/// Control-C, or what a service manager sends.
async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

fn words(started: &Started) -> String {
    let mut out = format!("{}\n", print::headline(&format!("listening on {}", started.address)));
    let from = started
        .snapshot
        .map_or_else(|| "the beginning".to_owned(), |p| format!("a snapshot at record {}", print::count(p)));
    out += &format!(
        "from {from}, {} records taken back, {} decisions came out as they were answered\n",
        print::count(started.records_replayed),
        print::count(started.decisions_compared)
    );
    if started.snapshots_passed_over > 0 {
        out += &format!(
            "{} newer snapshots are damaged or of an earlier program, and were passed over\n",
            started.snapshots_passed_over
        );
    }
    if let Some(link) = &started.set_up_link {
        out += &format!(
            "\nnobody runs this deployment yet; make its administrator through this link, which works once and for an hour:\n  \
             {link}\n"
        );
    }
    out += &format!("\nendpoints  {}/docs\n", started.address);
    out
}
