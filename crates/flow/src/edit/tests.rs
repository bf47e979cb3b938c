use proptest::prelude::*;

use super::*;

const HAND: &str = r#"# 一个流程
key  =  "hand"   # 不要改
name = "手写"

# ---- 字段 ----
[[field]]
key = "summary"        # 概要
label = "概要"
type = "text"

# 级别决定走哪条路
[[field]]
key = "level"
type = "choice"
choices = [
  "一般",   # 大多数
  "事故",
]

[[transition]]
source = ["甲", "乙"]
trigger = '提交'
dest = "丙"
condition = { level = "事故" }

[[transition]]
source = "甲"
trigger = "直接"
dest = "丙"
condition = "level == 'level' && size(summary) > 1"   # 看级别
[create]
by = ["group:level"]
"#;

fn text(text: &str) -> Written {
    Written::Text(text.to_owned())
}

fn set(row: Option<(Part, usize)>, key: &str, value: Option<Written>) -> Edit {
    Edit::Set { row, key: key.to_owned(), value }
}

/// The lines that stand in only one of two texts.
fn changed_lines<'a>(old: &'a str, new: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let gone = old.lines().filter(|line| !new.lines().any(|other| other == *line)).collect();
    let come = new.lines().filter(|line| !old.lines().any(|other| other == *line)).collect();
    (gone, come)
}

#[test]
fn only_what_is_edited_changes() {
    let edit = |edits: &[Edit]| edited(HAND, edits).unwrap();
    assert_eq!(edit(&[]), HAND);
    let same = [set(Some((Part::Field, 1)), "choices", Some(Written::List(vec![text("一般"), text("事故")])))];
    assert_eq!(edit(&same), HAND, "what says so already stays as it is spelled");

    let new = edit(&[set(None, "key", Some(text("other")))]);
    assert_eq!(changed_lines(HAND, &new), (vec!["key  =  \"hand\"   # 不要改"], vec!["key  =  \"other\"   # 不要改"]));
    let longer = vec![text("一般"), text("严重"), text("事故")];
    let new = edit(&[set(Some((Part::Field, 1)), "choices", Some(Written::List(longer)))]);
    assert_eq!(changed_lines(HAND, &new), (vec![], vec!["  \"严重\","]), "{new}");
    let new = edit(&[set(Some((Part::Field, 0)), "label", None), set(None, "create.by", None)]);
    assert_eq!(changed_lines(HAND, &new), (vec!["label = \"概要\"", "[create]", "by = [\"group:level\"]"], vec![]));
    let new = edit(&[set(None, "list.columns", Some(Written::List(vec![text("summary")])))]);
    assert_eq!(changed_lines(HAND, &new).1, ["[list]", "columns = [\"summary\"]"]);
}

#[test]
fn rows_come_go_and_move() {
    let edit = |edits: &[Edit]| edited(HAND, edits).unwrap();
    let keys = |new: &str| -> Vec<String> {
        sheet(new).unwrap().fields.iter().map(|field| field.text("key").unwrap().to_owned()).collect()
    };
    let more = vec![("key".to_owned(), text("more")), ("type".to_owned(), text("date"))];
    let new = edit(&[Edit::Add { part: Part::Field, after: Some(0), keys: more.clone() }]);
    assert_eq!(keys(&new), ["summary", "more", "level"]);
    assert_eq!(changed_lines(HAND, &new), (vec![], vec!["key = \"more\"", "type = \"date\""]));
    let new = edit(&[Edit::Add { part: Part::Field, after: None, keys: more.clone() }]);
    assert_eq!(keys(&new), ["summary", "level", "more"]);
    assert!(new.find("more").unwrap() < new.find("[[transition]]").unwrap(), "{new}");

    let new = edit(&[Edit::Move { part: Part::Field, from: 1, to: 0 }]);
    assert_eq!(keys(&new), ["level", "summary"]);
    assert_eq!(changed_lines(HAND, &new), (vec![], vec![]), "{new}");
    assert!(new.contains("# 级别决定走哪条路\n[[field]]\nkey = \"level\""), "its comment goes along: {new}");
    let new = edit(&[Edit::Move { part: Part::Field, from: 0, to: 1 }]);
    assert_eq!(keys(&new), ["level", "summary"]);

    let new = edit(&[Edit::Remove { part: Part::Field, at: 1 }]);
    assert_eq!(keys(&new), ["summary"]);
    assert!(!new.contains("级别决定"), "{new}");
    let new = edit(&[Edit::Remove { part: Part::Field, at: 1 }, Edit::Remove { part: Part::Field, at: 0 }]);
    assert!(keys(&new).is_empty());
    let again = edited(&new, &[Edit::Add { part: Part::Field, after: None, keys: more }]).unwrap();
    assert_eq!(keys(&again), ["more"]);
    let out = [
        Edit::Move { part: Part::Field, from: 2, to: 0 },
        Edit::Remove { part: Part::State, at: 0 },
        set(Some((Part::Transition, 2)), "dest", None),
    ];
    for edit in out {
        assert_eq!(edited(HAND, &[edit]), Err(NotEdited::NoRow));
    }
    assert!(matches!(edited("key = ", &[]), Err(NotEdited::NotToml(_))));
}

#[test]
fn tables_written_in_lists_are_rows_too() {
    let inline =
        "key = \"a\"\nfield = [\n  { key = \"x\", type = \"text\" }, # eins\n  { key = \"y\", type = \"date\" },\n]\n";
    let more = vec![("key".to_owned(), text("z")), ("type".to_owned(), text("bool"))];
    let new = edited(
        inline,
        &[
            Edit::Add { part: Part::Field, after: None, keys: more },
            set(Some((Part::Field, 0)), "label", Some(text("X"))),
            Edit::Move { part: Part::Field, from: 2, to: 1 },
        ],
    )
    .unwrap();
    let keys: Vec<_> = sheet(&new).unwrap().fields.iter().map(|field| field.text("key").unwrap().to_owned()).collect();
    assert_eq!(keys, ["x", "z", "y"], "{new}");
    assert!(new.contains("{ key = \"x\", type = \"text\", label = \"X\" }, # eins\n"), "{new}");
}

#[test]
fn names_change_wherever_they_stand() {
    let new = edited(HAND, &[Edit::RenameField { from: "level".to_owned(), to: "grade".to_owned() }]).unwrap();
    assert_eq!(
        changed_lines(HAND, &new),
        (
            vec![
                "key = \"level\"",
                "condition = { level = \"事故\" }",
                "condition = \"level == 'level' && size(summary) > 1\"   # 看级别"
            ],
            vec![
                "key = \"grade\"",
                "condition = { grade = \"事故\" }",
                "condition = \"grade == 'level' && size(summary) > 1\"   # 看级别"
            ]
        )
    );
    let new = edited(HAND, &[Edit::RenameState { from: "甲".to_owned(), to: "开始".to_owned() }]).unwrap();
    assert_eq!(changed_lines(HAND, &new).1, ["source = [\"开始\", \"乙\"]", "source = \"开始\""], "{new}");
}

#[test]
fn places_belong_to_rows() {
    let found = sheet(HAND).unwrap();
    let at = |piece: &str| found.row_at(HAND.find(piece).unwrap());
    assert_eq!(at("name = \"手写\""), None);
    assert_eq!(at("label = \"概要\""), Some((Part::Field, 0)));
    assert_eq!(at("\"事故\","), Some((Part::Field, 1)));
    assert_eq!(at("dest = \"丙\""), Some((Part::Transition, 0)));
    assert_eq!(found.state_names(), ["甲", "乙", "丙"]);
}

#[test]
fn what_differs_is_told_part_by_part() {
    let change = |edits: &[Edit]| {
        let new = edited(HAND, edits).unwrap();
        differences(&sheet(HAND).unwrap(), &sheet(&new).unwrap())
    };
    assert!(change(&[]).is_empty());
    let found = change(&[
        set(None, "name", Some(text("新名"))),
        set(Some((Part::Transition, 1)), "trigger", Some(text("走"))),
        Edit::Move { part: Part::Field, from: 1, to: 0 },
        Edit::Add { part: Part::State, after: None, keys: vec![("name".to_owned(), text("丙"))] },
        Edit::Remove { part: Part::Transition, at: 0 },
    ]);
    let told: Vec<(Option<Part>, &str, bool)> =
        found.iter().map(|one| (one.part, one.name.as_str(), matches!(one.what, Became::Changed { .. }))).collect();
    assert_eq!(
        told,
        [
            (None, "", true),
            (Some(Part::Field), "level", false),
            (Some(Part::State), "丙", false),
            (Some(Part::Transition), "甲 —走→ 丙", true),
            (Some(Part::Transition), "甲、乙 —提交→ 丙", false),
        ],
        "{found:?}"
    );
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![Just(Part::Field), Just(Part::Transition)]
}

proptest! {
    /// Whatever is set and taken back leaves the file as it was; and what was set is what the file says.
    #[test]
    fn a_key_that_comes_and_goes_leaves_no_trace(part in part(), at in 0..2_usize, said in "[^\u{0}\r]{0,40}") {
        let row = Some((part, at));
        let new = edited(HAND, &[set(row, "help", Some(text(&said)))]).unwrap();
        let found = sheet(&new).unwrap();
        prop_assert_eq!(found.rows(part)[at].text("help"), Some(said.as_str()));
        prop_assert_eq!(edited(&new, &[set(row, "help", None)]).unwrap(), HAND);
        let (gone, _) = changed_lines(HAND, &new);
        prop_assert!(gone.is_empty(), "{:?}", gone);
    }

    /// Rows that are moved there and back stand as before.
    #[test]
    fn moves_lose_nothing(moves in prop::collection::vec((part(), 0..2_usize, 0..2_usize), 0..8)) {
        let edits: Vec<Edit> = moves.iter().map(|(part, from, to)| Edit::Move { part: *part, from: *from, to: *to }).collect();
        let new = edited(HAND, &edits).unwrap();
        let mut lines = [HAND, &new].map(|text| { let mut lines: Vec<_> = text.lines().collect(); lines.sort_unstable(); lines });
        let [old, new] = &mut lines;
        prop_assert_eq!(old, new);
    }
}
