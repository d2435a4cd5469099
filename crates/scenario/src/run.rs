//! Plays a story on a store of its own, call by call through the port.

mod scene;

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use tenure_port::Port;
use tenure_port::core::time::{Span, Timestamp};
use tenure_port::handle::{Counted, Counting};
use tenure_port::store::{Clock as _, ManualClock, MemoryStore};

use crate::house::{self, House, Kept};

pub use self::scene::Scene;
use self::scene::ids_of;
use crate::shape::Answers;
use crate::story::{Ask, Deed, Effects, Named, Said, Scenario, Step, StepClock, Told};
use crate::want::{Mismatch, Wanted};

/// The worker that confirms effects.
const WORKER: &str = "scenario";
/// What it takes stays with it for longer than most stories last.
const LEASE: Span = Span::days(30);
/// Records read at once.
const PAGE: u32 = 1_000;
/// Effects confirmed after one step before the runner says that there is no end to them.
const CONFIRMED_MAX: usize = 100_000;

/// A story while it is played.
pub struct Stage<'s> {
    scenario: &'s Scenario,
    clock: Arc<ManualClock>,
    kept: Kept,
    ids: Counted,
    port: Port,
    /// The last record that was read.
    position: u64,
    /// Effects that were taken and not yet reported, as they were handed out.
    taken: Vec<Json>,
    /// The revision of the document in force.
    revision: Option<String>,
    /// Who hears every call.
    listener: Option<Listener<'s>>,
}

/// Hears what a story does, and what the store's clock showed.
pub type Listener<'s> = Box<dyn Fn(Timestamp, Heard<'_>) + 's>;

/// What somebody hears who listens to a story.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'h> {
    /// A call, the runner's own too.
    Call {
        /// What was asked.
        call: &'h Json,
        /// What came of it.
        answer: &'h Json,
        /// The same as the port gave it.
        text: &'h str,
    },
    /// The store was closed and opened again; made-up ids go on from there.
    Restart(&'h Counting),
}

/// A story that cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplayable {
    /// Why, in words.
    pub message: String,
    /// Whether nothing is wrong with the story: there is no store for it.
    pub storeless: bool,
}

impl<'s> Stage<'s> {
    /// An empty store in memory that shows the start of the story, with its policy in force.
    ///
    /// # Errors
    /// The policy is refused.
    pub fn new(scenario: &'s Scenario) -> Result<Self, Unplayable> {
        Self::on(scenario, &House::Memory)
    }

    /// The same on another store.
    ///
    /// # Errors
    /// The policy is refused, or the store cannot be opened.
    pub fn on(scenario: &'s Scenario, house: &House) -> Result<Self, Unplayable> {
        Self::open(scenario, house, None)
    }

    /// The same, in memory, where somebody listens to every call from the first on.
    ///
    /// # Errors
    /// The policy is refused.
    pub fn heard_by(scenario: &'s Scenario, listener: Listener<'s>) -> Result<Self, Unplayable> {
        Self::open(scenario, &House::Memory, Some(listener))
    }

    fn open(
        scenario: &'s Scenario,
        house: &House,
        listener: Option<Listener<'s>>,
    ) -> Result<Self, Unplayable> {
        let clock = Arc::new(ManualClock::at(scenario.start));
        let kept = house.open(&clock).map_err(|message| Unplayable { message, storeless: true })?;
        let ids = Counted::from(house::counting());
        let port = kept.port(&ids);
        let (position, taken, revision) = (0, Vec::new(), None);
        let mut stage = Self { scenario, clock, kept, ids, port, position, taken, revision, listener };
        let answer = stage.call(&json!({
            "call": "publish",
            "actor": "system:scenario",
            "command_id": "policy of the story",
            "policy": *scenario.policy,
        }));
        if answer.get("ok").is_none() {
            let storeless = answer.get("fault").is_some();
            return Err(Unplayable { message: why(&answer), storeless });
        }
        stage.published(&answer);
        stage.records();
        Ok(stage)
    }

    /// Plays one step and compares what came of it with what it expects.
    pub fn play(&mut self, step: &Step) -> Scene {
        if step.clock == StepClock::Story {
            self.clock.set(step.at);
        }
        let mut mismatches = Vec::new();
        let mut call = None;
        let answer = match &step.deed {
            Deed::Call(ask) => {
                let made = self.made(ask, step);
                let answer = self.call(&made);
                call = Some(made);
                answer
            }
            Deed::Verdict(told) => self.verdict(told, &mut mismatches),
            Deed::Restart => self.restart(),
            Deed::Person(_) => json!({"ok": {}}),
        };
        self.published(&answer);
        let records = self.records();
        if self.scenario.effects == Effects::Auto {
            self.confirm(&mut mismatches);
        }
        let mut scene = Scene { call, answer, records, grants: Vec::new(), mismatches };
        scene.grants = self.after(step, &scene.answer);
        self.compare(step, &mut scene);
        scene
    }

    /// The grant a step is about, as it stands at that instant, before the step is played.
    pub fn before(&mut self, step: &Step) -> Option<Json> {
        if step.clock == StepClock::Story {
            self.clock.set(step.at);
        }
        step.grant().and_then(|grant| self.look(grant))
    }

    /// How each check of a step's command comes out, instead of playing it; nothing where it is none.
    pub fn explain(&mut self, step: &Step) -> Option<Json> {
        let Deed::Call(ask) = &step.deed else { return None };
        let command = ask.of.as_deref().unwrap_or(ask);
        if !command.answers.of_a_command() || command.verb == "look" {
            return None;
        }
        let mut explain = json!({"call": "explain", "of": self.made(command, step)});
        if step.clock == StepClock::Story {
            self.clock.set(step.at);
        } else {
            explain.as_object_mut()?.insert("now".to_owned(), Json::from(step.at.to_string()));
        }
        Some(self.call(&explain))
    }

    /// What is on record of one grant, in order.
    #[must_use]
    pub fn history(&self, grant: &str) -> Vec<Json> {
        self.page(&json!({"call": "history", "grant": grant}))
    }

    /// The whole record of the story so far.
    #[must_use]
    pub fn record(&self) -> Vec<Json> {
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let page = self.page(&json!({"call": "records", "after": after, "limit": PAGE}));
            let Some(last) = page.last().and_then(|record| record.get("position")?.as_u64()) else {
                return all;
            };
            after = last;
            all.extend(page);
        }
    }

    /// A grant as it stands, seen from the settled view.
    #[must_use]
    pub fn look(&self, grant: &str) -> Option<Json> {
        self.call(&json!({"call": "look", "grant": grant}))
            .get_mut("ok")
            .map(Json::take)
            .filter(Json::is_object)
    }

    /// The grant that a step names, or those of the kit that it asked for, as they stand after it.
    fn after(&self, step: &Step, answer: &Json) -> Vec<Json> {
        let of_kit = match &step.deed {
            Deed::Call(ask) if ask.answers == Answers::Kit => ids_of(answer.pointer("/ok/grants")),
            Deed::Call(_) | Deed::Verdict(_) | Deed::Restart | Deed::Person(_) => Vec::new(),
        };
        let named = step.grant().filter(|_| of_kit.is_empty()).map(str::to_owned);
        of_kit.into_iter().chain(named).filter_map(|grant| self.look(&grant)).collect()
    }

    /// The ids of all grants of the story, in order.
    #[must_use]
    pub fn grants(&self) -> Vec<String> {
        let mut ids = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut call = json!({"call": "list", "limit": PAGE});
            if let (Some(after), Some(fields)) = (&after, call.as_object_mut()) {
                fields.insert("after".to_owned(), Json::from(after.clone()));
            }
            let answer = self.call(&call);
            ids.extend(ids_of(answer.pointer("/ok/grants")));
            match answer.pointer("/ok/next").and_then(Json::as_str) {
                Some(next) => after = Some(next.to_owned()),
                None => return ids,
            }
        }
    }

    /// A call beside the story's own.
    pub fn call(&self, call: &Json) -> Json {
        let text = self.port.call(&call.to_string());
        let answer = serde_json::from_str(&text).unwrap_or_else(|wrong| {
            json!({"fault": {"code": "broken", "message": format!("the answer is no JSON: {wrong}")}})
        });
        self.tell(Heard::Call { call, answer: &answer, text: &text });
        answer
    }

    fn tell(&self, heard: Heard<'_>) {
        if let Some(listener) = &self.listener {
            listener(self.clock.now(), heard);
        }
    }

    fn page(&self, call: &Json) -> Vec<Json> {
        match self.call(call).pointer_mut("/ok/records").map(Json::take) {
            Some(Json::Array(records)) => records,
            _ => Vec::new(),
        }
    }

    /// What was written since this was asked last.
    fn records(&mut self) -> Vec<Json> {
        let mut all = Vec::new();
        loop {
            let page = self.page(&json!({"call": "records", "after": self.position, "limit": PAGE}));
            let Some(last) = page.last().and_then(|record| record.get("position")?.as_u64()) else {
                return all;
            };
            self.position = last;
            all.extend(page);
        }
    }

    fn published(&mut self, answer: &Json) {
        if let Some(revision) = answer.pointer("/ok/published").and_then(Json::as_str) {
            self.revision = Some(revision.to_owned());
        }
    }

    /// The call that a step is.
    fn made(&self, ask: &Ask, step: &Step) -> Json {
        let mut call = Map::from_iter([("call".to_owned(), Json::from(ask.verb))]);
        for (field, said) in &ask.fields {
            call.insert((*field).to_owned(), self.value(said, ask));
        }
        if let Some(of) = &ask.of {
            call.insert("of".to_owned(), self.made(of, step));
        }
        if ask.answers.of_a_command() && ask.verb != "look" {
            let id = Json::from(format!("step {}", step.number));
            call.entry("command_id").or_insert(id);
        }
        // The store's clock shows the story's time; only a host that is off says a time of its own.
        if step.clock != StepClock::Story {
            call.insert("now".to_owned(), Json::from(step.at.to_string()));
        }
        Json::Object(call)
    }

    fn value(&self, said: &Said, ask: &Ask) -> Json {
        match said {
            Said::Json(value) => value.clone(),
            Said::Shared(value) => (**value).clone(),
            Said::Context(all, own) => {
                let mut context = (**all).clone();
                merge(&mut context, own);
                Json::Object(context)
            }
            Said::Items(items) => items
                .iter()
                .map(|item| json!({"resource": *item.resource, "permission": item.permission}))
                .collect(),
            Said::Only(items) => identities(items),
            Said::Item(item) => identity(item),
            Said::OwnContent => {
                let grant = ask.grant.as_deref().and_then(|grant| self.look(grant));
                // What is decided on: the request, or the extension that waits.
                let of =
                    if ask.verb.ends_with("_extension") { "/extension_asked/content" } else { "/content" };
                let content = grant.and_then(|grant| grant.pointer(of).cloned());
                content.unwrap_or_else(|| Json::from("unknown"))
            }
            Said::OwnRevision => self.revision.clone().map_or(Json::Null, Json::from),
        }
    }

    /// Takes the effect that the story speaks of and reports on it.
    fn verdict(&mut self, told: &Told, mismatches: &mut Vec<Mismatch>) -> Json {
        let Some(effect) = self.take(told) else {
            mismatches.push(Mismatch {
                field: told.verb.to_owned(),
                expected: format!("`{}` of `{}` can be taken now", told.effect, told.grant),
                came: "there is none, or another one holds it up".to_owned(),
            });
            return json!({"ok": {}});
        };
        let id = effect_id(&effect);
        match &told.error {
            None => self.call(&json!({
                "call": "effect_done",
                "effect": id,
                "worker": WORKER,
                "already_held": identities(&told.already_held),
            })),
            Some(error) => self.call(&json!({
                "call": "effect_failed",
                "effect": id,
                "worker": WORKER,
                "error": error,
                "final": told.last,
            })),
        }
    }

    /// The effect of that kind and grant: one that was taken before, or the next that can be taken. What
    /// comes before it in its line is taken with it, as a worker would.
    fn take(&mut self, told: &Told) -> Option<Json> {
        let mut places = self.places(told).into_iter();
        let mut place = places.next()?;
        loop {
            let fits = |effect: &Json| {
                effect.get("grant").and_then(Json::as_str) == Some(&told.grant)
                    && effect.get("kind").and_then(Json::as_str) == Some(&told.effect)
            };
            if let Some(index) = self.taken.iter().position(fits) {
                return Some(self.taken.remove(index));
            }
            let mut call =
                json!({"call": "take_effects", "worker": WORKER, "lease": LEASE.as_millis(), "limit": 1});
            if let Some((at, fields)) = place.clone().zip(call.as_object_mut()) {
                fields.insert("integration".to_owned(), at);
            }
            let answer = self.call(&call);
            match answer.get("ok").and_then(Json::as_array)?.first() {
                Some(handed) => self.taken.push(handed.clone()),
                None => place = places.next()?,
            }
        }
    }

    /// The integrations at which the grant has items, in their order; notices are at none.
    fn places(&self, told: &Told) -> Vec<Option<Json>> {
        if told.effect.starts_with("notify:") {
            return vec![None];
        }
        let grant = self.look(&told.grant).unwrap_or_default();
        let items = grant.get("items").and_then(Json::as_array).into_iter().flatten();
        let mut places: Vec<_> = items.map(|item| item.get("integration").cloned()).collect();
        places.dedup();
        places
    }

    /// Confirms every effect there is.
    fn confirm(&mut self, mismatches: &mut Vec<Mismatch>) {
        let take = json!({"call": "take_effects", "worker": WORKER, "lease": LEASE.as_millis()});
        let mut confirmed = 0_usize;
        loop {
            let mut answer = self.call(&take);
            let Some(Json::Array(handed)) = answer.get_mut("ok").map(Json::take) else {
                mismatches.push(Mismatch {
                    field: "effects".to_owned(),
                    expected: "to be taken by a worker".to_owned(),
                    came: why(&answer),
                });
                break;
            };
            if handed.is_empty() || confirmed > CONFIRMED_MAX {
                break;
            }
            for effect in &handed {
                let done = json!({"call": "effect_done", "effect": effect_id(effect), "worker": WORKER});
                self.call(&done);
            }
            confirmed = confirmed.saturating_add(handed.len());
        }
        self.records();
    }

    /// Closes the store and opens it again from what it had written.
    fn restart(&mut self) -> Json {
        // Nobody holds the store open while it is closed.
        self.port = Port::open(Arc::new(MemoryStore::new()));
        let opened = self.kept.reopen(&self.clock);
        self.port = self.kept.port(&self.ids);
        match opened {
            Ok(()) => {
                self.tell(Heard::Restart(&self.ids.counting()));
                json!({"ok": {}})
            }
            Err(fault) => json!({"fault": {"code": fault.code(), "message": fault.to_string()}}),
        }
    }

    fn compare(&self, step: &Step, scene: &mut Scene) {
        let mut found = Vec::new();
        let start = self.scenario.start;
        let names = |field: &str| step.expect.iter().any(|want| want.field == field);
        for (field, kind) in [("refused", "refused"), ("fault", "fault")] {
            let unasked = scene.answer.get(kind).is_some() && !names(field);
            if unasked {
                Wanted::Absent.compare(field, Some(&Json::from(why(&scene.answer))), start, &mut found);
            }
        }
        if scene.answer.get("invalid").is_some() && !names("refused") && !names("problems") {
            Wanted::Absent.compare("problems", Some(&Json::from(why(&scene.answer))), start, &mut found);
        }
        for want in &step.expect {
            let came = scene.came(want.field);
            want.wanted.compare(want.field, came.as_ref(), start, &mut found);
        }
        scene.mismatches.extend(found);
    }
}

fn effect_id(effect: &Json) -> Json {
    effect.get("id").cloned().unwrap_or_default()
}

fn identities(items: &[Named]) -> Json {
    items.iter().map(identity).collect()
}

fn identity(item: &Named) -> Json {
    let mut identity = Map::from_iter([("permission".to_owned(), Json::from(item.permission.clone()))]);
    for field in ["integration", "type", "name"] {
        identity.extend(item.resource.get(field).map(|value| (field.to_owned(), value.clone())));
    }
    Json::Object(identity)
}

/// Adds facts to facts; records are merged, everything else is replaced.
fn merge(into: &mut Map<String, Json>, from: &Map<String, Json>) {
    for (name, value) in from {
        match (into.get_mut(name), value) {
            (Some(Json::Object(below)), Json::Object(more)) => merge(below, more),
            _ => {
                into.insert(name.clone(), value.clone());
            }
        }
    }
}

/// What an answer says that is no `ok`, in words.
pub(crate) fn why(answer: &Json) -> String {
    let text = |value: &Json, name: &str| {
        value.get(name).and_then(Json::as_str).map(crate::trouble::tame).unwrap_or_default()
    };
    for kind in ["refused", "fault"] {
        if let Some(bad) = answer.get(kind) {
            return format!("{} ({})", text(bad, "code"), text(bad, "message"));
        }
    }
    let problems = answer.get("invalid").and_then(Json::as_array).into_iter().flatten();
    let told: Vec<String> = problems
        .map(|problem| {
            format!("{} at {}: {}", text(problem, "code"), text(problem, "path"), text(problem, "message"))
        })
        .collect();
    told.join("; ")
}

/// The instant of a field of a record or a view.
#[must_use]
pub fn instant(value: &Json, name: &str) -> Option<Timestamp> {
    value.get(name)?.as_str()?.parse().ok()
}
