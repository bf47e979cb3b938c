//! Numbers about the server itself: requests by route and status, how long they took, writes and commits.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use app::App;
use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::{live::Live, server::Web};

/// Where the numbers of one server are kept.
#[derive(Clone)]
pub(crate) struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    /// By route: what was counted of it so far, so that no label is made twice.
    routes: Arc<RwLock<HashMap<String, Vec<Counted>>>>,
}

/// The numbers of one route's requests of one method that were answered alike.
struct Counted {
    method: Method,
    status: u16,
    requests: metrics::Counter,
    seconds: metrics::Histogram,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
        // The buckets are not empty, which is all that can be wrong with them.
        let builder = PrometheusBuilder::new().set_buckets(&buckets).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Metrics { recorder: Arc::new(recorder), handle, routes: Arc::default() }
    }

    fn count(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let is_it = |counted: &&Counted| counted.method == method && counted.status == status;
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counted) = known.get(route).and_then(|of| of.iter().find(is_it)) {
            counted.requests.increment(1);
            counted.seconds.record(took.as_secs_f64());
            return;
        }
        drop(known);
        let counted = metrics::with_local_recorder(&*self.recorder, || {
            let labels = [("method", method.to_string()), ("route", route.to_owned()), ("status", status.to_string())];
            Counted {
                method: method.clone(),
                status,
                requests: metrics::counter!("tasksteper_requests_total", &labels),
                seconds: metrics::histogram!("tasksteper_request_seconds", "route" => route.to_owned()),
            }
        });
        counted.requests.increment(1);
        counted.seconds.record(took.as_secs_f64());
        let mut known = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(route.to_owned()).or_default().push(counted);
    }

    /// All of them, as Prometheus reads them.
    pub(crate) fn render(&self, app: &App, live: &Live) -> String {
        let counted = app.counters();
        metrics::with_local_recorder(&*self.recorder, || {
            metrics::counter!("tasksteper_writes_total").absolute(counted.writes);
            metrics::counter!("tasksteper_commits_total").absolute(counted.commits);
            metrics::gauge!("tasksteper_live_pages").set(f64::from(live.seated()));
        });
        self.handle.run_upkeep();
        self.handle.render()
    }
}

/// Counts every request.
pub(crate) async fn counted(State(web): State<Web>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = tokio::time::Instant::now();
    let response = next.run(request).await;
    web.metrics.count(
        &method,
        route.as_ref().map_or("-", MatchedPath::as_str),
        response.status().as_u16(),
        began.elapsed(),
    );
    response
}
