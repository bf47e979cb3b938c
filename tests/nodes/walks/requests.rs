//! What people and programs may send, at random: sensible, clumsy and malicious.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::harness::{dice::Dice, encoded};

/// Who takes part, by name; the first is the administrator. One more is disabled from the beginning.
pub(crate) const PEOPLE: [&str; 6] = ["admin", "engineer", "delegate", "architect", "Zoë", "王小明"];
/// Everyone's password.
pub(crate) const PASSWORD: &str = "pass-word-1";
/// The flows of the walk, by name of their file.
pub(crate) const FLOWS: [(&str, &str); 2] = [("t.toml", include_str!("t.toml")), ("o.toml", include_str!("o.toml"))];

const TRIGGERS: [&str; 12] =
    ["提交", "会签", "开单", "自留", "送审", "传阅", "通过", "打回", "重开", "take", "close", "没有"];
const TEXTS: [&str; 30] = [
    "灯不亮",
    "灯",
    "a",
    "A",
    "Ab",
    "aB",
    "b",
    "_",
    "%",
    "100%_x",
    "\\",
    "\"引\"",
    "'",
    "É",
    "é",
    "e\u{301}",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "中文 与 空格",
    "🙂",
    "🙂🙂",
    "~",
    " 前有空格",
    "后有空格 ",
    "第一行\n第二行",
    "<b>&amp;</b>",
    "null",
    "\u{feff}头",
];
/// What may stand in a field of choice, a number, a time and so on, and what may not, as JSON.
const VALUES: [(&str, &[&str], &[&str]); 11] = [
    ("level", &["\"一般\"", "\"严重\"", "\"事故\"", "\"b\"", "\"B\"", "\"Ä\"", "null"], &["\"无\"", "1"]),
    ("part", &["\"单板\"", "\"单板\"", "null", "null"], &["\"线缆\"", "\"a_b%\""]),
    ("mark", &["\"x\"", "\"y\"", "null"], &["\"z\""]),
    (
        "kinds",
        &[
            r#"["软件"]"#,
            r#"["硬件","软件"]"#,
            r#"["a b","\"引\"","back\\slash"]"#,
            r#"["a"]"#,
            "[]",
            r#"["a","a"]"#,
            "null",
        ],
        &["\"软件\"", "[\"没有\"]"],
    ),
    (
        "amount",
        &[
            "1",
            "10",
            "100",
            "99.99",
            "0.1",
            "0.25",
            "-3",
            "-0",
            "0.0",
            "1e14",
            "999999999999999",
            "1e-7",
            "1.5e300",
            "2.50",
            "null",
        ],
        &["1e400", "0.1234567890123456", "\"viel\"", "true"],
    ),
    ("whole", &["1", "-5", "1000", "7.0", "7", "null"], &["1001", "2.5"]),
    (
        "need_by",
        &["\"2026-12-01\"", "\"2026-11-22\"", "\"0001-01-01\"", "\"9999-12-31\"", "null"],
        &["\"2026-02-30\"", "\"-0001-01-01\"", "\"10000-01-01\""],
    ),
    (
        "happened",
        &[
            "\"2026-11-22T10:00:00Z\"",
            "\"2026-11-22T18:00:00+08:00\"",
            "\"1900-01-01T00:00:00.001Z\"",
            "\"9999-12-30T00:00:00Z\"",
            "\"2026-11-22T10:00:00.123456789Z\"",
            "null",
        ],
        &["\"-000100-01-01T00:00:00Z\"", "\"gestern\"", "\"9999-12-31T23:59:59Z\""],
    ),
    ("urgent", &["true", "false"], &["null", "\"true\""]),
    ("site", &["\"https://example.org/A_b\"", "\"https://example.org/?a=ü\"", "null"], &["\"javascript:alert(1)\""]),
    ("code", &["\"AB-12\"", "\"A-0\"", "null"], &["\"ab-12\"", "\"ÄÖ-1\""]),
];
/// Columns of a query, what they may be compared by and with; without words: people, texts or links.
const COLUMNS: [(&str, &[&str], &[&str]); 24] = [
    ("summary", &["=", "!=", ":"], &[]),
    ("概要", &["=", ":"], &[]),
    ("code", &["=", "!=", ":"], &["AB-12", "b-1", "A-0", ""]),
    ("site", &["=", "!=", ":"], &["example", "A_B", "ü", ""]),
    ("level", &["=", "!="], &["一般", "严重", "事故", "b", "B", "Ä", ""]),
    ("级别", &["=", "!="], &["事故", "b"]),
    ("part", &["=", "!="], &["线缆", "单板", "a_b%", ""]),
    ("kinds", &["=", "!="], &["软件", "硬件", "a", "a b", "\"引\"", "back\\slash", ""]),
    ("checker", &["=", "!="], &[]),
    ("team", &["=", "!="], &[]),
    ("assigned_to", &["=", "!="], &[]),
    ("created_by", &["=", "!="], &[]),
    ("amount", &["=", "!=", ">=", "<=", "<", ">"], &["0", "-0", "1", "0.1", "100", "-3", "1e14", "99.990", "1e-7"]),
    ("amount", &["=", "!="], &["", "-3..100", "0.1..0.25"]),
    ("whole", &["=", "!=", ">=", "<"], &["7", "7.0", "6.5", "-5"]),
    ("need_by", &["=", "!=", ">=", "<", "<="], &["today", "-7d", "-3m", "2026-12-01", "0001-01-01", "9999-12-31"]),
    ("happened", &["=", "!=", ">=", "<", ">"], &["today", "2026-11-22", "1900-01-01", "9999-12-31", "-7d"]),
    ("created", &["=", ">=", "<"], &["today", "-1d", "2026-11-22", "2026-01-01..2026-12-31"]),
    ("updated", &["!=", ">=", "<"], &["today", "-1d", "2026-11-23"]),
    ("closed", &["=", "!="], &["", "today", "2026-11-01..2026-11-30"]),
    ("urgent", &["=", "!="], &["true", "false", ""]),
    ("state", &["=", "!="], &["开", "审", "会", "完"]),
    ("cause", &["=", "!="], &[]),
    ("bugs", &["=", "!="], &[]),
];
/// Changes to the flow `t`: some are published, some are refused.
const EDITS: [(&str, &str); 12] = [
    ("name = \"走\"", "name = \"走远\""),
    ("label = \"级别\"", "label = \"等级\""),
    ("\"事故\", \"b\", \"B\"", "\"事故\", \"B\", \"b\", \"新\""),
    (
        "[[state]]\nname = \"审\"",
        "[[field]]\nkey = \"note\"\nlabel = \"备注\"\ntype = \"text\"\ndefault = \"无\"\n\n[[state]]\nname = \"审\"",
    ),
    ("columns = [\"summary\", \"detail\", ", "columns = [\"level\", "),
    (
        "by = [\"assigned_to\", \"created_by\", \"checker\", \"team\", \"group:readers\"]",
        "by = [\"assigned_to\", \"created_by\", \"group:readers\"]",
    ),
    ("amount > 0.25", "amount > 2.0"),
    ("max = 1000", "max = 100"),
    ("required = [\"amount\"]", "required = [\"amount\", \"whole\"]"),
    // refused: another type, a state of open items that is gone, a key that there is not
    ("label = \"期限\"\ntype = \"date\"", "label = \"期限\"\ntype = \"datetime\""),
    ("dest = \"会\"", "dest = \"審\""),
    ("label = \"紧急\"", "labell = \"紧急\""),
];

/// One step: the clock goes on by so many seconds, then this is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) seconds: i64,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Http {
        by: By,
        method: &'static str,
        path: String,
        language: &'static str,
        body: Body,
    },
    /// The command line; before it, these files are put where the word `FILES` points.
    Command {
        words: Vec<String>,
        input: String,
        files: Vec<(String, String)>,
    },
}

/// How somebody proves who they are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    Nobody,
    Token(usize),
    Session(usize),
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    None,
    Form(Vec<(String, String)>),
    Text { kind: &'static str, text: String },
}

/// How a flow's list is shown, beside its query and its order.
const SHOWN: [&str; 14] = [
    "",
    "",
    "",
    "",
    "&columns=id,updated_at,summary,detail,kinds,amount,happened,urgent,cause",
    "&columns=summary,nothing",
    "&group=state",
    "&group=assigned_to&columns=summary,level,assigned_to",
    "&group=level&columns=level,need_by",
    "&group=kinds",
    "&group=team&columns=team",
    "&group=urgent",
    "&group=happened:month&columns=happened",
    "&group=nothing",
];

/// What the next request may build on.
pub(crate) struct Walk {
    dice: Dice,
    /// Items created, by flow.
    items: BTreeMap<String, usize>,
    /// The revision of an item, as last heard.
    revisions: BTreeMap<(String, usize), i64>,
    /// What somebody was told that they may press there.
    triggers: BTreeMap<(String, usize), Vec<String>>,
    /// Cursors, with what they continue.
    cursors: Vec<(String, String)>,
}

fn command(words: &[&str], input: &str) -> What {
    let words = words.iter().map(ToString::to_string).collect();
    What::Command { words, input: input.to_owned(), files: Vec::new() }
}

fn form(values: &[(&str, &str)]) -> Body {
    Body::Form(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

impl Walk {
    pub(crate) fn new(seed: u64) -> Walk {
        Walk {
            dice: Dice(seed),
            items: BTreeMap::new(),
            revisions: BTreeMap::new(),
            triggers: BTreeMap::new(),
            cursors: Vec::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Request {
        let seconds = *self.dice.of(&[0, 0, 0, 0, 0, 1, 1, 60, 3600, 40_000]);
        let what = match self.dice.below(100) {
            0..2 => self.at_the_command_line(),
            2..8 => self.administer(),
            8..23 => self.create(),
            23..53 => self.act(),
            53..73 => self.list(),
            73..79 => self.form(),
            79..94 => self.page(),
            94..96 => self.sign_in(),
            _ => self.nonsense(),
        };
        Request { seconds, what }
    }

    /// Takes in what an answer tells.
    pub(crate) fn learn(&mut self, request: &Request, text: &str) {
        let What::Http { path, .. } = &request.what else { return };
        let place = path.split("cursor=").next().unwrap_or_default().trim_end_matches(['&', '?']).to_owned();
        let mut cursors: Vec<String> = text
            .split("cursor=")
            .skip(1)
            .map(|rest| rest.chars().take_while(char::is_ascii_hexdigit).collect())
            .filter(|cursor: &String| cursor.len() > 8)
            .collect();
        if let Ok(json) = serde_json::from_str::<Value>(text) {
            cursors.extend(json["next"].as_str().map(str::to_owned));
            let item = (json["flow"].as_str(), json["number"].as_u64(), json["revision"].as_i64());
            if let (Some(flow), Some(number), Some(revision)) = item {
                let number = usize::try_from(number).unwrap();
                self.items.entry(flow.to_owned()).and_modify(|most| *most = number.max(*most)).or_insert(number);
                self.revisions.insert((flow.to_owned(), number), revision);
                let triggers =
                    json["triggers"].as_array().into_iter().flatten().filter(|entry| entry["allowed"] == true);
                let triggers: Vec<String> =
                    triggers.map(|entry| entry["trigger"].as_str().unwrap().to_owned()).collect();
                if !triggers.is_empty() {
                    self.triggers.insert((flow.to_owned(), number), triggers);
                }
            }
        }
        self.cursors.extend(cursors.into_iter().map(|cursor| (place.clone(), cursor)));
    }

    /// Every list from one end to the other, and every item: what there is in the end.
    pub(crate) fn at_the_end(&self) -> Vec<Request> {
        let mut paths = Vec::new();
        for (flow, most) in &self.items {
            let places = (1..=*most).flat_map(|number| ["", "/history"].map(|end| format!("{number}{end}")));
            paths.extend(places.map(|place| format!("/api/v1/flows/{flow}/items/{place}")));
        }
        let lists = ["flows/t/items?limit=200", "flows/o/items?limit=200", "work?list=done&limit=200"];
        paths.extend(lists.iter().map(|list| format!("/api/v1/{list}")));
        let lists = ["pending", "done", "created"].map(|list| format!("/work/{list}"));
        paths.extend(
            lists.into_iter().chain(
                ["/flow/t/all", "/flow/t/board", "/flow/o/board", "/admin", "/admin/users", "/admin/stranded"]
                    .map(str::to_owned),
            ),
        );
        let ask = |path: String| {
            let by = if path.starts_with("/api") { By::Token(0) } else { By::Session(0) };
            Request { seconds: 0, what: What::Http { by, method: "GET", path, language: "zh-CN", body: Body::None } }
        };
        let words: [&[&str]; 4] = [&["user", "list"], &["group", "list"], &["flow", "list"], &["flow", "show", "t"]];
        let commands = words.into_iter().map(|words| Request { seconds: 0, what: command(words, "") });
        commands.chain(paths.into_iter().map(ask)).collect()
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.dice.below(of.len())]
    }

    fn who(&mut self) -> usize {
        // the administrator now and then, the others more often
        self.dice.below(PEOPLE.len() + 1) % PEOPLE.len()
    }

    fn person(&mut self) -> &'static str {
        let spelled = ["Engineer", "zoë", "ZOË", "gone", "nobody", "me", "", " admin", "admin\u{0}"];
        if self.dice.below(6) == 0 { self.one(&spelled) } else { self.one(&PEOPLE) }
    }

    fn language(&mut self) -> &'static str {
        self.one(&["zh-CN", "zh-CN", "en", "de, en;q=0.5"])
    }

    fn api(&mut self, method: &'static str, path: String, body: Option<&Value>) -> What {
        let by = if self.dice.below(40) == 0 { By::Nobody } else { By::Token(self.who()) };
        let text = body.map(|body| Body::Text { kind: "application/json", text: body.to_string() });
        let language = self.language();
        What::Http { by, method, path: format!("/api/v1{path}"), language, body: text.unwrap_or(Body::None) }
    }

    fn send(&mut self, who: usize, path: String, body: Body) -> What {
        What::Http { by: By::Session(who), method: "POST", path, language: self.language(), body }
    }

    /// An item that there is, mostly.
    fn item(&mut self) -> (String, usize) {
        let flow = self.one(&["t", "t", "t", "o"]);
        let most = self.items.get(flow).copied().unwrap_or(1);
        let number = if self.dice.below(30) == 0 { most + 1 } else { 1 + self.dice.below(most) };
        (flow.to_owned(), number)
    }

    fn linked(&mut self, flow: &str) -> String {
        let most = self.items.get(flow).copied().unwrap_or(1);
        let number = 1 + self.dice.below(most + 1);
        let ways = [
            format!("{flow}/{number}"),
            format!("{flow}/{number}"),
            "t/0".to_owned(),
            format!("/flow/{flow}/{number}"),
        ];
        self.dice.of(&ways).clone()
    }

    fn value(&mut self, key: &str) -> Value {
        let bad = self.dice.below(14) == 0;
        let known = VALUES.iter().find(|(known, ..)| *known == key);
        if let Some((_, good, ill)) = known {
            let text = self.one(if bad { ill } else { good });
            return serde_json::from_str(text).unwrap();
        }
        let person = json!(self.person());
        match key {
            "checker" => person,
            "team" if bad => json!(["nobody"]),
            "team" => json!([person, self.one(&PEOPLE)]),
            "cause" => json!(self.linked("t")),
            "bugs" => json!([self.linked("o"), self.linked("o")]),
            "seen_in" => json!([self.linked("t")]),
            _ if bad => self.dice.of(&[json!("mit\u{0}null"), json!(7), json!("长".repeat(201)), json!({})]).clone(),
            _ => json!(self.one(&TEXTS)),
        }
    }

    fn fields(&mut self, flow: &str, most: usize) -> Map<String, Value> {
        let keys: &[&str] = if flow == "t" {
            &[
                "summary", "detail", "level", "level", "part", "kinds", "checker", "checker", "team", "team", "amount",
                "amount", "whole", "need_by", "happened", "urgent", "site", "cause", "bugs", "code", "note",
            ]
        } else {
            &["summary", "remark", "mark", "seen_in"]
        };
        let mut fields = Map::new();
        for _ in 0..self.dice.below(most + 1) {
            let key = if self.dice.below(40) == 0 { self.one(&["current_state", "nowhere"]) } else { self.one(keys) };
            fields.insert(key.to_owned(), self.value(key));
        }
        fields
    }

    fn create(&mut self) -> What {
        let flow = self.one(&["t", "t", "t", "o"]);
        let mut fields = self.fields(flow, 5);
        if self.dice.below(20) > 0 {
            fields.insert("summary".to_owned(), json!(self.one(&TEXTS)));
        }
        self.api("POST", format!("/flows/{flow}/items"), Some(&json!({"fields": fields})))
    }

    fn revision(&mut self, place: &(String, usize)) -> Option<i64> {
        let known = self.revisions.get(place).copied().unwrap_or(1);
        match self.dice.below(5) {
            0 => Some(known - 1),
            1 => Some(known),
            _ => None,
        }
    }

    fn trigger(&mut self, place: &(String, usize)) -> String {
        match self.triggers.get(place) {
            Some(known) if self.dice.below(6) > 0 => self.dice.of(known).clone(),
            _ => self.one(&TRIGGERS).to_owned(),
        }
    }

    fn act(&mut self) -> What {
        let place = self.item();
        let path = format!("/flows/{}/items/{}", place.0, place.1);
        let revision = self.revision(&place);
        match self.dice.below(14) {
            0 => {
                let comment = self.value("detail");
                self.api("POST", format!("{path}/comments"), Some(&json!({"comment": comment})))
            }
            1 => {
                let to = self.person();
                let what = self.api("POST", format!("{path}/holder"), Some(&json!({"to": to})));
                self.as_admin(what)
            }
            2 => {
                let end = self.one(&["", "?limit=1", "?limit=2&cursor=1", "?limit=0", "?cursor=x", "?cursor=99"]);
                self.api("GET", format!("{path}/history{end}"), None)
            }
            3 => self.api("GET", path, None),
            4..7 => {
                let fields = self.fields(&place.0, 3);
                let what = self.api("PATCH", path, Some(&json!({"revision": revision, "fields": fields})));
                self.as_admin(what)
            }
            _ => {
                let mut fields = self.fields(&place.0, 2);
                if place.0 == "t" && self.dice.below(2) == 0 {
                    // what most of the triggers ask for
                    fields.insert("checker".to_owned(), json!(self.one(&PEOPLE)));
                    fields.insert("team".to_owned(), json!([self.one(&PEOPLE)]));
                }
                let trigger = self.trigger(&place);
                let comment = if self.dice.below(2) == 0 { json!(self.one(&TEXTS)) } else { json!(null) };
                let body = json!({"trigger": trigger, "revision": revision, "fields": fields, "comment": comment});
                let what = self.api("POST", format!("{path}/triggers"), Some(&body));
                self.as_admin(what)
            }
        }
    }

    /// Often by the administrator, who may most: else little would ever happen.
    fn as_admin(&mut self, what: What) -> What {
        match what {
            What::Http { method, path, language, body, .. } if self.dice.below(2) == 0 => {
                What::Http { by: By::Token(0), method, path, language, body }
            }
            other => other,
        }
    }

    fn term(&mut self) -> String {
        let quoted = |text: &str| {
            let plain = !text.contains([' ', ',', '"', '\\', '\n', '(', ')', '=', '<', '>', ':', '!']);
            if plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
        };
        match self.dice.below(40) {
            0..8 => return quoted(self.one(&TEXTS)),
            8..10 => return format!("T_{}", self.dice.below(30)),
            10 => {
                return self
                    .one(&["nowhere=1", "detail:x", "amount=x", "need_by<x", "state>1", "amount=1e400"])
                    .to_owned();
            }
            _ => {}
        }
        let (column, operators, words) = *self.dice.of(&COLUMNS);
        let operator = self.one(operators);
        let value = |walk: &mut Walk| match column {
            _ if !words.is_empty() => walk.one(words).to_owned(),
            "summary" | "概要" => walk.one(&TEXTS).to_owned(),
            "cause" => walk.linked("t"),
            "bugs" => walk.linked("o"),
            _ => walk.one(&["me", "admin", "engineer", "Engineer", "zoë", "王小明", "gone", "nobody", ""]).to_owned(),
        };
        let (one, other) = (value(self), value(self));
        let several = operators.len() < 3 && !one.is_empty() && !one.contains("..") && self.dice.below(3) == 0;
        let other = if several && !other.is_empty() { format!(",{}", quoted(&other)) } else { String::new() };
        format!("{column}{operator}{}{other}", if one.is_empty() { one } else { quoted(&one) })
    }

    fn query(&mut self) -> String {
        let mut terms = Vec::new();
        for _ in 0..self.dice.below(4) {
            terms.push(self.term());
        }
        let between = if self.dice.below(20) == 0 { " or " } else { self.one(&[" ", " and ", " AND ", "  "]) };
        let mut query = terms.join(between);
        if self.dice.below(25) == 0 {
            query.push_str(self.one(&["(", "\"", " and", "=", "!", "\\", "\u{0}", "-"]));
        }
        query
    }

    fn sort(&mut self) -> String {
        let keys = [
            "summary",
            "level",
            "part",
            "checker",
            "amount",
            "whole",
            "need_by",
            "happened",
            "urgent",
            "site",
            "code",
            "state",
            "assigned_to",
            "created_by",
            "created",
            "updated",
            "closed",
            "id",
            "级别",
        ];
        let mut sort = Vec::new();
        for _ in 0..self.dice.below(4) {
            let descending = self.dice.below(2) == 0;
            let odd = self.dice.below(30) == 0;
            let key = self.one(if odd { &["kinds", "team", "bugs", "detail", "nowhere"] } else { &keys });
            sort.push(format!("{}{key}", if descending { "-" } else { "" }));
        }
        sort.join(",")
    }

    /// `&cursor=…`: of this list, of another one, or one that no server gave out.
    fn cursor(&mut self, place: &str) -> String {
        let own: Vec<usize> = (0..self.cursors.len()).filter(|at| self.cursors[*at].0 == place).collect();
        let any = self.dice.below(6) == 0;
        let known = if any || own.is_empty() { self.cursors.len() } else { own.len() };
        if known == 0 || (own.is_empty() && !any) {
            return String::new();
        }
        let at = self.dice.below(known);
        let cursor = self.cursors[if any || own.is_empty() { at } else { own[at] }].1.clone();
        if self.dice.below(5) == 0 { self.forged(&cursor) } else { cursor }
    }

    fn forged(&mut self, cursor: &str) -> String {
        let bytes: Option<Vec<u8>> =
            (0..cursor.len()).step_by(2).map(|at| u8::from_str_radix(cursor.get(at..at + 2)?, 16).ok()).collect();
        let keys = bytes.and_then(|bytes| serde_json::from_slice::<Vec<Value>>(&bytes).ok());
        let Some(mut keys) = keys else { return cursor.to_owned() };
        let numbers = [
            "1.5",
            "-1",
            "0",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "1e308",
            "-0.0",
            "1e400",
        ];
        let mut others = vec![
            json!(null),
            json!(""),
            json!("x"),
            json!("\u{10ffff}"),
            json!("\u{0}"),
            json!(true),
            json!([]),
            json!({}),
        ];
        others.extend(numbers.map(|number| serde_json::from_str(number).unwrap()));
        let at = self.dice.below(keys.len());
        match self.dice.below(6) {
            0 => drop(keys.pop()),
            1 => keys.push(self.dice.of(&others).clone()),
            _ => keys[at] = self.dice.of(&others).clone(),
        }
        json!(keys).to_string().bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn list(&mut self) -> What {
        let odd = self.dice.below(20) == 0;
        let limit =
            self.one(if odd { &["", "0", "-1", "201", "x", "1e1"] } else { &["1", "2", "3", "7", "50", "200"] });
        let path = match self.dice.below(13) {
            0 => return self.api("GET", "/me".to_owned(), None),
            1 => return self.api("GET", "/flows".to_owned(), None),
            2 => {
                let flow = self.one(&["t", "o", "T", "x", "t%20", "%00", ""]);
                return self.api("GET", format!("/flows/{flow}"), None);
            }
            3 => format!("/search?q={}&", encoded(&self.query())),
            4 => {
                let by = self.one(&[
                    "state",
                    "level",
                    "assigned_to",
                    "created_by",
                    "checker",
                    "kinds",
                    "urgent",
                    "created:day",
                    "closed:month",
                    "need_by:week",
                    "amount",
                ]);
                let by = if self.dice.below(3) == 0 { format!("by={by}&by=state") } else { format!("by={by}") };
                return {
                    let path = format!("/flows/t/stats?{by}&q={}", encoded(&self.query()));
                    self.api("GET", path, None)
                };
            }
            5 => {
                let (flow, within) = (self.one(&["t", "t", "o", "x"]), self.one(&["", "", "&in=t", "&in=o", "&in=x"]));
                let text = format!("{} {}", self.query(), self.query());
                return self.api("GET", format!("/flows/{flow}/similar?text={}{within}", encoded(&text)), None);
            }
            6..9 => format!("/work?list={}&", self.one(&["pending", "done", "created", "other"])),
            _ => {
                let flow = self.one(&["t", "t", "t", "t", "t", "t", "o", "x"]);
                let sort = if self.dice.below(2) == 0 { String::new() } else { self.sort() };
                format!("/flows/{flow}/items?q={}&sort={}&", encoded(&self.query()), encoded(&sort))
            }
        };
        // a list that was begun is often gone on with
        let begun = self
            .cursors
            .iter()
            .rev()
            .take(12)
            .filter(|(place, _)| place.starts_with("/api/v1/"))
            .map(|(place, _)| place.clone())
            .collect::<Vec<_>>();
        let place = if begun.is_empty() || self.dice.below(3) > 0 {
            format!("/api/v1{path}limit={limit}")
        } else {
            self.dice.of(&begun).clone()
        };
        let cursor = self.cursor(&place);
        let path = if cursor.is_empty() { place } else { format!("{place}&cursor={cursor}") };
        let what = self.api("GET", path.trim_start_matches("/api/v1").to_owned(), None);
        self.as_admin(what)
    }

    fn page(&mut self) -> What {
        let place = self.item();
        let who = self.who();
        let path = match self.dice.below(21) {
            18 => format!("/flow/{}/board?q={}", self.one(&["t", "t", "o"]), encoded(&self.query())),
            19.. => {
                let trigger = if self.dice.below(2) == 0 { self.trigger(&place) } else { String::new() };
                format!("/flow/{}/board/{}/moves?trigger={}", place.0, place.1, encoded(&trigger))
            }
            0 => "/".to_owned(),
            1 => "/settings".to_owned(),
            2 => self
                .one(&["/admin", "/admin/users", "/admin/groups", "/admin/flows", "/admin/flows/t", "/admin/stranded"])
                .to_owned(),
            3 => {
                let name = self.person();
                format!("/admin/users/{}", encoded(name))
            }
            4 => format!("/admin/flows/t/versions/{}", self.dice.below(5)),
            5 => {
                let text = self.one(&TEXTS).chars().take(1).collect::<String>();
                let text = if self.dice.below(2) == 0 { self.person().chars().take(2).collect() } else { text };
                format!("/pick/users?q={}", encoded(&text))
            }
            6..8 => {
                let text = if self.dice.below(2) == 0 { self.linked("t") } else { self.one(&TEXTS).to_owned() };
                format!("/pick/items?flow={}&q={}", self.one(&["t", "o", "", "x"]), encoded(&text))
            }
            8 => format!("/flow/{}/new", place.0),
            9 => format!("/flow/{}", place.0),
            10..12 => format!("/work/{}", self.one(&["pending", "done", "created", "other"])),
            12..15 => {
                let sort = if self.dice.below(2) == 0 { String::new() } else { self.sort() };
                let shown = self.one(&SHOWN);
                let flow = self.one(&["t", "t", "o"]);
                format!("/flow/{flow}/all?q={}&sort={}{shown}", encoded(&self.query()), encoded(&sort))
            }
            15 => format!("/flow/{}/{}?picture=1", place.0, place.1),
            _ => format!("/flow/{}/{}", place.0, place.1),
        };
        let known: Vec<(String, String)> =
            self.cursors.iter().filter(|(place, _)| place.starts_with(&path)).cloned().collect();
        let path = match known.last() {
            Some((_, cursor)) if self.dice.below(2) == 0 => {
                let cursor = if self.dice.below(3) == 0 { self.forged(cursor) } else { cursor.clone() };
                format!("{path}{}cursor={cursor}", if path.contains('?') { '&' } else { '?' })
            }
            _ => path,
        };
        What::Http { by: By::Session(who), method: "GET", path, language: self.language(), body: Body::None }
    }

    /// What a browser sends from an item's page.
    fn form(&mut self) -> What {
        let (flow, number) = self.item();
        let (who, path) = (self.who(), format!("/flow/{flow}/{number}"));
        let mut values: Vec<(String, String)> = Vec::new();
        for (key, value) in self.fields(&flow, 4) {
            match value {
                Value::Array(words) => {
                    values.extend(words.iter().map(|word| (key.clone(), word.as_str().unwrap_or_default().to_owned())))
                }
                Value::String(text) => values.push((key, text)),
                Value::Null => values.push((key, String::new())),
                other => values.push((key, other.to_string())),
            }
        }
        let known = self.revisions.get(&(flow.clone(), number)).copied().unwrap_or(1);
        values.push(("revision".to_owned(), (known - i64::from(self.dice.below(6) == 0)).to_string()));
        match self.dice.below(11) {
            8 => {
                values.push(("trigger".to_owned(), self.trigger(&(flow.clone(), number))));
                return self.send(who, format!("/flow/{flow}/board/{number}/moves"), Body::Form(values));
            }
            9.. => {
                self.many(&flow, &mut values);
                return self.send(who, format!("/flow/{flow}/bulk"), Body::Form(values));
            }
            0 => values.push(("save".to_owned(), String::new())),
            1 => return self.send(who, format!("{path}/comments"), form(&[("comment", "由页面")])),
            2 => return self.send(who, format!("{path}/buttons"), Body::Form(values)),
            3 => {
                let to = self.person();
                return self.send(0, format!("{path}/holder"), form(&[("to", to), ("back", "/admin/stranded")]));
            }
            4 => return self.send(who, format!("/flow/{flow}/new"), Body::Form(values)),
            _ => values.push(("trigger".to_owned(), self.trigger(&(flow.clone(), number)))),
        }
        self.send(who, path, Body::Form(values))
    }

    /// Something to be done to some items of a flow.
    fn many(&mut self, flow: &str, values: &mut Vec<(String, String)>) {
        let most = self.items.get(flow).copied().unwrap_or(1);
        let mut put = |name: &str, value: String| values.push((format!("bulk.{name}"), value));
        for _ in 0..self.dice.below(6) {
            let number = 1 + self.dice.below(most + 1);
            let known = self.revisions.get(&(flow.to_owned(), number)).copied().unwrap_or(1);
            let said = match self.dice.below(12) {
                0 => format!("{number}"),
                1 => format!("{number}@{}", known - 1),
                2 => "x@1".to_owned(),
                _ => format!("{number}@{known}"),
            };
            put("item", said);
        }
        let field = self.one(&["level", "part", "summary", "team", "urgent", "nowhere"]);
        let act = match self.dice.below(8) {
            0 => "assign".to_owned(),
            1 | 2 => format!("set:{field}"),
            3 => self.one(&["", "press:", "x"]).to_owned(),
            _ => format!("press:{}", self.one(&TRIGGERS)),
        };
        put("do", act);
        put("to", self.person().to_owned());
        if self.dice.below(4) > 0 {
            put("go", "1".to_owned());
        }
    }

    fn sign_in(&mut self) -> What {
        let who = self.who();
        let password = if self.dice.below(5) == 0 { "wrong-word" } else { PASSWORD };
        let next = self.one(&["", "/work/done", "//example.org"]);
        self.send(who, "/login".to_owned(), form(&[("name", PEOPLE[who]), ("password", password), ("next", next)]))
    }

    /// What administrators do; now and then somebody else tries.
    fn administer(&mut self) -> What {
        let by = if self.dice.below(8) == 0 { self.who() } else { 0 };
        let (person, other) = (self.person(), self.person());
        let group = self.one(&["readers", "writers", "Readers", "新组", "a b", ""]);
        let (path, body) = match self.dice.below(12) {
            0 | 1 => {
                (format!("/admin/users/{}/disable", encoded(person)), form(&[("hand_over", self.one(&["", other]))]))
            }
            1..5 => (format!("/admin/users/{}/enable", encoded(person)), form(&[])),
            5 => {
                let display = self.one(&TEXTS);
                (
                    format!("/admin/users/{}", encoded(person)),
                    form(&[("display", display), ("email", "a@b"), ("groups", group)]),
                )
            }
            6 => {
                let name = self.one(&["Ann", "ann", "ÄNN", "änn", "a\u{308}nn", "李四", "x y", ".", "Ben_1", ""]);
                ("/admin/users".to_owned(), form(&[("name", name), ("display", name)]))
            }
            7 => ("/admin/groups".to_owned(), form(&[("name", group)])),
            8 => (format!("/admin/groups/{}/add", encoded(group)), form(&[("member", person)])),
            9 => (format!("/admin/groups/{}/remove", encoded(group)), form(&[("member", person)])),
            10 => ("/settings/language".to_owned(), form(&[("language", self.one(&["en", "zh-CN", "", "x"]))])),
            _ => {
                let text = self.version();
                let path = self.one(&["/admin/flows/publish", "/admin/flows/publish", "/admin/flows/check"]);
                (path.to_owned(), form(&[("text", &text)]))
            }
        };
        self.send(by, path, body)
    }

    /// The flow `t` with a few changes.
    fn version(&mut self) -> String {
        let mut text = FLOWS[0].1.to_owned();
        for _ in 0..self.dice.below(4) {
            let (from, to) = *self.dice.of(&EDITS);
            assert!(text.contains(from) || text.contains(to), "{from}");
            text = text.replace(from, to);
        }
        text
    }

    fn at_the_command_line(&mut self) -> What {
        let person = self.person().trim_end_matches('\0');
        let text = self.version();
        match self.dice.below(8) {
            0 => command(&["user", "list"], ""),
            1 => command(&["group", "list"], ""),
            2 => command(&["flow", "show", "t", "--version", self.one(&["1", "2", "9"])], ""),
            3 => command(&["user", "disable", person, "--hand-over", "delegate"], ""),
            4 => command(&["user", "add", self.one(&["Ann", "änn", "ß", "SS"]), "--group", "readers"], ""),
            5 => command(&["flow", "archive", self.one(&["o", "x"])], ""),
            _ => {
                let files = vec![("t.toml".to_owned(), text), ("o.toml".to_owned(), FLOWS[1].1.to_owned())];
                let words = ["flow", "apply", "FILES"].map(str::to_owned).to_vec();
                What::Command { words, input: String::new(), files }
            }
        }
    }

    fn nonsense(&mut self) -> What {
        let (flow, number) = self.item();
        let number = self
            .one(&[
                "0",
                "-1",
                "01",
                "9223372036854775807",
                "9223372036854775808",
                "99999999999999999999",
                "x",
                "%00",
                "1%2F2",
            ])
            .to_owned()
            + if number % 5 == 0 { "" } else { "/" };
        let path = number.trim_end_matches('/');
        match self.dice.below(7) {
            0 => self.api("GET", format!("/flows/{flow}/items/{path}"), None),
            1 => self.api("POST", format!("/flows/{flow}/items/{path}/comments"), Some(&json!({"comment": "?"}))),
            2 => {
                let cursor = self.one(&["", "x", "5b5d", "00", "5b226f662074222c6e756c6c5d"]);
                self.api("GET", format!("/flows/{flow}/items?cursor={cursor}"), None)
            }
            3 => self.api("POST", format!("/flows/{flow}/items"), Some(&json!({"fields": {}, "extra": 1}))),
            4 => {
                let text = self.one(&[
                    "",
                    "{",
                    "[]",
                    "{\"fields\":[]}",
                    "null",
                    "{\"fields\":{\"summary\":\"\\ud800\"}}",
                    "{\"fields\":{\"summary\":\"a\",\"summary\":\"b\"}}",
                ]);
                let kind = self.one(&["application/json", "text/plain", "application/x-www-form-urlencoded"]);
                let path = format!("/api/v1/flows/{flow}/items");
                What::Http {
                    by: By::Token(self.who()),
                    method: "POST",
                    path,
                    language: "en",
                    body: Body::Text { kind, text: text.to_owned() },
                }
            }
            5 => self.api("DELETE", format!("/flows/{flow}/items/1"), None),
            _ => {
                let path = format!("/flow/{flow}/{path}");
                What::Http { by: By::Session(self.who()), method: "GET", path, language: "zh-CN", body: Body::None }
            }
        }
    }
}
