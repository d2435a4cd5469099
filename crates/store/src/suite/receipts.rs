//! Commands that are given again, long after.

use tenure_core::person::Person;
use tenure_core::refusal::Code;
use tenure_core::time::Span;

use super::House;
use super::cast::person;
use super::story::{Story, accepted, actor, refused, request, view};
use crate::batch::Answered;

/// As long as anything is known of a grant, the command that made it makes no second one.
// guard: `memory/state.rs`, what was answered is kept
// guard: `memory/kept.rs`, what was answered is read again
pub(crate) fn r25_a_command_id_is_kept_as_long_as_what_it_guards(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    let asks = |story: &Story<'_, _>, who: &Person, grant: &str| {
        let given =
            story.command("click", &actor(who), request(grant, "automatic", &["pg/orders/read"], None));
        story.batch(vec![given]).remove(0)
    };
    let first = view(asks(&story, &alice, "g1"));
    while let Some(handed) = story.take(&alice.id, None, Span::minutes(1)) {
        accepted(story.done(&handed));
    }
    // Months later nothing is open any more, and the store was opened again.
    story.at(60 * 24 * 365);
    story.settle(&alice);
    while let Some(handed) = story.take(&alice.id, None, Span::minutes(1)) {
        accepted(story.done(&handed));
    }
    for restarted in [false, true] {
        if restarted {
            story = story.restart();
        }
        let again = asks(&story, &alice, "g1");
        let Answered::Accepted(again) = again else { panic!("it was accepted before: {again:?}") };
        assert_eq!(again.receipt.view.as_ref(), Some(&first), "restarted: {restarted}");
        assert_eq!(refused(asks(&story, &alice, "g2")), Code::CommandReused, "restarted: {restarted}");
        assert_eq!(refused(asks(&story, &person("bert"), "g1")), Code::CommandReused);
        assert!(story.holds(&alice, "pg/orders/read").is_none());
    }
}
