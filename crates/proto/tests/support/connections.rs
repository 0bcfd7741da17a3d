//! Connections to begin a conversation with.

use faye_websocket_proto::config::{Config, PeerMasking};
use faye_websocket_proto::connection::Connection;
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

const DEFAULT_MAX_LENGTH: usize = faye_websocket_proto::config::DEFAULT_MAX_LENGTH;
