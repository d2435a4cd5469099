//! Lists: what matches, in order, page by page.

use tenure_core::id::FlowId;
use tenure_core::time::{Span, Timestamp};

use super::House;
use super::cast::{item, owner, person};
use super::story::{Story, view};
use crate::query::{Filter, Limit};
use crate::store::Store;

pub(super) fn filters_and_cursors(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, carol) = (person("alice"), person("carol"));
    view(story.request(&alice, "g3", "automatic", &["pg/orders/read"]));
    view(story.request(&carol, "g1", "automatic", &["pg/orders/read", "pg/bills/read"]));
    view(story.request(&carol, "g5", "decided", &["pg/bills/read"]));
    view(story.request(&alice, "g2", "decided", &["k8s/prod/admin"]));
    view(story.request(&alice, "g4", "decided", &["k8s/test/admin"]));
    view(story.approve(&owner("bob"), "g4"));
    view(story.withdraw(&carol, "g5"));

    let ids = |filter: Filter| {
        story.listed(&filter).into_iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let all = Filter::default;
    assert_eq!(ids(all()), ["g1", "g2", "g3", "g4", "g5"]);
    assert_eq!(ids(Filter { holder: Some(alice.id.clone()), ..all() }), ["g2", "g3", "g4"]);
    assert_eq!(ids(Filter { requester: Some(carol.id.clone()), ..all() }), ["g1", "g5"]);
    let decided = Some(FlowId::new("decided").unwrap());
    assert_eq!(ids(Filter { flow: decided.clone(), ..all() }), ["g2", "g4", "g5"]);
    assert_eq!(ids(Filter { item: Some(item("pg/bills/read")), ..all() }), ["g1", "g5"]);
    assert_eq!(ids(Filter { open: true, ..all() }), ["g1", "g2", "g3", "g4"]);
    // What is closed is no more to come: the page says the same on every store.
    let open = Filter { open: true, ..all() };
    let page = story.store.list(&story.ns, &open, None, Limit::new(4)).unwrap();
    assert_eq!((page.grants.len(), page.next), (4, None));
    assert_eq!(ids(Filter { awaiting: true, ..all() }), ["g2"]);
    let both = Filter { holder: Some(carol.id.clone()), flow: decided, ..all() };
    assert_eq!(ids(both), ["g5"]);
    assert_eq!(ids(Filter { holder: Some(person("nobody").id), ..all() }), Vec::<String>::new());

    // An extension that awaits its decision does so too.
    view(story.extend(&alice, "g4"));
    let awaiting = Filter { awaiting: true, ..all() };
    let listed = story.listed(&awaiting).into_iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(listed, ["g2", "g4"]);
    view(story.decide_extension(&owner("bob"), "g4", true));
    assert_eq!(story.listed(&awaiting).len(), 1);
}

pub(super) fn people_who_wait_are_listed_once_and_in_order(house: &impl House) {
    let mut story = Story::begin(house);
    for (minute, who) in [(3, "carol"), (1, "alice"), (2, "bert"), (4, "alice"), (5, "carol")] {
        story.at(minute);
        view(story.request(&person(who), &format!("{who}-{minute}"), "decided", &["pg/orders/read"]));
    }
    let until = |minutes| super::cast::nine().plus(Span::minutes(minutes));
    let due = |until: Timestamp, most: usize| {
        let mut people = Vec::new();
        let mut after = None;
        loop {
            let page = story.store.due(&story.ns, until, after.as_ref(), Limit::new(most)).unwrap();
            assert!(page.len() <= most);
            let Some(last) = page.last().cloned() else { return people };
            people.extend(page.into_iter().map(|awaited| awaited.person.as_str().to_owned()));
            after = Some(last);
        }
    };
    // Ten minutes after a request was made more people are asked.
    for most in [1, 2, 10] {
        assert_eq!(due(Timestamp::MAX, most), ["alice", "bert", "carol"]);
        assert_eq!(due(until(12), most), ["alice", "bert"]);
        assert_eq!(due(until(11), most), ["alice"]);
        assert_eq!(due(until(11).minus(Span::millis(1)), most), Vec::<String>::new());
    }
}
