"""OCI Distribution's own conformance program, where somebody has it: it is in no package.

Build `conformance/` of opencontainers/distribution-spec with Go and name the program in OCI_CONFORMANCE.
"""

import collections
import os
import re
import subprocess

import pytest

# What the program may leave out, with the reason. Whatever else it leaves out fails the test.
SKIPS = {
    "blob-mount": "ECR mounts only what an image of the source repository has, and the program mounts a bare blob",
    "blob-mount-anonymous": "a mount that names no source would tell who has which blob; ECR answers 202 too",
    "range 500-0": "a range that ends before it begins is to be ignored (RFC 9110, 14.1.1)",
}
RESULT = re.compile(r"^\s*(OCI Conformance Test.*): (Pass|Skip|Fail|Error|Disabled)\s*$")


@pytest.mark.parametrize("version", ["1.1", "dev"])
def test_conformance(stack, tmp_path, version):
    program = os.environ.get("OCI_CONFORMANCE")
    if not program:
        pytest.skip("SKIP: OCI_CONFORMANCE names no program; OCI's conformance checks did not run")
    ecr = stack.client("ecr")
    names = [f"conformance-{version.replace('.', '-')}/repo{n}" for n in (1, 2)]
    for name in names:
        ecr.create_repository(repositoryName=name)
    password = stack.sh("aws ecr get-login-password").strip()
    env = {
        "PATH": os.environ["PATH"], "OCI_REGISTRY": f"127.0.0.1:{stack.port}", "OCI_TLS": "disabled",
        "OCI_USERNAME": "AWS", "OCI_PASSWORD": password, "OCI_REPO1": names[0], "OCI_REPO2": names[1],
        "OCI_VERSION": version, "OCI_RESULTS_DIR": str(tmp_path), "OCI_LOG": "error",
    }
    done = subprocess.run([program], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)
    results = [m.groups() for m in map(RESULT.match, done.stdout.splitlines()) if m]
    count = collections.Counter(result for _, result in results)
    print(f"conformance {version}: {dict(count)}")
    bad = [name for name, result in results if result in ("Fail", "Error")]
    assert not bad, "\n".join(bad)
    unexplained = [name for name, result in results if result == "Skip" and name.rsplit("/", 1)[-1] not in SKIPS]
    assert not unexplained, "\n".join(unexplained)
    assert count["Pass"] > 600, done.stdout[-3000:]
