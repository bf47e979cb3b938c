//! Starting: a database that is not up yet, that refuses, that is of another version, that speaks TLS.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::{
    cluster::{Cluster, free_port, until},
    harness::{Installation, program, records::sql, stderr},
};

/// A server that may not come up.
struct Starting(Child);

impl Starting {
    fn on(url: &str) -> Starting {
        let mut serve = Command::new(program());
        serve.args(["serve", "--listen", "127.0.0.1:0"]).env("TASKSTEPER_DATABASE", url).env("RUST_LOG", "info");
        Starting(serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Its first line on stdout.
    fn first_line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }

    /// What it wrote to stderr, once it ended; its exit status.
    fn refused(mut self) -> (String, Option<i32>) {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (text, self.0.wait().unwrap().code())
    }

    fn end(mut self) -> String {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(self.0.wait().unwrap().success(), "{text}");
        text
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        // ended already, but where the test failed
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(url: &str) -> Output {
    let mut list = Command::new(program());
    list.args(["user", "list", "--database", url]).env_remove("PGPASSWORD").output().unwrap()
}

#[test]
fn a_database_that_is_not_up_yet_is_waited_for() {
    let cluster = Cluster::start();
    let url = cluster.database("one");
    cluster.stop("fast");
    let began = Instant::now();
    let refused = command(&url);
    assert_eq!(refused.status.code(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(8), "a command does not wait for long: {:?}", began.elapsed());
    assert!(stderr(&refused).contains("connecting to the database"), "{}", stderr(&refused));

    let mut serve = Starting::on(&url);
    std::thread::sleep(Duration::from_secs(3));
    assert!(serve.0.try_wait().unwrap().is_none(), "it waits");
    cluster.start_again();
    assert!(serve.first_line().starts_with("listening on"));
    let log = serve.end();
    assert!(log.contains("waiting for the database") && log.contains("/one"), "it says what it waits for: {log}");
}

#[test]
fn a_database_that_does_not_come_is_waited_for_with_a_bound() {
    // accepts and says nothing
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let began = Instant::now();
    let refused = command(&format!("postgres://ann:hidden-word@127.0.0.1:{port}/one?sslmode=disable"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert!(stderr(&refused).contains("no answer within"), "{}", stderr(&refused));
    assert!(!stderr(&refused).contains("hidden-word"));
    // nobody listens
    drop(silent);
    let began = Instant::now();
    let (log, status) =
        Starting::on(&format!("postgres://ann:hidden-word@127.0.0.1:{port}/one?sslmode=disable")).refused();
    assert_eq!(status, Some(1), "{log}");
    assert!((55..75).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert!(log.contains("waiting for the database") && log.contains(&format!("127.0.0.1:{port}")), "{log}");
    assert!(log.lines().last().unwrap().starts_with("error: "), "{log}");
    assert!(!log.contains("hidden-word"), "{log}");
}

/// A cluster on a port of loopback, where passwords are asked for.
fn with_passwords() -> (Cluster, u16) {
    let cluster = Cluster::start();
    let port = free_port();
    cluster.sql("create role ann login password 'right-word'");
    cluster.sql("create database one owner ann");
    cluster.stop("fast");
    cluster.configure("postgresql.conf", "listen_addresses = '127.0.0.1'\n");
    std::fs::write(
        cluster.path().join("data/pg_hba.conf"),
        "local all tester trust\nhost all tester 127.0.0.1/32 trust\nhostnossl secured all 127.0.0.1/32 reject\nhostssl secured all 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n",
    )
    .unwrap();
    cluster.configure("postgresql.conf", &format!("port = {port}\n"));
    (cluster, port)
}

/// Refused at once, and said why.
fn refuses(url: &str, words: &[&str]) {
    let began = Instant::now();
    let (log, status) = Starting::on(url).refused();
    assert!(began.elapsed() < Duration::from_secs(8), "{url}: {:?}", began.elapsed());
    assert_eq!(status, Some(1), "{log}");
    assert!(words.iter().all(|word| log.contains(word)), "{url}: {log}");
    assert!(!log.contains("-word"), "the password is not shown: {log}");
    let output = command(url);
    assert_eq!(output.status.code(), Some(1));
    assert!(words.iter().all(|word| stderr(&output).contains(word)), "{url}: {}", stderr(&output));
    assert!(!stderr(&output).contains("-word"), "{}", stderr(&output));
}

#[test]
fn what_will_not_change_by_waiting_is_refused_at_once() {
    let (cluster, port) = with_passwords();
    cluster.start_again();
    let url = |person: &str, database: &str| format!("postgres://{person}@127.0.0.1:{port}/{database}?sslmode=disable");
    assert!(
        command(&url("ann:right-word", "one")).status.success(),
        "{}",
        stderr(&command(&url("ann:right-word", "one")))
    );
    refuses(&url("ann:wrong-word", "one"), &["password authentication failed", "ann"]);
    refuses(&url("ann", "one"), &["password missing"]);
    refuses(&url("ann:right-word", "two"), &["database \"two\" does not exist"]);
    refuses(&url("bob:some-word", "one"), &["bob"]);
    let mut by_environment = Command::new(program());
    by_environment.args(["user", "list", "--database", &url("ann", "one")]).env("PGPASSWORD", "right-word");
    assert!(by_environment.output().unwrap().status.success());
    // may connect, may not make tables
    sql(&cluster_url(&cluster, port, "postgres"), "create role eve login password 'eves-word'");
    refuses(&url("eve:eves-word", "one"), &["permission denied"]);
    cluster_end(&cluster);
}

fn cluster_url(cluster: &Cluster, port: u16, database: &str) -> String {
    format!("postgres://tester@/{database}?host={}&port={port}&sslmode=disable", cluster.path().display())
}

fn cluster_end(cluster: &Cluster) {
    cluster.stop("fast");
}

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, and a certificate by it for `localhost`, as `ca.crt`, `server.crt` and `server.key`.
fn certificates(directory: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30";
    openssl(directory, &format!("req -x509 {key} -keyout ca.key -out ca.crt -subj /CN=tests"));
    openssl(directory, &format!("req -x509 {key} -keyout other.key -out other.crt -subj /CN=others"));
    openssl(
        directory,
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
    );
    std::fs::write(directory.join("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(
        directory,
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.crt",
    );
}

#[test]
fn the_way_to_the_database_is_encrypted_as_asked() {
    let (cluster, port) = with_passwords();
    let papers = tempfile::tempdir().unwrap();
    certificates(papers.path());
    let data = cluster.path().join("data");
    let owner = std::fs::metadata(&data).unwrap();
    for file in ["server.crt", "server.key"] {
        std::fs::copy(papers.path().join(file), data.join(file)).unwrap();
        let (user, group) = (std::os::unix::fs::MetadataExt::uid(&owner), std::os::unix::fs::MetadataExt::gid(&owner));
        std::os::unix::fs::chown(data.join(file), Some(user), Some(group)).unwrap();
        std::fs::set_permissions(data.join(file), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    let plain = format!("postgres://ann:right-word@127.0.0.1:{port}/one");
    cluster.start_again();
    refuses(&format!("{plain}?sslmode=require"), &["TLS", "does not support TLS"]);
    assert!(command(&format!("{plain}?sslmode=prefer")).status.success());
    cluster.stop("fast");
    cluster.configure("postgresql.conf", "ssl = on\n");
    cluster.start_again();
    sql(&cluster_url(&cluster, port, "postgres"), "create database secured owner ann");
    let url = |host: &str, query: &str| format!("postgres://ann:right-word@{host}:{port}/secured?{query}");
    let authority = |file: &str| papers.path().join(file).display().to_string();

    refuses(&url("127.0.0.1", "sslmode=disable"), &["pg_hba.conf", "127.0.0.1"]);
    for query in ["sslmode=require", "sslmode=prefer", ""] {
        let output = command(&url("127.0.0.1", query));
        assert!(output.status.success(), "{query}: {}", stderr(&output));
    }
    let verified = format!("sslmode=verify-full&sslrootcert={}", authority("ca.crt"));
    let installation = Installation::on(&url("localhost", &verified));
    installation.done(&["user", "add", "admin", "--admin"], "");
    let server = installation.serve();
    assert_eq!(server.user("admin").get("/me").status, 200);
    let encrypted = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'tasksteper' and not ssl";
    assert_eq!(sql(&cluster_url(&cluster, port, "postgres"), encrypted), "0");
    refuses(&url("127.0.0.1", &verified), &["TLS", "127.0.0.1"]);
    let other = format!("sslmode=verify-full&sslrootcert={}", authority("other.crt"));
    refuses(&url("localhost", &other), &["TLS", "certificate", "UnknownIssuer"]);
    refuses(&url("localhost", "sslmode=verify-full&sslrootcert=/nowhere.pem"), &["sslrootcert=/nowhere.pem"]);
    refuses(&url("localhost", "sslmode=verify-full"), &["certificate"]);
    drop(server);
    cluster_end(&cluster);
}

#[test]
fn two_nodes_make_the_tables_of_an_empty_database_once() {
    let cluster = Cluster::start();
    for round in 0..3 {
        let url = cluster.database(&format!("empty{round}"));
        let mut nodes = [(); 4].map(|()| Starting::on(&url));
        for node in &mut nodes {
            assert!(node.first_line().starts_with("listening on"));
        }
        let steps = sql(&url, "select count(*), count(distinct version), max(version) from refinery_schema_history");
        let (rows, rest) = steps.split_once('|').unwrap();
        assert_eq!(rest, format!("{rows}|{rows}"), "each step once");
        for node in nodes {
            let log = node.end();
            assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
        }
    }
}

#[test]
fn a_node_of_an_older_version_leaves_a_newer_database_alone() {
    let cluster = Cluster::start();
    let url = cluster.database("one");
    let at = Installation::on(&url).filled();
    let running = at.serve();
    let user = running.user("engineer");
    let newest: i64 = sql(&url, "select max(version) from refinery_schema_history").parse().unwrap();
    sql(
        &url,
        &format!(
            "insert into refinery_schema_history (version, name, applied_on, checksum) values ({}, 'of_tomorrow', 'x', '1')",
            newest + 1
        ),
    );
    let before = sql(&url, "select count(*) from pg_class");
    refuses(&url, &[&format!("schema version {}", newest + 1), &format!("knows {newest}"), "use the newer program"]);
    assert_eq!(sql(&url, "select count(*) from pg_class"), before);
    assert_eq!(user.get("/me").status, 200, "a node that runs already serves on");
    sql(&url, &format!("delete from refinery_schema_history where version > {newest}"));
    until("it is fine again", Duration::from_secs(5), || command(&url).status.success());
}
