//! The server goes away, the shim goes away, many come at once: containers and truth stay.

use std::time::{Duration, Instant};

use gantry_engine::{ContainerPhase, Engine, LogMode};

use crate::rig::{self, Rig, open, run};

/// Pretends the server was killed: the connection drops without a word, nothing is cleaned.
async fn reopen(rig: &Rig) -> Engine {
    open(&rig.tmp.path().join("data"), &rig.instance).await
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_outlive_the_server() {
    if !rig::able("containers_outlive_the_server") {
        return;
    }
    let rig = Rig::new().await;
    {
        let sandbox = rig.sandbox("s").await;
        sandbox.create_container(rig.container("going", "while true; do date; sleep 0.05; done")).await.unwrap();
        sandbox.start("going").await.unwrap();
        sandbox.create_container(rig.container("ended", "echo last words; exit 9")).await.unwrap();
        sandbox.start("ended").await.unwrap();
        sandbox.wait("ended").await.unwrap();
        sandbox.create_container(rig.container("ending", "sleep 0.4; exit 4")).await.unwrap();
        sandbox.start("ending").await.unwrap();
        let pid = sandbox.container_status("going").unwrap().pid;
        assert!(pid > 1);
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    let engine = reopen(&rig).await;
    let mut found = engine.recover().await.unwrap();
    assert_eq!(found.len(), 1);
    let sandbox = found.remove(0);
    assert_eq!(sandbox.id(), "s");
    let phase = |name: &str| sandbox.container_status(name).unwrap().phase;
    assert_eq!(
        (phase("going"), phase("ended"), phase("ending")),
        (ContainerPhase::Running, ContainerPhase::Exited, ContainerPhase::Exited)
    );
    assert_eq!(sandbox.wait("ended").await.unwrap().code, 9);
    assert_eq!(sandbox.wait("ending").await.unwrap().code, 4);
    assert_eq!(rig::read_all(&sandbox, "ended").await.0, "last words\n");
    sandbox.kill("going", libc::SIGKILL).await.unwrap();
    assert_eq!(sandbox.wait("going").await.unwrap().code, 137);
    assert!(rig::read_all(&sandbox, "going").await.0.lines().count() > 5);
    sandbox.destroy().await.unwrap();
    engine.close().await;
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_shim_takes_its_containers_along_and_says_so() {
    if !rig::able("a_killed_shim_takes_its_containers_along_and_says_so") {
        return;
    }
    let rig = Rig::new().await;
    let mut pids = Vec::new();
    for (id, recovered) in [("live", false), ("found", true)] {
        let mut sandbox = rig.sandbox(id).await;
        sandbox.create_container(rig.container("c", "echo hello; sleep 1000 & sleep 1000")).await.unwrap();
        pids.push(sandbox.start("c").await.unwrap().pid);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let dir = sandbox.dir().to_owned();
        let shim: i32 = serde_json::from_slice::<serde_json::Value>(&std::fs::read(dir.join("state.json")).unwrap())
            .unwrap()["shim_pid"]
            .as_i64()
            .unwrap() as i32;
        // SAFETY: a process this test started.
        unsafe { libc::kill(shim, libc::SIGKILL) };
        if recovered {
            drop(sandbox);
            tokio::time::sleep(Duration::from_millis(300)).await;
            let engine = reopen(&rig).await;
            sandbox = engine.recover().await.unwrap().remove(0);
            engine.close().await;
        }
        let exit = tokio::time::timeout(Duration::from_secs(5), sandbox.wait("c")).await.unwrap().unwrap();
        assert_eq!(exit.code, 137);
        assert!(exit.reason.as_deref().is_some_and(|r| r.contains("shim")), "{exit:?}");
        assert!(sandbox.gone().is_some());
        assert_eq!(rig::read_all(&sandbox, "c").await.0, "hello\n", "{id}");
        sandbox.destroy().await.unwrap();
    }
    for pid in pids {
        assert!(!std::path::Path::new(&format!("/proc/{pid}/root")).exists(), "{pid} lives");
    }
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_is_lost() {
    if !rig::able("no_line_is_lost") {
        return;
    }
    const LINES: u64 = 700_000;
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    let script = format!("seq 1 {LINES}");
    sandbox.create_container(rig.container("c", &format!("{script}; printf end"))).await.unwrap();
    sandbox.start("c").await.unwrap();
    let mut next = 1u64;
    let mut from = Some(0);
    let mut handle = sandbox;
    let mut engine = None;
    loop {
        let mut reader = handle.logs("c", from).unwrap();
        let mut done = false;
        loop {
            let batch = reader.next_batch(10_000).await.unwrap();
            let Some(last) = batch.last() else {
                done = true;
                break;
            };
            for record in &batch {
                let text = String::from_utf8_lossy(&record.bytes);
                if text == "end" {
                    assert_eq!(next, LINES + 1);
                } else {
                    assert_eq!(text, next.to_string());
                    next += 1;
                }
            }
            handle.ack_log("c", last.next_offset).await.unwrap();
            from = None;
            if engine.is_none() && next > LINES / 3 {
                break;
            }
        }
        if done {
            break;
        }
        // In the middle of it the server is replaced.
        drop(handle);
        let fresh = reopen(&rig).await;
        handle = fresh.recover().await.unwrap().remove(0);
        engine = Some(fresh);
    }
    assert_eq!(next, LINES + 1);
    assert_eq!(handle.wait("c").await.unwrap().code, 0);
    let segments = std::fs::read_dir(handle.dir().join("containers/c/logs")).unwrap().count();
    assert_eq!(segments, 1, "acknowledged segments are freed");
    handle.destroy().await.unwrap();
    if let Some(engine) = engine {
        engine.close().await;
    }
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_megabytes_flow_under_pressure() {
    if !rig::able("fifty_megabytes_flow_under_pressure") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    // 100 MB of frames at most 64 MB of which may wait: the container has to be held back.
    sandbox
        .create_container(
            rig.container("c", "yes 0123456789012345678901234567890123456789012345678 | head -c 50000000"),
        )
        .await
        .unwrap();
    sandbox.start("c").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut reader = sandbox.logs("c", None).unwrap();
    let (mut lines, mut bytes) = (0u64, 0u64);
    loop {
        let batch = reader.next_batch(50_000).await.unwrap();
        let Some(last) = batch.last() else { break };
        lines += batch.len() as u64;
        bytes += batch.iter().map(|r| r.bytes.len() as u64 + 1).sum::<u64>();
        sandbox.ack_log("c", last.next_offset).await.unwrap();
    }
    assert_eq!((lines, bytes), (1_000_000, 50_000_000));
    let mut c = rig.container("lossy", "yes 0123456789 | head -c 3000000; echo");
    c.log = LogMode::NonBlocking { max_buffer: 100_000 };
    let (exit, out, _) = run(&sandbox, c).await;
    assert_eq!(exit.code, 0);
    assert!(out.len() < 100_000, "{}", out.len());
    let mut c = rig.container("long", "head -c 40000 /dev/zero; printf 'no newline'");
    c.log = LogMode::Blocking;
    sandbox.create_container(c).await.unwrap();
    sandbox.start("long").await.unwrap();
    let mut reader = sandbox.logs("long", None).unwrap();
    let mut shape = Vec::new();
    while let Some(r) = reader.next().await.unwrap() {
        shape.push((r.bytes.len(), r.partial));
    }
    assert_eq!(shape, [(16384, true), (16384, true), (7242, false)]);
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once() {
    if !rig::able("fifty_at_once") {
        return;
    }
    let rig = Rig::new().await;
    let begun = Instant::now();
    let all = (0..50).map(|i| {
        let rig = &rig;
        async move {
            let sandbox = rig.sandbox(&format!("s{i}")).await;
            let (exit, out, _) = run(&sandbox, rig.container("c", &format!("echo {i}; exit {i}"))).await;
            assert_eq!((exit.code, out), (i, format!("{i}\n")));
            sandbox.destroy().await.unwrap();
        }
    });
    futures_util::future::join_all(all).await;
    eprintln!("50 sandboxes made, run and destroyed in {:?}", begun.elapsed());
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_start_takes() {
    if !rig::able("how_long_a_start_takes") {
        return;
    }
    let rig = Rig::new().await;
    let mut times = Vec::new();
    for i in 0..10 {
        let config = rig.config(&format!("s{i}"));
        tokio::time::sleep(Duration::from_millis(150)).await;
        let begun = Instant::now();
        let sandbox = rig.engine.create_sandbox(config).await.unwrap();
        let made = begun.elapsed();
        sandbox.create_container(rig.container("c", "sleep 100")).await.unwrap();
        let created = begun.elapsed();
        sandbox.start("c").await.unwrap();
        times.push((begun.elapsed(), made, created));
        if i == 0 {
            let state = std::fs::read(sandbox.dir().join("state.json")).unwrap();
            let pid = serde_json::from_slice::<serde_json::Value>(&state).unwrap()["shim_pid"].clone();
            let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
            let line = |key: &str| rollup.lines().find(|l| l.starts_with(key)).unwrap_or_default().to_owned();
            eprintln!("the shim with one container: {}; {}; {}", line("Rss:"), line("Pss:"), line("Private_Dirty:"));
        }
        sandbox.destroy().await.unwrap();
    }
    times.sort_unstable();
    eprintln!("sandbox + create + start (of it: sandbox, + create), median: {:?}", times[times.len() / 2]);
    rig.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_cannot_be_made_out_is_cleared_away() {
    if !rig::able("a_sandbox_that_cannot_be_made_out_is_cleared_away") {
        return;
    }
    let rig = Rig::new().await;
    // As after a power cut while the record was written.
    let torn = rig.tmp.path().join("data/sandboxes/torn");
    std::fs::create_dir_all(torn.join("containers/c/upper")).unwrap();
    std::fs::write(torn.join("config.json"), "").unwrap();
    // One whose shim lives is not touched, whatever its record says.
    let sandbox = rig.sandbox("alive").await;
    sandbox.create_container(rig.container("c", "sleep 1000")).await.unwrap();
    sandbox.start("c").await.unwrap();
    let record = rig.tmp.path().join("data/sandboxes/alive/config.json");
    let good = std::fs::read(&record).unwrap();
    std::fs::write(&record, "").unwrap();
    let engine = reopen(&rig).await;
    assert!(engine.recover().await.unwrap().is_empty());
    assert!(!torn.exists());
    assert_eq!(sandbox.container_status("c").unwrap().phase, ContainerPhase::Running);
    std::fs::write(&record, good).unwrap();
    sandbox.destroy().await.unwrap();
    engine.close().await;
    rig.assert_clean().await;
}
