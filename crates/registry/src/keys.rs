//! Where records lie: `/aws/<account>/<region>/ecr/<kind>/<repository>[:<id>…]`.
//!
//! Repository names hold slashes but never a colon, so a colon ends them: a repository's own keys are
//! one range, and `app` is not a prefix of `app/web`'s.

use gantry_blobs::Digest;

use crate::{RegistryId, RepoId};

fn base(registry: &RegistryId) -> String {
    format!("/aws/{}/{}/ecr", registry.account, registry.region)
}

pub(crate) fn setting(registry: &RegistryId, name: &str) -> String {
    format!("{}/setting/{name}", base(registry))
}

pub(crate) fn repositories(registry: &RegistryId) -> String {
    format!("{}/repository/", base(registry))
}

pub(crate) fn repository(repo: &RepoId) -> String {
    format!("{}/repository/{}", base(&repo.registry), repo.name)
}

/// Written blindly by every push, so that a delete of the repository notices one.
pub(crate) fn activity(repo: &RepoId) -> String {
    format!("{}/activity/{}", base(&repo.registry), repo.name)
}

pub(crate) fn policy(repo: &RepoId) -> String {
    format!("{}/policy/{}", base(&repo.registry), repo.name)
}

fn within(repo: &RepoId, kind: &str) -> String {
    format!("{}/{kind}/{}:", base(&repo.registry), repo.name)
}

pub(crate) fn images(repo: &RepoId) -> String {
    within(repo, "image")
}

pub(crate) fn image(repo: &RepoId, digest: &Digest) -> String {
    images(repo) + digest.as_str()
}

pub(crate) fn tags(repo: &RepoId) -> String {
    within(repo, "tag")
}

pub(crate) fn tag(repo: &RepoId, tag: &str) -> String {
    tags(repo) + tag
}

/// The tags of one image, one key each: adding one touches no other.
pub(crate) fn image_tags(repo: &RepoId, digest: &Digest) -> String {
    format!("{}{digest}:", within(repo, "image-tag"))
}

pub(crate) fn image_tag(repo: &RepoId, digest: &Digest, tag: &str) -> String {
    image_tags(repo, digest) + tag
}

pub(crate) fn blobs(repo: &RepoId) -> String {
    within(repo, "blob")
}

pub(crate) fn blob(repo: &RepoId, digest: &Digest) -> String {
    blobs(repo) + digest.as_str()
}

/// Where an upload's first part ended that only a last one may be.
pub(crate) fn small_part(repo: &RepoId, upload: &str) -> String {
    within(repo, "small-part") + upload
}

pub(crate) fn referrers(repo: &RepoId, subject: &Digest) -> String {
    format!("{}{subject}:", within(repo, "referrer"))
}

pub(crate) fn referrer(repo: &RepoId, subject: &Digest, digest: &Digest) -> String {
    referrers(repo, subject) + digest.as_str()
}

/// When images were pulled.
pub(crate) fn pulls(repo: &RepoId) -> String {
    within(repo, "pull")
}

pub(crate) fn pull(repo: &RepoId, digest: &Digest) -> String {
    pulls(repo) + digest.as_str()
}

/// How the copies of images in other registries are.
pub(crate) fn replications(repo: &RepoId) -> String {
    within(repo, "replication")
}

/// Uploads to peers that are under way.
pub(crate) fn replication_uploads(repo: &RepoId) -> String {
    within(repo, "replication-upload")
}

pub(crate) fn backfills(registry: &RegistryId) -> String {
    format!("{}/backfill/", base(registry))
}

pub(crate) fn backfill(registry: &RegistryId, id: &str) -> String {
    backfills(registry) + id
}

/// The regions that a backfill goes to.
pub(crate) fn backfills_active(registry: &RegistryId) -> String {
    format!("{}/backfill-active/", base(registry))
}

/// Written by every start of a backfill, so that they are counted one after another.
pub(crate) fn backfill_guard(registry: &RegistryId) -> String {
    format!("{}/backfill-guard", base(registry))
}

pub(crate) fn backfill_results(registry: &RegistryId, id: &str) -> String {
    format!("{}/backfill-result/{id}:", base(registry))
}

/// Lifecycle policies, of all registries in one range: somebody must go through them.
pub(crate) const LIFECYCLES: &str = "/aws/ecr-lifecycle/";

pub(crate) fn lifecycle(repo: &RepoId) -> String {
    format!("{LIFECYCLES}{repo}")
}

pub(crate) fn preview(repo: &RepoId) -> String {
    within(repo, "lifecycle-preview")
}

pub(crate) fn preview_results(repo: &RepoId) -> String {
    within(repo, "lifecycle-result")
}

pub(crate) fn preview_result(repo: &RepoId, preview: &str, chunk: usize) -> String {
    format!("{}{preview}:{chunk:06}", preview_results(repo))
}

pub(crate) fn all_parents(repo: &RepoId) -> String {
    within(repo, "parent")
}

/// An image's scans, one for each scan type.
pub(crate) fn scans(repo: &RepoId, digest: &Digest) -> String {
    format!("{}{digest}:", within(repo, "scan"))
}

pub(crate) fn scan_findings(repo: &RepoId, digest: &Digest) -> String {
    format!("{}{digest}:", within(repo, "scan-finding"))
}

/// Images to scan again once there are newer advisories, of all registries in one range.
pub(crate) const RESCAN: &str = "/aws/ecr-rescan/";

pub(crate) fn rescans(repo: &RepoId) -> String {
    format!("{RESCAN}{repo}:")
}

pub(crate) fn rescan(repo: &RepoId, digest: &Digest) -> String {
    rescans(repo) + digest.as_str()
}

/// The indexes that name an image.
pub(crate) fn parents(repo: &RepoId, child: &Digest) -> String {
    format!("{}{child}:", within(repo, "parent"))
}

pub(crate) fn parent(repo: &RepoId, child: &Digest, index: &Digest) -> String {
    parents(repo, child) + index.as_str()
}

/// What knows blobs by their digests, over all registries: bytes are shared by everybody.
const BLOBS: &str = "/aws/blobs";
/// Characters of a digest that stand for it where nearly unique is enough: a namesake only keeps bytes.
const SHORT: usize = "sha256:".len() + 32;

pub(crate) fn short(digest: &Digest) -> &str {
    digest.as_str().get(..SHORT).unwrap_or(digest.as_str())
}

/// Every image, anywhere, that needs a blob; its own manifest is one of them.
pub(crate) fn uses(blob: &Digest) -> String {
    format!("{BLOBS}/use/{}:", short(blob))
}

pub(crate) fn uses_within(blob: &Digest, repo: &RepoId) -> String {
    format!("{}{repo}:", uses(blob))
}

pub(crate) fn use_by(blob: &Digest, repo: &RepoId, image: &Digest) -> String {
    uses_within(blob, repo) + short(image)
}

/// Repositories whose hold on a blob is to be looked at; see [`crate::collect`].
pub(crate) const IDLE: &str = "/aws/blobs/idle/";

pub(crate) fn idle_of(blob: &Digest) -> String {
    format!("{IDLE}{blob}:")
}

/// Without a repository: bytes that were found and that nothing knew of.
pub(crate) fn idle(blob: &Digest, repo: Option<&RepoId>) -> String {
    repo.map_or_else(|| idle_of(blob) + "-", |repo| format!("{}{repo}", idle_of(blob)))
}

/// Blobs whose bytes are being deleted this moment.
pub(crate) const CONDEMNED: &str = "/aws/blobs/condemned/";

pub(crate) fn condemned(blob: &Digest) -> String {
    format!("{CONDEMNED}{blob}")
}

/// Held by the one server that collects.
pub(crate) const COLLECTOR: &str = "/aws/blobs/collector";

/// The ranges that hold everything inside a repository.
pub(crate) fn contents(repo: &RepoId) -> Vec<String> {
    const KINDS: &[&str] = &[
        "image",
        "tag",
        "image-tag",
        "blob",
        "referrer",
        "parent",
        "small-part",
        "pull",
        "lifecycle-preview",
        "lifecycle-result",
        "replication",
        "replication-upload",
        "scan",
        "scan-finding",
    ];
    KINDS.iter().map(|kind| within(repo, kind)).chain([rescans(repo)]).collect()
}
