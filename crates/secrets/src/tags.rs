//! Tags of secrets.

use std::collections::BTreeMap;

use gantry_aws_api::secretsmanager::{Tag, TagResourceRequest, UntagResourceRequest};
use gantry_aws_wire::Context;

use crate::change::alive;
use crate::records::limits;
use crate::{Error, Secrets};

/// `added` on top of what is there.
pub fn merge(there: &BTreeMap<String, String>, added: Vec<Tag>) -> Result<BTreeMap<String, String>, Error> {
    let mut tags = there.clone();
    let mut seen = std::collections::BTreeSet::new();
    for tag in added {
        let key = tag.key.unwrap_or_default();
        if key.is_empty() {
            return Err(Error::parameter("Tag keys can't be empty."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::parameter(format!("You can't use the reserved prefix aws: in the tag key {key}.")));
        }
        if !seen.insert(key.clone()) {
            return Err(Error::parameter(format!("Duplicate tag keys found: {key}.")));
        }
        tags.insert(key, tag.value.unwrap_or_default());
    }
    if tags.len() > limits::MAX_TAGS {
        return Err(Error::parameter(format!("A secret can have no more than {} tags.", limits::MAX_TAGS)));
    }
    Ok(tags)
}

/// `None` where there are none, as AWS leaves the member out.
pub fn view(tags: &BTreeMap<String, String>) -> Option<Vec<Tag>> {
    let tag = |(key, value): (&String, &String)| Tag { key: Some(key.clone()), value: Some(value.clone()) };
    (!tags.is_empty()).then(|| tags.iter().map(tag).collect())
}

impl Secrets {
    pub(crate) async fn tag(&self, context: &Context, input: TagResourceRequest) -> Result<(), Error> {
        let changed = self.change(&input.secret_id, context, |found| {
            alive(&found.record)?;
            found.record.tags = merge(&found.record.tags, input.tags.clone())?;
            Ok((Vec::new(), ()))
        });
        changed.await.map(|_| ())
    }

    pub(crate) async fn untag(&self, context: &Context, input: UntagResourceRequest) -> Result<(), Error> {
        let changed = self.change(&input.secret_id, context, |found| {
            alive(&found.record)?;
            found.record.tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok((Vec::new(), ()))
        });
        changed.await.map(|_| ())
    }
}
