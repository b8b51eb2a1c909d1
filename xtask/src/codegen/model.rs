//! The public models' JSON, read into what the emitter needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::services::Service;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub api_version: String,
    pub endpoint_prefix: String,
    pub protocol: String,
    #[serde(default)]
    pub json_version: String,
    #[serde(default)]
    pub signing_name: Option<String>,
    pub service_id: String,
    pub service_full_name: String,
    #[serde(default)]
    pub target_prefix: String,
    #[serde(default)]
    pub xml_namespace: String,
}

#[derive(Deserialize)]
struct Raw {
    metadata: Metadata,
    operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
pub struct Operation {
    pub http: Http,
    pub input: Option<Ref>,
    pub output: Option<Ref>,
    #[serde(default)]
    pub errors: Vec<Ref>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    pub method: String,
    pub request_uri: String,
    pub response_code: Option<u16>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ref {
    pub shape: String,
    pub location: Option<String>,
    pub location_name: Option<String>,
    pub query_name: Option<String>,
    pub result_wrapper: Option<String>,
    pub flattened: bool,
    pub idempotency_token: bool,
    pub xml_attribute: bool,
    pub timestamp_format: Option<String>,
    pub streaming: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(deserialize_with = "ordered")]
    pub members: Vec<(String, Ref)>,
    pub required: Vec<String>,
    pub member: Option<Ref>,
    pub key: Option<Ref>,
    pub value: Option<Ref>,
    pub flattened: bool,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub pattern: Option<String>,
    #[serde(rename = "enum")]
    pub values: Vec<String>,
    pub error: Option<ErrorInfo>,
    pub exception: bool,
    pub fault: bool,
    pub payload: Option<String>,
    pub eventstream: bool,
    pub union: bool,
    pub streaming: bool,
    pub timestamp_format: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorInfo {
    pub code: Option<String>,
    pub http_status_code: Option<u16>,
    pub sender_fault: bool,
}

/// Members in the model's order: XML answers are written in it.
fn ordered<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Ref)>, D::Error> {
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Vec<(String, Ref)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map of members")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(entry) = map.next_entry()? {
                members.push(entry);
            }
            Ok(members)
        }
    }
    deserializer.deserialize_map(Visitor)
}

#[derive(Deserialize)]
struct Paginators {
    pagination: BTreeMap<String, RawPaginator>,
}

#[derive(Deserialize)]
struct RawPaginator {
    input_token: serde_json::Value,
    output_token: serde_json::Value,
    limit_key: Option<String>,
}

pub struct Paginator {
    pub input_token: String,
    pub output_token: String,
    pub limit_key: Option<String>,
}

pub struct Model {
    pub metadata: Metadata,
    pub operations: BTreeMap<String, Operation>,
    /// Only the shapes that a modelled operation reaches.
    pub shapes: BTreeMap<String, Shape>,
    pub paginators: BTreeMap<String, Paginator>,
}

impl Model {
    pub fn modelled(service: &Service, operation: &str) -> bool {
        service.operations.is_none_or(|only| only.contains(&operation))
    }
}

pub fn load(data: &Path, service: &Service) -> Result<Model> {
    let folder = newest_version(&data.join(service.name))?;
    let raw: Raw = serde_json::from_slice(&read(&folder, "service-2.json")?)?;
    let paginators = match read(&folder, "paginators-1.json") {
        Ok(bytes) => simple_paginators(serde_json::from_slice(&bytes)?),
        Err(_) => BTreeMap::new(),
    };
    if let Some(only) = service.operations
        && let Some(unknown) = only.iter().find(|name| !raw.operations.contains_key(**name))
    {
        bail!("the model of {} has no operation {unknown}", service.name);
    }
    let mut reached = BTreeSet::new();
    for (name, operation) in &raw.operations {
        if Model::modelled(service, name) {
            let ends = operation.input.iter().chain(&operation.output).chain(&operation.errors);
            ends.for_each(|end| reach(&raw.shapes, &end.shape, &mut reached));
        }
    }
    let shapes = raw.shapes.into_iter().filter(|(name, _)| reached.contains(name)).collect();
    Ok(Model { metadata: raw.metadata, operations: raw.operations, shapes, paginators })
}

/// Paginators with one token; the few with several are left to their services.
fn simple_paginators(raw: Paginators) -> BTreeMap<String, Paginator> {
    let simple = |(name, raw): (String, RawPaginator)| {
        let paginator = Paginator {
            input_token: raw.input_token.as_str()?.to_owned(),
            output_token: raw.output_token.as_str()?.to_owned(),
            limit_key: raw.limit_key,
        };
        Some((name, paginator))
    };
    raw.pagination.into_iter().filter_map(simple).collect()
}

fn reach(shapes: &BTreeMap<String, Shape>, name: &str, reached: &mut BTreeSet<String>) {
    if !reached.insert(name.to_owned()) {
        return;
    }
    let Some(shape) = shapes.get(name) else { return };
    let inner = shape.members.iter().map(|(_, member)| member);
    inner.chain(&shape.member).chain(&shape.key).chain(&shape.value).for_each(|r| reach(shapes, &r.shape, reached));
}

fn newest_version(folder: &Path) -> Result<PathBuf> {
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|e| e.path())).filter(|p| p.is_dir()).collect();
    versions.sort();
    versions.pop().with_context(|| format!("{} holds no version", folder.display()))
}

fn read(folder: &Path, file: &str) -> Result<Vec<u8>> {
    let plain = folder.join(file);
    if plain.is_file() {
        return Ok(std::fs::read(plain)?);
    }
    let packed = folder.join(format!("{file}.gz"));
    let bytes = std::fs::read(&packed).with_context(|| format!("read {}", packed.display()))?;
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut out)?;
    Ok(out)
}
