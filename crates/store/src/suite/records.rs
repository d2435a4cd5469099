//! The record: everything once, in order.

use tenure_core::record::Entry;
use tenure_core::record::refused::MoreRefused;
use tenure_core::record::written::Salt;
use tenure_core::refusal::Code;
use tenure_core::time::{Span, Timestamp};

use super::House;
use super::cast::{nine, owner, person};
use super::story::{Story, actor, approve, id, refused, view};
use crate::clock::Clock as _;
use crate::query::Limit;
use crate::store::Store;
use crate::tally::WriteUp;

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
            Entry::MoreRefused(_) => "more",
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

/// Writes up what was counted.
fn write_up<H: House>(story: &Story<'_, H>, now: Timestamp) {
    story.store.transact(&story.ns, &mut WriteUp::new(now, Salt::from_bytes([7; 16]))).unwrap();
}

/// What was written up.
fn more<H: House>(story: &Story<'_, H>) -> Vec<MoreRefused> {
    let more = |entry: &Entry| if let Entry::MoreRefused(more) = entry { Some(more.clone()) } else { None };
    story.records().iter().filter_map(|record| more(&record.entry)).collect()
}

pub(super) fn minutes_of_refusals_are_told_by_minute_actor_and_code(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, bob, carol) = (person("alice"), person("bob"), person("carol"));
    view(story.request(&carol, "g1", "decided", &["pg/orders/read"]));
    for _ in 0..21 {
        refused(story.approve(&carol, "g1"));
        refused(story.approve(&carol, "g9"));
    }
    story.at(1);
    for _ in 0..21 {
        refused(story.approve(&bob, "g9"));
        refused(story.approve(&alice, "g9"));
    }
    story.at(2);
    write_up(&story, story.clock.now());
    let told: Vec<_> =
        more(&story).into_iter().map(|more| (more.minute, more.actor, more.more_refused)).collect();
    let one = nine().plus(Span::minutes(1));
    let expected = [
        (nine(), "carol", Code::ApprovalOwn),
        (nine(), "carol", Code::GrantUnknown),
        (one, "alice", Code::GrantUnknown),
        (one, "bob", Code::GrantUnknown),
    ];
    assert_eq!(told, expected.map(|(minute, actor, code)| (minute, actor.to_owned(), code)));
}

pub(super) fn after_twenty_refusals_of_a_minute_the_rest_is_one_record(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, carol) = (person("alice"), person("carol"));
    view(story.request(&alice, "g1", "decided", &["pg/orders/read"]));
    let before = story.records().len();
    let last = nine().plus(Span::millis(59_999));
    for n in 1..=23 {
        story.clock.set(if n < 23 { nine() } else { last });
        assert_eq!(refused(story.approve(&alice, "g1")), Code::ApprovalOwn, "{n} is refused all the same");
        assert_eq!(story.records().len(), before + n.min(20), "{n}");
    }
    // Another code, and another actor, are other refusals.
    assert_eq!(refused(story.approve(&alice, "g9")), Code::GrantUnknown);
    assert_eq!(refused(story.approve(&carol, "g1")), Code::ApprovalNotApprover);
    assert_eq!(story.records().len(), before + 22);
    // The minute is not over before it is over, for a batch neither, and after a restart neither.
    write_up(&story, last);
    let mut story = story.restart();
    assert_eq!(story.records().len(), before + 22);
    let again = |n: u64| {
        let ask = approve("g1");
        story.command(&format!("again {n}"), &actor(&alice), ask)
    };
    let batch: Vec<_> = (0..2).map(again).collect();
    for answer in story.batch(batch) {
        assert_eq!(refused(answer), Code::ApprovalOwn);
    }
    assert_eq!(story.records().len(), before + 22);

    // With the next refusal of the same kind, or with a sweep, what was counted is told: once.
    story.clock.set(nine().plus(Span::minutes(1)));
    let told = MoreRefused {
        more_refused: Code::ApprovalOwn,
        at: last,
        minute: nine(),
        times: 5,
        actor: "alice".to_owned(),
    };
    assert_eq!(refused(story.approve(&alice, "g1")), Code::ApprovalOwn);
    assert_eq!(more(&story), std::slice::from_ref(&told));
    assert_eq!(story.records().len(), before + 24);
    write_up(&story, story.clock.now());
    for _ in 0..21 {
        assert_eq!(refused(story.approve(&alice, "g1")), Code::ApprovalOwn);
    }
    story.at(2);
    write_up(&story, story.clock.now());
    write_up(&story, story.clock.now());
    let next = MoreRefused {
        at: nine().plus(Span::minutes(1)),
        minute: nine().plus(Span::minutes(1)),
        times: 2,
        ..told.clone()
    };
    assert_eq!(more(&story), [told, next]);
    assert_eq!(story.records().len(), before + 44);
    let positions = story.records().into_iter().map(|record| record.position);
    assert!(positions.eq(1..=u64::try_from(before + 44).unwrap()));
}
