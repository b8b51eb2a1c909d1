//! Which bucket, where, and the names of objects in it.

use std::fmt;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;

use super::http::Http;
use crate::{Algorithm, Digest, Error, Result, UploadId};

/// A bucket of an S3-compatible store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Options {
    pub bucket: String,
    /// Before every key, without slashes at its ends; may be empty.
    pub prefix: String,
    /// `http://` or `https://` and a host; without it AWS's own of the region. An endpoint is asked in
    /// path style (`https://host/bucket/key`), which every S3-compatible store answers.
    pub endpoint: Option<String>,
    /// Without it `AWS_REGION` or `AWS_DEFAULT_REGION` counts, and without those `us-east-1`.
    pub region: Option<String>,
    /// Without it the standard places count: `AWS_ACCESS_KEY_ID` and its like, a web identity token, the
    /// container's or instance's role.
    pub key: Option<S3Key>,
}

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Key {
    pub id: String,
    pub secret: String,
}

impl fmt::Debug for S3Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl S3Options {
    /// Reads `s3://bucket[/prefix]`. [`Error::Address`].
    pub fn parse(url: &str) -> Result<Self> {
        let bad = |reason: &str| Error::Address { address: url.chars().take(300).collect(), reason: reason.to_owned() };
        let rest = url.strip_prefix("s3://").ok_or_else(|| bad("expected s3://BUCKET or s3://BUCKET/PREFIX"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(word) {
            return Err(bad("a bucket's name has 3 to 63 lower-case letters, digits, dots and dashes"));
        }
        let prefix = prefix.trim_end_matches('/');
        let part = |p: &str| {
            !p.is_empty()
                && p != "."
                && p != ".."
                && p.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if prefix.len() > 512 || !(prefix.is_empty() || prefix.split('/').all(part)) {
            return Err(bad("a prefix has letters, digits, dots, dashes and underscores between single slashes"));
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned(), endpoint: None, region: None, key: None })
    }

    pub(super) fn connect(&self) -> Result<AmazonS3> {
        let bad = |reason: String| Error::Address { address: format!("s3://{}", self.bucket), reason };
        let http = Http::new().map_err(|e| bad(e.to_string()))?;
        // Single deletes: not every compatible store has the bulk one.
        let mut builder =
            from_environment().with_bucket_name(&self.bucket).with_disable_bulk_delete(true).with_http_connector(http);
        if let Some(key) = &self.key {
            builder = builder.with_access_key_id(&key.id).with_secret_access_key(&key.secret);
        }
        if let Some(region) = &self.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &self.endpoint {
            if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
                return Err(bad(format!("the endpoint `{endpoint}` must begin with http:// or https://")));
            }
            builder = builder
                .with_config(object_store::aws::AmazonS3ConfigKey::S3Endpoint, endpoint)
                .with_virtual_hosted_style_request(false)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        builder.build().map_err(|e| bad(e.to_string()))
    }
}

/// What the standard variables say, but for the endpoint of all services together: in a shell that is set up
/// for Gantry's own APIs that is this very server.
fn from_environment() -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::new();
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        if !name.starts_with("AWS_") || ["AWS_ENDPOINT_URL", "AWS_ENDPOINT"].contains(&name) {
            continue;
        }
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    builder
}

/// Keys of objects.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") } }
    }

    fn key(&self, rest: &str) -> Path {
        Path::from(format!("{}{rest}", self.prefix))
    }

    pub(super) fn blob(&self, digest: &Digest) -> Path {
        self.key(&format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex()))
    }

    pub(super) fn blobs(&self, algorithm: Algorithm) -> Path {
        self.key(&format!("blobs/{}", algorithm.as_str()))
    }

    pub(super) fn quarantined(&self, digest: &Digest) -> Path {
        self.key(&format!("quarantine/{}-{}", digest.algorithm().as_str(), digest.hex()))
    }

    pub(super) fn quarantine(&self) -> Path {
        self.key("quarantine")
    }

    pub(super) fn uploads(&self) -> Path {
        self.key("uploads")
    }

    /// What an upload is, as JSON.
    pub(super) fn state(&self, id: &UploadId) -> Path {
        self.key(&format!("uploads/{id}/state"))
    }

    /// An upload's bytes, whole only for the moment between the last part and the blob.
    pub(super) fn data(&self, id: &UploadId) -> Path {
        self.key(&format!("uploads/{id}/data"))
    }

    /// Bytes that are too few for a part.
    pub(super) fn tail(&self, id: &UploadId, name: &str) -> Path {
        self.key(&format!("uploads/{id}/tail-{name}"))
    }

    /// Which upload an object under `uploads/` belongs to.
    pub(super) fn upload_of(&self, path: &Path) -> Option<UploadId> {
        path.as_ref().strip_prefix(&self.prefix)?.strip_prefix("uploads/")?.split('/').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, bucket, prefix) in [
            ("s3://layers", "layers", ""),
            ("s3://my.layers-1/", "my.layers-1", ""),
            ("s3://layers/a/b_c", "layers", "a/b_c"),
            ("s3://layers/a/", "layers", "a"),
        ] {
            let read = S3Options::parse(text).expect(text);
            assert_eq!((read.bucket.as_str(), read.prefix.as_str()), (bucket, prefix), "{text}");
        }
        for bad in [
            "",
            "layers",
            "s3:layers",
            "s3://",
            "s3://ab",
            "s3://UPPER",
            "s3://a/b",
            "s3://abc//x",
            "s3://abc/../x",
            "s3://abc/x y",
            "file:///x",
        ] {
            assert!(matches!(S3Options::parse(bad), Err(Error::Address { .. })), "{bad}");
        }
    }

    #[test]
    fn uploads_are_known_by_their_keys() {
        let id: UploadId = "0a-1".parse().expect("an id");
        for prefix in ["", "a/b"] {
            let names = Names::new(prefix);
            for key in [names.state(&id), names.data(&id), names.tail(&id, "ff")] {
                assert_eq!(names.upload_of(&key), Some(id.clone()), "{key}");
            }
            assert_eq!(names.upload_of(&names.blob(&Digest::sha256(b""))), None);
        }
    }
}
