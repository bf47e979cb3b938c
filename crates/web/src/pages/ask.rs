//! What a query on a flow may speak of, for those who would rather choose than write: completion in the search box, and
//! conditions built by clicks.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use flow::{Choices, Field, Flow, Kind};
use serde::Serialize;

use super::visit::Visit;
use crate::{server::Web, view::table::heading, words::Words};

const COMPARED: &[&str] = &["=", "!=", ">=", "<=", ">", "<"];
const CHOSEN: &[&str] = &["=", "!="];
const SPOKEN: &[&str] = &[":", "=", "!="];
const TIMES: [&str; 5] = ["today", "-1d", "-7d", "-1m", "-3m"];

/// Something that a query compares.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Asked {
    /// As a query names it: what people call it, where that can stand in a query.
    pub(crate) name: String,
    /// What people see.
    pub(crate) label: String,
    /// How it can be compared.
    pub(crate) operators: &'static [&'static str],
    /// What it may be compared with, as a query spells it.
    pub(crate) words: Vec<String>,
    /// It is compared with users.
    pub(crate) users: bool,
}

/// `/flow/{flow}/words`
pub(crate) async fn words(visit: Visit, State(web): State<Web>, Path(key): Path<String>) -> Response {
    let found = web.read_as(visit.session.clone(), visit.language, move |cx, caller| {
        let (published, _) = app::work::flow(cx, &caller.signed.actor, &key)?;
        Ok(all(caller.words, &published.flow))
    });
    match found.await {
        Ok(found) => Json(found).into_response(),
        Err(failed) => visit.failed(&web, failed).await,
    }
}

/// Everything that a query on the flow compares: what every item has, then its fields.
pub(crate) fn all(words: &Words, flow: &Flow) -> Vec<Asked> {
    let built_in = |name: &str, of: &str, operators, words: Vec<String>, users| {
        let label = heading(label_words(words), flow, of);
        Asked { name: name.to_owned(), label, operators, words, users }
    };
    let states = || flow.states.keys().map(|state| quoted(state)).collect::<Vec<_>>();
    let times = || TIMES.map(str::to_owned).to_vec();
    let mut all = vec![
        built_in("state", "current_state", CHOSEN, states(), false),
        built_in("assigned_to", "assigned_to", CHOSEN, vec!["me".to_owned()], true),
        built_in("created_by", "created_by", CHOSEN, vec!["me".to_owned()], true),
        built_in("created", "created_at", COMPARED, times(), false),
        built_in("updated", "updated_at", COMPARED, times(), false),
        built_in("closed", "closed_at", COMPARED, times(), false),
    ];
    let history = [("was", words.word("ask-was")), ("reached", words.word("ask-reached"))];
    all.extend(history.map(|(name, label)| Asked {
        name: name.to_owned(),
        label: label.to_owned(),
        operators: &["="],
        words: states(),
        users: false,
    }));
    all.extend(flow.fields.values().map(|field| of_field(flow, field)));
    all
}

fn label_words(words: &Words) -> &Words {
    words
}

fn of_field(flow: &Flow, field: &Field) -> Asked {
    let (operators, words): (_, Vec<String>) = match &field.kind {
        Kind::Text { .. } | Kind::Url => (SPOKEN, Vec::new()),
        Kind::Textarea { .. } => (&[":"][..], Vec::new()),
        Kind::Choice(choices) => (CHOSEN, choice_words(choices)),
        Kind::User => (CHOSEN, vec!["me".to_owned()]),
        Kind::Item { .. } => (CHOSEN, Vec::new()),
        Kind::Number { .. } => (COMPARED, Vec::new()),
        Kind::Date | Kind::Datetime => (COMPARED, TIMES.map(str::to_owned).to_vec()),
        Kind::Bool => (&["="][..], vec!["true".to_owned(), "false".to_owned()]),
    };
    // what two fields are called names neither
    let is_clear = |label: &str| {
        is_plain(label) && flow.fields.values().filter(|other| other.label == label || other.key == label).count() == 1
    };
    let name = if is_clear(&field.label) { &field.label } else { &field.key };
    Asked {
        name: name.clone(),
        label: field.label.clone(),
        operators,
        words,
        users: matches!(field.kind, Kind::User),
    }
}

fn choice_words(choices: &Choices) -> Vec<String> {
    match choices {
        Choices::Flat(words) => words.iter().map(|word| quoted(word)).collect(),
        Choices::Cascade { .. } => Vec::new(),
    }
}

/// A query and one condition more.
pub(crate) fn with(query: &str, name: &str, operator: &str, value: &str) -> String {
    let condition = format!("{name}{operator}{}", quoted(value.trim()));
    let query = query.trim();
    let has_ways = query.split([' ', '(', ')']).any(|word| word.eq_ignore_ascii_case("or"));
    match query {
        "" => condition,
        ways if has_ways => format!("({ways}) {condition}"),
        rest => format!("{rest} {condition}"),
    }
}

/// A value as a query spells it: what would be understood otherwise stands in quotes. A list and a range stay what they are.
pub(crate) fn quoted(value: &str) -> String {
    let needs = value.contains([' ', '"', '\\', '(', ')', '\u{3000}', '\t']);
    if needs { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) } else { value.to_owned() }
}

/// Whether a name can stand in a query as it is.
fn is_plain(name: &str) -> bool {
    let reserved = ["state", "assigned_to", "created_by", "created", "updated", "closed", "was", "reached", "changed"];
    !name.is_empty()
        && !["and", "or", "not"].contains(&name.to_ascii_lowercase().as_str())
        && !reserved.contains(&name)
        && !name.contains(|c: char| c.is_whitespace() || "=!<>:\"\\(),".contains(c))
}
