//! DNS messages (RFC 1035, EDNS RFC 6891): as much as it takes to read a question and to answer it.

use std::net::Ipv4Addr;

use super::limits::MAX_RECORDS;

pub const HEADER: usize = 12;
/// What a UDP client can take that does not say more (RFC 1035 section 4.2.1).
const PLAIN_UDP: usize = 512;
/// Answers over UDP never exceed this: the size that crosses any path in one piece (DNS flag day 2020).
const EDNS_UDP: u16 = 1232;
const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;
const CLASS_IN: u16 = 1;
const TYPE_OPT: u16 = 41;
/// In an answer: "the name in the question", which always begins after the header.
const POINTER_TO_QUESTION: u16 = 0xc000 | HEADER as u16;

const QR: u8 = 0x80;
const OPCODE: u8 = 0x78;
const AA: u8 = 0x04;
const TC: u8 = 0x02;
const RD: u8 = 0x01;
const RA: u8 = 0x80;

/// Response codes (RFC 1035 section 4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NxDomain = 3,
    NotImp = 4,
}

/// What sort of record is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    A,
    Aaaa,
    Ptr,
    Srv,
    /// Any other type, by its number.
    Other(u16),
}

impl Kind {
    fn of(number: u16) -> Self {
        match number {
            1 => Self::A,
            12 => Self::Ptr,
            28 => Self::Aaaa,
            33 => Self::Srv,
            other => Self::Other(other),
        }
    }
}

/// One record of an answer, about the name that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub ttl_secs: u32,
    pub data: RecordData,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordData {
    A(Ipv4Addr),
    /// A name, without a final dot.
    Ptr(String),
    Srv {
        priority: u16,
        weight: u16,
        port: u16,
        target: String,
    },
}

/// A question that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Lower case, without a final dot; `None` for names that are not plain text (they are only
    /// ever sent on).
    pub name: Option<String>,
    pub kind: Kind,
    pub internet: bool,
    /// Where the question ends in the message.
    question_end: usize,
    /// The largest UDP answer that the client takes.
    pub udp_limit: usize,
    edns: bool,
}

/// Why a message is no question that can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing to answer: too short, or an answer itself.
    Ignore,
    Refuse(Code),
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The name at `at`, and where it ends. Compressed names are not taken: a question has nothing
/// before it to point to.
fn read_name(bytes: &[u8], mut at: usize) -> Option<(Option<String>, usize)> {
    let start = at;
    let mut text = Some(String::new());
    loop {
        let length = usize::from(*bytes.get(at)?);
        if length == 0 {
            return Some((text, at + 1));
        }
        let label = (length <= MAX_LABEL).then(|| bytes.get(at + 1..at + 1 + length)).flatten()?;
        at += 1 + length;
        if at - start >= MAX_NAME {
            return None;
        }
        let plain = label.iter().all(|b| b.is_ascii_graphic() && *b != b'.');
        text = text.filter(|_| plain).map(|mut text| {
            if !text.is_empty() {
                text.push('.');
            }
            text.extend(label.iter().map(|b| b.to_ascii_lowercase() as char));
            text
        });
    }
}

impl Query {
    pub fn parse(bytes: &[u8]) -> Result<Self, Unfit> {
        if bytes.len() < HEADER || bytes[2] & QR != 0 {
            return Err(Unfit::Ignore);
        }
        if bytes[2] & OPCODE != 0 {
            return Err(Unfit::Refuse(Code::NotImp));
        }
        let form = Unfit::Refuse(Code::FormErr);
        let count = |at| u16_at(bytes, at).unwrap_or(0);
        if count(4) != 1 {
            return Err(form);
        }
        let (name, end) = read_name(bytes, HEADER).ok_or(form)?;
        let kind = u16_at(bytes, end).ok_or(form)?;
        let class = u16_at(bytes, end + 2).ok_or(form)?;
        let question_end = end + 4;
        // The one additional record that matters comes right after the question in every query.
        let edns = count(6) == 0
            && count(8) == 0
            && count(10) > 0
            && bytes.get(question_end) == Some(&0)
            && u16_at(bytes, question_end + 1) == Some(TYPE_OPT);
        let offered = u16_at(bytes, question_end + 3).filter(|_| edns).map_or(0, usize::from);
        let udp_limit = offered.max(PLAIN_UDP);
        Ok(Self { name, kind: Kind::of(kind), internet: class == CLASS_IN, question_end, udp_limit, edns })
    }

    /// An answer of our own to the message that this was parsed from; `limit` is what the client
    /// can take. If it does not fit, it is cut and says so.
    pub fn answer(&self, message: &[u8], code: Code, records: &[Record], limit: usize) -> Vec<u8> {
        let mut out = message.get(..self.question_end).unwrap_or_default().to_vec();
        set_header(&mut out, code, 1);
        let room = limit.min(usize::from(u16::MAX)).saturating_sub(if self.edns { 11 } else { 0 });
        let (mut count, mut cut) = (0u16, records.len() > MAX_RECORDS);
        for record in records.iter().take(MAX_RECORDS) {
            let Some(bytes) = encode(record) else { continue };
            if out.len() + bytes.len() > room {
                cut = true;
                break;
            }
            out.extend_from_slice(&bytes);
            count += 1;
        }
        let known = matches!(code, Code::NoError | Code::NxDomain);
        out[2] |= if known { AA } else { 0 } | if cut { TC } else { 0 };
        out[6..8].copy_from_slice(&count.to_be_bytes());
        if self.edns {
            out[11] = 1;
            out.push(0);
            out.extend_from_slice(&TYPE_OPT.to_be_bytes());
            out.extend_from_slice(&EDNS_UDP.to_be_bytes());
            out.extend_from_slice(&[0; 6]);
        }
        out
    }

    /// The largest answer of our own over UDP.
    pub fn own_udp_limit(&self) -> usize {
        self.udp_limit.min(usize::from(EDNS_UDP))
    }

    /// Whether `reply` answers the question in `message`.
    pub fn is_answered_by(&self, message: &[u8], reply: &[u8]) -> bool {
        let question = |m: &[u8]| m.get(HEADER..self.question_end).map(<[u8]>::to_ascii_lowercase);
        reply.len() >= HEADER
            && reply[..2] == message[..2]
            && reply[2] & QR != 0
            // A server may leave the question out of an error.
            && (u16_at(reply, 4) == Some(0) && reply[3] & 0x0f != 0 || question(reply) == question(message))
    }

    /// `reply` as it fits in `limit`: whole, or cut to its question with the mark that it was.
    pub fn fit(&self, mut reply: Vec<u8>, limit: usize) -> Vec<u8> {
        if reply.len() > limit {
            reply.truncate(self.question_end);
            reply[2] |= TC;
            reply[6..HEADER].fill(0);
        }
        reply
    }
}

/// Turns the copied head of a query into an answer's, without records.
fn set_header(out: &mut [u8], code: Code, questions: u8) {
    out[2] = QR | (out[2] & (OPCODE | RD));
    out[3] = RA | code as u8;
    out[4..HEADER].fill(0);
    out[5] = questions;
}

/// The answer to a message whose question cannot be read: a header alone.
pub fn refusal(message: &[u8], code: Code) -> Vec<u8> {
    let mut out = message.get(..HEADER).unwrap_or(&[0; HEADER]).to_vec();
    set_header(&mut out, code, 0);
    out
}

fn encode_name(name: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len() + 2);
    for label in name.split('.') {
        if label.is_empty() || label.len() > MAX_LABEL {
            return None;
        }
        out.push(u8::try_from(label.len()).ok()?);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    (out.len() <= MAX_NAME).then_some(out)
}

/// The record in wire form; `None` if its name cannot be one.
fn encode(record: &Record) -> Option<Vec<u8>> {
    let (kind, data) = match &record.data {
        RecordData::A(ip) => (1u16, ip.octets().to_vec()),
        RecordData::Ptr(name) => (12, encode_name(name)?),
        RecordData::Srv { priority, weight, port, target } => {
            let numbers = [priority, weight, port].into_iter().flat_map(|n| n.to_be_bytes());
            (33, numbers.chain(encode_name(target)?).collect())
        }
    };
    let mut out = POINTER_TO_QUESTION.to_be_bytes().to_vec();
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&CLASS_IN.to_be_bytes());
    out.extend_from_slice(&record.ttl_secs.to_be_bytes());
    out.extend_from_slice(&u16::try_from(data.len()).ok()?.to_be_bytes());
    out.extend_from_slice(&data);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn question(name: &str, kind: u16, edns: Option<u16>) -> Vec<u8> {
        let mut out = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(edns.is_some())];
        out.extend(encode_name(name).unwrap());
        out.extend(kind.to_be_bytes());
        out.extend([0, 1]);
        if let Some(size) = edns {
            out.extend([0, 0, 41]);
            out.extend(size.to_be_bytes());
            out.extend([0; 6]);
        }
        out
    }

    fn a(last: u8) -> Record {
        Record { ttl_secs: 60, data: RecordData::A(Ipv4Addr::new(10, 0, 0, last)) }
    }

    #[test]
    fn reads_questions() {
        let query = Query::parse(&question("WWW.Example.com", 1, None)).unwrap();
        assert_eq!(query.name.as_deref(), Some("www.example.com"));
        assert_eq!((query.kind, query.udp_limit, query.internet), (Kind::A, 512, true));
        assert_eq!(Query::parse(&question("a", 28, Some(4096))).unwrap().udp_limit, 4096);
        assert_eq!(Query::parse(&question("a", 28, Some(10))).unwrap().udp_limit, 512);
    }

    #[test]
    fn refuses_what_is_none() {
        let good = question("a.b", 1, None);
        let cases: [(fn(&mut Vec<u8>), Unfit); 7] = [
            (|m| m.truncate(11), Unfit::Ignore),
            (|m| m[2] |= QR, Unfit::Ignore),
            (|m| m[2] |= 0x28, Unfit::Refuse(Code::NotImp)),
            (|m| m[5] = 2, Unfit::Refuse(Code::FormErr)),
            (|m| m[12] = 0xc0, Unfit::Refuse(Code::FormErr)),
            (|m| m.truncate(20), Unfit::Refuse(Code::FormErr)),
            (|m| m[12] = 60, Unfit::Refuse(Code::FormErr)),
        ];
        for (at, (spoil, want)) in cases.into_iter().enumerate() {
            let mut bad = good.clone();
            spoil(&mut bad);
            assert_eq!(Query::parse(&bad), Err(want), "case {at}");
        }
        let long = vec!["a".repeat(63); 4].join(".");
        let mut endless = good[..HEADER].to_vec();
        for label in long.split('.') {
            endless.push(63);
            endless.extend(label.bytes());
        }
        endless.extend([0, 0, 1, 0, 1]);
        assert_eq!(Query::parse(&endless), Err(Unfit::Refuse(Code::FormErr)));
    }

    #[test]
    fn answers_are_well_formed_and_cut_to_fit() {
        let asked = question("a.b", 1, Some(1232));
        let query = Query::parse(&asked).unwrap();
        let answer = query.answer(&asked, Code::NoError, &[a(1), a(2)], 512);
        assert_eq!(&answer[..12], &[0x12, 0x34, 0x85, 0x80, 0, 1, 0, 2, 0, 0, 0, 1]);
        assert!(query.is_answered_by(&asked, &answer));
        let many: Vec<_> = (0..60).map(a).collect();
        let cut = query.answer(&asked, Code::NoError, &many, 512);
        assert!(cut.len() <= 512 && cut[2] & TC != 0);
        let fitted = query.fit(answer, 20);
        assert_eq!(fitted.len(), query.question_end);
        assert_eq!(&fitted[4..12], &[0, 1, 0, 0, 0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_handled(bytes in proptest::collection::vec(any::<u8>(), 0..600), reply in proptest::collection::vec(any::<u8>(), 0..600)) {
            match Query::parse(&bytes) {
                Ok(query) => {
                    prop_assert!(query.answer(&bytes, Code::NoError, &[a(1)], 512).len() >= HEADER);
                    if query.is_answered_by(&bytes, &reply) {
                        let _ = query.fit(reply, 64);
                    }
                }
                Err(Unfit::Refuse(code)) => prop_assert_eq!(refusal(&bytes, code).len(), HEADER),
                Err(Unfit::Ignore) => {}
            }
        }

        #[test]
        fn spoilt_questions_are_handled(at in 0usize..40, with: u8, cut in 0usize..40) {
            let mut bytes = question("some.name.internal", 1, Some(4096));
            let len = bytes.len();
            bytes[at % len] = with;
            bytes.truncate(len - cut % len);
            if let Ok(query) = Query::parse(&bytes) {
                let answer = query.answer(&bytes, Code::NxDomain, &[], 512);
                prop_assert!(query.is_answered_by(&bytes, &answer));
            }
        }

        #[test]
        fn names_round_trip(labels in proptest::collection::vec("[a-z0-9_-]{1,20}", 1..8)) {
            let name = labels.join(".");
            let query = Query::parse(&question(&name, 12, None)).unwrap();
            prop_assert_eq!(query.name, Some(name));
        }
    }
}
