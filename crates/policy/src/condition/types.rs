//! The types that a document declares for attributes, so that conditions are checked when compiled.
//!
//! ```yaml
//! attributes:
//!   principal: {department: string, region: string?}     # a trailing ? says: may be absent
//!   context: {on_call: bool, tags: "[string]", "device?": {managed: bool}}
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};
use tenure_core::limits::NESTING_MAX;

/// What `principal` always has; no attribute takes these names.
pub const PRINCIPAL_FIELDS: [&str; 4] = ["id", "groups", "roles", "manager"];
/// What `resource` always has; no attribute takes these names.
pub const RESOURCE_FIELDS: [&str; 6] = ["integration", "type", "name", "permission", "labels", "owners"];
/// What `context` always has; no host fact takes this name.
pub const CONTEXT_FIELDS: [&str; 1] = ["ask"];

/// The type of one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `string`
    String,
    /// `bool`
    Bool,
    /// `long`: a whole number of 64 bits
    Long,
    /// `[string]`: any number of them, in no order
    Set(Box<Type>),
    /// `{managed: bool}`: fields by name
    Record(Fields),
}

/// Types by attribute name. A name with a trailing `?` may be absent, as may a type with one.
pub type Fields = BTreeMap<String, Field>;

/// One declared attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its type.
    pub is: Type,
    /// Whether it is always there. One that may be absent is asked for with `has` before it is looked at.
    pub required: bool,
}

/// What `attributes` of a document declares. With it, conditions see these attributes and no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeTypes {
    principal: Fields,
    resource: Fields,
    context: Fields,
}

/// A declaration that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadType {
    /// The names that lead to it under `attributes`, such as `principal`, `department`.
    pub place: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Type {
    /// Reads `string`, `bool`, `long` or, in brackets, a set of one of them.
    ///
    /// ```
    /// use tenure_policy::condition::Type;
    ///
    /// assert_eq!(Type::parse("[string]"), Ok(Type::Set(Box::new(Type::String))));
    /// assert!(Type::parse("float").is_err());
    /// ```
    ///
    /// # Errors
    /// [`BadType`] with an empty place for any other text.
    pub fn parse(text: &str) -> Result<Self, BadType> {
        let mut inner = text.trim();
        let mut sets = 0_usize;
        while let Some(item) = inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inner = item.trim();
            sets = sets.saturating_add(1);
            if sets > NESTING_MAX {
                return Err(BadType::new(format!("a set nests at most {NESTING_MAX} deep")));
            }
        }
        let item = match inner {
            "string" => Self::String,
            "bool" => Self::Bool,
            "long" => Self::Long,
            _ => return Err(BadType::unknown(text)),
        };
        Ok((0..sets).fold(item, |item, _| Self::Set(Box::new(item))))
    }

    fn schema(&self) -> Value {
        match self {
            Self::String => json!({"type": "String"}),
            Self::Bool => json!({"type": "Boolean"}),
            Self::Long => json!({"type": "Long"}),
            Self::Set(item) => json!({"type": "Set", "element": item.schema()}),
            Self::Record(fields) => {
                record(fields.iter().map(|(name, field)| (name.as_str(), field.schema())))
            }
        }
    }
}

impl Field {
    /// Reads a type as [`Type::parse`] does, with a trailing `?` where the attribute may be absent.
    ///
    /// # Errors
    /// [`BadType`] with an empty place for any other text.
    pub fn parse(text: &str) -> Result<Self, BadType> {
        match text.trim().strip_suffix('?') {
            Some(bare) => Ok(Self { is: Type::parse(bare)?, required: false }),
            None => Ok(Self { is: Type::parse(text)?, required: true }),
        }
    }

    /// A record that is always there. In a document, `?` behind its name says that it may be absent.
    #[must_use]
    pub fn record(fields: Fields) -> Self {
        Self { is: Type::Record(fields), required: true }
    }

    fn schema(&self) -> Value {
        let mut schema = self.is.schema();
        if let (false, Some(fields)) = (self.required, schema.as_object_mut()) {
            fields.insert("required".to_owned(), Value::Bool(false));
        }
        schema
    }
}

impl AttributeTypes {
    /// The declared types, checked.
    ///
    /// # Errors
    /// Every name that is taken by a built-in field or said twice, and every type that nests too deep.
    pub fn new(principal: Fields, resource: Fields, context: Fields) -> Result<Self, Vec<BadType>> {
        let mut wrong = Vec::new();
        let mut section = |name: &str, fields: Fields, taken: &[&str]| {
            let mut place = vec![name.to_owned()];
            let fields = checked(fields, &mut place, &mut wrong);
            for field in fields.keys().filter(|field| taken.contains(&field.as_str())) {
                wrong.push(BadType::taken(name, field));
            }
            fields
        };
        let types = Self {
            principal: section("principal", principal, &PRINCIPAL_FIELDS),
            resource: section("resource", resource, &RESOURCE_FIELDS),
            context: section("context", context, &CONTEXT_FIELDS),
        };
        if wrong.is_empty() { Ok(types) } else { Err(wrong) }
    }

    pub(super) fn principal(&self) -> &Fields {
        &self.principal
    }

    pub(super) fn resource(&self) -> &Fields {
        &self.resource
    }

    pub(super) fn context(&self) -> &Fields {
        &self.context
    }

    /// The Cedar schema of one condition. Labels have no fixed names: those that the condition mentions
    /// are strings, and optional (`false`) where it asks for them with `has`.
    pub(super) fn schema(&self, labels: &BTreeMap<&str, bool>) -> Value {
        let labels = record(labels.iter().map(|(name, sure)| (*name, text(*sure))));
        let principal =
            [("id", text(true)), ("groups", texts()), ("roles", texts()), ("manager", text(false))];
        let resource = [
            ("integration", text(true)),
            ("type", text(true)),
            ("name", text(true)),
            ("permission", text(true)),
            ("labels", labels),
            ("owners", texts()),
        ];
        json!({"": {
            "entityTypes": {
                "Person": {"shape": with(principal, &self.principal)},
                "Item": {"shape": with(resource, &self.resource)},
            },
            "actions": {"ask": {"appliesTo": {
                "principalTypes": ["Person"],
                "resourceTypes": ["Item"],
                "context": with([("ask", ask())], &self.context),
            }}},
        }})
    }
}

/// `context.ask`, as conditions see it.
fn ask() -> Value {
    let extension = |name: &str| json!({"type": "Extension", "name": name});
    record([
        ("now", extension("datetime")),
        ("weekday", text(true)),
        ("hour", json!({"type": "Long"})),
        ("mfa_age", json!({"type": "Extension", "name": "duration", "required": false})),
        ("span", extension("duration")),
        ("requester", text(true)),
        ("holder", text(true)),
        ("reason", text(true)),
        ("extension", json!({"type": "Long"})),
    ])
}

fn with<const N: usize>(built_in: [(&str, Value); N], declared: &Fields) -> Value {
    let declared = declared.iter().map(|(name, field)| (name.as_str(), field.schema()));
    record(declared.chain(built_in))
}

fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let fields: Map<String, Value> = fields.into_iter().map(|(name, is)| (name.to_owned(), is)).collect();
    json!({"type": "Record", "attributes": fields})
}

fn text(required: bool) -> Value {
    json!({"type": "String", "required": required})
}

fn texts() -> Value {
    json!({"type": "Set", "element": {"type": "String"}})
}

/// The fields with `?` taken off their names. Recursion ends at the depth that is a problem.
fn checked(fields: Fields, place: &mut Vec<String>, wrong: &mut Vec<BadType>) -> Fields {
    let mut kept = Fields::new();
    for (written, field) in fields {
        place.push(written.clone());
        let (name, sure) = match written.strip_suffix('?') {
            Some(name) => (name.to_owned(), false),
            None => (written, true),
        };
        let is = checked_type(field.is, place, wrong);
        let twice = kept.insert(name.clone(), Field { is, required: field.required && sure });
        if twice.is_some() {
            wrong.push(BadType {
                place: place.clone(),
                message: format!("`{name}` is declared with and without `?`"),
                help: Some("keep one of them".to_owned()),
            });
        }
        place.pop();
    }
    kept
}

fn checked_type(is: Type, place: &mut Vec<String>, wrong: &mut Vec<BadType>) -> Type {
    if place.len() > NESTING_MAX {
        wrong.push(BadType {
            place: place.clone(),
            message: format!("attributes nest deeper than {NESTING_MAX} levels"),
            help: None,
        });
        return Type::Bool;
    }
    match is {
        Type::Record(inner) => Type::Record(checked(inner, place, wrong)),
        Type::Set(item) => {
            place.push("[]".to_owned());
            let item = checked_type(*item, place, wrong);
            place.pop();
            Type::Set(Box::new(item))
        }
        plain @ (Type::String | Type::Bool | Type::Long) => plain,
    }
}

impl BadType {
    fn new(message: String) -> Self {
        Self { place: Vec::new(), message, help: None }
    }

    fn unknown(text: &str) -> Self {
        Self {
            place: Vec::new(),
            message: format!("`{text}` is no type of an attribute"),
            help: Some(
                "write `string`, `bool`, `long`, a set such as `[string]` or fields such as `{managed: bool}`; \
                 a trailing `?` says that it may be absent"
                    .to_owned(),
            ),
        }
    }

    fn taken(section: &str, field: &str) -> Self {
        Self {
            place: vec![section.to_owned(), field.to_owned()],
            message: format!("`{section}.{field}` is always there and has its type already"),
            help: Some("leave it out, or give the attribute another name".to_owned()),
        }
    }
}

impl fmt::Display for BadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadType {}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(of: &[(&str, &str)]) -> Fields {
        of.iter().map(|(name, text)| ((*name).to_owned(), Field::parse(text).unwrap())).collect()
    }

    #[test]
    fn types_are_read_as_written() {
        let set = |item| Type::Set(Box::new(item));
        for (text, is) in [
            ("string", Type::String),
            (" bool ", Type::Bool),
            ("long", Type::Long),
            ("[string]", set(Type::String)),
            ("[ [long] ]", set(set(Type::Long))),
        ] {
            assert_eq!(Type::parse(text), Ok(is), "{text}");
        }
        for text in ["", "String", "[]", "[string", "string]", "float", "string??", "?", "[string?]"] {
            assert!(Field::parse(text).is_err(), "{text}");
        }
        assert_eq!(Field::parse("long?"), Ok(Field { is: Type::Long, required: false }));
    }

    #[test]
    fn a_set_of_sets_of_sets_ends_somewhere() {
        let deep = |levels: usize| format!("{}string{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Type::parse(&deep(NESTING_MAX)).is_ok());
        assert!(Type::parse(&deep(NESTING_MAX + 1)).is_err());
        assert!(Type::parse(&deep(500_000)).is_err());
    }

    #[test]
    fn records_nest_as_deep_as_a_document() {
        let nest = |levels: usize| {
            (0..levels).fold(fields(&[("leaf", "bool")]), |inner, _| {
                Fields::from([("more".to_owned(), Field::record(inner))])
            })
        };
        let types = |levels| AttributeTypes::new(nest(levels), Fields::new(), Fields::new());
        assert!(types(NESTING_MAX - 2).is_ok());
        let wrong = types(NESTING_MAX - 1).unwrap_err();
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].message.contains("deeper than 32"), "{wrong:?}");
    }

    #[test]
    fn no_attribute_takes_a_name_that_is_always_there() {
        let wrong = AttributeTypes::new(
            fields(&[("groups", "[string]"), ("manager?", "string"), ("department", "string")]),
            fields(&[("labels", "string"), ("tier", "long")]),
            fields(&[("ask", "string")]),
        )
        .unwrap_err();
        let places: Vec<String> = wrong.iter().map(|bad| bad.place.join(".")).collect();
        assert_eq!(places, ["principal.groups", "principal.manager", "resource.labels", "context.ask"]);
    }

    #[test]
    fn a_question_mark_on_the_name_or_the_type_means_the_same() {
        let named = AttributeTypes::new(fields(&[("region?", "string")]), Fields::new(), Fields::new());
        let typed = AttributeTypes::new(fields(&[("region", "string?")]), Fields::new(), Fields::new());
        assert_eq!(named, typed);
        let twice = fields(&[("region?", "string"), ("region", "string")]);
        assert!(AttributeTypes::new(twice, Fields::new(), Fields::new()).is_err());
    }
}
