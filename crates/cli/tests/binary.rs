//! The binary as people run it: what it says, how it ends, and that nothing brings it down.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

const POLICY: &str = "version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
";

const STORY: &str = "name: an hour
start: 2026-03-02T09:00:00Z
policy: flows.yaml
people: {alice: {groups: [sre]}}
resources: {orders: {integration: pg, type: database, name: orders}}
steps:
  - at: 0m
    request: {as: alice, grant: g1, flow: db, items: [orders/read]}
    expect: {stage: active, ends: 1h}
  - at: 10m
    request: {as: alice, grant: g2, flow: db, items: [orders/read], span: 5h}
    expect: {refused: duration.too_long}
";

/// A folder of its own for one test.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, name: &str, text: &str) -> Self {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tenure")).args(args).current_dir(&self.0).output().unwrap()
    }

    /// In at most half a gigabyte of address space.
    fn bounded(&self, args: &[&str]) -> Output {
        let script = "ulimit -v 524288; exec \"$0\" \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_tenure")]).args(args);
        command.current_dir(&self.0).output().unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn a_good_policy_is_checked() {
    let folder = Folder::of("good").with("flows.yaml", POLICY);
    let output = folder.run(&["check", "flows.yaml"]);
    assert_eq!(code(&output), Some(0), "{}", out(&output));
    assert!(out(&output).contains("flows.yaml: 1 flow"), "{}", out(&output));
}

#[test]
fn every_problem_is_shown_with_its_line() {
    let folder = Folder::of("bad")
        .with("flows.yaml", &POLICY.replace("4h, default: 1h", "1 hour").replace("who", "whom"));
    let output = folder.run(&["check", "flows.yaml"]);
    assert_eq!(code(&output), Some(1));
    let text = out(&output);
    for words in
        ["error[bad_span]", "error[unknown_field]", "did you mean `who`?", "flows.yaml:4:5", "2 problems"]
    {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&out(&folder.run(&["check", "--format", "json", "flows.yaml"]))).unwrap();
    assert_eq!(json[0]["problems"].as_array().unwrap().len(), 2);
}

#[test]
fn a_folder_is_one_policy() {
    let other = POLICY.replace("id: db", "id: other");
    let folder = Folder::of("folder").with("a.yaml", POLICY).with("b.yaml", &other);
    let output = folder.run(&["check", "."]);
    assert_eq!(code(&output), Some(0), "{}", out(&output));
    assert!(out(&output).contains(".: 2 flows"), "{}", out(&output));
}

/// A folder that a host cannot be opened with is not checked as one that is well.
#[test]
fn a_folder_is_checked_as_a_host_reads_it() {
    const PEOPLE: &str = "people: {alice: {groups: [sre]}}\n";
    let fill = |test: &str| Folder::of(test).with("a.yaml", POLICY);
    let many = fill("read-many");
    (0..1_100)
        .for_each(|number| std::fs::write(many.0.join(format!("{number}.yaml")), "version: 1\n").unwrap());
    let large = fill("read-large");
    (0..3).for_each(|number| {
        let text = format!("version: 1 # {}\n", "x".repeat(400_000));
        std::fs::write(large.0.join(format!("{number}.yaml")), text).unwrap();
    });
    let mut cases = vec![
        (fill("read-story").with("c.yaml", STORY), 1, "`./c.yaml` holds scenarios; a folder is one policy"),
        (fill("read-people").with("c.yaml", PEOPLE), 1, "`./c.yaml` holds people; a folder is one policy"),
        (many, 2, "there are 1101 policy files in this folder"),
        (large, 1, "error[too_large]: the document has more than 1048576 bytes"),
        (Folder::of("read-none"), 2, "there are 0 policy files in this folder"),
    ];
    #[cfg(unix)]
    {
        let (link, pipe) = (fill("read-link"), fill("read-pipe"));
        std::os::unix::fs::symlink("nowhere.yaml", link.0.join("c.yaml")).unwrap();
        assert!(Command::new("mkfifo").arg(pipe.0.join("c.yaml")).status().unwrap().success());
        cases.push((link, 2, "c.yaml"));
        cases.push((pipe, 2, "it is no file"));
    }
    for (folder, end, words) in cases {
        let read = tenure::Policy::from_path(&folder.0).unwrap_err();
        let output = folder.run(&["check", "."]);
        assert_eq!(code(&output), Some(end), "{}", out(&output));
        assert!(out(&output).contains(words), "`{words}` is missing in {}", out(&output));
        let json: serde_json::Value =
            serde_json::from_str(&out(&folder.run(&["check", "--format", "json", "."]))).unwrap();
        let said = |problems: &serde_json::Value| -> Vec<_> {
            problems
                .as_array()
                .unwrap()
                .iter()
                .map(|one| (one["code"].clone(), one["message"].clone()))
                .collect()
        };
        assert_eq!(said(&json[0]["problems"]), said(&read.to_json()), "{words}");
        let who = folder.with("../people.yaml", PEOPLE).run(&["who", ".", "--people", "../people.yaml"]);
        assert_eq!(code(&who), Some(end), "{words}");
    }
}

/// What cannot be used is said with its name, and with what would do.
#[test]
fn what_cannot_be_used_is_named_with_what_would_do() {
    let large = format!("version: 1 # {}", "x".repeat(3 << 20));
    let folder = Folder::of("named")
        .with("flows.yaml", POLICY)
        .with("story.yaml", STORY)
        .with("quoted.yaml", &POLICY.replace("version: 1", "version: \"1\""))
        .with("word.yaml", &POLICY.replace("version: 1", "version: one"))
        .with("count.yaml", &POLICY.replace("automatic", "{steps: [{approvers: [manager], needed: \"3\"}]}"))
        .with("empty.yaml", "")
        .with("two.yaml", "people: {}\n---\npeople: {}\n")
        .with("large.yaml", &large)
        .with("none/readme.txt", "");
    for (args, end, words) in [
        (&["check", "quoted.yaml"][..], 1, &["wrong_type", "write `version: 1`"][..]),
        (&["check", "word.yaml"], 1, &["wrong_type", "write `version: 1`"]),
        (&["check", "count.yaml"], 1, &["write `3`, without quotes"]),
        (&["check", "large.yaml"], 1, &["error[too_large]", "more than 1048576 bytes", "between namespaces"]),
        (&["test", "large.yaml"], 2, &["error[too_large]", "`tenure test` runs all of a folder"]),
        (
            &["who", "flows.yaml", "--people", "empty.yaml"],
            1,
            &["empty.yaml", "nothing in it", "`people: {alice"],
        ),
        (&["who", "flows.yaml", "--people", "two.yaml"], 1, &["two.yaml:3", "a second document"]),
        (&["who", "flows.yaml", "--people", "none"], 2, &["none", "it is a folder"]),
        (&["play", "none"], 2, &["none", "it is a folder, where one file is asked for"]),
        (&["test", "none"], 2, &["--> none", "there is no scenario file"]),
        (&["test", "none", "--format", "json"], 2, &["\"none\"", "there is no scenario file"]),
        (&["help", "--help"], 0, &["Exit status:"]),
        (&["help", "check", "--help"], 0, &["tenure check policies/"]),
    ] {
        let output = folder.run(args);
        assert_eq!(code(&output), Some(end), "{args:?}: {}", out(&output));
        for words in words {
            assert!(out(&output).contains(words), "{args:?}: `{words}` is missing in\n{}", out(&output));
        }
    }
}

/// A link that leads back is no maze.
#[test]
#[cfg(unix)]
fn a_folder_that_leads_to_itself_is_searched_once() {
    let folder = Folder::of("circle").with("flows.yaml", POLICY).with("story.yaml", STORY);
    std::os::unix::fs::symlink(".", folder.0.join("again")).unwrap();
    let below = folder.0.join("below");
    std::fs::create_dir(&below).unwrap();
    std::os::unix::fs::symlink("..", below.join("back")).unwrap();
    let output = folder.run(&["test", "."]);
    assert_eq!(out(&output), "✓ an hour\n\n1 scenario holds\n");
    assert_eq!(code(&output), Some(0));
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let folder = Folder::of("unread").with("flows.txt", POLICY);
    for args in [
        &["check", "nothing.yaml"][..],
        &["check", "flows.txt"],
        &["test", "nothing.yaml"],
        &["test", "."],
        &["play", "nothing.yaml"],
        &["explain", "nothing.yaml", "--step", "1"],
        &["check"],
        &["walk"],
        &["test", "--store", "postgres://db", "."],
    ] {
        assert_eq!(code(&folder.run(args)), Some(2), "{args:?}");
    }
}

#[test]
fn a_story_that_holds_and_one_that_does_not() {
    let folder = Folder::of("stories").with("flows.yaml", POLICY).with("story.yaml", STORY);
    let output = folder.run(&["test", "."]);
    assert_eq!(code(&output), Some(0), "{}", out(&output));
    assert_eq!(out(&output), "✓ an hour\n\n1 scenario holds\n");

    let output = folder.run(&["test", "--store", "sqlite", "."]);
    assert_eq!(out(&output), "✓ an hour\n\n1 scenario holds\n");

    let folder = folder.with("story.yaml", &STORY.replace("ends: 1h", "ends: 2h"));
    let output = folder.run(&["test", "."]);
    assert_eq!(code(&output), Some(1));
    for words in
        ["✗ an hour  ./story.yaml:1", "step 1, request at 0m (line 7)", "expected  2h", "came      1h"]
    {
        assert!(out(&output).contains(words), "`{words}` is missing in\n{}", out(&output));
    }
}

#[test]
fn machines_are_told_as_well() {
    let failing = STORY.replace("name: an hour", "name: <two> & more").replace("ends: 1h", "ends: 2h");
    let folder =
        Folder::of("machines").with("flows.yaml", POLICY).with("a.yaml", STORY).with("b.yaml", &failing);
    let output = folder.run(&["test", "--format", "json", "."]);
    assert_eq!(code(&output), Some(1));
    let json: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((&json["held"], &json["failed"]), (&1.into(), &1.into()));
    assert_eq!(json["scenarios"][1]["failures"][0]["mismatches"][0]["came"], "1h");

    let output = folder.run(&["test", "--format", "junit", "."]);
    assert_eq!(code(&output), Some(1));
    let xml = out(&output);
    for words in [
        "tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"0\"",
        "&lt;two&gt; &amp; more",
        "expected 2h, came 1h",
    ] {
        assert!(xml.contains(words), "`{words}` is missing in\n{xml}");
    }
}

#[test]
fn a_story_is_told_without_colour_where_nobody_sees_it() {
    let folder = Folder::of("play").with("flows.yaml", POLICY).with("story.yaml", STORY);
    let output = folder.run(&["play", "story.yaml"]);
    assert_eq!(code(&output), Some(0));
    assert!(!out(&output).contains('\u{1b}'));
    assert!(out(&output).contains("alice  asks for orders/read under db"), "{}", out(&output));
    let coloured = folder.run(&["play", "story.yaml", "--color", "always"]);
    assert!(out(&coloured).contains('\u{1b}'));
    let failing = folder.with("story.yaml", &STORY.replace("ends: 1h", "ends: 2h"));
    let output = failing.run(&["play", "story.yaml"]);
    assert_eq!(code(&output), Some(1));
    assert!(out(&output).contains("✗ expected ends: 2h, came 1h"), "{}", out(&output));
}

#[test]
fn a_refusal_is_explained_check_by_check() {
    let folder = Folder::of("explain").with("flows.yaml", POLICY).with("story.yaml", STORY);
    let output = folder.run(&["explain", "story.yaml", "--step", "2"]);
    assert_eq!(code(&output), Some(0));
    let text = out(&output);
    for words in [
        "✓ flow.unknown",
        "✗ duration.too_long",
        "not reached: hours.closed",
        "max  4h",
        "would pass: the same for 4h",
    ] {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
    assert!(out(&folder.run(&["explain", "story.yaml", "--step", "1"])).contains("It passes."));
    assert_eq!(code(&folder.run(&["explain", "story.yaml", "--step", "3"])), Some(2));
}

#[test]
fn schemas_completions_and_help_are_printed() {
    let folder = Folder::of("print");
    for (of, committed) in [
        ("policy", include_str!("../../policy/schema/policy.schema.json")),
        ("call", include_str!("../../port/schema/call.schema.json")),
        ("answer", include_str!("../../port/schema/answer.schema.json")),
    ] {
        let schema: serde_json::Value = serde_json::from_str(&out(&folder.run(&["schema", of]))).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{of}");
        assert!(schema == serde_json::from_str::<serde_json::Value>(committed).unwrap(), "{of} is another");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(out(&folder.run(&["completions", shell])).contains("tenure"), "{shell}");
    }
    let help = out(&folder.run(&["--help"]));
    assert!(help.contains("Exit status:") && help.contains("NO_COLOR"), "{help}");
    for task in [
        "check",
        "test",
        "play",
        "explain",
        "schema",
        "completions",
        "backup",
        "reconcile",
        "compact",
        "doctor",
    ] {
        assert!(out(&folder.run(&[task, "--help"])).contains("Example"), "{task}");
    }
}

/// A hostile or silly file is an error, soon, in bounded memory.
#[test]
fn r27_no_file_brings_it_down() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (name, before) in ('b'..='j').zip('a'..='i') {
        let list = vec![format!("*{before}"); 9].join(", ");
        writeln!(bomb, "{name}: &{name} [{list}]").unwrap();
    }
    let mut million = STORY.to_owned();
    for step in 0..1_000_000 {
        writeln!(million, "  - at: {}m\n    sweep: {{}}", step + 20).unwrap();
    }
    let folder = Folder::of("bombs")
        .with("alias.yaml", &bomb)
        .with("deep.yaml", &"[".repeat(100_000))
        .with("deep.json", &"[".repeat(100_000))
        .with("deep.toml", &format!("a = {}", "[".repeat(100_000)))
        .with("large.yaml", &format!("version: 1 # {}", "x".repeat(3 << 20)))
        .with("million.yaml", &million)
        .with("flows.yaml", POLICY);
    for file in ["alias.yaml", "deep.yaml", "deep.json", "deep.toml", "large.yaml", "million.yaml"] {
        for task in ["check", "test"] {
            #[expect(clippy::disallowed_methods, reason = "a test of how long it takes")]
            let began = SystemTime::now();
            let output = folder.bounded(&[task, file]);
            let took = began.elapsed().unwrap();
            let end = code(&output);
            assert!(end == Some(1) || end == Some(2), "{task} {file}: {end:?}\n{}", out(&output));
            assert!(took < Duration::from_secs(10), "{task} {file} took {took:?}");
            assert!(out(&output).len() < 100_000, "{task} {file}: {} bytes", out(&output).len());
        }
    }
}

/// Nobody writes into a pipe that lies in a folder: it is told and not waited for.
#[test]
#[cfg(unix)]
fn a_pipe_is_no_file() {
    let folder = Folder::of("pipe").with("flows.yaml", POLICY);
    assert!(Command::new("mkfifo").arg(folder.0.join("a.yaml")).status().unwrap().success());
    for args in [&["check", "a.yaml"][..], &["test", "a.yaml"], &["test", "."], &["play", "a.yaml"]] {
        let output = folder.run(args);
        assert_eq!(code(&output), Some(2), "{args:?}");
        assert!(out(&output).contains("it is no file"), "{args:?}: {}", out(&output));
    }
    let story = STORY.replace("policy: flows.yaml", "policy: a.yaml");
    let output = folder.with("story.yaml", &story).run(&["test", "story.yaml"]);
    assert!(out(&output).contains("it is no file"), "{}", out(&output));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_no_panic() {
    let folder = Folder::of("full").with("flows.yaml", POLICY).with("story.yaml", STORY);
    for args in [
        &["check", "flows.yaml"][..],
        &["test", "story.yaml"],
        &["play", "story.yaml"],
        &["explain", "story.yaml", "--step", "1"],
        &["schema"],
        &["completions", "bash"],
        &["--help"],
        &["check", "--help"],
        &["--version"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenure"));
        let output = command.args(args).current_dir(&folder.0).stdout(full).output().unwrap();
        assert_eq!(code(&output), Some(2), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be written"), "{args:?}");
    }
}

#[test]
fn a_policy_is_not_taken_for_a_story() {
    let folder = Folder::of("mistaken").with("flows.yaml", POLICY);
    for task in ["test", "play"] {
        let output = folder.run(&[task, "flows.yaml"]);
        assert_eq!(code(&output), Some(2));
        assert!(out(&output).contains("this is a policy"), "{}", out(&output));
    }
}

/// As long a story as a file can hold is played through.
#[test]
fn a_long_story_is_played() {
    let mut long = STORY.to_owned();
    for step in 0..20_000 {
        writeln!(long, "  - {{at: {}m, sweep: {{}}}}", step + 20).unwrap();
    }
    let folder = Folder::of("long").with("flows.yaml", POLICY).with("story.yaml", &long);
    let output = folder.bounded(&["test", "story.yaml"]);
    assert_eq!(code(&output), Some(0), "{}", out(&output));
}

#[test]
fn a_story_told_in_a_file_leaves_it_behind_and_never_tells_into_another() {
    let folder = Folder::of("kept").with("flows.yaml", POLICY).with("story.yaml", STORY);
    let told = folder.run(&["play", "story.yaml", "--file", "hour.db"]);
    assert_eq!(code(&told), Some(0), "{}", out(&told));
    let plain = folder.run(&["play", "story.yaml"]);
    assert_eq!(out(&told), out(&plain), "the same is told on every store");
    for store in ["memory", "sqlite"] {
        assert_eq!(out(&folder.run(&["play", "story.yaml", "--store", store])), out(&plain), "{store}");
    }
    // Where nothing is said it is a file, as a host has it, and that goes: where none can be made, it is said.
    let nowhere = |more: &[&str]| {
        let mut play = Command::new(env!("CARGO_BIN_EXE_tenure"));
        let play = play.args(["play", "story.yaml"]).args(more).current_dir(&folder.0);
        play.env("TMPDIR", folder.0.join("nowhere")).env("TEMP", folder.0.join("nowhere")).output().unwrap()
    };
    assert!(out(&nowhere(&[])).contains("it cannot be played"), "{}", out(&nowhere(&[])));
    assert_eq!(code(&nowhere(&["--store", "memory"])), Some(0));
    let left = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name());
    let left: std::collections::BTreeSet<_> = left.collect();
    assert_eq!(left, ["flows.yaml", "hour.db", "story.yaml"].map(std::ffi::OsString::from).into());
    assert!(folder.0.join("hour.db").exists());
    let again = folder.run(&["play", "story.yaml", "--file", "hour.db"]);
    assert_eq!(code(&again), Some(2));
    assert!(out(&again).contains("is there already"), "{}", out(&again));
    let nowhere = folder.run(&["play", "story.yaml", "--file", "nowhere/hour.db"]);
    assert_eq!(code(&nowhere), Some(2));
    assert!(out(&nowhere).contains("`nowhere/hour.db`: "), "{}", out(&nowhere));
}

#[test]
fn a_transcript_is_written_over_nothing_and_only_of_all_that_was_named() {
    let folder = Folder::of("transcript").with("flows.yaml", POLICY).with("story.yaml", STORY);
    let folder = folder.with("precious.db", "kept").with("broken.yaml", "steps: [");
    let path = |name: &str| folder.0.join(name);
    let test =
        |to: &str, more: &[&str]| folder.run(&[&["test", "--transcript", to, "story.yaml"], more].concat());
    for format in ["text", "json", "junit"] {
        let output = test("precious.db", &["--format", format]);
        assert_eq!(code(&output), Some(2), "{format}");
        let said = out(&output);
        assert!(said.contains("precious.db") && said.contains("is there already"), "{said}");
        assert_eq!(std::fs::read_to_string(path("precious.db")).unwrap(), "kept", "{format}");
    }
    for more in ["broken.yaml", "nothing.yaml"] {
        assert_eq!(code(&test("all.jsonl", &[more])), Some(2), "{more}");
        assert!(!path("all.jsonl").exists(), "{more}");
    }
    let nowhere = test("nowhere/all.jsonl", &[]);
    assert_eq!(code(&nowhere), Some(2));
    assert!(out(&nowhere).contains("nowhere/all.jsonl"), "{}", out(&nowhere));
    assert_eq!(code(&test("all.jsonl", &[])), Some(0));
    let written = std::fs::read_to_string(path("all.jsonl")).unwrap();
    assert!(written.starts_with("{\"story\":\"story.yaml: an hour\""), "{written}");
}

/// Whether all is well is not said by a pipe that nobody reads.
#[test]
#[cfg(unix)]
fn a_pipe_that_is_closed_early_is_no_yes() {
    let bad = POLICY.replace("4h", "1 hour");
    let folder = Folder::of("closed").with("flows.yaml", &bad).with("story.yaml", STORY);
    let tenure = env!("CARGO_BIN_EXE_tenure");
    for args in ["check flows.yaml", "check flows.yaml --format json", "schema", "--help", "check --help"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(tenure);
        let output = command.args(args.split(' ')).current_dir(&folder.0).stdout(writer).output().unwrap();
        assert_eq!(code(&output), Some(141), "{args}");
        assert!(output.stderr.is_empty(), "quietly: {args}");
    }
    let help = out(&folder.run(&["--help"]));
    assert!(help.contains("141"), "{help}");
}
