//! `tenure who` as people run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const POLICY: &str = "version: 1
flows:
  - id: owned
    who: {any: [group:oncall]}
    what: [{integration: pg, type: database, labels: {env: prod}, permissions: [drop]}]
    duration: {max: 2h}
    approval: {steps: [{name: owner, approvers: [owner]}, {name: boss, approvers: [manager]}]}
  - id: prod
    title: Production
    who: {any: [group:oncall]}
    requesters: {others: [group:desk]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 2h}
    approval: {steps: [{name: leads, approvers: [group:leads]}]}
";

const PEOPLE: &str = "people:
  maria: {groups: [oncall], manager: lena}
  jonas: {groups: [leads, oncall]}
  bot: {groups: [oncall], acts_for: jonas}
  lena: {groups: [desk]}
resources:
  orders: {integration: pg, type: database, name: orders, labels: {env: prod}, owners: [user:jonas]}
  lake: {integration: s3, type: bucket, name: lake}
";

/// A folder of its own for one test.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("who-{test}"));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path).with("flows.yaml", POLICY).with("people.yaml", PEOPLE)
    }

    fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.0.join(name), text).unwrap();
        self
    }

    fn who(&self, people: &str, more: &[&str]) -> (Option<i32>, String) {
        self.run(&[&["who", "flows.yaml", "--people", people], more].concat())
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenure"));
        let Output { status, stdout, .. } = command.args(args).current_dir(&self.0).output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap())
    }
}

#[test]
fn a_table_a_flow_and_what_nobody_could_approve() {
    let (code, text) = Folder::of("text").who("people.yaml", &[]);
    let expected = "owned
  could ask      bot, jonas, maria
  for            orders: drop
  could approve  orders: owner: jonas
                 orders: boss: lena for maria
  ✗ nobody could approve what bot asks for on orders: `owner` takes 1, and nobody is left
  ✗ nobody could approve what jonas asks for on orders: `owner` takes 1, and nobody is left

prod  Production
  could ask      bot, jonas, maria
                 lena for bot, jonas, maria
  for            orders: read
  could approve  leads: jonas
  ✗ nobody could approve what bot asks for: `leads` takes 1, and nobody is left
  ✗ nobody could approve what lena asks for bot: `leads` takes 1, and nobody is left
  ✗ nobody could approve what jonas asks for: `leads` takes 1, and nobody is left
  ✗ nobody could approve what lena asks for jonas: `leads` takes 1, and nobody is left

6 requests that nobody could ever approve
conditions, hours, limits, reasons and logins were not looked at
";
    assert_eq!((code, text.as_str()), (Some(0), expected));
}

#[test]
fn glass_is_told_with_who_breaks_it_and_who_reviews() {
    let policy = "version: 1
flows:
  - id: prod
    who: {any: [group:nobody]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 2h}
    approval: automatic
    break_glass: {who: [group:oncall], max: 1h, review_within: 1d, review_by: [group:leads, manager]}
";
    let folder = Folder::of("glass").with("flows.yaml", policy);
    let expected = "prod
  could ask      nobody
  for            orders: read
  could approve  nobody needs to
  break glass    bot, jonas, maria
  could review   jonas
                 lena for maria
  ✗ nobody could review what bot, jonas took in an emergency

somebody could approve every request
conditions, hours, limits, reasons and logins were not looked at
";
    assert_eq!(folder.who("people.yaml", &[]), (Some(0), expected.to_owned()));
    let (_, text) = folder.who("people.yaml", &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let told = serde_json::json!({
        "could_break": ["bot", "jonas", "maria"],
        "could_review": ["jonas"],
        "managers": {"lena": ["maria"]},
        "owner": false,
        "unreviewed": ["bot", "jonas"],
    });
    assert_eq!(json["flows"][0]["break_glass"], told);
    let owned = folder.with("flows.yaml", &policy.replace("group:leads, manager", "owner"));
    let (_, text) = owned.who("people.yaml", &[]);
    assert!(
        text.contains("could review   whoever owns all that is asked for") && !text.contains('✗'),
        "{text}"
    );
}

#[test]
fn a_guard_keeps_what_it_covers_for_people_to_approve() {
    let policy = |what: &str| {
        format!(
            "version: 1
flows:
  - id: prod
    who: {{any: [group:oncall]}}
    what: [{{integration: pg, permissions: [read, write]}}, {{integration: s3, permissions: ['*']}}]
    duration: {{max: 2h}}
    approval: automatic
    break_glass: {{who: [group:oncall], max: 1h, review_within: 1d, review_by: [group:leads]}}
guards:
  - {{name: short, what: [{{}}], require: {{max: 1h}}}}
  - {{name: people, what: [{what}], require: {{approval: steps}}}}
"
        )
    };
    let told = |what: &str, people: &str| {
        let folder = Folder::of("guard")
            .with("flows.yaml", &policy(what))
            .with("none.yaml", "people: {maria: {groups: [oncall]}}");
        let (_, text) = folder.who(people, &[]);
        let rows =
            text.lines().skip(1).take_while(|line| !line.is_empty()).map(|line| line.trim().to_owned());
        rows.filter(|row| {
            !row.starts_with("break") && !row.starts_with("could review") && !row.starts_with('✗')
        })
        .collect::<Vec<_>>()
    };
    let words = "which people must approve, and nobody does under this flow";
    assert_eq!(
        told("{permissions: [write]}", "people.yaml"),
        [
            "could ask      bot, jonas, maria",
            "for            lake: any permission",
            "orders: read",
            "not for        orders: write",
            words,
            "could approve  nobody needs to",
        ]
    );
    assert_eq!(
        told("{labels: {env: prod}}, {integration: s3}", "people.yaml"),
        [
            "could ask      nobody",
            "for            nothing",
            "not for        lake: any permission",
            "orders: read, write",
            words,
        ]
    );
    // Without resources it is what the policy says of all of them.
    assert_eq!(
        told("{integration: s3}, {labels: {env: prod}}", "none.yaml"),
        [
            "could ask      maria",
            "for            pg: read, write",
            "not for        s3: any permission",
            words,
            "could approve  nobody needs to",
        ]
    );
}

#[test]
fn programs_are_told_the_same() {
    let (code, text) = Folder::of("json").who("people.yaml", &["--format", "json", "--flow", "prod"]);
    assert_eq!(code, Some(0), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let [prod] = json["flows"].as_array().unwrap().as_slice() else {
        panic!("one flow was asked for: {text}")
    };
    assert_eq!(prod["could_ask"], serde_json::json!(["bot", "jonas", "maria"]));
    assert_eq!(prod["on_behalf"]["lena"], serde_json::json!(["bot", "jonas", "maria"]));
    assert_eq!(prod["could_approve"][0]["lists"][0][0]["people"], serde_json::json!(["jonas"]));
    assert_eq!(prod["nobody"].as_array().unwrap().len(), 4);
    let first = serde_json::json!(
        {"requester": "bot", "holder": "bot", "step": "leads", "needed": 1, "left": []}
    );
    assert_eq!(prod["nobody"][0], first);
}

#[test]
fn without_resources_the_policy_says_what_and_owners_may_be_anybody() {
    let people = PEOPLE.split_once("resources").unwrap().0;
    let (code, text) =
        Folder::of("owners").with("people.yaml", people).who("people.yaml", &["--flow", "owned"]);
    assert_eq!(code, Some(0), "{text}");
    for words in ["for            pg, database, env=prod: drop", "owner: whoever owns all that is asked for"]
    {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
    assert!(!text.contains("what maria asks for"), "{text}");
    assert!(text.contains("what jonas asks for: `boss` takes 1, and nobody is left"), "{text}");
}

#[test]
fn steps_that_need_different_people_are_counted_together() {
    let both = "{steps: [{name: one, approvers: [manager]}, {name: two, approvers: [user:lena]}]}";
    let policy = POLICY.replace("{steps: [{name: leads, approvers: [group:leads]}]}", both);
    let (_, text) =
        Folder::of("together").with("flows.yaml", &policy).who("people.yaml", &["--flow", "prod"]);
    let words = "what maria asks for: the steps take 2 different people together";
    assert!(text.contains(words), "`{words}` is missing in\n{text}");
}

#[test]
fn every_mistake_in_the_people_is_told_with_its_place() {
    let people = "people:
  alice: {group: [sre], roles: dba}
resources:
  orders: {integration: pg, type: database, name: orders, owners: [everyone]}
stpes: []
";
    let folder = Folder::of("mistakes").with("people.yaml", people);
    let (code, text) = folder.who("people.yaml", &[]);
    assert_eq!(code, Some(1), "{text}");
    for words in ["did you mean `groups`?", "people.yaml:2:32", "a file of people has no field `stpes`"] {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
    let story = people.replace("stpes: []", "name: a story\nsteps: []");
    assert!(
        !folder.with("people.yaml", &story).who("people.yaml", &[]).1.contains("a file of people"),
        "{text}"
    );
    let folder = Folder::of("owned-by-all");
    let owners = people.replace("{group: [sre], roles: dba}", "{}").replace("stpes: []\n", "");
    let (code, text) = folder.with("people.yaml", &owners).who("people.yaml", &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("`everyone` owns nothing") && text.contains("people.yaml:4:3"), "{text}");
}

#[test]
fn what_cannot_be_read_or_found_ends_with_2_and_a_bad_policy_with_1() {
    let folder = Folder::of("unread").with("bad.yaml", "version: 1\nflows: [{id: a}]\n");
    assert_eq!(folder.who("nothing.yaml", &[]).0, Some(2));
    assert_eq!(folder.who("people.yaml", &["--flow", "nothing"]).0, Some(2));
    assert_eq!(folder.run(&["who", "flows.yaml"]).0, Some(2));
    assert_eq!(folder.run(&["who", "bad.yaml", "--people", "people.yaml"]).0, Some(1));
    assert_eq!(folder.run(&["who", "nothing.yaml", "--people", "people.yaml"]).0, Some(2));
    // A folder is one policy: people beside it are no part of one, for a host as for this.
    std::fs::remove_file(folder.0.join("bad.yaml")).unwrap();
    let (code, text) = folder.run(&["who", ".", "--people", "people.yaml"]);
    assert!(code == Some(1) && text.contains("people.yaml:1"), "{text}");
    std::fs::create_dir(folder.0.join("policy")).unwrap();
    std::fs::rename(folder.0.join("flows.yaml"), folder.0.join("policy/flows.yaml")).unwrap();
    assert_eq!(folder.run(&["who", "policy", "--people", "people.yaml"]).0, Some(0));
    let (code, help) = folder.run(&["who", "--help"]);
    assert!(code == Some(0) && help.contains("Examples:") && help.contains("--people people.yaml"), "{help}");
}

/// More people than can be held against each other is said, soon.
#[test]
fn too_much_at_once_is_said() {
    let mut people = "people:\n".to_owned();
    for n in 0..3_000 {
        writeln!(people, "  p{n}: {{groups: [oncall, desk]}}").unwrap();
    }
    let (code, text) = Folder::of("many").with("people.yaml", &people).who("people.yaml", &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("ask with `--flow` for one flow, or with fewer people"), "{text}");
}
