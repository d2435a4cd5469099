//! Ending all open access of a person, under a flow, at an integration or to an item.

use tenure_core::command::{self, Command, Reach, Verb};
use tenure_core::id::{FlowId, Integration, PersonId};
use tenure_core::person::Item;

use super::{Ask, Common, IntoActor, Maybe, common};
use crate::error::Fault;
use crate::ids::Ids;

/// Ends all open access of a person, under a flow, at an integration or to an item, at one instant.
#[derive(Clone, Debug)]
pub struct RevokeAll {
    common: Common,
    of: Of,
    reason: Option<String>,
}

common! { RevokeAll }

/// What a host says, before it is known to be an id.
#[derive(Clone, Debug)]
enum Of {
    Person(String),
    Flow(String),
    Integration(String),
    Item(Item),
}

impl RevokeAll {
    /// All that this person holds or waits for.
    #[must_use]
    pub fn person(id: impl AsRef<str>, actor: impl IntoActor) -> Self {
        Self::of(Of::Person(id.as_ref().to_owned()), actor)
    }

    /// All that was asked for under this flow, whoever holds it.
    #[must_use]
    pub fn flow(id: impl AsRef<str>, actor: impl IntoActor) -> Self {
        Self::of(Of::Flow(id.as_ref().to_owned()), actor)
    }

    /// Every grant with an item at this integration.
    #[must_use]
    pub fn integration(name: impl AsRef<str>, actor: impl IntoActor) -> Self {
        Self::of(Of::Integration(name.as_ref().to_owned()), actor)
    }

    /// Every grant of this item.
    #[must_use]
    pub fn item(item: Item, actor: impl IntoActor) -> Self {
        Self::of(Of::Item(item), actor)
    }

    fn of(of: Of, actor: impl IntoActor) -> Self {
        Self { common: Common::new(actor), of, reason: None }
    }

    /// Why; it must be given.
    #[must_use]
    pub fn reason(mut self, reason: impl Maybe<String>) -> Self {
        self.reason = reason.maybe();
        self
    }
}

impl Ask for RevokeAll {
    fn into_command(self, ids: &dyn Ids) -> Result<Command, Fault> {
        let of = match self.of {
            Of::Person(id) => Reach::Person(PersonId::new(id).map_err(Fault::bad_id("person id"))?),
            Of::Flow(id) => Reach::Flow(FlowId::new(id).map_err(Fault::bad_id("flow id"))?),
            Of::Integration(name) => {
                Reach::Integration(Integration::new(name).map_err(Fault::bad_id("integration"))?)
            }
            Of::Item(item) => Reach::Item(item),
        };
        self.common.with(ids, Verb::RevokeAll(command::RevokeAll { of, reason: self.reason }))
    }
}
