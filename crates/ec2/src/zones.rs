//! Regions and their zones.

use gantry_agent_api::default_network::ZONES;
use gantry_aws_api::ec2::{AvailabilityZone, Region as RegionView};
use gantry_base::Region;

use crate::filter::Filtered;

/// The regions that every AWS account has without opting in. Gantry serves any; these are listed.
const REGIONS: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

pub const REGION_FILTERS: &[&str] = &["endpoint", "opt-in-status", "region-name"];
pub const ZONE_FILTERS: &[&str] = &[
    "group-long-name",
    "group-name",
    "message",
    "opt-in-status",
    "parent-zone-id",
    "parent-zone-name",
    "region-name",
    "state",
    "zone-id",
    "zone-name",
    "zone-type",
];

/// The listed regions, and the one that is asked in.
pub fn regions(here: &Region) -> Vec<RegionView> {
    let mut names: Vec<&str> = REGIONS.to_vec();
    if !names.contains(&here.as_str()) {
        names.push(here.as_str());
        names.sort_unstable();
    }
    let view = |name: &str| RegionView {
        opt_in_status: Some("opt-in-not-required".to_owned()),
        region_name: Some(name.to_owned()),
        endpoint: Some(format!("ec2.{name}.amazonaws.com")),
        ..RegionView::default()
    };
    names.into_iter().map(view).collect()
}

pub fn zones(region: &Region) -> Vec<AvailabilityZone> {
    let view = |letter: char| AvailabilityZone {
        opt_in_status: Some("opt-in-not-required".to_owned()),
        messages: Some(Vec::new()),
        region_name: Some(region.to_string()),
        zone_name: Some(format!("{region}{letter}")),
        zone_id: Some(zone_id(&format!("{region}{letter}"))),
        group_name: Some(format!("{region}-zg-1")),
        network_border_group: Some(region.to_string()),
        zone_type: Some("availability-zone".to_owned()),
        state: Some("available".to_owned()),
        ..AvailabilityZone::default()
    };
    ZONES.into_iter().map(view).collect()
}

/// `use1-az1` for `us-east-1a`. With AWS the mapping differs between accounts; here letters count up.
pub fn zone_id(zone: &str) -> String {
    let (region, letter) = zone.split_at(zone.len().saturating_sub(1));
    let number = letter.bytes().next().map_or(0, |b| b.wrapping_sub(b'a').wrapping_add(1));
    let mut short = String::new();
    for (nth, part) in region.split('-').enumerate() {
        match part {
            _ if nth == 0 => short.push_str(part),
            "northeast" => short.push_str("ne"),
            "northwest" => short.push_str("nw"),
            "southeast" => short.push_str("se"),
            "southwest" => short.push_str("sw"),
            part if part.bytes().all(|b| b.is_ascii_digit()) => short.push_str(part),
            part => short.extend(part.chars().next()),
        }
    }
    format!("{short}-az{number}")
}

fn one(value: Option<&String>) -> Vec<String> {
    value.into_iter().cloned().collect()
}

impl Filtered for RegionView {
    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "endpoint" => one(self.endpoint.as_ref()),
            "opt-in-status" => one(self.opt_in_status.as_ref()),
            "region-name" => one(self.region_name.as_ref()),
            _ => return None,
        })
    }
}

impl Filtered for AvailabilityZone {
    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "group-name" => one(self.group_name.as_ref()),
            "opt-in-status" => one(self.opt_in_status.as_ref()),
            "region-name" => one(self.region_name.as_ref()),
            "state" => one(self.state.as_ref()),
            "zone-id" => one(self.zone_id.as_ref()),
            "zone-name" => one(self.zone_name.as_ref()),
            "zone-type" => one(self.zone_type.as_ref()),
            "group-long-name" | "message" | "parent-zone-id" | "parent-zone-name" => Vec::new(),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_ids_are_as_aws_writes_them() {
        for (zone, id) in [
            ("us-east-1a", "use1-az1"),
            ("eu-central-1b", "euc1-az2"),
            ("ap-southeast-2c", "apse2-az3"),
            ("us-gov-west-1a", "usgw1-az1"),
        ] {
            assert_eq!(zone_id(zone), id);
        }
        assert_eq!(zone_id(""), "-az0");
    }
}
