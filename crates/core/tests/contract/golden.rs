//! Codes and events are for ever: `BLESS=1` writes the files anew, and a reviewer asks why.

use std::path::Path;

use crate::event::Event;
use crate::examples;
use crate::refusal::Code;

/// Compares with the file, or writes it where `BLESS` is set.
fn compare(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "`golden/{file}` differs; if that is meant, run again with BLESS=1:\n{text}");
}

fn all() -> Vec<Event> {
    let happened = examples::every(&examples::about()).into_iter().chain(examples::orders());
    happened.map(examples::event).collect()
}

#[test]
fn golden_refusal_codes_are_for_ever() {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    compare("refusal_codes.txt", &format!("{}\n", codes.join("\n")));
}

#[test]
fn a_code_names_one_thing() {
    let mut codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Code::ALL.len());
}

#[test]
fn golden_events_keep_their_bytes() {
    let lines: Vec<String> = all().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    compare("events.json", &format!("[\n{}\n]\n", lines.join(",\n")));
}

#[test]
fn golden_events_read_back_as_they_were() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/events.json");
    let text = std::fs::read_to_string(path).unwrap();
    let read: Vec<Event> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, all());
}

#[test]
fn every_event_has_an_example_under_its_own_name() {
    let every = examples::every(&examples::about());
    assert_eq!(every.len(), examples::EVENTS);
    for (number, happened) in every.into_iter().enumerate() {
        assert_eq!(examples::place(&happened), number, "{}", happened.name());
        let text = serde_json::to_value(examples::event(happened.clone())).unwrap();
        assert_eq!(text["event"], happened.name(), "the name that records show is the one that is stored");
    }
}

#[test]
fn an_event_nobody_knows_is_refused_and_never_skipped() {
    for event in all() {
        let mut text = serde_json::to_value(&event).unwrap();
        text["event"] = "teleported".into();
        assert!(serde_json::from_value::<Event>(text.clone()).is_err());
        text.as_object_mut().unwrap().remove("event");
        assert!(serde_json::from_value::<Event>(text).is_err(), "nor one without a name");
    }
}

#[test]
fn no_event_has_a_place_for_a_credential() {
    for event in all() {
        let text = serde_json::to_string(&event).unwrap();
        for word in ["secret", "\"password\":", "token\":"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}
