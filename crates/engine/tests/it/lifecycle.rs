//! From an image to an exit code.

use std::time::{Duration, Instant};

use gantry_engine::{
    BindMount, ContainerPhase, Error, ExecConfig, SandboxConfig, SandboxEvent, Tmpfs, UidRange, Ulimit,
};

use crate::rig::{self, Rig, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_runs_and_nothing_is_left() {
    if !rig::able("a_container_runs_and_nothing_is_left") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s1").await;
    let mut events = sandbox.events();
    let (exit, out, err) = run(&sandbox, rig.container("c1", "echo out; echo err >&2; exit 3")).await;
    assert_eq!((exit.code, exit.signal, exit.oom), (3, None, false), "{exit:?}");
    assert_eq!((out.as_str(), err.as_str()), ("out\n", "err\n"));
    assert!(matches!(events.next().await, Some(SandboxEvent::Started { container, .. }) if container == "c1"));
    let mut exited = false;
    while !exited {
        exited = matches!(events.next().await, Some(SandboxEvent::Exited { .. }));
    }
    let status = sandbox.container_status("c1").unwrap();
    assert_eq!(status.phase, ContainerPhase::Exited);
    sandbox.remove("c1").await.unwrap();
    assert!(sandbox.status().is_empty());
    // The name is free again, and the image's own command is what runs by default.
    let (exit, out, _) = run(&sandbox, gantry_engine::ContainerConfig::new("c1", &rig.image)).await;
    assert_eq!((exit.code, out.as_str()), (0, "hello\n"));
    sandbox.destroy().await.unwrap();
    assert!(sandbox.create_container(rig.container("late", "true")).await.is_err());
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_is_what_runs() {
    if !rig::able("what_was_asked_for_is_what_runs") {
        return;
    }
    let rig = Rig::new().await;
    for (id, userns) in [("with-userns", true), ("without", false)] {
        let mut config = rig.config(id);
        if !userns {
            config.userns = None;
        }
        config.hosts = vec![("10.1.2.3".parse().unwrap(), vec!["db".into(), "db.local".into()])];
        config.dns.nameservers = vec!["169.254.169.253".parse().unwrap()];
        config.hostname = "ip-10-0-0-1".into();
        let sandbox = rig.engine.create_sandbox(config).await.unwrap();
        let volume = sandbox.volume("data").await.unwrap();

        let mut c = rig.container(
            "all",
            "echo $A $FROM_IMAGE; id; pwd; hostname; cat /etc/resolv.conf; grep db /etc/hosts; ulimit -n; \
             touch /x 2>&1; touch /scratch/x && echo tmpfs; echo v > /data/f && echo volume; \
             touch /ro/x 2>&1; echo $HOME; grep -c . /proc/self/cgroup >/dev/null; cat /sys/fs/cgroup/memory/memory.limit_in_bytes; \
             ls /sys/class/net",
        );
        c.env = rig.image.config().config.environment(&[("A".into(), "b c".into())]);
        c.working_dir = "/made/here".into();
        c.read_only_rootfs = true;
        c.tmpfs =
            vec![Tmpfs { destination: "/scratch".into(), size_bytes: 1 << 20, options: vec!["mode=1777".into()] }];
        c.mounts = vec![
            BindMount { source: volume.clone(), destination: "/data".into(), read_only: false },
            BindMount { source: volume.clone(), destination: "/ro".into(), read_only: true },
        ];
        c.ulimits = vec![Ulimit { name: "nofile".into(), soft: 1234, hard: 2345 }];
        c.memory_limit = Some(64 << 20);
        let (exit, out, err) = run(&sandbox, c).await;
        assert_eq!(exit.code, 0, "{out}{err}");
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(
            lines,
            [
                "b c yes",
                "uid=0(root) gid=0(root) groups=0(root)",
                "/made/here",
                "ip-10-0-0-1",
                "nameserver 169.254.169.253",
                "10.1.2.3\tdb db.local",
                "1234",
                "touch: /x: Read-only file system",
                "tmpfs",
                "volume",
                "touch: /ro/x: Read-only file system",
                "/root",
                "67108864",
                "lo",
            ],
            "{id}: {err}"
        );
        let mut c = rig.container(
            "user",
            "id; echo $HOME; touch /home/f 2>&1; echo x > /dev/null && echo null; echo y > /dev/stdout",
        );
        c.user = "app".into();
        let (_, out, _) = run(&sandbox, c).await;
        assert_eq!(
            out,
            "uid=1000(app) gid=1001(app) groups=29(audio),1001(app)\n/home/app\ntouch: /home/f: Permission denied\nnull\ny\n",
            "{id}"
        );
        sandbox.destroy().await.unwrap();
    }
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_start_says_why() {
    if !rig::able("what_cannot_start_says_why") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    for (i, (args, user, want)) in [
        (vec!["/nope"], "", "exec: \"/nope\": stat /nope: no such file or directory"),
        (vec!["nope"], "", "exec: \"nope\": executable file not found in $PATH"),
        (vec!["/bin/notexec"], "", "exec: \"/bin/notexec\": permission denied"),
        (vec!["/bin"], "", "exec: \"/bin\": stat /bin: is a directory"),
        (vec!["/bin/badformat"], "", "exec /bin/badformat: exec format error"),
        (vec![], "", "no command specified"),
        (vec!["true"], "ghost", "unable to find user ghost: no matching entries in passwd file"),
        (vec!["true"], "app:ghost", "unable to find group ghost: no matching entries in group file"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut c = rig.container(&format!("c{i}"), "");
        c.args = args.into_iter().map(str::to_owned).collect();
        c.user = user.to_owned();
        let name = c.name.clone();
        let result = match sandbox.create_container(c).await {
            Ok(()) => sandbox.start(&name).await.map(drop),
            Err(e) => Err(e),
        };
        match result {
            Err(Error::CannotStart { reason, container }) => assert_eq!((reason.as_str(), container), (want, name)),
            other => panic!("{want}: {other:?}"),
        }
    }
    let mut c = rig.container("tty", "true");
    c.tty = true;
    assert!(matches!(sandbox.create_container(c).await, Err(Error::Unsupported { .. })));
    let mut c = rig.container("caps", "true");
    c.caps = vec!["EVERYTHING".into()];
    assert!(matches!(sandbox.create_container(c).await, Err(Error::Invalid { .. })));
    assert!(matches!(sandbox.start("nobody").await, Err(Error::NotFound { .. })));
    let again = rig.engine.create_sandbox(SandboxConfig::new("s", "/nonexistent")).await;
    assert!(matches!(again.map(drop), Err(Error::Exists { .. })));
    let missing = rig.engine.create_sandbox(SandboxConfig::new("s2", "/nonexistent")).await;
    let text = missing.map(drop).unwrap_err().to_string();
    assert!(text.contains("open network namespace /nonexistent: No such file"), "{text}");
    // And the sandbox still works.
    assert_eq!(run(&sandbox, rig.container("ok", "exit 0")).await.0.code, 0);
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_stop_and_kill() {
    if !rig::able("signals_stop_and_kill") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    let script = "trap 'echo bye; exit 7' TERM; echo ready; while true; do sleep 0.1; done";
    for (name, init, script, signal, code) in [
        ("polite", false, script, libc::SIGTERM, 7),
        ("with-init", true, script, libc::SIGTERM, 7),
        ("deaf", false, "trap '' TERM; sleep 1000", libc::SIGKILL, 137),
        ("init-killed", true, "sleep 1000 & wait", libc::SIGKILL, 137),
    ] {
        let mut c = rig.container(name, script);
        c.init = init;
        sandbox.create_container(c).await.unwrap();
        sandbox.start(name).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        sandbox.kill(name, signal).await.unwrap();
        let exit = tokio::time::timeout(Duration::from_secs(10), sandbox.wait(name)).await.unwrap().unwrap();
        assert_eq!((exit.code, exit.oom), (code, false), "{name}");
        assert!(matches!(sandbox.kill(name, signal).await, Err(Error::State { .. })));
    }
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_runs_inside() {
    if !rig::able("exec_runs_inside") {
        return;
    }
    let rig = Rig::new().await;
    for userns in [true, false] {
        let mut config = rig.config(if userns { "u" } else { "n" });
        config.userns = config.userns.filter(|_| userns);
        let sandbox = rig.engine.create_sandbox(config).await.unwrap();
        let mut c = rig.container("c", "echo x > /tmp/mark; sleep 1000");
        c.env.push("OWN=1".into());
        sandbox.create_container(c).await.unwrap();
        sandbox.start("c").await.unwrap();
        let sh = |script: &str| ExecConfig::new(["sh", "-c", script]);
        let done = sandbox.exec("c", sh("cat /tmp/mark; id -u; echo $OWN; echo e >&2; exit 5")).await.unwrap();
        assert_eq!((done.exit_code, done.output.as_str()), (Some(5), "x\n0\n1\ne\n"));
        // In the container's namespaces, the user's included, and behind its filter.
        let done = sandbox
            .exec("c", sh("cat /proc/self/uid_map; unshare -m true || echo denied; ls /proc | grep -c '^[0-9]'"))
            .await
            .unwrap();
        let mapped = done.output.split_whitespace().nth(1) == Some("1000000");
        assert_eq!(mapped, userns, "{}", done.output);
        assert!(done.output.contains("denied"), "{}", done.output);
        let mut slow = sh("sleep 1000");
        slow.timeout = Duration::from_millis(200);
        let begun = Instant::now();
        let done = sandbox.exec("c", slow).await.unwrap();
        assert!(done.timed_out && done.exit_code.is_none() && begun.elapsed() < Duration::from_secs(5), "{done:?}");
        let mut much = sh("yes | head -c 100000");
        much.output_limit = 1000;
        let done = sandbox.exec("c", much).await.unwrap();
        assert!(done.truncated && done.output.len() == 1000);
        let missing = sandbox.exec("c", ExecConfig::new(["/nope"])).await;
        assert!(
            matches!(missing, Err(Error::CannotStart { ref reason, .. }) if reason.contains("stat /nope")),
            "{missing:?}"
        );
        let mut as_app = sh("id -u");
        as_app.user = Some("app".into());
        assert_eq!(sandbox.exec("c", as_app).await.unwrap().output, "1000\n");
        let many = (0..10).map(|i| sandbox.exec("c", ExecConfig::new(["echo".to_owned(), i.to_string()])));
        for (i, done) in futures_util::future::join_all(many).await.into_iter().enumerate() {
            assert_eq!(done.unwrap().output, format!("{i}\n"));
        }
        sandbox.destroy().await.unwrap();
        assert!(sandbox.exec("c", sh("true")).await.is_err());
    }
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn isolation_holds() {
    if !rig::able("isolation_holds") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    sandbox
        .create_container(rig.container(
            "c",
            "mount -t tmpfs x /tmp 2>&1; unshare -m true 2>&1; umount /proc 2>&1; mknod /d b 8 0 2>&1; \
             cat /proc/kcore 2>&1 | head -c 1; ls /sys/firmware; echo 1 > /proc/sys/kernel/hostname; \
             grep -E 'Seccomp:|NoNewPrivs:|CapBnd:|CapEff:|CapInh:' /proc/self/status; ls /proc/self/fd | wc -l; sleep 1000",
        ))
        .await
        .unwrap();
    let pid = sandbox.start("c").await.unwrap().pid;
    let map = std::fs::read_to_string(format!("/proc/{pid}/uid_map")).unwrap();
    assert_eq!(map.split_whitespace().collect::<Vec<_>>(), ["0", "1000000", "65536"]);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("Uid:\t1000000\t1000000"), "{status}");
    let mut reader = sandbox.logs("c", None).unwrap();
    let mut text = String::new();
    while !text.contains("CapBnd") || text.lines().count() < 10 {
        let Ok(Ok(Some(record))) = tokio::time::timeout(Duration::from_secs(5), reader.next()).await else { break };
        text += &format!("{}\n", String::from_utf8_lossy(&record.bytes));
    }
    assert!(text.contains("mount: permission denied") || text.contains("Operation not permitted"), "{text}");
    assert!(text.contains("unshare: unshare(0x20000): Operation not permitted"), "{text}");
    assert!(text.contains("Seccomp:\t2"), "{text}");
    assert!(text.contains("CapEff:\t00000000a80425fb") && text.contains("CapBnd:\t00000000a80425fb"), "{text}");
    assert!(text.contains("CapInh:\t0000000000000000"), "{text}");
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_shared_between_id_ranges() {
    if !rig::able("layers_are_shared_between_id_ranges") {
        return;
    }
    let rig = Rig::new().await;
    let mut boxes = Vec::new();
    for (i, start) in [1_000_000u32, 2_000_000, 3_000_000].into_iter().enumerate() {
        let mut config = rig.config(&format!("s{i}"));
        config.userns = Some(UidRange { host_start: start, len: 65_536 });
        let sandbox = rig.engine.create_sandbox(config).await.unwrap();
        let (exit, out, err) = run(
            &sandbox,
            rig.container(
                "c",
                "stat -c '%u:%g' /bin/busybox; echo mine > /bin/x; cat /bin/x; stat -c %u /bin/x; ls /bin/x",
            ),
        )
        .await;
        assert_eq!((exit.code, out.as_str()), (0, "0:0\nmine\n0\n/bin/x\n"), "{err}");
        boxes.push(sandbox);
    }
    let layers = std::fs::read_dir(rig.tmp.path().join("data/layers")).unwrap().count();
    assert_eq!(layers, 1);
    for sandbox in boxes {
        sandbox.destroy().await.unwrap();
    }
    rig.assert_clean().await;
}
