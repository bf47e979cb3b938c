//! Items carried out of a flow and into it: files as other programs read them.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Installation, Server, User, encoded, project, stderr, stdout};

/// A flow with a field of every type.
pub(crate) const TYPES: &str = r#"
key = "t"
name = "各种'类型'"
item_prefix = "k"

[create]
by = ["anyone"]

[view]
by = ["created_by", "assigned_to"]

[list]
columns = ["summary", "level", "current_state", "created_by"]

[[field]]
key = "summary"
label = "概要"
type = "text"
max_length = 60

[[field]]
key = "detail"
label = "详细描述"
type = "textarea"
max_length = 40000

[[field]]
key = "code"
label = "编号"
type = "text"

[[field]]
key = "level"
label = "级别"
type = "choice"
choices = ["低", "中", "高"]

[[field]]
key = "marks"
label = "标记"
type = "choice"
choices = ["甲", "乙", "丙"]
multiple = true

[[field]]
key = "who"
label = "审核人"
type = "user"

[[field]]
key = "amount"
label = "金额"
type = "number"

[[field]]
key = "day"
label = "日期"
type = "date"

[[field]]
key = "moment"
label = "时刻"
type = "datetime"

[[field]]
key = "yes"
label = "确认"
type = "bool"

[[field]]
key = "site"
label = "网址"
type = "url"

[[field]]
key = "other"
label = "相关"
type = "item"

[[transition]]
source = "开"
trigger = "转交"
dest = "办"
assign_to = "who"

[[transition]]
source = "办"
trigger = "关闭"
dest = "完"
"#;

/// Values that files spoil unless one takes care.
fn thorny() -> Value {
    json!({
        "summary": "=HYPERLINK(\"http://x\")", "detail": "一\n二, \"三\"；\t四 _x0041_ <&>", "code": "00123456789012345678",
        "level": "高", "marks": ["乙", "甲"], "who": "delegate", "amount": -1234.5, "day": "1900-01-01",
        "moment": "2026-05-01T08:30:15.250+08:00", "yes": true, "site": "https://example.com/?a=1&b=2", "other": "t/1",
    })
}

pub(crate) fn filled() -> (Server, User) {
    let server = Server::with_flow(TYPES);
    let user = server.user("engineer");
    user.create("t", &json!({"summary": "第一"}));
    user.create("t", &thorny());
    user.create("t", &json!({"summary": "-减", "amount": 0.1, "day": "2026-12-31"}));
    (server, user)
}

/// A file as `user` gets it.
pub(crate) fn exported(user: &User, query: &str) -> Vec<u8> {
    let answer = user.request("GET", &format!("/api/v1/flows/t/export?{query}")).send().unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.bytes().unwrap().to_vec()
}

/// What a Python program prints as JSON.
pub(crate) fn python(program: &str, script: &str, file: &Path) -> Value {
    let script = format!("import sys, json\n{script}");
    let out =
        Command::new(program).args(["-c", &script]).arg(file).stderr(Stdio::piped()).output().expect("python runs");
    assert!(out.status.success(), "{}", stderr(&out));
    serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&out.stdout)))
}

/// The rows of CSV, as Python's own reader sees them.
pub(crate) fn csv_rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let kept = tempfile(bytes, "csv");
    let rows = python(
        "/usr/bin/python3",
        "import csv\nprint(json.dumps(list(csv.reader(open(sys.argv[1], encoding='utf-8-sig', newline='')))))",
        kept.path(),
    );
    serde_json::from_value(rows).unwrap()
}

pub(crate) fn tempfile(bytes: &[u8], end: &str) -> tempfile::NamedTempFile {
    let kept = tempfile::Builder::new().suffix(&format!(".{end}")).tempfile().unwrap();
    std::fs::write(kept.path(), bytes).unwrap();
    kept
}

#[test]
fn csv_has_a_mark_labels_and_values_that_nothing_computes() {
    let (server, user) = filled();
    let bytes = exported(&user, "format=csv");
    assert!(bytes.starts_with(b"\xEF\xBB\xBF"));
    let rows = csv_rows(&bytes);
    let head = "ID,概要,级别,当前状态,报告人,当前处理人,详细描述,编号,标记,审核人,金额,日期,时刻,确认,网址,相关,创建时间,更新时间,关闭时间";
    let (got, wanted): (Vec<&str>, Vec<&str>) =
        (rows[0].iter().map(String::as_str).collect(), head.split(',').collect());
    assert_eq!(got[..17], wanted[..17]);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1][..3], ["k_3", "'-减", ""], "newest first");
    let thorny = &rows[2];
    let wanted = [
        "k_2",
        "'=HYPERLINK(\"http://x\")",
        "高",
        "开",
        "engineer",
        "engineer",
        "一\n二, \"三\"；\t四 _x0041_ <&>",
        "00123456789012345678",
        "乙; 甲",
        "delegate",
        "-1234.5",
        "1900-01-01",
        "2026-05-01 08:30:15.25",
        "true",
        "https://example.com/?a=1&b=2",
        "k_1",
    ];
    assert_eq!(thorny[..16], wanted);
    assert_eq!(thorny[18], "");
    let at_the_command_line = server.done(&["export", "t"], "");
    assert_eq!(at_the_command_line.as_bytes(), bytes, "the command line writes the same");
}

#[test]
fn a_workbook_keeps_types_and_computes_nothing() {
    let (_server, user) = filled();
    let bytes = exported(&user, "format=xlsx&sort=id");
    let kept = tempfile(&bytes, "xlsx");
    let script = r"
import openpyxl
from openpyxl.utils.escape import unescape
sheet = openpyxl.load_workbook(sys.argv[1]).worksheets[0]
cells = [[(c.data_type, c.is_date, unescape(str(c.value))) for c in row] for row in sheet.iter_rows()]
print(json.dumps({'title': sheet.title, 'freeze': sheet.freeze_panes, 'filter': sheet.auto_filter.ref, 'cells': cells}))";
    let book = python("/usr/bin/python3", script, kept.path());
    assert_eq!((&book["freeze"], &book["filter"]), (&json!("A2"), &json!("A1:S4")));
    assert_eq!(book["title"], "各种 类型");
    let row = &book["cells"][2];
    assert_eq!(row[0], json!(["s", false, "k_2"]));
    assert_eq!(row[1], json!(["s", false, "=HYPERLINK(\"http://x\")"]), "a text, not a formula");
    assert_eq!(row[6][2], "一\n二, \"三\"；\t四 _x0041_ <&>");
    assert_eq!(row[7], json!(["s", false, "00123456789012345678"]), "a long number stays a text");
    assert_eq!(row[10], json!(["n", false, "-1234.5"]));
    assert_eq!(row[11], json!(["d", true, "1900-01-01 00:00:00"]));
    assert_eq!(row[12], json!(["d", true, "2026-05-01 08:30:15.250000"]));
    assert_eq!(row[13], json!(["b", false, "True"]));
    assert_eq!(row[15], json!(["s", false, "k_1"]));
    assert_eq!(book["cells"][1][12], json!(["n", false, "None"]), "what is empty has no cell");
    let at = kept.path().parent().unwrap();
    let profile = format!("-env:UserInstallation=file://{}.profile", kept.path().display());
    let office = Command::new("soffice")
        .args([&profile, "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir"])
        .args([at, kept.path()])
        .output()
        .expect("LibreOffice runs");
    assert!(office.status.success(), "{}", stderr(&office));
    let table = std::fs::read(kept.path().with_extension("csv")).unwrap();
    std::fs::remove_file(kept.path().with_extension("csv")).unwrap();
    std::fs::remove_dir_all(format!("{}.profile", kept.path().display())).unwrap();
    let rows = csv_rows(&table);
    assert_eq!(rows[2][..2], ["k_2", "=HYPERLINK(\"http://x\")"]);
    assert_eq!((rows[3][11].as_str(), rows[2][12].as_str()), ("2026-12-31", "2026-05-01 08:30:15"));
}

#[test]
fn json_is_as_the_api_spells_items() {
    let (_server, user) = filled();
    let file: Value = serde_json::from_slice(&exported(&user, "format=json&sort=id")).unwrap();
    assert_eq!(file["flow"], "t");
    let items = file["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    for (number, item) in (1..).zip(items) {
        let mut known = user.item("t", number);
        known.as_object_mut().unwrap().remove("triggers");
        assert_eq!(*item, known);
    }
    let some: Value = serde_json::from_slice(&exported(&user, "format=json&columns=level")).unwrap();
    assert_eq!(some["items"][0]["fields"], json!({"level": null}));
}

#[test]
fn the_history_is_what_process_mining_reads() {
    let (_server, user) = filled();
    let item = user.item("t", 2);
    user.pressed(&item, "转交", &json!({}));
    user.post("/flows/t/items/2/comments", &json!({"comment": "说 <了> \"什么\""})).expect(StatusCode::CREATED);
    let kept = tempfile(&exported(&user, "format=xes&sort=id"), "xes");
    let script = r"
import warnings; warnings.filterwarnings('ignore')
import pm4py
log = pm4py.read_xes(sys.argv[1], return_legacy_log_object=True)
print(json.dumps([[t.attributes['concept:name'], [[e['concept:name'], e['org:resource'], e['lifecycle:transition'],
    str(e['time:timestamp'])] for e in t]] for t in log]))";
    let log = python(project().join("target/pm4py/bin/python").to_str().unwrap(), script, kept.path());
    assert_eq!(log.as_array().unwrap().len(), 3);
    assert_eq!(log[1][0], "k_2");
    let names: Vec<&str> = log[1][1].as_array().unwrap().iter().map(|event| event[0].as_str().unwrap()).collect();
    assert_eq!(names, ["创建", "转交", "评论"]);
    assert_eq!(log[1][1][1][1], "engineer");
    assert_eq!(log[1][1][1][2], "complete");
}

#[test]
fn exactly_the_view_and_nothing_that_may_not_be_seen() {
    let (server, user) = filled();
    let query =
        format!("format=csv&q={}&sort=-amount&columns={}", encoded("amount>=-2000"), encoded("金额,id,summary"));
    let rows = csv_rows(&exported(&user, &query));
    assert_eq!(rows, [["金额", "ID", "概要"], ["0.1", "k_3", "'-减"], ["-1234.5", "k_2", "'=HYPERLINK(\"http://x\")"]]);
    let delegate = server.user("delegate");
    assert_eq!(csv_rows(&exported(&delegate, "format=csv")).len(), 1, "the header alone");
    let refused = |query: &str, status| -> Answer {
        let answer = user.get(&format!("/flows/t/export?{query}"));
        assert_eq!(answer.status, status, "{}", answer.text);
        answer
    };
    assert_eq!(refused("q=nope%3D1", StatusCode::UNPROCESSABLE_ENTITY).json()["code"], "bad_query");
    assert_eq!(refused("columns=id%2Cnope", StatusCode::UNPROCESSABLE_ENTITY).json()["position"], 3);
    refused("format=pdf", StatusCode::BAD_REQUEST);
    refused("form=csv", StatusCode::BAD_REQUEST);
    assert_eq!(user.get("/flows/none/export").status, StatusCode::NOT_FOUND);
}

#[test]
fn the_page_offers_the_files_of_what_it_shows() {
    let at = Installation::with_flows(&[("t.toml", TYPES)]);
    at.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
    let server = at.into_server();
    server.user("engineer").create("t", &json!({"summary": "一", "level": "高"}));
    server.user("engineer").create("t", &json!({"summary": "二", "level": "低"}));
    let person = server.signed_in("engineer", "pass-word-1");
    let page = person.page(&format!("/flow/t/all?q={}&sort=-id", encoded("level=高"))).text;
    let href = page.split("href=\"").find(|part| part.starts_with("/flow/t/export?format=csv")).unwrap();
    let href = href.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let file = person.page(&href);
    assert_eq!(file.status, StatusCode::OK);
    let named = file.headers["content-disposition"].to_str().unwrap();
    assert!(named.starts_with("attachment; filename=\"t.csv\"; filename*=UTF-8''%E5%90%84%E7%A7%8D"), "{named}");
    assert_eq!(
        csv_rows(file.text.as_bytes()),
        [["ID", "概要", "级别", "当前状态", "报告人"], ["k_1", "一", "高", "开", "engineer"]]
    );
}

#[test]
fn a_file_at_the_command_line_is_whole_or_not_there() {
    let at = Installation::with_flows(&[("t.toml", TYPES)]);
    let server = at.into_server();
    server.user("engineer").create("t", &json!({"summary": "一"}));
    let out = server.data.join("out.xlsx");
    let path = out.to_str().unwrap();
    server.done(&["export", "t", "-o", path, "--columns", "id,summary"], "");
    assert!(std::fs::read(&out).unwrap().starts_with(b"PK"), "the name says that it is a workbook");
    let refused = server.run(&["export", "none", "-o", server.data.join("none.csv").to_str().unwrap()], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("there is no flow \"none\""));
    assert!(!server.data.join("none.csv").exists());
    assert!(stderr(&server.run(&["export", "t", "--query", "nope=1"], "")).contains("nope"));
}

// ---------------------------------------------------------------------------------------------- in

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn imported(user: &User, query: &str, kind: &str, file: &[u8]) -> Answer {
    user.send_bytes("POST", &format!("/flows/t/import{query}"), kind, file)
}

fn counts(answer: &Answer) -> [u64; 4] {
    let report = answer.expect(StatusCode::OK);
    let refused = report["refused"].as_array().unwrap().len() as u64;
    let count = |name: &str| report[name].as_u64().unwrap();
    [count("created"), count("updated"), count("unchanged"), refused]
}

fn csv(user: &User, query: &str, text: &str) -> Answer {
    imported(user, query, "text/csv", text.as_bytes())
}

/// The refusals of a report: row, field, code.
fn refusals(answer: &Answer) -> Vec<(u64, String, String)> {
    let report = answer.expect(StatusCode::OK);
    let rows = report["refused"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = rows.flat_map(|row| {
        let errors = row["errors"].as_array().unwrap().iter();
        errors.map(|error| (row["row"].as_u64().unwrap(), text(&error["field"]), text(&error["code"])))
    });
    errors.collect()
}

fn refusal(row: u64, field: &str, code: &str) -> (u64, String, String) {
    (row, field.to_owned(), code.to_owned())
}

#[test]
fn an_export_carried_in_again_changes_nothing() {
    let (server, user) = filled();
    let (other, admin) = (server.user("delegate"), server.user("admin"));
    other.create("t", &json!({"summary": " blanks ", "detail": "a\n\n'=b", "code": "'=1"}));
    let closed = user.pressed(&user.item("t", 2), "转交", &json!({}));
    other.pressed(&other.again(&closed), "关闭", &json!({}));
    let before: Vec<Value> = (1..=4).map(|number| admin.item("t", number)).collect();
    for (format, kind) in [("xlsx", WORKBOOK), ("csv", "text/csv")] {
        let file = exported(&admin, &format!("format={format}"));
        for query in ["?dry_run=true", "", "?key=summary"] {
            let answer = imported(&admin, query, kind, &file);
            assert_eq!(counts(&answer), [0, 0, 4, 0], "{format} {query}: {}", answer.text);
        }
        let kept = tempfile(&file, format);
        let out = server.done(&["import", "t", kept.path().to_str().unwrap()], "");
        assert_eq!(out, "created 0, updated 0, unchanged 4, refused 0\n");
    }
    let after: Vec<Value> = (1..=4).map(|number| admin.item("t", number)).collect();
    assert_eq!(before, after);
}

#[test]
fn rows_make_items_and_change_them_by_the_rules() {
    let (_server, user) = filled();
    let file = "ID,概要,级别,金额,备注\n,新的,高,7,x\nk_1,改了,低,,\nk_3,-减,,0.1,\nk_1,两次,,,\n,坏的,没有,many,\nk_99,没有,,,\n";
    let dry = csv(&user, "?dry_run=true", file);
    assert_eq!(counts(&dry), [1, 1, 1, 3]);
    assert_eq!(user.get("/flows/t/items").json()["total"], 3, "a dry run writes nothing");
    let answer = csv(&user, "", file);
    assert_eq!(counts(&answer), [1, 1, 1, 3]);
    assert_eq!(answer.json()["ignored"], json!(["备注"]));
    assert_eq!(
        refusals(&answer),
        [
            refusal(5, "id", "twice"),
            refusal(6, "level", "choice"),
            refusal(6, "amount", "type"),
            refusal(7, "id", "no_item")
        ]
    );
    let made = user.item("t", 4);
    assert_eq!((&made["fields"]["summary"], &made["fields"]["amount"]), (&json!("新的"), &json!(7)));
    assert_eq!((&made["created_by"], &made["assigned_to"]), (&json!("engineer"), &json!(["engineer"])));
    assert_eq!(user.history(&made)[0]["kind"], "created");
    let changed = user.item("t", 1);
    assert_eq!((&changed["fields"]["summary"], &changed["revision"]), (&json!("改了"), &json!(2)));
    assert_eq!(user.history(&changed)[1]["changes"], json!({"summary": ["第一", "改了"], "level": [null, "低"]}));
    assert_eq!(user.create("t", &json!({}))["number"], 5, "no number is lost by what was refused");
}

#[test]
fn a_key_finds_items_and_the_rest_is_made_or_left() {
    let (_server, user) = filled();
    user.create("t", &json!({"summary": "双", "code": "A1"}));
    user.create("t", &json!({"summary": "双", "code": "A2"}));
    let file = "编号,概要\nA1,甲\nA2,乙\nA3,丙\n,丁\nA1,戊\n";
    let answer = csv(&user, "?key=code&mode=leave", file);
    assert_eq!(counts(&answer), [0, 2, 0, 2]);
    assert_eq!(answer.json()["left"], 1);
    assert_eq!(refusals(&answer), [refusal(5, "code", "required"), refusal(6, "id", "twice")]);
    let answer = csv(&user, &format!("?key={}", encoded("编号")), file);
    assert_eq!(counts(&answer), [1, 0, 2, 2]);
    assert_eq!(user.item("t", 6)["fields"]["code"], "A3");
    let answer = csv(&user, "?key=summary", "概要,编号\n甲,B1\n");
    assert_eq!(counts(&answer), [0, 1, 0, 0]);
    user.create("t", &json!({"summary": "甲"}));
    assert_eq!(refusals(&csv(&user, "?key=summary", "概要,编号\n甲,B2\n")), [refusal(2, "summary", "several")]);
    assert_eq!(csv(&user, "?key=detail", "概要,详细描述\n甲,B2\n").refused(422), "bad_file");
    assert_eq!(csv(&user, "?key=code", "概要\n甲\n").refused(422), "bad_file");
    assert_eq!(csv(&user, "?mode=replace", "概要\n甲\n").refused(400), "bad_request");
}

#[test]
fn only_what_may_be_seen_and_saved_is_changed() {
    let (server, user) = filled();
    let delegate = server.user("delegate");
    assert_eq!(refusals(&csv(&delegate, "", "ID,概要\nk_1,偷看\n")), [refusal(2, "id", "no_item")]);
    let item = user.pressed(&user.item("t", 2), "转交", &json!({}));
    assert_eq!(refusals(&csv(&user, "", "ID,概要\nk_2,改\n")), [refusal(2, "assigned_to", "not_allowed")]);
    delegate.pressed(&delegate.again(&item), "关闭", &json!({}));
    assert_eq!(refusals(&csv(&user, "", "ID,概要\nk_2,改\n")), [refusal(2, "current_state", "not_allowed")]);
    assert_eq!(refusals(&csv(&user, "", "ID,当前状态\nk_1,完\n")), [refusal(2, "current_state", "readonly")]);
    assert_eq!(refusals(&csv(&user, "", "概要,当前状态,创建时间\n旧,完,2019-05-01\n")).len(), 2, "administrators only");
    assert_eq!(user.item("t", 1)["revision"], 1);
}

#[test]
fn records_of_a_time_before_come_with_their_state_and_dates() {
    let (server, _) = filled();
    server.done(&["user", "add", "gone"], "");
    server.done(&["user", "disable", "gone"], "");
    let admin = server.user("admin");
    let file = "概要,当前状态,当前处理人,报告人,创建时间,更新时间,关闭时间\n\
                关了,完,,gone,2019-05-01 08:00,,2019-06-01 09:30\n\
                开着,办,delegate,engineer,2020/1/2,2020年2月3日,\n\
                未来,完,,engineer,2999-01-01,,\n\
                无人,办,gone,engineer,2020-01-02,,\n\
                无态,没有,,nobody,2020-01-02,,2020-01-01\n";
    let answer = csv(&admin, "", file);
    assert_eq!(counts(&answer), [2, 0, 0, 3], "{}", answer.text);
    assert_eq!(
        refusals(&answer),
        [
            refusal(4, "created_at", "time"),
            refusal(5, "assigned_to", "disabled"),
            refusal(6, "current_state", "choice"),
            refusal(6, "created_by", "no_user"),
            refusal(6, "closed_at", "time"),
        ]
    );
    let closed = admin.item("t", 4);
    assert_eq!(
        (&closed["state"], &closed["assigned_to"], &closed["created_by"]),
        (&json!("完"), &json!([]), &json!("gone"))
    );
    assert_eq!(closed["created_at"], "2019-05-01T08:00:00+08:00");
    assert_eq!(closed["closed_at"], "2019-06-01T09:30:00+08:00");
    let history = admin.history(&closed);
    let told: Vec<_> =
        history.iter().map(|event| (event["kind"].as_str().unwrap(), event["actor"].as_str().unwrap())).collect();
    assert_eq!(told, [("created", "gone"), ("imported", "admin")]);
    assert_eq!(
        (&history[1]["from"], &history[1]["to"], &history[1]["at"]),
        (&json!("开"), &json!("完"), &closed["closed_at"])
    );
    let open = admin.item("t", 5);
    assert_eq!((&open["state"], &open["assigned_to"]), (&json!("办"), &json!(["delegate"])));
    assert_eq!(open["updated_at"], "2020-02-03T00:00:00+08:00");
    server.user("delegate").pressed(&open, "关闭", &json!({}));
    assert_eq!(admin.get(&format!("/flows/t/items?q={}", encoded("closed=2019-06-01"))).json()["total"], 1);
    let again = exported(&admin, "format=xlsx");
    assert_eq!(counts(&imported(&admin, "", WORKBOOK, &again)), [0, 0, 5, 0]);
}

/// A workbook made by a Python script, which has `sheet` and `book`.
fn workbook(script: &str) -> Vec<u8> {
    let kept = tempfile(b"", "xlsx");
    let script = format!(
        "import openpyxl, datetime\nbook = openpyxl.Workbook()\nsheet = book.active\n{script}\nbook.save(sys.argv[1])\nprint('null')"
    );
    python("/usr/bin/python3", &script, kept.path());
    std::fs::read(kept.path()).unwrap()
}

#[test]
fn workbooks_as_people_make_them() {
    let (_server, user) = filled();
    let file = workbook(
        r"
sheet.append(['概要', '日期', '时刻', '金额', '确认', '编号', '级别', '标记', '审核人', '相关'])
sheet.append(['一', datetime.date(2026, 5, 1), datetime.datetime(2026, 5, 1, 8, 30), 1.5, True, 12345, '高 ', '甲；丙', 'delegate', 'k_1'])
sheet.append([None] * 10)
sheet.append(['二', '2026年5月2日', '2026/5/2 9:05', '2.50', '是', '007', None, None, 'Delegate', None])
sheet.append(['合', 45000, 45000.5, 0.1 + 0.2, 0])
sheet.append([None, None, None, 3])
sheet.merge_cells('A5:A6')
sheet.append(['式', '=TODAY()'])
sheet.append(['误', '5/1/2026'])
hidden = book.create_sheet('x', 0)
hidden.sheet_state = 'hidden'
hidden.append(['no'])",
    );
    let answer = imported(&user, "", WORKBOOK, &file);
    assert_eq!(counts(&answer), [4, 0, 0, 2], "{}", answer.text);
    assert_eq!(refusals(&answer), [refusal(7, "day", "broken_cell"), refusal(8, "day", "date")]);
    let fields = |number| user.item("t", number)["fields"].clone();
    let (one, two, merged) = (fields(4), fields(5), fields(6));
    assert_eq!(
        (&one["day"], &one["moment"], &one["amount"]),
        (&json!("2026-05-01"), &json!("2026-05-01T08:30:00+08:00"), &json!(1.5))
    );
    assert_eq!((&one["yes"], &one["code"], &one["level"]), (&json!(true), &json!("12345"), &json!("高")));
    assert_eq!((&one["marks"], &one["who"], &one["other"]), (&json!(["甲", "丙"]), &json!("delegate"), &json!("t/1")));
    assert_eq!(
        (&two["day"], &two["moment"], &two["amount"]),
        (&json!("2026-05-02"), &json!("2026-05-02T09:05:00+08:00"), &json!(2.5))
    );
    assert_eq!((&two["yes"], &two["code"], &two["who"]), (&json!(true), &json!("007"), &json!("delegate")));
    assert_eq!((&merged["day"], &merged["amount"]), (&json!("2023-03-15"), &json!(0.3)));
    assert_eq!((&fields(7)["summary"], &fields(7)["amount"]), (&json!("合"), &json!(3)), "merged cells hold the same");
}

#[test]
fn what_is_no_table_is_refused_whole() {
    let (server, user) = filled();
    for (kind, file, status, code) in [
        ("text/csv", &b""[..], 422, "bad_file"),
        (WORKBOOK, b"PK\x03\x04 and nothing", 422, "bad_file"),
        ("text/csv", "谁,什么\n1,2".as_bytes(), 422, "bad_file"),
        ("text/csv", "概要,summary\n1,2".as_bytes(), 422, "bad_file"),
        ("application/json", b"{}", 415, "unsupported_media_type"),
    ] {
        let answer = imported(&user, "", kind, file);
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str().unwrap()),
            (status, code),
            "{}",
            answer.text
        );
    }
    let (gbk, _, _) = (b"\xb8\xc5\xd2\xaa\n\xd6\xd0\xce\xc4".to_vec(), 0, 0);
    assert_eq!(counts(&imported(&user, "", "application/vnd.ms-excel", &gbk)), [1, 0, 0, 0]);
    assert_eq!(user.item("t", 4)["fields"]["summary"], "中文");
    let form = reqwest::blocking::multipart::Form::new()
        .part("file", reqwest::blocking::multipart::Part::bytes("概要\n表单".as_bytes().to_vec()).file_name("表.csv"));
    let answer = crate::harness::answer(user.request("POST", "/api/v1/flows/t/import?dry_run=true").multipart(form));
    assert_eq!(counts(&answer), [1, 0, 0, 0]);
    let large = vec![b'x'; 65 * 1024 * 1024];
    assert_eq!(imported(&user, "", "text/csv", &large).refused(413), "too_large");
    server.done(&["flow", "archive", "t"], "");
    assert_eq!(csv(&user, "", "概要\n晚了").refused(403), "not_allowed");
}

#[test]
fn the_command_line_carries_in_and_keeps_what_is_to_be_mended() {
    let (server, user) = filled();
    let file = tempfile("概要,级别\n好,高\n坏,糟\n".as_bytes(), "csv");
    let mend = server.data.join("mend.xlsx");
    let (path, mend) = (file.path().to_str().unwrap(), mend.to_str().unwrap());
    let out = server.run(&["import", "t", path, "--refused", mend, "--as", "engineer"], "");
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(stdout(&out), "created 1, updated 0, unchanged 0, refused 1\n");
    assert!(stderr(&out).contains("row 3: 级别: "), "{}", stderr(&out));
    assert_eq!(user.item("t", 4)["created_by"], "engineer");
    let book = std::fs::read(mend).unwrap();
    assert_eq!(refusals(&imported(&user, "", WORKBOOK, &book)), [refusal(2, "level", "choice")]);
    let dry = server.done(&["import", "t", path, "--dry-run", "--mode", "leave"], "");
    assert_eq!(dry, "would be: created 0, updated 0, unchanged 0, left 2, refused 0\n");
    let none = server.run(&["import", "t", "/nowhere.csv"], "");
    assert_eq!(none.status.code(), Some(1));
}

// ---------------------------------------------------------------------------------------------- in by the page

/// Sends the page's form with a file.
fn upload(person: &User, file: &[u8], key: &str) -> Answer {
    use reqwest::blocking::multipart::{Form, Part};
    let part = Part::bytes(file.to_vec()).file_name("表.csv");
    let form = Form::new().part("file", part).text("key", key.to_owned()).text("mode", "create");
    crate::harness::answer(person.request("POST", "/flow/t/import").multipart(form))
}

fn input<'a>(page: &'a str, name: &str) -> &'a str {
    page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap()
}

#[test]
fn the_page_checks_matches_columns_and_carries_in() {
    let at = Installation::with_flows(&[("t.toml", TYPES)]);
    at.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
    let server = at.into_server();
    let (person, user) = (server.signed_in("engineer", "pass-word-1"), server.user("engineer"));
    assert!(person.page("/flow/t").text.contains("/flow/t/import"));
    let template = person.request("GET", "/flow/t/import/template").send().unwrap().bytes().unwrap();
    let kept = tempfile(&template, "xlsx");
    let script = r"
import openpyxl
book = openpyxl.load_workbook(sys.argv[1])
sheet = book.worksheets[0]
rules = {str(r.sqref): r.formula1 for r in sheet.data_validations.dataValidation}
lists = [[c.value for c in col if c.value] for col in book.worksheets[1].iter_cols()]
print(json.dumps([[c.value for c in sheet[1]], rules, lists, book.worksheets[1].sheet_state]))";
    let book = python("/usr/bin/python3", script, kept.path());
    assert_eq!(book[0][3], "级别");
    assert_eq!(book[1]["D2:D10001"], "'选项'!$A$1:$A$3");
    assert_eq!((&book[2][0], &book[3]), (&json!(["低", "中", "高"]), &json!("hidden")));
    let page = upload(&person, "题目,级别,日期\n一,高,2026/5/1\n二,糟,\n".as_bytes(), "").text;
    assert!(page.contains("检查结果（尚未写入）") && page.contains("级别：没有“糟”"), "{page}");
    assert_eq!(user.get("/flows/t/items").json()["total"], 0);
    let id = input(&page, "kept").to_owned();
    let form = |does: &str| {
        let values = [
            ("kept", id.as_str()),
            ("c0", "summary"),
            ("c1", "level"),
            ("c2", ""),
            ("key", ""),
            ("mode", "create"),
            ("do", does),
        ];
        person.form("/flow/t/import", &values)
    };
    let checked = form("check").text;
    assert!(checked.contains("<option value=\"summary\" selected>"), "{checked}");
    let mend = form("mend");
    assert_eq!(mend.headers["content-type"], WORKBOOK);
    assert!(form("import").text.contains("已导入"));
    let item = user.item("t", 1);
    assert_eq!((&item["fields"]["summary"], &item["fields"]["day"]), (&json!("一"), &json!(null)));
    assert_eq!(user.get("/flows/t/items").json()["total"], 1);
    let gone = form("import");
    assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(gone.text.contains("文件已不在"));
    assert!(upload(&person, b"", "").text.contains("文件里没有表头"));
    assert!(upload(&person, "概要\n=1".as_bytes(), "code").text.contains("不能按“code”找条目"));
}

#[test]
fn the_page_is_told_how_far_a_file_is() {
    let at = Installation::with_flows(&[("t.toml", TYPES)]);
    at.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
    let server = at.into_server();
    let person = server.signed_in("engineer", "pass-word-1");
    const ROWS: u64 = 3_000;
    let rows: String = (0..ROWS).map(|row| format!("第 {row} 行,低\n")).collect();
    let part = reqwest::blocking::multipart::Part::bytes(format!("题目,级别\n{rows}").into_bytes());
    let form = reqwest::blocking::multipart::Form::new()
        .part("file", part.file_name("表.csv"))
        .text("mode", "create")
        .text("mark", "ab12");
    let sent = person.request("POST", "/flow/t/import").multipart(form);
    let asked = |user: &User, mark: &str| {
        let answer = user.request("GET", &format!("/flow/t/import/progress?mark={mark}"));
        crate::harness::answer(answer).json()
    };
    let sending = std::thread::spawn(move || crate::harness::answer(sent));
    let mut told = Vec::new();
    while !sending.is_finished() {
        told.push(asked(&person, "ab12"));
    }
    let page = sending.join().unwrap();
    assert_eq!(page.status, 200, "{}", page.text);
    let done: Vec<u64> = told.iter().filter_map(|rows| rows["done"].as_u64()).collect();
    assert!(done.len() > 1 && done.is_sorted() && done.last() > done.first(), "{told:?}");
    assert!(told.iter().all(|rows| rows.is_null() || rows["of"] == ROWS), "{told:?}");
    assert_eq!(asked(&person, "ab12"), Value::Null, "it is over");
    assert_eq!(asked(&person, ""), Value::Null);
}

// ---------------------------------------------------------------------------------------------- release notes

const NOTES: &str = r#"
key = "n"
name = "问题"
item_prefix = "q"

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "group"
label = "技术小组"
type = "choice"
choices = ["软件", "硬件"]

[[field]]
key = "version"
label = "解决版本"
type = "text"

[[field]]
key = "release_notes"
label = "发布说明"
type = "textarea"

[[state]]
name = "解决"
final = true

[[transition]]
source = "开"
trigger = "解决"
dest = "解决"

[[transition]]
source = "解决"
trigger = "退回"
dest = "开"
by = ["created_by"]
assign_to = "created_by"
"#;

fn noted() -> (Installation, String) {
    let at = Installation::with_flows(&[("n.toml", NOTES)]);
    at.done(&["user", "passwd", "admin", "--password-stdin"], "pass-word-1\n");
    at.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
    let rows = [
        "四月,硬件,V1,早了,解决,2026-04-01,2026-04-30 23:59:59",
        "一,硬件,V1,\"修了 *串口*\n第二行\",解决,2026-04-01,2026-05-01 00:00:00",
        "二,软件,V1,\"<script>x</script>\",解决,2026-04-01,2026-05-31 23:59:59",
        "三,,V1,没有小组,解决,2026-04-01,2026-05-10",
        "四,软件,V2,别的版本,解决,2026-04-01,2026-05-10",
        "五,软件,V1,,解决,2026-04-01,2026-05-11",
        "六,软件,V1,六月,解决,2026-04-01,2026-06-01",
    ];
    let text = format!("概要,技术小组,解决版本,发布说明,当前状态,创建时间,关闭时间\n{}\n", rows.join("\n"));
    let file = tempfile(text.as_bytes(), "csv");
    let out = at.done(&["import", "n", file.path().to_str().unwrap()], "");
    assert_eq!(out, "created 7, updated 0, unchanged 0, refused 0\n");
    (at, "--state 解决 --from 2026-05-01 --to 2026-05-31 --query 解决版本=V1".to_owned())
}

#[test]
fn release_notes_are_those_of_the_time_put_together() {
    let (at, asked) = noted();
    let arguments: Vec<&str> = ["release-notes", "n"].into_iter().chain(asked.split(' ')).collect();
    let with = |more: &[&str]| at.run(&[&arguments[..], more].concat(), "");
    let told = with(&["--group-by", "技术小组", "--base-url", "https://t.example.com"]);
    let expected = "# 问题 2026-05-01 至 2026-05-31\n\n\
                    ## 软件\n\n- <script>x</script>（[q\\_3](https://t.example.com/flow/n/3)）\n\n\
                    ## 硬件\n\n- 修了 *串口*\n  第二行（[q\\_2](https://t.example.com/flow/n/2)）\n\n\
                    - 没有小组（[q\\_4](https://t.example.com/flow/n/4)）\n";
    assert_eq!(stdout(&told), expected);
    assert_eq!(stderr(&told), "no note: q_6 五 https://t.example.com/flow/n/6\n");
    let html = stdout(&with(&["--format", "html"]));
    assert!(html.contains("<em>串口</em>") && !html.contains("<script"), "{html}");
    let book = at.data().join("notes.xlsx");
    with(&["-o", book.to_str().unwrap(), "--base-url", "https://t.example.com"]);
    let script = r"
import openpyxl
rows = list(openpyxl.load_workbook(sys.argv[1]).worksheets[0].iter_rows())
print(json.dumps([[c.value for c in row] for row in rows] + [rows[1][1].hyperlink.target]))";
    let rows = python("/usr/bin/python3", script, &book);
    assert_eq!(rows[1], json!([null, "q_2", "一", "修了 *串口*\n第二行", "2026-05-01", "解决"]));
    assert_eq!(rows[4][1], "q_6", "those without a note too");
    assert_eq!(rows[5], "https://t.example.com/flow/n/2");
    for (more, said) in [(["--note", "nope"], "no text field \"nope\""), (["--group-by", "nope"], "no field \"nope\"")]
    {
        assert!(stderr(&with(&more)).contains(said));
    }
    let none = at.run(&["release-notes", "n", "--state", "没有", "--from", "2026-05-01", "--to", "2026-05-31"], "");
    assert!(none.status.code() == Some(1) && stderr(&none).contains("no state"));
}

#[test]
fn an_item_that_comes_back_is_told_of_once() {
    let server = Server::with_flow(NOTES);
    let user = server.user("engineer");
    let mut item = user.create("n", &json!({"summary": "一", "release_notes": "好了"}));
    for trigger in ["解决", "退回", "解决"] {
        item = user.pressed(&item, trigger, &json!({}));
    }
    let day = item["updated_at"].as_str().unwrap()[..10].to_owned();
    let told = user.get(&format!("/flows/n/release-notes?state={}&from={day}&to={day}", encoded("解决")));
    assert_eq!(told.text.matches("好了").count(), 1, "{}", told.text);
    assert!(told.headers["content-type"].to_str().unwrap().starts_with("text/markdown"));
    assert_eq!(user.get("/flows/n/release-notes?state=x&from=no&to=no").refused(422), "bad_query");
}

#[test]
fn the_layout_is_what_administrators_make_it() {
    let (at, _) = noted();
    let server = at.into_server();
    let (admin, engineer) = (server.signed_in("admin", "pass-word-1"), server.signed_in("engineer", "pass-word-1"));
    let path = "/flow/n/release-notes";
    let asked = format!("{path}?state={}&from=2026-05-01&to=2026-05-31&group_by=group", encoded("解决"));
    let page = admin.page(&asked).text;
    assert!(
        page.contains("<em>串口</em>") && page.contains("1 个条目还没有说明") && page.contains("name=\"layout\""),
        "{page}"
    );
    assert!(!engineer.page(&asked).text.contains("name=\"layout\""));
    let layout = "共 {{ count }} 个：{% for group in groups %}{% for one in group.entries %}{{ one.id }} {{ one.fields.version }};{% endfor %}{% endfor %}";
    let saves = |person: &User, does: &str, text: &str| {
        person.form(&format!("{path}/layout"), &[("layout", text), ("do", does), ("back", path)])
    };
    assert_eq!(saves(&engineer, "save", layout).status, StatusCode::FORBIDDEN);
    let wrong = saves(&admin, "save", "{% for %}");
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("line 1"), "{}", wrong.text);
    assert_eq!(saves(&admin, "save", layout).status, StatusCode::SEE_OTHER);
    let told = engineer.page(&format!("{asked}&format=markdown"));
    assert_eq!(told.text, "共 4 个：q_5 V2;q_3 V1;q_2 V1;q_4 V1;\n");
    assert_eq!(saves(&admin, "reset", "").status, StatusCode::SEE_OTHER);
    assert!(engineer.page(&format!("{asked}&format=markdown")).text.starts_with("# 问题"));
    assert_eq!(
        admin.page(&format!("{path}?state=x&from=2026-05-01&to=2026-05-31")).status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
