# Calls what it is told to through botocore and says what it sent and what it read.
import base64, datetime, json, sys
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

order = json.load(sys.stdin)
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def client(service, key=KEY, secret=SECRET, token=None, **more):
    config = Config(parameter_validation=False, inject_host_prefix=False, retries={"max_attempts": 0}, **more)
    return botocore.session.get_session().create_client(
        service, region_name="us-east-1", endpoint_url=order["endpoint"], aws_access_key_id=key,
        aws_secret_access_key=secret, aws_session_token=token, config=config)


def known(shape, value):
    """The value without members that this botocore's model does not have; as canonical JSON."""
    if shape.type_name == "structure":
        return {k: known(shape.members[k], v) for k, v in value.items() if k in shape.members}
    if shape.type_name == "list":
        return [known(shape.member, v) for v in value]
    if shape.type_name == "map":
        return {k: known(shape.value, v) for k, v in value.items()}
    # botocore sends whole seconds.
    return int(value) if shape.type_name == "timestamp" else value


def to_python(shape, value):
    if shape.type_name == "structure":
        return {k: to_python(shape.members[k], v) for k, v in value.items()}
    if shape.type_name == "list":
        return [to_python(shape.member, v) for v in value]
    if shape.type_name == "map":
        return {k: to_python(shape.value, v) for k, v in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value)
    if shape.type_name == "timestamp":
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return value


def canonical(shape, value):
    if shape.type_name == "structure":
        return {k: canonical(shape.members[k], v) for k, v in value.items() if k in shape.members}
    if shape.type_name == "list":
        return [canonical(shape.member, v) for v in value]
    if shape.type_name == "map":
        return {k: canonical(shape.value, v) for k, v in value.items()}
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    if shape.type_name == "timestamp":
        secs = value.timestamp()
        return int(secs) if secs == int(secs) else secs
    return value


clients, results = {}, []
for call in order["calls"]:
    name, operation = call["service"], call["operation"]
    api = clients.get(name) or clients.setdefault(name, client(name))
    if operation not in api.meta.service_model.operation_names:
        continue
    model = api.meta.service_model.operation_model(operation)
    result = {"service": name, "operation": operation}
    try:
        sent = known(model.input_shape, call["input"]) if model.input_shape else {}
        result["sent"] = sent
        answer = api._make_api_call(operation, to_python(model.input_shape, sent) if model.input_shape else {})
        if model.has_event_stream_output:
            result["events"] = [k for event in answer["responseStream"] for k in event]
        else:
            assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
            result["received"] = canonical(model.output_shape, answer) if model.output_shape else {}
    except Exception as e:
        result["error"] = f"{type(e).__name__}: {e}"
    results.append(result)

refusals = []


def refused(what, expected, api, operation, **params):
    try:
        api._make_api_call(operation, params)
        got = "no error"
    except ClientError as e:
        got = f'{e.response["Error"]["Code"]} {e.response["ResponseMetadata"]["HTTPStatusCode"]}'
        message = e.response["Error"].get("Message", "")
    refusals.append({"what": what, "expected": expected, "got": got, "message": message})


OPERATION = {"ecs": "ListClusters", "sts": "GetCallerIdentity", "ec2": "DescribeVpcs"}
for service, codes in {
    "ecs": ["UnrecognizedClientException 400", "InvalidSignatureException 400", "AccessDeniedException 400", "MissingAuthenticationTokenException 400", "InvalidParameterException 400"],
    "sts": ["InvalidClientTokenId 403", "SignatureDoesNotMatch 403", "AccessDenied 403", "MissingAuthenticationToken 403", "ValidationError 400"],
    "ec2": ["AuthFailure 401", "AuthFailure 401", "UnauthorizedOperation 403", "MissingParameter 400", "MissingParameter 400"],
}.items():
    from botocore import UNSIGNED
    operation = OPERATION[service]
    refused("unknown key", codes[0], client(service, key="AKIAUNKNOWN000000000"), operation)
    refused("wrong secret", codes[1], client(service, secret="wrong"), operation)
    refused("denied", codes[2], client(service, user_agent_extra="denied-agent"), operation)
    refused("unsigned", codes[3], client(service, signature_version=UNSIGNED), operation)
    invalid = {"ecs": ("DescribeTasks", {}), "sts": ("AssumeRole", {}), "ec2": ("DescribeVpcAttribute", {})}[service]
    refused("invalid", codes[4], client(service), invalid[0], **invalid[1])
refused("not modelled", "NotImplemented 501", client("ec2"), "RunInstances")
json.dump({"results": results, "refusals": refusals}, sys.stdout)
