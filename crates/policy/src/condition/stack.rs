//! A stack that is always large enough, so that a condition has one answer on every thread.
//!
//! Cedar looks at the stack that is left (its evaluator and type checker give up below 100 KiB) or runs out
//! of it (its conversion of a parsed text, and the dropping of any tree). What the caps let through needs
//! less than [`STACK_SURE`], whatever the thread.

/// Stack under which a call moves to one of its own.
pub(super) const STACK_SURE: usize = 2 * 1024 * 1024;
/// The size of that stack. Only touched pages of it take memory.
const STACK_OWN: usize = STACK_SURE + 64 * 1024;

/// Runs this where at least [`STACK_SURE`] bytes of stack are left.
pub(super) fn with_sure_stack<R>(run: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(STACK_SURE, STACK_OWN, run)
}
