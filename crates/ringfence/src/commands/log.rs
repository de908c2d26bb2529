//! Is the log still what was written? Proves it, exports it and its head, signs that, makes the key.

mod export;

use crate::commands::{Context, read_text};
use crate::failure::{At, Failure};
use crate::print;
use crate::progress::Progress;
use clap::Subcommand;
use ringfence_domain::Timestamp;
use ringfence_store::log::{HeadKey, PublicKey, SignedHead, Verified, verify};
use ringfence_store::{LOG_FOLDER, Log, LogError, Options};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

/// Proves that nothing recorded was changed or lost; exports the log, and its head, which it signs.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence log verify --data /var/lib/ringfence\n  ringfence log head --data /var/lib/ringfence --sign log.key > head.json"
)]
pub(crate) struct Args {
    /// What to do with the log.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Verify(VerifyArgs),
    Export(export::Args),
    Head(HeadArgs),
    Keygen(KeygenArgs),
}

/// Proves order, completeness and integrity of the log, and names the first bad position.
///
/// Changes nothing and may run beside the service. Whoever can write the folder could write another log that is whole in
/// itself: hold it against a signed head that is kept elsewhere (--against, --key; the service must be stopped for that).
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence log verify --data /var/lib/ringfence\n  ringfence log verify --data /var/lib/ringfence --against head.json --key log.key.pub"
)]
struct VerifyArgs {
    /// The folder of the service.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A head that `log head --sign` printed.
    #[arg(long, value_name = "FILE", requires = "key")]
    against: Option<PathBuf>,
    /// The public key that it must be signed with.
    #[arg(long, value_name = "FILE", requires = "against")]
    key: Option<PathBuf>,
}

/// Proves the log and prints its head, signed where a key is given; keep it where the log's writers cannot write.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence log head --data /var/lib/ringfence --sign log.key > head.json")]
struct HeadArgs {
    /// The folder of the service.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The private key, as `log keygen` wrote it.
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
}

/// Makes a key that signs heads: the private part in FILE, the public part in FILE.pub.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence log keygen --out log.key")]
struct KeygenArgs {
    /// Where to write it; a file that is there is not replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    match &args.what {
        What::Verify(args) => run_verify(args, context)?,
        What::Export(args) => export::run(args, context)?,
        What::Head(args) => run_head(args, context)?,
        What::Keygen(args) => run_keygen(args, context)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn run_verify(args: &VerifyArgs, context: &Context) -> Result<(), Failure> {
    let signed = match (&args.against, &args.key) {
        (Some(head), Some(key)) => Some(signed_head(head, key)?),
        (Some(_) | None, _) => None,
    };
    let verified = verified(&args.data)?;
    if let Some(SignedHead { head, .. }) = &signed {
        let folder = args.data.join(LOG_FOLDER);
        Log::open(&folder, Options::default())
            .and_then(|log| log.verify_against(head))
            .at(folder.display())?;
    }
    if context.json {
        return print::json(&verified);
    }
    let Verified { anchor, head, blocks, bytes: _, unfinished_bytes } = verified;
    let mut words = format!("{}\n", print::headline("The log is whole."));
    let records = head.position - anchor.position;
    words.push_str(&format!("{} records in {} blocks", print::count(records), print::count(blocks)));
    words.push_str(&format!(", positions {} to {}\nhead {}\n", anchor.position, head.position, head.hash));
    if unfinished_bytes > 0 {
        words.push_str(&format!("{unfinished_bytes} bytes of an append that is not finished\n"));
    }
    match signed {
        Some(signed) => words.push_str(&format!("It fits the head signed at {}.\n", signed.signed_at)),
        None => words.push_str("Hold it against a signed head to know that its end was not cut off.\n"),
    }
    print::out(&words)
}

fn signed_head(head: &Path, key: &Path) -> Result<SignedHead, Failure> {
    let signed: SignedHead =
        serde_json::from_str(&read_text(head, "read the signed head")?).at(head.display())?;
    let public: PublicKey = read_text(key, "read the public key")?.parse().at(key.display())?;
    signed.verify(&public).at(head.display())?;
    Ok(signed)
}

fn verified(data: &Path) -> Result<Verified, Failure> {
    let folder = data.join(LOG_FOLDER);
    let mut progress = Progress::new("verified", None);
    verify(&folder, &mut |position| progress.set(position)).map_err(|error| failure(&error, &folder))
}

/// What is wrong with a log.
pub(crate) fn failure(error: &LogError, folder: &Path) -> Failure {
    let words = error.to_string();
    let cause = std::error::Error::source(error).map(|e| format!(": {e}")).unwrap_or_default();
    match words.rsplit_once("; ") {
        Some((what, help)) => Failure::new(what, folder.display()).help(help),
        None => Failure::new(format!("{words}{cause}"), folder.display()),
    }
}

fn run_head(args: &HeadArgs, context: &Context) -> Result<(), Failure> {
    let key = match &args.sign {
        Some(path) => Some(HeadKey::parse(&read_text(path, "read the key")?).at(path.display())?),
        None => None,
    };
    let head = verified(&args.data)?.head;
    match key {
        Some(key) => print::json(&key.sign(head, now()?)),
        None if context.json => print::json(&head),
        None => print::out(&format!("{} {}\n", head.position, head.hash)),
    }
}

/// The time of the system's clock.
pub(crate) fn now() -> Result<Timestamp, Failure> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).at("the system's clock")?;
    let now = i64::try_from(since.as_millis()).ok().and_then(Timestamp::from_millis);
    now.ok_or_else(|| Failure::new("it is not set", "the system's clock"))
}

#[derive(Serialize)]
struct Made<'a> {
    private: &'a Path,
    public: &'a Path,
    key: PublicKey,
}

fn run_keygen(args: &KeygenArgs, context: &Context) -> Result<(), Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|e| Failure::new(e, "random bytes of the system"))?;
    let key = HeadKey::from_seed(&seed);
    let mut public = args.out.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    write_new(&args.out, &key.secret_text(), 0o600)?;
    write_new(&public, &key.public().to_string(), 0o644)?;
    if context.json {
        return print::json(&Made { private: &args.out, public: &public, key: key.public() });
    }
    print::out(&format!(
        "private key in {}: give it to nobody\npublic key in {}\n",
        args.out.display(),
        public.display()
    ))
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(path).and_then(|mut file| writeln!(file, "{text}"));
    written.map_err(|error| Failure::io("write", path, &error))
}
