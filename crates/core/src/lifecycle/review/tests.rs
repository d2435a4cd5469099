use crate::command::{Command, Review as ReviewAsk, Verb};
use crate::effect::Task;
use crate::event::Happened;
use crate::fixture::*;
use crate::flow::selector::Selector;
use crate::flow::{BreakGlass, Parts};
use crate::person::{Actor, Person, Record};
use crate::refusal::Code;
use crate::time::Span;

/// Sam reviews Olga's emergency `e1` of nine o'clock, an hour later.
struct Reviewing {
    actor: Actor,
    ask: ReviewAsk,
    context: Record,
    reused: bool,
    reviewed: bool,
}

impl Case for Reviewing {
    fn sound() -> Self {
        let ask = ReviewAsk { grant: grant_id("e1"), reason: None };
        let (actor, context) = (by(&sam()), Record::new());
        Self { actor, ask, context, reused: false, reviewed: false }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = story();
        tenant.asks(&alice(), request("prod", "g1", &["pg/b/read"]));
        if self.reused {
            let other = Verb::Request(Box::new(request("prod", "g9", &["pg/b/read"])));
            tenant.give(&command("look", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        tenant.at(60);
        if self.reviewed {
            tenant.ask(&sam(), review("e1")).unwrap();
        }
        let mut command = command("look", &self.actor, Verb::Review(self.ask.clone()));
        command.context.clone_from(&self.context);
        (tenant, command)
    }
}

fn prod() -> Parts {
    let mut parts = automatic("prod");
    parts.break_glass = Some(glass());
    parts
}

/// Olga breaks the glass at nine.
fn story() -> Tenant {
    let mut tenant = Tenant::new([prod()]);
    tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"]));
    tenant
}

const ROWS: &[Row<Reviewing>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::ApprovalOwn, |case| {
        let normal = case.ask.grant == grant_id("g1");
        case.actor = by(&if normal { alice() } else { olga() });
    }),
    (Code::ActorNotAllowed, |case| case.actor = by(&mallory())),
    (Code::ReviewNotNeeded, |case| case.ask.grant = grant_id("g1")),
    (Code::ReviewRepeated, |case| case.reviewed = true),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
];

#[test]
fn a_review_is_refused_in_this_order() {
    in_order::<Reviewing>(ROWS);
}

#[test]
fn it_changes_nothing_but_that_somebody_looked() {
    for minute in [5, 60, 3000] {
        let mut tenant = story();
        tenant.at(minute).system(settle("olga")).unwrap();
        let before = tenant.grant("e1").clone();
        let done = tenant.ask(&sam(), review("e1")).unwrap();
        assert_eq!(names(&done.events), ["reviewed"]);
        assert!(effects(&done.events).is_empty());
        let after = tenant.grant("e1");
        assert_eq!((&after.stage, &after.outbox), (&before.stage, &before.outbox));
        assert!(!after.awaits_review());
        let view = tenant.look("e1");
        assert_eq!(view.review.and_then(|review| review.reviewed_by), Some(person_id("sam")));
    }
}

#[test]
fn nobody_reviews_their_own_by_any_name() {
    let mut alias = member("ops-olga", &["security"]);
    alias.aliases = [person_id("OLGA")].into();
    let mut bot = member("bot", &["security"]);
    bot.acts_for = Some(person_id("olga"));
    for person in [member("olga", &["security"]), member("Olga", &["security"]), alias, bot] {
        assert_eq!(story().code(&person, review("e1")), Some(Code::ApprovalOwn), "{}", person.id);
    }
    assert_eq!(story().system(review("e1")).unwrap_err().code, Code::ActorNotAllowed, "people review");
}

fn reviewed_by(selectors: Vec<Selector>) -> Parts {
    let mut parts = prod();
    parts.break_glass = Some(BreakGlass { review_by: selectors, ..glass() });
    parts
}

#[test]
fn those_named_then_and_those_named_today_may_review() {
    let ada = member("ada", &["audit"]);
    let may = |tenant: &mut Tenant, person: &Person| tenant.code(person, review("e1"));
    let mut tenant = story();
    assert_eq!(may(&mut tenant, &ada), Some(Code::ActorNotAllowed));
    tenant.at(1).publish([reviewed_by(selectors(&["group:audit"]))]);
    assert_eq!(may(&mut tenant.clone(), &ada), None);
    assert_eq!(may(&mut tenant, &sam()), None);
    // Without glass, without a flow: whoever was named then.
    for flows in [vec![automatic("prod")], Vec::new()] {
        let mut tenant = story();
        tenant.at(1).publish(flows);
        assert_eq!(may(&mut tenant, &ada), Some(Code::ActorNotAllowed));
        assert_eq!(may(&mut tenant, &sam()), None);
    }
}

#[test]
fn the_manager_reviews_where_the_glass_says_so() {
    let mut tenant = Tenant::new([reviewed_by(selectors(&["manager"]))]);
    let mut olga = olga();
    olga.manager = Some(person_id("mona"));
    tenant.asks(&olga, emergency("prod", "e1", &["pg/a/read"]));
    assert_eq!(tenant.code(&sam(), review("e1")), Some(Code::ActorNotAllowed));
    assert_eq!(tenant.code(&member("mona", &[]), review("e1")), None);
}

#[test]
fn it_falls_due_once_at_its_instant_whoever_looks_when() {
    let due = at(24 * 60);
    let told =
        |tenant: &Tenant| tenant.of("e1").filter(|event| event.happened.name() == "review_due").count();
    let mut early = story();
    early.at(45).system(settle("olga")).unwrap();
    early.clock = due.minus(MS);
    early.system(settle("olga")).unwrap();
    assert_eq!(told(&early), 0);
    assert_eq!(early.grant("e1").deadline(), Some(due), "a closed grant is waited for");
    early.clock = due;
    early.system(settle("olga")).unwrap();
    early.later(MS).system(settle("olga")).unwrap();
    assert_eq!(told(&early), 1);
    assert_eq!(early.grant("e1").deadline(), None, "it is said once");
    let mut late = story();
    late.at(9000).system(settle("olga")).unwrap();
    assert_eq!(late.events, early.events, "early, late and often sweeps say the same");
    let event = late.of("e1").last().unwrap();
    assert_eq!(event.at, due);
    assert!(matches!(&event.happened, Happened::ReviewDue(review) if review.to == ["group:security"]));
    assert!(matches!(event.effects.first().map(|effect| &effect.task), Some(Task::Notify { to, .. })
        if to == &["group:security"]));
}

#[test]
fn what_was_reviewed_in_time_falls_due_never() {
    let mut tenant = story();
    tenant.clock = at(24 * 60).minus(MS);
    tenant.ask(&sam(), review("e1")).unwrap();
    tenant.at(9000).system(settle("olga")).unwrap();
    assert_eq!(tenant.when("e1", "review_due"), None);
    tenant.deliver("olga");
    assert!(tenant.grant("e1").is_settled_for_good());
}

#[test]
fn it_is_kept_in_sight_until_somebody_has_looked() {
    let mut tenant = story();
    tenant.at(9000).system(settle("olga")).unwrap();
    tenant.deliver("olga");
    assert!(tenant.grant("e1").outbox.is_empty());
    assert!(!tenant.grant("e1").is_settled_for_good());
    tenant.ask(&sam(), review("e1")).unwrap();
    assert!(tenant.grant("e1").is_settled_for_good());
}

#[test]
fn at_one_instant_the_review_comes_last() {
    let mut parts = prod();
    parts.notify.before_end = vec![mins(10)];
    for (within, order) in [
        (20, ["activated", "reminded", "review_due", "expired"]),
        (30, ["activated", "reminded", "expired", "review_due"]),
    ] {
        parts.break_glass = Some(BreakGlass { review_within: mins(within), ..glass() });
        let mut tenant = Tenant::new([parts.clone()]);
        tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"]));
        tenant.at(60).system(settle("olga")).unwrap();
        assert_eq!(tenant.history("e1").get(2..), Some(&order[..]));
    }
}

#[test]
fn the_longest_review_is_awaited_as_long() {
    let mut parts = prod();
    parts.break_glass = Some(BreakGlass { review_within: Span::hours(24 * 365), ..glass() });
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"]));
    tenant.at(60 * 24 * 365 - 1).system(settle("olga")).unwrap();
    assert_eq!(tenant.when("e1", "review_due"), None);
    tenant.at(60 * 24 * 365).system(settle("olga")).unwrap();
    assert_eq!(tenant.when("e1", "review_due"), Some(at(60 * 24 * 365)));
}
