//! The server: its configuration, what every handler shares, the layers around all of them.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use app::{
    App, Error, Reading, Writing,
    signin::{self, Credential, SignedIn},
};
use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, Uri, header},
};
use tokio::net::TcpListener;

use crate::{
    metrics::Metrics,
    routes,
    words::{Language, Words},
};

/// How the server is reached.
#[derive(Debug, Clone, Default)]
pub struct Config {
    base_url: Option<String>,
    trusted: Vec<IpAddr>,
}

/// Why a base URL is none.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no base URL: give one like https://tasks.example.com, without a path")]
pub struct BadBaseUrl(String);

impl Config {
    /// `base_url` is what people type to get here; `trusted` are the proxies whose `X-Forwarded-For` is believed.
    ///
    /// # Errors
    /// A base URL that is not `http(s)://host[:port]`.
    pub fn new(base_url: Option<&str>, trusted: Vec<IpAddr>) -> Result<Config, BadBaseUrl> {
        let base_url = base_url.map(|text| origin(text).ok_or_else(|| BadBaseUrl(text.to_owned()))).transpose()?;
        Ok(Config { base_url, trusted })
    }

    /// `https://tasks.example.com`.
    #[must_use]
    pub fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// Whether people come by TLS, so that cookies may be kept to it.
    pub(crate) fn is_secure(&self) -> bool {
        self.base_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

fn origin(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    (matches!(uri.path(), "" | "/") && uri.query().is_none()).then(|| format!("{scheme}://{authority}"))
}

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) app: App,
    pub(crate) config: Arc<Config>,
    pub(crate) metrics: Metrics,
}

/// Who makes a request, and in which words they are answered.
pub(crate) struct Caller {
    pub(crate) signed: SignedIn,
    pub(crate) words: &'static Words,
}

/// A use case that did not happen, and the words to say so.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) words: &'static Words,
}

impl Web {
    /// Runs a use case that reads, as whom the credential names: where it stands if the records are embedded, for that
    /// takes less time than handing it to another thread would (`docs/decisions/0004-reads-where-they-stand.md`), on a
    /// thread of the records if they are on a server.
    pub(crate) async fn read_as<T: Send + 'static>(
        &self,
        credential: Option<Credential>,
        preferred: Language,
        use_case: impl FnOnce(&Reading, &Caller) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        let spoken = Spoken::new(preferred);
        let within = spoken.clone();
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.app.read_with(
            move |cx| {
                let caller = caller(cx, credential.as_ref(), &within)?;
                Ok((use_case(cx, &caller)?, credential.filter(|_| caller.signed.touch)))
            },
            move |result| drop(sender.send(result)),
        );
        let (read, used) = spoken.told(answer.await.unwrap_or_else(|_| Err(broke_off("the read"))))?;
        if let Some(used) = used {
            self.touch(used);
        }
        Ok(read)
    }

    /// Runs a use case that writes, on the writer's thread; it is on disk when this returns.
    pub(crate) async fn write_as<T: Send + 'static>(
        &self,
        credential: Option<Credential>,
        preferred: Language,
        mut use_case: impl FnMut(&Writing, &Caller) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        let spoken = Spoken::new(preferred);
        let within = spoken.clone();
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.app.write_with(
            move |cx| {
                let caller = caller(cx, credential.as_ref(), &within)?;
                if let Some(used) = credential.as_ref().filter(|_| caller.signed.touch) {
                    signin::touch(cx, used)?;
                }
                use_case(cx, &caller)
            },
            // Whoever asked may have gone away: what was written stays written.
            move |result| drop(sender.send(result)),
        );
        spoken.told(answer.await.unwrap_or_else(|_| Err(broke_off("the write"))))
    }

    /// Writes down that a session or token is in use, beside the request.
    fn touch(&self, used: Credential) {
        let web = self.clone();
        tokio::spawn(async move {
            let touched = web.run(Language::Chinese, move |app| app.write(move |cx| signin::touch(cx, &used)));
            if let Err(failed) = touched.await {
                tracing::warn!(error = %failed.error, "the last use of a session or token was not written down");
            }
        });
    }

    /// Runs something of the application's on a thread that may wait, for whoever it is.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        preferred: Language,
        work: impl FnOnce(&App) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        let app = self.app.clone();
        Spoken::new(preferred).on_thread(move || work(&app)).await
    }
}

fn broke_off(what: &str) -> Error {
    Error::Damaged(format!("{what} ended without an answer"))
}

fn caller(cx: &Reading, credential: Option<&Credential>, spoken: &Spoken) -> Result<Caller, Error> {
    let credential = credential.ok_or(Error::NotSignedIn)?;
    let signed = signin::who(cx, credential)?.ok_or(Error::NotSignedIn)?;
    let language = signed.language.as_deref().and_then(Language::from_tag);
    let words = spoken.settle(language);
    Ok(Caller { signed, words })
}

/// The language of the answer: the person's own setting once they are known, else what the browser asks for.
#[derive(Clone)]
struct Spoken {
    preferred: Language,
    settled: Arc<OnceLock<Language>>,
}

impl Spoken {
    fn new(preferred: Language) -> Spoken {
        Spoken { preferred, settled: Arc::default() }
    }

    fn settle(&self, own: Option<Language>) -> &'static Words {
        self.settled.get_or_init(|| own.unwrap_or(self.preferred)).words()
    }

    async fn on_thread<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        let broke_off = |panic| Err(Error::Damaged(format!("a use case broke off: {panic}")));
        let result = tokio::task::spawn_blocking(work).await.unwrap_or_else(broke_off);
        self.told(result)
    }

    fn told<T>(self, result: Result<T, Error>) -> Result<T, Failed> {
        let words = self.settled.get().copied().unwrap_or(self.preferred).words();
        result.map_err(|error| Failed { error, words })
    }
}

/// The language that a request's `Accept-Language` asks for.
pub(crate) fn preferred(headers: &HeaderMap) -> Language {
    let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accept.map_or(Language::Chinese, Language::preferred)
}

/// The address a request comes from: the last one in `X-Forwarded-For` that is no trusted proxy, where its sender is one.
pub(crate) fn address(config: &Config, peer: ConnectInfo<SocketAddr>, headers: &HeaderMap) -> String {
    let peer = peer.0.ip().to_canonical();
    if !config.trusted.contains(&peer) {
        return peer.to_string();
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        forwarded.flat_map(|line| line.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    hops.into_iter().rev().find(|hop| !config.trusted.contains(hop)).unwrap_or(peer).to_string()
}

/// Serves until `stop` ends, then finishes what is in flight, for `drain` at most.
///
/// # Errors
/// Those of the listener.
pub async fn serve(
    listener: TcpListener,
    app: App,
    config: Config,
    stop: impl Future<Output = ()> + Send + 'static,
    drain: Duration,
) -> std::io::Result<()> {
    use axum::serve::ListenerExt as _;
    let service = routes::router(Web { app, config: Arc::new(config), metrics: Metrics::new() });
    let listener = listener.tap_io(|stream| {
        // Answers are whole when they are sent: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
    });
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let stop = async move {
        stop.await;
        let _ = stopping.send(());
    };
    let serving = axum::serve(listener, service.into_make_service_with_connect_info::<SocketAddr>());
    let serving = IntoFuture::into_future(serving.with_graceful_shutdown(stop));
    let too_long = async move {
        // A sender that went away means that serving ended by itself.
        if stopped.await.is_ok() {
            tokio::time::sleep(drain).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        done = serving => done,
        () = too_long => Ok(()),
    }
}
