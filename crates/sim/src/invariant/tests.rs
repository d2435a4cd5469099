//! A history that breaks each invariant is told, and caught. What happened is what the library made of it, but for
//! the one thing that is tampered with.

use std::sync::Arc;

use serde_json::{Value, json};
use tenure::Item;
use tenure::tenure_core::effect::{Handed, Order};
use tenure::tenure_core::event::Happened;
use tenure::tenure_core::flow::Kind;
use tenure::tenure_core::grant::Grant;

use super::*;

mod corners;

const START: &str = "2026-03-02T09:00:00Z";

/// A store, somebody who watches it, and a clock.
struct Story {
    subject: Subject,
    watch: Watch,
    clock: Timestamp,
    position: u64,
}

fn call(value: &Value) -> Call {
    serde_json::from_value(value.clone()).unwrap_or_else(|wrong| panic!("{wrong}: {value}"))
}

fn policy() -> Value {
    let flow = |id: &str, approval: Value| {
        json!({
            "id": id, "who": {"any": ["group:sre"]}, "what": [{"integration": "pg", "permissions": ["*"]}],
            "duration": {"default": "1h", "max": "4h"}, "approval": approval,
            "extension": {"times": 1, "span": {"default": "30m"}, "total": "2h"},
        })
    };
    let mut bridged = flow("bridged", json!("automatic"));
    bridged["extension"]["approval"] = json!({"bridge": "20m", "steps": [{"approvers": ["group:owners"]}]});
    let mut hours = flow("hours", json!("automatic"));
    hours["activation"] = json!("on_confirmation");
    hours["until"] = json!("2026-03-02T20:00:00Z");
    hours["hours"] = json!({"zone": "UTC", "open": [{"days": ["mon"], "from": "09:00", "to": "09:30"}]});
    json!({"version": 1, "flows": [
        bridged,
        hours,
        flow("auto", json!("automatic")),
        flow("db", json!({"steps": [{"approvers": ["group:owners"]}]})),
    ]})
}

fn alice() -> Value {
    json!({"id": "alice", "aliases": ["al"], "groups": ["sre"]})
}

fn request(flow: &str) -> Value {
    let items =
        json!([{"resource": {"integration": "pg", "type": "db", "name": "orders"}, "permission": "read"}]);
    json!({"call": "request", "actor": alice(), "command_id": "ask", "flow": flow, "grant": "g", "items": items})
}

fn approve() -> Value {
    let bob = json!({"id": "bob", "groups": ["owners"]});
    json!({"call": "approve", "actor": bob, "command_id": "yes", "grant": "g"})
}

fn extend(id: &str) -> Value {
    json!({"call": "extend", "actor": alice(), "command_id": id, "grant": "g"})
}

impl Story {
    /// Alice's access under that flow, asked for.
    fn of(flow: &str) -> Self {
        let clock = START.parse().unwrap();
        let subject = Subject::new(clock);
        let mut story = Self { subject, watch: Watch::new(Luck::Every), clock, position: 0 };
        let publish =
            json!({"call": "publish", "actor": "system:test", "command_id": "p", "policy": policy()});
        story.tell(&publish);
        story.tell(&request(flow));
        story
    }

    /// Told as it happened, nothing is wrong with it.
    fn tell(&mut self, value: &Value) -> Answer {
        let mut answered = None;
        self.with(value, |_, _| {}, |answer| answered = Some(answer.clone())).unwrap();
        answered.unwrap()
    }

    /// Told with something else on record.
    fn tampered(&mut self, value: &Value, tamper: impl Fn(&mut Vec<Record>)) -> Broken {
        self.with(value, |records, _| tamper(records), |_| {}).unwrap_err()
    }

    fn with(
        &mut self,
        value: &Value,
        tamper: impl Fn(&mut Vec<Record>, &Answer),
        heard: impl FnOnce(&Answer),
    ) -> Result<(), Broken> {
        let call = call(value);
        let answer = self.subject.answer(self.clock, call.clone());
        heard(&answer);
        let bytes = serde_json::to_vec(&answer).unwrap();
        let records = self.subject.records(self.position).unwrap();
        self.position = records.last().map_or(self.position, |record| record.position);
        let mut told: Vec<Record> = records.iter().map(|record| (**record).clone()).collect();
        tamper(&mut told, &answer);
        let records: Vec<Arc<Record>> = told.into_iter().map(Arc::new).collect();
        let moment =
            Moment { clock: self.clock, call: &call, answer: &answer, bytes: &bytes, records: &records };
        self.watch.saw(&moment, &self.subject)?;
        self.watch.keep(Step::Call { clock: self.clock, call: Box::new(call) });
        Ok(())
    }

    fn later(&mut self, minutes: u64) {
        self.clock = self.clock.plus(Span::minutes(minutes));
    }

    /// What is stored of the grant, changed.
    fn stored(&mut self, change: impl FnOnce(&mut Grant)) -> Broken {
        let ids = self.watch.lives.ids();
        let mut stored = self.subject.stored(&ids).unwrap();
        change(Arc::make_mut(stored.get_mut("g").unwrap()));
        self.watch.lives.stored(&ids, &stored, true).unwrap_err()
    }
}

/// Changes every event of that sort.
fn events(records: &mut [Record], mut change: impl FnMut(&mut Happened)) {
    for record in records {
        if let Entry::Event(event) = &mut record.entry {
            change(&mut event.happened);
        }
    }
}

fn names(id: &str) -> tenure::tenure_core::person::Names {
    serde_json::from_value(json!({ "id": id })).unwrap()
}

#[test]
fn i1_access_that_is_over_before_it_begins_or_runs_past_its_end_or_its_total() {
    let broken = Story::of("db").tampered(&approve(), |records| {
        events(records, |happened| {
            if let Happened::Activated(activated) = happened {
                activated.end = activated.since;
            }
        });
    });
    assert_eq!(broken.invariant, Invariant::I1, "{broken:?}");

    let mut story = Story::of("auto");
    let Answer::Ok(Answered::Grant(Some(view))) = story.tell(&json!({"call": "look", "grant": "g"})) else {
        panic!()
    };
    story.watch.lives.seen(&view, story.clock).unwrap();
    story.later(60);
    assert_eq!(story.watch.lives.seen(&view, story.clock).unwrap_err().invariant, Invariant::I1);

    let broken = Story::of("auto").tampered(&extend("more"), |records| {
        events(records, |happened| {
            if let Happened::Extended(extended) = happened {
                extended.to = extended.to.plus(Span::minutes(31));
            }
        });
    });
    assert_eq!(broken.invariant, Invariant::I1, "{broken:?}");
}

#[test]
fn i1_a_no_while_access_runs_and_a_yes_when_it_is_over() {
    let holds = json!({"call": "holds", "person": "alice", "permission": "read",
        "resource": {"integration": "pg", "type": "db", "name": "orders"}});
    let mut story = Story::of("auto");
    let yes = story.tell(&holds);
    let asked = call(&holds);
    let clock = story.clock;
    let held = |lives: &Lives, clock, answer| {
        lives.held(&Moment { clock, call: &asked, answer, bytes: &[], records: &[] })
    };
    assert_eq!(held(&story.watch.lives, clock, &yes), Ok(()));
    let over = clock.plus(Span::hours(1));
    assert_eq!(held(&story.watch.lives, over, &yes).unwrap_err().invariant, Invariant::I1);
    story.later(60);
    let no = story.tell(&holds);
    assert_eq!(held(&story.watch.lives, clock, &no).unwrap_err().invariant, Invariant::I1);
}

#[test]
fn i1_a_bridge_carries_access_past_its_end() {
    let back = json!({"call": "give_back", "actor": alice(), "command_id": "back", "grant": "g"});
    let bob = json!({"id": "bob", "groups": ["owners"]});
    let yes = json!({"call": "approve_extension", "actor": bob, "command_id": "yes", "grant": "g"});
    for end in [&back, &yes] {
        let mut story = Story::of("bridged");
        story.later(50);
        story.tell(&extend("more"));
        story.later(10);
        assert!(matches!(story.tell(end), Answer::Ok(_)), "{end}");
    }
    // Without one it is over.
    let broken = Story::of("auto").tampered(&back, |records| {
        for record in records {
            if let Entry::Event(event) = &mut record.entry {
                event.at = event.at.plus(Span::hours(1));
            }
        }
    });
    assert_eq!(broken.invariant, Invariant::I1, "{broken:?}");
}

#[test]
fn i2_a_scope_that_grows() {
    let broken = Story::of("db").tampered(&approve(), |records| {
        events(records, |happened| {
            if let Happened::Approved(approved) = happened {
                let mut more = (*approved.scope).clone();
                let mut item = more.first().unwrap().clone();
                item.permission = "write".to_owned();
                more.insert(item);
                approved.scope = Arc::new(more);
            }
        });
    });
    assert_eq!(broken.invariant, Invariant::I2, "{broken:?}");
    let stored = Story::of("auto").stored(|grant| grant.terms.scope = Arc::default());
    assert_eq!(stored.invariant, Invariant::I2);
}

#[test]
fn i3_a_decision_on_ones_own_access_under_any_name() {
    for own in ["alice", "AL"] {
        let broken = Story::of("db").tampered(&approve(), |records| {
            events(records, |happened| {
                if let Happened::ApprovalGiven(given) = happened {
                    given.decision.by = names(own);
                }
            });
        });
        assert_eq!(broken.invariant, Invariant::I3, "{own}: {broken:?}");
    }
}

#[test]
fn i4_one_extension_more_than_there_may_be() {
    let broken = Story::of("auto").tampered(&extend("more"), |records| {
        let mut again = records.last().unwrap().clone();
        if let Entry::Event(event) = &mut again.entry {
            event.effects.clear();
            if let Happened::Extended(extended) = &mut event.happened {
                (extended.from, extended.to) = (extended.to, extended.to.plus(Span::minutes(1)));
            }
        }
        records.push(again);
    });
    assert_eq!(broken.invariant, Invariant::I4, "{broken:?}");
}

#[test]
fn i5_an_extension_that_shortens() {
    let broken = Story::of("auto").tampered(&extend("more"), |records| {
        events(records, |happened| {
            if let Happened::Extended(extended) = happened {
                extended.to = extended.from.minus(Span::millis(1));
            }
        });
    });
    assert_eq!(broken.invariant, Invariant::I5, "{broken:?}");
}

#[test]
fn i6_effects_that_come_twice_or_from_nothing() {
    let effects = |change: fn(&mut tenure::tenure_core::event::Event)| {
        let broken = Story::of("db").tampered(&approve(), |records| {
            for record in records {
                if let Entry::Event(event) = &mut record.entry {
                    change(event);
                }
            }
        });
        assert_eq!(broken.invariant, Invariant::I6, "{broken:?}");
    };
    effects(|event| event.effects.extend(event.effects.clone()));
    effects(|event| event.effects.iter_mut().for_each(|effect| std::sync::Arc::make_mut(effect).number += 1));
    effects(|event| {
        if let Happened::ApprovalGiven(_) = event.happened {
            event.effects =
                serde_json::from_value(json!([{"number": 2, "effect": "rotate", "at": "pg"}])).unwrap();
        }
    });
}

#[test]
fn i7_events_that_are_missing_and_a_state_that_no_event_made() {
    let broken = Story::of("db").tampered(&approve(), |records| drop(records.remove(0)));
    assert_eq!(broken.invariant, Invariant::I7, "{broken:?}");
    let broken = Story::of("auto").stored(|grant| {
        grant.changed_at = grant.changed_at.plus(Span::millis(1));
        grant.events += 1;
    });
    assert_eq!(broken.invariant, Invariant::I7, "{broken:?}");
}

#[test]
fn i8_a_refused_command_and_a_question_that_did_something() {
    let mut story = Story::of("db");
    let yes = |id: &str| json!({"call": "approve", "actor": alice(), "command_id": id, "grant": "g"});
    story.tell(&yes("own"));
    let broken = story.tampered(&yes("own again"), |records| {
        let mut did = records.last().unwrap().clone();
        let event = json!({"grant": "g", "at": START, "event": "denied",
            "cause": {"actor": "alice", "command": "own again"}});
        did.entry = Entry::Event(serde_json::from_value(event).unwrap());
        records.insert(0, did);
    });
    assert_eq!(broken.invariant, Invariant::I8, "{broken:?}");

    let mut story = Story::of("db");
    let refused = story.subject.records(0).unwrap();
    let broken = story.tampered(&json!({"call": "look", "grant": "g"}), |records| {
        records.extend(refused.first().map(|record| (**record).clone()));
    });
    assert_eq!(broken.invariant, Invariant::I8, "{broken:?}");

    let broken = Story::of("db").stored(|grant| grant.outbox.clear());
    assert_eq!(broken.invariant, Invariant::I8, "{broken:?}");
}

#[test]
fn i10_a_record_that_did_not_survive() {
    let mut story = Story::of("auto");
    story.subject.restart().unwrap();
    story.watch.reopened(&story.subject).unwrap();
    let stored = story.subject.stored(&story.watch.lives.ids()).unwrap();
    let mut records = story.subject.records(0).unwrap();
    records.pop();
    assert_eq!(story.watch.lives.survived(&records, &stored).unwrap_err().invariant, Invariant::I10);
}

#[test]
fn i12_a_closed_grant_that_goes_on() {
    let mut story = Story::of("auto");
    let before = story.tell(&json!({"call": "look", "grant": "g"}));
    story.tell(&json!({"call": "give_back", "actor": alice(), "command_id": "back", "grant": "g"}));
    let Answer::Ok(Answered::Grant(Some(view))) = before else { panic!() };
    assert_eq!(story.watch.lives.seen(&view, story.clock).unwrap_err().invariant, Invariant::I12);
    let broken = story.tampered(&json!({"call": "sweep"}), |records| {
        let event = json!({"grant": "g", "at": "2026-03-02T09:30:00Z", "event": "undecided"});
        let entry = Entry::Event(serde_json::from_value(event).unwrap());
        records.push(Record { position: 99, recorded_at: START.parse().unwrap(), entry });
    });
    assert_eq!(broken.invariant, Invariant::I12, "{broken:?}");
}

#[test]
fn i13_another_answer_to_the_same_command() {
    let mut story = Story::of("auto");
    story.tell(&request("auto"));
    let asked = call(&request("auto"));
    let other = call(&request("db"));
    let answer = story.subject.answer(story.clock, asked.clone());
    let fault =
        Answer::Fault(tenure_port::answer::Fault { code: "clock".to_owned(), message: String::new() });
    let clock = story.clock;
    let commands = &mut story.watch.commands;
    let saw = |commands: &mut Commands, call: &Call, answer: &Answer, bytes: &[u8]| {
        let moment = Moment { clock, call, answer, bytes, records: &[] };
        commands.saw(&moment).map_err(|broken| broken.invariant)
    };
    assert_eq!(saw(commands, &asked, &answer, &serde_json::to_vec(&answer).unwrap()), Ok(true));
    assert_eq!(saw(commands, &asked, &answer, b"something else"), Err(Invariant::I13));
    assert_eq!(saw(commands, &other, &answer, &serde_json::to_vec(&answer).unwrap()), Err(Invariant::I13));
    assert_eq!(saw(commands, &asked, &fault, b"a fault"), Err(Invariant::I13));
    assert_eq!(saw(commands, &other, &fault, b"a fault"), Ok(false));
    // Of what was erased nobody knows the answer any more, so that the rules are asked, and the clock before them.
    commands.erased.insert("g".parse().unwrap());
    assert_eq!(saw(commands, &asked, &fault, b"a fault"), Ok(false));
}

#[test]
fn i14_what_is_taken_away_under_a_grant_and_what_is_forgotten() {
    let take = json!({"call": "take_effects", "worker": "w", "lease": 60_000});
    let item: Item = serde_json::from_value(
        json!({"integration": "pg", "type": "db", "name": "orders", "permission": "read"}),
    )
    .unwrap();
    let mut story = Story::of("auto");
    // What is stored is another matter, and is looked at first.
    story.watch.luck = Luck::OneIn(u64::MAX, 0);
    let broken = story.tampered(&take, |records| {
        events(records, |happened| {
            if let Happened::EffectTaken { handed } = happened {
                let Handed { order, .. } = &mut **handed;
                *order = Order::Remove {
                    at: "pg".parse().unwrap(),
                    kind: Kind::Elevation,
                    remove: vec![item.clone()],
                    keep: Vec::new(),
                    outcome: None,
                    cut_sessions: false,
                };
            }
        });
    });
    assert_eq!(broken.invariant, Invariant::I14, "{broken:?}");

    let mut story = Story::of("auto");
    let Answer::Ok(Answered::Effects(taken)) = story.tell(&take) else { panic!() };
    for effect in taken {
        story.tell(&json!({"call": "effect_done", "worker": "w", "effect": effect.id.to_string()}));
    }
    story.watch.targets.are_right(&story.watch.lives, &story.watch.terms).unwrap();
    story.later(60);
    story.tell(&json!({"call": "sweep"}));
    assert_eq!(
        story.watch.targets.are_right(&story.watch.lives, &story.watch.terms).unwrap_err().invariant,
        Invariant::I14
    );
    // It is over, and no effect of it is open: nobody would ever take that access away.
    let ids = story.watch.lives.ids();
    let mut stored = story.subject.stored(&ids).unwrap();
    Arc::make_mut(stored.get_mut("g").unwrap()).outbox.clear();
    story.watch.lives.forget_stored();
    story.watch.lives.stored(&ids, &stored, false).unwrap();
    let broken = story.with(&json!({"call": "sweep"}), |_, _| {}, |_| {}).unwrap_err();
    assert_eq!(broken.invariant, Invariant::I14, "{broken:?}");
}
