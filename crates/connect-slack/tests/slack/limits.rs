//! Slack's limits: how much it takes, and how often.

use serde_json::{Value, json};
use tenure::tenure_core::event::Happened;
use tenure::tenure_core::record::Entry;
use tenure::{Span, View};

use crate::house::{House, POLICY, said};
use crate::stand_in::Trouble;

#[test]
fn when_slack_asks_to_wait_nobody_is_called_until_then() {
    let house = House::new();
    house.ask("prod-db");
    house.stand_in.trouble(Trouble::Slower(60));
    assert_eq!(house.turn().failed, 1);
    assert_eq!(house.stand_in.calls().len(), 1, "not even the second person");
    house.later(Span::seconds(30));
    assert_eq!(house.turn().failed, 1);
    assert!(house.stand_in.calls().is_empty());
    house.later(Span::seconds(30));
    assert_eq!(house.turn().done, 1);
    assert_eq!(house.stand_in.messages().len(), 2);
}

#[test]
fn one_place_that_fails_is_told_later_and_the_others_once() {
    let house = House::new();
    let grant = house.ask("prod-db");
    // `conversations.open` of the first.
    house.stand_in.trouble(Trouble::Status(500));
    assert_eq!(house.turn().failed, 1);
    assert_eq!(house.stand_in.messages().len(), 1);
    assert_eq!(stuck(&house, &grant), 0);
    house.later(Span::seconds(5));
    assert_eq!(house.turn().done, 1);
    let messages = house.stand_in.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["channel"], "DU2");
}

#[test]
fn what_no_retry_mends_is_stuck_at_once() {
    for (error, at_once) in [("invalid_auth", 1), ("internal_error", 0)] {
        let house = House::new();
        let grant = house.ask("prod-db");
        house.stand_in.trouble(Trouble::Error(error));
        assert_eq!(house.turn().failed, 1);
        assert_eq!(stuck(&house, &grant), at_once, "{error}");
    }
}

fn stuck(house: &House, grant: &View) -> usize {
    let history = house.engine.history(&grant.id).unwrap();
    let is_stuck = |entry: &Entry| matches!(entry, Entry::Event(event) if matches!(event.happened, Happened::EffectStuck { .. }));
    history.iter().filter(|record| is_stuck(&record.entry)).count()
}

#[test]
fn long_texts_and_long_lists_are_cut_where_slack_says() {
    let title = "A very long title ".repeat(20);
    let policy = POLICY.replace("Debug production databases", title.trim());
    let house = House::with(&policy, 250);
    house.ask_because("prod-db", &"<&>🦀 ".repeat(500));
    house.turn();
    let message = house.stand_in.messages().remove(0);
    let blocks = message["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    let header = blocks[0]["text"]["text"].as_str().unwrap();
    assert!(header.chars().count() <= 150 && header.ends_with('…'), "{header}");
    for block in blocks.iter().filter(|block| block["type"] == "section") {
        let text = block["text"]["text"].as_str().unwrap();
        assert!(text.chars().count() <= 3_000, "{}", text.len());
        assert!(!text.contains("<&>"), "{text}");
    }
    let shortcut = json!({
        "type": "shortcut", "callback_id": "tenure_ask", "trigger_id": "1", "user": {"id": "U1", "team_id": "T1"},
    });
    house.send(&shortcut);
    house.stand_in.calls();
    let chosen = json!({
        "type": "block_actions", "trigger_id": "1", "user": {"id": "U1", "team_id": "T1"},
        "view": {"id": "V1", "callback_id": "tenure_ask"},
        "actions": [{"action_id": "flow", "action_ts": "1", "selected_option": {"value": "prod-db"}}],
    });
    house.send(&chosen);
    let view = house.stand_in.call("views.update").body["view"].clone();
    let blocks: Vec<Value> = view["blocks"].as_array().unwrap().clone();
    let items = blocks.iter().find(|block| block["block_id"] == "items.prod-db").unwrap();
    assert_eq!(items["element"]["options"].as_array().unwrap().len(), 100);
    assert!(said(&view).contains("The first 100 of 250 are listed."));
    for option in items["element"]["options"].as_array().unwrap() {
        assert!(option["value"].as_str().unwrap().len() <= 75);
    }
}

#[test]
fn a_reason_of_many_lines_keeps_no_notice_from_slack() {
    for line in ["a\n", "\n", "<\n\n"] {
        let house = House::new();
        house.ask_because("prod-db", &format!("INC-7 {}end", line.repeat(1_300)));
        house.turn();
        let message = house.stand_in.messages().remove(0);
        for block in message["blocks"].as_array().unwrap().iter().filter(|block| block["type"] == "section") {
            let text = block["text"]["text"].as_str().unwrap();
            assert!(text.encode_utf16().count() <= 3_000, "{}", text.len());
        }
    }
}
