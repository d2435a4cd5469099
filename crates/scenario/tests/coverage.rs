//! What the corpus covers, as tables: every command in every stage that a grant can stand in when it is given, with
//! what came of it; and every effect, with the event that made it. No cell that the rules can reach is empty.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value as Json;
use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::run::{Scene, Stage};
use tenure_scenario::story::{Scenario, Step};

/// Where a grant can stand: nowhere yet, waiting for something, running in one of three ways, over in one of eight.
const STANDINGS: [&str; 17] = [
    "none",
    "pending",
    "start",
    "hours",
    "holder",
    "provisioning",
    "active",
    "asked",
    "bridged",
    "denied",
    "withdrawn",
    "undecided",
    "unused",
    "failed",
    "expired",
    "given_back",
    "revoked",
];

const YES: &str = "accepted";
const UNKNOWN: &str = "grant.unknown";
const EXISTS: &str = "grant.exists";
const CLOSED: &str = "request.closed";
const INACTIVE: &str = "grant.not_active";
const EXPIRED: &str = "grant.expired";
const PENDING: &str = "extension.pending";
const NOT_PENDING: &str = "extension.not_pending";
const UNNEEDED: &str = "review.not_needed";
const EARLY: &str = "erasure.too_early";
/// No rule lets this be reached; [`UNREACHABLE`] says which rule it is.
const NEVER: &str = "-";

/// What comes of each command where nothing but the stage is in its way, in the order of [`STANDINGS`]: that outcome
/// must be seen in that cell. Whatever else is refused there comes on top.
const COMMANDS: &[(&str, [&str; 17])] = &[
    (
        "request",
        [
            YES, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS,
            EXISTS, EXISTS, EXISTS, EXISTS, EXISTS,
        ],
    ),
    (
        "approve",
        [
            UNKNOWN, YES, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED,
            CLOSED, CLOSED, CLOSED, CLOSED, CLOSED,
        ],
    ),
    (
        "deny",
        [
            UNKNOWN, YES, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED,
            CLOSED, CLOSED, CLOSED, CLOSED, CLOSED,
        ],
    ),
    (
        "withdraw",
        [
            UNKNOWN, YES, YES, YES, YES, YES, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED,
            CLOSED, CLOSED, CLOSED,
        ],
    ),
    (
        "activate",
        [
            UNKNOWN, INACTIVE, INACTIVE, INACTIVE, YES, INACTIVE, INACTIVE, INACTIVE, INACTIVE, INACTIVE,
            INACTIVE, INACTIVE, INACTIVE, INACTIVE, EXPIRED, INACTIVE, INACTIVE,
        ],
    ),
    (
        "extend",
        [
            UNKNOWN, INACTIVE, INACTIVE, INACTIVE, INACTIVE, INACTIVE, YES, PENDING, PENDING, INACTIVE,
            INACTIVE, INACTIVE, INACTIVE, INACTIVE, EXPIRED, INACTIVE, INACTIVE,
        ],
    ),
    (
        "approve_extension",
        [
            UNKNOWN,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            NOT_PENDING,
            YES,
            YES,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            EXPIRED,
            INACTIVE,
            INACTIVE,
        ],
    ),
    (
        "deny_extension",
        [
            UNKNOWN,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            NOT_PENDING,
            YES,
            YES,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            INACTIVE,
            EXPIRED,
            INACTIVE,
            INACTIVE,
        ],
    ),
    (
        "give_back",
        [
            UNKNOWN, INACTIVE, INACTIVE, INACTIVE, INACTIVE, INACTIVE, YES, YES, YES, INACTIVE, INACTIVE,
            INACTIVE, INACTIVE, INACTIVE, EXPIRED, INACTIVE, INACTIVE,
        ],
    ),
    (
        "revoke",
        [
            UNKNOWN, YES, YES, YES, YES, YES, YES, YES, YES, INACTIVE, INACTIVE, INACTIVE, INACTIVE,
            INACTIVE, EXPIRED, INACTIVE, INACTIVE,
        ],
    ),
    (
        "review",
        [
            UNKNOWN, UNNEEDED, UNNEEDED, UNNEEDED, UNNEEDED, UNNEEDED, YES, UNNEEDED, UNNEEDED, UNNEEDED,
            UNNEEDED, UNNEEDED, UNNEEDED, UNNEEDED, YES, YES, YES,
        ],
    ),
    (
        "erase",
        [
            UNKNOWN, EARLY, EARLY, EARLY, EARLY, EARLY, EARLY, EARLY, EARLY, EARLY, EARLY, EARLY, EARLY,
            EARLY, EARLY, YES, EARLY,
        ],
    ),
    (
        "offer",
        [
            UNKNOWN, INACTIVE, INACTIVE, INACTIVE, INACTIVE, INACTIVE, YES, PENDING, PENDING, INACTIVE,
            INACTIVE, INACTIVE, INACTIVE, INACTIVE, EXPIRED, INACTIVE, INACTIVE,
        ],
    ),
    ("provisioned", [NEVER, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES]),
    ("failed", [NEVER, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES, YES]),
];

/// Cells that stay empty, and the rule that makes them so.
const UNREACHABLE: &[(&str, &str, &str)] = &[
    ("provisioned", "none", "a verdict is given on an effect, and effects are those of a grant"),
    ("failed", "none", "a verdict is given on an effect, and effects are those of a grant"),
];

/// Verbs that name a grant and only look at it.
const ASIDE: [&str; 2] = ["explain", "look"];

/// One place in what an event makes: any of these, once for each target; and whether one must be there.
type Place = (&'static [&'static str], bool);

/// What each event makes, in order: the table of effects in the contract. Every kind in it must be seen.
const EFFECTS: &[(&str, &[Place])] = &[
    ("requested", &[(&["notify:approval_wanted"], false)]),
    ("approval_given", &[(&["notify:approval_wanted"], false)]),
    ("escalated", &[(&["notify:escalated"], true)]),
    ("approved", &[(&["provision"], false), (&["notify:decided"], false)]),
    ("denied", &[(&["notify:decided"], true)]),
    ("withdrawn", &[(&["deprovision", "adjust"], false)]),
    ("undecided", &[(&["notify:decided"], true)]),
    ("now_waits", &[(&["provision"], false)]),
    (
        "activated",
        &[(&["provision", "adjust"], true), (&["notify:active"], true), (&["notify:break_glass"], false)],
    ),
    ("unused", &[(&["deprovision", "adjust"], false), (&["notify:ended"], true)]),
    ("failed", &[(&["deprovision", "adjust"], false), (&["notify:ended"], true)]),
    ("reminded", &[(&["notify:ending_soon"], true)]),
    ("extension_asked", &[(&["adjust"], false), (&["notify:extension_wanted"], true)]),
    ("extension_approval_given", &[(&["notify:extension_wanted"], false)]),
    ("extended", &[(&["adjust"], true), (&["notify:extended"], true)]),
    ("extension_denied", &[(&["adjust"], false), (&["notify:decided"], true)]),
    ("extension_lapsed", &[(&["adjust"], false), (&["notify:decided"], true)]),
    ("expired", &[(&["deprovision", "adjust"], false), (&["rotate"], false), (&["notify:ended"], true)]),
    ("given_back", &[(&["deprovision", "adjust"], false), (&["rotate"], false), (&["notify:ended"], true)]),
    ("revoked", &[(&["deprovision", "adjust"], false), (&["rotate"], false), (&["notify:ended"], true)]),
    ("review_due", &[(&["notify:review_due"], true)]),
    ("effect_late", &[(&["deprovision", "adjust"], true)]),
    ("effect_stuck", &[(&["notify:stuck"], false)]),
];

/// What was seen when the whole corpus was played.
#[derive(Default)]
struct Seen {
    /// By command and standing: what came of it, how often.
    cells: BTreeMap<(&'static str, &'static str), BTreeMap<String, usize>>,
    /// The first story that shows it.
    shown: BTreeMap<(&'static str, &'static str, String), String>,
    /// Verbs that name a grant and are in no table.
    strange: BTreeSet<&'static str>,
    /// Effects by the event that made them.
    effects: BTreeMap<(String, String), usize>,
    /// Events that made something else than they may.
    wrong: Vec<String>,
}

fn seen() -> &'static Seen {
    static SEEN: OnceLock<Seen> = OnceLock::new();
    SEEN.get_or_init(|| {
        let mut seen = Seen::default();
        let mut policies = PolicyFiles::default();
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for path in file::find(&[corpus]).unwrap_or_default() {
            for scenario in file::scenarios(&path, &mut policies).unwrap_or_default() {
                seen.watch(&scenario);
            }
        }
        seen
    })
}

impl Seen {
    fn watch(&mut self, scenario: &Scenario) {
        let Ok(mut stage) = Stage::new(scenario) else { return };
        for step in &scenario.steps {
            let before = stage.before(step);
            let scene = stage.play(step);
            self.command(scenario, step, before.as_ref(), &scene);
        }
        for record in stage.record() {
            self.event(scenario, &record);
        }
    }

    fn command(&mut self, scenario: &Scenario, step: &Step, before: Option<&Json>, scene: &Scene) {
        let names_a_grant = step.grant().is_some();
        let Some((verb, _)) = COMMANDS.iter().find(|(verb, _)| *verb == step.verb()) else {
            self.strange.extend(Some(step.verb()).filter(|verb| names_a_grant && !ASIDE.contains(verb)));
            return;
        };
        if !names_a_grant || scene.answer.get("fault").is_some() || !scene.mismatches.is_empty() {
            return;
        }
        let standing = standing(before, step);
        let came = scene.refused().unwrap_or(YES).to_owned();
        self.shown.entry((verb, standing, came.clone())).or_insert_with(|| scenario.name.clone());
        *self.cells.entry((verb, standing)).or_default().entry(came).or_default() += 1;
    }

    fn event(&mut self, scenario: &Scenario, record: &Json) {
        let Some(event) = record.get("event").and_then(Json::as_str) else { return };
        let made: Vec<String> =
            record.get("effects").and_then(Json::as_array).into_iter().flatten().map(kind).collect();
        for kind in &made {
            *self.effects.entry((event.to_owned(), kind.clone())).or_default() += 1;
        }
        let places = EFFECTS.iter().find(|(name, _)| *name == event).map_or(&[][..], |(_, places)| places);
        if !fits(places, &made) {
            self.wrong.push(format!("{}: `{event}` made {made:?}", scenario.name));
        }
    }
}

/// Whether these effects, in their order, are what the places allow.
fn fits(places: &[Place], made: &[String]) -> bool {
    let mut rest = made;
    for (kinds, must) in places {
        let here = rest.iter().take_while(|kind| kinds.contains(&kind.as_str())).count();
        if *must && here == 0 {
            return false;
        }
        rest = rest.get(here..).unwrap_or_default();
    }
    rest.is_empty()
}

/// The kind of an effect: `provision`, `notify:active`.
fn kind(effect: &Json) -> String {
    let text = |name: &str| effect.get(name).and_then(Json::as_str).unwrap_or_default();
    match text("effect") {
        "notify" => format!("notify:{}", text("notice")),
        other => other.to_owned(),
    }
}

/// Where the grant stood when the command was given.
fn standing(grant: Option<&Json>, step: &Step) -> &'static str {
    let Some(grant) = grant else { return "none" };
    let text = |name: &str| grant.get(name).and_then(Json::as_str).unwrap_or_default();
    let found = match text("stage") {
        "closed" => text("outcome"),
        "approved" => text("waiting_for"),
        "active" if grant.get("extension_asked").is_some_and(Json::is_object) => {
            if tenure_scenario::run::instant(grant, "ends_at").is_some_and(|end| end <= step.at) {
                "bridged"
            } else {
                "asked"
            }
        }
        other => other,
    };
    STANDINGS.into_iter().find(|standing| *standing == found).unwrap_or("unheard of")
}

/// The table command x standing x outcome, printed; a cell without its own outcome fails.
#[test]
fn every_command_is_given_in_every_stage() {
    let seen = seen();
    let mut empty = Vec::new();
    for (verb, outcomes) in COMMANDS {
        for (standing, own) in STANDINGS.into_iter().zip(outcomes) {
            let came = seen.cells.get(&(*verb, standing));
            let words: Vec<String> =
                came.into_iter().flatten().map(|(came, times)| format!("{came} {times}")).collect();
            let unreachable = UNREACHABLE.iter().find(|(other, at, _)| other == verb && *at == standing);
            match unreachable {
                Some((_, _, rule)) => println!("{verb:<18} {standing:<13} never: {rule}"),
                None => println!("{verb:<18} {standing:<13} {}", words.join(", ")),
            }
            let there = came.is_some_and(|came| came.contains_key(*own));
            match (unreachable, came) {
                (Some(_), None) => assert_eq!(*own, NEVER, "{verb} at {standing} is declared once"),
                (Some(_), Some(_)) => empty.push(format!("{verb} at {standing} is reached after all")),
                (None, _) if there => {}
                (None, _) => empty.push(format!("no story shows {verb} at {standing}: {own}")),
            }
        }
    }
    assert!(seen.strange.is_empty(), "commands without a row: {:?}", seen.strange);
    let unheard = seen.cells.keys().filter(|(_, standing)| !STANDINGS.contains(standing)).count();
    assert_eq!(unheard, 0, "a grant stood where no column is");
    assert!(empty.is_empty(), "{} cells:\n{}", empty.len(), empty.join("\n"));
}

/// The table event x effect, printed: each pair is made by some story, and no event makes anything else.
#[test]
fn every_effect_is_made_by_every_event_that_makes_it() {
    let seen = seen();
    let mut empty = Vec::new();
    let mut kinds = BTreeSet::new();
    for (event, places) in EFFECTS {
        for kind in places.iter().flat_map(|(kinds, _)| kinds.iter()) {
            kinds.insert(*kind);
            let times = seen.effects.get(&((*event).to_owned(), (*kind).to_owned())).copied().unwrap_or(0);
            println!("{event:<26} {kind:<26} {times}");
            if times == 0 {
                empty.push(format!("{event} {kind}"));
            }
        }
    }
    assert!(empty.is_empty(), "no story shows {empty:?}");
    assert!(seen.wrong.is_empty(), "{}", seen.wrong.join("\n"));
    println!("{} kinds of effects", kinds.len());
}
