//! A pool of spare buffers for each thread.
//!
//! An idle connection keeps no buffer and costs no memory. A busy connection takes buffers from the
//! pool instead of calling the allocator for each batch. New memory also costs one page fault per 4
//! KiB: with messages of 1 MiB, as much time as all other work.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::memory::NoMemory;

thread_local! {
    static SMALL: RefCell<Buffers> = const { RefCell::new(Buffers::new()) };
    static LARGE: RefCell<Buffers> = const { RefCell::new(Buffers::new()) };
    static ROOMS: RefCell<Buffers> = const { RefCell::new(Buffers::new()) };
}

/// The buffers of one kind.
struct Buffers {
    all: Vec<Vec<u8>>,
    /// The sum of their capacities.
    size: usize,
}

impl Buffers {
    const fn new() -> Self {
        Self {
            all: Vec::new(),
            size: 0,
        }
    }

    fn pop(&mut self) -> Option<Vec<u8>> {
        let buffer = self.all.pop()?;
        self.size -= buffer.capacity();
        Some(buffer)
    }

    fn push(&mut self, buffer: Vec<u8>, most: usize, most_size: usize) {
        let size = self.size + buffer.capacity();
        if self.all.len() < most && size <= most_size {
            self.size = size;
            self.all.push(buffer);
        }
    }
}

/// Returns an empty buffer for about `length` bytes, from the pool if possible.
pub(crate) fn take(length: usize) -> Vec<u8> {
    let mut buffer = take_used(length);
    buffer.clear();
    buffer
}

/// Returns a buffer like [`take`], with the bytes of its last use: writing over them costs less than
/// writing zeros first.
pub(crate) fn take_used(length: usize) -> Vec<u8> {
    let spare = if length < LARGE_SIZE { &SMALL } else { &LARGE };
    spare.with_borrow_mut(Buffers::pop).unwrap_or_default()
}

/// Returns [`ROOM`] bytes of any content for one read of a socket, from the pool if possible.
pub(crate) fn take_room() -> Result<Vec<u8>, NoMemory> {
    if let Some(room) = ROOMS.with_borrow_mut(Buffers::pop) {
        return Ok(room);
    }
    let mut room = Vec::new();
    room.try_reserve_exact(ROOM).map_err(|_| NoMemory)?;
    room.resize(ROOM, 0);
    Ok(room)
}

/// Puts a buffer into the pool, or returns its memory to the allocator.
pub(crate) fn put(buffer: &mut Vec<u8>) {
    let buffer = std::mem::take(buffer);
    let (spare, most, most_size) = match buffer.capacity() {
        0 => return,
        ROOM if buffer.len() == ROOM => (&ROOMS, MAX_ROOMS, MAX_ROOMS * ROOM),
        size if size < LARGE_SIZE => (&SMALL, MAX_SMALL, MAX_SMALL_SIZE),
        size if size <= MAX_SIZE => (&LARGE, MAX_LARGE, MAX_LARGE * MAX_SIZE),
        _ => return,
    };
    spare.with_borrow_mut(|spare| spare.push(buffer, most, most_size));
}

/// Releases the excess capacity of a queue after a burst.
pub(crate) fn shrink<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() / MAX_SLACK > queue.len() {
        queue.shrink_to(queue.len().max(IDLE_LENGTH));
    }
}

/// The maximum ratio of capacity to length of a queue or buffer.
pub(crate) const MAX_SLACK: usize = 4;
const IDLE_LENGTH: usize = 16;

const LARGE_SIZE: usize = 32 * 1024;
/// The maximum size of a thread's pool: 1024 small buffers, which are those of a broadcast, with 2 MiB in all, and 3
/// large buffers of at most 4 MiB each.
const MAX_SMALL: usize = 1024;
const MAX_SMALL_SIZE: usize = 2 * 1024 * 1024;
const MAX_LARGE: usize = 3;
/// The number of bytes that one read of a socket requests. The second-level cache of a common processor
/// holds them until they are decoded.
pub(crate) const ROOM: usize = 128 * 1024;
const MAX_ROOMS: usize = 2;
const MAX_SIZE: usize = 4 * 1024 * 1024;
