//! What is said of what is held, was held and is kept.

use schemars::JsonSchema;

use super::{Outcome, Time};

described! {
    /// Who had a resource at an instant.
    Holders {
        /// The instant: the one that was asked, or now where that is still to come.
        at: Time,
        /// Who, in order of permission, person and grant.
        holders: Vec<Holder>,
    }
    /// Access that somebody had.
    Holder {
        /// Who.
        person: String,
        /// The permission.
        permission: String,
        /// Under which grant.
        grant: String,
        /// Since when.
        since: Time,
        /// Until when; of access that runs, as things stand.
        until: Time,
    }
    /// What targets hold, beside what they should hold.
    Reconciled {
        /// The instant that was looked at.
        at: Time,
        /// How much is held and should be.
        agree: u64,
        /// Held, and no grant gives it.
        held_not_granted: Vec<Surplus>,
        /// Granted, and not held.
        granted_not_held: Vec<Owed>,
        /// Held, and the holder had it before the last grant that gave it: no difference.
        held_before: Vec<Surplus>,
    }
    /// What is held and no grant gives.
    Surplus {
        /// Who holds it.
        holder: String,
        /// The instance.
        integration: String,
        /// The type.
        r#type: String,
        /// The name in its integration.
        name: String,
        /// The permission.
        permission: String,
        /// Of `ephemeral` access the grant whose own account it is.
        grant: Option<String>,
        /// The last grant that put it there; absent where this store knows of none.
        last: Option<Past>,
    }
    /// A grant that is over and had put an item there.
    Past {
        /// The grant.
        grant: String,
        /// How it ended.
        outcome: Outcome,
        /// When.
        closed_at: Time,
        /// Whether the effect that takes it away is not finished.
        underway: bool,
        /// Whether the holder had it before.
        held_before: bool,
    }
    /// What a target should hold.
    Owed {
        /// Who should hold it.
        holder: String,
        /// The instance.
        integration: String,
        /// The type.
        r#type: String,
        /// The name in its integration.
        name: String,
        /// The permission.
        permission: String,
        /// Of `ephemeral` access the grant whose own account it is.
        grant: Option<String>,
        /// For which grant.
        by: String,
        /// Until when.
        until: Time,
        /// Whether an effect that gives it is not finished.
        underway: bool,
    }
    /// Of how many grants details were let go.
    Compacted {
        /// What ended before this instant was: the one that was asked, and nothing that a quota still looks at.
        before: Time,
        /// Of how many grants.
        compacted: u64,
        /// Ask again after this one; absent where nothing is left.
        next: Option<String>,
    }
}
