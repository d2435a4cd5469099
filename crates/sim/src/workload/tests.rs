use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tenure::{Policy, Timestamp};
use tenure_port::Call;
use tenure_port::call::Document as Sent;

use super::Workload;
use super::cast::Cast;
use super::dice::Dice;
use super::policy::{AIMS, Author, Document, FLOWS, like, mutate};
use super::theme::Theme;
use crate::step::Step;
use crate::subject::Subject;

/// The steps of a seed, as text, answered by the library.
fn told(seed: u64, steps: u32) -> Vec<String> {
    let mut world = Workload::new(seed);
    let mut subject = Subject::new(world.clock());
    let mut told = Vec::new();
    for _ in 0..steps {
        let step = world.next_step();
        told.push(format!("{step:?}"));
        match &step {
            Step::Call { clock, call } => {
                let answer = subject.answer(*clock, call.as_ref().clone());
                told.push(answer.to_json());
                world.saw(&step, &answer);
            }
            Step::Restart => subject.restart().unwrap(),
        }
    }
    told
}

#[test]
fn the_same_seed_makes_the_same_world() {
    for seed in [1, 2, 77] {
        assert_eq!(told(seed, 250), told(seed, 250), "seed {seed}");
    }
    assert_ne!(told(1, 50), told(2, 50));
}

#[test]
fn time_never_goes_back() {
    for seed in 0..20 {
        let mut world = Workload::new(seed);
        let mut last = world.clock();
        for _ in 0..300 {
            if let Step::Call { clock, .. } = world.next_step() {
                assert!(last <= clock, "seed {seed}");
                last = clock;
            }
        }
    }
}

fn author<'a>(dice: &'a mut Dice, theme: &'a Theme, cast: &'a Cast) -> Author<'a> {
    let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    Author { dice, theme, now, shelf: &cast.resources }
}

/// Documents of a seed: the first, and what becomes of it by so many changes.
fn documents(seed: u64, changes: usize) -> Vec<Document> {
    let mut dice = Dice::new(seed);
    let theme = Theme::new(&mut dice);
    let cast = Cast::new(&mut dice, "2026-03-02T08:00:00Z".parse().unwrap());
    let mut document = author(&mut dice, &theme, &cast).document();
    let mut gone = Vec::new();
    let mut all = vec![document.clone()];
    for change in 0..changes {
        let aim = (change % 3 == 2).then(|| *dice.of(&AIMS).unwrap());
        let flow = *dice.of(&FLOWS).unwrap();
        mutate(&mut author(&mut dice, &theme, &cast), &mut document, &mut gone, aim.map(|aim| (flow, aim)));
        all.push(document.clone());
    }
    all
}

#[test]
fn every_policy_is_valid() {
    for seed in 0..500 {
        let changes = if seed % 5 == 0 { 8 } else { 0 };
        for (change, document) in documents(seed, changes).into_iter().enumerate() {
            let policy = Policy::from_json(Value::Object(document.clone()));
            if let Err(problems) = policy {
                panic!("seed {seed}, change {change}: {problems}\n{}", Value::Object(document));
            }
        }
    }
}

/// Every property, and every word of a choice, that the schema knows: by the shape it stands in.
fn in_schema(schema: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let defs = schema["$defs"].as_object().unwrap();
    for (name, shape) in defs.iter().map(|(name, shape)| (name.as_str(), shape)).chain([("Document", schema)])
    {
        for property in shape["properties"].as_object().into_iter().flatten() {
            all.insert(format!("{name}.{}", property.0));
        }
        for word in shape["enum"].as_array().into_iter().flatten() {
            all.insert(format!("{name}={}", word.as_str().unwrap()));
        }
    }
    all
}

/// Goes through a document along the schema and notes what it uses.
fn uses(schema: &Value, shape: &Value, name: &str, value: &Value, seen: &mut BTreeSet<String>) {
    if let Some(reference) = shape["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return uses(schema, &schema["$defs"][name], name, value, seen);
    }
    for other in shape["anyOf"].as_array().into_iter().flatten() {
        if other.get("required").is_none() {
            uses(schema, other, name, value, seen);
        }
    }
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                if let Some(property) = shape["properties"].get(field) {
                    seen.insert(format!("{name}.{field}"));
                    uses(schema, property, name, value, seen);
                }
            }
        }
        Value::Array(items) => {
            if let Some(shape) = shape.get("items") {
                items.iter().for_each(|item| uses(schema, shape, name, item, seen));
            }
        }
        Value::String(word) => {
            if shape["enum"].as_array().is_some_and(|words| words.contains(value)) {
                seen.insert(format!("{name}={word}"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn every_field_and_every_choice_of_a_policy_occurs() {
    let schema = include_str!("../../../policy/schema/policy.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let mut seen = BTreeSet::new();
    for seed in 0..500 {
        for document in documents(seed, 2) {
            uses(&schema, &schema, "Document", &Value::Object(document), &mut seen);
        }
    }
    let never: Vec<_> = in_schema(&schema).difference(&seen).cloned().collect();
    assert!(never.is_empty(), "no seed of 500 writes {never:?}");
    assert!(seen.len() > 120, "{}", seen.len());
}

#[test]
fn policies_are_published_and_changed() {
    let mut published = BTreeMap::new();
    for seed in 0..30 {
        let mut world = Workload::new(seed);
        let mut subject = Subject::new(world.clock());
        for _ in 0..600 {
            let step = world.next_step();
            match &step {
                Step::Call { clock, call } => {
                    let answer = subject.answer(*clock, call.as_ref().clone());
                    if let Call::Publish(publish) = call.as_ref() {
                        let Sent::Fields(fields) = &publish.policy else { panic!("fields are sent") };
                        published.entry(seed).or_insert_with(BTreeSet::new).insert(format!("{fields:?}"));
                    }
                    world.saw(&step, &answer);
                }
                Step::Restart => subject.restart().unwrap(),
            }
        }
    }
    let changed = published.values().filter(|documents| documents.len() > 1).count();
    assert!(changed > 15, "the policies of {changed} worlds are changed");
}

#[test]
fn names_look_like_globs() {
    assert!(like("*r*", "orders") && like("?pi", "api") && like("pay*", "payroll"));
    assert!(!like("l*", "orders") && !like("hr", "hr2") && !like("hr2", "hr"));
}
