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
fn the_example_uses_every_field_and_has_no_problem() {
    let policy = Policy::from_text(example(), Format::Yaml).unwrap();
    assert_eq!(
        policy.flows().keys().map(|id| id.as_str()).collect::<Vec<_>>(),
        ["pay-create", "pay-release", "prod-db"]
    );
    let beside = policy.beside();
    assert_eq!((beside.kits.len(), beside.conflicts.len(), beside.guards.len()), (1, 1, 1));
}
