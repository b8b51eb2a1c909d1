//! What a bearer token was asked to be for: distribution's "Token Scope Documentation".
//! A scope only narrows. What the caller may do at all is IAM's to say, at every request.

use serde::{Deserialize, Serialize};

use crate::{Error, Result, limits};

const PULL: &[&str] = &[
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchCheckLayerAvailability",
    "ecr:ListImages",
    // A pull through a cache makes what it pulls into.
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
];
const PUSH: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
    "ecr:CreateRepository",
];
const DELETE: &[&str] = &["ecr:BatchDeleteImage"];

/// Actions on one repository. Resources of other types, such as `registry:catalog`, are none here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub repository: String,
    #[serde(default)]
    pub pull: bool,
    #[serde(default)]
    pub push: bool,
    #[serde(default)]
    pub delete: bool,
}

impl Scope {
    /// Reads the `scope` parameters of a token request: each has one or more scopes with
    /// spaces between, or the plus signs that stand for them.
    /// `None` where none is asked for: nothing is narrowed.
    pub fn parse_all<'a>(parameters: impl Iterator<Item = &'a str>) -> Result<Option<Vec<Self>>> {
        let mut asked = false;
        let mut scopes = Vec::new();
        for text in parameters.flat_map(|p| p.split([' ', '+'])).filter(|t| !t.is_empty()) {
            asked = true;
            scopes.extend(Self::parse(text)?);
            if scopes.len() > limits::MAX_TOKEN_SCOPES {
                return Err(Error::Scope(format!("at most {} scopes", limits::MAX_TOKEN_SCOPES)));
            }
        }
        Ok(asked.then_some(scopes))
    }

    /// `repository:<name>:<action>[,<action>…]`
    fn parse(text: &str) -> Result<Option<Self>> {
        let shown = || Error::Scope(text.chars().take(160).collect());
        let (kind, rest) = text.split_once(':').ok_or_else(shown)?;
        // A name may have a host with a port before it.
        let (name, actions) = rest.rsplit_once(':').ok_or_else(shown)?;
        // A class may follow the type: `repository(plugin)`.
        if kind.split('(').next() != Some("repository") {
            return Ok(None);
        }
        if !crate::is_repository_name(name) {
            return Err(shown());
        }
        let has = |wanted: &str| actions.split(',').any(|a| a == wanted || a == "*");
        Ok(Some(Self { repository: name.to_owned(), pull: has("pull"), push: has("push"), delete: has("delete") }))
    }

    /// Whether the scope lets an action of ECR's through, on this repository.
    pub fn covers(&self, repository: &str, action: &str) -> bool {
        let of = |wanted: bool, actions: &[&str]| wanted && actions.contains(&action);
        self.repository == repository && (of(self.pull, PULL) || of(self.push, PUSH) || of(self.delete, DELETE))
    }

    /// What both let through.
    pub fn narrowed(&self, by: &[Self]) -> Self {
        let all = by.iter().filter(|s| s.repository == self.repository);
        let (mut pull, mut push, mut delete) = (false, false, false);
        for other in all {
            pull |= self.pull && other.pull;
            push |= self.push && other.push;
            delete |= self.delete && other.delete;
        }
        Self { repository: self.repository.clone(), pull, push, delete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_distribution_writes_them() {
        let read = |texts: &[&str]| Scope::parse_all(texts.iter().copied());
        let scope = |repository: &str, [pull, push, delete]: [bool; 3]| Scope {
            repository: repository.into(),
            pull,
            push,
            delete,
        };
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[""]).unwrap(), None);
        assert_eq!(read(&["registry:catalog:*"]).unwrap(), Some(vec![]), "no such thing: nothing is let through");
        for (texts, expected) in [
            (vec!["repository:a/b:pull"], vec![scope("a/b", [true, false, false])]),
            (vec!["repository:a:pull,push"], vec![scope("a", [true, true, false])]),
            (vec!["repository:a:*"], vec![scope("a", [true, true, true])]),
            (vec!["repository:a:metadata"], vec![scope("a", [false; 3])]),
            (vec!["repository(plugin):a:delete"], vec![scope("a", [false, false, true])]),
            (
                vec!["repository:a:pull repository:b:push", "repository:c:pull"],
                vec![
                    scope("a", [true, false, false]),
                    scope("b", [false, true, false]),
                    scope("c", [true, false, false]),
                ],
            ),
        ] {
            assert_eq!(read(&texts).unwrap(), Some(expected), "{texts:?}");
        }
        for bad in ["repository", "repository:a", "repository:A:pull", "repository::pull", "x"] {
            assert!(matches!(read(&[bad]), Err(Error::Scope(_))), "{bad}");
        }
        let many = vec!["repository:a:pull"; limits::MAX_TOKEN_SCOPES + 1];
        assert!(matches!(read(&many), Err(Error::Scope(_))));
    }

    #[test]
    fn every_action_of_the_wire_is_in_some_scope() {
        let all = Scope { repository: "a".into(), pull: true, push: true, delete: true };
        for rule in crate::ROUTES {
            for action in rule.actions {
                assert!(all.covers("a", action) && !all.covers("b", action), "{action}");
            }
        }
        let pull = Scope { push: false, delete: false, ..all.clone() };
        assert!(pull.covers("a", "ecr:BatchGetImage") && !pull.covers("a", "ecr:PutImage"));
        assert_eq!(all.narrowed(std::slice::from_ref(&pull)), pull);
        assert!(!all.narrowed(&[]).covers("a", "ecr:BatchGetImage"));
    }
}
