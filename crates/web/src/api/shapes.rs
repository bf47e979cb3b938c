//! The JSON that the API sends and takes.

use app::{
    item::{HistoryEntry, ItemView},
    like::Like,
    search::{Hit, Hits, Piece},
};
use flow::{Flow, Input, Value};
use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{FieldError, sentence};
use crate::words::Words;

/// The caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    pub(super) name: String,
    pub(super) display: String,
    pub(super) admin: bool,
    pub(super) groups: Vec<String>,
}

/// The flows in which the caller may create or see any item.
#[derive(Serialize, ToSchema)]
pub(crate) struct Flows {
    pub(super) flows: Vec<FlowBrief>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlowBrief {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) version: i64,
    /// Items that are not closed and that the caller may see.
    pub(super) open_items: i64,
}

/// An item.
#[derive(Serialize, ToSchema)]
pub(crate) struct Item {
    flow: String,
    number: i64,
    /// As people say it: `question_3`.
    id: String,
    title: String,
    /// The path of its page.
    url: String,
    flow_version: i64,
    /// One more with each change; send it back to be told of changes meanwhile.
    revision: i64,
    state: String,
    r#final: bool,
    assigned_to: Vec<String>,
    created_by: String,
    created_at: String,
    updated_at: String,
    closed_at: Option<String>,
    /// Every field by key; null where empty.
    #[schema(value_type = Object)]
    fields: IndexMap<String, serde_json::Value>,
    /// Each trigger of the present state, in the flow's order, for the caller and the stored values.
    #[serde(skip_serializing_if = "Option::is_none")]
    triggers: Option<Vec<Trigger>>,
}

impl Item {
    pub(super) fn flow(&self) -> &str {
        &self.flow
    }

    pub(super) fn number(&self) -> i64 {
        self.number
    }

    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// Leaves out the fields that are not wanted.
    pub(crate) fn keep_fields(&mut self, wanted: impl Fn(&str) -> bool) {
        self.fields.retain(|key, _| wanted(key));
    }
}

/// A trigger of an item's state.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trigger {
    trigger: String,
    dest: String,
    allowed: bool,
    /// Why it is not allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A page of items.
#[derive(Serialize, ToSchema)]
pub(crate) struct Items {
    pub(super) items: Vec<Item>,
    /// Exact up to 10,000.
    pub(super) total: i64,
    /// Present and true where there are more than `total`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) total_capped: bool,
    /// The next page's cursor.
    pub(super) next: Option<String>,
}

/// A page of what a search found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found {
    /// Best first.
    items: Vec<FoundItem>,
    /// Exact where `total_capped` is not there.
    total: i64,
    /// Present and true where there are more than `total`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_capped: bool,
    /// The next page's cursor.
    next: Option<String>,
}

/// An item that a search found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundItem {
    flow: String,
    number: i64,
    /// As people say it: `question_3`.
    id: String,
    title: String,
    /// The path of its page.
    url: String,
    state: String,
    assigned_to: Vec<String>,
    created_by: String,
    created_at: String,
    updated_at: String,
    closed_at: Option<String>,
    /// The higher, the better: 3 where the query is its ID, 2 and more where its title has all the words.
    score: f64,
    /// Where the words stand beside the title, in pieces; empty where they stand in it alone.
    snippet: Vec<SnippetPiece>,
}

/// What is like a text.
#[derive(Serialize, ToSchema)]
pub(crate) struct Similar {
    /// Most alike first.
    items: Vec<SimilarItem>,
}

/// An item that is like a text.
#[derive(Serialize, ToSchema)]
pub(crate) struct SimilarItem {
    flow: String,
    number: i64,
    /// As people say it: `question_3`.
    id: String,
    title: String,
    /// The path of its page.
    url: String,
    state: String,
    assigned_to: Vec<String>,
    created_by: String,
    created_at: String,
    updated_at: String,
    closed_at: Option<String>,
    /// 0 to 1: the higher, the more alike.
    score: f64,
}

/// A piece of a text.
#[derive(Serialize, ToSchema)]
pub(crate) struct SnippetPiece {
    text: String,
    /// It is what was looked for.
    hit: bool,
}

/// One entry of an item's history.
#[derive(Serialize, ToSchema)]
pub(crate) struct Event {
    seq: i64,
    at: String,
    actor: String,
    /// `created`, `saved`, `triggered`, `commented`, `assigned`, `imported`, `migrated` (`changes` then has `@version`, too).
    kind: String,
    trigger: Option<String>,
    from: Option<String>,
    to: String,
    /// By field: before, after.
    #[schema(value_type = Object)]
    changes: IndexMap<String, [serde_json::Value; 2]>,
    assigned_to: Vec<String>,
    comment: Option<String>,
    /// Allowed only because the actor is an administrator.
    by_admin: bool,
}

/// An item's history.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    /// Oldest first.
    pub(super) events: Vec<Event>,
    /// With `limit`: the next page's cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// A new item.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRequest {
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) fields: Input,
}

/// Field values to save.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaveRequest {
    /// Refuse if the item has moved on from it.
    pub(super) revision: Option<i64>,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) fields: Input,
}

/// A press.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PressRequest {
    /// The words on the button.
    pub(super) trigger: String,
    /// Refuse if the item has moved on from it.
    pub(super) revision: Option<i64>,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) fields: Input,
    pub(super) comment: Option<String>,
}

/// A comment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentRequest {
    pub(super) comment: String,
}

/// A new holder.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HolderRequest {
    /// A user's name.
    pub(super) to: String,
}

/// Which part of a flow's items.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ItemsQuery {
    /// A query: `state=关闭 issue_level=事故`.
    pub(super) q: Option<String>,
    /// `-updated,issue_level`: by these, `-` descending; newest first without it.
    pub(super) sort: Option<String>,
    /// Items on a page: 50 unless given, at most 200.
    pub(super) limit: Option<i64>,
    /// From the page before.
    pub(super) cursor: Option<String>,
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// A query: `单板 重启`, `"单板 重启"`, `question_12`, `assigned_to=me 重启`.
    pub(super) q: Option<String>,
    /// Items on a page: 50 unless given, at most 200.
    pub(super) limit: Option<i64>,
    /// From the page before.
    pub(super) cursor: Option<String>,
}

/// What a text is compared with.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SimilarQuery {
    /// What somebody has written: a title, a description.
    pub(super) text: Option<String>,
    /// The key of a flow: items of that one. Else of this flow and of those that its fields link to.
    #[serde(rename = "in")]
    #[param(rename = "in")]
    pub(super) within: Option<String>,
    /// How many items: 5 unless given, at most 200.
    pub(super) limit: Option<i64>,
}

/// What is to be carried out.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `xlsx` (unless given), `csv`, `json`, `xes`.
    pub(super) format: Option<String>,
    /// A query, as of the list.
    pub(super) q: Option<String>,
    /// An order, as of the list.
    pub(super) sort: Option<String>,
    /// Keys or labels with commas between them, the ID as `id`; every column unless given.
    pub(super) columns: Option<String>,
    /// What the items are grouped by: `issue_level`, `assigned_to`, `created:month`. One group after the other; an item with
    /// several values stands in each.
    pub(super) group: Option<String>,
}

/// How a file is to be carried in.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// Nothing is written: what would become of each row.
    pub(super) dry_run: Option<bool>,
    /// The field (key or label) by which rows without an ID find their items.
    pub(super) key: Option<String>,
    /// `create` (unless given): rows that find no item become new ones. `leave`: they are left alone.
    pub(super) mode: Option<String>,
}

/// Which items notes are made of.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NotesQuery {
    /// The state that they reached.
    pub(super) state: String,
    /// The first day: `2026-05-01`.
    pub(super) from: String,
    /// The last day.
    pub(super) to: String,
    /// The field with the note: `release_notes` unless given.
    pub(super) note: Option<String>,
    /// What they are put together by.
    pub(super) group_by: Option<String>,
    /// A query, as of the list.
    pub(super) q: Option<String>,
    /// `markdown` (unless given), `html`, `xlsx`.
    pub(super) format: Option<String>,
}

/// What became of a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct Imported {
    /// New items.
    pub(super) created: u64,
    /// Items that were changed.
    pub(super) updated: u64,
    /// Rows that say what is there already.
    pub(super) unchanged: u64,
    /// Rows that were refused; they changed nothing.
    pub(super) refused: Vec<RefusedRow>,
    /// Rows that find no item, with `mode=leave`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<u64>,
    /// Headings of columns that are none of the flow's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ignored: Vec<String>,
}

/// A row that was refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedRow {
    /// Its number in the file; the header is 1.
    pub(super) row: u64,
    /// Everything that is wrong with it.
    pub(super) errors: Vec<FieldError>,
}

/// Which part of a history.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Events on a page; all of them unless given.
    pub(super) limit: Option<i64>,
    /// From the page before.
    pub(super) cursor: Option<String>,
}

/// Which of the caller's lists.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkQuery {
    /// `pending` (what I hold), `done` (what I pressed and do not hold any more), `created`.
    pub(super) list: Option<String>,
    /// Items on a page: 50 unless given, at most 200.
    pub(super) limit: Option<i64>,
    /// From the page before.
    pub(super) cursor: Option<String>,
}

/// A moment: RFC 3339 with the zone's offset.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.display_with_offset(zone.to_offset(at)).to_string()
}

fn moment_ms(at: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| moment(at, zone))
}

/// An item as JSON.
pub(super) fn item(view: &ItemView, zone: &TimeZone, words: &Words) -> Item {
    Item { triggers: Some(triggers(view, words)), ..carried_item(view, zone) }
}

/// An item as JSON, without what is one caller's.
pub(crate) fn carried_item(view: &ItemView, zone: &TimeZone) -> Item {
    let stored = &view.item;
    Item {
        flow: view.flow.key.clone(),
        number: stored.number,
        id: view.id(),
        title: view.title(),
        url: format!("/flow/{}/{}", view.flow.key, stored.number),
        flow_version: stored.flow_version,
        revision: stored.revision,
        state: stored.state.clone(),
        r#final: view.is_final(),
        assigned_to: stored.assigned_to.clone(),
        created_by: stored.created_by.clone(),
        created_at: moment(stored.created_at, zone),
        updated_at: moment(stored.updated_at, zone),
        closed_at: stored.closed_at.map(|at| moment(at, zone)),
        fields: fields(&view.flow, &stored.fields, zone),
        triggers: None,
    }
}

/// What a search found as JSON.
pub(super) fn found(found: Hits, zone: &TimeZone) -> Found {
    let Hits { hits, next, total, .. } = found;
    let items = hits.into_iter().map(|hit| found_item(hit, zone)).collect();
    Found { items, total: total.count, total_capped: total.capped, next }
}

pub(super) fn similar(likes: Vec<Like>, zone: &TimeZone) -> Similar {
    let item = |Like { row, score }: Like| SimilarItem {
        url: format!("/flow/{}/{}", row.flow, row.number),
        flow: row.flow,
        number: row.number,
        id: row.id,
        title: row.title,
        state: row.state,
        assigned_to: row.assigned_to,
        created_by: row.created_by,
        created_at: moment_ms(row.created_at, zone),
        updated_at: moment_ms(row.updated_at, zone),
        closed_at: row.closed_at.map(|at| moment_ms(at, zone)),
        score,
    };
    Similar { items: likes.into_iter().map(item).collect() }
}

fn found_item(hit: Hit, zone: &TimeZone) -> FoundItem {
    let Hit { row, snippet, score, .. } = hit;
    FoundItem {
        url: format!("/flow/{}/{}", row.flow, row.number),
        flow: row.flow,
        number: row.number,
        id: row.id,
        title: row.title,
        state: row.state,
        assigned_to: row.assigned_to,
        created_by: row.created_by,
        created_at: moment_ms(row.created_at, zone),
        updated_at: moment_ms(row.updated_at, zone),
        closed_at: row.closed_at.map(|at| moment_ms(at, zone)),
        score,
        snippet: snippet.into_iter().map(|Piece { text, hit }| SnippetPiece { text, hit }).collect(),
    }
}

fn fields(flow: &Flow, stored: &flow::Fields, zone: &TimeZone) -> IndexMap<String, serde_json::Value> {
    let value = |field: &flow::Field| match (stored.get(&field.key), &field.kind) {
        (None | Some(Value::Empty), flow::Kind::Bool) => serde_json::Value::Bool(false),
        (None, _) => serde_json::Value::Null,
        (Some(value), _) => value.to_json(zone),
    };
    flow.fields.values().map(|field| (field.key.clone(), value(field))).collect()
}

fn triggers(view: &ItemView, words: &Words) -> Vec<Trigger> {
    if view.archived {
        return archived_triggers(view, words);
    }
    let reason = |refused: &flow::Refusal| sentence(words, &view.flow, refused);
    view.buttons
        .iter()
        .map(|button| Trigger {
            trigger: button.trigger.clone(),
            dest: button.dest.clone(),
            allowed: button.refusal.is_none(),
            reason: button.refusal.as_ref().map(reason),
        })
        .collect()
}

/// Of a flow that is out of use, nothing can be pressed.
fn archived_triggers(view: &ItemView, words: &Words) -> Vec<Trigger> {
    let mut triggers: Vec<Trigger> = Vec::new();
    for row in view.flow.rows_from(&view.item.state) {
        if triggers.iter().all(|known| known.trigger != row.trigger) {
            let reason = Some(words.one("problem-archived", "flow", &view.flow.name));
            triggers.push(Trigger { trigger: row.trigger.clone(), dest: row.dest.clone(), allowed: false, reason });
        }
    }
    triggers
}

/// An entry of a history as JSON.
pub(super) fn event(entry: HistoryEntry, zone: &TimeZone) -> Event {
    let changes = entry.changes.into_iter().map(|(field, (old, new))| (field, [old.to_json(zone), new.to_json(zone)]));
    Event {
        seq: entry.seq,
        at: moment_ms(entry.at, zone),
        actor: entry.actor,
        kind: entry.kind,
        trigger: entry.trigger,
        from: entry.from,
        to: entry.to,
        changes: changes.collect(),
        assigned_to: entry.assigned_to,
        comment: entry.comment,
        by_admin: entry.by_admin,
    }
}
