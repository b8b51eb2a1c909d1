//! Which services, and how much of each.

/// How a service words broken constraints; mirrors `gantry_aws_wire::schema::ValidationForm`.
#[derive(Clone, Copy)]
pub enum Form {
    Detected,
    InvalidParameterAt,
    Plain,
}

pub struct Service {
    /// Folder in botocore's data, and module in `aws-api`.
    pub name: &'static str,
    /// The trait's name.
    pub api: &'static str,
    pub validation_code: &'static str,
    pub form: Form,
    /// `None`: all. Otherwise only these have types; the rest are routed and refused by name.
    pub operations: Option<&'static [&'static str]>,
}

pub const ALL: &[Service] = &[
    Service { name: "ec2", api: "Ec2", validation_code: "InvalidParameterValue", form: Form::Detected, operations: Some(EC2) },
    Service { name: "ecr", api: "Ecr", validation_code: "InvalidParameterException", form: Form::InvalidParameterAt, operations: None },
    Service { name: "ecs", api: "Ecs", validation_code: "InvalidParameterException", form: Form::Plain, operations: None },
    Service { name: "iam", api: "Iam", validation_code: "ValidationError", form: Form::Detected, operations: Some(IAM) },
    Service { name: "logs", api: "Logs", validation_code: "InvalidParameterException", form: Form::Detected, operations: Some(LOGS) },
    Service { name: "sts", api: "Sts", validation_code: "ValidationError", form: Form::Detected, operations: None },
];

const EC2: &[&str] = &[
    "DescribeAccountAttributes",
    "DescribeAvailabilityZones",
    "DescribeNetworkInterfaces",
    "DescribeRegions",
    "DescribeSecurityGroupRules",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVpcAttribute",
    "DescribeVpcs",
];

const IAM: &[&str] = &[
    "AddRoleToInstanceProfile", "AddUserToGroup", "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy",
    "CreateAccessKey", "CreateAccountAlias", "CreateGroup", "CreateInstanceProfile", "CreatePolicy",
    "CreatePolicyVersion", "CreateRole", "CreateServiceLinkedRole", "CreateUser", "DeleteAccessKey",
    "DeleteAccountAlias", "DeleteGroup", "DeleteGroupPolicy", "DeleteInstanceProfile", "DeletePolicy",
    "DeletePolicyVersion", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy",
    "DeleteServiceLinkedRole", "DeleteUser", "DeleteUserPermissionsBoundary", "DeleteUserPolicy",
    "DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy", "GetAccessKeyLastUsed",
    "GetAccountAuthorizationDetails", "GetAccountSummary", "GetContextKeysForCustomPolicy",
    "GetContextKeysForPrincipalPolicy", "GetGroup", "GetGroupPolicy", "GetInstanceProfile", "GetPolicy",
    "GetPolicyVersion", "GetRole", "GetRolePolicy", "GetServiceLinkedRoleDeletionStatus", "GetUser",
    "GetUserPolicy", "ListAccessKeys", "ListAccountAliases", "ListAttachedGroupPolicies",
    "ListAttachedRolePolicies", "ListAttachedUserPolicies", "ListEntitiesForPolicy", "ListGroupPolicies",
    "ListGroups", "ListGroupsForUser", "ListInstanceProfileTags", "ListInstanceProfiles",
    "ListInstanceProfilesForRole", "ListPolicies", "ListPolicyTags", "ListPolicyVersions",
    "ListRolePolicies", "ListRoleTags", "ListRoles", "ListUserPolicies", "ListUserTags", "ListUsers",
    "PutGroupPolicy", "PutRolePermissionsBoundary", "PutRolePolicy", "PutUserPermissionsBoundary",
    "PutUserPolicy", "RemoveRoleFromInstanceProfile", "RemoveUserFromGroup", "SetDefaultPolicyVersion",
    "SimulateCustomPolicy", "SimulatePrincipalPolicy", "TagInstanceProfile", "TagPolicy", "TagRole", "TagUser",
    "UntagInstanceProfile", "UntagPolicy", "UntagRole", "UntagUser", "UpdateAccessKey",
    "UpdateAssumeRolePolicy", "UpdateGroup", "UpdateRole", "UpdateRoleDescription", "UpdateUser",
];

const LOGS: &[&str] = &[
    "CreateLogGroup", "CreateLogStream", "DeleteLogGroup", "DeleteLogStream", "DeleteRetentionPolicy",
    "DescribeLogGroups", "DescribeLogStreams", "FilterLogEvents", "GetLogEvents", "ListTagsForResource",
    "ListTagsLogGroup", "PutLogEvents", "PutRetentionPolicy", "StartLiveTail", "TagLogGroup", "TagResource",
    "TestMetricFilter", "UntagLogGroup", "UntagResource",
];
