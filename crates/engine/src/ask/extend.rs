//! Moving a grant's end later.

use std::collections::BTreeMap;

use tenure_core::command::{self, Command, Verb};
use tenure_core::person::Person;
use tenure_core::time::{Span, Timestamp};

use super::{Ask, Common, IntoActor, Maybe, common, grant_id};
use crate::error::Fault;
use crate::ids::Ids;

/// Moves a grant's end later.
#[derive(Clone, Debug)]
pub struct Extend {
    common: Common,
    grant: String,
    span: Option<Span>,
    if_ends_at: Option<Timestamp>,
    reason: Option<String>,
    fields: BTreeMap<String, String>,
    holder: Option<Person>,
}

common! { Extend }

impl Extend {
    /// That grant, asked by that actor.
    #[must_use]
    pub fn new(grant: impl AsRef<str>, actor: impl IntoActor) -> Self {
        Self {
            common: Common::new(actor),
            grant: grant.as_ref().to_owned(),
            span: None,
            if_ends_at: None,
            reason: None,
            fields: BTreeMap::new(),
            holder: None,
        }
    }

    /// By how much; as much as the flow gives by itself where it is left out.
    #[must_use]
    pub fn span(mut self, span: impl Maybe<Span>) -> Self {
        self.span = span.maybe();
        self
    }

    /// The end that the caller saw. A second click that saw the same end is refused.
    #[must_use]
    pub fn if_ends_at(mut self, end: impl Maybe<Timestamp>) -> Self {
        self.if_ends_at = end.maybe();
        self
    }

    /// Why.
    #[must_use]
    pub fn reason(mut self, reason: impl Maybe<String>) -> Self {
        self.reason = reason.maybe();
        self
    }

    /// Further fields of the reason, by name.
    #[must_use]
    pub fn fields(mut self, fields: BTreeMap<String, String>) -> Self {
        self.fields = fields;
        self
    }

    /// The holder's facts of today, where somebody else extends.
    #[must_use]
    pub fn holder(mut self, holder: impl Maybe<Person>) -> Self {
        self.holder = holder.maybe();
        self
    }
}

impl Ask for Extend {
    fn into_command(self, ids: &dyn Ids) -> Result<Command, Fault> {
        let extend = command::Extend {
            grant: grant_id(&self.grant)?,
            span: self.span,
            if_ends_at: self.if_ends_at,
            reason: self.reason,
            fields: self.fields,
            holder: self.holder,
        };
        self.common.with(ids, Verb::Extend(extend))
    }
}
