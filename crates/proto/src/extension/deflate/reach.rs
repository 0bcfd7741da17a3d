//! The part of the history with which a compressor is primed.
//!
//! Priming costs about a nanosecond per byte, so it should not go back further than it improves
//! compression. The best length depends on the messages: a ticker repeats itself in each message,
//! while other programs repeat a document occasionally. `Reach` therefore measures the connection's
//! own messages, and repeats the measurement from time to time. The deflater compresses.

use super::options::WindowBits;

/// The reach of a connection's messages.
#[derive(Debug)]
pub(super) struct Reach {
    window: usize,
    /// The longest reach considered. Most connections need less than half a window, and quiet
    /// connections should not keep more.
    longest: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Fills the history to the longest reach before a measurement.
    Filling,
    /// Compresses a few messages with each reach. Contains the bytes per reach so far.
    Measuring {
        sizes: [usize; REACHES.len()],
        messages: u32,
    },
    /// Uses a reach until `left` bytes have been sent.
    Settled { reach: usize, left: usize },
}

impl Reach {
    pub(super) fn new(window: WindowBits) -> Self {
        let window = window.size();
        let state = if window > REACHES[0] {
            State::Filling
        } else {
            // The window allows only one reach.
            State::Settled {
                reach: window,
                left: usize::MAX,
            }
        };
        Self {
            window,
            longest: window.min(FIRST_LONGEST),
            state,
        }
    }

    /// Returns the reach for the next message.
    pub(super) fn bytes(&self) -> usize {
        match self.state {
            State::Filling | State::Measuring { .. } => REACHES[1].min(self.window),
            State::Settled { reach, .. } => reach,
        }
    }

    /// Returns the number of bytes to keep in the history.
    pub(super) fn needed(&self) -> usize {
        match self.state {
            State::Filling | State::Measuring { .. } => self.longest,
            State::Settled { reach, .. } => reach,
        }
    }

    /// Returns the reaches to measure with the next message, if a measurement is due.
    pub(super) fn candidates(&self) -> Option<[usize; REACHES.len()]> {
        let is_measuring = matches!(self.state, State::Measuring { .. });
        is_measuring.then(|| REACHES.map(|reach| reach.min(self.longest)))
    }

    /// Records the compressed size for each candidate.
    pub(super) fn measured(&mut self, found: [usize; REACHES.len()]) {
        let State::Measuring { sizes, messages } = &mut self.state else {
            return;
        };
        for (size, found) in sizes.iter_mut().zip(found) {
            *size += found;
        }
        *messages += 1;
        if *messages < MEASURED_MESSAGES {
            return;
        }
        let best = sizes.iter().copied().min().unwrap_or_default();
        let good_enough = |size: usize| size * 100 <= best * (100 + TOLERANCE);
        let reach = REACHES
            .into_iter()
            .zip(*sizes)
            .find_map(|(reach, size)| good_enough(size).then_some(reach));
        let reach = reach.unwrap_or(self.longest).min(self.longest);
        self.state = if reach == self.longest && reach < self.window {
            // A longer reach may be better still.
            State::Filling
        } else {
            State::Settled {
                reach,
                left: MEASURED_AGAIN,
            }
        };
        self.longest = self.window;
    }

    /// Records a sent message, and the current length of the history.
    pub(super) fn sent(&mut self, length: usize, history_length: usize) {
        match &mut self.state {
            State::Filling if history_length >= self.longest => {
                self.state = State::Measuring {
                    sizes: [0; REACHES.len()],
                    messages: 0,
                };
            }
            State::Settled { left, .. } => match left.checked_sub(length) {
                Some(rest) => *left = rest,
                None => self.state = State::Filling,
            },
            State::Filling | State::Measuring { .. } => {}
        }
    }
}

/// The candidates in bytes, ascending. The last is the largest window.
const REACHES: [usize; 4] = [4 * 1024, 8 * 1024, 16 * 1024, 32 * 1024];
const MEASURED_MESSAGES: u32 = 8;
/// The longest reach of the first measurement.
const FIRST_LONGEST: usize = 16 * 1024;
/// The accepted loss of a shorter reach in per cent. By this margin, zlib-rs with the longest reach
/// compresses better than zlib.
const TOLERANCE: usize = 5;
/// The bytes between measurements. A measurement costs as much as about fifty messages.
const MEASURED_AGAIN: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends messages of 1 KiB until the reach is settled, with these sizes as the compressor's
    /// results.
    fn settle(reach: &mut Reach, sizes: [usize; REACHES.len()]) -> usize {
        let mut history_length = 0;
        for _ in 0..10_000 {
            if reach.candidates().is_some() {
                reach.measured(sizes);
            }
            history_length = (history_length + 1024).min(reach.needed());
            reach.sent(1024, history_length);
            if matches!(reach.state, State::Settled { .. }) {
                return reach.bytes();
            }
        }
        panic!("the reach is never settled")
    }

    #[test]
    fn the_reach_is_the_shortest_within_the_tolerance() {
        let cases = [
            ("all the same", [100, 100, 100, 100], 4 * 1024),
            ("within the tolerance", [105, 102, 101, 100], 4 * 1024),
            ("a little more", [106, 103, 101, 100], 8 * 1024),
            ("repeated after 10 KiB", [900, 900, 100, 100], 16 * 1024),
            ("repeated after 20 KiB", [900, 900, 900, 100], 32 * 1024),
            ("the shortest is best", [99, 100, 100, 100], 4 * 1024),
        ];
        for (name, sizes, expected) in cases {
            let mut reach = Reach::new(WindowBits::MAX);
            assert_eq!(settle(&mut reach, sizes), expected, "{name}");
            assert_eq!(reach.needed(), expected, "{name}");
        }
    }

    #[test]
    fn the_reach_stays_within_the_window() {
        for bits in 8..=15 {
            let window = WindowBits::new(bits).unwrap();
            let mut reach = Reach::new(window);
            assert!(reach.bytes() <= window.size());
            assert!(settle(&mut reach, [900, 900, 900, 100]) <= window.size());
            assert!(reach.needed() <= window.size(), "{bits}");
        }
    }

    #[test]
    fn the_measurement_is_repeated_after_a_megabyte() {
        let mut reach = Reach::new(WindowBits::MAX);
        assert_eq!(settle(&mut reach, [100; 4]), 4 * 1024);
        reach.sent(MEASURED_AGAIN + 1, 4 * 1024);
        assert_eq!(reach.needed(), 32 * 1024);
        assert_eq!(settle(&mut reach, [900, 900, 900, 100]), 32 * 1024);
    }
}
