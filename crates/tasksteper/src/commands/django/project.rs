//! What `FormAndModelDict` and `TRANS_TABLE_DICT` say: the projects, each with its model, form and table.

use super::{
    field::{self, Field},
    python::{Class, Note, Place, Python, Value},
    table::{self, Row},
};

/// A project of the original, as far as a flow can be made of it.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// As `FormAndModelDict` has it: in addresses of the original.
    pub(super) name: String,
    pub(super) key: String,
    pub(super) title: String,
    pub(super) prefix: Option<String>,
    pub(super) place: Place,
    /// The model's class: its table is `<app>_<model in small letters>`.
    pub(super) model: String,
    /// `db_table`, where the model names its table.
    pub(super) table: Option<String>,
    pub(super) fields: Vec<Field>,
    pub(super) rows: Vec<Row>,
}

/// All projects, and what could not be carried over.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) projects: Vec<Project>,
    pub(super) notes: Vec<Note>,
    /// Projects were left out because of mistakes.
    pub(super) refused: bool,
}

impl Gathered {
    pub(super) fn note(&mut self, place: Place, text: impl Into<String>) {
        self.notes.push(Note { place, text: text.into() });
    }
}

pub(super) fn gather(python: &Python) -> Gathered {
    let mut all = Gathered { notes: python.notes.clone(), ..Gathered::default() };
    let Some(dict) = python.names.get("FormAndModelDict") else {
        all.note(Place { file: 0, line: 1 }, "FormAndModelDict is not assigned in these files: there is no project");
        all.refused = true;
        return all;
    };
    let Some(pairs) = dict.dict() else {
        all.note(dict.place, format!("FormAndModelDict is no dictionary but {}", dict.written()));
        all.refused = true;
        return all;
    };
    let tables = python.names.get("TRANS_TABLE_DICT");
    if tables.is_none() {
        all.note(dict.place, "TRANS_TABLE_DICT is not assigned in these files: no project has a transition table");
        all.refused = true;
    }
    let listed: Vec<String> = pairs.iter().filter_map(|(key, _)| key.text().map(str::to_owned)).collect();
    for (name, value) in pairs {
        let Some(text) = name.text() else {
            all.note(name.place, format!("{} is no project's name: it must be a text", name.written()));
            all.refused = true;
            continue;
        };
        if all.projects.iter().any(|known| known.name == text) {
            all.note(name.place, format!("the project '{text}' is here a second time: left out"));
            continue;
        }
        if let Some(project) = project(python, tables, (text, name.place, value), &mut all) {
            all.projects.push(project);
        }
    }
    if let Some(pairs) = tables.and_then(Value::dict) {
        for (name, _) in pairs {
            if let Some(text) = name.text()
                && !listed.iter().any(|known| known == text)
            {
                all.note(name.place, format!("'{text}' is no project of FormAndModelDict: its table is left out"));
            }
        }
    }
    links(&mut all);
    all
}

fn project(
    python: &Python,
    tables: Option<&Value>,
    (name, place, value): (&str, Place, &Value),
    all: &mut Gathered,
) -> Option<Project> {
    let key = field::key_of(name, "flow");
    if key != name {
        all.note(place, format!("'{name}' cannot be a flow's key: it becomes {key}"));
    }
    for (known, _) in value.dict().unwrap_or_default() {
        let known_word = known.text().unwrap_or_default();
        if !["PrjNameZh", "PrjModelClass", "PrjFormClass"].contains(&known_word) {
            all.note(known.place, format!("{} of the project '{name}' means nothing to a flow", known.written()));
        }
    }
    let title = value.get("PrjNameZh").and_then(Value::text).unwrap_or(name).trim().to_owned();
    let class = class_named(python, name, value.get("PrjModelClass"), ("PrjModelClass", place), all);
    let table = table_of(tables, name, place, all);
    let (class, table) = (class?, table?);
    let form = class_named(python, name, value.get("PrjFormClass"), ("PrjFormClass", place), all);
    let mut fields = field::fields(python, class, form, all);
    let rows = table::rows(&table, &mut fields, all);
    if rows.is_empty() {
        all.note(
            table.place,
            format!("the project '{name}' is left out: its table has no transition that can be used"),
        );
        all.refused = true;
        return None;
    }
    let meta = class.inner.iter().find(|inner| inner.name == "Meta");
    let table = meta.and_then(|meta| meta.body.iter().find(|(name, _)| name == "db_table"));
    Some(Project {
        name: name.to_owned(),
        key,
        title: if title.is_empty() { name.to_owned() } else { title },
        prefix: None,
        place,
        model: class.name.clone(),
        table: table.and_then(|(_, value)| value.text()).map(str::to_owned),
        fields,
        rows,
    })
}

fn class_named<'a>(
    python: &'a Python,
    project: &str,
    given: Option<&Value>,
    (word, place): (&str, Place),
    all: &mut Gathered,
) -> Option<&'a Class> {
    let left_out = if word == "PrjModelClass" { "is left out" } else { "goes without its form" };
    let Some(given) = given else {
        all.note(place, format!("the project '{project}' {left_out}: it has no {word}"));
        all.refused |= word == "PrjModelClass";
        return None;
    };
    let name = given.written();
    let short = name.rsplit('.').next().unwrap_or(&name);
    let found = python.classes.iter().rev().find(|class| class.name == short);
    if found.is_none() {
        all.note(given.place, format!("the project '{project}' {left_out}: the class {name} is not in these files"));
    }
    found
}

fn table_of(tables: Option<&Value>, name: &str, place: Place, all: &mut Gathered) -> Option<Value> {
    let tables = tables?;
    let Some(table) = tables.get(name) else {
        all.note(place, format!("the project '{name}' is left out: TRANS_TABLE_DICT has no table for it"));
        return None;
    };
    if table.list().is_none() {
        let what = table.written();
        all.note(table.place, format!("the project '{name}' is left out: its table {what} is not in these files"));
        return None;
    }
    Some(table.clone())
}

/// Text fields for the addresses of other items become links.
fn links(all: &mut Gathered) {
    let keys: Vec<(String, String)> =
        all.projects.iter().map(|project| (project.name.clone(), project.key.clone())).collect();
    for project in &mut all.projects {
        for field in &mut project.fields {
            field::link(field, &keys);
        }
    }
}
