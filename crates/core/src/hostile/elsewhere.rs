//! Public bugs of other systems, by the number of their row: what holds here, and which line is the guard.

use super::*;
use crate::command::{Approve, DecideExtension};
use crate::flow::beside::{Beside, Guard, Require};
use crate::flow::{Activation, BreakGlass, Parts};
use crate::grant::Waiting;
use crate::limits::{ERROR_CHARS_MAX, OPEN_GRANTS_PER_PERSON_MAX, SILENT_WORKERS_MAX};
use crate::machine;
use crate::person::{Fact, Person};
use crate::query;
use crate::refusal::Code;
use crate::time::Span;

/// Everybody who is alice, or who asked for her, and could decide by the groups they are in.
fn parties() -> Vec<(&'static str, Person)> {
    let boss = |id: &str| member(id, &["boss"]);
    let behind = |id: &str, human: &str| Person { acts_for: Some(person_id(human)), ..boss(id) };
    let known_as = |id: &str, alias: &str| Person { aliases: [person_id(alias)].into(), ..boss(id) };
    vec![
        ("the holder", boss("alice")),
        ("the holder in capitals", boss("ALICE")),
        ("an alias of the holder", boss("alice@corp")),
        ("whoever has the holder as alias", known_as("al", "alice")),
        ("the holder's bot", behind("ci", "alice")),
        ("the human behind the holder", boss("anna")),
        ("another bot of that human", behind("deploy", "ANNA")),
        ("the requester", boss("desk")),
        ("the requester's bot", behind("desk-bot", "desk")),
    ]
}

/// A flow under which bosses decide on all there is to decide, and a desk asks for others.
fn decided_by_bosses() -> Parts {
    let mut parts = parts("f");
    parts.requesters.others = selectors(&["group:desk"]);
    rule(&mut parts).approval = extension_by(&["group:boss"]);
    parts
}

/// The desk asks for alice, who is a workload of anna's with a mail address.
fn asked_for_alice() -> Tenant {
    let mut tenant = Tenant::new([decided_by_bosses()]);
    let mut holder = member("alice", &["sre", "boss"]);
    holder.aliases = [person_id("alice@corp")].into();
    holder.acts_for = Some(person_id("anna"));
    let ask = Request { holder: Some(holder), ..asking("f", "x", &["pg/a/read"], 60) };
    tenant.asks(&member("desk", &["desk", "boss"]), ask);
    tenant
}

fn awaits(tenant: &Tenant, person: &Person) -> bool {
    let id = grant_id("x");
    let world = tenant.world(|world| query::needs_grant(&id, world));
    query::awaits(&world, &id, person, tenant.clock).unwrap()
}

// guard: `lifecycle/ballot.rs`, not_of
// guard: `lifecycle/approve.rs`, the check `approval.own`
// guard: `lifecycle/deny.rs`, the check `approval.own`
#[test]
fn r09_nobody_decides_on_their_own_request_by_any_door() {
    for (who, person) in parties() {
        let mut tenant = asked_for_alice();
        for verb in [Verb::Approve(approve("x")), Verb::Deny(deny("x"))] {
            assert_eq!(tenant.code(&person, verb.clone()), Some(Code::ApprovalOwn), "{}: {who}", verb.name());
        }
        assert!(!awaits(&tenant, &person), "it is in no inbox of theirs: {who}");
        assert!(awaits(&tenant, &bob()));
        assert_eq!(tenant.code(&bob(), Verb::Approve(approve("x"))), None);
    }
}

// guard: `lifecycle/decide_extension.rs`, the check `approval.own` of an approval
// guard: `lifecycle/decide_extension.rs`, the check `approval.own` of a denial
// guard: `lifecycle/ballot.rs`, whoever asked for the extension
#[test]
fn r09_nobody_decides_on_their_own_extension_by_any_door() {
    let mut others = decided_by_bosses();
    rule(&mut others).others = selectors(&["group:command"]);
    for (who, person) in parties().into_iter().chain([("who asked for it", member("commander", &["boss"]))]) {
        let mut tenant = asked_for_alice();
        tenant.publish([others.clone()]);
        tenant.ask(&bob(), Verb::Approve(approve("x"))).unwrap();
        let today = member("alice", &["sre"]);
        let asks = Extend { holder: Some(today), ..by_minutes("x", 10) };
        tenant.ask(&member("commander", &["command"]), Verb::Extend(asks)).unwrap();
        for verb in [Verb::ApproveExtension(decide("x")), Verb::DenyExtension(decide("x"))] {
            assert_eq!(tenant.code(&person, verb.clone()), Some(Code::ApprovalOwn), "{}: {who}", verb.name());
        }
        assert!(!awaits(&tenant, &person), "it is in no inbox of theirs: {who}");
        let decides = DecideExtension { reason: Some("fine".to_owned()), ..decide("x") };
        assert_eq!(tenant.code(&bob(), Verb::ApproveExtension(decides)), None);
    }
}

// guard: `lifecycle/review.rs`, the check `approval.own`
#[test]
fn r09_nobody_looks_at_their_own_emergency_by_any_door() {
    let mut parts = decided_by_bosses();
    parts.break_glass = Some(BreakGlass { review_by: selectors(&["group:boss"]), ..glass() });
    let mut holder = member("alice", &["oncall", "boss"]);
    holder.aliases = [person_id("alice@corp")].into();
    holder.acts_for = Some(person_id("anna"));
    for (who, person) in parties().into_iter().filter(|(who, _)| !who.contains("requester")) {
        let mut tenant = Tenant::new([parts.clone()]);
        tenant.asks(&holder, emergency("f", "x", &["pg/a/read"]));
        assert_eq!(tenant.code(&person, review("x")), Some(Code::ApprovalOwn), "{who}");
        assert!(tenant.grant("x").awaits_review());
        assert_eq!(tenant.code(&bob(), review("x")), None);
    }
}

// guard: `person.rs`, Person::names
#[test]
fn r26_what_a_host_says_of_people_is_in_no_event() {
    const SECRET: &str = "s3cr3t";
    let known = |id: &str, groups: &[&str]| {
        let mut person = member(id, groups);
        person.groups.insert(SECRET.to_owned());
        person.roles.insert(SECRET.to_owned());
        person.attributes.insert("token".to_owned(), Fact::Text(SECRET.to_owned()));
        person.authenticated.as_mut().unwrap().methods.insert(SECRET.to_owned());
        person
    };
    let (alice, bob) = (known("alice", &["sre"]), known("bob", &["boss"]));
    let mut tenant = Tenant::new([decided_by_bosses()]);
    let mut given = 0;
    let mut gives = |tenant: &mut Tenant, person: &Person, verb: Verb| {
        given += 1;
        let mut command = command(&format!("c{given}"), &by(person), verb);
        command.context.insert("password".to_owned(), Fact::Text(SECRET.to_owned()));
        tenant.give(&command, tenant.clock).unwrap().unwrap();
    };
    let today = Approve { holder: Some(alice.clone()), ..approve("x") };
    gives(&mut tenant, &alice, Verb::Request(Box::new(asking("f", "x", &["pg/a/read"], 60))));
    gives(&mut tenant, &bob, Verb::Approve(today));
    gives(&mut tenant, &alice, Verb::Extend(by_minutes("x", 10)));
    gives(&mut tenant, &bob, Verb::ApproveExtension(decide("x")));
    tenant.deliver("alice");
    gives(&mut tenant, &alice, give_back("x"));
    tenant.deliver("alice");
    assert!(tenant.history("x").len() > 10, "{:?}", tenant.history("x"));
    for event in &tenant.events {
        let text = serde_json::to_string(event).unwrap();
        assert!(!text.contains(SECRET), "{text}");
    }
    let state = serde_json::to_string(tenant.grant("x")).unwrap();
    assert!(!state.contains(SECRET), "{state}");
}

/// So many open grants of alice's, as many as there may be.
fn as_many_as_there_may_be() -> Tenant {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
    let first = tenant.grant("x").clone();
    for number in 1..OPEN_GRANTS_PER_PERSON_MAX {
        let mut other = first.clone();
        let origin = std::sync::Arc::make_mut(&mut other.origin);
        origin.id = grant_id(&format!("x{number:04}"));
        tenant.grants.insert(origin.id.clone(), std::sync::Arc::new(other));
    }
    tenant
}

// guard: `lifecycle/request.rs`, size
#[test]
fn r28_one_person_holds_so_many_grants_and_no_more() {
    let mut tenant = as_many_as_there_may_be();
    let one_more = || Verb::Request(Box::new(asking("f", "y", &["pg/b/read"], 60)));
    assert_eq!(tenant.code(&alice(), one_more()), Some(Code::RequestTooLarge));
    tenant.ask(&alice(), give_back("x")).unwrap();
    assert_eq!(tenant.code(&alice(), one_more()), None, "what is over counts no more");
}

// guard: `lifecycle/verdict.rs`, workers that are remembered
// guard: `lifecycle/verdict.rs`, words that are kept
#[test]
fn r28_a_grant_is_as_large_as_it_is_however_long_its_target_is_sick() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 240));
    for number in 0..4 * SILENT_WORKERS_MAX {
        let (person, worker) = (person_id("alice"), worker(&format!("w{number:02}")));
        let take = crate::command::TakeEffect::new(person, worker, crate::limits::LEASE_MIN);
        while tenant.system(Verb::TakeEffect(take.clone())).unwrap().handed.is_some() {}
        tenant.later(Span::seconds(1));
    }
    let silent: Vec<usize> = tenant
        .grant("x")
        .targets
        .values()
        .flat_map(|target| target.unanswered.values().map(Vec::len))
        .collect();
    assert!(silent.iter().all(|silent| *silent <= SILENT_WORKERS_MAX), "{silent:?}");
    let handed = std::iter::from_fn(|| tenant.take("alice")).find(|handed| handed.kind == "provision");
    let error = "x".repeat(100 * ERROR_CHARS_MAX);
    let missed = crate::command::EffectFailed { error, ..failed("x", handed.unwrap().number) };
    let answer = tenant.system(Verb::EffectFailed(missed)).unwrap();
    assert!(serde_json::to_string(&answer.events).unwrap().len() < 2 * ERROR_CHARS_MAX);
}

// guard: `lifecycle/eligible.rs`, what cannot be evaluated
#[test]
fn r30_a_condition_that_cannot_be_told_is_a_no() {
    let mut parts = automatic("f");
    parts.when = vec![named(cannot_tell())];
    let mut tenant = Tenant::new([parts]);
    let ask = Verb::Request(Box::new(asking("f", "x", &["pg/a/read"], 60)));
    assert_eq!(tenant.code(&alice(), ask), Some(Code::ConditionFailed));
    assert!(tenant.grants.is_empty());
}

// guard: `lifecycle/settle.rs`, the earliest first
#[test]
fn r46_grants_of_one_person_are_settled_in_the_order_of_their_ends() {
    for (short, long) in [("x", "y"), ("y", "x")] {
        let mut tenant = Tenant::new([automatic("f")]);
        tenant.asks(&alice(), asking("f", short, &["pg/a/read"], 30));
        tenant.asks(&alice(), asking("f", long, &["pg/a/read"], 60));
        tenant.deliver("alice");
        // Nobody sweeps until both are over.
        tenant.at(90).system(settle("alice")).unwrap();
        let ended: Vec<_> = tenant.events.iter().filter(|event| event.happened.closes().is_some()).collect();
        assert_eq!(
            ended.iter().map(|event| (event.grant.as_str(), event.at)).collect::<Vec<_>>(),
            [(short, at(30)), (long, at(60))]
        );
        assert_eq!(effects(&[ended[0].clone()])[0], "adjust", "it stayed for the longer one");
        assert_eq!(effects(&[ended[1].clone()])[0], "deprovision", "and went with it");
        assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
    }
}

// guard: `machine.rs`, what was not loaded
#[test]
fn r30_a_store_that_loads_too_little_gets_no_yes() {
    let mut parts = automatic("f");
    parts.limits.open_total = Some(1);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&member("carol", &["sre"]), asking("f", "x", &["pg/a/read"], 60));
    let asks = command("c", &by(&alice()), Verb::Request(Box::new(asking("f", "y", &["pg/b/read"], 60))));
    let mut world = tenant.world(|world| machine::needs(&asks, world));
    let others = crate::world::Read::OpenIn(flow_id("f"));
    assert!(world.read.remove(&others));
    world.grants.clear();
    let came = machine::apply(&world, &asks, at(0));
    assert_eq!(came.unwrap_err(), machine::Fault::NotLoaded(vec![others]));
}

// guard: `lifecycle/extend.rs`, the check `guard.unmet`
#[test]
fn r41_a_guard_binds_what_runs_already() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
    let max = Require { max: Some(mins(90)), ..Require::default() };
    let guards = vec![Guard { require: max, ..guard("production", "pg") }];
    tenant.publish_beside([automatic("f")], Beside { guards, ..Beside::default() });
    let longer = Verb::Extend(by_minutes("x", 31));
    assert_eq!(tenant.code(&alice(), longer), Some(Code::GuardUnmet));
    assert_eq!(tenant.code(&alice(), Verb::Extend(by_minutes("x", 30))), None);
    let guards = vec![guard("production", "pg")];
    tenant.publish_beside([automatic("f")], Beside { guards, ..Beside::default() });
    let by_nobody = Verb::Extend(by_minutes("x", 5));
    assert_eq!(tenant.code(&alice(), by_nobody), Some(Code::GuardUnmet), "people must approve now");
}

// guard: `lifecycle/activate.rs`, the check `hours.closed`
// guard: `lifecycle/open.rs`, confirmed while the hours are shut
#[test]
fn r43_whoever_begins_it_begins_it_in_open_hours() {
    let office = |activation: Activation| {
        let mut parts = automatic("f");
        (parts.activation, parts.hours) = (activation, Some(open_daily(9, 17)));
        let mut tenant = Tenant::new([parts]);
        tenant.at(7 * 60 + 50);
        tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
        tenant
    };
    let mut tenant = office(Activation::ByHolder);
    assert_eq!(tenant.at(8 * 60).code(&alice(), activate("x")), Some(Code::HoursClosed));
    assert_eq!(tenant.holds("alice", "pg/a/read"), None);
    assert_eq!(tenant.at(24 * 60).code(&alice(), activate("x")), None);
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(25 * 60)));
    let mut tenant = office(Activation::OnConfirmation);
    tenant.at(8 * 60).deliver("alice");
    assert_eq!(tenant.look("x").waiting_for, Some(Waiting::Hours), "confirmed, and not begun");
    assert_eq!(tenant.holds("alice", "pg/a/read"), None);
    assert_eq!(tenant.at(24 * 60).holds("alice", "pg/a/read"), Some(at(25 * 60)));
}
