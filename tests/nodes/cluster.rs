//! A PostgreSQL server of a test's own, ended and removed with it.

use std::{
    io::Write as _,
    net::TcpListener,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use crate::harness::{project, records::sql};

/// A cluster in a temporary directory.
pub(crate) struct Cluster {
    directory: tempfile::TempDir,
}

impl Cluster {
    /// One that runs.
    pub(crate) fn start() -> Cluster {
        // short, for the name of a Unix socket must be
        let directory = tempfile::Builder::new().prefix("nodes.").tempdir().unwrap();
        let cluster = Cluster { directory };
        cluster.script("start", &[]);
        cluster
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The address of one of its databases, by its Unix socket.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://tester@/{database}?host={}&sslmode=disable", self.path().display())
    }

    /// A new database: its address.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql(&format!("create database {name}"));
        self.url(name)
    }

    pub(crate) fn sql(&self, text: &str) -> String {
        sql(&self.url("postgres"), text)
    }

    /// Stops it: `fast`, or `immediate`, which is as if it had crashed.
    pub(crate) fn stop(&self, mode: &str) {
        self.script("stop", &[("PGSTOP", mode)]);
    }

    /// Starts it again.
    pub(crate) fn start_again(&self) {
        self.script("start", &[]);
    }

    /// The end of what it logged.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.path().join("data/log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// Adds lines to its configuration, to be read when it starts again.
    pub(crate) fn configure(&self, file: &str, lines: &str) {
        let path = self.path().join("data").join(file);
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    fn script(&self, what: &str, environment: &[(&str, &str)]) {
        let mut script = Command::new(project().join("scripts/postgres.sh"));
        let output = script.arg(what).arg(self.path()).envs(environment.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut script = Command::new(project().join("scripts/postgres.sh"));
        // it may be stopped already
        let _ = script.arg("stop").arg(self.path()).env("PGSTOP", "immediate").output();
    }
}

/// Ends the work of the others, also when the test fails: they are waited for.
pub(crate) struct Ending<'d>(pub(crate) &'d AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A port of this machine that nobody listens on, outside of those that are given out for port 0.
pub(crate) fn free_port() -> u16 {
    let first = 10_000 + std::process::id() % 20_000;
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (first..32_000).chain(10_000..first).filter_map(|port| u16::try_from(port).ok()).find(free).unwrap()
}

/// Waits until it is so; how long that took.
#[track_caller]
pub(crate) fn until(what: &str, most: Duration, mut is_so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < most, "not within {most:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    began.elapsed()
}
