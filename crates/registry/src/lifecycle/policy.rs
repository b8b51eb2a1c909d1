//! Lifecycle policies as text: the grammar and rules of ECR's user guide, "Lifecycle policy properties".

use std::collections::HashSet;

use serde::Deserialize;

/// Rules in one policy (ECR's quota).
pub const MAX_RULES: usize = 50;
/// Stars in one pattern.
const MAX_STARS: usize = 4;
const MAX_DESCRIPTION: usize = 256;
/// Days that an archived image stays in the archive (the minimum storage duration).
const MIN_ARCHIVED_DAYS: u32 = 90;

/// A policy that was read and keeps all the rules about rules. In the order of priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecyclePolicy {
    pub(crate) rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// 1 is looked at first.
    pub(crate) priority: u32,
    pub(crate) tags: TagSelection,
    /// Whether it is about archived images or about all others.
    pub(crate) archived: bool,
    pub(crate) count: Count,
    pub(crate) action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TagSelection {
    Any,
    Untagged,
    /// Every prefix must begin some tag of the image.
    Prefixes(Vec<String>),
    /// Every pattern must match some tag of the image.
    Patterns(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// Images beyond this many, the youngest first.
    MoreThan(u32),
    PushedDays(u32),
    PulledDays(u32),
    ArchivedDays(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Expire,
    /// To the archive storage class.
    Archive,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    rules: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleText {
    rule_priority: u32,
    description: Option<String>,
    selection: Selection,
    action: ActionText,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selection {
    tag_status: String,
    tag_prefix_list: Option<Vec<String>>,
    tag_pattern_list: Option<Vec<String>>,
    storage_class: Option<String>,
    count_type: String,
    count_unit: Option<String>,
    count_number: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ActionText {
    r#type: String,
    target_storage_class: Option<String>,
}

impl LifecyclePolicy {
    /// The error says what is wrong, for whoever wrote the policy; in ECR's words where they are known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Document =
            serde_json::from_str(text).map_err(|e| format!("Could not map policyString into LifecyclePolicy. {e}"))?;
        if document.rules.is_empty() || document.rules.len() > MAX_RULES {
            return Err(format!("a policy has 1 to {MAX_RULES} rules"));
        }
        let mut rules = document.rules.into_iter().map(rule).collect::<Result<Vec<_>, _>>()?;
        rules.sort_by_key(|r| r.priority);
        together(&rules)?;
        Ok(Self { rules })
    }
}

fn rule(text: RuleText) -> Result<Rule, String> {
    let RuleText { rule_priority: priority, description, selection, action } = text;
    let wrong = |what: &str| Err(format!("rule {priority}: {what}"));
    if priority == 0 {
        return wrong("rulePriority must be at least 1");
    }
    if description.is_some_and(|d| d.chars().count() > MAX_DESCRIPTION) {
        return wrong("description may have at most 256 characters");
    }
    let archived = match selection.storage_class.as_deref() {
        None | Some("standard") => false,
        Some("archive") => true,
        Some(_) => return wrong("storageClass must be standard or archive"),
    };
    let action = match (action.r#type.as_str(), action.target_storage_class.as_deref()) {
        ("expire", None) => Action::Expire,
        ("expire", Some(_)) => return wrong("targetStorageClass is for transition"),
        ("transition", Some("archive")) => Action::Archive,
        ("transition", _) => return wrong("transition needs the targetStorageClass archive"),
        _ => return wrong("the action's type must be expire or transition"),
    };
    let count = count(&selection).map_err(|what| format!("rule {priority}: {what}"))?;
    match (count, action) {
        (_, Action::Archive) if archived => wrong("an archived image can not be archived"),
        (Count::PulledDays(_), Action::Expire) => wrong("sinceImagePulled is for transition"),
        (Count::ArchivedDays(_), Action::Archive) => wrong("sinceImageTransitioned is for expire"),
        (Count::ArchivedDays(_), _) if !archived => wrong("sinceImageTransitioned needs the storageClass archive"),
        _ => {
            let tags = tags(selection).map_err(|what| format!("rule {priority}: {what}"))?;
            Ok(Rule { priority, tags, archived, count, action })
        }
    }
}

fn count(selection: &Selection) -> Result<Count, &'static str> {
    let number = selection.count_number;
    if number == 0 {
        return Err("countNumber must be at least 1");
    }
    let days = match selection.count_unit.as_deref() {
        None => false,
        Some("days") => true,
        Some(_) => return Err("countUnit must be days"),
    };
    let count = match selection.count_type.as_str() {
        "imageCountMoreThan" if days => return Err("imageCountMoreThan has no countUnit"),
        "imageCountMoreThan" => return Ok(Count::MoreThan(number)),
        "sinceImagePushed" => Count::PushedDays(number),
        "sinceImagePulled" => Count::PulledDays(number),
        "sinceImageTransitioned" => Count::ArchivedDays(number),
        _ => {
            return Err(
                "countType must be imageCountMoreThan, sinceImagePushed, sinceImagePulled or sinceImageTransitioned",
            );
        }
    };
    if matches!(count, Count::ArchivedDays(days) if days < MIN_ARCHIVED_DAYS) {
        return Err("sinceImageTransitioned must be at least 90 days");
    }
    if days { Ok(count) } else { Err("countUnit must be days") }
}

fn tags(selection: Selection) -> Result<TagSelection, &'static str> {
    let prefixes = selection.tag_prefix_list.unwrap_or_default();
    let patterns = selection.tag_pattern_list.unwrap_or_default();
    let listed = !prefixes.is_empty() || !patterns.is_empty();
    if prefixes.iter().chain(&patterns).any(|t| t.is_empty() || t.len() > crate::names::MAX_TAG) {
        return Err("prefixes and patterns have 1 to 128 characters");
    }
    match selection.tag_status.as_str() {
        "tagged" if !prefixes.is_empty() && !patterns.is_empty() => {
            Err("tagPrefixList and tagPatternList can not be given together")
        }
        "tagged" if patterns.iter().any(|p| p.matches('*').count() > MAX_STARS) => {
            Err("a pattern may have at most 4 wildcards")
        }
        "tagged" if !prefixes.is_empty() => Ok(TagSelection::Prefixes(prefixes)),
        "tagged" if !patterns.is_empty() => Ok(TagSelection::Patterns(patterns)),
        "tagged" => Err("Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED."),
        "untagged" | "any" if listed => Err("prefixes and patterns are for the tagStatus tagged"),
        "untagged" => Ok(TagSelection::Untagged),
        "any" => Ok(TagSelection::Any),
        _ => Err("tagStatus must be tagged, untagged or any"),
    }
}

/// What rules must not be to one another. `rules` are in the order of priority.
fn together(rules: &[Rule]) -> Result<(), String> {
    if let Some(pair) = rules.windows(2).find(|pair| pair[0].priority == pair[1].priority) {
        return Err(format!("the rulePriority {} is there twice", pair[0].priority));
    }
    for archived in [false, true] {
        let class = || rules.iter().filter(|r| r.archived == archived);
        if class().filter(|r| r.tags == TagSelection::Untagged).count() > 1 {
            return Err("Only one rule can select Untagged images per storage class".to_owned());
        }
        if let Some(any) = class().position(|r| r.tags == TagSelection::Any)
            && any + 1 != class().count()
        {
            return Err("Rule for tagStatus=ANY must have the lowest priority per storage class".to_owned());
        }
        let mut seen = HashSet::new();
        for rule in class() {
            if let TagSelection::Prefixes(prefixes) = &rule.tags
                && let Some(twice) = prefixes.iter().find(|p| !seen.insert(*p))
            {
                return Err(format!("the tag prefix {twice} is there twice"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn one(priority: u32, selection: &Value, action: &Value) -> Value {
        json!({ "rulePriority": priority, "selection": selection, "action": action })
    }

    fn parse(rules: &[Value]) -> Result<LifecyclePolicy, String> {
        LifecyclePolicy::parse(&json!({ "rules": rules }).to_string())
    }

    #[test]
    fn what_may_be_written() {
        let (expire, archive) =
            (json!({ "type": "expire" }), json!({ "type": "transition", "targetStorageClass": "archive" }));
        let days = |kind: &str| json!({ "tagStatus": "any", "countType": kind, "countUnit": "days", "countNumber": 3 });
        let number = |status: &str| json!({ "tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 3 });
        let with = |mut selection: Value, more: Value| {
            for (key, value) in more.as_object().unwrap() {
                selection[key] = value.clone();
            }
            selection
        };
        let pulled = days("sinceImagePulled");
        let cold = with(days("sinceImageTransitioned"), json!({ "storageClass": "archive", "countNumber": 90 }));
        let prefix = with(number("tagged"), json!({ "tagPrefixList": ["a"] }));
        for (selection, action) in [
            (number("any"), &expire),
            (number("untagged"), &archive),
            (days("sinceImagePushed"), &expire),
            (days("sinceImagePushed"), &archive),
            (pulled.clone(), &archive),
            (cold.clone(), &expire),
            (prefix.clone(), &expire),
            (with(number("tagged"), json!({ "tagPatternList": ["a*b*c*d*"] })), &expire),
            (with(number("any"), json!({ "storageClass": "standard" })), &expire),
        ] {
            parse(&[one(1, &selection, action)]).unwrap();
        }
        for (selection, action, why) in [
            (pulled, &expire, "sinceImagePulled is for transition"),
            (cold.clone(), &archive, "archived"),
            (with(days("sinceImageTransitioned"), json!({ "countNumber": 90 })), &expire, "storageClass archive"),
            (with(number("any"), json!({ "storageClass": "archive" })), &archive, "archived"),
            (with(number("any"), json!({ "storageClass": "cold" })), &expire, "storageClass"),
            (with(cold.clone(), json!({ "countNumber": 89 })), &expire, "at least 90 days"),
            (number("tagged"), &expire, "Must specify tagPrefixList"),
            (number("all"), &expire, "tagStatus"),
            (with(number("any"), json!({ "tagPrefixList": ["a"] })), &expire, "for the tagStatus tagged"),
            (with(prefix.clone(), json!({ "tagPatternList": ["a"] })), &expire, "together"),
            (with(number("tagged"), json!({ "tagPatternList": ["*a*b*c*d*"] })), &expire, "4 wildcards"),
            (with(number("tagged"), json!({ "tagPrefixList": [""] })), &expire, "128"),
            (with(number("any"), json!({ "countUnit": "days" })), &expire, "no countUnit"),
            (with(days("sinceImagePushed"), json!({ "countUnit": "hours" })), &expire, "days"),
            (with(number("any"), json!({ "countNumber": 0 })), &expire, "at least 1"),
            (with(number("any"), json!({ "countNumber": -1 })), &expire, "invalid value"),
            (with(number("any"), json!({ "extra": 1 })), &expire, "unknown field"),
            (number("any"), &json!({ "type": "delete" }), "expire or transition"),
            (number("any"), &json!({ "type": "transition" }), "targetStorageClass"),
        ] {
            let refused = parse(&[one(1, &selection, action)]).unwrap_err();
            assert!(refused.contains(why), "{selection}: {refused}");
        }
        let (any, untagged) = (number("any"), number("untagged"));
        for (rules, why) in [
            (vec![], "1 to 50 rules"),
            (vec![one(0, &any, &expire)], "at least 1"),
            (vec![one(1, &untagged, &expire), one(1, &any, &expire)], "twice"),
            (vec![one(1, &any, &expire), one(2, &untagged, &expire)], "lowest priority"),
            (vec![one(1, &untagged, &expire), one(2, &untagged, &expire)], "one rule"),
            (vec![one(1, &prefix, &expire), one(2, &prefix, &expire)], "prefix a"),
        ] {
            assert!(parse(&rules).unwrap_err().contains(why), "{why}");
        }
        let both = [one(1, &any, &expire), one(2, &cold, &expire)];
        assert_eq!(parse(&both).unwrap().rules.len(), 2, "one of each storage class");
        assert!(LifecyclePolicy::parse("{").is_err() && LifecyclePolicy::parse("[]").is_err());
    }
}
