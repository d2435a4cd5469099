//! Requests that are not Slack's, or not as Slack makes them, and texts that want to be more than texts.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use tenure::Span;
use tenure_connect_slack::signature::{BODY_BYTES_MAX, Incoming, SigningSecret};

use crate::house::{House, SECRET, said, text};

#[test]
fn what_is_not_signed_now_changes_nothing() {
    let house = House::new();
    let grant = house.ask("prod-db");
    house.turn();
    let wanted = house.stand_in.messages();
    let (timestamp, signature, body) = house.signed(&house.click("U2", &wanted[0], "approve"));
    let mut changed = body.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(house.hear(&timestamp, &signature, &changed).status, 401);
    assert_eq!(house.hear(&timestamp, "", &body).status, 401);
    assert_eq!(house.hear("", &signature, &body).status, 401);
    let forged = SigningSecret::new("not the secret").sign(&timestamp, &body);
    assert_eq!(house.hear(&timestamp, &forged, &body).status, 401);
    // The very same request, once its five minutes are over.
    house.later(Span::minutes(5).plus(Span::millis(1)));
    assert_eq!(house.hear(&timestamp, &signature, &body).status, 401);
    assert_eq!(house.look(&grant).stage, "pending");
    assert!(house.stand_in.calls().is_empty());
}

#[test]
fn what_is_signed_and_makes_no_sense_is_said_to_be_so() {
    let house = House::new();
    let sent = |body: &[u8]| {
        let timestamp = house.now().millis().div_euclid(1_000).to_string();
        let signature = SigningSecret::new(SECRET).sign(&timestamp, body);
        house.hear(&timestamp, &signature, body).status
    };
    for body in ["", "payload=", "payload=%7B", "payload=[]", "other=1", "\u{0}\u{ff}", "payload=%FF%FE"] {
        assert_eq!(sent(body.as_bytes()), 400, "{body}");
    }
    let deep = format!("payload={}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(sent(deep.as_bytes()), 400);
    assert_eq!(sent(&vec![b'a'; BODY_BYTES_MAX + 1]), 413);
    // What Slack may come to send, and what nobody asked for.
    for payload in [
        json!({"type": "view_closed", "user": {"id": "U1"}}),
        json!({"type": "shortcut", "callback_id": "another_app", "trigger_id": "1", "user": {"id": "U1", "team_id": "T1"}}),
        json!({"type": "block_actions", "trigger_id": "1", "actions": [], "user": {"id": "U1", "team_id": "T1"}}),
        json!({"type": "block_actions", "trigger_id": "1", "user": {"id": "U1", "team_id": "T1"},
            "actions": [{"action_id": "open", "action_ts": "1"}]}),
        json!({"type": "block_actions", "trigger_id": "1", "user": {"id": "U1", "team_id": "T1"},
            "actions": [{"action_id": "extend", "action_ts": "1", "value": "{\"verb\": \"destroy\", \"grant\": \"g\", \"about\": \"ended\"}"}]}),
    ] {
        assert_eq!(house.send(&payload).status, 200, "{payload}");
    }
    assert!(house.stand_in.calls().is_empty());
}

#[test]
fn a_button_of_a_grant_that_is_not_there_is_refused_in_words() {
    let house = House::new();
    let value = json!({"verb": "extend", "grant": "no-such-grant", "about": "ending_soon"}).to_string();
    house.send(&json!({
        "type": "block_actions", "trigger_id": "1", "user": {"id": "U1", "team_id": "T1"},
        "response_url": house.stand_in.response_url(),
        "actions": [{"action_id": "extend", "action_ts": "1", "value": value}],
    }));
    let told = house.stand_in.call("/actions/T1/1/a").body;
    assert_eq!(told["response_type"], "ephemeral");
}

#[test]
fn no_address_is_called_that_is_not_slacks() {
    let (house, elsewhere) = (House::new(), crate::stand_in::StandIn::start());
    house.ask("prod-db");
    house.turn();
    let wanted = house.stand_in.messages();
    for url in [
        elsewhere.response_url(),
        format!("{}@evil.example/", house.stand_in.base),
        "file:///etc/passwd".to_owned(),
    ] {
        let mut click = house.click("U4", &wanted[0], "approve");
        click["response_url"] = json!(url);
        assert!(house.send(&click).then.is_empty(), "{url}");
    }
    assert!(elsewhere.calls().is_empty());
}

#[test]
fn nothing_that_people_write_calls_a_channel_or_is_a_link() {
    let house = House::new();
    let reason = "<!channel> <!here> <@U2> <https://evil.example|the portal> & *By:* bob\n*Approved*";
    house.ask_because("prod-db", reason);
    house.turn();
    for message in house.stand_in.messages() {
        let all = said(&message);
        for bad in ["<!channel", "<!here", "<@", "<https://evil"] {
            assert!(!all.contains(bad), "`{bad}` in {all}");
        }
        // It is there to be read, behind marks.
        assert!(
            all.contains("\\n> &lt;!channel&gt; &lt;!here&gt;") && all.contains("\\n> *Approved*"),
            "{all}"
        );
        let blocks = message["blocks"].as_array().unwrap();
        let marked = blocks.iter().filter(|block| block["text"]["type"] == "mrkdwn");
        assert!(marked.clone().count() > 0 && marked.clone().all(|block| block["text"]["verbatim"] == true));
        assert_eq!((&message["unfurl_links"], &message["unfurl_media"]), (&json!(false), &json!(false)));
    }
}

/// What may be done to a payload before it is signed: places, and what then stands there.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)
}

#[test]
fn whatever_is_in_a_signed_payload_it_is_answered() {
    let house = House::new();
    house.ask("prod-db");
    house.turn();
    let wanted = house.stand_in.messages();
    let ask = json!({"callback_id": "tenure_ask", "private_metadata": ""});
    let metadata = json!({"wanted": {"verb": "deny", "grant": "g", "about": "ended"}});
    let say = json!({"callback_id": "tenure_say", "private_metadata": metadata.to_string()});
    let values = json!({
        "flow": {"flow": {"selected_option": {"value": "prod-db"}}}, "span.prod-db": {"span": {}}, "reason": text("INC-7"),
    });
    let payloads = [
        house.click("U2", &wanted[0], "approve"),
        house.submit("U1", &ask, "V1", &values),
        house.submit("U2", &say, "V1", &values),
        json!({"type": "shortcut", "callback_id": "tenure_ask", "trigger_id": "1", "user": {"id": "U1", "team_id": "T1"}}),
    ];
    let config = ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    let given = (0..payloads.len(), damage(), any::<bool>(), any::<prop::sample::Index>());
    let answered = TestRunner::new(config).run(&given, |(which, damage, is_cut, cut)| {
        let mut bytes = payloads[which].to_string().into_bytes();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        let body: String = form_urlencoded::byte_serialize(&bytes).collect();
        let body = format!("payload={body}");
        let timestamp = house.now().millis().div_euclid(1_000).to_string();
        let signature = SigningSecret::new(SECRET).sign(&timestamp, body.as_bytes());
        let incoming =
            Incoming { timestamp: &timestamp, signature: &signature, body: body.as_bytes(), at: house.now() };
        let heard = house.slack.hear(&incoming, house.now());
        prop_assert!([200, 400].contains(&heard.status));
        Ok(())
    });
    answered.unwrap();
}

#[test]
fn items_are_the_hosts_whatever_a_form_names() {
    let house = House::new();
    let view = json!({"callback_id": "tenure_ask", "private_metadata": ""});
    let values = json!({
        "flow": {"flow": {"selected_option": {"value": "prod-db"}}},
        "items.prod-db": {"items": {"selected_options": [{"value": "{\"integration\": \"prod-pg\", \"name\": \"hr\"}"}]}},
        "span.prod-db": {"span": {"selected_option": {"value": "3600000"}}},
        "reason": text("INC-7 is on"), "field.ticket": text("INC-7"),
    });
    let heard = house.send(&house.submit("U1", &view, "V1", &values));
    let body: serde_json::Value = serde_json::from_str(&heard.body.unwrap()).unwrap();
    assert_eq!(body["response_action"], "errors");
    assert!(body["errors"]["items.prod-db"].is_string(), "{body}");
    // Somebody who is no member of anything asks for nothing.
    let heard = house.send(&house.submit("U9", &view, "V1", &values));
    assert!(heard.body.unwrap().contains("not known here"));
    assert!(house.engine.list(&tenure::List::default(), house.now()).unwrap().grants.is_empty());
}

#[test]
fn a_fault_is_told_to_whoever_runs_it_and_to_nobody_in_slack() {
    let house = House::new();
    house.ask("prod-db");
    house.turn();
    let wanted = house.stand_in.messages();
    let (timestamp, signature, body) = house.signed(&house.click("U2", &wanted[0], "approve"));
    let incoming = Incoming { timestamp: &timestamp, signature: &signature, body: &body, at: house.now() };
    // A host whose clock is far ahead: the store takes nothing of it.
    let heard = house.slack.hear(&incoming, house.now().plus(Span::minutes(10)));
    let fault = heard.fault.clone().unwrap();
    house.slack.finish(&heard).unwrap();
    let told = house.stand_in.calls().iter().map(|call| call.body.to_string()).collect::<String>();
    assert!(told.contains("failed") && !told.contains(&fault), "{fault}: {told}");
}
