//! A stack that is always large enough, so that a condition has one answer on every thread.
//!
//! Cedar looks at the stack that is left (evaluator and type checker give up below 100 KiB) or simply runs
//! out of it (the conversion of what was parsed, and the dropping of any tree). So everything that recurses
//! over a condition or over facts runs under [`with_sure_stack`], with a need that the caps bound.
//!
//! Measured with cedar-policy 4.14 on x86-64, smallest stack with the right answer, in KiB, for the worst
//! shapes at the caps (a test runs them with half of what is reserved):
//!
//! | at depth 32 | unoptimized | optimized | reserved |
//! | --- | --- | --- | --- |
//! | read and checked against types (records in records) | 1880 | 472 | 5120 |
//! | evaluated (31 dots; records in records) | 1912 | 296 | 5120 |
//! | facts nested 30 deep, condition 0 deep | 528 | 208 | 1024 |
//!
//! Evaluation grows by 56 KiB a level unoptimized and 6 optimized. What is reserved follows the depth of
//! the condition, so that the usual one runs in place on a thread of 2 MiB: moving costs 20 µs, evaluating 3.

use tenure_core::limits::CONDITION_DEPTH_MAX;

/// For facts at their deepest, and Cedar's own floor of 100 KiB.
const STACK_FACTS: usize = 1024 * 1024;
/// For each level of the condition.
const STACK_LEVEL: usize = 128 * 1024;

/// The stack that no condition of this depth can need all of.
pub(super) const fn sure_stack(depth: usize) -> usize {
    STACK_FACTS.saturating_add(STACK_LEVEL.saturating_mul(depth))
}

/// What reading any condition takes: nothing is known of its tree yet but that it passed the caps.
pub(super) const STACK_READING: usize = sure_stack(CONDITION_DEPTH_MAX);

/// Runs this where at least so many bytes of stack are left: here, or on a stack of its own.
pub(super) fn with_sure_stack<R>(sure: usize, run: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(sure, sure, run)
}
