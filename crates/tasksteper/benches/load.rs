//! `make bench`: the real server, loaded over HTTP by several clients with real sessions, at 10,000 and 100,000 items; with
//! `BENCH_SIZES=10000,1000000` at these two. `tasksteper bench load` makes them. First on SQLite, then on PostgreSQL
//! (`load/cluster.rs`); with `BENCH_ENGINES=sqlite` or `postgres` on this one only.
//!
//! What it prints are ratios within one run, which hold on a noisy machine where absolute figures do not: each page
//! against a fixed answer of the same server, each size against the other, durable triggers against bare commits on the
//! same disk. Rounds take turns over everything that is compared, and the median round counts.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement, run by hand"
)]

#[path = "load/cluster.rs"]
mod cluster;
#[path = "load/finding.rs"]
mod finding;

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use app::{
    App, Surroundings, item,
    people::{self, NewUser},
};
use flow::{Actor, Input};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

/// The sizes that are compared, unless `BENCH_SIZES` names others.
const SIZES: [usize; 2] = [10_000, 100_000];
/// Clients that read.
const READERS: usize = 8;
/// Clients that press.
const PRESSERS: usize = 32;
/// How long one measurement of one thing takes.
const SPAN: Duration = Duration::from_secs(2);
/// Measurements of each thing; the median counts.
const ROUNDS: usize = 5;
/// People who hold the items.
const PEOPLE: usize = 100;
/// Items that wait for each of them, at every size: as much as a person may have to do.
const OPEN_EACH: usize = 20;

/// What is read, and the share of the fixed answer's rate that it is to reach.
const PAGES: [(&str, &str, f64); 3] =
    [("pending page", "/work/pending", 0.2), ("all-items page", "/flow/issue_track/all", 0.15), ("item page", "", 0.1)];
/// What else one client alone reads at every size.
const MORE: [(&str, &str); 10] = [
    ("home page", "/"),
    ("done page", "/work/done"),
    ("created page", "/work/created"),
    ("one flow's pending page", "/flow/issue_track"),
    ("all items by holder", "/flow/issue_track/all?sort=-assigned_to"),
    ("all items by change", "/flow/issue_track/all?sort=-updated"),
    ("closed items", "/flow/issue_track/all?q=state%3D%E5%85%B3%E9%97%AD"),
    (
        "items of two terms",
        "/flow/issue_track/all?q=issue_level%3D%E4%BA%8B%E6%95%85%20customer_type%3D%E9%87%91%E8%9E%8D",
    ),
    (
        "items of one reviewer and level",
        "/flow/issue_track/all?q=issue_checker%3Dme%20issue_level%3D%E4%BA%8B%E6%95%85",
    ),
    ("items by a common word", "/flow/issue_track/all?q=%E9%87%8D%E5%90%AF"),
];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sizes = sizes();
    let engines = std::env::var("BENCH_ENGINES").unwrap_or_else(|_| "sqlite,postgres".to_owned());
    if engines.contains("sqlite") {
        embedded(&runtime, sizes);
    }
    if engines.contains("postgres") {
        cluster::measure(&runtime, sizes);
    }
}

/// SQLite's table.
fn embedded(runtime: &tokio::runtime::Runtime, sizes: [usize; 2]) {
    let mut measured: Vec<Measured> = sizes.iter().map(|size| measure(runtime, *size)).collect();
    // In turns, so that the machine's mood falls on both sizes alike.
    for _ in 0..ROUNDS {
        for one in &mut measured {
            let ms = one
                .paths
                .iter()
                .map(|path| runtime.block_on(alone(&one.server.address, path, &one.secrets.sessions[0], 500)));
            one.alone_ms.push(ms.collect());
        }
    }
    report(&measured);
    if let [one, other] = &measured[..] {
        let asked = [one, other].map(|one| finding::Asked::new(&one.server.address, &one.secrets, one.size));
        finding::measure(runtime, asked);
    }
    for one in &mut measured {
        one.server.stop();
    }
}

/// The two sizes that are compared, the smaller first.
fn sizes() -> [usize; 2] {
    let Ok(text) = std::env::var("BENCH_SIZES") else { return SIZES };
    let sizes: Vec<usize> = text.split(',').map(|size| size.trim().parse().unwrap()).collect();
    sizes.try_into().unwrap()
}

/// What one size gave.
struct Measured {
    size: usize,
    /// Requests a second, by round: the fixed answer, then each page.
    rates: Vec<Vec<f64>>,
    /// Median milliseconds of one request of one client alone, by round and page.
    alone_ms: Vec<Vec<f64>>,
    triggers: f64,
    bare: f64,
    writes_a_commit: f64,
    ready_ms: f64,
    resident_mb: f64,
    first_visit_kb: f64,
    paths: Vec<String>,
    secrets: Secrets,
    server: Server,
    _directory: tempfile::TempDir,
}

impl Measured {
    /// The median round of a page asked for by one client alone.
    fn alone(&self, page: usize) -> f64 {
        median(self.alone_ms.iter().map(|round| round[page]).collect())
    }
}

fn measure(runtime: &tokio::runtime::Runtime, size: usize) -> Measured {
    let directory = tempfile::tempdir().unwrap();
    let secrets = fill(directory.path(), None, size);
    let mut server = Server::start(directory.path(), None);
    let address = server.address.clone();
    let item = format!("/flow/issue_track/{}", size / 2);
    let paths: Vec<&str> = std::iter::once("/healthz")
        .chain(PAGES.iter().map(|page| if page.1.is_empty() { &*item } else { page.1 }))
        .collect();
    let mut rates = vec![Vec::new(); paths.len()];
    for _ in 0..ROUNDS {
        for (path, rates) in paths.iter().zip(&mut rates) {
            rates.push(runtime.block_on(read(&address, path, &secrets.sessions)));
        }
    }
    let (mut triggers, mut bare) = (Vec::new(), Vec::new());
    let (writes, commits) = runtime.block_on(counters(&address));
    for round in 0..ROUNDS {
        bare.push(bare_commits(directory.path()));
        triggers.push(runtime.block_on(press(&[&address], &secrets, round)).0);
    }
    let (writes_after, commits_after) = runtime.block_on(counters(&address));
    let resident_mb = server.resident_mb();
    let first_visit_kb = runtime.block_on(first_visit(&address, &secrets.sessions[0]));
    server.stop();
    let ready_ms = median((0..ROUNDS).map(|_| Server::start(directory.path(), None).stopped().ready_ms).collect());
    Measured {
        size,
        rates,
        triggers: median(triggers),
        bare: median(bare),
        writes_a_commit: (writes_after - writes) / (commits_after - commits),
        ready_ms,
        resident_mb,
        first_visit_kb,
        alone_ms: Vec::new(),
        paths: paths.iter().skip(1).chain(MORE.iter().map(|(_, path)| path)).map(|path| (*path).to_owned()).collect(),
        secrets,
        server: Server::start(directory.path(), None),
        _directory: directory,
    }
}

fn report(measured: &[Measured]) {
    println!("\n{:<44}{:>12}{:>12}{:>12}", "items", measured[0].size, measured[1].size, "to reach");
    let reach = if measured[1].size > 100_000 { "≤ 1.5" } else { "≤ 1.2" };
    let row = |name: &str, values: Vec<String>, reach: &str| {
        println!("{name:<44}{:>12}{:>12}{reach:>12}", values[0], values[1]);
    };
    let each = |value: &dyn Fn(&Measured) -> String| measured.iter().map(value).collect::<Vec<_>>();
    row("fixed answer, requests/s", each(&|m| format!("{:.0}", median(m.rates[0].clone()))), "");
    for (index, (name, _, reach)) in PAGES.iter().enumerate() {
        let ratio = |m: &Measured| {
            let ratios = m.rates[index + 1].iter().zip(&m.rates[0]).map(|(page, fixed)| page / fixed);
            format!("{:.2}", median(ratios.collect()))
        };
        row(&format!("{name} / fixed answer"), each(&ratio), &format!("≥ {reach}"));
    }
    for (index, name) in PAGES.iter().map(|page| page.0).chain(MORE.iter().map(|page| page.0)).enumerate() {
        row(&format!("{name}, median ms alone"), each(&|m| format!("{:.3}", m.alone(index))), "");
        let ratio = measured[1].alone(index) / measured[0].alone(index);
        row(&format!("{name}, larger / smaller"), vec![String::new(), format!("{ratio:.2}")], reach);
    }
    row("bare commits/s", each(&|m| format!("{:.0}", m.bare)), "");
    row("triggers/s, 32 clients", each(&|m| format!("{:.0}", m.triggers)), "");
    row("triggers / bare commits", each(&|m| format!("{:.2}", m.triggers / m.bare)), "≥ 0.6");
    row("answered writes a commit", each(&|m| format!("{:.1}", m.writes_a_commit)), "≥ 4");
    row("ready to serve, ms", each(&|m| format!("{:.0}", m.ready_ms)), "≤ 200");
    row("resident after the load, MB", each(&|m| format!("{:.0}", m.resident_mb)), "≤ 60");
    row("first visit, compressed, kB", each(&|m| format!("{:.0}", m.first_visit_kb)), "≤ 200");
    println!(
        "items: {} and {}; {READERS} readers, {PRESSERS} pressers, {ROUNDS} rounds of {SPAN:?}",
        measured[0].size, measured[1].size
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What clients sign in with.
struct Secrets {
    /// The number of the first item that waits for the first of them.
    first: i64,
    sessions: Vec<String>,
    tokens: Vec<String>,
}

/// An installation with `size` made-up items, and beside them the people who load it: so many items wait for each of them.
/// On the PostgreSQL database of that address, if there is one.
fn fill(directory: &Path, database: Option<&str>, size: usize) -> Secrets {
    let began = Instant::now();
    let load = Command::new(env!("CARGO_BIN_EXE_tasksteper"))
        .args(["bench", "load", "--items", &size.to_string(), "--data"])
        .arg(directory)
        .args(database.map(|url| format!("--database={url}")))
        .stderr(Stdio::null())
        .status();
    assert!(load.unwrap().success());
    println!("{size} items made in {:.0} s", began.elapsed().as_secs_f64());
    let clock = || Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap();
    let random = |bytes: &mut [u8]| getrandom::fill(bytes).unwrap();
    let place = match database {
        None => app::Place::Directory(directory.to_owned()),
        Some(url) => app::Place::Postgres(Box::new(app::Address::parse(url, None).unwrap())),
    };
    let app = App::open(&place, Duration::ZERO, Surroundings { zone: TimeZone::UTC, clock, random }).unwrap();
    let first = app
        .write(move |cx| {
            for number in 0..PEOPLE {
                people::add(cx, people::SYSTEM, &NewUser { name: format!("user{number}"), ..Default::default() })?;
            }
            let numbers: Result<Vec<i64>, app::Error> =
                (0..PEOPLE * OPEN_EACH).map(|number| create(cx, number)).collect();
            Ok(numbers?[0])
        })
        .unwrap();
    let sessions = (0..READERS).map(|number| app.open_session(&format!("user{number}")).unwrap()).collect();
    let tokens =
        (0..PRESSERS).map(|number| app.create_token(&format!("user{number}"), "bench", None).unwrap()).collect();
    app.close();
    Secrets { first, sessions, tokens }
}

fn create(cx: &app::Writing, number: usize) -> Result<i64, app::Error> {
    let who = number % PEOPLE;
    let actor = Actor { name: format!("user{who}"), admin: false, groups: Default::default() };
    let level = ["一般问题", "严重问题", "事故"][number % 3];
    let customer = ["金融", "电力", "煤炭", "互联网", "政企"][number % 5];
    let fields: Input = serde_json::from_value(json!({
        "summary": format!("【20261119】华东某局点核心路由器单板反复重启 {number}"),
        "detail": "【问题现象】：主控板每 40 分钟左右重启一次，业务倒换正常\n【问题影响】：网管告警，客户质疑可靠性\n【客户诉求】：24 小时内给出根因\n【客户态度】：较急",
        "issue_level": level,
        "customer_type": customer,
        "issue_checker": format!("user{}", (who + 1) % PEOPLE),
        "issue_se": format!("user{}", (who + 2) % PEOPLE),
    }))
    .unwrap();
    item::create(cx, &actor, "issue_track", &fields).map(|view| view.item.number)
}

/// The server that is measured.
struct Server {
    child: Child,
    address: String,
    ready_ms: f64,
}

impl Server {
    fn start(data: &Path, database: Option<&str>) -> Server {
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tasksteper"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(database.map(|url| format!("--database={url}")))
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let ready_ms = began.elapsed().as_secs_f64() * 1000.0;
        Server { child, address: line.strip_prefix("listening on http://").unwrap().to_owned(), ready_ms }
    }

    fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
    }

    fn stop(&mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap();
    }

    fn stopped(mut self) -> Server {
        self.stop();
        self
    }
}

/// Requests a second of all readers together.
async fn read(address: &str, path: &str, sessions: &[String]) -> f64 {
    let began = Instant::now();
    let clients: Vec<_> = sessions
        .iter()
        .map(|session| {
            let (address, path, cookie) = (address.to_owned(), path.to_owned(), cookie(session));
            tokio::spawn(async move {
                let mut client = connect(&address).await;
                let mut answered = 0_u64;
                while began.elapsed() < SPAN {
                    get(&mut client, &path, &cookie).await;
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    let mut answered = 0;
    for client in clients {
        answered += client.await.unwrap();
    }
    answered as f64 / began.elapsed().as_secs_f64()
}

/// The median time of one client's requests, one after the other.
async fn alone(address: &str, path: &str, session: &str, requests: usize) -> f64 {
    let mut client = connect(address).await;
    let cookie = cookie(session);
    let mut took = Vec::new();
    for _ in 0..requests {
        let began = Instant::now();
        get(&mut client, path, &cookie).await;
        took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    median(took)
}

/// Durable triggers a second of all pressers together, and how many were answered; the pressers take the servers in turns.
async fn press(addresses: &[&str], secrets: &Secrets, round: usize) -> (f64, u64) {
    let first = secrets.first;
    let began = Instant::now();
    let clients: Vec<_> = secrets
        .tokens
        .iter()
        .zip(first..)
        .zip(addresses.iter().cycle())
        .map(|((token, number), address)| {
            let (address, token) = ((*address).to_owned(), format!("Bearer {token}"));
            tokio::spawn(async move {
                let mut client = connect(&address).await;
                // The presser created and holds this item; 更新进展 leaves it with them.
                let path = format!("/api/v1/flows/issue_track/items/{number}/triggers");
                let mut turn = 0_u64;
                while began.elapsed() < SPAN {
                    turn += 1;
                    let body =
                        json!({"trigger": "更新进展", "fields": {"current_process": format!("进展 {round}.{turn}")}});
                    let request = Request::post(&path)
                        .header("host", "localhost")
                        .header("authorization", &token)
                        .header("content-type", "application/json")
                        .body(Full::new(Bytes::from(body.to_string())))
                        .unwrap();
                    client.ready().await.unwrap();
                    let response = client.send_request(request).await.unwrap();
                    assert_eq!(response.status(), 200);
                    response.into_body().collect().await.unwrap();
                }
                turn
            })
        })
        .collect();
    let mut pressed = 0;
    for client in clients {
        pressed += client.await.unwrap();
    }
    (pressed as f64 / began.elapsed().as_secs_f64(), pressed)
}

type Client = http1::SendRequest<Full<Bytes>>;

async fn connect(address: &str) -> Client {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    client
}

fn cookie(session: &str) -> String {
    format!("tasksteper_session={session}")
}

async fn get(client: &mut Client, path: &str, cookie: &str) -> Bytes {
    let request =
        Request::get(path).header("host", "localhost").header("cookie", cookie).body(Full::default()).unwrap();
    client.ready().await.unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.into_body().collect().await.unwrap().to_bytes()
}

/// Writes and commits so far.
async fn counters(address: &str) -> (f64, f64) {
    let mut client = connect(address).await;
    let text = get(&mut client, "/metrics", "").await;
    let text = String::from_utf8_lossy(&text).into_owned();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse().unwrap()
    };
    (value("tasksteper_writes_total"), value("tasksteper_commits_total"))
}

/// Kilobytes of the home page and all that it loads, as a browser asks for them.
async fn first_visit(address: &str, session: &str) -> f64 {
    let mut client = connect(address).await;
    let page = String::from_utf8(get(&mut client, "/", &cookie(session)).await.to_vec()).unwrap();
    let mut paths = vec!["/".to_owned()];
    for part in page.split(['"', '\'']).filter(|part| part.starts_with("/static/")) {
        let path = part.split('#').next().unwrap().to_owned();
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let mut bytes = 0;
    for path in paths {
        let request = Request::get(&path)
            .header("host", "localhost")
            .header("cookie", cookie(session))
            .header("accept-encoding", "gzip, br")
            .body(Full::default())
            .unwrap();
        client.ready().await.unwrap();
        let response = client.send_request(request).await.unwrap();
        bytes += response.into_body().collect().await.unwrap().to_bytes().len();
    }
    bytes as f64 / 1000.0
}

/// Bare commits a second on the same disk.
fn bare_commits(directory: &Path) -> f64 {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--release", "--quiet", "-p", "store", "--example", "writes", "--", "bare"])
        .arg(directory)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}
