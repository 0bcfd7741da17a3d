//! Buffers between two uses.
//!
//! A connection that has nothing to keep has no buffer: idle ones cost nothing, and busy ones do not ask
//! the allocator for every batch. Fresh memory also costs a page fault for every four kilobytes: with
//! messages of a megabyte that is as much as everything else. So each thread keeps some buffers that
//! connections have given back.

use std::cell::RefCell;
use std::collections::VecDeque;

thread_local! {
    static SMALL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static LARGE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer for about so many bytes: a used one, if there is one.
pub(crate) fn take(length: usize) -> Vec<u8> {
    let spare = if length < LARGE_SIZE { &SMALL } else { &LARGE };
    spare.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Empties a buffer, and gives its memory back.
pub(crate) fn give(buffer: &mut Vec<u8>) {
    let mut buffer = std::mem::take(buffer);
    buffer.clear();
    let (spare, most) = match buffer.capacity() {
        0 => return,
        size if size < LARGE_SIZE => (&SMALL, MAX_SMALL),
        size if size <= MAX_SIZE => (&LARGE, MAX_LARGE),
        _ => return,
    };
    spare.with_borrow_mut(|spare| {
        if spare.len() < most {
            spare.push(buffer);
        }
    });
}

/// Gives back the memory that a burst has left to a queue.
pub(crate) fn shrink<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() / MAX_SLACK > queue.len() {
        queue.shrink_to(queue.len().max(IDLE_LENGTH));
    }
}

/// What waits has room for at most so many times its length.
pub(crate) const MAX_SLACK: usize = 4;
const IDLE_LENGTH: usize = 16;

const LARGE_SIZE: usize = 32 * 1024;
/// What a thread keeps at most: so many small buffers, in all two megabytes; and so many large ones, of
/// such a size.
const MAX_SMALL: usize = 64;
const MAX_LARGE: usize = 3;
const MAX_SIZE: usize = 4 * 1024 * 1024;
