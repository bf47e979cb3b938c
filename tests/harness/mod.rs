//! The real program, started for one test: its own data, its own port, ended by its own process id.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

pub(crate) mod clock;
pub(crate) mod dice;
pub(crate) mod load;
pub(crate) mod records;
mod template;

use records::Directory;
use reqwest::{
    StatusCode,
    blocking::{Client, RequestBuilder},
};
use serde_json::{Value, json};

/// An installation: a directory of data that goes when the test ends.
pub(crate) struct Installation {
    directory: Directory,
}

/// A server on an installation. Ended in good order when dropped; a server that does not end well fails the test.
pub(crate) struct Server {
    child: Option<Child>,
    log: std::sync::Arc<Mutex<String>>,
    printing: Option<std::thread::JoinHandle<String>>,
    pub(crate) base: String,
    pub(crate) data: PathBuf,
    _directory: Option<Directory>,
}

/// A user of the API.
#[derive(Clone)]
pub(crate) struct User {
    client: Client,
    base: String,
    token: String,
    pub(crate) name: String,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

/// The program's path.
pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_tasksteper")
}

/// The folder of the project.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's folder")
}

/// Runs the program with these arguments and input; waits for its end.
pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    run_with(arguments, input, &[])
}

/// [`run`], with more variables in its environment.
pub(crate) fn run_with(arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Output {
    let data = arguments.iter().skip_while(|argument| **argument != "--data").nth(1).map(Path::new);
    let mut child = Command::new(program());
    child.env_remove("TASKSTEPER_DATA").env_remove("TASKSTEPER_DATABASE").env_remove("TASKSTEPER_TIME_ZONE");
    if let Some(url) = data.filter(|_| !arguments.contains(&"--database")).and_then(records::database) {
        child.env("TASKSTEPER_DATABASE", url);
    }
    let mut child = child
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input closes it: that is its right.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    child.wait_with_output().expect("the program ends")
}

/// What it printed on stdout.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8")
}

/// What it printed on stderr.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8")
}

impl Installation {
    /// Without anything in it.
    pub(crate) fn empty() -> Installation {
        Installation { directory: Directory::new() }
    }

    /// Without anything in it; its records will be embedded, whatever this run tries.
    pub(crate) fn embedded() -> Installation {
        Installation { directory: Directory::embedded() }
    }

    /// Whose records are in this database, whatever is in it.
    pub(crate) fn on(url: &str) -> Installation {
        Installation { directory: Directory::on(url) }
    }

    /// Publishes the shipped flows and adds the users of the demo, who have no password.
    pub(crate) fn filled(self) -> Installation {
        self.fill();
        self
    }

    fn fill(&self) {
        self.users_by_token();
        self.done(&["flow", "apply", project().join("flows").to_str().expect("a path")], "");
    }

    fn fill_with_passwords(&self) {
        self.users();
        self.done(&["flow", "apply", project().join("flows").to_str().expect("a path")], "");
    }

    /// With the shipped flows and the users of the demo, whose password is `pass-word-1`.
    pub(crate) fn shipped() -> Installation {
        template::copy("shipped", false, Installation::fill_with_passwords)
    }

    /// With the shipped flows and the users of the demo, who have no password: for tests of the API.
    pub(crate) fn shipped_by_token() -> Installation {
        template::copy("shipped_by_token", false, Installation::fill)
    }

    /// [`Installation::shipped`] with embedded records, whatever this run tries.
    pub(crate) fn embedded_shipped() -> Installation {
        template::copy("shipped", true, Installation::fill_with_passwords)
    }

    /// [`Installation::shipped_by_token`] with embedded records, whatever this run tries.
    pub(crate) fn embedded_by_token() -> Installation {
        template::copy("shipped_by_token", true, Installation::fill)
    }

    /// With these flow files, by name and text, and the users of the demo, who have no password.
    pub(crate) fn with_flows(files: &[(&str, &str)]) -> Installation {
        let made = template::copy("users_by_token", false, Installation::users_by_token);
        made.apply(files);
        made
    }

    /// Publishes these flow files.
    pub(crate) fn apply(&self, files: &[(&str, &str)]) {
        let folder = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("the file is written");
        }
        self.done(&["flow", "apply", folder.path().to_str().expect("a path")], "");
    }

    fn users(&self) {
        self.done(&["user", "add", "admin", "--admin", "--display", "管理员", "--password-stdin"], "pass-word-1\n");
        for (name, display) in [("engineer", "维护人员"), ("delegate", "维护代表"), ("architect", "SE")] {
            self.done(&["user", "add", name, "--display", display, "--password-stdin"], "pass-word-1\n");
        }
    }

    fn users_by_token(&self) {
        self.done(&["user", "add", "admin", "--admin"], "");
        for name in ["engineer", "delegate", "architect"] {
            self.done(&["user", "add", name], "");
        }
    }

    /// Gives these users the password `pass-word-1`.
    pub(crate) fn let_in(&self, names: &[&str]) {
        for name in names {
            self.done(&["user", "passwd", name, "--password-stdin"], "pass-word-1\n");
        }
    }

    /// The file of its database.
    pub(crate) fn database(&self) -> PathBuf {
        std::fs::read_dir(self.data())
            .expect("the data")
            .map(|entry| entry.expect("an entry").path())
            .find(|path| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3")))
            .expect("a database")
    }

    /// Runs SQL on its records: what it says.
    pub(crate) fn sql(&self, sql: &str) -> String {
        if let Some(url) = records::database(self.data()) {
            return records::sql(&url, sql);
        }
        let output = Command::new("sqlite3").arg(self.database()).arg(sql).output().expect("sqlite3 is installed");
        assert!(output.status.success(), "{sql}: {}", stderr(&output));
        stdout(&output).trim().to_owned()
    }

    /// Where its data are.
    pub(crate) fn data(&self) -> &Path {
        self.directory.path()
    }

    /// Runs a command on its data.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let data = self.data().to_str().expect("a path");
        run(&[arguments, &["--data", data]].concat(), input)
    }

    /// Runs a command on its data that must be done: its stdout.
    pub(crate) fn done(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// Starts a server on it.
    pub(crate) fn serve(&self) -> Server {
        Server::start(&["serve", "--listen", "127.0.0.1:0"], self.data().to_path_buf())
    }

    /// Starts the demo on it.
    pub(crate) fn demo(&self) -> Server {
        Server::start(&["demo", "--listen", "127.0.0.1:0"], self.data().to_path_buf())
    }

    /// Starts a server on it, with more arguments.
    pub(crate) fn serve_with(&self, arguments: &[&str]) -> Server {
        Server::start(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat(), self.data().to_path_buf())
    }

    /// Starts a server on it that listens there, with more arguments.
    pub(crate) fn serve_at(&self, listen: &str, arguments: &[&str]) -> Server {
        Server::start(&[&["serve", "--listen", listen], arguments].concat(), self.data().to_path_buf())
    }

    /// Starts a server on it that takes the installation with it when it ends.
    pub(crate) fn into_server(self) -> Server {
        let mut server = self.serve();
        server._directory = Some(self.directory);
        server
    }
}

impl Server {
    /// With the shipped flows and the users of the demo.
    pub(crate) fn shipped() -> Server {
        Installation::shipped().into_server()
    }

    /// With the shipped flows and the users of the demo, who have no password: for tests of the API.
    pub(crate) fn by_token() -> Server {
        Installation::shipped_by_token().into_server()
    }

    /// With these flow files and the users of the demo, who have no password.
    pub(crate) fn with_flows(files: &[(&str, &str)]) -> Server {
        Installation::with_flows(files).into_server()
    }

    /// On the embedded records in this directory, whatever this run tries.
    pub(crate) fn on(data: &Path) -> Server {
        records::embed(data);
        Server::start(&["serve", "--listen", "127.0.0.1:0"], data.to_path_buf())
    }

    /// With this one flow, whose key is `t`, and the users of the demo, who have no password.
    pub(crate) fn with_flow(text: &str) -> Server {
        Server::with_flows(&[("t.toml", text)])
    }

    /// Runs a command on its data while it serves.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        run(&[arguments, &["--data", self.data.to_str().expect("a path")]].concat(), input)
    }

    /// Runs a command on its data that must be done: its stdout.
    pub(crate) fn done(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// On what is in this directory, started through another program that takes its place (`setpriv`, `sh -c 'exec …'`), with
    /// more variables in its environment.
    pub(crate) fn through(before: &[&str], variables: &[(&str, &str)], data: &Path) -> Server {
        let words = [before, &[program(), "serve", "--listen", "127.0.0.1:0"]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).envs(variables.iter().copied());
        Server::started(command, data.to_path_buf())
    }

    fn start(arguments: &[&str], data: PathBuf) -> Server {
        let mut command = Command::new(program());
        command.args(arguments);
        Server::started(command, data)
    }

    fn started(mut command: Command, data: PathBuf) -> Server {
        match records::database(&data) {
            Some(url) => command.env("TASKSTEPER_DATABASE", url),
            None => command.env_remove("TASKSTEPER_DATABASE"),
        };
        let mut child = command
            .arg("--data")
            .arg(&data)
            .env("RUST_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let log = std::sync::Arc::new(Mutex::new(String::new()));
        let (stderr, kept) = (child.stderr.take().expect("its stderr"), std::sync::Arc::clone(&log));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = kept.lock().expect("the log");
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        let mut printed = format!("{first}\n");
        let printing = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                printed.push_str(&line);
                printed.push('\n');
            }
            printed
        });
        let Some(base) = first.strip_prefix("listening on ") else {
            let _ = child.wait();
            panic!("the first line is {first:?}; stderr: {}", log.lock().expect("the log"));
        };
        Server { child: Some(child), log, printing: Some(printing), base: base.to_owned(), data, _directory: None }
    }

    /// Ends it in good order: what it printed on stdout.
    pub(crate) fn printed(&mut self) -> String {
        assert!(self.stop().success());
        self.printing.take().expect("once").join().expect("what it printed")
    }

    /// What it wrote to stderr so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// Waits until a word that it wrote to stderr contains this: the word.
    pub(crate) fn said(&self, part: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(word) = self.log().split_whitespace().find(|word| word.contains(part)) {
                return word.to_owned();
            }
            assert!(Instant::now() < deadline, "no {part:?} in {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
    }

    /// Ends it in good order: its exit status.
    pub(crate) fn stop(&mut self) -> std::process::ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let sent = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().expect("kill runs");
        assert!(sent.success());
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            match child.try_wait().expect("its status") {
                Some(status) => return status,
                None if Instant::now() > deadline => {
                    let _ = child.kill();
                    panic!("the server did not end by SIGTERM; stderr: {}", self.log());
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Someone who uses the API with a token of their own.
    pub(crate) fn user(&self, name: &str) -> User {
        let data = self.data.to_str().expect("a path");
        let output = run(&["token", "create", name, "--data", data], "");
        assert!(output.status.success(), "{}", stderr(&output));
        User {
            client: client(),
            base: self.base.clone(),
            token: stdout(&output).trim().to_owned(),
            name: name.to_owned(),
        }
    }

    /// Someone who signed in with a password and keeps the cookie.
    pub(crate) fn signed_in(&self, name: &str, password: &str) -> User {
        let user = User { name: name.to_owned(), ..self.nobody() };
        let answer = user.form("/login", &[("name", name), ("password", password), ("next", "")]);
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        user
    }

    /// Someone without a token.
    pub(crate) fn nobody(&self) -> User {
        User { client: client(), base: self.base.clone(), token: String::new(), name: String::new() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            let status = self.stop();
            if !std::thread::panicking() {
                assert!(status.success(), "the server ended with {status}; stderr: {}", self.log());
                assert!(!self.log().contains("panicked"), "the server panicked: {}", self.log());
            }
        }
    }
}

/// A client that follows no redirects and keeps cookies.
pub(crate) fn client() -> Client {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .cookie_store(true)
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client")
}

/// Sends a request.
pub(crate) fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().expect("an answer");
    Answer { status: response.status(), headers: response.headers().clone(), text: response.text().expect("a text") }
}

impl User {
    /// Sends a request to `/api/v1` + `path`.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, &format!("/api/v1{path}"));
        answer(if let Some(body) = body { request.json(body) } else { request })
    }

    /// Sends these bytes as the body, said to be of this type.
    pub(crate) fn send_bytes(&self, method: &str, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.request(method, &format!("/api/v1{path}"));
        answer(request.header("content-type", kind).body(body.into()))
    }

    /// A request to `path`, with the token.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let request = self.client.request(method.parse().expect("a method"), format!("{}{path}", self.base));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    /// Opens a page.
    pub(crate) fn page(&self, path: &str) -> Answer {
        answer(self.request("GET", path))
    }

    /// Sends a form.
    pub(crate) fn form(&self, path: &str, values: &[(&str, &str)]) -> Answer {
        answer(self.request("POST", path).form(values))
    }

    /// Sends a request that may get no answer, as when the server dies.
    pub(crate) fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        let response = self.request("POST", &format!("/api/v1{path}")).json(body).send().ok()?;
        Some(Answer { status: response.status(), headers: response.headers().clone(), text: response.text().ok()? })
    }

    /// The same person, who asks another server.
    pub(crate) fn at(&self, base: &str) -> User {
        User { base: base.to_owned(), ..self.clone() }
    }

    /// Their token.
    pub(crate) fn token(&self) -> String {
        self.token.clone()
    }

    /// The same person with connections and cookies of their own.
    pub(crate) fn anew(&self) -> User {
        User { client: client(), ..self.clone() }
    }

    /// Sends a request that may get no answer.
    pub(crate) fn try_get(&self, path: &str) -> Option<Answer> {
        let response = self.request("GET", path).send().ok()?;
        Some(Answer { status: response.status(), headers: response.headers().clone(), text: response.text().ok()? })
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body))
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, Some(body))
    }

    /// Creates an item: it.
    pub(crate) fn create(&self, flow: &str, fields: &Value) -> Value {
        self.post(&format!("/flows/{flow}/items"), &json!({ "fields": fields })).expect(StatusCode::CREATED)
    }

    /// An item.
    pub(crate) fn item(&self, flow: &str, number: i64) -> Value {
        self.get(&format!("/flows/{flow}/items/{number}")).expect(StatusCode::OK)
    }

    /// An item as it is now.
    pub(crate) fn again(&self, item: &Value) -> Value {
        self.get(&path_of(item)).expect(StatusCode::OK)
    }

    /// Presses a trigger: the answer.
    pub(crate) fn press(&self, item: &Value, trigger: &str, fields: &Value) -> Answer {
        let path = format!("{}/triggers", path_of(item));
        self.post(&path, &json!({ "trigger": trigger, "fields": fields }))
    }

    /// Presses a trigger that must be taken: the item after it.
    pub(crate) fn pressed(&self, item: &Value, trigger: &str, fields: &Value) -> Value {
        self.press(item, trigger, fields).expect(StatusCode::OK)
    }

    /// Saves field values: the answer.
    pub(crate) fn save(&self, item: &Value, fields: &Value) -> Answer {
        self.patch(&path_of(item), &json!({ "fields": fields }))
    }

    /// Saves field values that must be taken: the item after it.
    pub(crate) fn saved(&self, item: &Value, fields: &Value) -> Value {
        self.save(item, fields).expect(StatusCode::OK)
    }

    /// The whole of a list, page by page of `limit` items.
    pub(crate) fn pages(&self, path: &str, limit: i64) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        let mark = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{mark}limit={limit}{cursor}")).expect(StatusCode::OK);
            let found = page["items"].as_array().expect("items");
            assert!(found.len() as i64 <= limit, "at most {limit}: {}", found.len());
            items.extend(found.iter().cloned());
            match page["next"].as_str() {
                None => return items,
                Some(next) => cursor = format!("&cursor={next}"),
            }
        }
    }

    /// An item's history.
    pub(crate) fn history(&self, item: &Value) -> Vec<Value> {
        let answer = self.get(&format!("{}/history", path_of(item))).expect(StatusCode::OK);
        answer["events"].as_array().expect("events").clone()
    }
}

/// The item's path under `/api/v1`.
pub(crate) fn path_of(item: &Value) -> String {
    format!("/flows/{}/items/{}", item["flow"].as_str().expect("a flow"), item["number"])
}

impl Answer {
    /// Its JSON, if it has this status; else the test fails and shows it.
    #[track_caller]
    pub(crate) fn expect(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// Its JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Its problem's code, if it has this status.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], status);
        problem["code"].as_str().expect("a code").to_owned()
    }

    /// The fields that its problem names, with their codes.
    #[track_caller]
    pub(crate) fn field_errors(&self) -> Vec<(String, String)> {
        assert_eq!(self.refused(422), "invalid_fields", "{}", self.text);
        let problem = self.json();
        let text = |error: &Value, key: &str| error[key].as_str().expect("a text").to_owned();
        problem["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| (text(error, "field"), text(error, "code")))
            .collect()
    }
}

/// The IDs of items.
pub(crate) fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().expect("an ID")).collect()
}

/// The texts of a JSON list.
pub(crate) fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

/// The entry of `trigger` among an item's triggers.
#[track_caller]
pub(crate) fn button<'a>(item: &'a Value, trigger: &str) -> &'a Value {
    let triggers = item["triggers"].as_array().expect("triggers");
    triggers.iter().find(|entry| entry["trigger"] == trigger).unwrap_or_else(|| panic!("{trigger}: {triggers:?}"))
}

/// The triggers that an item's reader may press.
pub(crate) fn allowed(item: &Value) -> Vec<&str> {
    let triggers = item["triggers"].as_array().expect("triggers");
    let allowed = triggers.iter().filter(|entry| entry["allowed"] == true);
    allowed.map(|entry| entry["trigger"].as_str().expect("a trigger")).collect()
}

/// The text as a part of an address.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
