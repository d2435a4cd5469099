//! Every story of the project on every store: the same answers, and byte for byte the same record.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::path::Path;
use std::sync::Mutex;

use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::house::House;
use tenure_scenario::run::Stage;
use tenure_scenario::story::Scenario;

/// Stories that are played at once: a file is waited for most of the time.
const AT_ONCE: usize = 8;

/// Of so many stories one is played where each question is a journey, unless `TENURE_STORIES` says otherwise.
const OF_FAR: usize = 8;

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

fn stories() -> Vec<Scenario> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut policies = PolicyFiles::default();
    let paths = file::find(&[root.join("corpus"), root.join("../../examples")]).unwrap();
    paths.iter().flat_map(|path| file::scenarios(path, &mut policies).unwrap()).collect()
}

#[test]
fn every_story_is_the_same_in_a_file() {
    the_same_as_in_memory(&House::Sqlite, 1);
}

#[test]
fn every_story_is_the_same_on_postgres() {
    let Some(cluster) = or_not_run(Cluster::shared(), "the stories") else { return };
    let every = std::env::var("TENURE_STORIES").map_or(OF_FAR, |every| every.parse().unwrap());
    the_same_as_in_memory(&House::Postgres(cluster.scratch()), every);
}

fn the_same_as_in_memory(house: &House, every: usize) {
    let stories: Vec<Scenario> = stories().into_iter().step_by(every).collect();
    let restarts = |story: &Scenario| story.steps.iter().filter(|step| step.verb() == "restart").count();
    let restarts: usize = stories.iter().map(restarts).sum();
    let left = Mutex::new(stories.iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let (next, more) = {
                        let mut left = left.lock().unwrap();
                        (left.next(), left.len())
                    };
                    let Some(story) = next else { return };
                    if more % 100 == 0 {
                        println!("{more} stories are left");
                    }
                    let (memory, kept) = (said(story, &House::Memory), said(story, house));
                    for (one, other) in memory.iter().zip(&kept) {
                        assert_eq!(one, other, "{}: {}", story.file, story.name);
                    }
                    assert_eq!(memory.len(), kept.len(), "{}: {}", story.file, story.name);
                }
            });
        }
    });
    println!("{} stories (one of {every}), {restarts} restarts", stories.len());
    assert!(
        stories.len() > 500 / every && restarts > 5 / every,
        "{} stories, {restarts} restarts",
        stories.len()
    );
}
