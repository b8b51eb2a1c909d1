//! A container registry that speaks OCI Distribution 1.1 and keeps ECR's rules.
//!
//! Bytes lie in [`gantry_blobs`], what they mean in [`gantry_store`]. What always holds: a manifest
//! that can be read by tag or digest was durable before it was acknowledged, and every blob it names
//! was in its repository then; a push changes image, tag and referrers in one transaction; no request
//! takes a lock that another repository, or another image of the same one, waits for; nothing here
//! costs more as a repository grows.
//!
//! Manifests are blobs too, with a small cache before them, because a manifest may have 4 MiB where a
//! store value may have 1.5, and because the embedded store holds all its values in memory.
//!
//! [`Registry::handle`] is the wire; [`Registry::resolve`] and [`Registry::open_blob`] are the same
//! for callers in this process, which have done their own authorisation.
#![forbid(unsafe_code)]

mod access;
mod backfill;
mod body;
mod cache;
mod cache_rules;
mod catalog;
mod collect;
mod error;
mod events;
mod host;
mod housekeeping;
mod images;
mod keys;
mod lifecycle;
mod manifest;
mod names;
pub mod queue;
mod records;
mod registry;
mod replicas;
mod replication;
mod route;
mod scanning;
mod scans;
mod scope;
mod scrub;
mod settings;
mod storage_class;
mod templates;
mod upstream;
mod wire;

pub use access::{Access, AccessError, IssuedToken, Peer, Principal};
pub use backfill::{
    BACKFILL_KEPT_MS, BACKFILLS, BackfillProgress, BackfillRecord, BackfillResult, BackfillStart, BackfillStatus,
    BackfillStop, MAX_BACKFILLS, QueuedBackfill,
};
pub use body::RegistryBody;
pub use cache_rules::{CacheRule, MAX_CACHE_RULES, MatchedRule};
pub use catalog::{Page, RepositoryDelete};
pub use collect::Collected;
pub use error::{Error, OciCode, Result};
pub use host::{LocalImage, RegistryHost, RegistryNames, resolve_image_ref};
pub use housekeeping::Housekeeping;
pub use images::{DeletedImage, ImageEntry, NewImage, PutImage, ReferrerRecord};
pub use lifecycle::{Action, LifecyclePolicy, LifecycleRecord, LifecycleRun, PreviewRecord, PreviewResult};
pub use manifest::{Manifest, MediaType};
pub use names::{Reference, RegistryId, RepoId, is_repository_name, is_tag};
pub use records::{EncryptionRecord, ImageRecord, Mutability, RepositoryRecord, tag_filter_matches};
pub use registry::{Found, Registry, ResolvedManifest, limits};
pub use replicas::Original;
pub use replication::{
    DeleteReplication, PrefixFilter, QueuedDelete, REPLICATE_DELETE, REPLICATION, REPLICATION_SOURCE,
    ReplicationDestination, ReplicationRecord, ReplicationRule, ReplicationRules, ReplicationStatus,
};
pub use route::{Endpoint, ROUTES, Route, RouteRule};
pub use scanning::{ScanFrequency, ScanType, ScanningConfiguration, ScanningFilter, ScanningRule};
pub use scans::{Finding, FindingCvss, FindingPackage, Outdated, ScanRecord, ScanStatus};
pub use scope::Scope;
pub use scrub::Scrubbed;
pub use settings::setting;
pub use templates::{CREATE_ON_PUSH, PULL_THROUGH_CACHE, ROOT, TemplateRecord};
pub use upstream::{CredentialFault, Permit, REFRESH_MS, Upstream, UpstreamFault};
pub use wire::Wire;
