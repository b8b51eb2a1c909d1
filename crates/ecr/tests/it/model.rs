//! The service's model, walked: every operation has a case that succeeds, one about what is not there (or
//! a reason why it cannot have one), and is refused without each of its actions. The cases are in
//! [`crate::model_cases`] and in the files of their subjects.

use gantry_aws_api::ecr::SERVICE;
use serde_json::Value;

use crate::judge::exactly;
use crate::model_cases::{CASES, Case, Missing};
use crate::pull_through;
use crate::replication_cases;
use crate::support::{ACCOUNT, Fixture, context};

/// A resource as cases name it: `repository/app` for one of ours, or as it is.
fn arn(resource: &str) -> String {
    match resource {
        name if name.starts_with("repository/") => format!("arn:aws:ecr:us-east-1:{ACCOUNT}:{name}"),
        other => other.to_owned(),
    }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(replication_cases::CASES).chain(pull_through::CASES)
}

#[test]
fn every_operation_has_a_case() {
    let mut lacking = Vec::new();
    for operation in SERVICE.operations {
        let cases = cases().filter(|c| c.operation == operation.name).count();
        if cases != 1 {
            lacking.push(format!("{} has {cases} cases, not one", operation.name));
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
    assert_eq!(cases().count(), SERVICE.operations.len(), "a case of something that is no operation");
    assert_eq!(SERVICE.operations.len(), 62);
    for case in cases() {
        assert!(!case.needs.is_empty(), "{} needs no permission", case.operation);
        match case.missing {
            Missing::Cases(cases) => assert!(!cases.is_empty(), "{}", case.operation),
            Missing::Never(reason) => assert!(reason.len() > 10, "{}", case.operation),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_succeeds_for_who_may_do_exactly_that() {
    for case in cases() {
        let f = Fixture::new().await;
        let input = (case.given)(&f).await;
        f.judge(Some((&context(), exactly(case.needs.iter().map(|(a, r)| (*a, arn(r)))))));
        let done = f.call(case.operation, input).await;
        let done = done.unwrap_or_else(|e| panic!("{}: {e}", case.operation));
        let shown = done.pointer(case.shows).filter(|v| !v.is_null());
        assert!(case.shows.is_empty() || shown.is_some(), "{}: no {} in {done}", case.operation, case.shows);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_refused_without_each_of_its_actions() {
    for case in cases() {
        let f = Fixture::new().await;
        let input = (case.given)(&f).await;
        for (at, (action, resource)) in case.needs.iter().enumerate() {
            let others = || case.needs.iter().enumerate().filter(move |(n, _)| *n != at).map(|(_, need)| *need);
            // With all else, but not this; and with this on something else.
            let mut policies = vec![exactly(others().chain([("ecr:None", "*")]).map(|(a, r)| (a, arn(r))))];
            if *resource != "*" {
                let elsewhere = arn("repository/elsewhere");
                policies.push(exactly(others().map(|(a, r)| (a, arn(r))).chain([(*action, elsewhere)])));
            }
            for policy in policies {
                f.judge(Some((&context(), policy)));
                let what = format!("{} without {action} on {resource}", case.operation);
                let refused = f.call(case.operation, input.clone()).await;
                let refused = refused.expect_err(&what);
                assert_eq!(refused.code, "AccessDeniedException", "{what}: {refused}");
                let said = format!("is not authorized to perform: {action} on resource: {}", arn(resource));
                assert!(refused.message.contains(&said), "{what}: {}", refused.message);
            }
        }
        // It was really refused: nothing has happened that would stand in the way now.
        f.judge(None);
        f.call(case.operation, input).await.unwrap_or_else(|e| panic!("{} afterwards: {e}", case.operation));
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    for case in cases() {
        let Missing::Cases(cases) = case.missing else { continue };
        let f = Fixture::new().await;
        f.create("empty").await;
        for (input, code) in cases {
            let input = input();
            match f.call(case.operation, input.clone()).await {
                Err(e) => {
                    assert_eq!(e.code, *code, "{} {input}: {e}", case.operation);
                    assert!(errors_of(case).contains(code), "{}'s model has no {code}", case.operation);
                }
                Ok(done) => assert_eq!(failure(&done), *code, "{} {input}: {done}", case.operation),
            }
        }
    }
}

/// The names of the errors that the model has for a case's operation.
fn errors_of(case: &Case) -> Vec<&'static str> {
    let operation = SERVICE.operation(case.operation).unwrap();
    operation.errors.iter().map(|id| SERVICE.shape(*id).name).collect()
}

/// The code of the first failure in an answer that tells of each item.
fn failure(done: &Value) -> &str {
    done["failures"][0]["failureCode"].as_str().unwrap_or("no failure")
}
