//! Programs in C and C++ against the installed library: misuse, threads, forks, and the quick start of the README.

#![expect(clippy::expect_used, clippy::panic, reason = "these are tests: a panic is how they fail")]

mod prefix;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::LazyLock;

use prefix::{Link, Prefix, has, here};
use tenure_audit::Trusted;
use tenure_port::Handle;

static PREFIX: LazyLock<Prefix> = LazyLock::new(Prefix::installed);

const VALGRIND: &[&str] = &[
    "valgrind",
    "--quiet",
    "--error-exitcode=99",
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect",
    "--errors-for-leak-kinds=definite,indirect",
];
const SANITIZED: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// What the tests cannot do without; told once for each.
fn tools() -> bool {
    has("cc", "programs in C") && has("pkg-config", "programs in C")
}

fn store(name: &str) -> std::path::PathBuf {
    PREFIX.room().join(name)
}

#[test]
fn every_misuse_is_answered() {
    if !tools() {
        return;
    }
    for link in [Link::Shared, Link::Static] {
        let misuse = PREFIX.compiled(&here("tests/c/misuse.c"), link, &[]);
        let said = misuse.says(&[store(&format!("misuse-{link:?}.db")).as_os_str()]);
        assert_eq!(said, "every misuse was answered\n");
    }
}

#[test]
fn every_misuse_is_answered_under_address_sanitizer() {
    if tools() && PREFIX.knows(SANITIZED, "programs in C under AddressSanitizer") {
        let misuse = PREFIX.compiled(&here("tests/c/misuse.c"), Link::Shared, SANITIZED);
        assert_eq!(misuse.says(&[store("asan.db").as_os_str()]), "every misuse was answered\n");
    }
}

#[test]
fn every_misuse_is_answered_under_valgrind() {
    if tools() && has("valgrind", "programs in C under valgrind") {
        let misuse = PREFIX.compiled(&here("tests/c/misuse.c"), Link::Shared, &["-DUNDER_VALGRIND"]);
        assert_eq!(
            misuse.under(VALGRIND, &[store("valgrind.db").as_os_str()]),
            "every misuse was answered\n"
        );
    }
}

#[test]
fn threads_share_a_handle_and_one_closes_it_in_flight() {
    if !tools() {
        return;
    }
    let threads = PREFIX.compiled(&here("tests/c/threads.c"), Link::Shared, &[]);
    for (name, end, said) in [
        (":memory:".into(), "close", "every thread was answered\n"),
        (store("threads.db"), "close", "every thread was answered\n"),
        (":memory:".into(), "exit", ""),
        (store("exit.db"), "exit", ""),
    ] {
        assert_eq!(threads.says(&[name.as_os_str(), OsStr::new(end)]), said);
    }
}

#[test]
fn a_forked_child_is_answered_and_its_parent_loses_nothing() {
    if tools() {
        let fork = PREFIX.compiled(&here("tests/c/fork.c"), Link::Shared, &[]);
        assert_eq!(fork.says(&[store("fork.db").as_os_str()]), "every child was answered\n");
    }
}

#[test]
fn owners_in_cpp_let_go_by_themselves() {
    if !tools() || !has("c++", "programs in C++") {
        return;
    }
    let sanitized = PREFIX.knows(SANITIZED, "programs in C++ under AddressSanitizer").then_some(SANITIZED);
    for more in [&[][..]].into_iter().chain(sanitized) {
        let owners = PREFIX.compiled(&here("tests/c/owners.cpp"), Link::Shared, more);
        assert_eq!(owners.says(&[]), "every owner let go\n");
    }
}

#[test]
fn both_headers_are_read_by_every_standard() {
    if !tools() || !has("c++", "programs in C++") {
        return;
    }
    let (c, cpp) = (PREFIX.room().join("only.c"), PREFIX.room().join("only.cpp"));
    fs::write(&c, "#include <tenure.h>\nint main(void) { return tenure_version() == 0; }\n")
        .expect("written");
    fs::write(&cpp, "#include <tenure.hpp>\nint main() { return tenure_version() == nullptr; }\n")
        .expect("written");
    for standard in ["-std=c99", "-std=c11", "-std=c17"] {
        PREFIX.compiled(&c, Link::Shared, &[standard]).says(&[]);
    }
    for standard in ["-std=c++17", "-std=c++20"] {
        PREFIX.compiled(&cpp, Link::Shared, &[standard]).says(&[]);
    }
}

/// The text of the block of that language in the README, the first after that heading.
fn block<'t>(readme: &'t str, heading: &str, language: &str) -> &'t str {
    let after = readme.split_once(&format!("\n## {heading}\n")).map(|(_, after)| after);
    let block = after.and_then(|after| after.split_once(&format!("```{language}\n")));
    let block = block.and_then(|(_, block)| block.split_once("```"));
    block.unwrap_or_else(|| panic!("no block of {language} below `{heading}`")).0
}

#[test]
fn the_quick_start_does_what_it_says() {
    if !tools() {
        return;
    }
    let readme = fs::read_to_string(here("README.md")).expect("there is a README");
    let room = PREFIX.room();
    let write = |name: &str, text: &str| fs::write(room.join(name), text).expect("it can be written");
    write("flows.yaml", block(&readme, "Quick start", "yaml"));
    write("quick.c", block(&readme, "Quick start", "c"));
    let said = PREFIX.compiled(&room.join("quick.c"), Link::Shared, &[]).says(&[]);
    assert_eq!(said, block(&readme, "Quick start", "text"));
    if has("c++", "programs in C++") {
        write("quick.cpp", block(&readme, "C++", "cpp"));
        let said = PREFIX.compiled(&room.join("quick.cpp"), Link::Shared, &[]).says(&[]);
        assert_eq!(said, block(&readme, "C++", "text"));
    }
}

#[test]
fn the_door_of_the_examples_sees_what_another_process_grants() {
    if !tools() {
        return;
    }
    let store = store("door.db");
    let config = serde_json::json!({"store": store.to_str(), "clock": "2126-03-02T09:00:00Z", "policy": {
        "version": 1,
        "flows": [{"id": "db", "who": {"any": ["everyone"]}, "what": [{"integration": "prod-pg", "permissions": ["read"]}],
            "duration": {"max": "4h"}, "approval": "automatic"}]}});
    // The door is told that it is a quarter past nine, and began before anything was granted.
    let handle = Handle::open(&config.to_string()).unwrap_or_else(|bad| panic!("{}", bad.to_json()));
    let door = PREFIX.compiled(&here("../../examples/c-host/door.c"), Link::Shared, &[]);
    let quarter_past = serde_json::json!({"store": store.to_str(), "clock": "2126-03-02T09:15:00Z"});
    let mut child = door.started(&[&quarter_past.to_string()]);
    let mut says = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut asked = |line: &str| {
        let to = child.stdin.as_mut().expect("it is piped");
        writeln!(to, "{line}").expect("it listens");
        says.next().expect("it answers").expect("it is text")
    };
    assert_eq!(asked("alice prod-pg database orders read"), "ERR");
    let request = r#"{"call": "request", "flow": "db", "span": "1h", "actor": {"id": "alice"}, "items": [{"permission":
        "read", "resource": {"integration": "prod-pg", "type": "database", "name": "orders"}}]}"#;
    assert!(handle.call(request).starts_with(r#"{"ok":"#), "{}", handle.call(request));
    assert_eq!(asked("alice prod-pg database orders read"), "OK until=4928119200");
    for other in
        ["bob prod-pg database orders read", "alice prod-pg database orders write", "alice", "a b c d e f"]
    {
        assert_eq!(asked(other), "ERR", "{other}");
    }
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}

/// Of 32 sevens, as `tenure audit key` writes one.
const KEY: &str = "PRIVATE+KEY+audit.example.com+ca808ced+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

#[test]
fn a_checkpoint_is_what_the_audit_checks() {
    if !tools() {
        return;
    }
    let checkpoint = PREFIX.compiled(&here("tests/c/checkpoint.c"), Link::Shared, &[]);
    let signed = |name: &str| {
        let store = store(name);
        let config = serde_json::json!({"store": store.to_str(), "key": KEY, "policy": {"version": 1, "flows": [{
            "id": "db", "who": {"any": ["everyone"]}, "what": [{"integration": "prod-pg", "permissions": ["read"]}],
            "duration": {"max": "4h"}, "approval": "automatic"}]}});
        let said = checkpoint.says(&[OsStr::new(&config.to_string())]);
        let answer: serde_json::Value = serde_json::from_str(&said).expect("it is JSON");
        let of = |field: &str| answer["ok"][field].as_str().expect("it is there").to_owned();
        (store, of("checkpoint"), of("key"))
    };
    let (store, note, key) = signed("signed.db");
    let handle = Handle::open(&serde_json::json!({"store": store.to_str()}).to_string());
    let handle = handle.unwrap_or_else(|bad| panic!("{}", bad.to_json()));
    let exported: serde_json::Value =
        serde_json::from_str(&handle.call(r#"{"call": "export"}"#)).expect("it is JSON");
    let records = exported["ok"]["exported"].as_array().expect("they are there").iter();
    let lines = records.map(|record| serde_json::json!({"record": record}).to_string());
    let head = r#"{"log":{"version":1,"namespace":"default"}}"#.to_owned();
    let export = [head].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    let verify = |note: &str| {
        let keys = vec![key.parse().expect("it is a public key")];
        tenure_audit::verify(export.as_bytes(), &Trusted { keys, checkpoints: vec![note.to_owned()] })
    };
    assert_eq!(verify(&note).map(|report| (report.size, report.anchored)), Ok((4, 4)));
    // Signed over another history, it proves that this one is not it.
    assert!(verify(&signed("other.db").1).is_err());
}

#[test]
fn the_library_is_found_by_its_name_and_version() {
    if !tools() {
        return;
    }
    assert_eq!(PREFIX.says(&["--modversion"]), [env!("CARGO_PKG_VERSION")]);
    let lib = Path::new("usr/lib");
    let whole = lib.join(format!("libtenure.so.{}", env!("CARGO_PKG_VERSION")));
    assert!(PREFIX.room().join(whole).is_file());
    let bytes = fs::read(PREFIX.room().join(lib.join("libtenure.so"))).expect("the links lead to it");
    let name = format!("\0libtenure.so.{}\0", env!("CARGO_PKG_VERSION_MINOR"));
    let name = name.replacen(".so.", concat!(".so.", env!("CARGO_PKG_VERSION_MAJOR"), "."), 1);
    assert!(bytes.windows(name.len()).any(|part| part == name.as_bytes()), "no SONAME {name:?}");
}
