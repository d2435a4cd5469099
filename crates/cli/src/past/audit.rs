//! `tenure audit`: the record handed out, and checked with nothing but the public key.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value as Json, json};
use tenure_audit::{Report, Trusted, VerifierKey, verify};
use tenure_past::words::counted;
use tenure_port::core::record::export::VERSION;
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

pub(crate) fn run(ask: &Audit, screen: &mut Screen) -> io::Result<End> {
    ended(match &ask.task {
        Task::Export(ask) => export(ask, screen),
        Task::Verify(ask) => verified(ask, screen),
    })
}

fn export(ask: &Export, screen: &mut Screen) -> Result<End, Trouble> {
    let port = ask.kept.port()?;
    screen.line(&json!({"log": {"version": VERSION, "namespace": ask.kept.namespace}}).to_string())?;
    pages(&port, "export", "exported", |record: &Json| {
        Ok(screen.line(&json!({"record": record}).to_string())?)
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
