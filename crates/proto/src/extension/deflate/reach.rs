//! How much of what was sent a compressor is primed with.
//!
//! Priming costs about a nanosecond a byte, so it should reach no further back than pays. That depends
//! on the messages: a ticker repeats itself in every message, other programs repeat a document now and
//! then. So it is measured, on the connection's own messages, and again from time to time.
//!
//! Knows what reaches have cost and when to measure. Does not compress.

use super::options::WindowBits;

/// How far back a connection's messages refer.
#[derive(Debug)]
pub(super) struct Reach {
    window: usize,
    /// The longest reach that is considered. Most connections need less than half of a window, and those
    /// that say little should not remember more.
    longest: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Remembering as much as the longest reach, to have a choice.
    Filling,
    /// Compressing a few messages with every reach. Bytes per reach so far.
    Measuring {
        sizes: [usize; REACHES.len()],
        messages: u32,
    },
    /// Bytes that may be sent until it is measured again.
    Settled { reach: usize, left: usize },
}

impl Reach {
    pub(super) fn new(window: WindowBits) -> Self {
        let window = window.size();
        let state = if window > REACHES[0] {
            State::Filling
        } else {
            // There is nothing to choose.
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

    /// The reach for the next message.
    pub(super) fn bytes(&self) -> usize {
        match self.state {
            State::Filling | State::Measuring { .. } => REACHES[1].min(self.window),
            State::Settled { reach, .. } => reach,
        }
    }

    /// How much has to be remembered.
    pub(super) fn needed(&self) -> usize {
        match self.state {
            State::Filling | State::Measuring { .. } => self.longest,
            State::Settled { reach, .. } => reach,
        }
    }

    /// The reaches to compress the next message with, if this is to be measured.
    pub(super) fn candidates(&self) -> Option<[usize; REACHES.len()]> {
        let is_measuring = matches!(self.state, State::Measuring { .. });
        is_measuring.then(|| REACHES.map(|reach| reach.min(self.longest)))
    }

    /// What each candidate has come to.
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
            // More may be better still.
            State::Filling
        } else {
            State::Settled {
                reach,
                left: MEASURED_AGAIN,
            }
        };
        self.longest = self.window;
    }

    /// A message was sent, and so much is remembered now.
    pub(super) fn sent(&mut self, length: usize, remembered: usize) {
        match &mut self.state {
            State::Filling if remembered >= self.longest => {
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

/// Bytes, ascending. The last one is the largest window.
const REACHES: [usize; 4] = [4 * 1024, 8 * 1024, 16 * 1024, 32 * 1024];
const MEASURED_MESSAGES: u32 = 8;
/// What is considered at first.
const FIRST_LONGEST: usize = 16 * 1024;
/// Per cent that a shorter reach may cost. So much is zlib-rs better at the level that is used with the
/// longest reach than zlib.
const TOLERANCE: usize = 5;
/// Bytes. To measure costs as much as to send some fifty messages.
const MEASURED_AGAIN: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends messages of 1 KiB until the reach has been chosen, as a compressor with these sizes would.
    fn settle(reach: &mut Reach, sizes: [usize; REACHES.len()]) -> usize {
        let mut remembered = 0;
        for _ in 0..10_000 {
            if reach.candidates().is_some() {
                reach.measured(sizes);
            }
            remembered = (remembered + 1024).min(reach.needed());
            reach.sent(1024, remembered);
            if matches!(reach.state, State::Settled { .. }) {
                return reach.bytes();
            }
        }
        panic!("never settled")
    }

    #[test]
    fn reaches_no_further_than_pays() {
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
    fn never_reaches_beyond_the_window() {
        for bits in 8..=15 {
            let window = WindowBits::new(bits).unwrap();
            let mut reach = Reach::new(window);
            assert!(reach.bytes() <= window.size());
            assert!(settle(&mut reach, [900, 900, 900, 100]) <= window.size());
            assert!(reach.needed() <= window.size(), "{bits}");
        }
    }

    #[test]
    fn measures_again_when_messages_may_have_changed() {
        let mut reach = Reach::new(WindowBits::MAX);
        assert_eq!(settle(&mut reach, [100; 4]), 4 * 1024);
        reach.sent(MEASURED_AGAIN + 1, 4 * 1024);
        assert_eq!(reach.needed(), 32 * 1024);
        assert_eq!(settle(&mut reach, [900, 900, 900, 100]), 32 * 1024);
    }
}
