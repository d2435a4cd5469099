//! What was given is taken away, and nothing else.

use super::*;
use crate::flow::Kind;
use crate::grant::Enforcement;
use crate::time::Span;

const A: &str = "pg/a/read";
const B: &str = "pg/b/read";

#[test]
fn what_an_undone_removal_left_there_was_not_held_before() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    tenant.deliver("alice");
    tenant.at(60);
    let removal = next(&mut tenant, "deprovision");
    tenant.system(Verb::EffectFailed(failed("x", removal.number))).unwrap();
    // The target is down; she asks again, and the item is there still.
    tenant.asks(&alice(), asking("f", "y", &[A], 60));
    let given = next(&mut tenant, "provision");
    assert_eq!(given.grant.as_str(), "y");
    tenant.system(confirmed(&given, &[A])).unwrap();
    tenant.at(62);
    assert_eq!(removed(&tenant.deliver("alice")), [""; 0], "what was to be removed is kept");
    tenant.at(200);
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
    assert_eq!(tenant.grant("y").enforcement(), Enforcement::Removed);
}

#[test]
fn a_provision_that_waited_past_the_end_of_its_grant_gives_nothing() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    tenant.asks(&alice(), asking("f", "y", &[A], 90));
    tenant.at(60);
    let given = next(&mut tenant, "provision");
    assert_eq!(given.grant.as_str(), "y", "who gives it will take it away");
    tenant.system(confirmed(&given, &[])).unwrap();
    tenant.at(61);
    tenant.ask(&alice(), give_back("y")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::None);
}

#[test]
fn only_items_that_were_given_are_taken_away() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    tenant.deliver("alice");
    tenant.at(1);
    tenant.asks(&alice(), asking("f", "y", &[A, B], 60));
    tenant.ask(&alice(), give_back("x")).unwrap();
    tenant.ask(&alice(), give_back("y")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"], "`b` was never given");
}

// guard: `lifecycle/verdict.rs`, a mark that another grant carries
#[test]
fn r42_a_mark_survives_two_grants_that_end_at_one_instant() {
    for (one, two) in [("x", "y"), ("y", "x")] {
        let mut tenant = Tenant::new([automatic("f")]);
        tenant.asks(&alice(), asking("f", one, &[A], 60));
        let first = next(&mut tenant, "provision");
        tenant.system(confirmed(&first, &[A])).unwrap();
        tenant.at(10);
        tenant.asks(&alice(), asking("f", two, &[A], 50));
        let second = next(&mut tenant, "provision");
        tenant.system(confirmed(&second, &[A])).unwrap();
        tenant.at(60);
        assert_eq!(removed(&tenant.deliver("alice")), [""; 0], "she had it before ({one} first)");
    }
}

#[test]
fn what_stays_is_told_its_shorter_end_though_nothing_is_removed() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 30));
    tenant.asks(&alice(), asking("f", "y", &[A, B], 240));
    tenant.deliver("alice");
    tenant.at(2);
    tenant.ask(&alice(), give_back("y")).unwrap();
    tenant.asks(&alice(), asking("f", "z", &[B], 60));
    let ends: Vec<_> = tenant
        .deliver("alice")
        .into_iter()
        .filter_map(|handed| match handed.order {
            Order::Hold { items, .. } if handed.grant.as_str() == "y" => Some(items),
            Order::Hold { .. } | Order::Remove { .. } | Order::Rotate { .. } | Order::Tell { .. } => None,
        })
        .flatten()
        .map(|held| (held.item, held.until))
        .collect();
    assert_eq!(ends, [(item(A), at(30)), (item(B), at(62))], "the target believed 240 minutes");
}

#[test]
fn an_account_of_its_own_was_not_held_before() {
    let mut own = automatic("own");
    own.kind = Kind::Ephemeral;
    let mut tenant = Tenant::new([automatic("f"), own]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    let first = next(&mut tenant, "provision");
    tenant.system(confirmed(&first, &[A])).unwrap();
    tenant.asks(&alice(), asking("own", "y", &[A], 30));
    let second = next(&mut tenant, "provision");
    assert_eq!(second.grant.as_str(), "y");
    tenant.system(confirmed(&second, &[A])).unwrap();
    tenant.at(30);
    let handed = tenant.deliver("alice");
    assert_eq!(removed(&handed), ["pg/database/a/read"], "the account of `y`, not what alice had before");
    tenant.at(60);
    assert_eq!(removed(&tenant.deliver("alice")), [""; 0], "her own stays");
}

#[test]
fn a_mark_counts_in_the_first_attempt_of_one_s_own_account_no_more_than_later() {
    let mut own = automatic("own");
    own.kind = Kind::Ephemeral;
    let mut tenant = Tenant::new([own]);
    tenant.asks(&alice(), asking("own", "y", &[A], 30));
    let given = next(&mut tenant, "provision");
    tenant.system(confirmed(&given, &[A])).unwrap();
    tenant.at(30);
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
}

#[test]
fn enforcement_in_each_case() {
    let word = |tenant: &Tenant| tenant.grant("x").enforcement();
    let mut tenant = Tenant::new([parts("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    assert_eq!(word(&tenant), Enforcement::None, "nothing is ordered before access runs");
    tenant.ask(&bob(), Verb::Approve(approve("x"))).unwrap();
    assert_eq!(word(&tenant), Enforcement::Applying);
    let given = next(&mut tenant, "provision");
    assert_eq!(word(&tenant), Enforcement::Applying, "handed out is not confirmed");
    tenant.system(confirmed(&given, &[])).unwrap();
    assert_eq!(word(&tenant), Enforcement::Applied);
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 30))).unwrap();
    assert_eq!(word(&tenant), Enforcement::Applying, "the new end is not confirmed");
    let told = next(&mut tenant, "adjust");
    tenant.system(confirmed(&told, &[])).unwrap();
    assert_eq!(word(&tenant), Enforcement::Applied);
    tenant.ask(&alice(), give_back("x")).unwrap();
    assert_eq!(word(&tenant), Enforcement::Removing);
    let removal = next(&mut tenant, "deprovision");
    assert_eq!(word(&tenant), Enforcement::Removing);
    let last = crate::command::EffectFailed { last: true, ..failed("x", removal.number) };
    tenant.system(Verb::EffectFailed(last)).unwrap();
    assert_eq!(word(&tenant), Enforcement::StuckRemoving);
    tenant.later(Span::hours(1));
    tenant.deliver("alice");
    assert_eq!(word(&tenant), Enforcement::Removed, "only now");
}

// guard: `grant/enforcement.rs`, what was to be given before the end
#[test]
fn r24_a_stuck_provision_makes_no_removal_stuck() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    let given = next(&mut tenant, "provision");
    let last = crate::command::EffectFailed { last: true, ..failed("x", given.number) };
    tenant.system(Verb::EffectFailed(last)).unwrap();
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::StuckApplying);
    tenant.ask(&alice(), give_back("x")).unwrap();
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::Removing, "nobody has tried to remove it yet");
    assert_eq!(removed(&tenant.deliver("alice")).len(), 1);
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::Removed, "it was confirmed");
    assert!(!tenant.grant("x").outbox.is_empty(), "the provision still pauses");
    tenant.later(Span::hours(1));
    tenant.deliver("alice");
    assert!(tenant.grant("x").is_settled_for_good(), "and is skipped when its turn comes");
}
