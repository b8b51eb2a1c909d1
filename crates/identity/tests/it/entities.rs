//! Users, groups, roles, keys, instance profiles, tags: each operation's success and its refusals.

use gantry_aws_api::iam::{self as api, Iam};
use gantry_aws_wire::Context;

use crate::support::{ACCOUNT, ADMIN_POLICY, ECS_TRUST, World, refused, root, trust};

fn s(text: &str) -> String {
    text.to_owned()
}

fn user(name: &str) -> api::CreateUserRequest {
    api::CreateUserRequest { user_name: s(name), ..Default::default() }
}

fn tag(key: &str, value: &str) -> api::Tag {
    api::Tag { key: s(key), value: s(value) }
}

#[tokio::test]
async fn users() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    let made = iam
        .create_user(
            admin,
            api::CreateUserRequest {
                path: Some(s("/div/")),
                tags: Some(vec![tag("team", "red")]),
                permissions_boundary: Some(s(ADMIN_POLICY)),
                ..user("Ann")
            },
        )
        .await
        .expect("a user")
        .user
        .expect("a user");
    assert_eq!(made.arn, format!("arn:aws:iam::{ACCOUNT}:user/div/Ann"));
    assert!(made.user_id.starts_with("AIDA") && made.user_id.len() == 21);
    refused(iam.create_user(admin, user("Ann")).await, "EntityAlreadyExists", "User with name Ann already exists.");
    refused(iam.create_user(admin, user("ANN")).await, "EntityAlreadyExists", "User with name ANN already exists.");
    let unbound = api::CreateUserRequest { permissions_boundary: Some(s("arn:aws:iam::aws:policy/None")), ..user("b") };
    refused(iam.create_user(admin, unbound).await, "NoSuchEntity", "does not exist or is not attachable");

    let get = |name: &str| api::GetUserRequest { user_name: Some(s(name)) };
    let got = iam.get_user(admin, get("Ann")).await.expect("the user").user;
    assert_eq!(got, made);
    refused(iam.get_user(admin, get("x")).await, "NoSuchEntity", "The user with name x cannot be found.");
    refused(iam.get_user(admin, get("ann")).await, "NoSuchEntity", "The user with name ann cannot be found.");
    let own = iam.get_user(admin, api::GetUserRequest { user_name: None }).await.expect("oneself");
    assert_eq!(own.user.user_name, "admin");
    assert_eq!(
        iam.get_user(&root(), api::GetUserRequest { user_name: None }).await.expect("root").user.arn,
        root().caller.arn
    );

    let below = api::ListUsersRequest { path_prefix: Some(s("/div/")), ..Default::default() };
    assert_eq!(iam.list_users(admin, below).await.expect("users").users.len(), 1);

    let rename = api::UpdateUserRequest { user_name: s("Ann"), new_user_name: Some(s("Zoe")), new_path: Some(s("/")) };
    let key =
        iam.create_access_key(admin, api::CreateAccessKeyRequest { user_name: Some(s("Ann")) }).await.expect("a key");
    iam.update_user(admin, rename.clone()).await.expect("renamed");
    let call = world.call(&key.access_key.access_key_id, None).await.expect("the key stays");
    assert_eq!(call.caller.arn, format!("arn:aws:iam::{ACCOUNT}:user/Zoe"));
    refused(iam.update_user(admin, rename).await, "NoSuchEntity", "Ann");
    let taken = api::UpdateUserRequest { user_name: s("Zoe"), new_user_name: Some(s("admin")), new_path: None };
    refused(iam.update_user(admin, taken).await, "EntityAlreadyExists", "admin");

    let unbind = api::DeleteUserPermissionsBoundaryRequest { user_name: s("Zoe") };
    iam.delete_user_permissions_boundary(admin, unbind.clone()).await.expect("unbound");
    refused(
        iam.delete_user_permissions_boundary(admin, unbind).await,
        "NoSuchEntity",
        "does not have a permissions boundary",
    );
    let bind = api::PutUserPermissionsBoundaryRequest {
        user_name: s("Zoe"),
        permissions_boundary: s("arn:aws:iam::aws:policy/None"),
    };
    refused(iam.put_user_permissions_boundary(admin, bind).await, "NoSuchEntity", "not attachable");

    let delete = api::DeleteUserRequest { user_name: s("Zoe") };
    refused(iam.delete_user(admin, delete.clone()).await, "DeleteConflict", "must delete access keys first");
    let gone = api::DeleteAccessKeyRequest { user_name: Some(s("Zoe")), access_key_id: key.access_key.access_key_id };
    iam.delete_access_key(admin, gone).await.expect("deleted");
    world.grant("Zoe", r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#).await;
    refused(iam.delete_user(admin, delete.clone()).await, "DeleteConflict", "must delete policies first");
    iam.delete_user_policy(admin, api::DeleteUserPolicyRequest { user_name: s("Zoe"), policy_name: s("inline") })
        .await
        .expect("gone");
    iam.delete_user(admin, delete.clone()).await.expect("deleted");
    refused(iam.delete_user(admin, delete).await, "NoSuchEntity", "Zoe");
}

#[tokio::test]
async fn listings_come_in_pages_and_refuse_forged_markers() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    for nth in 0..25 {
        iam.create_user(admin, user(&format!("u{nth:02}"))).await.expect("a user");
    }
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = api::ListUsersRequest { max_items: Some(10), marker: marker.take(), ..Default::default() };
        let page = iam.list_users(admin, page).await.expect("a page");
        // Stable under change: what was made behind the page does not come again.
        if names.is_empty() {
            iam.create_user(admin, user("a-first")).await.expect("a user");
        }
        names.extend(page.users.into_iter().map(|user| user.user_name));
        assert_eq!(page.is_truncated, Some(page.marker.is_some()));
        match page.marker {
            Some(next) => marker = Some(next),
            None => break,
        }
    }
    assert_eq!(names.len(), 26);
    let first = iam
        .list_users(admin, api::ListUsersRequest { max_items: Some(1), ..Default::default() })
        .await
        .expect("a page");
    let marker = first.marker.expect("more");
    assert!(marker.len() <= 320);
    for (marker, prefix) in [("forged".into(), None), (format!("{marker}A"), None), (marker.clone(), Some(s("/x/")))] {
        let request = api::ListUsersRequest { marker: Some(marker), path_prefix: prefix, max_items: None };
        refused(iam.list_users(admin, request).await, "ValidationError", "Invalid Marker");
    }
    let groups = api::ListGroupsRequest { marker: Some(marker), ..Default::default() };
    refused(iam.list_groups(admin, groups).await, "ValidationError", "Invalid Marker");
}

#[tokio::test]
async fn groups() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    iam.create_user(admin, user("u")).await.expect("a user");
    let create = api::CreateGroupRequest { group_name: s("g"), path: Some(s("/p/")) };
    let made = iam.create_group(admin, create.clone()).await.expect("a group").group;
    assert_eq!(made.arn, format!("arn:aws:iam::{ACCOUNT}:group/p/g"));
    refused(iam.create_group(admin, create).await, "EntityAlreadyExists", "Group with name g already exists.");
    let add = |group: &str, user: &str| api::AddUserToGroupRequest { group_name: s(group), user_name: s(user) };
    iam.add_user_to_group(admin, add("g", "u")).await.expect("a member");
    iam.add_user_to_group(admin, add("g", "u")).await.expect("a member already");
    refused(
        iam.add_user_to_group(admin, add("x", "u")).await,
        "NoSuchEntity",
        "The group with name x cannot be found.",
    );
    refused(iam.add_user_to_group(admin, add("g", "x")).await, "NoSuchEntity", "The user with name x cannot be found.");
    let get = |name: &str| api::GetGroupRequest { group_name: s(name), ..Default::default() };
    assert_eq!(iam.get_group(admin, get("g")).await.expect("the group").users[0].user_name, "u");
    refused(iam.get_group(admin, get("x")).await, "NoSuchEntity", "x");
    let of_user = |name: &str| api::ListGroupsForUserRequest { user_name: s(name), ..Default::default() };
    assert_eq!(iam.list_groups_for_user(admin, of_user("u")).await.expect("groups").groups, [made]);
    refused(iam.list_groups_for_user(admin, of_user("x")).await, "NoSuchEntity", "x");
    let rename =
        |from: &str| api::UpdateGroupRequest { group_name: s(from), new_group_name: Some(s("h")), new_path: None };
    iam.update_group(admin, rename("g")).await.expect("renamed");
    assert_eq!(iam.get_group(admin, get("h")).await.expect("the group").users.len(), 1);
    refused(iam.update_group(admin, rename("g")).await, "NoSuchEntity", "g");
    let delete = api::DeleteGroupRequest { group_name: s("h") };
    refused(iam.delete_group(admin, delete.clone()).await, "DeleteConflict", "must remove users from group first");
    refused(
        iam.delete_user(admin, api::DeleteUserRequest { user_name: s("u") }).await,
        "DeleteConflict",
        "must remove user from all groups",
    );
    let remove = api::RemoveUserFromGroupRequest { group_name: s("h"), user_name: s("u") };
    iam.remove_user_from_group(admin, remove.clone()).await.expect("removed");
    refused(iam.remove_user_from_group(admin, remove).await, "NoSuchEntity", "u");
    iam.delete_group(admin, delete.clone()).await.expect("deleted");
    refused(iam.delete_group(admin, delete).await, "NoSuchEntity", "h");
    for nth in 0..11 {
        iam.create_group(admin, api::CreateGroupRequest { group_name: format!("g{nth}"), path: None })
            .await
            .expect("a group");
        let added = iam.add_user_to_group(admin, add(&format!("g{nth}"), "u")).await;
        if nth < 10 {
            added.expect("within the quota");
        } else {
            refused(added, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10");
        }
    }
}

#[tokio::test]
async fn roles() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    let create = |name: &str, trust: &str| api::CreateRoleRequest {
        role_name: s(name),
        assume_role_policy_document: s(trust),
        description: Some(s("d")),
        ..Default::default()
    };
    let made = iam.create_role(admin, create("r", ECS_TRUST)).await.expect("a role").role;
    assert!(made.role_id.starts_with("AROA"));
    assert_eq!(made.max_session_duration, Some(3600));
    assert!(made.assume_role_policy_document.as_deref().expect("a document").starts_with("%7B%22Version%22"));
    refused(
        iam.create_role(admin, create("r", ECS_TRUST)).await,
        "EntityAlreadyExists",
        "Role with name r already exists.",
    );
    refused(iam.create_role(admin, create("q", "{}")).await, "MalformedPolicyDocument", "Syntax errors in policy.");
    refused(
        iam.create_role(admin, create("q", &trust(r#"{"AWS":"arn:aws:iam::123456789012:user/nobody"}"#))).await,
        "MalformedPolicyDocument",
        "Invalid principal in policy",
    );
    iam.create_role(admin, create("q", &trust(r#"{"AWS":"arn:aws:iam::210987654321:user/of-others"}"#)))
        .await
        .expect("not ours to know");
    let long = trust(&format!(r#"{{"Service":"{}.amazonaws.com"}}"#, "x".repeat(2048)));
    refused(
        iam.create_role(admin, create("l", &long)).await,
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    );
    let get = |name: &str| api::GetRoleRequest { role_name: s(name) };
    assert_eq!(iam.get_role(admin, get("r")).await.expect("the role").role.description.as_deref(), Some("d"));
    refused(iam.get_role(admin, get("x")).await, "NoSuchEntity", "The role with name x cannot be found.");
    assert_eq!(iam.list_roles(admin, Default::default()).await.expect("roles").roles.len(), 2);
    let describe = |name: &str| api::UpdateRoleDescriptionRequest { role_name: s(name), description: s("e") };
    iam.update_role_description(admin, describe("r")).await.expect("described");
    refused(iam.update_role_description(admin, describe("x")).await, "NoSuchEntity", "x");
    let update =
        |name: &str| api::UpdateRoleRequest { role_name: s(name), max_session_duration: Some(7200), description: None };
    iam.update_role(admin, update("r")).await.expect("updated");
    let role = iam.get_role(admin, get("r")).await.expect("the role").role;
    assert_eq!((role.max_session_duration, role.description), (Some(7200), Some(s("e"))));
    refused(iam.update_role(admin, update("x")).await, "NoSuchEntity", "x");
    let retrust =
        |name: &str, text: &str| api::UpdateAssumeRolePolicyRequest { role_name: s(name), policy_document: s(text) };
    iam.update_assume_role_policy(admin, retrust("r", &trust(r#"{"AWS":"123456789012"}"#)))
        .await
        .expect("trusts another");
    refused(
        iam.update_assume_role_policy(
            admin,
            retrust("r", r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"ecs:*"}}"#),
        )
        .await,
        "MalformedPolicyDocument",
        "AssumeRole policy may only specify STS AssumeRole actions.",
    );
    let bind = |arn: &str| api::PutRolePermissionsBoundaryRequest { role_name: s("r"), permissions_boundary: s(arn) };
    iam.put_role_permissions_boundary(admin, bind(ADMIN_POLICY)).await.expect("bound");
    refused(
        iam.put_role_permissions_boundary(admin, bind("arn:aws:iam::aws:policy/None")).await,
        "NoSuchEntity",
        "not attachable",
    );
    let unbind = api::DeleteRolePermissionsBoundaryRequest { role_name: s("r") };
    iam.delete_role_permissions_boundary(admin, unbind.clone()).await.expect("unbound");
    refused(iam.delete_role_permissions_boundary(admin, unbind).await, "NoSuchEntity", "does not have");
    let attach = api::AttachRolePolicyRequest { role_name: s("r"), policy_arn: s(ADMIN_POLICY) };
    iam.attach_role_policy(admin, attach).await.expect("attached");
    let delete = api::DeleteRoleRequest { role_name: s("r") };
    refused(iam.delete_role(admin, delete.clone()).await, "DeleteConflict", "must detach all policies first");
    let detach = api::DetachRolePolicyRequest { role_name: s("r"), policy_arn: s(ADMIN_POLICY) };
    iam.detach_role_policy(admin, detach).await.expect("detached");
    iam.delete_role(admin, delete.clone()).await.expect("deleted");
    refused(iam.delete_role(admin, delete).await, "NoSuchEntity", "r");
}

#[tokio::test]
async fn service_linked_roles() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    let create =
        |service: &str| api::CreateServiceLinkedRoleRequest { aws_service_name: s(service), ..Default::default() };
    let role =
        iam.create_service_linked_role(admin, create("ecs.amazonaws.com")).await.expect("a role").role.expect("a role");
    assert_eq!(
        role.arn,
        format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
    );
    refused(
        iam.create_service_linked_role(admin, create("ecs.amazonaws.com")).await,
        "InvalidInput",
        "has been taken in this account",
    );
    refused(iam.create_service_linked_role(admin, create("nobody.amazonaws.com")).await, "InvalidInput", "nobody");
    let delete = api::DeleteRoleRequest { role_name: role.role_name.clone() };
    refused(iam.delete_role(admin, delete).await, "UnmodifiableEntity", "only modifiable by AWS");
    let delete = |name: &str| api::DeleteServiceLinkedRoleRequest { role_name: s(name) };
    world.role("plain", ECS_TRUST).await;
    refused(iam.delete_service_linked_role(admin, delete("plain")).await, "NoSuchEntity", "not a service-linked role");
    let id = iam.delete_service_linked_role(admin, delete(&role.role_name)).await.expect("going").deletion_task_id;
    let status = |id: &str| api::GetServiceLinkedRoleDeletionStatusRequest { deletion_task_id: s(id) };
    assert_eq!(
        iam.get_service_linked_role_deletion_status(admin, status(&id)).await.expect("a status").status,
        "SUCCEEDED"
    );
    refused(
        iam.get_service_linked_role_deletion_status(admin, status("task/x")).await,
        "NoSuchEntity",
        "deletion task",
    );
}

#[tokio::test]
async fn access_keys() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    let of = |name: &str| api::CreateAccessKeyRequest { user_name: Some(s(name)) };
    iam.create_user(admin, user("u")).await.expect("a user");
    let key = iam.create_access_key(admin, of("u")).await.expect("a key").access_key;
    assert_eq!((key.secret_access_key.len(), key.status.as_str()), (40, "Active"));
    iam.create_access_key(admin, of("u")).await.expect("a second");
    refused(
        iam.create_access_key(admin, of("u")).await,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    );
    refused(iam.create_access_key(admin, of("x")).await, "NoSuchEntity", "The user with name x cannot be found.");
    refused(
        iam.create_access_key(&root(), api::CreateAccessKeyRequest { user_name: None }).await,
        "ValidationError",
        "Must specify userName",
    );
    let list = |name: &str| api::ListAccessKeysRequest { user_name: Some(s(name)), ..Default::default() };
    let listed = iam.list_access_keys(admin, list("u")).await.expect("keys");
    assert_eq!(listed.access_key_metadata.len(), 2);
    assert!(!format!("{listed:?}").contains(&key.secret_access_key));
    refused(iam.list_access_keys(admin, list("x")).await, "NoSuchEntity", "x");
    let used = |id: &str| api::GetAccessKeyLastUsedRequest { access_key_id: s(id) };
    let last = iam.get_access_key_last_used(admin, used(&key.access_key_id)).await.expect("never");
    assert_eq!(last.access_key_last_used.expect("an answer").service_name, "N/A");
    let call = world.call(&key.access_key_id, None).await.expect("the user");
    let _ = world.may(&call, "ecs:ListClusters", "*").await;
    let last = iam.get_access_key_last_used(admin, used(&key.access_key_id)).await.expect("now");
    assert_eq!(last.access_key_last_used.expect("an answer").service_name, "ecs");
    refused(
        iam.get_access_key_last_used(admin, used("AKIAIOSFODNN7EXAMPLE")).await,
        "AccessDeniedException",
        "not authorized",
    );
    let update =
        |id: &str| api::UpdateAccessKeyRequest { user_name: Some(s("u")), access_key_id: s(id), status: s("Inactive") };
    iam.update_access_key(admin, update(&key.access_key_id)).await.expect("inactive");
    refused(
        iam.update_access_key(admin, update("AKIAIOSFODNN7EXAMPLE")).await,
        "NoSuchEntity",
        "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.",
    );
    let delete = api::DeleteAccessKeyRequest { user_name: Some(s("u")), access_key_id: key.access_key_id };
    iam.delete_access_key(admin, delete.clone()).await.expect("deleted");
    refused(iam.delete_access_key(admin, delete).await, "NoSuchEntity", "cannot be found");
}

#[tokio::test]
async fn instance_profiles() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    world.role("r", ECS_TRUST).await;
    world.role("q", ECS_TRUST).await;
    let create = api::CreateInstanceProfileRequest { instance_profile_name: s("p"), ..Default::default() };
    let made = iam.create_instance_profile(admin, create.clone()).await.expect("a profile").instance_profile;
    assert_eq!(made.arn, format!("arn:aws:iam::{ACCOUNT}:instance-profile/p"));
    refused(
        iam.create_instance_profile(admin, create).await,
        "EntityAlreadyExists",
        "Instance Profile p already exists.",
    );
    let add = |name: &str, role: &str| api::AddRoleToInstanceProfileRequest {
        instance_profile_name: s(name),
        role_name: s(role),
    };
    iam.add_role_to_instance_profile(admin, add("p", "r")).await.expect("added");
    refused(
        iam.add_role_to_instance_profile(admin, add("p", "q")).await,
        "LimitExceeded",
        "InstanceSessionsPerInstanceProfile: 1",
    );
    refused(
        iam.add_role_to_instance_profile(admin, add("x", "r")).await,
        "NoSuchEntity",
        "Instance Profile x cannot be found.",
    );
    let get = |name: &str| api::GetInstanceProfileRequest { instance_profile_name: s(name) };
    let got = iam.get_instance_profile(admin, get("p")).await.expect("the profile").instance_profile;
    assert_eq!(got.roles[0].role_name, "r");
    refused(iam.get_instance_profile(admin, get("x")).await, "NoSuchEntity", "x");
    assert_eq!(
        iam.list_instance_profiles(admin, Default::default()).await.expect("profiles").instance_profiles.len(),
        1
    );
    let of = |name: &str| api::ListInstanceProfilesForRoleRequest { role_name: s(name), ..Default::default() };
    assert_eq!(iam.list_instance_profiles_for_role(admin, of("r")).await.expect("profiles").instance_profiles.len(), 1);
    refused(iam.list_instance_profiles_for_role(admin, of("x")).await, "NoSuchEntity", "x");
    refused(
        iam.delete_role(admin, api::DeleteRoleRequest { role_name: s("r") }).await,
        "DeleteConflict",
        "must remove roles from instance profile first",
    );
    let delete = api::DeleteInstanceProfileRequest { instance_profile_name: s("p") };
    refused(iam.delete_instance_profile(admin, delete.clone()).await, "DeleteConflict", "must remove roles");
    let remove = api::RemoveRoleFromInstanceProfileRequest { instance_profile_name: s("p"), role_name: s("r") };
    iam.remove_role_from_instance_profile(admin, remove.clone()).await.expect("removed");
    refused(iam.remove_role_from_instance_profile(admin, remove).await, "NoSuchEntity", "r");
    iam.delete_instance_profile(admin, delete.clone()).await.expect("deleted");
    refused(iam.delete_instance_profile(admin, delete).await, "NoSuchEntity", "p");
}

/// Tags, untags and lists; then the same of something that is not there.
macro_rules! tags {
    ($iam:expr, $admin:expr, $field:ident, $name:expr, $none:expr, $tag:ident $tag_in:ident, $untag:ident $untag_in:ident, $list:ident $list_in:ident) => {{
        let tag_it = |tags: Vec<api::Tag>| api::$tag_in { $field: $name, tags };
        $iam.$tag($admin, tag_it(vec![tag("team", "red"), tag("cost", "1")])).await.expect("tagged");
        $iam.$tag($admin, tag_it(vec![tag("Team", "blue")])).await.expect("tagged anew");
        refused(
            $iam.$tag($admin, tag_it(vec![tag("a", "1"), tag("A", "2")])).await,
            "InvalidInput",
            "Duplicate tag keys",
        );
        refused($iam.$tag($admin, tag_it(vec![tag("aws:x", "1")])).await, "InvalidInput", "reserved");
        let many = (0..50).map(|nth| tag(&format!("k{nth}"), "v")).collect();
        refused($iam.$tag($admin, tag_it(many)).await, "LimitExceeded", "number of tags");
        $iam.$untag($admin, api::$untag_in { $field: $name, tag_keys: vec![s("COST"), s("none")] })
            .await
            .expect("untagged");
        let listed =
            $iam.$list($admin, api::$list_in { $field: $name, ..Default::default() }).await.expect("tags").tags;
        assert_eq!(listed, [tag("Team", "blue")]);
        refused($iam.$tag($admin, api::$tag_in { $field: $none, tags: vec![] }).await, "NoSuchEntity", "");
        refused($iam.$untag($admin, api::$untag_in { $field: $none, tag_keys: vec![] }).await, "NoSuchEntity", "");
        refused($iam.$list($admin, api::$list_in { $field: $none, ..Default::default() }).await, "NoSuchEntity", "");
    }};
}

#[tokio::test]
async fn tags() {
    let world = World::new().await;
    let admin: &Context = &world.admin().await;
    let iam = &world.identity;
    world.role("r", ECS_TRUST).await;
    let policy = world.policy("p", r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#).await;
    let profile = api::CreateInstanceProfileRequest { instance_profile_name: s("i"), ..Default::default() };
    iam.create_instance_profile(admin, profile).await.expect("a profile");
    tags!(iam, admin, user_name, s("admin"), s("x"), tag_user TagUserRequest, untag_user UntagUserRequest, list_user_tags ListUserTagsRequest);
    tags!(iam, admin, role_name, s("r"), s("x"), tag_role TagRoleRequest, untag_role UntagRoleRequest, list_role_tags ListRoleTagsRequest);
    tags!(iam, admin, policy_arn, policy.clone(), s("arn:aws:iam::123456789012:policy/x"),
        tag_policy TagPolicyRequest, untag_policy UntagPolicyRequest, list_policy_tags ListPolicyTagsRequest);
    tags!(iam, admin, instance_profile_name, s("i"), s("x"), tag_instance_profile TagInstanceProfileRequest,
        untag_instance_profile UntagInstanceProfileRequest, list_instance_profile_tags ListInstanceProfileTagsRequest);
}

#[tokio::test]
async fn the_account_as_a_whole() {
    let world = World::new().await;
    let (iam, admin) = (&world.identity, &world.admin().await);
    world.role("r", ECS_TRUST).await;
    world.policy("p", r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#).await;
    let alias = |name: &str| api::CreateAccountAliasRequest { account_alias: s(name) };
    iam.create_account_alias(admin, alias("acme")).await.expect("an alias");
    refused(iam.create_account_alias(admin, alias("acme")).await, "EntityAlreadyExists", "acme");
    assert_eq!(iam.list_account_aliases(admin, Default::default()).await.expect("aliases").account_aliases, ["acme"]);
    let delete = api::DeleteAccountAliasRequest { account_alias: s("acme") };
    iam.delete_account_alias(admin, delete.clone()).await.expect("deleted");
    refused(iam.delete_account_alias(admin, delete).await, "NoSuchEntity", "acme");
    let summary = iam.get_account_summary(admin).await.expect("a summary").summary_map.expect("a map");
    assert_eq!((summary["Users"], summary["Roles"], summary["Policies"]), (1, 1, 1));
    let only =
        |kind: &str| api::GetAccountAuthorizationDetailsRequest { filter: Some(vec![s(kind)]), ..Default::default() };
    let roles = iam.get_account_authorization_details(admin, only("Role")).await.expect("details");
    assert_eq!(roles.role_detail_list.expect("roles").len(), 1);
    assert_eq!(roles.user_detail_list.expect("users").len(), 0);
    let all = iam.get_account_authorization_details(admin, Default::default()).await.expect("details");
    assert_eq!(all.user_detail_list.expect("users").len(), 1);
    let forged = api::GetAccountAuthorizationDetailsRequest { marker: Some(s("x")), ..Default::default() };
    refused(iam.get_account_authorization_details(admin, forged).await, "ValidationError", "Invalid Marker");
}
