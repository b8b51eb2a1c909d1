//! `cargo xtask tidy`: the house's rules that no compiler knows (DESIGN, "The house").

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// Longest hand-written file, in lines.
const MAX_LINES: usize = 800;

/// Layer of each crate; arrows point to lower layers only.
const LAYERS: &[(u8, &[&str])] = &[
    (0, &["base", "iam", "sigv4", "advisory", "inventory"]),
    (1, &["store", "blobs", "registry", "aws-wire", "engine", "net", "upstream"]),
    (2, &["aws-api", "agent-api"]),
    (
        3,
        &[
            "identity",
            "ecr",
            "ecs",
            "fargate",
            "ec2",
            "logs",
            "secrets",
            "pullthrough",
            "billing",
            "agent",
            "scanner",
            "replicator",
        ],
    ),
    (4, &["gantry"]),
];

/// Arrows inside a layer that the design allows: `base` is everybody's; the registry stands on store and blobs;
/// whoever speaks to a registry elsewhere does it by `upstream`.
const WITHIN: &[(&str, &str)] = &[
    ("iam", "base"),
    ("sigv4", "base"),
    ("advisory", "base"),
    ("registry", "store"),
    ("registry", "blobs"),
    ("engine", "upstream"),
    ("registry", "upstream"),
];

pub fn run(root: &Path) -> Result<()> {
    let mut faults = layers(root)?;
    faults.extend(files(root)?);
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{} faults:\n  {}", faults.len(), faults.join("\n  "));
}

fn layers(root: &Path) -> Result<Vec<String>> {
    let out =
        Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root).output()?;
    ensure!(out.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&out.stderr));
    let metadata: Value = serde_json::from_slice(&out.stdout)?;
    let layer: BTreeMap<&str, u8> =
        LAYERS.iter().flat_map(|(layer, names)| names.iter().map(|name| (*name, *layer))).collect();
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().context("packages")? {
        let name = short(package["name"].as_str().context("a name")?);
        if name == "xtask" || name == "bench" {
            continue;
        }
        let Some(&from) = layer.get(name) else {
            faults.push(format!("{name} is in no layer; give it one in xtask/src/tidy.rs and in ARCHITECTURE.md"));
            continue;
        };
        for dependency in package["dependencies"].as_array().context("dependencies")? {
            // Tests may look down and sideways: a suite drives the real thing.
            if dependency["kind"] == "dev" {
                continue;
            }
            let to = short(dependency["name"].as_str().context("a name")?);
            let Some(&below) = layer.get(to).filter(|_| dependency["path"].is_string()) else { continue };
            if below > from || (below == from && !WITHIN.contains(&(name, to))) {
                faults.push(format!("{name} (L{from}) must not depend on {to} (L{below})"));
            }
        }
    }
    Ok(faults)
}

fn short(package: &str) -> &str {
    package.strip_prefix("gantry-").unwrap_or(package)
}

fn files(root: &Path) -> Result<Vec<String>> {
    let out = Command::new("git").args(["ls-files", "*.rs"]).current_dir(root).output()?;
    ensure!(out.status.success(), "git ls-files failed");
    let mut faults = Vec::new();
    for name in String::from_utf8(out.stdout)?.lines().filter(|name| !name.contains("/generated/")) {
        let Ok(text) = std::fs::read_to_string(root.join(name)) else { continue };
        let lines = text.lines().count();
        if lines > MAX_LINES {
            faults.push(format!("{name} has {lines} lines, more than {MAX_LINES}: it is asking to be several files"));
        }
        let is_root = name.ends_with("src/lib.rs") || name.ends_with("src/main.rs");
        if is_root && !text.starts_with("//!") {
            faults.push(format!("{name} does not begin by saying what it is for (//!)"));
        }
    }
    Ok(faults)
}
