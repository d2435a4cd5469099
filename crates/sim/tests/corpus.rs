//! The stories of the corpus and of the examples, heard by the auditor: it answers every call as the library does.

mod hearing;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use serde_json::json;
use tenure::Timestamp;
use tenure_scenario::{
    file,
    run::{Heard, Stage},
    story::Scenario,
};

use crate::hearing::Listener;

/// Plays a story; the first call on which the auditor differs.
#[expect(clippy::expect_used, reason = "a story that cannot be played is a failure of the test")]
fn difference(story: &Scenario) -> Option<String> {
    let (listener, found) = (RefCell::new(Listener::new()), RefCell::new(None));
    let hear = |at: Timestamp, heard: Heard<'_>| {
        let Heard::Call { call, answer, .. } = heard else { return };
        // Documents and calls with problems are beyond the auditor.
        if found.borrow().is_some() || answer.get("invalid").is_some() {
            return;
        }
        let (mine, theirs) = listener.borrow_mut().hear(at.millis(), call, answer);
        if mine != theirs {
            let file = Path::new(&*story.file).file_name().unwrap_or_default().display();
            let words =
                format!("{file}: {}\n  call    {call}\n  auditor {mine}\n  library {theirs}", story.name);
            found.replace(Some(words));
        }
    };
    let mut stage = Stage::heard_by(story, Box::new(hear)).expect("a story of the corpus can be played");
    for (number, step) in story.steps.iter().enumerate() {
        let _ = stage.explain(step);
        let _ = stage.play(step);
        let _ = stage.call(&json!({"call": "list"}));
        // Questions of everybody, where the story is not yet long.
        let people = story.people.values().take(if number < 3 { 2 } else { 0 });
        for person in people {
            for grant in stage.grants().into_iter().take(2) {
                let _ = stage.call(&json!({"call": "offer", "grant": grant, "actor": **person}));
            }
            let _ = stage.call(&json!({"call": "inbox", "actor": **person}));
            let _ = stage.call(&json!({"call": "catalog", "actor": **person}));
        }
    }
    let _ = stage.record();
    drop(stage);
    found.into_inner()
}

#[test]
fn the_auditor_answers_the_stories_as_the_library_does() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let files = file::find(&[root.join("crates/scenario/corpus"), root.join("examples")])
        .expect("the folders are there");
    let mut policies = Default::default();
    let texts = files.iter().filter(|path| {
        file::text(path)
            .is_ok_and(|(text, format)| matches!(file::holds(&text, format), file::Holds::Scenarios))
    });
    let stories: Vec<_> =
        texts.flat_map(|path| file::scenarios(path, &mut policies).expect("a file of stories")).collect();
    let differ: Vec<_> = stories.iter().filter_map(difference).collect();
    assert!(stories.len() > 700, "{} stories", stories.len());
    assert!(
        differ.is_empty(),
        "{} of {} stories differ, the first:\n{}",
        differ.len(),
        stories.len(),
        differ[0]
    );
}
