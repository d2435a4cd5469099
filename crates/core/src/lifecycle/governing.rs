//! Which revisions of a flow govern an extension, and what they say together.

use crate::board::Board;
use crate::flow::approval_rule::{Approval, Decided};
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, ExtensionRule, GovernedBy};
use crate::flow::{Durations, Flow};
use crate::grant::{AskedExtension, Grant, Under};
use crate::lifecycle::quorum::Quorum;
use crate::lifecycle::rules;
use crate::machine::Fault;
use crate::time::Span;

/// The revisions that govern an extension: one, or today's and the one the grant was made under.
#[derive(Clone, Copy)]
pub(crate) struct Governing<'a> {
    pub(crate) first: Side<'a>,
    /// The one the grant was made under, where the stricter of both holds and they differ.
    pub(crate) granted: Option<Side<'a>>,
    pub(crate) bounds: Bounds,
}

/// One revision of the flow, which says that its grants may be extended.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) flow: &'a Flow,
    pub(crate) rule: &'a ExtensionRule,
}

/// How often, how far and when, of all that govern: every limit the smaller, every window the narrower.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) times: u32,
    pub(crate) span: Durations,
    pub(crate) total: Option<Span>,
    pub(crate) window: Option<Span>,
    pub(crate) cool_down: Span,
    pub(crate) anchor: Anchor,
}

impl<'a> Governing<'a> {
    /// What governs the extensions of this grant; nothing where they are not allowed. An extension is a new
    /// ask: today's rules judge it, unless they say otherwise.
    pub(crate) fn of(board: &Board<'a>, grant: &Grant) -> Result<Option<Self>, Fault> {
        let Some(today) = board.world.policy.flow(&grant.origin.flow) else { return Ok(None) };
        let Some(today) = Side::of(&today.flow) else { return Ok(None) };
        let granted = match today.rule.governed_by {
            GovernedBy::Today => return Ok(Some(Self::one(today))),
            GovernedBy::Granted | GovernedBy::Stricter => Side::of(board.pinned(grant)?),
        };
        let Some(granted) = granted else { return Ok(None) };
        let same = granted.flow.revision == today.flow.revision;
        if today.rule.governed_by == GovernedBy::Granted || same {
            return Ok(Some(Self::one(granted)));
        }
        let bounds = Bounds::of(today.rule).stricter(Bounds::of(granted.rule));
        Ok(Some(Self { first: today, granted: Some(granted), bounds }))
    }

    fn one(side: Side<'a>) -> Self {
        Self { first: side, granted: None, bounds: Bounds::of(side.rule) }
    }

    /// Today's first.
    pub(crate) fn sides(&self) -> impl Iterator<Item = Side<'a>> {
        [Some(self.first), self.granted].into_iter().flatten()
    }

    /// Whether they let this grant be extended: one that was taken in an emergency only where all of them do.
    pub(crate) fn lets(&self, grant: &Grant) -> bool {
        let extendable = |side: Side<'_>| side.flow.break_glass.as_ref().is_some_and(|rule| rule.extendable);
        !grant.origin.break_glass || self.sides().all(extendable)
    }

    /// Whoever decides on an extension, where people do.
    pub(crate) fn quorum(&self) -> Option<Quorum<'a>> {
        both(self.granted.and_then(Side::quorum), self.first.quorum())
    }
}

impl<'a> Side<'a> {
    pub(crate) fn of(flow: &'a Flow) -> Option<Self> {
        flow.extension.as_ref().map(|rule| Self { flow, rule })
    }

    /// The steps that decide on extensions, where people do.
    pub(crate) fn decided(self) -> Option<&'a Decided> {
        match &self.rule.approval {
            ExtensionApproval::Automatic => None,
            ExtensionApproval::Decided { by: DecidedBy::Steps(decided), .. } => Some(decided),
            ExtensionApproval::Decided { by: DecidedBy::Same, .. } => match &self.flow.approval {
                Approval::Automatic => None,
                Approval::Decided(decided) => Some(decided),
            },
        }
    }

    /// Those who decide on the next extension of the grant, unless the fast lane is open: the first few need nobody.
    pub(crate) fn deciders(self, grant: &Grant) -> Option<&'a Decided> {
        let first = match &self.rule.approval {
            // An emergency skips at its extensions what its request skipped.
            ExtensionApproval::Decided { .. } if grant.origin.break_glass => return None,
            ExtensionApproval::Automatic => return None,
            ExtensionApproval::Decided { first, .. } => *first,
        };
        self.decided().filter(|_| first <= rules::used(grant))
    }

    fn quorum(self) -> Option<Quorum<'a>> {
        self.decided().map(|decided| Quorum::of(self.flow, decided))
    }
}

/// Whoever decides on an extension that was asked, under the revisions that it was asked under.
pub(crate) fn quorum_on<'a>(
    board: &Board<'a>,
    grant: &Grant,
    asked: &AskedExtension,
) -> Result<Option<Quorum<'a>>, Fault> {
    let of = |flow: &'a Flow| Side::of(flow).and_then(Side::quorum);
    let governing = of(board.revision(&grant.origin.flow, &asked.revision)?);
    Ok(match asked.under {
        Under::Governing => governing,
        Under::Granted => of(board.pinned(grant)?),
        Under::Both => both(of(board.pinned(grant)?), governing),
    })
}

/// The steps that were promised come before those that are asked for since.
fn both<'a>(granted: Option<Quorum<'a>>, today: Option<Quorum<'a>>) -> Option<Quorum<'a>> {
    match (granted, today) {
        (Some(granted), Some(today)) => Some(granted.and(today)),
        (one, other) => one.or(other),
    }
}

impl Bounds {
    const fn of(rule: &ExtensionRule) -> Self {
        let ExtensionRule { times, span, total, window, cool_down, anchor, .. } = rule;
        Self {
            times: *times,
            span: *span,
            total: *total,
            window: *window,
            cool_down: *cool_down,
            anchor: *anchor,
        }
    }

    /// What both allow. Bounds that leave no span leave none: whatever is asked for is too short or too long.
    fn stricter(self, other: Self) -> Self {
        let (min, max) = (self.span.min.max(other.span.min), self.span.max.min(other.span.max));
        let default = self.span.default.min(other.span.default).max(min).min(max);
        // An end counted from now is never later than one counted from the end.
        let from_now = [self.anchor, other.anchor].contains(&Anchor::Now);
        Self {
            times: self.times.min(other.times),
            span: Durations { min, default, max },
            total: smaller(self.total, other.total),
            window: smaller(self.window, other.window),
            cool_down: self.cool_down.max(other.cool_down),
            anchor: if from_now { Anchor::Now } else { Anchor::End },
        }
    }
}

/// The smaller of two limits, where an absent one limits nothing.
pub(crate) fn smaller(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    [one, other].into_iter().flatten().min()
}

#[cfg(test)]
mod tests;
