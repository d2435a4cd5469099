//! tenure in Slack: people ask for access, decide and extend where they talk.
//!
//! [`Slack`] is two things. It is a handler for [`tenure::Runner`], which posts notices as messages: what waits for a decision
//! has two buttons, access that ends soon has one that extends it, made from what the engine offers. And it hears what people
//! do there: [`Slack::hear`] takes the request of Slack's as it came, looks at its signature before anything else, and makes a
//! command of the click. Who clicked, the host says ([`People`]); what a click means, the engine says. No rule is in here.
//!
//! A click is answered with [`Heard`]: a status and a body at once, and calls that are made after that with
//! [`Slack::finish`], so that nobody waits for Slack while Slack waits for the answer. What then stands in the message is what
//! is now true, and a refusal is told to whoever clicked, in its words.
//!
//! A command's id is made from the click, so that the same request, sent again, is the same command. A second click is another
//! one: it carries the end that the first saw, and is refused.
//!
//! What is asked for here is access under a flow, for whoever asks, from now on. Kits, planned starts, emergencies, access for
//! somebody else and an approval that gives less are asked where there is more room: each message has a link there.
//!
//! # The app
//!
//! An app needs the bot scopes `chat:write`, `im:write` and `commands`, *Interactivity* with the address at which the host
//! listens, and a global shortcut with the callback id [`SHORTCUT`]. Events are not used.
//!
//! ```
//! use std::sync::Arc;
//! use tenure::tenure_core::flow::Flow;
//! use tenure::{Asked, Engine, ManualClock, MemoryStore, Person, PersonId};
//! use tenure_connect_notices::{Directory, Words};
//! use tenure_connect_slack::signature::{Incoming, SigningSecret};
//! use tenure_connect_slack::{Account, People, Place, Slack};
//!
//! struct House;
//! impl Directory for House {
//!     fn person(&self, id: &PersonId) -> Option<Person> {
//!         Some(Person::new(id.clone()))
//!     }
//! }
//! impl People for House {
//!     fn member(&self, account: &Account<'_>) -> Option<Person> {
//!         (*account == Account { team: "T1", user: "U1" }).then(|| Person::new("alice".parse().unwrap()))
//!     }
//!     fn places(&self, to: &str) -> Vec<Place> {
//!         if to == "user:alice" { vec![Place::Member("U1".to_owned())] } else { Vec::new() }
//!     }
//!     fn items(&self, _: &Flow, _: &Person) -> Vec<Asked> {
//!         Vec::new()
//!     }
//! }
//!
//! let now = "2026-03-02T09:00:00Z".parse()?;
//! let engine = Engine::new(MemoryStore::with_clock(Arc::new(ManualClock::at(now))));
//! let house = Arc::new(House);
//! let secret = SigningSecret::new("8f742231b10e8888abcd99yyyzzz85a5");
//! let slack = Slack::new(Words::new(engine, house.clone()), house, secret.clone(), "xoxb-token");
//!
//! // What an address of the host's hands in: two headers, and the body as it came.
//! let body = form_urlencoded::Serializer::new(String::new())
//!     .append_pair("payload", r#"{"type": "shortcut", "callback_id": "tenure_ask", "trigger_id": "1.2", "user": {"id": "U1", "team_id": "T1"}}"#)
//!     .finish();
//! let signature = secret.sign("1772442000", body.as_bytes());
//! let incoming = Incoming { timestamp: "1772442000", signature: &signature, body: body.as_bytes(), at: now };
//! let heard = slack.hear(&incoming, now);
//! assert_eq!(heard.status, 200);
//! assert_eq!(heard.then.len(), 1);             // `views.open`; `slack.finish(&heard)` makes it
//! let forged = slack.hear(&Incoming { signature: "v0=00", ..incoming }, now);
//! assert_eq!(forged.status, 401);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod api;
mod click;
mod form;
mod hear;
mod message;
mod notify;
mod payload;
pub mod signature;
mod submit;
mod text;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tenure::tenure_core::flow::Flow;
use tenure::{Asked, Person, Resource};
use tenure_connect_notices::http::Http;
use tenure_connect_notices::{Sent, Words};

pub use api::Call;
pub use hear::Heard;

use api::Api;
use signature::SigningSecret;

/// The callback id of the shortcut with which people ask for access.
pub const SHORTCUT: &str = "tenure_ask";

/// What a host knows of the people in Slack, and of what they may ask for.
pub trait People: Send + Sync {
    /// Whom that account belongs to, with all that the host vouches for; nobody where it does not know them. How they signed
    /// in to Slack is no login of theirs unless the host says so.
    fn member(&self, account: &Account<'_>) -> Option<Person>;

    /// Where a notice goes that is for `user:alice`, `group:sre`, `role:dba`, `everyone` or `channel:#ops`.
    fn places(&self, to: &str) -> Vec<Place>;

    /// What there is to be asked for under that flow, as the host knows its resources: the facts go with the request.
    fn items(&self, flow: &Flow, person: &Person) -> Vec<Asked>;

    /// What the host knows of the resources of a flow that is taken whole.
    fn resources(&self, flow: &Flow) -> Vec<Resource> {
        let _ = flow;
        Vec::new()
    }
}

/// An account in Slack, as Slack signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<'a> {
    /// The team where it is at home, which need not be the one where the app is.
    pub team: &'a str,
    /// The account in it.
    pub user: &'a str,
}

/// Where a message goes, by Slack's ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The app's conversation with that member.
    Member(String),
    /// A channel that the app is in.
    Channel(String),
}

/// Asking, deciding and extending in Slack.
pub struct Slack {
    words: Words,
    people: Arc<dyn People>,
    secret: SigningSecret,
    api: Api,
    sent: Sent,
    rooms: Mutex<BTreeMap<String, String>>,
}

impl Slack {
    /// With the app's signing secret and its bot token.
    #[must_use]
    pub fn new(words: Words, people: Arc<dyn People>, secret: SigningSecret, token: &str) -> Self {
        Self { words, people, secret, api: Api::new(token), sent: Sent::default(), rooms: Mutex::default() }
    }

    /// With another Slack: methods are below `<base>/api/`, and answers to clicks go to `<base>/` alone. For stand-ins.
    #[must_use]
    pub fn at(self, base: &str, http: Http) -> Self {
        Self { api: self.api.at(base, http), ..self }
    }
}
