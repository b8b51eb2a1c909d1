//! Scans of images: starting them and showing what they found. The scanner does them; see
//! [`gantry_registry::ScanRecord`].

use std::collections::BTreeMap;

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_blobs::Digest;
use gantry_registry::{
    Finding, FindingCvss, FindingPackage, ImageEntry, ImageRecord, MediaType, RepoId, ScanFrequency, ScanRecord,
    ScanStatus, ScanType,
};
use gantry_store::Versioned;

use crate::api::EcrApi;
use crate::errors::aws;
use crate::listing::located;

/// Findings in a page where the request does not say.
const DEFAULT_PAGE: usize = 100;
/// An image may be scanned once in so long.
const SCAN_GRAIN_MS: i64 = 24 * 3600 * 1000;
/// How often a scan is asked for anew because the record changed in between.
const MAX_TRIES: usize = 16;

const ARCHIVED: &str = "The image is archived. Restore it before you scan it.";

/// How a repository's images are scanned.
pub(crate) struct Scanning {
    scan_type: ScanType,
    frequency: ScanFrequency,
}

impl Scanning {
    pub(crate) async fn of(api: &EcrApi, repo: &RepoId) -> Result<Self, AwsError> {
        let record = api.registry.repository(repo).await.map_err(aws)?.value;
        let configuration = api.registry.scanning_configuration(&repo.registry).await.map_err(aws)?;
        let (frequency, _) = configuration.frequency(&repo.name, record.scan_on_push);
        Ok(Self { scan_type: configuration.scan_type, frequency })
    }

    async fn record(
        &self,
        api: &EcrApi,
        repo: &RepoId,
        digest: &Digest,
    ) -> Result<Option<Versioned<ScanRecord>>, AwsError> {
        api.registry.scan(repo, digest, self.scan_type).await.map_err(aws)
    }

    /// `None`: the image was not scanned and is not going to be.
    async fn status(
        &self,
        api: &EcrApi,
        repo: &RepoId,
        (digest, image): (&Digest, &ImageRecord),
        record: Option<&ScanRecord>,
    ) -> Result<Option<ecr::ImageScanStatus>, AwsError> {
        if image.archived {
            return Ok(record.map(|_| shown(ScanStatus::ImageArchived, ARCHIVED)));
        }
        if let Some(record) = record {
            return Ok(Some(shown(record.status, &record.description)));
        }
        let wanted = self.frequency != ScanFrequency::Manual && image.subject.is_none();
        if !wanted || !api.registry.is_scan_queued(repo, digest).await.map_err(aws)? {
            return Ok(None);
        }
        Ok(Some(match self.scan_type {
            ScanType::Basic => shown(ScanStatus::InProgress, ""),
            ScanType::Enhanced => shown(ScanStatus::Pending, "The image is waiting to be scanned."),
        }))
    }

    /// What DescribeImages shows of it.
    pub(crate) async fn summary(
        &self,
        api: &EcrApi,
        repo: &RepoId,
        entry: &ImageEntry,
    ) -> Result<(Option<ecr::ImageScanStatus>, Option<ecr::ImageScanFindingsSummary>), AwsError> {
        let record = self.record(api, repo, &entry.digest).await?.map(|r| r.value);
        let status = self.status(api, repo, (&entry.digest, &entry.record), record.as_ref()).await?;
        let found = record.filter(|r| r.status.has_findings() && !entry.record.archived);
        let summary = found.map(|record| ecr::ImageScanFindingsSummary {
            image_scan_completed_at: record.completed_at,
            vulnerability_source_updated_at: record.source_updated_at,
            finding_severity_counts: Some(counts(&record)),
        });
        Ok((status, summary))
    }
}

fn shown(status: ScanStatus, description: &str) -> ecr::ImageScanStatus {
    let description = (!description.is_empty()).then(|| description.to_owned());
    ecr::ImageScanStatus { status: Some(status.as_str().to_owned()), description }
}

fn counts(record: &ScanRecord) -> BTreeMap<String, i32> {
    record.counts.iter().map(|(severity, n)| (severity.clone(), i32::try_from(*n).unwrap_or(i32::MAX))).collect()
}

/// Both names of the image, whichever was asked by.
fn named(digest: &Digest, id: &ecr::ImageIdentifier) -> ecr::ImageIdentifier {
    ecr::ImageIdentifier { image_digest: Some(digest.to_string()), image_tag: id.image_tag.clone() }
}

pub(crate) async fn start_image_scan(
    api: &EcrApi,
    context: &Context,
    input: ecr::StartImageScanRequest,
) -> Result<ecr::StartImageScanResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let scanning = Scanning::of(api, &repo).await?;
    let (digest, image) = located(api, &repo, &input.image_id).await?;
    if scanning.scan_type == ScanType::Enhanced {
        return Err(errors::validation_exception("This feature is disabled"));
    }
    if image.archived {
        return Err(errors::image_archived_exception(ARCHIVED));
    }
    if MediaType::from_name(&image.media_type).is_some_and(MediaType::is_index) {
        return Err(errors::unsupported_image_type_exception(format!(
            "The image with digest '{digest}' is of type '{}', which is not supported for scanning. Scan the images that it names.",
            image.media_type
        )));
    }
    for _ in 0..MAX_TRIES {
        let seen = scanning.record(api, &repo, &digest).await?;
        let now = api.clock.now();
        let spent = |record: &ScanRecord| match record.status {
            ScanStatus::InProgress => true,
            // One that came to nothing may be tried again.
            status => status.has_findings() && now.since_ms(record.requested_at) < SCAN_GRAIN_MS,
        };
        if seen.as_ref().is_some_and(|s| spent(&s.value)) {
            return Err(errors::limit_exceeded_exception(
                "The scan quota per image has been exceeded. Wait and try again.",
            ));
        }
        let begun = api.registry.request_scan(&repo, &digest, scanning.scan_type, seen.as_ref()).await.map_err(aws)?;
        if begun {
            return Ok(ecr::StartImageScanResponse {
                registry_id: Some(repo.registry.account.to_string()),
                repository_name: Some(repo.name),
                image_id: Some(named(&digest, &input.image_id)),
                image_scan_status: Some(shown(ScanStatus::InProgress, "")),
            });
        }
        // The image may be gone: then that is the answer.
        located(api, &repo, &input.image_id).await?;
    }
    Err(errors::limit_exceeded_exception("The operation conflicted with too many others at the same time. Try again."))
}

pub(crate) async fn describe_image_scan_findings(
    api: &EcrApi,
    context: &Context,
    input: ecr::DescribeImageScanFindingsRequest,
) -> Result<ecr::DescribeImageScanFindingsResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let scanning = Scanning::of(api, &repo).await?;
    let (digest, image) = located(api, &repo, &input.image_id).await?;
    let record = scanning.record(api, &repo, &digest).await?.map(|r| r.value);
    let status = scanning.status(api, &repo, (&digest, &image), record.as_ref()).await?;
    let Some(status) = status else {
        return Err(errors::scan_not_found_exception(format!(
            "Image scan does not exist for the image with '{{imageDigest:'{digest}', imageTag:'{}'}}' in the repository with name '{}' in the registry with id '{}'",
            input.image_id.image_tag.as_deref().unwrap_or("null"),
            repo.name,
            repo.registry.account
        )));
    };
    let (mut findings, mut next_token) = (None, None);
    if let Some(record) = record.filter(|r| r.status.has_findings() && !image.archived) {
        // A page of another scan would not go on where the last one ended.
        let scope = format!("{repo}:{digest} {}", record.id());
        let from = api.open_page("DescribeImageScanFindings", &scope, input.next_token.as_ref())?;
        let from = from.and_then(|at| at.parse::<usize>().ok()).unwrap_or(0);
        let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
        let found = api.registry.findings(&repo, &digest, scanning.scan_type, &record, from, limit);
        let found = found.await.map_err(aws)?;
        let next = from + found.len();
        next_token = api.seal_page(
            "DescribeImageScanFindings",
            &scope,
            (!found.is_empty() && next < record.total()).then(|| next.to_string()),
        );
        let tags = match scanning.scan_type {
            ScanType::Enhanced => api.registry.image_tags(&repo, &digest).await.map_err(aws)?,
            ScanType::Basic => Vec::new(),
        };
        let subject = Subject { repo: &repo, digest: &digest, image: &image, tags };
        findings = Some(match scanning.scan_type {
            ScanType::Basic => {
                ecr::ImageScanFindings { findings: Some(found.into_iter().map(basic).collect()), ..outline(&record) }
            }
            ScanType::Enhanced => ecr::ImageScanFindings {
                enhanced_findings: Some(found.into_iter().map(|f| enhanced(&subject, f)).collect()),
                ..outline(&record)
            },
        });
    }
    Ok(ecr::DescribeImageScanFindingsResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        image_id: Some(named(&digest, &input.image_id)),
        image_scan_status: Some(status),
        image_scan_findings: findings,
        next_token,
    })
}

fn outline(record: &ScanRecord) -> ecr::ImageScanFindings {
    ecr::ImageScanFindings {
        image_scan_completed_at: record.completed_at,
        vulnerability_source_updated_at: record.source_updated_at,
        finding_severity_counts: Some(counts(record)),
        findings: None,
        enhanced_findings: None,
    }
}

fn attribute(key: impl Into<String>, value: impl Into<String>) -> ecr::Attribute {
    ecr::Attribute { key: key.into(), value: Some(value.into()) }
}

fn basic(finding: Finding) -> ecr::ImageScanFinding {
    let mut attributes = Vec::new();
    if let Some(package) = finding.packages.first() {
        attributes.push(attribute("package_version", &package.version));
        attributes.push(attribute("package_name", &package.name));
    }
    let mut versions = Vec::new();
    for cvss in &finding.cvss {
        // One vector of each version, the one that counts first.
        let major = cvss.version.split('.').next().unwrap_or_default();
        if !versions.contains(&major) {
            versions.push(major);
            attributes.push(attribute(format!("CVSS{major}_VECTOR"), &cvss.vector));
            attributes.push(attribute(format!("CVSS{major}_SCORE"), format!("{:.1}", cvss.base)));
        }
    }
    ecr::ImageScanFinding {
        name: Some(finding.name),
        description: Some(finding.description).filter(|text| !text.is_empty()),
        uri: Some(finding.uri).filter(|text| !text.is_empty()),
        severity: Some(finding.severity),
        attributes: Some(attributes),
    }
}

/// The image that findings are about.
struct Subject<'a> {
    repo: &'a RepoId,
    digest: &'a Digest,
    image: &'a ImageRecord,
    tags: Vec<String>,
}

impl Subject<'_> {
    fn resource(&self) -> ecr::Resource {
        let details = ecr::AwsEcrContainerImageDetails {
            architecture: None,
            author: None,
            image_hash: Some(self.digest.to_string()),
            image_tags: Some(self.tags.clone()),
            platform: None,
            pushed_at: Some(self.image.pushed_at),
            last_in_use_at: None,
            in_use_count: None,
            registry: Some(self.repo.registry.account.to_string()),
            repository_name: Some(self.repo.name.clone()),
        };
        ecr::Resource {
            details: Some(ecr::ResourceDetails { aws_ecr_container_image: Some(details) }),
            id: Some(format!("{}/{}", self.repo.arn(), self.digest)),
            tags: None,
            r#type: Some("AWS_ECR_CONTAINER_IMAGE".to_owned()),
        }
    }

    /// Stays the same from scan to scan.
    fn finding_arn(&self, name: &str) -> String {
        let key = Digest::sha256(format!("{}\n{}\n{name}", self.repo, self.digest).as_bytes());
        let hex = key.as_str().rsplit(':').next().unwrap_or_default();
        let (account, region) = (&self.repo.registry.account, &self.repo.registry.region);
        format!("arn:aws:inspector2:{region}:{account}:finding/{:.32}", hex)
    }
}

fn enhanced(subject: &Subject<'_>, finding: Finding) -> ecr::EnhancedImageScanFinding {
    let fixed = finding.packages.iter().filter(|p| p.fixed_in.is_some()).count();
    let fix_available = match fixed {
        0 => "NO",
        n if n == finding.packages.len() => "YES",
        _ => "PARTIAL",
    };
    let names: Vec<&str> = finding.packages.iter().map(|p| p.name.as_str()).take(3).collect();
    let best = finding.cvss.first();
    let score_details = best.map(|cvss| ecr::ScoreDetails {
        cvss: Some(ecr::CvssScoreDetails {
            adjustments: Some(Vec::new()),
            score: Some(cvss.base),
            score_source: Some(cvss.source.clone()),
            scoring_vector: Some(cvss.vector.clone()),
            version: Some(cvss.version.clone()),
        }),
    });
    let recommendation = match fixed {
        0 => finding.vendor_status.as_ref().map_or_else(
            || "None Provided".to_owned(),
            |status| format!("There is no fixed version yet. The vendor's status is: {status}"),
        ),
        _ => "Update the packages to the versions that fix it.".to_owned(),
    };
    ecr::EnhancedImageScanFinding {
        aws_account_id: Some(subject.repo.registry.account.to_string()),
        description: Some(finding.description.clone()),
        finding_arn: Some(subject.finding_arn(&finding.name)),
        first_observed_at: Some(finding.first_observed_at),
        last_observed_at: Some(finding.last_observed_at),
        remediation: Some(ecr::Remediation {
            recommendation: Some(ecr::Recommendation { url: None, text: Some(recommendation) }),
        }),
        resources: Some(vec![subject.resource()]),
        score: best.map(|cvss| cvss.base),
        score_details,
        severity: Some(finding.severity.clone()),
        status: Some("ACTIVE".to_owned()),
        title: Some(format!("{} - {}", finding.name, names.join(", "))),
        r#type: Some("PACKAGE_VULNERABILITY".to_owned()),
        updated_at: Some(finding.last_observed_at),
        fix_available: Some(fix_available.to_owned()),
        // No source that is imported tells of exploits.
        exploit_available: None,
        package_vulnerability_details: Some(details(finding)),
    }
}

fn details(finding: Finding) -> ecr::PackageVulnerabilityDetails {
    let score = |cvss: FindingCvss| ecr::CvssScore {
        base_score: Some(cvss.base),
        scoring_vector: Some(cvss.vector),
        source: Some(cvss.source),
        version: Some(cvss.version),
    };
    ecr::PackageVulnerabilityDetails {
        cvss: Some(finding.cvss.into_iter().map(score).collect()),
        reference_urls: Some(finding.references),
        related_vulnerabilities: Some(finding.related),
        source: Some(finding.source),
        source_url: Some(finding.uri).filter(|text| !text.is_empty()),
        vendor_created_at: finding.published_at,
        vendor_severity: finding.vendor_severity,
        vendor_updated_at: finding.modified_at,
        vulnerability_id: Some(finding.name),
        vulnerable_packages: Some(finding.packages.into_iter().map(package).collect()),
    }
}

fn package(package: FindingPackage) -> ecr::VulnerablePackage {
    // Of a system's package the parts of its version are told apart.
    let os = package.manager == "OS";
    let (epoch, rest) = match package.version.split_once(':') {
        Some((epoch, rest)) if os => (epoch.parse().ok(), rest.to_owned()),
        _ => (None, package.version),
    };
    let (version, release) = match rest.rsplit_once('-') {
        Some((version, release)) if os => (version.to_owned(), Some(release.to_owned())),
        _ => (rest, None),
    };
    ecr::VulnerablePackage {
        arch: Some(package.arch).filter(|text| !text.is_empty()),
        epoch: epoch.or(os.then_some(0)),
        file_path: Some(package.file_path).filter(|text| !text.is_empty() && !os),
        name: Some(package.name),
        package_manager: Some(package.manager),
        release,
        source_layer_hash: Some(package.layer).filter(|text| !text.is_empty()),
        version: Some(version),
        fixed_in_version: Some(package.fixed_in.unwrap_or_else(|| "NotAvailable".to_owned())),
    }
}
