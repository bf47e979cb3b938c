//! Each node behind nginx is restarted in turn while people work: no request is lost.

use std::{
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use serde_json::json;

use crate::{
    cluster::{Cluster, Ending, free_port, until},
    harness::{
        Installation, Server, User,
        load::{Notes, check, write},
        path_of, project,
    },
};

/// nginx with the file of the handbook, its addresses replaced.
struct Nginx {
    child: Child,
    base: String,
    directory: tempfile::TempDir,
}

impl Nginx {
    fn before(nodes: [u16; 2]) -> Nginx {
        let directory = tempfile::Builder::new().prefix("nginx.").tempdir().unwrap();
        let port = free_port();
        let file = std::fs::read_to_string(project().join("docs/nginx.conf")).unwrap();
        let mut conf = String::new();
        for line in file.lines().filter(|line| !line.trim_start().starts_with("ssl_certificate")) {
            let line = line.replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"));
            let line = line.replace("server 127.0.0.1:8001", &format!("server 127.0.0.1:{}", nodes[0]));
            let line = line.replace("server 127.0.0.1:8002", &format!("server 127.0.0.1:{}", nodes[1]));
            conf.push_str(&line);
            conf.push('\n');
        }
        for place in [port, nodes[0], nodes[1]] {
            assert_eq!(conf.matches(&format!(":{place}")).count(), 1, "the file is as it is thought to be: {conf}");
        }
        let at = directory.path().display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String = temporary.iter().map(|kind| format!("{kind}_temp_path {at}/{kind};\n")).collect();
        let whole = format!(
            "worker_processes 2;\npid {at}/pid;\nerror_log {at}/error.log notice;\nevents {{}}\nhttp {{\naccess_log {at}/access.log;\n{temporary}{conf}}}\n"
        );
        std::fs::write(directory.path().join("nginx.conf"), whole).unwrap();
        let child = Command::new(nginx())
            .arg("-p")
            .arg(directory.path())
            .arg("-c")
            .arg(directory.path().join("nginx.conf"))
            .args(["-g", "daemon off;"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed");
        let nginx = Nginx { child, base: format!("http://127.0.0.1:{port}"), directory };
        until("nginx listens", Duration::from_secs(10), || TcpStream::connect(("127.0.0.1", port)).is_ok());
        nginx
    }

    fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(name)).unwrap_or_default()
    }
}

fn nginx() -> &'static str {
    if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // its workers end with it only this way
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

fn node(at: &Installation, port: u16) -> Server {
    at.serve_at(&format!("127.0.0.1:{port}"), &["--grace", "5", "--trusted-proxy", "127.0.0.1"])
}

#[test]
fn a_rolling_restart_behind_nginx_loses_no_request() {
    let cluster = Cluster::start();
    let at = Installation::on(&cluster.database("one")).filled();
    let first = free_port();
    let mut nodes = vec![node(&at, first)];
    let second = free_port();
    nodes.push(node(&at, second));
    let ports = [first, second];
    let nginx = Nginx::before(ports);
    let (engineer, delegate) = (nodes[0].user("engineer"), nodes[0].user("delegate"));
    let (engineer, delegate) = (engineer.at(&nginx.base), delegate.at(&nginx.base));
    let architect = nodes[0].user("architect").at(&nginx.base);
    let item = architect.create("improvement", &json!({"summary": "概要"}));
    let mut notes = Notes::default();
    let (told, hears) = mpsc::channel();
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (told, done, user) = (told.clone(), &done, engineer.clone());
            scope.spawn(move || write(&user, &told, || !done.load(Ordering::SeqCst)));
        }
        drop(told);
        for _ in 0..4 {
            let (done, asked, user, path) = (&done, &asked, engineer.clone(), path_of(&item));
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    let answer = user.try_get(&format!("/api/v1{path}")).expect("an answer");
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        // each for itself, on a connection of its own, as browsers come
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let user: User = architect.anew();
                user.create("device_card", &json!({"summary": "概要"}));
            }
        });
        let noting = &mut notes;
        scope.spawn(move || hears.into_iter().for_each(|told| noting.note(told)));
        let _end = Ending(&done);
        for _ in 0..2 {
            for (node_at, port) in ports.into_iter().enumerate() {
                std::thread::sleep(Duration::from_millis(500));
                let base = nodes[node_at].base.clone();
                let direct = engineer.at(&base);
                let stopping = &mut nodes[node_at];
                std::thread::scope(|scope| {
                    scope.spawn(|| {
                        until("it says that it leaves", Duration::from_secs(4), || {
                            direct.try_get("/readyz").is_some_and(|answer| answer.status == 503)
                        });
                    });
                    assert!(stopping.stop().success());
                });
                nodes[node_at] = node(&at, port);
                until("ready", Duration::from_secs(10), || engineer.at(&base).page("/readyz").status == 200);
            }
        }
    });
    assert_eq!((notes.refused, notes.unknown), (0, 0), "{}", nginx.log("error.log"));
    assert!(asked.load(Ordering::SeqCst) > 100 && notes.answered.len() > 20, "there was work");
    let lost: Vec<String> =
        nginx.log("access.log").lines().filter(|line| !line.contains("\" 20")).map(str::to_owned).collect();
    assert!(lost.is_empty(), "{lost:?} {}", nginx.log("error.log"));
    check(&engineer, &delegate, &notes.answered, 0);
}
