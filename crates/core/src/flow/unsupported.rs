//! Fields that a document may hold and that this build does not act on yet.
//!
//! They are read and checked like every other field, and then the flow is refused with words:
//! nothing is accepted and ignored. Who builds one of them takes its line out of the table.

use super::Parts;
use super::valid::{Found, Wrong, WrongCode};

/// One field: where it is used in a flow, and what to do without it.
struct Field {
    used: fn(&Parts) -> Vec<String>,
    what: &'static str,
    instead: &'static str,
}

const FIELDS: &[Field] = &[Field {
    used: |parts| at("break_glass", parts.break_glass.is_some()),
    what: "access in an emergency without approval",
    instead: "leave `break_glass` out, and name people who are on call among the approvers",
}];

/// Every field of this flow that this build does not act on.
#[must_use]
pub fn unsupported(parts: &Parts) -> Vec<Wrong> {
    let mut found = Found::default();
    for field in FIELDS {
        for path in (field.used)(parts) {
            let message = format!("{} is not acted on by this version yet", field.what);
            found.add(WrongCode::Unsupported, &path, &[], message, field.instead);
        }
    }
    found.0
}

fn at(path: &str, used: bool) -> Vec<String> {
    if used { vec![path.to_owned()] } else { Vec::new() }
}
