"""`kill -9` of the server while tasks run: nothing that ran stops, nothing that was said is lost."""

import json
import os
import subprocess

from conftest import wait_for

GROUP = "/t/restart"
COUNTER = "n=0; while true; do n=$((n+1)); echo $n; sleep 0.02; done"


def logged(stack, arn):
    stream = f"t/main/{arn.rsplit('/', 1)[1]}"
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=[stream])
    return [int(e["message"]) for page in pages for e in page["events"]]


def bill(stack):
    out = subprocess.run([os.environ["GANTRY"], "bill", "--data-dir", str(stack.data), "--output", "json"],
                         capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def test_a_killed_server_comes_back_to_its_tasks(stack, busybox):
    stack.client("logs").create_log_group(logGroupName=GROUP)
    definition = {"name": "main", "image": busybox, "essential": True, "entryPoint": ["sh", "-c"], "command": [COUNTER], "stopTimeout": 2,
                  "logConfiguration": {"logDriver": "awslogs", "options": {
                      "awslogs-group": GROUP, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "t"}}}
    arn = stack.run_task([definition])
    before = stack.wait(arn, "RUNNING")
    wait_for("some lines", lambda: len(logged(stack, arn)) > 20)
    for _ in range(3):
        stack.kill()
        stack.start()
        after = wait_for("the task to be told again", lambda: stack.task(arn))
        assert after["lastStatus"] == "RUNNING" and after["startedAt"] == before["startedAt"]
        address = lambda t: t["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
        assert address(after) == address(before)
        assert after["containers"][0]["runtimeId"] == before["containers"][0]["runtimeId"]
        seen = len(logged(stack, arn))
        wait_for("more lines", lambda: len(logged(stack, arn)) > seen + 20)
    stack.client("ecs").stop_task(task=arn, reason="enough")
    task = stack.wait(arn, "STOPPED")
    numbers = logged(stack, arn)
    assert numbers == list(range(1, len(numbers) + 1)), "lines were lost or doubled"
    # Billed from the pull to the end, once: at least the minute that is the least there is.
    seconds = (task["stoppedAt"] - task["pullStartedAt"]).total_seconds()
    total = [line for line in bill(stack)["lines"] if "vCPU" in line["usage_type"]]
    assert len(total) == 1, total
    expected = max(seconds, 60) * 0.25 / 3600
    assert abs(float(total[0]["amount"]) - expected) < expected * 0.05 + 0.0005, (total, expected)


def test_a_task_that_ends_while_the_server_is_down(stack, busybox):
    arn = stack.run_task([{"name": "main", "image": busybox, "essential": True,
                           "entryPoint": ["sh", "-c"], "command": ["sleep 2; exit 9"]}])
    stack.wait(arn, "RUNNING")
    stack.kill()
    import time
    time.sleep(2.5)
    stack.start()
    task = stack.wait(arn, "STOPPED")
    assert task["containers"][0]["exitCode"] == 9
    assert task["stoppedReason"] == "Essential container in task exited"
