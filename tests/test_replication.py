"""Two servers, one a peer of the other for a region: what is pushed to the first is on the second."""

import contextlib
import json
import os

import boto3
import pytest
from botocore.config import Config

from conftest import Stack, wait_for

ACCOUNT = "000000000000"
NAME = "team/app"
AWAY = "eu-west-1"


def ecr_of(stack, region):
    e = stack.env
    return boto3.client(
        "ecr", endpoint_url=e["AWS_ENDPOINT_URL"], region_name=region, aws_access_key_id=e["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=e["AWS_SECRET_ACCESS_KEY"], config=Config(retries={"max_attempts": 0}))


def replicator(stack):
    """A user of the peer who may replicate and do nothing else; its key."""
    iam = stack.client("iam")
    iam.create_user(UserName="replicator")
    allowed = {"Effect": "Allow", "Resource": "*",
               "Action": ["ecr:GetAuthorizationToken", "ecr:ReplicateImage", "ecr:CreateRepository"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="replicator", PolicyName="replicate", PolicyDocument=policy)
    return iam.create_access_key(UserName="replicator")["AccessKey"]


def peers_file(path, stack, key, mode=0o600):
    path.write_text(f"""
[[peer]]
region = "{AWAY}"
endpoint = "https://localhost:{stack.port}"
ca = "{stack.data}/ca.pem"
access_key_id = "{key['AccessKeyId']}"
secret_access_key = "{key['SecretAccessKey']}"
""")
    path.chmod(mode)
    return path


def end(stack):
    try:
        if stack.process.poll() is not None:
            stack.start()
        stack.down()
    finally:
        if stack.process.poll() is None:
            stack.kill()
        stack.remove()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("SKIP: an instance's network needs root")
    with contextlib.ExitStack() as both:
        b = Stack("--vpc-cidr", "172.30.0.0/16").start()
        both.callback(end, b)
        file = peers_file(tmp_path_factory.mktemp("peers") / "peers.toml", b, replicator(b))
        a = Stack("--peers", str(file), "--vpc-cidr", "172.29.0.0/16").start()
        both.callback(end, a)
        yield a, b


def status(ecr, tag):
    found = ecr.describe_image_replication_status(repositoryName=NAME, imageId={"imageTag": tag})
    return {(s["region"], s["status"]) for s in found["replicationStatuses"]}


def copied(a, tag, *expected):
    wait_for(f"{tag} to be copied", lambda: status(a.client("ecr"), tag) == set(expected), 60)


def images(ecr):
    try:
        pages = ecr.get_paginator("describe_images").paginate(repositoryName=NAME)
        return {t: i["imageDigest"] for page in pages for i in page["imageDetails"] for t in i.get("imageTags", [])}
    except ecr.exceptions.RepositoryNotFoundException:
        return {}


def configure(ecr, *regions, **more):
    destinations = [{"region": r, "registryId": ACCOUNT} for r in regions]
    filters = [{"filter": "team/", "filterType": "PREFIX_MATCH"}]
    rules = [{"destinations": destinations, "repositoryFilters": filters, **more}]
    ecr.put_replication_configuration(replicationConfiguration={"rules": rules})
    assert ecr.describe_registry()["replicationConfiguration"]["rules"] == rules


def test_a_push_is_on_the_peer(pair, busybox_archive):
    a, b = pair
    # Before the rule is there; a backfill brings it.
    a.push(NAME, busybox_archive, "old")
    configure(a.client("ecr"), AWAY, "us-west-2")
    a.push(NAME, busybox_archive, "v1")
    copied(a, "v1", (AWAY, "COMPLETE"), ("us-west-2", "COMPLETE"))
    here, there = images(a.client("ecr")), images(ecr_of(b, AWAY))
    assert there["v1"] == here["v1"]
    assert images(ecr_of(a, AWAY)) == {}, "the region is the peer's"
    assert images(ecr_of(a, "us-west-2"))["v1"] == here["v1"], "the same server's other region"
    # It can be pulled from there, bytes and all.
    b.sh(f"""
        aws ecr get-login-password --region {AWAY} | skopeo login --username AWS --password-stdin --tls-verify=false localhost:{b.port}
        skopeo copy --quiet --src-tls-verify=false docker://localhost:{b.port}/{NAME}:v1 dir:{b.home}/pulled
    """)


def test_a_peer_that_is_killed_gets_it_when_it_is_back(pair, busybox_archive):
    a, b = pair
    b.kill()
    a.push(NAME, busybox_archive, "while-away")
    assert (AWAY, "IN_PROGRESS") in status(a.client("ecr"), "while-away")
    a.kill()
    b.start()
    a.start()
    copied(a, "while-away", (AWAY, "COMPLETE"), ("us-west-2", "COMPLETE"))
    assert "while-away" in images(ecr_of(b, AWAY))


def test_a_backfill_brings_what_was_there_before(pair, busybox_archive):
    a, b = pair
    ecr = a.client("ecr")
    ecr_of(b, AWAY).delete_repository(repositoryName=NAME, force=True)
    destination = {"region": AWAY, "registryId": ACCOUNT}
    started = ecr.start_replication_backfill(destination=destination)
    describe = lambda: ecr.describe_replication_backfill_results(  # noqa: E731
        replicationBackfillId=started["replicationBackfillId"])
    wait_for("the backfill", lambda: describe()["status"] == "COMPLETE", 60)
    done = describe()
    assert done["progress"]["completedReplicationCount"] == len(images(ecr)) == len(done["results"])
    assert images(ecr_of(b, AWAY)) == images(ecr)


def test_deletes_go_along_where_the_rule_says_so(pair):
    a, b = pair
    ecr = a.client("ecr")
    configure(ecr, AWAY, deleteReplication={"enabled": True})
    ecr.batch_delete_image(repositoryName=NAME, imageIds=[{"imageTag": "while-away"}])
    wait_for("the tag to go", lambda: "while-away" not in images(ecr_of(b, AWAY)), 60)
    assert "v1" in images(ecr_of(b, AWAY))


def test_a_file_that_others_may_read_is_refused(pair, tmp_path):
    a, b = pair
    file = peers_file(tmp_path / "peers.toml", b, {"AccessKeyId": "AKIA", "SecretAccessKey": "hush"}, 0o644)
    stack = Stack("--peers", str(file))
    try:
        with pytest.raises(AssertionError, match="chmod 600"):
            stack.start()
        assert "hush" not in stack.server_log()
    finally:
        stack.remove()
