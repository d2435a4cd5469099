//! When access may begin: openings of a week in a time zone, and closed ranges.

use serde::{Deserialize, Serialize};

/// Whether a grant may run past the close of its hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastClose {
    /// Such a request is refused.
    Refuse,
    /// The grant is shortened to the close.
    #[default]
    Clip,
    /// It may.
    Allow,
}

/// Openings of a week in a time zone, and ranges in which it is closed all the same.
#[derive(Clone, Debug)]
pub struct Hours {}
