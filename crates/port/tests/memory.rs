//! What a call takes in memory, in a process of its own.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use tenure_port::store::MemoryStore;
use tenure_port::{CALL_BYTES_MAX, CALL_VALUES_MAX, Port};

/// The most memory this process ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
}

/// Calls of the largest size, of few values and of as many as there may be: the longest takes a few times its
/// text, and the most values what so many values take.
#[test]
fn r27_the_largest_calls_take_a_few_times_their_size() {
    let port = Port::open(Arc::new(MemoryStore::new()));
    let warm = port.call(r#"{"call": "sweep"}"#);
    assert!(warm.contains("ok"), "{warm}");
    let head = r#"{"call": "revoke", "grant": "g", "actor": "system:x", "reason": ""#;
    let long = format!("{head}{}\"}}", "x".repeat(CALL_BYTES_MAX - head.len() - 2));
    let before = peak();
    let answer = port.call(&long);
    let took = peak().saturating_sub(before);
    assert!(!answer.contains("\"ok\""), "{answer}");
    assert!(took < 4 * CALL_BYTES_MAX, "{took} bytes for {}", long.len());

    let most = CALL_VALUES_MAX - 10;
    let head = r#"{"call": "revoke", "grant": "g", "actor": "system:x", "context": {"a": ["#;
    let wide = format!("{head}{}1]}}}}", "{},".repeat(most / 2));
    let before = peak();
    let answer = port.call(&wide);
    let took = peak().saturating_sub(before);
    assert!(!answer.contains("\"ok\""), "{answer}");
    assert!(took < 256 * CALL_VALUES_MAX, "{took} bytes for {most} values");
    println!("{took} bytes for {most} values in {} bytes", wide.len());
}
