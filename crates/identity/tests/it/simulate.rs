//! The simulation operations.

use gantry_aws_api::iam::{self as api, Iam};

use crate::support::{ACCOUNT, World, document, refused};

fn s(text: &str) -> String {
    text.to_owned()
}

fn custom(policies: &[&str], actions: &[&str]) -> api::SimulateCustomPolicyRequest {
    api::SimulateCustomPolicyRequest {
        policy_input_list: policies.iter().map(|text| document(text)).collect(),
        action_names: actions.iter().map(|text| s(text)).collect(),
        ..Default::default()
    }
}

fn decisions(answer: &api::SimulatePolicyResponse) -> Vec<&str> {
    answer.evaluation_results.iter().flatten().map(|result| result.eval_decision.as_str()).collect()
}

#[tokio::test]
async fn custom_policies() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    let policies = [
        r#"[{"Effect":"Allow","Action":"ecs:*","Resource":"*"},{"Effect":"Deny","Action":"ecs:DeleteCluster","Resource":"*"}]"#,
    ];
    let ask = custom(&policies, &["ecs:RunTask", "ecs:DeleteCluster", "s3:GetObject"]);
    let answer = iam.simulate_custom_policy(admin, ask.clone()).await.expect("an answer");
    assert_eq!(decisions(&answer), ["allowed", "explicitDeny", "implicitDeny"]);
    let results = answer.evaluation_results.expect("results");
    let statements = results[1].matched_statements.as_ref().expect("statements");
    assert_eq!(statements.len(), 1);
    assert_eq!(statements[0].source_policy_id.as_deref(), Some("PolicyInputList.1"));
    let column = |at: &Option<api::Position>| at.as_ref().and_then(|at| at.column).expect("a column");
    assert!(column(&statements[0].start_position) < column(&statements[0].end_position));

    let first = iam
        .simulate_custom_policy(admin, api::SimulateCustomPolicyRequest { max_items: Some(2), ..ask.clone() })
        .await
        .expect("a page");
    assert_eq!(decisions(&first).len(), 2);
    let rest = api::SimulateCustomPolicyRequest { marker: first.marker, ..ask.clone() };
    assert_eq!(decisions(&iam.simulate_custom_policy(admin, rest).await.expect("the rest")), ["implicitDeny"]);

    let bounded = api::SimulateCustomPolicyRequest {
        permissions_boundary_policy_input_list: Some(vec![document(
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
        )]),
        ..ask.clone()
    };
    let answer = iam.simulate_custom_policy(admin, bounded).await.expect("an answer");
    assert_eq!(decisions(&answer), ["implicitDeny", "explicitDeny", "implicitDeny"]);
    let detail = answer.evaluation_results.expect("results")[0].permissions_boundary_decision_detail.clone();
    assert_eq!(detail.expect("a detail").allowed_by_permissions_boundary, Some(false));

    let scp = api::OrderedOrganizationPolicyType {
        service_control_policy_input_list: Some(vec![document(r#"{"Effect":"Deny","Action":"ecs:*","Resource":"*"}"#)]),
    };
    let organized = api::SimulateCustomPolicyRequest {
        ordered_organization_policy_input_list: Some(vec![scp]),
        caller_arn: Some(format!("arn:aws:iam::{ACCOUNT}:user/u")),
        ..ask.clone()
    };
    assert_eq!(decisions(&iam.simulate_custom_policy(admin, organized).await.expect("an answer"))[0], "explicitDeny");

    let bad = api::SimulateCustomPolicyRequest { policy_input_list: vec![s("{}")], ..ask.clone() };
    refused(iam.simulate_custom_policy(admin, bad).await, "MalformedPolicyDocument", "Syntax errors");
    refused(
        iam.simulate_custom_policy(admin, custom(&policies, &["RunTask"])).await,
        "InvalidInput",
        "Invalid Action Name",
    );
    let nobody = api::SimulateCustomPolicyRequest { resource_policy: Some(document("[]")), ..ask };
    refused(iam.simulate_custom_policy(admin, nobody).await, "InvalidInput", "CallerArn is required");
}

#[tokio::test]
async fn resource_policies_and_context() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    let repository = format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/r");
    let by_resource = api::SimulateCustomPolicyRequest {
        resource_arns: Some(vec![repository]),
        resource_policy: Some(document(
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/u"},"Action":"ecr:*"}"#,
        )),
        caller_arn: Some(format!("arn:aws:iam::{ACCOUNT}:user/u")),
        ..custom(&[r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#], &["ecr:PutImage"])
    };
    let answer = iam.simulate_custom_policy(admin, by_resource).await.expect("an answer");
    assert_eq!(decisions(&answer), ["allowed"]);
    let details = answer.evaluation_results.expect("results")[0].eval_decision_details.clone().expect("details");
    assert_eq!((details["IAM Policy"].as_str(), details["Resource Policy"].as_str()), ("implicitDeny", "allowed"));

    let conditional = r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*","Condition":{"StringEquals":{"ecs:cluster":"${aws:PrincipalTag/c}"}}}"#;
    let ask = custom(&[conditional], &["ecs:RunTask"]);
    let answer = iam.simulate_custom_policy(admin, ask.clone()).await.expect("an answer");
    let result = &answer.evaluation_results.expect("results")[0];
    assert_eq!(result.missing_context_values.clone().expect("missing"), ["aws:principaltag/c", "ecs:cluster"]);
    let entry = |key: &str| api::ContextEntry {
        context_key_name: Some(s(key)),
        context_key_values: Some(vec![s("x")]),
        context_key_type: Some(s("string")),
    };
    let known = api::SimulateCustomPolicyRequest {
        context_entries: Some(vec![entry("ecs:cluster"), entry("aws:PrincipalTag/c")]),
        ..ask
    };
    assert_eq!(decisions(&iam.simulate_custom_policy(admin, known).await.expect("an answer")), ["allowed"]);

    let keys = api::GetContextKeysForCustomPolicyRequest { policy_input_list: vec![document(conditional)] };
    let keys =
        iam.get_context_keys_for_custom_policy(admin, keys).await.expect("keys").context_key_names.expect("keys");
    assert_eq!(keys, ["aws:principaltag/c", "ecs:cluster"]);
    let bad = api::GetContextKeysForCustomPolicyRequest { policy_input_list: vec![s("x")] };
    refused(iam.get_context_keys_for_custom_policy(admin, bad).await, "MalformedPolicyDocument", "Syntax errors");
}

#[tokio::test]
async fn principals() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    world.user("u", Some(r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}"#)).await;
    let source = format!("arn:aws:iam::{ACCOUNT}:user/u");
    let ask = |source: &str| api::SimulatePrincipalPolicyRequest {
        policy_source_arn: s(source),
        action_names: vec![s("s3:GetObject")],
        resource_arns: Some(vec![s("arn:aws:s3:::b/u/x"), s("arn:aws:s3:::b/v/x")]),
        ..Default::default()
    };
    let answer = iam.simulate_principal_policy(admin, ask(&source)).await.expect("an answer");
    assert_eq!(decisions(&answer), ["allowed", "implicitDeny"]);
    let matched = answer.evaluation_results.expect("results")[0].matched_statements.clone().expect("statements");
    assert_eq!(matched[0].source_policy_id.as_deref(), Some("user_u_inline"));
    let more = api::SimulatePrincipalPolicyRequest {
        policy_input_list: Some(vec![document(r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#)]),
        ..ask(&source)
    };
    assert_eq!(
        decisions(&iam.simulate_principal_policy(admin, more).await.expect("an answer")),
        ["explicitDeny", "explicitDeny"]
    );
    refused(
        iam.simulate_principal_policy(admin, ask(&format!("arn:aws:iam::{ACCOUNT}:user/x"))).await,
        "NoSuchEntity",
        "x",
    );
    refused(
        iam.simulate_principal_policy(admin, ask("nonsense of twenty letters")).await,
        "InvalidInput",
        "Invalid Entity Arn",
    );
    let keys = |source: &str| api::GetContextKeysForPrincipalPolicyRequest {
        policy_source_arn: s(source),
        policy_input_list: None,
    };
    let names = iam
        .get_context_keys_for_principal_policy(admin, keys(&source))
        .await
        .expect("keys")
        .context_key_names
        .expect("keys");
    assert_eq!(names, ["aws:username"]);
    refused(
        iam.get_context_keys_for_principal_policy(admin, keys(&format!("arn:aws:iam::{ACCOUNT}:role/x"))).await,
        "NoSuchEntity",
        "x",
    );
}
