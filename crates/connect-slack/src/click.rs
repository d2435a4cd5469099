//! A click on a button, made a command.

use serde_json::{Value, json};
use tenure::tenure_core::refusal::{Code, Lacking};
use tenure::{
    Activate, Approve, ApproveExtension, Ask, Command, Deny, DenyExtension, Error, Extend, Person, RandomIds,
    Review, Timestamp,
};

use crate::api::{Call, To};
use crate::hear::{Heard, UNKNOWN, command_id, words};
use crate::message::message;
use crate::payload::{Clicked, Taken, Unsaid, Verb, View, Wanted};
use crate::{Slack, form};

/// What a person wrote with a click.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) reason: Option<String>,
    pub(crate) fields: std::collections::BTreeMap<String, String>,
}

impl Slack {
    pub(crate) fn clicked(&self, clicked: &Clicked, now: Timestamp) -> Heard {
        let Some(taken) = clicked.actions.first() else { return Heard::status(200) };
        if let Some(view) = &clicked.view {
            return self.chosen(clicked, taken, view, now);
        }
        // A link is a button, too, and asks for nothing.
        let wanted = taken.value.as_deref().and_then(|value| serde_json::from_str::<Wanted>(value).ok());
        let Some(wanted) = wanted else { return Heard::status(200) };
        let (Some(account), Some(person)) = (clicked.by.account(), self.person(&clicked.by)) else {
            return Heard::then(self.whisper(clicked, UNKNOWN).into_iter().collect());
        };
        let message = clicked.container.message_ts.as_deref().unwrap_or_default();
        let channel = clicked.container.channel_id.as_deref().unwrap_or_default();
        let click = [channel, message, &taken.action_id, &taken.action_ts];
        let id = command_id(account, click);
        let command = match self.command(&person, &wanted, Written::default(), id, now) {
            Ok(command) => command,
            Err(error) => {
                let told = self.whisper(clicked, &words(&error));
                return Heard::then(told.into_iter().collect()).because(&error);
            }
        };
        if let Some(view) = self.unsaid(clicked, &wanted, command.clone(), now) {
            let open = json!({"trigger_id": clicked.trigger_id, "view": view});
            return Heard::then(vec![Call(To::Method("views.open"), open)]);
        }
        let refused = self.words.engine().give(command, now).err();
        let heard = Heard::then(self.answer(clicked, &wanted, &person, refused.as_ref(), now));
        refused.iter().fold(heard, Heard::because)
    }

    /// A flow was chosen in the form that asks: the form then asks for what that takes.
    fn chosen(&self, clicked: &Clicked, taken: &Taken, view: &View, now: Timestamp) -> Heard {
        let flow = taken.selected_option.as_ref().map(|chosen| chosen.value.as_str());
        let person = self.person(&clicked.by).filter(|_| view.callback_id == form::ASK && flow.is_some());
        let asked = match person.map(|person| self.ask_form(&person, flow, now)) {
            None => return Heard::status(200),
            Some(Err(error)) => return Heard::status(200).because(&error),
            Some(Ok(asked)) => asked,
        };
        let mut update = json!({"view_id": view.id, "view": asked});
        // Two choices, one right after the other: the later one is not undone by the earlier.
        if let (Some(hash), Some(update)) = (&view.hash, update.as_object_mut()) {
            update.insert("hash".to_owned(), hash.as_str().into());
        }
        Heard::then(vec![Call(To::Method("views.update"), update)])
    }

    /// The form that asks for the words which this click lacks, where the engine says that it lacks no more than words.
    fn unsaid(&self, clicked: &Clicked, wanted: &Wanted, command: Command, now: Timestamp) -> Option<Value> {
        let refused = self.words.engine().explain(command, now).ok()?.refused;
        let lacking: Vec<Lacking> = match refused {
            None if wanted.verb.asks_why() => Vec::new(),
            None => return None,
            Some(refusal) if matches!(refusal.code, Code::ReasonMissing | Code::ReasonMalformed) => {
                refusal.would_pass.map(|would| would.reason).unwrap_or_default()
            }
            Some(_) => return None,
        };
        let names = lacking.iter().map(|lacking| lacking.field.clone());
        let unsaid = Unsaid {
            wanted: wanted.clone(),
            fields: names.filter(|name| name != form::REASON).collect(),
            channel: clicked.container.channel_id.clone(),
            message: clicked.container.message_ts.clone(),
        };
        form::say(&unsaid, &lacking)
    }

    /// The message as it now stands, and to whoever clicked a refusal in its words.
    fn answer(
        &self,
        clicked: &Clicked,
        wanted: &Wanted,
        person: &Person,
        refused: Option<&Error>,
        now: Timestamp,
    ) -> Vec<Call> {
        let mut calls = Vec::new();
        if let Some(url) = self.answers_at(clicked)
            && let Some(mut body) = self.as_it_stands(wanted, person, refused.is_none(), now)
        {
            if let Some(body) = body.as_object_mut() {
                body.insert("replace_original".to_owned(), true.into());
            }
            calls.push(Call(To::Response(url), body));
        }
        calls.extend(refused.and_then(|error| self.whisper(clicked, &words(error))));
        calls
    }

    /// The message about a grant, with what is now true.
    pub(crate) fn as_it_stands(
        &self,
        wanted: &Wanted,
        person: &Person,
        done: bool,
        now: Timestamp,
    ) -> Option<Value> {
        let mut told = self.stands(&wanted.grant, wanted.about, now)?;
        // Who just extended shall not do it again by a click too many: the next notice has the next button.
        if done && wanted.verb == Verb::Extend {
            told.action = None;
        }
        let who = self.words.name(&person.id);
        let after = done.then(|| format!("{who} {}", past(wanted.verb)));
        Some(message(&told, after.as_deref()))
    }

    /// Tells whoever clicked, and nobody else.
    fn whisper(&self, clicked: &Clicked, words: &str) -> Option<Call> {
        let text = crate::text::escaped(words, crate::text::MESSAGE_MAX);
        let body = json!({"response_type": "ephemeral", "replace_original": false, "text": text});
        Some(Call(To::Response(self.answers_at(clicked)?), body))
    }

    fn answers_at(&self, clicked: &Clicked) -> Option<String> {
        clicked.response_url.clone().filter(|url| self.api.answers_at(url))
    }

    /// The command that a button asks for, with the facts that the host vouches for.
    pub(crate) fn command(
        &self,
        person: &Person,
        wanted: &Wanted,
        written: Written,
        id: String,
        now: Timestamp,
    ) -> Result<Command, Error> {
        let Wanted { verb, grant, content, span, if_ends_at, .. } = wanted.clone();
        let Written { reason, fields } = written;
        let context = self.words.directory().context(person);
        // The holder's facts of today, where somebody else is at work.
        let holder = || {
            let view = self.words.engine().look(&grant, now)?;
            let other = view.filter(|view| view.holder != person.id);
            Ok::<_, Error>(other.and_then(|view| self.words.directory().person(&view.holder)))
        };
        let ids = &RandomIds;
        let command = match verb {
            Verb::Approve => {
                let ask = Approve::new(&grant, person).content(content).reason(reason).holder(holder()?);
                ask.context(context).command_id(id).into_command(ids)
            }
            Verb::Deny => {
                let ask = Deny::new(&grant, person).content(content).reason(reason);
                ask.context(context).command_id(id).into_command(ids)
            }
            Verb::ApproveExtension => {
                let ask = ApproveExtension::new(&grant, person).content(content).reason(reason);
                ask.context(context).command_id(id).into_command(ids)
            }
            Verb::DenyExtension => {
                let ask = DenyExtension::new(&grant, person).content(content).reason(reason);
                ask.context(context).command_id(id).into_command(ids)
            }
            Verb::Extend => {
                let ask = Extend::new(&grant, person).span(span).if_ends_at(if_ends_at).reason(reason);
                let ask = ask.fields(fields).holder(holder()?);
                ask.context(context).command_id(id).into_command(ids)
            }
            Verb::Activate => Activate::new(&grant, person).context(context).command_id(id).into_command(ids),
            Verb::Review => {
                Review::new(&grant, person).reason(reason).context(context).command_id(id).into_command(ids)
            }
        };
        Ok(command?)
    }
}

/// What somebody did.
const fn past(verb: Verb) -> &'static str {
    match verb {
        Verb::Approve => "approved",
        Verb::Deny => "denied",
        Verb::ApproveExtension => "approved the extension",
        Verb::DenyExtension => "denied the extension",
        Verb::Extend => "asked to extend",
        Verb::Activate => "began the access",
        Verb::Review => "reviewed it",
    }
}
