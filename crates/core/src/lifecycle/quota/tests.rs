use std::collections::BTreeMap;

use crate::command::{Request, Verb};
use crate::fixture::*;
use crate::flow::approval_rule::Lane;
use crate::flow::beside::Beside;
use crate::flow::extension_rule::{DecidedBy, ExtensionApproval, GovernedBy};
use crate::flow::{Parts, Quota};
use crate::machine::{self, Fault};
use crate::offer::Need;
use crate::person::{Person, Record};
use crate::query;
use crate::refusal::{Code, Detail, Refusal, WouldPass};
use crate::time::{Span, Timestamp};
use crate::world::Read;

fn times(times: u32, minutes: u64) -> Quota {
    Quota { times, per: mins(minutes) }
}

fn asks(grant: &str) -> Verb {
    Verb::Request(Box::new(request("db", grant, &["pg/a/read"])))
}

fn quota_of(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = automatic("db");
    change(&mut parts);
    Tenant::new([parts])
}

fn resets_at(refusal: &Refusal) -> Option<Timestamp> {
    match refusal.details.get("resets_at") {
        Some(Detail::Time(at)) => Some(*at),
        Some(_) | None => None,
    }
}

#[test]
fn a_request_counts_for_exactly_its_span() {
    for (moment, refused) in [
        (at(30), Some(Code::LimitRequests)),
        (at(60).minus(MS), Some(Code::LimitRequests)),
        (at(60), None),
        (at(60).plus(MS), None),
    ] {
        let mut tenant = quota_of(|parts| parts.limits.requests = Some(times(2, 60)));
        assert_eq!(tenant.code(&alice(), asks("g1")), None);
        assert_eq!(tenant.at(5).code(&alice(), asks("g2")), None);
        tenant.clock = moment;
        assert_eq!(tenant.code(&alice(), asks("g3")), refused, "{moment}");
        assert_eq!(tenant.code(&member("ann", &["sre"]), asks("g4")), None, "each person has their own");
    }
}

#[test]
fn it_is_said_when_one_more_passes() {
    let mut tenant = quota_of(|parts| parts.limits.requests = Some(times(3, 60)));
    for (minute, grant) in [(1, "g1"), (1, "g2"), (7, "g3")] {
        assert_eq!(tenant.at(minute).code(&alice(), asks(grant)), None);
    }
    let refusal = tenant.at(50).refused(&alice(), asks("g4"));
    assert_eq!(refusal.code, Code::LimitRequests);
    assert_eq!(refusal.details.get("limit"), Some(&3.into()));
    assert_eq!((resets_at(&refusal), refusal.would_pass), (Some(at(61)), Some(WouldPass::at(at(61)))));
    // What was asked at one instant is gone at one instant; a smaller quota waits for more of it.
    let mut smaller = automatic("db");
    smaller.limits.requests = Some(times(1, 60));
    tenant.publish([smaller]);
    assert_eq!(resets_at(&tenant.refused(&alice(), asks("g4"))), Some(at(67)));
    assert_eq!(tenant.at(67).code(&alice(), asks("g4")), None);
}

#[test]
fn what_became_of_it_gives_no_place_back() {
    let mut decided = parts("db");
    decided.limits.requests = Some(times(1, 120));
    decided.requesters.others = selectors(&["user:desk"]);
    ruling(&mut decided).decide_within = mins(10);
    type Ends = fn(&mut Tenant);
    let ends: [(&str, Ends); 4] = [
        ("denied", |tenant| drop(tenant.ask(&bob(), Verb::Deny(deny("g1"))).unwrap())),
        ("withdrawn", |tenant| drop(tenant.ask(&alice(), withdraw("g1")).unwrap())),
        ("undecided", |tenant| tenant.clock = at(10)),
        ("given back", |tenant| {
            tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
            tenant.ask(&alice(), give_back("g1")).unwrap();
            tenant.deliver("alice");
        }),
    ];
    for (how, ends) in ends {
        let mut tenant = Tenant::new([decided.clone()]);
        // Somebody asks for her: it counts as hers.
        let for_her = Request { holder: Some(alice()), ..request("db", "g1", &["pg/a/read"]) };
        let desk = member("desk", &["sre"]);
        tenant.asks(&desk, for_her);
        ends(&mut tenant);
        tenant.later(mins(1));
        assert_eq!(tenant.code(&alice(), asks("g2")), Some(Code::LimitRequests), "{how}");
        assert_eq!(tenant.code(&desk, asks("g2")), None, "and not as that of whoever asked");
    }
}

#[test]
fn a_refused_request_is_none_and_another_flow_counts_for_itself() {
    let limited = |id: &str| {
        let mut parts = automatic(id);
        parts.limits.requests = Some(times(1, 60));
        parts
    };
    let mut tenant = Tenant::new([limited("db"), limited("other")]);
    let long = Request { span: Some(mins(999)), ..request("db", "g1", &["pg/a/read"]) };
    assert_eq!(tenant.code(&alice(), Verb::Request(Box::new(long))), Some(Code::DurationTooLong));
    assert_eq!(tenant.code(&alice(), asks("g1")), None);
    let other = Verb::Request(Box::new(request("other", "g2", &["pg/a/read"])));
    assert_eq!(tenant.code(&alice(), other), None);
    assert_eq!(tenant.code(&alice(), asks("g3")), Some(Code::LimitRequests));
}

/// What is loaded of the past is a part of what the decision stands on: it is dated no earlier.
#[test]
fn a_closed_grant_of_a_host_that_was_ahead_is_counted_at_its_own_instant() {
    let ahead = Span::seconds(20);
    let mut tenant = quota_of(|parts| parts.limits.requests = Some(times(1, 60)));
    for (id, verb) in [("c1", asks("g1")), ("c2", give_back("g1"))] {
        tenant.give(&command(id, &by(&alice()), verb), at(0).plus(ahead)).unwrap().unwrap();
    }
    tenant.deliver("alice");
    assert!(tenant.grant("g1").is_settled_for_good());
    let refusal = tenant.refused(&alice(), asks("g2"));
    assert_eq!((tenant.decided_at, resets_at(&refusal)), (at(0).plus(ahead), Some(at(60).plus(ahead))));
    tenant.clock = at(60).plus(ahead).minus(MS);
    assert_eq!(tenant.code(&alice(), asks("g2")), Some(Code::LimitRequests));
    tenant.clock = at(60).plus(ahead);
    assert_eq!(tenant.code(&alice(), asks("g2")), None);
}

#[test]
fn each_grant_of_a_kit_is_a_request_under_its_flow() {
    let kit = kit("incident", &[("db", "pg/a/read"), ("logs", "aws/x/read")]);
    let beside = Beside { kits: BTreeMap::from([(kit.id.clone(), kit)]), ..Beside::default() };
    let mut db = automatic("db");
    db.limits.requests = Some(times(2, 60));
    let mut tenant = Tenant::new([]);
    tenant.publish_beside([db, automatic("logs")], beside);
    let asks_kit = |grant: &str| Verb::RequestKit(Box::new(request_kit("incident", grant)));
    assert_eq!(tenant.code(&alice(), asks_kit("k1")), None);
    assert_eq!(tenant.at(1).code(&alice(), asks("g1")), None);
    let refusal = tenant.at(2).refused(&alice(), asks_kit("k2"));
    assert_eq!((refusal.code, resets_at(&refusal)), (Code::LimitRequests, Some(at(60))));
    assert_eq!(refusal.details.get("flow"), Some(&"db".into()));
    assert_eq!(tenant.code(&alice(), asks("g2")), Some(Code::LimitRequests));
    assert_eq!(tenant.at(60).code(&alice(), asks_kit("k2")), None);
}

#[test]
fn a_plan_is_told_a_start_that_passes_when_the_quota_resets() {
    let mut tenant = quota_of(|parts| {
        parts.limits.requests = Some(times(1, 60));
        parts.start_ahead = mins(600);
    });
    assert_eq!(tenant.code(&alice(), asks("g1")), None);
    let later = WouldPass { start: Some(at(60)), ..WouldPass::at(at(60)) };
    for (start, passes) in [(at(60), WouldPass::at(at(60))), (at(59), later)] {
        let plan = Request { start: Some(start), ..request("db", "g2", &["pg/a/read"]) };
        let refusal = tenant.at(10).refused(&alice(), Verb::Request(Box::new(plan)));
        assert_eq!((resets_at(&refusal), refusal.would_pass), (Some(at(60)), Some(passes)));
    }
}

/// Who is on call is not asked; outside of the quota bosses decide.
fn lane(quota: Quota) -> Parts {
    let mut parts = parts("db");
    ruling(&mut parts).automatic = Some(Lane { when: None, quota: Some(quota) });
    parts
}

fn stage(tenant: &Tenant, grant: &str) -> String {
    tenant.look(grant).stage
}

#[test]
fn the_fast_lane_is_open_so_often_and_then_the_steps_apply() {
    for (moment, came) in [(at(60).minus(MS), "pending"), (at(60), "active"), (at(60).plus(MS), "active")] {
        let mut tenant = Tenant::new([lane(times(2, 60))]);
        for (minute, grant) in [(0, "g1"), (5, "g2")] {
            tenant.at(minute).asks(&alice(), request("db", grant, &["pg/a/read"]));
            assert_eq!(stage(&tenant, grant), "active");
            assert!(tenant.grant(grant).origin.lane);
        }
        tenant.clock = moment;
        tenant.asks(&alice(), request("db", "g3", &["pg/a/read"]));
        assert_eq!((stage(&tenant, "g3").as_str(), moment), (came, moment));
        assert_eq!(tenant.grant("g3").origin.lane, came == "active");
        tenant.asks(&member("ann", &["sre"]), request("db", "g4", &["pg/a/read"]));
        assert_eq!(stage(&tenant, "g4"), "active", "another person has their own");
    }
}

#[test]
fn what_was_approved_by_people_took_no_lane() {
    let mut tenant = Tenant::new([lane(times(1, 600))]);
    for (grant, came) in [("g1", "active"), ("g2", "pending")] {
        tenant.asks(&alice(), request("db", grant, &["pg/a/read"]));
        assert_eq!(stage(&tenant, grant), came);
    }
    tenant.ask(&bob(), Verb::Approve(approve("g2"))).unwrap();
    tenant.ask(&alice(), give_back("g1")).unwrap();
    tenant.at(599).asks(&alice(), request("db", "g3", &["pg/a/read"]));
    assert_eq!(stage(&tenant, "g3"), "pending", "the first one was given back, and had taken it");
    tenant.at(600).asks(&alice(), request("db", "g4", &["pg/a/read"]));
    assert_eq!(stage(&tenant, "g4"), "active", "the second was decided by people");
}

#[test]
fn where_the_lane_says_both_both_must_hold() {
    let mut both = lane(times(1, 60));
    ruling(&mut both).automatic.as_mut().unwrap().when =
        Some(says("on call", |facts| Ok(facts.context.contains_key("on_call"))));
    let mut tenant = Tenant::new([both]);
    let on_call = Record::from([("on_call".to_owned(), crate::person::Fact::Bool(true))]);
    for (grant, context, came) in
        [("g1", Record::new(), "pending"), ("g2", on_call.clone(), "active"), ("g3", on_call, "pending")]
    {
        let mut asked = command(grant, &by(&alice()), asks(grant));
        asked.context = context;
        tenant.give(&asked, tenant.clock).unwrap().unwrap();
        assert_eq!(stage(&tenant, grant), came, "{grant}");
    }
}

#[test]
fn where_nobody_could_decide_the_lane_is_all_there_is() {
    let mut parts = lane(times(1, 60));
    ruling(&mut parts).lists[0][0].approvers = Vec::new();
    let mut tenant = Tenant::new([parts]);
    assert_eq!(tenant.code(&alice(), asks("g1")), None);
    assert_eq!(tenant.code(&alice(), asks("g2")), Some(Code::ApprovalNobody));
    assert_eq!(tenant.at(60).code(&alice(), asks("g2")), None);
}

fn clicks(tenant: &mut Tenant, person: &Person, grant: &str) -> Option<Code> {
    tenant.code(person, Verb::Extend(extend(grant)))
}

fn same() -> ExtensionApproval {
    ExtensionApproval::Decided { first: 0, bridge: None, decide_within: None, by: DecidedBy::Same }
}

#[test]
fn extensions_decided_as_requests_are_share_the_lane_and_others_do_not() {
    let mut shared = lane(times(2, 60));
    (rule(&mut shared).approval, rule(&mut shared).times) = (same(), 9);
    let mut tenant = Tenant::new([shared.clone()]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    assert_eq!(clicks(tenant.at(1), &alice(), "g1"), None);
    assert!(tenant.grant("g1").extensions[0].lane);
    tenant.asks(&alice(), request("db", "g2", &["pg/a/read"]));
    assert_eq!(stage(&tenant, "g2"), "pending", "the extension took the second place");
    assert!(tenant.offer("g1", &alice()).unwrap().needs.contains(&Need::Approval));
    assert!(
        !tenant.at(60).offer("g1", &alice()).unwrap().needs.contains(&Need::Approval),
        "the request is gone"
    );
    assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
    assert_eq!(clicks(tenant.at(60), &alice(), "g1"), None);
    assert_eq!((tenant.grant("g1").extensions.len(), tenant.look("g1").extensions.pending), (2, 1));

    // The first few of steps of their own need nobody, and take no lane of anybody's.
    let mut own = lane(times(1, 60));
    let mut steps = decided(vec![step("boss", &["group:boss"])]);
    steps.automatic = Some(Lane { when: None, quota: Some(times(1, 60)) });
    rule(&mut own).times = 9;
    rule(&mut own).approval = ExtensionApproval::Decided {
        first: 1,
        bridge: None,
        decide_within: None,
        by: DecidedBy::Steps(steps),
    };
    let mut tenant = Tenant::new([own]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    for _ in 0..3 {
        assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
    }
    let lanes: Vec<bool> = tenant.grant("g1").extensions.iter().map(|moved| moved.lane).collect();
    assert_eq!((lanes, tenant.look("g1").extensions.pending), (vec![false, true], 1));
    tenant.asks(&alice(), request("db", "g2", &["pg/a/read"]));
    assert_eq!(stage(&tenant, "g2"), "pending", "the one request it may was `g1`");
}

fn extendable(quota: Quota) -> impl FnOnce(&mut Parts) {
    move |parts| {
        parts.limits.extensions = Some(quota);
        rule(parts).times = 9;
    }
}

#[test]
fn an_extension_counts_from_when_it_was_granted_over_all_grants_of_the_flow() {
    for (moment, refused) in
        [(at(70).minus(MS), Some(Code::LimitExtensions)), (at(70), None), (at(70).plus(MS), None)]
    {
        let mut tenant = quota_of(extendable(times(2, 60)));
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        tenant.asks(&alice(), Request { span: Some(mins(200)), ..request("db", "g2", &["pg/a/read"]) });
        assert_eq!(clicks(tenant.at(10), &alice(), "g1"), None);
        assert_eq!(clicks(tenant.at(11), &alice(), "g2"), None);
        tenant.at(12).ask(&alice(), give_back("g1")).unwrap();
        tenant.deliver("alice");
        tenant.asks(&member("ann", &["sre"]), request("db", "g3", &["pg/a/read"]));
        let refusal = tenant.at(20).refused(&alice(), Verb::Extend(extend("g2")));
        assert_eq!((refusal.code, resets_at(&refusal)), (Code::LimitExtensions, Some(at(70))));
        assert_eq!(refusal.would_pass, Some(WouldPass::at(at(70))));
        let offer = tenant.offer("g2", &alice()).unwrap();
        assert_eq!((offer.allowed, offer.opens_at), (false, Some(at(70))));
        assert_eq!(clicks(&mut tenant, &member("ann", &["sre"]), "g3"), None, "hers are her own");
        tenant.clock = moment;
        assert_eq!(tenant.offer("g2", &alice()).unwrap().refused.map(|refusal| refusal.code), refused);
        assert_eq!(clicks(&mut tenant, &alice(), "g2"), refused, "{moment}");
    }
}

#[test]
fn a_pending_extension_counts_until_it_is_decided() {
    let decided_by_bosses = |parts: &mut Parts| {
        extendable(times(1, 600))(parts);
        rule(parts).approval = extension_by(&["group:boss"]);
    };
    let start = || {
        let mut tenant = quota_of(decided_by_bosses);
        for grant in ["g1", "g2"] {
            tenant.asks(&alice(), Request { span: Some(mins(240)), ..request("db", grant, &["pg/a/read"]) });
        }
        assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
        let refusal = tenant.at(5).refused(&alice(), Verb::Extend(extend("g2")));
        assert_eq!((refusal.code, resets_at(&refusal)), (Code::LimitExtensions, None));
        assert_eq!((refusal.would_pass, tenant.offer("g2", &alice()).unwrap().opens_at), (None, None));
        tenant
    };
    let mut tenant = start();
    tenant.at(7).ask(&bob(), Verb::DenyExtension(decide("g1"))).unwrap();
    assert_eq!(clicks(&mut tenant, &alice(), "g2"), None, "denied, its place is free");
    let mut tenant = start();
    tenant.at(7).ask(&bob(), Verb::ApproveExtension(decide("g1"))).unwrap();
    let refusal = tenant.refused(&alice(), Verb::Extend(extend("g2")));
    assert_eq!(resets_at(&refusal), Some(at(607)), "from when it was granted, not asked");
    assert_eq!(refusal.would_pass, None, "the grant is over by then");
    assert_eq!(tenant.offer("g2", &alice()).unwrap().opens_at, None);
    assert_eq!(tenant.at(241).look("g2").stage, "closed");
}

#[test]
fn where_one_awaits_its_decision_no_instant_is_told_though_granted_ones_fill_the_quota() {
    let by_bosses = |quota: Quota| {
        let mut parts = automatic("db");
        extendable(quota)(&mut parts);
        rule(&mut parts).approval = extension_by(&["group:boss"]);
        parts
    };
    let mut tenant = Tenant::new([by_bosses(times(2, 60))]);
    for grant in ["g1", "g2"] {
        tenant.asks(&alice(), Request { span: Some(mins(240)), ..request("db", grant, &["pg/a/read"]) });
        assert_eq!(clicks(&mut tenant, &alice(), grant), None);
    }
    tenant.ask(&bob(), Verb::ApproveExtension(decide("g1"))).unwrap();
    tenant.publish([by_bosses(times(1, 60))]);
    let refusal = tenant.refused(&alice(), Verb::Extend(extend("g1")));
    assert_eq!((refusal.code, resets_at(&refusal)), (Code::LimitExtensions, None));
    assert_eq!(clicks(tenant.at(60), &alice(), "g1"), Some(Code::LimitExtensions), "it still waits");
}

#[test]
fn the_quota_is_that_of_the_rules_that_govern() {
    let granted = |parts: &mut Parts| {
        extendable(times(1, 600))(parts);
        rule(parts).governed_by = GovernedBy::Granted;
    };
    let mut tenant = quota_of(granted);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
    let mut looser = automatic("db");
    extendable(times(9, 600))(&mut looser);
    rule(&mut looser).governed_by = GovernedBy::Granted;
    tenant.publish([looser.clone()]);
    assert_eq!(clicks(&mut tenant, &alice(), "g1"), Some(Code::LimitExtensions));
    rule(&mut looser).governed_by = GovernedBy::Today;
    tenant.publish([looser]);
    assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
}

#[test]
fn of_two_revisions_both_quotas_hold_and_the_one_that_lasts_is_told() {
    for (granted, today, resets) in [
        (times(1, 60), times(2, 90), at(60)),
        (times(2, 90), times(1, 60), at(60)),
        (times(1, 60), times(1, 90), at(90)),
    ] {
        let mut tenant = quota_of(extendable(granted));
        tenant.asks(&alice(), Request { span: Some(mins(200)), ..request("db", "g1", &["pg/a/read"]) });
        let mut parts = automatic("db");
        extendable(today)(&mut parts);
        rule(&mut parts).governed_by = GovernedBy::Stricter;
        tenant.publish([parts]);
        assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
        tenant.clock = resets.minus(MS);
        let refusal = tenant.refused(&alice(), Verb::Extend(extend("g1")));
        assert_eq!((refusal.code, resets_at(&refusal)), (Code::LimitExtensions, Some(resets)));
        tenant.clock = resets;
        assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
    }
}

#[test]
fn of_two_revisions_the_lane_of_each_must_be_open() {
    let shared = |quota| {
        let mut parts = lane(quota);
        (rule(&mut parts).approval, rule(&mut parts).governed_by) = (same(), GovernedBy::Stricter);
        rule(&mut parts).times = 9;
        parts
    };
    let mut tenant = Tenant::new([shared(times(9, 600))]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.publish([shared(times(2, 600))]);
    assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
    assert!(tenant.grant("g1").extensions[0].lane);
    assert_eq!(clicks(&mut tenant, &alice(), "g1"), None);
    assert_eq!(tenant.look("g1").extensions.pending, 1, "today's is taken twice, and its steps apply");
}

/// The past is read where a quota looks there, and nowhere else; and nothing is decided without it.
#[test]
fn the_past_is_read_where_it_counts_and_never_guessed() {
    let reads = |change: fn(&mut Parts), verb: Verb| {
        let mut tenant = quota_of(change);
        tenant.asks(&alice(), request("db", "g0", &["pg/a/read"]));
        let asked = command("c", &by(&alice()), verb);
        let world = tenant.world(|world| machine::needs(&asked, world));
        let spans = world.read.iter().filter_map(|read| {
            let Read::Recent(person, flow, span) = read else { return None };
            (*person == person_id("alice") && *flow == flow_id("db")).then_some(*span)
        });
        spans.collect::<Vec<Span>>()
    };
    let extends = || Verb::Extend(extend("g0"));
    assert_eq!(reads(|_| (), asks("g1")), []);
    assert_eq!(reads(|_| (), extends()), []);
    assert_eq!(reads(|parts| parts.limits.requests = Some(times(9, 60)), asks("g1")), [mins(60)]);
    assert_eq!(reads(|parts| parts.limits.requests = Some(times(9, 60)), extends()), []);
    assert_eq!(reads(|parts| parts.limits.extensions = Some(times(9, 60)), asks("g1")), []);
    assert_eq!(reads(|parts| parts.limits.extensions = Some(times(9, 60)), extends()), [mins(60)]);
    let lanes: fn(&mut Parts) = |parts| {
        *parts = lane(times(9, 90));
        parts.limits.requests = Some(times(9, 60));
        rule(parts).approval = same();
    };
    assert_eq!(reads(lanes, asks("g1")), [mins(90)], "one look, as far back as the longest");
    assert_eq!(reads(lanes, extends()), [mins(90)]);

    let mut tenant = quota_of(|parts| parts.limits.extensions = Some(times(9, 60)));
    tenant.asks(&alice(), request("db", "g0", &["pg/a/read"]));
    let id = grant_id("g0");
    let world = tenant.world(|world| query::needs_grant(&id, world));
    let guessed = query::offer(&world, &id, &alice(), None, &Record::new(), tenant.clock);
    assert!(matches!(guessed, Err(Fault::NotLoaded(_))), "{guessed:?}");
}
