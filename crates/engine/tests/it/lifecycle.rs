//! From an image to an exit code.

use crate::rig::{self, Rig, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_runs_and_nothing_is_left() {
    if !rig::able("a_container_runs_and_nothing_is_left") {
        return;
    }
    let rig = Rig::new().await;
    let sandbox = rig.sandbox("s1").await;
    let (exit, out, err) = run(&sandbox, rig.container("c1", "echo out; echo err >&2; exit 3")).await;
    assert_eq!((exit.code, exit.signal, exit.oom), (3, None, false), "{exit:?}");
    assert_eq!((out.as_str(), err.as_str()), ("out\n", "err\n"));
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}
