"""`up`, `env`, `doctor`, `reset`, `down`, and what they say when they cannot."""

import json
import os
import socket
import ssl
import subprocess
import urllib.request

import pytest

from conftest import GANTRY, Stack, running, wait_for


def gantry(*args):
    return subprocess.run([GANTRY, *args], capture_output=True, text=True, timeout=120)


def test_second_up_on_the_same_directory(stack):
    done = gantry("up", "--data-dir", str(stack.data), "--listen", "127.0.0.1:0")
    assert done.returncode != 0 and "another `gantry up`" in done.stderr and "--data-dir" in done.stderr


def test_port_in_use(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = gantry("up", "--data-dir", str(tmp_path / "d"), "--listen", f"127.0.0.1:{port}")
    assert done.returncode != 0 and str(port) in done.stderr and "--listen" in done.stderr
    assert gantry("down", "--data-dir", str(tmp_path / "d")).returncode == 0


def test_env_without_a_server(tmp_path):
    done = gantry("env", "--data-dir", str(tmp_path))
    assert done.returncode != 0 and "gantry up" in done.stderr


def test_env_is_shell(stack):
    out = subprocess.run(["sh", "-c", f'eval "$({GANTRY} env --data-dir {stack.data})"; echo $AWS_ENDPOINT_URL'],
                         capture_output=True, text=True, check=True)
    assert out.stdout.strip() == stack.env["AWS_ENDPOINT_URL"]


def test_secrets_are_private(stack):
    for file in ("admin.json", "ca.key", "instance.json"):
        assert os.stat(stack.data / file).st_mode & 0o077 == 0, file
    assert os.stat(stack.data).st_mode & 0o077 == 0
    assert stack.env["AWS_SECRET_ACCESS_KEY"] not in stack.server_log()


def test_tls_on_the_same_port(stack):
    context = ssl.create_default_context(cafile=str(stack.data / "ca.pem"))
    with urllib.request.urlopen(f"https://localhost:{stack.port}/healthz", context=context) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"http://localhost:{stack.port}/healthz") as answer:
        assert answer.status == 200


def test_metrics(stack):
    with urllib.request.urlopen(f"http://localhost:{stack.port}/metrics") as answer:
        text = answer.read().decode()
    assert "gantry_" in text and "# TYPE" in text


def test_doctor(stack):
    done = gantry("doctor", "--data-dir", str(stack.data), "--output", "json")
    report = json.loads(done.stdout)
    names = {c["name"] for c in report["checks"]}
    assert {"overlayfs", "user namespaces", "cgroups", "kvm"} <= names, names
    assert all(c["ok"] or c["mend"] for c in report["checks"])
    assert report["fargate_isolation"] == "namespace"
    assert "overlayfs" in gantry("doctor", "--data-dir", str(stack.data)).stdout


def test_reset_needs_auth_off(stack):
    done = gantry("reset", "--data-dir", str(stack.data))
    assert done.returncode != 0 and "--auth off" in done.stderr


def test_reset_of_a_throwaway_stack(busybox_archive):
    with running("--auth", "off") as stack:
        image = stack.push("busybox", busybox_archive)
        arn = stack.run_task([{"name": "main", "image": image, "essential": True, "stopTimeout": 2, "entryPoint": ["sleep", "1000"]}])
        stack.wait(arn, "RUNNING")
        with urllib.request.urlopen(urllib.request.Request(
                stack.env["AWS_ENDPOINT_URL"] + "/_gantry/reset", method="POST")) as answer:
            took = json.loads(answer.read())["took_ms"]
        assert took < 100, took
        ecs = stack.client("ecs")
        assert ecs.list_clusters()["clusterArns"] == [] and ecs.list_task_definitions()["taskDefinitionArns"] == []
        assert stack.client("ecr").describe_repositories()["repositories"] == []
        wait_for("its container to go", lambda: not [m for m in open("/proc/self/mounts") if arn.rsplit("/", 1)[1] in m])
        other = stack.client("sts", AWS_ACCESS_KEY_ID="111122223333", AWS_SECRET_ACCESS_KEY="any")
        assert other.get_caller_identity()["Account"] == "111122223333"
        # The stack works on after it.
        image = stack.push("busybox", busybox_archive)
        stack.wait(stack.run_task([{"name": "main", "image": image, "essential": True, "entryPoint": ["true"]}]), "STOPPED")


def test_down_leaves_no_task(busybox_archive):
    with running() as stack:
        image = stack.push("busybox", busybox_archive)
        arn = stack.run_task([{"name": "main", "image": image, "essential": True, "stopTimeout": 2, "entryPoint": ["sleep", "1000"]}])
        stack.wait(arn, "RUNNING")
        # `running` calls down and fails on anything left on the host.


def test_down_cleans_after_a_killed_server(busybox_archive):
    with running() as stack:
        image = stack.push("busybox", busybox_archive)
        stack.wait(stack.run_task([{"name": "main", "image": image, "essential": True, "stopTimeout": 2, "entryPoint": ["sleep", "1000"]}]), "RUNNING")
        stack.kill()


@pytest.mark.parametrize("flags", [("--account-id", "12"), ("--region", "US EAST")])
def test_bad_flags(tmp_path, flags):
    done = gantry("up", "--data-dir", str(tmp_path / "d"), *flags)
    assert done.returncode != 0 and flags[1] in done.stderr
