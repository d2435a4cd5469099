//! The files of the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// A source file, by its path from the root.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Every Rust file that is not ignored, tracked or not, in order of path.
pub(crate) fn rust_sources(root: &Path) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    for path in files(root)? {
        if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(root.join(&path))
                .map_err(|trouble| format!("`{}`: {trouble}", path.display()))?;
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}

/// Every file that is neither ignored nor hidden, by its path from the root, in order of path.
///
/// Follows the `.gitignore` files of the checkout alone, so that the answer is the same on every machine, and in an
/// unpacked archive too.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let walk =
        WalkBuilder::new(root).require_git(false).git_global(false).git_exclude(false).parents(false).build();
    for entry in walk {
        let entry = entry.map_err(|trouble| trouble.to_string())?;
        if entry.path().is_file() {
            files.push(entry.path().strip_prefix(root).unwrap_or(entry.path()).to_path_buf());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_file_is_found_and_build_output_is_not() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found: Vec<_> = rust_sources(root).unwrap().into_iter().map(|source| source.path).collect();
        assert!(found.contains(&PathBuf::from("src/tree.rs")), "{found:?}");
    }

    #[test]
    fn what_is_ignored_is_left_out() {
        let root = std::env::temp_dir().join(format!("tenure-tree-{}", std::process::id()));
        fs::create_dir_all(root.join("made")).unwrap();
        fs::write(root.join(".gitignore"), "/made\n").unwrap();
        fs::write(root.join("made/generated.rs"), "").unwrap();
        fs::write(root.join("written.rs"), "").unwrap();
        fs::write(root.join("notes.txt"), "").unwrap();
        let found: Vec<_> = rust_sources(&root).unwrap().into_iter().map(|source| source.path).collect();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, [PathBuf::from("written.rs")]);
    }
}
