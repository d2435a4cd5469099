//! `tenure audit`: the record handed out, and checked with nothing but the public key.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value as Json, json};
use tenure_audit::{Report, Trusted, VerifierKey, verify};
use tenure_past::words::counted;
use tenure_port::core::id::Namespace;
use tenure_port::core::record::checkpoint::origin;
use tenure_port::core::record::export::VERSION;
use tenure_port::{LogKey, Signer};
use tenure_scenario::trouble::tame;

use super::{Kept, Trouble, ended, pages};
use crate::End;
use crate::screen::{BAD, GOOD, Screen, WAITS, paint};

/// Hand out the record, and check what was handed out.
#[derive(Debug, clap::Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Export(Export),
    Verify(Verify),
    Key(Key),
}

/// Print the whole record as it is handed out: a JSON value a line, each record with its hash.
///
/// It holds what people wrote, where that was not erased. Checkpoints are signed by the host, which has the key;
/// keep them where the host cannot reach them, and give them to `tenure audit verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure audit export access.db > record.jsonl
  tenure audit export access.db --namespace acme > acme.jsonl

Exit status:
  0  all of it was printed
  2  the file could not be read, or the command line is wrong")]
struct Export {
    #[command(flatten)]
    kept: Kept,
}

/// Check an export: is every record the one that was written, in its place, and do the checkpoints prove it?
///
/// Only a checkpoint that left the machine proves anything against whoever can write the store: what comes after
/// the last one is only consistent in itself, and that is said.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure audit verify record.jsonl --key audit.example.com/acme+2f3e9a10+AbCd...
  tenure audit verify record.jsonl --key KEY --checkpoint kept/2026-03-14.note

Exit status:
  0  everything in it is right
  1  something is not: the first such record is named
  2  a file could not be read, or the command line is wrong")]
struct Verify {
    /// The export.
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
    /// A public key of the log, `NAME+ID+BASE64`: today's, and those it had before.
    #[arg(long = "key", value_name = "KEY", required = true)]
    keys: Vec<VerifierKey>,
    /// A file with a checkpoint that was kept elsewhere.
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
}

/// Make a key that signs checkpoints, into a file that the host is opened with; print the public key that checks them.
///
/// The file is readable to you alone. Whoever has it can sign another history: keep it off the machine of the auditor,
/// and the checkpoints off that of the host.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure audit key audit.example.com log.key
  tenure audit key audit.example.com log.key --namespace acme

Exit status:
  0  it was made
  2  there is such a file already, it could not be written, or the command line is wrong")]
struct Key {
    /// The name of the log, such as `audit.example.com`.
    #[arg(value_name = "LOG")]
    log: String,
    /// The file to make.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The namespace whose public key is printed. The same key signs for all of them.
    #[arg(long, value_name = "NAME", default_value = "default")]
    namespace: Namespace,
}

pub(crate) fn run(ask: &Audit, screen: &mut Screen) -> io::Result<End> {
    ended(match &ask.task {
        Task::Export(ask) => export(ask, screen),
        Task::Verify(ask) => verified(ask, screen),
        Task::Key(ask) => made(ask, screen),
    })
}

fn made(ask: &Key, screen: &mut Screen) -> Result<End, Trouble> {
    let unmade = |why: &dyn std::fmt::Display| Trouble::Unread(format!("`{}`: {why}", ask.file.display()));
    let key = LogKey::random(&*ask.log).map_err(|why| unmade(&why))?;
    // A log that cannot have that name leaves no file behind.
    let text = key.secret_text().map_err(|why| Trouble::Unread(why.to_string()))?;
    let public = VerifierKey::new(origin(&ask.log, &ask.namespace), key.public_key());
    let public = public.map_err(|why| Trouble::Unread(why.to_string()))?;
    let mut file = File::options();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    let mut file = file.open(&ask.file).map_err(|why| unmade(&why))?;
    writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(|why| unmade(&why))?;
    screen.data(&public.to_string())?;
    Ok(End::Well)
}

fn export(ask: &Export, screen: &mut Screen) -> Result<End, Trouble> {
    let port = ask.kept.port()?;
    screen.json(&json!({"log": {"version": VERSION, "namespace": ask.kept.namespace}}).to_string())?;
    pages(&port, "export", "exported", |record: &Json| {
        Ok(screen.json(&json!({"record": record}).to_string())?)
    })?;
    Ok(End::Well)
}

fn verified(ask: &Verify, screen: &mut Screen) -> Result<End, Trouble> {
    let unread = |path: &PathBuf, why: io::Error| Trouble::Unread(format!("`{}`: {why}", path.display()));
    let checkpoints =
        ask.checkpoints.iter().map(|path| std::fs::read_to_string(path).map_err(|why| unread(path, why)));
    let trusted = Trusted { keys: ask.keys.clone(), checkpoints: checkpoints.collect::<Result<_, _>>()? };
    let file = File::open(&ask.export).map_err(|why| unread(&ask.export, why))?;
    match verify(BufReader::new(file), &trusted) {
        Ok(report) => {
            told(&report, screen)?;
            Ok(End::Well)
        }
        Err(finding) => {
            screen.line(&paint(BAD, &tame(&format!("✗ {finding}"))))?;
            Ok(End::Wrong)
        }
    }
}

fn told(report: &Report, screen: &mut Screen) -> io::Result<()> {
    let size = usize::try_from(report.size).unwrap_or(usize::MAX);
    let namespace = tame(report.namespace.as_str());
    let head = format!("✓ {} of `{namespace}`, each the one that was written", counted(size, "record"));
    screen.line(&paint(GOOD, &head))?;
    screen.line(&format!("  root {}", report.root))?;
    for anchor in &report.checkpoints {
        screen.line(&format!("  checkpoint over {} of {}", anchor.size, anchor.at))?;
    }
    if report.erased > 0 {
        screen.line(&format!("  erased, as is on record: the text of {}", report.erased))?;
    }
    let after = report.size.saturating_sub(report.anchored);
    if after > 0 {
        let words =
            format!("  no checkpoint proves the last {after}: they are only consistent in themselves");
        screen.line(&paint(WAITS, &words))?;
    }
    Ok(())
}
