//! New items: by hand, and opened by a transition.

use super::{
    Decision, FieldProblem, Input, Item, NotAllowed, OpenFact, Record, RecordKind, Refusal, Wrong,
    access::{may_create, may_create_as_such},
    fields::Draft,
    needs,
    press::holders,
    reading::{read_value, whole_milliseconds},
};
use crate::{Facts, Field, Fields, Flow, Kind, Open, Value};

/// A new item of `flow`, whose version is `version`, as its number `number`.
///
/// # Errors
/// The actor may not create, or what was sent or is missing: every field at once.
pub fn create(flow: &Flow, version: i64, number: i64, input: &Input, facts: &Facts) -> Result<Decision, Refusal> {
    if !may_create(flow, facts.actor) {
        return Err(Refusal::NotAllowed(NotAllowed::Create));
    }
    let mut draft = begin(flow, facts);
    draft.write_input(&flow.initial, input);
    drop_defaults(&mut draft, |key| input.contains_key(key));
    draft.check_cascades();
    needs::ask_for(&mut draft, &needs::of_new(flow));
    let holders = holders(&flow.create.assign_to, &[], &facts.actor.name, &draft).unwrap_or_else(|(field, wrong)| {
        draft.refuse(&field, wrong);
        Vec::new()
    });
    draft.verdict()?;
    Ok(created(draft, version, number, holders, !may_create_as_such(flow, facts.actor)))
}

/// The first values of a new item's form: the defaults.
#[must_use]
pub fn initial_fields(flow: &Flow, facts: &Facts) -> Fields {
    let mut draft = begin(flow, facts);
    drop_defaults(&mut draft, |_| false);
    draft.fields
}

/// The first values of the form of a new item that is made of another, the defaults among them: what `open`, a row of that
/// one's flow, copies, as far as it can stand there, and a link back in the first field that links to that flow.
#[must_use]
pub fn initial_fields_of(flow: &Flow, open: &Open, (from, item): (&Flow, &Item), facts: &Facts) -> Fields {
    let mut draft = begin(flow, facts);
    for field in flow.fields.values() {
        let Some(source) = open.copy.get(&field.key).and_then(|key| from.fields.get(key)) else { continue };
        let value = item.fields.get(&source.key).unwrap_or(&Value::Empty);
        if let Ok(value) = copied(field, source, value, draft.words(field), facts) {
            draft.put(field, value);
        }
    }
    let links_back = |field: &&Field| matches!(&field.kind, Kind::Item { flow: Some(to) } if *to == from.key);
    if let Some(field) = flow.fields.values().find(links_back).filter(|field| !open.copy.contains_key(&field.key)) {
        let link = format!("{}/{}", from.key, item.number);
        draft.put(field, if field.multiple { Value::List(vec![link]) } else { Value::Text(link) });
    }
    drop_defaults(&mut draft, |key| open.copy.contains_key(key));
    draft.fields
}

/// The item that a transition opens, with what the open one copies into it, and the link to it. `None`: something is wrong,
/// and stands in `draft`.
pub(super) fn open(open: &Open, by_admin: bool, draft: &mut Draft) -> Option<(String, Decision)> {
    let Some(OpenFact { flow, version, number }) = draft.facts.opens.get(&open.flow).copied() else {
        draft.refuse(&open.link, Wrong::NoFlow { flow: open.flow.clone() });
        return None;
    };
    let link = draft.flow.fields.get(&open.link)?;
    let mut links = draft.value(link).texts().to_vec();
    if !link.multiple && !links.is_empty() {
        draft.refuse(&open.link, Wrong::Linked);
        return None;
    }
    match opened(open, flow, draft) {
        Err(problems) => {
            for FieldProblem { field, what } in problems {
                draft.refuse(&field, what);
            }
            None
        }
        Ok((inner, holders)) => {
            let item = format!("{}/{number}", open.flow);
            links.push(item.clone());
            draft.put(link, if link.multiple { Value::list(links) } else { Value::Text(item) });
            Some((open.flow.clone(), created(inner, version, number, holders, by_admin)))
        }
    }
}

/// The values of an opened item and its holders, or what is wrong with the fields of the item that opens it.
fn opened<'a>(open: &Open, flow: &'a Flow, draft: &Draft<'a>) -> Result<(Draft<'a>, Vec<String>), Vec<FieldProblem>> {
    let facts = draft.facts;
    let copy = |field: &str, source: &str, why: Wrong| FieldProblem {
        field: source.to_owned(),
        what: Wrong::Copy { flow: flow.key.clone(), field: field.to_owned(), why: Box::new(why) },
    };
    let mut inner = begin(flow, facts);
    let mut problems = Vec::new();
    for field in flow.fields.values() {
        let Some((key, source)) = open.copy.get(&field.key).and_then(|key| draft.flow.fields.get_key_value(key)) else {
            continue;
        };
        let value = copied(field, source, &draft.value(source), inner.words(field), facts);
        match value {
            Ok(value) => inner.put(field, value),
            Err(why) => problems.push(copy(&field.key, key, why)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    drop_defaults(&mut inner, |key| open.copy.contains_key(key));
    match holders(&flow.create.assign_to, &[], &facts.actor.name, &inner) {
        Ok(holders) => Ok((inner, holders)),
        Err((field, why)) => Err(vec![match open.copy.get(&field) {
            Some(source) => copy(&field, source, why),
            None => FieldProblem { field: open.link.clone(), what: Wrong::NoHolder },
        }]),
    }
}

/// `source`'s `value` as a value of `field`, by the rules of its input.
fn copied(
    field: &Field,
    source: &Field,
    value: &Value,
    words: Option<&[String]>,
    facts: &Facts,
) -> Result<Value, Wrong> {
    let json = match (value, field.multiple) {
        (Value::Text(text), true) => Value::List(vec![text.clone()]).to_stored(),
        (Value::List(words), false) if words.len() == 1 => words.as_slice().first().map(String::as_str).into(),
        _ => value.to_stored(),
    };
    // An item that is linked already is there, whoever may see it.
    let known = if matches!((&field.kind, &source.kind), (Kind::Item { .. }, Kind::Item { .. })) {
        value
    } else {
        &Value::Empty
    };
    let read = read_value(field, &json, words, known, facts)?;
    match &field.kind {
        Kind::Item { flow: Some(flow) } => {
            let strange = read.texts().iter().any(|item| item.split_once('/').is_none_or(|(key, _)| key != flow));
            if strange { Err(Wrong::OtherFlow { flow: flow.clone() }) } else { Ok(read) }
        }
        _ => Ok(read),
    }
}

/// A new item's defaults.
pub(super) fn begin<'a>(flow: &'a Flow, facts: &'a Facts<'a>) -> Draft<'a> {
    let mut draft = Draft::over(flow, facts, Fields::new());
    for field in flow.fields.values() {
        if let Some(preset) = &field.default {
            draft.write_default(field, preset);
        }
    }
    draft.before.clone_from(&draft.fields);
    draft
}

/// A cascade's default stands only under a parent's value that offers it, unless it `is_given` by hand.
pub(super) fn drop_defaults(draft: &mut Draft, is_given: impl Fn(&str) -> bool) {
    for field in draft.flow.fields.values().filter(|field| field.parent().is_some() && !is_given(&field.key)) {
        if !draft.fits(field) {
            draft.put(field, Value::Empty);
        }
    }
}

fn created(draft: Draft, flow_version: i64, number: i64, holders: Vec<String>, by_admin: bool) -> Decision {
    let facts = draft.facts;
    let now = whole_milliseconds(facts.now);
    let changes = draft.changes(&Fields::new());
    let item = Item {
        number,
        flow_version,
        revision: 1,
        state: draft.flow.initial.clone(),
        assigned_to: holders,
        created_by: facts.actor.name.clone(),
        created_at: now,
        updated_at: now,
        closed_at: None,
        fields: draft.fields,
    };
    let record = Record {
        at: now,
        actor: facts.actor.name.clone(),
        kind: RecordKind::Created,
        trigger: None,
        from: None,
        to: item.state.clone(),
        changes,
        assigned_to: item.assigned_to.clone(),
        comment: None,
        by_admin,
    };
    Decision { before: None, after: item, record, opens: None }
}
