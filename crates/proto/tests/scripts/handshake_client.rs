//! The opening handshake of a client.

use proto::connection::Connection;
use proto::policy::Policy;

use proto_testing::connections::{client_policy, new_client};
use proto_testing::script::{Script, script};

/// A script with a refused answer to the same request.
macro_rules! refused {
    ($name:literal, $answer:literal, $reason:literal) => {
        script(
            $name,
            started,
            concat!(
                "on error => state\n",
                "receive\n",
                $answer,
                "\n",
                "receive 8100\n",
                "text \"x\""
            ),
            concat!(
                "error Error during WebSocket handshake: ",
                $reason,
                "\n",
                "state Closed\n",
                "close 1002 Error during WebSocket handshake: ",
                $reason,
                "\n",
                "text refused",
            ),
        )
    };
}

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "a client requests the handshake and opens after a valid answer",
        new,
        "state
         start
         state
         receive
           | HTTP/1.1 101 Switching Protocols
           | Upgrade: WebSocket
           | Connection: keep-alive, Upgrade
           | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
           |
         state
         status
         subprotocol",
        "state Unstarted
         head GET /chat HTTP/1.1
         head Host: example.com
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==
         head Sec-WebSocket-Version: 13
         state Connecting
         open
         state Open
         status 101
         subprotocol none",
    ),
    script(
        "our headers come first and take precedence",
        speaking,
        "header Host: elsewhere
         header X: 1
         start
         header Y: gone already
         start",
        "head GET /chat HTTP/1.1
         head Host: example.com
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==
         head Sec-WebSocket-Version: 13
         head Sec-WebSocket-Protocol: a, b
         head X: 1
         start refused",
    ),
    script(
        "a header cannot add a line",
        new,
        "header X: a\\r\\nY: b
         start",
        "header invalid: Invalid header \"X\": names are tokens, and values contain no CR, LF or NUL
         head GET /chat HTTP/1.1
         head Host: example.com
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==
         head Sec-WebSocket-Version: 13",
    ),
    script(
        "the chosen subprotocol is used",
        || started_with(speaking()),
        "receive
           | HTTP/1.1 101 Switching Protocols
           | Upgrade: websocket
           | Connection: Upgrade
           | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
           | Sec-WebSocket-Protocol: b
           |
         subprotocol",
        "open
         subprotocol b",
    ),
    script(
        "bytes after the answer are frames",
        started,
        "on open => text \"mine\"
         receive
           | HTTP/1.1 101 Switching Protocols
           | Upgrade: websocket
           | Connection: Upgrade
           | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
           |
           + 8102 \"Hi\" 8800",
        "open
         write 8184 37fa213d 5a934f58
         message text \"Hi\"
         write 8882 37fa213d 3412
         close 1000",
    ),
    script(
        "messages sent before the answer are queued, and written before the open event",
        started,
        "text \"Hello\"
         ping \"\"
         receive
           | HTTP/1.1 101 Switching Protocols
           | Upgrade: websocket
           | Connection: Upgrade
           | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
           |",
        "write 8185 37fa213d 7f9f4d5158
         write 8980 37fa213d
         open",
    ),
    script(
        "a close before the answer takes effect immediately, and the answer is ignored",
        started,
        "close
         state
         receive
           | HTTP/1.1 101 Switching Protocols
           | Upgrade: websocket
           | Connection: Upgrade
           | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
           |
           + 8100
         status",
        "close 1000
         state Closed
         status 0",
    ),
    script(
        "a close before the start prevents the start",
        new,
        "close 1000 \"never mind\"
         start
         header X: 1",
        "close 1000 never mind
         start refused
         header refused",
    ),
    script(
        "no output follows `abandon` during the handshake",
        started,
        "text \"x\"
         abandon
         receive \"HTTP/1.1 404 Not Found\\r\\n\\r\\n\"
         text \"x\"
         close",
        "text refused
         close refused",
    ),
    script(
        "a close in the handler of the error does not discard the close event",
        started,
        "on error => close
         receive \"HTTP/1.1 404 Not Found\\r\\n\\r\\n\"
         status",
        "error Error during WebSocket handshake: Unexpected response code: 404
         close refused
         close 1002 Error during WebSocket handshake: Unexpected response code: 404
         status 404",
    ),
    script(
        "a handler of the error that throws does not discard the close event",
        started,
        "on error => throw
         receive \"HTTP/1.1 404 Not Found\\r\\n\\r\\n\"
         chunk 00",
        "error Error during WebSocket handshake: Unexpected response code: 404
         close 1002 Error during WebSocket handshake: Unexpected response code: 404",
    ),
    script(
        "lines without a colon are skipped",
        started,
        "receive
           | HTTP/1.1 101
           | nonsense
           | Upgrade: websocket
           | Connection: Upgrade
           | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
           |",
        "open",
    ),
    refused!(
        "an answer that is not HTTP is refused at its first line",
        "+ \"SSH-2.0-OpenSSH_9.2\\r\\n\"",
        "Parse Error"
    ),
    refused!(
        "a malformed status line is refused before the head is complete",
        "| HTTP/1.1 two hundred",
        "Parse Error"
    ),
    refused!(
        "a head above 64 KiB is refused",
        "| HTTP/1.1 101 Switching Protocols\n + \"X: \" 61*70000",
        "Parse Error"
    ),
    refused!(
        "a status other than 101 is refused",
        "| HTTP/1.1 302 Found\n | Location: ws://example.org/\n |",
        "Unexpected response code: 302"
    ),
    refused!(
        "an answer without Upgrade is refused",
        "| HTTP/1.1 101 Hi\n | Connection: Upgrade\n |",
        "'Upgrade' header is missing"
    ),
    refused!(
        "an upgrade to another protocol is refused",
        "| HTTP/1.1 101 Hi\n | Upgrade: h2c\n | Connection: Upgrade\n |",
        "'Upgrade' header value is not 'WebSocket'"
    ),
    refused!(
        "an answer without Connection is refused",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n |",
        "'Connection' header is missing"
    ),
    refused!(
        "a Connection header without upgrade is refused",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: close\n |",
        "'Connection' header value is not 'Upgrade'"
    ),
    refused!(
        "an answer without an accept value is refused",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade\n |",
        "Sec-WebSocket-Accept mismatch"
    ),
    refused!(
        "two accept values are refused, even if one is valid",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\n | Sec-WebSocket-Accept: x\n |",
        "Sec-WebSocket-Accept mismatch"
    ),
    refused!(
        "a subprotocol without an offer is refused",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\n | Sec-WebSocket-Protocol: a\n |",
        "Sec-WebSocket-Protocol mismatch"
    ),
    refused!(
        "an extension without an offer is refused",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\n | Sec-WebSocket-Extensions: foo; a=1\n |",
        "Server sent an extension response for unknown extension \"foo\""
    ),
    refused!(
        "extensions outside the grammar are refused",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\n | Sec-WebSocket-Extensions: ;\n |",
        "Invalid Sec-WebSocket-Extensions header: ;"
    ),
];

fn new() -> Connection {
    new_client(client_policy())
}

fn started() -> Connection {
    started_with(new())
}

fn started_with(mut connection: Connection) -> Connection {
    assert!(connection.start().accepted);
    connection.outbox().clear();
    connection
}

fn speaking() -> Connection {
    new_client(Policy {
        subprotocols: vec!["a".to_owned(), "b".to_owned()],
        ..client_policy()
    })
}
