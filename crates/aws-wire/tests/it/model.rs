//! A small model, once for each protocol: one operation `Put` with a member of every kind.

use gantry_aws_wire::schema::*;

pub const ANY: Bounds = Bounds { min: None, max: None };

pub const fn member(name: &'static str, shape: ShapeId) -> Member {
    Member {
        name,
        shape,
        required: false,
        location: Location::Body,
        location_name: None,
        query_name: None,
        flattened: false,
        idempotency_token: false,
        xml_attribute: false,
        timestamp_format: None,
    }
}

pub const fn at(mut member: Member, location: Location, name: &'static str) -> Member {
    member.location = location;
    member.location_name = Some(name);
    member
}

const fn named(mut member: Member, name: &'static str) -> Member {
    member.location_name = Some(name);
    member
}

const fn structure(members: &'static [Member]) -> Kind {
    Kind::Structure(Structure { members, payload: None, error: None, event_stream: false, union: false })
}

const fn list(member: ShapeId, location_name: Option<&'static str>, flattened: bool) -> Kind {
    Kind::List { member, location_name, flattened, size: ANY }
}

const STRING: Kind = Kind::String { size: ANY, pattern: None, values: &[] };

pub static SHAPES: &[ShapeSchema] = &[
    // 0
    ShapeSchema { name: "String", kind: STRING },
    // 1
    ShapeSchema { name: "Integer", kind: Kind::Integer(ANY) },
    // 2
    ShapeSchema { name: "Boolean", kind: Kind::Boolean },
    // 3
    ShapeSchema { name: "Time", kind: Kind::Timestamp(None) },
    // 4
    ShapeSchema { name: "Blob", kind: Kind::Blob { size: ANY, streaming: false } },
    // 5
    ShapeSchema { name: "Double", kind: Kind::Double(ANY) },
    // 6
    ShapeSchema { name: "Strings", kind: list(0, None, false) },
    // 7
    ShapeSchema { name: "Items", kind: list(9, Some("item"), false) },
    // 8
    ShapeSchema {
        name: "Map",
        kind: Kind::Map { key: 0, value: 1, key_name: None, value_name: None, flattened: false, size: ANY },
    },
    // 9
    ShapeSchema { name: "Pair", kind: structure(&[member("Key", 0), member("Value", 1)]) },
    // 10
    ShapeSchema { name: "FlatStrings", kind: list(0, Some("Flat"), true) },
    // 11
    ShapeSchema {
        name: "PutRequest",
        kind: structure(&[
            member("Name", 0),
            member("Count", 1),
            member("On", 2),
            member("When", 3),
            member("Data", 4),
            member("Ratio", 5),
            member("Words", 6),
            named(member("Pairs", 7), "pairSet"),
            member("Scores", 8),
            member("Flat", 10),
        ]),
    },
    // 12
    ShapeSchema {
        name: "Union",
        kind: Kind::Structure(Structure {
            members: &[member("left", 0), member("right", 1)],
            payload: None,
            error: None,
            event_stream: false,
            union: true,
        }),
    },
    // 13
    ShapeSchema {
        name: "NoSuchThing",
        kind: Kind::Structure(Structure {
            members: &[member("Message", 0), member("thing", 0)],
            payload: None,
            error: Some(ErrorTrait { code: "NoSuchThing", status: 404, sender_fault: true }),
            event_stream: false,
            union: false,
        }),
    },
    // 14
    ShapeSchema {
        name: "RestRequest",
        kind: structure(&[
            at(member("bucket", 0), Location::Uri, "Bucket"),
            at(member("key", 0), Location::Uri, "Key"),
            at(member("limit", 1), Location::Query, "max-keys"),
            at(member("tags", 6), Location::Query, "tag"),
            at(member("token", 0), Location::Header, "x-amz-token"),
            at(member("since", 3), Location::Header, "if-modified-since"),
            at(member("meta", 15), Location::Headers, "x-amz-meta-"),
            named(member("note", 0), "theNote"),
            member("when", 3),
            member("either", 12),
        ]),
    },
    // 15
    ShapeSchema {
        name: "StringMap",
        kind: Kind::Map { key: 0, value: 0, key_name: None, value_name: None, flattened: false, size: ANY },
    },
    // 16
    ShapeSchema {
        name: "RestResponse",
        kind: structure(&[
            at(member("status", 1), Location::StatusCode, "status"),
            at(member("etag", 0), Location::Header, "ETag"),
            at(member("meta", 15), Location::Headers, "x-amz-meta-"),
            named(member("note", 0), "theNote"),
            member("when", 3),
            member("ratio", 5),
        ]),
    },
    // 17
    ShapeSchema {
        name: "BlobPayload",
        kind: Kind::Structure(Structure {
            members: &[at(member("kind", 0), Location::Header, "x-kind"), member("data", 4)],
            payload: Some("data"),
            error: None,
            event_stream: false,
            union: false,
        }),
    },
    // 18
    ShapeSchema {
        name: "AllQuery",
        kind: structure(&[
            at(member("one", 0), Location::Query, "one"),
            at(member("rest", 15), Location::Query, "rest"),
        ]),
    },
];

pub const fn operation(name: &'static str, input: Option<ShapeId>, output: Option<ShapeId>) -> OperationSchema {
    OperationSchema {
        name,
        http_method: "POST",
        http_uri: "/",
        http_status: 200,
        modelled: true,
        input,
        output,
        result_wrapper: None,
        errors: &[],
        event_stream: false,
        paginator: None,
    }
}

const fn with_uri(mut op: OperationSchema, method: &'static str, uri: &'static str) -> OperationSchema {
    op.http_method = method;
    op.http_uri = uri;
    op
}

const fn wrapped(mut op: OperationSchema, wrapper: &'static str) -> OperationSchema {
    op.result_wrapper = Some(wrapper);
    op
}

const fn refused(mut op: OperationSchema) -> OperationSchema {
    op.modelled = false;
    op
}

const fn service(name: &'static str, protocol: Protocol, operations: &'static [OperationSchema]) -> ServiceSchema {
    ServiceSchema {
        name,
        signing_name: name,
        endpoint_prefix: name,
        service_id: name,
        full_name: name,
        api_version: "2020-01-02",
        protocol,
        json_version: "1.1",
        target_prefix: if matches!(protocol, Protocol::AwsJson) { "Thing_20200102" } else { "" },
        xml_namespace: "https://thing.example/doc/",
        validation_code: "ValidationException",
        validation_form: ValidationForm::Detected,
        operations,
        shapes: SHAPES,
    }
}

pub static JSON: ServiceSchema = service(
    "jthing",
    Protocol::AwsJson,
    &[refused(operation("Later", None, None)), operation("Panic", None, None), operation("Put", Some(11), Some(11))],
);
pub static QUERY: ServiceSchema =
    service("qthing", Protocol::AwsQuery, &[wrapped(operation("Put", Some(11), Some(11)), "PutResult")]);
pub static EC2: ServiceSchema = service("ec2thing", Protocol::Ec2Query, &[operation("Put", Some(11), Some(11))]);
pub static REST: ServiceSchema = service(
    "rthing",
    Protocol::RestJson,
    &[
        with_uri(operation("All", Some(18), None), "GET", "/all"),
        with_uri(operation("Get", Some(14), Some(16)), "GET", "/b/{Bucket}/{Key+}"),
        with_uri(operation("GetList", Some(14), Some(16)), "GET", "/b/{Bucket}?list"),
        with_uri(operation("Literal", None, None), "GET", "/b/literal/x"),
        with_uri(operation("Upload", Some(17), Some(17)), "PUT", "/upload"),
    ],
);
