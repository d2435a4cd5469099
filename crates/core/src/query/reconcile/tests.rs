use super::*;
use crate::command::{EffectDone, Verb};
use crate::effect::Order;
use crate::fixture::*;
use crate::flow::{Activation, Kind};
use crate::query::needs_grant;

/// `alice pg/a/read`, of `ephemeral` access with the grant behind it.
fn held(text: &str) -> InHand {
    let mut words = text.split(' ');
    let holder = person_id(words.next().unwrap());
    let item = item(words.next().unwrap());
    InHand { item, holder, grant: words.next().map(grant_id) }
}

fn owed_of(tenant: &Tenant, grant: &str) -> Vec<Owed> {
    let id = grant_id(grant);
    owed(&tenant.world(|world| needs_grant(&id, world)), &id, tenant.clock).unwrap()
}

fn past_of(tenant: &Tenant, grant: &str, surplus: &str) -> Option<Past> {
    let id = grant_id(grant);
    past(&tenant.world(|world| needs_grant(&id, world)), &id, &held(surplus), tenant.clock).unwrap()
}

fn compared(tenant: &Tenant, texts: &[&str]) -> Compared {
    let mut ledger = Ledger::default();
    for grant in tenant.grants.keys() {
        owed_of(tenant, grant.as_str()).into_iter().for_each(|owed| ledger.enter(owed));
    }
    ledger.compare(texts.iter().map(|text| held(text)).collect())
}

#[test]
fn what_is_held_and_what_should_be_agree_or_are_named() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read", "aws/b/read"]));
    let untold = compared(&tenant, &[]);
    assert!(untold.missing.iter().all(|owed| owed.underway), "no worker was told yet: {untold:?}");
    tenant.deliver("alice");
    let all = compared(&tenant, &["alice pg/a/read", "alice aws/b/read"]);
    assert_eq!(all, Compared { agree: 2, ..Compared::default() });
    let one = compared(&tenant, &["alice pg/a/read", "bob pg/a/read", "alice pg/a/write"]);
    assert_eq!(one.agree, 1);
    assert_eq!(one.surplus, [held("alice pg/a/write"), held("bob pg/a/read")].into());
    let missing = Owed { what: held("alice aws/b/read"), by: grant_id("g1"), until: at(60), underway: false };
    assert_eq!(one.missing, [missing]);
    // Time alone ends it, whether or not anybody swept.
    tenant.clock = at(60).minus(MS);
    assert_eq!(compared(&tenant, &[]).missing.len(), 2);
    tenant.at(60);
    let over = compared(&tenant, &["alice pg/a/read"]);
    assert_eq!((over.missing.len(), over.surplus.len()), (0, 1));
    let last = past_of(&tenant, "g1", "alice pg/a/read").unwrap();
    assert_eq!((last.outcome, last.closed_at, last.underway), (Outcome::Expired, at(60), true));
    tenant.deliver("alice");
    assert!(!past_of(&tenant, "g1", "alice pg/a/read").unwrap().underway);
    assert_eq!(past_of(&tenant, "g1", "alice pg/b/read"), None, "it never put that there");
    assert_eq!(past_of(&tenant, "g1", "bob pg/a/read"), None, "nor in those hands");
}

#[test]
fn of_two_grants_on_one_item_the_latest_end_counts() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.deliver("alice");
    tenant.at(30).asks(&alice(), request("db", "g2", &["pg/a/read"]));
    let missing = compared(&tenant, &[]).missing;
    let known: Vec<_> = missing.iter().map(|owed| (owed.by.as_str(), owed.until, owed.underway)).collect();
    assert_eq!(known, [("g2", at(90), false)], "g1 has put it there, whoever tells the new end");
    tenant.ask(&alice(), give_back("g2")).unwrap();
    assert_eq!(compared(&tenant, &["alice pg/a/read"]).agree, 1, "g1 still covers it");
    assert_eq!(past_of(&tenant, "g2", "alice pg/a/read"), None, "g2 was told to nobody");
}

#[test]
fn what_was_there_before_is_known_as_that() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    loop {
        let handed = tenant.take("alice").unwrap();
        if matches!(handed.order, Order::Hold { .. }) {
            let already_held = [item("pg/a/read")].into();
            let verdict = EffectDone { already_held, ..done("g1", handed.number) };
            tenant.system(Verb::EffectDone(verdict)).unwrap();
            break;
        }
    }
    tenant.ask(&alice(), give_back("g1")).unwrap();
    tenant.deliver("alice");
    let left = past_of(&tenant, "g1", "alice pg/a/read").unwrap();
    assert!(left.held_before && !left.underway, "{left:?}");
    // A later grant that gave it takes it away: how that left it counts.
    let later = Past { grant: grant_id("g2"), closed_at: at(90), held_before: false, ..left.clone() };
    assert_eq!(last([left, later.clone()]), Some(later));
}

#[test]
fn before_access_runs_it_is_owed_from_when_a_worker_was_told() {
    let mut parts = automatic("db");
    parts.activation = Activation::OnConfirmation;
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    assert_eq!(owed_of(&tenant, "g1"), []);
    while !matches!(tenant.take("alice").unwrap().order, Order::Hold { .. }) {}
    let told = owed_of(&tenant, "g1");
    assert!(told.len() == 1 && told[0].underway, "{told:?}");
}

#[test]
fn ephemeral_access_is_an_account_of_its_own() {
    let mut parts = automatic("db");
    parts.kind = Kind::Ephemeral;
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.asks(&alice(), request("db", "g2", &["pg/a/read"]));
    tenant.deliver("alice");
    let found = compared(&tenant, &["alice pg/a/read g1", "alice pg/a/read"]);
    assert_eq!((found.agree, found.surplus.len(), found.missing.len()), (1, 1, 1));
    tenant.ask(&alice(), give_back("g1")).unwrap();
    assert!(past_of(&tenant, "g1", "alice pg/a/read g1").is_some());
    assert_eq!(past_of(&tenant, "g1", "alice pg/a/read"), None);
}
