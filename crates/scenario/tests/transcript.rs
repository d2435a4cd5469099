//! The corpus, word by word through the handle that every language has: no answer may differ, in memory or in a file.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use tenure_port::Handle;
use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_scenario::story::Scenario;
use tenure_scenario::{file, transcript};

/// Of the stories that do not restart, one of so many is replayed in a file as well.
const IN_A_FILE: usize = 8;

/// Stories that restart and are replayed on PostgreSQL: that it is opened at all. The others are played on it elsewhere.
const ON_POSTGRES: usize = 5;

/// What a runner knows: where the store is, and the handle.
struct Runner {
    store: String,
    handle: Option<Handle>,
}

impl Runner {
    fn on(store: String) -> Self {
        Self { store, handle: None }
    }

    fn ask(&mut self, asked: &str) -> String {
        let value: Value = serde_json::from_str(asked).expect("a line is JSON");
        let begins = value.get("open").is_some();
        let Some(config) = value.get("open").or_else(|| value.get("restart")) else {
            return self.handle.as_ref().expect("a story was opened").call(asked);
        };
        if begins || self.store != ":memory:" {
            if let Some(handle) = self.handle.take() {
                let _ = handle.close();
            }
            let mut config = config.clone();
            config["store"] = json!(self.store);
            match Handle::open(&config.to_string()) {
                Ok(handle) => self.handle = Some(handle),
                Err(bad) => return bad.to_json(),
            }
        }
        r#"{"ok":{}}"#.to_owned()
    }
}

/// How many answers there were, and the first that differs.
fn replay(transcript: &str, store: String) -> (usize, Option<String>) {
    let mut runner = Runner::on(store);
    let lines: Vec<&str> = transcript.lines().collect();
    let mut asked = lines.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    let found = asked.find_map(|(ask, answer)| {
        let came = runner.ask(ask);
        (came != answer).then(|| format!("{ask}\n  transcript {answer}\n  handle     {came}"))
    });
    (lines.len() / 2, found)
}

fn corpus() -> Vec<Scenario> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let files = file::find(&[root.join("crates/scenario/corpus"), root.join("examples/stories")]);
    let mut policies = Default::default();
    let files = files.expect("the folders are there");
    files.iter().flat_map(|path| file::scenarios(path, &mut policies).expect("a story can be read")).collect()
}

fn written(story: &Scenario) -> String {
    let mut bytes = Vec::new();
    transcript::write(story, &mut bytes).expect("a story can be played");
    String::from_utf8(bytes).expect("it is text")
}

/// What was asked of some stories.
#[derive(Default)]
struct Sum {
    stories: usize,
    files: usize,
    answers: usize,
}

impl Sum {
    fn add(mut self, (number, story): (usize, &Scenario)) -> Self {
        let transcript = written(story);
        let (asked, difference) = replay(&transcript, ":memory:".to_owned());
        assert_eq!(difference, None, "{}: {}", story.file, story.name);
        (self.answers, self.stories) = (self.answers + asked, self.stories + 1);
        if transcript.contains("\n{\"restart\":") || number.is_multiple_of(IN_A_FILE) {
            let folder = TempDir::new().expect("a folder can be made");
            let store = folder.path().join("access.db");
            let (asked, difference) = replay(&transcript, store.to_str().expect("a path is text").to_owned());
            assert_eq!(difference, None, "{}: {}, in a file", story.file, story.name);
            (self.answers, self.files) = (self.answers + asked, self.files + 1);
        }
        self
    }
}

#[test]
fn the_corpus_has_the_same_answers_through_the_handle() {
    let corpus: Vec<(usize, Scenario)> = corpus().into_iter().enumerate().collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let sums: Vec<Sum> = std::thread::scope(|scope| {
        let part = |first| corpus.iter().skip(first).step_by(threads).map(|(number, story)| (*number, story));
        let told: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || part(first).fold(Sum::default(), Sum::add)))
            .collect();
        told.into_iter().map(|part| part.join().expect("every answer is the same")).collect()
    });
    let sum = |count: fn(&Sum) -> usize| sums.iter().map(count).sum::<usize>();
    let (stories, files, answers) = (sum(|sum| sum.stories), sum(|sum| sum.files), sum(|sum| sum.answers));
    println!("{stories} stories in memory, {files} of them in a file too, {answers} answers, 0 differences");
    assert!(stories > 400 && files > 80, "{stories} stories, {files} in a file");
}

#[test]
fn some_of_it_has_the_same_answers_on_postgres() {
    let Some(cluster) = or_not_run(Cluster::shared(), "the stories through a handle on PostgreSQL") else {
        return;
    };
    let corpus = corpus();
    let restarts = corpus.iter().filter(|story| story.steps.iter().any(|step| step.verb() == "restart"));
    for story in restarts.take(ON_POSTGRES) {
        let transcript = written(story);
        let database = cluster.database().expect("a database can be made");
        let (asked, difference) = replay(&transcript, cluster.url(database.name()));
        assert_eq!(difference, None);
        assert!(asked > 2);
    }
}

#[test]
fn what_differs_is_found() {
    let story = corpus().into_iter().next().expect("there is a story");
    let transcript = written(&story);
    let last = transcript.trim_end().rfind('\n').map_or(0, |end| end + 1);
    let (before, answer) = transcript.split_at(last);
    let other = answer.replacen("\"ok\"", "\"no\"", 1);
    assert_ne!(other, answer);
    assert!(replay(&format!("{before}{other}"), ":memory:".to_owned()).1.is_some());
}

#[test]
fn a_transcript_is_as_its_documentation_says() {
    let restarts = corpus().iter().map(written).find(|text| text.contains("\n{\"restart\":"));
    let transcript = restarts.expect("a story restarts");
    let lines: Vec<&str> = transcript.lines().collect();
    assert_eq!(lines.len() % 2, 0);
    assert!(lines[0].starts_with("{\"story\":\"") && lines[0].contains("\",\"open\":{\"clock\":\""));
}
