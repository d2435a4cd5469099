//! What all stories ask and are answered in Rust, written down once for the runners of every language.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::workspace::Workspace;

/// Where tests look for it. One that is started by hand, and finds nothing there, writes its own or says that it has none.
const TOLD_IN: &str = "TENURE_TRANSCRIPT";
/// Where they look for the command line, which has a second opinion on what a binding signs.
const TOLD_BY: &str = "TENURE_COMMAND";
const STORIES: &[&str] = &["crates/scenario/corpus", "examples/stories"];

fn file(workspace: &Workspace) -> PathBuf {
    workspace.target.join("stories.jsonl")
}

/// What was written by an earlier run may be about other sources.
pub(crate) fn forget(workspace: &Workspace) {
    let _ = fs::remove_file(file(workspace));
}

/// The command line, which plays them and writes, and never over what is there. It was built before.
pub(crate) fn written(workspace: &Workspace) -> Result<Command, String> {
    forget(workspace);
    let mut tenure = workspace.built("tenure");
    tenure.args(["test", "--transcript"]).arg(file(workspace)).args(STORIES);
    Ok(tenure)
}

/// Tells a test where they are, if this run has written them, and where the command line is that wrote them.
pub(crate) fn tell(workspace: &Workspace, test: &mut Command) {
    let file = file(workspace);
    if file.exists() {
        test.env(TOLD_IN, file);
        test.env(TOLD_BY, workspace.built("tenure").get_program());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_hears_of_stories_of_this_run_alone() {
        let target = std::env::temp_dir().join(format!("tenure-stories-{}", std::process::id()));
        fs::create_dir_all(&target).unwrap();
        let workspace = Workspace { root: PathBuf::new(), target, members: Vec::new() };
        let told = || {
            let mut test = Command::new("test");
            tell(&workspace, &mut test);
            test.get_envs().next().is_some()
        };
        fs::write(file(&workspace), "of an earlier run").unwrap();
        let written = written(&workspace).map(|_| file(&workspace).exists());
        fs::write(file(&workspace), "of an earlier run").unwrap();
        forget(&workspace);
        let before = told();
        fs::write(file(&workspace), "of this run").unwrap();
        let after = told();
        fs::remove_dir_all(&workspace.target).unwrap();
        assert_eq!((written, before, after), (Ok(false), false, true));
    }
}
