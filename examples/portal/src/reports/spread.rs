//! How spans are spread: their median and the like, of any number of them, in little room.

use std::collections::BTreeMap;

use tenure::Span;

/// Seconds are told by so many digits and noughts behind them: what is told is at most a thousandth too short, and spans
/// as people write them stay as they are.
const DIGITS: u32 = 4;

/// How spans are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How often each was seen, in seconds of few digits: there are at most some ten thousand different ones.
    seen: BTreeMap<u64, u64>,
    count: u64,
    sum: u128,
}

impl Spread {
    /// One more.
    pub fn add(&mut self, span: Span) {
        let millis = span.as_millis();
        let times = self.seen.entry(cut(millis / 1_000)).or_default();
        *times = times.saturating_add(1);
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(u128::from(millis));
    }

    /// How many there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// All together.
    #[must_use]
    pub fn sum(&self) -> Span {
        Span::millis(u64::try_from(self.sum).unwrap_or(u64::MAX))
    }

    /// The smallest than which so many of a hundred are no longer; nothing where there was none.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<Span> {
        let wanted = u128::from(self.count).saturating_mul(u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut so_far = 0_u128;
        let found = self.seen.iter().find(|(_, times)| {
            so_far = so_far.saturating_add(u128::from(**times));
            so_far >= wanted
        });
        found.map(|(seconds, _)| Span::seconds(*seconds))
    }

    /// The one in the middle.
    #[must_use]
    pub fn median(&self) -> Option<Span> {
        self.percentile(50)
    }
}

/// The first digits, and noughts behind them.
const fn cut(seconds: u64) -> u64 {
    let behind = match seconds.checked_ilog10() {
        Some(power) => 10_u64.pow((power + 1).saturating_sub(DIGITS)),
        None => 1,
    };
    seconds / behind * behind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: impl IntoIterator<Item = u64>) -> Spread {
        let mut spread = Spread::default();
        seconds.into_iter().for_each(|seconds| spread.add(Span::seconds(seconds)));
        spread
    }

    #[test]
    fn small_numbers_are_exact() {
        let spread = of(1..=100);
        let told = [1, 50, 90, 100].map(|percent| spread.percentile(percent).unwrap());
        assert_eq!(told, [1, 50, 90, 100].map(Span::seconds));
        assert_eq!(of([]).median(), None);
        assert_eq!(of([7, 9]).median(), Some(Span::seconds(7)));
        assert_eq!(of([0]).percentile(90), Some(Span::seconds(0)));
    }

    #[test]
    fn spans_as_people_write_them_stay_and_others_are_hardly_too_short() {
        for text in ["30m", "1h 30m", "4h", "1d", "7d", "30d"] {
            let span: Span = text.parse().unwrap();
            assert_eq!(of([span.as_millis() / 1_000]).median(), Some(span));
        }
        for seconds in [9_999_u64, 10_001, 604_801, u64::MAX / 1_000] {
            let told = of([seconds]).median().unwrap().as_millis() / 1_000;
            assert!(told <= seconds && seconds - told <= seconds / 1_000, "{seconds} {told}");
        }
    }

    #[test]
    fn any_number_of_them_takes_little_room() {
        let spread = of((0..200_000).map(|number| number * number));
        assert_eq!(spread.count(), 200_000);
        assert!(spread.seen.len() < 60_000, "{}", spread.seen.len());
        let sum: u64 = (0..200_000_u64).map(|number| number * number).sum();
        assert_eq!(spread.sum(), Span::seconds(sum));
    }
}
