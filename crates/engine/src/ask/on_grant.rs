//! Commands that name a grant and little else.

use std::collections::BTreeSet;

use tenure_core::command::{self, Command, Verb};
use tenure_core::person::{Item, Person};
use tenure_core::time::Span;

use super::{Ask, Common, IntoActor, Maybe, common, grant_id};
use crate::error::Fault;
use crate::ids::Ids;

/// A builder of a core command: its grant, and fields that may all be left out.
macro_rules! on_grant {
    ($($(#[$doc:meta])* $name:ident: $core:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            common: Common,
            grant: String,
            $($field: Option<$type>,)*
        }

        common! { $name }

        impl $name {
            /// That grant, by that actor.
            #[must_use]
            pub fn new(grant: impl AsRef<str>, actor: impl IntoActor) -> Self {
                Self { common: Common::new(actor), grant: grant.as_ref().to_owned(), $($field: None,)* }
            }

            $(
                $(#[$field_doc])*
                #[must_use]
                pub fn $field(mut self, $field: impl Maybe<$type>) -> Self {
                    self.$field = $field.maybe();
                    self
                }
            )*
        }

        impl Ask for $name {
            fn into_command(self, ids: &dyn Ids) -> Result<Command, Fault> {
                let ask = command::$core { grant: grant_id(&self.grant)?, $($field: self.$field,)* };
                self.common.with(ids, Verb::$name(ask))
            }
        }
    )*};
}

on_grant! {
    /// Approves a request, wholly or less.
    Approve: Approve {
        /// A shorter span.
        span: Span,
        /// Only these of its items.
        only: BTreeSet<Item>,
        /// Why.
        reason: String,
        /// The content hash of what the approver saw.
        content: String,
        /// The holder's facts of today, where the host knows them.
        holder: Person,
    }
    /// Denies a request.
    Deny: Deny {
        /// Why.
        reason: String,
        /// The content hash of what the approver saw.
        content: String,
    }
    /// Takes a request back.
    Withdraw: Withdraw {}
    /// Begins access that waits for its holder.
    Activate: Activate {}
    /// Approves an extension.
    ApproveExtension: DecideExtension {
        /// Why.
        reason: String,
        /// The content hash of what the approver saw.
        content: String,
    }
    /// Denies an extension.
    DenyExtension: DecideExtension {
        /// Why.
        reason: String,
        /// The content hash of what the approver saw.
        content: String,
    }
    /// Ends access that is no longer needed.
    GiveBack: GiveBack {}
    /// Ends somebody's access.
    Revoke: Revoke {
        /// Why; it must be given.
        reason: String,
    }
    /// Erases what people wrote of a grant that is over. Only the host itself may.
    Erase: Erase {}
    /// Says that access taken in an emergency was looked at.
    Review: Review {
        /// What came of it.
        reason: String,
    }
}
