//! The JSON Schema of the document, for editors and for whoever writes documents by program.
//!
//! It says which fields there are and what they take. What fields say together - that the shortest
//! span is not longer than the longest - only compiling the document tells.

mod approval;
mod beside;
mod extension;
mod flow;
mod words;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use self::beside::{Attributes, Conflict, Guard, Kit, Scope};
use self::flow::Flow;

/// A policy: who may ask for what access, for how long, who approves, how it may be extended.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Document {
    /// The version of this format.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    /// One entry for each way to get access; ids are unique, over all files of the policy.
    #[schemars(length(max = 10_000))]
    flows: Option<Vec<Flow>>,
    /// Named sets of targets, used by `what: [{scope: ...}]`.
    #[schemars(length(max = 10_000))]
    scopes: Option<Vec<Scope>>,
    /// Shopping lists over flows: one request, one grant a flow.
    #[schemars(length(max = 10_000))]
    kits: Option<Vec<Kit>>,
    /// Toxic combinations: one person may hold at most one of these at a time.
    #[schemars(length(max = 10_000))]
    conflicts: Option<Vec<Conflict>>,
    /// What holds for every request and extension of such items, by whatever flow.
    #[schemars(length(max = 10_000))]
    guards: Option<Vec<Guard>>,
    /// Types of what conditions see: they are then checked when the document is compiled.
    attributes: Option<Attributes>,
}

/// The JSON Schema of the document (draft 2020-12). The same for every call.
///
/// ```
/// let schema = tenure_policy::schema();
/// assert_eq!(schema["title"], "Tenure policy");
/// assert_eq!(schema["$defs"]["Extension"]["additionalProperties"], false);
/// ```
#[must_use]
pub fn schema() -> Value {
    let generator =
        SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null)).into_generator();
    let mut schema = generator.into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), "Tenure policy".into());
    schema.to_value()
}

/// A field that may be left out is left out: no field takes null.
fn without_null(schema: &mut Schema) {
    let null = |value: &Value| *value == "null";
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| !null(one));
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    choices.retain(|choice| !choice.get("type").is_some_and(null));
    if let [only] = choices.as_slice()
        && let Some(only) = only.as_object().cloned()
    {
        schema.remove("anyOf");
        for (key, value) in only {
            schema.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::decode::shape;

    #[test]
    fn the_schema_and_the_decoder_know_the_same_fields() {
        let schema = schema();
        let fields = |of: &Value| -> Option<BTreeSet<String>> {
            Some(of.get("properties")?.as_object()?.keys().cloned().collect())
        };
        let mut described: BTreeMap<String, BTreeSet<String>> = schema["$defs"]
            .as_object()
            .unwrap()
            .iter()
            .filter_map(|(name, of)| Some((name.clone(), fields(of)?)))
            .collect();
        described.insert("Document".to_owned(), fields(&schema).unwrap());
        let decoded: BTreeMap<String, BTreeSet<String>> = shape::ALL
            .iter()
            .map(|shape| {
                (shape.name.to_owned(), shape.fields.iter().map(|field| (*field).to_owned()).collect())
            })
            .collect();
        assert_eq!(described, decoded);
    }

    #[test]
    fn the_committed_schema_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/policy.schema.json");
        let text = format!("{:#}\n", schema());
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        // Compared as values: the order of keys depends on features of other crates in the build.
        let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
        assert!(committed == schema(), "run this test with BLESS=1 and look at what changed in {path}");
    }
}
