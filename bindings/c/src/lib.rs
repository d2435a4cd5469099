//! tenure for C and for whatever calls C: calls and answers as JSON, and a fast way for `holds`.
//!
//! This is the place of the project with `unsafe` in it: here a pointer and a length become a slice. What then
//! happens is [`tenure_port::Handle`]'s; nothing is decided here.

#![expect(unsafe_code, reason = "C hands over pointers")]
#![expect(non_camel_case_types, reason = "these are the names that C has")]
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]

mod handles;
mod text;

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tenure_port::core::time::Timestamp;
use tenure_port::handle::oversized;
use tenure_port::{Answer, Handle};

pub use crate::text::tenure_text;

/// The first number of the version of this header: it moves where a program must be changed.
pub const TENURE_VERSION_MAJOR: u32 = 0;
/// Its second number: before 1.0, it moves where a program must be changed.
pub const TENURE_VERSION_MINOR: u32 = 1;
/// Its third number.
pub const TENURE_VERSION_PATCH: u32 = 0;

/// An open store in one namespace. It is a number; 0 is none.
pub type tenure_handle = u64;

/// What sort of answer it is: the name of the one field that it has.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum tenure_status {
    /// `ok`: what was asked.
    TENURE_OK = 0,
    /// `refused`: the rules say no.
    TENURE_REFUSED = 1,
    /// `invalid`: the call, or the policy, is wrong.
    TENURE_INVALID = 2,
    /// `fault`: the world failed. The rules said neither yes nor no.
    TENURE_FAULT = 3,
}

/// A permission on a resource: texts that end with a zero byte.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tenure_item {
    /// The instance, such as `prod-pg`.
    pub integration: *const c_char,
    /// The type, such as `database`.
    pub r#type: *const c_char,
    /// The name in its integration.
    pub name: *const c_char,
    /// The permission.
    pub permission: *const c_char,
}

/// Whether access is held.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct tenure_verdict {
    /// Whether it is. It never is where the status is not TENURE_OK.
    pub allowed: bool,
    /// Where it is: until when, in milliseconds since 1970-01-01T00:00:00Z. 0 where it is not.
    pub until: i64,
}

/// The version of the library, a text that stays.
#[unsafe(no_mangle)]
pub extern "C" fn tenure_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Opens a store as the `len` bytes of JSON at `config` say: `{"store": "access.db", "policy": "flows.yaml"}`.
///
/// `*handle` is set in any case, and is yours to close. Where the status is not TENURE_OK it answers every call with
/// what was wrong. A null `config` is TENURE_INVALID; with a null `handle` nothing is opened, and that too is
/// TENURE_INVALID.
///
/// # Safety
/// `config` points to `len` bytes, `handle` to where one fits; each may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_open(
    config: *const c_char,
    len: usize,
    handle: *mut tenure_handle,
) -> tenure_status {
    // SAFETY: the caller says that it is null, or points to where a handle fits.
    let Some(handle) = (unsafe { handle.as_mut() }) else { return tenure_status::TENURE_INVALID };
    *handle = 0;
    let opened = guarded(|| {
        // SAFETY: the caller says that these are `len` bytes, or null.
        unsafe { bytes(config, len) }.and_then(Handle::open_bytes)
    });
    let (status, opened) = match opened.and_then(|opened| opened) {
        Ok(opened) => (tenure_status::TENURE_OK, opened),
        Err(why) => (status(&why), Handle::unopened(why)),
    };
    *handle = handles::keep(opened);
    status
}

/// Answers the call that is the `len` bytes of JSON at `call`: `{"call": "look", "grant": "g1"}`.
///
/// `*answer` is set to canonical JSON in any case, and is yours to free; with a null `answer` the status is all that is
/// told. A null `call` is TENURE_INVALID.
///
/// # Safety
/// `call` points to `len` bytes, `answer` to where one fits; each may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_call(
    handle: tenure_handle,
    call: *const c_char,
    len: usize,
    answer: *mut tenure_text,
) -> tenure_status {
    let answered = guarded(|| {
        // SAFETY: the caller says that these are `len` bytes, or null.
        let came = handles::of(handle).and_then(|handle| Ok(handle.ask_bytes(unsafe { bytes(call, len) }?)));
        let came = came.unwrap_or_else(|bad| bad);
        (status(&came), (!answer.is_null()).then(|| came.to_json()))
    });
    let (status, json) = answered.unwrap_or_else(|bad| (status(&bad), Some(bad.to_json())));
    if let Some(json) = json
        && !answer.is_null()
    {
        // SAFETY: it is not null, and the caller says that a text fits there. What was there is not ours to drop.
        unsafe { answer.write(tenure_text::of(json)) };
    }
    status
}

/// Whether `person` may now use that permission on that resource: the call `holds` without JSON. At `*now` milliseconds
/// since 1970-01-01T00:00:00Z, or by the store's clock where `now` is null.
///
/// A no is TENURE_OK with `allowed` false. Where the status is another one it is no yes either, and the call `holds`
/// says why. A null text, one that is no UTF-8, and a null `verdict` are TENURE_INVALID.
///
/// # Safety
/// `person` and the texts of `item` end with a zero byte, `now` points to a number, `verdict` to where one fits; each
/// may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_holds(
    handle: tenure_handle,
    person: *const c_char,
    item: *const tenure_item,
    now: *const i64,
    verdict: *mut tenure_verdict,
) -> tenure_status {
    // SAFETY: the caller says that each is null, or points to what its type says.
    let (item, now, verdict) = unsafe { (item.as_ref(), now.as_ref(), verdict.as_mut()) };
    let Some(verdict) = verdict else { return tenure_status::TENURE_INVALID };
    *verdict = tenure_verdict { allowed: false, until: 0 };
    let Some(item) = item else { return tenure_status::TENURE_INVALID };
    let held = guarded(|| {
        let texts = [person, item.integration, item.r#type, item.name, item.permission];
        // SAFETY: the caller says that each ends with a zero byte, or is null.
        let [Some(person), Some(integration), Some(kind), Some(name), Some(permission)] =
            texts.map(|text| unsafe { ended(text) })
        else {
            return Err(tenure_status::TENURE_INVALID);
        };
        let now = now.copied().map(Timestamp::from_millis);
        handles::of(handle)
            .and_then(|handle| handle.holds(person, integration, kind, name, permission, now))
            .map_err(|bad| status(&bad))
    });
    match held.unwrap_or(Err(tenure_status::TENURE_FAULT)) {
        Ok(held) => {
            let until = held.until.map_or(0, Timestamp::millis);
            *verdict = tenure_verdict { allowed: held.allowed, until };
            tenure_status::TENURE_OK
        }
        Err(status) => status,
    }
}

/// Closes a handle once the calls that are in flight on it have their answers. Every later call answers that it is
/// closed. Closing again, or what never was a handle, is TENURE_FAULT, and nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn tenure_close(handle: tenure_handle) -> tenure_status {
    let closed = guarded(|| handles::of(handle).map_or_else(|bad| bad, Handle::close));
    status(&closed.unwrap_or_else(|bad| bad))
}

/// Gives a text back and empties it. A null one, and one that was given back, is nothing to give back.
///
/// # Safety
/// `text` is null, or points to a text as it was given, of which no copy is given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_free(text: *mut tenure_text) {
    // SAFETY: the caller says that it is null, or points to a text.
    if let Some(text) = unsafe { text.as_mut() } {
        // SAFETY: the caller says that it is as it was given.
        unsafe { text.free() };
    }
}

/// Nothing unwinds into C.
fn guarded<A>(what: impl FnOnce() -> A) -> Result<A, Answer> {
    catch_unwind(AssertUnwindSafe(what)).map_err(|_| tenure_port::handle::panicked())
}

const fn status(answer: &Answer) -> tenure_status {
    match answer {
        Answer::Ok(_) => tenure_status::TENURE_OK,
        Answer::Refused(_) => tenure_status::TENURE_REFUSED,
        Answer::Invalid(_) => tenure_status::TENURE_INVALID,
        Answer::Fault(_) => tenure_status::TENURE_FAULT,
    }
}

/// What was handed over; nothing is read of what is too large, for its length may be anything.
///
/// # Safety
/// `start` is null, or points to `len` bytes that stay for `'a`.
unsafe fn bytes<'a>(start: *const c_char, len: usize) -> Result<&'a [u8], Answer> {
    match oversized(len) {
        Some(answer) => Err(answer),
        // What is not there is empty, and that is no JSON.
        None if start.is_null() => Ok(&[]),
        // SAFETY: it is not null, `len` is far below `isize::MAX`, and the caller says that they are there.
        None => Ok(unsafe { std::slice::from_raw_parts(start.cast(), len) }),
    }
}

/// A text that ends with a zero byte, where it is UTF-8.
///
/// # Safety
/// `start` is null, or points to bytes that end with a zero and stay for `'a`.
unsafe fn ended<'a>(start: *const c_char) -> Option<&'a str> {
    if start.is_null() {
        return None;
    }
    // SAFETY: it is not null, and the caller says that it ends.
    unsafe { CStr::from_ptr(start) }.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r39_a_panic_in_a_call_is_a_fault_and_the_next_call_is_answered() {
        let bad = guarded(|| -> tenure_status { panic!("told to") }).unwrap_err();
        assert_eq!(status(&bad), tenure_status::TENURE_FAULT);
        assert!(bad.to_json().starts_with(r#"{"fault":{"code":"panicked","#), "{}", bad.to_json());
        assert_eq!(guarded(|| tenure_status::TENURE_OK).unwrap(), tenure_status::TENURE_OK);
    }
}
