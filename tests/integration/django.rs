//! The original's Python as flow files, and the items of its database.

use std::{fs, path::Path, process::Command};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Installation, Server, User, project, run, stderr, stdout};

fn python(name: &str) -> String {
    project().join("tests/django").join(name).to_str().unwrap().to_owned()
}

/// The output with the files' names instead of where they are.
fn said(text: &str, folder: &Path) -> String {
    let here = format!("{}/", project().join("tests/django").display());
    text.replace(&here, "").replace(&format!("{}/", folder.display()), "")
}

/// Holds a text to the file of it; `UPDATE_GOLDEN=1` writes it anew.
fn golden(name: &str, text: &str) {
    let path = project().join("tests/django/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, known, "{name}: UPDATE_GOLDEN=1 writes it anew");
}

/// What is made of the files: the exit status, what is said of it, and the flow files one after the other.
fn imported(names: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<String> = names.iter().map(|name| python(name)).collect();
    let mut words = vec!["flow", "import-django", "-o", folder.path().to_str().unwrap()];
    words.extend(files.iter().map(String::as_str));
    let output = run(&words, "");
    let mut flows: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    flows.sort();
    if !flows.is_empty() {
        let check = run(&["flow", "check", folder.path().to_str().unwrap()], "");
        assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    }
    let flows: String = flows.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let told = said(&format!("{}{}", stderr(&output), stdout(&output)), folder.path());
    (output.status.code(), told, flows)
}

#[test]
fn the_listings_as_they_stand_in_the_document() {
    let (status, told, flows) = imported(&["listings.py"]);
    assert_eq!(status, Some(0), "{told}");
    golden("listings.txt", &format!("{told}\n{flows}"));
}

#[test]
fn the_listings_with_what_they_name() {
    let (status, told, flows) = imported(&["listings.py", "rest.py"]);
    assert_eq!(status, Some(0), "{told}");
    golden("whole.txt", &format!("{told}\n{flows}"));
}

#[test]
fn a_file_with_mistakes_says_them_line_by_line() {
    let (status, told, flows) = imported(&["mistakes.py"]);
    assert_eq!(status, Some(1), "{told}");
    golden("mistakes.txt", &format!("{told}\n{flows}"));
}

#[test]
fn what_does_not_parse_is_said_and_the_rest_is_carried_over() {
    let (status, told, flows) = imported(&["broken.py"]);
    assert_eq!(status, Some(1), "{told}");
    golden("broken.txt", &format!("{told}\n{flows}"));
}

#[test]
fn what_is_no_python_at_all_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[u8], &str); 7] = [
        (b"A = [A, A]\nFormAndModelDict = {'a': A}\n", "the project 'a' is left out"),
        (b"A = B\nB = A\nFormAndModelDict = A\n", "FormAndModelDict is no dictionary but"),
        (b"", "FormAndModelDict is not assigned"),
        (b"FormAndModelDict = 3\n", "FormAndModelDict is no dictionary but 3"),
        (b"\xff\xfe", "neither UTF-8 nor GBK"),
        ("FormAndModelDict = {‘a’: 1}\n".as_bytes(), "'‘' stands where Python needs its ASCII sign"),
        (b"]]]] ((((", "syntax error"),
    ];
    for (text, words) in cases {
        let path = folder.path().join("x.py");
        fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        let output = run(&["flow", "import-django", path, "-o", folder.path().to_str().unwrap()], "");
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(stderr(&output).contains(words), "{words}: {}", stderr(&output));
    }
    let output = run(&["flow", "import-django", "none.py"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("none.py: "), "{}", stderr(&output));
}

/// What people write who know Python: the listings do not.
const OTHERWISE: &str = r"# coding: gbk
from collections import OrderedDict

class Level(models.TextChoices):
    LOW = 'l', _('低')
    HIGH = 'h', '高'

class TaskModel(models.Model):
    name = models.CharField(u'名' '称', max_length=50)
    level = models.CharField('级别', max_length=2, choices=Level.choices, default=Level.LOW)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, verbose_name='责任人', null=True)

FormAndModelDict = OrderedDict([('task', dict(PrjNameZh='任务', PrjModelClass=TaskModel))])
TABLE = [{'source': '开', 'trigger': '转办', 'dest': '办', 'trans_action': dict(assign_to='责任人')}]
TABLE.append({'source': ['开', '办'], 'trigger': '补充', 'dest': '='})
TABLE += [{'source': '*', 'trigger': '作废', 'dest': '废'}]
TRANS_TABLE_DICT = {}
TRANS_TABLE_DICT['task'] = TABLE
";

#[test]
fn python_may_be_written_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("x.py"), folder.path().join("flows"));
    fs::write(&path, encoding_rs::GBK.encode(OTHERWISE).0).unwrap();
    let output = run(&["flow", "import-django", path.to_str().unwrap(), "-o", out.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = fs::read_to_string(out.join("task.toml")).unwrap();
    golden("otherwise.txt", &format!("{}\n{text}", said(&stderr(&output), folder.path())));
}

#[test]
fn files_that_are_there_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (at, listings) = (folder.path().to_str().unwrap(), python("listings.py"));
    let there = folder.path().join("issue_track.toml");
    fs::write(&there, "mine").unwrap();
    let words = ["flow", "import-django", &listings, "-o", at];
    let output = run(&words, "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("is there already: nothing was written"), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(&there).unwrap(), "mine");
    let forced = ["flow", "import-django", &listings, "-o", at, "--force", "--prefix", "issue_track=Frage"];
    assert_eq!(run(&forced, "").status.code(), Some(0));
    assert!(fs::read_to_string(&there).unwrap().contains("item_prefix = \"Frage\""));
}

/// What the original's database holds in these tests.
fn rows() -> Value {
    let card =
        json!({"summary": "设备", "detail": "x", "current_state": "维护", "assigned_to": "", "created_by": "ann"});
    let mut strange = card.clone();
    strange["assigned_to"] = "离职的人".into();
    json!({
        "NameModel": [
            {"id": 2, "summary": "改进", "detail": "d", "reviewer": "Ann", "progress": "##由改进实施人填写##", "value": 3,
             "planned": "2026-12-01", "assigned_to": "安妮", "created_by": "FanHuiYang", "current_state": "价值评审"},
            {"id": 5, "summary": "完了", "detail": "d", "assigned_to": "离职的人", "created_by": "ann", "current_state": "关闭"},
            {"id": 6, "summary": "怪", "detail": "d", "assigned_to": "ann", "created_by": "ann", "current_state": "没有的状态"},
        ],
        "DeviceCardModel": [card, strange],
        "IssueTrackModel": [
            {"id": 3, "summary": "【20170101】XX局点XX设备发生XX问题", "detail": "一\r\n二", "issue_level": "2",
             "customer_type": "金融", "class_1": "硬件", "class_2": "线缆", "class_3": "单板",
             "buglist_url": "#Buglist单链接(若有)#", "issue_processor": "#提交人填写#", "issue_se": "ann",
             "improvement_url": "http://47.95.215.176:9000/polls/0/flow/improvement/2/detail/",
             "assigned_to": "fanhuiyang", "created_by": "fanhuiyang", "current_state": "SE分析改进"},
            {"id": 7, "summary": "二", "detail": "d", "issue_level": "1", "customer_type": "煤炭", "class_1": "软件",
             "class_2": "线缆", "class_3": "单板", "improvement_url": "见 /polls/0/flow/improvement/99/detail/",
             "assigned_to": "fanhuiyang", "created_by": "ann", "current_state": "维护人员处理"},
        ],
    })
}

/// The original's database, made by Django.
fn database(folder: &Path, rows: &Value) -> String {
    let path = folder.join("db.sqlite3");
    let django = project().join("target/django/bin/python");
    let made = Command::new(&django)
        .args([&python("make_db.py"), path.to_str().unwrap(), &python("rest.py"), &python("listings.py")])
        .arg(rows.to_string())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}: scripts/install-test-deps.sh installs it", django.display()));
    assert!(made.status.success(), "{}", stderr(&made));
    path.to_str().unwrap().to_owned()
}

fn people() -> Installation {
    let at = Installation::empty();
    at.done(&["user", "add", "admin", "--admin", "--password-stdin"], "pass-word-1\n");
    at.done(&["user", "add", "ann", "--display", "安妮", "--password-stdin"], "pass-word-1\n");
    at.done(&["user", "add", "fan", "--password-stdin"], "pass-word-1\n");
    at
}

#[test]
fn items_come_along_with_number_state_holder_and_creator() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path(), &rows());
    let at = people();
    let (rest, listings) = (python("rest.py"), python("listings.py"));
    let words = ["flow", "import-django", &rest, &listings, "--db", &db];
    let with = |more: &[&str]| at.run(&[&words[..], more].concat(), "");

    let dry = with(&["--dry-run"]);
    assert_eq!(dry.status.code(), Some(1));
    let told = stderr(&dry);
    assert!(told.contains("nobody here is \"fanhuiyang\" (met 3 times)"), "{told}");
    assert!(told.contains("nobody here is \"离职的人\" (met 1 times)"), "{told}");
    assert!(stdout(&dry).contains("issue_track: would be created 0, there already 0, refused 2"), "{}", stdout(&dry));
    assert_eq!(at.run(&["flow", "show", "issue_track"], "").status.code(), Some(1), "nothing is published by it");

    let first = with(&["--map", "fanhuiyang=fan"]);
    let told = stderr(&first);
    assert_eq!(first.status.code(), Some(1), "{told}");
    let counts = stdout(&first);
    assert!(counts.contains("published issue_track version 1"), "{counts}");
    assert!(counts.contains("issue_track: created 2, there already 0, refused 0"), "{counts}");
    assert!(counts.contains("improvement: created 2, there already 0, refused 1"), "{counts}");
    assert!(counts.contains("device_card: created 1, there already 0, refused 1"), "{counts}");
    assert!(told.contains("polls_namemodel 6: "), "{told}");
    assert!(told.contains("没有的状态"), "{told}");
    assert!(told.contains("polls_devicecardmodel 2: its holder \"离职的人\" is nobody here"), "{told}");

    let again = with(&["--map", "fanhuiyang=fan", "--map", "离职的人=ann"]);
    let counts = stdout(&again);
    assert!(counts.contains("issue_track: created 0, there already 2, refused 0"), "{counts}");
    assert!(counts.contains("device_card: created 1, there already 1, refused 0"), "{counts}");

    let server = at.into_server();
    looked_at(&server);
}

/// What the items look like here.
fn looked_at(server: &Server) {
    let user = server.user("admin");
    let issue = user.item("issue_track", 3);
    assert_eq!(issue["id"], "question_3");
    assert_eq!((&issue["state"], &issue["assigned_to"]), (&json!("SE分析改进"), &json!(["fan"])));
    assert_eq!(issue["created_by"], "fan");
    let fields = &issue["fields"];
    assert_eq!(fields["improvement_url"], "improvement/2", "an address in text became a link");
    assert_eq!((&fields["buglist_url"], &fields["issue_processor"]), (&Value::Null, &Value::Null), "placeholders");
    assert_eq!((&fields["issue_level"], &fields["detail"]), (&json!("严重问题"), &json!("一\n二")));
    assert_eq!(fields["issue_se"], "ann");
    let improvement = user.item("improvement", 2);
    assert_eq!((&improvement["assigned_to"], &improvement["fields"]["reviewer"]), (&json!(["ann"]), &json!("ann")));
    assert_eq!((&improvement["fields"]["progress"], &improvement["fields"]["value"]), (&Value::Null, &json!(3)));
    assert_eq!(improvement["fields"]["planned"], "2026-12-01");
    let closed = user.item("improvement", 5);
    assert_eq!((&closed["final"], &closed["assigned_to"]), (&json!(true), &json!([])));
    assert!(
        user.history(&closed)
            .iter()
            .any(|event| event["comment"].as_str().is_some_and(|text| text.contains("离职的人")))
    );
    let history = user.history(&user.item("issue_track", 7));
    let comment = history.iter().find_map(|event| event["comment"].as_str()).expect("what no field holds");
    assert!(comment.contains("改进项链接：见 /polls/0/flow/improvement/99/detail/"), "{comment}");
    follows(server, &user);
}

/// Numbers go on, addresses lead on.
fn follows(server: &Server, user: &User) {
    let new = user.create(
        "issue_track",
        &json!({"summary": "新", "detail": "d", "issue_level": "事故",
        "customer_type": "金融", "class_1": "软件", "class_2": "单板", "class_3": "单板"}),
    );
    assert_eq!(new["id"], "question_8", "numbers go on after the highest");

    // what somebody kept in a mail still leads there, and may be typed where an item is asked for
    let ann = server.signed_in("ann", "pass-word-1");
    let old = ann.page("/polls/0/flow/improvement/2/detail/");
    assert_eq!(
        (old.status, &old.headers["location"]),
        (StatusCode::PERMANENT_REDIRECT, &"/flow/improvement/2".parse().unwrap())
    );
    assert_eq!(ann.page("/flow/improvement/2").status, StatusCode::OK);
    assert_eq!(ann.page("/polls/0/flow/improvement/").headers["location"], "/flow/improvement");
    assert_eq!(ann.page("/polls/").headers["location"], "/");
    assert_eq!(ann.page("/polls/0/flow/a%2F%2Fb/2/detail/").status, StatusCode::NOT_FOUND);
    assert_eq!(ann.page("/polls/0/flow/improvement/x/detail/").status, StatusCode::NOT_FOUND);
    let linked =
        user.saved(&new, &json!({"improvement_url": "http://47.95.215.176:9000/polls/0/flow/improvement/5/detail/"}));
    assert_eq!(linked["fields"]["improvement_url"], "improvement/5");
}

#[test]
fn rows_tell_what_the_files_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path(), &rows());
    let (at, listings, out) = (people(), python("listings.py"), folder.path().join("flows"));
    let words = ["flow", "import-django", &listings, "--db", &db, "--map", "*=ann", "-o", out.to_str().unwrap()];
    let output = at.run(&words, "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("issue_track: created 2, there already 0, refused 0"), "{}", stdout(&output));
    let text = fs::read_to_string(out.join("issue_track.toml")).unwrap();
    assert!(text.contains("choices = [\"煤炭\", \"金融\"]"), "{text}");
    let shown = at.done(&["flow", "show", "issue_track"], "");
    assert_eq!(shown, text, "what is written is what is published");
}

#[test]
fn a_published_flow_is_used_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path(), &rows());
    let (at, rest, listings) = (people(), python("rest.py"), python("listings.py"));
    let shipped = project().join("flows");
    at.done(&["flow", "apply", shipped.to_str().unwrap()], "");
    let output = at.run(&["flow", "import-django", &rest, &listings, "--db", &db, "--map", "*=ann"], "");
    let (told, counts) = (stderr(&output), stdout(&output));
    assert!(told.contains("issue_track is published already: its items follow the rules that are there"), "{told}");
    assert!(
        counts.contains("issue_track: created 1, there already 0, refused 1"),
        "线缆 is not under 软件 there: {counts}"
    );
    assert!(told.contains("polls_issuetrackmodel 7: "), "{told}");
    let server = at.into_server();
    assert_eq!(server.user("admin").item("issue_track", 3)["fields"]["class_2"], "线缆");
}

#[test]
fn a_database_that_is_none_is_said_before_anything_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path(), &json!({}));
    let at = people();
    let listings = python("listings.py");
    let cases: [(&[&str], i32, &str); 7] = [
        (&["--db", "/none.sqlite3"], 1, "/none.sqlite3: No such file"),
        (&["--db", &listings], 1, "this is no SQLite database"),
        (&["--db", &db, "--app", "wrong"], 1, "no table of the models IssueTrackModel"),
        (&["--db", &db, "--map", "x=none"], 1, "there is no user \"none\""),
        (&["--db", &db, "--map", "x"], 2, "write NAME=USER"),
        (&["--db", &db, "--as", "none"], 1, "there is no active user \"none\""),
        (&["--map", "x=ann"], 2, "--db"),
    ];
    for (more, status, words) in cases {
        let output = at.run(&[&["flow", "import-django", &listings], more].concat(), "");
        assert_eq!(output.status.code(), Some(status), "{words}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{words}: {}", stderr(&output));
    }
    assert_eq!(at.run(&["flow", "show", "issue_track"], "").status.code(), Some(1), "nothing was published");
    let output = at.run(&["flow", "import-django", &listings, "--db", &db], "");
    assert_eq!(output.status.code(), Some(0), "an empty table is no mistake: {}", stderr(&output));
}
