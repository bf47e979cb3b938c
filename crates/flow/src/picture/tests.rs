use proptest::prelude::*;

use super::*;
use crate::File;

pub(crate) fn flow(text: &str) -> Flow {
    let (flow, problems) = read(&File { name: "t.toml", text });
    flow.unwrap_or_else(|| panic!("{problems:?}"))
}

/// A flow of these rows: from, trigger, to, whether it is a return.
fn of(rows: &[(String, String, String, bool)]) -> Flow {
    let mut text = "key = \"t\"\nname = \"流程\"\n[[field]]\nkey = \"summary\"\ntype = \"text\"\n".to_owned();
    for (from, trigger, to, back) in rows {
        let _ = write!(
            text,
            "[[transition]]\nsource = {from:?}\ntrigger = {trigger:?}\ndest = {to:?}\n{}",
            if *back { "back = true\n" } else { "" }
        );
    }
    flow(&text)
}

pub(crate) fn is_apart(a: &Block, b: &Block) -> bool {
    let room = 1.0;
    (a.x - b.x).abs() + room >= f64::midpoint(a.width, b.width)
        || (a.y - b.y).abs() + room >= f64::midpoint(a.height, b.height)
}

fn check(flow: &Flow, figures: Option<&Figures>) -> Picture {
    let picture = picture(flow, figures);
    let blocks: Vec<&Block> = picture
        .states
        .iter()
        .map(|(_, block)| block)
        .chain(picture.arrows.iter().map(|arrow| &arrow.label).filter(|label| !label.lines.is_empty()))
        .collect();
    for (at, a) in blocks.iter().enumerate() {
        assert!(a.x - a.width / 2.0 >= 0.0 && a.x + a.width / 2.0 <= picture.width, "{a:?} is outside");
        assert!(a.y - a.height / 2.0 >= 0.0 && a.y + a.height / 2.0 <= picture.height, "{a:?} is outside");
        for b in &blocks[at + 1..] {
            assert!(is_apart(a, b), "{a:?}\nlies on\n{b:?}");
        }
    }
    for arrow in &picture.arrows {
        assert!(arrow.points.len() > 1, "{arrow:?} goes nowhere");
        assert!(arrow.points.iter().all(|(x, y)| x.is_finite() && y.is_finite()));
    }
    assert_eq!(picture.svg(true), super::picture(flow, figures).svg(true), "the same flow, the same picture");
    picture
}

pub(crate) fn shipped(name: &str) -> Flow {
    let path = format!("{}/../../flows/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    flow(&std::fs::read_to_string(path).unwrap())
}

#[test]
fn no_words_lie_on_others_in_the_flows_that_come_along() {
    for name in ["issue_track", "improvement", "device_card", "buglist"] {
        let flow = shipped(name);
        let picture = check(&flow, None);
        assert_eq!(picture.states.len(), flow.states.len());
        let svg = picture.svg(false);
        for row in &flow.transitions {
            let first = broken(&row.trigger).remove(0);
            assert!(svg.contains(&escaped(&first)), "{name}: {first}");
        }
        assert!(!svg.contains("style"), "a page takes none");
    }
}

#[test]
fn figures_have_room_and_lead_somewhere() {
    let flow = shipped("issue_track");
    let mut figures = Figures::default();
    for state in flow.states.keys().chain([&"旧状态".to_owned()]) {
        let lines = vec!["在此 12345 条".to_owned(), "中位 2.4 天".to_owned()];
        figures.states.insert(state.clone(), Figure { lines, href: Some("/x?a=1&b=2".to_owned()), weight: 0 });
    }
    for row in &flow.transitions {
        let figure = Figure { lines: vec!["123456 次".to_owned()], href: None, weight: 4 };
        figures.ways.insert((row.sources[0].clone(), row.dest.clone()), figure);
    }
    figures.ways.insert(("旧状态".to_owned(), "关闭".to_owned()), Figure::default());
    let picture = check(&flow, Some(&figures));
    assert_eq!(picture.states.len(), flow.states.len() + 1);
    assert!(picture.svg(false).contains("href=\"/x?a=1&amp;b=2\""));
    assert!(picture.svg(false).contains("dg-old"), "what the flow does not know is drawn otherwise");
}

#[test]
fn a_return_goes_up_and_is_drawn_apart() {
    let picture = check(&shipped("issue_track"), None);
    let back: Vec<&Arrow> = picture.arrows.iter().filter(|arrow| arrow.back).collect();
    assert!(!back.is_empty());
    for arrow in back {
        let (first, last) = (arrow.points[0], arrow.points[arrow.points.len() - 1]);
        assert!(last.1 < first.1, "{arrow:?}");
    }
}

/// A flow that leads from state to state, with returns, short cuts and triggers that stay.
pub(crate) fn long(states: usize) -> Flow {
    let name = |at: usize| format!("第{at}步评审与确认");
    let mut rows = Vec::new();
    for at in 0..states - 1 {
        rows.push((name(at), format!("提交第{}步评审", at + 1), name(at + 1), false));
        if at % 3 == 2 {
            rows.push((name(at), "打回补充信息".to_owned(), name(at - 2), true));
        }
        if at % 4 == 1 {
            rows.push((name(at), "更新进展".to_owned(), name(at), false));
        }
        if at % 7 == 3 && at + 4 < states {
            rows.push((name(at), "特批直接转下一阶段负责人处理".to_owned(), name(at + 4), false));
        }
    }
    of(&rows)
}

#[test]
fn sixty_states_are_drawn_without_words_on_words() {
    for states in [2, 10, 30, 60] {
        let picture = check(&long(states), None);
        assert_eq!(picture.states.len(), states);
    }
}

#[test]
fn words_of_both_scripts_are_broken_into_lines() {
    assert_eq!(broken("关闭"), ["关闭"]);
    assert_eq!(broken("特批直接转下一阶段负责人处理"), ["特批直接转下一阶段负责", "人处理"]);
    assert_eq!(broken("Send back for more information"), ["Send back for more", "information"]);
    assert_eq!(broken(""), Vec::<String>::new());
}

/// Any states, any ways between them.
pub(crate) fn tangled() -> impl Strategy<Value = Flow> {
    let way = (0_usize..14, 0_usize..14, "[a-zA-Z审核关闭转处理 ]{1,16}", any::<bool>());
    prop::collection::vec(way, 1..30).prop_map(|ways| {
        let mut flow = long(2);
        let (state, row) = (flow.states[0].clone(), flow.transitions[0].clone());
        flow.transitions.clear();
        for (from, to, trigger, back) in ways {
            let (from, to) = (format!("状态{from}"), format!("状态{to}"));
            for name in [&from, &to] {
                flow.states.entry(name.clone()).or_insert(crate::State { name: name.clone(), ..state.clone() });
            }
            flow.transitions.push(crate::Transition { sources: vec![from], dest: to, trigger, back, ..row.clone() });
        }
        flow
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn however_tangled_nothing_lies_on_anything_else(flow in tangled()) {
        check(&flow, None);
    }
}

#[test]
fn what_no_xml_can_hold_is_shown_as_such() {
    let row = ("开X".to_owned(), "交X".to_owned(), "关".to_owned(), false);
    let mut flow = of(&[row]);
    flow.name = "流程\u{1}".to_owned();
    flow.transitions[0].trigger = "交\u{1}付".to_owned();
    let svg = picture(&flow, None).svg(true);
    assert!(!svg.contains('\u{1}') && svg.contains("交\u{FFFD}付"), "{svg}");
}
