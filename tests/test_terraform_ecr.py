"""Every `aws_ecr_*` of Terraform's AWS provider: applied, planned empty, changed, planned empty, destroyed."""

import pytest

from conftest import EXECUTION_ROLE
from terraform_cli import Terraform

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def terraform(stack, tmp_path_factory):
    home = tmp_path_factory.mktemp("terraform")
    return lambda folder: Terraform(stack, folder, home)


def left(stack):
    """What Terraform could have left behind, by name."""
    ecr = stack.client("ecr")
    found = [r["repositoryName"] for r in ecr.describe_repositories()["repositories"]]
    found += [t["prefix"] for t in ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]]
    found += [r["ecrRepositoryPrefix"] for r in ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]]
    found += ecr.describe_registry()["replicationConfiguration"]["rules"]
    found += ecr.get_registry_scanning_configuration()["scanningConfiguration"]["rules"]
    try:
        found.append(ecr.get_registry_policy()["policyText"])
    except ecr.exceptions.RegistryPolicyNotFoundException:
        pass
    return found


def test_every_resource(stack, terraform, busybox_archive):
    tf = terraform("ecr")
    made = tf.apply(role=EXECUTION_ROLE)
    whole = made["whole"]
    assert whole["arn"] == f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/tf/whole"
    assert whole["url"].endswith("/tf/whole") and whole["registry"] == ACCOUNT
    assert (whole["tags"], whole["mutability"], whole["scanning"]) == ({"team": "a", "gone": "soon"}, "IMMUTABLE", True)
    assert {"tf/plain", "tf/whole", "tf/kms", "tf/kms-default"} <= set(made["repositories"])
    assert made["template"] == {"description": "made by Terraform", "tags": {"team": "a"}, "applied_for": ["PULL_THROUGH_CACHE"]}
    assert made["cache_rule"]["upstream_registry_url"] == "registry-1.docker.io"
    assert "ecr-pullthroughcache/tf-one" in made["cache_rule"]["credential_arn"]
    tf.nothing_to_do(role=EXECUTION_ROLE)
    # An image that Terraform does not know of: `force_delete` takes it along.
    stack.push("tf/whole", busybox_archive)

    changed = tf.apply(role=EXECUTION_ROLE, stage=2)
    whole = changed["whole"]
    assert (whole["tags"], whole["mutability"], whole["scanning"]) == ({"team": "b", "stage": "2"}, "MUTABLE", False)
    assert changed["template"]["description"] == "changed" and changed["template"]["tags"] == {"team": "b"}
    assert "ecr-pullthroughcache/tf-two" in changed["cache_rule"]["credential_arn"]
    assert set(changed["template"]["applied_for"]) == {"PULL_THROUGH_CACHE", "REPLICATION"}
    tf.nothing_to_do(role=EXECUTION_ROLE, stage=2)
    described = stack.client("ecr").get_registry_scanning_configuration()["scanningConfiguration"]
    assert described["scanType"] == "ENHANCED" and len(described["rules"]) == 2

    tf.destroy(role=EXECUTION_ROLE, stage=2)
    assert not left(stack)


def test_repository_that_is_not_empty_is_not_destroyed(stack, terraform, busybox_archive):
    """Without `force_delete` Terraform shows ECR's own refusal. The repository was there before Terraform."""
    stack.client("ecr").create_repository(repositoryName="tf-plain")
    tf = terraform("ecr-plain")
    tf("import", "-no-color", "aws_ecr_repository.plain", "tf-plain")
    tf.nothing_to_do()
    stack.push("tf-plain", busybox_archive)
    refused = tf("destroy", "-no-color", "-auto-approve", status=1)
    assert "RepositoryNotEmptyException" in refused, refused
    ecr = stack.client("ecr")
    images = ecr.list_images(repositoryName="tf-plain")["imageIds"]
    ecr.batch_delete_image(repositoryName="tf-plain", imageIds=images)
    tf.destroy()
    assert not left(stack)


def test_images(stack, terraform, busybox_archive):
    stack.push("tf-images", busybox_archive)
    described = stack.client("ecr").describe_images(repositoryName="tf-images")["imageDetails"][0]
    tf = terraform("ecr-images")
    found = tf.apply(repository="tf-images")
    for name in ("by_tag", "by_digest", "newest"):
        image = found[name]
        assert image["image_digest"] == described["imageDigest"], name
        assert image["image_size_in_bytes"] == described["imageSizeInBytes"], name
        assert image["image_tags"] == ["v1"], name
        assert image["image_uri"].endswith(f"/tf-images@{described['imageDigest']}"), name
        assert image["image_pushed_at"] == int(described["imagePushedAt"].timestamp()), name
    tf.nothing_to_do(repository="tf-images")
    stack.client("ecr").delete_repository(repositoryName="tf-images", force=True)
