//! Where grants live: the contract of a store, a store in memory, and the suite that every store must pass.
//!
//! A store knows no rule. It is handed a [`Plan`], reads what the plan asks for, lets it decide, and
//! writes all that was decided or nothing. Everything else it answers is an index over what was written.

pub mod batch;
pub mod clock;
pub mod examine;
pub mod fault;
pub mod memory;
pub mod next;
pub mod plan;
pub mod policies;
pub mod query;
pub mod seal;
pub mod store;
#[cfg(any(test, feature = "suite"))]
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]
pub mod suite;
pub mod tally;

pub use batch::{Answered, Batch, Given};
pub use clock::{Clock, ManualClock, SystemClock};
pub use examine::{Examined, Findings, Part, Unconfirmed};
pub use fault::StoreFault;
pub use memory::MemoryStore;
pub use plan::{Plan, Turn, Write};
pub use query::{Awaited, AwaitedAt, Compacted, Filter, Holding, HoldsAsk, Limit, Listed, Place, WhoAsk};
pub use seal::{Seal, Sealed};
pub use store::{Compile, Store};
