//! Managed policies, their versions, attachments; inline policies.

use gantry_aws_api::iam::{self as api, Iam};

use crate::support::{ACCOUNT, ADMIN_POLICY, ECS_TRUST, World, document, refused};

const ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
const ECS: &str = r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#;

fn s(text: &str) -> String {
    text.to_owned()
}

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:policy/{name}")
}

#[tokio::test]
async fn managed_policies() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    assert_eq!(world.policy("p", ALL).await, arn("p"));
    let create = |name: &str, text: &str| api::CreatePolicyRequest {
        policy_name: s(name),
        policy_document: s(text),
        ..Default::default()
    };
    refused(
        iam.create_policy(admin, create("P", &document(ALL))).await,
        "EntityAlreadyExists",
        "A policy called P already exists.",
    );
    refused(iam.create_policy(admin, create("q", "{}")).await, "MalformedPolicyDocument", "Syntax errors in policy.");
    let long =
        document(&format!(r#"{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{}"}}"#, "x".repeat(6144)));
    refused(
        iam.create_policy(admin, create("q", &long)).await,
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    );
    let get = |arn: &str| api::GetPolicyRequest { policy_arn: s(arn) };
    let aws = iam.get_policy(admin, get(ADMIN_POLICY)).await.expect("AWS's").policy.expect("a policy");
    assert_eq!((aws.arn.as_deref(), aws.attachment_count), (Some(ADMIN_POLICY), Some(1)));
    for none in [arn("x"), s("arn:aws:iam::aws:policy/None"), s("arn:aws:iam::210987654321:policy/p"), arn("path/p")] {
        refused(iam.get_policy(admin, get(&none)).await, "NoSuchEntity", &format!("Policy {none} was not found."));
    }
    let list = |scope: &str| api::ListPoliciesRequest { scope: Some(s(scope)), ..Default::default() };
    assert_eq!(iam.list_policies(admin, list("Local")).await.expect("policies").policies.expect("policies").len(), 1);
    assert!(iam.list_policies(admin, list("AWS")).await.expect("policies").policies.expect("policies").len() > 5);
    let attached = api::ListPoliciesRequest { only_attached: Some(true), ..Default::default() };
    let attached = iam.list_policies(admin, attached).await.expect("policies").policies.expect("policies");
    assert_eq!(attached.iter().filter_map(|p| p.arn.as_deref()).collect::<Vec<_>>(), [ADMIN_POLICY]);
    let mut seen = 0;
    let mut marker = None;
    loop {
        let page = api::ListPoliciesRequest { max_items: Some(3), marker: marker.take(), ..Default::default() };
        let page = iam.list_policies(admin, page).await.expect("a page");
        seen += page.policies.expect("policies").len();
        match page.marker {
            Some(next) => marker = Some(next),
            None => break,
        }
    }
    assert!(seen > 6, "{seen}");
    let delete = |arn: &str| api::DeletePolicyRequest { policy_arn: s(arn) };
    refused(iam.delete_policy(admin, delete(ADMIN_POLICY)).await, "AccessDeniedException", "AWS managed policy");
    let attach = api::AttachUserPolicyRequest { user_name: s("admin"), policy_arn: arn("p") };
    iam.attach_user_policy(admin, attach).await.expect("attached");
    refused(
        iam.delete_policy(admin, delete(&arn("p"))).await,
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    );
    let detach = api::DetachUserPolicyRequest { user_name: s("admin"), policy_arn: arn("p") };
    iam.detach_user_policy(admin, detach).await.expect("detached");
    iam.delete_policy(admin, delete(&arn("p"))).await.expect("deleted");
    refused(iam.delete_policy(admin, delete(&arn("p"))).await, "NoSuchEntity", "was not found");
}

#[tokio::test]
async fn versions() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    let user = world.user("u", None).await;
    let p = world.policy("p", ALL).await;
    let attach = api::AttachUserPolicyRequest { user_name: s("u"), policy_arn: p.clone() };
    iam.attach_user_policy(admin, attach).await.expect("attached");
    world.may(&user, "s3:GetObject", "*").await.expect("by v1");
    let create = |arn: &str, default| api::CreatePolicyVersionRequest {
        policy_arn: s(arn),
        policy_document: document(ECS),
        set_as_default: Some(default),
    };
    let made = iam.create_policy_version(admin, create(&p, true)).await.expect("v2").policy_version.expect("a version");
    assert_eq!((made.version_id.as_deref(), made.is_default_version), (Some("v2"), Some(true)));
    world.may(&user, "s3:GetObject", "*").await.expect_err("by v2");
    for _ in 3..=5 {
        iam.create_policy_version(admin, create(&p, false)).await.expect("more");
    }
    refused(iam.create_policy_version(admin, create(&p, false)).await, "LimitExceeded", "up to 5 versions");
    refused(iam.create_policy_version(admin, create(&arn("x"), false)).await, "NoSuchEntity", "was not found");
    let get = |id: &str| api::GetPolicyVersionRequest { policy_arn: p.clone(), version_id: s(id) };
    let got = iam.get_policy_version(admin, get("v1")).await.expect("v1").policy_version.expect("a version");
    assert!(got.document.expect("a document").starts_with("%7B"));
    refused(iam.get_policy_version(admin, get("v9")).await, "NoSuchEntity", "version v9 does not exist");
    let list = |arn: &str| api::ListPolicyVersionsRequest { policy_arn: s(arn), ..Default::default() };
    let listed = iam.list_policy_versions(admin, list(&p)).await.expect("versions").versions.expect("versions");
    assert_eq!(
        listed.iter().filter_map(|v| v.version_id.as_deref()).collect::<Vec<_>>(),
        ["v5", "v4", "v3", "v2", "v1"]
    );
    refused(iam.list_policy_versions(admin, list(&arn("x"))).await, "NoSuchEntity", "was not found");
    let delete = |id: &str| api::DeletePolicyVersionRequest { policy_arn: p.clone(), version_id: s(id) };
    refused(
        iam.delete_policy_version(admin, delete("v2")).await,
        "DeleteConflict",
        "Cannot delete the default version",
    );
    iam.delete_policy_version(admin, delete("v5")).await.expect("deleted");
    refused(iam.delete_policy_version(admin, delete("v5")).await, "NoSuchEntity", "v5");
    let made =
        iam.create_policy_version(admin, create(&p, false)).await.expect("v6").policy_version.expect("a version");
    assert_eq!(made.version_id.as_deref(), Some("v6"));
    let set = |id: &str| api::SetDefaultPolicyVersionRequest { policy_arn: p.clone(), version_id: s(id) };
    iam.set_default_policy_version(admin, set("v1")).await.expect("v1 again");
    world.may(&user, "s3:GetObject", "*").await.expect("by v1");
    refused(iam.set_default_policy_version(admin, set("v9")).await, "NoSuchEntity", "v9");
    let detach = api::DetachUserPolicyRequest { user_name: s("u"), policy_arn: p.clone() };
    iam.detach_user_policy(admin, detach).await.expect("detached");
    refused(
        iam.delete_policy(admin, api::DeletePolicyRequest { policy_arn: p.clone() }).await,
        "DeleteConflict",
        "more than one version",
    );
}

/// The operations on one kind of holder, whose name is `h`; `x` is not there.
macro_rules! holders {
    ($world:expr, $field:ident, $kind:literal, $limit:literal,
     $attach:ident $attach_in:ident, $detach:ident $detach_in:ident, $attached:ident $attached_in:ident,
     $put:ident $put_in:ident, $get:ident $get_in:ident, $delete:ident $delete_in:ident, $list:ident $list_in:ident) => {{
        let (iam, admin) = (&$world.identity, &$world.admin().await);
        let missing = format!("The {} with name x cannot be found.", $kind);
        let attach = |name: &str, arn: &str| api::$attach_in { $field: s(name), policy_arn: s(arn) };
        iam.$attach(admin, attach("h", ADMIN_POLICY)).await.expect("attached");
        iam.$attach(admin, attach("h", ADMIN_POLICY)).await.expect("attached already");
        refused(iam.$attach(admin, attach("x", ADMIN_POLICY)).await, "NoSuchEntity", &missing);
        refused(
            iam.$attach(admin, attach("h", &arn("none"))).await,
            "NoSuchEntity",
            "does not exist or is not attachable.",
        );
        refused(
            iam.$attach(admin, attach("h", "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"))
                .await,
            "PolicyNotAttachable",
            "Service Role Policy",
        );
        let attached = |name: &str| api::$attached_in { $field: s(name), ..Default::default() };
        let held = iam.$attached(admin, attached("h")).await.expect("policies").attached_policies.expect("policies");
        assert_eq!(held[0].policy_name.as_deref(), Some("AdministratorAccess"));
        refused(iam.$attached(admin, attached("x")).await, "NoSuchEntity", &missing);
        let detach = || api::$detach_in { $field: s("h"), policy_arn: s(ADMIN_POLICY) };
        iam.$detach(admin, detach()).await.expect("detached");
        refused(iam.$detach(admin, detach()).await, "NoSuchEntity", "was not found.");
        for nth in 0..11 {
            let made = iam.$attach(admin, attach("h", &arn(&format!("quota{nth}")))).await;
            if nth < 10 {
                made.expect("within the quota")
            } else {
                refused(made, "LimitExceeded", "Cannot exceed quota for PoliciesPer")
            }
        }

        let put =
            |name: &str, text: &str| api::$put_in { $field: s(name), policy_name: s("i"), policy_document: s(text) };
        iam.$put(admin, put("h", &document(ALL))).await.expect("put");
        iam.$put(admin, put("h", &document(ECS))).await.expect("put over it");
        refused(iam.$put(admin, put("x", &document(ALL))).await, "NoSuchEntity", &missing);
        refused(iam.$put(admin, put("h", "[]")).await, "MalformedPolicyDocument", "Syntax errors in policy.");
        let long =
            document(&format!(r#"{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{}"}}"#, "x".repeat($limit)));
        refused(
            iam.$put(admin, put("h", &long)).await,
            "LimitExceeded",
            concat!("Maximum policy size of ", $limit, " bytes exceeded"),
        );
        let get = |name: &str| api::$get_in { $field: s("h"), policy_name: s(name) };
        assert!(iam.$get(admin, get("i")).await.expect("the policy").policy_document.contains("ecs%3A%2A"));
        refused(
            iam.$get(admin, get("x")).await,
            "NoSuchEntity",
            concat!("The ", $kind, " policy with name x cannot be found."),
        );
        let list = |name: &str| api::$list_in { $field: s(name), ..Default::default() };
        assert_eq!(iam.$list(admin, list("h")).await.expect("names").policy_names, ["i"]);
        refused(iam.$list(admin, list("x")).await, "NoSuchEntity", &missing);
        let delete = || api::$delete_in { $field: s("h"), policy_name: s("i") };
        iam.$delete(admin, delete()).await.expect("deleted");
        refused(iam.$delete(admin, delete()).await, "NoSuchEntity", "i cannot be found.");
    }};
}

#[tokio::test]
async fn users_groups_and_roles_hold_policies() {
    let world = World::new().await;
    world.user("h", None).await;
    world.role("h", ECS_TRUST).await;
    let group = api::CreateGroupRequest { group_name: s("h"), path: None };
    world.identity.create_group(&world.admin().await, group).await.expect("a group");
    for nth in 0..11 {
        world.policy(&format!("quota{nth}"), ALL).await;
    }
    holders!(world, user_name, "user", 2048,
        attach_user_policy AttachUserPolicyRequest, detach_user_policy DetachUserPolicyRequest,
        list_attached_user_policies ListAttachedUserPoliciesRequest, put_user_policy PutUserPolicyRequest,
        get_user_policy GetUserPolicyRequest, delete_user_policy DeleteUserPolicyRequest, list_user_policies ListUserPoliciesRequest);
    holders!(world, group_name, "group", 5120,
        attach_group_policy AttachGroupPolicyRequest, detach_group_policy DetachGroupPolicyRequest,
        list_attached_group_policies ListAttachedGroupPoliciesRequest, put_group_policy PutGroupPolicyRequest,
        get_group_policy GetGroupPolicyRequest, delete_group_policy DeleteGroupPolicyRequest, list_group_policies ListGroupPoliciesRequest);
    holders!(world, role_name, "role", 10240,
        attach_role_policy AttachRolePolicyRequest, detach_role_policy DetachRolePolicyRequest,
        list_attached_role_policies ListAttachedRolePoliciesRequest, put_role_policy PutRolePolicyRequest,
        get_role_policy GetRolePolicyRequest, delete_role_policy DeleteRolePolicyRequest, list_role_policies ListRolePoliciesRequest);
    let of = |arn: &str, filter: Option<&str>| api::ListEntitiesForPolicyRequest {
        policy_arn: s(arn),
        entity_filter: filter.map(s),
        ..Default::default()
    };
    let (iam, admin) = (&world.identity, &world.admin().await);
    let all = iam.list_entities_for_policy(admin, of(&arn("quota0"), None)).await.expect("entities");
    let counts = (
        all.policy_users.expect("users").len(),
        all.policy_groups.expect("groups").len(),
        all.policy_roles.expect("roles").len(),
    );
    assert_eq!(counts, (1, 1, 1));
    let roles = iam.list_entities_for_policy(admin, of(&arn("quota0"), Some("Role"))).await.expect("entities");
    assert_eq!((roles.policy_users.expect("users").len(), roles.policy_roles.expect("roles").len()), (0, 1));
    refused(iam.list_entities_for_policy(admin, of(&arn("none"), None)).await, "NoSuchEntity", "was not found");
}
