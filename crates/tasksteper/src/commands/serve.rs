//! Serving: listen, say so, stop in good order.

use std::{net::SocketAddr, time::Duration};

use app::App;

use super::{Done, Refusal, SERVER_PATIENCE, open_at, place, say, tell};
use crate::cli::Serve;

/// How long requests in flight may take to finish after a signal.
const DRAIN: Duration = Duration::from_secs(25);

pub(super) fn run(serve: &Serve) -> Done {
    log("info");
    let app = open_at(&place(&serve.data.data, &serve.data.records)?, SERVER_PATIENCE, &serve.data.records)?;
    let config = web::Config::new(serve.base_url.as_deref(), serve.trusted_proxy.clone())
        .map_err(|error| Refusal::Usage(format!("--base-url: {error}")))?;
    let setup = app.setup_secret()?;
    let grace = Duration::from_secs(serve.grace);
    listen(app, config, serve.listen, grace, |address, base| {
        // Before the line that others wait for: who reads that has this already.
        if let Some(secret) = setup {
            tell(format_args!("no administrator yet; set up the first one within a day at {base}/setup/{secret}"));
        }
        say(format_args!("listening on http://{address}"));
    })
}

/// Logs go to stderr; `RUST_LOG` says how much.
pub(super) fn log(level: &str) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Serves until a signal to stop comes. `ready` is told the address once connections are accepted.
pub(super) fn listen(
    app: App,
    config: web::Config,
    address: SocketAddr,
    grace: Duration,
    ready: impl FnOnce(SocketAddr, &str),
) -> Done {
    // what fails here fails again where it is asked for, and is said there
    if let Err(error) = app.warm() {
        tracing::warn!(%error, "the records could not be read ahead");
    }
    // Reads run on the workers themselves: at least two, so that a slow one does not hold up the quick ones.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.max(2))
        .max_blocking_threads(16)
        .enable_all()
        .build()
        .map_err(|error| Refusal::Refused(format!("the server's threads cannot be started: {error}")))?;
    let result = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))?;
        let bound = listener.local_addr().map_err(|error| cannot_listen(address, &error))?;
        let base = config.base_url().map_or_else(|| format!("http://{bound}"), str::to_owned);
        let stop = stop_signal()?;
        let stopped = async move {
            stop.await;
            tracing::info!("stopping: finishing what is in flight");
        };
        ready(bound, &base);
        web::serve(listener, app.clone(), config, stopped, web::Stopping { grace, drain: DRAIN })
            .await
            .map_err(|error| Refusal::Refused(format!("serving: {error}")))
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    app.close();
    result
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Refusal {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "; another program listens there: choose another port with --listen, 0 picks a free one"
        }
        std::io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege: choose a higher one",
        std::io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
        _ => "",
    };
    Refusal::Refused(format!("cannot listen on {address}: {error}{hint}"))
}

/// Ends when SIGTERM or SIGINT comes.
fn stop_signal() -> Result<impl Future<Output = ()>, Refusal> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error: std::io::Error| Refusal::Refused(format!("signals cannot be watched: {error}"));
    let mut term = signal(SignalKind::terminate()).map_err(failed)?;
    let mut int = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}
