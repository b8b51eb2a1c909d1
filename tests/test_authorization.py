"""No operation of any model is left open: a user without a policy is refused by each of them."""

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

SERVICES = ["ecs", "ecr", "iam", "sts", "logs", "ec2"]
# AWS asks for no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
# and API_GetSessionToken.html.
FREE = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
# Calls that carry their own proof instead of a signature; they are refused for want of that.
UNSIGNED = {("sts", "AssumeRoleWithWebIdentity"), ("sts", "AssumeRoleWithSAML")}
# What is not built is refused before anybody is asked, by name and with 501.
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotImplemented"}

SAMPLES = {
    "arn:aws:iam::000000000000:role/x": ("rolearn", "principalarn", "policysourcearn"),
    "arn:aws:iam::000000000000:policy/x": ("policyarn",),
    "arn:aws:ecs:us-east-1:000000000000:cluster/x": ("resourcearn", "arn", "clusterarn"),
    '{"Version":"2012-10-17","Statement":[]}': ("policydocument", "assumerolepolicydocument", "policytext"),
    "sha256:" + "0" * 64: ("layerdigest", "layerdigests", "digest"),
    "subnet-0123456789abcdef0": ("subnets",),
    "ASIAAAAAAAAAAAAAAAAA": ("accesskeyid",),
    "00000000-0000-4000-8000-000000000000": ("uploadid", "replicationbackfillid"),
    "000000000000": ("registryid",),
    "arn:aws:signer:us-east-1:000000000000:/signing-profiles/xx": ("signingprofilearn",),
    "v1": ("versionid",),
}


# Where the least that a model lets through is less than the service takes.
EXACT = {
    "AssumeRoot": {"TargetPrincipal": "000000000000", "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/x"}},
}
ECR = {"resourceArn": "arn:aws:ecr:us-east-1:000000000000:repository/x"}


def sample(shape, name="", depth=0):
    """The least input that a model lets through, as far as a model tells."""
    kind = shape.type_name
    if kind == "structure":
        return {m: sample(shape.members[m], m, depth + 1) for m in shape.required_members} if depth < 8 else {}
    if kind == "list":
        return [sample(shape.member, name, depth + 1)] * max(1, shape.metadata.get("min", 1))
    if kind == "map":
        return {sample(shape.key, "key", depth + 1): sample(shape.value, "value", depth + 1)}
    if kind == "string":
        if shape.enum:
            return shape.enum[0]
        low = (name or shape.name).lower()
        for value, names in SAMPLES.items():
            if low in names:
                return value
        return "x" * max(4, shape.metadata.get("min", 1))
    if kind in ("integer", "long"):
        return max(1, shape.metadata.get("min", 1))
    return {"boolean": True, "timestamp": 1700000000, "blob": b"x", "float": 1.0, "double": 1.0}[kind]


@pytest.fixture(scope="module")
def nobody(stack):
    iam = stack.client("iam")
    iam.create_user(UserName="nobody")
    return iam.create_access_key(UserName="nobody")["AccessKey"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_refused(stack, nobody, service):
    config = Config(retries={"max_attempts": 0}, parameter_validation=False, inject_host_prefix=False)
    client = boto3.client(service, endpoint_url=stack.env["AWS_ENDPOINT_URL"], region_name="us-east-1", config=config,
                          aws_access_key_id=nobody["AccessKeyId"], aws_secret_access_key=nobody["SecretAccessKey"])
    model = client.meta.service_model
    wrong = []
    for name in model.operation_names:
        if (service, name) in FREE | UNSIGNED:
            continue
        operation = model.operation_model(name)
        given = sample(operation.input_shape) if operation.input_shape else {}
        given = EXACT.get(name, given)
        if service == "ecr" and "resourceArn" in given:
            given |= ECR
        try:
            client._make_api_call(name, given)
            wrong.append(f"{name}: answered")
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED:
                wrong.append(f"{name}: {error.response['Error']['Code']}: {error.response['Error']['Message'][:150]}")
    assert not wrong, f"{len(wrong)} of {len(model.operation_names)}:\n" + "\n".join(wrong[:60])
