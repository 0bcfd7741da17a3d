//! What an application wants of permessage-deflate.
//!
//! Knows which numbers zlib takes. Does not know what is said of them in headers: see `agreement.rs`.

/// What the application wants of the extension.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// How hard we compress.
    pub compression: Compression,
    /// We compress every message on its own.
    pub no_context_takeover: bool,
    /// How far back our messages refer at most, as the base-2 logarithm of bytes. Default 15.
    pub max_window_bits: Option<WindowBits>,
    /// We ask the peer to compress every message on its own.
    pub request_no_context_takeover: bool,
    /// We ask the peer to refer no further back.
    pub request_max_window_bits: Option<WindowBits>,
    /// In bytes: shorter messages of ours are sent uncompressed.
    pub threshold: usize,
}

/// How messages are compressed. None of this is negotiated: every inflater reads the result.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Compression {
    pub(super) level: Option<u8>,
    pub(super) memory_level: Option<u8>,
    pub(super) strategy: Strategy,
}

/// zlib's strategies.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "zlib's manual says what they do")]
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
    /// zlib's `level` (0 to 9), `memLevel` (1 to 9) and `strategy`. Without a level, it is chosen by the
    /// size of each message. `None` when one is out of range.
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

    /// zlib's level for a message of this length.
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
    /// The largest window, and the one where none is negotiated.
    pub const MAX: Self = Self(15);

    /// `None` outside of 8 to 15.
    #[must_use]
    pub fn new(bits: u8) -> Option<Self> {
        (8..=15).contains(&bits).then_some(Self(bits))
    }

    /// "a decimal integer value without leading zeroes between 8 to 15, inclusive", RFC 7692 §7.1.2.1.
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

    /// The number itself.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// The window in bytes.
    pub(super) fn size(self) -> usize {
        1 << self.0
    }
}

/// zlib-rs at 7 compresses a short message like zlib at its default, 6, and costs little more than at its
/// own 6, as most of the cost is elsewhere. A long message is within 5 % of zlib's at 5, for two thirds of
/// the time of 6. Measured with JSON of 125 bytes, 1 KiB and 16 KiB.
const SMALL_LEVEL: u8 = 7;
const LARGE_LEVEL: u8 = 5;
/// Bytes up to which a message is small.
const SMALL: usize = 4 * 1024;
/// zlib's.
const DEFAULT_MEMORY_LEVEL: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_zlib_takes() {
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
