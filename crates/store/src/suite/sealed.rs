//! The record as a tree: sealed in the commit, the same however it is asked for, whole after an erasure.

use std::sync::Arc;

use tenure_core::command::{Erase, Reach, Request, RevokeAll, Settle, Verb};
use tenure_core::grant::Grant;
use tenure_core::id::{CommandId, Namespace};
use tenure_core::limits::REVOKED_AT_ONCE_MAX;
use tenure_core::record::Entry;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::proof::{Recipe, is_consistent, is_included};
use tenure_core::record::tree::{Frontier, Hash, Node};
use tenure_core::record::written::ERASED;
use tenure_core::refusal::Code;
use tenure_core::time::Span;
use tenure_core::world::Receipt;

use super::House;
use super::cast::{owner, person};
use super::story::{Story, accepted, actor, id, refused, request, system, view};
use crate::fault::StoreFault;
use crate::query::Limit;
use crate::store::Store;

impl<H: House> Story<'_, H> {
    /// Every leaf, page by page.
    fn leaves(&self) -> Vec<Arc<Leaf>> {
        let mut leaves: Vec<Arc<Leaf>> = Vec::new();
        loop {
            let after = u64::try_from(leaves.len()).unwrap();
            let more = self.store.leaves(&self.ns, after, Limit::new(5)).unwrap();
            if more.is_empty() {
                return leaves;
            }
            leaves.extend(more);
        }
    }

    fn nodes(&self, nodes: &[Node]) -> Vec<Hash> {
        self.store.nodes(&self.ns, nodes).unwrap()
    }

    fn root(&self, size: u64) -> Hash {
        let peaks: Vec<Node> = Node::peaks(size).collect();
        Frontier::new(size, self.nodes(&peaks)).unwrap().root()
    }

    /// Holds the tree that is kept against the leaves and the records that are kept.
    fn is_sealed(&self) {
        let (leaves, records) = (self.leaves(), self.records());
        let size = self.store.size(&self.ns).unwrap();
        assert_eq!((leaves.len(), records.len()), (usize::try_from(size).unwrap(), leaves.len()));
        let mut frontier = Frontier::default();
        for (leaf, record) in leaves.iter().zip(&records) {
            let read = leaf.read().unwrap();
            assert_eq!((&read.record, &read.namespace), (&**record, &self.ns));
            if let Some(about) = &read.about {
                let grant = record.entry.grant().and_then(|grant| self.stored(grant)).unwrap();
                assert_eq!((&about.holder, &about.flow), (grant.holder(), &grant.origin.flow));
            }
            let sealed = frontier.append(leaf.hash());
            for (level, hash) in (0..).zip(sealed) {
                let node = Node { level, index: (record.position >> level) - 1 };
                assert_eq!((node.position(), self.nodes(&[node])), (record.position, vec![hash]));
            }
            assert_eq!(self.root(record.position), frontier.root(), "{}", record.position);
        }
        let beyond = Node { level: 0, index: size };
        assert!(matches!(self.store.nodes(&self.ns, &[beyond]), Err(StoreFault::Broken(_))));
        assert!(self.store.leaves(&self.ns, size, Limit::new(5)).unwrap().is_empty());
    }
}

pub(super) fn i15_records_are_sealed_in_the_commit(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, bob) = (person("alice"), owner("bob"));
    view(story.request(&alice, "g1", "decided", &["pg/orders/read"]));
    assert_eq!(refused(story.approve(&alice, "g1")), Code::ApprovalOwn);
    story.is_sealed();
    let first = story.store.size(&story.ns).unwrap();
    let root = story.root(first);
    // Several decisions in one commit, a policy and a revocation among what comes after.
    let both = ["g2", "g3"].map(|grant| {
        story.command(grant, &actor(&bob), request(grant, "automatic", &["pg/orders/read"], None))
    });
    story.batch(both.into()).into_iter().for_each(|answer| drop(accepted(answer)));
    view(story.approve(&bob, "g1"));
    story.publish("less");
    let everything = tenure_core::command::Reach::Integration("pg".parse().unwrap());
    accepted(story.revoke_all(everything));
    story.is_sealed();
    // Nothing of what was there before has changed.
    assert_eq!(story.root(first), root);
    let story = story.restart();
    story.is_sealed();
    assert_eq!(story.root(first), root);
    let size = story.store.size(&story.ns).unwrap();
    let recipe = Recipe::consistency(first, size).unwrap();
    let proof = recipe.proof(&story.nodes(&recipe.nodes())).unwrap();
    assert!(is_consistent((first, root), (size, story.root(size)), &proof));
    for (position, leaf) in (1..).zip(story.leaves()) {
        let recipe = Recipe::inclusion(position, size).unwrap();
        let proof = recipe.proof(&story.nodes(&recipe.nodes())).unwrap();
        assert!(is_included(leaf.hash(), position, size, story.root(size), &proof), "{position}");
    }
    let other = Namespace::new("elsewhere").unwrap();
    assert_eq!(story.store.size(&other), Ok(0));
    assert!(story.store.leaves(&other, 0, Limit::new(5)).unwrap().is_empty());
}

/// Alice asks for `grant` with a reason of her own, has it, and gives it back; everybody is told.
fn told<H: House>(story: &mut Story<'_, H>, grant: &str) {
    let alice = person("alice");
    let Verb::Request(ask) = request(grant, "automatic", &["pg/orders/read"], None) else { panic!() };
    let reason = Some(format!("the illness behind {grant}"));
    let fields = [("ticket".to_owned(), format!("HR of {grant}"))].into();
    let verb = Verb::Request(Box::new(Request { reason, fields, ..*ask }));
    let asked = story.command(&format!("ask {grant}"), &actor(&alice), verb);
    accepted(story.batch(vec![asked]).remove(0));
    view(story.give_back(&alice, grant));
    while let Some(handed) = story.take(&alice.id, None, Span::minutes(1)) {
        accepted(story.done(&handed));
    }
}

pub(super) fn what_people_wrote_is_erased_and_the_record_stays_whole(house: &impl House) {
    let mut story = Story::begin(house);
    told(&mut story, "g1");
    told(&mut story, "g2");
    let early = story.give(&system(), Verb::Erase(Erase { grant: id("never") }));
    assert_eq!(refused(early), Code::GrantUnknown);
    let size = story.store.size(&story.ns).unwrap();
    let (root, other) = (story.root(size), story.stored(&id("g2")).unwrap());
    let content = receipt(&story, "g1").content.clone();
    assert!(format!("{:?}", receipt(&story, "g1")).contains("the illness behind g1"));

    accepted(story.give(&system(), Verb::Erase(Erase { grant: id("g1") })));
    is_erased(&story, size, root, &other, &content);
    is_erased(&story.restart(), size, root, &other, &content);
}

fn receipt<H: House>(story: &Story<'_, H>, grant: &str) -> Arc<Receipt> {
    let asked = CommandId::new(format!("ask {grant}")).unwrap();
    story.store.receipt(&story.ns, &asked).unwrap().unwrap()
}

/// Nothing is left of what was written of `g1`, and all of the rest.
fn is_erased<H: House>(story: &Story<'_, H>, size: u64, root: Hash, other: &Arc<Grant>, content: &str) {
    story.is_sealed();
    assert_eq!(story.root(size), root, "every hash stays");
    let kept = format!("{:?}{:?}{:?}", story.records(), story.leaves(), story.all_stored());
    for (text, there) in
        [("illness behind g1", false), ("HR of g1", false), ("illness behind g2", true), ("HR of g2", true)]
    {
        assert_eq!(kept.contains(text), there, "{text}");
    }
    let grant = story.stored(&id("g1")).unwrap();
    assert_eq!(grant.origin.reason.as_deref(), Some(ERASED));
    assert_eq!(story.replayed().get(&id("g1")), Some(&*grant), "I7 holds after an erasure, too");
    assert_eq!(story.stored(&id("g2")).as_ref(), Some(other));
    let bare = story.leaves().iter().filter(|leaf| leaf.written.is_none()).count();
    assert!(
        story.leaves().iter().all(|leaf| leaf.written.is_none() || !leaf.text.contains("\"grant\":\"g1\""))
    );
    assert!(bare > 0);
    let (gone, kept) = (receipt(story, "g1"), receipt(story, "g2"));
    let debug = format!("{gone:?}");
    assert!(!debug.contains("illness") && !debug.contains("HR of") && !debug.contains(content), "{debug}");
    assert!(format!("{kept:?}").contains("illness behind g2"));
    let history = story.store.history(&story.ns, &id("g1"), 0, Limit::new(50)).unwrap();
    assert!(!format!("{history:?}").contains("illness"));
}

/// The reason of a revocation of many is kept until the last grant is closed by it, and goes with one of them.
pub(super) fn the_reason_of_a_revocation_of_many_is_erased_too(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    // More grants than are closed in the command's own transaction.
    let most = REVOKED_AT_ONCE_MAX + 1;
    let asks = (0..most).map(|n| {
        let who = if n == 0 { alice.clone() } else { person(&format!("p{n:04}")) };
        story.command(
            &format!("a{n}"),
            &actor(&who),
            request(&format!("g{n:04}"), "automatic", &["pg/x/read"], None),
        )
    });
    let asks: Vec<_> = asks.collect();
    story.batch(asks).into_iter().for_each(|answer| drop(accepted(answer)));
    let of = Reach::Integration("pg".parse().unwrap());
    let reason = Some("it leaks".to_owned());
    accepted(story.give(&system(), Verb::RevokeAll(RevokeAll { of, reason })));
    while let Some(handed) = story.take(&alice.id, None, Span::minutes(1)) {
        accepted(story.done(&handed));
    }
    let erase = || Verb::Erase(Erase { grant: id("g0000") });
    accepted(story.give(&system(), erase()));
    assert!(is_told(&story), "the last one still has to be closed, and says why");
    let last = story.all_stored().into_values().find(|grant| !grant.is_closed()).unwrap();
    accepted(story.give(&system(), Verb::Settle(Settle { person: last.holder().clone(), most: None })));
    assert!(is_told(&story), "it was not asked again");
    accepted(story.give(&system(), erase()));
    assert!(!is_told(&story));
    let history = story.store.history(&story.ns, last.id(), 0, Limit::new(50)).unwrap();
    assert!(format!("{history:?}").contains("it leaks"), "what is said of the others stays");
    let story = story.restart();
    assert!(!is_told(&story));
}

/// Whether the revocation of many still says why.
fn is_told<H: House>(story: &Story<'_, H>) -> bool {
    story
        .records()
        .iter()
        .any(|record| matches!(&record.entry, Entry::Revoked(all) if all.reason == "it leaks"))
}
