//! What the store in a file costs: how fast commands become durable, how much room they take, and what is left of the
//! speed where a million grants are open.
//!
//! `cargo bench -p tenure-bench --bench durable` makes all parts, each with the flushes of the same minute beside it.
//! Behind `--` it may be told which parts (`speed`, `size`, `scale`, `sweep`), how many grants a part has
//! (`--grants 10000,1000000`), that each open grant is somebody else's (`--apart`), where files
//! with open grants are kept and found again (`--keep FOLDER`: a million take long), and to be brief (`--quick`). Who holds what is a matrix that is made up, or one of pairs
//! of numbers, a user and a permission a line, in the file that `TENURE_MATRIX` names.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark measures time and has nothing to say where it cannot be set up"
)]

mod bare;
mod lives;
mod matrix;
mod scale;
mod speed;
mod sweep;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tenure::tenure_policy::document::Format;
use tenure::{Engine, ManualClock, Person, Policy, Request, ResourceId, SqliteStore, Timestamp};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: prod-pg, permissions: ['*']}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    extension: {times: 20, span: {default: 30m}}
";
const FLUSHES: usize = 60;

/// One part.
type Run = fn(&Asked);

/// What is asked of a run.
pub(crate) struct Asked {
    pub(crate) quick: bool,
    /// Whether each of many open grants is somebody else's.
    pub(crate) apart: bool,
    /// Where files with many open grants are kept, and found again.
    pub(crate) kept: Option<PathBuf>,
    parts: Vec<String>,
    grants: Vec<usize>,
}

fn main() {
    let mut asked = Asked { quick: false, apart: false, kept: None, parts: Vec::new(), grants: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--bench" => {}
            "--quick" => asked.quick = true,
            "--apart" => asked.apart = true,
            "--keep" => asked.kept = words.next().map(PathBuf::from),
            "--grants" => {
                let numbers = words.next().unwrap_or_default();
                asked.grants = numbers.split(',').map(|number| number.parse().unwrap()).collect();
            }
            part => asked.parts.push(part.to_owned()),
        }
    }
    let wanted = |part: &str| asked.parts.is_empty() || asked.parts.iter().any(|wanted| wanted == part);
    let parts: [(&str, Run); 4] =
        [("speed", speed::run), ("size", lives::run), ("scale", scale::run), ("sweep", sweep::run)];
    for (part, run) in parts.into_iter().filter(|(part, _)| wanted(part)) {
        let begun = Instant::now();
        println!("{part}");
        run(&asked);
        println!("  ({:.0} s)", begun.elapsed().as_secs_f64());
    }
}

impl Asked {
    /// How many grants a part has: as told, or these, or briefly those.
    pub(crate) fn grants(&self, usual: &[usize], brief: &[usize]) -> Vec<usize> {
        if self.grants.is_empty() {
            if self.quick { brief } else { usual }.to_vec()
        } else {
            self.grants.clone()
        }
    }
}

/// How long a flush of 4 KiB takes now: the median, and how many are made a second.
pub(crate) fn flush(folder: &Path) -> (Duration, f64) {
    let mut file = File::create(folder.join("flush")).unwrap();
    let mut times = Vec::new();
    let begun = Instant::now();
    for _ in 0..FLUSHES {
        let flush = Instant::now();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&[7; 4096]).unwrap();
        file.sync_all().unwrap();
        times.push(flush.elapsed().as_secs_f64());
    }
    (Duration::from_secs_f64(median(times)), FLUSHES as f64 / begun.elapsed().as_secs_f64())
}

pub(crate) fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// An engine on a new file, with a policy in force.
pub(crate) fn engine(path: &Path, policy: &str) -> (Engine, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(nine()));
    let engine = Engine::new(SqliteStore::open_with(path, clock.clone()).unwrap());
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(policy, Format::Yaml).unwrap(), admin, nine()).unwrap();
    (engine, clock)
}

pub(crate) fn orders() -> ResourceId {
    ResourceId {
        integration: "prod-pg".parse().unwrap(),
        kind: "database".into(),
        name: "prod-orders".into(),
    }
}

/// Asks for access under the flow that approves at once.
pub(crate) fn request(engine: &Engine, name: &str, now: Timestamp) {
    let person = Person::new(format!("person-{name}").parse().unwrap());
    engine.request(Request::new("db", &person).item(orders().permission("read")), now).unwrap();
}

/// Writes what is still in the log over into the file, and tells how large that is.
pub(crate) fn size(path: &Path) -> u64 {
    let file = rusqlite::Connection::open(path).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    std::fs::metadata(path).unwrap().len()
}

/// A number that a file says.
pub(crate) fn of_file(path: &Path, sql: &str) -> f64 {
    let file = rusqlite::Connection::open(path).unwrap();
    file.query_row(&format!("SELECT CAST(({sql}) AS REAL)"), [], |row| row.get(0)).unwrap()
}

/// How many bytes each table and index of a file takes, the largest first.
pub(crate) fn sizes(path: &Path) -> Vec<(String, f64)> {
    let file = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT name, CAST(pgsize AS REAL) FROM dbstat WHERE aggregate = 1 ORDER BY pgsize DESC";
    let mut statement = file.prepare(sql).unwrap();
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    found.map(Result::unwrap).collect()
}

/// Commits that stand in the log beside a file, as long as nothing of it was taken over.
pub(crate) fn commits(path: &Path) -> usize {
    let log = std::fs::read(path.with_extension("db-wal")).unwrap();
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let salt = &log[16..24];
    let frames = log[32..].chunks_exact(24 + page);
    // Other salts are of frames from before.
    frames.filter(|frame| frame[8..16] == *salt && frame[4..8] != [0; 4]).count()
}

pub(crate) fn median(all: Vec<f64>) -> f64 {
    part_of(all, 0.5)
}

/// What that part of them stays below.
pub(crate) fn part_of(mut all: Vec<f64>, part: f64) -> f64 {
    all.sort_by(f64::total_cmp);
    all[((all.len() - 1) as f64 * part) as usize]
}
