//! Connections for tests, in each role and state.

use proto::connection::Connection;
use proto::extension::deflate::options::{Compression, Options, WindowBits};
use proto::extension::negotiation::Negotiation;
use proto::frame::Rsv;
use proto::frame::mask::MaskKeys;
use proto::handshake::ClientRequest;
use proto::http::request::Request;
use proto::output::{Event, Output};
use proto::policy::{DEFAULT_MAX_MESSAGE, PeerMasking, Policy};

/// Creates a server with a request of RFC 6455, not yet answered. Headers in `changed` replace the
/// usual ones; the value `-` omits a header.
pub fn requested_server(policy: Policy, changed: &[(&str, &str)]) -> Connection {
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

/// Creates a server with a request of hixie-75, not yet answered.
pub fn hixie75_server(policy: Policy) -> Connection {
    let changed = [
        ("sec-websocket-version", "-"),
        ("sec-websocket-key", "-"),
        ("origin", "http://example.com"),
    ];
    requested_server(policy, &changed)
}

/// Creates a server with a request of hixie-76, not yet answered. The body of the request has not
/// arrived.
pub fn hixie76_server(policy: Policy) -> Connection {
    let changed = [
        ("sec-websocket-version", "-"),
        ("sec-websocket-key", "-"),
        ("origin", "http://example.com"),
        ("sec-websocket-key1", "1   38 wZ3f9 23O0 3l 0r"),
        ("sec-websocket-key2", "27   0E 6 2  1665:< ;U 1H"),
    ];
    requested_server(policy, &changed)
}

/// Creates a client for `ws://example.com/chat`, before its request.
pub fn new_client(policy: Policy) -> Connection {
    let request = ClientRequest {
        host: "example.com".to_owned(),
        target: "/chat".to_owned(),
        ..ClientRequest::default()
    };
    Connection::client(&request, [0; 16], policy).expect("the subprotocols are well-formed")
}

/// Starts the connection and discards its output.
pub fn started(mut connection: Connection) -> Connection {
    assert!(connection.start().accepted);
    connection.outbox().clear();
    connection
}

/// Creates an open server.
pub fn open_server(policy: Policy) -> Connection {
    started(requested_server(policy, &[]))
}

/// Creates an open client.
pub fn open_client(policy: Policy) -> Connection {
    let mut connection = started(new_client(policy));
    connection.receive(RESPONSE.as_bytes());
    assert!(matches!(
        connection.poll(),
        Some(Output::Event(Event::Open))
    ));
    connection
}

/// Creates a server whose request contains this offer of extensions.
pub fn offered_server(policy: Policy, offer: &str) -> Connection {
    requested_server(policy, &[("sec-websocket-extensions", offer)])
}

/// Creates an open server with permessage-deflate, from its options and the client's offer.
pub fn deflate_server(policy: Policy, options: &str, offer: &str) -> Connection {
    let mut connection = offered_server(policy, offer);
    let negotiation = connection.negotiation().expect("the request is valid");
    assert!(negotiation.answer_deflate(&deflate_options(options)));
    started(connection)
}

/// Creates an open client with permessage-deflate, from its options and the server's response.
pub fn deflate_client(policy: Policy, options: &str, response: &str) -> Connection {
    let options = deflate_options(options);
    let mut connection = new_client(policy);
    let negotiation = connection.negotiation().expect("the client is not started");
    negotiation.offer_deflate(&options);
    let mut connection = started(connection);
    connection.receive(response_with(response).as_bytes());
    let activates = matches!(connection.poll(), Some(Output::Event(Event::Activate)));
    assert!(activates, "the client activates extensions");
    let negotiation = connection.negotiation().expect("the client is activating");
    assert!(negotiation.activate_deflate(&options), "{response}");
    assert!(connection.activated().accepted);
    connection
}

/// Negotiates the extension `x`, which owns RSV1.
///
/// # Panics
/// Never, because the extension is well-formed.
pub fn negotiate(negotiation: &mut Negotiation) {
    let parameter = ("a".to_owned(), Some("1".to_owned()));
    let added = negotiation.add("x", &[parameter]);
    added.expect("the parameter has no line break");
    reserve(negotiation);
}

/// Makes `x` the owner of RSV1.
pub fn reserve(negotiation: &mut Negotiation) {
    // A second reservation fails, without effect.
    let _ = negotiation.reserve("x", RSV1);
}

/// Creates a server whose request offers the extension `x`, and which will accept it.
pub fn extended_server(policy: Policy) -> Connection {
    let mut connection = offered_server(policy, "x");
    negotiate(connection.negotiation().expect("the request is valid"));
    connection
}

/// Parses options of permessage-deflate, each `option` or `option=number`.
///
/// # Panics
/// If an option or a number is invalid.
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

/// Creates an open server that requires masked frames.
pub fn server() -> Connection {
    open_server(Policy::websocket_driver_server())
}

/// Creates an open server that also accepts unmasked frames, which are easier to read.
pub fn lenient_server() -> Connection {
    open_server(lenient(DEFAULT_MAX_MESSAGE))
}

/// Creates a [`lenient_server`] with a limit of 10 bytes for messages.
pub fn small_server() -> Connection {
    open_server(lenient(10))
}

/// Creates an open client that masks with [`KEY`].
pub fn client() -> Connection {
    open_client(client_policy())
}

/// Returns the policy of a client whose masking key is always [`KEY`].
pub fn client_policy() -> Policy {
    Policy::websocket_driver_client(MaskKeys::new(|pool| {
        for key in pool.as_chunks_mut::<4>().0 {
            *key = KEY;
        }
    }))
}

/// Returns the policy of a server that also accepts unmasked frames.
pub fn lenient(max_length: usize) -> Policy {
    Policy {
        peer_masking: PeerMasking::Optional,
        max_message: max_length,
        ..Policy::websocket_driver_server()
    }
}

/// The masking key in the examples of RFC 6455 §5.7.
pub const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// The server's response to a nonce of zeros.
pub const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

/// Returns the same response with these extensions.
pub fn response_with(extensions: &str) -> String {
    let head = RESPONSE.trim_end();
    format!("{head}\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n")
}

/// The reserved bit of the extension `x`.
pub const RSV1: Rsv = Rsv::new(true, false, false);
