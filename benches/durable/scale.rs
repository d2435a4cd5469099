//! Many open grants: made and extended, opened, and what a command then costs, beside a file with fewer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenure::tenure_store::{Filter, Limit};
use tenure::{Engine, Extend, GrantId, ManualClock, Person, SqliteStore, Store};

use crate::matrix::{Matrix, filled};
use crate::{Asked, flush, median, nine, of_file, part_of, request, size};

/// Commands of each kind in a file.
const COMMANDS: usize = 400;

struct File {
    grants: usize,
    store: Arc<SqliteStore>,
    engine: Engine,
    requests: Vec<f64>,
    extensions: Vec<f64>,
    questions: Vec<f64>,
}

pub(crate) fn run(asked: &Asked) {
    let folder = TempDir::new().unwrap();
    let matrix = if asked.apart { Matrix::read().apart() } else { Matrix::read() };
    let mut files = Vec::new();
    for grants in asked.grants(&[10_000, 100_000], &[1_000, 10_000]) {
        let path = asked.kept.as_deref().unwrap_or(folder.path()).join(format!("{grants}.db"));
        // A file that is kept may lack some.
        let there = if path.exists() { of_file(&path, "SELECT count(*) FROM grants") as usize } else { 0 };
        if there < grants {
            let begun = Instant::now();
            drop(filled(&path, &matrix, there..grants, true));
            let rate = 2.0 * (grants - there) as f64 / begun.elapsed().as_secs_f64();
            println!("  {} grants made and extended: {rate:.0} commands/s", grants - there);
        }
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
            "  {grants} open grants: {} MB, {} B each; opened in {opened:?}  (goal: below 100 ms)",
            bytes >> 20,
            bytes / grants as u64,
        );
        let store = SqliteStore::open_with(&path, Arc::new(ManualClock::at(nine()))).unwrap();
        let store = Arc::new(store);
        let engine = Engine::over(store.clone());
        files.push(File { grants, store, engine, requests: vec![], extensions: vec![], questions: vec![] });
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
    /// One of the open grants.
    fn any(&self, dice: &mut fastrand::Rng) -> GrantId {
        let open = Filter { open: true, ..Filter::default() };
        loop {
            let after = format!("{:032x}", dice.u128(..)).parse().unwrap();
            let listed = self.store.list(&"default".parse().unwrap(), &open, Some(&after), Limit::new(1));
            if let Some(id) = listed.unwrap().grants.pop() {
                return id;
            }
        }
    }

    fn command(&mut self, n: usize, dice: &mut fastrand::Rng) {
        let begun = Instant::now();
        request(&self.engine, &format!("new-{n}-{}", dice.u32(..)), nine());
        self.requests.push(begun.elapsed().as_secs_f64());
        let id = &self.any(dice);
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
