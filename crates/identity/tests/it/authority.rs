//! Keys, tokens, decisions and their wording.

use gantry_aws_api::iam::{self as api, Iam};
use gantry_aws_api::sts::{self, Sts};
use gantry_aws_wire::{Access, Authority, CallerKind};

use crate::support::{ACCOUNT, ADMIN_POLICY, World, open, refused, root};

#[tokio::test]
async fn unknown_inactive_and_mismatched_keys_are_refused() {
    let world = World::new().await;
    let user = world.user("u", None).await;
    let key = user.caller.access_key_id.clone();
    for bad in ["", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "123456789012", &key.to_lowercase()] {
        refused(
            world.call(bad, None).await,
            "UnrecognizedClientException",
            "security token included in the request is invalid",
        );
    }
    refused(world.call(&key, Some("token")).await, "UnrecognizedClientException", "is invalid");
    let request = |status: &str| api::UpdateAccessKeyRequest {
        user_name: Some("u".into()),
        access_key_id: key.clone(),
        status: status.into(),
    };
    world.identity.update_access_key(&world.admin().await, request("Inactive")).await.expect("inactive");
    refused(world.call(&key, None).await, "UnrecognizedClientException", "is invalid");
    world.identity.update_access_key(&world.admin().await, request("Active")).await.expect("active");
    world.call(&key, None).await.expect("active again");
}

#[tokio::test]
async fn sessions_end_and_tokens_fit_one_key() {
    let world = World::new().await;
    let admin = world.admin().await;
    let get = |secs| sts::GetSessionTokenRequest { duration_seconds: Some(secs), ..Default::default() };
    let one = world.identity.get_session_token(&admin, get(900)).await.expect("a session").credentials.expect("keys");
    let two = world.identity.get_session_token(&admin, get(900)).await.expect("a session").credentials.expect("keys");
    let call = world.call(&one.access_key_id, Some(&one.session_token)).await.expect("valid");
    assert_eq!((&call.caller.arn, &call.caller.user_id), (&admin.caller.arn, &admin.caller.user_id));
    refused(
        world.call(&one.access_key_id, Some(&two.session_token)).await,
        "UnrecognizedClientException",
        "is invalid",
    );
    refused(world.call(&one.access_key_id, None).await, "UnrecognizedClientException", "is invalid");
    world.clock.advance_ms(900_000);
    refused(
        world.call(&one.access_key_id, Some(&one.session_token)).await,
        "ExpiredToken",
        "token included in the request is expired",
    );
}

#[tokio::test]
async fn denials_are_worded_as_awss() {
    let world = World::new().await;
    let call = world.user("u", None).await;
    let resource = format!("arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/c");
    let head = format!(
        "User: arn:aws:iam::{ACCOUNT}:user/u is not authorized to perform: ecs:DeleteCluster on resource: {resource} "
    );
    let message = world.may(&call, "ecs:DeleteCluster", &resource).await.expect_err("denied");
    assert_eq!(message, head.clone() + "because no identity-based policy allows the ecs:DeleteCluster action");
    world.grant("u", r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecs:Delete*","Resource":"*"}]"#).await;
    let message = world.may(&call, "ecs:DeleteCluster", &resource).await.expect_err("denied");
    assert_eq!(message, head.clone() + "with an explicit deny in an identity-based policy");
    world.may(&call, "ecs:CreateCluster", "*").await.expect("allowed");
    let boundary = world.policy("b", r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#).await;
    let request = api::PutUserPermissionsBoundaryRequest { user_name: "u".into(), permissions_boundary: boundary };
    world.identity.put_user_permissions_boundary(&world.admin().await, request).await.expect("bounded");
    let message = world.may(&call, "ecs:CreateCluster", "*").await.expect_err("denied");
    assert!(message.ends_with("because no permissions boundary allows the ecs:CreateCluster action"), "{message}");
}

#[tokio::test]
async fn policies_of_groups_count() {
    let world = World::new().await;
    let call = world.user("u", None).await;
    let admin = world.admin().await;
    let group = api::CreateGroupRequest { group_name: "g".into(), path: None };
    world.identity.create_group(&admin, group).await.expect("a group");
    let attach = api::AttachGroupPolicyRequest { group_name: "g".into(), policy_arn: ADMIN_POLICY.into() };
    world.identity.attach_group_policy(&admin, attach).await.expect("attached");
    world.may(&call, "ecs:RunTask", "*").await.expect_err("not yet a member");
    let add = api::AddUserToGroupRequest { group_name: "g".into(), user_name: "u".into() };
    world.identity.add_user_to_group(&admin, add).await.expect("a member");
    world.may(&call, "ecs:RunTask", "*").await.expect("as a member");
}

#[tokio::test]
async fn conditions_see_the_call() {
    let world = World::new().await;
    for (condition, allowed) in [
        (r#"{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, false),
        (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, false),
        (r#"{"StringEquals":{"aws:username":"u"}}"#, true),
        (r#"{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#, true),
        (r#"{"DateLessThan":{"aws:CurrentTime":"2026-11-22T10:00:01Z"}}"#, true),
        (r#"{"DateLessThan":{"aws:CurrentTime":"2026-11-22T09:00:00Z"}}"#, false),
        (r#"{"StringEquals":{"aws:PrincipalAccount":"123456789012","aws:PrincipalType":"User"}}"#, true),
        (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/u"}}"#, true),
        (r#"{"StringEquals":{"ecs:cluster":"c"}}"#, true),
        (r#"{"Null":{"aws:TokenIssueTime":"false"}}"#, false),
    ] {
        let name = "u";
        let world_user =
            world.identity.get_user(&world.admin().await, api::GetUserRequest { user_name: Some(name.into()) }).await;
        if world_user.is_err() {
            world.user(name, None).await;
        }
        world
            .grant(name, &format!(r#"{{"Effect":"Allow","Action":"ecs:*","Resource":"*","Condition":{condition}}}"#))
            .await;
        let keys = api::ListAccessKeysRequest { user_name: Some(name.into()), ..Default::default() };
        let keys = world.identity.list_access_keys(&world.admin().await, keys).await.expect("keys").access_key_metadata;
        let call = world.call(keys[0].access_key_id.as_deref().expect("an id"), None).await.expect("the user");
        let access = Access::new("ecs:RunTask", "*").condition("ecs:cluster", vec!["c".into()]);
        assert_eq!(world.identity.authorize(&call, &[access]).await.is_ok(), allowed, "{condition}");
    }
}

#[tokio::test]
async fn resource_policies_and_other_accounts() {
    let world = World::new().await;
    let call = world.user("u", None).await;
    let mut access = Access::new("ecr:BatchGetImage", format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/r"));
    access.resource_policy = Some(
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"new statement","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/u"},"Action":"ecr:*"}]}"#.into(),
    );
    world.identity.authorize(&call, &[access.clone()]).await.expect("by the repository's policy");
    access.resource = "arn:aws:ecr:us-east-1:210987654321:repository/r".into();
    refused(
        world.identity.authorize(&call, &[access.clone()]).await,
        "AccessDeniedException",
        "no identity-based policy",
    );
    world.grant("u", r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#).await;
    world.identity.authorize(&call, &[access.clone()]).await.expect("both sides allow");
    access.resource_policy = None;
    refused(world.identity.authorize(&call, &[access]).await, "AccessDeniedException", "no resource-based policy");
    // All of several, not any.
    let pair = [Access::new("ecs:RunTask", "*"), Access::new("s3:GetObject", "arn:aws:s3:::b/k")];
    world.grant("u", r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#).await;
    refused(world.identity.authorize(&call, &pair).await, "AccessDeniedException", "s3:GetObject");
}

#[tokio::test]
async fn sessions_without_a_second_factor_keep_away_from_iam() {
    let world = World::new().await;
    let admin = world.admin().await;
    let session = world.identity.get_session_token(&admin, Default::default()).await.expect("a session");
    let keys = session.credentials.expect("keys");
    let call = world.call(&keys.access_key_id, Some(&keys.session_token)).await.expect("valid");
    world.may(&call, "ecs:RunTask", "*").await.expect("as the user");
    let access = [Access::new("iam:CreateUser", "*")];
    refused(world.identity.authorize(&call, &access).await, "UnrecognizedClientException", "is invalid");
}

#[tokio::test]
async fn root_may_all_but_across_accounts() {
    let world = World::new().await;
    world.may(&root(), "iam:CreateUser", "*").await.expect("root");
    world.may(&root(), "ecr:PutImage", "arn:aws:ecr:us-east-1:210987654321:repository/r").await.expect_err("another's");
}

#[tokio::test]
async fn with_auth_off_anybody_may_and_digits_name_accounts() {
    let world = World::new().await;
    let open = open(&world.store, &world.clock, false).await;
    assert!(!open.signatures_checked() && world.identity.signatures_checked());
    let credential = open.credential("210987654321", None).await.expect("anybody");
    assert_eq!((credential.caller.account.as_str(), &credential.caller.kind), ("210987654321", &CallerKind::Root));
    open.set_home(crate::support::account(), "us-east-1".parse().expect("a region"));
    let nameless = open.credential("test", None).await.expect("anybody");
    assert_eq!(nameless.caller.account.as_str(), ACCOUNT);
    for odd in ["test", "", "AKIAIOSFODNN7EXAMPLE"] {
        open.credential(odd, Some("token")).await.expect(odd);
    }
    let known = open.credential(&world.admin.access_key_id, None).await.expect("a known key");
    assert_eq!(known.caller.kind, CallerKind::User { name: "admin".into() });
    let call = crate::support::context(credential.caller, crate::support::NOW);
    open.authorize(&call, &[Access::new("ecs:RunTask", "*")]).await.expect("all");
}
