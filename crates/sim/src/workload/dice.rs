//! Chance, the same for the same seed everywhere.

/// A source of chance.
#[derive(Clone, Debug)]
pub(super) struct Dice(fastrand::Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// True in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.0.u32(0..100) < percent
    }

    /// True in one of so many cases.
    pub(super) fn one_in(&mut self, cases: u32) -> bool {
        self.0.u32(0..cases.max(1)) == 0
    }

    /// A number from the first to the last, both meant.
    pub(super) fn number(&mut self, first: u64, last: u64) -> u64 {
        self.0.u64(first..=last.max(first))
    }

    /// The same for small numbers.
    pub(super) fn count(&mut self, first: u32, last: u32) -> u32 {
        self.0.u32(first..=last.max(first))
    }

    /// A place in something that is so long.
    pub(super) fn place(&mut self, length: usize) -> usize {
        self.0.usize(0..length.max(1))
    }

    /// One of these; none where there is none.
    pub(super) fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let place = self.place(all.len());
        all.get(place)
    }

    /// One of these words.
    pub(super) fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.of(words).copied().unwrap_or("")
    }

    /// One of these, each as often as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, all: &[(u32, T)]) -> Option<T> {
        let sum = all.iter().map(|(weight, _)| weight).sum();
        let mut left = self.0.u32(0..std::cmp::max(1, sum));
        for (weight, one) in all {
            match left.checked_sub(*weight) {
                Some(less) => left = less,
                None => return Some(*one),
            }
        }
        None
    }

    /// Some of these in their order: each with that chance, and one at least.
    pub(super) fn some<T: Clone>(&mut self, all: &[T], percent: u32) -> Vec<T> {
        let mut some: Vec<T> = all.iter().filter(|_| self.chance(percent)).cloned().collect();
        if some.is_empty() {
            some.extend(self.of(all).cloned());
        }
        some
    }
}
