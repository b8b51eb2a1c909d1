//! Uploads: whole, in chunks, streamed, and mounts of what another repository has.
//!
//! An upload's identifier on the wire is a random UUID; the blob store's is that UUID behind a hash of
//! the repository, so that an upload belongs to its repository without a record of its own.

use std::time::{Duration, Instant};

use gantry_blobs::{Algorithm, Digest, Upload, UploadId, limits as blob_limits};
use gantry_store::{Compare, Op, Txn};
use http::StatusCode;
use http::header::{CONTENT_RANGE, RANGE};
use http_body::{Body, SizeHint};

use super::answer::{Answer, Build, UPLOAD_UUID, answer};
use super::query::content_range;
use super::serve::{Call, RequestBody, Wire, next_piece};
use crate::{Endpoint, Error, Registry, RepoId, Result, is_repository_name, keys, limits, setting};

impl Registry {
    /// Starts an upload into a repository; returns the identifier that clients see.
    pub async fn start_upload(&self, repo: &RepoId, algorithm: Algorithm) -> Result<String> {
        self.repository(repo).await?;
        let uuid = gantry_base::uuid(&*self.entropy);
        self.blobs.create_upload(&upload_id(repo, &uuid)?, algorithm).await?;
        Ok(uuid)
    }

    /// Takes an upload of this repository in hand. [`Error::UploadNotFound`], [`Error::UploadBusy`].
    pub async fn open_upload(&self, repo: &RepoId, uuid: &str) -> Result<Box<dyn Upload>> {
        Ok(self.blobs.open_upload(&upload_id(repo, uuid)?).await?)
    }

    /// Makes an upload a blob of the repository; returns its size.
    pub async fn commit_upload(&self, repo: &RepoId, upload: Box<dyn Upload>, digest: &Digest) -> Result<u64> {
        /// A commit that took longer may have been overtaken by a collection.
        const PROMPT: Duration = Duration::from_mins(5);
        let started = Instant::now();
        self.keep(repo, digest).await?;
        let size = upload.commit(digest).await?;
        self.link_blob(repo, digest, size, None).await?;
        if started.elapsed() > PROMPT {
            // Linked bytes stay; if they are still there now they will be.
            self.blobs.stat(digest).await?;
        }
        Ok(size)
    }

    /// Remembers that an upload got a part that only a last one may be, ending at `end`; the first stays.
    pub async fn note_small_part(&self, repo: &RepoId, uuid: &str, end: u64) -> Result<()> {
        let key = keys::small_part(repo, uuid);
        if self.store.get(key.clone()).await?.is_some() {
            return Ok(());
        }
        // Forgotten together with an upload that nobody comes back to.
        let lease = self.store.engine().lease_grant(2 * limits::UPLOAD_IDLE_SECS as i64).await?;
        let put = Op::Put { key: key.clone().into(), value: end.to_string().into(), lease };
        let txn = Txn::new().when(Compare::exists(keys::repository(repo))).when(Compare::absent(key)).then(put);
        self.store.txn(txn).await?;
        Ok(())
    }

    pub async fn first_small_part(&self, repo: &RepoId, uuid: &str) -> Result<Option<u64>> {
        let kept = self.store.get(keys::small_part(repo, uuid)).await?;
        Ok(kept.and_then(|kv| std::str::from_utf8(&kv.value).ok()?.parse().ok()))
    }
}

fn upload_id(repo: &RepoId, uuid: &str) -> Result<UploadId> {
    if uuid.len() != 36 {
        return Err(Error::UploadNotFound);
    }
    let owner = Digest::sha256(repo.to_string().as_bytes());
    Ok(format!("{}-{uuid}", &owner.hex()[..16]).parse::<UploadId>()?)
}

impl Wire {
    /// Makes a repository that a creation template lets a push make. The caller must be allowed to.
    pub(super) async fn create_on_push(&self, call: &Call) -> Result<()> {
        let missing = match self.registry.repository(&call.repo).await {
            Err(e @ Error::RepositoryNotFound { .. }) => e,
            other => return other.map(drop),
        };
        if let Some(source) = &call.source {
            return self.create_for_replication(call, source).await;
        }
        let (Some(_), Some(principal)) = (self.registry.template_for_push(&call.repo).await?, &call.principal) else {
            return Err(missing);
        };
        self.access.authorize(principal, &call.repo, &["ecr:CreateRepository"]).await?;
        self.registry.ensure_for_push(&call.repo).await
    }

    /// Makes the repository that a peer's replication goes to.
    async fn create_for_replication(&self, call: &Call, source: &crate::RegistryId) -> Result<()> {
        const ACTIONS: &[&str] = &["ecr:CreateRepository"];
        let Some(principal) = &call.principal else { return Err(Error::Unauthenticated) };
        self.access.authorize(principal, &call.repo, ACTIONS).await?;
        self.access.authorize_replication(source, &call.repo, ACTIONS).await?;
        self.registry.create_for_replication(&call.repo).await
    }

    pub(super) async fn start_upload(&self, call: &Call) -> Result<Answer> {
        self.create_on_push(call).await?;
        if let Some(digest) = call.query.get("mount") {
            let digest: Digest = digest.parse().map_err(Error::Digest)?;
            self.registry.repository(&call.repo).await?;
            if let Some(done) = self.mount(call, &digest).await? {
                return Ok(done);
            }
        }
        let algorithm = match call.query.get("digest-algorithm") {
            Some(name) => Algorithm::from_name(name)
                .ok_or_else(|| Error::Digest(gantry_blobs::DigestError::Algorithm(name.chars().take(64).collect())))?,
            None => Algorithm::default(),
        };
        let uuid = self.registry.start_upload(&call.repo, algorithm).await?;
        progress(StatusCode::ACCEPTED, &call.repo, &uuid, 0)
    }

    /// `None` if it must be uploaded after all: as ECR, also where the caller may not read the source.
    async fn mount(&self, call: &Call, digest: &Digest) -> Result<Option<Answer>> {
        let (Some(from), Some(principal)) = (call.query.get("from"), &call.principal) else { return Ok(None) };
        if !is_repository_name(from) {
            return Err(Error::NameSyntax(from.chars().take(crate::names::MAX_NAME).collect()));
        }
        let source = RepoId::new(call.repo.registry.clone(), from);
        if self.access.authorize(principal, &source, Endpoint::GetBlob.actions()).await.is_err() {
            return Ok(None);
        }
        let mounting = self.registry.setting(&call.repo.registry, setting::BLOB_MOUNTING).await?;
        if mounting.as_deref() == Some("DISABLED") {
            return Ok(None);
        }
        if !self.registry.mount_blob(&source, &call.repo, digest).await? {
            return Ok(None);
        }
        created(&call.repo, digest).map(Some)
    }

    pub(super) async fn upload_whole(&self, call: &Call, mut body: RequestBody) -> Result<Answer> {
        let digest: Digest = call.query.get("digest").unwrap_or_default().parse().map_err(Error::Digest)?;
        refuse_over_long(&body.size_hint(), 0)?;
        self.create_on_push(call).await?;
        let uuid = self.registry.start_upload(&call.repo, digest.algorithm()).await?;
        let mut upload = self.registry.open_upload(&call.repo, &uuid).await?;
        match append(&mut *upload, &mut body).await {
            Ok(_) => self.registry.commit_upload(&call.repo, upload, &digest).await?,
            Err(e) => {
                upload.abort().await?;
                return Err(e);
            }
        };
        created(&call.repo, &digest)
    }

    pub(super) async fn upload_status(&self, call: &Call, uuid: &str) -> Result<Answer> {
        let size = self.registry.blobs.upload_size(&upload_id(&call.repo, uuid)?).await?;
        progress(StatusCode::NO_CONTENT, &call.repo, uuid, size)
    }

    pub(super) async fn upload_chunk(&self, call: &Call, mut body: RequestBody, uuid: &str) -> Result<Answer> {
        let mut upload = self.registry.open_upload(&call.repo, uuid).await?;
        if let Err(e) = check_chunk(call, &body.size_hint(), upload.offset()) {
            drop(upload);
            return match e {
                // The specification wants the client told where to go on.
                Error::UploadRange { have, .. } => progress(StatusCode::RANGE_NOT_SATISFIABLE, &call.repo, uuid, have),
                other => Err(other),
            };
        }
        let expected = expected_end(call)?;
        let came = append(&mut *upload, &mut body).await;
        // What came is kept even if the body broke off: the client asks for the status and goes on.
        let size = upload.suspend().await?;
        came?;
        if expected.is_some_and(|end| end != size) {
            return Err(Error::SizeInvalid("the body is not as long as Content-Range says".to_owned()));
        }
        progress(StatusCode::ACCEPTED, &call.repo, uuid, size)
    }

    pub(super) async fn finish_upload(&self, call: &Call, mut body: RequestBody, uuid: &str) -> Result<Answer> {
        let digest: Digest = call.query.get("digest").unwrap_or_default().parse().map_err(Error::Digest)?;
        let mut upload = self.registry.open_upload(&call.repo, uuid).await?;
        check_chunk(call, &body.size_hint(), upload.offset())?;
        let expected = expected_end(call)?;
        if let Err(e) = append(&mut *upload, &mut body).await {
            upload.suspend().await?;
            return Err(e);
        }
        if expected.is_some_and(|end| end != upload.offset()) {
            upload.suspend().await?;
            return Err(Error::SizeInvalid("the body is not as long as Content-Range says".to_owned()));
        }
        self.registry.commit_upload(&call.repo, upload, &digest).await?;
        created(&call.repo, &digest)
    }

    pub(super) async fn cancel_upload(&self, call: &Call, uuid: &str) -> Result<Answer> {
        let upload = self.registry.open_upload(&call.repo, uuid).await?;
        upload.abort().await?;
        Ok(answer(StatusCode::NO_CONTENT))
    }
}

async fn append(upload: &mut dyn Upload, body: &mut RequestBody) -> Result<u64> {
    while let Some(piece) = next_piece(body).await? {
        upload.write(piece).await?;
    }
    Ok(upload.offset())
}

fn refuse_over_long(body: &SizeHint, offset: u64) -> Result<()> {
    let limit = blob_limits::MAX_BLOB;
    let known = body.lower();
    if offset.saturating_add(known) > limit { Err(Error::BlobTooLarge { limit }) } else { Ok(()) }
}

/// A chunk must start where the upload ends, and be as long as it says.
fn check_chunk(call: &Call, body: &SizeHint, offset: u64) -> Result<()> {
    refuse_over_long(body, offset)?;
    let Some((first, last)) = chunk_range(call)? else { return Ok(()) };
    if first != offset {
        return Err(Error::UploadRange { have: offset, start: first });
    }
    let said = last - first + 1;
    match body.exact() {
        Some(length) if length != said => {
            Err(Error::SizeInvalid(format!("Content-Range has {said} bytes and Content-Length {length}")))
        }
        _ => Ok(()),
    }
}

fn chunk_range(call: &Call) -> Result<Option<(u64, u64)>> {
    let Some(text) = call.headers.get(CONTENT_RANGE) else { return Ok(None) };
    let text = text.to_str().map_err(|_| Error::UploadInvalid("Content-Range is not text".to_owned()))?;
    content_range(text).map(Some)
}

fn expected_end(call: &Call) -> Result<Option<u64>> {
    Ok(chunk_range(call)?.map(|(_, last)| last.saturating_add(1)))
}

/// How far an upload is. `Range` ends at the last byte; an empty upload says `0-0`, as registries do.
fn progress(status: StatusCode, repo: &RepoId, uuid: &str, size: u64) -> Result<Answer> {
    answer(status)
        .location(&format!("/v2/{}/blobs/uploads/{uuid}", repo.name))?
        .header(RANGE, &format!("0-{}", size.saturating_sub(1)))?
        .header(UPLOAD_UUID, uuid)
}

fn created(repo: &RepoId, digest: &Digest) -> Result<Answer> {
    answer(StatusCode::CREATED).location(&format!("/v2/{}/blobs/{digest}", repo.name))?.digest(digest)
}
