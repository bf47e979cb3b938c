//! A transition table: who presses what, where it leads, who is next.

use std::collections::HashSet;

use super::{
    field::{Field, Type, bare, label_of},
    project::Gathered,
    python::{Kind, Place, Value},
};

/// A transition that is to be.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) source: String,
    pub(super) trigger: String,
    pub(super) dest: String,
    /// Fields and the words that they must hold; as TOML.
    pub(super) condition: Vec<(String, String)>,
    pub(super) assign_to: Option<String>,
    pub(super) back: bool,
    /// Not in the original.
    pub(super) added: bool,
}

const KEYS: [&str; 5] = ["source", "trigger", "dest", "trans_condition", "trans_action"];

pub(super) fn rows(table: &Value, fields: &mut [Field], all: &mut Gathered) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let given: Vec<Value> =
        table.list().unwrap_or_default().iter().flat_map(|given| each_source(given, table)).collect();
    for given in &given {
        let Some(row) = row(given, fields, all) else { continue };
        let same = |other: &&Row| other.source == row.source && other.trigger == row.trigger;
        if let Some(first) = rows.iter().find(same)
            && (first.condition.is_empty() || first.condition == row.condition)
        {
            let (source, trigger, line) = (&row.source, &row.trigger, first.place.line);
            let text = format!("'{trigger}' of '{source}' stands in line {line} already: this row is left out");
            all.note(row.place, text);
            continue;
        }
        rows.push(row);
    }
    let rows = reached(rows, all);
    ended(rows, all)
}

/// A row for each of its sources: there may be a list of them, or `'*'`, every state that something leads out of. A `dest` of
/// `'='` is the source.
fn each_source(given: &Value, table: &Value) -> Vec<Value> {
    let (Some(source), Some(pairs)) = (given.get("source"), given.dict()) else { return vec![given.clone()] };
    let dest = given.get("dest").and_then(Value::text);
    let sources: Vec<Value> = match &source.kind {
        Kind::List(sources) => sources.clone(),
        Kind::Text(text) if text == "*" => {
            let others = table.list().unwrap_or_default().iter().filter_map(|row| row.get("source"));
            let mut known: Vec<Value> = Vec::new();
            let single = |value| std::slice::from_ref(value);
            for other in others.flat_map(|source| source.list().unwrap_or_else(|| single(source))) {
                let is_new = known.iter().all(|one| one.text() != other.text());
                if is_new && other.text().is_some_and(|text| text != "*" && Some(text) != dest) {
                    known.push(other.clone());
                }
            }
            known
        }
        _ if dest == Some("=") => vec![source.clone()],
        _ => return vec![given.clone()],
    };
    let with = |source: Value| {
        let pairs = pairs.iter().map(|(key, value)| match (key.text(), value.text()) {
            (Some("source"), _) | (Some("dest"), Some("=")) => (key.clone(), source.clone()),
            _ => (key.clone(), value.clone()),
        });
        Value { place: given.place, kind: Kind::Dict(pairs.collect()) }
    };
    sources.into_iter().map(with).collect()
}

fn row(given: &Value, fields: &mut [Field], all: &mut Gathered) -> Option<Row> {
    let Some(pairs) = given.dict() else {
        all.note(given.place, format!("{} is no row of a transition table: left out", given.written()));
        return None;
    };
    for (key, value) in pairs {
        let word = key.text().unwrap_or_default();
        if !KEYS.contains(&word) {
            let near = KEYS.iter().find(|known| strsim::damerau_levenshtein(known, word) <= 2);
            let near = near.map(|near| format!("; is it {near}?")).unwrap_or_default();
            all.note(value.place, format!("a transition has no {}{near}", key.written()));
        }
    }
    let mut texts = Vec::new();
    for word in ["source", "trigger", "dest"] {
        match given.get(word).map(|value| (value, value.text())) {
            Some((_, Some(text))) if !text.trim().is_empty() => texts.push(text.trim().to_owned()),
            Some((value, _)) => {
                let text = format!("the row is left out: its {word} is {}, not a text", value.written());
                all.note(value.place, text);
                return None;
            }
            None => {
                all.note(given.place, format!("the row is left out: it has no {word}"));
                return None;
            }
        }
    }
    let [source, trigger, dest] = texts.try_into().ok()?;
    let condition = conditions(given.get("trans_condition"), fields, all)?;
    let assign_to = given.get("trans_action").and_then(|action| assigned(action, fields, all));
    let back = ["打回", "退回", "驳回"].iter().any(|word| trigger.contains(word)) && source != dest;
    Some(Row { place: given.place, source, trigger, dest, condition, assign_to, back, added: false })
}

/// What a table calls a field: its name, its `verbose_name`, or that without `(只读)`.
fn named(word: &str, fields: &[Field]) -> Option<String> {
    let bare = label_of(word);
    match bare.as_str() {
        "创建人" | "报告人" | "created_by" => return Some("created_by".into()),
        "当前处理人" | "assigned_to" => return Some("assigned_to".into()),
        "当前状态" | "current_state" => return Some("current_state".into()),
        _ => {}
    }
    let exact = fields.iter().find(|field| field.verbose == word || field.name == word);
    exact.or_else(|| fields.iter().find(|field| field.label == bare)).map(|field| field.key.clone())
}

/// The row's conditions, or none at all: the row can never be taken.
fn conditions(given: Option<&Value>, fields: &[Field], all: &mut Gathered) -> Option<Vec<(String, String)>> {
    let mut conditions = Vec::new();
    let Some(given) = given.filter(|given| !matches!(given.kind, Kind::None)) else { return Some(conditions) };
    let Some(pairs) = given.dict() else {
        all.note(given.place, format!("the condition {} is not known here: left out", given.written()));
        return Some(conditions);
    };
    for (key, value) in pairs {
        let word = key.text().unwrap_or_default();
        let Some(name) = named(word, fields) else {
            all.note(key.place, format!("the condition on {} is left out: no field is called so", key.written()));
            continue;
        };
        let field = fields.iter().find(|field| field.key == name);
        let text = match &value.kind {
            Kind::Text(text) => text.clone(),
            Kind::Number(text) => text.clone(),
            Kind::Bool(value) => value.to_string(),
            _ => {
                let text = format!("the condition {word} = {} is left out: a word is needed", value.written());
                all.note(value.place, text);
                continue;
            }
        };
        let written = match field.map(|field| &field.ty) {
            Some(Type::Choice(pairs)) => {
                let Some((_, word)) = pairs.iter().find(|(stored, word)| *stored == text || *word == text) else {
                    let text = format!("the row is left out: '{word}' has no choice '{text}', so it is never taken");
                    all.note(value.place, text);
                    return None;
                };
                super::write::quoted(word)
            }
            Some(Type::Number { .. } | Type::Bool) => text,
            _ => super::write::quoted(&text),
        };
        conditions.push((name, written));
    }
    Some(conditions)
}

/// Whom the action names; the field becomes one for users.
fn assigned(action: &Value, fields: &mut [Field], all: &mut Gathered) -> Option<String> {
    if matches!(action.kind, Kind::None) {
        return None;
    }
    let Some(pairs) = action.dict() else {
        all.note(action.place, format!("the action {} is not in these files: left out", action.written()));
        return None;
    };
    let mut found = None;
    for (key, value) in pairs {
        if key.text() != Some("assign_to") {
            let text = format!("the action {}: {} has no counterpart: left out", key.written(), value.written());
            all.note(key.place, text);
            continue;
        }
        let Some(word) = value.text() else {
            all.note(value.place, format!("assign_to: {} is no name: left out", value.written()));
            continue;
        };
        match named(word, fields) {
            Some(name) if name == "current_state" => {
                all.note(value.place, format!("assign_to: '{word}' is no person: left out"));
            }
            Some(name) => found = holder(name, value, fields, all).or(found),
            None if is_user_name(word) => {
                all.note(
                    value.place,
                    format!("assign_to: no field is called '{word}': taken as the user of that name"),
                );
                found = Some(format!("user:{word}"));
            }
            None => {
                let text = format!("assign_to: no field is called '{word}': left out, the item stays with its holder");
                all.note(value.place, text);
            }
        }
    }
    found
}

fn is_user_name(word: &str) -> bool {
    !word.is_empty() && word.len() <= 64 && word.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c))
}

fn holder(name: String, value: &Value, fields: &mut [Field], all: &mut Gathered) -> Option<String> {
    let Some(field) = fields.iter_mut().find(|field| field.key == name) else {
        return Some(name); // a built-in
    };
    match field.ty {
        Type::User => {}
        Type::Text | Type::Textarea => {
            field.ty = Type::User;
            if let Some(default) = field.default.take() {
                field.hint = Some(bare(&default).to_owned());
                field.required = false;
            }
        }
        _ => {
            let text = format!("assign_to: '{}' is no field for a name: left out", field.label);
            all.note(value.place, text);
            return None;
        }
    }
    if field.readonly || field.hidden {
        let text =
            format!("'{}' is filled by nobody, yet assign_to names it: people may now type into it", field.label);
        all.note(value.place, text);
        (field.readonly, field.hidden) = (false, false);
    }
    Some(name)
}

/// Without the rows of states that no item ever comes to.
fn reached(rows: Vec<Row>, all: &mut Gathered) -> Vec<Row> {
    let Some(first) = rows.first() else { return rows };
    let mut known: HashSet<String> = HashSet::from([first.source.clone()]);
    loop {
        let more: Vec<String> = rows
            .iter()
            .filter(|row| known.contains(&row.source) && !known.contains(&row.dest))
            .map(|row| row.dest.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        known.extend(more);
    }
    let (kept, left): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| known.contains(&row.source));
    for row in left {
        let near = known.iter().find(|state| strsim::damerau_levenshtein(state, &row.source) == 1);
        let near = near.map(|near| format!("; is it '{near}'?")).unwrap_or_default();
        let text = format!("no transition leads to the state '{}': this row is left out{near}", row.source);
        all.note(row.place, text);
    }
    kept
}

/// With a way to an end for items that would never come to one: the original needs none, a flow does.
fn ended(mut rows: Vec<Row>, all: &mut Gathered) -> Vec<Row> {
    loop {
        let mut ends: HashSet<&str> = rows.iter().map(|row| row.dest.as_str()).collect();
        for row in &rows {
            ends.remove(row.source.as_str());
        }
        loop {
            let more: Vec<&str> = rows
                .iter()
                .filter(|row| ends.contains(row.dest.as_str()) && !ends.contains(row.source.as_str()))
                .map(|row| row.source.as_str())
                .collect();
            if more.is_empty() {
                break;
            }
            ends.extend(more);
        }
        let Some(stuck) = rows.iter().rev().find(|row| !ends.contains(row.source.as_str())) else { return rows };
        let (place, source) = (stuck.place, stuck.source.clone());
        let is_state = |word: &str| rows.iter().any(|row| row.source == word || row.dest == word);
        let is_trigger = |word: &str| rows.iter().any(|row| row.source == source && row.trigger == word);
        let end = ["关闭", "结束", "终止"].into_iter().find(|word| {
            !rows.iter().any(|row| row.source == *word) && !is_trigger(word) && (!is_state(word) || ends.contains(word))
        });
        let end = end.unwrap_or("（结束）").to_owned();
        let text = format!("from '{source}' no item ever comes to an end: the transition '{end}' is added");
        all.note(place, text);
        let row = Row {
            place,
            source,
            trigger: end.clone(),
            dest: end,
            condition: Vec::new(),
            assign_to: None,
            back: false,
            added: true,
        };
        rows.push(row);
    }
}
