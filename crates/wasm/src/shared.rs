//! The memory that JavaScript and the module share, and its layout.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::value::Writer;

thread_local! {
    /// Arguments from JavaScript.
    static WINDOW: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// The last answer of `call`.
    static ANSWER: RefCell<Writer> = const { RefCell::new(Writer::new()) };
}

/// Two addresses, or an address and a length, that the last call has placed for JavaScript. The address of `PLACES`
/// itself never changes.
static PLACES: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// Returns the address of `PLACES`.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn places() -> u32 {
    PLACES.as_ptr() as usize as u32
}

/// Places the address of bytes for JavaScript. The second number is an address or a length.
pub(crate) fn place(bytes: *const u8, other: usize) {
    PLACES[0].store(bytes as usize as u32, Ordering::Relaxed);
    PLACES[1].store(other as u32, Ordering::Relaxed);
}

/// Grows the window to that length. Returns its address; 0 if the allocator refuses memory.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn window(length: u32) -> u32 {
    WINDOW.with_borrow_mut(|window| {
        let missing = (length as usize).saturating_sub(window.len());
        if missing > 0 {
            // The previous content is not needed any more.
            let mut fresh = Vec::new();
            *window = Vec::new();
            if fresh.try_reserve_exact(length as usize).is_err() {
                return 0;
            }
            fresh.resize(length as usize, 0);
            *window = fresh;
        }
        window.as_ptr() as usize as u32
    })
}

/// Releases the window's memory.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn close_window() {
    WINDOW.take();
}

/// Calls the body with bytes that JavaScript has written. Returns None if the window is shorter.
pub(crate) fn with_window<R>(length: u32, body: impl FnOnce(&[u8]) -> R) -> Option<R> {
    WINDOW.with_borrow(|window| Some(body(window.get(..length as usize)?)))
}

/// Writes an answer. Returns its length, and places its address.
pub(crate) fn answer(write: impl FnOnce(&mut Writer)) -> u32 {
    ANSWER.with_borrow_mut(|answer| {
        answer.clear();
        write(answer);
        let bytes = answer.bytes();
        place(bytes.as_ptr(), bytes.len());
        bytes.len() as u32
    })
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{ANSWER, WINDOW, window};

    /// Writes arguments as JavaScript does before a call.
    pub(crate) fn write(bytes: &[u8]) -> u32 {
        window(bytes.len() as u32);
        WINDOW.with_borrow_mut(|window| window[..bytes.len()].copy_from_slice(bytes));
        bytes.len() as u32
    }

    /// Returns the answer that JavaScript would read.
    pub(crate) fn answer() -> Vec<u8> {
        ANSWER.with_borrow(|answer| answer.bytes().to_vec())
    }
}
