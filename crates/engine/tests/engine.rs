//! The engine as a host uses it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests: a panic is how they fail")]

use std::sync::Arc;

use tenure::tenure_core::grant::{Enforcement, Outcome};
use tenure::tenure_core::limits::CLOCK_TOLERANCE;
use tenure::tenure_core::record::Entry;
use tenure::tenure_policy::document::Format;
use tenure::{
    Actor, Approve, Code, Deny, Done, EffectId, Engine, Error, Extend, Failed, Fault, GiveBack, GrantId,
    List, ManualClock, MemoryStore, Person, Policy, Publish, Request, RequestKit, ResourceId, Revoke,
    RevokeAll, Span, StageName, Store, StoreFault, Take, Timestamp, Withdraw, compile,
};

const POLICY: &str = "
version: 1
flows:
  - id: prod-db
    title: Debug production databases
    who: {any: [group:sre]}
    what: [{integration: prod-pg, permissions: [read, write]}, {integration: prod-k8s, permissions: [admin]}]
    duration: {default: 1h, max: 4h}
    start: {ahead: 1d}
    approval: {decide_within: 30m, steps: [{approvers: [group:db-owners]}]}
    extension: {times: 2, span: {default: 30m, max: 1h}}
  - id: logs
    who: {any: [everyone]}
    what: [{integration: logs, permissions: [read]}]
    duration: {max: 10m}
    approval: automatic
kits:
  - id: incident
    items:
      - {flow: logs, integration: logs, type: stream, name: orders, permission: read}
      - {flow: prod-db, integration: prod-pg, type: database, name: orders, permission: read}
";

struct House {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    engine: Engine,
    alice: Person,
    bob: Person,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(nine()));
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        let engine = Engine::over(store.clone());
        engine.publish(&policy(POLICY), Person::new("admin".parse().unwrap()), nine()).unwrap();
        Self { clock, store, engine, alice: person("alice", "sre"), bob: person("bob", "db-owners") }
    }

    /// So many minutes after nine, on the store's clock too.
    fn at(&self, minutes: u64) -> Timestamp {
        let now = nine().plus(Span::minutes(minutes));
        self.clock.set(now);
        now
    }

    fn active(&self, grant: &str) {
        let now = self.engine.clock();
        let ask = Request::new("prod-db", &self.alice).item(orders().permission("read"));
        self.engine.request(ask.grant(grant.to_owned()), now).unwrap();
        self.engine.approve(Approve::new(grant, &self.bob), now).unwrap();
    }
}

fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn policy(text: &str) -> Policy {
    Policy::from_text(text, Format::Yaml).unwrap()
}

fn person(name: &str, group: &str) -> Person {
    let mut person = Person::new(name.parse().unwrap());
    person.groups.insert(group.to_owned());
    person
}

fn resource(integration: &str, name: &str) -> ResourceId {
    ResourceId {
        integration: integration.parse().unwrap(),
        kind: "database".to_owned(),
        name: name.to_owned(),
    }
}

fn orders() -> ResourceId {
    resource("prod-pg", "orders")
}

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> Code {
    match answer {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("it was not refused: {other:?}"),
    }
}

fn fault<T: std::fmt::Debug>(answer: Result<T, Error>) -> Fault {
    match answer {
        Err(Error::Fault(fault)) => fault,
        other => panic!("it did not fail: {other:?}"),
    }
}

#[test]
fn a_malformed_id_is_an_error_when_the_command_is_given() {
    let House { engine, alice, .. } = House::new();
    let now = nine();
    let long = "x".repeat(257);
    let faults = [
        fault(engine.request(Request::new("Prod DB", &alice), now)),
        fault(engine.request(Request::new("prod-db", &alice).grant(long.clone()), now)),
        fault(engine.approve(Approve::new("", &alice), now)),
        fault(engine.extend(Extend::new("a\nb", &alice), now)),
        fault(engine.extend(Extend::new("g1", &alice).command_id(""), now)),
        fault(engine.look(&long, now)),
        fault(engine.offer("", &alice, now)),
        fault(engine.history("")),
        fault(engine.namespace("")),
        fault(engine.take_effects("", Span::minutes(1), now)),
        fault(engine.take(&Take::new("w1", Span::minutes(1)).at(""), now)),
        fault(engine.publish_with(Publish::new(&policy(POLICY), &alice).if_revision(""), now)),
    ];
    for fault in faults {
        assert_eq!(fault.code(), "bad_id", "{fault}");
        assert!(fault.to_string().starts_with("this is no "), "{fault}");
    }
    assert!(EffectId::of("g1", "w1").is_err());
    assert!(EffectId::of("g1/one", "w1").is_err());
    assert_eq!(
        EffectId::of("a/b/3", "w1").map(|id| (id.grant.to_string(), id.number)),
        Ok(("a/b".to_owned(), 3))
    );
}

#[test]
fn r06_a_handle_for_another_namespace_sees_nothing() {
    let house = House::new();
    house.active("g1");
    let other = house.engine.namespace("globex").unwrap();
    assert!(other.look("g1", nine()).unwrap().is_none());
    assert!(other.list(&List::default(), nine()).unwrap().grants.is_empty());
    assert!(other.catalog(&house.alice, nine()).unwrap().is_empty());
    assert!(other.policy().unwrap().is_none());
    assert!(other.history("g1").unwrap().is_empty());
    assert_eq!(code(other.offer("g1", &house.alice, nine())), Code::GrantUnknown);
    assert_eq!(code(other.revoke(Revoke::new("g1", &house.bob).reason("x"), nine())), Code::GrantUnknown);
    assert!(!other.holds(&house.alice.id, &orders(), "read", nine()).unwrap().allowed);
    assert!(other.take_effects("w1", Span::minutes(1), nine()).unwrap().is_empty());
    assert!(house.engine.holds(&house.alice.id, &orders(), "read", nine()).unwrap().allowed);
}

#[test]
fn a_command_given_again_answers_what_it_answered_first() {
    let house = House::new();
    house.active("g1");
    let click = Extend::new("g1", &house.alice).command_id("click-1");
    let first = house.engine.extend(click.clone(), nine()).unwrap();
    let later = house.at(300);
    assert_eq!(house.engine.extend(click, later).unwrap(), first);
    let other = Extend::new("g1", &house.alice).span(Span::minutes(5)).command_id("click-1");
    assert_eq!(code(house.engine.extend(other, later)), Code::CommandReused);
    // Without an id every command is a new one.
    house.active("g2");
    let now = house.engine.clock();
    house.engine.extend(Extend::new("g2", &house.alice), now).unwrap();
    let view = house.engine.extend(Extend::new("g2", &house.alice), now).unwrap();
    assert_eq!(view.extensions.used, 2);
}

#[test]
fn questions_answer_the_settled_view_and_write_nothing() {
    let house = House::new();
    house.active("g1");
    let records = house.engine.records(0, 1_000).unwrap().len();
    let now = house.at(61);
    let view = house.engine.look("g1", now).unwrap().unwrap();
    assert_eq!((view.stage.as_str(), view.outcome), ("closed", Some(Outcome::Expired)));
    assert_eq!(view.closed_at, Some(nine().plus(Span::hours(1))));
    let closed = List { stage: Some(StageName::Closed), ..List::default() };
    assert_eq!(house.engine.list(&closed, now).unwrap().grants, [view]);
    let active = List { stage: Some(StageName::Active), ..List::default() };
    assert!(house.engine.list(&active, now).unwrap().grants.is_empty());
    let expired = List { outcome: Some(Outcome::Expired), ..List::default() };
    assert_eq!(house.engine.list(&expired, now).unwrap().grants.len(), 1);
    let explained = house.engine.explain(Extend::new("g1", &house.alice), now).unwrap();
    assert_eq!(explained.refused.unwrap().code, Code::GrantExpired);
    let offer = house.engine.offer("g1", &house.alice, now).unwrap();
    assert_eq!(offer.refused.unwrap().code, Code::GrantExpired);
    // A host that is far ahead is answered at the store's clock.
    house.active("g2");
    let ahead = now.plus(Span::days(1));
    assert_eq!(house.engine.look("g2", ahead).unwrap().unwrap().stage, "active");
    assert!(house.engine.holds(&house.alice.id, &orders(), "read", ahead).unwrap().allowed);
    let written = house.engine.records(0, 1_000).unwrap().len();
    assert_eq!(
        written,
        records + 3 + 4,
        "two reminders and an end of g1, the four events of g2's beginning, no more"
    );
}

#[test]
fn r45_a_host_ahead_of_its_store_writes_nothing() {
    let house = House::new();
    house.active("g1");
    let records = house.engine.records(0, 1_000).unwrap().len();
    let ahead = nine().plus(CLOCK_TOLERANCE).plus(Span::millis(1));
    let clock = Fault::Clock { ahead: CLOCK_TOLERANCE.plus(Span::millis(1)) };
    assert_eq!(fault(house.engine.extend(Extend::new("g1", &house.alice), ahead)), clock);
    assert_eq!(fault(house.engine.sweep(ahead)), clock);
    assert_eq!(fault(house.engine.take_effects("w1", Span::minutes(1), ahead)), clock);
    assert_eq!(clock.code(), "clock");
    assert_eq!(house.engine.records(0, 1_000).unwrap().len(), records);
}

#[test]
fn what_waits_under_a_flow_that_ended_is_swept_in_order_of_the_grants() {
    let house = House::new();
    for (who, grant) in [("zoe", "g1"), ("amy", "g2"), ("zoe", "g3")] {
        let soon = Request::new("prod-db", person(who, "sre")).item(orders().permission("write"));
        let soon = soon.start(nine().plus(Span::minutes(20))).grant(grant.to_owned());
        house.engine.request(soon, nine()).unwrap();
        house.engine.approve(Approve::new(grant, &house.bob), nine()).unwrap();
    }
    let ends = POLICY.replace("    title: Debug", "    until: 2026-03-02T09:10:00Z\n    title: Debug");
    house.engine.publish(&policy(&ends), Person::new("admin".parse().unwrap()), house.at(5)).unwrap();
    let written = house.engine.records(0, 1_000).unwrap().len();
    let swept = house.engine.sweep(house.at(11)).unwrap();
    assert_eq!((swept.people, swept.events), (2, 3));
    let after = house.engine.records(0, 1_000).unwrap().split_off(written);
    let grants: Vec<_> =
        after.iter().filter_map(|record| record.entry.grant()).map(GrantId::as_str).collect();
    // Each holder is settled once, when the first of their grants comes.
    assert_eq!(grants, ["g1", "g3", "g2"]);
}

#[test]
fn i11_early_late_and_repeated_sweeps_write_the_same() {
    let history = |sweeps: &[u64]| {
        let house = House::new();
        house.active("g1");
        let soon = Request::new("prod-db", &house.alice).item(orders().permission("write"));
        let soon = soon.start(nine().plus(Span::minutes(20))).grant("g2".to_owned());
        house.engine.request(soon, nine()).unwrap();
        house.engine.approve(Approve::new("g2", &house.bob), nine()).unwrap();
        let never = Request::new("prod-db", &house.alice).item(orders().permission("read"));
        house.engine.request(never.grant("g3".to_owned()), nine()).unwrap();
        for minute in sweeps {
            let now = house.at(*minute);
            house.engine.sweep(now).unwrap();
        }
        let last = house.at(200);
        house.engine.sweep(last).unwrap();
        assert_eq!(house.engine.sweep(last).unwrap(), tenure::SweepReport::default(), "nothing is left");
        let entries = |grant: &str| {
            let records = house.engine.history(grant).unwrap();
            records.iter().map(|record| record.entry.clone()).collect::<Vec<_>>()
        };
        // Ids that are made up differ from run to run; what time alone made true has none.
        let settled = |entries: Vec<Entry>| {
            let by_time = |entry: &Entry| matches!(entry, Entry::Event(event) if event.cause.is_none());
            entries.into_iter().filter(by_time).collect::<Vec<_>>()
        };
        ["g1", "g2", "g3"].map(|grant| settled(entries(grant)))
    };
    let late = history(&[]);
    assert!(late.iter().all(|entries| !entries.is_empty()));
    assert_eq!(history(&[10, 20, 20, 29, 30, 45, 55, 59, 60, 61, 80]), late);
    assert_eq!(history(&[70, 150]), late);
}

#[test]
fn effects_are_taken_carried_out_and_reported() {
    let house = House::new();
    let (engine, lease) = (&house.engine, Span::minutes(2));
    let ask = Request::new("prod-db", &house.alice).item(orders().permission("read"));
    let both = ask.item(resource("prod-k8s", "main").permission("admin")).grant("g1".to_owned());
    engine.request(both, nine()).unwrap();
    engine.approve(Approve::new("g1", &house.bob), nine()).unwrap();
    assert_eq!(engine.look("g1", nine()).unwrap().unwrap().enforcement, Enforcement::Applying);

    let k8s = engine.take(&Take::new("w1", lease).at("prod-k8s"), nine()).unwrap();
    assert_eq!(k8s.iter().map(|taken| taken.kind.as_str()).collect::<Vec<_>>(), ["provision"]);
    let rest = engine.take_effects("w2", lease, nine()).unwrap();
    let kinds: Vec<_> = rest.iter().map(|taken| taken.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "provision").count(), 1, "{kinds:?}");
    assert!(kinds.contains(&"notify:active"), "{kinds:?}");
    assert!(engine.take_effects("w3", lease, nine()).unwrap().is_empty(), "all are under lease");
    let json = serde_json::to_value(&k8s[0]).unwrap();
    assert_eq!(json["id"], format!("g1/{}", k8s[0].number));

    // Only who holds the lease may report, and only once.
    let stranger = EffectId::of(&k8s[0].id.to_string(), "w9").unwrap();
    assert_eq!(code(engine.effect_done(stranger, nine())), Code::EffectNotLeased);
    let taken = Failed::new(k8s[0].id.clone(), "the target does not answer");
    engine.effect_failed(taken, nine()).unwrap();
    for taken in rest {
        engine.effect_done(taken.id, nine()).unwrap();
    }
    assert_eq!(engine.look("g1", nine()).unwrap().unwrap().enforcement, Enforcement::Applying);
    let now = house.at(20);
    let again = engine.take_effects("w1", lease, now).unwrap();
    assert_eq!((again.len(), again[0].attempt), (1, 2));
    let view = engine.effect_done(Done::new(again[0].id.clone()), now).unwrap().unwrap();
    assert_eq!(view.enforcement, Enforcement::Applied);
    assert_eq!(code(engine.effect_done(again[0].id.clone(), now)), Code::EffectUnknown);

    engine.give_back(GiveBack::new("g1", &house.alice), now).unwrap();
    let removed = engine.take_effects("w1", lease, now).unwrap();
    let kinds: Vec<_> = removed.iter().map(|taken| taken.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "deprovision").count(), 2, "{kinds:?}");
    assert_eq!(engine.look("g1", now).unwrap().unwrap().enforcement, Enforcement::Removing);
}

#[test]
fn effects_of_many_people_are_taken_up_to_the_limit() {
    let house = House::new();
    for n in 0..150 {
        let who = person(&format!("p{n:03}"), "any");
        let ask = Request::new("logs", &who).item(resource("logs", "app").permission("read"));
        house.engine.request(ask, nine()).unwrap();
    }
    let take = Take::new("w1", Span::minutes(1)).at("logs").at_most(70);
    let first = house.engine.take(&take, nine()).unwrap();
    let second = house.engine.take(&take, nine()).unwrap();
    let third = house.engine.take(&take, nine()).unwrap();
    assert_eq!([first.len(), second.len(), third.len()], [70, 70, 10]);
    let holders = first.iter().chain(&second).chain(&third).map(|taken| taken.holder.clone());
    assert_eq!(holders.collect::<std::collections::BTreeSet<_>>().len(), 150);
    let now = house.at(11);
    let report = house.engine.sweep(now).unwrap();
    assert_eq!(report.people, 150);
    assert!(report.events >= 150);
}

#[test]
fn whoever_asks_for_one_effect_is_not_sent_away_by_a_holder_who_has_none_left() {
    let house = House::new();
    for (who, name) in [("alice", "one"), ("alice", "two"), ("bert", "one"), ("carol", "one")] {
        let ask = Request::new("logs", person(who, "any")).item(resource("logs", name).permission("read"));
        house.engine.request(ask, nine()).unwrap();
    }
    // The second of alice's is ready too, and waits for the first.
    let take = Take::new("w1", Span::minutes(1)).at("logs").at_most(1);
    let holders = (0..4).map(|_| house.engine.take(&take, nine()).unwrap());
    let holders: Vec<Vec<String>> =
        holders.map(|taken| taken.iter().map(|effect| effect.holder.to_string()).collect()).collect();
    assert_eq!(
        holders,
        [vec!["alice".to_owned()], vec!["bert".to_owned()], vec!["carol".to_owned()], vec![]]
    );
}

#[test]
fn inbox_catalog_and_lists() {
    let house = House::new();
    let engine = &house.engine;
    for grant in ["g1", "g2", "g3"] {
        let ask = Request::new("prod-db", &house.alice).item(orders().permission("read"));
        engine.request(ask.grant(grant.to_owned()), nine()).unwrap();
    }
    let ids = |page: &tenure::Page| page.grants.iter().map(|view| view.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&engine.inbox(&house.bob, nine()).unwrap()), ["g1", "g2", "g3"]);
    assert!(engine.inbox(&house.alice, nine()).unwrap().grants.is_empty(), "nobody decides on their own");
    engine.approve(Approve::new("g1", &house.bob), nine()).unwrap();
    engine.deny(Deny::new("g2", &house.bob), nine()).unwrap();
    assert_eq!(ids(&engine.inbox(&house.bob, nine()).unwrap()), ["g3"]);
    let late = house.at(30);
    assert!(engine.inbox(&house.bob, late).unwrap().grants.is_empty(), "it is too late to decide");
    assert_eq!(code(engine.withdraw(Withdraw::new("g3", &house.alice), late)), Code::RequestClosed);

    let flows = |who: &Person| {
        let flows = engine.catalog(who, late).unwrap();
        flows.iter().map(|flow| flow.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(flows(&house.alice), ["logs", "prod-db"]);
    assert_eq!(flows(&house.bob), ["logs"]);

    let all = engine.list(&List { limit: Some(2), ..List::default() }, late).unwrap();
    assert_eq!(ids(&all), ["g1", "g2"]);
    let rest = List { after: all.next, limit: Some(2), ..List::default() };
    let rest = engine.list(&rest, late).unwrap();
    assert_eq!((ids(&rest), rest.next), (vec!["g3".to_owned()], None));
    let read = List { item: Some(orders().permission("read").item()), ..List::default() };
    assert_eq!(engine.list(&read, late).unwrap().grants.len(), 3);
    let write = List { item: Some(orders().permission("write").item()), ..List::default() };
    assert!(engine.list(&write, late).unwrap().grants.is_empty());
}

#[test]
fn a_policy_is_replaced_only_by_who_knows_it() {
    let house = House::new();
    let admin = Actor::System("host".parse().unwrap());
    let before = house.engine.policy().unwrap().unwrap().revision.clone();
    let next = policy(&POLICY.replace("max: 4h", "max: 2h"));
    let stale = Publish::new(&next, &admin).if_revision("0".repeat(64));
    assert_eq!(code(house.engine.publish_with(stale, nine())), Code::PolicyStale);
    let known = Publish::new(&next, &admin).if_revision(before.to_string());
    let revision = house.engine.publish_with(known, nine()).unwrap();
    assert_ne!(revision, before);
    assert_eq!(house.engine.policy().unwrap().unwrap().revision, revision);
    // Layout and comments are no change.
    let same = policy(&format!("# a comment\n{}", POLICY.replace("max: 4h", "max: 2h")));
    assert_eq!(house.engine.publish(&same, &admin, nine()).unwrap(), revision);
}

#[test]
fn r19_an_engine_goes_on_where_it_was_closed() {
    let house = House::new();
    house.active("g1");
    house.at(50);
    let bytes = house.store.to_bytes().unwrap();
    let store = Arc::new(MemoryStore::from_bytes(&bytes, house.clock.clone(), &compile).unwrap());
    assert_eq!(store.to_bytes().unwrap(), bytes, "opened and closed, it is the same");
    let engine = Engine::over(store.clone());
    let now = store.clock();
    let verdict = engine.holds(&house.alice.id, &orders(), "read", now).unwrap();
    assert_eq!(verdict.until, Some(nine().plus(Span::hours(1))));
    assert_eq!(engine.history("g1").unwrap(), house.engine.history("g1").unwrap());
    let view = engine.extend(Extend::new("g1", &house.alice), now).unwrap();
    assert_eq!(view.ends_at, Some(nine().plus(Span::minutes(90))));

    let text = String::from_utf8(bytes).unwrap();
    for (damaged, part) in [
        (text.replacen(r#"\"requested\""#, r#"\"activated\""#, 1), "line"),
        (text.replacen("activated", "requested", 1), ""),
        (text.lines().filter(|line| !line.contains(r#"\"approved\""#)).collect::<Vec<_>>().join("\n"), ""),
        (text.replacen("\"version\\\":1", "\"version\\\":7", 1), "line"),
        (text[..text.len() / 2].to_owned(), "line"),
    ] {
        let opened = MemoryStore::from_bytes(damaged.as_bytes(), house.clock.clone(), &compile);
        let Err(StoreFault::Broken(why)) = opened else { panic!("{damaged}") };
        assert!(why.contains(part), "{why}");
    }
}

#[test]
fn many_grants_end_at_one_instant_and_are_swept_batch_by_batch() {
    let house = House::new();
    let logs = resource("logs", "syslog");
    let people: Vec<Person> = (0..150).map(|number| person(&format!("p{number:03}"), "dev")).collect();
    for who in &people {
        let ask = Request::new("logs", who).item(logs.permission("read")).grant(format!("of-{}", who.id));
        house.engine.request(ask, nine()).unwrap();
    }
    house.active("g1");
    assert_eq!(
        code(house.engine.revoke_all(RevokeAll::flow("logs", &people[0]).reason("x"), nine())),
        Code::ActorNotAllowed
    );
    let host = Actor::System("security".parse().unwrap());
    let now = house.at(5);
    assert_eq!(code(house.engine.revoke_all(RevokeAll::flow("logs", &host), now)), Code::ReasonMissing);
    let all = RevokeAll::flow("logs", &host).reason("a leak").command_id("leak");
    let found = house.engine.revoke_all(all.clone(), now).unwrap();
    assert_eq!((found.revoked.len(), found.not_allowed.len()), (150, 0));
    // Whether or not it was written of each: none of them is active.
    for who in &people {
        assert!(!house.engine.holds(&who.id, &logs, "read", now).unwrap().allowed, "{}", who.id);
    }
    let active = List { stage: Some(StageName::Active), ..List::default() };
    let active = house.engine.list(&active, now).unwrap();
    assert_eq!(active.grants.iter().map(|view| view.id.as_str()).collect::<Vec<_>>(), ["g1"]);
    let report = house.engine.sweep(house.at(9)).unwrap();
    assert_eq!(report.people, 50, "the first hundred were closed at once");
    let closed = house.engine.look("of-p149", house.at(9)).unwrap().unwrap();
    assert_eq!((closed.outcome, closed.closed_at), (Some(Outcome::Revoked), Some(now)));
    assert_eq!(house.engine.sweep(house.at(9)).unwrap().events, 0);
    assert_eq!(house.engine.revoke_all(all, house.at(9)).unwrap(), found, "the same command again");
}

#[test]
fn each_reach_of_a_revocation_is_named_in_its_own_way() {
    let item = orders().permission("read").item();
    let host = Actor::System("security".parse().unwrap());
    let each = || {
        [
            RevokeAll::person("alice", &host),
            RevokeAll::flow("prod-db", &host),
            RevokeAll::integration("prod-pg", &host),
            RevokeAll::item(item.clone(), &host),
        ]
    };
    for revoke in each() {
        let house = House::new();
        house.active("g1");
        let found = house.engine.revoke_all(revoke.reason("over"), nine()).unwrap();
        assert_eq!(found.revoked.first().map(GrantId::as_str), Some("g1"));
        for revoke in each() {
            let revoke = revoke.reason("over");
            assert_eq!(code(house.engine.revoke_all(revoke, nine())), Code::GrantUnknown);
        }
    }
    let house = House::new();
    for bad in [
        RevokeAll::person("", &host),
        RevokeAll::flow("Not A Flow", &host),
        RevokeAll::integration("", &host),
    ] {
        let fault = fault(house.engine.revoke_all(bad.reason("over"), nine()));
        assert!(matches!(fault, Fault::BadId { .. }), "{fault:?}");
    }
}

#[test]
fn a_kit_is_one_request_and_one_grant_a_flow() {
    let house = House::new();
    let ask = || RequestKit::new("incident", &house.alice).grant("g1").command_id("click").reason("INC-7");
    let grants = house.engine.request_kit(ask(), nine()).unwrap();
    let seen: Vec<(&str, &str)> = grants.iter().map(|view| (view.id.as_str(), &*view.stage)).collect();
    assert_eq!(seen, [("g1.logs", "active"), ("g1.prod-db", "pending")]);
    let later = house.at(5);
    assert_eq!(
        house.engine.request_kit(ask().resources([]), later).unwrap(),
        grants,
        "the same answer again"
    );
    house.engine.approve(Approve::new("g1.prod-db", &house.bob), later).unwrap();
    let refused = |ask: RequestKit| code(house.engine.request_kit(ask, later));
    assert_eq!(refused(ask().span(Span::minutes(1))), Code::CommandReused);
    assert_eq!(refused(RequestKit::new("nothing", &house.alice)), Code::FlowUnknown);
    let stranger = person("sue", "sales");
    assert_eq!(refused(RequestKit::new("incident", &stranger)), Code::PersonNotEligible);
    let list = List { holder: Some("sue".parse().unwrap()), ..List::default() };
    assert!(house.engine.list(&list, later).unwrap().grants.is_empty(), "all or none");
}
