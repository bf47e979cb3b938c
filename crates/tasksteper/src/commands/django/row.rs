//! A row of one of the original's tables as an item.

use std::{collections::HashMap, sync::Arc};

use app::carry::former::Former;
use flow::{Choices, Field, Flow, Input, Kind, Past};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value as Json;

use super::{
    field::{self, Type, bare},
    people::People,
    project::Project,
};

/// What rows of a table are read by.
pub(super) struct Reader<'a> {
    pub(super) project: &'a Project,
    pub(super) flow: Arc<Flow>,
    pub(super) version: i64,
    /// The name of a field and where its value stands in a row.
    pub(super) columns: Vec<(String, usize)>,
    /// Columns of no field.
    pub(super) others: Vec<(String, usize)>,
    /// Columns that hold a user's number.
    pub(super) by_number: Vec<String>,
    /// Django's own users: number, name.
    pub(super) accounts: &'a HashMap<String, String>,
    /// Names of projects in addresses, and the keys of their flows.
    pub(super) keys: &'a [(String, String)],
}

/// A row as an item, and what is to be said of it.
pub(super) struct Read {
    pub(super) item: Former,
    pub(super) said: Vec<String>,
    /// Somebody whom it needs is not known here.
    pub(super) nobody: bool,
}

impl Reader<'_> {
    /// The first value is the number.
    pub(super) fn read(&self, values: &[Option<String>], people: &mut People) -> Read {
        let number = values.first().cloned().flatten().and_then(|text| text.parse().ok()).unwrap_or(0);
        let item = Former {
            flow: Arc::clone(&self.flow),
            version: self.version,
            number,
            input: Input::new(),
            links: Vec::new(),
            past: Past::default(),
            remarks: Vec::new(),
        };
        let mut read = Read { item, said: Vec::new(), nobody: false };
        self.past(values, people, &mut read);
        for (name, at) in &self.columns {
            let Some(text) = values.get(*at).and_then(Option::as_deref) else { continue };
            if !field::BUILT_IN.contains(&name.as_str()) {
                self.field(name, text, people, &mut read);
            }
        }
        for (name, at) in &self.others {
            if let Some(text) = values.get(*at).and_then(Option::as_deref).filter(|text| !text.trim().is_empty()) {
                read.item.remarks.push(format!("{name}：{text}"));
            }
        }
        if !read.item.remarks.is_empty() {
            read.item.remarks.insert(0, "从原工具带来，没有字段可放：".to_owned());
        }
        read
    }

    fn value<'v>(&self, values: &'v [Option<String>], name: &str) -> Option<&'v str> {
        let (_, at) = self.columns.iter().find(|(known, _)| known == name)?;
        let text = values.get(*at)?.as_deref()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Of a column with users' numbers their names.
    fn person<'v>(&'v self, name: &str, text: &'v str) -> &'v str {
        if self.by_number.iter().any(|known| known == name) {
            return self.accounts.get(text).map_or(text, String::as_str);
        }
        text
    }

    fn past(&self, values: &[Option<String>], people: &mut People, read: &mut Read) {
        let state = self.value(values, "current_state").map(str::to_owned);
        let known = state.as_ref().and_then(|state| self.flow.states.get(state));
        let holder = self.value(values, "assigned_to").filter(|text| !is_marked(text));
        match (holder.map(|text| self.person("assigned_to", text)), known.is_some_and(|state| state.is_final)) {
            // Nobody holds what is closed; who did last is remembered.
            (Some(text), true) => read.item.remarks.push(format!("最后的处理人：{text}")),
            (Some(text), false) => match people.find(text) {
                Some(user) => read.item.past.assigned_to = vec![user],
                None => {
                    read.said.push(format!("its holder {text:?} is nobody here"));
                    read.nobody = true;
                }
            },
            (None, _) => {}
        }
        if let Some(text) = self.value(values, "created_by").filter(|text| !is_marked(text)) {
            let text = self.person("created_by", text);
            read.item.past.created_by = people.find(text);
            if read.item.past.created_by.is_none() {
                read.said.push(format!("its creator {text:?} is nobody here"));
                read.nobody = true;
            }
        }
        let time = |name: &str| self.value(values, name).and_then(moment);
        let times = (time("created_at"), time("updated_at"), time("closed_at"));
        (read.item.past.created_at, read.item.past.updated_at, read.item.past.closed_at) = times;
        read.item.past.state = state;
    }

    fn field(&self, name: &str, text: &str, people: &mut People, read: &mut Read) {
        let Some(known) = self.project.fields.iter().find(|field| field.name == *name) else { return };
        let Some(field) = self.flow.fields.get(&known.key) else {
            if !text.trim().is_empty() && !self.is_placeholder(known, text) {
                read.item.remarks.push(format!("{}：{text}", known.label));
            }
            return;
        };
        let is_text = matches!(field.kind, Kind::Text { .. } | Kind::Textarea { .. });
        // Of a text that must be filled the placeholder is better than nothing.
        let empty = text.trim().is_empty() || (self.is_placeholder(known, text) && !(is_text && field.required));
        if empty {
            read.item.input.insert(field.key.clone(), Json::Null);
            return;
        }
        match self.json(known, field, text, people, read) {
            Ok(Some(value)) => {
                let value = if field.multiple { Json::from(vec![value]) } else { value };
                read.item.input.insert(field.key.clone(), value);
            }
            Ok(None) => {}
            Err(why) => {
                read.said.push(format!("{}: {text:?} {why}: kept in its history", field.label));
                read.item.remarks.push(format!("{}：{text}", field.label));
            }
        }
    }

    /// The field's value; none: it is taken care of.
    fn json(
        &self,
        known: &field::Field,
        field: &Field,
        text: &str,
        people: &mut People,
        read: &mut Read,
    ) -> Result<Option<Json>, &'static str> {
        let trimmed = text.trim();
        Ok(Some(match &field.kind {
            Kind::Text { .. } => Json::from(text.replace(['\r', '\n'], " ")),
            Kind::Textarea { .. } => Json::from(text.replace("\r\n", "\n")),
            Kind::Choice(choices) => {
                let word = match &known.ty {
                    Type::Choice(pairs) => pairs.iter().find(|(stored, _)| stored == trimmed).map(|(_, word)| word),
                    _ => None,
                };
                let word = word.map_or(trimmed, String::as_str);
                if !offers(choices, word) {
                    return Err("is none of the choices");
                }
                Json::from(word)
            }
            Kind::User => {
                let name = self.person(&known.name, trimmed);
                match people.find(name) {
                    Some(user) => Json::from(user),
                    None => {
                        read.said.push(format!("{}: {name:?} is nobody here", field.label));
                        read.nobody = true;
                        return Ok(None);
                    }
                }
            }
            Kind::Item { .. } => {
                let place = field::address(trimmed, self.keys).ok_or("is no address of an item")?;
                if trimmed.split_whitespace().count() > 1 {
                    read.item.remarks.push(format!("{}：{text}", field.label));
                }
                read.item.links.push((field.key.clone(), place, trimmed.to_owned()));
                return Ok(None);
            }
            Kind::Url if !trimmed.starts_with("http://") && !trimmed.starts_with("https://") => {
                return Err("is no address");
            }
            Kind::Bool => Json::Bool(!["0", "false", "False"].contains(&trimmed)),
            Kind::Date => Json::from(trimmed.split([' ', 'T']).next().unwrap_or(trimmed)),
            Kind::Datetime => Json::from(moment(trimmed).ok_or("is no moment")?.to_string()),
            Kind::Number { .. } | Kind::Url => flow::from_form(field, &[trimmed], &TimeZone::UTC),
        }))
    }

    fn is_placeholder(&self, known: &field::Field, text: &str) -> bool {
        is_marked(text) || known.hint.as_deref().is_some_and(|hint| bare(text) == hint)
    }
}

/// `#提交人填写#`, `##由维护处理人填写##`: what the original's pages put where nothing was.
pub(super) fn is_marked(text: &str) -> bool {
    let text = text.trim();
    let inner = bare(text);
    text.len() > inner.len() + 1
        && text.starts_with('#')
        && text.ends_with('#')
        && !inner.contains(['#', '\n'])
        && inner.chars().any(|c| !c.is_ascii_digit())
}

fn offers(choices: &Choices, word: &str) -> bool {
    match choices {
        Choices::Flat(words) => words.iter().any(|known| known == word),
        Choices::Cascade { under, .. } => under.values().flatten().any(|known| known == word),
    }
}

/// As Django writes moments, in UTC: `2017-01-01 08:30:00.123456`.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let at: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
