//! The table as it is written.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::BESIDE;

/// One guard, and the test that fails without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    /// The row of the list of bugs.
    pub(crate) row: u16,
    /// Where it stands, from the root.
    pub(crate) file: PathBuf,
    /// What it is called beside the test.
    pub(crate) is: String,
    /// Its text, once in the file.
    pub(crate) text: String,
    /// What stands there when it is taken out.
    pub(crate) without: String,
    /// The file of the test, from the root.
    pub(crate) tested_in: PathBuf,
    /// The function in which the test is written.
    pub(crate) test: String,
    /// The test that runs it, where that is another.
    pub(crate) run: String,
}

const FIELDS: &[&str] = &["row", "file", "is", "text", "without", "test", "run"];

pub(crate) fn read(text: &str) -> Result<Vec<Guard>, String> {
    let document = DeTable::parse(text).map_err(|trouble| trouble.to_string())?;
    let document = document.get_ref();
    if let Some((key, _)) = document.iter().find(|(key, _)| key.get_ref() != "guard") {
        return Err(format!("`{}` is no table of guards", key.get_ref()));
    }
    let guards = document
        .get("guard")
        .and_then(|value| value.get_ref().as_array())
        .ok_or("there is no `[[guard]]`")?;
    guards
        .iter()
        .enumerate()
        .map(|(place, value)| {
            let table = value.get_ref().as_table().ok_or("a guard is a table")?;
            guard(table).map_err(|trouble| format!("guard {}: {trouble}", place.saturating_add(1)))
        })
        .collect()
}

fn guard(table: &DeTable<'_>) -> Result<Guard, String> {
    if let Some((key, _)) = table.iter().find(|(key, _)| !FIELDS.contains(&&**key.get_ref())) {
        return Err(format!("`{}` is no field of a guard", key.get_ref()));
    }
    let maybe = |name: &str| match table.get(name).map(|value| value.get_ref()) {
        Some(DeValue::String(text)) => Ok(Some(text.to_string())),
        Some(_) => Err(format!("`{name}` is a text")),
        None => Ok(None),
    };
    let must = |name: &str| maybe(name)?.ok_or_else(|| format!("`{name}` is missing"));
    let row = table.get("row").and_then(|value| value.get_ref().as_integer()).ok_or("`row` is a number")?;
    let row = row.as_str().parse().map_err(|_| "`row` is a small number")?;
    let test = must("test")?;
    let (tested_in, test) = test.split_once(' ').ok_or("`test` is a file and the name of a test in it")?;
    let text = must("text")?;
    let without = must("without")?;
    if text.is_empty() || text == without {
        return Err("nothing is taken out".to_owned());
    }
    Ok(Guard {
        row,
        file: must("file")?.into(),
        is: must("is")?,
        text,
        without,
        tested_in: tested_in.into(),
        test: test.to_owned(),
        run: maybe("run")?.unwrap_or_else(|| test.to_owned()),
    })
}

impl Guard {
    /// The line beside the test that names it.
    pub(crate) fn comment(&self) -> String {
        format!("{BESIDE}`{}`, {}", self.short().display(), self.is)
    }

    /// The file from its crate's sources, as the comment calls it.
    fn short(&self) -> PathBuf {
        self.file.iter().skip_while(|part| *part != "src").skip(1).collect()
    }

    /// The folder of the crate whose test it is, and the target of that crate.
    pub(crate) fn target(&self) -> Option<(PathBuf, Target)> {
        let parts: Vec<&str> = self.tested_in.iter().filter_map(|part| part.to_str()).collect();
        match parts.as_slice() {
            ["crates", name, "src", ..] => Some((Path::new("crates").join(name), Target::Lib)),
            ["crates", name, "tests", file] => {
                let test = file.strip_suffix(".rs")?.to_owned();
                Some((Path::new("crates").join(name), Target::Test(test)))
            }
            ["crates", name, "tests", folder, ..] => {
                Some((Path::new("crates").join(name), Target::Test((*folder).to_owned())))
            }
            _ => None,
        }
    }
}

/// Which of a crate's test binaries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// The tests inside of the library.
    Lib,
    /// A file or folder of `tests`.
    Test(String),
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{:02} `{}`, {}", self.row, self.short().display(), self.is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "row = 1\nfile = 'crates/a/src/b/c.rs'\nis = 'it'\ntext = 'x'\nwithout = 'y'\ntest = 'crates/a/src/b/c/tests.rs r01_t'\n";

    fn one(fields: &str) -> Result<Guard, String> {
        read(&format!("[[guard]]\n{fields}")).map(|mut guards| guards.remove(0))
    }

    #[test]
    fn a_guard_is_read_with_its_names() {
        let guard = one(WHOLE).unwrap();
        assert_eq!(guard.comment(), "// guard: `b/c.rs`, it");
        assert_eq!(guard.to_string(), "r01 `b/c.rs`, it");
        assert_eq!((guard.run.as_str(), guard.target()), ("r01_t", Some(("crates/a".into(), Target::Lib))));
        for (tested_in, target) in [
            ("crates/a/tests/d.rs", Some(Target::Test("d".to_owned()))),
            ("crates/a/tests/e/f.rs", Some(Target::Test("e".to_owned()))),
            ("examples/a.rs", None),
        ] {
            let guard = Guard { tested_in: tested_in.into(), ..guard.clone() };
            assert_eq!(guard.target().map(|(_, target)| target), target, "{tested_in}");
        }
    }

    #[test]
    fn a_guard_that_lacks_something_is_refused() {
        for (wrong, said) in [
            (WHOLE.replace("row = 1\n", ""), "`row` is a number"),
            (WHOLE.replace("is = 'it'\n", ""), "`is` is missing"),
            (WHOLE.replace("without = 'y'", "without = 'x'"), "nothing is taken out"),
            (WHOLE.replace("is = 'it'", "is = 3"), "`is` is a text"),
            (WHOLE.replace(" r01_t", ""), "`test` is a file"),
            (format!("{WHOLE}why = 'x'"), "`why` is no field"),
        ] {
            let trouble = one(&wrong).unwrap_err();
            assert!(trouble.contains(said), "{said}: {trouble}");
        }
        assert!(read("").is_err() && read("[guards]").is_err());
    }
}
