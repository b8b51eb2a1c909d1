//! Which documents are policies, and what is said of those that are not.

use gantry_iam::{Context, Policy, PolicyKind, Version, missing_context, statement_spans};

use crate::support::page::{ACTION, GRAMMAR, NOT_PRINCIPAL, PRINCIPAL, RESOURCE, SID, TRUST, VERSION};

use PolicyKind::{Identity, Resource, ServiceControl, Trust};

/// Page, kind, document, part of the message; empty for documents that are taken.
type Case = (&'static str, PolicyKind, &'static str, &'static str);

const SYNTAX: &str = "Syntax errors in policy.";

const CASES: &[Case] = &[
    (GRAMMAR, Identity, r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#, ""),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#, ""),
    (
        GRAMMAR,
        Identity,
        r#"{"Version":"2012-10-17","Id":"x","Statement":{"Sid":"","Effect":"Allow","NotAction":["a:b"],"NotResource":["arn:aws:s3:::x"],"Condition":{}}}"#,
        "",
    ),
    (
        GRAMMAR,
        ServiceControl,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#,
        "",
    ),
    (GRAMMAR, Identity, "", SYNTAX),
    (GRAMMAR, Identity, "{", SYNTAX),
    (GRAMMAR, Identity, "[]", SYNTAX),
    (GRAMMAR, Identity, "null", SYNTAX),
    (GRAMMAR, Identity, "{}", SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":[]}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":"x"}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":[[]]}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"More":1}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","More":1}}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} x"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":{"Action":"*","Resource":"*"}}"#, "Missing required field Effect."),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#, "Policy statement must contain actions."),
    (
        GRAMMAR,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}"#,
        "Policy statement must contain actions.",
    ),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#, "Policy statement must contain resources."),
    (
        GRAMMAR,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":[]}}"#,
        "Policy statement must contain resources.",
    ),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"}}"#, SYNTAX),
    (GRAMMAR, Identity, r#"{"Statement":{"Effect":"Allow","Action":1,"Resource":"*"}}"#, SYNTAX),
    (
        GRAMMAR,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
        "should not specify a principal.",
    ),
    (VERSION, Identity, r#"{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#, ""),
    (
        VERSION,
        Identity,
        r#"{"Version":"2012-10-18","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        "must be version 2012-10-17 or greater.",
    ),
    (
        SID,
        Identity,
        r#"{"Statement":{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"}}"#,
        "must be alpha-numeric",
    ),
    (
        SID,
        Identity,
        r#"{"Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}]}"#,
        "must be unique",
    ),
    (SID, Resource, r#"{"Statement":{"Sid":"new statement","Effect":"Allow","Principal":"*","Action":"ecr:*"}}"#, ""),
    (
        ACTION,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"RunTask","Resource":"*"}}"#,
        "must be prefaced by a vendor",
    ),
    (
        ACTION,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":":x","Resource":"*"}}"#,
        "must be prefaced by a vendor",
    ),
    (ACTION, Identity, r#"{"Statement":{"Effect":"Allow","Action":"ecs:a:b","Resource":"*"}}"#, "only one colon"),
    (
        ACTION,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"e*:RunTask","Resource":"*"}}"#,
        "Vendor e* is not valid",
    ),
    (ACTION, Identity, r#"{"Statement":{"Effect":"Allow","Action":"ecs:Run Task","Resource":"*"}}"#, SYNTAX),
    (
        RESOURCE,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"cluster"}}"#,
        r#"Resource cluster must be in ARN format or "*"."#,
    ),
    (
        RESOURCE,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:u*1:cluster/web"}}"#,
        "must be in ARN format",
    ),
    (
        RESOURCE,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3"}}"#,
        "must be in ARN format",
    ),
    (
        RESOURCE,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s*:::x"}}"#,
        "Resource vendor must be fully qualified",
    ),
    (
        RESOURCE,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:gcp:s3:::x"}}"#,
        r#"Partition "gcp" is not valid"#,
    ),
    (
        RESOURCE,
        Identity,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam:us-east-1:123456789012:user/x"}}"#,
        "cannot contain region information",
    ),
    (PRINCIPAL, Resource, r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#, "Missing required field Principal"),
    (
        PRINCIPAL,
        Resource,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":"alice"}}"#,
        "Invalid principal in policy",
    ),
    (
        PRINCIPAL,
        Resource,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"AWS":"arn:aws:iam::123456789012:user/a*"}}}"#,
        "Invalid principal in policy",
    ),
    (
        PRINCIPAL,
        Resource,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"AWS":"arn:aws:iam::123456789012:group/g"}}}"#,
        "Invalid principal in policy",
    ),
    (
        PRINCIPAL,
        Resource,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"AWS":"1234"}}}"#,
        "Invalid principal in policy",
    ),
    (
        PRINCIPAL,
        Resource,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"Service":"ecs"}}}"#,
        "Invalid principal in policy",
    ),
    (PRINCIPAL, Resource, r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"Some":"x"}}}"#, SYNTAX),
    (PRINCIPAL, Resource, r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{}}}"#, SYNTAX),
    (PRINCIPAL, Resource, r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"AWS":[]}}}"#, SYNTAX),
    (
        PRINCIPAL,
        Resource,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"AWS":["123456789012","*"],"Service":"ecs.amazonaws.com","Federated":"cognito-identity.amazonaws.com"}}}"#,
        "",
    ),
    (
        NOT_PRINCIPAL,
        Resource,
        r#"{"Statement":{"Effect":"Deny","Action":"*","NotPrincipal":{"AWS":"123456789012"}}}"#,
        "",
    ),
    (
        NOT_PRINCIPAL,
        Resource,
        r#"{"Statement":{"Effect":"Deny","Action":"*","NotPrincipal":"*","Principal":"*"}}"#,
        SYNTAX,
    ),
    (
        TRUST,
        Trust,
        r#"{"Statement":{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Principal":{"Service":"ecs-tasks.amazonaws.com"}}}"#,
        "",
    ),
    (
        TRUST,
        Trust,
        r#"{"Statement":{"Effect":"Allow","Action":"ecs:RunTask","Principal":"*"}}"#,
        "AssumeRole policy may only specify STS AssumeRole actions.",
    ),
    (
        TRUST,
        Trust,
        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"}}"#,
        "Has prohibited field Resource.",
    ),
    (TRUST, Trust, r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}"#, "Missing required field Principal"),
];

#[test]
fn documents_are_taken_or_refused_as_documented() {
    for &(page, kind, document, wording) in CASES {
        match Policy::parse(document, kind) {
            Ok(_) => assert_eq!(wording, "", "{page}: {document}"),
            Err(error) => {
                assert!(!wording.is_empty() && error.to_string().contains(wording), "{page}: {document}: {error}");
                assert_eq!(error.code(), "MalformedPolicyDocument");
            }
        }
    }
}

#[test]
fn the_default_version_is_the_old_one() {
    let policy = Policy::parse(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#, Identity);
    assert_eq!(policy.expect("a policy").version(), Version::V2008);
}

#[test]
fn what_is_too_long_or_too_deep_is_refused() {
    let long = format!(r#"{{"Statement":"{}"}}"#, " ".repeat(gantry_iam::limits::MAX_DOCUMENT_LEN));
    assert!(Policy::parse(&long, Identity).is_err());
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(Policy::parse(&deep, Identity).is_err());
    assert_eq!(gantry_iam::limits::policy_size("{ \"a\" :\n\t1 }"), 7);
}

#[test]
fn keys_and_missing_keys_are_listed() {
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},
        {"Effect":"Allow","Action":"ecs:*","Resource":"*","Condition":{"StringEquals":{"ecs:cluster":"${aws:PrincipalTag/c}"}}}]}"#;
    let policy = Policy::parse(text, Identity).expect("a policy");
    let keys: Vec<String> = policy.context_keys().into_iter().collect();
    assert_eq!(keys, ["aws:principaltag/c", "aws:securetransport", "aws:username", "ecs:cluster"]);
    let context = Context::new().with("aws:SecureTransport", "true");
    let missing = missing_context([&policy], "s3:GetObject", &context);
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), ["aws:username"]);
}

#[test]
fn statements_have_places() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\"},\n    {}\n  ]\n}";
    let spans: Vec<_> = statement_spans(text).into_iter().map(|(a, b)| (a.line, a.column, b.line, b.column)).collect();
    assert_eq!(spans, [(4, 5, 4, 24), (5, 5, 5, 7)]);
    assert_eq!(statement_spans(r#"{"Statement":{}}"#).len(), 1);
    assert_eq!(statement_spans("nonsense").len(), 0);
}
