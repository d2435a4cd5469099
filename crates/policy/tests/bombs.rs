//! Hostile documents cost an error: quickly, and with bounded memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::io::Write as _;
use std::process::Command;

use tenure_policy::Policy;
use tenure_policy::document::{Format, parse, parse_many};

/// The codes of all problems; a document that is good has none.
fn codes(text: &str, format: Format) -> Vec<&'static str> {
    match Policy::from_text(text, format) {
        Ok(_) => Vec::new(),
        Err(problems) => {
            // What is shown is bounded too.
            assert!(problems.to_string().len() < 2 << 20);
            problems.iter().map(|problem| problem.code.as_str()).collect()
        }
    }
}

fn first(text: &str, format: Format) -> &'static str {
    codes(text, format).first().copied().unwrap_or("nothing")
}

#[test]
fn a_text_over_the_limit_is_not_read() {
    let mut text = "version: 1\nflows: []\n#".to_owned();
    text.push_str(&"a".repeat((1 << 20) - text.len()));
    assert_eq!(codes(&text, Format::Yaml), [""; 0]);
    text.push('a');
    assert_eq!(first(&text, Format::Yaml), "too_large");
    for format in [Format::Yaml, Format::Toml, Format::Json] {
        assert_eq!(first(&" ".repeat(2 << 20), format), "too_large");
    }
    let value = serde_json::Value::String("a".repeat(2 << 20));
    assert_eq!(Policy::from_json(value).unwrap_err().iter().next().unwrap().code.as_str(), "too_large");
}

#[test]
fn a_hundred_thousand_brackets_are_too_deep() {
    for open in ["[", "{\"a\":", "[{\"a\":"] {
        let text = open.repeat(100_000);
        for format in [Format::Yaml, Format::Json] {
            assert_eq!(first(&text, format), "too_deep", "{format} {open}");
        }
    }
    let brackets = format!("a = {}", "[".repeat(100_000));
    assert!(matches!(first(&brackets, Format::Toml), "too_deep" | "syntax"));
    let dots = format!("{}a = 1", "a.".repeat(100_000));
    assert!(matches!(first(&dots, Format::Toml), "too_deep" | "too_large"));
    let dots = format!("{}a = 1", "a.".repeat(1_000));
    assert_eq!(first(&dots, Format::Toml), "too_deep");
    let tables = format!("[{}a]", "a.".repeat(100_000));
    assert!(matches!(first(&tables, Format::Toml), "too_deep" | "too_large"));
    let inline = format!("a = {}", "{a = ".repeat(100_000));
    assert!(matches!(first(&inline, Format::Toml), "too_deep" | "syntax"));
    let block: String = (0..1_000).fold(String::new(), |mut text, n| {
        writeln!(text, "{}a:", " ".repeat(n)).unwrap();
        text
    });
    assert_eq!(first(&block, Format::Yaml), "too_deep");
    let dashes = format!("{}a", "- ".repeat(100_000));
    assert_eq!(first(&dashes, Format::Yaml), "too_deep");
    let questions = "? ".repeat(100_000);
    assert_eq!(first(&questions, Format::Yaml), "syntax");
}

#[test]
fn the_deepest_that_is_allowed_is_read_alike() {
    for (depth, deep) in [(31, false), (32, true)] {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for (text, format) in [
            (format!("{{\"a\": {value}}}"), Format::Json),
            (format!("a: {value}"), Format::Yaml),
            (format!("a = {value}"), Format::Toml),
        ] {
            let read = parse(&text, format, None);
            assert_eq!(read.is_err(), deep, "{format} {depth}");
            assert_eq!(codes(&text, format).contains(&"too_deep"), deep);
        }
    }
}

#[test]
fn aliases_count_with_all_that_they_stand_for() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let of = format!("*a{}", n - 1);
        writeln!(text, "a{n}: &a{n} [{}]", vec![of; 10].join(", ")).unwrap();
    }
    assert_eq!(first(&text, Format::Yaml), "too_large");

    let mut text = "a0: &a0 [x]\n".to_owned();
    for n in 1..40 {
        writeln!(text, "a{n}: &a{n} [*a{}]", n - 1).unwrap();
    }
    assert_eq!(first(&text, Format::Yaml), "too_deep");

    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a,".repeat(100_000));
    assert_eq!(first(&long, Format::Yaml), "too_large");
    let keys = format!("a: &a {{{}: 1}}\nb: [{}]\n", "x".repeat(900), "*a,".repeat(100_000));
    assert_eq!(first(&keys, Format::Yaml), "too_large");
    let kept: String = (0..30).map(|n| format!("&a{n} [")).collect();
    let kept = format!("a: {kept}{}{}", "x".repeat(900_000), "]".repeat(30));
    assert_eq!(first(&kept, Format::Yaml), "too_large");

    let anchors: String = (0..50_000).fold(String::new(), |mut text, n| {
        writeln!(text, "- &a{n} [&b{n} x]").unwrap();
        text
    });
    assert!(parse(&anchors, Format::Yaml, None).is_err() || anchors.len() < 1 << 20);
}

#[test]
fn a_million_of_anything_is_answered() {
    let most = 1 << 20;
    for (unit, format) in [
        ("- a\n", Format::Yaml),
        ("a,", Format::Yaml),
        ("? a\n", Format::Yaml),
        ("--- a\n", Format::Yaml),
        ("&a ", Format::Yaml),
        ("*a ", Format::Yaml),
        ("'", Format::Yaml),
        ("\"", Format::Yaml),
        ("{a: [", Format::Yaml),
        ("a: |\n", Format::Yaml),
        ("# a\n", Format::Yaml),
        ("a ", Format::Yaml),
        ("!a ", Format::Yaml),
        ("%a\n", Format::Yaml),
        (":", Format::Yaml),
        ("\t", Format::Yaml),
        ("\r", Format::Yaml),
        ("\u{85}", Format::Yaml),
        ("[[a]]\n", Format::Toml),
        ("a=1\n", Format::Toml),
        ("[a]\n", Format::Toml),
        ("a = [", Format::Toml),
        ("\"", Format::Toml),
        ("'''", Format::Toml),
        ("=", Format::Toml),
        ("1,", Format::Json),
        ("\"a\",", Format::Json),
        ("\\", Format::Json),
        ("/*", Format::Json),
    ] {
        let text = unit.repeat(most / unit.len());
        let found = parse_many(&text, format, None);
        drop(found);
    }
}

#[test]
fn wide_documents_are_bounded_in_what_they_make() {
    let fill = |head: &str, unit: &dyn Fn(usize) -> String, tail: &str| {
        let mut text = head.to_owned();
        let mut n = 0;
        while text.len() < (1 << 20) - 6_000 {
            text.push_str(&unit(n));
            n += 1;
        }
        text.push_str(tail);
        text
    };
    let flow =
        "version: 1\nflows: [{id: a, who: {any: [everyone]}, duration: {max: 1h}, approval: automatic, ";
    let unknown = fill("version: 1\nflows: []\n", &|n| format!("x{n}: 1\n"), "");
    assert_eq!(codes(&unknown, Format::Yaml).len(), 1_000);
    let scalars = fill("version: 1\nflows: [", &|_| "a,".to_owned(), "]");
    assert_eq!(first(&scalars, Format::Yaml), "too_large");
    let names = fill(
        &format!("{flow}what: ["),
        &|n| format!("{{integration: a, permissions: [r], names: [\"a{n}*\"]}}, "),
        "]}]",
    );
    assert_eq!(first(&names, Format::Yaml), "too_large");
    let what = "what: [{integration: a, permissions: [r]}], ";
    let patterns = fill(
        &format!("{flow}{what}reason: {{fields: ["),
        &|n| format!("{{name: f{n}, pattern: '\\w{{{}}}'}}, ", 900 + n % 90),
        "]}}]",
    );
    assert_eq!(first(&patterns, Format::Yaml), "too_large");
    let patterns = fill(
        "version: 1\nflows: [",
        &|n| {
            let reason = format!("reason: {{pattern: '\\w{{{}}}'}}", n % 300);
            let rest = "who: {any: []}, duration: {max: 1h}, approval: automatic";
            format!("{{id: f{n}, {what}{rest}, {reason}}}, ")
        },
        "]",
    );
    assert_eq!(first(&patterns, Format::Yaml), "too_large");
    let groups = fill(
        "version: 1\nflows: [",
        &|n| {
            let groups = (0..250).fold(String::new(), |mut groups, m| {
                write!(groups, "'group:{n}-{m}-*-?-*', ").unwrap();
                groups
            });
            let rest = "duration: {max: 1h}, approval: automatic";
            format!("{{id: f{n}, {what}who: {{any: [{groups}]}}, {rest}}}, ")
        },
        "]",
    );
    assert_eq!(first(&groups, Format::Yaml), "too_large");
    let reminders = fill(&format!("{flow}{what}notify: {{before_end: ["), &|_| "1m,".to_owned(), "]}}]");
    assert_eq!(first(&reminders, Format::Yaml), "too_large");
    let steps = flow.replace("approval: automatic, ", what);
    let steps = fill(&format!("{steps}approval: {{steps: ["), &|_| "{approvers: []},".to_owned(), "]}}]");
    assert_eq!(first(&steps, Format::Yaml), "too_large");
}

#[test]
fn scopes_cannot_multiply() {
    let targets = "{integration: a, permissions: [r]},".repeat(256);
    let mut text = format!("version: 1\nscopes: [{{id: s, what: [{targets}]}}]\nflows:\n");
    for n in 0..9_000 {
        writeln!(
            text,
            "- {{id: f{n}, who: {{any: []}}, what: [{{scope: s}}], duration: {{max: 1h}}, approval: automatic}}"
        )
        .unwrap();
    }
    assert_eq!(first(&text, Format::Yaml), "too_large");
}

/// Each dot of a key makes a table: a megabyte of them took half a gigabyte.
#[test]
fn dots_of_keys_are_counted() {
    let line = |n: usize| format!("a.b{n}.c.d.e.f.g.h.i.j = 1\n");
    let dots: String = (0..10_000).map(line).collect();
    assert_eq!(first(&dots, Format::Toml), "too_large");
    // Dots in texts and comments make nothing.
    let quoted: String = (0..2_000).fold("version = 1\nflows = []\n".to_owned(), |mut text, n| {
        writeln!(text, "# {n} ......\n'....{n}' = \"..\\\"......\"").unwrap();
        writeln!(text, "m{n} = ['''..'..\n..''', \"\"\"..\"..\\\"\n..\"\"\", '\\..']").unwrap();
        text
    });
    let found = codes(&quoted, Format::Toml);
    assert!(found.iter().all(|code| *code == "unknown_field") && !found.is_empty(), "{found:?}");
}

#[test]
fn user_text_cannot_speak_to_a_terminal() {
    let text = "version: 1\nflows: []\n\"\\e[31mred\": 1\n";
    let shown = Policy::from_text(text, Format::Yaml).unwrap_err().to_string();
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

/// The worst of the above in a process of its own that may not take more than this.
#[test]
#[cfg(target_os = "linux")]
fn memory_stays_bounded() {
    const CHILD: &str = "TENURE_BOMB";
    if let Some(path) = std::env::var_os(CHILD) {
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(first(&text, Format::Yaml), "too_large");
        let peak = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = peak.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kilobytes < 256 * 1024, "{kilobytes} kB");
        return;
    }
    let mut file = tempfile();
    let mut text = "a: &a [".to_owned();
    text.push_str(&"x,".repeat(100_000));
    text.push_str("]\n");
    for n in 0..20_000 {
        writeln!(text, "b{n}: *a").unwrap();
    }
    file.1.write_all(text.as_bytes()).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory_stays_bounded"])
        .env(CHILD, &file.0)
        .output()
        .unwrap();
    std::fs::remove_file(&file.0).unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[cfg(target_os = "linux")]
fn tempfile() -> (std::path::PathBuf, std::fs::File) {
    let path = std::env::temp_dir().join(format!("tenure-bomb-{}.yaml", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    (path, file)
}

mod edits {
    use proptest::prelude::*;

    use super::*;

    const DOCUMENTS: [(&str, Format); 4] = [
        (include_str!("documents/twelve.yaml"), Format::Yaml),
        (include_str!("documents/twelve.toml"), Format::Toml),
        (include_str!("documents/twelve.json"), Format::Json),
        (include_str!("../FLOWS.md"), Format::Yaml),
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        /// A document with anything put anywhere in it is answered, with places that are in the text.
        #[test]
        fn whatever_is_put_into_a_document_is_answered(
            which in 0..DOCUMENTS.len(),
            from in 0_usize..6_000,
            len in 0_usize..40,
            put in "[ -~\\n\\té\u{85}\u{1f600}]{0,12}|[\\[\\]{}:&*!|>'\",\n#-]{0,6}",
        ) {
            let (text, format) = DOCUMENTS[which];
            let text = text.split_once("```yaml\n").map_or(text, |(_, rest)| rest.split_once("```").unwrap().0);
            let chars: Vec<char> = text.chars().collect();
            let from = from % chars.len();
            let edited: String = chars[..from]
                .iter()
                .copied()
                .chain(put.chars())
                .chain(chars[from..].iter().copied().skip(len))
                .collect();
            if let Err(problems) = Policy::from_text(&edited, format) {
                prop_assert!(!problems.is_empty());
                prop_assert!(!problems.to_string().is_empty());
                let lines = u32::try_from(edited.split('\n').count()).unwrap();
                for problem in &problems {
                    prop_assert!(problem.line.is_none_or(|line| (1..=lines + 1).contains(&line)), "{problem:?}");
                    prop_assert!(problem.help.is_some(), "{problem:?}");
                }
            }
        }
    }
}
