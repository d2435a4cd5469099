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
    let looks = Looks { store, second: None, invariants: false, luck: Luck::Every, keep: true };
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
        let ids = told.keys().chain(other.keys());
        let apart = ids.into_iter().find(|id| told.get(*id) != other.get(*id));
        if let Some(id) = apart {
            let none = Vec::new();
            let (one, other) = (told.get(id).unwrap_or(&none), other.get(id).unwrap_or(&none));
            let place = one.iter().zip(other).take_while(|(one, other)| one == other).count();
            let (one, other) = (one.get(place), other.get(place));
            return Err(broken(format!("swept {sweeps:?}, `{id}` has {other:?} where it had {one:?}")));
        }
    }
    Ok(())
}

fn found(invariant: Invariant, step: usize, why: String) -> Finding {
    Finding { step, kind: Kind::Broken(invariant), library: String::new(), expected: why }
}

/// The events of each grant when its time's doing is written down so, and all of it at the end.
///
/// A sweep is by the store's own clock: what a host that is ahead of it makes true early stays true. And effects are
/// taken of what was written down, so that is done before: which effects there are is no matter of this.
fn events(steps: &[Step], store: StoreKind, sweeps: Sweeps) -> Result<BTreeMap<GrantId, Vec<Event>>, String> {
    let mut subject = Subject::new(store, Timestamp::from_millis(0)).map_err(|error| error.to_string())?;
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

fn by_grant(records: &[Arc<Record>]) -> BTreeMap<GrantId, Vec<Event>> {
    let mut events: BTreeMap<GrantId, Vec<Event>> = BTreeMap::new();
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
