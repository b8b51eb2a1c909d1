// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::schema::*;

#[allow(dead_code, reason = "few models bound everything")]
const ANY: Bounds = Bounds { min: None, max: None };

pub static SERVICE: ServiceSchema = ServiceSchema {
    name: "sts",
    signing_name: "sts",
    endpoint_prefix: "sts",
    service_id: "STS",
    full_name: "AWS Security Token Service",
    api_version: "2011-06-15",
    protocol: Protocol::AwsQuery,
    json_version: "",
    target_prefix: "",
    xml_namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    validation_code: "ValidationError",
    validation_form: ValidationForm::Detected,
    operations: OPERATIONS,
    shapes: SHAPES,
};

#[rustfmt::skip]
static OPERATIONS: &[OperationSchema] = &[
    OperationSchema { name: "AssumeRole", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(0), output: Some(1), result_wrapper: Some("AssumeRoleResult"), errors: &[34, 37, 41, 13], event_stream: false, paginator: None },
    OperationSchema { name: "AssumeRoleWithSAML", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(2), output: Some(3), result_wrapper: Some("AssumeRoleWithSAMLResult"), errors: &[34, 37, 29, 31, 13, 41], event_stream: false, paginator: None },
    OperationSchema { name: "AssumeRoleWithWebIdentity", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(4), output: Some(5), result_wrapper: Some("AssumeRoleWithWebIdentityResult"), errors: &[34, 37, 29, 28, 31, 13, 41], event_stream: false, paginator: None },
    OperationSchema { name: "AssumeRoot", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(6), output: Some(7), result_wrapper: Some("AssumeRootResult"), errors: &[41, 13], event_stream: false, paginator: None },
    OperationSchema { name: "DecodeAuthorizationMessage", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(11), output: Some(12), result_wrapper: Some("DecodeAuthorizationMessageResult"), errors: &[30], event_stream: false, paginator: None },
    OperationSchema { name: "GetAccessKeyInfo", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(16), output: Some(17), result_wrapper: Some("GetAccessKeyInfoResult"), errors: &[], event_stream: false, paginator: None },
    OperationSchema { name: "GetCallerIdentity", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(18), output: Some(19), result_wrapper: Some("GetCallerIdentityResult"), errors: &[], event_stream: false, paginator: None },
    OperationSchema { name: "GetDelegatedAccessToken", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(20), output: Some(21), result_wrapper: Some("GetDelegatedAccessTokenResult"), errors: &[14, 41, 37], event_stream: false, paginator: None },
    OperationSchema { name: "GetFederationToken", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(22), output: Some(23), result_wrapper: Some("GetFederationTokenResult"), errors: &[34, 37, 41], event_stream: false, paginator: None },
    OperationSchema { name: "GetSessionToken", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(24), output: Some(25), result_wrapper: Some("GetSessionTokenResult"), errors: &[41], event_stream: false, paginator: None },
    OperationSchema { name: "GetWebIdentityToken", http_method: "POST", http_uri: "/", http_status: 200, modelled: true, input: Some(26), output: Some(27), result_wrapper: Some("GetWebIdentityTokenResult"), errors: &[44, 36, 33], event_stream: false, paginator: None },
];

#[rustfmt::skip]
static SHAPES: &[ShapeSchema] = &[
    // 0
    ShapeSchema { name: "AssumeRoleRequest", kind: Kind::Structure(Structure { members: &[Member { name: "RoleArn", shape: 52, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "RoleSessionName", shape: 78, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PolicyArns", shape: 75, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Policy", shape: 92, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "DurationSeconds", shape: 77, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Tags", shape: 87, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "TransitiveTagKeys", shape: 85, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "ExternalId", shape: 62, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SerialNumber", shape: 79, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "TokenCode", shape: 89, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SourceIdentity", shape: 84, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "ProvidedContexts", shape: 40, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "MinimumSessionTokenSize", shape: 71, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 1
    ShapeSchema { name: "AssumeRoleResponse", kind: Kind::Structure(Structure { members: &[Member { name: "Credentials", shape: 10, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "AssumedRoleUser", shape: 8, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PackedPolicySize", shape: 72, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SourceIdentity", shape: 84, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenUtilization", shape: 83, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenSize", shape: 82, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 2
    ShapeSchema { name: "AssumeRoleWithSAMLRequest", kind: Kind::Structure(Structure { members: &[Member { name: "RoleArn", shape: 52, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PrincipalArn", shape: 52, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SAMLAssertion", shape: 43, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PolicyArns", shape: 75, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Policy", shape: 81, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "DurationSeconds", shape: 77, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "MinimumSessionTokenSize", shape: 71, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 3
    ShapeSchema { name: "AssumeRoleWithSAMLResponse", kind: Kind::Structure(Structure { members: &[Member { name: "Credentials", shape: 10, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "AssumedRoleUser", shape: 8, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PackedPolicySize", shape: 72, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Subject", shape: 45, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SubjectType", shape: 46, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Issuer", shape: 32, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Audience", shape: 9, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "NameQualifier", shape: 35, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SourceIdentity", shape: 84, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenUtilization", shape: 83, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenSize", shape: 82, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 4
    ShapeSchema { name: "AssumeRoleWithWebIdentityRequest", kind: Kind::Structure(Structure { members: &[Member { name: "RoleArn", shape: 52, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "RoleSessionName", shape: 78, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "WebIdentityToken", shape: 54, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "ProviderId", shape: 93, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PolicyArns", shape: 75, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Policy", shape: 81, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "DurationSeconds", shape: 77, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "MinimumSessionTokenSize", shape: 71, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 5
    ShapeSchema { name: "AssumeRoleWithWebIdentityResponse", kind: Kind::Structure(Structure { members: &[Member { name: "Credentials", shape: 10, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SubjectFromWebIdentityToken", shape: 96, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "AssumedRoleUser", shape: 8, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PackedPolicySize", shape: 72, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Provider", shape: 32, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Audience", shape: 9, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SourceIdentity", shape: 84, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenUtilization", shape: 83, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenSize", shape: 82, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 6
    ShapeSchema { name: "AssumeRootRequest", kind: Kind::Structure(Structure { members: &[Member { name: "TargetPrincipal", shape: 48, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "TaskPolicyArn", shape: 38, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "DurationSeconds", shape: 42, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "MinimumSessionTokenSize", shape: 71, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 7
    ShapeSchema { name: "AssumeRootResponse", kind: Kind::Structure(Structure { members: &[Member { name: "Credentials", shape: 10, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SourceIdentity", shape: 84, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenUtilization", shape: 83, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenSize", shape: 82, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 8
    ShapeSchema { name: "AssumedRoleUser", kind: Kind::Structure(Structure { members: &[Member { name: "AssumedRoleId", shape: 53, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Arn", shape: 52, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 9
    ShapeSchema { name: "Audience", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 10
    ShapeSchema { name: "Credentials", kind: Kind::Structure(Structure { members: &[Member { name: "AccessKeyId", shape: 49, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SecretAccessKey", shape: 50, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionToken", shape: 90, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Expiration", shape: 56, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 11
    ShapeSchema { name: "DecodeAuthorizationMessageRequest", kind: Kind::Structure(Structure { members: &[Member { name: "EncodedMessage", shape: 59, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 12
    ShapeSchema { name: "DecodeAuthorizationMessageResponse", kind: Kind::Structure(Structure { members: &[Member { name: "DecodedMessage", shape: 57, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 13
    ShapeSchema { name: "ExpiredTokenException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 60, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "ExpiredTokenException", status: 400, sender_fault: true }), event_stream: false, union: false }) },
    // 14
    ShapeSchema { name: "ExpiredTradeInTokenException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 61, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "ExpiredTradeInTokenException", status: 400, sender_fault: true }), event_stream: false, union: false }) },
    // 15
    ShapeSchema { name: "FederatedUser", kind: Kind::Structure(Structure { members: &[Member { name: "FederatedUserId", shape: 63, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Arn", shape: 52, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 16
    ShapeSchema { name: "GetAccessKeyInfoRequest", kind: Kind::Structure(Structure { members: &[Member { name: "AccessKeyId", shape: 49, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 17
    ShapeSchema { name: "GetAccessKeyInfoResponse", kind: Kind::Structure(Structure { members: &[Member { name: "Account", shape: 51, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 18
    ShapeSchema { name: "GetCallerIdentityRequest", kind: Kind::Structure(Structure { members: &[], payload: None, error: None, event_stream: false, union: false }) },
    // 19
    ShapeSchema { name: "GetCallerIdentityResponse", kind: Kind::Structure(Structure { members: &[Member { name: "UserId", shape: 94, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Account", shape: 51, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Arn", shape: 52, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 20
    ShapeSchema { name: "GetDelegatedAccessTokenRequest", kind: Kind::Structure(Structure { members: &[Member { name: "TradeInToken", shape: 91, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 21
    ShapeSchema { name: "GetDelegatedAccessTokenResponse", kind: Kind::Structure(Structure { members: &[Member { name: "Credentials", shape: 10, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PackedPolicySize", shape: 72, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "AssumedPrincipal", shape: 52, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 22
    ShapeSchema { name: "GetFederationTokenRequest", kind: Kind::Structure(Structure { members: &[Member { name: "Name", shape: 95, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Policy", shape: 81, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PolicyArns", shape: 75, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "DurationSeconds", shape: 58, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Tags", shape: 87, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "MinimumSessionTokenSize", shape: 71, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 23
    ShapeSchema { name: "GetFederationTokenResponse", kind: Kind::Structure(Structure { members: &[Member { name: "Credentials", shape: 10, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "FederatedUser", shape: 15, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "PackedPolicySize", shape: 72, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenUtilization", shape: 83, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenSize", shape: 82, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 24
    ShapeSchema { name: "GetSessionTokenRequest", kind: Kind::Structure(Structure { members: &[Member { name: "DurationSeconds", shape: 58, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SerialNumber", shape: 79, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "TokenCode", shape: 89, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "MinimumSessionTokenSize", shape: 71, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 25
    ShapeSchema { name: "GetSessionTokenResponse", kind: Kind::Structure(Structure { members: &[Member { name: "Credentials", shape: 10, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenUtilization", shape: 83, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SessionTokenSize", shape: 82, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 26
    ShapeSchema { name: "GetWebIdentityTokenRequest", kind: Kind::Structure(Structure { members: &[Member { name: "Audience", shape: 97, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "DurationSeconds", shape: 99, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "SigningAlgorithm", shape: 68, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Tags", shape: 87, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 27
    ShapeSchema { name: "GetWebIdentityTokenResponse", kind: Kind::Structure(Structure { members: &[Member { name: "WebIdentityToken", shape: 100, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Expiration", shape: 56, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 28
    ShapeSchema { name: "IDPCommunicationErrorException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 64, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "IDPCommunicationError", status: 400, sender_fault: true }), event_stream: false, union: false }) },
    // 29
    ShapeSchema { name: "IDPRejectedClaimException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 65, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "IDPRejectedClaim", status: 403, sender_fault: true }), event_stream: false, union: false }) },
    // 30
    ShapeSchema { name: "InvalidAuthorizationMessageException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 66, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "InvalidAuthorizationMessageException", status: 400, sender_fault: true }), event_stream: false, union: false }) },
    // 31
    ShapeSchema { name: "InvalidIdentityTokenException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 67, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "InvalidIdentityToken", status: 400, sender_fault: true }), event_stream: false, union: false }) },
    // 32
    ShapeSchema { name: "Issuer", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 33
    ShapeSchema { name: "JWTPayloadSizeExceededException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 69, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "JWTPayloadSizeExceededException", status: 400, sender_fault: true }), event_stream: false, union: false }) },
    // 34
    ShapeSchema { name: "MalformedPolicyDocumentException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 70, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "MalformedPolicyDocument", status: 400, sender_fault: true }), event_stream: false, union: false }) },
    // 35
    ShapeSchema { name: "NameQualifier", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 36
    ShapeSchema { name: "OutboundWebIdentityFederationDisabledException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 73, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "OutboundWebIdentityFederationDisabledException", status: 403, sender_fault: true }), event_stream: false, union: false }) },
    // 37
    ShapeSchema { name: "PackedPolicyTooLargeException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 74, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "PackedPolicyTooLarge", status: 400, sender_fault: true }), event_stream: false, union: false }) },
    // 38
    ShapeSchema { name: "PolicyDescriptorType", kind: Kind::Structure(Structure { members: &[Member { name: "arn", shape: 52, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 39
    ShapeSchema { name: "ProvidedContext", kind: Kind::Structure(Structure { members: &[Member { name: "ProviderArn", shape: 52, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "ContextAssertion", shape: 55, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 40
    ShapeSchema { name: "ProvidedContextsListType", kind: Kind::List { member: 39, location_name: None, flattened: false, size: Bounds { min: Some(1), max: Some(5) } } },
    // 41
    ShapeSchema { name: "RegionDisabledException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 76, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "RegionDisabledException", status: 403, sender_fault: true }), event_stream: false, union: false }) },
    // 42
    ShapeSchema { name: "RootDurationSecondsType", kind: Kind::Integer(Bounds { min: Some(0), max: Some(900) }) },
    // 43
    ShapeSchema { name: "SAMLAssertionType", kind: Kind::String { size: Bounds { min: Some(4), max: Some(100000) }, pattern: None, values: &[] } },
    // 44
    ShapeSchema { name: "SessionDurationEscalationException", kind: Kind::Structure(Structure { members: &[Member { name: "message", shape: 80, required: false, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: Some(ErrorTrait { code: "SessionDurationEscalationException", status: 403, sender_fault: true }), event_stream: false, union: false }) },
    // 45
    ShapeSchema { name: "Subject", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 46
    ShapeSchema { name: "SubjectType", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 47
    ShapeSchema { name: "Tag", kind: Kind::Structure(Structure { members: &[Member { name: "Key", shape: 86, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, Member { name: "Value", shape: 88, required: true, location: Location::Body, location_name: None, query_name: None, flattened: false, idempotency_token: false, xml_attribute: false, timestamp_format: None }, ], payload: None, error: None, event_stream: false, union: false }) },
    // 48
    ShapeSchema { name: "TargetPrincipalType", kind: Kind::String { size: Bounds { min: Some(12), max: Some(2048) }, pattern: None, values: &[] } },
    // 49
    ShapeSchema { name: "accessKeyIdType", kind: Kind::String { size: Bounds { min: Some(16), max: Some(128) }, pattern: Some("[\\w]*"), values: &[] } },
    // 50
    ShapeSchema { name: "accessKeySecretType", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 51
    ShapeSchema { name: "accountType", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 52
    ShapeSchema { name: "arnType", kind: Kind::String { size: Bounds { min: Some(20), max: Some(2048) }, pattern: Some("[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+"), values: &[] } },
    // 53
    ShapeSchema { name: "assumedRoleIdType", kind: Kind::String { size: Bounds { min: Some(2), max: Some(193) }, pattern: Some("[\\w+=,.@:-]*"), values: &[] } },
    // 54
    ShapeSchema { name: "clientTokenType", kind: Kind::String { size: Bounds { min: Some(4), max: Some(20000) }, pattern: None, values: &[] } },
    // 55
    ShapeSchema { name: "contextAssertionType", kind: Kind::String { size: Bounds { min: Some(4), max: Some(2048) }, pattern: None, values: &[] } },
    // 56
    ShapeSchema { name: "dateType", kind: Kind::Timestamp(None) },
    // 57
    ShapeSchema { name: "decodedMessageType", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 58
    ShapeSchema { name: "durationSecondsType", kind: Kind::Integer(Bounds { min: Some(900), max: Some(129600) }) },
    // 59
    ShapeSchema { name: "encodedMessageType", kind: Kind::String { size: Bounds { min: Some(1), max: Some(10240) }, pattern: None, values: &[] } },
    // 60
    ShapeSchema { name: "expiredIdentityTokenMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 61
    ShapeSchema { name: "expiredTradeInTokenExceptionMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 62
    ShapeSchema { name: "externalIdType", kind: Kind::String { size: Bounds { min: Some(2), max: Some(1224) }, pattern: Some("[\\w+=,.@:\\/-]*"), values: &[] } },
    // 63
    ShapeSchema { name: "federatedIdType", kind: Kind::String { size: Bounds { min: Some(2), max: Some(193) }, pattern: Some("[\\w+=,.@\\:-]*"), values: &[] } },
    // 64
    ShapeSchema { name: "idpCommunicationErrorMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 65
    ShapeSchema { name: "idpRejectedClaimMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 66
    ShapeSchema { name: "invalidAuthorizationMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 67
    ShapeSchema { name: "invalidIdentityTokenMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 68
    ShapeSchema { name: "jwtAlgorithmType", kind: Kind::String { size: Bounds { min: Some(5), max: Some(5) }, pattern: None, values: &[] } },
    // 69
    ShapeSchema { name: "jwtPayloadSizeExceededException", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 70
    ShapeSchema { name: "malformedPolicyDocumentMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 71
    ShapeSchema { name: "minimumSessionTokenSizeType", kind: Kind::Integer(Bounds { min: Some(0), max: Some(4096) }) },
    // 72
    ShapeSchema { name: "nonNegativeIntegerType", kind: Kind::Integer(Bounds { min: Some(0), max: None }) },
    // 73
    ShapeSchema { name: "outboundWebIdentityFederationDisabledException", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 74
    ShapeSchema { name: "packedPolicyTooLargeMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 75
    ShapeSchema { name: "policyDescriptorListType", kind: Kind::List { member: 38, location_name: None, flattened: false, size: ANY } },
    // 76
    ShapeSchema { name: "regionDisabledMessage", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 77
    ShapeSchema { name: "roleDurationSecondsType", kind: Kind::Integer(Bounds { min: Some(900), max: Some(43200) }) },
    // 78
    ShapeSchema { name: "roleSessionNameType", kind: Kind::String { size: Bounds { min: Some(2), max: Some(64) }, pattern: Some("[\\w+=,.@-]*"), values: &[] } },
    // 79
    ShapeSchema { name: "serialNumberType", kind: Kind::String { size: Bounds { min: Some(9), max: Some(256) }, pattern: Some("[\\w+=/:,.@-]*"), values: &[] } },
    // 80
    ShapeSchema { name: "sessionDurationEscalationException", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 81
    ShapeSchema { name: "sessionPolicyDocumentType", kind: Kind::String { size: Bounds { min: Some(1), max: Some(2048) }, pattern: Some("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"), values: &[] } },
    // 82
    ShapeSchema { name: "sessionTokenSizeType", kind: Kind::Integer(Bounds { min: Some(0), max: None }) },
    // 83
    ShapeSchema { name: "sessionTokenUtilizationType", kind: Kind::Integer(Bounds { min: Some(0), max: None }) },
    // 84
    ShapeSchema { name: "sourceIdentityType", kind: Kind::String { size: Bounds { min: Some(2), max: Some(64) }, pattern: Some("[\\w+=,.@-]*"), values: &[] } },
    // 85
    ShapeSchema { name: "tagKeyListType", kind: Kind::List { member: 86, location_name: None, flattened: false, size: Bounds { min: None, max: Some(50) } } },
    // 86
    ShapeSchema { name: "tagKeyType", kind: Kind::String { size: Bounds { min: Some(1), max: Some(128) }, pattern: Some("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+"), values: &[] } },
    // 87
    ShapeSchema { name: "tagListType", kind: Kind::List { member: 47, location_name: None, flattened: false, size: Bounds { min: None, max: Some(50) } } },
    // 88
    ShapeSchema { name: "tagValueType", kind: Kind::String { size: Bounds { min: Some(0), max: Some(256) }, pattern: Some("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"), values: &[] } },
    // 89
    ShapeSchema { name: "tokenCodeType", kind: Kind::String { size: Bounds { min: Some(6), max: Some(6) }, pattern: Some("[\\d]*"), values: &[] } },
    // 90
    ShapeSchema { name: "tokenType", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 91
    ShapeSchema { name: "tradeInTokenType", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 92
    ShapeSchema { name: "unrestrictedSessionPolicyDocumentType", kind: Kind::String { size: Bounds { min: Some(1), max: None }, pattern: Some("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"), values: &[] } },
    // 93
    ShapeSchema { name: "urlType", kind: Kind::String { size: Bounds { min: Some(4), max: Some(2048) }, pattern: None, values: &[] } },
    // 94
    ShapeSchema { name: "userIdType", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
    // 95
    ShapeSchema { name: "userNameType", kind: Kind::String { size: Bounds { min: Some(2), max: Some(32) }, pattern: Some("[\\w+=,.@-]*"), values: &[] } },
    // 96
    ShapeSchema { name: "webIdentitySubjectType", kind: Kind::String { size: Bounds { min: Some(6), max: Some(255) }, pattern: None, values: &[] } },
    // 97
    ShapeSchema { name: "webIdentityTokenAudienceListType", kind: Kind::List { member: 98, location_name: None, flattened: false, size: Bounds { min: Some(1), max: Some(10) } } },
    // 98
    ShapeSchema { name: "webIdentityTokenAudienceStringType", kind: Kind::String { size: Bounds { min: Some(1), max: Some(1000) }, pattern: None, values: &[] } },
    // 99
    ShapeSchema { name: "webIdentityTokenDurationSecondsType", kind: Kind::Integer(Bounds { min: Some(60), max: Some(3600) }) },
    // 100
    ShapeSchema { name: "webIdentityTokenType", kind: Kind::String { size: ANY, pattern: None, values: &[] } },
];
