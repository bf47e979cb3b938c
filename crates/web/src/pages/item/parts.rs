//! What stands around an item's form: the step bar, what can be pressed, what is known of it, its links.

use app::item::{ItemPage, ItemView, LinkedItem, Stayed};
use flow::{Button, CommentRule, Refusal, Transition};

use super::scene::{Scene, item_ref};
use crate::{
    pages::lists::when,
    view::{
        StateChip,
        item::{
            ButtonView, Direction, Fact, FactValue, LinkView, PressBar, Progress, Step, button_title, idle, inward,
            stay,
        },
        refusal::refusal,
        time::duration,
    },
};

/// People named at a step; of more, the first ones.
const HOLDERS: usize = 2;

/// Where the item has been, is, may come.
pub(super) fn steps(scene: &Scene, page: &ItemPage) -> Vec<Step> {
    let now = &page.view.item.state;
    let step = |name: &String| {
        let stayed = page.stays.iter().find(|stayed| stayed.state == *name);
        let progress = match () {
            () if name == now => Progress::Now,
            () if stayed.is_some() => Progress::Done,
            () => Progress::Ahead,
        };
        let is_final = scene.flow.states.get(name).is_some_and(|state| state.is_final);
        Step { name: name.clone(), progress, detail: stayed.filter(|_| !is_final).map(|stayed| detail(scene, stayed)) }
    };
    scene.flow.states.keys().map(step).collect()
}

/// `维护人员 · 1 天 3 小时`: who had it there last, and how long it was there in all.
fn detail(scene: &Scene, stayed: &Stayed) -> String {
    let holders = &stayed.assigned_to;
    let mut names: Vec<String> = holders.iter().take(HOLDERS).map(|name| scene.person(name).display).collect();
    if holders.len() > HOLDERS {
        names.push("…".to_owned());
    }
    let lasted = duration(scene.words, stayed.lasted / 1000);
    if names.is_empty() { lasted } else { format!("{} · {lasted}", names.join(scene.words.word("list-comma"))) }
}

/// The steps of an item that does not exist yet.
pub(super) fn first_steps(flow: &flow::Flow) -> Vec<Step> {
    let step = |name: &String| {
        let progress = if *name == flow.initial { Progress::Now } else { Progress::Ahead };
        Step { name: name.clone(), progress, detail: None }
    };
    flow.states.keys().map(step).collect()
}

/// Whether the person may do nothing with this trigger, whatever the form says.
fn is_barred(button: &Button) -> bool {
    matches!(button.refusal, Some(Refusal::NotAllowed(_)))
}

/// What can be pressed; `comment` was typed, `error` is what is wrong with it.
pub(super) fn press_bar(
    scene: &Scene,
    view: &ItemView,
    may_save: bool,
    comment: &str,
    comment_error: Option<String>,
) -> PressBar {
    let allowed: Vec<&Button> = view.buttons.iter().filter(|button| button.refusal.is_none()).collect();
    let views: Vec<(Direction, Option<String>)> = allowed.iter().map(|button| leads(scene, view, button)).collect();
    let main = [Direction::Forward, Direction::Stay, Direction::Open]
        .iter()
        .find_map(|wanted| views.iter().position(|(direction, _)| direction == wanted));
    let button = |(index, ((direction, title), button)): (usize, ((Direction, Option<String>), &&Button))| ButtonView {
        trigger: button.trigger.clone(),
        direction,
        main: main == Some(index),
        title,
    };
    let buttons: Vec<ButtonView> = views.into_iter().zip(&allowed).enumerate().map(button).collect();
    let reason = |button: &Button| {
        let why = button.refusal.as_ref()?;
        Some((button.trigger.clone(), refusal(scene.words, scene.names(), why)))
    };
    let takes = |button: &&Button| button.comment != CommentRule::None && !is_barred(button);
    let has_comment = view.buttons.iter().any(|button| takes(&button)) || !comment.is_empty();
    let needed = allowed.iter().filter(|button| button.comment == CommentRule::Required);
    let why_idle = (buttons.is_empty() && !may_save).then(|| {
        if view.archived {
            scene.words.one("problem-archived", "flow", &scene.flow.name)
        } else {
            idle(scene.words, &scene.persons(&view.item.assigned_to))
        }
    });
    PressBar {
        buttons,
        refused: view.buttons.iter().filter_map(reason).collect(),
        may_save,
        comment: has_comment.then(|| comment.to_owned()),
        comment_needed_by: needed.map(|button| button.trigger.clone()).collect(),
        comment_error,
        idle: why_idle,
    }
}

/// What kind of step a trigger is, and what it will do in a few words.
fn leads(scene: &Scene, view: &ItemView, button: &Button) -> (Direction, Option<String>) {
    let is_taken =
        |row: &&Transition| row.trigger == button.trigger && row.dest == button.dest && row.back == button.back;
    let row = view.flow.rows_from(&view.item.state).find(is_taken);
    let opens = row.and_then(|row| row.create.as_ref()).map(|open| scene.flow_name(&open.flow));
    let stays = button.dest == view.item.state;
    let direction = match () {
        () if button.back => Direction::Back,
        () if !stays => Direction::Forward,
        () if opens.is_some() => Direction::Open,
        () => Direction::Stay,
    };
    (direction, button_title(scene.words, (!stays).then_some(button.dest.as_str()), opens))
}

/// What is known of the item.
pub(super) fn facts(scene: &Scene, page: &ItemPage) -> Vec<Fact> {
    let (words, item) = (scene.words, &page.view.item);
    let fact = |key: &str, value| Fact { label: words.word(key).to_owned(), value };
    let at = |moment: jiff::Timestamp| FactValue::When(when(scene.cx, words, moment.as_millisecond()));
    let mut facts = vec![
        fact("state", FactValue::State(StateChip::of(scene.flow, &item.state))),
        fact("holder", FactValue::People(scene.persons(&item.assigned_to))),
    ];
    let here = page.stays.iter().find(|stayed| stayed.state == item.state).filter(|_| !page.view.is_final());
    if let Some(here) = here {
        let due = scene.flow.states.get(&here.state).and_then(|state| state.due_minutes);
        facts.push(stay(words, (scene.cx.now.as_millisecond() - here.entered) / 1000, due));
    }
    facts.push(fact("creator", FactValue::People(scene.persons(std::slice::from_ref(&item.created_by)))));
    facts.push(fact("created-at", at(item.created_at)));
    facts.push(fact("updated-at", at(item.updated_at)));
    facts.extend(item.closed_at.map(|closed| fact("closed-at", at(closed))));
    facts
}

/// Its links, both ways; the other flow's label is part of what not everyone may see.
pub(super) fn links(scene: &Scene, links: &[LinkedItem]) -> Vec<LinkView> {
    let own = |key: &String| scene.flow.fields.get(key).map(|field| field.label.clone());
    let label = |linked: &LinkedItem| {
        let labels: Vec<String> = linked.fields.iter().filter_map(own).collect();
        if !labels.is_empty() {
            return labels.join(scene.words.word("list-comma"));
        }
        let other = linked.seen.as_ref().and_then(|_| scene.label_of(&linked.flow, linked.back.first()?));
        other.map_or_else(|| scene.words.word("links").to_owned(), |label| inward(scene.words, label))
    };
    links.iter().map(|linked| LinkView { item: item_ref(scene.cx, linked), label: label(linked) }).collect()
}

/// Whether the person could do anything with what the form sends.
pub(super) fn is_writable(page: &ItemPage) -> bool {
    may_write(&page.view, page.may_save)
}

/// The same of an item alone.
pub(super) fn may_write(view: &ItemView, may_save: bool) -> bool {
    !view.archived && (may_save || view.buttons.iter().any(|button| !is_barred(button)))
}
