//! What holds for every policy.

use std::sync::Arc;

use gantry_iam::{Context, Outcome, Policy, PolicyKind, PolicySet, evaluate};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{alice, document, policy, request};

const ACTIONS: [&str; 5] = ["ecs:RunTask", "ecs:StopTask", "ecr:GetAuthorizationToken", "s3:GetObject", "iam:PassRole"];
const RESOURCES: [&str; 5] = [
    "*",
    "arn:aws:ecs:us-east-1:123456789012:cluster/web",
    "arn:aws:ecs:us-east-1:123456789012:task/web/1",
    "arn:aws:s3:::b/alice/x",
    "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app:*",
];

fn statement() -> impl Strategy<Value = String> {
    let action = select(vec!["*", "ecs:*", "ecs:RunTask", "s3:Get*", "*:*Task", "iam:PassRole"]);
    let resource = select(vec![
        "*",
        "arn:aws:ecs:*:*:cluster/*",
        "arn:aws:ecs:us-east-1:*",
        "arn:aws:s3:::b/${aws:username}/*",
        "arn:aws:s3:::b/${aws:none}/*",
        "arn:aws:logs:*:*:*",
    ]);
    let condition = select(vec![
        "{}",
        r#"{"StringEquals":{"aws:username":"alice"}}"#,
        r#"{"StringNotEquals":{"aws:x":"${aws:none}"}}"#,
        r#"{"ForAllValues:StringLike":{"aws:TagKeys":["a*"]}}"#,
        r#"{"Null":{"aws:x":"false"}}"#,
        r#"{"NumericLessThanIfExists":{"aws:n":"5"}}"#,
    ]);
    (any::<bool>(), any::<bool>(), action, any::<bool>(), resource, condition).prop_map(
        |(allow, not_action, action, not_resource, resource, condition)| {
            format!(
                r#"{{"Effect":"{}","{}":"{action}","{}":"{resource}","Condition":{condition}}}"#,
                if allow { "Allow" } else { "Deny" },
                if not_action { "NotAction" } else { "Action" },
                if not_resource { "NotResource" } else { "Resource" },
            )
        },
    )
}

fn statements() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(statement(), 1..6)
}

fn given() -> impl Strategy<Value = Context> {
    let maybe = |values: Vec<&'static str>| prop::option::of(select(values));
    (maybe(vec!["alice", "bob", "*"]), maybe(vec!["1", "x"]), maybe(vec!["a", "b"]), maybe(vec!["3", "9", "?"]))
        .prop_map(|(username, x, tag, n)| {
            let mut context = Context::new();
            for (key, value) in [("aws:username", username), ("aws:x", x), ("aws:TagKeys", tag), ("aws:n", n)] {
                if let Some(value) = value {
                    context.set(key, value);
                }
            }
            context
        })
}

fn outcome(policies: &[Arc<Policy>], action: &str, resource: &str, context: &Context) -> Outcome {
    let set = PolicySet { identity: policies, ..PolicySet::default() };
    let principal = alice();
    evaluate(&request(&principal, action, resource, context), &set).outcome
}

fn one(statements: &[String]) -> Arc<Policy> {
    policy(&format!("[{}]", statements.join(",")))
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[1-9][0-9]{0,4}(\\.[0-9]{1,3})?",
        select(vec!["*", "Allow", "Deny", "2012-10-17", "${", "${a:b", "arn:aws:", "ecs:*", "é:*"])
            .prop_map(|t| format!("{t:?}")),
        "[a-z:*?${}]{0,12}".prop_map(|t| format!("{t:?}")),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let name = select(vec![
            "Version",
            "Id",
            "Statement",
            "Sid",
            "Effect",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Principal",
            "NotPrincipal",
            "Condition",
            "AWS",
            "Service",
            "StringEquals",
            "StringLike",
            "ForAnyValue:ArnLike",
            "Null",
            "NumericLessThan",
            "DateEquals",
            "IpAddress",
            "Bool",
            "BinaryEquals",
            "aws:x",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name, inner), 0..6).prop_map(|members| {
                let members: Vec<String> = members.into_iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_deny_that_applies_always_wins(statements in statements(), at in any::<prop::sample::Index>(),
                                       action in select(&ACTIONS[..]), resource in select(&RESOURCES[..]), context in given()) {
        let mut all = statements;
        let deny = format!(r#"{{"Effect":"Deny","Action":"{action}","Resource":"*"}}"#);
        all.insert(at.index(all.len() + 1), deny);
        prop_assert_eq!(outcome(&[one(&all)], action, resource, &context), Outcome::ExplicitDeny);
    }

    #[test]
    fn adding_a_deny_never_allows(statements in statements(), more in statement(),
                                  action in select(&ACTIONS[..]), resource in select(&RESOURCES[..]), context in given()) {
        let before = outcome(&[one(&statements)], action, resource, &context);
        let deny = more.replace("\"Allow\"", "\"Deny\"");
        let after = outcome(&[one(&statements), policy(&deny)], action, resource, &context);
        prop_assert!(before == Outcome::Allowed || after != Outcome::Allowed);
    }

    #[test]
    fn order_and_grouping_do_not_matter(statements in statements(), seed in any::<u64>(),
                                        action in select(&ACTIONS[..]), resource in select(&RESOURCES[..]), context in given()) {
        let before = outcome(&[one(&statements)], action, resource, &context);
        let mut mixed = statements;
        let shift = seed as usize % mixed.len();
        mixed.rotate_left(shift);
        if seed % 2 == 0 {
            mixed.reverse();
        }
        prop_assert_eq!(outcome(&[one(&mixed)], action, resource, &context), before);
        let apart: Vec<_> = mixed.iter().map(|s| policy(s)).collect();
        prop_assert_eq!(outcome(&apart, action, resource, &context), before);
    }

    #[test]
    fn a_limit_never_allows_more(statements in statements(), limit in statements(),
                                 action in select(&ACTIONS[..]), resource in select(&RESOURCES[..]), context in given()) {
        let identity = [one(&statements)];
        let limit = [one(&limit)];
        let (principal, plain) = (alice(), PolicySet { identity: &identity, ..PolicySet::default() });
        let request = request(&principal, action, resource, &context);
        let free = evaluate(&request, &plain).is_allowed();
        for set in [
            PolicySet { boundary: Some(&limit[0]), ..plain },
            PolicySet { session: Some(&limit), ..plain },
            PolicySet { service_control: &[limit.to_vec()], ..plain },
        ] {
            prop_assert!(free || !evaluate(&request, &set).is_allowed());
        }
    }

    #[test]
    fn reading_never_panics(text in json(), raw in ".{0,80}") {
        for kind in [PolicyKind::Identity, PolicyKind::Resource, PolicyKind::Trust, PolicyKind::ServiceControl] {
            for text in [text.as_str(), raw.as_str(), &document("2012-10-17", &text)] {
                if let Ok(policy) = Policy::parse(text, kind) {
                    let _ = outcome(&[Arc::new(policy)], "ecs:RunTask", "arn:aws:s3:::b", &Context::new());
                }
                let _ = gantry_iam::statement_spans(text);
            }
        }
    }

    /// The glob against a slow and plain one.
    #[test]
    fn wildcards_agree_with_the_plain_definition(pattern in "[ab*?]{0,8}", text in "[abé]{0,8}") {
        fn plain(pattern: &[char], text: &[char]) -> bool {
            match pattern.split_first() {
                None => text.is_empty(),
                Some(('*', rest)) => (0..=text.len()).any(|n| plain(rest, &text[n..])),
                Some(('?', rest)) => !text.is_empty() && plain(rest, &text[1..]),
                Some((c, rest)) => text.first() == Some(c) && plain(rest, &text[1..]),
            }
        }
        let statement = format!(
            r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringLike":{{"aws:x":"{pattern}"}}}}}}"#
        );
        let expected = plain(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
        let got = outcome(&[policy(&statement)], "ecs:RunTask", "*", &Context::new().with("aws:x", text.as_str()));
        prop_assert_eq!(got == Outcome::Allowed, expected);
    }
}
