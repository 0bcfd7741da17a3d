//! Memory use follows the received bytes. Memory that is no longer needed is released.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use proto::connection::Connection;
use proto::handshake::proxy::{Connect, Tunnel};
use proto::output::{Event, Kind, Output};
use proto::policy::Policy;
use zlib_rs::Deflate;

use proto_testing::connections::{
    client, client_policy, deflate_server, hixie75_server, lenient, new_client, open_server,
    requested_server, started,
};
use proto_testing::driver::read_once;
use proto_testing::frames::{deflated, frame};

#[test]
fn an_announced_length_reserves_no_memory() {
    let headers: [&[u8]; 3] = [
        // 2^62, 64 MiB - 1, and the latter after a first fragment.
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
            let mut server = open_server(lenient(usize::MAX));
            read_once(&mut server, &[]);
            let used = peak(|| {
                for chunk in header.chunks(cut) {
                    read_once(&mut server, chunk);
                    assert!(server.poll().is_none(), "{header:02x?} is not complete");
                }
            });
            assert!(used < 1024, "{used} bytes for {header:02x?}, read");
        }
    }
}

#[test]
fn a_read_provides_no_more_memory_than_a_message_has_so_far() {
    let wire = unfinished(0x02, LENGTH);
    let mut server = open_server(lenient(usize::MAX));
    let mut rest = &wire[..];
    while !rest.is_empty() {
        let arrived = wire.len() - rest.len();
        let before = rest;
        let used = peak(|| rest = &rest[read_once(&mut server, rest)..]);
        assert!(server.poll().is_none(), "the message is not complete");
        let allowed = 2 * arrived + 128 * 1024 + 64;
        assert!(
            used <= allowed,
            "{used} bytes after {arrived}, for {}",
            before.len() - rest.len()
        );
    }
}

#[test]
fn unread_bytes_of_a_read_keep_no_more_memory_than_their_length() {
    let mut servers: Vec<_> = (0..20).map(|_| open_server(lenient(usize::MAX))).collect();
    let wire = [frame(0x89, None, b"a"), frame(0x82, None, &[1; 200])].concat();
    read_once(&mut servers[0], &[]);
    let kept = kept(|| {
        for server in &mut servers {
            read_once(server, &wire);
            assert!(server.poll_message().is_none(), "a ping comes first");
            server.settle();
        }
    });
    assert!(kept < 20 * 2048 + 2 * 128 * 1024, "{kept} bytes");
    for server in &mut servers {
        assert!(matches!(server.poll(), Some(Output::Write)));
        server.outbox().clear();
        assert!(matches!(server.poll(), Some(Output::Event(Event::Ping(_)))));
        let message = server
            .poll_message()
            .map(|message| message.payload.to_vec());
        assert_eq!(message, Some(vec![1; 200]));
    }
}

#[test]
fn an_incomplete_message_needs_at_most_two_bytes_of_memory_per_byte_on_the_wire() {
    // Payload per frame, and bytes per chunk.
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
        let policies: [(u8, fn() -> Policy); 3] = [
            (0x01, Policy::websocket_driver_server),
            (0x02, Policy::websocket_driver_server),
            (0x01, whole_frames),
        ];
        for (kind, policy) in policies {
            let wire = unfinished(kind, fragment);
            let mut server = open_server(policy());
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
fn fragments_need_no_more_memory_than_their_payload() {
    let wire = unfinished(0x01, 1);
    let mut server = open_server(Policy::websocket_driver_server());
    let used = peak(|| {
        for chunk in wire.chunks(1000) {
            server.receive(chunk);
            assert!(server.poll().is_none(), "the message is not complete");
        }
    });
    assert!(used <= 2 * LENGTH + 16 * 1024, "{used} bytes for {LENGTH}");
}

#[test]
fn fragments_without_payload_need_no_memory() {
    for policy in [Policy::websocket_driver_server, whole_frames] {
        let mut server = open_server(policy());
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
}

#[test]
fn an_idle_connection_is_small_after_any_traffic() {
    for role in ["server", "client"] {
        let mut connections = Vec::with_capacity(10);
        let kept = kept_by_the_last(|| {
            let mut made = match role {
                "server" => open_server(lenient(usize::MAX)),
                _ => client(),
            };
            burst(&mut made);
            connections.push(made);
        });
        assert!(kept < 10_000, "an idle {role} keeps {kept} bytes");
        assert!(
            connections
                .iter_mut()
                .all(|connection| connection.send(Kind::Text, b"Hi"))
        );
    }
}

#[test]
fn the_beginning_of_a_frame_keeps_no_memory_of_earlier_frames() {
    let long = frame(0x02, None, &vec![b'a'; LENGTH]).repeat(2);
    let small = frame(0x81, None, &[b'a'; 5]).repeat(LENGTH / 7);
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
                let mut servers = Vec::with_capacity(10);
                let kept = kept_by_the_last(|| {
                    let mut server = open_server(lenient(usize::MAX));
                    for chunk in wire.chunks(chunk) {
                        server.receive(chunk);
                        while server.poll().is_some() {}
                    }
                    servers.push(server);
                });
                assert!(
                    kept < 8 * 1024,
                    "{kept} bytes for {beginning:02x?} after {name} in chunks of {chunk}"
                );
            }
        }
    }
}

#[test]
fn an_endless_inbox_needs_no_more_memory_than_its_length() {
    let chunk = frame(0x81, None, &[b'a'; 98]).repeat(100);
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
        "{used} bytes for an inbox of {}",
        chunk.len()
    );
}

#[test]
fn an_open_connection_does_not_keep_its_request() {
    let offered = "superchat, ".repeat(1000);
    let mut connection = None;
    let kept = kept(|| {
        let made = connection.insert(requested_server(
            Policy::websocket_driver_server(),
            &[("sec-websocket-protocol", &offered)],
        ));
        assert!(made.start().accepted);
        made.outbox().clear();
    });
    assert!(kept < 4096, "{kept} bytes");
}

#[test]
fn the_outbox_needs_a_small_multiple_of_its_length_for_any_pattern_of_writes() {
    // Returns the number of waiting bytes to write at a time.
    type Written = fn(usize) -> usize;
    let waiting = MIB;
    let patterns: [(&str, Written); 5] = [
        ("all but one", |waiting| waiting - 1),
        ("half", |waiting| waiting / 2),
        ("a few", |waiting| waiting.min(10_000)),
        ("all", |waiting| waiting),
        ("most, then a few", |waiting| {
            if waiting > MIB { waiting - 1000 } else { 100 }
        }),
    ];
    for message in [1, 100, 32 * 1024, MIB] {
        for (pattern, written) in patterns {
            let payload = vec![b'a'; message];
            let mut server = open_server(Policy::websocket_driver_server());
            // A transport has written the head.
            server.outbox().advance(0);
            let mut exchange = || {
                for _ in 0..6 {
                    while server.outbox().bytes().len() < waiting {
                        assert!(server.send(Kind::Text, &payload));
                    }
                    for _ in 0..20 {
                        let written = written(server.outbox().bytes().len());
                        server.outbox().advance(written);
                        if server.outbox().is_empty() {
                            break;
                        }
                    }
                }
            };
            // The first exchange fills the thread's pool of buffers.
            exchange();
            let used = peak(exchange);
            assert!(
                used <= 4 * (waiting + message) + 64 * 1024,
                "{used} bytes for {waiting} in messages of {message}; written at a time: {pattern}"
            );
        }
    }
}

#[test]
fn the_memory_of_a_burst_is_released_before_its_last_bytes_are_written() {
    type Leave = fn(&mut Connection);
    let cases: [(&str, Leave); 2] = [
        ("written here", |server| {
            let written = server.outbox().bytes().len() - 100;
            server.outbox().advance(written);
        }),
        ("written elsewhere", |server| {
            let bytes = server.outbox().take_bytes();
            let rest = bytes[bytes.len() - 100..].to_vec();
            assert!(server.outbox().put_back(rest));
        }),
    ];
    for (how, leave) in cases {
        let mut server = open_server(Policy::websocket_driver_server());
        let kept = kept(|| {
            for _ in 0..300_000 {
                assert!(server.send(Kind::Text, &[b'a'; 20]));
                server.mark();
            }
            leave(&mut server);
            assert_eq!(server.outbox().take_passed(), 300_000 - 5);
        });
        assert_eq!(server.outbox().bytes().len(), 100);
        assert!(
            kept < 4096,
            "{kept} bytes for the remaining 100, the others {how}"
        );
    }
}

#[test]
fn a_finished_backlog_releases_its_memory() {
    let mut servers = Vec::with_capacity(10);
    let kept = kept_by_the_last(|| {
        let mut server = deflate_server(lenient(MIB), "", OFFER);
        assert!(server.send(Kind::Text, &letters(MIB)));
        for _ in 0..50_000 {
            assert!(server.send(Kind::Text, b"behind it"));
        }
        while server.has_work() {
            assert!(server.work().accepted);
            server.outbox().clear();
        }
        servers.push(server);
    });
    assert!(kept < 128 * 1024, "{kept} bytes after 50 000 messages");
}

#[test]
fn drafts_release_the_memory_of_a_delivered_text() {
    let text = [b"\x00".as_slice(), &[b'a'; 8 * MIB], b"\xFF"].concat();
    for behind in [b"".as_slice(), b"\x00", b"\x00short", b"\x80\x09"] {
        let mut server = started(hixie75_server(lenient(usize::MAX)));
        let kept = kept(|| {
            for chunk in text.chunks(64 * 1024) {
                server.receive(chunk);
                assert!(delivered(&mut server).is_ok());
            }
            server.receive(behind);
            assert_eq!(delivered(&mut server), Ok(0));
        });
        assert!(kept < 70 * 1024, "{kept} bytes in front of {behind:02x?}");
    }
}

#[test]
fn an_incomplete_text_of_a_draft_needs_at_most_two_bytes_of_memory_per_byte_on_the_wire() {
    let text = [b"\x00".as_slice(), &[b'a'; LENGTH]].concat();
    for size in [1, 1500, 64 * 1024, text.len()] {
        let mut server = started(hixie75_server(lenient(usize::MAX)));
        let used = peak(|| {
            for chunk in text.chunks(size) {
                server.receive(chunk);
                assert_eq!(delivered(&mut server), Ok(0));
            }
        });
        let allowed = 2 * text.len() + 128 * 1024;
        assert!(used <= allowed, "{used} bytes in chunks of {size}");
    }
}

/// Exchanges a megabyte in one frame, a megabyte in fragments, many small messages, pings, and
/// replies to all.
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
fn a_failed_connection_releases_its_memory_and_stores_no_more() {
    // A violation and a close frame, each inside a large message.
    for end in [&[0x83][..], &[0x88, 0x80, 1, 2, 3, 4]] {
        let wire = unfinished(0x02, 64 * 1024);
        let mut servers: Vec<_> = (0..10)
            .map(|_| open_server(Policy::websocket_driver_server()))
            .collect();
        let mut waiting = servers.iter_mut();
        let kept = kept_by_the_last(|| {
            let server = waiting.next().expect("ten connections");
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
fn bytes_before_the_start_need_two_bytes_of_memory_per_byte_up_to_a_limit() {
    for mut connection in [
        requested_server(Policy::websocket_driver_server(), &[]),
        new_client(client_policy()),
    ] {
        let chunk = vec![0; 64 * 1024];
        let used = peak(|| {
            for _ in 0..1024 {
                connection.receive(&chunk);
            }
        });
        assert!(used <= 2 * MIB + 128 * 1024, "{used} bytes");
        let kept = kept(|| drop(connection.poll()));
        assert!(kept <= 1024, "{kept} bytes more");
    }
}

#[test]
fn a_connection_that_never_opened_keeps_no_memory() {
    let new = || {
        let refused = requested_server(Policy::websocket_driver_server(), &[("upgrade", "h2c")]);
        let abandoned = open_server(Policy::websocket_driver_server());
        (refused, abandoned, new_client(client_policy()))
    };
    let mut connections: Vec<_> = std::iter::repeat_with(new).take(10).collect();
    let mut waiting = connections.iter_mut();
    let kept = kept_by_the_last(|| {
        let (refused, abandoned, closed) = waiting.next().expect("ten connections");
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
fn the_answers_of_servers_and_proxies_are_limited() {
    let line = [b"X-Endless: ".as_slice(), &[b'a'; 1000], b"\r\n"].concat();
    let endless = [b"HTTP/1.1 101 Hi\r\n".as_slice(), &line.repeat(10_000)].concat();
    let mut client = new_client(client_policy());
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
        assert!(refused.is_some(), "the answer of a proxy has no limit");
    });
    assert!(used < 256 * 1024, "{used} bytes for the answer of a proxy");
}

#[test]
fn a_decompression_bomb_needs_no_more_memory_than_the_limit() {
    let bomb = compressed(&vec![0; 64 * MIB]);
    assert!(bomb.len() * 1000 < 64 * MIB, "{} bytes", bomb.len());
    let used = peak(|| {
        let mut server = deflate_server(lenient(MIB), "", OFFER);
        server.receive(&bomb);
        assert_eq!(delivered(&mut server), Err(1009));
    });
    assert!(used <= 4_000_000, "{used} bytes for a limit of {MIB}");
}

#[test]
fn several_bombs_need_no_more_memory_than_one() {
    // Each message has exactly the limit.
    let bombs = compressed(&[0; MIB]).repeat(40);
    let mut server = deflate_server(lenient(MIB), "", OFFER);
    let used = peak(|| {
        server.receive(&bombs);
        assert_eq!(delivered(&mut server), Ok(40));
    });
    assert!(used <= 4_000_000, "{used} bytes for a limit of {MIB}");
}

#[test]
fn an_idle_connection_with_compression_is_small() {
    const CONNECTIONS: usize = 8;
    let mut connections = Vec::new();
    // The states of zlib belong to the thread.
    ticker(&mut [deflate_server(lenient(MIB), "", OFFER)], 10);
    let kept = kept(|| {
        let new = || deflate_server(lenient(MIB), "", OFFER);
        connections.extend(std::iter::repeat_with(new).take(CONNECTIONS));
        let exchanged = ticker(&mut connections, 150);
        assert!(exchanged > 64 * 1024, "{exchanged} bytes each way");
    });
    let each = kept / CONNECTIONS as isize;
    assert!(each <= 48 * 1024, "{each} bytes for an idle connection");
}

#[test]
fn an_idle_connection_without_context_takeover_keeps_no_context() {
    let new = || {
        let options = "no_context_takeover request_no_context_takeover";
        deflate_server(lenient(MIB), options, OFFER)
    };
    exchange(&mut [new()], 10, Deflate::reset);
    let mut connection = None;
    let kept = kept(|| {
        exchange(connection.insert([new()]), 150, Deflate::reset);
    });
    assert!(kept < 10_000, "{kept} bytes");
}

#[test]
fn compressed_messages_leak_no_memory() {
    let mut connections = [(); 2].map(|()| deflate_server(lenient(MIB), "", OFFER));
    ticker(&mut connections, 1000);
    let kept = kept(|| {
        ticker(&mut connections, 25_000);
    });
    // The history changes its size with the reach.
    assert!(kept < 70 * 1024, "{kept} bytes for 100 000 messages");
}

#[test]
fn connections_with_compression_leak_no_memory() {
    let cycle = || {
        ticker(&mut [deflate_server(lenient(MIB), "", OFFER)], 3);
    };
    cycle();
    let kept = kept(|| (0..1000).for_each(|_| cycle()));
    assert!(kept < 1024, "{kept} bytes for 1000 connections");
}

#[test]
fn large_messages_release_their_memory_in_both_directions() {
    let large = letters(8 * MIB);
    let incoming = compressed(&large);
    let mut server = deflate_server(lenient(usize::MAX), "", OFFER);
    let mut exchange = || {
        server.receive(&incoming);
        assert_eq!(delivered(&mut server), Ok(1));
        assert!(server.send(Kind::Binary, &large));
        while server.has_work() {
            assert!(server.work().accepted);
        }
        assert!(server.outbox().bytes().len() > MIB);
        server.outbox().clear();
        // The beginning of a message keeps no memory of earlier messages.
        server.receive(&[0xC2, 1]);
        assert_eq!(delivered(&mut server), Ok(0));
        server.receive(&[0]);
        assert_eq!(delivered(&mut server), Ok(1));
    };
    // The first exchange keeps the history, the states of zlib with their scratch buffer, and a
    // spare buffer of the thread.
    for (time, allowed) in [("first", 5 * MIB as isize), ("second", 1024)] {
        let kept = kept(&mut exchange);
        assert!(kept < allowed, "{kept} bytes after the {time} time");
    }
}

#[test]
fn a_large_message_needs_at_most_two_bytes_of_memory_per_byte() {
    let large = letters(8 * MIB);
    let incoming = compressed(&large);
    let all = incoming.len() + large.len();
    let used = peak(|| {
        let mut server = deflate_server(lenient(usize::MAX), "", OFFER);
        for chunk in incoming.chunks(64 * 1024) {
            server.receive(chunk);
            let _ = delivered(&mut server);
        }
    });
    assert!(used <= 2 * all + MIB, "{used} bytes to inflate {all}");

    let used = peak(|| {
        let mut server = deflate_server(lenient(usize::MAX), "", OFFER);
        assert!(server.send(Kind::Binary, &large));
        while server.has_work() {
            assert!(server.work().accepted);
        }
    });
    assert!(used <= 2 * all + MIB, "{used} bytes to deflate {all}");
}

#[test]
fn a_connection_that_fails_during_inflation_releases_its_memory() {
    let large = compressed(&vec![7; 8 * MIB]);
    let corrupt = [&[0xC2, 1][..], &[0x06]].concat();
    ticker(&mut [deflate_server(lenient(MIB), "", OFFER)], 10);
    for (name, wire) in [("too long", &large), ("corrupt", &corrupt)] {
        let mut server = deflate_server(lenient(4 * MIB), "", OFFER);
        let kept = kept(|| {
            server.receive(wire);
            assert!(delivered(&mut server).is_err(), "{name}");
            server.outbox().clear();
            server.receive(&large);
        });
        assert!(kept < 2048, "{kept} bytes: {name}");
    }
    let begin = |server: &mut Connection| {
        assert!(server.send(Kind::Binary, &vec![7; 8 * MIB]));
        assert!(server.work().accepted);
    };
    begin(&mut deflate_server(lenient(MIB), "", OFFER));
    let mut server = deflate_server(lenient(usize::MAX), "", OFFER);
    let kept = kept(|| {
        begin(&mut server);
        server.receive(&large);
        assert!(matches!(server.poll(), Some(Output::Unfinished)));
        server.abandon();
    });
    assert!(kept < 2048, "{kept} bytes: abandoned");
}

/// Returns letters in a pseudo-random order, which compress to three bits each.
fn letters(length: usize) -> Vec<u8> {
    let mut random = 1u64;
    let next = || {
        random = random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        b"etaoinsh"[(random >> 61) as usize]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Sends and receives reports of a few hundred bytes on each connection in turn. Returns the number
/// of bytes of one connection.
fn ticker(connections: &mut [Connection], rounds: usize) -> usize {
    exchange(connections, rounds, |_| {})
}

/// Calls `between` after each message of the peer.
fn exchange(connections: &mut [Connection], rounds: usize, between: fn(&mut Deflate)) -> usize {
    let mut deflates = Vec::new();
    deflates.resize_with(connections.len(), || Deflate::new(6, false, 15));
    let mut bytes = 0;
    for round in 0..rounds {
        let seed = round * 7919;
        let message = format!(
            r#"{{"time":{},"symbol":"S{}","bids":[{},{},{}],"asks":[{},{},{}],"text":"{}"}}"#,
            1_700_000_000 + round,
            seed % 13,
            seed % 1009,
            seed % 1013,
            seed % 1019,
            seed % 1021,
            seed % 1031,
            seed % 1033,
            "lorem ipsum dolor sit amet ".repeat(round % 31),
        );
        bytes += message.len();
        for (connection, deflate) in connections.iter_mut().zip(&mut deflates) {
            assert!(connection.send(Kind::Text, message.as_bytes()));
            connection.outbox().clear();
            connection.receive(&compressed_with(deflate, message.as_bytes()));
            assert_eq!(delivered(connection), Ok(1));
            between(deflate);
        }
    }
    bytes
}

/// Returns the number of delivered messages, or the close code.
fn delivered(connection: &mut Connection) -> Result<usize, u16> {
    let mut messages = 0;
    while let Some(output) = connection.poll() {
        match output {
            Output::Message(_) => messages += 1,
            Output::Event(Event::Close { code, .. }) => return Err(code.unwrap_or_default()),
            _ => {}
        }
    }
    Ok(messages)
}

/// Returns a message in one unmasked, compressed frame.
fn compressed(message: &[u8]) -> Vec<u8> {
    compressed_with(&mut Deflate::new(6, false, 15), message)
}

fn compressed_with(deflate: &mut Deflate, message: &[u8]) -> Vec<u8> {
    frame(0xC2, None, &deflated(deflate, message))
}

/// Returns a policy that checks whole frames, without limits.
fn whole_frames() -> Policy {
    Policy {
        max_frame: usize::MAX,
        max_message: usize::MAX,
        ..Policy::websocket_node_server()
    }
}

/// Returns [`LENGTH`] bytes of a masked message, without its last frame or without the end of its
/// only frame.
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

/// Returns the peak memory use of `run`.
fn peak(run: impl FnOnce()) -> usize {
    let before = IN_USE.get();
    PEAK.set(before);
    run();
    usize::try_from(PEAK.get() - before).expect("the peak is not below the start")
}

/// Returns the memory that `run` keeps after earlier runs. The first runs fill the thread's pool of
/// buffers.
fn kept_by_the_last(mut run: impl FnMut()) -> isize {
    for _ in 0..5 {
        run();
    }
    kept(run)
}

/// Returns the memory that `run` keeps.
fn kept(run: impl FnOnce()) -> isize {
    let before = IN_USE.get();
    run();
    IN_USE.get() - before
}

thread_local! {
    // Per thread, so that tests do not count each other's memory. Without a destructor or an
    // allocation, as an allocator requires.
    static IN_USE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Counts and forwards to the system allocator. A growing block counts as one block: the page
/// tables move large blocks, so two copies never exist.
struct Counting;

impl Counting {
    fn count(change: isize) {
        let in_use = IN_USE.get() + change;
        IN_USE.set(in_use);
        PEAK.set(PEAK.get().max(in_use));
    }
}

// SAFETY: each call goes to `System` with unchanged arguments. Counting accesses only two
// thread-local cells, which neither allocate nor panic.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size() as isize);
        // SAFETY: the caller fulfils the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::count(-(layout.size() as isize));
        // SAFETY: the caller fulfils the contract of `dealloc`, and `block` came from `System`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count(size as isize - layout.size() as isize);
        // SAFETY: the caller fulfils the contract of `realloc`, and `block` came from `System`.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const OFFER: &str = "permessage-deflate";
const MIB: usize = 1024 * 1024;
/// Between two powers of two.
const LENGTH: usize = MIB + MIB / 4;
