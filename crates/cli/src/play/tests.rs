//! What is drawn fits the screen and says what happened.

use std::path::Path;

use textwrap::core::display_width;

use super::*;

fn drawn(file: &str, width: usize) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let scenarios = file::scenarios(&path, &mut PolicyFiles::default()).unwrap();
    let mut lines = Vec::new();
    for scenario in &scenarios {
        let mut stage = Stage::new(scenario).unwrap();
        let layout = Layout::of(scenario, width);
        for step in &scenario.steps {
            let scene = stage.play(step);
            lines.extend(layout.step(scenario, step, &scene));
        }
        lines.extend(bars::draw(scenario, &stage, &stage.grants(), width));
        lines.extend(record::draw(&stage.record(), width));
    }
    lines
}

/// The text without its colours.
fn plain(lines: &[String]) -> String {
    anstream::adapter::strip_str(&lines.join("\n")).to_string()
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for file in ["examples/stories/incident.yaml", "crates/scenario/corpus/overlap/overlap.yaml"] {
        for width in [60, 80, 100, 120] {
            for line in drawn(file, width) {
                assert!(display_width(&line) <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn a_narrow_screen_lists_what_it_cannot_draw() {
    let text = plain(&drawn("examples/stories/incident.yaml", 32));
    assert!(text.contains("runs from 02:14"), "{text}");
    assert!(!text.contains('█'), "{text}");
}

#[test]
fn the_incident_is_told() {
    let text = plain(&drawn("examples/stories/incident.yaml", 100));
    for words in [
        "maria  asks for orders/read, orders/write under orders-db for 1h",
        "jonas  approves maria-orders",
        "time   maria-orders: a reminder that it ends at 03:14",
        "✗ extension.not_holder",
        "✗ extension.over_total",
        "would pass: the same for 20m",
        "the same command again: the same answer, and nothing happens",
        "given back",
        "? asked",
        "✗ refused",
        "maria-orders: the end moves from 03:14 to 04:14",
    ] {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
}

#[test]
fn many_that_end_at_once_are_told_in_one_line() {
    let text = plain(&drawn("crates/scenario/corpus/revoke/several.yaml", 160));
    for words in [
        "revokes everything of alice",
        "revokes everything under auto",
        "revokes everything at prod-mq",
        "revokes every grant of orders/read",
        "■ 2 grants closed: g1, g2",
        "■ 1 grant closed: g1; may not end g2",
        "2 grants of alice revoked, “she left”",
        "1 grant of alice revoked, 1 may not end, “laptop stolen”",
        "2 grants under auto revoked",
        "2 grants at prod-mq revoked",
        "2 grants of prod-pg/orders/read revoked",
    ] {
        assert!(text.contains(words), "`{words}` is missing in\n{text}");
    }
}

#[test]
fn a_bar_begins_with_the_approval_and_changes_at_each_end() {
    let lines = drawn("examples/stories/incident.yaml", 100);
    let text = plain(&lines);
    let bar = text.lines().find(|line| line.contains('█')).unwrap().trim();
    let mut parts: Vec<char> = bar.chars().collect();
    parts.dedup();
    assert_eq!(parts, ['░', '█', '▓', '▒', '▓', '■', '·'], "{bar}");
}
