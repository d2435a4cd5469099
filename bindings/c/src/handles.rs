//! Handles as numbers: C may close one twice, or use one that it never opened, and gets an answer.

use tenure_port::handle::never_opened;
use tenure_port::{Answer, Handle};

use crate::tenure_handle;

/// Every handle there ever was, in the order in which they were opened. It only grows, by some words a handle: what one
/// that was closed had open is gone. There is no lock, for in a forked child a lock may be held by a thread that is not
/// there.
static HANDLES: boxcar::Vec<Handle> = boxcar::Vec::new();

/// What every handle begins with (`tenu`), so that hardly any other number is taken for one.
const MARK: u64 = 0x7465_6e75_0000_0000;

/// The number of a handle from now on.
pub(crate) fn keep(handle: Handle) -> tenure_handle {
    let place = HANDLES.push(handle);
    // No process opens four thousand million of them; what would not fit is no handle.
    u32::try_from(place).map_or(0, |place| MARK | u64::from(place))
}

/// The handle of that number.
pub(crate) fn of(number: tenure_handle) -> Result<&'static Handle, Answer> {
    let place = u32::try_from(number ^ MARK).ok().and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| HANDLES.get(place)).ok_or_else(never_opened)
}
