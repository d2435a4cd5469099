//! `tenure doctor`: whether a store is whole, and whether all that it says follows from its record.

use std::io;

use serde_json::{Value as Json, json};
use tenure_port::core::grant::Enforcement;
use tenure_port::core::id::Namespace;
use tenure_port::{Findings, Part};
use tenure_scenario::trouble::tame;

use super::{Kept, Opened, Trouble, ended};
use crate::End;
use crate::screen::{BAD, GOOD, Progress, Screen, WAITS, paint};

/// Grants that are named of those that wait for their targets; the rest is counted.
const NAMED: usize = 10;

/// Is this store whole? Its pages, its record and the tree over it, and whether every grant, index and deadline
/// follows from the record. Nothing is written, and nobody is held up.
///
/// Of a database, the server looks after the pages. Lines that wait for their place in the record and cannot be read are told.
///
/// Grants that are closed and not yet removed at their targets are told; they are wrong where an effect is stuck.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure doctor access.db
  tenure doctor access.db --namespace acme
  tenure doctor access.db --json
  tenure doctor postgres://db/access

Exit status:
  0  the store is whole, and no effect is stuck
  1  something is wrong: the first such thing of each part is named
  2  the store could not be read, or the command line is wrong")]
pub(crate) struct Doctor {
    #[command(flatten)]
    kept: Kept,
    /// For programs: one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(ask: &Doctor, screen: &mut Screen) -> io::Result<End> {
    ended(told(ask, screen))
}

fn told(ask: &Doctor, screen: &mut Screen) -> Result<End, Trouble> {
    let store = ask.kept.store()?;
    let namespace = Namespace::new(&ask.kept.namespace).map_err(|why| Trouble::Unread(why.to_string()))?;
    let mut progress = Progress::new();
    let mut told = |part, rows| progress.say(&format!("{}: {rows}", name(part)));
    let examined = match store {
        Opened::File(store) => store.examine(&namespace, &mut told),
        Opened::Database(store) => store.examine(&namespace, &mut told),
    };
    drop(progress);
    let findings = examined.map_err(|fault| Trouble::Unread(fault.to_string()))?;
    if ask.json {
        screen.json(&format!("{:#}", to_json(&findings)))?;
    } else {
        draw(&findings, screen)?;
    }
    let whole = findings.parts.iter().all(|part| part.wrong.is_none());
    let stuck = findings.unconfirmed.iter().any(|waits| is_stuck(waits.enforcement));
    Ok(if whole && !stuck { End::Well } else { End::Wrong })
}

const fn name(part: Part) -> &'static str {
    match part {
        Part::File => "pages of the file",
        Part::Record => "records and their tree",
        Part::Waiting => "lines that wait for their place in the record",
        Part::Grants => "grants as their events say",
        Part::Open => "open grants by flow, item and integration",
        Part::Spans => "who holds what until when",
        Part::Awaited => "people and what comes due of theirs",
    }
}

const fn is_stuck(enforcement: Enforcement) -> bool {
    match enforcement {
        Enforcement::StuckApplying | Enforcement::StuckRemoving => true,
        Enforcement::None
        | Enforcement::Removed
        | Enforcement::Applied
        | Enforcement::Applying
        | Enforcement::Removing => false,
    }
}

const fn waits(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::StuckApplying => "stuck: it could not be given",
        Enforcement::StuckRemoving => "stuck: it is closed and could not be removed",
        Enforcement::Removing => "closed, and not yet removed",
        Enforcement::None | Enforcement::Removed | Enforcement::Applied | Enforcement::Applying => {
            "confirmed"
        }
    }
}

fn draw(findings: &Findings, screen: &mut Screen) -> io::Result<()> {
    for part in &findings.parts {
        match &part.wrong {
            None => screen.line(&format!("{} {}: {}", paint(GOOD, "✓"), name(part.part), part.looked_at))?,
            Some(wrong) => screen.line(&paint(BAD, &format!("✗ {}: {}", name(part.part), tame(wrong))))?,
        }
    }
    let (stuck, slow): (Vec<_>, Vec<_>) =
        findings.unconfirmed.iter().partition(|waits| is_stuck(waits.enforcement));
    for (found, style, mark) in [(&stuck, BAD, "✗"), (&slow, WAITS, "○")] {
        for one in found.iter().take(NAMED) {
            let words =
                format!("{mark} {} since {}: {}", tame(&one.grant), one.since, waits(one.enforcement));
            screen.line(&paint(style, &words))?;
        }
        if found.len() > NAMED {
            screen.line(&paint(style, &format!("{mark} and {} more", found.len().saturating_sub(NAMED))))?;
        }
    }
    if findings.unconfirmed.is_empty() {
        screen.line(&format!(
            "{} no effect is stuck, and nothing that is closed is still there",
            paint(GOOD, "✓")
        ))?;
    }
    Ok(())
}

fn to_json(findings: &Findings) -> Json {
    let part = |part: &tenure_port::Examined| json!({"part": name(part.part), "looked_at": part.looked_at, "wrong": part.wrong});
    let waits = |one: &tenure_port::Unconfirmed| json!({"grant": one.grant, "enforcement": one.enforcement, "since": one.since});
    json!({
        "parts": findings.parts.iter().map(part).collect::<Vec<_>>(),
        "unconfirmed": findings.unconfirmed.iter().map(waits).collect::<Vec<_>>(),
    })
}
