//! Connections to begin with.

use proto::config::{Config, PeerMasking};
use proto::connection::Connection;
use proto::extension::negotiation::Negotiation;
use proto::handshake::ClientRequest;
use proto::http::request::Request;
use proto::hybi::frame::Rsv;
use proto::hybi::mask::MaskKeys;

/// The settings that a byte of input stands for. The limits are small ones, those around the forms of a
/// length, and none.
pub fn config(choice: u8, is_client: bool) -> Config {
    let masking = [
        PeerMasking::Optional,
        PeerMasking::Required,
        PeerMasking::Forbidden,
    ];
    let limits = [70_000, 0, 10, 125, 126, 65_535, usize::MAX, 300];
    Config {
        max_length: limits[usize::from(choice >> 2) % limits.len()],
        peer_masking: masking[usize::from(choice & 3) % masking.len()],
        mask_keys: is_client.then(|| MaskKeys::new(fill)),
        ..Config::server()
    }
}

fn fill(pool: &mut [u8]) {
    for key in pool.as_chunks_mut::<4>().0 {
        *key = KEY;
    }
}

/// A server that has not answered a good request.
pub fn hybi_server(config: Config) -> Connection {
    server(
        config,
        &[
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "JFBCWHksyIpXV+6Wlq/9pw=="),
            ("sec-websocket-extensions", "x; a=1; b"),
        ],
    )
}

/// A server that has not answered a good request of hixie-75.
pub fn hixie75_server(config: Config) -> Connection {
    server(config, &[("origin", "http://example.com")])
}

/// A server that has not answered a good request of hixie-76. The body is not there yet.
pub fn hixie76_server(config: Config) -> Connection {
    server(
        config,
        &[
            ("origin", "http://example.com"),
            ("sec-websocket-key1", "1   38 wZ3f9 23O0 3l 0r"),
            ("sec-websocket-key2", "27   0E 6 2  1665:< ;U 1H"),
        ],
    )
}

fn server(config: Config, headers: &[(&str, &str)]) -> Connection {
    let mut request = Request::new("GET", "ws://example.com/", true);
    let usual = [
        ("host", "example.com"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
    ];
    for (name, value) in usual.iter().chain(headers) {
        request.add_header(name, (*value).to_owned());
    }
    Connection::server(request, config).expect("there are no subprotocols")
}

/// A client that has not asked.
pub fn client(mut config: Config) -> Connection {
    config.subprotocols = vec!["chat".to_owned()];
    let request = ClientRequest {
        host: "example.com".to_owned(),
        target: "/chat".to_owned(),
        ..ClientRequest::default()
    };
    Connection::client(&request, [0; 16], config).expect("the subprotocol is a token")
}

/// Negotiates the extension `x`, which owns RSV1.
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

/// The bit of the extension `x`.
pub const RSV1: Rsv = Rsv::new(true, false, false);

/// Of the examples in RFC 6455 §5.7.
pub const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A server's answer to the nonce of zeros.
pub const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

/// The same with the extension `x`.
pub const ANSWER_WITH_EXTENSION: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\
    Sec-WebSocket-Extensions: x; a=1\r\n\r\n";
