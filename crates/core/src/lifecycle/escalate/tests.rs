use std::sync::Arc;

use crate::command::{Request, Verb};
use crate::effect::{Notice, Task};
use crate::event::{Event, Happened};
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::approval_rule::{Decided, Order, Tier};
use crate::flow::extension_rule::{DecidedBy, ExtensionApproval};
use crate::grant::{Outcome, Stage};
use crate::person::Person;
use crate::query;
use crate::refusal::{Code, WouldPass};
use crate::time::Timestamp;

fn tier(minutes: u64, to: &[&str]) -> Tier {
    Tier { after: mins(minutes), to: selectors(to) }
}

fn duty() -> Person {
    member("dora", &["duty"])
}

fn chief() -> Person {
    member("carl", &["chief"])
}

/// Alice's request `g1`: bosses decide; after ten minutes whoever is on duty too, after twenty the chiefs.
fn asked_for(change: impl FnOnce(&mut Decided)) -> Tenant {
    let mut parts = parts("db");
    let rule = ruling(&mut parts);
    rule.decide_within = mins(60);
    rule.lists[0][0].escalate = vec![tier(10, &["group:duty"]), tier(20, &["group:chief"])];
    change(rule);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant
}

fn yes(tenant: &mut Tenant, person: &Person) -> Option<Code> {
    tenant.code(person, Verb::Approve(approve("g1")))
}

fn swept(tenant: &mut Tenant) -> &mut Tenant {
    tenant.system(settle("alice")).unwrap();
    tenant
}

/// Which tiers were told, when, and whom they added.
fn told(tenant: &Tenant) -> Vec<(Timestamp, String)> {
    let one = |event: &Event| {
        let Happened::Escalated(escalated) = &event.happened else { return None };
        Some((event.at, escalated.to.join(" ")))
    };
    tenant.of("g1").filter_map(one).collect()
}

fn awaits(tenant: &Tenant, person: &Person) -> bool {
    let id = grant_id("g1");
    let world = tenant.world(|world| query::needs_grant(&id, world));
    query::awaits(&world, &id, person, tenant.clock).unwrap()
}

#[test]
fn a_tier_is_awaited_from_its_instant_on() {
    for (moment, refused) in
        [(at(10).minus(MS), Some(Code::ApprovalNotAwaited)), (at(10), None), (at(10).plus(MS), None)]
    {
        let mut tenant = asked_for(|_| ());
        tenant.clock = moment;
        assert_eq!(awaits(&tenant, &duty()), refused.is_none(), "the inbox at {moment}");
        assert_eq!(yes(&mut tenant, &duty()), refused, "{moment}");
    }
}

#[test]
fn who_stands_in_a_tier_is_an_approver_before_it_is_asked() {
    let mut tenant = asked_for(|rule| rule.denials = 2);
    let refusal = tenant.refused(&chief(), Verb::Approve(approve("g1")));
    assert_eq!(refusal.code, Code::ApprovalNotAwaited);
    assert_eq!(refusal.would_pass, Some(WouldPass::at(at(20))));
    assert_eq!(yes(&mut tenant, &mallory()), Some(Code::ApprovalNotApprover));
    let mut mine = duty();
    mine.acts_for = Some(person_id("Alice"));
    assert_eq!(yes(&mut tenant, &mine), Some(Code::ApprovalOwn));
    assert_eq!(tenant.code(&chief(), Verb::Deny(deny("g1"))), None, "a denial waits for no tier");
    assert_eq!(tenant.code(&duty(), Verb::Deny(deny("g1"))), None);
    assert_eq!(tenant.look("g1").outcome, Some(Outcome::Denied));
    assert!(told(&tenant).is_empty());
}

#[test]
fn each_tier_is_told_once_and_adds_people() {
    let mut tenant = asked_for(|rule| rule.lists[0][0].needed = 3);
    for minute in [10, 11, 20, 20, 40] {
        swept(tenant.at(minute));
    }
    let tiers = [(at(10), "group:duty".to_owned()), (at(20), "group:chief".to_owned())];
    assert_eq!(told(&tenant), tiers);
    let notices: Vec<String> =
        tenant.events.iter().flat_map(|event| effects(std::slice::from_ref(event))).collect();
    assert_eq!(notices, ["notify:approval_wanted", "notify:escalated", "notify:escalated"]);
    for person in [bob(), duty(), chief()] {
        assert_eq!(yes(&mut tenant, &person), None, "nobody is taken off the list: {}", person.id);
    }
    assert_eq!(tenant.look("g1").stage, "active");
}

#[test]
fn a_late_sweep_and_early_ones_write_the_same() {
    let story = |moments: &[u64]| {
        let mut tenant = asked_for(|rule| {
            rule.lists[0].push(step("second", &["group:boss"]));
            rule.lists[0][1].escalate = vec![tier(5, &["user:last"])];
        });
        yes(tenant.at(15), &bob());
        for minute in moments {
            swept(tenant.at(*minute));
        }
        swept(tenant.at(200));
        assert_eq!(tenant.closed("g1").at, at(60));
        tenant.events
    };
    let late = story(&[]);
    assert_eq!(story(&[15, 16, 20, 20, 21, 59, 60]), late);
    assert_eq!(story(&(15..100).collect::<Vec<_>>()), late);
    let names: Vec<_> = late.iter().map(|event| (event.at, event.happened.name())).collect();
    let expected = [
        (at(0), "requested"),
        (at(10), "escalated"),
        (at(15), "approval_given"),
        (at(20), "escalated"),
        (at(60), "undecided"),
    ];
    assert_eq!(names, expected, "of the step that was filled the second tier is never told");
}

#[test]
fn a_tier_that_would_come_with_the_close_or_after_it_is_never_told() {
    for (minutes, times) in [(29, 1), (30, 0), (31, 0)] {
        let mut tenant = asked_for(|rule| {
            rule.lists[0][0].escalate.clear();
            rule.lists[0].push(step("second", &["group:boss"]));
            rule.lists[0][1].escalate = vec![tier(minutes, &["group:duty"])];
        });
        assert_eq!(yes(tenant.at(30), &bob()), None);
        let early = tenant.refused(&duty(), Verb::Approve(approve("g1")));
        let passes = (times > 0).then(|| WouldPass::at(at(30).plus(mins(minutes))));
        assert_eq!((early.code, early.would_pass), (Code::ApprovalNotAwaited, passes));
        swept(tenant.at(500));
        assert_eq!(told(&tenant).len(), times, "after {minutes} min, where 30 are left");
        assert_eq!(tenant.closed("g1").outcome, Outcome::Undecided);
    }
}

#[test]
fn in_turn_a_step_is_awaited_from_the_approval_that_filled_the_one_before() {
    let mut tenant = asked_for(|rule| {
        rule.lists[0][0].needed = 2;
        rule.lists[0].push(step("second", &["group:second"]));
        rule.lists[0][1].escalate = vec![tier(7, &["group:last"])];
    });
    assert_eq!(yes(tenant.at(3), &bob()), None);
    assert_eq!(yes(tenant.at(12), &duty()), None, "the first step was open, and its tier asked at 10");
    assert_eq!(yes(tenant.at(25), &chief()), Some(Code::ApprovalNotAwaited), "their step is filled");
    swept(&mut tenant);
    assert_eq!(told(&tenant), [(at(10), "group:duty".to_owned()), (at(19), "group:last".to_owned())]);
    assert_eq!(yes(&mut tenant, &member("lea", &["last"])), None);
    assert_eq!(tenant.look("g1").stage, "active");
}

#[test]
fn in_any_order_every_step_counts_from_the_request() {
    let mut tenant = asked_for(|rule| {
        rule.order = Order::Any;
        rule.lists[0].push(step("second", &["group:second"]));
        rule.lists[0][1].escalate = vec![tier(15, &["group:last"])];
    });
    assert_eq!(yes(tenant.at(12), &bob()), None);
    swept(tenant.at(50));
    let tiers = [(at(10), "group:duty".to_owned()), (at(15), "group:last".to_owned())];
    assert_eq!(told(&tenant), tiers, "the tier at 20 was of the step that is filled");
}

#[test]
fn of_several_lists_each_escalates_by_itself_and_at_one_instant_in_order() {
    let mut tenant = asked_for(|rule| {
        let mut other = step("other", &["group:other"]);
        other.escalate = vec![tier(10, &["user:o1"]), tier(10, &["user:o2"])];
        rule.lists.push(vec![other, step("more", &["group:other"])]);
    });
    swept(tenant.at(15));
    let at_ten: Vec<String> = told(&tenant).into_iter().map(|(_, to)| to).collect();
    assert_eq!(at_ten, ["group:duty", "user:o1", "user:o2"]);
    assert_eq!(yes(&mut tenant, &member("o2", &[])), None, "a step of the second list");
    assert_eq!(yes(&mut tenant, &duty()), None, "and the first list is met");
    assert_eq!(tenant.look("g1").stage, "active");
    swept(tenant.at(25));
    assert_eq!(told(&tenant).len(), 3, "what is approved escalates no more");
}

#[test]
fn whom_a_tier_means_is_named_and_told_though_the_step_tells_nobody() {
    let mut parts = parts("db");
    let step = &mut ruling(&mut parts).lists[0][0];
    (step.tell, step.escalate) = (false, vec![tier(10, &["manager", "owner", "role:cto"])]);
    let mut tenant = Tenant::new([parts]);
    let managed = Person { manager: Some(person_id("max")), ..alice() };
    let mut ask = Request { ..request("db", "g1", &["pg/a/read"]) };
    Arc::make_mut(&mut ask.items[0].resource).owners = selectors(&["user:olga"]);
    tenant.asks(&managed, ask);
    swept(tenant.at(10));
    assert_eq!(told(&tenant), [(at(10), "user:max user:olga role:cto".to_owned())]);
    let tasks = tenant.events.iter().flat_map(|event| &event.effects).map(|effect| &effect.task);
    let whom = tasks.filter_map(|task| {
        let Task::Notify { to, .. } = task else { return None };
        Some(to.len())
    });
    let whom: Vec<usize> = whom.collect();
    assert_eq!(whom, [0, 3]);
    assert_eq!(yes(&mut tenant, &member("max", &[])), None);
}

/// Alice's running grant `g1`, from nine to ten; its extension, asked at minute 30, is decided by bosses.
fn extending(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = automatic("db");
    let mut boss = step("boss", &["group:boss"]);
    boss.escalate = vec![tier(10, &["group:duty"]), tier(25, &["group:chief"])];
    let by = DecidedBy::Steps(decided(vec![boss, step("second", &["group:boss"])]));
    rule(&mut parts).approval =
        ExtensionApproval::Decided { first: 0, bridge: None, decide_within: Some(mins(29)), by };
    parts.notify.before_end = vec![mins(20)];
    change(&mut parts);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.at(30).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    tenant
}

#[test]
fn an_extension_escalates_as_a_request_does() {
    let says_yes =
        |tenant: &mut Tenant, person: &Person| tenant.code(person, Verb::ApproveExtension(decide("g1")));
    let mut tenant = extending(|_| ());
    assert_eq!(says_yes(&mut tenant, &duty()), Some(Code::ApprovalNotAwaited));
    assert!(!awaits(&tenant, &duty()));
    tenant.clock = at(40).minus(MS);
    assert_eq!(says_yes(&mut tenant, &duty()), Some(Code::ApprovalNotAwaited));
    assert!(awaits(tenant.at(40), &duty()));
    assert_eq!(says_yes(&mut tenant, &duty()), None);
    swept(tenant.at(58));
    assert_eq!(
        told(&tenant),
        [(at(40), "group:duty".to_owned())],
        "the step is filled before its second tier"
    );
    assert_eq!(says_yes(&mut tenant, &bob()), None);
    assert_eq!(tenant.active("g1").end, at(90));
}

#[test]
fn at_one_instant_a_tier_comes_before_a_reminder_and_after_a_lapse() {
    let mut tenant = extending(|_| ());
    swept(tenant.at(59));
    let named: Vec<_> = tenant.of("g1").skip(4).map(|event| (event.at, event.happened.name())).collect();
    let expected =
        [(at(40), "escalated"), (at(40), "reminded"), (at(55), "escalated"), (at(59), "extension_lapsed")];
    assert_eq!(named, expected);
    let ends = tenant.of("g1").flat_map(|event| &event.effects).filter_map(|effect| {
        let Task::Notify { notice: Notice::Escalated, ends, .. } = &effect.task else { return None };
        Some(*ends)
    });
    assert_eq!(ends.collect::<Vec<_>>(), [Some(at(90)), Some(at(90))], "the end that was asked");
    let mut together = extending(|parts| {
        if let ExtensionApproval::Decided { decide_within, .. } = &mut rule(parts).approval {
            *decide_within = Some(mins(10));
        }
    });
    swept(together.at(59));
    assert!(told(&together).is_empty(), "it lapsed at that instant");
}

#[test]
fn with_the_extension_its_tiers_are_gone() {
    let mut tenant = extending(|_| ());
    let denies = Verb::DenyExtension(decide("g1"));
    assert_eq!(tenant.at(35).code(&chief(), denies), None, "of a tier that is not asked yet");
    swept(tenant.at(58));
    assert!(told(&tenant).is_empty());
    tenant.ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    let asked = tenant.active("g1").asked.clone().unwrap();
    assert_eq!(asked.tiers.next(), Some(at(68)), "the next one counts anew");
}

#[test]
fn what_is_stored_says_when_the_next_tier_is_due() {
    let mut tenant = asked_for(|_| ());
    assert_eq!(tenant.grant("g1").deadline(), Some(at(10)));
    swept(tenant.at(10));
    assert_eq!(tenant.grant("g1").deadline(), Some(at(20)));
    swept(tenant.at(20));
    assert_eq!(tenant.grant("g1").deadline(), Some(at(60)));
    assert!(matches!(&tenant.grant("g1").stage, Stage::Pending(pending) if pending.tiers.reached.len() == 2));
}
