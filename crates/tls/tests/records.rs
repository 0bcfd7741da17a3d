//! Records after the handshake, section by section. RFC 8446 is TLS 1.3. RFC 5246 and RFC 5288 are TLS 1.2.

#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use faye_websocket_tls::{Failure, State, Version};
use faye_websocket_tls_testing::{Forger, Pair, ROLES, Role, SUITES};

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const PLAINTEXT: u8 = 23;
const HEARTBEAT: u8 = 24;
const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];
const UNEXPECTED: Option<u8> = Some(10);
const OVERFLOW: Option<u8> = Some(22);
const DECODE: Option<u8> = Some(50);

/// Lets the session read what the forger makes, at once and byte by byte. Returns the alert that the session answers
/// with, and its plaintext.
fn judge(
    role: Role,
    suite: usize,
    forge: &dyn Fn(&mut Forger) -> Vec<u8>,
) -> (Option<u8>, Vec<u8>) {
    let outcomes = [usize::MAX, 1].map(|step| {
        let (mut subject, mut forger) = Pair::established(role, suite).forge();
        let wire = forge(&mut forger);
        subject.deliver(&wire, step);
        let has_failed = matches!(subject.session.state(), State::Failed(Failure::Refused(_)));
        let (answer, _) = subject.write(&[]);
        let answer = if has_failed {
            forger.open(&answer)
        } else {
            Vec::new()
        };
        let alert = answer.last().map(|(kind, content)| {
            assert_eq!((*kind, content[0], content.len()), (ALERT, 2, 2));
            content[1]
        });
        (alert, subject.received)
    });
    assert_eq!(outcomes[0], outcomes[1], "the chunks make a difference");
    outcomes[0].clone()
}

/// One case: its name with the section, the records as type, content and padding, and the expected alert.
type Case = (&'static str, Vec<(u8, Vec<u8>, usize)>, Option<u8>);

fn check(version: Version, cases: &[Case]) {
    for (name, records, expected) in cases {
        for role in ROLES {
            for suite in (0..SUITES.len()).filter(|&suite| SUITES[suite].0 == version) {
                let (alert, _) = judge(role, suite, &|forger| {
                    let seal = |(kind, content, padding): &(u8, Vec<u8>, usize)| {
                        forger.seal(*kind, content, *padding, 7)
                    };
                    records.iter().flat_map(seal).collect()
                });
                assert_eq!(alert, *expected, "{name}, {role:?} {suite}");
            }
        }
    }
}

fn one(kind: u8, content: &[u8]) -> Vec<(u8, Vec<u8>, usize)> {
    vec![(kind, content.to_vec(), 0)]
}

#[test]
fn records_of_tls_1_3_follow_rfc_8446() {
    let part = (HANDSHAKE, KEY_UPDATE[..2].to_vec(), 0);
    let update_and_more = [KEY_UPDATE, KEY_UPDATE].concat();
    check(
        Version::Tls13,
        &[
            (
                "4.6.2: no certificate is requested",
                one(HANDSHAKE, &[13, 0, 0, 3, 0, 0, 0]),
                UNEXPECTED,
            ),
            (
                "4.6.3: any other value",
                one(HANDSHAKE, &[24, 0, 0, 1, 2]),
                Some(47),
            ),
            ("4.6.3: no value", one(HANDSHAKE, &[24, 0, 0, 0]), DECODE),
            (
                "4.6.3: two values",
                one(HANDSHAKE, &[24, 0, 0, 2, 0, 0]),
                DECODE,
            ),
            (
                "5.1: plaintext inside of a message",
                vec![part.clone(), (PLAINTEXT, b"x".to_vec(), 0)],
                UNEXPECTED,
            ),
            (
                "5.1: empty plaintext inside of a message",
                vec![part.clone(), (PLAINTEXT, Vec::new(), 0)],
                UNEXPECTED,
            ),
            (
                "5.1: an alert inside of a message",
                vec![part, (ALERT, vec![1, 90], 0)],
                UNEXPECTED,
            ),
            (
                "5.1: a message after a change of keys in the same record",
                one(HANDSHAKE, &update_and_more),
                UNEXPECTED,
            ),
            ("5.1: a part of an alert", one(ALERT, &[1]), DECODE),
            ("5.1: two alerts", one(ALERT, &[1, 90, 1, 90]), DECODE),
            (
                "5.1: a message longer than any",
                one(HANDSHAKE, &[4, 1, 0, 1]),
                UNEXPECTED,
            ),
            (
                "5: change_cipher_spec",
                one(CHANGE_CIPHER_SPEC, &[1]),
                UNEXPECTED,
            ),
            ("5: an unknown type", one(HEARTBEAT, &[1]), UNEXPECTED),
            ("5.4: an empty message", one(HANDSHAKE, &[]), UNEXPECTED),
            ("5.4: an empty alert", one(ALERT, &[]), UNEXPECTED),
            (
                "5.4: nothing but zeros",
                vec![(0, Vec::new(), 100)],
                UNEXPECTED,
            ),
            (
                "5.4: the longest content",
                one(PLAINTEXT, &[7; 16_384]),
                None,
            ),
            (
                "5.4: the longest padding",
                vec![(PLAINTEXT, vec![7; 10_000], 6384)],
                None,
            ),
            (
                "5.4: content and padding are too long",
                vec![(PLAINTEXT, vec![7; 10_000], 6385)],
                OVERFLOW,
            ),
            (
                "5.4: content is too long",
                one(PLAINTEXT, &[7; 16_385]),
                OVERFLOW,
            ),
            (
                "6.1: user_canceled",
                vec![(ALERT, vec![1, 90], 0), (PLAINTEXT, b"x".to_vec(), 0)],
                None,
            ),
            (
                "5.1: a few empty records",
                vec![(PLAINTEXT, Vec::new(), 0); 32],
                None,
            ),
            (
                "5.1: many empty records",
                vec![(PLAINTEXT, Vec::new(), 0); 33],
                UNEXPECTED,
            ),
        ],
    );
}

#[test]
fn records_of_tls_1_2_follow_rfc_5246() {
    check(
        Version::Tls12,
        &[
            ("6.2.1: an empty message", one(HANDSHAKE, &[]), UNEXPECTED),
            ("6.2.1: an empty alert", one(ALERT, &[]), UNEXPECTED),
            ("6.2.1: empty plaintext", one(PLAINTEXT, &[]), None),
            (
                "6.2.1: the longest content",
                one(PLAINTEXT, &[7; 16_384]),
                None,
            ),
            (
                "6.2.1: content is too long",
                one(PLAINTEXT, &[7; 16_385]),
                OVERFLOW,
            ),
            (
                "7.1: change_cipher_spec",
                one(CHANGE_CIPHER_SPEC, &[1]),
                UNEXPECTED,
            ),
            ("6.2.1: an unknown type", one(HEARTBEAT, &[1]), UNEXPECTED),
            ("7.2: a warning", one(ALERT, &[1, 90]), None),
            (
                "7.2: many warnings",
                vec![(ALERT, vec![1, 90], 0); 33],
                UNEXPECTED,
            ),
            ("7.4: KeyUpdate", one(HANDSHAKE, &KEY_UPDATE), UNEXPECTED),
        ],
    );
}

#[test]
fn headers_are_checked_before_their_records_arrive() {
    for (suite, header, expected) in [
        // RFC 8446, section 5.2, and RFC 5246, section 6.2.3.
        (0, [23, 3, 3, 0x41, 0x00], None),
        (0, [23, 3, 3, 0x41, 0x01], OVERFLOW),
        (3, [23, 3, 3, 0x48, 0x00], None),
        (3, [23, 3, 3, 0x48, 0x01], OVERFLOW),
        // RFC 8446, section 5: unprotected records.
        (0, [20, 3, 3, 0, 1], UNEXPECTED),
        (0, [21, 3, 3, 0, 2], UNEXPECTED),
        (0, [22, 3, 3, 0, 4], UNEXPECTED),
        (0, [23, 2, 3, 0, 20], UNEXPECTED),
    ] {
        for role in ROLES {
            let (alert, _) = judge(role, suite, &|_| header.to_vec());
            assert_eq!(alert, expected, "{header:?} {role:?}");
        }
    }
}

/// RFC 8446, section 5.2, and RFC 5246, section 6.2.3.3.
#[test]
fn records_that_are_changed_repeated_moved_or_missing_are_refused() {
    type Change = fn(&mut Vec<Vec<u8>>);
    let changes: [(&str, Change, &[u8]); 5] = [
        ("changed", |records| records[1][7] ^= 1, b"a"),
        ("repeated", |records| records[1] = records[0].clone(), b"a"),
        ("moved", |records| records.swap(1, 2), b"a"),
        ("missing", |records| drop(records.remove(0)), b""),
        (
            "too short",
            |records| records[1] = vec![23, 3, 3, 0, 1, 0],
            b"a",
        ),
    ];
    for suite in 0..SUITES.len() {
        for role in ROLES {
            for (name, change, expected) in changes {
                let outcome = judge(role, suite, &|forger| {
                    let seal = |text: &&[u8]| forger.seal(PLAINTEXT, text, 0, 7);
                    let mut records: Vec<_> = [&b"a"[..], b"b", b"c"].iter().map(seal).collect();
                    change(&mut records);
                    records.concat()
                });
                assert_eq!(outcome, (Some(20), expected.to_vec()), "{name} {suite}");
            }
        }
    }
}

/// RFC 8446, section 6, and RFC 5246, section 7.2.
#[test]
fn alerts_end_the_session() {
    for suite in 0..SUITES.len() {
        for (alert, expected) in [
            ([1, 0], State::Ended),
            ([2, 40], State::Failed(Failure::Alert(40))),
            ([2, 255], State::Failed(Failure::Alert(255))),
        ] {
            let (mut subject, mut forger) = Pair::established(Role::Server, suite).forge();
            let mut wire = forger.seal(PLAINTEXT, b"before", 0, 1);
            wire.extend(forger.seal(ALERT, &alert, 0, 2));
            wire.extend(forger.seal(PLAINTEXT, b"after", 0, 3));
            subject.deliver(&wire, usize::MAX);
            assert_eq!(*subject.session.state(), expected, "{alert:?}");
            assert_eq!(subject.received, b"before", "RFC 8446, section 6.1");
        }
    }
    // RFC 8446, section 6.2: with TLS 1.3, the level does not matter.
    let (mut subject, mut forger) = Pair::established(Role::Server, 0).forge();
    subject.deliver(&forger.seal(ALERT, &[1, 40], 0, 0), usize::MAX);
    let expected = State::Failed(Failure::Alert(40));
    assert_eq!(*subject.session.state(), expected);
}

/// RFC 8446, section 6.1: only `close_notify` is an end.
#[test]
fn a_truncated_stream_has_no_end() {
    for suite in 0..SUITES.len() {
        let (mut subject, mut forger) = Pair::established(Role::Client, suite).forge();
        let wire = [
            forger.seal(PLAINTEXT, b"text", 0, 1),
            forger.seal(ALERT, &[1, 0], 0, 2),
        ]
        .concat();
        subject.deliver(&wire[..wire.len() - 1], usize::MAX);
        assert_eq!(*subject.session.state(), State::Established);
        subject.deliver(&wire[wire.len() - 1..], usize::MAX);
        assert_eq!(*subject.session.state(), State::Ended);
    }
}

/// RFC 8446, section 4.6.1.
#[test]
fn a_client_ignores_tickets_and_a_server_refuses_them() {
    let ticket = [4, 0, 0, 14, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 1, 7, 0, 0];
    for (role, expected) in [(Role::Client, None), (Role::Server, UNEXPECTED)] {
        let (alert, _) = judge(role, 0, &|forger| forger.seal(HANDSHAKE, &ticket, 0, 0));
        assert_eq!(alert, expected, "{role:?}");
    }
}

/// RFC 8446, section 4.6.3: the answer precedes the next plaintext, also if the kernel is full at the end.
#[test]
fn a_request_for_new_keys_is_answered_before_further_plaintext() {
    for role in ROLES {
        for is_full in [false, true] {
            let (mut subject, mut forger) = Pair::established(role, 0).forge();
            let mut sent = Vec::new();
            if is_full {
                let full = subject.session.write(b"1", &mut Vec::new(), |_| Ok(0));
                assert_eq!(full.unwrap(), 1);
                sent.push((PLAINTEXT, b"1".to_vec()));
            }
            sent.push((HANDSHAKE, KEY_UPDATE.to_vec()));
            let request = forger.seal(HANDSHAKE, &[24, 0, 0, 1, 1], 0, 0);
            subject.deliver(&request, usize::MAX);
            let wire = subject.close(b"2");
            // The forger has no new keys.
            let length: usize = sent.iter().map(|(_, text)| 5 + text.len() + 17).sum();
            assert_eq!(forger.open(&wire[..length]), sent, "{role:?} {is_full}");
            assert_eq!(wire.len(), length + (5 + 1 + 17) + (5 + 2 + 17));
        }
    }
}

/// RFC 5246, sections 7.4.1.1 and 7.2.2.
#[test]
fn a_renegotiation_is_declined() {
    for suite in 3..SUITES.len() {
        for (role, message) in [(Role::Client, [0, 0, 0, 0]), (Role::Server, [1, 0, 0, 0])] {
            let (mut subject, mut forger) = Pair::established(role, suite).forge();
            subject.deliver(&forger.seal(HANDSHAKE, &message, 0, 7), usize::MAX);
            let (answer, _) = subject.write(b"text");
            let expected = [(ALERT, vec![1, 100]), (PLAINTEXT, b"text".to_vec())];
            assert_eq!(forger.open(&answer), expected, "{role:?} {suite}");
            assert_eq!(*subject.session.state(), State::Established);
        }
    }
}

/// RFC 5288, section 3: a peer may choose them by another rule. Ours never repeat.
#[test]
fn explicit_nonces_are_read_from_records_and_are_unique() {
    for suite in [3, 4] {
        for explicit in [0, 1, u64::MAX] {
            let (mut subject, mut forger) = Pair::established(Role::Server, suite).forge();
            subject.deliver(&forger.seal(PLAINTEXT, b"text", 0, explicit), 1);
            assert_eq!(subject.received, b"text");
            let wire = subject.write(&[7; 100_000]).0;
            let mut nonces: Vec<_> = wire
                .chunks(5 + 8 + 16_384 + 16)
                .map(|record| record[5..13].to_vec())
                .collect();
            assert_eq!(forger.open(&wire).len(), nonces.len());
            nonces.sort();
            nonces.dedup();
            assert_eq!(nonces.len(), 7);
        }
    }
}
