//! What a flow is given out as for others: the schema of its file, its picture as a process.

use std::path::Path;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    carry::{TYPES, python, tempfile},
    harness::{Installation, Server, answer, project, run, stderr, stdout},
};

/// What a validator of another hand says of flow files: for each file the places of what the schema refuses.
fn refused(texts: &[String]) -> Vec<Vec<String>> {
    let output = run(&["flow", "schema"], "");
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept = tempfile(json!({"schema": schema, "files": texts}).to_string().as_bytes(), "json");
    let script = r"
import jsonschema, tomllib
given = json.load(open(sys.argv[1], encoding='utf-8'))
jsonschema.Draft7Validator.check_schema(given['schema'])
validator = jsonschema.Draft7Validator(given['schema'])
# as editors do: a TOML time is a text
plain = lambda text: json.loads(json.dumps(tomllib.loads(text), default=str))
place = lambda error: '.'.join(str(step) for step in error.absolute_path)
print(json.dumps([sorted(place(error) for error in validator.iter_errors(plain(text))) for text in given['files']]))";
    let found = python("/usr/bin/python3", script, kept.path());
    serde_json::from_value(found).unwrap()
}

#[test]
fn the_flows_that_come_along_are_as_the_schema_says() {
    let mut files: Vec<String> = ["flows", "tests/nodes/walks"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(project().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .filter(|path| !path.to_string_lossy().ends_with(".test.toml"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert!(files.len() > 5);
    files.push(TYPES.to_owned());
    for (text, places) in files.iter().zip(refused(&files)) {
        assert!(places.is_empty(), "{places:?} of {text}");
    }
}

/// A sound flow; `#A` … mark where a mistake is put.
const SOUND: &str = r#"key = "t"
name = "流程"
#TOP
[[field]]
key = "summary"
type = "text"
#TEXT
[[field]]
key = "kind"
type = "choice"
choices = ["甲", "乙"]
#CHOICE
[[field]]
key = "part"
type = "choice"
parent = "kind"
choices = { "甲" = ["一"], "乙" = ["二"] }
[[field]]
key = "day"
type = "date"
default = 2026-12-01
[[field]]
key = "who"
type = "user"
#FIELD
[[state]]
name = "办"
#STATE
[[transition]]
source = ["开"]
trigger = "交"
dest = "办"
assign_to = "who"
condition = { kind = "甲" }
set = { day = "today" }
#ROW
[[transition]]
source = "开"
trigger = "过"
dest = "办"
by = ["user:ann", "group:维护 组", "assigned_to"]
[[transition]]
source = "办"
trigger = "了"
dest = "关"
"#;

#[test]
fn what_the_schema_refuses_the_check_refuses_too() {
    let mistakes = [
        ("#TOP", "nmae = \"x\"", ""),
        ("#TOP", "item_prefix = \"_x\"", "item_prefix"),
        ("#TOP", "title = 3", "title"),
        ("#TEXT", "max_lenght = 3", "field.0"),
        ("#TEXT", "max_length = 0", "field.0.max_length"),
        ("#TEXT", "min = 3", "field.0.type"),
        ("#TEXT", "multiple = true", "field.0.type"),
        ("#TEXT", "choices = [\"a\"]", "field.0.type"),
        ("#TEXT", "label = \" 概要\"", "field.0.label"),
        ("#TEXT", "required = \"yes\"", "field.0.required"),
        ("#CHOICE", "parent = \"who\"", "field.1.choices"),
        ("#FIELD", "[[field]]\nkey = \"c\"\ntype = \"choice\"", "field.5"),
        ("#FIELD", "[[field]]\nkey = \"state\"\ntype = \"text\"", "field.5.key"),
        ("#FIELD", "[[field]]\nkey = \"Big\"\ntype = \"text\"", "field.5.key"),
        ("#FIELD", "[[field]]\nkey = \"c\"\ntype = \"string\"", "field.5.type"),
        ("#FIELD", "[[field]]\nkey = \"c\"", "field.5"),
        ("#FIELD", "[[field]]\nkey = \"c\"\ntype = \"choice\"\nchoices = []", "field.5.choices"),
        ("#STATE", "due = \"3 days\"", "state.0.due"),
        ("#STATE", "required = \"who\"", "state.0.required"),
        ("#ROW", "comment = \"always\"", "transition.0.comment"),
        ("#ROW", "by = \"group:\"", "transition.0.by"),
        ("#ROW", "back = 1", "transition.0.back"),
        ("#ROW", "required = [1]", "transition.0.required.0"),
        ("#ROW", "create = { flow = \"x\" }", "transition.0.create"),
        ("#ROW", "[[transition]]\nsource = []\ntrigger = \"x\"\ndest = \"关\"", "transition.1.source"),
        ("#ROW", "[[transition]]\nsource = \"开\"\ntrigger = \"x\"\ndest = \"*\"", "transition.1.dest"),
        ("#ROW", "[[transition]]\nsource = \"开\"\ndest = \"关\"", "transition.1"),
        ("#ROW", "[create]\nby = \"created_by\"", "create.by"),
        ("#ROW", "[create]\nassign_to = \"group:x\"", "create.assign_to"),
        ("#ROW", "[view]\nto = \"anyone\"", "view"),
        ("#ROW", "[list]\ncolumns = \"summary\"", "list.columns"),
    ];
    let mut files = vec![SOUND.to_owned()];
    // what begins a section of its own stands at the end
    files.extend(mistakes.iter().map(|(at, mistake, _)| SOUND.replace(at, mistake)));
    let places = refused(&files);
    assert!(places[0].is_empty(), "{places:?}");
    let check = |text: &str| run(&["flow", "check", tempfile(text.as_bytes(), "toml").path().to_str().unwrap()], "");
    let sound = check(SOUND);
    assert!(sound.status.success(), "{}", stderr(&sound));
    for ((text, places), (_, mistake, place)) in files[1..].iter().zip(&places[1..]).zip(mistakes) {
        assert!(places.iter().any(|found| found == place), "{mistake}: {places:?}");
        assert_eq!(check(text).status.code(), Some(1), "{mistake}");
    }
}

#[test]
fn the_server_gives_the_schema_to_anybody() {
    let server = Server::with_flow(TYPES);
    let served = server.nobody().get("/flow-schema.json").expect(StatusCode::OK);
    let printed: Value = serde_json::from_str(&stdout(&run(&["flow", "schema"], ""))).unwrap();
    assert_eq!(served, printed);
    assert!(Path::new(printed["$schema"].as_str().unwrap()).ends_with("schema#"));
}

/// What others make of a process: whether BPMN's own schema takes it, and how many of each thing a reader of another hand finds.
fn understood(bpmn: &str) -> Value {
    let script = r"
import glob, os, warnings; warnings.filterwarnings('ignore')
from collections import Counter
from importlib.util import find_spec
from lxml import etree
root = os.path.dirname(find_spec('SpiffWorkflow').origin or list(find_spec('SpiffWorkflow').submodule_search_locations)[0] + '/x')
schema = etree.XMLSchema(etree.parse(root + '/bpmn/parser/schema/BPMN20.xsd'))
document = etree.parse(sys.argv[1])
schema.assertValid(document)
import pm4py
read = pm4py.read_bpmn(sys.argv[1])
found = Counter(type(node).__name__ for node in read.get_nodes())
found['flows'] = len(read.get_flows())
found['laid out'] = sum(1 for node in read.get_nodes() if read.get_layout().get(node).get_width() > 1)
found['names'] = sorted({node.get_name() for node in read.get_nodes() if node.get_name()})
print(json.dumps(found))";
    let kept = tempfile(bpmn.as_bytes(), "bpmn");
    python(project().join("target/pm4py/bin/python").to_str().unwrap(), script, kept.path())
}

fn drawn(file: &Path) -> String {
    let output = run(&["flow", "diagram", file.to_str().unwrap(), "--format", "bpmn"], "");
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn a_flow_is_a_process_that_others_can_read() {
    let found = understood(&drawn(&project().join("flows/issue_track.toml")));
    assert_eq!(found["names"], json!(["SE分析改进", "关闭", "维护人员处理", "维护代表审核"]), "{found}");
    let count = |kind: &str| found[kind].as_u64().unwrap_or_default();
    let nodes = (count("NormalStartEvent"), count("UserTask") + count("Task"), count("ExclusiveGateway"));
    assert_eq!((nodes, count("NormalEndEvent")), ((1, 3, 3), 1), "{found}");
    assert_eq!((count("flows"), count("laid out")), (12, 8), "{found}");
    for name in ["improvement", "device_card", "buglist"] {
        let found = understood(&drawn(&project().join(format!("flows/{name}.toml"))));
        assert!(found["flows"].as_u64().unwrap() > 5, "{found}");
    }
}

#[test]
fn a_process_is_sound_whatever_its_flow_says() {
    let odd = SOUND
        .replace("name = \"流程\"", r#"name = "A & B <\"C\"> ]]> \u0001 \t ’""#)
        .replace("#ROW", "unmet = \"\"\"<b>\n&\"\"\"")
        .replace("\"了\"", r#""& <了> \"\u0007'""#);
    let file = tempfile(odd.as_bytes(), "toml");
    let found = understood(&drawn(file.path()));
    assert_eq!(found["names"], json!(["关", "办", "开"]), "{found}");
}

#[test]
fn an_items_page_draws_the_way_that_it_has_gone() {
    let server = Server::shipped();
    let engineer = server.user("engineer");
    let first = engineer.create("issue_track", &json!({"summary": "端口震荡", "issue_checker": "delegate"}));
    let item = engineer.pressed(&first, "更新进展", &json!({}));
    let item = engineer.pressed(&item, "更新进展", &json!({}));
    engineer.pressed(&item, "提交审核", &json!({"issue_checker": "delegate"}));
    let engineer = server.signed_in("engineer", "pass-word-1");
    let page = engineer.page("/flow/issue_track/1").text;
    assert!(page.contains("href=\"/flow/issue_track/1?picture=1#gone\"") && !page.contains("<svg xmlns"), "{page}");
    let whole = engineer.page("/flow/issue_track/1?picture=1").text;
    let alone = engineer.request("GET", "/flow/issue_track/1?picture=1");
    let alone = answer(alone.header("hx-request", "true").header("hx-target", "gone")).text;
    assert!(alone.starts_with("<section") && whole.contains(alone.trim()), "the same, alone: {alone}");
    // the way that stays and the one that leads on; what the others show is drawn as ever
    assert_eq!(alone.matches("class=\"dg-way dg-gone\"").count(), 2, "{alone}");
    assert!(alone.contains(">2 次<") && !alone.contains(">1 次<"), "{alone}");
    let here = alone.split("dg-here").nth(1).unwrap();
    assert!(here.split("<text").nth(1).unwrap().contains(">维护代表审核<"), "{here}");
}

#[test]
fn a_way_is_drawn_for_those_alone_who_may_see_the_item() {
    let at = Installation::with_flows(&[("t.toml", TYPES)]);
    at.let_in(&["engineer", "delegate"]);
    let server = at.into_server();
    server.user("engineer").create("t", &json!({"summary": "第一"}));
    let [engineer, delegate] = ["engineer", "delegate"].map(|name| server.signed_in(name, "pass-word-1"));
    assert_eq!(engineer.page("/flow/t/1?picture=1").status, StatusCode::OK);
    assert_eq!(delegate.page("/flow/t/1?picture=1").status, StatusCode::NOT_FOUND);
    let alone = delegate.request("GET", "/flow/t/1?picture=1").header("hx-request", "true").header("hx-target", "gone");
    assert_eq!(answer(alone).status, StatusCode::NOT_FOUND);
    assert_eq!(engineer.page("/flow/t/2?picture=1").status, StatusCode::NOT_FOUND);
}
