use crate::command::{Command, Extend, Reach, Request, RevokeAll, Verb};
use crate::event::{Cause, Event, Happened};
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::extension_rule::ExtensionApproval;
use crate::grant::Outcome;
use crate::id::Integration;
use crate::limits::REVOKED_AT_ONCE_MAX;
use crate::person::{Person, Record};
use crate::refusal::Code;
use crate::time::Span;
use crate::world::Found;

/// Bob, who approved alice's `g1`, revokes all that she holds.
struct Revoking {
    actor: Person,
    ask: RevokeAll,
    context: Record,
    reused: bool,
}

impl Case for Revoking {
    fn sound() -> Self {
        let ask = RevokeAll { of: of_person("alice"), reason: Some("she left".to_owned()) };
        Self { actor: bob(), ask, context: Record::new(), reused: false }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([parts("db")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        let mut given = command("click", &by(&self.actor), Verb::RevokeAll(self.ask.clone()));
        given.context.clone_from(&self.context);
        (tenant, given)
    }
}

const ROWS: &[Row<Revoking>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.of = of_person("nobody")),
    (Code::ActorNotAllowed, |case| case.actor = member("carol", &["boss"])),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
    (Code::ReasonMissing, |case| case.ask.reason = Some(" \n".to_owned())),
];

#[test]
fn a_revocation_of_many_is_refused_in_this_order() {
    in_order::<Revoking>(ROWS);
}

fn of_person(id: &str) -> Reach {
    Reach::Person(person_id(id))
}

fn of_flow(id: &str) -> Reach {
    Reach::Flow(flow_id(id))
}

fn of_integration(id: &str) -> Reach {
    Reach::Integration(Integration::new(id).unwrap())
}

fn carol() -> Person {
    member("carol", &["sre"])
}

/// Two flows, `db` and `ops`, that nobody needs to approve and that may be planned.
fn flows() -> [Parts; 2] {
    ["db", "ops"].map(|id| Parts { start_ahead: mins(240), ..automatic(id) })
}

fn asks(tenant: &mut Tenant, who: &Person, flow: &str, grant: &str, items: &[&str], span: u64) {
    tenant.asks(who, Request { span: Some(mins(span)), ..request(flow, grant, items) });
}

/// As many grants under that flow, of as many people, as are closed at once, named so that they come first.
fn crowd(tenant: &mut Tenant, flow: &str, prefix: &str) {
    for number in 0..REVOKED_AT_ONCE_MAX {
        let who = member(&format!("{prefix}{number:03}"), &["sre"]);
        let ask = request(flow, &format!("{prefix}{number:03}"), &["pg/a/read"]);
        tenant.asks(&who, Request { span: Some(mins(240)), ..ask });
    }
}

fn all(tenant: &mut Tenant, of: Reach) -> Found {
    tenant.system(revoke_all(of)).unwrap().receipt.revoked.clone().unwrap()
}

fn ids(ids: &[&str]) -> Vec<crate::id::GrantId> {
    ids.iter().map(|id| grant_id(id)).collect()
}

#[test]
fn each_reach_ends_all_that_is_open_there_and_nothing_else() {
    let rows: [(Reach, &[&str]); 8] = [
        (of_person("alice"), &["g1", "g2", "g3"]),
        (of_person("ALICE"), &[]),
        (of_flow("db"), &["g1", "g3", "g4"]),
        (of_flow("gone"), &[]),
        (of_integration("pg"), &["g1", "g2", "g4"]),
        (of_integration("aws"), &["g2", "g3"]),
        (Reach::Item(item("pg/a/read")), &["g1", "g4"]),
        (Reach::Item(item("pg/a/write")), &[]),
    ];
    for (of, expected) in rows {
        let mut tenant = Tenant::new(flows());
        asks(&mut tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
        asks(&mut tenant, &alice(), "ops", "g2", &["pg/b/read", "aws/a/read"], 60);
        asks(&mut tenant, &alice(), "db", "g3", &["aws/b/read"], 60);
        asks(&mut tenant, &carol(), "db", "g4", &["pg/a/read"], 60);
        tenant.at(10);
        if expected.is_empty() {
            assert_eq!(tenant.system(revoke_all(of)).unwrap_err().code, Code::GrantUnknown);
            continue;
        }
        let answer = tenant.system(revoke_all(of.clone())).unwrap();
        let found = Found { revoked: ids(expected), not_allowed: Vec::new() };
        assert_eq!(answer.receipt.revoked, Some(found), "{of}");
        assert_eq!(answer.receipt.view, None);
        let revoked: Vec<_> = answer.events.iter().map(|event| event.grant.as_str()).collect();
        assert_eq!(revoked, expected, "in order of id, {of}");
        for grant in ["g1", "g2", "g3", "g4"] {
            let outcome = expected.contains(&grant).then_some(Outcome::Revoked);
            assert_eq!(tenant.look(grant).outcome, outcome, "{grant}, {of}");
        }
    }
}

#[test]
fn every_stage_is_ended_and_what_is_over_is_not_found() {
    let mut bridged = parts("asked");
    bridged.approval = automatic("asked").approval;
    let mut by_boss = extension_by(&["group:boss"]);
    if let ExtensionApproval::Decided { bridge, .. } = &mut by_boss {
        *bridge = Some(mins(10));
    }
    rule(&mut bridged).approval = by_boss;
    let mut tenant = Tenant::new(flows().into_iter().chain([parts("waits"), bridged]));
    asks(&mut tenant, &alice(), "db", "active", &["pg/a/read"], 60);
    asks(&mut tenant, &alice(), "asked", "asked", &["pg/b/read"], 60);
    tenant.ask(&alice(), Verb::Extend(extend("asked"))).unwrap();
    asks(&mut tenant, &alice(), "waits", "pending", &["pg/a/read"], 60);
    let planned = Request { start: Some(at(100)), ..request("db", "planned", &["pg/a/read"]) };
    tenant.asks(&alice(), planned);
    asks(&mut tenant, &alice(), "db", "short", &["pg/a/read"], 10);
    asks(&mut tenant, &alice(), "db", "done", &["pg/a/read"], 60);
    tenant.ask(&alice(), give_back("done")).unwrap();
    let answer = tenant.at(10).system(revoke_all(of_person("alice"))).unwrap();
    let found = answer.receipt.revoked.clone().unwrap();
    assert_eq!(found.revoked, ids(&["active", "asked", "pending", "planned"]));
    assert_eq!(names(&answer.events), ["revoked", "extension_lapsed", "revoked", "revoked", "revoked"]);
    let notices = ["notify:ended", "notify:decided", "notify:ended", "notify:ended", "notify:ended"];
    let told: Vec<String> =
        effects(&answer.events).into_iter().filter(|effect| effect.starts_with("notify")).collect();
    assert_eq!(told, notices);
    for grant in ["active", "asked", "pending", "planned"] {
        assert_eq!((tenant.closed(grant).outcome, tenant.closed(grant).at), (Outcome::Revoked, at(10)));
    }
    assert_eq!(tenant.closed("short").outcome, Outcome::Expired);
    tenant.at(100);
    assert_eq!(tenant.holds("alice", "pg/a/read"), None, "what was planned never begins");
}

#[test]
fn whoever_may_not_end_all_of_it_ends_their_part_and_is_told_of_the_rest() {
    let mut tenant = Tenant::new([parts("db")]);
    for (grant, boss) in [("g1", "bob"), ("g2", "carl"), ("g3", "bob")] {
        tenant.asks(&alice(), request("db", grant, &["pg/a/read"]));
        tenant.ask(&member(boss, &["boss"]), Verb::Approve(approve(grant))).unwrap();
    }
    assert_eq!(tenant.code(&mallory(), revoke_all(of_flow("db"))), Some(Code::ActorNotAllowed));
    let answer = tenant.ask(&bob(), revoke_all(of_flow("db"))).unwrap();
    let found = Found { revoked: ids(&["g1", "g3"]), not_allowed: ids(&["g2"]) };
    assert_eq!(answer.receipt.revoked, Some(found));
    assert_eq!(tenant.active("g2").end, at(60));
    assert_eq!(tenant.code(&bob(), revoke_all(of_flow("db"))), Some(Code::ActorNotAllowed));
    let kept: Vec<_> = answer.events.iter().map(|event| kept(event).to_vec()).collect();
    assert_eq!(kept[0][0].by.as_str(), "g2", "what was not ended keeps what it covers: {kept:?}");
    let recorded = &tenant.revocations[0];
    assert_eq!(
        (&*recorded.reason, recorded.at, &recorded.not_allowed),
        ("no longer needed", at(0), &ids(&["g2"]))
    );
    assert_eq!(recorded.cause, Cause { actor: "bob".to_owned(), ..recorded.cause.clone() });
}

/// What a closing event says was kept.
fn kept(event: &Event) -> &[crate::effect::Kept] {
    let Happened::Revoked(revoked) = &event.happened else {
        panic!("`{}` is no revocation", event.happened.name())
    };
    &revoked.ended.kept
}

#[test]
fn grants_that_end_together_keep_nothing_for_each_other() {
    let held = || {
        let mut tenant = Tenant::new(flows());
        asks(&mut tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
        asks(&mut tenant, &alice(), "db", "g2", &["pg/a/read"], 120);
        asks(&mut tenant, &alice(), "ops", "g3", &["pg/a/read"], 90);
        tenant.deliver("alice");
        tenant.at(10);
        tenant
    };
    let mut tenant = held();
    let answer = tenant.system(revoke_all(of_person("alice"))).unwrap();
    assert!(answer.events.iter().all(|event| kept(event).is_empty()), "{:?}", answer.events);
    assert_eq!(removed(&tenant.deliver("alice")).first().unwrap(), "pg/database/a/read");

    let mut tenant = held();
    let answer = tenant.system(revoke_all(of_flow("db"))).unwrap();
    let keepers: Vec<&str> = answer
        .events
        .iter()
        .filter(|event| event.happened.name() == "revoked")
        .map(|event| kept(event)[0].by.as_str())
        .collect();
    assert_eq!(keepers, ["g3", "g3"], "`g2` lasts longer, but ends with `g1`");
    assert_eq!(effects(&answer.events), ["adjust", "notify:ended", "adjust", "notify:ended"]);
    assert_eq!(removed(&tenant.deliver("alice")), [""; 0]);
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(90)));
}

/// Alice's grants under `db` come after a batch of others.
fn crowded() -> Tenant {
    let mut tenant = Tenant::new(flows());
    crowd(&mut tenant, "db", "a");
    tenant
}

#[test]
fn what_is_not_closed_at_once_is_over_all_the_same() {
    let mut tenant = Tenant::new(flows());
    crowd(&mut tenant, "db", "a");
    asks(&mut tenant, &alice(), "db", "g1", &["pg/b/read"], 60);
    tenant.deliver("alice");
    let written = tenant.events.len();
    let found = all(tenant.at(10), of_flow("db"));
    assert_eq!(found.revoked.len(), REVOKED_AT_ONCE_MAX + 1);
    assert_eq!(tenant.events.len() - written, REVOKED_AT_ONCE_MAX, "one batch");
    assert!(tenant.grant("g1").active().is_some(), "its own is not closed yet");
    assert_eq!(tenant.holds("alice", "pg/b/read"), None, "and it is over");
    let view = tenant.look("g1");
    assert_eq!((view.outcome, view.closed_at), (Some(Outcome::Revoked), Some(at(10))));
    assert!(tenant.grant("g1").active().is_some(), "a question writes nothing");
    assert_eq!(
        tenant.system(revoke_all(of_flow("db"))).unwrap_err().code,
        Code::GrantUnknown,
        "nothing is left"
    );
    let again = revoke_all(of_person("alice"));
    assert_eq!(tenant.clone().system(again).unwrap_err().code, Code::GrantUnknown);

    let mut asked = tenant.clone();
    let mut limited = flows();
    (limited[0].limits.open_per_person, limited[0].limits.open_total) = (Some(1), Some(2));
    asked.publish(limited);
    asks(&mut asked, &carol(), "db", "new", &["pg/b/read"], 60);
    asks(&mut asked, &alice(), "db", "next", &["pg/b/read"], 60);
    asked.system(settle("carol")).unwrap();
    let since = ["new", "next"].map(|grant| asked.active(grant).since);
    assert_eq!(since, [at(10), at(10)], "what is asked for afterwards is not reached");
    assert_eq!(asked.closed("g1").at, at(10));

    for (verb, code) in
        [(Verb::Extend(extend("g1")), Code::GrantNotActive), (give_back("g1"), Code::GrantNotActive)]
    {
        assert_eq!(tenant.clone().code(&alice(), verb), Some(code));
    }
    assert_eq!(tenant.clone().system(revoke("g1")).unwrap_err().code, Code::GrantNotActive);

    tenant.at(500).system(settle("alice")).unwrap();
    assert_eq!((tenant.closed("g1").outcome, tenant.closed("g1").at), (Outcome::Revoked, at(10)));
    let event = tenant.of("g1").find(|event| event.happened.name() == "revoked").unwrap().clone();
    assert_eq!(
        (event.at, event.cause.as_ref().map(|cause| cause.actor.as_str())),
        (at(10), Some("system:host"))
    );
    assert!(matches!(&event.happened, Happened::Revoked(revoked) if revoked.reason == "no longer needed"));
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/b/read"]);
}

#[test]
fn a_batch_is_bounded_whoever_holds_what_is_in_it() {
    let mut tenant = Tenant::new(flows());
    for number in 0..=REVOKED_AT_ONCE_MAX {
        asks(&mut tenant, &alice(), "db", &format!("g{number:03}"), &["pg/a/read"], 60);
    }
    let found = tenant.system(revoke_all(of_person("alice"))).unwrap();
    assert_eq!(found.events.len(), REVOKED_AT_ONCE_MAX);
    let all = found.receipt.revoked.as_ref().map(|found| found.revoked.len());
    assert_eq!(all, Some(REVOKED_AT_ONCE_MAX + 1));
    assert_eq!(tenant.holds("alice", "pg/a/read"), None);
    let last = format!("g{REVOKED_AT_ONCE_MAX:03}");
    assert!(tenant.grant(&last).active().is_some());
    tenant.system(settle("alice")).unwrap();
    assert_eq!(tenant.closed(&last).outcome, Outcome::Revoked);
}

#[test]
fn what_is_revoked_already_is_not_found_again() {
    let mut tenant = crowded();
    crowd(&mut tenant, "db", "b");
    asks(&mut tenant, &alice(), "db", "g1", &["pg/b/read"], 60);
    assert_eq!(all(&mut tenant, of_flow("db")).revoked.len(), 2 * REVOKED_AT_ONCE_MAX + 1);
    for of in [of_flow("db"), of_integration("pg"), Reach::Item(item("pg/b/read"))] {
        assert_eq!(tenant.system(revoke_all(of)).unwrap_err().code, Code::GrantUnknown);
    }
    asks(&mut tenant, &carol(), "db", "g2", &["pg/b/read"], 60);
    assert_eq!(all(&mut tenant, of_flow("db")).revoked, ids(&["g2"]), "only what was asked for since");
}

#[test]
fn by_a_host_ahead_it_is_over_for_a_host_that_is_not() {
    let mut tenant = crowded();
    asks(&mut tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
    tenant.at(15);
    let ahead = at(15).plus(Span::seconds(30));
    tenant.give(&command("all", &system(), revoke_all(of_flow("db"))), ahead).unwrap().unwrap();
    assert_eq!(tenant.look("g1").closed_at, Some(ahead));
    assert_eq!(tenant.holds("alice", "pg/a/read"), None);
    assert_eq!(tenant.code(&alice(), Verb::Extend(extend("g1"))), Some(Code::GrantNotActive));
}

/// One story of alice's grants under `db` and `ops`, up to the revocation at a quarter past nine.
type Told = fn(&mut Tenant);

const STORIES: &[(&str, Told)] = &[
    ("one grant", |tenant| asks(tenant, &alice(), "db", "g1", &["pg/a/read"], 60)),
    ("together with another, inside and outside", |tenant| {
        asks(tenant, &alice(), "db", "g1", &["pg/a/read", "pg/b/read"], 60);
        asks(tenant, &alice(), "db", "g2", &["pg/a/read"], 90);
        asks(tenant, &alice(), "ops", "g3", &["pg/b/read"], 60);
    }),
    ("extended at the same instant", |tenant| {
        asks(tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
        tenant.at(15).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    }),
    ("ends at the same instant, a millisecond before, a millisecond later", |tenant| {
        for (grant, span) in [("g1", mins(15)), ("g2", Span::millis(899_999)), ("g3", mins(15).plus(MS))] {
            let ask = Request { span: Some(span), ..request("db", grant, &["pg/a/read"]) };
            tenant.asks(&alice(), ask);
        }
    }),
    ("begins at the same instant, a millisecond before, a millisecond later", |tenant| {
        for (grant, start) in [("g1", at(15)), ("g2", at(15).minus(MS)), ("g3", at(15).plus(MS))] {
            tenant.asks(&alice(), Request { start: Some(start), ..request("db", grant, &["pg/a/read"]) });
        }
    }),
    ("another one ends at the same instant", |tenant| {
        asks(tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
        asks(tenant, &alice(), "ops", "g2", &["pg/a/read"], 15);
        asks(tenant, &alice(), "ops", "f2", &["pg/a/read"], 15);
    }),
    ("another one begins at the same instant", |tenant| {
        asks(tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
        tenant.asks(&alice(), Request { start: Some(at(15)), ..request("ops", "g2", &["pg/a/read"]) });
    }),
    ("a reminder at the same instant", |tenant| asks(tenant, &alice(), "db", "g1", &["pg/a/read"], 30)),
    ("an extension awaits its decision, or lapses at the same instant", |tenant| {
        let mut asked = automatic("db");
        asked.start_ahead = mins(240);
        let mut by_boss = extension_by(&["group:boss"]);
        if let ExtensionApproval::Decided { decide_within, .. } = &mut by_boss {
            *decide_within = Some(mins(5));
        }
        rule(&mut asked).approval = by_boss;
        tenant.publish([asked, automatic("ops")]);
        asks(tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
        asks(tenant, &alice(), "db", "g2", &["pg/a/read"], 60);
        tenant.at(10).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
        tenant.later(MS).ask(&alice(), Verb::Extend(extend("g2"))).unwrap();
    }),
];

/// Alice's events by grant, whatever happened to others in between.
fn of_alice(tenant: &Tenant) -> Vec<Vec<Event>> {
    let of = tenant.grants.values().filter(|grant| grant.holder().as_str() == "alice");
    of.map(|grant| tenant.of(grant.id().as_str()).cloned().collect()).collect()
}

#[test]
fn at_once_or_batch_by_batch_the_same_happens() {
    for (name, story) in STORIES {
        let told = |prefix: &str, swept: bool, first: u64| {
            let mut tenant = Tenant::new(flows());
            crowd(&mut tenant, "db", prefix);
            story(&mut tenant);
            tenant.at(15);
            if swept {
                tenant.system(settle("alice")).unwrap();
            }
            let reason = Some("an incident".to_owned());
            let verb = Verb::RevokeAll(RevokeAll { of: of_flow("db"), reason });
            tenant.give(&command("all", &system(), verb), at(15)).unwrap().unwrap();
            tenant.later(Span::millis(first)).system(settle("alice")).unwrap();
            tenant.at(500).system(settle("alice")).unwrap();
            let alice = of_alice(&tenant);
            let lives = alice.iter().flatten().filter(|event| event.happened.name() == "revoked");
            assert!(lives.clone().count() > 0 && lives.clone().all(|event| event.at == at(15)), "{name}");
            alice
        };
        let at_once = told("z", false, 0);
        for (prefix, swept, first) in
            [("z", true, 0), ("a", false, 0), ("a", true, 0), ("a", false, 1), ("a", true, 20_000_000)]
        {
            assert_eq!(told(prefix, swept, first), at_once, "{name}: {prefix}, swept {swept}, then {first}");
        }
    }
}

#[test]
fn of_two_revocations_at_one_instant_the_earlier_comes_first() {
    let told = |swept: bool, ahead: Span| {
        let mut tenant = crowded();
        crowd(&mut tenant, "ops", "b");
        asks(&mut tenant, &alice(), "db", "g2", &["pg/a/read"], 120);
        asks(&mut tenant, &alice(), "ops", "g1", &["pg/a/read"], 120);
        tenant.at(15);
        let now = tenant.clock.plus(ahead);
        let first = command("first", &system(), revoke_all(of_flow("db")));
        tenant.give(&first, now).unwrap().unwrap();
        if swept {
            tenant.system(settle("alice")).unwrap();
        }
        let second = command("second", &system(), revoke_all(of_flow("ops")));
        tenant.give(&second, tenant.clock).unwrap().unwrap();
        tenant.at(500).system(settle("alice")).unwrap();
        tenant
    };
    for ahead in [Span::ZERO, Span::seconds(20)] {
        let late = told(false, ahead);
        assert_eq!(of_alice(&told(true, ahead)), of_alice(&late), "{ahead} ahead");
        let first = late.of("g2").find(|event| event.happened.name() == "revoked").unwrap();
        assert_eq!(kept(first).first().map(|kept| kept.by.as_str()), Some("g1"), "`g1` ended after it");
        assert_eq!(
            late.closed("g1").at,
            at(15).plus(ahead),
            "nothing is dated before what was recorded first"
        );
    }
}

#[test]
fn nothing_is_dated_before_what_a_host_ahead_of_it_has_done() {
    let mut tenant = crowded();
    asks(&mut tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
    asks(&mut tenant, &alice(), "ops", "g2", &["pg/a/read"], 60);
    tenant.deliver("alice");
    tenant.at(15);
    let ahead = at(15).plus(Span::seconds(20));
    let click =
        command("click", &by(&alice()), Verb::Extend(Extend { span: Some(mins(10)), ..extend("g2") }));
    tenant.give(&click, ahead).unwrap().unwrap();
    all(&mut tenant, of_flow("db"));
    assert_eq!(tenant.revocations[0].at, ahead);
    tenant.system(settle("alice")).unwrap();
    assert_eq!(tenant.closed("g1").at, ahead);
    assert_eq!(tenant.when("g2", "kept_for"), Some(ahead));
}

#[test]
fn given_again_it_answers_what_it_answered() {
    let mut tenant = Tenant::new(flows());
    asks(&mut tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
    let again = command("once", &system(), revoke_all(of_person("alice")));
    let first = tenant.give(&again, at(0)).unwrap().unwrap();
    asks(&mut tenant, &alice(), "db", "g2", &["pg/a/read"], 60);
    let second = tenant.give(&again, at(0)).unwrap().unwrap();
    assert!(second.repeated && second.receipt == first.receipt);
    assert!(tenant.grant("g2").active().is_some(), "asked for since");
    let other = command("once", &system(), revoke_all(of_flow("db")));
    assert_eq!(tenant.give(&other, at(0)).unwrap().unwrap_err().code, Code::CommandReused);
}

// guard: `world.rs`, a flow that is gone
#[test]
fn r03_whatever_becomes_of_its_flow_a_grant_is_on_its_way_to_an_end() {
    for withdrawn in [false, true] {
        let mut tenant = crowded();
        asks(&mut tenant, &alice(), "db", "g1", &["pg/a/read"], 60);
        let left = flows().into_iter().filter(|flow| withdrawn || flow.id.as_str() != "db");
        let left = left.map(|flow| Parts { enabled: flow.id.as_str() != "db", ..flow });
        tenant.at(10).publish(left);
        assert!(tenant.grants.values().all(|grant| grant.deadline().is_some()));
        let found = all(&mut tenant, of_flow("db"));
        assert_eq!(
            found.revoked.len(),
            REVOKED_AT_ONCE_MAX + 1,
            "a flow that is gone is revoked like any other"
        );
        assert_eq!(tenant.look("g1").outcome, Some(Outcome::Revoked));
    }
}
