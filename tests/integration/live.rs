//! Open pages hear of changes, over the real server: who is told what, and what becomes of their connections.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Shutdown, TcpStream},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Installation, Server};

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two flows: in the first everyone sees everything; in the second only who holds or created an item.
const OPEN: &str = r#"
key = "t"
name = "公开"
[view]
by = ["anyone"]
[[field]]
key = "summary"
type = "text"
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;
const CLOSED: &str = r#"
key = "s"
name = "封闭"
[view]
by = ["created_by", "assigned_to"]
[[field]]
key = "summary"
type = "text"
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

fn installation() -> Installation {
    let at = Installation::with_flows(&[("t.toml", OPEN), ("s.toml", CLOSED)]);
    at.let_in(&["admin", "engineer", "delegate"]);
    at
}

/// An open page's stream.
struct Stream {
    status: u16,
    head: String,
    lines: Receiver<String>,
    connection: TcpStream,
}

/// Signs in: the session's cookie.
fn cookie(server: &Server, name: &str) -> String {
    let values = [("name", name), ("password", "pass-word-1"), ("next", "")];
    let answer = server.nobody().form("/login", &values);
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let session = cookies.rfind(|cookie| cookie.starts_with("tasksteper_session=")).expect("a session");
    session.split(';').next().unwrap().to_owned()
}

impl Stream {
    fn open(server: &Server, cookie: &str, path: &str) -> Stream {
        Stream::open_with(server, cookie, path, "")
    }

    fn open_with(server: &Server, cookie: &str, path: &str, more: &str) -> Stream {
        let address = server.base.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(address).expect("a connection");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\
             Accept-Encoding: gzip, br\r\n{more}\r\n"
        );
        connection.write_all(request.as_bytes()).expect("it is sent");
        let mut reader = BufReader::new(connection.try_clone().expect("its other half"));
        let mut head = String::new();
        loop {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).expect("a head") > 0, "{head}");
            if line == "\r\n" {
                break;
            }
            head.push_str(&line.to_lowercase());
        }
        let status = head.split_whitespace().nth(1).expect("a status").parse().expect("a number");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                // The last chunk is empty: the answer is whole, though the connection may serve another.
                if line == "0" || sender.send(line).is_err() {
                    break;
                }
            }
        });
        Stream { status, head, lines, connection }
    }

    /// Waits for the next change, which bears its moment.
    #[track_caller]
    fn change(&self) -> Value {
        let (deadline, mut bears) = (Instant::now() + PATIENCE, false);
        loop {
            let line = self.lines.recv_timeout(deadline - Instant::now()).expect("a change");
            bears |= line.starts_with("id: ");
            if let Some(data) = line.strip_prefix("data: ") {
                assert!(bears, "no moment: {data}");
                return serde_json::from_str(data).unwrap();
            }
        }
    }

    /// Waits for a change like this: all until then, and it.
    #[track_caller]
    fn until(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut told = Vec::new();
        while !told.last().is_some_and(&wanted) {
            told.push(self.change());
        }
        told
    }

    /// Waits until the stream ends: what it said until then.
    #[track_caller]
    fn ends(&self) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut said = String::new();
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => said += &format!("{line}\n"),
                Err(RecvTimeoutError::Disconnected) => return said,
                Err(RecvTimeoutError::Timeout) => panic!("the stream does not end: {said}"),
            }
        }
    }

    fn close(self) {
        self.connection.shutdown(Shutdown::Both).unwrap();
    }
}

/// The moment, as a page that is drawn now says it.
fn now(server: &Server, cookie: &str) -> i64 {
    let page = server.nobody().request("GET", "/").header("cookie", cookie).send().unwrap().text().unwrap();
    let at = page.split("data-at=\"").nth(1).expect("a live page").split('"').next().unwrap();
    at.parse().unwrap()
}

/// Beyond what a moment said by another node may be off by: nothing that was written before is told to who says this one.
fn later(server: &Server, cookie: &str) -> i64 {
    now(server, cookie) + 10_000
}

#[track_caller]
fn waits_for_seats(server: &Server, wanted: u32) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metrics = server.nobody().page("/metrics").text;
        let line = metrics.lines().find(|line| line.starts_with("tasksteper_live_pages ")).expect("the number");
        if line == format!("tasksteper_live_pages {wanted}") {
            return;
        }
        assert!(Instant::now() < deadline, "{wanted}: {line}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_item_that_someone_moves_is_told_to_who_looks_at_it() {
    let server = installation().into_server();
    let (engineer, delegate) = (server.user("engineer"), cookie(&server, "delegate"));
    let item = engineer.create("t", &json!({"summary": "一"}));
    let stream = Stream::open(&server, &delegate, "/live/flow/t/1?seen=1&pending=0");
    assert_eq!(stream.status, 200, "{}", stream.head);
    for header in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "content-security-policy:",
    ] {
        assert!(stream.head.contains(header), "{header}: {}", stream.head);
    }
    assert!(!stream.head.contains("content-encoding"), "{}", stream.head);
    engineer.saved(&item, &json!({"summary": "二"}));
    let told = stream.change();
    assert_eq!((&told["item"]["seen"], &told["item"]["revision"]), (&json!(2), &json!(2)), "{told}");
    assert_eq!(told["item"]["text"], "engineer 改了它的内容");
    engineer.post("/flows/t/items/1/comments", &json!({"comment": "说"})).expect(StatusCode::CREATED);
    let told = stream.change();
    assert_eq!((&told["item"]["seen"], &told["item"]["revision"]), (&json!(3), &json!(2)), "{told}");
    assert_eq!(told["item"]["text"], "engineer 发表了评论");
    engineer.pressed(&engineer.again(&item), "关", &json!({}));
    assert_eq!(stream.change()["item"]["text"], "engineer 把它转到了“完”");
    // Who was drawn long ago is told at once, of all of it, in their language.
    server
        .nobody()
        .request("POST", "/settings/language")
        .header("cookie", &delegate)
        .form(&[("language", "en")])
        .send()
        .unwrap();
    let late = Stream::open(&server, &delegate, "/live/flow/t/1?seen=1&pending=0");
    assert_eq!(late.change()["item"]["text"], "engineer moved it to “完”, 2 changes in all");
    let none = Stream::open(&server, &delegate, "/live/flow/t/1?seen=4&pending=0");
    server.user("admin").post("/flows/t/items/1/comments", &json!({"comment": "说"})).expect(StatusCode::CREATED);
    assert_eq!(none.change()["item"]["seen"], 5, "nothing before it");
}

#[test]
fn a_list_hears_of_what_it_may_show_and_of_nothing_else() {
    let server = installation().into_server();
    let (engineer, admin) = (server.user("engineer"), server.user("admin"));
    let delegate = cookie(&server, "delegate");
    engineer.create("t", &json!({"summary": "一"}));
    engineer.create("s", &json!({"summary": "密"}));
    let at = later(&server, &delegate);
    let open = |path: &str| {
        let stream = Stream::open(&server, &delegate, &format!("{path}?since={at}&pending=0"));
        assert_eq!(stream.status, 200, "{path}");
        stream
    };
    let (flow, pending) = (open("/live/flow/t"), open("/live/work/pending"));
    let (done, created, closed) = (open("/live/work/done"), open("/live/work/created"), open("/live/flow/s"));
    // What they may not see, and what is none of theirs, before what they are told.
    let secret = engineer.saved(&engineer.item("s", 1), &json!({"summary": "更密"}));
    engineer.saved(&engineer.item("t", 1), &json!({"summary": "二"}));
    assert_eq!(flow.change()["list"], true);
    let handed = admin.post("/flows/s/items/1/holder", &json!({"to": "delegate"})).expect(StatusCode::OK);
    for stream in [&pending, &closed] {
        let told = stream.change();
        assert_eq!((&told["list"], &told["pending"]), (&json!(true), &json!(1)), "{told}");
        assert!(!told.to_string().contains('密'), "{told}");
    }
    flow.until(|told| told["pending"] == 1);
    for stream in [&done, &created] {
        let told = stream.change();
        assert!(told["list"].is_null() && told["pending"] == 1, "the menu's number alone: {told}");
    }
    assert_ne!(handed["revision"], secret["revision"]);
    // Away again: who had it is told, who never saw it is not.
    admin.post("/flows/s/items/1/holder", &json!({"to": "engineer"})).expect(StatusCode::OK);
    for stream in [&pending, &closed] {
        let told = stream.change();
        assert_eq!((&told["list"], &told["pending"]), (&json!(true), &json!(0)), "{told}");
    }
    engineer.pressed(&engineer.item("s", 1), "关", &json!({}));
    let own = server.user("delegate").create("t", &json!({"summary": "自己的"}));
    assert_eq!(created.change()["pending"], 0);
    let told = created.change();
    assert_eq!((&told["list"], &told["pending"]), (&json!(true), &json!(1)), "{told}");
    closed.until(|told| told["pending"] == 1);
    server.user("delegate").pressed(&own, "关", &json!({}));
    closed.until(|told| told["pending"] == 0);
    done.until(|told| told["list"] == true);
    // The last that the closed flow's list was told was of the hand-over.
    admin.post("/flows/s/items/1/comments", &json!({"comment": "密"})).expect(StatusCode::CREATED);
    server.user("delegate").create("s", &json!({"summary": "我的"}));
    let told = closed.until(|told| told["list"] == true);
    assert!(told.iter().all(|told| told["pending"].is_i64()), "nothing of what they may not see: {told:?}");
}

#[test]
fn who_may_not_look_is_refused_and_who_may_no_longer_is_told_so() {
    let server = installation().into_server();
    let (engineer, admin) = (server.user("engineer"), server.user("admin"));
    let delegate = cookie(&server, "delegate");
    engineer.create("s", &json!({"summary": "密"}));
    for path in ["/live/flow/s/1", "/live/flow/s/9", "/live/flow/none", "/live/work/none", "/live/flow/s/x"] {
        assert_eq!(Stream::open(&server, &delegate, path).status, 404, "{path}");
    }
    assert_eq!(Stream::open(&server, "a=b", "/live/work/pending").status, 401);
    admin.post("/flows/s/items/1/holder", &json!({"to": "delegate"})).expect(StatusCode::OK);
    let stream = Stream::open(&server, &delegate, "/live/flow/s/1?seen=2");
    assert_eq!(stream.status, 200);
    admin.post("/flows/s/items/1/holder", &json!({"to": "engineer"})).expect(StatusCode::OK);
    let told = stream.until(|told| !told["item"].is_null()).pop().unwrap();
    assert_eq!((&told["item"]["gone"], &told["item"]["text"]), (&json!(true), &json!("你不能再看到这个条目了")));
    stream.ends();
    waits_for_seats(&server, 0);
}

#[test]
fn what_another_process_does_is_told_and_who_is_disabled_hears_no_more() {
    let server = installation().into_server();
    server.user("engineer").create("t", &json!({"summary": "一"}));
    let (delegate, admin) = (cookie(&server, "delegate"), cookie(&server, "admin"));
    let at = later(&server, &delegate);
    let list = Stream::open(&server, &delegate, &format!("/live/work/pending?since={at}&pending=0"));
    let item = Stream::open(&server, &admin, "/live/flow/t/1?seen=1&pending=0");
    server.done(&["user", "disable", "engineer", "--hand-over", "delegate"], "");
    let told = list.change();
    assert_eq!((&told["list"], &told["pending"]), (&json!(true), &json!(1)), "{told}");
    assert!(item.change()["item"]["text"].as_str().unwrap().contains("转交给了delegate"));
    server.done(&["user", "disable", "delegate", "--hand-over", "admin"], "");
    assert!(list.ends().contains("event: end"), "disabled");
    waits_for_seats(&server, 1);
    let signing_out = server.nobody().request("POST", "/logout").header("cookie", &admin).send().unwrap();
    assert_eq!(signing_out.status(), 303);
    assert!(item.ends().contains("event: end"), "signed out");
    waits_for_seats(&server, 0);
    assert_eq!(Stream::open(&server, &admin, "/live/flow/t/1?seen=1&pending=0").status, 401);
}

#[test]
fn two_servers_on_one_installation_tell_each_others_pages() {
    let at = installation();
    let (here, there) = (at.serve(), at.serve());
    let delegate = cookie(&here, "delegate");
    let since = later(&here, &delegate);
    let list = Stream::open(&here, &delegate, &format!("/live/flow/t?since={since}&pending=0"));
    let engineer = there.user("engineer");
    let item = engineer.create("t", &json!({"summary": "一"}));
    assert_eq!(list.change()["list"], true);
    let page = Stream::open(&here, &delegate, "/live/flow/t/1?seen=1&pending=0");
    engineer.pressed(&item, "关", &json!({}));
    assert_eq!(page.change()["item"]["text"], "engineer 把它转到了“完”");
    // A session that ends elsewhere is noticed at the next sign of life.
    let signing_out = there.nobody().request("POST", "/logout").header("cookie", &delegate).send().unwrap();
    assert_eq!(signing_out.status(), 303);
    assert!(page.ends().contains("event: end"));
    assert!(list.ends().contains("event: end"));
}

#[test]
fn who_comes_back_is_told_what_was_missed() {
    let server = installation().into_server();
    let engineer = server.user("engineer");
    let delegate = cookie(&server, "delegate");
    engineer.create("t", &json!({"summary": "一"}));
    let at = now(&server, &delegate);
    let first = Stream::open(&server, &delegate, &format!("/live/flow/t?since={at}"));
    assert_eq!(first.change()["list"], true, "it may be newer than the page");
    first.close();
    waits_for_seats(&server, 0);
    engineer.saved(&engineer.item("t", 1), &json!({"summary": "二"}));
    let again = Stream::open_with(&server, &delegate, "/live/flow/t?since=1", &format!("Last-Event-ID: {at}\r\n"));
    assert_eq!(again.change()["list"], true);
    let forgotten = Stream::open(&server, &delegate, "/live/flow/t?since=1");
    assert_eq!(forgotten.change()["list"], true, "as of old: it is told that something changed");
    let quiet =
        Stream::open(&server, &delegate, &format!("/live/flow/t?since={}&pending=0", later(&server, &delegate)));
    server.user("admin").post("/flows/t/items/1/holder", &json!({"to": "delegate"})).expect(StatusCode::OK);
    // What was written a moment ago may still be told, but nothing that waits for them is missed.
    quiet.until(|told| told["pending"] == 1);
}

#[test]
fn connections_are_bounded_and_closed_pages_leave_none() {
    let server = installation().into_server();
    let (delegate, admin) = (cookie(&server, "delegate"), cookie(&server, "admin"));
    let mut open = Vec::new();
    loop {
        let stream = Stream::open(&server, &delegate, "/live/work/pending");
        if stream.status != 200 {
            assert_eq!(stream.status, 429);
            break;
        }
        open.push(stream);
        assert!(open.len() < 100, "no bound");
    }
    let count = u32::try_from(open.len()).unwrap();
    assert!(count >= 12, "{count}");
    let other = Stream::open(&server, &admin, "/live/work/pending");
    assert_eq!(other.status, 200, "others have their own");
    waits_for_seats(&server, count + 1);
    open.into_iter().for_each(Stream::close);
    waits_for_seats(&server, 1);
    assert_eq!(Stream::open(&server, &delegate, "/live/work/pending").status, 200);
}

#[test]
fn a_server_that_stops_ends_all_streams_and_waits_for_none() {
    let at = installation();
    let mut server = at.serve();
    let delegate = cookie(&server, "delegate");
    let streams: Vec<Stream> =
        ["/live/work/pending", "/live/flow/t"].map(|path| Stream::open(&server, &delegate, path)).into();
    waits_for_seats(&server, 2);
    let began = Instant::now();
    assert!(server.stop().success());
    assert!(began.elapsed() < Duration::from_secs(20), "the drain's whole time was waited for: {:?}", began.elapsed());
    for stream in &streams {
        let said = stream.ends();
        assert!(!said.contains("event: end"), "to be opened again: {said}");
        let retry = said.lines().find_map(|line| line.strip_prefix("retry: ")).expect("when to come back");
        assert!((1_000..4_000).contains(&retry.parse::<u32>().unwrap()), "{retry}");
    }
    // The same session goes on at the next server.
    let next = at.serve();
    assert_eq!(Stream::open(&next, &delegate, "/live/work/pending").status, 200);
}
