//! Administration. Each page asks for an administrator before anything else; each use case does so again.

pub(crate) mod design;
pub(crate) mod flows;
pub(crate) mod groups;
pub(crate) mod migrate;
pub(crate) mod stranded;
pub(crate) mod users;

use app::{Error, Reading, people, work::Part};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{
    lists::address,
    visit::{Around, Visit},
};
use crate::{
    server::{Caller, Web},
    view::{Pager, Person},
};

/// People to choose from without JavaScript; with it, the choice is looked up as one types.
const MOST_PEOPLE: i64 = 500;

/// Which page of a list, and of what in it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Words to find.
    q: String,
    cursor: Option<String>,
}

/// What an address asks; a refusal where it cannot be read.
type AskedOrNot = Result<Query<Asked>, QueryRejection>;

impl Asked {
    fn part(&self, limit: i64) -> Part {
        Part { cursor: self.cursor.clone(), limit }
    }

    /// Where the other pages are.
    fn pager(&self, path: &str, next: Option<&str>) -> Pager {
        let to = |cursor| address(path, &[("q", &self.q), ("cursor", cursor)]);
        Pager { next: next.map(to), first: self.cursor.is_some().then(|| to("")) }
    }
}

/// `GET /admin`
pub(crate) async fn index(visit: Visit, State(web): State<Web>) -> Result<Response, Response> {
    visit.admin(&web).await?;
    Ok(visit.go(&web, "/admin/users", None))
}

/// A page for administrators.
pub(super) async fn admin_page(
    visit: Visit,
    web: &Web,
    make: impl FnOnce(&Reading, &Caller, &Around) -> Result<Response, Error> + Send + 'static,
) -> Response {
    visit
        .page(web, move |cx, caller, around| {
            people::admins_only(&caller.signed.actor)?;
            make(cx, caller, around)
        })
        .await
}

/// The page as drawn; what was typed is wrong unless `fine`.
fn with_status(fine: bool, page: Response) -> Response {
    (if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, page).into_response()
}

fn choosable(cx: &Reading) -> Result<Vec<Person>, Error> {
    let people = people::pick(cx, "", MOST_PEOPLE)?;
    Ok(people.into_iter().map(|(name, display)| Person { name, display }).collect())
}

/// A name as part of an address.
fn segment(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}
