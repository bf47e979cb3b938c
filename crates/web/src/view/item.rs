//! An item, and a new one.

use askama::Template;
use flow::RecordKind;

use super::{
    Frame, Pager, Person, StateChip, When,
    form::{Control, FieldView, ItemRef, Shown, Trouble},
    time::duration,
};
use crate::words::Words;

/// An item's page. The blocks `press` (what can be pressed), `linked` and `history` render alone: [`Press`],
/// [`LinksPart`], [`HistoryPart`].
#[derive(Template)]
#[template(path = "item.html")]
pub struct ItemPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub flow_name: &'a str,
    /// The item's number.
    pub number: i64,
    /// `question_57`
    pub id: String,
    /// Its title; its ID when it has none.
    pub title: String,
    /// Where it is.
    pub steps: Vec<Step>,
    /// The revision that the form is about.
    pub revision: i64,
    /// The fields.
    pub fields: Vec<FieldView>,
    /// Suggestions for those who have no script: people.
    pub people: Vec<Person>,
    /// What is wrong with what was sent, with links to the fields.
    pub troubles: Vec<Trouble>,
    /// Someone was faster.
    pub conflict: Option<Conflict>,
    /// What can be pressed.
    pub press: PressBar,
    /// The form comes back with what was typed.
    pub dirty: bool,
    /// What is known of the item.
    pub facts: Vec<Fact>,
    /// Links, both ways: a part of them.
    pub links: Vec<LinkView>,
    /// Where the others are.
    pub links_pager: Pager,
    /// The flows of which an item can be made of this one: key, name.
    pub made: Vec<(String, String)>,
    /// What happened.
    pub history: History,
    /// Administrators hand over.
    pub hand_over: Option<HandOver>,
    /// What is like it.
    pub similar: Similar,
    /// Where it came back; none: nowhere.
    pub returns: Option<Returns>,
    /// The way that it has gone.
    pub gone: Gone,
}

/// The block `gone` of an item's page alone.
#[derive(Template)]
#[template(path = "item.html", block = "gone")]
pub struct GonePart {
    /// The words.
    pub f: &'static Words,
    /// The way that the item has gone.
    pub gone: Gone,
}

/// The way that an item has gone.
pub struct Gone {
    /// The address that shows it.
    pub href: String,
    /// The flow's picture, with the way in it; none: it was not asked for yet.
    pub picture: Option<String>,
}

/// The block `returns` of an item's page alone.
#[derive(Template)]
#[template(path = "item.html", block = "returns")]
pub struct ReturnsPart {
    /// The words.
    pub f: &'static Words,
    /// Where it came back; none: nowhere.
    pub returns: Option<Returns>,
}

/// Where an item came back.
pub struct Returns {
    /// The address that shows it.
    pub href: String,
    /// Flow by flow; none: it was not looked for yet.
    pub flows: Option<Vec<ReturnsOf>>,
}

/// How often an item came back in a flow, when, where.
pub struct ReturnsOf {
    /// The flow's name.
    pub name: String,
    /// How often, in words.
    pub times: String,
    /// The list of all of them.
    pub all: Option<String>,
    /// A month, how many.
    pub months: Vec<(String, i64)>,
    /// The most in a month.
    pub most: i64,
    /// The newest: the day, the item, where it was.
    pub newest: Vec<(String, ItemRef, String)>,
}

/// The block `similar` of an item's page alone; a new item's has the same.
#[derive(Template)]
#[template(path = "item.html", block = "similar")]
pub struct SimilarPart {
    /// The words.
    pub f: &'static Words,
    /// What is similar.
    pub similar: Similar,
}

/// What is like what stands in a form.
pub struct Similar {
    /// Where a script sends the form to see it.
    pub action: String,
    /// A script asks at once, not only when something is typed.
    pub lazy: bool,
    /// It was looked for.
    pub asked: bool,
    /// Flow by flow.
    pub groups: Vec<SimilarGroup>,
}

/// What is similar, of one flow.
pub struct SimilarGroup {
    /// The flow's name.
    pub name: String,
    /// The most alike first.
    pub items: Vec<SimilarItem>,
}

/// An item that is similar.
pub struct SimilarItem {
    /// It.
    pub item: ItemRef,
    /// What became of it: label, text.
    pub excerpts: Vec<(String, String)>,
    /// How often it came back, in words.
    pub times: Option<String>,
    /// How it can be linked.
    pub link: Option<SimilarLink>,
}

/// How a form is linked with an item.
pub struct SimilarLink {
    /// The key of the field that takes it.
    pub field: String,
    /// What the button does, in words.
    pub label: String,
    /// The ID that it takes.
    pub id: String,
    /// It stands there already.
    pub done: bool,
}

/// The block `press` of an item's page alone: what can be pressed with the values typed.
#[derive(Template)]
#[template(path = "item.html", block = "press")]
pub struct Press {
    /// The words.
    pub f: &'static Words,
    /// What can be pressed.
    pub press: PressBar,
}

/// The block `history` of an item's page alone.
#[derive(Template)]
#[template(path = "item.html", block = "history")]
pub struct HistoryPart<'a> {
    /// The words.
    pub f: &'static Words,
    /// The flow's key.
    pub key: &'a str,
    /// The item's number.
    pub number: i64,
    /// What happened.
    pub history: History,
}

/// The block `linked` of an item's page alone.
#[derive(Template)]
#[template(path = "item.html", block = "linked")]
pub struct LinksPart {
    /// The words.
    pub f: &'static Words,
    /// Links, both ways: a part of them.
    pub links: Vec<LinkView>,
    /// Where the others are.
    pub links_pager: Pager,
}

/// A new item's page.
#[derive(Template)]
#[template(path = "new.html")]
pub struct NewPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub flow_name: &'a str,
    /// Where it will be.
    pub steps: Vec<Step>,
    /// The fields.
    pub fields: Vec<FieldView>,
    /// Suggestions for those who have no script: people.
    pub people: Vec<Person>,
    /// What is wrong with what was sent.
    pub troubles: Vec<Trouble>,
    /// What is like it.
    pub similar: Similar,
    /// It comes back with what was typed.
    pub dirty: bool,
}

/// A state in the step bar.
pub struct Step {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub progress: Progress,
    /// `维护人员 · 1 天 3 小时`
    pub detail: Option<String>,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The item has been there.
    Done,
    /// The item is there.
    Now,
    /// It may come there.
    Ahead,
}

/// Someone was faster.
pub struct Conflict {
    /// What they did, latest last.
    pub events: Vec<EventView>,
    /// So many things they did before that.
    pub earlier: usize,
    /// Some of what was typed differs from what stands there now.
    pub differs: bool,
    /// The person can do nothing with it any more.
    pub idle: bool,
}

/// What can be pressed.
pub struct PressBar {
    /// Triggers, in the flow's order.
    pub buttons: Vec<ButtonView>,
    /// Triggers that cannot be pressed now: the trigger and why.
    pub refused: Vec<(String, String)>,
    /// Whether this person may save.
    pub may_save: bool,
    /// A trigger takes a comment: what was typed there.
    pub comment: Option<String>,
    /// Triggers that will not go without a comment.
    pub comment_needed_by: Vec<String>,
    /// What is wrong with the comment.
    pub comment_error: Option<String>,
    /// Why nothing can be pressed or saved, when so.
    pub idle: Option<String>,
}

/// A trigger.
pub struct ButtonView {
    /// The words on it.
    pub trigger: String,
    /// What kind of step it is.
    pub direction: Direction,
    /// The one action that people came for.
    pub main: bool,
    /// What it will do, in a few words: shown on hover.
    pub title: Option<String>,
}

/// What kind of step a trigger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To another state.
    Forward,
    /// A return.
    Back,
    /// It stays where it is.
    Stay,
    /// It opens an item of another flow.
    Open,
}

/// A line of what is known of the item.
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The value.
    pub value: FactValue,
}

/// The value of a [`Fact`].
pub enum FactValue {
    /// A state.
    State(StateChip),
    /// People.
    People(Vec<Person>),
    /// A moment, exactly.
    When(When),
    /// Words.
    Text(String),
    /// Words that ask for attention: overdue.
    Late(String),
}

/// A link to another item, or from one.
pub struct LinkView {
    /// The item.
    pub item: ItemRef,
    /// What links them: the label of the field that holds it.
    pub label: String,
}

/// What happened.
pub struct History {
    /// The number of the last one.
    pub seen: i64,
    /// A part of it, latest first.
    pub events: Vec<EventView>,
    /// The address of what was earlier.
    pub more: Option<String>,
    /// The address of the latest, when this is not it.
    pub latest: Option<String>,
    /// What was typed as a comment and not taken.
    pub draft: String,
    /// Why it was not taken.
    pub error: Option<String>,
}

/// An event.
pub struct EventView {
    /// Who did it.
    pub actor: Person,
    /// What, in words: the trigger, or `创建`.
    pub what: String,
    /// Allowed only because an administrator did it.
    pub by_admin: bool,
    /// The state it came to, when that is another one.
    pub to: Option<StateChip>,
    /// Who got it, when that changed.
    pub holders: Vec<Person>,
    /// Field by field.
    pub changes: Vec<ChangeView>,
    /// What was said.
    pub comment: Option<String>,
    /// When.
    pub when: When,
    /// It moved nothing.
    pub quiet: bool,
}

/// A field's change.
pub struct ChangeView {
    /// The field's label.
    pub label: String,
    /// Before; empty: nothing.
    pub old: Vec<Shown>,
    /// After; empty: nothing.
    pub new: Vec<Shown>,
    /// Lines: folded until asked for.
    pub long: bool,
}

/// Administrators hand over.
pub struct HandOver {
    /// What was typed and not taken.
    pub to: String,
    /// Why it was not taken.
    pub error: Option<String>,
}

impl ItemPage<'_> {
    /// Whether anything can be typed into the form.
    #[must_use]
    pub fn writable(&self) -> bool {
        self.fields.iter().any(FieldView::writable)
    }
}

impl PressBar {
    /// Whether there is nothing to press.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.buttons.is_empty() && !self.may_save
    }

    /// How a phone lays the buttons out: at most two rows.
    #[must_use]
    pub fn layout(&self) -> &'static str {
        match self.buttons.len() + usize::from(self.may_save) + usize::from(!self.refused.is_empty()) {
            0..=2 => "few",
            3 | 4 => "some",
            5 | 6 => "many",
            _ => "lots",
        }
    }
}

impl Direction {
    /// The icon.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Direction::Forward => "arrow-right",
            Direction::Back => "arrow-back-up",
            Direction::Stay => "check",
            Direction::Open => "git-fork",
        }
    }
}

impl Step {
    /// The class.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self.progress {
            Progress::Done => "done",
            Progress::Now => "now",
            Progress::Ahead => "ahead",
        }
    }
}

/// What an event did, in words: the trigger, or `创建`.
#[must_use]
pub fn event_words<'a>(words: &'a Words, kind: RecordKind, trigger: Option<&'a str>) -> &'a str {
    match (kind, trigger) {
        (RecordKind::Triggered, Some(trigger)) => trigger,
        (RecordKind::Created, _) => words.word("event-created"),
        (RecordKind::Saved | RecordKind::Triggered, _) => words.word("event-saved"),
        (RecordKind::Commented, _) => words.word("event-commented"),
        (RecordKind::Assigned, _) => words.word("event-assigned"),
        (RecordKind::Imported, _) => words.word("event-imported"),
        (RecordKind::Migrated, _) => words.word("event-migrated"),
    }
}

/// `提交审核时须填写`: the note at a field that is empty and will be asked for.
#[must_use]
pub fn needed_by(words: &Words, triggers: &[&str]) -> Option<String> {
    (!triggers.is_empty()).then(|| words.one("needed-by", "triggers", triggers.join(words.word("list-comma"))))
}

/// What a button will do, shown on hover: where it leads, or in which flow it opens an item.
#[must_use]
pub fn button_title(words: &Words, dest: Option<&str>, opens: Option<&str>) -> Option<String> {
    match (dest, opens) {
        (_, Some(flow)) => Some(words.one("button-opens", "flow", flow)),
        (Some(state), None) => Some(words.one("button-to", "state", state)),
        (None, None) => None,
    }
}

/// Why nothing can be pressed or saved: it is finished, or someone else has it.
#[must_use]
pub fn idle(words: &Words, holders: &[Person]) -> String {
    if holders.is_empty() {
        return words.word("idle-final").to_owned();
    }
    let names: Vec<&str> = holders.iter().map(|who| who.display.as_str()).collect();
    words.one("idle-other", "who", names.join(words.word("list-comma")))
}

/// `来自对方的“来源问题”`: what links an item here whose own field holds the link.
#[must_use]
pub fn inward(words: &Words, field: &str) -> String {
    words.one("links-inward", "field", field)
}

/// How long it has been in its state, and how long it may.
#[must_use]
pub fn stay(words: &Words, seconds: i64, due_minutes: Option<u64>) -> Fact {
    let (text, late) = stay_words(words, seconds, due_minutes);
    Fact {
        label: words.word("stay").to_owned(),
        value: if late { FactValue::Late(text) } else { FactValue::Text(text) },
    }
}

/// How long it has been in its state, and how long it may; true: longer than that.
#[must_use]
pub fn stay_words(words: &Words, seconds: i64, due_minutes: Option<u64>) -> (String, bool) {
    let stay = duration(words, seconds);
    let Some(due) = due_minutes.and_then(|minutes| i64::try_from(minutes).ok()?.checked_mul(60)) else {
        return (stay, false);
    };
    let said = duration(words, due);
    let (key, late) = if seconds > due { ("stay-late", true) } else { ("stay-due", false) };
    (words.two(key, ("stay", &stay), ("due", &said)), late)
}
