"""Terraform with the AWS provider, both from this machine: nothing is fetched."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

PROVIDER = "registry.terraform.io/hashicorp/aws"
# Where terraform itself looks for providers, and that CI may name one more.
MIRRORS = ["~/.terraform.d/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"]
CONFIGURATIONS = pathlib.Path(__file__).parent / "terraform"


def cli_config(home):
    """A CLI configuration that takes the provider from this machine; skips the test where it has none."""
    if not shutil.which("terraform"):
        pytest.skip("SKIP: terraform is not installed")
    named = os.environ.get("TF_CLI_CONFIG_FILE", "")
    if named and pathlib.Path(named).is_file():
        return named
    mirrors = [os.environ.get("GANTRY_TERRAFORM_PLUGINS", ""), *MIRRORS]
    found = [os.path.expanduser(m) for m in mirrors if m and pathlib.Path(os.path.expanduser(m), PROVIDER).is_dir()]
    if not found:
        pytest.skip(f"SKIP: terraform's provider {PROVIDER} is in no mirror on this machine (GANTRY_TERRAFORM_PLUGINS names one)")
    file = home / "terraform.rc"
    file.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{found[0]}"\n  }}\n}}\n')
    return str(file)


class Terraform:
    """One working directory of Terraform's against a running stack."""

    def __init__(self, stack, folder, home):
        config = cli_config(home)
        self.work = home / folder
        shutil.copytree(CONFIGURATIONS / folder, self.work)
        self.env = {**stack.shell_env(), "TF_CLI_CONFIG_FILE": config, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0",
                    "CHECKPOINT_DISABLE": "1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "2"}
        self.env.pop("TF_LOG", None)
        self("init", "-no-color", "-backend=false")

    def __call__(self, *args, status=0):
        done = subprocess.run(["terraform", *args], cwd=self.work, env=self.env, text=True, capture_output=True, timeout=240)
        assert done.returncode == status, f"terraform {args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def apply(self, **variables):
        self("apply", "-no-color", "-auto-approve", *flags(variables))
        return self.outputs()

    def nothing_to_do(self, **variables):
        """A plan that finds something to change ends with 2."""
        self("plan", "-no-color", "-detailed-exitcode", *flags(variables))

    def destroy(self, **variables):
        self("destroy", "-no-color", "-auto-approve", *flags(variables))
        left = self("state", "list")
        assert not left.strip(), left

    def outputs(self):
        return {name: out["value"] for name, out in json.loads(self("output", "-json", "-no-color")).items()}


def flags(variables):
    return [f"-var={name}={value}" for name, value in variables.items()]
