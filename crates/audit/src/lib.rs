//! Checks the record of a namespace with nothing but an export of it, checkpoints and the public key.
//!
//! The form of an export is told in [`tenure_core::record::export`]. [`verify`] finds a record that was changed,
//! dropped, put in, or moved; a record that ends before a checkpoint does; a checkpoint that another history
//! belongs to, or that another key signed; and written text that is not the one that was written, or that is
//! gone without an erasure on record. It says the first position that is not right.
//!
//! Whoever can write the store can write a whole new history, with every hash in it. Only a checkpoint that
//! left the machine before tells it from the true one: the record is proved up to the last checkpoint, and
//! [`Report::anchored`] says how far that is. The more often a checkpoint leaves, the closer
//! [`Finding::position`] and [`Finding::through`] come to each other.
//!
//! ```
//! use tenure_audit::{Trusted, verify};
//!
//! let export = r#"{"log":{"version":1,"namespace":"acme"}}"#;
//! let report = verify(export.as_bytes(), &Trusted::default()).unwrap();
//! assert_eq!((report.size, report.anchored), (0, 0));
//! ```

mod finding;
mod verify;

pub use finding::{Finding, What};
pub use tenure_core::record::checkpoint::VerifierKey;
pub use verify::{Anchor, Report, Trusted, verify};
