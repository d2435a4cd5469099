//! Every story of the corpus through the public header: the answers are the same, byte for byte.

#![expect(clippy::expect_used, clippy::panic, reason = "these are tests: a panic is how they fail")]

#[expect(dead_code, reason = "the other tests use the rest")]
mod prefix;

use std::ffi::OsStr;
use std::fs;
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

/// A story as it was written down for every language, or one that is to be written here.
enum Story {
    Told(String),
    Known(Box<Scenario>),
}

fn corpus() -> Vec<Story> {
    if let Some(told) = std::env::var_os("TENURE_TRANSCRIPT") {
        let told = fs::read_to_string(&told).expect("the stories were written");
        let stories = told.split("\n{\"story\":").enumerate();
        return stories
            .map(|(number, story)| match number {
                0 => Story::Told(format!("{}\n", story.trim_end())),
                _ => Story::Told(format!("{{\"story\":{}\n", story.trim_end())),
            })
            .collect();
    }
    let found = file::find(&[here("../../crates/scenario/corpus"), here("../../examples/stories")]);
    let mut policies = Default::default();
    let stories = found.expect("the folders are there").into_iter();
    let stories =
        stories.flat_map(|path| file::scenarios(&path, &mut policies).expect("a story can be read"));
    stories.map(|story| Story::Known(Box::new(story))).collect()
}

impl Story {
    fn transcript(&self) -> String {
        match self {
            Self::Told(transcript) => transcript.clone(),
            Self::Known(story) => {
                let mut bytes = Vec::new();
                transcript::write(story, &mut bytes).expect("a story can be played");
                String::from_utf8(bytes).expect("it is text")
            }
        }
    }
}

fn parted<'s>(stories: impl Iterator<Item = (usize, &'s Story)>, to: &Path) -> Part {
    let part = Part { all: to.join("all.jsonl"), few: to.join("few.jsonl"), files: to.join("files") };
    fs::create_dir_all(&part.files).expect("it can be made");
    let (mut all, mut few) = (String::new(), String::new());
    for (number, story) in stories {
        let story = story.transcript();
        all.push_str(&story);
        if story.contains("\n{\"restart\":") || number.is_multiple_of(IN_A_FILE) {
            few.push_str(&story);
        }
    }
    fs::write(&part.all, all).expect("it can be written");
    fs::write(&part.few, few).expect("it can be written");
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
        let part = parted(corpus.iter().enumerate().skip(first).step_by(threads), &room);
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
    let part = parted(corpus().iter().enumerate().take(1), prefix.room());
    let text = fs::read_to_string(&part.all).expect("it was written");
    let changed = text.replacen("\"stage\":\"active\"", "\"stage\":\"passive\"", 1);
    assert_ne!(changed, text);
    for (text, same) in [(text, true), (changed, false)] {
        fs::write(&part.all, text).expect("it can be written");
        let said = std::panic::catch_unwind(|| replay.says(&[part.all.as_os_str(), OsStr::new(":memory:")]));
        assert_eq!(said.is_ok(), same);
    }
}
