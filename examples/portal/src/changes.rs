//! What is different between two policies: field by field, each by where it stands.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where: `flows`, `orders-db`, `extension.times`.
    pub place: Vec<String>,
    /// What stands there today; nothing where it is new.
    pub before: Option<String>,
    /// What would stand there; nothing where it goes.
    pub after: Option<String>,
}

/// What is different between two documents in canonical JSON, in the order of their places.
#[must_use]
pub fn between(before: &Json, after: &Json) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(&mut Vec::new(), Some(before), Some(after), &mut changes);
    changes
}

fn compare(place: &mut Vec<String>, before: Option<&Json>, after: Option<&Json>, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before.and_then(named), after.and_then(named)) {
        (Some(old), Some(new)) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                place.push(name.clone());
                compare(place, old.get(name).copied(), new.get(name).copied(), changes);
                place.pop();
            }
        }
        _ => changes.push(Change { place: place.clone(), before: before.map(told), after: after.map(told) }),
    }
}

/// The parts of a value by name: the fields of an object; what stands in a list by its `id` or `name`, where all have
/// one and no two the same.
fn named(value: &Json) -> Option<BTreeMap<String, &Json>> {
    match value {
        Json::Object(fields) => Some(fields.iter().map(|(name, value)| (name.clone(), value)).collect()),
        Json::Array(list) => {
            let name = |part: &Json| part.get("id").or_else(|| part.get("name"))?.as_str().map(str::to_owned);
            let found: Option<BTreeMap<String, &Json>> =
                list.iter().map(|part| Some((name(part)?, part))).collect();
            found.filter(|found| found.len() == list.len())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}

fn told(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(before: &Json, after: &Json) -> Vec<String> {
        let line = |change: Change| {
            let side = |side: Option<String>| side.unwrap_or_else(|| "-".to_owned());
            format!("{}: {} -> {}", change.place.join("."), side(change.before), side(change.after))
        };
        between(before, after).into_iter().map(line).collect()
    }

    #[test]
    fn each_field_is_told_where_it_stands() {
        let before = json!({"version": 1, "flows": [
            {"id": "a", "title": "A", "extension": {"times": 2, "span": {"default": "30m"}}},
            {"id": "b", "title": "B"},
        ]});
        let after = json!({"version": 1, "flows": [
            {"id": "c", "title": "C"},
            {"id": "a", "title": "A", "extension": {"times": 3, "span": {"default": "30m"}, "total": "4h"}},
        ]});
        assert_eq!(
            lines(&before, &after),
            [
                "flows.a.extension.times: 2 -> 3",
                "flows.a.extension.total: - -> 4h",
                r#"flows.b: {"id":"b","title":"B"} -> -"#,
                r#"flows.c: - -> {"id":"c","title":"C"}"#,
            ]
        );
    }

    #[test]
    fn the_order_of_flows_is_no_change_and_that_of_a_plain_list_is_one() {
        let flows = |ids: [&str; 2]| json!({"flows": ids.map(|id| json!({"id": id}))});
        assert!(between(&flows(["a", "b"]), &flows(["b", "a"])).is_empty());
        let steps = |groups: [&str; 2]| json!({"approvers": groups});
        let told = lines(&steps(["x", "y"]), &steps(["y", "x"]));
        assert_eq!(told, [r#"approvers: ["x","y"] -> ["y","x"]"#]);
    }
}
