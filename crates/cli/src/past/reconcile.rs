//! `tenure reconcile`: what targets hold, beside what a store says that they should.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tenure_past::words::counted;
use tenure_past::words::text;
use tenure_port::Call;
use tenure_port::call::{InHand, Reconcile as Ask};
use tenure_port::core::id::Integration;
use tenure_scenario::trouble::tame;

use super::{Kept, Trouble, ended, told_by};
use crate::End;
use crate::screen::{BAD, GOOD, Screen, WAITS, paint};

/// Bytes of one line: ids and names are bounded, and nothing else is on it.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// One line as it should be.
const EXAMPLE: &str = r#"{"holder": "alice", "integration": "prod-pg", "type": "database", "name": "orders", "permission": "read"}"#;

/// Do targets hold what this store says they should? Nothing is changed, and no worker is told of anything.
///
/// What they hold is read as JSON lines, one for each item in somebody's hands, in the names that effects use:
///   {"holder": "alice", "integration": "prod-pg", "type": "database", "name": "orders", "permission": "read"}
/// and `grant` beside it, where access is `ephemeral` and the account is that grant's own.
///
/// After a restore this lists what the store cannot know: access that was granted after the copy is held and not
/// granted; access that ended after the copy is granted and not held. Which is right, people must say: revoke what
/// has ended in truth, remove what nobody should have, and only then let workers take effects.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure reconcile access.db held.jsonl
  list-accounts prod-pg | tenure reconcile access.db - --integration prod-pg
  tenure reconcile access.db held.jsonl --json > difference.json

Exit status:
  0  what is held is what should be
  1  there is a difference
  2  a file could not be read, or the command line is wrong")]
pub(crate) struct Reconcile {
    #[command(flatten)]
    kept: Kept,
    /// What targets hold, a JSON object a line; `-` for standard input.
    #[arg(value_name = "HELD")]
    held: PathBuf,
    /// Only at this integration (may be given again). All of them where absent: what is not in the list is not held.
    #[arg(long = "integration", value_name = "NAME")]
    integrations: Vec<Integration>,
    /// For programs: one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(ask: &Reconcile, screen: &mut Screen) -> io::Result<End> {
    ended(told(ask, screen))
}

fn told(ask: &Reconcile, screen: &mut Screen) -> Result<End, Trouble> {
    let held = if ask.held == Path::new("-") {
        read(io::stdin().lock(), "standard input")?
    } else {
        let name = ask.held.display().to_string();
        let file = File::open(&ask.held).map_err(|why| Trouble::Unread(format!("`{name}`: {why}")))?;
        read(BufReader::new(file), &format!("`{name}`"))?
    };
    let integrations = ask.integrations.iter().cloned().collect();
    let port = ask.kept.port()?;
    // As a call, not as text: there may be more of it than a text may hold.
    let found = told_by(&port.answer(Call::Reconcile(Ask { now: None, held, integrations })).to_json())?;
    if ask.json {
        screen.json(&format!("{found:#}"))?;
    } else {
        draw(&found, screen)?;
    }
    let differs = ["held_not_granted", "granted_not_held"].iter().any(|list| !of(&found, list).is_empty());
    Ok(if differs { End::Wrong } else { End::Well })
}

fn read(mut lines: impl BufRead, name: &str) -> Result<Vec<InHand>, Trouble> {
    let mut held = Vec::new();
    let mut line = String::new();
    for number in 1_u64.. {
        let wrong = |why: &str| Trouble::Unread(format!("{name}, line {number}: {why}"));
        line.clear();
        let bytes = lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
        if bytes.map_err(|why| wrong(&why.to_string()))? == 0 {
            break;
        }
        if !line.ends_with('\n') && u64::try_from(line.len()).is_ok_and(|bytes| bytes == LINE_BYTES_MAX) {
            return Err(wrong(&format!("a line has at most {LINE_BYTES_MAX} bytes")));
        }
        if !line.trim().is_empty() {
            held.push(serde_json::from_str(&line).map_err(|why| wrong(&unread(&why)))?);
        }
    }
    Ok(held)
}

/// What is wrong with a line, and what would be right. Which line it is of the whole list is said before.
fn unread(why: &serde_json::Error) -> String {
    let words = why.to_string();
    let bare = words.split_once(" at line ").map_or(&*words, |(bare, _)| bare);
    format!("{bare} at column {}; a line is one item in somebody's hands, like {EXAMPLE}", why.column())
}

fn draw(found: &Json, screen: &mut Screen) -> io::Result<()> {
    let agree = found.get("agree").and_then(Json::as_u64).unwrap_or_default();
    let agree = usize::try_from(agree).unwrap_or(usize::MAX);
    let words = format!("✓ {} held as it should be at {}", counted(agree, "item"), text(found, "at"));
    screen.line(&paint(GOOD, &words))?;
    for surplus in of(found, "held_not_granted") {
        let words = format!("✗ held, not granted: {}: {}", item(surplus), last(surplus));
        screen.line(&paint(BAD, &words))?;
    }
    for owed in of(found, "granted_not_held") {
        let yet = if is(owed, "underway") { ", and the effect is not finished" } else { "" };
        let (by, until) = (tame(&text(owed, "by")), text(owed, "until"));
        let words = format!("✗ granted, not held: {}: under {by} until {until}{yet}", item(owed));
        screen.line(&paint(BAD, &words))?;
    }
    for before in of(found, "held_before") {
        let words = format!("○ held since before it was granted: {}: {}", item(before), last(before));
        screen.line(&paint(WAITS, &words))?;
    }
    Ok(())
}

/// Who holds what.
fn item(one: &Json) -> String {
    let parts = ["integration", "type", "name", "permission"].map(|part| text(one, part)).join("/");
    let account = text(one, "grant");
    let account = if account.is_empty() { account } else { format!(" in the account of {account}") };
    tame(&format!("{} {parts}{account}", text(one, "holder")))
}

/// How it came there, as far as it is known.
fn last(surplus: &Json) -> String {
    let Some(past) = surplus.get("last") else { return "no grant that is known here gave it".to_owned() };
    let yet = if is(past, "underway") { ", and its removal is not finished" } else { "" };
    let (grant, outcome) = (tame(&text(past, "grant")), text(past, "outcome").replace('_', " "));
    format!("{grant} was {outcome} at {}{yet}", text(past, "closed_at"))
}

fn of<'a>(found: &'a Json, list: &str) -> &'a [Json] {
    found.get(list).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn is(one: &Json, name: &str) -> bool {
    one.get(name) == Some(&json!(true))
}
