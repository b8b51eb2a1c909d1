//! The AWS managed policies that users of ECS, ECR and EKS attach, by their true ARNs.
//!
//! <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/>

use std::sync::LazyLock;

use gantry_base::Timestamp;

use crate::record::{Document, ManagedPolicy, Version};

pub(crate) const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

struct Source {
    path: &'static str,
    name: &'static str,
    id: &'static str,
    statements: &'static str,
}

const SOURCES: &[Source] = &[
    Source {
        path: "/",
        name: "AdministratorAccess",
        id: "ANPAIWMBCKSKIEE64ZLYK",
        statements: r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
    },
    Source {
        path: "/",
        name: "PowerUserAccess",
        id: "ANPAJYRXTHIB4FOVS3ZXS",
        statements: r#"[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["account:GetAccountInformation","account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],"Resource":"*"}]"#,
    },
    Source {
        path: "/",
        name: "IAMFullAccess",
        id: "ANPAI7XKCFMBPM3QQRRVQ",
        statements: r#"[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization","organizations:DescribeOrganizationalUnit","organizations:DescribePolicy","organizations:ListChildren","organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots","organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]"#,
    },
    Source {
        path: "/service-role/",
        name: "AmazonECSTaskExecutionRolePolicy",
        id: "ANPAJG4T4G4PV56DE72PY",
        statements: r#"[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]"#,
    },
    Source {
        path: "/service-role/",
        name: "AmazonEC2ContainerServiceforEC2Role",
        id: "ANPAJLYJCVHC7TQHCSQDS",
        statements: r#"[{"Effect":"Allow","Action":["ec2:DescribeTags","ecs:CreateCluster","ecs:DeregisterContainerInstance","ecs:DiscoverPollEndpoint","ecs:Poll","ecs:RegisterContainerInstance","ecs:StartTelemetrySession","ecs:UpdateContainerInstancesState","ecs:Submit*","ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"},{"Effect":"Allow","Action":"ecs:TagResource","Resource":"*","Condition":{"StringEquals":{"ecs:CreateAction":["CreateCluster","RegisterContainerInstance"]}}}]"#,
    },
    Source {
        path: "/",
        name: "AmazonECS_FullAccess",
        id: "ANPAJ7S7AN6YQPTJC7IFS",
        statements: r#"[{"Effect":"Allow","Action":["ecs:*","ec2:Describe*","elasticloadbalancing:*","logs:CreateLogGroup","logs:DescribeLogGroups","logs:FilterLogEvents","iam:ListAttachedRolePolicies","iam:ListInstanceProfiles","iam:ListRoles","servicediscovery:*","application-autoscaling:*","autoscaling:*","cloudwatch:*","events:*"],"Resource":"*"},{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringLike":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}},{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringLike":{"iam:AWSServiceName":["autoscaling.amazonaws.com","ecs.amazonaws.com","ecs.application-autoscaling.amazonaws.com","spot.amazonaws.com","spotfleet.amazonaws.com"]}}}]"#,
    },
    Source {
        path: "/",
        name: "AmazonEC2ContainerRegistryFullAccess",
        id: "ANPAIESRL7KD7IIVF6V4W",
        statements: r#"[{"Effect":"Allow","Action":["ecr:*","cloudtrail:LookupEvents"],"Resource":"*"},{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole"],"Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":["replication.ecr.amazonaws.com"]}}}]"#,
    },
    Source {
        path: "/",
        name: "AmazonEC2ContainerRegistryPowerUser",
        id: "ANPAJDNE5PIHROIBGGDDW",
        statements: r#"[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings","ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage"],"Resource":"*"}]"#,
    },
    Source {
        path: "/",
        name: "AmazonEC2ContainerRegistryReadOnly",
        id: "ANPAIFYZPA37OOHVIH7KQ",
        statements: r#"[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings"],"Resource":"*"}]"#,
    },
    Source {
        path: "/",
        name: "CloudWatchLogsFullAccess",
        id: "ANPAJ3ZGNWK2R5HW5BQFO",
        statements: r#"[{"Effect":"Allow","Action":["logs:*","cloudwatch:GenerateQuery"],"Resource":"*"}]"#,
    },
    Source {
        path: "/",
        name: "AmazonEKSFargatePodExecutionRolePolicy",
        id: "ANPARKIVHBFGPVCEYP5WC",
        statements: r#"[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage"],"Resource":"*"}]"#,
    },
    Source {
        path: "/aws-service-role/",
        name: "AmazonECSServiceRolePolicy",
        id: "ANPAIVUWKCAI7URU4WUEI",
        statements: r#"[{"Effect":"Allow","Action":["ec2:AttachNetworkInterface","ec2:CreateNetworkInterface","ec2:CreateNetworkInterfacePermission","ec2:DeleteNetworkInterface","ec2:DeleteNetworkInterfacePermission","ec2:Describe*","ec2:DetachNetworkInterface","elasticloadbalancing:DeregisterInstancesFromLoadBalancer","elasticloadbalancing:DeregisterTargets","elasticloadbalancing:Describe*","elasticloadbalancing:RegisterInstancesWithLoadBalancer","elasticloadbalancing:RegisterTargets","route53:*","servicediscovery:*"],"Resource":"*"}]"#,
    },
];

static POLICIES: LazyLock<Vec<ManagedPolicy>> = LazyLock::new(|| SOURCES.iter().map(Source::policy).collect());

impl Source {
    fn policy(&self) -> ManagedPolicy {
        // 2015-02-06T18:39:46Z, when AWS made the first of them.
        let created = Timestamp::from_secs(1_423_247_986);
        let document = Document::new(&format!(r#"{{"Version":"2012-10-17","Statement":{}}}"#, self.statements));
        ManagedPolicy {
            name: self.name.to_owned(),
            path: self.path.to_owned(),
            id: self.id.to_owned(),
            created,
            updated: created,
            description: None,
            tags: Default::default(),
            versions: vec![Version { number: 1, created, document }],
            default_version: 1,
            next_version: 2,
        }
    }
}

pub(crate) fn all() -> &'static [ManagedPolicy] {
    &POLICIES
}

/// By the whole ARN.
pub(crate) fn find(arn: &str) -> Option<&'static ManagedPolicy> {
    let rest = arn.strip_prefix("arn:aws:iam::aws:policy")?;
    POLICIES.iter().find(|policy| rest.strip_prefix(policy.path.as_str()).is_some_and(|name| name == policy.name))
}

#[cfg(test)]
mod tests {
    use gantry_iam::PolicyKind;

    use super::*;

    #[test]
    fn all_are_policies_and_are_found() {
        for policy in all() {
            let document = policy.default_document().expect("a version");
            document.policy(PolicyKind::Identity).expect(&policy.name);
            let arn = format!("arn:aws:iam::aws:policy{}{}", policy.path, policy.name);
            assert_eq!(find(&arn).map(|found| &found.name), Some(&policy.name));
        }
        assert!(find("arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy").is_none());
        assert!(find(ADMINISTRATOR).is_some());
    }
}
