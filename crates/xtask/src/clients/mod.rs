//! Clients of other languages, printed from the schemas of calls and answers.
//!
//! The schemas are read into a [`model::Model`] once; a printer for each language makes files of it. What is printed is
//! committed: a call that is added changes schemas and printed files, and nothing that is written by hand.

#[cfg(test)]
mod added;
mod model;
mod python;
mod typescript;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use self::model::Model;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// Where the port keeps its schemas.
const SCHEMAS: &str = "crates/port/schema";

/// A file as it should be.
struct Printed {
    /// From the root of the workspace.
    path: &'static str,
    text: String,
}

/// What makes files of a model: one a language.
type Printer = fn(&Model) -> Result<Vec<Printed>, String>;
const PRINTERS: &[Printer] = &[python::print, typescript::print];

/// Writes the printed files; whether that could be done is all that can go wrong.
pub(crate) fn run(workspace: &Workspace) -> Result<bool, String> {
    for file in printed(&workspace.root)? {
        let path = workspace.root.join(file.path);
        let same = fs::read_to_string(&path).is_ok_and(|committed| committed == file.text);
        if !same {
            fs::write(&path, &file.text).map_err(|trouble| format!("`{}`: {trouble}", file.path))?;
        }
        println!("  {} {}", if same { "as it was:" } else { "written:  " }, file.path);
    }
    Ok(true)
}

/// What is committed is what would be printed.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, String> {
    let mut verdict = Verdict::default();
    let files = printed(&workspace.root)?;
    verdict.notes.push(format!("{} printed files", files.len()));
    let stale = files.iter().filter(|file| {
        fs::read_to_string(workspace.root.join(file.path)).map_or(true, |committed| committed != file.text)
    });
    verdict.findings.extend(stale.map(|file| {
        format!("`{}` is not what `cargo xtask gen` prints from {SCHEMAS}; run it and commit", file.path)
    }));
    Ok(verdict)
}

/// The files that are printed, by their paths from the root.
pub(crate) fn paths(root: &Path) -> Result<BTreeSet<PathBuf>, String> {
    Ok(printed(root)?.into_iter().map(|file| PathBuf::from(file.path)).collect())
}

fn printed(root: &Path) -> Result<Vec<Printed>, String> {
    let read = |name: &str| {
        let path = root.join(SCHEMAS).join(name);
        fs::read_to_string(&path).map_err(|trouble| format!("`{}`: {trouble}", path.display()))
    };
    let model = Model::read(&read("call.schema.json")?, &read("answer.schema.json")?)?;
    let mut files = Vec::new();
    for print in PRINTERS {
        files.extend(print(&model)?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn schemas() -> [Value; 2] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(SCHEMAS);
        ["call", "answer"].map(|name| {
            let text = fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
            serde_json::from_str(&text).unwrap()
        })
    }

    fn files(schemas: &[Value; 2]) -> Result<Vec<Printed>, String> {
        let [calls, answers] = schemas;
        let model = Model::read(&calls.to_string(), &answers.to_string())?;
        Ok(PRINTERS.iter().flat_map(|print| print(&model).unwrap()).collect())
    }

    /// A call that is added is in the printed files; no file that is written by hand is touched, for none is read.
    #[test]
    fn a_call_that_is_added_is_printed_for_every_language() {
        let mut schemas = schemas();
        let before = files(&schemas).unwrap();
        let added = json!({"type": "object", "additionalProperties": false, "description": "Lends a grant.",
            "properties": {"call": {"type": "string", "const": "lend"}, "grant": {"type": "string", "description": "The grant."},
                "until": {"$ref": "#/$defs/Time", "description": "Until when."}},
            "required": ["call", "grant", "until"], "x-answer": "Grant"});
        schemas[0]["oneOf"].as_array_mut().unwrap().push(added);
        let after = files(&schemas).unwrap();
        let changed: Vec<_> = before.iter().zip(&after).filter(|(was, is)| was.text != is.text).collect();
        assert!(changed.len() >= PRINTERS.len(), "each language has it");
        for (was, is) in changed {
            assert!(is.text.contains("lend"), "{}", is.path);
            // What was there stays as it was: the call is added, and nothing moves.
            let mut left = is.text.lines();
            assert!(was.text.lines().all(|line| left.any(|kept| kept == line)), "{}", is.path);
        }
    }

    /// So that a call which is added, or whose fields change, changes no file that is written by hand.
    #[test]
    fn what_python_has_by_hand_knows_four_calls() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let [calls, answers] = schemas();
        let model = Model::read(&calls.to_string(), &answers.to_string()).unwrap();
        let printed = printed(&root).unwrap();
        let mut known = BTreeSet::new();
        for path in crate::tree::files(&root.join("bindings/python")).unwrap() {
            let path = Path::new("bindings/python").join(path);
            let by_hand = !printed.iter().any(|file| Path::new(file.path) == path);
            let code = path.extension().is_some_and(|ending| ending == "py" || ending == "rs");
            if !(by_hand
                && code
                && ["src", "python"]
                    .iter()
                    .any(|part| path.starts_with(Path::new("bindings/python").join(part))))
            {
                continue;
            }
            let text = fs::read_to_string(root.join(&path)).unwrap();
            for call in &model.calls {
                let asked =
                    ["calls.", "self.", "_handle.", "0."].map(|whose| format!("{whose}{}(", call.name));
                if asked.iter().any(|asked| text.contains(asked)) {
                    known.insert(call.name.clone());
                }
            }
        }
        assert_eq!(Vec::from_iter(known), ["effect_done", "effect_failed", "holds", "take_effects"]);
    }

    #[test]
    fn a_shape_that_no_printer_knows_is_told() {
        let told = |change: fn(&mut [Value; 2])| {
            let mut schemas = schemas();
            change(&mut schemas);
            files(&schemas).err().unwrap_or_default()
        };
        assert!(told(|[calls, _]| calls["oneOf"][0]["x-answer"] = json!("Nobody")).contains("`Nobody`"));
        assert!(told(|[calls, _]| calls["oneOf"][0]["x-answer"] = Value::Null).contains("x-answer"));
        assert!(
            told(|[calls, _]| calls["oneOf"][0]["x-answer"] = json!({"sort": "Grant"})).contains("`sort`")
        );
        let number = |[_, answers]: &mut [Value; 2]| {
            answers["$defs"]["Grant"]["properties"]["id"] = json!({"type": "number"})
        };
        assert_eq!(told(number), "Grant: id: the type `number`");
    }

    #[test]
    fn a_file_that_is_not_what_is_printed_is_found() {
        let root = std::env::temp_dir().join(format!("tenure-clients-{}", std::process::id()));
        fs::create_dir_all(root.join(SCHEMAS)).unwrap();
        for (name, schema) in ["call", "answer"].iter().zip(schemas()) {
            fs::write(root.join(SCHEMAS).join(format!("{name}.schema.json")), schema.to_string()).unwrap();
        }
        let workspace =
            Workspace { root: root.clone(), target: std::path::PathBuf::new(), members: Vec::new() };
        let stale = check(&workspace).unwrap().findings.len();
        let printed = printed(&root).unwrap();
        for file in &printed {
            fs::create_dir_all(root.join(file.path).parent().unwrap()).unwrap();
        }
        run(&workspace).unwrap();
        let fresh = check(&workspace).unwrap().findings;
        fs::remove_dir_all(&root).unwrap();
        assert_eq!((stale, fresh), (printed.len(), Vec::new()));
    }
}
