//! The default network, asked as through the wire.

use std::sync::Arc;

use gantry_agent_api::default_network::{DEFAULT_VPC_CIDR, default_network};
use gantry_agent_api::keys;
use gantry_aws_api::ec2::{Ec2Service, SERVICE};
use gantry_aws_wire::{AwsError, Caller, CallerKind, Context, Output, PageTokens, Service as _, validate};
use gantry_base::Timestamp;
use gantry_ec2::Ec2;
use gantry_store::{Embedded, Store};
use serde_json::{Value, json};

struct World {
    store: Store,
    service: Ec2Service<Ec2>,
    context: Context,
}

impl World {
    fn new() -> Self {
        let store = Embedded::in_memory();
        let ec2 = Ec2::new(store.clone(), PageTokens::new(b"key"), DEFAULT_VPC_CIDR).expect("a good network");
        let caller = Caller {
            arn: "arn:aws:iam::123456789012:root".into(),
            account: "123456789012".parse().expect("an account"),
            user_id: "123456789012".into(),
            kind: CallerKind::Root,
            access_key_id: String::new(),
            session_context: Vec::new(),
            session_policies: Vec::new(),
        };
        let context = Context {
            request_id: "r".into(),
            account: caller.account.clone(),
            caller: Arc::new(caller),
            region: "us-east-1".parse().expect("a region"),
            now: Timestamp::from_secs(1_795_341_600),
            source_ip: "127.0.0.1".parse().expect("an address"),
            user_agent: String::new(),
            secure_transport: false,
            host: String::new(),
        };
        Self { store, service: Ec2Service(Arc::new(ec2)), context }
    }

    async fn ask(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        let operation = SERVICE.operation(operation).expect("an operation");
        validate::check(&SERVICE, operation, &input)?;
        let accesses = self.service.accesses(operation, &input, &self.context).await?;
        assert_eq!(accesses[0].action, format!("ec2:{}", operation.name));
        match self.service.call(operation, input, &self.context).await? {
            Output::Value(value) => Ok(value),
            _ => panic!("EC2 answers with values"),
        }
    }

    fn network(&self) -> gantry_agent_api::default_network::DefaultNetwork {
        default_network(&self.context.account, &self.context.region, DEFAULT_VPC_CIDR).expect("a network")
    }

    async fn interface(&self, number: u8) {
        let net = self.network();
        let id = format!("eni-{number:017x}");
        let key = keys::aws(&self.context.account, &self.context.region, "ec2", "network-interface", &id);
        let record = json!({
            "network": {
                "eni_id": id, "attachment_id": "a", "subnet_id": net.subnets[0].id, "vpc_id": net.vpc_id,
                "availability_zone": "us-east-1a", "security_groups": [net.security_group_id],
                "private_ip": format!("172.31.0.{number}"), "subnet_cidr": "172.31.0.0/20",
                "vpc_cidr": "172.31.0.0/16", "mac": "0a:00:00:00:00:01", "private_dns_name": "ip-x.ec2.internal",
            },
            "sandbox_id": "0123", "created_at": 1_795_341_600_000_i64,
        });
        self.store.put(key, record.to_string()).await.expect("a put");
    }
}

fn names(answer: &Value, list: &str, member: &str) -> Vec<String> {
    let items = answer[list].as_array().expect("a list");
    items.iter().map(|item| item[member].as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn the_default_network_is_told_of() {
    let world = World::new();
    let net = world.network();
    let vpcs = world.ask("DescribeVpcs", json!({})).await.expect("VPCs");
    assert_eq!(names(&vpcs, "Vpcs", "VpcId"), [net.vpc_id.as_str()]);
    assert_eq!(vpcs["Vpcs"][0]["IsDefault"], true);
    let subnets = world.ask("DescribeSubnets", json!({"Filters": [{"Name": "vpc-id", "Values": [net.vpc_id]}]})).await;
    let subnets = subnets.expect("subnets");
    let mut zones = names(&subnets, "Subnets", "AvailabilityZone");
    zones.sort();
    assert_eq!(zones, ["us-east-1a", "us-east-1b", "us-east-1c"]);
    assert_eq!(subnets["Subnets"][0]["AvailableIpAddressCount"], 4091);
    let groups = world.ask("DescribeSecurityGroups", json!({"GroupNames": ["default"]})).await.expect("groups");
    assert_eq!(names(&groups, "SecurityGroups", "GroupId"), [net.security_group_id.as_str()]);
    let rules = world.ask("DescribeSecurityGroupRules", json!({})).await.expect("rules");
    assert_eq!(rules["SecurityGroupRules"].as_array().map(Vec::len), Some(2));
    let zones = world.ask("DescribeAvailabilityZones", json!({"ZoneNames": ["us-east-1b"]})).await.expect("zones");
    assert_eq!(names(&zones, "AvailabilityZones", "ZoneId"), ["use1-az2"]);
    let regions = world.ask("DescribeRegions", json!({"Filters": [{"Name": "region-name", "Values": ["eu-west-*"]}]}));
    assert_eq!(
        names(&regions.await.expect("regions"), "Regions", "RegionName"),
        ["eu-west-1", "eu-west-2", "eu-west-3"]
    );
    let attributes = world.ask("DescribeAccountAttributes", json!({"AttributeNames": ["default-vpc"]})).await;
    let value = &attributes.expect("attributes")["AccountAttributes"][0]["AttributeValues"][0]["AttributeValue"];
    assert_eq!(value, net.vpc_id.as_str());
    let input = json!({"VpcId": net.vpc_id, "Attribute": "enableDnsSupport"});
    let attribute = world.ask("DescribeVpcAttribute", input).await.expect("an attribute");
    assert_eq!(attribute["EnableDnsSupport"]["Value"], true);
}

#[tokio::test]
async fn filters_choose() {
    let world = World::new();
    for (operation, list, name, value, count) in [
        ("DescribeVpcs", "Vpcs", "isDefault", "true", 1),
        ("DescribeVpcs", "Vpcs", "is-default", "false", 0),
        ("DescribeVpcs", "Vpcs", "cidr", "172.31.*", 1),
        ("DescribeVpcs", "Vpcs", "tag:Name", "x", 0),
        ("DescribeSubnets", "Subnets", "availability-zone", "us-east-1b", 1),
        ("DescribeSubnets", "Subnets", "default-for-az", "true", 3),
        ("DescribeSubnets", "Subnets", "cidr-block", "172.31.32.0/20", 1),
        ("DescribeSecurityGroups", "SecurityGroups", "group-name", "default", 1),
        ("DescribeSecurityGroups", "SecurityGroups", "group-name", "web", 0),
        ("DescribeNetworkInterfaces", "NetworkInterfaces", "status", "in-use", 0),
        ("DescribeAvailabilityZones", "AvailabilityZones", "state", "available", 3),
    ] {
        let answer = world.ask(operation, json!({"Filters": [{"Name": name, "Values": [value]}]})).await.expect(name);
        assert_eq!(answer[list].as_array().map(Vec::len), Some(count), "{operation} {name}={value}");
    }
}

#[tokio::test]
async fn errors_are_ec2s() {
    let world = World::new();
    let absent = |prefix: &str| format!("{prefix}-0123456789abcdef0");
    for (operation, input, status, code, message) in [
        (
            "DescribeVpcs",
            json!({"VpcIds": [absent("vpc")]}),
            400,
            "InvalidVpcID.NotFound",
            "The vpc ID 'vpc-0123456789abcdef0' does not exist",
        ),
        (
            "DescribeVpcs",
            json!({"VpcIds": ["x"]}),
            400,
            "InvalidVpcID.Malformed",
            "Invalid id: \"x\" (expecting \"vpc-...\")",
        ),
        (
            "DescribeSubnets",
            json!({"SubnetIds": [absent("subnet")]}),
            400,
            "InvalidSubnetID.NotFound",
            "The subnet ID 'subnet-0123456789abcdef0' does not exist",
        ),
        (
            "DescribeSecurityGroups",
            json!({"GroupIds": [absent("sg")]}),
            400,
            "InvalidGroup.NotFound",
            "The security group 'sg-0123456789abcdef0' does not exist",
        ),
        (
            "DescribeSecurityGroups",
            json!({"GroupNames": ["web"]}),
            400,
            "InvalidGroup.NotFound",
            "The security group 'web' does not exist",
        ),
        (
            "DescribeNetworkInterfaces",
            json!({"NetworkInterfaceIds": [absent("eni")]}),
            400,
            "InvalidNetworkInterfaceID.NotFound",
            "The networkInterface ID 'eni-0123456789abcdef0' does not exist",
        ),
        (
            "DescribeVpcs",
            json!({"Filters": [{"Name": "colour", "Values": ["red"]}]}),
            400,
            "InvalidParameterValue",
            "The filter 'colour' is invalid",
        ),
        (
            "DescribeVpcs",
            json!({"Filters": [{"Name": "cidr"}]}),
            400,
            "MissingParameter",
            "The request must contain the parameter Filter.Value",
        ),
        (
            "DescribeVpcs",
            json!({"DryRun": true}),
            412,
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
        ),
        ("DescribeVpcs", json!({"NextToken": "forged"}), 400, "InvalidNextToken", "The token 'forged' is invalid"),
        (
            "DescribeAvailabilityZones",
            json!({"ZoneNames": ["mars-1a"]}),
            400,
            "InvalidParameterValue",
            "Invalid availability zone: [mars-1a]",
        ),
        (
            "DescribeVpcAttribute",
            json!({"VpcId": absent("vpc"), "Attribute": "enableDnsSupport"}),
            400,
            "InvalidVpcID.NotFound",
            "The vpc ID 'vpc-0123456789abcdef0' does not exist",
        ),
    ] {
        let error = world.ask(operation, input).await.expect_err(message);
        assert_eq!((error.status, error.code.as_str(), error.message.as_str()), (status, code, message));
    }
    assert!(Ec2::new(world.store.clone(), PageTokens::new(b"k"), "10.0.0.0/30").is_err());
}

#[tokio::test]
async fn interfaces_come_from_their_records_in_pages() {
    let world = World::new();
    for number in 1..=12 {
        world.interface(number).await;
    }
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut input = json!({"MaxResults": 5});
        if !token.is_null() {
            input["NextToken"] = token.clone();
        }
        let answer = world.ask("DescribeNetworkInterfaces", input).await.expect("interfaces");
        seen.extend(names(&answer, "NetworkInterfaces", "PrivateIpAddress"));
        token = answer["NextToken"].clone();
        if token.is_null() {
            break;
        }
        // A token is good for its own filters only.
        let other = json!({"MaxResults": 5, "NextToken": token, "Filters": [{"Name": "status", "Values": ["in-use"]}]});
        assert_eq!(world.ask("DescribeNetworkInterfaces", other).await.expect_err("forged").code, "InvalidNextToken");
    }
    assert_eq!(seen.len(), 12);
    let net = world.network();
    let subnets = world.ask("DescribeSubnets", json!({"SubnetIds": [net.subnets[0].id]})).await.expect("subnets");
    assert_eq!(subnets["Subnets"][0]["AvailableIpAddressCount"], 4091 - 12);
}
