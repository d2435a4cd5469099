//! Forms that ask for access: what they offer, and how they are answered.

use serde_json::{Value, json};

use crate::house::{House, said, text};

fn opened(house: &House, user: &str) -> Value {
    let shortcut = json!({
        "type": "shortcut", "callback_id": "tenure_ask", "trigger_id": "1.2.3", "user": {"id": user, "team_id": "T1"},
    });
    house.send(&shortcut);
    house.stand_in.call("views.open").body["view"].clone()
}

#[test]
fn whoever_may_ask_for_nothing_is_told_so() {
    let house = House::new();
    let view = opened(&house, "U2");
    assert!(said(&view).contains("nothing that you may ask for"), "{view}");
    assert!(view["submit"].is_null());
    assert!(said(&opened(&house, "U9")).contains("not known here"));
}

#[test]
fn where_there_is_one_flow_it_is_chosen_already() {
    let policy = "
version: 1
flows:
  - id: whole
    who: {any: [group:sre]}
    what: [{integration: prod-pg, type: database, names: [orders], permissions: [read]}]
    take: all
    duration: {max: 1h}
    approval: automatic
";
    let house = House::with(policy, 1);
    let view = opened(&house, "U1");
    assert_eq!(view["blocks"][0]["element"]["initial_option"]["value"], "whole");
    assert!(said(&view).contains("All that belongs to it is asked for."));
    let values = json!({
        "flow": {"flow": {"selected_option": {"value": "whole"}}},
        "span.whole": {"span": {"selected_option": {"value": "3600000"}}},
        "reason": {"text": {"value": null}},
    });
    let heard = house.send(&house.submit("U1", &view, "V1", &values));
    assert!(heard.body.unwrap().contains("Access runs"));
    let granted = house.engine.list(&tenure::List::default(), house.now()).unwrap().grants.remove(0);
    assert_eq!(granted.stage, "active");
    // The same form, sent again, is the same command; another form is another one.
    house.send(&house.submit("U1", &view, "V1", &values));
    assert_eq!(house.engine.list(&tenure::List::default(), house.now()).unwrap().grants.len(), 1);
    house.send(&house.submit("U1", &view, "V2", &values));
    assert_eq!(house.engine.list(&tenure::List::default(), house.now()).unwrap().grants.len(), 2);
}

#[test]
fn a_form_that_was_sent_before_a_flow_was_chosen_goes_on_to_it() {
    let house = House::new();
    let view = opened(&house, "U1");
    assert_eq!(view["submit"]["text"], "Go on");
    let values = json!({"flow": {"flow": {"selected_option": {"value": "strict"}}}});
    let heard = house.send(&house.submit("U1", &view, "V1", &values));
    let body: Value = serde_json::from_str(&heard.body.unwrap()).unwrap();
    assert_eq!(body["response_action"], "update");
    assert!(said(&body["view"]).contains("items.strict"), "{body}");
    assert_eq!(body["view"]["submit"]["text"], "Ask");
}

#[test]
fn a_refusal_stands_beside_what_it_is_about() {
    let house = House::new();
    let view = json!({"callback_id": "tenure_ask", "private_metadata": ""});
    let orders = {
        let chosen = json!({
            "type": "block_actions", "trigger_id": "1", "user": {"id": "U1", "team_id": "T1"},
            "view": {"id": "V1", "callback_id": "tenure_ask"},
            "actions": [{"action_id": "flow", "action_ts": "1", "selected_option": {"value": "prod-db"}}],
        });
        house.send(&chosen);
        let view = house.stand_in.call("views.update").body["view"].clone();
        let blocks = view["blocks"].as_array().unwrap().clone();
        let items = blocks.iter().find(|block| block["block_id"] == "items.prod-db").unwrap();
        items["element"]["options"][0]["value"].clone()
    };
    for (span, ticket, beside) in
        [("36000000", "INC-7", "span.prod-db"), ("3600000", "CHG-7", "field.ticket")]
    {
        let values = json!({
            "flow": {"flow": {"selected_option": {"value": "prod-db"}}},
            "items.prod-db": {"items": {"selected_options": [{"value": orders}]}},
            "span.prod-db": {"span": {"selected_option": {"value": span}}},
            "reason": text("INC-7 is on"), "field.ticket": text(ticket),
        });
        let heard = house.send(&house.submit("U1", &view, "V1", &values));
        let body: Value = serde_json::from_str(&heard.body.unwrap()).unwrap();
        assert!(body["errors"][beside].is_string(), "{body}");
    }
}
