//! Every story of the project on every store: the same answers, and byte for byte the same record.

use std::path::Path;

use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::house::House;
use tenure_scenario::run::Stage;
use tenure_scenario::story::Scenario;

/// All that a store said of a story: the answer to each step and what was then on record, the whole record at
/// the end, and every grant.
fn said(scenario: &Scenario, house: &House) -> Vec<String> {
    let mut stage = Stage::on(scenario, house).unwrap();
    let mut said = Vec::new();
    for step in &scenario.steps {
        let scene = stage.play(step);
        said.push(format!("step {}: {}", step.number, scene.answer));
        said.extend(scene.records.iter().map(ToString::to_string));
    }
    said.extend(stage.record().iter().map(ToString::to_string));
    for grant in stage.grants() {
        said.push(stage.look(&grant).map(|view| view.to_string()).unwrap_or_default());
        said.extend(stage.history(&grant).iter().map(ToString::to_string));
    }
    said
}

#[test]
fn every_story_is_the_same_on_every_store() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut policies = PolicyFiles::default();
    let (mut stories, mut restarts) = (0, 0);
    for folder in [root.join("corpus"), root.join("../../examples")] {
        for path in file::find(&[folder]).unwrap() {
            for scenario in file::scenarios(&path, &mut policies).unwrap() {
                let memory = said(&scenario, &House::Memory);
                let sqlite = said(&scenario, &House::Sqlite);
                for (one, other) in memory.iter().zip(&sqlite) {
                    assert_eq!(one, other, "{}: {}", path.display(), scenario.name);
                }
                assert_eq!(memory.len(), sqlite.len(), "{}: {}", path.display(), scenario.name);
                stories += 1;
                restarts += scenario.steps.iter().filter(|step| step.verb() == "restart").count();
            }
        }
    }
    println!("{stories} stories, {restarts} restarts");
    assert!(stories > 500 && restarts > 5, "{stories} stories, {restarts} restarts");
}
