//! The same on PostgreSQL: a cluster of its own (`scripts/postgres.sh`), a database for each size, the real server on it.
//! Triggers are set against `pgbench -N` on the same cluster, two nodes against one, each pair in turns.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{MORE, PAGES, PRESSERS, READERS, SPAN, Secrets, Server, alone, fill, finding, median, press, read};

/// Measurements of each thing; the median counts.
const ROUNDS: usize = 3;
/// Requests of one client alone in each round.
const ALONE: usize = 100;

/// What one size gave; every figure by round.
struct Measured {
    secrets: Secrets,
    server: Server,
    url: String,
    paths: Vec<String>,
    /// Requests a second: the fixed answer, then each page.
    rates: Vec<Vec<f64>>,
    /// Median milliseconds of one request of one client alone, by round and page.
    alone_ms: Vec<Vec<f64>>,
    triggers: Vec<f64>,
    pgbench: Vec<f64>,
    /// Presses that were answered and are not in the history, and such as are there and were not answered.
    astray: i64,
    directory: TempDir,
}

/// Fills, loads and prints PostgreSQL's table.
pub(crate) fn measure(runtime: &Runtime, sizes: [usize; 2]) {
    let cluster = Cluster::start();
    let mut measured: Vec<Measured> = sizes.iter().map(|size| Measured::filled(&cluster, *size)).collect();
    for _ in 0..ROUNDS {
        for one in &mut measured {
            one.round(runtime, &cluster);
        }
    }
    let nodes = two_nodes(runtime, &mut measured[0], &cluster);
    report(&measured, sizes, &nodes);
    if let [one, other] = &measured[..] {
        let asked = [(one, sizes[0]), (other, sizes[1])];
        let asked = asked.map(|(one, size)| finding::Asked::new(&one.server.address, &one.secrets, size));
        finding::measure(runtime, asked);
    }
    for one in &mut measured {
        one.server.stop();
    }
}

impl Measured {
    fn filled(cluster: &Cluster, size: usize) -> Measured {
        let directory = tempfile::tempdir().unwrap();
        let url = cluster.database(&format!("of_{size}"));
        let secrets = fill(directory.path(), Some(&url), size);
        cluster.ask(&format!("of_{size}"), "vacuum analyze");
        let server = Server::start(directory.path(), Some(&url));
        let item = format!("/flow/issue_track/{}", size / 2);
        let pages = PAGES.iter().map(|page| if page.1.is_empty() { &*item } else { page.1 });
        let paths = pages.chain(MORE.iter().map(|(_, path)| *path)).map(str::to_owned).collect();
        let (rates, alone_ms, triggers, pgbench) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Measured { secrets, server, url, paths, rates, alone_ms, triggers, pgbench, astray: 0, directory }
    }

    fn round(&mut self, runtime: &Runtime, cluster: &Cluster) {
        let Measured { secrets, server, paths, .. } = self;
        let pages = paths.iter().take(PAGES.len()).map(String::as_str);
        let paths_read = std::iter::once("/healthz").chain(pages);
        let rates = paths_read.map(|path| runtime.block_on(read(&server.address, path, &secrets.sessions)));
        self.rates.push(rates.collect());
        let alone_ms =
            paths.iter().map(|path| runtime.block_on(alone(&server.address, path, &secrets.sessions[0], ALONE)));
        self.alone_ms.push(alone_ms.collect());
        self.pgbench.push(cluster.pgbench());
        let address = self.server.address.clone();
        let rate = self.press(runtime, cluster, &[&address]);
        self.triggers.push(rate);
    }

    /// Triggers a second; what was answered is counted against the history.
    fn press(&mut self, runtime: &Runtime, cluster: &Cluster, addresses: &[&str]) -> f64 {
        let database = self.url.split(['/', '?']).nth(3).unwrap();
        let kept =
            || cluster.ask(database, "select count(*) from event where kind = 'triggered'").parse::<i64>().unwrap();
        let before = kept();
        let (rate, answered) = runtime.block_on(press(addresses, &self.secrets, self.triggers.len()));
        self.astray += (kept() - before - i64::try_from(answered).unwrap()).abs();
        rate
    }
}

/// Triggers a second of one node and of two together, by round.
fn two_nodes(runtime: &Runtime, measured: &mut Measured, cluster: &Cluster) -> Vec<(f64, f64)> {
    let mut second = Server::start(measured.directory.path(), Some(&measured.url));
    let (one, other) = (measured.server.address.clone(), second.address.clone());
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let alone = measured.press(runtime, cluster, &[&one]);
        rates.push((alone, measured.press(runtime, cluster, &[&one, &other])));
    }
    second.stop();
    rates
}

fn report(measured: &[Measured], sizes: [usize; 2], nodes: &[(f64, f64)]) {
    println!("\n{:<44}{:>12}{:>12}{:>12}", "items, on PostgreSQL", sizes[0], sizes[1], "to reach");
    let row = |name: &str, values: Vec<String>, reach: &str| {
        println!("{name:<44}{:>12}{:>12}{reach:>12}", values[0], values[1]);
    };
    let each = |value: &dyn Fn(&Measured) -> String| measured.iter().map(value).collect::<Vec<_>>();
    let of = |rounds: &[Vec<f64>], at: usize| median(rounds.iter().map(|round| round[at]).collect());
    row("fixed answer, requests/s", each(&|m| format!("{:.0}", of(&m.rates, 0))), "");
    for (index, (name, ..)) in PAGES.iter().enumerate() {
        let rate = |m: &Measured| of(&m.rates, index + 1);
        let ratio = |m: &Measured| median(m.rates.iter().map(|round| round[index + 1] / round[0]).collect());
        let is_pending = index == 0;
        row(&format!("{name}s/s"), each(&|m| format!("{:.0}", rate(m))), if is_pending { "≥ 2000 or" } else { "" });
        row(
            &format!("{name} / fixed answer"),
            each(&|m| format!("{:.3}", ratio(m))),
            if is_pending { "≥ 0.1" } else { "" },
        );
    }
    for (index, name) in PAGES.iter().map(|page| page.0).chain(MORE.iter().map(|page| page.0)).enumerate() {
        row(&format!("{name}, median ms alone"), each(&|m| format!("{:.3}", of(&m.alone_ms, index))), "");
        let ratio = of(&measured[1].alone_ms, index) / of(&measured[0].alone_ms, index);
        row(&format!("{name}, larger / smaller"), vec![String::new(), format!("{ratio:.2}")], "≤ 1.5");
    }
    row("pgbench -N -c 32, transactions/s", each(&|m| format!("{:.0}", median(m.pgbench.clone()))), "");
    row("triggers/s, 32 clients", each(&|m| format!("{:.0}", median(m.triggers.clone()))), "");
    let ratio = |m: &Measured| median(m.triggers.iter().zip(&m.pgbench).map(|(ours, bare)| ours / bare).collect());
    row("triggers / pgbench", each(&|m| format!("{:.2}", ratio(m))), "≥ 0.3");
    let both = median(nodes.iter().map(|(_, two)| *two).collect());
    row("two nodes together, triggers/s", vec![format!("{both:.0}"), String::new()], "");
    let ratio = median(nodes.iter().map(|(one, two)| two / one).collect());
    row("two nodes / one", vec![format!("{ratio:.2}"), String::new()], "≥ 1");
    row("answered and not kept, or the reverse", each(&|m| m.astray.to_string()), "0");
    println!(
        "items: {} and {}; {READERS} readers, {PRESSERS} pressers, {ROUNDS} rounds of {SPAN:?}",
        sizes[0], sizes[1]
    );
}

/// A PostgreSQL server that ends with the measurement.
struct Cluster {
    directory: TempDir,
}

impl Cluster {
    fn start() -> Cluster {
        let directory = tempfile::Builder::new().prefix("bench").tempdir_in("/tmp").unwrap();
        // the server is another user's
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let cluster = Cluster { directory };
        assert!(cluster.script("start"), "PostgreSQL did not start");
        cluster.ask("postgres", "create database pgbench");
        cluster.run("pgbench", &["-i", "-s", "10", "-q", "pgbench"]);
        cluster
    }

    fn script(&self, verb: &str) -> bool {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/postgres.sh");
        let run = Command::new(script).arg(verb).arg(self.directory.path()).stdout(Stdio::null()).status();
        run.is_ok_and(|status| status.success())
    }

    /// A new, empty database: its address.
    fn database(&self, name: &str) -> String {
        self.ask("postgres", &format!("create database {name}"));
        format!("postgres://tester@/{name}?host={}&sslmode=disable", self.directory.path().display())
    }

    fn ask(&self, database: &str, sql: &str) -> String {
        self.run("psql", &["-qtA", "-d", database, "-c", sql])
    }

    /// Transactions a second of as many clients as there are pressers: one update, one select, one insert.
    fn pgbench(&self) -> f64 {
        let (clients, seconds) = (PRESSERS.to_string(), SPAN.as_secs().to_string());
        let said = self.run("pgbench", &["-n", "-N", "-c", &clients, "-j", "2", "-T", &seconds, "pgbench"]);
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
        rate.unwrap().parse().unwrap()
    }

    fn run(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(installed(program));
        let output = command.arg("-h").arg(self.directory.path()).args(["-U", "tester"]).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.script("stop");
    }
}

/// One of PostgreSQL's programs, of its newest version; else by its name.
fn installed(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(program)).filter(|path| path.exists()).max();
    found.unwrap_or_else(|| program.into())
}
