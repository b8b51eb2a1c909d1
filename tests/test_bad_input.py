"""AWS's own errors, true stop reasons, nothing half-done."""

import hashlib
import io
import json
import os
import socket
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

import images
from conftest import NETWORK, Stack, wait_for


def refused(call, code, status=400, match=""):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    assert error["Error"]["Code"] == code, error
    assert error["ResponseMetadata"]["HTTPStatusCode"] == status, error
    assert match in error["Error"]["Message"], error


def raw(stack, body=b"{}", target="AmazonEC2ContainerServiceV20141113.ListClusters", sign=True, change=None, key=None, **headers):
    """A request made by hand; returns status and decoded error."""
    request = AWSRequest("POST", stack.env["AWS_ENDPOINT_URL"] + "/", data=body, headers={
        "content-type": "application/x-amz-json-1.1", "x-amz-target": target, **headers})
    if sign:
        id, secret = key or (stack.env["AWS_ACCESS_KEY_ID"], stack.env["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(Credentials(id, secret), "ecs", "us-east-1").add_auth(request)
    ready = request.prepare()
    call = urllib.request.Request(ready.url, data=change or body, headers=dict(ready.headers), method="POST")
    try:
        with urllib.request.urlopen(call) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def announce(stack, length):
    """Sends headers for a body of that length and none of the body; returns the status of the answer."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as s:
        request = AWSRequest("POST", stack.env["AWS_ENDPOINT_URL"] + "/", data=b"", headers={
            "content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonEC2ContainerServiceV20141113.CreateCluster"})
        SigV4Auth(Credentials(stack.env["AWS_ACCESS_KEY_ID"], stack.env["AWS_SECRET_ACCESS_KEY"]), "ecs", "us-east-1").add_auth(request)
        lines = [f"{k}: {v}" for k, v in request.headers.items() if k.lower() not in ("content-length", "host")]
        head = "\r\n".join(["POST / HTTP/1.1", f"host: localhost:{stack.port}", f"content-length: {length}", *lines, "", ""])
        s.sendall(head.encode())
        return int(s.recv(100).split()[1])


def code(answer):
    return answer[1].get("__type", "").rsplit("#")[-1]


def test_signatures(stack):
    assert raw(stack)[0] == 200
    assert code(raw(stack, sign=False)) == "MissingAuthenticationTokenException"
    assert code(raw(stack, key=(stack.env["AWS_ACCESS_KEY_ID"], "wrong"))) == "InvalidSignatureException"
    assert code(raw(stack, key=("AKIAAAAAAAAAAAAAAAAA", "x"))) == "UnrecognizedClientException"
    assert code(raw(stack, body=b'{"maxResults":1}', change=b'{"maxResults":2}')) == "InvalidSignatureException"


def test_expired_signature(stack, monkeypatch):
    import botocore.auth
    import datetime
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    patched = next(n for n in ("get_current_datetime", "datetime") if hasattr(botocore.auth, n))
    if patched == "get_current_datetime":
        monkeypatch.setattr(botocore.auth, patched, lambda *a, **k: old.replace(tzinfo=None))
    else:
        class Past(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return old.replace(tzinfo=None)
        monkeypatch.setattr(botocore.auth.datetime, "datetime", Past)
    status, error = raw(stack)
    assert status in (400, 403) and "Signature expired" in str(error), error


def test_malformed_requests(stack):
    assert code(raw(stack, body=b'{"a":')) == "SerializationException"
    assert code(raw(stack, body=b'{"maxResults":"many"}')) == "SerializationException"
    assert code(raw(stack, target="AmazonEC2ContainerServiceV20141113.Nope")) == "UnknownOperationException"
    status, error = raw(stack, target="AmazonEC2ContainerServiceV20141113.CreateDaemon", body=b"{}")
    assert status in (400, 501), (status, error)
    deep = b'{"tags":' + b"[" * 5000 + b"]" * 5000 + b"}"
    assert raw(stack, body=deep)[0] == 400
    assert announce(stack, 100 << 20) in (400, 413)
    assert raw(stack)[0] == 200


def test_forged_page_token(stack):
    refused(lambda: stack.client("ecs").list_clusters(nextToken="Zm9yZ2Vk"), "InvalidParameterException")


def test_query_errors(stack):
    iam = stack.client("iam")
    refused(lambda: iam.get_user(UserName="nobody"), "NoSuchEntity", 404, "nobody")
    refused(lambda: iam.create_user(UserName="x" * 65), "ValidationError")
    refused(lambda: iam.create_role(RoleName="r", AssumeRolePolicyDocument="{"), "MalformedPolicyDocument")


def definition(**changes):
    base = {
        "family": "bad", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "containerDefinitions": [{"name": "a", "image": "x"}, {"name": "b", "image": "x", "essential": False}],
    }
    return {**base, **changes}


def two(first=None, second=None):
    return [{"name": "a", "image": "x", **(first or {})}, {"name": "b", "image": "x", **(second or {})}]


@pytest.mark.parametrize("changes, match", [
    (dict(memory="5120"), "No Fargate configuration exists for given values"),
    (dict(cpu="300"), "No Fargate configuration exists for given values"),
    (dict(networkMode="bridge"), "network mode"),
    (dict(containerDefinitions=two(
        {"dependsOn": [{"containerName": "b", "condition": "START"}]},
        {"dependsOn": [{"containerName": "a", "condition": "START"}]})), "ycl"),
    (dict(containerDefinitions=two({"mountPoints": [{"sourceVolume": "nope", "containerPath": "/x"}]})), "nope"),
    (dict(containerDefinitions=two(second={"name": "a"})), "unique"),
    (dict(containerDefinitions=two({"privileged": True})), "rivileged"),
    (dict(containerDefinitions=[{"name": "a", "image": "x", "essential": False}]), "ssential"),
])
def test_task_definitions(stack, changes, match):
    with pytest.raises(ClientError) as caught:
        stack.client("ecs").register_task_definition(**definition(**changes))
    error = caught.value.response["Error"]
    assert error["Code"] in ("ClientException", "InvalidParameterException"), error
    assert match in error["Message"], error
    listed = stack.client("ecs").list_task_definitions(familyPrefix="bad")["taskDefinitionArns"]
    assert listed == []


def test_run_task_errors(stack):
    ecs = stack.client("ecs")
    refused(lambda: ecs.run_task(cluster="none", taskDefinition="x:1"), "ClusterNotFoundException", match="Cluster not found.")
    ecs.create_cluster(clusterName="default")
    refused(lambda: ecs.run_task(taskDefinition="nope:7", launchType="FARGATE", networkConfiguration=NETWORK),
            "ClientException", match="TaskDefinition not found.")
    arn = ecs.register_task_definition(**definition(family="ok"))["taskDefinition"]["taskDefinitionArn"]
    refused(lambda: ecs.run_task(taskDefinition=arn, launchType="FARGATE"), "InvalidParameterException", match="etwork")


def stopped(stack, image, **more):
    arn = stack.run_task([{"name": "main", "image": image, "essential": True, **more}])
    task = stack.wait(arn, "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart", task
    return task


def test_image_that_does_not_exist(stack, busybox):
    task = stopped(stack, busybox.replace(":v1", ":nope"))
    assert task["stoppedReason"].startswith("CannotPullContainerError"), task["stoppedReason"]


def test_missing_binary(stack, busybox):
    task = stopped(stack, busybox, entryPoint=["/no/such/binary"])
    reason = task["containers"][0]["reason"]
    assert reason.startswith("CannotStartContainerError") and "/no/such/binary" in reason, task


def test_missing_log_group(stack, busybox):
    task = stopped(stack, busybox, logConfiguration={"logDriver": "awslogs", "options": {
        "awslogs-group": "/none", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}})
    assert "ResourceInitializationError" in task["stoppedReason"] and "log group" in task["stoppedReason"], task["stoppedReason"]


def test_an_execution_role_that_may_not_pull(stack, busybox):
    iam = stack.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="powerless", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    arn = stack.run_task([{"name": "main", "image": busybox, "essential": True}], executionRoleArn=role)
    reason = stack.wait(arn, "STOPPED")["stoppedReason"]
    assert reason.startswith("CannotPullContainerError") and "not authorized to perform: ecr:" in reason, reason


def evil(kind):
    e = images.entry
    secret = b"overwritten"
    return {
        "dotdot": [e("../../../../../../tmp/gantry-escape", data=secret)],
        "absolute": [e("/tmp/gantry-escape", data=secret)],
        "symlink": [e("out", tarfile.SYMTYPE, link="/tmp"), e("out/gantry-escape", data=secret)],
        "hardlink": [e("h", tarfile.LNKTYPE, link="../../../../../../etc/shadow")],
    }[kind]


@pytest.mark.parametrize("kind", ["dotdot", "absolute", "symlink", "hardlink"])
def test_a_layer_that_climbs_out(stack, tmp_path, kind):
    path = tmp_path / "evil.tar"
    images.archive(str(path), layers=[images.busybox_layer(), images.layer(evil(kind))])
    image = stack.push("evil-" + kind, path)
    arn = stack.run_task([{"name": "main", "image": image, "essential": True, "entryPoint": ["sleep", "0"]}])
    stack.wait(arn, "STOPPED")
    assert not os.path.exists("/tmp/gantry-escape")


def test_a_bomb(stack, tmp_path):
    """Ten gigabytes of zeros in ten megabytes of gzip."""
    import gzip
    size = 10 << 30
    info, _ = images.entry("zeros")
    info.size = size
    head = info.tobuf()
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0) as out:
        out.write(head)
    # One gzip member of zeros, repeated: members of a gzip stream may follow one another.
    block = gzip.compress(b"\0" * (64 << 20), 9, mtime=0)
    whole = packed.getvalue() + block * (size // (64 << 20)) + gzip.compress(b"\0" * 1024, mtime=0)
    sha = hashlib.sha256(head)
    zeros = b"\0" * (1 << 20)
    for _ in range(size >> 20):
        sha.update(zeros)
    sha.update(b"\0" * 1024)
    image = push_by_hand(stack, "bomb", whole, "sha256:" + sha.hexdigest())
    free = os.statvfs(stack.data).f_bavail
    task = stopped(stack, image)
    assert task["stoppedReason"].startswith("CannotPullContainerError"), task["stoppedReason"]
    used = (free - os.statvfs(stack.data).f_bavail) * os.statvfs(stack.data).f_frsize
    assert used < 1 << 30, f"{used} bytes stayed behind"


def push_by_hand(stack, name, layer, diff_id):
    """Pushes through ECR's own layer API; no client in the way that would refuse a bad image."""
    ecr = stack.client("ecr")
    ecr.create_repository(repositoryName=name)
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/x"]},
                         "rootfs": {"type": "layers", "diff_ids": [diff_id]}}).encode()
    for blob in (layer, config):
        upload = ecr.initiate_layer_upload(repositoryName=name)["uploadId"]
        ecr.upload_layer_part(repositoryName=name, uploadId=upload, partFirstByte=0, partLastByte=len(blob) - 1, layerPartBlob=blob)
        ecr.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[images.digest(blob)])
    ecr.put_image(repositoryName=name, imageTag="v1", imageManifest=json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": images.digest(config), "size": len(config)},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": images.digest(layer), "size": len(layer)}],
    }))
    return f"localhost:{stack.port}/{name}:v1"


def test_bad_digest_is_never_stored(stack):
    ecr = stack.client("ecr")
    ecr.create_repository(repositoryName="digest")
    upload = ecr.initiate_layer_upload(repositoryName="digest")["uploadId"]
    ecr.upload_layer_part(repositoryName="digest", uploadId=upload, partFirstByte=0, partLastByte=2, layerPartBlob=b"abc")
    wrong = "sha256:" + "0" * 64
    refused(lambda: ecr.complete_layer_upload(repositoryName="digest", uploadId=upload, layerDigests=[wrong]), "InvalidLayerException")
    found = ecr.batch_check_layer_availability(repositoryName="digest", layerDigests=[wrong])
    assert not [l for l in found["layers"] if l.get("layerAvailability") == "AVAILABLE"]


def test_a_storm_of_garbage_leaves_it_standing(stack):
    """Bytes that are no request, on many connections at once."""
    def throw():
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", stack.port), timeout=5) as s:
                s.sendall(os.urandom(200))
                s.settimeout(0.2)
                try:
                    s.recv(1000)
                except OSError:
                    pass

    threads = [threading.Thread(target=throw) for _ in range(10)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert raw(stack)[0] == 200


def test_a_full_disk(busybox_archive):
    """A data directory of 64 MiB: what no longer fits is refused, what was acknowledged stays."""
    stack = Stack()
    stack.data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "gantry-test", stack.data], check=True)
    try:
        stack.start()
        ecr, ecs = stack.client("ecr"), stack.client("ecs")
        image = stack.push("small", busybox_archive)
        ecr.create_repository(repositoryName="big")
        upload = ecr.initiate_layer_upload(repositoryName="big")["uploadId"]
        part = os.urandom(8 << 20)
        with pytest.raises(ClientError) as caught:
            for n in range(10):
                ecr.upload_layer_part(repositoryName="big", uploadId=upload, partFirstByte=n * len(part),
                                      partLastByte=(n + 1) * len(part) - 1, layerPartBlob=part)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, caught.value.response
        made = []
        for n in range(2000):
            try:
                made.append(ecs.create_cluster(clusterName=f"c{n}")["cluster"]["clusterName"])
            except ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error.response
                break
            if n >= 50:
                break
        # Room again: the broken upload is the only thing that has to go.
        for left in (stack.data / "blobs").glob("upload*/*"):
            subprocess.run(["rm", "-rf", left], check=True)
        assert wait_for("writes to work again", lambda: works(lambda: ecs.create_cluster(clusterName="after")))
        names = {arn.rsplit("/", 1)[1] for page in ecs.get_paginator("list_clusters").paginate() for arn in page["clusterArns"]}
        assert names >= set(made)
        stack.wait(stack.run_task([{"name": "main", "image": image, "essential": True, "entryPoint": ["true"]}]), "STOPPED")
        stack.down(ignore="gantry-test")
    finally:
        if stack.process and stack.process.poll() is None:
            stack.kill()
        subprocess.run(["umount", "-l", stack.data], check=False)
        stack.remove()


def works(call):
    try:
        return call()
    except ClientError:
        return None
