//! Every story of the corpus through the public header: the answers are the same, byte for byte.

#![expect(clippy::expect_used, clippy::panic, reason = "these are tests: a panic is how they fail")]

#[expect(dead_code, reason = "the other tests use the rest")]
mod prefix;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use prefix::{Link, Prefix, has, here};
use tenure_scenario::story::Scenario;
use tenure_scenario::{file, transcript};

/// Of the stories that do not restart, one of so many is played in a file as well.
const IN_A_FILE: usize = 8;

/// A part of the stories as transcripts: all of it, and what of it is played in files.
struct Part {
    all: PathBuf,
    few: PathBuf,
    files: PathBuf,
}

fn corpus() -> Vec<(usize, Scenario)> {
    let found = file::find(&[here("../../crates/scenario/corpus"), here("../../examples/stories")]);
    let mut policies = Default::default();
    let stories = found.expect("the folders are there").into_iter();
    let stories =
        stories.flat_map(|path| file::scenarios(&path, &mut policies).expect("a story can be read"));
    stories.enumerate().collect()
}

fn written<'s>(stories: impl Iterator<Item = &'s (usize, Scenario)>, to: &Path) -> Part {
    let part = Part { all: to.join("all.jsonl"), few: to.join("few.jsonl"), files: to.join("files") };
    fs::create_dir_all(&part.files).expect("it can be made");
    let file = |path: &Path| BufWriter::new(File::create(path).expect("it can be made"));
    let (mut all, mut few) = (file(&part.all), file(&part.few));
    for (number, story) in stories {
        let mut bytes = Vec::new();
        transcript::write(story, &mut bytes).expect("a story can be played");
        all.write_all(&bytes).expect("it can be written");
        let restarts = bytes.windows(12).any(|part| part == b"\n{\"restart\":");
        if restarts || number.is_multiple_of(IN_A_FILE) {
            few.write_all(&bytes).expect("it can be written");
        }
    }
    for file in [all, few] {
        file.into_inner().expect("it can be written");
    }
    part
}

#[test]
fn the_corpus_has_the_same_answers_in_c() {
    if !has("cc", "the corpus in C") || !has("pkg-config", "the corpus in C") {
        return;
    }
    let prefix = Prefix::installed();
    let replay = prefix.compiled(&here("tests/c/replay.c"), Link::Shared, &["-O2"]);
    let corpus = corpus();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let play = &|first: usize| {
        let room = prefix.room().join(first.to_string());
        let part = written(corpus.iter().skip(first).step_by(threads), &room);
        for (transcript, store) in [(&part.all, OsStr::new(":memory:")), (&part.few, part.files.as_os_str())]
        {
            let said = replay.says(&[transcript.as_os_str(), store]);
            println!("{} {said}", store.display());
            assert!(said.ends_with(" 0 differences\n"), "{said}");
        }
    };
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || play(first));
        }
    });
}

#[test]
fn a_changed_answer_is_found() {
    if !has("cc", "the corpus in C") || !has("pkg-config", "the corpus in C") {
        return;
    }
    let prefix = Prefix::installed();
    let replay = prefix.compiled(&here("tests/c/replay.c"), Link::Shared, &["-O2"]);
    let part = written(corpus().iter().take(1), prefix.room());
    let text = fs::read_to_string(&part.all).expect("it was written");
    let changed = text.replacen("\"stage\":\"active\"", "\"stage\":\"passive\"", 1);
    assert_ne!(changed, text);
    for (text, same) in [(text, true), (changed, false)] {
        fs::write(&part.all, text).expect("it can be written");
        let said = std::panic::catch_unwind(|| replay.says(&[part.all.as_os_str(), OsStr::new(":memory:")]));
        assert_eq!(said.is_ok(), same);
    }
}
