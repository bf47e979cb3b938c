//! A published flow as JSON: the words of the flow language, with what stands by default spelled out.

use app::Published;
use flow::{Choices, CommentRule, Field, Flow, Holder, Kind, Preset, State, Transition, Who};
use serde_json::{Map, Value, json};

pub(super) fn json(published: &Published) -> Value {
    let flow = &*published.flow;
    json!({
        "key": flow.key,
        "name": flow.name,
        "version": published.version,
        "archived": published.archived,
        "item_prefix": flow.item_prefix,
        "title": flow.title,
        "initial": flow.initial,
        "fields": flow.fields.values().map(field).collect::<Vec<_>>(),
        "states": flow.states.values().map(state).collect::<Vec<_>>(),
        "transitions": flow.transitions.iter().map(transition).collect::<Vec<_>>(),
        "create": {"by": people(&flow.create.by), "assign_to": holder(&flow.create.assign_to)},
        "view": {"by": people(&flow.view)},
        "list": {"columns": columns(flow)},
    })
}

fn columns(flow: &Flow) -> Vec<&String> {
    flow.columns.iter().collect()
}

fn field(field: &Field) -> Value {
    let mut json = json!({
        "key": field.key,
        "label": field.label,
        "type": field.kind.name(),
        "required": field.required,
        "default": field.default.as_ref().map(preset),
        "hint": field.hint,
        "help": field.help,
        "width": field.width,
        "multiple": field.multiple,
        "readonly": field.readonly,
        "hidden": field.hidden,
    });
    if let Some(object) = json.as_object_mut() {
        object.extend(details(&field.kind));
    }
    json
}

fn details(kind: &Kind) -> Map<String, Value> {
    let details = match kind {
        Kind::Text { max_length, pattern } => {
            json!({"max_length": max_length, "pattern": pattern.as_ref().map(|(written, _)| written)})
        }
        Kind::Textarea { max_length, rows } => json!({"max_length": max_length, "rows": rows}),
        Kind::Choice(Choices::Flat(words)) => json!({"choices": words}),
        Kind::Choice(Choices::Cascade { parent, under }) => json!({"parent": parent, "choices": under}),
        Kind::Number { min, max, decimals } => json!({"min": min, "max": max, "decimals": decimals}),
        Kind::Item { flow } => json!({"flow": flow}),
        Kind::User | Kind::Date | Kind::Datetime | Kind::Bool | Kind::Url => json!({}),
    };
    match details {
        Value::Object(details) => details,
        _ => Map::new(),
    }
}

fn preset(given: &Preset) -> Value {
    match given {
        Preset::Value(value) => value.to_stored(),
        Preset::CreatedBy => json!("created_by"),
        Preset::Actor => json!("actor"),
        Preset::Today => json!("today"),
        Preset::Now => json!("now"),
        Preset::Local(time) => json!(time.to_string()),
        Preset::List(presets) => presets.iter().map(preset).collect(),
    }
}

fn state(state: &State) -> Value {
    json!({
        "name": state.name,
        "readonly": state.readonly,
        "hidden": state.hidden,
        "required": state.required,
        "due_minutes": state.due_minutes,
        "final": state.is_final,
    })
}

fn transition(row: &Transition) -> Value {
    json!({
        "source": row.sources,
        "trigger": row.trigger,
        "dest": row.dest,
        "condition": row.condition.as_ref().map(|condition| condition.text.clone()),
        "unmet": row.unmet,
        "assign_to": holder(&row.assign_to),
        "by": people(&row.by),
        "required": row.required,
        "set": row.set.iter().map(|(key, value)| (key.clone(), preset(value))).collect::<Map<_, _>>(),
        "comment": match row.comment {
            CommentRule::None => "none",
            CommentRule::Optional => "optional",
            CommentRule::Required => "required",
        },
        "create": row.create.as_ref().map(|open| json!({"flow": open.flow, "link": open.link, "copy": open.copy})),
        "back": row.back,
    })
}

fn holder(holder: &Holder) -> String {
    match holder {
        Holder::Same => "assigned_to".to_owned(),
        Holder::CreatedBy => "created_by".to_owned(),
        Holder::Field(key) => key.clone(),
        Holder::User(name) => format!("user:{name}"),
    }
}

fn people(people: &[Who]) -> Vec<String> {
    let word = |who: &Who| match who {
        Who::Anyone => "anyone".to_owned(),
        Who::AssignedTo => "assigned_to".to_owned(),
        Who::CreatedBy => "created_by".to_owned(),
        Who::Field(key) => key.clone(),
        Who::User(name) => format!("user:{name}"),
        Who::Group(name) => format!("group:{name}"),
    };
    people.iter().map(word).collect()
}
