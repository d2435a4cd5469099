//! The example of the reference, whole.

#![cfg(feature = "cedar")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tenure_policy::Policy;
use tenure_policy::document::Format;

/// The first example of the reference: every field there is.
fn example() -> &'static str {
    let reference = include_str!("../FLOWS.md");
    let (_, rest) = reference.split_once("```yaml\n").unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_example_has_no_problem_but_fields_that_are_not_acted_on_yet() {
    let problems = Policy::from_text(example(), Format::Yaml).unwrap_err();
    let found: Vec<(&str, &str)> =
        problems.iter().map(|problem| (problem.code.as_str(), problem.path.as_str())).collect();
    assert_eq!(found, [("unsupported", "kits")]);
}
