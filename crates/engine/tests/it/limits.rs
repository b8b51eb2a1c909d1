//! Limits that the kernel keeps, and what happens at them.

use std::time::Duration;

use crate::rig::{self, Rig, run};

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_runs_out_is_told_as_oom() {
    if !rig::able("memory_that_runs_out_is_told_as_oom") {
        return;
    }
    let rig = Rig::new().await;
    let mut config = rig.config("s");
    config.memory_bytes = Some(48 << 20);
    let sandbox = rig.engine.create_sandbox(config).await.unwrap();
    // At the container's own limit.
    let mut c = rig.container("own", "");
    c.args = ["sh", "-c", "exec tail /dev/zero"].map(str::to_owned).to_vec();
    c.memory_limit = Some(16 << 20);
    let (exit, ..) = run(&sandbox, c).await;
    assert_eq!((exit.code, exit.oom), (137, true), "{exit:?}");
    // At the sandbox's, with a sibling that is not to blame.
    sandbox.create_container(rig.container("quiet", "sleep 1000")).await.unwrap();
    sandbox.start("quiet").await.unwrap();
    let (exit, ..) = run(&sandbox, rig.container("greedy", "exec tail /dev/zero")).await;
    assert_eq!((exit.code, exit.oom), (137, true), "{exit:?}");
    // Killed by hand is not out of memory.
    sandbox.kill("quiet", libc::SIGKILL).await.unwrap();
    let exit = sandbox.wait("quiet").await.unwrap();
    assert_eq!((exit.code, exit.oom), (137, false), "{exit:?}");
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_and_processors_are_limited() {
    if !rig::able("processes_and_processors_are_limited") {
        return;
    }
    let rig = Rig::new().await;
    let mut config = rig.config("s");
    config.cpu_quota = Some(256);
    config.pids_limit = Some(40);
    let sandbox = rig.engine.create_sandbox(config).await.unwrap();
    let fork = |n: u32| format!("i=0; while [ $i -lt {n} ]; do sleep 20 & i=$((i+1)); done; echo done; sleep 20");
    for (name, own) in [("own", Some(20)), ("whole", None)] {
        let mut c = rig.container(name, &fork(60));
        c.pids_limit = own;
        let (exit, out, err) = run(&sandbox, c).await;
        assert!(exit.code != 0 && out.is_empty() && err.contains("can't fork"), "{exit:?} {err}");
    }
    let mut c = rig.container("c", &fork(10));
    c.cpu_shares = Some(128);
    sandbox.create_container(c).await.unwrap();
    sandbox.start("c").await.unwrap();
    tokio::time::sleep(Duration::from_millis(800)).await;
    let stats = sandbox.stats(Some("c")).await.unwrap();
    assert!(stats.pids > 2 && stats.pids <= 20, "{stats:?}");
    assert!(stats.cpu_ns > 0 && stats.memory_bytes > 0, "{stats:?}");
    let all = sandbox.stats(None).await.unwrap();
    assert!(all.pids >= stats.pids);
    let quotas: Vec<String> = rig
        .cgroups()
        .iter()
        .filter_map(|dir| {
            std::fs::read_to_string(dir.join("cpu.cfs_quota_us"))
                .or_else(|_| std::fs::read_to_string(dir.join("cpu.max")))
                .ok()
        })
        .collect();
    assert!(!quotas.is_empty() && quotas.iter().all(|q| q.starts_with("25000")), "{quotas:?}");
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

/// Another mount of the same control groups, as a chroot or a container of somebody else's has.
struct Elsewhere(std::ffi::CString);

impl Elsewhere {
    fn mount(dir: &std::path::Path) -> Self {
        std::fs::create_dir_all(dir).unwrap();
        let target = std::ffi::CString::new(dir.to_str().unwrap()).unwrap();
        // SAFETY: NUL-terminated strings.
        let ret = unsafe {
            libc::mount(
                c"/sys/fs/cgroup/pids".as_ptr(),
                target.as_ptr(),
                std::ptr::null(),
                libc::MS_BIND,
                std::ptr::null(),
            )
        };
        assert_eq!(ret, 0, "{}", std::io::Error::last_os_error());
        Self(target)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // SAFETY: a NUL-terminated string.
        unsafe { libc::umount2(self.0.as_ptr(), libc::MNT_DETACH) };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_where_control_groups_are_mounted_twice() {
    let test = "limits_hold_where_control_groups_are_mounted_twice";
    if !rig::able(test) {
        return;
    }
    if !std::path::Path::new("/sys/fs/cgroup/pids/cgroup.procs").exists() {
        eprintln!("SKIP {test}: control groups of version 1 are not mounted here");
        return;
    }
    let rig = Rig::new().await;
    // Before the shim is started, and after.
    let before = Elsewhere::mount(&rig.tmp.path().join("a/sys/fs/cgroup/pids"));
    let sandbox = rig.sandbox("s").await;
    let after = Elsewhere::mount(&rig.tmp.path().join("b/sys/fs/cgroup/pids"));
    for name in ["c", "d"] {
        sandbox.create_container(rig.container(name, "sleep 1000")).await.unwrap();
        let pid = sandbox.start(name).await.unwrap().pid;
        let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
        for controller in ["pids", "memory", "cpu"] {
            let line =
                groups.lines().find(|l| l.split(':').nth(1).is_some_and(|c| c.split(',').any(|c| c == controller)));
            let want = format!("/gantry-{}/s/{name}", rig.instance);
            assert!(line.unwrap().ends_with(&want), "{groups}");
        }
    }
    drop((before, after));
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}
