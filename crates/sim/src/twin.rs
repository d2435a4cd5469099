//! I9 and I11: an episode that is played again leads to the same, and so it does with other sweeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure::tenure_core::event::Event;
use tenure::tenure_core::record::{Entry, Record};
use tenure::{GrantId, Timestamp};
use tenure_port::Call;
use tenure_port::call::Sweep;

use crate::episode::{Looks, Luck, Played, play};
use crate::finding::{Finding, Kind};
use crate::invariant::Invariant;
use crate::script::Told;
use crate::step::Step;
use crate::subject::{OWN, StoreKind, Subject};

/// What happened to each grant.
type Events = BTreeMap<GrantId, Vec<Event>>;

/// When time's doing is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sweeps {
    /// Where the steps say.
    AsTold,
    /// Nowhere.
    Never,
    /// After every step.
    Always,
}

/// Plays the steps of an episode again, and compares.
pub(crate) fn all(played: &Played, store: StoreKind) -> Result<(), Finding> {
    let looks = Looks {
        store,
        beside: None,
        second: None,
        invariants: false,
        coverage: false,
        luck: Luck::Every,
        keep: true,
    };
    let again = play(&mut Told::new(&played.steps), played.calls, looks);
    let at = played.steps.len();
    let same = again.digest == played.digest && again.record == played.record;
    if !same {
        let why =
            "the same commands were answered otherwise, or led to other events, when they were given again";
        return Err(found(Invariant::I9, at, why.to_owned()));
    }
    sweeps(&played.steps, store)
}

/// I11 alone.
pub(crate) fn sweeps(steps: &[Step], store: StoreKind) -> Result<(), Finding> {
    let at = steps.len();
    let broken = |why: String| found(Invariant::I11, at, why);
    let told = events(steps, store, Sweeps::AsTold).map_err(broken)?;
    for sweeps in [Sweeps::Never, Sweeps::Always] {
        let other = events(steps, store, sweeps).map_err(broken)?;
        same(&told, &other).map_err(|why| broken(format!("swept {sweeps:?}, {why}")))?;
    }
    Ok(())
}

/// Whether each grant has the same events.
fn same(told: &Events, other: &Events) -> Result<(), String> {
    let Some(id) = told.keys().chain(other.keys()).find(|id| told.get(*id) != other.get(*id)) else {
        return Ok(());
    };
    let events = |of: &Events| of.get(id).cloned().unwrap_or_default();
    let (one, other) = (events(told), events(other));
    let place = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    Err(format!("`{id}` has {:?} where it had {:?}", other.get(place), one.get(place)))
}

fn found(invariant: Invariant, step: usize, why: String) -> Finding {
    Finding { step, kind: Kind::Broken(invariant), library: String::new(), expected: why }
}

/// The events of each grant when its time's doing is written down so, and all of it at the end.
///
/// A sweep is by the store's own clock: what a host that is ahead of it makes true early stays true. And effects are
/// taken of what was written down, so that is done before: which effects there are is no matter of this.
fn events(steps: &[Step], store: StoreKind, sweeps: Sweeps) -> Result<Events, String> {
    let mut subject = Subject::on(store, Timestamp::from_millis(0)).map_err(|fault| fault.to_string())?;
    let mut now = Timestamp::from_millis(0);
    let sweep = |subject: &Subject, clock| drop(subject.answer(clock, Call::Sweep(Sweep { now: None })));
    for step in steps {
        match step {
            Step::Restart => subject.restart().map_err(|fault| fault.to_string())?,
            Step::Call { clock, call } => {
                now = *clock;
                let is_sweep = matches!(**call, Call::Sweep(_));
                if matches!(**call, Call::TakeEffects(_)) || (is_sweep && sweeps != Sweeps::Never) {
                    sweep(&subject, now);
                }
                if !is_sweep {
                    drop(subject.answer(now, (**call).clone()));
                }
            }
        }
        if sweeps == Sweeps::Always {
            sweep(&subject, now);
        }
    }
    sweep(&subject, now);
    let records = subject.records(0).map_err(|fault| fault.to_string())?;
    Ok(by_grant(&records))
}

fn by_grant(records: &[Arc<Record>]) -> Events {
    let mut events: Events = BTreeMap::new();
    for record in records {
        if let Entry::Event(event) = &record.entry {
            let mut event = event.clone();
            // The library's own commands are counted, and a sweep is one.
            event.cause = event.cause.filter(|cause| !cause.command.as_str().starts_with(OWN));
            events.entry(event.grant.clone()).or_default().push(event);
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Vec<Step> {
        let call = |clock: &str, call: serde_json::Value| Step::Call {
            clock: clock.parse().unwrap(),
            call: Box::new(serde_json::from_value(call).unwrap()),
        };
        let item = serde_json::json!({"resource": {"integration": "pg", "type": "db", "name": "a"}, "permission": "read"});
        let flow = serde_json::json!({"id": "auto", "who": {"any": ["everyone"]}, "approval": "automatic",
            "what": [{"integration": "pg", "permissions": ["*"]}], "duration": {"max": "1h"}});
        vec![
            call(
                "2026-03-02T09:00:00Z",
                serde_json::json!({"call": "publish", "actor": "system:test",
                "policy": {"version": 1, "flows": [flow]}}),
            ),
            call(
                "2026-03-02T09:00:00Z",
                serde_json::json!({"call": "request", "actor": {"id": "alice"},
                "command_id": "ask", "flow": "auto", "grant": "g", "items": [item]}),
            ),
            call("2026-03-02T09:50:00Z", serde_json::json!({"call": "sweep"})),
            Step::Restart,
            call(
                "2026-03-02T10:00:00Z",
                serde_json::json!({"call": "take_effects", "worker": "w", "lease": 60_000}),
            ),
        ]
    }

    fn told() -> Played {
        let looks = Looks {
            store: StoreKind::Memory,
            beside: None,
            second: None,
            invariants: true,
            coverage: false,
            luck: Luck::Every,
            keep: true,
        };
        let played = play(&mut Told::new(&steps()), 100, looks);
        assert_eq!(played.finding, None);
        played
    }

    #[test]
    fn i9_an_episode_that_is_answered_otherwise_the_second_time() {
        all(&told(), StoreKind::Memory).unwrap();
        for change in
            [|played: &mut Played| played.digest[0] ^= 1, |played: &mut Played| played.record.truncate(1)]
        {
            let mut other = told();
            change(&mut other);
            assert_eq!(all(&other, StoreKind::Memory).unwrap_err().kind, Kind::Broken(Invariant::I9));
        }
    }

    #[test]
    fn i11_an_event_that_a_sweep_loses() {
        let told = events(&steps(), StoreKind::Memory, Sweeps::AsTold).unwrap();
        let names = |events: &Events| {
            events.values().flatten().map(|event| event.happened.name()).collect::<Vec<_>>()
        };
        assert!(names(&told).contains(&"expired"), "{:?}", names(&told));
        same(&told, &told.clone()).unwrap();
        let mut less = told.clone();
        less.values_mut().for_each(|events| events.truncate(3));
        assert!(same(&told, &less).is_err());
        sweeps(&steps(), StoreKind::Memory).unwrap();
    }

    /// The host is a minute ahead; `again` is the `now` of the same command when it is given again.
    fn published_ahead(again: &str) -> Vec<Step> {
        let mut steps = steps();
        let Step::Call { call, .. } = &steps[0] else { unreachable!("the first is a publish") };
        let mut publish = serde_json::to_value(&**call).unwrap();
        publish["command_id"] = "policy".into();
        let mut given = |now: &str| {
            publish["now"] = now.into();
            Step::Call {
                clock: "2026-03-02T09:00:00Z".parse().unwrap(),
                call: Box::new(serde_json::from_value(publish.clone()).unwrap()),
            }
        };
        let both = [given("2026-03-02T09:01:00Z"), given(again)];
        steps.splice(0..1, both);
        steps
    }

    #[test]
    fn i11_a_policy_that_a_host_ahead_puts_in_force_dates_what_follows() {
        for again in ["2026-03-02T09:01:00Z", "2026-03-02T09:02:00Z"] {
            sweeps(&published_ahead(again), StoreKind::Memory).unwrap();
        }
    }
}
