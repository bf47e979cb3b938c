//! `backup` and `restore`: what is kept comes back whole, and what is not whole is never taken for it.

mod postgres;

use std::{
    fs,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use crate::{
    harness::{Installation, Server, User, path_of, program, records, run, stderr, stdout},
    invariants::is_fold,
};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[track_caller]
fn refused(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(output), stderr(output));
    assert!(stderr(output).starts_with("error: ") && stdout(output).is_empty(), "{}", stderr(output));
    assert!(stderr(output).contains(words), "{words:?}: {}", stderr(output));
}

fn restore(file: &Path, data: &Path) -> Output {
    records::embed(data);
    run(&["restore", text(file), "--data", text(data)], "")
}

/// Everything that the API shows a person of each item.
fn whole(user: &User) -> Vec<(Value, Vec<Value>)> {
    let mut all = Vec::new();
    for flow in user.get("/flows").json()["flows"].as_array().unwrap() {
        for item in user.pages(&format!("/flows/{}/items", flow["key"].as_str().unwrap()), 200) {
            all.push((user.again(&item), user.history(&item)));
        }
    }
    all
}

/// An installation with a few items, and a backup of it.
fn kept() -> (Installation, PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let at = Installation::embedded_by_token();
    let server = at.serve();
    let user = server.user("engineer");
    for number in 0..5 {
        user.create("issue_track", &json!({"summary": format!("第{number}个")}));
    }
    drop(server);
    let file = folder.path().join("kept.tar.zst");
    at.done(&["backup", text(&file)], "");
    (at, file, folder)
}

#[test]
fn a_backup_taken_while_people_work_is_one_moment_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.tar.zst");
    let server = Installation::embedded_by_token().into_server();
    let stop = AtomicBool::new(false);
    let before = server.user("engineer").create("issue_track", &json!({"summary": "先"}));
    let printed = std::thread::scope(|scope| {
        for _ in 0..3 {
            let user = server.user("engineer");
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let item = user.create("issue_track", &json!({"summary": "概要"}));
                    user.pressed(&item, "提取典型问题", &json!({}));
                }
            });
        }
        let printed = server.run(&["backup", text(&file)], "");
        stop.store(true, Ordering::Relaxed);
        printed
    });
    assert!(printed.status.success(), "{}", stderr(&printed));
    assert!(stdout(&printed).contains("read it back"), "{}", stdout(&printed));
    assert_eq!(stderr(&printed), "", "nothing but a terminal is shown a bar");
    assert_eq!(names(folder.path()), ["kept.tar.zst"], "nothing is left beside it");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let data = folder.path().join("deep/er");
    let output = restore(&file, &data);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("restored "), "{}", stdout(&output));
    assert_eq!(names(&data), ["tasksteper.db"]);
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(data.join("tasksteper.db")).unwrap().permissions().mode() & 0o777, 0o600);

    let again = Server::on(&data);
    let user = again.user("engineer");
    assert_eq!(user.again(&before)["title"], "先", "what was answered before is in it");
    let items = user.pages("/flows/issue_track/items", 200);
    let mut numbers: Vec<i64> = items.iter().map(|item| item["number"].as_i64().unwrap()).collect();
    numbers.reverse();
    assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    let opened = user.pages("/flows/buglist/items", 200);
    let linked = items.iter().filter(|item| !item["fields"]["buglist_url"].is_null()).count();
    assert_eq!(opened.len(), linked, "both ends or neither");
    for item in items.iter().chain(&opened) {
        is_fold(item, &user.history(item));
    }
    assert_eq!(user.get("/flows/issue_track/items").json()["total"], items.len());
    user.create("issue_track", &json!({"summary": "后"}));
}

#[test]
fn what_is_restored_is_what_was_kept_and_people_go_on() {
    let (at, file, folder) = kept();
    let data = folder.path().join("restored");
    assert!(restore(&file, &data).status.success());
    let (old, new) = (at.serve(), Server::on(&data));
    let (here, there) = (old.user("engineer"), new.user("engineer"));
    assert_eq!(whole(&here), whole(&there));
    let item = there.pages("/flows/issue_track/items", 50).remove(0);
    let pressed = there.pressed(&item, "提取典型问题", &json!({}));
    assert_eq!(pressed["revision"].as_i64(), item["revision"].as_i64().map(|n| n + 1));
    assert_eq!(there.create("issue_track", &json!({"summary": "新"}))["number"], 6);
}

#[test]
fn what_a_kill_left_in_the_log_is_in_the_backup() {
    let folder = tempfile::tempdir().unwrap();
    let at = Installation::embedded_by_token();
    let mut server = at.serve();
    let user = server.user("engineer");
    let item = user.create("issue_track", &json!({"summary": "在日志里"}));
    server.kill();
    let (file, data) = (folder.path().join("kept"), folder.path().join("restored"));
    at.done(&["backup", text(&file)], "");
    assert!(restore(&file, &data).status.success());
    let server = Server::on(&data);
    assert_eq!(server.user("engineer").get(&path_of(&item)).json()["title"], "在日志里");
}

#[test]
fn a_backup_replaces_nothing_unasked() {
    let (at, file, folder) = kept();
    let backup = |words: &[&str]| at.run(&[&["backup"], words].concat(), "");
    let good = fs::read(&file).unwrap();
    refused(&backup(&[text(&file)]), "--force");
    assert_eq!(fs::read(&file).unwrap(), good);
    assert!(backup(&[text(&file), "--force"]).status.success());
    refused(&backup(&[text(folder.path())]), "is a directory");
    refused(&backup(&[text(&folder.path().join("nowhere/file"))]), "no such directory");
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    refused(&backup(&[text(&pipe), "--force"]), "no ordinary file");
    refused(&backup(&[text(&at.database()), "--force"]), "where the records themselves are");
    refused(&backup(&[&format!("{}-wal", text(&at.database())), "--force"]), "where the records themselves are");
    assert_eq!(backup(&["-"]).status.code(), Some(2), "standard output is not supported");
    assert_eq!(names(folder.path()), ["kept.tar.zst", "pipe"]);
    at.done(&["user", "list"], "");

    let nothing = folder.path().join("nothing");
    records::embed(&nothing);
    let output = run(&["backup", text(&folder.path().join("new")), "--data", text(&nothing)], "");
    refused(&output, "no installation");
    assert!(!nothing.exists(), "nothing is made where nothing was");
    fs::create_dir(&nothing).unwrap();
    fs::write(nothing.join("tasksteper.db"), b"no database at all, but long enough for one ".repeat(100)).unwrap();
    refused(&run(&["backup", text(&folder.path().join("new")), "--data", text(&nothing)], ""), text(&nothing));
    assert!(!folder.path().join("new").exists());
}

#[test]
fn what_a_killed_backup_left_is_gone_after_the_next_one() {
    let at = Installation::shipped_by_token();
    let folder = tempfile::tempdir().unwrap();
    let left = |name: &str| {
        let left = folder.path().join(name);
        fs::create_dir(&left).unwrap();
        fs::write(left.join("tasksteper.db"), "half of it").unwrap();
        left
    };
    let (dead, alive) = (left(".tasksteper-keeping-dead"), left(".tasksteper-keeping-alive"));
    let (other, _) = (left("tasksteper-keeping"), fs::write(folder.path().join(".tasksteper-keeping-file"), "x"));
    let holding = fs::File::open(&alive).unwrap();
    holding.lock().unwrap();
    let output = at.run(&["backup", text(&folder.path().join("b"))], "");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains(".tasksteper-keeping-dead"), "{}", stderr(&output));
    assert!(!dead.exists());
    assert!(alive.join("tasksteper.db").exists(), "a backup that is being made goes on");
    assert!(other.join("tasksteper.db").exists());
    assert_eq!(names(folder.path()).len(), 4);
    drop(holding);
    at.done(&["backup", "--force", text(&folder.path().join("b"))], "");
    assert_eq!(names(folder.path()), [".tasksteper-keeping-file", "b", "tasksteper-keeping"]);
}

#[test]
fn damaged_records_give_no_backup() {
    let (at, _, folder) = kept();
    let path = at.database();
    let mut bytes = fs::read(&path).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 64].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let output = at.run(&["backup", text(&folder.path().join("bad"))], "");
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stderr(&output).contains("damaged"), "{}", stderr(&output));
    assert_eq!(names(folder.path()), ["kept.tar.zst"]);
}

#[test]
fn what_is_no_whole_backup_is_refused_and_leaves_nothing() {
    let (at, file, folder) = kept();
    let good = fs::read(&file).unwrap();
    let (bad, data) = (folder.path().join("bad"), folder.path().join("restored"));
    let refuse = |bytes: &[u8], words: &str, what: &str| {
        fs::write(&bad, bytes).unwrap();
        let output = restore(&bad, &data);
        assert_eq!(output.status.code(), Some(1), "{what}: {}", stdout(&output));
        assert!(stderr(&output).contains(words) && stderr(&output).contains(text(&bad)), "{what}: {}", stderr(&output));
        assert!(!data.exists(), "{what}: nothing is left");
    };
    refuse(b"", "no backup", "empty");
    refuse(b"some text", "no backup", "a text");
    refuse(&fs::read(at.database()).unwrap(), "no backup", "a database");
    refuse(&zstd::encode_all(&b"something else"[..], 1).unwrap(), "damaged", "something compressed");
    for part in 1..12 {
        let end = good.len() * part / 12;
        refuse(&good[..end], "damaged", &format!("cut off at {end} of {}", good.len()));
    }
    refuse(&good[..good.len() - 1], "damaged", "one byte short");
    refuse(&[&good[..], b"more"].concat(), "damaged", "longer");
    let whole = zstd::decode_all(good.as_slice()).unwrap();
    let mut refused_flips = 0;
    for part in 0..24 {
        let mut flipped = good.clone();
        // Behind the frame's header, in which a bit may mean nothing.
        let place = 6 + (good.len() - 7) * part / 23;
        flipped[place] ^= 0x10;
        // a bit that only says where the same bytes are copied from: nothing is damaged
        if zstd::decode_all(flipped.as_slice()).is_ok_and(|bytes| bytes == whole) {
            continue;
        }
        refuse(&flipped, "", &format!("a bit flipped at {place} of {}", good.len()));
        refused_flips += 1;
    }
    assert!(refused_flips >= 20, "only {refused_flips} of 24 flipped bits say something else");
    refused(&restore(&folder.path().join("nowhere"), &data), "cannot be read");
    refused(&restore(folder.path(), &data), "is a directory");
    assert_eq!(restore(Path::new("-"), &data).status.code(), Some(2));
    assert!(!data.exists());
}

/// A backup whose manifest says something else, and whose member is called otherwise.
fn forged(good: &Path, name: &str, change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut tar = tar::Archive::new(zstd::Decoder::new(fs::File::open(good).unwrap()).unwrap());
    let mut made = tar::Builder::new(Vec::new());
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let (mut header, mut bytes) = (entry.header().clone(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        if entry.path_bytes().as_ref() == b"manifest.json" {
            let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
            change(&mut manifest);
            bytes = serde_json::to_vec(&manifest).unwrap();
        } else {
            header.as_gnu_mut().unwrap().name.fill(0);
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        }
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        made.append(&header, bytes.as_slice()).unwrap();
    }
    zstd::encode_all(made.into_inner().unwrap().as_slice(), 1).unwrap()
}

#[test]
fn a_backup_of_a_newer_program_or_with_strange_members_is_refused() {
    let (_at, good, folder) = kept();
    let (file, data) = (folder.path().join("forged"), folder.path().join("restored"));
    let attempt = |name: &str, change: &dyn Fn(&mut Value)| {
        fs::write(&file, forged(&good, name, change)).unwrap();
        restore(&file, &data)
    };
    let records = "tasksteper.db";
    refused(&attempt(records, &|manifest| manifest["schema_version"] = json!(999)), "newer program");
    refused(&attempt(records, &|manifest| manifest["format"] = json!(2)), "newer program");
    refused(&attempt(records, &|manifest| manifest["kind"] = json!("other")), "no backup");
    refused(&attempt(records, &|manifest| manifest["rows"]["item"] = json!(4)), "not those that it names");
    refused(&attempt(records, &|manifest| manifest["members"][0]["sha256"] = json!("00")), "checksum");
    refused(&attempt(records, &|manifest| manifest["members"] = json!([])), "damaged");
    refused(&attempt("../evil.db", &|_| {}), "damaged");
    let named = |manifest: &mut Value| manifest["members"][0]["name"] = json!("../evil.db");
    refused(&attempt("../evil.db", &named), "damaged");
    refused(&attempt(records, &|manifest| manifest["engine"] = json!("postgres")), "damaged");
    assert_eq!(names(folder.path()), ["forged", "kept.tar.zst"]);
    let output = attempt(records, &|_| {});
    assert!(output.status.success(), "unchanged, it is taken: {}", stderr(&output));
}

#[test]
fn a_directory_with_an_installation_is_left_alone() {
    let (at, file, folder) = kept();
    let before = fs::read(at.database()).unwrap();
    refused(&at.run(&["restore", text(&file)], ""), "holds an installation already");
    assert_eq!(fs::read(at.database()).unwrap(), before);
    let server = at.serve();
    refused(&at.run(&["restore", text(&file)], ""), "holds an installation already");
    drop(server);
    // A log without its database would be taken for the restored one's.
    let strange = folder.path().join("strange");
    fs::create_dir(&strange).unwrap();
    fs::write(strange.join("tasksteper.db-wal"), b"old").unwrap();
    refused(&restore(&file, &strange), "tasksteper.db-wal");
    fs::remove_file(strange.join("tasksteper.db-wal")).unwrap();
    fs::write(strange.join("lost+found"), b"").unwrap();
    assert!(restore(&file, &strange).status.success(), "other files disturb nobody");
    assert_eq!(names(&strange), ["lost+found", "tasksteper.db"]);
    refused(&restore(&file, &file), "cannot be written");
}

/// Runs the program where no file may grow beyond so many KiB.
fn limited(kib: u64, arguments: &[&str]) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", kib * 2);
    Command::new("sh").args(["-c", &script, "sh", program()]).args(arguments).output().unwrap()
}

#[test]
fn a_disk_without_room_is_said_and_nothing_is_left() {
    let (at, file, folder) = kept();
    let size = fs::metadata(at.database()).unwrap().len() / 1024;
    let (new, data) = (folder.path().join("new"), folder.path().join("restored"));
    for kib in [16, size / 2, size - 8] {
        refused(&limited(kib, &["backup", text(&new), "--data", text(at.data())]), "no room");
        assert_eq!(names(folder.path()), ["kept.tar.zst"], "at {kib} KiB");
        refused(&limited(kib, &["restore", text(&file), "--data", text(&data)]), "no room");
        assert_eq!(names(folder.path()), ["kept.tar.zst"], "at {kib} KiB");
    }
    assert!(limited(size + 64, &["backup", text(&new), "--data", text(at.data())]).status.success());
}

#[test]
fn a_place_that_may_not_be_written_is_said() {
    let (at, file, folder) = kept();
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    // Nothing is denied to root: someone else tries then.
    let attempt = |arguments: &[&str]| {
        let mut command = Command::new(if is_root { "setpriv" } else { program() });
        if is_root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program());
        }
        command.args(arguments).output().unwrap()
    };
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for path in [folder.path(), at.data(), closed.as_path()] {
        mode(path, 0o555);
    }
    mode(&file, 0o444);
    let restored = attempt(&["restore", text(&file), "--data", text(&closed)]);
    let made = attempt(&["restore", text(&file), "--data", text(&closed.join("new"))]);
    let kept = attempt(&["backup", text(&closed.join("new")), "--data", text(at.data())]);
    for path in [folder.path(), at.data(), closed.as_path()] {
        mode(path, 0o755);
    }
    refused(&restored, "cannot be written");
    refused(&made, "cannot be written");
    refused(&kept, "cannot be written");
    assert!(names(&closed).is_empty());
}
