//! Connections to begin a conversation with.

use faye_websocket_proto::config::{Config, PeerMasking};
use faye_websocket_proto::connection::Connection;
use faye_websocket_proto::extension::deflate::parameters::{Compression, Options, WindowBits};
use faye_websocket_proto::handshake::ClientRequest;
use faye_websocket_proto::http::request::Request;
use faye_websocket_proto::hybi::mask::MaskKeys;
use faye_websocket_proto::output::{Event, Output};

/// A server that has not answered yet. `changed` headers replace the usual ones; `-` leaves one out.
pub(crate) fn asked_server(config: Config, changed: &[(&str, &str)]) -> Connection {
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
    Connection::server(request, config).expect("the subprotocols are well-formed")
}

/// A client that has not asked yet, to `ws://example.com/chat`.
pub(crate) fn new_client(config: Config) -> Connection {
    let request = ClientRequest {
        host: "example.com".to_owned(),
        target: "/chat".to_owned(),
        ..ClientRequest::default()
    };
    Connection::client(&request, [0; 16], config).expect("the subprotocols are well-formed")
}

/// An open server.
pub(crate) fn open_server(config: Config) -> Connection {
    let mut connection = asked_server(config, &[]);
    assert!(connection.start().accepted);
    connection.outbox().clear();
    connection
}

/// An open client.
pub(crate) fn open_client(config: Config) -> Connection {
    let mut connection = new_client(config);
    assert!(connection.start().accepted);
    connection.outbox().clear();
    connection.receive(ANSWER.as_bytes());
    assert!(matches!(
        connection.poll(),
        Some(Output::Event(Event::Open))
    ));
    connection
}

/// A server that has been asked with this offer, among others.
pub(crate) fn offered_server(config: Config, offer: &str) -> Connection {
    asked_server(config, &[("sec-websocket-extensions", offer)])
}

/// An open server that has agreed on permessage-deflate: its options, and what it was offered.
pub(crate) fn deflate_server(config: Config, options: &str, offer: &str) -> Connection {
    let mut connection = offered_server(config, offer);
    let negotiation = connection.negotiation().expect("the request is a good one");
    assert!(negotiation.answer_deflate(&deflate_options(options)));
    assert!(connection.start().accepted);
    connection.outbox().clear();
    connection
}

/// An open client that has agreed on permessage-deflate: its options, and what it was answered.
pub(crate) fn deflate_client(config: Config, options: &str, response: &str) -> Connection {
    let options = deflate_options(options);
    let mut connection = new_client(config);
    let negotiation = connection.negotiation().expect("it has not been started");
    negotiation.offer_deflate(&options);
    assert!(connection.start().accepted);
    connection.outbox().clear();
    connection.receive(answer_with(response).as_bytes());
    let activates = matches!(connection.poll(), Some(Output::Event(Event::Activate)));
    assert!(activates, "there is something to activate");
    let negotiation = connection.negotiation().expect("it is time for it");
    assert!(negotiation.activate_deflate(&options), "{response}");
    assert!(connection.activated().accepted);
    connection
}

/// What an application wants of permessage-deflate, `option` or `option=number` each.
///
/// # Panics
/// When there is no such option or number.
pub(crate) fn deflate_options(text: &str) -> Options {
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

/// As the shim makes it: frames of the client must be masked.
pub(crate) fn server() -> Connection {
    open_server(Config::server())
}

/// Understands unmasked frames too, which are easier to read.
pub(crate) fn lenient_server() -> Connection {
    open_server(lenient(DEFAULT_MAX_LENGTH))
}

/// Like [`lenient_server`], for messages of at most 10 bytes.
pub(crate) fn small_server() -> Connection {
    open_server(lenient(10))
}

/// Masks with [`KEY`].
pub(crate) fn client() -> Connection {
    open_client(client_config())
}

/// A client's settings, with masking keys that are always [`KEY`].
pub(crate) fn client_config() -> Config {
    Config::client(MaskKeys::new(|pool| {
        for key in pool.as_chunks_mut::<4>().0 {
            *key = KEY;
        }
    }))
}

pub(crate) fn lenient(max_length: usize) -> Config {
    Config {
        peer_masking: PeerMasking::Optional,
        max_length,
        ..Config::server()
    }
}

/// Of the examples in RFC 6455 §5.7.
pub(crate) const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// The server's answer to the nonce of zeros.
pub(crate) const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

/// The same with these extensions.
pub(crate) fn answer_with(extensions: &str) -> String {
    let head = ANSWER.trim_end();
    format!("{head}\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n")
}

const DEFAULT_MAX_LENGTH: usize = faye_websocket_proto::config::DEFAULT_MAX_LENGTH;
