//! The registry's scanning configuration: which images are scanned, when, and how.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html>

use serde::{Deserialize, Serialize};

use crate::settings::setting;
use crate::{Error, Registry, RegistryId, Result, tag_filter_matches};

/// ECR's `ScanType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanType {
    /// The operating system's packages; on push or by hand.
    #[default]
    Basic,
    /// Also languages' packages; on push or continuously.
    Enhanced,
}

impl ScanType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::Enhanced => "ENHANCED",
        }
    }
}

/// ECR's `ScanFrequency`, from the most eager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanFrequency {
    ContinuousScan,
    ScanOnPush,
    Manual,
}

impl ScanFrequency {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContinuousScan => "CONTINUOUS_SCAN",
            Self::ScanOnPush => "SCAN_ON_PUSH",
            Self::Manual => "MANUAL",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanningFilter {
    /// `*` stands for any characters.
    pub filter: String,
    /// `WILDCARD`
    pub filter_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanningRule {
    pub scan_frequency: ScanFrequency,
    pub repository_filters: Vec<ScanningFilter>,
}

/// ECR's `RegistryScanningConfiguration`, as the API keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScanningConfiguration {
    pub scan_type: ScanType,
    pub rules: Vec<ScanningRule>,
}

impl ScanningConfiguration {
    /// When images of a repository are scanned, and the filters that say so: the most eager rule that fits.
    /// Without one, basic scanning goes by what the repository itself asks for, enhanced scanning is off.
    pub fn frequency(&self, repository: &str, scan_on_push: bool) -> (ScanFrequency, Vec<&ScanningFilter>) {
        let fitting = |rule: &'_ ScanningRule| rule.repository_filters.iter().any(|f| fits(f, repository));
        let rule = self.rules.iter().filter(|rule| fitting(rule)).min_by_key(|rule| rule.scan_frequency);
        match rule {
            Some(rule) => {
                let filters = rule.repository_filters.iter().filter(|f| fits(f, repository)).collect();
                (rule.scan_frequency, filters)
            }
            None if scan_on_push && self.scan_type == ScanType::Basic => (ScanFrequency::ScanOnPush, Vec::new()),
            None => (ScanFrequency::Manual, Vec::new()),
        }
    }
}

fn fits(filter: &ScanningFilter, repository: &str) -> bool {
    tag_filter_matches(&filter.filter, repository)
}

impl Registry {
    /// What is set, or basic scanning without rules.
    pub async fn scanning_configuration(&self, registry: &RegistryId) -> Result<ScanningConfiguration> {
        let text = self.setting(registry, setting::SCANNING).await?;
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|e| Error::Internal(format!("the scanning configuration: {e}")))
        };
        text.map_or_else(|| Ok(ScanningConfiguration::default()), read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(scan_type: &str) -> ScanningConfiguration {
        let text = format!(
            r#"{{"scanType":"{scan_type}","rules":[
              {{"scanFrequency":"SCAN_ON_PUSH","repositoryFilters":[{{"filter":"*","filterType":"WILDCARD"}}]}},
              {{"scanFrequency":"CONTINUOUS_SCAN","repositoryFilters":[{{"filter":"prod-*","filterType":"WILDCARD"}}]}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_most_eager_rule_decides() {
        let enhanced = configuration("ENHANCED");
        assert_eq!(enhanced.frequency("prod-web", false).0, ScanFrequency::ContinuousScan);
        assert_eq!(enhanced.frequency("web", false).0, ScanFrequency::ScanOnPush);
        assert_eq!(enhanced.frequency("web", false).1.len(), 1);
        let none = ScanningConfiguration::default();
        assert_eq!(none.frequency("web", true).0, ScanFrequency::ScanOnPush);
        assert_eq!(none.frequency("web", false).0, ScanFrequency::Manual);
        let off = ScanningConfiguration { scan_type: ScanType::Enhanced, rules: Vec::new() };
        assert_eq!(off.frequency("web", true).0, ScanFrequency::Manual, "enhanced scanning knows only filters");
    }
}
