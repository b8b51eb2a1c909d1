//! Managed signing: the registry's rules, and what became of each image.
//!
//! ECR has AWS Signer sign what is pushed. There is no signer here, so nothing is signed by itself and
//! the status says so; an image that carries a Notary Project signature by a rule's profile, made by a
//! client and attached as a referrer, is COMPLETE. That is read from the signature itself, whose maker
//! wrote the profile into it; whether it verifies is for who runs the image to check.

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_base::Timestamp;
use gantry_blobs::Digest;
use gantry_registry::{ImageRecord, Reference, RegistryId, RepoId, tag_filter_matches};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::api::EcrApi;
use crate::errors::aws;
use crate::listing::located;

const SETTING: &str = "signing";
/// <https://github.com/notaryproject/specifications/blob/v1.1.0/specs/signature-specification.md>
const SIGNATURE: &str = "application/vnd.cncf.notary.signature";
/// A JSON Web Signature; the other envelope, COSE, is CBOR, in which texts stand as they are.
const JWS: &str = "application/jose+json";
/// Bytes of a signature's envelope that is looked at.
const MAX_ENVELOPE: usize = 1024 * 1024;
/// Signatures of one image that are looked at.
const MAX_SIGNATURES: usize = 50;
const NO_SIGNER: (&str, &str) = (
    "SignerUnavailable",
    "AWS Signer is not available to this registry. Sign the image with a Notary Project client and attach the signature to it.",
);

/// The configuration as it was put, and since when each rule has held: what was pushed before is not
/// signed.
#[derive(Serialize, Deserialize)]
struct SigningRecord {
    configuration: ecr::SigningConfiguration,
    since: Vec<Timestamp>,
}

fn server(e: &serde_json::Error) -> AwsError {
    errors::server_exception(format!("failed to read or write a signing configuration: {e}"))
}

fn none(registry: &RegistryId) -> AwsError {
    errors::signing_configuration_not_found_exception(format!(
        "Signing configuration does not exist in the registry with id '{}'",
        registry.account
    ))
}

fn read(text: &str) -> Result<SigningRecord, AwsError> {
    serde_json::from_str(text).map_err(|e| server(&e))
}

async fn kept(api: &EcrApi, registry: &RegistryId) -> Result<Option<SigningRecord>, AwsError> {
    api.registry.setting(registry, SETTING).await.map_err(aws)?.map(|text| read(&text)).transpose()
}

pub(crate) async fn put_signing_configuration(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutSigningConfigurationRequest,
) -> Result<ecr::PutSigningConfigurationResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let configuration = input.signing_configuration;
    let before = kept(api, &registry).await?;
    let before: Vec<_> = before.map(|b| b.configuration.rules.into_iter().zip(b.since).collect()).unwrap_or_default();
    let now = api.clock.now();
    // A rule that stays as it was has held since it came.
    let since = |rule: &ecr::SigningRule| before.iter().find(|(old, _)| old == rule).map_or(now, |(_, since)| *since);
    let since = configuration.rules.iter().map(since).collect();
    let record = SigningRecord { configuration, since };
    let text = serde_json::to_string(&record).map_err(|e| server(&e))?;
    api.registry.set_setting(&registry, SETTING, Some(&text)).await.map_err(aws)?;
    Ok(ecr::PutSigningConfigurationResponse { signing_configuration: Some(record.configuration) })
}

pub(crate) async fn get_signing_configuration(
    api: &EcrApi,
    context: &Context,
    _: ecr::GetSigningConfigurationRequest,
) -> Result<ecr::GetSigningConfigurationResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let record = kept(api, &registry).await?.ok_or_else(|| none(&registry))?;
    Ok(ecr::GetSigningConfigurationResponse {
        registry_id: Some(registry.account.to_string()),
        signing_configuration: Some(record.configuration),
    })
}

pub(crate) async fn delete_signing_configuration(
    api: &EcrApi,
    context: &Context,
    _: ecr::DeleteSigningConfigurationRequest,
) -> Result<ecr::DeleteSigningConfigurationResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let before = api.registry.set_setting(&registry, SETTING, None).await.map_err(aws)?;
    let record = read(&before.ok_or_else(|| none(&registry))?)?;
    Ok(ecr::DeleteSigningConfigurationResponse {
        registry_id: Some(registry.account.to_string()),
        signing_configuration: Some(record.configuration),
    })
}

pub(crate) async fn describe_image_signing_status(
    api: &EcrApi,
    context: &Context,
    input: ecr::DescribeImageSigningStatusRequest,
) -> Result<ecr::DescribeImageSigningStatusResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    let (digest, record) = located(api, &repo, &input.image_id).await?;
    let profiles = match kept(api, &repo.registry).await? {
        Some(signing) => wanted_profiles(&signing, &repo, &record),
        None => Vec::new(),
    };
    let mut statuses = Vec::with_capacity(profiles.len());
    if !profiles.is_empty() {
        let signatures = signatures(api, &repo, &digest).await?;
        for profile in profiles {
            let signed = signatures.iter().any(|envelope| names_profile(envelope, &profile));
            statuses.push(status(profile, signed));
        }
    }
    Ok(ecr::DescribeImageSigningStatusResponse {
        repository_name: Some(repo.name),
        image_id: Some(ecr::ImageIdentifier {
            image_digest: Some(digest.to_string()),
            image_tag: input.image_id.image_tag,
        }),
        registry_id: Some(repo.registry.account.to_string()),
        signing_statuses: Some(statuses),
    })
}

/// The profiles of the rules that were there when the image was pushed, each once. Signatures are not
/// signed themselves.
fn wanted_profiles(signing: &SigningRecord, repo: &RepoId, image: &ImageRecord) -> Vec<String> {
    let mut profiles = Vec::new();
    if image.artifact_type.as_deref() == Some(SIGNATURE) {
        return profiles;
    }
    for (rule, since) in signing.configuration.rules.iter().zip(&signing.since) {
        let fits = match &rule.repository_filters {
            Some(filters) => filters.iter().any(|f| tag_filter_matches(&f.filter, &repo.name)),
            None => true,
        };
        if fits && image.pushed_at >= *since && !profiles.contains(&rule.signing_profile_arn) {
            profiles.push(rule.signing_profile_arn.clone());
        }
    }
    profiles
}

fn status(profile: String, signed: bool) -> ecr::ImageSigningStatus {
    let (code, reason) = NO_SIGNER;
    ecr::ImageSigningStatus {
        signing_profile_arn: Some(profile),
        failure_code: (!signed).then(|| code.to_owned()),
        failure_reason: (!signed).then(|| reason.to_owned()),
        status: Some(if signed { "COMPLETE" } else { "FAILED" }.to_owned()),
    }
}

/// A signature's envelope, in which the profile's name is to be looked for.
struct Envelope(Vec<u8>);

/// The envelopes of the signatures attached to an image; one that cannot be read is as none.
async fn signatures(api: &EcrApi, repo: &RepoId, subject: &Digest) -> Result<Vec<Envelope>, AwsError> {
    let page = api.registry.referrers(repo, subject, None, MAX_SIGNATURES).await.map_err(aws)?;
    let mut found = Vec::new();
    for referrer in page.items.into_iter().filter(|r| r.artifact_type.as_deref() == Some(SIGNATURE)) {
        let reference = Reference::Digest(referrer.digest);
        // Gone since the page was read, or no image manifest at all.
        let Ok(manifest) = api.registry.peek(repo, &reference).await else { continue };
        let Ok(document) = serde_json::from_slice::<Value>(&manifest.bytes) else { continue };
        let layer = &document["layers"][0];
        let Some(digest) = layer["digest"].as_str().and_then(|d| d.parse::<Digest>().ok()) else { continue };
        let size = api.registry.blob_size(repo, &digest).await.unwrap_or(u64::MAX);
        if size > MAX_ENVELOPE as u64 {
            continue;
        }
        let reader = api.registry.open_blob(repo, &digest, 0..size).await.map_err(aws)?;
        let bytes = reader
            .read_to_end(MAX_ENVELOPE)
            .await
            .map_err(|e| errors::server_exception(format!("failed to read signature {digest}: {e}")))?;
        if layer["mediaType"] == JWS {
            found.extend(protected(&bytes).map(Envelope));
        } else {
            found.push(Envelope(bytes.to_vec()));
        }
    }
    Ok(found)
}

/// The part of a JSON Web Signature that is signed besides the payload (RFC 7515, section 7.2.2).
fn protected(jws: &[u8]) -> Option<Vec<u8>> {
    let document: Value = serde_json::from_slice(jws).ok()?;
    URL_SAFE_NO_PAD.decode(document["protected"].as_str()?).ok()
}

/// AWS Signer writes `com.amazonaws.signer.signingProfileVersion`, the profile's ARN with its version after
/// a slash, among what it signs.
fn names_profile(envelope: &Envelope, profile: &str) -> bool {
    let wanted = format!("{profile}/");
    envelope.0.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_read_from_what_is_signed() {
        let profile = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/Mine";
        let header = format!(r#"{{"com.amazonaws.signer.signingProfileVersion":"{profile}/abc"}}"#);
        let jws = format!(r#"{{"payload":"","protected":"{}","signature":""}}"#, URL_SAFE_NO_PAD.encode(&header));
        let envelope = Envelope(protected(jws.as_bytes()).unwrap());
        assert!(names_profile(&envelope, profile));
        assert!(!names_profile(&envelope, &profile[..profile.len() - 1]), "another profile's beginning");
        assert!(names_profile(&Envelope([b"\xa1\x78\x40", format!("{profile}/abc").as_bytes()].concat()), profile));
        for bad in ["", "{}", r#"{"protected":"*"}"#, r#"{"protected":1}"#] {
            assert!(protected(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(!names_profile(&Envelope(Vec::new()), profile));
    }
}
