//! Clicks: one is one, whoever presses, however often, from however many tabs.

use axum::http::StatusCode;

use crate::browser::World;

#[tokio::test]
async fn a_click_moves_the_end_by_what_the_button_says() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let page = maria.get("/access").await;
    page.says("Extend by 30 min").says("1 of 4 extensions used, 3 left").says("10 min");
    let after = maria.follow(&page.form("/extend")).await;
    after
        .says("Your access goes on until <time datetime=\"2026-03-02T12:40:00.000Z\"")
        .says("40 min")
        .says("2 of 4 extensions used, 2 left");
    // A message is told once.
    maria.get("/access").await.says_not("Your access goes on");
    let longer = maria.get("/access").await.form("/extend").with("span", "1h");
    maria.follow(&longer).await.says("1 h 40 min");
}

#[tokio::test]
async fn a_double_click_is_one_command_and_two_tabs_are_one_extension() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let (first, second) =
        (maria.get("/access").await.form("/extend"), maria.get("/access").await.form("/extend"));
    assert_ne!(first.field("command"), second.field("command"));
    for _ in 0..3 {
        maria
            .follow(&first)
            .await
            .says("Your access goes on until <time datetime=\"2026-03-02T12:40:00.000Z\"")
            .says("2 of 4 extensions used");
    }
    // The other tab saw the old end.
    let stale = maria.follow(&second).await;
    stale.says("extension.stale").says("What would pass").says("2 of 4 extensions used");
}

#[tokio::test]
async fn a_click_at_the_very_end_is_decided_by_the_clock_of_the_store() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let form = maria.get("/access").await.form("/extend");
    let end = form.field("if_ends_at").parse::<tenure::Timestamp>().unwrap();
    world.clock.stand_at(end);
    maria.follow(&form).await.says("grant.expired").says("You hold no access now");
    let other = World::told();
    let mut maria = other.signed_in("maria").await;
    let form = maria.get("/access").await.form("/extend");
    other.clock.stand_at(end.minus(tenure::Span::millis(1)));
    maria.follow(&form).await.says("Your access goes on");
}

#[tokio::test]
async fn anothers_grant_by_its_address_is_refused_in_words_and_stays_as_it_is() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let mut sam = world.signed_in("sam").await;
    let page = maria.get("/access").await;
    let mine = sam.get("/access").await;
    for (verb, form, code) in [
        ("extend", "/give-back", "extension.not_holder"),
        ("give-back", "/give-back", "actor.not_allowed"),
        ("withdraw", "/give-back", "actor.not_allowed"),
        ("activate", "/give-back", "actor.not_allowed"),
        ("decide", "/give-back", "approval.not_approver"),
        ("decide-extension", "/give-back", "approval.not_approver"),
    ] {
        let hers = page.form("/extend").action;
        let mut form = mine.form(form).with("verdict", "approve").without("command").with("command", verb);
        form.action = hers.replace("/extend", &format!("/{verb}"));
        sam.follow(&form).await.says(code).says_not("INC-2291");
    }
    let mut form = mine.form("/give-back");
    form.action = "/grants/no-such-grant/give-back".to_owned();
    sam.follow(&form).await.says("grant.unknown");
    form.action = format!("/grants/{}/give-back", "x".repeat(300));
    assert_eq!(sam.send(&form).await.status, StatusCode::NOT_FOUND, "no grant can be called so");
    maria.get("/access").await.says("1 of 4 extensions used").says("Extend by 30 min");
}

#[tokio::test]
async fn a_button_that_may_not_be_pressed_says_why_and_from_when() {
    let world = World::told();
    let mut sam = world.signed_in("sam").await;
    let page = sam.get("/access").await;
    page.says("disabled").says("extension.too_early").says("You can from").says("0 of 3 extensions used");
    // Whoever presses it all the same is told the same.
    sam.follow(&page.form("/extend")).await.says("extension.too_early").says("What would pass");
    world.at(90);
    sam.get("/access").await.says("Extend by 1 h").says_not("extension.too_early");
}

#[tokio::test]
async fn giving_back_ends_it_at_once() {
    let world = World::told();
    let mut maria = world.signed_in("maria").await;
    let page = maria.get("/access").await;
    let (back, extend) = (page.form("/give-back"), page.form("/extend"));
    maria.follow(&back).await.says("It has ended").says("You hold no access now");
    maria.follow(&extend).await.says("grant.not_active");
}
