//! Draws every page with sample data into files, so that they can be looked at:
//! `cargo run -p web --example preview -- DIR`, then serve DIR by any static file server.

use std::{fs, path::Path};

use app::search::Piece;
use askama::Template;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use web::{
    assets,
    view::{
        account::{Errors, Login, SessionRow, Settings, Setup, TokenRow},
        admin::{
            CheckedFile, FlowRow, FlowVersions, Flows, GroupChoice, GroupPage, GroupRow, Groups, Held, ProblemView,
            UserDraft, UserPage, UserRow, Users, VersionRow,
        },
        error::ErrorPage,
        form::{ChoiceGroup, Control, FieldView, ItemRef, Shown, Trouble},
        item::{
            ButtonView, ChangeView, Conflict, Direction, EventView, Fact, FactValue, Gone, HandOver, History, ItemPage,
            LinkView, NewPage, PressBar, Progress, Similar, SimilarGroup, SimilarItem, SimilarLink, Step, button_title,
            event_words, idle, needed_by, stay,
        },
        lists::{All, FlowCard, FlowPage, Home, QueryTrouble, StateCount, Stranded, StrandedRow, Whose, Work},
        search::{HitRow, SearchPage},
        views::Bar,
        *,
    },
    words::{Language, Words},
};

type Done = Result<(), Box<dyn std::error::Error>>;

/// What every sample needs.
struct Sample {
    words: &'static Words,
    theme: Theme,
    full: bool,
    now: Timestamp,
    zone: TimeZone,
}

const FLOWS: [MenuFlow; 4] = [
    MenuFlow { key: "issue_track", name: "网上问题处理" },
    MenuFlow { key: "device_card", name: "设备管理" },
    MenuFlow { key: "improvement", name: "改进建议" },
    MenuFlow { key: "buglist", name: "典型Buglist" },
];

const TITLES: [&str; 8] = [
    "【20261119】华东某局点核心路由器单板反复重启",
    "【20261118】国网某省公司传输设备线缆松动导致误码告警",
    "【20261112】双十一保障期间数据中心交换机 CRC 错误突增，业务侧感知时延抖动并要求当日给出根因",
    "【20261109】某银行数据中心防火墙升级后会话表项不释放",
    "【20261105】煤矿井下环网交换机电源模块高温告警",
    "【20261101】Router upgrade leaves stale ARP entries 🙂 <b>&\"quotes\"",
    "【20261028】某政企专线割接后单向不通",
    "【20261020】接入网设备网管脱管，重启恢复",
];

fn main() -> Done {
    let out = std::env::args().nth(1).unwrap_or_else(|| "target/preview".to_owned());
    let out = Path::new(&out);
    fs::create_dir_all(out.join("static"))?;
    for asset in assets::all() {
        fs::write(out.join(asset.path.trim_start_matches('/')), asset.bytes)?;
    }
    let now: Timestamp = "2026-11-22T08:00:00Z".parse()?;
    let zone = TimeZone::get("Asia/Shanghai")?;
    for (language, theme, full, folder) in [
        (Language::Chinese, Theme::Light, true, "zh"),
        (Language::Chinese, Theme::Dark, true, "dark"),
        (Language::Chinese, Theme::Light, false, "empty"),
        (Language::English, Theme::Light, true, "en"),
    ] {
        let sample = Sample { words: language.words(), theme, full, now, zone: zone.clone() };
        let folder = out.join(folder);
        fs::create_dir_all(&folder)?;
        sample.draw(&folder)?;
    }
    Ok(())
}

impl Sample {
    fn draw(&self, folder: &Path) -> Done {
        let w = self.words;
        let write = |name: &str, html: String| fs::write(folder.join(format!("{name}.html")), html);
        write("home", self.home().render()?)?;
        write("flow", self.flow().render()?)?;
        write("all", self.all("", None).render()?)?;
        let parts = ("state=关闭 发生时间>".to_owned(), ">".to_owned(), "昨天".to_owned());
        let trouble = QueryTrouble {
            message: "这里读不懂：应当是字段、比较符和值，例如 发生时间>=2026-11-01".to_owned(),
            parts,
        };
        write("all-bad", self.all("state=关闭 发生时间>>昨天", Some(Box::leak(Box::new(trouble)))).render()?)?;
        write(
            "all-none",
            All { table: self.table(0, &[]), counts: vec![], ..self.all("问题级别=事故", None) }.render()?,
        )?;
        for (whose, name) in [(Whose::Pending, "pending"), (Whose::Done, "done"), (Whose::Created, "created")] {
            write(name, self.work(whose).render()?)?;
        }
        write("search", self.search().render()?)?;
        write("item", self.item().render()?)?;
        write("item-error", self.item_error().render()?)?;
        write("item-conflict", self.item_conflict().render()?)?;
        write("item-closed", self.item_closed().render()?)?;
        write("new", self.new_page().render()?)?;
        write("stranded", self.stranded().render()?)?;
        write(
            "login",
            Login { f: self.nobody(w.word("login-title")), name: "", next: "/", kept: vec![], error: None }.render()?,
        )?;
        let error = Some(account::login_trouble(w, None));
        write(
            "login-error",
            Login { f: self.nobody(w.word("login-title")), name: "engineer", next: "/", kept: vec![], error }
                .render()?,
        )?;
        let mut errors = Errors::default();
        errors.add("password", w.word("password-short"));
        let f = self.nobody(w.word("setup-title"));
        write("setup", Setup { f, secret: "x", name: "admin", display: "管理员", errors }.render()?)?;
        write("settings", self.settings().render()?)?;
        write("users", self.users().render()?)?;
        write("user", self.user().render()?)?;
        write("groups", self.groups().render()?)?;
        write("group", self.group().render()?)?;
        write("flows", self.flows(None).render()?)?;
        write("flows-checked", self.flows(Some(self.checked())).render()?)?;
        write("flow-versions", self.versions().render()?)?;
        for status in [403, 404, 409, 413, 422, 429, 500, 503] {
            let mut page = ErrorPage::of(self.frame(&status.to_string(), Active::None), status);
            page.reference = (status == 500).then(|| "7f3a-91c2".to_owned());
            write(&format!("error-{status}"), page.render()?)?;
        }
        Ok(())
    }

    fn frame(&self, title: &str, active: Active<'static>) -> Frame<'static> {
        let flows: &[MenuFlow] = if self.full { &FLOWS } else { &[] };
        let pending = if self.full { 3 } else { 0 };
        let me = Me { name: "admin", display: "维护代表", admin: true, pending: total(pending), flows };
        Frame {
            words: self.words,
            title: title.to_owned(),
            theme: self.theme,
            path: "/",
            me: Some(me),
            active,
            flash: None,
            live: None,
        }
    }

    fn nobody(&self, title: &str) -> Frame<'static> {
        Frame { me: None, ..self.frame(title, Active::None) }
    }

    fn ago(&self, minutes: i64) -> When {
        When::new(self.words, &self.zone, self.now - SignedDuration::from_mins(minutes), self.now)
    }

    fn table(&self, count: usize, extra: &[&str]) -> Table<'static> {
        let w = self.words;
        let mut columns: Vec<Column> =
            [w.word("summary"), w.word("state"), w.word("holder"), w.word("reporter"), w.word("updated")]
                .into_iter()
                .map(Column::plain)
                .collect();
        for (index, column) in columns.iter_mut().enumerate().filter(|_| extra.contains(&"sort")) {
            let now = (index == 4).then_some(false);
            column.sorted = Some(Sorted { now, href: "?sort=summary".to_owned() });
        }
        let rows = (0..count)
            .map(|n| ItemRow {
                flow: "issue_track",
                number: 57 - n as i64,
                id: format!("question_{}", 57 - n).leak(),
                pick: None,
                group: None,
                cells: vec![
                    Cell::Title(TITLES[n % TITLES.len()]),
                    Cell::State(chip(n * 3 % 4)),
                    Cell::People(if n * 3 % 4 == 3 { vec![] } else { vec![named(n % 3)] }),
                    Cell::Reporter(named((n + 1) % 3)),
                    Cell::When(self.ago(12 + 700 * (n as i64) * (n as i64))),
                ],
            })
            .collect();
        Table { id: None, columns, chosen: false, rows }
    }

    fn counts(&self) -> Vec<StateCount> {
        let count = |index: usize, count: i64| StateCount {
            state: state(index),
            count: if self.full { count } else { 0 },
            href: "?q=state%3D".to_owned(),
            chosen: false,
        };
        vec![count(0, 12), count(1, 5), count(2, 3), count(3, 241)]
    }

    fn home(&self) -> Home<'static> {
        let card = |flow: &MenuFlow, open, mine| FlowCard {
            key: flow.key.to_owned(),
            name: flow.name.to_owned(),
            open,
            mine,
            may_create: true,
        };
        let cards = FLOWS
            .iter()
            .zip([(20, 3), (8, 0), (11, 0), (4, 0)])
            .map(|(flow, (open, mine))| card(flow, open, total(mine)));
        Home {
            f: self.frame(self.words.word("menu-home"), Active::Home),
            table: self.table(if self.full { 3 } else { 0 }, &[]),
            pending: total(if self.full { 3 } else { 0 }),
            cards: if self.full { cards.collect() } else { vec![] },
        }
    }

    fn flow(&self) -> FlowPage<'static> {
        FlowPage {
            f: self.frame("网上问题处理", Active::Flow("issue_track")),
            key: "issue_track",
            name: "网上问题处理",
            may_create: true,
            archived: false,
            is_read: true,
            picture: "",
            counts: self.counts(),
            views: Vec::new(),
            table: self.table(if self.full { 6 } else { 0 }, &[]),
            pending: total(if self.full { 6 } else { 0 }),
            next: None,
            first: None,
        }
    }

    fn all(&self, q: &'static str, problem: Option<&'static QueryTrouble>) -> All<'static> {
        All {
            f: self.frame(self.words.word("all-items"), Active::Flow("issue_track")),
            key: "issue_track",
            name: "网上问题处理",
            title: self.words.word("all-items"),
            bar: Bar::default(),
            may_create: true,
            q,
            sort: "",
            asked: None,
            ask: String::new(),
            problem,
            counts: self.counts(),
            table: self.table(if self.full { 50 } else { 0 }, &["sort"]),
            total: if self.full { "261" } else { "0" }.to_owned(),
            board: "/flow/issue_track/board".to_owned(),
            bulk: None,
            exports: vec![(self.words.word("export-xlsx").to_owned(), "?format=xlsx".to_owned())],
            next: self.full.then(|| "?cursor=x".to_owned()),
            first: self.full.then(|| "?".to_owned()),
        }
    }

    fn work(&self, whose: Whose) -> Work<'static> {
        let mut table = self.table(if self.full { 50 } else { 0 }, &[]);
        table.columns = whose.columns(self.words);
        for row in &mut table.rows {
            row.cells.insert(1, Cell::Flow("网上问题处理"));
        }
        let active = match whose {
            Whose::Pending => Active::Pending,
            Whose::Done => Active::Done,
            Whose::Created => Active::Created,
        };
        let count = if self.full { 128 } else { 0 };
        let heading = whose.heading(self.words);
        let next = self.full.then(|| "?cursor=x".to_owned());
        Work {
            f: self.frame(heading, active),
            heading,
            table,
            total: total(count),
            empty: whose.empty(self.words),
            next,
            first: None,
        }
    }

    fn search(&self) -> SearchPage<'static> {
        let piece = |text: &str, hit| Piece { text: text.to_owned(), hit };
        let title: &'static [Piece] = vec![piece("单板", true), piece("反复重启", false)].leak();
        let snippet: &'static [Piece] = vec![piece("…更换", false), piece("单板", true), piece("后恢复", false)].leak();
        let hit = |number, field| HitRow {
            flow: "issue_track",
            number,
            id: "question_57",
            flow_name: "网上问题处理",
            title,
            snippet,
            field,
            state: Chip { name: "SE分析改进", hue: Hue::GREY },
            holders: vec![Named { name: "architect", display: "SE" }],
            updated: When::new(self.words, &TimeZone::UTC, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
        };
        SearchPage {
            f: self.frame(self.words.word("search"), Active::None),
            q: "单板",
            problem: None,
            hits: if self.full { vec![hit(57, Some("处理进展")), hit(58, None)] } else { Vec::new() },
            total: "2".to_owned(),
            next: None,
            first: None,
        }
    }

    fn steps(&self) -> Vec<Step> {
        let step = |index: usize, progress, detail: &str| Step {
            name: state(index).name,
            progress,
            detail: (!detail.is_empty()).then(|| detail.to_owned()),
        };
        vec![
            step(0, Progress::Done, "维护人员 · 1 天 3 小时"),
            step(1, Progress::Now, "维护代表 · 12 分钟"),
            step(2, Progress::Ahead, ""),
            step(3, Progress::Ahead, ""),
        ]
    }

    fn fields(&self) -> Vec<FieldView> {
        let words = |list: &[&str], chosen: &str| list.iter().map(|w| ((*w).to_owned(), *w == chosen)).collect();
        let flat = |list: &[&str], chosen: &str| Control::Choice {
            groups: vec![ChoiceGroup { parent: None, words: words(list, chosen) }],
            parent: None,
            odd: None,
        };
        let lines = "【问题现象】：主控板每 40 分钟左右重启一次，业务倒换正常\n【问题影响】：网管告警，客户质疑可靠性\n【客户诉求】：24 小时内给出根因\n【客户态度】：较急";
        let progress = "11-20 09:30 已更换主控板，观察 6 小时未再重启；旧板寄回分析。";
        let bug = ItemRef {
            href: Some("/flow/buglist/12".to_owned()),
            id: "bug_12".to_owned(),
            title: "主控板内存泄漏导致定时重启".to_owned(),
            state: Some(StateChip { name: "归档".to_owned(), hue: Hue::GREEN }),
        };
        let under = vec![
            ChoiceGroup { parent: Some("硬件".to_owned()), words: words(&["线缆", "单板"], "单板") },
            ChoiceGroup { parent: Some("软件".to_owned()), words: words(&["协议", "平台"], "") },
            ChoiceGroup { parent: Some("配置".to_owned()), words: words(&["数据", "误操作"], "") },
        ];
        let user = |value: &str, shown: Vec<Person>| Control::User { value: value.to_owned(), shown, multiple: false };
        let item = |value: &str, shown, flow: &str| Control::Item {
            value: value.to_owned(),
            shown,
            flow: Some(flow.to_owned()),
            multiple: false,
        };
        let text = |value: &str| Control::Text { value: value.to_owned() };
        let area = |value: &str, rows| Control::Textarea { value: value.to_owned(), rows };
        let mut all = vec![
            FieldView { required: true, width: Some(79), wide: true, ..field("summary", "概要", text(TITLES[0])) },
            FieldView { wide: true, ..field("detail", "详细描述", area(lines, 5)) },
            FieldView {
                wide: true,
                hint: some("由维护处理人填写"),
                ..field("current_process", "处理进展", area(progress, 4))
            },
            field("issue_level", "问题级别", flat(&["一般问题", "严重问题", "事故"], "严重问题")),
            field("customer_type", "客户类别", flat(&["金融", "电力", "煤炭", "互联网", "政企"], "金融")),
            field("class_1", "问题大类", flat(&["软件", "硬件", "结构", "误操作", "配置"], "硬件")),
            field("class_2", "问题小类", Control::Choice { groups: under, parent: some("class_1"), odd: None }),
            field("class_3", "责任领域", flat(&["线缆", "单板", "平台", "协议", "误操作"], "单板")),
            field("happened_on", "发生时间", Control::Date { value: "2026-11-19".to_owned(), readable: true }),
            FieldView { width: Some(12), ..field("site", "局点", text("华东某局点")) },
            field("device_model", "设备型号", text("NE40E-X8")),
            field("buglist_url", "Buglist链接", item("bug_12", vec![bug], "buglist")),
            field("improvement_url", "改进项链接", item("", vec![], "improvement")),
            FieldView {
                hint: some("提交人填写"),
                ..field("issue_processor", "维护处理人", user("engineer", vec![person(0)]))
            },
            FieldView { hint: some("维护代表指定"), ..field("issue_se", "改进提取SE", user("", vec![])) },
        ];
        if let Some(last) = all.last_mut() {
            last.note = needed_by(self.words, &["转SE分析改进"]);
        }
        all.insert(13, field("issue_checker", "维护代表", Control::Read(vec![Shown::Person(person(1))])));
        all
    }

    fn press(&self) -> PressBar {
        let button = |trigger: &str, direction, main| ButtonView {
            trigger: trigger.to_owned(),
            direction,
            main,
            title: button_title(self.words, Some("SE分析改进"), None),
        };
        PressBar {
            buttons: vec![
                button("转SE分析改进", Direction::Forward, true),
                button("打回补充信息", Direction::Back, false),
            ],
            refused: vec![("问题关闭".to_owned(), "只有改进提取SE可以这样做。".to_owned())],
            may_save: true,
            comment: Some(String::new()),
            comment_needed_by: vec![],
            comment_error: None,
            idle: None,
        }
    }

    fn history(&self) -> History {
        let w = self.words;
        let event = |who: usize, what: &str, to: Option<usize>, minutes| EventView {
            actor: person(who),
            what: what.to_owned(),
            by_admin: false,
            to: to.map(state),
            holders: vec![],
            changes: vec![],
            comment: None,
            when: self.ago(minutes),
            quiet: false,
        };
        let change = |label: &str, old: &str, new: &str, long| ChangeView {
            label: label.to_owned(),
            old: if old.is_empty() { vec![] } else { vec![Shown::Lines(old.to_owned())] },
            new: vec![Shown::Lines(new.to_owned())],
            long,
        };
        let assigned = event_words(w, flow::RecordKind::Assigned, None);
        let created = event_words(w, flow::RecordKind::Created, None);
        let said = event_words(w, flow::RecordKind::Commented, None);
        History {
            seen: 5,
            events: vec![
                EventView {
                    holders: vec![person(1)],
                    changes: vec![change("维护代表", "", "delegate", false)],
                    comment: some("旧板已寄出，单号 SF1234567890。\n请重点看 CPU 占用率曲线。"),
                    ..event(0, "提交审核", Some(1), 12)
                },
                EventView {
                    quiet: true, comment: some("客户今天又打电话来问进展。"), ..event(2, said, None, 95)
                },
                EventView {
                    changes: vec![
                        change(
                            "处理进展",
                            "等待备件",
                            "11-20 09:30 已更换主控板，观察 6 小时未再重启；旧板寄回分析。",
                            true,
                        ),
                        change("问题级别", "一般问题", "严重问题", false),
                    ],
                    ..event(0, "更新进展", None, 1600)
                },
                EventView { by_admin: true, holders: vec![person(0)], ..event(3, assigned, None, 3000) },
                EventView { quiet: true, ..event(0, created, None, 60 * 24 * 40) },
            ],
            more: None,
            latest: None,
            draft: String::new(),
            error: None,
        }
    }

    fn item(&self) -> ItemPage<'static> {
        let w = self.words;
        let fact = |label: &str, value| Fact { label: label.to_owned(), value };
        let link = |id: &str, title: &str, label: &str, chip| LinkView {
            item: ItemRef {
                href: some("/flow/buglist/12"),
                id: id.to_owned(),
                title: title.to_owned(),
                state: Some(chip),
            },
            label: label.to_owned(),
        };
        let archived = StateChip { name: "归档".to_owned(), hue: Hue::GREEN };
        ItemPage {
            f: self.frame("question_57", Active::Flow("issue_track")),
            key: "issue_track",
            flow_name: "网上问题处理",
            number: 57,
            id: "question_57".to_owned(),
            title: TITLES[0].to_owned(),
            steps: self.steps(),
            revision: 4,
            fields: self.fields(),
            people: (0..4).map(person).collect(),
            troubles: vec![],
            conflict: None,
            press: self.press(),
            facts: vec![
                fact(w.word("state"), FactValue::State(state(1))),
                fact(w.word("holder"), FactValue::People(vec![person(1)])),
                stay(w, 12 * 60, Some(3 * 1440)),
                fact(w.word("creator"), FactValue::People(vec![person(0)])),
                fact(w.word("created-at"), FactValue::When(self.ago(60 * 24 * 40))),
                fact(w.word("updated-at"), FactValue::When(self.ago(12))),
            ],
            links: if self.full {
                vec![
                    link("bug_12", "主控板内存泄漏导致定时重启", "Buglist链接", archived),
                    link("improve_3", "主控板固件增加内存水位告警", "来自对方的“来源问题”", state(1)),
                ]
            } else {
                vec![]
            },
            links_pager: Pager::default(),
            made: vec![("buglist".to_owned(), "典型Buglist".to_owned())],
            history: self.history(),
            hand_over: Some(HandOver { to: String::new(), error: None }),
            dirty: false,
            similar: self.similar("/flow/issue_track/57"),
            returns: None,
            gone: Gone { href: "/flow/issue_track/57?picture=1".to_owned(), picture: None },
        }
    }

    fn item_error(&self) -> ItemPage<'static> {
        let mut page = self.item();
        for (key, message) in [
            ("summary", "必须填写"),
            ("happened_on", "不是日期，应当像 2026-11-22 这样"),
            ("issue_se", "没有名叫“zhangsan”的用户，请从列表中选择"),
        ] {
            if let Some(field) = page.fields.iter_mut().find(|field| field.key == key) {
                field.error = some(message);
                match &mut field.control {
                    Control::Text { value } => value.clear(),
                    Control::Date { value, readable } => (*value, *readable) = ("昨天".to_owned(), false),
                    Control::User { value, .. } => *value = "zhangsan".to_owned(),
                    _ => {}
                }
            }
        }
        page.troubles = Trouble::of(&page.fields);
        page
    }

    fn item_conflict(&self) -> ItemPage<'static> {
        let mut page = self.item();
        page.conflict = Some(Conflict {
            events: self.history().events.into_iter().take(1).collect(),
            earlier: 0,
            differs: true,
            idle: false,
        });
        if let Some(field) = page.fields.iter_mut().find(|field| field.key == "current_process") {
            field.theirs = Some(vec![Shown::Lines("11-20 15:40 旧板复现成功，确认内存泄漏。".to_owned())]);
        }
        let more = ["更新进展", "提交审核", "提取典型问题", "提取改进项"];
        let button = |trigger: &&str| ButtonView {
            trigger: (*trigger).to_owned(),
            direction: Direction::Open,
            main: *trigger == "提交审核",
            title: button_title(self.words, None, Some("改进建议")),
        };
        page.press.buttons = more.iter().map(button).collect();
        page
    }

    fn item_closed(&self) -> ItemPage<'static> {
        let mut page = self.item();
        for step in &mut page.steps {
            step.progress = Progress::Done;
        }
        if let Some(step) = page.steps.last_mut() {
            step.progress = Progress::Now;
        }
        for field in &mut page.fields {
            let text = |value: &str| if value.is_empty() { vec![] } else { vec![Shown::Lines(value.to_owned())] };
            let values = match &field.control {
                Control::Text { value } | Control::Textarea { value, .. } | Control::Date { value, .. } => text(value),
                Control::User { shown, .. } => shown.iter().cloned().map(Shown::Person).collect(),
                Control::Item { shown, .. } => shown.iter().cloned().map(Shown::Item).collect(),
                _ => text("硬件"),
            };
            (field.control, field.hint, field.note, field.required) = (Control::Read(values), None, None, false);
        }
        page.press = PressBar {
            buttons: vec![],
            refused: vec![],
            may_save: false,
            comment: None,
            comment_needed_by: vec![],
            comment_error: None,
            idle: Some(idle(self.words, &[])),
        };
        page.hand_over = None;
        page.facts[0].value = FactValue::State(state(3));
        page.facts[1].value = FactValue::People(vec![]);
        page.facts[2] = stay(self.words, 5 * 86_400, Some(3 * 1440));
        page
    }

    fn new_page(&self) -> NewPage<'static> {
        let mut steps = self.steps();
        for step in &mut steps {
            (step.progress, step.detail) = (Progress::Ahead, None);
        }
        steps[0].progress = Progress::Now;
        let mut fields = self.fields();
        fields.push(field("urgent", "需要现场支持", Control::Bool { checked: false }));
        let words = ["白天", "夜间", "周末"].map(|word| (word.to_owned(), word == "夜间")).to_vec();
        let groups = vec![ChoiceGroup { parent: None, words }];
        fields.push(FieldView {
            help: some("可以多选"),
            ..field("window", "可操作时段", Control::Checks { groups, parent: None })
        });
        NewPage {
            f: self.frame(self.words.word("create-item"), Active::Flow("issue_track")),
            key: "issue_track",
            flow_name: "网上问题处理",
            steps,
            fields,
            people: (0..4).map(person).collect(),
            troubles: vec![],
            dirty: false,
            similar: self.similar("/flow/issue_track/new"),
        }
    }

    fn similar(&self, action: &str) -> Similar {
        let item = |n: usize, prefix: &str, times: i64| SimilarItem {
            item: ItemRef {
                href: Some(format!("/flow/buglist/{n}")),
                id: format!("{prefix}_{n}"),
                title: TITLES[n].to_owned(),
                state: None,
            },
            excerpts: vec![
                ("根因".to_owned(), "光模块老化".to_owned()),
                ("解决方法".to_owned(), TITLES[n + 1].repeat(3)),
            ],
            times: (times > 0).then(|| self.words.one("came-back", "n", times)),
            link: Some(SimilarLink {
                field: "buglist_url".to_owned(),
                label: self.words.two("similar-link-to", ("id", &format!("bug_{n}")), ("field", &"Buglist链接")),
                id: format!("bug_{n}"),
                done: n == 2,
            }),
        };
        let known =
            SimilarGroup { name: "典型Buglist".to_owned(), items: vec![item(1, "bug", 12), item(2, "bug", 0)] };
        let past = SimilarGroup { name: "网上问题处理".to_owned(), items: vec![item(3, "question", 1)] };
        Similar { action: action.to_owned(), lazy: false, asked: true, groups: vec![known, past] }
    }

    fn stranded(&self) -> Stranded<'static> {
        let row = |n: usize| StrandedRow {
            href: format!("/flow/issue_track/{n}"),
            id: format!("question_{n}"),
            title: TITLES[n].to_owned(),
            flow: "网上问题处理".to_owned(),
            state: state(n % 3),
            holders: vec![person(2)],
        };
        Stranded {
            f: self.frame(self.words.word("menu-admin-stranded"), Active::Stranded),
            rows: if self.full { (1..4).map(row).collect() } else { vec![] },
            pager: Pager::default(),
            people: (0..4).map(person).collect(),
        }
    }

    fn settings(&self) -> Settings<'static> {
        let token = |id, name: &str| TokenRow {
            id,
            name: name.to_owned(),
            created: self.ago(90_000),
            expires: (id == 1).then(|| self.ago(-90_000)),
            used: (id == 1).then(|| self.ago(30)),
        };
        let mut f = self.frame(self.words.word("menu-settings"), Active::Settings);
        f.flash = if self.full { Flash::done(self.words, "settings-saved", "") } else { None };
        Settings {
            f,
            groups: vec!["维护组".to_owned(), "上市保障".to_owned()],
            language: Some("zh-CN"),
            errors: Errors::default(),
            has_password: true,
            sessions: vec![
                SessionRow { present: true, since: self.ago(200), seen: self.ago(0) },
                SessionRow { present: false, since: self.ago(20_000), seen: self.ago(3_000) },
            ],
            tokens: if self.full { vec![token(1, "日报脚本"), token(2, "监控系统")] } else { vec![] },
            sessions_pager: Pager::default(),
            tokens_pager: Pager::default(),
            token_name: "",
            made: self.full.then(|| "ts_4f9c1d0b7a6e5f4c3b2a19087766554433221100ffeeddccbbaa998877665544".to_owned()),
        }
    }

    fn users(&self) -> Users<'static> {
        let user = |n: usize| UserRow {
            person: person(n),
            email: format!("{}@example.com", person(n).name),
            admin: n == 3,
            active: n != 2,
            groups: if n == 3 { vec![] } else { vec!["维护组".to_owned()] },
        };
        Users {
            f: self.frame(self.words.word("menu-admin-users"), Active::Users),
            users: (0..4).map(user).collect(),
            draft: UserDraft::default(),
            errors: Errors::default(),
            groups: choice(&["维护组", "上市保障", "SE"]),
            q: "",
            next: some("/admin/users?cursor=00"),
            first: None,
        }
    }

    fn user(&self) -> UserPage<'static> {
        let held = |n: usize| Held {
            href: format!("/flow/issue_track/{n}"),
            id: format!("question_{n}"),
            title: TITLES[n].to_owned(),
        };
        UserPage {
            f: self.frame("维护人员", Active::Users),
            person: person(0),
            active: true,
            created: self.ago(90_000),
            draft: UserDraft {
                name: "engineer".to_owned(), display: "维护人员".to_owned(), ..UserDraft::default()
            },
            errors: Errors::default(),
            groups: choice(&["维护组", "上市保障"]),
            holds: if self.full { (0..3).map(held).collect() } else { vec![] },
            holds_count: total(if self.full { 3 } else { 0 }),
            pager: Pager::default(),
            people: (0..4).map(person).collect(),
            oneself: false,
            hand_over: "",
        }
    }

    fn groups(&self) -> Groups<'static> {
        let group = |name: &str, members: Vec<Person>| GroupRow {
            name: name.to_owned(),
            count: total(i64::try_from(members.len()).unwrap_or(0) + 40),
            members,
            href: "/admin/groups/x".to_owned(),
        };
        Groups {
            f: self.frame(self.words.word("menu-admin-groups"), Active::Groups),
            groups: if self.full {
                vec![group("维护组", vec![person(0), person(1)]), group("SE", vec![])]
            } else {
                vec![]
            },
            q: "",
            pager: Pager::default(),
            name: "",
            errors: Errors::default(),
            people: (0..4).map(person).collect(),
        }
    }

    fn group(&self) -> GroupPage<'static> {
        GroupPage {
            f: self.frame("维护组", Active::Groups),
            name: "维护组",
            href: "/admin/groups/x",
            members: if self.full { (0..4).map(person).collect() } else { vec![] },
            count: total(if self.full { 140 } else { 0 }),
            q: "",
            next: self.full.then(|| "?cursor=x".to_owned()),
            first: None,
            typed: "",
            errors: Errors::default(),
            people: (0..4).map(person).collect(),
        }
    }

    fn flows(&self, checked: Option<CheckedFile>) -> Flows<'static> {
        let row = |flow: &MenuFlow, version| FlowRow {
            key: flow.key.to_owned(),
            name: flow.name.to_owned(),
            version,
            published: self.ago(3_000 * version),
            by: person(3),
            open: 20 / version,
            archived: version == 4,
            draft: version == 2,
        };
        Flows {
            f: self.frame(self.words.word("menu-admin-flows"), Active::Flows),
            flows: if self.full {
                FLOWS.iter().zip(1..).map(|(flow, version)| row(flow, version)).collect()
            } else {
                vec![]
            },
            text: if checked.is_some() { TOML } else { "" },
            drafts: if self.full { vec![("spare_part".to_owned(), person(3), self.ago(9_000))] } else { vec![] },
            trouble: None,
            checked: checked.into_iter().collect(),
            publish: None,
            retypes: false,
        }
    }

    fn checked(&self) -> CheckedFile {
        let file = flow::File { name: "issue_track.toml", text: TOML };
        let problems = flow::check(&[file], &[], false).problems;
        CheckedFile {
            name: some("网上问题处理"),
            file: None,
            exact: String::new(),
            unchanged: false,
            errors: 2,
            problems: problems.iter().map(|problem| ProblemView::new(self.words, problem, TOML, 4, 8)).collect(),
        }
    }

    fn versions(&self) -> FlowVersions<'static> {
        let row = |version, open| VersionRow {
            href: format!("/admin/flows/issue_track?version={version}"),
            version,
            published: self.ago(9_000 / version),
            by: person(3),
            open,
            note: if version == 2 { "增加责任领域".to_owned() } else { String::new() },
        };
        FlowVersions {
            f: self.frame("网上问题处理", Active::Flows),
            key: "issue_track",
            name: "网上问题处理",
            archived: false,
            versions: vec![row(2, 18), row(1, 2)],
            shown: Some((2, TOML.to_owned())),
            next: None,
            first: None,
            again: Some(String::new()),
        }
    }
}

const TOML: &str = "key = \"issue_track\"\nname = \"网上问题处理\"\n\n[[field]]\nkey = \"summary\"\ntype = \"textt\"\n\n[[transition]]\nsource = \"维护人员处理\"\ntrigger = \"提交审核\"\ndest = \"维护代表审批\"\nby = [\"group:运维\"]\n";

fn chip(index: usize) -> Chip<'static> {
    match index {
        0 => Chip { name: "维护人员处理", hue: Hue::nth(0) },
        1 => Chip { name: "维护代表审核", hue: Hue::nth(1) },
        2 => Chip { name: "SE分析改进", hue: Hue::nth(2) },
        _ => Chip { name: "关闭", hue: Hue::GREY },
    }
}

fn state(index: usize) -> StateChip {
    let Chip { name, hue } = chip(index);
    StateChip { name: name.to_owned(), hue }
}

fn named(index: usize) -> Named<'static> {
    let (name, display) =
        [("engineer", "维护人员"), ("delegate", "维护代表"), ("architect", "SE"), ("admin", "管理员")][index % 4];
    Named { name, display }
}

fn person(index: usize) -> Person {
    let Named { name, display } = named(index);
    Person { name: name.to_owned(), display: display.to_owned() }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn field(key: &str, label: &str, control: Control) -> FieldView {
    FieldView {
        key: key.to_owned(),
        label: label.to_owned(),
        control,
        wide: false,
        required: false,
        hint: None,
        help: None,
        width: None,
        note: None,
        error: None,
        theirs: None,
        mine: None,
    }
}

fn choice(names: &[&str]) -> GroupChoice {
    GroupChoice { boxes: names.iter().map(|name| (*name).to_owned()).collect(), others: None }
}

fn total(count: i64) -> app::work::Total {
    app::work::Total { count, capped: false }
}
