//! Slots: namespaces that are ready but for an address, made ahead by one background thread so that
//! attaching a sandbox costs two netlink messages instead of making a namespace and a veth pair.
//!
//! A slot's link is up and in the bridge, but until a sandbox has it the anti-spoofing rules let
//! nothing out of it.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use parking_lot::{Condvar, Mutex};

use crate::record::State;
use crate::rt::{self, Rt};
use crate::{Error, Result, endpoints, netns};

/// The link's name inside, as in a Fargate task.
pub const INSIDE: &str = "eth0";
/// Numbers in a slot's name have six hex digits.
const SLOT_NUMBERS: u32 = 1 << 24;
/// Tries to find an unused number before giving up.
const NAME_TRIES: usize = 16;
/// Links gathered by one request; its acknowledgements must fit a socket's buffer.
const GROUP_CHUNK: usize = 64;
/// How long the background thread rests after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long a new link may take until it works, and how often that is looked at.
const LINK_WAIT: Duration = Duration::from_secs(2);
const LINK_LOOK: Duration = Duration::from_millis(1);

/// Settings of every namespace, in order; `eth0` takes over `default` when it is made.
const SETTINGS: &[(&str, &str)] = &[
    ("ipv4/ip_unprivileged_port_start", "0"),
    ("ipv4/ip_local_reserved_ports", endpoints::RESERVED_PORTS),
    ("ipv4/ping_group_range", "0 2147483647"),
    // Announces the address whenever the MAC is set: whoever had an old owner's MAC learns at once.
    ("ipv4/conf/default/arp_notify", "1"),
    // Never answers on one link for an address of another, such as the metadata address on loopback.
    ("ipv4/conf/default/arp_ignore", "1"),
    ("ipv6/conf/default/disable_ipv6", "1"),
];

/// The parts of the host that making a slot needs.
#[derive(Debug)]
pub struct Host {
    pub rt: Mutex<Rt>,
    pub bridge: String,
    pub bridge_index: u32,
    pub port_prefix: String,
    pub mtu: u32,
    pub state: Arc<State>,
    /// The link group of links that are about to be removed; never 0, where all other links are.
    pub group: u32,
    /// A socket only for removals, which must not keep others waiting for [`Host::rt`].
    pub reaper: Mutex<Rt>,
    pub doomed: Mutex<Vec<String>>,
}

/// A namespace with an `eth0` that has no address yet.
#[derive(Debug)]
pub struct Slot {
    pub name: String,
    /// A socket inside the namespace, usable from any thread.
    pub rt: Rt,
    pub eth_index: u32,
}

impl Host {
    /// Puts the host's end `name` into the bridge and up.
    pub fn join_bridge(&self, name: &str) -> Result<()> {
        let messages =
            vec![rt::set_no_ipv6_address(name), rt::set_master(name, self.bridge_index), rt::set_up_named(name)];
        // A kernel without IPv6 refuses the first, and need not be told.
        self.rt.lock().send("join to the bridge the link", name, messages, &[Errno::EAFNOSUPPORT])
    }

    fn make(&self, name: &str) -> Result<Slot> {
        netns::enter_new(name)?;
        for (setting, value) in SETTINGS {
            netns::sysctl(setting, value)?;
        }
        // Before there is a link: a slot with one, which a later server may take over, has the rules.
        endpoints::redirect()?;
        let mut rt = Rt::open()?;
        let path = self.state.netns_path(name);
        let ns = netns::pin(&path)?;
        let made = (|| {
            let veth = vec![rt::new_veth(name, INSIDE, self.mtu, Some(ns.as_fd()))];
            self.rt.lock().send("make the link", name, veth, &[])?;
            self.join_bridge(name)?;
            let missing = || Error::kernel("find inside its namespace the link of", name, Errno::ENODEV.into());
            let eth_index = rt.link(INSIDE)?.ok_or_else(missing)?.index;
            rt.send("start the links of", name, vec![rt::set_up(1), rt::set_up(eth_index)], &[])?;
            self.wait_until_works(name, &mut rt)?;
            Ok(eth_index)
        })();
        match made {
            Ok(eth_index) => Ok(Slot { name: name.to_owned(), rt, eth_index }),
            Err(e) => {
                self.remove(name)?;
                Err(e)
            }
        }
    }

    /// The kernel finishes starting a link later, when it gets to it, and until then drops what is
    /// sent: the first packets of a sandbox would come a second late. The bridge, too, starts with
    /// its first port. Looks again and again, for the two ends belong to two namespaces with a
    /// socket of events each, and it takes a millisecond.
    fn wait_until_works(&self, name: &str, inside: &mut Rt) -> Result<()> {
        let until = Instant::now() + LINK_WAIT;
        loop {
            let works = |rt: &mut Rt, link: &str| Ok::<_, Error>(rt.link(link)?.is_some_and(|l| l.works));
            let outside = {
                let mut rt = self.rt.lock();
                works(&mut rt, name)? && works(&mut rt, &self.bridge)?
            };
            if outside && works(inside, INSIDE)? {
                return Ok(());
            }
            if Instant::now() > until {
                tracing::warn!(link = name, "the link is slow to start; the sandbox's first packets may be lost");
                return Ok(());
            }
            std::thread::sleep(LINK_LOOK);
        }
    }

    /// Takes over a slot that a former server made and did not use; `None` if it is not as new.
    pub fn adopt(&self, name: &str) -> Result<Option<Slot>> {
        let found = netns::inside(&self.state.netns_path(name), || {
            let mut rt = Rt::open()?;
            let used = rt.addresses()?.iter().any(|a| !a.ip.is_loopback());
            Ok(rt.link(INSIDE)?.filter(|_| !used).map(|link| (rt, link.index)))
        })?;
        Ok(found.map(|(rt, eth_index)| Slot { name: name.to_owned(), rt, eth_index }))
    }

    /// Removes a slot's link and namespace; what is gone already is fine.
    ///
    /// The kernel takes tens of milliseconds to remove a link, and hardly more to remove many at
    /// once: callers that wait for their turn are served together by the first of them.
    pub fn remove(&self, name: &str) -> Result<()> {
        netns::unpin(&self.state.netns_path(name))?;
        self.doomed.lock().push(name.to_owned());
        let mut rt = self.reaper.lock();
        let all = std::mem::take(&mut *self.doomed.lock());
        if all.len() > 1 {
            // What fails here is tried again, and told, by each one's own removal below.
            if let Err(error) = remove_together(&mut rt, &all, self.group) {
                tracing::debug!(%error, "links could not be removed together");
            }
        }
        rt.send("remove the link", name, vec![rt::del_link(name)], &[Errno::ENODEV])
    }

    /// Removes many slots at once.
    pub fn remove_all(&self, names: &[String]) -> Result<()> {
        if let Err(error) = remove_together(&mut self.reaper.lock(), names, self.group) {
            tracing::debug!(%error, "links could not be removed together");
        }
        names.iter().try_for_each(|name| self.remove(name))
    }
}

/// Gathers the links in `group` and removes that group in one step of the kernel's. Names that are
/// gone are passed over.
fn remove_together(rt: &mut Rt, names: &[String], group: u32) -> Result<()> {
    let subject = "a group of links";
    for some in names.chunks(GROUP_CHUNK) {
        let gather = some.iter().map(|name| rt::set_group(name, group)).collect();
        rt.send("gather", subject, gather, &[Errno::ENODEV])?;
    }
    rt.send("remove", subject, vec![rt::del_group(group)], &[Errno::ENODEV])
}

#[derive(Debug)]
struct Shared {
    host: Arc<Host>,
    ready: Mutex<Vec<Slot>>,
    wake: Condvar,
    closed: AtomicBool,
    next: AtomicU32,
    target: usize,
}

/// Ready slots and the thread that keeps them coming.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Shared {
    fn build(self: &Arc<Self>) -> Result<Slot> {
        let shared = self.clone();
        netns::on_own_thread("a new slot", move || {
            let mut last = None;
            for _ in 0..NAME_TRIES {
                let number = shared.next.fetch_add(1, Ordering::Relaxed) % SLOT_NUMBERS;
                let name = format!("{}{number:06x}", shared.host.port_prefix);
                match shared.host.make(&name) {
                    Err(e) if e.errno() == Some(Errno::EEXIST as i32) => last = Some(e),
                    other => return other,
                }
            }
            Err(last.unwrap_or_else(|| Error::Worker("no free slot name".to_owned())))
        })
    }

    fn keep_filled(self: &Arc<Self>) {
        loop {
            {
                let mut ready = self.ready.lock();
                while ready.len() >= self.target && !self.closed.load(Ordering::SeqCst) {
                    self.wake.wait(&mut ready);
                }
            }
            if self.closed.load(Ordering::SeqCst) {
                return;
            }
            match self.build() {
                Ok(slot) => self.ready.lock().push(slot),
                Err(error) => {
                    tracing::warn!(%error, "failed to make a network namespace ahead");
                    let mut ready = self.ready.lock();
                    if !self.closed.load(Ordering::SeqCst) {
                        self.wake.wait_for(&mut ready, RETRY_AFTER);
                    }
                }
            }
        }
    }
}

impl Pool {
    /// Starts with `ready` and fills up to `target`; new slots get numbers from `first` on.
    pub fn start(host: Arc<Host>, ready: Vec<Slot>, target: usize, first: u32) -> Result<Self> {
        let shared = Arc::new(Shared {
            host,
            ready: Mutex::new(ready),
            wake: Condvar::new(),
            closed: AtomicBool::new(false),
            next: AtomicU32::new(first),
            target,
        });
        let filler = shared.clone();
        let thread = std::thread::Builder::new()
            .name("netns-pool".to_owned())
            .spawn(move || filler.keep_filled())
            .map_err(|source| Error::Thread { subject: "the namespace pool".to_owned(), source })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// A ready slot, or one made on the spot.
    pub fn take(&self) -> Result<Slot> {
        let slot = self.shared.ready.lock().pop();
        self.shared.wake.notify_one();
        match slot {
            Some(slot) => Ok(slot),
            None => self.shared.build(),
        }
    }

    pub fn ready(&self) -> usize {
        self.shared.ready.lock().len()
    }

    /// Ends the thread, leaving ready slots for the next server.
    pub fn close(&self) {
        {
            // Under the lock, or the thread could check the flag just before and sleep just after.
            let _ready = self.shared.ready.lock();
            self.shared.closed.store(true, Ordering::SeqCst);
        }
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }

    /// After [`Pool::close`]: the slots that are left.
    pub fn drain(&self) -> Vec<Slot> {
        std::mem::take(&mut *self.shared.ready.lock())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}
