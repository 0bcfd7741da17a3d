//! The opening handshake of a server.

use proto::connection::Connection;
use proto::policy::{Drafts, Policy};

use proto_testing::connections::{lenient, requested_server};
use proto_testing::script::{Script, script};

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "a server opens after it has written the answer",
        asked,
        "state
         start
         state",
        "state Connecting
         head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open
         state Open",
    ),
    script(
        "the application's headers come first and take precedence",
        asked,
        "header X-One: 1
         header Upgrade: nope
         header Set-Cookie: a=1
         header Set-Cookie: b=2
         start
         header Too: late",
        "head HTTP/1.1 101 Switching Protocols
         head X-One: 1
         head Upgrade: nope
         head Set-Cookie: a=1
         head Set-Cookie: b=2
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open
         header refused",
    ),
    script(
        "a header cannot add a line",
        asked,
        "header X: a\\r\\nY: b
         header X Y: b
         header Z: 1
         start",
        "header invalid: Invalid header \"X\": names are tokens, and values contain no CR, LF or NUL
         header invalid: Invalid header \"X Y\": names are tokens, and values contain no CR, LF or NUL
         head HTTP/1.1 101 Switching Protocols
         head Z: 1
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open",
    ),
    script(
        "the first supported subprotocol of the client is chosen",
        || requested_server(speaking(&["b", "a"]), &[("sec-websocket-protocol", "x, a,b")]),
        "subprotocol
         start",
        "subprotocol a
         head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         head Sec-WebSocket-Protocol: a
         open",
    ),
    script(
        "a handshake without a common subprotocol succeeds",
        || requested_server(speaking(&["b"]), &[("sec-websocket-protocol", "B")]),
        "start
         subprotocol",
        "head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open
         subprotocol none",
    ),
    script(
        "messages sent before the start are queued, and written before the open event",
        asked,
        "text \"one\"
         ping \"p\"
         binary 0203
         pong \"q\"
         buffered
         start
         buffered",
        "buffered 7
         head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         write 8103 \"one\"
         write 8901 \"p\"
         write 8202 0203
         write 8a01 \"q\"
         open
         buffered 0",
    ),
    script(
        "frames after the request are delivered after the open event",
        || requested_server(lenient(100), &[]),
        "receive 8102 \"Hi\"  8900
         state
         start
         receive 8101 \"!\"",
        "state Connecting
         head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open
         message text \"Hi\"
         write 8a00
         ping \"\"
         message text \"!\"",
    ),
    script(
        "a server starts once",
        asked,
        "on open => start
         start
         start",
        "head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open
         start refused
         start refused",
    ),
    script(
        "a handler of the open event may send and close",
        || requested_server(lenient(100), &[]),
        "receive 8101 \"a\" 8800
         on open => text \"Hi\"
         on write 8102 => close 3000
         start
         state",
        "head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open
         write 8102 \"Hi\"
         write 8802 0bb8
         close 1000
         state Closed",
    ),
    script(
        "a close before the start writes no bytes",
        asked,
        "text \"never\"
         close 4000 \"why\"
         state
         close
         start
         text \"x\"
         ping \"x\"
         header X: 1
         receive 8100",
        "close 4000 why
         state Closed
         close refused
         start refused
         text refused
         ping refused
         header refused",
    ),
    script(
        "a close before the start accepts any code",
        asked,
        "close 1006 \"gone\"",
        "close 1006 gone",
    ),
    script(
        "no output follows `abandon` before the start",
        asked,
        "text \"x\"
         abandon
         state
         buffered
         start
         close
         receive 8100",
        "state Closed
         buffered 0
         start refused
         close refused",
    ),
    script(
        "a ping above 125 bytes is an invalid argument, also before the start",
        asked,
        "ping 61*126
         pong 61*126
         buffered",
        "ping invalid: The payload of a ping or pong is at most 125 bytes; got 126
         pong invalid: The payload of a ping or pong is at most 125 bytes; got 126
         buffered 0",
    ),
    script(
        "ordinary HTTP is refused without the application's headers",
        || requested_server(Policy::websocket_driver_server(), &[("upgrade", "h2c")]),
        "header X: 1
         text \"never\"
         receive 8100
         start
         state
         start
         receive 8100
         text \"x\"",
        "head HTTP/1.1 400 Bad Request
         head Content-Type: text/plain
         head Content-Length: 23
         body Not a WebSocket request
         start refused
         error Not a WebSocket request
         close 1002 Not a WebSocket request
         state Closed
         start refused
         text refused",
    ),
    script(
        "ordinary HTTP is refused with a close code, although a draft would have the same headers",
        || ordinary(Drafts::Understood),
        "start",
        "head HTTP/1.1 400 Bad Request
         head Content-Type: text/plain
         head Content-Length: 23
         body Not a WebSocket request
         start refused
         error Not a WebSocket request
         close 1002 Not a WebSocket request",
    ),
    script(
        "a policy may treat ordinary HTTP as a draft",
        || ordinary(Drafts::Presumed),
        "start",
        "head HTTP/1.1 400 Bad Request
         head Content-Type: text/plain
         head Content-Length: 23
         body Not a WebSocket request
         start refused
         error Not a WebSocket request
         close none",
    ),
    script(
        "another version is refused with the supported version",
        || requested_server(Policy::websocket_driver_server(), &[("sec-websocket-version", "8")]),
        "start",
        "head HTTP/1.1 400 Bad Request
         head Content-Type: text/plain
         head Content-Length: 32
         head Sec-WebSocket-Version: 13
         body Unsupported WebSocket version: 8
         start refused
         error Unsupported WebSocket version: 8
         close 1002 Unsupported WebSocket version: 8",
    ),
    script(
        "a request without a key is refused",
        || requested_server(Policy::websocket_driver_server(), &[("sec-websocket-key", "-")]),
        "start",
        "head HTTP/1.1 400 Bad Request
         head Content-Type: text/plain
         head Content-Length: 51
         body Missing handshake request header: Sec-WebSocket-Key
         start refused
         error Missing handshake request header: Sec-WebSocket-Key
         close 1002 Missing handshake request header: Sec-WebSocket-Key",
    ),
    script(
        "a key that is not 16 bytes is refused",
        || requested_server(Policy::websocket_driver_server(), &[("sec-websocket-key", "AAAA")]),
        "start",
        "head HTTP/1.1 400 Bad Request
         head Content-Type: text/plain
         head Content-Length: 51
         body Invalid handshake request header: Sec-WebSocket-Key
         start refused
         error Invalid handshake request header: Sec-WebSocket-Key
         close 1002 Invalid handshake request header: Sec-WebSocket-Key",
    ),
    script(
        "offers outside the grammar are refused",
        || requested_server(Policy::websocket_driver_server(), &[("sec-websocket-extensions", "a;;")]),
        "start",
        "head HTTP/1.1 400 Bad Request
         head Content-Type: text/plain
         head Content-Length: 44
         body Invalid Sec-WebSocket-Extensions header: a;;
         start refused
         error Invalid Sec-WebSocket-Extensions header: a;;
         close 1002 Invalid Sec-WebSocket-Extensions header: a;;",
    ),
    script(
        "well-formed offers are declined",
        || {
            let offers = "permessage-deflate; client_max_window_bits, x; a=\"b\"";
            requested_server(Policy::websocket_driver_server(), &[("sec-websocket-extensions", offers)])
        },
        "start",
        "head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open",
    ),
];

/// Creates a server with a request for a page.
fn ordinary(drafts: Drafts) -> Connection {
    let policy = Policy {
        drafts,
        ..Policy::websocket_driver_server()
    };
    let absent = [
        "connection",
        "upgrade",
        "sec-websocket-key",
        "sec-websocket-version",
    ];
    requested_server(policy, &absent.map(|name| (name, "-")))
}

fn asked() -> Connection {
    requested_server(Policy::websocket_driver_server(), &[])
}

fn speaking(subprotocols: &[&str]) -> Policy {
    Policy {
        subprotocols: subprotocols.iter().map(|&name| name.to_owned()).collect(),
        ..Policy::websocket_driver_server()
    }
}
