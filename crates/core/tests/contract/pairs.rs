//! What may follow what: every stage with every command, and every stage with every event.

use crate::command::{Reach, Review, Verb};
use crate::event::{Event, Happened};
use crate::examples::{self, About};
use crate::fixture::*;
use crate::flow::{Activation, BreakGlass};
use crate::grant::Stage;
use crate::machine::{self, Fault};
use crate::refusal::Code;

/// Where a grant can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Pending,
    /// Approved, and its planned start is ahead.
    Approved,
    /// Approved, and its holder has not begun yet.
    Holder,
    /// Approved, and its targets have not confirmed yet.
    Provisioning,
    Active,
    /// Active, and an extension awaits its decision.
    Asked,
    Expired,
    GivenBack,
    Denied,
}

const STANDINGS: [Standing; 9] = [
    Standing::Pending,
    Standing::Approved,
    Standing::Holder,
    Standing::Provisioning,
    Standing::Active,
    Standing::Asked,
    Standing::Expired,
    Standing::GivenBack,
    Standing::Denied,
];

/// A tenant in which alice's `g1` stands so, at twenty past nine.
fn tenant(standing: Standing) -> Tenant {
    let mut flow = parts("db");
    flow.start_ahead = mins(60);
    flow.revoke_by = selectors(&["group:boss"]);
    flow.break_glass = Some(BreakGlass { review_by: selectors(&["group:boss"]), ..glass() });
    flow.activation = match standing {
        Standing::Holder => Activation::ByHolder,
        Standing::Provisioning => Activation::OnConfirmation,
        Standing::Pending
        | Standing::Approved
        | Standing::Active
        | Standing::Asked
        | Standing::Expired
        | Standing::GivenBack
        | Standing::Denied => Activation::OnApproval,
    };
    rule(&mut flow).approval = extension_by(&["group:boss"]);
    let mut tenant = Tenant::new([flow]);
    let mut ask = request("db", "g1", &["pg/a/read"]);
    ask.start = (standing == Standing::Approved).then(|| at(40));
    ask.span = (standing == Standing::Expired).then(|| mins(10));
    tenant.asks(&alice(), ask);
    match standing {
        Standing::Pending => {}
        Standing::Denied => drop(tenant.ask(&bob(), Verb::Deny(deny("g1"))).unwrap()),
        Standing::Approved
        | Standing::Holder
        | Standing::Provisioning
        | Standing::Active
        | Standing::Asked
        | Standing::Expired
        | Standing::GivenBack => {
            tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
        }
    }
    if standing == Standing::Asked {
        tenant.ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    }
    if standing == Standing::GivenBack {
        tenant.ask(&alice(), give_back("g1")).unwrap();
    }
    tenant.at(20).system(settle("alice")).unwrap();
    tenant
}

/// The verb as whoever may give it gives it, and what comes of it in the order of [`STANDINGS`].
type Line = (&'static str, fn() -> (crate::person::Person, Verb), [Option<Code>; 9]);

const CLOSED: Option<Code> = Some(Code::RequestClosed);
const NOT_ACTIVE: Option<Code> = Some(Code::GrantNotActive);
const UNKNOWN: Option<Code> = Some(Code::GrantUnknown);
const EXPIRED: Option<Code> = Some(Code::GrantExpired);
const NOT_PENDING: Option<Code> = Some(Code::ExtensionNotPending);
const NOT_NEEDED: Option<Code> = Some(Code::ReviewNotNeeded);
const PENDING: Option<Code> = Some(Code::ExtensionPending);

fn carol() -> crate::person::Person {
    member("carol", &["boss"])
}

const COMMANDS: &[Line] = &[
    (
        "approve",
        || (carol(), Verb::Approve(approve("g1"))),
        [None, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED],
    ),
    (
        "deny",
        || (carol(), Verb::Deny(deny("g1"))),
        [None, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED],
    ),
    (
        "withdraw",
        || (alice(), withdraw("g1")),
        [None, None, None, None, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED],
    ),
    (
        "activate",
        || (alice(), activate("g1")),
        [NOT_ACTIVE, NOT_ACTIVE, None, NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, EXPIRED, NOT_ACTIVE, NOT_ACTIVE],
    ),
    (
        "extend",
        || (alice(), Verb::Extend(extend("g1"))),
        [NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, None, PENDING, EXPIRED, NOT_ACTIVE, NOT_ACTIVE],
    ),
    (
        "approve_extension",
        || (carol(), Verb::ApproveExtension(decide("g1"))),
        [NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, NOT_PENDING, None, EXPIRED, NOT_ACTIVE, NOT_ACTIVE],
    ),
    (
        "deny_extension",
        || (carol(), Verb::DenyExtension(decide("g1"))),
        [NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, NOT_PENDING, None, EXPIRED, NOT_ACTIVE, NOT_ACTIVE],
    ),
    (
        "give_back",
        || (alice(), give_back("g1")),
        [NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE, None, None, EXPIRED, NOT_ACTIVE, NOT_ACTIVE],
    ),
    (
        "revoke",
        || (carol(), revoke("g1")),
        [None, None, None, None, None, None, EXPIRED, NOT_ACTIVE, NOT_ACTIVE],
    ),
    (
        "revoke",
        || (carol(), revoke_all(Reach::Person(person_id("alice")))),
        [None, None, None, None, None, None, UNKNOWN, UNKNOWN, UNKNOWN],
    ),
    ("review", || (carol(), Verb::Review(Review { grant: grant_id("g1"), reason: None })), [NOT_NEEDED; 9]),
    ("erase", || (carol(), erase("g1")), [Some(Code::ActorNotAllowed); 9]),
];

// guard: `lifecycle/deny.rs`, the check `request.closed`
#[test]
fn r10_every_stage_and_every_command() {
    for (name, given, expected) in COMMANDS {
        for (standing, code) in STANDINGS.into_iter().zip(expected) {
            let mut tenant = tenant(standing);
            let before = tenant.grant("g1").clone();
            let (actor, verb) = given();
            assert_eq!(verb.name(), *name);
            assert_eq!(tenant.code(&actor, verb), *code, "{name} where it is {standing:?}");
            if code.is_some() {
                assert_eq!(*tenant.grant("g1"), before, "{name} where it is {standing:?} changes nothing");
            }
            if before.is_closed() {
                assert_eq!(tenant.grant("g1").stage, before.stage);
            }
        }
    }
}

/// Events that may follow, by name; the world's dealings with an effect that is open may follow always.
fn may_follow(standing: Standing) -> &'static [&'static str] {
    match standing {
        Standing::Pending => {
            &["approval_given", "approved", "denial_given", "denied", "withdrawn", "undecided", "revoked"]
        }
        Standing::Approved | Standing::Holder => {
            &["withdrawn", "now_waits", "activated", "unused", "revoked"]
        }
        Standing::Provisioning => {
            &["withdrawn", "now_waits", "activated", "unused", "failed", "revoked", "kept_for"]
        }
        Standing::Active => {
            &["reminded", "extension_asked", "extended", "expired", "given_back", "revoked", "kept_for"]
        }
        Standing::Asked => &[
            "reminded",
            "extension_approval_given",
            "extended",
            "extension_denial_given",
            "extension_denied",
            "extension_lapsed",
            "kept_for",
        ],
        Standing::Expired | Standing::GivenBack | Standing::Denied => &[],
    }
}

const OF_EFFECTS: [&str; 5] =
    ["effect_taken", "effect_skipped", "effect_done", "effect_failed", "effect_stuck"];

fn replays(tenant: &Tenant, happened: Happened) -> Result<(), (String, String)> {
    let next = Event { grant: grant_id("g1"), at: tenant.clock, cause: None, happened, effects: Vec::new() };
    let events = tenant.of("g1").cloned().chain([next]);
    let illegal = machine::replay(events).err();
    illegal.map_or(Ok(()), |illegal| Err((illegal.event.to_owned(), illegal.stage.to_owned())))
}

fn about(tenant: &Tenant) -> About {
    let grant = tenant.grant("g1");
    let effect = grant.outbox.first().map_or(0, |outgoing| outgoing.effect.number);
    let end = grant.active().map_or(at(60), |active| active.end);
    About { end, scope: grant.terms.scope.clone(), effect, now: tenant.clock }
}

// guard: `lifecycle/expire.rs`, what may follow what
#[test]
fn r10_every_stage_and_every_event() {
    for standing in STANDINGS {
        let tenant = tenant(standing);
        for happened in examples::every(&about(&tenant)) {
            let name = happened.name();
            let legal = may_follow(standing).contains(&name) || OF_EFFECTS.contains(&name);
            let expected = if legal {
                Ok(())
            } else {
                Err((name.to_owned(), tenant.grant("g1").stage.name().to_owned()))
            };
            assert_eq!(replays(&tenant, happened), expected, "{name} where it is {standing:?}");
        }
    }
}

#[test]
fn nothing_happens_to_an_effect_that_is_not_open() {
    for standing in STANDINGS {
        let tenant = tenant(standing);
        let closed = About { effect: 999, ..about(&tenant) };
        for happened in examples::every(&closed) {
            let name = happened.name();
            if OF_EFFECTS.contains(&name) {
                assert!(replays(&tenant, happened).is_err(), "{name} where it is {standing:?}");
            }
        }
    }
}

#[test]
fn nothing_happens_before_the_request_or_twice() {
    for happened in examples::every(&examples::about()) {
        let name = happened.name();
        let legal = matches!(happened, Happened::Requested(_));
        let event = examples::event(happened);
        assert_eq!(machine::replay([event.clone()]).is_ok(), legal, "{name} first");
        if legal {
            let twice = machine::replay([event.clone(), event]).unwrap_err();
            assert_eq!((twice.event, twice.stage), ("requested", "pending"));
        }
    }
    let illegal = machine::replay([]).unwrap_err();
    assert_eq!(illegal.stage, "not there");
    assert_eq!(illegal.to_string(), "`nothing` cannot happen to `a grant`, which is not there");
}

#[test]
fn an_event_of_another_grant_or_of_an_earlier_time_cannot_follow() {
    let tenant = tenant(Standing::Active);
    let mut events: Vec<Event> = tenant.of("g1").cloned().collect();
    assert!(machine::replay(events.clone()).is_ok());
    let last = events.last_mut().unwrap();
    last.at = at(0).minus(MS);
    assert!(machine::replay(events.clone()).is_err(), "time never runs backward");
    let mut other = tenant.of("g1").next().unwrap().clone();
    other.grant = grant_id("g2");
    assert!(machine::replay([other]).is_err(), "its request names `g1`");
}

#[test]
fn an_extension_moves_the_end_that_stands_and_only_later() {
    let tenant = tenant(Standing::Active);
    let end = tenant.active("g1").end;
    for (from, to, legal) in [
        (end, end.plus(MS), true),
        (end, end, false),
        (end, end.minus(MS), false),
        (end.plus(MS), end.plus(mins(5)), false),
        (end.minus(MS), end.plus(mins(5)), false),
    ] {
        let every = examples::every(&about(&tenant));
        let extended = every.into_iter().find_map(|happened| match happened {
            Happened::Extended(extended) => Some(extended),
            Happened::Requested(_)
            | Happened::ApprovalGiven(_)
            | Happened::Approved(_)
            | Happened::DenialGiven(_)
            | Happened::Denied
            | Happened::Withdrawn(_)
            | Happened::Escalated(_)
            | Happened::NowWaits(_)
            | Happened::Failed(_)
            | Happened::ReviewDue(_)
            | Happened::Reviewed(_)
            | Happened::Erased
            | Happened::Undecided
            | Happened::Activated(_)
            | Happened::Unused(_)
            | Happened::Reminded(_)
            | Happened::ExtensionAsked(_)
            | Happened::ExtensionApprovalGiven(_)
            | Happened::ExtensionDenialGiven(_)
            | Happened::ExtensionDenied(_)
            | Happened::ExtensionLapsed(_)
            | Happened::Expired(_)
            | Happened::GivenBack(_)
            | Happened::Revoked(_)
            | Happened::KeptFor(_)
            | Happened::EffectTaken { .. }
            | Happened::EffectSkipped { .. }
            | Happened::EffectDone(_)
            | Happened::EffectFailed(_)
            | Happened::EffectLate(_)
            | Happened::EffectStuck { .. } => None,
        });
        let mut extended = extended.unwrap();
        (extended.from, extended.to) = (from, to);
        assert_eq!(replays(&tenant, Happened::Extended(extended)).is_ok(), legal, "{from} to {to}");
    }
}

#[test]
fn r30_what_cannot_be_known_is_a_fault_and_never_a_yes() {
    let tenant = tenant(Standing::Pending);
    let approval = command("c", &by(&carol()), Verb::Approve(approve("g1")));
    let mut world = tenant.world(|world| machine::needs(&approval, world));
    let mut head = (*world.policy).clone();
    head.flows.clear();
    world.policy = std::sync::Arc::new(head);
    world.revisions.clear();
    assert!(matches!(machine::apply(&world, &approval, at(20)), Err(Fault::NotLoaded(_))));
}

// guard: `lifecycle/request.rs`, new_grant
#[test]
fn r30_an_id_is_used_once_for_ever() {
    for standing in STANDINGS {
        let mut tenant = tenant(standing);
        let again = Verb::Request(Box::new(request("db", "g1", &["pg/a/read"])));
        assert_eq!(tenant.code(&alice(), again), Some(Code::GrantExists), "{standing:?}");
        assert!(matches!(tenant.grant("g1").stage, Stage::Pending(_)) == (standing == Standing::Pending));
    }
}
