//! What a worker is told to do.

use schemars::JsonSchema;

use super::{Item, Nullable, Outcome, Time};

described! {
    /// What is to be done, computed when the effect was taken: exactly one of these.
    Order {
        /// Give these items, or tell the target their ends.
        hold: Option<Hold>,
        /// Take these items away.
        remove: Option<Remove>,
        /// Make the credential that was handed out worthless.
        rotate: Option<Rotate>,
        /// Tell people.
        tell: Option<Tell>,
    }
    /// Give these items, or tell the target their ends.
    Hold {
        /// The target.
        at: String,
        /// What is given to the holder.
        kind: Given,
        /// What credential is handed out.
        credential: Option<Credential>,
        /// Each item with the latest end of all the holder's grants that cover it.
        items: Vec<HeldItem>,
    }
    /// Take these items away.
    Remove {
        /// The target.
        at: String,
        /// What is given to the holder.
        kind: Given,
        /// Items to remove.
        remove: Vec<Item>,
        /// Items that another grant keeps.
        keep: Vec<Kept>,
        /// How the grant ended; `null` where it goes on.
        outcome: Nullable<Outcome>,
        /// Whether sessions that live on must be cut.
        cut_sessions: bool,
    }
    /// Make the credential that was handed out worthless.
    Rotate {
        /// The target.
        at: String,
        /// What is given to the holder.
        kind: Given,
        /// What credential was handed out.
        credential: Credential,
        /// Items that the grant gave there.
        items: Vec<Item>,
        /// Items that another grant keeps: whoever holds those needs the new credential.
        keep: Vec<Kept>,
    }
    /// Tell people.
    Tell {
        /// What about.
        notice: Notice,
        /// Whom: selectors and channels.
        to: Vec<String>,
        /// The end that the notice speaks of.
        ends: Option<Time>,
    }
    /// An item with the latest end that holds for it.
    HeldItem {
        /// The item.
        item: Item,
        /// Until when it is held.
        until: Time,
    }
    /// An item that stays because another grant of the holder covers it.
    Kept {
        /// The item.
        item: Item,
        /// The grant it is kept for: the latest end, then the smallest id.
        by: String,
        /// Until when.
        until: Time,
    }
}

words! {
    /// What is given to the holder at the target.
    Given { /// The holder's own account gets more permissions.
        Elevation, /// Each grant has an account of its own.
        Ephemeral, /// The holder gets a secret out of a vault.
        Vaulted, }
    /// A type of credential.
    Credential { /// A password.
        Password, /// An access key.
        AccessKey, /// A certificate.
        Certificate, /// A token.
        Token, }
    /// What a notice is about.
    Notice { /// A request awaits a decision.
        ApprovalWanted, /// A request or an extension has waited so long that more people are asked.
        Escalated, /// A decision was taken, or will not be.
        Decided, /// Access has begun.
        Active, /// Access was taken in an emergency.
        BreakGlass, /// Access will end soon.
        EndingSoon, /// An extension awaits a decision.
        ExtensionWanted, /// The end was moved.
        Extended, /// Access has ended.
        Ended, /// An effect is stuck.
        Stuck, /// Access taken in an emergency was not reviewed in time.
        ReviewDue, }
}
