//! Texts that are handed to C, which owns them and gives them back.

use std::ffi::c_char;
use std::ptr;

/// A text that is yours: UTF-8, and a zero byte after its end. Give it back with tenure_free().
#[repr(C)]
#[derive(Debug)]
pub struct tenure_text {
    /// Its first byte. Null once it was given back.
    pub bytes: *mut c_char,
    /// How many bytes it has, without the zero.
    pub len: usize,
}

impl tenure_text {
    pub(crate) fn of(text: String) -> Self {
        let len = text.len();
        let mut bytes = text.into_bytes();
        bytes.push(0);
        Self { bytes: Box::into_raw(bytes.into_boxed_slice()).cast(), len }
    }

    /// Frees what it has, and has nothing then.
    ///
    /// # Safety
    /// It is as [`tenure_text::of`] made it or as this left it, and no copy of it is freed.
    pub(crate) unsafe fn free(&mut self) {
        if !self.bytes.is_null() {
            let bytes = ptr::slice_from_raw_parts_mut(self.bytes.cast::<u8>(), self.len.saturating_add(1));
            // SAFETY: the caller says that it is as it was made: a box of `len` bytes and a zero, still whole.
            drop(unsafe { Box::from_raw(bytes) });
            *self = Self { bytes: ptr::null_mut(), len: 0 };
        }
    }
}
