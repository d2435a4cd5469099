//! The record: everything once, in order.

use tenure_core::record::Entry;
use tenure_core::refusal::Code;

use super::House;
use super::cast::{owner, person};
use super::story::{Story, id, refused, view};
use crate::query::Limit;
use crate::store::Store;

pub(super) fn positions_count_from_one_without_a_gap(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    view(story.request(&alice, "g1", "decided", &["pg/orders/read"]));
    assert_eq!(refused(story.approve(&alice, "g1")), Code::ApprovalOwn);
    assert_eq!(refused(story.approve(&owner("bob"), "never")), Code::GrantUnknown);
    view(story.approve(&owner("bob"), "g1"));
    let records = story.records();
    let positions: Vec<_> = records.iter().map(|record| record.position).collect();
    assert_eq!(positions, (1..=u64::try_from(records.len()).unwrap()).collect::<Vec<_>>());
    assert!(records.is_sorted_by_key(|record| record.recorded_at));
    let names: Vec<_> = records
        .iter()
        .map(|record| match &record.entry {
            Entry::Event(event) => event.happened.name(),
            Entry::Refused(refused) => refused.refused.as_str(),
            Entry::Published(_) => "published",
            Entry::Revoked(_) => "revoked",
        })
        .collect();
    assert_eq!(
        names,
        [
            "published",
            "requested",
            "approval.own",
            "grant.unknown",
            "approval_given",
            "approved",
            "activated"
        ]
    );
    let Entry::Refused(own) = &records[2].entry else { panic!("{:?}", records[2]) };
    assert_eq!((own.actor.as_str(), own.verb, own.command.as_str()), ("alice", "approve", "c3"));
    assert_eq!(own.grant, Some(id("g1")));
    let Entry::Refused(unknown) = &records[3].entry else { panic!("{:?}", records[3]) };
    assert_eq!(unknown.grant, None, "a grant that is not there is not spoken of");

    let some = story.store.records(&story.ns, 2, Limit::new(2)).unwrap();
    assert_eq!(some.iter().map(|record| record.position).collect::<Vec<_>>(), [3, 4]);
    assert!(story.store.records(&story.ns, 7, Limit::new(2)).unwrap().is_empty());
    assert!(story.store.records(&story.ns, u64::MAX, Limit::new(2)).unwrap().is_empty());
}

pub(super) fn a_history_is_the_records_of_one_grant(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, carol) = (person("alice"), person("carol"));
    view(story.request(&alice, "g1", "decided", &["pg/orders/read"]));
    view(story.request(&carol, "g2", "decided", &["pg/orders/read"]));
    assert_eq!(refused(story.approve(&carol, "g1")), Code::ApprovalNotApprover);
    view(story.approve(&owner("bob"), "g1"));
    let limit = Limit::new(100);
    for grant in ["g1", "g2", "never"] {
        let all = story.records();
        let whole: Vec<_> = all.iter().filter(|record| record.entry.grant() == Some(&id(grant))).collect();
        let history = story.store.history(&story.ns, &id(grant), 0, limit).unwrap();
        assert_eq!(history.iter().collect::<Vec<_>>(), whole, "{grant}");
        for record in &history {
            let rest = story.store.history(&story.ns, &id(grant), record.position, limit).unwrap();
            let later: Vec<_> = whole.iter().filter(|other| other.position > record.position).collect();
            assert_eq!(rest.iter().collect::<Vec<_>>(), later.into_iter().copied().collect::<Vec<_>>());
        }
    }
    let first = story.store.history(&story.ns, &id("g1"), 0, Limit::new(1)).unwrap();
    assert_eq!(first.len(), 1);
}
