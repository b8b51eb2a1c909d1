//! What a policy does to a repository's images: a pure function, linear in the images but for a sort.
//!
//! By ECR's user guide, "How the lifecycle policy works": every rule looks at all images that its
//! selection fits, marked by others or not; then each image belongs to the first rule whose selection
//! fits it, and only that one may act on it. Untouched stay images that an index names, until the index
//! is gone, and images that refer to one that is there: what becomes of that becomes of them.

use std::collections::HashMap;

use gantry_base::Timestamp;
use gantry_blobs::Digest;

use super::policy::{Action, Count, LifecyclePolicy, Rule, TagSelection};
use crate::tag_filter_matches;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// An image as rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleImage {
    pub digest: Digest,
    pub tags: Vec<String>,
    pub pushed_at: Timestamp,
    pub pulled_at: Option<Timestamp>,
    /// Since when it is archived, if it is.
    pub archived_at: Option<Timestamp>,
    /// When it was last restored from the archive.
    pub activated_at: Option<Timestamp>,
    /// An index of the repository names it.
    pub in_index: bool,
    pub subject: Option<Digest>,
}

impl LifecycleImage {
    /// What counts as its push: a restored image is as young as its restoring.
    fn born(&self) -> Timestamp {
        self.activated_at.map_or(self.pushed_at, |at| at.max(self.pushed_at))
    }
}

/// What is to become of the image at `index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub index: usize,
    pub priority: u32,
    pub action: Action,
}

fn selects(rule: &Rule, image: &LifecycleImage) -> bool {
    let some_tag = |fits: &dyn Fn(&str) -> bool| image.tags.iter().any(|tag| fits(tag));
    rule.archived == image.archived_at.is_some()
        && match &rule.tags {
            TagSelection::Any => true,
            TagSelection::Untagged => image.tags.is_empty(),
            TagSelection::Prefixes(all) => all.iter().all(|prefix| some_tag(&|tag| tag.starts_with(prefix.as_str()))),
            TagSelection::Patterns(all) => all.iter().all(|pattern| some_tag(&|tag| tag_filter_matches(pattern, tag))),
        }
}

/// Whether an image is older than a rule lets it be; a count looks at the others too.
fn too_old(count: Count, image: &LifecycleImage, now: Timestamp) -> bool {
    let (since, days) = match count {
        Count::MoreThan(_) => return false,
        Count::PushedDays(days) => (image.born(), days),
        // A restored image counts from its restoring where that came after the pull.
        Count::PulledDays(days) => {
            (image.pulled_at.map_or(image.born(), |at| image.activated_at.map_or(at, |back| at.max(back))), days)
        }
        Count::ArchivedDays(days) => (image.archived_at.unwrap_or(now), days),
    };
    now.since_ms(since) > i64::from(days).saturating_mul(DAY_MS)
}

/// Verdicts in the order of the images, followers of a subject included.
pub fn evaluate(policy: &LifecyclePolicy, images: &[LifecycleImage], now: Timestamp) -> Vec<Verdict> {
    let at: HashMap<&Digest, usize> = images.iter().enumerate().map(|(index, image)| (&image.digest, index)).collect();
    let subject = |image: &LifecycleImage| image.subject.as_ref().and_then(|s| at.get(s).copied());
    // The youngest first; what is equally old goes by digest, so that every run says the same.
    let mut order: Vec<usize> = (0..images.len()).filter(|&i| subject(&images[i]).is_none()).collect();
    order.sort_by(|&a, &b| {
        images[b].born().cmp(&images[a].born()).then_with(|| images[a].digest.cmp(&images[b].digest))
    });
    let mut verdicts: Vec<Option<Verdict>> = vec![None; images.len()];
    let mut owned = vec![false; images.len()];
    for rule in &policy.rules {
        let mut seen = 0;
        for &index in &order {
            let image = &images[index];
            if !selects(rule, image) {
                continue;
            }
            seen += 1;
            let fits = match rule.count {
                Count::MoreThan(keep) => seen > keep,
                by_age => too_old(by_age, image, now),
            };
            if fits && !owned[index] && !image.in_index {
                verdicts[index] = Some(Verdict { index, priority: rule.priority, action: rule.action });
            }
            owned[index] = true;
        }
    }
    follow_subjects(images, &subject, &mut verdicts);
    verdicts.into_iter().flatten().collect()
}

/// Referrers get the verdict of what they refer to. A subject's digest is inside the referrer, so there
/// is no circle.
fn follow_subjects(
    images: &[LifecycleImage],
    subject: &dyn Fn(&LifecycleImage) -> Option<usize>,
    verdicts: &mut [Option<Verdict>],
) {
    let mut tops: Vec<Option<usize>> = vec![None; images.len()];
    for index in 0..images.len() {
        let (mut top, mut path) = (index, Vec::new());
        while let Some(next) = tops[top].or_else(|| subject(&images[top])) {
            path.push(top);
            top = next;
            if path.len() > images.len() {
                break;
            }
        }
        for follower in path {
            tops[follower] = Some(top);
        }
    }
    for (index, top) in tops.into_iter().enumerate() {
        let Some(top) = top else { continue };
        let image = &images[index];
        let stays = |v: &Verdict| image.in_index || (v.action == Action::Archive && image.archived_at.is_some());
        verdicts[index] = verdicts[top].filter(|v| !stays(v)).map(|v| Verdict { index, ..v });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000 * 24 * 3600);

    fn days_ago(days: i64) -> Timestamp {
        NOW.plus_ms(-days * DAY_MS)
    }

    fn image(n: u32, tags: &[&str], age_days: i64) -> LifecycleImage {
        LifecycleImage {
            digest: Digest::sha256(&n.to_le_bytes()),
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            pushed_at: days_ago(age_days),
            pulled_at: None,
            archived_at: None,
            activated_at: None,
            in_index: false,
            subject: None,
        }
    }

    fn rule(priority: u32, tags: TagSelection, count: Count) -> Rule {
        Rule { priority, tags, archived: false, count, action: Action::Expire }
    }

    fn prefixes(all: &[&str]) -> TagSelection {
        TagSelection::Prefixes(all.iter().map(|p| (*p).to_owned()).collect())
    }

    /// `(index, priority)` of every verdict.
    fn run(rules: &[Rule], images: &[LifecycleImage]) -> Vec<(usize, u32)> {
        let policy = LifecyclePolicy { rules: rules.to_vec() };
        evaluate(&policy, images, NOW).into_iter().map(|v| (v.index, v.priority)).collect()
    }

    #[test]
    fn age_is_more_than_so_many_days() {
        let rules = [rule(1, TagSelection::Untagged, Count::PushedDays(14))];
        let mut images = [image(0, &[], 15), image(1, &[], 14), image(2, &["v1"], 15), image(3, &[], 15)];
        images[3].activated_at = Some(days_ago(1));
        assert_eq!(run(&rules, &images), [(0, 1)]);
    }

    /// The examples of ECR's user guide, "Examples of lifecycle policies".
    #[test]
    fn rules_go_by_priority() {
        let images = [
            image(0, &["alpha-1", "beta-1"], 10),
            image(1, &["alpha-2"], 9),
            image(2, &["beta-2"], 8),
            image(3, &["gamma"], 7),
        ];
        // Both rules count the first image; the first rule has it.
        let rules =
            [rule(1, prefixes(&["alpha"]), Count::MoreThan(1)), rule(2, prefixes(&["beta"]), Count::MoreThan(1))];
        assert_eq!(run(&rules, &images), [(0, 1)]);
        // Not expired by the rule that it belongs to, and shielded from the one below.
        let rules = [rule(1, prefixes(&["alpha"]), Count::MoreThan(2)), rule(2, TagSelection::Any, Count::MoreThan(1))];
        assert_eq!(run(&rules, &images), [(2, 2)]);
        // Every prefix must be on the image.
        let rules = [rule(1, prefixes(&["alpha", "beta"]), Count::PushedDays(1))];
        assert_eq!(run(&rules, &images), [(0, 1)]);
        let patterns = TagSelection::Patterns(vec!["*-2".to_owned()]);
        assert_eq!(run(&[rule(1, patterns, Count::PushedDays(1))], &images), [(1, 1), (2, 1)]);
    }

    #[test]
    fn archived_images_have_rules_of_their_own() {
        let mut images = [image(0, &[], 30), image(1, &[], 30), image(2, &[], 30)];
        images[0].archived_at = Some(days_ago(20));
        images[1].pulled_at = Some(days_ago(2));
        let archive = Rule { action: Action::Archive, ..rule(1, TagSelection::Any, Count::PulledDays(10)) };
        let expire = Rule { archived: true, ..rule(2, TagSelection::Any, Count::ArchivedDays(10)) };
        assert_eq!(run(&[archive, expire], &images), [(0, 2), (2, 1)]);
    }

    #[test]
    fn what_is_referred_to_and_what_refers() {
        let mut images = [image(0, &[], 30), image(1, &[], 30), image(2, &["s"], 1), image(3, &["x"], 30)];
        images[1].in_index = true;
        images[2].subject = Some(images[0].digest.clone());
        images[3].subject = Some(images[2].digest.clone());
        let rules = [rule(1, TagSelection::Any, Count::PushedDays(10))];
        assert_eq!(run(&rules, &images), [(0, 1), (2, 1), (3, 1)]);
        images[0].pushed_at = days_ago(1);
        assert_eq!(run(&rules, &images), [], "followers stay with their subject");
        images[2].subject = Some(Digest::sha256(b"gone"));
        assert_eq!(run(&rules, &images), [], "refers to nothing: counts by itself, and is young");
    }

    /// The documentation's sentences one by one, for each image alone and without regard to cost.
    fn plainly(rules: &[Rule], images: &[LifecycleImage]) -> Vec<(usize, u32)> {
        let subject = |i: usize| {
            let wanted = images[i].subject.as_ref()?;
            images.iter().position(|other| other.digest == *wanted)
        };
        let marked = |i: usize| -> Option<&Rule> {
            let mine = rules.iter().filter(|r| selects(r, &images[i])).min_by_key(|r| r.priority)?;
            let older = |a: &LifecycleImage, b: &LifecycleImage| {
                (a.born(), std::cmp::Reverse(&a.digest)) < (b.born(), std::cmp::Reverse(&b.digest))
            };
            let fits = match mine.count {
                Count::MoreThan(keep) => {
                    let younger = |j: &usize| {
                        subject(*j).is_none() && selects(mine, &images[*j]) && older(&images[i], &images[*j])
                    };
                    (0..images.len()).filter(younger).count() >= keep as usize
                }
                by_age => too_old(by_age, &images[i], NOW),
            };
            (fits && !images[i].in_index).then_some(mine)
        };
        let mut all = Vec::new();
        for (i, image) in images.iter().enumerate() {
            let mut top = i;
            while let Some(next) = subject(top) {
                top = next;
            }
            let Some(rule) = marked(top) else { continue };
            let follower_stays = image.in_index || rule.action == Action::Archive && image.archived_at.is_some();
            if top == i || !follower_stays {
                all.push((i, rule.priority));
            }
        }
        all
    }

    fn any_tags() -> impl Strategy<Value = Vec<String>> {
        prop::collection::btree_set("[ab]{1,2}", 0..3).prop_map(|tags| tags.into_iter().collect())
    }

    fn any_image() -> impl Strategy<Value = LifecycleImage> {
        let time = || prop::option::of((0..8_i64).prop_map(days_ago));
        (any_tags(), 0..8_i64, time(), time(), time(), prop::bool::weighted(0.1)).prop_map(
            |(tags, age, pulled_at, archived_at, activated_at, in_index)| LifecycleImage {
                tags,
                pulled_at,
                archived_at,
                activated_at,
                in_index,
                ..image(0, &[], age)
            },
        )
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        let tags = prop_oneof![
            Just(TagSelection::Any),
            Just(TagSelection::Untagged),
            prop::collection::vec("[ab]{1,2}", 1..3).prop_map(TagSelection::Prefixes),
            prop::collection::vec("[ab*]{1,3}", 1..3).prop_map(TagSelection::Patterns),
        ];
        let count = (0..4, 1..5_u32).prop_map(|(kind, n)| match kind {
            0 => Count::MoreThan(n),
            1 => Count::PushedDays(n),
            2 => Count::PulledDays(n),
            _ => Count::ArchivedDays(n),
        });
        (tags, any::<bool>(), count, any::<bool>()).prop_map(|(tags, archived, count, expire)| {
            let action = if expire || archived { Action::Expire } else { Action::Archive };
            Rule { priority: 0, tags, archived, count, action }
        })
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_reading(
            mut rules in prop::collection::vec(any_rule(), 1..5),
            images in prop::collection::vec((any_image(), prop::option::weighted(0.2, any::<prop::sample::Index>())), 0..14),
        ) {
            for (n, rule) in rules.iter_mut().enumerate() {
                rule.priority = n as u32 + 1;
            }
            let mut made: Vec<LifecycleImage> = Vec::new();
            for (n, (image, refers)) in images.into_iter().enumerate() {
                // To an earlier one only: there are no circles of digests.
                let subject = refers.filter(|_| n > 0).map(|at| made[at.index(n)].digest.clone());
                made.push(LifecycleImage { digest: Digest::sha256(&n.to_le_bytes()), subject, ..image });
            }
            prop_assert_eq!(run(&rules, &made), plainly(&rules, &made));
        }
    }
}
