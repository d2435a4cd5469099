//! Clicks that come twice, late, or from whoever may not.

use serde_json::{Value, json};
use tenure::{Approve, Span, View};

use crate::house::{House, button_names, person, said, text};

/// Active access of alice's that ends soon: the grant, and the message about it.
fn ending(house: &House) -> (View, Value) {
    let grant = house.ask("prod-db");
    house.engine.approve(Approve::new(&grant.id, person("bob")), house.now()).unwrap();
    house.turn();
    house.later(Span::minutes(45));
    house.turn();
    let message = house.stand_in.messages().pop().unwrap();
    (grant, message)
}

fn ends(house: &House, grant: &View) -> String {
    house.look(grant).ends_at.unwrap().to_string()
}

#[test]
fn the_same_click_sent_again_is_the_same_command() {
    let house = House::new();
    let (grant, message) = ending(&house);
    let (timestamp, signature, body) = house.signed(&house.click("U1", &message, "extend"));
    house.hear(&timestamp, &signature, &body);
    house.stand_in.calls();
    house.hear(&timestamp, &signature, &body);
    assert_eq!(ends(&house, &grant), "2026-03-02T10:30:00.000Z");
    assert_eq!(house.look(&grant).extensions.used, 1);
    // And it is answered as the first was: nothing was refused.
    let answer = house.stand_in.call("/actions/T1/1/a").body;
    assert!(said(&answer).contains("alice asked to extend"), "{answer}");
}

#[test]
fn a_second_click_extends_nothing_and_says_so_to_whoever_clicked() {
    let house = House::new();
    let (grant, message) = ending(&house);
    house.send(&house.click_at("U1", &message, "extend", "1.000001"));
    house.stand_in.calls();
    house.send(&house.click_at("U1", &message, "extend", "1.000002"));
    assert_eq!(ends(&house, &grant), "2026-03-02T10:30:00.000Z");
    assert_eq!(house.look(&grant).extensions.used, 1);
    let calls = house.stand_in.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].body["replace_original"], true);
    assert!(said(&calls[0].body).contains("10:30 UTC"), "{:?}", calls[0]);
    assert_eq!(calls[1].body["response_type"], "ephemeral");
    assert_eq!(calls[1].body["replace_original"], false);
    assert!(calls[1].token.is_none(), "the token goes to methods alone");
}

#[test]
fn a_click_after_the_end_finds_access_ended() {
    let house = House::new();
    let (grant, message) = ending(&house);
    house.later(Span::minutes(15));
    house.send(&house.click("U1", &message, "extend"));
    assert_eq!(house.look(&grant).stage, "closed");
    let calls = house.stand_in.calls();
    assert!(said(&calls[0].body).contains("Access has ended"), "{:?}", calls[0]);
    assert_eq!(button_names(&calls[0].body), ["open"]);
    assert_eq!(calls[1].body["response_type"], "ephemeral");
}

#[test]
fn a_click_in_the_last_millisecond_counts() {
    let house = House::new();
    let (grant, message) = ending(&house);
    house.later(Span::minutes(15).less(Span::millis(1)));
    house.send(&house.click("U1", &message, "extend"));
    assert_eq!(ends(&house, &grant), "2026-03-02T10:30:00.000Z");
}

#[test]
fn nobody_else_extends_it_whatever_they_are_called() {
    let house = House::new();
    let (grant, message) = ending(&house);
    house.send(&house.click("U4", &message, "extend"));
    // The payload says `"username": "alice"`; nobody reads that.
    let mut liar = house.click_at("U4", &message, "extend", "2.0");
    liar["user"]["username"] = json!("alice");
    liar["user"]["name"] = json!("alice");
    house.send(&liar);
    // The same id at another team is another account.
    let mut stranger = house.click_at("U1", &message, "extend", "3.0");
    stranger["user"]["team_id"] = json!("T2");
    house.send(&stranger);
    assert_eq!(ends(&house, &grant), "2026-03-02T10:00:00.000Z");
    let told: Vec<_> =
        house.stand_in.calls().into_iter().filter(|call| call.body["response_type"] == "ephemeral").collect();
    assert_eq!(told.len(), 3);
    assert!(said(&told[2].body).contains("not known here"), "{:?}", told[2]);
}

#[test]
fn nobody_approves_their_own_and_a_decision_is_taken_once() {
    let house = House::new();
    let grant = house.ask("prod-db");
    house.turn();
    let wanted = house.stand_in.messages();
    house.send(&house.click("U1", &wanted[0], "approve"));
    assert_eq!(house.look(&grant).stage, "pending");
    let calls = house.stand_in.calls();
    assert_eq!(button_names(&calls[0].body), ["approve", "deny", "open"], "it still waits for others");
    assert!(said(&calls[1].body).contains("own"), "{:?}", calls[1]);
    house.send(&house.click_at("U2", &wanted[0], "approve", "2.0"));
    house.stand_in.calls();
    // Carol has the message of before, and what she then sees is what is true.
    house.send(&house.click_at("U3", &wanted[1], "approve", "3.0"));
    let calls = house.stand_in.calls();
    assert!(said(&calls[0].body).contains("Access runs"), "{:?}", calls[0]);
    assert_eq!(button_names(&calls[0].body), ["open"]);
    assert_eq!(calls[1].body["response_type"], "ephemeral");
    // Whoever may not deny is not even asked why.
    house.send(&house.click_at("U4", &wanted[1], "deny", "4.0"));
    assert!(house.stand_in.calls().iter().all(|call| call.method != "views.open"));
}

#[test]
fn what_was_not_seen_is_not_approved() {
    let house = House::new();
    let grant = house.ask("prod-db");
    house.turn();
    let wanted = house.stand_in.messages();
    for button in ["approve", "deny"] {
        let mut click = house.click("U2", &wanted[0], button);
        let value = click["actions"][0]["value"].as_str().unwrap();
        let mut value: Value = serde_json::from_str(value).unwrap();
        assert_eq!(value["content"], grant.content);
        value["content"] = json!("what was asked before");
        click["actions"][0]["value"] = json!(value.to_string());
        house.send(&click);
        assert_eq!(house.stand_in.calls()[1].body["response_type"], "ephemeral");
        assert_eq!(house.look(&grant).stage, "pending");
    }
}

#[test]
fn where_a_reason_is_needed_the_click_asks_for_it() {
    let house = House::new();
    let grant = house.ask("strict");
    house.turn();
    let wanted = house.stand_in.messages();
    house.send(&house.click("U2", &wanted[0], "approve"));
    let form = house.stand_in.call("views.open").body["view"].clone();
    house.send(&house.submit("U2", &form, "V1", &json!({"reason": text("seen, fine")})));
    assert_eq!(house.look(&grant).stage, "active");
    house.turn();
    house.later(Span::minutes(45));
    house.stand_in.calls();
    house.turn();
    let ending = house.stand_in.messages().pop().unwrap();
    assert!(
        said(&ending).contains("Ask for 15m more") && said(&ending).contains("a reason and an approval"),
        "{ending}"
    );
    house.send(&house.click("U1", &ending, "extend"));
    let form = house.stand_in.call("views.open").body["view"].clone();
    // Too short: it is said beside the input, and the form stays.
    let heard = house.send(&house.submit("U1", &form, "V2", &json!({"reason": text("abc")})));
    let body: Value = serde_json::from_str(&heard.body.unwrap()).unwrap();
    assert_eq!(body["response_action"], "errors");
    assert!(body["errors"]["reason"].is_string(), "{body}");
    let heard = house.send(&house.submit("U1", &form, "V2", &json!({"reason": text("not done yet")})));
    assert_eq!(heard.body, None);
    assert!(house.look(&grant).extension_asked.is_some());
    house.stand_in.calls();

    // The owners decide on it, under the hash of what they saw.
    house.turn();
    let asked = house.stand_in.messages();
    assert_eq!(button_names(&asked[0]), ["approve_extension", "deny_extension", "open"]);
    assert!(said(&asked[0]).contains("not done yet"));
    house.send(&house.click("U3", &asked[1], "approve_extension"));
    assert_eq!(ends(&house, &grant), "2026-03-02T10:15:00.000Z");
}

#[test]
fn emergency_access_is_reviewed_there() {
    let house = House::new();
    let orders: tenure::Resource =
        serde_json::from_value(json!({"integration": "prod-pg", "type": "database", "name": "orders"}))
            .unwrap();
    let ask =
        tenure::Request::new("strict", person("alice")).item(orders.permission("read")).reason("it burns");
    let grant = house.engine.request(ask.break_glass(true), house.now()).unwrap();
    while house.turn().done > 0 {}
    let told = house.stand_in.messages();
    let glass = told.iter().find(|message| said(message).contains("Emergency access was taken")).unwrap();
    assert_eq!(button_names(glass), ["review", "open"]);
    house.send(&house.click("U2", glass, "review"));
    let form = house.stand_in.call("views.open").body["view"].clone();
    house.send(&house.submit("U2", &form, "V1", &json!({"reason": text("all in order")})));
    assert_eq!(house.look(&grant).review.unwrap().reviewed_by.unwrap().as_str(), "bob");
    let update = house.stand_in.call("chat.update").body;
    assert_eq!(button_names(&update), ["open"]);
}
