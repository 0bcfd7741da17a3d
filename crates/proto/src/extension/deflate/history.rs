//! The last bytes of one direction of a connection, up to a limit.

/// The last bytes of a stream. A ring when it is full.
#[derive(Debug)]
pub(super) struct History {
    limit: usize,
    bytes: Vec<u8>,
    /// The position of the oldest byte.
    start: usize,
}

impl History {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: Vec::new(),
            start: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Appends bytes and discards the oldest bytes above the limit.
    pub(super) fn extend(&mut self, new: &[u8]) {
        let new = newest(new, self.limit);
        let room = (self.limit - self.bytes.len()).min(new.len());
        if room > 0 {
            // A history that is not full starts at 0.
            self.grow(room);
            self.bytes
                .extend_from_slice(new.get(..room).unwrap_or_default());
        }
        let mut rest = new.get(room..).unwrap_or_default();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.bytes.len() - self.start));
            if let Some(oldest) = self.bytes.get_mut(self.start..self.start + now.len()) {
                oldest.copy_from_slice(now);
            }
            self.start = (self.start + now.len()) % self.bytes.len().max(1);
            rest = later;
        }
    }

    /// Returns the last `length` bytes in order, as two slices.
    pub(super) fn last(&self, length: usize) -> [&[u8]; 2] {
        let (newer, older) = self.bytes.split_at(self.start);
        let newer = newest(newer, length);
        [newest(older, length - newer.len()), newer]
    }

    /// Changes the limit and discards the oldest bytes above it.
    pub(super) fn set_limit(&mut self, limit: usize) {
        if limit != self.limit {
            self.bytes = self.last(limit).concat();
            self.start = 0;
            self.limit = limit;
        }
    }

    /// Reserves memory in steps, because most connections carry less than the limit.
    fn grow(&mut self, room: usize) {
        let needed = self.bytes.len() + room;
        if needed > self.bytes.capacity() {
            let capacity = needed.next_multiple_of(STEP).min(self.limit);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
    }
}

fn newest(bytes: &[u8], length: usize) -> &[u8] {
    bytes
        .get(bytes.len().saturating_sub(length)..)
        .unwrap_or_default()
}

const STEP: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_contains_the_last_bytes_for_pieces_of_any_size() {
        let text: Vec<u8> = (0..250).collect();
        for limit in [0, 1, 7, 64, 300] {
            for size in [1, 3, 10, 64, 65, 250] {
                let mut history = History::new(limit);
                let mut seen = 0;
                for piece in text.chunks(size) {
                    history.extend(piece);
                    seen += piece.len();
                    for length in [0, 1.min(limit), limit / 2, limit] {
                        let expected = newest(&text[..seen], length);
                        assert_eq!(
                            history.last(length).concat(),
                            expected,
                            "limit {limit}, pieces of {size}, the last {length}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_new_limit_keeps_the_newest_bytes() {
        let mut history = History::new(8);
        history.extend(b"0123456789");
        history.set_limit(4);
        assert_eq!(history.last(8).concat(), b"6789");
        history.extend(b"a");
        assert_eq!(history.last(8).concat(), b"789a");
        history.set_limit(6);
        history.extend(b"bc");
        assert_eq!(history.last(8).concat(), b"789abc");
        history.extend(b"d");
        assert_eq!(history.last(8).concat(), b"89abcd");
    }

    #[test]
    fn the_history_reserves_less_than_a_step_too_much() {
        let mut history = History::new(32 * 1024);
        for _ in 0..100 {
            history.extend(&[7; 999]);
            let needed = history.len();
            assert!(history.bytes.capacity() < needed + STEP, "{needed}");
        }
        assert_eq!(history.bytes.capacity(), 32 * 1024);
    }
}
