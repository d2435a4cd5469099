//! One thing that happens in a world.

use tenure::Timestamp;
use tenure_port::Call;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// Somebody calls.
    Call {
        /// What the store's clock shows. It never goes back within a world.
        clock: Timestamp,
        /// The call. It names its `command_id`, and brings the host's `now`, which may be behind or ahead.
        call: Box<Call>,
    },
    /// The store is closed and opened again.
    Restart,
}
