//! What a policy is once it is compiled: revisions, its source, folders, warnings.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::PathBuf;

use tenure_core::flow::OwnRequests;
use tenure_core::flow::approval_rule::Approval;
use tenure_core::flow::extension_rule::ExtensionApproval;
use tenure_core::time::Span;
use tenure_policy::document::Format;
use tenure_policy::{File, Policy};

const FLOW: &str = "id: prod-db
who: {any: [group:sre]}
what: [{integration: prod-pg, permissions: [read]}]
duration: {min: 15m, max: 4h}
approval: {steps: [{approvers: [manager]}]}
";

/// A document of one flow with further fields.
fn document(fields: &str) -> String {
    let flow = format!("{FLOW}{fields}");
    let lines: Vec<String> = flow.lines().map(|line| format!("    {line}")).collect();
    format!("version: 1\nflows:\n  - {}\n", lines.join("\n").trim_start())
}

fn policy(text: &str) -> Policy {
    Policy::from_text(text, Format::Yaml).unwrap()
}

fn revision(text: &str) -> String {
    policy(text).flow("prod-db").unwrap().revision.to_string()
}

fn warnings(text: &str) -> Vec<(&'static str, String)> {
    policy(text).warnings().iter().map(|one| (one.code.as_str(), one.path.clone())).collect()
}

#[test]
fn defaults_are_those_of_the_reference() {
    let policy = policy(&document("extension: {times: 2, span: {default: 30m}}"));
    let flow = policy.flow("prod-db").unwrap();
    assert!(flow.enabled);
    assert_eq!(flow.duration.default, Span::hours(4));
    assert_eq!((flow.start_ahead, flow.activate_within), (Span::ZERO, Span::hours(1)));
    assert!(matches!(flow.requesters.own, OwnRequests::Everyone));
    assert_eq!(flow.notify.before_end, [Span::minutes(15), Span::minutes(5)]);
    let Approval::Decided(rule) = &flow.approval else { panic!("steps were written") };
    assert_eq!((rule.decide_within, rule.denials), (Span::hours(24), 1));
    let step = rule.lists.first().unwrap().first().unwrap();
    assert_eq!((step.name.as_str(), step.needed, step.tell, step.reason), ("step 1", 1, true, false));
    let extension = flow.extension.as_ref().unwrap();
    assert_eq!(extension.span.max, Span::minutes(30));
    assert_eq!(extension.span.min, Span::minutes(1));
    assert!(matches!(extension.approval, ExtensionApproval::Automatic));
}

#[test]
fn same_under_an_automatic_approval_is_automatic() {
    let text = document("extension: {times: 2, span: {default: 30m}, approval: same}")
        .replace("{steps: [{approvers: [manager]}]}", "automatic");
    let policy = policy(&text);
    let extension = policy.flow("prod-db").unwrap().extension.clone().unwrap();
    assert!(matches!(extension.approval, ExtensionApproval::Automatic));
}

#[test]
fn a_revision_is_of_what_is_written_and_not_of_how() {
    let plain = revision(&document(""));
    assert_eq!(plain.len(), 64);
    let turned = "version: 1 # a comment
flows:
- approval: {\"steps\": [{approvers: [\"manager\"]}]}
  duration: {max: 4h, min: 15m}
  what:
  - permissions: [read]
    integration: 'prod-pg'
  who:
    any: [group:sre]
  id: prod-db
";
    assert_eq!(revision(turned), plain);
    let toml = "version = 1
[[flows]]
id = 'prod-db'
who.any = ['group:sre']
what = [{ integration = 'prod-pg', permissions = ['read'] }]
approval.steps = [{ approvers = ['manager'] }]
[flows.duration]
max = '4h'
min = '15m'
";
    assert_eq!(Policy::from_text(toml, Format::Toml).unwrap(), policy(turned));
    for other in ["enabled: true", "title: x", "duration: {min: 15m, max: 240m}"] {
        let text = document(other);
        let text = if other.starts_with("duration") {
            document("").replace("duration: {min: 15m, max: 4h}", other)
        } else {
            text
        };
        assert_ne!(revision(&text), plain, "{other}");
    }
}

#[test]
fn a_scope_counts_as_written_where_it_is_used() {
    let with = |permission: &str| {
        let scope =
            format!("scopes: [{{id: s, what: [{{integration: prod-pg, permissions: [{permission}]}}]}}]");
        let used = "what: [{scope: s}]";
        let text = document("").replace("what: [{integration: prod-pg, permissions: [read]}]", used);
        format!("{text}{scope}\n")
    };
    assert_eq!(revision(&with("read")), revision(&document("")));
    assert_ne!(revision(&with("write")), revision(&document("")));
    let policy = policy(&with("write"));
    assert_eq!(policy.flow("prod-db").unwrap().what.len(), 1);
}

#[test]
fn a_problem_in_a_scope_is_told_where_the_scope_stands() {
    let text = document("take: all").replace("[{integration: prod-pg, permissions: [read]}]", "[{scope: s}]");
    let text = format!("{text}scopes:\n- {{id: s, what: [{{integration: a, permissions: [read]}}]}}\n");
    let problems = Policy::from_text(&text, Format::Yaml).unwrap_err();
    let found: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert!(found.contains(&"scopes[0].what[0]"), "{found:?}");
}

#[test]
fn the_source_compiles_to_the_same_policy() {
    let policy = policy(&document("until: 2027-01-01T00:00:00Z\nlabels: {\"ü\": \"\\u2028\", a: b}"));
    let again = Policy::from_text(policy.source(), Format::Json).unwrap();
    assert_eq!(again, policy);
    let value: serde_json::Value = serde_json::from_str(policy.source()).unwrap();
    let again = Policy::from_json(&value).unwrap();
    assert_eq!(again.flow("prod-db").unwrap().revision, policy.flow("prod-db").unwrap().revision);
    assert_eq!(again.source(), policy.source());
    assert!(policy.source().starts_with("{\"flows\":[{\"approval\":"));
}

#[test]
fn times_count_as_the_text_they_were_written_as() {
    let toml = "version = 1
[[flows]]
id = 'prod-db'
until = 2027-01-01T00:00:00Z
who.any = ['group:sre']
what = [{ integration = 'prod-pg', permissions = ['read'] }]
duration = { min = '15m', max = '4h' }
approval.steps = [{ approvers = ['manager'] }]
hours = { zone = 'UTC', open = [{ days = ['mon'], from = 08:00:00, to = 19:00:00 }], closed = [{ from = 2026-12-24 00:00:00, to = 2026-12-27T00:00:00 }] }
";
    let policy = Policy::from_text(toml, Format::Toml).unwrap();
    let flow = policy.flow("prod-db").unwrap();
    assert_eq!(flow.until, Some("2027-01-01T00:00:00Z".parse().unwrap()));
    assert!(flow.hours.is_some());
    let yaml = document(
        "until: 2027-01-01T00:00:00Z\nhours: {zone: UTC, open: [{days: [mon], from: 08:00:00, to: 19:00:00}], closed: [{from: 2026-12-24 00:00:00, to: 2026-12-27T00:00:00}]}",
    );
    assert_eq!(self::policy(&yaml), policy);
}

/// A folder of its own for one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("tenure-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        for (name, text) in files {
            fs::write(path.join(name), text).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn a_folder_is_one_document() {
    let second = document("")
        .replace("prod-db", "test-db")
        .replace("{integration: prod-pg, permissions: [read]}", "{scope: s}");
    let scopes = "{\"version\": 1, \"scopes\": [{\"id\": \"s\", \"what\": [{\"integration\": \"x\", \"permissions\": [\"*\"]}]}]}";
    let folder = Folder::with(
        "whole",
        &[("a.yaml", &document("")), ("b.yml", &second), ("c.json", scopes), ("README.md", "no policy")],
    );
    let policy = Policy::from_path(&folder.0).unwrap();
    let ids: Vec<&str> = policy.flows().keys().map(|id| id.as_str()).collect();
    assert_eq!(ids, ["prod-db", "test-db"]);
    let one = Policy::from_path(folder.0.join("a.yaml")).unwrap();
    assert_eq!(one.flows().len(), 1);
}

#[test]
fn problems_of_a_folder_name_the_file_and_count_through() {
    let broken = document("title: 7");
    let folder = Folder::with("broken", &[("a.yaml", &document("")), ("b.yaml", &broken)]);
    let problems = Policy::from_path(&folder.0).unwrap_err();
    let found: Vec<(&str, &str, Option<u32>)> =
        problems.iter().map(|problem| (problem.code.as_str(), problem.path.as_str(), problem.line)).collect();
    assert_eq!(found, [("duplicate_id", "flows[1].id", Some(3)), ("wrong_type", "flows[1].title", Some(8))]);
    assert!(problems.iter().all(|problem| problem.file.as_deref().unwrap().ends_with("b.yaml")));
    assert!(problems.to_string().contains("b.yaml:8:12"), "{problems}");
}

#[test]
fn what_cannot_be_read_is_a_problem_too() {
    let folder = Folder::with("unread", &[("a.txt", "version: 1"), ("latin.yaml", "")]);
    fs::write(folder.0.join("latin.yaml"), b"version: 1 # \xe9").unwrap();
    for path in ["", "a.txt", "latin.yaml", "nowhere.yaml"] {
        let problems = Policy::from_path(folder.0.join(path)).unwrap_err();
        assert_eq!(problems.iter().next().unwrap().code.as_str(), "syntax", "{path}");
    }
}

#[test]
fn files_are_limited_together() {
    let half = format!("version: 1\nflows: []\n#{}", "a".repeat(600_000));
    let file = || File { name: None, format: Format::Yaml, text: half.clone() };
    assert!(Policy::from_sources(vec![file()]).is_ok());
    let problems = Policy::from_sources(vec![file(), file()]).unwrap_err();
    assert_eq!(problems.iter().next().unwrap().code.as_str(), "too_large");
}

#[test]
fn a_reminder_that_no_short_grant_sees_is_noticed() {
    let at = |lead: &str| warnings(&document(&format!("notify: {{before_end: [{lead}]}}")));
    assert_eq!(at("15m 1ms"), [("late_reminder", "flows[0].notify.before_end[0]".to_owned())]);
    assert_eq!(at("15m"), []);
    assert_eq!(warnings(&document("").replace("min: 15m", "min: 1m")), [], "nobody wrote those");
}

#[test]
fn an_open_door_is_noticed() {
    let open = document("")
        .replace("group:sre", "everyone")
        .replace("{steps: [{approvers: [manager]}]}", "automatic");
    assert_eq!(warnings(&open), [("open_door", "flows[0].approval".to_owned())]);
    assert_eq!(warnings(&open.replace("everyone", "group:everyone")), []);
    assert_eq!(warnings(&document("").replace("group:sre", "everyone")), []);
}

#[cfg(feature = "cedar")]
#[test]
fn a_constant_condition_is_noticed() {
    assert_eq!(warnings(&document("when: '1 == 1'")), [("constant_condition", "flows[0].when".to_owned())]);
    assert_eq!(
        warnings(&document("when: ['1 == 1']")),
        [("constant_condition", "flows[0].when[0]".to_owned())]
    );
    assert_eq!(warnings(&document("when: 'context.ask.hour == 1'")), []);
    let steps = document("").replace("[manager]", "[manager], when: 'true'");
    assert_eq!(warnings(&steps), [("constant_condition", "flows[0].approval.steps[0].when".to_owned())]);
}

#[cfg(not(feature = "cedar"))]
#[test]
fn without_conditions_a_condition_is_a_problem() {
    let problems = Policy::from_text(&document("when: 'context.a'"), Format::Yaml).unwrap_err();
    let found: Vec<(&str, &str)> =
        problems.iter().map(|problem| (problem.code.as_str(), problem.path.as_str())).collect();
    assert_eq!(found, [("unsupported", "flows[0].when")]);
}
