"""The main job with stock clients: every command here is one that the README shows a user."""

import json
import os
import pathlib

import pytest

from conftest import EXECUTION_ROLE, GROUP, SUBNET, wait_for

TASKDEF = {
    "family": "app",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": EXECUTION_ROLE,
    "containerDefinitions": [
        {
            "name": "web", "essential": True, "stopTimeout": 2,
            "entryPoint": ["sh", "-c"],
            "command": ["echo web starts; exec httpd -f -v -p 8080 -h /www"],
            "portMappings": [{"containerPort": 8080}],
            "dependsOn": [{"containerName": "store", "condition": "HEALTHY"}],
        },
        {
            "name": "store", "essential": True, "stopTimeout": 2,
            "entryPoint": ["sh", "-c"],
            "command": ["echo store starts; sleep 0.5; touch /tmp/ready; exec sleep 1000"],
            "healthCheck": {"command": ["CMD-SHELL", "test -e /tmp/ready"], "interval": 5, "timeout": 2, "retries": 3},
        },
    ],
}


@pytest.fixture(scope="module")
def job(stack, busybox_archive):
    """Everything up to the running task, command by command."""
    os.link(busybox_archive, stack.home / "busybox.tar")
    for container in TASKDEF["containerDefinitions"]:
        container["image"] = f"localhost:{stack.port}/app:v1"
        container["logConfiguration"] = {"logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"}}
    (stack.home / "taskdef.json").write_text(json.dumps(TASKDEF))
    network = f"awsvpcConfiguration={{subnets=[{SUBNET}],securityGroups=[{GROUP}],assignPublicIp=ENABLED}}"
    arn = stack.sh(f"""
        aws sts get-caller-identity
        aws ecr create-repository --repository-name app
        aws ecr get-login-password | skopeo login --username AWS --password-stdin --tls-verify=false localhost:{stack.port}
        skopeo copy --dest-tls-verify=false oci-archive:busybox.tar docker://localhost:{stack.port}/app:v1
        aws logs create-log-group --log-group-name /ecs/app
        aws ecs create-cluster --cluster-name c1
        aws ecs register-task-definition --cli-input-json file://taskdef.json
        aws ecs run-task --cluster c1 --launch-type FARGATE --task-definition app \\
            --network-configuration '{network}' --query 'tasks[0].taskArn' --output text | tail -1 > arn
        aws ecs wait tasks-running --cluster c1 --tasks $(cat arn) >&2
        cat arn
    """).splitlines()[-1]
    return arn


def describe(stack, arn):
    return json.loads(stack.sh(f"aws ecs describe-tasks --cluster c1 --tasks {arn}"))["tasks"][0]


def test_identity_is_the_administrator(stack):
    who = json.loads(stack.sh("aws sts get-caller-identity"))
    assert who["Account"] == "000000000000" and who["Arn"].endswith(":user/admin")


def test_the_task_runs_and_answers(stack, job):
    task = describe(stack, job)
    assert task["lastStatus"] == "RUNNING" and task["launchType"] == "FARGATE"
    assert {c["name"]: c["lastStatus"] for c in task["containers"]} == {"web": "RUNNING", "store": "RUNNING"}
    assert next(c for c in task["containers"] if c["name"] == "store")["healthStatus"] == "HEALTHY"
    grade = {a["name"]: a.get("value") for a in task["attributes"]}["gantry.fargate-isolation"]
    assert grade == "namespace"
    for stamp in ("createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "connectivityAt"):
        assert stamp in task, stamp
    address = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    assert wait_for("the page", lambda: stack.sh(f"curl -sf http://{address}:8080/")) == "hello from a task\n"


def test_the_dependency_was_waited_for(stack, job):
    events = stack.client("logs").filter_log_events(logGroupName="/ecs/app")["events"]
    assert [e["message"] for e in events][:2] == ["store starts", "web starts"]


def test_logs_tail(stack, job):
    aws = os.environ.get("AWS_CLI_V2")
    if not aws:
        pytest.skip("SKIP: `aws logs tail` needs AWS CLI version 2")
    # Debian's version 2 is older than AWS_ENDPOINT_URL, so it has to be told by flag.
    lines = stack.sh(f'{aws} --endpoint-url "$AWS_ENDPOINT_URL" logs tail /ecs/app')
    assert "store starts" in lines and "web starts" in lines


def test_stop_and_bill(stack, job):
    stack.sh(f"""
        aws ecs stop-task --cluster c1 --task {job} --reason 'the test is over'
        aws ecs wait tasks-stopped --cluster c1 --tasks {job}
    """)
    task = describe(stack, job)
    assert task["stopCode"] == "UserInitiated" and task["stoppedReason"] == "the test is over"
    assert all(c["exitCode"] in (137, 143) for c in task["containers"]), task["containers"]
    for stamp in ("stoppingAt", "executionStoppedAt", "stoppedAt"):
        assert stamp in task, stamp
    table = stack.sh(f"{os.environ['GANTRY']} bill --data-dir {stack.data}")
    assert "vCPU" in table and "GB" in table, table
    bill = json.loads(stack.sh(f"{os.environ['GANTRY']} bill --data-dir {stack.data} --output json"))
    assert bill["lines"], bill


def test_nothing_of_the_task_is_left(stack, job):
    test_id = job.rsplit("/", 1)[1]
    wait_for("its mounts to go", lambda: not [m for m in open("/proc/self/mounts") if test_id in m])
    assert not list(pathlib.Path("/sys/fs/cgroup").glob(f"*/**/*{test_id}*"))
