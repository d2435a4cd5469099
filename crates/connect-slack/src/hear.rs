//! What people do in Slack, heard and answered.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenure::tenure_core::effect::Notice;
use tenure::{Error, Fault, Person, StoreFault, Timestamp, Trouble};
use tenure_connect_notices::words::refused;

use crate::api::{Call, To};
use crate::payload::{By, Interaction, Shortcut};
use crate::signature::Incoming;
use crate::{Account, SHORTCUT, Slack, form};

/// The answer to a request of Slack's, and what is to be done once it is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// The body, which is JSON; none is an empty one.
    pub body: Option<String>,
    /// Calls that are made after the answer was given.
    pub then: Vec<Call>,
    /// What failed, for whoever runs it: people are told only that something did.
    pub fault: Option<String>,
}

impl Heard {
    pub(crate) const fn status(status: u16) -> Self {
        Self { status, body: None, then: Vec::new(), fault: None }
    }

    /// It was heard; that follows.
    pub(crate) const fn then(then: Vec<Call>) -> Self {
        Self { status: 200, body: None, then, fault: None }
    }

    /// A form is answered with that, in its place.
    pub(crate) fn form(body: &Value, then: Vec<Call>) -> Self {
        Self { status: 200, body: Some(body.to_string()), then, fault: None }
    }

    /// The form is replaced by another.
    pub(crate) fn replaced(view: Value, then: Vec<Call>) -> Self {
        Self::form(&json!({"response_action": "update", "view": view}), then)
    }

    /// That error is the reason; where it is a fault, somebody else must hear of it.
    pub(crate) fn because(mut self, error: &Error) -> Self {
        if let Error::Fault(fault) = error {
            self.fault = Some(fault.to_string());
        }
        self
    }
}

impl Slack {
    /// Takes a request of Slack's. Its signature is looked at first, on the body as it came, and whatever is not Slack's, or not
    /// of these five minutes, goes no further.
    ///
    /// The engine is asked at `now`. The answer is to be given within three seconds, and the calls in it made right after that ([`Slack::finish`]).
    pub fn hear(&self, incoming: &Incoming<'_>, now: Timestamp) -> Heard {
        if let Err(unheard) = self.secret.verify(incoming) {
            return Heard::status(unheard.status());
        }
        let payload = form_urlencoded::parse(incoming.body).find(|(name, _)| name == "payload");
        let interaction = payload.and_then(|(_, payload)| serde_json::from_str(&payload).ok());
        match interaction {
            Some(Interaction::Shortcut(shortcut)) => self.open(&shortcut, now),
            Some(Interaction::BlockActions(clicked)) => self.clicked(&clicked, now),
            Some(Interaction::ViewSubmission(submitted)) => self.submitted(&submitted, now),
            Some(Interaction::Other) => Heard::status(200),
            None => Heard::status(400),
        }
    }

    /// Makes the calls that follow an answer, one after the other; one that fails holds up no other.
    ///
    /// # Errors
    /// [`Trouble`], the first one. Nothing hangs on these calls but what people see: the engine has decided.
    pub fn finish(&self, heard: &Heard) -> Result<(), Trouble> {
        let now = self.words.wall_now();
        let made = heard.then.iter().map(|call| self.api.call(call, now));
        made.filter_map(Result::err).next().map_or(Ok(()), Err)
    }

    /// A form that asks for access.
    fn open(&self, shortcut: &Shortcut, now: Timestamp) -> Heard {
        if shortcut.callback_id != SHORTCUT {
            return Heard::status(200);
        }
        let open = |view: Value| {
            let open = json!({"trigger_id": shortcut.trigger_id, "view": view});
            Heard::then(vec![Call(To::Method("views.open"), open)])
        };
        match self.person(&shortcut.by).map(|person| self.ask_form(&person, None, now)) {
            None => open(form::refused(UNKNOWN)),
            Some(Ok(view)) => open(view),
            Some(Err(error)) => open(form::refused(&words(&error))).because(&error),
        }
    }

    /// What this person may ask for; of the chosen flow, or the only one, what it takes.
    pub(crate) fn ask_form(
        &self,
        person: &Person,
        chosen: Option<&str>,
        now: Timestamp,
    ) -> Result<Value, Error> {
        let flows = self.words.engine().catalog(person, now)?;
        let flow = match (flows.as_slice(), chosen) {
            ([only], None) => Some(only),
            (flows, chosen) => flows.iter().find(|flow| Some(flow.id.as_str()) == chosen),
        };
        let items = flow.map(|flow| self.people.items(flow, person));
        let chosen = flow.zip(items.as_deref()).map(|(flow, items)| (&**flow, items));
        Ok(form::ask(&flows, chosen))
    }

    /// Whose account it is, as the host says.
    pub(crate) fn person(&self, by: &By) -> Option<Person> {
        self.people.member(&by.account()?)
    }

    /// A message as it now stands, in the place of what was there.
    pub(crate) fn stands(
        &self,
        grant: &str,
        about: Notice,
        now: Timestamp,
    ) -> Option<tenure_connect_notices::Told> {
        self.words.stands(&tenure::GrantId::new(grant).ok()?, about, now).ok()
    }
}

/// What is told to an account that the host does not know.
pub(crate) const UNKNOWN: &str = "This account is not known here, so nothing can be done with it.";

/// Bad news, in words for whoever clicked.
pub(crate) fn words(error: &Error) -> String {
    match error {
        Error::Refused(refusal) => refused(refusal),
        Error::Invalid(problems) => problems.to_string(),
        Error::Fault(Fault::Store(StoreFault::InDoubt)) => {
            "It is not known whether this was done. Look at it before you try again.".to_owned()
        }
        Error::Fault(_) => {
            "Something behind this failed. Nothing was decided. Try again in a moment.".to_owned()
        }
    }
}

/// The id of the command that a click is: the same for the same click, however often it is sent.
pub(crate) fn command_id<'a>(account: Account<'a>, click: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in [account.team, account.user].into_iter().chain(click) {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    format!("slack.{}", hex::encode(digest.finalize()))
}
