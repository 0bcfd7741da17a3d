//! Written frames: each write is one whole frame of the shortest form.

use proto::policy::Policy;

use proto_testing::connections::{client, client_policy, open_server, server};
use proto_testing::script::{Script, script};

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "each frame is one write, unmasked from a server",
        server,
        "text \"s\"
         binary 01
         text \"\"
         ping \"a\"
         ping \"\"
         pong 00ff
         buffered",
        "write 810173
         write 820101
         write 8100
         write 890161
         write 8900
         write 8a0200ff
         buffered 0",
    ),
    script(
        "a client masks each frame: the example of RFC 6455 §5.7",
        client,
        "text \"Hello\"
         binary 01
         ping \"a\"
         pong \"\"
         close 3001 \"bye\"",
        "write 8185 37fa213d 7f9f4d5158
         write 8281 37fa213d 36
         write 8981 37fa213d 56
         write 8a80 37fa213d
         write 8885 37fa213d 3c434344 52",
    ),
    script(
        "a server may mask",
        || {
            open_server(Policy {
                mask_keys: client_policy().mask_keys,
                ..Policy::websocket_driver_server()
            })
        },
        "text \"Hello\"",
        "write 8185 37fa213d 7f9f4d5158",
    ),
    script(
        "the length field is the shortest, and messages are not fragmented",
        server,
        "binary 00*125
         binary 00*126
         binary 00*65535
         binary 00*65536",
        "write 827d 00*125
         write 827e007e 00*126
         write 827effff 00*65535
         write 827f0000000000010000 00*65536",
    ),
    script(
        "the length field of masked frames is the shortest",
        client,
        "binary 00*16
         binary 00*126",
        "write 8290 37fa213d 37fa213d 37fa213d 37fa213d 37fa213d
         write 82fe007e 37fa213d
            + 37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d
            + 37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d
            + 37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d37fa213d
            + 37fa213d37fa213d37fa213d37fa213d37fa",
    ),
    script(
        "a control frame above 125 bytes is an invalid argument without effect",
        server,
        "ping 61*125
         ping 61*126
         pong 61*70000
         state",
        "write 897d 61*125
         ping invalid: The payload of a ping or pong is at most 125 bytes; got 126
         pong invalid: The payload of a ping or pong is at most 125 bytes; got 70000
         state Open",
    ),
    script(
        "a close reason above 123 bytes is truncated",
        server,
        "close 1000 61*124",
        "write 887d03e8 61*123",
    ),
    script(
        "a close reason is truncated between two characters",
        server,
        "close 3000 61*122 \"é\"",
        "write 887c0bb8 61*122",
    ),
    script(
        "a close code that must not travel is an invalid argument without effect",
        server,
        "close 1005
         close 0
         close 1015
         close 2999
         close 65535
         state
         close 1014",
        "close invalid: Close code 1005 cannot be sent: use 1000-1003, 1007-1014 or 3000-4999
         close invalid: Close code 0 cannot be sent: use 1000-1003, 1007-1014 or 3000-4999
         close invalid: Close code 1015 cannot be sent: use 1000-1003, 1007-1014 or 3000-4999
         close invalid: Close code 2999 cannot be sent: use 1000-1003, 1007-1014 or 3000-4999
         close invalid: Close code 65535 cannot be sent: use 1000-1003, 1007-1014 or 3000-4999
         state Open
         write 880203f6",
    ),
    script(
        "an open connection accepts no headers",
        server,
        "header X: 1",
        "header refused",
    ),
    script(
        "no frame is accepted after our close frame",
        server,
        "close
         text \"x\"
         binary 01
         ping \"x\"
         pong \"x\"
         close
         state",
        "write 880203e8
         text refused
         binary refused
         ping refused
         pong refused
         close refused
         state Closing",
    ),
    script(
        "no frame is accepted after `abandon`",
        server,
        "abandon
         text \"x\"
         ping \"x\"
         close
         state",
        "text refused
         ping refused
         close refused
         state Closed",
    ),
];
