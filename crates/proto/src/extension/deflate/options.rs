//! The options of permessage-deflate, with the ranges of zlib.
//!
//! `agreement.rs` turns them into headers.

/// The options of the extension.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// The parameters of our compression.
    pub compression: Compression,
    /// Whether our messages are compressed without references to earlier ones.
    pub no_context_takeover: bool,
    /// The maximum window of our messages, as the base-2 logarithm of bytes. Default 15.
    pub max_window_bits: Option<WindowBits>,
    /// Whether the peer is asked to compress without references to earlier messages.
    pub request_no_context_takeover: bool,
    /// The maximum window requested of the peer.
    pub request_max_window_bits: Option<WindowBits>,
    /// The minimum length of compressed messages, in bytes.
    pub threshold: usize,
}

/// The parameters of compression. They are not negotiated, because every inflater accepts the
/// result.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Compression {
    pub(super) level: Option<u8>,
    pub(super) memory_level: Option<u8>,
    pub(super) strategy: Strategy,
}

/// zlib's strategies.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "documented in zlib's manual")]
pub enum Strategy {
    #[default]
    Default,
    Filtered,
    HuffmanOnly,
    Rle,
    Fixed,
}

/// The base-2 logarithm of a window's size, 8 to 15.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WindowBits(u8);

impl Compression {
    /// Creates the parameters from zlib's `level` (0 to 9), `memLevel` (1 to 9) and `strategy`.
    /// Without a level, the length of each message decides. Returns `None` if a value is out of
    /// range.
    #[must_use]
    pub fn new(level: Option<u8>, memory_level: Option<u8>, strategy: u8) -> Option<Self> {
        let strategy = match strategy {
            0 => Strategy::Default,
            1 => Strategy::Filtered,
            2 => Strategy::HuffmanOnly,
            3 => Strategy::Rle,
            4 => Strategy::Fixed,
            _ => return None,
        };
        let in_range = level.is_none_or(|level| level <= 9)
            && memory_level.is_none_or(|level| (1..=9).contains(&level));
        in_range.then_some(Self {
            level,
            memory_level,
            strategy,
        })
    }

    /// Returns zlib's level for a message of this length.
    pub(super) fn level(self, length: usize) -> u8 {
        self.level.unwrap_or(if length <= SMALL {
            SMALL_LEVEL
        } else {
            LARGE_LEVEL
        })
    }

    pub(super) fn memory_level(self) -> u8 {
        self.memory_level.unwrap_or(DEFAULT_MEMORY_LEVEL)
    }

    pub(super) fn strategy(self) -> Strategy {
        self.strategy
    }
}

impl WindowBits {
    /// The largest window, which applies if none is negotiated.
    pub const MAX: Self = Self(15);

    /// Returns `None` outside of 8 to 15.
    #[must_use]
    pub fn new(bits: u8) -> Option<Self> {
        (8..=15).contains(&bits).then_some(Self(bits))
    }

    /// Parses "a decimal integer value without leading zeroes between 8 to 15, inclusive", RFC 7692
    /// §7.1.2.1.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let bits = match value {
            "8" => 8,
            "9" => 9,
            "10" => 10,
            "11" => 11,
            "12" => 12,
            "13" => 13,
            "14" => 14,
            "15" => 15,
            _ => return None,
        };
        Some(Self(bits))
    }

    /// Returns the logarithm.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// Returns the size of the window in bytes.
    pub(super) fn size(self) -> usize {
        1 << self.0
    }
}

/// The levels without an option. At 7, zlib-rs compresses a short message like zlib at its default,
/// 6. The level costs little more than zlib-rs's 6, because most of the cost is elsewhere. At 5, a
/// long message is within 5 % of zlib's result, in two thirds of the time of 6. Measured with JSON
/// of 125 bytes, 1 KiB and 16 KiB.
const SMALL_LEVEL: u8 = 7;
const LARGE_LEVEL: u8 = 5;
/// The maximum length of a small message in bytes.
const SMALL: usize = 4 * 1024;
/// The default of zlib.
const DEFAULT_MEMORY_LEVEL: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_the_ranges_of_zlib() {
        let in_range =
            |level, memory, strategy| Compression::new(level, memory, strategy).is_some();
        for level in 0..=9 {
            assert!(in_range(Some(level), None, 0), "level {level}");
        }
        for memory in 1..=9 {
            assert!(in_range(None, Some(memory), 0), "memory level {memory}");
        }
        for strategy in 0..=4 {
            assert!(in_range(None, None, strategy), "strategy {strategy}");
        }
        for (level, memory, strategy) in [
            (Some(10), None, 0),
            (Some(255), None, 0),
            (None, Some(0), 0),
            (None, Some(10), 0),
            (None, None, 5),
        ] {
            let refused = !in_range(level, memory, strategy);
            assert!(refused, "{level:?}, {memory:?}, {strategy}");
        }
        for bits in [0, 7, 16, 255] {
            assert_eq!(WindowBits::new(bits), None);
        }
    }
}
