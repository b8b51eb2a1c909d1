//! A client's half of the query protocols: parameters out, XML in. Written from the protocols'
//! pages, apart from the server's half, so that the two check each other.

use gantry_aws_wire::schema::{Kind, Member, OperationSchema, Protocol, ServiceSchema, ShapeId};
use gantry_base::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

// --- parameters ---

pub fn form(service: &'static ServiceSchema, operation: &'static OperationSchema, input: &Value) -> String {
    let mut out = vec![("Action".to_owned(), operation.name.to_owned())];
    out.push(("Version".to_owned(), service.api_version.to_owned()));
    if let Some(shape) = operation.input {
        put(service, shape, false, input, "", &mut out);
    }
    let escape = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = out.iter().map(|(k, v)| format!("{}={}", escape(k), escape(v))).collect();
    pairs.join("&")
}

fn put(
    service: &'static ServiceSchema,
    shape: ShapeId,
    flat_member: bool,
    value: &Value,
    prefix: &str,
    out: &mut Vec<(String, String)>,
) {
    let ec2 = service.protocol == Protocol::Ec2Query;
    match &service.shape(shape).kind {
        Kind::Structure(structure) => {
            for member in structure.members {
                let Some(inner) = value.get(member.name) else { continue };
                let name = parameter(service, member, ec2);
                let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
                put(service, member.shape, member.flattened, inner, &path, out);
            }
        }
        Kind::List { member, location_name, flattened, .. } => {
            let base = if ec2 || *flattened || flat_member {
                match location_name {
                    Some(name) if !ec2 => {
                        let parent = prefix.rsplit_once('.').map_or(String::new(), |(p, _)| format!("{p}."));
                        format!("{parent}{name}")
                    }
                    _ => prefix.to_owned(),
                }
            } else {
                format!("{prefix}.{}", location_name.unwrap_or("member"))
            };
            for (nth, item) in value.as_array().expect("a list").iter().enumerate() {
                put(service, *member, false, item, &format!("{base}.{}", nth + 1), out);
            }
        }
        Kind::Map { value: inner, key_name, value_name, flattened, .. } => {
            let base = if *flattened || flat_member { prefix.to_owned() } else { format!("{prefix}.entry") };
            for (nth, (key, item)) in value.as_object().expect("a map").iter().enumerate() {
                let base = format!("{base}.{}", nth + 1);
                out.push((format!("{base}.{}", key_name.unwrap_or("key")), key.clone()));
                put(service, *inner, false, item, &format!("{base}.{}", value_name.unwrap_or("value")), out);
            }
        }
        Kind::Timestamp(_) => {
            let at = Timestamp::from_epoch_seconds(value.as_f64().expect("a number"));
            out.push((prefix.to_owned(), at.rfc3339()));
        }
        _ => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            out.push((prefix.to_owned(), text));
        }
    }
}

fn parameter(service: &'static ServiceSchema, member: &'static Member, ec2: bool) -> String {
    match (ec2, member.query_name) {
        (true, Some(name)) => name.to_owned(),
        (true, None) => {
            let name = member.wire_name();
            name[..1].to_ascii_uppercase() + &name[1..]
        }
        _ => {
            let _ = service;
            member.wire_name().to_owned()
        }
    }
}

// --- XML ---

#[derive(Debug, Default)]
pub struct Node {
    pub name: String,
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    pub fn parse(xml: &[u8]) -> Self {
        let mut reader = quick_xml::Reader::from_reader(xml);
        let mut open = vec![Self::default()];
        let mut buffer = Vec::new();
        loop {
            let event = reader.read_event_into(&mut buffer).expect("well-formed XML");
            match event {
                Event::Start(tag) => open.push(Self::named(tag.name().as_ref())),
                Event::Empty(tag) => {
                    let node = Self::named(tag.name().as_ref());
                    open.last_mut().expect("a parent").children.push(node);
                }
                Event::End(_) => {
                    let node = open.pop().expect("an open element");
                    open.last_mut().expect("a parent").children.push(node);
                }
                Event::Text(text) => {
                    open.last_mut().expect("an element").text.push_str(&text);
                }
                Event::GeneralRef(name) => {
                    let c = match &name[..] {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "#xD" => '\r',
                        other => panic!("entity {other}"),
                    };
                    open.last_mut().expect("an element").text.push(c);
                }
                Event::Eof => break,
                _ => {}
            }
            buffer.clear();
        }
        let mut root = open.pop().expect("the root");
        assert!(open.is_empty(), "an element was left open");
        root.children.pop().expect("a document element")
    }

    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |c| c.name == name)
    }
}

/// The canonical output that an XML answer says.
pub fn output(service: &'static ServiceSchema, operation: &'static OperationSchema, xml: &[u8]) -> Value {
    let root = Node::parse(xml);
    assert_eq!(root.name, format!("{}Response", operation.name));
    let holder = match operation.result_wrapper {
        Some(wrapper) => root.child(wrapper).expect("the result wrapper"),
        None => &root,
    };
    operation.output.map_or_else(|| json!({}), |shape| read(service, shape, holder))
}

fn read(service: &'static ServiceSchema, shape: ShapeId, node: &Node) -> Value {
    match &service.shape(shape).kind {
        Kind::Structure(structure) => {
            let mut map = Map::new();
            for member in structure.members {
                if let Some(value) = read_member(service, member, node) {
                    map.insert(member.name.to_owned(), value);
                }
            }
            Value::Object(map)
        }
        Kind::List { member, location_name, .. } => {
            let items = node.all(location_name.unwrap_or("member"));
            Value::Array(items.map(|item| read(service, *member, item)).collect())
        }
        Kind::Map { .. } => Value::Object(node.all("entry").map(|e| entry(service, shape, e)).collect()),
        Kind::Integer(_) | Kind::Long(_) => json!(node.text.parse::<i64>().expect("a whole number")),
        Kind::Float(_) | Kind::Double(_) => json!(node.text.parse::<f64>().expect("a number")),
        Kind::Boolean => json!(node.text.parse::<bool>().expect("a boolean")),
        Kind::Timestamp(_) => {
            let at = Timestamp::parse_rfc3339(&node.text).expect("RFC 3339");
            gantry_aws_wire::Shape::to_value(&at)
        }
        Kind::String { .. } | Kind::Blob { .. } => json!(node.text),
    }
}

fn read_member(service: &'static ServiceSchema, member: &'static Member, node: &Node) -> Option<Value> {
    let name = member.wire_name();
    match &service.shape(member.shape).kind {
        Kind::List { member: item, location_name, flattened, .. } if *flattened || member.flattened => {
            let items: Vec<Value> = node.all(location_name.unwrap_or(name)).map(|n| read(service, *item, n)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Kind::Map { flattened, .. } if *flattened || member.flattened => {
            let map: Map<String, Value> = node.all(name).map(|e| entry(service, member.shape, e)).collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        _ => node.child(name).map(|n| read(service, member.shape, n)),
    }
}

fn entry(service: &'static ServiceSchema, shape: ShapeId, node: &Node) -> (String, Value) {
    let Kind::Map { value, key_name, value_name, .. } = &service.shape(shape).kind else { unreachable!() };
    let key = node.child(key_name.unwrap_or("key")).expect("a key");
    let inner = node.child(value_name.unwrap_or("value")).expect("a value");
    (key.text.clone(), read(service, *value, inner))
}
