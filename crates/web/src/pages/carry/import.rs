//! Carrying a file in: it is checked, its columns are said, it is carried in. Between these steps it is kept among the
//! records, so that any server can go on.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
};

use app::{
    Error, Reading,
    carry::{export::all_columns, import::BadFile, kept},
    people,
};
use axum::{
    body::Body,
    extract::{FromRequest as _, Multipart, Path, Request, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use flow::{Actor, Column, Flow, Kind};

use crate::{
    body::{self, BadBody, Form},
    carry::{
        XLSX,
        export::{disposition, file_name},
        import::{self as carried, Wanted},
        label,
        read::{self, MOST_BYTES, Table},
    },
    pages::visit::{Around, Visit, rendered},
    server::{Failed, Web},
    view::{
        Active,
        carry::{Choice, Import, Sent},
    },
    words::Words,
};

/// Refused rows on the page.
const SHOWN: usize = 200;
/// People in a template's drop-downs.
const MOST_PEOPLE: i64 = 2_000;

/// What the form says.
#[derive(Default)]
struct Sending {
    file: Option<Vec<u8>>,
    form: Form,
}

/// `GET /flow/{flow}/import`
pub(crate) async fn import(visit: Visit, State(web): State<Web>, Path(key): Path<String>) -> Response {
    page(visit, &web, key, Wanted::default(), (None, None)).await
}

/// `GET /flow/{flow}/import/template`
pub(crate) async fn template(visit: Visit, State(web): State<Web>, Path(key): Path<String>) -> Response {
    let name = web.app.clone();
    let (session, language) = (visit.session.clone(), visit.language);
    let made = web.read_as(session, language, move |cx, caller| {
        let flow = enter(cx, &caller.signed.actor, &key)?;
        let people: Vec<String> = people::pick(cx, "", MOST_PEOPLE)?.into_iter().map(|(name, _)| name).collect();
        let book =
            carried::template(caller.words, &flow, &people).map_err(|error| Error::Damaged(error.to_string()))?;
        Ok(workbook(&key, &file_name(&name, &flow.name), book))
    });
    match made.await {
        Ok(file) => file,
        Err(failed) => visit.failed(&web, failed).await,
    }
}

/// What the page asks while a file is carried in.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct ProgressQuery {
    mark: String,
}

/// `GET /flow/{flow}/import/progress`: how far it is, or `null` when it is not under way here.
pub(crate) async fn progress(visit: Visit, State(web): State<Web>, Path(key): Path<String>, uri: Uri) -> Response {
    let mark = axum::extract::Query::<ProgressQuery>::try_from_uri(&uri).map(|query| query.0.mark).unwrap_or_default();
    visit.progress(&web, mark, move |cx, caller| enter(cx, &caller.signed.actor, &key).map(drop)).await
}

/// `POST /flow/{flow}/import`
pub(crate) async fn send(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let visit = visit.at(format!("/flow/{key}/import"));
    let asked = key.clone();
    let known = web.read_as(visit.session.clone(), visit.language, move |cx, caller| {
        enter(cx, &caller.signed.actor, &asked)?;
        Ok((caller.signed.actor.clone(), caller.words))
    });
    let (actor, words) = match known.await {
        Ok(known) => known,
        Err(failed) => return Err(visit.failed(&web, failed).await),
    };
    let Sending { file, form } = match sending(request).await {
        Ok(sending) => sending,
        Err(bad) => return Err(visit.bad_body(&web, bad).await),
    };
    let does = form.text("do").to_owned();
    let wanted = wanted(&key, &form, does != "import");
    let kept = form.text("kept").to_owned();
    let (person, order) = (actor.clone(), wanted.clone());
    let (progress, mark) = (web.progress.clone(), form.text("mark").to_owned());
    let done = web.run(visit.language, move |app| {
        let (bytes, kept) = match file {
            Some(bytes) => {
                read::table(&bytes)?;
                let kept = kept::put(app, &person.name, &packed(&bytes)?)?;
                (bytes, kept)
            }
            None => {
                let bytes = app.read(|cx| kept::get(cx, &person.name, &kept))?;
                let bytes = bytes.ok_or(BadFile::Empty)?;
                (unpacked(&bytes)?, kept)
            }
        };
        let table = read::table(&bytes)?;
        let watched = progress.begin(&person.name, &mark, table.rows.len());
        let mut told = |done| watched.iter().for_each(|watched| watched.reached(done));
        let carried = carried::carry(app, &person, &order, table.clone(), &mut told)?;
        if !order.dry {
            kept::take_away(app, &person.name)?;
        }
        Ok((carried, table, kept))
    });
    match done.await {
        Ok((carried, table, _)) if does == "mend" => {
            let rows = (table.header.as_slice(), table.rows.as_slice());
            let book = carried::to_mend(words, &carried.plan.flow, rows, &carried.report);
            let name = file_name(&web.app, &carried.plan.flow.name);
            match book {
                Ok(book) => Ok(workbook(&key, &name, book)),
                Err(_) => Err(visit.error(&web, StatusCode::INTERNAL_SERVER_ERROR, None).await),
            }
        }
        Ok((carried, table, kept)) => {
            let sent = sent(words, (&carried, &table), &wanted, kept);
            Ok(page(visit, &web, key, wanted, (Some(sent), None)).await)
        }
        Err(Failed { error: Error::BadFile(bad), .. }) => {
            let gone = bad == BadFile::Empty && !form.text("kept").is_empty();
            let text = if gone { words.word("import-gone").to_owned() } else { carried::bad_file(words, &bad) };
            Ok(page(visit, &web, key, wanted, (None, Some(text))).await)
        }
        Err(failed) => Err(visit.failed(&web, failed).await),
    }
}

/// The flow, if the actor may enter it and it is in use.
fn enter(cx: &Reading, actor: &Actor, key: &str) -> Result<std::sync::Arc<Flow>, Error> {
    let (published, _) = app::work::flow(cx, actor, key)?;
    if published.archived { Err(Error::Archived(published.flow.name.clone())) } else { Ok(published.flow) }
}

async fn page(
    visit: Visit,
    web: &Web,
    key: String,
    wanted: Wanted,
    (sent, trouble): (Option<Sent>, Option<String>),
) -> Response {
    visit
        .page(web, move |cx, caller, around: &Around| {
            let flow = enter(cx, &caller.signed.actor, &key)?;
            let fine = trouble.is_none();
            let page = Import {
                f: around.frame(around.words.word("import"), Active::Flow(&key)),
                key: &key,
                name: &flow.name,
                trouble,
                keys: keys(&flow, wanted.by.as_deref()),
                leave: wanted.leave,
                sent,
            };
            let status = if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            Ok((status, rendered(&page)?).into_response())
        })
        .await
}

fn keys(flow: &Flow, chosen: Option<&str>) -> Vec<Choice> {
    let fits = |field: &&flow::Field| {
        !field.multiple
            && matches!(field.kind, Kind::Text { .. } | Kind::Choice(_) | Kind::User | Kind::Number { .. } | Kind::Date)
    };
    let fields = flow.fields.values().filter(fits);
    fields.map(|field| (field.key.clone(), field.label.clone(), chosen == Some(field.key.as_str()))).collect()
}

fn sent(words: &Words, (carried, table): (&carried::Carried, &Table), wanted: &Wanted, kept: String) -> Sent {
    let flow = &carried.plan.flow;
    let (report, all) = (&carried.report, all_columns(flow));
    let matched = carried::chosen(flow, &table.header, wanted);
    let choices = |found: &Option<Column>| {
        let pass = (String::new(), words.word("import-pass").to_owned(), found.is_none());
        let one = |column: &Column| {
            let (label, key) = label(words, flow, column);
            (key.to_owned(), label, found.as_ref() == Some(column))
        };
        std::iter::once(pass).chain(all.iter().map(one)).collect::<Vec<Choice>>()
    };
    let refused = report.refused.iter().take(SHOWN);
    Sent {
        kept,
        done: !wanted.dry,
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        left: report.left,
        refused: refused.map(|(row, why)| (*row, carried::sentence(words, flow, why))).collect(),
        refused_count: report.refused.len(),
        columns: table.header.iter().cloned().zip(matched.iter().map(choices)).collect(),
    }
}

fn wanted(key: &str, form: &Form, dry: bool) -> Wanted {
    let place = |name: &str| name.strip_prefix('c').and_then(|at| at.parse().ok());
    let chosen = form.0.iter().filter_map(|(name, value)| Some((place(name)?, value.clone())));
    let chosen: BTreeMap<usize, String> = chosen.collect();
    let by = Some(form.text("key").to_owned()).filter(|by| !by.is_empty());
    Wanted { key: key.to_owned(), by, leave: form.text("mode") == "leave", dry, chosen }
}

/// The file and the rest of the form; or a form about the file that was sent before.
async fn sending(request: Request) -> Result<Sending, BadBody> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        return Ok(Sending { file: None, form: Form::read(request.into_body()).await? });
    }
    let (parts, body) = request.into_parts();
    let bytes = body::bytes(body, MOST_BYTES).await?;
    let whole = Request::from_parts(parts, Body::from(bytes));
    let mut multipart = Multipart::from_request(whole, &()).await.map_err(|_| BadBody::Broken)?;
    let mut sending = Sending::default();
    while let Some(field) = multipart.next_field().await.map_err(|_| BadBody::Broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some();
        let bytes = field.bytes().await.map_err(|_| BadBody::Broken)?;
        if is_file {
            sending.file = Some(bytes.to_vec());
        } else {
            let text = String::from_utf8(bytes.to_vec()).map_err(|_| BadBody::Broken)?;
            sending.form.0.push((name, text));
        }
    }
    Ok(sending)
}

fn packed(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    let written = out.write_all(bytes).and_then(|()| out.finish());
    written.map_err(|error| Error::Damaged(format!("a file cannot be packed: {error}")))
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut whole = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    let read = GzDecoder::new(bytes).take(most).read_to_end(&mut whole);
    read.map_err(|error| Error::Damaged(format!("a file that was kept cannot be unpacked: {error}")))?;
    Ok(whole)
}

fn workbook(plain: &str, name: &str, book: Vec<u8>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, XLSX)], book).into_response();
    response.headers_mut().extend(disposition(plain, name, "xlsx").map(|value| (header::CONTENT_DISPOSITION, value)));
    response
}
