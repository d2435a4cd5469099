use crate::command::{Command, DecideExtension, Extend, Verb};
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::approval_rule::{Decided, Order, Step};
use crate::flow::extension_rule::{DecidedBy, ExtensionApproval};
use crate::person::{Person, Record};
use crate::refusal::Code;

/// Alice's extension of `g1` awaits two steps; bob decides on the first.
struct Deciding {
    parts: Parts,
    actor: Person,
    ask: DecideExtension,
    context: Record,
    asked: bool,
    given_back: bool,
    decided: bool,
    reused: bool,
    withdrawn: bool,
    minute: u64,
}

fn by_steps(parts: &mut Parts) -> &mut Decided {
    match &mut rule(parts).approval {
        ExtensionApproval::Decided { by: DecidedBy::Steps(decided), .. } => decided,
        ExtensionApproval::Decided { by: DecidedBy::Same, .. } | ExtensionApproval::Automatic => {
            panic!("no steps decide")
        }
    }
}

fn step_of(case: &mut Deciding, number: usize) -> &mut Step {
    &mut by_steps(&mut case.parts).lists[0][number]
}

fn sound() -> Deciding {
    let mut parts = automatic("db");
    rule(&mut parts).approval = extension_by(&["group:boss"]);
    let steps = &mut by_steps(&mut parts).lists[0];
    steps.push(step("second", &["group:second"]));
    steps[0].needed = 2;
    let (actor, context, ask) = (bob(), Record::new(), decide("g1"));
    let (asked, given_back, decided, reused, withdrawn) = (true, false, false, false, false);
    Deciding { parts, actor, ask, context, asked, given_back, decided, reused, withdrawn, minute: 30 }
}

fn scene(case: &Deciding, verb: fn(DecideExtension) -> Verb) -> (Tenant, Command) {
    let mut tenant = Tenant::new([case.parts.clone()]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    if case.asked {
        tenant.at(1).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    }
    if case.decided {
        // Bob's own login and reason of that day hold whatever the rules ask.
        let mut earlier = bob();
        earlier.authenticated.as_mut().unwrap().at = at(2);
        let because = DecideExtension { reason: Some("yes".to_owned()), ..decide("g1") };
        let given = command("given", &by(&earlier), Verb::ApproveExtension(because));
        let answer = tenant.at(2).give(&given, at(2)).unwrap();
        assert!(answer.is_ok(), "{answer:?}");
    }
    if case.given_back {
        tenant.at(3).ask(&alice(), give_back("g1")).unwrap();
    }
    if case.reused {
        let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
        tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
    }
    if case.withdrawn {
        let mut today = case.parts.clone();
        today.enabled = false;
        tenant.publish([today]);
    }
    tenant.at(case.minute);
    let mut given = command("click", &by(&case.actor), verb(case.ask.clone()));
    given.context.clone_from(&case.context);
    (tenant, given)
}

struct Approving(Deciding);
struct Denying(Deciding);

impl Case for Approving {
    fn sound() -> Self {
        Self(sound())
    }

    fn scene(&self) -> (Tenant, Command) {
        scene(&self.0, Verb::ApproveExtension)
    }
}

impl Case for Denying {
    fn sound() -> Self {
        Self(sound())
    }

    fn scene(&self) -> (Tenant, Command) {
        scene(&self.0, Verb::DenyExtension)
    }
}

fn no_reason(case: &mut Deciding) {
    step_of(case, 0).reason = true;
    step_of(case, 1).reason = true;
}

fn no_login(case: &mut Deciding) {
    stale_login(case);
    case.actor.authenticated = None;
}

fn stale_login(case: &mut Deciding) {
    step_of(case, 0).mfa = Some(fresh_login());
    step_of(case, 1).mfa = Some(fresh_login());
}

/// A condition that holds until half past nine.
fn no_longer(case: &mut Deciding) {
    step_of(case, 0).when = Some(says("before half past", |facts| Ok(facts.ask.now < at(29))));
}

fn no_longer_known(case: &mut Deciding) {
    step_of(case, 0).when = Some(says("known before half past", |facts| {
        let unmet = crate::flow::condition::Unmet { message: "gone".to_owned() };
        if facts.ask.now < at(29) { Ok(true) } else { Err(unmet) }
    }));
}

const APPROVE: &[Row<Approving>] = &[
    (Code::CommandReused, |case| case.0.reused = true),
    (Code::GrantUnknown, |case| case.0.ask.grant = grant_id("nothing")),
    (Code::ApprovalOwn, |case| case.0.actor.acts_for = Some(person_id("ALICE"))),
    (Code::ApprovalNotApprover, |case| case.0.actor.groups.clear()),
    (Code::GrantNotActive, |case| case.0.given_back = true),
    (Code::GrantExpired, |case| case.0.minute = 60),
    (Code::ExtensionNotPending, |case| {
        (case.0.asked, case.0.decided) = (false, false);
    }),
    (Code::ApprovalRepeated, |case| case.0.decided = true),
    (Code::ApprovalNotAwaited, |case| {
        case.0.actor.groups = std::collections::BTreeSet::from(["second".to_owned()]);
    }),
    (Code::ApprovalStale, |case| case.0.ask.content = Some("something else".to_owned())),
    (Code::FlowWithdrawn, |case| case.0.withdrawn = true),
    (Code::RequestTooLarge, |case| case.0.context = too_many_facts()),
    (Code::ConditionUnmet, |case| no_longer(&mut case.0)),
    (Code::ConditionFailed, |case| no_longer_known(&mut case.0)),
    (Code::ReasonMissing, |case| no_reason(&mut case.0)),
    (Code::MfaMissing, |case| no_login(&mut case.0)),
    (Code::MfaStale, |case| stale_login(&mut case.0)),
];

const DENY: &[Row<Denying>] = &[
    (Code::CommandReused, |case| case.0.reused = true),
    (Code::GrantUnknown, |case| case.0.ask.grant = grant_id("nothing")),
    (Code::ApprovalOwn, |case| case.0.actor.acts_for = Some(person_id("ALICE"))),
    (Code::ApprovalNotApprover, |case| case.0.actor.groups.clear()),
    (Code::GrantNotActive, |case| case.0.given_back = true),
    (Code::GrantExpired, |case| case.0.minute = 60),
    (Code::ExtensionNotPending, |case| {
        (case.0.asked, case.0.decided) = (false, false);
    }),
    (Code::ApprovalRepeated, |case| case.0.decided = true),
    (Code::ApprovalStale, |case| case.0.ask.content = Some("something else".to_owned())),
    (Code::RequestTooLarge, |case| case.0.context = too_many_facts()),
    (Code::ConditionUnmet, |case| no_longer(&mut case.0)),
    (Code::ConditionFailed, |case| no_longer_known(&mut case.0)),
    (Code::ReasonMissing, |case| no_reason(&mut case.0)),
    (Code::MfaMissing, |case| no_login(&mut case.0)),
    (Code::MfaStale, |case| stale_login(&mut case.0)),
];

#[test]
fn an_approval_of_an_extension_is_refused_in_this_order() {
    in_order::<Approving>(APPROVE);
}

#[test]
fn a_denial_of_an_extension_is_refused_in_this_order() {
    in_order::<Denying>(DENY);
}

/// Alice's extension of `g1`, asked at ten past nine, to half past ten.
fn awaited(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = automatic("db");
    rule(&mut parts).approval = extension_by(&["group:boss"]);
    change(&mut parts);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.at(10).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    tenant
}

fn says_yes(tenant: &mut Tenant, person: &Person) -> Option<Code> {
    tenant.code(person, Verb::ApproveExtension(decide("g1")))
}

#[test]
fn the_end_becomes_the_instant_that_was_asked() {
    let mut tenant = awaited(|_| ());
    assert_eq!(says_yes(tenant.at(50), &bob()), None);
    assert_eq!(tenant.active("g1").end, at(90));
    assert_eq!(tenant.history("g1").last(), Some(&"extended"));
    assert_eq!(says_yes(&mut tenant, &bob()), Some(Code::ExtensionNotPending));
}

#[test]
fn a_denial_leaves_the_grant_as_it_is_and_frees_the_place() {
    let mut tenant = awaited(|parts| rule(parts).times = 1);
    let denied = tenant.at(20).ask(&bob(), Verb::DenyExtension(decide("g1"))).unwrap();
    assert_eq!(names(&denied.events), ["extension_denial_given", "extension_denied"]);
    assert_eq!(effects(&denied.events), ["notify:decided"]);
    assert_eq!((tenant.active("g1").end, tenant.active("g1").asked.is_none()), (at(60), true));
    assert_eq!(tenant.look("g1").extensions.left, 1);
    assert_eq!(tenant.code(&alice(), Verb::Extend(extend("g1"))), None, "it may be asked again");
}

#[test]
fn what_is_not_decided_in_time_lapses_at_its_deadline() {
    let within = |parts: &mut Parts| {
        let by = DecidedBy::Steps(decided(vec![step("boss", &["group:boss"])]));
        rule(parts).approval =
            ExtensionApproval::Decided { first: 0, bridge: None, decide_within: Some(mins(10)), by };
    };
    let mut tenant = awaited(within);
    tenant.clock = at(20).minus(MS);
    assert_eq!(says_yes(&mut tenant, &bob()), None);
    let mut tenant = awaited(within);
    assert_eq!(says_yes(tenant.at(20), &bob()), Some(Code::ExtensionNotPending));
    assert_eq!(tenant.when("g1", "extension_lapsed"), Some(at(20)));
    assert_eq!(tenant.active("g1").end, at(60));
}

#[test]
fn without_a_bridge_the_end_takes_the_pending_extension_with_it() {
    let mut tenant = awaited(|_| ());
    assert_eq!(says_yes(tenant.at(60), &bob()), Some(Code::GrantExpired));
    assert_eq!(
        tenant.history("g1")[3..],
        ["extension_asked", "reminded", "reminded", "extension_lapsed", "expired"]
    );
    assert_eq!(tenant.closed("g1").at, at(60));
}

#[test]
fn every_close_lapses_what_is_pending() {
    for (actor, verb) in [(alice(), give_back("g1")), (bob(), revoke("g1"))] {
        let mut tenant = awaited(|parts| parts.revoke_by = selectors(&["group:boss"]));
        let answer = tenant.at(20).ask(&actor, verb).unwrap();
        assert_eq!(names(&answer.events)[0], "extension_lapsed");
        assert!(tenant.grant("g1").is_closed());
    }
}

#[test]
fn a_revocation_at_the_same_instant_wins() {
    let mut tenant = awaited(|_| ());
    assert_eq!(says_yes(tenant.at(20), &bob()), None);
    tenant.system(revoke("g1")).unwrap();
    assert_eq!(tenant.closed("g1").at, at(20));
    let mut tenant = awaited(|_| ());
    tenant.at(20).system(revoke("g1")).unwrap();
    assert_eq!(says_yes(&mut tenant, &bob()), Some(Code::GrantNotActive));
}

#[test]
fn having_decided_on_the_request_does_not_bar_from_the_extension() {
    let mut parts = parts("db");
    rule(&mut parts).approval =
        ExtensionApproval::Decided { first: 0, bridge: None, decide_within: None, by: DecidedBy::Same };
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    tenant.ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    assert_eq!(says_yes(&mut tenant, &bob()), None);
}

#[test]
fn whoever_asked_for_an_extension_does_not_decide_on_it() {
    let mut tenant = Tenant::new([{
        let mut parts = automatic("db");
        rule(&mut parts).approval = extension_by(&["group:boss"]);
        rule(&mut parts).others = selectors(&["user:bob"]);
        parts
    }]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let ask = Extend { holder: Some(alice()), ..extend("g1") };
    tenant.ask(&bob(), Verb::Extend(ask)).unwrap();
    assert_eq!(says_yes(&mut tenant, &bob()), Some(Code::ApprovalOwn));
    assert_eq!(says_yes(&mut tenant, &member("carol", &["boss"])), None);
}

#[test]
fn the_steps_are_those_of_the_revision_it_was_asked_under() {
    let mut tenant = awaited(|_| ());
    let mut today = automatic("db");
    rule(&mut today).approval = extension_by(&["group:others"]);
    tenant.publish([today]);
    assert_eq!(says_yes(&mut tenant, &member("carol", &["others"])), Some(Code::ApprovalNotApprover));
    assert_eq!(says_yes(&mut tenant, &bob()), None);
    assert_eq!(says_yes(&mut tenant, &bob()), Some(Code::ApprovalNotApprover), "read from today's rules");
}

#[test]
fn steps_in_any_order_are_filled_in_any_order() {
    let mut tenant = awaited(|parts| {
        let decided = by_steps(parts);
        decided.order = Order::Any;
        decided.lists[0].push(step("second", &["group:second"]));
    });
    assert_eq!(says_yes(&mut tenant, &member("carol", &["second"])), None);
    assert_eq!(says_yes(&mut tenant, &member("dave", &["second"])), Some(Code::ApprovalNotAwaited));
    assert_eq!(tenant.active("g1").end, at(60));
    assert_eq!(says_yes(&mut tenant, &bob()), None);
    assert_eq!(tenant.active("g1").end, at(90));
}
