//! Where the agents of this process put containers' output.

use async_trait::async_trait;
use gantry_agent_api::{LogEvent, LogSink, ServiceError};
use gantry_base::{AccountId, Region};
use std::collections::BTreeMap;

use crate::Logs;
use crate::error::{Error, Refusal};
use crate::records::{GroupRecord, Scope};

#[async_trait]
impl LogSink for Logs {
    async fn open_stream(
        &self,
        account: &AccountId,
        region: &Region,
        group: &str,
        stream: &str,
        create_group: bool,
    ) -> Result<(), ServiceError> {
        let scope = Scope { account, region };
        let now = self.clock.now();
        if create_group {
            let record = GroupRecord {
                name: group.to_owned(),
                created_at: now,
                retention_days: None,
                tags: BTreeMap::new(),
                class: "STANDARD".to_owned(),
                deletion_protection: false,
            };
            // Already there is fine.
            self.store.create_as(&scope.group_key(group), &record).await.map_err(Error::from)?;
        }
        match self.create_stream(scope, group, stream, now).await {
            Ok(()) | Err(Error::Refused(Refusal::StreamExists)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Acknowledged once the kernel has it: it survives the end of this process.
    async fn append(
        &self,
        account: &AccountId,
        region: &Region,
        group: &str,
        stream: &str,
        sequence: u64,
        events: Vec<LogEvent>,
    ) -> Result<(), ServiceError> {
        let scope = Scope { account, region };
        let (_, record) = self.stream(scope, group, stream).await?;
        let events = events.into_iter().map(|e| (e.at.millis(), e.message.to_vec())).collect();
        let ingestion = self.clock.now().millis();
        self.append_events(scope, group, record, Some(sequence), ingestion, events).await?;
        Ok(())
    }
}
