//! The connection to a shim: requests out, answers and events in, and the shim's end noticed.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;

use super::Shared;
use crate::error::{Error, Result};
use crate::proto::{Answer, Failure, FailureKind, FromShim, MAX_LINE_BYTES, Op, Request, SOCKET};
use crate::sys;

type Pending = HashMap<u64, oneshot::Sender<Result<Answer, Failure>>>;

/// Tries to reconnect to a shim that lives but broke the connection.
const RECONNECTS: u32 = 5;
/// A connection that held this long was a good one: the tries count anew.
const GOOD_WHILE: std::time::Duration = std::time::Duration::from_secs(10);

pub(crate) struct Link {
    writer: tokio::sync::Mutex<Option<OwnedWriteHalf>>,
    pending: Mutex<Pending>,
    next_id: AtomicU64,
    /// The shim process, to kill it and to see it end.
    pidfd: Option<Arc<OwnedFd>>,
}

/// Connects to a shim through its directory, whose path may be longer than a socket's may be.
pub(crate) async fn connect(dir: &Path) -> io::Result<UnixStream> {
    let dir = sys::open_dir(dir)?;
    UnixStream::connect(format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd())).await
}

impl Link {
    /// A link to nothing: the shim was found dead.
    pub(crate) fn dead() -> Arc<Self> {
        Arc::new(Self {
            writer: tokio::sync::Mutex::new(None),
            pending: Mutex::default(),
            next_id: AtomicU64::new(1),
            pidfd: None,
        })
    }

    /// Starts to serve a connection. `child` is the process to reap, if it is ours.
    pub(crate) fn start(
        shared: &Arc<Shared>,
        stream: UnixStream,
        pidfd: OwnedFd,
        child: Option<std::process::Child>,
    ) -> Arc<Self> {
        let (reader, writer) = stream.into_split();
        let link = Arc::new(Self {
            writer: tokio::sync::Mutex::new(Some(writer)),
            pending: Mutex::default(),
            next_id: AtomicU64::new(1),
            pidfd: Some(Arc::new(pidfd)),
        });
        tokio::spawn(serve(Arc::clone(shared), Arc::clone(&link), reader, child));
        link
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, shared: &Shared, op: Op) -> Result<Answer> {
        let (sender, receiver) = oneshot::channel();
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let broken = |e: &dyn std::fmt::Display| Error::Shim { sandbox: shared.id.clone(), reason: e.to_string() };
        let mut line = serde_json::to_vec(&Request { id, op }).map_err(|e| broken(&e))?;
        line.push(b'\n');
        if line.len() > MAX_LINE_BYTES {
            return Err(Error::Invalid { what: "request", reason: format!("larger than {MAX_LINE_BYTES} bytes") });
        }
        if let Some(reason) = shared.gone.borrow().clone() {
            return Err(broken(&reason));
        }
        self.pending.lock().insert(id, sender);
        let written = match self.writer.lock().await.as_mut() {
            Some(writer) => writer.write_all(&line).await,
            None => Err(io::Error::new(io::ErrorKind::NotConnected, "the shim is not connected")),
        };
        if let Err(e) = written {
            self.pending.lock().remove(&id);
            return Err(broken(&e));
        }
        match receiver.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failure)) => Err(shared.failure(failure)),
            Err(_) => {
                let reason = shared.gone.borrow().clone();
                Err(broken(&reason.unwrap_or_else(|| "the connection to the shim broke".to_owned())))
            }
        }
    }

    pub(crate) fn kill_shim(&self) {
        if let Some(pidfd) = &self.pidfd {
            let _ = sys::pidfd_send_signal(pidfd.as_fd(), libc::SIGKILL);
        }
    }

    async fn receive(&self, shared: &Shared, reader: OwnedReadHalf) {
        let mut lines = BufReader::new(reader);
        let mut line = Vec::new();
        loop {
            line.clear();
            match lines.read_until(b'\n', &mut line).await {
                Ok(n) if n > 0 && n <= 4 * MAX_LINE_BYTES => {}
                _ => return,
            }
            match serde_json::from_slice(&line) {
                Ok(FromShim::Reply { id, result }) => {
                    if let Some(waiting) = self.pending.lock().remove(&id) {
                        let _ = waiting.send(result);
                    }
                }
                Ok(FromShim::Event(event)) => shared.on_event(event),
                Err(e) => {
                    tracing::warn!(sandbox = shared.id, error = %e, "shim sent a line that is no message");
                    return;
                }
            }
        }
    }
}

/// Reads until the shim ends; a connection that breaks before is made again.
async fn serve(shared: Arc<Shared>, link: Arc<Link>, reader: OwnedReadHalf, child: Option<std::process::Child>) {
    let Some(pidfd) = link.pidfd.clone() else { return };
    let ended = async {
        // SAFETY: the descriptor is owned by what is registered and stays the same while it lives.
        match unsafe { AsyncFd::register_with_interest(PidFd(pidfd), Interest::READABLE) } {
            Ok(fd) => drop(fd.readable().await),
            Err(e) => tracing::error!(sandbox = shared.id, error = %e, "cannot watch the shim"),
        }
    };
    let talk = async {
        let mut reader = Some(reader);
        let mut tries = 0;
        loop {
            if let Some(reader) = reader.take() {
                let since = tokio::time::Instant::now();
                link.receive(&shared, reader).await;
                if since.elapsed() >= GOOD_WHILE {
                    tries = 0;
                }
                link.pending.lock().clear();
                *link.writer.lock().await = None;
            }
            tries += 1;
            if tries > RECONNECTS {
                // Wait for its end; without a word from it nothing can be done with it.
                link.kill_shim();
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20 << tries)).await;
            if let Ok(stream) = connect(&shared.dir).await {
                let (read, write) = stream.into_split();
                *link.writer.lock().await = Some(write);
                reader = Some(read);
                resync(&shared, &link);
            }
        }
    };
    tokio::select! {
        () = ended => {}
        () = talk => {}
    }
    let status = child.and_then(|mut child| child.wait().ok());
    let reason = match status {
        Some(status) if !status.success() => format!("the shim process ended ({status})"),
        Some(_) => "the shim process has ended".to_owned(),
        None => "the shim process ended".to_owned(),
    };
    *link.writer.lock().await = None;
    let done = tokio::task::spawn_blocking(move || shared.shim_is_gone(&reason));
    let _ = done.await;
    link.pending.lock().clear();
}

fn resync(shared: &Arc<Shared>, link: &Arc<Link>) {
    let (shared, link) = (Arc::clone(shared), Arc::clone(link));
    tokio::spawn(async move {
        if let Ok(Answer::State(state)) = link.ask(&shared, Op::Status).await {
            for container in &state.containers {
                shared.learn(container);
            }
        }
    });
}

struct PidFd(Arc<OwnedFd>);

impl AsRawFd for PidFd {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.0.as_raw_fd()
    }
}

impl Shared {
    fn failure(&self, failure: Failure) -> Error {
        let Failure { kind, text } = failure;
        match kind {
            FailureKind::CannotStart => Error::CannotStart { container: String::new(), reason: text },
            FailureKind::Invalid => Error::Invalid { what: "request", reason: text },
            FailureKind::NotFound => {
                let name = text.strip_prefix("no such container: ").unwrap_or(&text).to_owned();
                Error::NotFound { kind: "container", name }
            }
            FailureKind::Exists => Error::Exists { kind: "container", name: text },
            FailureKind::State => Error::State { name: text, state: "not in a state for this" },
            FailureKind::Unsupported => Error::Unsupported { feature: "the request", mend: text },
            FailureKind::Io => self.shim_error(text),
        }
    }
}
