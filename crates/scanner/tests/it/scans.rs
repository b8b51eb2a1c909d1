//! Images, advisories, findings.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gantry_registry::{LocalImage, Reference, queue};
use gantry_scanner::SbomFormat;
use serde_json::{Value, json};

use crate::rig::{NPM, Rig, SCORE, SECDB, TRACKER, alpine, debian, description, layer, npm, status};

fn names(seen: &Value) -> Vec<&str> {
    let all = seen["imageScanFindings"]["findings"].as_array().expect("findings");
    all.iter().map(|f| f["name"].as_str().unwrap()).collect()
}

fn attribute<'a>(finding: &'a Value, key: &str) -> Option<&'a str> {
    let all = finding["attributes"].as_array()?;
    all.iter().find(|a| a["key"] == key).and_then(|a| a["value"].as_str())
}

async fn enhanced(rig: &Rig, frequency: &str) {
    let rule =
        json!({ "scanFrequency": frequency, "repositoryFilters": [{ "filter": "*", "filterType": "WILDCARD" }] });
    let input = json!({ "scanType": "ENHANCED", "rules": [rule] });
    rig.call("PutRegistryScanningConfiguration", input).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn basic_on_push() {
    let rig = Rig::new().await;
    rig.import("tracker.json", TRACKER).await;
    rig.import("score.json", SCORE).await;
    rig.create("app", true).await;
    let digest = rig.push("app", "v1", &[debian(), npm()]).await;
    let seen = rig.scanned("app", "v1").await;
    assert_eq!((status(&seen), description(&seen)), ("COMPLETE", "The scan was completed successfully."));
    assert_eq!(names(&seen), ["CVE-2099-0004", "CVE-2099-0001", "CVE-2099-0005"], "{seen}");
    let found = &seen["imageScanFindings"];
    assert_eq!(found["findingSeverityCounts"], json!({ "CRITICAL": 1, "HIGH": 1, "INFORMATIONAL": 1 }));
    assert!(found["imageScanCompletedAt"].is_number() && found["vulnerabilitySourceUpdatedAt"].is_number());
    let (critical, high) = (&found["findings"][0], &found["findings"][1]);
    assert_eq!(critical["severity"], "CRITICAL", "from the score, since the vendor has none");
    assert_eq!(attribute(critical, "package_version"), Some("5.2.15-2"), "the source's version");
    assert_eq!(attribute(critical, "CVSS3_SCORE"), Some("9.8"));
    assert_eq!(high["uri"], "https://security-tracker.debian.org/tracker/CVE-2099-0001");
    assert_eq!(high["description"], "A made-up flaw.");
    assert_eq!(attribute(high, "package_name"), Some("openssl"), "two packages of one source are one finding");
    // In pages.
    let mut token = Value::Null;
    let mut paged = Vec::new();
    for _ in 0..4 {
        let mut input = json!({ "repositoryName": "app", "imageId": { "imageDigest": digest }, "maxResults": 1 });
        if token.is_string() {
            input["nextToken"] = token.clone();
        }
        let page = rig.call("DescribeImageScanFindings", input).await.unwrap();
        paged.extend(names(&page).into_iter().map(str::to_owned));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(paged, ["CVE-2099-0004", "CVE-2099-0001", "CVE-2099-0005"]);
    // In lists.
    let listed = rig.call("DescribeImages", json!({ "repositoryName": "app" })).await.unwrap();
    let image = &listed["imageDetails"][0];
    assert_eq!(image["imageScanStatus"]["status"], "COMPLETE");
    assert_eq!(image["imageScanFindingsSummary"]["findingSeverityCounts"]["HIGH"], 1);
    // Once in a day.
    let input = json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" } });
    let (code, message) = rig.code("StartImageScan", input.clone()).await;
    assert_eq!(code, "LimitExceededException");
    assert_eq!(message, "The scan quota per image has been exceeded. Wait and try again.");
    rig.clock.advance_ms(24 * 3600 * 1000);
    let begun = rig.call("StartImageScan", input).await.unwrap();
    assert_eq!(begun["imageScanStatus"]["status"], "IN_PROGRESS");
    assert_eq!(names(&rig.scanned("app", "v1").await).len(), 3);
    // Told.
    let events = rig.store.list("/events/").await.unwrap();
    let told: Vec<Value> = events.kvs.iter().map(|kv| serde_json::from_slice(&kv.value).unwrap()).collect();
    let told: Vec<&Value> = told.iter().filter(|e| e["detail-type"] == "ECR Image Scan").collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["detail"]["scan-status"], "COMPLETE");
    assert_eq!(told[0]["detail"]["finding-severity-counts"]["CRITICAL"], 1);
    assert_eq!(told[0]["detail"]["image-tags"], json!(["v1"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_hand_and_never() {
    let rig = Rig::new().await;
    rig.import("tracker.json", TRACKER).await;
    rig.create("app", false).await;
    rig.push("app", "v1", &[debian()]).await;
    let input = json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" } });
    let (code, message) = rig.code("DescribeImageScanFindings", input.clone()).await;
    assert_eq!(code, "ScanNotFoundException");
    assert!(message.starts_with("Image scan does not exist for the image with '{imageDigest:'sha256:"), "{message}");
    let listed = rig.call("DescribeImages", json!({ "repositoryName": "app" })).await.unwrap();
    assert!(listed["imageDetails"][0]["imageScanStatus"].is_null());
    rig.call("StartImageScan", input.clone()).await.unwrap();
    assert_eq!(status(&rig.scanned("app", "v1").await), "COMPLETE");
    enhanced(&rig, "SCAN_ON_PUSH").await;
    let (code, message) = rig.code("StartImageScan", input).await;
    assert_eq!((code.as_str(), message.as_str()), ("ValidationException", "This feature is disabled"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_advisories_it_says_so() {
    let rig = Rig::new().await;
    rig.create("app", true).await;
    rig.push("app", "v1", &[debian()]).await;
    let seen = rig.scanned("app", "v1").await;
    assert_eq!(status(&seen), "FAILED");
    assert!(description(&seen).contains("gantry scan-db import"), "{seen}");
    assert!(description(&seen).contains("Debian:12"), "{seen}");
    assert!(seen["imageScanFindings"].is_null(), "nothing was found, and nothing was looked up");
    // Advisories for something else do not help.
    rig.import("npm.json", NPM).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(status(&rig.scanned("app", "v1").await), "FAILED");
    rig.import("tracker.json", TRACKER).await;
    let seen = rig.until("app", "v1", |seen| status(seen) == "COMPLETE").await;
    assert_eq!(names(&seen).len(), 3);
    assert_eq!(rig.keys("/ecr-rescan/").await, 0, "basic scans are not done again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enhanced_and_continuous() {
    let rig = Rig::new().await;
    enhanced(&rig, "CONTINUOUS_SCAN").await;
    rig.create("app", false).await;
    rig.push("app", "v1", &[alpine(), npm()]).await;
    let seen = rig.scanned("app", "v1").await;
    assert_eq!(status(&seen), "FINDINGS_UNAVAILABLE");
    assert!(description(&seen).contains("gantry scan-db import"), "{seen}");
    rig.import("secdb.json", SECDB).await;
    let seen = rig.until("app", "v1", |seen| status(seen) == "ACTIVE").await;
    assert!(description(&seen).starts_with("Continuous scan is selected for image. "), "{seen}");
    assert!(description(&seen).contains("npm"), "what was not looked at is said: {seen}");
    let found = seen["imageScanFindings"]["enhancedFindings"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{seen}");
    let busybox = &found[0];
    assert_eq!(busybox["packageVulnerabilityDetails"]["vulnerabilityId"], "CVE-2099-0010");
    let packages = busybox["packageVulnerabilityDetails"]["vulnerablePackages"].as_array().unwrap();
    assert_eq!(packages.len(), 2, "every package of the source is named");
    assert_eq!(packages[0]["packageManager"], "OS");
    assert_eq!((&packages[0]["version"], &packages[0]["release"]), (&json!("1.36.1"), &json!("r2")));
    assert_eq!(busybox["fixAvailable"], "YES");
    assert_eq!(busybox["severity"], "UNDEFINED", "nobody said how bad it is");
    assert_eq!(busybox["type"], "PACKAGE_VULNERABILITY");
    let first_seen = busybox["firstObservedAt"].clone();
    // Newer advisories: scanned again, and no layer is read for it.
    let opened = rig.blobs.opened.load(Ordering::SeqCst);
    rig.clock.advance_ms(3_600_000);
    rig.import("npm.json", NPM).await;
    let both = |seen: &Value| seen["imageScanFindings"]["enhancedFindings"].as_array().is_some_and(|f| f.len() == 2);
    let seen = rig.until("app", "v1", both).await;
    assert_eq!(rig.blobs.opened.load(Ordering::SeqCst), opened);
    assert_eq!(description(&seen), "Continuous scan is selected for image.");
    let found = seen["imageScanFindings"]["enhancedFindings"].as_array().unwrap();
    let (left, old) = (&found[0], &found[1]);
    assert_eq!(left["severity"], "MEDIUM");
    assert_eq!(left["score"], 5.5);
    assert_eq!(left["scoreDetails"]["cvss"]["version"], "3.1");
    assert_eq!(left["title"], "CVE-2099-0020 - left");
    assert_eq!(left["resources"][0]["details"]["awsEcrContainerImage"]["imageTags"], json!(["v1"]));
    let details = &left["packageVulnerabilityDetails"];
    assert_eq!(details["relatedVulnerabilities"], json!(["GHSA-xxxx-yyyy-zzzz"]));
    assert_eq!(details["vulnerablePackages"][0]["filePath"], "app/package-lock.json");
    assert_eq!(details["vulnerablePackages"][0]["fixedInVersion"], "1.3.0");
    assert_eq!(old["firstObservedAt"], first_seen);
    assert_ne!(old["lastObservedAt"], first_seen);
    assert_ne!(left["firstObservedAt"], first_seen);
    // A source that is taken out takes its findings along.
    gantry_scanner::db::remove(&rig.db(), "osv/npm").unwrap();
    assert!(rig.scanner.as_ref().unwrap().reload().await.unwrap());
    rig.until("app", "v1", |seen| !both(seen)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_started_again() {
    let mut rig = Rig::idle().await;
    rig.import("tracker.json", TRACKER).await;
    rig.create("app", true).await;
    let bytes = debian();
    let held = gantry_blobs::Digest::sha256(&bytes);
    rig.blobs.shut.lock().unwrap().insert(held.clone());
    rig.push("app", "v1", &[bytes]).await;
    assert_eq!(status(&rig.findings("app", "v1").await), "IN_PROGRESS", "waiting counts as under way");
    let bell = rig.blobs.clone();
    let waiting = bell.bell.notified();
    rig.start();
    waiting.await;
    assert_eq!(status(&rig.findings("app", "v1").await), "IN_PROGRESS");
    // Killed while it reads the layer.
    rig.scanner = None;
    rig.blobs.shut.lock().unwrap().clear();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(status(&rig.findings("app", "v1").await), "IN_PROGRESS");
    assert_eq!(rig.keys(queue::SCAN).await, 1);
    rig.start();
    let seen = rig.scanned("app", "v1").await;
    assert_eq!(names(&seen).len(), 3);
    let give_up = tokio::time::Instant::now() + Duration::from_secs(5);
    while rig.keys(queue::SCAN).await > 0 {
        assert!(tokio::time::Instant::now() < give_up, "the queue is empty in the end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_has_no_findings() {
    let rig = Rig::new().await;
    rig.import("tracker.json", TRACKER).await;
    for name in ["app", "app2"] {
        rig.create(name, true).await;
        rig.push(name, "v1", &[debian()]).await;
        rig.scanned(name, "v1").await;
    }
    assert_eq!(rig.keys("/ecr/scan").await, 4);
    let input = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }] });
    rig.call("BatchDeleteImage", input).await.unwrap();
    assert_eq!(rig.keys("/ecr/scan").await, 2);
    rig.call("DeleteRepository", json!({ "repositoryName": "app2", "force": true })).await.unwrap();
    assert_eq!(rig.keys("/ecr/scan").await, 0);
    assert_eq!(rig.keys("/ecr-rescan/").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_while_it_is_scanned() {
    let rig = Rig::new().await;
    rig.import("tracker.json", TRACKER).await;
    rig.create("app", true).await;
    let bytes = debian();
    rig.blobs.shut.lock().unwrap().insert(gantry_blobs::Digest::sha256(&bytes));
    let waiting = rig.blobs.bell.notified();
    rig.push("app", "v1", &[bytes]).await;
    waiting.await;
    rig.call("DeleteRepository", json!({ "repositoryName": "app", "force": true })).await.unwrap();
    rig.blobs.shut.lock().unwrap().clear();
    let give_up = tokio::time::Instant::now() + Duration::from_secs(15);
    while rig.keys(queue::SCAN).await > 0 {
        assert!(tokio::time::Instant::now() < give_up, "the entry goes");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(rig.keys("/ecr/scan").await, 0, "nothing is written about what is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_scanned() {
    let rig = Rig::new().await;
    rig.import("tracker.json", TRACKER).await;
    rig.create("app", true).await;
    // No operating system.
    rig.push("app", "scratch", &[layer(&[("bin/hello", "\u{7f}ELF...")])]).await;
    let seen = rig.scanned("app", "scratch").await;
    assert_eq!(status(&seen), "UNSUPPORTED_IMAGE");
    assert!(
        description(&seen)
            .starts_with("UnsupportedImageError: The operating system and/or package manager are not supported.")
    );
    // One that nobody publishes for.
    rig.push("app", "plan9", &[layer(&[("etc/os-release", "ID=plan9\n")])]).await;
    assert_eq!(status(&rig.scanned("app", "plan9").await), "UNSUPPORTED_IMAGE");
    // Not an image.
    let chart = rig.blob("app", b"chart").await;
    let described = |kind: &str| json!({ "mediaType": kind, "digest": chart, "size": 5 });
    let manifest = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described("application/vnd.cncf.helm.config.v1+json"), "layers": [described("application/x")] });
    rig.manifest("app", "chart", manifest).await;
    assert_eq!(status(&rig.scanned("app", "chart").await), "UNSUPPORTED_IMAGE");
    // No layer.
    let garbage = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff].to_vec();
    rig.push("app", "garbage", &[debian(), garbage]).await;
    let seen = rig.scanned("app", "garbage").await;
    assert_eq!(status(&seen), "FAILED", "{seen}");
    // An index: its images are scanned, itself it is not.
    let child = rig.push("app", "child", &[debian()]).await;
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        { "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": child, "size": 100 }] });
    rig.manifest("app", "index", index).await;
    assert_eq!(status(&rig.scanned("app", "index").await), "UNSUPPORTED_IMAGE");
    assert_eq!(names(&rig.scanned("app", "child").await).len(), 3);
    let input = json!({ "repositoryName": "app", "imageId": { "imageTag": "index" } });
    assert_eq!(rig.code("StartImageScan", input).await.0, "UnsupportedImageTypeException");
    // Archived.
    let input =
        json!({ "repositoryName": "app", "imageId": { "imageTag": "scratch" }, "targetStorageClass": "ARCHIVE" });
    rig.call("UpdateImageStorageClass", input).await.unwrap();
    assert_eq!(status(&rig.findings("app", "scratch").await), "IMAGE_ARCHIVED");
    let input = json!({ "repositoryName": "app", "imageId": { "imageTag": "scratch" } });
    assert_eq!(rig.code("StartImageScan", input).await.0, "ImageArchivedException");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_already() {
    let mut rig = Rig::idle().await;
    rig.import("tracker.json", TRACKER).await;
    rig.create("old", false).await;
    rig.push("old", "v1", &[debian()]).await;
    rig.clock.advance_ms(31 * 24 * 3600 * 1000);
    for name in ["app", "other"] {
        rig.create(name, false).await;
        rig.push(name, "v1", &[debian()]).await;
    }
    let rule = |filter: &str| json!({ "scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{ "filter": filter, "filterType": "WILDCARD" }] });
    let input = json!({ "scanType": "ENHANCED", "rules": [rule("*p*"), ] });
    rig.call("PutRegistryScanningConfiguration", input).await.unwrap();
    // Asked for while nobody listens, and done when somebody does.
    rig.start();
    let seen = rig.scanned("app", "v1").await;
    assert_eq!(status(&seen), "COMPLETE");
    let found = seen["imageScanFindings"]["enhancedFindings"].as_array().unwrap();
    assert_eq!(found[0]["remediation"]["recommendation"]["text"], "Update the packages to the versions that fix it.");
    enhanced(&rig, "CONTINUOUS_SCAN").await;
    for name in ["app", "other"] {
        rig.until(name, "v1", |seen| status(seen) == "ACTIVE").await;
    }
    assert_eq!(rig.keys("/ecr-rescan/").await, 2);
    let input = json!({ "repositoryName": "old", "imageId": { "imageTag": "v1" } });
    assert_eq!(rig.code("DescribeImageScanFindings", input).await.0, "ScanNotFoundException", "too long ago");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archived_before_its_turn() {
    let mut rig = Rig::idle().await;
    rig.import("tracker.json", TRACKER).await;
    rig.create("app", false).await;
    rig.push("app", "v1", &[debian()]).await;
    let image = json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" } });
    rig.call("StartImageScan", image.clone()).await.unwrap();
    let stored = |class: &str| {
        let mut input = image.clone();
        input["targetStorageClass"] = json!(class);
        input
    };
    rig.call("UpdateImageStorageClass", stored("ARCHIVE")).await.unwrap();
    rig.start();
    let give_up = tokio::time::Instant::now() + Duration::from_secs(15);
    while rig.keys(queue::SCAN).await > 0 {
        assert!(tokio::time::Instant::now() < give_up, "the entry goes");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    rig.call("UpdateImageStorageClass", stored("STANDARD")).await.unwrap();
    assert_eq!(status(&rig.findings("app", "v1").await), "IMAGE_ARCHIVED");
    rig.call("StartImageScan", image).await.unwrap();
    assert_eq!(status(&rig.scanned("app", "v1").await), "COMPLETE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bills_of_materials() {
    let rig = Rig::new().await;
    rig.create("app", false).await;
    let digest = rig.push("app", "v1", &[debian(), npm()]).await;
    let scanner = rig.scanner.as_ref().unwrap();
    let image = LocalImage { repo: rig.repo("app"), reference: "v1".parse().unwrap() };
    let spdx = scanner.sbom(&image, SbomFormat::Spdx).await.unwrap();
    let document: Value = serde_json::from_slice(&spdx.document).unwrap();
    assert_eq!(document["spdxVersion"], "SPDX-2.3");
    let text = document.to_string();
    assert!(text.contains("pkg:deb/debian/bash@5.2.15-2%2Bb2") && text.contains("pkg:npm/left@1.2.0"), "{text}");
    let other: Value =
        serde_json::from_slice(&scanner.sbom(&image, SbomFormat::CycloneDx).await.unwrap().document).unwrap();
    assert_eq!(other["bomFormat"], "CycloneDX");
    let attached = scanner.attach(&spdx).await.unwrap();
    assert_eq!(scanner.attach(&spdx).await.unwrap(), attached, "again it is the same");
    let referrers = rig.registry.referrers(&rig.repo("app"), &digest, None, 10).await.unwrap().items;
    assert_eq!(referrers.len(), 1);
    assert_eq!(referrers[0].artifact_type.as_deref(), Some("application/spdx+json"));
    assert_eq!(referrers[0].digest, attached);
    let none = LocalImage { repo: rig.repo("app"), reference: "none".parse().unwrap() };
    assert!(scanner.sbom(&none, SbomFormat::Spdx).await.is_err());
    let itself = LocalImage { repo: rig.repo("app"), reference: Reference::Digest(attached) };
    assert!(scanner.sbom(&itself, SbomFormat::Spdx).await.is_err(), "a document is no image");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_type_keeps_its_own() {
    let rig = Rig::new().await;
    rig.import("tracker.json", TRACKER).await;
    rig.create("app", true).await;
    rig.push("app", "v1", &[debian()]).await;
    rig.scanned("app", "v1").await;
    let none = json!({ "scanType": "ENHANCED", "rules": [] });
    rig.call("PutRegistryScanningConfiguration", none).await.unwrap();
    let input = json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" } });
    assert_eq!(rig.code("DescribeImageScanFindings", input).await.0, "ScanNotFoundException");
    enhanced(&rig, "SCAN_ON_PUSH").await;
    let known = |seen: &Value| seen["imageScanFindings"]["enhancedFindings"].is_array();
    rig.until("app", "v1", known).await;
    let basic = json!({ "scanType": "BASIC", "rules": [] });
    rig.call("PutRegistryScanningConfiguration", basic).await.unwrap();
    assert_eq!(names(&rig.findings("app", "v1").await).len(), 3, "what basic scans found is still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_findings_in_many_pages() {
    let rig = Rig::new().await;
    let cves: Vec<String> = (0..3000)
        .map(|n| {
            let text = "x".repeat(900);
            format!(r#""CVE-2099-{n:05}":{{"description":"{text}{n}","releases":{{"bookworm":{{"status":"open","urgency":"low"}}}}}}"#)
        })
        .collect();
    rig.import("tracker.json", &format!("{{\"bash\":{{{}}}}}", cves.join(","))).await;
    rig.create("app", true).await;
    rig.push("app", "v1", &[debian()]).await;
    let seen = rig.scanned("app", "v1").await;
    assert_eq!(seen["imageScanFindings"]["findingSeverityCounts"], json!({ "LOW": 3000 }));
    assert_eq!(names(&seen).len(), 100);
    let (mut all, mut token) = (std::collections::BTreeSet::new(), Value::Null);
    loop {
        let mut input = json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" }, "maxResults": 700 });
        if token.is_string() {
            input["nextToken"] = token.clone();
        }
        let page = rig.call("DescribeImageScanFindings", input).await.unwrap();
        all.extend(names(&page).into_iter().map(str::to_owned));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(all.len(), 3000);
    assert!(rig.keys("/ecr/scan-finding/").await > 3, "in several records");
}
