//! Starts the portal: `tenure-portal --help` says how.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use clap::Parser;
use tenure::tenure_core::id::SystemName;
use tenure::tenure_postgres::Options;
use tenure::{Actor, Clock, Engine, Policy, PostgresStore, SqliteStore, Store, SystemClock};
use tenure_portal::clock::RunningClock;
use tenure_portal::notices::{Elsewhere, Ways};
use tenure_portal::people::Book;
use tenure_portal::session::Sessions;
use tenure_portal::sign_in::dev::PickAPerson;
use tenure_portal::worker::{Ledger, Worker};
use tenure_portal::{Parts, Portal, demo, router};
use tokio::net::TcpListener;

/// A portal for people: ask for access, approve it, and extend it with one click before it ends.
///
/// Without arguments it is a demo: a policy, six people and a short story under way, in a file that goes with it.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where it listens. Port 0 is any that is free; the address is printed.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keep what happens in this SQLite file, and go on with it the next time.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Keep it in a PostgreSQL database instead.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    postgres: Option<String>,
    /// The namespace: one tenant's policy, people and record.
    #[arg(long, value_name = "NAME", default_value = "main")]
    namespace: String,
    /// Let time run so many times as fast, since the store was begun or the demo's story was told.
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// Put this policy in force, a file or a folder, instead of the demo's with its story.
    #[arg(long, value_name = "PATH", requires = "people")]
    policy: Option<PathBuf>,
    /// Who is who, and what there is: a JSON document as `demo/people.json`.
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Keep in this file who is signed in; with `--data FILE` that is `FILE.sessions`.
    #[arg(long, value_name = "FILE")]
    sessions: Option<PathBuf>,
    /// It is reached by https, through something in front of it: cookies then travel no other way.
    #[arg(long)]
    https: bool,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

type Trouble = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("tenure-portal: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> Result<(), Trouble> {
    let now = SystemClock.now();
    let clock = Arc::new(RunningClock::since(now, arguments.speed));
    // What nobody wants kept goes with the program.
    let (store, _folder) = store(arguments, &clock)?;
    let engine = Engine::over(store).namespace(&arguments.namespace)?;
    let book = match &arguments.people {
        Some(file) => Book::from_json(&std::fs::read_to_string(file)?)?,
        None => Book::from_json(demo::PEOPLE)?,
    };
    match (&arguments.policy, demo::began(&engine)?) {
        (Some(path), began) => {
            // A clock that runs fast goes on where it was.
            clock.run_since(began.unwrap_or(now), arguments.speed);
            engine.publish(&Policy::from_path(path)?, system("portal")?, engine.clock())?;
        }
        (None, None) => demo::tell(&engine, &clock, now, arguments.speed)?,
        (None, Some(began)) => clock.run_since(began.plus(demo::STORY), arguments.speed),
    }
    let portal = Portal::new(Parts {
        engine,
        speed: arguments.speed,
        directory: Arc::new(book),
        sign_in: Arc::new(PickAPerson),
        sessions: Sessions::open(sessions_file(arguments), arguments.https)?,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind(arguments.listen))?;
    let Ways { handlers, routes } =
        arguments.elsewhere.ways(&portal, &format!("http://{}", listener.local_addr()?))?;
    let worker = Worker::start(portal.clone(), Ledger::default(), handlers);
    let served = runtime.block_on(serve(portal, routes, listener));
    worker.stop();
    served
}

/// The store that the arguments name, and the folder that goes when the program does.
fn store(
    arguments: &Arguments,
    clock: &Arc<RunningClock>,
) -> Result<(Arc<dyn Store>, Option<tempfile::TempDir>), Trouble> {
    if let Some(url) = &arguments.postgres {
        // A story has a clock of its own; otherwise the server's is the one that all hosts share.
        let store = match &arguments.policy {
            Some(_) => PostgresStore::open(url)?,
            None => PostgresStore::open_with_clock(url, Options::default(), clock.clone())?,
        };
        return Ok((Arc::new(store), None));
    }
    let (file, folder) = match &arguments.data {
        Some(file) => (file.clone(), None),
        None => {
            let folder = tempfile::tempdir()?;
            (folder.path().join("access.db"), Some(folder))
        }
    };
    Ok((Arc::new(SqliteStore::open_with(file, clock.clone())?), folder))
}

async fn serve(portal: Portal, besides: Router, listener: TcpListener) -> Result<(), Trouble> {
    println!("tenure-portal: http://{}", listener.local_addr()?);
    let hub = portal.clone();
    let ended = async move {
        told_to_end().await;
        // Streams never end by themselves.
        hub.hub().close();
    };
    axum::serve(listener, router(portal).merge(besides)).with_graceful_shutdown(ended).await?;
    Ok(())
}

/// Waits until somebody presses Ctrl-C, or the system asks for the end.
async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
            return;
        }
    }
    let _pressed = interrupted.await;
}

/// Where sessions are kept: beside the data, where that is kept in a file.
fn sessions_file(arguments: &Arguments) -> Option<PathBuf> {
    let beside = |data: &PathBuf| {
        let mut name = data.clone().into_os_string();
        name.push(".sessions");
        PathBuf::from(name)
    };
    arguments.sessions.clone().or_else(|| arguments.data.as_ref().map(beside))
}

/// The portal itself, as who puts the policy in force that it was started with.
fn system(name: &str) -> Result<Actor, Trouble> {
    Ok(Actor::System(SystemName::new(name)?))
}
