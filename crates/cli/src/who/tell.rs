//! Who could do what, told to people: a table a flow.

use std::collections::BTreeMap;
use std::io;

use tenure_port::core::flow::target::{Permissions, Target};
use tenure_port::policy::problem::tame;

use super::{Answer, Approvers, Emergency, Filled, InVain, Offer};
use crate::screen::{BAD, BOLD, DIM, GOOD, Screen, WAITS, column, paint, wrap};

/// Names of one row that are shown; the rest is counted, and machines are told all.
const NAMES_SHOWN: usize = 40;
/// Requests of one flow that nobody could approve and that are shown.
const IN_VAIN_SHOWN: usize = 20;
/// How wide the left column is.
const LEFT: usize = 13;

pub(super) fn text(answers: &[Answer], screen: &mut Screen) -> io::Result<()> {
    for answer in answers {
        one(answer, screen)?;
        screen.line("")?;
    }
    let in_vain: usize = answers.iter().map(|answer| answer.nobody.len()).sum();
    let asked = answers.iter().any(|answer| {
        let taken = answer.break_glass.as_ref().is_some_and(|glass| !glass.could_break.is_empty());
        taken || !answer.could_ask.is_empty() || !answer.on_behalf.is_empty()
    });
    let words = match in_vain {
        0 if !asked => paint(WAITS, "nobody could ask for anything"),
        0 => paint(GOOD, "somebody could approve every request"),
        1 => paint(BAD, "1 request that nobody could ever approve"),
        more => paint(BAD, &format!("{more} requests that nobody could ever approve")),
    };
    screen.line(&words)?;
    let hint = "conditions, hours, limits, reasons and logins were not looked at";
    screen.line(&paint(DIM, hint))
}

fn one(answer: &Answer, screen: &mut Screen) -> io::Result<()> {
    let title = answer.title.as_deref().map(tame).unwrap_or_default();
    screen.line(format!("{}  {title}", paint(BOLD, &answer.flow)).trim_end())?;
    if answer.withdrawn {
        return row(screen, "", &["withdrawn: nothing can be asked".to_owned()]);
    }
    let mut asks = listed(&answer.could_ask);
    asks.extend(answer.on_behalf.iter().map(|(by, holders)| format!("{} for {}", tame(by), names(holders))));
    row(screen, "could ask", &or_nobody(asks))?;
    let offers: Vec<String> = answer.offers.iter().map(offer).collect();
    let nothing = if answer.guarded.is_empty() { "nothing that the file names" } else { "nothing" };
    let offers = if offers.is_empty() { vec![nothing.to_owned()] } else { offers };
    row(screen, "for", &offers)?;
    if !answer.guarded.is_empty() {
        let words = "which people must approve, and nobody does under this flow".to_owned();
        let guarded: Vec<String> = answer.guarded.iter().map(offer).chain([words]).collect();
        row(screen, "not for", &guarded)?;
    }
    let closed = answer.offers.is_empty() && !answer.guarded.is_empty();
    if closed {
        return Ok(());
    }
    let mut approve = Vec::new();
    if answer.automatic {
        approve.push("nobody needs to".to_owned());
    }
    for approvers in &answer.could_approve {
        approve.extend(lists(approvers));
    }
    if answer.fast_lane {
        approve.push("or nobody needs to, where the fast lane is open".to_owned());
    }
    row(screen, "could approve", &approve)?;
    if let Some(emergency) = &answer.break_glass {
        row(screen, "break glass", &or_nobody(listed(&emergency.could_break)))?;
        row(screen, "could review", &or_nobody(emergency.reviewers()))?;
    }
    let shown: Vec<String> =
        answer.nobody.iter().take(IN_VAIN_SHOWN).map(|one| one.words(answer.fast_lane)).collect();
    let unreviewed = answer.break_glass.as_ref().and_then(Emergency::words);
    let more = answer.nobody.len().saturating_sub(shown.len());
    let more = (more > 0).then(|| format!("and {more} more"));
    let shown: Vec<String> = shown.into_iter().chain(more).chain(unreviewed).collect();
    if shown.is_empty() { Ok(()) } else { warned(screen, &shown) }
}

/// A row: what it is about on the left, and each thing on a line or more of its own.
fn row(screen: &mut Screen, left: &str, right: &[String]) -> io::Result<()> {
    let mut left = left;
    for words in right {
        for line in wrap(words, screen.width.saturating_sub(LEFT + 4)) {
            let line = format!("  {}  {line}", column(DIM, left, LEFT));
            screen.line(line.trim_end())?;
            left = "";
        }
    }
    Ok(())
}

fn warned(screen: &mut Screen, lines: &[String]) -> io::Result<()> {
    for words in lines {
        for (number, line) in wrap(words, screen.width.saturating_sub(4)).iter().enumerate() {
            let mark = if number == 0 { paint(BAD, "✗") } else { " ".to_owned() };
            screen.line(&format!("  {mark} {}", paint(WAITS, line)))?;
        }
    }
    Ok(())
}

fn or_nobody(rows: Vec<String>) -> Vec<String> {
    if rows.is_empty() { vec!["nobody".to_owned()] } else { rows }
}

/// All of them in one line, where there are any.
fn listed(all: &[String]) -> Vec<String> {
    if all.is_empty() { Vec::new() } else { vec![names(all)] }
}

fn names(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| tame(name)).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn offer(offer: &Offer) -> String {
    let permissions: Vec<String> = offer.permissions.iter().map(|name| tame(name)).collect();
    let permissions = match permissions.as_slice() {
        [any] if any == "*" => "any permission".to_owned(),
        named => named.join(", "),
    };
    format!("{}: {permissions}", tame(&offer.resource))
}

/// What a policy says of its targets, where no resources are known.
pub(super) fn target(target: &Target) -> Offer {
    let mut words: Vec<String> = target.integration.iter().map(ToString::to_string).collect();
    words.extend(target.kind.clone());
    if !target.names.is_empty() {
        words.push(target.names.iter().map(|glob| glob.as_str()).collect::<Vec<_>>().join(" or "));
    }
    words.extend(target.labels.iter().map(|(label, value)| format!("{label}={value}")));
    let left_out = target.except.names.iter().map(|glob| glob.as_str().to_owned());
    let left_out =
        left_out.chain(target.except.labels.iter().map(|(label, value)| format!("{label}={value}")));
    words.extend(left_out.map(|one| format!("not {one}")));
    let permissions = match &target.permissions {
        Permissions::Any => vec!["*".to_owned()],
        Permissions::Named(names) => names.clone(),
    };
    Offer { resource: words.join(", "), permissions }
}

fn lists(approvers: &Approvers) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, list) in approvers.lists.iter().enumerate() {
        if number > 0 {
            lines.push("or".to_owned());
        }
        let of = approvers.resource.as_deref().map(|name| format!("{}: ", tame(name))).unwrap_or_default();
        lines.extend(list.iter().map(|filled| format!("{of}{}", filled.words())));
    }
    lines
}

/// People, managers each for their own, and owners.
fn all(people: &[String], managers: &BTreeMap<String, Vec<String>>, owner: bool) -> Vec<String> {
    let mut who = listed(people);
    who.extend(managers.iter().map(|(manager, holders)| format!("{} for {}", tame(manager), names(holders))));
    if owner {
        who.push("whoever owns all that is asked for".to_owned());
    }
    who
}

impl Emergency {
    fn reviewers(&self) -> Vec<String> {
        all(&self.could_review, &self.managers, self.owner)
    }

    /// Whom nobody could review: their next emergency would find the glass shut.
    fn words(&self) -> Option<String> {
        let taken = (!self.unreviewed.is_empty()).then(|| names(&self.unreviewed))?;
        Some(format!("nobody could review what {taken} took in an emergency"))
    }
}

impl Filled {
    fn words(&self) -> String {
        let who = all(&self.people, &self.managers, self.owner);
        let who = if who.is_empty() { "nobody".to_owned() } else { who.join("; ") };
        let needed = if self.needed == 1 { String::new() } else { format!(", {} of", self.needed) };
        format!("{}{needed}: {who}", tame(&self.step))
    }
}

impl InVain {
    fn words(&self, fast_lane: bool) -> String {
        let (requester, holder) = (tame(&self.requester), tame(&self.holder));
        let asks = if self.requester == self.holder {
            format!("nobody could approve what {holder} asks for")
        } else {
            format!("nobody could approve what {requester} asks for {holder}")
        };
        let of = self.resource.as_deref().map(|name| format!(" on {}", tame(name))).unwrap_or_default();
        let step = match &self.step {
            Some(step) => format!("`{}` takes {}", tame(step), self.needed),
            None => format!("the steps take {} different people together", self.needed),
        };
        let left = match self.left.as_slice() {
            [] => "nobody is left".to_owned(),
            [only] => format!("only {} is left", tame(only)),
            more => format!("only {} are left", names(more)),
        };
        let unless = if fast_lane { " (unless the fast lane is open)" } else { "" };
        format!("{asks}{of}: {step}, and {left}{unless}")
    }
}
