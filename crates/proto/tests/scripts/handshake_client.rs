//! The opening handshake as a client asks for it.

use proto::connection::Connection;
use proto::policy::Policy;

use proto_testing::connections::{client_policy, new_client};
use proto_testing::script::{Script, script};

/// A script about an answer that is refused: the request is always the same.
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
        "asks, and opens when the answer is right",
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
        "its own headers come first and win",
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
        "takes the subprotocol that was chosen",
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
        "bytes behind the answer are frames",
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
        "what is sent before the answer waits, and leaves masked before the open event",
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
        "closing before the answer is at once, and the answer is not looked at",
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
        "closing before the start makes a start impossible",
        new,
        "close 1000 \"never mind\"
         start
         header X: 1",
        "close 1000 never mind
         start refused
         header refused",
    ),
    script(
        "abandoned while connecting: nothing is said",
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
        "a handler of the error that closes does not stop the close event",
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
        "a handler of the error that throws does not lose the close event",
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
        "refuses what is not HTTP at its first line",
        "+ \"SSH-2.0-OpenSSH_9.2\\r\\n\"",
        "Parse Error"
    ),
    refused!(
        "refuses a malformed status line before the head ends",
        "| HTTP/1.1 two hundred",
        "Parse Error"
    ),
    refused!(
        "refuses a head above 64 KiB",
        "| HTTP/1.1 101 Switching Protocols\n + \"X: \" 61*70000",
        "Parse Error"
    ),
    refused!(
        "refuses any other status",
        "| HTTP/1.1 302 Found\n | Location: ws://example.org/\n |",
        "Unexpected response code: 302"
    ),
    refused!(
        "refuses an answer without Upgrade",
        "| HTTP/1.1 101 Hi\n | Connection: Upgrade\n |",
        "'Upgrade' header is missing"
    ),
    refused!(
        "refuses an upgrade to something else",
        "| HTTP/1.1 101 Hi\n | Upgrade: h2c\n | Connection: Upgrade\n |",
        "'Upgrade' header value is not 'WebSocket'"
    ),
    refused!(
        "refuses an answer without Connection",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n |",
        "'Connection' header is missing"
    ),
    refused!(
        "refuses a connection that does not upgrade",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: close\n |",
        "'Connection' header value is not 'Upgrade'"
    ),
    refused!(
        "refuses an answer that does not prove that the key was read",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade\n |",
        "Sec-WebSocket-Accept mismatch"
    ),
    refused!(
        "refuses two proofs, even if one is right",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\n | Sec-WebSocket-Accept: x\n |",
        "Sec-WebSocket-Accept mismatch"
    ),
    refused!(
        "refuses a subprotocol that was not offered",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\n | Sec-WebSocket-Protocol: a\n |",
        "Sec-WebSocket-Protocol mismatch"
    ),
    refused!(
        "refuses an extension that was not offered",
        "| HTTP/1.1 101 Hi\n | Upgrade: websocket\n | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\n | Sec-WebSocket-Extensions: foo; a=1\n |",
        "Server sent an extension response for unknown extension \"foo\""
    ),
    refused!(
        "refuses extensions outside the grammar",
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
