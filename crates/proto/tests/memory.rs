//! Memory follows the bytes that were received, and goes back when it is no longer needed.

#[path = "support/connections.rs"]
#[allow(dead_code, reason = "some connections are for other tests")]
mod connections;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use faye_websocket_proto::config::Config;
use faye_websocket_proto::connection::Connection;
use faye_websocket_proto::handshake::proxy::{Connect, Tunnel};
use faye_websocket_proto::output::{Event, Kind, Output};

use connections::{asked_server, client, client_config, lenient, new_client, open_server};

#[test]
fn an_announced_length_allocates_nothing() {
    let headers: [&[u8]; 3] = [
        // 2^62, 64 MiB - 1, and the same behind a first fragment.
        &[0x82, 0x7F, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3],
        &[0x81, 0x7F, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, b'a', b'b'],
        &[0x02, 1, 7, 0x00, 0x7F, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFE, 1],
    ];
    for header in headers {
        for cut in [1, header.len()] {
            let mut server = open_server(lenient(usize::MAX));
            let used = peak(|| {
                for chunk in header.chunks(cut) {
                    server.receive(chunk);
                    assert!(server.poll().is_none(), "{header:02x?} is not complete");
                }
            });
            assert!(used < 1024, "{used} bytes for {header:02x?}");
        }
    }
}

#[test]
fn an_unfinished_message_takes_at_most_two_bytes_per_byte_on_the_wire() {
    // Payload per frame, bytes per chunk.
    let shapes = [
        (1, 1),
        (1, 64 * 1024),
        (100, 1),
        (4096, 1500),
        (64 * 1024, 64 * 1024),
        (MIB, 1500),
        (MIB, 64 * 1024),
        (2 * MIB, 64 * 1024),
        (2 * MIB, usize::MAX),
    ];
    for (fragment, chunk) in shapes {
        for kind in [0x01, 0x02] {
            let wire = unfinished(kind, fragment);
            let mut server = open_server(Config::server());
            let used = peak(|| {
                for chunk in wire.chunks(chunk.min(wire.len())) {
                    server.receive(chunk);
                    assert!(server.poll().is_none(), "the message is not complete");
                }
            });
            let allowed = 2 * wire.len() + 128 * 1024;
            assert!(
                used <= allowed,
                "{used} bytes for {} in fragments of {fragment} and chunks of {chunk}",
                wire.len()
            );
        }
    }
}

#[test]
fn fragments_cost_no_more_than_their_payload() {
    let wire = unfinished(0x01, 1);
    let mut server = open_server(Config::server());
    let used = peak(|| {
        for chunk in wire.chunks(1000) {
            server.receive(chunk);
            assert!(server.poll().is_none(), "the message is not complete");
        }
    });
    assert!(used <= 2 * LENGTH + 16 * 1024, "{used} bytes for {LENGTH}");
}

#[test]
fn fragments_without_payload_cost_nothing() {
    let mut server = open_server(Config::server());
    server.receive(&[0x01, 0x80, 1, 2, 3, 4]);
    assert!(server.poll().is_none());
    let continuation = [0x00, 0x80, 1, 2, 3, 4].repeat(100);
    let used = peak(|| {
        for _ in 0..1000 {
            server.receive(&continuation);
            assert!(server.poll().is_none(), "the message is not complete");
        }
    });
    assert!(used < 4096, "{used} bytes for 100 000 empty fragments");
}

#[test]
fn an_idle_connection_is_small_whatever_it_did_before() {
    for role in ["server", "client"] {
        let mut connection = None;
        let kept = kept(|| {
            let mut made = match role {
                "server" => open_server(lenient(usize::MAX)),
                _ => client(),
            };
            burst(&mut made);
            connection = Some(made);
        });
        assert!(kept < 10_000, "an idle {role} keeps {kept} bytes");
        assert!(connection.is_some_and(|mut connection| connection.send(Kind::Text, b"Hi")));
    }
}

#[test]
fn the_beginning_of_a_frame_keeps_nothing_of_what_was_before_it() {
    let long = [&frame(0x02, LENGTH), &frame(0x02, LENGTH)[..]].concat();
    let small = frame(0x81, 5).repeat(LENGTH / 7);
    let beginnings: [&[u8]; 4] = [
        &[0x81],
        &[0x82, 0x7E, 0x01],
        &[0x89, 3, b'a'],
        &[0x01, 1, b'a'],
    ];
    for (name, before) in [("long messages", long), ("short messages", small)] {
        for beginning in beginnings {
            let wire = [&before, beginning].concat();
            for chunk in [64 * 1024, wire.len()] {
                let mut server = open_server(lenient(usize::MAX));
                let kept = kept(|| {
                    for chunk in wire.chunks(chunk) {
                        server.receive(chunk);
                        while server.poll().is_some() {}
                    }
                });
                assert!(
                    kept < 8 * 1024,
                    "{kept} bytes for {beginning:02x?} behind {name} in chunks of {chunk}"
                );
            }
        }
    }
}

#[test]
fn a_backlog_that_never_ends_takes_no_more_than_it_is_long() {
    let chunk = frame(0x81, 98).repeat(100);
    let mut server = open_server(lenient(usize::MAX));
    server.receive(&chunk);
    let used = peak(|| {
        for _ in 0..1000 {
            server.receive(&chunk);
            for _ in 0..100 {
                assert!(server.poll_message().is_some());
            }
        }
    });
    assert!(
        used < 8 * chunk.len(),
        "{used} bytes for a backlog of {}",
        chunk.len()
    );
}

#[test]
fn an_open_connection_keeps_nothing_of_its_request() {
    let offered = "superchat, ".repeat(1000);
    let mut connection = None;
    let kept = kept(|| {
        let made = connection.insert(asked_server(
            Config::server(),
            &[("sec-websocket-protocol", &offered)],
        ));
        assert!(made.start().accepted);
        made.outbox().clear();
    });
    assert!(kept < 4096, "{kept} bytes");
}

/// A megabyte in one frame, the same in fragments, many small messages, pings, and answers to all.
fn burst(connection: &mut Connection) {
    let small = [0x81, 5, b'H', b'e', b'l', b'l', b'o', 0x89, 2, b'H', b'i'].repeat(20_000);
    let whole = [&[0x82, 0x7F, 0, 0, 0, 0, 0, 0x10, 0, 0][..], &vec![0; MIB]].concat();
    let fragments = [
        [0x01, 2, b'a', b'b'].as_slice(),
        &[0, 2, b'a', b'b'].repeat(9999),
        &[0x80, 0],
    ]
    .concat();
    for bytes in [small, whole, fragments] {
        for chunk in bytes.chunks(64 * 1024) {
            connection.receive(chunk);
            while let Some(output) = connection.poll() {
                if let Output::Message(message) = output {
                    let payload = message.payload.to_vec();
                    assert!(connection.send(Kind::Binary, &payload));
                }
            }
            connection.outbox().clear();
        }
    }
}

#[test]
fn a_failed_connection_gives_its_memory_back_and_stores_nothing() {
    // A violation and a close frame, each inside a large message.
    for end in [&[0x83][..], &[0x88, 0x80, 1, 2, 3, 4]] {
        let wire = unfinished(0x02, 64 * 1024);
        let mut server = open_server(Config::server());
        let kept = kept(|| {
            server.receive(&wire);
            assert!(server.poll().is_none(), "the message is not complete");
            server.receive(end);
            let mut closed = false;
            while let Some(output) = server.poll() {
                closed |= matches!(output, Output::Event(Event::Close { .. }));
            }
            assert!(closed);
            server.outbox().clear();
            server.receive(&wire);
        });
        assert!(kept < 1024, "{kept} bytes after {end:02x?}");
    }
}

#[test]
fn a_connection_that_never_opened_keeps_nothing() {
    let mut refused = asked_server(Config::server(), &[("upgrade", "h2c")]);
    let mut abandoned = open_server(Config::server());
    let mut closed = new_client(client_config());
    let kept = kept(|| {
        refused.receive(&[0; MIB]);
        assert!(!refused.start().accepted);
        refused.outbox().clear();
        refused.receive(&[0; MIB]);

        abandoned.receive(&unfinished(0x02, 4096));
        assert!(abandoned.poll().is_none());
        assert!(abandoned.send(Kind::Binary, &[0; MIB]));
        abandoned.abandon();
        abandoned.receive(&[0; MIB]);

        assert!(closed.send(Kind::Binary, &[0; MIB]));
        assert!(closed.close(1000, "").is_ok_and(|caused| caused.accepted));
        closed.receive(&[0; MIB]);
    });
    assert!(kept < 2048, "{kept} bytes");
}

#[test]
fn the_answer_of_a_server_or_a_proxy_is_bounded() {
    let line = [b"X-Endless: ".as_slice(), &[b'a'; 1000], b"\r\n"].concat();
    let endless = [b"HTTP/1.1 101 Hi\r\n".as_slice(), &line.repeat(10_000)].concat();
    let mut client = new_client(client_config());
    assert!(client.start().accepted);
    let used = peak(|| {
        for chunk in endless.chunks(1500) {
            client.receive(chunk);
            while client.poll().is_some() {}
        }
    });
    assert!(used < 256 * 1024, "{used} bytes for the answer of a server");

    let mut proxy = Connect::new(Tunnel::default());
    let used = peak(|| {
        let refused = endless.chunks(1500).find_map(|chunk| proxy.receive(chunk));
        assert!(refused.is_some(), "a proxy may go on forever");
    });
    assert!(used < 256 * 1024, "{used} bytes for the answer of a proxy");
}

/// An unmasked frame with `length` bytes.
fn frame(first: u8, length: usize) -> Vec<u8> {
    let mut wire = vec![first];
    if length < 126 {
        wire.push(length as u8);
    } else {
        wire.push(0x7F);
        wire.extend((length as u64).to_be_bytes());
    }
    wire.resize(wire.len() + length, b'a');
    wire
}

/// [`LENGTH`] bytes of a message, masked, without its last frame, or without the end of its only one.
fn unfinished(opcode: u8, fragment: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut first = opcode;
    let mut left = LENGTH;
    while left > 0 {
        let length = fragment.min(left);
        wire.extend([first, 0xFF]);
        wire.extend((fragment as u64).to_be_bytes());
        wire.extend([0; 4]);
        wire.resize(wire.len() + length, b'a');
        first = 0x00;
        left -= length;
    }
    wire
}

/// The most memory that `run` had in use at a time.
fn peak(run: impl FnOnce()) -> usize {
    let before = IN_USE.get();
    PEAK.set(before);
    run();
    usize::try_from(PEAK.get() - before).expect("the peak is not below the start")
}

/// The memory that `run` has left in use.
fn kept(run: impl FnOnce()) -> isize {
    let before = IN_USE.get();
    run();
    IN_USE.get() - before
}

thread_local! {
    // Of this thread, so that tests do not count each other. Without a destructor and without
    // allocation, as an allocator needs it.
    static IN_USE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Counts on the way to the system. A block that grows counts as one block: large ones are moved by
/// the page tables, and there never are two copies.
struct Counting;

impl Counting {
    fn count(change: isize) {
        let in_use = IN_USE.get() + change;
        IN_USE.set(in_use);
        PEAK.set(PEAK.get().max(in_use));
    }
}

// SAFETY: every call goes to `System` with the arguments it came with; counting touches no memory but
// two thread-local cells, which neither allocate nor panic.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size() as isize);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::count(-(layout.size() as isize));
        // SAFETY: the caller keeps the promises of `dealloc`, and `block` came from `System`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count(size as isize - layout.size() as isize);
        // SAFETY: the caller keeps the promises of `realloc`, and `block` came from `System`.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: usize = 1024 * 1024;
/// Between two powers of two.
const LENGTH: usize = MIB + MIB / 4;
