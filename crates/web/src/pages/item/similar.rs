//! What is like what stands in a form: beside it, to be linked by one click.

use app::{Error, Reading, item, like, work::Total};
use axum::response::Response;
use flow::{Access, Actor, Field, Fields, Flow, Kind, Value};

use super::parts;
use crate::{
    body::Form,
    pages::visit::rendered,
    server::Caller,
    view::{
        StateChip,
        form::{ItemRef, input_name},
        item::{Similar, SimilarGroup, SimilarItem, SimilarLink, SimilarPart},
    },
    words::Words,
};

/// Items of each flow.
const MOST: usize = 5;
/// The name of the button that asks for what is similar. Its value is a field and the ID to be put into it, or nothing of
/// the kind where it only asks.
const BUTTON: &str = "similar";

/// What is compared, and what can be done about it.
pub(super) struct Compared<'a> {
    pub(super) flow: &'a Flow,
    /// None: an item that does not exist yet.
    pub(super) number: Option<i64>,
    pub(super) state: &'a str,
    pub(super) writable: bool,
    pub(super) stored: &'a Fields,
    pub(super) form: Option<&'a Form>,
}

/// Whether a form was sent to see what is similar: nothing is to be done with it.
pub(super) fn is_asked(form: &Form) -> bool {
    form.has(BUTTON)
}

/// The form with the link in it that its button asked for.
pub(super) fn linked(cx: &Reading, key: &str, mut form: Form) -> Form {
    let Some((field, id)) = form.get(BUTTON).and_then(|asked| asked.split_once(' ')) else { return form };
    let Some(known) = cx.flows.get(key).and_then(|published| published.flow.fields.get(field)) else { return form };
    let (name, id) = (input_name(field).into_owned(), id.to_owned());
    match form.0.iter_mut().find(|(known, _)| *known == name) {
        Some((_, text)) if known.multiple && !text.trim().is_empty() => {
            text.push(',');
            text.push_str(&id);
        }
        Some((_, text)) => *text = id,
        None => form.0.push((name, id)),
    }
    form
}

/// The panel before anything was looked for: a script does so at once, a button without one.
pub(super) fn later(key: &str, number: Option<i64>) -> Similar {
    let place = number.map_or_else(|| "new".to_owned(), |number| number.to_string());
    Similar { action: format!("/flow/{key}/{place}"), lazy: number.is_some(), asked: false, groups: Vec::new() }
}

/// The panel with what is similar.
pub(super) fn now(cx: &Reading, actor: &Actor, words: &Words, of: &Compared) -> Result<Similar, Error> {
    let found = like::suggest(cx, actor, &of.flow.key, of.number, &text(of), MOST)?;
    let groups = found.into_iter().map(|group| {
        let field = into(of, &group.flow.key);
        let items = group.items.into_iter().map(|one| shown(words, of, &group.flow, field, one)).collect();
        SimilarGroup { name: group.flow.name.clone(), items }
    });
    Ok(Similar { lazy: false, asked: true, groups: groups.collect(), ..later(&of.flow.key, of.number) })
}

/// The panel alone, of an item that exists.
pub(super) fn draw(cx: &Reading, caller: &Caller, (key, number): (&str, i64), form: &Form) -> Result<Response, Error> {
    let view = item::view(cx, &caller.signed.actor, key, number)?;
    let may_save = !view.archived && flow::may_save(&view.flow, &view.item, &caller.signed.actor);
    let of = Compared {
        flow: &view.flow,
        number: Some(number),
        state: &view.item.state,
        writable: parts::may_write(&view, may_save),
        stored: &view.item.fields,
        form: Some(form),
    };
    let similar = now(cx, &caller.signed.actor, caller.words, &of)?;
    rendered(&SimilarPart { f: caller.words, similar })
}

/// The panel alone, of an item that does not exist yet.
pub(super) fn draw_new(cx: &Reading, caller: &Caller, key: &str, form: &Form) -> Result<Response, Error> {
    let new = item::first_values(cx, &caller.signed.actor, key)?;
    let of = Compared {
        flow: &new.flow,
        number: None,
        state: &new.flow.initial,
        writable: true,
        stored: &new.fields,
        form: Some(form),
    };
    let similar = now(cx, &caller.signed.actor, caller.words, &of)?;
    rendered(&SimilarPart { f: caller.words, similar })
}

/// What stands in the title and the long texts, typed or stored.
fn text(of: &Compared) -> String {
    let is_told = |field: &&Field| {
        of.flow.title.as_ref() == Some(&field.key) || matches!(field.kind, Kind::Textarea { .. }) && !field.hidden
    };
    let of_field = |field: &Field| {
        let typed = of.form.and_then(|form| form.get(&input_name(&field.key)));
        let stored = || of.stored.get(&field.key).map(|value| value.texts().concat());
        typed.map(str::to_owned).or_else(stored).unwrap_or_default()
    };
    let texts: Vec<String> = of.flow.fields.values().filter(is_told).map(of_field).collect();
    texts.join("\n")
}

/// The first field that the person may write and that links to items of this flow.
fn into<'f>(of: &Compared<'f>, key: &str) -> Option<&'f Field> {
    let links =
        |field: &&Field| matches!(&field.kind, Kind::Item { flow } if flow.as_deref().is_none_or(|flow| flow == key));
    let may_write = |field: &&Field| of.writable && flow::access(of.flow, of.state, field) == Access::Write;
    let named = |field: &&Field| matches!(&field.kind, Kind::Item { flow: Some(_) });
    let fields = || of.flow.fields.values().filter(links).filter(may_write);
    fields().find(named).or_else(|| fields().next())
}

fn shown(words: &Words, of: &Compared, flow: &Flow, field: Option<&Field>, one: like::Suggestion) -> SimilarItem {
    let like::Suggestion { row, excerpts, times } = one;
    let link = field.map(|field| {
        let typed = of.form.and_then(|form| form.get(&input_name(&field.key))).unwrap_or_default();
        let stored = of.stored.get(&field.key).map_or(&[][..], Value::texts);
        let path = format!("{}/{}", row.flow, row.number);
        let done = typed.split(',').any(|text| text.trim() == row.id) || of.form.is_none() && stored.contains(&path);
        SimilarLink {
            field: field.key.clone(),
            label: words.two("similar-link-to", ("id", &row.id), ("field", &field.label)),
            id: row.id.clone(),
            done,
        }
    });
    SimilarItem {
        times: (times.count > 0).then(|| came_back(words, times)),
        item: ItemRef {
            href: Some(format!("/flow/{}/{}", row.flow, row.number)),
            id: row.id,
            title: row.title,
            state: Some(StateChip::of(flow, &row.state)),
        },
        excerpts,
        link,
    }
}

/// `出现 12 次`
pub(crate) fn came_back(words: &Words, times: Total) -> String {
    words.one("came-back", "n", times)
}
