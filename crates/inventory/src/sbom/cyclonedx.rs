//! CycloneDX 1.6 as JSON, <https://cyclonedx.org/docs/1.6/json/>.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Subject, TOOL, TOOL_VERSION, by_purl, gap_text, uuid};
use crate::error::Error;
use crate::model::{Inventory, OsRelease, Package, PackageKind};

/// Media type of the document.
pub const CYCLONEDX_MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    serial_number: String,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    compositions: Vec<Composition>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    timestamp: String,
    tools: Tools,
    component: Component<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Tools {
    components: Vec<Component<'static>>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    r#type: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "String::is_empty")]
    bom_ref: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<LicenseChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
}

#[derive(Serialize)]
struct Hash<'a> {
    alg: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct LicenseChoice<'a> {
    license: License<'a>,
}

/// By name: the package's own words, which need not be an identifier of SPDX's.
#[derive(Serialize)]
struct License<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Evidence<'a> {
    occurrences: Vec<Occurrence<'a>>,
}

#[derive(Serialize)]
struct Occurrence<'a> {
    location: &'a str,
}

#[derive(Serialize)]
struct Composition {
    aggregate: &'static str,
    assemblies: Vec<String>,
}

/// The inventory as a CycloneDX 1.6 document about the image as a container.
pub fn cyclonedx(inventory: &Inventory, subject: &Subject<'_>) -> Result<Vec<u8>, Error> {
    let image = image(subject);
    let mut components: Vec<Component<'_>> = inventory.os.iter().map(system).collect();
    for (purl, found) in by_purl(inventory) {
        components.extend(component(purl, &found));
    }
    let gap = |gap| Property { name: "gantry:gap", value: gap_text(gap) };
    // That nothing was missed by the readers there are does not make the list complete.
    let aggregate = if inventory.gaps.is_empty() { "unknown" } else { "incomplete" };
    let mut document = Document {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: String::new(),
        version: 1,
        compositions: vec![Composition { aggregate, assemblies: vec![image.bom_ref.clone()] }],
        metadata: Metadata {
            timestamp: subject.created(),
            tools: Tools { components: vec![tool()] },
            component: image,
            properties: inventory.gaps.iter().map(gap).collect(),
        },
        components,
    };
    document.serial_number = format!("urn:uuid:{}", uuid(&document, "CycloneDX")?);
    serde_json::to_vec(&document).map_err(|source| Error::Write { format: "CycloneDX", source })
}

fn tool() -> Component<'static> {
    Component { r#type: "application", name: TOOL, version: Some(TOOL_VERSION), ..Component::default() }
}

fn image<'a>(subject: &Subject<'a>) -> Component<'a> {
    let purl = subject.purl();
    Component {
        r#type: "container",
        bom_ref: purl.clone(),
        name: subject.name,
        version: Some(subject.digest),
        hashes: subject
            .digest
            .strip_prefix("sha256:")
            .map(|hex| Hash { alg: "SHA-256", content: hex })
            .into_iter()
            .collect(),
        purl: Some(purl),
        ..Component::default()
    }
}

fn system(os: &OsRelease) -> Component<'_> {
    Component {
        r#type: "operating-system",
        bom_ref: "operating-system".to_owned(),
        name: &os.id,
        version: os.version_id.as_deref(),
        description: os.pretty_name.as_deref(),
        ..Component::default()
    }
}

/// `found` are of one purl, and so alike in all but where they were found.
fn component<'a>(purl: String, found: &[&'a Package]) -> Option<Component<'a>> {
    let first = *found.first()?;
    let (group, name) = match first.kind {
        PackageKind::Npm => first.name.split_once('/').filter(|(scope, _)| scope.starts_with('@')),
        PackageKind::Maven => first.name.split_once(':'),
        _ => None,
    }
    .map_or((None, first.name.as_str()), |(group, name)| (Some(group), name));
    let mut properties = Vec::new();
    if let Some(source) = &first.source {
        properties.push(Property { name: "gantry:source", value: format!("{} {}", source.name, source.version) });
    }
    let layers: BTreeSet<&str> = found.iter().map(|one| one.layer.as_str()).collect();
    properties.extend(layers.into_iter().map(|layer| Property { name: "gantry:layer", value: layer.to_owned() }));
    Some(Component {
        r#type: "library",
        bom_ref: purl.clone(),
        group,
        name,
        version: Some(&first.version),
        licenses: first.license.iter().map(|name| LicenseChoice { license: License { name } }).collect(),
        purl: Some(purl),
        properties,
        evidence: Some(Evidence {
            occurrences: found.iter().map(|one| Occurrence { location: &one.file_path }).collect(),
        }),
        ..Component::default()
    })
}
