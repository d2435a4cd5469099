//! Public bugs of other systems that a policy document could bring in, by the number of their row.

#![cfg(feature = "cedar")]

use tenure_core::flow::approval_rule::Approval;
use tenure_core::flow::extension_rule::{DecidedBy, ExtensionApproval};
use tenure_policy::Policy;
use tenure_policy::document::Format;

/// A document of one flow with these fields, and its problems.
fn problems(fields: &str) -> Vec<(&'static str, String)> {
    let text = document(fields);
    match Policy::from_text(&text, Format::Yaml) {
        Ok(_) => Vec::new(),
        Err(problems) => {
            problems.iter().map(|problem| (problem.code.as_str(), problem.path.clone())).collect()
        }
    }
}

fn document(fields: &str) -> String {
    format!(
        "version: 1\nflows:\n- id: db\n  who: {{any: [group:sre]}}\n  what: [{{integration: pg, permissions: [read]}}]\n{fields}"
    )
}

// guard: `decode/reader.rs`, a span that cannot be read
// guard: `decode/flow.rs`, the longest must be said
#[test]
fn r36_a_malformed_maximum_is_a_problem_and_never_ignored() {
    let flow = |duration: &str| format!("  duration: {duration}\n  approval: automatic\n");
    assert_eq!(problems(&flow("{max: 4h}")), []);
    for (duration, code) in [
        ("{max: 4hours}", "bad_span"),
        ("{max: \"\"}", "bad_span"),
        ("{max: \"-1h\"}", "bad_span"),
        ("{max: 4}", "bad_span"),
        ("{max: 1mo}", "bad_span"),
        ("{default: 1h, max: unlimited}", "bad_span"),
        ("{max: null}", "wrong_type"),
        ("{max: [4h]}", "wrong_type"),
        ("{default: 1h}", "missing_field"),
        ("{}", "missing_field"),
    ] {
        assert_eq!(problems(&flow(duration)), [(code, "flows[0].duration.max".to_owned())], "{duration}");
    }
    let extension = |total: &str| {
        format!("{}  extension: {{times: 1, span: {{default: 1h}}, total: {total}}}\n", flow("{max: 4h}"))
    };
    assert_eq!(problems(&extension("6h")), []);
    assert_eq!(problems(&extension("6 hrs")), [("bad_span", "flows[0].extension.total".to_owned())]);
}

// guard: `decode/reader.rs`, fields that nobody knows
#[test]
fn r36_a_field_that_nobody_knows_is_a_problem() {
    let flow = |more: &str| format!("  duration: {{max: 4h}}\n  approval: automatic\n{more}");
    for (more, path) in [
        ("  renewal: {approval: required}\n", "flows[0].renewal"),
        ("  extension: {times: 1, span: {default: 1h}, maximum: 6h}\n", "flows[0].extension.maximum"),
        ("  mfa: {required: true}\n", "flows[0].mfa.required"),
    ] {
        assert_eq!(problems(&flow(more)), [("unknown_field", path.to_owned())]);
    }
}

// guard: `decode/extension.rs`, who decides
#[test]
fn r36_who_decides_on_extensions_is_taken_at_their_word() {
    let of = |approval: &str| {
        let fields = format!(
            "  duration: {{max: 4h}}\n  approval: {{steps: [{{approvers: [group:boss]}}]}}\n  \
             extension: {{times: 1, span: {{default: 1h}}, approval: {approval}}}\n"
        );
        let policy = Policy::from_text(&document(&fields), Format::Yaml).unwrap();
        policy.flow("db").unwrap().extension.clone().unwrap().approval
    };
    let ExtensionApproval::Decided { by: DecidedBy::Same, .. } = of("same") else { panic!("same steps") };
    let ExtensionApproval::Decided { by: DecidedBy::Steps(decided), .. } = of("{steps: [{approvers: []}]}")
    else {
        panic!("its own steps")
    };
    let step = decided.lists.first().unwrap().first().unwrap();
    assert!(step.approvers.is_empty(), "nobody, and not everybody");
    let fields = "  duration: {max: 4h}\n  approval: {steps: [{approvers: []}]}\n";
    let policy = Policy::from_text(&document(fields), Format::Yaml).unwrap();
    let Approval::Decided(decided) = &policy.flow("db").unwrap().approval else {
        panic!("steps were written")
    };
    assert!(decided.lists.first().unwrap().first().unwrap().approvers.is_empty());
}

// guard: `lint/doors.rs`, the weaker door is told
#[test]
fn r41_a_weaker_door_to_the_same_item_is_told() {
    let flow = |id: &str, approval: &str| {
        format!(
            "- id: {id}\n  who: {{any: [group:sre]}}\n  what: [{{integration: pg, permissions: [read]}}]\n  \
             duration: {{max: 4h}}\n  approval: {approval}\n"
        )
    };
    let strict = flow("strict", "{steps: [{approvers: [manager]}]}");
    let doors = |easy: &str| {
        let text = format!("version: 1\nflows:\n{}{strict}", flow("easy", easy));
        let policy = Policy::from_text(&text, Format::Yaml).unwrap();
        policy.warnings().iter().filter(|one| one.code.as_str() == "weaker_door").count()
    };
    assert_eq!(doors("automatic"), 1);
    assert_eq!(doors("{steps: [{approvers: [manager]}]}"), 0, "as strict is no weaker");
}
