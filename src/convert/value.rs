//! Conversion of text and bytes for every message. Makes fewer and cheaper calls than napi-rs, and allocates no memory
//! for short texts. Copies bytes that other threads may write, so that they never change under later code.

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr::null_mut;
use std::slice;
use std::sync::atomic::{AtomicU8, Ordering};

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};
use proto::output::{Kind, Message};

/// Converts a message for handlers: to a string or a Buffer, or to an array of pieces if the policy requires them.
/// Returns None if JavaScript has no memory for it, or if the text exceeds the maximum length of a string. Puts short
/// bytes on the shelf, if there is one, and returns their length instead of a Buffer.
///
/// # Safety
///
/// The environment is that of the call running on this thread, and a handle scope is open.
#[inline]
pub(crate) unsafe fn message(
    env: sys::napi_env,
    message: &Message<'_>,
    shelf: &mut Option<Shelf>,
) -> Option<sys::napi_value> {
    // SAFETY: guaranteed by the caller.
    let value = unsafe {
        match (message.cuts, message.kind) {
            (None, Kind::Text) => text(env, message),
            (None, Kind::Binary) => buffer(env, message.payload, shelf),
            (Some(cuts), _) => pieces(env, message, cuts, shelf),
        }
    };
    if value.is_null() {
        let mut exception = null_mut();
        // SAFETY: guaranteed by the caller. The exception comes from our attempt, so the program must not see it.
        unsafe { sys::napi_get_and_clear_last_exception(env, &mut exception) };
        return None;
    }
    Some(value)
}

/// The memory in which one call puts short binary messages. JavaScript makes a Buffer of each: a Buffer with memory of its
/// own costs a microsecond and work for the garbage collector.
pub(crate) struct Shelf {
    memory: sys::napi_value,
    /// The position behind the last message.
    used: usize,
    view: Option<View>,
}

impl Shelf {
    /// Takes a Uint8Array, of which the first `used` bytes are in use. Has no room in any other value.
    pub(crate) fn new(memory: sys::napi_value, used: usize) -> Self {
        Self {
            memory,
            used,
            view: None,
        }
    }

    /// Copies bytes to the next place, which is a multiple of eight. Returns their length, or None if they need memory of
    /// their own: if there is no room, or if they are longer than half of the memory.
    ///
    /// # Safety
    ///
    /// As for [`message`].
    unsafe fn put(&mut self, env: sys::napi_env, bytes: &[u8]) -> Option<u32> {
        let length = u32::try_from(bytes.len()).ok()?;
        if length == 0 {
            return None;
        }
        if self.view.is_none() {
            // SAFETY: guaranteed by the caller.
            self.view = unsafe { View::of(env, self.memory) }.filter(|view| !view.is_shared);
        }
        // SAFETY: no JavaScript has run since the view was read, nothing else refers to the memory, and the slice
        // ends with this function. The memory is not shared.
        let memory = unsafe { self.view.as_ref()?.bytes() };
        // A program that keeps one message keeps the whole memory.
        if bytes.len() > memory.len() / 2 {
            return None;
        }
        let end = self.used.checked_add(bytes.len())?;
        memory.get_mut(self.used..end)?.copy_from_slice(bytes);
        self.used = end.checked_next_multiple_of(8)?;
        Some(length)
    }
}

/// Creates a string. V8 needs three quarters of the time if ASCII is passed as one-byte characters, and a third at 64
/// KiB.
unsafe fn text(env: sys::napi_env, message: &Message<'_>) -> sys::napi_value {
    let mut value = null_mut();
    let text = message.payload;
    let (pointer, length) = (text.as_ptr().cast(), text.len() as isize);
    // SAFETY: guaranteed by the caller; pointer and length are those of a slice, which V8 copies.
    unsafe {
        if message.is_ascii || text.is_ascii() {
            sys::napi_create_string_latin1(env, pointer, length, &mut value);
        } else {
            sys::napi_create_string_utf8(env, pointer, length, &mut value);
        }
    }
    value
}

/// Creates an array: whether the message is text, and its pieces. Returns null if there is no memory for a piece.
unsafe fn pieces(
    env: sys::napi_env,
    message: &Message<'_>,
    cuts: &[usize],
    shelf: &mut Option<Shelf>,
) -> sys::napi_value {
    let mut array = null_mut();
    let mut is_text = null_mut();
    // SAFETY: guaranteed by the caller.
    unsafe {
        sys::napi_create_array(env, &mut array);
        sys::napi_get_boolean(env, message.kind == Kind::Text, &mut is_text);
        sys::napi_set_element(env, array, 0, is_text);
    }
    let mut start = 0;
    for (index, &end) in (1..).zip(cuts.iter().chain([&message.payload.len()])) {
        let piece = message.payload.get(start..end).unwrap_or_default();
        // SAFETY: guaranteed by the caller.
        let piece = unsafe { buffer(env, piece, shelf) };
        if piece.is_null() {
            return null_mut();
        }
        // SAFETY: guaranteed by the caller; the values belong to this scope.
        unsafe { sys::napi_set_element(env, array, index, piece) };
        start = end;
    }
    array
}

/// Creates a Buffer, or puts the bytes on the shelf and returns their length.
unsafe fn buffer(env: sys::napi_env, bytes: &[u8], shelf: &mut Option<Shelf>) -> sys::napi_value {
    let mut value = null_mut();
    let length = shelf.as_mut().and_then(|shelf| {
        // SAFETY: guaranteed by the caller.
        unsafe { shelf.put(env, bytes) }
    });
    if let Some(length) = length {
        // SAFETY: guaranteed by the caller.
        unsafe { sys::napi_create_uint32(env, length, &mut value) };
        return value;
    }
    // SAFETY: guaranteed by the caller; pointer and length are those of a slice, which N-API copies.
    unsafe {
        let pointer = bytes.as_ptr().cast();
        sys::napi_create_buffer_copy(env, bytes.len(), pointer, null_mut(), &mut value);
    }
    value
}

/// Runs the body with a string's UTF-8, in which U+FFFD replaces lone surrogates. Returns None if the value is not a
/// string. Throws a RangeError if there is no memory for it.
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
    // SAFETY: guaranteed by the caller; the array has the stated size.
    let status = unsafe {
        let room = units.as_mut_ptr().cast();
        sys::napi_get_value_string_utf16(env, value, room, SHORT, &mut length)
    };
    if status != sys::Status::napi_ok {
        return None;
    }
    // One place is for the terminator: a string that fills all others may be longer.
    if length < SHORT - 1 {
        // SAFETY: N-API has written this many units.
        let units = unsafe { slice::from_raw_parts(units.as_ptr().cast::<u16>(), length) };
        if units.iter().fold(0, |all, unit| all | unit) < 0x80 {
            let mut bytes = [MaybeUninit::<u8>::uninit(); SHORT];
            for (byte, unit) in bytes.iter_mut().zip(units) {
                byte.write(*unit as u8);
            }
            // SAFETY: the loop has written this many bytes.
            let bytes = unsafe { slice::from_raw_parts(bytes.as_ptr().cast::<u8>(), length) };
            return Some(body(bytes));
        }
    }
    // SAFETY: guaranteed by the caller; without a place to write to, N-API returns only the length. Then the vector
    // has the stated capacity, and N-API has written the length that it returns.
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

/// Runs the body with the bytes of a Uint8Array, for example a Buffer. Returns None for any other value.
///
/// # Safety
///
/// As for [`message`]; and `body` runs no JavaScript.
pub(crate) unsafe fn with_bytes<R>(
    env: sys::napi_env,
    value: sys::napi_value,
    body: impl FnOnce(&mut [u8]) -> R,
) -> Option<R> {
    // SAFETY: guaranteed by the caller.
    let view = unsafe { View::of(env, value) }?;
    if view.is_shared {
        // SAFETY: the view has just been read, and no JavaScript has run since.
        return Some(body(&mut unsafe { view.copy() }));
    }
    // SAFETY: as above; memory that is not shared stays in place while no JavaScript runs, and nothing else on this
    // thread refers to it.
    Some(body(unsafe { view.bytes() }))
}

/// Runs the body with the bytes of a Uint8Array, and with other memory to which it writes. Returns None for any other
/// values, for memory that another thread may use, and if one is part of the other.
///
/// # Safety
///
/// As for [`message`].
pub(crate) unsafe fn with_bytes_into<R>(
    env: sys::napi_env,
    bytes: sys::napi_value,
    memory: sys::napi_value,
    body: impl FnOnce(&[u8], &mut [u8]) -> R,
) -> Option<R> {
    // SAFETY: guaranteed by the caller.
    let (from, to) = unsafe { (View::of(env, bytes)?, View::of(env, memory)?) };
    if to.is_shared || from.overlaps(&to) {
        return None;
    }
    if from.is_shared {
        // SAFETY: as in `with_bytes`.
        return Some(unsafe { body(&from.copy(), to.bytes()) });
    }
    // SAFETY: as in `with_bytes`; the two views have no byte in common.
    Some(unsafe { body(from.bytes(), to.bytes()) })
}

/// The bytes of a Uint8Array as an argument of a method, valid during that call.
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
        // SAFETY: guaranteed by napi, which converts the arguments of a running call.
        let view = unsafe { View::of(env, value) }
            .ok_or_else(|| Error::new(Status::InvalidArg, "Expected a Uint8Array"))?;
        // SAFETY: the view has just been read. Methods of the binding run no JavaScript between the conversion of
        // their arguments and their return, and store no argument.
        Ok(Self(unsafe {
            if view.is_shared {
                Cow::Owned(view.copy())
            } else {
                Cow::Borrowed(view.bytes())
            }
        }))
    }
}

/// The location of a Uint8Array's bytes.
struct View {
    pointer: *mut u8,
    length: usize,
    /// Whether the memory is that of a SharedArrayBuffer: another thread may write to it at any time.
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
        // SAFETY: guaranteed by the caller. N-API refuses other values, and provides a buffer only for a typed array.
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

    /// Returns whether the views have a byte in common.
    fn overlaps(&self, other: &Self) -> bool {
        let (start, other_start) = (self.pointer.addr(), other.pointer.addr());
        start < other_start + other.length && other_start < start + self.length
    }

    /// # Safety
    ///
    /// No JavaScript runs, and nothing else refers to the memory, while the slice exists. The memory is not shared.
    unsafe fn bytes<'a>(&self) -> &'a mut [u8] {
        if self.pointer.is_null() || self.length == 0 {
            return &mut [];
        }
        // SAFETY: N-API has returned the location and the length; the caller guarantees that the bytes stay in place.
        unsafe { slice::from_raw_parts_mut(self.pointer, self.length) }
    }

    /// Reads every byte once, so that the bytes stay the same while they are checked, masked and compressed.
    ///
    /// # Safety
    ///
    /// No JavaScript of this thread has run since the view was read.
    unsafe fn copy(&self) -> Vec<u8> {
        // SAFETY: a SharedArrayBuffer never shrinks, so these bytes exist. We refer to them only by these atomic
        // reads; other threads may write at the same time.
        let byte = |at| unsafe { AtomicU8::from_ptr(self.pointer.add(at)).load(Ordering::Relaxed) };
        (0..self.length).map(byte).collect()
    }
}

/// The number of UTF-16 units up to which a string is read at once, and narrowed if it is ASCII. That takes 30 ns for
/// 125 characters. As UTF-8 it takes 110 ns, because V8 measures the string before it writes it.
const SHORT: usize = 1024;
