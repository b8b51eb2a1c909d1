//! Getting, pushing and deleting manifests.

use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};

use super::answer::{Answer, Build, OCI_SUBJECT, OCI_TAG, answer};
use super::serve::{Call, RequestBody, Wire, whole_body};
use crate::queue::Origin;
use crate::{Error, NewImage, Reference, Result, limits};

impl Wire {
    pub(super) async fn get_manifest(&self, call: &Call, reference: &str) -> Result<Answer> {
        let reference = existing(call, reference)?;
        if call.head_only {
            let (digest, media_type, size) = self.locate(call, &reference).await?;
            let mut response = answer(StatusCode::OK).digest(&digest)?.header(CONTENT_TYPE, &media_type)?;
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
            return Ok(response);
        }
        let found = self.resolve(call, &reference).await?;
        let content_type =
            HeaderValue::from_str(&found.media_type).map_err(|e| Error::Internal(format!("media type: {e}")))?;
        Ok(answer(StatusCode::OK).digest(&found.digest)?.body(content_type, found.bytes))
    }

    pub(super) async fn put_manifest(&self, call: &Call, mut body: RequestBody, reference: &str) -> Result<Answer> {
        let mut tags: Vec<String> = call.query.all("tag").map(str::to_owned).collect();
        let queried = call.query.get("digest").map(|d| d.parse().map_err(Error::Digest)).transpose()?;
        let digest = match reference.parse()? {
            Reference::Tag(tag) => {
                tags.push(tag);
                queried
            }
            Reference::Digest(digest) => Some(digest),
        };
        let manifest = whole_body(&mut body, limits::MAX_MANIFEST).await?;
        let content_type = call.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let asked: Vec<String> = call.query.all("tag").map(str::to_owned).collect();
        let new = NewImage { manifest, content_type, tags, digest, origin: Origin::Push };
        let put = match &call.source {
            None => self.registry.put_image(&call.repo, new).await?,
            Some(source) => {
                // An index of nothing comes without a blob before it.
                self.create_on_push(call).await?;
                self.registry.put_replica(&call.repo, source, new).await?
            }
        };
        let mut response = answer(StatusCode::CREATED)
            .location(&format!("/v2/{}/manifests/{}", call.repo.name, put.digest))?
            .digest(&put.digest)?;
        if let Some(subject) = &put.record.subject {
            response = response.header(OCI_SUBJECT, subject.as_str())?;
        }
        for tag in &asked {
            response = response.header(OCI_TAG, tag)?;
        }
        Ok(response)
    }

    pub(super) async fn delete_manifest(&self, call: &Call, reference: &str) -> Result<Answer> {
        let reference = existing(call, reference)?;
        match (&call.source, &reference) {
            (None, _) => self.registry.delete_reference(&call.repo, &reference).await?,
            (Some(_), Reference::Tag(tag)) => self.registry.delete_replica_tag(&call.repo, tag, None).await?,
            (Some(_), Reference::Digest(digest)) => self.registry.delete_replica(&call.repo, digest).await?,
        };
        Ok(answer(StatusCode::ACCEPTED))
    }
}

/// What is outside the grammar of tags names no image: for reading that is "not found". A digest that
/// is none is the client's mistake.
fn existing(call: &Call, reference: &str) -> Result<Reference> {
    reference.parse().map_err(|e| match e {
        Error::TagSyntax(reference) => Error::ImageNotFound { name: call.repo.name.clone(), reference },
        other => other,
    })
}
