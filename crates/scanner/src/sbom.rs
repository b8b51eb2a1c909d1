//! Bills of materials: an image's inventory as a document, and as a referrer of the image.

use gantry_blobs::{Algorithm, Digest};
use gantry_inventory::Inventory;
use gantry_inventory::sbom::{self, Subject};
use gantry_registry::queue::Origin;
use gantry_registry::{LocalImage, NewImage, RepoId};
use serde_json::json;

use crate::image::{Looked, look};
use crate::{Error, Result, Scanner};

/// What is written where a referrer has no configuration (OCI Image 1.1, "Guidance for an Empty Descriptor").
const EMPTY: &[u8] = b"{}";
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SbomFormat {
    /// SPDX 2.3, JSON.
    #[default]
    Spdx,
    /// CycloneDX 1.6, JSON.
    CycloneDx,
}

impl SbomFormat {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Spdx => sbom::SPDX_MEDIA_TYPE,
            Self::CycloneDx => sbom::CYCLONEDX_MEDIA_TYPE,
        }
    }

    fn write(self, inventory: &Inventory, subject: &Subject<'_>) -> Result<Vec<u8>> {
        let written = match self {
            Self::Spdx => sbom::spdx(inventory, subject),
            Self::CycloneDx => sbom::cyclonedx(inventory, subject),
        };
        written.map_err(|e| Error::Broken(e.to_string()))
    }
}

/// A document about one image.
#[derive(Clone, Debug)]
pub struct Sbom {
    pub repo: RepoId,
    /// The image's manifest.
    pub digest: Digest,
    pub format: SbomFormat,
    pub document: Vec<u8>,
}

impl Scanner {
    /// Writes down what is in an image of this registry, scanned or not.
    ///
    /// [`Error::NotAnImage`] for an index and for what is no container image; name one of an index's images.
    pub async fn sbom(&self, image: &LocalImage, format: SbomFormat) -> Result<Sbom> {
        let context = self.context();
        let (digest, record) = context.registry.locate(&image.repo, &image.reference).await?;
        let inventory = match look(&context.registry, &context.kept, &image.repo, &digest).await? {
            Looked::Inventory(inventory) => inventory,
            Looked::Unsupported(why) | Looked::TooLarge(why) | Looked::Damaged(why) => {
                return Err(Error::NotAnImage(format!("{}: {why}", image.repo.name)));
            }
        };
        let tags = context.registry.image_tags(&image.repo, &digest).await?;
        let name = format!("{}/{}", context.registry.names().endpoint(&image.repo.registry), image.repo.name);
        let repo = image.repo.clone();
        let of = digest.clone();
        // The inventory of an image never changes; that the document does not either lets it be attached twice.
        let created = record.pushed_at.rfc3339();
        let document = tokio::task::spawn_blocking(move || {
            let tag = tags.first().map(String::as_str);
            let subject = Subject { name: &name, tag, digest: of.as_str(), created: &created };
            format.write(&inventory, &subject)
        });
        Ok(Sbom { repo, digest, format, document: document.await?? })
    }

    /// Puts a document beside its image as a referrer (OCI Distribution 1.1, "Pushing Manifests with Subject");
    /// returns the referrer's digest. Doing so again changes nothing.
    pub async fn attach(&self, sbom: &Sbom) -> Result<Digest> {
        let registry = &self.context().registry;
        let (record, manifest) = registry.inspect(&sbom.repo, &sbom.digest).await?;
        let config = self.blob(&sbom.repo, EMPTY).await?;
        let layer = self.blob(&sbom.repo, &sbom.document).await?;
        let media_type = sbom.format.media_type();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": media_type,
            "config": { "mediaType": EMPTY_TYPE, "digest": config, "size": EMPTY.len() },
            "layers": [{ "mediaType": media_type, "digest": layer, "size": sbom.document.len() }],
            "subject": { "mediaType": record.media_type, "digest": sbom.digest, "size": manifest.len() },
        });
        let new = NewImage {
            manifest: manifest.to_string().into(),
            content_type: None,
            tags: Vec::new(),
            digest: None,
            origin: Origin::Push,
        };
        Ok(registry.put_image(&sbom.repo, new).await?.digest)
    }

    async fn blob(&self, repo: &RepoId, bytes: &[u8]) -> Result<Digest> {
        let (registry, digest) = (&self.context().registry, Digest::sha256(bytes));
        if registry.blob_size(repo, &digest).await.is_ok() {
            return Ok(digest);
        }
        let upload = registry.start_upload(repo, Algorithm::Sha256).await?;
        let mut upload = registry.open_upload(repo, &upload).await?;
        let written = upload.write(bytes::Bytes::copy_from_slice(bytes)).await;
        written.map_err(gantry_registry::Error::from)?;
        registry.commit_upload(repo, upload, &digest).await?;
        Ok(digest)
    }
}
