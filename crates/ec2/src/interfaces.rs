//! Network interfaces: the records that Fargate keeps for its tasks.

use gantry_agent_api::{NetworkSpec, keys};
use gantry_aws_api::ec2::{
    GroupIdentifier, NetworkInterface, NetworkInterfaceAttachment, NetworkInterfacePrivateIpAddress,
};
use gantry_aws_wire::Context;
use gantry_base::{Arn, Timestamp};
use gantry_store::{KeyRange, RangeRequest, Versioned};
use serde::Deserialize;

use crate::filter::Filtered;
use crate::zones::zone_id;
use crate::{Ec2, Error};

pub const FILTERS: &[&str] = &[
    "addresses.primary",
    "addresses.private-ip-address",
    "association.public-ip",
    "attachment.attach-time",
    "attachment.attachment-id",
    "attachment.device-index",
    "attachment.instance-id",
    "attachment.instance-owner-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "description",
    "group-id",
    "group-name",
    "interface-type",
    "mac-address",
    "network-interface-id",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "requester-id",
    "requester-managed",
    "source-dest-check",
    "status",
    "subnet-id",
    "vpc-id",
];

/// At `/aws/<account>/<region>/ec2/network-interface/<eni>`; whoever attaches an interface writes it.
#[derive(Debug, Deserialize)]
struct Record {
    network: NetworkSpec,
    sandbox_id: String,
    created_at: Timestamp,
}

impl Ec2 {
    /// All interfaces of the account in the region, by id.
    pub(crate) async fn interfaces(&self, context: &Context) -> Result<Vec<NetworkInterface>, Error> {
        let prefix = keys::aws(&context.account, &context.region, "ec2", "network-interface", "");
        let found = self.store.range(RangeRequest::new(KeyRange::prefix(prefix))).await?;
        let mut out = Vec::with_capacity(found.kvs.len());
        for kv in &found.kvs {
            let record = Versioned::<Record>::decode(kv)?.value;
            out.push(view(record, context));
        }
        Ok(out)
    }

    /// How many addresses are taken in a subnet.
    pub(crate) fn taken(interfaces: &[NetworkInterface], subnet_id: &str) -> usize {
        interfaces.iter().filter(|i| i.subnet_id.as_deref() == Some(subnet_id)).count()
    }
}

fn view(record: Record, context: &Context) -> NetworkInterface {
    let net = record.network;
    let ip = net.private_ip.to_string();
    let attachment = NetworkInterfaceAttachment {
        attach_time: Some(record.created_at),
        attachment_id: Some(net.attachment_id),
        delete_on_termination: Some(true),
        device_index: Some(1),
        network_card_index: Some(0),
        // As AWS shows a Fargate task's: the instance behind it is the service's own.
        instance_owner_id: Some("amazon-aws".to_owned()),
        status: Some("attached".to_owned()),
        ..NetworkInterfaceAttachment::default()
    };
    let group = |id: String| GroupIdentifier { group_id: Some(id), group_name: Some("default".to_owned()) };
    let description = Arn::new("ecs", &context.region, &context.account, format!("task/{}", record.sandbox_id));
    NetworkInterface {
        attachment: Some(attachment),
        availability_zone_id: Some(zone_id(&net.availability_zone)),
        availability_zone: Some(net.availability_zone),
        description: Some(description.to_string()),
        groups: Some(net.security_groups.into_iter().map(group).collect()),
        interface_type: Some("interface".to_owned()),
        ipv6_addresses: Some(Vec::new()),
        mac_address: Some(net.mac),
        network_interface_id: Some(net.eni_id),
        owner_id: Some(context.account.to_string()),
        private_ip_addresses: Some(vec![NetworkInterfacePrivateIpAddress {
            primary: Some(true),
            private_dns_name: Some(net.private_dns_name.clone()),
            private_ip_address: Some(ip.clone()),
            association: None,
        }]),
        private_dns_name: Some(net.private_dns_name),
        private_ip_address: Some(ip),
        requester_managed: Some(true),
        source_dest_check: Some(true),
        status: Some("in-use".to_owned()),
        subnet_id: Some(net.subnet_id),
        tag_set: Some(Vec::new()),
        vpc_id: Some(net.vpc_id),
        ..NetworkInterface::default()
    }
}

fn one<T: ToString>(value: Option<&T>) -> Vec<String> {
    value.map(ToString::to_string).into_iter().collect()
}

impl Filtered for NetworkInterface {
    fn values(&self, filter: &str) -> Option<Vec<String>> {
        let attachment = self.attachment.as_ref();
        let groups = || self.groups.iter().flatten();
        Some(match filter {
            "addresses.primary" => vec!["true".to_owned()],
            "addresses.private-ip-address" | "private-ip-address" => one(self.private_ip_address.as_ref()),
            "attachment.attach-time" => one(attachment.and_then(|a| a.attach_time.as_ref())),
            "attachment.attachment-id" => one(attachment.and_then(|a| a.attachment_id.as_ref())),
            "attachment.device-index" => one(attachment.and_then(|a| a.device_index.as_ref())),
            "attachment.instance-owner-id" => one(attachment.and_then(|a| a.instance_owner_id.as_ref())),
            "attachment.status" => one(attachment.and_then(|a| a.status.as_ref())),
            "availability-zone" => one(self.availability_zone.as_ref()),
            "availability-zone-id" => one(self.availability_zone_id.as_ref()),
            "description" => one(self.description.as_ref()),
            "group-id" => groups().filter_map(|g| g.group_id.clone()).collect(),
            "group-name" => groups().filter_map(|g| g.group_name.clone()).collect(),
            "interface-type" => one(self.interface_type.as_ref()),
            "mac-address" => one(self.mac_address.as_ref()),
            "network-interface-id" => one(self.network_interface_id.as_ref()),
            "owner-id" => one(self.owner_id.as_ref()),
            "private-dns-name" => one(self.private_dns_name.as_ref()),
            "requester-managed" => one(self.requester_managed.as_ref()),
            "source-dest-check" => one(self.source_dest_check.as_ref()),
            "status" => one(self.status.as_ref()),
            "subnet-id" => one(self.subnet_id.as_ref()),
            "vpc-id" => one(self.vpc_id.as_ref()),
            name if FILTERS.contains(&name) => Vec::new(),
            _ => return None,
        })
    }
}
