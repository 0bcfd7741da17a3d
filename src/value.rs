//! Text and bytes from JavaScript and to it, for what happens to every message: fewer and cheaper calls
//! than the conversions of napi-rs, and no allocation for short texts.

use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::slice;

use napi::sys;
use proto::output::{Kind, Message};

/// A message as handlers get it: a string or a Buffer.
///
/// # Safety
///
/// The environment is that of this thread's call under way, and a handle scope is open.
pub(crate) unsafe fn message(env: sys::napi_env, message: &Message<'_>) -> sys::napi_value {
    // SAFETY: the caller's.
    unsafe {
        match message.kind {
            Kind::Text => text(env, message.payload),
            Kind::Binary => buffer(env, message.payload),
        }
    }
}

/// A string. Of ASCII, V8 makes it in three quarters of the time from one-byte characters, and in a third
/// at 64 KiB.
unsafe fn text(env: sys::napi_env, text: &[u8]) -> sys::napi_value {
    let mut value = null_mut();
    let (pointer, length) = (text.as_ptr().cast(), text.len() as isize);
    // SAFETY: the caller's; pointer and length are those of a slice, which is copied.
    unsafe {
        if text.is_ascii() {
            sys::napi_create_string_latin1(env, pointer, length, &mut value);
        } else {
            sys::napi_create_string_utf8(env, pointer, length, &mut value);
        }
    }
    value
}

unsafe fn buffer(env: sys::napi_env, bytes: &[u8]) -> sys::napi_value {
    let mut value = null_mut();
    // SAFETY: the caller's; pointer and length are those of a slice, which is copied.
    unsafe {
        let pointer = bytes.as_ptr().cast();
        sys::napi_create_buffer_copy(env, bytes.len(), pointer, null_mut(), &mut value);
    }
    value
}

/// Lends a string's UTF-8, with U+FFFD for lone surrogates. None for anything that is no string.
///
/// # Safety
///
/// As for [`message`].
pub(crate) unsafe fn with_text<R>(
    env: sys::napi_env,
    value: sys::napi_value,
    body: impl FnOnce(&[u8]) -> R,
) -> Option<R> {
    let mut units = [MaybeUninit::<u16>::uninit(); SHORT];
    let mut length = 0;
    // SAFETY: the caller's; the array has the room that it is said to have.
    let status = unsafe {
        let room = units.as_mut_ptr().cast();
        sys::napi_get_value_string_utf16(env, value, room, SHORT, &mut length)
    };
    if status != sys::Status::napi_ok {
        return None;
    }
    // One place is the terminator's: a string that fills all others may go on.
    if length < SHORT - 1 {
        // SAFETY: N-API has written so many.
        let units = unsafe { slice::from_raw_parts(units.as_ptr().cast::<u16>(), length) };
        if units.iter().fold(0, |all, unit| all | unit) < 0x80 {
            let mut bytes = [MaybeUninit::<u8>::uninit(); SHORT];
            for (byte, unit) in bytes.iter_mut().zip(units) {
                byte.write(*unit as u8);
            }
            // SAFETY: the loop has written so many.
            let bytes = unsafe { slice::from_raw_parts(bytes.as_ptr().cast::<u8>(), length) };
            return Some(body(bytes));
        }
    }
    // SAFETY: the caller's; without a place to write to, the length is all that is asked for. Then the
    // vector has the room that it is said to have, and N-API has written what it says.
    unsafe {
        sys::napi_get_value_string_utf8(env, value, null_mut(), 0, &mut length);
        let mut bytes = Vec::<u8>::with_capacity(length + 1);
        let room = bytes.as_mut_ptr().cast();
        sys::napi_get_value_string_utf8(env, value, room, length + 1, &mut length);
        bytes.set_len(length);
        Some(body(&bytes))
    }
}

/// Lends a Buffer's bytes. None for anything that is none.
///
/// # Safety
///
/// As for [`message`]; and `body` runs no JavaScript.
pub(crate) unsafe fn with_bytes<R>(
    env: sys::napi_env,
    value: sys::napi_value,
    body: impl FnOnce(&mut [u8]) -> R,
) -> Option<R> {
    let mut is_buffer = false;
    let (mut pointer, mut length) = (null_mut(), 0);
    // SAFETY: the caller's. What is no view of bytes would end the process in the second call.
    unsafe {
        sys::napi_is_buffer(env, value, &mut is_buffer);
        if !is_buffer
            || sys::napi_get_buffer_info(env, value, &mut pointer, &mut length)
                != sys::Status::napi_ok
        {
            return None;
        }
    }
    if pointer.is_null() || length == 0 {
        return Some(body(&mut []));
    }
    // SAFETY: a view's memory stays while no JavaScript runs, and nobody else of this thread has it now.
    Some(body(unsafe {
        slice::from_raw_parts_mut(pointer.cast::<u8>(), length)
    }))
}

/// Units of UTF-16 up to which a string is read at once, and narrowed if it is ASCII: 30 ns for 125
/// characters, and 110 as UTF-8, which V8 measures before it writes it.
const SHORT: usize = 1024;
