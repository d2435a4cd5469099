//! Packages for other languages: built, installed as users install them, and tested in their own language; and the portal,
//! tested in a browser. What each needs of its machine, and what it does there, stands beside it.

use std::process::{Command, Stdio};

use crate::workspace::Workspace;

/// What builds and tests the package for Python; or why that cannot be tried here.
pub(crate) fn python(workspace: &Workspace) -> Result<Command, String> {
    starts("python3").map_err(|why| format!("the package for Python, because {why}"))?;
    let mut command = Command::new("python3");
    command.arg(workspace.root.join("bindings/python/check.py")).arg(&workspace.target);
    Ok(command)
}

/// What builds and tests the package for Node; or why that cannot be tried here.
pub(crate) fn node(workspace: &Workspace) -> Result<Command, String> {
    let untried = |why| format!("the package for Node, because {why}");
    starts("node").map_err(untried)?;
    starts("npm").map_err(untried)?;
    let mut command = Command::new("node");
    command.arg(workspace.root.join("bindings/node/check.mjs")).arg(&workspace.target);
    Ok(command)
}

/// What builds the portal and tests it in a browser; or why that cannot be tried here.
pub(crate) fn portal(workspace: &Workspace) -> Result<Command, String> {
    let untried = |why| format!("the portal in a browser, because {why}");
    starts("node").map_err(untried)?;
    starts("npm").map_err(untried)?;
    let mut command = Command::new("node");
    command.arg(workspace.root.join("examples/portal/browser/check.mjs")).arg(&workspace.target);
    Ok(command)
}

fn starts(program: &str) -> Result<(), String> {
    let told = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    match told {
        Ok(told) if told.status.success() => Ok(()),
        Ok(_) => Err(format!("`{program}` does not run")),
        Err(trouble) => Err(format!("`{program}` does not start: {trouble}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told() {
        assert!(
            starts("surely-no-such-program")
                .unwrap_err()
                .starts_with("`surely-no-such-program` does not start")
        );
        assert_eq!(starts("cargo"), Ok(()));
    }
}
