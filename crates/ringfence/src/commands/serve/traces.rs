//! Where do traces go? To a collector, as OpenTelemetry's protocol over HTTP has it (OTLP, protobuf).
//!
//! A span says what a log line says: the endpoint as the table has it, the answer, how long it took, the id of who asked;
//! nothing that was said. They are sent from a thread of their own; when they come faster than they go, some are dropped.

use crate::failure::Failure;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use std::pin::Pin;
use std::time::Duration;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// How long a collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer of a collector that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Sends requests as the rest of the service does; blocks, on the thread that only sends.
#[derive(Debug)]
struct Sender(ureq::Agent);

impl Sender {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(head, body.to_vec()))?;
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}

impl HttpClient for Sender {
    fn send_bytes<'life, 'all>(
        &'life self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'all>>
    where
        'life: 'all,
        Self: 'all,
    {
        Box::pin(async move { self.send(request) })
    }
}

/// Where spans go.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// To this collector, of this share of the requests; a caller who traces decides for its own.
    pub(crate) fn to(collector: &str, sampled: f64) -> Result<Traces, Failure> {
        let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0).build();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender(agent.into()))
            .with_endpoint(collector)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(PATIENCE)
            .build()
            .map_err(|e| {
                Failure::new(format!("`{collector}` cannot take traces: {e}"), "traces").help(
                    "write the collector's address for OTLP over HTTP, as in http://127.0.0.1:4318/v1/traces",
                )
            })?;
        let resource = Resource::builder_empty().with_attributes([
            KeyValue::new("service.name", "ringfence"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ]);
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sampled)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(resource.build())
            .build();
        Ok(Traces(provider))
    }
    /// What hands spans on.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        let tracer: SdkTracer = self.0.tracer("ringfence");
        let ours = Targets::new().with_target("ringfence_service", tracing::Level::DEBUG);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false);
        layer.with_threads(false).with_tracked_inactivity(false).with_target(false).with_filter(ours)
    }
    /// Sends what waits.
    pub(crate) fn end(&self) {
        if let Err(e) = self.0.shutdown() {
            tracing::warn!("the last traces were not sent: {e}");
        }
    }
}
