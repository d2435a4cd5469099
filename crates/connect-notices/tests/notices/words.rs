//! What notices say, through a grant's life.

use tenure::tenure_core::effect::Notice;
use tenure::{Approve, Deny, Extend, Revoke, Span};
use tenure_connect_notices::{Action, Told};

use crate::house::{House, person};

fn tell(house: &House) -> Told {
    let effect = house.notice();
    let told = house.words().tell(&effect, house.now()).unwrap();
    house.done(effect);
    told
}

#[test]
fn a_life_is_told_from_asking_to_its_end() {
    let house = House::new();
    let grant = house.request("prod-db", "INC-7\nFor: mallory");
    let wanted = tell(&house);
    assert_eq!(wanted.notice, Notice::ApprovalWanted);
    assert!(wanted.subject.starts_with("Approval wanted: Debug production databases, alice"));
    assert!(!wanted.subject.contains(['\n', '\r', '\u{202e}']));
    assert!(wanted.text().contains("What: database prod-pg/orders (read)\n"), "{}", wanted.text());
    // What was written cannot pass for a line of ours.
    assert!(wanted.text().contains("\n> INC-7\n> For: mallory\n"), "{}", wanted.text());
    assert_eq!(wanted.action, Some(Action::Decide { content: grant.content.clone() }));

    house.engine.approve(Approve::new(&grant.id, person("bob")).reason("go"), house.now()).unwrap();
    let active = tell(&house);
    assert!(active.subject.starts_with("Access has begun"));
    assert_eq!(active.action, None);

    house.later(Span::minutes(45));
    let ending = tell(&house);
    assert!(ending.subject.starts_with("Access ends soon"));
    assert!(ending.text().contains("Ends: 2026-03-02 10:00 UTC"), "{}", ending.text());
    let offer = house.engine.offer(&grant.id, &person("alice"), house.now()).unwrap();
    let Some(Action::Extend { span, if_ends_at, needs }) = ending.action else { panic!("{ending:?}") };
    assert_eq!((Some(span), if_ends_at, needs), (offer.default, offer.ends_at, offer.needs));

    house.engine.extend(Extend::new(&grant.id, person("alice")).reason("not done"), house.now()).unwrap();
    let extended = tell(&house);
    assert!(extended.subject.starts_with("Access was extended"));
    assert!(extended.text().contains("> not done"), "{}", extended.text());
    assert!(extended.text().contains("Ended before at: 2026-03-02 10:00 UTC"), "{}", extended.text());
    assert!(extended.text().contains("Ends: 2026-03-02 10:30 UTC"), "{}", extended.text());

    let system: tenure::Actor = tenure::Actor::System("host".parse().unwrap());
    house.engine.revoke(Revoke::new(&grant.id, system).reason("over"), house.now()).unwrap();
    let ended = tell(&house);
    assert!(ended.subject.starts_with("Access was revoked"));
    assert!(ended.text().contains("> over"), "{}", ended.text());
    let now = house.words().stands(&grant.id, Notice::EndingSoon, house.now()).unwrap();
    assert!(now.subject.starts_with("Access was revoked"));
    assert_eq!(now.action, None);
}

#[test]
fn a_denial_says_by_whom_and_why() {
    let house = House::new();
    let grant = house.request("prod-db", "INC-7");
    house.done(house.notice());
    house.engine.deny(Deny::new(&grant.id, person("bob")).reason("not now"), house.now()).unwrap();
    let denied = tell(&house);
    assert!(denied.subject.starts_with("Denied: "), "{}", denied.subject);
    assert!(denied.text().contains("By: bob"), "{}", denied.text());
    assert!(denied.text().contains("> not now"), "{}", denied.text());
}
