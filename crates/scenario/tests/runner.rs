//! A runner that passes everything is worthless: each kind of wrong expectation must be noticed, and each
//! mistake in a file told with its place.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;
use tenure_port::policy::document::Format;
use tenure_scenario::read::{NoPolicy, Policies, scenarios};
use tenure_scenario::story::Scenario;
use tenure_scenario::trouble::Unreadable;
use tenure_scenario::{Told, tell};

/// A story in which everything is expected, and everything comes.
const STORY: &str = r#"
name: all that can be expected
start: 2026-03-02T09:00:00Z
policy:
  version: 1
  flows:
    - id: db
      title: Databases
      who: {any: [group:sre]}
      what: [{integration: pg, permissions: [read, write]}]
      duration: {max: 4h, default: 1h}
      approval: {steps: [{name: lead, approvers: [group:leads]}]}
      extension: {times: 2, span: {min: 5m, default: 30m, max: 1h}, total: 3h}
      notify: {before_end: []}
people: {alice: {groups: [sre]}, bob: {groups: [leads]}}
resources: {orders: {integration: pg, type: database, name: orders}}
steps:
  - at: 0m
    catalog: {as: alice}
    expect: {flows: [db], count: 1}
  - at: 0m
    explain: {request: {as: alice, flow: db, items: [orders/read], span: 5h}}
    expect: {refused: duration.too_long, details: {max: 4h}, would_pass: {span: 4h}, checks: [flow.unknown: pass, duration.too_long: fail, mfa.stale: unreached]}
  - at: 0m
    request: {as: alice, grant: g1, flow: db, items: [orders/read, orders/write], span: 2h, start: 1ms, reason: INC-7}
    expect: {refused: start.too_far}
  - at: 0m
    request: {as: alice, grant: g1, flow: db, items: [orders/read, orders/write], span: 2h}
    expect: {stage: pending, outcome: null, granted: 2h, effects: ["notify:approval_wanted"], effects_to: ["group:leads"]}
  - at: 1m
    inbox: {as: bob}
    expect: {grants: [g1], count: 1}
  - at: 2m
    approve: {as: bob, grant: g1, span: 1h, content: own}
    expect: {stage: active, starts: 2m, ends: 62m, held_until: 62m, granted: 1h, clipped: false, enforcement: applied, effects: [provision, "notify:active"]}
  - at: 3m
    holds: {person: alice, resource: orders, permission: read}
    expect: {holds: true}
  - at: 3m
    offer: {as: alice, grant: g1}
    expect: {offer: {allowed: true, default: 30m, min: 5m, max: 1h, used: 0, left: 2, latest_end: 182m, needs: []}}
  - at: 3m
    extend: {as: alice, grant: g1, span: 1h}
    expect: {ends: 122m, extensions: {used: 1, left: 1, pending: 0}}
  - at: 4m
    publish: {policy: {version: 1, flows: [{id: db}]}}
    expect: {refused: policy.invalid, problems: [missing_field: "flows[0].approval", missing_field: "flows[0].who", missing_field: "flows[0].what", missing_field: "flows[0].duration"]}
  - at: 5m
    restart: {}
  - at: 10m
    clock: ahead
    give_back: {as: alice, grant: g1}
    expect: {fault: clock}
  - at: 122m
    extend: {as: alice, grant: g1}
    expect: {refused: grant.expired, details: {ends: 122m}, effects: [deprovision, "notify:ended"]}
  - at: 122m
    look: {grant: g1}
    expect: {stage: closed, outcome: expired, closed_at: 122m, enforcement: removed}
  - at: 122m
    list: {person: alice}
    expect: {grants: [g1], count: 1}
"#;

/// Each takes something right out of the story and puts something wrong in.
const WRONG: &[(&str, &str, &str)] = &[
    ("flows: [db], count: 1", "flows: [], count: 1", "flows"),
    ("flows: [db], count: 1", "flows: [db], count: 2", "count"),
    ("refused: duration.too_long, ", "refused: duration.too_short, ", "refused"),
    ("details: {max: 4h}", "details: {max: 5h}", "details.max"),
    ("details: {max: 4h}", "details: {most: 4h}", "details.most"),
    ("would_pass: {span: 4h}", "would_pass: {span: 3h}", "would_pass.span"),
    ("would_pass: {span: 4h}", "would_pass: {span: 4h, at: 1m}", "would_pass.at"),
    ("would_pass: {span: 4h}", "would_pass: null", "would_pass"),
    ("flow.unknown: pass, ", "flow.unknown: fail, ", "checks"),
    ("mfa.stale: unreached]", "mfa.stale: unreached, flow.unknown: pass]", "checks"),
    ("expect: {refused: start.too_far}", "expect: {stage: pending}", "refused"),
    ("stage: pending, outcome: null", "stage: active, outcome: null", "stage"),
    ("stage: pending, outcome: null", "stage: pending, outcome: denied", "outcome"),
    ("granted: 2h", "granted: 1h 59m 59s 999ms", "granted"),
    ("[\"notify:approval_wanted\"]", "[]", "effects"),
    ("effects: [provision, ", "effects: [", "effects"),
    ("effects: [provision, \"notify:active\"]", "effects: [\"notify:active\", provision]", "effects"),
    ("[\"group:leads\"]}", "[\"group:others\"]}", "effects_to"),
    ("grants: [g1], count: 1}\n  - at: 2m", "grants: [g2], count: 1}\n  - at: 2m", "grants"),
    ("stage: active, starts: 2m", "stage: active, starts: 2m 1ms", "starts"),
    ("ends: 62m, held", "ends: 61m 59s 999ms, held", "ends"),
    ("held_until: 62m", "held_until: 63m", "held_until"),
    ("clipped: false", "clipped: true", "clipped"),
    ("enforcement: applied", "enforcement: applying", "enforcement"),
    ("{holds: true}", "{holds: false}", "holds"),
    ("allowed: true", "allowed: false", "offer.allowed"),
    ("default: 30m, min: 5m, max: 1h, used", "default: 31m, min: 5m, max: 1h, used", "offer.default"),
    ("left: 2, latest", "left: 1, latest", "offer.left"),
    ("latest_end: 182m", "latest_end: 181m", "offer.latest_end"),
    ("needs: []", "needs: [reason]", "offer.needs"),
    ("used: 1, left: 1, pending: 0", "used: 1, left: 1, pending: 1", "extensions.pending"),
    ("{fault: clock}", "{refused: grant.unknown}", "fault"),
    ("{fault: clock}", "{fault: broken}", "fault"),
    ("missing_field: \"flows[0].duration\"]", "missing_field: \"flows[0].title\"]", "problems"),
    (", missing_field: \"flows[0].duration\"]", "]", "problems"),
    ("details: {ends: 122m}", "details: {ends: 121m}", "details.ends"),
    ("outcome: expired", "outcome: given_back", "outcome"),
    ("closed_at: 122m", "closed_at: 123m", "closed_at"),
    ("enforcement: removed", "enforcement: removing", "enforcement"),
    ("extend: {as: alice, grant: g1, span: 1h}", "extend: {as: bob, grant: g1, span: 1h}", "refused"),
    ("content: own", "content: other", "refused"),
];

struct NoFiles;

impl Policies for NoFiles {
    fn policy(&mut self, _: &Path, path: &str) -> Result<Arc<Json>, NoPolicy> {
        Err(NoPolicy::Path(format!("there is no file `{path}`")))
    }
}

fn read(text: &str) -> Result<Vec<Scenario>, Unreadable> {
    scenarios("story.yaml", text, Format::Yaml, &mut NoFiles)
}

#[expect(clippy::panic, clippy::indexing_slicing, reason = "a test that cannot read its story has failed")]
fn played(text: &str) -> Told {
    match read(text) {
        Ok(stories) => tell(&stories[0], &mut |_, _| {}),
        Err(wrong) => panic!("{wrong}"),
    }
}

#[test]
fn what_comes_as_expected_holds() {
    let told = played(STORY);
    assert!(told.holds, "{:#?}", told.failures);
    assert_eq!(told.steps, 15);
}

#[test]
fn every_wrong_expectation_is_noticed() {
    for (right, wrong, field) in WRONG {
        assert_eq!(STORY.matches(right).count(), 1, "`{right}` stands once in the story");
        let told = played(&STORY.replacen(right, wrong, 1));
        let fields: Vec<&str> = told
            .failures
            .iter()
            .flat_map(|failure| failure.mismatches.iter().map(|mismatch| mismatch.field.as_str()))
            .collect();
        assert!(!told.holds && fields.contains(field), "`{wrong}`: {fields:?} has no `{field}`");
    }
}

#[test]
fn nothing_is_refused_in_silence() {
    let text = STORY.replacen("    expect: {refused: start.too_far}\n", "", 1);
    assert!(!played(&text).holds, "a step that expects nothing expects no refusal");
}

#[test]
fn a_policy_with_problems_is_no_stage() {
    let told = played(&STORY.replacen("max: 4h, default: 1h", "max: 1h, default: 4h", 1));
    assert!(!told.holds);
    assert!(told.unplayable.is_some_and(|why| why.contains("flows[0].duration")));
}

/// What is wrong with a text: codes and paths in the order of the text.
fn wrongs(text: &str) -> Vec<String> {
    match read(text) {
        Err(Unreadable::Document(problems)) => {
            problems.iter().map(|one| format!("{} {}", one.code.as_str(), one.path)).collect()
        }
        other => vec![format!("{other:?}")],
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let text = "\
name: wrong
start: yesterday
policy: nowhere.yaml
effect: auto
people:
  alice: {group: [sre], authenticated: {at: soon, level: aal9}}
  bob: {attributes: {share: 0.5}}
resources:
  orders: {integration: pg, type: database}
steps:
  - at: 5m
    request: {as: carol, grant: g1, flow: db, items: [orders/read, users/read, orders], span: 1 hour, kit: k}
    expect: {stage: activ, refused: duration.to_long, effects: [provison], details: {ends: later}}
  - at: 4m
    sweeep: {}
  - at: 6m
    review: {as: alice}
  - at: 7m
    look: {grant: g1}
    sweep: {}
  - at: 8m
  - at: 9m
    approve: {as: alice, grant: g9, holder: true}
  - at: 9m
    sweep: {}
    expect: {stage: active}
";
    assert_eq!(
        wrongs(text),
        [
            "bad_time start",
            "unknown_reference policy",
            "unknown_field effect",
            "unknown_field people.alice.group",
            "bad_time people.alice.authenticated.at",
            "out_of_range people.alice.authenticated.level",
            "wrong_type people.bob",
            "missing_field resources.orders.name",
            "unknown_reference steps[0].request.as",
            "unknown_reference steps[0].request.items[1]",
            "bad_id steps[0].request.items[2]",
            "bad_span steps[0].request.span",
            "contradiction steps[0].request.kit",
            "out_of_range steps[0].expect.stage",
            "out_of_range steps[0].expect.refused",
            "out_of_range steps[0].expect.effects[0]",
            "bad_time steps[0].expect.details.ends",
            "out_of_range steps[1].at",
            "unknown_field steps[1].sweeep",
            "missing_field steps[2].review.grant",
            "contradiction steps[3].sweep",
            "missing_field steps[4]",
            "unknown_reference steps[5].approve.holder",
            "contradiction steps[6].expect.stage",
        ]
    );
}

/// At the last instant there is, a worker would be handed the same effects for ever.
#[test]
fn a_step_is_before_the_end_of_time() {
    let at = |at: &str| {
        let text = format!(
            "\
name: far
start: 2026-03-02T09:00:00Z
policy: {{version: 1, flows: []}}
steps:
  - at: {at}
    catalog: {{as: alice}}
    expect: {{count: 0}}
people: {{alice: {{}}}}
"
        );
        scenarios("far.yaml", &text, Format::Yaml, &mut NoFiles).map(|read| tell(&read[0], &mut |_, _| {}))
    };
    for beyond in ["99999999d", "9999-12-31T23:59:59.999Z", "2912382d 14h 59m 59s 999ms"] {
        let said = at(beyond).unwrap_err();
        let problem = &said.to_json()[0];
        assert_eq!(
            (&problem["code"], &problem["line"]),
            (&"bad_time".into(), &5.into()),
            "{beyond}: {problem}"
        );
        assert_eq!(problem["path"], "steps[0].at");
        let help = problem["help"].as_str().unwrap();
        assert!(help.contains("write less than `"), "{help}");
    }
    assert!(at("2912382d 14h 59m 59s 998ms").unwrap().holds);
}

#[test]
fn a_revocation_names_what_it_ends_once() {
    let text = "\
name: wrong
start: 2026-03-02T09:00:00Z
policy: {version: 1, flows: []}
people: {alice: {}}
resources: {orders: {integration: pg, type: database, name: orders}}
steps:
  - at: 0m
    revoke: {as: system, reason: over}
  - at: 0m
    revoke: {as: system, person: alice, flow: db, reason: over}
  - at: 0m
    revoke: {as: system, grant: g1, item: orders/read, reason: over}
  - at: 0m
    revoke: {as: system, person: nobody, reason: over}
  - at: 0m
    revoke: {as: system, item: orders, reason: over}
  - at: 0m
    revoke: {as: system, flow: db, reason: over}
    expect: {stage: closed, grants: [g1], count: 1}
  - at: 0m
    revoke: {as: system, grant: g1, reason: over}
    expect: {stage: closed, count: 1}
";
    assert_eq!(
        wrongs(text),
        [
            "missing_field steps[0].revoke.grant",
            "contradiction steps[1].revoke.flow",
            "contradiction steps[2].revoke.item",
            "unknown_reference steps[3].revoke.person",
            "bad_id steps[4].revoke.item",
            "contradiction steps[5].expect.stage",
            "contradiction steps[6].expect.count",
        ]
    );
}

#[test]
fn a_request_names_a_flow_or_a_kit() {
    let asked = |request: &str| {
        wrongs(&format!(
            "\
name: asked
start: 2026-03-02T09:00:00Z
policy: {{version: 1, flows: []}}
people: {{alice: {{}}}}
resources: {{orders: {{integration: pg, type: database, name: orders}}}}
steps: [{{at: 0m, request: {{as: alice, {request}}}, expect: {{refused: flow.unknown}}}}]
"
        ))
    };
    assert_eq!(asked("items: [orders/read]"), ["missing_field steps[0].request.flow"]);
    assert_eq!(asked("flow: a, kit: b"), ["contradiction steps[0].request.kit"]);
    assert_eq!(asked("kit: b, items: [orders/read]"), ["contradiction steps[0].request.items"]);
    assert!(asked("kit: b").concat().starts_with("Ok("));
}

#[test]
fn a_story_without_expectations_is_none() {
    let text = "\
name: silent
start: 2026-03-02T09:00:00Z
policy: {version: 1, flows: []}
steps: [{at: 0m, sweep: {}}]
";
    assert_eq!(wrongs(text), ["missing_field steps"]);
}

#[test]
fn the_three_formats_tell_the_same_story() {
    let told = |text: &str, format| {
        let stories = scenarios("story", text, format, &mut NoFiles).map_err(|wrong| wrong.to_string());
        stories
            .map(|stories| stories.iter().map(|story| tell(story, &mut |_, _| {}).holds).collect::<Vec<_>>())
    };
    let json = r#"{"scenarios": [{"name": "a", "start": "2026-03-02T09:00:00Z", "policy": {"version": 1, "flows": []},
        "steps": [{"at": "0m", "sweep": {}, "expect": {"effects": []}}]}]}"#;
    let toml = "
[[scenarios]]
name = \"a\"
start = 2026-03-02T09:00:00Z
policy = {version = 1, flows = []}
[[scenarios.steps]]
at = \"0m\"
sweep = {}
expect = {effects = []}
";
    let yaml = "name: a\nstart: 2026-03-02T09:00:00Z\npolicy: {version: 1, flows: []}\nsteps: [{at: 0m, sweep: {}, expect: {effects: []}}]\n";
    assert_eq!(told(json, Format::Json), Ok(vec![true]));
    assert_eq!(told(toml, Format::Toml), Ok(vec![true]));
    assert_eq!(told(yaml, Format::Yaml), Ok(vec![true]));
    assert_eq!(
        told(&format!("{yaml}---\n{}", yaml.replace("name: a", "name: b")), Format::Yaml),
        Ok(vec![true, true])
    );
}

#[test]
fn r44_the_whole_story_is_the_same_on_a_small_stack() {
    let on = |bytes: usize| {
        let played = std::thread::Builder::new().stack_size(bytes).spawn(|| played(STORY).holds);
        played.map(std::thread::JoinHandle::join)
    };
    for bytes in [512 * 1024, 8 * 1024 * 1024] {
        assert!(on(bytes).is_ok_and(|held| held.is_ok_and(|held| held)), "{bytes} bytes of stack");
    }
}
