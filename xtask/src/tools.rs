//! What the tests need from Debian and PyPI, put into `target/tools` and nowhere else.
//!
//! A package that the machine already has is used as it is. The others are downloaded with what they
//! depend on, unpacked (not installed), and reached through small wrapper scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Program to look for on `PATH`, the Debian package that has it, and where it lies in the package.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("skopeo", "skopeo", "usr/bin/skopeo"),
    ("etcd", "etcd-server", "usr/bin/etcd"),
    ("busybox", "busybox-static", "bin/busybox"),
    ("curl", "curl", "usr/bin/curl"),
    ("docker-registry", "docker-registry", "usr/bin/docker-registry"),
    ("wrk", "wrk", "usr/bin/wrk"),
];

/// Python packages of the virtual environment; pinned, so that a red test means that we changed.
const PYTHON: &[&str] = &["awscli==1.46.3", "boto3==1.44.5", "moto[server]==5.2.5", "pytest==8.4.2"];

/// Debian's AWS CLI is version 2, which alone has `aws logs tail`.
const AWS_V2: (&str, &str) = ("awscli", "usr/bin/aws");

pub struct Tools {
    /// Folders to put before `PATH`.
    pub path: Vec<PathBuf>,
    pub python: PathBuf,
    /// AWS CLI version 2, if it could be had.
    pub aws_v2: Option<PathBuf>,
}

impl Tools {
    /// `PATH` with the tools first.
    pub fn search_path(&self) -> Result<std::ffi::OsString> {
        let old = std::env::var_os("PATH").unwrap_or_default();
        let all = self.path.iter().cloned().chain(std::env::split_paths(&old));
        std::env::join_paths(all).context("join PATH")
    }
}

pub fn install(root: &Path) -> Result<Tools> {
    let tools = root.join("target/tools");
    let (bin, debian) = (tools.join("bin"), tools.join("debian"));
    fs::create_dir_all(&bin)?;
    let missing: Vec<_> =
        PROGRAMS.iter().filter(|(name, ..)| on_path(name).is_none() && !bin.join(name).exists()).collect();
    let v2 = Path::new("/").join(AWS_V2.1);
    let v2_here = v2.exists() && is_v2(&v2);
    let mut packages: Vec<&str> = missing.iter().map(|(_, package, _)| *package).collect();
    if !v2_here && !bin.join("aws2").exists() {
        packages.push(AWS_V2.0);
    }
    if !packages.is_empty() {
        println!("tools: fetching {} from Debian", packages.join(", "));
        unpack_packages(&packages, &tools, &debian)?;
        for (name, _, inside) in missing {
            wrapper(&bin.join(name), &debian, inside)?;
        }
        if packages.contains(&AWS_V2.0) {
            python_wrapper(&bin.join("aws2"), &debian, AWS_V2.1)?;
        }
    }
    let venv = virtual_environment(&tools)?;
    let aws_v2 = if v2_here { Some(v2) } else { Some(bin.join("aws2")).filter(|p| p.exists()) };
    Ok(Tools { path: vec![venv.join("bin"), bin], python: venv.join("bin/python"), aws_v2 })
}

pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn is_v2(aws: &Path) -> bool {
    let out = Command::new(aws).arg("--version").env_remove("PYTHONPATH").output();
    out.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).starts_with("aws-cli/2"))
}

fn unpack_packages(packages: &[&str], tools: &Path, debian: &Path) -> Result<()> {
    let archives = tools.join("archives");
    fs::create_dir_all(archives.join("partial"))?;
    fs::create_dir_all(debian)?;
    // On a new machine the lists are empty, and nothing can be found before this.
    let _ = run(Command::new("apt-get").args(["-qq", "update"]));
    let cache = format!("Dir::Cache::archives={}", archives.display());
    run(Command::new("apt-get")
        .args(["-qq", "install", "-y", "--no-install-recommends", "--download-only", "-o", &cache])
        .args(["-o", "APT::Sandbox::User=root", "-o", "DPkg::Lock::Timeout=120"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive"))
    .with_context(|| format!("download {} (needs root and Debian's package lists)", packages.join(", ")))?;
    for entry in fs::read_dir(&archives)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(&path).arg(debian))?;
        }
    }
    Ok(())
}

const LIBRARIES: &[&str] =
    &["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib/aarch64-linux-gnu"];

fn library_path(debian: &Path) -> String {
    LIBRARIES.iter().map(|l| debian.join(l).display().to_string()).collect::<Vec<_>>().join(":")
}

fn wrapper(script: &Path, debian: &Path, inside: &str) -> Result<()> {
    let program = debian.join(inside);
    ensure!(program.exists(), "the package holds no {inside}");
    if inside.contains("busybox") {
        // Static, and it picks its applet by the name it is called by.
        fs::copy(&program, script)?;
        return Ok(());
    }
    let text = format!("#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n", library_path(debian), program.display());
    executable(script, &text)
}

fn python_wrapper(script: &Path, debian: &Path, inside: &str) -> Result<()> {
    let own = debian.join("usr/bin/python3.11");
    let python = if own.exists() { own } else { PathBuf::from("/usr/bin/python3") };
    let text = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH='{}' PYTHONPATH='{}' exec '{}' '{}' \"$@\"\n",
        library_path(debian),
        debian.join("usr/lib/python3/dist-packages").display(),
        python.display(),
        debian.join(inside).display()
    );
    executable(script, &text)
}

fn executable(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn virtual_environment(tools: &Path) -> Result<PathBuf> {
    let venv = tools.join("venv");
    let stamp = venv.join(".packages");
    let wanted = PYTHON.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|had| had == wanted) {
        return Ok(venv);
    }
    println!("tools: fetching {} from PyPI", PYTHON.join(", "));
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))
        .context("make a Python virtual environment")?;
    run(Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(PYTHON))?;
    fs::write(stamp, wanted)?;
    Ok(venv)
}

pub fn run(command: &mut Command) -> Result<()> {
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("start {}", command.get_program().display()))?;
    ensure!(status.success(), "{} failed with {status}", command.get_program().display());
    Ok(())
}
