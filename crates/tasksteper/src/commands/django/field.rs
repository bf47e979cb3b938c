//! A model's fields, with what its form says of them.

use super::{
    project::Gathered,
    python::{Call, Class, Kind, Place, Python, Value},
    widget,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Textarea,
    /// What is stored, and the word that people see.
    Choice(Vec<(String, String)>),
    User,
    Number {
        decimals: Option<u32>,
    },
    Date,
    Datetime,
    Bool,
    Url,
    /// The flow, if it can be told.
    Item(Option<String>),
}

/// A field of a flow that is to be.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// In Python, and the column of the table.
    pub(super) name: String,
    pub(super) key: String,
    pub(super) label: String,
    /// The `verbose_name` as it stands there: tables refer to it.
    pub(super) verbose: String,
    pub(super) place: Place,
    pub(super) ty: Type,
    pub(super) required: bool,
    pub(super) default: Option<String>,
    /// A default that only told people what to write.
    pub(super) hint: Option<String>,
    pub(super) help: Option<String>,
    pub(super) max_length: Option<u32>,
    pub(super) width: Option<u32>,
    pub(super) rows: Option<u32>,
    pub(super) readonly: bool,
    pub(super) hidden: bool,
    /// Its choices are in none of the files.
    pub(super) lost_choices: bool,
    /// Why it is not as it was, for the flow file.
    pub(super) remarks: Vec<String>,
}

/// Every flow has these; the original declares them.
pub(super) const BUILT_IN: [&str; 6] =
    ["current_state", "assigned_to", "created_by", "created_at", "updated_at", "closed_at"];

const RESERVED: [&str; 20] = [
    "today", "now", "date", "actor", "anyone", "me", "state", "created", "updated", "closed", "was", "reached",
    "changed", "and", "or", "not", "in", "true", "false", "null",
];

/// What becomes of a field whose choices are in none of the files.
pub(super) const LOST: &str = "it becomes a text field";

/// A name as a key of ours: `[a-z][a-z0-9_]{0,39}`, no reserved word.
pub(super) fn key_of(name: &str, otherwise: &str) -> String {
    let small: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let key = small.trim_matches('_');
    let key: String = key.trim_start_matches(|c: char| !c.is_ascii_lowercase()).chars().take(36).collect();
    let key = if key.is_empty() { otherwise.to_owned() } else { key };
    if RESERVED.contains(&key.as_str()) { key + "_of_item" } else { key }
}

/// Without what only said how it behaves: `当前状态(只读)`, `Buglist链接(URL)`.
pub(super) fn label_of(verbose: &str) -> String {
    let mut label = verbose.trim();
    for suffix in ["(只读)", "（只读）", "(URL)", "（URL）", "(url)", "（url）", ":", "："] {
        label = label.strip_suffix(suffix).unwrap_or(label).trim_end();
    }
    label.to_owned()
}

/// A value that only says what is to be written there. The original's pages put `#` around it.
pub(super) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text.contains('\n') || text.chars().count() > 60 {
        return false;
    }
    let marked = text.chars().count() > 2 && text.starts_with('#') && text.ends_with('#');
    let ends = ["填写", "指定", "指派", "(若有)", "（若有）", "(如有)", "（如有）"];
    marked || ends.iter().any(|end| text.ends_with(end))
}

/// The words of a placeholder.
pub(super) fn bare(text: &str) -> &str {
    text.trim().trim_matches('#').trim()
}

pub(super) fn fields(python: &Python, class: &Class, form: Option<&Class>, all: &mut Gathered) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for (name, value) in body(python, class, 0) {
        let Kind::Call(call) = &value.kind else {
            if name != "objects" && !name.starts_with("__") {
                all.note(value.place, format!("{name} = {} is no field: left out", value.written()));
            }
            continue;
        };
        let Some(field) = field(python, &name, value.place, call, all) else { continue };
        if let Some(known) = fields.iter_mut().find(|known| known.name == name) {
            all.note(value.place, format!("the field {name} is here a second time: this one is taken, as Python does"));
            *known = field;
            continue;
        }
        fields.push(field);
    }
    distinct(&mut fields, all);
    for (name, place) in &class.methods {
        if !name.starts_with("__") {
            let text = format!("what {name}() of {} does is not carried over: a flow has no code", class.name);
            all.note(*place, text);
        }
    }
    if let Some(form) = form {
        widget::apply(form, &mut fields, all);
    }
    for field in &mut fields {
        let is_text = matches!(field.ty, Type::Text | Type::Textarea);
        field.required &= field.hint.is_none() && !field.readonly && !field.hidden && field.ty != Type::Bool;
        if is_text && field.default.as_deref().is_some_and(|text| text.contains('\n')) {
            field.ty = Type::Textarea;
        }
    }
    fields
}

/// What stands in the class, after what stands in those that it comes from.
fn body(python: &Python, class: &Class, depth: usize) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for base in class.bases.iter().filter(|_| depth < 8) {
        if let Some(base) = python.classes.iter().find(|known| known.name == *base && known.name != class.name) {
            all.extend(body(python, base, depth + 1));
        }
    }
    for (name, value) in &class.body {
        all.retain(|(known, _)| known != name);
        all.push((name.clone(), value.clone()));
    }
    all
}

fn distinct(fields: &mut [Field], all: &mut Gathered) {
    for at in 0..fields.len() {
        let (before, rest) = fields.split_at_mut(at);
        let Some(field) = rest.first_mut() else { continue };
        let wanted = field.key.clone();
        let mut n = 2;
        while before.iter().any(|other| other.key == field.key) {
            field.key = format!("{wanted}_{n}");
            n += 1;
        }
        if field.key != field.name {
            let text = format!("{} cannot be a field's key, or is taken: it becomes {}", field.name, field.key);
            all.note(field.place, text);
        }
    }
}

fn field(python: &Python, name: &str, place: Place, call: &Call, all: &mut Gathered) -> Option<Field> {
    if BUILT_IN.contains(&name) {
        return None; // every flow has it
    }
    let choices = call.get("choices").and_then(|given| choices(python, name, given, all));
    let is_lost = choices.is_none() && call.get("choices").is_some();
    let ty = match (choices, type_of(name, place, call, all)?) {
        (Some(choices), _) => Type::Choice(choices),
        (None, ty) => ty,
    };
    let verbose = match (call.get("verbose_name"), call.args.first()) {
        (Some(given), _) => given.text(),
        // Of a relation the first argument is the other model.
        (None, Some(first)) if !call.last().ends_with("Key") && !call.last().ends_with("ToManyField") => first.text(),
        _ => None,
    };
    let verbose = verbose.unwrap_or(name).to_owned();
    let label = label_of(&verbose);
    let mut field = Field {
        name: name.to_owned(),
        key: key_of(name, "field"),
        label: if label.is_empty() { name.to_owned() } else { label },
        readonly: verbose.contains("只读"),
        verbose,
        place,
        ty,
        required: !call.get("blank").is_some_and(Value::is_true) && !call.get("null").is_some_and(Value::is_true),
        default: None,
        hint: None,
        help: call.get("help_text").and_then(Value::text).filter(|help| !help.trim().is_empty()).map(one_line),
        max_length: call.get("max_length").and_then(Value::number),
        width: None,
        rows: None,
        hidden: call.get("editable").is_some_and(|value| matches!(value.kind, Kind::Bool(false))),
        lost_choices: is_lost,
        remarks: Vec::new(),
    };
    for word in ["auto_now", "auto_now_add"] {
        if call.get(word).is_some_and(Value::is_true) {
            field.readonly = true;
            field.default =
                (word == "auto_now_add").then(|| if field.ty == Type::Date { "today".into() } else { "now".into() });
            if word == "auto_now" {
                all.note(
                    place,
                    format!("{name}: a flow cannot write the time at each save (auto_now); see updated_at"),
                );
            }
        }
    }
    if let Some(given) = call.get("default") {
        preset(&mut field, &member(python, given).unwrap_or_else(|| given.clone()), all);
    }
    for (word, value) in &call.named {
        if ["unique", "validators", "unique_for_date", "primary_key"].contains(&word.as_str()) {
            all.note(value.place, format!("{name}: {word}={} has no counterpart in a flow", value.written()));
        }
    }
    Some(field)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn type_of(name: &str, place: Place, call: &Call, all: &mut Gathered) -> Option<Type> {
    Some(match call.last() {
        "CharField"
        | "SlugField"
        | "EmailField"
        | "GenericIPAddressField"
        | "IPAddressField"
        | "UUIDField"
        | "TimeField"
        | "DurationField" => Type::Text,
        "TextField" => Type::Textarea,
        "IntegerField"
        | "BigIntegerField"
        | "SmallIntegerField"
        | "PositiveIntegerField"
        | "PositiveSmallIntegerField"
        | "PositiveBigIntegerField" => Type::Number { decimals: Some(0) },
        "FloatField" => Type::Number { decimals: None },
        "DecimalField" => Type::Number { decimals: call.get("decimal_places").and_then(Value::number) },
        "BooleanField" | "NullBooleanField" => Type::Bool,
        "DateField" => Type::Date,
        "DateTimeField" => Type::Datetime,
        "URLField" => Type::Url,
        "AutoField" | "BigAutoField" => return None,
        "ForeignKey" | "OneToOneField" if to_user(call) => Type::User,
        other => {
            let text = if other.ends_with("Field") || other.ends_with("Key") {
                format!("{name}: a flow has no {other}: left out")
            } else {
                format!("{name} = {other}(…) is no field that is known: left out")
            };
            all.note(place, text);
            return None;
        }
    })
}

fn to_user(call: &Call) -> bool {
    let to = call.args.first().or_else(|| call.get("to")).map(Value::written).unwrap_or_default();
    ["User", "auth.User", "'User'", "'auth.User'", "settings.AUTH_USER_MODEL", "get_user_model(…)"]
        .contains(&to.as_str())
}

fn preset(field: &mut Field, given: &Value, all: &mut Gathered) {
    let text = match (&given.kind, &field.ty) {
        (Kind::None, _) => return,
        (Kind::Text(text), _) => text.clone(),
        (Kind::Number(text), _) => text.clone(),
        (Kind::Bool(value), _) => value.to_string(),
        (Kind::Name(name), Type::Date | Type::Datetime) if name.ends_with(".now") || name.ends_with(".today") => {
            field.default = Some(if field.ty == Type::Date { "today".into() } else { "now".into() });
            return;
        }
        _ => {
            let text = format!("{}: the default {} is not known here: left out", field.name, given.written());
            all.note(given.place, text);
            return;
        }
    };
    match &field.ty {
        _ if text.is_empty() => {}
        Type::Choice(pairs) => match pairs.iter().find(|(stored, word)| *stored == text || *word == text) {
            Some((_, word)) => field.default = Some(word.clone()),
            None => {
                let text = format!("{}: the default '{text}' is none of its choices: left out", field.name);
                all.note(given.place, text);
            }
        },
        _ if is_placeholder(&text) => field.hint = Some(bare(&text).to_owned()),
        Type::Text | Type::Textarea if field.max_length.is_some_and(|most| text.chars().count() > most as usize) => {
            all.note(given.place, format!("{}: the default is longer than max_length: left out", field.name));
        }
        _ => field.default = Some(text),
    }
}

fn choices(python: &Python, name: &str, given: &Value, all: &mut Gathered) -> Option<Vec<(String, String)>> {
    let given = enumeration(python, given).unwrap_or_else(|| given.clone());
    let Some(list) = given.list() else {
        let text = format!("{name}: the choices {} are not in these files: {LOST}", given.written());
        all.note(given.place, text);
        return None;
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for one in list {
        let (stored, word) = match one.list() {
            // A group: its name, and what is in it.
            Some([_, Value { kind: Kind::List(inner), place }]) => {
                let inner = Value { place: *place, kind: Kind::List(inner.clone()) };
                pairs.extend(choices(python, name, &inner, all).unwrap_or_default());
                continue;
            }
            Some([stored, word]) => (stored, word),
            _ => (one, one),
        };
        let (Some(stored), Some(word)) = (plain(stored), plain(word)) else {
            all.note(one.place, format!("{name}: {} is no choice: left out", one.written()));
            continue;
        };
        let word = if word.trim().is_empty() { stored.clone() } else { word.trim().to_owned() };
        if word.is_empty() {
            continue; // the empty choice: a flow has it by itself
        }
        if pairs.iter().any(|(_, known)| *known == word) {
            all.note(one.place, format!("{name}: the choice '{word}' is there a second time: one word here"));
        }
        pairs.push((stored, word));
    }
    if pairs.is_empty() {
        all.note(given.place, format!("{name}: there is no choice left: it becomes a text field"));
        return None;
    }
    Some(pairs)
}

/// `Level.choices`, of a class of choices.
fn enumeration(python: &Python, given: &Value) -> Option<Value> {
    let Kind::Name(name) = &given.kind else { return None };
    let class = name.strip_suffix(".choices").unwrap_or(name);
    let class = python.classes.iter().find(|known| known.name == class)?;
    let pairs = class.body.iter().map(|(_, value)| value.clone()).collect();
    Some(Value { place: given.place, kind: Kind::List(pairs) })
}

/// `Level.LOW`: what is stored of it.
fn member(python: &Python, given: &Value) -> Option<Value> {
    let Kind::Name(name) = &given.kind else { return None };
    let (class, member) = name.rsplit_once('.')?;
    let class = python.classes.iter().find(|known| known.name == class)?;
    let (_, value) = class.body.iter().find(|(known, _)| known == member)?;
    Some(value.list().and_then(<[Value]>::first).unwrap_or(value).clone())
}

fn plain(value: &Value) -> Option<String> {
    match &value.kind {
        Kind::Text(text) | Kind::Number(text) => Some(text.clone()),
        Kind::None => Some(String::new()),
        Kind::Bool(_) => Some(value.written()),
        _ => None,
    }
}

/// A text field for another item's address becomes a link, if it can be told that it is one.
pub(super) fn link(field: &mut Field, projects: &[(String, String)]) {
    if !matches!(field.ty, Type::Text | Type::Url) {
        return;
    }
    let stem = field.name.trim_end_matches("_url").trim_end_matches("_link");
    let is_address = stem != field.name || field.verbose.to_ascii_uppercase().contains("URL");
    let says_item = field.hint.as_deref().is_some_and(|hint| hint.contains("单链接") || hint.contains("条目"));
    let known = projects.iter().find(|(name, _)| name == stem);
    if !is_address || (known.is_none() && !says_item) {
        if field.ty == Type::Text && is_address && field.default.is_none() {
            field.ty = Type::Url;
            field.remarks.push("a text for addresses in the original".into());
        }
        return;
    }
    field.ty = Type::Item(known.map(|(_, key)| key.clone()));
    field.default = None;
    field.remarks.push(match known {
        Some(_) => "the item's address as text in the original; now a link".into(),
        None => "the item's address as text in the original; now a link, to any flow: flow = \"…\" narrows it".into(),
    });
}

/// The item of `…/polls/0/flow/improvement/2/detail/`, as addresses of the original are. `keys`: names of projects, keys of
/// their flows.
pub(super) fn address(text: &str, keys: &[(String, String)]) -> Option<(String, i64)> {
    let mut parts = text.split(|c: char| c == '/' || c.is_whitespace());
    parts.find(|part| *part == "flow")?;
    let (name, number) = (parts.next()?, parts.next()?.parse().ok()?);
    let (_, key) = keys.iter().find(|(known, key)| known == name || key == name)?;
    Some((key.clone(), number))
}
