//! Prepared messages: on each connection, they produce the bytes of a plain send.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proto::connection::Connection;
use proto::frame::mask::MaskKeys;
use proto::hybi::prepared::Prepared;
use proto::output::{Event, Form, Kind};
use proto::policy::Policy;

use proto_testing::connections::{
    client, client_policy, deflate_client, deflate_server, extended_server, hixie75_server,
    hixie76_server, new_client, offered_server, open_client, requested_server, server, started,
};

const FORMS: [Form; 2] = [Form::Negotiated, Form::Plain];
const DEFLATE: &str = "permessage-deflate";
const ALONE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Returns open connections of each kind that treats messages differently.
fn connections() -> Vec<Connection> {
    let mut connections = vec![server(), client(), draft_75(), draft_76()];
    // Smallest windows, lowest and highest levels, and each strategy.
    let parameters = [
        "",
        "level=0",
        "level=1",
        "level=9",
        "mem_level=1",
        "mem_level=9",
        "strategy=1",
        "strategy=2",
        "strategy=3",
        "strategy=4",
        "max_window_bits=8",
        "max_window_bits=9",
        "max_window_bits=12 level=9 mem_level=9 strategy=1",
        "threshold=126",
        "threshold=255",
    ];
    for options in parameters {
        for alone in ["", " no_context_takeover"] {
            let options = format!("{options}{alone}");
            let server = deflate_server(Policy::websocket_driver_server(), &options, DEFLATE);
            connections.push(server);
            connections.push(deflate_client(client_policy(), &options, DEFLATE));
        }
    }
    connections.push(deflate_server(Policy::websocket_driver_server(), "", ALONE));
    connections.push(deflate_client(client_policy(), "", ALONE));
    connections
}

fn draft_75() -> Connection {
    started(hixie75_server(Policy::websocket_driver_server()))
}

fn draft_76() -> Connection {
    let mut connection = hixie76_server(Policy::websocket_driver_server());
    connection.receive(&[0x5E; 8]);
    started(connection)
}

/// Does all work, and returns the bytes to write.
fn written(connection: &mut Connection) -> Vec<u8> {
    while connection.has_work() {
        assert!(connection.work().events.is_empty());
    }
    assert_eq!(
        connection.buffered_amount(),
        connection.outbox().bytes().len()
    );
    let bytes = connection.outbox().bytes().to_vec();
    connection.outbox().clear();
    bytes
}

fn pattern(length: usize) -> Vec<u8> {
    let words: [&[u8]; 5] = [b"alpha ", b"beta ", b"gamma ", b"delta ", b"omega "];
    let mut state = 7_usize;
    let mut text = Vec::new();
    while text.len() < length {
        state = state * 1_103_515_245 % 0x7FFF_FFFF + 12_345;
        text.extend_from_slice(words[state / 64 % words.len()]);
    }
    text.truncate(length);
    text
}

#[test]
fn each_connection_writes_the_bytes_of_a_plain_send() {
    let lengths = [0, 1, 125, 126, 1000, 65_536];
    let messages: Vec<_> = lengths
        .iter()
        .flat_map(|&length| [(Kind::Text, length), (Kind::Binary, length)])
        .chain([(Kind::Binary, LARGE), (Kind::Text, 10)])
        .map(|(kind, length)| (kind, pattern(length)))
        .collect();
    let prepared: Vec<_> = messages
        .iter()
        .map(|(kind, payload)| Prepared::new(*kind, payload))
        .collect();
    // Twice, because the second connection of a kind finds the frames ready.
    for round in 0..2 {
        for (index, (mut plain, mut quick)) in
            connections().into_iter().zip(connections()).enumerate()
        {
            for ((kind, payload), prepared) in messages.iter().zip(&prepared) {
                let what = format!("{index}, round {round}: {kind:?} of {}", payload.len());
                assert_eq!(prepared.payload(), payload);
                for form in FORMS {
                    let accepted = plain.send_in(form, *kind, payload);
                    let prepared = quick.send_prepared_in(form, prepared);
                    assert_eq!(prepared, accepted, "{what}, {form:?}");
                    assert!(
                        written(&mut plain) == written(&mut quick),
                        "{what}, {form:?}"
                    );
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send(Index, Form),
    Plain(Kind, usize),
    Ping,
    Work,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![3 => 0..300usize, 1 => Just(LARGE)];
    prop_oneof![
        4 => (any::<Index>(), select(&FORMS)).prop_map(|(index, form)| Step::Send(index, form)),
        1 => length.prop_map(|length| Step::Plain(Kind::Binary, length)),
        1 => Just(Step::Ping),
        3 => Just(Step::Work),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_bytes_do_not_depend_on_which_connection_does_the_work(
        steps in vec((any::<Index>(), step()), 0..60),
        lengths in vec(prop_oneof![3 => 0..300usize, 1 => Just(LARGE)], 1..4),
    ) {
        let messages: Vec<_> = lengths.into_iter().map(pattern).collect();
        let prepared: Vec<_> = messages.iter().map(|text| Prepared::new(Kind::Text, text)).collect();
        // With context takeover, the compressed form depends on the previous user of the thread's
        // state.
        let alone = "no_context_takeover";
        let options = [
            alone,
            alone,
            "no_context_takeover level=9",
            "no_context_takeover max_window_bits=9",
            "no_context_takeover threshold=150",
        ];
        let make = |options: &&str| deflate_server(Policy::websocket_driver_server(), options, DEFLATE);
        let mut quick: Vec<_> = options.iter().map(make).collect();
        let mut plain: Vec<_> = options.iter().map(make).collect();
        for (which, step) in &steps {
            let which = which.index(options.len());
            let (quick, plain) = (&mut quick[which], &mut plain[which]);
            match step {
                Step::Send(index, form) => {
                    let index = index.index(messages.len());
                    prop_assert!(plain.send_in(*form, Kind::Text, &messages[index]));
                    prop_assert!(quick.send_prepared_in(*form, &prepared[index]));
                }
                Step::Plain(kind, length) => {
                    let payload = pattern(*length);
                    prop_assert!(plain.send(*kind, &payload) && quick.send(*kind, &payload));
                }
                Step::Ping => prop_assert_eq!(plain.ping(b"p"), quick.ping(b"p")),
                Step::Work => prop_assert!(quick.work().events.is_empty()),
            }
        }
        for (quick, plain) in quick.iter_mut().zip(&mut plain) {
            prop_assert!(written(quick) == written(plain));
        }
    }
}

#[test]
fn a_large_message_is_compressed_once_for_all_connections() {
    let prepared = Prepared::new(Kind::Binary, &pattern(LARGE));
    let make = || {
        deflate_server(
            Policy::websocket_driver_server(),
            "no_context_takeover",
            DEFLATE,
        )
    };
    let mut connections = [make(), make(), make(), make()];
    for connection in &mut connections[..3] {
        assert!(connection.send_prepared(&prepared));
        assert_eq!(connection.buffered_amount(), LARGE);
        assert_eq!(connection.ping(b""), Ok(true));
    }
    // Three slices, each on a different connection.
    for (index, connection) in connections[..3].iter_mut().enumerate() {
        assert!(connection.work().events.is_empty());
        assert_eq!(connection.outbox().is_empty(), index < 2, "{index}");
    }
    for connection in &mut connections[..2] {
        assert!(connection.work().events.is_empty());
        assert!(!connection.outbox().is_empty());
    }
    // The next connection finds the frame ready.
    assert!(connections[3].send_prepared(&prepared));
    assert!(!connections[3].has_work());
    let frame = written(&mut connections[3]);
    assert!(frame.len() < LARGE / 2);
    for connection in &mut connections[..3] {
        let all = written(connection);
        let (message, ping) = all.split_at(frame.len());
        assert!(message == frame && ping == [0x89, 0]);
    }
}

#[test]
fn a_prepared_message_waits_behind_a_large_message() {
    let prepared = Prepared::new(Kind::Text, b"Hello");
    for options in ["no_context_takeover", ""] {
        let mut connection = deflate_server(Policy::websocket_driver_server(), options, DEFLATE);
        assert!(connection.send(Kind::Binary, &pattern(LARGE)));
        assert!(connection.send_prepared(&prepared));
        assert!(connection.outbox().is_empty());
        assert_eq!(connection.buffered_amount(), LARGE + 5);
        let all = written(&mut connection);
        assert_eq!(all.first(), Some(&0xC2));
        let hello = [0xC1, 7, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
        assert!(all.ends_with(&hello), "{options}");
    }
}

#[test]
fn another_connection_continues_the_work_of_an_abandoned_one() {
    let prepared = Prepared::new(Kind::Binary, &pattern(LARGE));
    let mut connection = deflate_server(
        Policy::websocket_driver_server(),
        "no_context_takeover",
        DEFLATE,
    );
    assert!(connection.send_prepared(&prepared));
    assert!(connection.work().events.is_empty());
    connection.abandon();
    assert!(!connection.has_work());
    assert!(!connection.send_prepared(&prepared));
    // Another connection continues the work.
    let mut other = deflate_server(
        Policy::websocket_driver_server(),
        "no_context_takeover",
        DEFLATE,
    );
    assert!(other.send_prepared(&prepared));
    let mut plain = deflate_server(
        Policy::websocket_driver_server(),
        "no_context_takeover",
        DEFLATE,
    );
    assert!(plain.send(Kind::Binary, &pattern(LARGE)));
    assert!(written(&mut other) == written(&mut plain));
}

#[test]
fn a_close_waits_for_a_prepared_message() {
    let prepared = Prepared::new(Kind::Binary, &pattern(LARGE));
    let mut connection = deflate_server(
        Policy::websocket_driver_server(),
        "no_context_takeover",
        DEFLATE,
    );
    assert!(connection.send_prepared(&prepared));
    assert!(
        connection
            .close(1000, "")
            .expect("1000 may be sent")
            .accepted
    );
    assert!(!connection.send_prepared(&prepared));
    assert!(written(&mut connection).ends_with(&[0x88, 2, 0x03, 0xE8]));
}

#[test]
fn clients_mask_each_copy_with_a_new_key() {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let policy = || {
        Policy::websocket_driver_client(MaskKeys::new(|pool| {
            for key in pool.as_chunks_mut::<4>().0 {
                *key = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            }
        }))
    };
    let prepared = Prepared::new(Kind::Text, b"Hello");
    let compressed = "no_context_takeover";
    let mut seen = Vec::new();
    for mut client in [
        open_client(policy()),
        open_client(policy()),
        deflate_client(policy(), compressed, DEFLATE),
        deflate_client(policy(), compressed, DEFLATE),
    ] {
        for _ in 0..100 {
            assert!(client.send_prepared(&prepared));
            let frame = written(&mut client);
            let key = &frame[2..6];
            let unmasked: Vec<u8> = (0..frame.len() - 6)
                .map(|i| frame[6 + i] ^ key[i % 4])
                .collect();
            let expected: &[u8] = match frame[0] {
                0x81 => b"Hello",
                _ => &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
            };
            assert_eq!(unmasked, expected);
            assert_eq!(usize::from(frame[1]), 0x80 | expected.len());
            seen.push(key.to_vec());
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 400);
}

#[test]
fn a_prepared_message_waits_for_the_connection_to_open() {
    let prepared = Prepared::new(Kind::Text, b"Hello");
    let mut client = new_client(client_policy());
    assert!(client.send_prepared(&prepared));
    assert_eq!(client.buffered_amount(), 5);

    let mut server = requested_server(Policy::websocket_driver_server(), &[]);
    assert!(server.send_prepared(&prepared));
    assert!(server.start().accepted);
    assert!(server.outbox().bytes().ends_with(b"\r\n\r\n\x81\x05Hello"));

    let mut compressing = offered_server(Policy::websocket_driver_server(), ALONE);
    let negotiation = compressing.negotiation().expect("the request is valid");
    assert!(negotiation.answer_deflate(&Default::default()));
    assert!(compressing.send_prepared(&prepared));
    assert!(compressing.start().accepted);
    let frame = b"\r\n\r\n\xC1\x07\xF2\x48\xCD\xC9\xC9\x07\x00";
    assert!(compressing.outbox().bytes().ends_with(frame));
}

#[test]
fn sessions_receive_queued_prepared_messages() {
    let mut server = extended_server(Policy::websocket_driver_server());
    assert!(server.send_prepared(&Prepared::new(Kind::Text, b"Hello")));
    let events = server.start().events;
    let outgoing = Event::Outgoing {
        kind: Kind::Text,
        form: Form::Negotiated,
        payload: b"Hello".to_vec(),
        is_marked: false,
    };
    assert_eq!(events, [outgoing, Event::Open]);
}

#[test]
fn drafts_accept_only_prepared_texts() {
    for mut draft in [draft_75(), draft_76()] {
        assert!(!draft.send_prepared(&Prepared::new(Kind::Binary, b"Hello")));
        assert!(draft.outbox().is_empty());
        assert!(draft.send_prepared(&Prepared::new(Kind::Text, b"Hello")));
        assert_eq!(draft.outbox().bytes(), b"\x00Hello\xFF");
        assert!(
            draft
                .close(1000, "")
                .expect("drafts have no codes")
                .accepted
        );
        assert!(!draft.send_prepared(&Prepared::new(Kind::Text, b"Hello")));
    }
}

#[test]
fn connections_and_messages_may_change_threads() {
    fn check<T: Send>() {}
    check::<Connection>();
    check::<Prepared>();
}

/// Compressed in three slices.
const LARGE: usize = 300_000;
