//! Counting refusals: nobody fills the record by trying again and again.
//!
//! Of one actor and code, so many refusals of one minute are recorded one by one. The others of that minute
//! are counted, and become one record once the minute is over: with the next refusal of that actor and code, or
//! with a sweep. What is counted is written in the commit of each refusal, as a record would be.

use serde::{Deserialize, Serialize};

use crate::limits::REFUSALS_A_MINUTE_MAX;
use crate::refusal::Code;
use crate::time::{Span, Timestamp};

/// Whose refusals with which code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefusedOf {
    /// The actor.
    pub actor: String,
    /// The code.
    pub code: Code,
}

/// How often that was so in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The minute, by its beginning.
    pub minute: Timestamp,
    /// How often.
    pub times: u64,
    /// When it was so for the last time.
    pub last: Timestamp,
}

/// Further refusals of one minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoreRefused {
    /// The code.
    #[serde(with = "code")]
    pub more_refused: Code,
    /// When the last of them was refused.
    pub at: Timestamp,
    /// The minute, by its beginning.
    pub minute: Timestamp,
    /// How many there were beside those that are recorded one by one.
    pub times: u64,
    /// Who gave the commands.
    pub actor: String,
}

/// What a further refusal comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whether it is recorded by itself.
    pub recorded: bool,
    /// What is kept from now on.
    pub tally: Tally,
    /// What is recorded of an earlier minute, before it.
    pub earlier: Option<MoreRefused>,
}

/// The minute an instant is in, by its beginning.
#[must_use]
pub fn minute(at: Timestamp) -> Timestamp {
    let into = at.millis().rem_euclid(60_000);
    at.minus(Span::millis(into.unsigned_abs()))
}

impl RefusedOf {
    /// Counts one more, at that instant.
    #[must_use]
    pub fn count(&self, before: Option<Tally>, at: Timestamp) -> Counted {
        let new = Tally { minute: minute(at), times: 0, last: at };
        // A host whose clock is behind counts on in the minute that was reached.
        let (tally, earlier) = match before {
            Some(before) if before.minute >= new.minute => (before, None),
            before => (new, before.and_then(|before| self.over(before))),
        };
        let times = tally.times.saturating_add(1);
        let tally = Tally { times, last: tally.last.max(at), ..tally };
        Counted { recorded: times <= REFUSALS_A_MINUTE_MAX, tally, earlier }
    }

    /// Where it stands among the minutes that are over: by minute, actor and the text of the code.
    #[must_use]
    pub fn place(&self, tally: Tally) -> (Timestamp, &str, &'static str) {
        (tally.minute, &self.actor, self.code.as_str())
    }

    /// What is recorded of a minute that is over; nothing where all of it was recorded one by one.
    #[must_use]
    pub fn over(&self, tally: Tally) -> Option<MoreRefused> {
        let times = tally.times.saturating_sub(REFUSALS_A_MINUTE_MAX);
        (times > 0).then(|| MoreRefused {
            more_refused: self.code,
            at: tally.last,
            minute: tally.minute,
            times,
            actor: self.actor.clone(),
        })
    }
}

mod code {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use crate::refusal::Code;

    pub(super) fn serialize<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
        code.as_str().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        let text = String::deserialize(deserializer)?;
        Code::named(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no code of a refusal")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_first_of_a_minute_is_counted_and_the_next_minute_begins_anew() {
        let of = RefusedOf { actor: "alice".to_owned(), code: Code::ApprovalOwn };
        let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let last = nine.plus(Span::millis(59_999));
        let mut tally = None;
        for n in 1..=23_u64 {
            let counted = of.count(tally, if n < 23 { nine } else { last });
            assert_eq!((counted.recorded, counted.earlier, counted.tally.times), (n <= 20, None, n));
            tally = Some(counted.tally);
        }
        let behind = of.count(tally, nine.minus(Span::minutes(3)));
        assert_eq!((behind.recorded, behind.tally.minute, behind.tally.last), (false, nine, last));
        let next = of.count(tally, nine.plus(Span::minutes(1)));
        assert!(next.recorded);
        assert_eq!(next.tally.times, 1);
        let earlier = next.earlier.unwrap();
        assert_eq!((earlier.times, earlier.minute, earlier.at), (3, nine, last));
        // Twenty are all recorded by themselves: nothing is left to tell.
        assert_eq!(of.over(Tally { minute: nine, times: 20, last: nine }), None);
    }

    #[test]
    fn a_minute_begins_before_1970_too() {
        for (at, begins) in [
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:00Z"),
            ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z"),
            ("2026-03-02T09:00:59.999Z", "2026-03-02T09:00:00Z"),
        ] {
            assert_eq!(minute(at.parse().unwrap()), begins.parse().unwrap(), "{at}");
        }
    }
}
