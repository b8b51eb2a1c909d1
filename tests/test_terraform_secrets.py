"""Terraform's `aws_secretsmanager_*` and cache rules: applied, planned empty, changed, planned empty, destroyed."""

import json

from terraform_cli import Terraform


def test_secrets_and_cache_rules(stack, tmp_path):
    tf = Terraform(stack, "secrets", tmp_path)
    made = tf.apply()
    assert json.loads(made["value"]) == {"username": "me", "accessToken": "token-1"}
    tf.nothing_to_do()
    changed = tf.apply(stage=2)
    assert (changed["arn"], json.loads(changed["value"])["accessToken"]) == (made["arn"], "token-2")
    tf.nothing_to_do(stage=2)
    rules = stack.client("ecr").describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert {r["ecrRepositoryPrefix"]: r.get("credentialArn") for r in rules} == {"tf-hub": made["arn"], "tf-public": None}
    tf.destroy(stage=2)
    assert not stack.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert not stack.client("ecr").describe_pull_through_cache_rules()["pullThroughCacheRules"]
