//! The policies of the interfaces. The expected transcripts of WebSocket-Node and ws were recorded
//! with websocket 1.0.35 and ws 8.23.

use proto::connection::{Connection, ReadyState};
use proto::error::ProtocolError;
use proto::frame::{FrameStart, KeySource, Opcode};
use proto::handshake::Version;
use proto::output::{Error, Event, Form, Kind, Output};
use proto::policy::{Delivery, PeerMasking, Policy, Pongs, TextCheck};
use proto_testing::connections::{client_policy, deflate_server, new_client, requested_server};
use proto_testing::script::{Script, script};

const NODE: &[Script] = &[
    script(
        "a reserved bit",
        node,
        "receive c100",
        "write 883d03ea \"Unsupported usage of rsv bits without negotiated extension.\"
        error Unsupported usage of rsv bits without negotiated extension.
        close 1002 Unsupported usage of rsv bits without negotiated extension.",
    ),
    script(
        "a reserved bit is refused when the frame is complete",
        node,
        "receive c102 61",
        "",
    ),
    script(
        "a continuation without a message",
        node,
        "receive 8000",
        "write 881f03ea \"Unexpected Continuation Frame\"
        error Unexpected Continuation Frame
        close 1002 Unexpected Continuation Frame",
    ),
    script(
        "text inside a message",
        node,
        "receive 0101 61 8101 62",
        "write 884403ea \"Illegal frame opcode 0x1 received in middle of fragmented message.\"
        error Illegal frame opcode 0x1 received in middle of fragmented message.
        close 1002 Illegal frame opcode 0x1 received in middle of fragmented message.",
    ),
    script(
        "a reserved opcode inside a message",
        node,
        "receive 0101 61 8301 62",
        "write 884403ea \"Illegal frame opcode 0x3 received in middle of fragmented message.\"
        error Illegal frame opcode 0x3 received in middle of fragmented message.
        close 1002 Illegal frame opcode 0x3 received in middle of fragmented message.",
    ),
    script(
        "a reserved opcode",
        node,
        "receive 8b00",
        "write 881a03ea \"Unrecognized Opcode: 0xb\"
        error Unrecognized Opcode: 0xb
        close 1002 Unrecognized Opcode: 0xb",
    ),
    script(
        "a ping without FIN",
        node,
        "receive 0900",
        "write 882803ea \"Control frames must not be fragmented.\"
        error Control frames must not be fragmented.
        close 1002 Control frames must not be fragmented.",
    ),
    script(
        "a ping of 126 bytes is refused at its second byte",
        node,
        "receive 097e",
        "write 882e03ea \"Illegal control frame longer than 125 bytes.\"
        error Illegal control frame longer than 125 bytes.
        close 1002 Illegal control frame longer than 125 bytes.",
    ),
    script(
        "unmasked and masked frames are accepted",
        node,
        "receive 8101 61 8181 00000001 62",
        "message text \"a\"
        message text \"b\"",
    ),
    script(
        "text is validated when the message is complete",
        node,
        "receive 0101 ff\nstate\nreceive 8000",
        "state Open
        write 881d03ef \"Invalid UTF-8 Data Received\"
        error Invalid UTF-8 Data Received
        close 1007 Invalid UTF-8 Data Received",
    ),
    script(
        "a length above 2^32",
        node,
        "receive 827f 0000000100000000",
        "write 882a03ea \"Unsupported 64-bit length frame received\"
        error Unsupported 64-bit length frame received
        close 1002 Unsupported 64-bit length frame received",
    ),
    script(
        "a frame above the limit",
        small_node,
        "receive 8104 61616161 8105",
        "message text \"aaaa\"
        write 883b03f1 \"Frame size of 5 bytes exceeds maximum accepted frame size\"
        error Frame size of 5 bytes exceeds maximum accepted frame size
        close 1009 Frame size of 5 bytes exceeds maximum accepted frame size",
    ),
    script(
        "the limit of messages applies to fragmented messages",
        tiny_node,
        "receive 8104 61616161 0104 61616161 8000",
        "message text \"aaaa\"
        write 882003f1 \"Maximum message size exceeded.\"
        error Maximum message size exceeded.
        close 1009 Maximum message size exceeded.",
    ),
    script(
        "the application answers pings",
        node,
        "on ping => pong \"A\"\nreceive 8901 41",
        "ping \"A\"
        write 8a01 \"A\"",
    ),
    script(
        "an empty close frame",
        node,
        "receive 8800",
        "write 880203e8\nclose none",
    ),
    script(
        "a close frame of one byte",
        node,
        "receive 8801 03",
        "write 880203ea\nclose 1005",
    ),
    script(
        "a close code is not echoed",
        node,
        "receive 8805 0bb8 \"bye\"",
        "write 880203e8\nclose 3000 bye",
    ),
    script(
        "a close code that must not travel",
        node,
        "receive 8802 03ed",
        "write 880203ea\nclose 1005",
    ),
    script(
        "a close reason that is not UTF-8",
        node,
        "receive 8804 03e8 ffff",
        "write 881d03ef \"Invalid UTF-8 Data Received\"
        error Invalid UTF-8 Data Received
        close 1007 Invalid UTF-8 Data Received",
    ),
    script(
        "after our close frame, only the peer's close frame counts, and our code is reported",
        node,
        "close 3001 \"bye\"\nreceive 8101 61 8901 41 8a00 8802 03e9",
        "write 88050bb9 \"bye\"\nclose 3001 bye",
    ),
    script(
        "after our close frame a violation ends the connection without a report",
        node,
        "close 3001 \"bye\"\nreceive 8300",
        "write 88050bb9 \"bye\"\nclose 3001 bye",
    ),
    script(
        "any close code may be sent",
        node,
        "close 1006 \"x\"",
        "write 880303ee \"x\"",
    ),
    script(
        "long messages are fragmented",
        fragmenting_node,
        "text \"abcd\"\ntext \"abcde\"\nbinary \"abcdefghi\"",
        "write 8104 \"abcd\"
        write 0104 \"abcd\"
        write 8001 \"e\"
        write 0204 \"abcd\"
        write 0004 \"efgh\"
        write 8001 \"i\"",
    ),
    script(
        "a message of twice the threshold has two frames",
        fragmenting_node,
        "text \"abcdefgh\"",
        "write 0104 \"abcd\"\nwrite 8004 \"efgh\"",
    ),
    script(
        "the application sends single frames",
        fragmenting_node,
        "more text \"abcde\"\nping \"p\"\nmore continuation\nframe continuation \"f\"",
        "write 0105 \"abcde\"
        write 8901 \"p\"
        write 0000
        write 8001 \"f\"",
    ),
    script(
        "a client masks each fragment with a new key",
        fragmenting_client,
        "text \"abcde\"",
        "write 0184 37fa213d 56984259
        write 8081 37fa213d 52",
    ),
];

const LIMITS: &[Script] = &[
    script(
        "a first fragment above the limit is refused by its header",
        tiny_node,
        "receive 0103",
        "write 882003f1 \"Maximum message size exceeded.\"
        error Maximum message size exceeded.
        close 1009 Maximum message size exceeded.",
    ),
    script(
        "a continuation above the limit is refused by its header",
        tiny_node,
        "receive 0102 6161 0001",
        "write 882003f1 \"Maximum message size exceeded.\"
        error Maximum message size exceeded.
        close 1009 Maximum message size exceeded.",
    ),
    script(
        "a continuation with a long length field is refused by its header",
        tiny_node,
        "receive 0102 6161 007f 00000000 0000ffff",
        "write 882003f1 \"Maximum message size exceeded.\"
        error Maximum message size exceeded.
        close 1009 Maximum message size exceeded.",
    ),
    script(
        "the limit is inclusive, and fragments without a payload do not count",
        tiny_node,
        "receive 0101 61 0000 0000 0001 62 0000 8000",
        "message text \"ab\"",
    ),
    script(
        "control frames do not count",
        tiny_node,
        "receive 0102 6161 8903 626262 8a00 8000",
        "ping \"bbb\"
        pong \"\"
        message text \"aa\"",
    ),
    script(
        "a message of one frame has the limit of frames",
        tiny_node,
        "receive 8203 616161",
        "message binary \"aaa\"",
    ),
    script(
        "a reserved bit takes precedence over the limit, when the frame is complete",
        tiny_node,
        "receive 0102 6161 4003 6262
state
receive 62",
        "state Open
        write 883d03ea \"Unsupported usage of rsv bits without negotiated extension.\"
        error Unsupported usage of rsv bits without negotiated extension.
        close 1002 Unsupported usage of rsv bits without negotiated extension.",
    ),
    script(
        "text inside a message takes precedence over the limit, when the frame is complete",
        tiny_node,
        "receive 0102 6161 0103 6262
state
receive 62",
        "state Open
        write 884403ea \"Illegal frame opcode 0x1 received in middle of fragmented message.\"
        error Illegal frame opcode 0x1 received in middle of fragmented message.
        close 1002 Illegal frame opcode 0x1 received in middle of fragmented message.",
    ),
    script(
        "bytes after an invalid frame are ignored",
        tiny_node,
        "receive 8302 6161 8101 62",
        "write 881a03ea \"Unrecognized Opcode: 0x3\"
        error Unrecognized Opcode: 0x3
        close 1002 Unrecognized Opcode: 0x3",
    ),
    script(
        "the limit of messages does not apply to delivered frames",
        tiny_node_frames,
        "receive 0103 616161 8001 61",
        "frame Text more 00 plain \"aaa\"
        frame Continuation fin 00 plain \"a\"",
    ),
];

const MASKING: &[Script] = &[
    script(
        "a server may require masked messages",
        masked_node,
        "receive 8181 00000001 62 8101",
        "message text \"b\"
        write 882603ea \"Unmasked frame received from client.\"
        error Unmasked frame received from client.
        close 1002 Unmasked frame received from client.",
    ),
    script(
        "a server may require masked control frames",
        masked_node,
        "receive 8900",
        "write 882603ea \"Unmasked frame received from client.\"
        error Unmasked frame received from client.
        close 1002 Unmasked frame received from client.",
    ),
    script(
        "the length of a control frame is checked before its mask",
        masked_node,
        "receive 897e",
        "write 882e03ea \"Illegal control frame longer than 125 bytes.\"
        error Illegal control frame longer than 125 bytes.
        close 1002 Illegal control frame longer than 125 bytes.",
    ),
    script(
        "a client accepts only unmasked frames",
        node_client,
        "receive 8101 62 8181",
        "message text \"b\"
        write 88a4 37fa213d 34106c5c44914459179c535c5a9f014f52994454419f451d51884e501789444f419f5313
        error Masked frame received from server.
        close 1002 Masked frame received from server.",
    ),
    script(
        "a lenient client accepts both kinds",
        lenient_node_client,
        "receive 8101 61 8181 00000001 62",
        "message text \"a\"
        message text \"b\"",
    ),
];

const FRAMES: &[Script] = &[
    script(
        "each frame is delivered without checks of sequence and text",
        node_frames,
        "receive 0101 61 8901 41 8081 00000001 ff 8000 8101 ff 8300",
        "frame Text more 00 plain \"a\"
        frame Ping fin 00 plain \"A\"
        ping \"A\"
        frame Continuation fin 00 masked ff
        frame Continuation fin 00 plain \"\"
        frame Text fin 00 plain ff
        frame Reserved(3) fin 00 plain \"\"
        write 881a03ea \"Unrecognized Opcode: 0x3\"
        error Unrecognized Opcode: 0x3
        close 1002 Unrecognized Opcode: 0x3",
    ),
    script(
        "a close frame is delivered and answered",
        node_frames,
        "receive 8802 03e9",
        "frame Close fin 00 plain 03e9\nwrite 880203e8\nclose 1001",
    ),
    script(
        "a frame with a reserved bit is not delivered",
        node_frames,
        "receive a100",
        "write 883d03ea \"Unsupported usage of rsv bits without negotiated extension.\"
        error Unsupported usage of rsv bits without negotiated extension.
        close 1002 Unsupported usage of rsv bits without negotiated extension.",
    ),
    script(
        "a pong is delivered",
        node_frames,
        "receive 8a01 41",
        "frame Pong fin 00 plain \"A\"
        pong \"A\"",
    ),
    script(
        "a close reason is validated, unlike texts",
        node_frames,
        "receive 8804 03e8 ffff",
        "frame Close fin 00 plain 03e8ffff
        write 881d03ef \"Invalid UTF-8 Data Received\"
        error Invalid UTF-8 Data Received
        close 1007 Invalid UTF-8 Data Received",
    ),
    script(
        "after our close frame, only the peer's close frame counts, and it is not delivered",
        node_frames,
        "close 3001 \"bye\"
receive 8101 61 8901 41 8802 03e9",
        "write 88050bb9 \"bye\"
        close 3001 bye",
    ),
    script(
        "a frame above the limit",
        small_node_frames,
        "receive 8104 61616161 8105",
        "frame Text fin 00 plain \"aaaa\"
        write 883b03f1 \"Frame size of 5 bytes exceeds maximum accepted frame size\"
        error Frame size of 5 bytes exceeds maximum accepted frame size
        close 1009 Frame size of 5 bytes exceeds maximum accepted frame size",
    ),
    script(
        "a handler may close between a frame and its event",
        node_frames,
        "on frame => close 3001\nreceive 8901 41",
        "frame Ping fin 00 plain \"A\"\nwrite 88020bb9",
    ),
];

const WS: &[Script] = &[
    script(
        "RSV1",
        ws,
        "receive c100",
        "write 880203ea\nerror Invalid WebSocket frame: RSV1 must be clear\nclose 1006",
    ),
    script(
        "RSV2",
        ws,
        "receive a100",
        "write 880203ea\nerror Invalid WebSocket frame: RSV2 and RSV3 must be clear\nclose 1006",
    ),
    script("the first byte alone is not checked", ws, "receive c1", ""),
    script(
        "a continuation without a message",
        ws,
        "receive 8000",
        "write 880203ea\nerror Invalid WebSocket frame: invalid opcode 0\nclose 1006",
    ),
    script(
        "text inside a message",
        ws,
        "receive 0101 61 8101 62",
        "write 880203ea\nerror Invalid WebSocket frame: invalid opcode 1\nclose 1006",
    ),
    script(
        "a reserved opcode",
        ws,
        "receive 8b00",
        "write 880203ea\nerror Invalid WebSocket frame: invalid opcode 11\nclose 1006",
    ),
    script(
        "a ping without FIN",
        ws,
        "receive 0900",
        "write 880203ea\nerror Invalid WebSocket frame: FIN must be set\nclose 1006",
    ),
    script(
        "a ping of 126 bytes",
        ws,
        "receive 897e",
        "write 880203ea\nerror Invalid WebSocket frame: invalid payload length 126\nclose 1006",
    ),
    script(
        "a close frame of one byte",
        ws,
        "receive 8801 03",
        "write 880203ea\nerror Invalid WebSocket frame: invalid payload length 1\nclose 1006",
    ),
    script(
        "an unmasked frame",
        ws_server,
        "receive 8100",
        "write 880203ea\nerror Invalid WebSocket frame: MASK must be set\nclose 1006",
    ),
    script(
        "a masked frame",
        ws_client,
        "receive 8180",
        "write 8882 37fa213d 3410\nerror Invalid WebSocket frame: MASK must be clear\nclose 1006",
    ),
    script(
        "text is validated when the message is complete",
        ws,
        "receive 0101 ff\nstate\nreceive 8000",
        "state Open\nwrite 880203ef\nerror Invalid WebSocket frame: invalid UTF-8 sequence\nclose 1006",
    ),
    script(
        "a length above 2^53",
        ws,
        "receive 827f 0100000000000000",
        "write 880203f1\nerror Unsupported WebSocket frame: payload length > 2^53 - 1\nclose 1006",
    ),
    script(
        "a message above the limit",
        small_ws,
        "receive 8104 61616161 0103 616161 8002",
        "message text \"aaaa\"\nwrite 880203f1\nerror Max payload size exceeded\nclose 1006",
    ),
    script(
        "more fragments than the limit",
        small_ws,
        "receive 0101 61 0000 8900 8000 8101 62 0100 0000 0000 0000",
        "write 8a00\nping \"\"\nmessage text \"a\"\nmessage text \"b\"\nwrite 880203f0\nerror Too many message fragments\nclose 1006",
    ),
    script(
        "an empty close frame is answered with one",
        ws,
        "receive 8800",
        "write 8800\nclose 1005",
    ),
    script(
        "a close frame is echoed",
        ws,
        "receive 8805 0bb8 \"bye\"",
        "write 88050bb8 \"bye\"\nclose 3000 bye",
    ),
    script(
        "1012",
        ws,
        "receive 8802 03f4",
        "write 880203f4\nclose 1012",
    ),
    script(
        "a close code that must not travel",
        ws,
        "receive 8802 03ed",
        "write 880203ea\nerror Invalid WebSocket frame: invalid status code 1005\nclose 1006",
    ),
    script(
        "a close reason that is not UTF-8",
        ws,
        "receive 8804 03e8 ffff",
        "write 880203ef\nerror Invalid WebSocket frame: invalid UTF-8 sequence\nclose 1006",
    ),
    script(
        "the peer's answer is reported",
        ws,
        "close 3001 \"bye\"\nreceive 8802 03e9",
        "write 88050bb9 \"bye\"\nclose 1001",
    ),
    script(
        "a close frame without a code",
        ws,
        "close none\nreceive 8800",
        "write 8800\nclose 1005",
    ),
    script(
        "after our close frame pings are reported but not answered",
        ws,
        "close 3001\nreceive 8901 41",
        "write 88020bb9\nping \"A\"",
    ),
    script(
        "a violation after our close frame is reported",
        ws,
        "close 3001\nreceive 8300",
        "write 88020bb9\nerror Invalid WebSocket frame: invalid opcode 3\nclose 1006",
    ),
    script(
        "pings are answered",
        ws,
        "receive 8901 41",
        "write 8a01 \"A\"\nping \"A\"",
    ),
    script(
        "the application may answer pings itself",
        ws_without_pongs,
        "receive 8901 41",
        "ping \"A\"",
    ),
    script(
        "the application sends single frames",
        ws,
        "more text \"a\"\nmore continuation \"b\"\nframe continuation \"c\"",
        "write 0101 \"a\"\nwrite 0001 \"b\"\nwrite 8001 \"c\"",
    ),
];

#[test]
fn websocket_node_has_its_own_checks_messages_and_closes() {
    NODE.iter().for_each(Script::check);
}

#[test]
fn the_limit_of_messages_applies_during_assembly() {
    LIMITS.iter().for_each(Script::check);
}

#[test]
fn masking_is_required_forbidden_or_optional() {
    MASKING.iter().for_each(Script::check);
}

#[test]
fn a_policy_may_deliver_frames() {
    FRAMES.iter().for_each(Script::check);
}

#[test]
fn ws_has_its_own_checks_messages_and_closes() {
    WS.iter().for_each(Script::check);
}

#[test]
fn ws_receives_messages_after_its_close_frame() {
    let mut connection = ws();
    assert!(
        connection
            .close(3001, "")
            .expect("3001 may be sent")
            .accepted
    );
    connection.receive(b"\x81\x01a");
    assert!(
        connection
            .poll_message()
            .is_some_and(|message| message.payload == b"a")
    );
}

#[test]
fn text_may_contain_any_bytes_without_a_check() {
    let policy = Policy {
        text: TextCheck::Never,
        ..unmasked(Policy::ws_server())
    };
    let received: [(&str, &[u8], &[u8]); 3] = [
        ("in one frame", b"\x81\x01\xFF", b"\xFF"),
        ("in fragments", b"\x01\x01\xFF\x80\x01\xFE", b"\xFF\xFE"),
        ("compressed", b"\xC1\x03\xFA\x0F\x00", b"\xFF"),
    ];
    for (name, bytes, expected) in received {
        let offer = "permessage-deflate";
        let mut connection = deflate_server(policy.clone(), "", offer);
        connection.receive(bytes);
        let message = connection.poll_message();
        let message = message.map(|message| (message.kind, message.payload));
        assert_eq!(message, Some((Kind::Text, expected)), "{name}");
    }
}

#[test]
fn messages_contain_the_offsets_of_their_frames_if_the_policy_requires_them() {
    let cases: [(&str, &[u8], &[usize]); 5] = [
        ("one frame", b"\x82\x02ab", &[]),
        ("two frames", b"\x02\x02ab\x80\x01c", &[2]),
        ("three frames", b"\x01\x02ab\x00\x01c\x80\x01d", &[2, 3]),
        (
            "empty frames do not count",
            b"\x02\x00\x00\x02ab\x00\x00\x00\x01c\x80\x00",
            &[2],
        ),
        ("only empty frames", b"\x02\x00\x80\x00", &[]),
    ];
    for delivery in [Delivery::Fragments, Delivery::Messages] {
        for (name, bytes, cuts) in cases {
            let policy = Policy {
                delivery,
                ..unmasked(Policy::ws_server())
            };
            for size in [1, bytes.len()] {
                let mut connection = Connection::established(&policy, Version::Hybi13, None);
                let mut found = None;
                for chunk in bytes.chunks(size) {
                    connection.receive(chunk);
                    let message = connection.poll_message();
                    found = message.map(|message| message.cuts.map(<[usize]>::to_vec));
                }
                let expected = (delivery == Delivery::Fragments).then(|| cuts.to_vec());
                assert_eq!(found, Some(expected), "{name}, {delivery:?}, by {size}");
            }
        }
    }
}

#[test]
fn an_established_connection_is_open_without_output() {
    for version in [
        Version::Hybi13,
        Version::Hybi8,
        Version::Hixie75,
        Version::Hixie76,
    ] {
        let policy = Policy::websocket_driver_server();
        let mut connection = Connection::established(&policy, version, None);
        assert_eq!(connection.ready_state(), ReadyState::Open);
        assert_eq!(connection.version(), version);
        assert!(connection.poll().is_none() && connection.outbox().is_empty());
        assert!(!connection.start().accepted && connection.negotiation().is_none());
        assert!(connection.send(Kind::Text, b"a"));
        assert!(!connection.outbox().is_empty());
    }
}

#[test]
fn version_8_is_accepted_if_the_policy_contains_it() {
    type Case = (&'static str, fn() -> Policy, bool);
    let versions: [Case; 3] = [
        ("websocket-driver", Policy::websocket_driver_server, false),
        ("WebSocket-Node", Policy::websocket_node_server, true),
        ("ws", Policy::ws_server, true),
    ];
    for (name, policy, speaks) in versions {
        let mut server = requested_server(policy(), &[("sec-websocket-version", "8")]);
        assert_eq!(server.start().accepted, speaks, "{name}");
        let expected = if speaks {
            Version::Hybi8
        } else {
            Version::Hybi13
        };
        assert_eq!(server.version(), expected, "{name}");
    }
    let mut client = new_client(Policy {
        versions: &[Version::Hybi8],
        ..client_policy()
    });
    assert!(client.start().accepted);
    let request = String::from_utf8_lossy(client.outbox().bytes()).into_owned();
    assert!(
        request.contains("\r\nSec-WebSocket-Version: 8\r\n"),
        "{request}"
    );
}

#[test]
fn frames_wait_for_the_opening_handshake_and_for_large_messages() {
    let mut server = requested_server(Policy::ws_server(), &[]);
    let first = FrameStart {
        fin: false,
        ..FrameStart::whole(Opcode::Text)
    };
    assert_eq!(server.send_frame(first, KeySource::Policy, b"a"), Ok(true));
    let too_long = server.send_frame(
        FrameStart::whole(Opcode::Ping),
        KeySource::Policy,
        &[0; 126],
    );
    assert!(too_long.is_err());
    assert!(server.start().accepted);
    assert!(server.outbox().bytes().ends_with(b"\r\n\r\n\x01\x01a"));

    let mut server = deflate_server(Policy::ws_server(), "", "permessage-deflate");
    assert!(server.send_in(Form::Negotiated, Kind::Binary, &vec![0; 300_000]));
    assert_eq!(server.send_frame(first, KeySource::Policy, b"a"), Ok(true));
    assert!(server.outbox().is_empty());
    while server.has_work() {
        assert!(server.work().accepted);
    }
    assert!(server.outbox().bytes().ends_with(b"\x01\x01a"));
}

#[test]
fn the_application_may_choose_the_masking_key_of_a_frame() {
    let cases: [(&str, KeySource, &[u8]); 3] = [
        (
            "the key of the policy",
            KeySource::Policy,
            b"\x81\x81\x37\xFA\x21\x3D\x56",
        ),
        ("no key", KeySource::Unmasked, b"\x81\x01a"),
        (
            "a given key",
            KeySource::Given([1, 2, 3, 4]),
            b"\x81\x81\x01\x02\x03\x04\x60",
        ),
    ];
    for (name, key, expected) in cases {
        let mut client = ws_client();
        assert_eq!(
            client.send_frame(FrameStart::whole(Opcode::Text), key, b"a"),
            Ok(true)
        );
        assert_eq!(client.outbox().bytes(), expected, "{name}");
    }
}

#[test]
fn errors_have_the_messages_of_their_policy() {
    let mut connection = node();
    connection.receive(b"\x83\x00");
    let mut errors = Vec::new();
    while let Some(output) = connection.poll() {
        if let Output::Event(Event::Error(Error::Protocol(violation))) = output {
            errors.push((violation.error, violation.to_string()));
        }
    }
    let expected = (
        ProtocolError::UnrecognizedOpcode(3),
        "Unrecognized Opcode: 0x3".to_owned(),
    );
    assert_eq!(errors, [expected]);
}

#[test]
fn waiting_for_a_whole_frame_has_a_constant_cost_per_byte() {
    let policy = Policy {
        max_frame: usize::MAX,
        delivery: Delivery::Frames,
        ..Policy::websocket_node_server()
    };
    let mut connection = Connection::established(&policy, Version::Hybi13, None);
    let length = 16 * 1024 * 1024_u64;
    connection.receive(&[&b"\x82\x7F"[..], &length.to_be_bytes()].concat());
    let start = std::time::Instant::now();
    for _ in 0..length / 1024 {
        assert!(connection.poll().is_none());
        connection.receive(&[0; 1024]);
    }
    let is_whole = matches!(
        connection.poll(),
        Some(Output::Frame(frame)) if frame.payload.len() as u64 == length
    );
    assert!(is_whole);
    // A quadratic cost would be a hundred times as high.
    assert!(start.elapsed().as_secs() < 10);
}

fn established(policy: &Policy) -> Connection {
    Connection::established(policy, Version::Hybi13, None)
}

fn unmasked(policy: Policy) -> Policy {
    Policy {
        peer_masking: PeerMasking::Optional,
        ..policy
    }
}

fn node() -> Connection {
    established(&Policy::websocket_node_server())
}

fn small_node() -> Connection {
    established(&Policy {
        max_frame: 4,
        ..Policy::websocket_node_server()
    })
}

fn tiny_node() -> Connection {
    established(&Policy {
        max_message: 2,
        ..Policy::websocket_node_server()
    })
}

fn tiny_node_frames() -> Connection {
    established(&Policy {
        max_message: 2,
        delivery: Delivery::Frames,
        ..Policy::websocket_node_server()
    })
}

fn small_node_frames() -> Connection {
    established(&Policy {
        max_frame: 4,
        delivery: Delivery::Frames,
        ..Policy::websocket_node_server()
    })
}

fn masked_node() -> Connection {
    established(&Policy {
        peer_masking: PeerMasking::Required,
        ..Policy::websocket_node_server()
    })
}

fn node_client() -> Connection {
    let mask_keys = client_policy().mask_keys.expect("clients mask");
    established(&Policy::websocket_node_client(mask_keys))
}

fn lenient_node_client() -> Connection {
    let mask_keys = client_policy().mask_keys.expect("clients mask");
    established(&unmasked(Policy::websocket_node_client(mask_keys)))
}

fn fragmenting_node() -> Connection {
    established(&Policy {
        fragment_at: Some(4),
        ..Policy::websocket_node_server()
    })
}

fn fragmenting_client() -> Connection {
    established(&Policy {
        fragment_at: Some(4),
        mask_keys: client_policy().mask_keys,
        ..Policy::websocket_node_server()
    })
}

fn node_frames() -> Connection {
    established(&Policy {
        delivery: Delivery::Frames,
        ..Policy::websocket_node_server()
    })
}

fn ws() -> Connection {
    established(&unmasked(Policy::ws_server()))
}

fn ws_server() -> Connection {
    established(&Policy::ws_server())
}

fn ws_client() -> Connection {
    let mask_keys = client_policy().mask_keys.expect("clients mask");
    established(&Policy::ws_client(mask_keys))
}

fn ws_without_pongs() -> Connection {
    established(&Policy {
        pongs: Pongs::Asked,
        ..unmasked(Policy::ws_server())
    })
}

fn small_ws() -> Connection {
    established(&Policy {
        max_message: 4,
        max_fragments: Some(3),
        ..unmasked(Policy::ws_server())
    })
}
