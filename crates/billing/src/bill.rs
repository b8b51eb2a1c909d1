//! A bill and its lines, and looking at them by service, task or tag.

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_base::{AccountId, Region, Timestamp};

use crate::limits::MAX_GROUPS;
use crate::{Money, Period, Quantity, UnitPrice};

/// What all lines of one resource have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// An ARN.
    pub resource: String,
    pub region: Region,
    pub capacity_provider: String,
    pub cluster: String,
    /// As ECS has it: `service:<name>` or `family:<name>`.
    pub group: String,
    pub tags: BTreeMap<String, String>,
}

/// One usage type of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillLine {
    /// AWS's product code, such as `AmazonECS`.
    pub service: String,
    /// As in AWS's reports: `USE1-Fargate-GB-Hours`.
    pub usage_type: String,
    pub operation: String,
    pub description: String,
    pub labels: Arc<Labels>,
    pub amount: Quantity,
    pub unit: String,
    pub unit_price: UnitPrice,
    pub cost: Money,
    /// The billed time within the bill's period.
    pub from: Timestamp,
    pub until: Timestamp,
    /// It was still running when the bill was made.
    pub running: bool,
}

/// What one account used in a period, as known at a point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    pub account: AccountId,
    pub period: Period,
    /// Running resources are billed up to here.
    pub as_of: Timestamp,
    /// In the order in which the resources started.
    pub lines: Vec<BillLine>,
}

/// By what to gather lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Service,
    UsageType,
    /// One task.
    Resource,
    Region,
    Cluster,
    /// An ECS service, or the family of tasks that belong to none.
    EcsService,
    CapacityProvider,
    /// The value of a tag; lines without it gather under the empty text.
    Tag(String),
}

impl GroupBy {
    /// The group that a line is in.
    pub fn key(&self, line: &BillLine) -> String {
        let labels = &line.labels;
        match self {
            Self::Service => line.service.clone(),
            Self::UsageType => line.usage_type.clone(),
            Self::Resource => labels.resource.clone(),
            Self::Region => labels.region.to_string(),
            Self::Cluster => labels.cluster.clone(),
            Self::EcsService => labels.group.clone(),
            Self::CapacityProvider => labels.capacity_provider.clone(),
            Self::Tag(key) => labels.tags.get(key).cloned().unwrap_or_default(),
        }
    }
}

/// The lines of one group, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub key: String,
    pub cost: Money,
    /// vCPU-hours, on demand and spot together.
    pub vcpu_hours: Quantity,
    /// GB-hours of memory.
    pub memory_gb_hours: Quantity,
    pub lines: usize,
}

impl Bill {
    pub(crate) fn new(account: AccountId, period: Period, as_of: Timestamp) -> Self {
        Self { account, period, as_of, lines: Vec::new() }
    }

    pub fn total(&self) -> Money {
        self.lines.iter().map(|l| l.cost).sum()
    }

    /// The groups, the dearest first. Beyond a hundred thousand, further ones are gathered as `(other)`.
    pub fn group(&self, by: &GroupBy) -> Vec<Group> {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for line in &self.lines {
            let mut key = by.key(line);
            if groups.len() >= MAX_GROUPS && !groups.contains_key(&key) {
                "(other)".clone_into(&mut key);
            }
            let group = groups.entry(key).or_insert_with_key(|key| Group {
                key: key.clone(),
                cost: Money::ZERO,
                vcpu_hours: Quantity::ZERO,
                memory_gb_hours: Quantity::ZERO,
                lines: 0,
            });
            group.cost = group.cost + line.cost;
            group.lines += 1;
            if line.unit == "vCPU-Hours" {
                group.vcpu_hours = group.vcpu_hours + line.amount;
            } else if !line.usage_type.contains("EphemeralStorage") {
                group.memory_gb_hours = group.memory_gb_hours + line.amount;
            }
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_by(|a, b| b.cost.cmp(&a.cost).then_with(|| a.key.cmp(&b.key)));
        groups
    }
}
