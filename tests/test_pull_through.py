"""One Gantry caches what another one has: skopeo, boto3 and a Fargate task pull through it."""

import base64
import json
import os

import pytest

from conftest import EXECUTION_ROLE, running

SECRET = "ecr-pullthroughcache/up"


@pytest.fixture(scope="module")
def upstream(busybox_archive):
    if os.geteuid() != 0:
        pytest.skip("SKIP: real containers need root")
    with running() as s:
        s.push("library/busybox", busybox_archive, tag="v1")
        s.push("library/busybox", busybox_archive, tag="v2")
        yield s


@pytest.fixture(scope="module")
def cache(upstream):
    with running() as s:
        token = upstream.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
        user, password = base64.b64decode(token).decode().split(":", 1)
        secrets, ecr = s.client("secretsmanager"), s.client("ecr")
        arn = secrets.create_secret(
            Name=SECRET, SecretString=json.dumps({"username": user, "accessToken": password}))["ARN"]
        ecr.create_pull_through_cache_rule(
            ecrRepositoryPrefix="up", upstreamRegistryUrl=f"127.0.0.1:{upstream.port}", credentialArn=arn)
        s.sh(f"aws ecr get-login-password | skopeo login --username AWS --password-stdin --tls-verify=false localhost:{s.port}")
        yield s


def inspect(stack, name, check=True):
    done = stack.sh(f"skopeo inspect --tls-verify=false docker://localhost:{stack.port}/{name}", check=check)
    return json.loads(done)["Digest"] if check else done


def digest_of(stack, name, tag):
    images = stack.client("ecr").describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
    return images["imageDetails"][0]["imageDigest"]


def test_the_rule_is_as_it_was_made(cache, upstream):
    ecr = cache.client("ecr")
    [rule] = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert (rule["ecrRepositoryPrefix"], rule["upstreamRegistryUrl"]) == ("up", f"127.0.0.1:{upstream.port}")
    assert "upstreamRegistry" not in rule and "upstreamRepositoryPrefix" not in rule
    checked = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="up")
    assert checked["isValid"], checked
    with pytest.raises(ecr.exceptions.PullThroughCacheRuleAlreadyExistsException):
        ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="up", upstreamRegistryUrl="public.ecr.aws")
    with pytest.raises(ecr.exceptions.SecretNotFoundException):
        ecr.create_pull_through_cache_rule(
            ecrRepositoryPrefix="other", upstreamRegistryUrl="registry-1.docker.io",
            credentialArn="arn:aws:secretsmanager:us-east-1:000000000000:secret:ecr-pullthroughcache/none-AbCdEf")


def test_a_task_needs_leave_to_import(cache, upstream):
    image = f"localhost:{cache.port}/up/library/busybox:v2"
    container = [{"name": "c", "image": image, "essential": True, "command": ["true"]}]
    refused = cache.wait(cache.run_task(container), "STOPPED")
    assert "ecr:CreateRepository" in refused["stoppedReason"], refused["stoppedReason"]
    allow = {"Effect": "Allow", "Action": ["ecr:CreateRepository", "ecr:BatchImportUpstreamImage"], "Resource": "*"}
    cache.client("iam").put_role_policy(
        RoleName=EXECUTION_ROLE.rsplit("/", 1)[1], PolicyName="import",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    done = cache.wait(cache.run_task(container), "STOPPED")
    assert done["containers"][0].get("exitCode") == 0, done
    assert digest_of(cache, "up/library/busybox", "v2") == digest_of(upstream, "library/busybox", "v2")


def test_a_client_pulls_and_upstream_may_go(cache, upstream):
    digest = inspect(cache, "up/library/busybox:v1")
    assert digest == inspect_upstream(upstream, "library/busybox:v1")
    cache.sh(f"skopeo copy --quiet --src-tls-verify=false docker://localhost:{cache.port}/up/library/busybox:v1 dir:pulled")
    assert digest_of(cache, "up/library/busybox", "v1") == digest
    upstream.kill()
    cache.sh(f"skopeo copy --quiet --src-tls-verify=false docker://localhost:{cache.port}/up/library/busybox:v1 dir:again")
    absent = inspect(cache, "up/library/busybox:v3", check=False)
    assert absent.returncode != 0 and "502" in absent.stderr, absent.stderr
    checked = cache.client("ecr").validate_pull_through_cache_rule(ecrRepositoryPrefix="up")
    assert not checked["isValid"] and checked["failure"], checked
    upstream.start()


def inspect_upstream(stack, name):
    stack.sh(f"aws ecr get-login-password | skopeo login --username AWS --password-stdin --tls-verify=false localhost:{stack.port}")
    return inspect(stack, name)
