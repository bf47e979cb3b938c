//! Flows: what is published, checking files, publishing them, taking a flow out of use.

use std::collections::BTreeSet;

use app::{
    Error, Reading, draft, people,
    publish::{self, FlowFile, Outcome, Terms, VersionView},
    work::Part,
};
use axum::{
    body::Body,
    extract::{FromRequest as _, Multipart, Path, Query, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use flow::{Actor, Problem, Severity, line_column};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::{admin_page, with_status};
use crate::{
    body::{self, BadBody, Form, MOST_BYTES},
    pages::{
        lists::{address, is_for_list, person, when},
        visit::{Around, Visit, rendered},
    },
    server::{Failed, Web},
    view::{
        Active,
        admin::{CheckedFile, FlowRow, FlowVersions, Flows, ProblemView, VersionRow},
    },
    words::Words,
};

/// Where the flows stand.
const PATH: &str = "/admin/flows";

/// What was sent to be checked or published.
#[derive(Default)]
struct Upload {
    files: Vec<FlowFile>,
    /// Files that are not UTF-8.
    unreadable: Vec<String>,
    /// As pasted, or the one file's text.
    text: String,
    /// Fields may change their type.
    retype: bool,
}

/// Which version of a flow to show, and which page of its versions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    version: Option<i64>,
    cursor: Option<String>,
}

/// Versions on a page.
const PAGE: i64 = 50;

/// `GET /admin/flows`
pub(crate) async fn list(visit: Visit, State(web): State<Web>) -> Response {
    admin_page(visit, &web, |cx, caller, around| rendered(&flows_page(cx, &caller.signed.actor, around, "")?)).await
}

/// `POST /admin/flows/check`: changes nothing.
pub(crate) async fn check(visit: Visit, State(web): State<Web>, request: Request) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    visit.admin(&web).await?;
    let upload = match upload(request).await {
        Ok(upload) => upload,
        Err(bad) => return Err(visit.bad_body(&web, bad).await),
    };
    let fine = !upload.files.is_empty() || !upload.unreadable.is_empty();
    Ok(checked_page(visit, &web, upload, fine).await)
}

/// `POST /admin/flows/publish`: all of the files or none.
pub(crate) async fn publish(visit: Visit, State(web): State<Web>, request: Request) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    visit.admin(&web).await?;
    let upload = match upload(request).await {
        Ok(upload) => upload,
        Err(bad) => return Err(visit.bad_body(&web, bad).await),
    };
    if upload.files.is_empty() || !upload.unreadable.is_empty() {
        return Ok(checked_page(visit, &web, upload, false).await);
    }
    let files = upload.files.clone();
    let terms = Terms { retype: upload.retype, ..Terms::default() };
    let published = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        publish::apply(cx, &caller.signed.actor, &files, &terms)
    });
    match published.await {
        Ok((outcomes, _)) => {
            let changed: Vec<&str> =
                outcomes.iter().filter(|one| !one.unchanged).map(|one| one.name.as_str()).collect();
            let code = if changed.is_empty() { "flow-unchanged" } else { "flow-published" };
            Ok(visit.go(&web, PATH, Some((code, &changed.join(visit.language.words().word("list-comma"))))))
        }
        Err(Failed { error: Error::Problems(_), .. }) => Ok(checked_page(visit, &web, upload, false).await),
        Err(failed) => Err(visit.failed(&web, failed).await),
    }
}

/// `POST /admin/flows/{flow}/archive`
pub(crate) async fn archive(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let name = visit
        .write(&web, move |cx, caller| {
            publish::archive(cx, &caller.signed.actor, &key)?;
            Ok(cx.flows.get(&key).map_or_else(|| key.clone(), |known| known.flow.name.clone()))
        })
        .await?;
    Ok(visit.go(&web, PATH, Some(("flow-archived", &name))))
}

/// `GET /admin/flows/{flow}?version=`
pub(crate) async fn show(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Ok(Query(asked)) = asked else { return visit.error(&web, StatusCode::NOT_FOUND, None).await };
    admin_page(visit, &web, move |cx, _, around| {
        let known = cx.flows.get(&key).ok_or(Error::NotFound)?;
        let cursor = asked.cursor.as_deref().unwrap_or_default();
        let versions = publish::versions(cx, &key, &Part { cursor: asked.cursor.clone(), limit: PAGE })?;
        let names = people::displays(cx, &publishers(&versions.rows))?;
        let shown = asked.version.unwrap_or(known.version);
        let (path, number) = (format!("{PATH}/{key}"), asked.version.map(|version| version.to_string()));
        let to = |cursor| address(&path, &[("version", number.as_deref().unwrap_or_default()), ("cursor", cursor)]);
        let row = |row: VersionView| VersionRow {
            href: address(&path, &[("version", &row.version.to_string()), ("cursor", cursor)]),
            version: row.version,
            published: when(cx, around.words, row.published_at),
            by: person(&names, &row.published_by),
            open: row.open,
            note: row.note,
        };
        let text = publish::text(cx, &key, Some(shown))?;
        let file = FlowFile { name: format!("{key}-v{shown}.toml"), text };
        let page = FlowVersions {
            f: around.frame(&known.flow.name, Active::Flows),
            key: &key,
            name: &known.flow.name,
            archived: known.archived,
            versions: versions.rows.into_iter().map(row).collect(),
            next: versions.next.as_deref().map(to),
            first: asked.cursor.is_some().then(|| to("")),
            again: (known.archived || shown != known.version).then(|| exact(&file)),
            shown: Some((shown, file.text)),
        };
        if is_for_list(around) { rendered(&page.as_list()) } else { rendered(&page) }
    })
    .await
}

/// `GET /admin/flows/{flow}/versions/{version}`: the file, byte for byte.
pub(crate) async fn file(
    visit: Visit,
    State(web): State<Web>,
    Path((key, version)): Path<(String, String)>,
) -> Response {
    let Ok(version) = version.parse() else { return visit.error(&web, StatusCode::NOT_FOUND, None).await };
    admin_page(visit, &web, move |cx, _, _| {
        let text = publish::text(cx, &key, Some(version))?;
        // Keys are letters, digits and `_`: nothing in them needs quoting.
        let named = format!("attachment; filename=\"{key}-v{version}.toml\"");
        let kind = "text/plain; charset=utf-8".to_owned();
        Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, named)], text).into_response())
    })
    .await
}

/// What was sent to be checked or published, in order to be carried over signing in.
pub(crate) async fn as_form(request: Request) -> Form {
    let Ok(upload) = upload(request).await else { return Form::default() };
    Form(upload.files.iter().map(|file| ("exact".to_owned(), exact(file))).collect())
}

/// The flows with what was sent to be checked or published: checked, so that it need not be chosen again.
pub(crate) async fn again(visit: Visit, web: &Web, form: Form) -> Response {
    let mut upload = Upload::default();
    for (name, value) in form.0 {
        upload.take(&name, None, value.into_bytes());
    }
    checked_page(visit.at(PATH), web, upload, true).await
}

async fn checked_page(visit: Visit, web: &Web, upload: Upload, fine: bool) -> Response {
    admin_page(visit, web, move |cx, caller, around| {
        let words = around.words;
        let mut page = flows_page(cx, &caller.signed.actor, around, &upload.text)?;
        let (outcomes, problems) = publish::check(cx, &caller.signed.actor, &upload.files)?;
        let many = upload.files.len() + upload.unreadable.len() > 1;
        let files = upload.files.iter().zip(&outcomes);
        page.checked = files
            .map(|(file, outcome)| checked(words, file, outcome.as_ref(), &problems, many))
            .chain(upload.unreadable.iter().map(|name| unreadable(words, name, many)))
            .collect();
        let sound = page.checked.iter().all(|file| file.errors == 0);
        let changed: Vec<&Outcome> = outcomes.iter().flatten().filter(|one| !one.unchanged).collect();
        page.retypes = problems.iter().any(flow::tells_retyped);
        page.publish = match changed[..] {
            [one] if sound => Some(words.one("flow-publish", "n", one.version)),
            [_, ..] if sound => Some(words.one("flow-publish-all", "n", changed.len())),
            _ => None,
        };
        if page.checked.is_empty() {
            page.trouble = Some(words.word("flow-nothing-given"));
        }
        Ok(with_status(fine, rendered(&page)?))
    })
    .await
}

fn flows_page<'a>(cx: &Reading, actor: &Actor, around: &Around<'a>, text: &'a str) -> Result<Flows<'a>, Error> {
    let current = publish::current(cx)?;
    let drafts = draft::all(cx, actor)?;
    let mut named = publishers(&current);
    named.extend(drafts.iter().map(|draft| draft.changed_by.clone()));
    let names = people::displays(cx, &named)?;
    let row = |row: VersionView| FlowRow {
        name: cx.flows.get(&row.key).map_or_else(|| row.key.clone(), |known| known.flow.name.clone()),
        version: row.version,
        published: when(cx, around.words, row.published_at),
        by: person(&names, &row.published_by),
        open: row.open,
        archived: row.archived,
        draft: drafts.iter().any(|draft| draft.flow == row.key),
        key: row.key,
    };
    Ok(Flows {
        f: around.frame(around.words.word("menu-admin-flows"), Active::Flows),
        flows: current.into_iter().map(row).collect(),
        drafts: drafts
            .iter()
            .filter(|draft| cx.flows.get(&draft.flow).is_none())
            .map(|draft| {
                (draft.flow.clone(), person(&names, &draft.changed_by), when(cx, around.words, draft.changed_at))
            })
            .collect(),
        text,
        trouble: None,
        checked: vec![],
        publish: None,
        retypes: false,
    })
}

fn publishers(versions: &[VersionView]) -> BTreeSet<String> {
    versions.iter().map(|row| row.published_by.clone()).collect()
}

fn checked(words: &Words, file: &FlowFile, outcome: Option<&Outcome>, problems: &[Problem], many: bool) -> CheckedFile {
    let found: Vec<&Problem> = problems.iter().filter(|problem| problem.file == file.name).collect();
    let view = |problem: &&Problem| {
        let (line, column) = line_column(&file.text, problem.span.start);
        ProblemView::new(words, problem, &file.text, line, column)
    };
    CheckedFile {
        file: many.then(|| file.name.clone()),
        exact: exact(file),
        name: outcome.map(|one| one.name.clone()),
        unchanged: outcome.is_some_and(|one| one.unchanged),
        problems: found.iter().map(view).collect(),
        errors: found.iter().filter(|problem| problem.severity == Severity::Error).count(),
    }
}

fn unreadable(words: &Words, name: &str, many: bool) -> CheckedFile {
    CheckedFile {
        file: many.then(|| name.to_owned()),
        exact: String::new(),
        name: None,
        unchanged: false,
        problems: vec![ProblemView::not_utf_8(words)],
        errors: 1,
    }
}

/// Name and text in one line: browsers send line breaks as CR LF, whatever they were.
fn exact(file: &FlowFile) -> String {
    let mut line = String::with_capacity(file.text.len() + file.text.len() / 8);
    for (part, mark) in [(&file.name, "="), (&file.text, "")] {
        for letter in part.chars() {
            match letter {
                '\n' => line.push_str("%0A"),
                '\r' => line.push_str("%0D"),
                '\0' => line.push_str("%00"),
                '%' => line.push_str("%25"),
                '=' if mark == "=" => line.push_str("%3D"),
                other => line.push(other),
            }
        }
        line.push_str(mark);
    }
    line
}

/// Inputs `retype` (fields may change their type), `file` (as they are), `text` (typed: its line breaks are LF again), `exact` (from [`exact`]).
async fn upload(request: Request) -> Result<Upload, BadBody> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut upload = Upload::default();
    if !kind.starts_with("multipart/form-data") {
        let form = Form::read(request.into_body()).await?;
        for (name, value) in form.0 {
            upload.take(&name, None, value.into_bytes());
        }
        return Ok(upload);
    }
    let (parts, body) = request.into_parts();
    let bytes = body::bytes(body, MOST_BYTES).await?;
    let whole = Request::from_parts(parts, Body::from(bytes));
    let mut multipart = Multipart::from_request(whole, &()).await.map_err(|_| BadBody::Broken)?;
    while let Some(field) = multipart.next_field().await.map_err(|_| BadBody::Broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(|_| BadBody::Broken)?;
        upload.take(&name, file, bytes.to_vec());
    }
    Ok(upload)
}

impl Upload {
    fn take(&mut self, input: &str, file: Option<String>, bytes: Vec<u8>) {
        let name = file.filter(|name| !name.is_empty()).unwrap_or_else(|| "flow.toml".to_owned());
        let Ok(text) = String::from_utf8(bytes) else {
            self.unreadable.push(name);
            return;
        };
        match input {
            "file" if !text.is_empty() => {
                if self.text.is_empty() {
                    self.text.clone_from(&text);
                }
                self.add(&name, text);
            }
            "text" if !text.trim().is_empty() => {
                let text = text.replace("\r\n", "\n");
                // What was chosen as a file is shown in the box for texts: it is not meant twice.
                if self.files.is_empty() {
                    self.text.clone_from(&text);
                    self.add(&name, text);
                }
            }
            "retype" => self.retype = true,
            "exact" => {
                let (name, text) = text.split_once('=').unwrap_or(("flow.toml", &text));
                let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
                let text = decoded(text);
                if self.files.is_empty() {
                    self.text.clone_from(&text);
                }
                self.add(&decoded(name), text);
            }
            _ => {}
        }
    }

    /// Names tell the files apart in what is reported of them.
    fn add(&mut self, name: &str, text: String) {
        let taken = |name: &str| self.files.iter().any(|file| file.name == name);
        let mut unique = name.to_owned();
        let mut count = 1;
        while taken(&unique) {
            count += 1;
            unique = format!("{name} ({count})");
        }
        self.files.push(FlowFile { name: unique, text });
    }
}
