//! Administrators write flows in the designer. The pictures stay in `target/tmp/pictures/design`.

use std::path::PathBuf;

use crate::{
    browser::Person,
    harness::{Installation, Server},
};

/// What the flow links to.
const OTHERS: [(&str, &str); 2] = [
    (
        "buglist.toml",
        "key = \"buglist\"\nname = \"典型Buglist\"\n[[field]]\nkey = \"summary\"\ntype = \"text\"\n[[transition]]\nsource = \"编写\"\ntrigger = \"归档\"\ndest = \"归档\"\n",
    ),
    (
        "improvement.toml",
        "key = \"improvement\"\nname = \"改进建议\"\n[[field]]\nkey = \"summary\"\ntype = \"text\"\n[[transition]]\nsource = \"提出\"\ntrigger = \"采纳\"\ndest = \"关闭\"\n",
    ),
];

/// The original's 网上问题处理: what the designer is to come to.
const WANTED: &str = r#"key = "issue_track"
name = "网上问题处理"
item_prefix = "question"
title = "summary"
field = [
  { key = "summary", label = "概要", type = "text", max_length = 200, required = true, default = "【20170101】XX局点XX设备发生XX问题", width = 79 },
  { key = "detail", label = "详细描述", type = "textarea", max_length = 5000, rows = 5, default = "【问题现象】：\n【问题影响】：\n【客户诉求】：" },
  { key = "current_process", label = "处理进展", type = "textarea", hint = "由维护处理人填写" },
  { key = "issue_level", label = "问题级别", type = "choice", choices = ["一般问题", "严重问题", "事故"], default = "一般问题" },
  { key = "customer_type", label = "客户类别", type = "choice", choices = ["金融", "电力", "煤炭", "互联网", "政企"] },
  { key = "class_1", label = "问题大类", type = "choice", choices = ["软件", "硬件", "结构", "误操作", "配置"] },
  { key = "class_2", label = "问题小类", type = "choice", parent = "class_1", choices = { "硬件" = ["线缆", "单板"], "软件" = ["协议", "平台"], "配置" = ["数据", "误操作"] } },
  { key = "class_3", label = "责任领域", type = "choice", choices = ["线缆", "单板", "平台", "协议", "误操作"] },
  { key = "buglist_url", label = "Buglist链接", type = "item", flow = "buglist" },
  { key = "improvement_url", label = "改进项链接", type = "item", flow = "improvement" },
  { key = "issue_processor", label = "维护处理人", type = "user", default = "created_by", hint = "提交人填写" },
  { key = "issue_checker", label = "维护代表", type = "user", hint = "维护处理人指定" },
  { key = "issue_se", label = "改进提取SE", type = "user", hint = "维护代表指定" },
]
transition = [
  { source = "维护人员处理", trigger = "更新进展", dest = "维护人员处理", assign_to = "created_by" },
  { source = "维护人员处理", trigger = "提交审核", dest = "维护代表审核", assign_to = "issue_checker" },
  { source = "维护代表审核", trigger = "打回补充信息", dest = "维护人员处理", assign_to = "issue_processor", back = true },
  { source = "维护代表审核", trigger = "转SE分析改进", dest = "SE分析改进", assign_to = "issue_se" },
  { source = "SE分析改进", trigger = "问题关闭", dest = "关闭" },
]
state = [{ name = "维护代表审核", due = "3d", readonly = ["summary"] }]
"#;

/// The words of a type.
fn word(kind: &str) -> &'static str {
    match kind {
        "text" => "单行文本",
        "textarea" => "多行文本",
        "choice" => "选择",
        "item" => "条目链接",
        _ => "人员",
    }
}

/// Somebody at the designer; without a script every row is saved by its button.
struct Designer<'p> {
    person: &'p Person,
    script: bool,
}

impl Designer<'_> {
    /// Waits until the text of the draft, which the page shows beside the rows, says so.
    fn reads(&self, text: &str) {
        self.person.finds(&format!("//textarea[@id='toml-text'][contains(., '{text}')]"));
    }

    fn open(&self, row: &str) {
        let toggle = format!("//form[@id='{row}']//a[@data-open]");
        self.person.finds(&toggle);
        if !self.person.shows(&format!("//form[@id='{row}']//div[contains(@class,'row-acts')]")) {
            self.person.click(&toggle);
            self.person.finds(&format!("//form[@id='{row}']//div[contains(@class,'row-acts')]"));
        }
    }

    fn save(&self, row: &str) {
        if !self.script {
            self.person.click(&format!("//form[@id='{row}']//button[contains(@class,'save')]"));
        }
    }

    /// Says something in an opened row, and sees it in the text.
    fn say(&self, row: &str, key: &str, typed: &str, reads: &str) {
        self.person.fill_at(&format!("//*[@id='{row}-{key}']"), typed);
        self.save(row);
        self.reads(reads);
    }

    fn field(&self, at: usize, field: &toml::Table) {
        let text = |key: &str| field.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        let row = format!("field-{at}");
        self.person.fill("新字段的名称", text("label"));
        self.person.fill("标识（可不填）", text("key"));
        self.person.choose("新字段的类型", word(text("type")));
        self.person.press("添加字段");
        self.person.finds(&format!("//form[@id='{row}']"));
        self.reads(&format!("key = \"{}\"", text("key")));
        let more = field.iter().filter(|(key, _)| !["key", "label", "type", "choices"].contains(&key.as_str()));
        let mut more: Vec<(&String, &toml::Value)> = more.collect();
        if field.contains_key("choices") || !more.is_empty() {
            self.open(&row);
        }
        // the parent first: what the choices are depends on it
        if let Some(parent) = field.get("parent") {
            more.retain(|(key, _)| *key != "parent");
            self.person.click(&format!("//select[@id='{row}-parent']/option[@value={parent}]"));
            self.save(&row);
            self.reads(&format!("parent = {parent}"));
        }
        match field.get("choices") {
            Some(toml::Value::Array(words)) => {
                let lines: Vec<&str> = words.iter().filter_map(toml::Value::as_str).collect();
                self.say(&row, "choices", &lines.join("\n"), lines[lines.len() - 1]);
            }
            Some(toml::Value::Table(under)) => {
                let words = |list: &toml::Value| {
                    let list = list.as_array().expect("a list").iter().filter_map(toml::Value::as_str);
                    list.collect::<Vec<_>>().join("、")
                };
                let lines: Vec<String> = under.iter().map(|(key, list)| format!("{key}：{}", words(list))).collect();
                self.say(&row, "choices", &lines.join("\n"), "choices = { ");
            }
            _ => {}
        }
        for (key, value) in more {
            match value {
                toml::Value::Boolean(_) => {
                    self.person.click(&format!("//*[@id='{row}-{key}']"));
                    self.save(&row);
                    self.reads(&format!("{key} = true"));
                }
                toml::Value::String(text) => self.say(&row, key, text, text.lines().next().unwrap_or_default()),
                number => self.say(&row, key, &number.to_string(), &format!("{key} = {number}")),
            }
        }
    }

    fn transition(&self, at: usize, row: &toml::Table) {
        let text = |key: &str| row.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        self.person.fill("新转换的源状态", text("source"));
        self.person.fill("新转换的触发", text("trigger"));
        self.person.fill("新转换的目的状态", text("dest"));
        self.person.fill("新转换转给", text("assign_to"));
        self.person.press("添加转换");
        self.reads(&format!("trigger = \"{}\"", text("trigger")));
        if row.contains_key("back") {
            let row = format!("transition-{at}");
            self.open(&row);
            self.person.click(&format!("//*[@id='{row}-back']"));
            self.save(&row);
            self.reads("back = true");
        }
    }
}

fn pictures(person: &Person, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/design");
    std::fs::create_dir_all(&folder).expect("the folder of the pictures");
    for (size, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        person.resize(width, height);
        let (page, window) = person.widths();
        assert!(page <= window, "the page scrolls sideways at {width}: {page} > {window}");
        person.picture(&folder.join(format!("{name}-{size}.png")));
    }
    person.resize(1440, 900);
}

/// 网上问题处理 from an empty page, with those of its fields that `has` names, published with a note, and used.
fn builds(script: bool, has: impl Fn(&str) -> bool) {
    let at = Installation::with_flows(&OTHERS);
    at.let_in(&["admin", "engineer"]);
    let server: Server = at.into_server();
    let mut wanted: toml::Table = WANTED.parse().expect("what is wanted");
    let fields = wanted["field"].as_array_mut().expect("fields");
    fields.retain(|field| has(field["key"].as_str().expect("a key")));
    let admin = Person::signed_in(&server.base, "admin", script);
    admin.open("/admin/flows");
    admin.follow("新建流程");
    admin.fill("名称", "网上问题处理");
    admin.fill("标识", "issue_track");
    admin.choose("从哪里开始", "空白");
    admin.press("开始设计");
    admin.sees("还没有字段");
    let designer = Designer { person: &admin, script };
    for (at, field) in wanted["field"].as_array().expect("fields").iter().enumerate() {
        designer.field(at, field.as_table().expect("a field"));
    }
    if script {
        pictures(&admin, "fields");
    }
    for (at, row) in wanted["transition"].as_array().expect("transitions").iter().enumerate() {
        designer.transition(at, row.as_table().expect("a transition"));
    }
    // the rules of a state, which the transitions have named by now
    designer.person.click("//li[@data-part='state'][.//input[@value='维护代表审核']]//a[@data-open]");
    admin.finds("//li[@data-part='state'][contains(@class,'open')]//label[normalize-space(.)='概要']");
    admin.click("(//li[@data-part='state'][contains(@class,'open')]//*[@aria-label='只读字段']//label[normalize-space(.)='概要'])[1]");
    if !script {
        admin.click("//li[@data-part='state'][contains(@class,'open')]//button[contains(@class,'save')]");
    }
    designer.reads("readonly = [\"summary\"]");
    designer.say("state-1", "due", "3d", "due = \"3d\"");
    designer.say("flow", "item_prefix", "question", "item_prefix = \"question\"");
    admin.click("//select[@id='flow-title']/option[@value='summary']");
    designer.save("flow");
    designer.reads("title = \"summary\"");
    admin.sees("没有发现问题");
    if script {
        pictures(&admin, "built");
    }
    admin.fill("这一版改了什么", "第一版");
    admin.press("发布新版本");
    admin.sees("“网上问题处理”已发布");
    admin.sees("第一版");
    let built: toml::Table = server.done(&["flow", "show", "issue_track"], "").parse().expect("a flow");
    assert_eq!(built, wanted);

    let engineer = Person::signed_in(&server.base, "engineer", script);
    engineer.open("/flow/issue_track/new");
    engineer.fill("概要", "【20261123】某局点单板复位");
    engineer.press("创建");
    engineer.sees("question_1");
    engineer.press("更新进展");
    engineer.sees("维护人员处理");
}

#[test]
fn issue_track_is_built_from_an_empty_page() {
    builds(true, |_| true);
}

/// Every way of saying something, once: each step is a page of its own.
#[test]
fn a_flow_is_built_without_javascript() {
    let fields = ["summary", "class_1", "class_2", "issue_processor", "issue_checker", "issue_se"];
    builds(false, |key| fields.contains(&key));
}

#[test]
fn fields_are_dragged_and_comments_stay() {
    let text = "# 手写的\nkey = \"t\"\nname = \"小\"\n\n# 第一个\n[[field]]\nkey = \"a\" # 甲\nlabel = \"甲\"\ntype = \"text\"\n\n[[field]]\nkey = \"b\"\nlabel = \"乙\"\ntype = \"date\"\n\n[[field]]\nkey = \"c\"\nlabel = \"丙\"\ntype = \"user\"\n\n[[transition]]\nsource = \"开\"\ntrigger = \"完成\"\ndest = \"关\"\n";
    let at = Installation::with_flows(&[("t.toml", text)]);
    at.let_in(&["admin"]);
    let server: Server = at.into_server();
    let admin = Person::signed_in(&server.base, "admin", true);
    admin.open("/admin/flows/t");
    admin.follow("设计");
    admin.finds("//form[@id='field-2']//input[@value='丙']");
    admin.drag("//form[@id='field-2']//*[contains(@class,'grip')]", "//input[@id='field-0-label']");
    admin.finds("//form[@id='field-1']//input[@value='丙'] | //form[@id='field-0']//input[@value='丙']");
    // what is wrong is told at its row, while the others are typed into
    admin.fill_at("//input[@id='transition-0-condition']", "d == 1");
    admin.sees("没有字段“d”");
    admin.finds("//li[contains(@class,'troubled')]//form[@id='transition-0']");
    admin.fill_at("//input[@id='transition-0-condition']", " ");
    admin.sees_no("没有字段“d”");
    admin.sees("已保存");
    let shown = admin.value_at("//textarea[@id='toml-text']");
    for kept in ["# 手写的", "# 第一个\n[[field]]\nkey = \"a\" # 甲"] {
        assert!(shown.contains(kept), "{shown}");
    }
    let mut lines: [Vec<&str>; 2] = [text.lines().collect(), shown.lines().collect()];
    lines.iter_mut().for_each(|lines| lines.sort_unstable());
    assert_eq!(lines[0], lines[1], "only the order is another");
}

#[test]
fn a_field_changes_its_type_where_that_is_ticked() {
    let text = "key = \"t\"\nname = \"小\"\n\n[[field]]\nkey = \"a\"\nlabel = \"概要\"\ntype = \"text\"\n\n[[field]]\nkey = \"b\"\nlabel = \"数量\"\ntype = \"text\"\n\n[[transition]]\nsource = \"开\"\ntrigger = \"完成\"\ndest = \"关\"\n";
    let at = Installation::with_flows(&[("t.toml", text)]);
    at.let_in(&["admin"]);
    let server: Server = at.into_server();
    server.user("admin").create("t", &serde_json::json!({"a": "一件", "b": "12"}));
    let admin = Person::signed_in(&server.base, "admin", true);
    admin.open("/admin/flows/t/design");
    let designer = Designer { person: &admin, script: true };
    designer.open("field-1");
    admin.click("//select[@id='field-1-type']/option[@value='number']");
    designer.reads("type = \"number\"");
    admin.sees("字段改换类型");
    admin.fill("这一版改了什么", "数量是数字");
    // a browser does not send what must be ticked and is not
    admin.press("发布新版本");
    admin.finds("//input[@name='retype']");
    admin.click("//input[@name='retype']");
    admin.press("发布新版本");
    admin.sees("“小”已发布");
    assert!(server.done(&["flow", "show", "t"], "").contains("type = \"number\""));
    assert_eq!(server.user("admin").item("t", 1)["fields"]["b"], "12", "it is what it was until it is migrated");
}

#[test]
fn what_is_typed_for_a_new_row_stays_while_another_is_saved() {
    let text = "key = \"t\"\nname = \"小\"\n\n[[field]]\nkey = \"a\"\nlabel = \"概要\"\ntype = \"text\"\n\n[[transition]]\nsource = \"开\"\ntrigger = \"完成\"\ndest = \"关\"\n";
    let at = Installation::with_flows(&[("t.toml", text)]);
    at.let_in(&["admin"]);
    let server: Server = at.into_server();
    let admin = Person::signed_in(&server.base, "admin", true);
    admin.open("/admin/flows/t/design");
    admin.delay_what_is_heard(1500);
    admin.fill_at("//input[@id='field-0-label']", "摘要");
    admin.finds("//html[@data-heard='of']");
    admin.fill("新字段的名称", "数量");
    admin.choose("新字段的类型", "数字");
    admin.fill("标识（可不填）", "count");
    admin.finds("//html[@data-heard='out']");
    assert_eq!(admin.value("新字段的名称"), "数量");
    assert_eq!(admin.value("标识（可不填）"), "count");
    // two that are added while a third row is being saved
    admin.fill_at("//input[@id='field-0-label']", "概要");
    admin.press("添加字段");
    admin.fill("新字段的名称", "备注");
    admin.fill("标识（可不填）", "note");
    admin.press("添加字段");
    let designer = Designer { person: &admin, script: true };
    for said in ["key = \"count\"", "type = \"number\"", "key = \"note\"", "label = \"概要\""] {
        designer.reads(said);
    }
    admin.sees("已保存");
}
