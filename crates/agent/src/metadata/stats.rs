//! Docker's stats documents from a container's counters (Docker Engine API, `ContainerStats`).

use gantry_base::Timestamp;
use serde_json::{Map, Value, json};

use super::view::{Sample, TaskView};

/// `/stats` of one container, by runtime id; `None` where there are none (yet).
pub(super) async fn container(view: &TaskView, runtime_id: &str) -> Option<Value> {
    let report = view.report();
    let found = report.containers.iter().find(|c| c.runtime_id == runtime_id && c.status == "RUNNING")?;
    let stats = view.handle()?.stats(&found.name).await.ok()?;
    let now = Sample { at: view.clock.now(), stats, system_cpu_ns: system_cpu_ns().await };
    let before = view.samples.lock().insert(found.name.clone(), now);
    Some(document(&found.name, runtime_id, now, before))
}

/// `/task/stats`: every container by its runtime id, `null` where there are none.
pub(super) async fn task(view: &TaskView) -> Value {
    let mut all = Map::new();
    for found in &view.report().containers {
        let stats = container(view, &found.runtime_id).await;
        all.insert(found.runtime_id.clone(), stats.unwrap_or(Value::Null));
    }
    Value::Object(all)
}

fn document(name: &str, runtime_id: &str, now: Sample, before: Option<Sample>) -> Value {
    let zero = Timestamp::from_millis(-62_135_596_800_000);
    json!({
        "read": now.at.rfc3339(),
        "preread": before.map_or(zero, |b| b.at).rfc3339(),
        "pids_stats": { "current": now.stats.pids },
        "blkio_stats": {},
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": cpu(&now),
        "precpu_stats": before.map_or_else(|| json!({ "cpu_usage": { "total_usage": 0 } }), |b| cpu(&b)),
        "memory_stats": {
            "usage": now.stats.memory_bytes,
            "max_usage": now.stats.memory_peak_bytes,
            "stats": { "cache": now.stats.memory_cache_bytes },
            "limit": now.stats.memory_limit_bytes,
        },
        "name": name,
        "id": runtime_id,
    })
}

fn cpu(sample: &Sample) -> Value {
    let online = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    json!({
        "cpu_usage": {
            "total_usage": sample.stats.cpu_total_ns,
            "usage_in_kernelmode": sample.stats.cpu_system_ns,
            "usage_in_usermode": sample.stats.cpu_user_ns,
        },
        "system_cpu_usage": sample.system_cpu_ns,
        "online_cpus": online,
        "throttling_data": {
            "periods": 0,
            "throttled_periods": sample.stats.throttled_periods,
            "throttled_time": sample.stats.throttled_ns,
        },
    })
}

/// The host's busy and idle time, from the first line of /proc/stat (proc_stat(5); 100 ticks a second).
async fn system_cpu_ns() -> u64 {
    const NS_PER_TICK: u64 = 10_000_000;
    let text = tokio::fs::read_to_string("/proc/stat").await.unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let ticks: u64 = line.split_whitespace().skip(1).take(8).filter_map(|n| n.parse::<u64>().ok()).sum();
    ticks.saturating_mul(NS_PER_TICK)
}
