//! Starts the portal: `tenure-portal --help` says how.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use clap::Parser;
use tenure::tenure_core::id::SystemName;
use tenure::tenure_postgres::Options;
use tenure::{Actor, Clock, Engine, Level, LogKey, Policy, PostgresStore, SqliteStore, Store, SystemClock};
use tenure_portal::clock::RunningClock;
use tenure_portal::notices::{Elsewhere, Ways};
use tenure_portal::people::Book;
use tenure_portal::session::Sessions;
use tenure_portal::sign_in::SignIn;
use tenure_portal::sign_in::dev::PickAPerson;
use tenure_portal::sign_in::oidc::{Oidc, Settings};
use tenure_portal::site::Site;
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
    #[arg(long, value_name = "NAME", default_value = "default")]
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
    /// Sign people in with this OpenID Connect issuer, and not by picking who they are.
    #[arg(long, value_name = "URL", requires_all = ["client_id", "url"])]
    issuer: Option<String>,
    /// What the portal is called there.
    #[arg(long, value_name = "ID", requires = "issuer")]
    client_id: Option<String>,
    /// A file with the portal's secret there, where it has one.
    #[arg(long, value_name = "FILE", requires = "issuer")]
    client_secret: Option<PathBuf>,
    /// Where people reach the portal: `https://access.example.com`. Links in notices begin with it, the issuer sends people
    /// back there, and forms are taken from its pages alone. With https, cookies travel no other way.
    #[arg(long, value_name = "URL")]
    url: Option<Site>,
    /// What the issuer calls a level of login, as in `--acr urn:example:mfa=aal2`. Without any, levels are called as here.
    #[arg(long, value_name = "ACR=LEVEL", value_parser = acr, requires = "issuer")]
    acr: Vec<(String, Level)>,
    /// The 32 secret bytes that checkpoints of the record are signed with; made where the file is not there. With
    /// `--data FILE` that is `FILE.log-key`.
    #[arg(long, value_name = "FILE")]
    log_key: Option<PathBuf>,
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
        sign_in: sign_in(arguments)?,
        sessions: Sessions::open(
            sessions_file(arguments),
            arguments.url.as_ref().is_some_and(Site::is_https),
        )?,
        log: Arc::new(LogKey::new("tenure-portal", &log_secret(arguments)?)),
        site: arguments.url.clone(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind(arguments.listen))?;
    let listening = format!("http://{}", listener.local_addr()?);
    let base = arguments.url.as_ref().map_or(&*listening, Site::origin);
    let Ways { handlers, routes } = arguments.elsewhere.ways(&portal, base)?;
    let worker = Worker::start(portal.clone(), Ledger::default(), handlers);
    let served = runtime.block_on(serve(portal, routes, listener));
    worker.stop();
    served
}

/// How people prove who they are.
fn sign_in(arguments: &Arguments) -> Result<Arc<dyn SignIn>, Trouble> {
    let (Some(issuer), Some(client), Some(url)) = (&arguments.issuer, &arguments.client_id, &arguments.url)
    else {
        // Whoever reaches it would be whoever they like.
        if !arguments.listen.ip().is_loopback() {
            let address = arguments.listen;
            let words = "and there people sign in by picking who they are: name an `--issuer`, or listen on 127.0.0.1";
            return Err(format!("it would listen on {address}, where others reach it, {words}").into());
        }
        return Ok(Arc::new(PickAPerson));
    };
    let secret = arguments.client_secret.as_ref().map(std::fs::read_to_string).transpose()?;
    let levels = arguments.acr.iter().cloned().collect::<BTreeMap<_, _>>();
    Ok(Arc::new(Oidc::new(Settings {
        issuer: issuer.clone(),
        client: client.clone(),
        secret: secret.map(|secret| secret.trim_end().to_owned()),
        callback: format!("{}/sign-in/callback", url.origin()),
        levels: if levels.is_empty() { Settings::own_levels() } else { levels },
    })))
}

/// What an issuer calls a level.
fn acr(text: &str) -> Result<(String, Level), String> {
    let wrong = || "it is written ACR=LEVEL, and a level is aal1, aal2 or aal3".to_owned();
    let (acr, name) = text.rsplit_once('=').ok_or_else(wrong)?;
    let level = Settings::own_levels().get(name).copied().ok_or_else(wrong)?;
    Ok((acr.to_owned(), level))
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
    arguments.sessions.clone().or_else(|| beside(arguments, ".sessions"))
}

/// The secret of the key that checkpoints are signed with. Without a file it goes with the program, and so does the
/// worth of its checkpoints.
fn log_secret(arguments: &Arguments) -> Result<[u8; 32], Trouble> {
    let file = arguments.log_key.clone().or_else(|| beside(arguments, ".log-key"));
    match &file {
        Some(file) if file.exists() => {
            let bytes = std::fs::read(file)?;
            bytes.try_into().map_err(|_| format!("`{}` does not hold 32 bytes", file.display()).into())
        }
        Some(_) | None => {
            let mut secret = [0_u8; 32];
            getrandom::fill(&mut secret).map_err(|why| format!("no random bytes: {why}"))?;
            file.map_or(Ok(()), |file| keep_secret(&file, &secret))?;
            Ok(secret)
        }
    }
}

/// Writes what nobody else may read.
fn keep_secret(file: &Path, secret: &[u8]) -> Result<(), Trouble> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(file)?.write_all(secret)?)
}

/// A file beside the data, where that is kept in one.
fn beside(arguments: &Arguments, ending: &str) -> Option<PathBuf> {
    let mut name = arguments.data.clone()?.into_os_string();
    name.push(ending);
    Some(PathBuf::from(name))
}

/// The portal itself, as who puts the policy in force that it was started with.
fn system(name: &str) -> Result<Actor, Trouble> {
    Ok(Actor::System(SystemName::new(name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn how(words: &[&str]) -> Result<(), String> {
        let arguments =
            Arguments::try_parse_from([&["tenure-portal"], words].concat()).map_err(|bad| bad.to_string())?;
        sign_in(&arguments).map(|_| ()).map_err(|trouble| trouble.to_string())
    }

    #[test]
    fn nobody_picks_who_they_are_where_others_reach_it() {
        assert_eq!(how(&[]), Ok(()));
        assert_eq!(how(&["--listen", "[::1]:0"]), Ok(()));
        for address in ["0.0.0.0:8080", "[::]:80", "192.0.2.7:8080"] {
            assert!(how(&["--listen", address]).unwrap_err().contains("--issuer"), "{address}");
        }
        let issuer = [
            "--listen",
            "0.0.0.0:8080",
            "--issuer",
            "https://id.example.com",
            "--client-id",
            "tenure",
            "--url",
            "https://access.example.com",
        ];
        assert_eq!(how(&issuer), Ok(()));
    }

    #[test]
    fn what_is_said_of_an_issuer_needs_one() {
        for words in [["--client-id", "tenure"], ["--client-secret", "file"], ["--acr", "gold=aal2"]] {
            assert!(how(&words).unwrap_err().contains("--issuer"), "{words:?}");
        }
    }
}
