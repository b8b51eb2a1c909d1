//! Which path asks for what.

use http::{Method, StatusCode};
use serde_json::Value;

use super::{TaskView, document, stats};

/// A whole answer; every body is JSON.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub body: Value,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    fn error(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, body: Value::String(text.into()) }
    }
}

pub(super) async fn answer(view: &TaskView, method: &Method, path: &str) -> Reply {
    if !view.bucket.lock().take(view.clock.now()) {
        return Reply::error(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    }
    if *method != Method::GET && *method != Method::HEAD {
        return Reply::error(StatusCode::METHOD_NOT_ALLOWED, "only GET is served here");
    }
    let segments: Vec<&str> = path.trim_start_matches('/').trim_end_matches('/').split('/').collect();
    match segments.as_slice() {
        ["v2", "credentials"] => credentials(view, "").await,
        ["v2", "credentials", id] => credentials(view, id).await,
        ["v4" | "v3", id] | ["v2", "metadata", id] => match document::container(view, id) {
            Some(body) => Reply::ok(body),
            None => unknown(id),
        },
        ["v4" | "v3", id, "task"] => known(view, id).unwrap_or_else(|| Reply::ok(document::task(view, false))),
        ["v4" | "v3", id, "taskWithTags"] => known(view, id).unwrap_or_else(|| Reply::ok(document::task(view, true))),
        ["v4" | "v3", id, "stats"] | ["v2", "stats", id] => match known(view, id) {
            Some(refusal) => refusal,
            None => Reply::ok(stats::container(view, id).await.unwrap_or(Value::Null)),
        },
        ["v4" | "v3", id, "task", "stats"] => match known(view, id) {
            Some(refusal) => refusal,
            None => Reply::ok(stats::task(view).await),
        },
        ["v2", "metadata"] => Reply::ok(document::task(view, false)),
        ["v2", "stats"] => Reply::ok(stats::task(view).await),
        _ => Reply::error(StatusCode::NOT_FOUND, "404 page not found"),
    }
}

/// The refusal if no container of the task has that id.
fn known(view: &TaskView, id: &str) -> Option<Reply> {
    let found = view.report().containers.iter().any(|c| c.runtime_id == id);
    (!found).then(|| unknown(id))
}

fn unknown(id: &str) -> Reply {
    let id: String = id.chars().take(128).collect();
    let text = format!("V4 container metadata handler: unable to get container ID from request: {id}");
    Reply::error(StatusCode::NOT_FOUND, text)
}

async fn credentials(view: &TaskView, id: &str) -> Reply {
    match view.credentials.get(id).await {
        Ok(body) => Reply::ok(body),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            Reply { status, body: refusal.body }
        }
    }
}
