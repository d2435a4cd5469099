//! Texts with a meaning of their own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident $schema:tt;)*) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

words! {
    /// An id.
    Id {
        "type": "string",
        "description": "A name: a lower-case letter or digit, then up to 62 of these and `. _ -`.",
        "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$",
    };
    /// A span.
    Span {
        "type": "string",
        "description": "A length of time: `250ms`, `90s`, `30m`, `1h 30m`, `2d` (48 hours) or `PT30M`.",
        "pattern": "^\\s*([0-9]+(ms|s|m|h|d)(\\s+[0-9]+(ms|s|m|h|d))*|P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?)\\s*$",
        "examples": ["30m", "1h 30m"],
    };
    /// An instant.
    Instant {
        "type": "string",
        "format": "date-time",
        "description": "An instant such as `2027-01-01T00:00:00Z`, in whole milliseconds.",
    };
    /// A local date and time.
    LocalTime {
        "type": "string",
        "description": "A date and a time without a zone, such as `2026-12-24T00:00`.",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?$",
    };
    /// A time of day.
    TimeOfDay {
        "type": "string",
        "description": "A time of day such as `08:00`.",
        "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$",
    };
    /// A selector.
    Selector {
        "type": "string",
        "description": "People: `everyone`, `user:ID`, `group:NAME`, `role:NAME` (globs in names of groups and roles), `manager` of the holder, `owner` of every item asked for.",
        "pattern": "^(everyone|manager|owner|(user|group|role):.+)$",
        "maxLength": 262,
    };
    /// Whom a notice goes to.
    Recipient {
        "type": "string",
        "description": "`holder`, `channel:NAME`, or people as a selector.",
        "pattern": "^(holder|everyone|manager|owner|(user|group|role|channel):.+)$",
        "maxLength": 262,
    };
    /// A glob.
    Glob {
        "type": "string",
        "description": "A name, in which `*` is any run of characters and `?` one.",
        "minLength": 1,
        "maxLength": 262,
    };
    /// A permission.
    Permission {
        "type": "string",
        "description": "A permission by name, or `*` alone for all.",
        "pattern": "^(\\*|[^*?]+)$",
    };
    /// A pattern.
    Pattern {
        "type": "string",
        "description": "A regular expression that takes linear time; it need not match the whole text.",
        "maxLength": 1024,
    };
    /// A condition.
    Condition {
        "type": "string",
        "description": "A Cedar expression over `principal`, `resource` and `context`.",
        "maxLength": 4096,
    };
    /// A zone.
    Zone {
        "type": "string",
        "description": "A time zone of the IANA database, such as `Europe/Berlin`.",
    };
    /// A text that is not empty.
    Text { "type": "string", "minLength": 1 };
}

/// Selectors of one list.
pub(super) struct Selectors;

impl JsonSchema for Selectors {
    fn schema_name() -> Cow<'static, str> {
        "Selectors".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "description": "A list of people; an empty one means nobody.",
            "items": generator.subschema_for::<Selector>(),
            "maxItems": 256,
        })
    }
}

/// Labels by name.
pub(super) type Labels = BTreeMap<String, String>;
