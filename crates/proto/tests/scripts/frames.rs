//! Data frames and the messages that they form.

use proto::policy::{PeerMasking, Policy};

use proto_testing::connections::{client, lenient_server, open_client, server, small_server};
use proto_testing::script::{Script, script};

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "a server unmasks the frames of a client: the example of RFC 6455 §5.7",
        server,
        "receive 8185 37fa213d 7f9f4d5158",
        "message text \"Hello\"",
    ),
    script(
        "a client accepts unmasked frames",
        client,
        "receive 8105 \"Hello\"  8202 00ff",
        "message text \"Hello\"
         message binary 00ff",
    ),
    script(
        "a server accepts both kinds if masking is optional",
        lenient_server,
        "receive 8101 \"a\"  8181 01010101 60",
        "message text \"a\"
         message text \"a\"",
    ),
    script(
        "a client accepts both kinds if masking is optional",
        || {
            open_client(Policy {
                peer_masking: PeerMasking::Optional,
                ..Policy::websocket_driver_server()
            })
        },
        "receive 8101 \"a\"  8181 01010101 60",
        "message text \"a\"
         message text \"a\"",
    ),
    script(
        "empty messages are delivered",
        lenient_server,
        "receive 8100 8200 8180 37fa213d 0100 8000",
        "message text \"\"
         message binary \"\"
         message text \"\"
         message text \"\"",
    ),
    script(
        "fragments with different masking keys form one message",
        server,
        "receive 0183 01010101 49646d  0083 00000000 \"lo,\"  8086 02040608 2273697a6e60",
        "message text \"Hello, world\"",
    ),
    script(
        "empty fragments do not change the message",
        lenient_server,
        "receive 0200 0000 0001 07 0000 8000",
        "message binary 07",
    ),
    script(
        "control frames may arrive between fragments",
        lenient_server,
        "receive 0101 \"A\"  8901 \"B\"  0001 \"C\"  8a01 \"D\"  8001 \"E\"",
        "write 8a01 \"B\"
         ping \"B\"
         pong \"D\"
         message text \"ACE\"",
    ),
    script(
        "the longest short length",
        lenient_server,
        "receive 827d 00*125",
        "message binary 00*125",
    ),
    script(
        "the shortest 16-bit length",
        lenient_server,
        "receive 827e007e 00*126",
        "message binary 00*126",
    ),
    script(
        "the longest 16-bit length",
        server,
        "receive 82feffff 37373737 37*65535",
        "message binary 00*65535",
    ),
    script(
        "the shortest 64-bit length",
        server,
        "receive 82ff0000000000010000 37373737 37*65536",
        "message binary 00*65536",
    ),
    script(
        "lengths need not be minimal",
        lenient_server,
        "receive 827e0001 07  827f0000000000000001 08  897e0001 \"p\"",
        "message binary 07
         message binary 08
         write 8a01 \"p\"
         ping \"p\"",
    ),
    script(
        "fragments may divide a character, even with a ping between them",
        lenient_server,
        "receive 0102 f09f  8900  0001 98  8001 80",
        "write 8a00
         ping \"\"
         message text \"😀\"",
    ),
    script(
        "a byte order mark is part of the text",
        lenient_server,
        "receive 8104 efbbbf61",
        "message text efbbbf61",
    ),
    script(
        "text may contain the boundaries of UTF-8",
        lenient_server,
        "receive 811a 00 7f c280 dfbf e0a080 ed9fbf ee8080 efbfbf f0908080 f48fbfbf",
        "message text 00 7f c280 dfbf e0a080 ed9fbf ee8080 efbfbf f0908080 f48fbfbf",
    ),
    script(
        "binary messages may contain any bytes",
        lenient_server,
        "receive 8204 ff00fe80",
        "message binary ff00fe80",
    ),
    script(
        "the limit is inclusive, for one frame and for several",
        small_server,
        "receive 820a 00*10  0205 00*5 8005 00*5  820a 00*10",
        "message binary 00000000000000000000
         message binary 00000000000000000000
         message binary 00000000000000000000",
    ),
    script(
        "control frames do not count towards the limit",
        small_server,
        "receive 0206 00*6  8914 61*20  8004 00*4",
        "write 8a14 61*20
         ping 61*20
         message binary 00000000000000000000",
    ),
    script(
        "an incomplete message is not delivered",
        lenient_server,
        "receive 8105 \"Hell\"
         state",
        "state Open",
    ),
];
