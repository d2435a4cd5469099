//! The library as a user gets it: installed below a prefix, found by pkg-config, compiled against and run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

/// A prefix with the library that was built with this test.
pub(crate) struct Prefix {
    folder: TempDir,
}

/// How a program is linked with the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Shared,
    Static,
}

/// A compiled program.
pub(crate) struct Program<'p> {
    prefix: &'p Prefix,
    path: PathBuf,
}

impl Prefix {
    pub(crate) fn installed() -> Self {
        let folder = TempDir::with_prefix("tenure-c-").expect("a folder can be made");
        let exe = std::env::current_exe().expect("this test is a file");
        let built = exe.parent().expect("it lies in a folder");
        let mut install = Command::new("sh");
        install.arg(here("install.sh")).arg(folder.path().join("usr")).arg(built);
        succeeds(&mut install);
        Self { folder }
    }

    /// A folder for what a program writes, and for programs.
    pub(crate) fn room(&self) -> &Path {
        self.folder.path()
    }

    fn lib(&self) -> PathBuf {
        self.folder.path().join("usr/lib")
    }

    /// What pkg-config says of the library.
    pub(crate) fn says(&self, words: &[&str]) -> Vec<String> {
        let mut config = Command::new("pkg-config");
        config.env("PKG_CONFIG_PATH", self.lib().join("pkgconfig")).args(words).arg("tenure");
        succeeds(&mut config).split_whitespace().map(str::to_owned).collect()
    }

    /// Whether the compiler knows these words, and what they need is here; where not, that is told.
    pub(crate) fn knows(&self, words: &[&str], what: &str) -> bool {
        let source = self.folder.path().join("nothing.c");
        fs::write(&source, "int main(void) { return 0; }\n").expect("it can be written");
        let mut compiler = Command::new("cc");
        compiler.args(words).arg(&source).arg("-o").arg(self.folder.path().join("nothing"));
        let knows = compiler.output().is_ok_and(|came| came.status.success());
        if !knows {
            println!("not run: {what}, because `cc` does not know {}", words.join(" "));
        }
        knows
    }

    /// Compiles a program of `tests/c`, or one that lies elsewhere, with every warning an error.
    pub(crate) fn compiled(&self, source: &Path, link: Link, more: &[&str]) -> Program<'_> {
        let name = source.file_stem().and_then(OsStr::to_str).expect("a source has a name");
        let cpp = source.extension() == Some(OsStr::new("cpp"));
        // Tests compile at once, and may compile the same.
        static COMPILED: AtomicUsize = AtomicUsize::new(0);
        let number = COMPILED.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("{name}-{number}"));
        let mut compiler = Command::new(if cpp { "c++" } else { "cc" });
        compiler.arg(if cpp { "-std=c++17" } else { "-std=gnu11" });
        compiler.args(["-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"]).args(more);
        compiler.arg("-o").arg(&path).arg(source).args(self.says(&["--cflags"]));
        match link {
            Link::Shared => compiler.args(self.says(&["--libs"])),
            Link::Static => {
                let mut words = self.says(&["--static", "--libs"]);
                words.retain(|word| word != "-ltenure");
                compiler.arg(self.lib().join("libtenure.a")).args(words)
            }
        };
        succeeds(&mut compiler);
        Program { prefix: self, path }
    }
}

impl Program<'_> {
    /// What it says.
    pub(crate) fn says(&self, args: &[&OsStr]) -> String {
        self.under(&[], args)
    }

    /// It runs, and waits for what is written to it.
    pub(crate) fn started(&self, args: &[&str]) -> Child {
        let mut program = Command::new(&self.path);
        program.args(args).env("LD_LIBRARY_PATH", self.prefix.lib());
        program.stdin(Stdio::piped()).stdout(Stdio::piped());
        program.spawn().expect("it starts")
    }

    /// What it says under another program.
    pub(crate) fn under(&self, outer: &[&str], args: &[&OsStr]) -> String {
        let mut words =
            outer.iter().map(OsStr::new).chain([self.path.as_os_str()]).chain(args.iter().copied());
        let mut program = Command::new(words.next().expect("there is a program"));
        program.args(words).current_dir(self.prefix.room()).env("LD_LIBRARY_PATH", self.prefix.lib());
        succeeds(&mut program)
    }
}

/// A file of this crate.
pub(crate) fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Whether a tool is here; where it is not, that is told.
pub(crate) fn has(tool: &str, what: &str) -> bool {
    let has = Command::new(tool).arg("--version").output().is_ok_and(|came| came.status.success());
    if !has {
        println!("not run: {what}, because there is no `{tool}`");
    }
    has
}

fn succeeds(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|trouble| panic!("{command:?} does not start: {trouble}"));
    let (said, complained) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?} ended with {status}\n{said}\n{complained}");
    said.into_owned()
}
