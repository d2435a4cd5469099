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
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    as_by_hand(&mut cargo);
    cargo
}

/// Takes out of its environment what cargo told this chore about itself. Build scripts look at some of that: a cargo
/// that is started here would compile anew what one that is started by hand has compiled, and the other way round.
pub(crate) fn as_by_hand(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_a_package) {
            command.env_remove(name);
        }
    }
}

fn is_of_a_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|whose| name.starts_with(whose))
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

    /// A program of ours that was built to be run in earnest.
    pub(crate) fn built(&self, program: &str) -> Command {
        Command::new(self.target.join("release").join(program))
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
    fn cargo_is_not_told_which_package_started_it() {
        assert!(std::env::vars().any(|(name, _)| name == "CARGO_MANIFEST_DIR"), "cargo tells this test");
        let cargo = cargo();
        let taken: Vec<_> =
            cargo.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            assert!(taken.contains(&std::ffi::OsStr::new(name)), "{name}");
        }
        assert!(!taken.contains(&std::ffi::OsStr::new("PATH")));
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
