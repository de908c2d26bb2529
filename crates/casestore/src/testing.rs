//! Which databases do the tests have? A SQLite in a folder, and a PostgreSQL of their own from the package of the system.

use crate::Place;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A PostgreSQL that is started for a test and thrown away with it.
#[derive(Debug)]
pub struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

/// The programs of the newest PostgreSQL here.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.filter_map(|v| Some(v.ok()?.path().join("bin"))).collect();
    found.retain(|bin| bin.join("initdb").exists());
    found.sort();
    found.pop()
}

/// PostgreSQL does not run as root: then as the user of its package, or as nobody.
fn unprivileged() -> Option<&'static str> {
    let id =
        |arguments: &[&str]| Command::new("id").args(arguments).output().ok().filter(|o| o.status.success());
    let root = id(&["-u"]).is_some_and(|o| o.stdout.trim_ascii() == b"0");
    root.then(|| if id(&["postgres"]).is_some() { "postgres" } else { "nobody" })
}

fn run(programs: &Path, program: &str, arguments: &[&str]) {
    let path = programs.join(program);
    let mut command = match unprivileged() {
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(path);
            command
        }
        None => Command::new(path),
    };
    // Its output would keep the pipe open as long as the server runs.
    let status =
        command.args(arguments).current_dir("/tmp").stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{program} {arguments:?}: {status:?}"
    );
}

impl Cluster {
    /// Starts one; none where there is no PostgreSQL, which is said loudly.
    ///
    /// # Panics
    /// Where there is one and it does not start.
    pub fn start() -> Option<Cluster> {
        let Some(programs) = programs() else {
            eprintln!();
            eprintln!(
                "SKIPPED: no PostgreSQL under /usr/lib/postgresql, so that nothing was tested with it."
            );
            eprintln!("         Install it with: apt-get install postgresql");
            eprintln!();
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        if let Some(user) = unprivileged() {
            let status = Command::new("chown").arg(user).arg(folder.path()).status();
            assert!(status.is_ok_and(|s| s.success()), "give the folder to {user}");
        }
        let data = data.to_str().expect("a plain path").to_owned();
        run(
            &programs,
            "initdb",
            &["-D", &data, "-U", "ringfence", "--auth=trust", "--encoding=UTF8", "--no-sync"],
        );
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=40"
        );
        let log = format!("{data}/log");
        run(&programs, "pg_ctl", &["-D", &data, "-w", "-t", "120", "-l", &log, "-o", &options, "start"]);
        Some(Cluster { folder, programs, port })
    }
    /// A database of its own.
    pub fn database(&self, name: &str) -> Place {
        let port = self.port.to_string();
        run(&self.programs, "createdb", &["-h", "127.0.0.1", "-p", &port, "-U", "ringfence", name]);
        Place::Server(format!("postgres://ringfence@127.0.0.1:{port}/{name}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.folder.path().join("data").display().to_string();
        run(&self.programs, "pg_ctl", &["-D", &data, "-m", "immediate", "-w", "stop"]);
    }
}

/// A SQLite in a folder.
pub fn file(folder: &Path, name: &str) -> Place {
    Place::File(folder.join(name))
}
