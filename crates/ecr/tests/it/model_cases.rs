//! One case for every operation of the model: what it needs, what must be there for it, and what it says
//! of something that is not.

use std::future::Future;
use std::pin::Pin;

use gantry_blobs::Digest;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Fixture};

type Given = for<'a> fn(&'a Fixture) -> Pin<Box<dyn Future<Output = Value> + 'a>>;

pub struct Case {
    pub operation: &'static str,
    /// Actions, each with the resource it is asked for: `repository/app` stands for the whole ARN.
    pub needs: &'static [(&'static str, &'static str)],
    /// Makes what must be there, and gives the input that then succeeds.
    pub given: Given,
    /// A pointer into the answer at something that must be there; empty where the answer is.
    pub shows: &'static str,
    pub missing: Missing,
}

#[derive(Clone, Copy)]
pub enum Missing {
    /// Inputs about what is not there, with the error's code or that of the first failure. A repository
    /// `empty` is there.
    Cases(&'static [(fn() -> Value, &'static str)]),
    /// Why the operation cannot have one.
    Never(&'static str),
}

const NO_REPOSITORY: &str = "RepositoryNotFoundException";
const LAYER: &[u8] = b"layer";

fn digest() -> Digest {
    Digest::sha256(LAYER)
}

fn none() -> Value {
    json!({ "repositoryName": "none" })
}

fn empty() -> Value {
    json!({ "repositoryName": "empty" })
}

/// `base` with `more` in it.
fn with(mut base: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        base[key] = value.clone();
    }
    base
}

fn repository_policy() -> String {
    let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn registry_policy() -> String {
    let resource = format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/*");
    let statement =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "ecr:ReplicateImage", "Resource": resource });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn lifecycle_policy() -> String {
    let rule = json!({ "rulePriority": 1, "action": { "type": "expire" },
        "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5 } });
    json!({ "rules": [rule] }).to_string()
}

fn tagged(name: &str) -> Value {
    json!({ "resourceArn": format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}") })
}

fn template() -> Value {
    json!({ "prefix": "prod", "appliedFor": ["CREATE_ON_PUSH"], "customRoleArn": ROLE,
            "repositoryPolicy": repository_policy(), "lifecyclePolicy": lifecycle_policy() })
}

const ROLE: &str = "arn:aws:iam::123456789012:role/maker";
const TEMPLATE_NEEDS: [(&str, &str); 4] = [
    ("ecr:CreateRepository", "repository/prod/*"),
    ("ecr:PutLifecyclePolicy", "repository/prod/*"),
    ("ecr:SetRepositoryPolicy", "repository/prod/*"),
    ("iam:PassRole", ROLE),
];

fn signing() -> Value {
    let profile = format!("arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/Mine");
    json!({ "signingConfiguration": { "rules": [{ "signingProfileArn": profile }] } })
}

async fn image(f: &Fixture) -> Value {
    f.create("app").await;
    f.push_image("app", Some("v1"), "layer").await;
    json!({ "repositoryName": "app" })
}

async fn repository(f: &Fixture) -> Value {
    f.create("app").await;
    json!({ "repositoryName": "app" })
}

/// An upload with one part in it.
async fn upload(f: &Fixture, part: bool) -> Value {
    f.create("app").await;
    let started = f.call("InitiateLayerUpload", json!({ "repositoryName": "app" })).await.unwrap();
    let id = json!({ "repositoryName": "app", "uploadId": started["uploadId"] });
    if part {
        f.call("UploadLayerPart", with(id.clone(), the_part())).await.unwrap();
    }
    id
}

fn the_part() -> Value {
    json!({ "partFirstByte": 0, "partLastByte": 4, "layerPartBlob": "bGF5ZXI=" })
}

const NO_UPLOAD: &str = "00000000-0000-4000-8000-000000000000";

macro_rules! given {
    (|$f:ident| $body:expr) => {
        |$f| Box::pin(async move { $body })
    };
}
pub(crate) use given;

pub const CASES: &[Case] = &[
    Case {
        operation: "BatchCheckLayerAvailability",
        needs: &[("ecr:BatchCheckLayerAvailability", "repository/app")],
        given: given!(|f| {
            image(f).await;
            json!({ "repositoryName": "app", "layerDigests": [digest()] })
        }),
        shows: "/layers/0/layerSize",
        missing: Missing::Cases(&[(|| with(none(), json!({ "layerDigests": [digest()] })), NO_REPOSITORY)]),
    },
    Case {
        operation: "BatchDeleteImage",
        needs: &[("ecr:BatchDeleteImage", "repository/app")],
        given: given!(|f| with(image(f).await, json!({ "imageIds": [{ "imageTag": "v1" }] }))),
        shows: "/imageIds/0/imageDigest",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "imageIds": [{ "imageTag": "v1" }] })), NO_REPOSITORY),
            (|| with(empty(), json!({ "imageIds": [{ "imageTag": "v1" }] })), "ImageNotFound"),
        ]),
    },
    Case {
        operation: "BatchGetImage",
        needs: &[("ecr:BatchGetImage", "repository/app")],
        given: given!(|f| with(image(f).await, json!({ "imageIds": [{ "imageTag": "v1" }] }))),
        shows: "/images/0/imageManifest",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "imageIds": [{ "imageTag": "v1" }] })), NO_REPOSITORY),
            (|| with(empty(), json!({ "imageIds": [{ "imageTag": "v1" }] })), "ImageNotFound"),
        ]),
    },
    Case {
        operation: "BatchGetRepositoryScanningConfiguration",
        needs: &[("ecr:BatchGetRepositoryScanningConfiguration", "repository/app")],
        given: given!(|f| {
            repository(f).await;
            json!({ "repositoryNames": ["app"] })
        }),
        shows: "/scanningConfigurations/0/repositoryArn",
        missing: Missing::Cases(&[(|| json!({ "repositoryNames": ["none"] }), "REPOSITORY_NOT_FOUND")]),
    },
    Case {
        operation: "CompleteLayerUpload",
        needs: &[("ecr:CompleteLayerUpload", "repository/app")],
        given: given!(|f| with(upload(f, true).await, json!({ "layerDigests": [digest()] }))),
        shows: "/layerDigest",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "uploadId": NO_UPLOAD, "layerDigests": [digest()] })), NO_REPOSITORY),
            (|| with(empty(), json!({ "uploadId": NO_UPLOAD, "layerDigests": [digest()] })), "UploadNotFoundException"),
        ]),
    },
    Case {
        operation: "CreateRepository",
        needs: &[("ecr:CreateRepository", "repository/app"), ("ecr:TagResource", "repository/app")],
        given: given!(|f| {
            let _ = f;
            json!({ "repositoryName": "app", "tags": [{ "Key": "team", "Value": "a" }] })
        }),
        shows: "/repository/repositoryUri",
        missing: Missing::Never("it makes what is not there"),
    },
    Case {
        operation: "CreateRepositoryCreationTemplate",
        needs: &[
            ("ecr:CreateRepositoryCreationTemplate", "*"),
            TEMPLATE_NEEDS[0],
            TEMPLATE_NEEDS[1],
            TEMPLATE_NEEDS[2],
            TEMPLATE_NEEDS[3],
        ],
        given: given!(|f| {
            let _ = f;
            template()
        }),
        shows: "/repositoryCreationTemplate/prefix",
        missing: Missing::Never("it makes what is not there"),
    },
    Case {
        operation: "DeleteLifecyclePolicy",
        needs: &[("ecr:DeleteLifecyclePolicy", "repository/app")],
        given: given!(|f| {
            let input = repository(f).await;
            f.call("PutLifecyclePolicy", with(input.clone(), json!({ "lifecyclePolicyText": lifecycle_policy() })))
                .await
                .unwrap();
            input
        }),
        shows: "/lifecyclePolicyText",
        missing: Missing::Cases(&[(none, NO_REPOSITORY), (empty, "LifecyclePolicyNotFoundException")]),
    },
    Case {
        operation: "DeleteRegistryPolicy",
        needs: &[("ecr:DeleteRegistryPolicy", "*")],
        given: given!(|f| {
            f.call("PutRegistryPolicy", json!({ "policyText": registry_policy() })).await.unwrap();
            json!({})
        }),
        shows: "/policyText",
        missing: Missing::Cases(&[(|| json!({}), "RegistryPolicyNotFoundException")]),
    },
    Case {
        operation: "DeleteRepository",
        needs: &[("ecr:DeleteRepository", "repository/app")],
        given: given!(|f| repository(f).await),
        shows: "/repository/repositoryArn",
        missing: Missing::Cases(&[(none, NO_REPOSITORY)]),
    },
    Case {
        operation: "DeleteRepositoryCreationTemplate",
        needs: &[("ecr:DeleteRepositoryCreationTemplate", "*")],
        given: given!(|f| {
            f.call("CreateRepositoryCreationTemplate", template()).await.unwrap();
            json!({ "prefix": "prod" })
        }),
        shows: "/repositoryCreationTemplate/prefix",
        missing: Missing::Cases(&[(|| json!({ "prefix": "prod" }), "TemplateNotFoundException")]),
    },
    Case {
        operation: "DeleteRepositoryPolicy",
        needs: &[("ecr:DeleteRepositoryPolicy", "repository/app")],
        given: given!(|f| {
            let input = repository(f).await;
            f.call("SetRepositoryPolicy", with(input.clone(), json!({ "policyText": repository_policy() })))
                .await
                .unwrap();
            input
        }),
        shows: "/policyText",
        missing: Missing::Cases(&[(none, NO_REPOSITORY), (empty, "RepositoryPolicyNotFoundException")]),
    },
    Case {
        operation: "DeleteSigningConfiguration",
        needs: &[("ecr:DeleteSigningConfiguration", "*")],
        given: given!(|f| {
            f.call("PutSigningConfiguration", signing()).await.unwrap();
            json!({})
        }),
        shows: "/signingConfiguration/rules/0",
        missing: Missing::Cases(&[(|| json!({}), "SigningConfigurationNotFoundException")]),
    },
    Case {
        operation: "DeregisterPullTimeUpdateExclusion",
        needs: &[("ecr:DeregisterPullTimeUpdateExclusion", "*")],
        given: given!(|f| {
            f.call("RegisterPullTimeUpdateExclusion", json!({ "principalArn": ROLE })).await.unwrap();
            json!({ "principalArn": ROLE })
        }),
        shows: "/principalArn",
        missing: Missing::Cases(&[(|| json!({ "principalArn": ROLE }), "ExclusionNotFoundException")]),
    },
    Case {
        operation: "DescribeImageSigningStatus",
        needs: &[("ecr:DescribeImageSigningStatus", "repository/app")],
        given: given!(|f| {
            f.call("PutSigningConfiguration", signing()).await.unwrap();
            with(image(f).await, json!({ "imageId": { "imageTag": "v1" } }))
        }),
        shows: "/signingStatuses/0/status",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "imageId": { "imageTag": "v1" } })), NO_REPOSITORY),
            (|| with(empty(), json!({ "imageId": { "imageTag": "v1" } })), "ImageNotFoundException"),
        ]),
    },
    Case {
        operation: "DescribeImageScanFindings",
        needs: &[("ecr:DescribeImageScanFindings", "repository/app")],
        given: given!(|f| {
            let input = with(image(f).await, json!({ "imageId": { "imageTag": "v1" } }));
            f.call("StartImageScan", input.clone()).await.unwrap();
            input
        }),
        shows: "/imageScanStatus/status",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "imageId": { "imageTag": "v1" } })), NO_REPOSITORY),
            (|| with(empty(), json!({ "imageId": { "imageTag": "v1" } })), "ImageNotFoundException"),
        ]),
    },
    Case {
        operation: "DescribeImages",
        needs: &[("ecr:DescribeImages", "repository/app")],
        given: given!(|f| image(f).await),
        shows: "/imageDetails/0/imageDigest",
        missing: Missing::Cases(&[
            (none, NO_REPOSITORY),
            (|| with(empty(), json!({ "imageIds": [{ "imageTag": "v1" }] })), "ImageNotFoundException"),
        ]),
    },
    Case {
        operation: "DescribeRegistry",
        needs: &[("ecr:DescribeRegistry", "*")],
        given: given!(|f| {
            let _ = f;
            json!({})
        }),
        shows: "/registryId",
        missing: Missing::Never("every account has a registry"),
    },
    Case {
        operation: "DescribeRepositories",
        needs: &[("ecr:DescribeRepositories", "repository/app")],
        given: given!(|f| {
            repository(f).await;
            json!({ "repositoryNames": ["app"] })
        }),
        shows: "/repositories/0/repositoryArn",
        missing: Missing::Cases(&[(|| json!({ "repositoryNames": ["none"] }), NO_REPOSITORY)]),
    },
    Case {
        operation: "DescribeRepositoryCreationTemplates",
        needs: &[("ecr:DescribeRepositoryCreationTemplates", "*")],
        given: given!(|f| {
            f.call("CreateRepositoryCreationTemplate", template()).await.unwrap();
            json!({})
        }),
        shows: "/repositoryCreationTemplates/0/prefix",
        missing: Missing::Never("the model has no error for it: a prefix without a template is left out"),
    },
    Case {
        operation: "GetAccountSetting",
        needs: &[("ecr:GetAccountSetting", "*")],
        given: given!(|f| {
            let _ = f;
            json!({ "name": "BLOB_MOUNTING" })
        }),
        shows: "/value",
        missing: Missing::Never("every setting has a default"),
    },
    Case {
        operation: "GetAuthorizationToken",
        needs: &[("ecr:GetAuthorizationToken", "*")],
        given: given!(|f| {
            let _ = f;
            json!({})
        }),
        shows: "/authorizationData/0/authorizationToken",
        missing: Missing::Never("it is about the caller"),
    },
    Case {
        operation: "GetDownloadUrlForLayer",
        needs: &[("ecr:GetDownloadUrlForLayer", "repository/app")],
        given: given!(|f| with(image(f).await, json!({ "layerDigest": digest() }))),
        shows: "/downloadUrl",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "layerDigest": digest() })), NO_REPOSITORY),
            (|| with(empty(), json!({ "layerDigest": digest() })), "LayersNotFoundException"),
        ]),
    },
    Case {
        operation: "GetLifecyclePolicy",
        needs: &[("ecr:GetLifecyclePolicy", "repository/app")],
        given: given!(|f| {
            let input = repository(f).await;
            f.call("PutLifecyclePolicy", with(input.clone(), json!({ "lifecyclePolicyText": lifecycle_policy() })))
                .await
                .unwrap();
            input
        }),
        shows: "/lifecyclePolicyText",
        missing: Missing::Cases(&[(none, NO_REPOSITORY), (empty, "LifecyclePolicyNotFoundException")]),
    },
    Case {
        operation: "GetLifecyclePolicyPreview",
        needs: &[("ecr:GetLifecyclePolicyPreview", "repository/app")],
        given: given!(|f| {
            let input = image(f).await;
            f.call(
                "StartLifecyclePolicyPreview",
                with(input.clone(), json!({ "lifecyclePolicyText": lifecycle_policy() })),
            )
            .await
            .unwrap();
            input
        }),
        shows: "/status",
        missing: Missing::Cases(&[(none, NO_REPOSITORY), (empty, "LifecyclePolicyPreviewNotFoundException")]),
    },
    Case {
        operation: "GetRegistryPolicy",
        needs: &[("ecr:GetRegistryPolicy", "*")],
        given: given!(|f| {
            f.call("PutRegistryPolicy", json!({ "policyText": registry_policy() })).await.unwrap();
            json!({})
        }),
        shows: "/policyText",
        missing: Missing::Cases(&[(|| json!({}), "RegistryPolicyNotFoundException")]),
    },
    Case {
        operation: "GetRegistryScanningConfiguration",
        needs: &[("ecr:GetRegistryScanningConfiguration", "*")],
        given: given!(|f| {
            let _ = f;
            json!({})
        }),
        shows: "/scanningConfiguration/scanType",
        missing: Missing::Never("there is a default"),
    },
    Case {
        operation: "GetRepositoryPolicy",
        needs: &[("ecr:GetRepositoryPolicy", "repository/app")],
        given: given!(|f| {
            let input = repository(f).await;
            f.call("SetRepositoryPolicy", with(input.clone(), json!({ "policyText": repository_policy() })))
                .await
                .unwrap();
            input
        }),
        shows: "/policyText",
        missing: Missing::Cases(&[(none, NO_REPOSITORY), (empty, "RepositoryPolicyNotFoundException")]),
    },
    Case {
        operation: "GetSigningConfiguration",
        needs: &[("ecr:GetSigningConfiguration", "*")],
        given: given!(|f| {
            f.call("PutSigningConfiguration", signing()).await.unwrap();
            json!({})
        }),
        shows: "/signingConfiguration/rules/0",
        missing: Missing::Cases(&[(|| json!({}), "SigningConfigurationNotFoundException")]),
    },
    Case {
        operation: "InitiateLayerUpload",
        needs: &[("ecr:InitiateLayerUpload", "repository/app")],
        given: given!(|f| repository(f).await),
        shows: "/uploadId",
        missing: Missing::Cases(&[(none, NO_REPOSITORY)]),
    },
    Case {
        operation: "ListImageReferrers",
        needs: &[("ecr:BatchGetImage", "repository/app")],
        given: given!(|f| with(image(f).await, json!({ "subjectId": { "imageDigest": digest() } }))),
        shows: "/referrers",
        missing: Missing::Cases(&[(
            || with(none(), json!({ "subjectId": { "imageDigest": digest() } })),
            NO_REPOSITORY,
        )]),
    },
    Case {
        operation: "ListImages",
        needs: &[("ecr:ListImages", "repository/app")],
        given: given!(|f| image(f).await),
        shows: "/imageIds/0/imageDigest",
        missing: Missing::Cases(&[(none, NO_REPOSITORY)]),
    },
    Case {
        operation: "ListPullTimeUpdateExclusions",
        needs: &[("ecr:ListPullTimeUpdateExclusions", "*")],
        given: given!(|f| {
            f.call("RegisterPullTimeUpdateExclusion", json!({ "principalArn": ROLE })).await.unwrap();
            json!({})
        }),
        shows: "/pullTimeUpdateExclusions/0",
        missing: Missing::Never("without any the list is empty"),
    },
    Case {
        operation: "ListTagsForResource",
        needs: &[("ecr:ListTagsForResource", "repository/app")],
        given: given!(|f| {
            repository(f).await;
            tagged("app")
        }),
        shows: "/tags",
        missing: Missing::Cases(&[(|| tagged("none"), NO_REPOSITORY)]),
    },
    Case {
        operation: "PutAccountSetting",
        needs: &[("ecr:PutAccountSetting", "*")],
        given: given!(|f| {
            let _ = f;
            json!({ "name": "BLOB_MOUNTING", "value": "DISABLED" })
        }),
        shows: "/value",
        missing: Missing::Never("every setting is there"),
    },
    Case {
        operation: "PutImage",
        needs: &[("ecr:PutImage", "repository/app")],
        given: given!(|f| {
            let input = repository(f).await;
            let manifest = f.manifest("app", "layer").await;
            with(input, json!({ "imageManifest": manifest, "imageTag": "v1" }))
        }),
        shows: "/image/imageId/imageDigest",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "imageManifest": manifest() })), NO_REPOSITORY),
            (|| with(empty(), json!({ "imageManifest": manifest() })), "LayersNotFoundException"),
        ]),
    },
    Case {
        operation: "PutImageScanningConfiguration",
        needs: &[("ecr:PutImageScanningConfiguration", "repository/app")],
        given: given!(|f| with(repository(f).await, json!({ "imageScanningConfiguration": { "scanOnPush": true } }))),
        shows: "/imageScanningConfiguration/scanOnPush",
        missing: Missing::Cases(&[(
            || with(none(), json!({ "imageScanningConfiguration": { "scanOnPush": true } })),
            NO_REPOSITORY,
        )]),
    },
    Case {
        operation: "PutImageTagMutability",
        needs: &[("ecr:PutImageTagMutability", "repository/app")],
        given: given!(|f| with(repository(f).await, json!({ "imageTagMutability": "IMMUTABLE" }))),
        shows: "/imageTagMutability",
        missing: Missing::Cases(&[(|| with(none(), json!({ "imageTagMutability": "IMMUTABLE" })), NO_REPOSITORY)]),
    },
    Case {
        operation: "PutLifecyclePolicy",
        needs: &[("ecr:PutLifecyclePolicy", "repository/app")],
        given: given!(|f| with(repository(f).await, json!({ "lifecyclePolicyText": lifecycle_policy() }))),
        shows: "/lifecyclePolicyText",
        missing: Missing::Cases(&[(
            || with(none(), json!({ "lifecyclePolicyText": lifecycle_policy() })),
            NO_REPOSITORY,
        )]),
    },
    Case {
        operation: "PutRegistryPolicy",
        needs: &[("ecr:PutRegistryPolicy", "*")],
        given: given!(|f| {
            let _ = f;
            json!({ "policyText": registry_policy() })
        }),
        shows: "/policyText",
        missing: Missing::Never("it makes what is not there"),
    },
    Case {
        operation: "PutRegistryScanningConfiguration",
        needs: &[("ecr:PutRegistryScanningConfiguration", "*")],
        given: given!(|f| {
            let _ = f;
            json!({ "scanType": "BASIC", "rules": [] })
        }),
        shows: "/registryScanningConfiguration/scanType",
        missing: Missing::Never("it makes what is not there"),
    },
    Case {
        operation: "PutSigningConfiguration",
        needs: &[("ecr:PutSigningConfiguration", "*")],
        given: given!(|f| {
            let _ = f;
            signing()
        }),
        shows: "/signingConfiguration/rules/0",
        missing: Missing::Never("it makes what is not there"),
    },
    Case {
        operation: "RegisterPullTimeUpdateExclusion",
        needs: &[("ecr:RegisterPullTimeUpdateExclusion", "*")],
        given: given!(|f| {
            let _ = f;
            json!({ "principalArn": ROLE })
        }),
        shows: "/createdAt",
        missing: Missing::Never("ECR does not look whether the principal exists"),
    },
    Case {
        operation: "SetRepositoryPolicy",
        needs: &[("ecr:SetRepositoryPolicy", "repository/app")],
        given: given!(|f| with(repository(f).await, json!({ "policyText": repository_policy() }))),
        shows: "/policyText",
        missing: Missing::Cases(&[(|| with(none(), json!({ "policyText": repository_policy() })), NO_REPOSITORY)]),
    },
    Case {
        operation: "StartImageScan",
        needs: &[("ecr:StartImageScan", "repository/app")],
        given: given!(|f| with(image(f).await, json!({ "imageId": { "imageTag": "v1" } }))),
        shows: "/imageScanStatus/status",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "imageId": { "imageTag": "v1" } })), NO_REPOSITORY),
            (|| with(empty(), json!({ "imageId": { "imageTag": "v1" } })), "ImageNotFoundException"),
        ]),
    },
    Case {
        operation: "StartLifecyclePolicyPreview",
        needs: &[("ecr:StartLifecyclePolicyPreview", "repository/app")],
        given: given!(|f| with(image(f).await, json!({ "lifecyclePolicyText": lifecycle_policy() }))),
        shows: "/status",
        missing: Missing::Cases(&[
            (|| with(none(), json!({ "lifecyclePolicyText": lifecycle_policy() })), NO_REPOSITORY),
            (empty, "LifecyclePolicyNotFoundException"),
        ]),
    },
    Case {
        operation: "TagResource",
        needs: &[("ecr:TagResource", "repository/app")],
        given: given!(|f| {
            repository(f).await;
            with(tagged("app"), json!({ "tags": [{ "Key": "team", "Value": "a" }] }))
        }),
        shows: "",
        missing: Missing::Cases(&[(
            || with(tagged("none"), json!({ "tags": [{ "Key": "team", "Value": "a" }] })),
            NO_REPOSITORY,
        )]),
    },
    Case {
        operation: "UntagResource",
        needs: &[("ecr:UntagResource", "repository/app")],
        given: given!(|f| {
            repository(f).await;
            with(tagged("app"), json!({ "tagKeys": ["team"] }))
        }),
        shows: "",
        missing: Missing::Cases(&[(|| with(tagged("none"), json!({ "tagKeys": ["team"] })), NO_REPOSITORY)]),
    },
    Case {
        operation: "UpdateImageStorageClass",
        needs: &[("ecr:UpdateImageStorageClass", "repository/app")],
        given: given!(|f| with(
            image(f).await,
            json!({ "imageId": { "imageTag": "v1" }, "targetStorageClass": "ARCHIVE" })
        )),
        shows: "/imageStatus",
        missing: Missing::Cases(&[
            (
                || with(none(), json!({ "imageId": { "imageTag": "v1" }, "targetStorageClass": "ARCHIVE" })),
                NO_REPOSITORY,
            ),
            (
                || with(empty(), json!({ "imageId": { "imageTag": "v1" }, "targetStorageClass": "ARCHIVE" })),
                "ImageNotFoundException",
            ),
        ]),
    },
    Case {
        operation: "UpdateRepositoryCreationTemplate",
        needs: &[
            ("ecr:UpdateRepositoryCreationTemplate", "*"),
            TEMPLATE_NEEDS[0],
            TEMPLATE_NEEDS[1],
            TEMPLATE_NEEDS[2],
            TEMPLATE_NEEDS[3],
        ],
        given: given!(|f| {
            f.call("CreateRepositoryCreationTemplate", template()).await.unwrap();
            template()
        }),
        shows: "/repositoryCreationTemplate/prefix",
        missing: Missing::Cases(&[(template, "TemplateNotFoundException")]),
    },
    Case {
        operation: "UploadLayerPart",
        needs: &[("ecr:UploadLayerPart", "repository/app")],
        given: given!(|f| with(upload(f, false).await, the_part())),
        shows: "/lastByteReceived",
        missing: Missing::Cases(&[
            (|| with(with(none(), the_part()), json!({ "uploadId": NO_UPLOAD })), NO_REPOSITORY),
            (|| with(with(empty(), the_part()), json!({ "uploadId": NO_UPLOAD })), "UploadNotFoundException"),
        ]),
    },
];

/// A manifest of layers that are nowhere.
fn manifest() -> String {
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": Digest::sha256(b"config"), "size": 2 },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(), "size": 5 }],
    })
    .to_string()
}
