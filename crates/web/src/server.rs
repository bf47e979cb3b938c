//! The server: its configuration, what every handler shares, the layers around all of them.

use std::{
    net::{IpAddr, SocketAddr},
    os::fd::AsFd as _,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use app::{
    Ahead, App, Error, Reading, Writing,
    signin::{self, Credential, SignedIn},
    stats::Stop,
};
use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, Uri, header},
};
use socket2::Socket;
use tokio::{net::TcpListener, sync::Semaphore};

use crate::{
    carry::progress::Progress,
    live::Live,
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
    leaving: Arc<AtomicBool>,
    /// Seats of reads that may take long: they leave connections and cores to the others.
    long: Arc<Semaphore>,
    pub(crate) live: Live,
    /// Files that are being carried in.
    pub(crate) progress: Progress,
}

/// So many reads that may take long run at once; more wait for their turn.
const LONG_READS: usize = 2;
/// How long such a read may take.
const LONGEST: Duration = Duration::from_secs(10);

/// Breaks a read off when whoever asked for it goes away.
struct Gone(Stop);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.stop();
    }
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
    /// Whether the server is about to stop, and requests had better go to another.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Runs a use case that reads, as whom the credential names: where it stands if the records are embedded, for that
    /// takes less time than handing it to another thread would (`docs/decisions/0004-reads-where-they-stand.md`), on a
    /// thread of the records if they are on a server.
    pub(crate) async fn read_as<T: Send + 'static>(
        &self,
        credential: Option<Credential>,
        preferred: Language,
        use_case: impl FnOnce(&Reading, &Caller) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        let used = credential.clone();
        let looked = self.look_as(credential, preferred, |cx, caller| Ok((use_case(cx, caller)?, caller.signed.touch)));
        let (read, touch) = looked.await?;
        if let Some(used) = used.filter(|_| touch) {
            self.touch(used);
        }
        Ok(read)
    }

    /// [`Web::read_as`] for what may look at very much: on a thread that may wait, only so many at once, broken off when
    /// whoever asked goes away and after a while.
    pub(crate) async fn read_long<T: Send + 'static>(
        &self,
        credential: Option<Credential>,
        preferred: Language,
        use_case: impl FnOnce(&Reading, &Caller) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        let spoken = Spoken::new(preferred);
        let within = spoken.clone();
        let seat = Arc::clone(&self.long).acquire_owned().await;
        let stop = Stop::default();
        let _gone = Gone(stop.clone());
        let (sender, answer) = tokio::sync::oneshot::channel();
        let web = self.clone();
        let read = move || {
            web.app.read_with(
                credential.clone(),
                move |cx| {
                    let caller = caller(cx, credential.as_ref(), &within)?;
                    cx.bound(&stop, LONGEST);
                    Ok((use_case(cx, &caller)?, credential.filter(|_| caller.signed.touch)))
                },
                move |result| {
                    drop(seat);
                    drop(sender.send(result));
                },
            );
        };
        drop(tokio::task::spawn_blocking(read));
        let (read, used) = spoken.told(answer.await.unwrap_or_else(|_| Err(broke_off("the read"))))?;
        if let Some(used) = used {
            self.touch(used);
        }
        Ok(read)
    }

    /// [`Web::read_as`], without its counting as use of the session.
    pub(crate) async fn look_as<T: Send + 'static>(
        &self,
        credential: Option<Credential>,
        preferred: Language,
        use_case: impl FnOnce(&Reading, &Caller) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        let spoken = Spoken::new(preferred);
        let within = spoken.clone();
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.app.read_with(
            credential.clone(),
            move |cx| use_case(cx, &caller(cx, credential.as_ref(), &within)?),
            move |result| drop(sender.send(result)),
        );
        spoken.told(answer.await.unwrap_or_else(|_| Err(broke_off("the read"))))
    }

    /// Runs a use case that writes, on the writer's thread; it is on disk when this returns.
    pub(crate) async fn write_as<T: Send + 'static>(
        &self,
        credential: Option<Credential>,
        preferred: Language,
        use_case: impl FnMut(&Writing, &Caller) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        self.change_as(credential, preferred, None, use_case).await
    }

    /// [`Web::write_as`], which changes this item of this flow, if there is one.
    pub(crate) async fn change_as<T: Send + 'static>(
        &self,
        credential: Option<Credential>,
        preferred: Language,
        item: Option<(String, i64)>,
        mut use_case: impl FnMut(&Writing, &Caller) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failed> {
        let spoken = Spoken::new(preferred);
        let within = spoken.clone();
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.app.write_with(
            Ahead { credential: credential.clone(), item },
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

/// How a server stops.
#[derive(Debug, Clone, Copy)]
pub struct Stopping {
    /// How long it goes on after it was told to stop, so that whoever sends requests here notices and goes elsewhere:
    /// `/readyz` says so, and connections end with their answers.
    pub grace: Duration,
    /// How long what is in flight then may take to finish.
    pub drain: Duration,
}

/// How long connections that are being made when nothing new is let in any more have to become whole.
const SETTLING: Duration = Duration::from_millis(500);

/// Serves until `stop` ends, and then in good order to the end.
///
/// # Errors
/// Those of the listener; that changes cannot be followed.
pub async fn serve(
    listener: TcpListener,
    app: App,
    config: Config,
    stop: impl Future<Output = ()> + Send + 'static,
    stopping: Stopping,
) -> std::io::Result<()> {
    use axum::serve::ListenerExt as _;
    let live = Live::following(&app).await.map_err(std::io::Error::other)?;
    let leaving = Arc::new(AtomicBool::new(false));
    let (config, metrics) = (Arc::new(config), Metrics::new());
    let web = Web {
        app,
        config,
        metrics,
        live: live.clone(),
        leaving: Arc::clone(&leaving),
        long: Arc::new(Semaphore::new(LONG_READS)),
        progress: Progress::default(),
    };
    let service = routes::router(web);
    let door = Socket::from(listener.as_fd().try_clone_to_owned()?);
    let listener = listener.tap_io(|stream| {
        // Answers are whole when they are sent: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
    });
    let (stopped, was_stopped) = tokio::sync::oneshot::channel();
    let stop = async move {
        stop.await;
        leaving.store(true, Ordering::Relaxed);
        if !stopping.grace.is_zero() {
            tokio::time::sleep(stopping.grace).await;
            shut(&door);
            tokio::time::sleep(SETTLING).await;
        }
        drop(door);
        // Open pages are told to come back elsewhere; they hold up nothing.
        live.stop();
        let _ = stopped.send(());
    };
    let serving = axum::serve(listener, service.into_make_service_with_connect_info::<SocketAddr>());
    let serving = IntoFuture::into_future(serving.with_graceful_shutdown(stop));
    let too_long = async move {
        // A sender that went away means that serving ended by itself.
        if was_stopped.await.is_ok() {
            tokio::time::sleep(stopping.drain).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        done = serving => done,
        () = too_long => Ok(()),
    }
}

/// Lets no new connection begin: a listener that is just closed resets those which wait in its queue, with what was
/// already sent on them. Who comes now is not answered, tries again after a second, and is refused then, when it is sure
/// that nothing was lost.
#[cfg(target_os = "linux")]
fn shut(door: &Socket) {
    use socket2::SockFilter;
    const FLAGS_AT: u32 = 13;
    const SYN_ACK: u32 = 0x12;
    const SYN: u32 = 0x02;
    // of the TCP header: is it the first packet of a connection? then no byte of it, else all
    let filter = [
        SockFilter::new(0x30, 0, 0, FLAGS_AT),
        SockFilter::new(0x54, 0, 0, SYN_ACK),
        SockFilter::new(0x15, 0, 1, SYN),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    if let Err(error) = door.attach_filter(&filter) {
        tracing::debug!(%error, "new connections cannot be kept out before the listener closes");
    }
}

#[cfg(not(target_os = "linux"))]
fn shut(_: &Socket) {}
