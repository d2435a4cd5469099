//! What is no harm, though it looks like it: each was taken for harm once, by a run of a hundred million commands.

use super::*;

fn tells(story: &mut Story, worker: &str, effect: &str, already_held: &Value) -> Answer {
    let done =
        json!({"call": "effect_done", "worker": worker, "effect": effect, "already_held": already_held});
    story.tell(&done)
}

fn takes(story: &mut Story, worker: &str) -> Vec<String> {
    let take = json!({"call": "take_effects", "worker": worker, "lease": 60_000});
    let Answer::Ok(Answered::Effects(taken)) = story.tell(&take) else { panic!() };
    taken.iter().map(|effect| effect.id.to_string()).collect()
}

fn item(permission: &str) -> Value {
    json!({"resource": {"integration": "pg", "type": "db", "name": "orders"}, "permission": permission})
}

/// Seed 111, episode 584: the twenty-first refusal of a minute is counted, and what time made true is written with it.
#[test]
fn i8_a_refusal_that_is_counted_as_time_does_something() {
    let mut story = Story::of("db");
    story.clock = story.clock.plus(Span::seconds(30));
    let mut other = request("auto");
    (other["grant"], other["command_id"]) = (json!("g2"), json!("ask g2"));
    story.tell(&other);
    let own =
        |n: u32| json!({"call": "approve", "actor": alice(), "command_id": format!("own {n}"), "grant": "g"});
    story.clock = story.clock.plus(Span::minutes(60)).minus(Span::seconds(10));
    for n in 0..20 {
        story.tell(&own(n));
    }
    let before = story.position;
    story.clock = story.clock.plus(Span::seconds(10));
    story.tell(&own(20));
    assert!(story.position > before, "access ended, and that is on record");
    let records = story.subject.records(before).unwrap();
    assert!(records.iter().all(|record| matches!(record.entry, Entry::Event(_))), "{records:?}");
}

/// Seed 111, episode 1978: what the holder had before was taken away for a grant whose worker did not say so; a slow
/// worker of the one whose worker did puts it back.
#[test]
fn i14_what_was_there_before_and_comes_back() {
    let mut story = Story::of("auto");
    for effect in takes(&mut story, "w") {
        let held = if effect.ends_with("/1") {
            json!([{"integration": "pg", "type": "db", "name": "orders", "permission": "read"}])
        } else {
            json!([])
        };
        tells(&mut story, "w", &effect, &held);
    }
    let mut other = request("auto");
    (other["grant"], other["command_id"]) = (json!("g2"), json!("ask g2"));
    other["items"] = json!([item("read"), item("write")]);
    story.tell(&other);
    for effect in takes(&mut story, "w") {
        tells(&mut story, "w", &effect, &json!([]));
    }
    story.tell(&extend("longer"));
    let slow = takes(&mut story, "slow");
    let revoke = json!({"call": "revoke", "actor": "system:test", "command_id": "no", "grant": "g2", "reason": "INC-7"});
    story.tell(&revoke);
    story.later(24 * 60);
    for effect in takes(&mut story, "w") {
        tells(&mut story, "w", &effect, &json!([]));
    }
    for effect in slow {
        tells(&mut story, "slow", &effect, &json!([]));
    }
    takes(&mut story, "w");
    assert_eq!(story.watch.targets.given().count(), 0);
    story.tell(&json!({"call": "sweep"}));
    story.watch.targets.are_right(&story.watch.lives, &story.watch.terms).unwrap();
}

/// Seed 143, episode 1182: what waits for its hours is told no end past the flow's `until`.
#[test]
fn i14_what_waits_is_bounded_by_the_end_of_its_flow() {
    let mut story = Story::of("hours");
    story.later(31);
    for effect in takes(&mut story, "w") {
        tells(&mut story, "w", &effect, &json!([]));
    }
    assert_eq!(story.watch.targets.given().count(), 1);
    story.watch.targets.are_right(&story.watch.lives, &story.watch.terms).unwrap();
    let broken = story.watch.targets.are_right(&story.watch.lives, &Terms::default()).unwrap_err();
    assert_eq!(broken.invariant, Invariant::I14);
}
