//! The corpus of the project and its examples: one line a scenario, every failure shown, and for every
//! refusal that a verb can give a scenario in which it gives it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::run::Stage;
use tenure_scenario::story::Scenario;
use tenure_scenario::{Told, tell};

/// What each verb can be refused with, in the order in which that is checked. A row is what `explain`
/// lists for the verb: a test says so, and another one that no cell is without a scenario.
///
/// `effect.unknown` and `effect.not_leased` answer a worker's report. The worker of a story reports what
/// it holds, so no story reaches them; the engine's own tests do.
const REACHABLE: &[(&str, &[&str])] = &[
    (
        "request",
        &[
            "command.reused",
            "grant.exists",
            "flow.unknown",
            "requester.not_allowed",
            "person.not_eligible",
            "flow.withdrawn",
            "request.empty",
            "request.too_large",
            "scope.not_in_flow",
            "condition.unmet",
            "condition.failed",
            "guard.unmet",
            "conflict.held",
            "break_glass.not_allowed",
            "break_glass.review_due",
            "approval.nobody",
            "limit.open_per_person",
            "limit.open_per_item",
            "limit.open_total",
            "limit.requests",
            "start.in_past",
            "start.too_far",
            "duration.too_short",
            "duration.too_long",
            "hours.closed",
            "reason.missing",
            "reason.malformed",
            "mfa.missing",
            "mfa.stale",
        ],
    ),
    (
        "approve",
        &[
            "command.reused",
            "grant.unknown",
            "approval.own",
            "approval.not_approver",
            "request.closed",
            "approval.repeated",
            "approval.not_awaited",
            "approval.stale",
            "flow.withdrawn",
            "request.too_large",
            "condition.unmet",
            "condition.failed",
            "approval.longer",
            "approval.wider",
            "approval.empty",
            "reason.missing",
            "mfa.missing",
            "mfa.stale",
            "person.not_eligible",
            "conflict.held",
        ],
    ),
    (
        "deny",
        &[
            "command.reused",
            "grant.unknown",
            "approval.own",
            "approval.not_approver",
            "request.closed",
            "approval.repeated",
            "approval.stale",
            "request.too_large",
            "condition.unmet",
            "condition.failed",
            "reason.missing",
            "mfa.missing",
            "mfa.stale",
        ],
    ),
    (
        "withdraw",
        &["command.reused", "grant.unknown", "actor.not_allowed", "request.closed", "request.too_large"],
    ),
    (
        "erase",
        &["command.reused", "grant.unknown", "actor.not_allowed", "erasure.too_early", "request.too_large"],
    ),
    (
        "activate",
        &[
            "command.reused",
            "grant.unknown",
            "actor.not_allowed",
            "grant.expired",
            "grant.not_active",
            "request.too_large",
            "person.not_eligible",
            "condition.unmet",
            "condition.failed",
            "conflict.held",
            "hours.closed",
            "mfa.missing",
            "mfa.stale",
        ],
    ),
    (
        "extend",
        &[
            "command.reused",
            "grant.unknown",
            "extension.not_holder",
            "grant.not_active",
            "grant.expired",
            "extension.stale",
            "flow.withdrawn",
            "extension.not_allowed",
            "extension.used_up",
            "requester.not_allowed",
            "person.not_eligible",
            "scope.not_in_flow",
            "request.too_large",
            "condition.unmet",
            "condition.failed",
            "guard.unmet",
            "conflict.held",
            "extension.pending",
            "extension.too_short",
            "extension.too_long",
            "extension.over_total",
            "extension.no_gain",
            "hours.closed",
            "limit.extensions",
            "extension.too_early",
            "extension.too_soon",
            "reason.missing",
            "reason.malformed",
            "mfa.missing",
            "mfa.stale",
        ],
    ),
    (
        "approve_extension",
        &[
            "command.reused",
            "grant.unknown",
            "approval.own",
            "approval.not_approver",
            "grant.not_active",
            "grant.expired",
            "extension.not_pending",
            "approval.repeated",
            "approval.not_awaited",
            "approval.stale",
            "flow.withdrawn",
            "request.too_large",
            "condition.unmet",
            "condition.failed",
            "reason.missing",
            "mfa.missing",
            "mfa.stale",
        ],
    ),
    (
        "deny_extension",
        &[
            "command.reused",
            "grant.unknown",
            "approval.own",
            "approval.not_approver",
            "grant.not_active",
            "grant.expired",
            "extension.not_pending",
            "approval.repeated",
            "approval.stale",
            "request.too_large",
            "condition.unmet",
            "condition.failed",
            "reason.missing",
            "mfa.missing",
            "mfa.stale",
        ],
    ),
    (
        "give_back",
        &[
            "command.reused",
            "grant.unknown",
            "actor.not_allowed",
            "grant.expired",
            "grant.not_active",
            "request.too_large",
        ],
    ),
    (
        "revoke",
        &[
            "command.reused",
            "grant.unknown",
            "actor.not_allowed",
            "grant.expired",
            "grant.not_active",
            "request.too_large",
            "reason.missing",
        ],
    ),
    (
        "review",
        &[
            "command.reused",
            "grant.unknown",
            "approval.own",
            "actor.not_allowed",
            "review.not_needed",
            "review.repeated",
            "request.too_large",
        ],
    ),
    ("publish", &["command.reused", "request.too_large", "policy.stale"]),
];

/// Refusals that come before or beside the checks.
const BESIDE: &[(&str, &str)] = &[("publish", "policy.invalid"), ("offer", "grant.unknown")];

/// What was read and told of some folders, once for all tests.
struct Corpus {
    scenarios: Vec<Scenario>,
    told: Vec<Told>,
    unreadable: Vec<String>,
}

impl Corpus {
    #[expect(clippy::unwrap_used, reason = "a test that cannot find its files has failed")]
    fn of(folder: &str) -> Self {
        let mut corpus = Self { scenarios: Vec::new(), told: Vec::new(), unreadable: Vec::new() };
        let mut policies = PolicyFiles::default();
        for path in file::find(&[root().join(folder)]).unwrap() {
            match file::scenarios(&path, &mut policies) {
                Ok(scenarios) => corpus.scenarios.extend(scenarios),
                Err(wrong) => corpus.unreadable.push(wrong.render(false)),
            }
        }
        corpus.told = corpus.scenarios.iter().map(|scenario| tell(scenario, &mut |_, _| {})).collect();
        corpus
    }

    fn holds(&self, at_least: usize) {
        let mut failed = Vec::new();
        for one in &self.told {
            println!("{}  {}", if one.holds { "holds" } else { "FAILS" }, one.name);
            if !one.holds {
                failed.push(shown(one));
            }
        }
        let (count, unread) = (self.told.len(), self.unreadable.len());
        println!("{count} scenarios, {} fail, {unread} files cannot be read", failed.len());
        let wrong = failed.len() + unread;
        assert!(wrong == 0, "{}\n{}", self.unreadable.join("\n\n"), failed.join("\n"));
        assert!(count >= at_least, "there are only {count} scenarios");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| Corpus::of("crates/scenario/corpus"))
}

fn shown(one: &Told) -> String {
    let place = Path::new(&one.file).strip_prefix(root()).unwrap_or(Path::new(&one.file));
    let mut lines = format!("{}:{}: {}\n", place.display(), one.line, one.name);
    lines.extend(one.unplayable.iter().map(|why| format!("  cannot be played: {why}\n")));
    for failure in &one.failures {
        let (step, line) = (failure.step, failure.line);
        lines.push_str(&format!("  step {step} (line {line}) at {}, {}\n", failure.at, failure.verb));
        for wrong in &failure.mismatches {
            let words = format!("    {}: expected {}, came {}\n", wrong.field, wrong.expected, wrong.came);
            lines.push_str(&words);
        }
    }
    lines
}

#[test]
fn the_corpus_holds() {
    corpus().holds(140);
}

#[test]
fn the_examples_hold() {
    Corpus::of("examples").holds(8);
}

#[test]
fn names_are_told_apart() {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &corpus().told {
        places.entry(&one.name).or_default().push(&one.file);
    }
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "the same name twice: {places:?}");
}

#[test]
fn every_scenario_says_why() {
    let silent: Vec<&str> =
        corpus().scenarios.iter().filter(|one| one.why.is_none()).map(|one| &*one.name).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// The table refusal x verb x scenario. An empty cell fails.
#[test]
fn every_refusal_of_every_verb_has_a_scenario() {
    let mut cells: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for one in &corpus().told {
        for (verb, code) in &one.refusals {
            cells.entry((verb, code)).or_default().push(&one.name);
        }
    }
    let rows = REACHABLE.iter().flat_map(|(verb, codes)| codes.iter().map(move |code| (*verb, *code)));
    let mut empty = Vec::new();
    for cell in rows.chain(BESIDE.iter().copied()) {
        let names = cells.get(&cell).map(Vec::as_slice).unwrap_or_default();
        let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
        println!("{:<18} {:<24} {}{more}", cell.0, cell.1, names.first().unwrap_or(&"NONE"));
        if names.is_empty() {
            empty.push(cell);
        }
    }
    assert!(empty.is_empty(), "no scenario for {empty:?}");
}

/// The table above is what the rules check, in their order: it cannot fall behind them.
#[test]
fn the_table_is_what_explain_lists() {
    let mut listed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for scenario in &corpus().scenarios {
        if scenario.steps.iter().all(|step| listed.contains_key(step.verb())) {
            continue;
        }
        let Ok(mut stage) = Stage::new(scenario) else { continue };
        for step in &scenario.steps {
            if step.verb() != "explain"
                && !listed.contains_key(step.verb())
                && let Some(explanation) = stage.explain(step)
            {
                listed.insert(step.verb(), codes(&explanation));
            }
            stage.play(step);
        }
    }
    let table: BTreeMap<&str, Vec<String>> = REACHABLE
        .iter()
        .map(|(verb, codes)| (*verb, codes.iter().map(|code| (*code).to_owned()).collect()))
        .collect();
    assert_eq!(table, listed);
}

/// Codes in their order, each where it stands first: the settling approval judges the holder again.
fn codes(explanation: &serde_json::Value) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    let checks = explanation.pointer("/ok/checks").and_then(serde_json::Value::as_array);
    for code in checks.into_iter().flatten().filter_map(|check| check.get("code")?.as_str()) {
        if !codes.iter().any(|known| known == code) {
            codes.push(code.to_owned());
        }
    }
    codes
}
