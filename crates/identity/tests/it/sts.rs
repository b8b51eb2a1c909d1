//! STS.

use gantry_aws_api::iam::{self as iam, Iam};
use gantry_aws_api::sts::{self as api, Sts};
use gantry_aws_wire::{Authority, AwsError, Context, Shape};

use crate::support::{ACCOUNT, ECS_TRUST, World, document, refused, root, trust};

/// As the front end does it: may they, then do it.
async fn assume(
    world: &World,
    call: &Context,
    input: api::AssumeRoleRequest,
) -> Result<api::AssumeRoleResponse, AwsError> {
    let accesses = Sts::accesses(&world.identity, "AssumeRole", &input.to_value(), call).await?;
    world.identity.authorize(call, &accesses).await?;
    world.identity.assume_role(call, input).await
}

fn request(name: &str) -> api::AssumeRoleRequest {
    api::AssumeRoleRequest {
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
        role_session_name: "s1".into(),
        ..Default::default()
    }
}

async fn session_of(world: &World, made: &api::AssumeRoleResponse) -> Context {
    let keys = made.credentials.as_ref().expect("keys");
    world.call(&keys.access_key_id, Some(&keys.session_token)).await.expect("the session")
}

#[tokio::test]
async fn roles_are_assumed_by_whom_they_trust() {
    let world = World::new().await;
    let user = world.user("u", None).await;
    world.role("by-user", &trust(r#"{"AWS":"arn:aws:iam::123456789012:user/u"}"#)).await;
    world.role("by-account", &trust(r#"{"AWS":"123456789012"}"#)).await;
    world.role("by-ecs", ECS_TRUST).await;
    let made = assume(&world, &user, request("by-user")).await.expect("trusted by name");
    let session = session_of(&world, &made).await;
    assert_eq!(session.caller.arn, format!("arn:aws:sts::{ACCOUNT}:assumed-role/by-user/s1"));
    assert!(session.caller.user_id.starts_with("AROA") && session.caller.user_id.ends_with(":s1"));
    refused(
        assume(&world, &user, request("by-account")).await,
        "AccessDeniedException",
        "no identity-based policy allows the sts:AssumeRole action",
    );
    world.grant("u", r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}"#).await;
    assume(&world, &user, request("by-account")).await.expect("both sides allow");
    refused(
        assume(&world, &user, request("by-ecs")).await,
        "AccessDeniedException",
        "no resource-based policy allows the sts:AssumeRole action",
    );
    refused(
        assume(&world, &user, request("none")).await,
        "AccessDeniedException",
        "is not authorized to perform: sts:AssumeRole on resource",
    );
    let odd = api::AssumeRoleRequest { role_arn: "arn:aws:iam::123456789012:user/u".into(), ..request("x") };
    refused(assume(&world, &user, odd).await, "ValidationError", "is invalid");
    refused(
        world.identity.assume_role(&root(), request("by-account")).await,
        "AccessDeniedException",
        "Roles may not be assumed by root accounts.",
    );
}

#[tokio::test]
async fn external_ids_and_tags_are_judged() {
    let world = World::new().await;
    let user = world.user("u", None).await;
    let policy = document(
        r#"[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/u"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x1"}}},
            {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/u"},"Action":"sts:TagSession","Condition":{"StringEquals":{"aws:RequestTag/team":"red"}}}]"#,
    );
    world.role("r", &policy).await;
    refused(assume(&world, &user, request("r")).await, "AccessDeniedException", "sts:AssumeRole");
    let right = api::AssumeRoleRequest { external_id: Some("x1".into()), ..request("r") };
    assume(&world, &user, right.clone()).await.expect("the right external id");
    let wrong = api::AssumeRoleRequest { external_id: Some("x2".into()), ..request("r") };
    refused(assume(&world, &user, wrong).await, "AccessDeniedException", "sts:AssumeRole");
    let tagged = |value: &str| api::AssumeRoleRequest {
        tags: Some(vec![api::Tag { key: "team".into(), value: value.into() }]),
        ..right.clone()
    };
    let made = assume(&world, &user, tagged("red")).await.expect("a tag that may be given");
    refused(assume(&world, &user, tagged("blue")).await, "AccessDeniedException", "sts:TagSession");
    let session = session_of(&world, &made).await;
    let grant = iam::PutRolePolicyRequest {
        role_name: "r".into(),
        policy_name: "p".into(),
        policy_document: document(
            r#"{"Effect":"Allow","Action":"ecs:*","Resource":"arn:aws:ecs:*:*:cluster/${aws:PrincipalTag/team}"}"#,
        ),
    };
    world.identity.put_role_policy(&world.admin().await, grant).await.expect("a policy");
    let cluster = |name: &str| format!("arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/{name}");
    world.may(&session, "ecs:DeleteCluster", &cluster("red")).await.expect("by its tag");
    world.may(&session, "ecs:DeleteCluster", &cluster("blue")).await.expect_err("another's");
    let twice = api::AssumeRoleRequest {
        tags: Some(vec![
            api::Tag { key: "a".into(), value: "1".into() },
            api::Tag { key: "A".into(), value: "2".into() },
        ]),
        ..right
    };
    refused(world.identity.assume_role(&user, twice).await, "InvalidParameterValue", "Duplicate tag keys");
}

#[tokio::test]
async fn session_policies_only_take_away() {
    let world = World::new().await;
    let user = world.user("u", None).await;
    world.role("r", &trust(r#"{"AWS":"arn:aws:iam::123456789012:user/u"}"#)).await;
    let attach =
        iam::AttachRolePolicyRequest { role_name: "r".into(), policy_arn: crate::support::ADMIN_POLICY.into() };
    world.identity.attach_role_policy(&world.admin().await, attach).await.expect("attached");
    let policy = document(r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#);
    let made = assume(&world, &user, api::AssumeRoleRequest { policy: Some(policy), ..request("r") })
        .await
        .expect("a session");
    assert!(made.packed_policy_size.is_some());
    let session = session_of(&world, &made).await;
    world.may(&session, "ecs:RunTask", "*").await.expect("both allow");
    let message = world.may(&session, "s3:GetObject", "*").await.expect_err("withheld");
    assert!(message.ends_with("because no session policy allows the s3:GetObject action"), "{message}");
    let bad = api::AssumeRoleRequest { policy: Some("{}".into()), ..request("r") };
    refused(assume(&world, &user, bad).await, "MalformedPolicyDocument", "Syntax errors in policy.");
    let arn = |arn: &str| Some(vec![api::PolicyDescriptorType { arn: Some(arn.into()) }]);
    let by_arn =
        api::AssumeRoleRequest { policy_arns: arn("arn:aws:iam::aws:policy/CloudWatchLogsFullAccess"), ..request("r") };
    let session = session_of(&world, &assume(&world, &user, by_arn).await.expect("a session")).await;
    world.may(&session, "logs:PutLogEvents", "*").await.expect("both allow");
    world.may(&session, "ecs:RunTask", "*").await.expect_err("withheld");
    let none = api::AssumeRoleRequest { policy_arns: arn("arn:aws:iam::aws:policy/None"), ..request("r") };
    refused(assume(&world, &user, none).await, "ValidationError", "does not exist");
    let long =
        document(&format!(r#"{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{}"}}"#, "x".repeat(2048)));
    refused(
        assume(&world, &user, api::AssumeRoleRequest { policy: Some(long), ..request("r") }).await,
        "PackedPolicyTooLarge",
        "exceeds",
    );
}

#[tokio::test]
async fn durations_have_limits() {
    let world = World::new().await;
    let user = world.user("u", None).await;
    world.role("r", &trust(r#"{"AWS":["arn:aws:iam::123456789012:user/u","123456789012"]}"#)).await;
    let lasting = |secs| api::AssumeRoleRequest { duration_seconds: Some(secs), ..request("r") };
    assume(&world, &user, lasting(900)).await.expect("the shortest");
    refused(assume(&world, &user, lasting(899)).await, "ValidationError", "greater than or equal to 900");
    refused(
        assume(&world, &user, lasting(3601)).await,
        "ValidationError",
        "exceeds the MaxSessionDuration set for this role",
    );
    let longer =
        iam::UpdateRoleRequest { role_name: "r".into(), max_session_duration: Some(43_200), description: None };
    world.identity.update_role(&world.admin().await, longer).await.expect("longer");
    let made = assume(&world, &user, lasting(43_200)).await.expect("the longest");
    let allow = iam::PutRolePolicyRequest {
        role_name: "r".into(),
        policy_name: "p".into(),
        policy_document: document(r#"{"Effect":"Allow","Action":"sts:*","Resource":"*"}"#),
    };
    world.identity.put_role_policy(&world.admin().await, allow).await.expect("a policy");
    let session = session_of(&world, &made).await;
    refused(assume(&world, &session, lasting(3601)).await, "ValidationError", "role chaining");
    assume(&world, &session, lasting(3600)).await.expect("an hour, chained");
}

#[tokio::test]
async fn a_role_made_anew_is_another() {
    let world = World::new().await;
    let user = world.user("u", None).await;
    let by_user = trust(r#"{"AWS":"arn:aws:iam::123456789012:user/u"}"#);
    let attach =
        iam::AttachRolePolicyRequest { role_name: "r".into(), policy_arn: crate::support::ADMIN_POLICY.into() };
    let admin = world.admin().await;
    world.role("r", &by_user).await;
    world.identity.attach_role_policy(&admin, attach.clone()).await.expect("attached");
    let session = session_of(&world, &assume(&world, &user, request("r")).await.expect("a session")).await;
    world.may(&session, "ecs:RunTask", "*").await.expect("the role's");
    let detach = iam::DetachRolePolicyRequest { role_name: "r".into(), policy_arn: attach.policy_arn.clone() };
    world.identity.detach_role_policy(&admin, detach).await.expect("detached");
    world.identity.delete_role(&admin, iam::DeleteRoleRequest { role_name: "r".into() }).await.expect("deleted");
    world.role("r", &by_user).await;
    world.identity.attach_role_policy(&admin, attach).await.expect("attached");
    world.may(&session, "ecs:RunTask", "*").await.expect_err("not the new role's");
}

#[tokio::test]
async fn session_and_federation_tokens() {
    let world = World::new().await;
    let user = world.user("u", Some(r#"{"Effect":"Allow","Action":["ecs:*","s3:*"],"Resource":"*"}"#)).await;
    let lasting = |secs| api::GetSessionTokenRequest { duration_seconds: Some(secs), ..Default::default() };
    refused(world.identity.get_session_token(&user, lasting(899)).await, "ValidationError", "900");
    let keys =
        world.identity.get_session_token(&user, lasting(900)).await.expect("a session").credentials.expect("keys");
    let session = world.call(&keys.access_key_id, Some(&keys.session_token)).await.expect("valid");
    world.may(&session, "ecs:RunTask", "*").await.expect("the user's");
    refused(
        world.identity.get_session_token(&session, lasting(900)).await,
        "AccessDeniedException",
        "Cannot call GetSessionToken with session credentials",
    );
    let mfa = api::GetSessionTokenRequest {
        serial_number: Some("arn:aws:iam::1:mfa/x".into()),
        token_code: Some("000000".into()),
        ..Default::default()
    };
    refused(
        world.identity.get_session_token(&user, mfa).await,
        "AccessDeniedException",
        "MultiFactorAuthentication failed",
    );

    let federate =
        |policy: Option<String>| api::GetFederationTokenRequest { name: "bob".into(), policy, ..Default::default() };
    let policy = document(r#"{"Effect":"Allow","Action":["s3:*","logs:*"],"Resource":"*"}"#);
    let made = world.identity.get_federation_token(&user, federate(Some(policy))).await.expect("a session");
    assert_eq!(made.federated_user.expect("a user").arn, format!("arn:aws:sts::{ACCOUNT}:federated-user/bob"));
    let keys = made.credentials.expect("keys");
    let session = world.call(&keys.access_key_id, Some(&keys.session_token)).await.expect("valid");
    world.may(&session, "s3:GetObject", "*").await.expect("user and session");
    world.may(&session, "logs:PutLogEvents", "*").await.expect_err("not the user's");
    world.may(&session, "ecs:RunTask", "*").await.expect_err("not the session's");
    let keys =
        world.identity.get_federation_token(&user, federate(None)).await.expect("a session").credentials.expect("keys");
    let bare = world.call(&keys.access_key_id, Some(&keys.session_token)).await.expect("valid");
    world.may(&bare, "s3:GetObject", "*").await.expect_err("nothing without a session policy");
    refused(
        world.identity.get_federation_token(&session, federate(None)).await,
        "AccessDeniedException",
        "Cannot call GetFederationToken",
    );
}

#[tokio::test]
async fn keys_tell_their_account() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ask = |id: &str| api::GetAccessKeyInfoRequest { access_key_id: id.into() };
    let info = world.identity.get_access_key_info(&admin, ask(&world.admin.access_key_id)).await.expect("info");
    assert_eq!(info.account.as_deref(), Some(ACCOUNT));
    refused(
        world.identity.get_access_key_info(&admin, ask("NOTAKEYATALLNOTAKEY0")).await,
        "ValidationError",
        "Invalid Access Key ID",
    );
}

#[tokio::test]
async fn what_is_not_built_says_so() {
    let world = World::new().await;
    let admin = world.admin().await;
    let request = api::AssumeRoleWithWebIdentityRequest::default();
    refused(
        world.identity.assume_role_with_web_identity(&admin, request).await,
        "NotImplemented",
        "AssumeRoleWithWebIdentity",
    );
}

#[tokio::test]
async fn a_user_made_anew_is_another() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    let user = world.user("u", Some(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)).await;
    let keys = iam.get_session_token(&user, Default::default()).await.expect("a session").credentials.expect("keys");
    let session = world.call(&keys.access_key_id, Some(&keys.session_token)).await.expect("valid");
    world.may(&session, "ecs:RunTask", "*").await.expect("the user's");
    let key = user.caller.access_key_id.clone();
    let gone = iam::DeleteAccessKeyRequest { user_name: Some("u".into()), access_key_id: key };
    iam.delete_access_key(admin, gone).await.expect("deleted");
    let gone = iam::DeleteUserPolicyRequest { user_name: "u".into(), policy_name: "inline".into() };
    iam.delete_user_policy(admin, gone).await.expect("deleted");
    iam.delete_user(admin, iam::DeleteUserRequest { user_name: "u".into() }).await.expect("deleted");
    world.user("u", Some(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)).await;
    world.may(&session, "ecs:RunTask", "*").await.expect_err("not the new user's");
}
