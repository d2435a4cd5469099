//! Which cells the rules can reach, derived from the order of checks: first the command's id, then whether there is such
//! a grant, then who acts, then where the grant stands, then all the rest, where it stands as the command wants it.

use std::collections::BTreeSet;

use tenure::Code as C;

use super::Standing as S;
use super::{Came, Cell};

/// A command, by the order of its checks.
struct Row {
    verb: &'static str,
    /// Where the grant must stand for it to be done.
    works: &'static [S],
    /// What the actor is refused with, wherever the grant stands.
    actor: &'static [C],
    /// Where it stands elsewhere.
    stage: Stage,
    /// What comes after the stage.
    rest: &'static [&'static [C]],
    /// Where the grant can stand when a command that was accepted comes again.
    after: &'static [S],
}

/// The refusal of a grant that stands elsewhere.
#[derive(Clone, Copy)]
enum Stage {
    /// There is nothing to stand.
    Nothing,
    /// The id is in use.
    Exists,
    /// The request no longer waits.
    Closed,
    /// The grant does not run, or its end has come.
    Inactive,
    /// The same, and where it runs, no extension awaits a decision.
    NotAsked,
    /// Wherever it stands, it may not need a review.
    NotNeeded,
    /// Something may still come of the grant.
    TooEarly,
}

const LIVE: [S; 3] = [S::Active, S::Asked, S::Bridged];
const WAITS: [S; 5] = [S::Pending, S::Start, S::Hours, S::Holder, S::Provisioning];
const OPEN: [S; 8] =
    [S::Pending, S::Start, S::Hours, S::Holder, S::Provisioning, S::Active, S::Asked, S::Bridged];
/// Where a grant can stand once it ran.
const RAN: [S; 6] = [S::Active, S::Asked, S::Bridged, S::Expired, S::GivenBack, S::Revoked];
/// The same for access taken in an emergency: its extensions are decided by nobody.
const GLASS: [S; 4] = [S::Active, S::Expired, S::GivenBack, S::Revoked];

const CLOSED: [S; 8] =
    [S::Denied, S::Withdrawn, S::Undecided, S::Unused, S::Failed, S::Expired, S::GivenBack, S::Revoked];

const ALL: &[S] = &S::ALL;
const NOWHERE: &[S] = &[S::None];

/// What a flow says of holder, items and situation.
const FLOW: &[C] = &[
    C::RequesterNotAllowed,
    C::PersonNotEligible,
    C::FlowWithdrawn,
    C::RequestTooLarge,
    C::ScopeNotInFlow,
    C::ConditionUnmet,
    C::ConditionFailed,
    C::GuardUnmet,
    C::ConflictHeld,
];
/// What no emergency looks at.
const PEACE: &[C] = &[
    C::ApprovalNobody,
    C::LimitOpenPerPerson,
    C::LimitOpenPerItem,
    C::LimitOpenTotal,
    C::LimitRequests,
    C::DurationTooShort,
    C::HoursClosed,
];
const TIMES: &[C] = &[C::StartInPast, C::StartTooFar, C::DurationTooLong];
const BROUGHT: &[C] = &[C::ReasonMissing, C::ReasonMalformed];
const LOGIN: &[C] = &[C::MfaMissing, C::MfaStale];
const CONDITION: &[C] = &[C::ConditionUnmet, C::ConditionFailed];
const DECIDERS: &[C] = &[C::ApprovalOwn, C::ApprovalNotApprover];
/// What a step asks of whoever decides.
const STEP: &[C] = &[
    C::ApprovalStale,
    C::RequestTooLarge,
    C::ConditionUnmet,
    C::ConditionFailed,
    C::ReasonMissing,
    C::MfaMissing,
    C::MfaStale,
];
/// What an extension is judged by before anybody asks whether another one is pending.
const LONGER: &[C] = &[
    C::FlowWithdrawn,
    C::ExtensionNotAllowed,
    C::ExtensionUsedUp,
    C::RequesterNotAllowed,
    C::PersonNotEligible,
    C::ScopeNotInFlow,
    C::RequestTooLarge,
    C::ConditionUnmet,
    C::ConditionFailed,
    C::GuardUnmet,
    C::ConflictHeld,
];
/// And after it.
const BOUNDS: &[C] = &[
    C::ExtensionOverTotal,
    C::ExtensionNoGain,
    C::HoursClosed,
    C::LimitExtensions,
    C::ExtensionTooEarly,
    C::ExtensionTooSoon,
];

const ROWS: &[Row] = &[
    Row {
        verb: "request",
        works: NOWHERE,
        actor: &[],
        stage: Stage::Exists,
        rest: &[&[C::FlowUnknown, C::RequestEmpty], FLOW, PEACE, TIMES, BROUGHT, LOGIN],
        after: ALL,
    },
    Row {
        verb: "break_glass",
        works: NOWHERE,
        actor: &[],
        stage: Stage::Nothing,
        rest: &[
            &[
                C::FlowUnknown,
                C::RequestEmpty,
                C::BreakGlassNotAllowed,
                C::BreakGlassReviewDue,
                C::DurationTooShort,
            ],
            FLOW,
            TIMES,
            BROUGHT,
            LOGIN,
        ],
        after: NOWHERE,
    },
    Row {
        verb: "request_kit",
        works: NOWHERE,
        actor: &[],
        stage: Stage::Nothing,
        rest: &[&[C::FlowUnknown, C::RequestEmpty, C::GrantExists], FLOW, PEACE, TIMES, BROUGHT, LOGIN],
        after: NOWHERE,
    },
    Row {
        verb: "approve",
        works: &[S::Pending],
        actor: DECIDERS,
        stage: Stage::Closed,
        rest: &[
            &[C::ApprovalRepeated, C::ApprovalNotAwaited, C::FlowWithdrawn],
            STEP,
            &[C::ApprovalLonger, C::ApprovalWider, C::ApprovalEmpty, C::PersonNotEligible, C::ConflictHeld],
        ],
        after: ALL,
    },
    Row {
        verb: "deny",
        works: &[S::Pending],
        actor: DECIDERS,
        stage: Stage::Closed,
        rest: &[&[C::ApprovalRepeated], STEP],
        after: ALL,
    },
    Row {
        verb: "withdraw",
        works: &WAITS,
        actor: &[C::ActorNotAllowed],
        stage: Stage::Closed,
        rest: &[&[C::RequestTooLarge]],
        after: &[S::Withdrawn],
    },
    Row {
        verb: "activate",
        works: &[S::Holder],
        actor: &[C::ActorNotAllowed],
        stage: Stage::Inactive,
        rest: &[
            &[C::RequestTooLarge, C::PersonNotEligible, C::ConflictHeld, C::HoursClosed],
            CONDITION,
            LOGIN,
        ],
        after: &RAN,
    },
    Row {
        verb: "extend",
        works: &[S::Active],
        actor: &[C::ExtensionNotHolder],
        stage: Stage::Inactive,
        rest: &[
            &[C::ExtensionStale, C::ExtensionTooShort, C::ExtensionTooLong],
            LONGER,
            BOUNDS,
            BROUGHT,
            LOGIN,
        ],
        after: &RAN,
    },
    Row {
        verb: "approve_extension",
        works: &[S::Asked, S::Bridged],
        actor: DECIDERS,
        stage: Stage::NotAsked,
        rest: &[&[C::ApprovalRepeated, C::ApprovalNotAwaited, C::FlowWithdrawn], STEP],
        after: &RAN,
    },
    Row {
        verb: "deny_extension",
        works: &[S::Asked, S::Bridged],
        actor: DECIDERS,
        stage: Stage::NotAsked,
        rest: &[&[C::ApprovalRepeated], STEP],
        after: &RAN,
    },
    Row {
        verb: "give_back",
        works: &LIVE,
        actor: &[C::ActorNotAllowed],
        stage: Stage::Inactive,
        rest: &[&[C::RequestTooLarge]],
        after: &[S::GivenBack],
    },
    Row {
        verb: "revoke",
        works: &OPEN,
        actor: &[C::ActorNotAllowed],
        stage: Stage::Inactive,
        rest: &[&[C::RequestTooLarge, C::ReasonMissing]],
        after: &[S::Revoked],
    },
    Row {
        verb: "revoke_all",
        works: NOWHERE,
        actor: &[],
        stage: Stage::Nothing,
        rest: &[&[C::GrantUnknown, C::ActorNotAllowed, C::RequestTooLarge, C::ReasonMissing]],
        after: NOWHERE,
    },
    Row {
        verb: "review",
        works: &GLASS,
        actor: &[C::ApprovalOwn, C::ActorNotAllowed],
        stage: Stage::NotNeeded,
        rest: &[&[C::ReviewRepeated, C::RequestTooLarge]],
        after: &GLASS,
    },
    Row {
        verb: "erase",
        works: &CLOSED,
        actor: &[C::ActorNotAllowed],
        stage: Stage::TooEarly,
        rest: &[&[C::ErasureTooEarly]],
        after: &CLOSED,
    },
    Row {
        verb: "publish",
        works: NOWHERE,
        actor: &[],
        stage: Stage::Nothing,
        rest: &[&[C::PolicyStale]],
        after: NOWHERE,
    },
];

/// An extension that is pending: what the contract checks before it, then it.
const PENDING: [S; 2] = [S::Asked, S::Bridged];

/// What an offer is not refused for: it is one click of which nothing is asked yet.
const NOT_OFFERED: &[C] = &[
    C::ExtensionStale,
    C::ExtensionTooShort,
    C::ExtensionTooLong,
    C::ReasonMissing,
    C::ReasonMalformed,
    C::MfaMissing,
    C::MfaStale,
];

/// Commands without an id of their own, and questions: where each can be asked.
const ASIDE: &[(&str, &[S], bool)] = &[
    ("sweep", NOWHERE, true),
    ("take_effects", NOWHERE, true),
    ("look", ALL, false),
    ("explain", ALL, false),
    ("history", ALL, false),
    ("holds", NOWHERE, false),
    ("list", NOWHERE, false),
    ("inbox", NOWHERE, false),
    ("catalog", NOWHERE, false),
    ("records", NOWHERE, false),
];

/// Cells that the order of checks would allow and another rule does not.
const NEVER: &[(&str, &[S], Came, &str)] = &[];

/// Cells that can be reached, but only at one instant or by many coincidences: nobody is asked to show them.
const RARE: &[(&str, &[S], Came, &str)] = &[
    ("approve", &[S::Pending], Came::Refused(C::RequestClosed), LATEST),
    ("activate", &[S::Holder], Came::Refused(C::GrantNotActive), LATEST),
    ("activate", &[S::Active, S::Asked, S::Bridged], Came::Refused(C::GrantExpired), LATEST),
    ("extend", &[S::Active, S::Asked, S::Bridged], Came::Refused(C::GrantExpired), LATEST),
    ("offer", &[S::Active, S::Asked, S::Bridged], Came::Refused(C::GrantExpired), LATEST),
    (
        "activate",
        &[S::Unused],
        Came::Repeated,
        "a flow's `until` can pass at the instant at which the holder begins",
    ),
    (
        "publish",
        NOWHERE,
        Came::Refused(C::RequestTooLarge),
        "administrators bring nothing that is too large here",
    ),
    ("erase", &CLOSED, Came::Repeated, "erasing once more forgets what erasing answered before"),
    (
        "erase",
        &CLOSED,
        Came::Refused(C::RequestTooLarge),
        "the host alone erases, and brings next to nothing",
    ),
];

/// Why a grant can stand elsewhere than `look` says.
const LATEST: &str = "time is the last event of all that is loaded, and a decision loads more than a look";

/// All of them.
pub(super) fn cells() -> BTreeSet<Cell> {
    let mut cells = BTreeSet::new();
    for row in ROWS {
        of_row(row, &mut cells);
    }
    let refused = |verb, standing, code| Cell { verb, standing, came: Came::Refused(code) };
    for standing in PENDING {
        let before = LONGER.iter().chain(&[C::ExtensionStale, C::ExtensionPending]);
        cells.extend(before.map(|code| refused("extend", standing, *code)));
    }
    let offered = |cell: &&Cell| {
        let aside = NOT_OFFERED.iter().chain(&[C::CommandReused]);
        cell.verb == "extend" && !aside.into_iter().any(|code| cell.came == Came::Refused(*code))
    };
    let offers: Vec<Cell> = cells.iter().filter(offered).copied().collect();
    let told = offers.into_iter().filter(|cell| !matches!(cell.came, Came::Clock | Came::Repeated));
    cells.extend(told.map(|cell| Cell { verb: "offer", ..cell }));
    for verb in ["effect_done", "effect_failed"] {
        cells.insert(refused(verb, S::None, C::GrantUnknown));
        cells.insert(Cell { verb, standing: S::None, came: Came::Clock });
        for standing in S::ALL.into_iter().skip(1) {
            cells.insert(Cell { verb, standing, came: Came::Ok });
            cells.extend([C::EffectUnknown, C::EffectNotLeased].map(|code| refused(verb, standing, code)));
        }
    }
    for (verb, standings, clock) in ASIDE {
        cells.extend(standings.iter().map(|standing| Cell { verb, standing: *standing, came: Came::Ok }));
        cells.extend(clock.then_some(Cell { verb, standing: S::None, came: Came::Clock }));
    }
    cells.retain(|cell| !is_in(NEVER, cell) && !is_in(RARE, cell));
    cells
}

fn of_row(row: &Row, cells: &mut BTreeSet<Cell>) {
    let verb = row.verb;
    let named = !matches!(row.stage, Stage::Nothing);
    let mut add = |standing, came| {
        cells.insert(Cell { verb, standing, came });
    };
    // The clock and the command's id are looked at before the grant.
    add(S::None, Came::Clock);
    for standing in if named { ALL } else { NOWHERE }.iter().copied() {
        add(standing, Came::Refused(C::CommandReused));
        let there = standing != S::None;
        if !there && !matches!(row.stage, Stage::Nothing | Stage::Exists) {
            add(standing, Came::Refused(C::GrantUnknown));
        }
        if there {
            row.actor.iter().for_each(|code| add(standing, Came::Refused(*code)));
        }
        let works = row.works.contains(&standing);
        if works {
            add(standing, Came::Ok);
            row.rest.iter().copied().flatten().for_each(|code| add(standing, Came::Refused(*code)));
        }
        let elsewhere = !(works || verb == "extend" && PENDING.contains(&standing)) || verb == "review";
        if let Some(code) = stage(row.stage, standing).filter(|_| there && elsewhere) {
            add(standing, Came::Refused(code));
        }
        // A request that names no grant stands nowhere.
        if row.after.contains(&standing) && (there == named || verb == "request") {
            add(standing, Came::Repeated);
        }
    }
}

fn stage(stage: Stage, standing: S) -> Option<C> {
    match (stage, standing) {
        (Stage::Nothing, _) => None,
        (Stage::Exists, _) => Some(C::GrantExists),
        (Stage::Closed, _) => Some(C::RequestClosed),
        (Stage::NotNeeded, _) => Some(C::ReviewNotNeeded),
        (Stage::TooEarly, _) => Some(C::ErasureTooEarly),
        (Stage::NotAsked, S::Active) => Some(C::ExtensionNotPending),
        (Stage::Inactive | Stage::NotAsked, S::Expired) => Some(C::GrantExpired),
        // An extension that is pending is refused by name.
        (Stage::Inactive | Stage::NotAsked, _) => Some(C::GrantNotActive),
    }
}

/// Whether it may be seen though nobody is asked to show it.
pub(super) fn rare(cell: &Cell) -> bool {
    is_in(RARE, cell)
}

fn is_in(list: &[(&str, &[S], Came, &str)], cell: &Cell) -> bool {
    list.iter().any(|(verb, standings, came, _)| {
        *verb == cell.verb && *came == cell.came && standings.contains(&cell.standing)
    })
}
