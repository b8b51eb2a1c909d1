//! Images and containers that mean harm.

use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use gantry_engine::ExecConfig;

use crate::rig::{self, DirSource, OCI_TAR, Rig, TarBuilder, reference, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_gets_no_descriptor_and_no_directory_of_the_hosts() {
    if !rig::able("a_container_gets_no_descriptor_and_no_directory_of_the_hosts") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    // What `ls` itself has open is closed by the time it looks.
    let list = "ls -l /proc/self/fd 2>/dev/null | grep -- '->' ; cat /proc/self/oom_score_adj";
    for init in [false, true] {
        let mut c = rig.container(if init { "with-init" } else { "plain" }, list);
        c.init = init;
        let (_, out, err) = run(&sandbox, c).await;
        let strange: Vec<&str> =
            out.lines().filter(|l| !["null", "pipe:[", "/fd", "0"].iter().any(|k| l.contains(k))).collect();
        assert!(strange.is_empty() && out.lines().count() == 4, "{out}{err}");
        assert_eq!(out.lines().last(), Some("0"), "{out}");
    }
    sandbox.create_container(rig.container("c", "sleep 1000")).await.unwrap();
    sandbox.start("c").await.unwrap();
    let result = sandbox.exec("c", ExecConfig::new(["sh", "-c", list])).await.unwrap();
    assert_eq!(result.output.lines().count(), 4, "{}", result.output);
    // A process that is added has no claim to the shim's protection from the kernel.
    assert_eq!(result.output.lines().last(), Some("0"), "{}", result.output);
    // A working directory through a descriptor that is open only while the container is made.
    for fd in 3..24 {
        let mut c = rig.container("leak", "pwd; ls -di . /; ls ../../../../../..");
        c.working_dir = format!("/proc/self/fd/{fd}");
        if sandbox.create_container(c).await.is_ok() && sandbox.start("leak").await.is_ok() {
            sandbox.wait("leak").await.unwrap();
            let (out, err) = rig::read_all(&sandbox, "leak").await;
            panic!("started in {fd}: {out}{err}");
        }
        let _ = sandbox.remove("leak").await;
    }
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_deeper_than_a_stack_is_removed() {
    if !rig::able("a_tree_deeper_than_a_stack_is_removed") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    let volume = sandbox.volume("v").await.unwrap();
    // What a container can make in its volume by mkdir and chdir.
    let mut at: OwnedFd = fs::File::open(&volume).unwrap().into();
    for _ in 0..3_000 {
        // SAFETY: static names in an open directory; the new descriptor is owned by nobody else.
        at = unsafe {
            assert_eq!(libc::mkdirat(at.as_raw_fd(), c"d".as_ptr(), 0o755), 0);
            let fd = libc::openat(at.as_raw_fd(), c"d".as_ptr(), libc::O_DIRECTORY | libc::O_CLOEXEC);
            assert!(fd >= 0);
            OwnedFd::from_raw_fd(fd)
        };
    }
    drop(at);
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_user_of_an_image_is_the_hosts_root() {
    if !rig::able("no_user_of_an_image_is_the_hosts_root") {
        return;
    }
    let rig = Rig::new().await;
    let mut source = DirSource::new(&rig.tmp.path().join("more"));
    let mut tar = TarBuilder::default();
    tar.dir("etc").file("etc/passwd", b"root:x:0:0::/:/bin/sh\nkeep:x:4294967295:4294967295::/:/bin/sh\n");
    let (base, top) = (rig::busybox_layer(), tar.finish());
    let run_config = serde_json::json!({"Env": ["PATH=/bin"]});
    source.image("bad", &[(OCI_TAR, base.clone(), base), (OCI_TAR, top.clone(), top)], run_config);
    let image = rig.engine.pull(&reference("bad"), &source, None).await.unwrap();
    let sandbox = rig.sandbox("s").await;
    let mut c = rig.container("c", "sleep 1000");
    c.image = image;
    sandbox.create_container(c).await.unwrap();
    sandbox.start("c").await.unwrap();
    for user in ["keep", "4294967295", "0:4294967295", "70000"] {
        let mut config = ExecConfig::new(["sh", "-c", "cat /proc/self/status"]);
        config.user = Some(user.to_owned());
        let got = sandbox.exec("c", config).await;
        assert!(got.is_err(), "{user}: {got:?}");
    }
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_exec_writes_without_end_keeps_nobody_waiting() {
    if !rig::able("what_an_exec_writes_without_end_keeps_nobody_waiting") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    sandbox.create_container(rig.container("c", "sleep 1000")).await.unwrap();
    sandbox.start("c").await.unwrap();
    let mut config = ExecConfig::new(["sh", "-c", "yes & yes & yes & yes"]);
    config.timeout = std::time::Duration::from_millis(700);
    let (result, stats) = tokio::join!(sandbox.exec("c", config), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        tokio::time::timeout(std::time::Duration::from_secs(5), sandbox.stats(None)).await
    });
    let result = result.unwrap();
    assert!(result.timed_out && result.truncated && result.output.len() == 4096, "{result:?}");
    stats.expect("an answer in time").unwrap();
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}
