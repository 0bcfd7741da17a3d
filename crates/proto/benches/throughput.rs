//! The throughput of encoding and decoding, compared with a `memcpy` of the same bytes.
//!
//! Run `cargo bench -p faye-websocket-proto` on a quiet machine, pinned to a core (`taskset -c 1`).
//! The summary at the end contains the best of several rounds, which alternate between the case and
//! the copy.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use proto::frame::mask::mask;
use proto::output::Kind;
use proto::policy::Policy;
use proto_testing::connections::{client, client_policy, deflate_client, deflate_server, server};

fn main() {
    let cases = cases();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for case in &cases {
        let mut group = criterion.benchmark_group(case.group);
        group.throughput(Throughput::Bytes(case.bytes as u64));
        let mut run = (case.make)();
        group.bench_function(case.name, |bencher| bencher.iter(&mut run));
        let mut copy = copies(case.bytes);
        group.bench_function(format!("memcpy of {}", case.name), |bencher| {
            bencher.iter(&mut copy)
        });
        group.finish();
    }
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--bench") {
        println!(
            "\nBest of {ROUNDS} rounds, with the duration as a multiple of a memcpy of the same bytes:"
        );
        cases.iter().for_each(summarize);
    }
}

/// One measured case.
struct Case {
    group: &'static str,
    name: &'static str,
    /// Bytes on the wire per run.
    bytes: usize,
    messages: usize,
    make: Box<dyn Fn() -> Box<dyn FnMut()>>,
}

fn cases() -> Vec<Case> {
    let ascii = "The quick brown fox jumps over the lazy dog. ".repeat(25_000);
    let mixed = "Съешь ещё этих мягких булок 🥐, да выпей чаю ☕. ".repeat(25_000);
    let text = |text: &str, length: usize| prefix(text, length).as_bytes().to_vec();
    let (short, short_mixed) = (text(&ascii, 125), text(&mixed, 125));
    let (long, long_mixed) = (text(&ascii, MIB), text(&mixed, MIB));
    vec![
        decode("decode", "125 B ASCII", &short, 4096, CHUNK),
        decode("decode", "125 B mixed", &short_mixed, 4096, CHUNK),
        decode("unmask_utf8", "1 MiB ASCII, 64 KiB chunks", &long, 1, CHUNK),
        decode(
            "unmask_utf8",
            "1 MiB ASCII, one chunk",
            &long,
            1,
            usize::MAX,
        ),
        decode(
            "unmask_utf8",
            "1 MiB mixed, 64 KiB chunks",
            &long_mixed,
            1,
            CHUNK,
        ),
        decode(
            "unmask_utf8",
            "1 MiB mixed, one chunk",
            &long_mixed,
            1,
            usize::MAX,
        ),
        encode(
            "encode",
            "125 B from a server",
            &short,
            4096,
            Policy::websocket_driver_server,
        ),
        encode("encode", "125 B from a client", &short, 4096, client_policy),
        encode(
            "encode",
            "64 KiB from a client",
            &long[..CHUNK],
            16,
            client_policy,
        ),
        masking("125 B", 125),
        masking("64 KiB", CHUNK),
        masking("1 MiB", MIB),
        deflate("1 KiB JSON, 1 connection", 1),
        deflate("1 KiB JSON, 64 in turn", 64),
        inflate("1 KiB JSON, 1 connection", 1),
        inflate("1 KiB JSON, 64 in turn", 64),
    ]
}

/// Measures a server that receives `count` masked text messages in chunks and visits each.
fn decode(
    group: &'static str,
    name: &'static str,
    payload: &[u8],
    count: usize,
    chunk: usize,
) -> Case {
    let mut sender = client();
    for _ in 0..count {
        assert!(sender.send(Kind::Text, payload));
    }
    let wire = sender.outbox().bytes().to_vec();
    let bytes = wire.len();
    let chunk = chunk.min(bytes);
    let make = move || -> Box<dyn FnMut()> {
        let wire = wire.clone();
        let mut server = server();
        Box::new(move || {
            let mut messages = 0;
            for chunk in wire.chunks(chunk) {
                server.receive(chunk);
                while let Some(message) = server.poll_message() {
                    black_box(message.payload);
                    messages += 1;
                }
                assert!(server.poll().is_none());
            }
            assert_eq!(messages, count);
        })
    };
    Case {
        group,
        name,
        bytes,
        messages: count,
        make: Box::new(make),
    }
}

/// Measures a sender that encodes `count` messages into the outbox.
fn encode(
    group: &'static str,
    name: &'static str,
    payload: &[u8],
    count: usize,
    policy: fn() -> Policy,
) -> Case {
    let payload = payload.to_vec();
    let bytes = payload.len() * count;
    let make = move || -> Box<dyn FnMut()> {
        let payload = payload.clone();
        let mut sender = if policy().mask_keys.is_some() {
            client()
        } else {
            server()
        };
        Box::new(move || {
            for _ in 0..count {
                assert!(sender.send(Kind::Binary, black_box(&payload)));
            }
            black_box(sender.outbox().bytes());
            sender.outbox().clear();
        })
    };
    Case {
        group,
        name,
        bytes,
        messages: count,
        make: Box::new(make),
    }
}

/// Measures servers that compress one message each in turn, until all reports are sent.
fn deflate(name: &'static str, connections: usize) -> Case {
    let reports = reports();
    let bytes = reports.iter().map(Vec::len).sum::<usize>() * connections;
    let messages = reports.len() * connections;
    let make = move || -> Box<dyn FnMut()> {
        let reports = reports.clone();
        let mut servers: Vec<_> = (0..connections)
            .map(|_| deflate_server(Policy::websocket_driver_server(), "", DEFLATE))
            .collect();
        Box::new(move || {
            for report in &reports {
                for server in &mut servers {
                    assert!(server.send(Kind::Text, black_box(report)));
                    black_box(server.outbox().bytes());
                    server.outbox().clear();
                }
            }
        })
    };
    Case {
        group: "deflate",
        name,
        bytes,
        messages,
        make: Box::new(make),
    }
}

/// Measures servers that receive one compressed message each in turn, until all reports are received.
fn inflate(name: &'static str, connections: usize) -> Case {
    let reports = reports();
    let bytes = reports.iter().map(Vec::len).sum::<usize>() * connections;
    let messages = reports.len() * connections;
    let make = move || -> Box<dyn FnMut()> {
        let mut client = deflate_client(client_policy(), "", DEFLATE);
        let frames: Vec<_> = reports
            .iter()
            .map(|report| {
                assert!(client.send(Kind::Text, report));
                let frame = client.outbox().bytes().to_vec();
                client.outbox().clear();
                frame
            })
            .collect();
        // The first message refers to no earlier one, so that all can be received repeatedly.
        let mut servers: Vec<_> = (0..connections)
            .map(|_| deflate_server(Policy::websocket_driver_server(), "", DEFLATE))
            .collect();
        Box::new(move || {
            for frame in &frames {
                for server in &mut servers {
                    server.receive(frame);
                    let message = server.poll_message();
                    black_box(message.expect("a message in a frame").payload);
                    assert!(server.poll().is_none());
                }
            }
        })
    };
    Case {
        group: "inflate",
        name,
        bytes,
        messages,
        make: Box::new(make),
    }
}

/// Returns the messages of a ticker: 1 KiB each, with many repetitions.
fn reports() -> Vec<Vec<u8>> {
    let mut random = 1u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        (random >> 33) % below
    };
    let report = |time: u64| {
        let mut report = format!(r#"{{"type":"ticker","time":{time},"quotes":["#);
        while report.len() < 950 {
            let (symbol, price, volume) = (next(500), next(100_000), next(10_000));
            report.push_str(&format!(
                r#"{{"symbol":"SYM{symbol}","price":{}.{:02},"volume":{volume}}},"#,
                price / 100,
                price % 100,
            ));
        }
        report.pop();
        report.push_str("]}");
        report.into_bytes()
    };
    (1_700_000_000..1_700_000_064).map(report).collect()
}

fn masking(name: &'static str, length: usize) -> Case {
    let make = move || -> Box<dyn FnMut()> {
        let mut payload = vec![b'a'; length];
        Box::new(move || {
            mask(
                black_box(&mut payload),
                black_box([0x37, 0xFA, 0x21, 0x3D]),
                0,
            )
        })
    };
    Case {
        group: "mask",
        name,
        bytes: length,
        messages: 1,
        make: Box::new(make),
    }
}

fn copies(length: usize) -> impl FnMut() {
    let from = vec![b'a'; length];
    let mut to = vec![0; length];
    move || black_box(&mut to).copy_from_slice(black_box(&from))
}

/// Measures a case and its copy in turn, and prints the best of each.
fn summarize(case: &Case) {
    let mut run = (case.make)();
    let mut copy = copies(case.bytes);
    let (mut best, mut best_copy) = (f64::MAX, f64::MAX);
    let calls = if case.bytes > 2 * MIB { 1 } else { 8 };
    for _ in 0..ROUNDS {
        best = best.min(seconds(&mut run, calls));
        best_copy = best_copy.min(seconds(&mut copy, calls));
    }
    println!(
        "{:>12} {:<28} {:>7.2} M/s {:>7.2} GiB/s {:>6.2} x memcpy ({:.2} GiB/s)",
        case.group,
        case.name,
        case.messages as f64 / best / 1e6,
        case.bytes as f64 / best / GIB,
        best / best_copy,
        case.bytes as f64 / best_copy / GIB,
    );
}

/// Returns the duration of one call, averaged over enough calls for the clock. Makes `at_once`
/// calls between two readings of the clock.
fn seconds(run: &mut dyn FnMut(), at_once: u32) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < Duration::from_millis(50) {
        for _ in 0..at_once {
            run();
        }
        calls += at_once;
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

/// Returns the longest prefix of `text` of at most `length` bytes in whole characters.
fn prefix(text: &str, length: usize) -> &str {
    let mut end = length;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

const DEFLATE: &str = "permessage-deflate";
const CHUNK: usize = 64 * 1024;
const MIB: usize = 1024 * 1024;
const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
const ROUNDS: usize = 20;
