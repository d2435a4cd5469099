//! The header is what the sources say, and so is its version.

#![expect(clippy::expect_used, reason = "these are tests: a panic is how they fail")]

use std::fs;
use std::path::Path;

fn header() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).expect("the settings can be read");
    let sources = ["src/lib.rs", "src/text.rs"].map(|source| here.join(source));
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = sources.into_iter().fold(builder, |builder, source| builder.with_src(source));
    let mut bytes = Vec::new();
    builder.generate().expect("a header can be made").write(&mut bytes);
    String::from_utf8(bytes).expect("it is text")
}

#[test]
fn golden_header_is_what_the_sources_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/tenure.h");
    let made = header();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &made).expect("it can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "run this test with BLESS=1 and look at what changed in {}", path.display());
}

#[test]
fn the_version_of_the_header_is_that_of_the_library() {
    let numbers =
        [tenure_c::TENURE_VERSION_MAJOR, tenure_c::TENURE_VERSION_MINOR, tenure_c::TENURE_VERSION_PATCH];
    let numbers = numbers.map(|number| number.to_string()).join(".");
    assert_eq!(numbers, env!("CARGO_PKG_VERSION"));
    let header = header();
    for define in
        [format!("#define TENURE_VERSION \"{numbers}\""), "#define TENURE_VERSION_MAJOR ".to_owned()]
    {
        assert!(header.contains(&define), "{define}");
    }
}

#[test]
fn there_are_at_most_a_dozen_functions() {
    let header = header();
    let functions =
        header.lines().filter(|line| !line.starts_with([' ', '*', '/']) && line.contains("tenure_"));
    let functions = functions.filter(|line| line.contains('(')).count();
    assert!((6..=12).contains(&functions), "{functions}\n{header}");
}
