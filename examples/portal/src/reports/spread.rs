//! How spans are spread: their median and the like, of any number of them, in little room.

use std::collections::BTreeMap;

use tenure::Span;

/// Significant bits of a span that are kept: what is told is at most one part in 64 too short.
const BITS: u32 = 7;

/// How spans are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How often each was seen, cut to its first bits. There are at most some thousands of different ones.
    seen: BTreeMap<u64, u64>,
    count: u64,
    sum: u128,
}

impl Spread {
    /// One more.
    pub fn add(&mut self, span: Span) {
        let millis = span.as_millis();
        let times = self.seen.entry(cut(millis)).or_default();
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
        found.map(|(millis, _)| Span::millis(*millis))
    }

    /// The one in the middle.
    #[must_use]
    pub fn median(&self) -> Option<Span> {
        self.percentile(50)
    }
}

/// The first bits, and nothing behind them.
const fn cut(millis: u64) -> u64 {
    let behind = (u64::BITS - millis.leading_zeros()).saturating_sub(BITS);
    (millis >> behind) << behind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Spread {
        let mut spread = Spread::default();
        millis.into_iter().for_each(|millis| spread.add(Span::millis(millis)));
        spread
    }

    #[test]
    fn small_numbers_are_exact() {
        let spread = of(1..=100);
        let told = [1, 50, 90, 100].map(|percent| spread.percentile(percent).unwrap().as_millis());
        assert_eq!(told, [1, 50, 90, 100]);
        assert_eq!(of([]).median(), None);
        assert_eq!(of([7, 9]).median(), Some(Span::millis(7)));
        assert_eq!(of([0]).percentile(90), Some(Span::millis(0)));
    }

    #[test]
    fn what_is_told_is_hardly_too_short() {
        for millis in [127_u64, 128, 129, 90_000, 3_600_001, 86_399_999, u64::MAX] {
            let told = of([millis]).median().unwrap().as_millis();
            assert!(told <= millis && millis - told <= millis / 64, "{millis} {told}");
        }
    }

    #[test]
    fn any_number_of_them_takes_little_room() {
        let spread = of((0..200_000).map(|number| number * number));
        assert_eq!(spread.count(), 200_000);
        assert!(spread.seen.len() < 3_000, "{}", spread.seen.len());
        assert_eq!(spread.sum().as_millis(), (0..200_000_u64).map(|number| number * number).sum::<u64>());
    }
}
