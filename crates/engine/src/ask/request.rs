//! Asking for access.

use std::collections::BTreeMap;

use tenure_core::command::{self, Asked, Command, Verb};
use tenure_core::id::FlowId;
use tenure_core::person::Person;
use tenure_core::time::{Span, Timestamp};

use super::{Ask, Common, IntoActor, Maybe, common, grant_id};
use crate::error::Fault;
use crate::ids::Ids;

/// Asks for access under a flow.
#[derive(Clone, Debug)]
pub struct Request {
    common: Common,
    flow: String,
    grant: Option<String>,
    items: Vec<Asked>,
    span: Option<Span>,
    start: Option<Timestamp>,
    reason: Option<String>,
    fields: BTreeMap<String, String>,
    holder: Option<Person>,
    break_glass: bool,
}

common! { Request }

impl Request {
    /// Access under that flow, for the actor.
    #[must_use]
    pub fn new(flow: impl AsRef<str>, actor: impl IntoActor) -> Self {
        Self {
            common: Common::new(actor),
            flow: flow.as_ref().to_owned(),
            grant: None,
            items: Vec::new(),
            span: None,
            start: None,
            reason: None,
            fields: BTreeMap::new(),
            holder: None,
            break_glass: false,
        }
    }

    /// One item more.
    #[must_use]
    pub fn item(mut self, item: Asked) -> Self {
        self.items.push(item);
        self
    }

    /// More items.
    #[must_use]
    pub fn items(mut self, items: impl IntoIterator<Item = Asked>) -> Self {
        self.items.extend(items);
        self
    }

    /// For how long; the flow's default where it is left out.
    #[must_use]
    pub fn span(mut self, span: impl Maybe<Span>) -> Self {
        self.span = span.maybe();
        self
    }

    /// When it shall start; now where it is left out.
    #[must_use]
    pub fn start(mut self, start: impl Maybe<Timestamp>) -> Self {
        self.start = start.maybe();
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

    /// Whom the access is for, where that is not the actor.
    #[must_use]
    pub fn holder(mut self, holder: impl Maybe<Person>) -> Self {
        self.holder = holder.maybe();
        self
    }

    /// Whether it is taken in an emergency, without approval. It is reviewed afterwards.
    #[must_use]
    pub fn break_glass(mut self, break_glass: bool) -> Self {
        self.break_glass = break_glass;
        self
    }

    /// The id the grant shall have; made from namespace and command id where it is left out.
    #[must_use]
    pub fn grant(mut self, id: impl Maybe<String>) -> Self {
        self.grant = id.maybe();
        self
    }
}

impl Ask for Request {
    fn into_command(self, ids: &dyn Ids) -> Result<Command, Fault> {
        let request = command::Request {
            grant: self.grant.as_deref().map(grant_id).transpose()?,
            flow: FlowId::new(&self.flow).map_err(Fault::bad_id("flow id"))?,
            items: self.items,
            span: self.span,
            start: self.start,
            reason: self.reason,
            fields: self.fields,
            holder: self.holder,
            break_glass: self.break_glass,
            resources: Vec::new(),
        };
        self.common.with(ids, Verb::Request(Box::new(request)))
    }
}
