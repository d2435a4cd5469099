//! One store, several tenants.

use tenure_core::id::{CommandId, Namespace};
use tenure_core::refusal::Code;
use tenure_core::time::Timestamp;

use super::House;
use super::cast::{item, owner, person};
use super::story::{Story, id, refused, view};
use crate::query::{Filter, HoldsAsk, Limit, Place};
use crate::store::Store;

pub(super) fn r06_nothing_of_one_namespace_is_there_for_another(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    view(story.request(&alice, "g1", "decided", &["pg/orders/read"]));
    view(story.approve(&owner("bob"), "g1"));
    assert!(story.holds(&alice, "pg/orders/read").is_some());

    let home = story.ns.clone();
    story.ns = Namespace::new("globex").unwrap();
    assert!(story.holds(&alice, "pg/orders/read").is_none());
    assert!(story.stored(&id("g1")).is_none());
    assert!(story.listed(&Filter::default()).is_empty());
    assert!(story.records().is_empty());
    let limit = Limit::new(10);
    let (ns, store) = (&story.ns, &story.store);
    assert!(store.history(ns, &id("g1"), 0, limit).unwrap().is_empty());
    assert!(store.due(ns, Timestamp::MAX, None, limit).unwrap().is_empty());
    assert!(store.ready(ns, Place::Anywhere, Timestamp::MAX, None, limit).unwrap().is_empty());
    assert!(store.receipt(ns, &CommandId::new("c2").unwrap()).unwrap().is_none());
    assert!(store.receipt(&home, &CommandId::new("c2").unwrap()).unwrap().is_some());

    // Whoever knows the id from elsewhere gets the answer of an id that was never there.
    for grant in ["g1", "never"] {
        assert_eq!(refused(story.revoke(grant)), Code::GrantUnknown);
        assert_eq!(refused(story.extend(&alice, grant)), Code::GrantUnknown);
        assert_eq!(refused(story.approve(&owner("bob"), grant)), Code::GrantUnknown);
    }
    assert_eq!(refused(story.request(&alice, "g1", "decided", &["pg/orders/read"])), Code::FlowUnknown);

    // The same ids may be used there, for something else.
    story.publish("all");
    view(story.request(&person("carol"), "g1", "automatic", &["k8s/prod/admin"]));
    assert!(story.holds(&alice, "k8s/prod/admin").is_none());
    view(story.give_back(&person("carol"), "g1"));

    story.ns = home;
    let item = item("pg/orders/read");
    let ask = HoldsAsk { person: &alice.id, resource: &item.resource, permission: &item.permission };
    let held = story.store.holds(&story.ns, ask, super::cast::nine()).unwrap();
    assert_eq!(held.map(|held| held.grant), Some(id("g1")));
    assert!(story.records().iter().all(|record| record.entry.grant().is_none_or(|grant| *grant == id("g1"))));
}
