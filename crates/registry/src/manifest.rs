//! Reading manifests: image manifests and indexes of OCI Image 1.1, and docker's schema 2 of both.

use std::collections::BTreeMap;

use bytes::Bytes;
use gantry_blobs::Digest;
use serde::Deserialize;

use crate::{Error, Result, limits};

/// The manifest media types that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    OciImage,
    OciIndex,
    DockerImage,
    DockerList,
}

impl MediaType {
    pub const ALL: [Self; 4] = [Self::OciImage, Self::OciIndex, Self::DockerImage, Self::DockerList];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OciImage => "application/vnd.oci.image.manifest.v1+json",
            Self::OciIndex => "application/vnd.oci.image.index.v1+json",
            Self::DockerImage => "application/vnd.docker.distribution.manifest.v2+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    /// From a `Content-Type`, whose parameters do not matter.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.split(';').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|m| m.as_str().eq_ignore_ascii_case(name))
    }

    pub const fn is_index(self) -> bool {
        matches!(self, Self::OciIndex | Self::DockerList)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u32,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: Digest,
    size: u64,
}

impl Descriptor {
    /// Layers that the specifications let a registry not have.
    fn is_foreign(&self) -> bool {
        self.media_type.starts_with("application/vnd.oci.image.layer.nondistributable.")
            || self.media_type == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    }
}

/// A manifest that was read and found well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub media_type: MediaType,
    /// `artifactType`, or else the configuration's media type.
    pub artifact_type: Option<String>,
    /// Configuration and layers, each once, that must be in the repository. Empty for an index.
    pub blobs: Vec<Digest>,
    /// Images that an index names, each once.
    pub children: Vec<Digest>,
    pub subject: Option<Digest>,
    pub annotations: BTreeMap<String, String>,
    /// Bytes of configuration and layers by their descriptors.
    pub image_size: u64,
}

impl Manifest {
    /// `content_type` is what the client said; it must agree with the document.
    pub fn parse(bytes: &Bytes, content_type: Option<&str>) -> Result<Self> {
        if bytes.len() > limits::MAX_MANIFEST {
            return Err(Error::ManifestTooLarge { limit: limits::MAX_MANIFEST });
        }
        let invalid = |reason: String| Error::ManifestInvalid(reason);
        let document: Document = serde_json::from_slice(bytes).map_err(|e| invalid(e.to_string()))?;
        if document.schema_version != 2 {
            return Err(invalid(format!("schemaVersion {} is not supported", document.schema_version)));
        }
        let media_type = media_type(&document, content_type)?;
        if media_type.is_index() { Self::index(document, media_type) } else { Self::image(document, media_type) }
    }

    fn image(document: Document, media_type: MediaType) -> Result<Self> {
        let missing = |what: &str| Error::ManifestInvalid(format!("an image manifest needs `{what}`"));
        if document.manifests.is_some() {
            return Err(Error::ManifestInvalid("an image manifest may not have `manifests`".to_owned()));
        }
        let config = document.config.ok_or_else(|| missing("config"))?;
        let layers = document.layers.ok_or_else(|| missing("layers"))?;
        let mut image_size = config.size;
        let mut blobs = vec![config.digest.clone()];
        for layer in layers {
            image_size = image_size.saturating_add(layer.size);
            if !layer.is_foreign() {
                blobs.push(layer.digest);
            }
        }
        Ok(Self {
            media_type,
            artifact_type: document.artifact_type.filter(|t| !t.is_empty()).or(Some(config.media_type)),
            blobs: each_once(blobs)?,
            children: Vec::new(),
            subject: document.subject.map(|s| s.digest),
            annotations: document.annotations.unwrap_or_default(),
            image_size,
        })
    }

    fn index(document: Document, media_type: MediaType) -> Result<Self> {
        if document.layers.is_some() || document.config.is_some() {
            return Err(Error::ManifestInvalid("an index may not have `config` or `layers`".to_owned()));
        }
        let manifests =
            document.manifests.ok_or_else(|| Error::ManifestInvalid("an index needs `manifests`".to_owned()))?;
        Ok(Self {
            media_type,
            artifact_type: document.artifact_type.filter(|t| !t.is_empty()),
            blobs: Vec::new(),
            children: each_once(manifests.into_iter().map(|m| m.digest).collect())?,
            subject: document.subject.map(|s| s.digest),
            annotations: document.annotations.unwrap_or_default(),
            image_size: 0,
        })
    }
}

fn media_type(document: &Document, content_type: Option<&str>) -> Result<MediaType> {
    let unknown = |name: &str| {
        let name: String = name.chars().take(160).collect();
        Error::ManifestInvalid(format!("media type `{name}` is not supported"))
    };
    let said = content_type.map(|name| MediaType::from_name(name).ok_or_else(|| unknown(name))).transpose()?;
    let written = document.media_type.as_deref().filter(|t| !t.is_empty());
    let written = written.map(|name| MediaType::from_name(name).ok_or_else(|| unknown(name))).transpose()?;
    match (said, written) {
        (Some(said), Some(written)) if said != written => Err(Error::ManifestInvalid(format!(
            "the document says `{}`, the request `{}`",
            written.as_str(),
            said.as_str()
        ))),
        (Some(found), _) | (None, Some(found)) => Ok(found),
        // OCI lets the field be missing; docker does not.
        (None, None) if document.manifests.is_some() => Ok(MediaType::OciIndex),
        (None, None) => Ok(MediaType::OciImage),
    }
}

/// The first of each digest, in order.
fn each_once(mut digests: Vec<Digest>) -> Result<Vec<Digest>> {
    if digests.len() > limits::MAX_REFERENCES {
        return Err(Error::ManifestInvalid(format!("it names over {} blobs or images", limits::MAX_REFERENCES)));
    }
    let mut seen = std::collections::HashSet::new();
    digests.retain(|d| seen.insert(d.clone()));
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, content_type: Option<&str>) -> Result<Manifest> {
        Manifest::parse(&Bytes::from(text.to_owned()), content_type)
    }

    fn descriptor(media_type: &str, of: &str, size: u64) -> String {
        format!(r#"{{"mediaType":"{media_type}","digest":"{}","size":{size}}}"#, Digest::sha256(of.as_bytes()))
    }

    #[test]
    fn an_image_manifest_is_read() {
        let (c, l) = (descriptor("c/t", "c", 5), descriptor("l/t", "l", 7));
        let foreign = descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "f", 9);
        let text = format!(
            r#"{{"schemaVersion":2,"config":{c},"layers":[{l},{l},{foreign}],"subject":{c},"annotations":{{"k":"v"}}}}"#
        );
        let read = parse(&text, None).unwrap();
        assert_eq!(read.media_type, MediaType::OciImage);
        assert_eq!(read.blobs, [Digest::sha256(b"c"), Digest::sha256(b"l")]);
        assert_eq!(read.image_size, 5 + 7 + 7 + 9);
        assert_eq!(read.artifact_type.as_deref(), Some("c/t"));
        assert_eq!(read.subject, Some(Digest::sha256(b"c")));
        let docker = parse(&text, Some(MediaType::DockerImage.as_str())).unwrap();
        assert_eq!(docker.media_type, MediaType::DockerImage);
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let c = descriptor("c/t", "c", 5);
        let deep = "[".repeat(100_000);
        for (text, content_type) in [
            (String::new(), None),
            ("null".into(), None),
            (deep, None),
            (r#"{"schemaVersion":1}"#.into(), None),
            (r#"{"schemaVersion":2}"#.into(), None),
            (format!(r#"{{"schemaVersion":2,"config":{c}}}"#), None),
            (format!(r#"{{"schemaVersion":2,"config":{c},"layers":[],"manifests":[]}}"#), None),
            (format!(r#"{{"schemaVersion":2,"config":{c},"config":{c},"layers":[]}}"#), None),
            (format!(r#"{{"schemaVersion":2,"config":{c},"layers":[]}}"#), Some("text/plain")),
            (format!(r#"{{"schemaVersion":2,"mediaType":"x/y","config":{c},"layers":[]}}"#), None),
            (r#"{"schemaVersion":2,"manifests":[]}"#.into(), Some(MediaType::OciImage.as_str())),
            (
                format!(r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[]}}"#, MediaType::OciIndex.as_str()),
                Some(MediaType::DockerList.as_str()),
            ),
            (r#"{"schemaVersion":2,"manifests":[{"mediaType":"a","digest":"sha256:x","size":1}]}"#.into(), None),
            (
                format!(
                    r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"a","digest":"{}","size":-1}}]}}"#,
                    Digest::sha256(b"x")
                ),
                None,
            ),
        ] {
            let read = parse(&text, content_type);
            let shown: String = text.chars().take(80).collect();
            assert!(matches!(read, Err(Error::ManifestInvalid(_))), "{shown} {content_type:?}");
        }
        let huge = Bytes::from(vec![b' '; limits::MAX_MANIFEST + 1]);
        assert!(matches!(Manifest::parse(&huge, None), Err(Error::ManifestTooLarge { .. })));
    }
}
