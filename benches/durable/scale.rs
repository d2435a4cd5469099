//! Many open grants: made and extended, opened, and what a command then costs, beside a file with fewer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenure::{Engine, Extend, GrantId, ManualClock, Person, SqliteStore};

use crate::matrix::{Matrix, filled};
use crate::{Asked, flush, median, nine, part_of, request, size};

/// Commands of each kind in a file.
const COMMANDS: usize = 400;

struct File {
    grants: usize,
    engine: Engine,
    ids: Vec<GrantId>,
    requests: Vec<f64>,
    extensions: Vec<f64>,
    questions: Vec<f64>,
}

pub(crate) fn run(asked: &Asked) {
    let folder = TempDir::new().unwrap();
    let matrix = if asked.apart { Matrix::read().apart() } else { Matrix::read() };
    let mut files = Vec::new();
    for grants in asked.grants(&[10_000, 100_000], &[1_000, 10_000]) {
        let path = folder.path().join(format!("{grants}.db"));
        let begun = Instant::now();
        let (engine, _, ids) = filled(&path, &matrix, grants, true);
        let took = begun.elapsed().as_secs_f64();
        drop(engine);
        let bytes = size(&path);
        let opened = (0..9).map(|_| {
            let begun = Instant::now();
            let store = SqliteStore::open(&path).unwrap();
            let took = begun.elapsed().as_secs_f64();
            drop(store);
            took
        });
        let opened = Duration::from_secs_f64(median(opened.collect()));
        println!(
            "  {grants} grants made and extended: {:.0} commands/s, {} MB, {} B each; opened in {opened:?}  (goal: \
             below 100 ms)",
            2.0 * grants as f64 / took,
            bytes >> 20,
            bytes / grants as u64,
        );
        let store = SqliteStore::open_with(&path, Arc::new(ManualClock::at(nine()))).unwrap();
        let engine = Engine::new(store);
        files.push(File { grants, engine, ids, requests: vec![], extensions: vec![], questions: vec![] });
    }
    let (_, before) = flush(folder.path());
    let mut dice = fastrand::Rng::with_seed(7);
    // One after the other, so that what the machine does beside this is the same for all of them.
    for n in 0..COMMANDS {
        for file in &mut files {
            file.command(n, &mut dice);
        }
    }
    let (_, after) = flush(folder.path());
    println!("  flushes of 4 KiB: {before:.0}/s before, {after:.0}/s after");
    for file in &files {
        let told = |name: &str, of: &dyn Fn(&File) -> &Vec<f64>| {
            let (here, least) = (median(of(file).clone()), median(of(&files[0]).clone()));
            let most = part_of(of(file).clone(), 0.99);
            println!(
                "    {name} {:8.0} us (99 %: {:.0} us), {:.2} times that at {}",
                here * 1e6,
                most * 1e6,
                here / least,
                files[0].grants
            );
        };
        println!("  {} open grants", file.grants);
        told("a request     ", &|file| &file.requests);
        told("an extension  ", &|file| &file.extensions);
        told("is it allowed?", &|file| &file.questions);
    }
    println!("  (goal for commands: at most 2 times)");
}

impl File {
    fn command(&mut self, n: usize, dice: &mut fastrand::Rng) {
        let begun = Instant::now();
        request(&self.engine, &format!("new-{n}"), nine());
        self.requests.push(begun.elapsed().as_secs_f64());
        let id = &self.ids[dice.usize(..self.ids.len())];
        let view = self.engine.look(id, nine()).unwrap().unwrap();
        let holder = Person::new(view.holder.clone());
        let begun = Instant::now();
        self.engine.extend(Extend::new(id, &holder), nine()).unwrap();
        self.extensions.push(begun.elapsed().as_secs_f64());
        let item = view.items.first().unwrap();
        let begun = Instant::now();
        let said = self.engine.holds(&view.holder, &item.resource, &item.permission, nine()).unwrap();
        self.questions.push(begun.elapsed().as_secs_f64());
        assert!(said.allowed);
    }
}
