//! Users: adding, changing, disabling with what they hold.

use app::{
    App, Error, InputProblem, Reading, Reason,
    people::{self, Change, NewUser},
    work::{self, Work},
};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use flow::{Actor, fold_name};

use super::{Asked, AskedOrNot, admin_page, choosable, segment, with_status};
use crate::{
    body::Form,
    pages::{
        lists::{is_for_list, when},
        visit::{Visit, rendered, with_session},
    },
    server::Web,
    view::{
        Active, Pager, Person,
        account::Errors,
        admin::{GroupChoice, Held, UserDraft, UserPage, UserRow, Users},
    },
};

/// Where the users stand.
const PATH: &str = "/admin/users";
/// Users on a page, and so many of the items that someone holds.
const PAGE: i64 = 50;
/// Groups with a box each; of more, those that someone is in have one, and others are typed.
const BOXES: i64 = 60;

/// What was typed about a user and cannot be taken.
struct Typed {
    draft: Option<UserDraft>,
    hand_over: String,
    problems: Vec<InputProblem>,
}

impl Typed {
    fn nothing() -> Typed {
        Typed { draft: None, hand_over: String::new(), problems: vec![] }
    }
}

/// `GET /admin/users`
pub(crate) async fn list(visit: Visit, State(web): State<Web>, asked: AskedOrNot) -> Response {
    let Ok(Query(asked)) = asked else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    list_page(visit, &web, asked, UserDraft::default(), vec![]).await
}

/// `POST /admin/users`
pub(crate) async fn add(visit: Visit, State(web): State<Web>, body: Body) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let form = visit.form(&web, body).await?;
    visit.admin(&web).await?;
    let (draft, password) = (drafted(&form), form.text("password").to_owned());
    let mut new = NewUser {
        name: draft.name.clone(),
        display: filled(&draft.display),
        email: filled(&draft.email),
        admin: draft.admin,
        groups: draft.groups.clone(),
        password_hash: None,
    };
    let hash = web.run(visit.language, move |app| hashed(app, &password)).await;
    match visit.troubles(&web, hash).await? {
        Ok(hash) => new.password_hash = hash,
        Err(problems) => return Ok(list_page(visit, &web, Asked::default(), draft, problems).await),
    }
    let added = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        people::admins_only(&caller.signed.actor)?;
        people::known_groups(cx, &new.groups)?;
        people::add(cx, &caller.signed.actor.name, &new)
    });
    Ok(match visit.troubles(&web, added.await).await? {
        Ok(name) => visit.go(&web, PATH, Some(("user-added", &name))),
        Err(problems) => list_page(visit, &web, Asked::default(), draft, problems).await,
    })
}

/// `GET /admin/users/{name}`
pub(crate) async fn show(
    visit: Visit,
    State(web): State<Web>,
    Path(name): Path<String>,
    asked: AskedOrNot,
) -> Response {
    let Ok(Query(asked)) = asked else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    user_page(visit, &web, name, asked, Typed::nothing()).await
}

/// `POST /admin/users/{name}`
pub(crate) async fn edit(
    visit: Visit,
    State(web): State<Web>,
    Path(name): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let visit = visit.at(format!("{PATH}/{}", segment(&name)));
    let form = visit.form(&web, body).await?;
    let by = visit.admin(&web).await?;
    let (draft, password) = (drafted(&form), form.text("password").to_owned());
    let change = Change {
        display: draft.display.clone(),
        email: filled(&draft.email),
        admin: draft.admin,
        groups: draft.groups.clone(),
    };
    let refused = |problems| Typed { draft: Some(draft), hand_over: String::new(), problems };
    let hash = web.run(visit.language, move |app| hashed(app, &password)).await;
    let hash = match visit.troubles(&web, hash).await? {
        Ok(hash) => hash,
        Err(problems) => return Ok(user_page(visit, &web, name, Asked::default(), refused(problems)).await),
    };
    let renewed = hash.is_some() && fold_name(&name) == fold_name(&by.name);
    let who = name.clone();
    let changed = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        people::admins_only(&caller.signed.actor)?;
        people::known_groups(cx, &change.groups)?;
        people::change(cx, &caller.signed.actor, &who, &change)?;
        match &hash {
            Some(hash) => people::set_password(cx, &caller.signed.actor.name, &who, hash),
            None => Ok(()),
        }
    });
    match visit.troubles(&web, changed.await).await? {
        Ok(()) if renewed => signed_in_again(&visit, &web, by).await,
        Ok(()) => Ok(visit.go(&web, &visit.path, Some(("user-saved", "")))),
        Err(problems) => Ok(user_page(visit, &web, name, Asked::default(), refused(problems)).await),
    }
}

/// `POST /admin/users/{name}/disable`
pub(crate) async fn disable(
    visit: Visit,
    State(web): State<Web>,
    Path(name): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let visit = visit.at(format!("{PATH}/{}", segment(&name)));
    let form = visit.form(&web, body).await?;
    let by = visit.admin(&web).await?;
    let hand_over = form.text("hand_over").trim().to_owned();
    let (who, to) = (name.clone(), filled(&hand_over));
    let is_oneself = fold_name(&name) == fold_name(&by.name);
    let disabled = web.run(visit.language, move |app| {
        let user = app.read(|cx| people::user(cx, &who))?;
        if is_oneself {
            return Err(Error::Input(vec![InputProblem { field: "to", reason: Reason::LastAdmin }]));
        }
        people::disable(app, &by, &user.name, to.as_deref())?;
        Ok(user.name)
    });
    Ok(match visit.troubles(&web, disabled.await).await? {
        Ok(name) => visit.go(&web, &visit.path, Some(("user-disabled", &name))),
        Err(problems) => {
            user_page(visit, &web, name, Asked::default(), Typed { hand_over, problems, ..Typed::nothing() }).await
        }
    })
}

/// `POST /admin/users/{name}/enable`
pub(crate) async fn enable(
    visit: Visit,
    State(web): State<Web>,
    Path(name): Path<String>,
) -> Result<Response, Response> {
    let visit = visit.at(format!("{PATH}/{}", segment(&name)));
    let who = name.clone();
    visit.write(&web, move |cx, caller| people::enable(cx, &caller.signed.actor, &who)).await?;
    Ok(visit.go(&web, &visit.path, Some(("user-enabled", &name))))
}

/// The users with a new one as typed; nothing is done.
pub(crate) async fn list_again(visit: Visit, web: &Web, form: &Form) -> Response {
    list_page(visit.at(PATH), web, Asked::default(), drafted(form), vec![]).await
}

/// A user with what was typed, of them or whom they hand over to; nothing is done.
pub(crate) async fn show_again(visit: Visit, web: &Web, name: &str, form: &Form) -> Response {
    let draft = (!form.has("hand_over")).then(|| drafted(form));
    let typed = Typed { draft, hand_over: form.text("hand_over").to_owned(), problems: vec![] };
    user_page(visit.at(format!("{PATH}/{}", segment(name))), web, name.to_owned(), Asked::default(), typed).await
}

/// A new password ends every session: whoever changed their own goes on in a new one.
async fn signed_in_again(visit: &Visit, web: &Web, by: Actor) -> Result<Response, Response> {
    match web.run(visit.language, move |app| app.open_session(&by.name)).await {
        Ok(secret) => Ok(with_session(visit.go(web, &visit.path, Some(("user-saved", ""))), web, &secret)),
        Err(failed) => Err(visit.failed(web, failed).await),
    }
}

async fn list_page(visit: Visit, web: &Web, asked: Asked, draft: UserDraft, problems: Vec<InputProblem>) -> Response {
    admin_page(visit, web, move |cx, _, around| {
        let words = around.words;
        let row = |user: people::UserView| UserRow {
            person: Person { name: user.name, display: user.display },
            email: user.email.unwrap_or_default(),
            admin: user.admin,
            active: user.active,
            groups: user.groups.into_iter().collect(),
        };
        let found = people::user_page(cx, &asked.q, &asked.part(PAGE))?;
        let Pager { next, first } = asked.pager(PATH, found.next.as_deref());
        let page = Users {
            f: around.frame(words.word("menu-admin-users"), Active::Users),
            users: found.rows.into_iter().map(row).collect(),
            q: &asked.q,
            next,
            first,
            errors: Errors::of_problems(words, &problems, &[("group", "groups")]),
            groups: group_choice(cx, &draft)?,
            draft,
        };
        let drawn = if is_for_list(around) { rendered(&page.as_list()) } else { rendered(&page) }?;
        Ok(with_status(problems.is_empty(), drawn))
    })
    .await
}

async fn user_page(visit: Visit, web: &Web, name: String, asked: Asked, typed: Typed) -> Response {
    admin_page(visit, web, move |cx, caller, around| {
        let words = around.words;
        let user = people::user(cx, &name)?;
        let holder = Actor { name: user.name.clone(), admin: false, groups: user.groups.clone() };
        let held = work::work(cx, &holder, Work::Pending, None, &asked.part(PAGE))?;
        let pager = asked.pager(&format!("{PATH}/{}", segment(&user.name)), held.next.as_deref());
        let draft = typed.draft.unwrap_or_else(|| UserDraft {
            name: user.name.clone(),
            display: user.display.clone(),
            email: user.email.clone().unwrap_or_default(),
            admin: user.admin,
            groups: user.groups.iter().cloned().collect(),
        });
        let line =
            |row: work::Row| Held { href: format!("/flow/{}/{}", row.flow, row.number), id: row.id, title: row.title };
        let inputs = [("group", "groups"), ("to", "hand_over")];
        let page = rendered(&UserPage {
            f: around.frame(&user.display, Active::Users),
            active: user.active,
            created: when(cx, words, user.created_at),
            errors: Errors::of_problems(words, &typed.problems, &inputs),
            groups: group_choice(cx, &draft)?,
            holds_count: held.total,
            pager,
            holds: held.rows.into_iter().map(line).collect(),
            people: choosable(cx)?.into_iter().filter(|person| person.name != user.name).collect(),
            oneself: user.name == caller.signed.actor.name,
            hand_over: &typed.hand_over,
            draft,
            person: Person { name: user.name, display: user.display },
        })?;
        Ok(with_status(typed.problems.is_empty(), page))
    })
    .await
}

/// A box for every group; where there are too many, for those chosen.
fn group_choice(cx: &Reading, draft: &UserDraft) -> Result<GroupChoice, Error> {
    let (names, more) = people::group_names(cx, "", BOXES)?;
    Ok(match more {
        true => GroupChoice { boxes: draft.groups.clone(), others: Some(names) },
        false => GroupChoice { boxes: names, others: None },
    })
}

/// Groups have boxes, or are typed with anything between them that is in no name.
fn drafted(form: &Form) -> UserDraft {
    let typed = form.text("more_groups").split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-')));
    let mut groups: Vec<String> = form.all("groups").map(str::to_owned).collect();
    for name in typed.filter(|name| !name.is_empty()) {
        if !groups.iter().any(|known| fold_name(known) == fold_name(name)) {
            groups.push(name.to_owned());
        }
    }
    UserDraft {
        name: form.text("name").trim().to_owned(),
        display: form.text("display").trim().to_owned(),
        email: form.text("email").trim().to_owned(),
        admin: form.has("admin"),
        groups,
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn hashed(app: &App, password: &str) -> Result<Option<String>, Error> {
    if password.is_empty() {
        return Ok(None);
    }
    people::check_password(password)?;
    app.hash_password(password).map(Some)
}
