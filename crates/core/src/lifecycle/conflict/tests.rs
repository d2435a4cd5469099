use crate::command::{Extend, Verb};
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::beside::Beside;
use crate::person::Person;
use crate::refusal::{Code, Refusal, WouldPass};
use crate::time::Timestamp;

/// `create` is automatic, `release` takes somebody of `group:boss`; nobody holds both.
fn flows() -> [Parts; 3] {
    [automatic("create"), parts("release"), automatic("apart")]
}

fn payments() -> Beside {
    Beside { conflicts: vec![conflict("payments", &["create", "release"])], ..Beside::default() }
}

fn tenant() -> Tenant {
    let mut tenant = Tenant::new(flows());
    tenant.publish_beside(flows(), payments());
    tenant
}

fn asks(flow: &str, grant: &str) -> Verb {
    Verb::Request(Box::new(request(flow, grant, &["pg/a/read"])))
}

fn held(refusal: &Refusal) -> (Code, Option<&crate::refusal::Detail>, Option<&crate::refusal::Detail>) {
    (refusal.code, refusal.details.get("conflict"), refusal.details.get("grant"))
}

#[test]
fn open_access_under_the_one_bars_the_other_until_the_very_end() {
    let mut tenant = tenant();
    tenant.asks(&alice(), request("create", "g1", &["pg/a/read"]));
    let refusal = tenant.refused(&alice(), asks("release", "g2"));
    assert_eq!(held(&refusal), (Code::ConflictHeld, Some(&"payments".into()), Some(&"g1".into())));
    assert_eq!(refusal.would_pass, Some(WouldPass::at(at(60))));
    assert_eq!(tenant.code(&alice(), asks("apart", "g3")), None, "only these flows are in conflict");
    assert_eq!(tenant.code(&alice(), asks("create", "g4")), None, "twice the same is no conflict");
    tenant.clock = at(60).minus(MS);
    assert_eq!(tenant.code(&alice(), asks("release", "g5")), Some(Code::ConflictHeld));
    assert_eq!(tenant.at(60).code(&alice(), asks("release", "g6")), None);
}

/// A host that is ahead sees an end too early, and another host may yet extend what it takes to be over.
#[test]
fn what_is_held_under_another_id_is_over_once_the_stores_clock_says_so() {
    let mut tenant = tenant();
    let mut bot = member("bot", &["sre"]);
    bot.acts_for = Some(person_id("alice"));
    tenant.asks(&bot, request("create", "g1", &["pg/a/read"]));
    let mut asks = |id: &str, clock, now| {
        tenant.clock = clock;
        let asks = command(id, &by(&alice()), asks("release", id));
        tenant.give(&asks, now).unwrap().err().map(|refusal| refusal.code)
    };
    let ahead = at(60).minus(MS).plus(crate::limits::CLOCK_TOLERANCE);
    assert_eq!(asks("g2", at(60).minus(MS), ahead), Some(Code::ConflictHeld));
    assert_eq!(asks("g3", at(60), at(60)), None);
}

#[test]
fn a_request_that_waits_is_open_too_and_one_that_was_denied_is_not() {
    let mut tenant = tenant();
    tenant.asks(&alice(), request("release", "g1", &["pg/a/read"]));
    assert_eq!(tenant.code(&alice(), asks("create", "g2")), Some(Code::ConflictHeld));
    tenant.ask(&bob(), Verb::Deny(deny("g1"))).unwrap();
    assert_eq!(tenant.code(&alice(), asks("create", "g3")), None);
}

/// Somebody who is alice under another id.
fn also_alice(id: &str, make: fn(&mut Person)) -> Person {
    let mut person = member(id, &["sre"]);
    make(&mut person);
    person
}

#[test]
fn the_same_human_under_another_id_holds_it_as_well() {
    let aliased = also_alice("a.smith", |person| person.aliases.extend([person_id("ALICE")]));
    let bot = also_alice("bot", |person| person.acts_for = Some(person_id("alice")));
    let other_bot = also_alice("other-bot", |person| person.acts_for = Some(person_id("Alice")));
    let carol = member("carol", &["sre"]);
    for (holder, asker, code) in [
        (&alice(), &aliased, Some(Code::ConflictHeld)),
        (&aliased, &alice(), Some(Code::ConflictHeld)),
        (&alice(), &bot, Some(Code::ConflictHeld)),
        (&bot, &alice(), Some(Code::ConflictHeld)),
        (&bot, &other_bot, Some(Code::ConflictHeld)),
        (&carol, &alice(), None),
    ] {
        let mut tenant = tenant();
        tenant.asks(holder, request("create", "g1", &["pg/a/read"]));
        assert_eq!(tenant.code(asker, asks("release", "g2")), code, "{} then {}", holder.id, asker.id);
        // Nobody has swept the other's grant: it is over all the same.
        assert_eq!(tenant.at(60).code(asker, asks("release", "g3")), None);
    }
}

#[test]
fn who_asks_for_somebody_else_is_not_told_the_grant() {
    let mut flows = flows();
    flows[1].requesters.others = selectors(&["group:boss"]);
    let mut tenant = Tenant::new(flows.clone());
    tenant.publish_beside(flows, payments());
    tenant.asks(&alice(), request("create", "g1", &["pg/a/read"]));
    let mut ask = request("release", "g2", &["pg/a/read"]);
    ask.holder = Some(alice());
    let refusal = tenant.refused(&bob(), Verb::Request(Box::new(ask)));
    assert_eq!(held(&refusal), (Code::ConflictHeld, Some(&"payments".into()), None));
    assert!(!refusal.message.contains("g1"), "{}", refusal.message);
}

#[test]
fn the_approval_that_settles_looks_again_and_one_before_it_does_not() {
    let two = |tenant: &mut Tenant| {
        let mut release = parts("release");
        ruling(&mut release).lists[0][0].needed = 2;
        let flows = [automatic("create"), release, automatic("apart")];
        tenant.publish(flows.clone());
        tenant.asks(&alice(), request("create", "g1", &["pg/a/read"]));
        tenant.asks(&alice(), request("release", "g2", &["pg/a/read"]));
        tenant.publish_beside(flows, payments());
    };
    let mut tenant = Tenant::new(flows());
    two(&mut tenant);
    let yes =
        |tenant: &mut Tenant, who: &str| tenant.ask(&member(who, &["boss"]), Verb::Approve(approve("g2")));
    assert!(yes(&mut tenant, "bob").is_ok());
    let refusal = yes(&mut tenant, "sue").unwrap_err();
    assert_eq!(held(&refusal), (Code::ConflictHeld, Some(&"payments".into()), None));
    assert_eq!(tenant.grant("g2").approvals.len(), 1, "the decision was not taken down");
    tenant.ask(&alice(), give_back("g1")).unwrap();
    assert!(yes(&mut tenant, "sue").is_ok());
    assert!(tenant.grant("g2").active().is_some());
}

/// Alice holds both, and both end at ten; from nine on nobody may.
fn with_both() -> Tenant {
    let mut tenant = Tenant::new(flows());
    tenant.asks(&alice(), request("create", "g1", &["pg/a/read"]));
    tenant.asks(&alice(), request("apart", "g2", &["pg/a/read"]));
    let apart = conflict("apart", &["create", "apart"]);
    tenant.publish_beside(flows(), Beside { conflicts: vec![apart], ..Beside::default() });
    tenant
}

#[test]
fn an_extension_is_a_new_ask_and_its_offer_says_the_same() {
    let mut tenant = with_both();
    tenant.at(30);
    let refusal = tenant.refused(&alice(), Verb::Extend(extend("g1")));
    assert_eq!(held(&refusal), (Code::ConflictHeld, Some(&"apart".into()), Some(&"g2".into())));
    assert_eq!(tenant.offer("g1", &alice()).unwrap().refused.map(|no| no.code), Some(Code::ConflictHeld));
    tenant.ask(&alice(), give_back("g2")).unwrap();
    assert!(tenant.offer("g1", &alice()).unwrap().allowed);
    assert_eq!(tenant.code(&alice(), Verb::Extend(extend("g1"))), None, "this grant aside");
}

#[test]
fn an_extension_by_another_looks_at_the_holder_under_todays_names() {
    let mut flows = flows();
    rule(&mut flows[0]).others = selectors(&["group:boss"]);
    let mut tenant = Tenant::new(flows.clone());
    tenant.asks(&alice(), request("create", "g1", &["pg/a/read"]));
    let bot = member("bot", &["sre"]);
    tenant.asks(&bot, request("apart", "g2", &["pg/a/read"]));
    let apart = conflict("apart", &["create", "apart"]);
    tenant.publish_beside(flows, Beside { conflicts: vec![apart], ..Beside::default() });
    let mut today = alice();
    let click = |tenant: &mut Tenant, holder: &Person| {
        let click = Extend { holder: Some(holder.clone()), ..extend("g1") };
        tenant.code(&bob(), Verb::Extend(click))
    };
    today.aliases.insert(person_id("bot"));
    assert_eq!(click(&mut tenant, &today), Some(Code::ConflictHeld));
    assert_eq!(click(&mut tenant, &alice()), None, "nobody said so");
}

#[test]
fn a_waiting_grant_of_another_id_is_played_through_to_now() {
    let planned: Timestamp = at(120);
    let mut flows = flows();
    flows[0].start_ahead = mins(1000);
    let mut tenant = Tenant::new(flows.clone());
    tenant.publish_beside(flows, payments());
    let bot = also_alice("bot", |person| person.acts_for = Some(person_id("alice")));
    let mut ask = request("create", "g1", &["pg/a/read"]);
    ask.start = Some(planned);
    tenant.asks(&bot, ask);
    assert_eq!(tenant.code(&alice(), asks("release", "g2")), Some(Code::ConflictHeld), "it is planned");
    tenant.clock = at(180).minus(MS);
    assert_eq!(tenant.code(&alice(), asks("release", "g3")), Some(Code::ConflictHeld), "it runs");
    assert_eq!(tenant.at(180).code(&alice(), asks("release", "g4")), None, "it is over");
}
