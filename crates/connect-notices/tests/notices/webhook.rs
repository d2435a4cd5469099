//! Signed webhooks, as a receiver gets them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenure::tenure_core::event::Happened;
use tenure::tenure_core::record::Entry;
use tenure::{GrantId, Handler, Runner, Span};
use tenure_connect_notices::Everywhere;
use tenure_connect_notices::http::Http;
use tenure_connect_notices::webhook::{Secret, Webhook};
use tiny_http::{Header, Request, Response, Server};

use crate::house::House;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// How long a receiver has: one on this machine answers at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came: headers by name, and the body.
#[derive(Clone, Debug)]
struct Got {
    headers: Vec<(String, String)>,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).expect(name).1
    }
}

/// A status, and a header with it.
type Scripted = (u16, Option<(&'static str, String)>);

/// Answers as it is told to, one status after the other, then 204.
#[derive(Clone)]
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<Scripted>>>,
}

impl Receiver {
    fn start() -> Self {
        let server = Server::http("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", server.server_addr());
        let receiver = Self { url, got: Arc::default(), answers: Arc::default() };
        let here = receiver.clone();
        std::thread::spawn(move || {
            for request in server.incoming_requests() {
                let here = here.clone();
                std::thread::spawn(move || here.answer(request));
            }
        });
        receiver
    }

    fn answer(&self, mut request: Request) {
        let mut body = String::new();
        request.as_reader().read_to_string(&mut body).unwrap();
        let headers =
            request.headers().iter().map(|header| (header.field.to_string(), header.value.to_string()));
        self.got.lock().unwrap().push(Got { headers: headers.collect(), body });
        let (mut status, header) = self.answers.lock().unwrap().pop_front().unwrap_or((204, None));
        if status == 0 {
            // Nothing is answered, for longer than anybody waits.
            std::thread::sleep(3 * PATIENCE);
            status = 204;
        }
        let mut response = Response::from_string("").with_status_code(status);
        if let Some((name, value)) = header {
            response.add_header(Header::from_bytes(name, value).unwrap());
        }
        let _ = request.respond(response);
    }

    fn answers(&self, status: u16, header: Option<(&'static str, String)>) {
        self.answers.lock().unwrap().push_back((status, header));
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

fn secret(text: &str) -> Secret {
    text.parse().unwrap()
}

fn webhook(house: &House, receiver: &Receiver) -> Webhook {
    Webhook::new(&receiver.url, secret(SECRET), house.words()).through(Http::in_the_clear().within(PATIENCE))
}

fn runner(house: &House, webhook: Webhook) -> Runner {
    Runner::new(house.engine.clone(), "webhook", Span::minutes(1)).notices(webhook)
}

/// What the standard's own library says is signed here.
fn verified(got: &Got, secret: &str) -> bool {
    let other = standardwebhooks::Webhook::new(secret).unwrap();
    let seconds: i64 = got.header("webhook-timestamp").parse().unwrap();
    let should = other.sign(got.header("webhook-id"), seconds, got.body.as_bytes()).unwrap();
    got.header("webhook-signature").split(' ').any(|signature| signature == should)
}

#[test]
fn a_notice_is_posted_as_the_standard_says() {
    let (house, receiver) = (House::new(), Receiver::start());
    let grant = house.request("prod-db", "INC-7");
    let turn = runner(&house, webhook(&house, &receiver)).turn(house.now()).unwrap();
    assert_eq!((turn.done, turn.failed), (1, 0));
    let got = &receiver.got()[0];
    assert!(verified(got, SECRET));
    assert!(!verified(got, NEXT_SECRET));
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.header("webhook-timestamp"), (house.now().millis() / 1_000).to_string());
    let body: serde_json::Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(body["type"], "tenure.approval_wanted");
    assert_eq!(body["timestamp"], "2026-03-02T09:00:00.000Z");
    assert_eq!(body["data"]["grant"], grant.id.as_str());
    assert_eq!(body["data"]["notice"], "approval_wanted");
    assert_eq!(body["data"]["to"], serde_json::json!(["group:owners"]));
    assert_eq!(body["data"]["action"], serde_json::json!({"may": "decide", "content": grant.content}));
    assert_eq!(body["data"]["view"]["reason"], "INC-7");
    assert!(body["data"]["text"].as_str().unwrap().contains("> INC-7"));
}

#[test]
fn it_is_dated_by_the_clock_of_everybody_else_where_the_engines_runs_otherwise() {
    let (house, receiver) = (House::new(), Receiver::start());
    house.request("prod-db", "INC-7");
    let wall: tenure::Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    let words = house.words().wall(move || wall);
    let webhook = Webhook::new(&receiver.url, secret(SECRET), words).through(Http::in_the_clear());
    webhook.carry_out(&house.notice()).unwrap();
    assert_eq!(receiver.got()[0].header("webhook-timestamp"), (wall.millis() / 1_000).to_string());
}

#[test]
fn while_a_secret_is_changed_both_sign() {
    let (house, receiver) = (House::new(), Receiver::start());
    house.request("prod-db", "INC-7");
    let webhook = webhook(&house, &receiver).and_secret(secret(NEXT_SECRET));
    webhook.carry_out(&house.notice()).unwrap();
    let got = &receiver.got()[0];
    assert!(verified(got, SECRET) && verified(got, NEXT_SECRET));
}

#[test]
fn what_is_not_taken_comes_again_with_the_same_id_and_another_time() {
    let (house, receiver) = (House::new(), Receiver::start());
    house.request("prod-db", "INC-7");
    let runner = runner(&house, webhook(&house, &receiver));
    // 0 is a receiver that does not answer in time.
    for status in [500, 0, 404] {
        receiver.answers(status, None);
        let turn = runner.turn(house.now()).unwrap();
        assert_eq!((turn.done, turn.failed), (0, 1), "{status}");
        assert_eq!(runner.turn(house.now()).unwrap().failed, 0, "it pauses after {status}");
        house.later(Span::minutes(1));
    }
    assert_eq!(runner.turn(house.now()).unwrap().done, 1);
    let got = receiver.got();
    assert_eq!(got.len(), 4);
    assert!(got.iter().all(|got| verified(got, SECRET)));
    assert!(got.iter().all(|one| one.header("webhook-id") == got[0].header("webhook-id")));
    assert_ne!(got[0].header("webhook-timestamp"), got[3].header("webhook-timestamp"));
    house.later(Span::minutes(10));
    assert_eq!(runner.turn(house.now()).unwrap().done, 0, "what was taken does not come again");
}

#[test]
fn a_pause_that_is_asked_for_is_kept() {
    let (house, receiver) = (House::new(), Receiver::start());
    house.request("prod-db", "INC-7");
    let runner = runner(&house, webhook(&house, &receiver));
    receiver.answers(429, Some(("Retry-After", "60".to_owned())));
    assert_eq!(runner.turn(house.now()).unwrap().failed, 1);
    house.later(Span::seconds(30));
    assert_eq!(runner.turn(house.now()).unwrap().failed, 1, "the outbox comes again by itself");
    assert_eq!(receiver.got().len(), 1, "and nobody is called");
    house.later(Span::seconds(30));
    assert_eq!(runner.turn(house.now()).unwrap().done, 1);
    assert_eq!(receiver.got().len(), 2);
}

#[test]
fn whoever_is_gone_is_stuck_at_once() {
    let (house, receiver) = (House::new(), Receiver::start());
    let grant = house.request("prod-db", "INC-7");
    let runner = runner(&house, webhook(&house, &receiver));
    receiver.answers(410, None);
    assert_eq!(runner.turn(house.now()).unwrap().failed, 1);
    assert_eq!(stuck(&house, &grant.id), 1);

    let (house, receiver) = (House::new(), Receiver::start());
    let grant = house.request("prod-db", "INC-7");
    receiver.answers(500, None);
    assert_eq!(self::runner(&house, webhook(&house, &receiver)).turn(house.now()).unwrap().failed, 1);
    assert_eq!(stuck(&house, &grant.id), 0);
}

fn stuck(house: &House, grant: &GrantId) -> usize {
    let history = house.engine.history(grant).unwrap();
    let is_stuck = |entry: &Entry| matches!(entry, Entry::Event(event) if matches!(event.happened, Happened::EffectStuck { .. }));
    history.iter().filter(|record| is_stuck(&record.entry)).count()
}

#[test]
fn a_redirect_is_not_followed() {
    let (house, receiver, elsewhere) = (House::new(), Receiver::start(), Receiver::start());
    house.request("prod-db", "INC-7");
    for status in [301, 302, 307, 308] {
        receiver.answers(status, Some(("Location", elsewhere.url.clone())));
        let trouble = webhook(&house, &receiver).carry_out(&house.notice()).unwrap_err();
        assert!(format!("{trouble:?}").contains("redirects are not followed"), "{trouble:?}");
        house.later(Span::minutes(2));
    }
    assert_eq!((receiver.got().len(), elsewhere.got().len()), (4, 0));
}

#[test]
fn nothing_goes_out_in_the_clear_unless_it_is_told_to() {
    let (house, receiver) = (House::new(), Receiver::start());
    house.request("prod-db", "INC-7");
    let webhook = Webhook::new(&receiver.url, secret(SECRET), house.words());
    assert!(webhook.carry_out(&house.notice()).is_err());
    assert!(receiver.got().is_empty());
}

#[test]
fn of_several_ways_only_the_one_that_failed_is_tried_again() {
    let (house, good, bad) = (House::new(), Receiver::start(), Receiver::start());
    house.request("prod-db", "INC-7");
    bad.answers(500, None);
    let everywhere = Everywhere::new().and("bad", webhook(&house, &bad)).and("good", webhook(&house, &good));
    let runner = Runner::new(house.engine.clone(), "notices", Span::minutes(1)).notices(everywhere);
    assert_eq!(runner.turn(house.now()).unwrap().failed, 1);
    house.later(Span::seconds(5));
    assert_eq!(runner.turn(house.now()).unwrap().done, 1);
    assert_eq!((bad.got().len(), good.got().len()), (2, 1));
}
