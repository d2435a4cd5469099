//! From a text to a call: bounded before it is parsed, and told where it goes wrong.

mod unique;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenure::tenure_core::time::Timestamp;

use crate::answer::{Answer, Misread};
use crate::call::Call;
use crate::handle::Config;

/// Bytes of one call. A policy of the largest size still fits as a text whose line ends are escaped.
pub const CALL_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Nesting of one call: facts may be nested 32 deep, a few levels below the call itself.
pub const CALL_NESTING_MAX: usize = 64;
/// Values of one call: each costs a multiple of the two bytes it takes as text.
pub const CALL_VALUES_MAX: usize = 100_000;

/// The text that these bytes are.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Misread> {
    if bytes.len() > CALL_BYTES_MAX {
        return Err(too_many(bytes.len()));
    }
    std::str::from_utf8(bytes).map_err(|wrong| {
        let message =
            format!("this is no UTF-8: what begins at byte {} is no character", wrong.valid_up_to());
        misread("syntax", String::new(), message)
    })
}

/// What is answered to a call, or to what a handle is opened with, of so many bytes, where that is too large to be read:
/// for languages in which a length may be anything.
#[must_use]
pub fn oversized(bytes: usize) -> Option<Answer> {
    (bytes > CALL_BYTES_MAX).then(|| too_many(bytes).into())
}

fn too_many(bytes: usize) -> Misread {
    let message = format!("the call has {bytes} bytes, at most {CALL_BYTES_MAX} are read");
    misread("too_large", String::new(), message)
}

/// Reads what a handle is opened with.
pub(crate) fn config(text: &str) -> Result<Config, Misread> {
    typed(value(text)?)
}

/// Reads the call `clock`, which handles of tests have beside the others; nothing where it is another call.
pub(crate) fn clock(text: &str) -> Option<Result<Timestamp, Misread>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Clock {
        now: Timestamp,
    }
    let Ok(Value::Object(mut fields)) = value(text) else { return None };
    (fields.remove("call")? == "clock").then(|| typed(Value::Object(fields)).map(|clock: Clock| clock.now))
}

/// Reads a call, whose `call` says which fields it has.
pub(crate) fn call(text: &str) -> Result<Call, Misread> {
    let Value::Object(mut fields) = value(text)? else {
        return Err(misread("wrong_type", String::new(), "a call is an object whose field `call` names it"));
    };
    let Some(Value::String(name)) = fields.remove("call") else {
        return Err(misread("missing_field", "call".to_owned(), "the field `call` names the call"));
    };
    named(&name, Value::Object(fields))
}

fn value(text: &str) -> Result<Value, Misread> {
    bounded(text)?;
    unique::read(text).map_err(|wrong| Misread {
        code: "syntax",
        path: String::new(),
        line: Some(wrong.line()),
        column: Some(wrong.column()),
        message: format!("this is no JSON: {wrong}"),
    })
}

macro_rules! by_name {
    ($name:expr, $fields:expr, $($text:literal => $variant:ident,)*) => {
        match $name {
            $($text => typed($fields).map(Call::$variant),)*
            other => {
                let known = [$($text,)*].join("`, `");
                let shown: String = other.chars().take(60).collect();
                let message = format!("there is no call `{}`; there are `{known}`", shown.escape_debug());
                Err(misread("out_of_range", "call".to_owned(), message))
            }
        }
    };
}

/// The fields are read by themselves, so that what is wrong with one has its path.
fn named(name: &str, fields: Value) -> Result<Call, Misread> {
    by_name! { name, fields,
        "request" => Request,
        "approve" => Approve,
        "deny" => Deny,
        "withdraw" => Withdraw,
        "activate" => Activate,
        "extend" => Extend,
        "approve_extension" => ApproveExtension,
        "deny_extension" => DenyExtension,
        "give_back" => GiveBack,
        "revoke" => Revoke,
        "review" => Review,
        "erase" => Erase,
        "publish" => Publish,
        "sweep" => Sweep,
        "take_effects" => TakeEffects,
        "effect_done" => EffectDone,
        "effect_failed" => EffectFailed,
        "look" => Look,
        "offer" => Offer,
        "explain" => Explain,
        "holds" => Holds,
        "who_has" => WhoHas,
        "reconcile" => Reconcile,
        "compact" => Compact,
        "list" => List,
        "inbox" => Inbox,
        "catalog" => Catalog,
        "history" => History,
        "records" => Records,
        "export" => Export,
        "checkpoint" => Checkpoint,
        "prove" => Prove,
    }
}

fn typed<T: DeserializeOwned>(fields: Value) -> Result<T, Misread> {
    serde_path_to_error::deserialize(fields).map_err(|wrong| {
        let path = match wrong.path().to_string() {
            root if root == "." => String::new(),
            path => path,
        };
        let message = wrong.inner().to_string();
        // serde tells the sorts apart by how its messages begin; a test holds it to that.
        let code = match message.split_once(" field ") {
            Some(("unknown", _)) => "unknown_field",
            Some(("missing", _)) => "missing_field",
            Some(_) | None if message.starts_with("invalid type") => "wrong_type",
            Some(_) | None => "out_of_range",
        };
        misread(code, path, message)
    })
}

fn misread(code: &'static str, path: String, message: impl Into<String>) -> Misread {
    Misread { code, path, line: None, column: None, message: message.into() }
}

/// Size, depth and number of values, counted without building anything.
fn bounded(text: &str) -> Result<(), Misread> {
    if text.len() > CALL_BYTES_MAX {
        return Err(too_many(text.len()));
    }
    let (mut depth, mut values, mut inside, mut escaped) = (0_usize, 1_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ if inside => {}
            b'[' | b'{' => {
                depth = depth.saturating_add(1);
                values = values.saturating_add(1);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values = values.saturating_add(1),
            _ => {}
        }
        if depth > CALL_NESTING_MAX {
            let message = format!("the call is nested more than {CALL_NESTING_MAX} deep");
            return Err(misread("too_deep", String::new(), message));
        }
    }
    if values > CALL_VALUES_MAX {
        let message = format!("the call has more than {CALL_VALUES_MAX} values");
        return Err(misread("too_large", String::new(), message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> (&'static str, String) {
        let misread = call(text).unwrap_err();
        (misread.code, misread.path)
    }

    #[test]
    fn every_way_to_go_wrong_has_a_code_and_a_path() {
        for (text, code, path) in [
            ("{", "syntax", ""),
            ("[]", "wrong_type", ""),
            (r#"{"grant": "g1"}"#, "missing_field", "call"),
            (r#"{"call": "grab"}"#, "out_of_range", "call"),
            (r#"{"call": "look"}"#, "missing_field", ""),
            (r#"{"call": "look", "grant": 7}"#, "wrong_type", "grant"),
            (r#"{"call": "look", "grant": ""}"#, "out_of_range", "grant"),
            (r#"{"call": "look", "grant": "g", "all": true}"#, "unknown_field", "all"),
            (r#"{"call": "withdraw", "grant": "g", "actor": "alice"}"#, "out_of_range", "actor"),
            (
                r#"{"call": "withdraw", "grant": "g", "actor": {"id": "a", "admin": true}}"#,
                "unknown_field",
                "actor.admin",
            ),
            (r#"{"call": "effect_done", "worker": "w", "effect": "g"}"#, "out_of_range", "effect"),
        ] {
            assert_eq!(wrong(text), (code, path.to_owned()), "{text}");
        }
    }

    // guard: `call/command.rs`, fields that nobody knows
    #[test]
    fn r07_nobody_brings_a_decision_along() {
        let request = r#""call": "request", "actor": {"id": "eve"}, "flow": "prod-db", "items": []"#;
        assert!(call(&format!("{{{request}}}")).is_ok());
        for field in [
            "status",
            "stage",
            "approver",
            "approvers",
            "approved_by",
            "approvals",
            "end",
            "ends_at",
            "outcome",
        ] {
            let text = format!(r#"{{{request}, "{field}": "x"}}"#);
            assert_eq!(wrong(&text).0, "unknown_field", "{field}");
            assert!(serde_json::from_str::<Call>(&text).is_err(), "{field}, typed");
        }
    }

    #[test]
    fn r27_size_and_depth_are_counted_before_anything_is_built() {
        assert_eq!(wrong(&" ".repeat(CALL_BYTES_MAX + 1)).0, "too_large");
        assert_eq!(wrong(&"[".repeat(CALL_NESTING_MAX + 1)).0, "too_deep");
        assert_eq!(wrong(&"[".repeat(CALL_BYTES_MAX)).0, "too_deep");
        assert_eq!(wrong(&format!("[{}0]", "0,".repeat(CALL_VALUES_MAX))).0, "too_large");
        // Brackets and commas in texts are text.
        let reason = "[{,".repeat(1_000);
        let text =
            format!(r#"{{"call": "revoke", "grant": "g", "actor": "system:x", "reason": "\"{reason}"}}"#);
        assert!(call(&text).is_ok());
    }

    #[test]
    fn a_call_that_was_written_is_read_again() {
        for text in [
            r#"{"call":"sweep"}"#,
            r#"{"call":"extend","actor":{"id":"alice"},"grant":"g1","span":"30m"}"#,
            r#"{"call":"effect_failed","effect":"a/b/3","worker":"w","error":"no route","final":true}"#,
            r#"{"call":"explain","of":{"call":"withdraw","actor":"system:x","grant":"g"}}"#,
            r#"{"call":"publish","actor":"system:x","policy":"version: 1","format":"yaml"}"#,
        ] {
            let first = call(text).unwrap();
            let written = serde_json::to_string(&first).unwrap();
            assert_eq!(call(&written).unwrap(), first);
            assert_eq!(serde_json::from_str::<Call>(text).unwrap(), first, "the tag reads the same");
        }
    }
}
