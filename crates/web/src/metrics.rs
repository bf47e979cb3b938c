//! Numbers about the server itself: requests by route and status, how long they took, writes and commits.

use std::time::Duration;

use app::App;
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::server::Web;

/// Where the numbers of one server are kept.
#[derive(Clone)]
pub(crate) struct Metrics {
    recorder: std::sync::Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
        // The buckets are not empty, which is all that can be wrong with them.
        let builder = PrometheusBuilder::new().set_buckets(&buckets).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Metrics { recorder: std::sync::Arc::new(recorder), handle }
    }

    fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        metrics::with_local_recorder(&*self.recorder, || {
            let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
            metrics::counter!("tasksteper_requests_total", &labels).increment(1);
            metrics::histogram!("tasksteper_request_seconds", "route" => route.to_owned()).record(took.as_secs_f64());
        });
    }

    /// All of them, as Prometheus reads them.
    pub(crate) fn render(&self, app: &App) -> String {
        let counted = app.counters();
        metrics::with_local_recorder(&*self.recorder, || {
            metrics::counter!("tasksteper_writes_total").absolute(counted.writes);
            metrics::counter!("tasksteper_commits_total").absolute(counted.commits);
        });
        self.handle.run_upkeep();
        self.handle.render()
    }
}

/// Counts every request.
pub(crate) async fn counted(State(web): State<Web>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let began = tokio::time::Instant::now();
    let response = next.run(request).await;
    web.metrics.count(method.as_str(), route.as_deref().unwrap_or("-"), response.status().as_u16(), began.elapsed());
    response
}
