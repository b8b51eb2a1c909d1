//! Real clients against a loopback server: skopeo, podman and buildah where they are installed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use gantry_blobs::Digest;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::Fixture;

fn installed(test: &str, program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|p| std::env::split_paths(&p).any(|d| d.join(program).is_file()));
    if !found {
        eprintln!("SKIP {test}: {program} is not installed");
    }
    found
}

async fn run(program: &str, args: &[&str]) -> String {
    let out = Command::new(program).args(args).kill_on_drop(true).output().await.unwrap();
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// An OCI archive of one image: busybox, or a few bytes in its place, and some ballast.
async fn oci_archive(dir: &Path, ballast: usize) -> PathBuf {
    let root = dir.join("root/bin");
    std::fs::create_dir_all(&root).unwrap();
    let busybox = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .find_map(|dir| std::fs::read(dir.join("busybox")).ok())
        .unwrap_or_else(|| b"#!/bin/false\n".to_vec());
    std::fs::write(root.join("busybox"), busybox).unwrap();
    let mut word = 1_u32;
    let noise: Vec<u8> = (0..ballast)
        .map(|_| {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (word >> 24) as u8
        })
        .collect();
    std::fs::write(root.join("ballast"), noise).unwrap();
    let layer = dir.join("layer.tar");
    run("tar", &["-C", dir.join("root").to_str().unwrap(), "-cf", layer.to_str().unwrap(), "."]).await;

    let layout = dir.join("layout");
    let blobs = layout.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |bytes: &[u8]| {
        let digest = Digest::sha256(bytes);
        std::fs::write(blobs.join(digest.hex()), bytes).unwrap();
        digest
    };
    let layer_bytes = std::fs::read(&layer).unwrap();
    let layer = put(&layer_bytes);
    let config = json!({ "architecture": "amd64", "os": "linux", "config": { "Cmd": ["/bin/busybox", "true"] },
                         "rootfs": { "type": "layers", "diff_ids": [layer] } })
    .to_string();
    let config_digest = put(config.as_bytes());
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": config.len() },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": layer_bytes.len() }],
    })
    .to_string();
    let manifest_digest = put(manifest.as_bytes());
    let index = json!({ "schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": manifest_digest, "size": manifest.len(),
        "annotations": { "org.opencontainers.image.ref.name": "demo" } }] });
    std::fs::write(layout.join("index.json"), index.to_string()).unwrap();
    std::fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let archive = dir.join("image.tar");
    run("tar", &["-C", layout.to_str().unwrap(), "-cf", archive.to_str().unwrap(), "."]).await;
    archive
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn skopeo_pushes_inspects_and_pulls() {
    if !installed("skopeo_pushes_inspects_and_pulls", "skopeo") {
        return;
    }
    let f = Fixture::new().await;
    f.create("team/app").await;
    let archive = oci_archive(f.dir.path(), 200 << 20).await;
    let source = format!("oci-archive:{}", archive.display());
    let image = format!("docker://{}/team/app:v1", f.host());
    let creds = format!("AWS:{}", f.password().await);

    let out = Command::new("skopeo")
        .args(["--insecure-policy", "copy", "--dest-tls-verify=false", &source, &image])
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(!out.status.success(), "a push without credentials is refused");

    // Without compression on the way, so that the digests stay ours and the figure is about the registry.
    let started = Instant::now();
    run(
        "skopeo",
        &[
            "--insecure-policy",
            "copy",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--dest-creds",
            &creds,
            &source,
            &image,
        ],
    )
    .await;
    let push = started.elapsed();
    let inspected: Value =
        serde_json::from_str(&run("skopeo", &["inspect", "--tls-verify=false", "--creds", &creds, &image]).await)
            .unwrap();
    assert_eq!(inspected["RepoTags"], json!(["v1"]));
    let described = f.call("DescribeImages", json!({ "repositoryName": "team/app" })).await.unwrap();
    assert_eq!(described["imageDetails"][0]["imageDigest"], inspected["Digest"]);

    let pulled = f.dir.path().join("pulled");
    let target = format!("oci:{}:v1", pulled.display());
    let started = Instant::now();
    run(
        "skopeo",
        &[
            "--insecure-policy",
            "copy",
            "--preserve-digests",
            "--src-tls-verify=false",
            "--src-creds",
            &creds,
            &image,
            &target,
        ],
    )
    .await;
    let pull = started.elapsed();
    let index: Value = serde_json::from_slice(&std::fs::read(pulled.join("index.json")).unwrap()).unwrap();
    assert_eq!(index["manifests"][0]["digest"], inspected["Digest"]);
    let rate = |took: std::time::Duration| 200.0 / took.as_secs_f64();
    println!("skopeo, 200 MiB layer: push {:.0} MiB/s, pull {:.0} MiB/s (client included)", rate(push), rate(pull));

    // A copy within the registry mounts: no bytes travel.
    f.create("team/copy").await;
    let copy = format!("docker://{}/team/copy:v1", f.host());
    let started = Instant::now();
    let both = ["--src-tls-verify=false", "--dest-tls-verify=false", "--src-creds", &creds, "--dest-creds", &creds];
    run("skopeo", &[&["--insecure-policy", "copy"], &both[..], &[&image, &copy]].concat()).await;
    println!("skopeo, copy to another repository: {} ms", started.elapsed().as_millis());
    run("skopeo", &["delete", "--tls-verify=false", "--creds", &creds, &copy]).await;
    let left = f.call("ListImages", json!({ "repositoryName": "team/copy" })).await.unwrap();
    assert_eq!(left["imageIds"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn immutable_tags_hold_against_skopeo() {
    if !installed("immutable_tags_hold_against_skopeo", "skopeo") {
        return;
    }
    let f = Fixture::new().await;
    f.call("CreateRepository", json!({ "repositoryName": "app", "imageTagMutability": "IMMUTABLE" })).await.unwrap();
    let creds = format!("AWS:{}", f.password().await);
    let image = format!("docker://{}/app:v1", f.host());
    let push = async |ballast: usize| {
        let dir = tempfile::tempdir().unwrap();
        let source = format!("oci-archive:{}", oci_archive(dir.path(), ballast).await.display());
        let args = ["--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", &creds, &source, &image];
        Command::new("skopeo").args(args).kill_on_drop(true).output().await.unwrap()
    };
    assert!(push(10).await.status.success());
    let second = push(20).await;
    assert!(!second.status.success());
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(text.contains("immutable"), "{text}");
}

/// Podman and buildah keep a store of their own; here it is one that goes with the test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn podman_and_buildah_push() {
    for program in ["podman", "buildah"] {
        if !installed("podman_and_buildah_push", program) {
            continue;
        }
        let f = Fixture::new().await;
        f.create("app").await;
        let archive = oci_archive(f.dir.path(), 100_000).await;
        let (root, runroot) = (f.dir.path().join("storage"), f.dir.path().join("run"));
        let own = ["--root", root.to_str().unwrap(), "--runroot", runroot.to_str().unwrap(), "--storage-driver", "vfs"];
        let source = format!("oci-archive:{}", archive.display());
        let creds = format!("AWS:{}", f.password().await);
        let id = run(program, &[&own[..], &["pull", "-q", &source]].concat()).await;
        let target = format!("docker://{}/app:{program}", f.host());
        let push = ["push", "--tls-verify=false", "--creds", &creds, id.trim(), &target];
        run(program, &[&own[..], &push[..]].concat()).await;
        let ids = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": program }] });
        f.call("DescribeImages", ids).await.unwrap();
        run(program, &[&own[..], &["rmi", "-a", "-f"]].concat()).await;
    }
}
