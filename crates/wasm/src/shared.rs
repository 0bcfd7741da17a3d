//! Memory that JavaScript and the module share, and where in it what is.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::value::Writer;

thread_local! {
    /// What JavaScript writes arguments to.
    static WINDOW: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// What `call` has answered last.
    static ANSWER: RefCell<Writer> = const { RefCell::new(Writer::new()) };
}

/// Addresses and a length of what the last call has left for JavaScript. Their own address never changes.
static PLACES: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// Where `PLACES` are.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn places() -> u32 {
    PLACES.as_ptr() as usize as u32
}

/// Tells JavaScript where something is. The second number is an address or a length.
pub(crate) fn place(bytes: *const u8, other: usize) {
    PLACES[0].store(bytes as usize as u32, Ordering::Relaxed);
    PLACES[1].store(other as u32, Ordering::Relaxed);
}

/// Makes the window that long, or longer if it is. Returns its address; 0 when there is no memory for it.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn window(length: u32) -> u32 {
    WINDOW.with_borrow_mut(|window| {
        let missing = (length as usize).saturating_sub(window.len());
        if missing > 0 {
            // What was in it is not needed any more.
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

/// Gives the window's memory back.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn close_window() {
    WINDOW.take();
}

/// Lends what JavaScript has written. None when the window is shorter.
pub(crate) fn with_window<R>(length: u32, body: impl FnOnce(&[u8]) -> R) -> Option<R> {
    WINDOW.with_borrow(|window| Some(body(window.get(..length as usize)?)))
}

/// Has an answer written. Returns its length, and places its address.
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

    /// Does what JavaScript does before a call.
    pub(crate) fn write(bytes: &[u8]) -> u32 {
        window(bytes.len() as u32);
        WINDOW.with_borrow_mut(|window| window[..bytes.len()].copy_from_slice(bytes));
        bytes.len() as u32
    }

    /// What JavaScript would read.
    pub(crate) fn answer() -> Vec<u8> {
        ANSWER.with_borrow(|answer| answer.bytes().to_vec())
    }
}
