//! The example of the reference, bent so that no field has its default: nothing of it is lost.

use super::*;
use crate::document::{Format, read_one};
use crate::problem::Problem;

/// Every field there is, each with a value that it would not have if it were left out.
fn everything() -> Node {
    let reference = include_str!("../../FLOWS.md");
    let (_, rest) = reference.split_once("```yaml\n").unwrap();
    let mut text = rest.split_once("```").unwrap().0.to_owned();
    for (from, to) in [
        ("enabled: true", "enabled: false"),
        ("kind: elevation ", "kind: vaulted "),
        ("self: true, others", "self: [group:lead], others"),
        ("take: any ", "take: all "),
        ("past_close: clip", "past_close: refuse"),
        ("activation: on_approval ", "activation: by_holder "),
        ("required: true\n      min_length", "required: false\n      min_length"),
        ("message: as in JIRA-12, required: true", "message: as in JIRA-12, required: false"),
        ("order: in_turn ", "order: any "),
        ("denials: 1 ", "denials: 2 "),
        ("needed: 1\n", "needed: 2\n"),
        ("reason: false\n", "reason: true\n"),
        ("tell: true ", "tell: false "),
        ("cool_down: 0m", "cool_down: 1m"),
        ("anchor: end ", "anchor: now "),
        ("reason: {required: false}", "reason: {required: false, min_length: 3}"),
        ("governed_by: today ", "governed_by: stricter "),
        (
            "approval: automatic                # default; or same; or {first",
            "approval: {first: 1, bridge: 10m, decide_within: 10m, steps: [{approvers: [owner]}]} # {first",
        ),
        ("extendable: false", "extendable: true"),
        ("before_end: [15m, 5m]", "before_end: [20m, 5m]"),
    ] {
        assert!(text.contains(from), "the reference has changed: {from}");
        text = text.replacen(from, to, 1);
    }
    read_one(&text, Format::Yaml, 0).unwrap()
}

fn decoded(root: &Node) -> (String, Vec<Problem>) {
    let mut reader = Reader::default();
    let roots = [root.clone()];
    let merged = merge(&mut reader, &roots);
    let draft = document(&mut reader, &merged);
    let types = format!("{:?}", reader.declared());
    (format!("{draft:?} {types}"), reader.found().0)
}

/// Every node of the tree, changed by `change` one at a time, with its path.
fn changed(root: &Node, change: &dyn Fn(&Node) -> Option<Node>, then: &mut dyn FnMut(&str, &Node)) {
    fn down(
        node: &Node,
        path: &Path<'_>,
        change: &dyn Fn(&Node) -> Option<Node>,
        whole: &mut dyn FnMut(&str, Option<Node>),
    ) {
        whole(&path.to_string(), change(node));
        match &node.value {
            Value::Map(entries) => {
                for (n, entry) in entries.iter().enumerate() {
                    down(&entry.node, &path.key(&entry.key), change, &mut |path, below| {
                        let mut entries = entries.clone();
                        match below {
                            Some(below) => entries[n].node = below,
                            None => drop(entries.remove(n)),
                        }
                        whole(path, Some(Node { value: Value::Map(entries), place: node.place }));
                    });
                }
            }
            Value::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    down(item, &path.index(n), change, &mut |path, below| {
                        let mut items = items.clone();
                        match below {
                            Some(below) => items[n] = below,
                            None => drop(items.remove(n)),
                        }
                        whole(path, Some(Node { value: Value::List(items), place: node.place }));
                    });
                }
            }
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => {}
        }
    }
    down(root, &Path::ROOT, change, &mut |path, root| {
        if let (false, Some(root)) = (path.is_empty(), root) {
            then(path, &root);
        }
    });
}

#[test]
fn nothing_that_is_written_is_lost() {
    let root = everything();
    let (whole, problems) = decoded(&root);
    assert_eq!(problems, []);
    let mut left_out = 0;
    changed(&root, &|_| None, &mut |path, root| {
        let (draft, problems) = decoded(root);
        assert!(draft != whole || !problems.is_empty(), "{path} makes no difference");
        left_out += 1;
    });
    assert!(left_out > 200, "{left_out}");
}

#[test]
fn nothing_is_taken_for_what_it_is_not() {
    let root = everything();
    let strange = |node: &Node| Some(Node { value: Value::List(vec![node.clone(); 300]), place: node.place });
    changed(&root, &strange, &mut |path, root| {
        if matches!(path, "flows" | "scopes" | "kits" | "conflicts" | "guards") {
            return;
        }
        let (_, problems) = decoded(root);
        let told = problems.iter().any(|problem| problem.path.starts_with(path));
        assert!(told, "{path} takes anything: {problems:?}");
    });
}

#[test]
fn what_stands_beside_the_flows_is_kept() {
    let mut reader = Reader::default();
    let roots = [everything()];
    let merged = merge(&mut reader, &roots);
    let draft = document(&mut reader, &merged);
    assert_eq!(draft.flows.len(), 3);
    let kit = draft.kits.first().unwrap();
    let first = &kit.items.first().unwrap().item;
    assert_eq!((kit.id.as_str(), first.resource.name.as_str()), ("incident-kit", "prod-orders"));
    assert_eq!(draft.conflicts.first().unwrap().flows.len(), 2);
    let guard = draft.guards.first().unwrap();
    assert!(guard.require.steps && guard.require.reason && guard.require.when.is_some());
}

#[test]
fn the_tree_of_a_value_is_the_tree_of_its_text() {
    let root = everything();
    let value = crate::document::of_value(&root.to_json()).unwrap();
    assert_eq!(value.to_json(), root.to_json());
    let text = root.to_json().to_string();
    assert_eq!(read_one(&text, Format::Json, 0).unwrap().to_json(), root.to_json());
}
