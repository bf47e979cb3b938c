//! What nobody active holds.

use app::work::{self, Row, Rows};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};

use super::{AskedOrNot, admin_page, choosable};
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

/// `GET /admin/stranded`: each is handed over by the form that its item's page has too.
pub(crate) async fn stranded(visit: Visit, State(web): State<Web>, asked: AskedOrNot) -> Response {
    let Ok(Query(asked)) = asked else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    admin_page(visit, &web, move |cx, caller, around| {
        let Rows { rows, next, people, .. } = work::stranded(cx, &caller.signed.actor, &asked.part(PAGE))?;
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
            pager: asked.pager("/admin/stranded", next.as_deref()),
            people: choosable(cx)?,
        })
    })
    .await
}
