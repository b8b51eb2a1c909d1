"""Blobs in a bucket: pushed, run, fetched by URL, found again after a kill, and never in another place by mistake."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import urllib.request

import boto3
import pytest
from conftest import Stack, running

BUCKET = "layers"


@pytest.fixture(scope="module")
def moto():
    """A real S3 server; yields its URL."""
    if not shutil.which("moto_server"):
        pytest.skip("SKIP: no moto_server on the PATH; `cargo xtask test` brings it")
    server = subprocess.Popen(["moto_server", "-H", "127.0.0.1", "-p", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    url = next(m[0] for line in server.stderr if (m := re.search(r"http://127\.0\.0\.1:\d+", line)))
    # Its log goes on; somebody has to read it.
    drain = subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
    s3(url).create_bucket(Bucket=BUCKET)
    yield url
    server.kill()
    server.wait()
    drain.wait()


def s3(url):
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture(scope="module")
def stack(moto):
    if os.geteuid() != 0:
        pytest.skip("SKIP: real containers need root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        # What a shell has that is set up for Gantry itself must not matter.
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with running("--blobs", f"s3://{BUCKET}/a/b", "--blobs-endpoint", moto) as s:
            yield s


def test_an_image_in_a_bucket_is_run_and_fetched(stack, busybox, moto):
    assert not (stack.data / "blobs").exists()
    keys = [o["Key"] for o in s3(moto).list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys and all(re.fullmatch(r"a/b/blobs/sha256/[0-9a-f]{64}", k) for k in keys), keys
    ecr = stack.client("ecr")
    manifest = json.loads(ecr.batch_get_image(repositoryName="busybox", imageIds=[{"imageTag": "v1"}])["images"][0]["imageManifest"])
    layer = manifest["layers"][0]["digest"]
    url = ecr.get_download_url_for_layer(repositoryName="busybox", layerDigest=layer)["downloadUrl"]
    got = urllib.request.urlopen(url.replace("https://", "http://")).read()
    assert "sha256:" + hashlib.sha256(got).hexdigest() == layer
    arn = stack.run_task([{"name": "main", "image": busybox, "essential": True, "entryPoint": ["true"]}])
    task = stack.wait(arn, "STOPPED")
    assert task["containers"][0]["exitCode"] == 0, task


def test_a_layer_that_was_changed_in_the_bucket_is_not_served(stack, busybox, moto):
    digest = hashlib.sha256(b"x" * 100_000).hexdigest()
    (stack.home / "layer").write_bytes(b"x" * 100_000)
    ecr = stack.client("ecr")
    upload = ecr.initiate_layer_upload(repositoryName="busybox")["uploadId"]
    ecr.upload_layer_part(repositoryName="busybox", uploadId=upload, partFirstByte=0, partLastByte=99_999, layerPartBlob=b"x" * 100_000)
    ecr.complete_layer_upload(repositoryName="busybox", uploadId=upload, layerDigests=["sha256:" + digest])
    url = ecr.get_download_url_for_layer(repositoryName="busybox", layerDigest="sha256:" + digest)["downloadUrl"].replace("https://", "http://")
    assert urllib.request.urlopen(url).read() == b"x" * 100_000
    s3(moto).put_object(Bucket=BUCKET, Key=f"a/b/blobs/sha256/{digest}", Body=b"x" * 99_999 + b"y")
    with pytest.raises(Exception):  # noqa: B017 - a refusal, or a connection that breaks before its end
        urllib.request.urlopen(url).read()
    found = ecr.batch_check_layer_availability(repositoryName="busybox", layerDigests=["sha256:" + digest])
    assert not [x for x in found["layers"] if x["layerAvailability"] == "AVAILABLE"], found


def test_a_later_start_finds_the_bucket_again(stack, busybox, moto):
    stack.kill()
    stack.flags = ()
    stack.start()
    assert json.loads((stack.data / "instance.json").read_text())["blobs"]["url"] == f"s3://{BUCKET}/a/b"
    arn = stack.run_task([{"name": "main", "image": busybox, "essential": True, "entryPoint": ["false"]}])
    assert stack.wait(arn, "STOPPED")["containers"][0]["exitCode"] == 1
    assert not pathlib.Path(stack.data / "blobs").exists()


def refused(*flags, data):
    out = subprocess.run([os.environ["GANTRY"], "up", "--data-dir", data, "--listen", "127.0.0.1:0", *flags],
                         capture_output=True, text=True, timeout=60)
    assert out.returncode != 0
    return out.stderr


def test_wrong_places_are_refused(moto, tmp_path):
    assert "s3://BUCKET" in refused("--blobs", "/var/blobs", data=tmp_path / "a")
    assert "no-such-bucket" in refused("--blobs", "s3://no-such-bucket", "--blobs-endpoint", moto, data=tmp_path / "b")
    kept = Stack()
    try:
        kept.start()
        kept.down()
        assert "keeps its blobs itself" in refused("--blobs", f"s3://{BUCKET}", "--blobs-endpoint", moto, data=kept.data)
    finally:
        kept.remove()
