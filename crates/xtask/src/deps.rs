//! Every dependency says why it is there, once, in the workspace's manifest; every crate shares its lints.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::verdict::Verdict;
use crate::workspace::Workspace;

const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, String> {
    let mut verdict = Verdict::default();
    let mut used = BTreeSet::new();
    for member in &workspace.members {
        let path = member.folder.join("Cargo.toml");
        let (found, uses) = judge_member(&read(&workspace.root, &path)?)
            .map_err(|trouble| format!("`{}`: {trouble}", path.display()))?;
        verdict.findings.extend(found.into_iter().map(|finding| format!("{}: {finding}", path.display())));
        used.extend(uses);
    }
    let root = read(&workspace.root, Path::new("Cargo.toml"))?;
    let found = judge_root(&root, &used).map_err(|trouble| format!("`Cargo.toml`: {trouble}"))?;
    verdict.findings.extend(found.into_iter().map(|finding| format!("Cargo.toml: {finding}")));
    verdict.notes.push(format!("{} dependencies in use", used.len()));
    Ok(verdict)
}

fn read(root: &Path, manifest: &Path) -> Result<String, String> {
    fs::read_to_string(root.join(manifest)).map_err(|trouble| format!("`{}`: {trouble}", manifest.display()))
}

/// The shared list: a comment over each line that is not ours, and no line that nobody uses.
fn judge_root(text: &str, used: &BTreeSet<String>) -> Result<Vec<String>, String> {
    let document = DeTable::parse(text).map_err(|trouble| trouble.to_string())?;
    let listed = table(document.get_ref(), "workspace")
        .and_then(|workspace| table(workspace, "dependencies"))
        .ok_or("there is no `[workspace.dependencies]`")?;
    let mut findings = Vec::new();
    for (key, value) in listed {
        let name: &str = key.get_ref();
        if value.get_ref().as_table().is_some_and(|table| table.contains_key("path")) {
            continue;
        }
        let before = text.get(..key.span().start).unwrap_or_default();
        let above = before.rfind('\n').and_then(|own_line| before.get(..own_line)).unwrap_or_default();
        let above = above.rsplit('\n').next().unwrap_or_default();
        if !above.starts_with("# ") {
            findings.push(format!("`{name}` does not say why it is there; put a comment on the line above"));
        }
        if !used.contains(name) {
            findings.push(format!("`{name}` is listed and no crate uses it"));
        }
    }
    Ok(findings)
}

/// One crate: what is not so, and the shared dependencies it uses.
fn judge_member(text: &str) -> Result<(Vec<String>, BTreeSet<String>), String> {
    let document = DeTable::parse(text).map_err(|trouble| trouble.to_string())?;
    let manifest = document.get_ref();
    let mut findings = Vec::new();
    let mut uses = BTreeSet::new();
    if !table(manifest, "lints").is_some_and(from_workspace) {
        findings.push(
            "the workspace's lints are not taken over; write `[lints]` and `workspace = true`".to_owned(),
        );
    }
    let targets = table(manifest, "target").into_iter().flat_map(|targets| targets.values());
    let targets = targets.filter_map(|target| target.get_ref().as_table());
    for place in targets.chain([manifest]) {
        for (key, value) in SECTIONS.iter().filter_map(|section| table(place, section)).flatten() {
            let name = key.get_ref().to_string();
            if value.get_ref().as_table().is_some_and(from_workspace) {
                uses.insert(name);
            } else {
                findings.push(format!("`{name}` is not taken from the workspace's list"));
            }
        }
    }
    Ok((findings, uses))
}

fn table<'a, 'i>(within: &'a DeTable<'i>, name: &str) -> Option<&'a DeTable<'i>> {
    within.get(name).and_then(|value| value.get_ref().as_table())
}

fn from_workspace(table: &DeTable<'_>) -> bool {
    table.get("workspace").and_then(|value| DeValue::as_bool(value.get_ref())) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_reason_stands_on_the_line_above() {
        let text = "\
[workspace.dependencies]
ours = { path = \"crates/ours\" }

# Said.
one = \"1\"
two = { version = \"2\", features = [
    \"a\",
] }
# Said of the block.

three = \"3\"
#four = \"4\"
five = \"5\"

# Said of the table.
[workspace.dependencies.six]
version = \"6\"
";
        let found = judge_root(text, &used(&["one", "two", "three", "five", "six"])).unwrap();
        let names: Vec<_> = found.iter().filter_map(|finding| finding.split('`').nth(1)).collect();
        assert_eq!(names, ["five", "three", "two"]);
    }

    #[test]
    fn a_dependency_that_nobody_uses_is_found() {
        let text = "[workspace.dependencies]\n# Said.\none = \"1\"\n";
        assert_eq!(judge_root(text, &used(&[])).unwrap(), ["`one` is listed and no crate uses it"]);
        assert_eq!(judge_root(text, &used(&["one"])).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_crate_takes_lints_and_versions_from_the_workspace() {
        let text = "\
[lints]
workspace = true
[dependencies]
one.workspace = true
two = \"2\"
[dev-dependencies]
three = { workspace = true, features = [\"a\"] }
[target.'cfg(unix)'.dependencies]
four = { version = \"4\" }
";
        let (found, uses) = judge_member(text).unwrap();
        assert_eq!(uses, used(&["one", "three"]));
        let names: Vec<_> = found.iter().filter_map(|finding| finding.split('`').nth(1)).collect();
        assert_eq!(names, ["four", "two"]);
    }

    #[test]
    fn a_crate_with_lints_of_its_own_is_found() {
        for text in ["", "[lints]\nworkspace = false\n", "[lints.rust]\nunsafe_code = \"allow\"\n"] {
            let (found, _) = judge_member(text).unwrap();
            assert_eq!(found.len(), 1, "{text}: {found:?}");
        }
    }
}
