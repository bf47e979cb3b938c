//! What a form says of its model's fields: which it shows, how large, which nobody types into.

use super::{
    field::{BUILT_IN, Field, Type, bare, is_placeholder, label_of},
    project::Gathered,
    python::{Call, Class, Kind, Value},
};

/// Carries over what the form's `Meta` says.
pub(super) fn apply(form: &Class, fields: &mut [Field], all: &mut Gathered) {
    let Some(meta) = form.inner.iter().find(|inner| inner.name == "Meta") else {
        all.note(form.place, format!("the form {} has no class Meta: nothing is carried over from it", form.name));
        return;
    };
    for (word, value) in &meta.body {
        match word.as_str() {
            "model" => {}
            "fields" => shown(value, fields, all),
            "exclude" => {
                for name in value.list().unwrap_or_default().iter().filter_map(Value::text) {
                    hide(name, value, fields, all);
                }
            }
            "widgets" => widgets(value, fields, all),
            "labels" | "help_texts" => words(word, value, fields, all),
            other => all.note(value.place, format!("{}.Meta.{other} is not carried over", form.name)),
        }
    }
    for (name, value) in &form.body {
        let text = format!("{name} of the form {} is declared apart from the model: not carried over", form.name);
        all.note(value.place, text);
    }
    for (name, place) in &form.methods {
        let text = format!("what {name}() of {} does is not carried over: a flow has no code", form.name);
        all.note(*place, text);
    }
}

/// `'__all__'`, or a list: the order of the form, the others are not shown.
fn shown(value: &Value, fields: &mut [Field], all: &mut Gathered) {
    if value.text() == Some("__all__") {
        return;
    }
    let Some(list) = value.list() else {
        all.note(value.place, format!("the form's fields are {}, not a list: all are shown", value.written()));
        return;
    };
    let names: Vec<&str> = list.iter().filter_map(Value::text).collect();
    for name in &names {
        if !BUILT_IN.contains(name) && !fields.iter().any(|field| field.name == *name) {
            all.note(value.place, format!("the form shows '{name}', which the model does not have"));
        }
    }
    let hidden: Vec<String> =
        fields.iter().map(|field| field.name.clone()).filter(|name| !names.contains(&name.as_str())).collect();
    for name in hidden {
        hide(&name, value, fields, all);
    }
    fields.sort_by_key(|field| names.iter().position(|name| *name == field.name).unwrap_or(usize::MAX));
}

fn hide(name: &str, value: &Value, fields: &mut [Field], all: &mut Gathered) {
    match fields.iter_mut().find(|field| field.name == name) {
        Some(field) => field.hidden = true,
        None if BUILT_IN.contains(&name) => {}
        None => all.note(value.place, format!("the form leaves out '{name}', which the model does not have")),
    }
}

fn widgets(value: &Value, fields: &mut [Field], all: &mut Gathered) {
    let Some(pairs) = value.dict() else {
        all.note(value.place, format!("widgets is {}, not a dictionary: left out", value.written()));
        return;
    };
    for (name, given) in pairs {
        let name_text = name.text().unwrap_or_default();
        if BUILT_IN.contains(&name_text) {
            continue; // read-only in every flow
        }
        let Some(field) = fields.iter_mut().find(|field| field.name == name_text) else {
            all.note(name.place, format!("a widget for {}, which the model does not have", name.written()));
            continue;
        };
        let call = match &given.kind {
            Kind::Call(call) => call.clone(),
            // The class itself: `forms.Textarea`.
            Kind::Name(class) => Call { name: class.clone(), args: Vec::new(), named: Vec::new() },
            _ => {
                all.note(given.place, format!("{name_text}: the widget {} is not known", given.written()));
                continue;
            }
        };
        widget(field, given, &call, all);
    }
}

fn widget(field: &mut Field, given: &Value, call: &Call, all: &mut Gathered) {
    match call.last() {
        "Textarea" if matches!(field.ty, Type::Text) => field.ty = Type::Textarea,
        "HiddenInput" => field.hidden = true,
        "Textarea" | "TextInput" | "NumberInput" | "DateInput" | "DateTimeInput" | "URLInput" | "EmailInput"
        | "Select" | "CheckboxInput" | "RadioSelect" | "SelectDateWidget" => {}
        other => all.note(given.place, format!("{}: a flow has no widget {other}", field.name)),
    }
    let Some(attrs) = call.get("attrs").or_else(|| call.args.first()) else { return };
    for (word, value) in attrs.dict().unwrap_or_default() {
        match word.text().unwrap_or_default() {
            "size" | "cols" => field.width = value.number().filter(|size| (1..10_000).contains(size)),
            "rows" => field.rows = value.number().filter(|rows| (1..1_000).contains(rows)),
            "maxlength" => field.max_length = value.number().or(field.max_length),
            "readonly" | "disabled" => field.readonly = value.is_true(),
            "placeholder" => field.hint = value.text().map(|text| bare(text).to_owned()),
            "class" | "style" | "id" => {}
            _ => {
                let text = format!("{}: the widget's {} has no counterpart in a flow", field.name, word.written());
                all.note(word.place, text);
            }
        }
    }
}

/// `labels`, `help_texts`.
fn words(which: &str, value: &Value, fields: &mut [Field], all: &mut Gathered) {
    for (name, words) in value.dict().unwrap_or_default() {
        let found = fields.iter_mut().find(|field| Some(field.name.as_str()) == name.text());
        match (found, words.text()) {
            (Some(field), Some(text)) if which == "labels" => field.label = label_of(text),
            (Some(field), Some(text)) if is_placeholder(text) => field.hint = Some(bare(text).to_owned()),
            (Some(field), Some(text)) => field.help = Some(text.replace('\n', " ")),
            _ if name.text().is_some_and(|name| BUILT_IN.contains(&name)) => {}
            _ => all.note(name.place, format!("{which}: {} could not be carried over", name.written())),
        }
    }
}
