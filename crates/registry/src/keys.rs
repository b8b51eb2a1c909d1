//! Where records lie: `/aws/<account>/<region>/ecr/<kind>/<repository>[:<id>…]`.
//!
//! Repository names hold slashes but never a colon, so a colon ends them: a repository's own keys are
//! one range, and `app` is not a prefix of `app/web`'s.

use gantry_blobs::Digest;

use crate::{RegistryId, RepoId};

fn base(registry: &RegistryId) -> String {
    format!("/aws/{}/{}/ecr", registry.account, registry.region)
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

pub(crate) fn blob(repo: &RepoId, digest: &Digest) -> String {
    within(repo, "blob") + digest.as_str()
}

pub(crate) fn referrers(repo: &RepoId, subject: &Digest) -> String {
    format!("{}{subject}:", within(repo, "referrer"))
}

pub(crate) fn referrer(repo: &RepoId, subject: &Digest, digest: &Digest) -> String {
    referrers(repo, subject) + digest.as_str()
}

/// The indexes that name an image.
pub(crate) fn parents(repo: &RepoId, child: &Digest) -> String {
    format!("{}{child}:", within(repo, "parent"))
}

pub(crate) fn parent(repo: &RepoId, child: &Digest, index: &Digest) -> String {
    parents(repo, child) + index.as_str()
}

/// The ranges that hold everything inside a repository.
pub(crate) fn contents(repo: &RepoId) -> Vec<String> {
    ["image", "tag", "image-tag", "blob", "referrer", "parent"].iter().map(|kind| within(repo, kind)).collect()
}
