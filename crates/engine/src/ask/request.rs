//! Asking for access.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_core::command::{self, Asked, Command, Verb};
use tenure_core::id::{FlowId, KitId};
use tenure_core::person::{Person, Resource};
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
    resources: Vec<Arc<Resource>>,
}

/// Asks for all that a kit names: one grant a flow, all or none.
#[derive(Clone, Debug)]
pub struct RequestKit {
    kit: String,
    /// What a request has that names no items.
    request: Request,
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
            resources: Vec::new(),
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

    /// What the host knows of the resources of a flow that is taken whole. Of others nothing is known.
    #[must_use]
    pub fn resources(mut self, resources: impl IntoIterator<Item = Resource>) -> Self {
        self.resources.extend(resources.into_iter().map(Arc::new));
        self
    }

    /// The id the grant shall have; made from namespace and command id where it is left out.
    #[must_use]
    pub fn grant(mut self, id: impl Maybe<String>) -> Self {
        self.grant = id.maybe();
        self
    }
}

impl RequestKit {
    /// What that kit names, for the actor.
    #[must_use]
    pub fn new(kit: impl AsRef<str>, actor: impl IntoActor) -> Self {
        Self { kit: kit.as_ref().to_owned(), request: Request::new("", actor) }
    }

    /// For how long; each flow's default where it is left out.
    #[must_use]
    pub fn span(self, span: impl Maybe<Span>) -> Self {
        self.with(|request| request.span(span))
    }

    /// When it shall start; now where it is left out.
    #[must_use]
    pub fn start(self, start: impl Maybe<Timestamp>) -> Self {
        self.with(|request| request.start(start))
    }

    /// Why.
    #[must_use]
    pub fn reason(self, reason: impl Maybe<String>) -> Self {
        self.with(|request| request.reason(reason))
    }

    /// Further fields of the reason, by name.
    #[must_use]
    pub fn fields(self, fields: BTreeMap<String, String>) -> Self {
        self.with(|request| request.fields(fields))
    }

    /// Whom the access is for, where that is not the actor.
    #[must_use]
    pub fn holder(self, holder: impl Maybe<Person>) -> Self {
        self.with(|request| request.holder(holder))
    }

    /// What the host knows of the resources that the kit names. Of others nothing is known.
    #[must_use]
    pub fn resources(self, resources: impl IntoIterator<Item = Resource>) -> Self {
        self.with(|request| request.resources(resources))
    }

    /// What the ids of its grants begin with, a dot and the flow behind it; made from namespace and command
    /// id where it is left out.
    #[must_use]
    pub fn grant(self, id: impl Maybe<String>) -> Self {
        self.with(|request| request.grant(id))
    }

    /// The command id: given again with the same content, it answers what it answered first.
    #[must_use]
    pub fn command_id(self, id: impl Maybe<String>) -> Self {
        self.with(|request| request.command_id(id))
    }

    /// What the host says of the situation; conditions see it as `context`.
    #[must_use]
    pub fn context(self, context: tenure_core::person::Record) -> Self {
        self.with(|request| request.context(context))
    }

    fn with(self, change: impl FnOnce(Request) -> Request) -> Self {
        Self { request: change(self.request), ..self }
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
            break_glass: false,
            resources: self.resources,
        };
        self.common.with(ids, Verb::Request(Box::new(request)))
    }
}

impl Ask for RequestKit {
    fn into_command(self, ids: &dyn Ids) -> Result<Command, Fault> {
        let Request { common, grant, span, start, reason, fields, holder, resources, .. } = self.request;
        let request = command::RequestKit {
            grant: grant.as_deref().map(grant_id).transpose()?,
            kit: KitId::new(&self.kit).map_err(Fault::bad_id("kit id"))?,
            span,
            start,
            reason,
            fields,
            holder,
            resources,
        };
        common.with(ids, Verb::RequestKit(Box::new(request)))
    }
}
