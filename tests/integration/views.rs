//! A flow's list with columns of one's choice, in groups, and the views that people keep of it.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Answer, Installation, Server, User, answer};

const PASSWORD: &str = "pass-word-1";

const FLOW: &str = r#"
key = "t"
name = "流程"
list.columns = ["summary", "current_state"]

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "level"
label = "级别"
type = "choice"
choices = ["严重", "一般", "提示"]

[[field]]
key = "tester"
label = "测试人"
type = "user"

[[field]]
key = "urgent"
label = "加急"
type = "bool"

[[field]]
key = "points"
label = "分数"
type = "number"

[[field]]
key = "due"
label = "期限"
type = "date"

[[field]]
key = "detail"
label = "描述"
type = "textarea"

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

fn serve(flow: &str) -> (Server, [User; 3]) {
    let at = Installation::with_flows(&[("t.toml", flow)]);
    at.let_in(&["engineer", "delegate", "admin"]);
    let server = at.into_server();
    let people = ["engineer", "delegate", "admin"].map(|name| server.signed_in(name, PASSWORD));
    (server, people)
}

/// Five items of `engineer`, the fourth closed, and one of `delegate`.
fn fill(server: &Server) {
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    let long = format!("第一行 {} 末尾", "很长的描述".repeat(60));
    for (summary, level, due) in
        [("甲", "严重", "2026-05-01"), ("乙", "提示", "2026-05-31"), ("丙", "严重", "2026-06-01"), ("丁", "一般", "")]
    {
        engineer.create("t", &json!({"summary": summary, "level": level, "due": (!due.is_empty()).then_some(due), "detail": long, "points": 3}));
    }
    engineer.pressed(&engineer.item("t", 4), "关", &json!({}));
    engineer.create("t", &json!({"summary": "戊", "urgent": true}));
    delegate.create("t", &json!({"summary": "己", "level": "严重", "tester": "engineer"}));
}

/// What stands in the heads of the table.
fn heads(page: &Answer) -> Vec<String> {
    let head = page.text.split_once("<thead").and_then(|(_, rest)| Some(rest.split_once("</thead>")?.0));
    head.unwrap_or_default().split("<th ").skip(1).map(text_of).collect()
}

/// What stands over the groups, and the titles in the order of the page, each group's in brackets.
fn groups(page: &Answer) -> Vec<String> {
    let body = page.text.split_once("<tbody>").and_then(|(_, rest)| Some(rest.split_once("</tbody>")?.0));
    let rows = body.unwrap_or_default().split("<tr").skip(1);
    rows.map(|row| {
        let row = row.split_once('>').map_or("", |(head, rest)| if head.contains("group") { rest } else { row });
        match row.split_once("class=\"ti\"") {
            Some((_, title)) => text_of(title.split("</td>").next().unwrap()),
            None => format!("[{}]", text_of(row.split("</tr>").next().unwrap())),
        }
    })
    .collect()
}

/// The text of a piece of a page, without its tags.
fn text_of(piece: &str) -> String {
    let piece = piece.split_once('>').map_or(piece, |(head, rest)| if head.contains('<') { piece } else { rest });
    let mut text = String::new();
    let mut inside = false;
    for letter in piece.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the page that was led to stands.
fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers["location"].to_str().unwrap().to_owned()
}

/// An address as a page says it.
fn link<'p>(page: &'p Answer, has: &str) -> Vec<String> {
    let links = page.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|href| href.contains(has)).map(|href: &'p str| href.replace("&#38;", "&")).collect()
}

#[test]
fn a_list_shows_the_columns_asked_for_in_their_order() {
    let (server, [engineer, ..]) = serve(FLOW);
    fill(&server);
    assert_eq!(heads(&engineer.page("/flow/t/all")), ["ID", "概要", "当前状态"]);
    let page = engineer.page("/flow/t/all?columns=closed_at,points,id,summary,%E6%B5%8B%E8%AF%95%E4%BA%BA,detail,due");
    assert_eq!(
        heads(&page),
        ["ID", "关闭时间", "分数", "概要", "测试人", "描述", "期限"],
        "by key or label, the ID first"
    );
    assert!(page.text.contains("很长的描述") && !page.text.contains("末尾"), "long texts are cut");
    assert!(page.text.contains("2026-05-31"));
    // every head that can sort does, and turns round; the columns stay
    let sorted = link(&page, "sort=points");
    let page = engineer.page(&sorted[0]);
    assert_eq!(heads(&page)[2], "分数");
    assert!(page.text.contains("aria-sort=\"ascending\""));
    let turned = engineer.page(&link(&page, "sort=%2Dpoints")[0]);
    assert!(turned.text.contains("aria-sort=\"descending\""));
    assert!(link(&page, "sort=detail").is_empty(), "long texts do not sort");
    let oldest = engineer.page(&link(&page, "sort=id")[0]);
    assert_eq!(groups(&oldest)[0], "甲");
    // what a list leads to keeps the columns: states, filter, files
    assert!(link(&page, "state%3D").iter().all(|href| href.contains("columns=")));
    let csv = link(&page, "format=csv")[0].clone();
    let file = engineer.page(&csv).text;
    assert!(file.contains("ID,关闭时间,分数,概要,测试人,描述,期限"), "{file}");
}

#[test]
fn a_column_that_is_none_is_told_in_words() {
    let (server, [engineer, ..]) = serve(FLOW);
    fill(&server);
    for (asked, said) in [
        ("columns=summary,sumary", "没有字段“sumary”"),
        ("columns=,", "这里要写字段名"),
        ("columns=a%00b", "没有字段"),
        ("sort=nothing", "没有字段“nothing”"),
        ("group=summary", "summary"),
        ("group=created", "created:month"),
        ("group=nothing", "没有字段“nothing”"),
        ("group=%00", "没有字段"),
        ("q=state%3D", ""),
    ] {
        let page = engineer.page(&format!("/flow/t/all?{asked}"));
        let expected = if said.is_empty() { 200 } else { 422 };
        assert_eq!(page.status.as_u16(), expected, "{asked}: {}", page.text);
        assert!(page.text.contains(said), "{asked}: {}", page.text);
    }
    let page = engineer.page("/flow/t/all?columns=summary,sumary&q=x");
    assert!(page.text.contains("summary,<mark>s</mark>umary") && page.text.contains("value=\"x\""), "at its place");
    assert_eq!(engineer.page("/flow/t/all?group=level&cursor=zz").status, 400);
    assert_eq!(engineer.page("/flow/t/all?group=level&cursor=zz00").status, 400);
}

#[test]
fn columns_are_chosen_and_ordered_by_a_plain_form() {
    let (server, [engineer, ..]) = serve(FLOW);
    fill(&server);
    let form = "/flow/t/all?arrange=1&own=summary%2Ccurrent_state&q=state%3D%E5%BC%80&sort=-id";
    let arranged = |more: &str| {
        let answer = engineer.page(&format!("{form}{more}"));
        location(&answer)
    };
    let asked = arranged("&col=level&col=summary&col=due&group=level");
    assert_eq!(asked, "/flow/t/all?q=state%3D%E5%BC%80&sort=%2Did&columns=level%2Csummary%2Cdue&group=level");
    assert!(arranged("&col=level&col=summary&down=level").contains("columns=summary%2Clevel&choose=1"));
    assert!(arranged("&col=level&col=summary&up=summary").contains("columns=summary%2Clevel&choose=1"));
    assert!(arranged("&col=level&col=summary&up=level").contains("columns=level%2Csummary&choose=1"));
    for own in ["&col=summary&col=current_state", "&col=level&reset=1", ""] {
        assert!(!arranged(own).contains("columns="), "{own}: the flow's own need not be said");
    }
    let page = engineer.page(&arranged("&col=level&col=summary&down=level"));
    assert!(page.text.contains("<details class=\"carry\" open>"), "still being chosen");
}

#[test]
fn a_list_stands_in_groups_with_their_counts() {
    let (server, [engineer, ..]) = serve(FLOW);
    fill(&server);
    let seen = |address: &str| {
        let page = engineer.page(&format!("/flow/t/all?{address}"));
        assert_eq!(page.status, 200, "{}", page.text);
        groups(&page)
    };
    assert_eq!(
        seen("group=level"),
        ["[严重 3]", "己", "丙", "甲", "[一般 1]", "丁", "[提示 1]", "乙", "[（空） 1]", "戊"],
        "in the flow's order, newest first within"
    );
    assert_eq!(seen("group=level&sort=summary&q=state%3D%E5%BC%80")[..4], ["[严重 3]", "丙", "己", "甲"]);
    assert_eq!(seen("group=state")[0], "[开 5]");
    assert_eq!(seen("group=urgent"), ["[否 5]", "己", "丁", "丙", "乙", "甲", "[是 1]", "戊"]);
    assert_eq!(
        seen("group=tester&q=summary:%E5%B7%B1"),
        ["[工程师 1]".replace("工程师", &display(&server)), "己".to_owned()]
    );
    assert_eq!(
        seen("group=due:month"),
        ["[2026-06 1]", "丙", "[2026-05 2]", "乙", "甲", "[（空） 3]", "己", "戊", "丁"],
        "the latest first, without one last"
    );
    assert_eq!(seen("group=created:day").len(), 7);
    assert!(seen("group=level&q=summary:zzz").is_empty());
    // each leads to its items
    let page =
        engineer.page("/flow/t/all?group=level&q=summary%3D%E7%94%B2%20or%20summary%3D%E4%B9%99&columns=summary");
    let one = link(&page, "level%3D%E4%B8%A5%E9%87%8D");
    let page = engineer.page(&one[0]);
    assert_eq!(groups(&page), ["甲"]);
    assert!(one[0].contains("columns=summary"));
}

/// What people see for the engineer.
fn display(server: &Server) -> String {
    let me = server.user("engineer").get("/me").json();
    me["display"].as_str().expect("a display name").to_owned()
}

#[test]
fn groups_go_on_over_pages_and_say_so() {
    let (server, [engineer, ..]) = serve(FLOW);
    let api = server.user("engineer");
    for number in 0..120 {
        let level = ["严重", "一般", ""][usize::from(number % 12 == 0) + usize::from(number % 60 == 0)];
        api.create("t", &json!({"summary": format!("n{number}"), "level": (!level.is_empty()).then_some(level)}));
    }
    let (mut path, mut titles, mut heads) = ("/flow/t/all?group=level".to_owned(), Vec::new(), Vec::new());
    let mut pages = 0;
    loop {
        let page = engineer.page(&path);
        assert_eq!(page.status, 200);
        pages += 1;
        let (over, items): (Vec<String>, Vec<String>) =
            groups(&page).into_iter().partition(|line| line.starts_with('['));
        assert!(items.len() <= 50);
        titles.extend(items);
        heads.push(over);
        match page.text.split("rel=\"next\" href=\"").nth(1) {
            None => break,
            Some(rest) => path = rest.split('"').next().unwrap().replace("&#38;", "&"),
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(heads[0], ["[严重 110]"]);
    assert_eq!(heads[1], ["[严重 110 （接上页）]"]);
    assert_eq!(heads[2], ["[严重 110 （接上页）]", "[一般 8]", "[（空） 2]"]);
    let count = titles.len();
    titles.sort();
    titles.dedup();
    assert_eq!((count, titles.len()), (120, 120), "each once");
    // the group that the next page goes on with is gone meanwhile: what is behind it comes
    let first = engineer.page("/flow/t/all?group=level&q=level!%3D%E4%B8%80%E8%88%AC");
    let next = link(&first, "cursor=").remove(0).replace("level%21%3D%E4%B8%80%E8%88%AC", "level%3D%E4%B8%80%E8%88%AC");
    assert_eq!(groups(&engineer.page(&next))[0], "[一般 8]");
}

#[test]
fn what_may_not_be_seen_is_not_counted_in_groups() {
    let (server, [engineer, delegate, admin]) = serve(&private_flow());
    fill(&server);
    let seen = |person: &User, group: &str| groups(&person.page(&format!("/flow/t/all?group={group}&columns=summary")));
    assert_eq!(seen(&delegate, "level"), ["[严重 1]", "己"]);
    assert_eq!(seen(&engineer, "level")[0], "[严重 2]");
    assert_eq!(seen(&admin, "level")[0], "[严重 3]");
    assert_eq!(seen(&delegate, "created_by").len(), 2, "nor who created others");
}

/// [`FLOW`], whose items only their creators and holders see.
fn private_flow() -> String {
    FLOW.replacen("\n[[field]]", "\n[view]\nby = [\"created_by\", \"assigned_to\"]\n\n[[field]]", 1)
}

fn keep(person: &User, name: &str, shared: bool, look: &[(&str, &str)]) -> Answer {
    let mut form = vec![("name", name)];
    form.extend(shared.then_some(("shared", "1")));
    form.extend(look);
    person.form("/flow/t/views", &form)
}

const LOOK: [(&str, &str); 4] =
    [("q", "created_by=me state=开"), ("sort", "-summary"), ("columns", "level,summary"), ("group", "level")];

#[test]
fn a_view_is_kept_shared_changed_and_deleted() {
    let (server, [engineer, delegate, admin]) = serve(FLOW);
    fill(&server);
    let own = location(&keep(&engineer, " 我的严重 ", false, &LOOK));
    assert!(own.starts_with("/flow/t/view/"), "{own}");
    let page = engineer.page(&own);
    assert!(page.text.contains("<h1 class=\"page-title\">我的严重</h1>") && page.text.contains("<title>我的严重"));
    assert!(page.text.contains("已保存视图"), "said once");
    assert_eq!(heads(&page), ["ID", "级别", "概要"]);
    assert_eq!(groups(&page), ["[严重 2]", "甲", "丙", "[提示 1]", "乙", "[（空） 1]", "戊"]);
    for other in [&delegate, &admin] {
        assert_eq!(other.page(&own).status, 404, "somebody's own is nobody else's, not even an administrator's");
        assert_eq!(other.form(&own, &[("name", "x")]).status, 404);
        assert_eq!(other.form(&format!("{own}/delete"), &[]).status, 404);
        assert!(
            !other.page("/flow/t/all").text.contains("我的严重") && !other.page("/flow/t").text.contains("我的严重")
        );
    }
    // shared: `me` is whoever looks, counts are theirs
    location(&engineer.form(&own, &[("name", "团队"), ("shared", "1")]));
    let page = delegate.page(&own);
    assert_eq!(groups(&page), ["[严重 1]", "己"]);
    assert!(!page.text.contains("视图设置") && page.text.contains("团队视图"));
    for place in ["/flow/t/all", "/flow/t"] {
        assert!(link(&delegate.page(place), &own).len() == 1, "listed on {place}");
    }
    // shown otherwise: its owner may save that, others not
    let id = own.rsplit('/').next().unwrap();
    let changed = format!("/flow/t/all?view={id}&columns=summary&q=");
    assert!(engineer.page(&changed).text.contains("保存修改"));
    let page = delegate.page(&changed);
    assert!(!page.text.contains("保存修改") && page.text.contains("<h1 class=\"page-title\">团队</h1>"));
    for (path, form) in [
        (own.clone(), vec![("columns", "summary")]),
        (own.clone(), vec![("name", "x")]),
        (format!("{own}/delete"), vec![]),
    ] {
        let refused = delegate.form(&path, &form);
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.text.contains("只有它的拥有者"));
    }
    location(&engineer.form(&own, &[("columns", "summary"), ("sort", ""), ("group", ""), ("q", "")]));
    let page = delegate.page(&own);
    assert_eq!((heads(&page).len(), groups(&page).len()), (2, 6));
    assert!(!page.text.contains("已修改"));
    // an administrator may put a shared one right, and take it away
    location(&admin.form(&own, &[("name", "团队的"), ("shared", "1")]));
    assert!(delegate.page(&own).text.contains("团队的"));
    assert_eq!(location(&admin.form(&format!("{own}/delete"), &[])), "/flow/t/all");
    for person in [&engineer, &delegate, &admin] {
        assert_eq!(person.page(&own).status, 404);
    }
    assert_eq!(engineer.page(&changed).status, 200, "its addresses go on working");
}

#[test]
fn what_is_no_name_is_said_at_its_place_and_kept() {
    let (server, [engineer, delegate, _]) = serve(FLOW);
    fill(&server);
    location(&keep(&engineer, "一", true, &LOOK));
    let long = "名".repeat(81);
    let endless = "x".repeat(4_001);
    let mut look = LOOK;
    look[0].1 = &endless;
    for (name, look, said) in [
        ("", LOOK, "必"),
        (" \t ", LOOK, "必"),
        ("一", LOOK, "同名"),
        (&*long, LOOK, "80"),
        ("a\u{0}b", LOOK, "字符"),
        ("a\nb", LOOK, "字符"),
        ("<b>", look, "4000"),
    ] {
        let page = keep(&engineer, name, true, &look);
        assert_eq!(page.status, 422, "{name:?}");
        let form = page.text.split("action=\"/flow/t/views\"").nth(1).unwrap().split("</form>").next().unwrap();
        assert!(form.contains(said) && form.contains("is-invalid"), "{name:?}: {form}");
        assert!(form.contains("name=\"shared\" value=\"1\" checked"), "what was chosen stays");
        let typed = name.replace('<', "&#60;").replace('>', "&#62;");
        assert!(form.contains(&format!("value=\"{typed}\"")), "{name:?}: what was typed stays: {form}");
    }
    let eighty = "名".repeat(80);
    location(&keep(&engineer, &eighty, false, &LOOK));
    let theirs = location(&keep(&delegate, "一", false, &LOOK));
    let other = location(&keep(&delegate, "二", false, &LOOK));
    let page = delegate.form(&other, &[("name", "一")]);
    assert_eq!(page.status, 422, "nor by renaming");
    assert!(page.text.contains("同名"));
    location(&delegate.form(&theirs, &[("name", "一"), ("shared", "1")]));
    // what cannot be read is not kept
    for (part, text) in [(0, "nix=1"), (1, "nix"), (2, "nix"), (3, "nix")] {
        let mut look = LOOK;
        look[part].1 = text;
        let page = keep(&engineer, "坏", false, &look);
        assert_eq!(page.status, 422, "{text} at {part}");
        assert!(page.text.contains("没有字段“nix”") && page.text.contains("value=\"坏\""));
    }
    assert_eq!(link(&engineer.page("/flow/t"), "/flow/t/view/").len(), 3);
}

#[test]
fn another_site_keeps_no_view() {
    let (_server, [engineer, ..]) = serve(FLOW);
    let own = location(&keep(&engineer, "一", false, &LOOK));
    for path in ["/flow/t/views", &own, &format!("{own}/delete")] {
        let request = engineer.request("POST", path).header("sec-fetch-site", "cross-site").form(&[("name", "x")]);
        assert_eq!(answer(request).status, 403, "{path}");
    }
    assert_eq!(engineer.page(&own).status, 200);
    assert_eq!(engineer.page("/flow/t/view/none").status, 404);
    assert_eq!(engineer.page("/flow/u/view/none").status, 404);
    assert_eq!(engineer.form("/flow/u/views", &[("name", "x")]).status, 404);
}

#[test]
fn a_view_that_the_flow_no_longer_understands_can_be_mended() {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["engineer"]);
    let server = at.into_server();
    let engineer = server.signed_in("engineer", PASSWORD);
    fill(&server);
    let columns = location(&keep(&engineer, "列", false, &[("columns", "summary,points")]));
    let query = location(&keep(&engineer, "条件", false, &[("q", "points>2")]));
    let group = location(&keep(&engineer, "分组", false, &[("group", "urgent")]));
    let gone = |text: &str, key: &str| {
        let (before, rest) = text.split_once(&format!("[[field]]\nkey = \"{key}\"")).unwrap();
        format!("{before}{}", &rest[rest.find("[[").unwrap()..])
    };
    let less = gone(&gone(FLOW, "points"), "urgent");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    std::fs::write(&file, less).unwrap();
    server.done(&["flow", "apply", file.to_str().unwrap()], "");
    for (view, said) in [(&columns, "points"), (&query, "points"), (&group, "urgent")] {
        let page = engineer.page(view);
        assert_eq!(page.status, 422, "{view}");
        assert!(page.text.contains(&format!("没有字段“{said}”")), "{}", page.text);
        assert!(page.text.contains("视图设置"), "it can be renamed and deleted");
        location(&engineer.form(view, &[("name", said)]));
        location(&engineer.form(view, &[("q", ""), ("columns", "summary")]));
        assert_eq!(engineer.page(view).status, 200, "mended");
        location(&engineer.form(&format!("{view}/delete"), &[]));
    }
}

#[test]
fn a_file_stands_as_the_view_does() {
    let (server, [engineer, ..]) = serve(FLOW);
    fill(&server);
    let view =
        location(&keep(&engineer, "一", false, &[("group", "due:month"), ("columns", "summary"), ("q", "due!=")]));
    let page = engineer.page(&view);
    let csv = engineer.page(&link(&page, "format=csv")[0]).text;
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], "ID,期限,概要", "what it is grouped by stands in it");
    assert_eq!(lines.len(), 4);
    assert!(lines[1].ends_with("丙") && lines[2].ends_with("乙") && lines[3].ends_with("甲"), "{csv}");
    // the groups stand as on the screen, not as their words are spelled
    let page = engineer.page("/flow/t/all?group=level&columns=summary&sort=summary");
    let titles =
        |csv: &str| csv.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().to_owned()).collect::<Vec<_>>();
    let shown: Vec<String> = groups(&page).into_iter().filter(|line| !line.starts_with('[')).collect();
    assert_eq!(titles(&engineer.page(&link(&page, "format=csv")[0]).text), shown);
    assert!(link(&page, "format=json").iter().all(|href| !href.contains("group=")), "each item once");
    let api = server.user("engineer");
    let path = "/flows/t/export?format=csv&group=level&columns=summary&sort=summary";
    assert_eq!(titles(&api.get(path).text), shown);
    assert_eq!(api.get("/flows/t/export?format=csv&group=nothing").refused(422), "bad_query");
    let told = server.run(&["export", "t", "--group", "level", "--columns", "summary", "--sort", "summary"], "");
    assert_eq!(titles(&String::from_utf8(told.stdout).unwrap()), shown);
}

#[test]
fn views_are_bounded_and_what_was_typed_outlives_a_session() {
    let (server, [engineer, ..]) = serve(FLOW);
    for number in 0..100 {
        location(&keep(&engineer, &format!("n{number:02}"), false, &LOOK));
    }
    let page = keep(&engineer, "再一个", false, &LOOK);
    assert_eq!(page.status, 422);
    assert!(page.text.contains("100") && page.text.contains("value=\"再一个\""), "{}", page.text);
    assert_eq!(link(&engineer.page("/flow/t"), "/flow/t/view/").len(), 100);
    // nobody is signed in any more: the form comes back over signing in
    let nobody = server.nobody();
    let asked = keep(&nobody, "别丢了我", true, &LOOK);
    assert_eq!(asked.status, 401);
    let carried: Vec<(String, String)> = asked
        .text
        .split("name=\"kept")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            (format!("kept{name}"), rest.split_once('"').unwrap().0.replace("&#61;", "="))
        })
        .collect();
    let mut form = vec![("name", "delegate"), ("password", PASSWORD)];
    form.extend(carried.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let page = nobody.form("/login", &form);
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("value=\"别丢了我\"") && page.text.contains("name=\"columns\" value=\"level,summary\""));
    assert!(link(&nobody.page("/flow/t"), "/flow/t/view/").is_empty(), "nothing was kept yet");
}
