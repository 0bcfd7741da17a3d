//! What a permessage-deflate session is agreed on, RFC 7692 §7.1.
//!
//! Knows which offers and responses are acceptable and what follows from them, as npm's
//! permessage-deflate does. Does not know how anything is compressed.

use crate::extension::negotiation::Parameters;

/// The extension's name in headers.
pub const NAME: &str = "permessage-deflate";

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
}

/// How messages are compressed. None of this is negotiated: every inflater reads the result.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Compression {
    level: Option<u8>,
    memory_level: Option<u8>,
    strategy: Strategy,
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

/// What a session has agreed on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Agreed {
    pub(super) compression: Compression,
    pub(super) own: Direction,
    pub(super) peer: Direction,
}

/// One direction of a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Direction {
    pub(super) window: WindowBits,
    /// Messages may refer to earlier ones.
    pub(super) takeover: bool,
}

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
    fn parse(value: &str) -> Option<Self> {
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

impl Options {
    /// A client's offer.
    #[must_use]
    pub fn offer(&self) -> Parameters {
        let mut offer = Parameters::new();
        let mut add = |name: &str, value: Option<String>| offer.push((name.to_owned(), value));
        if self.no_context_takeover {
            add(CLIENT_NO_CONTEXT_TAKEOVER, None);
        }
        add(CLIENT_MAX_WINDOW_BITS, self.max_window_bits.map(printed));
        if self.request_no_context_takeover {
            add(SERVER_NO_CONTEXT_TAKEOVER, None);
        }
        if let Some(bits) = self.request_max_window_bits {
            add(SERVER_MAX_WINDOW_BITS, Some(printed(bits)));
        }
        offer
    }

    /// What a client has agreed on with a server that sent this response to [`offer`](Self::offer);
    /// `None` if it is not acceptable.
    #[must_use]
    pub fn activate(&self, response: &[(String, Option<String>)]) -> Option<Agreed> {
        let Received {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        } = Received::parse(response)?;
        let client_window = match client_max_window_bits {
            Some(Mentioned::Value(bits)) => bits,
            Some(Mentioned::Bare) => return None,
            None => WindowBits::MAX,
        };
        let own_limit = self.max_window_bits.unwrap_or(WindowBits::MAX);
        let peer_window = server_max_window_bits.unwrap_or(WindowBits::MAX);
        let is_acceptable = (client_max_window_bits.is_none() || client_window <= own_limit)
            && (server_no_context_takeover || !self.request_no_context_takeover)
            && self.request_max_window_bits.is_none_or(|requested| {
                peer_window <= requested && server_max_window_bits.is_some()
            });
        is_acceptable.then_some(Agreed {
            compression: self.compression,
            own: Direction {
                window: own_limit.min(client_window),
                takeover: !self.no_context_takeover && !client_no_context_takeover,
            },
            peer: Direction {
                window: peer_window,
                takeover: !server_no_context_takeover,
            },
        })
    }

    /// A server's response to the first acceptable of these offers, and what is agreed by it. `None` if
    /// there is none: the extension is not used then, RFC 7692 §5.1.
    #[must_use]
    pub fn answer<'a>(
        &self,
        offers: impl IntoIterator<Item = &'a [(String, Option<String>)]>,
    ) -> Option<(Parameters, Agreed)> {
        let offer = offers.into_iter().find_map(Received::parse)?;
        let own = Direction {
            window: limited(self.max_window_bits, offer.server_max_window_bits),
            takeover: !self.no_context_takeover && !offer.server_no_context_takeover,
        };
        // A client that does not mention its window would not understand a limit: RFC 7692 §7.1.2.2.
        let peer_window = match offer.client_max_window_bits {
            Some(Mentioned::Value(bits)) => limited(self.request_max_window_bits, Some(bits)),
            Some(Mentioned::Bare) => limited(self.request_max_window_bits, None),
            None => WindowBits::MAX,
        };
        let peer = Direction {
            window: peer_window,
            takeover: !self.request_no_context_takeover && !offer.client_no_context_takeover,
        };
        let mut response = Parameters::new();
        let mut add = |name: &str, value: Option<String>| response.push((name.to_owned(), value));
        if !own.takeover {
            add(SERVER_NO_CONTEXT_TAKEOVER, None);
        }
        if !peer.takeover {
            add(CLIENT_NO_CONTEXT_TAKEOVER, None);
        }
        // Only if the client mentions it: Firefox closes the connection otherwise.
        if own.window < WindowBits::MAX && offer.server_max_window_bits.is_some() {
            add(SERVER_MAX_WINDOW_BITS, Some(printed(own.window)));
        }
        if peer.window < WindowBits::MAX {
            add(CLIENT_MAX_WINDOW_BITS, Some(printed(peer.window)));
        }
        let agreed = Agreed {
            compression: self.compression,
            own,
            peer,
        };
        Some((response, agreed))
    }
}

/// An offer or a response whose parameters are known, well-formed and not repeated.
#[derive(Debug, Default)]
struct Received {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<WindowBits>,
    client_max_window_bits: Option<Mentioned>,
}

/// An offer may mention `client_max_window_bits` without a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mentioned {
    Bare,
    Value(WindowBits),
}

impl Received {
    fn parse(parameters: &[(String, Option<String>)]) -> Option<Self> {
        let mut received = Self::default();
        for (index, (name, value)) in parameters.iter().enumerate() {
            let is_repeated = parameters
                .iter()
                .take(index)
                .any(|(other, _)| other == name);
            if is_repeated {
                return None;
            }
            let bits = value.as_deref().map(WindowBits::parse);
            match (name.as_str(), bits) {
                (SERVER_NO_CONTEXT_TAKEOVER, None) => received.server_no_context_takeover = true,
                (CLIENT_NO_CONTEXT_TAKEOVER, None) => received.client_no_context_takeover = true,
                (SERVER_MAX_WINDOW_BITS, Some(Some(bits))) => {
                    received.server_max_window_bits = Some(bits);
                }
                (CLIENT_MAX_WINDOW_BITS, None) => {
                    received.client_max_window_bits = Some(Mentioned::Bare);
                }
                (CLIENT_MAX_WINDOW_BITS, Some(Some(bits))) => {
                    received.client_max_window_bits = Some(Mentioned::Value(bits));
                }
                _ => return None,
            }
        }
        Some(received)
    }
}

fn limited(ours: Option<WindowBits>, theirs: Option<WindowBits>) -> WindowBits {
    let [ours, theirs] = [ours, theirs].map(|bits| bits.unwrap_or(WindowBits::MAX));
    ours.min(theirs)
}

fn printed(bits: WindowBits) -> String {
    bits.get().to_string()
}

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// zlib-rs at 7 compresses a short message like zlib at its default, 6, and costs little more than at its
/// own 6, as most of the cost is elsewhere. A long message is within 5 % of zlib's at 5, for two thirds of
/// the time of 6. Measured with JSON of 125 bytes, 1 KiB and 16 KiB.
const SMALL_LEVEL: u8 = 7;
const LARGE_LEVEL: u8 = 5;
/// Bytes up to which a message is small.
const SMALL: usize = 4 * 1024;
/// zlib's.
const DEFAULT_MEMORY_LEVEL: u8 = 8;
