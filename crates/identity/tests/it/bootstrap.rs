//! First starts, later starts, and credentials for tasks.

use gantry_agent_api::services::CredentialSource;
use gantry_aws_api::iam::{self as api, Iam};
use gantry_aws_api::sts::Sts;
use gantry_aws_wire::Authority;

use crate::support::{ACCOUNT, ECS_TRUST, World, account, document, open, refused, trust};

#[tokio::test]
async fn the_administrator_is_made_once_and_may_do_all() {
    let world = World::new().await;
    let again = world.identity.bootstrap(&account()).await.expect("bootstraps").expect("the key");
    assert_eq!(again, world.admin);
    assert!(!format!("{again:?}").contains(&again.secret_access_key));
    let admin = world.admin().await;
    assert_eq!(admin.caller.arn, format!("arn:aws:iam::{ACCOUNT}:user/admin"));
    world.may(&admin, "ecs:RunTask", "*").await.expect("all");
    let who = world.identity.get_caller_identity(&admin, Default::default()).await.expect("oneself");
    assert_eq!(who.arn.as_deref(), Some(admin.caller.arn.as_str()));
    let credential = world.identity.credential(&again.access_key_id, None).await.expect("the key");
    assert_eq!(*credential.secret, *again.secret_access_key);
}

#[tokio::test]
async fn all_outlives_a_restart() {
    let world = World::new().await;
    world.role("task", ECS_TRUST).await;
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/task");
    let session = world.identity.task_credentials(&arn, "t1").expect("credentials");
    let World { store, clock, identity, admin } = world;
    drop(identity);
    let identity = open(&store, &clock, true).await;
    assert_eq!(identity.bootstrap(&account()).await.expect("bootstraps"), Some(admin));
    let found = identity.credential(&session.access_key_id, Some(&session.session_token)).await.expect("the session");
    assert_eq!(*found.secret, *session.secret_access_key);
}

#[tokio::test]
async fn a_deleted_first_key_stays_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let request = api::DeleteAccessKeyRequest { user_name: None, access_key_id: world.admin.access_key_id.clone() };
    world.identity.delete_access_key(&admin, request).await.expect("deletes");
    assert_eq!(world.identity.bootstrap(&account()).await.expect("bootstraps"), None);
    refused(world.call(&world.admin.access_key_id, None).await, "UnrecognizedClientException", "is invalid");
}

#[tokio::test]
async fn two_servers_see_each_others_changes() {
    let world = World::new().await;
    let other = open(&world.store, &world.clock, true).await;
    let admin = world.admin().await;
    for nth in 0..10 {
        let server = if nth % 2 == 0 { &world.identity } else { &other };
        let request = api::CreateGroupRequest { group_name: format!("g{nth}"), path: None };
        server.create_group(&admin, request).await.expect("a group");
    }
    other.catch_up().await.expect("reads");
    let all = other.list_groups(&admin, Default::default()).await.expect("groups");
    assert_eq!(all.groups.len(), 10);
}

#[tokio::test]
async fn changes_at_once_lose_nothing_and_keep_limits() {
    let world = World::new().await;
    world.user("u", None).await;
    let admin = world.admin().await;
    let other = open(&world.store, &world.clock, true).await;
    let mut tasks = Vec::new();
    for nth in 0..16 {
        let (server, admin) = (if nth % 2 == 0 { world.identity.clone() } else { other.clone() }, admin.clone());
        tasks.push(tokio::spawn(async move {
            let request = api::CreateAccessKeyRequest { user_name: Some("u".into()) };
            server.create_access_key(&admin, request).await.is_ok()
        }));
    }
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.expect("runs"));
    }
    // One was made with the user.
    assert_eq!(made, 1);
}

#[tokio::test]
async fn task_credentials_need_trust() {
    let world = World::new().await;
    let arn = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    world.role("task", ECS_TRUST).await;
    world.role("other", &trust(r#"{"Service":"ec2.amazonaws.com"}"#)).await;
    let request = api::PutRolePolicyRequest {
        role_name: "task".into(),
        policy_name: "p".into(),
        policy_document: document(r#"{"Effect":"Allow","Action":"ecr:*","Resource":"*"}"#),
    };
    world.identity.put_role_policy(&world.admin().await, request).await.expect("a policy");
    let made = world.identity.role_credentials(&account(), &arn("task"), "abc").await.expect("credentials");
    let call = world.call(&made.access_key_id, Some(&made.session_token)).await.expect("the session");
    assert_eq!(call.caller.arn, format!("arn:aws:sts::{ACCOUNT}:assumed-role/task/abc"));
    world.may(&call, "ecr:GetAuthorizationToken", "*").await.expect("what the role may");
    world.may(&call, "ecs:RunTask", "*").await.expect_err("nothing else");
    for bad in [arn("other"), arn("none"), "nonsense".into(), "arn:aws:iam::210987654321:role/task".into()] {
        let refused = world.identity.role_credentials(&account(), &bad, "abc").await.err().expect("refused");
        assert!(refused.code == "AccessDeniedException" && !refused.retryable, "{refused}");
    }
}

/// The trust policy that ECS's documentation recommends against confused deputies.
#[tokio::test]
async fn trust_may_name_the_source() {
    let world = World::new().await;
    world.identity.set_home(account(), "us-east-1".parse().expect("a region"));
    let trusting = |region: &str| {
        document(&format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"ecs-tasks.amazonaws.com"}},"Action":"sts:AssumeRole","Condition":{{"ArnLike":{{"aws:SourceArn":"arn:aws:ecs:{region}:{ACCOUNT}:*"}},"StringEquals":{{"aws:SourceAccount":"{ACCOUNT}"}}}}}}"#
        ))
    };
    world.role("here", &trusting("us-east-1")).await;
    world.role("there", &trusting("eu-west-1")).await;
    let arn = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    assert!(world.identity.task_credentials(&arn("here"), "t").is_ok());
    assert!(world.identity.task_credentials(&arn("there"), "t").is_err());
}

/// A reset deletes the accounts' records; the installation's keys, and so sessions' seals, stay.
#[tokio::test]
async fn accounts_start_anew_after_a_reset() {
    let world = World::new().await;
    let all = gantry_store::KeyRange::prefix(gantry_identity::Identity::RECORDS);
    world.store.txn(gantry_store::Txn::new().then(gantry_store::Op::Delete(all))).await.expect("deletes");
    world.identity.catch_up().await.expect("reads");
    refused(world.call(&world.admin.access_key_id, None).await, "UnrecognizedClientException", "is invalid");
    let anew = world.identity.bootstrap(&account()).await.expect("bootstraps").expect("a key");
    assert_ne!(anew.access_key_id, world.admin.access_key_id);
    world.call(&anew.access_key_id, None).await.expect("the new administrator");
    open(&world.store, &world.clock, true).await;
}
