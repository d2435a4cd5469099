//! Every notice there is reaches Slack as a message, with the button that belongs to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenure::{Approve, DenyExtension, Extend, Request, Resource, Runner, Span, Taken, Trouble, View};

use crate::house::{House, button_names, person, said};

const POLICY: &str = "
version: 1
flows:
  - id: all
    title: All of it
    who: {any: [group:sre]}
    what: [{integration: prod-pg, permissions: [read]}]
    duration: {max: 1h}
    activation: by_holder
    activate_within: 2h
    approval:
      decide_within: 20m
      steps: [{approvers: [group:owners], escalate: [{after: 10m, to: ['user:carol']}]}]
    extension: {times: 5, span: {default: 30m}, approval: {decide_within: 5m, steps: [{approvers: [group:owners]}]}}
    break_glass: {who: [group:sre], max: 30m, review_within: 1h, review_by: [group:owners]}
    notify: {before_end: [15m], to: [holder]}
    revoke_by: [group:owners]
";

fn ask(house: &House, break_glass: bool) -> View {
    let orders: Resource =
        serde_json::from_value(json!({"integration": "prod-pg", "type": "database", "name": "orders"}))
            .unwrap();
    let ask = Request::new("all", person("alice")).item(orders.permission("read")).reason("INC-7");
    house.engine.request(ask.break_glass(break_glass), house.now()).unwrap()
}

/// What was sent since, by the first words of its subject.
fn told(house: &House) -> BTreeMap<String, Value> {
    while house.turn().done > 0 {}
    let headline = |message: &Value| {
        let subject = message["blocks"][0]["text"]["text"].as_str().unwrap();
        subject.split(':').next().unwrap().to_owned()
    };
    house.stand_in.messages().into_iter().map(|message| (headline(&message), message)).collect()
}

/// What is owed: the first words of each notice, and its buttons.
fn owed() -> BTreeMap<String, Vec<String>> {
    let owed = [
        ("Access ends soon", vec!["extend", "open"]),
        ("Access has begun", vec!["open"]),
        ("Access has ended", vec!["open"]),
        ("Approval of an extension wanted", vec!["approve_extension", "deny_extension", "open"]),
        ("Approval wanted", vec!["approve", "deny", "open"]),
        ("Approved", vec!["activate", "open"]),
        ("Emergency access awaits its review", vec!["review", "open"]),
        ("Emergency access was taken", vec!["review", "open"]),
        ("Extension denied", vec!["open"]),
        ("Extension not decided in time", vec!["open"]),
        ("Not decided in time", vec!["open"]),
        ("Something is stuck", vec!["open"]),
        ("Still waiting for a decision", vec!["approve", "deny", "open"]),
    ];
    let owed = owed
        .map(|(headline, buttons)| (headline.to_owned(), buttons.into_iter().map(str::to_owned).collect()));
    BTreeMap::from(owed)
}

#[test]
fn each_notice_is_a_message_with_its_button() {
    let house = House::with(POLICY, 1);
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let look = |seen: &mut BTreeMap<String, Vec<String>>| {
        let told = told(&house);
        seen.extend(told.iter().map(|(headline, message)| (headline.clone(), button_names(message))));
        told
    };

    // Nobody decides, neither at first nor when more people are asked.
    ask(&house, false);
    look(&mut seen);
    house.later(Span::minutes(10));
    look(&mut seen);
    house.later(Span::minutes(10));
    look(&mut seen);

    // Approved, it waits for its holder, who begins it from there.
    let grant = ask(&house, false);
    look(&mut seen);
    house.engine.approve(Approve::new(&grant.id, person("bob")), house.now()).unwrap();
    let approved = look(&mut seen).remove("Approved").unwrap();
    house.send(&house.click("U1", &approved, "activate"));
    assert_eq!(house.look(&grant).stage, "active");
    look(&mut seen);

    // One extension lapses, one is denied, and then it ends.
    for denied in [false, true] {
        house.engine.extend(Extend::new(&grant.id, person("alice")), house.now()).unwrap();
        look(&mut seen);
        if denied {
            house.engine.deny_extension(DenyExtension::new(&grant.id, person("bob")), house.now()).unwrap();
        } else {
            house.later(Span::minutes(5));
        }
        look(&mut seen);
    }
    house.later(Span::minutes(40));
    look(&mut seen);
    house.later(Span::minutes(15));
    look(&mut seen);

    // In an emergency the target fails, and nobody reviews it.
    ask(&house, true);
    look(&mut seen);
    let sick = |_: &Taken| Err(Trouble::of("no connection").last());
    let target =
        Runner::new(house.engine.clone(), "target", Span::minutes(1)).at("prod-pg".parse().unwrap(), sick);
    assert!(target.turn(house.now()).unwrap().failed > 0);
    let stuck = look(&mut seen);
    house.later(Span::hours(2));
    look(&mut seen);

    assert_eq!(seen, owed());
    let stuck = said(&stuck["Something is stuck"]);
    assert!(stuck.contains("fails again and again") && stuck.contains("> no connection"), "{stuck}");
}
