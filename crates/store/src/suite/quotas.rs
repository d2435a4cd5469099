//! The past of a person, as far back as a quota looks.

use tenure_core::id::FlowId;
use tenure_core::refusal::Code;
use tenure_core::time::Span;
use tenure_core::world::Read;

use super::House;
use super::cast::{nine, person};
use super::story::{Story, accepted, actor, extend, id, refused, request, view};
use crate::batch::Answered;
use crate::plan::{Question, unread};
use crate::store::Store;

/// Closed grants without effects are read by nothing else. A store may find more than it is asked for, never less.
pub(super) fn the_past_is_there_as_far_back_as_is_asked(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, bert) = (person("alice"), person("bert"));
    for (minute, grant, flow) in [(0, "g1", "automatic"), (5, "g2", "automatic"), (5, "g3", "limited")] {
        story.at(minute);
        view(story.request(&alice, grant, flow, &["pg/orders/read"]));
        view(story.give_back(&alice, grant));
        over(&mut story, grant);
    }
    view(story.request(&bert, "g4", "automatic", &["pg/orders/read"]));
    story.at(65);
    let found = |flow: &str, span: Span| {
        let read = Read::Recent(alice.id.clone(), FlowId::new(flow).unwrap(), span);
        let mut found = Vec::new();
        let mut question = Question::new(
            |world| unread(vec![read.clone()], world),
            |world| found = world.grants.keys().map(|id| id.as_str().to_owned()).collect(),
        );
        story.store.view(&story.ns, &mut question).unwrap();
        found
    };
    let all = |found: Vec<String>, grants: &[&str]| {
        assert!(grants.iter().all(|grant| found.iter().any(|id| id == grant)), "{grants:?} in {found:?}");
    };
    all(found("automatic", Span::minutes(60)), &["g2"]);
    all(found("automatic", Span::minutes(65)), &["g1", "g2"]);
    all(found("limited", Span::days(9)), &["g3"]);
}

/// Nothing of the grant is left to be done.
fn over<H: House>(story: &mut Story<'_, H>, grant: &str) {
    let holder = story.stored(&id(grant)).unwrap().holder().clone();
    while let Some(handed) = story.take(&holder, None, Span::minutes(1)) {
        accepted(story.done(&handed));
    }
    assert!(story.stored(&id(grant)).unwrap().is_settled_for_good());
}

pub(super) fn quotas_remember_what_is_closed_over_a_restart(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, bert) = (person("alice"), person("bert"));
    view(story.request(&alice, "g1", "rationed", &["pg/orders/read"]));
    story.at(10);
    view(story.extend(&alice, "g1"));
    view(story.give_back(&alice, "g1"));
    view(story.request(&alice, "g2", "rationed", &["pg/orders/read"]));
    over(&mut story, "g1");
    story.at(30);
    let mut story = story.restart();
    assert_eq!(refused(story.request(&alice, "g3", "rationed", &["pg/orders/read"])), Code::LimitRequests);
    assert_eq!(refused(story.extend(&alice, "g2")), Code::LimitExtensions);
    view(story.request(&bert, "g3", "rationed", &["pg/orders/read"]));
    story.clock.set(nine().plus(Span::minutes(70)).minus(Span::millis(1)));
    assert_eq!(refused(story.extend(&alice, "g2")), Code::LimitExtensions);
    story.at(60 * 24);
    view(story.request(&alice, "g4", "rationed", &["pg/orders/read"]));
    assert_eq!(refused(story.request(&alice, "g5", "rationed", &["pg/orders/read"])), Code::LimitRequests);
}

pub(super) fn quotas_count_what_came_before_in_the_batch(house: &impl House) {
    let story = Story::begin(house);
    let alice = actor(&person("alice"));
    let given = vec![
        story.command("b1", &alice, request("g1", "rationed", &["pg/orders/read"], None)),
        story.command("b2", &alice, request("g2", "rationed", &["pg/orders/read"], None)),
        story.command("b3", &alice, request("g3", "rationed", &["pg/orders/read"], None)),
        story.command("b4", &alice, extend("g1")),
        story.command("b5", &alice, extend("g2")),
    ];
    let answers = story.batch(given).into_iter().map(|answer| match answer {
        Answered::Accepted(_) => None,
        refusal @ (Answered::Refused(_) | Answered::Fault(_)) => Some(refused(refusal)),
    });
    let (requests, extensions) = (Code::LimitRequests, Code::LimitExtensions);
    assert_eq!(answers.collect::<Vec<_>>(), [None, None, Some(requests), None, Some(extensions)]);
}
