//! With an allocator that refuses memory, the connection fails and the process continues. Only
//! whole frames precede the close frame.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

use proto::connection::{Connection, ReadyState};
use proto::error::ProtocolError;
use proto::hybi::prepared::Prepared;
use proto::output::{Error, Event, Kind, Output};
use zlib_rs::Deflate;

use proto_testing::connections::{
    client, client_policy, deflate_server, hixie75_server, lenient, new_client, open_server,
    requested_server, started,
};
use proto_testing::frames::{deflated, frame, noise};

#[test]
fn received_bytes_beyond_the_memory_fail_the_connection() {
    let long = vec![b'a'; 4 * MIB];
    let random = noise(3 * MIB);
    type Case = (&'static str, fn() -> Connection, Vec<u8>);
    let cases: [Case; 6] = [
        ("a frame", plain, frame(0x82, None, &long)),
        ("a text", plain, frame(0x81, None, &long)),
        (
            "fragments",
            plain,
            [
                frame(0x02, None, b"a"),
                frame(0x00, None, &long[..1000]).repeat(4000),
            ]
            .concat(),
        ),
        (
            "messages before a long one",
            plain,
            [
                frame(0x81, None, b"first").repeat(100),
                frame(0x81, None, &long),
            ]
            .concat(),
        ),
        ("a bomb", deflate, frame(0xC2, None, &compressed(&long))),
        (
            "a compressed message with a long payload",
            deflate,
            frame(0xC2, None, &compressed(&random)),
        ),
    ];
    for (name, open, wire) in cases {
        for size in [1000, 64 * 1024, wire.len()] {
            let mut connection = open();
            let messages = limited(|| {
                let mut messages = 0;
                let mut events = Vec::with_capacity(10);
                for chunk in wire.chunks(size) {
                    connection.receive(chunk);
                    messages += poll(&mut connection, &mut events);
                }
                assert_eq!(events, failure(), "{name} in chunks of {size}");
                messages
            });
            let expected = if name.starts_with("messages") && size < wire.len() {
                100
            } else {
                0
            };
            assert_eq!(messages, expected, "{name} in chunks of {size}");
            assert_eq!(last_frame(&mut connection), close_frame(), "{name}");
        }
    }
}

#[test]
fn received_bytes_beyond_the_memory_before_the_start_fail_the_connection() {
    let mut connection = requested_server(lenient(usize::MAX), &[]);
    let wire = frame(0x82, None, &vec![b'a'; 4 * MIB]);
    limited(|| {
        connection.receive(&wire);
        connection.receive(&wire);
        assert!(connection.start().accepted);
        let mut events = Vec::with_capacity(10);
        poll(&mut connection, &mut events);
        assert_eq!(events, failure());
    });
}

#[test]
fn texts_of_drafts_beyond_the_memory_close_the_connection() {
    let cases: [(&str, Vec<u8>); 2] = [
        ("a long text", vec![b'a'; 4 * MIB]),
        (
            "a text that replacements make longer",
            vec![0xC0; 500 * 1024],
        ),
    ];
    for (name, text) in cases {
        let wire = [&[0x00], &text[..], &[0xFF]].concat();
        for size in [1000, 64 * 1024, wire.len()] {
            let mut draft = draft();
            let mut events = Vec::with_capacity(10);
            limited(|| {
                for chunk in wire.chunks(size) {
                    draft.receive(chunk);
                    poll(&mut draft, &mut events);
                }
            });
            assert_eq!(events, [DRAFT_CLOSE], "{name} in chunks of {size}");
        }
    }
}

#[test]
fn output_beyond_the_memory_fails_the_connection() {
    let message = vec![b'a'; 50_000];
    let large = noise(4 * MIB);
    let prepared = Prepared::new(Kind::Binary, &large);
    let ping = frame(0x89, None, b"ping");
    type Step<'a> = &'a dyn Fn(&mut Connection);
    let send: Step<'_> = &|connection| _ = connection.send(Kind::Text, &message);
    let send_large: Step<'_> = &|connection| _ = connection.send(Kind::Binary, &large);
    let send_short: Step<'_> = &|connection| _ = connection.send(Kind::Binary, b"a");
    let send_behind: Step<'_> = &|connection| {
        // These messages are never sent: the large one precedes all of them.
        if connection.buffered_amount() == 0 {
            connection.send(Kind::Binary, &large[..500_000]);
        }
        connection.send(Kind::Binary, b"a");
    };
    let send_prepared: Step<'_> = &|connection| _ = connection.send_prepared(&prepared);
    let be_pinged: Step<'_> = &|connection| {
        connection.receive(&ping);
        while let Some(output) = connection.poll() {
            match output {
                Output::Write | Output::Event(Event::Ping(_)) => {}
                _ => return,
            }
        }
    };
    let send_ping: Step<'_> = &|connection| _ = connection.ping(b"ping");
    type Case<'a> = (&'static str, fn() -> Connection, Step<'a>);
    let cases: [Case<'_>; 10] = [
        ("messages of a server", plain, send),
        ("messages of a client", client, send),
        ("short messages", plain, send_short),
        ("a large message", plain, send_large),
        ("a large message to compress", deflate, send_large),
        ("messages behind a large message", deflate, send_behind),
        ("a prepared message", plain, send_prepared),
        (
            "a prepared message without context takeover",
            alone,
            send_prepared,
        ),
        ("pings", plain, send_ping),
        ("pongs", plain, be_pinged),
    ];
    for (name, open, step) in cases {
        let mut connection = open();
        let mut events = Vec::with_capacity(10);
        limited(|| {
            for steps in 0.. {
                assert!(steps < 1_000_000, "{name}: the connection never fails");
                step(&mut connection);
                if connection.ready_state() != ReadyState::Open {
                    break;
                }
                if connection.has_work() && name != "messages behind a large message" {
                    events.extend(connection.work().events);
                }
                if connection.ready_state() != ReadyState::Open {
                    break;
                }
                if name == "messages behind a large message" && steps % 10_000 == 9_999 {
                    // A slice of work is done from time to time.
                    events.extend(connection.work().events);
                }
            }
            poll(&mut connection, &mut events);
        });
        if name == "pongs" {
            // The step above polled the error itself.
            assert_eq!(events, failure()[1..], "{name}");
        } else {
            assert_eq!(events, failure(), "{name}");
        }
        // Short frames may fill the buffer, which leaves no room for a close frame.
        let last = last_frame(&mut connection);
        if !SHORT.contains(&name) {
            assert_eq!(last, close_frame(), "{name}");
        }
        assert!(!connection.send(Kind::Text, b"more"), "{name}");
    }
}

#[test]
fn marks_of_lost_messages_never_pass() {
    let mut server = plain();
    limited(|| {
        let mut accepted = 0;
        while !server.has_work() {
            assert!(server.send(Kind::Binary, &[0; 50_000]));
            server.mark();
            accepted += 1;
        }
        // Later messages are lost too.
        assert!(server.send(Kind::Binary, b"a"));
        server.mark();
        assert!(server.work().accepted);
        server.outbox().clear();
        assert_eq!(server.outbox().take_passed(), accepted - 1);
    });
}

#[test]
fn output_of_drafts_beyond_the_memory_closes_the_connection() {
    let mut draft = draft();
    let events = limited(|| {
        while !draft.has_work() {
            assert!(draft.send(Kind::Text, &[b'a'; 50_000]));
        }
        draft.work().events
    });
    assert_eq!(events, [DRAFT_CLOSE]);
}

#[test]
fn a_queued_message_beyond_the_memory_fails_the_handshake() {
    let message = vec![b'a'; 4 * MIB];
    for role in ["server", "client"] {
        let mut connection = match role {
            "server" => requested_server(lenient(usize::MAX), &[]),
            _ => new_client(client_policy()),
        };
        let events = limited(|| {
            assert!(connection.send(Kind::Text, &message));
            assert!(connection.has_work());
            connection.work().events
        });
        assert_eq!(events, failure(), "{role}");
        assert!(connection.outbox().is_empty(), "{role}");
    }
}

#[test]
fn put_back_reports_a_lack_of_memory() {
    let mut server = plain();
    assert!(server.send(Kind::Binary, &vec![0; 900 * 1024]));
    let away = server.outbox().take_bytes();
    assert!(server.send(Kind::Binary, &vec![0; 900 * 1024]));
    limited(|| assert!(!server.outbox().put_back(away)));
}

fn plain() -> Connection {
    open_server(lenient(usize::MAX))
}

fn deflate() -> Connection {
    deflate_server(lenient(usize::MAX), "", "permessage-deflate")
}

fn alone() -> Connection {
    let offer = "permessage-deflate; server_no_context_takeover";
    deflate_server(lenient(usize::MAX), "", offer)
}

fn draft() -> Connection {
    started(hixie75_server(lenient(usize::MAX)))
}

fn failure() -> [Event; 2] {
    [
        Event::Error(Error::Protocol(ProtocolError::NoMemory.into())),
        Event::Close {
            code: Some(1011),
            reason: Some("Out of memory".to_owned()),
        },
    ]
}

const DRAFT_CLOSE: Event = Event::Close {
    code: None,
    reason: None,
};

/// Polls until `None`. Stores errors and close events, and returns the number of messages.
fn poll(connection: &mut Connection, events: &mut Vec<Event>) -> usize {
    let mut messages = 0;
    while let Some(output) = connection.poll() {
        match output {
            Output::Message(_) => messages += 1,
            Output::Event(event @ (Event::Error(_) | Event::Close { .. })) => events.push(event),
            _ => {}
        }
    }
    messages
}

/// Returns the first byte and the length of the last frame in the outbox. All frames must be whole.
fn last_frame(connection: &mut Connection) -> Option<(u8, usize)> {
    let mut rest = connection.outbox().bytes();
    let mut last = None;
    while let [first, second, ..] = *rest {
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        let (header, length) = match second & 0x7F {
            126 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
            127 => {
                let length = rest[2..10].try_into().expect("eight bytes");
                (10, u64::from_be_bytes(length) as usize)
            }
            length => (2, usize::from(length)),
        };
        last = Some((first, length));
        rest = &rest[header + mask + length..];
    }
    assert!(rest.is_empty(), "the last frame is incomplete");
    last
}

/// Returns a close frame with a code and "Out of memory".
fn close_frame() -> Option<(u8, usize)> {
    Some((0x88, 2 + 13))
}

fn compressed(message: &[u8]) -> Vec<u8> {
    deflated(&mut Deflate::new(6, false, 15), message)
}

/// Calls `run` while the allocator refuses blocks above [`LIMIT`].
fn limited<R>(run: impl FnOnce() -> R) -> R {
    IS_LIMITED.set(true);
    let result = run();
    IS_LIMITED.set(false);
    result
}

/// Cases whose frames leave no room for a close frame.
const SHORT: [&str; 3] = ["short messages", "pings", "pongs"];
const MIB: usize = 1024 * 1024;
/// More than the states of zlib need.
const LIMIT: usize = MIB;

thread_local! {
    // Per thread, so that tests do not limit each other. Without a destructor or an allocation, as
    // an allocator requires.
    static IS_LIMITED: Cell<bool> = const { Cell::new(false) };
}

/// Refuses large blocks and forwards other calls to the system allocator.
struct Refusing;

fn is_refused(size: usize) -> bool {
    size > LIMIT && IS_LIMITED.get()
}

// SAFETY: each call goes to `System` with unchanged arguments, or returns null, which reports a
// lack of memory. Access to a thread-local cell neither allocates nor panics.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_refused(layout.size()) {
            return null_mut();
        }
        // SAFETY: the caller fulfils the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller fulfils the contract of `dealloc`, and `block` came from `System`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > layout.size() && is_refused(size) {
            return null_mut();
        }
        // SAFETY: the caller fulfils the contract of `realloc`, and `block` came from `System`.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;
