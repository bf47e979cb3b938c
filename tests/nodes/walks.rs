//! Both engines side by side: the same random requests, at the same moments, to a server on embedded records and to one on
//! PostgreSQL. Whatever the one answers the other answers, to the letter and in the same order.
//!
//! A difference is made small before it is told: the requests are sent again to fresh servers with parts of them left out,
//! as long as there is still a difference. `TASKSTEPER_WALK=SEED,STEPS` goes another way than those of every run.

mod requests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{self, HeaderName};

use self::requests::{Body, By, FLOWS, PASSWORD, PEOPLE, Request, Walk, What};
use crate::{
    cluster::Cluster,
    harness::{Installation, Server, User, answer, clock::Clock, run_with, stderr, stdout},
};

/// Where the walk begins.
const BEGINNING: &str = "2026-11-22T10:00:00Z";
/// What is compared of an answer's headers; of cookies only that there are some.
const HEADERS: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::ETAG,
    header::CACHE_CONTROL,
    header::RETRY_AFTER,
    header::CONTENT_DISPOSITION,
    header::ALLOW,
];

/// Both servers, and the clock by which they go.
struct Both {
    clock: Clock,
    now: Timestamp,
    sides: [Side; 2],
}

struct Side {
    at: Installation,
    server: Server,
    nobody: User,
    tokens: Vec<String>,
    /// Everyone with cookies of their own.
    browsers: Vec<User>,
}

/// What one side answered.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    status: i32,
    headers: Vec<String>,
    text: String,
}

fn shown(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Runs a command on the installation.
fn run(at: &Installation, clock: &Clock, words: &[&str], input: &str) -> Seen {
    let data = at.data().to_str().unwrap();
    let output = run_with(&[words, &["--data", data]].concat(), input, &clock.variables());
    let status = output.status.code().unwrap_or(-1);
    Seen { status, headers: Vec::new(), text: format!("{}{}", stdout(&output), stderr(&output)) }
}

impl Side {
    fn start(at: Installation, clock: &Clock) -> Side {
        let done = |words: &[&str], input: &str| {
            let seen = run(&at, clock, words, input);
            assert_eq!(seen.status, 0, "{words:?}: {}", seen.text);
            seen.text
        };
        let password = format!("{PASSWORD}\n");
        done(&["user", "add", PEOPLE[0], "--admin", "--password-stdin"], &password);
        for name in &PEOPLE[1..] {
            let words = ["user", "add", name, "--password-stdin", "--group", "readers"];
            done(if *name == "architect" { &words } else { &words[..4] }, &password);
        }
        done(&["user", "add", "gone"], "");
        done(&["user", "disable", "gone"], "");
        let files = FLOWS.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let folder = folder_of(&files);
        done(&["flow", "apply", folder.path().to_str().unwrap()], "");
        let tokens = PEOPLE.map(|name| done(&["token", "create", name], "").trim().to_owned()).to_vec();
        let server = Server::through(&["env"], &clock.variables(), at.data());
        let browsers = PEOPLE.map(|name| server.signed_in(name, PASSWORD)).to_vec();
        Side { nobody: server.nobody(), at, server, tokens, browsers }
    }

    fn answer(&self, clock: &Clock, what: &What, folder: &str) -> Seen {
        let (by, method, path, language, body) = match what {
            What::Command { words, input, .. } => {
                let words: Vec<&str> = words.iter().map(|word| if word == "FILES" { folder } else { word }).collect();
                return run(&self.at, clock, &words, input);
            }
            What::Http { by, method, path, language, body } => (by, method, path, language, body),
        };
        let request = match by {
            By::Nobody => self.nobody.request(method, path),
            By::Token(who) => self.nobody.request(method, path).bearer_auth(&self.tokens[*who]),
            By::Session(who) => self.browsers[*who].request(method, path),
        };
        let request = request.header(header::ACCEPT_LANGUAGE, *language);
        let answer = answer(match body {
            Body::None => request,
            Body::Form(values) => request.form(values),
            Body::Text { kind, text } => request.header(header::CONTENT_TYPE, *kind).body(text.clone()),
        });
        let header = |name: &HeaderName| format!("{name}: {:?}", answer.headers.get(name));
        let mut headers: Vec<String> = HEADERS.iter().map(header).collect();
        headers.push(format!("cookies: {}", answer.headers.get_all(header::SET_COOKIE).iter().count()));
        let text = answer.text.replace(&self.server.base, "http://HERE");
        // sessions have names by chance, and when they and tokens were used last is written down by and by
        let text = if path.starts_with("/settings") { without_use(&text) } else { text };
        Seen { status: answer.status.as_u16().into(), headers, text }
    }
}

/// A page without its times and names by chance, its lines in order: sessions stand in that of their last use.
fn without_use(text: &str) -> String {
    let timeless = text.split("<time").map(|part| part.split_once("</time>").map_or(part, |(_, rest)| rest));
    let timeless = timeless.collect::<Vec<_>>().join("<time");
    let words = timeless.split_inclusive(|letter: char| !letter.is_ascii_hexdigit());
    let nameless: String = words.map(|word| if word.len() > 16 { "#" } else { word }).collect();
    let mut lines: Vec<&str> = nameless.split("<li>").collect();
    lines.sort_unstable();
    lines.join("<li>")
}

fn folder_of(files: &[(String, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Does both at the same time.
fn at_once<T: Send>(one: impl FnOnce() -> T + Send, other: impl FnOnce() -> T) -> [T; 2] {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        [one.join().unwrap(), other]
    })
}

impl Both {
    fn start(cluster: &Cluster, name: &str) -> Both {
        let now: Timestamp = BEGINNING.parse().unwrap();
        let clock = Clock::at(&shown(now));
        let (one, other) = (Installation::embedded(), Installation::on(&cluster.database(name)));
        let sides = at_once(|| Side::start(one, &clock), || Side::start(other, &clock));
        Both { clock, now, sides }
    }

    fn answers(&mut self, request: &Request) -> [Seen; 2] {
        if request.seconds > 0 {
            self.now += SignedDuration::from_secs(request.seconds);
            self.clock.set(&shown(self.now));
        }
        let folder = match &request.what {
            What::Command { files, .. } if !files.is_empty() => Some(folder_of(files)),
            _ => None,
        };
        let folder = folder.as_ref().map_or("", |folder| folder.path().to_str().unwrap());
        let [one, other] = &self.sides;
        at_once(|| one.answer(&self.clock, &request.what, folder), || other.answer(&self.clock, &request.what, folder))
    }
}

/// What is wrong with the two answers, if anything is.
fn difference(request: &Request, [one, other]: &[Seen; 2]) -> Option<String> {
    if one == other && one.status < 500 {
        return None;
    }
    let same = one.text.bytes().zip(other.text.bytes()).take_while(|(one, other)| one == other).count();
    let part = |seen: &Seen| {
        let bytes = seen.text.as_bytes();
        let part = &bytes[same.saturating_sub(120).min(bytes.len())..bytes.len().min(same + 240)];
        format!("{} {}\n  …{}…", seen.status, seen.headers.join(", "), String::from_utf8_lossy(part))
    };
    Some(format!("{request:?}\n\nembedded: {}\n\nPostgreSQL: {}", part(one), part(other)))
}

/// The first difference that these requests bring about.
fn try_again(cluster: &Cluster, name: &str, requests: &[Request]) -> Option<String> {
    let mut both = Both::start(cluster, name);
    requests.iter().find_map(|request| difference(request, &both.answers(request)))
}

/// Requests that are sent to make a difference small.
const MOST_SENT_AGAIN: usize = 8_000;

/// Leaves out what does not matter, as long as that does not take too long.
fn shrunk(cluster: &Cluster, mut requests: Vec<Request>) -> String {
    let mut told = None;
    let (mut size, mut tries, mut sent) = (requests.len() / 2, 0, 0);
    while size > 0 {
        let mut from = 0;
        // the last one is the one that differs
        while from + size < requests.len() && sent < MOST_SENT_AGAIN {
            let fewer: Vec<Request> = [&requests[..from], &requests[from + size..]].concat();
            (tries, sent) = (tries + 1, sent + 100 + fewer.len());
            match try_again(cluster, &format!("again{tries}"), &fewer) {
                Some(difference) => (requests, told) = (fewer, Some(difference)),
                None => from += size,
            }
        }
        size /= 2;
    }
    let requests: Vec<String> = requests.iter().map(|request| format!("{request:?}")).collect();
    format!("{}\n\nafter (the shortest way found)\n{}", told.unwrap_or_default(), requests.join("\n"))
}

/// Goes that many steps: how often which status was answered.
fn walk(seed: u64, steps: usize) -> BTreeMap<i32, usize> {
    let cluster = Cluster::start();
    let mut both = Both::start(&cluster, "walk");
    let (mut walk, mut sent, mut ending) = (Walk::new(seed), Vec::new(), Vec::new().into_iter());
    let mut met: BTreeMap<i32, usize> = BTreeMap::new();
    for step in 0.. {
        if step == steps {
            ending = walk.at_the_end().into_iter();
        }
        let Some(request) = (if step < steps { Some(walk.next()) } else { ending.next() }) else { break };
        let answers = both.answers(&request);
        walk.learn(&request, &answers[0].text);
        *met.entry(answers[0].status).or_default() += 1;
        sent.push(request.clone());
        if let Some(difference) = difference(&request, &answers) {
            println!("seed {seed}, step {step}: {difference}");
            panic!("{}", shrunk(&cluster, sent));
        }
    }
    println!("seed {seed}, what was answered how often: {met:?}");
    met
}

#[test]
fn both_engines_answer_the_same() {
    let way = std::env::var("TASKSTEPER_WALK").ok();
    let way = way.as_deref().and_then(|way| way.split_once(','));
    if let Some((seed, steps)) = way {
        walk(seed.parse().unwrap(), steps.parse().unwrap());
        return;
    }
    let met = walk(1, 3000);
    // commands that were done and refused, and every way in which the API and the pages answer
    for status in [0, 1, 200, 201, 303, 400, 401, 403, 404, 405, 409, 415, 422] {
        assert!(met.get(&status).is_some_and(|times| *times > 3), "{status}: {met:?}");
    }
}
