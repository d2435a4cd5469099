//! The crates of the workspace and what each depends on, as cargo sees them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    pub(crate) members: Vec<Member>,
}

/// A crate of ours.
pub(crate) struct Member {
    pub(crate) name: String,
    /// From the root of the workspace.
    pub(crate) folder: PathBuf,
    pub(crate) needs: Vec<Need>,
}

/// One line under a crate's dependencies.
pub(crate) struct Need {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

/// The cargo that runs this chore, so that a chosen toolchain stays chosen.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

impl Workspace {
    pub(crate) fn of_this_checkout() -> Result<Self, String> {
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .map_err(|trouble| format!("cargo does not start: {trouble}"))?;
        if !output.status.success() {
            return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|trouble| format!("cargo metadata is not JSON: {trouble}"))?;
        Self::from_metadata(&metadata)
            .ok_or_else(|| "cargo metadata does not look as this chore expects".to_owned())
    }

    /// Nothing if the metadata lacks what is looked for: a check over half a workspace would hold for the wrong reason.
    pub(crate) fn from_metadata(metadata: &Value) -> Option<Self> {
        let root = PathBuf::from(metadata.get("workspace_root")?.as_str()?);
        let target = PathBuf::from(metadata.get("target_directory")?.as_str()?);
        let packages = metadata.get("packages")?.as_array()?;
        let members = packages.iter().map(|package| member(package, &root)).collect::<Option<Vec<_>>>()?;
        Some(Self { root, target, members })
    }
}

fn member(package: &Value, root: &Path) -> Option<Member> {
    let manifest = Path::new(package.get("manifest_path")?.as_str()?);
    Some(Member {
        name: package.get("name")?.as_str()?.to_owned(),
        folder: manifest.parent()?.strip_prefix(root).ok()?.to_path_buf(),
        needs: package.get("dependencies")?.as_array()?.iter().map(need).collect::<Option<Vec<_>>>()?,
    })
}

fn need(dependency: &Value) -> Option<Need> {
    let kind = dependency.get("kind")?;
    let kind = match kind.as_str() {
        None if kind.is_null() => Kind::Normal,
        Some("build") => Kind::Build,
        Some("dev") => Kind::Dev,
        Some(_) | None => return None,
    };
    Some(Need {
        name: dependency.get("name")?.as_str()?.to_owned(),
        kind,
        optional: dependency.get("optional")?.as_bool()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_dependency_is_read() {
        let metadata = json!({ "workspace_root": "/w", "target_directory": "/t", "packages": [{
            "name": "tenure-store", "manifest_path": "/w/crates/store/Cargo.toml", "dependencies": [
                { "name": "tenure-core", "kind": null, "optional": false },
                { "name": "cc", "kind": "build", "optional": false },
                { "name": "proptest", "kind": "dev", "optional": true },
            ],
        }]});
        let workspace = Workspace::from_metadata(&metadata).unwrap();
        let [store] = workspace.members.as_slice() else { panic!("one member") };
        assert_eq!(store.folder, Path::new("crates/store"));
        let needs: Vec<_> =
            store.needs.iter().map(|need| (need.name.as_str(), need.kind, need.optional)).collect();
        let expected =
            [("tenure-core", Kind::Normal, false), ("cc", Kind::Build, false), ("proptest", Kind::Dev, true)];
        assert_eq!(needs, expected);
    }

    #[test]
    fn metadata_of_another_shape_is_no_workspace() {
        let unknown_kind = json!({ "workspace_root": "/w", "target_directory": "/t", "packages": [{
            "name": "a", "manifest_path": "/w/a/Cargo.toml",
            "dependencies": [{ "name": "b", "kind": "peer", "optional": false }],
        }]});
        assert!(Workspace::from_metadata(&unknown_kind).is_none());
        assert!(Workspace::from_metadata(&json!({ "packages": [] })).is_none());
    }
}
