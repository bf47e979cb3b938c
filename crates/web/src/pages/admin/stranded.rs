//! What nobody active holds.

use app::work::{self, Part, Row, Rows};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use super::{admin_page, choosable, segment};
use crate::{
    pages::{
        lists::state_of,
        visit::{Visit, rendered},
    },
    server::Web,
    view::{
        Active, Person,
        lists::{Stranded, StrandedRow},
    },
};

/// Lines on a page.
const PAGE: i64 = 50;

/// Which page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    cursor: Option<String>,
}

/// `GET /admin/stranded`: each is handed over by the form that its item's page has too.
pub(crate) async fn stranded(
    visit: Visit,
    State(web): State<Web>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Ok(Query(Asked { cursor })) = asked else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    admin_page(visit, &web, move |cx, caller, around| {
        let is_first = cursor.is_none();
        let Rows { rows, next, people, .. } = work::stranded(cx, &caller.signed.actor, &Part { cursor, limit: PAGE })?;
        let seen = |name: &String| Person { name: name.clone(), display: people.display(name).to_owned() };
        let line = |row: Row| StrandedRow {
            href: format!("/flow/{}/{}", row.flow, row.number),
            id: row.id,
            title: row.title,
            flow: cx.flows.get(&row.flow).map_or_else(|| row.flow.clone(), |known| known.flow.name.clone()),
            state: state_of(cx, &row.flow, &row.state),
            holders: row.assigned_to.iter().map(seen).collect(),
        };
        rendered(&Stranded {
            f: around.frame(around.words.word("menu-admin-stranded"), Active::Stranded),
            rows: rows.into_iter().map(line).collect(),
            next: next.map(|cursor| format!("/admin/stranded?cursor={}", segment(&cursor))),
            first: (!is_first).then(|| "/admin/stranded".to_owned()),
            people: choosable(cx)?,
        })
    })
    .await
}
