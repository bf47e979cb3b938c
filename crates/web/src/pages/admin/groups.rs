//! Groups and who is in them.

use app::{InputProblem, people};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{Asked, AskedOrNot, admin_page, choosable, segment, with_status};
use crate::{
    body::Form,
    pages::{
        item::Picks,
        lists::is_for_list,
        visit::{Visit, local, rendered},
    },
    server::Web,
    view::{
        Active, Pager, Person,
        account::Errors,
        admin::{GroupPage, GroupRow, Groups},
    },
};

/// Where the groups stand.
const PATH: &str = "/admin/groups";
/// Groups on a page.
const PAGE: i64 = 20;
/// Members of each that are shown there.
const SHOWN: i64 = 24;
/// Members on a group's own page.
const MEMBERS: i64 = 100;
/// Suggestions of a picker.
const PICKS: i64 = 20;

/// What was typed and cannot be taken: a new group's name, or whom to add.
#[derive(Default)]
struct Typed {
    text: String,
    problems: Vec<InputProblem>,
}

/// `GET /admin/groups`
pub(crate) async fn list(visit: Visit, State(web): State<Web>, asked: AskedOrNot) -> Response {
    let Ok(Query(asked)) = asked else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    list_page(visit, &web, asked, Typed::default()).await
}

/// `POST /admin/groups`
pub(crate) async fn add(visit: Visit, State(web): State<Web>, body: Body) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let form = visit.form(&web, body).await?;
    let (text, name) = (form.text("name").to_owned(), form.text("name").to_owned());
    let added = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        people::add_group(cx, &caller.signed.actor, &name)
    });
    Ok(match visit.troubles(&web, added.await).await? {
        Ok(name) => visit.go(&web, PATH, Some(("group-added", &name))),
        Err(problems) => list_page(visit, &web, Asked::default(), Typed { text, problems }).await,
    })
}

/// `GET /admin/groups/{group}`
pub(crate) async fn show(
    visit: Visit,
    State(web): State<Web>,
    Path(group): Path<String>,
    asked: AskedOrNot,
) -> Response {
    let Ok(Query(asked)) = asked else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    group_page(visit, &web, group, asked, Typed::default()).await
}

/// `POST /admin/groups/{group}/add`
pub(crate) async fn join(
    visit: Visit,
    State(web): State<Web>,
    Path(group): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let visit = visit.at(page_of(&group));
    let form = visit.form(&web, body).await?;
    let (text, name, within) = (form.text("member").to_owned(), form.text("member").to_owned(), group.clone());
    let joined = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        people::add_member(cx, &caller.signed.actor, &within, &name)
    });
    Ok(match visit.troubles(&web, joined.await).await? {
        Ok(name) => visit.go(&web, back(&form), Some(("group-joined", &name))),
        Err(problems) => group_page(visit, &web, group, Asked::default(), Typed { text, problems }).await,
    })
}

/// `POST /admin/groups/{group}/remove`
pub(crate) async fn leave(
    visit: Visit,
    State(web): State<Web>,
    Path(group): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let form = visit.form(&web, body).await?;
    let name = form.text("member").to_owned();
    let name =
        visit.write(&web, move |cx, caller| people::remove_member(cx, &caller.signed.actor, &group, &name)).await?;
    Ok(visit.go(&web, back(&form), Some(("group-left", &name))))
}

/// `GET /pick/groups`
pub(crate) async fn pick(visit: Visit, State(web): State<Web>, asked: AskedOrNot) -> Response {
    let Ok(Query(asked)) = asked else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    let found = web.read_as(visit.session.clone(), visit.language, move |cx, caller| {
        people::admins_only(&caller.signed.actor)?;
        Ok(people::group_names(cx, &asked.q, PICKS)?.0)
    });
    match found.await {
        Ok(names) => Json(Picks::of(names.into_iter().map(|name| (name.clone(), name)))).into_response(),
        Err(failed) => visit.failed(&web, failed).await,
    }
}

/// The groups with a new one's name as typed, or `group` with whom to add to it; nothing is done.
pub(crate) async fn again(visit: Visit, web: &Web, group: Option<&str>, form: &Form) -> Response {
    let typed = |input| Typed { text: form.text(input).to_owned(), problems: vec![] };
    match group {
        None => list_page(visit.at(PATH), web, Asked::default(), typed("name")).await,
        Some(group) => {
            group_page(visit.at(page_of(group)), web, group.to_owned(), Asked::default(), typed("member")).await
        }
    }
}

/// Where a form that was taken leads: where it stood.
fn back(form: &Form) -> &str {
    form.get("back").map_or(PATH, local)
}

fn page_of(group: &str) -> String {
    format!("{PATH}/{}", segment(group))
}

fn person((name, display): (String, String)) -> Person {
    Person { name, display }
}

async fn list_page(visit: Visit, web: &Web, asked: Asked, typed: Typed) -> Response {
    admin_page(visit, web, move |cx, _, around| {
        let words = around.words;
        let found = people::group_page(cx, &asked.q, &asked.part(PAGE), SHOWN)?;
        let pager = asked.pager(PATH, found.next.as_deref());
        let row = |group: people::GroupBrief| GroupRow {
            href: page_of(&group.name),
            name: group.name,
            members: group.members.into_iter().map(person).collect(),
            count: group.count,
        };
        let page = rendered(&Groups {
            f: around.frame(words.word("menu-admin-groups"), Active::Groups),
            groups: found.rows.into_iter().map(row).collect(),
            q: &asked.q,
            pager,
            name: &typed.text,
            errors: Errors::of_problems(words, &typed.problems, &[("group", "name")]),
            people: choosable(cx)?,
        })?;
        Ok(with_status(typed.problems.is_empty(), page))
    })
    .await
}

async fn group_page(visit: Visit, web: &Web, group: String, asked: Asked, typed: Typed) -> Response {
    admin_page(visit, web, move |cx, _, around| {
        let (name, count) = people::group(cx, &group)?;
        let found = people::members(cx, &name, &asked.q, &asked.part(MEMBERS))?;
        let href = page_of(&name);
        let Pager { next, first } = asked.pager(&href, found.next.as_deref());
        let page = GroupPage {
            f: around.frame(&name, Active::Groups),
            name: &name,
            href: &href,
            members: found.rows.into_iter().map(person).collect(),
            count,
            q: &asked.q,
            next,
            first,
            typed: &typed.text,
            errors: Errors::of_problems(around.words, &typed.problems, &[]),
            people: choosable(cx)?,
        };
        let drawn = if is_for_list(around) { rendered(&page.as_list()) } else { rendered(&page) }?;
        Ok(with_status(typed.problems.is_empty(), drawn))
    })
    .await
}
