//! One door for every language: a [`Call`] in, an [`Answer`] out, both plain data.
//!
//! A binding converts containers and decides nothing; the scenarios of the project come in through the
//! same door. Nothing is decided here either: a call becomes a command of the engine or one of its
//! questions, and its time is the store's where the host says none.
//!
//! A [`Port`] is the door of a store that is open already. What a binding holds is a [`Handle`]: it is opened with data,
//! and answers where it is closed, or where it was forked.
//!
//! The JSON Schema of both sides is printed by [`schema`].

pub mod answer;
pub mod call;
pub mod handle;
mod misread;
mod port;
pub mod schema;
pub mod spread;

pub use self::answer::{Answer, Answered};
pub use self::call::Call;
pub use self::handle::Handle;
pub use self::misread::{CALL_BYTES_MAX, CALL_NESTING_MAX, CALL_VALUES_MAX};
pub use self::port::Port;
pub use self::spread::Spread;

pub use tenure::{
    BadKey, Examined, Fault, Findings, Ids, LogKey, Part, Signer, SqliteStore, Unconfirmed, compile,
};
#[cfg(feature = "postgres")]
pub use tenure::{PostgresStore, tenure_postgres as postgres};
/// What the port stands on, for those beside it.
pub use tenure::{tenure_core as core, tenure_policy as policy, tenure_store as store};
