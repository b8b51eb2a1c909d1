//! One port for plain HTTP and TLS, told apart by the first byte (DESIGN D10).

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Open connections; further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 10_000;
/// From connecting to the first byte, and for a TLS handshake.
const GREETING_TIMEOUT: Duration = Duration::from_secs(10);
/// From a request's first byte to the end of its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// The first byte of a TLS record that carries a handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    pub tls: bool,
}

/// Answers every request; must not fail.
pub trait Handler: Send + Sync + 'static {
    fn handle(&self, request: Request<Incoming>, peer: Peer) -> impl Future<Output = Response<Body>> + Send;
}

/// Serves until `stop`, then lets requests in flight finish within `stop`'s owner's patience.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    handler: Arc<H>,
    stop: CancellationToken,
) {
    let acceptor = TlsAcceptor::from(tls);
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: others must close first.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, handler, stop) = (acceptor.clone(), handler.clone(), stop.clone());
        tokio::spawn(async move {
            greet(stream, address, acceptor, handler, stop).await;
            drop(slot);
        });
    }
}

async fn greet<H: Handler>(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: TlsAcceptor,
    handler: Arc<H>,
    stop: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let mut first = [0; 1];
    let Ok(Ok(1)) = tokio::time::timeout(GREETING_TIMEOUT, stream.peek(&mut first)).await else { return };
    if first[0] != TLS_HANDSHAKE {
        return converse(stream, Peer { address, tls: false }, handler, stop).await;
    }
    if let Ok(Ok(stream)) = tokio::time::timeout(GREETING_TIMEOUT, acceptor.accept(stream)).await {
        converse(stream, Peer { address, tls: true }, handler, stop).await;
    }
}

async fn converse<H, S>(stream: S, peer: Peer, handler: Arc<H>, stop: CancellationToken)
where
    H: Handler,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(handler.handle(request, peer).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // A client that goes away mid-request is its own business.
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// The control socket: whoever can open the data directory may use it.
pub async fn serve_unix<H: Handler>(listener: UnixListener, handler: Arc<H>, stop: CancellationToken) {
    let here = Peer { address: SocketAddr::from(([127, 0, 0, 1], 0)), tls: false };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        if let Ok((stream, _)) = accepted {
            tokio::spawn(converse(stream, here, handler.clone(), stop.clone()));
        }
    }
}
