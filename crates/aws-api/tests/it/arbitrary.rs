//! Repeatable values of any shape of a model, canonical, as a handler would see or make them.

use base64::Engine as _;
use gantry_aws_wire::schema::{Kind, ServiceSchema, ShapeId, Structure};
use serde_json::{Map, Value, json};

/// Structures nest no deeper than this; members beyond are left out.
const DEEPEST: usize = 6;

pub struct Maker {
    service: &'static ServiceSchema,
    state: u64,
    /// Whether every member is given rather than some.
    pub full: bool,
    /// Left for values that may be made yet: some models fan out beyond reason.
    budget: u32,
}

impl Maker {
    pub fn new(service: &'static ServiceSchema, seed: u64) -> Self {
        Self { service, state: seed, full: false, budget: 400 }
    }

    fn next(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// The value of an operation's input or output.
    pub fn root(&mut self, shape: Option<ShapeId>) -> Value {
        shape.and_then(|shape| self.value(shape, 0)).unwrap_or_else(|| json!({}))
    }

    fn value(&mut self, shape: ShapeId, depth: usize) -> Option<Value> {
        self.budget = self.budget.saturating_sub(1);
        let service = self.service;
        Some(match &service.shape(shape).kind {
            Kind::Structure(structure) => self.structure(structure, depth)?,
            Kind::List { member, .. } => {
                let count = 1 + self.next(2);
                let items: Vec<Value> = (0..count).filter_map(|_| self.value(*member, depth + 1)).collect();
                if items.is_empty() {
                    return None;
                }
                Value::Array(items)
            }
            Kind::Map { key, value, .. } => {
                let count = 1 + self.next(2);
                let mut map = Map::new();
                for nth in 0..count {
                    let Some(Value::String(mut name)) = self.value(*key, depth + 1) else { continue };
                    if !matches!(&service.shape(*key).kind, Kind::String { values: [_, ..], .. }) {
                        name.push_str(&nth.to_string());
                    }
                    if let Some(inner) = self.value(*value, depth + 1) {
                        map.insert(name, inner);
                    }
                }
                if map.is_empty() {
                    return None;
                }
                Value::Object(map)
            }
            Kind::String { values: [], .. } => Value::String(self.text()),
            Kind::String { values, .. } => {
                let at = self.next(values.len() as u64) as usize;
                Value::from(values[at])
            }
            Kind::Blob { .. } => {
                let bytes: Vec<u8> = (0..self.next(9)).map(|_| self.next(256) as u8).collect();
                Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
            }
            Kind::Integer(_) => Value::from(self.next(1 << 32) as u32 as i32),
            Kind::Long(_) => Value::from(self.next(1 << 52) as i64 - (1 << 51)),
            Kind::Float(_) | Kind::Double(_) => Value::from(self.next(1 << 20) as f64 / 16.0),
            Kind::Boolean => Value::Bool(self.next(2) == 1),
            Kind::Timestamp(_) => match self.next(2) {
                0 => Value::from(1_700_000_000 + self.next(100_000_000)),
                _ => Value::from((1_700_000_000 + self.next(100_000_000)) as f64 + 0.25),
            },
        })
    }

    fn structure(&mut self, structure: &'static Structure, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        if depth < DEEPEST && structure.union {
            let at = self.next(structure.members.len() as u64) as usize;
            let member = &structure.members[at];
            map.insert(member.name.to_owned(), self.value(member.shape, depth + 1)?);
        } else if depth < DEEPEST {
            for member in structure.members {
                let is_stream = matches!(&self.service.shape(member.shape).kind,
                    Kind::Structure(inner) if inner.event_stream);
                let wanted = self.full || depth == 0 || self.next(3) > 0;
                if is_stream || !wanted || self.budget == 0 {
                    continue;
                }
                if let Some(value) = self.value(member.shape, depth + 1) {
                    map.insert(member.name.to_owned(), value);
                }
            }
        }
        // An empty structure has no form in the query protocols.
        (!map.is_empty()).then_some(Value::Object(map))
    }

    fn text(&mut self) -> String {
        const ALPHABET: &[&str] = &[
            "a", "Z", "7", " ", "é", "猫", "🦀", "&", "<", ">", "\"", "'", "+", "%", "=", "/", ":", ".", "\n", "\t",
            "\\", ";",
        ];
        let count = 1 + self.next(8);
        (0..count).map(|_| ALPHABET[self.next(ALPHABET.len() as u64) as usize]).collect()
    }
}

/// The value with whatever breaks a constraint mended: by a sample that fits, where one is known.
pub fn valid(service: &'static ServiceSchema, shape: Option<ShapeId>, value: Value) -> Value {
    let Some(shape) = shape else { return value };
    fit(service, shape, value)
}

/// Texts that between them satisfy most patterns.
const SAMPLES: &[&str] = &[
    "a1",
    "123456789012",
    "a1234567890123456789",
    "AKIAIOSFODNN7EXAMPLE",
    "/a1/",
    "v1",
    "*",
    "1",
    "arn:aws:iam::123456789012:role/a1",
    "arn:aws:kms:us-east-1:123456789012:key/a1",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/a1",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/a1_b",
    "01234567-89ab-cdef-0123-456789abcdef",
    "ROOT",
    "us-east-1",
    "123456",
];

fn fit(service: &'static ServiceSchema, shape: ShapeId, value: Value) -> Value {
    let fits = |v: &Value| gantry_aws_wire::validate::violations(service, shape, v).is_empty();
    match (&service.shape(shape).kind, value) {
        (Kind::Structure(structure), Value::Object(mut map)) => {
            for member in structure.members {
                let is_stream = matches!(&service.shape(member.shape).kind, Kind::Structure(s) if s.event_stream);
                if is_stream {
                    continue;
                }
                if let Some(inner) = map.remove(member.name) {
                    map.insert(member.name.to_owned(), fit(service, member.shape, inner));
                } else if member.required {
                    let mut maker = Maker::new(service, 3);
                    maker.full = true;
                    let made = maker.value(member.shape, DEEPEST - 2).unwrap_or_else(|| json!({}));
                    map.insert(member.name.to_owned(), fit(service, member.shape, made));
                }
            }
            Value::Object(map)
        }
        (Kind::List { member, size, .. }, Value::Array(mut items)) => {
            while size.min.is_some_and(|min| (items.len() as i64) < min) {
                items.push(items[0].clone());
            }
            items.truncate(size.max.map_or(usize::MAX, |max| max as usize));
            Value::Array(items.into_iter().map(|item| fit(service, *member, item)).collect())
        }
        (Kind::Map { key, value, size, .. }, Value::Object(mut map)) => {
            let sample = map.values().next().cloned();
            while let Some(sample) = sample.clone().filter(|_| size.min.is_some_and(|min| (map.len() as i64) < min)) {
                map.insert(format!("pad{}", map.len()), sample);
            }
            let entries = map.into_iter().map(|(k, v)| {
                let Value::String(k) = fit(service, *key, Value::String(k)) else { unreachable!() };
                (k, fit(service, *value, v))
            });
            Value::Object(entries.collect())
        }
        (_, value) if fits(&value) => value,
        (Kind::String { size, .. }, Value::String(_)) => {
            let found = SAMPLES.iter().map(|s| Value::from(*s)).find(fits);
            found.unwrap_or_else(|| Value::from("a".repeat(size.min.unwrap_or(1) as usize)))
        }
        (Kind::Integer(b) | Kind::Long(b), _) => Value::from(b.min.or(b.max).unwrap_or(1)),
        (Kind::Float(b) | Kind::Double(b), _) => Value::from(b.min.or(b.max).unwrap_or(1) as f64),
        (Kind::Blob { size, .. }, _) => {
            let bytes = vec![7u8; size.min.unwrap_or(1) as usize];
            Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        (_, value) => value,
    }
}
