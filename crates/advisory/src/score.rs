//! CVSS base scores from their vectors.

use std::str::FromStr;

/// A vector and what it comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct CvssScore {
    /// `2.0`, `3.0`, `3.1` or `4.0`.
    pub version: &'static str,
    pub vector: String,
    /// 0.0 to 10.0.
    pub base: f64,
}

/// `None` if the vector cannot be read, or lacks a base metric.
pub fn score(vector: &str) -> Option<CvssScore> {
    let text = vector.trim().trim_start_matches('(').trim_end_matches(')');
    let metrics: Vec<&str> = text.split('/').filter_map(|part| Some(part.split_once(':')?.0)).collect();
    let complete = |needed: &[&str]| needed.iter().all(|metric| metrics.contains(metric));
    const V2: &[&str] = &["AV", "AC", "Au", "C", "I", "A"];
    const V3: &[&str] = &["AV", "AC", "PR", "UI", "S", "C", "I", "A"];
    const V4: &[&str] = &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];
    let (version, base) = match text.split('/').next()? {
        "CVSS:4.0" if complete(V4) => ("4.0", cvss::v4::Vector::from_str(text).ok()?.score().value()),
        "CVSS:3.1" if complete(V3) => ("3.1", cvss::v3::Vector::from_str(text).ok()?.score().value()),
        "CVSS:3.0" if complete(V3) => ("3.0", cvss::v3::Vector::from_str(text).ok()?.score().value()),
        first if first.starts_with("AV:") && complete(V2) => {
            ("2.0", cvss::v2::Vector::from_str(text).ok()?.score().value())
        }
        _ => return None,
    };
    let base = (base * 10.0).round() / 10.0;
    (0.0..=10.0).contains(&base).then(|| CvssScore { version, vector: text.to_owned(), base })
}

/// The score to go by: version 3.1, or else 3.0, 4.0, 2.0, in the order that ECR has them in.
pub fn best_score<'a>(vectors: impl IntoIterator<Item = &'a String>) -> Option<CvssScore> {
    const ORDER: [&str; 4] = ["3.1", "3.0", "4.0", "2.0"];
    let rank = |s: &CvssScore| ORDER.iter().position(|v| *v == s.version);
    vectors.into_iter().filter_map(|v| score(v)).min_by_key(rank)
}
