//! What a decision costs: a figure for people to read, not a test of time.

use std::time::Instant;

use gantry_iam::{Context, PolicySet, evaluate};

use crate::support::{ACCOUNT, alice, policy, request};

#[test]
fn a_hundred_resources() {
    if std::env::var_os("GANTRY_LONG").is_none() {
        eprintln!("SKIP a_hundred_resources: set GANTRY_LONG=1 for the figure");
        return;
    }
    let policies: Vec<_> = (0..10)
        .map(|nth| {
            policy(&format!(
                r#"[{{"Effect":"Allow","Action":["ecs:Describe*","ecs:List*"],"Resource":"arn:aws:ecs:*:{ACCOUNT}:task/c{nth}/*","Condition":{{"StringEquals":{{"aws:PrincipalTag/t":"${{aws:username}}"}}}}}},
                    {{"Effect":"Deny","Action":"ecs:Delete*","Resource":"*"}}]"#
            ))
        })
        .collect();
    let context = Context::new().with("aws:username", "alice").with("aws:PrincipalTag/t", "alice");
    let resources: Vec<String> =
        (0..100).map(|nth| format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task/c{}/{nth:032}", nth % 10)).collect();
    let (principal, set) = (alice(), PolicySet { identity: &policies, ..PolicySet::default() });
    let start = Instant::now();
    let rounds = 100;
    let mut allowed = 0;
    for resource in resources.iter().cycle().take(100 * rounds) {
        allowed +=
            usize::from(evaluate(&request(&principal, "ecs:DescribeTasks", resource, &context), &set).is_allowed());
    }
    let each = start.elapsed() / (100 * rounds as u32);
    assert_eq!(allowed, 100 * rounds);
    eprintln!("10 policies of 2 statements: {each:?} a decision");
}
