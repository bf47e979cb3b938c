//! The picture of a flow: its states as boxes, its transitions as arrows with their words. Where everything goes is decided
//! by dagre, which gives each arrow's words a place of their own; this file measures texts and draws.

mod bpmn;
#[cfg(test)]
mod tests;

pub use bpmn::bpmn;

use std::fmt::Write as _;

use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel, Point,
    graph::{Graph, GraphOptions},
    layout::types::{LabelPos, RankDir},
};
use indexmap::{IndexMap, IndexSet};

use crate::{File, Flow, read};

/// What is written beside a state or an arrow, and where it leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figure {
    /// Lines below its words.
    pub lines: Vec<String>,
    /// An address.
    pub href: Option<String>,
    /// How strong an arrow is drawn: 0 (as usual) to 4.
    pub weight: u8,
}

/// What really happened, to be written into the picture.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// By state; states that only earlier versions knew are drawn too.
    pub states: IndexMap<String, Figure>,
    /// By the states at both ends; ways that only earlier versions knew are drawn too.
    pub ways: IndexMap<(String, String), Figure>,
    /// Where one item is: `ways` are those that it has gone, and are drawn as such.
    pub here: Option<String>,
}

/// A rectangle with words in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The middle.
    pub x: f64,
    /// The middle.
    pub y: f64,
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
    /// Its lines; the first `words` of them are the flow's own, the others figures.
    pub lines: Vec<String>,
    words: usize,
    href: Option<String>,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrow {
    /// The state that it leaves.
    pub from: String,
    /// The state to which it leads.
    pub to: String,
    /// A return.
    pub back: bool,
    /// Where it goes along.
    pub points: Vec<(f64, f64)>,
    /// Its words.
    pub label: Block,
    weight: u8,
    unknown: bool,
    gone: bool,
}

/// A flow, drawn.
#[derive(Debug, Clone)]
pub struct Picture {
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
    /// The states, in the flow's order.
    pub states: Vec<(String, Block)>,
    /// The ways between them.
    pub arrows: Vec<Arrow>,
    initial: String,
    finals: IndexSet<String>,
    here: Option<String>,
    title: String,
}

/// The size of the letters.
const EM: f64 = 13.0;
/// From line to line.
const LINE: f64 = 18.0;
/// A line of an arrow's words is broken beyond this.
const WIDEST: f64 = 11.0 * EM;
/// Around the words of a state.
const INSIDE: (f64, f64) = (14.0, 9.0);
/// Around the whole.
const MARGIN: f64 = 16.0;

/// Draws what can be read of a file, which need not be right; nothing of one that names no state.
#[must_use]
pub fn picture_of_draft(file: &File) -> Option<Picture> {
    let flow = read::draft(file).flow;
    (!flow.states.is_empty()).then(|| picture(&flow, None))
}

/// Draws a flow, with what really happened if that is given.
#[must_use]
pub fn picture(flow: &Flow, figures: Option<&Figures>) -> Picture {
    let none = Figures::default();
    let figures = figures.unwrap_or(&none);
    let ways = ways(flow, figures);
    let mut names: IndexSet<&str> = flow.states.keys().map(String::as_str).collect();
    names.extend(figures.states.keys().chain(&figures.here).map(String::as_str));
    names.extend(ways.keys().flat_map(|(from, to, _)| [*from, *to]));
    let state = |name: &&str| ((*name).to_owned(), state_block(name, figures.states.get(*name)));
    let arrow = |(&(from, to, back), words): (&(&str, &str, bool), &IndexSet<&str>)| {
        let figure = figures.ways.get(&(from.to_owned(), to.to_owned()));
        let figure = figure.filter(|_| !back || !ways.contains_key(&(from, to, false)));
        Arrow {
            from: from.to_owned(),
            to: to.to_owned(),
            back,
            points: Vec::new(),
            label: arrow_block(words, figure),
            weight: figure.map_or(0, |figure| figure.weight),
            unknown: words.is_empty(),
            gone: figures.here.is_some() && figure.is_some(),
        }
    };
    let mut picture = Picture {
        width: 0.0,
        height: 0.0,
        states: names.iter().map(state).collect(),
        arrows: ways.iter().map(arrow).collect(),
        initial: flow.initial.clone(),
        finals: flow.states.values().filter(|state| state.is_final).map(|state| state.name.clone()).collect(),
        here: figures.here.clone(),
        title: flow.name.clone(),
    };
    picture.lay_out(false);
    picture.bend_loops();
    picture.measure();
    picture
}

/// The flow as a state diagram in Mermaid's language.
#[must_use]
pub fn mermaid(flow: &Flow) -> String {
    // what would end a label, or begin a remark or a tag
    let plain = |text: &str| {
        let tame = |letter: char| match letter {
            ':' => '：',
            ';' => '；',
            '#' => '＃',
            '<' => '‹',
            '>' => '›',
            letter if letter.is_control() => ' ',
            letter => letter,
        };
        text.replace("%%", "％％").chars().map(tame).collect::<String>()
    };
    let id = |name: &str| format!("s{}", flow.states.get_index_of(name).unwrap_or_default());
    let mut text = "stateDiagram-v2\n".to_owned();
    for name in flow.states.keys() {
        let _ = writeln!(text, "    {}: {}", id(name), plain(name));
    }
    let _ = writeln!(text, "    [*] --> {}", id(&flow.initial));
    let figures = Figures::default();
    for ((from, to, _), triggers) in ways(flow, &figures) {
        let triggers: Vec<String> = triggers.iter().map(|trigger| plain(trigger)).collect();
        let _ = writeln!(text, "    {} --> {}: {}", id(from), id(to), triggers.join(" / "));
    }
    for state in flow.states.values().filter(|state| state.is_final) {
        let _ = writeln!(text, "    {} --> [*]", id(&state.name));
    }
    text
}

/// The ways of the flow and those that were gone: from, to, whether it is a return, and the words of its triggers.
fn ways<'a>(flow: &'a Flow, figures: &'a Figures) -> IndexMap<(&'a str, &'a str, bool), IndexSet<&'a str>> {
    let mut ways: IndexMap<(&str, &str, bool), IndexSet<&str>> = IndexMap::new();
    for row in &flow.transitions {
        for source in &row.sources {
            ways.entry((source, &row.dest, row.back)).or_default().insert(&row.trigger);
        }
    }
    for (from, to) in figures.ways.keys() {
        if !ways.contains_key(&(from.as_str(), to.as_str(), false))
            && !ways.contains_key(&(from.as_str(), to.as_str(), true))
        {
            ways.insert((from, to, false), IndexSet::new());
        }
    }
    ways
}

fn state_block(name: &str, figure: Option<&Figure>) -> Block {
    let mut lines = broken(name);
    let words = lines.len();
    lines.extend(figure.iter().flat_map(|figure| figure.lines.iter().cloned()));
    let mut block = block(lines, words, figure);
    block.width = (block.width + 2.0 * INSIDE.0).max(64.0);
    block.height += 2.0 * INSIDE.1;
    block
}

fn arrow_block(triggers: &IndexSet<&str>, figure: Option<&Figure>) -> Block {
    let mut lines: Vec<String> = triggers.iter().flat_map(|trigger| broken(trigger)).collect();
    let words = lines.len();
    lines.extend(figure.iter().flat_map(|figure| figure.lines.iter().cloned()));
    let mut block = block(lines, words, figure);
    // so that an arrow beside it does not touch the words
    block.width += 10.0;
    block.height += 4.0;
    block
}

fn block(lines: Vec<String>, words: usize, figure: Option<&Figure>) -> Block {
    let width = lines.iter().map(|line| width(line)).fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    let height = lines.len() as f64 * LINE;
    Block { x: 0.0, y: 0.0, width, height, lines, words, href: figure.and_then(|figure| figure.href.clone()) }
}

/// How wide a text is drawn at most: a letter of a square script takes an em, others less.
fn width(text: &str) -> f64 {
    let letter = |letter: char| match letter {
        '\u{1100}'.. => 1.0,
        'W' | 'M' | 'm' | 'w' | '@' | '%' | '×' => 0.95,
        'A'..='Z' | '0'..='9' | '_' | '&' | '+' | '=' | '<' | '>' | '~' => 0.72,
        'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.36,
        _ => 0.62,
    };
    text.chars().map(letter).sum::<f64>() * EM
}

/// A text in lines that are not too wide.
fn broken(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for letter in text.chars() {
        let last = lines.len() - 1;
        if width(&lines[last]) + width(&letter.to_string()) > WIDEST {
            // words of an alphabet stay whole where they can
            let rest = match lines[last].rfind(' ') {
                Some(space) if letter.is_ascii_alphanumeric() => {
                    let rest = lines[last].split_off(space);
                    rest.trim_start().to_owned()
                }
                _ => String::new(),
            };
            lines.push(rest);
        }
        if let Some(line) = lines.last_mut() {
            line.push(letter);
        }
    }
    lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

impl Picture {
    /// Has dagre give everything its place: from above to below with words on the arrows, or from left to right with words
    /// over them.
    fn lay_out(&mut self, sideways: bool) {
        let places: IndexMap<&str, String> =
            self.states.iter().enumerate().map(|(at, (name, _))| (name.as_str(), format!("s{at}"))).collect();
        // a return is laid from where it leads to: it must not turn the order of the states around
        let ends = |arrow: &Arrow| {
            let (tail, head) = if arrow.back { (&arrow.to, &arrow.from) } else { (&arrow.from, &arrow.to) };
            Some((places.get(tail.as_str())?.clone(), places.get(head.as_str())?.clone()))
        };
        let ends: Vec<Option<(String, String)>> = self.arrows.iter().map(ends).collect();
        let mut graph: Graph<NodeLabel, EdgeLabel> =
            Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
        for (at, (_, block)) in self.states.iter().enumerate() {
            let size = NodeLabel { width: block.width, height: block.height, ..NodeLabel::default() };
            graph.set_node(format!("s{at}"), Some(size));
        }
        for (at, (arrow, ends)) in self.arrows.iter().zip(&ends).enumerate() {
            let Some((tail, head)) = ends else { continue };
            let size = EdgeLabel {
                width: arrow.label.width,
                height: arrow.label.height,
                labelpos: if sideways { LabelPos::Left } else { LabelPos::Center },
                label_offset: 2.0,
                weight: match arrow.back {
                    true => 1,
                    // a state and the choice behind it stand side by side
                    false if sideways && arrow.label.lines.is_empty() => 8,
                    false => 2,
                },
                ..EdgeLabel::default()
            };
            graph.set_edge(tail.clone(), head.clone(), Some(size), Some(&format!("w{at}")));
        }
        let options = LayoutOptions {
            nodesep: 36.0,
            edgesep: 18.0,
            ranksep: if sideways { 48.0 } else { 32.0 },
            rankdir: if sideways { RankDir::LR } else { RankDir::TB },
            marginx: MARGIN,
            marginy: MARGIN,
            ..LayoutOptions::default()
        };
        dagre::layout(&mut graph, Some(options));
        for (at, (_, block)) in self.states.iter_mut().enumerate() {
            if let Some(place) = graph.node(&format!("s{at}")) {
                (block.x, block.y) = (place.x.unwrap_or_default(), place.y.unwrap_or_default());
            }
        }
        for (at, (arrow, ends)) in self.arrows.iter_mut().zip(&ends).enumerate() {
            let Some((tail, head)) = ends else { continue };
            let Some(place) = graph.edge(tail, head, Some(&format!("w{at}"))) else { continue };
            (arrow.label.x, arrow.label.y) = (place.x.unwrap_or_default(), place.y.unwrap_or_default());
            arrow.points = place.points.iter().map(|Point { x, y }| (*x, *y)).collect();
            if arrow.back {
                arrow.points.reverse();
            }
        }
    }

    /// An arrow that leads back to its own state goes out and in between the state and its words.
    fn bend_loops(&mut self) {
        for arrow in self.arrows.iter_mut().filter(|arrow| arrow.from == arrow.to) {
            let Some((_, state)) = self.states.iter().find(|(name, _)| *name == arrow.from) else { continue };
            let side = state.x + state.width / 2.0;
            let out = (arrow.label.x - arrow.label.width / 2.0).max(side + 12.0);
            let half = (state.height / 4.0).min(12.0);
            let (above, below) = (state.y - half, state.y + half);
            arrow.points = vec![(side, above), (out, above), (out, below), (side, below)];
        }
    }

    /// Moves everything into the positive, and measures it.
    fn measure(&mut self) {
        let blocks = || self.states.iter().map(|(_, block)| block).chain(self.arrows.iter().map(|arrow| &arrow.label));
        let corners = blocks().flat_map(|block| {
            let (x, y) = (block.width / 2.0, block.height / 2.0);
            [(block.x - x, block.y - y), (block.x + x, block.y + y)]
        });
        let all: Vec<(f64, f64)> =
            corners.chain(self.arrows.iter().flat_map(|arrow| arrow.points.iter().copied())).collect();
        let least = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        if all.is_empty() {
            return;
        }
        let (left, top) = (least(|point| point.0) - MARGIN, least(|point| point.1) - MARGIN);
        self.width = most(|point| point.0) - left + MARGIN;
        self.height = most(|point| point.1) - top + MARGIN;
        for (_, block) in &mut self.states {
            block.x -= left;
            block.y -= top;
        }
        for arrow in &mut self.arrows {
            arrow.label.x -= left;
            arrow.label.y -= top;
            for point in &mut arrow.points {
                *point = (point.0 - left, point.1 - top);
            }
        }
    }

    fn draw_ways(&self, svg: &mut String) {
        for arrow in &self.arrows {
            let class = match (arrow.back, arrow.unknown) {
                (true, _) => " dg-back",
                (false, true) => " dg-old",
                (false, false) => "",
            };
            let gone = if arrow.gone { " dg-gone" } else { "" };
            let tip = match (arrow.gone, arrow.back) {
                (true, _) => "dg-tip-gone",
                (false, true) => "dg-tip-back",
                (false, false) => "dg-tip",
            };
            let _ = write!(
                svg,
                "<path class=\"dg-way{class}{gone}\" d=\"{}\" stroke-width=\"{}\" marker-end=\"url(#{tip})\"/>",
                path(&arrow.points),
                1.3 + 0.8 * f64::from(arrow.weight)
            );
        }
    }

    /// As SVG. Alone it brings its own colours; in a page the page's style sheet has them (classes that begin with `dg`).
    #[must_use]
    pub fn svg(&self, alone: bool) -> String {
        let mut svg = String::with_capacity(8192);
        let (width, height) = (self.width.ceil(), self.height.ceil());
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"dg\" role=\"img\" aria-label=\"{}\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">",
            escaped(&self.title)
        );
        if alone {
            let _ = write!(svg, "<style>{STYLE}</style><rect class=\"dg-paper\" width=\"100%\" height=\"100%\"/>");
        }
        let gone = self.here.as_ref().map(|_| ("dg-tip-gone", "dg-tip dg-gone"));
        for (id, class) in [("dg-tip", "dg-tip"), ("dg-tip-back", "dg-tip dg-back")].into_iter().chain(gone) {
            let _ = write!(
                svg,
                "<marker id=\"{id}\" class=\"{class}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerUnits=\"userSpaceOnUse\" markerWidth=\"9\" markerHeight=\"9\" orient=\"auto-start-reverse\"><path d=\"M0 0.5 10 5 0 9.5z\"/></marker>"
            );
        }
        self.draw_ways(&mut svg);
        for (name, block) in &self.states {
            let kind = if self.finals.contains(name) {
                " dg-final"
            } else if *name == self.initial {
                " dg-initial"
            } else {
                ""
            };
            let here = if self.here.as_ref() == Some(name) { " dg-here" } else { "" };
            linked(&mut svg, block, |svg| {
                let (x, y) = (block.x - block.width / 2.0, block.y - block.height / 2.0);
                let _ = write!(
                    svg,
                    "<rect class=\"dg-state{kind}{here}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"7\"/>",
                    block.width, block.height
                );
                texts(svg, block, if here.is_empty() { "dg-name" } else { "dg-name dg-at" });
            });
        }
        for arrow in &self.arrows {
            let class = match (arrow.gone, arrow.back) {
                (true, _) => "dg-words dg-gone",
                (false, true) => "dg-words dg-back",
                (false, false) => "dg-words",
            };
            linked(&mut svg, &arrow.label, |svg| {
                let label = &arrow.label;
                if !label.lines.is_empty() {
                    let (x, y) = (label.x - label.width / 2.0, label.y - label.height / 2.0);
                    let _ = write!(
                        svg,
                        "<rect class=\"dg-under\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"3\"/>",
                        label.width, label.height
                    );
                }
                texts(svg, label, class);
            });
        }
        svg.push_str("</svg>");
        svg
    }
}

const STYLE: &str = ".dg{font:13px system-ui,\"PingFang SC\",\"Microsoft YaHei\",\"Noto Sans CJK SC\",sans-serif}.dg-paper{fill:#fff}\
.dg-way{fill:none;stroke:#64748b}.dg-way.dg-back{stroke:#d97706;stroke-dasharray:6 4}.dg-way.dg-old{stroke-dasharray:2 4}\
.dg-tip{fill:#64748b}.dg-tip.dg-back{fill:#d97706}.dg-state{fill:#f1f5f9;stroke:#94a3b8}.dg-initial{stroke:#2563eb;stroke-width:2}\
.dg-final{fill:#dcfce7;stroke:#16a34a;stroke-width:2}.dg text{text-anchor:middle;fill:#1e293b}.dg-name{font-weight:600}\
.dg-way.dg-gone{stroke:#2563eb}.dg-tip.dg-gone{fill:#2563eb}.dg-words.dg-gone{fill:#1d4ed8;font-weight:600}.dg-here{fill:#2563eb;stroke:#1d4ed8;stroke-width:2}.dg .dg-at{fill:#fff}.dg-under{fill:#fff}.dg-words.dg-back{fill:#b45309}.dg-figure{font-weight:400;fill:#475569}";

fn linked(svg: &mut String, block: &Block, draw: impl FnOnce(&mut String)) {
    match &block.href {
        Some(href) => {
            let _ = write!(svg, "<a href=\"{}\">", escaped(href));
            draw(svg);
            svg.push_str("</a>");
        }
        None => draw(svg),
    }
}

fn texts(svg: &mut String, block: &Block, class: &str) {
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    let first = block.y - block.lines.len() as f64 * LINE / 2.0 + LINE * 0.72;
    let mut y = first;
    for (at, line) in block.lines.iter().enumerate() {
        let figure = if at >= block.words { " dg-figure" } else { "" };
        let _ =
            write!(svg, "<text class=\"{class}{figure}\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>", block.x, escaped(line));
        y += LINE;
    }
}

/// Along the points, with round corners.
fn path(points: &[(f64, f64)]) -> String {
    const ROUND: f64 = 14.0;
    let mut path = String::new();
    let Some(first) = points.first() else { return path };
    let _ = write!(path, "M{:.1} {:.1}", first.0, first.1);
    for three in points.windows(3) {
        let (before, corner, after) = (three[0], three[1], three[2]);
        let near = |other: (f64, f64)| {
            let (x, y) = (other.0 - corner.0, other.1 - corner.1);
            let far = x.hypot(y).max(0.001);
            let step = ROUND.min(far / 2.0) / far;
            (corner.0 + x * step, corner.1 + y * step)
        };
        let (enters, leaves) = (near(before), near(after));
        let _ = write!(
            path,
            "L{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}",
            enters.0, enters.1, corner.0, corner.1, leaves.0, leaves.1
        );
    }
    if let Some(last) = points.last().filter(|_| points.len() > 1) {
        let _ = write!(path, "L{:.1} {:.1}", last.0, last.1);
    }
    path
}

/// As markup takes it: what no XML may have stands as what cannot be shown.
fn escaped(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\t' | '\n' | '\r' => letter,
        letter if letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}') => '\u{FFFD}',
        letter => letter,
    };
    let text: String = text.chars().map(shown).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
