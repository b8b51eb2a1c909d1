"""One `gantry up` per test module, and a check that it leaves nothing on the host."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import boto3
import pytest
from botocore.config import Config

sys.path.insert(0, os.path.dirname(__file__))
import images  # noqa: E402

GANTRY = os.environ.get("GANTRY", str(pathlib.Path(__file__).parent.parent / "target/debug/gantry"))
SUBNET, GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
EXECUTION_ROLE = "arn:aws:iam::000000000000:role/ecsTaskExecutionRole"
NETWORK = {"awsvpcConfiguration": {"subnets": [SUBNET], "securityGroups": [GROUP], "assignPublicIp": "ENABLED"}}


def wait_for(what, probe, seconds=30.0, every=0.05):
    """Asks until the probe gives something true; fails naming what was waited for."""
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(ConnectionError, OSError):
            found = probe()
            if found:
                return found
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(every)


class Stack:
    """A running server, its data directory, and clients for it."""

    def __init__(self, *flags):
        self.flags = flags
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gantry-test-"))
        self.data = self.home / "data"
        self.log = open(self.home / "server.log", "ab")
        self.process = None
        self.port = 0
        self.env = {}

    def start(self):
        self.process = subprocess.Popen(
            [GANTRY, "up", "--data-dir", str(self.data), "--listen", f"127.0.0.1:{self.port}", *self.flags],
            stdout=self.log, stderr=self.log, start_new_session=True,
            env={**os.environ, "RUST_LOG": os.environ.get("RUST_LOG", "info")})
        wait_for("the server's endpoint", self._answers)
        lines = subprocess.run([GANTRY, "env", "--json", "--data-dir", str(self.data)], capture_output=True, check=True)
        self.env = json.loads(lines.stdout)
        self.port = int(self.env["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])
        return self

    def _answers(self):
        assert self.process.poll() is None, "the server ended:\n" + self.server_log()[-4000:]
        file = self.data / "endpoint.json"
        return file.exists() and json.loads(file.read_text())["pid"] == self.process.pid

    def server_log(self):
        return (self.home / "server.log").read_text(errors="replace")

    def client(self, service, **more):
        e = {**self.env, **more}
        return boto3.client(
            service, endpoint_url=e["AWS_ENDPOINT_URL"], region_name=e["AWS_DEFAULT_REGION"],
            aws_access_key_id=e["AWS_ACCESS_KEY_ID"], aws_secret_access_key=e["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=e.get("AWS_SESSION_TOKEN"), config=Config(retries={"max_attempts": 0}))

    def shell_env(self):
        home = self.home / "home"
        (home / ".config/containers").mkdir(parents=True, exist_ok=True)
        policy = home / ".config/containers/policy.json"
        policy.write_text('{"default":[{"type":"insecureAcceptAnything"}]}')
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") or k == "AWS_CLI_V2"}
        return {**clean, **self.env, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "AWS_PAGER": "",
                "REGISTRY_AUTH_FILE": str(home / "auth.json")}

    def sh(self, script, check=True):
        """Runs a shell script in an environment that only `gantry env` has touched."""
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.home, text=True,
                              env=self.shell_env(), capture_output=True, timeout=180)
        assert not check or done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}\n{self.server_log()[-3000:]}"
        return done.stdout if check else done

    def push(self, name, archive, tag="v1"):
        ecr = self.client("ecr")
        with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
            ecr.create_repository(repositoryName=name)
        self.sh(f"""
            aws ecr get-login-password | skopeo login --username AWS --password-stdin --tls-verify=false localhost:{self.port}
            skopeo copy --quiet --dest-tls-verify=false oci-archive:{archive} docker://localhost:{self.port}/{name}:{tag}
        """)
        return f"localhost:{self.port}/{name}:{tag}"

    def run_task(self, containers, cluster="default", **definition):
        """Registers and runs; returns the task's ARN."""
        ecs = self.client("ecs")
        with contextlib.suppress(Exception):
            ecs.create_cluster(clusterName=cluster)
        more = {"cpu": "256", "memory": "512", "executionRoleArn": EXECUTION_ROLE, **definition}
        family = more.pop("family", "t-" + os.urandom(4).hex())
        made = ecs.register_task_definition(
            family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            containerDefinitions=containers, **more)
        ran = ecs.run_task(cluster=cluster, launchType="FARGATE", networkConfiguration=NETWORK,
                           taskDefinition=made["taskDefinition"]["taskDefinitionArn"])
        assert not ran["failures"], ran["failures"]
        return ran["tasks"][0]["taskArn"]

    def task(self, arn, cluster="default"):
        return self.client("ecs").describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]

    def wait(self, arn, status, seconds=60, cluster="default"):
        order = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]

        def reached():
            task = self.task(arn, cluster)
            assert status != "RUNNING" or task["lastStatus"] not in order[4:], json.dumps(task, default=str, indent=1)
            return task if order.index(task["lastStatus"]) >= order.index(status) else None

        return wait_for(f"{arn} to be {status}", reached, seconds)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def down(self, ignore=None):
        done = subprocess.run([GANTRY, "down", "--data-dir", str(self.data)], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        if self.process:
            self.process.wait(timeout=30)
        left = [line for line in self.leftovers() if not ignore or ignore not in line]
        assert not left, "left on the host:\n" + "\n".join(left)

    def leftovers(self):
        """Mounts, links, cgroups and processes that bear this instance's name."""
        instance = json.loads((self.data / "instance.json").read_text())["instance_id"]
        found = [line for line in open("/proc/self/mounts") if str(self.data) in line]
        found += ["link " + n for n in os.listdir("/sys/class/net") if instance in n]
        for root, folders, _ in os.walk("/sys/fs/cgroup"):
            found += [os.path.join(root, f) for f in folders if instance in f]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                command = open(f"/proc/{pid}/cmdline").read().replace("\0", " ")
                if str(self.data) in command:
                    found.append(f"process {pid} {command}")
        tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True) if shutil.which("nft") else None
        found += [line for line in (tables.stdout if tables else "").splitlines() if instance in line]
        return found

    def remove(self):
        self.log.close()
        if "GANTRY_KEEP" in os.environ:
            print("kept", self.home)
        else:
            shutil.rmtree(self.home, ignore_errors=True)


@contextlib.contextmanager
def running(*flags):
    stack = Stack(*flags)
    try:
        yield stack.start()
    finally:
        try:
            stack.down()
        finally:
            if stack.process and stack.process.poll() is None:
                stack.kill()
            stack.remove()


@pytest.fixture(scope="module")
def stack():
    if os.geteuid() != 0:
        pytest.skip("SKIP: real containers need root")
    with running() as s:
        yield s


@pytest.fixture(scope="session")
def busybox_archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "busybox.tar"
    images.archive(str(path))
    return path


@pytest.fixture(scope="module")
def busybox(stack, busybox_archive):
    """The busybox image, pushed with skopeo; its name as the task definition says it."""
    return stack.push("busybox", busybox_archive)
