//! The wire's routes, and the one table of which ECR actions each needs.
//!
//! The actions are those that AWS documents for pushing and pulling (ECR user guide, "IAM permissions
//! for pushing an image" and "Identity and Access Management"); where AWS has no such route the nearest
//! is taken, and the row says so.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::{Error, Result, is_repository_name};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/v2/`
    Base,
    /// `/v2/<name>/blobs/<digest>`
    Blob { name: String, digest: String },
    /// `/v2/<name>/blobs/uploads/`
    Uploads { name: String },
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload { name: String, id: String },
    /// `/v2/<name>/manifests/<reference>`
    Manifest { name: String, reference: String },
    /// `/v2/<name>/tags/list`
    Tags { name: String },
    /// `/v2/<name>/referrers/<digest>`
    Referrers { name: String, digest: String },
}

/// One method on one kind of route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Base,
    HeadBlob,
    GetBlob,
    DeleteBlob,
    StartUpload,
    /// `POST …/uploads/?digest=`: a whole blob in one request.
    UploadWhole,
    UploadStatus,
    UploadChunk,
    FinishUpload,
    CancelUpload,
    HeadManifest,
    GetManifest,
    PutManifest,
    DeleteManifest,
    ListTags,
    ListReferrers,
}

/// A row of [`ROUTES`].
#[derive(Clone, Copy, Debug)]
pub struct RouteRule {
    pub endpoint: Endpoint,
    pub method: &'static str,
    /// A path of this route, with `NAME`, `DIGEST`, `UPLOAD` and `TAG` to be filled in.
    pub example: &'static str,
    /// All of these must be allowed on the repository.
    pub actions: &'static [&'static str],
}

const fn rule(
    endpoint: Endpoint,
    method: &'static str,
    example: &'static str,
    actions: &'static [&'static str],
) -> RouteRule {
    RouteRule { endpoint, method, example, actions }
}

/// Every route of the wire. The base check needs a valid token and no more.
pub const ROUTES: &[RouteRule] = &[
    rule(Endpoint::Base, "GET", "/v2/", &[]),
    rule(Endpoint::HeadBlob, "HEAD", "/v2/NAME/blobs/DIGEST", &["ecr:BatchCheckLayerAvailability"]),
    rule(Endpoint::GetBlob, "GET", "/v2/NAME/blobs/DIGEST", &["ecr:GetDownloadUrlForLayer"]),
    // ECR has no such route.
    rule(Endpoint::DeleteBlob, "DELETE", "/v2/NAME/blobs/DIGEST", &["ecr:BatchDeleteImage"]),
    rule(Endpoint::StartUpload, "POST", "/v2/NAME/blobs/uploads/", &["ecr:InitiateLayerUpload"]),
    rule(
        Endpoint::UploadWhole,
        "POST",
        "/v2/NAME/blobs/uploads/?digest=DIGEST",
        &["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"],
    ),
    rule(Endpoint::UploadStatus, "GET", "/v2/NAME/blobs/uploads/UPLOAD", &["ecr:UploadLayerPart"]),
    rule(Endpoint::UploadChunk, "PATCH", "/v2/NAME/blobs/uploads/UPLOAD", &["ecr:UploadLayerPart"]),
    rule(
        Endpoint::FinishUpload,
        "PUT",
        "/v2/NAME/blobs/uploads/UPLOAD?digest=DIGEST",
        &["ecr:UploadLayerPart", "ecr:CompleteLayerUpload"],
    ),
    // ECR has no such route.
    rule(Endpoint::CancelUpload, "DELETE", "/v2/NAME/blobs/uploads/UPLOAD", &["ecr:UploadLayerPart"]),
    rule(Endpoint::HeadManifest, "HEAD", "/v2/NAME/manifests/TAG", &["ecr:BatchGetImage"]),
    rule(Endpoint::GetManifest, "GET", "/v2/NAME/manifests/TAG", &["ecr:BatchGetImage"]),
    rule(Endpoint::PutManifest, "PUT", "/v2/NAME/manifests/TAG", &["ecr:PutImage"]),
    rule(Endpoint::DeleteManifest, "DELETE", "/v2/NAME/manifests/TAG", &["ecr:BatchDeleteImage"]),
    rule(Endpoint::ListTags, "GET", "/v2/NAME/tags/list", &["ecr:ListImages"]),
    // Which action AWS asks for here is not documented in so many words.
    rule(Endpoint::ListReferrers, "GET", "/v2/NAME/referrers/DIGEST", &["ecr:BatchGetImage"]),
];

impl Endpoint {
    pub fn actions(self) -> &'static [&'static str] {
        ROUTES.iter().find(|r| r.endpoint == self).map_or(&[], |r| r.actions)
    }

    /// What a replication from a peer asks for: to write, and to see whether it must.
    pub fn is_for_replication(self) -> bool {
        match self {
            Self::HeadBlob
            | Self::StartUpload
            | Self::UploadWhole
            | Self::UploadStatus
            | Self::UploadChunk
            | Self::FinishUpload
            | Self::CancelUpload
            | Self::HeadManifest
            | Self::PutManifest
            | Self::DeleteManifest => true,
            Self::Base
            | Self::GetBlob
            | Self::DeleteBlob
            | Self::GetManifest
            | Self::ListTags
            | Self::ListReferrers => false,
        }
    }
}

impl Route {
    /// Reads a path; [`Error::NoRoute`] if it is none of the registry's.
    pub fn parse(path: &str) -> Result<Self> {
        if path == "/v2" || path == "/v2/" {
            return Ok(Self::Base);
        }
        let decoded = percent_decode_str(path).decode_utf8().map_err(|_| Error::NoRoute)?;
        let rest = decoded.strip_prefix("/v2/").ok_or(Error::NoRoute)?;
        // From the end, since a repository may itself be named `blobs` or `manifests`.
        let (head, last) = rest.rsplit_once('/').ok_or(Error::NoRoute)?;
        if let Some(name) = head.strip_suffix("/blobs/uploads") {
            let name = checked(name)?;
            return Ok(if last.is_empty() { Self::Uploads { name } } else { Self::Upload { name, id: last.into() } });
        }
        let (name, kind) = head.rsplit_once('/').ok_or(Error::NoRoute)?;
        match (kind, last) {
            ("blobs", "uploads") => Ok(Self::Uploads { name: checked(name)? }),
            (_, "") => Err(Error::NoRoute),
            ("blobs", digest) => Ok(Self::Blob { name: checked(name)?, digest: digest.into() }),
            ("manifests", reference) => Ok(Self::Manifest { name: checked(name)?, reference: reference.into() }),
            ("tags", "list") => Ok(Self::Tags { name: checked(name)? }),
            ("referrers", digest) => Ok(Self::Referrers { name: checked(name)?, digest: digest.into() }),
            _ => Err(Error::NoRoute),
        }
    }

    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Base => None,
            Self::Blob { name, .. }
            | Self::Uploads { name }
            | Self::Upload { name, .. }
            | Self::Manifest { name, .. }
            | Self::Tags { name }
            | Self::Referrers { name, .. } => Some(name),
        }
    }

    /// [`Error::Unsupported`] for a method that the route does not have.
    pub fn endpoint(&self, method: &Method, has_digest: bool) -> Result<Endpoint> {
        Ok(match (self, method) {
            (Self::Base, &Method::GET | &Method::HEAD) => Endpoint::Base,
            (Self::Blob { .. }, &Method::HEAD) => Endpoint::HeadBlob,
            (Self::Blob { .. }, &Method::GET) => Endpoint::GetBlob,
            (Self::Blob { .. }, &Method::DELETE) => Endpoint::DeleteBlob,
            (Self::Uploads { .. }, &Method::POST) if has_digest => Endpoint::UploadWhole,
            (Self::Uploads { .. }, &Method::POST) => Endpoint::StartUpload,
            (Self::Upload { .. }, &Method::GET) => Endpoint::UploadStatus,
            (Self::Upload { .. }, &Method::PATCH) => Endpoint::UploadChunk,
            (Self::Upload { .. }, &Method::PUT) => Endpoint::FinishUpload,
            (Self::Upload { .. }, &Method::DELETE) => Endpoint::CancelUpload,
            (Self::Manifest { .. }, &Method::HEAD) => Endpoint::HeadManifest,
            (Self::Manifest { .. }, &Method::GET) => Endpoint::GetManifest,
            (Self::Manifest { .. }, &Method::PUT) => Endpoint::PutManifest,
            (Self::Manifest { .. }, &Method::DELETE) => Endpoint::DeleteManifest,
            (Self::Tags { .. }, &Method::GET) => Endpoint::ListTags,
            (Self::Referrers { .. }, &Method::GET) => Endpoint::ListReferrers,
            _ => return Err(Error::Unsupported),
        })
    }
}

fn checked(name: &str) -> Result<String> {
    if is_repository_name(name) {
        Ok(name.to_owned())
    } else {
        Err(Error::NameSyntax(name.chars().take(crate::names::MAX_NAME).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_from_their_end() {
        let n = |name: &str| name.to_owned();
        for (path, expected) in [
            ("/v2/", Route::Base),
            ("/v2", Route::Base),
            ("/v2/a/b/blobs/sha256:x", Route::Blob { name: n("a/b"), digest: n("sha256:x") }),
            ("/v2/a/blobs/sha256%3Ax", Route::Blob { name: n("a"), digest: n("sha256:x") }),
            ("/v2/blobs/blobs/uploads/", Route::Uploads { name: n("blobs") }),
            ("/v2/a/blobs/uploads", Route::Uploads { name: n("a") }),
            ("/v2/a/blobs/uploads/7-f", Route::Upload { name: n("a"), id: n("7-f") }),
            ("/v2/manifests/manifests/v1", Route::Manifest { name: n("manifests"), reference: n("v1") }),
            ("/v2/a/tags/list", Route::Tags { name: n("a") }),
            ("/v2/a/referrers/d", Route::Referrers { name: n("a"), digest: n("d") }),
        ] {
            assert_eq!(Route::parse(path).unwrap(), expected, "{path}");
        }
        for path in
            ["/", "/v2/a", "/v2/a/b", "/v2/a/tags/other", "/v2/a/blobs/", "/v2/%ff/tags/list", "/v1/a/tags/list"]
        {
            assert!(matches!(Route::parse(path), Err(Error::NoRoute)), "{path}");
        }
        for path in ["/v2/A/tags/list", "/v2/../tags/list", "/v2/a%2f%2fb/tags/list", "/v2//tags/list"] {
            assert!(matches!(Route::parse(path), Err(Error::NameSyntax(_) | Error::NoRoute)), "{path}");
        }
    }

    #[test]
    fn the_table_has_every_endpoint_once_and_its_examples_lead_there() {
        let mut seen = std::collections::HashSet::new();
        for rule in ROUTES {
            assert!(seen.insert(rule.endpoint), "{:?}", rule.endpoint);
            let (path, query) = rule.example.split_once('?').unwrap_or((rule.example, ""));
            let route = Route::parse(&path.replace("NAME", "a/b")).unwrap();
            let method: Method = rule.method.parse().unwrap();
            assert_eq!(route.endpoint(&method, query.starts_with("digest=")).unwrap(), rule.endpoint);
            assert!(rule.endpoint == Endpoint::Base || !rule.actions.is_empty(), "{:?} is open", rule.endpoint);
        }
        assert_eq!(seen.len(), 16);
    }
}
