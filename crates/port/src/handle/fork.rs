//! Which process a handle is of. A forked child has a copy of its parent's memory and none of its threads: a lock that
//! another thread held stays held for ever, and SQLite believes that it holds the parent's locks on a file.

use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// SQLite files that are open, and in which process: its id above, their number in the lower 32 bits.
///
/// It is no lock, for a lock may be held at the instant of a fork.
static OPEN: AtomicU64 = AtomicU64::new(0);
const NUMBER: u64 = 0xffff_ffff;

/// The id of this process, where a fork is heard of.
static THIS: AtomicU32 = AtomicU32::new(UNKNOWN);
/// No process of ours has this id.
const UNKNOWN: u32 = 0;

/// Whether a fork is heard of from now on. One that goes by the C library is; a program that calls the kernel past it has
/// no right to the C library in its child either.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the C library takes a function for what is to be done in a child")]
fn is_heard_of() -> bool {
    static HEARD_OF: AtomicBool = AtomicBool::new(false);
    extern "C" fn forked() {
        THIS.store(UNKNOWN, Ordering::Relaxed);
    }
    // Two threads that come here at once say it twice, which does no harm; a lock might be held at the instant of a fork.
    if !HEARD_OF.load(Ordering::Acquire) {
        // SAFETY: the function takes nothing, unwinds never, and does what may be done between a fork and what comes
        // after it: it stores into an atomic. Where the library that it is in can be unloaded, the C library forgets it.
        let said = unsafe { libc::pthread_atfork(None, None, Some(forked)) };
        HEARD_OF.store(said == 0, Ordering::Release);
    }
    HEARD_OF.load(Ordering::Acquire)
}

#[cfg(not(unix))]
fn is_heard_of() -> bool {
    // There is no fork.
    true
}

/// The process that something was made in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Process(u32);

impl Process {
    /// The system is asked once: to ask it costs as much as the rest of a question at the door.
    pub(super) fn this() -> Self {
        match THIS.load(Ordering::Relaxed) {
            UNKNOWN => {
                let id = process::id();
                if is_heard_of() {
                    THIS.store(id, Ordering::Relaxed);
                }
                Self(id)
            }
            id => Self(id),
        }
    }

    #[cfg(test)]
    pub(super) const fn of(id: u32) -> Self {
        Self(id)
    }

    /// Whether this is another one: a child that was forked since.
    pub(super) fn is_left(self) -> bool {
        self != Self::this()
    }

    fn number(self, open: u64) -> Option<u64> {
        (open.checked_shr(32) == Some(u64::from(self.0))).then_some(open & NUMBER)
    }

    fn one_more(self, open: u64) -> Option<u64> {
        match self.number(open) {
            Some(number) => Some(self.with(number.saturating_add(1))),
            None => (open & NUMBER == 0).then(|| self.with(1)),
        }
    }

    fn one_less(self, open: u64) -> Option<u64> {
        self.number(open).map(|number| self.with(number.saturating_sub(1)))
    }

    fn with(self, number: u64) -> u64 {
        (u64::from(self.0) << 32) | (number & NUMBER)
    }
}

/// A SQLite file that is open in this process.
pub(super) struct OpenFile(Process);

impl OpenFile {
    /// Nothing in a child that was forked while one was open. SQLite would take over what the parent knew of its
    /// locks and not lock what it writes: a commit of the child would be lost with a log that the parent deletes as
    /// it closes, though it was acknowledged. It must not even be closed there.
    pub(super) fn counted() -> Option<Self> {
        let this = Process::this();
        OPEN.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| this.one_more(open)).ok()?;
        Some(Self(this))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // In a child the number stays: the files are open there as long as it lives.
        let _ = OPEN.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| self.0.one_less(open));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_opens_files_only_where_its_parent_had_none_open() {
        let (parent, child) = (Process::of(7), Process::of(8));
        let one = parent.one_more(0).unwrap();
        let two = parent.one_more(one).unwrap();
        assert_eq!(child.one_more(two), None);
        assert_eq!(child.one_less(two), None, "what the parent has open is not the child's to close");
        assert_eq!(parent.one_less(two), Some(one));
        let none = parent.one_less(one).unwrap();
        let first = child.one_more(none).unwrap();
        assert_eq!(child.number(first), Some(1));
        assert_eq!(parent.one_more(first), None);
    }
}
