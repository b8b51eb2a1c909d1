//! Where a container's output goes and how it is cut into events: the `awslogs-*` options (AWS: "Send Amazon
//! ECS logs to CloudWatch"; Docker: "Amazon CloudWatch Logs logging driver").

use std::collections::BTreeMap;

use gantry_agent_api::{Assignment, ContainerSpec, LogSink, ServiceError};
use gantry_base::{AccountId, Region};
use regex::bytes::{Regex, RegexBuilder};

use super::strftime;
use crate::machine::runtime_id;
use crate::runtime::OutputMode;

/// Bytes of a compiled multi-line pattern: a pattern is the user's, the memory is ours.
const MAX_PATTERN_SIZE: usize = 1 << 20;
/// ECS's documented default of `max-buffer-size`.
const DEFAULT_BUFFER: usize = 10 << 20;
/// The most that `max-buffer-size` gets.
const MAX_BUFFER: usize = 256 << 20;
/// How often a stream is opened before the container is given up.
const OPEN_TRIES: u32 = 3;
const OPEN_BACKOFF: std::time::Duration = std::time::Duration::from_millis(200);

#[derive(Clone, Debug)]
pub(crate) struct LogDestination {
    pub account: AccountId,
    pub region: Region,
    pub group: String,
    stream: String,
    create_group: bool,
    /// A line that matches begins a new event; without one every line does.
    pub multiline: Option<Regex>,
    pub mode: OutputMode,
}

impl LogDestination {
    /// `None`: the output is not kept. Errors are complete reasons for a task's stop.
    pub fn parse(assignment: &Assignment, container: &ContainerSpec) -> Result<Option<Self>, String> {
        let Some(log) = &container.log else { return Ok(None) };
        match log.driver.as_str() {
            "none" => return Ok(None),
            "awslogs" => {}
            other => return Err(cannot_start(&format!("the log driver `{other}` is not supported"))),
        }
        let options = &log.options;
        let Some(group) = options.get("awslogs-group").filter(|g| !g.is_empty()) else {
            return Err(invalid_args("awslogs-group is missing"));
        };
        let region = match options.get("awslogs-region").filter(|r| !r.is_empty()) {
            None => assignment.region.clone(),
            Some(text) => text.parse().map_err(|e| invalid_args(&format!("awslogs-region: {e}")))?,
        };
        Ok(Some(Self {
            account: assignment.account.clone(),
            region,
            group: group.clone(),
            stream: stream_name(assignment, container, options),
            create_group: flag(options, "awslogs-create-group")?,
            multiline: multiline(options)?,
            mode: mode(options)?,
        }))
    }

    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Makes the stream. The error is a complete reason, worded as Fargate words it.
    pub async fn open(&self, sink: &dyn LogSink) -> Result<(), String> {
        let mut tries = 1;
        loop {
            let made =
                sink.open_stream(&self.account, &self.region, &self.group, &self.stream, self.create_group).await;
            match made {
                Ok(()) => return Ok(()),
                Err(error) if error.retryable && tries < OPEN_TRIES => {
                    tokio::time::sleep(OPEN_BACKOFF * tries).await;
                    tries += 1;
                }
                Err(error) => return Err(cannot_create_stream(&error, tries)),
            }
        }
    }
}

fn cannot_start(what: &str) -> String {
    format!("CannotStartContainerError: failed to initialize logging driver: {what}")
}

fn invalid_args(what: &str) -> String {
    format!("ResourceInitializationError: failed to validate logger args: {what}")
}

fn cannot_create_stream(error: &ServiceError, tries: u32) -> String {
    invalid_args(&format!(
        "create stream has been retried {tries} times: failed to create Cloudwatch log stream: {}: {} : exit status 1",
        error.code, error.message
    ))
}

/// `prefix/container/task id`; without a prefix the container's own id.
fn stream_name(assignment: &Assignment, container: &ContainerSpec, options: &BTreeMap<String, String>) -> String {
    if let Some(stream) = options.get("awslogs-stream").filter(|s| !s.is_empty()) {
        return stream.clone();
    }
    let id = &assignment.sandbox_id;
    match options.get("awslogs-stream-prefix").filter(|p| !p.is_empty()) {
        Some(prefix) => format!("{prefix}/{}/{id}", container.name),
        None => runtime_id(id, &container.name),
    }
}

fn flag(options: &BTreeMap<String, String>, name: &str) -> Result<bool, String> {
    // Go's strconv.ParseBool, which the driver uses.
    match options.get(name).map(String::as_str) {
        None | Some("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(false),
        Some("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(true),
        Some(other) => Err(invalid_args(&format!("must specify valid value for log opt '{name}': `{other}`"))),
    }
}

fn multiline(options: &BTreeMap<String, String>) -> Result<Option<Regex>, String> {
    let pattern = options.get("awslogs-multiline-pattern").filter(|p| !p.is_empty());
    let format = options.get("awslogs-datetime-format").filter(|f| !f.is_empty());
    let (name, text) = match (pattern, format) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let both = "you cannot configure log opt 'awslogs-datetime-format' and 'awslogs-multiline-pattern' \
                        at the same time";
            return Err(invalid_args(both));
        }
        (Some(pattern), None) => ("awslogs-multiline-pattern", pattern.clone()),
        (None, Some(format)) => ("awslogs-datetime-format", strftime::pattern(format).map_err(|e| cannot_start(&e))?),
    };
    let built = RegexBuilder::new(&text).size_limit(MAX_PATTERN_SIZE).build();
    built.map(Some).map_err(|e| invalid_args(&format!("{name} could not parse `{text}`: {e}")))
}

fn mode(options: &BTreeMap<String, String>) -> Result<OutputMode, String> {
    match options.get("mode").map(String::as_str) {
        None | Some("blocking") => Ok(OutputMode::Blocking),
        Some("non-blocking") => {
            let buffer = match options.get("max-buffer-size") {
                None => DEFAULT_BUFFER,
                Some(text) => size(text).ok_or_else(|| invalid_args(&format!("max-buffer-size: `{text}`")))?,
            };
            Ok(OutputMode::NonBlocking { buffer_bytes: buffer.min(MAX_BUFFER) })
        }
        Some(other) => Err(invalid_args(&format!("logger: logging mode not supported: {other}"))),
    }
}

/// `25m`, `4096`, `1g`, `512KiB`: Docker's sizes, in binary multiples.
fn size(text: &str) -> Option<usize> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let number: usize = lower[..digits].parse().ok()?;
    let unit = lower[digits..].trim().trim_end_matches('b').trim_end_matches('i');
    let scale = match unit {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(scale).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_dockers() {
        for (text, bytes) in
            [("1", 1), ("25m", 25 << 20), ("4k", 4096), ("1g", 1 << 30), ("512KiB", 512 << 10), ("2 MB", 2 << 20)]
        {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "m", "0", "-1", "1x", "99999999999999999999", "9999999999999999g"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
