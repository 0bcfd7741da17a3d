//! What handlers do between two outputs. A to G are the rows of "Behaviours to keep".

use proto_testing::connections::lenient_server;
use proto_testing::script::{Script, script};

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "A: a message may be answered although a close frame is right behind it",
        lenient_server,
        "on message => text \"Hi\"
         receive 8101 \"a\" 8800",
        "message text \"a\"
         write 8102 \"Hi\"
         write 880203e8
         close 1000",
    ),
    script(
        "B: an answer goes before the pong of a ping behind the message",
        lenient_server,
        "on message => text \"Hi\"
         receive 8101 \"a\" 8901 \"p\"",
        "message text \"a\"
         write 8102 \"Hi\"
         write 8a01 \"p\"
         ping \"p\"",
    ),
    script(
        "C: closing in a handler drops later messages, and still answers pings",
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
        "D: bytes that a handler receives come after those that are there already",
        lenient_server,
        "on message text \"a\" => receive 8101 \"b\"
         chunk 8101 \"a\" 8901 \"p\"",
        "message text \"a\"
         write 8a01 \"p\"
         ping \"p\"
         message text \"b\"",
    ),
    script(
        "E: what is behind a handler that throws comes with the next bytes",
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
        "E: a run of messages behind a handler that throws is not lost",
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
        "G: what is sent while the pong is written goes behind it, before the ping event",
        lenient_server,
        "on write 8a => text \"Hi\"
         receive 8901 \"p\" 8101 \"a\"",
        "write 8a01 \"p\"
         write 8102 \"Hi\"
         ping \"p\"
         message text \"a\"",
    ),
    script(
        "an echo keeps the order of messages and pongs",
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
        "closing while the pong is written does not lose the ping event",
        lenient_server,
        "on write 8a => close
         receive 8901 \"p\" 8101 \"a\" 8800",
        "write 8a01 \"p\"
         write 880203e8
         ping \"p\"
         close 1000",
    ),
    script(
        "the state at each event is the state then, not later",
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
        "nothing can be sent once the peer's close frame is handled",
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
        "abandoning in a handler ends everything",
        lenient_server,
        "on message => abandon
         receive 8101 \"a\" 8101 \"b\" 8900 8800
         receive 8101 \"c\"
         state",
        "message text \"a\"
         state Closed",
    ),
    script(
        "abandoning in the handler of a violation loses its close event: the transport has its own",
        lenient_server,
        "on error => abandon
         receive 83
         receive 00",
        "write 881e03ea \"Unrecognized frame opcode: 3\"
         error Unrecognized frame opcode: 3",
    ),
];
