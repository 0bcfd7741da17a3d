//! Violations: the connection fails at the first byte that shows one, the close frame names it, and
//! later bytes are ignored.

use proto::policy::{PeerMasking, Policy};

use proto_testing::connections::{client, lenient_server, open_server, server, small_server};
use proto_testing::script::{Script, script};

/// Violations, each with the bytes that suffice to show it and with the report. Later bytes must
/// not matter.
macro_rules! violations {
    ($(($name:literal, $connection:expr, $bytes:literal, $write:literal, $code:literal, $reason:literal),)*) => {
        /// An open connection reports the violation.
        pub(crate) const OPEN: &[Script] = &[$(script(
            $name,
            $connection,
            concat!(
                "on error => state\n",
                "receive ", $bytes, "\n",
                "receive 8101 \"x\" 8900 8800\n",
                "text \"x\"\n",
                "close",
            ),
            concat!(
                "write ", $write, " \"", $reason, "\"\n",
                "error ", $reason, "\n",
                "state Closed\n",
                "close ", $code, " ", $reason, "\n",
                "text refused\n",
                "close refused",
            ),
        )),*];

        /// After our close frame, a violation ends the connection, even if the peer's close frame
        /// follows it.
        pub(crate) const CLOSING: &[Script] = &[$(script(
            $name,
            $connection,
            concat!("close 3001 \"bye\"\n", "receive ", $bytes, " 8804 0bba \"no\"\n", "state"),
            "write 8805 0bb9 \"bye\"
             close 3001 bye
             state Closed",
        )),*];
    };
}

violations! {
    (
        "RSV1 without an extension",
        lenient_server,
        "c1",
        "884f03ea",
        "1002",
        "One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0"
    ),
    (
        "RSV2 and RSV3 on a ping",
        lenient_server,
        "b9",
        "884f03ea",
        "1002",
        "One or more reserved bits are on: reserved1 = 0, reserved2 = 1, reserved3 = 1"
    ),
    (
        "a reserved bit on a continuation",
        lenient_server,
        "0100 90",
        "884f03ea",
        "1002",
        "One or more reserved bits are on: reserved1 = 0, reserved2 = 0, reserved3 = 1"
    ),
    (
        "a reserved opcode",
        lenient_server,
        "83",
        "881e03ea",
        "1002",
        "Unrecognized frame opcode: 3"
    ),
    (
        "a reserved control opcode",
        lenient_server,
        "8f",
        "881f03ea",
        "1002",
        "Unrecognized frame opcode: 15"
    ),
    (
        "a fragmented ping",
        lenient_server,
        "09",
        "882f03ea",
        "1002",
        "Received fragmented control frame: opcode = 9"
    ),
    (
        "a fragmented close frame",
        lenient_server,
        "08",
        "882f03ea",
        "1002",
        "Received fragmented control frame: opcode = 8"
    ),
    (
        "a text inside a message",
        lenient_server,
        "0101 61 81",
        "884503ea",
        "1002",
        "Received new data frame but previous continuous frame is unfinished"
    ),
    (
        "a binary first fragment inside a message",
        lenient_server,
        "0200 02",
        "884503ea",
        "1002",
        "Received new data frame but previous continuous frame is unfinished"
    ),
    (
        "a continuation without a message",
        lenient_server,
        "8001",
        "882803ea",
        "1002",
        "Received unexpected continuation frame"
    ),
    (
        "a first continuation without a message",
        lenient_server,
        "0000",
        "882803ea",
        "1002",
        "Received unexpected continuation frame"
    ),
    (
        "a ping of 126 bytes",
        lenient_server,
        "897e007e",
        "883503ea",
        "1002",
        "Received control frame having too long payload: 126"
    ),
    (
        "a close frame of 65536 bytes",
        lenient_server,
        "887f0000000000010000",
        "883703ea",
        "1002",
        "Received control frame having too long payload: 65536"
    ),
    (
        "a length with the top bit set",
        lenient_server,
        "827f8000000000000000",
        "883803ea",
        "1002",
        "Received frame length with its most significant bit on"
    ),
    (
        "an unmasked frame from a client",
        server,
        "8101",
        "883103eb",
        "1003",
        "Received unmasked frame but masking is required"
    ),
    (
        "an unmasked frame from a client, before its long length",
        server,
        "827f",
        "883103eb",
        "1003",
        "Received unmasked frame but masking is required"
    ),
    (
        "an unmasked ping from a client",
        server,
        "8900",
        "883103eb",
        "1003",
        "Received unmasked frame but masking is required"
    ),
    (
        "a frame above the limit",
        small_server,
        "820b",
        "882203f1",
        "1009",
        "WebSocket frame length too large"
    ),
    (
        "a frame above the limit, with a 16-bit length",
        small_server,
        "817e000b",
        "882203f1",
        "1009",
        "WebSocket frame length too large"
    ),
    (
        "the maximum length",
        lenient_server,
        "827f7fffffffffffffff",
        "882203f1",
        "1009",
        "WebSocket frame length too large"
    ),
    (
        "one byte above the default limit",
        lenient_server,
        "827f0000000004000000",
        "882203f1",
        "1009",
        "WebSocket frame length too large"
    ),
    (
        "fragments above the limit together",
        small_server,
        "0206 00*6 0004 00*4 0000 0001",
        "882203f1",
        "1009",
        "WebSocket frame length too large"
    ),
    (
        "a short length above the limit takes precedence over a missing mask",
        || open_server(Policy { max_message: 1, ..Policy::websocket_driver_server() }),
        "8102",
        "882203f1",
        "1009",
        "WebSocket frame length too large"
    ),
    (
        "a missing mask takes precedence over a long length above the limit",
        || open_server(Policy { max_message: 1, ..Policy::websocket_driver_server() }),
        "817e00ff",
        "883103eb",
        "1003",
        "Received unmasked frame but masking is required"
    ),
    (
        "text that is not UTF-8",
        lenient_server,
        "8101 ff",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
    (
        "an invalid byte in text, when it arrives",
        lenient_server,
        "817e ffff 61*20 c0",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
    (
        "a surrogate, at its second byte",
        lenient_server,
        "8105 61 eda0",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
    (
        "an overlong form, at its second byte",
        lenient_server,
        "8105 f080",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
    (
        "a code point above U+10FFFF, at its second byte",
        lenient_server,
        "8105 f490",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
    (
        "an incomplete character at the end of a message",
        lenient_server,
        "8103 61 e282",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
    (
        "an incomplete character at the end of the last fragment",
        lenient_server,
        "0102 61e2 0001 82 8000",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
    (
        "a fragment that does not continue the character",
        lenient_server,
        "0102 61e2 0002 2861",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
    (
        "an invalid byte after 40000 valid ones, masked",
        server,
        "81fe9c41 01010101 60*40000 fe",
        "882803ef",
        "1007",
        "Could not decode a text frame as UTF-8"
    ),
}

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "a client refuses masked frames and masks its close frame",
        client,
        "receive 8181
         receive 8100",
        "write 88b2 37fa213d 34107358549f484b529e015056894a5853da474f5697441d558f551d5a9b52565e94461d5e890153588e015c5b964e4a529e
         error Received masked frame but masking is not allowed
         close 1002 Received masked frame but masking is not allowed",
    ),
    script(
        "messages before the violation are delivered, and replies are sent",
        lenient_server,
        "each message => text \"ok\"
         receive 8101 \"a\"  8101 \"b\"  83 8101 \"c\"",
        "message text \"a\"
         write 8102 \"ok\"
         message text \"b\"
         write 8102 \"ok\"
         write 881e03ea \"Unrecognized frame opcode: 3\"
         error Unrecognized frame opcode: 3
         close 1002 Unrecognized frame opcode: 3",
    ),
    script(
        "a continuation after a complete message is unexpected",
        lenient_server,
        "receive 0200 8000 0001",
        "message binary \"\"
         write 882803ea \"Received unexpected continuation frame\"
         error Received unexpected continuation frame
         close 1002 Received unexpected continuation frame",
    ),
    script(
        "a ping before the violation is answered, a ping after it is not",
        lenient_server,
        "receive 8900 8001 8900",
        "write 8a00
         ping \"\"
         write 882803ea \"Received unexpected continuation frame\"
         error Received unexpected continuation frame
         close 1002 Received unexpected continuation frame",
    ),
    script(
        "handlers of the violation cannot send",
        lenient_server,
        "on write 88 => text \"x\"
         on error => ping \"x\"
         on close 1002 => close
         receive 83",
        "write 881e03ea \"Unrecognized frame opcode: 3\"
         text refused
         error Unrecognized frame opcode: 3
         ping refused
         close 1002 Unrecognized frame opcode: 3
         close refused",
    ),
    script(
        "a handler of the error that throws does not discard the close event",
        lenient_server,
        "on error => throw
         receive 83
         chunk 00",
        "write 881e03ea \"Unrecognized frame opcode: 3\"
         error Unrecognized frame opcode: 3
         close 1002 Unrecognized frame opcode: 3",
    ),
    script(
        "a violation after our close frame is not reported, and later pings are not answered",
        lenient_server,
        "close
         receive 83 8900
         state",
        "write 880203e8
         close 1000
         state Closed",
    ),
    script(
        "a violation after the message whose handler closes is not reported",
        lenient_server,
        "on message => close 1001
         receive 8101 \"a\" 83 8800
         state",
        "message text \"a\"
         write 880203e9
         close 1001
         state Closed",
    ),
    script(
        "a violation by a server after the client's close frame ends the connection",
        client,
        "close 3001 \"bye\"
         receive 8181 8805 0bb9 \"bye\"
         state",
        "write 8885 37fa213d 3c43434452
         close 3001 bye
         state Closed",
    ),
    script(
        "a ping between our close frame and a violation is answered",
        lenient_server,
        "close
         receive 8901 \"p\" 83 8800",
        "write 880203e8
         write 8a01 \"p\"
         ping \"p\"
         close 1000",
    ),
    script(
        "a handler may close at the last ping before a violation",
        lenient_server,
        "on ping => close 3001 \"bye\"
         receive 8900 83 8805 0bb9 \"bye\"
         close",
        "write 8a00
         ping \"\"
         write 8805 0bb9 \"bye\"
         close 3001 bye
         close refused",
    ),
    script(
        "a forbidden mask is refused before the length",
        || open_server(Policy { peer_masking: PeerMasking::Forbidden, ..Policy::websocket_driver_server() }),
        "receive 82ff",
        "write 883203ea \"Received masked frame but masking is not allowed\"
         error Received masked frame but masking is not allowed
         close 1002 Received masked frame but masking is not allowed",
    ),
];
