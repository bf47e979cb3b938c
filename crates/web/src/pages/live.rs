//! Open pages hear of changes: a stream of server-sent events for each. It tells that what the page shows may have
//! changed, and of an item what happened to it; never of anything that the page would not show.
//!
//! `event: change`, `data: {"at": ms, "pending": n, "pending_capped": true, "list": true, "item": {…}}`, of which each part but
//! `at` may be missing;
//! `event: end` before a stream that is not to be opened again. Every event's `id` is a moment, ms: who comes back sends it.

use std::{convert::Infallible, time::Duration};

use app::{
    Error,
    item::HistoryEntry,
    live::{self, Changes, ItemNews, News, Watched},
    work::{self, Total},
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use tokio::{sync::broadcast::error::RecvError, time::Instant};

use super::{lists::person, visit::Visit};
use crate::{
    api::body::number,
    live::{Following, Full, Seat},
    server::{Failed, Web},
    words::Words,
};

/// Something is sent at least this often, so that who has gone away is noticed; and it is looked who is still signed in.
const ALIVE: Duration = Duration::from_secs(15);
/// Two events lie at least so far apart.
const GAP: Duration = Duration::from_millis(300);
/// After a look that failed.
const AGAIN: Duration = Duration::from_secs(2);

/// What an open page says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The last entry of an item's history that it shows.
    seen: i64,
    /// The moment that it shows, ms.
    since: i64,
    /// How many items it says wait for the person: `3`, `10000+`.
    pending: Option<String>,
}

/// An event as it is sent.
#[derive(Debug, Default, Serialize)]
struct Told {
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<i64>,
    /// There are more than that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending_capped: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    list: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<ToldItem>,
}

#[derive(Debug, Default, Serialize)]
struct ToldItem {
    /// The last entry of its history.
    seen: i64,
    /// What happened, in words.
    text: String,
    /// Its revision: a form drawn from it still fits; comments make no other.
    revision: i64,
    /// The person may no longer see it.
    gone: bool,
}

/// An open page.
struct Page {
    web: Web,
    visit: Visit,
    watched: Watched,
    following: Following,
    seat: Seat,
    /// What the person was last told waits for them.
    pending: Option<String>,
    name: String,
    /// Changes not looked at yet.
    waiting: Changes,
    /// Not before this moment.
    next: Instant,
    /// At the latest at this moment.
    alive: Instant,
    begun: bool,
    ended: bool,
}

/// `GET /live/work/{list}`
pub(crate) async fn work(
    visit: Visit,
    State(web): State<Web>,
    Path(list): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let which = match list.as_str() {
        "pending" => work::Work::Pending,
        "done" => work::Work::Done,
        "created" => work::Work::Created,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    open(visit, web, Watched::Work(which), &asked(&uri), &headers).await
}

/// `GET /live/flow/{flow}`
pub(crate) async fn flow(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    open(visit, web, Watched::Flow(key), &asked(&uri), &headers).await
}

/// `GET /live/flow/{flow}/{number}`
pub(crate) async fn item(
    visit: Visit,
    State(web): State<Web>,
    Path((key, text)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let asked = asked(&uri);
    match number(&text) {
        Some(number) => open(visit, web, Watched::Item { flow: key, number, seen: asked.seen }, &asked, &headers).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn asked(uri: &Uri) -> Asked {
    axum::extract::Query::<Asked>::try_from_uri(uri).map(|query| query.0).unwrap_or_default()
}

/// Opens the stream; a refusal is a bare status, which no person sees.
async fn open(visit: Visit, web: Web, watched: Watched, asked: &Asked, headers: &HeaderMap) -> Response {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(0);
    let mut following = web.live.follow(asked.since.max(last));
    let place = watched.clone();
    let looked = web.look_as(visit.session.clone(), visit.language, move |cx, caller| {
        live::may_watch(cx, &caller.signed.actor, &place)?;
        Ok(caller.signed.actor.name.clone())
    });
    let name = match looked.await {
        Ok(name) => name,
        Err(failed) => return refusal(&failed).into_response(),
    };
    let seat = match web.live.seat(&name) {
        Ok(seat) => seat,
        Err(Full::Own) => return StatusCode::TOO_MANY_REQUESTS.into_response(),
        Err(Full::All) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let mut waiting = std::mem::take(&mut following.missed);
    if matches!(watched, Watched::Item { .. }) {
        // Its page says what it shows, however long ago that was.
        waiting.merge(&Changes::something());
    }
    if !waiting.may_concern(&name, &watched) {
        waiting = Changes::default();
    }
    let now = Instant::now();
    let page = Page {
        web,
        visit,
        watched,
        following,
        seat,
        pending: asked.pending.clone(),
        name,
        waiting,
        next: now,
        alive: now + ALIVE,
        begun: false,
        ended: false,
    };
    let events = futures_util::stream::unfold(page, |mut page| async {
        let event = page.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), page))
    });
    let mut response = Body::from_stream(events).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

fn refusal(failed: &Failed) -> StatusCode {
    match failed.error {
        Error::NotSignedIn => StatusCode::UNAUTHORIZED,
        Error::NotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl Page {
    /// The next event; none: the stream ends.
    async fn next(&mut self) -> Option<String> {
        if !self.begun {
            self.begun = true;
            return Some(format!("retry: {}\n\n", self.seat.retry_ms()));
        }
        loop {
            if self.ended || *self.following.stopping.borrow() {
                return None;
            }
            let due = if self.waiting.is_empty() { self.alive } else { self.alive.min(self.next) };
            tokio::select! {
                _ = self.following.stopping.changed() => return None,
                batch = self.following.batches.recv() => match batch {
                    Ok(changes) if changes.may_concern(&self.name, &self.watched) => self.waiting.merge(&changes),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.waiting.merge(&Changes::something()),
                    Err(RecvError::Closed) => return None,
                },
                () = tokio::time::sleep_until(due) => {
                    if let Some(event) = self.look().await {
                        return Some(event);
                    }
                }
            }
        }
    }

    /// Looks what the changes that wait mean for the page, and whether the person may still be told.
    async fn look(&mut self) -> Option<String> {
        let now = Instant::now();
        let is_due = now >= self.alive;
        self.next = now + GAP;
        if is_due {
            self.alive = now + ALIVE;
        }
        let changes = std::mem::take(&mut self.waiting);
        let (watched, before) = (self.watched.clone(), self.pending.clone());
        let looked = self.web.look_as(self.visit.session.clone(), self.visit.language, move |cx, caller| {
            let news = live::news(cx, &caller.signed.actor, &watched, &changes)?;
            Ok(told(caller.words, cx.now.as_millisecond(), news, before.as_deref()))
        });
        match looked.await {
            Ok(told) => self.event(&told, is_due),
            Err(failed) if matches!(failed.error, Error::NotSignedIn | Error::NotFound) => {
                self.ended = true;
                Some("event: end\ndata: {}\n\n".to_owned())
            }
            Err(failed) => {
                tracing::debug!(error = %failed.error, "an open page could not be told");
                self.waiting.merge(&Changes::something());
                self.next = now + AGAIN;
                is_due.then(|| ":\n\n".to_owned())
            }
        }
    }

    /// The event, if there is anything to tell; a sign of life where one is due.
    fn event(&mut self, told: &Told, is_due: bool) -> Option<String> {
        let at = told.at;
        if told.pending.is_none() && !told.list && told.item.is_none() {
            return is_due.then(|| format!("id: {at}\n\n"));
        }
        if let Some(count) = told.pending {
            self.pending = Some(Total { count, capped: told.pending_capped }.to_string());
        }
        if let (Some(item), Watched::Item { seen, .. }) = (&told.item, &mut self.watched) {
            self.ended |= item.gone;
            *seen = item.seen.max(*seen);
        }
        let json = serde_json::to_string(told).unwrap_or_else(|_| format!("{{\"at\":{at},\"list\":true}}"));
        Some(format!("event: change\nid: {at}\ndata: {json}\n\n"))
    }
}

fn told(words: &Words, at: i64, news: News, before: Option<&str>) -> Told {
    let item = news.item.map(|item| match item {
        ItemNews::Gone => ToldItem { text: words.word("live-gone").to_owned(), gone: true, ..ToldItem::default() },
        ItemNews::Entries { revision, entries, names } => ToldItem {
            seen: entries.last().map_or(0, |entry| entry.seq),
            revision,
            text: sentence(words, &entries, &names),
            gone: false,
        },
    });
    let pending = news.pending.filter(|pending| before != Some(pending.to_string().as_str()));
    Told {
        at,
        pending: pending.map(|total| total.count),
        pending_capped: pending.is_some_and(|total| total.capped),
        list: news.list,
        item,
    }
}

/// `张三 转到了 SE分析改进，共 2 处更新`: what happened last, comments aside where there is more.
fn sentence(words: &Words, entries: &[HistoryEntry], names: &app::Names) -> String {
    let acts: Vec<&HistoryEntry> = entries.iter().filter(|entry| entry.kind != "commented").collect();
    let Some(last) = acts.last().copied().or(entries.last()) else { return String::new() };
    let who = person(names, &last.actor).display;
    let is_moved = last.from.as_ref().is_some_and(|from| *from != last.to);
    let said = match (last.kind.as_str(), &last.trigger) {
        ("commented", _) => words.one("live-commented", "who", who),
        ("assigned", _) => {
            let to: Vec<String> = last.assigned_to.iter().map(|name| person(names, name).display).collect();
            words.two("live-assigned", ("who", &who), ("to", &to.join(words.word("list-comma"))))
        }
        _ if is_moved => words.two("live-moved", ("who", &who), ("state", &last.to)),
        (_, Some(trigger)) => words.two("live-pressed", ("who", &who), ("trigger", trigger)),
        _ => words.one("live-saved", "who", who),
    };
    if acts.len() > 1 { format!("{said}{}", words.one("live-more", "n", acts.len())) } else { said }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn more_than_can_be_counted_is_told_as_more_and_once() {
        let told = |count, capped, before| {
            let news = News { pending: Some(Total { count, capped }), ..News::default() };
            serde_json::to_value(told(Language::Chinese.words(), 1, news, before)).unwrap()
        };
        assert_eq!(told(3, false, Some("2")), serde_json::json!({"at": 1, "pending": 3}));
        assert_eq!(told(3, false, Some("3")), serde_json::json!({"at": 1}));
        let more = serde_json::json!({"at": 1, "pending": 10000, "pending_capped": true});
        assert_eq!(told(10_000, true, Some("10000")), more);
        assert_eq!(told(10_000, true, None), more);
        assert_eq!(told(10_000, true, Some("10000+")), serde_json::json!({"at": 1}));
    }
}
