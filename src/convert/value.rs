//! Text and bytes from JavaScript and to it, for what happens to every message: fewer and cheaper calls
//! than the conversions of napi-rs, and no allocation for short texts. Bytes that other threads may write
//! are copied here, so that nothing behind this module sees them change.

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr::null_mut;
use std::slice;
use std::sync::atomic::{AtomicU8, Ordering};

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};
use proto::output::{Kind, Message};

/// A message as handlers get it: a string or a Buffer, or an array of its pieces where the policy asks for them. None when JavaScript has no memory for it, or its strings
/// are never that long.
///
/// # Safety
///
/// The environment is that of this thread's call under way, and a handle scope is open.
#[inline]
pub(crate) unsafe fn message(env: sys::napi_env, message: &Message<'_>) -> Option<sys::napi_value> {
    // SAFETY: the caller's.
    let value = unsafe {
        match (message.cuts, message.kind) {
            (None, Kind::Text) => text(env, message.payload),
            (None, Kind::Binary) => buffer(env, message.payload),
            (Some(cuts), _) => pieces(env, message, cuts),
        }
    };
    if value.is_null() {
        let mut exception = null_mut();
        // SAFETY: the caller's. An exception of that attempt is not the program's.
        unsafe { sys::napi_get_and_clear_last_exception(env, &mut exception) };
        return None;
    }
    Some(value)
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

/// An array: whether the message is text, and its pieces. Null when there is no memory for one of them.
unsafe fn pieces(env: sys::napi_env, message: &Message<'_>, cuts: &[usize]) -> sys::napi_value {
    let mut array = null_mut();
    let mut is_text = null_mut();
    // SAFETY: the caller's.
    unsafe {
        sys::napi_create_array(env, &mut array);
        sys::napi_get_boolean(env, message.kind == Kind::Text, &mut is_text);
        sys::napi_set_element(env, array, 0, is_text);
    }
    let mut start = 0;
    for (index, &end) in (1..).zip(cuts.iter().chain([&message.payload.len()])) {
        let piece = message.payload.get(start..end).unwrap_or_default();
        // SAFETY: the caller's.
        let piece = unsafe { buffer(env, piece) };
        if piece.is_null() {
            return null_mut();
        }
        // SAFETY: the caller's; the values are of this scope.
        unsafe { sys::napi_set_element(env, array, index, piece) };
        start = end;
    }
    array
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

/// Lends a string's UTF-8, with U+FFFD for lone surrogates. None for anything that is no string. Throws a
/// RangeError when there is no memory for it.
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
        let mut bytes = Vec::<u8>::new();
        if bytes.try_reserve_exact(length + 1).is_err() {
            sys::napi_throw_range_error(env, null_mut(), c"Out of memory".as_ptr());
            return None;
        }
        let room = bytes.as_mut_ptr().cast();
        sys::napi_get_value_string_utf8(env, value, room, length + 1, &mut length);
        bytes.set_len(length);
        Some(body(&bytes))
    }
}

/// Lends the bytes of a Uint8Array, of which a Buffer is one. None for anything else.
///
/// # Safety
///
/// As for [`message`]; and `body` runs no JavaScript.
pub(crate) unsafe fn with_bytes<R>(
    env: sys::napi_env,
    value: sys::napi_value,
    body: impl FnOnce(&mut [u8]) -> R,
) -> Option<R> {
    // SAFETY: the caller's.
    let view = unsafe { View::of(env, value) }?;
    if view.is_shared {
        // SAFETY: the view has just been looked at, and no JavaScript has run.
        return Some(body(&mut unsafe { view.copy() }));
    }
    // SAFETY: likewise; memory that is not shared stays while no JavaScript runs, and nothing else of this
    // thread has a reference to it now.
    Some(body(unsafe { view.bytes() }))
}

/// The bytes of a Uint8Array as an argument of a method, for the time of that call.
pub struct Bytes<'call>(Cow<'call, [u8]>);

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl TypeName for Bytes<'_> {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Bytes<'_> {}

impl FromNapiValue for Bytes<'_> {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: napi's, which converts the arguments of a call under way.
        let view = unsafe { View::of(env, value) }
            .ok_or_else(|| Error::new(Status::InvalidArg, "Expected a Uint8Array"))?;
        // SAFETY: the view has just been looked at. Methods of the binding run no JavaScript between the
        // conversion of their arguments and their return, and keep none.
        Ok(Self(unsafe {
            if view.is_shared {
                Cow::Owned(view.copy())
            } else {
                Cow::Borrowed(view.bytes())
            }
        }))
    }
}

/// Where a Uint8Array has its bytes.
struct View {
    pointer: *mut u8,
    length: usize,
    /// The memory is that of a SharedArrayBuffer: another thread may write to it at any time.
    is_shared: bool,
}

impl View {
    /// # Safety
    ///
    /// As for [`message`].
    unsafe fn of(env: sys::napi_env, value: sys::napi_value) -> Option<Self> {
        let (mut kind, mut length, mut offset) = (0, 0, 0);
        let (mut pointer, mut buffer) = (null_mut(), null_mut());
        let mut is_own = false;
        // SAFETY: the caller's. N-API refuses what is no typed array, and only of one there is a buffer.
        unsafe {
            let status = sys::napi_get_typedarray_info(
                env,
                value,
                &mut kind,
                &mut length,
                &mut pointer,
                &mut buffer,
                &mut offset,
            );
            if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
                return None;
            }
            sys::napi_is_arraybuffer(env, buffer, &mut is_own);
        }
        Some(Self {
            pointer: pointer.cast(),
            length,
            is_shared: !is_own,
        })
    }

    /// # Safety
    ///
    /// No JavaScript runs, and nothing else refers to the memory, while the slice is there. It is not shared.
    unsafe fn bytes<'a>(&self) -> &'a mut [u8] {
        if self.pointer.is_null() || self.length == 0 {
            return &mut [];
        }
        // SAFETY: N-API has said where the bytes are and how many; the caller, that they stay.
        unsafe { slice::from_raw_parts_mut(self.pointer, self.length) }
    }

    /// Reads every byte once: what is checked, masked and compressed must stay the same meanwhile.
    ///
    /// # Safety
    ///
    /// No JavaScript of this thread has run since the view was looked at.
    unsafe fn copy(&self) -> Vec<u8> {
        // SAFETY: a SharedArrayBuffer never shrinks, so these bytes are there. Nothing of ours refers to them
        // but these atomic reads, which other threads may write beside.
        let byte = |at| unsafe { AtomicU8::from_ptr(self.pointer.add(at)).load(Ordering::Relaxed) };
        (0..self.length).map(byte).collect()
    }
}

/// Units of UTF-16 up to which a string is read at once, and narrowed if it is ASCII: 30 ns for 125
/// characters, and 110 as UTF-8, which V8 measures before it writes it.
const SHORT: usize = 1024;
