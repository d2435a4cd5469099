//! What is let go of beside the record changes no answer.

use std::sync::Arc;

use tenure_core::command::{Erase, Verb};
use tenure_core::grant::Grant;
use tenure_core::id::{CommandId, GrantId, Namespace};
use tenure_core::record::Record;
use tenure_core::record::leaf::Leaf;
use tenure_core::refusal::Code;
use tenure_core::time::{Span, Timestamp};
use tenure_core::world::Receipt;

use super::House;
use super::cast::{item, nine, owner, person};
use super::story::{Story, accepted, actor, id, refused, request, system, view};
use crate::query::{Awaited, Filter, Holding, Limit, Place, WhoAsk};
use crate::store::Store;

/// Everything that can be asked.
#[derive(Debug, PartialEq)]
struct Answers {
    grants: Vec<(GrantId, Arc<Grant>)>,
    records: Vec<Arc<Record>>,
    leaves: Vec<Arc<Leaf>>,
    histories: Vec<Vec<Arc<Record>>>,
    receipts: Vec<Option<Arc<Receipt>>>,
    had: Vec<Vec<Holding>>,
    lists: Vec<Vec<GrantId>>,
    due: Vec<Awaited>,
    ready: Vec<Awaited>,
}

impl<H: House> Story<'_, H> {
    fn answers(&self) -> Answers {
        let (ns, limit) = (&self.ns, Limit::new(500));
        let grants: Vec<_> = self.all_stored().into_iter().collect();
        let orders = item("pg/orders/read");
        let had = |at: u64| {
            let ask = WhoAsk { resource: &orders.resource, permission: None };
            self.store.who_has(ns, ask, nine().plus(Span::minutes(at)), None, limit).unwrap()
        };
        let receipt = |id: &str| self.store.receipt(ns, &CommandId::new(id).unwrap()).unwrap();
        let filters = [
            Filter { item: Some(orders.clone()), ..Filter::default() },
            Filter { holder: Some(person("alice").id), item: Some(orders.clone()), ..Filter::default() },
            Filter { requester: Some(person("carol").id), ..Filter::default() },
            Filter { open: true, ..Filter::default() },
        ];
        let end = nine().plus(Span::days(9));
        Answers {
            records: self.records(),
            leaves: self.store.leaves(ns, 0, limit).unwrap(),
            histories: grants.iter().map(|(id, _)| self.store.history(ns, id, 0, limit).unwrap()).collect(),
            receipts: (1..40).map(|n| receipt(&format!("c{n}"))).chain([receipt("first")]).collect(),
            had: [0, 10, 30, 59, 60, 100].map(had).into(),
            lists: filters.iter().map(|filter| self.listed(filter)).collect(),
            due: self.store.due(ns, end, None, limit).unwrap(),
            ready: self.store.ready(ns, Place::Anywhere, end, None, limit).unwrap(),
            grants,
        }
    }

    /// Lets go of what ended before so many minutes after nine, two grants at a time.
    fn compact(&self, minutes: u64) -> u64 {
        let (mut after, mut compacted) = (None, 0);
        for _ in 0..1_000 {
            let before = nine().plus(Span::minutes(minutes));
            let done = self.store.compact(&self.ns, before, after.as_ref(), Limit::new(2)).unwrap();
            assert!(done.compacted <= 2, "a batch keeps to its limit");
            compacted += done.compacted;
            if done.next.is_none() {
                return compacted;
            }
            assert!(after < done.next, "it goes on");
            after = done.next;
        }
        panic!("it never ends");
    }

    fn deliver(&mut self, who: &str) {
        while let Some(handed) = self.take(&person(who).id, None, Span::minutes(1)) {
            accepted(self.done(&handed));
        }
    }
}

/// Grants that are over and done with, over with a removal that is not finished, and open.
fn several<'h, H: House>(house: &'h H) -> Story<'h, H> {
    let mut story = Story::begin(house);
    let (alice, carol) = (person("alice"), person("carol"));
    let first = story.command("first", &actor(&alice), request("g1", "rationed", &["pg/orders/read"], None));
    accepted(story.batch(vec![first]).remove(0));
    view(story.request(&carol, "g2", "decided", &["pg/orders/read", "k8s/jobs/run"]));
    assert_eq!(refused(story.approve(&carol, "g2")), Code::ApprovalOwn);
    view(story.approve(&owner("bob"), "g2"));
    view(story.request(&alice, "g3", "automatic", &["pg/orders/read"]));
    view(story.request(&alice, "g4", "automatic", &["pg/orders/write"]));
    view(story.extend(&alice, "g4"));
    story.at(10);
    story.deliver("alice");
    story.deliver("carol");
    for (who, grant) in [(&alice, "g1"), (&carol, "g2"), (&alice, "g3")] {
        view(story.give_back(who, grant));
    }
    story.at(20);
    story.deliver("carol");
    // Of alice's two that are over one removal is left.
    while let Some(handed) = story.take(&alice.id, None, Span::minutes(5)) {
        if handed.grant == id("g1") || !handed.kind.starts_with("deprovision") {
            accepted(story.done(&handed));
        }
    }
    story.at(30);
    story
}

pub(super) fn r04_compacting_changes_no_answer<H: House>(house: &H) {
    let mut story = several(house);
    let before = story.answers();
    assert_eq!(story.compact(5), 0, "nothing had ended by then");
    assert_eq!(story.compact(30), 2, "g1 and g2: of g3 a removal is open, g4 runs");
    assert_eq!(story.compact(30), 0, "once");
    assert_eq!(story.answers(), before);
    let compacted =
        story.store.compact(&Namespace::new("other").unwrap(), Timestamp::MAX, None, Limit::new(9));
    assert_eq!(compacted.map(|done| done.compacted), Ok(0), "another namespace has nothing");

    // What is over stays over, its id stays taken, its command has its answer, and its quota counts.
    let (alice, carol) = (person("alice"), person("carol"));
    assert!(story.holds(&carol, "pg/orders/read").is_none());
    assert_eq!(refused(story.request(&carol, "g1", "automatic", &["pg/orders/read"])), Code::GrantExists);
    assert_eq!(refused(story.extend(&carol, "g2")), Code::GrantNotActive);
    let first = story.command("first", &actor(&alice), request("g1", "rationed", &["pg/orders/read"], None));
    assert!(accepted(story.batch(vec![first]).remove(0)).repeated);
    let other = story.command("first", &actor(&alice), request("g9", "rationed", &["pg/orders/read"], None));
    assert_eq!(refused(story.batch(vec![other]).remove(0)), Code::CommandReused);
    view(story.request(&alice, "g5", "rationed", &["pg/orders/read"]));
    assert_eq!(refused(story.request(&alice, "g6", "rationed", &["pg/orders/read"])), Code::LimitRequests);

    let before = story.answers();
    let mut story = story.restart();
    assert_eq!(story.answers(), before);
    // What was written of it can still be erased, and then it can be let go of again.
    accepted(story.give(&system(), Verb::Erase(Erase { grant: id("g2") })));
    story.at(40);
    let before = story.answers();
    assert!(story.compact(40) >= 1);
    assert_eq!(story.answers(), before);
}
