//! permessage-deflate between two ends. An independent reader, whose memory is limited to the
//! agreement, also inflates all messages.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proto::connection::Connection;
use proto::extension::deflate::Session;
use proto::extension::deflate::agreement::NAME;
use proto::extension::deflate::options::Options;
use proto::output::{Event, Kind, Output};
use proto::policy::Policy;
use zlib_rs::Deflate;

use proto_testing::connections::{
    client_policy, deflate_options, deflate_server, lenient, new_client, requested_server,
    response_with,
};
use proto_testing::frames::{deflated, frame, noise};
use proto_testing::inflate::Reader;
use proto_testing::notation::bytes;
use proto_testing::streams::text;
use proto_testing::wire::{Framing, Wire, Written};

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..Default::default() })]

    #[test]
    fn connections_of_one_thread_receive_their_own_messages(
        options in vec((options(), options()), 1..4),
        steps in vec(step(), 0..60),
    ) {
        let mut pairs: Vec<Pair> = options.iter().map(Pair::new).collect();
        for (pair, step) in &steps {
            let pair = pair.get_mut(&mut pairs);
            pair.perform(step)?;
        }
        for pair in &mut pairs {
            pair.finish()?;
        }
    }

    #[test]
    fn sessions_of_one_thread_receive_their_own_messages(
        options in vec((options(), options()), 1..4),
        messages in vec((any::<Index>(), any::<bool>(), message()), 0..40),
    ) {
        let mut sessions: Vec<_> = options.iter().map(two_sessions).collect();
        for (pair, is_answer, message) in &messages {
            let (client, server) = pair.get_mut(&mut sessions);
            let (from, to) = if *is_answer { (server, client) } else { (client, server) };
            let mut compressed = from.deflate(message, <[u8]>::to_vec);
            while let Ok(None) = compressed {
                compressed = from.deflate_more(<[u8]>::to_vec);
            }
            let compressed = compressed.ok().flatten().unwrap_or_default();
            let mut found = to.inflate(&compressed, <[u8]>::to_vec);
            while let Ok(None) = found {
                found = to.inflate_more(<[u8]>::to_vec);
            }
            let found = found.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(found.as_ref() == Some(message));
        }
    }

    #[test]
    fn the_limit_applies_to_the_inflated_message(
        message in (any::<u64>(), 500..20_000usize, 3..10usize)
            .prop_map(|(seed, length, times)| prose(seed, length).repeat(times)),
        difference in -2..3i64,
        level in 1..10,
        blocks in 1..4usize,
        is_text in any::<bool>(),
        is_ascii in any::<bool>(),
    ) {
        let ascii = |byte: u8| if is_ascii { byte & 0x7F } else { byte };
        let message: Vec<u8> = message.into_iter().map(ascii).collect();
        let mut deflate = Deflate::new(level, false, 15);
        let mut payload = Vec::new();
        for piece in message.chunks(message.len() / blocks + 1) {
            payload.extend(deflated(&mut deflate, piece));
            payload.extend([0x00, 0x00, 0xFF, 0xFF]);
        }
        payload.push(0x00);
        let limit = message.len() as i64 + difference;
        // The same limit applies to the payload.
        prop_assert!(limit >= payload.len() as i64, "{} of {limit}", payload.len());
        let first = if is_text { 0xC1 } else { 0xC2 };
        let mut server = deflate_server(lenient(limit as usize), "", NAME);
        server.receive(&frame(first, None, &payload));
        let mut found = Vec::new();
        while let Some(output) = server.poll() {
            match output {
                Output::Message(received) => found.push(received.payload.to_vec()),
                Output::Event(Event::Close { code, .. }) => {
                    let expected = if difference < 0 { 1009 } else { 1007 };
                    prop_assert!(difference < 0 || is_text && !is_ascii);
                    prop_assert_eq!(code, Some(expected));
                    return Ok(());
                }
                _ => {}
            }
        }
        prop_assert!(difference >= 0 && found == [message]);
    }
}

#[test]
fn the_independent_reader_is_strict() {
    // In the notation of scripts. The messages follow each other.
    let cases = [
        (
            "a message without a reference",
            15,
            true,
            "f248cdc9c90700",
            Ok("Hello"),
        ),
        (
            "a reference to the previous message",
            15,
            true,
            "f200110000",
            Ok("Hello"),
        ),
        (
            "without context takeover",
            15,
            false,
            "f200110000",
            Err("5 back in 1"),
        ),
        (
            "an incomplete block",
            15,
            true,
            "f248cdc9c907",
            Err("ends within"),
        ),
        ("a window of 256 bytes", 8, true, "far", Err("300 back")),
        ("a window of 512 bytes", 9, true, "far", Ok("")),
    ];
    let mut reader = Reader::new(15, true);
    for (name, bits, takeover, payload, expected) in cases {
        let mut other = Reader::new(bits, takeover);
        let reader = if (bits, takeover) == (15, true) {
            &mut reader
        } else {
            &mut other
        };
        let payload = match payload {
            "far" => far_reference(),
            payload => bytes(payload),
        };
        match (reader.message(&payload), expected) {
            (Ok(found), Ok(expected)) => assert!(found.starts_with(expected.as_bytes()), "{name}"),
            (Err(found), Err(expected)) => assert!(found.starts_with(expected), "{name}: {found}"),
            (found, expected) => panic!("{name}: {found:?} is not {expected:?}"),
        }
    }
}

/// Returns a message with references up to 300 bytes back.
fn far_reference() -> Vec<u8> {
    let unique: Vec<u8> = (0..=255).chain((0..44).map(|i| i * 5)).collect();
    let message = [&unique, &unique[..40]].concat();
    deflated(&mut Deflate::new(9, false, 15), &message)
}

#[test]
fn each_window_is_used_and_never_exceeded() {
    for bits in 8..=15u32 {
        let options = format!("max_window_bits={bits}");
        let offer = format!("{NAME}; server_max_window_bits={bits}");
        for level in [1, 6, 9] {
            let mut server = deflate_server(
                Policy::websocket_driver_server(),
                &format!("{options} level={level}"),
                &offer,
            );
            let mut wire = Wire::behind_head(Framing::hybi(false));
            wire.compressed(Reader::new(bits, true));
            let mut size = 0;
            // Repetitions at a distance just within the window.
            let period = (1usize << bits) - 300.min((1 << bits) / 2);
            let noise = noise(period);
            for message in 0..12 {
                let begin = message * 997 % period;
                let message = [&noise[begin..], &noise[..begin]].concat();
                assert!(server.send(Kind::Binary, &message));
                while server.has_work() {
                    let _ = server.work();
                }
                while let Some(write) = server.outbox().take_first() {
                    size += write.len();
                    let written = wire
                        .write(write)
                        .expect("a reader with this window can inflate it");
                    assert_eq!(written.map(|(_, payload)| payload), Some(message.clone()));
                }
            }
            // Repetitions are found in all windows of zlib. It has no window of 256 bytes.
            if bits > 9 && level > 1 {
                assert!(
                    size < 12 * period * 3 / 4,
                    "{size} of {} at {bits}",
                    12 * period
                );
            }
        }
    }
}

#[test]
fn a_connection_refers_to_messages_sent_on_another_thread() {
    for answers in [false, true] {
        let mut pair = Pair::new(&(String::new(), String::new()));
        let say = |pair: &mut Pair, text: &str| {
            let message = text.repeat(3).into_bytes();
            let sent = pair.perform(&Step::Send(answers, Kind::Text, message));
            sent.and_then(|()| pair.finish())
                .expect("the message arrives");
        };
        say(&mut pair, "the first message, which has some words");
        let mut pair = std::thread::scope(|scope| {
            let elsewhere = scope.spawn(|| {
                say(&mut pair, "a message with different contents, 0123456789");
                pair
            });
            elsewhere.join().expect("the thread does not panic")
        });
        say(&mut pair, "the first message, which has some words");
        say(&mut pair, "a message with different contents, 0123456789");
    }
}

#[test]
fn frames_behind_a_large_message_stay_in_order() {
    let large = noise(700_000);
    let commands: [&[u8]; 5] = [b"first", &large, b"second", &large, b"third"];
    let mut server = deflate_server(lenient(1 << 20), "", NAME);
    for (index, message) in commands.iter().enumerate() {
        assert!(server.send(Kind::Binary, message));
        assert!(server.ping(&[index as u8]).is_ok_and(|accepted| accepted));
    }
    // The peer's pings are answered in the same order.
    server.receive(&frame(0x89, None, b"peer"));
    while server.poll().is_some() {}
    assert!(server.close(1000, "").is_ok_and(|caused| caused.accepted));
    let waiting = server.buffered_amount();
    assert!(
        waiting > 2 * large.len(),
        "only {waiting} bytes are waiting"
    );

    let mut wire = Wire::behind_head(Framing::hybi(false));
    wire.compressed(Reader::new(15, true));
    let mut written: Vec<Written> = Vec::new();
    let mut slices = 0;
    loop {
        while let Some(write) = server.outbox().take_first() {
            written.extend(wire.write(write).expect("a valid frame"));
        }
        if !server.has_work() {
            break;
        }
        assert!(server.work().events.is_empty());
        slices += 1;
    }
    assert!(slices >= 10, "{slices} slices");
    assert_eq!(server.buffered_amount(), 0);
    let mut expected: Vec<Written> = Vec::new();
    for (index, message) in commands.iter().enumerate() {
        expected.push((2, message.to_vec()));
        expected.push((9, vec![index as u8]));
    }
    expected.push((10, b"peer".to_vec()));
    expected.push((8, vec![0x03, 0xE8]));
    assert!(written == expected, "the order differs");
}

#[test]
fn a_large_message_is_inflated_in_slices() {
    let large = noise(100_000).repeat(30);
    let payload = deflated(&mut Deflate::new(6, false, 15), &large);
    let mut server = deflate_server(lenient(usize::MAX), "", NAME);
    server.receive(&frame(0xC2, None, &payload));
    server.receive(&frame(0x89, None, b"p"));
    for _ in 0..large.len() / (512 * 1024) {
        assert!(server.poll_message().is_none());
        assert!(matches!(server.poll(), Some(Output::Unfinished)));
        assert!(server.has_unread());
    }
    loop {
        match server.poll() {
            Some(Output::Unfinished) => {}
            Some(Output::Message(message)) => {
                assert!(message.payload == large, "the message differs");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(server.poll(), Some(Output::Write)));
    assert!(matches!(server.poll(), Some(Output::Event(Event::Ping(_)))));
    assert!(server.poll().is_none() && !server.has_unread());
}

#[test]
fn a_connection_may_end_during_work_on_a_large_message() {
    let large = deflated(&mut Deflate::new(6, false, 15), &[7; 2_000_000]);
    let ends: [fn(&mut Connection); 3] = [
        Connection::abandon,
        |server| drop(server.close(1000, "").expect("1000 may be sent")),
        |server| drop(server.fail_extension(1010, "x: no")),
    ];
    for (index, end) in ends.iter().enumerate() {
        let mut server = deflate_server(lenient(usize::MAX), "", NAME);
        assert!(server.send(Kind::Binary, &noise(300_000)));
        server.receive(&[frame(0xC2, None, &large), frame(0x82, None, b"late")].concat());
        assert!(matches!(server.poll(), Some(Output::Unfinished)));
        end(&mut server);
        while let Some(output) = server.poll() {
            assert!(!matches!(output, Output::Message(_)), "{index}: {output:?}");
        }
        while server.has_work() {
            drop(server.work());
        }
        // Other connections are not affected.
        let mut other = Pair::new(&(String::new(), String::new()));
        let sent = other.perform(&Step::Send(true, Kind::Binary, noise(5000)));
        sent.and_then(|()| other.finish())
            .expect("the message arrives");
    }
}

#[test]
fn only_a_connection_with_sessions_waits_for_them_to_close() {
    let mut server = deflate_server(lenient(1 << 20), "", NAME);
    assert!(server.send(Kind::Binary, &noise(300_000)));
    server.receive(&frame(0x88, None, &[0x03, 0xE8]));
    assert!(server.poll().is_none());
    assert!(server.sessions_closed().events.is_empty());
    let mut events = Vec::new();
    while server.has_work() {
        events.extend(server.work().events);
    }
    assert!(matches!(events[..], [Event::Close { .. }]), "{events:?}");
}

/// A client and a server after the opening handshake.
struct Pair {
    client: End,
    server: End,
}

/// A connection, and the bytes that pass through it.
struct End {
    connection: Connection,
    wire: Wire,
    /// Messages sent but not yet written.
    said: VecDeque<Written>,
    /// Bytes written by the other end, and the independent reader's messages.
    arriving: Vec<u8>,
    expected: VecDeque<Written>,
}

/// An operation. The flag is true for the server.
#[derive(Clone, Debug)]
enum Step {
    Send(bool, Kind, Vec<u8>),
    Ping(bool),
    /// One slice of work.
    Work(bool),
    /// Receives the arriving bytes in two chunks, until a message is incomplete.
    Receive(bool, usize),
}

impl Pair {
    fn new((client_options, server_options): &(String, String)) -> Self {
        let client_options = deflate_options(client_options);
        let server_options = deflate_options(server_options);
        let mut client = new_client(client_policy());
        let negotiation = client.negotiation().expect("the client is not started");
        negotiation.offer_deflate(&client_options);
        assert!(client.start().accepted);
        let offer = extensions(&mut client);
        let headers = [
            ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("sec-websocket-extensions", offer.as_str()),
        ];
        let mut server = requested_server(Policy::websocket_driver_server(), &headers);
        let negotiation = server.negotiation().expect("the request is valid");
        assert!(negotiation.answer_deflate(&server_options), "{offer}");
        assert!(server.start().accepted);
        let response = extensions(&mut server);
        client.receive(response_with(&response).as_bytes());
        assert!(matches!(
            client.poll(),
            Some(Output::Event(Event::Activate))
        ));
        let negotiation = client.negotiation().expect("the client is activating");
        assert!(negotiation.activate_deflate(&client_options), "{response}");
        assert!(client.activated().accepted);

        // Combines the response, which is all that an independent reader can know, with an end's
        // own options, which may be stricter.
        let agreed = |window: &str, own: &Options, alone: &str| {
            let wanted = own.max_window_bits.map_or(15, |bits| bits.get());
            let said = response.split("; ").find_map(|parameter| {
                let (name, bits) = parameter.split_once('=')?;
                (name == window).then(|| bits.parse().expect("a number"))
            });
            let takeover = !own.no_context_takeover && !response.contains(alone);
            Reader::new(said.unwrap_or(15).min(u32::from(wanted)), takeover)
        };
        let to_server = agreed(
            "client_max_window_bits",
            &client_options,
            "client_no_context_takeover",
        );
        let to_client = agreed(
            "server_max_window_bits",
            &server_options,
            "server_no_context_takeover",
        );
        Self {
            client: End::new(client, true, to_server),
            server: End::new(server, false, to_client),
        }
    }

    fn perform(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let (Step::Send(server, ..)
        | Step::Ping(server)
        | Step::Work(server)
        | Step::Receive(server, _)) = *step;
        let (this, other) = if server {
            (&mut self.server, &mut self.client)
        } else {
            (&mut self.client, &mut self.server)
        };
        match step {
            Step::Send(_, kind, message) => {
                prop_assert!(this.connection.send(*kind, message));
                let opcode = if *kind == Kind::Text { 1 } else { 2 };
                this.said.push_back((opcode, message.clone()));
            }
            Step::Ping(_) => {
                prop_assert_eq!(this.connection.ping(b"ping"), Ok(true));
                this.said.push_back((9, b"ping".to_vec()));
            }
            Step::Work(_) => {
                prop_assert!(this.connection.work().events.is_empty());
            }
            Step::Receive(_, cut) => this.receive(*cut)?,
        }
        this.write(other)
    }

    /// Runs until neither end has output.
    fn finish(&mut self) -> Result<(), TestCaseError> {
        // Pings are answered.
        for server in [false, true, false, true] {
            while self.end(server).connection.has_work() {
                self.perform(&Step::Work(server))?;
            }
            self.perform(&Step::Receive(!server, 0))?;
            while self.end(!server).connection.has_unread() {
                self.perform(&Step::Receive(!server, 0))?;
            }
        }
        for end in [&self.client, &self.server] {
            prop_assert!(end.said.is_empty() && end.expected.is_empty());
        }
        Ok(())
    }

    fn end(&mut self, server: bool) -> &mut End {
        if server {
            &mut self.server
        } else {
            &mut self.client
        }
    }
}

impl End {
    fn new(connection: Connection, is_client: bool, reader: Reader) -> Self {
        let mut wire = Wire::behind_head(Framing::hybi(is_client));
        wire.compressed(reader);
        Self {
            connection,
            wire,
            said: VecDeque::new(),
            arriving: Vec::new(),
            expected: VecDeque::new(),
        }
    }

    fn write(&mut self, other: &mut Self) -> Result<(), TestCaseError> {
        while let Some(write) = self.connection.outbox().take_first() {
            let written = self.wire.write(write).map_err(TestCaseError::fail)?;
            prop_assert!(
                written == self.said.pop_front(),
                "an unexpected frame is written"
            );
            other.expected.extend(written);
            other.arriving.extend_from_slice(write);
        }
        Ok(())
    }

    fn receive(&mut self, cut: usize) -> Result<(), TestCaseError> {
        let arriving = std::mem::take(&mut self.arriving);
        let (first, second) = arriving.split_at(cut % (arriving.len() + 1));
        let mut received = VecDeque::new();
        for piece in [first, second] {
            self.connection.receive(piece);
            while let Some(output) = self.connection.poll() {
                match output {
                    Output::Unfinished => break,
                    Output::Write => {}
                    Output::Message(message) => {
                        let opcode = if message.kind == Kind::Text { 1 } else { 2 };
                        received.push_back((opcode, message.payload.to_vec()));
                    }
                    Output::Event(Event::Ping(payload)) => {
                        self.said.push_back((10, payload.clone()));
                        received.push_back((9, payload));
                    }
                    Output::Event(Event::Pong(payload)) => received.push_back((10, payload)),
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                }
            }
        }
        for received in received {
            prop_assert!(
                Some(received) == self.expected.pop_front(),
                "an unexpected frame arrives"
            );
        }
        Ok(())
    }
}

/// Returns the header from a request or an answer just written.
fn extensions(connection: &mut Connection) -> String {
    let head = String::from_utf8(connection.outbox().bytes().to_vec()).expect("a head is UTF-8");
    connection.outbox().clear();
    let value = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    value.expect("the head contains the header").to_owned()
}

fn two_sessions((client, server): &(String, String)) -> (Session, Session) {
    let (client, server) = (deflate_options(client), deflate_options(server));
    let (response, on_server) = server.answer([&client.offer()[..]]).expect("acceptable");
    let on_client = client.activate(&response).expect("acceptable");
    let session = |agreed| Session::new(agreed, usize::MAX);
    (session(&on_client), session(&on_server))
}

/// Generates all options, most of them absent.
fn options() -> impl Strategy<Value = String> {
    let flag = |name: &'static str| prop::option::weighted(0.2, Just(name.to_owned()));
    let number = |name: &'static str, range: std::ops::RangeInclusive<u8>| {
        let option = range.prop_map(move |number| format!("{name}={number}"));
        prop::option::weighted(0.4, option)
    };
    let options = (
        number("level", 0..=9),
        number("mem_level", 1..=9),
        number("strategy", 0..=4),
        flag("no_context_takeover"),
        number("max_window_bits", 8..=15),
        flag("request_no_context_takeover"),
        // A server does not answer with 15, and a client that requests 15 refuses such an answer.
        number("request_max_window_bits", 8..=14),
    );
    options.prop_map(|(level, memory, strategy, alone, own, asks_alone, asks)| {
        let options = [level, memory, strategy, alone, own, asks_alone, asks];
        options.into_iter().flatten().collect::<Vec<_>>().join(" ")
    })
}

fn step() -> impl Strategy<Value = (Index, Step)> {
    let step = (any::<bool>(), 0..10, message(), any::<usize>());
    let step = step.prop_map(|(server, choice, message, cut)| match choice {
        0..5 => match String::from_utf8(message) {
            Ok(text) => Step::Send(server, Kind::Text, text.into_bytes()),
            Err(error) => Step::Send(server, Kind::Binary, error.into_bytes()),
        },
        5 => Step::Ping(server),
        6 => Step::Work(server),
        _ => Step::Receive(server, cut),
    });
    (any::<Index>(), step)
}

/// Generates messages with many common parts, also between connections.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let phrase = select(vec![
        "{\"symbol\":\"ACME\",\"price\":101.25,\"volume\":",
        "{\"type\":\"message\",\"channel\":\"/foo/bar\",\"data\":",
        "the quick brown fox jumps over the lazy dog ",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "0123456789",
        "}",
    ]);
    let phrases = vec((phrase, 0..100u32), 0..20).prop_map(|phrases| {
        phrases
            .iter()
            .map(|(text, n)| format!("{text}{n}"))
            .collect()
    });
    let long = (
        any::<u64>(),
        prop_oneof![8 => 0..20_000usize, 1 => 100_000..300_000usize],
    )
        .prop_map(|(seed, length)| prose(seed, length));
    prop_oneof![
        6 => phrases.prop_map(String::into_bytes),
        2 => text().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..500),
        1 => (0..60_000usize).prop_map(noise),
        2 => long,
        1 => (any::<u8>(), 0..600_000usize).prop_map(|(byte, length)| vec![byte & 0x7F; length]),
    ]
}

/// Returns words in a pseudo-random order, with many matches at large distances.
fn prose(seed: u64, length: usize) -> Vec<u8> {
    let words = noise(1000);
    let mut random = seed;
    let mut prose = Vec::new();
    while prose.len() < length {
        random = random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        let start = (random >> 40) as usize % 900;
        prose.extend_from_slice(&words[start..start + 3 + (random >> 60) as usize * 4]);
    }
    prose
}
