//! A house with people in Slack: alice and mallory ask, bob and carol decide.

use std::sync::Arc;

use serde_json::{Value, json};
use tenure::tenure_core::flow::Flow;
use tenure::tenure_policy::document::Format;
use tenure::{
    Asked, Engine, ManualClock, MemoryStore, Person, PersonId, Policy, Request, Resource, Runner, Span,
    Timestamp, Turn, View,
};
use tenure_connect_notices::http::Http;
use tenure_connect_notices::{Directory, Words};
use tenure_connect_slack::signature::{Incoming, SigningSecret};
use tenure_connect_slack::{Account, Heard, People, Place, Slack};

use crate::stand_in::{StandIn, keep};

pub(crate) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
pub(crate) const TOKEN: &str = "xoxb-1-token";

pub(crate) const POLICY: &str = "
version: 1
flows:
  - id: prod-db
    title: Debug production databases
    description: Read customer data while an incident is open.
    who: {any: [group:sre]}
    what: [{integration: prod-pg, permissions: [read, write]}]
    duration: {default: 1h, max: 4h}
    reason: {required: true, min_length: 5, message: name the incident, fields: [{name: ticket, label: Ticket, pattern: '^INC-', message: as in INC-7}]}
    approval: {steps: [{approvers: [group:owners]}]}
    extension: {times: 2, span: {default: 30m}}
    notify: {before_end: [15m], to: [holder, 'channel:#ops']}
  - id: strict
    title: With reasons
    who: {any: [group:sre]}
    what: [{integration: prod-pg, permissions: [read]}]
    duration: {max: 1h}
    approval: {steps: [{approvers: [group:owners], reason: true}]}
    extension:
      times: 2
      span: {default: 15m}
      reason: {required: true, min_length: 5}
      approval: {steps: [{approvers: [group:owners]}]}
    break_glass: {who: [group:sre], max: 30m, review_within: 1h, review_by: [group:owners]}
    notify: {before_end: [15m], to: [holder]}
";

/// Who has which account.
const ACCOUNTS: [(&str, &str); 4] = [("alice", "U1"), ("bob", "U2"), ("carol", "U3"), ("mallory", "U4")];

pub(crate) struct Staff {
    /// How many databases there are.
    pub(crate) databases: usize,
}

pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) slack: Arc<Slack>,
    pub(crate) stand_in: StandIn,
    runner: Runner,
}

pub(crate) fn person(id: &str) -> Person {
    let mut person = Person::new(id.parse().unwrap());
    let group = if ["bob", "carol"].contains(&id) { "owners" } else { "sre" };
    person.groups.insert(group.to_owned());
    person
}

impl Directory for Staff {
    fn person(&self, id: &PersonId) -> Option<Person> {
        Some(person(id.as_str()))
    }
}

impl People for Staff {
    fn member(&self, account: &Account<'_>) -> Option<Person> {
        let known = ACCOUNTS.iter().find(|(_, user)| account.team == "T1" && account.user == *user)?;
        Some(person(known.0))
    }

    fn places(&self, to: &str) -> Vec<Place> {
        let member = |user: &str| Place::Member(user.to_owned());
        match to {
            "group:owners" => vec![member("U2"), member("U3")],
            "channel:#ops" => vec![Place::Channel("C1".to_owned())],
            _ => {
                let known = ACCOUNTS.iter().find(|(id, _)| to == format!("user:{id}"));
                known.map(|(_, user)| member(user)).into_iter().collect()
            }
        }
    }

    fn items(&self, flow: &Flow, _: &Person) -> Vec<Asked> {
        let of = |number: usize| {
            let name = if number == 0 { "orders".to_owned() } else { format!("orders-{number}") };
            let database = json!({"integration": "prod-pg", "type": "database", "name": name});
            let database: Resource = serde_json::from_value(database).unwrap();
            database.permission("read")
        };
        let items = (0..self.databases).map(of);
        items
            .filter(|item| flow.what.iter().any(|target| target.offers(&item.resource, &item.permission)))
            .collect()
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(POLICY, 2)
    }

    pub(crate) fn with(policy: &str, databases: usize) -> Self {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let engine = Engine::new(MemoryStore::with_clock(clock.clone()));
        let policy = Policy::from_text(policy, Format::Yaml).unwrap();
        engine.publish(&policy, person("admin"), now).unwrap();
        let (stand_in, staff) = (StandIn::start(), Arc::new(Staff { databases }));
        let words = Words::new(engine.clone(), staff.clone())
            .link(|grant| Some(format!("https://iam.example.com/grants/{grant}")));
        let slack = Slack::new(words, staff, SigningSecret::new(SECRET), TOKEN);
        let slack = Arc::new(slack.at(&stand_in.base, Http::in_the_clear()));
        let teller = slack.clone();
        let runner = Runner::new(engine.clone(), "slack", Span::minutes(1))
            .notices(move |effect: &tenure::Taken| tenure::Handler::carry_out(&*teller, effect));
        Self { engine, clock, slack, stand_in, runner }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock()
    }

    pub(crate) fn later(&self, span: Span) {
        self.clock.set(self.now().plus(span));
    }

    /// Notices go out.
    pub(crate) fn turn(&self) -> Turn {
        self.engine.sweep(self.now()).unwrap();
        self.runner.turn(self.now()).unwrap()
    }

    pub(crate) fn ask(&self, flow: &str) -> View {
        self.ask_because(flow, "INC-7 is on")
    }

    pub(crate) fn ask_because(&self, flow: &str, reason: &str) -> View {
        let orders = json!({"integration": "prod-pg", "type": "database", "name": "orders"});
        let orders: Resource = serde_json::from_value(orders).unwrap();
        let fields = [("ticket".to_owned(), "INC-7".to_owned())].into();
        let ask = Request::new(flow, person("alice")).item(orders.permission("read")).reason(reason);
        let ask = if flow == "prod-db" { ask.fields(fields) } else { ask };
        self.engine.request(ask, self.now()).unwrap()
    }

    pub(crate) fn look(&self, grant: &View) -> View {
        self.engine.look(&grant.id, self.now()).unwrap().unwrap()
    }

    /// A request of Slack's, signed, and what follows made.
    pub(crate) fn send(&self, payload: &Value) -> Heard {
        let (timestamp, signature, body) = self.signed(payload);
        self.hear(&timestamp, &signature, &body)
    }

    pub(crate) fn signed(&self, payload: &Value) -> (String, String, Vec<u8>) {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &payload.to_string())
            .finish()
            .into_bytes();
        let timestamp = self.now().millis().div_euclid(1_000).to_string();
        let signature = SigningSecret::new(SECRET).sign(&timestamp, &body);
        (timestamp, signature, body)
    }

    pub(crate) fn hear(&self, timestamp: &str, signature: &str, body: &[u8]) -> Heard {
        let heard = self.slack.hear(&Incoming { timestamp, signature, body, at: self.now() }, self.now());
        if let Some(body) = &heard.body {
            let body: Value = serde_json::from_str(body).unwrap();
            keep(&body);
        }
        self.slack.finish(&heard).unwrap();
        heard
    }

    /// A click on a button of a message that was sent.
    pub(crate) fn click(&self, user: &str, message: &Value, button: &str) -> Value {
        self.click_at(user, message, button, "1772442001.000001")
    }

    pub(crate) fn click_at(&self, user: &str, message: &Value, button: &str, at: &str) -> Value {
        let pressed = buttons(message).into_iter().find(|pressed| pressed["action_id"] == button);
        let pressed = pressed.unwrap_or_else(|| panic!("no button `{button}` in {message}"));
        json!({
            "type": "block_actions",
            "user": {"id": user, "team_id": "T1", "name": "bob", "username": "bob"},
            "team": {"id": "T1"},
            "trigger_id": "1.2.3",
            "response_url": self.stand_in.response_url(),
            "container": {"type": "message", "message_ts": "1772442000.000100", "channel_id": message["channel"]},
            "actions": [{"type": "button", "action_id": button, "action_ts": at, "value": pressed["value"]}],
        })
    }

    /// A form that is sent, with what was written into it.
    pub(crate) fn submit(&self, user: &str, view: &Value, id: &str, values: &Value) -> Value {
        json!({
            "type": "view_submission",
            "user": {"id": user, "team_id": "T1"},
            "team": {"id": "T1"},
            "trigger_id": "1.2.3",
            "view": {
                "id": id, "hash": "h1", "type": "modal", "callback_id": view["callback_id"],
                "private_metadata": view["private_metadata"].as_str().unwrap_or_default(),
                "state": {"values": values},
            },
        })
    }
}

/// The buttons of a message.
pub(crate) fn buttons(message: &Value) -> Vec<Value> {
    let blocks = message["blocks"].as_array().unwrap();
    let elements = blocks
        .iter()
        .filter(|block| block["type"] == "actions")
        .flat_map(|block| block["elements"].as_array());
    elements.flatten().cloned().collect()
}

/// The names of its buttons.
pub(crate) fn button_names(message: &Value) -> Vec<String> {
    buttons(message).iter().map(|button| button["action_id"].as_str().unwrap().to_owned()).collect()
}

/// All that a message or a form says.
pub(crate) fn said(what: &Value) -> String {
    what.to_string()
}

/// What was written into a text input.
pub(crate) fn text(text: &str) -> Value {
    json!({"text": {"type": "plain_text_input", "value": text}})
}
