//! The call that counts.

use app::stats::{self, Counts, Group};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, Uri},
};
use flow::{By, BySort};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, body, items::caller};
use crate::server::Web;

/// How many items of a flow there are of each kind.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stats {
    rows: Vec<StatsRow>,
    /// How many items were counted: each once, however many values it has.
    total: i64,
}

/// Items with something in common.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatsRow {
    /// With one `by`: a word, a name, true or false, `2026-05-31`, `2026-W22`, `2026-05`; null where nothing stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable)]
    value: Option<serde_json::Value>,
    /// With two `by`: one for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    values: Option<Vec<serde_json::Value>>,
    count: i64,
}

/// How many items there are of each kind.
#[utoipa::path(get, path = "/api/v1/flows/{flow}/stats", tag = "flows", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"),
        ("by" = Option<Vec<String>>, Query, description = "What to count by, at most two: a choice, user or bool field by key or label, state, assigned_to, created_by; or a time (created, updated, closed, a date, a datetime) with :day, :week or :month"),
        ("q" = Option<String>, Query, description = "Which items to count: a query, as lists take it")),
    responses((status = 200, body = Stats), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn stats(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Json<Stats>, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<Vec<(String, String)>>(&uri).and_then(|pairs| {
        let (mut by, mut q) = (Vec::new(), None);
        for (name, value) in pairs {
            match name.as_str() {
                "by" => by.push(value),
                "q" if q.is_none() => q = Some(value),
                "q" => return Err(Problem::bad_request("q: given twice")),
                other => return Err(Problem::bad_request(format!("unknown field `{other}`, expected `by` or `q`"))),
            }
        }
        Ok((by, q.unwrap_or_default()))
    });
    let (by, q) = web.known(token.clone(), language, asked).await?;
    let counts = web.read_long(token, language, move |cx, caller| {
        Ok(shape(stats::counts(cx, &caller.signed.actor, &key, &by, &q)?))
    });
    Ok(Json(counts.await?))
}

fn shape(counts: Counts) -> Stats {
    let Counts { by, rows, total, .. } = counts;
    let row = |(groups, count): (Vec<Group>, i64)| {
        let mut values: Vec<serde_json::Value> = groups.iter().zip(&by).map(|(group, by)| json(group, by)).collect();
        let (value, values) = match values.len() {
            0 => (None, None),
            1 => (values.pop(), None),
            _ => (None, Some(values)),
        };
        StatsRow { value, values, count }
    };
    Stats { rows: rows.into_iter().map(row).collect(), total }
}

fn json(group: &Group, by: &By) -> serde_json::Value {
    match (group, by.sort) {
        (Group::Empty, _) => serde_json::Value::Null,
        (Group::Word(word), _) => word.as_str().into(),
        (Group::Bool(yes), _) => (*yes).into(),
        (Group::From(first), BySort::Moment(span) | BySort::Day(span)) => span.name(*first).into(),
        (Group::From(first), _) => first.to_string().into(),
    }
}
