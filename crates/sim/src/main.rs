//! Runs random worlds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use tenure_sim::auditor::Auditor;
use tenure_sim::finding::Kind;
use tenure_sim::given::Conditions;
use tenure_sim::opinions::Opinion;
use tenure_sim::progress::{Progress, rate};
use tenure_sim::run::{Report, Settings, run, shrunk};
use tenure_sim::subject::StoreKind;
use tenure_sim::tell::scenario;

/// A fifth of a run went into the allocator of the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sorts of things that are shrunk; the others are only told.
const SHRUNK_MAX: usize = 8;

/// Runs random worlds: every answer of the library beside that of an auditor, and what must always be true after
/// every step.
///
/// Exit status: 0 nothing was found, or this machine has not what it takes; 1 something was; 2 the command was not
/// understood.
#[derive(Debug, Parser)]
#[command(name = "tenure-sim", version)]
struct Args {
    /// What makes the worlds: the same seed makes the same worlds, and the same digest
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many calls
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    commands: u64,
    /// On how many threads; as many as there are cores by default
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
    /// Only the episode of that number
    #[arg(long)]
    episode: Option<u64>,
    /// Where the library keeps everything
    #[arg(long, value_enum, default_value_t)]
    store: StoreKind,
    /// Play the same on that store as well: every answer is the same there, and so is the record
    #[arg(long, value_enum)]
    beside: Option<StoreKind>,
    /// Ask the library alone
    #[arg(long)]
    no_auditor: bool,
    /// Do not look at what must always be true
    #[arg(long)]
    no_invariants: bool,
    /// Count which cells are reached, and take one that is empty though the rules can reach it for a failure
    #[arg(long)]
    coverage: bool,
    /// Tell what was found without looking for the few steps that it takes, which takes a while
    #[arg(long)]
    no_shrink: bool,
    /// Where to write what was found, as scenario files; beside the words alone by default
    #[arg(long)]
    out: Option<PathBuf>,
    /// Show how far it is
    #[arg(long)]
    progress: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    for store in [Some(args.store), args.beside].into_iter().flatten() {
        if let Err(why) = store.is_here() {
            println!("not run: random worlds on {store:?}, because {why}");
            return ExitCode::SUCCESS;
        }
    }
    let second = || -> Box<dyn Opinion> { Box::new(Auditor::new(Conditions::default())) };
    let threads = args.threads.map_or_else(cores, usize::from);
    let settings = Settings {
        seed: args.seed,
        calls: args.commands,
        episode: args.episode,
        threads,
        store: args.store,
        beside: args.beside,
        second: (!args.no_auditor).then_some(&second),
        invariants: !args.no_invariants,
        coverage: args.coverage,
    };
    let mut progress = Progress::of(args.commands, args.progress);
    let report = run(&settings, |calls| progress.tell(calls));
    let lap = progress.over();
    tell(&report);
    let threads = u64::try_from(threads).unwrap_or(1);
    println!("seconds   {:.1}", lap.as_secs_f64());
    println!("of those  {}", report.stages);
    println!("rate      {} commands a second and core, {threads} at once", rate(report.calls, lap) / threads);
    found(&settings, &report, if args.no_shrink { 0 } else { SHRUNK_MAX }, args.out.as_deref());
    let found = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
    let failed = if args.coverage { found.saturating_add(covered(&report)) } else { found };
    println!("{} passed, {failed} failed", report.episodes.saturating_sub(found));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn tell(report: &Report) {
    println!("digest    {}", report.digest);
    println!("commands  {} in {} episodes", report.calls, report.episodes);
    let share = report.accepted.saturating_mul(1_000).checked_div(report.calls).unwrap_or(0);
    println!("accepted  {}.{} %", share / 10, share % 10);
    println!("advised   {} refusals said what would pass, and were tried", report.advised);
}

/// Tells what was found, each sort of thing with the few steps that it takes.
fn found(settings: &Settings<'_>, report: &Report, most: usize, out: Option<&Path>) {
    let mut told: BTreeMap<&Kind, u64> = BTreeMap::new();
    for (episode, finding) in &report.findings {
        let times = told.entry(&finding.kind).or_default();
        *times += 1;
        if *times > 1 {
            continue;
        }
        println!("\nseed {} episode {episode} step {}: {}", settings.seed, finding.step, finding.kind);
        println!("  library:  {}", finding.library);
        println!("  expected: {}", finding.expected);
        let number = told.len();
        let Some(shrunk) = (number <= most).then(|| shrunk(settings, *episode, finding)).flatten() else {
            continue;
        };
        let story = scenario(&shrunk, settings.seed, *episode);
        match out.map(|folder| (folder, folder.join(format!("sim-{}-{episode}.yaml", settings.seed)))) {
            None => println!("{story}"),
            Some((folder, path)) => {
                match std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &story)) {
                    Ok(()) => println!("  {} steps in {}", shrunk.steps.len(), path.display()),
                    Err(error) => println!("  `{}` cannot be written: {error}\n{story}", path.display()),
                }
            }
        }
    }
    for (kind, times) in told {
        println!("{times:>6} times: {kind}");
    }
}

/// Tells which cells were reached; how many are empty, or were reached though the rules do not lead there.
fn covered(report: &Report) -> u64 {
    let (cells, events) = (report.coverage.cells(), report.coverage.events());
    println!("coverage  {} cells, {} kinds of events", cells.len(), events.len());
    let (empty, unexpected) = (report.coverage.empty_reachable(), report.coverage.unexpected());
    empty.iter().for_each(|cell| println!("  never reached: {cell}"));
    unexpected.iter().for_each(|cell| println!("  not to be reached: {cell}"));
    u64::try_from(empty.len().saturating_add(unexpected.len())).unwrap_or(u64::MAX)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
