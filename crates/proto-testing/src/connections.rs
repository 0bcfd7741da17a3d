//! Connections to begin a conversation with.

use proto::connection::Connection;
use proto::extension::deflate::options::{Compression, Options, WindowBits};
use proto::extension::negotiation::Negotiation;
use proto::frame::Rsv;
use proto::frame::mask::MaskKeys;
use proto::handshake::ClientRequest;
use proto::http::request::Request;
use proto::output::{Event, Output};
use proto::policy::{DEFAULT_MAX_MESSAGE, PeerMasking, Policy};

/// A server that has not answered a request of RFC 6455. `changed` headers replace the usual ones; `-` leaves one out.
pub fn asked_server(policy: Policy, changed: &[(&str, &str)]) -> Connection {
    let mut request = Request::new("GET", "ws://example.com/", true);
    let usual = [
        ("host", "example.com"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "JFBCWHksyIpXV+6Wlq/9pw=="),
    ];
    let kept = usual
        .into_iter()
        .filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    for (name, value) in kept.chain(changed.iter().copied()) {
        if value != "-" {
            request.add_header(name, value.to_owned());
        }
    }
    Connection::server(request, policy).expect("the subprotocols are well-formed")
}

/// A server that has not answered a request of hixie-75.
pub fn hixie75_server(policy: Policy) -> Connection {
    let changed = [
        ("sec-websocket-version", "-"),
        ("sec-websocket-key", "-"),
        ("origin", "http://example.com"),
    ];
    asked_server(policy, &changed)
}

/// A server that has not answered a request of hixie-76. Its body is not there yet.
pub fn hixie76_server(policy: Policy) -> Connection {
    let changed = [
        ("sec-websocket-version", "-"),
        ("sec-websocket-key", "-"),
        ("origin", "http://example.com"),
        ("sec-websocket-key1", "1   38 wZ3f9 23O0 3l 0r"),
        ("sec-websocket-key2", "27   0E 6 2  1665:< ;U 1H"),
    ];
    asked_server(policy, &changed)
}

/// A client that has not asked yet, to `ws://example.com/chat`.
pub fn new_client(policy: Policy) -> Connection {
    let request = ClientRequest {
        host: "example.com".to_owned(),
        target: "/chat".to_owned(),
        ..ClientRequest::default()
    };
    Connection::client(&request, [0; 16], policy).expect("the subprotocols are well-formed")
}

/// The connection, started. What it has written is dropped.
pub fn started(mut connection: Connection) -> Connection {
    assert!(connection.start().accepted);
    connection.outbox().clear();
    connection
}

/// An open server.
pub fn open_server(policy: Policy) -> Connection {
    started(asked_server(policy, &[]))
}

/// An open client.
pub fn open_client(policy: Policy) -> Connection {
    let mut connection = started(new_client(policy));
    connection.receive(ANSWER.as_bytes());
    assert!(matches!(
        connection.poll(),
        Some(Output::Event(Event::Open))
    ));
    connection
}

/// A server that has been asked with this offer, among others.
pub fn offered_server(policy: Policy, offer: &str) -> Connection {
    asked_server(policy, &[("sec-websocket-extensions", offer)])
}

/// An open server that has agreed on permessage-deflate: its options, and what it was offered.
pub fn deflate_server(policy: Policy, options: &str, offer: &str) -> Connection {
    let mut connection = offered_server(policy, offer);
    let negotiation = connection.negotiation().expect("the request is a good one");
    assert!(negotiation.answer_deflate(&deflate_options(options)));
    started(connection)
}

/// An open client that has agreed on permessage-deflate: its options, and what it was answered.
pub fn deflate_client(policy: Policy, options: &str, response: &str) -> Connection {
    let options = deflate_options(options);
    let mut connection = new_client(policy);
    let negotiation = connection.negotiation().expect("it has not been started");
    negotiation.offer_deflate(&options);
    let mut connection = started(connection);
    connection.receive(answer_with(response).as_bytes());
    let activates = matches!(connection.poll(), Some(Output::Event(Event::Activate)));
    assert!(activates, "there is something to activate");
    let negotiation = connection.negotiation().expect("it is time for it");
    assert!(negotiation.activate_deflate(&options), "{response}");
    assert!(connection.activated().accepted);
    connection
}

/// Negotiates the extension `x`, which owns RSV1.
///
/// # Panics
/// When the extension is malformed: it is not.
pub fn negotiate(negotiation: &mut Negotiation) {
    let parameter = ("a".to_owned(), Some("1".to_owned()));
    let added = negotiation.add("x", &[parameter]);
    added.expect("there is no line break");
    reserve(negotiation);
}

/// Makes `x` the owner of RSV1.
pub fn reserve(negotiation: &mut Negotiation) {
    // A second time it is refused, which is fine.
    let _ = negotiation.reserve("x", RSV1);
}

/// A server that has been asked for the extension `x` and will answer with it.
pub fn extended_server(policy: Policy) -> Connection {
    let mut connection = offered_server(policy, "x");
    negotiate(connection.negotiation().expect("the request is a good one"));
    connection
}

/// What an application wants of permessage-deflate, `option` or `option=number` each.
///
/// # Panics
/// When there is no such option or number.
pub fn deflate_options(text: &str) -> Options {
    let mut options = Options::default();
    let (mut level, mut memory_level, mut strategy) = (None, None, 0);
    for option in text.split_whitespace() {
        let (name, number) = option.split_once('=').unwrap_or((option, "0"));
        let number = number.parse().expect("a number");
        let bits = || Some(WindowBits::new(number).expect("8 to 15"));
        match name {
            "level" => level = Some(number),
            "mem_level" => memory_level = Some(number),
            "strategy" => strategy = number,
            "no_context_takeover" => options.no_context_takeover = true,
            "max_window_bits" => options.max_window_bits = bits(),
            "request_no_context_takeover" => options.request_no_context_takeover = true,
            "request_max_window_bits" => options.request_max_window_bits = bits(),
            "threshold" => options.threshold = usize::from(number),
            _ => panic!("no such option: {option}"),
        }
    }
    options.compression = Compression::new(level, memory_level, strategy).expect("in range");
    options
}

/// Frames of the client must be masked.
pub fn server() -> Connection {
    open_server(Policy::websocket_driver_server())
}

/// Understands unmasked frames too, which are easier to read.
pub fn lenient_server() -> Connection {
    open_server(lenient(DEFAULT_MAX_MESSAGE))
}

/// Like [`lenient_server`], for messages of at most 10 bytes.
pub fn small_server() -> Connection {
    open_server(lenient(10))
}

/// Masks with [`KEY`].
pub fn client() -> Connection {
    open_client(client_policy())
}

/// A client's settings, with masking keys that are always [`KEY`].
pub fn client_policy() -> Policy {
    Policy::websocket_driver_client(MaskKeys::new(|pool| {
        for key in pool.as_chunks_mut::<4>().0 {
            *key = KEY;
        }
    }))
}

/// A server that understands unmasked frames too.
pub fn lenient(max_length: usize) -> Policy {
    Policy {
        peer_masking: PeerMasking::Optional,
        max_message: max_length,
        ..Policy::websocket_driver_server()
    }
}

/// Of the examples in RFC 6455 §5.7.
pub const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// The server's answer to the nonce of zeros.
pub const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

/// The same with these extensions.
pub fn answer_with(extensions: &str) -> String {
    let head = ANSWER.trim_end();
    format!("{head}\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n")
}

/// The bit of the extension `x`.
pub const RSV1: Rsv = Rsv::new(true, false, false);
