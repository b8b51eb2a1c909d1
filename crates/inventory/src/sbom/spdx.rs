//! SPDX 2.3 as JSON, <https://spdx.github.io/spdx-spec/v2.3/>.

use serde::Serialize;

use super::{Subject, TOOL, TOOL_VERSION, by_purl, gap_text, short_hash, uuid};
use crate::error::Error;
use crate::model::{Inventory, OsRelease, Package as Found};

/// Media type of the document.
pub const SPDX_MEDIA_TYPE: &str = "application/spdx+json";

const UNKNOWN: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
const SYSTEM: &str = "SPDXRef-OperatingSystem";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: &'a str,
    document_namespace: String,
    creation_info: CreationInfo,
    packages: Vec<Package<'a>>,
    relationships: Vec<Relationship>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation>,
}

#[derive(Serialize)]
struct CreationInfo {
    created: String,
    creators: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(rename = "SPDXID")]
    id: String,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_info: Option<&'a str>,
    download_location: &'static str,
    files_analyzed: bool,
    license_concluded: &'static str,
    license_declared: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    license_comments: Option<String>,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    primary_package_purpose: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
}

impl<'a> Package<'a> {
    fn new(id: String, name: &'a str, version: Option<&'a str>, purpose: &'static str) -> Self {
        Self {
            id,
            name,
            version_info: version,
            download_location: UNKNOWN,
            files_analyzed: false,
            license_concluded: UNKNOWN,
            license_declared: UNKNOWN,
            license_comments: None,
            copyright_text: UNKNOWN,
            source_info: None,
            primary_package_purpose: purpose,
            checksums: Vec::new(),
            external_refs: Vec::new(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'a> {
    algorithm: &'static str,
    checksum_value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

impl ExternalRef {
    fn purl(purl: String) -> Self {
        Self { reference_category: "PACKAGE-MANAGER", reference_type: "purl", reference_locator: purl }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: &'static str,
    relationship_type: &'static str,
    related_spdx_element: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Annotation {
    annotation_date: String,
    annotation_type: &'static str,
    annotator: String,
    comment: String,
}

/// The inventory as an SPDX 2.3 document: the image, which contains every package.
pub fn spdx(inventory: &Inventory, subject: &Subject<'_>) -> Result<Vec<u8>, Error> {
    let tool = format!("Tool: {TOOL}-{TOOL_VERSION}");
    let mut packages = vec![image(subject)];
    packages.extend(inventory.os.as_ref().map(system));
    for (purl, found) in by_purl(inventory) {
        packages.extend(package(purl, &found));
    }
    let contained = packages.iter().skip(1).map(|package| Relationship {
        spdx_element_id: IMAGE,
        relationship_type: "CONTAINS",
        related_spdx_element: package.id.clone(),
    });
    let described = Relationship {
        spdx_element_id: DOCUMENT,
        relationship_type: "DESCRIBES",
        related_spdx_element: IMAGE.to_owned(),
    };
    let annotation = |gap| Annotation {
        annotation_date: subject.created(),
        annotation_type: "OTHER",
        annotator: tool.clone(),
        comment: gap_text(gap),
    };
    let mut document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: subject.name,
        document_namespace: String::new(),
        creation_info: CreationInfo { created: subject.created(), creators: vec![tool.clone()] },
        relationships: std::iter::once(described).chain(contained).collect(),
        annotations: inventory.gaps.iter().map(annotation).collect(),
        packages,
    };
    // A URI that no other document has; nothing need be found there (clause 6.5).
    document.document_namespace = format!("https://spdx.org/spdxdocs/{TOOL}-{}", uuid(&document, "SPDX")?);
    serde_json::to_vec(&document).map_err(|source| Error::Write { format: "SPDX", source })
}

fn image<'a>(subject: &Subject<'a>) -> Package<'a> {
    let mut image = Package::new(IMAGE.to_owned(), subject.name, Some(subject.digest), "CONTAINER");
    if let Some(hex) = subject.digest.strip_prefix("sha256:") {
        image.checksums.push(Checksum { algorithm: "SHA256", checksum_value: hex });
    }
    image.external_refs.push(ExternalRef::purl(subject.purl()));
    image
}

fn system(os: &OsRelease) -> Package<'_> {
    let mut system = Package::new(SYSTEM.to_owned(), &os.id, os.version_id.as_deref(), "OPERATING-SYSTEM");
    system.source_info.clone_from(&os.pretty_name);
    system
}

/// `found` are of one purl, and so alike in all but where they were found.
fn package<'a>(purl: String, found: &[&'a Found]) -> Option<Package<'a>> {
    let first = found.first()?;
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let name: String = first.name.chars().map(safe).collect();
    let id = format!("SPDXRef-{}-{name}-{}", first.kind.purl_type(), short_hash(&purl));
    let mut package = Package::new(id, &first.name, Some(&first.version), "LIBRARY");
    // As the package has it, which need not be an expression of SPDX's.
    package.license_comments = first.license.as_ref().map(|license| format!("the package states: {license}"));
    let places = found.iter().map(|one| format!("{} (layer {})", one.file_path, one.layer)).collect::<Vec<_>>();
    let source = first.source.as_ref().filter(|source| source.name != first.name || source.version != first.version);
    let source = source.map_or_else(String::new, |source| format!("; built from {} {}", source.name, source.version));
    package.source_info = Some(format!("found in {}{source}", places.join(", ")));
    package.external_refs.push(ExternalRef::purl(purl));
    Some(package)
}
