//! A flow to read: what was worked out and put away, for whoever is new.

use app::guide::{self, Guide};
use axum::{
    extract::{Path, State},
    http::Uri,
    response::Response,
};
use serde::Deserialize;

use super::{
    item::came_back,
    lists::{address, state_of},
    visit::{Around, Visit, rendered},
};
use crate::{
    server::Web,
    view::{
        Active,
        form::ItemRef,
        read::{ReadEntry, ReadPage, Subject, SubjectPart},
    },
};

/// Entries on a page.
const ENTRIES: usize = 50;

/// What the address asks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    by: Option<String>,
    from: Option<usize>,
}

/// `GET /flow/{flow}/read`
pub(crate) async fn read(visit: Visit, State(web): State<Web>, Path(key): Path<String>, uri: Uri) -> Response {
    let asked = axum::extract::Query::<Asked>::try_from_uri(&uri).map(|query| query.0).unwrap_or_default();
    let start = asked.from.unwrap_or(0);
    visit
        .page(&web, move |cx, caller, around| {
            let guide = guide::guide(cx, &caller.signed.actor, &key, asked.by.as_deref(), start, ENTRIES)?;
            rendered(&page(cx, around, &key, &guide, start))
        })
        .await
}

fn page<'p>(cx: &app::Reading, around: &Around<'p>, key: &'p str, guide: &'p Guide, start: usize) -> ReadPage<'p> {
    let (words, path, by) = (around.words, format!("/flow/{key}/read"), guide.by.as_deref().unwrap_or_default());
    let named = |name: &str| if name.is_empty() { words.word("read-other").to_owned() } else { name.to_owned() };
    let times = |count: i64| (count > 0).then(|| came_back(words, app::work::Total { count, capped: false }));
    let mut parts: Vec<SubjectPart> = Vec::new();
    for entry in &guide.entries {
        let row = &entry.row;
        let shown = ReadEntry {
            item: ItemRef {
                href: Some(format!("/flow/{key}/{}", row.number)),
                id: row.id.clone(),
                title: row.title.clone(),
                state: Some(state_of(cx, key, &row.state)),
            },
            times: times(entry.times),
            texts: entry.texts.clone(),
        };
        match parts.last_mut().filter(|part| part.subject == entry.subject) {
            Some(part) => part.entries.push(shown),
            None => parts.push(SubjectPart {
                subject: entry.subject.clone(),
                name: named(&entry.subject),
                entries: vec![shown],
            }),
        }
    }
    let mut before = 0;
    let mut subjects = Vec::new();
    for (name, count, came) in &guide.contents {
        let from = before / ENTRIES * ENTRIES;
        let from = if from == 0 { String::new() } else { from.to_string() };
        subjects.push(Subject {
            name: named(name),
            count: *count,
            times: times(*came),
            href: address(&path, &[("by", by), ("from", &from)]),
        });
        before += count;
    }
    let from = guide.next.map(|next| next.to_string());
    ReadPage {
        f: around.frame(words.word("read"), Active::Flow(key)),
        key,
        flow_name: &guide.flow.name,
        by,
        orders: &guide.subjects,
        subjects,
        parts,
        capped: guide.capped,
        next: from.map(|from| address(&path, &[("by", by), ("from", &from)])),
        first: (start > 0).then(|| address(&path, &[("by", by)])),
    }
}
