//! Many grants that end at one instant, and are closed batch by batch.

use tenure_core::command::{Reach, Settle, Verb};
use tenure_core::event::Happened;
use tenure_core::grant::{Outcome, Stage};
use tenure_core::id::CommandId;
use tenure_core::limits::{CLOCK_TOLERANCE, REVOKED_AT_ONCE_MAX};
use tenure_core::person::Person;
use tenure_core::record::Entry;
use tenure_core::refusal::Code;
use tenure_core::time::{Span, Timestamp};

use super::House;
use super::cast::{item, nine, person};
use super::indexes::all_right;
use super::story::{Story, accepted, actor, extend, id, refused, request, revoke_all, system, view};
use crate::query::{Awaited, Filter, Limit};
use crate::store::Store;

const PROD: &str = "k8s/prod/admin";
const TEST: &str = "k8s/test/admin";
const ORDERS: &str = "pg/orders/read";

fn on(what: &str) -> Reach {
    Reach::Item(item(what))
}

/// As many grants on an item as are closed at once, named so that they come before those of anybody else.
fn crowd<H: House>(story: &mut Story<'_, H>, what: &str, prefix: &str) {
    let who = person("crowd");
    for number in 0..REVOKED_AT_ONCE_MAX {
        view(story.request(&who, &format!("{prefix}{number:03}"), "automatic", &[what]));
    }
}

fn due<H: House>(story: &Story<'_, H>, until: Timestamp) -> Vec<Awaited> {
    story.store.due(&story.ns, until, None, Limit::new(10)).unwrap()
}

/// A host that stops between two batches has lost nothing: whoever looks sees that it is over, and a sweep
/// finds what is still to be written.
pub(super) fn what_was_revoked_is_over_before_it_is_closed(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, people) = (person("alice"), ["alice", "bert", "crowd"].map(person));
    crowd(&mut story, PROD, "a");
    view(story.request(&alice, "g1", "automatic", &[PROD, ORDERS]));
    view(story.request(&alice, "g2", "automatic", &[ORDERS]));
    view(story.request(&people[1], "g3", "automatic", &[PROD]));
    story.at(10);
    let answer = accepted(story.revoke_all(on(PROD)));
    let found = answer.receipt.revoked.clone().unwrap();
    assert_eq!(found.revoked.len(), REVOKED_AT_ONCE_MAX + 2);
    assert_eq!(answer.events, u64::try_from(REVOKED_AT_ONCE_MAX).unwrap(), "one batch of events");
    let now = nine().plus(Span::minutes(10));
    for restarted in [false, true] {
        if restarted {
            story = story.restart();
        }
        assert!(story.holds(&alice, PROD).is_none(), "over, though nobody closed it; {restarted}");
        assert_eq!(story.holds(&alice, ORDERS).map(|held| held.grant), Some(id("g2")), "{restarted}");
        let open = story.listed(&Filter { open: true, ..Filter::default() });
        assert_eq!(open, ["g1", "g2", "g3"].map(id), "as they are stored");
        let waiting = ["alice", "bert"].map(|name| Awaited { at: now, person: person(name).id });
        assert_eq!(due(&story, now), waiting, "{restarted}");
        let receipt = story.store.receipt(&story.ns, &answer_id(&story)).unwrap().unwrap();
        assert_eq!(receipt.revoked.as_ref(), Some(&found), "what it answered is remembered");
        all_right(&story, &people, &[PROD, ORDERS], "a revocation of many");
    }
    story.at(30);
    for who in &people {
        story.settle(who);
    }
    for grant in ["g1", "g3"] {
        let stored = story.stored(&id(grant)).unwrap();
        let Stage::Closed(closed) = &stored.stage else { panic!("`{grant}` is open") };
        assert_eq!((closed.outcome, closed.at), (Outcome::Revoked, now));
    }
    assert_eq!(due(&story, nine().plus(Span::minutes(44))), []);
    all_right(&story, &people, &[PROD, ORDERS], "the sweep that followed");
    all_right(&story.restart(), &people, &[PROD, ORDERS], "a restart after it");
}

/// The command id under which the last answer is kept.
fn answer_id<H: House>(story: &Story<'_, H>) -> CommandId {
    let records = story.records();
    let revoked = records.iter().find_map(|record| {
        let Entry::Revoked(by) = &record.entry else { return None };
        Some(by.cause.command.clone())
    });
    revoked.unwrap()
}

pub(super) fn what_comes_after_in_the_batch_meets_what_was_revoked(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    crowd(&mut story, PROD, "a");
    view(story.request(&alice, "g1", "automatic", &[PROD]));
    let records = story.records().len();
    let mut all = story.command("all", &system(), revoke_all(on(PROD)));
    all.now = nine().plus(CLOCK_TOLERANCE);
    let extends = story.command("extend", &actor(&alice), extend("g1"));
    let asks = story.command("ask", &actor(&alice), request("g2", "automatic", &[PROD], None));
    let again = story.command("again", &system(), revoke_all(on(PROD)));
    let mut answers = story.batch(vec![all, extends, asks, again]).into_iter();
    accepted(answers.next().unwrap());
    assert_eq!(refused(answers.next().unwrap()), Code::GrantNotActive);
    let later = view(answers.next().unwrap());
    assert_eq!(later.requested_at, nine().plus(CLOCK_TOLERANCE), "asked for after the revocation");
    let found = accepted(answers.next().unwrap()).receipt.revoked.clone().unwrap();
    assert_eq!(found.revoked, [id("g2")], "only what was asked for since");
    let entries: Vec<_> = story.records().into_iter().skip(records).collect();
    assert!(matches!(&entries[0].entry, Entry::Revoked(by) if by.grants.len() == REVOKED_AT_ONCE_MAX + 1));
    let of_alice = entries.iter().filter(|record| record.entry.grant() == Some(&id("g1")));
    let told: Vec<_> = of_alice.map(|record| matches!(&record.entry, Entry::Event(_))).collect();
    assert_eq!(told, [true, false], "closed, then the extension is refused");
    all_right(&story, &[alice], &[PROD], "a batch");
}

pub(super) fn two_revocations_at_one_instant_keep_their_order_over_a_restart(house: &impl House) {
    let kept = |restarts: bool, together: bool| {
        let mut story = Story::begin(house);
        let alice: Person = person("alice");
        crowd(&mut story, PROD, "a");
        crowd(&mut story, TEST, "b");
        view(story.request(&alice, "g2", "automatic", &[PROD, ORDERS]));
        view(story.request(&alice, "g1", "automatic", &[TEST, ORDERS]));
        let first = story.command("first", &system(), revoke_all(on(PROD)));
        let second = story.command("second", &system(), revoke_all(on(TEST)));
        if together {
            let verb = Verb::Settle(Settle { person: alice.id.clone(), most: None });
            let settle = story.command("settle", &system(), verb);
            story.batch(vec![first, second, settle]).into_iter().for_each(|answer| drop(accepted(answer)));
        } else {
            accepted(story.batch(vec![first]).remove(0));
            accepted(story.batch(vec![second]).remove(0));
        }
        if restarts {
            story = story.restart();
        }
        story.settle(&alice);
        let history = story.store.history(&story.ns, &id("g2"), 0, Limit::new(100)).unwrap();
        let ended = history.iter().find_map(|record| {
            let Entry::Event(event) = &record.entry else { return None };
            let Happened::Revoked(revoked) = &event.happened else { return None };
            Some(revoked.ended.kept.clone())
        });
        ended.unwrap().into_iter().map(|kept| kept.by).collect::<Vec<_>>()
    };
    for (restarts, together) in [(false, false), (true, false), (false, true), (true, true)] {
        assert_eq!(kept(restarts, together), [id("g1")], "`g1` ended after it; {restarts} {together}");
    }
}
