//! Actions of handlers between two outputs.

use proto_testing::connections::lenient_server;
use proto_testing::script::{Script, script};

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "a handler may reply to a message that a close frame follows",
        lenient_server,
        "on message => text \"Hi\"
         receive 8101 \"a\" 8800",
        "message text \"a\"
         write 8102 \"Hi\"
         write 880203e8
         close 1000",
    ),
    script(
        "a reply precedes the pong to a ping after the message",
        lenient_server,
        "on message => text \"Hi\"
         receive 8101 \"a\" 8901 \"p\"",
        "message text \"a\"
         write 8102 \"Hi\"
         write 8a01 \"p\"
         ping \"p\"",
    ),
    script(
        "after a close in a handler, messages are discarded and pings are answered",
        lenient_server,
        "on message => close
         receive 8101 \"a\" 8101 \"b\" 8901 \"p\" 8101 \"c\"
         state",
        "message text \"a\"
         write 880203e8
         write 8a01 \"p\"
         ping \"p\"
         state Closing",
    ),
    script(
        "bytes received in a handler follow the bytes that arrived before",
        lenient_server,
        "on message text \"a\" => receive 8101 \"b\"
         chunk 8101 \"a\" 8901 \"p\"",
        "message text \"a\"
         write 8a01 \"p\"
         ping \"p\"
         message text \"b\"",
    ),
    script(
        "after a handler throws, the remaining output follows with the next bytes",
        lenient_server,
        "on message => throw
         chunk 8101 \"a\" 8901 \"p\"
         chunk 8101 \"b\"",
        "message text \"a\"
         write 8a01 \"p\"
         ping \"p\"
         message text \"b\"",
    ),
    script(
        "a run of messages is not lost after a handler throws",
        lenient_server,
        "on message => throw
         on message text \"b\" => throw
         receive 8101 \"a\" 8101 \"b\" 8101 \"c\" 8800
         chunk 00
         chunk 00",
        "message text \"a\"
         message text \"b\"
         message text \"c\"
         write 880203e8
         close 1000",
    ),
    script(
        "a message sent while the pong is written precedes the ping event",
        lenient_server,
        "on write 8a => text \"Hi\"
         receive 8901 \"p\" 8101 \"a\"",
        "write 8a01 \"p\"
         write 8102 \"Hi\"
         ping \"p\"
         message text \"a\"",
    ),
    script(
        "replies stay in the order of messages and pongs",
        lenient_server,
        "each message => text \"!\"
         each ping => ping \"?\"
         receive 8101 \"a\" 8101 \"b\" 8900 8101 \"c\"",
        "message text \"a\"
         write 8101 \"!\"
         message text \"b\"
         write 8101 \"!\"
         write 8a00
         ping \"\"
         write 8901 \"?\"
         message text \"c\"
         write 8101 \"!\"",
    ),
    script(
        "a close while the pong is written does not discard the ping event",
        lenient_server,
        "on write 8a => close
         receive 8901 \"p\" 8101 \"a\" 8800",
        "write 8a01 \"p\"
         write 880203e8
         ping \"p\"
         close 1000",
    ),
    script(
        "a handler sees the state at its event",
        lenient_server,
        "each message => state
         on write 8a => state
         on ping => state
         on write 88 => state
         on close => state
         receive 8101 \"a\" 8900 8101 \"b\" 8800",
        "message text \"a\"
         state Open
         write 8a00
         state Open
         ping \"\"
         state Open
         message text \"b\"
         state Open
         write 880203e8
         state Closed
         close 1000
         state Closed",
    ),
    script(
        "no message is accepted after the peer's close frame",
        lenient_server,
        "on write 88 => text \"x\"
         on close 1000 => ping \"x\"
         receive 8800",
        "write 880203e8
         text refused
         close 1000
         ping refused",
    ),
    script(
        "no output follows `abandon` in a handler",
        lenient_server,
        "on message => abandon
         receive 8101 \"a\" 8101 \"b\" 8900 8800
         receive 8101 \"c\"
         state",
        "message text \"a\"
         state Closed",
    ),
    script(
        "`abandon` in the handler of a violation discards its close event, because the transport reports its own",
        lenient_server,
        "on error => abandon
         receive 83
         receive 00",
        "write 881e03ea \"Unrecognized frame opcode: 3\"
         error Unrecognized frame opcode: 3",
    ),
];
