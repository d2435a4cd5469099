//! What must come to be seen at least once, so that no claim holds because nothing happens.

use tenure::Code;
use tenure::tenure_core::event::Happened;
use tenure::tenure_core::grant::{Active, Enforcement, Grant, Outcome, Stage};

use super::hosts::{Heard, Hosts, State};
use super::scene::at;

/// What must be reachable, in words and as a question.
pub(crate) type Sight = (&'static str, fn(&Hosts, &State) -> bool);

/// Answers that get lost do no harm.
pub(crate) const RETRIED: &[Sight] =
    &[("a command that was given again heard the first answer", |_, state| state.heard(Heard::Repeated))];

/// Who stands where while two people want one place.
pub(crate) const ONE_PLACE: &[Sight] = &[
    ("a request waits", |_, state| state.any(|stage| matches!(stage, Stage::Pending(_)))),
    ("access runs", |_, state| state.any(|stage| matches!(stage, Stage::Active(_)))),
    ("a request is undecided", |_, state| state.ended(Outcome::Undecided)),
    ("access has expired", |_, state| state.ended(Outcome::Expired)),
    ("the limit refuses", |_, state| state.heard(Heard::Refused(Code::LimitOpenTotal))),
    ("one's own is refused", |_, state| state.heard(Heard::Refused(Code::ApprovalOwn))),
    ("the place is had by one after the other", |_, state| {
        state.store.grants.len() == 2 && state.ended(Outcome::Expired)
    }),
];

/// What becomes of two clicks.
pub(crate) const ONE_EXTENSION: &[Sight] = &[
    ("access was extended and has expired", |_, state| extended(state) && state.ended(Outcome::Expired)),
    ("access was extended and is revoked", |_, state| extended(state) && state.ended(Outcome::Revoked)),
    ("access is revoked and the extension refused", |_, state| {
        state.ended(Outcome::Revoked) && state.heard(Heard::Refused(Code::GrantNotActive))
    }),
    ("the second extension is refused", |_, state| state.heard(Heard::Refused(Code::ExtensionUsedUp))),
    ("an extension comes too late", |_, state| state.heard(Heard::Refused(Code::GrantExpired))),
];

/// A host that is too far ahead is turned away, and the other goes on.
pub(crate) const TURNED_AWAY: &[Sight] = &[
    ("a host that is too far ahead is turned away", |_, state| state.heard(Heard::Fault)),
    ("the other goes on", |_, state| extended(state)),
];

/// What becomes of an extension that awaits its decision.
pub(crate) const ONE_BRIDGE: &[Sight] = &[
    ("access runs on over the bridge", |_, state| {
        let over = |active: &Active| active.end < active.held_until() && active.end <= at(state.clock);
        state.any(|stage| matches!(stage, Stage::Active(active) if over(active)))
    }),
    ("the extension is approved", |_, state| extended(state)),
    ("the extension is denied", |_, state| {
        happened(state, |happened| matches!(happened, Happened::ExtensionDenied(_)))
    }),
    ("the extension lapses", |_, state| {
        happened(state, |happened| matches!(happened, Happened::ExtensionLapsed(_)))
    }),
    ("one's own is refused", |_, state| state.heard(Heard::Refused(Code::ApprovalOwn))),
];

/// Every stage, and every outcome that people and time bring about.
pub(crate) const EVERY_END: &[Sight] = &[
    ("a request waits", |_, state| state.any(|stage| matches!(stage, Stage::Pending(_)))),
    ("access waits for its holder", |_, state| state.any(|stage| matches!(stage, Stage::Approved(_)))),
    ("access runs", |_, state| state.any(|stage| matches!(stage, Stage::Active(_)))),
    ("denied", |_, state| state.ended(Outcome::Denied)),
    ("withdrawn", |_, state| state.ended(Outcome::Withdrawn)),
    ("undecided", |_, state| state.ended(Outcome::Undecided)),
    ("unused", |_, state| state.ended(Outcome::Unused)),
    ("expired", |_, state| state.ended(Outcome::Expired)),
    ("given back", |_, state| state.ended(Outcome::GivenBack)),
    ("revoked", |_, state| state.ended(Outcome::Revoked)),
];

/// What a target's answers bring about.
pub(crate) const ONE_TARGET: &[Sight] = &[
    ("access waits for the target", |_, state| state.any(|stage| matches!(stage, Stage::Approved(_)))),
    ("access runs", |_, state| state.any(|stage| matches!(stage, Stage::Active(_)))),
    ("failed", |_, state| state.ended(Outcome::Failed)),
    ("expired", |_, state| state.ended(Outcome::Expired)),
    ("revoked", |_, state| state.ended(Outcome::Revoked)),
    ("a worker speaks after its lease", |_, state| {
        happened(state, |happened| matches!(happened, Happened::EffectLate(_)))
    }),
    ("access that ran is removed", |_, state| {
        let ran = |grant: &Grant| matches!(&grant.stage, Stage::Closed(closed) if closed.since.is_some());
        state
            .store
            .grants
            .values()
            .any(|kept| ran(&kept.grant) && kept.grant.enforcement() == Enforcement::Removed)
    }),
];

/// Who has the place.
pub(crate) const ONE_PLACE_EXTENDED: &[Sight] = &[
    ("the limit refuses", |_, state| state.heard(Heard::Refused(Code::LimitOpenTotal))),
    ("access was extended", |_, state| extended(state)),
    ("the place is had by one after the other", |_, state| state.store.grants.len() == 2),
];

fn extended(state: &State) -> bool {
    happened(state, |happened| matches!(happened, Happened::Extended(_)))
}

fn happened(state: &State, what: impl Fn(&Happened) -> bool) -> bool {
    state.store.grants.values().flat_map(|kept| &kept.events).any(|event| what(&event.happened))
}
