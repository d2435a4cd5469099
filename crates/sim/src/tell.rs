//! Steps as a scenario file, ready for the corpus: the story, and what should have come of it.
//!
//! The form is YAML whose values are written as JSON, so that nothing needs to be quoted by a rule of its own. What
//! scenario files have no words for (workers with leases, pages of lists, the record) stands there as a comment.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use tenure::tenure_policy::{Policy, document};
use tenure::{Span, Timestamp};
use tenure_port::Call;

use crate::finding::Kind;
use crate::shrink::Shrunk;
use crate::step::Step;
use crate::subject::Subject;

/// The story of what was found, as a scenario file.
#[must_use]
pub fn scenario(shrunk: &Shrunk, seed: u64, episode: u64) -> String {
    let finding = &shrunk.finding;
    let mut text = String::new();
    let mut comment = |line: String| {
        let _ = writeln!(text, "# {}", line.replace('\n', " "));
    };
    comment(format!("{} (seed {seed}, episode {episode})", finding.kind));
    comment(format!("library:  {}", finding.library));
    comment(format!("expected: {}", finding.expected));
    let mut teller = Teller::new(&shrunk.steps);
    let lines = teller.steps(&shrunk.steps, shrunk);
    let name = format!("sim {seed}, episode {episode}: {}", finding.kind);
    let head = [
        ("name", Value::from(name)),
        ("why", Value::from("two implementations of the contract disagree, or what must be true is not")),
        ("start", Value::from(teller.start.to_string())),
        ("effects", Value::from("manual")),
        ("policy", teller.policy.clone()),
        ("people", Value::Object(teller.cast.clone())),
        ("resources", teller.resources.iter().cloned().collect::<Map<_, _>>().into()),
    ];
    for (field, value) in head {
        let _ = writeln!(text, "{field}: {value}");
    }
    text.push_str("steps:\n");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    text
}

struct Teller {
    start: Timestamp,
    /// The story's time.
    now: Timestamp,
    policy: Value,
    /// People as they were when they came first.
    cast: Map<String, Value>,
    /// People as they are.
    people: BTreeMap<String, Value>,
    resources: Vec<(String, Value)>,
    /// The kinds of effects that were taken, by id.
    taken: BTreeMap<String, String>,
    lines: Vec<String>,
}

/// Somebody who only lets time pass.
const NOBODY: &str = "nobody";

impl Teller {
    fn new(steps: &[Step]) -> Self {
        let clock = |step: &Step| match step {
            Step::Call { clock, .. } => Some(*clock),
            Step::Restart => None,
        };
        let start = steps.iter().find_map(clock).unwrap_or(Timestamp::from_millis(0));
        Self {
            start,
            now: start,
            policy: json!({"version": 1, "flows": []}),
            cast: Map::from_iter([(NOBODY.to_owned(), json!({}))]),
            people: BTreeMap::new(),
            resources: Vec::new(),
            taken: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    /// Plays the steps to know their answers, and tells them.
    fn steps(&mut self, steps: &[Step], shrunk: &Shrunk) -> Vec<String> {
        let mut subject = Subject::new(self.start);
        for (number, step) in steps.iter().enumerate() {
            let Step::Call { clock, call } = step else {
                let _ = subject.restart();
                self.line(&json!({"at": self.now.to_string(), "restart": {}}));
                continue;
            };
            let mut value = serde_json::to_value(call).unwrap_or_default();
            own_content(&subject, *clock, &mut value);
            let answer = serde_json::to_value(subject.answer(*clock, (**call).clone())).unwrap_or_default();
            self.takes(&answer);
            if number == 0 && self.first_policy(call, &answer) {
                continue;
            }
            // Where the answers part, the other one's is what should have come.
            let other = (number == shrunk.finding.step
                && matches!(shrunk.finding.kind, Kind::Differs { .. }))
            .then(|| serde_json::from_str(&shrunk.finding.expected).ok())
            .flatten();
            self.call(*clock, call, &value, &other.unwrap_or(answer));
        }
        std::mem::take(&mut self.lines)
    }

    /// The policy that the story begins with.
    fn first_policy(&mut self, call: &Call, answer: &Value) -> bool {
        let Call::Publish(publish) = call else { return false };
        let policy = serde_json::to_value(&publish.policy).ok().and_then(|policy| fields(&policy));
        let known = policy.filter(|_| answer.get("ok").is_some());
        let begins = known.is_some();
        self.policy = known.unwrap_or_else(|| self.policy.clone());
        begins
    }

    fn takes(&mut self, answer: &Value) {
        for taken in answer.get("ok").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| taken.get(name).and_then(Value::as_str).map(str::to_owned);
            self.taken.extend(text("id").zip(text("kind")));
        }
    }

    fn line(&mut self, step: &Value) {
        self.lines.push(format!("- {step}"));
    }

    fn call(&mut self, clock: Timestamp, call: &Call, value: &Value, answer: &Value) {
        let told = self.deed(value);
        let Some((verb, mut deed)) = told else {
            self.lines.push(format!("# at {clock}: {value}"));
            return;
        };
        // What comes of a grant is only looked at where the story names it.
        let unnamed = deed.as_object_mut().filter(|deed| verb == "request" && !deed.contains_key("grant"));
        if let Some((deed, id)) = unnamed.zip(answer.pointer("/ok/id")) {
            deed.insert("grant".to_owned(), id.clone());
        }
        let now = value.get("now").and_then(Value::as_str).and_then(|now| now.parse().ok()).unwrap_or(clock);
        let mut step = Map::new();
        if now != clock && self.now != clock {
            let passes = json!({"at": clock.to_string(), "person": {"who": NOBODY}});
            self.line(&passes);
        }
        self.now = clock;
        step.insert("at".to_owned(), Value::from(now.to_string()));
        if now != clock {
            step.insert("clock".to_owned(), Value::from(if now < clock { "back" } else { "ahead" }));
        }
        step.insert(verb, deed);
        step.insert("expect".to_owned(), expect(call, answer));
        self.line(&Value::Object(step));
    }

    /// The verb of a call, and its fields; nothing where scenario files have no words for it.
    fn deed(&mut self, call: &Value) -> Option<(String, Value)> {
        let verb = call.get("call")?.as_str()?.to_owned();
        match verb.as_str() {
            "explain" => {
                let (verb, of) = self.deed(call.get("of")?)?;
                Some(("explain".to_owned(), Value::Object(Map::from_iter([(verb, of)]))))
            }
            "effect_done" | "effect_failed" => self.verdict(call),
            "take_effects" | "history" | "records" => None,
            _ => {
                let mut deed = Map::new();
                for (name, value) in call.as_object()? {
                    self.field(&verb, name, value, &mut deed)?;
                }
                Some((verb, Value::Object(deed)))
            }
        }
    }

    fn verdict(&mut self, call: &Value) -> Option<(String, Value)> {
        let effect = call.get("effect")?.as_str()?;
        let (grant, _) = effect.rsplit_once('/')?;
        let kind = self.taken.get(effect)?.clone();
        let mut deed =
            Map::from_iter([("grant".to_owned(), grant.into()), ("effect".to_owned(), kind.into())]);
        for name in ["error", "final"] {
            deed.extend(call.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        if let Some(held) = call.get("already_held").and_then(Value::as_array) {
            let items = held.iter().map(|item| self.identity(item)).collect::<Option<Vec<_>>>()?;
            deed.insert("already_held".to_owned(), items.into());
        }
        let failed = call.get("call")?.as_str()? == "effect_failed";
        Some((if failed { "failed" } else { "provisioned" }.to_owned(), Value::Object(deed)))
    }

    /// One field of a call, as the verb writes it.
    fn field(&mut self, verb: &str, name: &str, value: &Value, deed: &mut Map<String, Value>) -> Option<()> {
        let (name, value) = match (verb, name) {
            (_, "call" | "now" | "format") => return Some(()),
            (_, "command_id") => ("id", value.clone()),
            (_, "actor") => ("as", self.person(value)?),
            ("list", "holder") => ("person", self.stranger(value)?),
            ("list", "requester") | ("revoke" | "holds", "person") => (name, self.stranger(value)?),
            (_, "holder") => ("holder", self.person(value)?),
            (_, "items") => {
                let items =
                    value.as_array()?.iter().map(|item| self.item(item)).collect::<Option<Vec<_>>>()?;
                ("items", items.into())
            }
            (_, "only") => {
                let items = value.as_array()?.iter().map(|item| self.identity(item));
                ("only", items.collect::<Option<Vec<_>>>()?.into())
            }
            // A page of a list, or the grants on one item: there is no word for that.
            ("list", "item") | (_, "after" | "limit") => return None,
            (_, "item") => ("item", self.identity(value)?),
            (_, "resource") => ("resource", self.resource(value).into()),
            (_, "resources") => {
                value.as_array()?.iter().for_each(|resource| drop(self.resource(resource)));
                return Some(());
            }
            (_, "span") => ("span", Span::millis(value.as_u64()?).to_string().into()),
            (_, "policy") => ("policy", fields(value)?),
            (_, name) => (name, value.clone()),
        };
        deed.insert(name.to_owned(), value);
        Some(())
    }

    /// A person by name. Where they are no longer who they were, the story says so first.
    fn person(&mut self, person: &Value) -> Option<Value> {
        let Some(facts) = person.as_object() else { return Some(Value::from("system")) };
        let id = facts.get("id")?.as_str()?.to_owned();
        let mut facts = facts.clone();
        facts.remove("id");
        let facts = Value::Object(facts);
        match self.people.insert(id.clone(), facts.clone()) {
            None => drop(self.cast.insert(id.clone(), facts)),
            Some(before) if before != facts => {
                let mut change = facts.as_object()?.clone();
                change.insert("who".to_owned(), Value::from(id.clone()));
                self.line(&json!({"at": self.now.to_string(), "person": change}));
            }
            Some(_) => {}
        }
        Some(Value::from(id))
    }

    /// Somebody of whom only the id is said.
    fn stranger(&mut self, id: &Value) -> Option<Value> {
        let name = id.as_str()?;
        if !self.cast.contains_key(name) {
            self.cast.insert(name.to_owned(), json!({}));
            self.people.insert(name.to_owned(), json!({}));
        }
        Some(id.clone())
    }

    /// The name of a resource with these facts.
    fn resource(&mut self, facts: &Value) -> String {
        if let Some((name, _)) = self.resources.iter().find(|(_, known)| known == facts) {
            return name.clone();
        }
        let name = format!("r{}", self.resources.len() + 1);
        self.resources.push((name.clone(), facts.clone()));
        name
    }

    fn item(&mut self, item: &Value) -> Option<Value> {
        let name = self.resource(item.get("resource")?);
        Some(Value::from(format!("{name}/{}", item.get("permission")?.as_str()?)))
    }

    /// An item without facts: any resource that is called so.
    fn identity(&mut self, item: &Value) -> Option<Value> {
        let mut id = item.as_object()?.clone();
        let permission = id.remove("permission")?;
        let same = |facts: &Value| id.iter().all(|(name, value)| facts.get(name) == Some(value));
        let known = self.resources.iter().find(|(_, facts)| same(facts)).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| self.resource(&Value::Object(id)));
        Some(Value::from(format!("{name}/{}", permission.as_str()?)))
    }
}

/// A policy document by its fields, in whatever language it was written.
fn fields(policy: &Value) -> Option<Value> {
    let Some(text) = policy.as_str() else { return Some(policy.clone()) };
    let formats = [document::Format::Yaml, document::Format::Toml, document::Format::Json];
    let read = formats.into_iter().find_map(|format| Policy::from_text(text, format).ok())?;
    serde_json::from_str(read.source()).ok()
}

/// A hash that is the right one is called so: another library's would be another.
fn own_content(subject: &Subject, clock: Timestamp, call: &mut Value) {
    let Some(said) = call.get("content").and_then(Value::as_str) else { return };
    let (Some(grant), Some(verb)) = (call.get("grant"), call.get("call").and_then(Value::as_str)) else {
        return;
    };
    let place = if verb.ends_with("_extension") { "/ok/extension_asked/content" } else { "/ok/content" };
    let look = serde_json::from_value::<Call>(json!({"call": "look", "grant": grant}));
    let view = look.ok().and_then(|look| serde_json::to_value(subject.answer(clock, look)).ok());
    let own = view.as_ref().and_then(|view| view.pointer(place)).and_then(Value::as_str) == Some(said);
    if let Some(fields) = call.as_object_mut() {
        fields.insert("content".to_owned(), Value::from(if own { "own" } else { "wrong" }));
    }
}

/// What should come of a step, as scenario files write it.
fn expect(call: &Call, answer: &Value) -> Value {
    let code = |sort: &str| answer.get(sort).and_then(|bad| bad.get("code")).cloned();
    if let Some(code) = code("refused") {
        return json!({ "refused": code });
    }
    if let Some(code) = code("fault") {
        return json!({ "fault": code });
    }
    let Some(ok) = answer.get("ok") else { return json!({"refused": "policy.invalid"}) };
    let ids = |of: &Value| {
        of.as_array().map(|all| all.iter().filter_map(|one| one.get("id").cloned()).collect::<Vec<_>>())
    };
    match call.name() {
        "holds" => json!({"holds": ok.get("allowed")}),
        "offer" => json!({"offer": {"allowed": ok.get("allowed")}}),
        "explain" => {
            let checks = ok.get("checks").and_then(Value::as_array).into_iter().flatten();
            let check = |check: &Value| {
                let code = check.get("code")?.as_str()?.to_owned();
                Some(Value::Object(Map::from_iter([(code, check.get("verdict")?.clone())])))
            };
            json!({"checks": checks.filter_map(check).collect::<Vec<_>>()})
        }
        "catalog" => json!({"flows": ok.get("flows").and_then(ids)}),
        "list" | "inbox" => json!({"grants": ok.get("grants").and_then(ids)}),
        _ if ok.get("revoked").is_some() => json!({"grants": ok.get("revoked")}),
        _ if ok.get("grants").is_some() => json!({"grants": ok.get("grants").and_then(ids)}),
        _ => of_grant(ok),
    }
}

fn of_grant(view: &Value) -> Value {
    let same = [
        "stage",
        "outcome",
        "waiting_for",
        "held_until",
        "closed_at",
        "clipped",
        "extensions",
        "enforcement",
    ];
    let named =
        same.map(|name| (name, name)).into_iter().chain([("ends_at", "ends"), ("starts_at", "starts")]);
    let found = named.filter_map(|(name, word)| Some((word.to_owned(), view.get(name)?.clone())));
    let mut expected: Map<String, Value> = found.collect();
    if let Some(granted) = view.get("granted").and_then(Value::as_u64) {
        expected.insert("granted".to_owned(), Span::millis(granted).to_string().into());
    }
    Value::Object(expected)
}
