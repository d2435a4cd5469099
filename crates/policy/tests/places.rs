//! What is wrong is said where it stands, and with what would be right.

#![cfg(feature = "cedar")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tenure_policy::Policy;
use tenure_policy::document::Format;
use tenure_policy::problem::Problem;

/// A flow, and these fields of it.
fn yaml(fields: &str) -> String {
    format!(
        "version: 1
flows:
- id: db
  who: {{any: [group:sre]}}
  what: [{{integration: pg, permissions: [read]}}]
  duration: {{max: 1h}}
  approval: automatic
{fields}
"
    )
}

fn only(text: &str, format: Format) -> Problem {
    let problems = Policy::from_text(text, format).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems}");
    problems.iter().next().unwrap().clone()
}

/// What the problem points at, to the end of its line.
fn pointed<'t>(text: &'t str, problem: &Problem) -> &'t str {
    let count = |number: Option<u32>| usize::try_from(number.unwrap()).unwrap() - 1;
    let line = text.lines().nth(count(problem.line)).unwrap();
    let start = line.char_indices().nth(count(problem.column)).unwrap().0;
    line.get(start..).unwrap()
}

#[test]
fn a_condition_is_pointed_into() {
    for (written, at) in [
        ("  when: context.a == resource", "resource"),
        ("  when: 'context.a == resource'", "resource'"),
        ("  when: \"context.a == resource\"", "resource\""),
        (
            "  when: [{name: ä, is: 'context.ä.b == \"ü\" || principal in resource'}]",
            "principal in resource'}]",
        ),
    ] {
        let text = yaml(written);
        let problem = only(&text, Format::Yaml);
        assert_eq!((problem.code.as_str(), pointed(&text, &problem)), ("bad_condition", at), "{problem:?}");
    }
    let value: serde_json::Value = serde_json::json!({"version": 1, "flows": [{
        "id": "db", "who": {"any": []}, "what": [{"integration": "pg", "permissions": ["read"]}],
        "duration": {"max": "1h"}, "approval": "automatic", "when": "context.a == resource"}]});
    let json = value.to_string();
    assert_eq!(pointed(&json, &only(&json, Format::Json)).get(..8), Some("resource"));
}

/// Where the text is not as it is written, the whole of it is meant.
#[test]
fn a_condition_with_escapes_or_lines_is_pointed_at() {
    for (written, at) in [
        ("  when: \"context.a == resource || \\\"b\\\" == \\\"c\\\"\"", "\"context.a"),
        ("  when: 'context.a == resource || ''b'' == c'", "'context.a"),
        ("  when: |\n    context.a == resource\n", "context.a"),
        ("  when: >-\n    context.a ==\n    resource\n", "context.a"),
    ] {
        let text = yaml(written);
        let problems = Policy::from_text(&text, Format::Yaml).unwrap_err();
        let problem = problems.iter().next().unwrap();
        assert_eq!(problem.code.as_str(), "bad_condition");
        assert!(pointed(&text, problem).starts_with(at), "{problems}");
    }
}

#[test]
fn a_set_may_be_written_as_a_list_of_its_type() {
    let text = |of: &str| {
        let attributes = format!("attributes: {{principal: {{teams: {of}}}}}");
        format!("{}{attributes}\n", yaml("  when: 'principal.teams.contains(\"a\")'"))
    };
    let list = Policy::from_text(&text("[string]"), Format::Yaml).unwrap();
    assert!(Policy::from_text(&text("'[string]'"), Format::Yaml).is_ok());
    assert_eq!(list, Policy::from_text(list.source(), Format::Json).unwrap());
    assert_eq!(only(&text("string"), Format::Yaml).code.as_str(), "bad_condition");
    for of in ["[]", "[string, bool]", "[text]", "[string?]", "[1]", "[[string]]", "[{a: string}]"] {
        let problem = only(&text(of), Format::Yaml);
        assert_eq!(
            (problem.code.as_str(), &*problem.path),
            ("out_of_range", "attributes.principal.teams"),
            "{of}"
        );
    }
}

#[test]
fn a_slip_is_told_with_what_to_write() {
    for (from, to, help) in [
        ("{any: [group:sre]}", "[group:sre]", "write its fields by name: `any` or `except`"),
        ("{max: 1h}", "1h", "write its fields by name: `min`, `default` or `max`"),
        (
            "approval: automatic",
            "approval: auto",
            "write `automatic`, or who decides: `{steps: [{approvers: [manager]}]}`",
        ),
        ("[group:sre]", "group:sre", "put it in brackets: `[group:sre]`"),
        (
            "approval: automatic",
            "approval: automatic\n  hours: {zone: UTC, open: 9 to 5}",
            "write a list of openings",
        ),
    ] {
        let problem = only(&yaml("").replace(from, to), Format::Yaml);
        assert_eq!(problem.help.as_deref(), Some(help));
    }
}

/// Letters that turn the order of a line around would show a reviewer another policy than the one in force.
#[test]
fn a_message_cannot_be_turned_around() {
    let text = yaml("  \"evil\\u202efield\": 1");
    let problem = only(&text, Format::Yaml);
    assert!(problem.message.contains("\\u{202e}"), "{problem:?}");
}
