//! Closing and opening again.

use tenure_core::id::CommandId;
use tenure_core::refusal::Code;
use tenure_core::time::Span;

use super::House;
use super::cast::{nine, owner, person};
use super::story::{Story, accepted, actor, extend, id, refused, view};
use crate::query::{Filter, Limit, Place};
use crate::store::Store;

pub(super) fn r19_ends_are_the_same_after_a_restart(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    view(story.request(&alice, "g1", "automatic", &["pg/orders/read"]));
    view(story.extend(&alice, "g1"));
    let end = nine().plus(Span::minutes(90));
    story.at(80);
    let story = story.restart();
    assert_eq!(story.holds(&alice, "pg/orders/read").map(|held| held.until), Some(end));
    story.clock.set(end.minus(Span::millis(1)));
    assert!(story.holds(&alice, "pg/orders/read").is_some());
    story.clock.set(end);
    assert!(story.holds(&alice, "pg/orders/read").is_none());
    let due = story.store.due(&story.ns, end, None, Limit::new(10)).unwrap();
    assert_eq!(due.len(), 1, "what is due is still due");
}

pub(super) fn i7_what_is_stored_is_what_the_events_say<H: House>(house: &H) {
    let mut story = Story::begin(house);
    let (alice, bob) = (person("alice"), owner("bob"));
    view(story.request(&alice, "g1", "decided", &["pg/orders/read"]));
    view(story.approve(&bob, "g1"));
    let click = story.command("click", &actor(&alice), extend("g1"));
    let first = accepted(story.batch(vec![click.clone()]).remove(0));
    story.publish("less");
    assert_eq!(refused(story.request(&alice, "g2", "limited", &["pg/bills/read"])), Code::FlowWithdrawn);
    let (records, stored) = (story.records(), story.all_stored());
    let ready = |story: &Story<'_, H>| {
        story.store.ready(&story.ns, Place::Anywhere, nine(), None, Limit::new(10)).unwrap()
    };
    let waiting = ready(&story);
    assert!(!waiting.is_empty());

    let mut story = story.restart();
    assert_eq!(story.records(), records);
    assert_eq!(story.all_stored(), stored);
    assert_eq!(ready(&story), waiting);
    assert_eq!(story.listed(&Filter { awaiting: true, ..Filter::default() }), [id("g1")]);
    for (id, grant) in &stored {
        let replayed = story.replayed();
        let bytes = |grant: &tenure_core::grant::Grant| serde_json::to_string(grant).unwrap();
        assert_eq!(bytes(replayed.get(id).unwrap()), bytes(grant));
    }
    // Answers are remembered, and so is which policy is in force.
    assert_eq!(accepted(story.batch(vec![click]).remove(0)).receipt, first.receipt);
    assert!(story.store.receipt(&story.ns, &CommandId::new("click").unwrap()).unwrap().is_some());
    assert_eq!(refused(story.request(&alice, "g2", "limited", &["pg/bills/read"])), Code::FlowWithdrawn);
    assert_eq!(refused(story.decide_extension(&bob, "g1", true)), Code::FlowWithdrawn);
    // And what comes after follows on what came before.
    let positions = story.records().into_iter().map(|record| record.position);
    assert!(positions.eq(1..=u64::try_from(records.len() + 2).unwrap()));
}
