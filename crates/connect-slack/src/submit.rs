//! A form that was sent, made a command.

use std::str::FromStr;

use serde_json::{Map, Value, json};
use tenure::tenure_core::flow::Flow;
use tenure::tenure_core::flow::target::Take;
use tenure::{Error, Person, Refusal, Request, Span, Timestamp};
use tenure_connect_notices::words::refused;

use crate::api::{Call, To};
use crate::click::Written;
use crate::hear::{Heard, UNKNOWN, command_id, words};
use crate::payload::{Submitted, Unsaid, View};
use crate::text::{SECTION_MAX, cut};
use crate::{Slack, form};

impl Slack {
    pub(crate) fn submitted(&self, submitted: &Submitted, now: Timestamp) -> Heard {
        let (Some(account), Some(person)) = (submitted.by.account(), self.person(&submitted.by)) else {
            return Heard::replaced(form::refused(UNKNOWN), Vec::new());
        };
        let view = &submitted.view;
        let id = command_id(account, ["view", &view.id]);
        match view.callback_id.as_str() {
            form::ASK => self.asked(&person, view, id, now),
            form::SAY => self.said(&person, view, id, now),
            _ => Heard::status(200),
        }
    }

    /// Access was asked for.
    fn asked(&self, person: &Person, view: &View, id: String, now: Timestamp) -> Heard {
        let chosen = view.state.chosen(form::FLOW);
        // Before a flow is chosen there is nothing to ask with: the form goes on to what it takes.
        let Some(id_of_flow) = chosen.filter(|flow| view.state.input(&form::span_block(flow)).is_some())
        else {
            return match self.ask_form(person, chosen, now) {
                Ok(form) => Heard::replaced(form, Vec::new()),
                Err(error) => failed(&error, Vec::new()),
            };
        };
        let flow = match self.flow(id_of_flow) {
            Ok(Some(flow)) => flow,
            Ok(None) => return Heard::replaced(form::refused("There is no such flow any more."), Vec::new()),
            Err(error) => return failed(&error, Vec::new()),
        };
        let request = self.request(&flow, person, view).command_id(id);
        match self.words.engine().request(request, now) {
            Ok(granted) => {
                let about = tenure::tenure_core::effect::Notice::ApprovalWanted;
                let told = self.words.stands(&granted.id, about, now);
                let told = told.map_or_else(|_| form::told("Access", Vec::new()), |told| form::stands(&told));
                Heard::replaced(told, Vec::new())
            }
            Err(Error::Refused(refusal)) => errors(&refusal, view, Some(&flow)),
            Err(error) => failed(&error, Vec::new()),
        }
    }

    /// What the form asks for. Of items it has names alone: their facts are the host's, as of now.
    fn request(&self, flow: &Flow, person: &Person, view: &View) -> Request {
        let state = &view.state;
        let chosen =
            state.input(&form::items_block(flow.id.as_str())).map(|input| input.selected_options.as_slice());
        let chosen = chosen.unwrap_or_default();
        let items = self.people.items(flow, person);
        let is_chosen = |name: &str| chosen.iter().any(|chosen| chosen.value == name);
        let items = items.into_iter().filter(|item| is_chosen(&form::item_name(item)));
        let span = state
            .chosen(&form::span_block(flow.id.as_str()))
            .and_then(|millis| u64::from_str(millis).ok())
            .map(Span::millis);
        let names = flow.reason.fields.iter().map(|field| field.name.as_str());
        let request = Request::new(&flow.id, person)
            .context(self.words.directory().context(person))
            .span(span)
            .reason(state.text(form::REASON))
            .fields(form::fields(names, |block| state.text(block)));
        match flow.take {
            Take::Any => request.items(items),
            Take::All => request.resources(self.people.resources(flow)),
        }
    }

    fn flow(&self, id: &str) -> Result<Option<std::sync::Arc<Flow>>, Error> {
        let policy = self.words.engine().policy()?;
        let found =
            policy.iter().flat_map(|policy| policy.flows.values()).find(|flow| flow.id.as_str() == id);
        Ok(found.cloned())
    }

    /// Words were given for a click.
    fn said(&self, person: &Person, view: &View, id: String, now: Timestamp) -> Heard {
        let Ok(unsaid) = serde_json::from_str::<Unsaid>(&view.private_metadata) else {
            return Heard::status(400);
        };
        let state = &view.state;
        let names = unsaid.fields.iter().map(String::as_str);
        let fields = form::fields(names, |block| state.text(block));
        let written = Written { reason: state.text(form::REASON), fields };
        let wanted = &unsaid.wanted;
        let command = self.command(person, wanted, written, id, now);
        let given = command.and_then(|command| self.words.engine().give(command, now));
        match given {
            Ok(_) => Heard::then(self.update(&unsaid, person, true, now)),
            Err(Error::Refused(refusal)) if lacks_words(&refusal) => errors(&refusal, view, None),
            Err(error) => failed(&error, self.update(&unsaid, person, false, now)),
        }
    }

    /// The message under which the button was, as it now stands.
    fn update(&self, unsaid: &Unsaid, person: &Person, done: bool, now: Timestamp) -> Vec<Call> {
        let Unsaid { wanted, channel: Some(channel), message: Some(message), .. } = unsaid else {
            return Vec::new();
        };
        let mut update = json!({"channel": channel, "ts": message});
        let stands = self.as_it_stands(wanted, person, done, now);
        let (Some(update_of), Some(Value::Object(stands))) = (update.as_object_mut(), stands) else {
            return Vec::new();
        };
        update_of.extend(stands);
        vec![Call(To::Method("chat.update"), update)]
    }
}

/// Bad news in the place of the form.
fn failed(error: &Error, then: Vec<Call>) -> Heard {
    Heard::replaced(form::refused(&words(error)), then).because(error)
}

fn lacks_words(refusal: &Refusal) -> bool {
    refusal.code.as_str().starts_with("reason.")
}

/// A refusal beside the input that it is about, so that whoever asked can mend it there.
fn errors(refusal: &Refusal, view: &View, flow: Option<&Flow>) -> Heard {
    let lacking = refusal.would_pass.iter().flat_map(|would| &would.reason).map(|lacking| {
        if lacking.field == form::REASON {
            form::REASON.to_owned()
        } else {
            form::field_block(&lacking.field)
        }
    });
    let about = match refusal.code.as_str().split('.').next() {
        Some("reason") => lacking.chain([form::REASON.to_owned()]).collect(),
        Some("duration") => flow.map(|flow| form::span_block(flow.id.as_str())).into_iter().collect(),
        Some("scope" | "request") => {
            flow.map(|flow| form::items_block(flow.id.as_str())).into_iter().collect()
        }
        _ => Vec::new(),
    };
    // Slack takes errors of inputs that are in the form, and of no others.
    let there = |block: &String| view.state.values.contains_key(block);
    let about = about.into_iter().chain([form::FLOW.to_owned()]).find(there);
    let block = about.or_else(|| view.state.values.keys().next().cloned());
    let Some(block) = block else { return Heard::replaced(form::refused(&refused(refusal)), Vec::new()) };
    let errors = Map::from_iter([(block, Value::String(cut(&refused(refusal), SECTION_MAX)))]);
    Heard::form(&json!({"response_action": "errors", "errors": errors}), Vec::new())
}
