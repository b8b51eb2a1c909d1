//! Decoders never panic, whatever comes.

use gantry_aws_wire::protocol::{json, query};
use gantry_aws_wire::schema::Protocol;
use gantry_aws_wire::validate;
use proptest::prelude::*;
use serde_json::Value;

use crate::SERVICES;
use crate::arbitrary::Maker;
use crate::client;

/// JSON of any form, with the models' own member names mixed in so that walks get somewhere.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("tags".to_owned()),
        Just("containerDefinitions".to_owned()),
        Just("logEvents".to_owned()),
        Just("message".to_owned()),
        Just("networkConfiguration".to_owned()),
        ".{0,6}".prop_map(String::from),
    ];
    leaf.prop_recursive(6, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for service in SERVICES {
            for operation in service.operations.iter().filter(|o| o.modelled) {
                match service.protocol {
                    Protocol::AwsJson => drop(json::decode(service, operation.input, &bytes)),
                    _ => if let Ok(params) = query::Params::parse(&bytes) {
                        drop(query::decode(service, operation, &params));
                    },
                }
            }
        }
    }

    #[test]
    fn any_json_is_decoded_or_refused(value in any_json()) {
        let bytes = serde_json::to_vec(&value).expect("JSON");
        for service in SERVICES.iter().filter(|s| s.protocol == Protocol::AwsJson) {
            for operation in service.operations {
                if let Ok(input) = json::decode(service, operation.input, &bytes) {
                    drop(validate::check(service, operation, &input));
                }
            }
        }
    }

    #[test]
    fn a_damaged_form_is_decoded_or_refused(seed: u64, at: prop::sample::Index, byte: u8) {
        for service in SERVICES.iter().filter(|s| s.protocol != Protocol::AwsJson) {
            for operation in service.operations.iter().filter(|o| o.modelled) {
                let input = Maker::new(service, seed).root(operation.input);
                let mut form = client::form(service, operation, &input).into_bytes();
                let at = at.index(form.len());
                form[at] = byte;
                if let Ok(params) = query::Params::parse(&form)
                    && let Ok(input) = query::decode(service, operation, &params)
                {
                    drop(validate::check(service, operation, &input));
                }
            }
        }
    }
}

#[test]
fn nesting_and_numbers_are_bounded() {
    let service = &gantry_aws_api::ecs::SERVICE;
    let operation = service.operation("RegisterTaskDefinition").expect("the operation");
    let deep = "[".repeat(100_000);
    let error = json::decode(service, operation.input, deep.as_bytes()).expect_err("too deep");
    assert_eq!(error.code, "SerializationException");
    let many = (0..=query::MAX_PARAMS).map(|n| format!("a.{n}=x")).collect::<Vec<_>>().join("&");
    assert!(query::Params::parse(many.as_bytes()).is_err());
    let dots = "a.".repeat(1000) + "=x";
    assert!(query::Params::parse(dots.as_bytes()).is_err());
}
