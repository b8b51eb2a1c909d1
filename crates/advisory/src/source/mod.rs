//! Readers of advisory files: OSV, Debian's security tracker, Alpine's secdb.
//!
//! Which one a file is shows in its first key, so no name or suffix has to be right. Files are read as a
//! stream: what is in memory at once is one advisory (OSV), one vulnerability of a package (Debian) or one
//! branch's repository (Alpine, at most [`MAX_SECDB_PACKAGES`] packages).

mod alpine;
mod debian;
mod osv;

use std::cell::Cell;
use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{Item, limits};

pub use alpine::MAX_SECDB_PACKAGES;

/// Which kind of file it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// <https://ossf.github.io/osv-schema/>: one record, or an array or a sequence of them.
    Osv,
    /// <https://security-tracker.debian.org/tracker/data/json>
    Debian,
    /// <https://secdb.alpinelinux.org/>
    Alpine,
}

impl Format {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Osv => "osv",
            Self::Debian => "debian-security-tracker",
            Self::Alpine => "alpine-secdb",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("it is not JSON, or breaks off, or is neither OSV nor Debian's security tracker nor Alpine's secdb: {0}")]
    Json(serde_json::Error),
    #[error("an advisory has more than {limit} bytes", limit = limits::MAX_RECORD)]
    TooLarge,
    /// The receiver of the items would have no more.
    #[error("{0}")]
    Stopped(String),
}

/// What a file turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub formats: Vec<Format>,
    /// Advisories (OSV) or vulnerabilities of packages (Debian, Alpine) that were read.
    pub records: u64,
    /// Records that nothing could be made of: withdrawn, about no package, or not understood.
    pub skipped: u64,
    /// Words for a name of the source: ecosystems (OSV) or branches and repositories (Alpine).
    pub scopes: std::collections::BTreeSet<String>,
}

/// Receives items; an error of its own ends the reading.
pub type Sink<'s> = dyn FnMut(Item) -> Result<(), String> + 's;

/// Reads one file from its start to its end.
///
/// # Errors
/// [`Error`]; what was handed out until then stays handed out.
pub fn read_document(reader: impl Read, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let since = Cell::new(0);
    let mut state = State { sink, summary: Summary::default(), stopped: None, since: &since };
    let mut json = serde_json::Deserializer::from_reader(Breath { inner: reader, since: &since });
    loop {
        let done = Document(&mut state).deserialize(&mut json);
        if let Some(stopped) = state.stopped.take() {
            return Err(stopped);
        }
        done.map_err(Error::Json)?;
        // One document after another, as in JSON lines; `end` fails if there is more.
        if json.end().is_ok() {
            return Ok(state.summary);
        }
    }
}

struct State<'s, 'f> {
    sink: &'s mut Sink<'f>,
    summary: Summary,
    stopped: Option<Error>,
    /// Bytes since the last record.
    since: &'s Cell<usize>,
}

impl State<'_, '_> {
    /// A record was read: the next one may be as large again.
    fn breathe(&self) {
        self.since.set(0);
    }

    fn format(&mut self, format: Format) {
        if !self.summary.formats.contains(&format) {
            self.summary.formats.push(format);
        }
    }

    fn give<E: serde::de::Error>(&mut self, item: Item) -> Result<(), E> {
        (self.sink)(item).map_err(|reason| self.stop(Error::Stopped(reason)))
    }

    /// Serde carries no errors of ours: it is put aside here.
    fn stop<E: serde::de::Error>(&mut self, error: Error) -> E {
        let text = E::custom(&error);
        self.stopped.get_or_insert(error);
        text
    }
}

/// The whole of a JSON document.
struct Document<'a, 's, 'f>(&'a mut State<'s, 'f>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of OSV records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let state = self.0;
        state.format(Format::Osv);
        while let Some(record) = seq.next_element::<osv::Record>()? {
            osv::hand_out(record, state)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let state = self.0;
        let Some(first) = map.next_key::<String>()? else { return Ok(()) };
        if osv::KEYS.contains(&first.as_str()) {
            state.format(Format::Osv);
            let record = osv::Record::from_map(first, map)?;
            return osv::hand_out(record, state);
        }
        if alpine::KEYS.contains(&first.as_str()) {
            state.format(Format::Alpine);
            let document = alpine::Secdb::from_map(first, map)?;
            return alpine::hand_out(document, state);
        }
        // All that is left is Debian's map of packages.
        let mut package = Some(first);
        while let Some(name) = package {
            map.next_value_seed(debian::Package { name: &name, state: &mut *state })?;
            package = map.next_key::<String>()?;
        }
        state.format(Format::Debian);
        Ok(())
    }
}

/// Ends a stream that has run for long without any record coming out of it: one advisory with a text
/// without end must not fill the memory.
struct Breath<'c, R> {
    inner: R,
    since: &'c Cell<usize>,
}

impl<R: Read> Read for Breath<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.since.get() > limits::MAX_RECORD {
            return Err(std::io::Error::other(Error::TooLarge));
        }
        let read = self.inner.read(buffer)?;
        self.since.set(self.since.get().saturating_add(read));
        Ok(read)
    }
}

/// The keys and values of an object whose first key was read already.
fn collect<'de, A, T>(first: String, map: A) -> Result<T, A::Error>
where
    A: MapAccess<'de>,
    T: serde::de::DeserializeOwned,
{
    let rest = serde::de::value::MapAccessDeserializer::new(Resumed { first: Some(first), map });
    T::deserialize(rest)
}

struct Resumed<A> {
    first: Option<String>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Resumed<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(first) => seed.deserialize(serde::de::value::StringDeserializer::new(first)).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
