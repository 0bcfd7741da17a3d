//! The boundaries of chunks, and polling in runs or one by one, do not change the results.

mod scripts;

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proto::connection::Connection;
use proto::handshake::Version;
use proto::output::{Kind, Output};
use proto::policy::{Delivery, PeerMasking, Policy};

use proto_testing::connections::{
    client, client_policy, deflate_client, deflate_server, lenient, open_client, open_server,
    server,
};
use proto_testing::driver::{Driver, Style, read_once};
use proto_testing::frames::frame;
use proto_testing::script::Script;
use proto_testing::scripted::Scripted;
use proto_testing::streams::{Stream, broken, broken_compressed, compressed, text, valid};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_conversation_has_the_same_transcript_in_any_chunks(
        script in any::<Index>(),
        cuts in cuts(),
        style in style(),
    ) {
        let scripts: Vec<&Script> = scripts::all().collect();
        let script = script.get(&scripts);
        let cuts = positions(&cuts, script.length());
        let found = script.run(style, &|at| cuts.contains(&at));
        prop_assert_eq!(found, script.expected(), "{}", script.name);
    }

    #[test]
    fn valid_frames_have_the_expected_transcript_in_any_chunks(
        Stream { bytes, transcript } in valid(),
        cuts in cuts(),
        style in style(),
    ) {
        prop_assert_eq!(received(&bytes, &cuts, style, DEFAULT), transcript);
    }

    #[test]
    fn invalid_frames_have_the_same_transcript_in_any_chunks(
        bytes in broken(),
        cuts in cuts(),
        style in style(),
        max_length in prop_oneof![Just(DEFAULT), 0..300usize],
    ) {
        let whole = received(&bytes, &[], Style::OneByOne, max_length);
        prop_assert_eq!(&received(&bytes, &cuts, style, max_length), &whole);
    }

    #[test]
    fn compressed_messages_have_the_expected_transcript_in_any_chunks(
        Stream { bytes, transcript } in compressed(),
        cuts in cuts(),
        style in style(),
    ) {
        prop_assert_eq!(inflated(&bytes, &cuts, style, DEFAULT), transcript);
    }

    #[test]
    fn invalid_compressed_messages_have_the_same_transcript_in_any_chunks(
        bytes in broken_compressed(),
        cuts in cuts(),
        style in style(),
        max_length in prop_oneof![Just(DEFAULT), 0..300usize],
    ) {
        let whole = inflated(&bytes, &[], Style::OneByOne, max_length);
        prop_assert_eq!(&inflated(&bytes, &cuts, style, max_length), &whole);
    }

    #[test]
    fn random_bytes_have_the_same_transcript_in_any_chunks(
        bytes in vec(any::<u8>(), 0..300),
        cuts in cuts(),
        style in style(),
    ) {
        let whole = received(&bytes, &[], Style::OneByOne, DEFAULT);
        prop_assert_eq!(&received(&bytes, &cuts, style, DEFAULT), &whole);
    }

    #[test]
    fn each_policy_has_the_same_transcript_in_any_chunks(
        bytes in prop_oneof![broken(), valid().prop_map(|stream| stream.bytes), vec(any::<u8>(), 0..300)],
        cuts in cuts(),
        style in style(),
        policy in policy(),
    ) {
        let run = |cuts: &[Index], style| {
            let connection = Connection::established(&policy, Version::Hybi13, None);
            chunks(&bytes, cuts, Driver::scripted(connection, style))
        };
        prop_assert_eq!(run(&cuts, style), run(&[], Style::OneByOne));
    }

    #[test]
    fn an_invalid_answer_has_the_same_transcript_in_any_chunks(
        changes in vec((any::<Index>(), any::<u8>()), 0..4),
        cuts in cuts(),
    ) {
        let mut answer = [proto_testing::connections::RESPONSE.as_bytes(), b"\x81\x02Hi\x88\x00"].concat();
        for (at, byte) in changes {
            *at.get_mut(&mut answer) = byte;
        }
        let run = |cuts: &[Index]| {
            let mut connection = proto_testing::connections::new_client(client_policy());
            assert!(connection.start().accepted);
            connection.outbox().clear();
            chunks(&answer, cuts, Driver::scripted(connection, Style::OneByOne))
        };
        prop_assert_eq!(run(&cuts), run(&[]));
    }

    #[test]
    fn each_end_receives_the_messages_of_the_other(
        messages in vec(prop_oneof![
            text().prop_map(|text| (Kind::Text, text.into_bytes())),
            vec(any::<u8>(), 0..70_000).prop_map(|bytes| (Kind::Binary, bytes)),
        ], 0..4),
        cuts in cuts(),
        reads in any::<bool>(),
    ) {
        let offer = "permessage-deflate; client_max_window_bits";
        let deflating = || deflate_server(Policy::websocket_driver_server(), "", offer);
        let deflating_client = || deflate_client(client_policy(), "", "permessage-deflate");
        for (mut from, mut to) in [
            (client(), server()),
            (server(), client()),
            (deflating_client(), deflating()),
            (deflating(), deflating_client()),
        ] {
            for (kind, payload) in &messages {
                prop_assert!(from.send(*kind, payload));
            }
            let wire = from.outbox().bytes().to_vec();
            let mut found = Vec::new();
            for chunk in pieces(&wire, &cuts) {
                let mut rest = chunk;
                while !rest.is_empty() {
                    let read = if reads { read_once(&mut to, rest) } else { to.receive(rest); rest.len() };
                    rest = &rest[read..];
                    while let Some(output) = to.poll() {
                        let Output::Message(message) = output else { panic!("{output:?}") };
                        found.push((message.kind, message.payload.to_vec()));
                    }
                }
            }
            prop_assert_eq!(&found, &messages);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() })]

    #[test]
    fn long_frames_have_the_same_transcript_through_reads_of_any_length(
        frames in vec(long_frame(), 1..5),
        cuts in vec(any::<Index>(), 0..12),
        changed in prop_oneof![Just(None), any::<(Index, u8)>().prop_map(Some)],
        max_length in prop_oneof![Just(DEFAULT), 0..400_000usize],
    ) {
        let mut bytes = frames.concat();
        if let Some((at, byte)) = changed {
            *at.get_mut(&mut bytes) = byte;
        }
        let whole = received(&bytes, &[], Style::OneByOne, max_length);
        prop_assert_eq!(&received(&bytes, &cuts, Style::Runs, max_length), &whole);
        prop_assert_eq!(&inflated(&bytes, &cuts, Style::Runs, max_length), &whole);
    }
}

#[test]
fn a_message_of_any_length_arrives_in_any_two_chunks() {
    for length in [0, 1, 3, 4, 7, 8, 9, 125, 126, 127, 300] {
        let payload: Vec<u8> = (0..length).map(|i| i as u8).collect();
        let mut client = open_client(client_policy());
        assert!(client.send(Kind::Binary, &payload));
        let wire = client.outbox().bytes().to_vec();
        for cut in 0..=wire.len() {
            let mut server = open_server(Policy::websocket_driver_server());
            let mut found = Vec::new();
            for chunk in [&wire[..cut], &wire[cut..]] {
                server.receive(chunk);
                while let Some(message) = server.poll_message() {
                    found.push(message.payload.to_vec());
                }
            }
            assert_eq!(found, [payload.as_slice()], "{length} bytes cut at {cut}");
        }
    }
}

/// Generates a frame with up to 300,000 bytes, which sometimes begins or continues a message of several frames.
fn long_frame() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        vec("[a-zäß€𝄞]{1,40}", 1..4000).prop_map(|texts| texts.concat().into_bytes()),
        (any::<u8>(), 0..300_000usize).prop_map(|(byte, length)| {
            (0..length).map(|at| byte.wrapping_add(at as u8)).collect()
        }),
    ];
    let first = prop_oneof![
        4 => select(vec![0x81_u8, 0x82]),
        1 => select(vec![0x01_u8, 0x02, 0x00, 0x80]),
    ];
    (first, any::<Option<[u8; 4]>>(), payload)
        .prop_map(|(first, key, payload)| frame(first, key, &payload))
}

/// Returns the transcript of a server that also accepts unmasked frames.
fn received(bytes: &[u8], cuts: &[Index], style: Style, max_length: usize) -> Vec<String> {
    chunks(
        bytes,
        cuts,
        Driver::scripted(open_server(lenient(max_length)), style),
    )
}

/// Returns the transcript of such a server with permessage-deflate.
fn inflated(bytes: &[u8], cuts: &[Index], style: Style, max_length: usize) -> Vec<String> {
    let server = deflate_server(lenient(max_length), "", "permessage-deflate");
    chunks(bytes, cuts, Driver::scripted(server, style))
}

fn chunks(bytes: &[u8], cuts: &[Index], mut driver: Driver<Scripted>) -> Vec<String> {
    for chunk in pieces(bytes, cuts) {
        driver.receive(chunk);
    }
    driver.into_lines()
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    let mut done = 0;
    let mut ends = positions(cuts, bytes.len());
    ends.insert(bytes.len());
    ends.into_iter().map(move |end| {
        let (piece, more) = rest.split_at(end - done);
        (rest, done) = (more, end);
        piece
    })
}

fn positions(cuts: &[Index], length: usize) -> BTreeSet<usize> {
    cuts.iter().map(|cut| cut.index(length + 1)).collect()
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop_oneof![vec(any::<Index>(), 0..6), vec(any::<Index>(), 0..200)]
}

/// Generates policies with checks other than those of [`lenient`], sometimes with small limits.
fn policy() -> impl Strategy<Value = Policy> {
    let policies: [fn() -> Policy; 2] = [Policy::websocket_node_server, Policy::ws_server];
    let limits = prop_oneof![Just(None), (0..300usize).prop_map(Some)];
    let deliveries = vec![Delivery::Messages, Delivery::Fragments, Delivery::Frames];
    (
        select(policies.to_vec()),
        limits.clone(),
        limits,
        select(deliveries),
    )
        .prop_map(|(policy, frame, message, delivery)| {
            let policy = policy();
            Policy {
                peer_masking: PeerMasking::Optional,
                max_frame: frame.unwrap_or(policy.max_frame),
                max_message: message.unwrap_or(policy.max_message),
                delivery,
                ..policy
            }
        })
}

fn style() -> impl Strategy<Value = Style> {
    select(vec![Style::OneByOne, Style::Runs])
}

const DEFAULT: usize = proto::policy::DEFAULT_MAX_MESSAGE;
