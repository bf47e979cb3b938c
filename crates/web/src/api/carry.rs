//! The calls that carry many items out and in.

use app::carry::export::Order;
use axum::{
    Json,
    body::Body,
    extract::{FromRequest as _, Multipart, Path, Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::Response,
};
use flow::Actor;

use super::{
    Problem, body,
    items::caller,
    problem::FieldError,
    shapes::{ExportQuery, ImportQuery, Imported, NotesQuery, RefusedRow},
};
use crate::{
    body::{BadBody, bytes},
    carry::{
        Format,
        import::{self as carried, Carried, Wanted},
        notes, read,
    },
    pages::carry as page,
    server::Web,
    words::Words,
};

/// A flow's items, found by a query, as a file: streamed.
#[utoipa::path(get, path = "/api/v1/flows/{flow}/export", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ExportQuery),
    responses((status = 200, description = "The file"), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn export(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<ExportQuery>(&uri).and_then(|query| {
        let format = query.format.as_deref().unwrap_or("xlsx");
        let format = Format::named(format)
            .ok_or_else(|| Problem::bad_request(format!("format: {format:?} is none of xlsx, csv, json, xes")))?;
        let order = Order {
            key,
            query: query.q.unwrap_or_default(),
            sort: query.sort.unwrap_or_default(),
            columns: query.columns.unwrap_or_default(),
            group: query.group.unwrap_or_default(),
        };
        Ok((order, format))
    });
    let asked = web.known(token.clone(), language, asked).await?;
    Ok(web.carried_out(token, language, asked).await?)
}

/// Carries a file in: a workbook or comma-separated values. Each row is decided as if a person had typed it; those that are
/// refused change nothing.
#[utoipa::path(post, path = "/api/v1/flows/{flow}/import", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ImportQuery),
    request_body(content((Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")),
        description = "The file, at most 64 MiB"),
    responses((status = 200, body = Imported), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn import(
    State(web): State<Web>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Json<Imported>, Problem> {
    let (token, language) = caller(request.headers());
    let asked = body::query::<ImportQuery>(request.uri()).and_then(|query| wanted(key, query));
    // Who may not is told so before the file is read.
    let (actor, words) =
        web.read_as(token.clone(), language, |_, caller| Ok((caller.signed.actor.clone(), caller.words))).await?;
    let file = file(request).await;
    let (wanted, file) = asked.and_then(|wanted| Ok((wanted, file?)))?;
    let carried = web.carried_in(language, actor, wanted, file).await?;
    Ok(Json(imported(words, carried)))
}

fn wanted(key: String, query: ImportQuery) -> Result<Wanted, Problem> {
    let leave = match query.mode.as_deref() {
        None | Some("create") => false,
        Some("leave") => true,
        Some(other) => return Err(Problem::bad_request(format!("mode: {other:?} is none of create, leave"))),
    };
    let dry = query.dry_run.unwrap_or(false);
    Ok(Wanted { key, by: query.key, leave, dry, ..Wanted::default() })
}

fn imported(words: &Words, carried: Carried) -> Imported {
    let Carried { plan, report, ignored } = carried;
    let error = |trouble: &app::carry::import::Trouble| {
        let (field, code, message) = carried::explained(words, &plan.flow, trouble);
        FieldError { field, code: code.to_owned(), message }
    };
    let row = |(row, troubles): &(u64, Vec<_>)| RefusedRow { row: *row, errors: troubles.iter().map(error).collect() };
    Imported {
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        refused: report.refused.iter().map(row).collect(),
        left: Some(report.left).filter(|left| *left > 0),
        ignored,
    }
}

/// The file in a request: its body, or the first file of a form.
async fn file(request: Request) -> Result<Vec<u8>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (parts, body) = request.into_parts();
    let bytes = bytes(body, read::MOST_BYTES).await.map_err(|bad| match bad {
        BadBody::TooLarge => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the file is larger than {} MiB: split it", read::MOST_BYTES / 1024 / 1024),
        ),
        BadBody::Broken => Problem::bad_request("the file did not arrive whole"),
    })?;
    match essence.as_str() {
        crate::carry::XLSX
        | "text/csv"
        | "application/csv"
        | "text/plain"
        | "application/vnd.ms-excel"
        | "application/octet-stream"
        | "" => Ok(bytes),
        "multipart/form-data" => {
            let whole = Request::from_parts(parts, Body::from(bytes));
            let broken = |_| Problem::bad_request("the form cannot be read");
            let mut form = Multipart::from_request(whole, &())
                .await
                .map_err(|_| Problem::bad_request("the form cannot be read"))?;
            while let Some(field) = form.next_field().await.map_err(broken)? {
                if field.file_name().is_some() {
                    return Ok(field.bytes().await.map_err(broken)?.to_vec());
                }
            }
            Err(Problem::bad_request("there is no file in the form"))
        }
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("send a workbook (Content-Type: {}) or text/csv", crate::carry::XLSX),
        )),
    }
}

/// Files that are carried in at once, at most: each is held in memory.
static SEATS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

impl Web {
    /// Carries a file in, on a thread that may wait.
    pub(crate) async fn carried_in(
        &self,
        language: crate::words::Language,
        actor: Actor,
        wanted: Wanted,
        file: Vec<u8>,
    ) -> Result<Carried, crate::server::Failed> {
        // The seats are never closed.
        let _seat = SEATS.acquire().await.ok();
        self.run(language, move |app| {
            let table = read::table(&file)?;
            drop(file);
            carried::carry(app, &actor, &wanted, table, &mut |_| {})
        })
        .await
    }
}

/// Release notes: the items that reached a state between two days, by the field in which each says what is to be told.
#[utoipa::path(get, path = "/api/v1/flows/{flow}/release-notes", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), NotesQuery),
    responses((status = 200, description = "The file"), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn release_notes(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<NotesQuery>(&uri).and_then(|query| {
        let format = query.format.as_deref().unwrap_or("markdown");
        let format = notes::Format::named(format)
            .ok_or_else(|| Problem::bad_request(format!("format: {format:?} is none of markdown, html, xlsx")))?;
        let query = page::NotesQuery {
            state: query.state,
            from: query.from,
            to: query.to,
            note: query.note.unwrap_or_default(),
            group_by: query.group_by.unwrap_or_default(),
            q: query.q.unwrap_or_default(),
            format: String::new(),
        };
        Ok((query, format))
    });
    let (query, format) = web.known(token.clone(), language, asked).await?;
    let base = page::base(&web, &headers);
    let made = web.read_as(token, language, move |cx, caller| {
        let (actor, words) = (&caller.signed.actor, caller.words);
        let told = notes::gathered(cx, actor, words, &page::asked(&key, &query)?, &base)?;
        let layout = app::carry::notes::layout(cx, actor, &key)?;
        let file = notes::file(words, &told, layout.as_deref(), format);
        Ok(file.map(|bytes| page::file(&key, &told, (bytes, format))))
    });
    made.await?.map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_layout", why))
}
