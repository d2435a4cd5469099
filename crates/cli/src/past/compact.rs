//! `tenure compact`: what is kept beside the record of grants that are long over goes.

use std::io;

use serde_json::{Value as Json, json};
use tenure_past::words::counted;
use tenure_past::words::text;
use tenure_port::core::time::Timestamp;

use super::{Kept, Trouble, asked, ended};
use crate::End;
use crate::screen::{GOOD, Progress, Screen, paint};

/// Let go of the details of grants that ended before an instant: whatever follows from the record.
///
/// No answer changes. Every record and every hash stays, so proofs and `tenure audit verify` hold; a command that is
/// given again has its answer; a grant is made of its events again where somebody asks for it, which takes longer.
/// What a quota still looks at, what awaits its review and what has an effect that is not finished stays as it is.
///
/// Others go on meanwhile: it is done in small transactions. The room in the file is used again by what comes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure compact access.db --before 2026-01-01T00:00:00Z
  tenure compact access.db --before 2026-01-01T00:00:00Z --namespace acme --json

Exit status:
  0  done, also where nothing had ended by then
  2  the file could not be read or written, or the command line is wrong")]
pub(crate) struct Compact {
    #[command(flatten)]
    kept: Kept,
    /// Only what ended before this instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    before: Timestamp,
    /// For programs: one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(ask: &Compact, screen: &mut Screen) -> io::Result<End> {
    ended(compacted(ask, screen))
}

fn compacted(ask: &Compact, screen: &mut Screen) -> Result<End, Trouble> {
    let port = ask.kept.port_to_write()?;
    let mut call = json!({"call": "compact", "before": ask.before});
    let mut progress = Progress::new();
    let mut all = 0_u64;
    let before = loop {
        let done = asked(&port, &call)?;
        all = all.saturating_add(done.get("compacted").and_then(Json::as_u64).unwrap_or_default());
        let Some(next) = done.get("next") else { break text(&done, "before") };
        progress.say(&format!("{all}, up to {}", tenure_scenario::trouble::tame(&text(&done, "next"))));
        if let Some(fields) = call.as_object_mut() {
            fields.insert("after".to_owned(), next.clone());
        }
    };
    drop(progress);
    if ask.json {
        screen.json(&format!("{:#}", json!({"before": before, "compacted": all})))?;
        return Ok(End::Well);
    }
    let grants = counted(usize::try_from(all).unwrap_or(usize::MAX), "grant");
    screen.line(&paint(GOOD, &format!("✓ {grants} compacted that ended before {before}")))?;
    if before.parse().is_ok_and(|before: Timestamp| before < ask.before) {
        screen.line("  what came later is still looked at by a quota, or is still to come")?;
    }
    Ok(End::Well)
}
