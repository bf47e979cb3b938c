//! Out: an order written as a file, part by part, and told how far it is.

use std::{
    io::{self, Write},
    sync::LazyLock,
    time::Duration,
};

use app::{
    App, Error,
    carry::export::{self, Order, Outline},
    signin::Credential,
};
use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use flow::Actor;
use futures_util::stream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::{Semaphore, mpsc};

use super::{Format, Matter, Sheet, csv::Csv, json::Json, xes::Xes, xlsx::Xlsx};
use crate::{
    server::{Failed, Web},
    words::{Language, Words},
};

/// Why a file was not written to its end.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The use case failed.
    #[error(transparent)]
    App(#[from] Error),
    /// The file cannot be written.
    #[error("the file cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// Writes what `order` asks for. `told` hears how many items are done, and of how many about; `false`: nobody wants it any
/// more.
///
/// # Errors
/// As [`export::outline`] and [`export::part`]; that `out` takes no more.
pub fn write(
    app: &App,
    actor: &Actor,
    words: &'static Words,
    (order, format): (&Order, Format),
    out: &mut (dyn Write + Send),
    told: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<u64, Broken> {
    let (outline, catalog) = app.read(|cx| Ok((export::outline(cx, actor, order)?, cx.flows.clone())))?;
    let Outline { flow, columns, chosen, total } = &outline;
    let matter = Matter { flow, columns, chosen: *chosen, catalog: &catalog, zone: app.zone(), words };
    let mut sheet: Box<dyn Sheet + '_> = match format {
        Format::Xlsx => Box::new(Xlsx::begin(&matter, out)?),
        Format::Csv => Box::new(Csv::begin(&matter, out)?),
        Format::Json => Box::new(Json::begin(&matter, flow.clone(), out)?),
        Format::Xes => Box::new(Xes::begin(&matter, out)?),
    };
    let total = u64::try_from(total.count).unwrap_or(0);
    let (mut done, mut cursor) = (0, None);
    loop {
        let from = cursor.take();
        let (items, next) = app.read(|cx| {
            let (items, next) = export::part(cx, actor, order, from)?;
            let history = |item: &flow::Item| match format {
                Format::Xes => export::history(cx, &order.key, item),
                Format::Xlsx | Format::Csv | Format::Json => Ok(Vec::new()),
            };
            let items = items.into_iter().map(|item| Ok((history(&item)?, item)));
            Ok((items.collect::<Result<Vec<_>, Error>>()?, next))
        })?;
        for (history, item) in &items {
            sheet.item(item, history)?;
            done += 1;
        }
        if !told(done, total.max(done)) {
            return Err(Broken::Io(io::ErrorKind::BrokenPipe.into()));
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    sheet.finish()?;
    Ok(done)
}

/// The name of the file, without its end: the flow's and the day.
#[must_use]
pub fn file_name(app: &App, flow_name: &str) -> String {
    format!("{flow_name}-{}", app.now().to_zoned(app.zone().clone()).date().strftime("%Y%m%d"))
}

/// Files that are being sent at once, at most: each takes a thread.
static SEATS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(8));
/// How long someone may take to accept the next piece.
const PATIENCE: Duration = Duration::from_secs(60);
/// The size of a piece.
const PIECE_BYTES: usize = 64 * 1024;

impl Web {
    /// A file as an answer. What is wrong with the order is said before anything is sent; what fails later breaks the
    /// connection off, so that nobody takes half a file for a whole one.
    pub(crate) async fn carried_out(
        &self,
        credential: Option<Credential>,
        language: Language,
        (order, format): (Order, Format),
    ) -> Result<Response, Failed> {
        let asked = order.clone();
        let (actor, words, name) = self
            .read_as(credential, language, move |cx, caller| {
                let outline = export::outline(cx, &caller.signed.actor, &asked)?;
                Ok((caller.signed.actor.clone(), caller.words, outline.flow.name.clone()))
            })
            .await?;
        let disposition = disposition(&order.key, &file_name(&self.app, &name), format.name());
        let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
        let app = self.app.clone();
        // The seats are never closed.
        let seat = SEATS.acquire().await.ok();
        tokio::task::spawn_blocking(move || {
            let _seat = seat;
            let mut out = Pieces { sender: sender.clone(), piece: Vec::with_capacity(PIECE_BYTES) };
            let wanted = sender.clone();
            let mut told = |_, _| !wanted.is_closed();
            match write(&app, &actor, words, (&order, format), &mut out, &mut told) {
                Ok(_) => {}
                Err(Broken::Io(_)) if sender.is_closed() => {}
                Err(broken) => {
                    tracing::error!(error = %broken, flow = order.key, "an export broke off");
                    out.piece.clear();
                    drop(sender.blocking_send(Err(io::Error::other("broken off"))));
                }
            }
        });
        let pieces = stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) });
        let mut response = Body::from_stream(pieces).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
        headers.extend(disposition.map(|value| (header::CONTENT_DISPOSITION, value)));
        Ok(response)
    }
}

/// What a browser calls the file: `plain` where it does not understand `name`.
pub(crate) fn disposition(plain: &str, name: &str, end: &str) -> Option<HeaderValue> {
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    HeaderValue::try_from(format!("attachment; filename=\"{plain}.{end}\"; filename*=UTF-8''{encoded}.{end}")).ok()
}

/// What is written goes out in pieces, no faster than it is taken.
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Pieces {
    fn send(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES)));
        let sent = async {
            match tokio::time::timeout(PATIENCE, self.sender.send(Ok(piece))).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        };
        tokio::runtime::Handle::current().block_on(sent)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}
