//! One document with twelve problems of three sorts tells all of them at once, in every language alike.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tenure_policy::Policy;
use tenure_policy::document::Format;
use tenure_policy::problem::Problem;

const YAML: &str = include_str!("documents/twelve.yaml");
const TOML: &str = include_str!("documents/twelve.toml");
const JSON: &str = include_str!("documents/twelve.json");

/// Wrong types, unknown fields, wrong meanings.
const EXPECTED: [(&str, &str); 12] = [
    ("wrong_type", "flows[0].enabled"),
    ("wrong_type", "flows[0].who.any"),
    ("wrong_type", "flows[0].limits.open_total"),
    ("wrong_type", "flows[1].title"),
    ("wrong_type", "flows[1].approval.steps[0].needed"),
    ("unknown_field", "flows[0].colour"),
    ("unknown_field", "flows[0].extension.windwo"),
    ("unknown_field", "flows[1].approval.steps[0].approver"),
    ("contradiction", "flows[0].duration.default"),
    ("out_of_range", "flows[0].extension.times"),
    ("contradiction", "flows[0].extension.span.min"),
    ("duplicate_id", "flows[1].id"),
];

fn problems(text: &str, format: Format) -> Vec<Problem> {
    Policy::from_text(text, format).unwrap_err().iter().cloned().collect()
}

fn codes(problems: &[Problem]) -> Vec<(&str, &str)> {
    let mut codes: Vec<(&str, &str)> =
        problems.iter().map(|problem| (problem.code.as_str(), problem.path.as_str())).collect();
    codes.sort_unstable();
    codes
}

#[test]
fn twelve_problems_are_told_at_once_with_the_same_paths() {
    let mut expected = EXPECTED.to_vec();
    expected.sort_unstable();
    for (text, format) in [(YAML, Format::Yaml), (TOML, Format::Toml), (JSON, Format::Json)] {
        let problems = problems(text, format);
        assert_eq!(codes(&problems), expected, "{format}");
        for problem in &problems {
            assert!(problem.help.is_some(), "{format}: {} has no remedy", problem.path);
            let line = usize::try_from(problem.line.unwrap()).unwrap();
            let shown = text.lines().nth(line - 1).unwrap();
            let field = problem.path.rsplit('.').next().unwrap();
            assert!(shown.contains(field), "{format}: {} is not in line {line}: {shown}", problem.path);
        }
    }
    let value: serde_json::Value = serde_json::from_str(JSON).unwrap();
    let placeless = Policy::from_json(value).unwrap_err();
    assert!(placeless.iter().all(|problem| problem.line.is_none()));
    assert_eq!(codes(&placeless.iter().cloned().collect::<Vec<_>>()), expected);
}

#[test]
fn messages_are_in_the_words_of_the_author() {
    let problems = problems(YAML, Format::Yaml);
    let of = |path: &str| problems.iter().find(|problem| problem.path == path).unwrap();
    let typo = of("flows[0].extension.windwo");
    assert_eq!(typo.help.as_deref(), Some("did you mean `window`?"));
    assert_eq!((typo.line, typo.column), (Some(14), Some(7)));
    let default = of("flows[0].duration.default");
    assert_eq!(default.message, "the default span, `5h`, is longer than the longest, `4h`");
    assert_eq!(of("flows[1].title").message, "`title` takes a text, not a number");
    for problem in &problems {
        let first = problem.message.chars().next().unwrap();
        assert!(!first.is_uppercase() && !problem.message.ends_with('.'), "{}", problem.message);
    }
}

#[test]
fn people_see_the_line_and_programs_see_json() {
    let problems = Policy::from_text(YAML, Format::Yaml).unwrap_err();
    let shown = problems.to_string();
    assert!(shown.contains("13 |       span: {min: 2h, default: 1h, max: 1h}"), "{shown}");
    assert!(shown.contains("^^ flows[0].extension.span.min"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
    assert!(problems.render(true).contains('\u{1b}'));
    let json = problems.to_json();
    assert_eq!(json.as_array().unwrap().len(), 12);
    let first = json.get(0).unwrap();
    let keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys.len(), 6, "{first}");
    assert_eq!(first.get("line").unwrap(), 5);
    assert_eq!(first.get("code").unwrap(), "wrong_type");
}
