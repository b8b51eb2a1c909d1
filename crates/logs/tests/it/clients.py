import os, shutil, subprocess, sys, time
import boto3
from botocore.config import Config

logs = boto3.client(
    "logs", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="secret", config=Config(inject_host_prefix=False, retries={"max_attempts": 0}))
now = int(time.time() * 1000)
logs.create_log_group(logGroupName="/ecs/app", tags={"team": "x"})
for stream in ("web/1", "web/2", "job"):
    logs.create_log_stream(logGroupName="/ecs/app", logStreamName=stream)
try:
    logs.create_log_group(logGroupName="/ecs/app")
except logs.exceptions.ResourceAlreadyExistsException as e:
    assert e.response["Error"]["Message"] == "The specified log group already exists", e
for at in range(0, 2500, 500):
    events = [{"timestamp": now - 5000 + n, "message": f"line {n} é"} for n in range(at, at + 500)]
    answer = logs.put_log_events(logGroupName="/ecs/app", logStreamName="web/1", logEvents=events)
    assert "rejectedLogEventsInfo" not in answer, answer
logs.put_log_events(logGroupName="/ecs/app", logStreamName="job", logEvents=[{"timestamp": now, "message": '{"level":"error","n":3}'}])
assert [g["logGroupName"] for g in logs.get_paginator("describe_log_groups").paginate().build_full_result()["logGroups"]] == ["/ecs/app"]
streams = logs.get_paginator("describe_log_streams").paginate(
    logGroupName="/ecs/app", orderBy="LastEventTime", descending=True, PaginationConfig={"PageSize": 1}).build_full_result()
assert [s["logStreamName"] for s in streams["logStreams"]] == ["job", "web/1", "web/2"], streams
# As the SDK says to read a stream: until the token repeats.
seen, token = [], None
while True:
    page = logs.get_log_events(logGroupName="/ecs/app", logStreamName="web/1", startFromHead=True, limit=700,
                               **({"nextToken": token} if token else {}))
    seen += [e["message"] for e in page["events"]]
    if page["nextForwardToken"] == token:
        break
    token = page["nextForwardToken"]
assert seen == [f"line {n} é" for n in range(2500)], len(seen)
pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/ecs/app", PaginationConfig={"PageSize": 300})
every = [e["message"] for page in pages for e in page["events"]]
assert len(every) == 2501 and every[-1].startswith("{"), len(every)
found = logs.filter_log_events(logGroupName="/ecs/app", filterPattern='{ $.level = "error" && $.n >= 3 }')["events"]
assert [e["logStreamName"] for e in found] == ["job"], found
arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "x"}
tail = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="live")["responseStream"]
got = []
for event in tail:
    if "sessionStart" in event:
        logs.put_log_events(logGroupName="/ecs/app", logStreamName="web/2",
                            logEvents=[{"timestamp": int(time.time() * 1000), "message": "live line"}])
    got += [r["message"] for r in event.get("sessionUpdate", {}).get("sessionResults", [])]
    if got:
        tail.close()
        break
assert got == ["live line"], got
version = subprocess.run(["aws", "--version"], capture_output=True, text=True).stdout if shutil.which("aws") else ""
if version.startswith("aws-cli/2"):
    env = dict(os.environ, AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="secret", AWS_REGION="us-east-1",
               AWS_ENDPOINT_URL=sys.argv[1])
    said = subprocess.run(["aws", "logs", "tail", "/ecs/app", "--since", "1h", "--format", "short"], env=env,
                          capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(said) == 2502 and said[0].endswith("line 0 é") and said[-1].endswith("live line"), said[-3:]
else:
    print("SKIP aws logs tail: no AWS CLI of version 2")
logs.delete_log_group(logGroupName="/ecs/app")
try:
    logs.get_log_events(logGroupName="/ecs/app", logStreamName="web/1")
    raise AssertionError("it is gone")
except logs.exceptions.ResourceNotFoundException as e:
    assert e.response["Error"]["Message"] == "The specified log group does not exist.", e
print("all done")
