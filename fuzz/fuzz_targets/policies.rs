//! IAM and lifecycle policies.
#![no_main]

use gantry_iam::{Policy, PolicyKind};
use gantry_registry::LifecyclePolicy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for kind in [PolicyKind::Identity, PolicyKind::Resource] {
        let _ = Policy::parse(text, kind);
    }
    let _ = LifecyclePolicy::parse(text);
});
