//! Tags of log groups, by name (the older API) and by ARN.

use std::collections::BTreeMap;

use gantry_aws_wire::Context;

use crate::error::Refusal;
use crate::records::Scope;
use crate::{Error, Logs};

const MAX_TAGS: usize = 50;

/// Whether `added` may come on top of `there`.
pub fn check_tags(there: &BTreeMap<String, String>, added: &BTreeMap<String, String>) -> Result<(), Error> {
    if let Some(key) = added.keys().find(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        let message = format!("Tag keys starting with 'aws:' are reserved for system use: {key}");
        return Err(Refusal::invalid(message).into());
    }
    let fresh = added.keys().filter(|key| !there.contains_key(*key)).count();
    if there.len() + fresh > MAX_TAGS {
        return Err(Refusal::TooManyTags(format!("A resource can have no more than {MAX_TAGS} tags.")).into());
    }
    Ok(())
}

impl Logs {
    fn group_of_resource(context: &Context, arn: &str) -> Result<String, Refusal> {
        Scope::of(context).group_of_arn(arn).ok_or(Refusal::NoResource)
    }

    pub(crate) async fn tag(
        &self,
        context: &Context,
        group: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        self.change_group(context, group, |group| {
            check_tags(&group.tags, &tags)?;
            group.tags.extend(tags.clone());
            Ok(())
        })
        .await
    }

    pub(crate) async fn untag(&self, context: &Context, group: &str, keys: Vec<String>) -> Result<(), Error> {
        self.change_group(context, group, |group| {
            group.tags.retain(|key, _| !keys.contains(key));
            Ok(())
        })
        .await
    }

    pub(crate) async fn tag_arn(
        &self,
        context: &Context,
        arn: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        self.tag(context, &Self::group_of_resource(context, arn)?, tags).await
    }

    pub(crate) async fn untag_arn(&self, context: &Context, arn: &str, keys: Vec<String>) -> Result<(), Error> {
        self.untag(context, &Self::group_of_resource(context, arn)?, keys).await
    }

    pub(crate) async fn tags_of_arn(&self, context: &Context, arn: &str) -> Result<BTreeMap<String, String>, Error> {
        let group = Self::group_of_resource(context, arn)?;
        Ok(self.group(Scope::of(context), &group).await?.value.tags)
    }
}
