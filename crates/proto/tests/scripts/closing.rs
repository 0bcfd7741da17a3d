//! The closing handshake.

use proto_testing::connections::{client, lenient_server, server};
use proto_testing::script::{Script, script};

pub(crate) const SCRIPTS: &[Script] = &[
    script(
        "an empty close frame counts as 1000 and is answered with 1000",
        lenient_server,
        "on write => state
         receive 8800
         state",
        "write 880203e8
         state Closed
         close 1000
         state Closed",
    ),
    script(
        "a close frame of one byte counts as 1002",
        lenient_server,
        "receive 8801 03",
        "write 880203ea
         close 1002",
    ),
    script(
        "the code and the reason are echoed",
        lenient_server,
        "receive 8805 0bb9 \"bye\"",
        "write 8805 0bb9 \"bye\"
         close 3001 bye",
    ),
    script(
        "the longest reason is echoed",
        lenient_server,
        "receive 887d 03e8 c3 a9 61*121",
        "write 887d 03e8 c3 a9 61*121
         close 1000 éaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ),
    script("1001", lenient_server, "receive 8802 03e9", "write 880203e9\nclose 1001"),
    script("1003", lenient_server, "receive 8802 03eb", "write 880203eb\nclose 1003"),
    script("1007", lenient_server, "receive 8802 03ef", "write 880203ef\nclose 1007"),
    script("1011", lenient_server, "receive 8802 03f3", "write 880203f3\nclose 1011"),
    script("3000", lenient_server, "receive 8802 0bb8", "write 88020bb8\nclose 3000"),
    script("4999", lenient_server, "receive 8802 1387", "write 88021387\nclose 4999"),
    script("0 is 1002", lenient_server, "receive 8802 0000", "write 880203ea\nclose 1002"),
    script("999 is 1002", lenient_server, "receive 8802 03e7", "write 880203ea\nclose 1002"),
    script("1004 is 1002", lenient_server, "receive 8802 03ec", "write 880203ea\nclose 1002"),
    script("1006 is 1002", lenient_server, "receive 8802 03ee", "write 880203ea\nclose 1002"),
    script("1012 is 1002", lenient_server, "receive 8802 03f4", "write 880203ea\nclose 1002"),
    script("2999 is 1002", lenient_server, "receive 8802 0bb7", "write 880203ea\nclose 1002"),
    script("5000 is 1002", lenient_server, "receive 8802 1388", "write 880203ea\nclose 1002"),
    script("65535 is 1002", lenient_server, "receive 8802 ffff", "write 880203ea\nclose 1002"),
    script(
        "the reason of a code that must not travel is echoed",
        lenient_server,
        "receive 8805 03ed \"bye\"",
        "write 8805 03ea \"bye\"
         close 1002 bye",
    ),
    script(
        "a reason that is not UTF-8 counts as 1002 and is not echoed",
        lenient_server,
        "receive 8804 03e8 61ff",
        "write 880203ea
         close 1002",
    ),
    script(
        "a masked close frame",
        server,
        "receive 8885 37fa213d 3c43 434452",
        "write 8805 0bb9 \"bye\"
         close 3001 bye",
    ),
    script(
        "a client masks its answer",
        client,
        "receive 8805 0bb9 \"bye\"",
        "write 8885 37fa213d 3c43434452
         close 3001 bye",
    ),
    script(
        "frames after a close frame are not delivered",
        lenient_server,
        "receive 8800 8101 \"x\" 8900 83
         receive 8800 ff
         text \"x\"
         close",
        "write 880203e8
         close 1000
         text refused
         close refused",
    ),
    script(
        "a close frame inside a message ends it",
        lenient_server,
        "receive 0101 \"a\" 8800 8001 \"b\"",
        "write 880203e8
         close 1000",
    ),
    script(
        "the answer to our close frame is reported, not answered",
        lenient_server,
        "close 3001 \"mine\"
         state
         receive 8808 0bba \"theirs\"
         state",
        "write 8806 0bb9 \"mine\"
         state Closing
         close 3002 theirs
         state Closed",
    ),
    script(
        "after our close frame messages are discarded and the closing handshake continues",
        lenient_server,
        "close
         receive 8101 \"x\" 0201 00 8900 8001 01 8101 \"y\" 880203e8",
        "write 880203e8
         write 8a00
         ping \"\"
         close 1000",
    ),
    script(
        "both ends close at the same time",
        lenient_server,
        "close 1001
         receive 8802 03e9
         close",
        "write 880203e9
         close 1001
         close refused",
    ),
];
