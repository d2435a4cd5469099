//! Every problem code, by at least one document that has exactly it.

#![cfg(feature = "cedar")]

use std::collections::BTreeSet;

use tenure_policy::Policy;
use tenure_policy::document::Format;
use tenure_policy::problem::Code;

/// A flow that is whole; rows below replace or add lines.
const WHOLE: &str = "
  id: prod-db
  who: {any: [group:sre]}
  what: [{integration: prod-pg, permissions: [read]}]
  duration: {max: 4h}
  approval: {steps: [{approvers: [manager]}]}
";

/// The whole flow with these fields instead of its own of the same names.
fn document(fields: &str) -> String {
    let name = |line: &str| line.trim_start().split(':').next().unwrap_or_default().to_owned();
    let own: Vec<String> =
        fields.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).map(name).collect();
    let rest: Vec<&str> =
        WHOLE.lines().filter(|line| !line.is_empty() && !own.contains(&name(line))).collect();
    let flow = format!("{}\n{fields}", rest.join("\n"));
    format!("version: 1\nflows:\n- {}", flow.trim_start())
}

fn found(text: &str) -> Vec<(&'static str, String)> {
    match Policy::from_text(text, Format::Yaml) {
        Ok(_) => Vec::new(),
        Err(problems) => {
            problems.iter().map(|problem| (problem.code.as_str(), problem.path.clone())).collect()
        }
    }
}

/// Fields of one flow, the code, and the path in the flow.
const OF_FLOWS: &[(&str, &str, &str)] = &[
    ("  colour: red", "unknown_field", "colour"),
    ("  duration: {default: 1h}", "missing_field", "duration.max"),
    ("  approval: {order: any}", "missing_field", "approval.steps"),
    ("  extension: {times: 1, span: {max: 1h}}", "missing_field", "extension.span.default"),
    (
        "  extension: {times: 1, span: {default: 1h}, approval: {first: 1}}",
        "missing_field",
        "extension.approval.steps",
    ),
    ("  who: {}", "missing_field", "who.any"),
    ("  who: [group:sre]", "wrong_type", "who"),
    ("  title:", "wrong_type", "title"),
    ("  enabled: \"true\"", "wrong_type", "enabled"),
    ("  limits: {open_total: 1.0}", "wrong_type", "limits.open_total"),
    ("  when: [[a]]", "wrong_type", "when[0]"),
    ("  labels: {a: 1}", "wrong_type", "labels.a"),
    ("  kind: elevations", "out_of_range", "kind"),
    ("  approval: automatically", "out_of_range", "approval"),
    ("  approval: {steps: []}", "out_of_range", "approval.steps"),
    ("  approval: {any_of: []}", "out_of_range", "approval.any_of"),
    ("  approval: {any_of: [{steps: []}]}", "out_of_range", "approval.any_of[0].steps"),
    ("  approval: {steps: [{approvers: [owner], needed: 0}]}", "out_of_range", "approval.steps[0].needed"),
    ("  approval: {denials: 0, steps: [{approvers: [owner]}]}", "out_of_range", "approval.denials"),
    ("  extension: {times: 101, span: {default: 1h}}", "out_of_range", "extension.times"),
    ("  extension: {times: -1, span: {default: 1h}}", "out_of_range", "extension.times"),
    ("  extension: {times: 1, window: 0m, span: {default: 1h}}", "out_of_range", "extension.window"),
    ("  limits: {open_per_item: 10001}", "out_of_range", "limits.open_per_item"),
    ("  activate_within: 0m", "out_of_range", "activate_within"),
    ("  notify: {before_end: [5m, 0s]}", "out_of_range", "notify.before_end[1]"),
    ("  what: []", "out_of_range", "what"),
    ("  what: [{integration: a, permissions: [r], names: []}]", "out_of_range", "what[0].names"),
    ("  what: [{integration: a, permissions: []}]", "out_of_range", "what[0].permissions"),
    ("  mfa: {methods: []}", "out_of_range", "mfa.methods"),
    ("  mfa: {level: aal4}", "out_of_range", "mfa.level"),
    ("  hours: {zone: UTC, open: []}", "out_of_range", "hours.open"),
    (
        "  hours: {zone: UTC, open: [{days: [], from: \"08:00\", to: \"09:00\"}]}",
        "out_of_range",
        "hours.open[0].days",
    ),
    (
        "  approval: {steps: [{name: a, approvers: [owner]}, {name: a, approvers: [owner]}]}",
        "duplicate_id",
        "approval.steps[1].name",
    ),
    ("  reason: {fields: [{name: a}, {name: a}]}", "duplicate_id", "reason.fields[1].name"),
    ("  what: [{scope: nowhere}]", "unknown_reference", "what[0].scope"),
    ("  id: Prod DB", "bad_id", "id"),
    ("  duration: {max: 4}", "bad_span", "duration.max"),
    ("  duration: {max: -4h}", "bad_span", "duration.max"),
    ("  duration: {max: P1M}", "bad_span", "duration.max"),
    ("  until: 2027-01-01", "bad_time", "until"),
    ("  until: 2027-01-01T00:00:00.0001Z", "bad_time", "until"),
    (
        "  hours: {zone: UTC, open: [{days: [mon], from: \"8\", to: \"09:00\"}]}",
        "bad_time",
        "hours.open[0].from",
    ),
    (
        "  hours: {zone: Europe/Bärlin, open: [{days: [mon], from: \"08:00\", to: \"09:00\"}]}",
        "bad_zone",
        "hours.zone",
    ),
    ("  reason: {pattern: \"(?=a)\"}", "bad_pattern", "reason.pattern"),
    ("  what: [{integration: a, permissions: [\"re*\"]}]", "bad_pattern", "what[0].permissions[0]"),
    ("  what: [{integration: \"prod-*\", permissions: [read]}]", "bad_pattern", "what[0].integration"),
    ("  what: [{integration: a, type: \"d*\", permissions: [read]}]", "bad_pattern", "what[0].type"),
    ("  who: {any: [sre]}", "bad_selector", "who.any[0]"),
    ("  notify: {to: [\"channel:\"]}", "bad_selector", "notify.to[0]"),
    ("  when: context.a ==", "bad_condition", "when"),
    ("  duration: {min: 2h, max: 1h}", "contradiction", "duration.min"),
    ("  duration: {max: 30s}", "contradiction", "duration.min"),
    ("  who: {any: [owner]}", "contradiction", "who.any[0]"),
    ("  requesters: {others: [owner]}", "contradiction", "requesters.others[0]"),
    ("  revoke_by: [manager]", "contradiction", "revoke_by[0]"),
    (
        "  extension: {times: 1, span: {default: 1h}, others: [manager]}",
        "contradiction",
        "extension.others[0]",
    ),
    ("  requesters: {self: false}", "contradiction", "requesters"),
    ("  requesters: {self: [], others: []}", "contradiction", "requesters"),
    ("  what: [{scope: a, permissions: [r]}]", "contradiction", "what[0].permissions"),
    ("  mfa: {}", "contradiction", "mfa"),
    ("  approval: {automatic: {}, steps: [{approvers: [owner]}]}", "contradiction", "approval.automatic"),
    (
        "  approval: {steps: [{approvers: [owner]}], any_of: [{steps: [{approvers: [owner]}]}]}",
        "contradiction",
        "approval.any_of",
    ),
    (
        "  extension: {times: 1, span: {default: 1h}, approval: {first: 2, steps: same}}",
        "contradiction",
        "extension.approval.first",
    ),
    (
        "  approval: {decide_within: 10m, steps: [{approvers: [owner], escalate: [{after: 10m, to: [manager]}]}]}",
        "contradiction",
        "approval.steps[0].escalate[0].after",
    ),
    (
        "  extension: {times: 1, span: {default: 1h}, approval: {decide_within: 10m, steps: [{approvers: [owner], escalate: [{after: 10m, to: [manager]}]}]}}",
        "contradiction",
        "extension.approval.steps[0].escalate[0].after",
    ),
    ("  notify: {before_end: [5m, 300s]}", "contradiction", "notify.before_end[1]"),
    (
        "  hours: {zone: UTC, open: [{days: [mon], from: \"08:00\", to: \"09:00\"}], closed: [{from: 2026-01-02T00:00, to: 2026-01-01T00:00}]}",
        "contradiction",
        "hours.closed[0]",
    ),
];

/// Whole documents, the code, and the path.
const OF_DOCUMENTS: &[(&str, &str, &str)] = &[
    ("", "syntax", ""),
    ("version: 1\nflows: []\n---\nversion: 1\nflows: []\n", "syntax", ""),
    ("version: 1\n\tflows: []\n", "syntax", "version"),
    ("version: 1\nversion: 1\nflows: []\n", "syntax", "version"),
    ("version: 1\nflows: []\nattributes: {principal: {<<: {a: bool}}}\n", "syntax", "attributes.principal"),
    ("version: 1\nflows: []\n7: a\n", "syntax", ""),
    ("version: 1\nflows: []\n[a]: a\n", "syntax", ""),
    ("version: 1\nflows: !strange []\n", "syntax", "flows"),
    ("version: 1\nflows: &a [*a]\n", "syntax", "flows[0]"),
    ("version: 1\nflows: [", "syntax", "flows[0]"),
    ("flows: []\n", "missing_field", "version"),
    ("version: 1\n", "missing_field", "flows"),
    ("version: 2\nflows: []\n", "out_of_range", "version"),
    ("version: .inf\nflows: []\n", "out_of_range", "version"),
    ("[]", "wrong_type", ""),
    (
        "version: 1\nflows: []\nscopes: [{id: a, what: [{scope: b}]}]\n",
        "contradiction",
        "scopes[0].what[0].scope",
    ),
    (
        "version: 1\nflows: []\nconflicts: [{name: a, flows: [x, y]}]\n",
        "unknown_reference",
        "conflicts[0].flows[0]",
    ),
    ("version: 1\nflows: []\nkits: [{id: a, items: []}]\n", "out_of_range", "kits[0].items"),
    (
        "version: 1\nflows: []\nguards: [{name: a, what: [{}], require: {}}]\n",
        "out_of_range",
        "guards[0].require",
    ),
    (
        "version: 1\nflows: []\nguards: [{name: a, what: [{}], require: {reason: false}}]\n",
        "out_of_range",
        "guards[0].require",
    ),
    (
        "version: 1\nflows: []\nattributes: {principal: {a: float}}\n",
        "out_of_range",
        "attributes.principal.a",
    ),
];

#[test]
fn whole_flows_have_no_problem() {
    assert_eq!(found(&document("")), []);
}

#[test]
fn every_row_has_its_problem_and_where() {
    for (fields, code, path) in OF_FLOWS {
        let found = found(&document(fields));
        assert!(found.contains(&(code, format!("flows[0].{path}"))), "{fields}\n{found:?}");
        let others: Vec<_> = found.iter().filter(|(other, _)| other != code).collect();
        let known = fields.contains("scope: a");
        assert!(others.is_empty() || known, "{fields}\n{found:?}");
    }
    let missed: Vec<_> = OF_DOCUMENTS
        .iter()
        .map(|(text, code, path)| (text, (*code, (*path).to_owned()), found(text)))
        .filter(|(_, expected, found)| !found.contains(expected))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn no_problem_code_is_without_a_document() {
    let deep = format!("version: 1\nflows: {}", "[".repeat(40));
    let pattern = document(&format!("  reason: {{pattern: '{}'}}", "a".repeat(1025)));
    assert_eq!(found(&pattern), [("too_large", "flows[0].reason.pattern".to_owned())]);
    let large = format!("version: 1\n#{}", "a".repeat(1 << 20));
    let mut codes: BTreeSet<&str> = OF_FLOWS.iter().chain(OF_DOCUMENTS).map(|(_, code, _)| *code).collect();
    codes.extend(found(&deep).iter().chain(&found(&large)).map(|(code, _)| *code));
    // Only a build that was made without conditions does not act on all there is: a test of its own says so.
    let others = Code::ALL.iter().filter(|code| **code != Code::Unsupported);
    let all: BTreeSet<&str> = others.map(|code| code.as_str()).collect();
    assert_eq!(codes, all);
}

#[test]
fn a_broken_field_is_not_blamed_a_second_time() {
    for (fields, path) in [
        ("  duration: {min: 2h, max: soon}", "duration.max"),
        ("  extension: {times: 2, span: {default: often, min: 5h}}", "extension.span.default"),
        ("  mfa: {max_age: yesterday}", "mfa.max_age"),
        ("  approval: {steps: [{aprovers: [owner]}]}", "approval.steps[0].aprovers"),
        ("  requesters: {self: false, others: nobody}", "requesters.others"),
        ("  approval: {automatic: {whne: a}, steps: [{approvers: [owner]}]}", "approval.automatic.whne"),
        (
            "  break_glass: {who: [group:a], max: 1h, review_within: 1h, review_by: group:b}",
            "break_glass.review_by",
        ),
    ] {
        let found = found(&document(fields));
        assert_eq!(found.len(), 1, "{fields}\n{found:?}");
        assert_eq!(found.first().unwrap().1, format!("flows[0].{path}"));
    }
}
