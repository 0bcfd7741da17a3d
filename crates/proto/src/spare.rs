//! Large buffers between two uses.
//!
//! Fresh memory costs a page fault for every four kilobytes: with messages of a megabyte that is as much
//! as everything else. So each thread keeps a few buffers that connections have given back.

use std::cell::RefCell;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer for so many bytes: a used one, if it is worth while and there is one.
pub(crate) fn take(length: usize) -> Vec<u8> {
    if length < WORTH_WHILE {
        return Vec::new();
    }
    SPARE
        .with_borrow_mut(|spare| spare.pop())
        .unwrap_or_default()
}

/// Empties a buffer, and gives its memory back unless it is as little as `idle`.
pub(crate) fn give(buffer: &mut Vec<u8>, idle: usize) {
    buffer.clear();
    if buffer.capacity() <= idle {
        return;
    }
    let buffer = std::mem::take(buffer);
    if (WORTH_WHILE..=MAX_SIZE).contains(&buffer.capacity()) {
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < MAX_SPARE {
                spare.push(buffer);
            }
        });
    }
}

const WORTH_WHILE: usize = 32 * 1024;
/// What a thread keeps at most: so many of such a size.
const MAX_SPARE: usize = 3;
const MAX_SIZE: usize = 4 * 1024 * 1024;
