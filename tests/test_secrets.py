"""AWS Secrets Manager by boto3, with IAM deciding."""

import json
import os

import pytest

from conftest import running


@pytest.fixture(scope="module")
def stack():
    with running() as s:
        yield s


@pytest.fixture
def secrets(stack):
    return stack.client("secretsmanager")


def name(prefix="test"):
    return f"{prefix}/{os.urandom(4).hex()}"


def user(stack, policy):
    """A client of a user that has this one policy."""
    iam = stack.client("iam")
    who = "u-" + os.urandom(4).hex()
    arn = iam.create_user(UserName=who)["User"]["Arn"]
    iam.put_user_policy(UserName=who, PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": policy}))
    key = iam.create_access_key(UserName=who)["AccessKey"]
    return arn, stack.client("secretsmanager", AWS_ACCESS_KEY_ID=key["AccessKeyId"],
                             AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"])


def test_the_life_of_a_secret(stack, secrets):
    n = name()
    made = secrets.create_secret(Name=n, SecretString="clear-as-day", Tags=[{"Key": "team", "Value": "a"}])
    assert secrets.get_secret_value(SecretId=n)["SecretString"] == "clear-as-day"
    put = secrets.put_secret_value(SecretId=made["ARN"], SecretBinary=b"\x00\xff")
    got = secrets.get_secret_value(SecretId=made["ARN"])
    assert (got["SecretBinary"], got["VersionId"]) == (b"\x00\xff", put["VersionId"])
    old = secrets.get_secret_value(SecretId=n, VersionStage="AWSPREVIOUS")
    assert (old["SecretString"], old["VersionId"]) == ("clear-as-day", made["VersionId"])
    seen = secrets.describe_secret(SecretId=n)
    assert seen["VersionIdsToStages"] == {made["VersionId"]: ["AWSPREVIOUS"], put["VersionId"]: ["AWSCURRENT"]}
    assert seen["Tags"] == [{"Key": "team", "Value": "a"}]
    pages = secrets.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [n]}])
    assert [s["ARN"] for page in pages for s in page["SecretList"]] == [made["ARN"]]
    secrets.delete_secret(SecretId=n, RecoveryWindowInDays=7)
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="marked for deletion"):
        secrets.get_secret_value(SecretId=n)
    secrets.restore_secret(SecretId=n)
    secrets.delete_secret(SecretId=n, ForceDeleteWithoutRecovery=True)
    with pytest.raises(secrets.exceptions.ResourceNotFoundException, match="can't find the specified secret"):
        secrets.get_secret_value(SecretId=n)
    assert "clear-as-day" not in stack.server_log()


def test_a_value_is_not_on_the_disk_in_the_clear(stack, secrets):
    value = "needle-" + os.urandom(8).hex()
    secrets.create_secret(Name=name(), SecretString=value)
    files = [file for file in (stack.data / "state").rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert value.encode() not in file.read_bytes(), file


def test_iam_and_the_secrets_own_policy_decide(stack, secrets):
    n = name("iam")
    arn = secrets.create_secret(Name=n, SecretString="s")["ARN"]
    read = "secretsmanager:GetSecretValue"
    _, reader = user(stack, [{"Effect": "Allow", "Action": read, "Resource": arn[:-6] + "??????"}])
    assert reader.get_secret_value(SecretId=n)["SecretString"] == "s"
    who, stranger = user(stack, [{"Effect": "Allow", "Action": "secretsmanager:ListSecrets", "Resource": "*"}])
    with pytest.raises(stranger.exceptions.ClientError, match="AccessDeniedException.*is not authorized to perform: " + read):
        stranger.get_secret_value(SecretId=n)
    allow = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": read, "Resource": "*"}
    secrets.put_resource_policy(SecretId=n, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    assert stranger.get_secret_value(SecretId=n)["SecretString"] == "s"
    deny = {**allow, "Effect": "Deny", "Principal": "*"}
    secrets.put_resource_policy(SecretId=n, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    with pytest.raises(reader.exceptions.ClientError, match="explicit deny"):
        reader.get_secret_value(SecretId=n)


def test_rotation_says_that_it_is_not_there(secrets):
    n = name()
    secrets.create_secret(Name=n, SecretString="s")
    with pytest.raises(secrets.exceptions.ClientError, match="NotImplemented.*RotateSecret"):
        secrets.rotate_secret(SecretId=n)


def test_the_cli_speaks_to_it(stack):
    n = name("cli")
    stack.sh(f"aws secretsmanager create-secret --name {n} --secret-string '{{\"a\": 1}}'")
    out = stack.sh(f"aws secretsmanager get-secret-value --secret-id {n} --query SecretString --output text")
    assert json.loads(out) == {"a": 1}
    pw = json.loads(stack.sh("aws secretsmanager get-random-password --password-length 20 --output json"))
    assert len(pw["RandomPassword"]) == 20
