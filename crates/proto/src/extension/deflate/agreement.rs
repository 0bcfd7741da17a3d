//! The agreement on permessage-deflate, RFC 7692 §7.1: acceptable offers and responses, and their
//! results. Follows npm's permessage-deflate.
//!
//! Does not compress.

use super::options::{Compression, Options, WindowBits};
use crate::extension::header::Parameters;

/// The extension's name in headers.
pub const NAME: &str = "permessage-deflate";

/// The agreement of both ends on one session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Agreed {
    pub(super) compression: Compression,
    pub(super) own: Direction,
    pub(super) peer: Direction,
    pub(super) threshold: usize,
}

/// The agreement on one direction of a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Direction {
    pub(super) window: WindowBits,
    /// Whether messages may refer to earlier ones.
    pub(super) takeover: bool,
}

impl Options {
    /// Returns a client's offer.
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

    /// Returns the agreement of a client whose [`offer`](Self::offer) received this response.
    /// Returns `None` if the response is not acceptable.
    #[must_use]
    pub fn activate(&self, response: &[(String, Option<String>)]) -> Option<Agreed> {
        let KnownParameters {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        } = KnownParameters::parse(response)?;
        let client_window = match client_max_window_bits {
            Some(ClientWindowBits::Value(bits)) => bits,
            Some(ClientWindowBits::NoValue) => return None,
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
            threshold: self.threshold,
        })
    }

    /// Returns a server's response to the first acceptable offer, and the agreement. Returns `None`
    /// if no offer is acceptable: the extension is then not used, RFC 7692 §5.1.
    #[must_use]
    pub fn answer<'a>(
        &self,
        offers: impl IntoIterator<Item = &'a [(String, Option<String>)]>,
    ) -> Option<(Parameters, Agreed)> {
        let offer = offers.into_iter().find_map(KnownParameters::parse)?;
        let own = Direction {
            window: limited(self.max_window_bits, offer.server_max_window_bits),
            takeover: !self.no_context_takeover && !offer.server_no_context_takeover,
        };
        // A client that does not mention its window would not understand a limit: RFC 7692
        // §7.1.2.2.
        let peer_window = match offer.client_max_window_bits {
            Some(ClientWindowBits::Value(bits)) => {
                limited(self.request_max_window_bits, Some(bits))
            }
            Some(ClientWindowBits::NoValue) => limited(self.request_max_window_bits, None),
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
        // Only if the client has mentioned it: Firefox closes the connection otherwise.
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
            threshold: self.threshold,
        };
        Some((response, agreed))
    }
}

/// An offer or a response with known, well-formed and distinct parameters.
#[derive(Debug, Default)]
struct KnownParameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<WindowBits>,
    client_max_window_bits: Option<ClientWindowBits>,
}

/// The value of `client_max_window_bits`, which may be missing in an offer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ClientWindowBits {
    NoValue,
    Value(WindowBits),
}

impl KnownParameters {
    fn parse(parameters: &[(String, Option<String>)]) -> Option<Self> {
        let mut known = Self::default();
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
                (SERVER_NO_CONTEXT_TAKEOVER, None) => known.server_no_context_takeover = true,
                (CLIENT_NO_CONTEXT_TAKEOVER, None) => known.client_no_context_takeover = true,
                (SERVER_MAX_WINDOW_BITS, Some(Some(bits))) => {
                    known.server_max_window_bits = Some(bits);
                }
                (CLIENT_MAX_WINDOW_BITS, None) => {
                    known.client_max_window_bits = Some(ClientWindowBits::NoValue);
                }
                (CLIENT_MAX_WINDOW_BITS, Some(Some(bits))) => {
                    known.client_max_window_bits = Some(ClientWindowBits::Value(bits));
                }
                _ => return None,
            }
        }
        Some(known)
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

#[cfg(test)]
mod tests {
    use super::super::options::Strategy;
    use super::*;
    use crate::extension::header::{Element, parse, print};

    const NONE: Options = Options {
        compression: Compression {
            level: None,
            memory_level: None,
            strategy: Strategy::Default,
        },
        no_context_takeover: false,
        max_window_bits: None,
        request_no_context_takeover: false,
        request_max_window_bits: None,
        threshold: 0,
    };

    fn elements(header: &str) -> Vec<Element> {
        parse(header).unwrap_or_else(|_| panic!("{header}: outside the grammar"))
    }

    /// Returns the response and the agreement: the window of each direction, and `alone` for a
    /// direction without context takeover.
    fn answered(options: Options, header: &str) -> Option<String> {
        let offers = elements(header);
        let offers = offers.iter().filter(|offer| offer.name == NAME);
        let (response, agreed) = options.answer(offers.map(|offer| &offer.parameters[..]))?;
        let response = print(NAME, &response).replace(NAME, "");
        Some(format!("{response} | {}", shown(&agreed)).trim().to_owned())
    }

    fn activated(options: Options, parameters: &str) -> Option<String> {
        let response = &elements(&format!("{NAME}{parameters}"))[0].parameters;
        options.activate(response).map(|agreed| shown(&agreed))
    }

    fn shown(agreed: &Agreed) -> String {
        let direction = |name: &str, direction: Direction| {
            let alone = if direction.takeover { "" } else { " alone" };
            format!("{name} {}{alone}", direction.window.get())
        };
        let [own, peer] = [("own", agreed.own), ("peer", agreed.peer)]
            .map(|(name, agreed)| direction(name, agreed));
        format!("{own}, {peer}")
    }

    /// Parameters that neither an offer nor a response may contain.
    const UNACCEPTABLE: &[(&str, &str)] = &[
        ("unknown", "; x"),
        ("unknown with a value", "; x=1"),
        (
            "unknown after a known one",
            "; client_no_context_takeover; x",
        ),
        ("a key of prototypes", "; __proto__"),
        ("another case", "; Server_No_Context_Takeover"),
        (
            "repeated flag",
            "; server_no_context_takeover; server_no_context_takeover",
        ),
        (
            "repeated flag",
            "; client_no_context_takeover; client_no_context_takeover",
        ),
        (
            "repeated number",
            "; client_max_window_bits=9; client_max_window_bits=9",
        ),
        (
            "repeated, two numbers",
            "; server_max_window_bits=9; server_max_window_bits=10",
        ),
        (
            "repeated, with and without",
            "; client_max_window_bits; client_max_window_bits=10",
        ),
        (
            "repeated, not in a row",
            "; client_max_window_bits=9; server_max_window_bits=9; client_max_window_bits=9",
        ),
        ("flag with a value", "; server_no_context_takeover=1"),
        ("flag with a value", "; client_no_context_takeover=true"),
        (
            "flag with an empty value",
            "; client_no_context_takeover=\"\"",
        ),
        ("number without a value", "; server_max_window_bits"),
        ("an empty value", "; client_max_window_bits=\"\""),
        ("a word", "; client_max_window_bits=x"),
        ("too small", "; client_max_window_bits=7"),
        ("too small", "; server_max_window_bits=7"),
        ("zero", "; server_max_window_bits=0"),
        ("too large", "; client_max_window_bits=16"),
        ("too large", "; server_max_window_bits=16"),
        ("negative", "; client_max_window_bits=-9"),
        ("264, which is 8 in a byte", "; client_max_window_bits=264"),
        ("8 above 2^32", "; client_max_window_bits=4294967304"),
        (
            "8 above 2^64",
            "; server_max_window_bits=18446744073709551624",
        ),
        (
            "longer than any number",
            "; server_max_window_bits=99999999999999999999999999999999999999999",
        ),
        ("a leading zero", "; client_max_window_bits=08"),
        ("a leading zero", "; server_max_window_bits=010"),
        ("a plus", "; client_max_window_bits=+10"),
        ("a fraction", "; client_max_window_bits=10.0"),
        ("a fraction", "; server_max_window_bits=8.5"),
        ("an exponent", "; client_max_window_bits=1e1"),
        ("hexadecimal", "; client_max_window_bits=0xa"),
        ("octal", "; client_max_window_bits=0o12"),
        ("quoted white space", "; client_max_window_bits=\" 10\""),
        ("quoted white space", "; server_max_window_bits=\"10 \""),
        ("other digits", "; client_max_window_bits=\"\u{FF19}\""),
    ];

    #[test]
    fn a_server_answers_with_the_agreed_parameters() {
        let own = |bits| Options {
            max_window_bits: WindowBits::new(bits),
            ..NONE
        };
        let asks = |bits| Options {
            request_max_window_bits: WindowBits::new(bits),
            ..NONE
        };
        let alone = Options {
            no_context_takeover: true,
            ..NONE
        };
        let asks_alone = Options {
            request_no_context_takeover: true,
            ..NONE
        };
        let everything = Options {
            max_window_bits: WindowBits::new(11),
            request_max_window_bits: WindowBits::new(12),
            ..Options {
                no_context_takeover: true,
                ..asks_alone
            }
        };
        let cases = [
            (NONE, "", "| own 15, peer 15"),
            (NONE, "; client_max_window_bits", "| own 15, peer 15"),
            (NONE, "; client_max_window_bits=15", "| own 15, peer 15"),
            (
                NONE,
                "; client_max_window_bits=14",
                "; client_max_window_bits=14 | own 15, peer 14",
            ),
            (
                NONE,
                "; client_max_window_bits=8",
                "; client_max_window_bits=8 | own 15, peer 8",
            ),
            (
                NONE,
                "; client_max_window_bits=\"10\"",
                "; client_max_window_bits=10 | own 15, peer 10",
            ),
            (
                NONE,
                "; client_max_window_bits=\"1\\0\"",
                "; client_max_window_bits=10 | own 15, peer 10",
            ),
            (NONE, "; server_max_window_bits=15", "| own 15, peer 15"),
            (
                NONE,
                "; server_max_window_bits=9",
                "; server_max_window_bits=9 | own 9, peer 15",
            ),
            (
                NONE,
                "; server_max_window_bits=8",
                "; server_max_window_bits=8 | own 8, peer 15",
            ),
            (
                NONE,
                "; server_no_context_takeover",
                "; server_no_context_takeover | own 15 alone, peer 15",
            ),
            (
                NONE,
                "; client_no_context_takeover",
                "; client_no_context_takeover | own 15, peer 15 alone",
            ),
            (
                NONE,
                "; client_max_window_bits=10; server_max_window_bits=9; client_no_context_takeover; server_no_context_takeover",
                "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10 | own 9 alone, peer 10 alone",
            ),
            // The server keeps to its limit without a parameter, because the client does not
            // support it.
            (own(10), "", "| own 10, peer 15"),
            (
                own(10),
                "; server_max_window_bits=12",
                "; server_max_window_bits=10 | own 10, peer 15",
            ),
            (
                own(10),
                "; server_max_window_bits=9",
                "; server_max_window_bits=9 | own 9, peer 15",
            ),
            (own(10), "; client_max_window_bits", "| own 10, peer 15"),
            (asks(11), "", "| own 15, peer 15"),
            (
                asks(11),
                "; client_max_window_bits",
                "; client_max_window_bits=11 | own 15, peer 11",
            ),
            (
                asks(11),
                "; client_max_window_bits=12",
                "; client_max_window_bits=11 | own 15, peer 11",
            ),
            (
                asks(11),
                "; client_max_window_bits=9",
                "; client_max_window_bits=9 | own 15, peer 9",
            ),
            (asks(15), "; client_max_window_bits", "| own 15, peer 15"),
            (
                alone,
                "",
                "; server_no_context_takeover | own 15 alone, peer 15",
            ),
            (
                alone,
                "; client_no_context_takeover",
                "; server_no_context_takeover; client_no_context_takeover | own 15 alone, peer 15 alone",
            ),
            (
                asks_alone,
                "",
                "; client_no_context_takeover | own 15, peer 15 alone",
            ),
            (
                everything,
                "; server_max_window_bits=15; client_max_window_bits",
                "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=12 | own 11 alone, peer 12 alone",
            ),
        ];
        for (options, parameters, expected) in cases {
            let found = answered(options, &format!("{NAME}{parameters}"));
            assert_eq!(
                found.as_deref(),
                Some(expected),
                "{parameters}: {options:?}"
            );
        }
    }

    #[test]
    fn a_server_accepts_the_first_acceptable_offer() {
        let cases = [
            (
                "permessage-deflate; x, permessage-deflate",
                Some("| own 15, peer 15"),
            ),
            (
                "permessage-deflate; server_max_window_bits=9, permessage-deflate",
                Some("; server_max_window_bits=9 | own 9, peer 15"),
            ),
            (
                "permessage-deflate; server_max_window_bits=16, \
                 permessage-deflate; server_max_window_bits=10; server_max_window_bits=10, \
                 permessage-deflate; server_max_window_bits=11, permessage-deflate",
                Some("; server_max_window_bits=11 | own 11, peer 15"),
            ),
            (
                "x-webkit-deflate-frame, permessage-deflate",
                Some("| own 15, peer 15"),
            ),
            ("permessage-deflate; x, permessage-deflate; y", None),
            ("Permessage-Deflate", None),
            ("x-webkit-deflate-frame", None),
        ];
        for (header, expected) in cases {
            assert_eq!(answered(NONE, header).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn neither_end_accepts_parameters_that_are_unknown_repeated_or_malformed() {
        for (name, parameters) in UNACCEPTABLE {
            let offer = format!("{NAME}{parameters}");
            assert_eq!(answered(NONE, &offer), None, "{name}: {parameters}");
            assert_eq!(activated(NONE, parameters), None, "{name}: {parameters}");
        }
    }

    #[test]
    fn a_client_offers_its_options() {
        let cases = [
            (NONE, "; client_max_window_bits"),
            (
                Options {
                    no_context_takeover: true,
                    ..NONE
                },
                "; client_no_context_takeover; client_max_window_bits",
            ),
            (
                Options {
                    max_window_bits: WindowBits::new(8),
                    ..NONE
                },
                "; client_max_window_bits=8",
            ),
            (
                Options {
                    request_no_context_takeover: true,
                    ..NONE
                },
                "; client_max_window_bits; server_no_context_takeover",
            ),
            (
                Options {
                    no_context_takeover: true,
                    max_window_bits: WindowBits::new(15),
                    request_no_context_takeover: true,
                    request_max_window_bits: WindowBits::new(10),
                    ..NONE
                },
                "; client_no_context_takeover; client_max_window_bits=15; server_no_context_takeover; server_max_window_bits=10",
            ),
        ];
        for (options, expected) in cases {
            assert_eq!(print("", &options.offer()), expected);
        }
    }

    #[test]
    fn a_client_accepts_only_responses_within_its_offer() {
        let own = |bits| Options {
            max_window_bits: WindowBits::new(bits),
            ..NONE
        };
        let asks = |bits| Options {
            request_max_window_bits: WindowBits::new(bits),
            ..NONE
        };
        let alone = Options {
            no_context_takeover: true,
            ..NONE
        };
        let asks_alone = Options {
            request_no_context_takeover: true,
            ..NONE
        };
        let cases = [
            (NONE, "", Some("own 15, peer 15")),
            (
                NONE,
                "; server_no_context_takeover",
                Some("own 15, peer 15 alone"),
            ),
            (
                NONE,
                "; client_no_context_takeover",
                Some("own 15 alone, peer 15"),
            ),
            (NONE, "; client_max_window_bits=15", Some("own 15, peer 15")),
            (NONE, "; client_max_window_bits=8", Some("own 8, peer 15")),
            (
                NONE,
                "; client_max_window_bits=\"9\"",
                Some("own 9, peer 15"),
            ),
            (NONE, "; server_max_window_bits=8", Some("own 15, peer 8")),
            // A response must contain the value.
            (NONE, "; client_max_window_bits", None),
            (alone, "", Some("own 15 alone, peer 15")),
            (own(10), "", Some("own 10, peer 15")),
            (
                own(10),
                "; client_max_window_bits=10",
                Some("own 10, peer 15"),
            ),
            (
                own(10),
                "; client_max_window_bits=8",
                Some("own 8, peer 15"),
            ),
            (own(10), "; client_max_window_bits=11", None),
            (own(10), "; client_max_window_bits=15", None),
            (
                own(10),
                "; server_max_window_bits=12",
                Some("own 10, peer 12"),
            ),
            (asks(10), "", None),
            (asks(15), "", None),
            (asks(10), "; server_max_window_bits=11", None),
            (
                asks(10),
                "; server_max_window_bits=10",
                Some("own 15, peer 10"),
            ),
            (
                asks(10),
                "; server_max_window_bits=8",
                Some("own 15, peer 8"),
            ),
            (asks_alone, "", None),
            (asks_alone, "; client_no_context_takeover", None),
            (
                asks_alone,
                "; server_no_context_takeover",
                Some("own 15, peer 15 alone"),
            ),
        ];
        for (options, parameters, expected) in cases {
            let found = activated(options, parameters);
            assert_eq!(found.as_deref(), expected, "{parameters:?}: {options:?}");
        }
    }

    #[test]
    fn both_ends_reach_compatible_agreements() {
        let windows = [None, Some(8), Some(9), Some(14)].map(|bits| bits.and_then(WindowBits::new));
        let all = (0..64).flat_map(|flags| windows.map(|window| (flags, window)));
        for (flags, window) in all {
            let set = |bit: u32| flags >> bit & 1 == 1;
            let client = Options {
                no_context_takeover: set(0),
                request_no_context_takeover: set(1),
                max_window_bits: window.filter(|_| set(2)),
                request_max_window_bits: window.filter(|_| !set(2)),
                ..NONE
            };
            let other = WindowBits::new(10);
            let server = Options {
                no_context_takeover: set(3),
                request_no_context_takeover: set(4),
                max_window_bits: other.filter(|_| set(5)),
                request_max_window_bits: other.filter(|_| !set(5)),
                ..NONE
            };
            let (response, on_server) = server.answer([&client.offer()[..]]).unwrap();
            let on_client = client.activate(&response).unwrap();
            // A limit that cannot be negotiated applies only to the end that sets it.
            assert!(
                on_server.own.window <= on_client.peer.window,
                "{client:?}, {server:?}"
            );
            assert!(
                on_client.own.window <= on_server.peer.window,
                "{client:?}, {server:?}"
            );
            assert!(on_client.peer.takeover || !on_server.own.takeover);
            assert!(on_server.peer.takeover || !on_client.own.takeover);
        }
    }
}
