//! One instance's network: opened (again) at start, then sandboxes attached and detached.
//!
//! Calls for one sandbox are taken one after the other, so a detach that comes in during an attach
//! waits for it and then undoes it. The work itself is short system calls on blocking threads; a
//! caller that goes away in the middle leaves it to finish.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use parking_lot::Mutex;
use tokio::net::{TcpListener, UdpSocket};

use crate::attach::check_sandbox_id;
use crate::nft::Nft;
use crate::pool::{Host, Pool, Slot};
use crate::reaper::Reaper;
use crate::record::State;
use crate::rt;
use crate::rules::RuleSet;
use crate::{AttachRequest, Attachment, Error, Ipv4Net, Result, netns};

/// What a network will not exceed.
pub mod limits {
    /// Sandboxes on one bridge: the kernel's limit of ports is 1023, and ready slots and the links
    /// of detached sandboxes need some.
    pub const MAX_SANDBOXES: usize = 900;
    /// Ready slots that can be asked for.
    pub const MAX_POOL: usize = 60;
    /// Links of detached sandboxes that still wait for their removal; a detach beyond that waits.
    pub const MAX_DOOMED: usize = 60;
}

/// Slots that one attach tries before it gives up, where a ready one turns out broken.
const ATTACH_TRIES: usize = 2;

/// How a network is to be opened.
#[derive(Clone, Debug)]
pub struct NetConfig {
    /// Eight lower-case hex digits, the same each time; goes into the names of links and tables.
    pub instance_id: String,
    /// `None`: as the last time, or else chosen by [`crate::pick_cidr`]; see [`Network::vpc`].
    pub vpc_cidr: Option<Ipv4Net>,
    /// A directory of this instance's own, best one that a reboot empties (`/run/…`).
    pub state: PathBuf,
    /// Namespaces to hold ready.
    pub pool_size: usize,
    /// `None`: that of the default route's link, at most 1500.
    pub mtu: Option<u32>,
    /// Whether other machines that have a route may open connections to sandboxes.
    pub routed_ingress: bool,
}

impl NetConfig {
    pub fn new(instance_id: impl Into<String>, state: impl Into<PathBuf>) -> Self {
        Self {
            instance_id: instance_id.into(),
            vpc_cidr: None,
            state: state.into(),
            pool_size: 8,
            mtu: None,
            routed_ingress: false,
        }
    }
}

/// A sandbox's attachment, if it has one now. Held locked for as long as something changes it.
type Entry = Arc<Mutex<Option<Attachment>>>;

#[derive(Debug, Default)]
struct Book {
    entries: HashMap<String, Entry>,
    addresses: HashMap<Ipv4Addr, String>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) vpc: Ipv4Net,
    pub(crate) bridge: String,
    pub(crate) rules: RuleSet,
    pub(crate) host: Arc<Host>,
    pub(crate) nft: Mutex<Nft>,
    pub(crate) pool: Pool,
    pub(crate) reaper: Reaper,
    pub(crate) state: Arc<State>,
    book: Mutex<Book>,
    closed: AtomicBool,
}

/// An open network. Dropping it leaves everything in place for the next [`Network::open`].
#[derive(Debug)]
pub struct Network(Arc<Inner>);

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Worker(e.to_string()))?
}

fn socket_error(id: &str, address: SocketAddr) -> impl FnOnce(std::io::Error) -> Error + Clone + Send + use<> {
    let id = id.to_owned();
    move |source| Error::Socket { sandbox: id, address: address.to_string(), source }
}

impl Network {
    /// Makes what is missing of the bridge, rules and settings, takes over the sandboxes that a
    /// former process attached, and removes what it left half done.
    ///
    /// # Errors
    /// [`Error::InUse`] while another process has it open; [`Error::Overlap`] and
    /// [`Error::NoFreeCidr`] about the address range; [`Error::Kernel`] with `EPERM` without root.
    pub async fn open(config: NetConfig) -> Result<Self> {
        blocking(move || crate::open::open(&config)).await.map(|inner| Self(Arc::new(inner)))
    }

    /// The VPC's CIDR in use; to be kept by the caller and given to the next open.
    pub fn vpc(&self) -> Ipv4Net {
        self.0.vpc
    }

    /// The bridge's name.
    pub fn bridge(&self) -> &str {
        &self.0.bridge
    }

    /// How many namespaces are ready.
    pub fn ready(&self) -> usize {
        self.0.pool.ready()
    }

    /// Lets sandboxes connect to a port of the host by TCP, at the gateway or any other of its addresses.
    /// Without this nothing on the host answers them but through connections of the host's own making;
    /// to be said again after each [`Network::open`].
    pub async fn allow_host_port(&self, port: u16) -> Result<()> {
        let inner = self.0.clone();
        blocking(move || {
            inner.check_open()?;
            inner.rules.allow_host_port(&mut inner.nft.lock(), port)
        })
        .await
    }

    /// Gives the sandbox a namespace with the address it asks for. Asked again for the same, it
    /// answers the same.
    pub async fn attach(&self, request: AttachRequest) -> Result<Attachment> {
        let inner = self.0.clone();
        blocking(move || inner.attach(&request)).await
    }

    /// Takes the sandbox's namespace away, with all that belongs to it; fine if it has none.
    /// Processes still in it can send nothing to anybody from now on, and keep a namespace that
    /// loses its link within some tens of milliseconds.
    pub async fn detach(&self, sandbox_id: &str) -> Result<()> {
        let (inner, id) = (self.0.clone(), sandbox_id.to_owned());
        blocking(move || inner.detach(&id)).await
    }

    /// The sandboxes attached now, those found at open included, by id.
    pub fn recover(&self) -> Vec<Attachment> {
        let entries: Vec<Entry> = self.0.book.lock().entries.values().cloned().collect();
        let mut all: Vec<_> = entries.iter().filter_map(|e| e.lock().clone()).collect();
        all.sort_by(|a, b| a.sandbox_id.cmp(&b.sandbox_id));
        all
    }

    /// A listener inside the sandbox's namespace, served from here.
    pub async fn listen_tcp(&self, sandbox_id: &str, address: SocketAddr) -> Result<TcpListener> {
        let wrap = socket_error(sandbox_id, address);
        let std = self.0.clone().inside(sandbox_id, wrap.clone(), move || std::net::TcpListener::bind(address)).await?;
        std.set_nonblocking(true).and_then(|()| TcpListener::from_std(std)).map_err(wrap)
    }

    /// A datagram socket inside the sandbox's namespace, served from here.
    pub async fn bind_udp(&self, sandbox_id: &str, address: SocketAddr) -> Result<UdpSocket> {
        let wrap = socket_error(sandbox_id, address);
        let std = self.0.clone().inside(sandbox_id, wrap.clone(), move || std::net::UdpSocket::bind(address)).await?;
        std.set_nonblocking(true).and_then(|()| UdpSocket::from_std(std)).map_err(wrap)
    }

    /// Removes every trace of the instance from the host, attached sandboxes included. The network
    /// refuses everything afterwards. Forwarding stays switched on: others may rely on it by now.
    pub async fn destroy(&self) -> Result<()> {
        let inner = self.0.clone();
        blocking(move || inner.destroy()).await
    }
}

impl Inner {
    pub(crate) fn new(parts: Parts, attached: Vec<Attachment>) -> Self {
        let mut book = Book::default();
        for attachment in attached {
            book.addresses.insert(attachment.address, attachment.sandbox_id.clone());
            book.entries.insert(attachment.sandbox_id.clone(), Arc::new(Mutex::new(Some(attachment))));
        }
        let Parts { vpc, bridge, rules, host, nft, pool, reaper, state } = parts;
        let nft = Mutex::new(nft);
        let (book, closed) = (Mutex::new(book), AtomicBool::new(false));
        Self { vpc, bridge, rules, host, nft, pool, reaper, state, book, closed }
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) { Err(Error::Closed) } else { Ok(()) }
    }

    /// Runs `work` with the sandbox's entry locked, and forgets the entry if it ends up empty.
    fn with_entry<T>(&self, id: &str, work: impl FnOnce(&mut Option<Attachment>) -> Result<T>) -> Result<T> {
        let mut work = Some(work);
        loop {
            let entry = self.book.lock().entries.entry(id.to_owned()).or_default().clone();
            let mut held = entry.lock();
            // Whoever had it before may have dropped it from the book while this thread waited.
            if !self.book.lock().entries.get(id).is_some_and(|e| Arc::ptr_eq(e, &entry)) {
                continue;
            }
            let done = work.take().map(|work| work(&mut held));
            if held.is_none() {
                self.book.lock().entries.remove(id);
            }
            return done.unwrap_or(Err(Error::Closed));
        }
    }

    fn reserve(&self, request: &AttachRequest) -> Result<()> {
        let mut book = self.book.lock();
        if let Some(owner) = book.addresses.get(&request.address) {
            return Err(Error::AddressInUse { address: request.address, sandbox: owner.clone() });
        }
        if book.addresses.len() >= limits::MAX_SANDBOXES {
            return Err(Error::Full(limits::MAX_SANDBOXES));
        }
        book.addresses.insert(request.address, request.sandbox_id.clone());
        Ok(())
    }

    fn attach(&self, request: &AttachRequest) -> Result<Attachment> {
        request.check(self.vpc)?;
        self.with_entry(&request.sandbox_id, |held| {
            // Under the entry's lock, so that `destroy` either sees this sandbox or stops it here.
            self.check_open()?;
            if let Some(now) = held.as_ref() {
                let same = now.answers(request);
                return if same { Ok(now.clone()) } else { Err(Error::AlreadyAttached(now.sandbox_id.clone())) };
            }
            self.reserve(request)?;
            let made = self.attach_any(request);
            match &made {
                Ok(attachment) => *held = Some(attachment.clone()),
                Err(_) => drop(self.book.lock().addresses.remove(&request.address)),
            }
            made
        })
    }

    fn attach_any(&self, request: &AttachRequest) -> Result<Attachment> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut slot = self.pool.take()?;
            let attachment = self.describe(request, &slot.name);
            let error = match self.fill(&mut slot, &attachment) {
                Ok(()) => return Ok(attachment),
                Err(error) => error,
            };
            self.clear_away(&attachment)?;
            if tries >= ATTACH_TRIES {
                return Err(error);
            }
            tracing::warn!(%error, slot = slot.name, "a ready network namespace was broken; taking another");
        }
    }

    fn describe(&self, request: &AttachRequest, link: &str) -> Attachment {
        Attachment {
            sandbox_id: request.sandbox_id.clone(),
            netns: self.state.netns_path(link),
            address: request.address,
            mac: request.mac,
            prefix_len: request.prefix_len,
            gateway: request.gateway,
            hostname: request.hostname.clone(),
            link_local: request.link_local.clone(),
            link: link.to_owned(),
        }
    }

    /// Turns a ready slot into the sandbox's. The port opens first, so that the announcement that
    /// setting the MAC sends gets out.
    fn fill(&self, slot: &mut Slot, to: &Attachment) -> Result<()> {
        self.rules.add_port(&mut self.nft.lock(), to)?;
        let any = Ipv4Net::around(Ipv4Addr::UNSPECIFIED, 0).ok_or(Error::NoFreeCidr)?;
        let metadata = crate::rules::link_local();
        let mut messages: Vec<_> = to.link_local.iter().map(|a| rt::add_address(1, *a, 32)).collect();
        messages.extend([
            rt::add_address(slot.eth_index, to.address, to.prefix_len),
            rt::set_mac(slot.eth_index, to.mac),
            // Link-local services other than ours are refused at once: clients that look for an
            // instance metadata service go on without waiting.
            rt::add_unreachable(metadata),
            rt::add_route(any, to.gateway, slot.eth_index),
        ]);
        slot.rt.send("configure", &to.sandbox_id, messages, &[])?;
        let stale = vec![rt::del_neighbour(self.host.bridge_index, to.address)];
        self.host.rt.lock().send("forget the neighbour", &to.sandbox_id, stale, &[Errno::ENOENT])?;
        self.state.put(to)
    }

    fn detach(&self, id: &str) -> Result<()> {
        check_sandbox_id(id)?;
        self.with_entry(id, |held| {
            let Some(attachment) = held.as_ref() else { return Ok(()) };
            self.clear_away(attachment)?;
            self.book.lock().addresses.remove(&attachment.address);
            *held = None;
            Ok(())
        })
    }

    fn clear_away(&self, attachment: &Attachment) -> Result<()> {
        self.state.remove(&attachment.sandbox_id)?;
        self.rules.remove_port(&mut self.nft.lock(), attachment)?;
        netns::unpin(&attachment.netns)?;
        self.reaper.take(&attachment.link)
    }

    fn netns_of(&self, id: &str) -> Result<PathBuf> {
        let entry = self.book.lock().entries.get(id).cloned();
        let path = entry.and_then(|e| e.lock().as_ref().map(|a| a.netns.clone()));
        path.ok_or_else(|| Error::NotAttached(id.to_owned()))
    }

    async fn inside<T: Send + 'static>(
        self: Arc<Self>,
        id: &str,
        wrap: impl FnOnce(std::io::Error) -> Error + Send + 'static,
        work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let id = id.to_owned();
        blocking(move || {
            let path = self.netns_of(&id)?;
            netns::inside(Path::new(&path), move || work().map_err(wrap))
        })
        .await
    }

    fn destroy(&self) -> Result<()> {
        self.closed.store(true, Ordering::SeqCst);
        self.pool.close();
        self.reaper.close();
        let entries: Vec<Entry> = self.book.lock().entries.values().cloned().collect();
        let attached: Vec<_> = entries.iter().filter_map(|e| e.lock().clone()).collect();
        let slots = self.pool.drain().into_iter().map(|s| s.name);
        for attachment in &attached {
            self.state.remove(&attachment.sandbox_id)?;
        }
        self.host.remove_all(&slots.chain(attached.iter().map(|a| a.link.clone())).collect::<Vec<_>>())?;
        *self.book.lock() = Book::default();
        self.rules.remove(&mut self.nft.lock())?;
        let bridge = vec![rt::del_link(&self.bridge)];
        self.host.rt.lock().send("remove the bridge", &self.bridge, bridge, &[Errno::ENODEV])?;
        self.state.clear()
    }
}

/// What [`crate::open`] puts together.
pub(crate) struct Parts {
    pub vpc: Ipv4Net,
    pub bridge: String,
    pub rules: RuleSet,
    pub host: Arc<Host>,
    pub nft: Nft,
    pub pool: Pool,
    pub reaper: Reaper,
    pub state: Arc<State>,
}
