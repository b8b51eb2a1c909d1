//! Several kinds of policy together: resource policies, boundaries, session and service control policies.

use std::sync::Arc;

use gantry_iam::Outcome::{self, Allowed, ExplicitDeny, ImplicitDeny};
use gantry_iam::{Context, Policy, PolicyKind, PolicySet, Principal, PrincipalKind, Request, Source, evaluate};

use crate::support::page::{BOUNDARY, CROSS, NOT_PRINCIPAL, PRINCIPAL, SAME_ACCOUNT, SCP, SESSION, TRUST};
use crate::support::{ACCOUNT, ALICE, CLUSTER, OTHER, alice, parse};

const YES: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
const NO: &str = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;
const ELSE: &str = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
const ROLE: &str = "arn:aws:iam::123456789012:role/path/task";
const SESSION_ARN: &str = "arn:aws:sts::123456789012:assumed-role/task/s1";

#[derive(Clone)]
struct Case {
    page: &'static str,
    name: &'static str,
    principal: Principal,
    identity: Option<&'static str>,
    boundary: Option<&'static str>,
    session: Option<&'static str>,
    levels: Vec<&'static str>,
    resource: Option<String>,
    owner: Option<&'static str>,
    required: bool,
    outcome: Outcome,
}

fn case(page: &'static str, name: &'static str, outcome: Outcome) -> Case {
    Case {
        page,
        name,
        principal: alice(),
        identity: None,
        boundary: None,
        session: None,
        levels: Vec::new(),
        resource: None,
        owner: None,
        required: false,
        outcome,
    }
}

impl Case {
    fn by(mut self, principal: Principal) -> Self {
        self.principal = principal;
        self
    }
    fn identity(mut self, statements: &'static str) -> Self {
        self.identity = Some(statements);
        self
    }
    fn boundary(mut self, statements: &'static str) -> Self {
        self.boundary = Some(statements);
        self
    }
    fn session(mut self, statements: &'static str) -> Self {
        self.session = Some(statements);
        self
    }
    fn level(mut self, statements: &'static str) -> Self {
        self.levels.push(statements);
        self
    }
    /// A resource policy of one statement: effect, `Principal` or `NotPrincipal`, its value.
    fn resource(mut self, effect: &str, element: &str, value: &str) -> Self {
        self.resource = Some(format!(r#"{{"Effect":"{effect}","{element}":{value},"Action":"*"}}"#));
        self
    }
    fn grants(self, principal: &str) -> Self {
        self.resource("Allow", "Principal", &format!(r#"{{"AWS":"{principal}"}}"#))
    }
    fn of_other_account(mut self) -> Self {
        self.owner = Some(OTHER);
        self
    }
    fn required(mut self) -> Self {
        self.required = true;
        self
    }

    fn check(&self) {
        let read = |text: &str, kind| parse("2012-10-17", text, kind);
        let identity: Vec<Arc<Policy>> = self.identity.iter().map(|text| read(text, PolicyKind::Identity)).collect();
        let boundary = self.boundary.map(|text| read(text, PolicyKind::Identity));
        let session: Option<Vec<_>> = self.session.map(|text| vec![read(text, PolicyKind::Identity)]);
        let levels: Vec<Vec<_>> = self.levels.iter().map(|text| vec![read(text, PolicyKind::ServiceControl)]).collect();
        let resource = self.resource.as_ref().map(|text| read(text, PolicyKind::Resource));
        let set = PolicySet {
            identity: &identity,
            boundary: boundary.as_deref(),
            session: session.as_deref(),
            service_control: &levels,
            resource: resource.as_deref(),
        };
        let request = Request {
            principal: &self.principal,
            action: "ecs:RunTask",
            resource: CLUSTER,
            context: &Context::new(),
            resource_account: self.owner,
            resource_policy_required: self.required,
        };
        assert_eq!(evaluate(&request, &set).outcome, self.outcome, "{}: {}", self.page, self.name);
    }
}

fn session() -> Principal {
    Principal::assumed_role(SESSION_ARN, ACCOUNT, ROLE)
}

fn federated() -> Principal {
    Principal {
        arn: "arn:aws:sts::123456789012:federated-user/alice".into(),
        account: ACCOUNT.into(),
        kind: PrincipalKind::FederatedUser { user_arn: ALICE.into() },
        unique_id: None,
    }
}

fn resource_cases() -> Vec<Case> {
    let c = case;
    vec![
        c(SAME_ACCOUNT, "identity alone", Allowed).identity(YES),
        c(SAME_ACCOUNT, "neither", ImplicitDeny).identity(ELSE),
        c(SAME_ACCOUNT, "resource alone, the user's ARN", Allowed).grants(ALICE),
        c(SAME_ACCOUNT, "resource alone, another user", ImplicitDeny).grants("arn:aws:iam::123456789012:user/bob"),
        c(PRINCIPAL, "resource alone, the account, only delegates", ImplicitDeny).grants("arn:aws:iam::123456789012:root"),
        c(PRINCIPAL, "the account as digits, only delegates", ImplicitDeny).grants(ACCOUNT),
        c(PRINCIPAL, "the account and identity", Allowed).grants(ACCOUNT).identity(YES),
        c(PRINCIPAL, "everybody", Allowed).resource("Allow", "Principal", r#""*""#),
        c(PRINCIPAL, "everybody, as AWS", Allowed).grants("*"),
        c(PRINCIPAL, "everybody, anonymous too", Allowed).resource("Allow", "Principal", r#""*""#).by(Principal::anonymous()),
        c(PRINCIPAL, "anonymous is not of the account", ImplicitDeny).grants(ACCOUNT).by(Principal::anonymous()),
        c(PRINCIPAL, "anonymous has no policies", ImplicitDeny).identity(YES).by(Principal::anonymous()),
        c(PRINCIPAL, "a session by its role", Allowed).grants(ROLE).by(session()),
        c(PRINCIPAL, "a session by its own ARN", Allowed).grants(SESSION_ARN).by(session()),
        c(PRINCIPAL, "another session of the role", ImplicitDeny)
            .grants("arn:aws:sts::123456789012:assumed-role/task/s2").by(session()),
        c(PRINCIPAL, "a role without its path is another role", ImplicitDeny)
            .grants("arn:aws:iam::123456789012:role/task").by(session()),
        c(PRINCIPAL, "a service", Allowed)
            .resource("Allow", "Principal", r#"{"Service":"ecs-tasks.amazonaws.com"}"#)
            .by(Principal::service("ecs-tasks.amazonaws.com")),
        c(PRINCIPAL, "another service", ImplicitDeny)
            .resource("Allow", "Principal", r#"{"Service":["ecs.amazonaws.com","ec2.amazonaws.com"]}"#)
            .by(Principal::service("ecs-tasks.amazonaws.com")),
        c(PRINCIPAL, "a service is no user", ImplicitDeny).resource("Allow", "Principal", r#"{"Service":"ecs.amazonaws.com"}"#),
        c(PRINCIPAL, "a canonical user is nobody here", ImplicitDeny).resource("Allow", "Principal", r#"{"CanonicalUser":"79a5"}"#),
        c(PRINCIPAL, "a user by unique id", Allowed).grants("AIDACKCEVSQ6C2EXAMPLE")
            .by(Principal { unique_id: Some("AIDACKCEVSQ6C2EXAMPLE".into()), ..alice() }),
        c(PRINCIPAL, "a deny of the account is of all in it", ExplicitDeny)
            .identity(YES).resource("Deny", "Principal", r#"{"AWS":"123456789012"}"#),
        c(PRINCIPAL, "a deny of the role is of its sessions", ExplicitDeny)
            .identity(YES).resource("Deny", "Principal", r#"{"AWS":"arn:aws:iam::123456789012:role/path/task"}"#).by(session()),
        c(PRINCIPAL, "a deny of another", Allowed)
            .identity(YES).resource("Deny", "Principal", r#"{"AWS":"arn:aws:iam::123456789012:user/bob"}"#),
        c(SAME_ACCOUNT, "identity denies what the resource allows", ExplicitDeny).identity(NO).grants(ALICE),
        c(SAME_ACCOUNT, "the root user needs no policy", Allowed).by(Principal::root(ACCOUNT)),
        c(SAME_ACCOUNT, "the root user and a resource's deny", ExplicitDeny)
            .resource("Deny", "Principal", r#""*""#).by(Principal::root(ACCOUNT)),
        c(NOT_PRINCIPAL, "deny all but the user, the account listed too", Allowed).identity(YES)
            .resource("Deny", "NotPrincipal", r#"{"AWS":["arn:aws:iam::123456789012:user/alice","arn:aws:iam::123456789012:root"]}"#),
        c(NOT_PRINCIPAL, "deny all but the user, the account forgotten", ExplicitDeny).identity(YES)
            .resource("Deny", "NotPrincipal", r#"{"AWS":"arn:aws:iam::123456789012:user/alice"}"#),
        c(NOT_PRINCIPAL, "deny all but another", ExplicitDeny).identity(YES)
            .resource("Deny", "NotPrincipal", r#"{"AWS":["arn:aws:iam::123456789012:user/bob","123456789012"]}"#),
        c(NOT_PRINCIPAL, "deny all but session, role and account", Allowed).identity(YES).by(session())
            .resource("Deny", "NotPrincipal", r#"{"AWS":["arn:aws:sts::123456789012:assumed-role/task/s1","arn:aws:iam::123456789012:role/path/task","123456789012"]}"#),
        c(NOT_PRINCIPAL, "deny all but role and account: the session is not listed", ExplicitDeny).identity(YES).by(session())
            .resource("Deny", "NotPrincipal", r#"{"AWS":["arn:aws:iam::123456789012:role/path/task","123456789012"]}"#),
        c(TRUST, "trust the account: identity needed", ImplicitDeny).grants(ACCOUNT).required(),
        c(TRUST, "trust the account, identity allows", Allowed).grants(ACCOUNT).identity(YES).required(),
        c(TRUST, "trust the user: enough", Allowed).grants(ALICE).required(),
        c(TRUST, "no trust: identity is not enough", ImplicitDeny).identity(YES).required(),
        c(TRUST, "trust of somebody else", ImplicitDeny).identity(YES).grants("arn:aws:iam::123456789012:user/bob").required(),
    ]
}

fn limit_cases() -> Vec<Case> {
    let c = case;
    vec![
        c(BOUNDARY, "both allow", Allowed).identity(YES).boundary(YES),
        c(BOUNDARY, "a boundary grants nothing", ImplicitDeny).boundary(YES),
        c(BOUNDARY, "a boundary withholds", ImplicitDeny).identity(YES).boundary(ELSE),
        c(BOUNDARY, "a boundary denies", ExplicitDeny).identity(YES).boundary(NO),
        c(BOUNDARY, "a resource's grant to the user goes past it", Allowed).boundary(ELSE).grants(ALICE),
        c(BOUNDARY, "but not past its deny", ExplicitDeny).boundary(NO).grants(ALICE),
        c(BOUNDARY, "a resource's grant to the role stays within it", ImplicitDeny)
            .boundary(ELSE)
            .grants(ROLE)
            .by(session()),
        c(BOUNDARY, "a resource's grant to the session goes past it", Allowed)
            .boundary(ELSE)
            .grants(SESSION_ARN)
            .by(session()),
        c(BOUNDARY, "a grant to everybody stays within it", ImplicitDeny).boundary(ELSE).grants("*"),
        c(SESSION, "both allow", Allowed).identity(YES).session(YES).by(session()),
        c(SESSION, "a session policy grants nothing", ImplicitDeny).session(YES).by(session()),
        c(SESSION, "a session policy withholds", ImplicitDeny).identity(YES).session(ELSE).by(session()),
        c(SESSION, "a session policy denies", ExplicitDeny).identity(YES).session(NO).by(session()),
        c(SESSION, "a grant to the role stays within it", ImplicitDeny).session(ELSE).grants(ROLE).by(session()),
        c(SESSION, "a grant to the session goes past it", Allowed).session(ELSE).grants(SESSION_ARN).by(session()),
        c(SESSION, "with a boundary: all three", Allowed).identity(YES).boundary(YES).session(YES).by(session()),
        c(SESSION, "with a boundary that withholds", ImplicitDeny)
            .identity(YES)
            .boundary(ELSE)
            .session(YES)
            .by(session()),
        c(SESSION, "a federated user by its user's grant stays within it", ImplicitDeny)
            .session(ELSE)
            .grants(ALICE)
            .by(federated()),
        c(SESSION, "a federated user by its own ARN", Allowed)
            .session(ELSE)
            .grants("arn:aws:sts::123456789012:federated-user/alice")
            .by(federated()),
        c(SCP, "every level allows", Allowed).identity(YES).level(YES).level(YES),
        c(SCP, "a level withholds", ImplicitDeny).identity(YES).level(YES).level(ELSE),
        c(SCP, "a level denies", ExplicitDeny).identity(YES).level(NO).level(YES),
        c(SCP, "grants nothing", ImplicitDeny).level(YES),
        c(SCP, "binds the root user", ImplicitDeny).level(ELSE).by(Principal::root(ACCOUNT)),
        c(SCP, "binds what a resource grants", ImplicitDeny).level(ELSE).grants(ALICE),
        c(SCP, "does not bind services", Allowed)
            .level(ELSE)
            .resource("Allow", "Principal", r#"{"Service":"ecs.amazonaws.com"}"#)
            .by(Principal::service("ecs.amazonaws.com")),
        c(CROSS, "both sides allow", Allowed).identity(YES).grants(ALICE).of_other_account(),
        c(CROSS, "identity alone", ImplicitDeny).identity(YES).of_other_account(),
        c(CROSS, "resource alone", ImplicitDeny).grants(ALICE).of_other_account(),
        c(CROSS, "the caller's account is enough for the resource's side", Allowed)
            .identity(YES)
            .grants(ACCOUNT)
            .of_other_account(),
        c(CROSS, "the owner's account is not the caller's", ImplicitDeny)
            .identity(YES)
            .grants(OTHER)
            .of_other_account(),
        c(CROSS, "a boundary withholds", ImplicitDeny).identity(YES).boundary(ELSE).grants(ALICE).of_other_account(),
        c(CROSS, "a grant to the session does not go past session policies", ImplicitDeny)
            .identity(YES)
            .session(ELSE)
            .grants(SESSION_ARN)
            .by(session())
            .of_other_account(),
        c(CROSS, "the root user needs the resource's side", ImplicitDeny)
            .by(Principal::root(ACCOUNT))
            .of_other_account(),
        c(CROSS, "the root user with it", Allowed).grants(ACCOUNT).by(Principal::root(ACCOUNT)).of_other_account(),
    ]
}

pub fn count() -> usize {
    resource_cases().len() + limit_cases().len()
}

#[test]
fn policies_combine_as_documented() {
    for case in resource_cases().into_iter().chain(limit_cases()) {
        case.check();
    }
}

#[test]
fn messages_are_as_aws_words_them() {
    let message = |set: &PolicySet<'_>| {
        let (principal, context) = (alice(), Context::new());
        let request = crate::support::request(&principal, "ecs:RunTask", CLUSTER, &context);
        evaluate(&request, set).message(ALICE, "ecs:RunTask", CLUSTER)
    };
    let head = format!("User: {ALICE} is not authorized to perform: ecs:RunTask on resource: {CLUSTER} ");
    let (yes, no) = (crate::support::policy(YES), crate::support::policy(NO));
    let allow = [yes.clone()];
    let deny = [no.clone()];
    let elsewhere = [crate::support::policy(ELSE)];
    for (set, tail) in [
        (PolicySet::default(), "because no identity-based policy allows the ecs:RunTask action"),
        (PolicySet { identity: &deny, ..PolicySet::default() }, "with an explicit deny in an identity-based policy"),
        (
            PolicySet { identity: &allow, boundary: Some(&elsewhere[0]), ..PolicySet::default() },
            "because no permissions boundary allows the ecs:RunTask action",
        ),
        (
            PolicySet { identity: &allow, boundary: Some(&no), ..PolicySet::default() },
            "with an explicit deny in a permissions boundary",
        ),
        (
            PolicySet { identity: &allow, session: Some(&elsewhere), ..PolicySet::default() },
            "because no session policy allows the ecs:RunTask action",
        ),
        (
            PolicySet { identity: &allow, service_control: &[elsewhere.to_vec()], ..PolicySet::default() },
            "because no service control policy allows the ecs:RunTask action",
        ),
    ] {
        assert_eq!(message(&set), format!("{head}{tail}"));
    }
    assert_eq!(Source::Resource.wording(), "resource-based policy");
}
