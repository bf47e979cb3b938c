//! A flow file's parts as rows of the designer.

use flow::{
    BUILT_INS,
    edit::{Entry, Part, Sheet, Written},
};

use super::{
    keys::{self, Ask, Key},
    typed::{Shape, shown, shown_choices, shown_condition},
};
use crate::{
    body::Form,
    view::design::{Control, Input, Parts, Row},
    words::Words,
};

/// The types of fields, as files call them, and the words for them.
const TYPES: [(&str, &str); 10] = [
    ("text", "design-type-text"),
    ("textarea", "design-type-textarea"),
    ("choice", "design-type-choice"),
    ("user", "design-type-user"),
    ("number", "design-type-number"),
    ("date", "design-type-date"),
    ("datetime", "design-type-datetime"),
    ("bool", "design-type-bool"),
    ("url", "design-type-url"),
    ("item", "design-type-item"),
];
/// What a comment is to a transition.
const COMMENTS: [(&str, &str); 3] =
    [("none", "design-comment-none"), ("optional", "design-comment-optional"), ("required", "design-comment-required")];
/// Lines of an area at most.
const MOST_LINES: usize = 12;

/// What was typed into a row and not taken.
pub(super) struct Typed<'f> {
    /// The row's id.
    pub(super) id: &'f str,
    /// What was sent.
    pub(super) form: &'f Form,
}

/// What the rows are drawn from.
pub(super) struct Drawing<'a> {
    pub(super) words: &'static Words,
    pub(super) sheet: &'a Sheet,
    /// Keys and names of the flows in use.
    pub(super) flows: Vec<(String, String)>,
    /// The id of the row that is opened.
    pub(super) open: &'a str,
    pub(super) typed: Option<Typed<'a>>,
}

/// The id of a row, by its place in the file. A state's is by its place among the states as the transitions name them: so it
/// stays when the first rule of one is written.
pub(super) fn id(sheet: &Sheet, row: Option<(Part, usize)>) -> String {
    match row {
        None => "flow".to_owned(),
        Some((part @ Part::State, at)) => {
            let state = sheet.states.get(at);
            let place = state.and_then(|state| state_place(sheet, state.text("name").unwrap_or_default()));
            format!("{}-{}", part.word(), place.unwrap_or(sheet.state_names().len() + at))
        }
        Some((part, at)) => format!("{}-{at}", part.word()),
    }
}

/// The id of the row that a form is about.
pub(super) fn id_of(sheet: &Sheet, form: &Form) -> String {
    let at = form.text("at").parse().unwrap_or(usize::MAX);
    match super::part(form) {
        Some(part @ Part::State) => match state_place(sheet, form.text("state")) {
            Some(place) => format!("{}-{place}", part.word()),
            None => id(sheet, Some((part, at.min(sheet.states.len())))),
        },
        part => id(sheet, part.map(|part| (part, at))),
    }
}

fn state_place(sheet: &Sheet, name: &str) -> Option<usize> {
    sheet.state_names().iter().position(|known| *known == name)
}

impl Drawing<'_> {
    pub(super) fn parts(&self) -> Parts {
        let rows = |part: Part| -> Vec<Row> {
            let rows = self.sheet.rows(part);
            rows.iter().enumerate().map(|(at, row)| self.row(Some((part, at)), row, rows.len())).collect()
        };
        let types = TYPES.iter().map(|(value, word)| ((*value).to_owned(), self.words.word(word).to_owned()));
        Parts {
            flow: self.row(None, &self.sheet.flow, 1),
            fields: rows(Part::Field),
            states: self.states(),
            transitions: rows(Part::Transition),
            suggestions: self.suggestions(),
            types: types.collect(),
        }
    }

    /// The states as the transitions name them, whether or not a `[[state]]` says more of them.
    fn states(&self) -> Vec<Row> {
        let states = self.sheet.states.iter();
        let row = |name: &str| {
            let found = states.clone().enumerate().find(|(_, state)| state.text("name") == Some(name));
            match found {
                Some((at, state)) => self.row(Some((Part::State, at)), state, 1),
                None => {
                    let mut bare = Entry::default();
                    bare.keys.insert("name".to_owned(), Written::Text(name.to_owned()));
                    let id = format!("{}-{}", Part::State.word(), state_place(self.sheet, name).unwrap_or_default());
                    Row { at: None, seen: String::new(), ..self.row_as(id, Some((Part::State, 0)), &bare, 1) }
                }
            }
        };
        let named = self.sheet.state_names();
        let nameless = states.clone().enumerate().filter(|(_, state)| state.text("name").is_none_or(str::is_empty));
        let nameless = nameless.map(|(at, state)| self.row(Some((Part::State, at)), state, 1));
        named.into_iter().map(row).chain(nameless).collect()
    }

    fn row(&self, row: Option<(Part, usize)>, entry: &Entry, count: usize) -> Row {
        self.row_as(id(self.sheet, row), row, entry, count)
    }

    fn row_as(&self, id: String, row: Option<(Part, usize)>, entry: &Entry, count: usize) -> Row {
        let (part, at) = (row.map(|(part, _)| part), row.map_or(0, |(_, at)| at));
        let typed = self.typed.as_ref().filter(|typed| typed.id == id).map(|typed| typed.form);
        let open = part.is_none() || self.open == id;
        let kind = entry.text("type").unwrap_or_default();
        let shown = keys::of(part).iter().filter(|key| {
            let fits = key.only.is_empty() || key.only.contains(&kind) || value(entry, key.name).is_some();
            fits && (key.main || open)
        });
        let (mut main, mut more) = (Vec::new(), Vec::new());
        for key in shown {
            let input = self.input(&id, key, entry, typed);
            if key.main { main.push(input) } else { more.push(input) }
        }
        Row {
            part: part.map_or("flow", Part::word),
            at: Some(at),
            seen: entry.fingerprint(),
            name: entry.text("name").unwrap_or_default().to_owned(),
            main,
            more,
            open,
            up: at > 0,
            down: at + 1 < count,
            marks: self.marks(part, entry),
            problems: Vec::new(),
            id,
        }
    }

    /// What a closed row says of what it does not show.
    fn marks(&self, part: Option<Part>, entry: &Entry) -> Vec<String> {
        let said = keys::of(part).iter().filter(|key| !key.main).filter_map(|key| {
            let written = value(entry, key.name)?;
            let label = self.words.word(key.word);
            match written {
                Written::Flag(true) => Some(label.to_owned()),
                Written::Flag(false) => None,
                Written::List(list) if matches!(key.ask, Ask::Fields) => {
                    let names: Vec<&str> = list.iter().filter_map(Written::text).map(|key| self.label(key)).collect();
                    let names = short(&names.join(self.words.word("list-comma")));
                    (!list.is_empty()).then(|| format!("{label}{}{names}", self.words.word("colon")))
                }
                Written::Table(_) | Written::List(_) if key.ask == Ask::Area => Some(label.to_owned()),
                other => {
                    let text = short(shown(Some(other)).lines().find(|line| !line.is_empty()).unwrap_or_default());
                    Some(format!("{label}{}{text}", self.words.word("colon")))
                }
            }
        });
        if part.is_none() { Vec::new() } else { said.collect() }
    }

    fn input(&self, row: &str, key: &Key, entry: &Entry, typed: Option<&Form>) -> Input {
        let written = value(entry, key.name);
        let text = match typed.and_then(|form| form.get(key.name)) {
            Some(text) => text.to_owned(),
            None => text_of(key, written),
        };
        let is_on = match typed {
            Some(form) => form.all(key.name).any(|value| value == "true"),
            None => written == Some(&Written::Flag(true)),
        };
        let chosen: Vec<String> = match typed {
            Some(form) => form.all(key.name).filter(|value| !value.is_empty()).map(str::to_owned).collect(),
            None => written.map(Written::texts).unwrap_or_default().into_iter().map(str::to_owned).collect(),
        };
        let has_words = matches!(entry.text("type"), Some("user" | "date" | "datetime"));
        let explains = !key.help.is_empty() && (key.ask != Ask::Default || has_words);
        let line = |list, code| Control::Line { text: text.clone(), list, code };
        let control = match key.ask {
            Ask::Free => line(None, false),
            Ask::Code => line(None, true),
            Ask::Suggested(list) => line(Some(list), false),
            Ask::Area => area(&text),
            Ask::Tick => Control::Tick(is_on),
            Ask::Type => Control::Choice(self.known(&TYPES, &text)),
            Ask::Comment => Control::Choice(self.chosen(self.words_of(&COMMENTS), &text)),
            Ask::Parent => Control::Choice(self.chosen(self.fields(|kind| kind == "choice"), &text)),
            Ask::Title => Control::Choice(self.chosen(self.fields(|kind| kind == "text"), &text)),
            Ask::State => {
                let states = self.sheet.state_names().into_iter().map(|name| (name.to_owned(), name.to_owned()));
                Control::Choice(self.chosen(states.collect(), &text))
            }
            Ask::Fields => {
                let mut boxes: Vec<(String, String, bool)> = self
                    .fields(|_| true)
                    .into_iter()
                    .map(|(key, label)| {
                        let on = chosen.contains(&key);
                        (key, label, on)
                    })
                    .collect();
                let unknown = chosen.iter().filter(|key| !boxes.iter().any(|(known, ..)| known == *key));
                let unknown: Vec<_> = unknown.map(|key| (key.clone(), key.clone(), true)).collect();
                boxes.extend(unknown);
                Control::Boxes(boxes)
            }
            Ask::Default => match entry.text("type") {
                Some("textarea") => area(&text),
                Some("bool") => {
                    let both = [("true", "yes"), ("false", "no")];
                    Control::Choice(self.chosen(self.words_of(&both), &text))
                }
                _ => line(None, false),
            },
        };
        Input {
            id: format!("{row}-{}", key.name.replace('.', "-")),
            name: key.name,
            label: self.words.word(key.word).to_owned(),
            help: if explains { self.words.word(key.help).to_owned() } else { String::new() },
            control,
        }
    }

    fn words_of(&self, known: &[(&str, &str)]) -> Vec<(String, String)> {
        known.iter().map(|(value, word)| ((*value).to_owned(), self.words.word(word).to_owned())).collect()
    }

    /// One of what is known; something else, if it stands there.
    fn known(&self, known: &[(&str, &str)], now: &str) -> Vec<(String, String, bool)> {
        let mut all = self.words_of(known);
        if !all.iter().any(|(value, _)| value == now) {
            all.insert(0, (now.to_owned(), now.to_owned()));
        }
        all.into_iter().map(|(value, label)| (value.clone(), label, value == now)).collect()
    }

    /// The same, or nothing.
    fn chosen(&self, mut known: Vec<(String, String)>, now: &str) -> Vec<(String, String, bool)> {
        if !now.is_empty() && !known.iter().any(|(value, _)| value == now) {
            known.push((now.to_owned(), now.to_owned()));
        }
        known.insert(0, (String::new(), "–".to_owned()));
        known.into_iter().map(|(value, label)| (value.clone(), label, value == now)).collect()
    }

    /// Keys and labels of the fields of some types.
    fn fields(&self, of: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let fits = self.sheet.fields.iter().filter(|field| of(field.text("type").unwrap_or_default()));
        let pair = |field: &Entry| {
            let key = field.text("key").filter(|key| !key.is_empty())?;
            Some((key.to_owned(), field.text("label").unwrap_or(key).to_owned()))
        };
        fits.filter_map(pair).collect()
    }

    fn label<'s>(&'s self, key: &'s str) -> &'s str {
        let field = self.sheet.fields.iter().find(|field| field.text("key") == Some(key));
        field.and_then(|field| field.text("label")).unwrap_or(key)
    }

    fn suggestions(&self) -> Vec<(&'static str, Vec<(String, String)>)> {
        let same = |texts: Vec<String>| texts.into_iter().map(|text| (text, String::new())).collect::<Vec<_>>();
        let states = self.sheet.state_names().into_iter().map(str::to_owned).collect();
        let known = |value: &str, label| (value.to_owned(), self.words.word(label).to_owned());
        let users = self.fields(|kind| kind == "user");
        let mut holders = users.clone();
        holders.extend([
            known(BUILT_INS[2], "creator"),
            known(BUILT_INS[1], "design-same-holder"),
            known("user:", "design-one-user"),
        ]);
        let mut people = users;
        people.extend([
            known(BUILT_INS[1], "design-holder"),
            known(BUILT_INS[2], "creator"),
            known("anyone", "design-anyone"),
            known("group:", "design-one-group"),
            known("user:", "design-one-user"),
        ]);
        vec![
            (keys::STATES, same(states)),
            (keys::HOLDERS, holders),
            (keys::PEOPLE, people),
            (keys::FLOWS, self.flows.clone()),
            (keys::LINKS, self.fields(|kind| kind == "item")),
        ]
    }
}

/// What a row says under a name, which may have a point.
pub(super) fn value<'e>(entry: &'e Entry, name: &str) -> Option<&'e Written> {
    if let Some(written) = entry.keys.get(name) {
        return Some(written);
    }
    match entry.keys.get(name.split_once('.')?.0)? {
        Written::Table(table) => table.get(name.split_once('.')?.1),
        _ => None,
    }
}

/// A value as its input shows it.
pub(super) fn text_of(key: &Key, written: Option<&Written>) -> String {
    match key.shape {
        Shape::Choices => shown_choices(written),
        Shape::Condition => shown_condition(written),
        _ => shown(written),
    }
}

fn area(text: &str) -> Control {
    Control::Area { text: text.to_owned(), rows: text.lines().count().clamp(3, MOST_LINES) }
}

/// As much as a mark has room for.
fn short(text: &str) -> String {
    const MOST: usize = 24;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
