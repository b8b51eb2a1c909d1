//! The part of nf_tables' netlink protocol that Gantry needs (kernel `uapi/linux/netfilter/nf_tables.h`):
//! tables, chains, rules, sets, and the batch that makes a change atomic. Integers are big-endian.

use std::io;
use std::net::Ipv4Addr;

use nix::errno::Errno;

use crate::nl::{F_ACK, F_APPEND, F_CREATE, F_DUMP, Family, Message, Socket, attrs, get_text};
use crate::{Error, Ipv4Net, Result};

const SUBSYSTEM: u16 = 10 << 8;
const BATCH_BEGIN: u16 = 16;
const BATCH_END: u16 = 17;
const NEWTABLE: u16 = SUBSYSTEM;
const DELTABLE: u16 = SUBSYSTEM | 2;
const NEWCHAIN: u16 = SUBSYSTEM | 3;
const GETCHAIN: u16 = SUBSYSTEM | 4;
const NEWRULE: u16 = SUBSYSTEM | 6;
const NEWSET: u16 = SUBSYSTEM | 9;
const NEWSETELEM: u16 = SUBSYSTEM | 0xc;
const DELSETELEM: u16 = SUBSYSTEM | 0xe;

/// Elements in one message: an attribute's length has 16 bits.
const ELEMENTS_PER_MESSAGE: usize = 500;

/// The register that the first loaded value goes to; values that form one key follow each other.
const REG: u32 = 8;
const REG_VERDICT: u32 = 0;
const VERDICT_DROP: i32 = 0;
const VERDICT_ACCEPT: i32 = 1;
const VERDICT_JUMP: i32 = -3;

const IFNAME_BYTES: usize = 16;

/// A protocol family's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nf {
    Ipv4 = 2,
    Bridge = 7,
}

/// Where a base chain hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    Prerouting = 0,
    /// What is for the host itself.
    Input = 1,
    Forward = 2,
    /// What the namespace's own processes send.
    Output = 3,
    Postrouting = 4,
}

fn header(family: u8, resource: u16) -> [u8; 4] {
    let [high, low] = resource.to_be_bytes();
    [family, 0, high, low]
}

fn be(message: Message, kind: u16, value: u32) -> Message {
    message.attr(kind, &value.to_be_bytes())
}

/// A list of changes that happen together or not at all.
#[derive(Debug)]
pub struct Batch(Vec<Message>);

impl Batch {
    pub fn new() -> Self {
        Self(vec![Message::new(BATCH_BEGIN, 0, &header(0, 10))])
    }

    fn push(mut self, message: Message) -> Self {
        self.0.push(message);
        self
    }

    pub fn table(self, nf: Nf, name: &str) -> Self {
        self.push(Message::new(NEWTABLE, F_CREATE, &header(nf as u8, 0)).text(1, name))
    }

    pub fn delete_table(self, nf: Nf, name: &str) -> Self {
        self.push(Message::new(DELTABLE, 0, &header(nf as u8, 0)).text(1, name))
    }

    /// An empty table, whatever was there before (making it first keeps the delete from failing).
    pub fn fresh_table(self, nf: Nf, name: &str) -> Self {
        self.table(nf, name).delete_table(nf, name).table(nf, name)
    }

    /// A chain that packets enter at `hook`; what no rule decides is accepted.
    pub fn base_chain(self, nf: Nf, table: &str, name: &str, kind: &str, hook: Hook, priority: i32) -> Self {
        self.push(
            Message::new(NEWCHAIN, F_CREATE, &header(nf as u8, 0))
                .text(1, table)
                .text(3, name)
                .nest(4, |m| be(be(m, 1, hook as u32), 2, priority as u32))
                .attr(5, &(VERDICT_ACCEPT as u32).to_be_bytes())
                .text(7, kind),
        )
    }

    /// A chain that other chains jump to.
    pub fn chain(self, nf: Nf, table: &str, name: &str) -> Self {
        self.push(Message::new(NEWCHAIN, F_CREATE, &header(nf as u8, 0)).text(1, table).text(3, name))
    }

    pub fn rule(self, nf: Nf, table: &str, chain: &str, rule: Rule) -> Self {
        let message = Message::new(NEWRULE, F_CREATE | F_APPEND, &header(nf as u8, 0))
            .text(1, table)
            .text(2, chain)
            .nest(4, |m| rule.0.into_iter().fold(m, |m, e| m.nest(1, e)));
        self.push(message)
    }

    /// A set of keys of `key_bytes`. `key_type` only tells `nft` how to print them.
    pub fn set(self, nf: Nf, table: &str, name: &str, id: u32, key_type: u32, key_bytes: u32) -> Self {
        let message = Message::new(NEWSET, F_CREATE, &header(nf as u8, 0)).text(1, table).text(2, name);
        self.push(be(be(be(be(message, 3, 0), 4, key_type), 5, key_bytes), 10, id))
    }

    pub fn add_elements(self, nf: Nf, table: &str, set: &str, keys: &[Vec<u8>]) -> Self {
        self.elements(NEWSETELEM, F_CREATE, nf, table, set, keys)
    }

    pub fn delete_elements(self, nf: Nf, table: &str, set: &str, keys: &[Vec<u8>]) -> Self {
        self.elements(DELSETELEM, 0, nf, table, set, keys)
    }

    fn elements(mut self, kind: u16, flags: u16, nf: Nf, table: &str, set: &str, keys: &[Vec<u8>]) -> Self {
        for some in keys.chunks(ELEMENTS_PER_MESSAGE) {
            let message = Message::new(kind, flags, &header(nf as u8, 0)).text(1, table).text(2, set);
            let message =
                message.nest(3, |m| some.iter().fold(m, |m, key| m.nest(1, |m| m.nest(1, |m| m.attr(1, key)))));
            self.0.push(message);
        }
        self
    }
}

type Expr = Box<dyn FnOnce(Message) -> Message>;

/// Expressions that a packet passes one after the other, for as long as they match.
#[derive(Default)]
pub struct Rule(Vec<Expr>);

const META_IIFNAME: u32 = 6;
const META_OIFNAME: u32 = 7;
const META_L4PROTO: u32 = 16;
const PAYLOAD_LINK: u32 = 0;
const PAYLOAD_NETWORK: u32 = 1;
const PAYLOAD_TRANSPORT: u32 = 2;
const NAT_DESTINATION: u32 = 1;
const CT_STATE: u32 = 0;
const CT_ESTABLISHED: u32 = 1 << 1;
const CT_RELATED: u32 = 1 << 2;
const CMP_EQ: u32 = 0;
const CMP_NEQ: u32 = 1;

/// Where an IPv4 header has the two addresses.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    Source = 12,
    Destination = 16,
}

/// A protocol above IP, by IANA's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Tcp = 6,
    Udp = 17,
}

impl Rule {
    pub fn new() -> Self {
        Self::default()
    }

    fn expr(mut self, name: &'static str, fill: impl FnOnce(Message) -> Message + 'static) -> Self {
        self.0.push(Box::new(move |m| m.text(1, name).nest(2, fill)));
        self
    }

    fn load_meta(self, key: u32, register: u32) -> Self {
        self.expr("meta", move |m| be(be(m, 1, register), 2, key))
    }

    fn load_payload(self, base: u32, offset: u32, length: u32, register: u32) -> Self {
        self.expr("payload", move |m| be(be(be(be(m, 1, register), 2, base), 3, offset), 4, length))
    }

    fn compare(self, operator: u32, value: Vec<u8>) -> Self {
        self.expr("cmp", move |m| be(be(m, 1, REG), 2, operator).nest(3, |m| m.attr(1, &value)))
    }

    fn mask(self, mask: [u8; 4]) -> Self {
        self.expr("bitwise", move |m| {
            be(be(be(m, 1, REG), 2, REG), 3, 4).nest(4, |m| m.attr(1, &mask)).nest(5, |m| m.attr(1, &[0; 4]))
        })
    }

    fn verdict(self, code: i32, chain: Option<String>) -> Self {
        self.expr("immediate", move |m| {
            be(m, 1, REG_VERDICT).nest(2, |m| {
                m.nest(2, |m| {
                    let m = be(m, 1, code as u32);
                    match &chain {
                        Some(chain) => m.text(2, chain),
                        None => m,
                    }
                })
            })
        })
    }

    pub fn in_name(self, name: &str) -> Self {
        self.load_meta(META_IIFNAME, REG).compare(CMP_EQ, ifname(name))
    }

    pub fn in_name_starts(self, prefix: &str) -> Self {
        self.load_meta(META_IIFNAME, REG).compare(CMP_EQ, prefix.as_bytes().to_vec())
    }

    pub fn out_name(self, name: &str) -> Self {
        self.load_meta(META_OIFNAME, REG).compare(CMP_EQ, ifname(name))
    }

    pub fn not_out_name(self, name: &str) -> Self {
        self.load_meta(META_OIFNAME, REG).compare(CMP_NEQ, ifname(name))
    }

    fn network(self, field: Field, net: Ipv4Net, operator: u32) -> Self {
        self.load_payload(PAYLOAD_NETWORK, field as u32, 4, REG)
            .mask(net.mask().octets())
            .compare(operator, net.network().octets().to_vec())
    }

    pub fn within(self, field: Field, net: Ipv4Net) -> Self {
        self.network(field, net, CMP_EQ)
    }

    pub fn not_within(self, field: Field, net: Ipv4Net) -> Self {
        self.network(field, net, CMP_NEQ)
    }

    pub fn is(self, field: Field, address: Ipv4Addr) -> Self {
        self.load_payload(PAYLOAD_NETWORK, field as u32, 4, REG).compare(CMP_EQ, address.octets().to_vec())
    }

    /// Goes to that port by that protocol; TCP and UDP have the destination port at the same place.
    pub fn port(self, transport: Transport, port: u16) -> Self {
        self.load_meta(META_L4PROTO, REG)
            .compare(CMP_EQ, vec![transport as u8])
            .load_payload(PAYLOAD_TRANSPORT, 2, 2, REG)
            .compare(CMP_EQ, port.to_be_bytes().to_vec())
    }

    /// Sends the connection to `port` of the address that it names anyway; the answers get the old
    /// port back.
    pub fn redirect_port(self, port: u16) -> Self {
        self.expr("immediate", move |m| be(m, 1, REG).nest(2, |m| m.attr(1, &port.to_be_bytes())))
            .expr("nat", |m| be(be(be(m, 1, NAT_DESTINATION), 2, Nf::Ipv4 as u32), 5, REG))
    }

    /// The Ethernet frame's type.
    pub fn ether_type(self, kind: u16) -> Self {
        self.load_payload(PAYLOAD_LINK, 12, 2, REG).compare(CMP_EQ, kind.to_be_bytes().to_vec())
    }

    /// Belongs to a connection that is known already.
    pub fn established(self) -> Self {
        let wanted = (CT_ESTABLISHED | CT_RELATED).to_ne_bytes();
        self.expr("ct", |m| be(be(m, 1, REG), 2, CT_STATE)).mask(wanted).compare(CMP_NEQ, vec![0; 4])
    }

    /// The key (incoming link, Ethernet source, IPv4 at `offset` of the network header) is in the set.
    pub fn port_in(self, set: &str, id: u32, offset: u32) -> Self {
        let set = set.to_owned();
        self.load_meta(META_IIFNAME, REG)
            .load_payload(PAYLOAD_LINK, 6, 6, REG + 4)
            .load_payload(PAYLOAD_NETWORK, offset, 4, REG + 6)
            .expr("lookup", move |m| be(be(m.text(1, &set), 2, REG), 4, id))
    }

    pub fn masquerade(self) -> Self {
        self.expr("masq", |m| m)
    }

    pub fn accept(self) -> Self {
        self.verdict(VERDICT_ACCEPT, None)
    }

    pub fn drop(self) -> Self {
        self.verdict(VERDICT_DROP, None)
    }

    pub fn jump(self, chain: &str) -> Self {
        self.verdict(VERDICT_JUMP, Some(chain.to_owned()))
    }
}

fn ifname(name: &str) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(IFNAME_BYTES, 0);
    bytes
}

/// The key that [`Rule::port_in`] looks up.
pub fn port_key(name: &str, mac: [u8; 6], address: [u8; 4]) -> Vec<u8> {
    let mut key = ifname(name);
    key.extend_from_slice(&mac);
    // Each part of a joined key fills whole 32-bit registers.
    key.extend_from_slice(&[0, 0]);
    key.extend_from_slice(&address);
    key
}

/// Bytes of [`port_key`], and its parts' types (ifname, ether_addr, ipv4_addr) as `nft` numbers them.
pub const PORT_KEY: (u32, u32) = (28, (41 << 12) | (9 << 6) | 7);

/// A base chain as the kernel lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseChain {
    pub family: u8,
    pub table: String,
    pub name: String,
    pub hook: u32,
    pub drops: bool,
}

fn read_be(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

fn parse_chain(body: &[u8]) -> Option<BaseChain> {
    let mut chain =
        BaseChain { family: *body.first()?, table: String::new(), name: String::new(), hook: 0, drops: false };
    let mut hooked = false;
    for (kind, value) in attrs(body.get(4..)?) {
        match kind {
            1 => chain.table = get_text(value),
            3 => chain.name = get_text(value),
            4 => {
                chain.hook = attrs(value).find(|(k, _)| *k == 1).and_then(|(_, v)| read_be(v))?;
                hooked = true;
            }
            5 => chain.drops = read_be(value)? == VERDICT_DROP as u32,
            _ => {}
        }
    }
    hooked.then_some(chain)
}

/// An nf_tables socket.
#[derive(Debug)]
pub struct Nft(Socket);

impl Nft {
    /// In the namespace of the calling thread.
    pub fn open() -> Result<Self> {
        Socket::open(Family::Netfilter).map(Self).map_err(|e| Error::kernel("open", "an nf_tables socket", e))
    }

    /// Applies the batch; an error in `fine` counts as done, though nothing of the batch was.
    pub fn commit(&mut self, operation: &'static str, subject: &str, batch: Batch, fine: &[Errno]) -> Result<()> {
        let mut messages = batch.0;
        let last = messages.len() - 1;
        if last == 0 {
            return Ok(());
        }
        messages[last] = messages[last].clone().with_flags(F_ACK);
        messages.push(Message::new(BATCH_END, 0, &header(0, 10)));
        let wrap = |e: io::Error| Error::kernel(operation, subject, e);
        match self.0.batch(messages, last).map_err(wrap)? {
            Err(errno) if !fine.contains(&errno) => Err(wrap(errno.into())),
            _ => Ok(()),
        }
    }

    /// The base chains of every table and family.
    pub fn base_chains(&mut self) -> Result<Vec<BaseChain>> {
        let bodies = self.0.dump(Message::new(GETCHAIN, F_DUMP, &header(0, 0)));
        Ok(bodies
            .map_err(|e| Error::kernel("list", "nf_tables chains", e))?
            .iter()
            .filter_map(|b| parse_chain(b))
            .collect())
    }
}
