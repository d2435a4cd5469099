//! Commands as a host writes them: builders that take texts, and say what is wrong with one when it is given.

mod extend;
mod on_grant;
mod publish;
mod request;
mod revoke_all;

pub use extend::Extend;
pub use on_grant::{
    Activate, Approve, ApproveExtension, Deny, DenyExtension, Erase, GiveBack, Review, Revoke, Withdraw,
};
pub use publish::{Publish, compile, publication};
pub use request::{Request, RequestKit};
pub use revoke_all::RevokeAll;

use std::collections::BTreeSet;

use tenure_core::command::{Command, Verb};
use tenure_core::id::{CommandId, GrantId};
use tenure_core::person::{Actor, Item, Person, Record};

use crate::error::Fault;
use crate::ids::Ids;

/// Something that can be given as a command.
pub trait Ask {
    /// The command, with an id of `ids` where none was given.
    ///
    /// # Errors
    /// [`Fault::BadId`] where a text cannot be the id it was given as, [`Fault::Random`] where no id can be made.
    fn into_command(self, ids: &dyn Ids) -> Result<Command, Fault>;
}

/// A command as the core knows it is given as it is.
impl Ask for Command {
    fn into_command(self, _: &dyn Ids) -> Result<Command, Fault> {
        Ok(self)
    }
}

/// Who gives a command, as hosts have it at hand.
pub trait IntoActor {
    /// The actor.
    fn into_actor(self) -> Actor;
}

impl IntoActor for Actor {
    fn into_actor(self) -> Actor {
        self
    }
}

impl IntoActor for &Actor {
    fn into_actor(self) -> Actor {
        self.clone()
    }
}

impl IntoActor for Person {
    fn into_actor(self) -> Actor {
        Actor::Person(Box::new(self))
    }
}

impl IntoActor for &Person {
    fn into_actor(self) -> Actor {
        self.clone().into_actor()
    }
}

/// A value that may be left out, as hosts have it at hand.
pub trait Maybe<T> {
    /// The value, where there is one.
    fn maybe(self) -> Option<T>;
}

impl<T> Maybe<T> for T {
    fn maybe(self) -> Option<T> {
        Some(self)
    }
}

impl<T> Maybe<T> for Option<T> {
    fn maybe(self) -> Option<T> {
        self
    }
}

impl Maybe<String> for &str {
    fn maybe(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl Maybe<Person> for &Person {
    fn maybe(self) -> Option<Person> {
        Some(self.clone())
    }
}

impl<const N: usize> Maybe<BTreeSet<Item>> for [Item; N] {
    fn maybe(self) -> Option<BTreeSet<Item>> {
        Some(self.into())
    }
}

/// What every command has.
#[derive(Clone, Debug)]
struct Common {
    actor: Actor,
    command_id: Option<String>,
    context: Record,
}

impl Common {
    fn new(actor: impl IntoActor) -> Self {
        Self { actor: actor.into_actor(), command_id: None, context: Record::new() }
    }

    fn with(self, ids: &dyn Ids, verb: Verb) -> Result<Command, Fault> {
        let id = match self.command_id {
            Some(text) => CommandId::new(text).map_err(Fault::bad_id("command id"))?,
            None => ids.next()?,
        };
        Ok(Command { id, actor: self.actor, context: self.context, verb })
    }
}

fn grant_id(text: &str) -> Result<GrantId, Fault> {
    GrantId::new(text).map_err(Fault::bad_id("grant id"))
}

/// The fields that every builder has.
macro_rules! common {
    ($($name:ident)*) => {$(
        impl $name {
            /// The command id: given again with the same content, it answers what it answered first.
            #[must_use]
            pub fn command_id(mut self, id: impl $crate::ask::Maybe<String>) -> Self {
                self.common.command_id = id.maybe();
                self
            }

            /// What the host says of the situation; conditions see it as `context`.
            #[must_use]
            pub fn context(mut self, context: tenure_core::person::Record) -> Self {
                self.common.context = context;
                self
            }
        }
    )*};
}
use common;
