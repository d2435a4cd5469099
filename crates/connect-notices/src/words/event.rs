//! What happened that a notice tells of.

use tenure::PersonId;
use tenure::View;
use tenure::tenure_core::effect::Notice;
use tenure::tenure_core::event::{Event, Happened};

use super::{Line, ended, one_line};

/// An event, and what was written by whoever brought it about: a person who decided, a worker that failed.
pub(super) struct Story {
    pub(super) event: Event,
    pub(super) written: Option<Line>,
}

/// The first words of a notice.
pub(super) fn headline(notice: Notice, story: Option<&Story>, view: &View) -> &'static str {
    match notice {
        Notice::ApprovalWanted => "Approval wanted",
        Notice::Escalated => "Still waiting for a decision",
        Notice::Decided => story.map_or("Decided", |story| decided(&story.event.happened)),
        Notice::Active => "Access has begun",
        Notice::BreakGlass => "Emergency access was taken",
        Notice::EndingSoon => "Access ends soon",
        Notice::ExtensionWanted => "Approval of an extension wanted",
        Notice::Extended => "Access was extended",
        Notice::Ended => view.outcome.map_or("Access has ended", ended),
        Notice::Stuck => "Something is stuck",
        Notice::ReviewDue => "Emergency access awaits its review",
    }
}

/// Who did it and what they wrote, and from which end to which.
pub(super) fn lines(story: &Story, name: impl Fn(&PersonId) -> String) -> Vec<Line> {
    let mut lines = Vec::new();
    // A request is told under who asked, which stands there already.
    let asks = matches!(story.event.happened, Happened::Requested(_) | Happened::ExtensionAsked(_));
    if let Some(cause) = story.event.cause.as_ref().filter(|_| !asks) {
        let by = PersonId::new(&cause.actor).map_or_else(|_| one_line(&cause.actor), |id| name(&id));
        lines.push(Line::words("By", by));
    }
    if let Happened::Extended(extended) = &story.event.happened {
        lines.push(Line::words("Extended by", extended.span.to_string()));
        lines.extend(extended.reason.iter().map(|reason| Line::quote("Why longer", reason)));
        lines.push(Line::at("Ended before at", extended.from));
    }
    if let Happened::Revoked(revoked) = &story.event.happened {
        lines.push(Line::quote("Why it was ended", &revoked.reason));
    }
    lines.extend(story.written.clone());
    lines
}

/// What a decider wrote, where an event is a decision; what a worker says went wrong.
pub(super) fn written(happened: &Happened) -> Option<Line> {
    if let Happened::EffectFailed(missed) = happened {
        return Some(Line::quote("What went wrong", &missed.error));
    }
    let decision = if let Happened::ApprovalGiven(given) = happened {
        &given.decision
    } else if let Happened::DenialGiven(given) = happened {
        &given.decision
    } else if let Happened::ExtensionApprovalGiven(given) = happened {
        &given.decision
    } else if let Happened::ExtensionDenialGiven(given) = happened {
        &given.decision
    } else {
        return None;
    };
    decision.reason.as_deref().map(|reason| Line::quote("They wrote", reason))
}

/// What came of a decision, as a headline. The event says it by name: other events make no such notice.
fn decided(happened: &Happened) -> &'static str {
    match happened.name() {
        "approved" => "Approved",
        "denied" => "Denied",
        "undecided" => "Not decided in time",
        "extended" => "Extension approved",
        "extension_denied" => "Extension denied",
        "extension_lapsed" => "Extension not decided in time",
        _ => "Decided",
    }
}
