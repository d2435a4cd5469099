//! What was delivered already, so that a notice that comes again goes only to whom it did not reach.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use tenure::{Carried, EffectId, Trouble};

/// Deliveries that are remembered: far more than fail at a time, little in memory.
const REMEMBERED: usize = 10_000;

/// Who had which notice from this process. A restart forgets it, and somebody may be told twice: delivery is at least
/// once.
#[derive(Debug, Default)]
pub struct Sent(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    known: BTreeSet<(String, String)>,
    oldest: VecDeque<(String, String)>,
}

impl Sent {
    /// Whether it was delivered there.
    #[must_use]
    pub fn has(&self, effect: &EffectId, to: &str) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.known.contains(&(effect.to_string(), to.to_owned()))
    }

    /// It was delivered there.
    pub fn put(&self, effect: &EffectId, to: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = (effect.to_string(), to.to_owned());
        if kept.known.insert(one.clone()) {
            kept.oldest.push_back(one);
        }
        if kept.oldest.len() > REMEMBERED
            && let Some(oldest) = kept.oldest.pop_front()
        {
            kept.known.remove(&oldest);
        }
    }
}

/// What came of telling several. For as long as trying again is of use to one of them, the notice comes again soon: what no
/// retry mends for another does not make it wait.
///
/// # Errors
/// The first [`Trouble`] that a retry may mend; where there is none, the first.
pub fn told_all(troubles: impl IntoIterator<Item = Trouble>) -> Result<Carried, Trouble> {
    troubles.into_iter().min_by_key(Trouble::is_last).map_or_else(|| Ok(Carried::out()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_delivered_is_known_and_the_memory_is_bounded() {
        let sent = Sent::default();
        let effect = |number: usize| EffectId::of(&format!("g/{number}"), "w").unwrap();
        sent.put(&effect(1), "a");
        assert!(sent.has(&effect(1), "a") && !sent.has(&effect(1), "b") && !sent.has(&effect(2), "a"));
        (2..=REMEMBERED + 1).for_each(|number| sent.put(&effect(number), "a"));
        assert!(!sent.has(&effect(1), "a") && sent.has(&effect(2), "a"));
        assert_eq!(sent.0.lock().unwrap().known.len(), REMEMBERED);
    }
}
