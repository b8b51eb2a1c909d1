"""Images scanned with advisories that `gantry scan-db` imports into a server that runs, seen by the stock AWS CLI."""

import json
import subprocess

import pytest

import images
from conftest import GANTRY, wait_for

TRACKER = {"openssl": {"CVE-2099-0001": {"description": "Made up.", "releases": {
    "bookworm": {"status": "resolved", "fixed_version": "3.0.2-1", "urgency": "high"}}}}}
OSV = {"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2099-0002"], "summary": "Left leans",
       "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
       "affected": [{"package": {"ecosystem": "npm", "name": "left"},
                     "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.3.0"}]}]}]}


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    def text(name, data):
        return images.entry(name, data=data.encode(), mode=0o644)

    system = [text("etc/os-release", 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'),
              text("var/lib/dpkg/status", "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\n"
                                          "Source: openssl\nVersion: 3.0.1-1\n\n")]
    lock = {"lockfileVersion": 3, "packages": {"node_modules/left": {"version": "1.2.0"}}}
    path = tmp_path_factory.mktemp("images") / "debian.tar"
    images.archive(str(path), layers=[images.layer(system),
                                      images.layer([text("app/package-lock.json", json.dumps(lock))])])
    return path


def scan_db(stack, *words):
    done = subprocess.run([GANTRY, "scan-db", *words, "--data-dir", str(stack.data)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported(stack, name, document):
    file = stack.home / name
    file.write_text(json.dumps(document))
    return scan_db(stack, "import", str(file))


def findings(stack, name):
    return stack.client("ecr").describe_image_scan_findings(repositoryName=name, imageId={"imageTag": "v1"})


def test_basic_scans(stack, debian):
    ecr = stack.client("ecr")
    ecr.create_repository(repositoryName="scan/basic", imageScanningConfiguration={"scanOnPush": True})
    stack.push("scan/basic", debian)
    wait_for("the scan", lambda: findings(stack, "scan/basic")["imageScanStatus"]["status"] == "FAILED")
    assert "gantry scan-db import" in findings(stack, "scan/basic")["imageScanStatus"]["description"]
    assert "No advisories" in scan_db(stack, "status")
    assert "the server uses it from now on" in imported(stack, "tracker.json", TRACKER)
    wait_for("the next scan", lambda: findings(stack, "scan/basic")["imageScanStatus"]["status"] == "COMPLETE")
    out = stack.sh("aws ecr wait image-scan-complete --repository-name scan/basic --image-id imageTag=v1;"
                   "aws ecr describe-image-scan-findings --repository-name scan/basic --image-id imageTag=v1")
    found = json.loads(out)["imageScanFindings"]
    assert found["findingSeverityCounts"] == {"HIGH": 1}
    assert found["findings"][0]["name"] == "CVE-2099-0001"
    with pytest.raises(ecr.exceptions.LimitExceededException):
        ecr.start_image_scan(repositoryName="scan/basic", imageId={"imageTag": "v1"})
    sources = json.loads(scan_db(stack, "status", "--output", "json"))["sources"]
    assert [s["name"] for s in sources] == ["debian-security-tracker"]


def test_enhanced_scans(stack, debian):
    ecr = stack.client("ecr")
    stack.push("scan/enhanced", debian)
    rule = {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "scan/enh*", "filterType": "WILDCARD"}]}
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[rule])
    # What is there already is looked at; anew with every import.
    imported(stack, "tracker.json", TRACKER)
    imported(stack, "osv.json", OSV)

    def both():
        try:
            found = findings(stack, "scan/enhanced").get("imageScanFindings", {})
        except ecr.exceptions.ScanNotFoundException:
            return False
        return len(found.get("enhancedFindings", [])) == 2

    wait_for("both findings", both)
    seen = findings(stack, "scan/enhanced")
    assert seen["imageScanStatus"]["status"] == "ACTIVE"
    names = {f["packageVulnerabilityDetails"]["vulnerabilityId"]: f for f in seen["imageScanFindings"]["enhancedFindings"]}
    assert names["CVE-2099-0002"]["severity"] == "CRITICAL" and names["CVE-2099-0002"]["score"] == 9.8


def test_bills_of_materials(stack, debian):
    stack.push("scan/sbom", debian)
    run = lambda *words: subprocess.run([GANTRY, "sbom", *words, "--data-dir", str(stack.data)],
                                        capture_output=True, text=True, check=True).stdout
    packages = {p["name"] for p in json.loads(run("scan/sbom:v1"))["packages"]}
    assert {"libssl3", "left"} <= packages
    assert json.loads(run("scan/sbom:v1", "--format", "cyclonedx"))["bomFormat"] == "CycloneDX"
    attached = run("scan/sbom:v1", "--attach").strip()
    image = stack.client("ecr").describe_images(repositoryName="scan/sbom", imageIds=[{"imageTag": "v1"}])
    subject = {"imageDigest": image["imageDetails"][0]["imageDigest"]}
    listed = stack.client("ecr").list_image_referrers(repositoryName="scan/sbom", subjectId=subject)["referrers"]
    assert [r["digest"] for r in listed] == [attached]
