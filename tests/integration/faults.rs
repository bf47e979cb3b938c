//! What goes wrong around SQLite: full disks, locks, schemas of other programs, files that may only be read. The real server
//! says so, loses nothing, and goes on by itself when it is over.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Installation, Server, User, path_of, program, project, records, run, stderr, stdout},
    invariants::is_fold,
};

const NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Asks a database from outside.
pub(crate) fn sql(database: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3").arg(database).arg(sql).output().expect("sqlite3 is installed");
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

// ---------------------------------------------------------------------------------------------- no room

fn create(user: &User, summary: &str) -> Answer {
    user.post("/flows/issue_track/items", &json!({"fields": {"summary": summary}}))
}

/// Creates items until one is refused, then comments on the last one until that is refused as well, then signs in until
/// there is no room for that either, which needs the least: the items that were answered.
fn fill(server: &Server, user: &User) -> Vec<Value> {
    let mut made = Vec::new();
    for number in 0..20_000 {
        let answer = create(user, &format!("第{number}个"));
        if answer.status != StatusCode::CREATED {
            no_room(&answer);
            let path = format!("{}/comments", path_of(made.last().unwrap()));
            while user.post(&path, &json!({"comment": "还行"})).status == StatusCode::CREATED {}
            let sign_in = [("name", "engineer"), ("password", "pass-word-1"), ("next", "")];
            while server.nobody().form("/login", &sign_in).status == StatusCode::SEE_OTHER {}
            return made;
        }
        made.push(answer.json());
    }
    panic!("there was always room");
}

#[track_caller]
fn no_room(answer: &Answer) {
    assert_eq!(answer.refused(503), "unavailable");
    assert!(answer.text.contains("没有空间"), "{}", answer.text);
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
}

/// What people meet while nothing can be written: clear words, and everything to read.
fn refuses_and_reads_on(server: &Server, user: &User, page: &User, made: &[Value]) {
    let item = &made[0];
    no_room(&create(user, "放不下"));
    no_room(&user.save(item, &json!({"summary": "放不下"})));
    no_room(&user.press(item, "提取典型问题", &json!({})));
    no_room(&user.post(&format!("{}/comments", path_of(item)), &json!({"comment": "放不下"})));
    let url = item["url"].as_str().unwrap();
    let revision = item["revision"].to_string();
    let forms = [
        (url.to_owned(), vec![("trigger", "提取典型问题"), ("revision", revision.as_str()), ("summary", "打好的字")]),
        ("/flow/issue_track/new".to_owned(), vec![("summary", "打好的字")]),
        (format!("{url}/comments"), vec![("comment", "打好的字")]),
    ];
    for (path, values) in forms {
        let answer = page.form(&path, &values);
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", answer.text);
        assert!(answer.text.contains("没有空间"), "{path}: {}", answer.text);
    }
    let answer = server.nobody().form("/login", &[("name", "engineer"), ("password", "pass-word-1"), ("next", "")]);
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("没有空间"), "{}", answer.text);
    for path in ["/", "/work/pending", "/flow/issue_track", "/flow/issue_track/all", "/settings", url] {
        assert_eq!(page.page(path).status, StatusCode::OK, "{path}");
    }
    assert_eq!(&user.again(item)["revision"], &item["revision"]);
    assert_eq!(user.get("/flows/issue_track/items").json()["total"], made.len());
    assert_eq!(user.page("/readyz").status, StatusCode::OK, "it can serve who reads");
}

/// Afterwards: it goes on by itself; what was answered is there, what was refused is not.
fn goes_on(server: Server, user: &User, made: &[Value]) {
    let item = create(user, "又有空间了").expect(StatusCode::CREATED);
    assert_eq!(item["number"].as_u64(), Some(made.len() as u64 + 1), "no number was taken by what was refused");
    user.pressed(&item, "提取典型问题", &json!({}));
    let there = user.pages("/flows/issue_track/items", 200);
    assert_eq!(there.len(), made.len() + 1);
    for item in made.iter().step_by(made.len() / 20 + 1) {
        let now = user.again(item);
        assert_eq!((&now["title"], &now["revision"]), (&item["title"], &item["revision"]));
        is_fold(&now, &user.history(item));
    }
    // A backup looks through every page and index.
    let folder = tempfile::tempdir().unwrap();
    server.done(&["backup", text(&folder.path().join("kept"))], "");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// A limit of file sizes stands for the full disk where nobody may mount one; a quota answers alike.
#[test]
fn a_limit_of_sizes_refuses_writes_until_it_is_lifted() {
    let at = Installation::embedded_shipped();
    // The signal that comes with it ends who does not know it: a service's manager sets it aside.
    let server = Server::through(&["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"], &[], at.data());
    let (user, page) = (server.user("engineer"), server.signed_in("engineer", "pass-word-1"));
    let first = create(&user, "先").expect(StatusCode::CREATED);
    let limit = |bytes: &str| {
        let pid = format!("--pid={}", server.id());
        let done = Command::new("prlimit").args([&pid, &format!("--fsize={bytes}:unlimited")]).status();
        assert!(done.expect("prlimit is installed").success());
    };
    let log = fs::metadata(format!("{}-wal", text(&at.database()))).unwrap().len();
    limit(&(log + 200_000).to_string());
    let mut made = vec![first];
    made.extend(fill(&server, &user));
    refuses_and_reads_on(&server, &user, &page, &made);
    limit("unlimited");
    goes_on(server, &user, &made);
}

/// A file system of two megabytes; says nothing where none may be mounted.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> Option<Small> {
        let tried = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m,mode=700", "none"]).arg(at).output();
        tried.is_ok_and(|output| output.status.success()).then(|| Small(at.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_small) = Small::mount(folder.path()) else { return };
    let at = Installation::embedded_shipped();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::copy(at.database(), data.join("tasksteper.db")).unwrap();
    let server = Server::on(&data);
    let (user, page) = (server.user("engineer"), server.signed_in("engineer", "pass-word-1"));
    let first = create(&user, "先").expect(StatusCode::CREATED);
    // Something else takes the room, and gives it back later.
    let ballast = folder.path().join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    drop(file);
    fs::File::options()
        .write(true)
        .open(&ballast)
        .unwrap()
        .set_len(fs::metadata(&ballast).unwrap().len() - 300_000)
        .unwrap();
    let mut made = vec![first];
    made.extend(fill(&server, &user));
    refuses_and_reads_on(&server, &user, &page, &made);
    let output = server.run(&["user", "add", "late", "--display", &"长".repeat(60)], "");
    // The command has a log of its own to write into, which may have a page left; if not, it says so.
    if !output.status.success() {
        assert!(stderr(&output).contains("it is full"), "{}", stderr(&output));
    }
    let output = server.run(&["backup", text(&folder.path().join("kept"))], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no room left"), "{}", stderr(&output));
    fs::remove_file(&ballast).unwrap();
    goes_on(server, &user, &made);
}

// ---------------------------------------------------------------------------------------------- locks

/// Another process that holds the lock for writing until it is dropped.
struct Lock(Child);

impl Lock {
    fn hold(database: &Path) -> Lock {
        let mut child = Command::new("sqlite3")
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sqlite3");
        let words = "begin exclusive;\nselect 'held';\n";
        child.stdin.as_mut().unwrap().write_all(words.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "held\n");
        Lock(child)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn a_database_locked_by_another_process_is_503_until_it_is_free() {
    let at = Installation::embedded_by_token();
    let server = at.serve();
    let user = server.user("engineer");
    let item = user.create("issue_track", &json!({"summary": "一"}));
    let lock = Lock::hold(&at.database());
    let refused = user.save(&item, &json!({"summary": "二"}));
    assert_eq!(refused.refused(503), "unavailable");
    assert!(refused.headers.contains_key("retry-after"), "{:?}", refused.headers);
    assert_eq!(user.again(&item)["title"], "一", "readers go on");
    let output = at.run(&["user", "add", "late"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("locked by another process"), "{}", stderr(&output));
    drop(lock);
    assert_eq!(user.saved(&item, &json!({"summary": "三"}))["title"], "三");
    is_fold(&user.again(&item), &user.history(&item));
    assert_eq!(user.history(&item).len(), 2, "what was refused left nothing");
}

// ---------------------------------------------------------------------------------------------- schemas

#[test]
fn several_that_open_older_or_no_records_at_once_all_serve() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    for data in [&old, &new] {
        records::embed(data);
    }
    let kept = project().join("tests/kept/schema-1.tar.zst");
    let output = run(&["restore", text(&kept), "--data", text(&old)], "");
    assert!(output.status.success(), "{}", stderr(&output));
    for data in [&old, &new] {
        std::thread::scope(|scope| {
            let commands: Vec<_> = (0..4)
                .map(|n| scope.spawn(move || run(&["user", "add", &format!("new-{n}"), "--data", text(data)], "")))
                .collect();
            let servers: Vec<_> = (0..2).map(|_| scope.spawn(|| Server::on(data))).collect();
            for command in commands {
                let output = command.join().unwrap();
                assert!(output.status.success(), "{}", stderr(&output));
            }
            let servers: Vec<Server> = servers.into_iter().map(|server| server.join().unwrap()).collect();
            for server in &servers {
                assert_eq!(server.user("new-0").get("/me").json()["name"], "new-0");
            }
        });
        let steps = fs::read_dir(project().join("crates/store/migrations")).unwrap().count();
        let ran =
            sql(&data.join("tasksteper.db"), "select count(*), count(distinct version) from refinery_schema_history");
        assert_eq!(ran.trim(), format!("{steps}|{steps}"), "each step ran once");
    }
}

#[test]
fn a_program_older_than_the_schema_refuses_and_changes_nothing() {
    let at = Installation::embedded_by_token();
    let folder = tempfile::tempdir().unwrap();
    let password = "pass-word-1\n";
    let newest = fs::read_dir(project().join("crates/store/migrations")).unwrap().count();
    sql(
        &at.database(),
        "insert into refinery_schema_history values (999, 'of_later', '2030-01-01T00:00:00Z', '1'); pragma wal_checkpoint(truncate)",
    );
    let before = fs::read(at.database()).unwrap();
    let flows = project().join("flows");
    let file = folder.path().join("kept");
    let commands: &[&[&str]] = &[
        &["serve", "--listen", "127.0.0.1:0"],
        &["demo", "--listen", "127.0.0.1:0"],
        &["user", "add", "late"],
        &["user", "list"],
        &["user", "passwd", "engineer", "--password-stdin"],
        &["user", "disable", "engineer"],
        &["group", "list"],
        &["token", "create", "engineer"],
        &["flow", "apply", text(&flows)],
        &["flow", "list"],
        &["flow", "show", "issue_track"],
        &["flow", "archive", "issue_track"],
        &["backup", text(&file)],
    ];
    for words in commands {
        let output = at.run(words, password);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {}", stdout(&output));
        let said = stderr(&output);
        assert!(said.contains(&format!("schema version 999, this program knows {newest}")), "{words:?}: {said}");
        assert!(said.contains("use the newer program") && stdout(&output).is_empty(), "{words:?}: {said}");
    }
    assert_eq!(fs::read(at.database()).unwrap(), before);
    assert!(!file.exists());
    sql(&at.database(), "delete from refinery_schema_history where version = 999");
    at.serve().user("engineer").create("issue_track", &json!({"summary": "又能用了"}));
}

// ---------------------------------------------------------------------------------------------- permissions

#[test]
fn records_that_may_only_be_read_are_said_and_served_once_they_may_be_written() {
    let at = Installation::embedded_by_token();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let before: &[&str] = if is_root() { &NOBODY } else { &["env"] };
    let serve = || {
        let mut command = Command::new(before[0]);
        // A server that starts all the same does not stay.
        let words = ["timeout", "20", program(), "serve", "--listen", "127.0.0.1:0", "--data", text(at.data())];
        command.args(&before[1..]).args(words).output().unwrap()
    };
    for (file, folder) in [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555)] {
        mode(&at.database(), file);
        mode(at.data(), folder);
        let output = serve();
        mode(at.data(), 0o777);
        mode(&at.database(), 0o666);
        // What it made beside the file may only be read either.
        for end in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", text(&at.database())));
        }
        assert_eq!(output.status.code(), Some(1), "{file:o} {folder:o}: {}", stdout(&output));
        let said = stderr(&output);
        assert!(said.contains("read-only") && said.contains(text(at.data())), "{file:o} {folder:o}: {said}");
    }
    let server = Server::through(before, &[], at.data());
    server.user("engineer").create("issue_track", &json!({"summary": "写得下"}));
}
