//! A flow as a process of BPMN 2.0, with its picture: a user task for each state, a gateway where several ways leave one, an end
//! event for each final state. Where everything goes is decided as in the flow's own picture, from left to right.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use indexmap::IndexSet;

use super::{Arrow, Block, Picture, arrow_block, block, broken, escaped};
use crate::{Flow, Transition};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    Task,
    Gateway,
    End,
}

#[derive(Debug)]
struct Node {
    id: String,
    kind: Kind,
    /// Empty: it has none.
    name: String,
}

#[derive(Debug)]
struct Way<'a> {
    from: usize,
    to: usize,
    row: Option<&'a Transition>,
    /// From a gateway, where others leave too.
    chosen: bool,
    back: bool,
}

/// The side of an event.
const EVENT: f64 = 36.0;
/// From an event to its name.
const APART: f64 = 5.0;
/// The side of a gateway.
const GATEWAY: f64 = 50.0;
/// The least size of a task.
const TASK: (f64, f64) = (100.0, 80.0);

/// The flow as a process of BPMN 2.0, with its layout.
#[must_use]
pub fn bpmn(flow: &Flow) -> String {
    let (nodes, ways) = process(flow);
    let picture = laid_out(&nodes, &ways);
    let mut xml = String::with_capacity(16_384);
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"");
    let (key, name) = (escaped(&flow.key), escaped(&flow.name));
    let _ = writeln!(
        xml,
        " id=\"definitions_{key}\" targetNamespace=\"urn:tasksteper:flow:{key}\" expressionLanguage=\"https://cel.dev\" exporter=\"TaskSteper\">"
    );
    let _ = writeln!(xml, "  <process id=\"process_{key}\" name=\"{name}\" isExecutable=\"false\">");
    write_nodes(&mut xml, &nodes, &ways);
    write_ways(&mut xml, &nodes, &ways);
    let _ = writeln!(
        xml,
        "  </process>\n  <bpmndi:BPMNDiagram id=\"diagram\">\n    <bpmndi:BPMNPlane id=\"plane\" bpmnElement=\"process_{key}\">"
    );
    write_picture(&mut xml, &nodes, &picture);
    xml.push_str("    </bpmndi:BPMNPlane>\n  </bpmndi:BPMNDiagram>\n</definitions>\n");
    xml
}

/// What the process is made of.
fn process(flow: &Flow) -> (Vec<Node>, Vec<Way<'_>>) {
    let mut nodes = vec![Node { id: "start".to_owned(), kind: Kind::Start, name: String::new() }];
    // the node at which each state is entered, and the one from which its rows leave
    let (mut enter, mut leave) = (Vec::new(), Vec::new());
    let mut ways = Vec::new();
    for (at, state) in flow.states.values().enumerate() {
        let rows = || flow.transitions.iter().filter(|row| row.sources.contains(&state.name));
        let mut add = |id: &str, kind, name: &str| {
            nodes.push(Node { id: format!("{id}_{}", at + 1), kind, name: name.to_owned() });
            nodes.len() - 1
        };
        let way = |from, to| Way { from, to, row: None, chosen: false, back: false };
        if rows().next().is_none() {
            let kind = if state.is_final { Kind::End } else { Kind::Task };
            let id = if state.is_final { "end" } else { "state" };
            let only = add(id, kind, &state.name);
            enter.push(only);
            leave.push(only);
            continue;
        }
        let task = add("state", Kind::Task, &state.name);
        enter.push(task);
        // a final state that can be left: its items may rest there for good
        let forks = state.is_final || rows().count() > 1 || rows().any(|row| row.dest == state.name);
        let from = if forks { add("choice", Kind::Gateway, "") } else { task };
        leave.push(from);
        if forks {
            ways.push(way(task, from));
        }
        if state.is_final {
            let end = add("end", Kind::End, &state.name);
            ways.push(way(from, end));
        }
    }
    let place = |name: &str| flow.states.get_index_of(name);
    if let Some(first) = place(&flow.initial) {
        ways.insert(0, Way { from: 0, to: enter[first], row: None, chosen: false, back: false });
    }
    for row in &flow.transitions {
        for source in &row.sources {
            let (Some(source), Some(dest)) = (place(source), place(&row.dest)) else { continue };
            let (from, to) = (leave[source], enter[dest]);
            let chosen = nodes[from].kind == Kind::Gateway;
            ways.push(Way { from, to, row: Some(row), chosen, back: row.back || source == dest });
        }
    }
    (nodes, ways)
}

/// Gives everything its place.
fn laid_out(nodes: &[Node], ways: &[Way]) -> Picture {
    let shape = |node: &Node| {
        let mut words = block(broken(&node.name), 0, None);
        match node.kind {
            Kind::Start | Kind::End => {
                words.width = words.width.max(EVENT);
                words.height += EVENT + APART;
            }
            Kind::Gateway => (words.width, words.height) = (GATEWAY, GATEWAY),
            Kind::Task => {
                words.width = (words.width + 16.0).max(TASK.0);
                words.height = (words.height + 24.0).max(TASK.1);
            }
        }
        (node.id.clone(), words)
    };
    let arrow = |way: &Way| Arrow {
        from: nodes[way.from].id.clone(),
        to: nodes[way.to].id.clone(),
        back: way.back,
        points: Vec::new(),
        label: arrow_block(&way.row.iter().map(|row| row.trigger.as_str()).collect(), None),
        weight: 0,
        unknown: false,
        gone: false,
    };
    let mut picture = Picture {
        width: 0.0,
        height: 0.0,
        states: nodes.iter().map(shape).collect(),
        arrows: ways.iter().map(arrow).collect(),
        initial: String::new(),
        finals: IndexSet::new(),
        here: None,
        title: String::new(),
    };
    picture.lay_out(true);
    let blocks = picture.states.iter().map(|(_, block)| block).chain(picture.arrows.iter().map(|arrow| &arrow.label));
    let columns: Vec<(f64, f64)> = blocks.map(|block| (block.x, block.width / 2.0)).collect();
    for arrow in &mut picture.arrows {
        run_level(&mut arrow.points, &columns);
    }
    picture.measure();
    for (arrow, way) in picture.arrows.iter_mut().zip(ways) {
        let ends = [way.from, way.to].map(|at| (nodes[at].kind, &picture.states[at].1));
        meet(&mut arrow.points, ends);
    }
    picture
}

/// Lets an arrow run level past what stands in the column that it crosses: it shall touch neither words nor shapes.
fn run_level(points: &mut Vec<(f64, f64)>, columns: &[(f64, f64)]) {
    let last = points.len().saturating_sub(1);
    let mut level = Vec::with_capacity(points.len() * 2);
    for (at, &(x, y)) in points.iter().enumerate() {
        let of_column = columns.iter().filter(|(middle, _)| (middle - x).abs() < 1.0);
        let half = of_column.map(|(_, half)| *half).fold(0.0, f64::max);
        if at == 0 || at == last || half < 1.0 {
            level.push((x, y));
            continue;
        }
        let side = if points[at + 1].0 >= points[at - 1].0 { half } else { -half };
        level.extend([(x - side, y), (x + side, y)]);
    }
    *points = level;
}

/// Lets an arrow begin and end at the shapes themselves: a circle and a diamond are not as large as the room they take.
fn meet(points: &mut [(f64, f64)], [first, last]: [(Kind, &Block); 2]) {
    let count = points.len();
    if count < 2 {
        return;
    }
    points[0] = border(first, points[1]);
    points[count - 1] = border(last, points[count - 2]);
}

/// Where the line from the middle of a shape to a point leaves the shape.
fn border((kind, block): (Kind, &Block), point: (f64, f64)) -> (f64, f64) {
    let (left, top, width, height) = bounds(kind, block);
    let middle = (left + width / 2.0, top + height / 2.0);
    let (x, y) = (point.0 - middle.0, point.1 - middle.1);
    let far = match kind {
        Kind::Start | Kind::End => x.hypot(y) / (EVENT / 2.0),
        Kind::Gateway => (x.abs() + y.abs()) / (GATEWAY / 2.0),
        Kind::Task => (x.abs() / (width / 2.0)).max(y.abs() / (height / 2.0)),
    };
    if far <= 1.0 {
        return point;
    }
    (middle.0 + x / far, middle.1 + y / far)
}

/// Left, top, width and height of what is drawn.
fn bounds(kind: Kind, block: &Block) -> (f64, f64, f64, f64) {
    let (left, top) = (block.x - block.width / 2.0, block.y - block.height / 2.0);
    match kind {
        // its name stands below it
        Kind::Start | Kind::End => (block.x - EVENT / 2.0, top, EVENT, EVENT),
        Kind::Gateway | Kind::Task => (left, top, block.width, block.height),
    }
}

fn write_nodes(xml: &mut String, nodes: &[Node], ways: &[Way]) {
    for (at, node) in nodes.iter().enumerate() {
        let tag = match node.kind {
            Kind::Start => "startEvent",
            Kind::Task => "userTask",
            Kind::Gateway => "exclusiveGateway",
            Kind::End => "endEvent",
        };
        let _ = write!(xml, "    <{tag} id=\"{}\"", node.id);
        if !node.name.is_empty() {
            let _ = write!(xml, " name=\"{}\"", escaped(&node.name));
        }
        if node.kind == Kind::Gateway {
            xml.push_str(" gatewayDirection=\"Diverging\"");
            // an item that nobody takes out of its final state rests there
            if let Some(rest) = ways.iter().position(|way| way.from == at && way.row.is_none()) {
                let _ = write!(xml, " default=\"way_{}\"", rest + 1);
            }
        }
        xml.push_str(">\n");
        for (number, _) in ways.iter().enumerate().filter(|(_, way)| way.to == at) {
            let _ = writeln!(xml, "      <incoming>way_{}</incoming>", number + 1);
        }
        for (number, _) in ways.iter().enumerate().filter(|(_, way)| way.from == at) {
            let _ = writeln!(xml, "      <outgoing>way_{}</outgoing>", number + 1);
        }
        let _ = writeln!(xml, "    </{tag}>");
    }
}

fn write_ways(xml: &mut String, nodes: &[Node], ways: &[Way]) {
    for (number, way) in ways.iter().enumerate() {
        let (from, to) = (&nodes[way.from].id, &nodes[way.to].id);
        let _ = write!(xml, "    <sequenceFlow id=\"way_{}\" sourceRef=\"{from}\" targetRef=\"{to}\"", number + 1);
        let Some(row) = way.row else {
            xml.push_str("/>\n");
            continue;
        };
        let _ = write!(xml, " name=\"{}\"", escaped(&row.trigger));
        // which way is taken from a gateway is first of all what somebody presses
        let pressed = way.chosen.then(|| format!("trigger == {}", serde_json::Value::from(row.trigger.as_str())));
        let condition = row.condition.as_ref().map(crate::Condition::cel);
        let asked = match (pressed, condition) {
            (Some(pressed), Some(condition)) => Some(format!("{pressed} && ({condition})")),
            (pressed, condition) => pressed.or(condition),
        };
        if row.unmet.is_none() && asked.is_none() {
            xml.push_str("/>\n");
            continue;
        }
        xml.push_str(">\n");
        if let Some(unmet) = &row.unmet {
            let _ = writeln!(xml, "      <documentation>{}</documentation>", escaped(unmet));
        }
        if let Some(asked) = asked {
            let _ = writeln!(
                xml,
                "      <conditionExpression xsi:type=\"tFormalExpression\">{}</conditionExpression>",
                escaped(&asked)
            );
        }
        xml.push_str("    </sequenceFlow>\n");
    }
}

fn write_picture(xml: &mut String, nodes: &[Node], picture: &Picture) {
    let rectangle = |(left, top, width, height): (f64, f64, f64, f64)| {
        format!("<dc:Bounds x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>")
    };
    for (node, (id, block)) in nodes.iter().zip(&picture.states) {
        let marker = if node.kind == Kind::Gateway { " isMarkerVisible=\"true\"" } else { "" };
        let shape = bounds(node.kind, block);
        let _ = writeln!(
            xml,
            "      <bpmndi:BPMNShape id=\"{id}_shape\" bpmnElement=\"{id}\"{marker}>\n        {}",
            rectangle(shape)
        );
        if node.kind == Kind::End {
            let below =
                (block.x - block.width / 2.0, shape.1 + EVENT + APART, block.width, block.height - EVENT - APART);
            let _ = writeln!(xml, "        <bpmndi:BPMNLabel>{}</bpmndi:BPMNLabel>", rectangle(below));
        }
        xml.push_str("      </bpmndi:BPMNShape>\n");
    }
    for (number, arrow) in picture.arrows.iter().enumerate() {
        let number = number + 1;
        let _ = writeln!(xml, "      <bpmndi:BPMNEdge id=\"way_{number}_edge\" bpmnElement=\"way_{number}\">");
        for (x, y) in &arrow.points {
            let _ = writeln!(xml, "        <di:waypoint x=\"{x:.1}\" y=\"{y:.1}\"/>");
        }
        let label = &arrow.label;
        if !label.lines.is_empty() {
            let whole = (label.x - label.width / 2.0, label.y - label.height / 2.0, label.width, label.height);
            let _ = writeln!(xml, "        <bpmndi:BPMNLabel>{}</bpmndi:BPMNLabel>", rectangle(whole));
        }
        xml.push_str("      </bpmndi:BPMNEdge>\n");
    }
}
