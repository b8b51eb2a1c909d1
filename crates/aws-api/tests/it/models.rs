//! Every modelled operation, both ways.

use std::collections::BTreeSet;

use gantry_aws_wire::protocol::{self, json, query};
use gantry_aws_wire::schema::{Kind, OperationSchema, Protocol, ServiceSchema};
use gantry_aws_wire::validate;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::arbitrary::Maker;
use crate::{SERVICES, client};

fn modelled() -> impl Iterator<Item = (&'static ServiceSchema, &'static OperationSchema)> {
    SERVICES.iter().flat_map(|s| s.operations.iter().filter(|o| o.modelled).map(|o| (*s, o)))
}

fn decode(service: &'static ServiceSchema, operation: &'static OperationSchema, input: &Value) -> Value {
    match service.protocol {
        Protocol::AwsJson => {
            let bytes = serde_json::to_vec(input).expect("JSON");
            json::decode(service, operation.input, &bytes).expect("a decoded input")
        }
        Protocol::AwsQuery | Protocol::Ec2Query => {
            let params = query::Params::parse(client::form(service, operation, input).as_bytes()).expect("a form");
            query::decode(service, operation, &params).expect("a decoded input")
        }
        other => panic!("no service speaks {other:?} yet"),
    }
}

fn reread(service: &'static ServiceSchema, operation: &'static OperationSchema, output: &Value) -> Value {
    let reply = protocol::encode(service, operation, output, "the-id").expect("an answer");
    match service.protocol {
        Protocol::AwsJson => json::decode(service, operation.output, &reply.body).expect("a decoded output"),
        _ => client::output(service, operation, &reply.body),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn inputs_and_outputs_survive_the_wire(seed: u64) {
        for (service, operation) in modelled() {
            let mut maker = Maker::new(service, seed);
            let input = maker.root(operation.input);
            prop_assert_eq!(&decode(service, operation, &input), &input, "input of {}", operation.name);
            let output = maker.root(operation.output);
            prop_assert_eq!(&reread(service, operation, &output), &output, "output of {}", operation.name);
        }
    }
}

#[test]
fn the_models_are_all_there() {
    let counts: Vec<(&str, usize, usize)> = SERVICES
        .iter()
        .map(|s| (s.name, s.operations.len(), s.operations.iter().filter(|o| o.modelled).count()))
        .collect();
    println!("operations, modelled: {counts:?}");
    for service in SERVICES {
        let names: Vec<&str> = service.operations.iter().map(|o| o.name).collect();
        assert!(names.is_sorted(), "{} finds its operations by binary search", service.name);
        for operation in service.operations {
            assert_eq!(service.operation(operation.name).map(|o| o.name), Some(operation.name));
        }
    }
}

#[test]
fn patterns_that_cannot_be_enforced_are_few() {
    let mut all = BTreeSet::new();
    let mut skipped = BTreeSet::new();
    for service in SERVICES {
        for shape in service.shapes {
            if let Kind::String { pattern: Some(pattern), .. } = &shape.kind {
                all.insert(*pattern);
                if validate::pattern::compiled(pattern).is_none() {
                    skipped.insert((service.name, shape.name, *pattern));
                }
            }
        }
    }
    println!("{} patterns, {} not enforced:", all.len(), skipped.len());
    for (service, shape, pattern) in &skipped {
        println!("  {service} {shape}: {pattern}");
    }
    assert!(skipped.len() <= 2, "{skipped:?}");
}

#[test]
fn broken_constraints_are_worded_as_each_service_words_them() {
    for (service, operation, input, code, message) in [
        (
            "logs",
            "CreateLogGroup",
            json!({"logGroupName": "a b"}),
            "InvalidParameterException",
            "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        ),
        (
            "logs",
            "CreateLogGroup",
            json!({}),
            "InvalidParameterException",
            "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null",
        ),
        (
            "logs",
            "CreateLogGroup",
            json!({"logGroupName": ""}),
            "InvalidParameterException",
            "2 validation errors detected: Value '' at 'logGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        ),
        (
            "logs",
            "PutLogEvents",
            json!({"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": ""}]}),
            "InvalidParameterException",
            "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "iam",
            "CreateUser",
            json!({"UserName": "a b"}),
            "ValidationError",
            "1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
        ),
        (
            "iam",
            "ListUsers",
            json!({"MaxItems": 0}),
            "ValidationError",
            "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            "ecr",
            "CreateRepository",
            json!({"repositoryName": "UPPER"}),
            "InvalidParameterException",
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*''",
        ),
        ("ecs", "DescribeTasks", json!({}), "InvalidParameterException", "Tasks cannot be empty."),
        ("ecs", "StopTask", json!({}), "InvalidParameterException", "Task can not be blank."),
        (
            "ecs",
            "RunTask",
            json!({"taskDefinition": "x", "launchType": "BALLOON"}),
            "InvalidParameterException",
            "1 validation error detected: Value 'BALLOON' at 'launchType' failed to satisfy constraint: Member must satisfy enum value set: [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]",
        ),
        (
            "ec2",
            "DescribeVpcAttribute",
            json!({"Attribute": "enableDnsSupport"}),
            "MissingParameter",
            "The request must contain the parameter VpcId",
        ),
    ] {
        let schema = SERVICES.iter().find(|s| s.name == service).expect("the service");
        let op = schema.operation(operation).expect("the operation");
        let error = validate::check(schema, op, &input).expect_err(operation);
        assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{operation}");
    }
}
