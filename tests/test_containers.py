"""What a task definition asks of a container is what the container gets."""

import json
import time

import pytest

from conftest import wait_for

GROUP = "/t/containers"


@pytest.fixture(scope="module", autouse=True)
def log_group(stack):
    stack.client("logs").create_log_group(logGroupName=GROUP)


def container(image, command, **more):
    return {
        "name": "main", "image": image, "essential": True, "stopTimeout": 2, "entryPoint": ["sh", "-c"], "command": [command],
        "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": GROUP, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "t"}},
        **more,
    }


def run(stack, containers, **more):
    """Runs to the end; returns the stopped task and each container's log lines."""
    arn = stack.run_task(containers, **more)
    task = stack.wait(arn, "STOPPED")
    return task, {c["name"]: lines(stack, arn, c["name"]) for c in containers if "logConfiguration" in c}


def lines(stack, arn, name):
    logs = stack.client("logs")
    stream = f"t/{name}/{arn.rsplit('/', 1)[1]}"
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=[stream])
        return [e["message"] for page in pages for e in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def main(task):
    return next(c for c in task["containers"] if c["name"] == "main")


def test_environment_user_and_directory(stack, busybox):
    task, logs = run(stack, [container(
        busybox, "id -u; pwd; echo $COLOUR", user="app", workingDirectory="/tmp",
        environment=[{"name": "COLOUR", "value": "blue"}])])
    assert logs["main"] == ["1000", "/tmp", "blue"]
    assert main(task)["exitCode"] == 0 and task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"


def test_an_image_by_its_name_on_aws(stack, busybox):
    """Task definitions written for AWS run as they are."""
    task, logs = run(stack, [container("000000000000.dkr.ecr.us-east-1.amazonaws.com/busybox:v1", "echo same image")])
    assert logs["main"] == ["same image"] and main(task)["imageDigest"].startswith("sha256:"), task


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_exit_codes(stack, busybox, code):
    task, _ = run(stack, [container(busybox, f"exit {code}")])
    assert main(task)["exitCode"] == code


def test_out_of_memory(stack, busybox):
    task, _ = run(stack, [container(busybox, "exec tail /dev/zero", memory=64)])
    assert main(task)["exitCode"] == 137
    assert main(task)["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_read_only_root_and_limits(stack, busybox):
    task, logs = run(stack, [container(
        busybox, "touch /x 2>&1 || echo refused; ulimit -n; ulimit -c", readonlyRootFilesystem=True,
        ulimits=[{"name": "nofile", "softLimit": 512, "hardLimit": 512}])])
    assert "refused" in logs["main"] and "512" in logs["main"], logs


def test_shared_volume_between_containers(stack, busybox):
    mount = {"mountPoints": [{"sourceVolume": "v", "containerPath": "/shared"}]}
    task, logs = run(stack, [
        container(busybox, "cat /shared/note", dependsOn=[{"containerName": "writer", "condition": "SUCCESS"}], **mount),
        {**container(busybox, "echo from the other > /shared/note", **mount), "name": "writer", "essential": False},
    ], volumes=[{"name": "v"}])
    assert logs["main"] == ["from the other"], (logs, task)


def test_the_sandbox_is_closed(stack, busybox):
    """The namespace grade: root inside is nobody outside, and the kernel's knobs are read-only."""
    task, logs = run(stack, [container(
        busybox, "cat /proc/self/uid_map; mount -t tmpfs none /tmp 2>&1 | tail -1; "
                 "echo 1 > /proc/sys/kernel/panic || echo closed; grep Seccomp: /proc/self/status; grep CapEff /proc/self/status")])
    text = "\n".join(logs["main"])
    inside, outside, length = logs["main"][0].split()
    assert inside == "0" and outside != "0" and int(length) >= 65536, text
    assert "closed" in text and "Seccomp:\t2" in text, text
    assert "Operation not permitted" in text or "Permission denied" in text or "permission denied" in text, text


def test_metadata_and_credentials(stack, busybox):
    iam = stack.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="task", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="task", PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*"}]}))
    task, logs = run(stack, [container(
        busybox, "wget -qO- $ECS_CONTAINER_METADATA_URI_V4/task; echo; "
                 "wget -qO- http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; echo")], taskRoleArn=role)
    assert len(logs["main"]) == 2, logs
    seen, keys = json.loads(logs["main"][0]), json.loads(logs["main"][1])
    assert seen["TaskARN"] == task["taskArn"] and seen["LaunchType"] == "FARGATE"
    assert seen["Limits"] == {"CPU": 0.25, "Memory": 512}
    assert keys["RoleArn"] == role
    as_task = dict(AWS_ACCESS_KEY_ID=keys["AccessKeyId"], AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"],
                   AWS_SESSION_TOKEN=keys["Token"])
    assert stack.client("ecs", **as_task).list_clusters()["clusterArns"]
    with pytest.raises(Exception, match="AccessDenied.*not authorized to perform: ecs:CreateCluster"):
        stack.client("ecs", **as_task).create_cluster(clusterName="x")
    who = stack.client("sts", **as_task).get_caller_identity()["Arn"]
    assert who.endswith(f"assumed-role/task/{task['taskArn'].rsplit('/', 1)[1]}"), who


def test_logs_lose_nothing(stack, busybox):
    task, logs = run(stack, [container(busybox, "seq 1 20000")])
    assert logs["main"] == [str(n) for n in range(1, 20001)]


def test_term_then_kill(stack, busybox):
    arn = stack.run_task([container(busybox, "trap 'echo bye; exit 7' TERM; echo up; while true; do sleep 0.1; done", stopTimeout=10)])
    stack.wait(arn, "RUNNING")
    wait_for("its first line", lambda: "up" in lines(stack, arn, "main"))
    stack.client("ecs").stop_task(task=arn)
    task = stack.wait(arn, "STOPPED")
    assert main(task)["exitCode"] == 7 and "bye" in lines(stack, arn, "main")
    stubborn = stack.run_task([container(busybox, "trap '' TERM; while true; do sleep 0.1; done", stopTimeout=2)])
    stack.wait(stubborn, "RUNNING")
    began = time.monotonic()
    stack.client("ecs").stop_task(task=stubborn)
    assert main(stack.wait(stubborn, "STOPPED"))["exitCode"] == 137 and time.monotonic() - began >= 1.9


def test_tasks_reach_one_another(stack, busybox):
    server = stack.run_task([container(busybox, "exec httpd -f -p 80 -h /www")])
    address = stack.wait(server, "RUNNING")["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    task, logs = run(stack, [container(
        busybox, f"for i in 1 2 3 4 5; do wget -qO- http://{address}/ && exit 0; sleep 0.2; done; exit 1")])
    assert logs["main"] == ["hello from a task"] and main(task)["exitCode"] == 0
    stack.client("ecs").stop_task(task=server)


def test_an_unhealthy_container_is_seen(stack, busybox):
    arn = stack.run_task([container(busybox, "sleep 1000", healthCheck={
        "command": ["CMD", "false"], "interval": 5, "timeout": 2, "retries": 1})])
    wait_for("UNHEALTHY", lambda: stack.task(arn).get("healthStatus") == "UNHEALTHY", 30)
    stack.client("ecs").stop_task(task=arn)
    stack.wait(arn, "STOPPED")
