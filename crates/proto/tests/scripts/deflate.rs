//! permessage-deflate: valid and invalid compressed messages.

use proto::connection::Connection;
use proto::policy::Policy;

use proto_testing::connections::{
    client_policy, deflate_client, deflate_server, lenient, lenient_server, new_client,
    offered_server, open_client, requested_server,
};
use proto_testing::script::{Script, script};

/// Creates a server that also accepts unmasked frames, with permessage-deflate and without
/// parameters.
fn deflating() -> Connection {
    deflate_server(lenient(0x3ff_ffff), "", "permessage-deflate")
}

/// Creates the same server with a limit of 10 bytes.
fn small() -> Connection {
    deflate_server(lenient(10), "", "permessage-deflate")
}

fn deflating_client() -> Connection {
    deflate_client(client_policy(), "", "permessage-deflate")
}

/// A message that cannot be inflated, after a valid one. Checks the error and that no output
/// follows.
macro_rules! corrupt {
    ($name:literal, $frame:literal, $write:literal, $reason:literal) => {
        script(
            $name,
            deflating,
            concat!(
                "on error => state\n",
                "receive 8101 \"a\" ",
                $frame,
                " c107 f248cdc9c90700 8900 8101 \"b\"\n",
                "receive 8800\n",
                "text \"x\"",
            ),
            concat!(
                "message text \"a\"\n",
                "write ",
                $write,
                " \"",
                $reason,
                "\"\n",
                "error ",
                $reason,
                "\n",
                "state Closed\n",
                "close 1010 ",
                $reason,
                "\n",
                "text refused",
            ),
        )
    };
}

/// A frame with a reserved bit that it must not have.
macro_rules! reserved {
    ($name:literal, $connection:expr, $frame:literal, $one:literal, $two:literal, $three:literal) => {
        script(
            $name,
            $connection,
            concat!("receive ", $frame, " 01 00 8900"),
            concat!(
                "write 884f03ea \"One or more reserved bits are on: reserved1 = ",
                $one,
                ", reserved2 = ",
                $two,
                ", reserved3 = ",
                $three,
                "\"\n",
                "error One or more reserved bits are on: reserved1 = ",
                $one,
                ", reserved2 = ",
                $two,
                ", reserved3 = ",
                $three,
                "\n",
                "close 1002 One or more reserved bits are on: reserved1 = ",
                $one,
                ", reserved2 = ",
                $two,
                ", reserved3 = ",
                $three,
            ),
        )
    };
}

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "a message in one frame: RFC 7692 §7.2.3.1",
        deflating,
        "receive c107 f248cdc9c90700",
        "message text \"Hello\"",
    ),
    script(
        "a message in fragments: RFC 7692 §7.2.3.1",
        deflating,
        "receive 4103 f248cd 8004 c9c90700",
        "message text \"Hello\"",
    ),
    script(
        "a message in fragments of one byte and of none",
        deflating,
        "receive 4200 0001 f2 0001 48 0000 0001 cd 0001 c9 0001 c9 0001 07 0001 00 8000",
        "message binary \"Hello\"",
    ),
    script(
        "a message that refers to the previous message: RFC 7692 §7.2.3.2",
        deflating,
        "receive c107 f248cdc9c90700 c105 f200110000 c105 f200110000",
        "message text \"Hello\"
         message text \"Hello\"
         message text \"Hello\"",
    ),
    script(
        "a stored block: RFC 7692 §7.2.3.3",
        deflating,
        "receive c10b 000500faff 48656c6c6f 00",
        "message text \"Hello\"",
    ),
    script(
        "a final block, and later messages that refer to it: RFC 7692 §7.2.3.4",
        deflating,
        "receive c108 f348cdc9c9070000 c105 f200110000 c108 f348cdc9c9070000 c107 f248cdc9c90700",
        "message text \"Hello\"
         message text \"Hello\"
         message text \"Hello\"
         message text \"Hello\"",
    ),
    script(
        "a final block at the end of a message",
        deflating,
        "receive c107 f348cdc9c90700 c105 f200110000",
        "message text \"Hello\"
         message text \"Hello\"",
    ),
    script(
        "several final blocks, which refer to each other and to earlier messages",
        deflating,
        "receive c10f f348cdc9c90700 f348cdc9c90700 00
         receive c10c f348cdc9c90700 f200110000
         receive c105 f3001100 00",
        "message text \"HelloHello\"
         message text \"HelloHello\"
         message text \"Hello\"",
    ),
    script(
        "a final block whose end is the tail",
        deflating,
        "receive c101 01 c107 f248cdc9c90700 c101 01 c106 f348cdc9c907 c105 f200110000",
        "message text \"\"
         message text \"Hello\"
         message text \"\"
         message text \"Hello\"
         message text \"Hello\"",
    ),
    script(
        "two blocks: RFC 7692 §7.2.3.5",
        deflating,
        "receive c10d f248050000 00ffff cac9c90700",
        "message text \"Hello\"",
    ),
    script(
        "two blocks in two fragments, cut inside the first",
        deflating,
        "receive 4103 f24805 800a 0000 00ffff cac9c90700",
        "message text \"Hello\"",
    ),
    script(
        "empty messages: RFC 7692 §7.2.3.6",
        deflating,
        "receive c101 00 c201 00 4100 8001 00 c102 0200 c102 0300 c103 030000 c106 000000ffff00",
        "message text \"\"
         message binary \"\"
         message text \"\"
         message text \"\"
         message text \"\"
         message text \"\"
         message text \"\"",
    ),
    script(
        "uncompressed messages between compressed ones",
        deflating,
        "receive c107 f248cdc9c90700 8105 \"World\" c105 f200110000 0201 ff 8001 fe 8100 c105 f200110000",
        "message text \"Hello\"
         message text \"World\"
         message text \"Hello\"
         message binary fffe
         message text \"\"
         message text \"Hello\"",
    ),
    script(
        "masked messages of a client",
        || deflate_server(Policy::websocket_driver_server(), "", "permessage-deflate; client_max_window_bits"),
        "receive c187 37fa213d c5b2ecf4fefd21 4183 01010101 f349cc 8084 00000000 c9c90700",
        "message text \"Hello\"
         message text \"Hello\"",
    ),
    script(
        "messages of a server, and masked replies",
        deflating_client,
        "each message => text \"Hello\"
         receive c107 f248cdc9c90700 c105 f200110000",
        "message text \"Hello\"
         write c187 37fa213d c5b2ecf4fefd21
         message text \"Hello\"
         write c185 37fa213d c5fa303d37",
    ),
    script(
        "pings between the fragments are answered immediately",
        deflating,
        "each ping => text \"Hello\"
         receive 4103 f248cd 8901 \"p\" 0002 c9c9 8a00 8900 8002 0700",
        "write 8a01 \"p\"
         ping \"p\"
         write c107 f248cdc9c90700
         pong \"\"
         write 8a00
         ping \"\"
         write c105 f200110000
         message text \"Hello\"",
    ),
    script(
        "a close frame between the fragments ends the message",
        deflating,
        "receive 4103 f248cd 8802 03e8 8004 c9c90700",
        "write 8802 03e8
         close 1000",
    ),
    script(
        "a handler that closes receives no more compressed messages",
        deflating,
        "on message => close
         receive c107 f248cdc9c90700 c105 f200110000 8802 03e8",
        "message text \"Hello\"
         write 8802 03e8
         close 1000",
    ),
    script(
        "sent messages: one, one that refers to it, and empty ones",
        deflating,
        "text \"Hello\"
         text \"Hello\"
         text
         binary
         ping \"Hello\"
         close 1000 \"Hello\"",
        "write c107 f248cdc9c90700
         write c105 f200110000
         write c101 00
         write c201 00
         write 8905 \"Hello\"
         write 8807 03e8 \"Hello\"",
    ),
    script(
        "sent messages do not refer to received messages",
        deflating,
        "receive c107 f248cdc9c90700
         text \"Hello\"",
        "message text \"Hello\"
         write c107 f248cdc9c90700",
    ),
    script(
        "a server without context takeover compresses each message separately",
        || deflate_server(lenient(100), "no_context_takeover", "permessage-deflate"),
        "text \"Hello\"
         text \"Hello\"
         receive c107 f248cdc9c90700 c105 f200110000",
        "write c107 f248cdc9c90700
         write c107 f248cdc9c90700
         message text \"Hello\"
         message text \"Hello\"",
    ),
    script(
        "a client without context takeover must not refer to earlier messages",
        || deflate_server(lenient(100), "request_no_context_takeover", "permessage-deflate"),
        "text \"Hello\"
         text \"Hello\"
         receive c107 f248cdc9c90700 c107 f248cdc9c90700 c105 f200110000",
        "write c107 f248cdc9c90700
         write c105 f200110000
         message text \"Hello\"
         message text \"Hello\"
         write 883303f2 \"permessage-deflate: invalid distance too far back\"
         error permessage-deflate: invalid distance too far back
         close 1010 permessage-deflate: invalid distance too far back",
    ),
    script(
        "a client that agreed to no context takeover",
        || deflate_client(client_policy(), "", "permessage-deflate; client_no_context_takeover"),
        "text \"Hello\"
         text \"Hello\"
         receive c107 f248cdc9c90700 c105 f200110000",
        "write c187 37fa213d c5b2ecf4fefd21
         write c187 37fa213d c5b2ecf4fefd21
         message text \"Hello\"
         message text \"Hello\"",
    ),
    script(
        "a server that agreed to no context takeover must not refer to earlier messages",
        || deflate_client(client_policy(), "", "permessage-deflate; server_no_context_takeover"),
        "receive c107 f248cdc9c90700 c105 f200110000",
        "message text \"Hello\"
         write 88b3 37fa213d
         + 340851584597444e449b46581a9e445b5b9b55580dda4853419b4d5453da4554448e4053549f01495895015b5688015f56994a
         error permessage-deflate: invalid distance too far back
         close 1010 permessage-deflate: invalid distance too far back",
    ),
    script(
        "a message that inflates to the limit, and one that inflates to more",
        small,
        "receive c106 4a4c84010000 020a 61*10 8000 c106 4a4c84030000 8900",
        "message text \"aaaaaaaaaa\"
         message binary \"aaaaaaaaaa\"
         write 8822 03f1 \"WebSocket frame length too large\"
         error WebSocket frame length too large
         close 1009 WebSocket frame length too large",
    ),
    script(
        "messages below the threshold are sent uncompressed, and later ones do not refer to them",
        || deflate_server(lenient(0x3ff_ffff), "threshold=5", "permessage-deflate"),
        "text \"Hell\"
         text \"Hello\"
         binary \"\"
         text \"Hell\"
         text \"Hello\"
         ping \"Hello, world\"",
        "write 8104 \"Hell\"
         write c107 f248cdc9c90700
         write 8200
         write 8104 \"Hell\"
         write c105 f200110000
         write 890c \"Hello, world\"",
    ),
    script(
        "without context takeover the threshold is the same",
        || deflate_server(lenient(0x3ff_ffff), "threshold=5 no_context_takeover", "permessage-deflate"),
        "text \"Hell\"
         text \"Hello\"
         text \"Hello\"",
        "write 8104 \"Hell\"
         write c107 f248cdc9c90700
         write c107 f248cdc9c90700",
    ),
    script(
        "a message may be sent uncompressed, also before the connection opens",
        || offered_server(Policy::websocket_driver_server(), "permessage-deflate"),
        "plain \"Hello\"
         text \"Hello\"
         deflate
         start
         plain \"Hello\"
         text \"Hello\"",
        "head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         head Sec-WebSocket-Extensions: permessage-deflate
         write 8105 \"Hello\"
         write c107 f248cdc9c90700
         open
         write 8105 \"Hello\"
         write c105 f200110000",
    ),
    script(
        "an uncompressed message waits for an earlier large one, but needs no work even if it is large",
        deflating,
        "plain 61*140000
         binary 61*140000
         plain \"Hello\"
         buffered
         text \"Hello\"
         work",
        "write 817f 00000000000222e0 61*140000
         buffered 140005
         write c27e00b0 ecc13101000000c2a0aceb5fc2c31a4001 00*126 dc000000ffffecc13101000000c2a0acf62fb11a1e000000000000000000ec5800
         write 8105 \"Hello\"
         write c107 f248cdc9c90700",
    ),
    script(
        "after our close frame a message that cannot be inflated ends the connection",
        deflating,
        "close 3001 \"bye\"
         receive c107 f248cdc9c90700 c103 07ffff 8805 0bb9 \"bye\"
         state",
        "write 8805 0bb9 \"bye\"
         close 3001 bye
         state Closed",
    ),
    script(
        "after our close frame a message that inflates to more than the limit ends the connection",
        small,
        "close 3001 \"bye\"
         receive c106 4a4c84030000 8805 0bb9 \"bye\"
         state",
        "write 8805 0bb9 \"bye\"
         close 3001 bye
         state Closed",
    ),
    script(
        "the end after our close frame waits for an earlier large message",
        deflating,
        "binary 61*140000
         close 3001 \"bye\"
         receive 83 8805 0bb9 \"bye\"
         state
         work
         state",
        "state Closing
         write c27e00b0 ecc13101000000c2a0aceb5fc2c31a4001 00*126 dc000000ffffecc13101000000c2a0acf62fb11a1e000000000000000000ec5800
         write 8805 0bb9 \"bye\"
         close 3001 bye
         state Closed",
    ),
    script(
        "a compressed frame above the limit is refused at its header",
        small,
        "receive c10b",
        "write 8822 03f1 \"WebSocket frame length too large\"
         error WebSocket frame length too large
         close 1009 WebSocket frame length too large",
    ),
    script(
        "compressed fragments above the limit together",
        small,
        "receive 4106 00*6 0005",
        "write 8822 03f1 \"WebSocket frame length too large\"
         error WebSocket frame length too large
         close 1009 WebSocket frame length too large",
    ),
    script(
        "a server compresses the messages sent before its answer",
        || offered_server(Policy::websocket_driver_server(), "permessage-deflate; client_max_window_bits"),
        "text \"Hello\"
         ping \"p\"
         text \"Hello\"
         deflate
         buffered
         start
         text \"Hello\"
         deflate",
        "buffered 11
         head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         head Sec-WebSocket-Extensions: permessage-deflate
         write c107 f248cdc9c90700
         write 8901 \"p\"
         write c105 f200110000
         open
         write c104 02130000
         deflate too late",
    ),
    script(
        "a server answers with all parameters",
        || {
            let offer = "permessage-deflate; server_max_window_bits=14; client_max_window_bits";
            offered_server(Policy::websocket_driver_server(), offer)
        },
        "deflate no_context_takeover max_window_bits=9 request_no_context_takeover request_max_window_bits=8
         start",
        "head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         head Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=8
         open",
    ),
    script(
        "a server without an acceptable offer continues without compression",
        || offered_server(lenient(10), "permessage-deflate; server_max_window_bits=7, x"),
        "deflate
         start
         text \"Hello\"
         receive 8105 \"Hello\"",
        "deflate declined
         head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open
         write 8105 \"Hello\"
         message text \"Hello\"",
    ),
    script(
        "a server without an offer continues without compression",
        || requested_server(Policy::websocket_driver_server(), &[]),
        "deflate
         start",
        "deflate declined
         head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         open",
    ),
    script(
        "an offer outside the grammar is refused",
        || offered_server(Policy::websocket_driver_server(), "permessage-deflate; client_max_window_bits="),
        "deflate
         start",
        "deflate too late
         head HTTP/1.1 400 Bad Request
         head Content-Type: text/plain
         head Content-Length: 84
         body Invalid Sec-WebSocket-Extensions header: permessage-deflate; client_max_window_bits=
         start refused
         error Invalid Sec-WebSocket-Extensions header: permessage-deflate; client_max_window_bits=
         close 1002 Invalid Sec-WebSocket-Extensions header: permessage-deflate; client_max_window_bits=",
    ),
    script(
        "a client compresses the messages sent before the answer",
        || new_client(client_policy()),
        "deflate request_max_window_bits=10
         text \"Hello\"
         start
         receive
         | HTTP/1.1 101 Switching Protocols
         | Upgrade: websocket
         | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
         | Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10
         |
         + c107 f248cdc9c90700
         text \"Hello\"",
        "head GET /chat HTTP/1.1
         head Host: example.com
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==
         head Sec-WebSocket-Version: 13
         head Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_max_window_bits=10
         write c187 37fa213d c5b2ecf4fefd21
         open
         message text \"Hello\"
         write c185 37fa213d c5fa303d37",
    ),
    script(
        "a client without a response continues without compression",
        || new_client(client_policy()),
        "deflate
         start
         receive
         | HTTP/1.1 101 Switching Protocols
         | Upgrade: websocket
         | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
         |
         + 8105 \"Hello\" c1",
        "head GET /chat HTTP/1.1
         head Host: example.com
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==
         head Sec-WebSocket-Version: 13
         head Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
         open
         message text \"Hello\"
         write 88cf 37fa213d 34106e5352da4e4f17974e4f52da5358449f534b529e015f5e8e521d5688441d58941b1d459f5258458c445906da1c1d06d6014f5289444f419f450f17c7010d1bda5358449f534b529e121d0ada11
         error One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0
         close 1002 One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0",
    ),
    script(
        "a client refuses a response beyond its offer",
        || new_client(client_policy()),
        "deflate max_window_bits=10
         start
         receive
         | HTTP/1.1 101 Switching Protocols
         | Upgrade: websocket
         | Connection: Upgrade
         | Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=
         | Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=11
         |
         + c107 f248cdc9c90700",
        "head GET /chat HTTP/1.1
         head Host: example.com
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==
         head Sec-WebSocket-Version: 13
         head Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10
         error Error during WebSocket handshake: Server sent unacceptable extension parameters: permessage-deflate; client_max_window_bits=11
         close 1002 Error during WebSocket handshake: Server sent unacceptable extension parameters: permessage-deflate; client_max_window_bits=11",
    ),
    reserved!("RSV1 on a continuation", deflating, "4100 c0", "1", "0", "0"),
    reserved!("RSV1 on a first continuation", deflating, "0100 40", "1", "0", "0"),
    reserved!("RSV1 on a ping", deflating, "c9", "1", "0", "0"),
    reserved!("RSV1 on a pong", deflating, "ca", "1", "0", "0"),
    reserved!("RSV1 on a close frame", deflating, "c8", "1", "0", "0"),
    reserved!("RSV2 beside RSV1", deflating, "e1", "1", "1", "0"),
    reserved!("RSV3 beside RSV1", deflating, "d1", "1", "0", "1"),
    reserved!("RSV2 without RSV1", deflating, "a1", "0", "1", "0"),
    reserved!("RSV3 without RSV1", deflating, "91", "0", "0", "1"),
    reserved!("RSV1 without a negotiation", lenient_server, "c1", "1", "0", "0"),
    reserved!(
        "RSV1 after a declined offer",
        || {
            let mut connection = offered_server(lenient(10), "permessage-deflate; x");
            assert!(connection.start().accepted);
            connection.outbox().clear();
            connection
        },
        "c1",
        "1",
        "0",
        "0"
    ),
    script(
        "RSV1 without an offer of the client",
        || open_client(client_policy()),
        "receive c107 f248cdc9c90700",
        "write 88cf 37fa213d 34106e5352da4e4f17974e4f52da5358449f534b529e015f5e8e521d5688441d58941b1d459f5258458c445906da1c1d06d6014f5289444f419f450f17c7010d1bda5358449f534b529e121d0ada11
         error One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0
         close 1002 One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0",
    ),
    script(
        "text that is not UTF-8 after inflation",
        deflating,
        "receive c107 f248cdc9c90700 c107 000100feff ff 00 8900",
        "message text \"Hello\"
         write 8828 03ef \"Could not decode a text frame as UTF-8\"
         error Could not decode a text frame as UTF-8
         close 1007 Could not decode a text frame as UTF-8",
    ),
    script(
        "a character that its message leaves incomplete",
        deflating,
        "receive 4103 000200 8005 fdff e282 00 8900",
        "write 8828 03ef \"Could not decode a text frame as UTF-8\"
         error Could not decode a text frame as UTF-8
         close 1007 Could not decode a text frame as UTF-8",
    ),
    script(
        "a character whose bytes are in two blocks and two fragments",
        deflating,
        "receive 4107 000200fdff e282 8007 000100feff ac 00",
        "message text \"€\"",
    ),
    script(
        "a binary message may be invalid UTF-8 after inflation",
        deflating,
        "receive c207 000100feff ff 00",
        "message binary ff",
    ),
    corrupt!(
        "an unknown type of block",
        "c101 06",
        "882803f2",
        "permessage-deflate: invalid block type"
    ),
    corrupt!(
        "an unknown type of a final block",
        "c101 07",
        "882803f2",
        "permessage-deflate: invalid block type"
    ),
    corrupt!(
        "an unknown type after a valid block",
        "c10b 000500faff 48656c6c6f 06",
        "882803f2",
        "permessage-deflate: invalid block type"
    ),
    corrupt!(
        "stored lengths that do not match",
        "c10b 000500fbff 48656c6c6f00",
        "883203f2",
        "permessage-deflate: invalid stored block lengths"
    ),
    corrupt!(
        "an incomplete stored length",
        "c103 000500",
        "883203f2",
        "permessage-deflate: invalid stored block lengths"
    ),
    corrupt!(
        "an incomplete stored block",
        "c109 000500faff 48656c6c",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "an incomplete final stored block",
        "c109 010500faff 48656c6c",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "a final stored block that the tail would complete",
        "c105 010400fbff",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "a final stored block that the tail and a byte would complete",
        "c105 010500faff",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "an incomplete block",
        "c104 f248cdc9",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "a block without its end",
        "c106 f248cdc9c907",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "only the beginning of a block",
        "c101 02",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "an empty payload",
        "c100 ",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "a tail that was not removed",
        "c10b f248cdc9c907000000ffff",
        "882c03f2",
        "permessage-deflate: unexpected end of file"
    ),
    corrupt!(
        "a distance to before the first message",
        "c105 f200110000",
        "883303f2",
        "permessage-deflate: invalid distance too far back"
    ),
    corrupt!(
        "an invalid set of code lengths",
        "c108 04c0810800000000",
        "882e03f2",
        "permessage-deflate: invalid code lengths set"
    ),
    corrupt!(
        "too many symbols",
        "c103 fcffff",
        "883903f2",
        "permessage-deflate: too many length or distance symbols"
    ),
    corrupt!(
        "an invalid length symbol",
        "c102 1aff",
        "883103f2",
        "permessage-deflate: invalid literal/length code"
    ),
    script(
        "a corrupt message in fragments fails after its last fragment",
        deflating,
        "receive 4101 06 8900 8001 00 8900",
        "write 8a00
         ping \"\"
         write 8828 03f2 \"permessage-deflate: invalid block type\"
         error permessage-deflate: invalid block type
         close 1010 permessage-deflate: invalid block type",
    ),
    script(
        "a corrupt message after our close frame is not reported",
        deflating,
        "close
         receive c101 06 c107 f248cdc9c90700
         state",
        "write 8802 03e8
         close 1000
         state Closed",
    ),
    script(
        "a handler of the error cannot send",
        deflating,
        "on error => text \"x\"
         receive c101 06",
        "write 8828 03f2 \"permessage-deflate: invalid block type\"
         error permessage-deflate: invalid block type
         text refused
         close 1010 permessage-deflate: invalid block type",
    ),
    script(
        "frames behind a large message wait for it",
        deflating,
        "text \"Hello\"
         binary 61*140000
         text \"Hello\"
         ping \"p\"
         buffered
         receive 8901 \"q\" 8101 \"a\"
         close 1000 \"bye\"
         text \"x\"
         state
         work
         buffered",
        "write c107 f248cdc9c90700
         buffered 140006
         ping \"q\"
         message text \"a\"
         text refused
         state Closing
         write c27e00b0 ecc13101000000c2a0aceb5fc2c31a40 00*127 dd000000ffffecc13101000000c2a0acf62fb11a1e000000000000000000ec5800
         write c107 f248cdc9c90700
         write 8901 \"p\"
         write 8a01 \"q\"
         write 8805 03e8 \"bye\"
         buffered 0",
    ),
    script(
        "the peer's close frame is answered after a large message",
        deflating,
        "binary 61*140000
         receive 8802 03e9 8900
         state
         text \"x\"
         work
         state",
        "state Closing
         text refused
         write c27e00b0 ecc13101000000c2a0aceb5fc2c31a4001 00*126 dc000000ffffecc13101000000c2a0acf62fb11a1e000000000000000000ec5800
         write 8802 03e9
         close 1001
         state Closed",
    ),
    script(
        "a violation is reported after a large message",
        deflating,
        "binary 61*140000
         receive c101 06 8900
         state
         work
         state",
        "state Closing
         write c27e00b0 ecc13101000000c2a0aceb5fc2c31a4001 00*126 dc000000ffffecc13101000000c2a0acf62fb11a1e000000000000000000ec5800
         write 8828 03f2 \"permessage-deflate: invalid block type\"
         error permessage-deflate: invalid block type
         close 1010 permessage-deflate: invalid block type
         state Closed",
    ),
    script(
        "both ends close while a large message is compressed",
        deflating,
        "binary 61*140000
         close 1001
         receive 8802 03e8
         state
         work",
        "state Closing
         write c27e00b0 ecc13101000000c2a0aceb5fc2c31a4001 00*126 dc000000ffffecc13101000000c2a0acf62fb11a1e000000000000000000ec5800
         write 8802 03e9
         close 1000",
    ),
    script(
        "abandoning the connection discards a large message",
        deflating,
        "binary 61*140000
         text \"Hello\"
         abandon
         buffered
         work
         receive 8802 03e8
         state",
        "buffered 0
         state Closed",
    ),
    script(
        "a large message sent before the connection opens",
        || offered_server(Policy::websocket_driver_server(), "permessage-deflate"),
        "binary 61*140000
         text \"Hello\"
         deflate
         start
         work",
        "head HTTP/1.1 101 Switching Protocols
         head Upgrade: websocket
         head Connection: Upgrade
         head Sec-WebSocket-Accept: JdiiuafpBKRqD7eol0y4vJDTsTs=
         head Sec-WebSocket-Extensions: permessage-deflate
         open
         write c27e00b0 ecc13101000000c2a0aceb5fc2c31a4001 00*126 dc000000ffffecc13101000000c2a0acf62fb11a1e000000000000000000ec5800
         write c107 f248cdc9c90700",
    ),
];
