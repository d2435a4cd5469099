//! What must come to be seen at least once, so that no claim holds because nothing happens.

use tenure::Code;
use tenure::tenure_core::grant::{Outcome, Stage};

use super::hosts::{Heard, Hosts, State};

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
