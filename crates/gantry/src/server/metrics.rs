//! `/metrics`, in OpenMetrics text.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    endpoint: &'static str,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    endpoint: &'static str,
}

pub struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    took: Family<Endpoint, Histogram>,
    resident: Gauge,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("gantry");
        let requests = Family::<Answer, Counter>::default();
        // 0.1 ms to 13 s: a lookup and a large pull both fall inside.
        let took =
            Family::<Endpoint, Histogram>::new_with_constructor(|| Histogram::new(exponential_buckets(1e-4, 2.0, 18)));
        let resident = Gauge::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From headers in to headers out",
            Unit::Seconds,
            took.clone(),
        );
        registry.register_with_unit("resident_memory", "Resident memory of the server", Unit::Bytes, resident.clone());
        Self { registry, requests, took, resident }
    }

    pub fn answered(&self, endpoint: &'static str, code: u16, took: Duration) {
        self.requests.get_or_create(&Answer { endpoint, code }).inc();
        self.took.get_or_create(&Endpoint { endpoint }).observe(took.as_secs_f64());
    }

    pub fn render(&self) -> String {
        self.resident.set(resident_bytes());
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut out, &self.registry);
        out
    }
}

fn resident_bytes() -> i64 {
    const PAGE: i64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<i64>().ok()).unwrap_or(0) * PAGE
}
