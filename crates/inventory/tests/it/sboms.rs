//! Documents: whole, the same every time, and with what the formats ask for.

use std::collections::BTreeSet;

use gantry_inventory::sbom::{Subject, cyclonedx, spdx};
use gantry_inventory::{Collector, Inventory};
use serde_json::Value;

use crate::layers::{Layer, TAR, data};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn subject() -> Subject<'static> {
    Subject {
        name: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/shop",
        tag: Some("latest"),
        digest: DIGEST,
        created: "2026-11-22T10:00:00.123Z",
    }
}

fn inventory() -> Inventory {
    let manifest = r#"{"name": "@scope/left", "version": "1.2.3", "license": "(MIT OR X)"}"#;
    let layer = Layer::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=12\nPRETTY_NAME=\"Debian 12\"\n")
        .file("var/lib/dpkg/status", "Package: libc6\nSource: glibc\nVersion: 2.36-9+deb12u4\nArchitecture: amd64\n")
        .file("a/node_modules/@scope/left/package.json", manifest)
        .file("b/node_modules/@scope/left/package.json", manifest)
        .file("app/x.jar", crate::jars::library("org.a", "b", "1", crate::jars::How::Stored))
        .file("app/server", crate::binaries::go_inline("go1.21.3", 128))
        .file("var/lib/rpm/rpmdb.sqlite", data("rpmdb.sqlite"))
        .file("Cargo.lock", "[[[");
    let mut collector = Collector::new();
    collector.add_layer("sha256:layer", TAR, layer.tar().as_slice()).unwrap();
    collector.finish()
}

/// For a look at, or another program's check of, the documents.
fn leave(name: &str, document: &[u8]) {
    if let Some(directory) = std::env::var_os("GANTRY_SBOM_DIR") {
        std::fs::write(std::path::Path::new(&directory).join(name), document).unwrap();
    }
}

#[test]
fn spdx_document() {
    let document = spdx(&inventory(), &subject()).unwrap();
    assert_eq!(document, spdx(&inventory(), &subject()).unwrap());
    leave("spdx.json", &document);
    let document: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["spdxVersion"], "SPDX-2.3");
    assert_eq!(document["dataLicense"], "CC0-1.0");
    assert_eq!(document["SPDXID"], "SPDXRef-DOCUMENT");
    assert_eq!(document["creationInfo"]["created"], "2026-11-22T10:00:00Z");
    assert!(document["documentNamespace"].as_str().unwrap().starts_with("https://"));
    let packages = document["packages"].as_array().unwrap();
    let ids: BTreeSet<&str> = packages.iter().map(|package| package["SPDXID"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), packages.len());
    for package in packages {
        let id = package["SPDXID"].as_str().unwrap();
        let rest = id.strip_prefix("SPDXRef-").unwrap();
        assert!(rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-'), "{id}");
        assert!(package["name"].is_string() && package["downloadLocation"].is_string(), "{package}");
    }
    let contained = document["relationships"].as_array().unwrap();
    assert_eq!(contained.len(), packages.len());
    assert!(contained.iter().all(|one| ids.contains(one["relatedSpdxElement"].as_str().unwrap())));
    // Image, system, one each of deb, jar, npm (found twice), three of Go, four of rpm.
    assert_eq!(packages.len(), 2 + 3 + 3 + 4);
    assert_eq!(document["annotations"].as_array().unwrap().len(), 1);
}

#[test]
fn cyclonedx_document() {
    let document = cyclonedx(&inventory(), &subject()).unwrap();
    assert_eq!(document, cyclonedx(&inventory(), &subject()).unwrap());
    leave("cyclonedx.json", &document);
    let document: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!((&document["bomFormat"], &document["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let serial = document["serialNumber"].as_str().unwrap();
    assert_eq!((serial.len(), serial.matches('-').count()), ("urn:uuid:".len() + 36, 4));
    let components = document["components"].as_array().unwrap();
    let refs: BTreeSet<&str> = components.iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
    assert_eq!(refs.len(), components.len());
    let left = components.iter().find(|one| one["name"] == "left").unwrap();
    assert_eq!(left["group"], "@scope");
    assert_eq!(left["evidence"]["occurrences"].as_array().unwrap().len(), 2);
    let image = &document["metadata"]["component"];
    assert_eq!(image["type"], "container");
    let purl = format!("pkg:oci/shop@{DIGEST}?repository_url={}&tag=latest", subject().name);
    assert_eq!(image["purl"], purl.as_str());
    assert_eq!(document["compositions"][0]["aggregate"], "incomplete");
}

#[test]
fn an_empty_image_has_documents_too() {
    let empty = Inventory::default();
    let subject = Subject { tag: None, created: "2026-11-22T10:00:00Z", ..subject() };
    leave("spdx-empty.json", &spdx(&empty, &subject).unwrap());
    leave("cyclonedx-empty.json", &cyclonedx(&empty, &subject).unwrap());
}
