//! Staging labels: which version is current, and what moving a label takes along. Pure.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_version>

use gantry_aws_api::secretsmanager::{UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse};
use gantry_aws_wire::Context;

use crate::change::alive;
use crate::records::{CURRENT, PREVIOUS, SecretRecord, limits};
use crate::{Error, Secrets};

fn detach(record: &mut SecretRecord, stage: &str) {
    for version in &mut record.versions {
        version.stages.retain(|s| s != stage);
    }
}

/// Puts a label on a version, which is there. A label is on one version at a time; the version that loses
/// AWSCURRENT gets AWSPREVIOUS.
pub fn attach(record: &mut SecretRecord, stage: &str, version: &str) {
    let before = record.at_stage(stage).map(|v| v.id.clone());
    if before.as_deref() == Some(version) {
        return;
    }
    detach(record, stage);
    let put = |record: &mut SecretRecord, stage: &str, version: &str| {
        for v in record.versions.iter_mut().filter(|v| v.id == version) {
            v.stages.push(stage.to_owned());
        }
    };
    put(record, stage, version);
    if stage == CURRENT
        && let Some(before) = before
    {
        detach(record, PREVIOUS);
        put(record, PREVIOUS, &before);
    }
}

/// # Errors
/// [`Error::Limit`] with more labels than a secret may have.
pub fn check_count(record: &SecretRecord) -> Result<(), Error> {
    let labels: usize = record.versions.iter().map(|v| v.stages.len()).sum();
    if labels > limits::MAX_STAGES {
        let message = format!("A secret can have no more than {} staging labels.", limits::MAX_STAGES);
        return Err(Error::Limit(message));
    }
    Ok(())
}

fn move_stage(record: &mut SecretRecord, input: &UpdateSecretVersionStageRequest) -> Result<(), Error> {
    let stage = input.version_stage.as_str();
    let holder = record.at_stage(stage).map(|v| v.id.clone());
    for id in input.move_to_version_id.iter().chain(&input.remove_from_version_id) {
        if record.version(id).is_none() {
            return Err(Error::NoValue(format!("VersionId: {id}")));
        }
    }
    if let Some(from) = &input.remove_from_version_id
        && holder.as_ref() != Some(from)
        && holder.as_ref() != input.move_to_version_id.as_ref()
    {
        let message = format!("The staging label {stage} isn't currently attached to version {from}.");
        return Err(Error::parameter(message));
    }
    match (&input.move_to_version_id, holder) {
        (Some(to), Some(holder)) if *to != holder && input.remove_from_version_id.is_none() => {
            Err(Error::parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )))
        }
        (Some(to), _) => {
            attach(record, stage, to);
            check_count(record)
        }
        (None, _) if input.remove_from_version_id.is_none() => {
            Err(Error::parameter("You must specify at least one of MoveToVersionId and RemoveFromVersionId."))
        }
        (None, _) if stage == CURRENT => Err(Error::parameter(
            "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
        )),
        (None, _) => {
            detach(record, stage);
            Ok(())
        }
    }
}

impl Secrets {
    pub(crate) async fn update_stage(
        &self,
        context: &Context,
        input: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, Error> {
        let changed = self.change(&input.secret_id, context, |found| {
            alive(&found.record)?;
            move_stage(&mut found.record, &input)?;
            found.record.changed_at = context.now;
            Ok((Vec::new(), ()))
        });
        let (found, ()) = changed.await?;
        Ok(UpdateSecretVersionStageResponse { arn: Some(found.arn()), name: Some(found.record.name) })
    }
}

#[cfg(test)]
mod tests {
    use gantry_base::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::records::Version;

    fn record(versions: &[(&str, &[&str])]) -> SecretRecord {
        let version = |(id, stages): &(&str, &[&str])| Version {
            id: (*id).into(),
            stages: stages.iter().map(|s| (*s).to_owned()).collect(),
            created_at: Timestamp::from_secs(0),
            accessed_at: None,
            kms_key_id: None,
        };
        SecretRecord {
            name: "s".into(),
            uid: "u".into(),
            suffix: "AbCdEf".into(),
            description: None,
            kms_key_id: None,
            created_at: Timestamp::from_secs(0),
            changed_at: Timestamp::from_secs(0),
            accessed_at: None,
            deletion_at: None,
            tags: Default::default(),
            policy: None,
            versions: versions.iter().map(version).collect(),
        }
    }

    fn shown(record: &SecretRecord) -> String {
        record.versions.iter().map(|v| format!("{}:{}", v.id, v.stages.join("+"))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn labels_move_as_documented() {
        let start: &[(&str, &[&str])] = &[("a", &["AWSPREVIOUS"]), ("b", &["AWSCURRENT"]), ("c", &["AWSPENDING"])];
        for (stage, from, to, expected) in [
            ("AWSCURRENT", Some("b"), Some("c"), Ok("a: b:AWSPREVIOUS c:AWSPENDING+AWSCURRENT")),
            ("AWSCURRENT", Some("b"), Some("a"), Ok("a:AWSCURRENT b:AWSPREVIOUS c:AWSPENDING")),
            ("AWSCURRENT", None, Some("b"), Ok("a:AWSPREVIOUS b:AWSCURRENT c:AWSPENDING")),
            ("AWSCURRENT", None, Some("c"), Err("RemoveFromVersionId can't be empty")),
            ("AWSCURRENT", Some("a"), Some("c"), Err("isn't currently attached")),
            ("AWSCURRENT", Some("b"), None, Err("can't be completely removed")),
            ("AWSPENDING", Some("c"), None, Ok("a:AWSPREVIOUS b:AWSCURRENT c:")),
            ("AWSPENDING", Some("b"), None, Err("isn't currently attached")),
            ("blue", None, Some("a"), Ok("a:AWSPREVIOUS+blue b:AWSCURRENT c:AWSPENDING")),
            ("blue", None, None, Err("at least one")),
            ("blue", None, Some("zz"), Err("can't find")),
            ("blue", Some("zz"), None, Err("can't find")),
        ] {
            let mut record = record(start);
            let input = UpdateSecretVersionStageRequest {
                secret_id: "s".into(),
                version_stage: stage.into(),
                remove_from_version_id: from.map(str::to_owned),
                move_to_version_id: to.map(str::to_owned),
            };
            let done = move_stage(&mut record, &input).map(|()| shown(&record)).map_err(|e| e.to_string());
            match (&done, expected) {
                (Ok(got), Ok(want)) => assert_eq!(got, want, "{stage} {from:?} {to:?}"),
                (Err(got), Err(want)) => assert!(got.contains(want), "{got} for {want}"),
                _ => panic!("{stage} {from:?} {to:?}: {done:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn a_label_is_on_one_version_at_a_time(moves in proptest::collection::vec((0_usize..4, 0_usize..4), 1..40)) {
            let mut record = record(&[("a", &["AWSCURRENT"]), ("b", &[]), ("c", &[]), ("d", &[])]);
            for (stage, to) in moves {
                let before = record.at_stage(CURRENT).map(|v| v.id.clone());
                let to = ["a", "b", "c", "d"][to];
                attach(&mut record, [CURRENT, PREVIOUS, "AWSPENDING", "x"][stage], to);
                let mut labels: Vec<_> = record.versions.iter().flat_map(|v| v.stages.clone()).collect();
                let count = labels.len();
                labels.sort();
                labels.dedup();
                prop_assert_eq!(labels.len(), count);
                prop_assert!(record.at_stage(CURRENT).is_some());
                if stage == 0 && before.as_deref() != Some(to) {
                    prop_assert_eq!(record.at_stage(PREVIOUS).map(|v| v.id.clone()), before);
                }
            }
        }
    }
}
