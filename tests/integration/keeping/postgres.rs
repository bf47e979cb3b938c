//! The same for records in PostgreSQL, by its own tools, against a server of the test's own.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{names, refused, text};
use crate::harness::{program, stderr, stdout};

const PASSWORD: &str = "se cret/:@%";
/// As it stands in an address.
const ENCODED: &str = "se%20cret%2F%3A%40%25";

/// A server of PostgreSQL in a directory of its own, behind a socket of its own; ended when dropped.
struct Cluster {
    folder: tempfile::TempDir,
    tools: PathBuf,
    as_nobody: bool,
}

impl Cluster {
    fn start() -> Cluster {
        let versions =
            fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed: scripts/install-test-deps.sh");
        let newest = versions
            .map(|entry| entry.unwrap().path())
            .max_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
        let tools = newest.unwrap().join("bin");
        let as_nobody = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0;
        let made = Cluster { folder: tempfile::tempdir().unwrap(), tools, as_nobody };
        let password = made.folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        if as_nobody {
            // PostgreSQL refuses to be run by root.
            let owner = Command::new("chown").args(["-R", "65534:65534"]).arg(made.folder.path()).status();
            assert!(owner.unwrap().success());
        }
        let at = text(made.folder.path());
        let pwfile = format!("--pwfile={}", text(&password));
        made.run(
            "initdb",
            &[
                "-D",
                &format!("{at}/data"),
                "-U",
                "keeper",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--auth=scram-sha-256",
                &pwfile,
            ],
        );
        let options = format!("-c listen_addresses='' -c fsync=off -k {at}");
        made.run("pg_ctl", &["-D", &format!("{at}/data"), "-l", &format!("{at}/log"), "-o", &options, "-w", "start"]);
        made
    }

    fn run(&self, tool: &str, arguments: &[&str]) {
        let mut command = Command::new(if self.as_nobody { "setpriv".into() } else { self.tools.join(tool) });
        if self.as_nobody {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(self.tools.join(tool));
        }
        // Its descendants keep what they inherit: no pipe, on which one would wait for them.
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("said")).unwrap();
        command.args(arguments).stdout(log.try_clone().unwrap()).stderr(log);
        let status = command.current_dir("/").status().unwrap();
        assert!(status.success(), "{tool}: {}", fs::read_to_string(self.folder.path().join("said")).unwrap());
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://keeper:{ENCODED}@/{database}?host={}", text(self.folder.path()))
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        let mut command = Command::new(self.tools.join("psql"));
        command.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    }

    /// Runs the program with the tools in `path` before all others.
    fn program(&self, path: &Path, arguments: &[&str]) -> Output {
        let path = format!("{}:{}", text(path), std::env::var("PATH").unwrap());
        Command::new(program()).args(arguments).env("PATH", path).output().unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = format!("{}/data", text(self.folder.path()));
        self.run("pg_ctl", &["-D", &data, "-m", "immediate", "-w", "stop"]);
    }
}

/// Records as the program lays them out, as far as this needs them.
const RECORDS: &str = r"
    create table refinery_schema_history (version int4 primary key, name varchar(255));
    insert into refinery_schema_history values (1, 'records');
    create table item (flow text, number bigint, title text, primary key (flow, number));
    insert into item select 'issue_track', n, E'第 ' || n || E' 个\t换\n行 \\. COPY x (' from generate_series(1, 500) n;
    create table event (flow text, number bigint, seq bigint, primary key (flow, number, seq),
                        foreign key (flow, number) references item (flow, number));
    insert into event select flow, number, 1 from item;
    create table setting (name text primary key, value text)";

#[test]
fn records_in_postgresql_are_kept_by_its_own_tools() {
    let cluster = Cluster::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.tar.zst");
    for name in ["one", "two", "old"] {
        cluster.sql("postgres", &format!("create database {name}"));
    }
    cluster.sql("one", RECORDS);
    let run = |arguments: &[&str]| cluster.program(&cluster.tools, arguments);

    let output = run(&["backup", text(&file), "--database", &cluster.url("one")]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("backed up 500 items"), "{}", stdout(&output));
    assert_eq!(names(folder.path()), ["kept.tar.zst"]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    refused(&run(&["restore", text(&file), "--database", &cluster.url("one")]), "holds tables already");
    let output = run(&["restore", text(&file), "--database", &cluster.url("two")]);
    assert!(output.status.success(), "{}", stderr(&output));
    let all = "select md5(string_agg(i::text, ',' order by number)) from item i";
    assert_eq!(cluster.sql("one", all), cluster.sql("two", all));
    assert_eq!(cluster.sql("two", "select count(*) from event").trim(), "500");

    let data = folder.path().join("data");
    refused(&run(&["restore", text(&file), "--data", text(&data)]), "--database postgres://");
    assert!(!data.exists());
    let good = fs::read(&file).unwrap();
    for (place, what) in [(good.len() / 2, "a bit flipped"), (good.len() - 8, "the last block")] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        fs::write(&file, bad).unwrap();
        let output = run(&["restore", text(&file), "--database", &cluster.url("old")]);
        assert_eq!(output.status.code(), Some(1), "{what}: {}", stdout(&output));
        assert_eq!(cluster.sql("old", "select count(*) from pg_class where relname = 'item'").trim(), "0", "{what}");
    }
    cluster.sql("old", "create table other (a int)");
    let new = folder.path().join("new");
    refused(&run(&["backup", text(&new), "--database", &cluster.url("old")]), "no records of this program");
    refused(&run(&["backup", text(&new), "--database", &cluster.url("nowhere")]), "\"nowhere\" does not exist");
    let wrong = cluster.url("one").replace(ENCODED, "wrong");
    let output = run(&["backup", text(&new), "--database", &wrong]);
    refused(&output, "password authentication failed");
    assert_eq!(run(&["backup", text(&new), "--database", "mysql://x/y"]).status.code(), Some(2));
    assert!(!new.exists());
}

#[test]
fn tools_that_are_missing_or_too_old_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    let (empty, old) = (folder.path().join("empty"), folder.path().join("old"));
    fs::create_dir(&empty).unwrap();
    fs::create_dir(&old).unwrap();
    let backup = ["backup", text(&new), "--database", "postgres://keeper:secret@127.0.0.1:1/x"];
    let output = Command::new(program()).args(backup).env("PATH", &empty).output().unwrap();
    refused(&output, "pg_dump is not on the PATH");
    // What the tool says that is older than its server; and it hears no password but in its environment.
    let script = "#!/bin/sh\necho \"$@ PGPASSWORD=$PGPASSWORD\" >&2\necho 'pg_dump: error: aborting because of server version mismatch' >&2\nexit 1\n";
    fs::write(old.join("pg_dump"), script).unwrap();
    fs::set_permissions(old.join("pg_dump"), fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(program()).args(backup).env("PATH", format!("{}:/bin", text(&old))).output().unwrap();
    refused(&output, "it is older than the server");
    assert!(stderr(&output).contains("postgres://keeper@127.0.0.1:1/x"), "{}", stderr(&output));
    assert_eq!(stderr(&output).matches("secret").count(), 1, "in the environment alone: {}", stderr(&output));
    assert!(stderr(&output).contains("PGPASSWORD=secret"));
    assert!(!new.exists());
}
