//! Pings and pongs.

use proto_testing::connections::{client, lenient_server, server};
use proto_testing::script::{Script, script};

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "a ping is answered with the same bytes, before its event",
        server,
        "receive 8984 37fa213d 37fa213d",
        "write 8a04 00000000
         ping 00000000",
    ),
    script(
        "a ping may contain any bytes, up to 125",
        lenient_server,
        "receive 897d ff*125",
        "write 8a7d ff*125
         ping ff*125",
    ),
    script(
        "each ping is answered with its own pong",
        lenient_server,
        "receive 8901 \"a\" 8901 \"b\" 8900",
        "write 8a01 \"a\"
         ping \"a\"
         write 8a01 \"b\"
         ping \"b\"
         write 8a00
         ping \"\"",
    ),
    script(
        "a client masks its pongs",
        client,
        "receive 8905 \"Hello\"",
        "write 8a85 37fa213d 7f9f4d5158
         ping \"Hello\"",
    ),
    script(
        "a pong is reported and not answered, requested or not",
        lenient_server,
        "ping \"a\"
         receive 8a01 \"a\" 8a01 \"b\"",
        "write 8901 \"a\"
         pong \"a\"
         pong \"b\"",
    ),
    script(
        "after our close frame pings are still answered",
        lenient_server,
        "close
         receive 8901 \"a\" 8a01 \"b\"",
        "write 880203e8
         write 8a01 \"a\"
         ping \"a\"
         pong \"b\"",
    ),
    script(
        "pings after the close frame are not answered",
        lenient_server,
        "receive 8800 8900
         receive 8900",
        "write 880203e8
         close 1000",
    ),
];
