//! A grant as a host sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::grant::{AskedExtension, Enforcement, Grant, Outcome, Review, Stage, Waiting};
use crate::id::{FlowId, GrantId, PersonId, Revision};
use crate::person::Item;
use crate::time::{Span, Timestamp};

/// A grant as a host sees it, at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The grant's id.
    pub id: GrantId,
    /// The flow.
    pub flow: FlowId,
    /// The flow's revision it was asked under.
    pub revision: Revision,
    /// Whom the access is for.
    pub holder: PersonId,
    /// Who asked.
    pub requester: PersonId,
    /// `pending`, `approved`, `active` or `closed`.
    pub stage: String,
    /// How it ended, once closed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub outcome: Option<Outcome>,
    /// What an approved grant waits for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waiting_for: Option<Waiting>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Until when a pending request can be decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decide_by: Option<Timestamp>,
    /// Since when access runs; before that the planned start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub starts_at: Option<Timestamp>,
    /// Its end, once it runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ends_at: Option<Timestamp>,
    /// Until when access is held, while it runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_until: Option<Timestamp>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed_at: Option<Timestamp>,
    /// The span asked for, in milliseconds.
    pub asked: Span,
    /// The span granted, in milliseconds: the narrowest that any approval gave.
    pub granted: Span,
    /// Whether hours or the flow's `until` shortened it.
    pub clipped: bool,
    /// Its scope.
    pub items: Arc<BTreeSet<Item>>,
    /// Why it was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Further fields of the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// The hash of all that approvers decide on.
    pub content: String,
    /// Extensions so far, and how many are left.
    pub extensions: ExtensionCount,
    /// The extension that awaits its decision.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub extension_asked: Option<ExtensionView>,
    /// What the targets have confirmed.
    pub enforcement: Enforcement,
    /// Whether it was taken in an emergency, without approval.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub break_glass: bool,
    /// The review that it needs, where it was taken in an emergency.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub review: Option<ReviewView>,
}

/// The review of access that was taken in an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewView {
    /// When it is due.
    pub due: Timestamp,
    /// Who reviewed it, where somebody did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reviewed_by: Option<PersonId>,
}

/// An extension that awaits its decision, as its approvers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionView {
    /// Who asked.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
    /// By how much, in milliseconds.
    pub span: Span,
    /// The end that was asked: what is approved.
    pub ends_at: Timestamp,
    /// When it lapses.
    pub decide_by: Timestamp,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Further fields of the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// The hash of all that approvers decide on.
    pub content: String,
}

/// Extensions so far, and how many are left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionCount {
    /// Granted.
    pub used: u32,
    /// Left under the rules that govern it.
    pub left: u32,
    /// Awaiting a decision.
    pub pending: u32,
}

impl View {
    /// The grant as it stands. `times` is how often the rules that govern it let it be extended.
    #[must_use]
    pub fn of(grant: &Grant, times: u32) -> Self {
        let origin = &grant.origin;
        let mut view = Self {
            id: origin.id.clone(),
            flow: origin.flow.clone(),
            revision: origin.revision.clone(),
            holder: origin.holder.id.clone(),
            requester: origin.requester.id.clone(),
            stage: grant.stage.name().to_owned(),
            outcome: None,
            waiting_for: None,
            requested_at: origin.requested_at,
            decide_by: None,
            starts_at: origin.start,
            ends_at: None,
            held_until: None,
            closed_at: None,
            asked: origin.span,
            granted: grant.terms.span,
            clipped: false,
            items: grant.terms.scope.clone(),
            reason: origin.reason.clone(),
            fields: origin.fields.clone(),
            content: origin.content.clone(),
            extensions: ExtensionCount::of(grant, times),
            extension_asked: None,
            enforcement: grant.enforcement(),
            break_glass: origin.break_glass,
            review: grant.review.as_ref().map(ReviewView::of),
        };
        match &grant.stage {
            Stage::Pending(pending) => view.decide_by = Some(pending.decide_by),
            Stage::Approved(approved) => view.waiting_for = approved.waiting_for,
            Stage::Active(active) => {
                view.starts_at = Some(active.since);
                view.ends_at = Some(active.end);
                view.held_until = Some(active.held_until());
                view.clipped = active.clipped;
                view.extension_asked = active.asked.as_deref().map(ExtensionView::of);
            }
            Stage::Closed(closed) => {
                view.outcome = Some(closed.outcome);
                view.closed_at = Some(closed.at);
                view.starts_at = closed.since.or(origin.start);
                view.ends_at = closed.end;
                view.clipped = closed.clipped;
            }
        }
        view
    }

    /// Whether it was taken in an emergency and nobody has looked at it since.
    #[must_use]
    pub fn awaits_review(&self) -> bool {
        self.review.as_ref().is_some_and(|review| review.reviewed_by.is_none())
    }
}

impl ReviewView {
    fn of(review: &Review) -> Self {
        Self { due: review.due, reviewed_by: review.by.as_ref().map(|by| by.id.clone()) }
    }
}

impl ExtensionView {
    fn of(asked: &AskedExtension) -> Self {
        Self {
            by: asked.by.id.clone(),
            at: asked.at,
            span: asked.span,
            ends_at: asked.end,
            decide_by: asked.decide_by,
            reason: asked.reason.clone(),
            fields: asked.fields.clone(),
            content: asked.content.clone(),
        }
    }
}

impl ExtensionCount {
    /// Extensions of this grant, of as many as the rules that govern it allow.
    #[must_use]
    pub fn of(grant: &Grant, times: u32) -> Self {
        let used = u32::try_from(grant.extensions.len()).unwrap_or(u32::MAX);
        let pending = grant.active().is_some_and(|active| active.asked.is_some());
        let pending = u32::from(pending);
        let left = if grant.is_closed() { 0 } else { times.saturating_sub(used).saturating_sub(pending) };
        Self { used, left, pending }
    }
}
