//! What a refusal says would pass, over every refusal of the corpus: the story is told again up to that step,
//! the step is changed as the refusal says, and passes; a millisecond nearer to what was asked it does not.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on fails"
)]

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use tenure_port::core::time::{Span, Timestamp};
use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::run::{Scene, Stage};
use tenure_scenario::story::{Ask, Deed, Said, Scenario, Step, StepClock};

const MS: Span = Span::millis(1);
/// Words that fit the patterns of the corpus, the first that fits is taken.
const WORDS: &[&str] = &["INC-7 as it must be", "CHG-7 as it must be", "OPS-12", "JIRA-12", "T-1", "7", "a"];

/// What came of all refusals.
#[derive(Default)]
struct Tally {
    /// Refusals of `request` and `extend`.
    refusals: usize,
    /// Those with a change that was made, and passed.
    passed: usize,
    /// Changes that were made smaller by a millisecond, and no longer passed.
    nearer: usize,
    wrong: Vec<String>,
}

/// A part of a story: its steps up to one that was refused, and that one.
struct Refused<'s> {
    scenario: &'s Scenario,
    before: &'s [Step],
    step: &'s Step,
    change: &'s Map<String, Json>,
}

#[test]
fn what_the_corpus_says_would_pass_passes() {
    let mut tally = Tally::default();
    for scenario in stories() {
        let Ok(mut stage) = Stage::new(&scenario) else { continue };
        for (number, step) in scenario.steps.iter().enumerate() {
            let scene = stage.play(step);
            if !matches!(step.verb(), "request" | "extend") || scene.answer.get("refused").is_none() {
                continue;
            }
            tally.refusals += 1;
            let Some(change) = scene.answer.pointer("/refused/would_pass").and_then(Json::as_object) else {
                continue;
            };
            let before = scenario.steps.get(..number).unwrap();
            Refused { scenario: &scenario, before, step, change }.tried(&scene, &mut tally);
        }
    }
    let Tally { refusals, passed, nearer, wrong } = tally;
    println!("{refusals} refusals; {passed} changes pass, {nearer} a millisecond nearer do not");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(passed >= 80 && nearer >= 40, "only {passed} and {nearer}");
}

fn stories() -> Vec<Scenario> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut policies = PolicyFiles::default();
    let folders = [root.join("crates/scenario/corpus"), root.join("examples")];
    let files = file::find(&folders).unwrap();
    files.iter().flat_map(|path| file::scenarios(path, &mut policies).unwrap()).collect()
}

impl Refused<'_> {
    fn tried(&self, scene: &Scene, tally: &mut Tally) {
        let place = format!("{} (step {}): {}", self.scenario.name, self.step.number, scene.answer);
        // What only the author of the policy can change, a word that nobody here can think of, and a host
        // whose time is not its store's cannot be tried.
        let words = self.change.get("reason").and_then(Json::as_array).into_iter().flatten();
        let told = words.map(word).collect::<Option<Vec<_>>>();
        if self.change.contains_key("approvers") || told.is_none() || self.step.clock != StepClock::Story {
            return;
        }
        match self.comes_of(self.change) {
            None => tally.passed += 1,
            Some(still) => tally.wrong.push(format!("{place}\n  is still refused: {still}")),
        }
        for nearer in self.nearer() {
            if self.comes_of(&nearer).is_some() {
                tally.nearer += 1;
            } else {
                tally.wrong.push(format!("{place}\n  less would do: {}", Json::Object(nearer)));
            }
        }
    }

    /// The refusal of the step with this change made, on a stage where all before it was played.
    fn comes_of(&self, change: &Map<String, Json>) -> Option<Json> {
        let mut stage = Stage::new(self.scenario).unwrap();
        for step in self.before {
            stage.play(step);
        }
        let scene = stage.play(&self.changed(change));
        scene.answer.get("ok").is_none().then_some(scene.answer)
    }

    fn changed(&self, change: &Map<String, Json>) -> Step {
        let mut step = Step { expect: Vec::new(), ..self.step.clone() };
        step.at = time(change, "at").unwrap_or(step.at);
        let Deed::Call(ask) = &mut step.deed else { return step };
        for direction in ["span", "start", "if_ends_at"] {
            if let Some(value) = change.get(direction) {
                set(ask, direction, value.clone());
            }
        }
        for lacking in change.get("reason").and_then(Json::as_array).into_iter().flatten() {
            let text = Json::from(word(lacking).unwrap());
            match lacking.get("field").and_then(Json::as_str).unwrap() {
                "reason" => set(ask, "reason", text),
                field => {
                    let mut fields = ask.value("fields").cloned().unwrap_or_else(|| json!({}));
                    fields.as_object_mut().unwrap().insert(field.to_owned(), text);
                    set(ask, "fields", fields);
                }
            }
        }
        if let Some(without) = change.get("without").and_then(Json::as_array) {
            leave_out(ask, without);
        }
        if let Some(login) = change.get("login") {
            log_in(ask, login, step.at);
        }
        step
    }

    /// The change, a millisecond nearer to what was asked, once in each of its directions.
    fn nearer(&self) -> Vec<Map<String, Json>> {
        let Deed::Call(ask) = &self.step.deed else { return Vec::new() };
        let mut nearer = Vec::new();
        let mut with = |direction: &str, value: Json| {
            let mut change = self.change.clone();
            change.insert(direction.to_owned(), value);
            nearer.push(change);
        };
        let asked = ask.value("span").and_then(Json::as_u64);
        if let Some((span, asked)) = self.change.get("span").and_then(Json::as_u64).zip(asked) {
            with("span", Json::from(if span < asked { span + 1 } else { span - 1 }));
        }
        if let Some(at) = time(self.change, "at") {
            with("at", Json::from(at.minus(MS).to_string()));
        }
        if let Some(start) = time(self.change, "start") {
            let asked = ask.text("start").and_then(|start| start.parse().ok()).unwrap_or(self.step.at);
            let one = if start < asked { start.plus(MS) } else { start.minus(MS) };
            with("start", Json::from(one.to_string()));
        }
        nearer
    }
}

fn time(change: &Map<String, Json>, direction: &str) -> Option<Timestamp> {
    change.get(direction)?.as_str()?.parse().ok()
}

fn set(ask: &mut Ask, field: &'static str, value: Json) {
    ask.fields.retain(|(name, _)| *name != field);
    ask.fields.push((field, Said::Json(value)));
}

/// A text as it is asked for, where one of the words is.
fn word(lacking: &Json) -> Option<&'static str> {
    let least = lacking.get("min_length").and_then(Json::as_u64).unwrap_or(0);
    let least = usize::try_from(least).unwrap();
    let pattern = lacking.get("pattern").and_then(Json::as_str).unwrap_or_default();
    let pattern = tenure_port::core::flow::requirement::Pattern::new(pattern).unwrap();
    WORDS.iter().copied().find(|word| word.chars().count() >= least && pattern.fits(word))
}

fn leave_out(ask: &mut Ask, without: &[Json]) {
    for (_, said) in &mut ask.fields {
        if let Said::Items(items) = said {
            items.retain(|item| {
                let mut identity = item.resource.as_object().unwrap().clone();
                identity.retain(|name, _| matches!(name.as_str(), "integration" | "type" | "name"));
                identity.insert("permission".to_owned(), Json::from(item.permission.clone()));
                !without.contains(&Json::Object(identity))
            });
        }
    }
}

/// The actor, right after such a login.
fn log_in(ask: &mut Ask, login: &Json, now: Timestamp) {
    let Some((_, said)) = ask.fields.iter_mut().find(|(name, _)| *name == "actor") else { return };
    let mut actor = match said {
        Said::Json(actor) => actor.clone(),
        Said::Shared(actor) => (**actor).clone(),
        other => panic!("no actor: {other:?}"),
    };
    let mut fresh = Map::from_iter([("at".to_owned(), Json::from(now.to_string()))]);
    for part in ["level", "methods"] {
        fresh.extend(login.get(part).map(|value| (part.to_owned(), value.clone())));
    }
    actor.as_object_mut().unwrap().insert("authenticated".to_owned(), Json::Object(fresh));
    *said = Said::Json(actor);
}
