//! A command is added to a copy of the tree: its clients have it, and no source of theirs that is written by hand changed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;

/// The files of all clients, and the schemas that they are printed from: a copy of the tree as far as it is about them.
fn copied() -> Workspace {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = std::env::temp_dir().join(format!("tenure-added-{}", std::process::id()));
    for file in crate::tree::files(&from).unwrap() {
        if file.starts_with("bindings") || file.starts_with(SCHEMAS) {
            let to = root.join(&file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from.join(&file), to).unwrap();
        }
    }
    Workspace { root, target: PathBuf::new(), members: Vec::new() }
}

fn contents(workspace: &Workspace) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = crate::tree::files(&workspace.root).unwrap();
    files.into_iter().map(|file| (file.clone(), fs::read(workspace.root.join(file)).unwrap())).collect()
}

#[test]
fn a_command_that_is_added_changes_no_source_of_a_binding() {
    let workspace = copied();
    let before = contents(&workspace);
    // What a command is to the bindings: a call in the schema, as the port prints it.
    let schema = workspace.root.join(SCHEMAS).join("call.schema.json");
    let mut calls: Value = serde_json::from_slice(&fs::read(&schema).unwrap()).unwrap();
    let lend = json!({"type": "object", "additionalProperties": false, "description": "Lends a grant to somebody else.",
        "properties": {"call": {"type": "string", "const": "lend"},
            "actor": {"$ref": "#/$defs/Actor", "description": "Who gives the command."},
            "grant": {"type": "string", "description": "The grant."},
            "lent_until": {"$ref": "#/$defs/Time", "description": "Until when."}},
        "required": ["call", "actor", "grant", "lent_until"], "x-answer": "Grant"});
    calls["oneOf"].as_array_mut().unwrap().push(lend);
    fs::write(&schema, calls.to_string()).unwrap();
    assert!(!check(&workspace).unwrap().holds(), "what is committed lacks the command");
    run(&workspace).unwrap();
    assert!(check(&workspace).unwrap().holds());

    let after = contents(&workspace);
    let changed: Vec<&PathBuf> =
        after.iter().filter(|(file, is)| before.get(*file) != Some(*is)).map(|(file, _)| file).collect();
    let printed = printed(&workspace.root).unwrap();
    fs::remove_dir_all(&workspace.root).unwrap();
    for file in &changed {
        let known = printed.iter().any(|printed| file.as_path() == Path::new(printed.path))
            || file.starts_with(SCHEMAS);
        assert!(known, "`{}` changed, and is written by hand", file.display());
    }
    for (client, method) in [("bindings/python", "def lend("), ("bindings/node", "lend(call")] {
        let has = |file: &&&PathBuf| String::from_utf8_lossy(&after[**file]).contains(method);
        assert!(
            changed.iter().filter(|file| file.starts_with(client)).any(|file| has(&file)),
            "{client} has no `{method}`"
        );
    }
}
