use proptest::prelude::*;

use super::{
    super::tests::{flow, is_apart, long, shipped, tangled},
    *,
};

/// Nothing lies on anything else, and every arrow touches what it joins.
fn check_picture(flow: &Flow) {
    let (nodes, ways) = process(flow);
    let picture = laid_out(&nodes, &ways);
    let shapes = picture.states.iter().map(|(_, block)| block);
    let blocks: Vec<&Block> = shapes.chain(picture.arrows.iter().map(|arrow| &arrow.label)).collect();
    let blocks: Vec<&Block> = blocks.into_iter().filter(|block| block.width > 11.0).collect();
    for (at, a) in blocks.iter().enumerate() {
        assert!(a.x - a.width / 2.0 >= 0.0 && a.y - a.height / 2.0 >= 0.0, "{a:?} is outside");
        for b in &blocks[at + 1..] {
            assert!(is_apart(a, b), "{a:?}\nlies on\n{b:?}");
        }
    }
    for (arrow, way) in picture.arrows.iter().zip(&ways) {
        assert!(arrow.points.len() > 1, "{arrow:?} goes nowhere");
        let ends = [(way.from, arrow.points[0]), (way.to, arrow.points[arrow.points.len() - 1])];
        for (node, (x, y)) in ends {
            let (left, top, width, height) = bounds(nodes[node].kind, &picture.states[node].1);
            let (x, y) = ((x - left - width / 2.0).abs() / width, (y - top - height / 2.0).abs() / height);
            assert!(x < 0.51 && y < 0.51 && x + y > 0.49, "{arrow:?} does not touch {:?}", nodes[node]);
        }
    }
}

/// What every process keeps to, however its flow looks.
fn check(flow: &Flow) -> String {
    check_picture(flow);
    let (nodes, ways) = process(flow);
    for (at, node) in nodes.iter().enumerate() {
        let (into, out) =
            (ways.iter().filter(|way| way.to == at).count(), ways.iter().filter(|way| way.from == at).count());
        match node.kind {
            Kind::Start => assert_eq!((into, out), (0, 1)),
            Kind::Task => assert!(into > 0 && out == 1, "{node:?}: a choice is a gateway's"),
            Kind::Gateway => assert!(into == 1 && out > 1, "{node:?}"),
            Kind::End => assert!(into > 0 && out == 0, "{node:?}"),
        }
    }
    let rows: usize = flow.transitions.iter().map(|row| row.sources.len()).sum();
    assert_eq!(ways.iter().filter(|way| way.row.is_some()).count(), rows, "each row is a way");
    bpmn(flow)
}

#[test]
fn the_flows_that_come_along_are_processes() {
    for name in ["issue_track", "improvement", "device_card", "buglist"] {
        let flow = shipped(name);
        let xml = check(&flow);
        for state in flow.states.keys() {
            assert!(xml.contains(&format!("name=\"{}\"", escaped(state))), "{name}: {state}");
        }
        for row in &flow.transitions {
            assert!(xml.contains(&format!("name=\"{}\"", escaped(&row.trigger))), "{name}: {}", row.trigger);
        }
    }
}

#[test]
fn sixty_states_are_a_process_without_words_on_words() {
    for states in [2, 10, 30, 60] {
        check(&long(states));
    }
}

const ODD: &str = r#"
key = "t"
name = "A & B <\"C\"> \u0001"
[[field]]
key = "summary"
type = "text"
[[field]]
key = "kind"
type = "choice"
choices = ["甲\"<", "乙"]
[[field]]
key = "amount"
type = "number"
[[field]]
key = "day"
type = "date"
[[state]]
name = "完"
final = true
[[transition]]
source = "开"
trigger = "过"
dest = "完"
condition = 'kind == "乙" && amount > 3'
unmet = "金额须 > 3"
[[transition]]
source = "开"
trigger = "过"
dest = "办"
[[transition]]
source = "办"
trigger = "交"
dest = "完"
condition = { kind = "甲\"<", amount = 1.50, day = "today", current_state = "办" }
[[transition]]
source = "完"
trigger = "重开"
dest = "办"
by = "anyone"
assign_to = "created_by"
"#;

#[test]
fn what_decides_stands_at_its_way() {
    let xml = check(&flow(ODD));
    let check = |part: &str| assert!(xml.contains(part), "{part}: {xml}");
    check("trigger == &quot;过&quot; &amp;&amp; (kind == &quot;乙&quot; &amp;&amp; amount &gt; 3)<");
    check("<documentation>金额须 &gt; 3</documentation>");
    // the only way out asks for nothing but its condition
    check(
        ">kind == &quot;甲\\&quot;&lt;&quot; &amp;&amp; amount == 1.5 &amp;&amp; day == today &amp;&amp; current_state == &quot;办&quot;<",
    );
    check("name=\"A &amp; B &lt;&quot;C&quot;&gt; \u{FFFD}\"");
    assert!(!xml.contains('\u{1}'), "XML cannot hold it");
}

#[test]
fn a_final_state_that_can_be_left_is_a_task_and_an_end() {
    let xml = check(&flow(ODD));
    assert_eq!(xml.matches("name=\"完\"").count(), 2, "{xml}");
    assert!(xml.contains("<endEvent id=\"end_2\" name=\"完\">"), "{xml}");
    assert!(xml.contains("<userTask id=\"state_2\" name=\"完\">"), "{xml}");
    let rest = xml.split("<exclusiveGateway id=\"choice_2\"").nth(1).unwrap().split('>').next().unwrap();
    let rest = rest.split("default=\"").nth(1).unwrap().trim_end_matches('"');
    assert!(xml.contains(&format!("id=\"{rest}\" sourceRef=\"choice_2\" targetRef=\"end_2\"")), "{xml}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn however_tangled_nothing_lies_on_anything_else(flow in tangled()) {
        check_picture(&flow);
    }
}
