//! The history of items as IEEE 1849 (XES) has it: a log, in it a trace for each item, in it an event for each entry.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

use app::item::HistoryEntry;
use flow::{Column, Item};
use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::{Cell, Matter, Sheet, label};
use crate::{pages::item::history::event_name, words::Words};

/// What every log declares: the extensions of the standard that it uses, what every trace and event has.
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/><string key="lifecycle:transition" value="complete"/><string key="org:resource" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/></global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Resource" keys="org:resource"/>
"#;

pub(super) struct Xes<'a> {
    matter: &'a Matter<'a>,
    out: &'a mut dyn Write,
    text: String,
}

impl<'a> Xes<'a> {
    pub(super) fn begin(matter: &'a Matter<'a>, out: &'a mut dyn Write) -> io::Result<Xes<'a>> {
        let mut text = HEAD.to_owned();
        string(&mut text, "concept:name", &matter.flow.name);
        string(&mut text, "lifecycle:model", "standard");
        out.write_all(text.as_bytes())?;
        Ok(Xes { matter, out, text: String::new() })
    }
}

impl Sheet for Xes<'_> {
    fn item(&mut self, item: &Item, history: &[HistoryEntry]) -> io::Result<()> {
        let (matter, text) = (self.matter, &mut self.text);
        text.clear();
        text.push_str("<trace>\n");
        string(text, "concept:name", &matter.flow.item_id(item.number));
        for column in matter.columns.iter().filter(|column| **column != Column::Number) {
            let (_, key) = label(matter.words, matter.flow, column);
            match matter.cell(item, column) {
                Cell::Empty => {}
                Cell::Text(value) => string(text, key, &value),
                Cell::Number(number) => attribute(text, "float", key, &number.to_string()),
                Cell::Bool(yes) => attribute(text, "boolean", key, &yes.to_string()),
                Cell::Day(day) => string(text, key, &day.to_string()),
                Cell::Moment(at) => attribute(text, "date", key, &moment(&at)),
            }
        }
        for entry in history {
            event(text, matter.words, matter.zone, entry);
        }
        text.push_str("</trace>\n");
        self.out.write_all(text.as_bytes())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.out.write_all(b"</log>\n")?;
        self.out.flush()
    }
}

fn event(text: &mut String, words: &Words, zone: &TimeZone, entry: &HistoryEntry) {
    text.push_str("<event>");
    string(text, "concept:name", event_name(words, &entry.kind, entry.trigger.as_deref()));
    string(text, "lifecycle:transition", "complete");
    string(text, "org:resource", &entry.actor);
    let at = Timestamp::from_millisecond(entry.at).unwrap_or(Timestamp::UNIX_EPOCH);
    attribute(text, "date", "time:timestamp", &moment(&at.to_zoned(zone.clone())));
    string(text, "kind", &entry.kind);
    if let Some(from) = &entry.from {
        string(text, "from", from);
    }
    string(text, "to", &entry.to);
    if let Some(comment) = &entry.comment {
        string(text, "comment", comment);
    }
    text.push_str("</event>\n");
}

/// With milliseconds and an offset, which every reader takes.
fn moment(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
}

fn string(text: &mut String, key: &str, value: &str) {
    attribute(text, "string", key, value);
}

fn attribute(text: &mut String, kind: &str, key: &str, value: &str) {
    // writing into a string cannot fail
    let _ = write!(text, "<{kind} key=\"{}\" value=\"{}\"/>", escaped(key), escaped(value));
}

/// As an attribute's value; characters that XML has no place for become a replacement character.
fn escaped(text: &str) -> Cow<'_, str> {
    let special = |letter: char| {
        matches!(letter, '&' | '<' | '>' | '"' | '\u{FFFE}' | '\u{FFFF}') || (letter.is_control() && letter < '\u{80}')
    };
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' => safe.push_str("&#10;"),
            '\r' => safe.push_str("&#13;"),
            '\t' => safe.push_str("&#9;"),
            other if special(other) => safe.push('\u{FFFD}'),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}
