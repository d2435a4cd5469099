use crate::command::{Extend, Request, Verb};
use crate::effect::Task;
use crate::fixture::*;
use crate::flow::{BreakGlass, Parts};
use crate::grant::Review;
use crate::machine::{self, Fault};
use crate::person::Person;
use crate::refusal::{Code, WouldPass};
use crate::time::Span;
use crate::world::{Decided, Read, World};

/// A flow with glass, and a night in which nobody approves.
fn prod() -> Parts {
    let mut parts = parts("prod");
    parts.hours = Some(open_daily(20, 22));
    parts.break_glass = Some(glass());
    parts.limits.open_per_person = Some(1);
    parts.limits.open_per_item = Some(1);
    parts.limits.open_total = Some(1);
    parts
}

fn asks(person: &Person, ask: Request) -> Option<Code> {
    let mut other = prod();
    other.id = flow_id("other");
    Tenant::new([prod(), other]).code(person, Verb::Request(Box::new(ask)))
}

#[test]
fn it_begins_at_once_and_those_who_review_are_told() {
    let mut tenant = Tenant::new([prod()]);
    let done = tenant.ask(&olga(), Verb::Request(Box::new(emergency("prod", "e1", &["pg/a/read"])))).unwrap();
    assert_eq!(names(&done.events), ["requested", "approved", "activated"]);
    assert_eq!(effects(&done.events), ["provision", "notify:active", "notify:break_glass"]);
    let told = done.events.iter().flat_map(|event| &event.effects).last().map(|effect| &effect.task);
    assert!(matches!(told, Some(Task::Notify { to, ends, .. })
        if to == &["group:security"] && *ends == Some(at(30))));
    let grant = tenant.grant("e1");
    assert_eq!(grant.review, Some(Review { due: at(24 * 60), told: false, by: None }));
    assert_eq!((tenant.active("e1").since, tenant.active("e1").end), (at(0), at(30)));
    let view = tenant.look("e1");
    assert!(view.break_glass && view.awaits_review() && !view.clipped);
    // The same flow asked as usual: nothing of it sticks.
    tenant.at(11 * 60).ask(&alice(), Verb::Request(Box::new(request("prod", "g1", &["pg/b/read"])))).unwrap();
    let view = tenant.look("g1");
    assert!(!view.break_glass && view.review.is_none());
}

#[test]
fn every_span_up_to_the_most_is_taken() {
    let span = |span| asks(&olga(), Request { span: Some(span), ..emergency("prod", "e1", &["pg/a/read"]) });
    assert_eq!(span(mins(30)), None);
    assert_eq!(span(mins(30).plus(MS)), Some(Code::DurationTooLong));
    assert_eq!(span(MS), None, "the flow's least is for those who plan");
    assert_eq!(span(Span::ZERO), Some(Code::DurationTooShort));
}

#[test]
fn a_span_that_was_not_named_is_the_smaller_of_two() {
    for (default, granted) in [(10, 10), (30, 30), (31, 30)] {
        let mut parts = prod();
        parts.duration.default = mins(default);
        let mut tenant = Tenant::new([parts]);
        assert_eq!(tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"])).granted, mins(granted));
    }
}

#[test]
fn a_planned_start_is_now_or_none() {
    let mut parts = prod();
    parts.start_ahead = Span::hours(48);
    let starts = |start| {
        let mut tenant = Tenant::new([parts.clone()]);
        let ask = Request { start: Some(start), ..emergency("prod", "e1", &["pg/a/read"]) };
        tenant
            .at(10)
            .ask(&olga(), Verb::Request(Box::new(ask)))
            .map(|_| ())
            .map_err(|no| (no.code, no.would_pass))
    };
    assert_eq!(starts(at(10)), Ok(()));
    assert_eq!(starts(at(10).minus(MS)), Err((Code::StartInPast, Some(WouldPass::start(at(10))))));
    assert_eq!(starts(at(10).plus(MS)), Err((Code::StartTooFar, Some(WouldPass::start(at(10))))));
}

#[test]
fn it_is_for_oneself_under_ones_own_id() {
    let helper = member("helper", &["desk", "oncall"]);
    let mut alias = olga();
    alias.id = person_id("ops-olga");
    alias.aliases = [person_id("olga")].into();
    for person in [helper, alias] {
        let mut parts = prod();
        parts.requesters.others = selectors(&["group:desk", "group:oncall"]);
        let mut tenant = Tenant::new([parts]);
        let ask = Request { holder: Some(olga()), ..emergency("prod", "e1", &["pg/a/read"]) };
        assert_eq!(tenant.code(&person, Verb::Request(Box::new(ask))), Some(Code::RequesterNotAllowed));
        // What an actor says of themselves as holder is nothing new.
        let ask = Request { holder: Some(person.clone()), ..emergency("prod", "e1", &["pg/a/read"]) };
        assert_eq!(tenant.code(&person, Verb::Request(Box::new(ask))), None);
    }
}

#[test]
fn whose_glass_it_is_comes_after_who_is_excepted() {
    let mut parts = prod();
    parts.who.except = selectors(&["user:OLGA"]);
    let mut tenant = Tenant::new([parts]);
    let verb = || Verb::Request(Box::new(emergency("prod", "e1", &["pg/a/read"])));
    assert_eq!(tenant.code(&olga(), verb()), Some(Code::PersonNotEligible));
    assert_eq!(tenant.code(&alice(), verb()), Some(Code::BreakGlassNotAllowed), "eligible, and not on call");
    assert_eq!(tenant.code(&mallory(), verb()), Some(Code::BreakGlassNotAllowed));
}

#[test]
fn a_reason_is_always_asked_for_and_the_rule_of_the_flow_holds() {
    let mut ask = emergency("prod", "e1", &["pg/a/read"]);
    ask.reason = Some(" ".to_owned());
    assert_eq!(asks(&olga(), ask), Some(Code::ReasonMissing));
    let mut parts = prod();
    parts.reason.min_length = 6;
    let mut tenant = Tenant::new([parts]);
    let verb = Verb::Request(Box::new(emergency("prod", "e1", &["pg/a/read"])));
    assert_eq!(tenant.code(&olga(), verb), Some(Code::ReasonMalformed));
}

/// Olga breaks the glass at nine, and nobody reviews it.
fn unreviewed() -> Tenant {
    let mut other = prod();
    other.id = flow_id("other");
    let mut tenant = Tenant::new([prod(), other]);
    tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"]));
    tenant
}

#[test]
fn an_overdue_review_shuts_every_glass_of_the_person() {
    let due = at(24 * 60);
    for (now, code) in [
        (due.minus(MS), None),
        (due, Some(Code::BreakGlassReviewDue)),
        (due.plus(MS), Some(Code::BreakGlassReviewDue)),
    ] {
        for flow in ["prod", "other"] {
            let mut tenant = unreviewed();
            tenant.clock = now;
            let ask = || Verb::Request(Box::new(emergency(flow, "e2", &["pg/a/read"])));
            assert_eq!(tenant.code(&olga(), ask()), code, "{flow} at {now}");
            tenant.ask(&sam(), review("e1")).unwrap();
            assert_eq!(
                tenant.code(&olga(), Verb::Request(Box::new(emergency(flow, "e3", &["pg/a/read"])))),
                None
            );
        }
    }
}

#[test]
fn it_shuts_the_glass_for_whoever_says_they_are_the_same() {
    let mut alias = olga();
    alias.id = person_id("ops-olga");
    alias.aliases = [person_id("olga")].into();
    let mut bot = member("bot", &["oncall"]);
    bot.acts_for = Some(person_id("olga"));
    for (person, code) in [
        (alias, Some(Code::BreakGlassReviewDue)),
        (bot, Some(Code::BreakGlassReviewDue)),
        (member("omar", &["oncall"]), None),
    ] {
        let mut tenant = unreviewed();
        let ask = Verb::Request(Box::new(emergency("other", "e2", &["pg/a/read"])));
        assert_eq!(tenant.at(24 * 60).code(&person, ask), code, "{}", person.id);
    }
}

#[test]
fn what_else_a_store_loads_decides_nothing() {
    let mut tenant = unreviewed();
    tenant.at(24 * 60);
    let mut omar = member("omar", &["oncall"]);
    omar.aliases = [person_id("omar@corp")].into();
    let ask = emergency("other", "e2", &["pg/a/read"]);
    let command = command("click", &by(&omar), Verb::Request(Box::new(ask)));
    let more = |world: &World| {
        let mut reads = machine::needs(&command, world);
        let also = Read::Person(person_id("olga"));
        reads.extend((!world.read.contains(&also)).then_some(also));
        reads
    };
    let world = tenant.world(more);
    assert!(world.grants.contains_key(&grant_id("e1")));
    let Decided::Now(outcome) = machine::apply(&world, &command, tenant.clock).unwrap() else {
        panic!("it was never given before")
    };
    assert!(outcome.answer.is_ok());
    // And one that loads too little is caught.
    let little = tenant.world(|world| {
        let own = Read::Person(person_id("omar@corp"));
        machine::needs(&command, world).into_iter().filter(|read| *read != own).collect()
    });
    assert!(matches!(machine::apply(&little, &command, tenant.clock), Err(Fault::NotLoaded(_))));
}

#[test]
fn limits_are_skipped_and_what_was_taken_counts() {
    let mut parts = prod();
    parts.hours = None;
    parts.who.any = selectors(&["group:sre", "group:oncall"]);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&olga(), request("prod", "g1", &["pg/a/read"]));
    let asks = |id: &str, item: &str| Verb::Request(Box::new(request("prod", id, &[item])));
    assert_eq!(tenant.code(&olga(), asks("g2", "pg/b/read")), Some(Code::LimitOpenPerPerson));
    tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"]));
    tenant.ask(&olga(), withdraw("g1")).unwrap();
    assert_eq!(tenant.code(&olga(), asks("g2", "pg/b/read")), Some(Code::LimitOpenPerPerson));
    assert_eq!(tenant.code(&alice(), asks("g2", "pg/a/read")), Some(Code::LimitOpenPerItem));
    assert_eq!(tenant.code(&alice(), asks("g2", "pg/b/read")), Some(Code::LimitOpenTotal));
    // Over, it counts no more, though it awaits its review.
    tenant.at(30);
    assert_eq!(tenant.code(&alice(), asks("g2", "pg/a/read")), None);
    assert!(tenant.grant("e1").awaits_review());
}

#[test]
fn the_most_that_is_kept_of_a_person_counts_what_awaits_review() {
    let mut tenant = Tenant::new([prod()]);
    let most = crate::limits::OPEN_GRANTS_PER_PERSON_MAX;
    for number in 0..most {
        let ask = Request { span: Some(MS), ..emergency("prod", &format!("e{number}"), &["pg/a/read"]) };
        tenant.ask(&olga(), Verb::Request(Box::new(ask))).unwrap();
        tenant.later(MS);
    }
    let ask = || Verb::Request(Box::new(emergency("prod", "more", &["pg/a/read"])));
    assert_eq!(tenant.code(&olga(), ask()), Some(Code::RequestTooLarge));
    tenant.ask(&sam(), review("e0")).unwrap();
    assert_eq!(tenant.code(&olga(), ask()), None);
}

/// Olga's emergency, whose flow is then changed.
fn extended(change: impl FnOnce(&mut Parts)) -> (Tenant, Option<Code>) {
    let mut tenant = Tenant::new([prod()]);
    tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"]));
    let mut parts = prod();
    parts.break_glass = Some(BreakGlass { extendable: true, ..glass() });
    rule(&mut parts).approval = extension_by(&["group:boss"]);
    change(&mut parts);
    tenant.at(10).publish([parts]);
    let offer = tenant.offer("e1", &olga()).unwrap();
    let code = tenant.code(&olga(), Verb::Extend(extend("e1")));
    assert_eq!(offer.refused.map(|refusal| refusal.code), code, "the offer agrees");
    assert_eq!(offer.allowed, code.is_none());
    assert!(offer.needs.is_empty(), "nobody approves it");
    (tenant, code)
}

#[test]
fn its_extension_skips_what_its_request_skipped() {
    let (tenant, code) = extended(|_| {});
    assert_eq!(code, None);
    assert_eq!(tenant.active("e1").end, at(60), "at once, outside the hours, past the longest request");
    assert!(tenant.active("e1").asked.is_none());
    assert_eq!(tenant.grant("e1").review.as_ref().unwrap().due, at(24 * 60), "and moves no review");
    assert_eq!(tenant.look("e1").extensions.left, 1);
}

#[test]
fn it_is_extended_only_where_the_glass_says_so() {
    let refused = |change: fn(&mut Parts)| extended(change).1;
    assert_eq!(refused(|parts| parts.break_glass = Some(glass())), Some(Code::ExtensionNotAllowed));
    assert_eq!(refused(|parts| parts.break_glass = None), Some(Code::ExtensionNotAllowed));
    let others = |parts: &mut Parts| {
        let who = selectors(&["group:sre"]);
        parts.break_glass = Some(BreakGlass { who, extendable: true, ..glass() });
    };
    assert_eq!(refused(others), Some(Code::PersonNotEligible), "today's glass is for others");
    assert_eq!(refused(|parts| parts.who.except = selectors(&["user:olga"])), Some(Code::PersonNotEligible));
    assert_eq!(refused(|parts| rule(parts).total = Some(mins(45))), None, "what is left of it");
    let (tenant, _) = extended(|parts| parts.break_glass = Some(glass()));
    assert_eq!(tenant.look("e1").extensions.left, 0);
}

#[test]
fn facts_that_were_not_handed_in_break_no_glass() {
    let mut parts = prod();
    parts.break_glass = Some(BreakGlass { extendable: true, ..glass() });
    rule(&mut parts).others = selectors(&["group:command"]);
    let mut open = parts.clone();
    open.break_glass = Some(BreakGlass { extendable: true, who: selectors(&["everyone"]), ..glass() });
    let cora = member("cora", &["command"]);
    for (parts, code) in [(parts, Some(Code::PersonNotEligible)), (open, None)] {
        let mut tenant = Tenant::new([parts]);
        tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"]));
        assert_eq!(tenant.code(&cora, Verb::Extend(extend("e1"))), code);
        let told = Extend { holder: Some(olga()), ..extend("e1") };
        assert_eq!(tenant.code(&cora, Verb::Extend(told)), None);
    }
}
