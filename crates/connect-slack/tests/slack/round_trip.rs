//! The whole way: asked, approved, active, about to end, extended and ended, all of it in Slack.

use serde_json::{Value, json};
use tenure::{List, Span};

use crate::house::{House, TOKEN, button_names, said, text};

/// Asks by the shortcut and the form: the request as the engine has it.
fn asked(house: &House) -> tenure::View {
    let shortcut = json!({
        "type": "shortcut", "callback_id": "tenure_ask", "trigger_id": "1.2.3",
        "user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"},
    });
    assert_eq!(house.send(&shortcut).status, 200);
    let open = house.stand_in.call("views.open");
    assert_eq!(open.token.as_deref(), Some(&*format!("Bearer {TOKEN}")));
    assert_eq!(open.body["trigger_id"], "1.2.3");
    let flows = &open.body["view"]["blocks"][0]["element"]["options"];
    assert_eq!(flows.as_array().unwrap().len(), 2);

    // A flow is chosen: the form goes on to what it takes.
    let chosen = json!({
        "type": "block_actions", "trigger_id": "1.2.4", "user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"},
        "view": {"id": "V1", "hash": "h0", "callback_id": "tenure_ask", "private_metadata": ""},
        "container": {"type": "view", "view_id": "V1"},
        "actions": [{"type": "static_select", "action_id": "flow", "action_ts": "1.0", "selected_option": {"value": "prod-db"}}],
    });
    house.send(&chosen);
    let update = house.stand_in.call("views.update");
    assert_eq!((&update.body["view_id"], &update.body["hash"]), (&json!("V1"), &json!("h0")));
    let view = &update.body["view"];
    assert!(said(view).contains("Read customer data while an incident is open."));
    let block = |id: &str| {
        view["blocks"].as_array().unwrap().iter().find(|block| block["block_id"] == id).unwrap().clone()
    };
    let item = block("items.prod-db")["element"]["options"][0]["value"].clone();
    assert_eq!(block("span.prod-db")["element"]["initial_option"]["text"]["text"], "1h");

    // Sent with a reason that is too short, it says so beside the reason; with a good one it is a request.
    let values = |reason: &str| {
        json!({
            "flow": {"flow": {"type": "static_select", "selected_option": {"value": "prod-db"}}},
            "items.prod-db": {"items": {"type": "multi_static_select", "selected_options": [{"value": item}]}},
            "span.prod-db": {"span": {"type": "static_select", "selected_option": {"value": "3600000"}}},
            "reason": text(reason),
            "field.ticket": text("INC-7"),
        })
    };
    let heard = house.send(&house.submit("U1", view, "V1", &values("INC")));
    let body: Value = serde_json::from_str(&heard.body.unwrap()).unwrap();
    assert_eq!(body["response_action"], "errors");
    assert!(body["errors"]["reason"].as_str().unwrap().contains("ame the incident"), "{body}");
    let heard = house.send(&house.submit("U1", view, "V1", &values("INC-7 orders are stuck")));
    let body: Value = serde_json::from_str(&heard.body.unwrap()).unwrap();
    assert_eq!(body["response_action"], "update");
    assert!(said(&body).contains("Waits for approval"), "{body}");
    house.engine.list(&List::default(), house.now()).unwrap().grants.remove(0)
}

#[test]
fn from_asking_to_the_end_nobody_leaves_slack() {
    let house = House::new();
    let grant = asked(&house);
    assert_eq!((grant.stage.as_str(), grant.holder.as_str()), ("pending", "alice"));
    assert_eq!(grant.reason.as_deref(), Some("INC-7 orders are stuck"));
    assert_eq!(grant.fields["ticket"], "INC-7");

    // Whoever may approve is told, and one of them does.
    assert_eq!(house.turn().done, 1);
    let wanted = house.stand_in.messages();
    assert_eq!(
        wanted.iter().map(|message| message["channel"].as_str().unwrap()).collect::<Vec<_>>(),
        ["DU2", "DU3"]
    );
    assert!(said(&wanted[0]).contains("INC-7 orders are stuck"));
    assert_eq!(button_names(&wanted[0]), ["approve", "deny", "open"]);
    house.send(&house.click("U2", &wanted[0], "approve"));
    assert_eq!(house.look(&grant).stage, "active");
    let answer = house.stand_in.call("/actions/T1/1/a").body;
    assert_eq!(answer["replace_original"], true);
    assert!(said(&answer).contains("Access runs") && said(&answer).contains("bob approved"), "{answer}");
    assert_eq!(button_names(&answer), ["open"]);
    assert_eq!(house.turn().done, 1);
    assert!(said(&house.stand_in.messages()[0]).contains("Access has begun"));

    // It is about to end, and one click carries it on.
    house.later(Span::minutes(45));
    assert_eq!(house.turn().done, 1);
    let ending = house.stand_in.messages();
    // Alice's conversation was opened for the message before.
    assert_eq!(
        ending.iter().map(|message| message["channel"].as_str().unwrap()).collect::<Vec<_>>(),
        ["DU1", "C1"]
    );
    assert!(said(&ending[0]).contains("Extend by 30m"));
    house.send(&house.click("U1", &ending[0], "extend"));
    let extended = house.look(&grant);
    assert_eq!(extended.ends_at.unwrap().to_string(), "2026-03-02T10:30:00.000Z");
    let answer = house.stand_in.call("/actions/T1/1/a").body;
    assert!(said(&answer).contains("2026-03-02 10:30 UTC"), "{answer}");
    assert_eq!(button_names(&answer), ["open"], "a click too many finds no button");
    assert_eq!(house.turn().done, 1);
    assert!(said(&house.stand_in.messages()[0]).contains("Access was extended"));

    // It ends.
    house.later(Span::minutes(45));
    while house.turn().done > 0 {}
    let last = house.stand_in.messages().pop().unwrap();
    assert!(said(&last).contains("Access has ended"), "{last}");
    assert_eq!(house.look(&grant).stage, "closed");
}

#[test]
fn whoever_is_denied_is_told_by_whom_and_why() {
    let house = House::new();
    let grant = house.ask("prod-db");
    house.turn();
    let wanted = house.stand_in.messages();
    house.send(&house.click("U2", &wanted[0], "deny"));
    let form = house.stand_in.call("views.open").body["view"].clone();
    assert_eq!(house.look(&grant).stage, "pending", "nothing is decided before it says why");
    let heard = house.send(&house.submit("U2", &form, "V2", &json!({"reason": text("not today")})));
    assert_eq!((heard.status, heard.body), (200, None));
    assert_eq!(house.look(&grant).stage, "closed");
    let update = house.stand_in.call("chat.update").body;
    assert_eq!((&update["channel"], &update["ts"]), (&json!("DU2"), &json!("1772442000.000100")));
    assert!(said(&update).contains("Denied") && said(&update).contains("bob denied"), "{update}");
    house.turn();
    let told = house.stand_in.messages().pop().unwrap();
    assert!(said(&told).contains("not today") && said(&told).contains("Denied"), "{told}");
}
