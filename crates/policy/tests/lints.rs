//! Each lint with a document that triggers it and one that just does not.

#![expect(clippy::panic, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use tenure_policy::Policy;
use tenure_policy::document::Format;
use tenure_policy::problem::Lint;

const FLOW: &str = "id: db
who: {any: [group:sre]}
what: [{integration: pg, permissions: [read]}]
duration: {min: 30m, default: 1h, max: 4h}
approval: {steps: [{approvers: [manager]}]}
";

/// A document of one flow in which some lines are others.
fn flow(lines: &str) -> String {
    let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let kept = FLOW.lines().filter(|line| !lines.lines().any(|other| key(other) == key(line)));
    let all: Vec<String> = kept.chain(lines.lines()).map(|line| format!("    {line}")).collect();
    format!("  - {}\n", all.join("\n").trim_start())
}

fn warnings_of(text: &str) -> Vec<(&'static str, String, String)> {
    let policy = Policy::from_text(text, Format::Yaml).unwrap_or_else(|problems| panic!("{problems}"));
    policy.warnings().iter().map(|one| (one.code.as_str(), one.path.clone(), one.message.clone())).collect()
}

fn warnings(lines: &str) -> Vec<(&'static str, String)> {
    let found = warnings_of(&format!("version: 1\nflows:\n{}", flow(lines)));
    found.into_iter().map(|(code, path, _)| (code, path)).collect()
}

/// The one triggers the lint at that place, and nothing else; the other is clean.
fn noticed(lint: Lint, path: &str, triggers: &str, just_not: &str) {
    assert_eq!(warnings(triggers), [(lint.as_str(), format!("flows[0].{path}"))], "{triggers}");
    assert_eq!(warnings(just_not), [], "{just_not}");
}

#[test]
fn the_plain_flow_has_none() {
    assert_eq!(warnings(""), []);
}

#[test]
fn a_late_reminder() {
    noticed(
        Lint::LateReminder,
        "notify.before_end[1]",
        "notify: {before_end: [5m, 30m 1ms]}",
        "notify: {before_end: [5m, 30m]}",
    );
}

#[test]
fn an_open_door() {
    let open = "who: {any: [everyone]}\napproval: automatic";
    noticed(Lint::OpenDoor, "approval", open, "who: {any: [everyone]}");
    assert_eq!(warnings("approval: automatic"), []);
}

#[test]
fn a_fast_lane_without_a_condition_is_an_open_door_so_often() {
    let lane = |often: &str| {
        format!(
            "who: {{any: [everyone]}}\napproval: {{automatic: {{{often}}}, steps: [{{approvers: [manager]}}]}}"
        )
    };
    noticed(Lint::OpenDoor, "approval.automatic", &lane("times: 1, per: 7d"), "who: {any: [everyone]}");
    let found = warnings_of(&format!("version: 1\nflows:\n{}", flow(&lane("times: 1, per: 7d"))));
    assert_eq!(found[0].2, "everyone gets this access by asking for it, once in `7d`");
}

#[cfg(feature = "cedar")]
#[test]
fn a_fast_lane_with_a_condition_is_open_to_nobody_knows_whom() {
    let lane = "automatic: {when: 'context.on_call', times: 3, per: 7d}";
    let lane = format!("approval: {{{lane}, steps: [{{approvers: [manager]}}]}}");
    assert_eq!(warnings(&format!("who: {{any: [everyone]}}\n{lane}")), []);
    assert_eq!(doors(&lane, ""), []);
}

#[cfg(feature = "cedar")]
#[test]
fn a_constant_condition() {
    noticed(Lint::ConstantCondition, "when[0]", "when: ['1 == 1']", "when: ['context.ask.hour == 1']");
    noticed(
        Lint::ConstantCondition,
        "approval.steps[0].when",
        "approval: {steps: [{approvers: [manager], when: 'true'}]}",
        "approval: {steps: [{approvers: [manager], when: 'context.urgent'}]}",
    );
}

#[test]
fn a_group_that_approves_its_own() {
    let steps = |approvers: &str| format!("approval: {{steps: [{{approvers: [{approvers}]}}]}}");
    let at = "approval.steps[0].approvers";
    noticed(Lint::MayDeadlock, at, &steps("group:sre"), &steps("group:sre, manager"));
    noticed(
        Lint::MayDeadlock,
        at,
        &format!("who: {{any: ['group:sre-*']}}\n{}", steps("group:sre-eu")),
        &format!("who: {{any: ['group:sre-*']}}\n{}", steps("'group:*-eu'")),
    );
    // Whoever is excepted asks for nothing.
    let who = "who: {any: [group:sre], except: [group:sre]}\n";
    assert_eq!(warnings(&format!("{who}{}", steps("group:sre"))), []);
}

#[test]
fn named_people_who_approve_each_other() {
    let flow = |who: &str, approvers: &str, needed: u32| {
        format!(
            "who: {{any: [{who}]}}\napproval: {{steps: [{{approvers: [{approvers}], needed: {needed}}}]}}"
        )
    };
    let at = "approval.steps[0].approvers";
    let (who, two) = ("user:ann, user:bob, group:sre", "user:ann, user:bob");
    noticed(Lint::MayDeadlock, at, &flow(who, two, 2), &flow(who, two, 1));
    noticed(Lint::MayDeadlock, at, &flow("everyone", two, 2), &flow("group:sre", two, 2));
    // Tiers count: somebody else comes sooner or later.
    assert_eq!(warnings(&flow("everyone", "group:sre", 1)), [], "a group is not known to be one person");
}

/// The plain flow with glass that these break and these review.
fn glass(who: &str, review_by: &str) -> String {
    format!("break_glass: {{who: [{who}], max: 1h, review_within: 1d, review_by: [{review_by}]}}")
}

#[test]
fn glass_that_nobody_may_be_left_to_review() {
    let at = "break_glass.review_by";
    noticed(
        Lint::MayDeadlock,
        at,
        &glass("group:ops", "group:ops"),
        &glass("group:ops", "group:ops, manager"),
    );
    noticed(
        Lint::MayDeadlock,
        at,
        &glass("group:ops, user:ann", "user:ann"),
        &glass("group:ops, user:ann, user:bob", "user:ann, user:bob"),
    );
    noticed(
        Lint::MayDeadlock,
        at,
        &glass("'group:ops-*'", "group:ops-eu"),
        &glass("group:ops-eu", "'group:*-eu'"),
    );
    noticed(Lint::MayDeadlock, at, &glass("everyone", "user:ann"), &glass("everyone", "group:ops"));
    // Whoever is excepted breaks nothing.
    let except =
        format!("who: {{any: [group:sre], except: [group:ops]}}\n{}", glass("group:ops", "group:ops"));
    assert_eq!(warnings(&except), []);
}

#[test]
fn where_one_list_suffices_all_must_be_stuck() {
    let any_of = |other: &str| {
        let steps = |who: &str| format!("{{steps: [{{approvers: [{who}]}}]}}");
        format!("approval: {{any_of: [{}, {}]}}", steps("group:sre"), steps(other))
    };
    assert_eq!(warnings(&any_of("manager")), []);
    let paths: Vec<String> = warnings(&any_of("group:sre")).into_iter().map(|(_, path)| path).collect();
    let path = |list: usize| format!("flows[0].approval.any_of[{list}].steps[0].approvers");
    assert_eq!(paths, [path(0), path(1)]);
}

#[test]
fn more_people_needed_than_named() {
    let steps = |steps: &str| format!("approval: {{steps: [{steps}]}}");
    let two = |needed: u32| steps(&format!("{{approvers: [user:ann, user:bob], needed: {needed}}}"));
    noticed(Lint::TooFewApprovers, "approval.steps[0].needed", &two(3), &two(2));
    noticed(
        Lint::TooFewApprovers,
        "approval.steps[0].approvers",
        &steps("{approvers: []}"),
        &steps("{approvers: [user:ann]}"),
    );
    noticed(
        Lint::TooFewApprovers,
        "approval.steps",
        &steps("{approvers: [user:ann]}, {approvers: [user:ann]}"),
        &steps("{approvers: [user:ann]}, {approvers: [user:ann, user:bob]}"),
    );
    let extension = |needed: u32| {
        let step = format!("{{approvers: [user:ann, user:bob], needed: {needed}}}");
        format!("extension: {{times: 1, span: {{default: 30m}}, approval: {{steps: [{step}]}}}}")
    };
    noticed(Lint::TooFewApprovers, "extension.approval.steps[0].needed", &extension(3), &extension(2));
}

fn extension(fields: &str) -> String {
    format!("extension: {{times: 2, span: {{min: 10m, default: 30m, max: 1h}}, {fields}}}")
}

#[test]
fn a_window_longer_than_any_grant() {
    noticed(Lint::WideWindow, "extension.window", &extension("window: 4h 1ms"), &extension("window: 4h"));
}

#[test]
fn a_reminder_before_the_window_opens() {
    let with = |window: &str| format!("{}\nnotify: {{before_end: [20m, 5m]}}", extension(window));
    noticed(Lint::EarlyReminder, "notify.before_end[0]", &with("window: 19m 999ms"), &with("window: 20m"));
    noticed(Lint::EarlyReminder, "extension.window", &extension("window: 14m"), &extension("window: 15m"));
    noticed(Lint::EarlyReminder, "extension.window", &extension("window: 1m"), &extension("cool_down: 1m"));
}

#[test]
fn a_tier_that_an_extension_has_no_time_for() {
    let flow = |tiers: &str, extension: &str| {
        format!(
            "approval: {{steps: [{{approvers: [manager], escalate: [{tiers}]}}]}}\n\
             extension: {{times: 2, span: {{default: 30m}}, approval: {extension}}}"
        )
    };
    let at = "approval.steps[0].escalate[1].after";
    let tiers = "{after: 5m, to: [owner]}, {after: 10m, to: [group:leads]}";
    let same = |within: &str| flow(tiers, &format!("{{steps: same, decide_within: {within}}}"));
    noticed(Lint::LateTier, at, &same("10m"), &same("10m 1ms"));
    // Steps of its own, or no time of its own.
    let own = "{steps: [{approvers: [manager]}], decide_within: 10m}";
    assert_eq!((warnings(&flow(tiers, own)), warnings(&flow(tiers, "same"))), (vec![], vec![]));
}

#[test]
fn a_total_that_does_not_fit() {
    let total = |total: &str| extension(&format!("total: {total}"));
    let at = "extension.total";
    noticed(Lint::UnreachableTotal, at, &total("6h 1ms"), &total("6h"));
    noticed(Lint::TotalBelowDuration, at, &total("3h 59m"), &total("4h"));
    assert_eq!(warnings(&total("40m")), [("total_below_duration", "flows[0].extension.total".to_owned())]);
    assert_eq!(
        warnings(&total("39m 59s")),
        [("total_forbids_extension", "flows[0].extension.total".to_owned())]
    );
    // The default is as long as the longest.
    let whole = |fields: &str| format!("duration: {{min: 30m, max: 4h}}\n{}", total(fields));
    noticed(Lint::TotalForbidsExtension, at, &whole("4h 9m"), &whole("4h 10m"));
    let now = |fields: &str| whole(&format!("{fields}, anchor: now"));
    noticed(Lint::TotalForbidsExtension, at, &now("4h"), &now("4h 1ms"));
}

#[test]
fn hours_that_close_too_soon() {
    let hours = |to: &str, past: &str| {
        format!(
            "hours: {{zone: Europe/Berlin, open: [{{days: [mon], from: '08:00', to: '{to}'}}], past_close: {past}}}"
        )
    };
    noticed(Lint::ShortHours, "hours.open", &hours("08:29", "clip"), &hours("08:30", "clip"));
    noticed(Lint::ShortHours, "hours.open", &hours("08:29", "refuse"), &hours("08:29", "allow"));
}

#[test]
fn a_wait_that_nothing_waits() {
    noticed(Lint::LongWait, "activate_within", "activate_within: 30d 1ms", "activate_within: 30d");
}

/// Two flows, each the plain one with other lines; the warnings with their words.
fn doors(one: &str, other: &str) -> Vec<(&'static str, String, String)> {
    let one = flow(&format!("id: one\n{one}"));
    let other = flow(&format!("id: other\n{other}"));
    warnings_of(&format!("version: 1\nflows:\n{one}{other}"))
}

#[test]
fn a_weaker_door_says_which_flows_which_item_and_what_is_easier() {
    let strict = "mfa: {max_age: 1h}\napproval: {steps: [{approvers: [manager], needed: 2}]}";
    let found = doors("duration: {max: 8h}\napproval: automatic", strict);
    let words = "`one` gives `read` on `pg` more easily than `other`: no approver instead of 2, no `mfa`, \
                 up to `8h` instead of `4h`";
    assert_eq!(found, [("weaker_door", "flows[0].what[0]".to_owned(), words.to_owned())]);
    // It stands at the weaker one, wherever that stands.
    assert_eq!(doors(strict, "approval: automatic").first().unwrap().1, "flows[1].what[0]");
}

#[test]
fn each_way_to_be_easier_is_noticed_and_equals_are_not() {
    let steps = |needed: u32| format!("approval: {{steps: [{{approvers: [manager], needed: {needed}}}]}}");
    for (easier, stricter, equal) in [
        (steps(1), steps(2), steps(2)),
        (
            steps(2),
            format!("{}\nmfa: {{level: aal2}}", steps(2)),
            format!("{}\nmfa: {{level: aal2}}", steps(2)),
        ),
        (
            "duration: {max: 4h 1ms}".to_owned(),
            "duration: {max: 4h}".to_owned(),
            "duration: {max: 4h}".to_owned(),
        ),
    ] {
        assert_eq!(doors(&easier, &stricter).len(), 1, "{easier} beside {stricter}");
        assert_eq!(doors(&equal, &stricter), [], "{equal} beside {stricter}");
    }
    // More of one, less of another: nobody can tell which is easier.
    assert_eq!(doors(&steps(1), "mfa: {level: aal2}\napproval: automatic"), []);
    // Withdrawn, nothing is had by it.
    assert_eq!(doors("approval: automatic\nenabled: false", &steps(2)), []);
}

#[test]
fn a_fast_lane_is_the_easier_door() {
    let lane = |needed: u32| {
        let steps = format!("steps: [{{approvers: [manager], needed: {needed}}}]");
        format!("approval: {{automatic: {{times: 3, per: 7d}}, {steps}}}")
    };
    let steps = |needed: u32| format!("approval: {{steps: [{{approvers: [manager], needed: {needed}}}]}}");
    let words = |easier: &str, stricter: &str| {
        let found = doors(easier, stricter);
        found.first().map(|(_, _, words)| words.split(": ").nth(1).unwrap().to_owned())
    };
    assert_eq!(words(&lane(2), &steps(2)).unwrap(), "no approver 3 times in `7d` instead of 2");
    assert_eq!(words(&lane(1), &lane(2)).unwrap(), "1 approver instead of 2 outside of the fast lane");
    assert_eq!(
        words("approval: automatic", &lane(2)).unwrap(),
        "no approver instead of 2 outside of the fast lane"
    );
    // Fewer people sometimes, more at other times: nobody can tell which is easier.
    assert_eq!(words(&lane(3), &steps(2)), None);
    assert_eq!(words(&steps(1), &lane(2)), None);
    assert_eq!(words(&lane(2), &lane(2)), None);
    // A tier adds people and takes none away: as many must approve as before.
    let tiers =
        "approval: {steps: [{approvers: [manager], needed: 2, escalate: [{after: 5m, to: [owner]}]}]}";
    assert_eq!((words(tiers, &steps(2)), words(&steps(2), tiers)), (None, None));
}

#[cfg(feature = "cedar")]
#[test]
fn a_door_with_a_condition_of_its_own_is_no_weaker_one() {
    let automatic = "approval: automatic\nwhen: 'context.on_call'";
    assert_eq!(doors(automatic, ""), []);
    assert_eq!(doors(automatic, "when: ['context.on_call', 'context.b']").len(), 1);
}

/// The same two flows with this after them: guards, kits or conflicts.
fn doors_beside(one: &str, other: &str, beside: &str) -> Vec<(&'static str, String, String)> {
    let one = flow(&format!("id: one\n{one}"));
    let other = flow(&format!("id: other\n{other}"));
    warnings_of(&format!("version: 1\nflows:\n{one}{other}{beside}\n"))
}

#[test]
fn a_guard_makes_doors_equal_or_closes_one() {
    let guard =
        |what: &str, require: &str| format!("guards: [{{name: g, what: [{what}], require: {require}}}]");
    let words = |one: &str, other: &str, guard: &str| {
        let found = doors_beside(one, other, guard);
        found.first().map(|(_, _, words)| words.split(": ").nth(1).unwrap().to_owned())
    };
    let automatic = "approval: automatic";
    let steps = "{approval: steps}";
    assert_eq!(words(automatic, "", &guard("{}", steps)), None, "nothing is had by asking");
    assert_eq!(
        words(automatic, "", &guard("{integration: other}", steps)).unwrap(),
        "no approver instead of 1"
    );
    // What only some of the items are is not what the found one is.
    assert_eq!(
        words(automatic, "", &guard("{labels: {env: prod}}", steps)).unwrap(),
        "no approver instead of 1"
    );
    let prod = "what: [{integration: pg, labels: {env: prod}, permissions: [read]}]";
    assert_eq!(words(&format!("{automatic}\n{prod}"), prod, &guard("{labels: {env: prod}}", steps)), None);
    let lane = "approval: {automatic: {times: 3, per: 7d}, steps: [{approvers: [manager]}]}";
    assert_eq!(words(lane, "", &guard("{}", steps)), None, "the lane is not taken");
    let (long, login) = ("duration: {max: 8h}", "mfa: {level: aal2}");
    assert_eq!(words(long, "", &guard("{}", "{max: 4h}")), None);
    assert_eq!(words(long, "", &guard("{}", "{max: 5h}")).unwrap(), "up to `5h` instead of `4h`");
    assert_eq!(words("", login, &guard("{}", "{mfa: {level: aal1}}")), None);
    assert_eq!(
        words(long, login, &guard("{}", "{mfa: {level: aal1}}")).unwrap(),
        "up to `8h` instead of `4h`"
    );
}

#[test]
fn a_guard_over_all_of_it_closes_an_open_door() {
    let open = |guards: &str| {
        let flow = flow("who: {any: [everyone]}\napproval: automatic");
        warnings_of(&format!("version: 1\nflows:\n{flow}guards: [{guards}]\n")).len()
    };
    let guard = |what: &str, require: &str| format!("{{name: g, what: [{what}], require: {require}}}");
    assert_eq!(open(&guard("{integration: pg}", "{approval: steps}")), 0);
    assert_eq!(open(&guard("{integration: pg}", "{reason: true}")), 1);
    assert_eq!(open(&guard("{names: [a]}", "{approval: steps}")), 1, "the rest stays open");
}

#[cfg(feature = "cedar")]
#[test]
fn a_guard_whose_condition_is_constant() {
    let found = |when: &str| {
        let guard = format!("guards: [{{name: g, what: [{{}}], require: {{when: '{when}'}}}}]");
        warnings_of(&format!("version: 1\nflows:\n{}{guard}\n", flow("")))
    };
    let told: Vec<_> = found("1 == 1").into_iter().map(|(code, path, _)| (code, path)).collect();
    assert_eq!(told, [("constant_condition", "guards[0].require.when".to_owned())]);
    assert_eq!(found("context.a"), []);
}

#[test]
fn a_kit_that_nobody_can_ever_get() {
    let what = |target: &str| format!("what: [{{integration: pg, {target}}}]\nmfa: {{level: aal1}}");
    let found = |one: &str, kit: &str| {
        let item = |flow: &str, name: &str, permission: &str| {
            format!("{{flow: {flow}, integration: pg, type: db, name: {name}, permission: {permission}}}")
        };
        let items: Vec<String> = kit
            .split(' ')
            .map(|item| item.split('/').collect::<Vec<_>>())
            .map(|words| item(words[0], words[1], words[2]))
            .collect();
        let beside = format!("kits: [{{id: k, items: [{}]}}]", items.join(", "));
        let all = doors_beside(one, &what("permissions: [read]"), &beside);
        all.into_iter().map(|(code, path, words)| format!("{code} {path}: {words}")).collect::<Vec<_>>()
    };
    let plain = what("permissions: [read]");
    assert_eq!(found(&plain, "one/a/read other/a/read"), [""; 0]);
    assert_eq!(
        found(&plain, "one/a/read one/a/write"),
        ["kit_in_vain kits[0].items[1]: `one` does not offer `pg/db/a/write`"]
    );
    assert_eq!(
        found(&what("names: [b], permissions: [read]"), "other/a/read one/a/read"),
        ["kit_in_vain kits[0].items[1]: `one` does not offer `pg/db/a/read`"]
    );
    // Which labels it has is for the host to say.
    assert_eq!(found(&what("labels: {env: prod}, permissions: [read]"), "one/a/read"), [""; 0]);
    let whole = format!("{}\ntake: all", what("type: db, names: [a], permissions: [read]"));
    assert_eq!(
        found(&whole, "one/a/read"),
        ["kit_in_vain kits[0].items[0]: `one` is taken whole, and no item of it is named"]
    );
}

#[test]
fn a_kit_of_flows_in_conflict() {
    let found = |conflicts: &str, flows: &str| {
        let item =
            |flow: &str| format!("{{flow: {flow}, integration: pg, type: db, name: a, permission: read}}");
        let items: Vec<String> = flows.split(' ').map(item).collect();
        let beside = format!("kits: [{{id: k, items: [{}]}}]\nconflicts: [{conflicts}]", items.join(", "));
        let all = doors_beside("", "", &beside);
        all.into_iter().map(|(code, path, words)| format!("{code} {path}: {words}")).collect::<Vec<_>>()
    };
    let conflict = "{name: payments, flows: [one, other]}";
    assert_eq!(
        found(conflict, "one one other"),
        ["kit_in_vain kits[0].items[2]: `other` stands beside `one`, and `payments` lets nobody hold both"]
    );
    assert_eq!(found(conflict, "one one"), [""; 0]);
    assert_eq!(found("", "one other"), [""; 0]);
}

#[test]
fn doors_lead_to_one_item_or_are_two() {
    let what = |target: &str| format!("what: [{{integration: pg, permissions: [read], {target}}}]");
    let weak = |target: &str| format!("{}\napproval: automatic", what(target));
    for (one, other, shape) in [
        ("names: ['prod-*']", "names: [prod-orders]", Some("name `prod-orders`")),
        ("names: ['prod-*']", "names: ['*-orders']", Some("name `prod--orders`")),
        ("names: ['prod-*']", "names: ['test-*']", None),
        ("names: ['prod-*']", "names: ['prod-*'], except: {names: ['prod-*']}", None),
        ("names: ['prod-*', 'test-*']", "names: ['*'], except: {names: ['prod-*']}", Some("name `test-*`")),
        ("type: database", "labels: {env: prod}", Some("type `database`, label `env: prod`")),
        ("type: database", "type: queue", None),
        ("labels: {env: prod}", "labels: {env: test}", None),
        ("labels: {env: prod}", "except: {labels: {env: prod}}", None),
    ] {
        let found = doors(&weak(one), &what(other));
        match shape {
            Some(shape) => {
                let (_, _, words) = found.first().unwrap_or_else(|| panic!("{one} and {other} meet"));
                assert!(words.contains(&format!("`read` on `pg`, {shape} more easily")), "{words}");
            }
            None => assert_eq!(found, [], "{one} beside {other}"),
        }
    }
    let others = |what: &str| doors("approval: automatic", &format!("what: [{what}]"));
    assert_eq!(others("{integration: pg, permissions: [write]}"), []);
    assert_eq!(others("{integration: other, permissions: [read]}"), []);
    assert_eq!(others("{integration: pg, permissions: ['*']}").len(), 1);
}

#[test]
fn doors_for_other_people_are_no_weaker_ones() {
    let both = |one: &str, other: &str| {
        doors(&format!("who: {one}\napproval: automatic"), &format!("who: {other}")).len()
    };
    assert_eq!(both("{any: [user:ann]}", "{any: [user:bob]}"), 0);
    assert_eq!(both("{any: [user:ann]}", "{any: [user:bob, user:ann]}"), 1);
    assert_eq!(both("{any: [group:sre]}", "{any: [group:dev], except: [group:sre]}"), 0);
    assert_eq!(both("{any: [group:sre]}", "{any: [group:dev]}"), 1, "somebody may be in both");
}

#[test]
fn glass_is_a_door() {
    let ops = glass("group:ops", "group:security");
    let found = doors(&ops, "");
    let words = "the glass of `one` gives `read` on `pg` more easily than `other`: no approver instead of 1";
    assert_eq!(found, [("weaker_door", "flows[0].break_glass".to_owned(), words.to_owned())]);
    // Who gave their own flow glass knows of emergencies; then it is glass against glass.
    assert_eq!(doors(&ops, &ops), []);
    let longer = ops.replace("max: 1h", "max: 1h 1ms");
    let found = doors(&longer, &ops);
    let words = "the glass of `one` gives `read` on `pg` more easily than the glass of `other`: up to `1h 1ms` instead of `1h`";
    assert_eq!(found, [("weaker_door", "flows[0].break_glass".to_owned(), words.to_owned())]);
    let login = |lines: &str| format!("mfa: {{level: aal2}}\n{lines}");
    assert_eq!(doors(&ops, &login(&ops)).len(), 2, "the door and the glass, each without the login");
    // What is had without approval anyway is nobody's to keep shut.
    assert_eq!(doors(&ops, "approval: automatic"), doors("", "approval: automatic"));
    let paths: Vec<String> = doors(&login(&ops), "").into_iter().map(|(_, path, _)| path).collect();
    assert_eq!(paths, ["flows[1].what[0]"], "the glass asks for a login that the other door does not");
    // Nobody is meant by both, or nobody is for certain.
    let (ann, bob) = (glass("user:ann", "user:sam"), "who: {any: [user:bob]}");
    assert_eq!(doors(&format!("who: {{any: [user:ann]}}\n{ann}"), bob), []);
    assert_eq!(doors(&ops, "who: {any: [group:sre], except: [group:ops]}"), []);
    let barred = format!("{}guards: [{{name: all, what: [{{}}], require: {{approval: steps}}}}]\n", {
        let (one, other) = (flow(&format!("id: one\n{ops}")), flow("id: other"));
        format!("version: 1\nflows:\n{one}{other}")
    });
    assert_eq!(warnings_of(&barred), [], "a guard may bar it");
}

#[test]
fn more_doors_are_counted() {
    let strict: String = (0..3).map(|n| flow(&format!("id: strict-{n}"))).collect();
    let weak = flow("id: weak\napproval: automatic");
    let found = warnings_of(&format!("version: 1\nflows:\n{strict}{weak}"));
    let [(_, _, words)] = found.as_slice() else { panic!("one warning for the weak flow: {found:?}") };
    assert!(words.ends_with("more easily than 2 other flows"), "{words}");
}

/// As many flows as a document has room for, all on one integration.
#[test]
fn thousands_of_flows_are_compared_soon() {
    let took = |targets: usize, flows: usize| {
        let names: String = (0..20).map(|n| format!("\"{n}*\",")).collect();
        let target = |n: usize| {
            let names = names.trim_end_matches(',');
            format!("{{\"integration\":\"a\",\"permissions\":[\"r{n}\"],\"names\":[{names}]}}")
        };
        let scope: Vec<String> = (0..targets).map(target).collect();
        let mut text =
            format!("{{\"version\":1,\"scopes\":[{{\"id\":\"s\",\"what\":[{}]}}],", scope.join(","));
        text.push_str("\"flows\":[");
        for n in 0..flows {
            let max = 2 + n % 50;
            write!(
                text,
                "{{\"id\":\"f{n}\",\"who\":{{\"any\":[\"role:a\"]}},\"what\":[{{\"scope\":\"s\"}}],\
                 \"duration\":{{\"max\":\"{max}m\"}},\"approval\":\"automatic\"}},"
            )
            .unwrap();
        }
        text.pop();
        text.push_str("]}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test of how long it takes")]
        let began = SystemTime::now();
        let policy = Policy::from_json(&value).unwrap_or_else(|problems| panic!("{problems}"));
        let took = began.elapsed().unwrap();
        assert!(policy.warnings().iter().all(|one| one.code == Lint::WeakerDoor));
        assert!(!policy.warnings().is_empty());
        took
    };
    for (targets, flows) in [(1, 8_900), (250, 390)] {
        let took = took(targets, flows);
        assert!(took < Duration::from_secs(20), "{flows} flows of {targets} targets took {took:?}");
    }
}

#[test]
fn every_lint_is_named_once() {
    let mut names: Vec<&str> = Lint::ALL.iter().map(|lint| lint.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Lint::ALL.len());
}
