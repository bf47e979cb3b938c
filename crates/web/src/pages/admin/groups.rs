//! Groups and who is in them.

use std::collections::BTreeSet;

use app::{InputProblem, people};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};

use super::{admin_page, choosable, with_status};
use crate::{
    body::Form,
    pages::{
        lists::person,
        visit::{Visit, rendered},
    },
    server::Web,
    view::{
        Active,
        account::{Errors, trouble},
        admin::{GroupRow, Groups},
    },
};

/// Where the groups stand.
const PATH: &str = "/admin/groups";

/// What was typed and cannot be taken.
#[derive(Default)]
struct Typed {
    /// The new group's name, or the person to add.
    text: String,
    /// The group that the person was to be added to; none: the text is a new group's name.
    group: Option<String>,
    problems: Vec<InputProblem>,
}

/// `GET /admin/groups`
pub(crate) async fn list(visit: Visit, State(web): State<Web>) -> Response {
    page(visit, &web, Typed::default()).await
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
        Err(problems) => page(visit, &web, Typed { text, group: None, problems }).await,
    })
}

/// `POST /admin/groups/{group}/add`
pub(crate) async fn join(
    visit: Visit,
    State(web): State<Web>,
    Path(group): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let form = visit.form(&web, body).await?;
    let (text, name, within) = (form.text("member").to_owned(), form.text("member").to_owned(), group.clone());
    let joined = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        people::add_member(cx, &caller.signed.actor, &within, &name)
    });
    Ok(match visit.troubles(&web, joined.await).await? {
        Ok(name) => visit.go(&web, PATH, Some(("group-joined", &name))),
        Err(problems) => page(visit, &web, Typed { text, group: Some(group), problems }).await,
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
    Ok(visit.go(&web, PATH, Some(("group-left", &name))))
}

/// The groups with a new one's name as typed, or whom to add to `group`; nothing is done.
pub(crate) async fn again(visit: Visit, web: &Web, group: Option<&str>, form: &Form) -> Response {
    let text = form.text(if group.is_some() { "member" } else { "name" }).to_owned();
    page(visit.at(PATH), web, Typed { text, group: group.map(str::to_owned), problems: vec![] }).await
}

async fn page(visit: Visit, web: &Web, typed: Typed) -> Response {
    admin_page(visit, web, move |cx, _, around| {
        let words = around.words;
        let groups = people::groups(cx)?;
        let members: BTreeSet<String> = groups.iter().flat_map(|group| group.members.iter().cloned()).collect();
        let names = people::displays(cx, &members)?;
        let typed_into = |group: &str| {
            let said = typed.problems.first().map(|problem| trouble(words, problem));
            (typed.group.as_deref() == Some(group)).then(|| (typed.text.clone(), said))
        };
        let row = |group: people::GroupView| GroupRow {
            members: group.members.iter().map(|name| person(&names, name)).collect(),
            typed: typed_into(&group.name),
            name: group.name,
        };
        let is_new = typed.group.is_none();
        let page = rendered(&Groups {
            f: around.frame(words.word("menu-admin-groups"), Active::Groups),
            groups: groups.into_iter().map(row).collect(),
            name: if is_new { &typed.text } else { "" },
            errors: Errors::of_problems(words, if is_new { &typed.problems } else { &[] }, &[("group", "name")]),
            people: choosable(cx)?,
        })?;
        Ok(with_status(typed.problems.is_empty(), page))
    })
    .await
}
