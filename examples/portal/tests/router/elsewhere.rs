//! Notices beyond the pages: Slack from the message to the click, behind the portal's own address.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tenure::{Clock, GrantId, List, Span, SystemClock, Take};
use tenure_connect_slack::signature::SigningSecret;
use tenure_portal::notices::{Elsewhere, Ways};
use tenure_portal::router;
use tower::ServiceExt;

use crate::browser::World;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// How long a call of Slack's methods may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Slack's methods, as far as they are called here: what is called comes out of the channel.
fn slack() -> (String, Receiver<(String, Value)>) {
    let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.server_addr());
    let (sender, called) = channel();
    std::thread::spawn(move || {
        for mut request in server.incoming_requests() {
            let body: Value = serde_json::from_reader(request.as_reader()).unwrap();
            let method = request.url().trim_start_matches("/api/").to_owned();
            let answer = json!({"ok": true, "channel": {"id": format!("D{}", body["users"].as_str().unwrap_or_default())}});
            let _ = sender.send((method, body));
            let _ = request.respond(tiny_http::Response::from_string(answer.to_string()));
        }
    });
    (base, called)
}

/// The ways that flags would make, and the folder with their secrets.
fn ways(world: &World, base: &str) -> (Ways, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        Some(file)
    };
    let elsewhere = Elsewhere {
        slack_signing_secret_file: file("secret", &format!("{SECRET}\n")),
        slack_token_file: file("token", "xoxb-1\n"),
        slack_team: Some("T1".to_owned()),
        slack_stand_in: Some(base.to_owned()),
        ..Elsewhere::default()
    };
    (elsewhere.ways(&world.portal, "https://iam.example.com").unwrap(), folder)
}

async fn post(world: &World, ways: &Ways, payload: &Value, secret: &str) -> Response<Body> {
    let body =
        form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
    // Signed by the machine's clock: the demo's may show another time.
    let timestamp = SystemClock.now().millis().div_euclid(1_000).to_string();
    let signature = SigningSecret::new(secret).sign(&timestamp, body.as_bytes());
    let request = Request::post("/slack/interactions")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-slack-request-timestamp", timestamp)
        .header("x-slack-signature", signature)
        .body(Body::from(body))
        .unwrap();
    router(world.portal.clone()).merge(ways.routes.clone()).oneshot(request).await.unwrap()
}

/// Ten minutes are left of Maria's access; the notice of that goes out.
fn ending(world: &World, ways: &Ways, called: &Receiver<(String, Value)>) -> (GrantId, Value) {
    world.at(85);
    world.portal.engine().sweep(world.portal.now()).unwrap();
    let take = Take::new("test", Span::minutes(1)).notices();
    for effect in world.portal.engine().take(&take, world.portal.now()).unwrap() {
        ways.handlers.iter().for_each(|way| drop(way.carry_out(&effect).unwrap()));
    }
    let list = List { holder: Some("maria".parse().unwrap()), ..List::default() };
    let grant = world.portal.engine().list(&list, world.portal.now()).unwrap().grants.remove(0);
    let mut calls = called.try_iter();
    let of = |body: &Value| body["channel"] == "DU0MARIA" && body.to_string().contains("Extend by 30m");
    let message = calls.find(|(method, body)| method == "chat.postMessage" && of(body));
    (grant.id, message.unwrap().1)
}

fn click(user: &str, team: &str, message: &Value, base: &str) -> Value {
    let blocks = message["blocks"].as_array().unwrap();
    let buttons = blocks.iter().find(|block| block["type"] == "actions").unwrap();
    json!({
        "type": "block_actions", "trigger_id": "1", "user": {"id": user, "team_id": team},
        "response_url": format!("{base}/actions/1"),
        "container": {"channel_id": message["channel"], "message_ts": "1.0"},
        "actions": [{"action_id": "extend", "action_ts": "2.0", "value": buttons["elements"][0]["value"]}],
    })
}

#[tokio::test]
async fn a_click_in_slack_carries_access_on_and_the_message_says_so() {
    let world = World::told();
    let (base, called) = slack();
    let (ways, _folder) = ways(&world, &base);
    let (grant, message) = ending(&world, &ways, &called);
    assert!(message.to_string().contains("https://iam.example.com/grants/"), "{message}");
    let ends = || world.portal.engine().look(&grant, world.portal.now()).unwrap().unwrap().ends_at.unwrap();
    let before = ends();

    // Neither somebody who is not Slack, nor somebody else there, nor that account at another team.
    let hers = click("U0MARIA", "T1", &message, &base);
    assert_eq!(post(&world, &ways, &hers, "guessed").await.status(), StatusCode::UNAUTHORIZED);
    for (user, team) in [("U0SAM", "T1"), ("U0MARIA", "T2")] {
        let answer = post(&world, &ways, &click(user, team, &message, &base), SECRET).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(ends(), before);

    let answer = post(&world, &ways, &hers, SECRET).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key("content-security-policy"));
    assert_eq!(ends(), before.plus(Span::minutes(30)));
    let says_so = |body: &Value| {
        body["replace_original"] == true && body.to_string().contains("Maria Lindqvist asked to extend")
    };
    let updated = std::iter::from_fn(|| called.recv_timeout(PATIENCE).ok()).find(|(_, body)| says_so(body));
    assert!(updated.is_some(), "the message says what is now true");
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    let world = World::told();
    let (base, _called) = slack();
    let (ways, _folder) = ways(&world, &base);
    let payload = json!({"type": "shortcut", "filler": "a".repeat(300 * 1024)});
    assert_eq!(post(&world, &ways, &payload, SECRET).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_webhook_is_told_what_happens_and_a_file_without_its_secret_is_no_start() {
    let world = World::told();
    let (base, called) = slack();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let elsewhere = Elsewhere {
        webhook: Some(format!("{base}/hook")),
        webhook_secret_file: Some(file.clone()),
        webhook_in_the_clear: true,
        ..Elsewhere::default()
    };
    let start = || elsewhere.ways(&world.portal, "https://iam.example.com");
    for bad in ["", "\n", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA"] {
        std::fs::write(&file, bad).unwrap();
        assert!(start().is_err(), "`{bad}`");
    }
    std::fs::write(&file, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\n")
        .unwrap();
    let ways = start().unwrap();
    let take = Take::new("test", Span::minutes(1)).notices().at_most(1);
    let effect = world.portal.engine().take(&take, world.portal.now()).unwrap().remove(0);
    ways.handlers.iter().for_each(|way| drop(way.carry_out(&effect).unwrap()));
    let (path, body) = called.try_recv().unwrap();
    assert_eq!((path.as_str(), &body["data"]["effect"]), ("/hook", &json!(effect.id.to_string())));
}
