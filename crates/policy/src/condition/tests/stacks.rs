//! REGRESSIONS 44: one answer, whatever stack is left.

use std::hint::black_box;
use std::str::FromStr;
use std::thread;

use cedar_policy::Policy;
use proptest::prelude::*;
use serde_json::Value;
use tenure_core::flow::condition::Condition;

use super::super::stack::{STACK_READING, sure_stack};
use super::super::token::tokens;
use super::super::{caps, read};
use super::*;

const SMALL: usize = 64 * 1024;
const LARGE: usize = 8 * 1024 * 1024;

fn on_a_stack_of<R: Send>(bytes: usize, run: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        thread::Builder::new().stack_size(bytes).spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// Everything that can be said of a text, as text.
fn told(text: &str, types: Option<&AttributeTypes>, story: &Story) -> String {
    match compile(text, types) {
        Ok(condition) => format!("{:?} {:?}", condition.holds(&story.facts()), constant(&*condition)),
        Err(bad) => format!("{bad:?}"),
    }
}

fn wrapped(open: &str, leaf: &str, close: &str, times: usize) -> String {
    format!("{}{leaf}{}", open.repeat(times), close.repeat(times))
}

/// The deepest that the caps let through, in every shape that makes Cedar recurse.
fn worst() -> Vec<String> {
    let chain = |term: &str, by: &str, terms: usize| vec![term; terms].join(by);
    let twice = |text: String| format!("{text} == {text}");
    vec![
        wrapped("(", "context.on_call", ")", 31),
        wrapped("!", &wrapped("(", "context.on_call", ")", 26), "", 4),
        wrapped("!(", "context.on_call", ")", 15),
        wrapped("!!!!(", "context.on_call", ")", 6),
        twice(wrapped("[", "context.on_call", "]", 29)),
        twice(wrapped("{a: ", "context.deep", "}", 29)),
        wrapped("{a: ", "context.deep", "}", 31),
        wrapped("[", "context.deep", "]", 31),
        format!("[{0}].contains({0})", wrapped("{a: ", "context.deep", "}", 27)),
        format!("{}context.on_call", "if context.on_call then true else ".repeat(31)),
        wrapped("if ", "context.on_call", " then true else false", 31),
        wrapped("(if true then ", "context.on_call", " else false)", 15),
        format!("{} == 1", chain("1", " + ", 31)),
        format!("{} == context.deep{}", chain("1", " + ", 31), ".a".repeat(29)),
        format!("{} == 1", chain("1", " * ", 31)),
        format!("{} == 1", chain("1", " - ", 31)),
        chain("context.on_call", " && ", 32),
        chain("context.off", " || ", 32),
        format!("context.deep{}", ".a".repeat(31)),
        format!("context.deep{} == 1", "[\"a\"]".repeat(27)),
        format!("context has deep{}", ".a".repeat(30)),
        wrapped("[true].contains(", "context.on_call", ")", 10),
        wrapped("(true != ", "context.on_call", ")", 10),
        format!("{} == 1", wrapped("(1 + ", "1", ")", 15)),
        wrapped("(true && ", "context.none.a", ")", 14),
        wrapped("(", "context.ask.now > datetime(\"2020-01-01\")", ")", 27),
        format!("[{}].contains(2)", chain("1", ", ", 123)),
    ]
}

#[test]
fn r44_the_shapes_tried_are_as_bad_as_the_caps_let_through() {
    for text in worst() {
        let depth = caps::scan(&text).unwrap_or_else(|bad| panic!("{text}: {bad:?}")).depth();
        let tokens = tokens(&text, usize::MAX).unwrap().len();
        assert!(depth >= 28 || tokens >= 240, "{depth} levels, {tokens} tokens are not the worst: {text}");
    }
}

// guard: `condition/stack.rs`, with_sure_stack
#[test]
fn r44_one_answer_on_a_small_and_a_large_thread() {
    let (story, types) = (story(), types());
    for text in worst() {
        for types in [None, Some(&types)] {
            let large = on_a_stack_of(LARGE, || told(&text, types, &story));
            assert_eq!(on_a_stack_of(SMALL, || told(&text, types, &story)), large, "{text}");
        }
    }
}

#[test]
fn r44_what_is_sure_is_twice_what_is_needed() {
    let (story, types) = (story(), types());
    for text in worst() {
        let scan = caps::scan(&text).unwrap();
        for types in [None, Some(&types)] {
            let tight = stacker::grow(STACK_READING / 2, || read(&text, types, &scan).map(drop));
            assert_eq!(
                tight,
                stacker::grow(4 * STACK_READING, || read(&text, types, &scan).map(drop)),
                "{text}"
            );
            let Ok(compiled) = stacker::grow(4 * STACK_READING, || read(&text, types, &scan)) else {
                continue;
            };
            let tight = stacker::grow(sure_stack(scan.depth()) / 2, || compiled.evaluate(&story.facts()));
            let ample = stacker::grow(4 * STACK_READING, || compiled.evaluate(&story.facts()));
            assert_eq!(tight, ample, "{text}");
        }
    }
}

#[test]
fn r44_a_shallow_condition_has_stack_for_the_deepest_facts() {
    let mut story = story();
    story.context.insert("deep".to_owned(), super::deep(32));
    for text in ["context has deep", "context.deep == context.deep", "[context.deep].contains(context.deep)"]
    {
        let scan = caps::scan(text).unwrap();
        let compiled = stacker::grow(STACK_READING, || read(text, None, &scan)).unwrap();
        let tight = stacker::grow(sure_stack(scan.depth()) / 2, || compiled.evaluate(&story.facts()));
        assert_eq!(tight, Ok(true), "{text}");
    }
}

#[test]
fn r44_a_condition_is_dropped_where_little_stack_is_left() {
    #[inline(never)]
    fn deeper(condition: std::sync::Arc<dyn Condition>, left: usize) -> usize {
        let ballast = black_box([0_u8; 512]);
        if stacker::remaining_stack().unwrap() > left {
            return deeper(condition, left) + usize::from(ballast[0]);
        }
        drop(condition);
        1
    }
    for text in worst() {
        let condition = compile(&text, None).unwrap();
        assert_eq!(on_a_stack_of(SMALL, move || deeper(condition, 6 * 1024)), 1);
    }
}

// guard: `condition/caps.rs`, the cap on depth
#[test]
fn r44_beyond_the_caps_is_a_problem_on_every_thread() {
    for text in [
        wrapped("(", "true", ")", 2_000),
        format!("{}true", "(".repeat(4_000)),
        vec!["1"; 34].join("+") + " == 34",
        format!("{}true", "if true then true else ".repeat(33)),
        format!("{}true", "!".repeat(4_000)),
        vec!["true"; 600].join("&&"),
        format!("context{}", ".a".repeat(2_000)),
        "[".repeat(4_096),
        "{a:".repeat(1_300),
        " ".repeat(1_000_000),
    ] {
        let large = on_a_stack_of(LARGE, || compile(&text, None).map(drop));
        assert!(large.is_err(), "{text}");
        assert_eq!(on_a_stack_of(SMALL, || compile(&text, None).map(drop)), large);
    }
}

/// How many nodes lie above the lowest in the tree that Cedar made of a text, two maps of its JSON each.
fn built(text: &str) -> Option<usize> {
    fn deep(value: &Value) -> usize {
        let inner = match value {
            Value::Array(items) => items.iter().map(deep).max(),
            Value::Object(fields) => fields.values().map(deep).max(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
        };
        inner.unwrap_or(0) + 1
    }
    let policy = format!("permit(principal, action, resource) when {{\n{text}\n}};");
    let json = stacker::grow(64 * LARGE, || Policy::from_str(&policy).ok()?.to_json().ok())?;
    Some(deep(&json["conditions"][0]["body"]).saturating_sub(1) / 2)
}

/// What an expression can be put into, the place marked with `@`.
const AROUND: [&str; 30] = [
    "(@)",
    "!@",
    "!(@)",
    "-@",
    "-(@)",
    "[@]",
    "[1, @, 2]",
    "{a: @}",
    "{\"b c\": 1, if: @}",
    "@ && true",
    "true && @",
    "@ || false",
    "false || (@)",
    "@ == 1",
    "1 != @",
    "@ < 2",
    "2 >= @",
    "@ + 1",
    "1 - @",
    "@ * 2",
    "if @ then true else false",
    "if true then @ else 1",
    "if false then 1 else @",
    "@.a",
    "@[\"a\"]",
    "@ has a.b.c",
    "@ like \"a*\"",
    "[@].contains(@)",
    "@.contains(1)",
    "@ // &&((\n",
];

const LEAVES: [&str; 12] = [
    "true",
    "1",
    "\"a)\"",
    "[]",
    "{}",
    "context.on_call",
    "context.deep",
    "principal.groups",
    "context.then.else",
    "context.ask.now",
    "duration(\"1h\")",
    "principal.department",
];

fn expression() -> impl Strategy<Value = String> {
    let around = prop::collection::vec(prop::sample::select(AROUND.to_vec()), 0..24);
    (prop::sample::select(LEAVES.to_vec()), around).prop_map(|(leaf, around)| {
        let grown = |text: String, around: &str| {
            let next = around.replace('@', &text);
            if next.len() < 2_000 { next } else { text }
        };
        around.into_iter().fold(leaf.to_owned(), grown)
    })
}

proptest! {
    #[test]
    fn r44_random_conditions_have_one_answer_on_every_thread(text in expression()) {
        let (story, types) = (story(), types());
        for types in [None, Some(&types)] {
            let large = on_a_stack_of(LARGE, || told(&text, types, &story));
            let small = on_a_stack_of(SMALL, || told(&text, types, &story));
            prop_assert_eq!(small, large);
        }
    }

    #[test]
    fn r44_the_scan_never_counts_less_than_cedar_builds(text in expression()) {
        let counted = match caps::scan(&text) {
            Ok(scan) => scan.depth(),
            Err(_) => return Ok(()),
        };
        if let Some(built) = built(&text) {
            prop_assert!(built <= counted, "{} > {}", built, counted);
        }
    }

    #[test]
    fn whatever_is_written_is_a_condition_or_a_problem(text in "\\PC{0,60}|[a-z(){}\\[\\].!\"\\\\&|;:,? \n]{0,60}") {
        if let Err(bad) = compile(&text, None) {
            prop_assert!(bad.at.is_none_or(|at| text.get(at).is_some()), "a place is inside the text");
        }
    }
}
