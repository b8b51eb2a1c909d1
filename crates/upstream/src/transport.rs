//! Connections: TCP with a deadline, TLS where it is due, kept for the next request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::client::limits;
use crate::endpoint::{bare_host, may_be_plain};
use crate::error::{Failure, Kind, Result};
use crate::outgoing::OutBody;

/// Trusts what this host's certificate store trusts.
///
/// # Errors
/// The TLS provider does not offer a usable protocol version.
pub fn system_tls() -> Result<Arc<rustls::ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // A store may hold certificates that rustls does not take; the rest is still good.
        let _ = roots.add(certificate);
    }
    client_config(roots)
}

/// Trusts the authorities in `pem` and nobody else.
///
/// # Errors
/// `pem` holds no certificate, or one that cannot be read.
pub fn tls_trusting(pem: &[u8]) -> Result<Arc<rustls::ClientConfig>> {
    let bad = |reason: String| Failure::new(Kind::Refused, reason).during("read", "CA certificates");
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|e| bad(e.to_string()))?).map_err(|e| bad(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(bad("there is no certificate".to_owned()));
    }
    client_config(roots)
}

fn client_config(roots: rustls::RootCertStore) -> Result<Arc<rustls::ClientConfig>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Failure::new(Kind::Refused, e.to_string()).during("configure", "TLS"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

pub(crate) fn pool(tls: Arc<rustls::ClientConfig>, insecure: Arc<[String]>) -> Pool<Connector, OutBody> {
    Pool::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits::IDLE_CONNECTION)
        .pool_max_idle_per_host(limits::IDLE_CONNECTIONS)
        .build(Connector { tls, insecure })
}

/// Dials; refuses plain HTTP to hosts that it is not allowed for.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: Arc<rustls::ClientConfig>,
    insecure: Arc<[String]>,
}

impl Connector {
    async fn dial(self, uri: Uri) -> io::Result<Dialled> {
        let authority = uri.authority().ok_or_else(|| io::Error::other("an address without a host"))?;
        let secure = uri.scheme_str() == Some("https");
        if !secure && !may_be_plain(authority, &self.insecure) {
            return Err(io::Error::other(format!("{authority} is not allowed over plain HTTP")));
        }
        let host = bare_host(authority).to_owned();
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let dial = async {
            let tcp = TcpStream::connect((host.as_str(), port)).await?;
            let _ = tcp.set_nodelay(true);
            if !secure {
                return Ok::<Box<dyn Io>, io::Error>(Box::new(tcp));
            }
            let name = rustls_pki_types::ServerName::try_from(host.clone()).map_err(io::Error::other)?;
            let tls = tokio_rustls::TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp).await?;
            Ok(Box::new(tls))
        };
        match tokio::time::timeout(limits::CONNECT_TIMEOUT, dial).await {
            Ok(Ok(stream)) => Ok(Dialled(TokioIo::new(stream))),
            Ok(Err(e)) => Err(io::Error::new(e.kind(), format!("dial {authority}: {e}"))),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("dial {authority}: i/o timeout"))),
        }
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Dialled;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Dialled>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}

pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection, plain or not.
pub(crate) struct Dialled(TokioIo<Box<dyn Io>>);

impl Connection for Dialled {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Dialled {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for Dialled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bytes)
    }
}
