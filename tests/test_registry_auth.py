"""Who gets in at `/v2/`: Basic as docker brings it, Bearer from the token endpoint, and IAM behind both."""

import base64
import json
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config

MANIFEST = "/v2/team/app/manifests/v1"


def ask(stack, path, authorization=None, method="GET"):
    headers = {"Authorization": authorization} if authorization else {}
    headers["Accept"] = "application/vnd.oci.image.manifest.v1+json"
    request = urllib.request.Request(stack.env["AWS_ENDPOINT_URL"] + path, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read().decode()


@pytest.fixture(scope="module")
def image(stack, busybox_archive):
    stack.push("team/app", busybox_archive)
    stack.push("other", busybox_archive)
    arn = stack.client("ecr").describe_repositories(repositoryNames=["team/app"])["repositories"][0]["repositoryArn"]
    stack.client("ecr").tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "a"}])
    return arn


def basic(ecr):
    return "Basic " + ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]


def user(stack, name, statements):
    """A client of a new user's that may do this and no more."""
    iam = stack.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}, *statements]}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client("ecr", endpoint_url=stack.env["AWS_ENDPOINT_URL"], region_name="us-east-1",
                        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
                        config=Config(retries={"max_attempts": 0}))


def test_strangers_are_challenged_as_ecr_does(stack, image):
    for authorization in (None, "Basic Og==", "Bearer x.y"):
        for path in ("/v2/", MANIFEST, "/v2/token", "/token"):
            status, headers, body = ask(stack, path, authorization)
            assert (status, body) == (401, "Not Authorized\n"), path
            assert headers["WWW-Authenticate"].startswith('Basic realm="https://'), path
            assert headers["WWW-Authenticate"].endswith('service="ecr.amazonaws.com"'), path
            status, _, body = ask(stack, path, "Basic QVdTOng=")
            error = json.loads(body)["errors"][0]
            assert (status, error["code"], error["message"]) == (400, "DENIED", "Your Authorization Token is invalid."), path


def test_bearer_tokens(stack, image):
    mine = basic(stack.client("ecr"))
    assert ask(stack, MANIFEST, mine)[0] == 200
    # GetAuthorizationToken's token as it is, which is what some clients send.
    assert ask(stack, MANIFEST, mine.replace("Basic", "Bearer"))[0] == 200
    for path in ("/v2/token", "/token"):
        status, headers, body = ask(stack, path + "?service=ecr.amazonaws.com&account=AWS&scope=repository:team/app:pull", mine)
        token = json.loads(body)
        assert status == 200 and headers["Cache-Control"] == "no-store"
        assert set(token) == {"token", "access_token", "expires_in", "issued_at"} and token["expires_in"] == 3600
        bearer = "Bearer " + token["token"]
        assert ask(stack, MANIFEST, bearer)[0] == 200
        assert ask(stack, "/v2/other/tags/list", bearer)[0] == 403
        assert ask(stack, "/v2/team/app/blobs/uploads/", bearer, "POST")[0] == 403
        password = base64.b64decode(mine.split(" ")[1]).decode().split(":", 1)[1]
        assert token["token"] != password


def test_iam_decides_on_the_wire(stack, image):
    tagged = {"Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:ListImages"], "Resource": "*",
              "Condition": {"StringEquals": {"ecr:ResourceTag/team": "a"}}}
    reader = basic(user(stack, "reader", [tagged]))
    assert ask(stack, "/v2/", reader)[0] == 200
    assert ask(stack, MANIFEST, reader)[0] == 200
    status, _, body = ask(stack, "/v2/other/tags/list", reader)
    error = json.loads(body)["errors"][0]
    assert (status, error["code"]) == (403, "DENIED")
    assert error["message"].startswith("User: arn:aws:iam::000000000000:user/reader is not authorized to perform: ecr:ListImages")
    assert ask(stack, MANIFEST, reader, "DELETE")[0] == 403
    # The token outlives the permission, which is looked at anew each time.
    stack.client("ecr").untag_resource(resourceArn=image, tagKeys=["team"])
    assert ask(stack, MANIFEST, reader)[0] == 403
    stack.client("ecr").tag_resource(resourceArn=image, tags=[{"Key": "team", "Value": "a"}])
    assert ask(stack, MANIFEST, reader)[0] == 200
